//! What is remembered of a SIM's PIN: a card locks itself after three wrong ones, whoever said them and whenever.
//!
//! It is noted before a PIN is said, kept over restarts, and forgotten when the card takes it. So a PIN that was refused is
//! not said again, a corrected one is, and the last try is a person's.

use std::{fmt, str::FromStr};

/// Tries that a card gives before it locks itself (3GPP TS 31.101 leaves the number to the card; three is what cards have).
const TRIES: u8 = 3;

/// What is remembered. It names the card and the PIN by checksums, which tell nothing at a glance and hide nothing from
/// somebody who tries all PINs: it belongs into a file that only this program reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinNote {
    card: u64,
    pin: u64,
    /// How many tries were spent on this card since it last took a PIN.
    spent: u8,
    /// The card refused it.
    is_refused: bool,
}

impl PinNote {
    /// A PIN is to be said to a card, of which this was known before.
    pub(crate) fn said(before: Option<&PinNote>, card: &str, pin: &str) -> PinNote {
        let spent = before.filter(|note| note.is_of(card)).map_or(0, |note| note.spent);
        PinNote {
            card: checksum(card),
            pin: checksum(pin),
            spent: spent.saturating_add(1),
            is_refused: false,
        }
    }

    /// The card refused it.
    pub(crate) fn refused(self) -> PinNote {
        PinNote {
            is_refused: true,
            ..self
        }
    }

    pub(crate) fn is_of(&self, card: &str) -> bool {
        self.card == checksum(card)
    }
}

/// What becomes of a PIN that a card wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It may be said.
    Say,
    /// The card has refused this very one.
    Refused,
    /// Nobody knows that it is wrong, but tries were spent, and the rest is a person's.
    Spared,
}

/// Whether a PIN may be said to a card that has so many tries left, where it tells that. With fewer than all of them left
/// somebody has said a wrong one: perhaps this very one, unless it is noted that it was another.
pub(crate) fn verdict(note: Option<&PinNote>, card: &str, pin: &str, left: Option<u8>) -> Verdict {
    let note = note.filter(|note| note.is_of(card));
    let is_same = note.is_some_and(|note| note.pin == checksum(pin));
    let may_be_said = match (note, left) {
        (Some(note), _) if is_same && note.is_refused => return Verdict::Refused,
        (Some(_), Some(left)) if !is_same => left > 1,
        (_, Some(left)) => left >= TRIES,
        (note, None) => note.is_none_or(|note| note.spent < TRIES - 1),
    };
    if may_be_said { Verdict::Say } else { Verdict::Spared }
}

/// FNV-1a of 64 bits: the same in every version of this program.
fn checksum(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

impl fmt::Display for PinNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.is_refused { "refused" } else { "said" };
        writeln!(f, "{:016x} {:016x} {} {word}", self.card, self.pin, self.spent)
    }
}

/// It is no note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no note about a PIN")]
pub struct NoNote;

impl FromStr for PinNote {
    type Err = NoNote;

    fn from_str(text: &str) -> Result<PinNote, NoNote> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let &[card, pin, spent, word] = words.as_slice() else {
            return Err(NoNote);
        };
        let sum = |word| u64::from_str_radix(word, 16).map_err(|_| NoNote);
        Ok(PinNote {
            card: sum(card)?,
            pin: sum(pin)?,
            spent: spent.parse().map_err(|_| NoNote)?,
            is_refused: match word {
                "refused" => true,
                "said" => false,
                _ => return Err(NoNote),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: &str = "89254021234567890123";

    #[test]
    fn the_last_try_is_a_persons() {
        use Verdict::{Refused, Say, Spared};
        let said = PinNote::said(None, CARD, "4071");
        let twice = PinNote::said(Some(&said), CARD, "4071");
        let refused = said.clone().refused();
        let corrected = PinNote::said(Some(&refused), CARD, "1704");
        let table = [
            // Nothing is known: the card's own count decides, or there is none.
            (None, CARD, "4071", Some(3), Say),
            (None, CARD, "4071", Some(2), Spared),
            (None, CARD, "4071", None, Say),
            // Refused: never again, on this card.
            (Some(&refused), CARD, "4071", Some(3), Refused),
            (Some(&refused), CARD, "4071", Some(2), Refused),
            (Some(&refused), CARD, "4071", None, Refused),
            (Some(&refused), "another card", "4071", None, Say),
            (Some(&refused), "another card", "4071", Some(2), Spared),
            // Corrected: once more, and the last try is left.
            (Some(&refused), CARD, "1704", Some(2), Say),
            (Some(&refused), CARD, "1704", Some(1), Spared),
            (Some(&refused), CARD, "1704", None, Say),
            (Some(&corrected), CARD, "4711", None, Spared),
            // Said, and what the card answered was not heard.
            (Some(&said), CARD, "4071", Some(3), Say),
            (Some(&said), CARD, "4071", Some(2), Spared),
            (Some(&said), CARD, "4071", None, Say),
            (Some(&twice), CARD, "4071", None, Spared),
        ];
        for (note, card, pin, left, expected) in table {
            assert_eq!(
                verdict(note, card, pin, left),
                expected,
                "{note:?} {card} {pin} {left:?}"
            );
        }
    }

    #[test]
    fn a_note_is_read_as_it_was_written() {
        let note = PinNote::said(None, CARD, "4071").refused();
        assert_eq!(note.to_string().parse(), Ok(note));
        for bad in ["", "1 2 3", "1 2 x said", "1 2 3 heard", "1 2 3 said 4", "g 2 3 said"] {
            assert_eq!(bad.parse::<PinNote>(), Err(NoNote), "{bad}");
        }
        // The published sum of "a".
        assert_eq!(checksum("a"), 0xaf63_dc4c_8601_ec8c);
    }
}
