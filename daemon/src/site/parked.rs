//! Asks that wait a moment for their decision: for the hub, or because their dispenser is slowed. They are memory, not
//! rows: a dispenser that hears nothing asks again.

use std::sync::Arc;

use kiosk::{
    ids::{DispenserId, RequestId},
    moment::Moment,
    pin::TRIES_BEFORE_LOCK,
};

use super::input::{Ask, Door};
use sync::frame::Found;

/// How long the hub is waited for (the person stands at the tap).
pub const HUB_WAIT_MS: u64 = 2_000;
/// How many asks of one dispenser may wait: one tap takes no other's places.
pub const PARKED_MAX: usize = 8;
/// How many repeats of one ask are answered; beyond them the newest takes the place of the oldest, whose caller has most
/// likely gone.
pub const DOORS_MAX: usize = 8;

/// What an ask waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// The hub's word on what it was asked under this id.
    Hub {
        /// The id.
        id: u64,
    },
    /// The end of a slowed dispenser's delay.
    Slowed {
        /// How long.
        ms: u64,
    },
}

/// What the hub has to do with a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HubsWord {
    /// It may be asked first.
    MayBeAsked,
    /// It is not asked, or did not answer in time.
    None,
    /// It answered, and the records that say more were folded.
    Said(Found),
}

/// One that waits.
#[derive(Clone)]
pub(super) struct Parked {
    wait: Wait,
    due_monotonic_ms: u64,
    /// Where its answer goes; once more for each time it was repeated meanwhile.
    pub(super) doors: Vec<Door>,
    /// What is asked.
    pub(super) ask: Ask,
    /// How often it came again with nothing but another PIN.
    pub(super) guesses: u32,
}

/// What an ask is to those that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Its request does not wait here.
    Unknown,
    /// The same ask: it will be answered once more.
    Waits,
    /// Nothing but the PIN is other.
    Guess,
    /// The same request with another content, or one that is used up.
    Conflict,
}

impl Parked {
    /// Whether it is an ask of this dispenser; all its doors are the same one's.
    fn is_of(&self, dispenser: &DispenserId) -> bool {
        self.doors.iter().all(|door| door.dispenser() == dispenser)
    }
}

/// All that wait, the oldest first. Every input remembers them, so a copy shares what nobody changes.
#[derive(Clone, Default)]
pub(super) struct Parking(Arc<Vec<Arc<Parked>>>);

impl Parking {
    /// Whether one more of this dispenser may wait.
    pub(super) fn has_room(&self, dispenser: &DispenserId) -> bool {
        self.0.iter().filter(|parked| parked.is_of(dispenser)).count() < PARKED_MAX
    }

    /// Whether an ask of this dispenser waits because it is slowed.
    pub(super) fn is_slowed(&self, dispenser: &DispenserId) -> bool {
        let slowed = |parked: &Arc<Parked>| matches!(parked.wait, Wait::Slowed { .. }) && parked.is_of(dispenser);
        self.0.iter().any(slowed)
    }

    /// Lets an ask wait; whoever calls has looked that there is room.
    pub(super) fn put(&mut self, moment: &Moment, wait: Wait, door: Door, ask: Ask) {
        let wait_ms = match wait {
            Wait::Hub { .. } => HUB_WAIT_MS,
            Wait::Slowed { ms } => ms,
        };
        Arc::make_mut(&mut self.0).push(Arc::new(Parked {
            wait,
            due_monotonic_ms: moment.monotonic_ms + wait_ms,
            doors: vec![door],
            ask,
            guesses: 0,
        }));
    }

    /// Looks whether this request waits here already. Only the same ask is answered once more.
    pub(super) fn repeat(&mut self, door: &Door, ask: &Ask) -> Repeat {
        let same = |parked: &Arc<Parked>| parked.ask.request == ask.request && parked.is_of(door.dispenser());
        let Some(place) = self.0.iter().position(same) else {
            return Repeat::Unknown;
        };
        let parked = &self.0[place];
        let but_pin = |ask: &Ask| Ask {
            pin: String::new(),
            ..ask.clone()
        };
        if parked.guesses >= TRIES_BEFORE_LOCK {
            Repeat::Conflict
        } else if parked.ask == *ask {
            let doors = &mut self.change(place).doors;
            if doors.len() >= DOORS_MAX {
                doors.remove(0);
            }
            doors.push(door.clone());
            Repeat::Waits
        } else if but_pin(&parked.ask) == but_pin(ask) {
            self.change(place).guesses += 1;
            Repeat::Guess
        } else {
            Repeat::Conflict
        }
    }

    /// The request under which this dispenser's equal ask waits.
    pub(super) fn equal(&self, dispenser: &DispenserId, ask: &Ask) -> Option<RequestId> {
        let same = |parked: &&Arc<Parked>| {
            let other = &parked.ask;
            parked.is_of(dispenser) && (&other.who, &other.pin, other.volume_ml) == (&ask.who, &ask.pin, ask.volume_ml)
        };
        self.0.iter().find(same).map(|parked| parked.ask.request.clone())
    }

    /// Takes out what the hub has answered.
    pub(super) fn sought(&mut self, id: u64) -> Option<Parked> {
        let place = self.0.iter().position(|parked| parked.wait == Wait::Hub { id })?;
        Some(self.take(place))
    }

    /// Takes out one that has waited long enough.
    pub(super) fn due(&mut self, moment: &Moment) -> Option<Parked> {
        let place = self
            .0
            .iter()
            .position(|parked| parked.due_monotonic_ms <= moment.monotonic_ms)?;
        Some(self.take(place))
    }

    fn change(&mut self, place: usize) -> &mut Parked {
        Arc::make_mut(&mut Arc::make_mut(&mut self.0)[place])
    }

    fn take(&mut self, place: usize) -> Parked {
        Arc::unwrap_or_clone(Arc::make_mut(&mut self.0).remove(place))
    }

    /// The link is gone: whoever waits for the hub is decided on without it.
    pub(super) fn give_up_on_hub(&mut self) {
        for place in 0..self.0.len() {
            if matches!(self.0[place].wait, Wait::Hub { .. }) {
                self.change(place).due_monotonic_ms = 0;
            }
        }
    }
}
