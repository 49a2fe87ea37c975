//! Expected values come from libphonenumber's metadata and FEATURES C15, C36, D45.

use super::*;
use proptest::prelude::*;

fn kenyan(text: &str) -> Result<Phone, PhoneError> {
    Phone::parse(text, Country::Kenya)
}

#[test]
fn every_way_of_writing_a_number_is_the_same_number() {
    for text in [
        "+254701234567",
        "254701234567",
        "0701234567",
        "00254701234567",
        "+254 701 234 567",
        "(0701) 234-567",
        "+254-(701)-234567",
    ] {
        assert_eq!(kenyan(text).map(Phone::e164), Ok("+254701234567".to_owned()), "{text}");
    }
    let ugandan = Phone::parse("0772 123 456", Country::Uganda).unwrap();
    assert_eq!(ugandan.e164(), "+256772123456");
    assert_eq!(Phone::parse("+256772123456", Country::Kenya), Ok(ugandan));
}

#[test]
fn what_is_no_mobile_number_says_why() {
    for (text, error) in [
        ("", PhoneError::Length),
        ("+", PhoneError::Length),
        ("0", PhoneError::Length),
        ("070123456", PhoneError::Length),
        ("07012345678", PhoneError::Length),
        ("+25470123456", PhoneError::Length),
        ("701234567", PhoneError::Length),
        ("123456", PhoneError::Length),
        ("+0701234567", PhoneError::Country),
        ("+447911123456", PhoneError::Country),
        ("0044 7911 123456", PhoneError::Country),
        ("07O1234567", PhoneError::Characters),
        ("AQP123456", PhoneError::Characters),
        ("07+01234567", PhoneError::Characters),
        ("0701.234.567", PhoneError::Characters),
        ("٠٧٠١٢٣٤٥٦٧", PhoneError::Characters),
        ("0201234567", PhoneError::NotMobile),
        ("+256312345678", PhoneError::NotMobile),
        ("+250612345678", PhoneError::NotMobile),
    ] {
        assert_eq!(kenyan(text), Err(error), "{text}");
    }
}

#[test]
fn the_first_digit_is_checked_hard_for_each_country() {
    for (country, starts) in [
        (Country::Kenya, "17"),
        (Country::Uganda, "7"),
        (Country::Tanzania, "67"),
        (Country::Rwanda, "7"),
    ] {
        for first in '0'..='9' {
            let phone = Phone::from_national(country, &format!("{first}12345678"));
            assert_eq!(phone.is_ok(), starts.contains(first), "{country:?} {first}");
        }
    }
}

#[test]
fn each_edge_gets_its_form_and_a_log_gets_none() {
    let phone = kenyan("0700000102").unwrap();
    assert_eq!(phone.e164(), "+254700000102");
    assert_eq!(phone.msisdn(), "254700000102");
    assert_eq!(phone.national_digits(), "700000102");
    assert_eq!(phone.local(), "0700000102");
    for shown in [phone.masked(), phone.to_string(), format!("{phone:?}")] {
        assert!(shown.contains("+254******102"), "{shown}");
        assert!(!shown.contains("7000"), "{shown}");
    }
}

#[test]
fn the_longest_prefix_tells_the_network() {
    use Network::*;
    let prefixes = Prefixes::built_in();
    for (number, network, provider) in [
        ("+254757000000", Some(Safaricom), Some(Provider::Mpesa)),
        ("+254756000000", Some(Airtel), Some(Provider::Airtel)),
        ("+254768000000", Some(Safaricom), Some(Provider::Mpesa)),
        ("+254761000000", Some(Telkom), None),
        ("+254762000000", Some(Airtel), Some(Provider::Airtel)),
        ("+254747000000", Some(Other), None),
        ("+254740000000", Some(Safaricom), Some(Provider::Mpesa)),
        ("+254118000000", Some(Safaricom), Some(Provider::Mpesa)),
        ("+254140000000", Some(Safaricom), Some(Provider::Mpesa)),
        ("+254180123456", Some(Safaricom), Some(Provider::Mpesa)),
        ("+254135000000", Some(Airtel), Some(Provider::Airtel)),
        ("+254130000000", Some(Other), None),
        ("+254190000000", None, None),
        ("+256724000000", Some(Mtn), Some(Provider::Mtn)),
        ("+256723000000", Some(Other), None),
        ("+256731000000", Some(Airtel), Some(Provider::Airtel)),
        ("+256737000000", Some(Mtn), Some(Provider::Mtn)),
        ("+256799000000", Some(Other), None),
        ("+255754000000", Some(Vodacom), None),
        ("+255620000000", Some(Halotel), None),
        ("+255780000000", Some(Airtel), Some(Provider::Airtel)),
        ("+250788000000", Some(Mtn), Some(Provider::Mtn)),
        ("+250730000000", Some(Airtel), Some(Provider::Airtel)),
        ("+250700000000", None, None),
    ] {
        let found = prefixes.network(kenyan(number).unwrap());
        assert_eq!(found, network, "{number}");
        assert_eq!(found.and_then(Network::provider), provider, "{number}");
    }
}

#[test]
fn a_new_range_is_a_line_of_configuration() {
    let phone = kenyan("+254190000000").unwrap();
    let mut prefixes = Prefixes::built_in();
    prefixes.set(Country::Kenya, "19", Network::Airtel);
    prefixes.set(Country::Kenya, "19", Network::Telkom);
    assert_eq!(prefixes.network(phone), Some(Network::Telkom));
    for network in Network::ALL {
        assert_eq!(Network::from_name(network.name()), Some(network));
    }
}

proptest! {
    #[test]
    fn any_text_is_a_number_or_an_error(text in ".{0,24}", home in prop::sample::select(&Country::ALL)) {
        if let Ok(phone) = Phone::parse(&text, home) {
            prop_assert_eq!(phone.e164().len(), 13);
            prop_assert_eq!(Phone::parse(&phone.e164(), Country::Rwanda), Ok(phone));
            prop_assert_eq!(Phone::parse(&phone.local(), phone.country()), Ok(phone));
        }
    }

    #[test]
    fn numbers_read_back_from_each_of_their_forms(national in 700_000_000..800_000_000_u32) {
        for country in Country::ALL {
            let phone = Phone::from_national(country, &national.to_string()).expect("7 is mobile everywhere");
            for text in [phone.e164(), phone.msisdn(), format!("00{}", phone.msisdn())] {
                prop_assert_eq!(Phone::parse(&text, Country::Kenya), Ok(phone));
            }
        }
    }
}
