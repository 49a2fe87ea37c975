//! The result of an order, and the word that none came (Daraja portal, "Business To Customer", "Reversal", "Transaction
//! Status": `Result`). Both are as unsigned as a callback.

use kiosk::{
    ids::{ProviderReceipt, ProviderReference},
    payment::{Failure, ProviderVerdict},
    provider::Provider,
    units::{Currency, Money},
};
use serde_json::Value;

use super::{CALLBACK_BYTES_MAX, CallbackError, object, text, verdict};
use crate::{
    civil::{self, EAST_AFRICA_MS},
    hub::money::{OrderEnd, OrderResult},
    provider::decimal::{exact, scalar},
};
use kiosk::moment::Wall;

/// A result as it stands on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultWord {
    /// `OriginatorConversationID`.
    pub order: Option<ProviderReference>,
    /// `ConversationID`.
    pub conversation: Option<ProviderReference>,
    /// `TransactionID`: of the movement that was ordered, which is the reversal itself and not what it reverses.
    pub transaction: Option<ProviderReceipt>,
    /// `ResultCode`, number or text.
    pub code: String,
    /// What it is about, told by its parameters.
    pub details: Details,
}

/// The parameters of a result that we know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Details {
    /// A payout.
    Payout {
        /// `TransactionReceipt`.
        receipt: Option<ProviderReceipt>,
        /// `TransactionAmount`.
        amount: Option<Money>,
        /// `TransactionCompletedDateTime`.
        time: Option<Wall>,
        /// `B2CRecipientIsRegisteredCustomer`.
        is_registered: Option<bool>,
    },
    /// A reversal.
    Reversal {
        /// `OriginalTransactionID`: what was given back.
        original: Option<ProviderReceipt>,
        /// `Amount`.
        amount: Option<Money>,
    },
    /// The answer to a question.
    Status {
        /// `ReceiptNo`.
        receipt: Option<ProviderReceipt>,
        /// `Amount`.
        amount: Option<Money>,
        /// `TransactionStatus` is `Completed`.
        is_completed: bool,
        /// `FinalisedTime`.
        time: Option<Wall>,
    },
    /// Nothing that tells, as in most failures.
    Nothing,
}

/// Reads a result.
pub fn parse_result(body: &[u8]) -> Result<ResultWord, CallbackError> {
    let whole = whole(body)?;
    let result = whole.get("Result").ok_or(CallbackError::Missing("Result"))?;
    let code = text(result, "ResultCode")
        .filter(|code| !code.is_empty())
        .ok_or(CallbackError::Missing("ResultCode"))?;
    let word = ResultWord {
        order: name(result, "OriginatorConversationID")?,
        conversation: name(result, "ConversationID")?,
        transaction: text(result, "TransactionID").and_then(|text| text.parse().ok()),
        code,
        details: details(&Parameters(result)),
    };
    match word.order.is_none() && word.conversation.is_none() {
        true => Err(CallbackError::Missing("ConversationID")),
        false => Ok(word),
    }
}

/// Reads what comes to the time-out address: whatever it is, the outcome of the order that it names is unknown.
pub fn parse_timeout(body: &[u8]) -> Result<OrderResult, CallbackError> {
    let whole = whole(body)?;
    let named = whole.get("Result").unwrap_or(&whole);
    let (order, conversation) = (name(named, "OriginatorConversationID")?, name(named, "ConversationID")?);
    if order.is_none() && conversation.is_none() {
        return Err(CallbackError::Missing("ConversationID"));
    }
    Ok(OrderResult {
        provider: Provider::Mpesa,
        order,
        conversation,
        receipt: None,
        amount: None,
        end: OrderEnd::Unknown,
        is_status: false,
    })
}

