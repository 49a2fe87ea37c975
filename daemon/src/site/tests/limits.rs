//! Locks and limits.

use super::*;

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
