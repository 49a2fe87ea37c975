//! Sync by texts and in sessions, as the site carries it.

use sync::seal::Carrier;

use super::{
    super::{
        delivery::{Purpose, Then},
        sim::{CallId, SimEvent, SimOrder, SimSettings, ThinState},
        store::outbox,
    },
    office::Office,
    texts::{HOUR_MS, MINUTE_MS, received, sent, settings, with_sim},
    *,
};

const HUB: &str = "+254700000100";

fn with_number() -> SimSettings {
    SimSettings {
        hub_number: Some(HUB.to_owned()),
        ..settings()
    }
}

fn with_code() -> SimSettings {
    SimSettings {
        hub_code: Some("*384*303#".to_owned()),
        ..with_number()
    }
}

/// A site that has sold something, and its hub.
fn selling(name: &str, settings: SimSettings) -> (Bench, Office) {
    let mut bench = with_sim(name, settings);
    bench.grant(20_000);
    let office = Office::of(&mut bench);
    for sale in 0..3 {
        bench.ask(&format!("a{sale}"), "4071", 1_000);
        bench.pour(&format!("a{sale}"), 900);
    }
    (bench, office)
}

impl Bench {
    /// Carries texts between both ends for as long as there are any within these minutes; gives how many the site sent.
    fn texts_with(&mut self, office: &Office, minutes: u64) -> usize {
        let mut count = 0;
        for _ in 0..minutes {
            let mut orders = self.wait(MINUTE_MS);
            while let Some((id, to, body)) = sent(&orders).into_iter().next() {
                count += 1;
                assert_eq!(to, HUB);
                assert!(office.hear(self, Carrier::Sms, &body));
                orders.retain(|order| !matches!(order, SimOrder::Send { id: other, .. } if *other == id));
                orders.extend(self.sim(SimEvent::Sent {
                    id,
                    references: vec![1],
                }));
            }
            for text in office.tick(self, Carrier::Sms) {
                let stamp = i64::try_from(self.monotonic_ms).unwrap();
                let orders = self.sim(received("SOMEBODY", &text, stamp));
                assert!(orders.contains(&SimOrder::Forget(vec![3])));
            }
        }
        count
    }
}

#[test]
fn while_data_is_away_sales_travel_by_text_and_rights_come_by_text() {
    let (mut bench, office) = selling("thin-sms", with_number());
    assert_eq!(bench.sim_status().thin, ThinState::Resting);
    assert_eq!(bench.texts_with(&office, 9), 0, "data may be back any moment");
    let count = bench.texts_with(&office, 240);
    assert_eq!(
        office.holds_all(&mut bench),
        (true, 4),
        "three sales, behind the record that begins their log"
    );
    assert!((1..=4).contains(&count), "{count}");
    let status = bench.sim_status();
    assert_eq!((status.thin, status.unsynced), (ThinState::Sms, 0));
    assert_eq!(status.sync_texts_today as usize, count);
    let granted = Granted {
        grant: GrantId {
            epoch: Epoch(0x44),
            number: 99,
        },
        customer: JANE,
        purse: Purse::Prepaid,
        volume: Volume::from_ml(5_000),
        valid_until: None,
    };
    office.say(Lane::Money, &Record::Fact(Fact::Granted(granted)));
    bench.texts_with(&office, 60);
    assert_eq!(bench.balance_ml(), 20_000 - 2_700 + 5_000);
    assert_eq!(bench.kinds(), [] as [String; 0], "no row for a frame");
    assert_eq!(
        outbox::newest(bench.site().connection(), 9).unwrap().len(),
        0,
        "nor a line in a list"
    );
}

#[test]
fn nothing_is_texted_while_there_is_a_socket() {
    let (mut bench, mut office) = selling("thin-linked", with_number());
    bench.texts_with(&office, 5);
    office.link(&mut bench);
    assert_eq!(bench.sim_status().thin, ThinState::Resting);
    bench.monotonic_ms += 11 * MINUTE_MS;
    bench.give(Input::Tick);
    assert!(bench.status().link_up);
    assert_eq!(
        bench.sim_status().thin,
        ThinState::Resting,
        "however long ago it was opened"
    );
    for _ in 0..30 {
        bench.monotonic_ms += MINUTE_MS;
        // The session pings; nobody answers for so long that it would end, and the hub is still there.
        office.link(&mut bench);
    }
    assert_eq!(bench.sim_status().sync_texts_today, 0);
    bench.give(Input::LinkDown);
    bench.ask("b1", "4071", 1_000);
    bench.pour("b1", 1_000);
    assert_eq!(bench.texts_with(&office, 9), 0);
    assert_eq!(bench.sim_status().thin, ThinState::Resting);
    assert!(bench.texts_with(&office, 120) > 0, "ten minutes after it went");
    assert!(office.holds_all(&mut bench).0);
}

