//! What is done once on the local day of each site, and of the hub itself for what belongs to no site. When that is,
//! [`kiosk::daily`] says.
//!
//! A job is begun by writing its day down and done in batches: each tick takes a few further, and each batch writes how far
//! it came in the transaction that does its work. So no tick takes long, and a hub that is killed between two batches goes
//! on behind the last. What is not finished by midnight is taken up by the next day's run, for whoever was told on a day
//! has that day in their own row.
//!
//! Nothing is begun or continued without a trusted clock, and nothing while the hub is in doubt: it may have forgotten whom
//! it told. After a doubt, what the days before it may have told is not told again.

use kiosk::{
    daily::{Job, run_due},
    day::{Day, Zone},
    ids::SiteName,
    moment::{DAY_MS, HOUR_MS},
    subscription::reminder_due,
    talk::Text,
};

use super::{
    store::{DailyRow, SubscriptionRow},
    turn::{HubError, Turn},
};

/// Batches that one tick does.
const BATCHES_MAX: usize = 8;
/// Customers in one batch.
pub(super) const BATCH_MAX: u32 = 50;

/// The day on which a job is done, and where.
pub(super) struct LocalDay {
    /// The site; `None` for what belongs to none.
    pub site: Option<SiteName>,
    /// Where its days begin.
    pub zone: Zone,
    /// The day itself: today.
    pub day: Day,
}

/// One batch of a job, behind the row `after` (0 at the beginning). Returns the last row that it worked on, or `None` when
/// nothing is left to do today.
type Batch<'t> = fn(&mut Turn<'t>, &LocalDay, after: i64) -> Result<Option<i64>, HubError>;

impl<'t> Turn<'t> {
    /// What a job does here; `None` for those that have nothing to do at this hub.
    fn batch_of(job: Job) -> Option<Batch<'t>> {
        match job {
            Job::Endings => Some(Turn::tell_ended),
            Job::Reminders => Some(Turn::remind),
            Job::Reports => Some(Turn::report),
            Job::Bills => Some(Turn::issue_bills),
            Job::BillReminders => Some(Turn::remind_of_bills),
            Job::Repayments => Some(Turn::remind_of_loans),
        }
    }

    /// Does some of what is due. What is due is looked for when `is_look`; what has begun goes on at once.
    pub fn tick_daily(&mut self, is_look: bool) -> Result<(), HubError> {
        if !self.moment.trust.is_trusted() || self.in_doubt()? {
            return Ok(());
        }
        if is_look {
            self.begin_daily()?;
        }
        let mut open = self.store.daily_open()?;
        open.sort_by_key(|row| row.job);
        let mut batches = 0;
        for row in open {
            batches += usize::from(self.continue_daily(row)?);
            if batches >= BATCHES_MAX {
                break;
            }
        }
        Ok(())
    }

    fn begin_daily(&mut self) -> Result<(), HubError> {
        let own = (None, self.settings.time_zone.clone());
        let sites = self.store.site_zones()?.into_iter();
        let sites = sites.map(|(site, zone)| (Some(site), zone)).chain([own]);
        for (site, zone) in sites {
            // Whoever wrote the name of a zone has read it first.
            let Ok(zone) = Zone::named(&zone) else { continue };
            for job in Job::ALL.into_iter().filter(|job| Turn::batch_of(*job).is_some()) {
                let done = self.store.daily_day(job, site.as_ref())?;
                if let Some(day) = run_due(job, done, self.moment, &zone) {
                    let (site, after) = (site.clone(), Some(0));
                    self.store.put_daily(&DailyRow { job, site, day, after })?;
                }
            }
        }
        Ok(())
    }

    /// Does one batch; `false` when this work is not for today.
    fn continue_daily(&mut self, mut row: DailyRow) -> Result<bool, HubError> {
        let zone = match &row.site {
            Some(site) => self.zone_of(site)?,
            None => Zone::named(&self.settings.time_zone).ok(),
        };
        let (Some(zone), Some(batch)) = (zone, Turn::batch_of(row.job)) else {
            return Ok(false);
        };
        // A day that is over is not continued, nor an evening: the next one's run, at its hour, finds what is left.
        if zone.day(self.now()) != row.day || !row.job.is_hour(self.now(), &zone) {
            return Ok(false);
        }
        let (site, day) = (row.site.clone(), row.day);
        row.after = batch(self, &LocalDay { site, zone, day }, row.after.unwrap_or_default())?;
        self.store.put_daily(&row)?;
        Ok(true)
    }

    /// The last day of whose texts the past that a restored hub forgot may know: they are not told again.
    pub(super) fn told_before_doubt(&self, job: Job, zone: &Zone) -> Result<Option<Day>, HubError> {
        let since = self.store.hub()?.doubt_since;
        Ok(since.map(|since| {
            let day = zone.day(since);
            match since < job.begin(day, zone) {
                true => day.plus_days(-1),
                false => day,
            }
        }))
    }

    /// Subscriptions that are over: whoever has no other is told (FEATURES A25). They ended at their own moment; only the
    /// telling waits for the morning.
    fn tell_ended(&mut self, today: &LocalDay, _: i64) -> Result<Option<i64>, HubError> {
        let Some(site) = &today.site else { return Ok(None) };
        let forgotten = self.told_before_doubt(Job::Endings, &today.zone)?;
        let forgotten = forgotten.map(|day| Job::Endings.begin(day, &today.zone));
        let rows = self.store.ended_untold(site, self.now(), BATCH_MAX)?;
        for row in &rows {
            if !row.expired {
                self.expire(row)?;
            }
            self.store.set_end_told(row.id)?;
            // Whoever has renewed since needs no such text.
            let is_last = !self.store.has_other_subscription(row)?;
            let is_news = is_last && forgotten.is_none_or(|told| row.valid_until > told);
            if let (true, Some(customer)) = (is_news, self.store.customer(row.customer)?) {
                let (name, last_day) = (customer.name, today.zone.last_day(row.valid_until));
                self.say(row.customer, &Text::SubscriptionEnded { name, last_day })?;
            }
        }
        Ok(more(&rows))
    }

    /// Subscriptions that are about to end (FEATURES A24, X11).
    fn remind(&mut self, today: &LocalDay, after: i64) -> Result<Option<i64>, HubError> {
        let days = self.settings.remind_days.iter().copied().max();
        let (Some(site), Some(days)) = (&today.site, days) else {
            return Ok(None);
        };
        // A day more, for the end is a moment and reminders count days; an hour for days that have 25.
        let ahead = self.now().plus_ms((i64::from(days) + 1) * DAY_MS + HOUR_MS);
        let rows = self
            .store
            .subscriptions_to_remind(site, (self.now(), ahead), after, BATCH_MAX)?;
        for row in &rows {
            self.remind_of(row, today)?;
        }
        Ok(more(&rows))
    }

    fn remind_of(&mut self, row: &SubscriptionRow, today: &LocalDay) -> Result<(), HubError> {
        let last_day = today.zone.last_day(row.valid_until);
        let told = row.reminded.max(self.told_before_doubt(Job::Reminders, &today.zone)?);
        if reminder_due(last_day, today.day, told, &self.settings.remind_days).is_none() {
            return Ok(());
        }
        self.store.set_reminded(row.id, today.day)?;
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
}

/// The last of a full batch: there may be more behind it.
fn more(rows: &[SubscriptionRow]) -> Option<i64> {
    let is_full = u32::try_from(rows.len()).is_ok_and(|count| count >= BATCH_MAX);
    rows.last().filter(|_| is_full).map(|row| row.id)
}
