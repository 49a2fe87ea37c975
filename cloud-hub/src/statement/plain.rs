//! The plain statement: for providers whose own statement no public page describes. Whoever has their list in a
//! spreadsheet names seven columns and saves it as CSV.

use kiosk::{provider::Provider, units::Currency};

use super::{AmountColumns, Flow, Layout};

/// The kinds of a plain statement, for messages.
pub const KINDS: &str = "it is payment, or payout, refund, reversal or fee";

/// How a plain statement is laid out: `receipt,time,amount,currency,payer,reference,kind` in any order, of which the first
/// three are needed. Times are UTC, such as 2026-11-20T09:00:00Z. Amounts are in whole units with decimals where the
/// currency has some, a minus for what went. `receipt` is what the provider printed, `reference` what we named the
/// payment by, or what the payer typed.
pub const fn layout(provider: Provider, currency: Currency) -> Layout {
    Layout {
        title: provider.title(),
        receipt: &["receipt"],
        time: &["time"],
        ahead_ms: 0,
        amounts: AmountColumns::Signed(&["amount"]),
        details: &[],
        reference: &["reference"],
        other_party: &["payer"],
        status: &[],
        completed: "",
        kind: &["kind"],
        currency_code: &["currency"],
        currency,
    }
}

/// Which way a kind of movement goes; `None` for a word that is no kind.
pub fn flow(kind: &str) -> Option<Flow> {
    match kind.to_ascii_lowercase().as_str() {
        "payment" => Some(Flow::In),
        "payout" | "refund" | "reversal" | "fee" => Some(Flow::Out),
        _ => None,
    }
}
