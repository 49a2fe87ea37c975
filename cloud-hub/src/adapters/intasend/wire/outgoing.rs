//! Money to a phone (intasend-python 1.1.2, and IntaSend's page of send-money events): a batch of one, which needs no
//! approval. It is asked about by the tracking id that the answer gives; when that answer is lost a person looks.

use kiosk::{
    ids::ProviderReference,
    payment::Failure,
    payout::{PayoutAnswer, PayoutReport, PayoutVerdict},
    units::{Currency, Money},
};
use serde::Serialize;

use super::OrderError;
use crate::{
    hub::payout::{PayoutCall, PayoutQuestion, PayoutWord},
    provider::{
        decimal::{exact, object, text},
        http::Answer,
    },
};

/// Path of a batch.
pub const SEND_PATH: &str = "api/v1/send-money/initiate/";
/// Path of its status.
pub const SEND_STATUS_PATH: &str = "api/v1/send-money/status/";

/// The body of a batch of one.
#[derive(Debug, Serialize)]
pub struct SendBody {
    provider: &'static str,
    currency: &'static str,
    transactions: [Sent; 1],
    requires_approval: &'static str,
}

#[derive(Debug, Serialize)]
struct Sent {
    name: &'static str,
    account: String,
    amount: i64,
    narrative: &'static str,
}

/// The body of the question about a batch.
#[derive(Debug, Serialize)]
pub struct SendStatusBody {
    tracking_id: String,
}

/// The body that pays to a phone. Nothing is rounded: what we owe is not ours to change.
pub fn send_body(call: &PayoutCall) -> Result<SendBody, OrderError> {
    if call.amount.currency != Currency::Kes {
        return Err(OrderError::NotShillings(call.amount.currency));
    }
    let amount = call.amount.whole_units();
    if amount < 1 || call.amount.rounded_up() != call.amount {
        return Err(OrderError::TooLittle(call.amount));
    }
    Ok(SendBody {
        provider: "MPESA-B2C",
        currency: "KES",
        transactions: [Sent {
            // Names do not leave the house.
            name: "Customer",
            account: call.payee.0.to_string(),
            amount,
            narrative: "Water",
        }],
        requires_approval: "NO",
    })
}

/// The body that asks what became of a batch.
pub fn send_status_body(tracking: &ProviderReference) -> SendStatusBody {
    SendStatusBody {
        tracking_id: tracking.to_string(),
    }
}

/// What the answer to a batch means. Errors are told by the HTTP status alone.
pub fn send_answer(answer: &Answer) -> PayoutAnswer {
    match answer.status {
        200..=299 => match object(&answer.body).and_then(|value| text(&value, "tracking_id")) {
            Some(tracking) => PayoutAnswer::Accepted {
                reference: tracking.parse().ok(),
            },
            None => PayoutAnswer::NoAnswer,
        },
        429 => PayoutAnswer::Refused(Failure::Busy),
        408 => PayoutAnswer::NoAnswer,
        400..=499 => PayoutAnswer::Refused(Failure::Configuration),
        _ => PayoutAnswer::NoAnswer,
    }
}

/// What the answer to the question says: the words of its `status` are not described, so the sums decide. All of it is
/// paid, or all of it failed; anything else is still open.
pub fn send_word(question: &PayoutQuestion, answer: &Answer) -> PayoutWord {
    let value = object(&answer.body).filter(|_| (200..300).contains(&answer.status));
    let Some(value) = value else {
        return PayoutWord::default();
    };
    let another = text(&value, "tracking_id").as_deref() != question.reference.as_ref().map(ProviderReference::as_str);
    let sum = |field: &str| text(&value, field).and_then(|sum| exact(&sum, Currency::Kes));
    let positive = |sum: &Money| sum.minor > 0;
    let (paid, failed) = (
        sum("paid_amount").filter(positive),
        sum("failed_amount").filter(positive),
    );
    let (verdict, amount) = match (paid, failed) {
        (Some(paid), None) if !another => (PayoutVerdict::Made, Some(paid)),
        (None, Some(_)) if !another => (PayoutVerdict::Failed(Failure::Refused), None),
        _ => return PayoutWord::default(),
    };
    PayoutWord {
        answer: None,
        report: Some(PayoutReport {
            key: question.key.clone(),
            verdict,
            receipt: None,
            amount,
            payee: None,
        }),
        fee: sum("actual_charges").filter(|_| verdict == PayoutVerdict::Made),
    }
}

#[cfg(test)]
mod tests;
