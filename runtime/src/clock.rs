//! The wall clock and how far it is trusted (DESIGN section 9).
//!
//! A Pi has no clock of its own. Until NTP, the modem, the manager or the hub has spoken, nothing expires. The hub is
//! believed above all; it alone may set the time back below the floor: when the program was made, or what a network or the
//! hub vouched for (RELIABILITY section 5). A manager's word raises no floor, for people mistype years.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use kiosk::moment::{DAY_MS, HOUR_MS, Moment, Trust, Wall};

use crate::dice::Dice;

/// The file that systemd-timesyncd makes once NTP has synchronised the kernel's clock (systemd-timesyncd.service(8)).
const NTP_SYNCHRONISED: &str = "/run/systemd/timesync/synchronized";
/// A jump forward by more than this from NTP or the modem waits for a second source.
pub const JUMP_MAX_MS: i64 = 2 * DAY_MS;

/// How far a better source may set the time back below what was shown: a network that was late is put right, while a clock
/// that was set back by a day is not believed.
const CORRECTION_MAX_MS: i64 = HOUR_MS;
/// When this source was released; a floor for a box that knows nothing else.
const RELEASED_S: i64 = 1_793_491_200;
/// When this program was made: `SOURCE_DATE_EPOCH` of the build (reproducible-builds.org) where it was set, else when its
/// source was released. Never later than the build, and the same in every build of one source.
pub const BUILT: Wall = Wall(1_000 * built_s(option_env!("SOURCE_DATE_EPOCH")));

/// A build that names a time before the release has it wrong.
const fn built_s(named: Option<&str>) -> i64 {
    if let Some(text) = named
        && let Ok(seconds) = i64::from_str_radix(text, 10)
        && seconds > RELEASED_S
        && seconds < i64::MAX / 1_000
    {
        return seconds;
    }
    RELEASED_S
}

/// The program's clock. Cheap to clone; all clones agree.
#[derive(Clone)]
pub struct Clock {
    started: Instant,
    state: Arc<Mutex<State>>,
}

/// What earlier runs knew of the time; 0 where they knew nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// The latest time that anybody vouched for.
    pub last: Wall,
    /// The latest that a network or the hub vouched for.
    pub sure: Wall,
}

/// What was last believed: a wall time at a monotonic moment, and who said so.
struct State {
    /// Never show less than this.
    shown: Wall,
    /// Believe nobody but the hub who names less than this; raised as time is believed.
    floor: Wall,
    /// An earlier run has saved the time, so that a far jump means something.
    has_past: bool,
    /// What to add to the system's clock.
    offset_ms: i64,
    trust: Trust,
    /// A far jump that one source named and no second has confirmed.
    pending: Option<(Trust, i64)>,
}

impl Clock {
    /// A clock that never shows less than what was `saved` last, nor less than when the program was `built`.
    pub fn new(built: Wall, saved: Saved) -> Clock {
        let state = State {
            shown: saved.last.max(saved.sure).max(built),
            floor: saved.sure.max(built),
            has_past: saved.last.max(saved.sure) != Wall(0),
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
        let clock = Clock::new(Wall(0), Saved::default());
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
        let mut state = self.state();
        let wall = state.show(system_wall());
        (wall, state.trust)
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
    /// The time, while the system's clock says `system`. What is sure does not go back, whatever the system's clock does.
    fn show(&mut self, system: Wall) -> Wall {
        let wall = system.plus_ms(self.offset_ms).max(self.shown);
        if self.trust > Trust::Manager {
            self.shown = wall;
            self.floor = self.floor.max(wall.plus_ms(-CORRECTION_MAX_MS));
        }
        wall
    }

    fn hear(&mut self, source: Trust, wall: Wall, system: Wall) -> bool {
        if source < self.trust || source == Trust::None {
            return false;
        }
        let offset_ms = wall.0.saturating_sub(system.0);
        if source == Trust::Hub {
            self.floor = self.floor.min(wall);
        } else {
            if wall < self.floor {
                return false;
            }
            let far = self.has_past && wall.0.saturating_sub(self.show(system).0) > JUMP_MAX_MS;
            let confirmed = source == Trust::Manager
                || self.pending.is_some_and(|(other, offset)| {
                    other != source && offset.abs_diff(offset_ms) <= JUMP_MAX_MS.unsigned_abs()
                });
            if far && !confirmed {
                self.pending = Some((source, offset_ms));
                return false;
            }
        }
        self.shown = self.shown.min(wall);
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
            shown: NOON,
            floor: NOON,
            has_past: true,
            offset_ms: 0,
            trust: Trust::None,
            pending: None,
        }
    }

    #[test]
    fn a_clock_in_1970_shows_the_floor_and_is_not_trusted() {
        let late = Wall(i64::MAX / 2);
        let saved = Saved {
            last: late,
            sure: Wall(0),
        };
        assert_eq!(Clock::new(Wall(0), saved).now(), (late, Trust::None));
        assert_eq!(
            Clock::new(late, Saved::default()).now(),
            (late, Trust::None),
            "when it was built"
        );
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
        assert_eq!(state.show(NOON), NOON.plus_ms(-DAY_MS));
        assert!(
            !state.hear(Trust::Ntp, NOON, NOON),
            "a weaker source does not overrule the hub"
        );
    }

    #[test]
    fn the_floor_rises_with_what_a_network_says() {
        let mut state = state();
        assert!(state.hear(Trust::Ntp, NOON, NOON));
        let later = NOON.plus_ms(DAY_MS);
        assert_eq!(state.show(later), later);
        assert_eq!(state.show(NOON), later, "the system's clock was set back");
        assert!(!state.hear(Trust::Ntp, NOON, NOON), "and so was who keeps it");
    }

    #[test]
    fn a_better_source_puts_a_late_network_right() {
        let mut state = state();
        assert!(state.hear(Trust::Modem, NOON.plus_ms(5_000), NOON));
        assert_eq!(state.show(NOON), NOON.plus_ms(5_000));
        assert!(state.hear(Trust::Ntp, NOON, NOON));
        assert_eq!(state.show(NOON), NOON);
    }

    #[test]
    fn a_year_mistyped_by_a_manager_can_be_mended() {
        let mut state = state();
        assert!(state.hear(Trust::Manager, NOON.plus_ms(3_650 * DAY_MS), NOON));
        assert_eq!(state.show(NOON), NOON.plus_ms(3_650 * DAY_MS));
        assert!(state.hear(Trust::Manager, NOON.plus_ms(DAY_MS), NOON));
        assert_eq!(state.show(NOON), NOON.plus_ms(DAY_MS));
        assert!(state.hear(Trust::Ntp, NOON, NOON));
        assert_eq!(state.show(NOON), NOON);
    }

    #[test]
    fn a_build_is_as_old_as_it_says_but_not_older_than_its_source() {
        assert_eq!(built_s(None), RELEASED_S);
        assert_eq!(built_s(Some("1893456000")), 1_893_456_000);
        for wrong in ["", "soon", "0", "-1", "99999999999999999999"] {
            assert_eq!(built_s(Some(wrong)), RELEASED_S, "{wrong}");
        }
    }

    #[test]
    fn a_modem_is_believed_by_a_box_that_never_knew_the_time() {
        let clock = Clock::new(NOON, Saved::default());
        assert!(clock.state().hear(Trust::Modem, NOON.plus_ms(300 * DAY_MS), Wall(0)));
    }
}
