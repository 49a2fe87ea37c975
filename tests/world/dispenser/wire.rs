//! The JSON of a dispenser (CONTRACTS section 3).

use kiosk::fact::Outcome;
use serde::{Deserialize, Serialize};

/// What a person asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Made by the dispenser, unique to it: 1 to 36 of `[A-Za-z0-9-]`.
    pub request: String,
    /// Who: a phone, an account id, or its digits.
    pub user: Option<String>,
    /// A subscription code in place of `user`.
    pub code: Option<String>,
    /// The PIN.
    pub pin: Option<String>,
    /// A payment token to be redeemed first.
    pub token: Option<String>,
    /// How much; signed, so that a test can ask for nonsense.
    pub volume_ml: i64,
}

impl Ask {
    /// An ask by phone or account and PIN.
    pub fn by_pin(request: &str, user: &str, pin: &str, volume_ml: i64) -> Ask {
        Ask {
            request: request.to_owned(),
            user: Some(user.to_owned()),
            code: None,
            pin: Some(pin.to_owned()),
            token: None,
            volume_ml,
        }
    }

    /// The bytes of `ask`; equal for equal content.
    pub fn payload(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Wire<'a> {
            request: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            user: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            code: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            pin: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            token: Option<&'a str>,
            volume_ml: i64,
        }
        json(&Wire {
            request: &self.request,
            user: self.user.as_deref(),
            code: self.code.as_deref(),
            pin: self.pin.as_deref(),
            token: self.token.as_deref(),
            volume_ml: self.volume_ml,
        })
    }
}

/// What flowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pour {
    /// Of which ask.
    pub request: String,
    /// How much.
    pub volume_ml: u64,
    /// What the meter counted.
    pub pulses: u64,
    /// How long the valve was open.
    pub duration_ms: u64,
    /// How it ended.
    pub outcome: Outcome,
}

impl Pour {
    /// The bytes of `poured`; equal for equal content.
    pub fn payload(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Wire<'a> {
            request: &'a str,
            volume_ml: u64,
            pulses: u64,
            duration_ms: u64,
            outcome: &'a str,
        }
        json(&Wire {
            request: &self.request,
            volume_ml: self.volume_ml,
            pulses: self.pulses,
            duration_ms: self.duration_ms,
            outcome: self.outcome.name(),
        })
    }
}

/// What the gateway says to an ask. Fields it leaves out in a denial are `None`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Answer {
    /// Of which ask.
    pub request: String,
    /// Whether the valve may open.
    pub approved: bool,
    /// `verified`, or why not.
    pub reason: String,
    /// How much may flow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_ml: Option<u64>,
    /// Prepaid litres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance_ml: Option<i64>,
    /// Of the month's allowance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jerrycans_left: Option<i64>,
    /// The customer's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// For a display of four lines of 20.
    #[serde(default)]
    pub lines: Vec<String>,
}

impl Answer {
    /// Reads it; `None` for what is no answer.
    pub fn read(payload: &[u8]) -> Option<Answer> {
        serde_json::from_slice(payload).ok()
    }
}

/// What the gateway says to a report.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Receipt {
    /// Of which ask.
    pub request: String,
    /// What was booked.
    pub volume_ml: u64,
    /// Prepaid litres; absent where there is no customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance_ml: Option<i64>,
    /// Eight characters for the customer.
    pub receipt: String,
    /// For a display of four lines of 20.
    #[serde(default)]
    pub lines: Vec<String>,
}

impl Receipt {
    /// Reads it; `None` for what is no receipt.
    pub fn read(payload: &[u8]) -> Option<Receipt> {
        serde_json::from_slice(payload).ok()
    }
}

/// What the gateway could not take.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Refusal {
    /// `bad_json`, `bad_field`, `request_conflict` or `unknown_topic`.
    pub code: String,
    /// For a person.
    #[serde(default)]
    pub detail: String,
    /// Of which ask, where that could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

impl Refusal {
    /// Reads it; `None` for what is no error.
    pub fn read(payload: &[u8]) -> Option<Refusal> {
        serde_json::from_slice(payload).ok()
    }
}

/// What the gateway tells a dispenser about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Config {
    /// Grows with each change.
    pub revision: u64,
    /// Of its meter.
    pub pulses_per_litre: u64,
    /// The most that can be asked for.
    pub volume_ml_max: u64,
    /// Whether it may pour at all.
    pub enabled: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            revision: 0,
            pulses_per_litre: 450,
            volume_ml_max: 20_000,
            enabled: true,
        }
    }
}

impl Config {
    /// Reads it; `None` for what is no configuration.
    pub fn read(payload: &[u8]) -> Option<Config> {
        serde_json::from_slice(payload).ok()
    }
}

/// The bytes of `heartbeat`; what a simulated board has no sensor for is made up.
pub(super) fn heartbeat(config_revision: u64, uptime_s: u64, state: &str, valve: &str, pulses_total: u64) -> Vec<u8> {
    #[derive(Serialize)]
    struct Wire<'a> {
        firmware: &'a str,
        model: &'a str,
        config_revision: u64,
        slot: &'a str,
        uptime_s: u64,
        rssi_dbm: i32,
        heap_bytes: u64,
        state: &'a str,
        valve: &'a str,
        pulses_total: u64,
    }
    json(&Wire {
        firmware: "1.0.0",
        model: "simulated",
        config_revision,
        slot: "a",
        uptime_s,
        rssi_dbm: -61,
        heap_bytes: 180_000,
        state,
        valve,
        pulses_total,
    })
}

fn json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("texts and numbers are JSON")
}
