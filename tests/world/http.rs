//! Small calls of a JSON API on loopback.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use reqwest::{Method, header::HeaderMap};
use serde_json::Value;

/// The longest that a call may take.
const CALL_WITHIN: Duration = Duration::from_secs(15);

/// An API and who calls it.
#[derive(Clone, Debug)]
pub struct Api {
    base: String,
    token: Option<String>,
    client: reqwest::Client,
}

/// What an API answered: status and body, `Null` where the body is no JSON.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Value,
    /// The body as it came.
    pub text: String,
    headers: HeaderMap,
}

impl Answer {
    /// A header, when it is there and a text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body, when the status is this one.
    pub fn expect(self, status: u16) -> anyhow::Result<Value> {
        ensure!(
            self.status == status,
            "{} instead of {status}: {}",
            self.status,
            self.text
        );
        Ok(self.body)
    }
}

impl Api {
    /// The API at `base`, without a token.
    pub fn new(base: &str) -> anyhow::Result<Api> {
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            tracing::trace!("a TLS provider is installed already");
        }
        let client = reqwest::Client::builder()
            .timeout(CALL_WITHIN)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Api {
            base: base.to_owned(),
            token: None,
            client,
        })
    }

    /// The same with a bearer token.
    pub fn with_token(&self, token: &str) -> Api {
        Api {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// The same at another address, as after a restart on a new port.
    pub fn at(&self, base: &str) -> Api {
        Api {
            base: base.to_owned(),
            ..self.clone()
        }
    }

    /// Calls with a body or none, and headers.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> anyhow::Result<Answer> {
        let url = format!("{}{path}", self.base);
        let mut call = self.client.request(method, &url);
        if let Some(token) = &self.token {
            call = call.bearer_auth(token);
        }
        if let Some(body) = body {
            call = call.json(body);
        }
        for (name, value) in headers {
            call = call.header(*name, *value);
        }
        let response = call.send().await.with_context(|| url.clone())?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = response.text().await.with_context(|| url.clone())?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Answer {
            status,
            body,
            text,
            headers,
        })
    }

    /// GET.
    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.call(Method::GET, path, None, &[]).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        self.call(Method::POST, path, Some(body), &[]).await
    }

    /// All items of a list, page after page.
    pub async fn list(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        let mut items = Vec::new();
        let mut after = String::new();
        loop {
            let mark = if path.contains('?') { '&' } else { '?' };
            let page = self.get(&format!("{path}{mark}limit=100{after}")).await?.expect(200)?;
            let found = page["items"]
                .as_array()
                .with_context(|| format!("{path}: no items in {page}"))?;
            items.extend(found.iter().cloned());
            match &page["next"] {
                Value::Null => return Ok(items),
                Value::String(next) => after = format!("&after={next}"),
                next => after = format!("&after={next}"),
            }
        }
    }
}
