//! Customers who pay the till or the paybill by themselves (Daraja portal, "Customer To Business Register URL" and
//! "Customer To Business"): the addresses that are registered once, the question before a payment and the word after it,
//! which share one body.

use kiosk::{ids::ProviderReceipt, moment::Wall, provider::Provider, units::Currency};
use serde::Serialize;
use serde_json::{Value, json};

use super::{CALLBACK_BYTES_MAX, CallbackError, Reply, object, orders::parse_accepted, text};
use crate::{
    adapters::mpesa::MpesaSettings,
    civil::{self, EAST_AFRICA_MS},
    hub::money::{Arrival, OfferVerdict},
    provider::decimal::exact,
    secret::{Secret, hide},
};

/// Path of the registration; the older page says `v1`.
pub const REGISTER_PATH: &str = "mpesa/c2b/v2/registerurl";
/// Words that no registered address may hold, in any case (same page).
const FORBIDDEN_WORDS: [&str; 8] = ["mpesa", "m-pesa", "safaricom", "exec", "exe", "cmd", "sql", "query"];
/// The longest text that is kept of what a payer typed or of who they are; Daraja says 20 for the former.
const SHOWN_CHARACTERS_MAX: usize = 64;

/// What Daraja does with a payment when we do not answer its question in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum WhenSilent {
    /// It goes through.
    Completed,
    /// It does not.
    Cancelled,
}

hide!(RegisterBody);

/// The body that registers where Daraja asks and tells.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RegisterBody {
    short_code: String,
    response_type: WhenSilent,
    #[serde(rename = "ConfirmationURL")]
    confirmation_url: String,
    #[serde(rename = "ValidationURL")]
    validation_url: String,
}

/// An address that Daraja does not take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("M-PESA takes no address with {word:?} in it; set payments.mpesa.callback_url to another name of this hub")]
pub struct ForbiddenWord {
    /// The word.
    pub word: &'static str,
}

/// What came of a registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registered {
    /// The addresses were registered by this call.
    Now,
    /// Daraja has one code for addresses that are registered already and for a failure of its own. It is done once in a
    /// short code's life, and undone by Safaricom's people alone.
    BeforeOrFailed {
        /// What Daraja says, for a person to judge.
        message: String,
    },
}

/// Where a word of Daraja's goes: `what` is `validation`, `confirmation`, `result` or `timeout` (CONTRACTS section 5).
pub fn word_url(base: &str, secret: Option<&Secret>, what: &str) -> Result<String, ForbiddenWord> {
    let base = base.trim_end_matches('/');
    let url = match secret {
        Some(secret) => format!("{base}/payments/daraja/{}/{what}", secret.expose()),
        None => format!("{base}/payments/daraja/{what}"),
    };
    let lower = url.to_ascii_lowercase();
    match FORBIDDEN_WORDS.into_iter().find(|word| lower.contains(word)) {
        Some(word) => Err(ForbiddenWord { word }),
        None => Ok(url),
    }
}

/// The body that registers our addresses. `base` is the hub as Safaricom sees it.
pub fn register_body(
    settings: &MpesaSettings,
    base: &str,
    secret: Option<&Secret>,
    when_silent: WhenSilent,
) -> Result<RegisterBody, ForbiddenWord> {
    Ok(RegisterBody {
        short_code: settings.shortcode.clone(),
        response_type: when_silent,
        confirmation_url: word_url(base, secret, "confirmation")?,
        validation_url: word_url(base, secret, "validation")?,
    })
}

/// Reads the answer to a registration. `500.003.1001` says that the addresses are registered already, or "internal error".
pub fn parse_register(body: &[u8]) -> Reply<Registered> {
    match parse_accepted(body) {
        Reply::Done(_) => Reply::Done(Registered::Now),
        Reply::Denied { code, message } if code == "500.003.1001" => {
            Reply::Done(Registered::BeforeOrFailed { message })
        }
        Reply::Denied { code, message } => Reply::Denied { code, message },
        Reply::Unreadable => Reply::Unreadable,
    }
}

