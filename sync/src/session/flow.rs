//! What goes out: which records the peer lacks, in which order, and how many at once (PROTOCOL section 4, Flowing).
//!
//! The hub signs every chunk of its logs: whatever a box holds of them it can give back to a hub that was restored, under
//! the hub's own signature (PROTOCOL rule 19). For a box a signed head costs as much as a sale, so it does not ride on
//! every chunk: only on one that reaches the end of a log, when it is the first since HELLO, when 16 records or more stand
//! behind the last head, or when the last head is older than 5 minutes. A log that grows no more gets its last head in a
//! chunk of its own after those 5 minutes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use kiosk::{
    ids::{Epoch, Lane, LogKey, RecordId, Writer},
    moment::Moment,
};

use super::{Action, Session};
use crate::{
    frame::{self, Chunk, Found, Frame, Hello, Marks},
    journal::{self, Hash, Head, JournalError, LogState, Logs, Stored, proof},
};

/// Chunks sent and not acknowledged (PROTOCOL rule 12).
const WINDOW: usize = 16;
/// Records read for one chunk: within a frame's inflated body.
const READ_BYTES_MAX: usize = 48_000;
/// A head rides along when so many records stand behind the last one.
const HEAD_RECORDS: u32 = 16;
/// A head rides along when the last one is older than this.
const HEAD_MS_MAX: u64 = 300_000;

/// The order of sending: by lane, the most urgent first.
type Place = (Lane, Writer, Epoch);

fn place(log: &LogKey) -> Place {
    (log.lane, log.by, log.epoch)
}

/// One log as this connection sees it.
#[derive(Clone, Copy, Debug, Default)]
struct Stream {
    /// What the peer holds.
    acked: u32,
    /// What was sent since HELLO.
    sent: u32,
    /// What is held here.
    mark: u32,
    /// The chain up to a record, where a chunk ended: the next one goes on from there.
    chain: Option<(u32, Hash)>,
}

impl Stream {
    fn reached(&self) -> u32 {
        self.acked.max(self.sent)
    }
}

/// Everything about sending that HELLO resets.
#[derive(Debug, Default)]
pub(super) struct Flow {
    streams: BTreeMap<Place, Stream>,
    /// Logs with something to send.
    unsent: BTreeSet<Place>,
    /// Chunks in flight: log and last record.
    window: VecDeque<(Place, u32)>,
    /// Writers and lanes whose MARKS are awaited, with the pages so far.
    asking: BTreeMap<(Writer, Lane), BTreeMap<Epoch, u32>>,
    /// Logs the peer refuses.
    declined: BTreeSet<Place>,
    /// The last head sent in this session: its record and when.
    headed: BTreeMap<Place, (u32, u64)>,
    /// Answers that leave once the records before them are sent.
    pub(super) sought: VecDeque<(u64, Found)>,
    running: bool,
}

impl Flow {
    pub(super) fn is_waiting(&self) -> bool {
        !self.window.is_empty()
    }

    /// Sends nothing until the next HELLO.
    pub(super) fn stop(&mut self) {
        *self = Flow {
            sought: std::mem::take(&mut self.sought),
            ..Flow::default()
        };
    }

    pub(super) fn acked(&self, log: &LogKey) -> u32 {
        self.streams.get(&place(log)).map_or(0, |stream| stream.acked)
    }

    /// The peer sent records up to `sent_to`, so it holds them; here the mark is now `mark`.
    pub(super) fn peer_holds(&mut self, log: &LogKey, sent_to: u32, mark: u32) {
        let stream = self.streams.entry(place(log)).or_default();
        stream.mark = mark;
        stream.acked = stream.acked.max(sent_to.min(mark));
        self.note(place(log));
    }

    /// An ACK: it only raises (PROTOCOL rule 12). The new `acked` when it rose.
    pub(super) fn raise(&mut self, log: &LogKey, mark: u32) -> Option<u32> {
        let place = place(log);
        let stream = self.streams.get_mut(&place)?;
        let before = stream.acked;
        stream.acked = before.max(mark.min(stream.mark));
        let acked = stream.acked;
        self.window.retain(|(sent, last)| *sent != place || *last > acked);
        self.note(place);
        (acked > before).then_some(acked)
    }

    /// The peer refuses this log: it is left alone until the next HELLO.
    pub(super) fn decline(&mut self, log: &LogKey) {
        let place = place(log);
        self.declined.insert(place);
        self.window.retain(|(sent, _)| *sent != place);
        self.note(place);
    }

