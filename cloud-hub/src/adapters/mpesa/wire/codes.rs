//! What Daraja's codes mean.

use kiosk::payment::{Failure, ProviderVerdict};

/// The verdict of a `ResultCode`, in a callback or a query's answer (Daraja portal, the table of result codes). Codes 26,
/// 1001 and 9999 are from integrators' lists; 4999 was *observed* in queries. A code that is not in the table is unknown
/// and never a failure.
pub fn verdict(result_code: &str) -> ProviderVerdict {
    let failure = match result_code {
        "0" => return ProviderVerdict::Paid,
        "4999" => return ProviderVerdict::Pending,
        "1032" => return ProviderVerdict::Cancelled,
        "1019" | "1037" => return ProviderVerdict::Expired,
        "1" => Failure::BalanceTooLow,
        "2" | "3" | "4" | "8" => Failure::Limit,
        "11" | "21" | "2006" | "2028" | "SFC_IC0003" => Failure::Configuration,
        "17" => Failure::RepeatedTooSoon,
        "26" => Failure::Busy,
        "1001" | "1025" | "9999" => Failure::PromptNotShown,
        "2001" => Failure::WrongPin,
        "8006" => Failure::Refused,
        _ => return ProviderVerdict::Unknown,
    };
    ProviderVerdict::Failed(failure)
}

/// Whether this `errorCode` says that the token is not (or no longer) good: each product words it differently (Daraja
/// portal, "Authorization", and integrators' lists).
pub fn is_invalid_token(error_code: &str) -> bool {
    matches!(error_code, "404.001.03" | "400.003.01" | "401.002.01")
}

/// What an `errorCode` or `ResponseCode` in the answer to a push means: a refusal, or `None` when the prompt may have gone
/// out all the same (Daraja portal, "M-Pesa Express Simulate", error codes). `500.001.1001` has many meanings (merchant
/// unknown, password wrong, subscriber locked), told apart only by its wording, which is not a contract; all are refusals.
pub fn push_refusal(code: &str) -> Option<Failure> {
    match code {
        "500.003.02" | "500.003.03" => Some(Failure::Busy),
        "500.001.1001" => Some(Failure::Refused),
        "405.001" => Some(Failure::Configuration),
        _ if code.starts_with("400.") || code.starts_with("401.") || code.starts_with("404.") => {
            Some(Failure::Configuration)
        }
        // A plain ResponseCode other than 0: not accepted.
        _ if !code.contains('.') => Some(Failure::Refused),
        _ => None,
    }
}
