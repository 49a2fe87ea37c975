//! A payment's receipt, and whose word it is.

use super::{PaymentAudit, Report, Turn};

/// Who told something.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// Somebody who called us: a claim.
    Callback,
    /// The provider, asked by us.
    Query,
}

impl Turn<'_> {
    /// The first receipt that a callback tells is kept, unless a query's answer knows another.
    pub(super) fn note_receipt(&mut self, report: &Report, word: Word) {
        let Some(receipt) = &report.receipt else { return };
        let outranks = word == Word::Query && !self.payment.receipt_proven;
        if self.payment.receipt.as_ref().is_some_and(|known| known != receipt) {
            self.audit(PaymentAudit::SecondReceipt(receipt.clone()));
        }
        if self.payment.receipt.is_none() || outranks {
            self.payment.receipt = Some(receipt.clone());
            self.payment.receipt_proven = word == Word::Query;
        }
    }

    pub(super) fn forget_receipt(&mut self) {
        self.payment.receipt = None;
        self.payment.receipt_proven = false;
    }
}