    /// Takes a page of MARKS; the whole list with its last page.
    pub(super) fn add_page(&mut self, lane: (Writer, Lane), page: &Marks) -> Option<BTreeMap<Epoch, u32>> {
        self.asking.get_mut(&lane)?.extend(page.marks.iter().copied());
        if page.more { None } else { self.asking.remove(&lane) }
    }

    pub(super) fn head_due_ms(&self) -> Option<u64> {
        let behind = |(place, (seq, ms)): (&Place, &(u32, u64))| {
            let stream = self.streams.get(place)?;
            (stream.sent == stream.mark && *seq < stream.mark).then_some(ms + HEAD_MS_MAX)
        };
        self.headed.iter().filter_map(behind).min()
    }

    /// Keeps `unsent` true for one log.
    fn note(&mut self, place: Place) {
        let waits = self
            .streams
            .get(&place)
            .is_some_and(|stream| stream.reached() < stream.mark);
        if waits && !self.declined.contains(&place) {
            self.unsent.insert(place);
        } else {
            self.unsent.remove(&place);
        }
    }

    fn is_asking(&self, (lane, by, _): &Place) -> bool {
        self.asking.contains_key(&(*by, *lane))
    }
}

impl Session {
    /// Forgets what was sent and begins from what the HELLO's tips imply; asks where a tip is of a log unknown here.
    pub(super) fn start_flow<L: Logs>(&mut self, hello: &Hello, logs: &mut L) -> Result<(), JournalError<L::Error>> {
        self.flow.stop();
        self.flow.running = true;
        for lane in Lane::ALL {
            for by in [Writer::Site, Writer::Hub] {
                let mut tips = Vec::new();
                let mut unknown = false;
                for tip in hello.tips.iter().filter(|tip| tip.by == by && tip.lane == lane) {
                    let log = self.log(by, lane, tip.epoch);
                    let state = logs.log(&log).map_err(JournalError::Store)?;
                    if state
                        .as_ref()
                        .is_some_and(|state| state.mark == tip.seq && !state.chain.starts_with(&tip.chain))
                    {
                        self.refused.insert(log);
                        let at = RecordId { log, seq: tip.seq };
                        self.out.push(Action::Fork { at });
                    }
                    unknown |= state.is_none();
                    tips.push((tip.epoch, tip.seq));
                }
                if unknown {
                    self.flow.asking.insert((by, lane), BTreeMap::new());
                    self.send(&Frame::Ask(by, lane));
                } else {
                    let marks = journal::implied_marks(logs, (self.setup.box_id, by, lane), &tips)?;
                    self.replace_acked((by, lane), &marks, logs)?;
                }
            }
        }
        Ok(())
    }

    /// What the peer holds in one lane, as HELLO or MARKS said: it replaces (PROTOCOL rule 12).
    pub(super) fn replace_acked<L: Logs>(
        &mut self,
        (by, lane): (Writer, Lane),
        marks: &BTreeMap<Epoch, u32>,
        logs: &mut L,
    ) -> Result<(), JournalError<L::Error>> {
        for (epoch, state) in logs.logs(self.setup.box_id, by, lane).map_err(JournalError::Store)? {
            let log = self.log(by, lane, epoch);
            let acked = marks.get(&epoch).map_or(0, |mark| state.mark.min(*mark));
            if acked != state.acked {
                logs.set_acked(&log, acked).map_err(JournalError::Store)?;
                self.out.push(Action::Acked { log, mark: acked });
            }
            let mark = state.mark;
            let stream = Stream {
                acked,
                mark,
                ..Stream::default()
            };
            self.flow.streams.insert(place(&log), stream);
            self.flow.note(place(&log));
        }
        Ok(())
    }

    /// Finds what was written since, whoever wrote it: it shows at the tips, or behind a tip that is new.
    pub(super) fn refresh<L: Logs>(&mut self, logs: &L) -> Result<(), JournalError<L::Error>> {
        if !self.flow.running {
            return Ok(());
        }
        let tips = logs.tips(self.setup.box_id).map_err(JournalError::Store)?;
        let mut open: Vec<(LogKey, u32)> = tips.into_iter().map(|(log, state)| (log, state.mark)).collect();
        while let Some((log, seq)) = open.pop() {
            let known = self.flow.streams.get(&place(&log)).copied();
            if known.is_some_and(|stream| stream.mark >= seq) {
                continue;
            }
            let Some(LogState { mark, .. }) = logs.log(&log).map_err(JournalError::Store)? else {
                continue;
            };
            self.flow.streams.insert(
                place(&log),
                Stream {
                    mark,
                    ..known.unwrap_or_default()
                },
            );
            self.flow.note(place(&log));
            if known.is_none() {
                let previous = journal::previous_of(logs, &log)?;
                open.extend(previous.into_iter().map(|(epoch, seq)| (LogKey { epoch, ..log }, seq)));
            }
        }
        Ok(())
    }

