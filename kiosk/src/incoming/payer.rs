//! Who paid, as far as a provider tells. Daraja masks the phone of a C2B payer, in more than one way (reference:
//! Daraja, section 6).

use crate::{payment::Msisdn, phone::Country};

/// Digits of a mobile number with its calling code, in all four countries.
const DIGITS: usize = 12;
/// Digits at the end that must be visible.
const LAST_DIGITS: usize = 3;
/// Digits after the calling code that must be visible for a masked phone to agree with a number. `2547 ***** 126` shows
/// four and `25470****149` five; a mask that shows less could be almost anybody's.
pub const VISIBLE_DIGITS_MIN: usize = 4;

/// Whether two descriptions of a payer are of the same phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// As far as can be seen, and enough can be seen.
    Agrees,
    /// They are two phones.
    Contradicts,
    /// Too little is visible.
    CannotTell,
}

/// A phone of which some digits are hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaskedPhone([Option<u8>; DIGITS]);

impl MaskedPhone {
    /// Compares every visible digit. One that differs contradicts, however few are visible.
    pub fn agrees_with(&self, phone: Msisdn) -> Agreement {
        let digits = phone.0.to_string();
        let pairs = || self.0.iter().zip(digits.bytes());
        if digits.len() != DIGITS || pairs().any(|(seen, digit)| seen.is_some_and(|seen| seen != digit)) {
            return Agreement::Contradicts;
        }
        let code = Country::Kenya.calling_code().len();
        let visible = self.0[code..].iter().flatten().count();
        let shows_the_end = self.0[DIGITS - LAST_DIGITS..].iter().all(Option::is_some);
        match shows_the_end && visible >= VISIBLE_DIGITS_MIN {
            true => Agreement::Agrees,
            false => Agreement::CannotTell,
        }
    }
}

/// Who paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payer {
    /// The whole number.
    Exact(Msisdn),
    /// Some digits of it.
    Masked(MaskedPhone),
    /// Not told, hashed, or in a form that nobody has described.
    Unknown,
}

impl Payer {
    /// Reads twelve digits with the calling code, of which some may be `*`; spaces and a leading plus do not count.
    /// Everything else, a hash above all, is [`Payer::Unknown`] and never an error.
    pub fn read(text: &str) -> Payer {
        let written: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let written = written.strip_prefix('+').unwrap_or(&written);
        let mut digits = [None; DIGITS];
        if written.len() != DIGITS {
            return Payer::Unknown;
        }
        for (digit, byte) in digits.iter_mut().zip(written.bytes()) {
            match byte {
                b'0'..=b'9' => *digit = Some(byte),
                b'*' => {}
                _ => return Payer::Unknown,
            }
        }
        match digits.iter().all(Option::is_some) {
            true => written
                .parse()
                .map_or(Payer::Unknown, |number| Payer::Exact(Msisdn(number))),
            false if digits.iter().all(Option::is_none) => Payer::Unknown,
            false => Payer::Masked(MaskedPhone(digits)),
        }
    }

    /// Whether this payer is the owner of `phone`.
    pub fn agrees_with(&self, phone: Msisdn) -> Agreement {
        match self {
            Payer::Exact(payer) if *payer == phone => Agreement::Agrees,
            Payer::Exact(_) => Agreement::Contradicts,
            Payer::Masked(masked) => masked.agrees_with(phone),
            Payer::Unknown => Agreement::CannotTell,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visible_digits_must_agree_and_be_enough() {
        use Agreement::{Agrees, CannotTell, Contradicts};
        const PHONE: Msisdn = Msisdn(254_708_374_149);
        for (text, agreement) in [
            // The forms of the reference, spaced and not.
            ("2547 ***** 149", Agrees),
            ("25470****149", Agrees),
            ("2547*****149", Agrees),
            ("+254708374149", Agrees),
            ("254708374149", Agrees),
            // One visible digit differs: at the end, in the middle, in the country.
            ("2547 ***** 126", Contradicts),
            ("25471****149", Contradicts),
            ("2557 ***** 149", Contradicts),
            ("254708374140", Contradicts),
            ("***********8", Contradicts),
            // Three digits after the calling code, or an end that is hidden, name nobody.
            ("254******149", CannotTell),
            ("254708******", CannotTell),
            ("25470837414*", CannotTell),
            ("2547******49", CannotTell),
            ("************", CannotTell),
            // Not a phone of twelve digits.
            ("0708***149", CannotTell),
            ("0708374149", CannotTell),
            ("2547****149", CannotTell),
            ("", CannotTell),
            (
                "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                CannotTell,
            ),
            ("9f86d081884c", CannotTell),
        ] {
            assert_eq!(Payer::read(text).agrees_with(PHONE), agreement, "{text}");
        }
        let masked = Payer::read("2547 ***** 149");
        assert_eq!(masked.agrees_with(Msisdn(708_374_149)), Contradicts, "no calling code");
    }
}
