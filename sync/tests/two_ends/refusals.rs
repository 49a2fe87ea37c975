//! What a session must refuse.

use super::*;

#[test]
fn a_fork_is_refused_told_and_changes_nothing() {
    let mut pair = settled(5, 1);
    pair.cut();
    // Two different pasts under one epoch, as only a copied card could make them.
    let fork = pair.hub.disk.clone();
    pair.site.write_quietly();
    let mut other = Pair::new(2);
    other.site.disk = fork.clone();
    other.site.written = 77;
    other.site.write_quietly();
    pair.hub.disk = other.site.disk.clone();
    let before = pair.hub.disk.records();
    pair.connect();
    pair.settle();
    assert!(
        pair.hub
            .saw(|action| matches!(action, Action::Fork { at } if at.seq == 7))
    );
    assert_eq!(pair.hub.disk.records(), before);
    // Other lanes go on, and so does this one once the window would long be full of refused chunks.
    for _ in 0..40 {
        let moment = pair.moment();
        pair.site.write(&moment);
        pair.settle();
    }
    let moment = pair.moment();
    pair.hub.write(&moment);
    pair.settle();
    assert_eq!(pair.hub.disk.mark(Writer::Site, Lane::Money, 0xa1), 7);
    assert_eq!(pair.site.disk.mark(Writer::Hub, Lane::Money, 0x41), 3);
}

#[test]
fn a_duplicate_chunk_with_another_record_is_a_fork() {
    use sync::journal::{Incoming, Received, receive};
    let mut pair = settled(5, 1);
    let key = log(Writer::Site, Lane::Money, 0xa1);
    let mut records = pair.hub.disk.read(&key, 3, 10_000).unwrap();
    let incoming = |records| Incoming {
        log: key,
        from: 3,
        records,
        head: None,
    };
    let public = support::site_identity().public();
    let before = pair.hub.disk.clone();
    let again = receive(&mut pair.hub.disk, &incoming(records.clone()), &public).unwrap();
    assert_eq!(again, Received::Held { mark: 6, fresh: vec![] });
    let bytes = support::poured(999, 1).encode(Writer::Site, Lane::Money).unwrap();
    records[1] = Stored::Bytes(bytes);
    let forked = receive(&mut pair.hub.disk, &incoming(records), &public).unwrap();
    assert!(matches!(forked, Received::Fork(at) if at.seq == 4), "{forked:?}");
    assert_eq!(pair.hub.disk, before);
}

#[test]
fn tampered_replayed_and_reflected_frames_are_refused() {
    let refused = |spoil: &dyn Fn(&mut Pair)| {
        let mut pair = settled(3, 1);
        let moment = pair.moment();
        pair.site.write(&moment);
        spoil(&mut pair);
        let before = pair.hub.disk.records();
        pair.deliver(Writer::Hub);
        assert!(
            matches!(pair.hub.seen.last(), Some(Action::Close(Closed::BadFrame(_)))),
            "{:?}",
            pair.hub.seen.last()
        );
        assert_eq!(pair.hub.disk.records(), before);
    };
    let length = {
        let mut pair = settled(3, 1);
        let moment = pair.moment();
        pair.site.write(&moment);
        pair.site.wire[0].len()
    };
    for byte in 0..length {
        refused(&|pair| pair.site.wire[0][byte] ^= 0x10);
        refused(&|pair| pair.site.wire[0].truncate(byte));
    }
    // The same frame twice: the counter has moved on.
    refused(&|pair| {
        let frame = pair.site.wire[0].clone();
        pair.deliver(Writer::Hub);
        pair.site.wire.push_front(frame);
    });
    // The hub's own frame back to it.
    refused(&|pair| {
        let moment = pair.moment();
        pair.hub.write(&moment);
        pair.site.wire[0] = pair.hub.wire[0].clone();
    });
    // A frame of an earlier socket.
    refused(&|pair| {
        let frame = pair.site.wire[0].clone();
        pair.connect();
        pair.settle();
        pair.site.wire.push_front(frame);
    });
}

#[test]
fn a_replayed_hello_is_answered_but_not_believed() {
    let mut pair = settled(3, 1);
    pair.connect();
    let hello = pair.site.wire[0].clone();
    pair.settle();
    pair.cut();
    let moment = pair.moment();
    pair.hub.seen.clear();
    pair.hub.session = Some(sync::session::Session::new(support::setup(Writer::Hub, 0x41)));
    pair.hub.handle(&moment, Event::Opened);
    pair.hub.write_quietly();
    pair.hub.handle(&moment, Event::Frame(&hello));
    pair.hub.handle(&moment, Event::Written);
    assert_eq!(pair.hub.wire.len(), 2, "HELLO and PING, and no record");
    assert!(pair.hub.seen.is_empty(), "{:?}", pair.hub.seen);
}

