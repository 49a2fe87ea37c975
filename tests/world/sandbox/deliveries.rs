//! What the pretend providers say by themselves, and how it went.

use std::sync::Arc;

use axum::http::{Method, header};
use serde::Serialize;

use super::{
    mpesa,
    server::{Shared, now_ms},
    texts, wallets,
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
            validates: None,
        }
    }
}

/// Sends one callback, once, whatever it is answered.
pub(super) async fn deliver(shared: Arc<Shared>, provider: &'static str, callback: Callback) {
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
    let sent = request.send().await;
    let mut answer = None;
    let status = match sent {
        Ok(response) => {
            let status = response.status().as_u16();
            answer = response.text().await.ok();
            Some(status)
        }
        Err(error) => {
            tracing::warn!(%error, "sandbox: a callback was not taken");
            None
        }
    };
    if let Some(number) = callback.validates {
        shared.change(|mpesa, now_ms, _| mpesa.validated(now_ms, number, answer.as_deref()));
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
