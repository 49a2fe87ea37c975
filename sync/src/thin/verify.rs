//! Whose a text is, and what it says: nothing of it counts before its seal is right.

use kiosk::ids::{BoxId, Epoch, Lane, LogKey, RecordId, Writer};

use super::{
    frame::{self, HEAD_BYTES, Kind, Raw, Reader, ThinAck, ThinHello, conversation, epoch_tag},
    state::{Place, State, log_at},
};
use crate::{
    frame::{Chunk, Reason},
    journal::{JournalError, Logs, Stored},
    pack::{self, BEFORE_RECORDS, Before, Known},
    seal::{Carrier, Seal},
    session::Setup,
};

/// The most ways in which the two bytes of epochs in one text are tried.
const TRIES_MAX: usize = 128;

/// Records read at a time of those that say what is usual: about as many as there are.
const BEFORE_READ_BYTES: usize = 3_000;

/// What a verified frame says.
pub(super) enum Said {
    Hello(ThinHello),
    Chunk(Chunk),
    Ack(Place, ThinAck),
    Goodbye(Reason),
}

/// Every epoch that two bytes may stand for here: those of the logs held, of the runs heard of, of the tips shown.
pub(super) fn known<L: Logs>(setup: &Setup, state: &State, logs: &L) -> Result<Known, JournalError<L::Error>> {
    let mut known: Known = [setup.run, Epoch(state.box_run)].into_iter().collect();
    state.tips.iter().for_each(|(_, epoch, _)| known.add(*epoch));
    for by in [Writer::Site, Writer::Hub] {
        let held = logs.logs(setup.box_id, by, Lane::Money).map_err(JournalError::Store)?;
        held.iter().for_each(|(epoch, _)| known.add(*epoch));
    }
    Ok(known)
}

/// What the records up to this one are like, where they are held.
pub(super) fn before<L: Logs>(log: &LogKey, last: u32, logs: &L) -> Result<Before, JournalError<L::Error>> {
    let state = logs.log(log).map_err(JournalError::Store)?;
    if last == 0 || state.is_none_or(|state| state.mark < last) {
        return Ok(Before::default());
    }
    let mut next = last.saturating_sub(BEFORE_RECORDS - 1).max(1);
    let mut records = Vec::new();
    while next <= last {
        let read = logs.read(log, next, BEFORE_READ_BYTES).map_err(JournalError::Store)?;
        if read.is_empty() {
            return Err(JournalError::Damaged(RecordId { log: *log, seq: next }));
        }
        let left = (last - next) as usize + 1;
        next = next.saturating_add(read.len() as u32);
        records.extend(read.into_iter().take(left));
    }
    Ok(Before::of(log, &records))
}

/// The frame under the seal of one of the generations that its low byte may mean: this end's, the last one below it and
/// the next one above.
pub(super) fn verify<L: Logs>(
    setup: &Setup,
    carrier: Carrier,
    raw: &Raw,
    (own, box_run): (u32, u64),
    known: &Known,
    logs: &L,
) -> Result<Option<(u32, Said)>, JournalError<L::Error>> {
    let generations = generations(own, raw.head.generation);
    if !matches!(raw.head.kind, Kind::Chunk | Kind::Headed) {
        return Ok(report(setup, carrier, raw, &generations, box_run, known));
    }
    for generation in generations {
        let is_right = |epoch, meaning: &[u8]| {
            let seal = frame::seal(carrier, setup.side.other(), setup.box_id, generation, epoch);
            raw.verifies(&setup.pair, &seal, meaning)
        };
        if let Some(chunk) = chunk(setup.box_id, raw, known, &is_right, logs)? {
            return Ok(Some((generation, Said::Chunk(chunk))));
        }
    }
    Ok(None)
}

/// What the low byte of a generation may mean, see [`verify`].
fn generations(own: u32, low: u8) -> Vec<u32> {
    let below = own.wrapping_sub(u32::from((own as u8).wrapping_sub(low)));
    let above = own.wrapping_add(u32::from(low.wrapping_sub(own as u8)));
    let mut generations = vec![below];
    generations.extend(Some(above).filter(|above| *above != below));
    generations
}

