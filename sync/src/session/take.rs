//! What comes in after the first HELLO (PROTOCOL section 4, Flowing).

use kiosk::{
    ids::{Lane, LogKey, RecordId, Writer},
    moment::Moment,
};

use super::{Action, Closed, Session, Setup};
use crate::{
    doubt,
    frame::{self, Ack, Chunk, Frame, MARKS_MAX, Marks},
    journal::{self, Incoming, JournalError, Logs, Received, Stored, proof},
    record::Record,
};

/// How much of a log is read at a time when records that waited for a head are folded.
const FOLD_READ_BYTES: usize = 65_536;

impl Session {
    pub(super) fn frame<L: Logs>(
        &mut self,
        moment: &Moment,
        bytes: &[u8],
        logs: &mut L,
    ) -> Result<(), JournalError<L::Error>> {
        if !self.line.may_speak() {
            self.first_frame(moment, bytes);
            return Ok(());
        }
        let frame = match self.read(bytes) {
            Ok(frame) => frame,
            Err(error) => {
                self.close(Closed::BadFrame(error));
                return Ok(());
            }
        };
        self.line.heard(moment.monotonic_ms);
        if let Some(hello) = self.unproven.take() {
            self.believe(moment, &hello, logs)?;
        }
        if self.line.is_over() {
            return Ok(());
        }
        self.dispatch(moment, frame, logs)
    }

    fn read(&self, bytes: &[u8]) -> Result<Frame, frame::FrameError> {
        let unverified = frame::decode(bytes)?;
        let generation = unverified.hello().map(|hello| hello.generation);
        let seal = self.line.seal_in(&self.setup, generation);
        unverified.verify(bytes, &self.setup.pair, &seal)
    }

    fn dispatch<L: Logs>(&mut self, moment: &Moment, frame: Frame, logs: &mut L) -> Result<(), JournalError<L::Error>> {
        match frame {
            Frame::Hello(hello) if hello.box_id == self.setup.box_id => return self.greet(moment, &hello, logs),
            Frame::Ping(number) => self.send(&Frame::Pong(number)),
            Frame::Pong(_) => {}
            Frame::Goodbye(reason, retry_after_s) => self.close(Closed::There { reason, retry_after_s }),
            // Frames of a lower generation are dropped: a grant still in the air would land after the count (rule 16).
            _ if self.is_peer_behind(logs)? => {}
            Frame::Chunk(chunk) => self.take_chunk(moment, chunk, logs)?,
            Frame::Ack(ack) => {
                self.take_ack(&ack, logs)?;
                return self.pump(moment, logs);
            }
            Frame::Ask(by, lane) => self.answer_marks(by, lane, logs)?,
            Frame::Marks(page) => {
                self.take_marks(page, logs)?;
                return self.pump(moment, logs);
            }
            Frame::Seek(seek) if self.setup.side == Writer::Hub => self.out.push(Action::Seek(seek)),
            Frame::Sought(id, found) if self.setup.side == Writer::Site => self.out.push(Action::Sought { id, found }),
            Frame::Say(say) if self.setup.side == Writer::Site => self.out.push(Action::Say(say)),
            Frame::Said(said) if self.setup.side == Writer::Hub => self.out.push(Action::Said(said)),
            Frame::Hello(_) | Frame::Seek(_) | Frame::Sought(..) | Frame::Say(_) | Frame::Said(_) => {
                self.close(Closed::Unexpected);
            }
        }
        Ok(())
    }

