//! Airtime, alarms by SMS and texts to everybody, over a SIM that the test plays.

use std::collections::BTreeMap;

use kiosk::{
    airtime::{AIRTIME, BUNDLE, Pattern},
    moment::{DAY_MS, HOUR_MS, MINUTE_MS},
};

use super::*;
use crate::site::{
    airtime::{AirtimeStatus, OperatorCodes},
    broadcast::BroadcastPlan,
    call::CallId,
    care::{ALARMS_PER_DAY_MAX, Care},
    delivery::Then,
    input::{Command, ReplyId},
    room::Room,
    sim::{SimEvent, SimIdentity, SimNetwork, SimOrder, SimSettings, TextId},
    store::{broadcasts, broadcasts::BroadcastShown},
};

const DAY: u64 = DAY_MS.unsigned_abs();
const HOUR: u64 = HOUR_MS.unsigned_abs();
const MINUTE: u64 = MINUTE_MS.unsigned_abs();
/// Local midnight of the bench's first day, and its time: 1,790,000,000 s is 17:13:20 on 2026-09-21 in Nairobi.
const FIRST_MIDNIGHT: i64 = 1_790_000_000_000 - (17 * 3_600 + 13 * 60 + 20) * 1_000;

fn care(technicians: &[&str]) -> Care {
    let codes = OperatorCodes {
        code: "*144#".to_owned(),
        pattern: Pattern::parse(AIRTIME).unwrap(),
        bundle_code: None,
        bundle_pattern: Pattern::parse(BUNDLE).unwrap(),
    };
    Care {
        technicians: technicians
            .iter()
            .map(|phone| kiosk::phone::Phone::parse(phone, kiosk::phone::Country::Kenya).unwrap())
            .collect(),
        airtime_low_units: 50,
        operators: BTreeMap::from([("63902".to_owned(), codes)]),
    }
}

/// A SIM without a number of the hub: nothing is kept for sync.
fn sim() -> SimSettings {
    SimSettings {
        hub_number: None,
        hub_code: None,
        ..super::texts::settings()
    }
}

/// What the SIM is asked by these effects.
fn orders(effects: Vec<Effect>) -> Vec<SimOrder> {
    let order = |effect| match effect {
        Effect::Sim(order) => Some(order),
        _ => None,
    };
    effects.into_iter().filter_map(order).collect()
}

/// The texts among orders: to whom, and what.
fn texts(effects: Vec<Effect>) -> Vec<(String, String)> {
    let text = |order| match order {
        SimOrder::Send { to, body, .. } => Some((to, body)),
        _ => None,
    };
    orders(effects).into_iter().filter_map(text).collect()
}

fn network(operator_code: &str) -> SimEvent {
    SimEvent::Network(SimNetwork {
        is_registered: true,
        registration: "home",
        operator: "Safaricom".to_owned(),
        operator_code: operator_code.to_owned(),
        signal_dbm: Some(-83),
        technology: "LTE",
    })
}

impl Bench {
    fn of(name: &str, technicians: &[&str]) -> Bench {
        let mut bench = Bench::with(name, care(technicians), Some(sim()));
        bench.plug_in("63902");
        bench
    }

    fn plug_in(&mut self, operator_code: &str) -> Vec<Effect> {
        let mut effects = self.tell_sim(SimEvent::Ready(SimIdentity::default()));
        effects.extend(self.tell_sim(network(operator_code)));
        effects
    }

    fn tell_sim(&mut self, event: SimEvent) -> Vec<Effect> {
        self.give(Input::Sim(event))
    }

    fn pass(&mut self, ms: u64) -> Vec<Effect> {
        self.monotonic_ms += ms;
        self.give(Input::Tick)
    }

    /// Waits until this hour of a local day after the first.
    fn wait_until(&mut self, day: i64, hour: i64) -> Vec<Effect> {
        let at = FIRST_MIDNIGHT + day * DAY_MS + hour * HOUR_MS;
        let now = 1_790_000_000_000 + i64::try_from(self.monotonic_ms).unwrap();
        self.pass(u64::try_from(at - now).unwrap())
    }

