//! Pretend MTN MoMo, Airtel Money and IntaSend, as state machines without a socket or a clock: requests and ticks in,
//! answers and callbacks out. What they have in common is here: phones with money, prompts, and callbacks on their way.
//!
//! | module | what it holds |
//! |---|---|
//! | `mtn`, `airtel`, `intasend` | how each is spoken to, what each answers, what its callback looks like |
//! | `outgoing` | money that goes out |
//! | `signed` | the other end of Airtel's signed requests |
//! | `behaviour` | what can be set on the control page |
//!
//! Any key, secret and token is good, as long as they are put together in the right way.

mod airtel;
mod behaviour;
mod intasend;
mod mtn;
mod outgoing;
mod signed;
#[cfg(test)]
mod tests;

pub use airtel::callback_hash;
pub use behaviour::{Behaviour, Fault, HashOver, Outcome};
pub use outgoing::Payout;

use std::collections::BTreeMap;

use kiosk::{
    moment::{Draw, SECOND_MS},
    provider::Provider,
};
use serde::Serialize;

use super::{
    mpesa::{Answer, Response, WRONG_PIN},
    prompts::{Prompts, Waits},
};

/// What a pretend phone has at first, in whole units of its currency.
const BALANCE_AT_FIRST: i64 = 1_000_000;

/// One request as it comes from the wire.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `GET`, `POST` …
    pub method: String,
    /// Path without the leading slash, as under the provider's host.
    pub path: String,
    /// Headers by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    fn bearer(&self) -> Option<&str> {
        self.header("authorization").strip_prefix("Bearer ")
    }
}

/// A callback on its way to the hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Callback {
    /// `POST` or `PUT`.
    pub method: String,
    /// Where to.
    pub url: String,
    /// JSON.
    pub body: String,
}

/// How a prompt ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct End {
    /// In a word.
    pub outcome: Outcome,
    /// The provider's own word for a failure.
    pub reason: String,
}

/// A prompt on a phone and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Prompt {
    /// The provider's name for it: the reference id at MTN, our transaction id at Airtel, the invoice at IntaSend.
    pub id: String,
    /// Our name for it: `externalId`, `transaction.id`, `api_ref`.
    pub reference: String,
    /// The phone, with its country's code.
    pub phone: u64,
    /// What was asked for, in whole units.
    pub amount: i64,
    /// The currency as it was written.
    pub currency: String,
    /// When it came up, milliseconds since 1970.
    pub created_ms: i64,
    /// How it ended; `None` while it is on the phone.
    pub end: Option<End>,
    #[serde(skip)]
    callback_url: String,
    #[serde(skip)]
    decide_at_ms: Option<i64>,
    #[serde(skip)]
    is_auto: bool,
    /// What the provider will say was paid.
    #[serde(skip)]
    paid: i64,
    /// How it ends whatever the phone does: MTN's numbers for tests.
    #[serde(skip)]
    script: Option<End>,
    /// What the status says while it is open.
    #[serde(skip)]
    is_created: bool,
}

impl Waits for Prompt {
    fn name(&self) -> &str {
        &self.id
    }

    fn decide_at_ms(&self) -> Option<i64> {
        self.decide_at_ms
    }
}

impl Prompt {
    /// The receipt of a payment: the same whenever it is told, and long enough that no two of a long run are alike.
    fn receipt(&self) -> String {
        let number = self
            .id
            .bytes()
            .fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        format!("{}", 100_000_000_000 + number % 900_000_000_000)
    }

    fn is_paid(&self) -> bool {
        self.end.as_ref().is_some_and(|end| end.outcome == Outcome::Paid)
    }
}

/// A payment that a pretend phone made: the provider's own books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LedgerLine {
    /// Whose books.
    pub provider: &'static str,
    /// The receipt.
    pub receipt: String,
    /// Which prompt it answered.
    pub prompt: String,
    /// Who paid.
    pub phone: u64,
    /// Whole units.
    pub amount: i64,
    /// Of this currency.
    pub currency: String,
    /// When, milliseconds since 1970.
    pub time_ms: i64,
}

/// One pretend provider.
#[derive(Debug)]
pub struct Wallets {
    provider: Provider,
    behaviour: Behaviour,
    behaviour_of: BTreeMap<u64, Behaviour>,
    balances: BTreeMap<u64, i64>,
    token: Option<(String, i64)>,
    /// That of MTN's product for payouts.
    payout_token: Option<(String, i64)>,
    tokens_given: u64,
    prompts: Prompts<Prompt>,
    ledger: Vec<LedgerLine>,
    callbacks: Vec<(i64, Callback)>,
    payouts: Vec<Payout>,
}

