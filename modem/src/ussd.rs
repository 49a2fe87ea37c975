//! What USSD says, in the forms in which modems write it between the quotes of `+CUSD` and `AT+CUSD`.
//!
//! 27.007 section 7.15 wants letters of the terminal's alphabet, or hex for UCS-2. Huawei sticks write packed septets in
//! hex, some modems write UCS-2 in hex whatever the coding says. So the profile's [`Form`] is asked first, then the
//! coding, and only then is it guessed.

use crate::{event::UssdEnd, gsm7, hex};

/// How a modem writes letters in USSD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As letters (`AT+CSCS="GSM"` or `"IRA"`); UCS-2 in hex where the coding says so.
    Plain,
    /// As packed septets in hex (Huawei); UCS-2 in hex where the coding says so.
    Packed,
    /// As UCS-2 in hex always (`AT+CSCS="UCS2"`).
    Ucs2,
    /// It is not known: sent as letters, and guessed when received.
    Unknown,
}

/// Septets of a USSD string at most: 160 octets.
pub const SEPTETS_MAX: usize = 182;

/// UCS-2 units at most.
pub const UNITS_MAX: usize = 80;

/// The coding of a text in the GSM alphabet, of no language (3GPP TS 23.038 section 5).
pub const GSM7: u8 = 0x0f;

/// The coding of a text in UCS-2.
pub const UCS2: u8 = 0x48;

/// What goes between the quotes of `AT+CUSD=1,"…",dcs`, and the coding: never a quote, a line end or another control
/// character. Letters of ASCII that have the same code in the GSM alphabet go as they are in the plain form; all else
/// that is not packed goes as UCS-2. [`UssdEnd::Unsendable`] where it is empty or too long.
pub fn encode(text: &str, form: Form) -> Result<(String, u8), UssdEnd> {
    if text.is_empty() {
        return Err(UssdEnd::Unsendable("nothing to say"));
    }
    let septets = gsm7::encode(text).filter(|septets| septets.len() <= SEPTETS_MAX);
    let is_plain =
        |c: char| matches!(c, ' '..='~') && c != '"' && gsm7::encode(c.encode_utf8(&mut [0; 4])) == Some(vec![c as u8]);
    match (form, septets) {
        (Form::Packed, Some(septets)) => return Ok((hex::encode(&gsm7::pack_ussd(&septets)), GSM7)),
        (Form::Plain | Form::Unknown, Some(_)) if text.chars().all(is_plain) => return Ok((text.to_owned(), GSM7)),
        _ => {}
    }
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let coding = if form == Form::Ucs2 && gsm7::encode(text).is_some() {
        GSM7
    } else {
        UCS2
    };
    match units.len() <= 2 * UNITS_MAX {
        true => Ok((hex::encode(&units), coding)),
        false => Err(UssdEnd::Unsendable("too long")),
    }
}

/// The text of a `+CUSD`: what stood between the quotes, and the coding where one was given.
pub fn decode(written: &[u8], coding: Option<u8>, form: Form) -> String {
    let coding = coding.map_or(Letters::Gsm7, Letters::of);
    let octets = hex::decode(written).filter(|octets| !octets.is_empty());
    let read = match (coding, octets) {
        (_, None) => None,
        // Some write letters and say UCS-2: digits in odd numbers are no hex of units.
        (Letters::Ucs2, Some(octets)) if octets.len().is_multiple_of(2) => Some(utf16(&octets)),
        // Two septets of language stand before it, packed in two octets (section 5, coding 0x11).
        (Letters::Ucs2WithLanguage, Some(octets)) if octets.len().is_multiple_of(2) => Some(without_language(&octets)),
        (Letters::Data, Some(octets)) => Some(String::from_utf8_lossy(&octets).into_owned()),
        (_, Some(octets)) => match form {
            Form::Packed => Some(gsm7::decode(&gsm7::unpack_ussd(&octets))),
            Form::Ucs2 => likely_utf16(&octets, 1).or_else(|| (octets.len().is_multiple_of(2)).then(|| utf16(&octets))),
            Form::Plain => likely_utf16(&octets, 2),
            Form::Unknown => likely_utf16(&octets, 2).or_else(|| likely_packed(&octets)),
        },
    };
    read.unwrap_or_else(|| letters(written))
}

