//! The transition. One method per kind of event; each changes the payout and lists its effects.

use super::{
    Payout, PayoutAnswer, PayoutAudit, PayoutEffect, PayoutEvent, PayoutNotice, PayoutOrder, PayoutPolicy,
    PayoutReport, PayoutState, PayoutVerdict,
};
use crate::{ids::ProviderReceipt, moment::Moment, payment::Failure};

/// Takes a payout one event further. Any event may come in any state, twice, or out of order.
pub fn step(
    policy: &PayoutPolicy,
    payout: &Payout,
    moment: &Moment,
    event: PayoutEvent,
) -> (Payout, Vec<PayoutEffect>) {
    let mut turn = Turn {
        policy,
        moment,
        payout: payout.clone(),
        effects: Vec::new(),
    };
    match event {
        PayoutEvent::Start => turn.start(),
        PayoutEvent::Tick => turn.tick(),
        PayoutEvent::Ordered(order) => turn.ordered(order),
        _ if payout.state == PayoutState::Created => turn.audit(PayoutAudit::Unexpected),
        PayoutEvent::Answered(answer) => turn.answered(answer),
        PayoutEvent::TimedOut => turn.timed_out(),
        PayoutEvent::StatusAnswered(None) => {}
        PayoutEvent::CalledBack(report) | PayoutEvent::StatusAnswered(Some(report)) if report.key != payout.key => {
            turn.audit(PayoutAudit::ForeignKey);
        }
        PayoutEvent::CalledBack(report) => turn.called_back(&report),
        PayoutEvent::StatusAnswered(Some(report)) => turn.status_answered(&report),
    }
    if let Some(due) = turn.payout.due.filter(|due| payout.due != Some(*due)) {
        turn.effects.push(PayoutEffect::WakeAt(due));
    }
    (turn.payout, turn.effects)
}

struct Turn<'a> {
    policy: &'a PayoutPolicy,
    moment: &'a Moment,
    payout: Payout,
    effects: Vec<PayoutEffect>,
}

