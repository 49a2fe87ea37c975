//! Frames: length `u32`, kind `u8`, flags `u8`, body (CBOR, zstd where smaller), tag 8 bytes (PROTOCOL section 3).
//!
//! Numbers outside the body are big-endian. The length counts everything after itself.

mod body;

use std::collections::BTreeMap;

use kiosk::{
    ids::{AccountId, BoxId, CustomerId, Epoch, Lane, Writer},
    moment::Wall,
    units::Volume,
};

use crate::{
    cbor::Malformed,
    journal::Stored,
    seal::{PairKey, Seal, TAG_BYTES},
};

/// The longest frame, all of it (PROTOCOL section 3).
pub const FRAME_BYTES_MAX: usize = 4_096;
/// The longest body once inflated (PROTOCOL section 3).
pub const BODY_BYTES_MAX: usize = 65_536;
/// Length, kind and flags.
pub const HEADER_BYTES: usize = 6;
/// The versions of this protocol that this program speaks.
pub const PROTOCOL: (u16, u16) = (1, 2);
/// Since this version an end knows SAY and SAID.
pub const PROTOCOL_SAY: u16 = 2;
/// The most tips in a HELLO: what fits a frame where nothing compresses.
pub const TIPS_MAX: usize = 150;
/// The most logs in one page of MARKS.
pub const MARKS_MAX: usize = 200;
/// The longest text in a SAY: ten parts, and then some.
pub const SAY_TEXT_BYTES_MAX: usize = 2_048;

/// The flag of a compressed body.
const FLAG_ZSTD: u8 = 1;
const ZSTD_LEVEL: i32 = 9;
/// Below this zstd saves nothing and is not tried.
const ZSTD_BYTES_MIN: usize = 80;

/// The end of a log, as HELLO tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tip {
    /// Who wrote the log.
    pub by: Writer,
    /// Its lane.
    pub lane: Lane,
    /// The run that wrote it.
    pub epoch: Epoch,
    /// How many records the sender holds.
    pub seq: u32,
    /// The beginning of the chain there.
    pub chain: [u8; 8],
}

/// What each end says first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Lowest and highest version spoken.
    pub protocol: (u16, u16),
    /// The newest record schema known, per lane.
    pub schema: BTreeMap<u8, u16>,
    /// The box it is about.
    pub box_id: BoxId,
    /// The sender's epoch.
    pub run: u64,
    /// The receiver's epoch, once heard.
    pub echo: Option<u64>,
    /// The sender's generation.
    pub generation: u32,
    /// The ends of all logs about this box that the sender holds.
    pub tips: Vec<Tip>,
    /// Names the socket.
    pub nonce: [u8; 16],
    /// A hash of the serial of the medium the sender's database is on; zero at the hub.
    pub medium: [u8; 8],
    /// The sender's wall clock, when it trusts it.
    pub wall: Option<Wall>,
}

/// Records of one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Who wrote the log.
    pub by: Writer,
    /// Its lane.
    pub lane: Lane,
    /// The run that wrote it.
    pub epoch: Epoch,
    /// The place of the first record.
    pub from: u32,
    /// The records; none when only a head travels.
    pub records: Vec<Stored>,
    /// The writer's signature over everything up to the last of them.
    pub head: Option<[u8; 64]>,
}

/// What the sender holds of a log; a mark of 0 answers a chunk that it refuses for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// Who wrote the log.
    pub by: Writer,
    /// Its lane.
    pub lane: Lane,
    /// The run that wrote it.
    pub epoch: Epoch,
    /// How many records are held without a gap.
    pub mark: u32,
    /// Runs of records parked beyond a gap, at most 4: thin carriers only.
    pub held: Vec<(u32, u32)>,
}

/// A page of what the sender holds in one lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks {
    /// Who wrote the logs.
    pub by: Writer,
    /// Their lane.
    pub lane: Lane,
    /// Epoch and mark of each.
    pub marks: Vec<(Epoch, u32)>,
    /// Whether another page follows.
    pub more: bool,
}

