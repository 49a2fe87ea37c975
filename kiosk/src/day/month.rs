//! Calendar months, for bills.

use super::{Day, DayError, Zone};
use crate::moment::Wall;
use std::{fmt, str::FromStr};

/// A calendar month, written `2026-12`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// The month with this year and number, 1 to 12; the calendar has the years 1 to 9998.
    pub fn new(year: i16, month: i8) -> Option<Month> {
        let is_one = (1..=9_998).contains(&year) && (1..=12).contains(&month);
        is_one.then_some(Month { year, month })
    }

    /// The month that a day lies in; `None` outside of the calendar's years.
    pub fn of(day: Day) -> Option<Month> {
        Month::new(day.0.year(), day.0.month())
    }

    /// The month after this one; the calendar's last month has itself.
    #[must_use]
    pub fn next(self) -> Month {
        let after = match self.month {
            12 => Month::new(self.year + 1, 1),
            month => Month::new(self.year, month + 1),
        };
        after.unwrap_or(self)
    }

    /// Its first day.
    pub fn first_day(self) -> Day {
        Day::new(self.year, self.month, 1).expect("every month of these years has a first day")
    }

    /// The first day after it.
    pub fn end(self) -> Day {
        match self.month {
            12 => Day::new(self.year + 1, 1, 1),
            month => Day::new(self.year, month + 1, 1),
        }
        .expect("the year 9999 is in the calendar")
    }

    /// Its first moment and the first moment after it in a zone: what belongs to a month's usage.
    pub fn bounds(self, zone: &Zone) -> (Wall, Wall) {
        (zone.begin(self.first_day()), zone.begin(self.end()))
    }

    /// As people in the four countries write it, `12/2026`.
    pub fn slashed(self) -> String {
        format!("{:02}/{}", self.month, self.year)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for Month {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Month, DayError> {
        let month = text.split_once('-').and_then(|(year, month)| {
            let month = Month::new(year.parse().ok()?, month.parse().ok()?);
            month.filter(|month| month.to_string() == text)
        });
        month.ok_or_else(|| DayError::Month(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_follow_each_other_over_the_year() {
        let month: Month = "2026-12".parse().unwrap();
        assert_eq!(month.next().to_string(), "2027-01");
        assert_eq!(month.slashed(), "12/2026");
        assert_eq!(month.first_day().to_string(), "2026-12-01");
        assert_eq!(month.end().to_string(), "2027-01-01");
        assert_eq!(Month::of("2028-02-29".parse().unwrap()), "2028-02".parse().ok());
        assert!(month < month.next());
        let last = Month::new(9_998, 12).unwrap();
        assert_eq!((last.next(), last.end().to_string()), (last, "9999-01-01".to_owned()));
        for bad in [
            "2026-13", "2026-0", "2026-1", "26-01", "2026", "", "+2026-01", "9999-01",
        ] {
            assert!(bad.parse::<Month>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_month_is_the_local_one() {
        // Midnight in Nairobi is 21:00 UTC of the day before.
        let zone = Zone::named("Africa/Nairobi").unwrap();
        let (begin, end) = "2026-11".parse::<Month>().unwrap().bounds(&zone);
        assert_eq!(begin.rfc3339(), "2026-10-31T21:00:00Z");
        assert_eq!(end.rfc3339(), "2026-11-30T21:00:00Z");
    }
}
