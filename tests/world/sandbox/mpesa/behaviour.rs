//! What the pretend provider does, as the control page sets it.

use serde::{Deserialize, Serialize};

use super::{
    Prompt,
    answer::{self, Answer},
};

/// Everything that can be set. Without a word it behaves: the phone pays after a second, the callback comes once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// Whether the phone answers by itself; otherwise a person does, on the phone page or over the control API.
    pub auto: bool,
    /// How long the phone takes to answer by itself.
    pub auto_after_ms: i64,
    /// How it answers: `0` pays; any other result code ends the prompt with it.
    pub result_code: String,
    /// How long a prompt waits for a person before it ends with 1037.
    pub prompt_ms: i64,
    /// After any other end: pay all the same, this much later; 0 for never.
    pub late_success_after_ms: i64,
    /// How often the callback is sent: 0 for missing, 2 for doubled.
    pub callbacks: u32,
    /// How late it is sent. Both hold for confirmations of direct payments too.
    pub callback_delay_ms: i64,
    /// Whether the receiver is asked before a direct payment.
    pub validation: bool,
    /// Whether an STK payment is confirmed like a direct one, too, under the same receipt.
    pub stk_confirms: bool,
    /// Whether payers are shown as a hash and not masked.
    pub hashed_payers: bool,
    /// The most rows of a page of a pull.
    pub pull_rows_max: usize,
    /// What goes wrong with pushes.
    pub push_fault: Fault,
    /// What goes wrong with queries.
    pub query_fault: Fault,
    /// What goes wrong with orders to pay out and to reverse.
    pub payout_fault: Fault,
    /// How they end: `0` moves the money, any other result code does not.
    pub payout_code: String,
    /// What is moved whatever was ordered, in shillings; 0 for what was ordered.
    pub payout_pays: i64,
    /// How often the result is posted: 0 for never, 2 for doubled.
    pub payout_results: u32,
    /// How late it is posted.
    pub payout_result_delay_ms: i64,
    /// Whether it comes to the time-out address instead.
    pub payout_times_out: bool,
    /// How often a question about a transaction is answered.
    pub status_results: u32,
    /// What goes wrong with tokens.
    pub token_fault: Fault,
    /// How long a token lives; Daraja says 3,599 s (Daraja portal, "Authorization").
    pub token_life_s: i64,
    /// How queries about an open prompt are answered.
    pub in_flight: InFlight,
    /// How many of a hundred queries about a finished prompt get `500.001.1001` (about 20 were observed).
    pub no_answer_percent: u64,
    /// Queries taken in a minute; one more is answered "busy".
    pub queries_per_minute: usize,
    /// The code for a token that is not good: `404.001.03`, `400.003.01` or `401.002.01`.
    pub invalid_token_code: String,
}

impl Default for Behaviour {
    fn default() -> Behaviour {
        Behaviour {
            auto: true,
            auto_after_ms: 1_000,
            result_code: "0".to_owned(),
            prompt_ms: 60_000,
            late_success_after_ms: 0,
            callbacks: 1,
            callback_delay_ms: 0,
            validation: false,
            stk_confirms: false,
            hashed_payers: false,
            pull_rows_max: 100,
            push_fault: Fault::None,
            query_fault: Fault::None,
            payout_fault: Fault::None,
            payout_code: "0".to_owned(),
            payout_pays: 0,
            payout_results: 1,
            payout_result_delay_ms: 0,
            payout_times_out: false,
            status_results: 1,
            token_fault: Fault::None,
            token_life_s: 3_599,
            in_flight: InFlight::Turns,
            no_answer_percent: 0,
            queries_per_minute: 300,
            invalid_token_code: "404.001.03".to_owned(),
        }
    }
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
    /// Not taken: `500.003.1001`, internal error.
    Internal,
    /// Not taken: `500.003.02`, busy.
    Busy,
    /// Not taken: `400.002.02`, a field is not valid.
    InvalidField,
    /// Not taken: the same, with status 200 (*observed*).
    ErrorInside,
    /// Not taken: `500.001.1001`, which means many things; here the subscriber is locked.
    Locked,
}

impl Fault {
    /// All of them, for the control page.
    pub const ALL: [Fault; 9] = [
        Fault::None,
        Fault::Silent,
        Fault::Lost,
        Fault::Html,
        Fault::Internal,
        Fault::Busy,
        Fault::InvalidField,
        Fault::ErrorInside,
        Fault::Locked,
    ];

    /// The answer that goes with it; `None` for the right one.
    pub(super) fn answer(self) -> Option<Answer> {
        match self {
            Fault::None => None,
            Fault::Silent | Fault::Lost => Some(Answer::Silence),
            Fault::Html => Some(answer::html()),
            Fault::Internal => Some(answer::error(500, "500.003.1001", "Internal Server Error")),
            Fault::Busy => Some(answer::busy()),
            Fault::InvalidField => Some(answer::error(400, "400.002.02", "Bad Request - Invalid PhoneNumber")),
            Fault::ErrorInside => Some(answer::error(200, "400.002.02", "Bad Request - Invalid PhoneNumber")),
            Fault::Locked => Some(answer::error(
                500,
                "500.001.1001",
                "Unable to lock subscriber, a transaction is already in process",
            )),
        }
    }

    /// Whether the prompt goes out although the answer is wrong.
    pub(super) fn takes_the_request(self) -> bool {
        matches!(self, Fault::None | Fault::Silent | Fault::Html)
    }
}

/// How a query about an open prompt is answered; all were observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InFlight {
    /// The three below in turn.
    Turns,
    /// `ResultCode` 4999 with status 200.
    Code4999,
    /// `500.001.1001` with status 500.
    Error500,
    /// `500.001.1001` with status 200 and an empty message.
    Error200,
}

impl InFlight {
    /// All of them, for the control page.
    pub const ALL: [InFlight; 4] = [
        InFlight::Turns,
        InFlight::Code4999,
        InFlight::Error500,
        InFlight::Error200,
    ];

    pub(super) fn answer(self, prompt: &Prompt, turn: u64) -> Answer {
        match (self, turn % 3) {
            (InFlight::Code4999, _) | (InFlight::Turns, 1) => answer::query_result(prompt, "4999"),
            (InFlight::Error500, _) | (InFlight::Turns, 2) => {
                answer::error(500, "500.001.1001", "The transaction is being processed")
            }
            (InFlight::Error200 | InFlight::Turns, _) => answer::error(200, "500.001.1001", ""),
        }
    }
}
