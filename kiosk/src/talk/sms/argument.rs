//! Amounts, litres, phones and PINs as people write them.

use super::{Fault, PIN_DIGITS, word};
use crate::{
    phone::{Country, Phone},
    units::{Currency, Money, Volume},
};
use std::ops::Range;

/// Words around an amount of water or a plan that say nothing.
pub(super) const FILLERS_OF_BUY: &str =
    "l lt ltr ltrs litre litres liter liters lita of de eau plan subscription mpango usajili abonnement";
/// Words around a loan that say nothing.
pub(super) const FILLERS_OF_LOAN: &str = "from for by of a and per week weekly repay repayment kutoka kwa na kila wiki rudisha de du et par \
     semaine chez remboursement";
/// Words around a code.
pub(super) const FILLERS_OF_CODE: &str = "code msimbo namba loan mkopo pret";
/// Words around a receipt.
pub(super) const FILLERS_OF_CHECK: &str = "receipt risiti recu no number namba";

/// Words that name a PIN.
const PIN_WORDS: [&str; 6] = ["pin", "siri", "nenosiri", "nywila", "password", "passcode"];
/// How a litre is written behind or before its number.
const LITRE_WORDS: [&str; 9] = ["l", "lt", "ltr", "ltrs", "litre", "litres", "liter", "liters", "lita"];
/// The most words that a phone is written in.
const PHONE_WORDS_MAX: usize = 5;
/// Digits of the shortest phone, without what stands before them at home or abroad.
const PHONE_DIGITS_MIN: usize = 9;
/// Digits of the largest amount and volume that are read.
const DIGITS_MAX: usize = 9;
/// The longest name of a plan.
const PLAN_CHARS_MAX: usize = 32;

/// The words of the rest of a message, without polite ones.
pub(super) struct Tokens<'a> {
    words: Vec<&'a str>,
}

impl<'a> Tokens<'a> {
    pub fn of(text: &'a str) -> Tokens<'a> {
        let mut words = Vec::new();
        for chunk in text.split(|c: char| c.is_whitespace() || ";:!?()=#*\"".contains(c)) {
            words.extend(at_commas(chunk));
        }
        let is_sign = |c: char| !c.is_alphanumeric() && c != '+';
        // A minus stays before a number, which then is none that can be meant.
        let trimmed = words.into_iter().map(|word| match word.strip_prefix('-') {
            Some(number) if number.starts_with(|c: char| c.is_ascii_digit()) => word.trim_end_matches(is_sign),
            _ => word.trim_matches(is_sign),
        });
        let said = trimmed.filter(|word| !word.is_empty() && !word::is_in(word, word::POLITE));
        Tokens { words: said.collect() }
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &'a str> {
        self.words.iter().copied()
    }

    /// How many of the words have digits.
    pub fn numbers(&self) -> usize {
        self.iter()
            .filter(|word| word.bytes().any(|b| b.is_ascii_digit()))
            .count()
    }

    /// The words that are none of these.
    pub fn without(&self, fillers: &str) -> impl Iterator<Item = &'a str> {
        self.iter().filter(move |word| !word::is_in(word, fillers))
    }

    /// Whether a word is four digits. None of the commands that ask this has a phone, which might be parted so.
    pub fn holds_four_digits(&self) -> bool {
        self.iter().any(is_four_digits)
    }

    /// Whether the last word is four digits.
    pub fn ends_with_four_digits(&self) -> bool {
        self.words.last().is_some_and(|word| is_four_digits(word))
    }

    /// What is wrong with words that do not belong here.
    pub fn stray(&self) -> Fault {
        match self.holds_four_digits() {
            true => Fault::Pin,
            false => Fault::Unclear,
        }
    }
}

fn is_four_digits(word: &str) -> bool {
    word.chars().count() == PIN_DIGITS && digits(word) == PIN_DIGITS
}

/// Parts a word at its commas, but not within a number: `5,000` and `20,5` stay whole, `5000,0702345678` does not.
fn at_commas(chunk: &str) -> Vec<&str> {
    let digits_of = |text: &str, from_end: bool| match from_end {
        true => text.bytes().rev().take_while(u8::is_ascii_digit).count(),
        false => text.bytes().take_while(u8::is_ascii_digit).count(),
    };
    let (mut words, mut begin) = (Vec::new(), 0);
    for (at, _) in chunk.match_indices(',') {
        let (before, after) = (digits_of(&chunk[begin..at], true), digits_of(&chunk[at + 1..], false));
        if !(1..=3).contains(&before) || !(1..=3).contains(&after) {
            words.push(&chunk[begin..at]);
            begin = at + 1;
        }
    }
    words.push(&chunk[begin..]);
    words
}

/// How the currency is written beside an amount.
pub(super) const fn currency_words(currency: Currency) -> &'static [&'static str] {
    match currency {
        Currency::Kes => &["kes", "ksh", "kshs", "sh", "shs", "bob", "shillings", "shilingi"],
        Currency::Ugx => &["ugx", "ush", "ushs", "sh", "shs", "shillings", "shilingi"],
        Currency::Tzs => &["tzs", "tsh", "tshs", "sh", "shs", "shillings", "shilingi"],
        Currency::Rwf => &["rwf", "frw", "rf", "francs"],
    }
}

