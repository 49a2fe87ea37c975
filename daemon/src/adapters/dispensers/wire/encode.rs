//! What the gateway says, as JSON: fields in the order of CONTRACTS section 3, the same value always the same bytes.

use bytes::Bytes;
use kiosk::ids::RequestId;
use serde::Serialize;

use super::WireError;

/// `answer`, in the order of the contract. What the person behind it owns is told only where the reason allows: the
/// optional fields are left out otherwise.
#[derive(Clone, Debug, Serialize)]
pub struct Answer<'a> {
    /// The ask it answers.
    pub request: &'a str,
    /// Whether the valve may open.
    pub approved: bool,
    /// `verified`, or the first reason against it.
    pub reason: &'a str,
    /// Millilitres approved; 0 when denied.
    pub volume_ml: i64,
    /// Prepaid litres, in millilitres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance_ml: Option<i64>,
    /// Whole jerrycans left of the month's allowance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jerrycans_left: Option<i64>,
    /// What to call the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    /// Four lines for the display, at most 20 characters each.
    pub lines: &'a [String],
}

/// `receipt`, in the order of the contract.
#[derive(Clone, Debug, Serialize)]
pub struct Receipt<'a> {
    /// The pour it settles.
    pub request: &'a str,
    /// Millilitres charged.
    pub volume_ml: i64,
    /// Prepaid litres left, in millilitres; left out when no customer is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance_ml: Option<i64>,
    /// Eight characters that prove it.
    pub receipt: &'a str,
    /// Four lines for the display.
    pub lines: &'a [String],
}

/// `config`, in the order of the contract.
#[derive(Clone, Debug, Serialize)]
pub struct Config<'a> {
    /// Higher is newer.
    pub revision: u64,
    /// Pulses of the flow meter for one litre.
    pub pulses_per_litre: u32,
    /// The most one ask may be for, in millilitres.
    pub volume_ml_max: i64,
    /// Of the display: `en`, `sw` or `fr`.
    pub language: &'a str,
    /// Whether it may sell.
    pub enabled: bool,
}

/// `firmware`: an offer.
#[derive(Clone, Debug, Serialize)]
pub struct Firmware<'a> {
    /// The manifest's bytes in base64.
    pub manifest: &'a str,
    /// Ed25519 over those bytes, in base64.
    pub signature: &'a str,
    /// Where the image is.
    pub url: &'a str,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    code: &'static str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<&'a str>,
}

/// Writes an `answer`, `receipt`, `config` or `firmware`; the same value always makes the same bytes.
pub fn encode(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value)
        .expect("these types have text keys and whole numbers only")
        .into()
}

/// Writes an `error`.
pub fn encode_error(error: &WireError) -> Bytes {
    let request = error.request.as_ref().map(RequestId::as_str);
    encode(&ErrorBody {
        code: error.code.name(),
        detail: &error.detail,
        request,
    })
}
