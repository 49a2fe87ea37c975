//! Customers who draw ahead of paying, or have a meter of their own, and their bills (FEATURES X16). What a bill comes to
//! and who owes it is [`kiosk::bill`]'s to say.
//!
//! | module | what it holds |
//! |---|---|
//! | `issue` | months that become bills, and what is found out about them later |
//! | `pay` | where a payment goes, and bills that are given up |
//! | `reading` | readings of meters |
//! | `day` | the daily jobs: bills made, customers reminded |
//!
//! How an account stands follows from its purse of prepaid litres. What a postpaid customer drew beyond them is not paid
//! for; once it is on a bill it counts as credited there, at the bill's price and earned already, for the bill has booked
//! it as sales. So litres are charged once, whatever order draws, bills and top-ups come in. What may be drawn ahead is
//! the cap less the water of unpaid bills ([`kiosk::bill::may_draw_ahead`]); the purse itself takes off what is not billed
//! yet.
//!
//! A household with a meter is billed by its readings alone. At a kiosk it draws what it has paid for, like everybody: no
//! water is on a bill twice.

mod day;
mod issue;
mod pay;
mod reading;

use kiosk::{
    bill::{BillState, may_draw_ahead},
    day::{Day, Month, Zone},
    ids::CustomerId,
    units::Volume,
};

use super::{
    effect::{Refusal, Response},
    input::{Actor, NewBilling},
    store::{BillRow, BillingRow, PurseKey},
    turn::{Halt, HubError, Turn},
};

/// The most that may be drawn ahead: a hundred cubic metres.
pub const CAP_MAX: Volume = Volume::from_ml(100_000_000);
/// Accounts that one look ends.
const ENDINGS_MAX: u32 = 100;

/// Whether a customer pays by bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BillingState {
    /// Yes.
    Open,
    /// The last bill is made as soon as the sites have given back what may be drawn ahead.
    Ending,
    /// Not any more; bills may still be open.
    Ended,
}

