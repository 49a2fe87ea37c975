//! What is left on a SIM card, read out of what an operator answers by USSD. Every operator words it in its own way, and
//! changes the words: so the wording is a pattern in the configuration, and what a pattern finds is read here.

use regex_lite::Regex;

use crate::units::{Currency, Money};

/// Finds airtime in most answers: the first number after a word such as "balance", "salio" or "solde".
pub const AIRTIME: &str = r"(?i)(?:bal|salio|solde)\D*?(-?\d[\d.,]*)";
/// Finds a bundle in most answers: the first number with a unit of data.
pub const BUNDLE: &str = r"(?i)(\d[\d.,]*) *[kmg]b";
/// The longest pattern.
pub const PATTERN_CHARS_MAX: usize = 200;

/// Where a number stands in an operator's answer: a regular expression whose first group is that number.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Pattern {}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPattern {
    /// Too long.
    #[error("must have at most {PATTERN_CHARS_MAX} characters")]
    TooLong,
    /// It names nothing that is found.
    #[error("must have a group in parentheses around the number, such as \"Bal: ([0-9.,]+)\"")]
    NoGroup,
    /// It is not a regular expression.
    #[error("must be a regular expression: {0}")]
    Unreadable(String),
}

impl Pattern {
    /// Reads a regular expression (the syntax of the crate `regex-lite`).
    pub fn parse(text: &str) -> Result<Pattern, BadPattern> {
        if text.chars().count() > PATTERN_CHARS_MAX {
            return Err(BadPattern::TooLong);
        }
        let regex = Regex::new(text).map_err(|error| BadPattern::Unreadable(error.to_string()))?;
        // The whole match is a group too.
        match regex.captures_len() {
            0 | 1 => Err(BadPattern::NoGroup),
            _ => Ok(Pattern(regex)),
        }
    }

    /// What stands in the first group, and what comes behind it.
    fn found<'a>(&self, answer: &'a str) -> Option<(&'a str, &'a str)> {
        let group = self.0.captures(answer)?.get(1)?;
        Some((group.as_str(), &answer[group.end()..]))
    }

    /// The money that an answer tells, rounded down to minor units; `None` where the pattern finds no number.
    pub fn money(&self, answer: &str, currency: Currency) -> Option<Money> {
        let (number, _) = self.found(answer)?;
        let hundredths = hundredths(number)?;
        let minor = hundredths.checked_mul(currency.minor_per_unit())?.div_euclid(100);
        Some(Money::new(minor, currency))
    }

    /// The data that an answer tells, in whole megabytes, 1024 to a gigabyte as operators bill; megabytes where no unit
    /// stands with the number; `None` where the pattern finds none.
    pub fn megabytes(&self, answer: &str) -> Option<u64> {
        let (number, behind) = self.found(answer)?;
        let digits = number.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
        let unit = format!("{}{behind}", &number[digits.len()..]).to_ascii_lowercase();
        let hundredths = u64::try_from(hundredths(digits)?).ok()?;
        match unit.trim_start().as_bytes() {
            [b'g', b'b', ..] => Some(hundredths.checked_mul(1_024)? / 100),
            [b'k', b'b', ..] => Some(hundredths / 100 / 1_024),
            _ => Some(hundredths / 100),
        }
    }
}

