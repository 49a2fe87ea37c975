//! The wall clock and how far it is trusted (DESIGN section 9).
//!
//! A Pi has no clock of its own. Until NTP, the modem, the manager or the hub has spoken, nothing expires. The hub is
//! believed above all; it alone may set the time back below the floor: when the program was made, or what a network or the
//! hub vouched for (RELIABILITY section 5). A manager's word raises no floor, for people mistype years.
//!
//! What was said is carried on by a clock that nobody sets: NTP sets the system's clock forward some time after the modem
//! has named the time, and that step must not be counted twice.

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
    /// What the system's clock said then.
    began: Wall,
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

/// What this machine's clocks say at one moment.
#[derive(Clone, Copy)]
struct Hands {
    /// The system's clock, which NTP or a person may set at any time.
    system: Wall,
    /// What it would say had nobody set it since the program started.
    steady: Wall,
}

/// What was last believed: a wall time at a monotonic moment, and who said so.
struct State {
    /// Never show less than this.
    shown: Wall,
    /// Believe nobody but the hub who names less than this; raised as time is believed.
    floor: Wall,
    /// A network or the hub has vouched for a time, in this run or, as anybody may, in an earlier one: a far jump from it
    /// means something.
    has_past: bool,
    /// What to add to the steady clock.
    offset_ms: i64,
    /// What it was when the present source was first believed: many small jumps of one source are a far one.
    first_offset_ms: i64,
    trust: Trust,
    /// A far jump that one source named and no second has confirmed.
    pending: Option<(Trust, i64)>,
    /// The system's clock is kept by its operator, and is right whatever it was set by.
    is_server: bool,
}

