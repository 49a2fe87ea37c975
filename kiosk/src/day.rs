//! Days: the local day of a moment, and when a new day of sales begins without a trusted clock.

mod month;

pub use month::Month;

use crate::moment::{HOUR_MS, Moment, Uptime, Wall};
use jiff::{
    Timestamp, ToSpan,
    civil::{Date, DateTime},
    tz::{TimeZone, TimeZoneDatabase},
};
use std::{fmt, str::FromStr};

/// Why a text is not what it was taken for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DayError {
    /// No time zone has this name.
    #[error("time zone {0}: unknown (a name such as Africa/Nairobi is expected)")]
    Zone(String),
    /// Not a day.
    #[error("day {0}: unreadable (a day such as 2026-12-20 is expected)")]
    Day(String),
    /// Not a month.
    #[error("month {0}: unreadable (a month such as 2026-12 is expected)")]
    Month(String),
}

/// A calendar day, written `2026-12-20`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    /// The day with this year, month and day of the month, if there is one.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Day> {
        Date::new(year, month, day).ok().map(Day)
    }

    /// The day `days` days later, or earlier when negative; the calendar ends with the year 9999.
    pub fn plus_days(self, days: i32) -> Day {
        Day(self.0.saturating_add(days.days()))
    }

    /// As people in the four countries write it, `20/12/2026`.
    pub fn slashed(self) -> String {
        format!("{:02}/{:02}/{}", self.0.day(), self.0.month(), self.0.year())
    }

    /// The Monday of this day's week.
    pub fn monday(self) -> Day {
        Day(self
            .0
            .saturating_sub(i32::from(self.0.weekday().to_monday_zero_offset()).days()))
    }

    /// Days from this day to `later`; negative when that is earlier.
    pub fn days_until(self, later: Day) -> i32 {
        self.0.until(later.0).map_or(0, |span| span.get_days())
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Day {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Day, DayError> {
        text.parse().map(Day).map_err(|_| DayError::Day(text.to_owned()))
    }
}

/// A time zone out of the database that is compiled in, so that every machine tells the same day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone with this IANA name.
    pub fn named(name: &str) -> Result<Zone, DayError> {
        let zone = TimeZoneDatabase::bundled().get(name);
        zone.map(Zone).map_err(|_| DayError::Zone(name.to_owned()))
    }

    /// Where nothing else is known.
    pub fn utc() -> Zone {
        Zone(TimeZone::UTC)
    }

    /// The local day at `wall`. Times outside of the years -9999 to 9999 count as the nearest one within.
    pub fn day(&self, wall: Wall) -> Day {
        Day(self.local(wall).date())
    }

    fn local(&self, wall: Wall) -> DateTime {
        let bounds = Timestamp::MIN.as_millisecond()..=Timestamp::MAX.as_millisecond();
        let ms = wall.0.clamp(*bounds.start(), *bounds.end());
        let timestamp = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
        self.0.to_datetime(timestamp)
    }

    /// Whether clocks show UTC at `wall`.
    pub fn is_utc(&self, wall: Wall) -> bool {
        self.local(wall) == Zone::utc().local(wall)
    }

    /// The local hour at `wall`, 0 to 23, as clocks show it.
    pub fn hour(&self, wall: Wall) -> u8 {
        u8::try_from(self.local(wall).hour()).unwrap_or_default()
    }

    /// The first moment of a day.
    pub fn begin(&self, day: Day) -> Wall {
        let midnight = self.0.to_zoned(day.0.at(0, 0, 0, 0));
        Wall(midnight.map_or(i64::MAX, |zoned| zoned.timestamp().as_millisecond()))
    }

    /// The first moment after a day.
    pub fn end(&self, day: Day) -> Wall {
        self.begin(day.plus_days(1))
    }

    /// The last day of something whose first moment of being over is `end`.
    pub fn last_day(&self, end: Wall) -> Day {
        self.day(end.plus_ms(-1))
    }
}

/// Uptime after which a day ends by itself when no trusted clock says otherwise (DESIGN section 9).
pub const UPTIME_MS_OF_A_DAY: u64 = 8 * HOUR_MS as u64;

/// A site's day of sales, against which daily limits count. It is kept on disk.
///
/// With a trusted clock it is the calendar's. Without one a new day begins after 8 hours of uptime in all, so that
/// nobody gets a second ration by pulling the plug, and nobody goes thirsty because the clock is lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SalesDay {
    /// Grows by one with each new day.
    pub number: u64,
    /// The uptime at which it began.
    pub began: Uptime,
    /// The newest calendar day that a trusted clock has told of.
    pub date: Option<Day>,
}

impl SalesDay {
    /// The day of sales at `moment`, in a run that began with `run_began` uptime on disk.
    #[must_use]
    pub fn at(self, moment: &Moment, run_began: Uptime, zone: &Zone) -> SalesDay {
        let uptime = moment.present(run_began).stamp.uptime;
        let told = moment.trust.is_trusted().then(|| zone.day(moment.wall));
        let is_new = match (told, self.date) {
            (Some(told), Some(date)) if told > date => true,
            (Some(told), Some(date)) if told == date => false,
            _ => uptime.since_ms(self.began) >= UPTIME_MS_OF_A_DAY,
        };
        if is_new {
            return SalesDay {
                number: self.number + 1,
                began: uptime,
                date: told.or(self.date),
            };
        }
        SalesDay {
            date: self.date.or(told),
            ..self
        }
    }
}

#[cfg(test)]
mod tests;
