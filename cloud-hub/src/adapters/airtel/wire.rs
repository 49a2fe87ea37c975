//! Airtel's bodies and answers as bytes in and values out.

mod callback;
pub mod outgoing;
#[cfg(test)]
mod tests;

pub use callback::parse_callback;

use std::time::Duration;

use kiosk::{
    ids::ProviderReference,
    payment::{Failure, Msisdn, ProviderVerdict, PushAnswer, QueryAnswer, Report},
    phone::Country,
    units::{Currency, Money},
};
use serde::Serialize;
use serde_json::Value;

use super::sign::PublicKey;
use crate::{
    hub::effect::Prompt,
    provider::{
        decimal::{object, text},
        http::Answer,
        token::AccessToken,
    },
    secret::Secret,
};

/// Path of the token call (Airtel portal, "Authorization").
pub const TOKEN_PATH: &str = "auth/oauth2/token";
/// Path of the push (Airtel portal, "Collection APIs": USSD push).
pub const PUSH_PATH: &str = "merchant/v1/payments/";
/// Path of a signed push: the same body.
pub const SIGNED_PUSH_PATH: &str = "merchant/v2/payments/";
/// Path of the RSA key for signing (Airtel portal, "Encryption").
pub const KEY_PATH: &str = "v1/rsa/encryption-keys";
/// Path of the status, one segment above our id (Airtel portal, "Collection APIs": transaction enquiry).
pub const STATUS_PATH: &str = "standard/v1/payments";
/// `result_code` of a push that was taken.
pub const ACCEPTED: &str = "ESB000010";
/// What stands on the prompt.
const REFERENCE: &str = "Water";

/// The body of the token call. It has no `Debug`: it is all secret.
#[derive(Serialize)]
pub struct TokenBody<'a> {
    client_id: &'a str,
    client_secret: &'a str,
    grant_type: &'static str,
}

/// The body that asks for a token.
pub fn token_body<'a>(client_id: &'a Secret, client_secret: &'a Secret) -> TokenBody<'a> {
    TokenBody {
        client_id: client_id.expose(),
        client_secret: client_secret.expose(),
        grant_type: "client_credentials",
    }
}

/// The body of a push (Airtel portal, "Collection APIs": USSD push).
#[derive(Debug, Serialize)]
pub struct PushBody {
    reference: String,
    subscriber: Subscriber,
    transaction: Transaction,
}

#[derive(Debug, Serialize)]
struct Subscriber {
    country: &'static str,
    currency: &'static str,
    msisdn: String,
}

#[derive(Debug, Serialize)]
struct Transaction {
    amount: i64,
    country: &'static str,
    currency: &'static str,
    id: String,
}

/// Why a prompt cannot be put to Airtel at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// Each country's Airtel takes its own currency.
    #[error("Airtel in {country} takes {taken}, not {asked}", country = .0.code(), taken = .0.currency(), asked = .1)]
    OtherCurrency(Country, Currency),
    /// At least one unit.
    #[error("Airtel takes at least one unit of the currency, not {0}")]
    TooLittle(Money),
    /// Each country's Airtel asks its own phones.
    #[error("Airtel in {} asks phones of its own country", .0.code())]
    OtherCountry(Country),
    /// The status is asked by it.
    #[error("a push needs an id of ours")]
    NoReference,
}

impl OrderError {
    /// What it means to the payment.
    pub fn failure(&self) -> Failure {
        match self {
            OrderError::OtherCountry(_) => Failure::Refused,
            OrderError::OtherCurrency(..) | OrderError::TooLittle(_) | OrderError::NoReference => {
                Failure::Configuration
            }
        }
    }
}

/// The body that asks a customer to pay. The phone is written without its country's code and without a zero.
pub fn push_body(country: Country, prompt: &Prompt) -> Result<PushBody, OrderError> {
    if prompt.amount.currency != country.currency() {
        return Err(OrderError::OtherCurrency(country, prompt.amount.currency));
    }
    let amount = prompt.amount.rounded_up().whole_units();
    if amount < 1 {
        return Err(OrderError::TooLittle(prompt.amount));
    }
    let msisdn = national(country, prompt.payer)?;
    let id = prompt.reference.as_ref().ok_or(OrderError::NoReference)?;
    let (country, currency) = (country.code(), country.currency().code());
    Ok(PushBody {
        reference: REFERENCE.to_owned(),
        subscriber: Subscriber {
            country,
            currency,
            msisdn,
        },
        transaction: Transaction {
            amount,
            country,
            currency,
            id: id.to_string(),
        },
    })
}