#[test]
fn a_days_texts_of_sync_are_not_exceeded_and_the_rest_goes_tomorrow() {
    let mut settings = with_number();
    settings.sync_texts_per_day = 1;
    let (mut bench, office) = selling("thin-budget", settings);
    assert_eq!(bench.texts_with(&office, 180), 1);
    let alarms = bench.written(Lane::Alarms);
    let spent = |record: &&Record| matches!(record, Record::Alarm(alarm) if alarm.code == "texts_spent");
    assert_eq!(alarms.iter().filter(spent).count(), 1);
    let has_waiting = outbox::waiting_for(bench.site().connection(), Purpose::Sync).unwrap() > 0;
    assert!(!has_waiting, "what cannot leave today is not made into texts");
    // Half past three in the afternoon there when it began.
    bench.monotonic_ms += 9 * HOUR_MS;
    bench.texts_with(&office, 5);
    bench.monotonic_ms += 24 * HOUR_MS;
    bench.texts_with(&office, 5);
    assert!(office.holds_all(&mut bench).0);
}

#[test]
fn a_text_of_sync_that_was_not_sent_is_not_sent_by_the_outbox_again() {
    let (mut bench, _office) = selling("thin-refused", with_number());
    let orders = bench.wait(11 * MINUTE_MS);
    let hello = sent(&orders);
    assert_eq!(hello.len(), 1);
    let word = "+CMS ERROR: 38".to_owned();
    bench.sim(SimEvent::NotSent {
        id: hello[0].0,
        word,
        then: Then::TryLater,
    });
    // Sync itself sends again after ten minutes.
    assert_eq!(sent(&bench.wait(8 * MINUTE_MS)), []);
    assert_eq!(sent(&bench.wait(5 * MINUTE_MS)).len(), 1);
}

#[test]
fn what_only_looks_like_a_frame_changes_nothing_and_is_no_command() {
    let (mut bench, office) = selling("thin-forged", with_number());
    let hello = sent(&bench.wait(11 * MINUTE_MS)).remove(0).2;
    assert!(office.hear(&mut bench, Carrier::Sms, &hello));
    let answer = (0..10)
        .find_map(|_| {
            bench.wait(MINUTE_MS);
            office.tick(&mut bench, Carrier::Sms).into_iter().next()
        })
        .unwrap();
    let before = bench.sim_status().unsynced;
    // Its own text come back, the hub's with a letter changed, and the hub's cut short.
    let mut forged = answer.clone().into_bytes();
    forged[12] = if forged[12] == b'A' { b'B' } else { b'A' };
    for text in [
        hello,
        String::from_utf8(forged).unwrap(),
        answer[..1 + (answer.len() - 9) / 4 * 4].to_owned(),
    ] {
        assert!(sync::thin::looks_like_frame(&text));
        let orders = bench.sim(received(PHONE, &text, 1));
        assert_eq!(orders, [SimOrder::Forget(vec![3])]);
    }
    assert_eq!(bench.sim_status().unsynced, before);
    assert_eq!(bench.kinds(), [] as [String; 0]);
}

/// The site's session, if it began one: its name and what it dialled.
fn dialled(orders: &[SimOrder]) -> Option<(CallId, String)> {
    orders.iter().find_map(|order| match order {
        SimOrder::Dial { id, code } => Some((*id, code.clone())),
        _ => None,
    })
}

fn spoken(orders: &[SimOrder]) -> Option<String> {
    orders.iter().find_map(|order| match order {
        SimOrder::Say { text, .. } => Some(text.clone()),
        _ => None,
    })
}

#[test]
fn where_there_is_a_code_a_session_carries_it_until_nothing_is_due() {
    let (mut bench, office) = selling("thin-ussd", with_code());
    let orders = bench.wait(11 * MINUTE_MS);
    let (id, code) = dialled(&orders).unwrap();
    assert_eq!((code.as_str(), sent(&orders).len()), ("*384*303#", 0));
    assert_eq!(bench.sim_status().thin, ThinState::Ussd);
    let mut text = "Welcome to Kisima\n1. Water".to_owned();
    let mut turns = 0;
    loop {
        let said = bench.sim(SimEvent::Said {
            id: Some(id),
            text,
            is_open: true,
        });
        let Some(frame) = spoken(&said) else {
            assert_eq!(said, [SimOrder::HangUp(id)]);
            break;
        };
        assert!(office.hear(&mut bench, Carrier::Ussd, &frame));
        text = office.tick(&mut bench, Carrier::Ussd).into_iter().next().unwrap();
        turns += 1;
        assert!(turns < 10);
    }
    assert_eq!(office.holds_all(&mut bench), (true, 4));
    assert_eq!(bench.sim_status().parts_today, 0, "no text was sent");
    bench.ask("b1", "4071", 1_000);
    bench.pour("b1", 1_000);
    assert_eq!(
        dialled(&bench.wait(HOUR_MS - MINUTE_MS)),
        None,
        "one sale is worth no session yet"
    );
    assert!(dialled(&bench.wait(5 * MINUTE_MS)).is_some());
}

