//! Payers as providers write them.

use kiosk::{
    payment::Msisdn,
    phone::{Country, Phone},
};

/// Whether a phone is one of this country's: no provider asks another's, and to send it would look like a fault of ours.
pub fn is_of(country: Country, payer: Msisdn) -> bool {
    let phone = Phone::parse(&payer.0.to_string(), country);
    phone.is_ok_and(|phone| phone.country() == country)
}

/// The payer that a text names, by the rules for phones: `254700000102`, `+254700000102` and `0700000102` are one. `None`
/// for what names nobody for certain (masked, an e-mail address, another form): that contradicts nothing.
pub fn read(text: &str, home: Country) -> Option<Msisdn> {
    let phone = Phone::parse(text, home).ok()?;
    phone.msisdn().parse().ok().map(Msisdn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_phone_names_the_same_payer() {
        for text in [
            "254700000102",
            "+254700000102",
            "0700000102",
            "0700 000 102",
            "00254700000102",
        ] {
            assert_eq!(read(text, Country::Kenya), Some(Msisdn(254_700_000_102)), "{text}");
        }
        assert_eq!(read("0772123456", Country::Uganda), Some(Msisdn(256_772_123_456)));
        for text in [
            "",
            "700000102",
            "2547****0102",
            "jane@example.com",
            "46733123450",
            "8b5a6f0c9d5c",
        ] {
            assert_eq!(read(text, Country::Kenya), None, "{text}");
        }
    }

    #[test]
    fn a_phone_belongs_to_one_country() {
        assert!(is_of(Country::Kenya, Msisdn(254_700_000_102)));
        assert!(is_of(Country::Uganda, Msisdn(256_772_123_456)));
        for payer in [256_772_123_456, 700_000_102, 25_470_000_010, 46_733_123_450] {
            assert!(!is_of(Country::Kenya, Msisdn(payer)), "{payer}");
        }
    }
}
