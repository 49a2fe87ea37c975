//! Texts by the site's own SIM: written down before their places are freed, sent at most once, within a day's budget.

use kiosk::ids::LogKey;
use sync::journal::{Logs as _, Stored};

use super::{
    super::{
        delivery::{Fate, Purpose, Said, SimText, TextState, Then},
        effect::Status,
        input::{Command, ReplyId},
        sim::{Received, SimEvent, SimIdentity, SimNetwork, SimOrder, SimStatus, TextId},
        store::{inbox, outbox},
    },
    *,
};

pub(super) const AMINA: &str = "+254711222333";
pub(super) const MINUTE_MS: u64 = 60_000;
pub(super) const HOUR_MS: u64 = 60 * MINUTE_MS;

pub(super) fn settings() -> SimSettings {
    SimSettings {
        parts_per_day: 200,
        sync_texts_per_day: 60,
        commands_per_day: 10,
        hub_number: None,
        hub_code: None,
        thin_after_ms: 10 * MINUTE_MS,
        thin_linger_ms: HOUR_MS,
    }
}

/// A site with Jane, and a SIM that is in its network.
pub(super) fn with_sim(name: &str, settings: SimSettings) -> Bench {
    let mut bench = ready(name);
    bench.sim = Some(settings);
    bench.restart();
    bench.sim_up();
    bench
}

pub(super) fn network(is_registered: bool) -> SimEvent {
    SimEvent::Network(SimNetwork {
        is_registered,
        registration: "home",
        operator: "Safaricom".to_owned(),
        operator_code: "63902".to_owned(),
        signal_dbm: Some(-81),
        technology: "LTE",
    })
}

pub(super) fn orders(effects: Vec<Effect>) -> Vec<SimOrder> {
    let order = |effect| match effect {
        Effect::Sim(order) => Some(order),
        _ => None,
    };
    effects.into_iter().filter_map(order).collect()
}

/// What is sent: id, receiver, words.
pub(super) fn sent(orders: &[SimOrder]) -> Vec<(TextId, String, String)> {
    let send = |order: &SimOrder| match order {
        SimOrder::Send { id, to, body, .. } => Some((*id, to.clone(), body.clone())),
        _ => None,
    };
    orders.iter().filter_map(send).collect()
}

pub(super) fn received(from: &str, words: &str, stamp_ms: i64) -> SimEvent {
    SimEvent::Received(Received {
        slots: vec![3],
        from: from.to_owned(),
        body: Ok(words.to_owned()),
        stamp_ms: Some(stamp_ms),
        is_incomplete: false,
    })
}

impl Bench {
    pub(super) fn sim(&mut self, event: SimEvent) -> Vec<SimOrder> {
        orders(self.give(Input::Sim(event)))
    }

    pub(super) fn sim_up(&mut self) -> Vec<SimOrder> {
        let mut orders = self.sim(SimEvent::Ready(SimIdentity::default()));
        orders.extend(self.sim(network(true)));
        orders
    }

    /// Time goes by in steps of a minute, with all that it brings.
    pub(super) fn wait(&mut self, ms: u64) -> Vec<SimOrder> {
        let end = self.monotonic_ms + ms;
        let mut orders = Vec::new();
        while self.monotonic_ms + MINUTE_MS < end {
            self.monotonic_ms += MINUTE_MS;
            orders.extend(self::orders(self.give(Input::Tick)));
        }
        self.monotonic_ms = end;
        orders.extend(self::orders(self.give(Input::Tick)));
        orders
    }

    /// Somebody here wants a text sent.
    pub(super) fn say(&mut self, purpose: Purpose, to: &str, body: &str) -> Said {
        let moment = self.moment();
        let site = self.site();
        site.begin().unwrap();
        let text = SimText {
            purpose,
            to,
            body,
            asked: None,
            until: None,
            validity_ms: None,
        };
        let said = site.say_by_sim(&moment, &text).unwrap();
        site.commit().unwrap();
        said
    }

