//! Cash that managers were seen to take.

use std::collections::BTreeSet;

use gateway::site::effect::{Refusal, Told};

use super::Books;

/// A sale for cash, from the button on.
#[derive(Clone, Debug)]
pub(crate) struct CashSale {
    pub(crate) station: usize,
    pub(crate) person: usize,
    pub(crate) volume_ml: u64,
    /// The command that asked for it.
    reply: u64,
    /// When the gateway was heard of it.
    touched: u64,
    /// The receipt, once the gateway said that it is done.
    pub(crate) receipt: Option<String>,
    /// A card was set back, a box burnt or a hub restored after it: PROTOCOL section 8 lets it be lost.
    pub(crate) may_be_lost: bool,
}

impl CashSale {
    /// The litres that are due to the customer for it: the least and the most. What was pressed and never answered may
    /// have been sold.
    pub(crate) fn due_ml(&self) -> (u64, u64) {
        let is_sure = self.receipt.is_some() && !self.may_be_lost;
        (if is_sure { self.volume_ml } else { 0 }, self.volume_ml)
    }
}

impl Books {
    /// A manager presses the button.
    pub(crate) fn cash_asked(&mut self, station: usize, reply: u64, person: usize, volume_ml: u64) {
        let touched = self.mark();
        self.cash.push(CashSale {
            station,
            person,
            volume_ml,
            reply,
            touched,
            receipt: None,
            may_be_lost: false,
        });
    }

    /// The gateway answers a command: a sale is acknowledged, or never was.
    pub(crate) fn cash_told(&mut self, station: usize, reply: u64, told: &Result<Told, Refusal>) {
        let is_it = |sale: &CashSale| sale.station == station && sale.reply == reply;
        let Some(place) = self.cash.iter().position(is_it) else {
            return;
        };
        let mark = self.mark();
        match told {
            Ok(Told::CashTaken(taken)) => {
                let sale = &mut self.cash[place];
                (sale.receipt, sale.touched) = (Some(taken.receipt.clone()), mark);
            }
            _ => drop(self.cash.remove(place)),
        }
    }

    /// A box forgets what it sold since a mark.
    pub(super) fn card_forgets_cash(&mut self, station: usize, since: u64) {
        let sales = self.cash.iter_mut().filter(|sale| sale.station == station);
        sales
            .filter(|sale| sale.touched >= since)
            .for_each(|sale| sale.may_be_lost = true);
    }

    /// A box is gone: what of it is not known elsewhere may be lost.
    pub(super) fn cash_is_gone(&mut self, station: usize, known: &BTreeSet<String>) {
        for sale in self.cash.iter_mut().filter(|sale| sale.station == station) {
            let is_safe = sale.receipt.as_ref().is_some_and(|receipt| known.contains(receipt));
            sale.may_be_lost |= !is_safe;
        }
    }
}
