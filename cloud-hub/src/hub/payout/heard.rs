//! What providers and time say of payouts.

use kiosk::{
    ids::{PayoutId, ProviderReceipt, ProviderReference},
    payment::{Failure, ProviderVerdict, Report},
    payout::{PayoutEvent, PayoutReport, PayoutState, PayoutVerdict},
    provider::Provider,
    units::Money,
};

use super::{PayoutRow, PayoutWay, PayoutWord};
use crate::hub::{
    AMOUNT_MINOR_MAX,
    effect::{Effect, Response},
    input::ReplyId,
    money::{OrderEnd, OrderResult},
    turn::{HubError, Turn},
};

/// Payouts that one tick works on.
const BATCH_MAX: u32 = 100;

impl Turn<'_> {
    /// A provider answered a call of ours.
    pub fn payout_answered(&mut self, payout: PayoutId, word: PayoutWord) -> Result<(), HubError> {
        let Some(mut row) = self.store.payout(payout)? else {
            return self.audit_as("provider", "answer without a payout", &payout.to_string(), "");
        };
        self.note_fee(&mut row, word.fee);
        if let Some(answer) = word.answer {
            row = self.step_payout(row, PayoutEvent::Answered(answer))?;
        }
        match word.report {
            Some(report) => self.status_told(row, report),
            None => Ok(()),
        }
    }

    /// What the provider keeps is known before it is booked, or not at all. A fee that cannot be stops no payout.
    fn note_fee(&self, row: &mut PayoutRow, fee: Option<Money>) {
        let can_be = |fee: &Money| fee.currency == row.fee.currency && (1..=AMOUNT_MINOR_MAX).contains(&fee.minor);
        if let Some(fee) = fee.filter(can_be)
            && row.payout.state != PayoutState::Succeeded
        {
            row.fee = fee;
        }
    }

    /// A receipt belongs to one payout: an answer that names another's is written down and goes no further.
    fn status_told(&mut self, row: PayoutRow, report: PayoutReport) -> Result<(), HubError> {
        if let (Some(provider), Some(receipt)) = (row.provider, &report.receipt)
            && let Some(other) = self.store.payout_by_receipt(provider, receipt)?
            && other.id != row.id
        {
            self.audit_as(provider.name(), "receipt of another payout", &row.id.to_string(), "")?;
            let message = format!("payout {}: its receipt is that of payout {}", row.id, other.id);
            return self.alarm("receipt_reused", message);
        }
        self.step_payout(row, PayoutEvent::StatusAnswered(Some(report)))
            .map(drop)
    }

    /// A result was posted. `token` is the end of the address it came to, where that was made for one payout: a post
    /// at the address of our question answers that question, any other is a claim.
    pub fn order_ended(&mut self, reply: ReplyId, token: Option<&str>, result: &OrderResult) -> Result<(), HubError> {
        self.effects.push(Effect::Reply {
            reply,
            answer: Ok(Response::Done),
        });
        let asked = match token {
            Some(token) => self.store.payout_by_question(token)?,
            None => None,
        };
        if let Some(row) = asked.filter(|row| row.provider == Some(result.provider)) {
            return self.question_answered(row, result);
        }
        let found = match token {
            Some(token) => self.store.payout_by_token(token)?,
            None => self.payout_called(result)?,
        };
        match found.filter(|row| row.provider == Some(result.provider)) {
            Some(row) => self.result_claimed(row, result),
            None => self.result_of_nobody(result),
        }
    }

    fn payout_called(&self, result: &OrderResult) -> Result<Option<PayoutRow>, HubError> {
        for name in [&result.order, &result.conversation].into_iter().flatten() {
            if let Some(row) = self.store.payout_named(result.provider, name)? {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// The answer to our question. That the question itself failed says nothing about the payout.
    fn question_answered(&mut self, row: PayoutRow, result: &OrderResult) -> Result<(), HubError> {
        if !result.is_status {
            let detail = format!("{} at the question's address", result.end.name());
            return self.audit_as(row.actor(), "question not answered", &row.id.to_string(), &detail);
        }
        let report = PayoutReport {
            key: row.payout.key.clone(),
            verdict: verdict(result.end),
            receipt: result.receipt.clone(),
            amount: result.amount,
            payee: None,
        };
        self.status_told(row, report)
    }

    /// A claim: the provider is asked.
    fn result_claimed(&mut self, mut row: PayoutRow, result: &OrderResult) -> Result<(), HubError> {
        if result.end == OrderEnd::Unknown {
            return self.step_payout(row, PayoutEvent::TimedOut).map(drop);
        }
        // A reversal has no name of ours at the provider: it is asked about by the provider's own.
        if let (PayoutWay::Reversal(_), None) = (&row.way, &row.payout.reference) {
            row.payout.reference = result.order.clone().or_else(|| result.conversation.clone());
        }
        let named = result.order.clone().filter(|_| row.way == PayoutWay::Transfer);
        let report = PayoutReport {
            key: named.unwrap_or_else(|| row.payout.key.clone()),
            verdict: verdict(result.end),
            receipt: result.receipt.clone(),
            amount: result.amount,
            payee: None,
        };
        self.step_payout(row, PayoutEvent::CalledBack(report)).map(drop)
    }

    fn result_of_nobody(&mut self, result: &OrderResult) -> Result<(), HubError> {
        let name =
            |reference: &Option<ProviderReference>| reference.as_ref().map_or("-", |name| name.as_str()).to_owned();
        let receipt = result.receipt.as_ref().map_or("-", ProviderReceipt::as_str);
        let detail = format!(
            "{} conversation {} receipt {receipt}",
            result.end.name(),
            name(&result.conversation)
        );
        let (provider, order) = (result.provider.name(), name(&result.order));
        self.audit_as(provider, "result without an order", &order, &detail)?;
        self.alarm(
            "order_unknown",
            format!("{provider} tells of an order that this hub did not give: {order}, {detail}"),
        )
    }

    /// A callback that names no purchase may name a payout: a claim.
    pub fn payout_called_back(
        &mut self,
        provider: Provider,
        reference: &ProviderReference,
        report: &Report,
    ) -> Result<bool, HubError> {
        let Some(row) = self.store.payout_named(provider, reference)? else {
            return Ok(false);
        };
        let report = PayoutReport {
            key: row.payout.key.clone(),
            verdict: match report.verdict {
                ProviderVerdict::Paid => PayoutVerdict::Made,
                ProviderVerdict::Pending => PayoutVerdict::Pending,
                ProviderVerdict::Failed(failure) => PayoutVerdict::Failed(failure),
                ProviderVerdict::Cancelled | ProviderVerdict::Expired => PayoutVerdict::Failed(Failure::Refused),
                ProviderVerdict::Unknown => PayoutVerdict::Unknown,
            },
            receipt: report.receipt.clone(),
            amount: report.amount,
            payee: None,
        };
        self.step_payout(row, PayoutEvent::CalledBack(report))?;
        Ok(true)
    }

    /// Payouts whose time has come.
    pub fn tick_payouts(&mut self) -> Result<(), HubError> {
        let longest = self.settings.payouts.longest_wait_ms();
        for row in self.store.payouts_due(self.now(), longest, BATCH_MAX)? {
            self.step_payout(row, PayoutEvent::Tick)?;
        }
        Ok(())
    }
}

fn verdict(end: OrderEnd) -> PayoutVerdict {
    match end {
        OrderEnd::Done => PayoutVerdict::Made,
        OrderEnd::Failed(failure) => PayoutVerdict::Failed(failure),
        OrderEnd::Unknown => PayoutVerdict::Unknown,
    }
}