    pub(super) fn tick(&mut self) -> Vec<SimOrder> {
        orders(self.give(Input::Tick))
    }

    pub(super) fn states(&mut self) -> Vec<TextState> {
        let mut shown = outbox::newest(self.site().connection(), 100).unwrap();
        shown.reverse();
        shown.into_iter().map(|text| text.state).collect()
    }

    pub(super) fn kinds(&mut self) -> Vec<String> {
        let mut shown = inbox::newest(self.site().connection(), 100).unwrap();
        shown.reverse();
        shown.into_iter().map(|text| text.kind).collect()
    }

    pub(super) fn status(&mut self) -> Status {
        let effects = self.give(Input::Told(ReplyId(1), Command::Status));
        let told = effects.into_iter().find_map(|effect| match effect {
            Effect::Reply(_, Ok(Told::Status(status))) => Some(*status),
            _ => None,
        });
        told.unwrap()
    }

    pub(super) fn sim_status(&mut self) -> SimStatus {
        self.status().sim.unwrap()
    }

    /// Records of this run in a lane, as far as they can be read.
    pub(super) fn written(&mut self, lane: Lane) -> Vec<Record> {
        let key = LogKey {
            box_id: BoxId(9),
            by: Writer::Site,
            lane,
            epoch: self.site().pen.epoch,
        };
        let logs = super::super::store::logs(self.site().connection());
        let stored = logs.read(&key, 1, 1_000_000).unwrap();
        let read = |stored| match stored {
            Stored::Bytes(bytes) => Record::decode(key.by, key.lane, &bytes).ok(),
            _ => None,
        };
        stored.into_iter().filter_map(read).collect()
    }

    pub(super) fn alarms_said(&mut self) -> Vec<String> {
        let code = |record| match record {
            Record::Alarm(alarm) => Some(alarm.code),
            _ => None,
        };
        self.written(Lane::Alarms).into_iter().filter_map(code).collect()
    }
}

#[test]
fn a_text_told_again_changes_nothing_but_its_places_are_freed() {
    let mut bench = with_sim("texts-again", settings());
    let first = bench.sim(received(PHONE, "BALANCE", 1_790_000_000_000));
    assert_eq!(sent(&first).len(), 1);
    assert!(first.contains(&SimOrder::Forget(vec![3])));
    bench.restart();
    bench.sim_up();
    let again = bench.sim(received(PHONE, "BALANCE", 1_790_000_000_000));
    assert_eq!(again, [SimOrder::Forget(vec![3])], "killed before the place was freed");
    assert_eq!(bench.kinds(), ["read"]);
    let later = bench.sim(received(PHONE, "BALANCE", 1_790_000_060_000));
    assert_eq!(sent(&later).len(), 1, "another one in the same words");
}

#[test]
fn without_a_stamp_the_same_words_are_the_same_text_for_an_hour() {
    let mut bench = with_sim("texts-stampless", settings());
    let text = |slots: Vec<u32>| {
        SimEvent::Received(Received {
            slots,
            from: PHONE.to_owned(),
            body: Ok("BALANCE".to_owned()),
            stamp_ms: None,
            is_incomplete: false,
        })
    };
    assert_eq!(sent(&bench.sim(text(vec![1]))).len(), 1);
    assert_eq!(bench.sim(text(vec![1])), [SimOrder::Forget(vec![1])]);
    bench.wait(HOUR_MS + MINUTE_MS);
    assert_eq!(sent(&bench.sim(text(vec![1]))).len(), 1);
    assert_eq!(bench.kinds(), ["read"], "the earlier one made room for it");
}

