//! Daraja's bodies and answers as bytes in and values out: the token, the push, the query and the callback here, the rest
//! in a module each.
//!
//! | module | what it holds |
//! |---|---|
//! | [`c2b`] | customers who pay the till or the paybill by themselves |
//! | [`orders`] | what orders have in common: who gives them, and the answer "taken" |
//! | [`payout`], [`reversal`] | money to a phone, and a payment given back |
//! | [`status`], [`pull`] | what became of one transaction, and the latest payments |
//! | [`result`] | results of orders and questions, which come later |
//! | [`statement`] | the columns of a downloaded statement |
//!
//! An answer is judged by the fields of its body and never by the HTTP status alone: the error envelope
//! `{"requestId","errorCode","errorMessage"}` has been seen with status 200, and the answer "in flight" with status 500
//! (*observed*). Codes come as numbers or as strings and are read alike.

pub mod c2b;
mod callback;
mod codes;
pub mod orders;
pub mod payout;
pub mod pull;
pub mod result;
pub mod reversal;
pub mod statement;
pub mod status;
#[cfg(test)]
mod tests;

pub use crate::provider::{
    callback::{CALLBACK_BYTES_MAX, CallbackError},
    token::AccessToken,
};
pub use callback::{CALLBACK_ACCEPTED, Callback, parse_callback};
pub use codes::{is_invalid_token, push_refusal, verdict};

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kiosk::{
    ids::ProviderReference,
    moment::{HOUR_MS, Wall},
    payment::{Failure, Msisdn, PushAnswer, QueryAnswer, Report},
    phone::Country,
    units::{Currency, Money},
};
use serde::Serialize;
use serde_json::Value;

use super::MpesaSettings;
use crate::{
    provider::{
        decimal::{object, text},
        payer,
        token::LIFE_MAX,
    },
    secret::{Secret, hide},
};

/// Path of the token call; the only GET (Daraja portal, "Authorization").
pub const TOKEN_PATH: &str = "oauth/v1/generate?grant_type=client_credentials";
/// Path of the push (Daraja portal, "M-Pesa Express Simulate").
pub const PUSH_PATH: &str = "mpesa/stkpush/v1/processrequest";
/// Path of the query (Daraja portal, "M-Pesa Express Query").
pub const QUERY_PATH: &str = "mpesa/stkpushquery/v1/query";

/// Longest account reference (Daraja portal, "M-Pesa Express Simulate").
pub const ACCOUNT_REFERENCE_MAX: usize = 12;
/// Longest description (same page).
pub const DESCRIPTION_MAX: usize = 13;

hide!(PushOrder);

/// One prompt to send.
#[derive(Clone, PartialEq, Eq)]
pub struct PushOrder {
    /// What to charge: Kenyan shillings, rounded up to whole ones.
    pub amount: Money,
    /// The phone that is asked.
    pub payer: Msisdn,
    /// Where the callback goes, see [`super::callback_url`].
    pub callback_url: String,
    /// Shown on the prompt and printed in the customer's SMS (*observed*), so public. Cut to what Daraja takes.
    pub account_reference: String,
    /// What it is for. Cut to what Daraja takes.
    pub description: String,
}

/// Why an order cannot be put to Daraja at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// M-PESA in Kenya takes shillings only.
    #[error("M-PESA takes KES, not {0}")]
    NotShillings(Currency),
    /// At least one shilling.
    #[error("M-PESA takes at least KES 1, not {0}")]
    TooLittle(Money),
    /// A phone that M-PESA in Kenya has not.
    #[error("M-PESA in Kenya asks Kenyan phones")]
    OtherCountry,
}

impl OrderError {
    /// What it means to the payment.
    pub fn failure(&self) -> Failure {
        match self {
            OrderError::OtherCountry => Failure::Refused,
            OrderError::NotShillings(_) | OrderError::TooLittle(_) => Failure::Configuration,
        }
    }
}