#[test]
fn a_retired_box_is_told_under_a_seal() {
    let mut pair = settled(3, 1);
    pair.cut();
    let moment = pair.moment();
    let mut setup = support::setup(Writer::Hub, 0x41);
    setup.refuse = Some(Reason::Retired);
    pair.hub.session = Some(sync::session::Session::new(setup));
    pair.site.session = Some(sync::session::Session::new(support::setup(Writer::Site, 0xa1)));
    pair.hub.handle(&moment, Event::Opened);
    pair.site.handle(&moment, Event::Opened);
    let mut told = false;
    for _ in 0..4 {
        for to in [Writer::Hub, Writer::Site] {
            let (from, end) = match to {
                Writer::Hub => (&mut pair.site, &mut pair.hub),
                Writer::Site => (&mut pair.hub, &mut pair.site),
            };
            if let Some(frame) = from.wire.pop_front() {
                end.handle(&moment, Event::Frame(&frame));
            }
        }
        told |= pair.site.saw(|action| {
            matches!(
                action,
                Action::Close(Closed::There {
                    reason: Reason::Retired,
                    ..
                })
            )
        });
    }
    assert!(told, "{:?}", pair.site.seen);
}

#[test]
fn another_medium_is_refused_and_alarmed() {
    let mut pair = settled(3, 1);
    pair.cut();
    let moment = pair.moment();
    let mut copied = support::setup(Writer::Site, 0xa1);
    copied.medium = [8; 8];
    pair.site.session = Some(sync::session::Session::new(copied));
    pair.hub.session = Some(sync::session::Session::new(support::setup(Writer::Hub, 0x41)));
    pair.site.handle(&moment, Event::Opened);
    pair.hub.handle(&moment, Event::Opened);
    pair.settle();
    assert!(pair.hub.saw(|action| *action == Action::OtherMedium { medium: [8; 8] }));
}

#[test]
fn silence_is_pinged_and_then_given_up() {
    let mut pair = settled(3, 1);
    let session = pair.site.session.as_ref().unwrap();
    let due = session.deadline_ms().unwrap();
    pair.now_ms = due - 1;
    let moment = pair.moment();
    pair.site.handle(&moment, Event::Tick);
    assert!(pair.site.wire.is_empty());
    pair.now_ms = due;
    let moment = pair.moment();
    pair.site.handle(&moment, Event::Tick);
    assert_eq!(pair.site.wire.len(), 1, "a PING");
    pair.now_ms += 60_000;
    let moment = pair.moment();
    pair.site.handle(&moment, Event::Tick);
    assert!(pair.site.saw(|action| *action == Action::Close(Closed::Silent)));
    // Data that is not acknowledged is asked after sooner.
    let mut pair = settled(3, 1);
    let before = pair.site.session.as_ref().unwrap().deadline_ms().unwrap();
    let moment = pair.moment();
    pair.site.write(&moment);
    let after = pair.site.session.as_ref().unwrap().deadline_ms().unwrap();
    assert!(after < before);
    assert_eq!(after, pair.now_ms + 20_000);
}

#[test]
fn a_box_cannot_write_itself_a_grant() {
    let mut pair = settled(3, 1);
    let bytes = support::granted(1, 9).encode(Writer::Hub, Lane::Money).unwrap();
    let chunk = Frame::Chunk(frame::Chunk {
        by: Writer::Site,
        lane: Lane::Money,
        epoch: Epoch(0xa1),
        from: 5,
        records: vec![Stored::Bytes(bytes)],
        head: None,
    });
    // With the right seal, as a stolen box would send it: believed to come from the box, refused all the same.
    let incoming = match &chunk {
        Frame::Chunk(chunk) => sync::journal::Incoming {
            log: log(chunk.by, chunk.lane, 0xa1),
            from: chunk.from,
            records: chunk.records.clone(),
            head: None,
        },
        _ => unreachable!(),
    };
    let public = support::site_identity().public();
    let taken = sync::journal::receive(&mut pair.hub.disk, &incoming, &public).unwrap();
    assert!(matches!(taken, sync::journal::Received::Refused(..)), "{taken:?}");
    let seal = Seal {
        carrier: Carrier::Socket,
        from: Writer::Site,
        session: [0; 32],
        counter: 0,
        box_id: BOX,
        generation: 0,
        epoch: Epoch(0),
    };
    assert!(frame::encode(&chunk, &support::pair(), &seal).is_ok());
}

