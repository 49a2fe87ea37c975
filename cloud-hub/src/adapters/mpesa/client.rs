//! The calls. Each outcome, down to silence, becomes the answer that a payment understands; what is not a payment by
//! prompt is in [`orders`].

pub mod orders;

use std::time::Duration;

use kiosk::{
    ids::ProviderReference,
    moment::Wall,
    payment::{Failure, PushAnswer, QueryAnswer},
};
use serde::Serialize;
use tokio::{sync::Mutex, time::Instant};

use super::{
    MpesaSettings,
    wire::{self, PushOrder, Reply},
};
use crate::secret::Secret;

/// A token is replaced this long before it ends, so that none ends on the way.
const TOKEN_REFRESH_EARLY: Duration = Duration::from_secs(60);
/// The longest wait for a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// The longest wait for a whole answer, unless said otherwise.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// The largest answer that is read.
const ANSWER_BYTES_MAX: usize = 64 * 1_024;

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
#[error("mpesa: the HTTP client cannot be set up: {0}")]
pub struct ClientError(#[from] reqwest::Error);

/// Why a call brought no answer.
#[derive(Debug)]
enum CallError {
    /// Nothing was sent: no connection, or no token. With the failure this is.
    NotSent(Failure),
    /// Sent, and no whole answer came back.
    Lost,
}

/// A token with its end and its place among the tokens of this client.
#[derive(Clone)]
struct HeldToken {
    token: Secret,
    refresh_at: Instant,
    number: u64,
}

/// Speaks to Daraja for one business. Share one: a new token ends the one before it (Daraja portal, FAQ), so two clients
/// with the same credentials would take turns in locking each other out.
pub struct MpesaClient {
    http: reqwest::Client,
    settings: MpesaSettings,
    answer_within: Duration,
    /// Locked while a token is fetched, so that many callers wait for one fetch.
    token: Mutex<Option<HeldToken>>,
}

impl MpesaClient {
    /// A client that waits 30 s for an answer.
    pub fn new(settings: MpesaSettings) -> Result<MpesaClient, ClientError> {
        MpesaClient::with_answer_within(settings, ANSWER_WITHIN)
    }

    /// A client that waits `answer_within` for an answer.
    pub fn with_answer_within(settings: MpesaSettings, answer_within: Duration) -> Result<MpesaClient, ClientError> {
        // The HTTP client brings no cryptography of its own. Whoever installed it first is as good.
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            tracing::trace!("a TLS provider is installed already");
        }
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_WITHIN)
            .timeout(answer_within)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .build()?;
        Ok(MpesaClient {
            http,
            settings,
            answer_within,
            token: Mutex::new(None),
        })
    }

    /// Sends one prompt. Called once per payment and never again, whatever comes back.
    pub async fn push(&self, order: &PushOrder, now: Wall) -> PushAnswer {
        let body = match wire::push_body(&self.settings, order, now) {
            Ok(body) => body,
            Err(error) => {
                tracing::error!(%error, "mpesa: push not sent");
                return PushAnswer::Refused(Failure::Configuration);
            }
        };
        match self.call(wire::PUSH_PATH, &body).await {
            Ok(answer) => {
                let reply = wire::parse_push(&answer);
                log_denial("push", &reply);
                wire::push_answer(reply)
            }
            Err(CallError::NotSent(failure)) => PushAnswer::Refused(failure),
            Err(CallError::Lost) => PushAnswer::NoAnswer,
        }
    }

    /// Asks what became of a prompt.
    pub async fn query(&self, reference: &ProviderReference, now: Wall) -> QueryAnswer {
        let body = wire::query_body(&self.settings, reference, now);
        match self.call(wire::QUERY_PATH, &body).await {
            Ok(answer) => {
                let reply = wire::parse_query(&answer);
                log_denial("query", &reply);
                wire::query_answer(reference, reply)
            }
            Err(_) => QueryAnswer::NoAnswer,
        }
    }

    /// One call, repeated once with a fresh token when the answer is that the token is not good: such a call was turned
    /// away at the door, so the repeat cannot make a second prompt.
    async fn call(&self, path: &str, body: &impl Serialize) -> Result<Vec<u8>, CallError> {
        let token = self.good_token(None).await?;
        let answer = self.post(path, body, &token).await?;
        if !is_token_refusal(&answer) {
            return Ok(answer);
        }
        tracing::info!("mpesa: token turned away, taking a new one");
        let token = self.good_token(Some(token.number)).await?;
        self.post(path, body, &token).await
    }

    /// The shared token, fetched anew when it is near its end or is the one that was `refused`.
    async fn good_token(&self, refused: Option<u64>) -> Result<HeldToken, CallError> {
        let waited = tokio::time::timeout(self.answer_within, self.token.lock()).await;
        let Ok(mut held) = waited else {
            return Err(CallError::NotSent(Failure::Unreachable));
        };
        let number = match &*held {
            Some(token) if Some(token.number) != refused && Instant::now() < token.refresh_at => {
                return Ok(token.clone());
            }
            Some(token) => token.number + 1,
            None => 0,
        };
        let url = self.url(wire::TOKEN_PATH);
        let request = self.http.get(url).basic_auth(
            self.settings.consumer_key.expose(),
            Some(self.settings.consumer_secret.expose()),
        );
        // Whatever goes wrong here, the product call itself has not been sent.
        let answer = match receive(request).await {
            Ok(answer) => answer,
            Err(_) => return Err(CallError::NotSent(Failure::Unreachable)),
        };
        let reply = wire::parse_token(&answer);
        log_denial("token", &reply);
        match reply {
            Reply::Done(access) => {
                let token = HeldToken {
                    token: access.token,
                    refresh_at: Instant::now() + access.life.saturating_sub(TOKEN_REFRESH_EARLY),
                    number,
                };
                *held = Some(token.clone());
                Ok(token)
            }
            Reply::Denied { code, .. } if code.starts_with("500.") => Err(CallError::NotSent(Failure::Busy)),
            Reply::Denied { .. } => Err(CallError::NotSent(Failure::Configuration)),
            Reply::Unreadable => Err(CallError::NotSent(Failure::Unreachable)),
        }
    }

    async fn post(&self, path: &str, body: &impl Serialize, token: &HeldToken) -> Result<Vec<u8>, CallError> {
        let request = self.http.post(self.url(path)).bearer_auth(token.token.expose());
        receive(request.json(body)).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.settings.base_url.trim_end_matches('/'))
    }
}

