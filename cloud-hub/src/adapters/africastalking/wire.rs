//! Africa's Talking's bodies and answers as bytes in and values out.

pub mod callback;
#[cfg(test)]
mod tests;

use kiosk::phone::Phone;
use serde::Serialize;
use serde_json::Value;

use super::TextSettings;
use crate::{
    hub::input::TextOutcome,
    provider::{
        decimal::{object, text},
        http::Answer,
    },
};

/// Path of the form ("Sending").
pub const SEND_PATH: &str = "version1/messaging";
/// Path of the newer form ("Bulk SMS").
pub const BULK_PATH: &str = "version1/messaging/bulk";
/// The header that carries the API key; its case is free.
pub const KEY_HEADER: &str = "apikey";

/// The form that sends one text. `enqueue` lets the provider answer before the network does.
pub fn send_form(settings: &TextSettings, phone: Phone, text: &str) -> Vec<u8> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("username", &settings.username)
        .append_pair("to", &phone.e164())
        .append_pair("message", text)
        .append_pair("bulkSMSMode", "1")
        .append_pair("enqueue", "1");
    if let Some(sender) = &settings.sender {
        form.append_pair("from", sender);
    }
    form.finish().into_bytes()
}

/// The body of the newer form.
#[derive(Serialize)]
pub struct BulkBody {
    username: String,
    message: String,
    #[serde(rename = "senderId", skip_serializing_if = "Option::is_none")]
    sender: Option<String>,
    #[serde(rename = "phoneNumbers")]
    phones: [String; 1],
    enqueue: bool,
}

/// The body that sends one text in the newer form.
pub fn bulk_body(settings: &TextSettings, phone: Phone, text: &str) -> BulkBody {
    BulkBody {
        username: settings.username.clone(),
        message: text.to_owned(),
        sender: settings.sender.clone(),
        phones: [phone.e164()],
        enqueue: true,
    }
}

/// What a word of the provider means to a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// 100 Processed, 101 Sent, 102 Queued: taken, and not delivered yet.
    Taken,
    /// Trying again may help.
    Again,
    /// Nothing of ours is taken before an operator has changed something.
    Operator,
    /// Never to be tried again.
    Never,
}

/// The provider's codes with their words ("Sending", status codes). Of those whose repeat its documents say nothing about,
/// 401 waits for a review of the provider's own and may still leave, so a repeat could be a second text; 407 is a route
/// that may come back; 409 is the wish of the person.
const CODES: [(i64, &str, Verdict); 14] = [
    (100, "Processed", Verdict::Taken),
    (101, "Sent", Verdict::Taken),
    (102, "Queued", Verdict::Taken),
    (401, "RiskHold", Verdict::Never),
    (402, "InvalidSenderId", Verdict::Operator),
    (403, "InvalidPhoneNumber", Verdict::Never),
    (404, "UnsupportedNumberType", Verdict::Never),
    (405, "InsufficientBalance", Verdict::Operator),
    (406, "UserInBlacklist", Verdict::Never),
    (407, "CouldNotRoute", Verdict::Again),
    (409, "DoNotDisturbRejection", Verdict::Never),
    (500, "InternalServerError", Verdict::Again),
    (501, "GatewayError", Verdict::Again),
    (502, "RejectedByGateway", Verdict::Again),
];

/// What the answer means to the text that was sent to `phone`. HTTP says whether the call was understood, and each
/// recipient's code what became of the text.
pub fn outcome(phone: Phone, answer: &Answer) -> TextOutcome {
    let status = || format!("HTTP {}", answer.status);
    match answer.status {
        200..=299 => taken(phone, &answer.body),
        // A wrong key or user name, or an address where nobody is.
        401 | 403 | 404 => TextOutcome::Held(status()),
        // Too many at once: it was turned away at the door.
        429 => TextOutcome::NotSent,
        // So says a gateway that could not reach the service, and sometimes one that lost its answer: not for ever.
        503 => TextOutcome::Failed(status()),
        400 | 405..=499 | 300..=399 => match answer.status {
            408 => TextOutcome::Unknown,
            _ => TextOutcome::Failed(status()),
        },
        // 402 is said of an account without credit.
        402 => TextOutcome::Held(status()),
        _ => TextOutcome::Unknown,
    }
}

fn taken(phone: Phone, body: &[u8]) -> TextOutcome {
    let Some(data) = object(body).and_then(|value| value.get("SMSMessageData").cloned()) else {
        return TextOutcome::Unknown;
    };
    let recipients = data.get("Recipients").and_then(Value::as_array);
    match recipients.map(Vec::as_slice) {
        // Nobody was sent anything, and a word says why ("InvalidSenderId").
        Some([]) => {
            let word = text(&data, "Message").unwrap_or_default();
            match CODES.iter().find(|(_, known, _)| *known == word.trim()) {
                Some((_, _, verdict)) if *verdict != Verdict::Taken => refused(*verdict, word.trim()),
                _ => TextOutcome::Failed(word),
            }
        }
        Some([recipient]) => of_recipient(phone, recipient),
        _ => TextOutcome::Unknown,
    }
}

fn of_recipient(phone: Phone, recipient: &Value) -> TextOutcome {
    let code = recipient.get("statusCode").and_then(|code| match code {
        Value::String(digits) => digits.parse().ok(),
        code => code.as_i64(),
    });
    let known = CODES.iter().find(|(known, _, _)| Some(*known) == code);
    // Somebody else's text is not what was asked for.
    let is_ours = text(recipient, "number").is_none_or(|number| number == phone.e164());
    match known {
        Some((_, _, Verdict::Taken)) if is_ours => {
            let name = text(recipient, "messageId");
            TextOutcome::Sent(
                name.filter(|name| !name.is_empty() && name != "None" && name.len() <= callback::ID_BYTES_MAX),
            )
        }
        Some((_, word, verdict)) if *verdict != Verdict::Taken => refused(*verdict, word),
        _ => TextOutcome::Unknown,
    }
}

fn refused(verdict: Verdict, word: &str) -> TextOutcome {
    let word = word.to_owned();
    match verdict {
        Verdict::Again => TextOutcome::Failed(word),
        Verdict::Operator => TextOutcome::Held(word),
        Verdict::Never => TextOutcome::Refused(word),
        Verdict::Taken => TextOutcome::Unknown,
    }
}

/// An answer that the service did not give for itself.
pub fn is_down(answer: &Answer) -> bool {
    answer.status >= 500
}
