//! Records and their bytes: canonical CBOR `[kind, fields…]` (PROTOCOL rules 5 to 8).
//!
//! A kind's fields never change: a new shape is a new kind. So an older program either knows a record exactly or keeps
//! it as [`Record::Unknown`] and folds it after its upgrade. Kind numbers are per lane; 0 is `Began` in all of them.
//!
//! | lane | kinds |
//! |---|---|
//! | money | 1 Granted, 2 Recalled, 3 Poured, 4 Closed, 5 Redeemed, 6 Listed, 7 Subscribed, 8 Merged, 9 Answered, 10 Registered, 11 PurchaseAsked, 12 LoanAsked, 13 FloatGranted, 14 FloatSold, 15 HandedIn, 16 Forwarded |
//! | edits | 1 Admit, 2 Dropped, 3 Change, 4 Document, 5 Erased |
//! | alarms | 1 Alarm |
//! | telemetry | 1 Hour, 2 AuditHead |

mod cash;
mod lanes;
mod money;

use kiosk::{
    fact::{Alarm, Fact, Hour},
    ids::{CustomerId, Epoch, Lane, SiteName, Writer},
    moment::Wall,
    units::Volume,
};

use crate::cbor::{self, Malformed};

/// The longest record. It fits one chunk even where zstd finds nothing to save (PROTOCOL section 3: 4 kB).
pub const RECORD_BYTES_MAX: usize = 3_600;
/// The longest change to a document (PROTOCOL rule 28). A larger edit is refused where it is made.
pub const CHANGE_BYTES_MAX: usize = 3_000;
/// The most tips that one `Began` names; what is left out stays a tip and is covered by the next run.
pub const PREVIOUS_MAX: usize = 200;
/// The longest text in a record, in bytes.
pub const TEXT_BYTES_MAX: usize = 500;
/// The longest sealed field in a record.
pub const SEALED_BYTES_MAX: usize = 500;
/// The longest account name of a manager.
pub const LOGIN_BYTES_MAX: usize = 32;
/// The last second a record can name: the end of the year 9999.
const SECONDS_MAX: u64 = 253_402_300_799;

/// One record of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// The first record of every log: the tips its writer held of the same box, writer and lane (PROTOCOL rule 5).
    Began {
        /// Each tip, by epoch and sequence number.
        previous: Vec<(Epoch, u32)>,
    },
    /// A fact of the money lane.
    Fact(Fact),
    /// A record of the edits lane.
    Edit(Edit),
    /// An alarm.
    Alarm(Alarm),
    /// A dispenser's hour.
    Hour(Hour),
    /// How long the site's audit is and the chain over it: what is cut off at the site is found by this.
    AuditHead {
        /// Rows from the first on, at least one.
        rows: u64,
        /// The keyed chain over all of them; only the site can check it.
        chain: [u8; 32],
    },
    /// A kind that this version does not know: kept as it is, folded after the upgrade (PROTOCOL rule 8).
    Unknown {
        /// Its number in its lane.
        kind: u16,
        /// The whole record.
        bytes: Vec<u8>,
    },
}

/// The name of a document: a customer's profile or a site's settings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentId {
    /// A customer's profile; a whole number on the wire.
    Customer(CustomerId),
    /// A site's settings; a text on the wire. It outlives the box, which may be replaced.
    Site(SiteName),
}

/// A record of the edits lane (PROTOCOL rule 28).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// The box shall hold this document. Folding it again forwards (or erases) again (rule 29).
    Admit {
        /// Which document.
        doc: DocumentId,
    },
    /// The box need not hold this document any more.
    Dropped {
        /// Which document.
        doc: DocumentId,
    },
    /// One automerge change chunk.
    Change {
        /// Which document.
        doc: DocumentId,
        /// The chunk, at most [`CHANGE_BYTES_MAX`].
        bytes: Vec<u8>,
    },
    /// The whole document waits as bulk under this hash.
    Document {
        /// Which document.
        doc: DocumentId,
        /// SHA-256 of its bytes.
        sha256: [u8; 32],
    },
    /// The document and its history are gone; its changes become their hashes in all logs (rule 30).
    Erased {
        /// Which document.
        doc: DocumentId,
        /// What the operator's books keep in the person's place.
        tombstone: [u8; 16],
    },
}

impl Edit {
    /// The document it is about.
    pub fn doc(&self) -> &DocumentId {
        match self {
            Edit::Admit { doc }
            | Edit::Dropped { doc }
            | Edit::Change { doc, .. }
            | Edit::Document { doc, .. }
            | Edit::Erased { doc, .. } => doc,
        }
    }
}

