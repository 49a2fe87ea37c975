//! What an operator says of a payout: after a look at the provider's own statement.

use kiosk::{
    ids::PayoutId,
    payout::{PayoutAudit, PayoutEffect, PayoutEvent, PayoutOrder, PayoutState, step},
};

use super::{Outlet, PayoutWay};
use crate::hub::{
    effect::{Refusal, Response},
    input::Actor,
    turn::{Halt, HubError, Turn},
};

impl Turn<'_> {
    /// An operator decides.
    pub fn order_payout(
        &mut self,
        by: &Actor,
        payout: PayoutId,
        order: &PayoutOrder,
        note: &str,
    ) -> Result<Response, Halt> {
        let row = self.store.payout(payout)?;
        let row = row.ok_or_else(|| Refusal::not_found("payout"))?;
        let note = self.checked_reason("note", note)?;
        if let (PayoutOrder::Made { receipt: Some(receipt) }, Some(provider)) = (order, row.provider)
            && let Some(other) = self.store.payout_by_receipt(provider, receipt)?
            && other.id != row.id
        {
            let message = format!("this receipt is that of payout {}", other.id);
            return Err(Refusal::conflict("receipt_reused", message).with_id(other.id.0).into());
        }
        if *order == PayoutOrder::AskAgain && row.way == PayoutWay::Hand {
            let message = "this payout is made by hand, so there is nobody to ask: say whether it was made";
            return Err(Refusal::conflict("paid_by_hand", message).into());
        }
        // A call that was begun in time may wait for a token twice and be sent twice, each with its own patience.
        let under_way = self.settings.payouts.answer_within_ms.saturating_mul(3);
        let since = row.payout.since;
        let is_young = since <= self.now() && self.now() < since.plus_ms(under_way);
        let is_asked = matches!(row.payout.state, PayoutState::Pending | PayoutState::Unknown);
        if *order == PayoutOrder::NotMade && is_asked && is_young {
            let message = "the call to the provider may still be on its way: look again in three minutes";
            return Err(Refusal::conflict("too_early", message).into());
        }
        let event = PayoutEvent::Ordered(order.clone());
        let (_, effects) = step(&self.settings.payouts, &row.payout, self.moment, event.clone());
        if effects.contains(&PayoutEffect::Audit(PayoutAudit::OrderRefused)) {
            let message = format!("this payout is {} and takes no such order", row.payout.state.name());
            return Err(Refusal::conflict("cannot_be_ordered", message).into());
        }
        let action = match order {
            PayoutOrder::Made { .. } => "payout settled by hand",
            PayoutOrder::NotMade => "payout given back",
            PayoutOrder::AskAgain => "payout asked about again",
        };
        self.audit(by, action, &payout.to_string(), &note)?;
        let row = self.step_payout(row, event)?;
        Ok(Response::Payout {
            payout,
            state: row.payout.state,
        })
    }

    /// No site and no side log knows what was paid out after the backup that this hub was restored from.
    pub fn hold_payouts(&mut self) -> Result<(), HubError> {
        let may_pay = |outlet: &Outlet| outlet.transfers || outlet.reversals;
        if !self.settings.outlets.values().any(may_pay) {
            return Ok(());
        }
        self.store.set_payouts_held(Some(self.now()))?;
        let message = "payouts made after the backup are not in the books, and wallets may show money that is gone: every \
                       payout waits for a person until somebody has compared the statements (page Payouts)";
        self.alarm("payouts_held", message.to_owned())
    }

    /// Somebody has compared the statements of the providers since the backup with the books.
    pub fn release_payouts(&mut self, by: &Actor, note: &str) -> Result<Response, Halt> {
        let note = self.checked_reason("note", note)?;
        if self.store.hub()?.payouts_held.is_none() {
            return Err(Refusal::conflict("not_held", "payouts are not held").into());
        }
        self.store.set_payouts_held(None)?;
        self.audit(by, "payouts released", "hub", &note)?;
        Ok(Response::Done)
    }
}
