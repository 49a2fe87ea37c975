//! Where a payment goes, and bills that are given up.

use kiosk::{
    bill::{Bill, allocate},
    ids::CustomerId,
    ledger::{Postings, Purpose, Source},
    talk::Text,
    units::Money,
};

use super::issue::reason_of;
use crate::hub::{
    effect::Response,
    input::{Actor, Pay},
    ledger::Event,
    store::{BillRow, PurseKey},
    turn::{Halt, HubError, Turn},
};

impl Turn<'_> {
    /// What a customer's open bills come to.
    pub fn owed(&self, customer: CustomerId) -> Result<Money, HubError> {
        let open = self.store.open_bills(customer)?;
        let left = open.iter().map(|row| row.bill.left());
        let left = left.filter(|left| left.currency == self.settings.currency);
        Ok(self.money(left.map(|left| left.minor).fold(0, i64::saturating_add)))
    }

    /// What is asked for of somebody who wants to pay bills: all of it unless they named an amount. A prompt asks for
    /// whole units, and what that is too much goes into the wallet; out of the wallet no more is taken than is owed.
    pub fn bill_amount(&self, customer: CustomerId, named: Option<i64>, pay: Pay) -> Result<Money, HubError> {
        let owed = self.owed(customer)?;
        let asked = self.money(named.unwrap_or(owed.minor));
        Ok(match pay {
            Pay::Prompt => asked.rounded_up(),
            Pay::Wallet => self.money(asked.minor.min(owed.minor)),
        })
    }

    /// Pays a customer's bills, the oldest month first; what is left over goes into the wallet, and comes back. Water is
    /// let run again in the same transaction.
    pub fn pay_bills(&mut self, customer: CustomerId, source: Source, amount: Money) -> Result<Money, HubError> {
        let over = self.spread(customer, amount)?;
        let owed = self.money(amount.minor - over.minor);
        let postings = match owed.minor {
            0 => Postings::paid(source, customer, Purpose::Deposit, amount),
            _ => Postings::bill_paid(source, customer, owed, over),
        };
        self.book("bills paid", postings)?;
        self.bills_changed(customer)?;
        Ok(over)
    }

    /// Counts an amount as paid of a customer's open bills, the oldest month first. Gives what is left over.
    pub(super) fn spread(&mut self, customer: CustomerId, amount: Money) -> Result<Money, HubError> {
        let mut open = self.store.open_bills(customer)?;
        open.retain(|row| row.bill.amount.currency == amount.currency);
        let bills: Vec<Bill> = open.iter().map(|row| row.bill.clone()).collect();
        let allocation = allocate(&bills, amount);
        // Both are in the order of the months, and no part is zero.
        for (mut row, (_, part)) in open.into_iter().zip(&allocation.parts) {
            row.bill.paid.minor += part.minor;
            self.store.put_bill(&row)?;
        }
        Ok(allocation.over)
    }

    fn bills_changed(&mut self, customer: CustomerId) -> Result<(), HubError> {
        self.refresh_overdue(customer)?;
        self.settle_purse(PurseKey::prepaid(customer))?;
        self.live_customer(customer);
        Ok(())
    }

    /// What is said of a payment of bills.
    pub fn bills_paid_text(&self, customer: CustomerId, amount: Money, receipt: String) -> Result<Text, HubError> {
        let open = self.store.open_bills(customer)?;
        let oldest = open.first().map(|row: &BillRow| row.bill.due);
        Ok(match oldest {
            None => Text::BillPaid { amount, receipt },
            Some(due) => Text::BillPartPaid {
                amount,
                left: self.owed(customer)?,
                due,
                receipt,
            },
        })
    }

    /// A bill that nobody will pay any more: the house bears it, and it denies nothing.
    pub fn write_off_bill(&mut self, by: &Actor, number: i64, reason: &str) -> Result<Response, Halt> {
        let mut row = self.known_bill(number)?;
        let reason = reason_of(reason)?;
        let left = row.bill.left();
        if left.minor == 0 {
            let message = "nothing is left to pay of this bill";
            return Err(crate::hub::effect::Refusal::conflict("bill_closed", message).into());
        }
        row.bill.written_off = true;
        self.store.put_bill(&row)?;
        self.about(Event::Bill(number), |turn| {
            turn.book("bill given up", Postings::bill_given_up(row.bill.customer, left))
        })?;
        let detail = format!("{left}: {reason}");
        self.audit(by, "bill given up", &number.to_string(), &detail)?;
        self.bills_changed(row.bill.customer)?;
        Ok(Response::Done)
    }
}
