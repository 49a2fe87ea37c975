//! The wall clock and how far it is trusted (DESIGN section 9).
//!
//! A Pi has no clock of its own. Until NTP, the modem, the manager or the hub has spoken, nothing expires. The hub is
//! believed above all; it alone may set the time back below the floor that was persisted.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use kiosk::moment::{DAY_MS, Moment, Trust, Wall};

use crate::dice::Dice;

/// The file that systemd-timesyncd makes once NTP has synchronised the kernel's clock (systemd-timesyncd.service(8)).
const NTP_SYNCHRONISED: &str = "/run/systemd/timesync/synchronized";
/// A jump forward by more than this from NTP or the modem waits for a second source.
pub const JUMP_MAX_MS: i64 = 2 * DAY_MS;

/// The program's clock. Cheap to clone; all clones agree.
#[derive(Clone)]
pub struct Clock {
    started: Instant,
    state: Arc<Mutex<State>>,
}

/// What was last believed: a wall time at a monotonic moment, and who said so.
struct State {
    /// Never show less than this; raised as time is believed.
    floor: Wall,
    /// What to add to the system's clock.
    offset_ms: i64,
    trust: Trust,
    /// A far jump that one source named and no second has confirmed.
    pending: Option<(Trust, i64)>,
}

impl Clock {
    /// A clock that never shows less than `floor` (build time, last saved time) until the hub says otherwise.
    pub fn new(floor: Wall) -> Clock {
        let state = State {
            floor,
            offset_ms: 0,
            trust: Trust::None,
            pending: None,
        };
        Clock {
            started: Instant::now(),
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// A clock for a machine whose system clock is kept by its operator: a server.
    pub fn of_server() -> Clock {
        let clock = Clock::new(Wall(0));
        clock.state().trust = Trust::Ntp;
        clock
    }

    /// The moment of one input.
    pub fn stamp(&self, dice: &mut Dice) -> Moment {
        let (wall, trust) = self.now();
        let monotonic_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Moment {
            wall,
            trust,
            monotonic_ms,
            draw: dice.roll(),
        }
    }

    /// The wall time and how far it is trusted.
    pub fn now(&self) -> (Wall, Trust) {
        let state = self.state();
        (system_wall().plus_ms(state.offset_ms).max(state.floor), state.trust)
    }

    /// A source named the time. Returns whether it is believed now.
    pub fn hear(&self, source: Trust, wall: Wall) -> bool {
        self.state().hear(source, wall, system_wall())
    }

    /// Looks whether NTP has synchronised the system's clock meanwhile.
    pub fn check_ntp(&self) {
        if Path::new(NTP_SYNCHRONISED).exists() {
            self.hear(Trust::Ntp, system_wall());
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // The state is a few plain numbers: a panic elsewhere cannot leave it half-written.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn hear(&mut self, source: Trust, wall: Wall, system: Wall) -> bool {
        if source < self.trust || source == Trust::None {
            return false;
        }
        let offset_ms = wall.0.saturating_sub(system.0);
        let shown = system.plus_ms(self.offset_ms).max(self.floor);
        if source != Trust::Hub {
            if wall < self.floor {
                return false;
            }
            let far = wall.0.saturating_sub(shown.0) > JUMP_MAX_MS && self.floor != Wall(0);
            let confirmed = source == Trust::Manager
                || self.pending.is_some_and(|(other, offset)| {
                    other != source && offset.abs_diff(offset_ms) <= JUMP_MAX_MS.unsigned_abs()
                });
            if far && !confirmed {
                self.pending = Some((source, offset_ms));
                return false;
            }
        } else if wall < self.floor {
            self.floor = wall;
        }
        self.pending = None;
        self.offset_ms = offset_ms;
        self.trust = source;
        true
    }
}

fn system_wall() -> Wall {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Wall(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Wall = Wall(1_800_000_000_000);

    fn state() -> State {
        State {
            floor: NOON,
            offset_ms: 0,
            trust: Trust::None,
            pending: None,
        }
    }

    #[test]
    fn a_clock_in_1970_shows_the_floor_and_is_not_trusted() {
        let clock = Clock::new(Wall(i64::MAX / 2));
        assert_eq!(clock.now(), (Wall(i64::MAX / 2), Trust::None));
    }

    #[test]
    fn a_small_step_is_believed_and_a_far_jump_waits_for_a_second_source() {
        let mut state = state();
        assert!(state.hear(Trust::Modem, NOON.plus_ms(DAY_MS), NOON));
        let mut state = self::state();
        assert!(!state.hear(Trust::Modem, NOON.plus_ms(30 * DAY_MS), NOON));
        assert!(state.hear(Trust::Ntp, NOON.plus_ms(30 * DAY_MS), NOON));
        assert_eq!(state.trust, Trust::Ntp);
    }

    #[test]
    fn only_the_hub_sets_the_time_below_the_floor() {
        let mut state = state();
        assert!(!state.hear(Trust::Ntp, NOON.plus_ms(-DAY_MS), NOON));
        assert!(state.hear(Trust::Hub, NOON.plus_ms(-DAY_MS), NOON));
        assert_eq!(state.floor, NOON.plus_ms(-DAY_MS));
        assert!(
            !state.hear(Trust::Ntp, NOON, NOON),
            "a weaker source does not overrule the hub"
        );
    }
}
