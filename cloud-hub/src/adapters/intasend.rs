//! IntaSend, an aggregator before M-PESA in Kenya: the prompt, its status, and the webhook.
//!
//! | module | what it holds |
//! |---|---|
//! | [`wire`] | bodies and answers as bytes; no port, no clock |
//! | [`client`] | the calls: time-outs, and what each outcome means to a payment |
//!
//! Protocol facts come from IntaSend's documents ("Payment collection events", developers.intasend.com) and from what its
//! official client for Python, version 1.1.2, sends. The shape of the prompt's answer is not documented.
//!
//! It has no token to fetch, and no idempotency: a prompt that is sent again is a second prompt.

pub mod client;
pub mod wire;

use kiosk::{
    ids::ProviderReference,
    moment::Wall,
    payment::{PushAnswer, QueryAnswer},
};

use self::client::IntasendClient;
use crate::{
    hub::{
        effect::Prompt,
        payout::{PayoutCall, PayoutQuestion, PayoutWord},
    },
    provider::pump::Collect,
    secret::Secret,
};

/// What one business at IntaSend needs to be spoken for (`payments.intasend` in the configuration).
#[derive(Clone, Debug)]
pub struct IntasendSettings {
    /// Where the API is: scheme, host and an optional path.
    pub base_url: String,
    /// The publishable key.
    pub publishable_key: Secret,
    /// The secret token.
    pub secret_token: Secret,
    /// Whether money goes out by it.
    pub payouts: bool,
}

impl Collect for IntasendClient {
    async fn push(&self, prompt: &Prompt, _: Wall) -> PushAnswer {
        self.prompt(prompt).await
    }

    async fn query(&self, reference: &ProviderReference, _: Wall) -> QueryAnswer {
        self.status(reference).await
    }

    async fn pay_out(&self, call: &PayoutCall) -> PayoutWord {
        self.send_money(call).await.into()
    }

    async fn ask_payout(&self, question: &PayoutQuestion) -> PayoutWord {
        self.sent_money(question).await
    }
}
