//! The names of things. Each id is its own type, so that a hold can never be passed for a grant.

use std::{fmt, str::FromStr};

/// Why a text is not the id it was taken for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} must be {rule}")]
pub struct IdError {
    /// What it was meant to be.
    pub kind: &'static str,
    /// What such an id looks like.
    pub rule: &'static str,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $max:literal, $allowed:expr, $rule:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<$name, IdError> {
                let allowed: fn(char) -> bool = $allowed;
                if (1..=$max).contains(&text.len()) && text.chars().all(allowed) {
                    Ok($name(text.into()))
                } else {
                    Err(IdError { kind: $kind, rule: $rule })
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// A site's name, `[a-z0-9-]{1,32}` (CONTRACTS section 1).
    SiteName, "a site name", 32,
    |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-',
    "1 to 32 of a-z, 0-9 and '-'"
);
text_id!(
    /// A dispenser's id, `[a-z0-9-]{1,32}` (CONTRACTS section 3): its MQTT user name and topic prefix.
    DispenserId, "a dispenser id", 32,
    |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-',
    "1 to 32 of a-z, 0-9 and '-'"
);
text_id!(
    /// The id a dispenser gives one ask, `[A-Za-z0-9-]{1,36}` (CONTRACTS section 3); unique per dispenser.
    RequestId, "a request", 36,
    |c| c.is_ascii_alphanumeric() || c == '-',
    "1 to 36 of A-Z, a-z, 0-9 and '-'"
);
text_id!(
    /// The name a payment has at its provider while it runs: Daraja's CheckoutRequestID (`ws_CO_…`, Daraja portal,
    /// "M-Pesa Express Simulate"), the reference id that we choose at others.
    ProviderReference, "a provider's reference", 64,
    |c| c.is_ascii_graphic(),
    "1 to 64 printable characters without spaces"
);
text_id!(
    /// The number a provider prints on the customer's receipt: Daraja's MpesaReceiptNumber (Daraja portal,
    /// "M-Pesa Express Simulate", callback metadata).
    ProviderReceipt, "a provider's receipt", 64,
    |c| c.is_ascii_graphic(),
    "1 to 64 printable characters without spaces"
);
text_id!(
    /// The place at a provider where money arrives: Daraja's short code of a till or paybill (reference: Daraja,
    /// section 6), the collection account's name at others.
    ShortCode, "a short code", 32,
    |c| c.is_ascii_graphic(),
    "1 to 32 printable characters without spaces"
);

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:016x})"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:016x}", self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<$name, IdError> {
                let error = IdError { kind: stringify!($name), rule: "16 hexadecimal digits" };
                if text.len() != 16 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
                    return Err(error);
                }
                u64::from_str_radix(text, 16).map($name).map_err(|_| error)
            }
        }
    };
}

number_id!(
    /// One enrolled gateway (PROTOCOL rule 1). A replaced box or card is a new one.
    BoxId
);
number_id!(
    /// One run of one process, random (PROTOCOL rule 3).
    Epoch
);
number_id!(
    /// A customer, random: what journals say instead of a name or a phone.
    CustomerId
);
number_id!(
    /// A site's manager who takes cash, random: what sales and the ledger say instead of a name.
    ManagerId
);
number_id!(
    /// A purchase: what was asked for and the payment behind it, numbered by the hub.
    PurchaseId
);
number_id!(
    /// Money that goes out, numbered by the hub.
    PayoutId
);
number_id!(
    /// A loan between people, numbered by the hub.
    LoanId
);
number_id!(
    /// One wish to pay back by hand, numbered by whoever first heard it: the same wish told twice has one number.
    RepaymentId
);

/// Which end wrote a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Writer {
    /// The gateway at the site.
    Site,
    /// The hub.
    Hub,
}

impl Writer {
    /// Its number in the database: 0 site, 1 hub.
    pub const fn number(self) -> u8 {
        match self {
            Writer::Site => 0,
            Writer::Hub => 1,
        }
    }

    /// The writer with this number.
    pub const fn from_number(number: u8) -> Option<Writer> {
        match number {
            0 => Some(Writer::Site),
            1 => Some(Writer::Hub),
            _ => None,
        }
    }

    /// The other end.
    pub const fn other(self) -> Writer {
        match self {
            Writer::Site => Writer::Hub,
            Writer::Hub => Writer::Site,
        }
    }
}

/// The lanes of PROTOCOL section 2, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Facts about water and money, grants, recalls, blocks.
    Money,
    /// Changes to documents.
    Edits,
    /// Alarms.
    Alarms,
    /// Hourly summaries.
    Telemetry,
}