impl Turn<'_> {
    fn start(&mut self) {
        if self.payout.state == PayoutState::Created {
            self.payout.state = PayoutState::Submitting;
            self.payout.since = self.moment.wall;
            self.reserve();
            self.effects.push(PayoutEffect::Submit);
            self.wake_after(self.policy.answer_within_ms);
        }
    }

    fn answered(&mut self, answer: PayoutAnswer) {
        match answer {
            PayoutAnswer::Accepted { reference } => {
                if self.payout.reference.is_none() {
                    self.payout.reference = reference;
                }
                if self.payout.state == PayoutState::Submitting {
                    self.payout.state = PayoutState::Pending;
                    self.effects.push(PayoutEffect::Tell(PayoutNotice::Started));
                    self.wake_after(self.policy.ask_after_ms);
                }
            }
            // The answer of the one call there is: nothing was taken, unless somebody claims that it was made.
            PayoutAnswer::Refused(failure) => match self.payout.state {
                PayoutState::Submitting | PayoutState::Unknown if !self.payout.claimed => self.fail(failure),
                _ => self.audit(PayoutAudit::Unexpected),
            },
            PayoutAnswer::Duplicate | PayoutAnswer::NoAnswer if self.payout.state == PayoutState::Submitting => {
                self.lose_the_call();
            }
            PayoutAnswer::Duplicate | PayoutAnswer::NoAnswer => {}
        }
    }

    fn timed_out(&mut self) {
        if matches!(self.payout.state, PayoutState::Submitting | PayoutState::Pending) {
            self.lose_the_call();
        }
    }

    fn lose_the_call(&mut self) {
        self.payout.state = PayoutState::Unknown;
        self.payout.retries = 0;
        self.wake_after(self.policy.ask_after_ms);
    }

    /// A posted result is believed only so far that we ask at once. Repeats do not ask again, or anyone who knows the
    /// address could make us flood the provider.
    fn called_back(&mut self, report: &PayoutReport) {
        if self.payout.state == PayoutState::Succeeded {
            return self.heard_after_success(report);
        }
        let is_news = match report.verdict {
            PayoutVerdict::Made => true,
            PayoutVerdict::Failed(_) => self.is_open(),
            PayoutVerdict::Pending | PayoutVerdict::Unknown => false,
        };
        if is_news && !self.payout.mismatched && !(self.payout.claimed && self.payout.due.is_some()) {
            self.payout.claimed = true;
            self.payout.retries = 0;
            if self.payout.state == PayoutState::Submitting {
                self.payout.state = PayoutState::Pending;
            }
            self.effects.push(PayoutEffect::AskStatus);
            self.wake_after(self.policy.confirm_after_ms);
        }
    }

    fn status_answered(&mut self, report: &PayoutReport) {
        if self.payout.state == PayoutState::Succeeded {
            return self.heard_after_success(report);
        }
        match report.verdict {
            PayoutVerdict::Made if self.is_mismatched(report) => self.mismatch(),
            PayoutVerdict::Made if self.payout.mismatched => {}
            PayoutVerdict::Made => {
                self.note_receipt(report.receipt.as_ref());
                self.settle();
            }
            PayoutVerdict::Failed(_) if self.payout.mismatched => self.audit(PayoutAudit::Contradiction),
            PayoutVerdict::Failed(_) if self.payout.state == PayoutState::Failed => {
                self.payout.claimed = false;
                self.payout.due = None;
                self.audit(PayoutAudit::Contradiction);
            }
            PayoutVerdict::Failed(failure) => self.fail(failure),
            PayoutVerdict::Pending | PayoutVerdict::Unknown => {}
        }
    }

    fn tick(&mut self) {
        let now = self.moment.wall;
        let latest = now.plus_ms(self.policy.longest_wait_ms());
        // Further ahead than any wait: it was set by a clock that ran ahead.
        if self.payout.due.is_none_or(|due| now < due && due <= latest) {
            return;
        }
        self.payout.due = None;
        if self.payout.state == PayoutState::Submitting {
            self.lose_the_call();
        } else if self.is_out_of_time() {
            self.give_up();
        } else if self.is_open() || self.payout.claimed {
            self.effects.push(PayoutEffect::AskStatus);
            self.back_off();
        }
    }

    fn ordered(&mut self, order: PayoutOrder) {
        use PayoutState::{Failed, NeedsOperator, Pending, Unknown};
        match (order, self.payout.state) {
            (PayoutOrder::Made { receipt }, Failed | NeedsOperator | Pending | Unknown) => {
                if receipt.is_some() {
                    self.payout.receipt = receipt;
                }
                self.settle();
            }
            // One whose money was given back before has nothing to give back again; it is closed all the same.
            (PayoutOrder::NotMade, NeedsOperator | Pending | Unknown) => self.fail(Failure::ClosedByOperator),
            (PayoutOrder::AskAgain, NeedsOperator | Pending | Unknown) if !self.payout.mismatched => {
                self.payout.state = Unknown;
                self.payout.since = self.moment.wall;
                self.payout.retries = 0;
                self.effects.push(PayoutEffect::AskStatus);
                self.wake_after(self.policy.ask_after_ms);
            }
            _ => self.audit(PayoutAudit::OrderRefused),
        }
    }

    fn is_open(&self) -> bool {
        matches!(
            self.payout.state,
            PayoutState::Submitting | PayoutState::Pending | PayoutState::Unknown
        )
    }

    fn is_mismatched(&self, report: &PayoutReport) -> bool {
        report.amount.is_some_and(|amount| amount != self.payout.amount)
            || report.payee.is_some_and(|payee| payee != self.payout.payee)
    }

    fn mismatch(&mut self) {
        if !self.payout.mismatched {
            self.payout.mismatched = true;
            self.payout.claimed = false;
            self.payout.state = PayoutState::NeedsOperator;
            self.payout.due = None;
            self.audit(PayoutAudit::Mismatch);
        }
    }

    fn settle(&mut self) {
        if !self.payout.reserved {
            self.reserve();
            self.audit(PayoutAudit::MadeAfterGivenBack);
        }
        self.payout.reserved = false;
        self.payout.failure = None;
        self.end(PayoutState::Succeeded);
        self.effects.push(PayoutEffect::Settle {
            receipt: self.payout.receipt.clone(),
        });
        self.effects.push(PayoutEffect::Tell(PayoutNotice::Made));
    }

    fn fail(&mut self, failure: Failure) {
        self.payout.failure = Some(failure);
        self.payout.receipt = None;
        self.end(PayoutState::Failed);
        if failure == Failure::Configuration {
            self.audit(PayoutAudit::OurConfiguration);
        }
        if self.payout.reserved {
            self.payout.reserved = false;
            self.effects.push(PayoutEffect::GiveBack);
            self.effects.push(PayoutEffect::Tell(PayoutNotice::Failed(failure)));
        }
    }

    fn end(&mut self, state: PayoutState) {
        self.payout.state = state;
        self.payout.claimed = false;
        self.payout.retries = 0;
        self.payout.due = None;
    }

    fn reserve(&mut self) {
        self.payout.reserved = true;
        self.effects.push(PayoutEffect::Reserve);
    }

    /// What comes in after the end can bring the receipt, or a contradiction to look at; it moves nothing.
    fn heard_after_success(&mut self, report: &PayoutReport) {
        match report.verdict {
            PayoutVerdict::Made if self.is_mismatched(report) => self.audit(PayoutAudit::Mismatch),
            PayoutVerdict::Made => {
                let was_known = self.payout.receipt.is_some();
                self.note_receipt(report.receipt.as_ref());
                if let (false, Some(receipt)) = (was_known, &self.payout.receipt) {
                    self.effects.push(PayoutEffect::ReceiptKnown(receipt.clone()));
                }
            }
            PayoutVerdict::Failed(_) => self.audit(PayoutAudit::Contradiction),
            PayoutVerdict::Pending | PayoutVerdict::Unknown => {}
        }
    }

    fn note_receipt(&mut self, receipt: Option<&ProviderReceipt>) {
        match (&self.payout.receipt, receipt) {
            (Some(known), Some(other)) if known != other => self.audit(PayoutAudit::SecondReceipt(other.clone())),
            (None, Some(receipt)) => self.payout.receipt = Some(receipt.clone()),
            _ => {}
        }
    }

    fn is_out_of_time(&self) -> bool {
        self.moment.trust.is_trusted() && self.moment.wall >= self.payout.since.plus_ms(self.policy.ask_for_ms)
    }

    /// The money stays where it is: in transit, or, after a failure, with its owner.
    fn give_up(&mut self) {
        if self.is_open() {
            self.payout.state = PayoutState::NeedsOperator;
        }
        self.payout.claimed = false;
        self.audit(PayoutAudit::GaveUp);
    }

    /// The next wait, doubled with every step.
    fn back_off(&mut self) {
        let first = match self.payout.claimed {
            true => self.policy.confirm_after_ms,
            false => self.policy.ask_after_ms,
        };
        self.payout.retries += 1;
        let doubled = first.saturating_mul(1 << self.payout.retries.min(32));
        self.wake_after(doubled.min(self.policy.wait_ms_max));
    }

    fn wake_after(&mut self, ms: i64) {
        self.payout.due = Some(self.moment.wall.plus_ms(ms));
    }

    fn audit(&mut self, audit: PayoutAudit) {
        self.effects.push(PayoutEffect::Audit(audit));
    }
}
