//! From the configuration to what the machine and the adapters are told.

use std::collections::BTreeMap;

use kiosk::{
    payment::PaymentPolicy,
    phone::Country,
    provider::Provider,
    tariff::{Plan, Tariff},
};
use sync::seal::SecretKey;

use crate::{
    adapters::mpesa::MpesaSettings,
    hub::{money::Counter, settings::Settings},
    secret::Secret,
};

/// What the machine is told.
pub fn machine(config: &config::Hub, master_key: SecretKey) -> Settings {
    let currency = config.site.currency;
    let country = Country::of_currency(currency);
    let plan = |(name, plan): (&String, &config::hub::Plan)| {
        let plan = Plan {
            name: name.clone(),
            price_minor: plan.price.minor,
            days: u16::try_from(plan.days).unwrap_or(u16::MAX),
            jerrycans: plan.jerrycans,
        };
        (name.clone(), plan)
    };
    let days = config.subscriptions_remind_days.iter();
    Settings {
        country,
        currency,
        time_zone: time_zone(config),
        language: config.site.language.to_owned(),
        tariff: Tariff {
            price_per_m3_minor: u32::try_from(config.price_per_m3.minor).unwrap_or(u32::MAX),
            currency,
        },
        plans: config.plans.iter().map(plan).collect::<BTreeMap<_, _>>(),
        payments: PaymentPolicy {
            query_after_ms: i64::try_from(config.payments.query_after.as_millis()).unwrap_or(i64::MAX),
            queries_max: config.payments.queries_max,
            ..PaymentPolicy::default()
        },
        providers: config.payments.mpesa.iter().map(|_| Provider::Mpesa).collect(),
        counter: config.payments.mpesa.as_ref().map(counter).unwrap_or_default(),
        // No messaging provider is built in yet.
        texts: false,
        remind_days: days.map(|days| u16::try_from(*days).unwrap_or(u16::MAX)).collect(),
        ..Settings::new(master_key)
    }
}

/// Where customers pay M-PESA by themselves: the paybill, or the till and the store behind it.
fn counter(mpesa: &config::providers::Mpesa) -> Counter {
    Counter {
        short_codes: [Some(mpesa.shortcode.clone()), mpesa.till.clone()]
            .into_iter()
            .flatten()
            .collect(),
        is_till: mpesa.till.is_some(),
    }
}

/// The name of the hub's time zone.
pub fn time_zone(config: &config::Hub) -> String {
    config.site.time_zone.iana_name().unwrap_or("Africa/Nairobi").to_owned()
}

/// What the client of M-PESA is told; reads the secret files.
pub fn mpesa(mpesa: &config::providers::Mpesa) -> Result<MpesaSettings, config::SecretError> {
    let read = |path| config::Secret::read(path).map(|secret| Secret::new(secret.expose()));
    Ok(MpesaSettings {
        base_url: mpesa.base_url.as_str().to_owned(),
        shortcode: mpesa.shortcode.clone(),
        till: mpesa.till.clone(),
        passkey: read(&mpesa.passkey_file)?,
        consumer_key: read(&mpesa.consumer_key_file)?,
        consumer_secret: read(&mpesa.consumer_secret_file)?,
    })
}