    /// Sends while the window is open: the lowest lane first, a log only after those its `Began` names.
    pub(super) fn pump<L: Logs>(&mut self, moment: &Moment, logs: &mut L) -> Result<(), JournalError<L::Error>> {
        if !self.flow.running {
            return Ok(());
        }
        while self.flow.window.len() < WINDOW {
            let Some(log) = self.next_log(logs)? else { break };
            if self.flow.window.is_empty() {
                self.line.began_waiting(moment.monotonic_ms);
            }
            self.send_chunk(moment, &log, logs)?;
        }
        let urgent = |(lane, ..): &Place| *lane <= Lane::Edits;
        while !self.flow.unsent.iter().any(urgent) {
            let Some((id, found)) = self.flow.sought.pop_front() else {
                break;
            };
            self.send(&Frame::Sought(id, found));
        }
        Ok(())
    }

    fn next_log<L: Logs>(&self, logs: &L) -> Result<Option<LogKey>, JournalError<L::Error>> {
        for place in self.flow.unsent.iter().filter(|place| !self.flow.is_asking(place)) {
            let (lane, by, epoch) = *place;
            let log = self.log(by, lane, epoch);
            if self.flow.streams[place].reached() > 0 || self.were_sent(&log, &journal::previous_of(logs, &log)?) {
                return Ok(Some(log));
            }
        }
        Ok(None)
    }

    fn were_sent(&self, log: &LogKey, previous: &[(Epoch, u32)]) -> bool {
        previous.iter().all(|(epoch, seq)| {
            let before = self.flow.streams.get(&(log.lane, log.by, *epoch));
            before.is_some_and(|stream| stream.reached() >= *seq)
        })
    }

    /// Sends as many records of a log as fit one frame.
    fn send_chunk<L: Logs>(&mut self, moment: &Moment, log: &LogKey, logs: &L) -> Result<(), JournalError<L::Error>> {
        let from = self.flow.streams[&place(log)].reached() + 1;
        let damaged = || JournalError::Damaged(RecordId { log: *log, seq: from });
        let state = logs.log(log).map_err(JournalError::Store)?.ok_or_else(damaged)?;
        let mut records = logs.read(log, from, READ_BYTES_MAX).map_err(JournalError::Store)?;
        if records.is_empty() {
            return Err(damaged());
        }
        // A log that is given back is cut where its writer's head stands: the head then proves what went before.
        if let Some(head) = state.head.filter(|head| log.by != self.setup.side && head.seq >= from) {
            records.truncate((head.seq - from + 1) as usize);
        }
        let seal = self.line.seal_out(&self.setup);
        loop {
            let last = from + records.len() as u32 - 1;
            let head = if log.by == Writer::Hub && self.setup.side == Writer::Hub {
                self.hubs_head(log, &state, &records, last, logs)?
            } else {
                self.head_for(log, &state, last, moment.monotonic_ms)
            };
            let frame = Frame::Chunk(Chunk {
                by: log.by,
                lane: log.lane,
                epoch: log.epoch,
                from,
                records,
                head: head.map(|head| head.signature),
            });
            match frame::encode_fitting(&frame, &self.setup.pair, &seal) {
                Ok(bytes) => {
                    self.sent_chunk(
                        place(log),
                        last,
                        head.map(|head| (head.seq, moment.monotonic_ms)),
                        bytes,
                    );
                    return Ok(());
                }
                Err(keep) => {
                    let Frame::Chunk(chunk) = frame else {
                        return Err(damaged());
                    };
                    records = chunk.records;
                    if records.len() == 1 {
                        return Err(damaged());
                    }
                    let shorter = (records.len() as f64 * keep) as usize;
                    records.truncate(shorter.clamp(1, records.len() - 1));
                }
            }
        }
    }

