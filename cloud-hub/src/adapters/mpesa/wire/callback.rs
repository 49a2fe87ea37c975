//! The callback's body. It is unsigned, so nothing in it is more than a claim.

use kiosk::{
    ids::{ProviderReceipt, ProviderReference},
    payment::{Msisdn, Report},
    units::{Currency, Money},
};
use serde_json::Value;

use super::verdict;
use crate::provider::{
    callback::{CALLBACK_BYTES_MAX, CallbackError},
    decimal::{exact, scalar, text},
};

/// What Daraja is answered with status 200 once the body is stored (customary among integrators; it does not send again
/// whatever the answer, *observed*).
pub const CALLBACK_ACCEPTED: &str = r#"{"ResultCode":0,"ResultDesc":"Accepted"}"#;
/// A callback (Daraja portal, "M-Pesa Express Simulate": `Body.stkCallback`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// `MerchantRequestID`, for the log.
    pub merchant_request: Option<String>,
    /// `ResultCode` as text, for the log.
    pub result_code: String,
    /// What it claims, in the payment's words. The reference is always there.
    pub report: Report,
}

/// Reads a callback. The items of the metadata come in any order, and any of them may be absent or without a value; a
/// success without them is still a claim to ask about.
pub fn parse_callback(body: &[u8]) -> Result<Callback, CallbackError> {
    if body.len() > CALLBACK_BYTES_MAX {
        return Err(CallbackError::TooLarge);
    }
    let whole: Value = serde_json::from_slice(body).map_err(|_| CallbackError::NotJson)?;
    let callback = whole
        .get("Body")
        .and_then(|body| body.get("stkCallback"))
        .ok_or(CallbackError::Missing("Body.stkCallback"))?;
    let reference: ProviderReference = text(callback, "CheckoutRequestID")
        .ok_or(CallbackError::Missing("CheckoutRequestID"))?
        .parse()
        .map_err(|_| CallbackError::Invalid("CheckoutRequestID"))?;
    let result_code = text(callback, "ResultCode").ok_or(CallbackError::Missing("ResultCode"))?;
    let metadata = Metadata(callback);
    let report = Report {
        reference: Some(reference),
        verdict: verdict(&result_code),
        receipt: metadata.receipt()?,
        amount: metadata.amount()?,
        payer: metadata.payer(),
    };
    Ok(Callback {
        merchant_request: text(callback, "MerchantRequestID"),
        result_code,
        report,
    })
}

/// `CallbackMetadata.Item[]` of `{Name, Value?}`.
struct Metadata<'a>(&'a Value);

impl Metadata<'_> {
    fn item(&self, name: &str) -> Option<String> {
        let items = self.0.get("CallbackMetadata")?.get("Item")?.as_array()?;
        let named = |item: &&Value| item.get("Name").and_then(Value::as_str) == Some(name);
        scalar(items.iter().find(named)?.get("Value")?).filter(|text| !text.is_empty())
    }

    fn receipt(&self) -> Result<Option<ProviderReceipt>, CallbackError> {
        self.item("MpesaReceiptNumber")
            .map(|receipt| receipt.parse())
            .transpose()
            .map_err(|_| CallbackError::Invalid("MpesaReceiptNumber"))
    }

    fn amount(&self) -> Result<Option<Money>, CallbackError> {
        self.item("Amount")
            .map(|amount| exact(&amount, Currency::Kes).ok_or(CallbackError::Invalid("Amount")))
            .transpose()
    }

    /// A phone that is not all digits (masked, as in other Daraja products) tells us nothing and is left out.
    fn payer(&self) -> Option<Msisdn> {
        let phone = self.item("PhoneNumber")?;
        let digits = phone.bytes().all(|byte| byte.is_ascii_digit());
        phone.parse().ok().filter(|_| digits).map(Msisdn)
    }
}
