//! Payments of purchases, from the prompt to the litres.
//!
//! The order is always: paid, updated, recorded, told (FEATURES A43), in one transaction. Whether a payment may succeed
//! is [`kiosk::payment::step`]'s to say; what a success gives is said here.

use kiosk::{
    fact::AnsweredState,
    ledger::{Postings, Purpose, Source},
    payment::{
        PaymentAudit, PaymentEffect, PaymentEvent, PaymentNotice, PaymentOrder, PaymentState, PushAnswer, QueryAnswer,
        Report, step,
    },
    provider::Provider,
    units::Money,
};

use super::{
    effect::{Effect, LiveEvent, Prompt, Refusal, Response},
    input::{Actor, CallbackName, Pay, PurchaseId, ReplyId},
    store::{PurchaseKind, PurchaseRow},
    turn::{Halt, HubError, Turn},
};

impl Turn<'_> {
    /// A provider answered a call.
    pub fn provider_answered(&mut self, purchase: PurchaseId, event: PaymentEvent) -> Result<(), HubError> {
        match self.store.purchase(purchase)? {
            Some(row) => self.guarded_step(row, event),
            None => self.audit_as(
                "provider",
                "answer without a purchase",
                &format!("{:016x}", purchase.0),
                "",
            ),
        }
    }

    /// A provider called back.
    pub fn called_back(&mut self, reply: ReplyId, name: &CallbackName, report: Report) -> Result<(), HubError> {
        self.effects.push(Effect::Reply {
            reply,
            answer: Ok(Response::Done),
        });
        let row = match name {
            CallbackName::Token(token) => self.store.purchase_by_token(token)?,
            CallbackName::Reference { provider, reference } => {
                self.store.purchase_by_reference(*provider, reference)?
            }
        };
        match row {
            Some(row) => self.guarded_step(row, PaymentEvent::CalledBack(report)),
            None => self.audit_as("provider", "callback without a purchase", "", ""),
        }
    }

    /// A reference and a receipt belong to one payment: an event that names another's is written down and goes no
    /// further.
    fn guarded_step(&mut self, row: PurchaseRow, event: PaymentEvent) -> Result<(), HubError> {
        let (reference, receipt) = match &event {
            PaymentEvent::CalledBack(report) | PaymentEvent::QueryAnswered(QueryAnswer::Report(report)) => {
                (report.reference.clone(), report.receipt.clone())
            }
            PaymentEvent::PushAnswered(PushAnswer::Accepted { reference }) => (reference.clone(), None),
            _ => (None, None),
        };
        let subject = format!("{:016x}", row.id.0);
        if let (Some(provider), Some(reference)) = (row.provider, &reference)
            && let Some(other) = self.store.purchase_by_reference(provider, reference)?
            && other.id != row.id
        {
            return self.audit_as(provider.name(), "reference of another purchase", &subject, "");
        }
        if let (Some(provider), Some(receipt)) = (row.provider, &receipt)
            && let Some(other) = self.store.purchase_by_receipt(provider, receipt)?
            && other.id != row.id
        {
            self.audit_as(provider.name(), "receipt of another purchase", &subject, "")?;
            return self.alarm(
                "receipt_reused",
                format!("purchase {subject}: its receipt settled another purchase"),
            );
        }
        self.step_payment(row, event).map(drop)
    }

    /// An operator decides.
    pub fn order_payment(&mut self, by: &Actor, purchase: PurchaseId, order: PaymentOrder) -> Result<Response, Halt> {
        let row = self
            .store
            .purchase(purchase)?
            .ok_or_else(|| Refusal::not_found("purchase"))?;
        if row.pay == Pay::Wallet {
            return Err(Refusal::conflict("paid_from_wallet", "nothing is open about it").into());
        }
        if let (PaymentOrder::Credit { receipt: Some(receipt) }, Some(provider)) = (&order, row.provider)
            && let Some(other) = self.store.purchase_by_receipt(provider, receipt)?
            && other.id != row.id
        {
            let message = "this receipt settled another purchase";
            return Err(Refusal::conflict("receipt_reused", message).with_id(other.id.0).into());
        }
        let action = match &order {
            PaymentOrder::Credit { .. } => "payment credited",
            PaymentOrder::Close => "payment closed",
            PaymentOrder::AskAgain => "payment asked about again",
        };
        self.audit(by, action, &format!("{:016x}", purchase.0), "")?;
        let row = self.step_payment(row, PaymentEvent::Ordered(order))?;
        Ok(Response::Purchase {
            purchase,
            state: row.payment.state,
        })
    }

    /// Takes a payment one event further and does what comes of it.
    pub fn step_payment(&mut self, mut row: PurchaseRow, event: PaymentEvent) -> Result<PurchaseRow, HubError> {
        let before = row.payment.state;
        let (payment, effects) = step(&self.settings.payments, &row.payment, self.moment, event);
        row.payment = payment;
        if effects
            .iter()
            .any(|effect| matches!(effect, PaymentEffect::Settle { .. }))
        {
            row.settled = Some(self.now());
        }
        self.store.put_purchase(&row)?;
        for effect in effects {
            self.payment_effect(&row, effect)?;
        }
        if row.payment.state != before {
            self.purchase_moved(&row)?;
        }
        Ok(row)
    }

    fn payment_effect(&mut self, row: &PurchaseRow, effect: PaymentEffect) -> Result<(), HubError> {
        let Some(provider) = row.provider else {
            return Ok(());
        };
        match effect {
            PaymentEffect::Submit => self.submit(row, provider),
            PaymentEffect::Query(reference) => {
                self.effects.push(Effect::Query {
                    purchase: row.id,
                    provider,
                    reference,
                });
                Ok(())
            }
            // The due time is in the row.
            PaymentEffect::WakeAt(_) => Ok(()),
            PaymentEffect::Settle { receipt } => {
                let name = match (&receipt, &row.payment.reference) {
                    (Some(receipt), _) => receipt.to_string(),
                    (None, Some(reference)) => format!("reference {reference}"),
                    (None, None) => format!("purchase {:016x}", row.id.0),
                };
                let no_fee = Money::new(0, row.payment.amount.currency);
                self.deliver(row, Source::Till(provider, no_fee), &format!("{provider}:{name}"))
            }
            PaymentEffect::ReceiptKnown(_) => {
                self.audit_as(provider.name(), "receipt known", &format!("{:016x}", row.id.0), "")
            }
            PaymentEffect::Tell(notice) => self.tell_payment(row, notice),
            PaymentEffect::Audit(audit) => self.note_payment(row, provider, &audit),
        }
    }

    fn submit(&mut self, row: &PurchaseRow, provider: Provider) -> Result<(), HubError> {
        let customer = self.store.customer(row.customer)?;
        let Some(account) = customer.and_then(|customer| customer.account) else {
            return self.alarm(
                "no_account",
                format!("purchase {:016x}: its customer has no account", row.id.0),
            );
        };
        self.effects.push(Effect::Submit(Prompt {
            purchase: row.id,
            provider,
            amount: row.payment.amount,
            payer: row.payment.payer,
            reference: row.payment.reference.clone(),
            token: row.token.clone(),
            account,
        }));
        Ok(())
    }

    fn note_payment(&mut self, row: &PurchaseRow, provider: Provider, audit: &PaymentAudit) -> Result<(), HubError> {
        let subject = format!("{:016x}", row.id.0);
        let (action, alarm) = match audit {
            PaymentAudit::Unexpected => ("unexpected event", None),
            PaymentAudit::ForeignReference => ("another payment's reference", None),
            PaymentAudit::ReferenceReplaced => ("reference replaced", None),
            PaymentAudit::Mismatch => ("another amount or phone", Some("payment_mismatch")),
            PaymentAudit::SecondReceipt(_) => ("second receipt", Some("second_receipt")),
            PaymentAudit::Contradiction => ("contradicting answers", None),
            PaymentAudit::UnknownCode => ("unknown code", None),
            PaymentAudit::OurConfiguration => ("our set-up is wrong", Some("provider_setup")),
            PaymentAudit::GaveUp => ("asked for too long", Some("payment_unknown")),
            PaymentAudit::NoReference => ("no reference to ask by", Some("payment_unknown")),
            PaymentAudit::OrderRefused => ("order refused", None),
        };
        self.audit_as(provider.name(), action, &subject, "")?;
        match alarm {
            Some(code) => self.alarm(code, format!("purchase {subject} at {provider}: {action}")),
            None => Ok(()),
        }
    }

    /// Pages and the site that asked hear of it.
    fn purchase_moved(&mut self, row: &PurchaseRow) -> Result<(), HubError> {
        self.live(LiveEvent::Purchase {
            purchase: row.id,
            customer: row.customer,
            state: row.payment.state,
        });
        let Some(asked) = row.asked else {
            return Ok(());
        };
        match row.payment.state {
            PaymentState::Succeeded => self.answer(asked, AnsweredState::Done),
            state if state.is_unhappy_end() => self.answer(asked, AnsweredState::Refused),
            _ => Ok(()),
        }
    }

    /// Gives what was paid for, and records it.
    pub fn deliver(&mut self, row: &PurchaseRow, source: Source, name: &str) -> Result<(), HubError> {
        let amount = row.payment.amount;
        // A merged customer's purchase counts as the one's who stays.
        let customer = self.store.root(row.customer)?;
        let site = self.store.customer(customer)?.and_then(|customer| customer.site);
        let purpose = match row.kind {
            PurchaseKind::Deposit => Purpose::Deposit,
            PurchaseKind::Topup(_) | PurchaseKind::Subscription { .. } => Purpose::Water,
        };
        let key = super::credit_id(name);
        if self.store.has_credit(key)? {
            let subject = format!("{:016x}", row.id.0);
            return self.alarm(
                "receipt_reused",
                format!("purchase {subject}: {name} was credited before"),
            );
        }
        self.book("payment", Postings::paid(source, customer, purpose, amount))?;
        match &row.kind {
            PurchaseKind::Deposit => {
                self.note_deposit(key, customer, amount, name)?;
                self.remember(customer, site.as_ref(), "deposit", 0, amount.minor)?;
            }
            PurchaseKind::Topup(volume) => {
                self.credit_litres(key, customer, *volume, amount, name)?;
                self.remember(customer, site.as_ref(), "topup", volume.signed_ml(), amount.minor)?;
            }
            PurchaseKind::Subscription { plan, site } => {
                self.subscribe(key, customer, site, plan, amount, name)?;
                self.remember(customer, Some(site), "subscription", 0, amount.minor)?;
            }
        }
        self.audit_as(name, "paid", &format!("{:016x}", row.id.0), &amount.to_string())
    }

    fn tell_payment(&mut self, row: &PurchaseRow, notice: PaymentNotice) -> Result<(), HubError> {
        use kiosk::talk::Text;
        let amount = row.payment.amount;
        match notice {
            PaymentNotice::Succeeded => self.tell_paid(row),
            PaymentNotice::Retry | PaymentNotice::Failed(_) => self.say(row.customer, &Text::PaymentRetry { amount }),
            PaymentNotice::Cancelled => self.say(row.customer, &Text::PaymentCancelled { amount }),
            PaymentNotice::Expired => self.say(row.customer, &Text::PaymentExpired { amount }),
        }
    }
}
