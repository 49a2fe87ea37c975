//! Money to a phone (MTN portal, "Disbursement": transfer). The body of a refund is not confirmed anywhere, so what is
//! refunded goes out as a transfer, too.

use kiosk::{
    payment::{Failure, Msisdn, PushAnswer},
    payout::{PayoutAnswer, PayoutReport, PayoutVerdict},
    units::{Currency, Money},
};
use serde::Serialize;
use serde_json::Value;

use super::{OrderError, amount, error_code, known_failure, push_answer, reason};
use crate::{
    hub::payout::PayoutCall,
    provider::{
        decimal::{object, text},
        http::Answer,
    },
};
use kiosk::ids::ProviderReference;

/// Path of the token call of the product "disbursement".
pub const TOKEN_PATH: &str = "disbursement/token/";
/// Path of a transfer; its status is one segment below.
pub const TRANSFER_PATH: &str = "disbursement/v1_0/transfer";

/// The body of a transfer: that of a request to pay, with a payee.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransferBody {
    amount: String,
    currency: String,
    external_id: String,
    payee: Payee,
    payer_message: &'static str,
    payee_note: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Payee {
    party_id_type: &'static str,
    party_id: String,
}

/// The body of a transfer. Nothing is rounded: what we owe is not ours to change.
pub fn transfer_body(wire_currency: &str, call: &PayoutCall) -> Result<TransferBody, OrderError> {
    let whole = call.amount.whole_units();
    if whole < 1 || call.amount.rounded_up() != call.amount {
        return Err(OrderError::TooLittle);
    }
    Ok(TransferBody {
        amount: whole.to_string(),
        currency: wire_currency.to_owned(),
        external_id: call.key.to_string(),
        payee: Payee {
            party_id_type: "MSISDN",
            party_id: call.payee.0.to_string(),
        },
        payer_message: "Water",
        payee_note: "Water",
    })
}

/// What the answer to a transfer means. 409 says that this very transfer arrived before.
pub fn transfer_answer(answer: &Answer) -> PayoutAnswer {
    if answer.status == 409 || error_code(answer).as_deref() == Some("RESOURCE_ALREADY_EXIST") {
        return PayoutAnswer::Duplicate;
    }
    match push_answer(answer) {
        PushAnswer::Accepted { reference } => PayoutAnswer::Accepted { reference },
        PushAnswer::Refused(failure) => PayoutAnswer::Refused(failure),
        PushAnswer::NoAnswer => PayoutAnswer::NoAnswer,
    }
}

/// What the answer to a status call says of a transfer; `None` when it says nothing. 404 is nothing: not visible yet, or
/// never arrived.
pub fn transfer_report(wire: &str, own: Currency, key: &ProviderReference, answer: &Answer) -> Option<PayoutReport> {
    let value = object(&answer.body).filter(|_| answer.status == 200)?;
    if text(&value, "externalId").is_some_and(|echo| echo != key.as_str()) {
        return None;
    }
    let verdict = match text(&value, "status")?.as_str() {
        "SUCCESSFUL" => PayoutVerdict::Made,
        "PENDING" | "CREATED" => PayoutVerdict::Pending,
        // The status outranks the reason: it is final.
        "FAILED" => {
            let failure = reason(&value).and_then(|reason| known_failure(&reason));
            PayoutVerdict::Failed(failure.unwrap_or(Failure::Refused))
        }
        // "EXPIRED" is said of approvals, which a transfer does not wait for.
        _ => PayoutVerdict::Unknown,
    };
    Some(PayoutReport {
        key: key.clone(),
        verdict,
        receipt: text(&value, "financialTransactionId").and_then(|receipt| receipt.parse().ok()),
        // A sum that cannot be read, or in other money, is not the sum that was sent: an operator looks.
        amount: amount(&value, wire, own).unwrap_or(Some(Money::new(0, own))),
        payee: payee(&value),
    })
}

fn payee(value: &Value) -> Option<Msisdn> {
    let party = text(value.get("payee")?, "partyId")?;
    let digits = party.bytes().all(|byte| byte.is_ascii_digit());
    party.parse().ok().filter(|_| digits).map(Msisdn)
}

#[cfg(test)]
mod tests;
