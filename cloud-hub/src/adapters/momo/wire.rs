//! MTN's bodies and answers as bytes in and values out.

#[cfg(test)]
mod tests;
pub mod transfer;

use std::time::Duration;

use kiosk::{
    ids::ProviderReference,
    payment::{Failure, Msisdn, ProviderVerdict, PushAnswer, QueryAnswer, Report},
    phone::Country,
    provider::Provider,
    units::{Currency, Money},
};
use serde::Serialize;
use serde_json::Value;

use super::MomoSettings;
use crate::{
    hub::{effect::Prompt, input::CallbackName},
    provider::{
        callback::{Callback, CallbackError},
        decimal::{exact, object, text},
        http::Answer,
        payer,
        token::AccessToken,
    },
    secret::Secret,
};

/// Path of the token call, with its slash at the end (MTN portal, "Getting started").
pub const TOKEN_PATH: &str = "collection/token/";
/// Path of the request to pay; its status is one segment below (MTN portal, "Collection").
pub const PUSH_PATH: &str = "collection/v1_0/requesttopay";
/// The header that carries the product's key.
pub const KEY_HEADER: &str = "ocp-apim-subscription-key";

/// The body of a request to pay (MTN portal, "Collection").
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PushBody {
    amount: String,
    currency: String,
    external_id: String,
    payer: Payer,
    payer_message: String,
    payee_note: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Payer {
    party_id_type: &'static str,
    party_id: String,
}

/// Why a prompt cannot be put to MTN at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// At least one unit.
    #[error("MTN takes at least one unit of the currency")]
    TooLittle,
    /// The callback names its payment by it.
    #[error("a request to pay needs a reference")]
    NoReference,
    /// Each country's MTN asks its own phones.
    #[error("MTN in {} asks phones of its own country", .0.code())]
    OtherCountry(Country),
}

impl OrderError {
    /// What it means to the payment.
    pub fn failure(&self) -> Failure {
        match self {
            OrderError::OtherCountry(_) => Failure::Refused,
            OrderError::TooLittle | OrderError::NoReference => Failure::Configuration,
        }
    }
}

/// The body that asks a customer to pay. `externalId` is our reference, for the callback names no other (*observed*).
pub fn push_body(settings: &MomoSettings, prompt: &Prompt) -> Result<PushBody, OrderError> {
    let amount = prompt.amount.rounded_up().whole_units();
    if amount < 1 {
        return Err(OrderError::TooLittle);
    }
    let country = Country::of_currency(prompt.amount.currency);
    // The sandbox has test phones of no country that is served.
    if settings.target_environment != "sandbox" && !payer::is_of(country, prompt.payer) {
        return Err(OrderError::OtherCountry(country));
    }
    let reference = prompt.reference.as_ref().ok_or(OrderError::NoReference)?;
    Ok(PushBody {
        amount: amount.to_string(),
        currency: settings.wire_currency.clone(),
        external_id: reference.to_string(),
        payer: Payer {
            party_id_type: "MSISDN",
            party_id: prompt.payer.0.to_string(),
        },
        payer_message: "Water".to_owned(),
        payee_note: prompt.account.to_string(),
    })
}

/// Reads the answer to the token call.
pub fn parse_token(answer: &Answer) -> Result<AccessToken, Failure> {
    let value = object(&answer.body);
    let life = |value: &Value| text(value, "expires_in").and_then(|seconds| seconds.parse().ok());
    match (answer.status, value) {
        (200, Some(value)) => match (text(&value, "access_token"), life(&value)) {
            (Some(token), Some(seconds)) if !token.is_empty() => Ok(AccessToken {
                token: Secret::new(token),
                life: Duration::from_secs(seconds),
            }),
            _ => Err(Failure::Unreachable),
        },
        (429, _) => Err(Failure::Busy),
        (400..=499, _) => Err(Failure::Configuration),
        _ => Err(Failure::Unreachable),
    }
}

/// `code` of an error's body (MTN portal, "Common error codes").
pub fn error_code(answer: &Answer) -> Option<String> {
    text(&object(&answer.body)?, "code")
}

/// What the answer to a request to pay means to the payment. 202 without a body is taken, not paid; 409 says that this
/// very request has arrived before, so there is a status to read.
pub fn push_answer(answer: &Answer) -> PushAnswer {
    let code = error_code(answer);
    match (answer.status, code.as_deref()) {
        (202 | 409, _) | (_, Some("RESOURCE_ALREADY_EXIST")) => PushAnswer::Accepted { reference: None },
        // As an HTTP error these two are no verdict: the request may have been taken.
        (_, Some("SERVICE_UNAVAILABLE" | "INTERNAL_PROCESSING_ERROR")) => PushAnswer::NoAnswer,
        (_, Some(code)) if known_failure(code).is_some() => {
            PushAnswer::Refused(known_failure(code).unwrap_or(Failure::Refused))
        }
        (429, _) => PushAnswer::Refused(Failure::Busy),
        (408, _) => PushAnswer::NoAnswer,
        (400..=499, _) => PushAnswer::Refused(Failure::Configuration),
        _ => PushAnswer::NoAnswer,
    }
}

