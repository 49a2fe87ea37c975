//! Locks, limits, and hours.

use kiosk::moment::HOUR_MS;

use super::{broadcast::one, *};
use crate::site::{broadcast::NewBroadcast, input::Command};

#[test]
fn five_wrong_pins_lock_and_a_restart_does_not_open() {
    let mut bench = ready("locked");
    bench.grant(20_000);
    for request in ["a1", "a2", "a3", "a4", "a5"] {
        assert_eq!(bench.ask(request, "1111", 1_000), "wrong_pin 0 None");
    }
    assert_eq!(bench.ask("a6", "4071", 1_000), "locked 0 None");
    bench.restart();
    assert_eq!(bench.ask("a7", "4071", 1_000), "locked 0 None");
    bench.monotonic_ms += 15 * 60_000 + 1_000;
    assert_eq!(bench.ask("a8", "4071", 1_000), "verified 1000 Some(20000)");
}

#[test]
fn the_daily_limit_counts_pours_and_open_holds_of_the_day() {
    let mut bench = ready("limit");
    bench.grant(100_000);
    let pin = PinKey::new([3; 32]).verifier(JANE, &"4071".parse().unwrap());
    let listed = Listed {
        revision: 2,
        daily_limit: Some(Volume::from_ml(6_000)),
        ..listed(Some(pin))
    };
    bench.hear(Lane::Money, Record::Fact(Fact::Listed(listed)));
    assert_eq!(bench.ask("a1", "4071", 5_000), "verified 5000 Some(100000)");
    assert_eq!(bench.ask("a2", "4071", 1_001), "daily_limit 0 Some(100000)");
    bench.pour("a1", 1_000);
    assert_eq!(bench.ask("a3", "4071", 5_001), "daily_limit 0 Some(99000)");
    assert_eq!(bench.ask("a4", "4071", 5_000), "verified 5000 Some(99000)");
}

#[test]
fn what_would_be_over_before_the_morning_is_refused() {
    let mut bench = Bench::of("broadcast-night", &[]);
    bench.meet_jane();
    // At 20:30 here; the next texts leave at 8:00, after eleven hours and a half.
    bench.wait_until(0, 20);
    bench.pass(HOUR_MS.unsigned_abs() / 2);
    for (hours, may) in [(1, false), (11, false), (12, true), (24, true)] {
        let new = NewBroadcast {
            hours,
            ..one("No water tomorrow.")
        };
        match bench.command(Command::PlanBroadcast(new)) {
            Ok(_) => assert!(may, "{hours}"),
            Err(Refusal::Field {
                field: "hours",
                message,
            }) => {
                assert!(!may && message.contains("over before 8:00"), "{hours}: {message}");
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}
