//! Times of the network (3GPP TS 23.040 section 9.2.3.11) and validity periods (section 9.2.3.12.1).

use std::time::Duration;

const MINUTE_MS: i64 = 60_000;
const QUARTER_MS: i64 = 15 * MINUTE_MS;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// Quarters of an hour that a zone can lie from UTC: fourteen hours.
const QUARTERS_MAX: i8 = 56;

/// A time as the service centre stamped it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// Milliseconds since 1970 UTC; whole seconds of the years 1990 to 2089.
    pub at_ms: i64,
    /// The zone of the service centre, in quarters of an hour east of UTC.
    pub zone_quarters: i8,
}

impl Stamp {
    /// Reads seven octets: year, month, day, hour, minute, second, zone. `None` for a time that no clock shows.
    pub fn decode(octets: [u8; 7]) -> Option<Stamp> {
        let two = |octet: u8| {
            let (tens, ones) = (i64::from(octet & 0xf), i64::from(octet >> 4));
            (tens < 10 && ones < 10).then_some(10 * tens + ones)
        };
        let within = |octet: u8, least: i64, most: i64| two(octet).filter(|value| (least..=most).contains(value));
        let year = two(octets[0]).map(|year| if year < 90 { 2000 + year } else { 1900 + year })?;
        let month = within(octets[1], 1, 12)?;
        let day = within(octets[2], 1, days_in(year, month))?;
        let (hour, minute, second) = (
            within(octets[3], 0, 23)?,
            within(octets[4], 0, 59)?,
            within(octets[5], 0, 59)?,
        );
        // The sign is bit 3 of the octet, which swapping puts on top of the tens.
        let quarters = two(octets[6] & !0x08).filter(|quarters| *quarters <= i64::from(QUARTERS_MAX))? as i8;
        let zone_quarters = if octets[6] & 0x08 == 0 { quarters } else { -quarters };
        let local_ms = days_before(year, month, day) * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000;
        Some(Stamp {
            at_ms: local_ms - i64::from(zone_quarters) * QUARTER_MS,
            zone_quarters,
        })
    }

    /// Writes seven octets. A time outside the years 1990 to 2089, or a zone beyond 14 hours, is drawn to the nearest.
    pub fn encode(self) -> [u8; 7] {
        let zone = self.zone_quarters.clamp(-QUARTERS_MAX, QUARTERS_MAX);
        let earliest = days_before(1990, 1, 1) * DAY_MS;
        let latest = days_before(2090, 1, 1) * DAY_MS - 1000;
        let local_ms = self
            .at_ms
            .saturating_add(i64::from(zone) * QUARTER_MS)
            .clamp(earliest, latest);
        let (year, month, day) = date(local_ms.div_euclid(DAY_MS));
        let second = local_ms.rem_euclid(DAY_MS) / 1000;
        let fields = [
            year % 100,
            month,
            day,
            second / 3600,
            second / 60 % 60,
            second % 60,
            i64::from(zone.abs()),
        ];
        let mut octets = fields.map(|value| ((value % 10) << 4 | value / 10) as u8);
        octets[6] |= if zone < 0 { 0x08 } else { 0 };
        octets
    }
}

/// Days from 1970-01-01 to a date: whole years of the calendar of 400 years, with March as the first month.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// The date of a day counted from 1970-01-01, for the years that a stamp can hold.
fn date(day: i64) -> (i64, i64, i64) {
    let mut year = 1970 + day / 366;
    while days_before(year + 1, 1, 1) <= day {
        year += 1;
    }
    let mut month = 1;
    while month < 12 && days_before(year, month + 1, 1) <= day {
        month += 1;
    }
    (year, month, day - days_before(year, month, 1) + 1)
}

fn days_in(year: i64, month: i64) -> i64 {
    let (next_year, next) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    days_before(next_year, next, 1) - days_before(year, month, 1)
}

/// How long the network may try to deliver, in the one octet of the relative form: 5 minutes to 63 weeks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Validity(pub u8);

