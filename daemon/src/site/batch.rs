//! The site as the runtime drives it: many inputs in one commit, and what is remembered goes back with what is undone.

use std::sync::Arc;

use kiosk::{
    day::{SalesDay, Zone},
    moment::Moment,
};
use runtime::machine::{Fault, Machine};
use sync::journal::Pen;

use super::{
    Site,
    effect::{Effect, Refusal, Rejection},
    enrolment::Enrolled,
    input::Input,
    parked::Parking,
    turned_away::Refusals,
};

/// What the machine remembers besides its rows, as far as it must go back with them when an input or a commit fails.
pub(super) struct Memory {
    enrolled: Option<Arc<Enrolled>>,
    zone: Zone,
    pen: Pen,
    is_retired: bool,
    day: SalesDay,
    parked: Parking,
    refusals: Refusals,
    had_link: bool,
    is_tight_told: bool,
    tallied: usize,
}

impl Site {
    fn memory(&self) -> Memory {
        Memory {
            enrolled: self.enrolled.clone(),
            zone: self.zone.clone(),
            pen: self.pen,
            is_retired: self.is_retired,
            day: self.day,
            parked: self.parked.clone(),
            refusals: self.refusals.clone(),
            had_link: self.link.is_some(),
            is_tight_told: self.is_tight_told,
            tallied: self.tally.mark(),
        }
    }

    /// Goes back to what was remembered. A session cannot: what it believes it sent was never sent, so its socket goes
    /// (sync::session).
    fn forget(&mut self, before: Memory) {
        self.must_hang_up |= before.had_link || self.link.is_some();
        self.link = None;
        self.enrolled = before.enrolled;
        self.zone = before.zone;
        self.pen = before.pen;
        self.is_retired = before.is_retired;
        self.day = before.day;
        self.parked = before.parked;
        self.is_tight_told = before.is_tight_told;
        self.tally.back_to(before.tallied);
        self.refusals = before.refusals;
    }
}

impl Machine for Site {
    type Input = Input;
    type Effect = Effect;

    fn begin(&mut self) -> Result<(), Fault> {
        self.at_begin = Some(self.memory());
        self.database.begin().map_err(fault)
    }

    fn handle(&mut self, moment: &Moment, input: Input) -> Result<Vec<Effect>, Fault> {
        self.database.save().map_err(fault)?;
        let before = self.memory();
        match self.decided(moment, input) {
            Ok(effects) => self.database.keep().map(|()| effects).map_err(fault),
            Err(error) => {
                self.forget(before);
                self.database.undo().map_err(fault)?;
                Err(fault(error))
            }
        }
    }

    fn commit(&mut self) -> Result<(), Fault> {
        self.database.commit().map_err(fault)?;
        self.tally.committed();
        Ok(())
    }

    fn abandon(&mut self) {
        if let Some(before) = self.at_begin.take() {
            self.forget(before);
        }
        self.database.abandon();
    }

    fn refusal(&self, input: &Input) -> Vec<Effect> {
        match input {
            Input::Asked(door, ask) | Input::AskedUnnamed(door, ask) => vec![self.degraded(door.clone(), &ask.request)],
            Input::Malformed(door, request) => vec![self.degraded(door.clone(), request)],
            Input::Poured(door, report) => vec![Effect::Reject(
                door.clone(),
                report.request.clone(),
                Rejection::NotSaved,
            )],
            Input::Told(reply, _) => vec![Effect::Reply(*reply, Err(Refusal::Degraded))],
            // Nothing need be on the disk before its ballast goes: that may be what makes room for it.
            Input::Room(room) => room.order().into_iter().collect(),
            _ => Vec::new(),
        }
    }
}

fn fault(error: impl std::fmt::Display) -> Fault {
    Fault(error.to_string())
}
