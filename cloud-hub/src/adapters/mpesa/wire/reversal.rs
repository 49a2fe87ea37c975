//! Giving a payment back (Daraja portal, "Reversal").

use kiosk::{ids::ProviderReceipt, units::Money};
use serde::Serialize;

use super::orders::{Initiator, OrderFault, checked_remarks, whole_shillings};

/// Path of a reversal.
pub const REVERSAL_PATH: &str = "mpesa/reversal/v1/request";

/// A payment to be given back. It has no name of ours, but a receipt is reversed once: a second try says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReversalOrder {
    /// The receipt of the payment.
    pub receipt: ProviderReceipt,
    /// What was paid: whole shillings.
    pub amount: Money,
    /// The short code that was paid.
    pub shortcode: String,
    /// For the books, 2 to 100 characters.
    pub remarks: String,
}

/// The body of a reversal. No `Debug`: the credential is in it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReversalBody {
    initiator: String,
    security_credential: String,
    #[serde(rename = "CommandID")]
    command_id: &'static str,
    #[serde(rename = "TransactionID")]
    transaction_id: String,
    amount: i64,
    receiver_party: String,
    /// The portal spells it so; 11 is a short code.
    reciever_identifier_type: &'static str,
    #[serde(rename = "ResultURL")]
    result_url: String,
    #[serde(rename = "QueueTimeOutURL")]
    queue_time_out_url: String,
    remarks: String,
}

/// The body of a reversal.
pub fn reversal_body(initiator: &Initiator, order: &ReversalOrder) -> Result<ReversalBody, OrderFault> {
    Ok(ReversalBody {
        initiator: initiator.name.clone(),
        security_credential: initiator.credential.expose().to_owned(),
        command_id: "TransactionReversal",
        transaction_id: order.receipt.as_str().to_owned(),
        amount: whole_shillings(order.amount, 1)?,
        receiver_party: order.shortcode.clone(),
        reciever_identifier_type: "11",
        result_url: initiator.result_url.clone(),
        queue_time_out_url: initiator.timeout_url.clone(),
        remarks: checked_remarks(&order.remarks)?,
    })
}
