//! Sync by texts: hubs that hear what is like the texts of a site. A damaged text has a wrong tag, so it shows how a text is
//! told from others and refused; with its tag put right by [`resealed`] it reaches what follows from a text that is believed.

use base64::{
    Engine as _, alphabet,
    engine::{
        GeneralPurpose,
        general_purpose::{NO_PAD, STANDARD_NO_PAD},
    },
};
use kiosk::{
    ids::{BoxId, Epoch, Lane, LogKey, Writer},
    moment::{Draw, Moment, Trust, Wall},
};
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};
use store::journal::{SCHEMA, SqlLogs};
use sync::{
    journal::{Logs as _, Pen},
    pack::{self, Before},
    record::Record,
    seal::{Carrier, Identity, PairKey, Seal, SecretKey, TAG_BYTES},
    session::Setup,
    thin::{self, Event, Outcome, claim, handle, looks_like_frame},
};

const BOX: BoxId = BoxId(0xb0b0_0000_0000_0001);
/// The run of both ends.
const RUN: Epoch = Epoch(7);
/// More than the site has written.
const READ_BYTES_MAX: usize = 16_384;

/// A text's layout (PROTOCOL rule 11 and `sync::thin`): what stands before the payload, the kinds, and a head's signature.
const HEADER_BYTES: usize = 7;
const HELLO: u8 = 1;
const CHUNK: u8 = 2;
const ACK: u8 = 3;
const GOODBYE: u8 = 10;
const HEADED: u8 = 12;
const KINDS: [u8; 5] = [CHUNK, HELLO, ACK, GOODBYE, HEADED];
const SIGNATURE_BYTES: usize = 64;

thread_local! {
    /// The disks of a hub that knows nothing of the box, of one that was greeted, and of one that holds its sale. What a text
    /// changes there is undone.
    static HUBS: [Connection; 3] = hubs();
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
        run: RUN,
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
    let said = conversation(&disk());
    said.into_iter().map(String::into_bytes).collect()
}

fn hubs() -> [Connection; 3] {
    let [none, greeted, full] = [(); 3].map(|()| disk());
    let carrier = Carrier::Sms;
    let text = &conversation(&full)[0];
    let heard = event(Writer::Hub, Event::Text { carrier, text }, &greeted);
    assert!(heard.verified, "a site greets by SMS");
    [none, greeted, full]
}

