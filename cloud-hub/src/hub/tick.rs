//! What time brings: payments that are due, texts, subscriptions that end, the work of the day, sessions, waits that
//! end, answers to be forgotten.

use kiosk::{
    day::Zone,
    moment::{DAY_MS, HOUR_MS, MINUTE_MS},
    payment::PaymentEvent,
};

use super::{
    inbox::KEPT_MS,
    ledger::Event,
    operator::{SESSION_IDLE_MS, SESSION_MS_MAX},
    store::{PurseKey, SubscriptionRow, read},
    talk::EARLY_REPORT_MS,
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
        self.check_ledger()?;
        // The tariff may be another than that of the floats which are out.
        self.settle_floats(None)?;
        self.tick()
    }

    /// Says loudly when the books do not add up. The hub goes on: what customers have paid for is theirs.
    fn check_ledger(&mut self) -> Result<(), HubError> {
        let faults = read::ledger_faults(self.store.0)?;
        match faults.first() {
            None => Ok(()),
            Some(first) => {
                let detail = format!("{first}; {} faults in all: kisima-hub ledger check", faults.len());
                self.alarm("ledger_does_not_balance", detail)
            }
        }
    }

    /// About once a second.
    pub fn tick(&mut self) -> Result<(), HubError> {
        self.tick_sessions()?;
        self.tick_thin()?;
        self.forget_lost_sites()?;
        self.give_up_waiting()?;
        let wait_ms_max = self.settings.payments.longest_wait_ms();
        for row in self.store.purchases_due(self.now(), wait_ms_max, BATCH_MAX)? {
            self.step_payment(row, PaymentEvent::Tick)?;
        }
        self.tick_payouts()?;
        self.tick_pulls()?;
        self.place_what_waits()?;
        self.settle_unreported_draws()?;
        self.load_boxes()?;
        self.settle_after_doubt()?;
        self.tell_stops(BATCH_MAX)?;
        self.send_texts()?;
        let is_next_hour = self.store.hub()?.looked.0 / HOUR_MS != self.now().0 / HOUR_MS;
        self.end_subscriptions()?;
        let is_look = !self.store.looked_within(self.now(), LOOK_EVERY_MS)?;
        if is_look {
            if is_next_hour && let Err(error) = self.note_audit() {
                // A tick that fails would stop payments too.
                self.alarm("side_log", format!("the head of the audit was not noted: {error}"))?;
            }
            self.finish_endings()?;
            self.store.forget_reports(self.now().plus_ms(-EARLY_REPORT_MS))?;
            self.store.forget_inbox(self.now().plus_ms(-KEPT_MS))?;
            self.store.forget_sync_texts(self.now().plus_ms(-DAY_MS))?;
            self.forget_ussd()?;
            self.lapse_loans()?;
            self.forget_codes()?;
            self.expire_numbers()?;
            self.store.forget_answers(self.now().plus_ms(-ANSWERS_KEPT_MS))?;
            self.store.forget_sessions(
                self.now().plus_ms(-SESSION_MS_MAX),
                self.now().plus_ms(-SESSION_IDLE_MS),
            )?;
        }
        self.tick_daily(is_look)
    }

    /// Ends what is over, at its moment (FEATURES A25). An untrusted clock ends nothing. Customers are told in the morning
    /// ([`super::daily`]).
    fn end_subscriptions(&mut self) -> Result<(), HubError> {
        if !self.moment.trust.is_trusted() {
            return Ok(());
        }
        for row in self.store.subscriptions_ending_before(self.now(), BATCH_MAX)? {
            self.expire(&row)?;
        }
        Ok(())
    }

    /// The last day of a subscription is over.
    pub fn expire(&mut self, row: &SubscriptionRow) -> Result<(), HubError> {
        self.store.expire_subscription(row.id)?;
        let key = PurseKey::allowance(row.customer, row.id);
        let mut purse = self.store.purse(key)?;
        // What was not drawn of it is earned: the period is over.
        let rest = purse.credited_minor - purse.released_minor;
        purse.released_minor = purse.credited_minor;
        self.about(Event::Subscription(row.id), |turn| {
            turn.book_change("subscription over", rest, |worth| {
                kiosk::ledger::Postings::drawn(row.customer, worth)
            })
        })?;
        self.store.put_purse(key, &purse)?;
        if !self.store.valid_subscriptions(row.customer)?.is_empty() {
            return Ok(());
        }
        self.remember(row.customer, Some(&row.site), "unsubscription", 0, 0)?;
        self.live_customer(row.customer);
        Ok(())
    }

    /// The time zone of a site.
    pub fn zone_of(&self, site: &kiosk::ids::SiteName) -> Result<Option<Zone>, HubError> {
        let row = self.store.site(site)?;
        Ok(row.and_then(|row| Zone::named(&row.time_zone).ok()))
    }
}
