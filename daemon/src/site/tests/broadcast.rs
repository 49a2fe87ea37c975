//! One text to everybody of a site, over a SIM that the test plays.

use kiosk::{moment::HOUR_MS, talk::Language};

use super::{
    care::{orders, texts, tight},
    *,
};
use crate::site::{
    broadcast::{BroadcastPlan, HOURS_TRUE, HOURS_TRUE_MAX, NewBroadcast},
    delivery::Then,
    input::{Command, ReplyId},
    sim::{SimEvent, SimOrder},
    store::{broadcasts, broadcasts::BroadcastShown, inbox},
};

const HOUR: u64 = HOUR_MS.unsigned_abs();

impl Bench {
    fn more_people(&mut self, phones: &[&str]) {
        for (place, phone) in (100_u64..).zip(phones) {
            let id = CustomerId(place);
            let number = 200_000 + u32::try_from(place).unwrap();
            let listed = Listed {
                customer: id,
                account: (number..).find_map(AccountId::new).unwrap(),
                ..listed(None)
            };
            self.hear(Lane::Money, Record::Fact(Fact::Listed(listed)));
            let doc = DocumentId::Customer(id);
            self.hear(Lane::Edits, Record::Edit(Edit::Admit { doc }));
            crate::site::store::people::put_profile(self.site().connection(), id, Some(phone), "Amina", "").unwrap();
        }
    }

    fn shown(&mut self) -> BroadcastShown {
        broadcasts::newest(self.site().connection(), 1).unwrap().remove(0)
    }

    pub(super) fn broadcast(&mut self, text: &str) -> Result<Told, Refusal> {
        self.command(Command::Broadcast(one(text)))
    }

    /// Begins one, and gives what is handed over at once.
    fn begin_broadcast(&mut self, new: NewBroadcast) -> Vec<Effect> {
        self.give(Input::Told(ReplyId(1), Command::Broadcast(new)))
    }
}

/// In the site's language, for a day.
pub(super) fn one(text: &str) -> NewBroadcast {
    NewBroadcast {
        texts: vec![(None, text.to_owned())],
        hours: HOURS_TRUE,
    }
}

