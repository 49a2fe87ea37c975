//! What time brings: payments that are due, texts, subscriptions that end, sessions, waits that end, answers to be
//! forgotten.

use kiosk::{
    day::Zone,
    moment::{DAY_MS, HOUR_MS, MINUTE_MS},
    payment::PaymentEvent,
    subscription::reminder_due,
    talk::Text,
};

use super::{
    operator::{SESSION_IDLE_MS, SESSION_MS_MAX},
    store::{PurseKey, SubscriptionRow},
    turn::{HubError, Turn},
};

/// Rows of one kind that one tick works on, so that no input takes long.
const BATCH_MAX: u32 = 100;
/// How often it is looked for what is over.
const LOOK_EVERY_MS: i64 = MINUTE_MS;
/// First answers are kept this long (CONTRACTS section 6).
pub(super) const ANSWERS_KEPT_MS: i64 = DAY_MS;

impl Turn<'_> {
    /// The program has started.
    pub fn started(&mut self) -> Result<(), HubError> {
        self.store.set_all_offline()?;
        self.store.outbox_lost_sight()?;
        self.fold_unknown()?;
        // The tariff may be another than that of the floats which are out.
        self.settle_floats(None)?;
        self.tick()
    }

    /// About once a second.
    pub fn tick(&mut self) -> Result<(), HubError> {
        self.tick_sessions()?;
        self.forget_lost_sites()?;
        self.give_up_waiting()?;
        for row in self.store.purchases_due(self.now(), BATCH_MAX)? {
            self.step_payment(row, PaymentEvent::Tick)?;
        }
        self.tick_pulls()?;
        self.place_what_waits()?;
        self.settle_unreported_draws()?;
        self.load_boxes()?;
        self.settle_after_doubt()?;
        self.send_texts()?;
        let is_next_hour = self.store.hub()?.looked.0 / HOUR_MS != self.now().0 / HOUR_MS;
        if !self.store.looked_within(self.now(), LOOK_EVERY_MS)? {
            if is_next_hour && let Err(error) = self.note_audit() {
                // A tick that fails would stop payments too.
                self.alarm("side_log", format!("the head of the audit was not noted: {error}"))?;
            }
            self.tick_subscriptions()?;
            self.store.forget_answers(self.now().plus_ms(-ANSWERS_KEPT_MS))?;
            self.store.forget_sessions(
                self.now().plus_ms(-SESSION_MS_MAX),
                self.now().plus_ms(-SESSION_IDLE_MS),
            )?;
        }
        Ok(())
    }

    /// Ends what is over and reminds of what will be (FEATURES A23 to A25). An untrusted clock does neither.
    fn tick_subscriptions(&mut self) -> Result<(), HubError> {
        if !self.moment.trust.is_trusted() {
            return Ok(());
        }
        let now = self.now();
        for row in self.store.subscriptions_ending_before(now, BATCH_MAX)? {
            self.expire(&row)?;
        }
        let days = self.settings.remind_days.iter().copied().max();
        let Some(days) = days else { return Ok(()) };
        // A day more, for the end is a moment and reminders count days.
        let ahead = now.plus_ms(i64::from(days) * DAY_MS + DAY_MS + HOUR_MS);
        for row in self.store.subscriptions_to_remind(now, ahead)? {
            self.remind(&row)?;
        }
        Ok(())
    }

    fn expire(&mut self, row: &SubscriptionRow) -> Result<(), HubError> {
        self.store.expire_subscription(row.id)?;
        let key = PurseKey::allowance(row.customer, row.id);
        let mut purse = self.store.purse(key)?;
        // What was not drawn of it is earned: the period is over.
        let rest = purse.credited_minor - purse.released_minor;
        purse.released_minor = purse.credited_minor;
        self.book_change("subscription over", rest, |worth| {
            kiosk::ledger::Postings::drawn(row.customer, worth)
        })?;
        self.store.put_purse(key, &purse)?;
        if !self.store.valid_subscriptions(row.customer)?.is_empty() {
            return Ok(());
        }
        self.remember(row.customer, Some(&row.site), "unsubscription", 0, 0)?;
        if let (Some(customer), Some(zone)) = (self.store.customer(row.customer)?, self.zone_of(&row.site)?) {
            let last_day = zone.last_day(row.valid_until);
            let name = customer.name;
            self.say(row.customer, &Text::SubscriptionEnded { name, last_day })?;
        }
        self.live_customer(row.customer);
        Ok(())
    }

    fn remind(&mut self, row: &SubscriptionRow) -> Result<(), HubError> {
        let Some(zone) = self.zone_of(&row.site)? else {
            return Ok(());
        };
        let (last_day, today) = (zone.last_day(row.valid_until), zone.day(self.now()));
        if reminder_due(last_day, today, row.reminded, &self.settings.remind_days).is_none() {
            return Ok(());
        }
        self.store.set_reminded(row.id, today)?;
        let newest = self.store.newest_subscription(row.customer)?;
        match self.store.customer(row.customer)? {
            // One that was renewed already needs no reminder.
            Some(customer) if newest.is_none_or(|newest| newest.id == row.id) => {
                let name = customer.name;
                self.say(row.customer, &Text::SubscriptionReminder { name, last_day })
            }
            _ => Ok(()),
        }
    }

    /// The time zone of a site.
    pub fn zone_of(&self, site: &kiosk::ids::SiteName) -> Result<Option<Zone>, HubError> {
        let row = self.store.site(site)?;
        Ok(row.and_then(|row| Zone::named(&row.time_zone).ok()))
    }
}
