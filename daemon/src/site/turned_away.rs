//! Who was turned away at the dispensers' door, for the audit (RELIABILITY row 23). Whoever knocks ten times a second must
//! not fill the card: the first of a kind is a row at once, the rest a number at the end of a time that grows from a
//! minute to an hour while it goes on.

use std::collections::BTreeMap;

use kiosk::moment::{HOUR_MS, MINUTE_MS, Moment};

use super::{Site, SiteError, input::TurnedAway, store::audit};

/// The shortest and the longest time that is counted together.
const COUNTED_MS_MIN: u64 = MINUTE_MS.unsigned_abs();
const COUNTED_MS_MAX: u64 = HOUR_MS.unsigned_abs();
/// Kinds (who, from where and why) that get rows of their own in that time; the others share one.
pub const KINDS_MAX: usize = 8;
/// The most letters of a claimed name that are kept.
const NAME_CHARS_MAX: usize = 64;
/// What these rows say happened.
pub const WHAT: &str = "turned_away";

/// Who, from where, and why.
type Kind = (String, String, &'static str);

/// What is counted and not yet written. It dies with the run, but of each kind the first is on the disk.
#[derive(Clone, Debug)]
pub(super) struct Refusals {
    counted_ms: u64,
    /// When the present count ends or the last one ended, on this run's clock.
    ends_monotonic_ms: u64,
    is_counting: bool,
    more: BTreeMap<Kind, u64>,
    others: u64,
}

impl Default for Refusals {
    fn default() -> Refusals {
        Refusals {
            counted_ms: COUNTED_MS_MIN,
            ends_monotonic_ms: 0,
            is_counting: false,
            more: BTreeMap::new(),
            others: 0,
        }
    }
}

impl Refusals {
    /// Counts one; gives its kind when it is to be a row at once.
    fn count(&mut self, moment: &Moment, refusal: TurnedAway) -> Option<Kind> {
        if !self.is_counting {
            self.calm_down(moment.monotonic_ms);
            self.is_counting = true;
            self.ends_monotonic_ms = moment.monotonic_ms + self.counted_ms;
        }
        self.others += u64::from(refusal.untold);
        let who = refusal.user.unwrap_or_default();
        let who = who.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect();
        let kind = (who, refusal.from, refusal.why);
        if let Some(more) = self.more.get_mut(&kind) {
            *more += 1;
        } else if self.more.len() < KINDS_MAX {
            self.more.insert(kind.clone(), 0);
            return Some(kind);
        } else {
            self.others += 1;
        }
        None
    }

    /// A quiet time as long as the count halves the next one.
    fn calm_down(&mut self, monotonic_ms: u64) {
        let mut quiet_ms = monotonic_ms.saturating_sub(self.ends_monotonic_ms);
        while self.counted_ms > COUNTED_MS_MIN && quiet_ms >= self.counted_ms {
            quiet_ms -= self.counted_ms;
            self.counted_ms /= 2;
        }
        self.counted_ms = self.counted_ms.max(COUNTED_MS_MIN);
    }

    /// What was counted, once its time is over; the next one takes twice as long.
    fn ended(&mut self, moment: &Moment) -> Option<(BTreeMap<Kind, u64>, u64)> {
        if !self.is_counting || moment.monotonic_ms < self.ends_monotonic_ms {
            return None;
        }
        self.is_counting = false;
        self.counted_ms = (self.counted_ms * 2).min(COUNTED_MS_MAX);
        Some((std::mem::take(&mut self.more), std::mem::take(&mut self.others)))
    }
}

impl Site {
    /// Somebody was turned away or cut.
    pub(super) fn turned_away(&mut self, moment: &Moment, refusal: TurnedAway) -> Result<(), SiteError> {
        let Some((who, from, why)) = self.refusals.count(moment, refusal) else {
            return Ok(());
        };
        let detail = format!("{why} from {from}");
        Ok(audit::insert(self.connection(), moment.wall, &who, WHAT, &detail)?)
    }

    /// Writes what was counted besides the first of each kind.
    pub(super) fn note_turned_away(&mut self, moment: &Moment) -> Result<(), SiteError> {
        let Some((more, others)) = self.refusals.ended(moment) else {
            return Ok(());
        };
        let connection = self.connection();
        for ((who, from, why), count) in more.iter().filter(|(_, count)| **count > 0) {
            let detail = format!("{why} from {from}, {count} times more");
            audit::insert(connection, moment.wall, who, WHAT, &detail)?;
        }
        if others > 0 {
            audit::insert(connection, moment.wall, "", WHAT, &format!("others, {others} times"))?;
        }
        Ok(())
    }
}
