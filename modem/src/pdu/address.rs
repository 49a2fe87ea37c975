//! Numbers and names (3GPP TS 23.040 section 9.1.2.5).

use std::fmt;

use super::{PduError, octets::Octets};
use crate::gsm7;

/// Semi-octets in an address at most: ten octets of value.
const SEMI_OCTETS_MAX: usize = 20;

/// Type of number in bits 4 to 6 of the type-of-address octet: international, and alphanumeric.
const INTERNATIONAL: u8 = 0b001;
const ALPHANUMERIC: u8 = 0b101;

/// The digits of a semi-octet; the sixteenth fills the last octet of an odd number.
const DIGITS: [char; 15] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'a', 'b', 'c',
];

/// Who a message is from, or for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// A number with country code, here without its plus.
    International(String),
    /// Any other number: national, of the network, or a short code.
    Digits(String),
    /// A name in the GSM alphabet, of at most eleven septets.
    Name(String),
}

impl fmt::Display for Address {
    /// As a person writes it: `+254700000101`, `22384`, `SAFARICOM`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::International(digits) => write!(f, "+{digits}"),
            Address::Digits(text) | Address::Name(text) => f.write_str(text),
        }
    }
}

impl Address {
    /// The number that a person wrote: digits (also `*`, `#`, `a` to `c`), 1 to 20 of them, with a plus where it is
    /// international. Anything else is [`PduError::Address`]; names are senders only, see [`Address::name`].
    pub fn number(text: &str) -> Result<Address, PduError> {
        let (is_international, digits) = match text.strip_prefix('+') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let is_number =
            !digits.is_empty() && digits.len() <= SEMI_OCTETS_MAX && digits.chars().all(|c| DIGITS.contains(&c));
        match (is_number, is_international) {
            (false, _) => Err(PduError::Address(text.to_owned())),
            (true, true) => Ok(Address::International(digits.to_owned())),
            (true, false) => Ok(Address::Digits(digits.to_owned())),
        }
    }

    /// A sender's name: at most eleven septets of the GSM alphabet, else [`PduError::Address`].
    pub fn name(text: &str) -> Result<Address, PduError> {
        match gsm7::encode(text) {
            Some(septets) if septets.len() <= 11 => Ok(Address::Name(text.to_owned())),
            _ => Err(PduError::Address(text.to_owned())),
        }
    }

    /// Writes length in semi-octets, type of address, and value.
    pub(super) fn encode(&self, to: &mut Vec<u8>) -> Result<(), PduError> {
        let bad = || PduError::Address(self.to_string());
        let (kind, digits) = match self {
            Address::International(digits) => (0x91, digits),
            Address::Digits(digits) => (0x81, digits),
            Address::Name(name) => {
                let septets = gsm7::encode(name)
                    .filter(|septets| septets.len() <= 11)
                    .ok_or_else(bad)?;
                // The length counts useful semi-octets: 7 bits a character, rounded up to halves of an octet.
                to.extend([(7 * septets.len()).div_ceil(4) as u8, 0xd0]);
                to.extend(gsm7::pack(&septets, 0));
                return Ok(());
            }
        };
        let swapped = swapped(digits)
            .filter(|_| digits.len() <= SEMI_OCTETS_MAX)
            .ok_or_else(bad)?;
        to.extend([digits.len() as u8, kind]);
        to.extend(swapped);
        Ok(())
    }

    pub(super) fn decode(from: &mut Octets<'_>) -> Result<Address, PduError> {
        let semi_octets = usize::from(from.one("address")?);
        let kind = from.one("address")?;
        let value = from.many(semi_octets.div_ceil(2), "address")?;
        if semi_octets > SEMI_OCTETS_MAX {
            return Err(PduError::Address(crate::hex::encode(value)));
        }
        Ok(match kind >> 4 & 0b111 {
            // Seven characters fill 49 of 52 bits: counting by octets would read the rest as a trailing `@`.
            ALPHANUMERIC => Address::Name(gsm7::decode(&gsm7::unpack(value, 0, semi_octets * 4 / 7))),
            INTERNATIONAL => Address::International(digits(value, semi_octets)),
            _ => Address::Digits(digits(value, semi_octets)),
        })
    }
}

/// The service centre in front of a message (3GPP TS 27.005 section 3.1). Its length counts octets, not digits.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Centre {
    /// The one that the SIM knows (`AT+CSCA`).
    #[default]
    OfSim,
    /// This number; a name is never one.
    Number(Address),
}

impl Centre {
    pub(super) fn encode(&self, to: &mut Vec<u8>) -> Result<(), PduError> {
        let Centre::Number(number) = self else {
            to.push(0);
            return Ok(());
        };
        let mut address = Vec::new();
        number.encode(&mut address)?;
        if matches!(number, Address::Name(_)) {
            return Err(PduError::Address(number.to_string()));
        }
        address[0] = address.len() as u8 - 1;
        to.extend(address);
        Ok(())
    }

