//! Money that goes out (Airtel portal, "Collection APIs": refund; "Disbursement APIs"). A refund gives a whole payment
//! back. Neither has a status call that is described, so what the answer leaves open is for a person to look up.

use kiosk::{
    ids::ProviderReceipt,
    payment::Failure,
    payout::{PayoutAnswer, PayoutReport, PayoutVerdict},
    phone::Country,
};
use serde::Serialize;

use super::{ACCEPTED, OrderError, push_answer, result_code};
use crate::{
    hub::payout::{PayoutCall, PayoutWord},
    provider::{
        decimal::{object, text},
        http::Answer,
    },
    secret::Secret,
};
use kiosk::payment::PushAnswer;

/// Path of a refund.
pub const REFUND_PATH: &str = "standard/v1/payments/refund";
/// Path of a signed refund.
pub const SIGNED_REFUND_PATH: &str = "standard/v2/payments/refund";
/// Path of a disbursement; of this version, so signed.
pub const DISBURSEMENT_PATH: &str = "standard/v2/disbursements/";

/// The body of a refund.
#[derive(Debug, Serialize)]
pub struct RefundBody {
    transaction: Refunded,
}

#[derive(Debug, Serialize)]
struct Refunded {
    airtel_money_id: String,
}

/// The body that gives the payment with this receipt back.
pub fn refund_body(receipt: &ProviderReceipt) -> RefundBody {
    RefundBody {
        transaction: Refunded {
            airtel_money_id: receipt.to_string(),
        },
    }
}

/// The body of a disbursement. No `Debug`: the PIN is in it, encrypted.
#[derive(Serialize)]
pub struct DisbursementBody {
    payee: Payee,
    reference: &'static str,
    pin: String,
    transaction: Disbursed,
}

#[derive(Serialize)]
struct Payee {
    msisdn: String,
    currency: &'static str,
    name: &'static str,
}

#[derive(Serialize)]
struct Disbursed {
    amount: i64,
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// The body that pays to a phone. `pin` is the business's, encrypted under Airtel's key and in base64, as the operator
/// has made it ready. Nothing is rounded: what we owe is not ours to change.
pub fn disbursement_body(country: Country, pin: &Secret, call: &PayoutCall) -> Result<DisbursementBody, OrderError> {
    if call.amount.currency != country.currency() {
        return Err(OrderError::OtherCurrency(country, call.amount.currency));
    }
    let amount = call.amount.whole_units();
    if amount < 1 || call.amount.rounded_up() != call.amount {
        return Err(OrderError::TooLittle(call.amount));
    }
    Ok(DisbursementBody {
        payee: Payee {
            msisdn: super::national(country, call.payee)?,
            currency: country.currency().code(),
            // Names do not leave the house.
            name: "Customer",
        },
        reference: "Water",
        pin: pin.expose().to_owned(),
        transaction: Disbursed {
            amount,
            id: call.key.to_string(),
            kind: "B2C",
        },
    })
}

/// What the answer to a refund means: taken at the most, for how it is shown when it is done is not described.
pub fn refund_answer(answer: &Answer) -> PayoutAnswer {
    match (result_code(answer).as_deref(), push_answer(answer)) {
        (Some("ESB000041"), _) => PayoutAnswer::Duplicate,
        (_, PushAnswer::Accepted { .. }) => PayoutAnswer::Accepted { reference: None },
        (_, PushAnswer::Refused(failure)) => PayoutAnswer::Refused(failure),
        (_, PushAnswer::NoAnswer) => PayoutAnswer::NoAnswer,
    }
}

/// What the answer to a disbursement means. The response codes of disbursements that are described outrank the rest; one
/// that is not described says nothing.
pub fn disbursement_word(call: &PayoutCall, answer: &Answer) -> PayoutWord {
    let value = object(&answer.body).unwrap_or_default();
    let response = value.get("status").and_then(|status| text(status, "response_code"));
    let taken = PayoutAnswer::Accepted { reference: None };
    match (response.as_deref(), result_code(answer).as_deref()) {
        (Some("DP00900001001"), None | Some(ACCEPTED)) if answer.status == 200 => {
            let transaction = value.get("data").and_then(|data| data.get("transaction"));
            let receipt = transaction.and_then(|transaction| text(transaction, "airtel_money_id"));
            PayoutWord {
                answer: Some(taken),
                report: Some(PayoutReport {
                    key: call.key.clone(),
                    verdict: PayoutVerdict::Made,
                    receipt: receipt.and_then(|receipt| receipt.parse().ok()),
                    amount: None,
                    payee: None,
                }),
                fee: None,
            }
        }
        (Some("DP00900001006"), _) => taken.into(),
        (Some("DP00900001000"), _) => PayoutAnswer::NoAnswer.into(),
        (_, Some("ESB000041")) => PayoutAnswer::Duplicate.into(),
        (Some(_), _) => PayoutAnswer::NoAnswer.into(),
        (None, _) => refund_answer(answer).into(),
    }
}

/// A disbursement that cannot be put to Airtel at all.
pub fn not_sent(error: &OrderError) -> PayoutAnswer {
    PayoutAnswer::Refused(match error {
        OrderError::OtherCountry(_) => Failure::Refused,
        _ => Failure::Configuration,
    })
}

#[cfg(test)]
mod tests;
