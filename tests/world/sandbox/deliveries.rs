//! What the pretend providers say by themselves, and how it went.

use std::sync::Arc;

use axum::http::{Method, header};
use serde::Serialize;

use super::{
    mpesa,
    server::{Shared, now_ms},
    texts::{self, calls::Step},
    wallets,
};

/// How many deliveries are remembered.
const DELIVERIES_MAX: usize = 1_000;

/// A callback that was sent.
#[derive(Clone, Debug, Serialize)]
pub struct Delivery {
    /// When, milliseconds since 1970.
    pub time_ms: i64,
    /// Whose.
    pub provider: &'static str,
    /// What and where to.
    pub callback: Callback,
    /// The status it was answered with; `None` when nobody answered.
    pub status: Option<u16>,
}

/// A callback as it is sent.
#[derive(Clone, Debug, Serialize)]
pub struct Callback {
    /// `POST` or `PUT`.
    pub method: String,
    /// Where to.
    pub url: String,
    /// For the header `Businessshortcode`; none but Daraja sends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shortcode: Option<String>,
    /// JSON, or a form.
    pub body: String,
    /// It is a form.
    #[serde(skip)]
    is_form: bool,
    /// It holds what a caller typed.
    #[serde(skip)]
    is_typed: bool,
    /// It asks Daraja's question whether to take this payment, and its answer belongs to [`mpesa::Mpesa::validated`].
    #[serde(skip)]
    validates: Option<usize>,
}

impl From<mpesa::Callback> for Callback {
    fn from(callback: mpesa::Callback) -> Callback {
        Callback {
            method: "POST".to_owned(),
            url: callback.url,
            shortcode: Some(callback.shortcode),
            body: callback.body,
            is_form: false,
            is_typed: false,
            validates: callback.validates,
        }
    }
}

impl From<wallets::Callback> for Callback {
    fn from(callback: wallets::Callback) -> Callback {
        Callback {
            method: callback.method,
            url: callback.url,
            shortcode: None,
            body: callback.body,
            is_form: false,
            is_typed: false,
            validates: None,
        }
    }
}

impl From<texts::Callback> for Callback {
    fn from(callback: texts::Callback) -> Callback {
        Callback {
            method: "POST".to_owned(),
            url: callback.url,
            shortcode: None,
            body: callback.body,
            is_form: true,
            is_typed: callback.is_typed,
            validates: None,
        }
    }
}

/// Sends one callback, once, whatever it is answered.
pub(super) async fn deliver(shared: Arc<Shared>, provider: &'static str, callback: Callback) {
    let answer = send(&shared, &callback).await;
    if let Some(number) = callback.validates {
        let said = answer.as_ref().and_then(|(_, said)| said.as_deref());
        shared.change(|mpesa, now_ms, _| mpesa.validated(now_ms, number, said));
    }
    remember(&shared, provider, callback, answer.map(|(status, _)| status));
}

/// Takes a caller's step to its end, also when nobody waits for that any more.
pub(super) async fn carried(shared: &Arc<Shared>, step: Step) {
    if let Err(error) = tokio::spawn(carry(Arc::clone(shared), step)).await {
        tracing::error!(%error, "sandbox: a caller's step broke");
    }
}

/// Takes a caller's step to the hub, and what the hub says to the phone.
async fn carry(shared: Arc<Shared>, step: Step) {
    let callback = Callback::from(step.callback.clone());
    let answer = send(&shared, &callback).await;
    let said = answer
        .as_ref()
        .and_then(|(status, said)| Some((*status, said.as_deref()?)));
    shared.change_texts(|texts, now_ms, _| texts.answered(now_ms, &step, said));
    remember(&shared, texts::NAME, callback, answer.map(|(status, _)| status));
}

/// The status, and the text when it came whole; `None` when nobody answered.
async fn send(shared: &Shared, callback: &Callback) -> Option<(u16, Option<String>)> {
    let method = match callback.method.as_str() {
        "PUT" => Method::PUT,
        _ => Method::POST,
    };
    let content_type = match callback.is_form {
        true => "application/x-www-form-urlencoded",
        false => "application/json;charset=UTF-8",
    };
    let mut request = shared
        .http
        .request(method, &callback.url)
        .header(header::CONTENT_TYPE, content_type)
        .body(callback.body.clone());
    if let Some(shortcode) = &callback.shortcode {
        request = request.header("Businessshortcode", shortcode);
    }
    match request.send().await {
        Ok(response) => Some((response.status().as_u16(), response.text().await.ok())),
        Err(error) => {
            tracing::warn!(%error, "sandbox: a callback was not taken");
            None
        }
    }
}

fn remember(shared: &Shared, provider: &'static str, mut callback: Callback, status: Option<u16>) {
    if callback.is_typed {
        callback.body = without_typed(&callback.body);
    }
    let mut deliveries = shared.deliveries();
    if deliveries.len() < DELIVERIES_MAX {
        deliveries.push(Delivery {
            time_ms: now_ms(),
            provider,
            callback,
            status,
        });
    }
}

/// A form without what a caller typed.
fn without_typed(body: &str) -> String {
    let masked = form_urlencoded::parse(body.as_bytes()).map(|(name, value)| {
        let is_typed = matches!(&*name, "text" | "input") && !value.is_empty();
        (name, if is_typed { "****".into() } else { value })
    });
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(masked)
        .finish()
}
