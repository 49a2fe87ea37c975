//! Subscriptions: how long one lasts, its monthly code, and when its end is to be reminded of.

use crate::{
    damm,
    day::{Day, Zone},
    dispense::is_over,
    moment::{Draw, Trust, Wall},
    tariff::Plan,
};
use std::{fmt, str::FromStr};

/// Whether a subscription may be drawn under (FEATURES A39, A40).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// It may.
    Valid,
    /// Its last day is over.
    Expired,
}

impl State {
    /// The state of a subscription with this end. Without a trusted clock none expires.
    pub fn of(end: Wall, now: Wall, trust: Trust) -> State {
        if is_over(Some(end), now, trust) {
            State::Expired
        } else {
            State::Valid
        }
    }

    /// The word in APIs (CONTRACTS section 6).
    pub const fn name(self) -> &'static str {
        match self {
            State::Valid => "valid",
            State::Expired => "expired",
        }
    }
}

/// The days a payment buys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The last day on which water may be drawn.
    pub last_day: Day,
    /// The first moment after it: what `Subscribed` and its allowance's grant carry as `valid_until`.
    pub end: Wall,
}

impl Period {
    /// The period that a payment at `paid` begins or extends: the plan's days after the day of payment, to the end of
    /// the last one in the site's zone. Who renews early loses nothing: the days are added to the last day there was.
    pub fn paid(plan: &Plan, paid: Wall, zone: &Zone, before: Option<Day>) -> Period {
        let today = zone.day(paid);
        let from = before.map_or(today, |last_day| last_day.max(today));
        let last_day = from.plus_days(i32::from(plan.days));
        Period {
            last_day,
            end: zone.end(last_day),
        }
    }
}

/// The reminder that is due, as the days left (FEATURES A24, X11): of the days configured the nearest to the end that
/// has come, unless a reminder went out on or after its day. A hub that was down on the very day reminds later.
pub fn reminder_due(last_day: Day, today: Day, reminded: Option<Day>, remind_days: &[u16]) -> Option<u16> {
    let left = u16::try_from(today.days_until(last_day)).ok()?;
    let nearest = remind_days.iter().copied().filter(|days| *days >= left).min()?;
    let its_day = last_day.plus_days(-i32::from(nearest));
    let is_done = reminded.is_some_and(|reminded| reminded >= its_day);
    (!is_done).then_some(left)
}

/// Why a text is not a monthly code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a monthly code has seven digits, and one of these is mistyped")]
pub struct CodeError;

/// A monthly code (FEATURES A16): six random digits and a check digit, `123-4565`.
///
/// Digits only, because it is keyed in at a 4×4 keypad; seven of them, so that it is never taken for an account number
/// (six) or a phone (ten and more); the check digit tells a typing error from a stranger's code. It says who asks and
/// proves nothing: the PIN comes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonthlyCode(u32);

impl MonthlyCode {
    /// The `attempt`th code of this draw. A code that is taken at the site is skipped by drawing the next.
    pub fn drawn(draw: &Draw, attempt: u32) -> MonthlyCode {
        let number = draw.number(&format!("monthly code {attempt}")) % 1_000_000;
        MonthlyCode(number as u32)
    }

    /// Its seven digits.
    pub fn digits(self) -> String {
        let number = format!("{:06}", self.0);
        let check = damm::check_digit(&number).expect("a number is written in digits");
        format!("{number}{check}")
    }
}

impl fmt::Display for MonthlyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits();
        write!(f, "{}-{}", &digits[..3], &digits[3..])
    }
}

impl FromStr for MonthlyCode {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<MonthlyCode, CodeError> {
        let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        if digits.len() != 7 || !damm::is_whole(&digits) {
            return Err(CodeError);
        }
        digits[..6].parse().map(MonthlyCode).map_err(|_| CodeError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moment::HOUR_MS;
    use proptest::prelude::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn nairobi() -> Zone {
        Zone::named("Africa/Nairobi").unwrap()
    }

    #[test]
    fn thirty_days_from_the_day_of_payment_and_to_the_end_of_the_last() {
        let zone = nairobi();
        let evening = zone.end(day("2026-11-20")).plus_ms(-1);
        for (paid, before, last_day) in [
            (zone.begin(day("2026-11-20")), None, "2026-12-20"),
            (evening, None, "2026-12-20"),
            (evening.plus_ms(1), None, "2026-12-21"),
            (evening, Some("2026-11-23"), "2026-12-23"),
            (evening, Some("2026-11-20"), "2026-12-20"),
            (evening, Some("2026-11-19"), "2026-12-20"),
        ] {
            let period = Period::paid(&Plan::monthly(), paid, &zone, before.map(day));
            assert_eq!(period.last_day, day(last_day), "{before:?}");
            // Midnight in Nairobi is 21:00 UTC of the day itself.
            assert_eq!(period.end.rfc3339(), format!("{last_day}T21:00:00Z"));
            assert_eq!(zone.last_day(period.end), period.last_day);
        }
    }

    #[test]
    fn a_subscription_is_valid_to_the_last_moment_and_a_lost_clock_ends_none() {
        let end = Wall(HOUR_MS);
        for (now, trust, name) in [
            (HOUR_MS - 1, Trust::Hub, "valid"),
            (HOUR_MS, Trust::Hub, "expired"),
            (2 * HOUR_MS, Trust::None, "valid"),
        ] {
            assert_eq!(State::of(end, Wall(now), trust).name(), name);
        }
    }

    #[test]
    fn reminders_go_out_three_days_and_one_day_before_once_each() {
        let last_day = day("2026-12-20");
        for (today, reminded, due) in [
            ("2026-12-16", None, None),
            ("2026-12-17", None, Some(3)),
            ("2026-12-17", Some("2026-12-17"), None),
            ("2026-12-18", Some("2026-12-17"), None),
            ("2026-12-18", None, Some(2)),
            ("2026-12-19", Some("2026-12-17"), Some(1)),
            ("2026-12-19", Some("2026-12-18"), Some(1)),
            ("2026-12-20", Some("2026-12-19"), None),
            ("2026-12-20", None, Some(0)),
            ("2026-12-21", None, None),
            ("2026-12-19", Some("2026-11-19"), Some(1)),
        ] {
            let due_today = reminder_due(last_day, day(today), reminded.map(day), &[3, 1]);
            assert_eq!(due_today, due, "{today} {reminded:?}");
        }
        assert_eq!(reminder_due(last_day, day("2026-12-19"), None, &[]), None);
    }

    #[test]
    fn codes_are_seven_digits_that_catch_typing_errors() {
        // 572 has the Damm digit 4, and leading zeros do not change it.
        let code: MonthlyCode = "000-5724".parse().unwrap();
        assert_eq!(code.digits(), "0005724");
        assert_eq!(code.to_string(), "000-5724");
        for bad in ["000-5725", "0005742", "5724", "00005724", "000572A", "", "AQP5724"] {
            assert_eq!(bad.parse::<MonthlyCode>(), Err(CodeError), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_code_reads_back_and_a_taken_one_is_drawn_again(seed in any::<[u8; 32]>(), attempt in 0..50_u32) {
            let draw = Draw::new(seed);
            let code = MonthlyCode::drawn(&draw, attempt);
            prop_assert_eq!(code.digits().len(), 7);
            prop_assert_eq!(code.to_string().parse(), Ok(code));
            prop_assert_eq!(code.digits().parse(), Ok(code));
            prop_assert!((0..5).any(|other| MonthlyCode::drawn(&draw, attempt + 1 + other) != code));
        }
    }
}
