//! Money that people pay to the paybill by themselves: asked about, told, and listed.

use hub::{
    adapters::mpesa::wire::{
        Reply,
        c2b::{REGISTER_PATH, WhenSilent, parse_arrival, register_body, validation_body},
        pull::{PULL_PATH, parse_pull, pull_body},
    },
    hub::{
        effect::{Refusal, Response},
        input::{Input, ReplyId},
        money::MoneySource,
        pull::{PullPage, PullQuestion},
    },
};
use kiosk::provider::Provider;

use super::{super::World, ANSWER_WITHIN_MS, NOBODY, speak::HUB};
use crate::{
    centre::SHORT_CODE,
    event::{Event, Word},
    sandbox::mpesa::DirectPayment,
};

/// How long M-PESA waits for the answer to its question (Daraja portal, "Customer To Business").
pub(super) const JUDGED_WITHIN_MS: u64 = 8_000;
/// Answers to M-PESA's questions have numbers from here on.
pub(in crate::town) const FIRST_OFFER: u64 = 1 << 63;

impl World {
    /// Tells M-PESA once where it asks and tells.
    pub(in crate::town) fn register_till(&mut self) {
        let (now, draw) = (self.wall(), self.random.draw());
        let body = register_body(&self.till.keys.mpesa, HUB, None, WhenSilent::Completed);
        let bytes = body
            .map(|body| serde_json::to_vec(&body).unwrap_or_default())
            .unwrap_or_default();
        self.till.post(now, &draw, REGISTER_PATH, bytes);
        self.calm_providers();
    }

    /// A person pays the paybill by themselves, and types this as the account.
    pub fn pays_directly(&mut self, person: usize, amount: i64, reference: &str) {
        self.provider_moods(Provider::Mpesa);
        let (now_ms, draw) = (self.wall().0, self.random.draw());
        let phone = format!("254{}", self.people[person].phone.trim_start_matches('0'));
        let payment = DirectPayment {
            phone: phone.parse().unwrap_or_default(),
            amount,
            shortcode: SHORT_CODE.to_owned(),
            reference: reference.to_owned(),
        };
        let name = self.people[person].name.clone();
        self.tell(|| format!("{name} pays KES {amount} to the paybill for {reference:?}"));
        if let Err(error) = self.till.mpesa.pay(now_ms, &draw, payment) {
            self.books.broken(format!("{name} could not pay: {error}"));
        }
        self.provider_wakes();
    }

    /// M-PESA asks whether to take a payment, or tells that it has.
    pub(super) fn hears_of_money(&mut self, word: &Word) {
        let heard = parse_arrival(word.body.as_bytes(), self.wall());
        let input = match (heard, word.offer) {
            (Ok(arrival), Some(offer)) => Input::MoneyOffered {
                reply: ReplyId(FIRST_OFFER + offer as u64),
                arrival,
            },
            (Ok(arrival), None) => Input::MoneySeen {
                reply: NOBODY,
                arrival,
                source: MoneySource::Confirmation,
            },
            (Err(error), _) => Input::BadCallback {
                reply: NOBODY,
                service: word.provider.into(),
                why: error.to_string(),
            },
        };
        self.give_hub(input);
    }

    /// The hub's answer to a question leaves for M-PESA.
    pub(in crate::town) fn offer_answered(&mut self, reply: u64, answer: &Result<Response, Refusal>) {
        if let (Ok(Response::Offer(verdict)), Ok(offer)) = (answer, usize::try_from(reply - FIRST_OFFER)) {
            let answer = Some(validation_body((*verdict).into()).to_string());
            let ms = self.random.within(self.weather.latency_ms);
            self.after(ms, Event::Judged { offer, answer });
        }
    }

    pub(in crate::town) fn judged(&mut self, offer: usize, answer: Option<&str>) {
        let now_ms = self.wall().0;
        self.till.mpesa.validated(now_ms, offer, answer);
        self.provider_wakes();
    }

    pub(in crate::town) fn pulls(&mut self, run: u32, question: PullQuestion) {
        let (now, draw) = (self.wall(), self.random.draw());
        let body = pull_body(SHORT_CODE, question.since, question.until, question.offset);
        let bytes = serde_json::to_vec(&body).unwrap_or_default();
        let is_away = self.random.chance(self.weather.provider_fault);
        let heard = self.till.post(now, &draw, PULL_PATH, bytes).filter(|_| !is_away);
        let page = heard.and_then(|bytes| match parse_pull(SHORT_CODE, &bytes) {
            Reply::Done(pulled) => Some(PullPage {
                rows: pulled.rows(),
                unreadable: pulled.unreadable,
                is_cut: false,
                arrivals: pulled.arrivals,
            }),
            _ => None,
        });
        let ms = match page {
            Some(_) => self.random.within(self.weather.latency_ms),
            None => ANSWER_WITHIN_MS,
        };
        self.after(ms, Event::Pulled { run, question, page });
    }

    pub(in crate::town) fn pulled(&mut self, run: u32, question: PullQuestion, page: Option<PullPage>) {
        if self.centre.program.run == run {
            self.give_hub(Input::Pulled { question, page });
        }
    }
}