    /// What is dialled, if anything.
    fn dialled(&mut self, effects: Vec<Effect>) -> Option<(CallId, String)> {
        orders(effects).into_iter().find_map(|order| match order {
            SimOrder::Dial { id, code } => Some((id, code)),
            _ => None,
        })
    }

    fn answers(&mut self, id: CallId, text: &str) -> Vec<Effect> {
        self.tell_sim(SimEvent::Said {
            id: Some(id),
            text: text.to_owned(),
            is_open: false,
        })
    }

    /// A day goes by, in which the operator is asked and says this.
    fn day_with_answer(&mut self, text: &str) -> Vec<Effect> {
        let effects = self.pass(DAY);
        let (id, _) = self.dialled(effects).expect("the operator is asked");
        self.answers(id, text)
    }

    /// All that was handed to the SIM was taken by the network: the next may follow.
    fn taken(&mut self, effects: Vec<Effect>) -> Vec<(String, String)> {
        let mut sent = Vec::new();
        let mut open = effects;
        loop {
            let sends: Vec<(TextId, String, String)> = orders(std::mem::take(&mut open))
                .into_iter()
                .filter_map(|order| match order {
                    SimOrder::Send { id, to, body, .. } => Some((id, to, body)),
                    _ => None,
                })
                .collect();
            if sends.is_empty() {
                return sent;
            }
            for (id, to, body) in sends {
                sent.push((to, body));
                let references = vec![1];
                open.extend(self.tell_sim(SimEvent::Sent { id, references }));
            }
        }
    }

    fn airtime(&mut self) -> AirtimeStatus {
        self.sim_status().airtime
    }

