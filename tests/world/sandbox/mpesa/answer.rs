//! The bytes that the pretend provider sends.

use kiosk::moment::Draw;
use serde_json::{Value, json};

use super::Prompt;

/// What a call gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Bytes.
    Response(Response),
    /// Nothing, until the caller gives up.
    Silence,
}

/// An HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The media type.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

pub(super) fn json(status: u16, body: &Value) -> Answer {
    Answer::Response(Response {
        status,
        content_type: "application/json",
        body: body.to_string(),
    })
}

/// The error envelope (Daraja portal, "M-Pesa Express Simulate", error codes).
pub(super) fn error(status: u16, code: &str, message: &str) -> Answer {
    let envelope = json!({"requestId": "16813-1590513-1", "errorCode": code, "errorMessage": message});
    json(status, &envelope)
}

pub(super) fn busy() -> Answer {
    error(503, "500.003.02", "System is busy. Please try again in few minutes.")
}

/// A code of an invalid token begins with its status.
pub(super) fn invalid_token(code: &str) -> Answer {
    let status = code.get(..3).and_then(|status| status.parse().ok()).unwrap_or(404);
    error(status, code, "Invalid Access Token")
}

/// A number, and every other time a text: both were seen.
pub(super) fn number_or_text(number: i64, turn: u64) -> Value {
    match turn % 2 {
        0 => json!(number),
        _ => json!(number.to_string()),
    }
}

pub(super) fn html() -> Answer {
    Answer::Response(Response {
        status: 502,
        content_type: "text/html",
        body: "<html><body><h1>502 Bad Gateway</h1></body></html>".to_owned(),
    })
}

/// The answer to a query: its code is a string, and there is neither receipt nor amount.
pub(super) fn query_result(prompt: &Prompt, code: &str) -> Answer {
    let body = json!({
        "ResponseCode": "0",
        "ResponseDescription": "The service request has been accepted successsfully",
        "MerchantRequestID": prompt.merchant_request,
        "CheckoutRequestID": prompt.checkout_request,
        "ResultCode": code,
        "ResultDesc": description(code),
    });
    json(200, &body)
}

/// The callback: its code is a number where it can be, the amount has two decimals, and the balance has no value.
pub(super) fn callback_body(prompt: &Prompt, code: &str, receipt: &str, time: &str) -> String {
    let Prompt {
        merchant_request,
        checkout_request,
        amount,
        phone,
        ..
    } = prompt;
    let number = match code.parse::<i64>() {
        Ok(number) => number.to_string(),
        Err(_) => Value::from(code).to_string(),
    };
    let metadata = if code == "0" {
        format!(
            r#","CallbackMetadata":{{"Item":[{{"Name":"Amount","Value":{amount}.00}},{{"Name":"MpesaReceiptNumber","Value":"{receipt}"}},{{"Name":"Balance"}},{{"Name":"TransactionDate","Value":{time}}},{{"Name":"PhoneNumber","Value":{phone}}}]}}"#
        )
    } else {
        String::new()
    };
    format!(
        r#"{{"Body":{{"stkCallback":{{"MerchantRequestID":"{merchant_request}","CheckoutRequestID":"{checkout_request}","ResultCode":{number},"ResultDesc":"{}"{metadata}}}}}}}"#,
        description(code)
    )
}

fn description(code: &str) -> &'static str {
    match code {
        "0" => "The service request is processed successfully.",
        "1" => "The balance is insufficient for the transaction.",
        "1032" => "Request Cancelled by user.",
        "1037" => "No response from user.",
        "2001" => "The initiator information is invalid.",
        "4999" => "The transaction is still under processing",
        _ => "The transaction was not completed.",
    }
}

/// Ten capitals and digits, as M-PESA prints them; the prompt's own even when two are decided in one moment.
pub(super) fn receipt(draw: &Draw, checkout_request: &str) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let bytes = draw.bytes(checkout_request);
    bytes
        .iter()
        .take(10)
        .map(|byte| char::from(LETTERS[usize::from(byte % 32)]))
        .collect()
}
