//! What time it is, how far that is to be believed, and the dice: everything a machine may know of the outside
//! besides its input. The runtime stamps a [`Moment`]; the simulated world makes them up.

use sha2::{Digest, Sha256};

/// Milliseconds in a second, a minute, an hour and a day.
pub const SECOND_MS: i64 = 1_000;
/// Milliseconds in a minute.
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
/// Milliseconds in an hour.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Milliseconds in a day of 24 hours.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// A point of wall-clock time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wall(pub i64);

impl Wall {
    /// Whole seconds since 1970, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(SECOND_MS)
    }

    /// The wall time `seconds` after 1970.
    pub const fn from_seconds(seconds: i64) -> Wall {
        Wall(seconds.saturating_mul(SECOND_MS))
    }

    /// This time moved by `ms` milliseconds.
    pub const fn plus_ms(self, ms: i64) -> Wall {
        Wall(self.0.saturating_add(ms))
    }

    /// RFC 3339 in UTC with whole seconds, as every API and CSV prints time.
    pub fn rfc3339(self) -> String {
        match jiff::Timestamp::from_second(self.seconds()) {
            Ok(timestamp) => timestamp.to_string(),
            Err(_) => "1970-01-01T00:00:00Z".to_owned(),
        }
    }
}

/// Who vouches for the wall clock, the weakest first. With [`Trust::None`] nothing expires.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trust {
    /// Nobody: a board without a battery that has just started.
    #[default]
    None,
    /// The site manager set it on the page.
    Manager,
    /// The mobile network's time.
    Modem,
    /// The kernel says that NTP has synchronised it.
    Ntp,
    /// The hub said so in a sealed frame.
    Hub,
}

impl Trust {
    /// Whether time-based rules may act at all.
    pub fn is_trusted(self) -> bool {
        self != Trust::None
    }
}

/// Randomness handed to one input. Everything random that a machine makes comes from here, under a label.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Draw([u8; 32]);

impl Draw {
    /// A draw from 32 bytes of the runtime's or the simulation's dice.
    pub const fn new(bytes: [u8; 32]) -> Draw {
        Draw(bytes)
    }

    /// 32 bytes for `label`; the same label gives the same bytes within one moment.
    pub fn bytes(&self, label: &str) -> [u8; 32] {
        Sha256::new()
            .chain_update(self.0)
            .chain_update(label.as_bytes())
            .finalize()
            .into()
    }

    /// A random number for `label`.
    pub fn number(&self, label: &str) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.bytes(label);
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}

impl std::fmt::Debug for Draw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Draw(…)")
    }
}

/// The moment at which one input is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The wall clock.
    pub wall: Wall,
    /// How far it is to be believed.
    pub trust: Trust,
    /// Milliseconds since this program started; never goes back.
    pub monotonic_ms: u64,
    /// The dice.
    pub draw: Draw,
}

/// Milliseconds that the programs of this installation have run in all, over every restart. It is kept on disk now and
/// then, so after a crash it may be behind what really passed, but it is never ahead of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uptime(pub u64);

impl Uptime {
    /// Milliseconds from `earlier` to this, or zero when a crash lost that stretch.
    pub const fn since_ms(self, earlier: Uptime) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// A point in time to be kept: it can be compared after a restart and without a trusted clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The uptime then.
    pub uptime: Uptime,
    /// The wall time then, if the clock was trusted.
    pub wall: Option<Wall>,
}

/// The present, as rules about how much time has passed see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Present {
    /// Now.
    pub stamp: Stamp,
    /// The uptime with which this run of the program began.
    pub run_began: Uptime,
}

impl Moment {
    /// This moment for rules about how much time has passed, in a run that began with `run_began` uptime on disk.
    pub fn present(&self, run_began: Uptime) -> Present {
        Present {
            stamp: Stamp {
                uptime: Uptime(run_began.0.saturating_add(self.monotonic_ms)),
                wall: self.trust.is_trusted().then_some(self.wall),
            },
            run_began,
        }
    }
}

impl Present {
    /// Milliseconds that have surely passed since `earlier`, so that no jump of a clock makes it more. Within one run
    /// the uptime alone counts. Over a restart it is the uptime or, if the clock was trusted then and is trusted now,
    /// the wall time between, whichever is more: a box that was off overnight knows that the night is over.
    pub fn since_ms(&self, earlier: &Stamp) -> u64 {
        let uptime = self.stamp.uptime.since_ms(earlier.uptime);
        if earlier.uptime >= self.run_began {
            return uptime;
        }
        let wall = match (earlier.wall, self.stamp.wall) {
            (Some(then), Some(now)) => u64::try_from(now.0.saturating_sub(then.0)).unwrap_or(0),
            _ => 0,
        };
        uptime.max(wall)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_time_that_surely_passed_counts() {
        let earlier = Stamp {
            uptime: Uptime(5_000),
            wall: Some(Wall(1_000_000)),
        };
        // (the run began, uptime now, wall now, passed)
        for (run_began, uptime, wall, passed) in [
            (4_000, 7_000, Some(9_000_000), 2_000),
            (6_000, 7_000, Some(9_000_000), 8_000_000),
            (6_000, 7_000, None, 2_000),
            (6_000, 7_000, Some(500_000), 2_000),
            (1_000, 3_000, Some(9_000_000), 0),
        ] {
            let present = Present {
                stamp: Stamp {
                    uptime: Uptime(uptime),
                    wall: wall.map(Wall),
                },
                run_began: Uptime(run_began),
            };
            assert_eq!(present.since_ms(&earlier), passed, "{present:?}");
        }
    }

    #[test]
    fn time_prints_as_rfc_3339_in_utc() {
        assert_eq!(Wall::from_seconds(0).rfc3339(), "1970-01-01T00:00:00Z");
        assert_eq!(Wall::from_seconds(1_000_000_000).rfc3339(), "2001-09-09T01:46:40Z");
    }

    #[test]
    fn labels_draw_apart_and_repeat_within_a_moment() {
        let draw = Draw::new([7; 32]);
        assert_eq!(draw.number("epoch"), draw.number("epoch"));
        assert_ne!(draw.number("epoch"), draw.number("nonce"));
        assert_ne!(draw.number("epoch"), Draw::new([8; 32]).number("epoch"));
    }
}
