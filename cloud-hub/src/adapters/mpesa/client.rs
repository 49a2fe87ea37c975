//! The calls. Each outcome, down to silence, becomes the answer that a payment understands; what is not a payment by
//! prompt is in [`orders`].

pub mod orders;

use std::time::Duration;

use kiosk::{
    ids::ProviderReference,
    moment::Wall,
    payment::{Failure, PushAnswer, QueryAnswer},
    provider::Provider,
};
use serde::Serialize;

use super::{
    MpesaSettings,
    wire::{self, PushOrder, Reply},
};
use crate::{
    provider::{
        circuit::Circuit,
        http::{ANSWER_BYTES_MAX, ANSWER_WITHIN, Answer, CallError, ClientError, Content, Credential, Request},
        line::{Door, Line},
        token::{AccessToken, TokenCell},
    },
    secret::Secret,
};

/// The longest text of a provider that a log takes.
const LOGGED_CHARACTERS_MAX: usize = 200;

/// Speaks to Daraja for one business. Share one: a new token ends the one before it (Daraja portal, FAQ), so two clients
/// with the same credentials would take turns in locking each other out.
pub struct MpesaClient {
    line: Line,
    cell: TokenCell,
    settings: MpesaSettings,
}

impl MpesaClient {
    /// A client that waits 30 s for an answer.
    pub fn new(settings: MpesaSettings) -> Result<MpesaClient, ClientError> {
        MpesaClient::with_answer_within(settings, ANSWER_WITHIN)
    }

    /// A client that waits `answer_within` for an answer.
    pub fn with_answer_within(settings: MpesaSettings, answer_within: Duration) -> Result<MpesaClient, ClientError> {
        Ok(MpesaClient {
            line: Line::new(Provider::Mpesa, answer_within, is_down)?,
            cell: TokenCell::new(answer_within, MpesaSettings::REFRESH_EARLY),
            settings,
        })
    }

    /// Whether Daraja can be called, for operators.
    pub fn circuit(&self) -> &Circuit {
        self.line.circuit()
    }

    /// The short code that is paid.
    pub fn shortcode(&self) -> &str {
        &self.settings.shortcode
    }

    /// Sends one prompt. Called once per payment and never again, whatever comes back.
    pub async fn push(&self, order: &PushOrder, now: Wall) -> PushAnswer {
        let body = match wire::push_body(&self.settings, order, now) {
            Ok(body) => body,
            Err(error) => {
                tracing::warn!(%error, "mpesa: push not sent");
                return PushAnswer::Refused(error.failure());
            }
        };
        match self.call(wire::PUSH_PATH, &body).await {
            Ok(answer) => {
                let reply = wire::parse_push(&answer.body);
                log_denial("push", &reply);
                wire::push_answer(reply)
            }
            Err(CallError::NotSent(failure)) => PushAnswer::Refused(failure),
            Err(CallError::Lost | CallError::TooLarge) => PushAnswer::NoAnswer,
        }
    }

    /// Asks what became of a prompt.
    pub async fn query(&self, reference: &ProviderReference, now: Wall) -> QueryAnswer {
        let body = wire::query_body(&self.settings, reference, now);
        match self.call(wire::QUERY_PATH, &body).await {
            Ok(answer) => {
                let reply = wire::parse_query(&answer.body);
                log_denial("query", &reply);
                wire::query_answer(reference, reply)
            }
            Err(_) => QueryAnswer::NoAnswer,
        }
    }

    async fn call(&self, path: &str, body: &impl Serialize) -> Result<Answer, CallError> {
        self.call_for(path, body, ANSWER_BYTES_MAX).await
    }

    /// A call whose answer may have so many bytes.
    async fn call_for(&self, path: &str, body: &impl Serialize, answer_bytes_max: usize) -> Result<Answer, CallError> {
        let (url, content) = (self.settings.url(path), Content::json(body));
        let request = |token: &Secret| Request {
            url: url.clone(),
            credential: Credential::Bearer(token.clone()),
            headers: Vec::new(),
            content: content.clone(),
            answer_bytes_max,
        };
        self.line.call_with_token(&self.settings, &self.cell, request).await
    }
}

impl MpesaSettings {
    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.base_url.trim_end_matches('/'))
    }
}

impl Door for MpesaSettings {
    const REFRESH_EARLY: Duration = Duration::from_secs(60);

    fn token_request(&self) -> Request {
        Request {
            url: self.url(wire::TOKEN_PATH),
            credential: Credential::Basic(self.consumer_key.clone(), self.consumer_secret.clone()),
            headers: Vec::new(),
            content: Content::Nothing,
            answer_bytes_max: ANSWER_BYTES_MAX,
        }
    }

    fn read_token(&self, answer: &Answer) -> Result<AccessToken, Failure> {
        let reply = wire::parse_token(&answer.body);
        log_denial("token", &reply);
        match reply {
            Reply::Done(access) => Ok(access),
            Reply::Denied { code, .. } if code.starts_with("500.") => Err(Failure::Busy),
            Reply::Denied { .. } => Err(Failure::Configuration),
            Reply::Unreadable => Err(Failure::Unreachable),
        }
    }

    fn is_token_refused(&self, answer: &Answer) -> bool {
        matches!(wire::parse_push(&answer.body), Reply::Denied { code, .. } if wire::is_invalid_token(&code))
    }
}

/// A 5xx that is not Daraja's own word. "In flight", "busy" and "out of quota" come with one too (*observed*), and are
/// signs of life.
fn is_down(answer: &Answer) -> bool {
    match wire::parse_push(&answer.body) {
        _ if answer.status < 500 => false,
        Reply::Denied { code, .. } => code == "500.003.1001",
        Reply::Done(_) => false,
        Reply::Unreadable => wire::parse_query(&answer.body) == Reply::Unreadable,
    }
}

fn log_denial<T>(call: &str, reply: &Reply<T>) {
    match reply {
        Reply::Done(_) => {}
        Reply::Denied { code, message } => {
            let (code, message) = (shortened(code), shortened(message));
            tracing::warn!(code, message, "mpesa: {call} denied");
        }
        Reply::Unreadable => tracing::warn!("mpesa: the answer to the {call} call is not readable"),
    }
}

/// What a log takes of a provider's words.
fn shortened(text: &str) -> String {
    text.chars().take(LOGGED_CHARACTERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_word_of_daraja_is_cut_for_the_log() {
        // 200 characters, of two bytes each.
        assert_eq!(shortened(&"é".repeat(60_000)).len(), 400);
        assert_eq!(shortened("500.003.1001"), "500.003.1001");
    }

    #[test]
    fn what_daraja_says_for_itself_is_a_sign_of_life() {
        let coded = |code: &str| format!(r#"{{"requestId":"1","errorCode":"{code}","errorMessage":"m"}}"#);
        for (status, body, down) in [
            // In flight, busy, out of quota: each comes with a 5xx (observed; Daraja portal, error codes).
            (500, coded("500.001.1001"), false),
            (503, coded("500.003.02"), false),
            (500, coded("500.003.03"), false),
            (404, coded("404.001.03"), false),
            (500, coded("500.003.1001"), true),
            (502, "<html>Bad Gateway</html>".to_owned(), true),
            (503, String::new(), true),
            (200, "<html>".to_owned(), false),
        ] {
            let body = body.into_bytes();
            let answer = Answer { status, body };
            assert_eq!(is_down(&answer), down, "{answer:?}");
        }
    }
}