#[test]
fn what_was_handed_over_when_the_program_was_killed_is_unknown_and_not_sent_again() {
    let mut bench = with_sim("texts-killed", settings());
    bench.say(Purpose::Answer, AMINA, "one");
    assert_eq!(sent(&bench.tick()).len(), 1);
    bench.say(Purpose::Answer, AMINA, "two");
    bench.restart();
    assert_eq!(bench.states(), [TextState::Unknown, TextState::Queued]);
    bench.sim_up();
    // A crash loses up to a minute of uptime.
    let after = sent(&bench.wait(MINUTE_MS));
    assert_eq!(after.iter().map(|text| text.2.as_str()).collect::<Vec<_>>(), ["two"]);
    assert_eq!(sent(&bench.wait(HOUR_MS)), []);
    // Its outcome may still come, from a modem that went on.
    bench.sim(SimEvent::Sent {
        id: TextId(1),
        references: vec![7],
    });
    assert_eq!(bench.states()[0], TextState::Sent);
}

#[test]
fn a_text_without_an_outcome_is_unknown_after_a_while() {
    let mut bench = with_sim("texts-silent", settings());
    bench.say(Purpose::Answer, AMINA, "one");
    bench.tick();
    bench.wait(14 * MINUTE_MS);
    assert_eq!(bench.states(), [TextState::Sending]);
    bench.wait(2 * MINUTE_MS);
    assert_eq!(bench.states(), [TextState::Unknown]);
    bench.say(Purpose::Answer, AMINA, "two");
    let second = sent(&bench.tick())[0].0;
    bench.sim(SimEvent::Unsure(second));
    assert_eq!(sent(&bench.wait(HOUR_MS)), []);
    assert_eq!(bench.states(), [TextState::Unknown, TextState::Unknown]);
}

#[test]
fn a_few_are_handed_over_at_once_and_only_while_the_sim_is_in_its_network() {
    let mut bench = with_sim("texts-few", settings());
    bench.sim(network(false));
    for number in 0..6 {
        bench.say(Purpose::Answer, AMINA, &format!("{number}"));
    }
    assert_eq!(sent(&bench.wait(HOUR_MS)), [], "no network");
    let first = sent(&bench.sim(network(true)));
    assert_eq!(first.len(), 4);
    assert_eq!(sent(&bench.tick()), []);
    let next = sent(&bench.sim(SimEvent::Sent {
        id: first[0].0,
        references: vec![1],
    }));
    assert_eq!(next.len(), 1);
    bench.sim(SimEvent::Down {
        why: "gone".to_owned(),
        needs_person: false,
    });
    assert_eq!(
        sent(&bench.sim(SimEvent::Sent {
            id: first[1].0,
            references: vec![2]
        })),
        []
    );
}

/// Lets every try of a text fail for `then`; gives after how many minutes each was.
fn tries(bench: &mut Bench, then: Then) -> Vec<u64> {
    let mut tries = Vec::new();
    bench.say(Purpose::Answer, AMINA, "try");
    let began = bench.monotonic_ms;
    let mut handed_over = sent(&bench.tick());
    for _ in 0..23 * 60 {
        for (id, ..) in handed_over {
            tries.push((bench.monotonic_ms - began) / MINUTE_MS);
            let word = "+CMS ERROR: 38".to_owned();
            bench.sim(SimEvent::NotSent { id, word, then });
        }
        bench.monotonic_ms += MINUTE_MS - bench.monotonic_ms % MINUTE_MS;
        handed_over = sent(&bench.tick());
    }
    tries
}

#[test]
fn what_was_not_sent_tries_again_as_its_reason_allows() {
    // Waits of half a minute, 1, 2, 4, 8, 16 and 32 minutes, seen once a minute.
    let mut bench = with_sim("texts-later", settings());
    let later = tries(&mut bench, Then::TryLater);
    assert_eq!(later.len(), 8, "{later:?}");
    assert!((63..=71).contains(&later[7]), "{later:?}");
    assert_eq!(bench.states(), [TextState::Failed]);
    assert_eq!(bench.sim_status().parts_today, 0, "nothing left");

    let mut bench = with_sim("texts-rarely", settings());
    let rarely = tries(&mut bench, Then::TryRarely);
    assert_eq!(rarely.len(), 3, "{rarely:?}");
    assert!((40..=43).contains(&rarely[2]), "{rarely:?}");

    let mut bench = with_sim("texts-never", settings());
    assert_eq!(tries(&mut bench, Then::GiveUp).len(), 1);
    assert_eq!(bench.states(), [TextState::Failed]);
}

