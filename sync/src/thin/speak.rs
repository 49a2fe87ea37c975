//! What goes out, and when.

use kiosk::{
    ids::{Epoch, Lane, LogKey, Writer},
    moment::Moment,
};

use super::{
    Outcome, WINDOW,
    due::{is_own, linger_ms, look_ms, may_flow, waiting},
    frame::{
        self, BYTES_MAX, HEAD_BYTES, HEADER_BYTES, Kind, LONG_BYTES_MAX, TIPS_MAX, ThinAck, ThinHello, conversation,
        put_ack, put_hello, put_number, seal,
    },
    park::plain,
    state::{Flight, Place, State, log_at, now_ms},
    verify::known,
};
use crate::{
    doubt,
    frame::{Hello, PROTOCOL, Tip},
    journal::{self, Head, JournalError, Logs, Stored, proof},
    pack::{self, Known, RECORDS_MAX},
    seal::{Carrier, Seal, TAG_BYTES},
    session::Setup,
};

/// Records read for one text.
pub(super) const READ_BYTES_MAX: usize = 16_384;
/// After so many tries without an answer a box says HELLO: perhaps the hub does not know its run any more.
const TRIES_MAX: u32 = 3;

/// What a tick is about.
struct Speaking<'a, L> {
    setup: &'a Setup,
    moment: &'a Moment,
    now_ms: u64,
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
        now_ms: now_ms(setup, moment),
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

impl<L: Logs> Speaking<'_, L> {
    fn all(&mut self) -> Result<(), JournalError<L::Error>> {
        let now = self.now_ms;
        if let Some(reason) = self.state.goodbye {
            if self.say(Kind::Goodbye, self.setup.side, Epoch(0), &[reason], &[]) {
                self.state.goodbye = None;
                self.state.hello_said_ms = Some(now);
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
            Kind::Hello | Kind::Chunk | Kind::Headed => plain,
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
        let now = self.now_ms;
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
            number: self.state.number.saturating_add(1),
            seen: self.state.seen,
            asks: !is_site && (self.state.is_lost || !may_flow(self.setup, self.state, self.generation)),
        };
        if !self.say(Kind::Hello, self.setup.side, Epoch(0), &put_hello(&thin), &[]) {
            return Ok(());
        }
        self.state.number = thin.number;
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
            // Mark 0 and nothing parked would say that the log is refused.
            if mark == 0 && held.is_empty() && !is_refused {
                continue;
            }
            if held.is_empty() && !is_refused && covered.contains(&(place, mark)) {
                continue;
            }
            let ack = ThinAck {
                number: self.state.number.saturating_add(1),
                mark: if is_refused { 0 } else { mark },
                held: if is_refused { Vec::new() } else { held },
            };
            if !self.say(Kind::Ack, place.0, place.1, &put_ack(&ack), &[]) {
                answers.push(place);
                break;
            }
            self.state.number = ack.number;
            self.state.answered_ms = Some(self.now_ms);
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
        let now = self.now_ms;
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
                // What fits no text any more waits for a wide carrier, not for the next try.
                let at = (flight.place.0, flight.place.1, flight.from);
                if !self.state.too_large.contains(&at) {
                    self.state.flights.push(flight);
                }
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
            due_ms: self.now_ms + State::again_ms(tries),
            tries: tries + 1,
            is_parked: false,
        });
    }

    /// What was in no text yet, while the window is open.
    fn say_new(&mut self) -> Result<(), JournalError<L::Error>> {
        let now = self.now_ms;
        while self.state.flights.len() < WINDOW && self.left > 0 {
            let mut sent = false;
            for (place, log, from, to) in waiting(self.setup, self.state, self.logs)? {
                let is_own = is_own(self.setup, place);
                let mut is_due = self.is_eager || !is_own || to < log.mark;
                if is_own {
                    let since = *self.state.since_ms.get_or_insert(now);
                    is_due |= since + linger_ms(self.setup, place, from, &log, self.logs)? <= now;
                }
                let is_look = look_ms(self.state, from, to).is_some_and(|look| look <= now);
                if !is_due && !is_look {
                    continue;
                }
                let Some(last) = self.chunk_if(place, from, to, is_due)? else {
                    if !is_due {
                        self.state.looked_ms = now;
                        self.state.looked_to = to;
                    }
                    continue;
                };
                self.fly(place, from, last, 0);
                if is_own {
                    self.state.since_ms = Some(now);
                }
                sent = true;
                break;
            }
            if !sent {
                break;
            }
        }
        let mut left = waiting(self.setup, self.state, self.logs)?.into_iter();
        if !left.any(|(place, ..)| is_own(self.setup, place)) {
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
        // A log that is given back is cut where its writer's head stands: the head then proves what went before.
        if place.0 != self.setup.side
            && let Some(head) = self.known_head(&log)?.filter(|head| head.seq >= from)
        {
            records.truncate((head.seq - from + 1) as usize);
        }
        let records = plain(&records);
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
                let at = (place.0, place.1, from);
                if !self.state.too_large.contains(&at) {
                    self.state.too_large.push(at);
                }
            }
            return Ok(None);
        }
        let head = self.head(&log, from + count as u32 - 1)?;
        let with_head = |count: usize| HEADER_BYTES + payload(count).len() + HEAD_BYTES + TAG_BYTES;
        // Where only the head has no room, the last record waits for a text of its own with it.
        count -= usize::from(head.is_some() && count > 1 && with_head(count) > BYTES_MAX);
        let bytes_max = if self.is_eager { BYTES_MAX } else { LONG_BYTES_MAX };
        let head = head.filter(|head| head.seq == from + count as u32 - 1 && with_head(count) <= bytes_max);
        let mut payload = payload(count);
        payload.extend(head.iter().flat_map(|head| head.signature));
        let kind = if head.is_some() { Kind::Headed } else { Kind::Chunk };
        let meaning = records[..count].concat();
        let is_said = self.say(kind, place.0, place.1, &payload, &meaning);
        Ok(is_said.then_some(from + count as u32 - 1))
    }

    /// The head that goes with this record of the hub's: the hub's at the end of its log, and what a box has of it. Under it
    /// a box gives the log back to a hub that was restored (rule 19). A text to a site is seldom full, so it costs nothing.
    fn head(&self, log: &LogKey, last: u32) -> Result<Option<Head>, JournalError<L::Error>> {
        if log.by != Writer::Hub {
            return Ok(None);
        }
        if self.setup.side == Writer::Site {
            return Ok(self.known_head(log)?.filter(|head| head.seq == last));
        }
        if proof::unsigned_from(self.logs, log)?.is_some() {
            return Ok(None);
        }
        let state = self.logs.log(log).map_err(JournalError::Store)?;
        let ends = state.filter(|state| state.mark == last);
        Ok(ends.map(|state| journal::sign_head(&self.setup.identity, log, last, &state.chain)))
    }

    fn known_head(&self, log: &LogKey) -> Result<Option<Head>, JournalError<L::Error>> {
        let state = self.logs.log(log).map_err(JournalError::Store)?;
        Ok(state.and_then(|state| state.head))
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
