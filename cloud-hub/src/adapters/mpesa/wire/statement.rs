//! The statement of the M-PESA organisation portal, as an operator downloads it.

use kiosk::units::Currency;

use crate::{
    civil::EAST_AFRICA_MS,
    statement::{AmountColumns, Layout},
};

/// How that statement is laid out. Lines about the account and the period stand above the header.
pub const STATEMENT: Layout = Layout {
    title: "M-PESA",
    receipt: &["Receipt No.", "Receipt No"],
    time: &["Completion Time"],
    ahead_ms: EAST_AFRICA_MS,
    amounts: AmountColumns::Two {
        paid_in: &["Paid In"],
        withdrawn: &["Withdrawn"],
    },
    details: &["Details"],
    reference: &["A/C No.", "A/C No"],
    other_party: &["Other Party Info"],
    status: &["Transaction Status"],
    completed: "Completed",
    kind: &[],
    currency_code: &[],
    currency: Currency::Kes,
};
