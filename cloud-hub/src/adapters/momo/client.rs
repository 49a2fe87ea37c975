//! The calls. Each outcome, down to silence, becomes the answer that a payment understands.

use std::time::Duration;

use kiosk::{
    ids::ProviderReference,
    payment::{Failure, PushAnswer, QueryAnswer},
    payout::{PayoutAnswer, PayoutReport},
    provider::Provider,
    units::Currency,
};

use super::{
    Disbursement, MomoSettings,
    wire::{self, transfer},
};
use crate::{
    hub::{effect::Prompt, payout::PayoutCall},
    provider::{
        circuit::Circuit,
        http::{ANSWER_BYTES_MAX, ANSWER_WITHIN, Answer, CallError, ClientError, Content, Credential, Request},
        line::{Door, Line},
        token::{AccessToken, TokenCell},
    },
    secret::Secret,
};

/// Speaks to MTN for one business.
pub struct MomoClient {
    line: Line,
    cell: TokenCell,
    settings: MomoSettings,
    currency: Currency,
    outgoing: Option<Outgoing>,
}

/// The way out: its product has tokens of its own, and the circuit is the same.
struct Outgoing {
    door: OutgoingDoor,
    cell: TokenCell,
}

/// Where tokens of the product "disbursement" come from.
struct OutgoingDoor {
    base_url: String,
    own: Disbursement,
}

impl MomoClient {
    /// A client that waits 30 s for an answer. `currency` is what the hub counts in.
    pub fn new(settings: MomoSettings, currency: Currency) -> Result<MomoClient, ClientError> {
        MomoClient::with_answer_within(settings, currency, ANSWER_WITHIN)
    }

    /// A client that waits `answer_within` for an answer.
    pub fn with_answer_within(
        settings: MomoSettings,
        currency: Currency,
        answer_within: Duration,
    ) -> Result<MomoClient, ClientError> {
        let outgoing = settings.disbursement.clone().map(|own| Outgoing {
            door: OutgoingDoor {
                base_url: settings.base_url.clone(),
                own,
            },
            cell: TokenCell::new(answer_within, OutgoingDoor::REFRESH_EARLY),
        });
        Ok(MomoClient {
            outgoing,
            line: Line::new(Provider::Mtn, answer_within, wire::is_down)?,
            cell: TokenCell::new(answer_within, MomoSettings::REFRESH_EARLY),
            settings,
            currency,
        })
    }

    /// Whether MTN can be called, for operators.
    pub fn circuit(&self) -> &Circuit {
        self.line.circuit()
    }

