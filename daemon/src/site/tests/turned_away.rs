//! Refusals at the dispensers' door in the audit (RELIABILITY row 23), and an attacker who cannot fill the card with them.

use super::{
    super::{
        input::TurnedAway,
        store::audit,
        turned_away::{KINDS_MAX, WHAT},
    },
    *,
};

fn refuse(bench: &mut Bench, user: &str, why: &'static str) {
    bench.give(Input::TurnedAway(TurnedAway {
        user: Some(user.to_owned()),
        from: "10.0.0.9".to_owned(),
        why,
        untold: 0,
    }));
}

/// Who was turned away and how, the oldest first.
fn rows(bench: &mut Bench) -> Vec<(String, String)> {
    let rows = audit::newest(bench.site().connection(), u32::MAX).unwrap();
    let rows = rows.into_iter().filter(|row| row.what == WHAT);
    rows.map(|row| (row.who, row.detail)).collect()
}

fn after(bench: &mut Bench, ms: u64) {
    bench.monotonic_ms += ms;
    bench.give(Input::Tick);
}

fn row(who: &str, detail: &str) -> (String, String) {
    (who.to_owned(), detail.to_owned())
}

#[test]
fn the_first_of_a_kind_is_a_row_at_once_and_the_rest_a_number() {
    let mut bench = ready("refused");
    for _ in 0..12 {
        refuse(&mut bench, "tap-1", "foreign_publish");
    }
    refuse(&mut bench, "tap-2", "bad_credentials");
    let first = row("tap-1", "foreign_publish from 10.0.0.9");
    let second = row("tap-2", "bad_credentials from 10.0.0.9");
    assert_eq!(rows(&mut bench), [first.clone(), second.clone()]);
    after(&mut bench, 60_000);
    let rest = row("tap-1", "foreign_publish from 10.0.0.9, 11 times more");
    assert_eq!(rows(&mut bench), [first, second, rest]);
    assert_eq!(audit::verify(bench.site().connection()).unwrap(), Ok(4));
}

#[test]
fn many_names_share_one_row() {
    let mut bench = ready("many-names");
    for number in 0..1_000 {
        refuse(&mut bench, &format!("name-{number}"), "bad_credentials");
    }
    assert_eq!(rows(&mut bench).len(), KINDS_MAX);
    after(&mut bench, 60_000);
    let rows = rows(&mut bench);
    assert_eq!(rows.len(), KINDS_MAX + 1);
    assert_eq!(rows[KINDS_MAX], row("", "others, 992 times"));
}

#[test]
fn a_day_of_knocking_is_no_more_than_rows_for_its_hours() {
    let mut bench = ready("knocking");
    for _ in 0..24 * 60 * 6 {
        refuse(&mut bench, "tap-1", "flood");
        after(&mut bench, 10_000);
    }
    // 1, 2, 4, 8, 16 and 32 minutes, then whole hours: 6 + 23 counts of two rows each at most.
    let count = rows(&mut bench).len();
    assert!((24..=2 * 29 + 1).contains(&count), "{count}");
    after(&mut bench, 3 * 3_600_000);
    refuse(&mut bench, "tap-1", "flood");
    refuse(&mut bench, "tap-1", "flood");
    let before = rows(&mut bench).len();
    after(&mut bench, 60_000);
    assert_eq!(
        rows(&mut bench).len(),
        before + 1,
        "after a quiet time a minute is counted again"
    );
}

#[test]
fn the_head_of_the_audit_goes_to_the_hub() {
    use sync::journal::Logs as _;
    let mut bench = ready("audit-head");
    bench.give(Input::Tick);
    let log = kiosk::ids::LogKey {
        box_id: BoxId(9),
        by: Writer::Site,
        lane: Lane::Telemetry,
        epoch: Epoch(bench.epoch),
    };
    let told = |bench: &mut Bench| {
        let logs = crate::site::store::logs(bench.site().connection());
        logs.log(&log).unwrap().map(|state| state.mark)
    };
    // Record 1 is Began; the first row, of the dispenser that was added, was told with record 2.
    assert_eq!(told(&mut bench), Some(2));
    for _ in 0..100 {
        refuse(&mut bench, "tap-1", "flood");
        after(&mut bench, 1_000);
    }
    assert_eq!(
        told(&mut bench),
        Some(2),
        "not more often than every quarter of an hour"
    );
    after(&mut bench, 15 * 60_000);
    assert_eq!(told(&mut bench), Some(3));
}
