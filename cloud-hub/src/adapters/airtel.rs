//! Airtel Money in Kenya, Uganda, Tanzania and Rwanda: the prompt on the customer's phone, its status, and the callback.
//!
//! | module | what it holds |
//! |---|---|
//! | [`wire`] | bodies and answers as bytes; no port, no clock |
//! | [`sign`] | signed requests, where a country asks for them |
//! | [`client`] | the calls: token, time-outs, and what each outcome means to a payment |
//!
//! Protocol facts come from Airtel Africa's developer portal (developers.airtel.africa): "Authorization", "Collection APIs"
//! and "Error codes". Its pages differ between countries, so nothing rests on a code where a status tells the same.
//!
//! Absent on purpose, as at every provider: a prompt that is sent again, although Airtel would recognise it by its id.

pub mod client;
pub mod sign;
pub mod wire;

use config::providers::AirtelHash;
use kiosk::{
    ids::ProviderReference,
    moment::Wall,
    payment::{PushAnswer, QueryAnswer},
    phone::Country,
};

use self::client::AirtelClient;
use crate::{
    hub::{
        effect::Prompt,
        payout::{PayoutCall, PayoutWord},
    },
    provider::pump::Collect,
    secret::Secret,
};

/// What one business at Airtel needs to be spoken for (`payments.airtel` in the configuration).
#[derive(Clone, Debug)]
pub struct AirtelSettings {
    /// Where the API is: scheme, host and an optional path.
    pub base_url: String,
    /// Whose Airtel.
    pub country: Country,
    /// The client's id.
    pub client_id: Secret,
    /// The client's secret.
    pub client_secret: Secret,
    /// Whether pushes are signed.
    pub signing: bool,
    /// The PIN for disbursements, encrypted and ready; nothing is paid to phones without it.
    pub disbursement_pin: Option<Secret>,
}

/// How callbacks are known to be Airtel's, where the portal's callback authentication is on.
#[derive(Clone, Debug)]
pub struct CallbackKey {
    /// The key from the portal.
    pub key: Secret,
    /// What the hash is made over.
    pub over: AirtelHash,
}

impl Collect for AirtelClient {
    async fn push(&self, prompt: &Prompt, _: Wall) -> PushAnswer {
        self.prompt(prompt).await
    }

    async fn query(&self, reference: &ProviderReference, _: Wall) -> QueryAnswer {
        self.status(reference).await
    }

    // What became of a payout cannot be asked: no such call is described.
    async fn pay_out(&self, call: &PayoutCall) -> PayoutWord {
        self.out(call).await
    }
}
