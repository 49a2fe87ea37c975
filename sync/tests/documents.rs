//! Documents: two people edit, a card is set back, and bytes made to do harm.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::time::{Duration, Instant};

use kiosk::ids::{BoxId, CustomerId, Epoch};
use kisima_sync::{
    document::{Actor, Applied, Document, DocumentError},
    record::DocumentId,
};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

const ID: DocumentId = DocumentId::Customer(CustomerId(7));

fn site(epoch: u64) -> Document {
    Document::new(ID, Actor::site(BoxId(1), Epoch(epoch)))
}

fn hub(epoch: u64) -> Document {
    Document::new(ID, Actor::hub(Epoch(epoch)))
}

fn set(document: &mut Document, name: &str, value: &str) -> Vec<u8> {
    document.edit(&[(name, Some(value))]).unwrap().expect("a change")
}

#[test]
fn edits_made_apart_meet_in_any_order() {
    let (mut site, mut hub) = (site(1), hub(2));
    let first = set(&mut site, "name", "Achieng");
    assert!(first.len() < 200, "a change of name costs {} bytes", first.len());
    assert_eq!(hub.apply(&first), Applied::New);
    let at_site = [set(&mut site, "city", "Kisumu"), set(&mut site, "language", "sw")];
    let at_hub = [
        set(&mut hub, "city", "Nairobi"),
        set(&mut hub, "phone", "+254700000102"),
    ];
    for change in &at_hub {
        assert_eq!(site.apply(change), Applied::New);
    }
    assert!(matches!(hub.apply(&at_site[1]), Applied::Waiting(missing) if missing.len() == 1));
    assert_eq!(hub.apply(&at_site[0]), Applied::New);
    assert_eq!(hub.apply(&at_site[1]), Applied::New);
    assert_eq!(hub.apply(&at_site[1]), Applied::Known);
    assert_eq!(site.fields(), hub.fields());
    assert_eq!(site.profile().name.as_deref(), Some("Achieng"));
    assert!(site.profile().city.is_some());
    let saved = hub.save();
    let again = Document::load(ID, Actor::hub(Epoch(3)), &saved).unwrap();
    assert_eq!(again.fields(), hub.fields());
}

#[test]
fn the_same_edits_make_the_same_bytes() {
    let make = || {
        let mut document = site(1);
        let changes = [
            set(&mut document, "name", "Achieng"),
            set(&mut document, "city", "Kisumu"),
        ];
        (changes, document.save())
    };
    assert_eq!(make(), make());
}

#[test]
fn a_card_set_back_edits_on_under_a_fresh_actor() {
    let (mut old_run, mut hub) = (site(1), hub(2));
    let mut card = site(3);
    assert_eq!(hub.apply(&set(&mut old_run, "name", "Achieng")), Applied::New);
    assert_eq!(hub.apply(&set(&mut card, "city", "Kisumu")), Applied::New);
    for change in hub.changes() {
        assert!(matches!(card.apply(&change), Applied::New | Applied::Known));
    }
    assert_eq!(card.fields(), hub.fields());
    // With the old actor it would contradict itself, and is refused instead of never converging.
    let mut twin = site(1);
    let contradiction = set(&mut twin, "name", "Atieno");
    assert!(matches!(hub.apply(&contradiction), Applied::Refused(_)));
    assert_eq!(hub.profile().name.as_deref(), Some("Achieng"));
}

#[test]
fn an_edit_too_large_to_travel_is_refused_where_it_is_made() {
    let mut document = site(1);
    // Random texts do not compress, but changes travel raw in any case.
    let long = "x".repeat(1_000);
    let fields = [
        ("a", Some(&*long)),
        ("b", Some(&*long)),
        ("c", Some(&*long)),
        ("d", Some(&*long)),
    ];
    assert!(matches!(document.edit(&fields), Err(DocumentError::TooLarge(_))));
    assert!(document.fields().is_empty());
    assert_eq!(
        document.edit(&[("a", Some(&"x".repeat(1_001)))]),
        Err(DocumentError::Field)
    );
    assert_eq!(document.edit(&[("name", None)]), Ok(None));
    assert!(document.edit(&fields[..2]).unwrap().is_some());
    assert_eq!(document.edit(&fields[..2]), Ok(None));
}

#[test]
fn a_whole_document_is_no_change() {
    let mut other = hub(2);
    set(&mut other, "name", "Achieng");
    assert!(matches!(site(1).apply(&other.save()), Applied::Refused(_)));
    let mut change = set(&mut other, "name", "Atieno");
    for chunk_type in [0, 2, 3, 4, 255] {
        change[8] = chunk_type;
        seal(&mut change);
        assert!(
            matches!(site(1).apply(&change), Applied::Refused(_)),
            "chunk type {chunk_type}"
        );
    }
}

/// Sets the checksum right, as an attacker would: the first 4 bytes of SHA-256 over what follows it.
fn seal(chunk: &mut [u8]) {
    let hash = Sha256::digest(&chunk[8..]);
    chunk[4..8].copy_from_slice(&hash[..4]);
}

fn survives(document: &mut Document, bytes: &[u8]) {
    let before = document.save();
    let began = Instant::now();
    let outcome = document.apply(bytes);
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "hung on {}",
        hex::encode(bytes)
    );
    if outcome != Applied::New {
        assert_eq!(document.save(), before);
    }
    document.fields();
    document.save();
}

#[test]
fn a_few_bytes_that_stand_for_millions_of_rows_are_refused() {
    let mut document = site(1);
    let change = set(&mut hub(2), "name", "Achieng");
    let mut caught = 0;
    // Every byte of the change becomes the first of a long run, with the checksum right.
    for at in 9..change.len() - 4 {
        for run in [
            [0xff, 0xff, 0xff, 0x3f],
            [0x00, 0xff, 0xff, 0x7f],
            [0x80, 0x80, 0x80, 0x40],
        ] {
            let mut crafted = change.clone();
            crafted[at..at + 4].copy_from_slice(&run);
            seal(&mut crafted);
            survives(&mut document, &crafted);
            let verdict = document.apply(&crafted);
            caught += usize::from(verdict == Applied::Refused("not a change of a sane shape"));
        }
    }
    assert!(
        caught > 60,
        "the guard caught {caught}; what it lets through reaches the parser"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn crafted_changes_with_a_right_checksum_do_no_harm(
        spots in prop::collection::vec((9_usize..400, any::<u8>()), 1..6),
    ) {
        let mut writer = hub(2);
        let mut document = site(1);
        document.apply(&set(&mut writer, "name", "Achieng"));
        let mut change = writer
            .edit(&[("name", Some("Atieno")), ("city", Some("Kisumu")), ("phone", None), ("language", Some("sw"))])
            .unwrap()
            .unwrap();
        for (at, byte) in spots {
            let at = 9 + at % (change.len() - 9);
            change[at] = byte;
        }
        seal(&mut change);
        survives(&mut document, &change);
    }

    #[test]
    fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        survives(&mut site(1), &bytes);
        let mut headed = vec![0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 1, bytes.len().min(127) as u8];
        headed.extend(&bytes[..bytes.len().min(127)]);
        seal(&mut headed);
        survives(&mut site(1), &headed);
    }
}