/// Why a record cannot be written or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Its bytes are not canonical, or end too early or too late.
    #[error("a record that is not canonical CBOR")]
    Malformed,
    /// A field holds what its kind does not allow.
    #[error("a record with {0} out of range")]
    OutOfRange(&'static str),
    /// It does not belong in the lane it stands in.
    #[error("a record in the wrong lane")]
    WrongLane,
    /// The end that wrote it may not write this kind.
    #[error("a record by the wrong writer")]
    WrongWriter,
    /// It does not fit one frame.
    #[error("a record of {0} bytes; at most {RECORD_BYTES_MAX} travel")]
    TooLarge(usize),
}

impl From<Malformed> for RecordError {
    fn from(_: Malformed) -> RecordError {
        RecordError::Malformed
    }
}

impl Record {
    /// The record's only encoding, and a check that it may be written: [`Record::decode`] reads these bytes back.
    ///
    /// Times are kept to the second and never before 1970; a time in milliseconds loses its fraction here, so fold
    /// what was written (`journal::Written`), not what was meant.
    pub fn encode(&self, by: Writer, lane: Lane) -> Result<Vec<u8>, RecordError> {
        let bytes = match self {
            Record::Began { previous } => lanes::encode_began(previous),
            Record::Fact(fact) => money::encode(fact),
            Record::Edit(edit) => lanes::encode_edit(edit),
            Record::Alarm(alarm) => lanes::encode_alarm(alarm),
            Record::Hour(hour) => lanes::encode_hour(hour),
            Record::AuditHead { rows, chain } => lanes::encode_audit_head(*rows, chain),
            Record::Unknown { bytes, .. } => bytes.clone(),
        };
        if self.lane().is_some_and(|own| own != lane) {
            return Err(RecordError::WrongLane);
        }
        Record::decode(by, lane, &bytes)?;
        Ok(bytes)
    }

    /// Reads a record that `by` wrote in `lane`. Bytes that are not the only encoding of a value are refused.
    pub fn decode(by: Writer, lane: Lane, bytes: &[u8]) -> Result<Record, RecordError> {
        if bytes.len() > RECORD_BYTES_MAX {
            return Err(RecordError::TooLarge(bytes.len()));
        }
        let kind = cbor::kind(bytes)?;
        if kind == 0 {
            return lanes::decode_began(bytes);
        }
        let known = match lane {
            Lane::Money => money::decode(kind, bytes)?.map(Record::Fact),
            Lane::Edits => lanes::decode_edit(kind, bytes)?.map(Record::Edit),
            Lane::Alarms => lanes::decode_alarm(kind, bytes)?.map(Record::Alarm),
            Lane::Telemetry => lanes::decode_telemetry(kind, bytes)?,
        };
        match known {
            Some(record) if record.writer().is_some_and(|only| only != by) => Err(RecordError::WrongWriter),
            Some(record) => Ok(record),
            None => Ok(Record::Unknown {
                kind,
                bytes: bytes.to_vec(),
            }),
        }
    }

    /// The lane a record of its kind belongs in; `None` for those that stand in any.
    fn lane(&self) -> Option<Lane> {
        match self {
            Record::Began { .. } | Record::Unknown { .. } => None,
            Record::Fact(_) => Some(Lane::Money),
            Record::Edit(_) => Some(Lane::Edits),
            Record::Alarm(_) => Some(Lane::Alarms),
            Record::Hour(_) | Record::AuditHead { .. } => Some(Lane::Telemetry),
        }
    }

    /// The only end that may write a record of its kind; `None` where both may. A box that wrote itself a grant would
    /// be refused here.
    fn writer(&self) -> Option<Writer> {
        match self {
            Record::Began { .. } | Record::Unknown { .. } | Record::Alarm(_) => None,
            Record::Edit(Edit::Change { .. }) => None,
            Record::Edit(_) => Some(Writer::Hub),
            Record::Hour(_) | Record::AuditHead { .. } => Some(Writer::Site),
            Record::Fact(fact) => Some(money::writer(fact)),
        }
    }
}

/// Seconds on the wire: whole, and never before 1970.
fn seconds(wall: Wall) -> u64 {
    u64::try_from(wall.seconds()).unwrap_or(0)
}

fn wall(seconds: u64) -> Result<Wall, RecordError> {
    match i64::try_from(seconds) {
        Ok(signed) if seconds <= SECONDS_MAX => Ok(Wall::from_seconds(signed)),
        _ => Err(RecordError::OutOfRange("a time")),
    }
}

fn volume(ml: u64) -> Result<Volume, RecordError> {
    i64::try_from(ml)
        .ok()
        .and_then(Volume::try_from_ml)
        .ok_or(RecordError::OutOfRange("a volume"))
}

fn text(text: String) -> Result<String, RecordError> {
    if text.len() <= TEXT_BYTES_MAX {
        Ok(text)
    } else {
        Err(RecordError::OutOfRange("a text"))
    }
}

fn sealed(bytes: cbor::Bytes) -> Result<Vec<u8>, RecordError> {
    if bytes.0.len() <= SEALED_BYTES_MAX {
        Ok(bytes.0)
    } else {
        Err(RecordError::OutOfRange("a sealed field"))
    }
}
