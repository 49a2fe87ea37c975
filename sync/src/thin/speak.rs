//! What goes out, and when.

use kiosk::{
    ids::{Epoch, Lane, Writer},
    moment::Moment,
};

use super::{
    LINGER_HUB_MS, LINGER_MS, LINGER_URGENT_MS, Outcome, WINDOW,
    frame::{
        self, BYTES_MAX, HEADER_BYTES, Kind, LONG_BYTES_MAX, TIPS_MAX, ThinAck, ThinHello, conversation, put_ack,
        put_hello, put_number, seal,
    },
    hear::known,
    park::plain,
    state::{Flight, Place, State, log_at},
};
use crate::{
    doubt,
    frame::{Hello, PROTOCOL, Tip},
    journal::{self, JournalError, LogState, Logs, Stored},
    pack::{self, Known, RECORDS_MAX},
    seal::{Carrier, Seal, TAG_BYTES},
    session::Setup,
};

/// So many records may fill a text: below that nobody looks before they are old enough.
const FULL_RECORDS_MIN: u32 = 12;
/// How often it is looked whether they do.
const LOOK_MS: u64 = 60_000;
/// Records read for one text.
const READ_BYTES_MAX: usize = 16_384;
/// After so many tries without an answer a box says HELLO: perhaps the hub does not know its run any more.
const TRIES_MAX: u32 = 3;
/// Kinds of records that nobody waits for: `Began` and `Poured`.
const PATIENT_KINDS: [u8; 2] = [0, 3];

/// What a tick is about.
struct Speaking<'a, L> {
    setup: &'a Setup,
    moment: &'a Moment,
    carrier: Carrier,
    /// The other end is on the line: everything is due.
    is_eager: bool,
    generation: u32,
    known: Known,
    left: u32,
    state: &'a mut State,
    logs: &'a mut L,
    outcome: Outcome,
}

/// Says what is due.
pub(super) fn tick<L: Logs>(
    setup: &Setup,
    moment: &Moment,
    carrier: Carrier,
    texts_max: u32,
    state: &mut State,
    logs: &mut L,
) -> Result<Outcome, JournalError<L::Error>> {
    let known = known(setup, state, logs)?;
    let generation = doubt::generation(logs)?;
    let mut speaking = Speaking {
        setup,
        moment,
        carrier,
        is_eager: carrier == Carrier::Ussd,
        generation,
        known,
        left: texts_max,
        state,
        logs,
        outcome: Outcome::default(),
    };
    speaking.all()?;
    Ok(speaking.outcome)
}

/// When a tick has something to say.
pub(super) fn deadline_ms<L: Logs>(
    setup: &Setup,
    moment: &Moment,
    state: &State,
    logs: &L,
) -> Result<Option<u64>, JournalError<L::Error>> {
    let now = moment.monotonic_ms;
    if state.goodbye.is_some() {
        return Ok(Some(now));
    }
    if setup.side == Writer::Hub && !state.is_by_text {
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
            if place != (setup.side, setup.run) {
                due.push(Some(now));
                continue;
            }
            // The first tick only notes since when there is something.
            let Some(since) = state.since_ms else {
                due.push(Some(now));
                continue;
            };
            due.push(Some(since + linger_ms(setup, place, from, &log, logs)?));
            if to - from >= FULL_RECORDS_MIN {
                due.push(Some((state.looked_ms + LOOK_MS).max(since)));
            }
        }
    }
    Ok(due.into_iter().flatten().min())
}

/// Whether records and ACKs may be said: the other end greeted, under this end's generation.
fn may_flow(setup: &Setup, state: &State, generation: u32) -> bool {
    let is_same = match setup.side {
        Writer::Site => state.peer_generation >= generation,
        Writer::Hub => state.is_by_text && state.peer_generation == generation,
    };
    state.is_greeted && is_same
}