impl Validity {
    /// The shortest that is not shorter; 63 weeks for anything longer.
    pub fn at_least(time: Duration) -> Validity {
        let enough = (0..=u8::MAX).map(Validity).find(|validity| validity.duration() >= time);
        enough.unwrap_or(Validity(u8::MAX))
    }

    /// How long that is.
    pub fn duration(self) -> Duration {
        let value = u64::from(self.0);
        let minutes = match self.0 {
            0..=143 => 5 * (value + 1),
            144..=167 => 12 * 60 + 30 * (value - 143),
            168..=196 => 24 * 60 * (value - 166),
            197..=255 => 7 * 24 * 60 * (value - 192),
        };
        Duration::from_secs(60 * minutes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_stamp_is_read_with_its_zone() {
        // 2026-11-22 14:05:09 in Nairobi (UTC+3 = 12 quarters): `date -u -d '2026-11-22 11:05:09' +%s`.
        let nairobi = [0x62, 0x11, 0x22, 0x41, 0x50, 0x90, 0x21];
        assert_eq!(
            Stamp::decode(nairobi),
            Some(Stamp {
                at_ms: 1_795_345_509_000,
                zone_quarters: 12
            })
        );
        // Five hours west: 20 quarters, with the sign in bit 3.
        let west = [0x62, 0x11, 0x22, 0x41, 0x50, 0x90, 0x0a];
        assert_eq!(
            Stamp::decode(west),
            Some(Stamp {
                at_ms: 1_795_374_309_000,
                zone_quarters: -20
            })
        );
        // The leap day of 2000 and the last day of the last century.
        assert_eq!(
            Stamp::decode([0x00, 0x20, 0x92, 0, 0, 0, 0]).map(|stamp| stamp.at_ms),
            Some(951_782_400_000)
        );
        assert_eq!(
            Stamp::decode([0x99, 0x21, 0x13, 0, 0, 0, 0]).map(|stamp| stamp.at_ms),
            Some(946_598_400_000)
        );
    }

    #[test]
    fn a_stamp_that_makes_no_sense_is_none() {
        for bad in [
            [0x62, 0x31, 0x22, 0x41, 0x50, 0x90, 0x21],
            [0x62, 0x20, 0x92, 0x41, 0x50, 0x90, 0x21],
            [0x62, 0x00, 0x22, 0x41, 0x50, 0x90, 0x21],
            [0x62, 0x11, 0x22, 0x42, 0x50, 0x90, 0x21],
            [0x62, 0x11, 0x22, 0x41, 0x06, 0x90, 0x21],
            [0x62, 0x11, 0x22, 0x41, 0x50, 0x90, 0x77],
            [0xff; 7],
            [0; 7],
        ] {
            assert_eq!(Stamp::decode(bad), None, "{bad:02x?}");
        }
    }

    #[test]
    fn validity_is_the_shortest_that_suffices() {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        for (asked, octet, given) in [
            (0, 0, 5),
            (5, 0, 5),
            (6, 1, 10),
            (720, 143, 720),
            (721, 144, 750),
            (1440, 167, 1440),
            (1441, 168, 2880),
            (30 * 1440, 196, 30 * 1440),
            (30 * 1440 + 1, 197, 5 * 7 * 1440),
            (63 * 7 * 1440, 255, 63 * 7 * 1440),
            (1_000_000, 255, 63 * 7 * 1440),
        ] {
            let validity = Validity::at_least(minutes(asked));
            assert_eq!(
                (validity.0, validity.duration()),
                (octet, minutes(given)),
                "{asked} minutes"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(second in 631_152_000i64..3_786_912_000, zone_quarters in -56i8..=56) {
            let near_the_edges = second.clamp(631_152_000 + 50_400, 3_786_911_999 - 50_400);
            let stamp = Stamp { at_ms: near_the_edges * 1000, zone_quarters };
            prop_assert_eq!(Stamp::decode(stamp.encode()), Some(stamp));
        }

        #[test]
        fn no_octets_panic(octets in any::<[u8; 7]>(), at_ms in any::<i64>(), zone_quarters in any::<i8>()) {
            Stamp::decode(octets);
            let written = Stamp { at_ms, zone_quarters }.encode();
            prop_assert!(Stamp::decode(written).is_some());
        }
    }
}
