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

/// Where the ballast is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ballast {
    Never,
    There,
    GivenUp,
}

use Ballast::{GivenUp, Never, There};

fn room(free_mib: u64, ballast: Ballast) -> Input {
    Input::Room(Room {
        free_bytes: free_mib * MIB,
        has_ballast: ballast == There,
        is_owed: ballast == GivenUp,
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
fn the_ballast_is_made_above_24_mib_goes_below_8_and_comes_back_above_64() {
    let mut bench = ready("ballast");
    // What is seen, and what is ordered.
    for (free_mib, ballast, ordered) in [
        (24, Never, None),
        (25, Never, Some(Effect::MakeBallast)),
        (9, There, None),
        (8, There, None),
        (7, There, Some(Effect::FreeBallast)),
        (23, GivenUp, None),
        (64, GivenUp, None),
        (65, GivenUp, Some(Effect::MakeBallast)),
    ] {
        let effects = bench.give(room(free_mib, ballast));
        let seen = (free_mib, ballast);
        assert_eq!(orders(&effects), ordered.iter().collect::<Vec<_>>(), "{seen:?}");
    }
}

#[test]
fn on_a_tight_disk_what_can_wait_is_refused_before_water_and_told_once() {
    let mut bench = ready("tight");
    bench.grant(20_000);
    bench.give(room(100, There));
    assert!(matches!(tell(&mut bench, loan()), Ok(Told::Waiting(_))));
    // The last MiB with the ballast, then in its place, then half-way out.
    for (request, free_mib, ballast) in [("a1", 7, There), ("a2", 23, GivenUp), ("a3", 64, GivenUp)] {
        bench.give(room(free_mib, ballast));
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
    bench.give(room(65, GivenUp));
    assert!(matches!(tell(&mut bench, loan()), Ok(Told::Waiting(_))));
    assert!(matches!(tell(&mut bench, purchase()), Ok(Told::Waiting(_))));
    bench.give(room(7, There));
    assert_eq!(alarms(&mut bench), 3, "tight again is another alarm");
}

#[test]
fn the_ballast_goes_even_when_nothing_can_be_written() {
    let mut bench = ready("full");
    let site = bench.site();
    let seen = room(0, There);
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
    bench.give(room(16, GivenUp));
    assert!(alarms(&mut bench) > before);
}

#[test]
fn a_small_disk_that_never_had_a_ballast_is_not_tight() {
    let mut bench = ready("small");
    for free_mib in [40, 24, 8] {
        bench.give(room(free_mib, Never));
        assert!(matches!(tell(&mut bench, loan()), Ok(Told::Waiting(_))), "{free_mib}");
    }
    let before = alarms(&mut bench);
    bench.give(room(7, Never));
    assert_eq!(tell(&mut bench, loan()), Err(Refusal::DiskLow));
    let told = alarms(&mut bench);
    assert!(told > before);
    for free_mib in [8, 7, 8, 7] {
        bench.give(room(free_mib, Never));
    }
    assert_eq!(alarms(&mut bench), told, "hovering about the limit is one alarm");
}
