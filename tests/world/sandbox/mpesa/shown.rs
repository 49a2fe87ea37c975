//! What tests and pages see of the pretend Daraja.

use serde::Serialize;

use super::super::prompts::Waits;

/// A prompt on a phone and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Prompt {
    /// `CheckoutRequestID`.
    pub checkout_request: String,
    /// `MerchantRequestID`.
    pub merchant_request: String,
    /// The phone, 2547… .
    pub phone: u64,
    /// Whole shillings.
    pub amount: i64,
    /// Whose prompt.
    pub shortcode: String,
    /// Who is paid: the paybill itself, or the till.
    pub party_b: String,
    /// What the prompt shows.
    pub account_reference: String,
    /// When it came up, milliseconds since 1970.
    pub created_ms: i64,
    /// How it ended; `None` while it is on the phone.
    pub result_code: Option<String>,
    #[serde(skip)]
    pub(super) callback_url: String,
    #[serde(skip)]
    pub(super) decide_at_ms: Option<i64>,
    #[serde(skip)]
    pub(super) is_valid_receiver: bool,
    #[serde(skip)]
    pub(super) is_auto: bool,
}

impl Waits for Prompt {
    fn name(&self) -> &str {
        &self.checkout_request
    }

    fn decide_at_ms(&self) -> Option<i64> {
        self.decide_at_ms
    }
}

/// A payment that a pretend phone made: the provider's own books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LedgerLine {
    /// `MpesaReceiptNumber`.
    pub receipt: String,
    /// Which prompt it answered.
    pub checkout_request: String,
    /// Who paid.
    pub phone: u64,
    /// Whole shillings.
    pub amount: i64,
    /// Who was paid.
    pub party_b: String,
    /// What the prompt showed.
    pub account_reference: String,
    /// When, milliseconds since 1970.
    pub time_ms: i64,
}
