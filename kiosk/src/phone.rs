//! Mobile numbers of the four countries served, and the network behind each.
//!
//! The shape of a number (country code, nine digits, first digit) is checked hard; its range only tells the network, for
//! new ranges open every year and numbers are ported. Source of every table here: Google's libphonenumber metadata
//! 9.0.43 (August 2026), by way of its Python port.

use crate::{provider::Provider, units::Currency};
use std::fmt;

/// Digits of a mobile number after the country code, in all four countries.
const NATIONAL_DIGITS: usize = 9;

/// A country served (FEATURES X14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Country {
    /// Kenya, the default.
    Kenya,
    /// Uganda.
    Uganda,
    /// Tanzania.
    Tanzania,
    /// Rwanda.
    Rwanda,
}

impl Country {
    /// All of them, in a fixed order.
    pub const ALL: [Country; 4] = [Country::Kenya, Country::Uganda, Country::Tanzania, Country::Rwanda];

    /// The ISO 3166-1 code of two letters.
    pub const fn code(self) -> &'static str {
        match self {
            Country::Kenya => "KE",
            Country::Uganda => "UG",
            Country::Tanzania => "TZ",
            Country::Rwanda => "RW",
        }
    }

    /// Reads that code, upper case.
    pub fn from_code(code: &str) -> Option<Country> {
        Country::ALL.into_iter().find(|country| country.code() == code)
    }

    /// The calling code, without a plus.
    pub const fn calling_code(self) -> &'static str {
        match self {
            Country::Kenya => "254",
            Country::Uganda => "256",
            Country::Tanzania => "255",
            Country::Rwanda => "250",
        }
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        match self {
            Country::Kenya => Currency::Kes,
            Country::Uganda => Currency::Ugx,
            Country::Tanzania => Currency::Tzs,
            Country::Rwanda => Currency::Rwf,
        }
    }

    /// The time zone's name in the IANA database; each country has one.
    pub const fn time_zone(self) -> &'static str {
        match self {
            Country::Kenya => "Africa/Nairobi",
            Country::Uganda => "Africa/Kampala",
            Country::Tanzania => "Africa/Dar_es_Salaam",
            Country::Rwanda => "Africa/Kigali",
        }
    }

    /// The digits with which a mobile number begins, after the calling code.
    const fn mobile_starts(self) -> &'static [u8] {
        match self {
            Country::Kenya => b"17",
            Country::Tanzania => b"67",
            Country::Uganda | Country::Rwanda => b"7",
        }
    }
}

/// Why a text is not a mobile number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// Something other than digits, a leading plus, spaces, `-`, `(` and `)`.
    #[error("a phone number has digits, spaces, '-', '(' and ')' only")]
    Characters,
    /// None of the forms `+CC…`, `CC…`, `00CC…` and `0…` with nine digits after the country code.
    #[error("a phone number has nine digits after 0 or the country code")]
    Length,
    /// Of a country that is not served.
    #[error("this country's numbers are not served")]
    Country,
    /// Not a mobile number.
    #[error("only mobile numbers can be used")]
    NotMobile,
}

/// A mobile number. It prints masked, so that a log never tells it; the full forms are asked for by name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone {
    country: Country,
    national: u32,
}

impl Phone {
    /// Reads `+CC…`, `CC…`, `00CC…` or `0…`, the last as a number of `home`. Spaces, `-`, `(` and `)` do not count.
    pub fn parse(text: &str, home: Country) -> Result<Phone, PhoneError> {
        let written: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')')).collect();
        let (digits, international) = match written.strip_prefix('+') {
            Some(digits) => (digits, true),
            None => match written.strip_prefix("00") {
                Some(digits) => (digits, true),
                None => (written.as_str(), false),
            },
        };
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PhoneError::Characters);
        }
        if let Some(national) = digits.strip_prefix('0').filter(|_| !international) {
            return Phone::from_national(home, national);
        }
        let known = Country::ALL
            .into_iter()
            .find_map(|country| Some((country, digits.strip_prefix(country.calling_code())?)));
        match known {
            Some((country, national)) => Phone::from_national(country, national),
            // Without a plus a foreign number cannot be told from one with a digit too many or too few.
            None if international && digits.len() > NATIONAL_DIGITS => Err(PhoneError::Country),
            None => Err(PhoneError::Length),
        }
    }

    /// Reads the nine digits after the calling code, as Airtel writes them.
    pub fn from_national(country: Country, digits: &str) -> Result<Phone, PhoneError> {
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PhoneError::Characters);
        }
        if digits.len() != NATIONAL_DIGITS {
            return Err(PhoneError::Length);
        }
        if !country.mobile_starts().contains(&digits.as_bytes()[0]) {
            return Err(PhoneError::NotMobile);
        }
        let national = digits.parse().map_err(|_| PhoneError::Length)?;
        Ok(Phone { country, national })
    }

    /// Its country.
    pub const fn country(self) -> Country {
        self.country
    }

    /// E.164, `+254700000102`: how it is stored, and what Africa's Talking takes.
    pub fn e164(self) -> String {
        format!("+{}", self.msisdn())
    }

    /// Digits with the calling code, `254700000102`: what Daraja, IntaSend and MTN take.
    pub fn msisdn(self) -> String {
        format!("{}{}", self.country.calling_code(), self.national_digits())
    }

    /// The nine digits alone, `700000102`: what Airtel takes.
    pub fn national_digits(self) -> String {
        format!("{:09}", self.national)
    }

    /// As people at home write it, `0700000102`.
    pub fn local(self) -> String {
        format!("0{}", self.national_digits())
    }

    /// For logs and pages: `+254******102`.
    pub fn masked(self) -> String {
        format!("+{}******{:03}", self.country.calling_code(), self.national % 1_000)
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({})", self.masked())
    }
}

