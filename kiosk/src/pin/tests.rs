//! Verifiers were computed with Python's `hmac`; lock-outs by hand from FEATURES X2.

use super::*;
use crate::moment::Wall;
use proptest::prelude::*;

fn pin(text: &str) -> Pin {
    text.parse().unwrap()
}

#[test]
fn a_pin_is_four_digits_and_does_not_show() {
    assert!("4071".parse::<Pin>().is_ok());
    for bad in ["", "407", "40711", "40 1", "４０７１", "+407", "abcd"] {
        assert_eq!(bad.parse::<Pin>(), Err(PinError::Form), "{bad}");
    }
    assert_eq!(format!("{:?}", pin("4071")), "Pin(****)");
    assert!(!format!("{:?}", PinKey::new([7; 32])).contains('7'));
}

#[test]
fn the_twenty_most_common_are_refused_when_chosen_and_taken_when_imported() {
    let refused = (0..10_000).filter(|number| Pin::chosen(&format!("{number:04}")) == Err(PinError::TooCommon));
    let expected = [
        0, 1004, 1010, 1111, 1122, 1212, 1234, 1313, 2000, 2001, 2222, 3333, 4321, 4444, 5555, 6666, 6969, 7777, 8888,
        9999,
    ];
    assert_eq!(refused.collect::<Vec<_>>(), expected);
    assert!(pin("1234").is_common());
}

#[test]
fn verifiers_are_hmac_sha_256_of_customer_and_pin() {
    let key = PinKey::new([7; 32]);
    let jane = CustomerId(0x0102_0304_0506_0708);
    // hmac.new(bytes([7]*32), (0x0102030405060708).to_bytes(8, "big") + b"4071", "sha256").digest()[:16]
    let expected = 0x25d6_3dc3_0ccb_1718_b296_14dd_eca0_4c11_u128.to_be_bytes();
    assert_eq!(key.verifier(jane, &pin("4071")), expected);
    assert!(key.is_right(&expected, jane, &pin("4071")));
    assert!(!key.is_right(&expected, jane, &pin("4072")));
    assert!(!key.is_right(&expected, CustomerId(0x0102_0304_0506_0709), &pin("4071")));
    assert!(!PinKey::new([8; 32]).is_right(&expected, jane, &pin("4071")));
}

/// A run that began with `run_began` on disk, `monotonic_ms` into it.
fn present(run_began: u64, monotonic_ms: u64, wall: Option<i64>) -> Present {
    Present {
        stamp: Stamp {
            uptime: Uptime(run_began + monotonic_ms),
            wall: wall.map(Wall),
        },
        run_began: Uptime(run_began),
    }
}

#[test]
fn five_wrong_tries_lock_for_fifteen_minutes_and_each_one_after_for_twice_as_long() {
    let mut tries = PinTries::default();
    let mut now_ms = 0;
    let hours = |count: u64| count * 60;
    let minutes = [
        0,
        0,
        0,
        0,
        15,
        30,
        60,
        120,
        240,
        480,
        960,
        hours(24),
        hours(24),
        hours(24),
    ];
    for (wrong, expected) in (1..).zip(minutes) {
        tries = tries.after_wrong(&present(0, now_ms, None));
        assert_eq!(tries.wrong, wrong);
        assert_eq!(
            tries.locked_ms(&present(0, now_ms, None)),
            expected * 60_000,
            "wrong try {wrong}"
        );
        now_ms += expected * 60_000;
        if expected > 0 {
            assert!(tries.is_locked(&present(0, now_ms - 1, None)));
        }
        assert!(!tries.is_locked(&present(0, now_ms, None)));
    }
    assert_eq!(PinTries::cleared().wrong, 0);
    let exhausted = PinTries {
        wrong: u32::MAX,
        lock: None,
    };
    assert_eq!(
        exhausted
            .after_wrong(&present(0, 0, None))
            .locked_ms(&present(0, 0, None)),
        LOCK_MS_MAX
    );
}