    fn sent_chunk(&mut self, place: Place, last: u32, headed: Option<(u32, u64)>, bytes: Vec<u8>) {
        self.line.sent();
        self.out.push(Action::Send(bytes));
        if let Some(stream) = self.flow.streams.get_mut(&place) {
            stream.sent = last;
        }
        self.flow.window.push_back((place, last));
        self.flow.note(place);
        // Only own logs: nobody signs for another. The hub's need no head afterwards.
        if let Some(headed) = headed.filter(|_| (place.1, self.setup.side) == (Writer::Site, Writer::Site)) {
            self.flow.headed.insert(place, headed);
        }
    }

    /// At the hub, the head that rides on a chunk of `records` ending at `last`: always one, but for records of its own
    /// that a box gave back without (PROTOCOL rule 19).
    fn hubs_head<L: Logs>(
        &mut self,
        log: &LogKey,
        state: &LogState,
        records: &[Stored],
        last: u32,
        logs: &L,
    ) -> Result<Option<Head>, JournalError<L::Error>> {
        if proof::unsigned_from(logs, log)?.is_some_and(|first| first <= last) {
            return Ok(None);
        }
        let before = last - records.len() as u32;
        let chain = if last == state.mark {
            Some(state.chain)
        } else {
            journal::chain_on(log.epoch, self.chain_to(log, before, logs)?, records)
        };
        Ok(chain.map(|chain| journal::sign_head(&self.setup.identity, log, last, &chain)))
    }

    /// The chain up to a record of an own log, from where a chunk ended before or else from the log's beginning.
    fn chain_to<L: Logs>(&mut self, log: &LogKey, to: u32, logs: &L) -> Result<Option<Hash>, JournalError<L::Error>> {
        let known = self.flow.streams.get(&place(log)).and_then(|stream| stream.chain);
        let known = known.filter(|(seq, _)| *seq <= to);
        let (mut seq, mut chain) = known.map_or((0, None), |(seq, chain)| (seq, Some(chain)));
        while seq < to {
            let mut records = logs.read(log, seq + 1, READ_BYTES_MAX).map_err(JournalError::Store)?;
            if records.is_empty() {
                return Err(JournalError::Damaged(RecordId {
                    log: *log,
                    seq: seq + 1,
                }));
            }
            records.truncate((to - seq) as usize);
            seq += records.len() as u32;
            chain = journal::chain_on(log.epoch, chain, &records);
        }
        if let (Some(stream), Some(chain)) = (self.flow.streams.get_mut(&place(log)), chain) {
            stream.chain = Some((to, chain));
        }
        Ok(chain)
    }

    /// The head that rides on a box's chunk ending at `last`, by the rules on top of this file.
    fn head_for(&self, log: &LogKey, state: &LogState, last: u32, now_ms: u64) -> Option<Head> {
        if log.by != self.setup.side {
            return state.head.filter(|head| head.seq == last);
        }
        let due = match self.flow.headed.get(&place(log)) {
            Some((seq, ms)) => last.saturating_sub(*seq) >= HEAD_RECORDS || now_ms >= ms + HEAD_MS_MAX,
            None => true,
        };
        (due && last == state.mark).then(|| journal::sign_head(&self.setup.identity, log, last, &state.chain))
    }

    /// Sends heads of logs that grow no more, in chunks without records.
    pub(super) fn send_due_heads<L: Logs>(
        &mut self,
        moment: &Moment,
        logs: &mut L,
    ) -> Result<(), JournalError<L::Error>> {
        while self.flow.head_due_ms().is_some_and(|due| due <= moment.monotonic_ms) {
            let now = moment.monotonic_ms;
            let behind = self.flow.headed.iter().find(|(place, (seq, ms))| {
                let stream = self.flow.streams.get(place).copied().unwrap_or_default();
                stream.sent == stream.mark && *seq < stream.mark && ms + HEAD_MS_MAX <= now
            });
            let Some((lane, by, epoch)) = behind.map(|(place, _)| *place) else {
                break;
            };
            let log = self.log(by, lane, epoch);
            let Some(state) = logs.log(&log).map_err(JournalError::Store)? else {
                break;
            };
            self.flow.headed.insert(place(&log), (state.mark, now));
            if state.mark == self.flow.streams[&place(&log)].mark {
                let head = journal::sign_head(&self.setup.identity, &log, state.mark, &state.chain);
                self.send(&Frame::Chunk(Chunk {
                    by,
                    lane,
                    epoch,
                    from: state.mark + 1,
                    records: Vec::new(),
                    head: Some(head.signature),
                }));
            }
        }
        Ok(())
    }
}
