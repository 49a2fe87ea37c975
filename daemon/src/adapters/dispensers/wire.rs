//! The JSON of CONTRACTS section 3. Pure: bytes in, values out, and back. Unknown fields are ignored; a wrong or missing
//! one is a typed error that carries the `request`, if a valid one could be read, so that it can be answered.
//!
//! Volumes are taken as any integer: what is too much is for the rules to say. An integer beyond 64 bits becomes the
//! nearest end of them.

mod encode;

use kiosk::{fact::Outcome, ids::RequestId};
use serde_json::{Map, Value};

pub use encode::{Answer, Config, Firmware, Receipt, encode, encode_error};

/// The longest text taken in any field, in bytes.
const TEXT_BYTES_MAX: usize = 256;
/// The longest payment token taken: 15 digits and what people put between them.
const TOKEN_BYTES_MAX: usize = 32;

/// What was wrong with a payload, in the words of the `error` topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// Not a JSON object.
    BadJson,
    /// A field is missing or of the wrong kind.
    BadField,
    /// The request was used before with other content.
    RequestConflict,
    /// There is no such topic.
    UnknownTopic,
}

impl ErrorCode {
    /// The word on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            ErrorCode::BadJson => "bad_json",
            ErrorCode::BadField => "bad_field",
            ErrorCode::RequestConflict => "request_conflict",
            ErrorCode::UnknownTopic => "unknown_topic",
        }
    }
}

/// A payload that could not be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", code.name())]
pub struct WireError {
    /// What kind.
    pub code: ErrorCode,
    /// What exactly, for the person who builds the dispenser. Never repeats a value.
    pub detail: String,
    /// The request it was about, if a valid one stood there.
    pub request: Option<RequestId>,
}

/// How the customer of an ask is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Customer {
    /// A phone in any accepted form, an account id, or its digits alone.
    User(String),
    /// A subscription code.
    Code(String),
}

/// `ask`: may this customer draw this much?
#[derive(Clone, PartialEq, Eq)]
pub struct Ask {
    /// The dispenser's own name for this ask.
    pub request: RequestId,
    /// Who asks.
    pub customer: Customer,
    /// The PIN as keyed in.
    pub pin: String,
    /// A payment token to redeem first.
    pub token: Option<String>,
    /// Millilitres; any integer, also what no rule allows.
    pub volume_ml: i64,
}

/// A PIN has no place in a log.
impl std::fmt::Debug for Ask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ask")
            .field("request", &self.request)
            .field("volume_ml", &self.volume_ml)
            .finish_non_exhaustive()
    }
}

/// `poured`: this much flowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poured {
    /// The ask it belongs to.
    pub request: RequestId,
    /// Millilitres; any integer.
    pub volume_ml: i64,
    /// Pulses of the flow meter.
    pub pulses: Option<u64>,
    /// Milliseconds from the first to the last pulse.
    pub duration_ms: Option<u64>,
    /// How it ended.
    pub outcome: Outcome,
}

/// `heartbeat`. Everything but the version may be missing: a small dispenser says what it knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heartbeat {
    /// The firmware's version.
    pub firmware: String,
    /// The dispenser's model.
    pub model: Option<String>,
    /// The revision of the configuration it works by.
    pub config_revision: Option<u64>,
    /// The firmware slot it runs from.
    pub slot: Option<String>,
    /// Seconds since it started.
    pub uptime_s: Option<u64>,
    /// Its own clock, seconds since 1970.
    pub time: Option<i64>,
    /// Signal of its Wi-Fi.
    pub rssi_dbm: Option<i64>,
    /// Free memory.
    pub heap_bytes: Option<u64>,
    /// What it is doing.
    pub state: Option<String>,
    /// `open` or `closed`.
    pub valve: Option<String>,
    /// Pulses of its flow meter since it was built.
    pub pulses_total: Option<u64>,
}

/// How far a firmware update is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProgressState {
    /// Fetching the image.
    Downloading,
    /// Its digest is right.
    Verified,
    /// About to start it.
    Rebooting,
    /// It runs and stays.
    Confirmed,
    /// It did not run; the older one does.
    RolledBack,
}

/// `firmware/progress`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Of which version.
    pub version: String,
    /// 0 to 100.
    pub percent: u8,
    /// Which step.
    pub state: ProgressState,
}

/// Reads an `ask`.
pub fn decode_ask(payload: &[u8]) -> Result<Ask, WireError> {
    let fields = Fields::read(payload)?;
    let request = fields.request()?;
    let code = fields.optional_text("code", TEXT_BYTES_MAX)?;
    let user = fields.optional_text("user", TEXT_BYTES_MAX)?;
    let customer = match (user, code) {
        (Some(user), _) => Customer::User(user),
        (None, Some(code)) => Customer::Code(code),
        (None, None) => return Err(fields.missing("user")),
    };
    Ok(Ask {
        customer,
        pin: fields.text("pin", TEXT_BYTES_MAX)?,
        token: fields.optional_text("token", TOKEN_BYTES_MAX)?,
        volume_ml: fields.integer("volume_ml")?,
        request,
    })
}

/// Reads a `poured`.
pub fn decode_poured(payload: &[u8]) -> Result<Poured, WireError> {
    let fields = Fields::read(payload)?;
    let Some(outcome) = Outcome::from_name(&fields.text("outcome", TEXT_BYTES_MAX)?) else {
        return Err(fields.wrong("outcome", "complete, stopped, timeout, fault or power_lost"));
    };
    Ok(Poured {
        request: fields.request()?,
        volume_ml: fields.integer("volume_ml")?,
        pulses: fields.optional_count("pulses")?,
        duration_ms: fields.optional_count("duration_ms")?,
        outcome,
    })
}

