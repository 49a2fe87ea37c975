//! The calls. Each outcome, down to silence, becomes the answer that a payment understands.

use std::time::Duration;

use kiosk::{
    ids::ProviderReference,
    payment::{Failure, PushAnswer, QueryAnswer},
    payout::PayoutAnswer,
    provider::Provider,
};

use super::{
    AirtelSettings, sign,
    wire::{self, outgoing},
};
use crate::{
    hub::{
        effect::Prompt,
        payout::{PayoutCall, PayoutWay, PayoutWord},
    },
    provider::{
        circuit::Circuit,
        http::{ANSWER_BYTES_MAX, ANSWER_WITHIN, Answer, CallError, ClientError, Content, Credential, Request},
        line::{Door, Line},
        token::{AccessToken, TokenCell},
    },
    secret::Secret,
};

/// Speaks to Airtel for one business.
pub struct AirtelClient {
    line: Line,
    cell: TokenCell,
    settings: AirtelSettings,
}

impl AirtelClient {
    /// A client that waits 30 s for an answer.
    pub fn new(settings: AirtelSettings) -> Result<AirtelClient, ClientError> {
        AirtelClient::with_answer_within(settings, ANSWER_WITHIN)
    }

    /// A client that waits `answer_within` for an answer.
    pub fn with_answer_within(settings: AirtelSettings, answer_within: Duration) -> Result<AirtelClient, ClientError> {
        Ok(AirtelClient {
            line: Line::new(Provider::Airtel, answer_within, wire::is_down)?,
            cell: TokenCell::new(answer_within, AirtelSettings::REFRESH_EARLY),
            settings,
        })
    }

    /// Whether Airtel can be called, for operators.
    pub fn circuit(&self) -> &Circuit {
        self.line.circuit()
    }

    /// Sends one prompt. Called once per payment and never again, whatever comes back.
    pub async fn prompt(&self, prompt: &Prompt) -> PushAnswer {
        let body = match wire::push_body(self.settings.country, prompt) {
            Ok(body) => body,
            Err(error) => {
                tracing::warn!(%error, "airtel: push not sent");
                return PushAnswer::Refused(error.failure());
            }
        };
        let content = Content::json(&body);
        let sent = match (self.settings.signing, &content) {
            (true, Content::Json(bytes)) => match self.signed(bytes).await {
                Ok(headers) => self.call(wire::SIGNED_PUSH_PATH, content.clone(), &headers).await,
                Err(refused) => Err(refused),
            },
            _ => self.call(wire::PUSH_PATH, content, &[]).await,
        };
        match sent {
            Ok(answer) => {
                log_denial("push", &answer);
                wire::push_answer(&answer)
            }
            Err(CallError::NotSent(failure)) => PushAnswer::Refused(failure),
            Err(CallError::Lost | CallError::TooLarge) => PushAnswer::NoAnswer,
        }
    }

    /// Asks what became of a prompt. Airtel advises to wait three minutes first (Airtel portal, "Collection APIs": transaction
    /// enquiry); what it answers before is not described. The rules of payments ask earlier, by `payments.query_after`, for
    /// a customer stands and waits: an answer that is not final, or none, only means that it is asked again.
    pub async fn status(&self, reference: &ProviderReference) -> QueryAnswer {
        let path = format!("{}/{reference}", wire::STATUS_PATH);
        match self.call(&path, Content::Nothing, &[]).await {
            Ok(answer) => {
                log_denial("status", &answer);
                wire::query_answer(reference, &answer)
            }
            Err(_) => QueryAnswer::NoAnswer,
        }
    }