    /// Asks a customer to pay. Called once per payment and never again, whatever comes back.
    pub async fn request_to_pay(&self, prompt: &Prompt) -> PushAnswer {
        let read = wire::push_body(&self.settings, prompt).and_then(|body| {
            let reference = prompt.reference.as_ref().ok_or(wire::OrderError::NoReference)?;
            Ok((reference, body))
        });
        let (reference, body) = match read {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!(%error, "mtn: request to pay not sent");
                return PushAnswer::Refused(error.failure());
            }
        };
        let content = Content::json(&body);
        let request = |token: &Secret| {
            let mut request = self.request(wire::PUSH_PATH.to_owned(), token, content.clone());
            let own = [
                ("x-reference-id", reference.to_string()),
                ("x-callback-url", self.settings.callback_url.expose().to_owned()),
            ];
            request.headers.extend(own);
            request
        };
        match self.line.call_with_token(&self.settings, &self.cell, request).await {
            Ok(answer) => {
                log_denial("request to pay", &answer);
                wire::push_answer(&answer)
            }
            Err(CallError::NotSent(failure)) => PushAnswer::Refused(failure),
            Err(CallError::Lost | CallError::TooLarge) => PushAnswer::NoAnswer,
        }
    }

    /// Asks what became of a request to pay.
    pub async fn status(&self, reference: &ProviderReference) -> QueryAnswer {
        let path = format!("{}/{reference}", wire::PUSH_PATH);
        let request = |token: &Secret| self.request(path.clone(), token, Content::Nothing);
        match self.line.call_with_token(&self.settings, &self.cell, request).await {
            Ok(answer) => {
                log_denial("status", &answer);
                wire::query_answer(&self.settings.wire_currency, self.currency, reference, &answer)
            }
            Err(_) => QueryAnswer::NoAnswer,
        }
    }

    /// Pays to a phone. Called once per payout and never again, whatever comes back.
    pub async fn transfer(&self, call: &PayoutCall) -> PayoutAnswer {
        let (Some(outgoing), Ok(body)) = (
            &self.outgoing,
            transfer::transfer_body(&self.settings.wire_currency, call),
        ) else {
            tracing::error!(payout = %call.payout, "mtn: a payout without a way out or a whole amount is not sent");
            return PayoutAnswer::Refused(Failure::Configuration);
        };
        let content = Content::json(&body);
        let request = |token: &Secret| {
            let mut request = self.request_out(outgoing, transfer::TRANSFER_PATH, token, content.clone());
            request.headers.push(("x-reference-id", call.key.to_string()));
            request
        };
        match self.line.call_with_token(&outgoing.door, &outgoing.cell, request).await {
            Ok(answer) => {
                log_denial("transfer", &answer);
                transfer::transfer_answer(&answer)
            }
            Err(CallError::NotSent(failure)) => PayoutAnswer::Refused(failure),
            Err(CallError::Lost | CallError::TooLarge) => PayoutAnswer::NoAnswer,
        }
    }

    /// Asks what became of a transfer.
    pub async fn transfer_status(&self, key: &ProviderReference) -> Option<PayoutReport> {
        let outgoing = self.outgoing.as_ref()?;
        let path = format!("{}/{key}", transfer::TRANSFER_PATH);
        let request = |token: &Secret| self.request_out(outgoing, &path, token, Content::Nothing);
        let answer = self.line.call_with_token(&outgoing.door, &outgoing.cell, request).await;
        let answer = answer.ok()?;
        log_denial("transfer status", &answer);
        transfer::transfer_report(&self.settings.wire_currency, self.currency, key, &answer)
    }

    fn request_out(&self, outgoing: &Outgoing, path: &str, token: &Secret, content: Content) -> Request {
        let key = outgoing.door.own.subscription_key.expose().to_owned();
        Request {
            url: self.settings.url(path),
            credential: Credential::Bearer(token.clone()),
            headers: vec![
                ("x-target-environment", self.settings.target_environment.clone()),
                (wire::KEY_HEADER, key),
            ],
            content,
            answer_bytes_max: ANSWER_BYTES_MAX,
        }
    }

    fn request(&self, path: String, token: &Secret, content: Content) -> Request {
        Request {
            url: self.settings.url(&path),
            credential: Credential::Bearer(token.clone()),
            headers: vec![
                ("x-target-environment", self.settings.target_environment.clone()),
                (wire::KEY_HEADER, self.settings.subscription_key.expose().to_owned()),
            ],
            content,
            answer_bytes_max: ANSWER_BYTES_MAX,
        }
    }
}

impl MomoSettings {
    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.base_url.trim_end_matches('/'))
    }
}

impl Door for MomoSettings {
    const REFRESH_EARLY: Duration = Duration::from_secs(60);

    fn token_request(&self) -> Request {
        Request {
            url: self.url(wire::TOKEN_PATH),
            credential: Credential::Basic(self.api_user.clone(), self.api_key.clone()),
            headers: vec![(wire::KEY_HEADER, self.subscription_key.expose().to_owned())],
            content: Content::Empty,
            answer_bytes_max: ANSWER_BYTES_MAX,
        }
    }

    fn read_token(&self, answer: &Answer) -> Result<AccessToken, Failure> {
        log_denial("token", answer);
        wire::parse_token(answer)
    }
}

impl Door for OutgoingDoor {
    const REFRESH_EARLY: Duration = MomoSettings::REFRESH_EARLY;

    fn token_request(&self) -> Request {
        Request {
            url: format!("{}/{}", self.base_url.trim_end_matches('/'), transfer::TOKEN_PATH),
            credential: Credential::Basic(self.own.api_user.clone(), self.own.api_key.clone()),
            headers: vec![(wire::KEY_HEADER, self.own.subscription_key.expose().to_owned())],
            content: Content::Empty,
            answer_bytes_max: ANSWER_BYTES_MAX,
        }
    }

    fn read_token(&self, answer: &Answer) -> Result<AccessToken, Failure> {
        log_denial("token", answer);
        wire::parse_token(answer)
    }
}

fn log_denial(call: &str, answer: &Answer) {
    if answer.status >= 300 {
        let code = wire::error_code(answer).unwrap_or_default();
        tracing::warn!(status = answer.status, code, "mtn: {call} denied");
    }
}
