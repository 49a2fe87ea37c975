//! Sync by texts: a hub that hears what is like the texts of a site. A damaged text has a wrong tag, so most of what is
//! tried is how a text is told from others and refused; the good ones go all the way.

use kiosk::{
    ids::{BoxId, Epoch, Lane, Writer},
    moment::{Draw, Moment, Trust, Wall},
};
use rusqlite::Connection;
use store::journal::{SCHEMA, SqlLogs};
use sync::{
    journal::Pen,
    record::Record,
    seal::{Carrier, Identity, PairKey, SecretKey},
    session::Setup,
    thin::{self, Event, Outcome, claim, handle, looks_like_frame},
};

const BOX: BoxId = BoxId(0xb0b0_0000_0000_0001);

thread_local! {
    /// The hub's disk. What a text changes there is undone.
    static HUB: Connection = disk();
}

fn disk() -> Connection {
    let disk = Connection::open_in_memory().expect("memory");
    disk.execute_batch(SCHEMA).expect("its own tables");
    disk
}

fn setup(side: Writer) -> Setup {
    let identity = |side: Writer| Identity::from_seed(&SecretKey::new([side.number() + 1; 32]));
    let other = match side {
        Writer::Site => Writer::Hub,
        Writer::Hub => Writer::Site,
    };
    Setup {
        side,
        box_id: BOX,
        run: Epoch(7),
        pair: PairKey::new(&SecretKey::new([9; 32])),
        identity: identity(side),
        peer_public: identity(other).public(),
        medium: [9; 8],
        linger_ms: match side {
            Writer::Site => thin::LINGER_MS,
            Writer::Hub => thin::LINGER_HUB_MS,
        },
        refuse: None,
    }
}

fn event(side: Writer, event: Event<'_>, disk: &Connection) -> Outcome {
    let moment = Moment {
        wall: Wall(1_795_345_509_000),
        trust: Trust::Ntp,
        monotonic_ms: 60_000,
        draw: Draw::new([5; 32]),
    };
    handle(&setup(side), &moment, event, &mut SqlLogs::new(disk)).expect("the disk is whole")
}

/// What both ends say in a session until they have said it all, and the site's first words by SMS.
pub(super) fn texts() -> Vec<Vec<u8>> {
    let (site, hub) = (disk(), disk());
    let pen = Pen {
        by: Writer::Site,
        epoch: Epoch(7),
    };
    let sale = super::targets::records().swap_remove(0);
    let sale = Record::decode(Writer::Site, Lane::Money, &sale).expect("a golden record");
    pen.write(&mut SqlLogs::new(&site), BOX, Lane::Money, &sale)
        .expect("room");
    let tick = |carrier| Event::Tick { carrier, texts_max: 4 };
    let mut said: Vec<String> = Vec::new();
    let before = disk();
    said.extend(
        event(Writer::Site, tick(Carrier::Sms), &before)
            .texts
            .into_iter()
            .map(|text| text.text),
    );
    for _ in 0..4 {
        for (side, own, heard_by, other) in [
            (Writer::Site, &site, Writer::Hub, &hub),
            (Writer::Hub, &hub, Writer::Site, &site),
        ] {
            let carrier = Carrier::Ussd;
            for text in event(side, tick(carrier), own).texts {
                let heard = event(
                    heard_by,
                    Event::Text {
                        carrier,
                        text: &text.text,
                    },
                    other,
                );
                assert!(heard.verified, "they know one another");
                said.push(text.text);
            }
        }
    }
    assert!(
        said.len() > 3,
        "a HELLO by SMS, two in the session, and the sale: {said:?}"
    );
    said.into_iter().map(String::into_bytes).collect()
}

pub(super) fn read(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    assert!(
        claim(&text).is_none() || looks_like_frame(&text),
        "what claims looks like one"
    );
    HUB.with(|disk| {
        for carrier in [Carrier::Sms, Carrier::Ussd] {
            disk.execute_batch("BEGIN").expect("no other transaction");
            let before = disk.total_changes();
            let heard = event(Writer::Hub, Event::Text { carrier, text: &text }, disk);
            if heard.verified {
                for text in event(Writer::Hub, Event::Tick { carrier, texts_max: 4 }, disk).texts {
                    assert!(text.text.len() <= thin::LONG_TEXT_CHARS_MAX, "{text:?}");
                }
            } else {
                assert_eq!(heard, Outcome::default(), "a text of nobody says nothing");
                assert_eq!(disk.total_changes(), before, "and changes nothing");
            }
            disk.execute_batch("ROLLBACK").expect("it began");
        }
    });
}
