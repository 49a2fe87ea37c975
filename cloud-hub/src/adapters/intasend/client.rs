//! The calls. Each outcome, down to silence, becomes the answer that a payment understands.

use std::time::Duration;

use kiosk::{
    ids::ProviderReference,
    payment::{Failure, PushAnswer, QueryAnswer},
    payout::PayoutAnswer,
    provider::Provider,
};

use super::{
    IntasendSettings,
    wire::{self, outgoing},
};
use crate::{
    hub::{
        effect::Prompt,
        payout::{PayoutCall, PayoutQuestion, PayoutWay, PayoutWord},
    },
    provider::{
        circuit::Circuit,
        http::{ANSWER_BYTES_MAX, ANSWER_WITHIN, Answer, CallError, ClientError, Content, Credential, Request},
        line::Line,
    },
};

/// Speaks to IntaSend for one business.
pub struct IntasendClient {
    line: Line,
    settings: IntasendSettings,
}

impl IntasendClient {
    /// A client that waits 30 s for an answer.
    pub fn new(settings: IntasendSettings) -> Result<IntasendClient, ClientError> {
        IntasendClient::with_answer_within(settings, ANSWER_WITHIN)
    }

    /// A client that waits `answer_within` for an answer.
    pub fn with_answer_within(
        settings: IntasendSettings,
        answer_within: Duration,
    ) -> Result<IntasendClient, ClientError> {
        Ok(IntasendClient {
            line: Line::new(Provider::Intasend, answer_within, wire::is_down)?,
            settings,
        })
    }

    /// Whether IntaSend can be called, for operators.
    pub fn circuit(&self) -> &Circuit {
        self.line.circuit()
    }

    /// Sends one prompt. Called once per payment and never again, whatever comes back.
    pub async fn prompt(&self, prompt: &Prompt) -> PushAnswer {
        let body = match wire::push_body(&self.settings, prompt) {
            Ok(body) => body,
            Err(error) => {
                tracing::warn!(%error, "intasend: push not sent");
                return PushAnswer::Refused(error.failure());
            }
        };
        let credential = Credential::Bearer(self.settings.secret_token.clone());
        let request = self.request(wire::PUSH_PATH, credential, Content::json(&body));
        match self.line.call(request).await {
            Ok(answer) => {
                log_denial("push", &answer);
                wire::push_answer(&answer)
            }
            Err(CallError::NotSent(failure)) => PushAnswer::Refused(failure),
            Err(CallError::Lost | CallError::TooLarge) => PushAnswer::NoAnswer,
        }
    }

    /// Asks what became of a prompt.
    pub async fn status(&self, reference: &ProviderReference) -> QueryAnswer {
        let body = wire::query_body(&self.settings, reference);
        let request = self.request(wire::STATUS_PATH, Credential::None, Content::json(&body));
        match self.line.call(request).await {
            Ok(answer) => {
                log_denial("status", &answer);
                wire::query_answer(reference, &answer)
            }
            Err(_) => QueryAnswer::NoAnswer,
        }
    }

    /// Pays to a phone. Called once per payout and never again, whatever comes back.
    pub async fn send_money(&self, call: &PayoutCall) -> PayoutAnswer {
        let is_payable = self.settings.payouts && call.way == PayoutWay::Transfer;
        let body = match outgoing::send_body(call) {
            Ok(body) if is_payable => body,
            other => {
                let why = other.err().map(|error| error.to_string());
                tracing::error!(payout = %call.payout, why, "intasend: payout not sent");
                return PayoutAnswer::Refused(Failure::Configuration);
            }
        };
        match self.out(outgoing::SEND_PATH, Content::json(&body)).await {
            Ok(answer) => {
                log_denial("payout", &answer);
                outgoing::send_answer(&answer)
            }
            Err(CallError::NotSent(failure)) => PayoutAnswer::Refused(failure),
            Err(CallError::Lost | CallError::TooLarge) => PayoutAnswer::NoAnswer,
        }
    }

    /// Asks what became of a payout, where its tracking id is known.
    pub async fn sent_money(&self, question: &PayoutQuestion) -> PayoutWord {
        let Some(tracking) = &question.reference else {
            return PayoutWord::default();
        };
        let body = Content::json(&outgoing::send_status_body(tracking));
        match self.out(outgoing::SEND_STATUS_PATH, body).await {
            Ok(answer) => {
                log_denial("payout status", &answer);
                outgoing::send_word(question, &answer)
            }
            Err(_) => PayoutWord::default(),
        }
    }

    async fn out(&self, path: &str, body: Content) -> Result<Answer, CallError> {
        let credential = Credential::Bearer(self.settings.secret_token.clone());
        self.line.call(self.request(path, credential, body)).await
    }

    fn request(&self, path: &str, credential: Credential, content: Content) -> Request {
        let key = self.settings.publishable_key.expose().to_owned();
        Request {
            url: format!("{}/{path}", self.settings.base_url.trim_end_matches('/')),
            credential,
            headers: vec![(wire::KEY_HEADER, key)],
            content,
            answer_bytes_max: ANSWER_BYTES_MAX,
        }
    }
}

fn log_denial(call: &str, answer: &Answer) {
    if answer.status >= 300 {
        tracing::warn!(status = answer.status, "intasend: {call} denied");
    }
}
