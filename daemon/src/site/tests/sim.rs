//! The SIM: what a day's texts may cost, what is kept of them, and how it stands.

use kiosk::moment::{Stamp, Uptime};

use super::{
    super::{
        delivery::{Purpose, Said, TextState},
        sim::{SimEvent, TextId},
        store::{
            broadcasts,
            broadcasts::{Lasts, NewBroadcastRow},
            inbox, outbox,
        },
    },
    texts::{AMINA, HOUR_MS, network, received, sent, settings, with_sim},
    *,
};

/// Everything that waits is handed over and taken; gives how many texts of each purpose that were.
fn drain(bench: &mut Bench) -> Vec<(Purpose, usize)> {
    let mut handed_over = sent(&bench.tick());
    while let Some((id, ..)) = handed_over.pop() {
        handed_over.extend(sent(&bench.sim(SimEvent::Sent {
            id,
            references: vec![1],
        })));
    }
    let shown = outbox::newest(bench.site().connection(), 1_000).unwrap();
    let count = |purpose| {
        let of = shown
            .iter()
            .filter(|text| text.purpose == purpose && text.state == TextState::Sent);
        (purpose, of.count())
    };
    [Purpose::Answer, Purpose::Alarm, Purpose::Broadcast].map(count).into()
}

#[test]
fn a_day_has_so_many_texts_and_nobody_takes_anothers_share() {
    let mut settings = settings();
    settings.parts_per_day = 40;
    settings.sync_texts_per_day = 20;
    settings.hub_number = Some("+254700000100".to_owned());
    let mut bench = with_sim("texts-budget", settings);
    let connection = bench.site().connection();
    let row = NewBroadcastRow {
        by: "musa",
        texts: &[],
        people: &[],
        lasts: Lasts {
            made: Stamp {
                uptime: Uptime(0),
                wall: None,
            },
            true_ms: 7 * 24 * HOUR_MS,
        },
    };
    broadcasts::insert(connection, &row, Wall(0)).unwrap();
    for _ in 0..40 {
        bench.say(Purpose::Broadcast, AMINA, "news");
    }
    // Of 40, sync keeps 20; of the other 20 answers keep 10 and alarms 2.
    assert_eq!(drain(&mut bench)[2], (Purpose::Broadcast, 8));
    let said = bench.alarms_said();
    assert_eq!(said, [] as [String; 0], "what goes to everybody takes its days");
    for _ in 0..40 {
        bench.say(Purpose::Answer, AMINA, "answer");
        bench.say(Purpose::Alarm, AMINA, "alarm");
    }
    assert_eq!(drain(&mut bench)[..2], [(Purpose::Answer, 10), (Purpose::Alarm, 2)]);
    let status = bench.sim_status();
    assert_eq!((status.parts_today, status.is_spent), (20, true));
    assert_eq!(bench.alarms_said(), ["texts_spent"], "once a day");
    bench.restart();
    bench.sim_up();
    assert_eq!(bench.sim_status().parts_today, 20, "a restart gives no second ration");
    // Half past three in the afternoon there; nine hours later is the next day.
    bench.monotonic_ms += 9 * HOUR_MS;
    assert_eq!(
        drain(&mut bench)[0],
        (Purpose::Answer, 10 + 18),
        "all but what sync and alarms keep"
    );
}

#[test]
fn a_long_text_costs_its_parts() {
    let mut bench = with_sim("texts-parts", settings());
    bench.say(Purpose::Alarm, AMINA, &"x".repeat(161));
    bench.tick();
    assert_eq!(bench.sim_status().parts_today, 2);
}

#[test]
fn so_many_may_wait_and_so_many_are_kept() {
    let mut bench = with_sim("texts-bounded", settings());
    bench.sim(network(false));
    for _ in 0..super::super::delivery::WAITING_MAX {
        assert!(matches!(bench.say(Purpose::Alarm, AMINA, "x"), Said::Queued(_)));
    }
    assert_eq!(bench.say(Purpose::Alarm, AMINA, "x"), Said::Full);
    assert!(
        matches!(bench.say(Purpose::Sync, AMINA, "x"), Said::Queued(_)),
        "others have places of their own"
    );
    let connection = bench.site().connection();
    outbox::lose_sight(connection, None, "", Wall(0)).unwrap();
    outbox::settle(connection, TextId(1), TextState::Failed, "", false, Wall(0)).unwrap();
    outbox::settle(connection, TextId(1_000), TextState::Failed, "", false, Wall(0)).unwrap();
    outbox::forget(connection, &outbox::Keep::newest(2)).unwrap();
    assert_eq!(
        outbox::newest(connection, 2_000).unwrap().len(),
        999,
        "what is settled and not among the newest goes"
    );
    for minute in 0..3 {
        bench.sim(received("MPESA", &format!("Confirmed {minute}"), minute));
    }
    let connection = bench.site().connection();
    inbox::forget(connection, kiosk::moment::Uptime(0), 2).unwrap();
    assert_eq!(inbox::newest(connection, 10).unwrap().len(), 2);
    bench.wait(60_000);
    bench.monotonic_ms += 30 * 24 * HOUR_MS;
    bench.give(Input::Tick);
    assert_eq!(bench.kinds(), [] as [String; 0], "thirty days");
}

