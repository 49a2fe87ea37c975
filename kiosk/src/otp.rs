//! One-time codes: six digits that are sent to a number, and that come back by SMS in place of a PIN (RELIABILITY
//! section 5: the sender of an SMS proves nothing, what moves value needs the code that was sent to that number).
//!
//! A code lives for 15 minutes, takes three wrong tries and one right one. Six digits and three tries: one guess in
//! 333,333 is right, and one in 111,111 while three codes are open.
//!
//! The caller owes: that a number has few codes open, and gets few in a day; what comes out of [`redeem`] is stored in the transaction that acts on it, and the codes of one
//! number are told apart when they are drawn ([`OneTimeCode::drawn`]).

use crate::moment::{Draw, MINUTE_MS, Wall};
use std::{fmt, str::FromStr};

/// Digits of a code.
pub const CODE_DIGITS: usize = 6;
/// How long a code is valid after it was made.
pub const CODE_VALID_MS: i64 = 15 * MINUTE_MS;
/// Wrong tries after which a code is void.
pub const CODE_TRIES_MAX: u8 = 3;

const CODES: u32 = 1_000_000;
/// Attempts at a free code beyond one for each that is open: two attempts may fall on the same.
const SPARE_ATTEMPTS: u64 = 16;

/// Six digits. It prints nowhere: [`OneTimeCode::digits`] is for the SMS that carries it, and for the store. What a person
/// sends is compared by [`redeem`], which counts the tries.
#[derive(Clone, Copy)]
pub struct OneTimeCode(u32);

/// Why a text is not a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a one-time code has six digits")]
pub struct OneTimeCodeError;

impl OneTimeCode {
    /// A code of this draw that is none of `open`, the codes that the same number has now: so each tells what it is for.
    pub fn drawn(draw: &Draw, open: &[Issued]) -> OneTimeCode {
        let drawn =
            |attempt: u64| OneTimeCode((draw.number(&format!("one-time code {attempt}")) % u64::from(CODES)) as u32);
        let is_free = |code: &OneTimeCode| !open.iter().any(|issued| issued.code == *code);
        // A number that has a million codes open would get one that it has; it is asked for ten a day.
        (0..=open.len() as u64 + SPARE_ATTEMPTS)
            .map(drawn)
            .find(is_free)
            .unwrap_or_else(|| drawn(0))
    }

    /// Its six digits.
    pub fn digits(self) -> String {
        format!("{:06}", self.0)
    }
}

impl PartialEq for OneTimeCode {
    /// In constant time: one machine word, without a branch on the single digits.
    fn eq(&self, other: &OneTimeCode) -> bool {
        (self.0 ^ other.0) == 0
    }
}

impl Eq for OneTimeCode {}

impl FromStr for OneTimeCode {
    type Err = OneTimeCodeError;

    /// Reads six digits, with spaces and `-` as people like.
    fn from_str(text: &str) -> Result<OneTimeCode, OneTimeCodeError> {
        let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        let is_code = digits.len() == CODE_DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
        let number = is_code.then(|| digits.parse().ok()).flatten();
        number.map(OneTimeCode).ok_or(OneTimeCodeError)
    }
}

impl fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeCode(******)")
    }
}

/// A code that was sent, and what became of it. The hub stores it field by field, beside the number it was sent to and
/// what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The code.
    pub code: OneTimeCode,
    /// When it was made.
    pub since: Wall,
    /// Wrong tries so far.
    pub wrong: u8,
    /// Whether it has been used.
    pub used: bool,
}

impl Issued {
    /// A code sent now.
    pub fn new(code: OneTimeCode, now: Wall) -> Issued {
        Issued {
            code,
            since: now,
            wrong: 0,
            used: false,
        }
    }

    /// Whether it can still be used. A clock that steps back by more than its life ends it as well, or a code made
    /// while the clock ran ahead would live on.
    pub fn is_open(&self, now: Wall) -> bool {
        let age_ms = now.0.saturating_sub(self.since.0);
        !self.used && self.wrong < CODE_TRIES_MAX && (-CODE_VALID_MS..CODE_VALID_MS).contains(&age_ms)
    }

    /// Wrong tries that are left.
    pub fn tries_left(&self) -> u8 {
        CODE_TRIES_MAX.saturating_sub(self.wrong)
    }
}

/// What came of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// It is the code at this place of the list, now used.
    Right(usize),
    /// It is the code at this place, which was used before: the same message again.
    Again(usize),
    /// It is none that is open; at most so many more tries are left.
    Wrong {
        /// Tries left with the code that has most; 0 when none is open any more.
        left: u8,
    },
    /// It was right once, and is too old or void now.
    TooLate,
    /// Nothing is open that a code could be for.
    None,
}

/// A number sends a code. `codes` are all that were sent to that number and are still kept; they come back as they are
/// to be stored. A wrong code costs a try of each that is open, so that several open ones give no more tries.
pub fn redeem(codes: &[Issued], given: OneTimeCode, now: Wall) -> (Vec<Issued>, Redeemed) {
    let mut codes = codes.to_vec();
    let open = |issued: &Issued| issued.is_open(now);
    // An open one first: a code may by chance be the same as one of long ago.
    let mut matching = codes.iter().enumerate().filter(|(_, issued)| issued.code == given);
    let place = matching
        .clone()
        .find(|(_, issued)| open(issued))
        .or_else(|| matching.next_back());
    let redeemed = match place.map(|(at, issued)| (at, *issued)) {
        Some((at, issued)) if open(&issued) => {
            codes[at].used = true;
            Redeemed::Right(at)
        }
        Some((at, issued)) if issued.used => Redeemed::Again(at),
        Some(_) => Redeemed::TooLate,
        None if !codes.iter().any(open) => Redeemed::None,
        None => {
            codes
                .iter_mut()
                .filter(|issued| open(issued))
                .for_each(|issued| issued.wrong += 1);
            let left = codes.iter().filter(|issued| open(issued)).map(Issued::tries_left).max();
            Redeemed::Wrong {
                left: left.unwrap_or_default(),
            }
        }
    };
    (codes, redeemed)
}

#[cfg(test)]
mod tests;
