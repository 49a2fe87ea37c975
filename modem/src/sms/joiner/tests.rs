use proptest::prelude::*;

use super::*;
use crate::{gsm7, pdu::Part, sms::split};

fn address() -> Address {
    Address::International("254700000101".into())
}

fn message(part: Option<Part>, content: Content) -> Deliver {
    let stamp = Some(Stamp {
        at_ms: 1_000,
        zone_quarters: 0,
    });
    Deliver {
        from: address(),
        stamp,
        class: None,
        part,
        has_national_table: false,
        content,
    }
}

fn part(reference: u16, number: u8, total: u8, text: &str) -> Deliver {
    let part = Part {
        reference,
        is_wide: false,
        total,
        number,
    };
    message(Some(part), Content::Gsm7(gsm7::encode(text).expect("in the alphabet")))
}

fn at(second: u64) -> Duration {
    Duration::from_secs(second)
}

fn slots(slots: &[u32]) -> Vec<Slot> {
    slots.iter().copied().map(Slot).collect()
}

/// Text, slots, and whether parts are missing.
fn told(ready: Vec<Incoming>) -> Vec<(String, Vec<Slot>, bool)> {
    let text = |body| match body {
        Body::Text(text) => text,
        Body::Data(data) => format!("{data:?}"),
    };
    ready
        .into_iter()
        .map(|text_in| (text(text_in.body), text_in.slots, text_in.is_incomplete))
        .collect()
}

#[test]
fn a_text_of_one_message_passes() {
    let mut joiner = Joiner::default();
    let ready = joiner.take(
        at(0),
        Some(Slot(4)),
        message(None, Content::Ucs2("ê".encode_utf16().collect())),
    );
    let expected = Incoming {
        slots: slots(&[4]),
        from: "+254700000101".into(),
        body: Body::Text("ê".into()),
        sent_at_ms: Some(1_000),
        is_incomplete: false,
    };
    assert_eq!(ready, [expected]);
    assert!(joiner.is_empty());
}

#[test]
fn a_part_of_last_year_is_no_part_of_today() {
    let mut joiner = Joiner::default();
    assert!(joiner.take(at(0), Some(Slot(1)), part(9, 1, 2, "BUY ")).is_empty());
    let mut late = part(9, 2, 2, "and sell");
    late.stamp = Some(Stamp {
        at_ms: 1_000 + 24 * 60 * 60_000 + 1,
        zone_quarters: 0,
    });
    let ready = told(joiner.take(at(1), Some(Slot(2)), late));
    assert_eq!(ready, [("BUY ".to_owned(), slots(&[1]), true)]);
    assert_eq!(joiner.len(), 1);
}

#[test]
fn parts_may_come_in_any_order_and_twice() {
    let mut joiner = Joiner::default();
    assert!(joiner.take(at(0), Some(Slot(3)), part(9, 3, 3, "c")).is_empty());
    assert!(joiner.take(at(1), Some(Slot(1)), part(9, 1, 3, "a")).is_empty());
    // Told again from its slot by a sweep, and sent twice by the network into another.
    assert!(joiner.take(at(2), Some(Slot(1)), part(9, 1, 3, "a")).is_empty());
    assert!(joiner.take(at(2), Some(Slot(7)), part(9, 1, 3, "a")).is_empty());
    assert!(joiner.holds(Slot(7)) && !joiner.holds(Slot(2)));
    let ready = joiner.take(at(3), Some(Slot(2)), part(9, 2, 3, "b"));
    assert_eq!(told(ready), [("abc".into(), slots(&[3, 1, 7, 2]), false)]);
    assert!(joiner.is_empty());
}

#[test]
fn texts_are_told_apart_by_all_that_names_them() {
    let mut joiner = Joiner::default();
    let wide = |message: Deliver| Deliver {
        part: message.part.map(|part| Part { is_wide: true, ..part }),
        ..message
    };
    let other = |message: Deliver| Deliver {
        from: Address::Digits("254700000101".into()),
        ..message
    };
    let firsts = [
        part(9, 1, 2, "a"),
        part(8, 1, 2, "b"),
        part(9, 1, 3, "c"),
        wide(part(9, 1, 2, "d")),
        other(part(9, 1, 2, "e")),
    ];
    for first in firsts {
        assert!(joiner.take(at(0), None, first).is_empty());
    }
    assert_eq!(joiner.len(), 5);
    assert_eq!(
        told(joiner.take(at(1), None, wide(part(9, 2, 2, "!")))),
        [("d!".into(), slots(&[]), false)]
    );
}

