//! The call. Each outcome, down to silence, becomes what a text understands.

use std::time::Duration;

use kiosk::phone::Phone;

use super::{TextSettings, wire};
use crate::{
    hub::input::{Service, TextOutcome},
    provider::{
        circuit::Circuit,
        http::{ANSWER_BYTES_MAX, ANSWER_WITHIN, CallError, ClientError, Content, Credential, Request},
        line::Line,
    },
};

/// Speaks to Africa's Talking for one application.
pub struct TextClient {
    line: Line,
    settings: TextSettings,
}

impl TextClient {
    /// A client that waits 30 s for an answer.
    pub fn new(settings: TextSettings) -> Result<TextClient, ClientError> {
        TextClient::with_answer_within(settings, ANSWER_WITHIN)
    }

    /// A client that waits `answer_within` for an answer.
    pub fn with_answer_within(settings: TextSettings, answer_within: Duration) -> Result<TextClient, ClientError> {
        Ok(TextClient {
            line: Line::new(Service::Texts, answer_within, wire::is_down)?,
            settings,
        })
    }

    /// Whether Africa's Talking can be called, for operators.
    pub fn circuit(&self) -> &Circuit {
        self.line.circuit()
    }

    /// Sends one text, once. Nobody has the right to send it again when this says that it is not known.
    pub async fn send(&self, phone: Phone, text: &str) -> TextOutcome {
        let (path, content) = match self.settings.bulk {
            true => (
                wire::BULK_PATH,
                Content::json(&wire::bulk_body(&self.settings, phone, text)),
            ),
            false => (
                wire::SEND_PATH,
                Content::Form(wire::send_form(&self.settings, phone, text)),
            ),
        };
        let request = Request {
            url: format!("{}/{path}", self.settings.base_url.trim_end_matches('/')),
            credential: Credential::None,
            headers: vec![
                (wire::KEY_HEADER, self.settings.api_key.expose().to_owned()),
                ("accept", "application/json".to_owned()),
            ],
            content,
            answer_bytes_max: ANSWER_BYTES_MAX,
        };
        let outcome = match self.line.call(request).await {
            Ok(answer) => wire::outcome(phone, &answer),
            Err(CallError::NotSent(_)) => TextOutcome::NotSent,
            Err(CallError::Lost | CallError::TooLarge) => TextOutcome::Unknown,
        };
        if !matches!(outcome, TextOutcome::Sent(_)) {
            tracing::warn!(%phone, ?outcome, "africastalking: a text was not taken");
        }
        outcome
    }
}