    fn command(&mut self, command: Command) -> Result<Told, Refusal> {
        let effects = self.give(Input::Told(ReplyId(1), command));
        let reply = |effect| match effect {
            Effect::Reply(_, reply) => Some(reply),
            _ => None,
        };
        effects.into_iter().find_map(reply).expect("a reply")
    }

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

fn tight() -> Input {
    Input::Room(Room {
        free_bytes: 1 << 20,
        has_ballast: false,
        is_owed: true,
    })
}

fn ample() -> Input {
    Input::Room(Room {
        free_bytes: 1 << 40,
        has_ballast: true,
        is_owed: false,
    })
}

#[test]
fn the_operator_is_asked_once_a_day_and_the_answer_is_kept() {
    let mut bench = Bench::of("airtime-daily", &[]);
    let effects = bench.pass(1_000);
    let (id, code) = bench.dialled(effects).expect("asked at once when nothing is known");
    assert_eq!(code, "*144#");
    bench.answers(id, "Airtime Bal: 1,025.50KSH");
    let told = bench.airtime();
    assert_eq!(told.left, Some(kiosk::units::Money::new(102_550, Currency::Kes)));
    assert!(told.told.is_some() && !told.is_low && told.trouble.is_none() && told.can_ask);
    let effects = bench.pass(DAY - 60_000);
    assert_eq!(bench.dialled(effects), None, "not twice a day");
    let effects = bench.pass(60_000);
    assert!(bench.dialled(effects).is_some());
    bench.restart();
    bench.plug_in("63902");
    assert_eq!(bench.airtime().left, told.left, "a crash forgets nothing");
}

#[test]
fn only_the_operator_that_the_settings_know_is_asked_and_none_while_a_session_is_open() {
    let mut bench = Bench::with("airtime-operator", care(&[]), Some(sim()));
    bench.plug_in("63903");
    let effects = bench.pass(1_000);
    assert_eq!(bench.dialled(effects), None);
    assert_eq!(
        bench.command(Command::AskAirtime),
        Err(Refusal::CannotAsk("63903".to_owned()))
    );
    assert!(!bench.airtime().can_ask);
    bench.tell_sim(network("63902"));
    // Sync talks to the hub by USSD.
    let moment = bench.moment();
    let opened = bench.site().dial(&moment, crate::site::call::Call::Sync, "*384*303#");
    let (session, _) = bench.dialled(opened).unwrap();
    for _ in 0..2 {
        let effects = bench.pass(1_000);
        assert_eq!(bench.dialled(effects), None, "a session is open");
    }
    assert_eq!(bench.command(Command::AskAirtime), Ok(Told::Done), "it waits its turn");
    bench.tell_sim(SimEvent::Ended {
        id: session,
        why: "done".to_owned(),
    });
    let effects = bench.pass(1_000);
    assert!(bench.dialled(effects).is_some());
}

#[test]
fn a_person_asks_now_and_a_menu_is_hung_up() {
    let mut bench = Bench::of("airtime-now", &[]);
    let effects = bench.pass(1_000);
    let (id, _) = bench.dialled(effects).unwrap();
    let effects = bench.tell_sim(SimEvent::Said {
        id: Some(id),
        text: "Bal: 80.00 1) Bundles 2) Back".to_owned(),
        is_open: true,
    });
    assert!(orders(effects).contains(&SimOrder::HangUp(id)));
    assert_eq!(bench.airtime().left.map(|left| left.minor), Some(8_000));
    let effects = bench.give(Input::Told(ReplyId(1), Command::AskAirtime));
    assert!(bench.dialled(effects).is_some(), "long before a day is over");
}

#[test]
fn little_airtime_is_one_alarm_until_it_rose_again() {
    let mut bench = Bench::of("airtime-low", &[PHONE]);
    let effects = bench.pass(1_000);
    let (id, _) = bench.dialled(effects).unwrap();
    bench.answers(id, "Bal: 50.00");
    assert_eq!(bench.alarms(), Vec::<String>::new(), "50 is not less than 50");
    let effects = bench.day_with_answer("Bal: 49.99");
    assert_eq!(
        bench.taken(effects),
        [(
            PHONE.to_owned(),
            "Kibera 3: only KES 49.99 of airtime is left on its SIM card. Please top it up.".to_owned()
        )]
    );
    assert!(bench.airtime().is_low);
    bench.day_with_answer("Bal: 30.00");
    assert_eq!(bench.alarms(), ["airtime_low"], "it was said");
    bench.day_with_answer("Bal: 500.00");
    bench.day_with_answer("Bal: 10.00");
    assert_eq!(bench.alarms(), ["airtime_low", "airtime_low"]);
}

#[test]
fn three_days_without_an_answer_are_one_alarm() {
    let mut bench = Bench::of("airtime-unknown", &[]);
    let effects = bench.pass(1_000);
    let (id, _) = bench.dialled(effects).unwrap();
    bench.answers(id, "Bal: 500.00");
    let effects = bench.day_with_answer("Service is not available");
    assert!(texts(effects).is_empty());
    let told = bench.airtime();
    assert!(told.trouble.unwrap().contains("Service is not available"));
    assert_eq!(told.left.map(|left| left.minor), Some(50_000), "what was known stays");
    let fail = |bench: &mut Bench, hours: u64| {
        for _ in 0..hours {
            let effects = bench.pass(HOUR);
            let (id, _) = bench.dialled(effects).expect("asked again each hour");
            bench.tell_sim(SimEvent::Ended {
                id,
                why: "the network did not answer in time".to_owned(),
            });
        }
    };
    fail(&mut bench, 71);
    assert_eq!(bench.alarms(), Vec::<String>::new());
    fail(&mut bench, 3);
    assert_eq!(bench.alarms(), ["airtime_unknown"]);
    fail(&mut bench, 3);
    assert_eq!(bench.alarms(), ["airtime_unknown"], "once");
    assert!(bench.airtime().trouble.unwrap().contains("in time"));
}

#[test]
fn an_alarm_is_texted_to_each_technician_once_in_six_hours() {
    let mut bench = Bench::of("alarm-texts", &["+254700000102", "+256770000103"]);
    let effects = bench.give(tight());
    let sent = bench.taken(effects);
    let numbers: Vec<&str> = sent.iter().map(|(to, _)| to.as_str()).collect();
    assert_eq!(numbers, ["+254700000102", "+256770000103"]);
    assert!(sent[0].1.starts_with("Kibera 3: the disk is nearly full."), "{sent:?}");
    bench.give(ample());
    let effects = bench.give(tight());
    assert!(bench.taken(effects).is_empty(), "the same alarm again");
    assert_eq!(bench.alarms(), ["disk_low", "disk_low"], "the hub hears of both");
    bench.pass(6 * HOUR);
    bench.give(ample());
    let effects = bench.give(tight());
    assert_eq!(bench.taken(effects).len(), 2);
}

#[test]
fn a_bad_day_texts_ten_alarms_at_most_and_a_restart_forgets_none() {
    let mut bench = Bench::of("alarm-limit", &[PHONE]);
    let mut sent = 0;
    for number in 0..15_u32 {
        let moment = bench.moment();
        let site = bench.site();
        site.begin().unwrap();
        site.alarm(&moment, &format!("trouble_{number}"), "").unwrap();
        site.commit().unwrap();
        let effects = bench.pass(10);
        sent += bench.taken(effects).len();
        if number == 4 {
            bench.restart();
            bench.plug_in("63902");
        }
    }
    assert_eq!(sent, ALARMS_PER_DAY_MAX as usize);
    bench.wait_until(1, 9);
    let moment = bench.moment();
    let site = bench.site();
    site.begin().unwrap();
    site.alarm(&moment, "trouble_99", "").unwrap();
    site.commit().unwrap();
    let effects = bench.pass(10);
    assert_eq!(bench.taken(effects).len(), 1, "a new day");
}

#[test]
fn a_site_without_technicians_or_modem_texts_nobody() {
    let mut bench = Bench::of("alarm-nobody", &[]);
    let effects = bench.give(tight());
    assert!(texts(effects).is_empty());
    let mut bench = Bench::with("alarm-no-modem", care(&[PHONE]), None);
    let effects = bench.give(tight());
    assert!(texts(effects).is_empty());
    assert_eq!(bench.alarms(), ["disk_low"]);
}

#[test]
fn a_modem_that_stays_away_is_one_alarm_and_says_so_when_it_is_back() {
    let mut bench = Bench::of("modem-away", &[PHONE]);
    bench.tell_sim(SimEvent::Down {
        why: "the modem's port is gone".to_owned(),
        needs_person: false,
    });
    bench.pass(1_000);
    bench.pass(29 * MINUTE);
    assert_eq!(bench.alarms(), Vec::<String>::new());
    bench.pass(2 * MINUTE);
    bench.pass(DAY);
    assert_eq!(bench.alarms(), ["modem_down"]);
    bench.plug_in("63902");
    let effects = bench.pass(1_000);
    let sent = bench.taken(effects);
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!(sent[0].1.contains("works again after 1471 minutes"), "{sent:?}");
    let effects = bench.pass(1_000);
    assert!(bench.taken(effects).is_empty());
}

#[test]
fn a_box_that_may_not_sell_for_good_says_so() {
    let mut bench = Bench::of("care-retired", &[PHONE]);
    let moment = bench.moment();
    let site = bench.site();
    site.begin().unwrap();
    site.retire(&moment).unwrap();
    site.commit().unwrap();
    let effects = bench.pass(1_000);
    assert!(bench.taken(effects)[0].1.contains("another box has taken its place"));

    let mut bench = Bench::of("care-medium", &[PHONE]);
    let moved = Enrolment {
        medium: [1; 8],
        ..enrolment()
    };
    bench.give(Input::Joined(Box::new(moved)));
    let effects = bench.give(Input::Started);
    assert!(bench.taken(effects)[0].1.contains("not the card or disk that joined"));
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
    let effects = bench.plug_in("63902");
    got.extend(bench.taken(effects).into_iter().map(|(to, _)| to));
    for _ in 0..10 {
        let effects = bench.pass(1_000);
        got.extend(bench.taken(effects).into_iter().map(|(to, _)| to));
    }
    got.sort();
    assert_eq!(
        got,
        phones[..18],
        "each once; not who said STOP, nor who has another number since"
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