#[test]
fn a_log_begins_only_where_everything_before_it_is_held() {
    use sync::journal::{Incoming, Received, receive};
    let mut pair = settled(5, 1);
    pair.restart(Writer::Site, 0xb7);
    pair.site.write_quietly();
    let next = log(Writer::Site, Lane::Money, 0xb7);
    let incoming = Incoming {
        log: next,
        from: 1,
        records: pair.site.disk.read(&next, 1, 10_000).unwrap(),
        head: None,
    };
    let public = support::site_identity().public();
    let mut empty = support::Memory::default();
    assert_eq!(receive(&mut empty, &incoming, &public).unwrap(), Received::Gap);
    assert_eq!(empty, support::Memory::default());
    assert!(matches!(
        receive(&mut pair.hub.disk, &incoming, &public).unwrap(),
        Received::Held { mark: 2, .. }
    ));
    let beyond = Incoming { from: 4, ..incoming };
    assert_eq!(receive(&mut pair.hub.disk, &beyond, &public).unwrap(), Received::Gap);
}

#[test]
fn records_under_a_strangers_head_are_refused() {
    use sync::journal::{Incoming, Received, receive, sign_head};
    let pair = settled(5, 1);
    let key = log(Writer::Site, Lane::Money, 0xa1);
    let incoming = |identity: &sync::seal::Identity| Incoming {
        log: key,
        from: 1,
        records: pair.site.disk.read(&key, 1, 10_000).unwrap(),
        head: Some(sign_head(identity, &key, 6, &pair.site.disk.logs[&key].0.chain).signature),
    };
    let public = support::site_identity().public();
    let mut empty = support::Memory::default();
    let taken = receive(&mut empty, &incoming(&support::hub_identity()), &public).unwrap();
    assert_eq!(taken, Received::BadHead);
    assert_eq!(empty, support::Memory::default());
    let taken = receive(&mut empty, &incoming(&support::site_identity()), &public).unwrap();
    assert!(matches!(taken, Received::Held { mark: 6, .. }));
}

#[test]
fn nobody_adds_to_the_logs_of_a_living_run() {
    let mut pair = settled(5, 1);
    pair.cut();
    // A box that makes up a grant in the hub's present run, and seals it rightly.
    let pen = sync::journal::Pen {
        by: Writer::Hub,
        epoch: Epoch(0x41),
    };
    pen.write(&mut pair.site.disk, BOX, Lane::Money, &support::granted(99, 0x41))
        .unwrap();
    // Its HELLO shows a record that the hub never wrote; the record itself is refused.
    pair.connect();
    pair.settle();
    assert!(pair.hub.saw(|action| matches!(action, Action::Fork { .. })));
    assert_eq!(pair.hub.disk.mark(Writer::Hub, Lane::Money, 0x41), 2);
}

/// A box writes a log of its own invention in the hub's name: it has the pair's key, not the hub's.
fn invent(pair: &mut Pair, epoch: u64) {
    let pen = sync::journal::Pen {
        by: Writer::Hub,
        epoch: Epoch(epoch),
    };
    let merged = Record::Fact(kiosk::fact::Fact::Merged {
        from: kiosk::ids::CustomerId(1),
        into: kiosk::ids::CustomerId(2),
    });
    pen.write(&mut pair.site.disk, BOX, Lane::Money, &merged).unwrap();
}

fn folded_merged(pair: &Pair) -> bool {
    let merged = |record: &Record| matches!(record, Record::Fact(kiosk::fact::Fact::Merged { .. }));
    pair.hub
        .saw(|action| matches!(action, Action::Fold { record, .. } if merged(record)))
}

#[test]
fn what_a_box_invents_in_the_hubs_name_is_refused() {
    let mut pair = settled(5, 1);
    // Its HELLO shows nothing of it, so the hub waits for nothing.
    invent(&mut pair, 0x77);
    let moment = pair.moment();
    pair.site.handle(&moment, Event::Written);
    pair.settle();
    assert!(
        pair.hub
            .saw(|action| matches!(action, Action::Refused { error: None, .. }))
    );
    assert_eq!(pair.hub.disk.mark(Writer::Hub, Lane::Money, 0x77), 0);
    assert!(!folded_merged(&pair));
}

