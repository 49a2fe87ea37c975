//! The transition. One method per kind of event; each changes the payment and lists its effects.

mod nameless;
mod receipt;

use receipt::Word;

use super::{
    Failure, Payment, PaymentAudit, PaymentEffect, PaymentEvent, PaymentNotice, PaymentOrder, PaymentPolicy,
    PaymentState, ProviderVerdict, PushAnswer, QueryAnswer, Report,
};
use crate::{ids::ProviderReference, moment::Moment};

/// Takes a payment one event further. Any event may come in any state, twice, or out of order.
pub fn step(
    policy: &PaymentPolicy,
    payment: &Payment,
    moment: &Moment,
    event: PaymentEvent,
) -> (Payment, Vec<PaymentEffect>) {
    let mut turn = Turn {
        policy,
        moment,
        payment: payment.clone(),
        effects: Vec::new(),
    };
    match event {
        PaymentEvent::Start => turn.start(),
        PaymentEvent::PushAnswered(_) | PaymentEvent::CalledBack(_) | PaymentEvent::QueryAnswered(_)
            if payment.state == PaymentState::Created =>
        {
            turn.audit(PaymentAudit::Unexpected);
        }
        PaymentEvent::PushAnswered(answer) => turn.push_answered(answer),
        PaymentEvent::CalledBack(report) => turn.called_back(report),
        PaymentEvent::QueryAnswered(QueryAnswer::NoAnswer) => turn.not_successful(),
        PaymentEvent::QueryAnswered(QueryAnswer::Report(report)) => turn.query_answered(report),
        PaymentEvent::Tick => turn.tick(),
        PaymentEvent::Ordered(order) => turn.ordered(order),
    }
    turn.keep_asking();
    (turn.payment, turn.effects)
}

struct Turn<'a> {
    policy: &'a PaymentPolicy,
    moment: &'a Moment,
    payment: Payment,
    effects: Vec<PaymentEffect>,
}

