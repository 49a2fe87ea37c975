//! Nairobi is three hours ahead of UTC all year, so its midnight is 21:00 UTC (IANA time zone database).

use super::*;
use crate::moment::{Draw, Trust};
use proptest::prelude::*;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn nairobi() -> Zone {
    Zone::named("Africa/Nairobi").unwrap()
}

/// 2026-11-20T21:00:00Z, midnight in Nairobi: 20,777 days and 21 hours after 1970.
const MIDNIGHT: Wall = Wall((20_777 * 24 + 21) * HOUR_MS);

#[test]
fn clocks_show_utc_where_and_while_they_do() {
    let (january, july) = (Wall(1_767_700_800_000), Wall(1_783_339_200_000));
    for (name, in_january, in_july) in [
        ("Africa/Nairobi", false, false),
        ("Africa/Accra", true, true),
        ("Europe/London", true, false),
    ] {
        let zone = Zone::named(name).unwrap();
        assert_eq!(
            (zone.is_utc(january), zone.is_utc(july)),
            (in_january, in_july),
            "{name}"
        );
    }
}

#[test]
fn a_day_begins_at_local_midnight() {
    assert_eq!(MIDNIGHT.rfc3339(), "2026-11-20T21:00:00Z");
    assert_eq!(nairobi().day(MIDNIGHT), day("2026-11-21"));
    assert_eq!(nairobi().day(MIDNIGHT.plus_ms(-1)), day("2026-11-20"));
    assert_eq!(nairobi().begin(day("2026-11-21")), MIDNIGHT);
    assert_eq!(nairobi().end(day("2026-11-20")), MIDNIGHT);
    assert_eq!(nairobi().last_day(MIDNIGHT), day("2026-11-20"));
    assert_eq!(
        Zone::named("Africa/Kigali").unwrap().begin(day("2026-11-21")),
        MIDNIGHT.plus_ms(HOUR_MS)
    );
}

#[test]
fn days_are_counted_by_the_calendar() {
    assert_eq!(day("2026-11-20").plus_days(30), day("2026-12-20"));
    assert_eq!(day("2027-02-28").plus_days(1), day("2027-03-01"));
    assert_eq!(day("2028-02-28").plus_days(1), day("2028-02-29"));
    assert_eq!(day("2026-11-20").days_until(day("2026-12-20")), 30);
    assert_eq!(day("2026-12-20").days_until(day("2026-11-20")), -30);
    assert_eq!(day("2026-12-20").to_string(), "2026-12-20");
    assert_eq!(day("2026-02-03").slashed(), "03/02/2026");
    assert_eq!(Day::new(2026, 12, 20), Some(day("2026-12-20")));
    assert_eq!(Day::new(2026, 2, 29), None);
}

#[test]
fn what_is_no_zone_and_no_day_names_itself() {
    assert_eq!(
        Zone::named("Mars/Olympus"),
        Err(DayError::Zone("Mars/Olympus".to_owned()))
    );
    for text in ["", "2026-13-01", "tomorrow"] {
        assert_eq!(text.parse::<Day>(), Err(DayError::Day(text.to_owned())));
    }
}

fn moment(wall: Wall, trust: Trust, monotonic_ms: u64) -> Moment {
    Moment {
        wall,
        trust,
        monotonic_ms,
        draw: Draw::new([0; 32]),
    }
}

#[test]
fn with_a_trusted_clock_the_calendar_makes_the_day() {
    let zone = nairobi();
    let first = SalesDay::default().at(&moment(MIDNIGHT, Trust::Ntp, 0), Uptime(0), &zone);
    assert_eq!((first.number, first.date), (0, Some(day("2026-11-21"))));
    let evening = moment(MIDNIGHT.plus_ms(24 * HOUR_MS - 1), Trust::Ntp, 86_399_999);
    assert_eq!(
        first.at(&evening, Uptime(0), &zone),
        first,
        "23 hours of uptime make no new day"
    );
    let next = first.at(
        &moment(MIDNIGHT.plus_ms(24 * HOUR_MS), Trust::Ntp, 1_000),
        Uptime(0),
        &zone,
    );
    assert_eq!((next.number, next.date), (1, Some(day("2026-11-22"))));
    // Set back by a day: the day goes on, but not for ever.
    assert_eq!(next.at(&evening, Uptime(0), &zone).number, 2);
    let back = moment(MIDNIGHT, Trust::Hub, 2_000);
    assert_eq!(next.at(&back, Uptime(0), &zone), next);
}

#[test]
fn without_one_a_day_lasts_eight_hours_of_uptime_however_often_the_plug_is_pulled() {
    let zone = nairobi();
    let hours = |count: u64| count * HOUR_MS as u64;
    let start = SalesDay {
        number: 4,
        began: Uptime(hours(10)),
        date: Some(day("2026-11-21")),
    };
    let untrusted = |monotonic_ms| moment(Wall(0), Trust::None, monotonic_ms);
    assert_eq!(start.at(&untrusted(0), Uptime(hours(10)), &zone), start, "a restart");
    assert_eq!(start.at(&untrusted(hours(3) - 1), Uptime(hours(15)), &zone), start);
    let next = start.at(&untrusted(hours(3)), Uptime(hours(15)), &zone);
    assert_eq!((next.number, next.began), (5, Uptime(hours(18))));
    // The clock comes back and tells the same date: the day goes on. It tells the next: a new day.
    let same = next.at(&moment(MIDNIGHT, Trust::Modem, 0), Uptime(hours(19)), &zone);
    assert_eq!(same.number, 5);
    let other = next.at(
        &moment(MIDNIGHT.plus_ms(24 * HOUR_MS), Trust::Modem, 0),
        Uptime(hours(19)),
        &zone,
    );
    assert_eq!(other.number, 6);
}

proptest! {
    #[test]
    fn any_moment_lies_within_its_day(wall in any::<i64>()) {
        let wall = Wall(wall);
        let today = nairobi().day(wall);
        if (0..4_000_000_000_000).contains(&wall.0) {
            prop_assert!(nairobi().begin(today) <= wall && wall < nairobi().end(today));
        }
    }

    #[test]
    fn pulling_the_plug_makes_no_days(restarts in prop::collection::vec(0..8 * 3_600_000_u64, 1..40)) {
        let zone = nairobi();
        let mut today = SalesDay::default();
        let mut uptime = 0;
        for monotonic_ms in restarts {
            today = today.at(&moment(Wall(0), Trust::None, monotonic_ms), Uptime(uptime), &zone);
            uptime += monotonic_ms;
        }
        prop_assert!(today.number <= uptime / UPTIME_MS_OF_A_DAY);
    }
}

#[test]
fn weeks_begin_on_monday() {
    // 20 November 2026 is a Friday (its Monday is the 16th), 1 March 2026 a Sunday.
    for (day, expected) in [
        ("2026-11-20", "2026-11-16"),
        ("2026-11-16", "2026-11-16"),
        ("2026-03-01", "2026-02-23"),
        ("2023-12-31", "2023-12-25"),
    ] {
        let day: Day = day.parse().unwrap();
        assert_eq!(day.monday(), expected.parse().unwrap(), "{day}");
    }
}
