//! Receipts: a purchase is settled by a query, which may name none, and a callback that names one may be made up. So the
//! receipt of what is settled may become known later, and its money may lie in suspense by then.

use kiosk::{
    ids::{ProviderReceipt, PurchaseId},
    incoming::is_money_of,
    ledger::Postings,
    payment::{PaymentEvent, PaymentOrder, PaymentState},
    provider::Provider,
};

use super::{
    effect::Refusal,
    money::{Arrival, MoneyPlace},
    store::{MoneyRow, PurchaseRow},
    turn::{Halt, HubError, Turn},
};

impl Turn<'_> {
    /// The receipt of a purchase that was settled without one became known, or a truer one.
    pub fn receipt_known(&mut self, row: &PurchaseRow, receipt: &ProviderReceipt) -> Result<(), HubError> {
        let Some(provider) = row.provider else {
            return Ok(());
        };
        self.audit_as(provider.name(), "receipt known", &row.id.to_string(), receipt.as_str())?;
        let Some(money) = self.store.money(provider, receipt)? else {
            return Ok(());
        };
        match money.place {
            MoneyPlace::Waits | MoneyPlace::Foreign => Ok(()),
            MoneyPlace::Purchase(purchase) if purchase == row.id => Ok(()),
            MoneyPlace::Suspense(_) if self.has_the_receipt_of(row, &money)? => {
                self.take_from_suspense(&money, row.clone())?;
                let place = MoneyPlace::Purchase(row.id);
                Ok(self.store.put_money(&MoneyRow { place, ..money }, self.now())?)
            }
            place => self.alarm(
                "receipt_reused",
                format!(
                    "purchase {}: its {provider} receipt {receipt} is booked as other money ({})",
                    row.id,
                    place.name()
                ),
            ),
        }
    }

    /// Whether this money is the purchase's that is said to have its receipt. A receipt that only a callback told must fit.
    pub fn has_the_receipt_of(&self, row: &PurchaseRow, money: &MoneyRow) -> Result<bool, HubError> {
        if row.payment.receipt_proven {
            return Ok(row.payment.amount == money.arrival.amount);
        }
        let Some(line) = self.line(money) else {
            return Ok(false);
        };
        let named = self.named(&line.reference)?;
        let candidate = self.candidate(row.clone(), line.short_code.clone())?;
        Ok(candidate.is_some_and(|candidate| is_money_of(&candidate, &line, named)))
    }

    /// Money in suspense is the money of a purchase that was booked when it was settled: so it was booked twice.
    pub(super) fn take_from_suspense(&mut self, money: &MoneyRow, row: PurchaseRow) -> Result<(), HubError> {
        let (provider, amount, free) = (money.arrival.provider, money.arrival.amount, self.money(0));
        let twice = Postings::unallocated(provider, amount, free).map(Postings::reversed);
        self.book("money booked twice", twice)?;
        self.attach(row, &money.arrival.receipt)
    }

    /// The receipt of a purchase that was settled without one, or under one that only a callback told.
    pub fn attach(&mut self, mut purchase: PurchaseRow, receipt: &ProviderReceipt) -> Result<(), HubError> {
        let actor = purchase.provider.map_or("provider", Provider::name);
        let told = purchase.payment.receipt.replace(receipt.clone());
        purchase.payment.receipt_proven = true;
        self.store.put_purchase(&purchase)?;
        let subject = purchase.id.to_string();
        if let Some(told) = told.filter(|told| told != receipt) {
            let detail = format!("purchase {subject}: a callback told of {told}, {actor} has {receipt}");
            self.alarm("receipt_contradicted", detail)?;
        }
        self.audit_as(actor, "receipt attached", &subject, receipt.as_str())
    }

    /// A purchase that only a callback told this receipt loses it to the one that the provider itself names by it. `false`
    /// when it keeps it.
    pub fn has_lost_receipt(&mut self, mut other: PurchaseRow, event: &PaymentEvent) -> Result<bool, HubError> {
        if other.payment.receipt_proven || !matches!(event, PaymentEvent::QueryAnswered(_)) {
            return Ok(false);
        }
        let actor = other.provider.map_or("provider", Provider::name);
        let told = other.payment.receipt.take();
        self.store.put_purchase(&other)?;
        let told = told.as_ref().map_or("-", ProviderReceipt::as_str);
        self.audit_as(actor, "receipt is another purchase's", &other.id.to_string(), told)?;
        Ok(true)
    }

    /// The purchase that was paid by this money, as far as is known.
    pub(super) fn purchase_of(&self, money: &MoneyRow) -> Result<Option<PurchaseRow>, HubError> {
        let Arrival { provider, receipt, .. } = &money.arrival;
        let told = self.store.purchase_by_receipt(*provider, receipt)?;
        let Some(row) = told.filter(|row| row.payment.state == PaymentState::Succeeded) else {
            return Ok(None);
        };
        Ok(self.has_the_receipt_of(&row, money)?.then_some(row))
    }

    /// Refuses to give money to somebody that is known to be a purchase's.
    pub fn is_of_no_purchase(&self, money: &MoneyRow) -> Result<(), Halt> {
        let Arrival {
            provider,
            receipt,
            amount,
            ..
        } = &money.arrival;
        // One that was settled under this receipt without proof may be paid by it, from whichever phone.
        let is_as_much =
            |row: &PurchaseRow| row.payment.state == PaymentState::Succeeded && row.payment.amount == *amount;
        let told = self.store.purchase_by_receipt(*provider, receipt)?;
        let Some(row) = told.filter(is_as_much) else {
            return Ok(());
        };
        let message = format!(
            "this is the receipt of purchase {}: allocate it to that purchase",
            row.id
        );
        Err(Refusal::conflict("receipt_of_purchase", message)
            .with_id(row.id.0)
            .into())
    }

    /// Refuses an order that takes another purchase's receipt, or that names another one for money that came: the money's
    /// own line would then be new money. Nor is a purchase closed whose money came: that would leave it in suspense with
    /// nobody to ask for it.
    pub(super) fn may_be_ordered(&self, row: &PurchaseRow, order: &PaymentOrder) -> Result<(), Halt> {
        match order {
            PaymentOrder::Credit { receipt: Some(receipt) } => {
                let is_kept = row.settled.is_some() && row.payment.state != PaymentState::Succeeded;
                if let Some(own) = row.payment.receipt.as_ref().filter(|own| is_kept && *own != receipt) {
                    let message = format!("its money came under receipt {own}: credit it under that one, or type none");
                    return Err(Refusal::conflict("purchase_settled", message).into());
                }
                // Typed twice, one payment would be given twice: nothing but its line tells whose it is.
                let other = match row.provider {
                    Some(provider) => self.store.settled_under(provider, receipt, row.id)?,
                    None => None,
                };
                match other {
                    Some(other) => Err(receipt_of(&other).into()),
                    None => self.is_receipt_of_no_other(row, receipt),
                }
            }
            PaymentOrder::Close if row.settled.is_some() && row.payment.state != PaymentState::Succeeded => {
                let message = "its money came and lies in suspense, because what was paid for could not be given: make \
                               that possible again, then credit the purchase";
                Err(Refusal::conflict("money_in_suspense", message).into())
            }
            _ => Ok(()),
        }
    }

    /// Whether the money of this purchase came under the receipt that it is said to have.
    pub(super) fn has_money_under_its_receipt(&self, row: &PurchaseRow) -> Result<bool, HubError> {
        let (Some(provider), Some(receipt)) = (row.provider, &row.payment.receipt) else {
            return Ok(false);
        };
        let place = self.store.money(provider, receipt)?.map(|money| money.place);
        Ok(place == Some(MoneyPlace::Purchase(row.id)))
    }

    /// A receipt that is proven for one purchase is no other's.
    fn is_receipt_of_no_other(&self, row: &PurchaseRow, receipt: &ProviderReceipt) -> Result<(), Halt> {
        let other = match row.provider {
            Some(provider) => self.store.purchase_by_receipt(provider, receipt)?,
            None => None,
        };
        match other.filter(|other| other.id != row.id && other.payment.receipt_proven) {
            None => Ok(()),
            Some(other) => Err(receipt_of(&other).into()),
        }
    }

    /// An operator says that money in suspense is a purchase's.
    pub(super) fn allocate_to_purchase(&mut self, money: &MoneyRow, purchase: PurchaseId) -> Result<(), Halt> {
        let Arrival {
            provider,
            receipt,
            amount,
            ..
        } = &money.arrival;
        let found = self.store.purchase(purchase)?;
        let row = found.ok_or_else(|| Refusal::not_found("purchase"))?;
        if row.provider != Some(*provider) || row.payment.amount != *amount {
            let message = format!(
                "that purchase is not one of {amount} by {provider}; allocate the money to the customer's wallet instead"
            );
            return Err(Refusal::conflict("other_amount", message).into());
        }
        self.is_receipt_of_no_other(&row, receipt)?;
        let waits = !row.payment.receipt_proven || row.payment.receipt.as_ref() == Some(receipt);
        match row.payment.state {
            // Its money was booked when it was settled: this is the same money.
            PaymentState::Succeeded if waits => Ok(self.take_from_suspense(money, row)?),
            PaymentState::Created | PaymentState::Succeeded => {
                let message = "that purchase is settled under another receipt, or was never sent";
                Err(Refusal::conflict("purchase_settled", message).into())
            }
            _ => {
                let order = PaymentOrder::Credit {
                    receipt: Some(receipt.clone()),
                };
                let row = self.step_payment(row, PaymentEvent::Ordered(order))?;
                match row.payment.state {
                    PaymentState::Succeeded => Ok(()),
                    _ => {
                        let message = "that purchase cannot be given now; nothing was changed";
                        Err(Refusal::conflict("cannot_be_given", message).into())
                    }
                }
            }
        }
    }
}

fn receipt_of(other: &PurchaseRow) -> Refusal {
    let message = format!("this receipt is that of purchase {}", other.id);
    Refusal::conflict("receipt_reused", message).with_id(other.id.0)
}
