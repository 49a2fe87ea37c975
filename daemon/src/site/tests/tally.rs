//! What the metrics count.

use super::{
    super::input::{Command, ReplyId},
    *,
};

/// Asks by word, sales by kind, commits.
type Counts = (Vec<(&'static str, u64)>, Vec<(&'static str, u64, i64)>, u64);

fn counts(bench: &mut Bench) -> Counts {
    let effects = bench.give(Input::Told(ReplyId(1), Command::Status));
    let told = effects.into_iter().find_map(|effect| match effect {
        Effect::Reply(_, Ok(Told::Status(status))) => Some((status.decided, status.sold, status.commits)),
        _ => None,
    });
    told.unwrap()
}

#[test]
fn what_was_rolled_back_was_never_counted() {
    let mut bench = ready("tally");
    bench.grant(20_000);
    bench.ask("a1", "4071", 1_000);
    let (decided, sold, commits) = counts(&mut bench);
    assert_eq!((&decided[..], &sold[..]), (&[("verified", 1)][..], &[][..]));
    // A batch whose commit fails: a pour that was decided and never was.
    let moment = bench.moment();
    let report = Report {
        request: "a1".parse().unwrap(),
        volume: Volume::from_ml(1_000),
        outcome: Outcome::Complete,
    };
    let site = bench.site();
    site.begin().unwrap();
    site.handle(&moment, Input::Poured(door(), report)).unwrap();
    site.abandon();
    assert_eq!(
        counts(&mut bench),
        (decided, sold, commits + 1),
        "one commit was the status itself"
    );
    bench.pour("a1", 1_000);
    let (_, sold, _) = counts(&mut bench);
    assert_eq!(sold, [("dispense", 1, 1_000)]);
}
