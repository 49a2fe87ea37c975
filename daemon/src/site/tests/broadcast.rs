//! One text to everybody of a site, over a SIM that the test plays.

use kiosk::moment::HOUR_MS;

use super::{
    care::{orders, texts, tight},
    *,
};
use crate::site::{
    broadcast::BroadcastPlan,
    delivery::Then,
    input::{Command, ReplyId},
    sim::{SimEvent, SimOrder},
    store::{broadcasts, broadcasts::BroadcastShown},
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

    fn broadcast(&mut self, text: &str) -> Result<Told, Refusal> {
        let text = text.to_owned();
        self.command(Command::Broadcast { text })
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
    crate::site::store::inbox::stop(connection, "+254700000104", Wall(0)).unwrap();
    let text = "No water tomorrow from 9 to 12.".to_owned();
    let shown = plan(bench.command(Command::PlanBroadcast { text: text.clone() }));
    assert_eq!(shown.body, "No water tomorrow from 9 to 12. Stop: reply STOP");
    assert_eq!((shown.people, shown.parts), (3, 1));
    let left_out: Vec<(&str, u32)> = shown.left_out.iter().map(|(why, count)| (why.name(), *count)).collect();
    assert_eq!(left_out, [("stopped", 1), ("same_number", 1)]);
    // 200 a day: answers keep half of them, alarms a tenth.
    assert_eq!(shown.parts_left, 200 - 100 - 20);
    let effects = bench.give(Input::Told(ReplyId(1), Command::Broadcast { text }));
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
    crate::site::store::inbox::stop(connection, "+254700000104", Wall(0)).unwrap();
    let end = |phone: &str| Command::EndStop {
        phone: phone.to_owned(),
    };
    assert!(matches!(
        bench.command(end("kiosk")),
        Err(Refusal::Field { field: "phone", .. })
    ));
    assert_eq!(bench.command(end("0700000104")), Ok(Told::Done));
    let connection = bench.site().connection();
    assert!(!crate::site::store::inbox::is_stopped(connection, "+254700000104").unwrap());
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
    let effects = bench.give(Input::Told(
        ReplyId(1),
        Command::Broadcast {
            text: "Hello".to_owned(),
        },
    ));
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
    let effects = bench.give(Input::Told(
        ReplyId(1),
        Command::Broadcast {
            text: "Hello".to_owned(),
        },
    ));
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
    let effects = bench.wait_until(2, 9);
    assert_eq!(texts(effects).len(), 1, "a text to everybody does not grow too old");
}

#[test]
fn a_text_to_everybody_is_stopped_for_those_who_have_not_got_it() {
    let mut bench = Bench::of("broadcast-stop", &[]);
    let phones: Vec<String> = (0..20).map(|number| format!("+2547000002{number:02}")).collect();
    bench.more_people(&phones.iter().map(String::as_str).collect::<Vec<_>>());
    let effects = bench.give(Input::Told(
        ReplyId(1),
        Command::Broadcast {
            text: "Hello".to_owned(),
        },
    ));
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
    let effects = bench.give(Input::Told(
        ReplyId(1),
        Command::Broadcast {
            text: "Hello".to_owned(),
        },
    ));
    let mut got: Vec<String> = texts(effects).into_iter().map(|(to, _)| to).collect();
    bench.restart();
    let connection = bench.site().connection();
    crate::site::store::inbox::stop(connection, &phones[19], Wall(0)).unwrap();
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
            Err(Refusal::Field { field: "text", message }) => assert!(message.contains(words), "{message}"),
            other => panic!("{other:?}"),
        }
    }
    bench.give(tight());
    assert_eq!(bench.broadcast("Hello"), Err(Refusal::DiskLow));
    let mut bench = Bench::new("broadcast-no-modem");
    assert_eq!(bench.broadcast("Hello"), Err(Refusal::NoSim));
    assert_eq!(bench.command(Command::AskAirtime), Err(Refusal::NoSim));
}
