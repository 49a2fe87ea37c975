//! Asks that wait a moment for their decision: for the hub, or because their dispenser is slowed. They are memory, not
//! rows: a dispenser that hears nothing asks again.

use kiosk::{
    ids::{DispenserId, RequestId},
    moment::Moment,
};

use super::{
    input::{Ask, Door},
    repeat::GUESSES_MAX,
};
use sync::frame::Found;

/// How long the hub is waited for (the person stands at the tap).
pub const HUB_WAIT_MS: u64 = 2_000;
/// How many asks may wait.
pub const PARKED_MAX: usize = 64;

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
    guesses: u32,
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

/// All that wait, the oldest first.
#[derive(Clone, Default)]
pub(super) struct Parking(Vec<Parked>);

impl Parking {
    /// Whether one more may wait.
    pub(super) fn has_room(&self) -> bool {
        self.0.len() < PARKED_MAX
    }

    /// Whether an ask of this dispenser waits because it is slowed.
    pub(super) fn is_slowed(&self, dispenser: &DispenserId) -> bool {
        let slowed = |parked: &Parked| {
            matches!(parked.wait, Wait::Slowed { .. }) && parked.doors.iter().any(|door| door.dispenser() == dispenser)
        };
        self.0.iter().any(slowed)
    }

    /// Lets an ask wait; whoever calls has looked that there is room.
    pub(super) fn put(&mut self, moment: &Moment, wait: Wait, door: Door, ask: Ask) {
        let wait_ms = match wait {
            Wait::Hub { .. } => HUB_WAIT_MS,
            Wait::Slowed { ms } => ms,
        };
        self.0.push(Parked {
            wait,
            due_monotonic_ms: moment.monotonic_ms + wait_ms,
            doors: vec![door],
            ask,
            guesses: 0,
        });
    }

    /// Looks whether this request waits here already. Only the same ask is answered once more.
    pub(super) fn repeat(&mut self, door: &Door, ask: &Ask) -> Repeat {
        let same = |parked: &&mut Parked| {
            parked.ask.request == ask.request && parked.doors.iter().all(|other| other.dispenser() == door.dispenser())
        };
        let Some(parked) = self.0.iter_mut().find(same) else {
            return Repeat::Unknown;
        };
        let but_pin = |ask: &Ask| Ask {
            pin: String::new(),
            ..ask.clone()
        };
        if parked.guesses >= GUESSES_MAX {
            Repeat::Conflict
        } else if parked.ask == *ask {
            parked.doors.push(door.clone());
            Repeat::Waits
        } else if but_pin(&parked.ask) == but_pin(ask) {
            parked.guesses += 1;
            Repeat::Guess
        } else {
            Repeat::Conflict
        }
    }

    /// The request under which this dispenser's equal ask waits.
    pub(super) fn equal(&self, dispenser: &DispenserId, ask: &Ask) -> Option<RequestId> {
        let same = |parked: &&Parked| {
            let other = &parked.ask;
            parked.doors.iter().all(|door| door.dispenser() == dispenser)
                && (&other.who, &other.pin, other.volume_ml) == (&ask.who, &ask.pin, ask.volume_ml)
        };
        self.0.iter().find(same).map(|parked| parked.ask.request.clone())
    }

    /// Takes out what the hub has answered.
    pub(super) fn sought(&mut self, id: u64) -> Option<Parked> {
        let place = self.0.iter().position(|parked| parked.wait == Wait::Hub { id })?;
        Some(self.0.remove(place))
    }

    /// Takes out one that has waited long enough.
    pub(super) fn due(&mut self, moment: &Moment) -> Option<Parked> {
        let place = self
            .0
            .iter()
            .position(|parked| parked.due_monotonic_ms <= moment.monotonic_ms)?;
        Some(self.0.remove(place))
    }

    /// The link is gone: whoever waits for the hub is decided on without it.
    pub(super) fn give_up_on_hub(&mut self) {
        for parked in &mut self.0 {
            if matches!(parked.wait, Wait::Hub { .. }) {
                parked.due_monotonic_ms = 0;
            }
        }
    }
}