/// What a coding of USSD says of the letters (3GPP TS 23.038 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Letters {
    Gsm7,
    Ucs2,
    Ucs2WithLanguage,
    Data,
}

impl Letters {
    fn of(coding: u8) -> Letters {
        match (coding >> 4, coding >> 2 & 0b11) {
            (0x1, _) if coding == 0x11 => Letters::Ucs2WithLanguage,
            (0x4..=0x7 | 0x9, 0b10) => Letters::Ucs2,
            (0x4..=0x7 | 0x9, 0b01) => Letters::Data,
            (0xf, bits) if bits & 1 != 0 => Letters::Data,
            _ => Letters::Gsm7,
        }
    }
}

fn utf16(octets: &[u8]) -> String {
    let units: Vec<u16> = octets
        .chunks_exact(2)
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
        .collect();
    String::from_utf16_lossy(&units)
}

/// UCS-2 behind two letters of a language. They fill two octets where they are there at all: some modems strip them.
fn without_language(octets: &[u8]) -> String {
    let language = gsm7::decode(&gsm7::unpack(octets, 0, 2));
    match octets.len() > 2 && language.chars().all(|c| c.is_ascii_lowercase()) && octets[0] != 0 {
        true => utf16(&octets[2..]),
        false => utf16(octets),
    }
}

/// Reads octets as UCS-2 where that is likely: at least so many units, none odd, and most of them of one Latin page.
fn likely_utf16(octets: &[u8], least: usize) -> Option<String> {
    if !octets.len().is_multiple_of(2) || octets.len() < 2 * least {
        return None;
    }
    let text = utf16(octets);
    let is_latin = |c: char| matches!(c, '\n' | '\r' | ' '..='~' | '\u{a0}'..='\u{24f}');
    let latin = text.chars().filter(|c| is_latin(*c)).count();
    let is_readable = text
        .chars()
        .all(|c| c != '\u{fffd}' && (is_latin(c) || !c.is_control()));
    (is_readable && 2 * latin > text.chars().count()).then_some(text)
}

/// Reads octets as packed septets where that gives what a network would say: three signs or more, all printable, with a
/// letter or a space among them.
fn likely_packed(octets: &[u8]) -> Option<String> {
    let text = gsm7::decode(&gsm7::unpack_ussd(octets));
    let is_readable = text.chars().all(|c| matches!(c, '\n' | '\r' | ' '..='~'));
    let has_words = text.chars().any(|c| c.is_ascii_alphabetic() || c == ' ');
    (text.len() >= 3 && is_readable && has_words).then_some(text)
}

