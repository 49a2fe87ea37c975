//! Africa's Talking, which carries texts in East Africa: sending, what became of it, and what people write.
//!
//! | module | what it holds |
//! |---|---|
//! | [`wire`] | bodies and answers as bytes; no port, no clock |
//! | [`client`] | the call: time-outs, and what each outcome means to a text |
//!
//! Protocol facts come from Africa's Talking's SMS documents ("Sending", "Bulk SMS", "Notifications") and from what its
//! official clients send (africastalking 0.8.3 for Node.js, 2.0.3 for Python).
//!
//! It has no idempotency: a text that is sent again is a second text. So each is sent once, and one whose answer was lost
//! is never sent again by itself.

pub mod client;
pub mod wire;

use std::sync::Arc;

use kiosk::phone::Phone;
use runtime::{decide::Inbox, stop::Stop};
use tokio::{sync::mpsc, task::JoinSet};

use self::client::TextClient;
use crate::{
    hub::{
        effect::OutboxId,
        input::{Input, TextOutcome},
        talk::UNDER_WAY_MAX,
    },
    secret::Secret,
};

/// How many texts may be on their way to the provider at once.
pub const CALLS_MAX: usize = 16;

/// What one application at Africa's Talking needs to be spoken for (`messaging.africastalking` in the configuration).
#[derive(Clone, Debug)]
pub struct TextSettings {
    /// Where the API is: scheme, host and an optional path.
    pub base_url: String,
    /// The application's user name; `sandbox` at their sandbox.
    pub username: String,
    /// The API key.
    pub api_key: Secret,
    /// A short code or a registered name; `None` leaves the provider's own.
    pub sender: Option<String>,
    /// Whether the newer form is used.
    pub bulk: bool,
}

/// A text to be sent.
#[derive(Clone, Debug)]
pub struct Errand {
    /// Its row, for the outcome.
    pub outbox: OutboxId,
    /// To whom.
    pub phone: Phone,
    /// What.
    pub text: String,
}

impl Errand {
    /// The answer of a text that was not sent.
    pub fn unmade(&self) -> Input {
        self.ended(TextOutcome::NotSent)
    }

    fn ended(&self, outcome: TextOutcome) -> Input {
        Input::Texted {
            outbox: self.outbox,
            outcome,
        }
    }
}

/// The way to whoever carries texts.
#[derive(Clone, Debug)]
pub struct Errands(mpsc::Sender<Errand>);

/// Texts on their way to be sent.
#[derive(Debug)]
pub struct Waiting(mpsc::Receiver<Errand>);

/// A way to [`run`], and its end. It has room for all that the machine hands over at once.
pub fn queue() -> (Errands, Waiting) {
    let (sender, receiver) = mpsc::channel(UNDER_WAY_MAX as usize);
    (Errands(sender), Waiting(receiver))
}

impl Errands {
    /// Hands a text in; it comes back when there is no room, or nobody who carries it any more.
    pub fn hand_in(&self, errand: Errand) -> Result<(), Errand> {
        self.0.try_send(errand).map_err(|error| error.into_inner())
    }
}

/// Sends texts as they come, until `stop`; then what is under way may end, and what waits is given back unsent.
pub async fn run(client: TextClient, inbox: Inbox<Input>, mut waiting: Waiting, stop: Stop) {
    let client = Arc::new(client);
    let mut under_way: JoinSet<()> = JoinSet::new();
    loop {
        let errand = tokio::select! {
            errand = waiting.0.recv(), if under_way.len() < CALLS_MAX => errand,
            Some(_) = under_way.join_next() => continue,
            () = stop.stopped() => None,
        };
        let Some(errand) = errand else { break };
        let (client, inbox) = (Arc::clone(&client), inbox.clone());
        under_way.spawn(async move {
            let outcome = client.send(errand.phone, &errand.text).await;
            hand_back(&inbox, errand.ended(outcome)).await;
        });
    }
    while let Ok(errand) = waiting.0.try_recv() {
        hand_back(&inbox, errand.unmade()).await;
    }
    while under_way.join_next().await.is_some() {}
}

async fn hand_back(inbox: &Inbox<Input>, outcome: Input) {
    if inbox.send(outcome).await.is_err() {
        tracing::info!("the machine stopped before it heard what became of a text");
    }
}