impl Wallets {
    /// The pretend MTN, Airtel or IntaSend. M-PESA has a room of its own.
    pub fn new(provider: Provider) -> Wallets {
        Wallets {
            provider,
            behaviour: Behaviour::default(),
            behaviour_of: BTreeMap::new(),
            balances: BTreeMap::new(),
            token: None,
            payout_token: None,
            payouts: Vec::new(),
            tokens_given: 0,
            prompts: Prompts::default(),
            ledger: Vec::new(),
            callbacks: Vec::new(),
        }
    }

    /// Which it is.
    pub fn provider(&self) -> Provider {
        self.provider
    }

    /// What it does unless a phone has its own ways.
    pub fn behaviour(&self) -> &Behaviour {
        &self.behaviour
    }

    /// Changes what it does.
    pub fn set_behaviour(&mut self, behaviour: Behaviour) {
        self.behaviour = behaviour;
    }

    /// What it does for one phone.
    pub fn behaviour_of(&self, phone: u64) -> &Behaviour {
        self.behaviour_of.get(&phone).unwrap_or(&self.behaviour)
    }

    /// Changes what it does for one phone alone.
    pub fn set_behaviour_of(&mut self, phone: u64, behaviour: Behaviour) {
        self.behaviour_of.insert(phone, behaviour);
    }

    /// Gives a phone so much, in whole units.
    pub fn set_balance(&mut self, phone: u64, units: i64) {
        self.balances.insert(phone, units);
    }

    /// How much a phone has, in whole units.
    pub fn balance(&self, phone: u64) -> i64 {
        self.balances.get(&phone).copied().unwrap_or(BALANCE_AT_FIRST)
    }

    /// Ends the token that is out.
    pub fn forget_token(&mut self) {
        (self.token, self.payout_token) = (None, None);
    }

    /// How many tokens it has given out.
    pub fn tokens_given(&self) -> u64 {
        self.tokens_given
    }

    /// All prompts, the oldest first.
    pub fn prompts(&self) -> &[Prompt] {
        &self.prompts
    }

    /// What the pretend phones paid, the oldest first.
    pub fn ledger(&self) -> &[LedgerLine] {
        &self.ledger
    }

    /// When [`Wallets::tick`] next has something to do.
    pub fn due_ms(&self) -> Option<i64> {
        let callbacks = self.callbacks.iter().map(|(at_ms, _)| *at_ms);
        self.prompts.due_ms().into_iter().chain(callbacks).min()
    }

    /// Answers one request, and tells how many milliseconds the answer takes.
    pub fn handle(&mut self, now_ms: i64, draw: &Draw, request: &Request) -> (i64, Answer) {
        let answer = match self.provider {
            Provider::Airtel => airtel::handle(self, now_ms, draw, request),
            Provider::Intasend => intasend::handle(self, now_ms, draw, request),
            Provider::Mtn | Provider::Mpesa => mtn::handle(self, now_ms, draw, request),
        };
        (self.behaviour.slow_ms, answer)
    }

    /// Lets time pass: prompts end, callbacks leave. Returns the callbacks to deliver now, once each.
    pub fn tick(&mut self, now_ms: i64) -> Vec<Callback> {
        for index in self.prompts.due(now_ms) {
            let prompt = &self.prompts[index];
            let behaviour = self.behaviour_of(prompt.phone);
            let outcome = match (&prompt.end, prompt.is_auto) {
                (Some(_), _) => Outcome::Paid,
                (None, true) => behaviour.outcome,
                (None, false) => Outcome::Expired,
            };
            self.decide(now_ms, index, outcome);
        }
        let due = |(at_ms, _): &mut (i64, Callback)| *at_ms <= now_ms;
        self.callbacks
            .extract_if(.., due)
            .map(|(_, callback)| callback)
            .collect()
    }

    /// The person at the phone enters a PIN. False when there is no such prompt on that phone (any more).
    pub fn approve(&mut self, now_ms: i64, id: &str, pin: &str) -> bool {
        let right = pin.len() == 4 && pin.bytes().all(|byte| byte.is_ascii_digit()) && pin != WRONG_PIN;
        self.answer_prompt(now_ms, id, if right { Outcome::Paid } else { Outcome::Failed })
    }

    /// The person at the phone says no. False when there is no such prompt (any more).
    pub fn cancel(&mut self, now_ms: i64, id: &str) -> bool {
        self.answer_prompt(now_ms, id, Outcome::Rejected)
    }

    fn answer_prompt(&mut self, now_ms: i64, id: &str, outcome: Outcome) -> bool {
        let found = self.prompts.position(id);
        let Some(index) = found.filter(|index| self.prompts[*index].end.is_none()) else {
            return false;
        };
        self.decide(now_ms, index, outcome);
        true
    }

