//! A text's bytes (PROTOCOL rule 11): `=`, then in base64 without padding, whose letters all carriers have:
//!
//! | bytes | what |
//! |---|---|
//! | 1 | version, kind as in PROTOCOL section 3; a CHUNK whose payload ends in a head has its own |
//! | 2 | box tag: the beginning of SHA-256 of a label and the box |
//! | 1 | the generation's low byte |
//! | 1 | lane, by, direction |
//! | 2 | the epoch's low bytes, zero where a frame names none |
//! | … | what the kind says |
//! | 8 | tag |

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use kiosk::{
    ids::{BoxId, Epoch, Lane, Writer},
    moment::Wall,
};
use sha2::{Digest as _, Sha256};

use super::{LONG_TEXT_CHARS_MAX, TEXT_CHARS_MAX};
use crate::{
    frame::{Hello, Reason, Tip},
    seal::{Carrier, PairKey, Seal, TAG_BYTES},
};

const PREFIX: char = '=';
/// The version of this layout, in the high half of the first byte.
const VERSION: u8 = 1;
/// Bytes before what the kind says.
pub(super) const HEADER_BYTES: usize = 7;
/// Bytes that all parts of a frame together may have in a single SMS, and in a long one.
pub(super) const BYTES_MAX: usize = (TEXT_CHARS_MAX - 1) * 6 / 8;
pub(super) const LONG_BYTES_MAX: usize = (LONG_TEXT_CHARS_MAX - 1) * 6 / 8;
/// The most tips a HELLO names: what fits a long text.
pub(super) const TIPS_MAX: usize = 20;
/// The most runs of parked records an ACK names (PROTOCOL section 3).
pub(super) const HELD_MAX: usize = 4;

const ECHO: u8 = 1;
const WALL: u8 = 2;
const MEDIUM: u8 = 4;
const ASKS: u8 = 8;

/// The kinds that texts have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Hello = 1,
    Chunk = 2,
    Ack = 3,
    Goodbye = 10,
    /// A CHUNK that ends in the head of the log up to its last record.
    Headed = 12,
}

/// What a text claims before its seal is checked: good for finding whose it may be, and for nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    box_tag: [u8; 2],
    /// The end that is said to have sent it.
    pub from: Writer,
}

impl Claim {
    /// Whether it may be of this box; one in 65,536 others may be, too.
    pub fn may_be(&self, box_id: BoxId) -> bool {
        self.box_tag == box_tag(box_id)
    }
}

/// Whether a text has the looks of a frame: a person's text that has them by chance does not happen.
pub fn looks_like_frame(text: &str) -> bool {
    claim(text).is_some()
}

/// What a text claims; `None` when it is no frame. White space around it is not looked at.
pub fn claim(text: &str) -> Option<Claim> {
    let raw = Raw::read(text)?;
    Some(Claim {
        box_tag: raw.head.box_tag,
        from: raw.head.from,
    })
}

/// The first two bytes by which a box is found again.
fn box_tag(box_id: BoxId) -> [u8; 2] {
    let digest = Sha256::new()
        .chain_update(b"kisima thin box")
        .chain_update(box_id.0.to_be_bytes())
        .finalize();
    [digest[0], digest[1]]
}

/// Two bytes by which an epoch is found again among those that are known.
pub(super) const fn epoch_tag(epoch: Epoch) -> u16 {
    epoch.0 as u16
}

/// What stands before the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) kind: Kind,
    box_tag: [u8; 2],
    pub(super) generation: u8,
    pub(super) from: Writer,
    pub(super) by: Writer,
    pub(super) epoch: u16,
}

/// A frame whose seal has not been checked.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    pub(super) head: Head,
    bytes: Vec<u8>,
}

impl Raw {
    pub(super) fn read(text: &str) -> Option<Raw> {
        let text = text.trim_ascii();
        let letters = text
            .strip_prefix(PREFIX)
            .filter(|_| text.len() <= LONG_TEXT_CHARS_MAX)?;
        let bytes = STANDARD_NO_PAD.decode(letters).ok()?;
        let [kind, tag_0, tag_1, generation, place, epoch_0, epoch_1, ..] = *bytes.as_slice() else {
            return None;
        };
        let kind = match (kind >> 4, kind & 15) {
            (VERSION, 1) => Kind::Hello,
            (VERSION, 2) => Kind::Chunk,
            (VERSION, 3) => Kind::Ack,
            (VERSION, 10) => Kind::Goodbye,
            (VERSION, 12) => Kind::Headed,
            _ => return None,
        };
        let head = Head {
            kind,
            box_tag: [tag_0, tag_1],
            generation,
            from: Writer::from_number(place >> 3)?,
            by: Writer::from_number(place >> 2 & 1)?,
            epoch: u16::from_be_bytes([epoch_0, epoch_1]),
        };
        // Other lanes wait for a wide carrier.
        let is_money = place & 3 == Lane::Money.number();
        (is_money && bytes.len() >= HEADER_BYTES + TAG_BYTES).then_some(Raw { head, bytes })
    }

