//! What is done about a modem that does not answer: ask again (three times, with ESC), open the port anew, have the modem
//! restart, have the site cut its power, and all that again, ever more slowly. So many restarts an hour and no more.

use std::collections::VecDeque;

use super::{Effect, Machine};
use crate::{command::ESCAPE, event::Trouble};

/// Restarts in an hour, by command or by power.
const RESETS_PER_HOUR: usize = 4;
const HOUR_MS: u64 = 60 * 60_000;
/// How long a modem needs from a restart to an open port.
const RESTART_MS: u64 = 30_000;
/// The waits between attempts grow from the first of these to the second.
const WAIT_MIN_MS: u64 = 1_000;
const WAIT_MAX_MS: u64 = 10 * 60_000;
/// A port that does not open is tried at least this often.
const OPEN_MAX_MS: u64 = 60_000;
/// A port that failed so often in a row may need the modem's power cut.
const OPEN_FAILS: u32 = 12;

/// Where on the ladder we stand.
#[derive(Debug, Default)]
pub(super) struct Ladder {
    rung: u8,
    rounds: u32,
    open_fails: u32,
    resets: VecDeque<u64>,
}

impl Ladder {
    /// The modem is set up.
    pub(super) fn is_well(&mut self) {
        (self.rung, self.rounds) = (0, 0);
    }

    pub(super) fn port_is_open(&mut self) {
        self.open_fails = 0;
    }

    /// What to do about a port that cannot be opened, or is gone.
    pub(super) fn port_failed(&mut self, now: u64, has_power_hook: bool) -> Vec<Effect> {
        let after_ms = doubled(WAIT_MIN_MS, self.open_fails, OPEN_MAX_MS);
        self.open_fails = self.open_fails.saturating_add(1);
        let cuts = has_power_hook && self.open_fails.is_multiple_of(OPEN_FAILS) && self.may_reset(now);
        let hook = cuts.then_some(Effect::PowerHook);
        let after_ms = if cuts { RESTART_MS } else { after_ms };
        hook.into_iter().chain([Effect::Open { after_ms }]).collect()
    }

    fn may_reset(&mut self, now: u64) -> bool {
        while self.resets.front().is_some_and(|at| at + HOUR_MS <= now) {
            self.resets.pop_front();
        }
        let may = self.resets.len() < RESETS_PER_HOUR;
        if may {
            self.resets.push_back(now);
        }
        may
    }
}

fn doubled(first: u64, times: u32, most: u64) -> u64 {
    first.saturating_mul(1 << times.min(20)).min(most)
}

impl Machine {
    /// The modem did not answer three times: the next rung.
    pub(super) fn climb(&mut self) {
        self.fall(Trouble::Mute);
        let rung = self.ladder.rung;
        self.ladder.rung = (rung + 1) % 3;
        let wait_ms = doubled(WAIT_MIN_MS, self.ladder.rounds, WAIT_MAX_MS);
        let after_ms = match rung {
            0 => wait_ms,
            1 if self.ladder.may_reset(self.now) => {
                self.write_reset();
                RESTART_MS
            }
            2 if self.settings.has_power_hook && self.ladder.may_reset(self.now) => {
                self.ladder.rounds = self.ladder.rounds.saturating_add(1);
                self.out.push(Effect::PowerHook);
                RESTART_MS
            }
            _ => {
                self.ladder.rounds = self.ladder.rounds.saturating_add(1);
                wait_ms
            }
        };
        self.out.push(Effect::Open { after_ms });
    }

    /// Restarts a modem that answers and yet does not work, if that is still allowed in this hour.
    pub(super) fn restart(&mut self, trouble: Trouble) {
        if self.ladder.may_reset(self.now) {
            self.fall(trouble);
            self.write_reset();
            self.out.push(Effect::Open { after_ms: RESTART_MS });
        }
    }

    fn write_reset(&mut self) {
        let mut line = vec![ESCAPE];
        line.extend_from_slice(self.profile.reset.as_bytes());
        line.push(b'\r');
        self.write(line);
    }
}