/// Reads a `heartbeat`.
pub fn decode_heartbeat(payload: &[u8]) -> Result<Heartbeat, WireError> {
    let fields = Fields::read(payload)?;
    let text = |name| fields.optional_text(name, TEXT_BYTES_MAX);
    Ok(Heartbeat {
        firmware: fields.text("firmware", TEXT_BYTES_MAX)?,
        model: text("model")?,
        config_revision: fields.optional_count("config_revision")?,
        slot: text("slot")?,
        uptime_s: fields.optional_count("uptime_s")?,
        time: fields.optional_integer("time")?,
        rssi_dbm: fields.optional_integer("rssi_dbm")?,
        heap_bytes: fields.optional_count("heap_bytes")?,
        state: text("state")?,
        valve: text("valve")?,
        pulses_total: fields.optional_count("pulses_total")?,
    })
}

/// Reads a `firmware/progress`.
pub fn decode_progress(payload: &[u8]) -> Result<Progress, WireError> {
    let fields = Fields::read(payload)?;
    let state = match fields.text("state", TEXT_BYTES_MAX)?.as_str() {
        "downloading" => ProgressState::Downloading,
        "verified" => ProgressState::Verified,
        "rebooting" => ProgressState::Rebooting,
        "confirmed" => ProgressState::Confirmed,
        "rolled_back" => ProgressState::RolledBack,
        _ => return Err(fields.wrong("state", "downloading, verified, rebooting, confirmed or rolled_back")),
    };
    let percent = match fields.integer("percent")? {
        percent @ 0..=100 => percent as u8,
        _ => return Err(fields.wrong("percent", "0 to 100")),
    };
    Ok(Progress {
        version: fields.text("version", TEXT_BYTES_MAX)?,
        percent,
        state,
    })
}

/// A JSON object being read.
struct Fields {
    object: Map<String, Value>,
    request: Option<RequestId>,
}

impl Fields {
    /// Of a field given twice the last counts, as in every common reader; nesting beyond 128 levels is no JSON here.
    fn read(payload: &[u8]) -> Result<Fields, WireError> {
        let bad = |detail: String| WireError {
            code: ErrorCode::BadJson,
            detail,
            request: None,
        };
        let value: Value = serde_json::from_slice(payload)
            .map_err(|error| bad(format!("line {}, column {}", error.line(), error.column())))?;
        let Value::Object(object) = value else {
            return Err(bad("not an object".to_owned()));
        };
        let request = object
            .get("request")
            .and_then(Value::as_str)
            .and_then(|text| text.parse().ok());
        Ok(Fields { object, request })
    }

    fn error(&self, detail: String) -> WireError {
        WireError {
            code: ErrorCode::BadField,
            detail,
            request: self.request.clone(),
        }
    }

    fn missing(&self, name: &str) -> WireError {
        self.error(format!("{name} is missing"))
    }

    fn wrong(&self, name: &str, rule: &str) -> WireError {
        self.error(format!("{name} must be {rule}"))
    }

    /// A field that is not there and one that is null are the same.
    fn get(&self, name: &str) -> Option<&Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    fn request(&self) -> Result<RequestId, WireError> {
        match (&self.request, self.get("request")) {
            (Some(request), _) => Ok(request.clone()),
            (None, Some(_)) => Err(self.wrong("request", "1 to 36 of A-Z, a-z, 0-9 and '-'")),
            (None, None) => Err(self.missing("request")),
        }
    }

    fn text(&self, name: &str, bytes_max: usize) -> Result<String, WireError> {
        self.optional_text(name, bytes_max)?.ok_or_else(|| self.missing(name))
    }

    fn optional_text(&self, name: &str, bytes_max: usize) -> Result<Option<String>, WireError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.len() <= bytes_max => Ok(Some(text.clone())),
            Some(_) => Err(self.wrong(name, &format!("a text of at most {bytes_max} bytes"))),
        }
    }

    fn integer(&self, name: &str) -> Result<i64, WireError> {
        self.optional_integer(name)?.ok_or_else(|| self.missing(name))
    }

    /// Integers beyond 64 bits become the nearest end: they are as far out of every range as what stood there.
    fn optional_integer(&self, name: &str) -> Result<Option<i64>, WireError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = match value {
            Value::Number(number) => number,
            _ => return Err(self.wrong(name, "an integer")),
        };
        let integer = number
            .as_i64()
            .or_else(|| number.as_u64().map(|_| i64::MAX))
            .or_else(|| huge_integer(number.as_f64()));
        integer.map(Some).ok_or_else(|| self.wrong(name, "an integer"))
    }

    fn optional_count(&self, name: &str) -> Result<Option<u64>, WireError> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => value
                .as_u64()
                .map(Some)
                .ok_or_else(|| self.wrong(name, "an integer from 0 to 2^64-1")),
        }
    }
}

/// An integer too long for 64 bits arrives as a float, and so does -0. Every float of that size is whole; another one was
/// written with a point or an exponent and is no integer on this wire.
fn huge_integer(number: Option<f64>) -> Option<i64> {
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    let number = number?;
    if number >= BEYOND {
        Some(i64::MAX)
    } else if number <= -BEYOND {
        Some(i64::MIN)
    } else if number == 0.0 && number.is_sign_negative() {
        Some(0)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
