//! IntaSend's bodies and answers as bytes in and values out. Amounts are decimal texts and are read exactly.

pub mod outgoing;
#[cfg(test)]
mod tests;

use kiosk::{
    ids::ProviderReference,
    payment::{Failure, Msisdn, ProviderVerdict, PushAnswer, QueryAnswer, Report},
    phone::Country,
    provider::Provider,
    units::{Currency, Money},
};
use serde::Serialize;
use serde_json::Value;

use super::IntasendSettings;
use crate::{
    hub::{effect::Prompt, input::CallbackName},
    provider::{
        callback::{Callback, CallbackError},
        decimal::{exact, object, text},
        http::Answer,
        payer,
    },
};

/// Path of the prompt (intasend-python 1.1.2).
pub const PUSH_PATH: &str = "api/v1/payment/mpesa-stk-push/";
/// Path of the status (intasend-python 1.1.2).
pub const STATUS_PATH: &str = "api/v1/payment/status/";
/// The header that carries the publishable key.
pub const KEY_HEADER: &str = "intasend_public_api_key";

/// The body of a prompt. It has no `Debug`: a key is in it.
#[derive(Serialize)]
pub struct PushBody {
    public_key: String,
    currency: &'static str,
    method: &'static str,
    amount: i64,
    phone_number: String,
    api_ref: String,
    name: String,
    email: Option<String>,
    narrative: &'static str,
}

/// The body of a status call. No `Debug`, as [`PushBody`].
#[derive(Serialize)]
pub struct QueryBody {
    invoice_id: String,
    public_key: String,
}

/// Why a prompt cannot be put to IntaSend at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// M-PESA in Kenya takes shillings only.
    #[error("IntaSend takes KES, not {0}")]
    NotShillings(Currency),
    /// At least one shilling.
    #[error("IntaSend takes at least KES 1, not {0}")]
    TooLittle(Money),
    /// A phone that M-PESA in Kenya has not.
    #[error("IntaSend asks Kenyan phones")]
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

/// The body that asks a customer to pay. `api_ref` is the purchase's token, by which the webhook names it before the
/// invoice is known.
pub fn push_body(settings: &IntasendSettings, prompt: &Prompt) -> Result<PushBody, OrderError> {
    if prompt.amount.currency != Currency::Kes {
        return Err(OrderError::NotShillings(prompt.amount.currency));
    }
    let amount = prompt.amount.rounded_up().whole_units();
    if amount < 1 {
        return Err(OrderError::TooLittle(prompt.amount));
    }
    if !payer::is_of(Country::Kenya, prompt.payer) {
        return Err(OrderError::OtherCountry);
    }
    Ok(PushBody {
        public_key: settings.publishable_key.expose().to_owned(),
        currency: "KES",
        method: "M-PESA",
        amount,
        phone_number: prompt.payer.0.to_string(),
        api_ref: prompt.token.clone(),
        name: prompt.account.to_string(),
        email: None,
        narrative: "Water",
    })
}

/// The body that asks what became of an invoice.
pub fn query_body(settings: &IntasendSettings, invoice: &ProviderReference) -> QueryBody {
    QueryBody {
        invoice_id: invoice.to_string(),
        public_key: settings.publishable_key.expose().to_owned(),
    }
}

/// What the answer to a prompt means to the payment. Errors are told by the HTTP status alone.
pub fn push_answer(answer: &Answer) -> PushAnswer {
    match answer.status {
        200..=299 => match object(&answer.body).and_then(|value| value.get("invoice").cloned()) {
            Some(invoice) => PushAnswer::Accepted {
                reference: text(&invoice, "invoice_id").and_then(|id| id.parse().ok()),
            },
            None => PushAnswer::NoAnswer,
        },
        429 => PushAnswer::Refused(Failure::Busy),
        408 => PushAnswer::NoAnswer,
        400..=499 => PushAnswer::Refused(Failure::Configuration),
        _ => PushAnswer::NoAnswer,
    }
}

/// What the answer to a status call about `asked` means to the payment.
pub fn query_answer(asked: &ProviderReference, answer: &Answer) -> QueryAnswer {
    let value = object(&answer.body).filter(|_| (200..300).contains(&answer.status));
    let invoice = value.and_then(|value| value.get("invoice").cloned());
    let Some((invoice, state)) = invoice.and_then(|invoice| text(&invoice, "state").map(|state| (invoice, state)))
    else {
        return QueryAnswer::NoAnswer;
    };
    if text(&invoice, "invoice_id").is_some_and(|id| id != asked.as_str()) {
        return QueryAnswer::NoAnswer;
    }
    QueryAnswer::Report(Report {
        reference: Some(asked.clone()),
        verdict: verdict(&state),
        receipt: None,
        // A sum that cannot be read, or in other money, is not the sum that was asked for: an operator looks.
        amount: amount(&invoice).unwrap_or(Some(Money::new(0, Currency::Kes))),
        payer: payer(&invoice),
    })
}

/// Reads a webhook, whose challenge must be the dashboard's. That is a shared secret in the body and no signature, so
/// even then it is only a claim.
pub fn parse_callback(challenge: &config::Secret, body: &[u8]) -> Result<Callback, CallbackError> {
    let value: Value = serde_json::from_slice(body).map_err(|_| CallbackError::NotJson)?;
    let sent = value.get("challenge").ok_or(CallbackError::Missing("challenge"))?;
    let sent = sent.as_str().ok_or(CallbackError::Invalid("challenge"))?;
    if !challenge.is(sent) {
        return Err(CallbackError::Foreign("challenge"));
    }
    let invoice: ProviderReference = text(&value, "invoice_id")
        .ok_or(CallbackError::Missing("invoice_id"))?
        .parse()
        .map_err(|_| CallbackError::Invalid("invoice_id"))?;
    let state = text(&value, "state").ok_or(CallbackError::Missing("state"))?;
    let provider = Provider::Intasend;
    let name = match text(&value, "api_ref").filter(|token| !token.is_empty()) {
        Some(token) => CallbackName::Token { provider, token },
        None => CallbackName::Reference {
            provider,
            reference: invoice.clone(),
        },
    };
    Ok(Callback {
        name: Some(name),
        report: Report {
            reference: Some(invoice),
            verdict: verdict(&state),
            receipt: None,
            amount: amount(&value).map_err(CallbackError::Invalid)?,
            payer: payer(&value),
        },
    })
}

/// A 5xx: IntaSend has no words of its own for them.
pub fn is_down(answer: &Answer) -> bool {
    answer.status >= 500
}

/// The verdict of a state. What nobody has described leaves the payment open.
fn verdict(state: &str) -> ProviderVerdict {
    match state {
        "COMPLETE" | "COMPLETED" => ProviderVerdict::Paid,
        "FAILED" => ProviderVerdict::Failed(Failure::Refused),
        _ => ProviderVerdict::Pending,
    }
}

/// `value`: what the customer paid; `net_amount` is what is left after charges. An error names the field that is odd.
fn amount(invoice: &Value) -> Result<Option<Money>, &'static str> {
    if invoice
        .get("currency")
        .is_some_and(|currency| currency.as_str() != Some("KES"))
    {
        return Err("currency");
    }
    match invoice.get("value") {
        None | Some(Value::Null) => Ok(None),
        Some(_) => text(invoice, "value")
            .and_then(|value| exact(&value, Currency::Kes))
            .map(Some)
            .ok_or("value"),
    }
}

/// `account` when it is a phone; it may be an e-mail address.
fn payer(invoice: &Value) -> Option<Msisdn> {
    payer::read(&text(invoice, "account")?, Country::Kenya)
}
