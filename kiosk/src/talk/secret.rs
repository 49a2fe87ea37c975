//! What people write and nobody may keep: PINs and one-time codes.

use crate::otp::CODE_DIGITS;

/// Digits of a PIN.
const PIN_DIGITS: usize = 4;

/// A text as it may be kept: four digits that stand alone may be a PIN, and six a one-time code.
pub fn without_secrets(text: &str) -> String {
    starred(text, |digits| matches!(digits, PIN_DIGITS | CODE_DIGITS))
}

/// A text without what may be a PIN.
pub fn without_pins(text: &str) -> String {
    starred(text, |digits| digits == PIN_DIGITS)
}

/// A text with stars for numbers of as many digits as are secret, also where blanks, dots or dashes part their digits.
fn starred(text: &str, is_secret: impl Fn(usize) -> bool) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut shown = letters.clone();
    let mut start = 0;
    while start < letters.len() {
        if !letters[start].is_numeric() {
            start += 1;
            continue;
        }
        let end = end_of_number(&letters, start);
        let number = &letters[start..end];
        let count = |part: &[char]| part.iter().filter(|letter| letter.is_numeric()).count();
        // All of it may be one, and so may a part.
        let all = is_secret(count(number));
        let parts = number.split(|letter| !letter.is_numeric());
        let mut place = start;
        for part in parts {
            if all || is_secret(part.len()) {
                shown[place..place + part.len()].fill('*');
            }
            place += part.len() + 1;
        }
        start = end;
    }
    shown.into_iter().collect()
}

/// Where digits end that single blanks, dots or dashes part.
fn end_of_number(letters: &[char], start: usize) -> usize {
    let mut end = start;
    loop {
        while letters.get(end).is_some_and(|letter| letter.is_numeric()) {
            end += 1;
        }
        let is_parted = letters.get(end).is_some_and(|letter| matches!(letter, ' ' | '.' | '-'));
        if !is_parted || !letters.get(end + 1).is_some_and(|letter| letter.is_numeric()) {
            return end;
        }
        end += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_pin_or_a_code_is_not_kept() {
        for (text, shown) in [
            ("BALANCE 4071", "BALANCE ****"),
            ("4071", "****"),
            ("pin:4071,thanks", "pin:****,thanks"),
            ("APPROVE 123456", "APPROVE ******"),
            ("pin4071x 1234 9999", "pin****x **** ****"),
            ("PIN 40 71", "PIN ** **"),
            ("4-0-7-1", "*-*-*-*"),
            ("APPROVE 123 456.", "APPROVE *** ***."),
            ("0722000001", "0722000001"),
            ("LOAN 500 0700000102 60000", "LOAN 500 0700000102 60000"),
            ("\u{664}\u{660}\u{667}\u{661}", "****"),
            ("caf\u{e9} 12345", "caf\u{e9} 12345"),
            ("", ""),
        ] {
            assert_eq!(without_secrets(text), shown);
        }
    }
}