/// The body of a push (Daraja portal, "M-Pesa Express Simulate"). It has no `Debug`: the passkey is in its password.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PushBody {
    business_short_code: String,
    password: String,
    timestamp: String,
    transaction_type: &'static str,
    amount: i64,
    party_a: String,
    party_b: String,
    phone_number: String,
    #[serde(rename = "CallBackURL")]
    call_back_url: String,
    account_reference: String,
    transaction_desc: String,
}

/// The body of a query (Daraja portal, "M-Pesa Express Query"). No `Debug`, as [`PushBody`].
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct QueryBody {
    business_short_code: String,
    password: String,
    timestamp: String,
    #[serde(rename = "CheckoutRequestID")]
    checkout_request_id: String,
}

/// The body that asks the customer of `order` to pay.
pub fn push_body(settings: &MpesaSettings, order: &PushOrder, now: Wall) -> Result<PushBody, OrderError> {
    if order.amount.currency != Currency::Kes {
        return Err(OrderError::NotShillings(order.amount.currency));
    }
    let amount = order.amount.rounded_up().whole_units();
    if amount < 1 {
        return Err(OrderError::TooLittle(order.amount));
    }
    if !payer::is_of(Country::Kenya, order.payer) {
        return Err(OrderError::OtherCountry);
    }
    let (transaction_type, party_b) = match &settings.till {
        Some(till) => ("CustomerBuyGoodsOnline", till),
        None => ("CustomerPayBillOnline", &settings.shortcode),
    };
    let phone = order.payer.0.to_string();
    let timestamp = timestamp(now);
    Ok(PushBody {
        business_short_code: settings.shortcode.clone(),
        password: password(settings, &timestamp),
        timestamp,
        transaction_type,
        amount,
        party_a: phone.clone(),
        party_b: party_b.clone(),
        phone_number: phone,
        call_back_url: order.callback_url.clone(),
        account_reference: plain(&order.account_reference, ACCOUNT_REFERENCE_MAX, |c| {
            c.is_ascii_alphanumeric()
        }),
        transaction_desc: plain(&order.description, DESCRIPTION_MAX, |c| {
            c.is_ascii_alphanumeric() || c == ' '
        }),
    })
}

/// The body that asks what became of `reference`.
pub fn query_body(settings: &MpesaSettings, reference: &ProviderReference, now: Wall) -> QueryBody {
    let timestamp = timestamp(now);
    QueryBody {
        business_short_code: settings.shortcode.clone(),
        password: password(settings, &timestamp),
        timestamp,
        checkout_request_id: reference.as_str().to_owned(),
    }
}

/// `YYYYMMDDHHmmss` in East Africa Time, UTC+3 all year (Daraja portal, "M-Pesa Express Simulate"). Computed once per
/// request, because the password holds the same bytes.
pub fn timestamp(now: Wall) -> String {
    now.plus_ms(3 * HOUR_MS)
        .rfc3339()
        .chars()
        .filter(char::is_ascii_digit)
        .take(14)
        .collect()
}

/// `base64(short code ++ passkey ++ timestamp)` (Daraja portal, "M-Pesa Express Simulate").
fn password(settings: &MpesaSettings, timestamp: &str) -> String {
    STANDARD.encode(format!(
        "{}{}{timestamp}",
        settings.shortcode,
        settings.passkey.expose()
    ))
}

/// What Daraja takes of `text`; never empty, because the account reference is a required field.
fn plain(text: &str, length_max: usize, allowed: fn(char) -> bool) -> String {
    let plain: String = text.chars().filter(|c| allowed(*c)).take(length_max).collect();
    if plain.trim().is_empty() {
        "Kisima".to_owned()
    } else {
        plain
    }
}

/// An answer as far as its fields are readable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply<T> {
    /// The answer asked for.
    Done(T),
    /// The error envelope, or a `ResponseCode` other than 0.
    Denied {
        /// `errorCode` or `ResponseCode`.
        code: String,
        /// For the log alone.
        message: String,
    },
    /// Not an answer of Daraja's: HTML from a gateway, cut-off JSON, missing fields.
    Unreadable,
}

/// The push was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushAccepted {
    /// `CheckoutRequestID`, when it is there and readable.
    pub checkout_request: Option<ProviderReference>,
}