#[test]
fn after_three_sessions_that_failed_texts_are_sent_and_hours_later_a_session_is_tried() {
    let (mut bench, office) = selling("thin-fallback", with_code());
    let (first, _) = dialled(&bench.wait(11 * MINUTE_MS)).unwrap();
    let ended = |id| SimEvent::Ended {
        id,
        why: "not supported by the network".to_owned(),
    };
    bench.sim(ended(first));
    // An answer that is not the hub's.
    let (second, _) = dialled(&bench.wait(MINUTE_MS)).unwrap();
    let say = |id, text: &str, is_open| SimEvent::Said {
        id: Some(id),
        text: text.to_owned(),
        is_open,
    };
    assert!(spoken(&bench.sim(say(second, "1. Water", true))).is_some());
    assert_eq!(
        bench.sim(say(second, "Invalid choice", true)),
        [SimOrder::HangUp(second)]
    );
    // Silence. What was said without an answer is said again after ten minutes.
    let (third, _) = dialled(&bench.wait(11 * MINUTE_MS)).unwrap();
    let orders = bench.wait(5 * MINUTE_MS);
    assert!(orders.contains(&SimOrder::HangUp(third)));
    assert_eq!((sent(&orders).len(), dialled(&orders)), (1, None), "HELLO, by text");
    assert_eq!(bench.sim_status().thin, ThinState::Sms);
    let hello = sent(&orders).remove(0).2;
    assert!(office.hear(&mut bench, Carrier::Sms, &hello));
    bench.wait(6 * HOUR_MS);
    assert_eq!(bench.sim_status().thin, ThinState::Ussd);
}

#[test]
fn without_a_number_or_a_code_nothing_is_carried_and_that_is_said() {
    let (mut bench, _office) = selling("thin-off", settings());
    let orders = bench.wait(2 * HOUR_MS);
    assert_eq!((sent(&orders), dialled(&orders)), (Vec::new(), None));
    let status = bench.sim_status();
    assert_eq!((status.thin, status.unsynced), (ThinState::Off, 4));
}

#[test]
fn what_waits_of_sync_is_not_sent_when_the_socket_is_back() {
    let (mut bench, mut office) = selling("thin-given-up", with_number());
    bench.wait(9 * MINUTE_MS);
    // Answers are under way, so that what sync says has to wait.
    for number in 0..4 {
        let orders = bench.sim(received(&format!("+25471122233{number}"), "HELP", 1));
        assert_eq!(sent(&orders).len(), 1);
    }
    assert_eq!(sent(&bench.wait(2 * MINUTE_MS)), []);
    let has_waiting = |bench: &mut Bench| outbox::waiting_for(bench.site().connection(), Purpose::Sync).unwrap() > 0;
    assert!(has_waiting(&mut bench));
    office.link(&mut bench);
    assert!(!has_waiting(&mut bench));
}

#[test]
fn a_session_that_was_of_use_is_no_failure_however_it_ends() {
    let (mut bench, office) = selling("thin-of-use", with_code());
    let (first, _) = dialled(&bench.wait(11 * MINUTE_MS)).unwrap();
    let said = |id, text: &str, is_open| SimEvent::Said {
        id: Some(id),
        text: text.to_owned(),
        is_open,
    };
    let hello = spoken(&bench.sim(said(first, "1. Water", true))).unwrap();
    assert!(office.hear(&mut bench, Carrier::Ussd, &hello));
    let answer = office.tick(&mut bench, Carrier::Ussd).remove(0);
    assert!(spoken(&bench.sim(said(first, &answer, true))).is_some());
    bench.sim(said(first, "", false));
    for _ in 0..2 {
        assert_eq!(bench.sim_status().thin, ThinState::Ussd);
        let (id, _) = (0..45).find_map(|_| dialled(&bench.wait(MINUTE_MS))).unwrap();
        bench.sim(SimEvent::Ended {
            id,
            why: "the network did not answer in time".to_owned(),
        });
    }
    assert_eq!(bench.sim_status().thin, ThinState::Ussd, "two failures");
}

#[test]
fn what_the_hub_answers_in_a_session_counts_as_heard() {
    let (mut bench, office) = selling("thin-heard", with_code());
    let (id, _) = dialled(&bench.wait(11 * MINUTE_MS)).unwrap();
    let said = |text: &str| SimEvent::Said {
        id: Some(id),
        text: text.to_owned(),
        is_open: true,
    };
    let hello = spoken(&bench.sim(said("1. Water"))).unwrap();
    assert!(office.hear(&mut bench, Carrier::Ussd, &hello));
    assert_eq!(bench.status().last_heard, None);
    let answer = office.tick(&mut bench, Carrier::Ussd).remove(0);
    let sales = spoken(&bench.sim(said(&answer))).unwrap();
    let greeted = bench.status().last_heard;
    assert!(greeted.is_some(), "HELLO");
    assert!(office.hear(&mut bench, Carrier::Ussd, &sales));
    let ack = office.tick(&mut bench, Carrier::Ussd).remove(0);
    bench.sim(said(&ack));
    assert!(bench.status().last_heard > greeted, "ACK");
}
