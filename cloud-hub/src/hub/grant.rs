//! Purses: credits, what is free of them, and grants (PROTOCOL section 6).
//!
//! Everything free lies at the home site, as long as that has a box and the hub is not in doubt. Whatever changes a
//! purse calls [`Turn::settle_purse`], which grants what is free or recalls what is lacking.

use kiosk::{
    dispense::is_over,
    fact::{Fact, Granted, Purse},
    grant::{Doubt, free_ml, grantable},
    ids::{BoxId, CustomerId, GrantId},
    moment::Wall,
    tariff::jerrycans_left,
    units::Volume,
};
use store::journal::SqlLogs;
use sync::doubt::hub_in_doubt;

use super::{
    effect::Refusal,
    parked::Awaited,
    store::{CreditRow, GrantRow, PurseKey},
    turn::{Halt, HubError, Turn},
};

impl Turn<'_> {
    /// Adds a credit to its purse, once per id, and grants what it frees. False when it is known already.
    pub fn add_credit(&mut self, credit: &CreditRow) -> Result<bool, HubError> {
        if !self.store.add_credit(credit)? {
            return Ok(false);
        }
        let mut row = self.store.purse(credit.key)?;
        row.credited_ml = row.credited_ml.saturating_add(credit.volume_ml);
        row.credited_minor = row.credited_minor.saturating_add(credit.amount_minor);
        self.release(credit.key, &mut row)?;
        self.store.put_purse(credit.key, &row)?;
        self.settle_purse(credit.key)?;
        self.live_customer(credit.key.customer);
        Ok(true)
    }

    /// What was spent of a purse changes.
    pub fn add_spent(&mut self, key: PurseKey, change_ml: i64) -> Result<(), HubError> {
        if change_ml == 0 {
            return Ok(());
        }
        let mut row = self.store.purse(key)?;
        row.spent_ml = row.spent_ml.saturating_add(change_ml);
        self.correct_bills(key, &mut row, change_ml)?;
        self.release(key, &mut row)?;
        Ok(self.store.put_purse(key, &row)?)
    }

    /// What may still be granted or spent of a purse (PROTOCOL rule 21).
    pub fn free_of(&self, key: PurseKey) -> Result<i64, HubError> {
        let cap = match key.purse {
            Purse::Prepaid => self.cap_of(key.customer)?,
            Purse::Allowance => Volume::ZERO,
        };
        let row = self.store.purse(key)?;
        let grants = self.store.grants_of_purse(key)?;
        let drawn = self.store.draws_cost_ml(key)?;
        Ok(free_ml(row.credited_ml, cap, grants.iter().map(GrantRow::cost)) - drawn)
    }

    /// The most of a purse that may be granted or spent now: while in doubt, new money alone (PROTOCOL rule 17).
    pub fn grantable_of(&self, key: PurseKey) -> Result<Volume, HubError> {
        let free = self.free_of(key)?;
        if !self.in_doubt()? {
            return Ok(grantable(free, None));
        }
        let since = self.store.hub()?.doubt_since.unwrap_or(Wall(i64::MIN));
        let volume = |ml: i64| Volume::try_from_ml(ml.clamp(0, Volume::MAX.signed_ml())).unwrap_or_default();
        let doubt = Doubt {
            credited_since: volume(self.store.credited_since(key, since)?),
            granted_since: volume(
                self.store.granted_since_ml(key, since)? + self.store.drawn_of_purse_since_ml(key, since)?,
            ),
        };
        Ok(grantable(free, Some(doubt)))
    }

    /// Whether part of the hub's past is missing.
    pub fn in_doubt(&self) -> Result<bool, HubError> {
        Ok(hub_in_doubt(&SqlLogs::new(self.store.0))?)
    }

    /// Refuses to spend, while the hub is in doubt, what may have been spent in the past that is missing (PROTOCOL rule 17).
    pub fn refuse_in_doubt(&self, what: &str) -> Result<(), Halt> {
        if !self.in_doubt()? {
            return Ok(());
        }
        let message =
            format!("the hub was restored and does not know yet whether {what} was spent; wait, or end the doubt");
        Err(Refusal::conflict("in_doubt", message).into())
    }

    /// The box at which a customer's rights belong.
    pub fn home_box(&self, customer: CustomerId) -> Result<Option<BoxId>, HubError> {
        let Some(site) = self.store.customer(customer)?.and_then(|row| row.site) else {
            return Ok(None);
        };
        Ok(self.store.current_enrolment(&site)?.map(|enrolment| enrolment.box_id))
    }

    /// Grants what is free of a purse to the home site, or recalls what is lacking. What somebody waits for at the hub is
    /// theirs first.
    pub fn settle_purse(&mut self, key: PurseKey) -> Result<(), HubError> {
        let free = self.free_of(key)?;
        if free < 0 {
            return self.recall_lacking(key, free.unsigned_abs());
        }
        let awaited = Awaited::Water(key.customer);
        if self.parked.waits_for(awaited) {
            self.parked.note_freed(awaited);
            return Ok(());
        }
        let Some(home) = self.home_box(key.customer)? else {
            return Ok(());
        };
        let end = match key.purse {
            Purse::Prepaid => None,
            Purse::Allowance => match self.store.subscription(key.period)? {
                Some(row) if !row.expired && !is_over(Some(row.valid_until), self.now(), self.moment.trust) => {
                    Some(row.valid_until)
                }
                _ => return Ok(()),
            },
        };
        let volume = self.grantable_of(key)?;
        if volume.is_zero() {
            return Ok(());
        }
        let grant = GrantId {
            epoch: self.run,
            number: self.store.next_grant_number(self.run)?,
        };
        self.write(
            home,
            Fact::Granted(Granted {
                grant,
                customer: key.customer,
                purse: key.purse,
                volume,
                valid_until: end,
            }),
        )
    }

    /// Grants every purse of a customer.
    pub fn settle_customer(&mut self, customer: CustomerId) -> Result<(), HubError> {
        for key in self.store.purses(customer)? {
            self.settle_purse(key)?;
        }
        Ok(())
    }

    /// What a grant charges its customer: what came after a write-off is nobody's so far.
    pub fn charged(row: &GrantRow) -> i64 {
        row.written_off
            .map_or(row.spent, |known| row.spent.min(known))
            .signed_ml()
    }

    /// Prepaid litres: credited less all spends known.
    pub fn balance_ml(&self, customer: CustomerId) -> Result<i64, HubError> {
        let row = self.store.purse(PurseKey::prepaid(customer))?;
        Ok(row.credited_ml - row.spent_ml)
    }

    /// Whole jerrycans left of the allowances that are not over.
    pub fn jerrycans_left(&self, customer: CustomerId) -> Result<u64, HubError> {
        let mut left = 0;
        for subscription in self.store.valid_subscriptions(customer)? {
            let row = self.store.purse(PurseKey::allowance(customer, subscription.id))?;
            left += (row.credited_ml - row.spent_ml).max(0);
        }
        let left = Volume::try_from_ml(left).unwrap_or_default();
        Ok(jerrycans_left(left, self.settings.jerrycan))
    }
}
