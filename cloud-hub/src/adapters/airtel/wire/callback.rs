//! The callback's body, and the hash by which it is known to be Airtel's.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use config::providers::AirtelHash;
use hmac::{Hmac, KeyInit, Mac};
use kiosk::{
    ids::ProviderReference,
    payment::{ProviderVerdict, Report},
    provider::Provider,
};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use sha2::Sha256;

use super::{super::CallbackKey, verdict};
use crate::{
    hub::input::CallbackName,
    provider::{
        callback::{Callback, CallbackError},
        decimal::text,
    },
};

/// The top of a callback, with the transaction's bytes as they came.
#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    transaction: Option<&'a RawValue>,
    hash: Option<Value>,
}

/// Reads a callback. With a `key` its hash must be right; it is made over bytes as they came, never over JSON written anew.
pub fn parse_callback(key: Option<&CallbackKey>, body: &[u8]) -> Result<Callback, CallbackError> {
    let document: Document<'_> = serde_json::from_slice(body).map_err(|_| CallbackError::NotJson)?;
    let raw = document.transaction.ok_or(CallbackError::Missing("transaction"))?.get();
    if let Some(key) = key {
        let hash = document.hash.as_ref().ok_or(CallbackError::Missing("hash"))?;
        let hash = hash.as_str().ok_or(CallbackError::Invalid("hash"))?;
        prove(key, raw, hash)?;
    }
    let transaction: Value = serde_json::from_str(raw).map_err(|_| CallbackError::Invalid("transaction"))?;
    let reference: ProviderReference = text(&transaction, "id")
        .ok_or(CallbackError::Missing("transaction.id"))?
        .parse()
        .map_err(|_| CallbackError::Invalid("transaction.id"))?;
    let status = text(&transaction, "status_code").ok_or(CallbackError::Missing("transaction.status_code"))?;
    let verdict = verdict(&status);
    let receipt = text(&transaction, "airtel_money_id").filter(|_| verdict == ProviderVerdict::Paid);
    Ok(Callback {
        name: Some(CallbackName::Reference {
            provider: Provider::Airtel,
            reference: reference.clone(),
        }),
        report: Report {
            reference: Some(reference),
            verdict,
            receipt: receipt
                .map(|receipt| receipt.parse())
                .transpose()
                .map_err(|_| CallbackError::Invalid("transaction.airtel_money_id"))?,
            amount: None,
            payer: None,
        },
    })
}

/// `hash` is base64(HMAC-SHA256(key, payload)), compared in constant time.
fn prove(key: &CallbackKey, transaction: &str, hash: &str) -> Result<(), CallbackError> {
    let foreign = CallbackError::Foreign("hash");
    let sent = STANDARD.decode(hash).map_err(|_| foreign.clone())?;
    let mut mac = Hmac::<Sha256>::new_from_slice(key.key.expose().as_bytes()).map_err(|_| foreign.clone())?;
    match key.over {
        AirtelHash::Document => {
            mac.update(br#"{"transaction":"#);
            mac.update(transaction.as_bytes());
            mac.update(b"}");
        }
        AirtelHash::Transaction => mac.update(transaction.as_bytes()),
    }
    mac.verify_slice(&sent).map_err(|_| foreign)
}
