//! Money: what is booked when, and what a wallet holds.

use std::fmt;

use kiosk::{
    day::Month,
    fact::Purse,
    ids::{CustomerId, LoanId, PayoutId, ProviderReceipt, PurchaseId, RecordId, RequestId, SiteName},
    ledger::{Account, LedgerError, Postings, worth_drawn},
    provider::Provider,
    units::{Money, Volume},
};

use super::{
    store::{PurseKey, PurseRow},
    turn::{HubError, Turn},
};

/// Millilitres in a cubic metre.
const ML_PER_M3: i128 = 1_000_000;

/// What happened, as entries name it: the way from a posting to its purchase, pour or receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A purchase was paid.
    Purchase(PurchaseId),
    /// A site wrote a record: a pour, or a cash sale.
    Record(SiteName, RecordId),
    /// Cash was handed in, as this record of the hub's own says. Records of two boxes of a site may have one number.
    HandIn(RecordId),
    /// Money came under this receipt of a provider.
    Receipt(Provider, ProviderReceipt),
    /// An operator gave or took litres.
    Credit(u64),
    /// Water was drawn at the hub itself.
    Draw(SiteName, RequestId),
    /// A subscription is over.
    Subscription(i64),
    /// A registration was merged into another.
    Merger(CustomerId),
    /// What a customer used in a month was billed.
    Usage(CustomerId, Month),
    /// A bill came down, or was given up.
    Bill(i64),
    /// Money went out, or came back because it did not.
    Payout(PayoutId),
    /// A loan was given, or something of it paid back.
    Loan(LoanId),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Purchase(purchase) => write!(f, "purchase:{purchase}"),
            // The id under which the API lists the transaction.
            Event::Record(site, record) => write!(f, "transaction:{site}:{}:{}", record.log.epoch, record.seq),
            Event::HandIn(record) => write!(f, "hand_in:{}:{}:{}", record.log.box_id, record.log.epoch, record.seq),
            Event::Receipt(provider, receipt) => write!(f, "receipt:{provider}:{receipt}"),
            Event::Credit(credit) => write!(f, "credit:{credit:016x}"),
            Event::Draw(site, request) => write!(f, "draw:{site}:{request}"),
            Event::Subscription(id) => write!(f, "subscription:{id}"),
            Event::Merger(customer) => write!(f, "merger:{customer}"),
            Event::Usage(customer, month) => write!(f, "usage:{customer}:{month}"),
            Event::Bill(bill) => write!(f, "bill:{bill}"),
            Event::Payout(payout) => write!(f, "payout:{payout}"),
            Event::Loan(loan) => write!(f, "loan:{loan}"),
        }
    }
}

impl Turn<'_> {
    /// Does work whose entries book this event.
    pub fn about<T, E>(&mut self, event: Event, work: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        let before = self.event.replace(event);
        let done = work(self);
        self.event = before;
        done
    }

    /// An amount in the hub's currency.
    pub fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.settings.currency)
    }

    /// Books a set of postings, for the event that [`Turn::about`] names. What happens once to an event, such as its
    /// payment, is not booked twice: a second time is an error, and changes nothing.
    pub fn book(&mut self, what: &str, postings: Result<Postings, LedgerError>) -> Result<(), HubError> {
        let event = self.event.as_ref().map(Event::to_string);
        Ok(self.store.add_entry(what, event.as_deref(), &postings?, self.now())?)
    }

    /// Books a movement that may go either way: `forward` makes the postings of a positive amount.
    pub fn book_change(
        &mut self,
        what: &str,
        minor: i64,
        forward: impl FnOnce(Money) -> Result<Postings, LedgerError>,
    ) -> Result<(), HubError> {
        match minor {
            0 => Ok(()),
            1.. => self.book(what, forward(self.money(minor))),
            _ => self.book(
                what,
                forward(self.money(minor.saturating_neg())).map(Postings::reversed),
            ),
        }
    }

    /// What water is worth at the tariff, in exact minor units, rounded towards zero.
    pub fn worth_minor(&self, volume_ml: i64) -> i64 {
        let worth = i128::from(volume_ml) * i128::from(self.settings.tariff.price_per_m3_minor) / ML_PER_M3;
        i64::try_from(worth).unwrap_or(i64::MAX)
    }

    /// What a customer's wallet holds.
    pub fn wallet_minor(&self, customer: CustomerId) -> Result<i64, HubError> {
        let balance = self.store.balance(&Account::Wallet(customer), self.settings.currency)?;
        // Owed to the customer, so below zero in the books.
        Ok(balance.saturating_neg())
    }

    /// Books what has been earned of a purse since it was last looked at. It follows from the purse's totals alone, so
    /// the order of credits, pours and corrections does not matter.
    pub fn release(&mut self, key: PurseKey, row: &mut PurseRow) -> Result<(), HubError> {
        let is_over = match key.purse {
            Purse::Allowance => self.store.subscription(key.period)?.is_some_and(|row| row.expired),
            Purse::Prepaid => false,
        };
        // What was left of a subscription that is over has been earned, whatever is still reported of it.
        let target = if is_over {
            row.credited_minor
        } else {
            self.earned_minor(row)
        };
        let change = target - row.released_minor;
        row.released_minor = target;
        self.book_change("water drawn", change, |worth| Postings::drawn(key.customer, worth))
    }

    fn earned_minor(&self, row: &PurseRow) -> i64 {
        let (Some(volume), Some(drawn)) = (
            Volume::try_from_ml(row.credited_ml),
            Volume::try_from_ml(row.spent_ml.max(0)),
        ) else {
            return row.credited_minor;
        };
        worth_drawn(self.money(row.credited_minor), volume, drawn).minor
    }
}