    /// Applies a chunk whole or not at all; the ACK leaves after the commit, as all sends do.
    fn take_chunk<L: Logs>(
        &mut self,
        moment: &Moment,
        chunk: Chunk,
        logs: &mut L,
    ) -> Result<(), JournalError<L::Error>> {
        let log = self.log(chunk.by, chunk.lane, chunk.epoch);
        if self.refused.contains(&log) {
            self.ack(&log, 0);
            return Ok(());
        }
        let sent_to = last_of(&chunk);
        match take(&self.setup, self.line.peer_generation, chunk, logs)? {
            Taken::Held { mark, folds, settled } => {
                self.gap_told = false;
                self.out.extend(folds);
                self.flow.peer_holds(&log, sent_to, mark);
                logs.set_acked(&log, self.flow.acked(&log))
                    .map_err(JournalError::Store)?;
                self.ack(&log, mark);
                self.out.extend(settled);
            }
            Taken::Gap if self.gap_told => {}
            Taken::Gap => {
                self.gap_told = true;
                self.hello(moment, logs)?;
            }
            Taken::Refused(alarm) => self.refuse(&log, alarm),
            Taken::Unheard => {}
        }
        Ok(())
    }

    /// Refuses a log until the next HELLO. The ACK of mark 0 keeps its chunks from filling the sender's window.
    pub(super) fn refuse(&mut self, log: &LogKey, alarm: Action) {
        self.refused.insert(*log);
        self.out.push(alarm);
        self.ack(log, 0);
    }

    fn ack(&mut self, log: &LogKey, mark: u32) {
        let ack = Ack {
            by: log.by,
            lane: log.lane,
            epoch: log.epoch,
            mark,
            held: Vec::new(),
        };
        self.send(&Frame::Ack(ack));
    }

    fn take_ack<L: Logs>(&mut self, ack: &Ack, logs: &mut L) -> Result<(), JournalError<L::Error>> {
        let log = self.log(ack.by, ack.lane, ack.epoch);
        if ack.mark == 0 {
            self.flow.decline(&log);
        } else if let Some(mark) = self.flow.raise(&log, ack.mark) {
            logs.set_acked(&log, mark).map_err(JournalError::Store)?;
            self.out.push(Action::Acked { log, mark });
        }
        Ok(())
    }

    fn answer_marks<L: Logs>(&mut self, by: Writer, lane: Lane, logs: &L) -> Result<(), JournalError<L::Error>> {
        let held = logs.logs(self.setup.box_id, by, lane).map_err(JournalError::Store)?;
        let mut marks: Vec<_> = held.into_iter().map(|(epoch, state)| (epoch, state.mark)).collect();
        loop {
            let later = marks.split_off(marks.len().min(MARKS_MAX));
            let more = !later.is_empty();
            self.send(&Frame::Marks(Marks { by, lane, marks, more }));
            if !more {
                return Ok(());
            }
            marks = later;
        }
    }

    fn take_marks<L: Logs>(&mut self, page: Marks, logs: &mut L) -> Result<(), JournalError<L::Error>> {
        let lane = (page.by, page.lane);
        let Some(marks) = self.flow.add_page(lane, &page) else {
            return Ok(());
        };
        self.replace_acked(lane, &marks, logs)
    }

    pub(super) fn log(&self, by: Writer, lane: Lane, epoch: kiosk::ids::Epoch) -> LogKey {
        LogKey {
            box_id: self.setup.box_id,
            by,
            lane,
            epoch,
        }
    }
}

/// What became of a chunk.
pub(crate) enum Taken {
    /// It is held.
    Held {
        /// The log's mark after it.
        mark: u32,
        /// What is to be folded now.
        folds: Vec<Action>,
        /// A doubt that ended by it, or a box that is heard by it.
        settled: Option<Action>,
    },
    /// Records before it are missing.
    Gap,
    /// No honest peer sends it: refuse its log and raise this alarm. Nothing changed.
    Refused(Action),
    /// Of the hub's own without its signature, from a box that has not heard the generation: it says HELLO again, and
    /// sends again what is wanted then.
    Unheard,
}

/// The place of a chunk's last record.
pub(crate) fn last_of(chunk: &Chunk) -> u32 {
    chunk.from.saturating_sub(1).saturating_add(chunk.records.len() as u32)
}

