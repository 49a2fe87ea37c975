//! MTN MoMo in Uganda and Rwanda: the request to pay, its status, and the callback.
//!
//! | module | what it holds |
//! |---|---|
//! | [`wire`] | bodies and answers as bytes; no port, no clock |
//! | [`client`] | the calls: token, time-outs, and what each outcome means to a payment |
//!
//! Protocol facts come from MTN's developer portal (momodeveloper.mtn.com): "Getting started", "Collection", "Callback",
//! "Common error codes" and "Testing". What integrators saw at MTN's sandbox in September 2026 and the portal does not
//! say is marked *observed*.
//!
//! Two things are absent on purpose, as at every provider: a request to pay that is sent again, although MTN would
//! recognise it by its reference, and belief in a callback, which nobody signs.

pub mod client;
pub mod wire;

use kiosk::{
    ids::ProviderReference,
    moment::Wall,
    payment::{PushAnswer, QueryAnswer},
};

use self::client::MomoClient;
use crate::{
    hub::{
        effect::Prompt,
        payout::{PayoutCall, PayoutQuestion, PayoutWord},
    },
    provider::pump::Collect,
    secret::Secret,
};

/// What one business at MTN needs to be spoken for (`payments.mtn` in the configuration).
#[derive(Clone, Debug)]
pub struct MomoSettings {
    /// Where the API is: scheme, host and an optional path.
    pub base_url: String,
    /// `X-Target-Environment`: `mtnuganda`, `mtnrwanda` or `sandbox`.
    pub target_environment: String,
    /// The currency as MTN is told it; EUR at the sandbox.
    pub wire_currency: String,
    /// `Ocp-Apim-Subscription-Key` of the product "collection".
    pub subscription_key: Secret,
    /// The API user, a UUID.
    pub api_user: Secret,
    /// The API user's key.
    pub api_key: Secret,
    /// The address callbacks come to; its host must be the registered one. The webhooks' secret is in it.
    pub callback_url: Secret,
    /// What pays out; nothing where that is not set up.
    pub disbursement: Option<Disbursement>,
}

/// The product "disbursement" (`payments.mtn.disbursement_…`).
#[derive(Clone, Debug)]
pub struct Disbursement {
    /// `Ocp-Apim-Subscription-Key` of this product.
    pub subscription_key: Secret,
    /// Its API user, a UUID.
    pub api_user: Secret,
    /// Its key.
    pub api_key: Secret,
}

/// The address callbacks come to: `base` is the hub's public one, `secret` the webhooks' common one (none when unsigned
/// callbacks are allowed).
pub fn callback_url(base: &str, secret: Option<&Secret>) -> String {
    let base = base.trim_end_matches('/');
    match secret {
        Some(secret) => format!("{base}/payments/mtn/{}", secret.expose()),
        None => format!("{base}/payments/mtn"),
    }
}

impl Collect for MomoClient {
    async fn push(&self, prompt: &Prompt, _: Wall) -> PushAnswer {
        self.request_to_pay(prompt).await
    }

    async fn query(&self, reference: &ProviderReference, _: Wall) -> QueryAnswer {
        self.status(reference).await
    }

    async fn pay_out(&self, call: &PayoutCall) -> PayoutWord {
        self.transfer(call).await.into()
    }

    async fn ask_payout(&self, question: &PayoutQuestion) -> PayoutWord {
        PayoutWord {
            report: self.transfer_status(&question.key).await,
            ..PayoutWord::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callback_address_has_the_contracts_form() {
        let secret = Secret::new("0a1b");
        assert_eq!(
            callback_url("https://hub.example/", Some(&secret)),
            "https://hub.example/payments/mtn/0a1b"
        );
        assert_eq!(
            callback_url("https://hub.example", None),
            "https://hub.example/payments/mtn"
        );
    }
}
