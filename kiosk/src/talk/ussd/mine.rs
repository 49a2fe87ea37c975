//! What a customer has: balance, jerrycans, code, usage, orders, and moving it to another site.

use super::{
    act::Act,
    buy::kind_said,
    desk::{Desk, Rows, Turn, choice},
    office::{Office, Order, Site},
    page::Row,
    say::Say,
    state::{List, Menu, Shown},
    words::Word,
};
use crate::{ids::SiteName, payment::PaymentState};

impl<O: Office> Desk<'_, O> {
    pub fn take_mine(&mut self, input: &str) -> Result<Turn, O::Error> {
        Ok(match choice(input) {
            Some(1) => self.tell_balance(Menu::Mine)?,
            Some(2) => self.tell_jerrycans()?,
            Some(3) => self.tell_code()?,
            Some(4) => self.tell_usage(Menu::Mine)?,
            Some(5) => Turn::list(List::SitesToMoveTo),
            Some(0) => Turn::menu(Menu::Water),
            _ => Turn::no_such_choice(),
        })
    }

    pub fn tell_balance(&self, back: Menu) -> Result<Turn, O::Error> {
        let Some(customer) = self.customer() else {
            return Ok(Turn::no_such_choice());
        };
        let water = self.office.water(customer.id)?;
        let said = Say::new(Word::Balance)
            .volume("balance", water.balance)
            .number("jerrycans", water.jerrycans)
            .money("wallet", self.office.wallet(customer.id)?);
        Ok(Turn::Tell(said, back))
    }

    fn tell_jerrycans(&self) -> Result<Turn, O::Error> {
        let Some(customer) = self.customer() else {
            return Ok(Turn::no_such_choice());
        };
        let water = self.office.water(customer.id)?;
        let said = match water.subscription {
            Some(subscription) if !subscription.is_over => Say::new(Word::Jerrycans)
                .number("jerrycans", water.jerrycans)
                .day("last_day", subscription.last_day),
            _ => Word::NoSubscription.into(),
        };
        Ok(Turn::Tell(said, Menu::Mine))
    }

    fn tell_code(&self) -> Result<Turn, O::Error> {
        let Some(customer) = self.customer() else {
            return Ok(Turn::no_such_choice());
        };
        let subscription = self.office.water(customer.id)?.subscription;
        let said = match subscription.filter(|subscription| !subscription.is_over) {
            Some(subscription) => Say::new(Word::MonthlyCode)
                .plain("code", subscription.code)
                .name("site", &subscription.site.title)
                .day("last_day", subscription.last_day),
            None => Word::NoSubscription.into(),
        };
        Ok(Turn::Tell(said, Menu::Mine))
    }

    pub fn tell_usage(&self, back: Menu) -> Result<Turn, O::Error> {
        let Some(customer) = self.customer() else {
            return Ok(Turn::no_such_choice());
        };
        let usage = self.office.usage(customer.id)?;
        let said = Say::new(Word::Usage)
            .volume("week", usage.week)
            .volume("week_before", usage.week_before)
            .volume("month", usage.month)
            .volume("month_before", usage.month_before);
        Ok(Turn::Tell(said, back))
    }

    pub fn order_rows(&self) -> Result<Rows, O::Error> {
        let orders = match self.customer() {
            Some(customer) => self.office.orders(customer.id)?,
            None => Vec::new(),
        };
        let row = |order: &Order| Row {
            say: Say::new(Word::OrderRow)
                .short_day("day", order.day)
                .say("what", kind_said(order.kind))
                .money("amount", order.amount)
                .word("state", order_word(order.state)),
            shown: None,
        };
        Ok((Word::Orders, Word::NoOrders, orders.iter().map(row).collect()))
    }

    pub fn site_rows(&self, list: &List) -> Result<Rows, O::Error> {
        let sites = match self.customer() {
            Some(customer) => self.office.sites(customer.id)?,
            None => Vec::new(),
        };
        // Nobody moves to where they are.
        let home = self.customer().and_then(|customer| customer.site.as_ref());
        let is_listed = |site: &&Site| *list != List::SitesToMoveTo || Some(&site.name) != home;
        let row = |site: &Site| Row {
            say: Say::new(Word::SiteRow).name("site", &site.title),
            shown: Some(Shown::from(site)),
        };
        let head = match list {
            List::SitesToMoveTo => Word::SitesToMoveTo,
            List::SitesToSettle => Word::SitesToSettle,
            _ => Word::SitesToSubscribe,
        };
        Ok((head, Word::NoSites, sites.iter().filter(is_listed).map(row).collect()))
    }

    /// A site was chosen to move to: its title is read again, for only its name was kept.
    pub fn move_to(&self, to: SiteName) -> Result<Turn, O::Error> {
        let Some(customer) = self.customer() else {
            return Ok(Turn::no_such_choice());
        };
        let sites = self.office.sites(customer.id)?;
        let title = sites.into_iter().find(|site| site.name == to).map(|site| site.title);
        let title = title.unwrap_or_else(|| to.to_string());
        Ok(Self::confirm(Act::MoveWater { to }, &title))
    }
}

fn order_word(state: PaymentState) -> Word {
    match state {
        PaymentState::Created | PaymentState::Submitting | PaymentState::Pending => Word::OrderWaits,
        PaymentState::Succeeded => Word::OrderPaid,
        PaymentState::Failed | PaymentState::Cancelled | PaymentState::Expired => Word::OrderFailed,
        PaymentState::Unknown | PaymentState::NeedsOperator => Word::OrderChecked,
    }
}