impl Clock {
    /// A clock that never shows less than what was `saved` last, nor less than when the program was `built`.
    pub fn new(built: Wall, saved: Saved) -> Clock {
        let state = State {
            shown: saved.last.max(saved.sure).max(built),
            floor: saved.sure.plus_ms(-CORRECTION_MAX_MS).max(built),
            has_past: saved.last.max(saved.sure) != Wall(0),
            offset_ms: 0,
            first_offset_ms: 0,
            trust: Trust::None,
            pending: None,
            is_server: false,
        };
        Clock {
            started: Instant::now(),
            began: system_wall(),
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// A clock for a machine whose system clock is kept by its operator: a server.
    pub fn of_server() -> Clock {
        let clock = Clock::new(Wall(0), Saved::default());
        let mut state = clock.state();
        state.trust = Trust::Ntp;
        state.is_server = true;
        drop(state);
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
        let wall = state.show(self.hands());
        (wall, state.trust)
    }

    /// A source named the time. Returns whether it is believed now.
    pub fn hear(&self, source: Trust, wall: Wall) -> bool {
        self.state().hear(source, wall, self.hands())
    }

    /// Looks whether NTP has synchronised the system's clock meanwhile.
    pub fn check_ntp(&self) {
        if Path::new(NTP_SYNCHRONISED).exists() {
            self.hear(Trust::Ntp, system_wall());
        }
    }

    fn hands(&self) -> Hands {
        let elapsed_ms = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        Hands {
            system: system_wall(),
            steady: self.began.plus_ms(elapsed_ms),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // The state is a few plain numbers: a panic elsewhere cannot leave it half-written.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The time. What is sure does not go back.
    fn show(&mut self, hands: Hands) -> Wall {
        // As long as nobody has named the time, the system's clock is as good a guess as any.
        let clock = match self.is_server || self.trust == Trust::None {
            true => hands.system,
            false => hands.steady,
        };
        let wall = clock.plus_ms(self.offset_ms).max(self.shown);
        if self.trust > Trust::Manager {
            self.shown = wall;
            self.floor = self.floor.max(wall.plus_ms(-CORRECTION_MAX_MS));
        }
        wall
    }

    fn hear(&mut self, source: Trust, wall: Wall, hands: Hands) -> bool {
        if source < self.trust || source == Trust::None {
            return false;
        }
        let offset_ms = wall.0.saturating_sub(hands.steady.0);
        let mut is_anew = source != self.trust || matches!(source, Trust::Hub | Trust::Manager);
        if source == Trust::Hub {
            self.floor = self.floor.min(wall);
        } else {
            if wall < self.floor {
                return false;
            }
            let crept_ms = match is_anew {
                true => 0,
                false => offset_ms.saturating_sub(self.first_offset_ms),
            };
            let jump_ms = wall.0.saturating_sub(self.show(hands).0);
            let far = self.has_past && jump_ms.max(crept_ms) > JUMP_MAX_MS;
            let confirmed = source == Trust::Manager
                || self.pending.is_some_and(|(other, offset)| {
                    other != source && offset.abs_diff(offset_ms) <= JUMP_MAX_MS.unsigned_abs()
                });
            if far && !confirmed {
                self.pending = Some((source, offset_ms));
                return false;
            }
            is_anew |= far;
        }
        if is_anew {
            self.first_offset_ms = offset_ms;
        }
        self.has_past |= source > Trust::Manager;
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
            first_offset_ms: 0,
            trust: Trust::None,
            pending: None,
            is_server: false,
        }
    }

    /// Nobody has set the system's clock.
    fn at(wall: Wall) -> Hands {
        Hands {
            system: wall,
            steady: wall,
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
        assert!(state.hear(Trust::Modem, NOON.plus_ms(DAY_MS), at(NOON)));
        let mut state = self::state();
        assert!(!state.hear(Trust::Modem, NOON.plus_ms(30 * DAY_MS), at(NOON)));
        assert!(state.hear(Trust::Ntp, NOON.plus_ms(30 * DAY_MS), at(NOON)));
        assert_eq!(state.trust, Trust::Ntp);
    }

    #[test]
    fn only_the_hub_sets_the_time_below_the_floor() {
        let mut state = state();
        assert!(!state.hear(Trust::Ntp, NOON.plus_ms(-DAY_MS), at(NOON)));
        assert!(state.hear(Trust::Hub, NOON.plus_ms(-DAY_MS), at(NOON)));
        assert_eq!(state.show(at(NOON)), NOON.plus_ms(-DAY_MS));
        assert!(
            !state.hear(Trust::Ntp, NOON, at(NOON)),
            "a weaker source does not overrule the hub"
        );
    }

    #[test]
    fn the_floor_rises_with_what_a_network_says() {
        let mut state = state();
        assert!(state.hear(Trust::Ntp, NOON, at(NOON)));
        let later = NOON.plus_ms(DAY_MS);
        assert_eq!(state.show(at(later)), later);
        assert_eq!(state.show(at(NOON)), later, "the system's clock was set back");
        assert!(!state.hear(Trust::Ntp, NOON, at(NOON)), "and so was who keeps it");
    }

    #[test]
    fn a_better_source_puts_a_late_network_right() {
        let mut state = state();
        assert!(state.hear(Trust::Modem, NOON.plus_ms(5_000), at(NOON)));
        assert_eq!(state.show(at(NOON)), NOON.plus_ms(5_000));
        assert!(state.hear(Trust::Ntp, NOON, at(NOON)));
        assert_eq!(state.show(at(NOON)), NOON);
    }

    #[test]
    fn a_late_network_is_put_right_after_a_restart_too() {
        let saved = Saved { last: NOON, sure: NOON };
        let heard = |wall| Clock::new(Wall(0), saved).state().hear(Trust::Ntp, wall, at(NOON));
        assert!(heard(NOON.plus_ms(-5_000)));
        assert!(!heard(NOON.plus_ms(-2 * HOUR_MS)));
    }

    #[test]
    fn a_system_clock_that_ntp_sets_after_the_modem_spoke_is_not_counted_twice() {
        for source in [Trust::Modem, Trust::Hub] {
            let mut state = state();
            let right = NOON.plus_ms(DAY_MS);
            // The box was off for a day: its own clock stands where it was switched off.
            assert!(state.hear(source, right, at(NOON)));
            let set = Hands {
                system: right.plus_ms(1_000),
                steady: NOON.plus_ms(1_000),
            };
            assert_eq!(state.show(set), right.plus_ms(1_000), "{source:?}");
            assert_eq!(state.hear(Trust::Ntp, set.system, set), source == Trust::Modem);
            assert_eq!(state.show(set), right.plus_ms(1_000), "{source:?}");
        }
    }

    #[test]
    fn many_small_jumps_of_one_source_are_a_far_one() {
        let mut state = state();
        assert!(state.hear(Trust::Modem, NOON.plus_ms(DAY_MS), at(NOON)));
        assert!(state.hear(Trust::Modem, NOON.plus_ms(3 * DAY_MS), at(NOON)));
        assert!(!state.hear(Trust::Modem, NOON.plus_ms(5 * DAY_MS), at(NOON)));
        assert_eq!(state.show(at(NOON)), NOON.plus_ms(3 * DAY_MS));
        // Years that went by are no jump.
        let later = NOON.plus_ms(1_000 * DAY_MS);
        assert!(state.hear(Trust::Modem, later.plus_ms(3 * DAY_MS), at(later)));
    }

    #[test]
    fn a_new_box_that_was_told_the_time_waits_before_a_far_jump_too() {
        let mut state = State {
            has_past: false,
            ..state()
        };
        let right = NOON.plus_ms(300 * DAY_MS);
        assert!(state.hear(Trust::Modem, right, at(NOON)));
        assert!(!state.hear(Trust::Modem, right.plus_ms(3 * DAY_MS), at(NOON)));
        assert_eq!(state.show(at(NOON)), right);
    }

    #[test]
    fn a_year_mistyped_by_a_manager_can_be_mended() {
        let mut state = state();
        assert!(state.hear(Trust::Manager, NOON.plus_ms(3_650 * DAY_MS), at(NOON)));
        assert_eq!(state.show(at(NOON)), NOON.plus_ms(3_650 * DAY_MS));
        assert!(state.hear(Trust::Manager, NOON.plus_ms(DAY_MS), at(NOON)));
        assert_eq!(state.show(at(NOON)), NOON.plus_ms(DAY_MS));
        assert!(state.hear(Trust::Ntp, NOON, at(NOON)));
        assert_eq!(state.show(at(NOON)), NOON);
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
        assert!(
            clock
                .state()
                .hear(Trust::Modem, NOON.plus_ms(300 * DAY_MS), at(Wall(0)))
        );
    }
}