/// Reads the body of a validation or a confirmation that comes `now`. What only describes (who paid, what they typed, when,
/// and of what kind) is cut to what can be shown or left out, and never a reason to lose a payment.
pub fn parse_arrival(body: &[u8], now: Wall) -> Result<Arrival, CallbackError> {
    if body.len() > CALLBACK_BYTES_MAX {
        return Err(CallbackError::TooLarge);
    }
    let value = object(body).ok_or(CallbackError::NotJson)?;
    let needed = |name: &'static str| {
        let found = text(&value, name).filter(|text| !text.is_empty());
        found.ok_or(CallbackError::Missing(name))
    };
    let receipt: ProviderReceipt = needed("TransID")?
        .parse()
        .map_err(|_| CallbackError::Invalid("TransID"))?;
    let amount = exact(&needed("TransAmount")?, Currency::Kes)
        .filter(|amount| amount.minor > 0)
        .ok_or(CallbackError::Invalid("TransAmount"))?;
    let short_code = needed("BusinessShortCode")?;
    if !(5..=10).contains(&short_code.len()) || !short_code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(CallbackError::Invalid("BusinessShortCode"));
    }
    let time = text(&value, "TransTime").and_then(|time| civil::read(&time, EAST_AFRICA_MS));
    let kind = text(&value, "TransactionType").unwrap_or_default();
    Ok(Arrival {
        provider: Provider::Mpesa,
        receipt,
        amount,
        payer: shown(&value, "MSISDN"),
        reference: shown(&value, "BillRefNumber"),
        short_code,
        at_till: is_till(&kind),
        time: time.unwrap_or(now),
    })
}

/// What the audit is told of a body that is no validation or confirmation: what is wrong, and the receipt where there is one.
pub fn described(body: &[u8], error: &CallbackError) -> String {
    let receipt = object(body).and_then(|value| text(&value, "TransID")?.parse::<ProviderReceipt>().ok());
    match receipt {
        Some(receipt) => format!("{error}; TransID {receipt}"),
        None => error.to_string(),
    }
}

/// `Buy Goods`, also written in one word.
fn is_till(transaction_type: &str) -> bool {
    let letters = transaction_type.chars().filter(char::is_ascii_alphabetic);
    letters.collect::<String>().to_ascii_lowercase().contains("buygoods")
}

/// What there is to show of a field. The payer's phone is masked in several ways (`2547 ***** 126`, `25470****149`), so
/// it is kept as it is and never read as a number.
fn shown(value: &Value, name: &str) -> Option<String> {
    let text: String = text(value, name)?
        .chars()
        .filter(|character| !character.is_control())
        .take(SHOWN_CHARACTERS_MAX)
        .collect();
    Some(text).filter(|text| !text.is_empty())
}

/// What a validation is answered; each refusal has a code of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValidationAnswer {
    /// Take it.
    Accepted,
    /// Not from this phone.
    BadMsisdn,
    /// Nobody has this account.
    BadAccount,
    /// Not this amount.
    BadAmount,
    /// The payer is not known well enough.
    BadKyc,
    /// Not to this short code.
    BadShortCode,
    /// Another reason.
    Other,
}

impl From<OfferVerdict> for ValidationAnswer {
    fn from(verdict: OfferVerdict) -> ValidationAnswer {
        match verdict {
            OfferVerdict::Accepted => ValidationAnswer::Accepted,
            OfferVerdict::UnknownAccount => ValidationAnswer::BadAccount,
            OfferVerdict::ForeignShortCode => ValidationAnswer::BadShortCode,
        }
    }
}

/// The body of the answer to a validation; it is due within about eight seconds.
pub fn validation_body(answer: ValidationAnswer) -> Value {
    let code = match answer {
        ValidationAnswer::Accepted => return json!({"ResultCode": "0", "ResultDesc": "Accepted"}),
        ValidationAnswer::BadMsisdn => "C2B00011",
        ValidationAnswer::BadAccount => "C2B00012",
        ValidationAnswer::BadAmount => "C2B00013",
        ValidationAnswer::BadKyc => "C2B00014",
        ValidationAnswer::BadShortCode => "C2B00015",
        ValidationAnswer::Other => "C2B00016",
    };
    json!({"ResultCode": code, "ResultDesc": "Rejected"})
}

#[cfg(test)]
mod tests;