impl Turn<'_> {
    fn start(&mut self) {
        if self.payment.state == PaymentState::Created {
            self.payment.state = PaymentState::Submitting;
            self.payment.since = self.moment.wall;
            self.effects.push(PaymentEffect::Submit);
            self.wake_after(self.policy.answer_within_ms);
        }
    }

    fn push_answered(&mut self, answer: PushAnswer) {
        match answer {
            PushAnswer::Accepted { reference } => {
                self.learn_from_push(reference);
                match self.payment.state {
                    PaymentState::Submitting => {
                        self.payment.state = PaymentState::Pending;
                        self.wake_after(self.policy.query_after_ms);
                    }
                    PaymentState::Unknown if !self.payment.told => self.payment.state = PaymentState::Pending,
                    _ => {}
                }
            }
            PushAnswer::Refused(failure) => {
                let untouched = self.payment.state == PaymentState::Submitting
                    || (self.payment.state == PaymentState::Unknown && self.payment.reference.is_none())
                    || self.waits_for_a_name();
                if untouched && !self.payment.claimed {
                    self.payment.state = PaymentState::Failed;
                    self.payment.failure = Some(failure);
                    self.payment.due = None;
                    self.alert_on(failure);
                    self.tell_unhappy(PaymentNotice::Retry);
                } else {
                    self.audit(PaymentAudit::Unexpected);
                }
            }
            PushAnswer::NoAnswer if self.payment.state == PaymentState::Submitting => self.lose_the_push(),
            PushAnswer::NoAnswer => {}
        }
    }

    /// The answer of the push came over our own TLS connection, so its reference outranks one that a callback taught.
    fn learn_from_push(&mut self, reference: Option<ProviderReference>) {
        let Some(reference) = reference else { return };
        match &self.payment.reference {
            Some(known) if *known == reference => return,
            Some(_) if self.payment.state == PaymentState::Succeeded => self.audit(PaymentAudit::ReferenceReplaced),
            Some(_) => {
                self.payment.reference = Some(reference);
                self.payment.claimed = false;
                self.forget_receipt();
                self.audit(PaymentAudit::ReferenceReplaced);
            }
            None => {
                self.payment.reference = Some(reference);
                self.can_be_asked_about();
            }
        }
        if self.payment.state.is_unhappy_end() && self.payment.due.is_none() {
            self.wake_after(self.policy.recheck_after_ms);
        }
    }

    fn lose_the_push(&mut self) {
        self.payment.state = PaymentState::Unknown;
        self.wake_after(self.policy.query_after_ms);
    }

    fn called_back(&mut self, report: Report) {
        match (&self.payment.reference, &report.reference) {
            (Some(known), Some(reported)) if known != reported => return self.audit(PaymentAudit::ForeignReference),
            (None, Some(reported)) => {
                self.payment.reference = Some(reported.clone());
                self.can_be_asked_about();
            }
            _ => {}
        }
        if self.payment.state == PaymentState::Succeeded {
            return self.heard_after_success(&report, Word::Callback);
        }
        match report.verdict {
            ProviderVerdict::Paid => self.claim(&report),
            ProviderVerdict::Pending => {}
            ProviderVerdict::Unknown => self.unknown_code(),
            ProviderVerdict::Cancelled | ProviderVerdict::Expired | ProviderVerdict::Failed(_) => {
                if self.payment.claimed {
                    self.audit(PaymentAudit::Contradiction);
                } else if self.is_open() {
                    self.end(report.verdict);
                }
            }
        }
    }

    /// A callback of success: believed only so far that we ask at once. Repeats do not ask again, or anyone who knows
    /// the address could make us flood the provider.
    fn claim(&mut self, report: &Report) {
        if self.is_mismatched(report) {
            return self.mismatch();
        }
        if self.payment.mismatched {
            return;
        }
        self.note_receipt(report, Word::Callback);
        if self.payment.claimed && self.payment.due.is_some() {
            return;
        }
        self.payment.claimed = true;
        if self.payment.state == PaymentState::Submitting {
            self.payment.state = PaymentState::Pending;
        }
        self.payment.retries = 0;
        self.query();
        self.wake_after(self.policy.confirm_after_ms);
    }

    fn query_answered(&mut self, report: Report) {
        if report.reference.is_none() || report.reference != self.payment.reference {
            return self.audit(PaymentAudit::ForeignReference);
        }
        if self.payment.state == PaymentState::Succeeded {
            return self.heard_after_success(&report, Word::Query);
        }
        match report.verdict {
            ProviderVerdict::Paid if self.is_mismatched(&report) => self.mismatch(),
            ProviderVerdict::Paid if self.payment.mismatched => {}
            ProviderVerdict::Paid => {
                self.note_receipt(&report, Word::Query);
                self.settle();
            }
            ProviderVerdict::Pending => self.not_successful(),
            ProviderVerdict::Unknown => {
                self.unknown_code();
                self.not_successful();
            }
            ProviderVerdict::Cancelled | ProviderVerdict::Expired | ProviderVerdict::Failed(_) => {
                if self.payment.mismatched {
                    return self.audit(PaymentAudit::Contradiction);
                }
                if self.payment.claimed {
                    self.payment.claimed = false;
                    self.forget_receipt();
                    self.audit(PaymentAudit::Contradiction);
                }
                self.end(report.verdict);
            }
        }
    }

    /// A query without success. The fourth of the customer's part ends that part.
    fn not_successful(&mut self) {
        if self.is_open() && !self.payment.claimed && self.payment.queries == self.policy.queries_max {
            self.tell_to_retry();
        }
    }

    fn tick(&mut self) {
        let (now, latest) = (
            self.moment.wall,
            self.moment.wall.plus_ms(self.policy.longest_wait_ms()),
        );
        // Further ahead than any wait: it was set by a clock that ran ahead.
        if self.payment.due.is_none_or(|due| now < due && due <= latest) {
            return;
        }
        self.payment.due = None;
        let in_the_customers_part = self.is_open() && !self.payment.told && !self.payment.claimed;
        if self.payment.state == PaymentState::Submitting {
            self.lose_the_push();
        } else if in_the_customers_part && self.payment.queries < self.policy.queries_max {
            self.payment.queries += 1;
            self.query();
            self.wake_after(self.policy.query_after_ms);
        } else if in_the_customers_part {
            self.tell_to_retry();
        } else if self.payment.reference.is_none() {
            self.hand_over_nameless();
        } else if self.is_out_of_time() {
            self.give_up();
        } else if self.payment.state != PaymentState::Succeeded && !self.payment.mismatched {
            self.query();
            self.back_off();
        }
    }

    fn ordered(&mut self, order: PaymentOrder) {
        if matches!(self.payment.state, PaymentState::Created | PaymentState::Succeeded) {
            return self.audit(PaymentAudit::OrderRefused);
        }
        match order {
            PaymentOrder::Credit { receipt } => {
                if let Some(receipt) = receipt {
                    self.payment.receipt = Some(receipt);
                    self.payment.receipt_proven = true;
                }
                self.settle();
            }
            PaymentOrder::Close => {
                self.payment.state = PaymentState::Failed;
                self.payment.failure = Some(Failure::ClosedByOperator);
                self.payment.claimed = false;
                self.payment.due = None;
                self.tell_unhappy(PaymentNotice::Failed(Failure::ClosedByOperator));
            }
            PaymentOrder::AskAgain
                if self.payment.mismatched
                    || self.payment.state == PaymentState::Submitting
                    || self.payment.reference.is_none() =>
            {
                self.audit(PaymentAudit::OrderRefused);
            }
            PaymentOrder::AskAgain => {
                if self.payment.state == PaymentState::NeedsOperator {
                    self.payment.state = PaymentState::Unknown;
                }
                self.payment.since = self.moment.wall;
                self.payment.retries = 0;
                self.query();
                self.wake_after(self.policy.reconcile_after_ms);
            }
        }
    }

    /// Still without an end: sent, and neither settled, ended nor with an operator.
    fn is_open(&self) -> bool {
        matches!(
            self.payment.state,
            PaymentState::Submitting | PaymentState::Pending | PaymentState::Unknown
        )
    }

    fn is_mismatched(&self, report: &Report) -> bool {
        report.amount.is_some_and(|amount| amount != self.payment.amount)
            || report.payer.is_some_and(|payer| payer != self.payment.payer)
    }

    fn mismatch(&mut self) {
        if !self.payment.mismatched {
            self.payment.mismatched = true;
            self.payment.state = PaymentState::NeedsOperator;
            self.payment.claimed = false;
            self.payment.due = None;
            self.audit(PaymentAudit::Mismatch);
        }
    }

    fn settle(&mut self) {
        self.payment.state = PaymentState::Succeeded;
        self.payment.failure = None;
        self.payment.claimed = false;
        self.payment.due = None;
        self.effects.push(PaymentEffect::Settle {
            receipt: self.payment.receipt.clone(),
        });
        self.effects.push(PaymentEffect::Tell(PaymentNotice::Succeeded));
    }

    /// What still comes in after the end can bring the receipt, or a contradiction to look at; it moves nothing.
    fn heard_after_success(&mut self, report: &Report, word: Word) {
        match report.verdict {
            ProviderVerdict::Paid if self.is_mismatched(report) => self.audit(PaymentAudit::Mismatch),
            ProviderVerdict::Paid => {
                let before = self.payment.receipt.clone();
                self.note_receipt(report, word);
                if before != self.payment.receipt {
                    let known = self.payment.receipt.clone();
                    self.effects.extend(known.map(PaymentEffect::ReceiptKnown));
                }
            }
            ProviderVerdict::Pending | ProviderVerdict::Unknown => {}
            ProviderVerdict::Cancelled | ProviderVerdict::Expired | ProviderVerdict::Failed(_) => {
                self.audit(PaymentAudit::Contradiction);
            }
        }
    }

    /// An unhappy end, from a callback or a query. The first is asked about once more; a query that then says the like
    /// closes the matter.
    fn end(&mut self, verdict: ProviderVerdict) {
        let was_ended = self.payment.state.is_unhappy_end();
        let (state, failure, notice) = match verdict {
            ProviderVerdict::Cancelled => (PaymentState::Cancelled, None, PaymentNotice::Cancelled),
            ProviderVerdict::Expired => (PaymentState::Expired, None, PaymentNotice::Expired),
            ProviderVerdict::Failed(failure) => (PaymentState::Failed, Some(failure), PaymentNotice::Failed(failure)),
            ProviderVerdict::Paid | ProviderVerdict::Pending | ProviderVerdict::Unknown => return,
        };
        self.payment.state = state;
        self.payment.failure = failure;
        self.payment.retries = 0;
        self.payment.due = None;
        if !was_ended {
            if let Some(failure) = failure {
                self.alert_on(failure);
            }
            if self.payment.reference.is_some() {
                self.wake_after(self.policy.recheck_after_ms);
            }
        }
        self.tell_unhappy(notice);
    }

    fn unknown_code(&mut self) {
        self.audit(PaymentAudit::UnknownCode);
        if self.payment.state == PaymentState::Pending {
            self.payment.state = PaymentState::Unknown;
        }
    }

    /// The customer's part is over; the reconciler's begins.
    fn tell_to_retry(&mut self) {
        if !self.payment.told {
            self.payment.state = PaymentState::Unknown;
            self.payment.retries = 0;
            self.tell_unhappy(PaymentNotice::Retry);
            match self.payment.reference {
                Some(_) => self.wake_after(self.policy.reconcile_after_ms),
                None => self.hand_over_nameless(),
            }
        }
    }

    fn tell_unhappy(&mut self, notice: PaymentNotice) {
        if !self.payment.told {
            self.payment.told = true;
            self.effects.push(PaymentEffect::Tell(notice));
        }
    }

    fn is_out_of_time(&self) -> bool {
        self.moment.trust.is_trusted() && self.moment.wall >= self.payment.since.plus_ms(self.policy.reconcile_for_ms)
    }

    fn give_up(&mut self) {
        if self.is_open() || self.payment.claimed {
            self.payment.state = PaymentState::NeedsOperator;
        }
        self.audit(PaymentAudit::GaveUp);
    }

    /// The next wait of the schedule that this payment is in, doubled with every step.
    fn back_off(&mut self) {
        self.payment.retries = self.payment.retries.saturating_add(1);
        let first = if self.payment.claimed {
            if self.payment.retries >= self.policy.queries_max && self.payment.state == PaymentState::Pending {
                self.payment.state = PaymentState::Unknown;
            }
            self.policy.confirm_after_ms
        } else if self.payment.state.is_unhappy_end() {
            self.policy.recheck_after_ms
        } else {
            self.policy.reconcile_after_ms
        };
        let doubled = first.saturating_mul(1_i64 << self.payment.retries.min(32));
        self.wake_after(doubled.min(self.policy.wait_ms_max));
    }

    fn query(&mut self) {
        if let Some(reference) = &self.payment.reference {
            self.effects.push(PaymentEffect::Query(reference.clone()));
        }
    }

    fn wake_after(&mut self, wait_ms: i64) {
        let due = self.moment.wall.plus_ms(wait_ms);
        self.payment.due = Some(due);
        self.effects.push(PaymentEffect::WakeAt(due));
    }

    fn alert_on(&mut self, failure: Failure) {
        if failure == Failure::Configuration {
            self.audit(PaymentAudit::OurConfiguration);
        }
    }

    fn audit(&mut self, why: PaymentAudit) {
        self.effects.push(PaymentEffect::Audit(why));
    }
}
