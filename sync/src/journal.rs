//! Logs: what a replica keeps of them, and the rules by which they grow (PROTOCOL section 2).
//!
//! [`Logs`] is what a replica's database offers; everything else here is written on it, so the rules are the same over
//! SQL and over the maps of a test. Whoever calls holds a transaction: nothing here is half done if it rolls back.

pub(crate) mod proof;
mod receive;

use std::{collections::BTreeMap, error::Error as StdError};

use kiosk::ids::{BoxId, Epoch, Lane, LogKey, RecordId, Writer};
use sha2::{Digest as _, Sha256};

pub use self::{
    proof::{given_back_unsigned, unproven},
    receive::{Incoming, Received, receive},
};
use crate::{
    record::{PREVIOUS_MAX, Record, RecordError},
    seal::{Identity, verify},
};

/// A SHA-256.
pub type Hash = [u8; 32];

/// What a replica keeps of one log besides its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogState {
    /// How many records it holds: 1 to `mark`, without a gap.
    pub mark: u32,
    /// The chain over all of them (PROTOCOL rule 6).
    pub chain: Hash,
    /// Up to where a later log's `Began` names this one; a log with `mark > covered` is a tip (rule 9).
    pub covered: u32,
    /// Up to where the other end is known to hold it. A hint that survives restarts; HELLO is the truth (rule 12).
    pub acked: u32,
    /// The last head received from its writer.
    pub head: Option<Head>,
}

/// A writer's signature over everything up to `seq` (PROTOCOL rule 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The record it stands on.
    pub seq: u32,
    /// Ed25519 by the writer.
    pub signature: [u8; 64],
}

/// A record as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Its bytes.
    Bytes(Vec<u8>),
    /// An erased change: its hash keeps the chain whole (PROTOCOL rule 30).
    Blank(Hash),
}

impl Stored {
    /// The hash that the chain is made of.
    pub fn hash(&self) -> Hash {
        match self {
            Stored::Bytes(bytes) => Sha256::digest(bytes).into(),
            Stored::Blank(hash) => *hash,
        }
    }

    /// Bytes it takes: what [`Logs::read`] counts.
    pub fn len(&self) -> usize {
        match self {
            Stored::Bytes(bytes) => bytes.len(),
            Stored::Blank(hash) => hash.len(),
        }
    }

    /// Never: a record has at least its kind.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What a replica's database offers. Reads see what this transaction wrote.
pub trait Logs {
    /// Why storage failed.
    type Error: StdError + Send + Sync + 'static;

    /// The state of a log; `None` when no record of it is held.
    fn log(&self, log: &LogKey) -> Result<Option<LogState>, Self::Error>;

    /// Every log of this box, writer and lane, by epoch.
    fn logs(&self, box_id: BoxId, by: Writer, lane: Lane) -> Result<Vec<(Epoch, LogState)>, Self::Error>;

    /// The tips of all logs about this box, ordered by key (PROTOCOL rule 9: `mark > covered`).
    fn tips(&self, box_id: BoxId) -> Result<Vec<(LogKey, LogState)>, Self::Error>;

    /// Records from `from` on: as many as fit in `bytes_max`, and one at least where there is one.
    fn read(&self, log: &LogKey, from: u32, bytes_max: usize) -> Result<Vec<Stored>, Self::Error>;

    /// Adds records after the mark, `from` being `mark + 1`, and sets mark and chain; at `from == 1` the log begins.
    fn append(&mut self, log: &LogKey, from: u32, records: &[Stored], chain: &Hash) -> Result<(), Self::Error>;

    /// Raises `covered` to `seq`; never lowers it.
    fn cover(&mut self, log: &LogKey, seq: u32) -> Result<(), Self::Error>;

    /// Sets `acked`.
    fn set_acked(&mut self, log: &LogKey, acked: u32) -> Result<(), Self::Error>;