    pub(super) fn payload(&self) -> &[u8] {
        &self.bytes[HEADER_BYTES..self.bytes.len() - TAG_BYTES]
    }

    /// Whether the tag is right, over what is written and what it means.
    pub(super) fn verifies(&self, keys: &PairKey, seal: &Seal, meaning: &[u8]) -> bool {
        let (content, tag) = self.bytes.split_at(self.bytes.len() - TAG_BYTES);
        let tag = tag.try_into().expect("split at the tag's length");
        keys.verifies(seal, &[content, meaning].concat(), &tag)
    }
}

/// The seal of a frame on a thin carrier. What answers something is of one run of the box, and of no other.
pub(super) fn seal(carrier: Carrier, from: Writer, box_id: BoxId, generation: u32, epoch: Epoch) -> Seal {
    Seal {
        carrier,
        from,
        session: [0; 32],
        counter: 0,
        box_id,
        generation,
        epoch,
    }
}

/// The name of what is said during one run of a box: an ACK or a GOODBYE of another run is none of this one.
pub(super) fn conversation(box_run: u64) -> [u8; 32] {
    Sha256::new()
        .chain_update(b"kisima thin run")
        .chain_update(box_run.to_be_bytes())
        .finalize()
        .into()
}

/// Bytes of a head (Ed25519).
pub(super) const HEAD_BYTES: usize = 64;

/// The bytes of a whole frame.
pub(super) fn write(kind: Kind, by: Writer, payload: &[u8], keys: &PairKey, seal: &Seal, meaning: &[u8]) -> Vec<u8> {
    let mut bytes = vec![VERSION << 4 | kind as u8];
    bytes.extend(box_tag(seal.box_id));
    bytes.push(seal.generation as u8);
    bytes.push(seal.from.number() << 3 | by.number() << 2 | Lane::Money.number());
    bytes.extend(epoch_tag(seal.epoch).to_be_bytes());
    bytes.extend(payload);
    let tag = keys.tag(seal, &[bytes.as_slice(), meaning].concat());
    bytes.extend(tag);
    bytes
}

/// The text of a frame and how many SMS it takes.
pub(super) fn text(bytes: &[u8]) -> super::Text {
    let text = format!("{PREFIX}{}", STANDARD_NO_PAD.encode(bytes));
    let parts = match text.len() {
        ..=TEXT_CHARS_MAX => 1,
        longer => longer.div_ceil(LONG_TEXT_CHARS_MAX / 4) as u32,
    };
    super::Text { text, parts }
}

/// A number of up to 32 bits, seven bits a byte, the lowest first.
pub(super) fn put_number(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Bytes read from the front; everything ends in `None` where they end.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]: [u8; 1]| byte)
    }

    /// As [`put_number`] wrote it, in its shortest form.
    pub(super) fn number(&mut self) -> Option<u32> {
        let mut number = 0_u64;
        for place in 0..5 {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                return u32::try_from(number).ok().filter(|_| place == 0 || byte != 0);
            }
        }
        None
    }

    pub(super) fn epoch(&mut self) -> Option<Epoch> {
        self.u64().map(Epoch)
    }
}

/// What HELLO says by text: that of a socket, and how the reports of one end are ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ThinHello {
    pub(super) hello: Hello,
    /// Which report this is of its sender in this run of the box: HELLO and ACK are counted together.
    pub(super) number: u32,
    /// The last report that its sender has heard.
    pub(super) seen: u32,
    /// Whether it wants to be answered by HELLO.
    pub(super) asks: bool,
}

