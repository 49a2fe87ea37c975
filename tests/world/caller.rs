//! A person who dials a service code on a phone of the sandbox.

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::{http::Api, sandbox::texts};

/// The person.
#[derive(Clone, Debug)]
pub struct Caller {
    sandbox: Api,
    phone: u64,
}

/// What the phone shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screen {
    /// The words.
    pub text: String,
    /// Whether the session goes on.
    pub goes_on: bool,
}

impl Caller {
    /// Somebody with this phone, country's code first, by the control API of a sandbox.
    pub fn new(sandbox: Api, phone: u64) -> Caller {
        Caller { sandbox, phone }
    }

    /// Dials.
    pub async fn dial(&self, code: &str) -> anyhow::Result<Screen> {
        self.step("dial", &json!({ "code": code })).await
    }

    /// Types and sends.
    ///
    /// # Errors
    /// When no session waits for it.
    pub async fn type_in(&self, input: &str) -> anyhow::Result<Screen> {
        self.step("type", &json!({ "input": input })).await
    }

    /// Hangs up.
    pub async fn hang_up(&self) -> anyhow::Result<()> {
        self.post("hang-up", &Value::Null).await.map(drop)
    }

    async fn step(&self, verb: &str, body: &Value) -> anyhow::Result<Screen> {
        let shown = self.post(verb, body).await?;
        Ok(Screen {
            text: shown["screen"].as_str().context("a screen")?.to_owned(),
            goes_on: shown["line"] == "open",
        })
    }

    async fn post(&self, verb: &str, body: &Value) -> anyhow::Result<Value> {
        let path = format!("/control/{}/phones/{}/{verb}", texts::NAME, self.phone);
        self.sandbox.post(&path, body).await?.expect(200)
    }
}