    /// Sets `head`.
    fn set_head(&mut self, log: &LogKey, head: &Head) -> Result<(), Self::Error>;

    /// Replaces the bytes of a record by its hash (PROTOCOL rule 30). A blank one stays as it is.
    fn blank(&mut self, record: &RecordId) -> Result<(), Self::Error>;

    /// A small value of this crate's own, such as a doubt.
    fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, Self::Error>;

    /// Keeps such a value.
    fn put_meta(&mut self, key: &str, value: &[u8]) -> Result<(), Self::Error>;
}

/// Why a journal could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError<E: StdError> {
    /// Storage failed.
    #[error(transparent)]
    Store(E),
    /// A record was refused where it was made.
    #[error("{0}")]
    Record(#[from] RecordError),
    /// What is stored cannot be what was once accepted.
    #[error("log {epoch} of box {box_id}: record {seq} is damaged", epoch = .0.log.epoch, box_id = .0.log.box_id, seq = .0.seq)]
    Damaged(RecordId),
    /// A value that only this crate writes cannot be read.
    #[error("the journal's own value \"{0}\" is damaged")]
    Meta(String),
    /// A log has used up its numbers.
    #[error("log {epoch} is full: start the program again", epoch = .0.epoch)]
    Full(LogKey),
}

/// A record as it was written: fold this one, its times are what the bytes say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its place.
    pub id: RecordId,
    /// What stands there.
    pub record: Record,
}

/// What one run of one program writes with (PROTOCOL rule 3). Its epoch must be drawn anew in each run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pen {
    /// The end that writes.
    pub by: Writer,
    /// This run.
    pub epoch: Epoch,
}

impl Pen {
    /// Appends a record about a box; the caller folds it in the same transaction (PROTOCOL rule 8). The first record of
    /// this run in a lane is preceded by its `Began`, which needs no folding.
    pub fn write<L: Logs>(
        &self,
        logs: &mut L,
        box_id: BoxId,
        lane: Lane,
        record: &Record,
    ) -> Result<Written, JournalError<L::Error>> {
        let log = LogKey {
            box_id,
            by: self.by,
            lane,
            epoch: self.epoch,
        };
        let bytes = record.encode(self.by, lane)?;
        let record = Record::decode(self.by, lane, &bytes)?;
        let (mark, chain) = match logs.log(&log).map_err(JournalError::Store)? {
            Some(state) => (state.mark, state.chain),
            None => (1, self.begin(logs, &log)?),
        };
        let seq = mark.checked_add(1).ok_or(JournalError::Full(log))?;
        let stored = Stored::Bytes(bytes);
        let chain = chain_next(&chain, &stored.hash());
        logs.append(&log, seq, &[stored], &chain).map_err(JournalError::Store)?;
        Ok(Written {
            id: RecordId { log, seq },
            record,
        })
    }

    fn begin<L: Logs>(&self, logs: &mut L, log: &LogKey) -> Result<Hash, JournalError<L::Error>> {
        let mut previous: Vec<(Epoch, u32)> = lane_tips(logs, log).map_err(JournalError::Store)?;
        previous.truncate(PREVIOUS_MAX);
        let began = Record::Began { previous };
        let stored = Stored::Bytes(began.encode(log.by, log.lane)?);
        let chain = chain_first(log.epoch, &stored.hash());
        logs.append(log, 1, &[stored], &chain).map_err(JournalError::Store)?;
        let Record::Began { previous } = began else {
            return Ok(chain);
        };
        cover(logs, log, &previous).map_err(JournalError::Store)?;
        Ok(chain)
    }
}

fn lane_tips<L: Logs>(logs: &L, log: &LogKey) -> Result<Vec<(Epoch, u32)>, L::Error> {
    let tips = logs.tips(log.box_id)?.into_iter();
    let own = tips.filter(|(tip, _)| tip.by == log.by && tip.lane == log.lane);
    Ok(own.map(|(tip, state)| (tip.epoch, state.mark)).collect())
}

