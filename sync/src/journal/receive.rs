//! Taking records that the other end sent (PROTOCOL rule 7).

use kiosk::ids::{Epoch, Lane, LogKey, RecordId};

use super::{Head, JournalError, Logs, Stored, chain_on, cover, verify_head};
use crate::record::{Record, RecordError};

/// Records as they arrived, of one log and in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// The log.
    pub log: LogKey,
    /// The place of the first, from 1.
    pub from: u32,
    /// The records; none when only a head travels.
    pub records: Vec<Stored>,
    /// The writer's signature over everything up to the last of them.
    pub head: Option<[u8; 64]>,
}

/// What became of them. Only [`Received::Held`] changed anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// They are held now, or were before; those that are new are named, to be folded.
    Held {
        /// The mark after it.
        mark: u32,
        /// The new ones in order, without the blank.
        fresh: Vec<(RecordId, Record)>,
    },
    /// Records before them are missing.
    Gap,
    /// A place holds something else than was sent: refuse the log, raise an alarm (PROTOCOL rule 7).
    Fork(RecordId),
    /// A record that no honest writer sends.
    Refused(RecordId, RecordError),
    /// The head is not by the log's writer.
    BadHead,
}

/// Takes records whole or not at all: only `mark + 1` and on, record 1 only after its `previous`, duplicates ignored
/// after comparing hashes.
pub fn receive<L: Logs>(
    logs: &mut L,
    incoming: &Incoming,
    writer_public: &[u8; 32],
) -> Result<Received, JournalError<L::Error>> {
    let log = incoming.log;
    let state = logs.log(&log).map_err(JournalError::Store)?;
    let mark = state.as_ref().map_or(0, |state| state.mark);
    let Some(last) = last_seq(incoming) else {
        let id = RecordId {
            log,
            seq: incoming.from,
        };
        return Ok(Received::Refused(id, RecordError::OutOfRange("a place in a log")));
    };
    let next = mark.saturating_add(1);
    if incoming.from > next {
        return Ok(Received::Gap);
    }
    let known = (next - incoming.from) as usize;
    let (old, new) = incoming.records.split_at(known.min(incoming.records.len()));
    if let Some(fork) = first_difference(logs, incoming, old)? {
        return Ok(Received::Fork(fork));
    }
    let fresh = match decode_new(&log, next, new) {
        Ok(fresh) => fresh,
        Err((id, error)) => return Ok(Received::Refused(id, error)),
    };
    let previous = match fresh.first() {
        Some((_, Record::Began { previous })) => previous.clone(),
        _ => Vec::new(),
    };
    if !holds_all(logs, &log, &previous)? {
        return Ok(Received::Gap);
    }
    let chain = chain_on(log.epoch, state.as_ref().map(|state| state.chain), new);
    // A head inside what is already held proves nothing new: the chain at its place is not kept.
    let head = incoming.head.filter(|_| last >= mark && last > 0);
    let head = head.map(|signature| Head { seq: last, signature });
    if let (Some(head), Some(chain)) = (&head, &chain)
        && !verify_head(writer_public, &log, head, chain)
    {
        return Ok(Received::BadHead);
    }
    if let Some(chain) = chain.filter(|_| !new.is_empty()) {
        logs.append(&log, next, new, &chain).map_err(JournalError::Store)?;
        cover(logs, &log, &previous).map_err(JournalError::Store)?;
    }
    if let Some(head) = head {
        logs.set_head(&log, &head).map_err(JournalError::Store)?;
    }
    let mark = last.max(mark);
    Ok(Received::Held { mark, fresh })
}

/// The place of the last record; `None` when places run out of numbers or begin at zero.
fn last_seq(incoming: &Incoming) -> Option<u32> {
    let count = u32::try_from(incoming.records.len()).ok()?;
    incoming.from.checked_sub(1)?.checked_add(count)
}

/// Compares what was sent again with what is held.
fn first_difference<L: Logs>(
    logs: &L,
    incoming: &Incoming,
    old: &[Stored],
) -> Result<Option<RecordId>, JournalError<L::Error>> {
    let mut seq = incoming.from;
    let mut left = old;
    while !left.is_empty() {
        let bytes_max = left.iter().map(Stored::len).sum();
        let held = logs.read(&incoming.log, seq, bytes_max).map_err(JournalError::Store)?;
        if held.is_empty() {
            let id = RecordId { log: incoming.log, seq };
            return Err(JournalError::Damaged(id));
        }
        let (now, later) = left.split_at(held.len().min(left.len()));
        for (sent, kept) in now.iter().zip(&held) {
            if sent.hash() != kept.hash() {
                return Ok(Some(RecordId { log: incoming.log, seq }));
            }
            seq += 1;
        }
        left = later;
    }
    Ok(None)
}

type Fresh = Vec<(RecordId, Record)>;

/// Reads the new records. Only a change to a document may be blank, and a log begins once.
fn decode_new(log: &LogKey, from: u32, new: &[Stored]) -> Result<Fresh, (RecordId, RecordError)> {
    let mut fresh = Vec::with_capacity(new.len());
    for (seq, stored) in (from..).zip(new) {
        let id = RecordId { log: *log, seq };
        let record = match stored {
            Stored::Bytes(bytes) => Record::decode(log.by, log.lane, bytes).map_err(|error| (id, error))?,
            Stored::Blank(_) if seq > 1 && log.lane == Lane::Edits => continue,
            Stored::Blank(_) => return Err((id, RecordError::OutOfRange("an erased record"))),
        };
        if matches!(record, Record::Began { .. }) != (seq == 1) {
            return Err((id, RecordError::OutOfRange("the beginning of a log")));
        }
        fresh.push((id, record));
    }
    Ok(fresh)
}

fn holds_all<L: Logs>(logs: &L, log: &LogKey, previous: &[(Epoch, u32)]) -> Result<bool, JournalError<L::Error>> {
    for (epoch, seq) in previous {
        let before = LogKey { epoch: *epoch, ..*log };
        let state = logs.log(&before).map_err(JournalError::Store)?;
        if state.is_none_or(|state| state.mark < *seq) {
            return Ok(false);
        }
    }
    Ok(true)
}
