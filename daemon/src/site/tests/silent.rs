//! Dispensers that are not heard any more, over a SIM that the test plays.

use kiosk::talk::AlarmText;

use super::{texts::MINUTE_MS, *};
use crate::site::input::{Command, Heartbeat, ReplyId};

impl Bench {
    fn beat(&mut self, id: &str) -> Vec<Effect> {
        let beat = Heartbeat {
            firmware: "1.4.2".to_owned(),
            config_revision: None,
            state: "idle".to_owned(),
            pulses_total: None,
            rssi_dbm: None,
        };
        self.give(Input::Heartbeat(id.parse().unwrap(), beat))
    }

    fn add_dispenser(&mut self, id: &str) {
        let command = Command::AddDispenser {
            dispenser: id.parse().unwrap(),
            secret: [0; 32],
        };
        assert_eq!(self.command(command), Ok(Told::Done));
    }

    /// The texts of dispensers in so many minutes.
    fn silences(&mut self, minutes: u64) -> Vec<String> {
        let mut said = Vec::new();
        for _ in 0..minutes {
            let effects = self.pass(MINUTE_MS);
            said.extend(self.taken(effects).into_iter().map(|(_, body)| body));
        }
        said.retain(|body| body.contains("dispenser"));
        said
    }
}

#[test]
fn a_dispenser_that_falls_silent_is_told_once_until_it_was_heard_again() {
    let mut bench = Bench::of("silent", &[PHONE]);
    for id in ["tap-1", "tap-2", "tap-3", "new", "http"] {
        bench.add_dispenser(id);
    }
    bench.beat("tap-1");
    bench.beat("http");
    let report = Report {
        request: "r1".parse().unwrap(),
        volume: Volume::from_ml(0),
        outcome: kiosk::fact::Outcome::Stopped,
    };
    bench.give(Input::Poured(Door::Http("http".parse().unwrap(), ReplyId(5)), report));
    for _ in 0..20 {
        assert_eq!(bench.silences(1), [] as [String; 0]);
        bench.beat("tap-2");
        bench.beat("tap-3");
    }
    assert_eq!(bench.silences(9), [] as [String; 0], "29 minutes");
    // The others have been silent for ten by then: a switch without power is one alarm.
    assert_eq!(
        bench.silences(2),
        [
            "Kibera 3: dispenser tap-1 has not been heard for 30 minutes, and 2 more are silent. Look at their power and network."
        ]
    );
    assert_eq!(bench.silences(24 * 60), [] as [String; 0], "once");
    assert_eq!(bench.alarms_said(), ["dispenser_silent"]);
    bench.restart();
    bench.plug_in("63902");
    assert_eq!(bench.silences(60), [] as [String; 0], "a restart is no news");
    bench.beat("tap-2");
    assert_eq!(
        bench.silences(31),
        ["Kibera 3: dispenser tap-2 has not been heard for 30 minutes. Look at its power and its network."]
    );
    assert_eq!(bench.alarms_said(), ["dispenser_silent"], "in this run");
}

#[test]
fn a_run_gives_dispensers_time_and_misses_none_that_is_switched_off() {
    let mut bench = Bench::of("silent-start", &[PHONE]);
    bench.add_dispenser("tap-1");
    bench.add_dispenser("tap-2");
    bench.beat("tap-1");
    bench.beat("tap-2");
    let off = Command::EnableDispenser {
        dispenser: "tap-2".parse().unwrap(),
        enabled: false,
    };
    assert_eq!(bench.command(off), Ok(Told::Done));
    assert_eq!(bench.silences(25), [] as [String; 0]);
    bench.restart();
    bench.plug_in("63902");
    assert_eq!(bench.silences(29), [] as [String; 0], "it had no time to be heard");
    let said = bench.silences(2);
    assert!(said.len() == 1 && said[0].contains("dispenser tap-1 has"), "{said:?}");
    // Another box has taken its place, and its dispensers.
    let mut bench = Bench::of("silent-retired", &[PHONE]);
    bench.add_dispenser("tap-1");
    bench.beat("tap-1");
    bench.retire();
    assert_eq!(bench.silences(60), [] as [String; 0]);
}

#[test]
fn dispensers_that_fall_silent_in_turns_leave_texts_for_other_alarms() {
    let mut bench = Bench::of("silent-many", &[PHONE]);
    let taps: Vec<String> = (1..=7).map(|number| format!("tap-{number}")).collect();
    for id in &taps {
        bench.add_dispenser(id);
        bench.beat(id);
    }
    let mut said = Vec::new();
    for gone in 1..=taps.len() {
        for _ in 0..31 {
            for id in &taps[gone..] {
                bench.beat(id);
            }
            said.extend(bench.silences(1));
        }
    }
    assert_eq!(said.len(), 5, "{said:?}");
    assert_eq!(bench.alarms_said().len(), 7, "the hub hears of all");
    let moment = bench.moment();
    let site = bench.site();
    site.begin().unwrap();
    site.tell_technicians(&moment, "pin_spraying", AlarmText::PinSpraying)
        .unwrap();
    site.commit().unwrap();
    let effects = bench.pass(MINUTE_MS);
    assert_eq!(bench.taken(effects).len(), 1);
}

#[test]
fn a_dispenser_that_asked_by_http_in_between_is_missed_all_the_same() {
    let mut bench = Bench::of("silent-both", &[PHONE]);
    bench.add_dispenser("tap-1");
    bench.beat("tap-1");
    let report = Report {
        request: "r1".parse().unwrap(),
        volume: Volume::from_ml(0),
        outcome: kiosk::fact::Outcome::Stopped,
    };
    bench.give(Input::Poured(Door::Http("tap-1".parse().unwrap(), ReplyId(5)), report));
    assert_eq!(bench.silences(1), [] as [String; 0]);
    bench.beat("tap-1");
    assert_eq!(bench.silences(31).len(), 1);
}