/// An amount of money: whole units, more than none, in the home currency if any is named. A leading zero is none, so that
/// a piece of a phone number is never an amount.
pub(super) fn amount(word: &str, currency: Currency) -> Option<Money> {
    let number = without_unit(word, currency_words(currency))?;
    let (whole, decimals) = number.split_once('.').unwrap_or((&number, "0"));
    let whole = ungrouped(whole)?;
    let is_whole = (1..=2).contains(&decimals.len()) && decimals.bytes().all(|b| b == b'0');
    if !is_whole || whole.starts_with('0') || whole.len() > DIGITS_MAX {
        return None;
    }
    let units: i64 = whole.parse().ok()?;
    Some(Money::new(units.checked_mul(currency.minor_per_unit())?, currency))
}

/// An amount of water: litres with up to three decimals, more than none. A comma before three digits parts thousands,
/// before fewer it is the decimal mark.
pub(super) fn litres(word: &str) -> Option<Volume> {
    let number = without_unit(word, &LITRE_WORDS)?;
    let (whole, decimals) = match number.split_once('.') {
        Some((whole, decimals)) => (ungrouped(whole)?, decimals),
        None => match number.rsplit_once(',').filter(|(_, after)| after.len() < 3) {
            Some((whole, decimals)) => (ungrouped(whole)?, decimals),
            None => (ungrouped(&number)?, "0"),
        },
    };
    let is_number = (1..=3).contains(&decimals.len()) && decimals.bytes().all(|b| b.is_ascii_digit());
    if !is_number || whole.len() > DIGITS_MAX {
        return None;
    }
    let ml: u64 = format!("{whole}{decimals:0<3}").parse().ok()?;
    Some(Volume::from_ml(ml)).filter(|volume| !volume.is_zero())
}

/// The name of a plan, in lower case.
pub(super) fn plan(word: &str) -> Option<String> {
    let is_name = word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.len() <= PLAN_CHARS_MAX
        && word
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    is_name.then(|| word.to_ascii_lowercase())
}

/// The phones among these words, each with the words it stands in. People part a number as they like.
pub(super) fn phones(words: &[&str], country: Country) -> Vec<(Range<usize>, Phone)> {
    let mut phones = Vec::new();
    for begin in 0..words.len() {
        for end in begin + 1..=words.len().min(begin + PHONE_WORDS_MAX) {
            if let Ok(phone) = Phone::parse(&words[begin..end].concat(), country) {
                phones.push((begin..end, phone));
            }
        }
    }
    phones
}

/// Whether a PIN is named, and four digits stand with it in whatever way.
pub(super) fn names_a_pin(text: &str) -> bool {
    let mut words = text.split(|c: char| !c.is_alphabetic());
    let names = words.any(|word| PIN_WORDS.contains(&word::plain(word).as_str()));
    names && (holds_four_digits(text) || groups(text).any(|group| digits(group) == PIN_DIGITS))
}

/// Whether exactly four digits stand together somewhere, and are not a piece of a longer number. Digits of every script
/// count: a PIN in Arabic digits is a PIN.
pub(super) fn holds_four_digits(text: &str) -> bool {
    let is_pin = |group: &str| {
        let mut runs = group.split(|c: char| !c.is_numeric());
        !is_phone_like(group) && runs.any(|run| run.chars().count() == PIN_DIGITS)
    };
    groups(text).any(is_pin)
}

/// Whether this may be a phone that is parted with spaces: enough digits, beginning as phones do at home and abroad.
fn is_phone_like(group: &str) -> bool {
    digits(group) >= PHONE_DIGITS_MIN && ["0", "25"].iter().any(|start| group.trim_start().starts_with(start))
}

/// Digits with nothing but spaces, points and dashes between them.
fn groups(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_numeric() && !matches!(c, ' ' | '.' | '-'))
}

fn digits(group: &str) -> usize {
    group.chars().filter(|c| c.is_numeric()).count()
}

/// A number without one of these units before or behind it, in digits, points and commas; `None` with any other letters.
fn without_unit(word: &str, units: &[&str]) -> Option<String> {
    let lower = word.to_ascii_lowercase();
    let is_of_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
    let begin = lower.find(|c: char| c.is_ascii_digit())?;
    let end = lower.rfind(|c: char| c.is_ascii_digit())? + 1;
    let is_unit = |text: &str| {
        let text = text.trim_matches('.');
        text.is_empty() || units.contains(&text)
    };
    let number = &lower[begin..end];
    (is_unit(&lower[..begin]) && is_unit(&lower[end..]) && number.chars().all(is_of_number)).then(|| number.to_owned())
}

/// Digits, of which commas may part the thousands.
pub(in crate::talk) fn ungrouped(number: &str) -> Option<String> {
    let mut groups = number.split(',');
    let first = groups.next().unwrap_or_default();
    let rest: Vec<&str> = groups.collect();
    let is_grouped = rest.is_empty() || (first.len() <= 3 && rest.iter().all(|group| group.len() == 3));
    let digits = number.replace(',', "");
    let is_number = !first.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    (is_grouped && is_number).then_some(digits)
}
