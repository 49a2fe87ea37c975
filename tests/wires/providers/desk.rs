//! What the tests work at: a sandbox in which one provider behaves as told, and that provider's client.

use std::{net::SocketAddr, time::Duration};

use hub::{
    adapters::{
        airtel::{AirtelSettings, client::AirtelClient},
        intasend::{IntasendSettings, client::IntasendClient},
        momo::{Disbursement, MomoSettings, client::MomoClient},
    },
    hub::{
        effect::Prompt,
        input::PurchaseId,
        payout::{PayoutCall, PayoutQuestion, PayoutWord},
    },
    provider::pump::Collect,
    secret::Secret,
};
use kiosk::{
    ids::{AccountId, ProviderReference},
    moment::Wall,
    payment::{Msisdn, PushAnswer, QueryAnswer},
    phone::Country,
    provider::Provider,
    units::{Currency, Money},
};
use tokio::{net::TcpListener, time::timeout};
use world::sandbox::{
    Sandbox,
    wallets::{Behaviour, LedgerLine, Outcome, Wallets},
};

/// 2026-11-21T06:00:00Z: calls are stamped, though none of these providers looks.
const NOW: Wall = Wall::from_seconds(1_795_240_800);
/// The longest that anything here may take.
const LIMIT: Duration = Duration::from_secs(30);

/// A client of any of them.
pub enum Client {
    Mtn(Box<MomoClient>),
    Airtel(AirtelClient),
    Intasend(IntasendClient),
}

impl Client {
    pub async fn push(&self, prompt: &Prompt) -> PushAnswer {
        match self {
            Client::Mtn(client) => client.push(prompt, NOW).await,
            Client::Airtel(client) => client.push(prompt, NOW).await,
            Client::Intasend(client) => client.push(prompt, NOW).await,
        }
    }

    pub async fn pay_out(&self, call: &PayoutCall) -> PayoutWord {
        match self {
            Client::Mtn(client) => client.pay_out(call).await,
            Client::Airtel(client) => client.pay_out(call).await,
            Client::Intasend(client) => client.pay_out(call).await,
        }
    }

    pub async fn ask_payout(&self, question: &PayoutQuestion) -> PayoutWord {
        match self {
            Client::Mtn(client) => client.ask_payout(question).await,
            Client::Airtel(client) => client.ask_payout(question).await,
            Client::Intasend(client) => client.ask_payout(question).await,
        }
    }

    pub async fn query(&self, reference: &ProviderReference) -> QueryAnswer {
        match self {
            Client::Mtn(client) => client.query(reference, NOW).await,
            Client::Airtel(client) => client.query(reference, NOW).await,
            Client::Intasend(client) => client.query(reference, NOW).await,
        }
    }
}

/// A sandbox and the provider that a test is about.
pub struct Desk {
    pub sandbox: Sandbox,
    provider: Provider,
}

impl Desk {
    /// A sandbox whose provider behaves so.
    pub async fn open(provider: Provider, behaviour: Behaviour) -> Desk {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let sandbox = Sandbox::start(TcpListener::bind(loopback).await.expect("a port")).expect("a sandbox");
        sandbox.with_wallets(provider, |wallets| wallets.set_behaviour(behaviour));
        Desk { sandbox, provider }
    }

    /// A client of Airtel that signs its pushes.
    pub fn signing_client(&self) -> Client {
        let settings = AirtelSettings {
            signing: true,
            ..self.airtel()
        };
        Client::Airtel(AirtelClient::new(settings).expect("a client"))
    }

    fn airtel(&self) -> AirtelSettings {
        AirtelSettings {
            base_url: self.sandbox.url(self.provider),
            country: Country::Uganda,
            client_id: Secret::new("id"),
            client_secret: Secret::new("secret"),
            signing: false,
            disbursement_pin: Some(Secret::new("c2VhbGVk")),
        }
    }

