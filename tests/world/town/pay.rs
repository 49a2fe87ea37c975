//! Phones and the payment provider: the hub's own words to Daraja, and Daraja's own books.

use std::collections::BTreeMap;

use hub::{
    adapters::mpesa::{
        MpesaSettings, callback_url,
        wire::{self, PushOrder, Reply},
    },
    hub::input::{CallbackName, Input, PurchaseId},
    secret::Secret,
};
use kiosk::{
    payment::{Failure, PaymentEvent, PushAnswer, QueryAnswer},
    provider::Provider,
};

use super::World;
use crate::{
    event::{Call, CallAnswer, Event},
    sandbox::mpesa::{Answer, Behaviour, Callback, Fault, Mpesa, Request},
};

/// How long the hub waits for an answer of the provider.
const ANSWER_WITHIN_MS: u64 = 30_000;

/// The provider, and what the hub knows of it.
pub(crate) struct Till {
    pub(crate) provider: Mpesa,
    settings: MpesaSettings,
    due_ms: Option<u64>,
    /// Which purchase each prompt is for, by the world's own eyes.
    pub(crate) purchase_of: BTreeMap<String, u64>,
}

impl Till {
    pub(super) fn new(key: u64) -> Till {
        let secret = |name: &str| Secret::new(format!("{name}-{key:016x}"));
        Till {
            provider: Mpesa::default(),
            settings: MpesaSettings {
                base_url: "http://provider.example".to_owned(),
                shortcode: "174379".to_owned(),
                till: None,
                passkey: secret("passkey"),
                consumer_key: secret("key"),
                consumer_secret: secret("secret"),
            },
            due_ms: None,
            purchase_of: BTreeMap::new(),
        }
    }
}

impl World {
    /// What the provider does.
    pub fn provider(&mut self) -> &mut Mpesa {
        &mut self.till.provider
    }

    pub(super) fn call(&mut self, run: u32, purchase: u64, call: Call) {
        let ms = self.random.within(self.weather.latency_ms);
        self.after(ms, Event::Calls { run, purchase, call });
    }

    pub(super) fn calls(&mut self, run: u32, purchase: u64, call: &Call) {
        self.provider_moods();
        let (path, body) = match self.written(call) {
            Ok(written) => written,
            Err(failure) => {
                let answer = CallAnswer::Push(PushAnswer::Refused(failure));
                return self.after(1, Event::Answered { run, purchase, answer });
            }
        };
        let reply = self.post(path, body);
        let answer = match (call, &reply) {
            (Call::Push { .. }, Some(bytes)) => {
                let parsed = wire::parse_push(bytes);
                CallAnswer::Push(wire::push_answer(parsed))
            }
            (Call::Push { .. }, None) => CallAnswer::Push(PushAnswer::NoAnswer),
            (Call::Query { reference }, Some(bytes)) => {
                CallAnswer::Query(wire::query_answer(reference, wire::parse_query(bytes)))
            }
            (Call::Query { .. }, None) => CallAnswer::Query(QueryAnswer::NoAnswer),
        };
        if let (Call::Push { .. }, Some(prompt)) = (call, self.till.provider.prompts().last()) {
            self.till
                .purchase_of
                .entry(prompt.checkout_request.clone())
                .or_insert(purchase);
        }
        let ms = if reply.is_some() {
            self.random.within(self.weather.latency_ms)
        } else {
            ANSWER_WITHIN_MS
        };
        self.after(ms, Event::Answered { run, purchase, answer });
        self.provider_wakes();
    }

    /// What the hub's adapter would write.
    fn written(&self, call: &Call) -> Result<(&'static str, Vec<u8>), Failure> {
        let (settings, now) = (&self.till.settings, self.wall());
        let bytes = |body: serde_json::Result<Vec<u8>>| body.map_err(|_| Failure::Configuration);
        match call {
            Call::Push {
                amount,
                payer,
                token,
                account,
            } => {
                let order = PushOrder {
                    amount: *amount,
                    payer: *payer,
                    callback_url: callback_url("https://hub.example", None, token),
                    account_reference: account.to_string(),
                    description: "Water".to_owned(),
                };
                let body = wire::push_body(settings, &order, now).map_err(|_| Failure::Configuration)?;
                Ok((wire::PUSH_PATH, bytes(serde_json::to_vec(&body))?))
            }
            Call::Query { reference } => {
                let body = wire::query_body(settings, reference, now);
                Ok((wire::QUERY_PATH, bytes(serde_json::to_vec(&body))?))
            }
        }
    }

