//! A past that is missing, and records that are erased or given back.

use super::*;

#[test]
fn a_box_that_was_rolled_back_asks_for_marks_and_gets_its_past() {
    let mut pair = Pair::new(3);
    pair.connect();
    pair.settle();
    let empty = pair.site.disk.clone();
    for run in [0xa1, 0xa2, 0xa3, 0xa4] {
        pair.restart(Writer::Site, run);
        for _ in 0..10 {
            pair.site.write_quietly();
        }
        pair.connect();
        pair.settle();
    }
    pair.restart(Writer::Site, 0xd1);
    pair.site.disk = empty;
    pair.site.write_quietly();
    pair.connect();
    pair.settle();
    pair.assert_same();
    assert_eq!(pair.site.disk.logs.len(), 5);
}

#[test]
fn an_answer_to_a_search_follows_the_records_that_say_so() {
    let mut pair = settled(3, 1);
    let seek = frame::Seek {
        id: 7,
        whom: frame::Whom::Phone("+254700000102".to_owned()),
        volume: kiosk::units::Volume::from_ml(20_000),
    };
    let moment = pair.moment();
    pair.site.handle(&moment, Event::Seek(seek.clone()));
    pair.settle();
    assert!(pair.hub.saw(|action| *action == Action::Seek(seek.clone())));
    pair.hub.write_quietly();
    let moment = pair.moment();
    pair.hub.handle(&moment, Event::Sought(7, frame::Found::Found));
    pair.settle();
    let last_two: Vec<_> = pair.site.seen.iter().rev().take(2).collect();
    assert!(matches!(
        last_two[0],
        Action::Sought {
            id: 7,
            found: frame::Found::Found
        }
    ));
    assert!(matches!(
        last_two[1],
        Action::Fold {
            record: Record::Fact(_),
            ..
        }
    ));
}

#[test]
fn erased_records_travel_as_hashes_and_chains_still_verify() {
    use kiosk::ids::{CustomerId, RecordId};
    use sync::record::{DocumentId, Edit};
    let mut pair = Pair::new(4);
    let doc = DocumentId::Customer(CustomerId(5));
    for n in 0..20_u8 {
        let edit = Edit::Change {
            doc: doc.clone(),
            bytes: vec![n; 40],
        };
        let pen = pair.site.pen();
        pen.write(&mut pair.site.disk, BOX, Lane::Edits, &Record::Edit(edit))
            .unwrap();
    }
    let key = log(Writer::Site, Lane::Edits, 0xa1);
    for seq in 5..9 {
        pair.site.disk.blank(&RecordId { log: key, seq }).unwrap();
    }
    pair.connect();
    pair.settle();
    pair.assert_same();
    assert_eq!(pair.hub.folded(), 17);
    assert_eq!(pair.hub.disk.logs[&key].0.head.unwrap().seq, 21);
    // In the money lane nothing can be blank.
    let mut money = settled(5, 1);
    let key = log(Writer::Site, Lane::Money, 0xa1);
    money.cut();
    money.site.write_quietly();
    money.site.disk.blank(&RecordId { log: key, seq: 7 }).unwrap();
    money.connect();
    money.settle();
    assert!(money.hub.saw(|action| matches!(action, Action::Refused { .. })));
}

#[test]
fn a_restored_hub_gets_its_records_back_under_its_own_signature() {
    let mut pair = settled(1, 1);
    let noon = pair.hub.disk.clone();
    for count in [20, 3] {
        for _ in 0..count {
            pair.hub.write_quietly();
        }
        let moment = pair.moment();
        pair.hub.handle(&moment, Event::Written);
        pair.settle();
    }
    pair.restart(Writer::Hub, 0x44);
    pair.hub.disk = noon;
    doubt::hub_raise(&mut pair.hub.disk, 0).unwrap();
    pair.connect();
    pair.settle();
    pair.assert_same();
    let hub_log = log(Writer::Hub, Lane::Money, 0x41);
    assert_eq!(pair.hub.disk.logs[&hub_log].0.head.unwrap().seq, 25);
    assert_eq!(sync::journal::given_back_unsigned(&pair.hub.disk, BOX).unwrap(), []);
    // Time does not make the site sign what the hub wrote.
    pair.now_ms += 600_000;
    let moment = pair.moment();
    pair.site.handle(&moment, Event::Tick);
    pair.settle();
    assert!(!pair.hub.saw(|action| matches!(action, Action::Refused { .. })));
}

#[test]
fn whatever_a_box_holds_of_the_hub_it_can_give_back_signed() {
    let mut pair = settled(1, 1);
    let noon = pair.hub.disk.clone();
    for _ in 0..4_000 {
        pair.hub.write_quietly();
    }
    let moment = pair.moment();
    pair.hub.handle(&moment, Event::Written);
    // The link breaks amid the drain, which takes several frames.
    for _ in 0..3 {
        assert!(pair.deliver(Writer::Site));
    }
    pair.cut();
    let hub_log = log(Writer::Hub, Lane::Money, 0x41);
    let mark = pair.site.disk.mark(Writer::Hub, Lane::Money, 0x41);
    assert!((3..4_000).contains(&mark), "{mark} records came");
    assert_eq!(pair.site.disk.logs[&hub_log].0.head.unwrap().seq, mark);
    pair.restart(Writer::Hub, 0x44);
    pair.hub.disk = noon;
    doubt::hub_raise(&mut pair.hub.disk, 0).unwrap();
    let (held, folded) = (pair.hub.disk.mark(Writer::Hub, Lane::Money, 0x41), pair.hub.folded());
    pair.connect();
    pair.settle();
    assert_eq!(pair.hub.disk.mark(Writer::Hub, Lane::Money, 0x41), mark);
    assert_eq!(pair.hub.folded() - folded, (mark - held) as usize);
    assert_eq!(sync::journal::given_back_unsigned(&pair.hub.disk, BOX).unwrap(), []);
}

#[test]
fn what_both_hold_is_not_sent_again_however_many_runs_wrote_it() {
    let mut pair = Pair::new(6);
    for run in 0xa1..0xb1 {
        pair.restart(Writer::Site, run);
        for _ in 0..10 {
            pair.site.write_quietly();
        }
        pair.connect();
        pair.settle();
    }
    pair.bytes = [0; 2];
    pair.connect();
    pair.settle();
    assert!(
        pair.bytes[0] + pair.bytes[1] < 400,
        "{:?} bytes for nothing new",
        pair.bytes
    );
}
