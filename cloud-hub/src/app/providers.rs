//! The providers that are configured: their clients with a pump each, who reads their callbacks, and whether they can be
//! called.

use std::collections::BTreeMap;

use config::hub::SmsVia;
use kiosk::provider::Provider;
use runtime::{clock::Clock, decide::Inbox, stop::Stop};
use tokio::task::JoinSet;

use super::settings;
use crate::{
    adapters::{
        africastalking::{self, Errands},
        airtel, intasend, momo,
        mpesa::{
            self,
            wire::{
                c2b::{described, parse_arrival, validation_body},
                result::{order_result, parse_result, parse_timeout},
            },
        },
        web::{daraja::Reader, texts},
    },
    hub::input::{Input, Service},
    provider::{
        callback::{Callback, Readers},
        circuit::{Circuit, Circuits},
        pump::{self, Calls, Collect, Pump},
    },
    secret::Secret,
};

/// What Daraja says by itself, as the machine takes it.
pub const DARAJA_WORDS: Reader = Reader {
    arrival: |bytes, now| parse_arrival(bytes, now).map_err(|error| described(bytes, &error)),
    result: |bytes| parse_result(bytes).map(order_result).map_err(|error| error.to_string()),
    timeout: |bytes| parse_timeout(bytes).map_err(|error| error.to_string()),
    verdict: |verdict| validation_body(verdict.into()),
};

/// What Africa's Talking says by itself, as the machine takes it.
pub const TEXT_WORDS: texts::Reader = texts::Reader {
    received: |bytes| africastalking::wire::callback::received(bytes).map_err(|error| error.to_string()),
    reported: |bytes| africastalking::wire::callback::reported(bytes).map_err(|error| error.to_string()),
    stopped: |bytes| africastalking::wire::callback::stopped(bytes).map_err(|error| error.to_string()),
};

/// What the program needs of the providers.
#[derive(Default)]
pub struct Providers {
    /// The way to each one's pump.
    pub calls: BTreeMap<Provider, Calls>,
    /// Who reads its callbacks.
    pub callbacks: Readers,
    /// Whether it can be called.
    pub circuits: Circuits,
    /// The way to whoever carries texts.
    pub texts: Option<Errands>,
}

/// Where pumps live.
pub struct Surroundings<'a> {
    /// Stamps calls.
    pub clock: &'a Clock,
    /// Where answers go.
    pub inbox: &'a Inbox<Input>,
    /// Ends the pumps.
    pub stop: &'a Stop,
    /// Holds them.
    pub adapters: &'a mut JoinSet<()>,
}

/// Starts a pump for each provider that is configured.
pub fn start(config: &config::Hub, mut around: Surroundings<'_>) -> anyhow::Result<Providers> {
    let webhook_secret = config.webhooks.secret.as_ref();
    let webhook_secret = webhook_secret.map(|secret| Secret::new(secret.expose()));
    let mut providers = Providers::default();
    // A callback of M-PESA names its payment in its address, so its reader needs nothing that is configured.
    providers.callbacks.add(Provider::Mpesa, |bytes| {
        let read = mpesa::wire::parse_callback(bytes)?;
        Ok(Callback {
            name: None,
            report: read.report,
        })
    });
    if let Some(own) = &config.payments.mpesa {
        let collector = mpesa::Mpesa {
            client: mpesa::client::MpesaClient::new(settings::mpesa(own)?)?,
            callback_base: own.callback_url.as_str().to_owned(),
            webhook_secret: webhook_secret.clone(),
            outgoing: settings::mpesa_outgoing(own)?,
        };
        providers.take_in(
            Provider::Mpesa,
            collector.client.circuit().clone(),
            collector,
            &mut around,
        );
    }
    if let Some(own) = &config.payments.mtn {
        let (wire, currency) = (own.wire_currency.clone(), config.site.currency);
        let callback_url = momo::callback_url(own.callback_url.as_str(), webhook_secret.as_ref());
        let client = momo::client::MomoClient::new(settings::mtn(own, callback_url)?, currency)?;
        let reader = move |bytes: &[u8]| momo::wire::parse_callback(&wire, currency, bytes);
        providers.callbacks.add(Provider::Mtn, reader);
        providers.take_in(Provider::Mtn, client.circuit().clone(), client, &mut around);
    }
    if let Some(own) = &config.payments.airtel {
        let client = airtel::client::AirtelClient::new(settings::airtel(own)?)?;
        let key = settings::airtel_callback_key(own)?;
        let reader = move |bytes: &[u8]| airtel::wire::parse_callback(key.as_ref(), bytes);
        providers.callbacks.add(Provider::Airtel, reader);
        providers.take_in(Provider::Airtel, client.circuit().clone(), client, &mut around);
    }
    if let Some(own) = &config.payments.intasend {
        let client = intasend::client::IntasendClient::new(settings::intasend(own)?)?;
        let challenge = config::Secret::read(&own.challenge_file)?;
        let reader = move |bytes: &[u8]| intasend::wire::parse_callback(&challenge, bytes);
        providers.callbacks.add(Provider::Intasend, reader);
        providers.take_in(Provider::Intasend, client.circuit().clone(), client, &mut around);
    }
    if let Some(own) = &config.africastalking {
        let client = africastalking::client::TextClient::new(settings::africastalking(own)?)?;
        providers.circuits.add(client.circuit().clone());
        let (texts, waiting) = africastalking::queue();
        let inbox = around.inbox.clone();
        around
            .adapters
            .spawn(africastalking::run(client, inbox, waiting, around.stop.clone()));
        providers.texts = Some(texts);
    } else {
        tracing::info!("no messaging provider is configured: texts wait in the outbox");
    }
    if providers.calls.is_empty() {
        tracing::info!("no payment provider is configured: no prompts");
    }
    Ok(providers)
}