#[test]
fn a_reference_used_anew_gives_the_old_text_up() {
    let mut joiner = Joiner::default();
    joiner.take(at(0), Some(Slot(1)), part(9, 1, 2, "old"));
    let ready = joiner.take(at(1), Some(Slot(2)), part(9, 1, 2, "new "));
    assert_eq!(told(ready), [("old".into(), slots(&[1]), true)]);
    let ready = joiner.take(at(1), Some(Slot(3)), part(9, 2, 2, "text"));
    assert_eq!(told(ready), [("new text".into(), slots(&[2, 3]), false)]);
}

#[test]
fn a_slot_that_holds_another_message_is_not_freed_with_the_old_one() {
    let mut joiner = Joiner::default();
    joiner.take(at(0), Some(Slot(1)), part(9, 1, 2, "a"));
    let ready = joiner.take(at(1), Some(Slot(1)), message(None, Content::Gsm7(vec![0x41])));
    assert_eq!(told(ready), [("A".into(), slots(&[1]), false)]);
    let ready = joiner.take(at(2), Some(Slot(2)), part(9, 2, 2, "b"));
    assert_eq!(told(ready), [("ab".into(), slots(&[2]), false)]);
}

#[test]
fn what_is_never_complete_is_given_up_on_demand() {
    let mut joiner = Joiner::default();
    joiner.take(at(0), Some(Slot(1)), part(1, 2, 3, "b"));
    joiner.take(at(50), Some(Slot(2)), part(2, 1, 2, "x"));
    assert!(joiner.give_up(at(59), at(60)).is_empty());
    assert_eq!(told(joiner.give_up(at(60), at(60))), [("b".into(), slots(&[1]), true)]);
    assert_eq!(joiner.len(), 1);
    joiner.clear();
    assert!(joiner.give_up(at(600), at(60)).is_empty());
}

#[test]
fn too_many_give_up_the_one_that_waits_longest() {
    let mut joiner = Joiner::default();
    for reference in 0..WAITING_MAX as u16 {
        joiner.take(at(u64::from(reference)), None, part(reference, 1, 3, "a"));
    }
    // The first heard something since.
    joiner.take(at(100), None, part(0, 2, 3, "b"));
    let ready = joiner.take(at(101), None, part(99, 1, 3, "z"));
    assert_eq!(told(ready), [("a".into(), slots(&[]), true)]);
    assert_eq!(joiner.len(), WAITING_MAX);
    assert_eq!(
        told(joiner.take(at(102), None, part(0, 3, 3, "c"))),
        [("abc".into(), slots(&[]), false)]
    );
}

#[test]
fn parts_in_two_alphabets_are_read_each_by_its_own() {
    let mut joiner = Joiner::default();
    joiner.take(at(0), None, part(9, 1, 2, "a"));
    let second = Content::Ucs2("ê".encode_utf16().collect());
    let ready = joiner.take(
        at(0),
        None,
        Deliver {
            content: second,
            ..part(9, 2, 2, "")
        },
    );
    assert_eq!(told(ready), [("aê".into(), slots(&[]), false)]);
}

proptest! {
    #[test]
    fn whatever_is_cut_is_joined(text in prop_oneof!["[a-z€{ ]{1,900}", "[a-zê😀]{1,400}"], reference in any::<u8>(), seed in any::<u64>()) {
        let mut parts = split(&text, reference).expect("short");
        // An order by a multiplier, and every part twice.
        let places = parts.len() as u64;
        let doubled = parts.clone();
        parts.extend(doubled);
        parts.sort_by_key(|(part, _)| part.map_or(0, |part| u64::from(part.number).wrapping_mul(seed | 1) % (places * 7 + 3)));
        let mut joiner = Joiner::default();
        let mut ready = Vec::new();
        for (place, (part, content)) in parts.into_iter().enumerate() {
            ready.extend(joiner.take(at(0), Some(Slot(place as u32)), message(part, content)));
        }
        let whole: Vec<String> = told(ready).into_iter().filter(|(_, _, is_incomplete)| !is_incomplete).map(|(text, _, _)| text).collect();
        prop_assert!(!whole.is_empty() && whole.iter().all(|whole| *whole == text));
    }
}
