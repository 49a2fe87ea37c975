//! Frames that came before their turn: on disk, named to the other end, acknowledged only when they are applied.

use kiosk::ids::BoxId;

use super::{
    Hearing, PARKED_MAX,
    frame::HELD_MAX,
    state::{self, Parked, Place, State, log_at},
};
use crate::{
    frame::Chunk,
    journal::{JournalError, Logs, Stored},
    session::take::last_of,
};

impl State {
    /// Parks a frame. False when it was parked already; `None` when there is no room for one as far off as this.
    pub(super) fn park<L: Logs>(
        &mut self,
        box_id: BoxId,
        chunk: &Chunk,
        logs: &mut L,
    ) -> Result<Option<bool>, JournalError<L::Error>> {
        let place = (chunk.by, chunk.epoch);
        let to = last_of(chunk);
        let same = |parked: &Parked| (parked.place, parked.from, parked.to) == (place, chunk.from, to);
        if self.parked.iter().any(same) {
            return Ok(Some(false));
        }
        if self.parked.len() >= PARKED_MAX {
            let farthest = (0..self.parked.len()).max_by_key(|place| self.parked[*place].from);
            match farthest.filter(|place| self.parked[*place].from > chunk.from) {
                Some(farthest) => self.unpark(box_id, farthest, logs)?,
                None => return Ok(None),
            }
        }
        let is_free = |slot: &u8| self.parked.iter().all(|parked| parked.slot != *slot);
        let Some(slot) = (0..PARKED_MAX as u8).find(is_free) else {
            return Ok(None);
        };
        state::put_slot(box_id, slot, (&chunk.records, chunk.head), logs)?;
        self.parked.push(Parked {
            slot,
            place,
            from: chunk.from,
            to,
        });
        Ok(Some(true))
    }

    fn unpark<L: Logs>(&mut self, box_id: BoxId, place: usize, logs: &mut L) -> Result<(), JournalError<L::Error>> {
        let parked = self.parked.remove(place);
        state::put_slot(box_id, parked.slot, (&[], None), logs)
    }

    /// Throws everything away (PROTOCOL rule 16).
    pub(super) fn unpark_all<L: Logs>(&mut self, box_id: BoxId, logs: &mut L) -> Result<(), JournalError<L::Error>> {
        while !self.parked.is_empty() {
            self.unpark(box_id, 0, logs)?;
        }
        Ok(())
    }

    /// What an ACK names of a log: the first runs that are parked beyond its mark.
    pub(super) fn held(&self, place: Place, mark: u32) -> Vec<(u32, u32)> {
        let of = self.parked.iter().filter(|parked| parked.place == place);
        let mut ends: Vec<_> = of
            .map(|parked| (parked.from, parked.to))
            .filter(|(_, to)| *to > mark)
            .collect();
        ends.sort_unstable();
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for (from, to) in ends {
            match runs.last_mut() {
                Some(run) if from <= run.1.saturating_add(1) => run.1 = run.1.max(to),
                _ => runs.push((from, to)),
            }
        }
        runs.truncate(HELD_MAX);
        runs.into_iter()
            .map(|(from, to)| (from, (to - from).saturating_add(1)))
            .collect()
    }
}

impl<L: Logs> Hearing<'_, L> {
    /// Applies what is parked as long as something of it has come to its turn.
    pub(super) fn apply_parked(&mut self) -> Result<(), JournalError<L::Error>> {
        let box_id = self.setup.box_id;
        let mut place = 0;
        while place < self.state.parked.len() {
            let parked = self.state.parked[place];
            let log = log_at(box_id, parked.place);
            let state = self.logs.log(&log).map_err(JournalError::Store)?;
            if parked.from > state.map_or(0, |state| state.mark) + 1 {
                place += 1;
                continue;
            }
            let (records, head) = state::slot(box_id, parked.slot, self.logs)?;
            let chunk = Chunk {
                by: parked.place.0,
                lane: log.lane,
                epoch: log.epoch,
                from: parked.from,
                records,
                head,
            };
            if self.apply(chunk)? {
                self.state.unpark(box_id, place, self.logs)?;
                place = 0;
            } else {
                place += 1;
            }
        }
        Ok(())
    }
}

/// The bytes of records that travel by text; what is blank does not.
pub(super) fn plain(records: &[Stored]) -> Vec<&[u8]> {
    let plain = records.iter().map_while(|record| match record {
        Stored::Bytes(bytes) => Some(bytes.as_slice()),
        Stored::Blank(_) => None,
    });
    plain.collect()
}
