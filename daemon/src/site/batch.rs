//! The site as the runtime drives it: many inputs in one commit, and what is remembered goes back with what is undone.

use std::sync::Arc;

use kiosk::{
    day::{SalesDay, Zone},
    moment::{Moment, Uptime, Wall},
};
use runtime::machine::{Fault, Machine};
use sync::journal::Pen;

use super::{
    Site,
    call::OpenCall,
    care::Away,
    effect::{Effect, Refusal, Rejection},
    enrolment::Enrolled,
    input::Input,
    parked::Parking,
    room::Room,
    spending::Spending,
    thin::ThinLine,
    turned_away::Refusals,
};

/// What the machine remembers besides its rows, as far as it must go back with them when an input or a commit fails. Every
/// input takes one, so what is long is shared or is a place in a list of what was done.
pub(super) struct Memory {
    enrolled: Option<Arc<Enrolled>>,
    zone: Zone,
    pen: Pen,
    holds_made: u64,
    is_retired: bool,
    day: SalesDay,
    parked: Parking,
    refusals: Arc<Refusals>,
    call: Option<OpenCall>,
    texts_held_until: Option<Uptime>,
    modem_away: Option<Away>,
    thin: ThinLine,
    had_link: bool,
    last_heard: Option<Wall>,
    link_was: (bool, Option<Wall>),
    room: Option<Room>,
    is_tight_told: bool,
    spending: Spending,
    audit_due_ms: u64,
    save_due_ms: u64,
    may_close: bool,
    tallied: usize,
    beats: usize,
}

impl Site {
    /// All fields by name, so that nobody adds one without deciding whether it goes back.
    fn memory(&self) -> Memory {
        let Site {
            enrolled,
            zone,
            pen,
            holds_made,
            is_retired,
            day,
            parked,
            refusals,
            call,
            texts_held_until,
            modem_away,
            thin,
            link,
            last_heard,
            link_was,
            room,
            is_tight_told,
            spending,
            audit_due_ms,
            save_due_ms,
            may_close,
            tally,
            fleet,
            // Of the whole run.
            vault: _,
            settings: _,
            wire: _,
            voice: _,
            medium: _,
            run_began: _,
            // Goes back by itself.
            database: _,
            at_begin: _,
            // Which socket is open, and how the modem is, is so whatever is on the disk.
            socket: _,
            modem: _,
            must_hang_up: _,
            // Each input begins with its own.
            actor: _,
            has_written: _,
            texts_due: _,
        } = self;
        Memory {
            enrolled: enrolled.clone(),
            zone: zone.clone(),
            pen: *pen,
            holds_made: *holds_made,
            is_retired: *is_retired,
            day: *day,
            parked: parked.clone(),
            refusals: refusals.clone(),
            call: *call,
            texts_held_until: *texts_held_until,
            modem_away: *modem_away,
            thin: *thin,
            had_link: link.is_some(),
            last_heard: *last_heard,
            link_was: *link_was,
            room: *room,
            is_tight_told: *is_tight_told,
            spending: *spending,
            audit_due_ms: *audit_due_ms,
            save_due_ms: *save_due_ms,
            may_close: *may_close,
            tallied: tally.mark(),
            beats: fleet.mark(),
        }
    }

    /// Goes back to what was remembered. A session cannot: what it believes it sent was never sent, so its socket goes
    /// (sync::session).
    fn forget(&mut self, before: Memory) {
        let Memory {
            enrolled,
            zone,
            pen,
            holds_made,
            is_retired,
            day,
            parked,
            refusals,
            call,
            texts_held_until,
            modem_away,
            thin,
            had_link,
            last_heard,
            link_was,
            room,
            is_tight_told,
            spending,
            audit_due_ms,
            save_due_ms,
            may_close,
            tallied,
            beats,
        } = before;
        self.must_hang_up |= had_link || self.link.is_some();
        self.link = None;
        self.enrolled = enrolled;
        self.zone = zone;
        self.pen = pen;
        self.holds_made = holds_made;
        self.is_retired = is_retired;
        self.day = day;
        self.parked = parked;
        self.refusals = refusals;
        self.call = call;
        self.texts_held_until = texts_held_until;
        self.modem_away = modem_away;
        self.thin = thin;
        self.last_heard = last_heard;
        self.link_was = link_was;
        self.room = room;
        self.is_tight_told = is_tight_told;
        self.spending = spending;
        self.audit_due_ms = audit_due_ms;
        self.save_due_ms = save_due_ms;
        self.may_close = may_close;
        self.tally.back_to(tallied);
        self.fleet.back_to(beats);
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
        let kept = self
            .decided(moment, input)
            .and_then(|effects| Ok(self.database.keep().map(|()| effects)?));
        match kept {
            Ok(effects) => Ok(effects),
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
        self.fleet.committed();
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