fn cover<L: Logs>(logs: &mut L, log: &LogKey, previous: &[(Epoch, u32)]) -> Result<(), L::Error> {
    for (epoch, seq) in previous {
        logs.cover(&LogKey { epoch: *epoch, ..*log }, *seq)?;
    }
    Ok(())
}

/// The chain over a log's first record: `H(epoch ‖ hash)` (PROTOCOL rule 6).
pub fn chain_first(epoch: Epoch, hash: &Hash) -> Hash {
    Sha256::new()
        .chain_update(epoch.0.to_be_bytes())
        .chain_update(hash)
        .finalize()
        .into()
}

/// The chain over one record more: `H(chain ‖ hash)` (PROTOCOL rule 6).
pub fn chain_next(chain: &Hash, hash: &Hash) -> Hash {
    Sha256::new().chain_update(chain).chain_update(hash).finalize().into()
}

/// The chain over records more, after `chain`; `None` stands before the first record of a log.
pub fn chain_on<'a>(epoch: Epoch, chain: Option<Hash>, records: impl IntoIterator<Item = &'a Stored>) -> Option<Hash> {
    records.into_iter().fold(chain, |chain, record| {
        let hash = record.hash();
        Some(match chain {
            Some(chain) => chain_next(&chain, &hash),
            None => chain_first(epoch, &hash),
        })
    })
}

/// Signs a head (PROTOCOL rule 6).
pub fn sign_head(identity: &Identity, log: &LogKey, seq: u32, chain: &Hash) -> Head {
    Head {
        seq,
        signature: identity.sign(&head_message(log, seq, chain)),
    }
}

/// Whether a head is its writer's.
pub fn verify_head(writer_public: &[u8; 32], log: &LogKey, head: &Head, chain: &Hash) -> bool {
    verify(writer_public, &head_message(log, head.seq, chain), &head.signature)
}

fn head_message(log: &LogKey, seq: u32, chain: &Hash) -> Vec<u8> {
    let mut message = b"kisima head".to_vec();
    message.extend(log.box_id.0.to_be_bytes());
    message.extend([log.by.number(), log.lane.number()]);
    message.extend(log.epoch.0.to_be_bytes());
    message.extend(seq.to_be_bytes());
    message.extend(chain);
    message
}

/// The tips that a held log's `Began` names.
pub fn previous_of<L: Logs>(logs: &L, log: &LogKey) -> Result<Vec<(Epoch, u32)>, JournalError<L::Error>> {
    let damaged = JournalError::Damaged(RecordId { log: *log, seq: 1 });
    match logs.read(log, 1, 1).map_err(JournalError::Store)?.first() {
        Some(Stored::Bytes(bytes)) => match Record::decode(log.by, log.lane, bytes) {
            Ok(Record::Began { previous }) => Ok(previous),
            _ => Err(damaged),
        },
        _ => Err(damaged),
    }
}

/// What an end with these tips holds of this box, writer and lane: the tips and everything before them (PROTOCOL
/// rule 9). Logs that are not held here cannot be followed and end the walk.
pub fn implied_marks<L: Logs>(
    logs: &L,
    (box_id, by, lane): (BoxId, Writer, Lane),
    tips: &[(Epoch, u32)],
) -> Result<BTreeMap<Epoch, u32>, JournalError<L::Error>> {
    let mut marks = BTreeMap::new();
    let mut open: Vec<(Epoch, u32)> = tips.to_vec();
    while let Some((epoch, seq)) = open.pop() {
        let log = LogKey {
            box_id,
            by,
            lane,
            epoch,
        };
        match marks.get_mut(&epoch) {
            Some(known) => *known = seq.max(*known),
            None => {
                marks.insert(epoch, seq);
                if logs.log(&log).map_err(JournalError::Store)?.is_some() {
                    open.extend(previous_of(logs, &log)?);
                }
            }
        }
    }
    Ok(marks)
}
