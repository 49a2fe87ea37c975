//! How many commands a day a number is answered (RELIABILITY section 5: 10).

use crate::day::Day;

/// The commands of one number on its newest day; the hub stores it field by field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandCount {
    /// The local day.
    pub day: Day,
    /// How many came on it, understood or not.
    pub count: u32,
}

/// What is done with a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// It is carried out and answered.
    Yes,
    /// It is not carried out, and the sender is told that it was one too many.
    SayTooMany,
    /// It is not carried out, and nobody is told: each answer costs, and a sender can be forged.
    Silence,
}

impl CommandCount {
    /// Counts a command that came `today`. `kept` is what is stored of its number; what comes back is to be stored in the
    /// transaction that carries the command out, so that a restart gives nobody a second ration. STOP is carried out
    /// whatever comes of this.
    ///
    /// A clock that steps back over midnight begins no new day; one that had run further ahead does, or its number would
    /// be silenced until then.
    pub fn admit(kept: Option<CommandCount>, today: Day, per_day: u32) -> (CommandCount, Admitted) {
        let same_day = kept.filter(|kept| matches!(today.days_until(kept.day), 0 | 1));
        let before = same_day.unwrap_or(CommandCount { day: today, count: 0 });
        let count = before.count.saturating_add(1);
        let admitted = match count.saturating_sub(per_day) {
            0 => Admitted::Yes,
            1 => Admitted::SayTooMany,
            _ => Admitted::Silence,
        };
        (CommandCount { count, ..before }, admitted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn ten_a_day_are_answered_the_eleventh_is_told_once_and_then_there_is_silence() {
        let mut kept = None;
        let mut admitted = Vec::new();
        for _ in 0..13 {
            let (next, turn) = CommandCount::admit(kept, day("2026-11-21"), 10);
            kept = Some(next);
            admitted.push(turn);
        }
        let expected = [
            [Admitted::Yes; 10].as_slice(),
            &[Admitted::SayTooMany],
            &[Admitted::Silence; 2],
        ]
        .concat();
        assert_eq!(admitted, expected);
        let (next, turn) = CommandCount::admit(kept, day("2026-11-22"), 10);
        assert_eq!((next.day, next.count, turn), (day("2026-11-22"), 1, Admitted::Yes));
    }

    #[test]
    fn a_clock_that_steps_back_gives_no_second_ration_and_silences_nobody_for_long() {
        let full = CommandCount {
            day: day("2026-11-21"),
            count: 10,
        };
        for (today, expected) in [
            ("2026-11-20", Admitted::SayTooMany),
            ("2026-11-19", Admitted::Yes),
            ("2025-11-21", Admitted::Yes),
        ] {
            assert_eq!(CommandCount::admit(Some(full), day(today), 10).1, expected, "{today}");
        }
    }

    #[test]
    fn a_limit_of_nothing_is_told_once_and_no_count_overflows() {
        let (kept, turn) = CommandCount::admit(None, day("2026-11-21"), 0);
        assert_eq!((kept.count, turn), (1, Admitted::SayTooMany));
        let full = CommandCount {
            count: u32::MAX,
            ..kept
        };
        assert_eq!(CommandCount::admit(Some(full), full.day, 10), (full, Admitted::Silence));
    }
}
