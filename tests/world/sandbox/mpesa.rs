//! A pretend Daraja, as a state machine without a socket or a clock: requests and ticks in, answers and callbacks out.
//! The simulated world drives it with made-up time, the `kisima-sandbox` program with real time.
//!
//! Faithful where it hurts (Daraja portal, "Authorization", "M-Pesa Express Simulate", "M-Pesa Express Query"; what was
//! *observed* on Safaricom's sandbox in September and October 2026 is marked):
//! - a new token ends the one before it;
//! - the same account reference twice gives two prompts (*observed*);
//! - a query about a prompt still open is answered in one of two shapes: `ResultCode` 4999, or `500.001.1001` (*observed*);
//!   the latter also for what does not exist, and at random for what is long finished (*observed*);
//! - the query has neither receipt nor amount; its code is a string, the callback's a number;
//! - the callback is sent once, whatever it is answered, with the short code in a header (*observed*).
//!
//! Any consumer key, secret and passkey is good, as long as they are put together in the right way.

mod answer;
mod behaviour;
mod direct;
mod order;
mod outgoing;
mod shown;
#[cfg(test)]
mod tests;

use answer::receipt;
pub use answer::{Answer, Response};
pub use behaviour::{Behaviour, Fault, InFlight};
pub use direct::{DirectError, DirectPayment};
pub use outgoing::Payout;
pub use shown::{LedgerLine, Prompt};

use std::collections::{BTreeMap, VecDeque};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kiosk::moment::{Draw, MINUTE_MS, SECOND_MS, Wall};
use serde::Serialize;
use serde_json::{Value, json};

use super::prompts::Prompts;
use order::Order;

/// What a pretend phone has at first, in shillings.
const BALANCE_AT_FIRST: i64 = 100_000;
/// The one PIN that is wrong; any other four digits are right.
pub const WRONG_PIN: &str = "0000";

/// One request as it comes from the wire.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `POST` …
    pub method: String,
    /// Path and query without the leading slash, as under Daraja's host.
    pub path: String,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// A callback on its way to the hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Callback {
    /// The CallBackURL of the push.
    pub url: String,
    /// For the header `Businessshortcode`.
    pub shortcode: String,
    /// JSON; its media type is `application/json;charset=UTF-8`.
    pub body: String,
    /// It asks whether to take this payment, and its answer belongs to [`Mpesa::validated`].
    #[serde(skip)]
    pub validates: Option<usize>,
}

/// The pretend provider.
#[derive(Debug, Default)]
pub struct Mpesa {
    behaviour: Behaviour,
    behaviour_of: BTreeMap<u64, Behaviour>,
    balances: BTreeMap<u64, i64>,
    token: Option<(String, i64)>,
    tokens_given: u64,
    prompts: Prompts<Prompt>,
    ledger: Vec<LedgerLine>,
    payouts: Vec<Payout>,
    callbacks: Vec<(i64, Callback)>,
    queries: VecDeque<i64>,
    in_flight_answers: u64,
    registrations: Vec<direct::Registration>,
    /// Direct payments by number: those that wait for a validation.
    direct: Vec<Option<(DirectPayment, String)>>,
}

impl Mpesa {
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

    /// Gives a phone this many shillings.
    pub fn set_balance(&mut self, phone: u64, shillings: i64) {
        self.balances.insert(phone, shillings);
    }

    /// How many shillings a phone has.
    pub fn balance(&self, phone: u64) -> i64 {
        self.balances.get(&phone).copied().unwrap_or(BALANCE_AT_FIRST)
    }

    /// Ends the token that is out, as if somebody else had taken a new one.
    pub fn forget_token(&mut self) {
        self.token = None;
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

    /// When [`Mpesa::tick`] next has something to do.
    pub fn due_ms(&self) -> Option<i64> {
        let callbacks = self.callbacks.iter().map(|(at_ms, _)| *at_ms);
        self.prompts.due_ms().into_iter().chain(callbacks).min()
    }

    /// Answers one request.
    pub fn handle(&mut self, now_ms: i64, draw: &Draw, request: &Request) -> Answer {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let method = match path {
            "oauth/v1/generate" => "GET",
            "mpesa/stkpush/v1/processrequest"
            | "mpesa/stkpushquery/v1/query"
            | "mpesa/c2b/v2/registerurl"
            | "mpesa/c2b/v2/simulate"
            | "mpesa/b2c/v3/paymentrequest"
            | "mpesa/reversal/v1/request"
            | "mpesa/transactionstatus/v1/query"
            | "pulltransactions/v1/register"
            | "pulltransactions/v1/query" => "POST",
            _ => return answer::error(404, "404.001.01", "Resource not found"),
        };
        if request.method != method {
            return answer::error(405, "405.001", "Method Not Allowed");
        }
        if method == "GET" {
            return self.give_token(now_ms, draw, request, query);
        }
        let bearer = request
            .authorization
            .as_deref()
            .and_then(|text| text.strip_prefix("Bearer "));
        let good = |(token, end_ms): &(String, i64)| bearer == Some(token) && now_ms < *end_ms;
        if !self.token.as_ref().is_some_and(good) {
            return answer::invalid_token(&self.behaviour.invalid_token_code);
        }
        let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
            return answer::error(400, "400.002.05", "Invalid Request Payload");
        };
        match path {
            "mpesa/stkpush/v1/processrequest" => self.push(now_ms, &body),
            "mpesa/c2b/v2/registerurl" => self.register(&body),
            "mpesa/c2b/v2/simulate" => self.simulate(now_ms, draw, &body),
            "mpesa/b2c/v3/paymentrequest" => self.pay_out(now_ms, draw, &body),
            "mpesa/reversal/v1/request" => self.reverse(now_ms, draw, &body),
            "mpesa/transactionstatus/v1/query" => self.transaction_status(now_ms, draw, &body),
            path if path.starts_with("pull") => self.pull(now_ms, path, &body),
            _ => self.query(now_ms, draw, &body),
        }
    }

