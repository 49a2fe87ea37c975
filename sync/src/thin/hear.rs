//! What comes in.

use kiosk::{
    ids::{Epoch, Lane, LogKey, RecordId, Writer},
    moment::Moment,
};

use super::{
    AGAIN_MS_MAX, Hearing, Outcome,
    frame::{self, Raw, ThinAck, ThinHello},
    state::{self, Place, State, log_at},
    verify::{Said, known, verify},
};
use crate::{
    doubt,
    frame::{Chunk, Reason},
    journal::{self, JournalError, Logs},
    seal::Carrier,
    session::{
        Action, Setup, greet,
        take::{Taken, last_of, take},
    },
};

/// A text. Without a right seal it changes nothing.
pub(super) fn text<L: Logs>(
    setup: &Setup,
    moment: &Moment,
    (carrier, text): (Carrier, &str),
    state: &mut State,
    logs: &mut L,
) -> Result<Outcome, JournalError<L::Error>> {
    let mut outcome = Outcome::default();
    let claimed = frame::claim(text).is_some_and(|claim| claim.may_be(setup.box_id) && claim.from != setup.side);
    let Some(raw) = Raw::read(text).filter(|_| claimed) else {
        return Ok(outcome);
    };
    let own = doubt::generation(logs)?;
    let known = known(setup, state, logs)?;
    let Some((generation, said)) = verify(setup, carrier, &raw, (own, state.box_run), &known, logs)? else {
        return Ok(outcome);
    };
    outcome.verified = true;
    let mut hearing = Hearing {
        setup,
        now_ms: state::now_ms(setup, moment),
        generation,
        state,
        logs,
        outcome,
    };
    hearing.said(own, said)?;
    Ok(hearing.outcome)
}

