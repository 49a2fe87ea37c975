//! The examples of PROTOCOL section 9 by text, and pasts that are missing.

use super::*;

/// Both ends greeted by text, with this many sales and grants held by both.
pub fn settled(seed: u64, sales: u64, grants: u64) -> Air {
    let mut air = Air::new(seed);
    air.grant(grants);
    air.sell(sales);
    air.settle_by_socket();
    air
}

/// Twenty litres at a tap, a minute after the last.
fn jerrycan(number: u64) -> Record {
    let mut record = support::poured(number, 0xa1a1_0000_0000_00a1);
    if let Record::Fact(Fact::Poured(poured)) = &mut record {
        poured.parts[0].0.epoch = Epoch(0x4141_0000_0000_0041);
        poured.parts[0].1 = Volume::from_ml(20_000);
    }
    record
}

/// Everything waiting at the site leaves at once, as texts that do not fly yet.
fn texts_of(air: &mut Air, side: Writer) -> Vec<String> {
    air.tick(side, 100);
    air.now_ms += thin::LINGER_MS;
    air.tick(side, 100);
    let flying = std::mem::take(&mut air.flying);
    flying.into_iter().map(|flying| flying.text).collect()
}

#[test]
fn example_a_cut_by_text() {
    let mut air = settled(1, 59, 1);
    let mut texts = Vec::new();
    for (first, count) in [(61, 20), (81, 10)] {
        (first..first + count).for_each(|number| air.write(Writer::Site, &jerrycan(number)));
        texts.extend(texts_of(&mut air, Writer::Site));
    }
    // While the second was filled the first was not acknowledged and left again, letter for letter.
    texts.dedup();
    assert_eq!(texts.len(), 2, "61–80 and 81–90");
    // 61–80 are lost, 81–90 are parked.
    let parked = air.hear(Writer::Hub, &texts[1]);
    assert!(
        parked.verified && !parked.is_news && parked.actions.is_empty(),
        "parked is not applied"
    );
    assert_eq!(air.mark(Writer::Hub, Writer::Site), 60);
    air.now_ms += thin::ANSWER_MS;
    let ack = air.tick(Writer::Hub, 100).texts;
    assert_eq!(ack.len(), 1);
    air.flying.clear();
    air.hear(Writer::Site, &ack[0].text);
    assert_eq!(
        thin::waiting(Writer::Site, BOX, &air.site.disk).unwrap().records,
        30,
        "parked is not acked"
    );
    // Only 61–80 are sent again.
    air.now_ms += thin::AGAIN_MS_MIN + thin::LINGER_MS;
    let again = air.tick(Writer::Site, 100).texts;
    assert_eq!(again.len(), 1);
    let news = air.hear(Writer::Hub, &again[0].text);
    assert_eq!(news.actions.len(), 30, "61–80 came, and with them 81–90");
    assert_eq!(air.mark(Writer::Hub, Writer::Site), 90);
    air.flying.clear();
    air.now_ms += thin::ANSWER_MS;
    let ack = air.tick(Writer::Hub, 100).texts;
    air.hear(Writer::Site, &ack[0].text);
    assert_eq!(thin::waiting(Writer::Site, BOX, &air.site.disk).unwrap().records, 0);
    air.assert_same();
}

#[test]
fn a_box_in_doubt_gets_its_past_back_by_texts() {
    let mut air = settled(2, 84, 3);
    let card = air.site.disk.clone();
    air.sell(5);
    air.settle_by_socket();
    air.site.disk = card;
    air.restart(Writer::Site, 0xb7b7_0000_0000_00b7);
    air.sell(1);
    air.tick(Writer::Hub, 10);
    air.pass(3_600_000);
    assert!(air.site.saw(|action| *action == Action::Doubt));
    assert!(air.site.saw(|action| *action == Action::DoubtEnded));
    assert!(!doubt::site_in_doubt(&air.site.disk).unwrap());
    air.pass(3 * 3_600_000);
    air.assert_same();
    air.assert_no_alarm();
}

#[test]
fn a_card_that_is_empty_gets_all_its_past_back_by_texts() {
    let mut air = settled(3, 40, 3);
    for run in [0xb1b1_0000_0000_00b1, 0xb2b2_0000_0000_00b2] {
        air.restart(Writer::Site, run);
        air.sell(10);
        air.settle_by_socket();
    }
    air.site.disk = Default::default();
    air.restart(Writer::Site, 0xc1c1_0000_0000_00c1);
    air.sell(2);
    air.pass(24 * 3_600_000);
    air.assert_same();
    air.assert_no_alarm();
    assert!(!doubt::site_in_doubt(&air.site.disk).unwrap());
}