    /// A new token, which does not end an older one: there is only one at a time here.
    fn new_token(&mut self, now_ms: i64, draw: &Draw) -> String {
        let token = format!(
            "{:016x}{:016x}",
            draw.number("token"),
            draw.number("token, second half")
        );
        self.tokens_given += 1;
        self.token = Some((token.clone(), now_ms + self.behaviour.token_life_s * SECOND_MS));
        token
    }

    fn is_admitted(&self, now_ms: i64, request: &Request) -> bool {
        let good = |(token, end_ms): &(String, i64)| request.bearer() == Some(token) && now_ms < *end_ms;
        self.token.as_ref().is_some_and(good)
    }

    fn find(&self, id: &str) -> Option<&Prompt> {
        self.prompts.find(id)
    }

    /// Puts a prompt on a phone, and tells its place.
    fn prompt(&mut self, now_ms: i64, id: String, reference: &str, phone: u64, amount: i64, currency: &str) -> usize {
        let behaviour = self.behaviour_of(phone);
        let wait_ms = match behaviour.auto {
            true => behaviour.auto_after_ms,
            false => behaviour.prompt_ms,
        };
        let prompt = Prompt {
            id,
            reference: reference.to_owned(),
            phone,
            amount,
            currency: currency.to_owned(),
            created_ms: now_ms,
            end: None,
            callback_url: behaviour.callback_url.clone(),
            decide_at_ms: Some(now_ms + wait_ms),
            is_auto: behaviour.auto,
            paid: match behaviour.pays {
                0 => amount,
                other => other,
            },
            script: None,
            is_created: false,
        };
        self.prompts.push(prompt)
    }

    /// Ends a prompt, moves the money when it is paid, and puts its callbacks on the way.
    fn decide(&mut self, now_ms: i64, index: usize, outcome: Outcome) {
        let behaviour = self.behaviour_of(self.prompts[index].phone).clone();
        let prompt = &self.prompts[index];
        let balance = self.balances.entry(prompt.phone).or_insert(BALANCE_AT_FIRST);
        let end = match (outcome, prompt.script.clone()) {
            (_, Some(script)) => script,
            (Outcome::Paid, None) if *balance < prompt.paid => End {
                outcome: Outcome::Failed,
                reason: "NOT_ENOUGH_FUNDS".to_owned(),
            },
            (outcome, None) => End {
                outcome,
                reason: behaviour.reason.clone(),
            },
        };
        let is_late_to_come =
            end.outcome != Outcome::Paid && behaviour.late_success_after_ms > 0 && prompt.end.is_none();
        self.prompts.change(index, |prompt| {
            prompt.decide_at_ms = is_late_to_come.then(|| now_ms + behaviour.late_success_after_ms);
            prompt.end = Some(end);
        });
        let prompt = &self.prompts[index];
        if prompt.is_paid() {
            *balance -= prompt.paid;
            self.ledger.push(LedgerLine {
                provider: self.provider.name(),
                receipt: prompt.receipt(),
                prompt: prompt.id.clone(),
                phone: prompt.phone,
                amount: prompt.paid,
                currency: prompt.currency.clone(),
                time_ms: now_ms,
            });
        }
        for _ in 0..behaviour.callbacks {
            self.call_back(now_ms + behaviour.callback_delay_ms, index);
        }
    }

    /// Puts a callback about how a prompt stands on the way.
    fn call_back(&mut self, at_ms: i64, index: usize) {
        let prompt = &self.prompts[index];
        let behaviour = self.behaviour_of(prompt.phone);
        if prompt.callback_url.is_empty() {
            return;
        }
        let body = match self.provider {
            Provider::Airtel => airtel::callback(behaviour, prompt),
            Provider::Intasend => intasend::callback(behaviour, prompt),
            Provider::Mtn | Provider::Mpesa => mtn::status(prompt).to_string(),
        };
        let callback = Callback {
            method: behaviour.callback_method.clone(),
            url: prompt.callback_url.clone(),
            body,
        };
        self.callbacks.push((at_ms, callback));
    }
}

fn json(status: u16, body: &serde_json::Value) -> Answer {
    Answer::Response(Response {
        status,
        content_type: "application/json",
        body: body.to_string(),
    })
}

fn html(status: u16, title: &str) -> Answer {
    Answer::Response(Response {
        status,
        content_type: "text/html",
        body: format!("<html><body><h1>{status} {title}</h1></body></html>"),
    })
}

/// A field as text, whether it came as string or number.
fn field(body: &serde_json::Value, name: &str) -> Option<String> {
    match body.get(name)? {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A whole amount of at least one.
fn whole(text: &str) -> Option<i64> {
    text.parse().ok().filter(|amount| *amount >= 1)
}
