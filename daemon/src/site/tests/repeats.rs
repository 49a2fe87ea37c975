//! The same request again, with the same content and with another (CONTRACTS section 3, retries).

use super::{
    super::parked::{HubsWord, Wait},
    *,
};

/// Jane's wrong tries as they are kept.
fn tries(bench: &mut Bench) -> Option<Vec<u8>> {
    super::super::store::people::find(bench.site().connection(), JANE)
        .unwrap()
        .unwrap()
        .pin_tries
}

#[test]
fn the_request_of_an_approved_ask_is_no_way_to_try_pins() {
    let mut bench = ready("oracle");
    bench.grant(20_000);
    let first = bench.ask("a1", "4071", 1_000);
    assert_eq!(first, "verified 1000 Some(20000)");
    for guess in ["0001", "0002", "0003", "4072"] {
        assert_eq!(bench.ask("a1", guess, 1_000), "RequestConflict");
        assert_eq!(
            bench.ask("a1", "4071", 1_000),
            first,
            "its dispenser may still repeat it"
        );
    }
    assert_eq!(bench.ask("a1", "0005", 1_000), "RequestConflict");
    assert_eq!(
        bench.ask("a1", "4071", 1_000),
        "RequestConflict",
        "the right one looks like any other now"
    );
    assert_eq!(
        bench.ask("a2", "4071", 1_000),
        "locked 0 None",
        "each guess was a wrong try: five lock"
    );
    assert_eq!(
        bench.pour("a1", 1_000),
        "receipt 1000 Some(19000)",
        "what flowed is taken"
    );
}

#[test]
fn another_content_is_a_conflict_and_no_wrong_try() {
    let mut bench = ready("content");
    bench.grant(20_000);
    let first = bench.ask("a1", "4071", 1_000);
    for _ in 0..6 {
        assert_eq!(bench.ask("a1", "4071", 1_001), "RequestConflict");
        assert_eq!(
            bench.ask("a1", "4072", 1_001),
            "RequestConflict",
            "two things are other"
        );
    }
    assert_eq!(tries(&mut bench), None);
    assert_eq!(bench.ask("a1", "4071", 1_000), first);
}

#[test]
fn a_guess_is_told_the_same_whether_it_is_right_or_not() {
    let mut bench = ready("blind");
    bench.grant(20_000);
    assert_eq!(bench.ask("a1", "1111", 1_000), "wrong_pin 0 None");
    let ask = |pin: &str| Ask {
        request: "a1".parse().unwrap(),
        who: Who::User("0700000102".to_owned()),
        pin: pin.to_owned(),
        token: None,
        volume_ml: 1_000,
    };
    let wrong = bench.give(Input::Asked(door(), ask("1112")));
    let right = bench.give(Input::Asked(door(), ask("4071")));
    assert_eq!(wrong, right);
    assert_eq!(bench.ask("a1", "1111", 1_000), "wrong_pin 0 None", "the stored answer");
}

#[test]
fn another_content_while_the_ask_waits_is_a_conflict_and_changes_nothing() {
    let mut bench = ready("waits");
    let asked = |pin: &str, volume_ml| Ask {
        request: "a1".parse().unwrap(),
        who: Who::User("0700000102".to_owned()),
        pin: pin.to_owned(),
        token: None,
        volume_ml,
    };
    let moment = bench.moment();
    let wait = Wait::Hub { id: 5 };
    bench.site().parked.put(&moment, wait, door(), asked("4071", 1_000));
    assert_eq!(bench.ask("a1", "4071", 2_000), "RequestConflict");
    assert_eq!(
        bench.ask("a1", "4071", 1_000),
        "",
        "it waits, and will be answered once more"
    );
    bench.grant(20_000);
    let moment = bench.moment();
    let site = bench.site();
    site.begin().unwrap();
    let parked = site.parked.sought(5).unwrap();
    let effects = site.decide_parked(&moment, parked, HubsWord::None).unwrap();
    site.commit().unwrap();
    let answers = effects
        .into_iter()
        .filter(|effect| matches!(effect, Effect::Deliver(..)))
        .map(|effect| delivered(vec![effect]))
        .collect::<Vec<_>>();
    assert_eq!(
        answers, ["verified 1000 Some(20000)"; 2],
        "the first ask and its repeat"
    );
}

#[test]
fn pins_are_not_tried_on_an_ask_that_waits() {
    let mut bench = ready("guesses");
    let asked = |pin: &str| Ask {
        request: "a1".parse().unwrap(),
        who: Who::User("0700000102".to_owned()),
        pin: pin.to_owned(),
        token: None,
        volume_ml: 1_000,
    };
    let moment = bench.moment();
    let wait = Wait::Hub { id: 5 };
    bench.site().parked.put(&moment, wait, door(), asked("4071"));
    for guess in ["0001", "0002", "0003", "0004", "0005", "4071"] {
        assert_eq!(bench.ask("a1", guess, 1_000), "RequestConflict", "{guess}");
    }
    assert_eq!(bench.ask("a2", "4071", 1_000), "locked 0 None");
}
