//! What an operator decides once, in the configuration, as plain values.

use std::collections::BTreeMap;

use kiosk::{
    bill::BlockTariff,
    ids::SiteName,
    loan::LoanPolicy,
    moment::{DAY_MS, MINUTE_MS},
    payment::PaymentPolicy,
    payout::PayoutPolicy,
    phone::{Country, Prefixes},
    provider::Provider,
    refund::RefundPolicy,
    talk::broadcast,
    tariff::{JERRYCAN, Plan, Tariff},
    units::{Currency, Volume},
};
use sync::seal::SecretKey;

use super::{money::Counter, payout::Outlet};

/// The tariff of bills that is there without being named.
const BUILT_IN_TARIFF: &str = "standard";

/// Whose texts go through the SIM of their home site, and not through the messaging provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TextsVia {
    /// Nobody's.
    #[default]
    Provider,
    /// Those of the customers of every site that has a gateway.
    Sites,
    /// Those of the customers of these sites.
    These(Vec<SiteName>),
}

impl TextsVia {
    /// Whether the texts of this site's customers do.
    pub fn is_by(&self, site: &SiteName) -> bool {
        match self {
            TextsVia::Provider => false,
            TextsVia::Sites => true,
            TextsVia::These(sites) => sites.contains(site),
        }
    }
}

/// Everything the hub's machine is told at its start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The hub's master key, kept outside the database: all other keys are made from it.
    pub master_key: SecretKey,
    /// Phones without a country code are this country's.
    pub country: Country,
    /// The currency of tariff, plans and wallets.
    pub currency: Currency,
    /// IANA time zone of sites that name none.
    pub time_zone: String,
    /// Language of customers and sites that name none: `en`, `sw` or `fr`.
    pub language: String,
    /// The price of prepaid litres, in the hub's currency.
    pub tariff: Tariff,
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
    /// Providers that can be used, the first is taken when neither the purchase nor the phone's network says.
    pub providers: Vec<Provider>,
    /// The one currency that a provider collects; one that is not named here collects the hub's.
    pub collects: BTreeMap<Provider, Currency>,
    /// Where customers pay without being asked.
    pub counter: Counter,
    /// Providers that can be asked for the payments that they took.
    pub pulls: Vec<Provider>,
    /// The waits of payouts.
    pub payouts: PayoutPolicy,
    /// What may be refunded, and for how long.
    pub refunds: RefundPolicy,
    /// What providers can be told about money that goes out; nothing, where one is not named.
    pub outlets: BTreeMap<Provider, Outlet>,
    /// There is somebody who carries texts. Else they wait in the outbox.
    pub texts: bool,
    /// Whose texts go through the SIM of their home site.
    pub texts_via: TextsVia,
    /// So many texts may leave for one box in a day while it syncs by SMS.
    pub sync_texts_per_day: u32,
    /// So many texts of one number are answered in a day.
    pub texts_per_day: u32,
    /// What holds for texts to many people.
    pub broadcasts: broadcast::Policy,
    /// Which network a phone most likely belongs to: chooses the provider that a purchase does not name.
    pub prefixes: Prefixes,
    /// A subscription's end is announced so many days before.
    pub remind_days: Vec<u16>,
    /// What customers who pay by bill are charged, by name, in the hub's currency.
    pub bill_tariffs: BTreeMap<String, BlockTariff>,
    /// A bill is to be paid within so many days after the day on which it was made.
    pub bill_due_days: u16,
    /// An open bill is announced so many days before it is due.
    pub bill_remind_days: Vec<u16>,
    /// A purchase asked at a site without a link is started when it arrives within this; later it is refused.
    pub asked_within_ms: i64,
    /// People may lend to each other; else nothing is asked for and nothing approved.
    pub loans: bool,
    /// How long a USSD session may last.
    pub ussd_session_ms: i64,
    /// The same of one that Safaricom carries.
    pub ussd_safaricom_session_ms: i64,
    /// Sessions that one number may begin in a minute: a person dials again, a flood does not get in.
    pub ussd_begun_max: u32,
    /// What a loan is at least, how long its lender may take, and how long a period is.
    pub loan_policy: LoanPolicy,
    /// How long a join code is valid.
    pub join_valid_ms: i64,
    /// How long a draw at the hub may go without a report before it is booked in full.
    pub report_within_ms: i64,
}

impl Settings {
    /// The settings of CONTRACTS section 1 with this master key.
    pub fn new(master_key: SecretKey) -> Settings {
        let monthly = Plan::monthly();
        Settings {
            master_key,
            country: Country::Kenya,
            currency: Currency::Kes,
            time_zone: "Africa/Nairobi".to_owned(),
            language: "en".to_owned(),
            tariff: Tariff::built_in(Currency::Kes),
            plans: BTreeMap::from([(monthly.name.clone(), monthly)]),
            jerrycan: JERRYCAN,
            volume_max: Volume::from_ml(20_000),
            overdraft_cap: Volume::ZERO,
            payments: PaymentPolicy::default(),
            providers: vec![Provider::Mpesa],
            collects: BTreeMap::new(),
            counter: Counter::default(),
            pulls: Vec::new(),
            payouts: PayoutPolicy::default(),
            refunds: RefundPolicy::default(),
            outlets: BTreeMap::new(),
            texts: true,
            texts_via: TextsVia::default(),
            sync_texts_per_day: 60,
            texts_per_day: 10,
            broadcasts: broadcast::Policy::default(),
            prefixes: Prefixes::built_in(),
            remind_days: vec![3, 1],
            bill_tariffs: BTreeMap::from([(
                BUILT_IN_TARIFF.to_owned(),
                BlockTariff::plain(Tariff::built_in(Currency::Kes)),
            )]),
            bill_due_days: 14,
            bill_remind_days: vec![3, 1],
            asked_within_ms: DAY_MS,
            loans: true,
            ussd_session_ms: 3 * MINUTE_MS,
            ussd_safaricom_session_ms: 3 * MINUTE_MS,
            ussd_begun_max: 10,
            loan_policy: LoanPolicy::default(),
            join_valid_ms: 7 * DAY_MS,
            report_within_ms: DAY_MS,
        }
    }
}
