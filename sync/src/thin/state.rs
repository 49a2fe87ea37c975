//! What is kept of one box's texts between two events, among the logs' own values.
//!
//! Losing any of it costs texts and nothing else: marks are in the logs, and HELLO is the truth.

use kiosk::{
    ids::{BoxId, Epoch, Lane, LogKey, Writer},
    moment::Moment,
};

use super::{
    AGAIN_MS_MAX, AGAIN_MS_MIN, ANSWER_MS, SELDOM_MS,
    frame::{HEAD_BYTES, reason_number},
};
use crate::{
    cbor::{self, Bytes},
    frame::Reason,
    journal::{JournalError, Logs, Stored},
    session::Setup,
};

/// How many earlier runs of a box are remembered by name, besides those whose logs say that they are over.
const RUNS_MAX: usize = 32;

/// A log of the money lane, by its writer and its run.
pub(super) type Place = (Writer, Epoch);

/// Records in a text that was sent and not acknowledged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    pub(super) place: Place,
    pub(super) from: u32,
    pub(super) to: u32,
    /// When it is sent again.
    pub(super) due_ms: u64,
    /// How often it was sent.
    pub(super) tries: u32,
    /// The other end has it parked.
    pub(super) is_parked: bool,
}

/// A frame that came before its turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parked {
    /// Which of the box's places on disk holds its records.
    pub(super) slot: u8,
    pub(super) place: Place,
    pub(super) from: u32,
    pub(super) to: u32,
}

/// Everything that is kept.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// At a gateway: the run whose monotonic clock all times here are of. Those of the hub are of the wall clock, which
    /// its processes share.
    own_run: u64,
    /// The box's run: what names an exchange. Zero until it is known.
    pub(super) box_run: u64,
    /// The peer's HELLO of this exchange was believed, by text or on a socket.
    pub(super) is_greeted: bool,
    /// The peer has texted since its last socket.
    pub(super) is_by_text: bool,
    /// The generation of the peer's last HELLO.
    pub(super) peer_generation: u32,
    /// The generation that the own last HELLO named.
    pub(super) told_generation: u32,
    /// Own reports in this exchange, HELLO and ACK alike; the last is this one.
    pub(super) number: u32,
    /// The last report heard; an older one that comes late says nothing.
    pub(super) seen: u32,
    /// When HELLO is to be said.
    pub(super) hello_ms: Option<u64>,
    /// How often it was said without an answer.
    pub(super) hello_tries: u32,
    /// When it was said last, or GOODBYE in its place.
    pub(super) hello_said_ms: Option<u64>,
    /// When ACKs are to be said.
    pub(super) answer_ms: Option<u64>,
    /// When one was said last.
    pub(super) answered_ms: Option<u64>,
    /// Texts since then that brought something.
    pub(super) unanswered: u32,
    /// Of which logs.
    pub(super) answers: Vec<Place>,
    /// Since when a record of the own run waits that was in no text.
    pub(super) since_ms: Option<u64>,
    /// When it was last looked whether they fill a text, and up to which of them.
    pub(super) looked_ms: u64,
    pub(super) looked_to: u32,
    pub(super) flights: Vec<Flight>,
    /// The peer's tips of a writer, while one of them is of a log that is not known here.
    pub(super) tips: Vec<(Writer, Epoch, u32)>,
    /// Earlier runs of the box, with the last report heard and said in each.
    runs: Vec<(u64, u32, u32)>,
    pub(super) parked: Vec<Parked>,
    /// Logs that the peer refuses, and that are refused here, until the next HELLO.
    pub(super) declined: Vec<Place>,
    pub(super) refused: Vec<Place>,
    /// The peer holds less than was known: its HELLO is wanted.
    pub(super) is_lost: bool,
    /// Goodbye is to be said.
    pub(super) goodbye: Option<u8>,
    /// Records that fit no text.
    pub(super) too_large: Vec<(Writer, Epoch, u32)>,
}

type PlaceFields = (u8, u64);
type FlightFields = (PlaceFields, u32, u32, u64, u32, bool);
type ParkedFields = (u8, PlaceFields, u32, u32);
type EndFields = (u8, u64, u32);
type Fields = (
    (u64, u64, bool, bool, u32, u32),
    (u32, u32),
    (Option<u64>, u32, Option<u64>),
    (Option<u64>, Option<u64>, u32, Vec<PlaceFields>),
    (Option<u64>, u64, u32),
    Vec<FlightFields>,
    Vec<EndFields>,
    Vec<(u64, u32, u32)>,
    Vec<ParkedFields>,
    (Vec<PlaceFields>, Vec<PlaceFields>, bool),
    Option<u8>,
    Vec<EndFields>,
);

