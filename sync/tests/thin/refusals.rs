//! What no text may do.

use super::*;
use crate::examples::settled;

/// A sale by text that has not arrived.
fn sale(air: &mut Air) -> String {
    air.sell(1);
    air.tick(Writer::Site, 10);
    air.now_ms += thin::LINGER_MS;
    let texts = air.tick(Writer::Site, 10).texts;
    air.flying.clear();
    texts[0].text.clone()
}

#[test]
fn a_text_that_was_tampered_with_changes_nothing() {
    let mut air = settled(1, 3, 1);
    let text = sale(&mut air);
    let before = air.hub.disk.clone();
    let mut refused = |text: &str| {
        let outcome = air.hear(Writer::Hub, text);
        assert_eq!(outcome, thin::Outcome::default(), "{text}");
        assert_eq!(air.hub.disk, before, "{text}");
    };
    for place in 0..text.len() {
        for other in ['A', '7', '/', '=', ' ', 'é'] {
            let letter = text[place..].chars().next().unwrap();
            let changed = format!("{}{other}{}", &text[..place], &text[place + 1..]);
            if letter != other && changed.trim() != text {
                refused(&changed);
            }
        }
        refused(&text[..place]);
        refused(&format!("{}{}", &text[..place], &text[place + 1..]));
    }
    refused(&format!("{text}A"));
    refused(&format!("{text}{text}"));
    refused(&text[1..]);
    assert!(
        air.hear(Writer::Hub, &format!("  {text}\r\n")).is_news,
        "white space around it does no harm"
    );
}

#[test]
fn a_text_to_another_box_under_other_keys_by_another_carrier_or_back_to_its_sender_changes_nothing() {
    let mut air = settled(2, 3, 1);
    let text = sale(&mut air);
    let before = (air.site.disk.clone(), air.hub.disk.clone());
    assert_eq!(air.hear(Writer::Site, &text), thin::Outcome::default(), "reflected");
    air.carrier = Carrier::Ussd;
    assert_eq!(air.hear(Writer::Hub, &text), thin::Outcome::default(), "by USSD");
    air.carrier = Carrier::Sms;
    let own = air.hub_setup.clone();
    air.hub_setup.pair = PairKey::new(&SecretKey::new([4; 32]));
    assert_eq!(air.hear(Writer::Hub, &text), thin::Outcome::default(), "another pair");
    air.hub_setup = own.clone();
    air.hub_setup.box_id.0 ^= 1;
    assert_eq!(air.hear(Writer::Hub, &text), thin::Outcome::default(), "another box");
    air.hub_setup = own;
    assert_eq!((&air.site.disk, &air.hub.disk), (&before.0, &before.1));
    let claim = thin::claim(&text).unwrap();
    assert!(claim.may_be(BOX) && claim.from == Writer::Site);
    assert!(!claim.may_be(kiosk::ids::BoxId(BOX.0 ^ 1)));
    assert!(air.hear(Writer::Hub, &text).is_news);
}

#[test]
fn a_text_that_comes_again_appends_nothing_and_is_no_news() {
    let mut air = settled(3, 3, 1);
    air.restart(Writer::Site, 0xb1b1_0000_0000_00b1);
    air.sell(5);
    air.pass(3 * 3_600_000);
    air.assert_same();
    let said = air.said.clone();
    let before = (air.site.disk.records(), air.hub.disk.records());
    let acked = thin::waiting(Writer::Site, BOX, &air.site.disk).unwrap();
    for (from, text) in said.iter().chain(said.iter().rev()) {
        let outcome = air.hear(from.other(), text);
        assert!(!outcome.is_news && outcome.actions.is_empty(), "{outcome:?}");
    }
    assert_eq!((air.site.disk.records(), air.hub.disk.records()), before);
    assert_eq!(thin::waiting(Writer::Site, BOX, &air.site.disk).unwrap(), acked);
    air.pass(24 * 3_600_000);
    air.assert_same();
}

#[test]
fn an_old_hello_is_no_news_and_takes_no_run_over() {
    let mut air = settled(4, 3, 1);
    let mut hellos = Vec::new();
    for run in 0..6_u64 {
        air.restart(Writer::Site, 0xb1b1_0000_0000_0000 + run);
        hellos.push(air.tick(Writer::Site, 10).texts[0].text.clone());
        air.flying.clear();
        assert!(air.hear(Writer::Hub, &hellos[run as usize]).is_news);
    }
    let before = air.hub.disk.clone();
    for text in &hellos {
        let outcome = air.hear(Writer::Hub, text);
        assert!(
            outcome.verified && !outcome.is_news && outcome.actions.is_empty(),
            "{outcome:?}"
        );
    }
    assert_eq!(air.hub.disk, before);
    // Nor after more runs than are remembered by name, where the logs say which are over.
    for run in 0..40_u64 {
        air.restart(Writer::Site, 0xc1c1_0000_0000_0000 + run);
        air.sell(1);
        hellos.push(air.tick(Writer::Site, 10).texts[0].text.clone());
        air.pass(2 * 3_600_000);
    }
    for text in &hellos[6..] {
        assert!(!air.hear(Writer::Hub, text).is_news);
    }
    air.assert_same();
}