#[test]
fn while_somebody_must_look_after_the_sim_one_text_tries_and_one_alarm_says_so() {
    let mut bench = with_sim("texts-held", settings());
    bench.say(Purpose::Answer, AMINA, "one");
    bench.say(Purpose::Answer, AMINA, "two");
    let word = || "+CMS ERROR: 304".to_owned();
    for (id, ..) in sent(&bench.tick()) {
        bench.sim(SimEvent::NotSent {
            id,
            word: word(),
            then: Then::AskPerson,
        });
    }
    assert_eq!(bench.alarms_said(), ["texts_held"]);
    assert!(bench.sim_status().is_held);
    assert_eq!(sent(&bench.wait(14 * MINUTE_MS)), []);
    let tried = sent(&bench.wait(2 * MINUTE_MS));
    assert_eq!(tried.len(), 1);
    bench.sim(SimEvent::NotSent {
        id: tried[0].0,
        word: word(),
        then: Then::AskPerson,
    });
    let tried = sent(&bench.wait(16 * MINUTE_MS));
    assert_eq!(tried.len(), 1);
    assert_eq!(bench.alarms_said(), ["texts_held"]);
    let all = sent(&bench.sim(SimEvent::Sent {
        id: tried[0].0,
        references: vec![1],
    }));
    assert_eq!(all.len(), 1, "the other one, at once");
    assert!(!bench.sim_status().is_held);
}

#[test]
fn what_waited_for_a_day_is_not_sent_any_more() {
    let mut bench = with_sim("texts-old", settings());
    bench.sim(network(false));
    bench.say(Purpose::Answer, AMINA, "old");
    bench.wait(24 * HOUR_MS + MINUTE_MS);
    bench.say(Purpose::Answer, AMINA, "new");
    let sent = sent(&bench.sim(network(true)));
    assert_eq!(sent.iter().map(|text| text.2.as_str()).collect::<Vec<_>>(), ["new"]);
    assert_eq!(bench.states(), [TextState::Failed, TextState::Sending]);
}

#[test]
fn a_report_is_of_the_newest_text_with_its_reference_to_its_receiver() {
    let mut bench = with_sim("texts-reports", settings());
    bench.say(Purpose::Answer, AMINA, "a");
    bench.say(Purpose::Answer, PHONE, "b");
    let ids: Vec<_> = sent(&bench.tick()).into_iter().map(|text| text.0).collect();
    bench.sim(SimEvent::Sent {
        id: ids[0],
        references: vec![7, 8],
    });
    bench.sim(SimEvent::Sent {
        id: ids[1],
        references: vec![7],
    });
    let report = |reference, to: &str, fate| SimEvent::Reported {
        reference,
        to: to.to_owned(),
        fate,
    };
    bench.sim(report(7, "0733444555", Fate::Delivered));
    bench.sim(report(9, "0711222333", Fate::Delivered));
    bench.sim(report(7, "0711222333", Fate::Trying));
    bench.sim(report(7, "0711222333", Fate::Delivered));
    assert_eq!(
        bench.states(),
        [TextState::Sent, TextState::Sent],
        "a part is on its way"
    );
    bench.sim(report(8, "254711222333", Fate::Delivered));
    assert_eq!(bench.states(), [TextState::Delivered, TextState::Sent]);
    bench.sim(report(7, "+254700000102", Fate::Failed));
    bench.sim(report(7, "+254700000102", Fate::Delivered));
    assert_eq!(
        bench.states(),
        [TextState::Delivered, TextState::Failed],
        "the first final word counts"
    );
}