/// What the answer to a status call about `asked` means to the payment. 404 is no answer: the request may never have
/// arrived, or not be visible yet.
pub fn query_answer(wire: &str, own: Currency, asked: &ProviderReference, answer: &Answer) -> QueryAnswer {
    let found = object(&answer.body).filter(|_| answer.status == 200);
    let Some(value) = found else {
        return QueryAnswer::NoAnswer;
    };
    let another = text(&value, "externalId").is_some_and(|echo| echo != asked.as_str());
    let (false, Some(verdict)) = (another, verdict(&value)) else {
        return QueryAnswer::NoAnswer;
    };
    // A sum that cannot be read, or in other money, is not the sum that was asked for: an operator looks.
    let amount = amount(&value, wire, own).unwrap_or(Some(Money::new(0, own)));
    QueryAnswer::Report(Report {
        reference: Some(asked.clone()),
        verdict,
        receipt: text(&value, "financialTransactionId").and_then(|receipt| receipt.parse().ok()),
        amount,
        payer: payer(&value, own),
    })
}

/// Reads a callback: the status' own shape, named by `externalId`.
pub fn parse_callback(wire: &str, own: Currency, body: &[u8]) -> Result<Callback, CallbackError> {
    let value: Value = serde_json::from_slice(body).map_err(|_| CallbackError::NotJson)?;
    let reference: ProviderReference = text(&value, "externalId")
        .ok_or(CallbackError::Missing("externalId"))?
        .parse()
        .map_err(|_| CallbackError::Invalid("externalId"))?;
    let verdict = verdict(&value).ok_or(CallbackError::Missing("status"))?;
    let receipt = text(&value, "financialTransactionId").map(|receipt| receipt.parse());
    Ok(Callback {
        name: Some(CallbackName::Reference {
            provider: Provider::Mtn,
            reference: reference.clone(),
        }),
        report: Report {
            reference: Some(reference),
            verdict,
            receipt: receipt
                .transpose()
                .map_err(|_| CallbackError::Invalid("financialTransactionId"))?,
            amount: amount(&value, wire, own).map_err(CallbackError::Invalid)?,
            payer: payer(&value, own),
        },
    })
}

/// A 5xx that MTN did not give for itself, or that says it cannot serve.
pub fn is_down(answer: &Answer) -> bool {
    let code = error_code(answer);
    let own_word = |code: &str| known_failure(code).is_some() || code == "RESOURCE_ALREADY_EXIST";
    answer.status >= 500 && !code.as_deref().is_some_and(own_word)
}

/// The verdict of `status`, which outranks the reason: a failure with a reason like "internal error" is final.
fn verdict(value: &Value) -> Option<ProviderVerdict> {
    let verdict = match text(value, "status")?.as_str() {
        "SUCCESSFUL" => ProviderVerdict::Paid,
        "PENDING" | "CREATED" => ProviderVerdict::Pending,
        "EXPIRED" => ProviderVerdict::Expired,
        "FAILED" => failed(reason(value).as_deref().unwrap_or_default()),
        _ => ProviderVerdict::Unknown,
    };
    Some(verdict)
}

/// `reason`: a string, or `{code, message}` in older texts.
fn reason(value: &Value) -> Option<String> {
    let reason = value.get("reason")?;
    text(value, "reason").or_else(|| text(reason, "code"))
}

fn failed(reason: &str) -> ProviderVerdict {
    match reason {
        "APPROVAL_REJECTED" | "REJECTED" | "PAYMENT_NOT_APPROVED" | "TRANSACTION_CANCELED" => {
            ProviderVerdict::Cancelled
        }
        "EXPIRED" | "COULD_NOT_PERFORM_TRANSACTION" => ProviderVerdict::Expired,
        other => ProviderVerdict::Failed(known_failure(other).unwrap_or(Failure::Refused)),
    }
}

/// The reasons and error codes that say more than no (MTN portal, "Common error codes").
fn known_failure(code: &str) -> Option<Failure> {
    Some(match code {
        "NOT_ENOUGH_FUNDS" => Failure::BalanceTooLow,
        "PAYER_LIMIT_REACHED" => Failure::Limit,
        "PAYER_NOT_FOUND" => Failure::Refused,
        "PAYEE_NOT_FOUND"
        | "PAYEE_NOT_ALLOWED_TO_RECEIVE"
        | "NOT_ALLOWED"
        | "NOT_ALLOWED_TARGET_ENVIRONMENT"
        | "INVALID_CALLBACK_URL_HOST"
        | "INVALID_CURRENCY"
        | "TRANSFER_TYPE_UNKNOWN" => Failure::Configuration,
        _ => return None,
    })
}

/// What was paid; an error when it is not the hub's money, or no amount.
fn amount(value: &Value, wire: &str, own: Currency) -> Result<Option<Money>, &'static str> {
    if value
        .get("currency")
        .is_some_and(|currency| currency.as_str() != Some(wire))
    {
        return Err("currency");
    }
    match value.get("amount") {
        None | Some(Value::Null) => Ok(None),
        Some(_) => text(value, "amount")
            .and_then(|amount| exact(&amount, own))
            .map(Some)
            .ok_or("amount"),
    }
}

/// Who paid; what is no phone tells nothing.
fn payer(value: &Value, own: Currency) -> Option<Msisdn> {
    payer::read(&text(value.get("payer")?, "partyId")?, Country::of_currency(own))
}