#[test]
fn nothing_is_taken_at_a_box_before_a_fresh_hello() {
    let mut air = settled(5, 3, 1);
    // The hub texts because the box did.
    let text = sale(&mut air);
    air.hear(Writer::Hub, &text);
    air.grant(1);
    air.tick(Writer::Hub, 10);
    air.now_ms += thin::LINGER_HUB_MS;
    let grant = air.tick(Writer::Hub, 10).texts[0].text.clone();
    air.flying.clear();
    air.restart(Writer::Site, 0xb1b1_0000_0000_00b1);
    let before = air.site.disk.records();
    let outcome = air.hear(Writer::Site, &grant);
    assert!(outcome.verified && !outcome.is_news && outcome.actions.is_empty());
    assert_eq!(air.site.disk.records(), before);
    air.pass(3 * 3_600_000);
    assert!(air.hear(Writer::Site, &grant).verified);
    air.assert_same();
}

#[test]
fn a_retired_box_is_told_goodbye() {
    let mut air = settled(6, 3, 1);
    air.hub_setup.refuse = Some(Reason::Retired);
    air.restart(Writer::Site, 0xb1b1_0000_0000_00b1);
    air.sell(1);
    let before = air.hub.disk.records();
    air.pass(600_000 - 1_000);
    assert_eq!(air.outcomes[0].goodbye, Some(Reason::Retired));
    assert_eq!(air.hub.disk.records(), before);
}

#[test]
fn another_medium_is_refused_and_named() {
    let mut air = settled(7, 3, 1);
    air.site_setup.medium = [8; 8];
    air.restart(Writer::Site, 0xb1b1_0000_0000_00b1);
    air.site_setup.medium = [8; 8];
    air.pass(60_000);
    assert!(air.hub.saw(|action| *action == Action::OtherMedium { medium: [8; 8] }));
    assert_eq!(air.outcomes[0].goodbye, Some(Reason::OtherMedium));
}

#[test]
fn a_parking_place_is_bounded_and_what_finds_none_is_answered_by_hello() {
    let mut air = settled(8, 1, 1);
    let mut texts = Vec::new();
    for _ in 0..40 {
        texts.push(sale(&mut air));
        // As if each had been acknowledged: the window shall not end this.
        let log = support::log(Writer::Site, Lane::Money, 0xa1a1_0000_0000_00a1);
        use kisima_sync::journal::Logs as _;
        let mark = air.mark(Writer::Site, Writer::Site);
        air.site.disk.set_acked(&log, mark).unwrap();
        air.handle(
            Writer::Site,
            Event::WideHeard {
                peer_run: Epoch(0x4141_0000_0000_0041),
            },
        );
    }
    for text in texts[1..].iter() {
        assert!(air.hear(Writer::Hub, text).verified);
    }
    let slots = air
        .hub
        .disk
        .meta
        .iter()
        .filter(|(name, value)| name.contains("parked") && value.len() > 2);
    assert_eq!(slots.count(), thin::PARKED_MAX);
    air.now_ms += thin::ANSWER_MS;
    let said = air.tick(Writer::Hub, 10).texts;
    let bytes = |text: &str| text.as_bytes()[1..3].to_vec();
    // Version 1, kind 1 and 3: 0x11 and 0x13 begin with "ER" and "Ex" … in base64 the first six bits are 000100.
    assert!(
        said.iter()
            .any(|text| bytes(&text.text)[0] == b'E' && bytes(&text.text)[1] & 0xf0 == b'R' & 0xf0)
    );
    air.hear(Writer::Hub, &texts[0]);
    assert_eq!(
        air.mark(Writer::Hub, Writer::Site),
        3 + 32,
        "the gap closed, and all that was parked was applied"
    );
}

#[test]
fn no_text_by_anybody_panics_or_changes_anything() {
    let mut air = settled(9, 3, 1);
    let sample = sale(&mut air);
    let before = (air.site.disk.clone(), air.hub.disk.clone());
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut dice = Dice(77);
    for _ in 0..4_000 {
        let mut text: Vec<u8> = sample.as_bytes()[..11.min(sample.len())].to_vec();
        if dice.is_one_in(30) {
            text.truncate(1);
        }
        let length_max = if dice.is_one_in(10) { 640 } else { 160 };
        for _ in 0..dice.below(length_max) {
            text.push(letters[dice.below(64) as usize]);
        }
        let text = String::from_utf8(text).unwrap();
        for side in [Writer::Site, Writer::Hub] {
            assert!(!air.hear(side, &text).verified);
        }
    }
    for text in ["", "=", "BALANCE", "= 1", "=====", "ERAA", "=éé"] {
        assert!(!thin::looks_like_frame(text), "{text}");
        assert_eq!(air.hear(Writer::Hub, text), thin::Outcome::default());
    }
    assert_eq!((air.site.disk, air.hub.disk), before);
}
