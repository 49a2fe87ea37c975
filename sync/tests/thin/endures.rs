//! What must not end the exchange, nor make it cost more than it has to.

use super::*;
use crate::examples::settled;
use crate::support::{Pair, moment};
use kisima_sync::seal::Seal;

const SITE_RUN: u64 = 0xa1a1_0000_0000_00a1;

#[test]
fn a_hello_of_an_earlier_run_that_comes_late_does_not_bar_the_present_one() {
    for (sales, grants) in [(2, 0), (0, 2), (1, 1)] {
        let mut air = settled(20, 3, 1);
        let mut hellos = Vec::new();
        for run in [0xb1b1_0000_0000_00b1, 0xb2b2_0000_0000_00b2] {
            air.now_ms += 60_000;
            air.restart(Writer::Site, run);
            hellos.push(air.tick(Writer::Site, 10).texts[0].text.clone());
        }
        air.flying.clear();
        air.hear(Writer::Hub, &hellos[1]);
        air.hear(Writer::Hub, &hellos[0]);
        air.sell(sales);
        air.grant(grants);
        air.pass(24 * 3_600_000);
        air.assert_same();
        let before = air.hub.disk.clone();
        for hello in &hellos {
            assert!(!air.hear(Writer::Hub, hello).is_news);
        }
        assert_eq!(air.hub.disk, before, "a replay changes nothing");
    }
}

#[test]
fn a_chunk_that_overtakes_the_hello_which_says_why_is_not_taken_for_refused() {
    let mut air = settled(21, 3, 1);
    let noon = air.hub.disk.clone();
    air.restart(Writer::Hub, 0x4242_0000_0000_0042);
    air.grant(4);
    air.settle_by_socket();
    air.hub.disk = noon;
    air.restart(Writer::Hub, 0x4343_0000_0000_0043);
    doubt::hub_raise(&mut air.hub.disk, 5).unwrap();
    air.sell(1);
    while doubt::generation(&air.site.disk).unwrap() == 0 {
        // Only the hub speaks, so that the site has heard the generation and not answered yet.
        air.now_ms += 60_000;
        air.tick(Writer::Site, if air.now_ms < 4 * 3_600_000 { 10 } else { 0 });
        for flying in std::mem::take(&mut air.flying) {
            air.hear(flying.to, &flying.text);
        }
        air.tick(Writer::Hub, 10);
        for flying in std::mem::take(&mut air.flying) {
            air.hear(flying.to, &flying.text);
        }
    }
    let said = air.tick(Writer::Site, 20).texts;
    assert!(said.len() >= 2, "HELLO, and what the hub had written");
    air.flying.clear();
    // What follows the first text of a log cannot be read before it, and is said again.
    let verified = said
        .iter()
        .rev()
        .filter(|text| air.hear(Writer::Hub, &text.text).verified);
    assert!(verified.count() >= 2);
    // The answer comes over, and what leaves upon it is lost.
    while air.said.last().is_none_or(|(from, _)| *from != Writer::Hub) {
        air.step(u64::MAX);
    }
    while air.said.last().is_none_or(|(from, _)| *from != Writer::Site) {
        air.step(u64::MAX);
    }
    air.flying.clear();
    air.pass(48 * 3_600_000);
    assert!(air.hub.saw(|action| *action == Action::Heard));
    air.assert_same();
    air.assert_no_alarm();
}

#[test]
fn two_logs_with_a_record_too_long_for_texts_are_both_left_to_a_socket() {
    let mut air = settled(22, 1, 1);
    air.sell(1);
    air.pass(3 * 3_600_000);
    let long = Record::Unknown {
        kind: 200,
        bytes: [vec![0x82, 0x18, 200, 0x59, 0x03, 0x00], vec![7; 768]].concat(),
    };
    // Two hub processes, neither of which stands on the other's long record.
    let first = air.hub.run;
    air.restart(Writer::Hub, 0x4242_0000_0000_0042);
    air.grant(1);
    air.pass(3_600_000);
    air.write(Writer::Hub, &long);
    air.hub.run = first;
    air.write(Writer::Hub, &long);
    air.pass(24 * 3_600_000);
    let waiting = thin::waiting(Writer::Hub, BOX, &air.hub.disk).unwrap();
    assert!(waiting.records == 2 && waiting.too_large.is_some(), "{waiting:?}");
    // Nor does it stand in the way of the other direction.
    air.sell(2);
    air.pass(3 * 3_600_000);
    assert_eq!(thin::waiting(Writer::Site, BOX, &air.site.disk).unwrap().records, 0);
}