#[test]
fn files_tell_no_number_and_no_words() {
    let mut bench = with_sim("texts-sealed", settings());
    bench.sim(received(AMINA, "REPORT my bucket is purple", 5));
    bench.say(Purpose::Alarm, AMINA, "the pump is purple");
    bench.tick();
    bench.say(Purpose::Alarm, AMINA, "the tank is purple");
    for entry in std::fs::read_dir(&bench.folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for needle in ["711222333", "purple"] {
            let found = bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
            assert!(!found, "{needle}");
        }
    }
    let shown = outbox::newest(bench.site().connection(), 1).unwrap();
    assert_eq!(
        (shown[0].to.as_str(), shown[0].body.as_str()),
        (AMINA, "the tank is purple")
    );
}

#[test]
fn texts_belong_to_the_enrolment() {
    let mut bench = with_sim("texts-rejoined", settings());
    bench.sim(network(false));
    bench.sim(received(AMINA, "BALANCE", 5));
    bench.say(Purpose::Alarm, AMINA, "old");
    let anew = Enrolment {
        box_id: BoxId(10),
        ..enrolment()
    };
    bench.give(Input::Joined(Box::new(anew)));
    assert_eq!(bench.states(), []);
    assert_eq!(bench.kinds(), [] as [String; 0]);
}

#[test]
fn the_networks_time_sets_the_clock_and_a_sim_that_needs_somebody_is_an_alarm() {
    let mut bench = with_sim("texts-clock", settings());
    let wall = Wall(1_790_000_123_000);
    let effects = bench.give(Input::Sim(SimEvent::Time { wall, is_zoned: true }));
    assert!(effects.contains(&Effect::ClockHeard(Trust::Modem, wall)));
    let unzoned = Input::Sim(SimEvent::Time { wall, is_zoned: false });
    assert_eq!(bench.give(unzoned), [], "in Nairobi it may be three hours ahead");
    let down = |why: &str, needs_person| SimEvent::Down {
        why: why.to_owned(),
        needs_person,
    };
    bench.sim(down("the modem's port is gone", false));
    assert_eq!(bench.alarms_said(), [] as [String; 0]);
    bench.sim(down("the SIM card is locked", true));
    bench.sim(down("the SIM card is locked", true));
    assert_eq!(bench.alarms_said(), ["sim"]);
    // A modem that is restarted because of it, or a card that is loose, says the same again.
    bench.sim(down("the modem's port is gone", false));
    bench.sim(down("the SIM card is locked", true));
    bench.sim_up();
    bench.sim(down("the SIM card is locked", true));
    assert_eq!(bench.alarms_said(), ["sim"]);
    bench.sim(down("there is no SIM card", true));
    bench.monotonic_ms += 7 * HOUR_MS;
    bench.sim(down("there is no SIM card", true));
    assert_eq!(bench.alarms_said(), ["sim"; 3]);
    bench.sim(down("the SIM card is locked", true));
    let status = bench.sim_status();
    assert_eq!(status.trouble.as_deref(), Some("the SIM card is locked"));
    assert_eq!((status.identity, status.network), (None, None));
}

#[test]
fn where_local_time_is_utc_no_zone_is_needed() {
    let mut bench = with_sim("texts-accra", settings());
    let moved = Enrolment {
        time_zone: "Africa/Accra".to_owned(),
        ..enrolment()
    };
    bench.give(Input::Joined(Box::new(moved)));
    let wall = Wall(1_790_000_123_000);
    let effects = bench.give(Input::Sim(SimEvent::Time { wall, is_zoned: false }));
    assert!(effects.contains(&Effect::ClockHeard(Trust::Modem, wall)));
}

#[test]
fn what_today_cost_is_not_forgotten_today() {
    let mut bench = with_sim("texts-cost", settings());
    bench.say(Purpose::Hub, AMINA, "x");
    bench.tick();
    for _ in 0..3 {
        bench.say(Purpose::Broadcast, AMINA, "x");
    }
    let today = bench.site().today();
    let connection = bench.site().connection();
    outbox::settle(connection, TextId(1), TextState::Sent, "", true, Wall(0)).unwrap();
    let of_today = outbox::Keep {
        today,
        ..outbox::Keep::newest(1)
    };
    outbox::forget(connection, &of_today).unwrap();
    assert_eq!(bench.sim_status().parts_today, 1);
    outbox::forget(bench.site().connection(), &outbox::Keep::newest(1)).unwrap();
    assert_eq!(bench.sim_status().parts_today, 0);
}

#[test]
fn a_copied_card_sends_nothing_of_what_waited_but_its_alarms() {
    let mut bench = with_sim("texts-copied", settings());
    bench.sim(network(false));
    bench.say(Purpose::Answer, AMINA, "Hello");
    let moved = Enrolment {
        medium: [1; 8],
        ..enrolment()
    };
    bench.give(Input::Joined(Box::new(moved)));
    for purpose in [Purpose::Answer, Purpose::Hub, Purpose::Broadcast, Purpose::Alarm] {
        bench.say(purpose, AMINA, purpose.name());
    }
    let orders = bench.sim(network(true));
    let words: Vec<String> = sent(&orders).into_iter().map(|(_, _, words)| words).collect();
    assert_eq!(words, ["alarm"]);
}

#[test]
fn a_box_without_a_modem_sends_nothing_and_says_so() {
    let mut bench = ready("texts-none");
    assert_eq!(bench.say(Purpose::Alarm, AMINA, "x"), Said::NoSim);
    assert_eq!(bench.status().sim, None);
}