/// Why one end closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// No common version.
    Version,
    /// Too much to do.
    Busy,
    /// The enrolment is retired: a box that hears it stops selling (PROTOCOL rule 25).
    Retired,
    /// The box is enrolled on another medium (PROTOCOL rule 2).
    OtherMedium,
    /// No such enrolment.
    UnknownBox,
    /// A newer connection of the same box took over (PROTOCOL rule 13).
    TakenOver,
}

/// Whom a site looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// By phone, in international form.
    Phone(String),
    /// By account number.
    Account(AccountId),
    /// By id.
    Customer(CustomerId),
}

/// A site asks the hub for a customer it does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seek {
    /// Names the question on this socket.
    pub id: u64,
    /// Who.
    pub whom: Whom,
    /// How much is to be drawn.
    pub volume: Volume,
}

/// What came of a [`Seek`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Found {
    /// The records that say so were sent before.
    Found,
    /// Nobody.
    Unknown,
    /// Somebody, but not for this site now.
    Refused,
}

/// The hub has a site send a text through its own SIM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Say {
    /// Names the text for ever: one that comes again is the same.
    pub id: u64,
    /// To whom, in international form.
    pub phone: String,
    /// What, at most [`SAY_TEXT_BYTES_MAX`].
    pub text: String,
    /// After this it is not sent any more.
    pub until: Wall,
}

/// Where a text of a [`Say`] stands at the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SaidState {
    /// It is on the site's disk, and will be sent.
    Taken,
    /// The network took it.
    Sent,
    /// It is on the phone.
    Delivered,
    /// It will not arrive.
    Failed,
    /// It may have been sent.
    Unknown,
    /// The site does not send it and has kept nothing of it: it may be said again.
    Refused,
}

/// What a site tells of a text of a [`Say`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Which.
    pub id: u64,
    /// Where it stands.
    pub state: SaidState,
    /// A word for what went wrong.
    pub reason: Option<String>,
}

/// One frame's meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// 1.
    Hello(Hello),
    /// 2.
    Chunk(Chunk),
    /// 3.
    Ack(Ack),
    /// 4: send MARKS of this writer and lane.
    Ask(Writer, Lane),
    /// 5.
    Marks(Marks),
    /// 6.
    Ping(u32),
    /// 7.
    Pong(u32),
    /// 10, with the seconds to wait.
    Goodbye(Reason, Option<u32>),
    /// 11.
    Seek(Seek),
    /// 12.
    Sought(u64, Found),
    /// 13.
    Say(Say),
    /// 14.
    Said(Said),
}

/// Why bytes are not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// They end too early or too late.
    #[error("a frame that is cut or too long")]
    Length,
    /// They pass a limit of PROTOCOL section 3.
    #[error("a frame beyond the limits")]
    Limit,
    /// A flag or a kind of another version.
    #[error("a frame of a kind that is not known")]
    Unknown,
    /// The body is not what the kind says.
    #[error("a frame whose body cannot be read")]
    Body,
    /// The tag is not its sender's.
    #[error("a frame with a wrong tag")]
    Tag,
}

impl From<Malformed> for FrameError {
    fn from(_: Malformed) -> FrameError {
        FrameError::Body
    }
}

/// A frame whose tag has not been checked: good for finding whose keys to check it with, and for nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unverified {
    frame: Frame,
    tag: [u8; TAG_BYTES],
}

/// The whole frame, sealed. [`FrameError::Limit`] when it would be longer than [`FRAME_BYTES_MAX`].
pub fn encode(frame: &Frame, keys: &PairKey, seal: &Seal) -> Result<Vec<u8>, FrameError> {
    encode_fitting(frame, keys, seal).map_err(|_| FrameError::Limit)
}