impl Providers {
    fn take_in(
        &mut self,
        provider: Provider,
        circuit: Circuit,
        collector: impl Collect,
        around: &mut Surroundings<'_>,
    ) {
        let (calls, waiting) = pump::queue();
        let pump = Pump {
            collector,
            clock: around.clock.clone(),
            inbox: around.inbox.clone(),
        };
        around.adapters.spawn(pump::run(pump, waiting, around.stop.clone()));
        self.calls.insert(provider, calls);
        self.circuits.add(circuit);
    }
}

/// What `doctor` says of each provider whose secrets are where they should be, by its name.
pub fn known(config: &config::Hub) -> Vec<(&'static str, String)> {
    let used = settings::providers(&config.payments);
    let known = |provider: Provider| match provider {
        _ if !used.contains(&provider) => "not configured".to_owned(),
        Provider::Mpesa | Provider::Mtn => "configured".to_owned(),
        Provider::Airtel | Provider::Intasend => {
            format!("configured; its portal must hold CALLBACK_URL/payments/{provider}/WEBHOOK-SECRET")
        }
    };
    let texts = match config.africastalking {
        None => "not configured: texts wait".to_owned(),
        Some(_) => {
            "configured; its portal must hold the addresses HUB/sms/inbound/WEBHOOK-SECRET, …/sms/delivery/… and \
                    …/sms/stop/…"
                .to_owned()
        }
    };
    let payments = Provider::ALL.map(|provider| (provider.title(), known(provider)));
    payments
        .into_iter()
        .chain([(Service::Texts.title(), texts), ("sms.via", by(config))])
        .collect()
}

/// By which way texts leave.
fn by(config: &config::Hub) -> String {
    let sites = match config.sms_sites.as_slice() {
        [] => "every site with a gateway".to_owned(),
        some => some.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    let provider = Service::Texts.title();
    match (config.sms_via, config.africastalking.is_some()) {
        (SmsVia::Provider, true) => format!("provider: every text leaves by {provider}"),
        (SmsVia::Provider, false) => {
            "provider: no text leaves, for there is none; set messaging.africastalking, or sms.via = \"sites\" for the \
             sites' SIM cards"
                .to_owned()
        }
        (SmsVia::Sites, true) => format!(
            "sites: texts to customers leave by the SIM of their home site ({sites}); {provider} has what waits longer, one-time \
             codes, and texts to many people"
        ),
        (SmsVia::Sites, false) => format!(
            "sites: texts leave by the SIM of their customer's home site ({sites}), one-time codes too; texts to many people \
             wait for messaging.africastalking"
        ),
    }
}
