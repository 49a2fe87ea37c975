//! The world's own bookkeeping: what people saw and took, written down where it happened and never asked of the
//! machines again. The checker holds the machines against it.

mod at_hub;
mod cash;

use std::collections::{BTreeMap, BTreeSet};

use gateway::site::effect::{Refusal, Told};
use hub::hub::input::Item;
use kiosk::{
    ids::{BoxId, DispenserId, Epoch},
    tariff::{JERRYCAN, Plan},
};

pub(crate) use self::at_hub::HubDraw;
use crate::dispenser::{Answer, Receipt};

/// One ask and what came of it.
#[derive(Clone, Debug, Default)]
pub struct Visit {
    pub(crate) person: usize,
    /// The box that decided.
    pub(crate) station: Option<usize>,
    /// The first answer that was final, as bytes.
    pub(crate) answer: Option<Vec<u8>>,
    /// How often it was said.
    said: u32,
    /// The reason in it.
    pub(crate) reason: String,
    /// What was approved.
    pub(crate) held_ml: Option<u64>,
    /// The valve opened.
    pub(crate) opened: bool,
    /// What will have flowed when the valve closes.
    flows_ml: u64,
    /// What flowed by the meter, which the dispenser reports.
    pub(crate) flowed_ml: Option<u64>,
    /// The receipt and what it charged.
    pub(crate) receipt: Option<(String, u64)>,
    /// When something last happened to it at the gateway.
    pub(crate) touched: u64,
    /// A card was set back or a box burnt after it: PROTOCOL section 8 lets part of it be lost.
    pub(crate) is_doubtful: bool,
}

impl Visit {
    /// What the customer is to be charged: the least and the most.
    pub(crate) fn charge_ml(&self) -> (u64, u64) {
        let Some(held) = self.held_ml else { return (0, 0) };
        let exact = match self.receipt {
            Some(_) => self.flowed_ml.unwrap_or(0).min(held),
            None => held,
        };
        if self.is_doubtful { (0, held) } else { (exact, exact) }
    }
}

/// Water that came into a customer's possession.
#[derive(Clone, Debug)]
pub(crate) struct Credit {
    pub(crate) person: usize,
    pub(crate) volume_ml: i64,
    /// The hub's id of it.
    pub(crate) id: u64,
    pub(crate) at_ms: u64,
    /// Only the hub knew of it, and the hub was restored.
    pub(crate) may_be_lost: bool,
}

/// Something bought, paid or not.
#[derive(Clone, Debug)]
pub(crate) struct Bought {
    pub(crate) person: usize,
    pub(crate) item: Item,
    /// The purchase, once the hub named one.
    pub(crate) purchase: Option<u64>,
    /// Paid from the wallet, at once.
    pub(crate) from_wallet: bool,
    pub(crate) at_ms: u64,
    pub(crate) may_be_lost: bool,
}

/// What became of a box's card.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Card {
    pub(crate) set_back: u32,
    pub(crate) box_id: Option<BoxId>,
}

/// The books.
#[derive(Debug, Default)]
pub struct Books {
    /// Rules that were seen broken while the world ran.
    violations: Vec<String>,
    pub(crate) visits: BTreeMap<(DispenserId, String), Visit>,
    /// Asks at the hub's own kiosks, by their request.
    pub(crate) hub_draws: BTreeMap<String, HubDraw>,
    pub(crate) credits: Vec<Credit>,
    /// What managers sold for cash.
    pub(crate) cash: Vec<cash::CashSale>,
    pub(crate) purchases: Vec<Bought>,
    pub(crate) boxes: BTreeMap<usize, Card>,
    pub(crate) epochs: BTreeMap<usize, Epoch>,
    /// How much more than paid for each person may have drawn, by the exceptions of PROTOCOL section 8.
    pub(crate) slack_ml: BTreeMap<usize, u64>,
    pub(crate) overdraft_cap_ml: u64,
    /// How much each person who pays by bill may draw ahead, and what the story says is on their bills.
    pub(crate) trusted_ml: BTreeMap<usize, u64>,
    pub(crate) on_bills_ml: BTreeMap<usize, u64>,
    pub(crate) told: BTreeMap<(usize, u64), Result<Told, Refusal>>,
    pub(crate) commands: u64,
    pub(crate) bytes_sent: u64,
    /// The next connection breaks after so many bytes towards the hub, or towards the box.
    pub(crate) cut_next: [Option<u64>; 2],
    /// A sabotage has struck.
    pub(crate) spoilt: bool,
    /// A sabotage: the hub says yes to frames and keeps nothing.
    pub(crate) acks_are_lies: bool,
    pub(crate) calamities: u64,
    pub(crate) hub_restored: bool,
    clock: u64,
}

