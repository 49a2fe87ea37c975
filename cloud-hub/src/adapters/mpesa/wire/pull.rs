//! The latest payments of a short code (Daraja portal, "Pull Transaction"): the main tool after an outage.

use kiosk::{
    moment::{HOUR_MS, Wall},
    payment::Msisdn,
    provider::Provider,
    units::Currency,
};
use serde::Serialize;
use serde_json::Value;

use super::{Reply, denied_unless, object, text};
use crate::{
    civil::{self, EAST_AFRICA_MS},
    hub::money::Arrival,
    provider::decimal::exact,
    secret::hide,
};

/// Path of the registration, once in a short code's life.
pub const PULL_REGISTER_PATH: &str = "pulltransactions/v1/register";
/// Path of the question.
pub const PULL_PATH: &str = "pulltransactions/v1/query";
/// How far back Daraja looks.
pub const PULL_WINDOW_MS: i64 = 48 * HOUR_MS;

hide!(PullRegisterBody);

/// The body that registers a short code for pulling.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PullRegisterBody {
    short_code: String,
    request_type: &'static str,
    nominated_number: String,
    #[serde(rename = "CallBackURL")]
    call_back_url: String,
}

/// The body that registers a short code; `nominated` is the phone that Safaricom has for the business.
pub fn pull_register_body(short_code: &str, nominated: Msisdn, callback_url: &str) -> PullRegisterBody {
    PullRegisterBody {
        short_code: short_code.to_owned(),
        request_type: "Pull",
        nominated_number: nominated.0.to_string(),
        call_back_url: callback_url.to_owned(),
    }
}

/// The body that asks for payments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PullBody {
    short_code: String,
    start_date: String,
    end_date: String,
    off_set_value: String,
}

/// The body that asks for payments from `since` until `until`, after the first `offset` of them. What lies more than 48
/// hours back is out of reach, so `since` is moved up to there.
pub fn pull_body(short_code: &str, since: Wall, until: Wall, offset: u32) -> PullBody {
    let since = since.max(until.plus_ms(-PULL_WINDOW_MS));
    PullBody {
        short_code: short_code.to_owned(),
        start_date: civil::spaced(since, EAST_AFRICA_MS),
        end_date: civil::spaced(until, EAST_AFRICA_MS),
        off_set_value: offset.to_string(),
    }
}

/// One page of payments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pulled {
    /// What could be read.
    pub arrivals: Vec<Arrival>,
    /// Rows that could not: they are counted for the offset, and an operator should hear of them.
    pub unreadable: u32,
}

impl Pulled {
    /// How many rows there were: the next page begins so much later.
    pub fn rows(&self) -> u32 {
        u32::try_from(self.arrivals.len()).map_or(u32::MAX, |read| read.saturating_add(self.unreadable))
    }
}

/// Reads the answer to a registration: success is 1000 here, as for the question, and stands in `ResponseStatus` too. An
/// answer without a code is not Daraja's.
pub fn parse_pull_registered(body: &[u8]) -> Reply<()> {
    const GOOD: [&str; 2] = ["1000", "0"];
    let Some(value) = object(body) else {
        return Reply::Unreadable;
    };
    if let Some(denied) = denied_unless(&value, &GOOD) {
        return denied;
    }
    match text(&value, "ResponseCode").or_else(|| text(&value, "ResponseStatus")) {
        Some(code) if GOOD.contains(&code.as_str()) => Reply::Done(()),
        Some(code) => Reply::Denied {
            code,
            message: text(&value, "ResponseDescription").unwrap_or_default(),
        },
        None => Reply::Unreadable,
    }
}

/// Reads a page: success is 1000, and 1001 is a page without a row.
pub fn parse_pull(short_code: &str, body: &[u8]) -> Reply<Pulled> {
    let Some(value) = object(body) else {
        return Reply::Unreadable;
    };
    if let Some(denied) = denied_unless(&value, &["1000", "1001"]) {
        return denied;
    }
    let mut pulled = Pulled::default();
    let rows = match value.get("Response") {
        Some(Value::Array(rows)) => rows.as_slice(),
        None | Some(Value::Null) if text(&value, "ResponseCode").as_deref() == Some("1001") => &[],
        _ => return Reply::Unreadable,
    };
    // Rows come in a list of lists in the portal's sample.
    for row in rows
        .iter()
        .flat_map(|row| row.as_array().map_or(std::slice::from_ref(row), Vec::as_slice))
    {
        match arrival(short_code, row) {
            Some(arrival) => pulled.arrivals.push(arrival),
            None => pulled.unreadable += 1,
        }
    }
    Reply::Done(pulled)
}

fn arrival(short_code: &str, row: &Value) -> Option<Arrival> {
    let filled = |name: &str| text(row, name).filter(|text| !text.is_empty());
    let kind = filled("transactiontype").unwrap_or_default().to_ascii_lowercase();
    Some(Arrival {
        provider: Provider::Mpesa,
        receipt: filled("transactionId")?.parse().ok()?,
        amount: exact(&filled("amount")?, Currency::Kes).filter(|amount| amount.minor > 0)?,
        payer: filled("msisdn"),
        reference: filled("billreference"),
        short_code: short_code.to_owned(),
        at_till: kind.contains("goods") || kind.contains("till"),
        time: civil::read(&filled("trxDate")?, EAST_AFRICA_MS)?,
    })
}

#[cfg(test)]
mod tests;
