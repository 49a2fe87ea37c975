//! What an operator says of a payout: after a look at the provider's own statement.

use kiosk::{
    ids::PayoutId,
    payout::{PayoutAudit, PayoutEffect, PayoutEvent, PayoutOrder, step},
};

use super::PayoutWay;
use crate::hub::{
    effect::{Refusal, Response},
    input::Actor,
    turn::{Halt, Turn},
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
}
