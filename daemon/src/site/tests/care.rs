//! Airtime and alarms by SMS, over a SIM that the test plays.

use std::collections::BTreeMap;

use kiosk::{
    airtime::{AIRTIME, BUNDLE, Pattern},
    moment::{DAY_MS, HOUR_MS, MINUTE_MS},
};

use super::*;
use crate::site::{
    airtime::{AirtimeStatus, CannotAsk, OperatorCodes},
    call::CallId,
    care::{ALARMS_PER_DAY_MAX, Care},
    input::{Command, ReplyId},
    room::Room,
    sim::{SimEvent, SimIdentity, SimNetwork, SimOrder, SimSettings, TextId},
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
        dispenser_silent_ms: 30 * MINUTE,
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
pub(super) fn orders(effects: Vec<Effect>) -> Vec<SimOrder> {
    let order = |effect| match effect {
        Effect::Sim(order) => Some(order),
        _ => None,
    };
    effects.into_iter().filter_map(order).collect()
}

/// The texts among orders: to whom, and what.
pub(super) fn texts(effects: Vec<Effect>) -> Vec<(String, String)> {
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
    /// The hub says that another box has taken this one's place.
    pub(super) fn retire(&mut self) {
        let moment = self.moment();
        let site = self.site();
        site.begin().unwrap();
        site.retire(&moment).unwrap();
        site.commit().unwrap();
    }

    pub(super) fn of(name: &str, technicians: &[&str]) -> Bench {
        let mut bench = Bench::with(name, care(technicians), Some(sim()));
        bench.plug_in("63902");
        bench
    }

    pub(super) fn plug_in(&mut self, operator_code: &str) -> Vec<Effect> {
        let mut effects = self.tell_sim(SimEvent::Ready(SimIdentity::default()));
        effects.extend(self.tell_sim(network(operator_code)));
        effects
    }

    pub(super) fn tell_sim(&mut self, event: SimEvent) -> Vec<Effect> {
        self.give(Input::Sim(event))
    }

    pub(super) fn pass(&mut self, ms: u64) -> Vec<Effect> {
        self.monotonic_ms += ms;
        self.give(Input::Tick)
    }

    /// Waits until this hour of a local day after the first.
    pub(super) fn wait_until(&mut self, day: i64, hour: i64) -> Vec<Effect> {
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
    pub(super) fn taken(&mut self, effects: Vec<Effect>) -> Vec<(String, String)> {
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

    pub(super) fn command(&mut self, command: Command) -> Result<Told, Refusal> {
        let effects = self.give(Input::Told(ReplyId(1), command));
        let reply = |effect| match effect {
            Effect::Reply(_, reply) => Some(reply),
            _ => None,
        };
        effects.into_iter().find_map(reply).expect("a reply")
    }
}

pub(super) fn tight() -> Input {
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
    assert!(told.told.is_some() && !told.is_low && told.trouble.is_none() && told.cannot_ask.is_none());
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
        Err(Refusal::CannotAsk(CannotAsk::NotNamed("63903".to_owned())))
    );
    assert_eq!(
        bench.airtime().cannot_ask,
        Some(CannotAsk::NotNamed("63903".to_owned()))
    );
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
fn why_nobody_can_be_asked_is_told_apart() {
    let mut bench = Bench::unjoined("airtime-why", care(&[]), Some(sim()));
    let says = |bench: &mut Bench, why: CannotAsk| {
        assert_eq!(bench.airtime().cannot_ask, Some(why.clone()));
        assert_eq!(bench.command(Command::AskAirtime), Err(Refusal::CannotAsk(why)));
    };
    says(&mut bench, CannotAsk::ModemAway);
    bench.tell_sim(SimEvent::Ready(SimIdentity::default()));
    says(&mut bench, CannotAsk::NoNetwork);
    bench.tell_sim(network("63902"));
    says(&mut bench, CannotAsk::NotJoined);
    let mut bench = Bench::with("airtime-why-joined", care(&[]), Some(sim()));
    bench.plug_in("");
    says(&mut bench, CannotAsk::OperatorUntold);
    bench.plug_in("63903");
    says(&mut bench, CannotAsk::NotNamed("63903".to_owned()));
    bench.tell_sim(SimEvent::Down {
        why: "the modem's port is gone".to_owned(),
        needs_person: false,
    });
    says(&mut bench, CannotAsk::ModemAway);
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
    assert_eq!(bench.alarms_said(), Vec::<String>::new(), "50 is not less than 50");
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
    assert_eq!(bench.alarms_said(), ["airtime_low"], "it was said");
    bench.day_with_answer("Bal: 500.00");
    bench.day_with_answer("Bal: 10.00");
    assert_eq!(bench.alarms_said(), ["airtime_low", "airtime_low"]);
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
    let trouble = told.trouble.unwrap();
    for words in ["Service is not available", "airtime.operators.63902.pattern"] {
        assert!(trouble.contains(words), "{trouble}");
    }
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
    assert_eq!(bench.alarms_said(), Vec::<String>::new());
    fail(&mut bench, 3);
    assert_eq!(bench.alarms_said(), ["airtime_unknown"]);
    fail(&mut bench, 3);
    assert_eq!(bench.alarms_said(), ["airtime_unknown"], "once");
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
    assert_eq!(bench.alarms_said(), ["disk_low", "disk_low"], "the hub hears of both");
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
    assert_eq!(bench.alarms_said(), ["disk_low"]);
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
    assert_eq!(bench.alarms_said(), Vec::<String>::new());
    bench.pass(2 * MINUTE);
    bench.pass(DAY);
    assert_eq!(bench.alarms_said(), ["modem_down"]);
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
    bench.retire();
    let effects = bench.pass(1_000);
    assert!(bench.taken(effects)[0].1.contains("another box has taken its place"));
    bench.monotonic_ms += 7 * HOUR_MS.unsigned_abs();
    bench.retire();
    let effects = bench.pass(1_000);
    assert_eq!(bench.taken(effects), [], "once, however often the hub says so");

    let mut bench = Bench::of("care-medium", &[PHONE]);
    let moved = Enrolment {
        medium: [1; 8],
        ..enrolment()
    };
    bench.give(Input::Joined(Box::new(moved)));
    let effects = bench.give(Input::Started);
    assert!(bench.taken(effects)[0].1.contains("not the card or disk that joined"));
}