/// Letters as they came. A control character that only the GSM alphabet has a letter for shows that they are its codes;
/// otherwise they are ASCII or UTF-8, which modems write in truth whatever their alphabet is called.
fn letters(written: &[u8]) -> String {
    let is_gsm_only = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\r' | b'\n' | b'\t');
    match written.iter().any(is_gsm_only) && written.is_ascii() {
        true => gsm7::decode(written),
        false => String::from_utf8_lossy(written).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_is_said_as_each_form_has_it() {
        let said = |text, form| encode(text, form).expect("sendable");
        assert_eq!(said("*101#", Form::Plain), ("*101#".into(), 15));
        assert_eq!(said("*101#", Form::Unknown), ("*101#".into(), 15));
        assert_eq!(said("*101#", Form::Packed), ("AA182C3602".into(), 15));
        assert_eq!(said("*1#", Form::Ucs2), ("002A00310023".into(), 15));
        // A quote, a letter that the alphabet has elsewhere, and one that it lacks never go as they are.
        for (text, hex) in [
            ("a\"b", "006100220062"),
            ("a@b", "006100400062"),
            ("a\rb", "0061000D0062"),
            ("ê", "00EA"),
        ] {
            assert_eq!(said(text, Form::Plain), (hex.into(), 0x48), "{text:?}");
        }
        assert_eq!(said("ê", Form::Packed), ("00EA".into(), 0x48));
    }

    #[test]
    fn what_is_too_long_is_not_said() {
        let too_long = Err(UssdEnd::Unsendable("too long"));
        assert!(encode(&"a".repeat(182), Form::Plain).is_ok());
        assert_eq!(encode(&"a".repeat(183), Form::Plain), too_long);
        assert_eq!(encode(&"a".repeat(183), Form::Packed), too_long);
        assert!(encode(&"ê".repeat(80), Form::Plain).is_ok());
        assert_eq!(encode(&"ê".repeat(81), Form::Plain), too_long);
        assert_eq!(encode("", Form::Plain), Err(UssdEnd::Unsendable("nothing to say")));
    }

    #[test]
    fn an_answer_is_read_by_form_then_coding_then_guess() {
        for (written, coding, form, expected) in [
            ("Bal: Ksh 25.00", Some(15), Form::Plain, "Bal: Ksh 25.00"),
            ("Bal: Ksh 25.00", None, Form::Packed, "Bal: Ksh 25.00"),
            // "1234" is a balance in the plain form, also where it looks like hex.
            ("1234", Some(15), Form::Plain, "1234"),
            ("1234", Some(15), Form::Unknown, "1234"),
            ("25002500", Some(15), Form::Plain, "25002500"),
            // E3276 and others: UCS-2 in hex, coding 72. Lower case too.
            ("00420061006C", Some(72), Form::Plain, "Bal"),
            ("00420061006c", Some(72), Form::Packed, "Bal"),
            // Quectel M35: UCS-2 in hex with coding 15.
            ("00420061006C", Some(15), Form::Plain, "Bal"),
            ("00420061006C", Some(15), Form::Unknown, "Bal"),
            ("12301208", Some(15), Form::Ucs2, "ሰለ"),
            // HE910: coding 17, language before it or stripped.
            ("00420061", Some(17), Form::Plain, "Ba"),
            // Huawei: packed septets in hex; the guess finds them as well.
            ("AA182C3602", Some(15), Form::Packed, "*101#"),
            ("E8329BFD4697D9EC37", None, Form::Unknown, "hellohello"),
            // 8-bit data.
            ("4F4B", Some(0x44), Form::Plain, "OK"),
            ("", Some(15), Form::Packed, ""),
            ("", None, Form::Unknown, ""),
        ] {
            assert_eq!(
                decode(written.as_bytes(), coding, form),
                expected,
                "{written} {coding:?} {form:?}"
            );
        }
        // By hand: "sw" packed is 73 | (77 << 7): F3 3B.
        assert_eq!(decode(b"F33B00420061", Some(0x11), Form::Plain), "Ba");
    }

    #[test]
    fn letters_with_codes_of_the_gsm_alphabet_are_read_by_it() {
        assert_eq!(decode(b"a\x00b\x02c\x11", Some(15), Form::Plain), "a@b$c_");
        assert_eq!(decode(b"Hi\r\n\"x\" @ $", Some(15), Form::Plain), "Hi\r\n\"x\" @ $");
        assert_eq!(decode("Crédit".as_bytes(), Some(15), Form::Plain), "Crédit");
    }

    proptest! {
        #[test]
        fn what_is_said_is_heard(text in "[ -~é€\n]{1,80}", form in prop::sample::select(vec![Form::Plain, Form::Packed, Form::Ucs2])) {
            let (written, coding) = encode(&text, form).expect("short");
            let is_guarded = !written.contains(|c: char| c == '"' || c.is_control());
            prop_assert!(is_guarded);
            // Plain letters that look like hex of Latin UCS-2 (such as `00410042`) cannot be told from it.
            prop_assume!(form != Form::Plain || coding != GSM7 || hex::decode(text.as_bytes()).is_none());
            let heard = decode(written.as_bytes(), Some(coding), form);
            prop_assert!(heard == text || heard == format!("{text}\r"), "{heard:?}");
        }

        #[test]
        fn anything_is_heard(written in prop::collection::vec(any::<u8>(), 0..300), coding in any::<Option<u8>>()) {
            for form in [Form::Plain, Form::Packed, Form::Ucs2, Form::Unknown] {
                decode(&written, coding, form);
                decode(hex::encode(&written).as_bytes(), coding, form);
            }
        }
    }
}