/// As [`encode`]; when the frame is too long, the part of its records that is likely to fit, between 0 and 1.
pub(crate) fn encode_fitting(frame: &Frame, keys: &PairKey, seal: &Seal) -> Result<Vec<u8>, f64> {
    let (kind, body) = body::encode(frame);
    if body.len() > BODY_BYTES_MAX {
        return Err(BODY_BYTES_MAX as f64 / body.len() as f64);
    }
    let worth = Some(&body).filter(|body| body.len() >= ZSTD_BYTES_MIN);
    let packed = worth.and_then(|body| zstd::bulk::compress(body, ZSTD_LEVEL).ok());
    let packed = packed.filter(|packed| packed.len() < body.len());
    let (flags, body) = match packed {
        Some(packed) => (FLAG_ZSTD, packed),
        None => (0, body),
    };
    let after_length = 2 + body.len() + TAG_BYTES;
    if 4 + after_length > FRAME_BYTES_MAX {
        // Shorter pieces compress a little less well.
        return Err(0.97 * FRAME_BYTES_MAX as f64 / (4 + after_length) as f64);
    }
    let mut bytes = Vec::with_capacity(4 + after_length);
    bytes.extend((after_length as u32).to_be_bytes());
    bytes.extend([kind, flags]);
    bytes.extend(body);
    let seal = Seal {
        epoch: frame.epoch(),
        ..*seal
    };
    let tag = keys.tag(&seal, &bytes);
    bytes.extend(tag);
    Ok(bytes)
}

/// Reads one frame without checking its tag.
pub fn decode(bytes: &[u8]) -> Result<Unverified, FrameError> {
    let (content, tag) = bytes.split_last_chunk::<TAG_BYTES>().ok_or(FrameError::Length)?;
    if bytes.len() > FRAME_BYTES_MAX {
        return Err(FrameError::Limit);
    }
    let (length, rest) = content.split_first_chunk::<4>().ok_or(FrameError::Length)?;
    let [kind, flags, body @ ..] = rest else {
        return Err(FrameError::Length);
    };
    if u32::from_be_bytes(*length) as usize != bytes.len() - 4 {
        return Err(FrameError::Length);
    }
    let frame = match *flags {
        0 => body::decode(*kind, body)?,
        FLAG_ZSTD => body::decode(*kind, &inflate(body)?)?,
        _ => return Err(FrameError::Unknown),
    };
    Ok(Unverified { frame, tag: *tag })
}

/// Inflates at most [`BODY_BYTES_MAX`]; a bomb ends there.
fn inflate(packed: &[u8]) -> Result<Vec<u8>, FrameError> {
    zstd::bulk::decompress(packed, BODY_BYTES_MAX).map_err(|_| FrameError::Limit)
}

/// A frame's bytes and those that follow it in a stream.
pub type FrameAndRest<'a> = (&'a [u8], &'a [u8]);

/// The first whole frame in a stream of frames and what follows it; `None` while it is cut.
pub fn split(stream: &[u8]) -> Result<Option<FrameAndRest<'_>>, FrameError> {
    let Some((length, _)) = stream.split_first_chunk::<4>() else {
        return Ok(None);
    };
    let length = 4 + u32::from_be_bytes(*length) as usize;
    if length > FRAME_BYTES_MAX {
        return Err(FrameError::Limit);
    }
    Ok(stream.split_at_checked(length))
}

impl Unverified {
    /// What it claims to say.
    pub fn claim(&self) -> &Frame {
        &self.frame
    }

    /// The box and medium that a HELLO claims: what an adapter needs to find the enrolment.
    pub fn hello(&self) -> Option<&Hello> {
        match &self.frame {
            Frame::Hello(hello) => Some(hello),
            _ => None,
        }
    }

    /// The frame, when the tag is right. `bytes` are those it was decoded from; `seal.epoch` is filled in here.
    pub fn verify(self, bytes: &[u8], keys: &PairKey, seal: &Seal) -> Result<Frame, FrameError> {
        let content = &bytes[..bytes.len() - TAG_BYTES];
        let seal = Seal {
            epoch: self.frame.epoch(),
            ..*seal
        };
        if keys.verifies(&seal, content, &self.tag) {
            Ok(self.frame)
        } else {
            Err(FrameError::Tag)
        }
    }
}

impl Frame {
    /// The full epoch that the tag covers, or zero (PROTOCOL rule 10).
    pub fn epoch(&self) -> Epoch {
        match self {
            Frame::Chunk(chunk) => chunk.epoch,
            Frame::Ack(ack) => ack.epoch,
            _ => Epoch(0),
        }
    }
}