    /// A client that waits this long for answers.
    pub fn client(&self, answer_within: Duration) -> Client {
        let (base_url, secret) = (self.sandbox.url(self.provider), || Secret::new("secret"));
        match self.provider {
            Provider::Airtel => {
                let client = AirtelClient::with_answer_within(self.airtel(), answer_within);
                Client::Airtel(client.expect("a client"))
            }
            Provider::Intasend => {
                let settings = IntasendSettings {
                    base_url,
                    publishable_key: secret(),
                    secret_token: secret(),
                    payouts: true,
                };
                Client::Intasend(IntasendClient::with_answer_within(settings, answer_within).expect("a client"))
            }
            Provider::Mtn | Provider::Mpesa => {
                let settings = MomoSettings {
                    base_url,
                    target_environment: "mtnuganda".to_owned(),
                    wire_currency: "UGX".to_owned(),
                    subscription_key: secret(),
                    api_user: secret(),
                    api_key: secret(),
                    callback_url: Secret::new(""),
                    disbursement: Some(Disbursement {
                        subscription_key: secret(),
                        api_user: secret(),
                        api_key: secret(),
                    }),
                };
                let client = MomoClient::with_answer_within(settings, Currency::Ugx, answer_within);
                Client::Mtn(Box::new(client.expect("a client")))
            }
        }
    }

    /// What is asked for: 300 whole units.
    pub fn amount(&self) -> Money {
        match self.provider {
            Provider::Intasend => Money::new(30_000, Currency::Kes),
            _ => Money::new(300, Currency::Ugx),
        }
    }

    /// The phone that pays.
    pub fn payer(&self) -> Msisdn {
        Msisdn(match self.provider {
            Provider::Intasend => 254_708_374_149,
            Provider::Airtel => 256_752_123_456,
            _ => 256_772_123_456,
        })
    }

    /// A prompt, with a reference of its own where we choose it.
    pub fn prompt(&self, number: u64) -> Prompt {
        let reference = match self.provider {
            Provider::Mtn => format!("4b0f6a1e-6b1c-4a43-a5f0-{number:012x}").parse().ok(),
            Provider::Airtel => format!("{number:032x}").parse().ok(),
            _ => None,
        };
        Prompt {
            purchase: PurchaseId(number),
            provider: self.provider,
            amount: self.amount(),
            payer: self.payer(),
            reference,
            token: format!("{number:032x}"),
            account: AccountId::new(1).expect("an account"),
            send_before: NOW,
        }
    }

    /// Sends the first prompt, which is taken, and tells its name at the provider.
    pub async fn accepted(&self, client: &Client) -> ProviderReference {
        let prompt = self.prompt(1);
        match client.push(&prompt).await {
            PushAnswer::Accepted { reference } => reference.or(prompt.reference).expect("a name"),
            other => panic!("{}: {other:?}", self.provider),
        }
    }

    /// Looks at the provider, or changes it.
    pub fn wallets<T>(&self, act: impl FnOnce(&mut Wallets) -> T) -> T {
        self.sandbox.with_wallets(self.provider, act)
    }

    /// The person at the phone pays what was asked last.
    pub fn approve(&self) -> bool {
        self.wallets(|wallets| {
            let id = wallets.prompts().last().expect("a prompt").id.clone();
            wallets.approve(NOW.0, &id, "4071")
        })
    }

    /// The open prompt ends so.
    pub fn end(&self, outcome: Outcome) {
        self.wallets(|wallets| {
            let id = wallets.prompts().last().expect("a prompt").id.clone();
            match outcome {
                Outcome::Paid => assert!(wallets.approve(NOW.0, &id, "4071")),
                Outcome::Rejected => assert!(wallets.cancel(NOW.0, &id)),
                // The one PIN that is wrong.
                Outcome::Failed => assert!(wallets.approve(NOW.0, &id, "0000")),
                // Nobody answers until long after its time.
                Outcome::Expired => drop(wallets.tick(i64::MAX)),
            }
        });
    }

    /// Ends it.
    pub async fn close(self) {
        timeout(LIMIT, self.sandbox.stop()).await.expect("it stops in time");
    }
}

/// What the pretend phones paid.
pub fn ledger(desk: &Desk) -> Vec<LedgerLine> {
    desk.wallets(|wallets| wallets.ledger().to_vec())
}
