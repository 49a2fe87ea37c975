//! From the configuration to what the machine and the adapters are told.

use std::{collections::BTreeMap, path::Path};

use config::{SecretError, hub::SmsVia};
use kiosk::{
    loan::LoanPolicy,
    payment::PaymentPolicy,
    payout::PayoutPolicy,
    phone::Country,
    provider::Provider,
    tariff::{Plan, Tariff},
    units::Currency,
};
use sync::seal::SecretKey;

use crate::{
    adapters::{
        africastalking::TextSettings,
        airtel::{AirtelSettings, CallbackKey},
        intasend::IntasendSettings,
        momo::{Disbursement, MomoSettings},
        mpesa::{MpesaSettings, outgoing::Outgoing, wire::payout::PAYOUT_SHILLINGS_MIN},
    },
    hub::{
        money::Counter,
        payout::Outlet,
        settings::{Settings, TextsVia},
    },
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
        payouts: PayoutPolicy {
            ask_after_ms: i64::try_from(config.payments.query_after.as_millis()).unwrap_or(i64::MAX),
            ..PayoutPolicy::default()
        },
        outlets: outlets(&config.payments),
        providers: providers(&config.payments),
        collects: collects(&config.payments),
        pulls: pulls(&config.payments),
        counter: config.payments.mpesa.as_ref().map(counter).unwrap_or_default(),
        texts: config.africastalking.is_some(),
        texts_via: match config.sms_via {
            SmsVia::Provider => TextsVia::Provider,
            SmsVia::Sites if config.sms_sites.is_empty() => TextsVia::Sites,
            SmsVia::Sites => TextsVia::These(config.sms_sites.clone()),
        },
        sync_texts_per_day: config.sync_texts_per_day,
        texts_per_day: config.sms_commands_per_day,
        broadcasts: config.broadcasts,
        asked_within_ms: i64::try_from(config.purchases_asked_within.as_millis()).unwrap_or(i64::MAX),
        loans: config.loans_enabled,
        ussd_begun_max: config.ussd.sessions_per_minute,
        ussd_session_ms: i64::try_from(config.ussd.session.as_millis()).unwrap_or(i64::MAX),
        ussd_safaricom_session_ms: i64::try_from(config.ussd.safaricom_session.as_millis()).unwrap_or(i64::MAX),
        loan_policy: LoanPolicy {
            answer_within_ms: i64::try_from(config.loans_answer_within.as_millis()).unwrap_or(i64::MAX),
            every_days: config.loans_every_days,
            ..LoanPolicy::default()
        },
        bill_tariffs: config.billing.tariffs.clone(),
        bill_due_days: config.billing.due_days,
        bill_remind_days: config.billing.remind_days.clone(),
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

/// The providers that are configured, in the order in which they are tried for a phone of which nothing is known.
pub fn providers(payments: &config::hub::Payments) -> Vec<Provider> {
    let configured = |provider: &Provider| match provider {
        Provider::Mpesa => payments.mpesa.is_some(),
        Provider::Mtn => payments.mtn.is_some(),
        Provider::Airtel => payments.airtel.is_some(),
        Provider::Intasend => payments.intasend.is_some(),
    };
    Provider::ALL.into_iter().filter(configured).collect()
}

/// The providers that can be asked for the payments that they took.
fn pulls(payments: &config::hub::Payments) -> Vec<Provider> {
    let mpesa = payments.mpesa.iter().filter(|mpesa| mpesa.pull_phone.is_some());
    mpesa.map(|_| Provider::Mpesa).collect()
}

/// What each can be told about money that goes out.
fn outlets(payments: &config::hub::Payments) -> BTreeMap<Provider, Outlet> {
    let mpesa = payments.mpesa.iter().filter(|own| own.initiator_name.is_some());
    let mpesa = mpesa.map(|_| {
        let outlet = Outlet {
            transfers: true,
            reversals: true,
            least_minor: PAYOUT_SHILLINGS_MIN * Currency::Kes.minor_per_unit(),
        };
        (Provider::Mpesa, outlet)
    });
    let to_phones = Outlet {
        transfers: true,
        ..Outlet::default()
    };
    let mtn = payments.mtn.iter().filter(|own| own.disbursement.is_some());
    let mtn = mtn.map(|_| (Provider::Mtn, to_phones));
    let airtel = payments.airtel.iter().map(|own| {
        let outlet = Outlet {
            transfers: own.disbursement_pin_file.is_some(),
            reversals: true,
            least_minor: 0,
        };
        (Provider::Airtel, outlet)
    });
    let intasend = payments.intasend.iter().filter(|own| own.payouts);
    let intasend = intasend.map(|_| (Provider::Intasend, to_phones));
    mpesa.chain(mtn).chain(airtel).chain(intasend).collect()
}

/// The currency that each collects; MTN's sandbox collects any.
pub fn collects(payments: &config::hub::Payments) -> BTreeMap<Provider, Currency> {
    let kenyan = [Provider::Mpesa, Provider::Intasend].map(|provider| (provider, Currency::Kes));
    let mtn = payments
        .mtn
        .iter()
        .filter_map(|mtn| Some((Provider::Mtn, mtn.currency?)));
    let airtel = payments.airtel.iter().map(|airtel| (Provider::Airtel, airtel.currency));
    kenyan.into_iter().chain(mtn).chain(airtel).collect()
}

fn read(path: &Path) -> Result<Secret, SecretError> {
    config::Secret::read(path).map(|secret| Secret::new(secret.expose()))
}

/// What the client of MTN is told; reads the secret files.
pub fn mtn(mtn: &config::providers::Mtn, callback_url: String) -> Result<MomoSettings, SecretError> {
    Ok(MomoSettings {
        base_url: mtn.base_url.as_str().to_owned(),
        target_environment: mtn.target_environment.clone(),
        wire_currency: mtn.wire_currency.clone(),
        subscription_key: read(&mtn.subscription_key_file)?,
        api_user: read(&mtn.api_user_file)?,
        api_key: read(&mtn.api_key_file)?,
        callback_url: Secret::new(callback_url),
        disbursement: mtn.disbursement.as_ref().map(disbursement).transpose()?,
    })
}

fn disbursement(own: &config::providers::MtnDisbursement) -> Result<Disbursement, SecretError> {
    Ok(Disbursement {
        subscription_key: read(&own.subscription_key_file)?,
        api_user: read(&own.api_user_file)?,
        api_key: read(&own.api_key_file)?,
    })
}

/// Who gives orders to pay out by M-PESA, where somebody does; reads the secret file.
pub fn mpesa_outgoing(mpesa: &config::providers::Mpesa) -> Result<Option<Outgoing>, SecretError> {
    let (Some(name), Some(credential)) = (&mpesa.initiator_name, &mpesa.initiator_credential_file) else {
        return Ok(None);
    };
    Ok(Some(Outgoing {
        initiator: name.clone(),
        credential: read(credential)?,
        shortcode: mpesa.payout_shortcode.as_ref().unwrap_or(&mpesa.shortcode).clone(),
    }))
}

/// What the client of Airtel is told; reads the secret files.
pub fn airtel(airtel: &config::providers::Airtel) -> Result<AirtelSettings, SecretError> {
    Ok(AirtelSettings {
        base_url: airtel.base_url.as_str().to_owned(),
        country: airtel.country,
        client_id: read(&airtel.client_id_file)?,
        client_secret: read(&airtel.client_secret_file)?,
        signing: airtel.signing,
        disbursement_pin: airtel.disbursement_pin_file.as_deref().map(read).transpose()?,
    })
}

/// How callbacks of Airtel are known, where that is on; reads the secret file.
pub fn airtel_callback_key(airtel: &config::providers::Airtel) -> Result<Option<CallbackKey>, SecretError> {
    let key = airtel.callback_key_file.as_deref().map(read).transpose()?;
    Ok(key.map(|key| CallbackKey {
        key,
        over: airtel.callback_hash,
    }))
}

/// What the client of IntaSend is told; reads the secret files.
pub fn intasend(intasend: &config::providers::Intasend) -> Result<IntasendSettings, SecretError> {
    Ok(IntasendSettings {
        base_url: intasend.base_url.as_str().to_owned(),
        publishable_key: read(&intasend.publishable_key_file)?,
        secret_token: read(&intasend.secret_token_file)?,
        payouts: intasend.payouts,
    })
}

/// What the client of Africa's Talking is told; reads the secret file.
pub fn africastalking(own: &config::providers::AfricasTalking) -> Result<TextSettings, SecretError> {
    Ok(TextSettings {
        base_url: own.base_url.as_str().to_owned(),
        username: own.username.clone(),
        api_key: read(&own.api_key_file)?,
        sender: own.sender.clone(),
        bulk: own.bulk,
    })
}

/// What the client of M-PESA is told; reads the secret files.
pub fn mpesa(mpesa: &config::providers::Mpesa) -> Result<MpesaSettings, SecretError> {
    Ok(MpesaSettings {
        base_url: mpesa.base_url.as_str().to_owned(),
        shortcode: mpesa.shortcode.clone(),
        till: mpesa.till.clone(),
        passkey: read(&mpesa.passkey_file)?,
        consumer_key: read(&mpesa.consumer_key_file)?,
        consumer_secret: read(&mpesa.consumer_secret_file)?,
    })
}