#[test]
fn several_hub_processes_share_one_exchange() {
    let mut air = settled(23, 1, 1);
    air.sell(1);
    air.pass(3 * 3_600_000);
    air.sell(1);
    air.tick(Writer::Site, 10);
    air.now_ms += thin::LINGER_MS;
    let text = air.tick(Writer::Site, 10).texts[0].text.clone();
    air.flying.clear();
    air.hear(Writer::Hub, &text);
    air.grant(1);
    let setups = [air.hub.run, 0x4242_0000_0000_0042].map(|run| support::setup(Writer::Hub, run));
    let (mut ticks, mut texts) = (0, 0);
    for second in 0..120_u64 {
        for (setup, began) in setups.iter().zip([0, 7_000_000_u64]) {
            // One wall clock, and a monotonic one that began with each process.
            let mut moment = moment(air.now_ms + second * 1_000, 1);
            moment.monotonic_ms = moment.monotonic_ms + 9_000_000 - began;
            let due = thin::deadline_ms(setup, &moment, &air.hub.disk).unwrap();
            if due.is_some_and(|due| due <= moment.monotonic_ms) {
                let event = Event::Tick {
                    carrier: Carrier::Sms,
                    texts_max: 10,
                };
                ticks += 1;
                texts += thin::handle(setup, &moment, event, &mut air.hub.disk)
                    .unwrap()
                    .texts
                    .len();
            }
        }
    }
    assert_eq!(texts, 2, "an ACK and a grant");
    assert!(ticks <= 4, "{ticks} ticks");
}

#[test]
fn several_hub_processes_do_not_greet_a_silent_box_in_turn() {
    let mut air = settled(31, 1, 1);
    air.sell(1);
    air.pass(3 * 3_600_000);
    doubt::hub_raise(&mut air.hub.disk, 1).unwrap();
    let setups = [air.hub.run, 0x4242_0000_0000_0042].map(|run| support::setup(Writer::Hub, run));
    let mut texts = 0;
    for _ in 0..1_000 {
        air.now_ms += 10_000;
        for setup in &setups {
            let moment = moment(air.now_ms, 1);
            let due = thin::deadline_ms(setup, &moment, &air.hub.disk).unwrap();
            if due.is_some_and(|due| due <= moment.monotonic_ms) {
                let event = Event::Tick {
                    carrier: Carrier::Sms,
                    texts_max: 10,
                };
                texts += thin::handle(setup, &moment, event, &mut air.hub.disk)
                    .unwrap()
                    .texts
                    .len();
            }
        }
    }
    // At once, and after 10, 30, 70 and 150 minutes.
    assert_eq!(texts, 5);
}

#[test]
fn a_hub_whose_wall_clock_jumps_goes_on() {
    for jump_ms in [-30 * 86_400_000_i64, 30 * 86_400_000] {
        let mut air = settled(24, 1, 1);
        air.sell(1);
        air.pass(3 * 3_600_000);
        air.loss_percent = 100;
        air.grant(1);
        air.pass(60_000);
        air.loss_percent = 0;
        air.wall_ms += jump_ms;
        air.sent = [0; 2];
        air.pass(7 * 3_600_000);
        air.assert_same();
        assert!(air.sent[1] <= 2, "{:?}", air.sent);
    }
}

#[test]
fn whoever_repeats_old_texts_makes_nobody_pay_for_each() {
    let mut air = settled(25, 3, 1);
    air.restart(Writer::Site, 0xb1b1_0000_0000_00b1);
    air.sell(2);
    air.grant(2);
    air.pass(6 * 3_600_000);
    let old = air.said.clone();
    air.restart(Writer::Site, 0xb2b2_0000_0000_00b2);
    air.sell(2);
    air.pass(6 * 3_600_000);
    air.assert_same();
    let old: Vec<_> = old.into_iter().chain(air.said.clone()).collect();
    air.sent = [0; 2];
    for _ in 0..180 {
        for (from, text) in &old {
            air.hear(from.other(), text);
        }
        air.pass(60_000);
    }
    assert!(air.sent.iter().all(|sent| *sent <= 60), "{:?} in three hours", air.sent);
    air.pass(24 * 3_600_000);
    air.assert_same();
}

#[test]
fn a_retired_box_that_repeats_itself_is_told_goodbye_now_and_then() {
    let mut air = settled(26, 3, 1);
    air.sell(1);
    air.pass(3 * 3_600_000);
    let text = air.said[0].1.clone();
    air.hub_setup.refuse = Some(Reason::Retired);
    air.sent = [0; 2];
    for _ in 0..60 {
        air.hear(Writer::Hub, &text);
        air.pass(60_000);
    }
    assert!((1..=7).contains(&air.sent[1]), "{:?} in an hour", air.sent);
}

#[test]
fn a_tick_that_says_nothing_writes_nothing() {
    let mut air = settled(27, 3, 1);
    air.sell(14);
    air.tick(Writer::Site, 10);
    air.tick(Writer::Hub, 10);
    // After a minute it is looked whether these sales fill a text.
    air.now_ms += 60_000;
    air.tick(Writer::Site, 10);
    let before = (air.site.disk.writes, air.hub.disk.writes);
    for _ in 0..600 {
        air.now_ms += 1_000;
        for side in [Writer::Site, Writer::Hub] {
            assert!(air.tick(side, 10).texts.is_empty());
        }
    }
    assert_eq!((air.site.disk.writes, air.hub.disk.writes), before);
    assert!(
        air.due_ms(Writer::Site).unwrap() > air.now_ms + 600_000,
        "nor is a text looked at again that has not grown"
    );
}