#[test]
fn unsigned_records_that_a_doubt_waits_for_are_held_and_count_for_nothing() {
    let mut pair = settled(5, 1);
    invent(&mut pair, 0x77);
    let folded = pair.hub.folded();
    pair.connect();
    pair.settle();
    assert!(doubt::hub_in_doubt(&pair.hub.disk).unwrap());
    let invented = log(Writer::Hub, Lane::Money, 0x77);
    assert_eq!(
        sync::journal::given_back_unsigned(&pair.hub.disk, BOX).unwrap(),
        [(invented, 1, 2)]
    );
    assert!(
        pair.hub.saw(|action| *action == Action::Heard),
        "nothing is missing that could come"
    );
    assert_eq!(pair.hub.folded(), folded);
    assert!(!pair.hub.saw(|action| matches!(action, Action::Refused { .. })));
}

#[test]
fn the_hub_signs_for_nobody_what_it_did_not_write() {
    let mut pair = settled(5, 1);
    let before = pair.site.disk.clone();
    invent(&mut pair, 0x77);
    let folded = pair.hub.folded();
    pair.connect();
    pair.settle();
    // The box pretends to have lost it, to get it from the hub under a signature.
    let generation = doubt::generation(&pair.site.disk).unwrap();
    pair.site.disk = before;
    doubt::hub_raise(&mut pair.site.disk, generation).unwrap();
    pair.connect();
    pair.settle();
    let invented = log(Writer::Hub, Lane::Money, 0x77);
    assert_eq!(pair.site.disk.mark(Writer::Hub, Lane::Money, 0x77), 2);
    assert_eq!(pair.site.disk.logs[&invented].0.head, None);
    // Time brings heads to logs that grow no more, but not to this one.
    pair.now_ms += 600_000;
    let moment = pair.moment();
    pair.hub.handle(&moment, Event::Tick);
    pair.settle();
    assert_eq!(pair.site.disk.logs[&invented].0.head, None);
    // What the hub writes after it stands on it and is signed.
    let moment = pair.moment();
    pair.hub.write(&moment);
    pair.settle();
    let own = log(Writer::Hub, Lane::Money, 0x41);
    let (state, _) = &pair.site.disk.logs[&own];
    assert_eq!(state.head.unwrap().seq, state.mark);
    assert_eq!(pair.hub.folded(), folded);
}

#[test]
fn a_refused_log_does_not_fill_the_window() {
    let mut pair = settled(5, 1);
    pair.cut();
    let place = log(Writer::Site, Lane::Money, 0xa1);
    // A log whose records the hub cannot take, and then many chunks of it.
    pair.site.write_quietly();
    pair.site
        .disk
        .blank(&kiosk::ids::RecordId { log: place, seq: 7 })
        .unwrap();
    pair.connect();
    pair.settle();
    for _ in 0..40 {
        let moment = pair.moment();
        pair.site.write(&moment);
        pair.settle();
    }
    let alarm = Record::Alarm(kiosk::fact::Alarm {
        severity: kiosk::fact::Severity::Warning,
        code: "loss".to_owned(),
        detail: "a leak".to_owned(),
        time: kiosk::moment::Wall(0),
    });
    let pen = pair.site.pen();
    pen.write(&mut pair.site.disk, BOX, Lane::Alarms, &alarm).unwrap();
    let moment = pair.moment();
    pair.site.handle(&moment, Event::Written);
    pair.settle();
    assert_eq!(pair.hub.disk.mark(Writer::Site, Lane::Alarms, 0xa1), 2);
}

#[test]
fn a_box_drops_what_a_hub_of_a_lower_generation_says() {
    let mut pair = settled(5, 1);
    // On another socket the box has heard generation 3; a grant of the old one is still in the air on this.
    doubt::hub_raise(&mut pair.site.disk, 3).unwrap();
    let moment = pair.moment();
    pair.hub.write(&moment);
    let before = pair.site.disk.records();
    while pair.deliver(Writer::Site) {}
    assert!(pair.site.session.is_some());
    assert_eq!(pair.site.disk.records(), before);
    // The hub learns of it from the next HELLO, climbs above it, and the record comes under that.
    pair.connect();
    pair.settle();
    assert_eq!(doubt::generation(&pair.site.disk).unwrap(), 4);
    pair.assert_same();
}