/// Sends and reads the whole answer, whatever its status. Only a connection that never came about counts as not sent.
async fn receive(request: reqwest::RequestBuilder) -> Result<Vec<u8>, CallError> {
    let lost = |error: reqwest::Error| {
        let error = error.without_url();
        tracing::warn!(%error, "mpesa: no answer");
        if error.is_connect() {
            CallError::NotSent(Failure::Unreachable)
        } else {
            CallError::Lost
        }
    };
    let mut response = request.send().await.map_err(lost)?;
    let mut answer = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(lost)? {
        if answer.len() + chunk.len() > ANSWER_BYTES_MAX {
            tracing::warn!("mpesa: an answer of more than {ANSWER_BYTES_MAX} bytes");
            return Err(CallError::Lost);
        }
        answer.extend_from_slice(&chunk);
    }
    Ok(answer)
}

fn is_token_refusal(answer: &[u8]) -> bool {
    matches!(wire::parse_push(answer), Reply::Denied { code, .. } if wire::is_invalid_token(&code))
}

fn log_denial<T>(call: &str, reply: &Reply<T>) {
    match reply {
        Reply::Done(_) => {}
        Reply::Denied { code, message } => tracing::warn!(code, message, "mpesa: {call} denied"),
        Reply::Unreadable => tracing::warn!("mpesa: the answer to the {call} call is not readable"),
    }
}
