//! The HTTP client of all providers: a deadline for everything, no redirect, no repeat, and an answer of bounded size.

use std::time::Duration;

use kiosk::payment::Failure;
use serde::Serialize;

use crate::secret::Secret;

/// The longest wait for a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// The longest wait for a whole answer, unless said otherwise.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// The largest answer that is read, unless a list is asked for.
pub const ANSWER_BYTES_MAX: usize = 64 * 1_024;
/// The largest list that is read: some twenty thousand payments of 200 bytes.
pub const LIST_BYTES_MAX: usize = 4 * 1_024 * 1_024;

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client of payment providers cannot be set up: {0}")]
pub struct ClientError(#[from] reqwest::Error);

/// Why a call brought no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallError {
    /// Nothing was sent: no connection, no token, or the provider is known to be down. With the failure this is.
    NotSent(Failure),
    /// Sent, and no whole answer came back.
    Lost,
    /// Sent, and the answer was larger than what is read: the provider is there, and what it said is not known.
    TooLarge,
}

/// Who a request says it is from.
#[derive(Clone, Debug)]
pub enum Credential {
    /// No `Authorization` header.
    None,
    /// `Basic`, with a name and its secret.
    Basic(Secret, Secret),
    /// `Bearer`.
    Bearer(Secret),
}

/// What a request carries. It has no `Debug`: passwords are in some bodies.
#[derive(Clone)]
pub enum Content {
    /// A GET.
    Nothing,
    /// A POST without a byte, which says so: `Content-Length: 0`.
    Empty,
    /// A POST of these bytes, which are JSON.
    Json(Vec<u8>),
    /// A POST of these bytes, which are a form.
    Form(Vec<u8>),
}

impl Content {
    /// A POST of this value. What cannot be written as JSON is left empty; none of our bodies is such.
    pub fn json(body: &impl Serialize) -> Content {
        Content::Json(serde_json::to_vec(body).unwrap_or_default())
    }
}

/// One request. It has no `Debug`: headers and bodies hold keys.
#[derive(Clone)]
pub struct Request {
    /// The whole address.
    pub url: String,
    /// Who asks.
    pub credential: Credential,
    /// Further headers, by name.
    pub headers: Vec<(&'static str, String)>,
    /// The body, which decides on the method.
    pub content: Content,
    /// The largest answer that is read.
    pub answer_bytes_max: usize,
}

/// One answer, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, at most [`Request::answer_bytes_max`].
    pub body: Vec<u8>,
}

/// The client.
#[derive(Clone, Debug)]
pub struct Http(reqwest::Client);

impl Http {
    /// A client that waits `answer_within` for a whole answer.
    pub fn new(answer_within: Duration) -> Result<Http, ClientError> {
        // The HTTP client brings no cryptography of its own. Whoever installed it first is as good.
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            tracing::trace!("a TLS provider is installed already");
        }
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_WITHIN)
            .timeout(answer_within)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .build()?;
        Ok(Http(client))
    }

    /// Sends and reads the whole answer. Only a connection that never came about counts as not sent.
    pub async fn send(&self, request: Request) -> Result<Answer, CallError> {
        let lost = |error: reqwest::Error| {
            let error = error.without_url();
            tracing::warn!(%error, "provider: no answer");
            if error.is_connect() {
                CallError::NotSent(Failure::Unreachable)
            } else {
                CallError::Lost
            }
        };
        let bytes_max = request.answer_bytes_max;
        let mut response = self.built(request).send().await.map_err(lost)?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            if body.len() + chunk.len() > bytes_max {
                tracing::warn!("provider: an answer of more than {bytes_max} bytes");
                return Err(CallError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, body })
    }

    fn built(&self, request: Request) -> reqwest::RequestBuilder {
        let mut built = match request.content {
            Content::Nothing => self.0.get(request.url),
            Content::Empty => self.0.post(request.url).header("content-length", "0"),
            Content::Json(bytes) => self
                .0
                .post(request.url)
                .header("content-type", "application/json")
                .body(bytes),
            Content::Form(bytes) => self
                .0
                .post(request.url)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(bytes),
        };
        built = match &request.credential {
            Credential::None => built,
            Credential::Basic(name, secret) => built.basic_auth(name.expose(), Some(secret.expose())),
            Credential::Bearer(token) => built.bearer_auth(token.expose()),
        };
        for (name, value) in &request.headers {
            built = built.header(*name, value);
        }
        built
    }
}