/// A mobile network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Network {
    /// Safaricom, Kenya.
    Safaricom,
    /// Airtel, in all four countries.
    Airtel,
    /// MTN, Uganda and Rwanda.
    Mtn,
    /// Telkom, Kenya.
    Telkom,
    /// Vodacom, Tanzania. Its M-PESA has an interface of its own, which is not Daraja.
    Vodacom,
    /// Yas, formerly Tigo, Tanzania.
    Yas,
    /// Halotel, Tanzania.
    Halotel,
    /// TTCL, Tanzania.
    Ttcl,
    /// A small network.
    Other,
}

impl Network {
    /// All of them, in a fixed order.
    pub const ALL: [Network; 9] = [
        Network::Safaricom,
        Network::Airtel,
        Network::Mtn,
        Network::Telkom,
        Network::Vodacom,
        Network::Yas,
        Network::Halotel,
        Network::Ttcl,
        Network::Other,
    ];

    /// The word in configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Network::Safaricom => "safaricom",
            Network::Airtel => "airtel",
            Network::Mtn => "mtn",
            Network::Telkom => "telkom",
            Network::Vodacom => "vodacom",
            Network::Yas => "yas",
            Network::Halotel => "halotel",
            Network::Ttcl => "ttcl",
            Network::Other => "other",
        }
    }

    /// Reads that word.
    pub fn from_name(name: &str) -> Option<Network> {
        Network::ALL.into_iter().find(|network| network.name() == name)
    }

    /// The provider that its customers pay with by default, if the hub speaks to it.
    pub const fn provider(self) -> Option<Provider> {
        match self {
            Network::Safaricom => Some(Provider::Mpesa),
            Network::Airtel => Some(Provider::Airtel),
            Network::Mtn => Some(Provider::Mtn),
            _ => None,
        }
    }
}

/// Which network a number most likely belongs to. It only chooses a default: the network's own code, where a carrier
/// tells it, and the customer's choice come first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefixes(Vec<(Country, String, Network)>);

/// The prefixes after the calling code, by network.
const PREFIXES: [(Country, Network, &str); 15] = [
    (
        Country::Kenya,
        Network::Safaricom,
        "11 14 18 70 71 72 74 757 758 759 768 769 79",
    ),
    (Country::Kenya, Network::Airtel, "10 135 136 137 138 139 73 75 76 78"),
    (Country::Kenya, Network::Telkom, "77 761 120"),
    (Country::Kenya, Network::Other, "747 744 121 124 130"),
    (Country::Uganda, Network::Mtn, "76 77 78 79 724 737"),
    (Country::Uganda, Network::Airtel, "70 74 75 730 731 732"),
    (Country::Uganda, Network::Other, "71 72 734 736 798 799"),
    (Country::Tanzania, Network::Airtel, "60 66 68 69 78"),
    (Country::Tanzania, Network::Vodacom, "72 74 75 76 79"),
    (Country::Tanzania, Network::Yas, "65 67 70 71 77"),
    (Country::Tanzania, Network::Halotel, "61 62 63"),
    (Country::Tanzania, Network::Ttcl, "73"),
    (Country::Rwanda, Network::Mtn, "78 79"),
    (Country::Rwanda, Network::Airtel, "72 73"),
    (Country::Rwanda, Network::Other, "77"),
];

impl Prefixes {
    /// The table as of August 2026.
    pub fn built_in() -> Prefixes {
        let rows = PREFIXES.iter().flat_map(|&(country, network, prefixes)| {
            let prefixes = prefixes.split(' ');
            prefixes.map(move |prefix| (country, prefix.to_owned(), network))
        });
        Prefixes(rows.collect())
    }

    /// Sets what one prefix stands for, as configuration does when a new range opens.
    pub fn set(&mut self, country: Country, prefix: &str, network: Network) {
        self.0.retain(|(at, known, _)| *at != country || known != prefix);
        self.0.push((country, prefix.to_owned(), network));
    }

    /// The network by the longest prefix; `None` for a range nobody has told us of, which is worth a warning and no more.
    pub fn network(&self, phone: Phone) -> Option<Network> {
        let digits = phone.national_digits();
        let fitting = self.0.iter();
        let fitting = fitting.filter(|(country, prefix, _)| *country == phone.country && digits.starts_with(prefix));
        fitting
            .max_by_key(|(_, prefix, _)| prefix.len())
            .map(|(_, _, network)| *network)
    }
}

impl Default for Prefixes {
    fn default() -> Prefixes {
        Prefixes::built_in()
    }
}

#[cfg(test)]
mod tests;