fn plan(told: Result<Told, Refusal>) -> BroadcastPlan {
    match told {
        Ok(Told::BroadcastPlan(plan)) => *plan,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_text_to_everybody_is_shown_first_and_then_reaches_each_number_once() {
    let mut bench = Bench::of("broadcast", &[]);
    bench.meet_jane();
    bench.more_people(&["+254700000103", "+254700000102", "+254700000104", "+254700000105"]);
    let connection = bench.site().connection();
    inbox::stop(connection, "+254700000104", Wall(0)).unwrap();
    let new = one("No water tomorrow from 9 to 12.");
    let shown = plan(bench.command(Command::PlanBroadcast(new.clone())));
    assert_eq!(shown.texts[0].body, "No water tomorrow from 9 to 12. Stop: reply STOP");
    assert_eq!((shown.people, shown.parts), (3, 3));
    let left_out: Vec<(&str, u32)> = shown.left_out.iter().map(|(why, count)| (why.name(), *count)).collect();
    assert_eq!(left_out, [("stopped", 1), ("same_number", 1)]);
    // 200 a day: answers keep half of them, alarms a tenth.
    assert_eq!(shown.parts_left, 200 - 100 - 20);
    let effects = bench.begin_broadcast(new);
    let mut to: Vec<String> = bench.taken(effects).into_iter().map(|(to, _)| to).collect();
    to.sort();
    assert_eq!(to, ["+254700000102", "+254700000103", "+254700000105"]);
    let effects = bench.pass(1_000);
    assert!(bench.taken(effects).is_empty());
    let shown = bench.shown();
    assert_eq!(
        (shown.state.as_str(), shown.people, shown.left, shown.waiting),
        ("done", 3, 3, 0)
    );
}

#[test]
fn who_said_stop_gets_texts_again_when_a_manager_says_so() {
    let mut bench = Bench::of("broadcast-again", &[]);
    let connection = bench.site().connection();
    inbox::stop(connection, "+254700000104", Wall(0)).unwrap();
    let end = |phone: &str| Command::EndStop {
        phone: phone.to_owned(),
    };
    assert!(matches!(
        bench.command(end("kiosk")),
        Err(Refusal::Field { field: "phone", .. })
    ));
    assert_eq!(bench.command(end("0700000104")), Ok(Told::Done));
    let connection = bench.site().connection();
    assert!(!inbox::is_stopped(connection, "+254700000104").unwrap());
    assert_eq!(
        bench.command(end("0700000104")),
        Err(Refusal::Unknown("a STOP of this number")),
        "there is none any more"
    );
}

#[test]
fn texts_to_everybody_leave_by_day_and_behind_all_others() {
    let mut bench = Bench::of("broadcast-hours", &[PHONE]);
    bench.meet_jane();
    bench.wait_until(0, 20);
    assert!(matches!(
        bench.broadcast("Good evening"),
        Ok(Told::Broadcast { people: 1, .. })
    ));
    let effects = bench.pass(1_000);
    assert!(texts(effects).is_empty(), "it is 20:00");
    let effects = bench.wait_until(1, 7);
    assert!(texts(effects).is_empty(), "it is 7:00");
    let effects = bench.wait_until(1, 8);
    assert_eq!(texts(effects).len(), 1, "it is 8:00");

    let mut bench = Bench::of("broadcast-order", &[PHONE]);
    bench.more_people(&[
        "+254700000111",
        "+254700000112",
        "+254700000113",
        "+254700000114",
        "+254700000115",
        "+254700000116",
    ]);
    let effects = bench.begin_broadcast(one("Hello"));
    let first = orders(effects);
    assert_eq!(first.len(), 4, "four at once");
    bench.give(tight());
    let SimOrder::Send { id, .. } = first[0] else { panic!() };
    let effects = bench.tell_sim(SimEvent::Sent {
        id,
        references: vec![1],
    });
    assert_eq!(texts(effects)[0].0, PHONE, "the alarm goes before the rest");
}

#[test]
fn what_is_in_the_outbox_in_the_evening_waits_for_the_morning() {
    let mut bench = Bench::of("broadcast-evening", &[]);
    bench.meet_jane();
    let effects = bench.begin_broadcast(one("Hello"));
    let SimOrder::Send { id, .. } = orders(effects)[0] else {
        panic!()
    };
    bench.wait_until(0, 19);
    let effects = bench.tell_sim(SimEvent::NotSent {
        id,
        word: "+CMS ERROR: 38".to_owned(),
        then: Then::TryLater,
    });
    drop(effects);
    let effects = bench.wait_until(0, 20);
    let late = texts(effects);
    let effects = bench.wait_until(1, 3);
    assert!(late.is_empty() && texts(effects).is_empty(), "nobody is woken");
    let effects = bench.wait_until(1, 8);
    assert_eq!(texts(effects).len(), 1);
}

#[test]
fn what_is_true_for_an_hour_is_not_sent_after_it() {
    let mut bench = Bench::of("broadcast-late", &[]);
    let phones: Vec<String> = (0..20).map(|number| format!("+2547000002{number:02}")).collect();
    bench.more_people(&phones.iter().map(String::as_str).collect::<Vec<_>>());
    let effects = bench.begin_broadcast(NewBroadcast {
        hours: 1,
        ..one("Water until six")
    });
    let handed = orders(effects);
    assert_eq!(handed.len(), 4);
    for order in &handed {
        let SimOrder::Send { validity_ms, .. } = order else {
            panic!("{order:?}")
        };
        assert_eq!(*validity_ms, Some(HOUR), "the network gives up then, too");
    }
    // What had no outcome in a quarter of an hour is given up, and the next follow.
    let next = bench.pass(HOUR / 2);
    let mut next = orders(next);
    next.retain(|order| matches!(order, SimOrder::Send { .. }));
    assert_eq!(next.len(), 4);
    let SimOrder::Send {
        validity_ms: Some(left_ms),
        ..
    } = next[0]
    else {
        panic!("{next:?}")
    };
    assert!(left_ms < HOUR / 2, "half of it is over");
    bench.restart();
    let effects = bench.plug_in("63902");
    assert_eq!(texts(effects).len(), 4, "half an hour is left");
    let effects = bench.pass(HOUR / 2);
    assert!(texts(effects).is_empty());
    let shown = bench.shown();
    assert_eq!(
        (
            shown.state.as_str(),
            shown.left,
            shown.late,
            shown.failed,
            shown.waiting
        ),
        ("late", 12, 8, 8, 0)
    );
    assert!(matches!(
        bench.broadcast("Another"),
        Ok(Told::Broadcast { people: 20, .. })
    ));
}

#[test]
fn a_box_that_was_off_overnight_sends_no_news_of_yesterday() {
    let mut bench = Bench::of("broadcast-off", &[]);
    bench.meet_jane();
    bench.wait_until(0, 19);
    bench.tell_sim(SimEvent::Down {
        why: "gone".to_owned(),
        needs_person: false,
    });
    bench.begin_broadcast(NewBroadcast {
        hours: 12,
        ..one("Water until six")
    });
    bench.restart();
    // The wall clock went on; the uptime did not.
    bench.off_ms = 14 * HOUR_MS;
    let effects = bench.plug_in("63902");
    let effects = [effects, bench.pass(1_000)].into_iter().flatten().collect();
    assert!(texts(effects).is_empty());
    assert_eq!((bench.shown().state.as_str(), bench.shown().late), ("late", 1));
}

#[test]
fn everybody_gets_a_text_in_their_language_else_in_the_sites() {
    let mut bench = Bench::of("broadcast-languages", &[]);
    bench.more_people(&["+254700000111", "+254700000112", "+254700000113"]);
    for (id, phone, language) in [
        (100, "+254700000111", "sw"),
        (101, "+254700000112", "fr"),
        (102, "+254700000113", ""),
    ] {
        let connection = bench.site().connection();
        crate::site::store::people::put_profile(connection, CustomerId(id), Some(phone), "Amina", language).unwrap();
    }
    let new = NewBroadcast {
        texts: vec![
            (Some(Language::Swahili), "Hakuna maji kesho".to_owned()),
            (Some(Language::English), "No water tomorrow".to_owned()),
        ],
        hours: 24,
    };
    let shown = plan(bench.command(Command::PlanBroadcast(new.clone())));
    let people: Vec<_> = shown.texts.iter().map(|text| (text.language, text.people)).collect();
    assert_eq!(people, [(Language::English, 2), (Language::Swahili, 1)]);
    assert_eq!((shown.people, shown.parts), (3, 3));
    let effects = bench.begin_broadcast(new);
    let mut got = bench.taken(effects);
    got.sort();
    let got: Vec<(&str, bool)> = got
        .iter()
        .map(|(to, body)| (to.as_str(), body.starts_with("Hakuna maji kesho")))
        .collect();
    assert_eq!(
        got,
        [
            ("+254700000111", true),
            ("+254700000112", false),
            ("+254700000113", false)
        ],
        "who speaks French gets what the site speaks"
    );
    assert_eq!(bench.shown().texts.len(), 2);
}

#[test]
fn what_the_network_did_not_take_is_not_tried_again_once_it_is_stopped() {
    let not_sent = |id| SimEvent::NotSent {
        id,
        word: "+CMS ERROR: 38".to_owned(),
        then: Then::TryLater,
    };
    for by_person in [true, false] {
        let mut bench = Bench::of("broadcast-under-way", &[]);
        bench.meet_jane();
        let effects = bench.begin_broadcast(one("Hello"));
        let SimOrder::Send { id, .. } = orders(effects)[0] else {
            panic!()
        };
        if by_person {
            bench.tell_sim(super::texts::received(PHONE, "STOP", 1));
        } else {
            let broadcast = bench.shown().id;
            bench.command(Command::StopBroadcast(broadcast)).unwrap();
        }
        bench.tell_sim(not_sent(id));
        let effects = bench.pass(HOUR);
        let to_everybody = texts(effects).into_iter().filter(|(_, body)| body.contains("Hello"));
        assert_eq!(to_everybody.count(), 0, "stopped by {by_person}");
        assert_eq!((bench.shown().failed, bench.shown().waiting), (1, 0));
    }
}

#[test]
fn a_text_to_everybody_is_stopped_for_those_who_have_not_got_it() {
    let mut bench = Bench::of("broadcast-stop", &[]);
    let phones: Vec<String> = (0..20).map(|number| format!("+2547000002{number:02}")).collect();
    bench.more_people(&phones.iter().map(String::as_str).collect::<Vec<_>>());
    let effects = bench.begin_broadcast(one("Hello"));
    let handed = orders(effects);
    let id = bench.shown().id;
    assert_eq!(bench.broadcast("Another"), Err(Refusal::BroadcastRuns));
    assert_eq!(bench.command(Command::StopBroadcast(id)), Ok(Told::Done));
    assert_eq!(
        bench.command(Command::StopBroadcast(id)),
        Ok(Told::Done),
        "twice is once"
    );
    for order in handed {
        let SimOrder::Send { id, .. } = order else { continue };
        let effects = bench.tell_sim(SimEvent::Sent {
            id,
            references: vec![1],
        });
        assert!(texts(effects).is_empty());
    }
    let effects = bench.pass(HOUR);
    assert!(texts(effects).is_empty());
    let shown = bench.shown();
    assert_eq!(
        (shown.state.as_str(), shown.left, shown.failed, shown.waiting),
        ("cancelled", 4, 16, 0)
    );
    assert_eq!(
        bench.command(Command::StopBroadcast(99)),
        Err(Refusal::Unknown("this text to everybody"))
    );
    assert!(matches!(
        bench.broadcast("Another"),
        Ok(Told::Broadcast { people: 20, .. })
    ));
}

#[test]
fn a_crash_in_the_midst_texts_nobody_twice_and_who_says_stop_gets_none() {
    let mut bench = Bench::of("broadcast-crash", &[]);
    let phones: Vec<String> = (0..20).map(|number| format!("+2547000002{number:02}")).collect();
    bench.more_people(&phones.iter().map(String::as_str).collect::<Vec<_>>());
    let effects = bench.begin_broadcast(one("Hello"));
    let mut got: Vec<String> = texts(effects).into_iter().map(|(to, _)| to).collect();
    bench.restart();
    let connection = bench.site().connection();
    inbox::stop(connection, &phones[19], Wall(0)).unwrap();
    crate::site::store::people::put_profile(connection, CustomerId(118), Some("+254700000999"), "Amina", "").unwrap();
    bench
        .site()
        .connection()
        .execute("UPDATE customer SET admitted = 0 WHERE id = 117", ())
        .unwrap();
    bench
        .site()
        .connection()
        .execute("UPDATE customer SET active = 0 WHERE id = 116", ())
        .unwrap();
    let effects = bench.plug_in("63902");
    got.extend(bench.taken(effects).into_iter().map(|(to, _)| to));
    for _ in 0..10 {
        let effects = bench.pass(1_000);
        got.extend(bench.taken(effects).into_iter().map(|(to, _)| to));
    }
    got.sort();
    assert_eq!(
        got,
        phones[..16],
        "each once; not who said STOP, has another number, left or was blocked since"
    );
    assert_eq!(bench.shown().state, "done");
}

#[test]
fn a_text_to_everybody_that_cannot_be_is_refused() {
    let mut bench = Bench::of("broadcast-refused", &[]);
    assert_eq!(bench.broadcast("Hello"), Err(Refusal::Nobody));
    bench.meet_jane();
    for (text, words) in [("  ", "empty"), (&"x".repeat(460), "4 parts")] {
        match bench.broadcast(text) {
            Err(Refusal::Field {
                field: "text_en",
                message,
            }) => assert!(message.contains(words), "{message}"),
            other => panic!("{other:?}"),
        }
    }
    let with = |texts: &[Language], hours| NewBroadcast {
        texts: texts
            .iter()
            .map(|language| (Some(*language), "Hello".to_owned()))
            .collect(),
        hours,
    };
    let english = Language::English;
    for (bad, field) in [
        (with(&[], 24), "text"),
        (with(&[english, Language::French, english], 24), "text_en"),
        (with(&[english], 0), "hours"),
        (with(&[english], HOURS_TRUE_MAX + 1), "hours"),
    ] {
        match bench.command(Command::Broadcast(bad)) {
            Err(Refusal::Field { field: named, .. }) => assert_eq!(named, field),
            other => panic!("{other:?}"),
        }
    }
    bench.give(tight());
    assert_eq!(bench.broadcast("Hello"), Err(Refusal::DiskLow));
    let mut bench = Bench::new("broadcast-no-modem");
    assert_eq!(bench.broadcast("Hello"), Err(Refusal::NoSim));
    assert_eq!(bench.command(Command::AskAirtime), Err(Refusal::NoSim));
}
