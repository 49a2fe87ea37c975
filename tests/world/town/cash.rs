//! Managers who take cash at their sites, and hand it in.

use gateway::site::{
    effect::{CashTaken, Refusal as SiteRefusal, Told},
    input::{Command, Input, Order, ReplyId},
    store::floats,
};
use hub::hub::{
    effect::{Refusal, Response},
    input::{Actor, CashCount, Request},
    store::read::{self, Manager},
};
use kiosk::{float::Wish, units::Volume};

use super::World;

/// The account of every site's manager.
const MANAGER: &str = "musa";

impl World {
    /// An operator sets how much cash a site's manager may take.
    pub fn give_float(&mut self, station: usize, limit_minor: i64) -> Result<Response, Refusal> {
        let request = Request::SetFloat {
            site: self.stations[station].name.clone(),
            manager: MANAGER.to_owned(),
            limit_minor,
        };
        self.ask_hub(Actor::Owner, request)
    }

    /// A manager hands in what was counted.
    pub fn hand_in(&mut self, station: usize, counted_minor: i64) -> Result<Response, Refusal> {
        let request = self.counted(station, counted_minor);
        self.ask_hub(Actor::Owner, request)
    }

    /// The same, sooner or later.
    pub(crate) fn hand_in_later(&mut self, station: usize, counted_minor: i64) {
        let request = self.counted(station, counted_minor);
        self.errand(Actor::Owner, request);
    }

    fn counted(&self, station: usize, counted_minor: i64) -> Request {
        Request::HandIn(CashCount {
            site: self.stations[station].name.clone(),
            manager: MANAGER.to_owned(),
            counted_minor,
            owed_minor: None,
        })
    }

    /// The manager sells a person litres for cash, and waits for the receipt.
    pub fn sell_for_cash(&mut self, station: usize, person: usize, volume_ml: u64) -> Result<CashTaken, SiteRefusal> {
        let command = self.cash_command(person, volume_ml);
        let reply = self.books.commands + 1;
        self.books.cash_asked(station, reply, person, volume_ml);
        match self.command(station, command)? {
            Told::CashTaken(taken) => Ok(taken),
            other => panic!("cash was taken, and the gateway says {other:?}"),
        }
    }

    /// The same without waiting.
    pub(crate) fn sell_for_cash_later(&mut self, station: usize, person: usize, volume_ml: u64) {
        let command = self.cash_command(person, volume_ml);
        self.books.commands += 1;
        let reply = self.books.commands;
        self.books.cash_asked(station, reply, person, volume_ml);
        self.give(station, Input::Told(ReplyId(reply), command));
    }

    fn cash_command(&self, person: usize, volume_ml: u64) -> Command {
        let command = Command::SellForCash {
            customer: self.customer(person),
            wish: Wish::Litres(Volume::from_ml(volume_ml)),
            shown_minor: None,
        };
        Command::By(Box::new(Order {
            who: MANAGER.to_owned(),
            once: None,
            command,
        }))
    }

    /// How a site's manager stands at the hub.
    pub fn manager_at_hub(&self, station: usize) -> Option<Manager> {
        let site = &self.stations[station].name;
        let managers = read::managers(self.hub_rows()?, Some(site), self.centre.settings.currency).ok()?;
        managers.into_iter().next()
    }

    /// What a site's manager may still take, and should have in the drawer, as the box shows it.
    pub fn manager_at_box(&self, station: usize) -> Option<(i64, i64)> {
        let standing = floats::standing(self.box_rows(station)?, MANAGER).ok()?;
        Some((standing.left_minor(), standing.drawer_minor))
    }

    /// Sales that the hub did not book by itself are booked by an operator, who has asked the manager and the customer.
    pub(crate) fn decide_cash_sales(&mut self) {
        let doubtful = self.hub_rows().map(|rows| read::doubtful_sales(rows, u32::MAX));
        for sale in doubtful.and_then(Result::ok).unwrap_or_default() {
            let request = Request::DecideCashSale {
                sale: sale.id,
                book_to: Some(MANAGER.to_owned()),
            };
            let decided = self.ask_hub(Actor::Owner, request);
            if let Err(refusal) = decided {
                self.books.broken(format!("a cash sale cannot be booked: {refusal:?}"));
            }
        }
    }
}
