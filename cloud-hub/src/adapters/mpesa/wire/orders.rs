//! What every order to move money, and every question about one, has in common (Daraja portal, "Business To Customer",
//! "Reversal", "Transaction Status"): who gives it, where its result goes, and the answer that says no more than "taken".

use kiosk::{ids::ProviderReference, payment::Failure};

use super::{Reply, denied, object, push_refusal, text};
use crate::secret::{Secret, hide};

hide!(Initiator);

/// Who gives orders in the business's name.
///
/// The credential is the initiator's password, encrypted under Safaricom's public certificate, one for test and one for
/// live: the operator makes it once, and the password itself never comes here.
///
/// ```text
/// printf %s "$PASSWORD" | openssl pkeyutl -encrypt -certin -inkey ProductionCertificate.cer \
///     -pkeyopt rsa_padding_mode:pkcs1 | base64 -w0 > security-credential
/// ```
#[derive(Clone)]
pub struct Initiator {
    /// The API operator's name in the M-PESA organisation portal.
    pub name: String,
    /// `SecurityCredential`, ready made.
    pub credential: Secret,
    /// The short code that pays out; often another than the one that collects.
    pub payout_shortcode: String,
    /// Where results go.
    pub result_url: String,
    /// Where it is said that no result came.
    pub timeout_url: String,
}

/// Why an order cannot be put to Daraja at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderFault {
    /// An amount that M-PESA does not move.
    #[error("M-PESA moves whole shillings, at least {least} of them here, not {amount}")]
    Amount {
        /// The least.
        least: i64,
        /// What was asked for.
        amount: kiosk::units::Money,
    },
    /// A remark of another length.
    #[error("a remark must have {0} to {1} characters", REMARKS.start(), REMARKS.end())]
    Remarks,
    /// A question that names nothing.
    #[error("a transaction is asked about by its receipt or by our own name of the order")]
    NothingNamed,
}

/// How long remarks are (same page).
pub const REMARKS: std::ops::RangeInclusive<usize> = 2..=100;

/// An order was taken; its result comes later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// `ConversationID`: Daraja's name of the order.
    pub conversation: Option<ProviderReference>,
    /// `OriginatorConversationID`: ours, echoed, or Daraja's where we give none. One page spells it without an `n`.
    pub order: Option<ProviderReference>,
}

/// What the answer to an order means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderAnswer {
    /// Taken: the result comes to the result address.
    Accepted(Accepted),
    /// The same order had arrived before; it counts, and this one moved nothing.
    ArrivedBefore,
    /// Certainly not taken.
    Refused(Failure),
    /// Nobody knows. A payout may be sent again under the same name; anything else is asked about first.
    NoAnswer,
}

/// Reads the answer to an order. `ResponseCode` 0 means taken, not done.
pub fn parse_accepted(body: &[u8]) -> Reply<Accepted> {
    let Some(value) = object(body) else {
        return Reply::Unreadable;
    };
    if let Some(denied) = denied(&value) {
        return denied;
    }
    let name = |field: &str| text(&value, field)?.parse().ok();
    match text(&value, "ResponseCode").as_deref() {
        Some("0") => Reply::Done(Accepted {
            conversation: name("ConversationID"),
            order: name("OriginatorConversationID").or_else(|| name("OriginatorCoversationID")),
        }),
        // The registration of addresses leaves the code out in some answers, and says who it is instead.
        None if value.get("OriginatorCoversationID").is_some() => Reply::Done(Accepted {
            conversation: None,
            order: name("OriginatorCoversationID"),
        }),
        _ => Reply::Unreadable,
    }
}

/// What the answer means. `500.002.1001` says that this name was used before; result code 15 says the same (integrators'
/// lists).
pub fn order_answer(reply: Reply<Accepted>) -> OrderAnswer {
    match reply {
        Reply::Done(accepted) => OrderAnswer::Accepted(accepted),
        Reply::Denied { code, .. } if matches!(code.as_str(), "500.002.1001" | "15") => OrderAnswer::ArrivedBefore,
        // In a push it is a refusal; of an order nobody says that nothing was moved.
        Reply::Denied { code, .. } if code == "500.001.1001" => OrderAnswer::NoAnswer,
        Reply::Denied { code, .. } => push_refusal(&code).map_or(OrderAnswer::NoAnswer, OrderAnswer::Refused),
        Reply::Unreadable => OrderAnswer::NoAnswer,
    }
}

pub(super) fn checked_remarks(remarks: &str) -> Result<String, OrderFault> {
    match REMARKS.contains(&remarks.chars().count()) {
        true => Ok(remarks.to_owned()),
        false => Err(OrderFault::Remarks),
    }
}

/// Whole shillings, `least` or more. Nothing is rounded: what we owe is not ours to change.
pub(super) fn whole_shillings(amount: kiosk::units::Money, least: i64) -> Result<i64, OrderFault> {
    let fits = amount.currency == kiosk::units::Currency::Kes && amount.rounded_up() == amount;
    let whole = amount.whole_units();
    match fits && whole >= least {
        true => Ok(whole),
        false => Err(OrderFault::Amount { least, amount }),
    }
}

#[cfg(test)]
mod tests;