impl BillingState {
    /// The word in the database and the API.
    pub const fn name(self) -> &'static str {
        match self {
            BillingState::Open => "open",
            BillingState::Ending => "ending",
            BillingState::Ended => "ended",
        }
    }

    /// Reads that word.
    pub fn from_name(name: &str) -> Option<BillingState> {
        [BillingState::Open, BillingState::Ending, BillingState::Ended]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

impl Turn<'_> {
    /// An operator lets a customer pay by bill from now on, or changes the terms.
    pub fn set_billing(&mut self, by: &Actor, id: CustomerId, new: &NewBilling) -> Result<Response, Halt> {
        let customer = self.known_customer(id)?;
        self.check_terms(new)?;
        if customer.account.is_none() {
            let message = "this customer has no account number yet: a registration must be complete first";
            return Err(Refusal::conflict("no_account", message).into());
        }
        let (zone, today) = self.zone_and_today(customer.id)?;
        if let Some(valid) = self.store.valid_subscriptions(customer.id)?.last() {
            let message = format!(
                "this customer has a subscription until {}: an account is prepaid, subscribed or postpaid; try again \
                 when it has ended",
                zone.last_day(valid.valid_until)
            );
            return Err(Refusal::conflict("subscribed", message).into());
        }
        let known = self.store.billing(customer.id)?;
        let is_live = |row: &BillingRow| row.state != BillingState::Ended;
        if known
            .as_ref()
            .is_some_and(|row| is_live(row) && row.metered != new.metered)
        {
            let message =
                "whether a customer is billed by a meter changes with a last bill: end it first, then begin anew";
            return Err(Refusal::conflict("other_measure", message).into());
        }
        let month = Month::of(today).ok_or_else(|| Refusal::conflict("no_clock", "the hub's clock is wrong"))?;
        let began = known.as_ref().filter(|row| is_live(row)).map_or(month, |row| row.began);
        // What ran through a meter while nobody was billed for it is not billed later.
        let metered_to = match known.as_ref().filter(|row| is_live(row)) {
            Some(row) => row.metered_to,
            None => self
                .store
                .last_reading(customer.id)?
                .map_or(Volume::ZERO, |last| last.total),
        };
        self.store.put_billing(&BillingRow {
            customer: customer.id,
            state: BillingState::Open,
            tariff: new.tariff.clone(),
            metered: new.metered,
            cap: new.cap,
            began,
            // The month of a new beginning is billed, also where its first part is on the last bill of an earlier one.
            billed: known
                .as_ref()
                .and_then(|row| row.billed.filter(|billed| is_live(row) || *billed < began)),
            metered_to,
            credit_minor: known.as_ref().map_or(0, |row| row.credit_minor),
            looked: None,
        })?;
        // A purse that never had a credit is granted from as well.
        let key = PurseKey::prepaid(customer.id);
        let purse = self.store.purse(key)?;
        self.store.put_purse(key, &purse)?;
        self.settle_purse(key)?;
        let measure = if new.metered { "by meter" } else { "by dispensers" };
        let detail = format!("{} {measure}, cap {}", new.tariff, new.cap);
        self.audit(by, "billing set", &customer.id.to_string(), &detail)?;
        self.live_customer(customer.id);
        Ok(Response::Done)
    }

    fn check_terms(&self, new: &NewBilling) -> Result<(), Refusal> {
        if !self.settings.bill_tariffs.contains_key(&new.tariff) {
            let known: Vec<&str> = self.settings.bill_tariffs.keys().map(String::as_str).collect();
            let message = format!("there is no tariff {}; there are: {}", new.tariff, known.join(", "));
            return Err(Refusal::invalid("tariff", "unknown_tariff", message));
        }
        if new.metered && !new.cap.is_zero() {
            let message = "a household with a meter draws nothing ahead at kiosks: leave the cap out";
            return Err(Refusal::invalid("cap_ml", "out_of_range", message));
        }
        if !new.metered && (new.cap.is_zero() || new.cap > CAP_MAX) {
            let message = format!("what may be drawn ahead is more than nothing and at most {CAP_MAX}");
            return Err(Refusal::invalid("cap_ml", "out_of_range", message));
        }
        Ok(())
    }

    /// An operator ends it. The last bill comes when all that could be drawn ahead is known: at once where no site holds
    /// any of it, else when the sites have given it back.
    pub fn end_billing(&mut self, by: &Actor, id: CustomerId) -> Result<Response, Halt> {
        let customer = self.known_customer(id)?.id;
        let known = self.store.billing(customer)?;
        let Some(mut row) = known.filter(|row| row.state != BillingState::Ended) else {
            return Err(Refusal::conflict("not_postpaid", "this customer does not pay by bill").into());
        };
        if self.in_doubt()? {
            let message = "part of the hub's past may be missing, so the last bill might be wrong: end the doubt first";
            return Err(Refusal::conflict("in_doubt", message).into());
        }
        row.state = BillingState::Ending;
        self.store.put_billing(&row)?;
        self.audit(by, "billing to be ended", &customer.to_string(), "")?;
        self.settle_purse(PurseKey::prepaid(customer))?;
        self.finish_ending(row)?;
        self.live_customer(customer);
        Ok(Response::Done)
    }

    /// Ends what can be ended now.
    pub(super) fn finish_endings(&mut self) -> Result<(), HubError> {
        if self.in_doubt()? || !self.moment.trust.is_trusted() {
            return Ok(());
        }
        for row in self.store.billings_ending(ENDINGS_MAX)? {
            // Those that cannot end yet wait behind those that were looked at longer ago.
            self.store.set_ending_looked(row.customer, self.now())?;
            self.finish_ending(row)?;
        }
        Ok(())
    }

    fn finish_ending(&mut self, mut row: BillingRow) -> Result<(), HubError> {
        let (customer, key) = (row.customer, PurseKey::prepaid(row.customer));
        // Below zero, sites still hold what may be drawn ahead.
        if !row.metered && self.free_of(key)? < 0 {
            return Ok(());
        }
        let (zone, today) = self.zone_and_today(customer)?;
        if !self.issue_months(&mut row, today, &zone)? {
            return Ok(());
        }
        let usage = match row.metered {
            true => {
                let last = self.store.last_reading(customer)?;
                last.map_or(Volume::ZERO, |last| last.total).less(row.metered_to)
            }
            false => self.unbilled(customer)?,
        };
        let Some(month) = Month::of(today) else { return Ok(()) };
        if !self.issue_month(&mut row, (month, usage), today)? {
            return Ok(());
        }
        row.state = BillingState::Ended;
        let credit = std::mem::take(&mut row.credit_minor);
        self.store.put_billing(&row)?;
        self.give_back_credit(customer, credit)?;
        self.audit_as("hub", "billing ended", &customer.to_string(), "")?;
        self.settle_purse(key)?;
        self.live_customer(customer);
        Ok(())
    }

    /// How much more than paid for may be drawn by a customer, of which the purse takes off what is drawn and not billed.
    pub fn cap_of(&self, customer: CustomerId) -> Result<Volume, HubError> {
        let Some(row) = self.store.billing(customer)? else {
            return Ok(self.settings.overdraft_cap);
        };
        match row.state {
            BillingState::Ended => Ok(self.settings.overdraft_cap),
            _ if row.metered => Ok(self.settings.overdraft_cap),
            // What has been drawn already is billed, and nobody's loss: when the cap comes down, only the rest is taken back.
            BillingState::Ending => self.unbilled(customer),
            BillingState::Open => Ok(self.ahead(&row, Volume::ZERO)?.max(self.unbilled(customer)?)),
        }
    }

    /// What may still be drawn ahead.
    fn ahead(&self, row: &BillingRow, unbilled: Volume) -> Result<Volume, HubError> {
        let open = self.store.open_bills(row.customer)?;
        let open: Vec<_> = open.iter().map(BillRow::as_counted).collect();
        Ok(may_draw_ahead(row.cap, unbilled, &open))
    }

    /// What a customer drew beyond what is paid for or on a bill.
    fn unbilled(&self, customer: CustomerId) -> Result<Volume, HubError> {
        let purse = self.store.purse(PurseKey::prepaid(customer))?;
        let beyond = purse.spent_ml.saturating_sub(purse.credited_ml).max(0);
        Ok(Volume::try_from_ml(beyond).unwrap_or(Volume::MAX))
    }

    /// The name of the zone in which a customer's days begin: their site's, or the hub's own.
    fn zone_name_of(&self, customer: CustomerId) -> Result<String, HubError> {
        let site = self.store.customer(customer)?.and_then(|row| row.site);
        let site = match site {
            Some(site) => self.store.site(&site)?,
            None => None,
        };
        Ok(site.map_or_else(|| self.settings.time_zone.clone(), |site| site.time_zone))
    }

    /// That zone, and the day that it is there.
    pub fn zone_and_today(&self, customer: CustomerId) -> Result<(Zone, Day), HubError> {
        let name = self.zone_name_of(customer)?;
        let zone = Zone::named(&name).map_err(|error| HubError::Journal(error.to_string()))?;
        let today = zone.day(self.now());
        Ok((zone, today))
    }

    /// Whether water is denied for a bill follows from the bills. Sites are told of a change. Without a trusted clock no
    /// bill becomes overdue, and none stops being so but by being paid.
    pub(super) fn refresh_overdue(&mut self, customer: CustomerId) -> Result<(), HubError> {
        let Some(mut row) = self.store.customer(customer)? else {
            return Ok(());
        };
        let open = self.store.open_bills(customer)?;
        let is_late = |row: &BillRow| row.bill.state(self.now(), self.moment.trust, &row.zone) == BillState::Overdue;
        let denied = match self.moment.trust.is_trusted() {
            true => open.iter().any(is_late),
            false => row.bill_overdue && !open.is_empty(),
        };
        if denied == row.bill_overdue {
            return Ok(());
        }
        row.bill_overdue = denied;
        self.relist(&mut row)?;
        self.live_customer(customer);
        Ok(())
    }

    /// Bills and terms of `from` count as `into`'s.
    pub(super) fn join_bills(&mut self, from: CustomerId, into: CustomerId) -> Result<(), HubError> {
        use kiosk::ledger::{Account, Postings};
        let owed = self.store.balance(&Account::Bill(from), self.settings.currency)?;
        self.book_change("customers merged", owed, |amount| {
            let back = kiosk::units::Money::new(-amount.minor, amount.currency);
            Postings::balanced([(Account::Bill(into), amount), (Account::Bill(from), back)])
        })?;
        let Some(moved) = self.store.billing(from)? else {
            return Ok(());
        };
        let joined = match self.store.billing(into)? {
            None => {
                self.store.move_readings(from, into)?;
                BillingRow {
                    customer: into,
                    ..moved
                }
            }
            Some(own) => {
                let is_live = |row: &BillingRow| row.state != BillingState::Ended;
                let credit_minor = own.credit_minor + moved.credit_minor;
                let terms = match (is_live(&own), is_live(&moved)) {
                    (true, true) => {
                        let message = format!(
                            "customers {from} and {into} are one and both had terms for bills; those of {into} stay"
                        );
                        self.alarm("two_billings", message)?;
                        let billed = own.billed.max(moved.billed);
                        BillingRow { billed, ..own }
                    }
                    (false, true) => {
                        self.store.swap_readings(from, into)?;
                        moved
                    }
                    (_, false) => own,
                };
                BillingRow {
                    customer: into,
                    credit_minor,
                    ..terms
                }
            }
        };
        self.store.remove_billing(from)?;
        self.store.put_billing(&joined)?;
        if joined.state == BillingState::Ended {
            let credit = joined.credit_minor;
            self.store.put_billing(&BillingRow {
                credit_minor: 0,
                ..joined
            })?;
            self.give_back_credit(into, credit)?;
        }
        Ok(())
    }
}
