//! Money to a customer's phone (Daraja portal, "Business To Customer", v3).

use kiosk::{ids::ProviderReference, payment::Msisdn, units::Money};
use serde::Serialize;

use super::orders::{Initiator, OrderFault, checked_remarks, whole_shillings};

/// Path of a payout.
pub const PAYOUT_PATH: &str = "mpesa/b2c/v3/paymentrequest";
/// The least that goes out (integrators' lists).
pub const PAYOUT_SHILLINGS_MIN: i64 = 10;

/// What a payout is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum PayoutKind {
    /// Anything but the two below: loans, refunds.
    BusinessPayment,
    /// A salary.
    SalaryPayment,
    /// A prize.
    PromotionPayment,
}

/// A payout to be made. Sent again under the same name it pays once: Daraja keeps the names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutOrder {
    /// Our own name of it, unique for ever.
    pub order: ProviderReference,
    /// What for.
    pub kind: PayoutKind,
    /// How much: whole shillings.
    pub amount: Money,
    /// To whom.
    pub receiver: Msisdn,
    /// For the books, 2 to 100 characters.
    pub remarks: String,
}

/// The body of a payout. No `Debug`: the credential is in it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PayoutBody {
    #[serde(rename = "OriginatorConversationID")]
    originator_conversation_id: String,
    initiator_name: String,
    security_credential: String,
    #[serde(rename = "CommandID")]
    command_id: PayoutKind,
    amount: i64,
    party_a: String,
    party_b: String,
    remarks: String,
    #[serde(rename = "QueueTimeOutURL")]
    queue_time_out_url: String,
    #[serde(rename = "ResultURL")]
    result_url: String,
    /// The portal spells it so.
    occassion: String,
}

/// The body of a payout.
pub fn payout_body(initiator: &Initiator, order: &PayoutOrder) -> Result<PayoutBody, OrderFault> {
    Ok(PayoutBody {
        originator_conversation_id: order.order.as_str().to_owned(),
        initiator_name: initiator.name.clone(),
        security_credential: initiator.credential.expose().to_owned(),
        command_id: order.kind,
        amount: whole_shillings(order.amount, PAYOUT_SHILLINGS_MIN)?,
        party_a: initiator.payout_shortcode.clone(),
        party_b: order.receiver.0.to_string(),
        remarks: checked_remarks(&order.remarks)?,
        queue_time_out_url: initiator.timeout_url.clone(),
        result_url: initiator.result_url.clone(),
        occassion: String::new(),
    })
}