#[test]
fn a_restored_hub_gets_back_what_it_wrote_and_drops_what_was_in_the_air() {
    let mut air = settled(4, 3, 8);
    let noon = air.hub.disk.clone();
    air.grant(3);
    air.settle_by_socket();
    // The box speaks by text from now on; a grant is in the air when the backup comes back.
    air.sell(3);
    air.pass(2 * 3_600_000);
    air.grant(1);
    let in_the_air = texts_of(&mut air, Writer::Hub);
    assert!(!in_the_air.is_empty());
    air.hub.disk = noon;
    air.restart(Writer::Hub, 0x4444_0000_0000_0044);
    assert_eq!(doubt::hub_raise(&mut air.hub.disk, 5).unwrap(), 5);
    air.sell(2);
    air.grant(1);
    air.pass(48 * 3_600_000);
    assert_eq!(doubt::generation(&air.site.disk).unwrap(), 5);
    assert_eq!(
        doubt::generation(&air.hub.disk).unwrap(),
        5,
        "a lack that the doubt explains raises nothing"
    );
    assert!(air.hub.saw(|action| *action == Action::Heard));
    assert!(doubt::hub_end_if_heard(&mut air.hub.disk, &[BOX]).unwrap());
    air.assert_same();
    air.assert_no_alarm();
    let before = air.site.disk.records();
    for text in in_the_air {
        air.hear(Writer::Site, &text);
    }
    assert_eq!(air.site.disk.records(), before, "that grant never existed");
    // It came back under the heads that had gone with it, so nobody need be asked (rule 19).
    let unsigned = kisima_sync::journal::given_back_unsigned(&air.hub.disk, BOX).unwrap();
    assert_eq!(unsigned, []);
}

#[test]
fn a_hub_that_lost_its_past_unawares_learns_it_by_text() {
    let mut air = settled(5, 2, 4);
    let noon = air.hub.disk.clone();
    air.grant(2);
    air.settle_by_socket();
    air.hub.disk = noon;
    air.restart(Writer::Hub, 0x4545_0000_0000_0045);
    air.restart(Writer::Site, 0xb1b1_0000_0000_00b1);
    air.sell(1);
    air.pass(24 * 3_600_000);
    assert!(
        air.hub
            .saw(|action| *action == Action::GenerationRaised { generation: 1 })
    );
    assert!(
        air.site
            .saw(|action| *action == Action::GenerationRaised { generation: 1 })
    );
    assert!(air.hub.saw(|action| *action == Action::Heard));
    air.assert_same();
    // The socket shows the other lanes, and raises nothing more.
    air.settle_by_socket();
    assert_eq!(doubt::generation(&air.hub.disk).unwrap(), 1);
}

#[test]
fn a_hub_that_lost_grants_unawares_learns_it_from_a_box_that_greeted_by_socket_in_this_run() {
    let mut air = settled(5, 2, 4);
    let noon = air.hub.disk.clone();
    air.grant(2);
    air.settle_by_socket();
    air.hub.disk = noon;
    air.restart(Writer::Hub, 0x4545_0000_0000_0045);
    // The box has no reason to greet: all it wrote is where it was. Then something is granted again.
    air.sell(1);
    air.pass(3 * 3_600_000);
    assert_eq!(doubt::generation(&air.hub.disk).unwrap(), 0);
    air.grant(1);
    air.pass(3_600_000);
    assert_eq!(doubt::generation(&air.hub.disk).unwrap(), 1);
    air.pass(24 * 3_600_000);
    assert!(air.hub.saw(|action| *action == Action::Heard));
    air.assert_same();
}

#[test]
fn a_box_says_hello_once_a_run_and_not_at_all_after_a_socket() {
    let mut air = settled(6, 1, 1);
    air.sell(1);
    air.pass(3 * 3_600_000);
    assert_eq!(air.sent, [1, 1], "a chunk and its ACK");
    air.restart(Writer::Site, 0xb1b1_0000_0000_00b1);
    air.sent = [0; 2];
    air.pass(48 * 3_600_000);
    assert_eq!(air.sent, [1, 1], "HELLO and its answer");
    air.sell(1);
    air.pass(48 * 3_600_000);
    assert_eq!(air.sent, [2, 2]);
    air.assert_same();
}

#[test]
fn a_burst_of_texts_costs_two_or_three_acks() {
    let mut air = settled(7, 1, 1);
    air.sell(300);
    air.pass(24 * 3_600_000);
    air.assert_same();
    assert!(air.sent[0] <= 16 && (2..=3).contains(&air.sent[1]), "{:?}", air.sent);
}

