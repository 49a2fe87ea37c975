//! Money that goes out by M-PESA: to a phone, or back over the payment that brought it. Results and answers to questions
//! come as posts, each to an address made for that payout or for the questions about it.

use kiosk::{payment::Failure, payout::PayoutAnswer};

use super::{
    Mpesa,
    wire::{
        c2b::{ForbiddenWord, word_url},
        orders::{Initiator, OrderAnswer},
        payout::{PayoutKind, PayoutOrder},
        reversal::ReversalOrder,
        status::StatusQuestion,
    },
};
use crate::{
    hub::payout::{PayoutCall, PayoutQuestion, PayoutWay, PayoutWord},
    secret::Secret,
};

/// What stands beside the movement in M-PESA's own lists, before our number of it.
const REMARKS: &str = "Kisima";

/// Who gives orders in the business's name (`payments.mpesa.initiator_name` and so on).
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The API operator's name in the organisation portal.
    pub initiator: String,
    /// `SecurityCredential`, ready made.
    pub credential: Secret,
    /// The short code that pays out.
    pub shortcode: String,
}

impl Mpesa {
    /// Who gives an order whose result comes to the addresses with this end.
    fn initiator(&self, own: &Outgoing, token: &str) -> Result<Initiator, ForbiddenWord> {
        let address = |what: &str| {
            let base = word_url(&self.callback_base, self.webhook_secret.as_ref(), what)?;
            Ok(format!("{base}/{token}"))
        };
        Ok(Initiator {
            name: own.initiator.clone(),
            credential: own.credential.clone(),
            payout_shortcode: own.shortcode.clone(),
            result_url: address("result")?,
            timeout_url: address("timeout")?,
        })
    }

    /// Gives the one order of a payout.
    pub(super) async fn order_out(&self, call: &PayoutCall) -> PayoutWord {
        let not_sent = |why: &dyn std::fmt::Display| {
            tracing::error!(payout = %call.payout, %why, "mpesa: payout not sent");
            PayoutAnswer::Refused(Failure::Configuration).into()
        };
        let Some(own) = &self.outgoing else {
            return not_sent(&"payments.mpesa.initiator_name is not set");
        };
        let initiator = match self.initiator(own, &call.token) {
            Ok(initiator) => initiator,
            Err(error) => return not_sent(&error),
        };
        let remarks = format!("{REMARKS} {}", call.payout);
        let given = match &call.way {
            PayoutWay::Transfer => {
                let order = PayoutOrder {
                    order: call.key.clone(),
                    kind: PayoutKind::BusinessPayment,
                    amount: call.amount,
                    receiver: call.payee,
                    remarks,
                };
                self.client.pay_out(&initiator, &order).await
            }
            PayoutWay::Reversal(receipt) => {
                let order = ReversalOrder {
                    receipt: receipt.clone(),
                    amount: call.amount,
                    shortcode: self.client.shortcode().to_owned(),
                    remarks,
                };
                self.client.reverse(&initiator, &order).await
            }
            PayoutWay::Hand | PayoutWay::Wallet => return not_sent(&"nobody is called for it"),
        };
        match given {
            Ok(answer) => payout_answer(&call.way, answer).into(),
            Err(fault) => not_sent(&fault),
        }
    }

    /// Asks what became of a payout. A reversal whose own name at Daraja never came cannot be asked about: a person
    /// looks at the statement.
    pub(super) async fn question_out(&self, question: &PayoutQuestion) -> PayoutWord {
        let silence = PayoutWord::default();
        let name = match question.way {
            PayoutWay::Transfer => Some(question.key.clone()),
            _ => question.reference.clone(),
        };
        let (Some(own), Some(name)) = (&self.outgoing, name) else {
            return silence;
        };
        let Ok(initiator) = self.initiator(own, &question.token) else {
            return silence;
        };
        let asked = StatusQuestion {
            receipt: None,
            order: Some(name),
            shortcode: match question.way {
                PayoutWay::Transfer => own.shortcode.clone(),
                _ => self.client.shortcode().to_owned(),
            },
            remarks: format!("{REMARKS} {}", question.payout),
        };
        match self.client.ask_status(&initiator, &asked).await {
            Ok(OrderAnswer::Accepted(_)) => {}
            other => tracing::warn!(payout = %question.payout, ?other, "mpesa: a question was not taken"),
        }
        silence
    }
}

/// What the answer to an order means to its payout.
fn payout_answer(way: &PayoutWay, answer: OrderAnswer) -> PayoutAnswer {
    match answer {
        OrderAnswer::Accepted(accepted) => PayoutAnswer::Accepted {
            reference: match way {
                // Asked about by our own name.
                PayoutWay::Transfer => accepted.conversation,
                _ => accepted.order.or(accepted.conversation),
            },
        },
        OrderAnswer::ArrivedBefore => PayoutAnswer::Duplicate,
        OrderAnswer::Refused(failure) => PayoutAnswer::Refused(failure),
        OrderAnswer::NoAnswer => PayoutAnswer::NoAnswer,
    }
}
