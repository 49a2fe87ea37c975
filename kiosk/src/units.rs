//! Volumes and money. Both are integers; arithmetic that could leave its range says so.

use std::fmt;

/// A volume of water in millilitres, never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Volume(u64);

impl Volume {
    /// No water.
    pub const ZERO: Volume = Volume(0);
    /// The largest volume any rule handles: a million cubic metres. It keeps every sum inside SQLite's `i64`.
    pub const MAX: Volume = Volume(1_000_000_000_000);

    /// A volume of `ml` millilitres, capped at [`Volume::MAX`].
    pub const fn from_ml(ml: u64) -> Volume {
        if ml > Volume::MAX.0 { Volume::MAX } else { Volume(ml) }
    }

    /// A volume read from a signed column or field; `None` when negative or above [`Volume::MAX`].
    pub fn try_from_ml(ml: i64) -> Option<Volume> {
        u64::try_from(ml).ok().filter(|ml| *ml <= Volume::MAX.0).map(Volume)
    }

    /// Millilitres.
    pub const fn ml(self) -> u64 {
        self.0
    }

    /// Millilitres as the signed integer that databases and JSON use; lossless by [`Volume::MAX`].
    pub const fn signed_ml(self) -> i64 {
        self.0 as i64
    }

    /// Whether there is no water in it.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, capped at [`Volume::MAX`].
    pub const fn plus(self, other: Volume) -> Volume {
        Volume::from_ml(self.0 + other.0)
    }

    /// What is left after taking `other` away, never below zero.
    pub const fn less(self, other: Volume) -> Volume {
        Volume(self.0.saturating_sub(other.0))
    }

    /// The difference, or `None` when `other` is larger.
    pub const fn checked_less(self, other: Volume) -> Option<Volume> {
        match self.0.checked_sub(other.0) {
            Some(ml) => Some(Volume(ml)),
            None => None,
        }
    }
}

impl std::iter::Sum for Volume {
    fn sum<I: Iterator<Item = Volume>>(volumes: I) -> Volume {
        volumes.fold(Volume::ZERO, Volume::plus)
    }
}

impl fmt::Display for Volume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ml", self.0)
    }
}

/// The currencies of the four countries served, with the exponents of ISO 4217.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Currency {
    /// Kenyan shilling, 2 decimals.
    Kes,
    /// Ugandan shilling, no decimals.
    Ugx,
    /// Tanzanian shilling, 2 decimals.
    Tzs,
    /// Rwandan franc, no decimals.
    Rwf,
}

impl Currency {
    /// All of them, in a fixed order.
    pub const ALL: [Currency; 4] = [Currency::Kes, Currency::Ugx, Currency::Tzs, Currency::Rwf];

    /// The ISO 4217 code.
    pub const fn code(self) -> &'static str {
        match self {
            Currency::Kes => "KES",
            Currency::Ugx => "UGX",
            Currency::Tzs => "TZS",
            Currency::Rwf => "RWF",
        }
    }

    /// Reads an ISO 4217 code, upper case.
    pub fn from_code(code: &str) -> Option<Currency> {
        Currency::ALL.into_iter().find(|currency| currency.code() == code)
    }

    /// Minor units in one whole unit: 100 for KES and TZS, 1 for UGX and RWF (ISO 4217).
    pub const fn minor_per_unit(self) -> i64 {
        match self {
            Currency::Kes | Currency::Tzs => 100,
            Currency::Ugx | Currency::Rwf => 1,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount of money in minor units. Amounts of different currencies never add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    /// Minor units (cents of KES and TZS, whole UGX and RWF); negative for what is owed.
    pub minor: i64,
    /// The currency they are counted in.
    pub currency: Currency,
}

impl Money {
    /// `minor` minor units of `currency`.
    pub const fn new(minor: i64, currency: Currency) -> Money {
        Money { minor, currency }
    }

    /// The sum, or `None` for two currencies or beyond the range.
    pub fn checked_add(self, other: Money) -> Option<Money> {
        (self.currency == other.currency)
            .then(|| self.minor.checked_add(other.minor))
            .flatten()
            .map(|minor| Money { minor, ..self })
    }

    /// Rounded up to whole units: no provider in the four countries charges less (reference: phones and text, section 1).
    pub fn rounded_up(self) -> Money {
        let unit = self.currency.minor_per_unit();
        let units = self.minor.div_euclid(unit) + i64::from(self.minor.rem_euclid(unit) != 0);
        Money {
            minor: units.saturating_mul(unit),
            ..self
        }
    }

    /// Whole units, rounded down; what a provider is asked to charge after [`Money::rounded_up`].
    pub fn whole_units(self) -> i64 {
        self.minor.div_euclid(self.currency.minor_per_unit())
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = self.currency.minor_per_unit();
        let (sign, minor) = if self.minor < 0 {
            ("-", self.minor.unsigned_abs())
        } else {
            ("", self.minor.unsigned_abs())
        };
        let (whole, rest) = (minor / unit.unsigned_abs(), minor % unit.unsigned_abs());
        if unit == 1 {
            write!(f, "{} {sign}{whole}", self.currency)
        } else {
            write!(f, "{} {sign}{whole}.{rest:02}", self.currency)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_never_go_below_zero_or_above_the_maximum() {
        let one = Volume::from_ml(1);
        assert_eq!(one.less(Volume::from_ml(5)), Volume::ZERO);
        assert_eq!(one.checked_less(Volume::from_ml(5)), None);
        assert_eq!(Volume::MAX.plus(one), Volume::MAX);
        assert_eq!(Volume::try_from_ml(-1), None);
        assert_eq!(Volume::try_from_ml(1_000_000_000_000_000_000), None);
    }

    #[test]
    fn prices_round_up_to_what_a_provider_can_charge() {
        let table = [
            (1, Currency::Kes, 100),
            (100, Currency::Kes, 100),
            (101, Currency::Kes, 200),
            (7, Currency::Ugx, 7),
        ];
        for (minor, currency, expected) in table {
            assert_eq!(
                Money::new(minor, currency).rounded_up().minor,
                expected,
                "{minor} {currency}"
            );
        }
    }

    #[test]
    fn money_of_two_currencies_does_not_add_up() {
        let shillings = Money::new(100, Currency::Kes);
        assert_eq!(shillings.checked_add(Money::new(100, Currency::Ugx)), None);
        assert_eq!(
            shillings.checked_add(Money::new(50, Currency::Kes)),
            Some(Money::new(150, Currency::Kes))
        );
        assert_eq!(shillings.checked_add(Money::new(i64::MAX, Currency::Kes)), None);
    }

    #[test]
    fn money_reads_as_people_write_it() {
        assert_eq!(Money::new(30_000, Currency::Kes).to_string(), "KES 300.00");
        assert_eq!(Money::new(-5, Currency::Kes).to_string(), "KES -0.05");
        assert_eq!(Money::new(1_200, Currency::Rwf).to_string(), "RWF 1200");
    }
}
