//! Readings of a household's own meter, which a metered customer is billed by.

use crate::{day::Day, units::Volume};

/// What somebody read off a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The local day.
    pub day: Day,
    /// What the meter shows.
    pub meter: Volume,
    /// The first reading of a meter that took the place of another: what it shows was not drawn here.
    pub new_meter: bool,
}

/// A reading that was taken, and all that ran by then since the first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// As it was read.
    pub reading: Reading,
    /// Through this meter and those before it; the first reading of all is 0.
    pub total: Volume,
}

/// Why a reading is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadingError {
    /// Nobody has read it yet.
    #[error("{0} is yet to come: give the day on which the meter was read")]
    Future(Day),
    /// Readings are entered in the order of their days.
    #[error("{0} is before the last reading, of {1}: readings are entered in the order of their days")]
    Order(Day, Day),
    /// A meter does not run backwards.
    #[error(
        "the meter cannot show {shown} after {last} on {day}: if that one was wrong, enter this one as its correction; if \
         the meter is another one, say that it is new"
    )]
    Below {
        /// What it is to show.
        shown: Volume,
        /// What it showed last.
        last: Volume,
        /// On that day.
        day: Day,
    },
}

/// Takes a reading after the last one; `None` for the same reading once more, which changes nothing.
pub fn take(reading: Reading, last: Option<&Kept>, today: Day) -> Result<Option<Kept>, ReadingError> {
    if reading.day > today {
        return Err(ReadingError::Future(reading.day));
    }
    let Some(Kept { reading: last, total }) = last else {
        let total = Volume::ZERO;
        return Ok(Some(Kept { reading, total }));
    };
    if reading == *last {
        return Ok(None);
    }
    if reading.day < last.day {
        return Err(ReadingError::Order(reading.day, last.day));
    }
    if reading.new_meter {
        return Ok(Some(Kept { reading, total: *total }));
    }
    match reading.meter.checked_less(last.meter) {
        Some(run) => Ok(Some(Kept {
            reading,
            total: total.plus(run),
        })),
        None => Err(ReadingError::Below {
            shown: reading.meter,
            last: last.meter,
            day: last.day,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn read(of: &str, litres: u64) -> Reading {
        Reading {
            day: day(of),
            meter: Volume::from_ml(litres * 1_000),
            new_meter: false,
        }
    }

    fn kept(of: &str, litres: u64, total: u64) -> Kept {
        Kept {
            reading: read(of, litres),
            total: Volume::from_ml(total * 1_000),
        }
    }

    #[test]
    fn readings_add_up_over_a_change_of_the_meter() {
        let today = day("2026-12-01");
        let first = take(read("2026-10-01", 500), None, today).unwrap().unwrap();
        assert_eq!(first, kept("2026-10-01", 500, 0), "what ran before is nobody's");
        let second = take(read("2026-10-31", 800), Some(&first), today).unwrap().unwrap();
        assert_eq!(second, kept("2026-10-31", 800, 300));
        let new_meter = Reading {
            new_meter: true,
            ..read("2026-11-05", 10)
        };
        let third = take(new_meter, Some(&second), today).unwrap().unwrap();
        assert_eq!(third.total, Volume::from_ml(300_000));
        let fourth = take(read("2026-11-30", 110), Some(&third), today).unwrap().unwrap();
        assert_eq!(fourth.total, Volume::from_ml(400_000), "300 and 100 litres");
    }

    #[test]
    fn what_cannot_be_is_refused_and_a_repeat_changes_nothing() {
        let (last, today) = (kept("2026-10-31", 800, 300), day("2026-12-01"));
        assert_eq!(take(read("2026-10-31", 800), Some(&last), today), Ok(None));
        for (reading, error) in [
            (read("2026-12-02", 900), ReadingError::Future(day("2026-12-02"))),
            (
                read("2026-10-30", 900),
                ReadingError::Order(day("2026-10-30"), day("2026-10-31")),
            ),
            (
                read("2026-11-30", 799),
                ReadingError::Below {
                    shown: Volume::from_ml(799_000),
                    last: Volume::from_ml(800_000),
                    day: day("2026-10-31"),
                },
            ),
        ] {
            assert_eq!(take(reading, Some(&last), today), Err(error));
        }
    }
}
