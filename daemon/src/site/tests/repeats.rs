//! The same request again, with the same content and with another (CONTRACTS section 3, retries).

use super::{
    super::parked::{DOORS_MAX, HubsWord, PARKED_MAX, Wait},
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

/// An ask of one litre.
fn litre(request: &str, pin: &str) -> Ask {
    Ask {
        request: request.parse().unwrap(),
        who: Who::User("0700000102".to_owned()),
        pin: pin.to_owned(),
        token: None,
        volume_ml: 1_000,
    }
}

#[test]
fn guesses_on_an_ask_that_waits_count_when_it_is_decided() {
    let mut bench = ready("carried");
    bench.grant(20_000);
    let moment = bench.moment();
    let wait = Wait::Hub { id: 5 };
    bench.site().parked.put(&moment, wait, door(), litre("a1", "4071"));
    for guess in ["0001", "0002", "0003"] {
        assert_eq!(bench.ask("a1", guess, 1_000), "RequestConflict", "{guess}");
    }
    bench.monotonic_ms += 2_000;
    assert_eq!(delivered(bench.give(Input::Tick)), "verified 1000 Some(20000)");
    assert_eq!(bench.ask("a1", "0004", 1_000), "RequestConflict");
    assert_eq!(
        bench.ask("a1", "4071", 1_000),
        "verified 1000 Some(20000)",
        "four so far"
    );
    assert_eq!(bench.ask("a1", "0005", 1_000), "RequestConflict");
    assert_eq!(
        bench.ask("a1", "4071", 1_000),
        "RequestConflict",
        "five under one request use it up"
    );
}

#[test]
fn one_tap_takes_no_other_taps_place_to_wait() {
    let mut bench = ready("places");
    let (one, other) = (door(), Door::Mqtt("tap-2".parse().unwrap()));
    let moment = bench.moment();
    let parked = &mut bench.site().parked;
    for id in 0..PARKED_MAX as u64 {
        assert!(parked.has_room(one.dispenser()), "{id}");
        let ask = litre(&format!("a{id}"), "4071");
        parked.put(&moment, Wait::Hub { id }, one.clone(), ask);
    }
    assert!(!parked.has_room(one.dispenser()));
    assert!(parked.has_room(other.dispenser()));
    parked.sought(3).unwrap();
    assert!(parked.has_room(one.dispenser()));
}

#[test]
fn an_ask_that_waits_is_answered_only_so_often_and_the_newest_callers_hear_it() {
    let mut bench = ready("doors");
    let by = |number| Door::Http("tap-1".parse().unwrap(), super::super::input::ReplyId(number));
    let moment = bench.moment();
    let parked = &mut bench.site().parked;
    parked.put(&moment, Wait::Hub { id: 5 }, by(0), litre("a1", "4071"));
    let last = DOORS_MAX as u64 + 5;
    for number in 1..=last {
        parked.repeat(&by(number), &litre("a1", "4071"));
    }
    let doors = parked.sought(5).unwrap().doors;
    let newest: Vec<_> = (last + 1 - DOORS_MAX as u64..=last).map(by).collect();
    assert_eq!(doors, newest);
}

#[test]
fn a_person_merged_away_draws_as_the_one_who_stays() {
    let mut bench = ready("merged");
    let provisional = CustomerId(99);
    let granted = Granted {
        grant: GrantId {
            epoch: Epoch(0x44),
            number: 50,
        },
        customer: provisional,
        purse: Purse::Prepaid,
        volume: Volume::from_ml(3_000),
        valid_until: None,
    };
    bench.hear(
        Lane::Money,
        Record::Fact(Fact::Merged {
            from: provisional,
            into: JANE,
        }),
    );
    bench.hear(Lane::Money, Record::Fact(Fact::Granted(granted)));
    assert_eq!(bench.balance_ml(), 3_000);
    assert_eq!(bench.ask("a1", "4071", 3_000), "verified 3000 Some(3000)");
}
