//! What water costs: plans and litres (CONTRACTS sections 1 and 3).

use crate::units::{Currency, Money, Volume};

/// Millilitres in a cubic metre.
const ML_PER_M3: u128 = 1_000_000;

/// A jerrycan unless the site says otherwise (CONTRACTS section 3).
pub const JERRYCAN: Volume = Volume::from_ml(20_000);

/// The allowance of a number of jerrycans.
pub fn allowance(jerrycans: u32, jerrycan: Volume) -> Volume {
    Volume::from_ml(jerrycan.ml().saturating_mul(u64::from(jerrycans)))
}

/// Whole jerrycans left in an allowance, rounded down.
pub fn jerrycans_left(allowance: Volume, jerrycan: Volume) -> u64 {
    allowance.ml().checked_div(jerrycan.ml()).unwrap_or(0)
}

/// A subscription that can be bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Its name in configuration and APIs, such as `monthly`.
    pub name: String,
    /// Its price in minor units of the site's currency.
    pub price_minor: i64,
    /// How many days it lasts after the day of payment.
    pub days: u16,
    /// How many jerrycans it allows in that time.
    pub jerrycans: u32,
}

impl Plan {
    /// The built-in plan: 30 jerrycans in 30 days for 300 whole units where there are cents (CONTRACTS section 1:
    /// `monthly` = 30000, 30, 30).
    pub fn monthly() -> Plan {
        Plan {
            name: "monthly".to_owned(),
            price_minor: 30_000,
            days: 30,
            jerrycans: 30,
        }
    }

    /// What is charged for it, in whole units.
    pub fn price(&self, currency: Currency) -> Money {
        Money::new(self.price_minor, currency).rounded_up()
    }

    /// The water it allows.
    pub fn allowance(&self, jerrycan: Volume) -> Volume {
        allowance(self.jerrycans, jerrycan)
    }
}

/// The price of prepaid litres.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tariff {
    /// Minor units for a cubic metre.
    pub price_per_m3_minor: u32,
    /// The currency.
    pub currency: Currency,
}

impl Tariff {
    /// The built-in price: 200000 minor units a cubic metre (CONTRACTS section 1).
    pub const fn built_in(currency: Currency) -> Tariff {
        Tariff {
            price_per_m3_minor: 200_000,
            currency,
        }
    }

    /// The price of some water, rounded up to a whole unit of what a provider can charge.
    pub fn price(&self, volume: Volume) -> Money {
        let minor = (u128::from(volume.ml()) * u128::from(self.price_per_m3_minor)).div_ceil(ML_PER_M3);
        Money::new(i64::try_from(minor).unwrap_or(i64::MAX), self.currency).rounded_up()
    }

    /// The water that an amount buys, rounded down to millilitres; `None` for another currency, for nothing, and where
    /// water is free, because then no amount is the right one.
    pub fn volume(&self, amount: Money) -> Option<Volume> {
        let minor = u128::try_from(amount.minor).ok().filter(|minor| *minor > 0)?;
        if amount.currency != self.currency {
            return None;
        }
        let ml = (minor * ML_PER_M3).checked_div(u128::from(self.price_per_m3_minor))?;
        Some(Volume::from_ml(u64::try_from(ml).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn litres_cost_what_the_tariff_says_rounded_up_to_whole_units() {
        // 200000 minor a cubic metre is 0.2 minor a millilitre: a jerrycan is 4000 minor, KES 40.
        for (ml, currency, minor) in [
            (20_000, Currency::Kes, 4_000),
            (1_000_000, Currency::Kes, 200_000),
            (0, Currency::Kes, 0),
            (1, Currency::Kes, 100),
            (500, Currency::Kes, 100),
            (501, Currency::Kes, 200),
            (1, Currency::Rwf, 1),
            (20_001, Currency::Rwf, 4_001),
        ] {
            let price = Tariff::built_in(currency).price(Volume::from_ml(ml));
            assert_eq!(price, Money::new(minor, currency), "{ml} ml");
        }
        let dear = Tariff {
            price_per_m3_minor: u32::MAX,
            currency: Currency::Kes,
        };
        // 10^12 ml are 10^6 cubic metres of 4294967295 minor each, which ends in 00 and so is whole.
        assert_eq!(dear.price(Volume::MAX).minor, 4_294_967_295_000_000);
    }

    #[test]
    fn money_buys_whole_millilitres_of_its_own_currency() {
        let tariff = Tariff::built_in(Currency::Kes);
        let shillings = |minor| tariff.volume(Money::new(minor, Currency::Kes));
        assert_eq!(shillings(4_000), Some(Volume::from_ml(20_000)));
        assert_eq!(shillings(1), Some(Volume::from_ml(5)));
        assert_eq!(shillings(0), None);
        assert_eq!(shillings(-100), None);
        assert_eq!(shillings(i64::MAX), Some(Volume::MAX));
        assert_eq!(tariff.volume(Money::new(4_000, Currency::Ugx)), None);
        let free = Tariff {
            price_per_m3_minor: 0,
            ..tariff
        };
        assert_eq!(free.volume(Money::new(1, Currency::Kes)), None);
        assert_eq!(free.price(JERRYCAN).minor, 0);
    }

    #[test]
    fn the_monthly_plan_is_thirty_jerrycans_for_three_hundred_shillings() {
        let plan = Plan::monthly();
        assert_eq!((plan.name.as_str(), plan.days, plan.jerrycans), ("monthly", 30, 30));
        assert_eq!(plan.price(Currency::Kes).to_string(), "KES 300.00");
        assert_eq!(plan.allowance(JERRYCAN), Volume::from_ml(600_000));
    }

    #[test]
    fn jerrycans_are_counted_whole() {
        for (ml, jerrycans) in [(600_000, 30), (19_999, 0), (20_000, 1), (39_999, 1), (0, 0)] {
            assert_eq!(jerrycans_left(Volume::from_ml(ml), JERRYCAN), jerrycans, "{ml}");
        }
        assert_eq!(jerrycans_left(JERRYCAN, Volume::ZERO), 0);
    }

    proptest! {
        #[test]
        fn whoever_pays_the_price_gets_at_least_the_water(ml in 1..10_000_000_u64, per_m3 in 1..10_000_000_u32) {
            for currency in Currency::ALL {
                let tariff = Tariff { price_per_m3_minor: per_m3, currency };
                let price = tariff.price(Volume::from_ml(ml));
                prop_assert_eq!(price.minor % currency.minor_per_unit(), 0);
                prop_assert!(tariff.volume(price).is_some_and(|volume| volume.ml() >= ml));
                // A unit less would not have paid for it.
                let less = Money::new(price.minor - currency.minor_per_unit(), currency);
                prop_assert!(tariff.volume(less).is_none_or(|volume| volume.ml() < ml));
            }
        }
    }
}
