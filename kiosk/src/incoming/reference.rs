//! What people type as the account when they pay to a paybill.

use crate::{
    ids::AccountId,
    phone::{Country, Phone},
    subscription::MonthlyCode,
};

/// What a reference says, never what it may have meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenAs {
    /// An account id, `AQP123456` or its six digits.
    Account(AccountId),
    /// A mobile number.
    Phone(Phone),
    /// A monthly code with a right check digit. It is unique within a site, so it may belong to several customers.
    Code(MonthlyCode),
}

/// A reference as it was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// Nothing was typed.
    Empty,
    /// It has the form of something that names a customer; whether it does is for the books to say.
    Seen(SeenAs),
    /// It has no form that names a customer.
    Unreadable,
}

impl Reference {
    /// Reads a reference: case, spaces, `-`, `.`, `/`, `(` and `)` do not count; a phone without a country code is one
    /// of `home`. No letter is taken for a digit, no digit is added or left out. The forms cannot be mistaken for one
    /// another: six digits, seven with a check digit, ten and more.
    pub fn read(text: &str, home: Country) -> Reference {
        let typed = bare(text);
        if typed.is_empty() {
            return Reference::Empty;
        }
        let account = || typed.parse().map(SeenAs::Account);
        let code = || typed.parse().map(SeenAs::Code);
        let phone = || Phone::parse(&typed, home).map(SeenAs::Phone);
        let seen = account().or_else(|_| code()).or_else(|_| phone());
        seen.map_or(Reference::Unreadable, Reference::Seen)
    }
}

/// A reference without what does not count in it: case and punctuation.
pub(super) fn bare(text: &str) -> String {
    let counts = |c: &char| !c.is_whitespace() && !matches!(c, '-' | '.' | '/' | '(' | ')');
    text.chars().filter(counts).map(|c| c.to_ascii_uppercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_read_as_it_stands() {
        let account = Reference::Seen(SeenAs::Account(AccountId::new(123_456).unwrap()));
        let phone = Phone::parse("0700000102", Country::Kenya).unwrap();
        let kenyan = Reference::Seen(SeenAs::Phone(phone));
        // 000572 has the Damm digit 4, as 572 has.
        let code = Reference::Seen(SeenAs::Code("000-5724".parse().unwrap()));
        for (text, reference) in [
            ("AQP123456", account),
            ("aqp123456", account),
            (" aqp 123 456 ", account),
            ("Aqp-123456", account),
            ("123456", account),
            ("0700000102", kenyan),
            ("0700 000 102", kenyan),
            ("254700000102", kenyan),
            ("+254-700-000102", kenyan),
            ("00254700000102", kenyan),
            ("0005724", code),
            ("000-5724", code),
            ("", Reference::Empty),
            ("  ", Reference::Empty),
            ("-", Reference::Empty),
            // A slip is not mended: a letter O, a digit more or less, a wrong check digit, a name, a foreign phone.
            ("AQP12345O", Reference::Unreadable),
            ("AQP1234567", Reference::Unreadable),
            ("AQP12345", Reference::Unreadable),
            ("12345", Reference::Unreadable),
            ("0005725", Reference::Unreadable),
            ("700000102", Reference::Unreadable),
            ("070000010", Reference::Unreadable),
            ("070000010２", Reference::Unreadable),
            ("water", Reference::Unreadable),
            ("AQP", Reference::Unreadable),
            ("+4915112345678", Reference::Unreadable),
        ] {
            assert_eq!(Reference::read(text, Country::Kenya), reference, "{text:?}");
        }
    }

    #[test]
    fn a_short_phone_belongs_to_the_country_of_the_site() {
        let read = |home| Reference::read("0780000102", home);
        let ugandan = Phone::parse("+256780000102", Country::Kenya).unwrap();
        assert_eq!(read(Country::Uganda), Reference::Seen(SeenAs::Phone(ugandan)));
        assert_ne!(read(Country::Kenya), read(Country::Uganda));
    }
}