/// A phone without its country's code and without a zero.
fn national(country: Country, phone: Msisdn) -> Result<String, OrderError> {
    let phone = phone.0.to_string();
    let calling_code = country.calling_code().trim_start_matches('+');
    let rest = phone.strip_prefix(calling_code).filter(|rest| rest.len() == 9);
    rest.map(str::to_owned).ok_or(OrderError::OtherCountry(country))
}

/// Reads the answer to the token call. `expires_in` comes as a string, "180".
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
        (408, _) => Err(Failure::Unreachable),
        (400..=499, _) => Err(Failure::Configuration),
        _ => Err(Failure::Unreachable),
    }
}

/// Reads the answer to the call for the RSA key.
pub fn parse_key(answer: &Answer) -> Result<PublicKey, Failure> {
    let value = object(&answer.body).filter(|_| answer.status == 200);
    let key = value.and_then(|value| PublicKey::read(&text(value.get("data")?, "key")?));
    key.ok_or(match answer.status {
        429 => Failure::Busy,
        200 | 400..=407 | 409..=499 => Failure::Configuration,
        _ => Failure::Unreachable,
    })
}

/// `result_code` of an answer, or the code with which Airtel's gateway refused before it came so far.
pub fn result_code(answer: &Answer) -> Option<String> {
    let value = object(&answer.body)?;
    let status = value.get("status").unwrap_or(&Value::Null);
    let found = [(status, "result_code"), (status, "code"), (&value, "code")]
        .into_iter()
        .chain(["status_code", "error_code", "error"].map(|name| (&value, name)))
        .filter_map(|(within, name)| text(within, name));
    found
        .into_iter()
        .find(|code| code.starts_with("ESB") || code.starts_with("ROUTER"))
}

/// What the answer to a push means to the payment. Its "SUCCESS" says that the prompt was sent, not that it was paid.
pub fn push_answer(answer: &Answer) -> PushAnswer {
    let code = result_code(answer);
    match (code.as_deref(), answer.status) {
        // The second says that our id was used already: this very push has arrived before.
        (Some(ACCEPTED | "ESB000041"), _) => PushAnswer::Accepted { reference: None },
        (Some("ESB000033" | "ESB000036"), _) => PushAnswer::Refused(Failure::Refused),
        (Some("ESB000008" | "ESB000035"), _) => PushAnswer::Refused(Failure::Configuration),
        // Ambiguous, timed out, or never described: it may have been sent.
        (Some(code), _) if code.starts_with("ESB") || code == "ROUTER117" => PushAnswer::NoAnswer,
        (Some(_), _) => PushAnswer::Refused(Failure::Configuration),
        (None, 429) => PushAnswer::Refused(Failure::Busy),
        (None, 408) => PushAnswer::NoAnswer,
        (None, 400..=499) => PushAnswer::Refused(Failure::Configuration),
        (None, _) => PushAnswer::NoAnswer,
    }
}

/// What the answer to a status call about `asked` means to the payment. `status.success` and the response codes are not
/// looked at: samples show them contradict the transaction's own status.
pub fn query_answer(asked: &ProviderReference, answer: &Answer) -> QueryAnswer {
    let value = object(&answer.body).filter(|_| answer.status == 200);
    let transaction = value.as_ref().and_then(|value| value.get("data")?.get("transaction"));
    let Some((transaction, status)) = transaction.and_then(|found| Some((found, text(found, "status")?))) else {
        return QueryAnswer::NoAnswer;
    };
    // Samples show `false` in place of the id, which tells nothing.
    if text(transaction, "id").is_some_and(|id| id != asked.as_str()) {
        return QueryAnswer::NoAnswer;
    }
    let verdict = verdict(&status);
    let receipt = text(transaction, "airtel_money_id").filter(|_| verdict == ProviderVerdict::Paid);
    QueryAnswer::Report(Report {
        reference: Some(asked.clone()),
        verdict,
        receipt: receipt.and_then(|receipt| receipt.parse().ok()),
        amount: None,
        payer: None,
    })
}

/// An answer that Airtel did not give for itself.
pub fn is_down(answer: &Answer) -> bool {
    let code = result_code(answer);
    code.as_deref() == Some("ROUTER117") || answer.status >= 500 && code.is_none()
}

/// The verdict of a transaction's status.
fn verdict(status: &str) -> ProviderVerdict {
    match status {
        "TS" => ProviderVerdict::Paid,
        "TF" => ProviderVerdict::Failed(Failure::Refused),
        "TE" => ProviderVerdict::Expired,
        "TIP" | "TA" => ProviderVerdict::Pending,
        _ => ProviderVerdict::Unknown,
    }
}
