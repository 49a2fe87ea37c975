//! Texts that the hub has a site send.

use super::*;

fn say() -> frame::Say {
    frame::Say {
        id: 7,
        phone: "+254700000102".to_owned(),
        text: "Your balance is 20 l.".to_owned(),
        until: kiosk::moment::Wall(1_790_000_000_000),
    }
}

fn said() -> frame::Said {
    frame::Said {
        id: 7,
        state: frame::SaidState::Taken,
        reason: None,
    }
}

#[test]
fn a_text_goes_to_the_site_and_its_state_comes_back() {
    let mut pair = settled(3, 1);
    let moment = pair.moment();
    pair.hub.handle(&moment, Event::Say(say()));
    pair.settle();
    assert_eq!(pair.site.seen.last(), Some(&Action::Say(say())));
    let moment = pair.moment();
    pair.site.handle(&moment, Event::Said(said()));
    pair.settle();
    assert_eq!(pair.hub.seen.last(), Some(&Action::Said(said())));
    // It is in no log.
    pair.assert_same();
}

#[test]
fn a_site_has_the_hub_send_nothing() {
    let mut pair = settled(3, 1);
    let moment = pair.moment();
    pair.site.handle(&moment, Event::Say(say()));
    pair.settle();
    assert_eq!(pair.hub.seen.last(), Some(&Action::Close(Closed::Unexpected)));
    let mut pair = settled(3, 1);
    let moment = pair.moment();
    pair.hub.handle(&moment, Event::Said(said()));
    pair.settle();
    assert_eq!(pair.site.seen.last(), Some(&Action::Close(Closed::Unexpected)));
}

#[test]
fn a_site_of_an_older_version_is_sent_no_frame_that_it_does_not_know() {
    let mut pair = Pair::new(1);
    pair.connect();
    let bytes = pair.site.wire.pop_front().unwrap();
    let first = Seal {
        carrier: Carrier::Socket,
        from: Writer::Site,
        session: [0; 32],
        counter: 0,
        box_id: BOX,
        generation: 0,
        epoch: Epoch(0),
    };
    let keys = support::pair();
    let Ok(Frame::Hello(hello)) = frame::decode(&bytes).unwrap().verify(&bytes, &keys, &first) else {
        panic!("the first frame is no HELLO");
    };
    let older = frame::Hello {
        protocol: (1, 1),
        ..hello
    };
    let older = frame::encode(&Frame::Hello(older), &keys, &first).unwrap();
    pair.site.wire.push_front(older);
    pair.settle();
    let session = pair.hub.session.as_ref().unwrap();
    assert!(session.is_established() && !session.takes_texts());
    let moment = pair.moment();
    pair.hub.handle(&moment, Event::Say(say()));
    assert!(pair.hub.wire.is_empty());
}