    /// Pays out, or gives a payment back. Called once per payout and never again, whatever comes back.
    pub async fn out(&self, call: &PayoutCall) -> PayoutWord {
        let (body, path, is_signed) = match (&call.way, &self.settings.disbursement_pin) {
            (PayoutWay::Reversal(receipt), _) => {
                let body = Content::json(&outgoing::refund_body(receipt));
                match self.settings.signing {
                    true => (body, outgoing::SIGNED_REFUND_PATH, true),
                    false => (body, outgoing::REFUND_PATH, false),
                }
            }
            (PayoutWay::Transfer, Some(pin)) => match outgoing::disbursement_body(self.settings.country, pin, call) {
                Ok(body) => (Content::json(&body), outgoing::DISBURSEMENT_PATH, true),
                Err(error) => {
                    tracing::warn!(%error, payout = %call.payout, "airtel: payout not sent");
                    return outgoing::not_sent(&error).into();
                }
            },
            _ => {
                tracing::error!(payout = %call.payout, "airtel: payments.airtel.disbursement_pin_file is not set");
                return PayoutAnswer::Refused(Failure::Configuration).into();
            }
        };
        let sent = match (is_signed, &body) {
            (true, Content::Json(bytes)) => match self.signed(bytes).await {
                Ok(headers) => self.call(path, body.clone(), &headers).await,
                Err(refused) => Err(refused),
            },
            _ => self.call(path, body, &[]).await,
        };
        match sent {
            Ok(answer) => {
                log_denial("payout", &answer);
                match call.way {
                    PayoutWay::Transfer => outgoing::disbursement_word(call, &answer),
                    _ => outgoing::refund_answer(&answer).into(),
                }
            }
            Err(CallError::NotSent(failure)) => PayoutAnswer::Refused(failure).into(),
            Err(CallError::Lost | CallError::TooLarge) => PayoutAnswer::NoAnswer.into(),
        }
    }

    /// The headers that sign these bytes. Airtel's key is asked for each time: it says until when it is valid in a form
    /// that its documents do not describe, and a prompt is rare enough.
    async fn signed(&self, bytes: &[u8]) -> Result<[(&'static str, String); 2], CallError> {
        // Whatever goes wrong here, the push itself has not been sent.
        let answer = self.call(wire::KEY_PATH, Content::Nothing, &[]).await;
        let answer = answer.map_err(|error| match error {
            CallError::Lost | CallError::TooLarge => CallError::NotSent(Failure::Unreachable),
            not_sent => not_sent,
        })?;
        log_denial("encryption key", &answer);
        let key = wire::parse_key(&answer).map_err(CallError::NotSent)?;
        let signature = sign::sign(&key, bytes).map_err(|error| {
            tracing::error!(%error, "airtel: push not sent");
            CallError::NotSent(Failure::Configuration)
        })?;
        Ok([("x-signature", signature.signature), ("x-key", signature.key)])
    }

    async fn call(&self, path: &str, content: Content, more: &[(&'static str, String)]) -> Result<Answer, CallError> {
        let country = self.settings.country;
        let own = [
            ("accept", "*/*".to_owned()),
            ("x-country", country.code().to_owned()),
            ("x-currency", country.currency().code().to_owned()),
        ];
        let headers: Vec<_> = own.into_iter().chain(more.iter().cloned()).collect();
        let request = |token: &Secret| Request {
            url: self.settings.url(path),
            credential: Credential::Bearer(token.clone()),
            headers: headers.clone(),
            content: content.clone(),
            answer_bytes_max: ANSWER_BYTES_MAX,
        };
        self.line.call_with_token(&self.settings, &self.cell, request).await
    }
}

impl AirtelSettings {
    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.base_url.trim_end_matches('/'))
    }
}

impl Door for AirtelSettings {
    /// A token lives three minutes.
    const REFRESH_EARLY: Duration = Duration::from_secs(30);

    fn token_request(&self) -> Request {
        Request {
            url: self.url(wire::TOKEN_PATH),
            credential: Credential::None,
            headers: vec![("accept", "*/*".to_owned())],
            content: Content::json(&wire::token_body(&self.client_id, &self.client_secret)),
            answer_bytes_max: ANSWER_BYTES_MAX,
        }
    }

    fn read_token(&self, answer: &Answer) -> Result<AccessToken, Failure> {
        log_denial("token", answer);
        wire::parse_token(answer)
    }
}

fn log_denial(call: &str, answer: &Answer) {
    let code = wire::result_code(answer).unwrap_or_default();
    if answer.status >= 300 || !matches!(code.as_str(), "" | wire::ACCEPTED) {
        tracing::warn!(status = answer.status, code, "airtel: {call} denied");
    }
}