#[test]
fn what_somebody_waits_for_leaves_after_five_minutes_and_sales_after_an_hour() {
    let mut air = settled(8, 1, 1);
    air.sell(1);
    air.pass(thin::LINGER_MS - 1_000);
    assert_eq!(air.sent, [0, 0]);
    air.pass(2_000);
    assert_eq!(air.sent[0], 1);
    air.pass(3_600_000);
    let grant = GrantId {
        epoch: Epoch(0x41),
        number: 7,
    };
    air.write(Writer::Site, &Record::Fact(Fact::Closed { grant }));
    air.pass(thin::LINGER_URGENT_MS + 1_000);
    assert_eq!(air.sent[0], 2);
    air.grant(1);
    air.sent = [0; 2];
    air.pass(thin::LINGER_HUB_MS + 1_000);
    assert_eq!(air.sent[1], 1, "a grant is waited for");
}

#[test]
fn who_sets_a_shorter_wait_pays_more_texts() {
    let mut air = settled(8, 1, 1);
    let minute = 60_000;
    air.site_setup.linger_ms = minute;
    air.sell(1);
    air.pass(minute - 1_000);
    assert_eq!(air.sent, [0, 0]);
    air.pass(2_000);
    assert_eq!(air.sent[0], 1);
    // Nobody waits longer for what is urgent than for what is not.
    let grant = GrantId {
        epoch: Epoch(0x41),
        number: 7,
    };
    air.write(Writer::Site, &Record::Fact(Fact::Closed { grant }));
    air.pass(minute + 1_000);
    assert_eq!(air.sent[0], 2);
}

#[test]
fn a_record_too_long_for_a_text_takes_several_and_beyond_that_waits() {
    let mut air = settled(9, 1, 1);
    let forwarded = |bytes: usize| {
        let sealed = vec![7; bytes];
        let time = Wall::from_seconds(1_790_000_000);
        Record::Fact(Fact::Forwarded(kiosk::fact::Forwarded { sealed, time }))
    };
    air.write(Writer::Site, &forwarded(300));
    air.tick(Writer::Site, 2);
    air.now_ms += thin::LINGER_URGENT_MS;
    assert!(
        air.tick(Writer::Site, 2).texts.is_empty(),
        "three parts are more than two"
    );
    air.pass(3_600_000);
    air.assert_same();
    assert_eq!(air.sent[0], 3, "one text of three parts");
    air.write(Writer::Site, &forwarded(470));
    air.pass(3_600_000);
    let waiting = thin::waiting(Writer::Site, BOX, &air.site.disk).unwrap();
    assert_eq!((waiting.records, waiting.too_large.unwrap().seq), (1, 4));
    air.settle_by_socket();
    assert_eq!(
        thin::waiting(Writer::Site, BOX, &air.site.disk).unwrap(),
        thin::Waiting::default()
    );
}

#[test]
fn a_budget_is_never_passed_and_nothing_is_lost_by_it() {
    let mut air = settled(10, 1, 1);
    air.sell(200);
    assert!(air.tick(Writer::Site, 0).texts.is_empty());
    air.now_ms += thin::LINGER_MS;
    for _ in 0..40 {
        air.now_ms += 60_000;
        air.tick(Writer::Site, 1);
        let now = air.now_ms;
        for flying in std::mem::take(&mut air.flying) {
            air.hear(flying.to, &flying.text);
        }
        if air.due_ms(Writer::Hub).is_some_and(|due| due <= now) {
            air.tick(Writer::Hub, 0);
            air.tick(Writer::Hub, 1);
        }
    }
    air.pass(24 * 3_600_000);
    air.assert_same();
}

#[test]
fn ussd_answers_at_once() {
    let mut air = settled(11, 1, 1);
    air.carrier = Carrier::Ussd;
    air.sell(2);
    let said = air.tick(Writer::Site, 1).texts;
    assert_eq!(said.len(), 1);
    air.hear(Writer::Hub, &said[0].text);
    air.grant(1);
    let answer = air.tick(Writer::Hub, 2).texts;
    assert_eq!(answer.len(), 2, "the ACK and the grant");
    for text in answer {
        assert!(air.hear(Writer::Site, &text.text).verified);
    }
    assert_eq!(thin::waiting(Writer::Site, BOX, &air.site.disk).unwrap().records, 0);
    assert_eq!(air.site.disk.records(), air.hub.disk.records());
}
