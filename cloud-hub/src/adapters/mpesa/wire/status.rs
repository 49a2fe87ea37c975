//! What became of a transaction (Daraja portal, "Transaction Status"). The answer comes later, as a result.

use kiosk::ids::{ProviderReceipt, ProviderReference};
use serde::Serialize;

use super::orders::{Initiator, OrderFault, checked_remarks};

/// Path of the question.
pub const STATUS_PATH: &str = "mpesa/transactionstatus/v1/query";

/// A transaction to be asked about. There is no way to search by account reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusQuestion {
    /// By its receipt.
    pub receipt: Option<ProviderReceipt>,
    /// By our own name of the order, where no receipt is known.
    pub order: Option<ProviderReference>,
    /// The short code on our side of it.
    pub shortcode: String,
    /// For the books, 2 to 100 characters.
    pub remarks: String,
}

/// The body of the question. The portal's sample writes "Command ID" and "Transaction ID" with a space and its table
/// does not: no space is sent. No `Debug`: the credential is in it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StatusBody {
    initiator: String,
    security_credential: String,
    #[serde(rename = "CommandID")]
    command_id: &'static str,
    #[serde(rename = "TransactionID", skip_serializing_if = "Option::is_none")]
    transaction_id: Option<String>,
    #[serde(rename = "OriginalConversationID", skip_serializing_if = "Option::is_none")]
    original_conversation_id: Option<String>,
    party_a: String,
    identifier_type: &'static str,
    #[serde(rename = "ResultURL")]
    result_url: String,
    #[serde(rename = "QueueTimeOutURL")]
    queue_time_out_url: String,
    remarks: String,
    occasion: String,
}

/// The body of the question.
pub fn status_body(initiator: &Initiator, question: &StatusQuestion) -> Result<StatusBody, OrderFault> {
    if question.receipt.is_none() && question.order.is_none() {
        return Err(OrderFault::NothingNamed);
    }
    let by_order = question.order.as_ref().filter(|_| question.receipt.is_none());
    Ok(StatusBody {
        initiator: initiator.name.clone(),
        security_credential: initiator.credential.expose().to_owned(),
        command_id: "TransactionStatusQuery",
        transaction_id: question.receipt.as_ref().map(|receipt| receipt.as_str().to_owned()),
        original_conversation_id: by_order.map(|order| order.as_str().to_owned()),
        party_a: question.shortcode.clone(),
        identifier_type: "4",
        result_url: initiator.result_url.clone(),
        queue_time_out_url: initiator.timeout_url.clone(),
        remarks: checked_remarks(&question.remarks)?,
        occasion: String::new(),
    })
}