#[test]
fn neither_the_plug_nor_an_untrusted_clock_ends_a_lock_early() {
    let mut tries = PinTries::default();
    for _ in 0..5 {
        tries = tries.after_wrong(&present(0, 60_000, Some(1_000_000)));
    }
    let quarter_ms = 15 * 60_000;
    for (case, now, locked_ms) in [
        ("power-cycled at once", present(0, 0, None), quarter_ms),
        (
            "a restart that knows of the last minute",
            present(60_000, 1_000, None),
            quarter_ms - 1_000,
        ),
        (
            "a jump within the run",
            present(0, 61_000, Some(i64::MAX)),
            quarter_ms - 1_000,
        ),
        (
            "clock set back over a restart",
            present(90_000, 0, Some(0)),
            quarter_ms - 30_000,
        ),
        (
            "off for ten minutes, trusted",
            present(90_000, 0, Some(1_600_000)),
            quarter_ms - 600_000,
        ),
        ("off for a night, trusted", present(90_000, 0, Some(40_000_000)), 0),
        (
            "off for a night, untrusted",
            present(90_000, 0, None),
            quarter_ms - 30_000,
        ),
    ] {
        assert_eq!(tries.locked_ms(&now), locked_ms, "{case}");
    }
}

#[test]
fn thirty_wrong_tries_in_an_hour_slow_a_dispenser_for_as_long_as_they_are_that_near() {
    let mut tries = DispenserTries::default();
    for minute in 0..29 {
        tries.note_wrong(Uptime(minute * 60_000));
    }
    assert_eq!(tries.delay_ms(Uptime(29 * 60_000)), 0);
    tries.note_wrong(Uptime(29 * 60_000));
    assert_eq!(tries.delay_ms(Uptime(30 * 60_000)), 10_000);
    assert_eq!(tries.delay_ms(Uptime(HOUR_MS - 1)), 10_000);
    assert_eq!(tries.delay_ms(Uptime(HOUR_MS)), 0);
    assert_eq!(DispenserTries::restored(tries.wrong()), tries);
    tries.note_wrong(Uptime(HOUR_MS));
    assert_eq!(
        tries.delay_ms(Uptime(HOUR_MS)),
        10_000,
        "30 within the hour after minute 1"
    );
    assert_eq!(tries.wrong().count(), SLOW_AFTER);
}

proptest! {
    /// RELIABILITY row 25 allows 42 tries in 30 days to whoever tries as soon as a try is taken and pulls the plug at
    /// will, with a trusted clock and with none. An untrusted clock is not part of a stamp.
    #[test]
    fn a_thief_gets_at_most_forty_tries_in_a_month(
        turns in prop::collection::vec((any::<bool>(), 0..120_u64), 400),
        has_clock in any::<bool>(),
    ) {
        let month_ms = 30 * 24 * HOUR_MS;
        let (mut real_ms, mut run_began, mut booted_ms, mut tried) = (0, 0_u64, 0, 0);
        let mut tries = PinTries::default();
        let mut turns = turns.into_iter().cycle();
        while real_ms < month_ms {
            let (pulls_plug, off_minutes) = turns.next().expect("a cycle has no end");
            let wall = has_clock.then_some(real_ms as i64);
            let now = present(run_began, real_ms - booted_ms, wall);
            match tries.locked_ms(&now) {
                0 => {
                    tries = tries.after_wrong(&now);
                    tried += 1;
                }
                locked_ms => real_ms += locked_ms.min((off_minutes + 1) * 60_000),
            }
            if pulls_plug {
                // The disk knows the uptime to the last full minute.
                let uptime = run_began + real_ms - booted_ms;
                run_began = uptime - uptime % 60_000;
                real_ms += off_minutes * 60_000;
                booted_ms = real_ms;
            }
        }
        prop_assert!(tried <= 40, "{} tries", tried);
    }
}