    pub(super) fn decode(from: &mut Octets<'_>) -> Result<Centre, PduError> {
        let count = usize::from(from.one("service centre")?);
        let Some((kind, value)) = from.many(count, "service centre")?.split_first() else {
            return Ok(Centre::OfSim);
        };
        let digits = digits(value, 2 * value.len());
        Ok(Centre::Number(match kind >> 4 & 0b111 {
            INTERNATIONAL => Address::International(digits),
            _ => Address::Digits(digits),
        }))
    }
}

/// Two digits an octet, the first in its lower half; `None` when one is no digit.
fn swapped(digits: &str) -> Option<Vec<u8>> {
    let codes: Option<Vec<u8>> = digits
        .chars()
        .map(|c| DIGITS.iter().position(|digit| *digit == c).map(|code| code as u8))
        .collect();
    Some(
        codes?
            .chunks(2)
            .map(|pair| pair.get(1).unwrap_or(&0xf) << 4 | pair[0])
            .collect(),
    )
}

/// The digits of swapped semi-octets, up to the first that fills.
fn digits(octets: &[u8], count: usize) -> String {
    let halves = octets.iter().flat_map(|octet| [octet & 0xf, octet >> 4]);
    halves
        .take(count)
        .map_while(|half| DIGITS.get(usize::from(half)))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn octets(address: &Address) -> Vec<u8> {
        let mut octets = Vec::new();
        address.encode(&mut octets).expect("a good address");
        octets
    }

    #[test]
    fn numbers_are_swapped_and_counted_in_digits() {
        let kenyan = Address::number("+254700000101").expect("a number");
        assert_eq!(octets(&kenyan), [12, 0x91, 0x52, 0x74, 0x00, 0x00, 0x10, 0x10]);
        // An odd count: the last upper half is filled.
        assert_eq!(octets(&Address::Digits("22384".into())), [5, 0x81, 0x22, 0x83, 0xf4]);
        assert_eq!(octets(&Address::Digits("*144#".into())), [5, 0x81, 0x1a, 0x44, 0xfb]);
        for bad in ["", "+", "++1", "12x", "0700 000", "123456789012345678901"] {
            assert_eq!(Address::number(bad), Err(PduError::Address(bad.into())));
        }
    }

    #[test]
    fn a_name_has_no_trailing_at() {
        // Seven characters: 49 bits, so 13 semi-octets, in 7 octets that would hold eight.
        let name = Address::name("KISIMAX").expect("a name");
        let written = octets(&name);
        assert_eq!((written[0], written[1], written.len()), (13, 0xd0, 9));
        assert_eq!(Address::decode(&mut Octets(&written)), Ok(name));
        // Eleven characters, the most: 77 bits are 20 semi-octets.
        assert_eq!(octets(&Address::Name("SAFARICOM12".into()))[0], 20);
        assert!(Address::name("TWELVE-CHARS").is_err());
    }

    #[test]
    fn a_number_of_another_plan_keeps_its_digits() {
        // National (A1), of the network (B1), unknown in a private plan (89).
        for kind in [0xa1, 0xb1, 0x89] {
            let octets = [9, kind, 0x07, 0x00, 0x00, 0x10, 0xf1];
            assert_eq!(
                Address::decode(&mut Octets(&octets)),
                Ok(Address::Digits("700000011".into()))
            );
        }
    }

    #[test]
    fn what_fills_an_odd_number_is_no_digit_whatever_it_is() {
        let octets = [5, 0x81, 0x22, 0x83, 0x04];
        assert_eq!(
            Address::decode(&mut Octets(&octets)),
            Ok(Address::Digits("22384".into()))
        );
    }

    #[test]
    fn a_service_centre_is_counted_in_octets() {
        let mut octets = Vec::new();
        let centre = Centre::Number(Address::number("+254722500029").expect("a number"));
        centre.encode(&mut octets).expect("a number");
        assert_eq!(octets, [7, 0x91, 0x52, 0x74, 0x22, 0x05, 0x00, 0x92]);
        assert_eq!(Centre::decode(&mut Octets(&octets)), Ok(centre));
        assert_eq!(Centre::decode(&mut Octets(&[0])), Ok(Centre::OfSim));
        assert!(Centre::decode(&mut Octets(&[7, 0x91, 0x52])).is_err());
        let name = Centre::Number(Address::Name("SMSC".into()));
        assert!(name.encode(&mut Vec::new()).is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(number in "[+]?[0-9*#a-c]{1,20}", name in "[A-Za-z0-9@€ ]{0,5}") {
            for address in [Address::number(&number).expect("a number"), Address::Name(name)] {
                prop_assert_eq!(Address::decode(&mut Octets(&octets(&address))), Ok(address));
            }
        }
    }
}
