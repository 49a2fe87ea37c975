//! Months that become bills, and what is found out about them later: usage only comes down, which pays what
//! is left of the bill, and is a credit towards the next beyond that.

use kiosk::{
    bill::{Bill, Issued, correction, issue},
    daily::months_due,
    day::{Day, Month, Zone},
    ids::CustomerId,
    ledger::Postings,
    units::{Money, Volume},
};

use super::BillingState;
use crate::hub::{
    effect::{Refusal, Response},
    input::Actor,
    ledger::Event,
    store::{BillRow, BillingRow, PurseKey, PurseRow},
    turn::{Halt, HubError, Turn},
};

/// The most months that are caught up with at once: ten years.
const MONTHS_MAX: usize = 120;
/// The longest reason that is kept.
pub(super) const REASON_CHARS_MAX: usize = 200;

/// What a correction took off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct TakenOff {
    ml: i64,
    minor: i64,
}

impl Turn<'_> {
    /// Makes the bills of all months that are over, the oldest first. False when one cannot be made yet.
    pub(super) fn issue_months(&mut self, row: &mut BillingRow, today: Day, zone: &Zone) -> Result<bool, HubError> {
        let due: Vec<Month> = months_due(row.billed, row.began, today).take(MONTHS_MAX).collect();
        for month in due {
            let usage = match row.metered {
                true => self.metered_usage(row, month, today)?,
                false => Some(self.drawn_ahead_by(row.customer, month, zone)?),
            };
            // The reading of that month may still come.
            let Some(usage) = usage else { return Ok(true) };
            if !self.issue_month(row, (month, usage), today)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What is drawn ahead and not billed, as it stood when a month ended: so what a site tells late goes onto the next
    /// bill. A draw whose clock runs ahead counts as drawn by then.
    fn drawn_ahead_by(&self, customer: CustomerId, month: Month, zone: &Zone) -> Result<Volume, HubError> {
        let (_, end) = month.bounds(zone);
        let since = self.store.drawn_between_ml(customer, end, self.now())?.max(0);
        let unbilled = self.unbilled(customer)?.signed_ml() - since;
        Ok(Volume::try_from_ml(unbilled.max(0)).unwrap_or(Volume::MAX))
    }

    /// What ran through the meter up to a month's last reading; `None` while that may still be entered: until the month
    /// after it is over, too.
    fn metered_usage(&self, row: &BillingRow, month: Month, today: Day) -> Result<Option<Volume>, HubError> {
        let last = self.store.reading_by(row.customer, month.end().plus_days(-1))?;
        let is_read = last.is_some_and(|last| last.reading.day >= month.first_day());
        if !is_read && today < month.next().end() {
            return Ok(None);
        }
        let total = last.map_or(Volume::ZERO, |last| last.total);
        Ok(Some(total.less(row.metered_to)))
    }

    /// Makes one month's bill and books it. False, with an alarm, when nobody knows its tariff any more.
    pub(super) fn issue_month(
        &mut self,
        row: &mut BillingRow,
        (month, usage): (Month, Volume),
        today: Day,
    ) -> Result<bool, HubError> {
        let Some(tariff) = self.settings.bill_tariffs.get(&row.tariff) else {
            self.alarm(
                "tariff_gone",
                format!(
                    "customer {}: no bill for {month}, for the configuration has no tariff {} any more",
                    row.customer, row.tariff
                ),
            )?;
            return Ok(false);
        };
        let days = (today, self.settings.bill_due_days);
        let credit = self.money(row.credit_minor);
        let full = match issue(row.customer, (month, usage), tariff, credit, days) {
            Issued::Nothing => self.money(0),
            Issued::Covered(used) => {
                row.credit_minor -= used.minor;
                used
            }
            Issued::Bill(bill) => {
                row.credit_minor -= bill.credit.minor;
                let full = self.money(bill.amount.minor + bill.credit.minor);
                self.add_bill(row, bill)?;
                full
            }
        };
        self.about(Event::Usage(row.customer, month), |turn| {
            turn.book_change("bill", full.minor, |full| Postings::billed(row.customer, full))
        })?;
        row.billed = row.billed.max(Some(month));
        match row.metered {
            true => row.metered_to = row.metered_to.plus(usage),
            false => self.count_as_credited(row.customer, usage, full)?,
        }
        self.store.put_billing(row)?;
        Ok(true)
    }

    fn add_bill(&mut self, row: &BillingRow, bill: Bill) -> Result<(), HubError> {
        let Some(tariff) = self.settings.bill_tariffs.get(&row.tariff) else {
            return Ok(());
        };
        let zone_name = self.zone_name_of(row.customer)?;
        let zone = Zone::named(&zone_name).map_err(|error| HubError::Journal(error.to_string()))?;
        // A restored hub may have made it before and told the customer, which nobody wants to hear twice.
        let (_, end) = bill.month.bounds(&zone);
        let was_told = self.store.hub()?.doubt_since.is_some_and(|since| since >= end);
        let (usage, amount) = (bill.usage, bill.amount);
        let number = self.store.add_bill(&BillRow {
            id: 0,
            told: was_told.then_some(bill.issued),
            bill,
            tariff: tariff.clone(),
            zone_name,
            zone,
            metered: row.metered,
            counted: usage,
            looked: None,
        })?;
        let site = self.store.customer(row.customer)?.and_then(|customer| customer.site);
        self.remember(row.customer, site.as_ref(), "bill", usage.signed_ml(), amount.minor)?;
        self.audit_as("hub", "bill made", &number.to_string(), &amount.to_string())?;
        self.live_customer(row.customer);
        Ok(())
    }

    /// Water that is on a bill counts as credited, and its price as earned: the bill has booked it as sales.
    fn count_as_credited(&mut self, customer: CustomerId, usage: Volume, full: Money) -> Result<(), HubError> {
        let key = PurseKey::prepaid(customer);
        let mut purse = self.store.purse(key)?;
        purse.credited_ml = purse.credited_ml.saturating_add(usage.signed_ml());
        purse.credited_minor = purse.credited_minor.saturating_add(full.minor);
        purse.released_minor = purse.released_minor.saturating_add(full.minor);
        self.release(key, &mut purse)?;
        self.store.put_purse(key, &purse)?;
        self.settle_purse(key)
    }

    /// Less was spent of a purse than was counted. Whoever had prepaid litres left drew from those, and has them again; else
    /// what of it was on bills comes off the newest of them.
    pub fn correct_bills(&mut self, key: PurseKey, purse: &mut PurseRow, change_ml: i64) -> Result<(), HubError> {
        let left = purse.credited_ml.saturating_sub(purse.spent_ml);
        let left_before = left.saturating_add(change_ml);
        let too_much = left.min(change_ml.saturating_neg());
        if too_much <= 0
            || left_before > 0
            || key.purse != kiosk::fact::Purse::Prepaid
            || self.store.billing(key.customer)?.is_none()
        {
            return Ok(());
        }
        let off = self.take_off(key.customer, too_much, false)?;
        purse.credited_ml -= off.ml;
        purse.credited_minor -= off.minor;
        purse.released_minor -= off.minor;
        Ok(())
    }

    /// Less ran through a meter than was billed.
    pub(super) fn correct_metered_bills(&mut self, customer: CustomerId, too_much: Volume) -> Result<(), HubError> {
        self.take_off(customer, too_much.signed_ml(), true).map(drop)
    }

    /// Takes millilitres off a customer's bills of one kind, the newest first, and credits what they had charged.
    fn take_off(&mut self, customer: CustomerId, mut ml: i64, metered: bool) -> Result<TakenOff, HubError> {
        let mut off = TakenOff::default();
        let bills = self.store.bills(customer)?.into_iter().rev();
        for listed in bills.filter(|row| row.metered == metered) {
            // What came off the one before may have paid this one.
            let Some(mut row) = self.store.bill(listed.id)? else {
                continue;
            };
            let part = row.counted.signed_ml().min(ml);
            if part <= 0 {
                continue;
            }
            ml -= part;
            off.ml += part;
            let usage = row.counted.less(Volume::from_ml(part.unsigned_abs()));
            off.minor += self.recount(&mut row, usage)?;
        }
        Ok(off)
    }

    /// A bill's usage is this, and not more: the difference pays what is left of this bill, and the rest is credited
    /// towards the next. Nobody pays a bill that was given up, so nothing is credited for it. Gives the difference.
    fn recount(&mut self, row: &mut BillRow, usage: Volume) -> Result<i64, HubError> {
        let credit = match row.bill.written_off {
            true => self.money(0),
            false => correction(&row.tariff, row.counted, usage),
        };
        row.counted = usage;
        let own = credit.minor.min(row.bill.left().minor);
        row.bill.paid.minor += own;
        self.store.put_bill(row)?;
        let customer = row.bill.customer;
        self.about(Event::Bill(row.id), |turn| {
            turn.book_change("bill corrected", credit.minor, |credit| {
                Postings::bill_credited(customer, credit)
            })
        })?;
        let rest = credit.minor - own;
        match self.store.billing(customer)? {
            Some(mut billing) if billing.state != BillingState::Ended => {
                billing.credit_minor += rest;
                self.store.put_billing(&billing)?;
            }
            _ => self.give_back_credit(customer, rest)?,
        }
        self.refresh_overdue(customer)?;
        self.audit_as("hub", "bill corrected", &row.id.to_string(), &credit.to_string())?;
        Ok(credit.minor)
    }

    /// No bill to come will take this credit off: it pays those that are open, and the rest goes into the wallet.
    pub(super) fn give_back_credit(&mut self, customer: CustomerId, minor: i64) -> Result<(), HubError> {
        if minor <= 0 {
            return Ok(());
        }
        // The credit stands in the same account as the bills, so paying them moves nothing there.
        let over = self.spread(customer, self.money(minor))?;
        self.book_change("credit of bills", over.minor, |credit| {
            Postings::bill_credit_to_wallet(customer, credit)
        })?;
        self.refresh_overdue(customer)
    }

    /// An operator says that less was used than a bill says, such as when a dispenser measured wrongly.
    pub fn correct_bill(&mut self, by: &Actor, number: i64, usage: Volume, reason: &str) -> Result<Response, Halt> {
        let mut row = self.known_bill(number)?;
        let reason = reason_of(reason)?;
        if row.bill.written_off {
            return Err(Refusal::conflict("bill_written_off", "this bill was given up").into());
        }
        if usage >= row.counted {
            let message = format!(
                "a bill only comes down, and it counts {}: what was billed too little goes onto the next one",
                row.counted
            );
            return Err(Refusal::invalid("usage_ml", "out_of_range", message).into());
        }
        // In the purse the water stays credited, as it stays spent: it is not billed again.
        self.recount(&mut row, usage)?;
        let customer = row.bill.customer;
        self.settle_purse(PurseKey::prepaid(customer))?;
        let detail = format!("usage {usage}: {reason}");
        self.audit(by, "bill corrected by hand", &number.to_string(), &detail)?;
        self.live_customer(customer);
        Ok(Response::Done)
    }

    pub(super) fn known_bill(&self, number: i64) -> Result<BillRow, Halt> {
        self.store
            .bill(number)?
            .ok_or_else(|| Refusal::not_found("bill").into())
    }
}

/// Why an operator does something: it stands in the audit.
pub(super) fn reason_of(text: &str) -> Result<&str, Refusal> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > REASON_CHARS_MAX || text.chars().any(char::is_control) {
        let message = format!("say why, in 1 to {REASON_CHARS_MAX} characters");
        return Err(Refusal::invalid("reason", "bad_field", message));
    }
    Ok(text)
}