    /// Lets time pass: prompts end, callbacks leave. Returns the callbacks to deliver now, once each.
    pub fn tick(&mut self, now_ms: i64, draw: &Draw) -> Vec<Callback> {
        for index in self.prompts.due(now_ms) {
            let behaviour = self.behaviour_of(self.prompts[index].phone).clone();
            let was_ended = self.prompts[index].result_code.is_some();
            let code = match (was_ended, self.prompts[index].is_auto) {
                (true, _) => "0",
                (false, true) => &behaviour.result_code,
                (false, false) => "1037",
            };
            self.decide(now_ms, draw, index, code);
        }
        let due = |(at_ms, _): &mut (i64, Callback)| *at_ms <= now_ms;
        self.callbacks
            .extract_if(.., due)
            .map(|(_, callback)| callback)
            .collect()
    }

    /// The person at the phone enters a PIN. False when there is no such prompt on that phone (any more).
    pub fn approve(&mut self, now_ms: i64, draw: &Draw, checkout_request: &str, pin: &str) -> bool {
        let right = pin.len() == 4 && pin.bytes().all(|byte| byte.is_ascii_digit()) && pin != WRONG_PIN;
        self.answer_prompt(now_ms, draw, checkout_request, if right { "0" } else { "2001" })
    }

    /// The person at the phone says no. False when there is no such prompt (any more).
    pub fn cancel(&mut self, now_ms: i64, draw: &Draw, checkout_request: &str) -> bool {
        self.answer_prompt(now_ms, draw, checkout_request, "1032")
    }

    fn answer_prompt(&mut self, now_ms: i64, draw: &Draw, checkout_request: &str, code: &str) -> bool {
        let found = self.prompts.position(checkout_request);
        let Some(index) = found.filter(|index| self.prompts[*index].result_code.is_none()) else {
            return false;
        };
        self.decide(now_ms, draw, index, code);
        true
    }

    fn give_token(&mut self, now_ms: i64, draw: &Draw, request: &Request, query: &str) -> Answer {
        if let Some(fault) = self.behaviour.token_fault.answer() {
            return fault;
        }
        let basic = request
            .authorization
            .as_deref()
            .and_then(|text| text.strip_prefix("Basic "));
        let pair = basic.and_then(|basic| STANDARD.decode(basic).ok());
        if !pair.is_some_and(|pair| pair.contains(&b':') && pair.len() > 2) {
            return answer::error(400, "400.008.01", "Invalid Authentication passed");
        }
        if query != "grant_type=client_credentials" {
            return answer::error(400, "400.008.02", "Invalid grant type passed");
        }
        let token = format!(
            "{:016x}{:016x}",
            draw.number("token"),
            draw.number("token, second half")
        );
        self.tokens_given += 1;
        self.token = Some((token.clone(), now_ms + self.behaviour.token_life_s * SECOND_MS));
        let life = answer::number_or_text(self.behaviour.token_life_s, self.tokens_given);
        answer::json(200, &json!({"access_token": token, "expires_in": life}))
    }