/// The same, with this hub.
fn conversation(hub: &Connection) -> Vec<String> {
    let site = disk();
    let pen = Pen {
        by: Writer::Site,
        epoch: RUN,
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
            (Writer::Site, &site, Writer::Hub, hub),
            (Writer::Hub, hub, Writer::Site, &site),
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
    said
}

pub(super) fn read(bytes: &[u8]) {
    believed(bytes);
}

/// Gives a text to a hub that knows nothing, and with its tag put right to each; how often it was believed.
fn believed(bytes: &[u8]) -> usize {
    let text = String::from_utf8_lossy(bytes);
    assert!(
        claim(&text).is_none() || looks_like_frame(&text),
        "what claims looks like one"
    );
    HUBS.with(|hubs| {
        let carriers = [Carrier::Sms, Carrier::Ussd].into_iter();
        let plain = carriers.filter(|carrier| is_believed(&hubs[0], *carrier, &text));
        let sealed = hubs.iter().filter(|hub| {
            let text = resealed(hub, Carrier::Sms, &text);
            text.is_some_and(|text| is_believed(hub, Carrier::Sms, &text))
        });
        plain.count() + sealed.count()
    })
}

fn is_believed(disk: &Connection, carrier: Carrier, text: &str) -> bool {
    disk.execute_batch("BEGIN").expect("no other transaction");
    let before = disk.total_changes();
    let heard = event(Writer::Hub, Event::Text { carrier, text }, disk);
    if heard.verified {
        for text in event(Writer::Hub, Event::Tick { carrier, texts_max: 4 }, disk).texts {
            assert!(text.text.len() <= thin::LONG_TEXT_CHARS_MAX, "{text:?}");
        }
    } else {
        assert_eq!(heard, Outcome::default(), "a text of nobody says nothing");
        assert_eq!(disk.total_changes(), before, "and changes nothing");
    }
    disk.execute_batch("ROLLBACK").expect("it began");
    heard.verified
}

/// The text as the box would have sealed it for this hub: its letters made letters, its header the box's and its tag right.
/// `None` where what it says cannot be read and has no tag therefore.
fn resealed(hub: &Connection, carrier: Carrier, text: &str) -> Option<String> {
    let mut bytes = unlettered(text);
    let content = bytes
        .len()
        .checked_sub(TAG_BYTES)
        .filter(|length| *length > HEADER_BYTES)?;
    bytes[0] = 0x10 | KINDS.iter().find(|kind| **kind == bytes[0] & 15).unwrap_or(&KINDS[0]);
    bytes[1..3].copy_from_slice(&box_tag());
    let by = Writer::from_number(bytes[4] >> 2 & 1)?;
    bytes[4] = Writer::Site.number() << 3 | by.number() << 2 | Lane::Money.number();
    let mut seal = Seal {
        carrier,
        from: Writer::Site,
        session: [0; 32],
        counter: 0,
        box_id: BOX,
        generation: 0,
        epoch: Epoch(0),
    };
    let payload = &bytes[HEADER_BYTES..content];
    let mut meaning = Vec::new();
    let kind = bytes[0] & 15;
    match kind {
        HELLO => seal.generation = generation(payload)?,
        CHUNK => {
            seal.epoch = RUN;
            meaning = meant(hub, by, payload)?;
        }
        HEADED => {
            seal.epoch = RUN;
            meaning = meant(hub, by, payload.split_last_chunk::<SIGNATURE_BYTES>()?.0)?;
        }
        _ => {
            seal.session = Sha256::new()
                .chain_update(b"kisima thin run")
                .chain_update(RUN.0.to_be_bytes())
                .finalize()
                .into();
            seal.epoch = if kind == ACK { RUN } else { Epoch(0) };
        }
    }
    bytes[3] = seal.generation as u8;
    bytes[5..7].copy_from_slice(&(seal.epoch.0 as u16).to_be_bytes());
    let tag = setup(Writer::Site)
        .pair
        .tag(&seal, &[&bytes[..content], meaning.as_slice()].concat());
    bytes[content..].copy_from_slice(&tag);
    Some(format!("={}", STANDARD_NO_PAD.encode(bytes)))
}

/// The bytes behind the letters, whatever they are.
fn unlettered(text: &str) -> Vec<u8> {
    let lenient = GeneralPurpose::new(&alphabet::STANDARD, NO_PAD.with_decode_allow_trailing_bits(true));
    let letters = alphabet::STANDARD.as_str().as_bytes();
    let letter = |byte: u8| match letters.contains(&byte) {
        true => byte,
        false => letters[usize::from(byte) % letters.len()],
    };
    let mut text: Vec<u8> = text.bytes().skip(1).map(letter).collect();
    if text.len() % 4 == 1 {
        text.pop();
    }
    lenient
        .decode(text)
        .expect("letters alone, and as many as there may be")
}

/// The two bytes by which the box is found again.
fn box_tag() -> [u8; 2] {
    let digest = Sha256::new()
        .chain_update(b"kisima thin box")
        .chain_update(BOX.0.to_be_bytes())
        .finalize();
    [digest[0], digest[1]]
}

/// The generation that a HELLO names: behind its flags, its run and, where a flag says so, the run it has heard.
fn generation(hello: &[u8]) -> Option<u32> {
    let (flags, rest) = hello.split_first()?;
    let from = if flags & 1 > 0 { 16 } else { 8 };
    let (generation, _) = rest.get(from..)?.split_first_chunk()?;
    Some(u32::from_be_bytes(*generation))
}

/// The records that a text means, which its tag is over too.
fn meant(hub: &Connection, by: Writer, mut payload: &[u8]) -> Option<Vec<u8>> {
    let from = number(&mut payload)?;
    if from == 1 {
        payload = payload.split_at_checked(8)?.1;
    }
    let back = number(&mut payload)?;
    let log = LogKey {
        box_id: BOX,
        by,
        lane: Lane::Money,
        epoch: RUN,
    };
    let mut before = Before::default();
    if back > 0 {
        let mut held = SqlLogs::new(hub)
            .read(&log, 1, READ_BYTES_MAX)
            .expect("the disk is whole");
        held.truncate(from.checked_sub(back)? as usize);
        before = Before::of(&log, &held);
    }
    let mut resolve = |tag| Some(RUN).filter(|run| run.0 as u16 == tag);
    let records = pack::unpack(&log, payload, &before, &mut resolve).ok()?;
    Some(records.concat())
}

/// A number of seven bits a byte, the lowest first.
fn number(bytes: &mut &[u8]) -> Option<u32> {
    let mut number = 0;
    for place in 0..5 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return u32::try_from(number).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::{
        super::{Target, fuzz},
        *,
    };

    thread_local! {
        static BELIEVED: Cell<u64> = const { Cell::new(0) };
    }

    #[test]
    fn damage_under_a_right_tag_is_believed() {
        let target = Target {
            name: "counted",
            about: "how many damaged texts a hub believes",
            corpus: texts,
            read: |bytes| BELIEVED.set(BELIEVED.get() + u64::from(believed(bytes) > 0)),
        };
        let good = texts().len() as u64;
        let tried = fuzz(&target, 1, |count| count < 1_000).expect("nothing breaks");
        assert!(
            BELIEVED.get() > good + tried / 50,
            "{} of {tried} and {good}",
            BELIEVED.get()
        );
    }
}