/// A frame as the box's own key would seal it.
fn forged(kind: u8, epoch: u64, payload: &[u8], meaning: &[u8], sample: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
    let mut bytes = STANDARD_NO_PAD.decode(&sample[1..]).unwrap()[..7].to_vec();
    bytes[0] = 1 << 4 | kind;
    bytes[5..7].copy_from_slice(&(epoch as u16).to_be_bytes());
    bytes.extend(payload);
    let seal = Seal {
        carrier: Carrier::Sms,
        from: Writer::Site,
        session: [0; 32],
        counter: 0,
        box_id: BOX,
        generation: 0,
        epoch: Epoch(epoch),
    };
    let tag = support::pair().tag(&seal, &[bytes.as_slice(), meaning].concat());
    format!("={}", STANDARD_NO_PAD.encode([bytes, tag.to_vec()].concat()))
}

#[test]
fn a_box_that_names_absurd_numbers_under_its_own_key_panics_nobody() {
    let mut air = settled(28, 3, 1);
    air.sell(1);
    air.pass(3 * 3_600_000);
    let sample = air.said[0].1.clone();
    let record = support::poured(9, SITE_RUN).encode(Writer::Site, Lane::Money).unwrap();
    let log = support::log(Writer::Site, Lane::Money, SITE_RUN);
    for from in [
        [0xff, 0xff, 0xff, 0xff, 0x0f].as_slice(),
        &[0xfe, 0xff, 0xff, 0xff, 0x0f],
        &[0],
    ] {
        for records in [1, 3] {
            let records: Vec<&[u8]> = (0..records).map(|_| record.as_slice()).collect();
            let packed = pack::pack(&log, &records, &Known::default());
            let payload = [from, &packed].concat();
            let text = forged(2, SITE_RUN, &payload, &records.concat(), &sample);
            assert!(air.hear(Writer::Hub, &text).verified);
            air.pass(120_000);
        }
    }
    // HELLO: its run, the generation, and the highest numbers that there are.
    let mut hello = vec![0];
    hello.extend(0xb3b3_0000_0000_00b3_u64.to_be_bytes());
    hello.extend([0; 4]);
    hello.extend([0xff, 0xff, 0xff, 0xff, 0x0f, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0]);
    air.hub_setup.medium = [0; 8];
    assert!(air.hear(Writer::Hub, &forged(1, 0, &hello, &[], &sample)).verified);
    air.pass(3_600_000);
}

#[test]
fn a_box_on_another_medium_brings_no_records_by_text() {
    let mut air = settled(29, 3, 1);
    air.sell(1);
    air.pass(3 * 3_600_000);
    air.restart(Writer::Site, 0xb1b1_0000_0000_00b1);
    air.site_setup.medium = [8; 8];
    air.pass(60_000);
    assert!(air.hub.saw(|action| *action == Action::OtherMedium { medium: [8; 8] }));
    // The copied card takes itself for heard.
    let peer_run = Epoch(air.hub.run);
    air.handle(Writer::Site, Event::WideHeard { peer_run });
    air.sell(3);
    let before = air.hub.disk.records();
    air.pass(12 * 3_600_000);
    assert_eq!(air.hub.disk.records(), before);
}

#[test]
fn what_a_box_heard_by_text_gives_back_by_socket_may_come_in_pieces() {
    let mut air = settled(30, 2, 4);
    let noon = air.hub.disk.clone();
    air.grant(2);
    let mut dice = Dice(5);
    for _ in 0..400 {
        let detail: String = (0..200).map(|_| (b'a' + dice.below(26) as u8) as char).collect();
        let alarm = Record::Alarm(Alarm {
            severity: Severity::Warning,
            code: "test".to_owned(),
            detail,
            time: Wall::from_seconds(1_790_000_000),
        });
        let pen = air.hub.pen();
        pen.write(&mut air.hub.disk, BOX, Lane::Alarms, &alarm).unwrap();
    }
    air.settle_by_socket();
    air.hub.disk = noon;
    air.restart(Writer::Hub, 0x4545_0000_0000_0045);
    air.restart(Writer::Site, 0xb1b1_0000_0000_00b1);
    air.sell(1);
    air.pass(24 * 3_600_000);
    assert!(air.hub.saw(|action| *action == Action::Heard));
    assert!(doubt::hub_end_if_heard(&mut air.hub.disk, &[BOX]).unwrap());
    let mut pair = Pair::new(9);
    std::mem::swap(&mut pair.site, &mut air.site);
    std::mem::swap(&mut pair.hub, &mut air.hub);
    // The socket is cut after a few frames, twice.
    for frames in [6, 8] {
        pair.connect();
        for _ in 0..frames {
            pair.deliver(Writer::Hub);
            pair.deliver(Writer::Site);
        }
        pair.cut();
    }
    pair.connect();
    pair.settle();
    assert_eq!(doubt::generation(&pair.hub.disk).unwrap(), 1);
    pair.assert_same();
    std::mem::swap(&mut pair.site, &mut air.site);
    std::mem::swap(&mut pair.hub, &mut air.hub);
    air.assert_no_alarm();
}
