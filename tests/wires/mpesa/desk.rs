//! What the tests work at: a sandbox, somebody who takes its callbacks, and a hub reduced to one payment.

use std::{net::SocketAddr, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, header},
    routing::post,
};
use hub::{
    adapters::mpesa::{
        MpesaSettings, callback_url,
        client::MpesaClient,
        wire::{CALLBACK_ACCEPTED, Callback, PushOrder, parse_callback},
    },
    secret::Secret,
};
use kiosk::{
    ids::{ProviderReceipt, ProviderReference},
    moment::{Draw, Moment, Trust, Wall},
    payment::{Msisdn, Payment, PaymentEffect, PaymentEvent, PaymentPolicy, ProviderVerdict, PushAnswer, Report, step},
    units::{Currency, Money},
};
use tokio::{
    net::TcpListener,
    sync::mpsc,
    task::JoinHandle,
    time::{MissedTickBehavior, interval, timeout},
};
use world::sandbox::{
    Sandbox,
    mpesa::{Behaviour, LedgerLine},
};

/// The phone that pays.
pub const PAYER: Msisdn = Msisdn(254_708_374_149);
/// 2026-11-21T06:00:00Z, when every story begins.
pub const NOW: Wall = Wall::from_seconds(1_795_240_800);
/// The longest that anything here may take.
const LIMIT: Duration = Duration::from_secs(30);

/// KES 300.
pub fn amount() -> Money {
    Money::new(30_000, Currency::Kes)
}

/// A prompt for [`amount`] on the phone of [`PAYER`].
pub fn order(callback_url: &str) -> PushOrder {
    PushOrder {
        amount: amount(),
        payer: PAYER,
        callback_url: callback_url.to_owned(),
        account_reference: "AQP123456".to_owned(),
        description: "Water".to_owned(),
    }
}

fn settings(sandbox: &Sandbox) -> MpesaSettings {
    MpesaSettings {
        base_url: sandbox.mpesa_url(),
        shortcode: "174379".to_owned(),
        till: None,
        passkey: Secret::new("passkey"),
        consumer_key: Secret::new("key"),
        consumer_secret: Secret::new("secret"),
    }
}

/// A client of the sandbox that waits this long for answers.
pub fn client(sandbox: &Sandbox, answer_within: Duration) -> MpesaClient {
    MpesaClient::with_answer_within(settings(sandbox), answer_within).expect("a client")
}

/// A client of the sandbox whose customers pay to a till.
pub fn till_client(sandbox: &Sandbox, till: &str) -> MpesaClient {
    let till = Some(till.to_owned());
    MpesaClient::new(MpesaSettings {
        till,
        ..settings(sandbox)
    })
    .expect("a client")
}

/// Looks until `condition` holds; fails with its name when it does not within [`LIMIT`].
pub async fn eventually(name: &str, mut condition: impl FnMut() -> bool) {
    let mut look = interval(Duration::from_millis(5));
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let looking = async {
        while !condition() {
            look.tick().await;
        }
    };
    timeout(LIMIT, looking)
        .await
        .unwrap_or_else(|_| panic!("never: {name}"));
}

/// A sandbox and the receiver of its callbacks.
pub struct Desk {
    /// The pretend providers.
    pub sandbox: Sandbox,
    /// Where callbacks are to go.
    pub callback_url: String,
    callbacks: mpsc::UnboundedReceiver<(HeaderMap, Bytes)>,
    receiver: JoinHandle<()>,
}

impl Desk {
    /// A sandbox that behaves so.
    pub async fn open(behaviour: Behaviour) -> Desk {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let sandbox = Sandbox::start(TcpListener::bind(loopback).await.expect("a port")).expect("a sandbox");
        sandbox.with_mpesa(|mpesa| mpesa.set_behaviour(behaviour));
        let (sender, callbacks) = mpsc::unbounded_channel();
        let listener = TcpListener::bind(loopback).await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let take = |State(sender): State<mpsc::UnboundedSender<(HeaderMap, Bytes)>>,
                    headers: HeaderMap,
                    body: Bytes| async move {
            sender.send((headers, body)).expect("the test listens");
            CALLBACK_ACCEPTED
        };
        let app = Router::new()
            .route("/payments/daraja/0a1b/stk/77ff", post(take))
            .with_state(sender);
        let receiver = tokio::spawn(async move { axum::serve(listener, app).await.expect("a receiver") });
        Desk {
            sandbox,
            callback_url: callback_url(&base, Some(&Secret::new("0a1b")), "77ff"),
            callbacks,
            receiver,
        }
    }

