//! What an operator decides once, in the configuration, as plain values.

use std::collections::BTreeMap;

use kiosk::{
    moment::DAY_MS,
    payment::PaymentPolicy,
    units::{Currency, Volume},
};

/// Everything the hub's machine is told at its start.
#[derive(Clone)]
pub struct Settings {
    /// The hub's master key, kept outside the database: all other keys are made from it.
    pub master_key: [u8; 32],
    /// The currency of tariff, plans and wallets.
    pub currency: Currency,
    /// IANA time zone of sites that name none.
    pub time_zone: String,
    /// Language of customers and sites that name none: `en`, `sw` or `fr`.
    pub language: String,
    /// The price of 1,000 litres, in minor units.
    pub price_per_m3_minor: i64,
    /// What subscriptions there are, by name.
    pub plans: BTreeMap<String, Plan>,
    /// What a jerrycan holds.
    pub jerrycan: Volume,
    /// The most a dispenser at the hub may be asked for at once.
    pub volume_max: Volume,
    /// How much more than paid for may be drawn, per customer (PROTOCOL rule 21).
    pub overdraft_cap: Volume,
    /// The waits and limits of payments.
    pub payments: PaymentPolicy,
    /// Providers that can be used, the first is taken when a purchase names none: `mpesa`, `mtn`, `airtel`, `intasend`.
    pub providers: Vec<String>,
    /// A subscription's end is announced so many days before.
    pub remind_days: Vec<u32>,
    /// How long a join code is valid.
    pub join_valid_ms: i64,
    /// How long a draw at the hub may go without a report before it is booked in full.
    pub report_within_ms: i64,
}

/// A subscription that can be bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What it costs.
    pub price_minor: i64,
    /// How many days it lasts.
    pub days: u32,
    /// How many jerrycans it holds.
    pub jerrycans: u32,
}

impl Settings {
    /// The settings of CONTRACTS section 1 with this master key.
    pub fn new(master_key: [u8; 32]) -> Settings {
        let monthly = Plan {
            price_minor: 30_000,
            days: 30,
            jerrycans: 30,
        };
        Settings {
            master_key,
            currency: Currency::Kes,
            time_zone: "Africa/Nairobi".to_owned(),
            language: "en".to_owned(),
            price_per_m3_minor: 200_000,
            plans: BTreeMap::from([("monthly".to_owned(), monthly)]),
            jerrycan: Volume::from_ml(20_000),
            volume_max: Volume::from_ml(20_000),
            overdraft_cap: Volume::ZERO,
            payments: PaymentPolicy::default(),
            providers: vec!["mpesa".to_owned()],
            remind_days: vec![3, 1],
            join_valid_ms: 7 * DAY_MS,
            report_within_ms: DAY_MS,
        }
    }
}
