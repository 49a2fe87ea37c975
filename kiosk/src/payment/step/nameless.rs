//! Payments whose name at the provider nobody told us: the push's answer was lost, and no callback came.

use super::Turn;
use crate::payment::{PaymentAudit, PaymentState};

impl Turn<'_> {
    /// Nothing to ask by, so an operator looks at the statement at once. A late callback still settles it, confirmed.
    pub(super) fn hand_over_nameless(&mut self) {
        self.payment.due = None;
        if self.is_open() || self.payment.claimed {
            self.payment.state = PaymentState::NeedsOperator;
            self.audit(PaymentAudit::NoReference);
        }
    }

    /// With an operator because it has no name at the provider.
    pub(super) fn waits_for_a_name(&self) -> bool {
        self.payment.state == PaymentState::NeedsOperator
            && !self.payment.mismatched
            && self.payment.reference.is_none()
    }

    /// One that has just become the reconciler's again wants a tick.
    pub(super) fn keep_asking(&mut self) {
        if self.payment.state == PaymentState::Unknown && self.payment.due.is_none() {
            self.wake_after(self.policy.reconcile_after_ms);
        }
    }

    /// The name came after all: a payment that an operator was to look at is the reconciler's again.
    pub(super) fn can_be_asked_about(&mut self) {
        if self.payment.state == PaymentState::NeedsOperator && !self.payment.mismatched {
            self.payment.state = PaymentState::Unknown;
            self.payment.since = self.moment.wall;
            self.payment.retries = 0;
        }
    }
}