/// What a result means.
pub fn order_result(word: ResultWord) -> OrderResult {
    let is_status = matches!(word.details, Details::Status { .. });
    let (receipt, amount, asked_end) = match word.details {
        Details::Payout { receipt, amount, .. } => (receipt.or(word.transaction), amount, None),
        Details::Reversal { original, amount } => (original, amount, None),
        // The question was answered; the answer may still be that nothing is completed. What other words mean is not
        // described, so none of them is a failure: a person looks at the statement.
        Details::Status {
            receipt,
            amount,
            is_completed,
            ..
        } => (receipt, amount, (!is_completed).then_some(OrderEnd::Unknown)),
        Details::Nothing => (word.transaction, None, None),
    };
    OrderResult {
        provider: Provider::Mpesa,
        order: word.order,
        conversation: word.conversation,
        receipt,
        amount,
        end: match order_end(&word.code) {
            OrderEnd::Done => asked_end.unwrap_or(OrderEnd::Done),
            other => other,
        },
        is_status,
    }
}

/// How an order ended by its `ResultCode` (Daraja portal, the table of result codes, and the pages of the products). In
/// orders 2001 is about the initiator, not about a PIN. 15 says that the name was used before (integrators' lists): what
/// became of the first is to be asked. A code that is not known is never a failure.
pub fn order_end(code: &str) -> OrderEnd {
    let failure = match code {
        // Already reversed: what was wanted is so.
        "R000001" => return OrderEnd::Done,
        "15" => return OrderEnd::Unknown,
        "R000002" | "2040" => Failure::Refused,
        "2001" | "8006" => Failure::Configuration,
        other => match verdict(other) {
            ProviderVerdict::Paid => return OrderEnd::Done,
            ProviderVerdict::Failed(failure) => failure,
            ProviderVerdict::Cancelled => Failure::Refused,
            _ => return OrderEnd::Unknown,
        },
    };
    OrderEnd::Failed(failure)
}

fn whole(body: &[u8]) -> Result<Value, CallbackError> {
    match body.len() > CALLBACK_BYTES_MAX {
        true => Err(CallbackError::TooLarge),
        false => object(body).ok_or(CallbackError::NotJson),
    }
}

fn name(value: &Value, field: &'static str) -> Result<Option<ProviderReference>, CallbackError> {
    let found = text(value, field).filter(|text| !text.is_empty());
    found
        .map(|text| text.parse())
        .transpose()
        .map_err(|_| CallbackError::Invalid(field))
}

/// `ResultParameters.ResultParameter`: a list of `{Key, Value?}`, or one of them by itself. They only describe: one that
/// cannot be read is left out, for how the order ended counts without it.
struct Parameters<'a>(&'a Value);

impl Parameters<'_> {
    fn get(&self, key: &str) -> Option<String> {
        let parameters = self.0.get("ResultParameters")?.get("ResultParameter")?;
        let items = match parameters {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        let named = |item: &&Value| item.get("Key").and_then(Value::as_str) == Some(key);
        scalar(items.iter().find(named)?.get("Value")?).filter(|text| !text.is_empty())
    }

    fn receipt(&self, key: &str) -> Option<ProviderReceipt> {
        self.get(key)?.parse().ok()
    }

    fn amount(&self, key: &str) -> Option<Money> {
        exact(&self.get(key)?, Currency::Kes)
    }

    fn time(&self, key: &str) -> Option<Wall> {
        civil::read(&self.get(key)?, EAST_AFRICA_MS)
    }
}

fn details(parameters: &Parameters<'_>) -> Details {
    let has = |key: &str| parameters.get(key).is_some();
    if has("TransactionStatus") {
        Details::Status {
            receipt: parameters.receipt("ReceiptNo"),
            amount: parameters.amount("Amount"),
            is_completed: parameters.get("TransactionStatus").as_deref() == Some("Completed"),
            time: parameters.time("FinalisedTime"),
        }
    } else if has("OriginalTransactionID") {
        Details::Reversal {
            original: parameters.receipt("OriginalTransactionID"),
            amount: parameters.amount("Amount"),
        }
    } else if has("TransactionReceipt") || has("TransactionAmount") {
        let registered = parameters.get("B2CRecipientIsRegisteredCustomer");
        Details::Payout {
            receipt: parameters.receipt("TransactionReceipt"),
            amount: parameters.amount("TransactionAmount"),
            time: parameters.time("TransactionCompletedDateTime"),
            is_registered: registered.map(|registered| registered.eq_ignore_ascii_case("y")),
        }
    } else {
        Details::Nothing
    }
}