    /// A token, then the call; `None` for silence.
    fn post(&mut self, path: &str, body: Vec<u8>) -> Option<Vec<u8>> {
        let now_ms = self.wall().0;
        let draw = self.random.draw();
        let token = Request {
            method: "GET".to_owned(),
            path: wire::TOKEN_PATH.to_owned(),
            authorization: Some("Basic a2V5OnNlY3JldA==".to_owned()),
            body: Vec::new(),
        };
        let Answer::Response(response) = self.till.provider.handle(now_ms, &draw, &token) else {
            return None;
        };
        let Reply::Done(access) = wire::parse_token(response.body.as_bytes()) else {
            return None;
        };
        let call = Request {
            method: "POST".to_owned(),
            path: path.to_owned(),
            authorization: Some(format!("Bearer {}", access.token.expose())),
            body,
        };
        match self.till.provider.handle(now_ms, &draw, &call) {
            Answer::Response(response) => Some(response.body.into_bytes()),
            Answer::Silence => None,
        }
    }

    /// The provider's day, good or bad, as the weather has it.
    fn provider_moods(&mut self) {
        if self.weather.provider_fault == 0 && self.weather.callback_fault == 0 {
            return;
        }
        let push_fault = match self.random.chance(self.weather.provider_fault) {
            true => Fault::ALL[usize::try_from(self.random.below(6)).unwrap_or(0)],
            false => Fault::None,
        };
        let query_fault = match self.random.chance(self.weather.provider_fault) {
            true => Fault::ALL[usize::try_from(self.random.below(6)).unwrap_or(0)],
            false => Fault::None,
        };
        let callbacks = match self.random.chance(self.weather.callback_fault) {
            true => 2 * u32::try_from(self.random.below(2)).unwrap_or(0),
            false => 1,
        };
        let result_code = match self.random.chance(self.weather.provider_fault) {
            true => "1032",
            false => "0",
        };
        self.till.provider.set_behaviour(Behaviour {
            push_fault,
            query_fault,
            callbacks,
            result_code: result_code.to_owned(),
            callback_delay_ms: self.random.below(90_000).cast_signed(),
            no_answer_percent: 20,
            ..Behaviour::default()
        });
    }

    fn provider_wakes(&mut self) {
        let due_ms = self.till.provider.due_ms();
        let at_ms = due_ms.map(|due| u64::try_from(due - crate::clock::BEGINNING.0).unwrap_or(0));
        if self.till.due_ms != at_ms {
            self.till.due_ms = at_ms;
            if let Some(at_ms) = at_ms {
                self.at(at_ms, Event::ProviderDue);
            }
        }
    }

    pub(super) fn provider_due(&mut self) {
        let (now_ms, draw) = (self.wall().0, self.random.draw());
        self.till.due_ms = None;
        for callback in self.till.provider.tick(now_ms, &draw) {
            let ms = self.random.within(self.weather.latency_ms);
            self.after(ms, Event::CalledBack { callback });
        }
        self.provider_wakes();
    }

    pub(super) fn called_back(&mut self, callback: &Callback) {
        let Some((_, token)) = callback.url.rsplit_once('/') else {
            return;
        };
        if let Ok(read) = wire::parse_callback(callback.body.as_bytes()) {
            let name = CallbackName::Token {
                provider: Provider::Mpesa,
                token: token.to_owned(),
            };
            self.give_hub(Input::Callback {
                reply: hub::hub::input::ReplyId(u64::MAX),
                name,
                report: read.report,
            });
        }
    }

    pub(super) fn call_answered(&mut self, run: u32, purchase: u64, answer: CallAnswer) {
        if self.centre.program.run != run {
            return;
        }
        let event = match answer {
            CallAnswer::Push(answer) => PaymentEvent::PushAnswered(answer),
            CallAnswer::Query(answer) => PaymentEvent::QueryAnswered(answer),
        };
        self.give_hub(Input::Provider {
            purchase: PurchaseId(purchase),
            event,
        });
    }
}