fn put_place((by, epoch): Place) -> PlaceFields {
    (by.number(), epoch.0)
}

fn place((by, epoch): PlaceFields) -> Option<Place> {
    Some((Writer::from_number(by)?, Epoch(epoch)))
}

fn places(fields: Vec<PlaceFields>) -> Option<Vec<Place>> {
    fields.into_iter().map(place).collect()
}

fn end((by, epoch, seq): EndFields) -> Option<(Writer, Epoch, u32)> {
    Some((Writer::from_number(by)?, Epoch(epoch), seq))
}

fn name(box_id: BoxId) -> String {
    format!("thin {box_id}")
}

fn slot_name(box_id: BoxId, slot: u8) -> String {
    format!("thin {box_id} parked {slot}")
}

impl State {
    /// What is kept of this box's texts, its times those of this run.
    pub(super) fn load<L: Logs>(setup: &Setup, moment: &Moment, logs: &L) -> Result<State, JournalError<L::Error>> {
        let name = name(setup.box_id);
        let mut state = match logs.meta(&name).map_err(JournalError::Store)? {
            None => State::default(),
            Some(bytes) => {
                let fields = cbor::decode::<Fields>(&bytes).ok();
                fields.and_then(State::from_fields).ok_or(JournalError::Meta(name))?
            }
        };
        let now_ms = now_ms(setup, moment);
        match setup.side {
            Writer::Site if state.own_run != setup.run.0 => state.begin(setup, now_ms),
            Writer::Site => {}
            Writer::Hub => state.set_clock_right(now_ms),
        }
        Ok(state)
    }

    /// Without asking for the moment: what a page shows.
    pub(super) fn peek<L: Logs>(box_id: BoxId, logs: &L) -> Result<Option<State>, JournalError<L::Error>> {
        let bytes = logs.meta(&name(box_id)).map_err(JournalError::Store)?;
        Ok(bytes.and_then(|bytes| State::from_fields(cbor::decode::<Fields>(&bytes).ok()?)))
    }

    pub(super) fn save<L: Logs>(&self, box_id: BoxId, logs: &mut L) -> Result<(), JournalError<L::Error>> {
        let (name, bytes) = (name(box_id), cbor::encode::<Fields>(&self.fields()));
        let kept = logs.meta(&name).map_err(JournalError::Store)?;
        // A tick that says nothing must cost no write.
        if kept.as_ref() == Some(&bytes) {
            return Ok(());
        }
        logs.put_meta(&name, &bytes).map_err(JournalError::Store)
    }

    /// A new run of a gateway: its clock began anew, and it says HELLO.
    fn begin(&mut self, setup: &Setup, now_ms: u64) {
        self.own_run = setup.run.0;
        self.since_ms = None;
        self.looked_ms = 0;
        self.hello_said_ms = None;
        self.answered_ms = None;
        self.answer_ms = self.answer_ms.map(|_| now_ms + ANSWER_MS);
        self.exchange(setup.run.0);
        self.hello_ms = Some(now_ms);
    }

    /// A wall clock may be set back. What would be further ahead than it can be is due at once, and was not said just now.
    fn set_clock_right(&mut self, now_ms: u64) {
        let due = |due: u64| if due > now_ms + AGAIN_MS_MAX { now_ms } else { due };
        self.hello_ms = self.hello_ms.map(due);
        self.answer_ms = self.answer_ms.map(due);
        for flight in &mut self.flights {
            flight.due_ms = due(flight.due_ms);
        }
        let was = |was: &u64| *was <= now_ms;
        self.hello_said_ms = self.hello_said_ms.filter(was);
        self.answered_ms = self.answered_ms.filter(was);
        self.since_ms = self.since_ms.map(|since| if was(&since) { since } else { 0 });
    }

    /// Another run of the box: nothing that was reported before counts.
    pub(super) fn exchange(&mut self, box_run: u64) {
        if self.box_run == box_run {
            return;
        }
        let heard = self.runs.iter().position(|(run, ..)| *run == box_run);
        let (_, seen, number) = heard.map_or((box_run, 0, 0), |place| self.runs.remove(place));
        if self.runs.len() >= RUNS_MAX {
            self.runs.remove(0);
        }
        self.runs.push((self.box_run, self.seen, self.number));
        self.box_run = box_run;
        self.is_greeted = false;
        self.number = number;
        self.seen = seen;
        self.hello_tries = 0;
        self.flights.clear();
    }

