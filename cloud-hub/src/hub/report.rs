//! What a day came to, for the operator: one row for each site, made after midnight there and kept.
//!
//! A site that was not heard since its day ended has sold what nobody here knows yet. Its row says so, and is made again on
//! each of the next days until the site is heard. One that was heard may still have told only a part, and a report may come
//! late by other ways: every row is made again on each of the next three days. Days on which the hub was off are made up for, up to a month.

use kiosk::day::Day;

use super::{
    daily::LocalDay,
    store::ReportRow,
    turn::{HubError, Turn},
};

/// Reports are made up for this many days back.
const DAYS_BACK_MAX: i32 = 31;
/// A report is made again on so many days after its own, for what is told late.
const DAYS_AGAIN: i32 = 3;

impl Turn<'_> {
    /// One of the days that are over and have no report, or an old or incomplete one. A batch is one day, for many sites have
    /// their midnight together.
    pub fn report(&mut self, today: &LocalDay, made: i64) -> Result<Option<i64>, HubError> {
        let Some(day) = self.day_to_report(today)? else {
            return Ok(None);
        };
        self.report_day(today, day)?;
        Ok(Some(made + 1))
    }

    fn report_day(&mut self, today: &LocalDay, day: Day) -> Result<(), HubError> {
        let (begin, end) = (today.zone.begin(day), today.zone.end(day));
        let site = today.site.as_ref();
        let (counted, money) = self.store.counted(site, (begin, end))?;
        let heard = match site {
            None => true,
            Some(site) => self.store.is_heard_since(site, end)?,
        };
        let made_at = self.now();
        self.store.put_report(
            &ReportRow {
                site: site.cloned(),
                day,
                made: made_at,
                heard,
                counted,
            },
            &money,
        )?;
        Ok(())
    }

    fn day_to_report(&self, today: &LocalDay) -> Result<Option<Day>, HubError> {
        let site = today.site.as_ref();
        let (first, yesterday) = (today.day.plus_days(-DAYS_BACK_MAX), today.day.plus_days(-1));
        let began = today.zone.begin(today.day);
        let recent = yesterday.plus_days(-DAYS_AGAIN);
        if let Some(day) = self.store.report_to_mend(site, (first, recent), began)? {
            return Ok(Some(day));
        }
        // A site has no report of days before it was there.
        let created = match site {
            Some(site) => self.store.site_created(site)?,
            None => None,
        };
        let next = match self.store.last_report(site)? {
            Some(last) => last.plus_days(1),
            None => created.map_or(yesterday, |created| today.zone.day(created)),
        };
        let next = next.max(first);
        Ok((next <= yesterday).then_some(next))
    }
}
