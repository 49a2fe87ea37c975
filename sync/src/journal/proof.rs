//! What a writer's signature covers (PROTOCOL rules 6 and 19).
//!
//! A restored hub gets its own records back from boxes, and a box could invent some. So those that come without the
//! hub's signature are held, for the logs after them stand on them, but they count for nothing and the hub signs them
//! for nobody, until a head that it signed itself covers them.

use kiosk::ids::{BoxId, Lane, LogKey, Writer};

use super::{JournalError, Logs};
use crate::cbor;

/// A log, and the first and the last of its records that no head covers.
pub type Uncovered = (LogKey, u32, u32);

/// Records of a writer at the other end that no signed head covers yet.
pub fn unproven<L: Logs>(logs: &L, box_id: BoxId, by: Writer) -> Result<Vec<Uncovered>, L::Error> {
    let mut found = Vec::new();
    for (log, mark) in logs_of(logs, box_id, by)? {
        let head = logs.log(&log)?.and_then(|state| state.head);
        let proven = head.map_or(0, |head| head.seq);
        if proven < mark {
            found.push((log, proven + 1, mark));
        }
    }
    Ok(found)
}

/// At the hub: records of its own that a box gave back without its signature. They count for nothing; name them to the
/// operator (PROTOCOL rule 19).
pub fn given_back_unsigned<L: Logs>(logs: &L, box_id: BoxId) -> Result<Vec<Uncovered>, JournalError<L::Error>> {
    let mut found = Vec::new();
    for (log, mark) in logs_of(logs, box_id, Writer::Hub).map_err(JournalError::Store)? {
        if let Some(first) = unsigned_from(logs, &log)? {
            found.push((log, first, mark));
        }
    }
    Ok(found)
}

fn logs_of<L: Logs>(logs: &L, box_id: BoxId, by: Writer) -> Result<Vec<(LogKey, u32)>, L::Error> {
    let mut found = Vec::new();
    for lane in Lane::ALL {
        let key = |epoch| LogKey {
            box_id,
            by,
            lane,
            epoch,
        };
        let held = logs.logs(box_id, by, lane)?.into_iter();
        found.extend(held.map(|(epoch, state)| (key(epoch), state.mark)));
    }
    Ok(found)
}

/// At the hub: the first record of this own log that came back and that nothing covers.
pub(crate) fn unsigned_from<L: Logs>(logs: &L, log: &LogKey) -> Result<Option<u32>, JournalError<L::Error>> {
    let name = name(log);
    let Some(bytes) = logs.meta(&name).map_err(JournalError::Store)? else {
        return Ok(None);
    };
    let (first,): (u32,) = cbor::decode(&bytes).map_err(|_| JournalError::Meta(name))?;
    Ok(Some(first).filter(|first| *first > 0))
}

/// At the hub: records from `first` on came back and nothing covers them.
pub(crate) fn note_unsigned<L: Logs>(logs: &mut L, log: &LogKey, first: u32) -> Result<(), JournalError<L::Error>> {
    if unsigned_from(logs, log)?.is_some() {
        return Ok(());
    }
    put(logs, log, first)
}

/// At the hub: a head covers the whole log.
pub(crate) fn note_signed<L: Logs>(logs: &mut L, log: &LogKey) -> Result<(), JournalError<L::Error>> {
    put(logs, log, 0)
}

fn put<L: Logs>(logs: &mut L, log: &LogKey, first: u32) -> Result<(), JournalError<L::Error>> {
    logs.put_meta(&name(log), &cbor::encode(&(first,)))
        .map_err(JournalError::Store)
}

fn name(log: &LogKey) -> String {
    format!("unsigned {} {} {}", log.box_id, log.lane.number(), log.epoch)
}