impl Lane {
    /// All lanes, the most urgent first.
    pub const ALL: [Lane; 4] = [Lane::Money, Lane::Edits, Lane::Alarms, Lane::Telemetry];

    /// Its number on the wire and in the database.
    pub const fn number(self) -> u8 {
        match self {
            Lane::Money => 0,
            Lane::Edits => 1,
            Lane::Alarms => 2,
            Lane::Telemetry => 3,
        }
    }

    /// The lane with this number.
    pub const fn from_number(number: u8) -> Option<Lane> {
        match number {
            0 => Some(Lane::Money),
            1 => Some(Lane::Edits),
            2 => Some(Lane::Alarms),
            3 => Some(Lane::Telemetry),
            _ => None,
        }
    }

    /// The name used in APIs and on pages.
    pub const fn name(self) -> &'static str {
        match self {
            Lane::Money => "money",
            Lane::Edits => "edits",
            Lane::Alarms => "alarms",
            Lane::Telemetry => "telemetry",
        }
    }
}

/// A log: what one run of one program wrote in one lane for one box (PROTOCOL rule 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogKey {
    /// The box it is about.
    pub box_id: BoxId,
    /// Which end wrote it.
    pub by: Writer,
    /// Its lane.
    pub lane: Lane,
    /// The run that wrote it.
    pub epoch: Epoch,
}

/// A record: a place in a log, dense from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId {
    /// The log.
    pub log: LogKey,
    /// The place in it, from 1.
    pub seq: u32,
}

/// A right to draw water at one box, made by the hub: the run that made it and a number within that run.
/// A payment token's grant has epoch 0 and a keyed hash as its number (PROTOCOL rule 20).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GrantId {
    /// The hub's run that made it, 0 for a token's, or the site's run that sold it for cash.
    pub epoch: Epoch,
    /// Its number within that run.
    pub number: u64,
}

/// Water set aside before a valve opens: the site's run and a number within that run (PROTOCOL rule 22).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HoldId {
    /// The site's run that made it.
    pub epoch: Epoch,
    /// Its number within that run.
    pub number: u64,
}

/// The account number a customer is told, `AQP123456` (FEATURES D20). Only the hub gives them out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(u32);

impl AccountId {
    /// What every account id begins with.
    pub const PREFIX: &'static str = "AQP";
    /// The largest number an account id can carry in its six digits.
    pub const MAX: u32 = 999_999;

    /// The account with this number, when it fits in six digits.
    pub const fn new(number: u32) -> Option<AccountId> {
        if number <= AccountId::MAX {
            Some(AccountId(number))
        } else {
            None
        }
    }

    /// Its number.
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:06}", AccountId::PREFIX, self.0)
    }
}

impl FromStr for AccountId {
    type Err = IdError;

    /// Takes `AQP123456`, in any case, or its six digits alone (CONTRACTS section 3).
    fn from_str(text: &str) -> Result<AccountId, IdError> {
        let error = IdError {
            kind: "an account id",
            rule: "AQP and six digits",
        };
        let digits = match text.get(..AccountId::PREFIX.len()) {
            Some(prefix) if prefix.eq_ignore_ascii_case(AccountId::PREFIX) => &text[AccountId::PREFIX.len()..],
            _ => text,
        };
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(error);
        }
        digits.parse().map(AccountId).map_err(|_| error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dispenser_ids_are_exactly_what_the_contract_allows() {
        for good in ["a", "tap-1", "0123456789abcdef0123456789abcdef"] {
            assert!(good.parse::<DispenserId>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "Tap",
            "tap_1",
            "tap/1",
            "tap+",
            "täp",
            "0123456789abcdef0123456789abcdef0",
        ] {
            assert!(bad.parse::<DispenserId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn account_ids_read_with_and_without_their_prefix() {
        let account = AccountId::new(123_456).unwrap();
        assert_eq!(account.to_string(), "AQP123456");
        for text in ["AQP123456", "aqp123456", "123456"] {
            assert_eq!(text.parse(), Ok(account), "{text}");
        }
        for bad in ["AQP12345", "1234567", "AQP-23456", "", "AQP"] {
            assert!(bad.parse::<AccountId>().is_err(), "{bad}");
        }
        assert_eq!(AccountId::new(1_000_000), None);
    }

    #[test]
    fn numbers_read_back_from_sixteen_digits() {
        let epoch = Epoch(0xa1);
        assert_eq!(epoch.to_string(), "00000000000000a1");
        assert_eq!(epoch.to_string().parse(), Ok(epoch));
        assert!("a1".parse::<Epoch>().is_err());
        assert!("+0000000000000a1".parse::<Epoch>().is_err());
    }
}