/// A number as operators write it, in hundredths: `1,025.50`, `1.025,50`, `1 025`, `-3.5`, `20.`. One or two digits behind
/// the last point or comma are decimals; three are the end of a thousand, as behind a space.
fn hundredths(text: &str) -> Option<i64> {
    let is_mark = |c: char| matches!(c, '.' | ',' | ' ');
    let text = text.trim_end_matches(is_mark);
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, decimals) = match digits.rfind(['.', ',']) {
        Some(place) if digits.len() - place - 1 < 3 => (&digits[..place], &digits[place + 1..]),
        _ => (digits, ""),
    };
    let mut groups = whole.split(is_mark);
    let first = groups.next().filter(|first| !first.is_empty())?;
    let mut joined = first.to_owned();
    for group in groups {
        if group.len() != 3 {
            return None;
        }
        joined.push_str(group);
    }
    let whole: i64 = joined.parse().ok()?;
    let decimals: i64 = format!("{decimals:0<2}").parse().ok()?;
    Some(sign * whole.checked_mul(100)?.checked_add(decimals)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kes(pattern: &str, answer: &str) -> Option<i64> {
        let pattern = Pattern::parse(pattern).unwrap();
        pattern.money(answer, Currency::Kes).map(|money| money.minor)
    }

    #[test]
    fn airtime_is_read_as_operators_write_it() {
        for (answer, minor) in [
            ("Airtime Bal: 100.00KSH Expiry Date: 20-12-2026", Some(10_000)),
            ("Your balance is Ksh. 1,025.50. Dial *100# for more.", Some(102_550)),
            ("Salio lako ni Ksh 7.5", Some(750)),
            ("Votre solde: 1.025,50 F", Some(102_550)),
            // A space may end the number as well as a thousand: whose operator writes so needs an own pattern.
            ("Bal: 20 500 SMS", Some(2_000)),
            ("Bal:-15.20 KES", Some(-1_520)),
            ("BALANCE 20.", Some(2_000)),
            ("Bal: 1,025", Some(102_500)),
            ("Bal 0", Some(0)),
            ("Bal: 1,02,5", None),
            ("Service not available, try again later", None),
            ("Bal: 99999999999999999999", None),
            ("", None),
        ] {
            assert_eq!(kes(AIRTIME, answer), minor, "{answer}");
        }
    }

    #[test]
    fn a_currency_without_cents_has_none() {
        let pattern = Pattern::parse(AIRTIME).unwrap();
        let read = |answer| pattern.money(answer, Currency::Rwf).map(|money| money.minor);
        assert_eq!(read("Balance: 1,025.90 RWF"), Some(1_025));
        assert_eq!(read("Balance: -0.50 RWF"), Some(-1));
    }

    #[test]
    fn an_own_pattern_finds_what_the_built_in_one_does_not() {
        let answer = "1) Main 45.00 2) Bonus 300.00";
        assert_eq!(kes(AIRTIME, answer), None);
        assert_eq!(kes(r"Main ([\d.,]+)", answer), Some(4_500));
        assert_eq!(kes(r"Bonus ([\d.,]+)", answer), Some(30_000));
        assert_eq!(kes(r"Solde ([\d ]+,\d\d)", "Solde 12 500,75 F"), Some(1_250_075));
        assert_eq!(kes(r"Solde ([\d ]+)", "Solde 12 50 F"), None);
    }

    #[test]
    fn bundles_are_read_in_their_unit() {
        let own = Pattern::parse(r"Data: (.*)$").unwrap();
        let built_in = Pattern::parse(BUNDLE).unwrap();
        for (pattern, answer, megabytes) in [
            (&built_in, "You have 1.5GB until 3/12", Some(1_536)),
            (&built_in, "Bundle: 1,024.40 MB", Some(1_024)),
            (&built_in, "512kb left", Some(0)),
            (&built_in, "No bundle", None),
            (&own, "Data: 2 GB", Some(2_048)),
            (&own, "Data: 300", Some(300)),
        ] {
            assert_eq!(pattern.megabytes(answer), megabytes, "{answer}");
        }
    }

    #[test]
    fn a_pattern_must_say_where_the_number_is() {
        assert_eq!(Pattern::parse("Bal: [0-9]+"), Err(BadPattern::NoGroup));
        assert!(matches!(Pattern::parse("Bal: ([0-9]+"), Err(BadPattern::Unreadable(_))));
        assert_eq!(Pattern::parse(&"(a)".repeat(67)), Err(BadPattern::TooLong));
        assert!(Pattern::parse(&"(a)".repeat(66)).is_ok());
    }
}