pub(super) fn put_hello(thin: &ThinHello) -> Vec<u8> {
    let hello = &thin.hello;
    let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
    let medium = hello.medium != [0; 8];
    let wall = hello.wall.map(|wall| u64::try_from(wall.seconds()).unwrap_or(0));
    let flags = flag(hello.echo.is_some(), ECHO) | flag(wall.is_some(), WALL) | flag(medium, MEDIUM);
    let mut bytes = vec![flags | flag(thin.asks, ASKS)];
    bytes.extend(hello.run.to_be_bytes());
    bytes.extend(hello.echo.iter().flat_map(|echo| echo.to_be_bytes()));
    bytes.extend(hello.generation.to_be_bytes());
    put_number(&mut bytes, thin.number);
    put_number(&mut bytes, thin.seen);
    if medium {
        bytes.extend(hello.medium);
    }
    // Five bytes hold the seconds until the year 36,812.
    bytes.extend(wall.iter().flat_map(|wall| wall.to_be_bytes().into_iter().skip(3)));
    for by in [Writer::Site, Writer::Hub] {
        let tips: Vec<&Tip> = hello.tips.iter().filter(|tip| tip.by == by).collect();
        bytes.push(tips.len() as u8);
        for tip in tips {
            bytes.extend(tip.epoch.0.to_be_bytes());
            put_number(&mut bytes, tip.seq);
            bytes.extend(tip.chain);
        }
    }
    bytes
}

pub(super) fn hello(box_id: BoxId, payload: &[u8]) -> Option<ThinHello> {
    let mut reader = Reader(payload);
    let flags = reader.byte().filter(|flags| flags >> 4 == 0)?;
    let run = reader.u64()?;
    let echo = if flags & ECHO > 0 { Some(reader.u64()?) } else { None };
    let generation = reader.array().map(u32::from_be_bytes)?;
    let (number, seen) = (reader.number()?, reader.number()?);
    let medium = if flags & MEDIUM > 0 { reader.array()? } else { [0; 8] };
    let wall = if flags & WALL > 0 {
        let [a, b, c, d, e] = reader.array()?;
        let seconds = u64::from_be_bytes([0, 0, 0, a, b, c, d, e]);
        Some(Wall::from_seconds(seconds as i64))
    } else {
        None
    };
    let mut tips = Vec::new();
    for by in [Writer::Site, Writer::Hub] {
        for _ in 0..reader.byte()? {
            tips.push(Tip {
                by,
                lane: Lane::Money,
                epoch: reader.epoch()?,
                seq: reader.number()?,
                chain: reader.array()?,
            });
        }
    }
    let hello = Hello {
        protocol: crate::frame::PROTOCOL,
        schema: Default::default(),
        box_id,
        run,
        echo,
        generation,
        tips,
        nonce: [0; 16],
        medium,
        wall,
    };
    let is_whole = reader.0.is_empty() && hello.tips.len() <= TIPS_MAX;
    is_whole.then_some(ThinHello {
        hello,
        number,
        seen,
        asks: flags & ASKS > 0,
    })
}

/// What ACK says: see [`ThinHello::number`] for the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ThinAck {
    pub(super) number: u32,
    pub(super) mark: u32,
    /// Runs parked beyond the mark: the first, and how many.
    pub(super) held: Vec<(u32, u32)>,
}

pub(super) fn put_ack(ack: &ThinAck) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_number(&mut bytes, ack.number);
    put_number(&mut bytes, ack.mark);
    for (from, count) in &ack.held {
        put_number(&mut bytes, *from);
        put_number(&mut bytes, *count);
    }
    bytes
}

pub(super) fn ack(payload: &[u8]) -> Option<ThinAck> {
    let mut reader = Reader(payload);
    let (number, mark) = (reader.number()?, reader.number()?);
    let mut held = Vec::new();
    while !reader.0.is_empty() {
        held.push((reader.number()?, reader.number()?));
    }
    (held.len() <= HELD_MAX).then_some(ThinAck { number, mark, held })
}

const REASONS: [Reason; 6] = [
    Reason::Version,
    Reason::Busy,
    Reason::Retired,
    Reason::OtherMedium,
    Reason::UnknownBox,
    Reason::TakenOver,
];

/// What GOODBYE says: one byte.
pub(super) fn reason_number(reason: Reason) -> u8 {
    let number = REASONS.iter().position(|known| *known == reason);
    number.unwrap_or_default() as u8
}

pub(super) fn goodbye(payload: &[u8]) -> Option<Reason> {
    match payload {
        [number] => REASONS.get(usize::from(*number)).copied(),
        _ => None,
    }
}
