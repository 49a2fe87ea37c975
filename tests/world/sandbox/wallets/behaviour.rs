//! What the pretend providers do, as the control page sets it.

use serde::{Deserialize, Serialize};

use super::{super::mpesa::Answer, html};

/// Everything that can be set. Without a word they behave: the phone pays after a second, the callback comes once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// Whether the phone answers by itself; otherwise a person does, on the phone page or over the control API.
    pub auto: bool,
    /// How long the phone takes to answer by itself.
    pub auto_after_ms: i64,
    /// How it answers.
    pub outcome: Outcome,
    /// The provider's own word for a failure; the usual one when empty.
    pub reason: String,
    /// What is paid whatever was asked, in whole units; 0 for what was asked.
    pub pays: i64,
    /// How long a prompt waits for a person before it runs out.
    pub prompt_ms: i64,
    /// After any other end: pay all the same, this much later; 0 for never.
    pub late_success_after_ms: i64,
    /// How often the last callback is sent: 0 for missing (and no other one either), 2 for doubled.
    pub callbacks: u32,
    /// How late it is sent.
    pub callback_delay_ms: i64,
    /// `POST` or `PUT`; MTN uses both.
    pub callback_method: String,
    /// Where callbacks go: what a person enters in the portal of Airtel and IntaSend. MTN is told with each request.
    pub callback_url: String,
    /// Airtel: the key of the portal's callback authentication; off when empty.
    pub callback_key: String,
    /// Airtel: what the hash is made over.
    pub callback_hash: HashOver,
    /// Airtel: take signed requests only.
    pub signed_only: bool,
    /// IntaSend: the challenge of the dashboard's webhook.
    pub challenge: String,
    /// MTN: how long a request is not to be found by its status.
    pub hidden_ms: i64,
    /// Airtel: how long after the prompt the status is ambiguous, whatever became of it.
    pub ambiguous_ms: i64,
    /// What goes wrong with pushes.
    pub push_fault: Fault,
    /// What goes wrong with queries.
    pub query_fault: Fault,
    /// What goes wrong with payouts.
    pub payout_fault: Fault,
    /// How they end.
    pub payout_outcome: Outcome,
    /// What goes wrong with tokens.
    pub token_fault: Fault,
    /// How long each answer takes.
    pub slow_ms: i64,
    /// How long a token lives.
    pub token_life_s: i64,
}

impl Default for Behaviour {
    fn default() -> Behaviour {
        Behaviour {
            auto: true,
            auto_after_ms: 1_000,
            outcome: Outcome::Paid,
            reason: String::new(),
            pays: 0,
            prompt_ms: 300_000,
            late_success_after_ms: 0,
            callbacks: 1,
            callback_delay_ms: 0,
            callback_method: "POST".to_owned(),
            callback_url: String::new(),
            callback_key: String::new(),
            callback_hash: HashOver::Document,
            signed_only: false,
            challenge: String::new(),
            hidden_ms: 0,
            ambiguous_ms: 0,
            push_fault: Fault::None,
            query_fault: Fault::None,
            payout_fault: Fault::None,
            payout_outcome: Outcome::Paid,
            token_fault: Fault::None,
            slow_ms: 0,
            token_life_s: 180,
        }
    }
}

/// How a prompt ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Paid.
    Paid,
    /// The person said no.
    Rejected,
    /// Nobody answered in time.
    Expired,
    /// It did not work.
    Failed,
}

impl Outcome {
    /// All of them, for the control page.
    pub const ALL: [Outcome; 4] = [Outcome::Paid, Outcome::Rejected, Outcome::Expired, Outcome::Failed];
}

/// What Airtel's hash is made over; its documents allow both readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HashOver {
    /// `{"transaction":{…}}`
    Document,
    /// What stands behind `"transaction":`.
    Transaction,
}

impl HashOver {
    /// All of them, for the control page.
    pub const ALL: [HashOver; 2] = [HashOver::Document, HashOver::Transaction];
}

/// What can go wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Nothing.
    None,
    /// Taken, and never answered.
    Silent,
    /// Neither taken nor answered.
    Lost,
    /// Taken, and answered with a gateway's HTML page.
    Html,
    /// Not taken: 503.
    Unavailable,
    /// Not taken: 429.
    Busy,
}

impl Fault {
    /// All of them, for the control page.
    pub const ALL: [Fault; 6] = [
        Fault::None,
        Fault::Silent,
        Fault::Lost,
        Fault::Html,
        Fault::Unavailable,
        Fault::Busy,
    ];

    /// The answer that goes with it; `None` for the right one.
    pub(super) fn answer(self) -> Option<Answer> {
        match self {
            Fault::None => None,
            Fault::Silent | Fault::Lost => Some(Answer::Silence),
            Fault::Html => Some(html(502, "Bad Gateway")),
            Fault::Unavailable => Some(html(503, "Service Unavailable")),
            Fault::Busy => Some(html(429, "Too Many Requests")),
        }
    }

    /// Whether the prompt goes out although the answer is wrong.
    pub(super) fn takes_the_request(self) -> bool {
        matches!(self, Fault::None | Fault::Silent | Fault::Html)
    }
}