    /// Sends a prompt that is taken, and tells its name at the provider.
    pub async fn accepted(&self, client: &MpesaClient) -> ProviderReference {
        match client.push(&order(&self.callback_url), NOW).await {
            PushAnswer::Accepted {
                reference: Some(reference),
            } => reference,
            other => panic!("{other:?}"),
        }
    }

    /// The next callback, read as the hub reads it.
    pub async fn callback(&mut self) -> Callback {
        let arrived = timeout(LIMIT, self.callbacks.recv()).await;
        let (headers, body) = arrived.expect("a callback in time").expect("a receiver");
        assert_eq!(headers["businessshortcode"], "174379");
        assert_eq!(headers[header::CONTENT_TYPE], "application/json;charset=UTF-8");
        parse_callback(&body).expect("a callback")
    }

    /// What the pretend phones paid.
    pub fn ledger(&self) -> Vec<LedgerLine> {
        self.sandbox.with_mpesa(|mpesa| mpesa.ledger().to_vec())
    }

    /// Ends it.
    pub async fn close(self) {
        self.receiver.abort();
        timeout(LIMIT, self.sandbox.stop()).await.expect("it stops in time");
    }
}

/// A callback of success that no provider sent.
pub fn forged(reference: Option<ProviderReference>) -> Callback {
    Callback {
        merchant_request: None,
        result_code: "0".to_owned(),
        report: Report {
            reference,
            verdict: ProviderVerdict::Paid,
            receipt: "FORGED1234".parse().ok(),
            amount: Some(amount()),
            payer: Some(PAYER),
        },
    }
}

/// A hub reduced to one payment: it does what the rules say, over the real client, in a time of its own.
pub struct Hub {
    /// The payment as it stands.
    pub payment: Payment,
    /// The settlements there were, with their receipts.
    pub settled: Vec<Option<ProviderReceipt>>,
    client: MpesaClient,
    callback_url: String,
    now: Wall,
}

impl Hub {
    /// A payment that nothing has happened to.
    pub fn new(client: MpesaClient, callback_url: &str) -> Hub {
        Hub {
            payment: Payment::new(amount(), PAYER, None, NOW),
            settled: Vec::new(),
            client,
            callback_url: callback_url.to_owned(),
            now: NOW,
        }
    }

    /// Sends it.
    pub async fn start(&mut self) {
        self.handle(PaymentEvent::Start).await;
    }

    /// A callback came.
    pub async fn called_back(&mut self, callback: Callback) {
        self.handle(PaymentEvent::CalledBack(callback.report)).await;
    }

    /// Lets time pass until the payment wants to be looked at.
    pub async fn tick_when_due(&mut self) {
        self.now = self.payment.due.expect("something is due");
        self.handle(PaymentEvent::Tick).await;
    }

    async fn handle(&mut self, event: PaymentEvent) {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            let moment = Moment {
                wall: self.now,
                trust: Trust::Ntp,
                monotonic_ms: 0,
                draw: Draw::new([0; 32]),
            };
            let (payment, effects) = step(&PaymentPolicy::default(), &self.payment, &moment, event);
            self.payment = payment;
            for effect in effects {
                match effect {
                    PaymentEffect::Submit => {
                        let answer = self.client.push(&order(&self.callback_url), self.now).await;
                        events.push(PaymentEvent::PushAnswered(answer));
                    }
                    PaymentEffect::Query(reference) => {
                        let answer = self.client.query(&reference, self.now).await;
                        events.push(PaymentEvent::QueryAnswered(answer));
                    }
                    PaymentEffect::Settle { receipt } => self.settled.push(receipt),
                    PaymentEffect::WakeAt(_)
                    | PaymentEffect::ReceiptKnown(_)
                    | PaymentEffect::Tell(_)
                    | PaymentEffect::Audit(_) => {}
                }
            }
        }
    }
}