impl Books {
    pub(crate) fn new(overdraft_cap_ml: u64) -> Books {
        Books {
            overdraft_cap_ml,
            ..Books::default()
        }
    }

    /// A rule was seen broken.
    pub(crate) fn broken(&mut self, what: String) {
        self.violations.push(what);
    }

    /// Rules that were seen broken while the world ran.
    pub(crate) fn violations(&self) -> &[String] {
        &self.violations
    }

    /// The order of happenings, for copies of cards.
    pub(crate) fn mark(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    fn visit(&mut self, tap: &DispenserId, request: &str) -> &mut Visit {
        self.visits.entry((tap.clone(), request.to_owned())).or_default()
    }

    pub(crate) fn asked(&mut self, tap: &DispenserId, request: &str, person: usize, _volume_ml: i64) {
        self.visit(tap, request).person = person;
    }

    /// A gateway committed an answer.
    pub(crate) fn answered(&mut self, station: usize, tap: &DispenserId, bytes: &[u8]) {
        let Some(answer) = Answer::read(bytes) else {
            return self.broken(format!("{tap}: an answer that cannot be read"));
        };
        // Said without a commit, and not final (CONTRACTS section 3).
        if answer.reason == "gateway_degraded" || answer.reason == "bad_request" {
            return;
        }
        let mark = self.mark();
        let visit = self.visit(tap, &answer.request);
        visit.said += 1;
        match &visit.answer {
            Some(first) if first != bytes && !visit.is_doubtful => {
                let what = format!("{tap}: request {} was answered in two ways", answer.request);
                return self.broken(what);
            }
            Some(_) => return,
            None => {}
        }
        visit.answer = Some(bytes.to_vec());
        visit.station = Some(station);
        visit.touched = mark;
        visit.reason = answer.reason;
        visit.held_ml = answer.approved.then_some(answer.volume_ml.unwrap_or(0));
    }

    /// Whether these bytes were said before.
    pub(crate) fn is_repeat(&self, tap: &DispenserId, bytes: &[u8]) -> bool {
        let visit = Answer::read(bytes).and_then(|answer| self.visits.get(&(tap.clone(), answer.request)));
        visit.is_some_and(|visit| visit.said > 1)
    }

    /// A gateway committed a receipt.
    pub(crate) fn receipted(&mut self, station: usize, tap: &DispenserId, bytes: &[u8]) {
        let Some(receipt) = Receipt::read(bytes) else {
            return self.broken(format!("{tap}: a receipt that cannot be read"));
        };
        let mark = self.mark();
        let visit = self.visit(tap, &receipt.request);
        let named = (receipt.receipt, receipt.volume_ml);
        if let Some(first) = &visit.receipt {
            if *first != named && !visit.is_doubtful {
                let what = format!("{tap}: request {} has two receipts", receipt.request);
                self.broken(what);
            }
            return;
        }
        let flowed = visit.flowed_ml.unwrap_or(0);
        let due = visit.held_ml.map_or(flowed, |held| flowed.min(held));
        let is_wrong = named.1 != due && !visit.is_doubtful;
        visit.receipt = Some(named.clone());
        visit.station = Some(station);
        visit.touched = mark;
        if is_wrong {
            self.broken(format!(
                "{tap}: request {}: {} ml charged, {due} ml flowed",
                receipt.request, named.1
            ));
        }
    }

    /// How many receipts a box has given.
    pub(crate) fn receipts_of(&self, station: usize) -> usize {
        let visits = self.visits.values().filter(|visit| visit.station == Some(station));
        visits.filter(|visit| visit.receipt.is_some()).count()
    }

    /// A dispenser forgets a pour, for it has its receipt.
    pub(crate) fn heard_receipt(&mut self, tap: &DispenserId, receipt: &Receipt) {
        let visit = self.visit(tap, &receipt.request);
        if visit.receipt.is_none() {
            self.broken(format!(
                "{tap}: a receipt for {} that nobody committed",
                receipt.request
            ));
        }
    }

    /// A valve opens.
    pub(crate) fn valve_opened(&mut self, tap: &DispenserId, request: &str, volume_ml: u64) {
        let visit = self.visit(tap, request);
        visit.opened = true;
        if visit.held_ml != Some(volume_ml) {
            let said = visit.reason.clone();
            self.broken(format!(
                "{tap}: a valve opened for {request}, to which the gateway had said {said:?}"
            ));
        }
    }

    pub(crate) fn will_flow(&mut self, tap: &DispenserId, request: &str, volume_ml: u64) {
        self.visit(tap, request).flows_ml = volume_ml;
    }

    pub(crate) fn flows(&mut self, tap: &DispenserId, request: &str) -> u64 {
        self.visit(tap, request).flows_ml
    }

    /// A valve is closed again.
    pub(crate) fn flowed(&mut self, tap: &DispenserId, request: &str, volume_ml: u64) {
        self.visit(tap, request).flowed_ml = Some(volume_ml);
    }

    /// The reason shown and what was charged.
    pub(crate) fn outcome(&self, tap: &DispenserId, request: &str) -> (String, u64) {
        let visit = self.visits.get(&(tap.clone(), request.to_owned()));
        visit.map_or_else(Default::default, |visit| {
            (visit.reason.clone(), visit.receipt.as_ref().map_or(0, |(_, ml)| *ml))
        })
    }

    pub(crate) fn joined(&mut self, station: usize, box_id: BoxId) {
        self.boxes.entry(station).or_default().box_id = Some(box_id);
    }

    pub(crate) fn credited(&mut self, person: usize, volume_ml: i64, id: u64, at_ms: u64) {
        self.credits.push(Credit {
            person,
            volume_ml,
            id,
            at_ms,
            may_be_lost: false,
        });
    }

    /// How much more than paid for a person may draw, when all their bills are paid.
    pub(crate) fn cap_ml(&self, person: usize) -> u64 {
        let trusted = self.trusted_ml.get(&person).copied();
        trusted.unwrap_or(self.overdraft_cap_ml)
    }

    pub(crate) fn bought(&mut self, person: usize, item: Item, purchase: Option<u64>, at_ms: u64) {
        self.purchases.push(Bought {
            person,
            item,
            purchase,
            from_wallet: false,
            at_ms,
            may_be_lost: false,
        });
    }

    pub(crate) fn bought_from_wallet(&mut self, person: usize, item: Item, purchase: u64, at_ms: u64) {
        self.bought(person, item, Some(purchase), at_ms);
        if let Some(bought) = self.purchases.last_mut() {
            bought.from_wallet = true;
        }
    }

    /// The hub forgets all it alone knew since then.
    pub(crate) fn hub_forgets(&mut self, since_ms: u64) {
        self.hub_restored = true;
        self.hub_forgets_draws(since_ms);
        for credit in self.credits.iter_mut().filter(|credit| credit.at_ms >= since_ms) {
            credit.may_be_lost = true;
        }
        for bought in self.purchases.iter_mut().filter(|bought| bought.at_ms >= since_ms) {
            bought.may_be_lost = true;
        }
    }

    /// The hub forgets what a box that is gone had brought it.
    pub(crate) fn box_is_forgotten(&mut self, station: usize, known: &BTreeSet<String>) {
        self.cash_is_gone(station, known);
        let slack = &mut self.slack_ml;
        for visit in self
            .visits
            .values_mut()
            .filter(|visit| visit.station == Some(station) && !visit.is_doubtful)
        {
            if visit
                .receipt
                .as_ref()
                .is_none_or(|(receipt, _)| !known.contains(receipt))
            {
                visit.is_doubtful = true;
                *slack.entry(visit.person).or_default() += visit.held_ml.unwrap_or(0);
            }
        }
    }

    /// A box burns: what it had not brought to the hub may be lost.
    pub(crate) fn box_burns(&mut self, station: usize, acked: &BTreeSet<String>) {
        self.cash_is_gone(station, acked);
        for visit in self.visits.values_mut().filter(|visit| visit.station == Some(station)) {
            let is_safe = visit
                .receipt
                .as_ref()
                .is_some_and(|(receipt, _)| acked.contains(receipt));
            visit.is_doubtful |= !is_safe;
        }
    }

    /// A box forgets what happened there since a mark: what was approved since may be approved again.
    pub(crate) fn card_forgets(&mut self, station: usize, since: u64) {
        self.card_forgets_cash(station, since);
        let slack = &mut self.slack_ml;
        for visit in self.visits.values_mut().filter(|visit| visit.station == Some(station)) {
            let is_open = visit.held_ml.is_some() && visit.receipt.is_none();
            if visit.touched >= since || is_open {
                visit.is_doubtful = true;
                *slack.entry(visit.person).or_default() += visit.held_ml.unwrap_or(0);
            }
        }
    }
}

/// The litres that a thing bought is worth.
pub(crate) fn litres_of(item: &Item) -> u64 {
    match item {
        Item::Litres(volume) => volume.ml(),
        Item::Plan(_) => Plan::monthly().allowance(JERRYCAN).ml(),
        Item::Deposit(_) | Item::Bill(_) => 0,
    }
}
