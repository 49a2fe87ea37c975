//! Room on the disk.

use kiosk::fact::PurchaseItem;

use super::{
    super::{
        input::{Command, ReplyId},
        room::Room,
    },
    *,
};

const MIB: u64 = 1 << 20;

fn tell(bench: &mut Bench, command: Command) -> Result<Told, Refusal> {
    let effects = bench.give(Input::Told(ReplyId(1), command));
    let told = effects.into_iter().find_map(|effect| match effect {
        Effect::Reply(_, told) => Some(told),
        _ => None,
    });
    told.unwrap()
}

fn purchase() -> Command {
    Command::Purchase {
        customer: JANE,
        item: PurchaseItem::Litres(Volume::from_ml(20_000)),
    }
}

fn loan() -> Command {
    Command::Loan {
        borrower: JANE,
        lender: "0700000103".to_owned(),
        amount_minor: 50_000,
        repayment_minor: 5_000,
    }
}

fn room(free_mib: u64, has_ballast: bool) -> Input {
    Input::Room(Room {
        free_bytes: free_mib * MIB,
        has_ballast,
    })
}

fn alarms(bench: &mut Bench) -> u64 {
    let status = tell(bench, Command::Status).unwrap();
    match status {
        Told::Status(status) => status.queue[2],
        other => panic!("{other:?}"),
    }
}

/// Those of these effects that are about the ballast.
fn orders(effects: &[Effect]) -> Vec<&Effect> {
    let about = |effect: &&Effect| matches!(effect, Effect::FreeBallast | Effect::MakeBallast);
    effects.iter().filter(about).collect()
}

#[test]
fn the_ballast_goes_below_8_mib_and_comes_back_above_64() {
    let mut bench = ready("ballast");
    // What is seen, and what is ordered.
    for (free_mib, has_ballast, ordered) in [
        (40, false, None),
        (65, false, Some(Effect::MakeBallast)),
        (49, true, None),
        (8, true, None),
        (7, true, Some(Effect::FreeBallast)),
        (23, false, None),
        (64, false, None),
        (65, false, Some(Effect::MakeBallast)),
    ] {
        let effects = bench.give(room(free_mib, has_ballast));
        let seen = (free_mib, has_ballast);
        assert_eq!(orders(&effects), ordered.iter().collect::<Vec<_>>(), "{seen:?}");
    }
}

#[test]
fn on_a_tight_disk_what_can_wait_is_refused_before_water_and_told_once() {
    let mut bench = ready("tight");
    bench.grant(20_000);
    bench.give(room(100, true));
    assert!(matches!(tell(&mut bench, loan()), Ok(Told::Waiting(_))));
    // The last MiB with the ballast, then in its place, then half-way out.
    for (request, free_mib, has_ballast) in [("a1", 7, true), ("a2", 23, false), ("a3", 64, false)] {
        bench.give(room(free_mib, has_ballast));
        assert_eq!(tell(&mut bench, loan()), Err(Refusal::DiskLow), "{free_mib}");
        assert_eq!(tell(&mut bench, purchase()), Err(Refusal::DiskLow), "{free_mib}");
        assert!(bench.ask(request, "4071", 1_000).starts_with("verified"), "{free_mib}");
        assert!(bench.pour(request, 1_000).starts_with("receipt"), "{free_mib}");
    }
    assert_eq!(
        alarms(&mut bench),
        2,
        "one alarm, behind the record that begins its log"
    );
    bench.give(room(65, false));
    assert!(matches!(tell(&mut bench, loan()), Ok(Told::Waiting(_))));
    assert!(matches!(tell(&mut bench, purchase()), Ok(Told::Waiting(_))));
    bench.give(room(7, true));
    assert_eq!(alarms(&mut bench), 3, "tight again is another alarm");
}

#[test]
fn the_ballast_goes_even_when_nothing_can_be_written() {
    let mut bench = ready("full");
    let site = bench.site();
    let seen = room(0, true);
    assert_eq!(orders(&site.refusal(&seen)), [&Effect::FreeBallast]);
    // The alarm that could not be kept is raised again.
    site.connection().execute_batch("PRAGMA query_only = ON").unwrap();
    let moment = bench.moment();
    let mut faults = 0;
    let effects = run_batch(bench.site(), [(moment, seen)], |_| faults += 1);
    assert_eq!((orders(&effects), faults), (vec![&Effect::FreeBallast], 1));
    bench
        .site()
        .connection()
        .execute_batch("PRAGMA query_only = OFF")
        .unwrap();
    let before = alarms(&mut bench);
    bench.give(room(16, false));
    assert!(alarms(&mut bench) > before);
}
