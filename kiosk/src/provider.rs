//! The mobile-money providers whose payments the hub takes.

use std::fmt;

/// A mobile-money provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provider {
    /// Safaricom M-PESA in Kenya, through Daraja.
    Mpesa,
    /// MTN MoMo.
    Mtn,
    /// Airtel Money.
    Airtel,
    /// IntaSend, which wraps M-PESA.
    Intasend,
}

impl Provider {
    /// All of them, in a fixed order.
    pub const ALL: [Provider; 4] = [Provider::Mpesa, Provider::Mtn, Provider::Airtel, Provider::Intasend];

    /// The name in configuration keys (`payments.NAME`), APIs and ledger accounts (CONTRACTS section 1).
    pub const fn name(self) -> &'static str {
        match self {
            Provider::Mpesa => "mpesa",
            Provider::Mtn => "mtn",
            Provider::Airtel => "airtel",
            Provider::Intasend => "intasend",
        }
    }

    /// Reads that name.
    pub fn from_name(name: &str) -> Option<Provider> {
        Provider::ALL.into_iter().find(|provider| provider.name() == name)
    }

    /// What people call it; fits on every screen.
    pub const fn title(self) -> &'static str {
        match self {
            Provider::Mpesa => "M-PESA",
            Provider::Mtn => "MTN MoMo",
            Provider::Airtel => "Airtel Money",
            Provider::Intasend => "IntaSend",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_configuration_keys() {
        // CONTRACTS section 1: payments.mpesa, payments.mtn, payments.airtel, payments.intasend.
        assert_eq!(
            Provider::ALL.map(Provider::name),
            ["mpesa", "mtn", "airtel", "intasend"]
        );
        for provider in Provider::ALL {
            assert_eq!(Provider::from_name(&provider.to_string()), Some(provider));
            assert!(provider.title().len() <= 12);
        }
        assert_eq!(Provider::from_name("visa"), None);
    }
}