/// A frame of every kind but a chunk.
fn report(
    setup: &Setup,
    carrier: Carrier,
    raw: &Raw,
    generations: &[u32],
    box_run: u64,
    known: &Known,
) -> Option<(u32, Said)> {
    let seal = |generation, epoch| frame::seal(carrier, setup.side.other(), setup.box_id, generation, epoch);
    let answer = |generation, epoch| Seal {
        session: conversation(box_run),
        ..seal(generation, epoch)
    };
    let payload = raw.payload();
    match raw.head.kind {
        Kind::Hello => {
            let thin = frame::hello(setup.box_id, payload)?;
            let generation = thin.hello.generation;
            let is_right =
                generation as u8 == raw.head.generation && raw.verifies(&setup.pair, &seal(generation, Epoch(0)), &[]);
            is_right.then_some((generation, Said::Hello(thin)))
        }
        Kind::Goodbye => {
            let reason = frame::goodbye(payload)?;
            let is_right = |generation: &u32| raw.verifies(&setup.pair, &answer(*generation, Epoch(0)), &[]);
            let generation = generations.iter().find(|generation| is_right(generation))?;
            Some((*generation, Said::Goodbye(reason)))
        }
        Kind::Ack => {
            let ack = frame::ack(payload)?;
            for epoch in known.candidates(raw.head.epoch) {
                let is_right = |generation: &&u32| raw.verifies(&setup.pair, &answer(**generation, epoch), &[]);
                if let Some(generation) = generations.iter().find(is_right) {
                    return Some((*generation, Said::Ack((raw.head.by, epoch), ack)));
                }
            }
            None
        }
        Kind::Chunk | Kind::Headed => None,
    }
}

/// The records of a text, under the epochs for which its seal is right.
fn chunk<L: Logs>(
    box_id: BoxId,
    raw: &Raw,
    known: &Known,
    is_right: &dyn Fn(Epoch, &[u8]) -> bool,
    logs: &L,
) -> Result<Option<Chunk>, JournalError<L::Error>> {
    let Some(start) = start(raw, known) else {
        return Ok(None);
    };
    for epoch in &start.epochs {
        let log = log_at(box_id, (raw.head.by, *epoch));
        let before = before(&log, start.before, logs)?;
        // Where that is not held yet, or no more, the text cannot be read.
        if start.before > 0 && before.is_empty() {
            continue;
        }
        if let Some(records) = records(&log, start.dense, known, &before, &|meaning| is_right(*epoch, meaning)) {
            return Ok(Some(Chunk {
                by: log.by,
                lane: log.lane,
                epoch: log.epoch,
                from: start.from,
                records: records.into_iter().map(Stored::Bytes).collect(),
                head: start.head,
            }));
        }
    }
    Ok(None)
}

/// What stands before the records of a text.
struct Start<'a> {
    /// The place of the first.
    from: u32,
    /// The runs that its log may be of.
    epochs: Vec<Epoch>,
    /// The record up to which the log says what is usual; 0 where all is said.
    before: u32,
    dense: &'a [u8],
    head: Option<[u8; HEAD_BYTES]>,
}

fn start<'a>(raw: &'a Raw, known: &Known) -> Option<Start<'a>> {
    let (payload, head) = match raw.head.kind {
        Kind::Headed => raw
            .payload()
            .split_last_chunk()
            .map(|(rest, head)| (rest, Some(*head)))?,
        _ => (raw.payload(), None),
    };
    let mut reader = Reader(payload);
    let from = reader.number()?;
    let epochs = match from {
        1 => vec![reader.epoch().filter(|epoch| epoch_tag(*epoch) == raw.head.epoch)?],
        _ => known.candidates(raw.head.epoch),
    };
    let before = match reader.number()? {
        0 => 0,
        back => from.checked_sub(back).filter(|before| *before > 0)?,
    };
    Some(Start {
        from,
        epochs,
        before,
        dense: reader.0,
        head,
    })
}

/// The records of a text of this log, with those of the epochs that are known for which its seal is right.
fn records(
    log: &LogKey,
    dense: &[u8],
    known: &Known,
    before: &Before,
    is_right: &dyn Fn(&[u8]) -> bool,
) -> Option<Vec<Vec<u8>>> {
    // Once with marks in place of the epochs, to see which two bytes there are.
    let mut tags: Vec<u16> = Vec::new();
    let mut mark = |tag| {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
        Some(Epoch(1 << 63 | u64::from(tag)))
    };
    pack::unpack(log, dense, before, &mut mark).ok()?;
    let candidates: Vec<Vec<Epoch>> = tags.iter().map(|tag| known.candidates(*tag)).collect();
    let ways = candidates.iter().map(Vec::len).try_fold(1_usize, usize::checked_mul);
    for way in 0..ways.unwrap_or(TRIES_MAX).min(TRIES_MAX) {
        let mut left = way;
        let mut chosen = Vec::new();
        for of in &candidates {
            chosen.push(of[left % of.len()]);
            left /= of.len();
        }
        let mut resolve = |tag| {
            let place = tags.iter().position(|known| *known == tag)?;
            Some(chosen[place])
        };
        let Ok(records) = pack::unpack(log, dense, before, &mut resolve) else {
            continue;
        };
        if !records.is_empty() && is_right(&records.concat()) {
            return Some(records);
        }
    }
    None
}