/// What a query found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryResult {
    /// `CheckoutRequestID`, echoed.
    pub checkout_request: Option<ProviderReference>,
    /// `ResultCode`.
    pub result_code: String,
}

/// Reads the answer to the token call. `expires_in` comes as number or string.
pub fn parse_token(body: &[u8]) -> Reply<AccessToken> {
    let Some(value) = object(body) else {
        return Reply::Unreadable;
    };
    if let Some(denied) = denied(&value) {
        return denied;
    }
    let life = text(&value, "expires_in").and_then(|seconds| seconds.parse().ok());
    match (text(&value, "access_token"), life) {
        (Some(token), Some(seconds)) if !token.is_empty() => Reply::Done(AccessToken {
            token: Secret::new(token),
            life: Duration::from_secs(seconds).min(LIFE_MAX),
        }),
        _ => Reply::Unreadable,
    }
}

/// Reads the answer to a push. `ResponseCode` 0 means taken, not paid.
pub fn parse_push(body: &[u8]) -> Reply<PushAccepted> {
    let Some(value) = object(body) else {
        return Reply::Unreadable;
    };
    if let Some(denied) = denied(&value) {
        return denied;
    }
    match text(&value, "ResponseCode").as_deref() {
        Some("0") => Reply::Done(PushAccepted {
            checkout_request: checkout_request(&value),
        }),
        _ => Reply::Unreadable,
    }
}

/// Reads the answer to a query. It carries no receipt, amount or phone.
pub fn parse_query(body: &[u8]) -> Reply<QueryResult> {
    let Some(value) = object(body) else {
        return Reply::Unreadable;
    };
    if let Some(denied) = denied(&value) {
        return denied;
    }
    match text(&value, "ResultCode") {
        Some(result_code) => Reply::Done(QueryResult {
            checkout_request: checkout_request(&value),
            result_code,
        }),
        None => Reply::Unreadable,
    }
}

/// What the answer to a push means to the payment.
pub fn push_answer(reply: Reply<PushAccepted>) -> PushAnswer {
    match reply {
        Reply::Done(accepted) => PushAnswer::Accepted {
            reference: accepted.checkout_request,
        },
        Reply::Denied { code, .. } => match push_refusal(&code) {
            Some(failure) => PushAnswer::Refused(failure),
            None => PushAnswer::NoAnswer,
        },
        Reply::Unreadable => PushAnswer::NoAnswer,
    }
}

/// What the answer to a query about `asked` means to the payment. Every error is "ask again": `500.001.1001` has been
/// seen for payments in flight, unknown and long finished alike (*observed*), so it denies nothing.
pub fn query_answer(asked: &ProviderReference, reply: Reply<QueryResult>) -> QueryAnswer {
    match reply {
        Reply::Done(result) if result.checkout_request.as_ref().is_none_or(|echo| echo == asked) => {
            QueryAnswer::Report(Report {
                reference: Some(asked.clone()),
                verdict: verdict(&result.result_code),
                receipt: None,
                amount: None,
                payer: None,
            })
        }
        Reply::Done(_) | Reply::Denied { .. } | Reply::Unreadable => QueryAnswer::NoAnswer,
    }
}

fn denied<T>(value: &Value) -> Option<Reply<T>> {
    denied_unless(value, &["0"])
}

/// As [`denied`], where a product has success codes of its own.
fn denied_unless<T>(value: &Value, good: &[&str]) -> Option<Reply<T>> {
    let message = |name| text(value, name).unwrap_or_default();
    if let Some(code) = text(value, "errorCode") {
        return Some(Reply::Denied {
            code,
            message: message("errorMessage"),
        });
    }
    text(value, "ResponseCode")
        .filter(|code| !good.contains(&code.as_str()))
        .map(|code| Reply::Denied {
            code,
            message: message("ResponseDescription"),
        })
}

fn checkout_request(value: &Value) -> Option<ProviderReference> {
    text(value, "CheckoutRequestID")?.parse().ok()
}