    /// The last report heard of a run of the box, the present one or an earlier.
    pub(super) fn seen_of(&self, run: u64) -> Option<u32> {
        if run == self.box_run {
            return Some(self.seen);
        }
        let heard = self.runs.iter().find(|(earlier, ..)| *earlier == run);
        heard.map(|(_, seen, _)| *seen)
    }

    /// A HELLO was believed: what was sent, refused and not understood before is forgotten.
    pub(super) fn greet(&mut self) {
        self.is_greeted = true;
        self.hello_ms = None;
        self.hello_tries = 0;
        self.flights.clear();
        self.tips.clear();
        self.declined.clear();
        self.refused.clear();
        self.too_large.clear();
        self.is_lost = false;
    }

    /// Both ends have greeted on a socket in this run of the box.
    pub(super) fn hear_wide(&mut self, box_run: Epoch, generation: u32) {
        self.exchange(box_run.0);
        self.greet();
        self.is_by_text = false;
        self.peer_generation = generation;
        self.told_generation = generation;
        self.answer_ms = None;
        self.unanswered = 0;
        self.answers.clear();
        self.since_ms = None;
        self.goodbye = None;
    }

    /// HELLO is to be said, but for the same reason not more often than texts are sent again.
    pub(super) fn wish_hello(&mut self, now_ms: u64) {
        self.wish_hello_after(AGAIN_MS_MIN, now_ms);
    }

    /// The same upon a text that may be an old one which somebody repeats.
    pub(super) fn wish_hello_seldom(&mut self, now_ms: u64) {
        self.wish_hello_after(SELDOM_MS, now_ms);
    }

    fn wish_hello_after(&mut self, pause_ms: u64, now_ms: u64) {
        let said = self.hello_said_ms;
        let earliest = said.map_or(now_ms, |said| (said + pause_ms).max(now_ms));
        self.hello_ms = Some(self.hello_ms.map_or(earliest, |due| due.min(earliest)));
    }

    /// GOODBYE is the answer to all there is to say, but not to each text of somebody who repeats himself.
    pub(super) fn wish_goodbye(&mut self, reason: Reason, now_ms: u64) {
        if self.hello_said_ms.is_none_or(|said| said + AGAIN_MS_MIN <= now_ms) {
            self.goodbye = Some(reason_number(reason));
        }
        self.hello_ms = None;
        self.answer_ms = None;
        self.flights.clear();
    }

    /// Texts of a log are to be answered. Where one was answered before and is sent again, at once: but whoever repeats
    /// an old text over and over does not get an answer for each.
    pub(super) fn wish_answer(&mut self, place: Place, is_again: bool, now_ms: u64) {
        if !self.answers.contains(&place) {
            self.answers.push(place);
        } else if is_again && self.answer_ms.is_some() {
            return;
        }
        if !is_again {
            self.unanswered = self.unanswered.saturating_add(1);
        }
        let due = if is_again {
            let said = self.answered_ms;
            said.map_or(now_ms, |said| (said + AGAIN_MS_MIN / 2).max(now_ms))
        } else if self.unanswered >= super::ANSWER_TEXTS {
            now_ms
        } else {
            now_ms + ANSWER_MS
        };
        self.answer_ms = Some(self.answer_ms.map_or(due, |answer| answer.min(due)));
    }

    /// How long to wait before something is said for the next time.
    pub(super) fn again_ms(tries: u32) -> u64 {
        AGAIN_MS_MIN.saturating_mul(1 << tries.min(16)).min(AGAIN_MS_MAX)
    }

    /// The first run of records beyond `acked` that are in no text on its way.
    pub(super) fn unsent(&self, place: Place, acked: u32, mark: u32) -> Option<(u32, u32)> {
        let mut flights: Vec<_> = self.flights.iter().filter(|flight| flight.place == place).collect();
        flights.sort_by_key(|flight| flight.from);
        let mut from = acked + 1;
        let mut to = mark;
        for flight in flights {
            if flight.from > from {
                to = to.min(flight.from - 1);
                break;
            }
            from = from.max(flight.to + 1);
        }
        (from <= to).then_some((from, to))
    }