impl<L: Logs> Hearing<'_, L> {
    fn said(&mut self, own: u32, said: Said) -> Result<(), JournalError<L::Error>> {
        if self.setup.side == Writer::Hub {
            self.state.is_by_text = true;
            if let Some(reason) = self.setup.refuse {
                // The goodbye is of the run that hears it, so a HELLO is listened to for its run.
                if let Said::Hello(thin) = &said {
                    self.state.exchange(thin.hello.run);
                }
                self.state.wish_goodbye(reason, self.now_ms);
                return Ok(());
            }
        }
        match said {
            Said::Hello(thin) => self.hello(own, thin),
            Said::Goodbye(reason) => {
                self.outcome.goodbye = Some(reason).filter(|_| self.setup.side == Writer::Site);
                Ok(())
            }
            // A grant still in the air would land after the count; and who speaks under a higher one is heard only once it
            // said so in HELLO (rule 16). Either is cleared up by this end's own HELLO.
            _ if self.generation != own => {
                if self.generation > own {
                    self.state.wish_hello(self.now_ms);
                } else if self.setup.side == Writer::Hub {
                    self.state.wish_hello_seldom(self.now_ms);
                }
                Ok(())
            }
            // In each run of a box no chunk before a fresh HELLO (rule 14); nor at the hub, for it says on which medium
            // the box is (rule 2), and a box sends none before it is answered.
            Said::Chunk(_) if !self.state.is_greeted => {
                self.state.wish_hello(self.now_ms);
                Ok(())
            }
            Said::Chunk(chunk) => self.chunk(chunk),
            Said::Ack(place, ack) => self.ack(place, &ack),
        }
    }

    fn chunk(&mut self, chunk: Chunk) -> Result<(), JournalError<L::Error>> {
        let place = (chunk.by, chunk.epoch);
        let log = log_at(self.setup.box_id, place);
        if self.state.refused.contains(&place) {
            self.state.wish_answer(place, true, self.now_ms);
            return Ok(());
        }
        let before = self.mark(&log)?;
        let is_beyond = chunk.from > before + 1;
        let is_again = last_of(&chunk) <= before;
        if !is_beyond && self.apply(chunk.clone())? {
            self.state.wish_answer(place, is_again, self.now_ms);
            self.apply_parked()?;
            return self.explain_tips();
        }
        match self.state.park(self.setup.box_id, &chunk, self.logs)? {
            Some(is_new) => self.state.wish_answer(place, !is_new, self.now_ms),
            None => self.state.wish_hello(self.now_ms),
        }
        Ok(())
    }

    /// Applies a chunk; false when something before it is missing. A refused one is done with.
    pub(super) fn apply(&mut self, chunk: Chunk) -> Result<bool, JournalError<L::Error>> {
        let place = (chunk.by, chunk.epoch);
        let log = log_at(self.setup.box_id, place);
        let sent_to = last_of(&chunk);
        let before = self.mark(&log)?;
        // What it gives back may overtake the HELLO that says why.
        match take(self.setup, self.state.peer_generation, chunk, self.logs)? {
            Taken::Held { mark, folds, settled } => {
                self.outcome.is_news |= mark > before;
                self.outcome.actions.extend(folds);
                self.outcome.actions.extend(settled);
                // Who sends a record holds it. But a text may be old, and a card set back since.
                let is_sure = self.setup.side == Writer::Site || log.epoch.0 == self.state.box_run || mark > before;
                let state = self.logs.log(&log).map_err(JournalError::Store)?;
                let acked = state.map_or(0, |state| state.acked);
                if is_sure && acked < sent_to.min(mark) {
                    self.logs
                        .set_acked(&log, sent_to.min(mark))
                        .map_err(JournalError::Store)?;
                }
                if self.setup.side == Writer::Site && log.by == Writer::Hub && before == 0 && mark > 0 {
                    self.doubt_hub(&log, mark)?;
                }
            }
            Taken::Gap => return Ok(false),
            Taken::Refused(alarm) => {
                self.state.refused.push(place);
                self.outcome.actions.push(alarm);
            }
            Taken::Unheard => {
                self.state.is_lost = true;
                self.state.wish_hello(self.now_ms);
            }
        }
        Ok(true)
    }

    /// A hub began another run. Where that stands on less than the hub had, its past is missing and it does not know it: no
    /// text of it shows so, and a box by itself says one HELLO in a run (rule 15).
    fn doubt_hub(&mut self, began: &LogKey, mark: u32) -> Result<(), JournalError<L::Error>> {
        let of = (began.box_id, began.by, began.lane);
        let stands_on = journal::implied_marks(self.logs, of, &[(began.epoch, mark)])?;
        let held = self.logs.logs(of.0, of.1, of.2).map_err(JournalError::Store)?;
        if held
            .iter()
            .any(|(epoch, log)| stands_on.get(epoch).is_none_or(|seq| *seq < log.acked))
        {
            self.state.wish_hello(self.now_ms);
        }
        Ok(())
    }

    fn mark(&self, log: &LogKey) -> Result<u32, JournalError<L::Error>> {
        let state = self.logs.log(log).map_err(JournalError::Store)?;
        Ok(state.map_or(0, |state| state.mark))
    }

    /// An ACK: it only raises (rule 12). One that came late says nothing; one that says less than was known shows that the
    /// other end's marks went down, which HELLO settles.
    fn ack(&mut self, place: Place, ack: &ThinAck) -> Result<(), JournalError<L::Error>> {
        if ack.number <= self.state.seen {
            return Ok(());
        }
        self.state.seen = ack.number;
        self.state.hello_tries = 0;
        self.outcome.is_news |= self.setup.side == Writer::Site;
        let log = log_at(self.setup.box_id, place);
        let Some(held) = self.logs.log(&log).map_err(JournalError::Store)? else {
            return Ok(());
        };
        if ack.mark == 0 && ack.held.is_empty() {
            self.state.declined.push(place);
            self.state.flights.retain(|flight| flight.place != place);
            return Ok(());
        }
        if ack.mark < held.acked {
            self.state.is_lost = true;
            self.state.wish_hello(self.now_ms);
            return Ok(());
        }
        if ack.mark > 0 {
            let of = (self.setup.box_id, log.by, log.lane);
            let marks = journal::implied_marks(self.logs, of, &[(log.epoch, ack.mark.min(held.mark))])?;
            for (epoch, mark) in marks {
                self.raise((log.by, epoch), mark)?;
            }
        }
        let now_ms = self.now_ms;
        for flight in self.state.flights.iter_mut().filter(|flight| flight.place == place) {
            let inside = |(from, count): &(u32, u32)| *from <= flight.from && flight.to < from.saturating_add(*count);
            let is_parked = ack.held.iter().any(inside);
            // It was dropped there, for something nearer.
            if flight.is_parked && !is_parked && ack.held.len() < frame::HELD_MAX {
                flight.due_ms = now_ms;
            } else if is_parked {
                flight.due_ms = now_ms + AGAIN_MS_MAX;
            }
            flight.is_parked = is_parked;
        }
        Ok(())
    }

    /// The other end holds a log up to here.
    fn raise(&mut self, place: Place, mark: u32) -> Result<(), JournalError<L::Error>> {
        let log = log_at(self.setup.box_id, place);
        let state = self.logs.log(&log).map_err(JournalError::Store)?;
        if state.is_some_and(|state| state.acked < mark.min(state.mark)) {
            self.logs.set_acked(&log, mark).map_err(JournalError::Store)?;
            self.outcome.actions.push(Action::Acked { log, mark });
        }
        self.state
            .flights
            .retain(|flight| flight.place != place || flight.to > mark);
        Ok(())
    }

    fn hello(&mut self, own: u32, thin: ThinHello) -> Result<(), JournalError<L::Error>> {
        let hello = &thin.hello;
        match self.setup.side {
            Writer::Site => {
                let is_fresh = hello.echo == Some(self.setup.run.0);
                let is_late = hello.generation == self.state.peer_generation && thin.number <= self.state.seen;
                // Not of this run, or a hub that is restored and does not know it: it is told (rules 14 and 16).
                if !is_fresh || hello.generation < own {
                    self.state.wish_hello_seldom(self.now_ms);
                    return Ok(());
                }
                if is_late && self.state.is_greeted {
                    return Ok(());
                }
                self.outcome.is_news = true;
                self.outcome.wall = hello.wall;
            }
            Writer::Hub => {
                // A HELLO of an earlier run may come late and seem to be the later one. The run that is alive says another
                // one, of a higher number, and so prevails.
                let seen = self.state.seen_of(hello.run);
                let is_late = seen.is_some_and(|seen| thin.number <= seen);
                if is_late || self.is_over(hello.run)? {
                    return Ok(());
                }
                if self.setup.medium != [0; 8] && hello.medium != self.setup.medium {
                    self.state.exchange(hello.run);
                    self.outcome.actions.push(Action::OtherMedium { medium: hello.medium });
                    self.state.wish_goodbye(Reason::OtherMedium, self.now_ms);
                    return Ok(());
                }
                self.outcome.is_news |= seen.is_none();
                self.outcome.wall = hello.wall;
                self.state.exchange(hello.run);
            }
        }
        self.greet(&thin)
    }

    /// Whether a run of the box is over: another one began after it.
    fn is_over(&self, run: u64) -> Result<bool, JournalError<L::Error>> {
        let log = log_at(self.setup.box_id, (Writer::Site, Epoch(run)));
        let state = self.logs.log(&log).map_err(JournalError::Store)?;
        Ok(state.is_some_and(|state| state.covered > 0))
    }

    /// A fresh HELLO: doubts first, then `acked` becomes what its tips imply (PROTOCOL section 4, Greeting).
    fn greet(&mut self, thin: &ThinHello) -> Result<(), JournalError<L::Error>> {
        let hello = &thin.hello;
        self.state.greet();
        self.state.seen = thin.number;
        self.state.number = self.state.number.max(thin.seen);
        self.state.peer_generation = hello.generation;
        let raised = greet::hear(self.setup, hello, false, self.logs, &mut self.outcome.actions)?;
        if let Some(generation) = raised {
            self.outcome.actions.push(Action::GenerationRaised { generation });
            self.state.unpark_all(self.setup.box_id, self.logs)?;
        }
        // A box is always answered; a hub that raised its generation, or asks, is, too.
        if self.setup.side == Writer::Hub || raised.is_some() || thin.asks {
            self.state.hello_said_ms = None;
            self.state.wish_hello(self.now_ms);
        }
        for tip in &hello.tips {
            let log = log_at(self.setup.box_id, (tip.by, tip.epoch));
            let state = self.logs.log(&log).map_err(JournalError::Store)?;
            if state.is_some_and(|state| state.mark == tip.seq && !state.chain.starts_with(&tip.chain)) {
                self.state.refused.push((tip.by, tip.epoch));
                self.state.declined.push((tip.by, tip.epoch));
                let at = RecordId { log, seq: tip.seq };
                self.outcome.actions.push(Action::Fork { at });
            }
        }
        let tips = hello
            .tips
            .iter()
            .map(|tip| (tip.by, tip.epoch, tip.seq))
            .collect::<Vec<_>>();
        for by in [Writer::Site, Writer::Hub] {
            let of: Vec<_> = tips.iter().copied().filter(|tip| tip.0 == by).collect();
            let is_less = by == self.setup.side || by == Writer::Site || raised.is_some();
            self.tips_of(by, of, &|_| is_less)?;
        }
        Ok(())
    }

    /// What the other end holds of a writer: what its tips imply. While one of them is of a log that is not known here,
    /// only what the others imply is sure, and nothing is taken back of it. `may_fall` says of which runs the other end
    /// may hold less than was known: a hub has what it wrote, unless it says by its generation that it lost some.
    fn tips_of(
        &mut self,
        by: Writer,
        tips: Vec<(Writer, Epoch, u32)>,
        may_fall: &dyn Fn(Epoch) -> bool,
    ) -> Result<(), JournalError<L::Error>> {
        let box_id = self.setup.box_id;
        let mut unknown = false;
        for (by, epoch, _) in &tips {
            let log = log_at(box_id, (*by, *epoch));
            unknown |= self.logs.log(&log).map_err(JournalError::Store)?.is_none();
        }
        let ends: Vec<(Epoch, u32)> = tips.iter().map(|(_, epoch, seq)| (*epoch, *seq)).collect();
        let marks = journal::implied_marks(self.logs, (box_id, by, Lane::Money), &ends)?;
        for (epoch, state) in self.logs.logs(box_id, by, Lane::Money).map_err(JournalError::Store)? {
            let log = log_at(box_id, (by, epoch));
            let mark = marks.get(&epoch).map_or(0, |mark| state.mark.min(*mark));
            if mark > state.acked || (mark < state.acked && !unknown && may_fall(epoch)) {
                self.logs.set_acked(&log, mark).map_err(JournalError::Store)?;
                self.outcome.actions.push(Action::Acked { log, mark });
            }
        }
        self.state.tips.retain(|tip| tip.0 != by);
        if unknown {
            self.state.tips.extend(tips);
        }
        Ok(())
    }

    /// Records came: perhaps they say what a tip stands on.
    fn explain_tips(&mut self) -> Result<(), JournalError<L::Error>> {
        for by in [Writer::Site, Writer::Hub] {
            let tips: Vec<_> = self.state.tips.iter().copied().filter(|tip| tip.0 == by).collect();
            if tips.is_empty() {
                continue;
            }
            let is_known = |(by, epoch, _): &(Writer, Epoch, u32)| {
                let log = log_at(self.setup.box_id, (*by, *epoch));
                self.logs.log(&log).map(|state| state.is_some())
            };
            let known = tips
                .iter()
                .map(is_known)
                .collect::<Result<Vec<_>, _>>()
                .map_err(JournalError::Store)?;
            if known.into_iter().all(|known| known) {
                // What the tips are of may have grown since.
                let shown: Vec<Epoch> = tips.iter().map(|(_, epoch, _)| *epoch).collect();
                let own_run = self.setup.run;
                self.tips_of(by, tips, &|epoch| epoch != own_run && !shown.contains(&epoch))?;
            }
        }
        Ok(())
    }
}