/// Applies a verified chunk whole or not at all (PROTOCOL rules 7, 14, 15 and 19), whatever brought it.
pub(crate) fn take<L: Logs>(
    setup: &Setup,
    peer_generation: u32,
    chunk: Chunk,
    logs: &mut L,
) -> Result<Taken, JournalError<L::Error>> {
    let log = LogKey {
        box_id: setup.box_id,
        by: chunk.by,
        lane: chunk.lane,
        epoch: chunk.epoch,
    };
    let sent_to = last_of(&chunk);
    let at = RecordId { log, seq: sent_to };
    let state = logs.log(&log).map_err(JournalError::Store)?;
    let held = state.map_or(0, |state| state.mark);
    if log.by == setup.side && log.epoch == setup.run && sent_to > held {
        // Nobody but this run adds to its logs.
        return Ok(Taken::Refused(Action::Fork { at }));
    }
    // What the hub is said to have written must lie under its signature, or be what its doubt waits for (rule 19).
    let is_given_back = setup.side == Writer::Hub && log.by == Writer::Hub;
    let is_unsigned = is_given_back && chunk.head.is_none() && sent_to > held;
    if is_unsigned && !doubt::hub_wants(logs, &log, sent_to)? {
        return Ok(match peer_generation == doubt::generation(logs)? {
            true => Taken::Refused(Action::Refused { at, error: None }),
            false => Taken::Unheard,
        });
    }
    // A head inside what is held is not looked at.
    let is_signed = is_given_back && chunk.head.is_some() && sent_to >= held;
    let writer_public = match chunk.by == setup.side {
        true => setup.identity.public(),
        false => setup.peer_public,
    };
    let incoming = Incoming {
        log,
        from: chunk.from,
        records: chunk.records,
        head: chunk.head,
    };
    if setup.side == Writer::Hub {
        doubt::hub_check_first(logs, setup.box_id)?;
    }
    Ok(match journal::receive(logs, &incoming, &writer_public)? {
        Received::Held { mark, fresh } => {
            let folds = if is_unsigned {
                proof::note_unsigned(logs, &log, held + 1)?;
                Vec::new()
            } else if let Some(first) = proof::unsigned_from(logs, &log)?.filter(|_| is_signed) {
                proof::note_signed(logs, &log)?;
                folds_from(&log, first, mark, logs)?
            } else {
                let folds = fresh.into_iter();
                folds.map(|(id, record)| Action::Fold { id, record }).collect()
            };
            let settled = check_doubt(setup, logs)?;
            Taken::Held { mark, folds, settled }
        }
        Received::Gap => Taken::Gap,
        Received::Fork(at) => Taken::Refused(Action::Fork { at }),
        Received::Refused(at, error) => Taken::Refused(Action::Refused { at, error: Some(error) }),
        Received::BadHead => Taken::Refused(Action::Refused { at, error: None }),
    })
}

/// A head covers what came unsigned: it is folded now.
fn folds_from<L: Logs>(log: &LogKey, first: u32, last: u32, logs: &L) -> Result<Vec<Action>, JournalError<L::Error>> {
    let mut folds = Vec::new();
    let mut seq = first;
    while seq <= last {
        let held = logs.read(log, seq, FOLD_READ_BYTES).map_err(JournalError::Store)?;
        let damaged = |seq| JournalError::Damaged(RecordId { log: *log, seq });
        if held.is_empty() {
            return Err(damaged(seq));
        }
        for stored in &held {
            if let Stored::Bytes(bytes) = stored {
                let record = Record::decode(log.by, log.lane, bytes).map_err(|_| damaged(seq))?;
                let id = RecordId { log: *log, seq };
                folds.push(Action::Fold { id, record });
            }
            seq += 1;
        }
    }
    Ok(folds)
}

fn check_doubt<L: Logs>(setup: &Setup, logs: &mut L) -> Result<Option<Action>, JournalError<L::Error>> {
    Ok(match setup.side {
        Writer::Site => doubt::site_check(logs, setup.box_id)?.then_some(Action::DoubtEnded),
        Writer::Hub => doubt::hub_check(logs, setup.box_id)?.then_some(Action::Heard),
    })
}
