//! The clock of a box without a battery, in world time. The same rules as `runtime::clock`, which asks the real one:
//! a floor, an offset, who vouches, and a far jump that waits for a second source (DESIGN section 9).

use kiosk::moment::{DAY_MS, Trust, Wall};

/// The wall time at which every world begins: 2026-09-21, a Monday, at seven in the morning in Nairobi.
pub const BEGINNING: Wall = Wall(1_789_963_200_000);

/// The true wall time at a moment of the world.
pub fn truth(now_ms: u64) -> Wall {
    BEGINNING.plus_ms(i64::try_from(now_ms).unwrap_or(i64::MAX))
}

/// One run's clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// How far the system's clock is from the truth.
    error_ms: i64,
    /// What was last believed, as a distance from the system's clock.
    offset_ms: i64,
    floor: Wall,
    trust: Trust,
    pending: Option<(Trust, i64)>,
}

impl Clock {
    /// A clock that nobody vouches for, wrong by `error_ms`, that never shows less than `floor`.
    pub fn new(error_ms: i64, floor: Wall) -> Clock {
        Clock {
            error_ms,
            offset_ms: 0,
            floor,
            trust: Trust::None,
            pending: None,
        }
    }

    /// A server's: right, and vouched for.
    pub fn of_server() -> Clock {
        Clock {
            trust: Trust::Ntp,
            ..Clock::new(0, Wall(0))
        }
    }

    /// How wrong a clock is that starts in 1970 at `now_ms`.
    pub fn error_of_1970(now_ms: u64) -> i64 {
        -truth(now_ms).0
    }

    /// What it shows, and who vouches.
    pub fn read(&self, now_ms: u64) -> (Wall, Trust) {
        (self.system(now_ms).plus_ms(self.offset_ms).max(self.floor), self.trust)
    }

    /// A source names the time. Returns whether it is believed.
    pub fn hear(&mut self, now_ms: u64, source: Trust, wall: Wall) -> bool {
        if source < self.trust || source == Trust::None {
            return false;
        }
        let offset_ms = wall.0 - self.system(now_ms).0;
        if source == Trust::Hub {
            self.floor = self.floor.min(wall);
        } else {
            let (shown, _) = self.read(now_ms);
            let far = wall.0 - shown.0 > 2 * DAY_MS && self.floor != Wall(0);
            let second = |(other, offset): (Trust, i64)| other != source && (offset - offset_ms).abs() <= 2 * DAY_MS;
            if wall < self.floor {
                return false;
            }
            if far && source != Trust::Manager && !self.pending.is_some_and(second) {
                self.pending = Some((source, offset_ms));
                return false;
            }
        }
        self.pending = None;
        self.offset_ms = offset_ms;
        self.trust = source;
        true
    }

    fn system(&self, now_ms: u64) -> Wall {
        truth(now_ms).plus_ms(self.error_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_in_1970_is_set_by_the_hub() {
        let mut clock = Clock::new(Clock::error_of_1970(5_000), Wall(0));
        assert_eq!(clock.read(6_000), (Wall(1_000), Trust::None));
        assert!(clock.hear(6_000, Trust::Hub, truth(6_000)));
        assert_eq!(clock.read(7_000), (truth(7_000), Trust::Hub));
        assert!(
            !clock.hear(7_000, Trust::Ntp, Wall(0)),
            "a weaker source does not overrule the hub"
        );
    }

    #[test]
    fn a_far_jump_waits_for_a_second_source() {
        let mut clock = Clock::new(-30 * DAY_MS, truth(0).plus_ms(-30 * DAY_MS));
        assert!(!clock.hear(0, Trust::Modem, truth(0)));
        assert!(clock.hear(0, Trust::Ntp, truth(0)));
    }
}
