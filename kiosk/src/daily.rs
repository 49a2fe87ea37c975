//! What is to be done once on a site's local day: reminders, endings, bills, repayments, reports.
//!
//! The caller keeps one day for each job and site, the last on which it was done, and asks [`run_due`] as often as it
//! likes. A job is done by storing its day in the transaction that does its work, so that a restart neither loses nor
//! repeats it; what cannot be done in one transaction is done in batches that each know their own customers' days
//! ([`notice_due`], [`repayment_due`], [`months_due`]), and the job's day is stored with the last batch.
//!
//! | what happened | what is done |
//! |---|---|
//! | the hub was off for days | one run, of today; nothing is said that was only true on a day that is gone |
//! | it was off over the first of a month, or several | each month's bill, once, the oldest first |
//! | it was off until late in the evening | nobody is told anything before the next morning |
//! | the clock or the zone steps back | nothing until a day comes that has not been |
//! | the clock is not trusted | nothing |

use crate::{
    day::{Day, Month, Zone},
    moment::{HOUR_MS, Moment, Wall},
};

/// Work that comes once a day, in the order in which it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Job {
    /// Subscriptions that ran out end, and their customers are told (FEATURES A25).
    Endings,
    /// The months that are over become bills ([`months_due`]).
    Bills,
    /// Customers whose subscription is about to run out are reminded (FEATURES A24).
    Reminders,
    /// Customers with open bills are reminded, or told that one is overdue ([`notice_due`]).
    BillReminders,
    /// Borrowers are reminded of what is due ([`repayment_due`]).
    Repayments,
    /// The day before is summed up for the operator.
    Reports,
}

impl Job {
    /// All of them, in the order in which they are done.
    pub const ALL: [Job; 6] = [
        Job::Endings,
        Job::Bills,
        Job::Reminders,
        Job::BillReminders,
        Job::Repayments,
        Job::Reports,
    ];

    /// The name in the database and the log.
    pub const fn name(self) -> &'static str {
        match self {
            Job::Endings => "endings",
            Job::Bills => "bills",
            Job::Reminders => "reminders",
            Job::BillReminders => "bill_reminders",
            Job::Repayments => "repayments",
            Job::Reports => "reports",
        }
    }

    /// The job with this name.
    pub fn from_name(name: &str) -> Option<Job> {
        Job::ALL.into_iter().find(|job| job.name() == name)
    }

    /// The hours of the day from which and up to which it is done: what sends messages wakes nobody.
    const fn hours(self) -> (i64, i64) {
        match self {
            Job::Bills | Job::Reports => (0, i64::MAX / HOUR_MS),
            Job::Endings | Job::Reminders | Job::BillReminders | Job::Repayments => (8, 20),
        }
    }

    /// From when on it is done on a local day.
    pub fn begin(self, day: Day, zone: &Zone) -> Wall {
        zone.begin(day).plus_ms(self.hours().0 * HOUR_MS)
    }

    /// Whether this is an hour for it. What is not done by the last goes on with the next day's run.
    pub fn is_hour(self, now: Wall, zone: &Zone) -> bool {
        let (from, to) = self.hours();
        let passed_ms = now.0 - zone.begin(zone.day(now)).0;
        (from..to).contains(&(passed_ms / HOUR_MS))
    }
}

/// The local day for which a job is to be done now, if it is; `done` is the last day on which it was. The caller stores
/// the day it is given, and never an earlier one than it has.
pub fn run_due(job: Job, done: Option<Day>, moment: &Moment, zone: &Zone) -> Option<Day> {
    let today = zone.day(moment.wall);
    let is_time = job.is_hour(moment.wall, zone);
    let is_new = done.is_none_or(|done| today > done);
    (moment.trust.is_trusted() && is_time && is_new).then_some(today)
}

/// The months that are over by `today` and not billed, the oldest first: those after `billed`, the last one that was, and
/// none before `began`, the first in which the customer drew ahead of paying. The caller stores each month with its
/// bill, and also a month that came to nothing.
pub fn months_due(billed: Option<Month>, began: Month, today: Day) -> impl Iterator<Item = Month> {
    let first = billed.map_or(began, |billed| billed.next().max(began));
    let following = |month: &Month| Some(month.next()).filter(|next| next > month);
    std::iter::successors(Some(first), following).take_while(move |month| month.end() <= today)
}

/// What a customer with an open bill is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Notice {
    /// It is to be paid within so many days; 0 is today.
    DaysLeft(u16),
    /// It is overdue, and water is denied.
    Overdue,
}

/// The notice that is due for a bill, as it is true today: of `remind_days` the nearest to the due day that has come,
/// and that it is overdue once after it. `told` is the last day on which this bill was spoken of.
pub fn notice_due(due: Day, today: Day, told: Option<Day>, remind_days: &[u16]) -> Option<Notice> {
    if today > due {
        return told.is_none_or(|told| told <= due).then_some(Notice::Overdue);
    }
    crate::subscription::reminder_due(due, today, told, remind_days).map(Notice::DaysLeft)
}

/// The day whose repayment is to be asked for today: the newest that has come of those every `every_days` days after the
/// loan was given (FEATURES X13: weekly by default), unless one on or after it was asked for. Days that passed while the
/// hub was off are asked for together, once. A period of no days has none.
pub fn repayment_due(given: Day, every_days: u16, asked: Option<Day>, today: Day) -> Option<Day> {
    let periods = given.days_until(today).checked_div(i32::from(every_days))?;
    let newest = given.plus_days(periods * i32::from(every_days));
    (periods > 0 && asked.is_none_or(|asked| asked < newest)).then_some(newest)
}

#[cfg(test)]
mod tests;
