//! M-PESA in Kenya over Safaricom's Daraja: the prompt on the customer's phone ("M-PESA Express", STK push), the query
//! for its result, and the callback.
//!
//! | module | what it holds |
//! |---|---|
//! | [`wire`] | bodies and answers as bytes; no port, no clock |
//! | [`client`] | the calls: token, time-outs, and what each outcome means to a payment |
//! | [`outgoing`] | payouts and what became of them |
//!
//! Protocol facts come from Safaricom's Daraja portal (developer.safaricom.co.ke): "Authorization", "M-Pesa Express
//! Simulate" and "M-Pesa Express Query". Behaviour that the portal does not describe was measured on its sandbox in
//! September and October 2026 and is marked *observed*.
//!
//! Two things are absent on purpose: a repeated push (the provider has no idempotency: the same account reference twice
//! gives two prompts, *observed*), and any use of a result's description (its wording changes from day to day, *observed*).

pub mod client;
pub mod outgoing;
pub mod wire;

use kiosk::{
    ids::ProviderReference,
    moment::Wall,
    payment::{PushAnswer, QueryAnswer},
};

use self::{
    client::{MpesaClient, orders::NoAnswer},
    outgoing::Outgoing,
    wire::PushOrder,
};
use crate::{
    hub::{
        effect::Prompt,
        payout::{PayoutCall, PayoutQuestion, PayoutWord},
        pull::{PullPage, PullQuestion},
    },
    provider::pump::Collect,
    secret::Secret,
};

/// What one business at Safaricom needs to be spoken for (`payments.mpesa` in the configuration).
#[derive(Clone, Debug)]
pub struct MpesaSettings {
    /// Where Daraja is: scheme, host and an optional path. Test and live differ in nothing else but the credentials.
    pub base_url: String,
    /// The paybill, or for a till the store's short code used at go-live: 5 to 7 digits.
    pub shortcode: String,
    /// The till number, when customers pay to a till ("Buy Goods").
    pub till: Option<String>,
    /// The passkey of M-PESA Express.
    pub passkey: Secret,
    /// The app's consumer key.
    pub consumer_key: Secret,
    /// The app's consumer secret.
    pub consumer_secret: Secret,
}

/// The address a payment's callback comes to: `base` is the hub's public one, `secret` the webhooks' common one (none when
/// unsigned callbacks are allowed), `token` this payment's own. No word that Daraja forbids in an address is in it: mpesa,
/// m-pesa, safaricom, exe, exec, cmd, sql, query (Daraja portal, "Customer To Business Register URL").
pub fn callback_url(base: &str, secret: Option<&Secret>, token: &str) -> String {
    let base = base.trim_end_matches('/');
    match secret {
        Some(secret) => format!("{base}/payments/daraja/{}/stk/{token}", secret.expose()),
        None => format!("{base}/payments/daraja/stk/{token}"),
    }
}

/// Collects and pays out by M-PESA, as the pump wants it.
pub struct Mpesa {
    /// The client, shared.
    pub client: MpesaClient,
    /// The hub as Safaricom sees it.
    pub callback_base: String,
    /// The webhooks' secret.
    pub webhook_secret: Option<Secret>,
    /// Who gives orders to pay out; nobody where that is not set up.
    pub outgoing: Option<Outgoing>,
}

impl Collect for Mpesa {
    async fn push(&self, prompt: &Prompt, now: Wall) -> PushAnswer {
        let order = PushOrder {
            amount: prompt.amount,
            payer: prompt.payer,
            callback_url: callback_url(&self.callback_base, self.webhook_secret.as_ref(), &prompt.token),
            account_reference: prompt.account.to_string(),
            description: "Water".to_owned(),
        };
        self.client.push(&order, now).await
    }

    async fn query(&self, reference: &ProviderReference, now: Wall) -> QueryAnswer {
        self.client.query(reference, now).await
    }

    async fn pay_out(&self, call: &PayoutCall) -> PayoutWord {
        self.order_out(call).await
    }

    async fn ask_payout(&self, question: &PayoutQuestion) -> PayoutWord {
        self.question_out(question).await
    }

    async fn pull(&self, question: &PullQuestion) -> Option<PullPage> {
        let PullQuestion {
            since, until, offset, ..
        } = *question;
        match self.client.pull(since, until, offset).await {
            Ok(pulled) => Some(PullPage {
                rows: pulled.rows(),
                unreadable: pulled.unreadable,
                arrivals: pulled.arrivals,
                is_cut: false,
            }),
            Err(NoAnswer::TooLarge) => Some(PullPage {
                is_cut: true,
                ..PullPage::default()
            }),
            Err(error) => {
                tracing::warn!(%error, "mpesa: no pull");
                None
            }
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
            callback_url("https://hub.example/", Some(&secret), "77ff"),
            "https://hub.example/payments/daraja/0a1b/stk/77ff"
        );
        assert_eq!(
            callback_url("https://hub.example", None, "77ff"),
            "https://hub.example/payments/daraja/stk/77ff"
        );
    }
}