/// Logs with records that the other end lacks and that are in no text on its way, in the order of sending, and which.
fn waiting<L: Logs>(
    setup: &Setup,
    state: &State,
    logs: &L,
) -> Result<Vec<(Place, LogState, u32, u32)>, JournalError<L::Error>> {
    let mut found = Vec::new();
    for by in [Writer::Site, Writer::Hub] {
        // While a tip of the other end is of an unknown log, nothing of its writer is given back.
        if by != setup.side && state.tips.iter().any(|(of, ..)| *of == by) {
            continue;
        }
        for (epoch, log) in logs.logs(setup.box_id, by, Lane::Money).map_err(JournalError::Store)? {
            let place = (by, epoch);
            let is_barred = state.declined.contains(&place) || state.refused.contains(&place);
            let is_stuck = |from| state.too_large == Some((by, epoch, from));
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

/// How long the own run's records are collected.
fn linger_ms<L: Logs>(
    setup: &Setup,
    place: Place,
    from: u32,
    log: &LogState,
    logs: &L,
) -> Result<u64, JournalError<L::Error>> {
    if setup.side == Writer::Hub {
        return Ok(LINGER_HUB_MS);
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
        true => LINGER_MS,
        false => LINGER_URGENT_MS,
    })
}

impl<L: Logs> Speaking<'_, L> {
    fn all(&mut self) -> Result<(), JournalError<L::Error>> {
        let now = self.moment.monotonic_ms;
        if let Some(reason) = self.state.goodbye {
            if self.say(Kind::Goodbye, self.setup.side, Epoch(0), &[reason], &[]) {
                self.state.goodbye = None;
            }
            return Ok(());
        }
        if self.setup.side == Writer::Hub {
            if !self.state.is_by_text || self.setup.refuse.is_some() {
                return Ok(());
            }
            if self.state.told_generation < self.generation && self.state.hello_ms.is_none() {
                self.state.hello_ms = Some(now);
            }
        }
        let is_unheard = |flight: &Flight| flight.due_ms <= now && flight.tries >= TRIES_MAX && !flight.is_parked;
        if self.setup.side == Writer::Site && self.state.flights.iter().any(is_unheard) {
            self.state.wish_hello(now);
        }
        if self.state.hello_ms.is_some_and(|due| due <= now || self.is_eager) {
            self.say_hello()?;
        }
        if !may_flow(self.setup, self.state, self.generation) {
            return Ok(());
        }
        if self.state.answer_ms.is_some_and(|due| due <= now || self.is_eager) {
            self.say_acks()?;
        }
        self.say_again()?;
        self.say_new()
    }

    /// Seals a frame and puts its text out; false when the budget is used up.
    fn say(&mut self, kind: Kind, by: Writer, epoch: Epoch, payload: &[u8], meaning: &[u8]) -> bool {
        let plain = seal(self.carrier, self.setup.side, self.setup.box_id, self.generation, epoch);
        let seal = match kind {
            Kind::Hello | Kind::Chunk => plain,
            Kind::Ack | Kind::Goodbye => Seal {
                session: conversation(self.state.box_run),
                ..plain
            },
        };
        let mut text = frame::text(&frame::write(kind, by, payload, &self.setup.pair, &seal, meaning));
        if self.is_eager {
            text.parts = 1;
        }
        let is_paid = text.parts <= self.left;
        if is_paid {
            self.left -= text.parts;
            self.outcome.texts.push(text);
        }
        is_paid
    }

    fn say_hello(&mut self) -> Result<(), JournalError<L::Error>> {
        let now = self.moment.monotonic_ms;
        let held = self.logs.tips(self.setup.box_id).map_err(JournalError::Store)?;
        let money = held.into_iter().filter(|(log, _)| log.lane == Lane::Money);
        let mut tips: Vec<Tip> = money
            .map(|(log, state)| Tip {
                by: log.by,
                lane: log.lane,
                epoch: log.epoch,
                seq: state.mark,
                chain: state.chain.first_chunk().copied().unwrap_or_default(),
            })
            .collect();
        tips.truncate(TIPS_MAX);
        let is_site = self.setup.side == Writer::Site;
        let thin = ThinHello {
            hello: Hello {
                protocol: PROTOCOL,
                schema: Default::default(),
                box_id: self.setup.box_id,
                run: self.setup.run.0,
                echo: Some(self.state.box_run).filter(|run| !is_site && *run > 0),
                generation: self.generation,
                tips,
                nonce: [0; 16],
                medium: if is_site { self.setup.medium } else { [0; 8] },
                wall: Some(self.moment.wall).filter(|_| self.moment.trust.is_trusted()),
            },
            number: self.state.number + 1,
            seen: self.state.seen,
            asks: !is_site && !may_flow(self.setup, self.state, self.generation),
        };
        if !self.say(Kind::Hello, self.setup.side, Epoch(0), &put_hello(&thin), &[]) {
            return Ok(());
        }
        self.state.number += 1;
        self.state.told_generation = self.generation;
        self.state.hello_said_ms = Some(now);
        // A box repeats it until it is answered, a hub until the box has heard its generation.
        let again = now + State::again_ms(self.state.hello_tries);
        self.state.hello_ms = Some(again).filter(|_| is_site || thin.asks);
        self.state.hello_tries += 1;
        Ok(())
    }

    /// One ACK for each log that texts came of, but for those that another one stands on.
    fn say_acks(&mut self) -> Result<(), JournalError<L::Error>> {
        let mut answers = std::mem::take(&mut self.state.answers);
        let mut covered = Vec::new();
        for (by, epoch) in &answers {
            let log = log_at(self.setup.box_id, (*by, *epoch));
            if self.logs.log(&log).map_err(JournalError::Store)?.is_some() {
                let previous = journal::previous_of(self.logs, &log)?;
                covered.extend(previous.into_iter().map(|(epoch, seq)| ((*by, epoch), seq)));
            }
        }
        while let Some(place) = answers.pop() {
            let log = log_at(self.setup.box_id, place);
            let mark = self
                .logs
                .log(&log)
                .map_err(JournalError::Store)?
                .map_or(0, |state| state.mark);
            let is_refused = self.state.refused.contains(&place);
            let held = self.state.held(place, mark);
            if held.is_empty() && !is_refused && covered.contains(&(place, mark)) {
                continue;
            }
            let ack = ThinAck {
                number: self.state.number + 1,
                mark: if is_refused { 0 } else { mark },
                held: if is_refused { Vec::new() } else { held },
            };
            if !self.say(Kind::Ack, place.0, place.1, &put_ack(&ack), &[]) {
                answers.push(place);
                break;
            }
            self.state.number += 1;
        }
        if answers.is_empty() {
            self.state.answer_ms = None;
            self.state.unanswered = 0;
        }
        self.state.answers = answers;
        Ok(())
    }

    /// What was not acknowledged in time, the same records again.
    fn say_again(&mut self) -> Result<(), JournalError<L::Error>> {
        let now = self.moment.monotonic_ms;
        let due: Vec<Flight> = self
            .state
            .flights
            .iter()
            .copied()
            .filter(|flight| flight.due_ms <= now)
            .collect();
        for flight in due {
            self.state
                .flights
                .retain(|kept| (kept.place, kept.from) != (flight.place, flight.from));
            let sent = self.chunk(flight.place, flight.from, flight.to)?;
            let Some(to) = sent else {
                self.state.flights.push(flight);
                continue;
            };
            self.fly(flight.place, flight.from, to, flight.tries);
        }
        Ok(())
    }

    fn fly(&mut self, place: Place, from: u32, to: u32, tries: u32) {
        self.state.flights.push(Flight {
            place,
            from,
            to,
            due_ms: self.moment.monotonic_ms + State::again_ms(tries),
            tries: tries + 1,
            is_parked: false,
        });
    }

    /// What was in no text yet, while the window is open.
    fn say_new(&mut self) -> Result<(), JournalError<L::Error>> {
        let now = self.moment.monotonic_ms;
        let own = (self.setup.side, self.setup.run);
        let mut looked = false;
        // Also without budget: whoever has another carrier asks whether it is worth one.
        if waiting(self.setup, self.state, self.logs)?
            .iter()
            .any(|(place, ..)| *place == own)
        {
            self.state.since_ms.get_or_insert(now);
        }
        while self.state.flights.len() < WINDOW && self.left > 0 {
            let mut sent = false;
            for (place, log, from, to) in waiting(self.setup, self.state, self.logs)? {
                let mut is_due = self.is_eager || place != own;
                if place == own {
                    let since = *self.state.since_ms.get_or_insert(now);
                    is_due |= since + linger_ms(self.setup, place, from, &log, self.logs)? <= now;
                    looked = true;
                }
                let is_gap = to < log.mark;
                let Some(last) = self.chunk_if(place, from, to, is_due || is_gap)? else {
                    continue;
                };
                self.fly(place, from, last, 0);
                if place == own {
                    self.state.since_ms = Some(now);
                }
                sent = true;
                break;
            }
            if !sent {
                break;
            }
        }
        if looked {
            self.state.looked_ms = now;
        }
        let mut left = waiting(self.setup, self.state, self.logs)?.into_iter();
        if !left.any(|(place, ..)| place == own) {
            self.state.since_ms = None;
        }
        Ok(())
    }

    fn chunk(&mut self, place: Place, from: u32, to: u32) -> Result<Option<u32>, JournalError<L::Error>> {
        self.chunk_if(place, from, to, true)
    }

    /// Puts out a text with as many of these records as fit; the last of them. Unless it is due, only a full one.
    fn chunk_if(
        &mut self,
        place: Place,
        from: u32,
        to: u32,
        is_due: bool,
    ) -> Result<Option<u32>, JournalError<L::Error>> {
        let log = log_at(self.setup.box_id, place);
        let mut records = self
            .logs
            .read(&log, from, READ_BYTES_MAX)
            .map_err(JournalError::Store)?;
        records.truncate(((to - from) as usize + 1).min(RECORDS_MAX));
        let blank = records.iter().position(|record| matches!(record, Stored::Blank(_)));
        records.truncate(blank.unwrap_or(records.len()));
        let records = plain(&records).unwrap_or_default();
        let payload = |count: usize| {
            let mut payload = Vec::new();
            put_number(&mut payload, from);
            if from == 1 {
                payload.extend(place.1.0.to_be_bytes());
            }
            payload.extend(pack::pack(&log, &records[..count], &self.known));
            payload
        };
        let fits = |count: &usize, bytes_max: usize| HEADER_BYTES + payload(*count).len() + TAG_BYTES <= bytes_max;
        let mut count = most(records.len(), &|count| fits(&count, BYTES_MAX));
        if count == records.len() && blank.is_none() && !is_due {
            return Ok(None);
        }
        if count == 0 && !records.is_empty() && !self.is_eager && fits(&1, LONG_BYTES_MAX) {
            count = 1;
        }
        if count == 0 {
            if !self.is_eager || records.is_empty() {
                self.state.too_large = Some((place.0, place.1, from));
            }
            return Ok(None);
        }
        let payload = payload(count);
        let meaning = records[..count].concat();
        let is_said = self.say(Kind::Chunk, place.0, place.1, &payload, &meaning);
        Ok(is_said.then_some(from + count as u32 - 1))
    }
}

/// The largest of 1 to `limit` for which it holds, taking it that it holds for all smaller ones; 0 for none.
fn most(limit: usize, holds: &dyn Fn(usize) -> bool) -> usize {
    let (mut least, mut above) = (0, limit + 1);
    while least + 1 < above {
        let middle = (least + above) / 2;
        if holds(middle) {
            least = middle;
        } else {
            above = middle;
        }
    }
    least
}