    fn fields(&self) -> Fields {
        let put_places = |places: &[Place]| places.iter().map(|place| put_place(*place)).collect();
        let put_end = |(by, epoch, seq): &(Writer, Epoch, u32)| (by.number(), epoch.0, *seq);
        let flight = |flight: &Flight| {
            let Flight {
                place,
                from,
                to,
                due_ms,
                tries,
                is_parked,
            } = *flight;
            (put_place(place), from, to, due_ms, tries, is_parked)
        };
        let parked = |parked: &Parked| (parked.slot, put_place(parked.place), parked.from, parked.to);
        (
            (
                self.own_run,
                self.box_run,
                self.is_greeted,
                self.is_by_text,
                self.peer_generation,
                self.told_generation,
            ),
            (self.number, self.seen),
            (self.hello_ms, self.hello_tries, self.hello_said_ms),
            (
                self.answer_ms,
                self.answered_ms,
                self.unanswered,
                put_places(&self.answers),
            ),
            (self.since_ms, self.looked_ms, self.looked_to),
            self.flights.iter().map(flight).collect(),
            self.tips.iter().map(put_end).collect(),
            self.runs.clone(),
            self.parked.iter().map(parked).collect(),
            (put_places(&self.declined), put_places(&self.refused), self.is_lost),
            self.goodbye,
            self.too_large.iter().map(put_end).collect(),
        )
    }

    fn from_fields(fields: Fields) -> Option<State> {
        let (exchange, reports, hello, answer, since, flights, tips, runs, parked, barred, goodbye, too_large) = fields;
        let flight = |(at, from, to, due_ms, tries, is_parked): FlightFields| {
            Some(Flight {
                place: place(at)?,
                from,
                to,
                due_ms,
                tries,
                is_parked,
            })
        };
        let parked_of = |(slot, at, from, to): ParkedFields| {
            Some(Parked {
                slot,
                place: place(at)?,
                from,
                to,
            })
        };
        Some(State {
            own_run: exchange.0,
            box_run: exchange.1,
            is_greeted: exchange.2,
            is_by_text: exchange.3,
            peer_generation: exchange.4,
            told_generation: exchange.5,
            number: reports.0,
            seen: reports.1,
            hello_ms: hello.0,
            hello_tries: hello.1,
            hello_said_ms: hello.2,
            answer_ms: answer.0,
            answered_ms: answer.1,
            unanswered: answer.2,
            answers: places(answer.3)?,
            since_ms: since.0,
            looked_ms: since.1,
            looked_to: since.2,
            flights: flights.into_iter().map(flight).collect::<Option<_>>()?,
            tips: tips.into_iter().map(end).collect::<Option<_>>()?,
            runs,
            parked: parked.into_iter().map(parked_of).collect::<Option<_>>()?,
            declined: places(barred.0)?,
            refused: places(barred.1)?,
            is_lost: barred.2,
            goodbye,
            too_large: too_large.into_iter().map(end).collect::<Option<_>>()?,
        })
    }
}

/// The clock that times are kept in: a gateway's own, for its wall clock may be anything, and the wall clock that all
/// processes of a hub share.
pub(super) fn now_ms(setup: &Setup, moment: &Moment) -> u64 {
    match setup.side {
        Writer::Site => moment.monotonic_ms,
        Writer::Hub => u64::try_from(moment.wall.0).unwrap_or_default(),
    }
}

/// Keeps the records of a parked frame; none empty the place.
pub(super) fn put_slot<L: Logs>(
    box_id: BoxId,
    slot: u8,
    (records, head): (&[Stored], Option<[u8; HEAD_BYTES]>),
    logs: &mut L,
) -> Result<(), JournalError<L::Error>> {
    let bytes = |record: &Stored| match record {
        Stored::Bytes(bytes) => Bytes(bytes.clone()),
        Stored::Blank(hash) => Bytes::from(*hash),
    };
    let fields: Vec<Bytes> = records.iter().map(bytes).collect();
    logs.put_meta(
        &slot_name(box_id, slot),
        &cbor::encode(&(fields, head.map(Bytes::from))),
    )
    .map_err(JournalError::Store)
}

/// The records of a parked frame, and its head.
pub(super) fn slot<L: Logs>(
    box_id: BoxId,
    slot: u8,
    logs: &L,
) -> Result<(Vec<Stored>, Option<[u8; HEAD_BYTES]>), JournalError<L::Error>> {
    let name = slot_name(box_id, slot);
    let bytes = logs.meta(&name).map_err(JournalError::Store)?.unwrap_or_default();
    let damaged = || JournalError::Meta(name.clone());
    let (records, head): (Vec<Bytes>, Option<Bytes>) = cbor::decode(&bytes).map_err(|_| damaged())?;
    let head = head.map(|Bytes(bytes)| bytes.try_into().map_err(|_| damaged()));
    let records = records.into_iter().map(|Bytes(bytes)| Stored::Bytes(bytes));
    Ok((records.collect(), head.transpose()?))
}

/// The log of a box at this place.
pub(super) fn log_at(box_id: BoxId, (by, epoch): Place) -> LogKey {
    LogKey {
        box_id,
        by,
        lane: Lane::Money,
        epoch,
    }
}