    fn push(&mut self, now_ms: i64, body: &Value) -> Answer {
        let order = match Order::read(body) {
            Ok(order) => order,
            Err(refused) => return refused,
        };
        let behaviour = self.behaviour_of(order.phone).clone();
        if let Some(fault) = behaviour.push_fault.answer()
            && !behaviour.push_fault.takes_the_request()
        {
            return fault;
        }
        let number = self.prompts.len() + 1;
        let wait_ms = if behaviour.auto {
            behaviour.auto_after_ms
        } else {
            behaviour.prompt_ms
        };
        let prompt = Prompt {
            checkout_request: format!("ws_CO_{}{number:06}", east_africa_time(now_ms)),
            merchant_request: format!("29115-34620561-{number}"),
            phone: order.phone,
            amount: order.amount,
            shortcode: order.shortcode,
            party_b: order.party_b,
            account_reference: order.account_reference,
            created_ms: now_ms,
            result_code: None,
            callback_url: order.callback_url,
            decide_at_ms: Some(now_ms + wait_ms),
            is_valid_receiver: order.is_valid_receiver,
            is_auto: behaviour.auto,
        };
        let taken = json!({
            "MerchantRequestID": prompt.merchant_request,
            "CheckoutRequestID": prompt.checkout_request,
            "ResponseCode": "0",
            "ResponseDescription": "Success. Request accepted for processing",
            "CustomerMessage": "Success. Request accepted for processing",
        });
        self.prompts.push(prompt);
        behaviour
            .push_fault
            .answer()
            .unwrap_or_else(|| answer::json(200, &taken))
    }

    fn query(&mut self, now_ms: i64, draw: &Draw, body: &Value) -> Answer {
        let checkout_request = match order::read_query(body) {
            Ok(checkout_request) => checkout_request,
            Err(refused) => return refused,
        };
        let found = self.prompts.find(&checkout_request).cloned();
        let behaviour = match &found {
            Some(prompt) => self.behaviour_of(prompt.phone).clone(),
            None => self.behaviour.clone(),
        };
        if let Some(fault) = behaviour.query_fault.answer() {
            return fault;
        }
        while self.queries.front().is_some_and(|at_ms| *at_ms <= now_ms - MINUTE_MS) {
            self.queries.pop_front();
        }
        if self.queries.len() >= behaviour.queries_per_minute {
            return answer::busy();
        }
        self.queries.push_back(now_ms);
        match found {
            None => answer::error(500, "500.001.1001", "The transaction does not exist"),
            Some(prompt) => match &prompt.result_code {
                None => {
                    self.in_flight_answers += 1;
                    behaviour.in_flight.answer(&prompt, self.in_flight_answers)
                }
                Some(_) if draw.number("query") % 100 < behaviour.no_answer_percent => {
                    answer::error(500, "500.001.1001", "The transaction is being processed")
                }
                Some(code) => answer::query_result(&prompt, code),
            },
        }
    }

    /// Ends a prompt with `code`, moves the money when it is 0, and puts its callbacks on the way.
    fn decide(&mut self, now_ms: i64, draw: &Draw, index: usize, code: &str) {
        let prompt = self.prompts[index].clone();
        let behaviour = self.behaviour_of(prompt.phone).clone();
        let balance = self.balances.entry(prompt.phone).or_insert(BALANCE_AT_FIRST);
        let code = match code {
            "0" if !prompt.is_valid_receiver => "2028",
            "0" if *balance < prompt.amount => "1",
            other => other,
        };
        let receipt = receipt(draw, &prompt.checkout_request);
        if code == "0" {
            *balance -= prompt.amount;
            self.ledger.push(LedgerLine {
                receipt: receipt.clone(),
                checkout_request: prompt.checkout_request.clone(),
                phone: prompt.phone,
                amount: prompt.amount,
                party_b: prompt.party_b.clone(),
                account_reference: prompt.account_reference.clone(),
                time_ms: now_ms,
            });
        }
        if code == "0" && behaviour.stk_confirms {
            let payment = DirectPayment {
                phone: prompt.phone,
                amount: prompt.amount,
                shortcode: prompt.shortcode.clone(),
                reference: prompt.account_reference.clone(),
            };
            self.confirm(now_ms, &payment, &receipt);
        }
        let is_late_to_come = code != "0" && behaviour.late_success_after_ms > 0 && prompt.result_code.is_none();
        self.prompts.change(index, |decided| {
            decided.result_code = Some(code.to_owned());
            decided.decide_at_ms = is_late_to_come.then(|| now_ms + behaviour.late_success_after_ms);
        });
        let callback = Callback {
            url: prompt.callback_url.clone(),
            shortcode: prompt.shortcode.clone(),
            body: answer::callback_body(&prompt, code, &receipt, &east_africa_time(now_ms)),
            validates: None,
        };
        let at_ms = now_ms + behaviour.callback_delay_ms;
        for _ in 0..behaviour.callbacks {
            self.callbacks.push((at_ms, callback.clone()));
        }
    }
}

/// `YYYYMMDDHHmmss` in East Africa Time, UTC+3.
fn east_africa_time(now_ms: i64) -> String {
    let local = Wall(now_ms).plus_ms(180 * MINUTE_MS).rfc3339();
    local.chars().filter(char::is_ascii_digit).take(14).collect()
}
