//! What there is to say, and when.

use kiosk::{
    ids::{Lane, Writer},
    moment::Moment,
};

use super::{
    LINGER_URGENT_MS, WINDOW,
    speak::READ_BYTES_MAX,
    state::{Place, State, log_at, now_ms},
};
use crate::{
    doubt,
    journal::{self, JournalError, LogState, Logs, Stored},
    session::Setup,
};

/// So many records may fill a text: below that nobody looks before they are old enough.
const FULL_RECORDS_MIN: u32 = 12;
/// How often it is looked whether they do.
const LOOK_MS: u64 = 60_000;
/// Kinds of records that nobody waits for: `Began` and `Poured`.
const PATIENT_KINDS: [u8; 2] = [0, 3];

/// A log, and the first and last of its records that are in no text on its way.
pub(super) type Unsent = (Place, LogState, u32, u32);

/// When a tick has something to say.
pub(super) fn deadline_ms<L: Logs>(
    setup: &Setup,
    moment: &Moment,
    state: &State,
    logs: &L,
) -> Result<Option<u64>, JournalError<L::Error>> {
    let now = now_ms(setup, moment);
    let due = next_ms(setup, now, state, logs)?;
    Ok(due.map(|due| moment.monotonic_ms + due.saturating_sub(now)))
}

/// The same in the clock that times are kept in.
fn next_ms<L: Logs>(setup: &Setup, now: u64, state: &State, logs: &L) -> Result<Option<u64>, JournalError<L::Error>> {
    if state.goodbye.is_some() {
        return Ok(Some(now));
    }
    if setup.side == Writer::Hub && (!state.is_by_text || setup.refuse.is_some()) {
        return Ok(None);
    }
    let generation = doubt::generation(logs)?;
    let told = state.is_by_text && setup.side == Writer::Hub && state.told_generation < generation;
    let mut due = vec![state.hello_ms, Some(now).filter(|_| told)];
    if may_flow(setup, state, generation) {
        due.push(state.answer_ms);
        due.extend(state.flights.iter().map(|flight| Some(flight.due_ms)));
        for (place, log, from, to) in waiting(setup, state, logs)? {
            if state.flights.len() >= WINDOW {
                break;
            }
            if !is_own(setup, place) {
                due.push(Some(now));
                continue;
            }
            // The first tick only notes since when there is something.
            let Some(since) = state.since_ms else {
                due.push(Some(now));
                continue;
            };
            due.push(Some(since + linger_ms(setup, place, from, &log, logs)?));
            due.push(look_ms(state, from, to));
        }
    }
    Ok(due.into_iter().flatten().min())
}

/// Whether records and ACKs may be said: the other end greeted, under this end's generation.
pub(super) fn may_flow(setup: &Setup, state: &State, generation: u32) -> bool {
    let is_same = match setup.side {
        Writer::Site => state.peer_generation >= generation,
        Writer::Hub => state.is_by_text && state.peer_generation == generation,
    };
    state.is_greeted && is_same
}

/// Logs with records that the other end lacks and that are in no text on its way, in the order of sending, and which.
pub(super) fn waiting<L: Logs>(setup: &Setup, state: &State, logs: &L) -> Result<Vec<Unsent>, JournalError<L::Error>> {
    let mut found = Vec::new();
    for by in [Writer::Site, Writer::Hub] {
        // While a tip of the other end is of an unknown log, nothing of its writer is given back.
        if by != setup.side && state.tips.iter().any(|(of, ..)| *of == by) {
            continue;
        }
        for (epoch, log) in logs.logs(setup.box_id, by, Lane::Money).map_err(JournalError::Store)? {
            let place = (by, epoch);
            let is_barred = state.declined.contains(&place) || state.refused.contains(&place);
            let is_stuck = |from| state.too_large.contains(&(by, epoch, from));
            if let Some((from, to)) = state.unsent(place, log.acked, log.mark).filter(|_| !is_barred)
                && !is_stuck(from)
                && (from > 1 || is_after_previous(setup, state, place, logs)?)
            {
                found.push((place, log, from, to));
            }
        }
    }
    Ok(found)
}

/// Whether what a log stands on is at the other end, or on its way.
fn is_after_previous<L: Logs>(
    setup: &Setup,
    state: &State,
    place: Place,
    logs: &L,
) -> Result<bool, JournalError<L::Error>> {
    for (epoch, seq) in journal::previous_of(logs, &log_at(setup.box_id, place))? {
        let before = (place.0, epoch);
        let log = logs.log(&log_at(setup.box_id, before)).map_err(JournalError::Store)?;
        let acked = log.map_or(0, |log| log.acked);
        if acked < seq && state.unsent(before, acked, seq).is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether more is likely to be written to a log, so that it pays to collect: a gateway's is that of its run, a hub's may
/// be any of its own, for it may be several processes.
pub(super) fn is_own(setup: &Setup, (by, epoch): Place) -> bool {
    by == setup.side && (by == Writer::Hub || epoch == setup.run)
}

/// When it is looked whether these records fill a text: often enough, and only when there are more than the last time.
pub(super) fn look_ms(state: &State, from: u32, to: u32) -> Option<u64> {
    (to - from >= FULL_RECORDS_MIN && to != state.looked_to).then_some(state.looked_ms + LOOK_MS)
}

/// How long the own run's records are collected.
pub(super) fn linger_ms<L: Logs>(
    setup: &Setup,
    place: Place,
    from: u32,
    log: &LogState,
    logs: &L,
) -> Result<u64, JournalError<L::Error>> {
    if setup.side == Writer::Hub {
        return Ok(setup.linger_ms);
    }
    // The hub cannot tell what of its past a box lacks before it knows what this run stands on.
    if doubt::site_in_doubt(logs)? {
        return Ok(0);
    }
    let records = logs
        .read(&log_at(setup.box_id, place), from, READ_BYTES_MAX)
        .map_err(JournalError::Store)?;
    let is_patient = |record: &Stored| match record {
        Stored::Bytes(bytes) => bytes.get(1).is_some_and(|kind| PATIENT_KINDS.contains(kind)),
        Stored::Blank(_) => true,
    };
    let is_all_read = from + records.len() as u32 > log.mark;
    Ok(match is_all_read && records.iter().all(is_patient) {
        true => setup.linger_ms,
        false => setup.linger_ms.min(LINGER_URGENT_MS),
    })
}
