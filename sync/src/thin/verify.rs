//! Whose a text is, and what it says: nothing of it counts before its seal is right.

use kiosk::ids::{BoxId, Epoch, Lane, Writer};

use super::{
    frame::{self, Kind, Raw, Reader, ThinAck, ThinHello, conversation, epoch_tag},
    state::{Place, State, log_at},
};
use crate::{
    frame::{Chunk, Reason},
    journal::{JournalError, Logs, Stored},
    pack::{self, Known},
    seal::{Carrier, Seal},
    session::Setup,
};

/// The most ways in which the two bytes of epochs in one text are tried.
const TRIES_MAX: usize = 128;

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

/// The frame under the seal of one of the generations that its low byte may mean: this end's, the last one below it and
/// the next one above.
pub(super) fn verify(
    setup: &Setup,
    carrier: Carrier,
    raw: &Raw,
    own: u32,
    box_run: u64,
    known: &Known,
) -> Option<(u32, Said)> {
    let below = own.wrapping_sub(u32::from((own as u8).wrapping_sub(raw.head.generation)));
    let above = own.wrapping_add(u32::from(raw.head.generation.wrapping_sub(own as u8)));
    let mut generations = vec![below];
    generations.extend(Some(above).filter(|above| *above != below));
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
            let generation = generations.into_iter().find(is_right)?;
            Some((generation, Said::Goodbye(reason)))
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
        Kind::Chunk | Kind::Headed => generations.into_iter().find_map(|generation| {
            let is_right = |epoch, meaning: &[u8]| raw.verifies(&setup.pair, &seal(generation, epoch), meaning);
            let chunk = chunk(setup.box_id, raw, known, &is_right)?;
            Some((generation, Said::Chunk(chunk)))
        }),
    }
}

/// The records of a text, under the epochs for which its seal is right.
fn chunk(box_id: BoxId, raw: &Raw, known: &Known, is_right: &dyn Fn(Epoch, &[u8]) -> bool) -> Option<Chunk> {
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
    for epoch in epochs {
        let log = log_at(box_id, (raw.head.by, epoch));
        // Once with marks in place of the epochs, to see which two bytes there are.
        let mut tags: Vec<u16> = Vec::new();
        let mut mark = |tag| {
            if !tags.contains(&tag) {
                tags.push(tag);
            }
            Some(Epoch(1 << 63 | u64::from(tag)))
        };
        if pack::unpack(&log, reader.0, &mut mark).is_err() {
            continue;
        }
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
            let Ok(records) = pack::unpack(&log, reader.0, &mut resolve) else {
                continue;
            };
            if !records.is_empty() && is_right(epoch, &records.concat()) {
                return Some(Chunk {
                    by: log.by,
                    lane: log.lane,
                    epoch,
                    from,
                    records: records.into_iter().map(Stored::Bytes).collect(),
                    head,
                });
            }
        }
    }
    None
}
