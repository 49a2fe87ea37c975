//! Payments of purchases, from the prompt to the litres.
//!
//! The order is always: paid, updated, recorded, told (FEATURES A43), in one transaction. Whether a payment may succeed
//! is [`kiosk::payment::step`]'s to say; what a success gives is said here.

use kiosk::{
    fact::AnsweredState,
    ids::ProviderReceipt,
    ledger::{Postings, Purpose, Source},
    payment::{
        PaymentAudit, PaymentEffect, PaymentEvent, PaymentNotice, PaymentOrder, PaymentState, ProviderVerdict,
        PushAnswer, QueryAnswer, Report, step,
    },
    provider::Provider,
    units::Money,
};

use super::{
    effect::{Effect, LiveEvent, Prompt, Refusal, Response},
    input::{Actor, CallbackName, Pay, PurchaseId, ReplyId, Service},
    ledger::Event,
    money::MoneyPlace,
    store::{MoneyRow, PurchaseKind, PurchaseRow},
    turn::{Halt, HubError, Turn},
};

/// What became of money that a payment brought.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Settled {
    /// What was paid for was given.
    Given,
    /// It could not be given: the money lies in suspense.
    InSuspense,
    /// Nothing was booked: it was booked before, as other money.
    Nothing,
}

impl Turn<'_> {
    /// A provider answered a call.
    pub fn provider_answered(&mut self, purchase: PurchaseId, event: PaymentEvent) -> Result<(), HubError> {
        match self.store.purchase(purchase)? {
            Some(row) => {
                let unanswered = match &event {
                    PaymentEvent::PushAnswered(PushAnswer::NoAnswer) => Some("no answer to a prompt"),
                    PaymentEvent::QueryAnswered(QueryAnswer::NoAnswer) => Some("no answer to a question"),
                    _ => None,
                };
                if let Some(action) = unanswered {
                    let provider = row.provider.map_or("provider", Provider::name);
                    self.audit_as(provider, action, &purchase.to_string(), "")?;
                }
                self.guarded_step(row, event)
            }
            None => self.audit_as("provider", "answer without a purchase", &purchase.to_string(), ""),
        }
    }

    /// A provider called back. Every word of it stands in the audit, also the second and one of a month ago.
    pub fn called_back(&mut self, reply: ReplyId, name: &CallbackName, report: Report) -> Result<(), HubError> {
        self.effects.push(Effect::Reply {
            reply,
            answer: Ok(Response::Done),
        });
        let row = match name {
            CallbackName::Token { provider, token } => self
                .store
                .purchase_by_token(token)?
                .filter(|row| row.provider == Some(*provider)),
            CallbackName::Reference { provider, reference } => {
                self.store.purchase_by_reference(*provider, reference)?
            }
        };
        match (row, name) {
            (Some(row), _) => {
                let provider = row.provider.map_or("provider", Provider::name);
                let receipt = report.receipt.as_ref().map_or("-", ProviderReceipt::as_str);
                let claim = format!("{} receipt {receipt}", report.verdict.name());
                self.audit_as(provider, "callback", &row.id.to_string(), &claim)?;
                self.guarded_step(row, PaymentEvent::CalledBack(report))
            }
            (None, CallbackName::Reference { provider, reference })
                if self.payout_called_back(*provider, reference, &report)? =>
            {
                Ok(())
            }
            (None, _) => self.called_back_for_nothing(name, &report),
        }
    }

    /// Bytes that are no callback came where callbacks come.
    pub fn called_back_badly(&mut self, reply: ReplyId, service: Service, why: &str) -> Result<(), HubError> {
        self.effects.push(Effect::Reply {
            reply,
            answer: Ok(Response::Done),
        });
        self.audit_as(service.name(), "callback refused", "", why)
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
        let subject = row.id.to_string();
        if let (Some(provider), Some(reference)) = (row.provider, &reference)
            && let Some(other) = self.store.purchase_by_reference(provider, reference)?
            && other.id != row.id
        {
            return self.audit_as(provider.name(), "reference of another purchase", &subject, "");
        }
        if let (Some(provider), Some(receipt)) = (row.provider, &receipt)
            && let Some(other) = self.store.purchase_by_receipt(provider, receipt)?
            && other.id != row.id
            && !self.has_lost_receipt(other, &event)?
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
        self.may_be_ordered(&row, &order)?;
        let action = match &order {
            PaymentOrder::Credit { .. } => "payment credited",
            PaymentOrder::Close => "payment closed",
            PaymentOrder::AskAgain => "payment asked about again",
        };
        let before = row.payment.clone();
        let is_typed = matches!(order, PaymentOrder::Credit { receipt: Some(_) });
        let event = PaymentEvent::Ordered(order);
        let row = self.about(Event::Purchase(purchase), |turn| turn.stepped(row, event, is_typed))?;
        if row.payment == before {
            let message = format!("this cannot be done with a purchase that is {}", before.state.name());
            return Err(Refusal::conflict("order_refused", message).into());
        }
        self.audit(by, action, &purchase.to_string(), "")?;
        Ok(Response::Purchase {
            purchase,
            state: row.payment.state,
        })
    }

    /// Takes a payment one event further and does what comes of it.
    pub fn step_payment(&mut self, row: PurchaseRow, event: PaymentEvent) -> Result<PurchaseRow, HubError> {
        self.about(Event::Purchase(row.id), |turn| turn.stepped(row, event, false))
    }

    /// `is_typed`: an operator has typed its receipt. That is the purchase's only if it settles it.
    fn stepped(&mut self, mut row: PurchaseRow, event: PaymentEvent, is_typed: bool) -> Result<PurchaseRow, HubError> {
        let (before, settled_before) = (row.payment.state, row.settled);
        let receipt_before = (row.payment.receipt.clone(), row.payment.receipt_proven);
        // Settled before, and yet it comes to a step that settles: its money lies in suspense.
        let source = match (row.settled, row.provider) {
            (Some(_), _) => Source::Suspense,
            (None, provider) => Source::Till(provider.unwrap_or(Provider::Mpesa), self.money(0)),
        };
        let (mut is_given, mut is_booked) = (true, true);
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
            match effect {
                PaymentEffect::Settle { .. } => {
                    let settled = self.settle(&row, source.clone(), is_typed)?;
                    is_given = settled == Settled::Given;
                    is_booked = settled != Settled::Nothing;
                }
                PaymentEffect::Tell(PaymentNotice::Succeeded) if !is_given => {}
                effect => self.payment_effect(&row, effect)?,
            }
        }
        if !is_given {
            // No answer of the provider may settle it again: it waits for an operator's word.
            row.payment.state = PaymentState::NeedsOperator;
            row.payment.mismatched = true;
            if !is_booked {
                // What lay in suspense before this step lies there still.
                row.settled = settled_before;
                if is_typed {
                    (row.payment.receipt, row.payment.receipt_proven) = receipt_before;
                }
            }
            self.store.put_purchase(&row)?;
        }
        if is_typed && is_booked {
            // Only its money proves a receipt: whoever mistyped it has hidden no other line by it.
            row.payment.receipt_proven = self.has_money_under_its_receipt(&row)?;
            self.store.put_purchase(&row)?;
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
            // The due time is in the row; what settles is done by `stepped`, which must know whether anything was given.
            PaymentEffect::WakeAt(_) | PaymentEffect::Settle { .. } => Ok(()),
            PaymentEffect::ReceiptKnown(receipt) => self.receipt_known(row, &receipt),
            PaymentEffect::Tell(notice) => self.tell_payment(row, notice),
            PaymentEffect::Audit(audit) => self.note_payment(row, provider, &audit),
        }
    }

    /// Gives what was paid for. `is_typed`: its receipt was typed by an operator.
    fn settle(&mut self, row: &PurchaseRow, source: Source, is_typed: bool) -> Result<Settled, HubError> {
        let Some(provider) = row.provider else {
            return Ok(Settled::Nothing);
        };
        let receipt = row.payment.receipt.as_ref();
        let seen = match receipt {
            Some(receipt) => self
                .store
                .money(provider, receipt)?
                .filter(|money| money.place.is_booked()),
            None => None,
        };
        // One that only a callback told, or somebody typed, is nobody's name: it may be the receipt of other money.
        let is_known = row.payment.receipt_proven && (!is_typed || seen.is_some());
        let name = match (receipt.filter(|_| is_known), &row.payment.reference) {
            (Some(receipt), _) => receipt.to_string(),
            (None, Some(reference)) => format!("reference {reference}"),
            (None, None) => format!("purchase {}", row.id),
        };
        let mut taken = None;
        if let Some(money) = seen {
            let is_its_own = self.has_the_receipt_of(row, &money)?;
            match money.place {
                MoneyPlace::Suspense(_) if is_its_own => taken = Some(money),
                // Booked as this purchase's when nothing could be given for it, and in suspense since then.
                MoneyPlace::Purchase(id) if is_its_own && id == row.id && source == Source::Suspense => {}
                _ if is_its_own || row.payment.receipt_proven => {
                    let subject = format!("purchase {}: {provider} receipt {}", row.id, money.arrival.receipt);
                    self.alarm("receipt_reused", format!("{subject} is booked as other money"))?;
                    return Ok(Settled::Nothing);
                }
                _ => {}
            }
        }
        let source = if taken.is_some() { Source::Suspense } else { source };
        let is_new = source != Source::Suspense;
        if self.deliver(row, source, &format!("{provider}:{name}"))? {
            if let Some(money) = taken {
                let place = MoneyPlace::Purchase(row.id);
                self.store.put_money(&MoneyRow { place, ..money }, self.now())?;
            }
            return Ok(Settled::Given);
        }
        // Credited under this name before: then this money has been booked before, too.
        if is_new && self.store.has_credit(super::credit_id(&format!("{provider}:{name}")))? {
            return Ok(Settled::Nothing);
        }
        if is_new {
            let amount = row.payment.amount;
            let no_fee = Money::new(0, amount.currency);
            self.book("payment in suspense", Postings::unallocated(provider, amount, no_fee))?;
        }
        Ok(Settled::InSuspense)
    }

    /// A callback that fits nothing may tell of money: what it says is kept, and somebody looks.
    fn called_back_for_nothing(&mut self, name: &CallbackName, report: &Report) -> Result<(), HubError> {
        let (provider, reference) = match name {
            CallbackName::Token { provider, .. } => (provider, report.reference.as_ref()),
            CallbackName::Reference { provider, reference } => (provider, Some(reference)),
        };
        let reference = reference.map_or("-", |reference| reference.as_str());
        let receipt = report.receipt.as_ref().map_or("-", ProviderReceipt::as_str);
        let amount = report
            .amount
            .map_or_else(|| "-".to_owned(), |amount| amount.to_string());
        let detail = format!("{}, receipt {receipt}, {amount}", report.verdict.name());
        self.audit_as(provider.name(), "callback without a purchase", reference, &detail)?;
        if report.verdict != ProviderVerdict::Paid {
            return Ok(());
        }
        self.alarm(
            "paid_without_purchase",
            format!("{provider} tells of a payment that this hub did not ask for: {reference}, {detail}"),
        )
    }

    fn submit(&mut self, row: &PurchaseRow, provider: Provider) -> Result<(), HubError> {
        let customer = self.store.customer(row.customer)?;
        let Some(account) = customer.and_then(|customer| customer.account) else {
            return self.alarm(
                "no_account",
                format!("purchase {}: its customer has no account", row.id),
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
            // The other half is for the answer: who has none when it is over counts the prompt as sent.
            send_before: row.payment.since.plus_ms(self.settings.payments.answer_within_ms / 2),
        }));
        Ok(())
    }

    fn note_payment(&mut self, row: &PurchaseRow, provider: Provider, audit: &PaymentAudit) -> Result<(), HubError> {
        let subject = row.id.to_string();
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

    /// Gives what was paid for, and records it. `false` when nothing can be given: then nothing was booked either.
    pub fn deliver(&mut self, row: &PurchaseRow, source: Source, name: &str) -> Result<bool, HubError> {
        let amount = row.payment.amount;
        // A merged customer's purchase counts as the one's who stays.
        let customer = self.store.root(row.customer)?;
        let site = self.store.customer(customer)?.and_then(|customer| customer.site);
        let purpose = match row.kind {
            PurchaseKind::Deposit | PurchaseKind::Bill => Purpose::Deposit,
            PurchaseKind::Topup(_) | PurchaseKind::Subscription { .. } => Purpose::Water,
        };
        let key = super::credit_id(name);
        if self.store.has_credit(key)? {
            let detail = format!("purchase {}: {name} was credited before", row.id);
            self.alarm("receipt_reused", detail)?;
            return Ok(false);
        }
        let sold = match &row.kind {
            PurchaseKind::Subscription { plan, site, terms } => self.sold(plan, site, terms.as_ref())?,
            PurchaseKind::Topup(_) | PurchaseKind::Deposit | PurchaseKind::Bill => None,
        };
        if let (PurchaseKind::Subscription { plan, .. }, None) = (&row.kind, &sold) {
            self.alarm(
                "plan_gone",
                format!("purchase {}: nobody knows what plan {plan} gives", row.id),
            )?;
            return Ok(false);
        }
        let deposited = match &row.kind {
            PurchaseKind::Bill => self.pay_bills(customer, source, amount)?,
            _ => {
                self.book("payment", Postings::paid(source, customer, purpose, amount))?;
                amount
            }
        };
        match &row.kind {
            PurchaseKind::Bill | PurchaseKind::Deposit => {
                let is_bill = matches!(row.kind, PurchaseKind::Bill);
                let kind = if is_bill { "bill_payment" } else { "deposit" };
                self.note_deposit(key, customer, amount, name)?;
                self.remember(customer, site.as_ref(), kind, 0, amount.minor)?;
                self.collect_loans(customer, row.id, deposited)?;
            }
            PurchaseKind::Topup(volume) => {
                self.credit_litres(key, customer, *volume, amount, name)?;
                self.remember(customer, site.as_ref(), "topup", volume.signed_ml(), amount.minor)?;
            }
            PurchaseKind::Subscription { site, .. } => {
                self.take_home_along(row)?;
                if let Some(sold) = &sold {
                    self.subscribe(key, customer, site, sold, amount, name)?;
                }
                self.remember(customer, Some(site), "subscription", 0, amount.minor)?;
            }
        }
        self.audit_as(name, "paid", &row.id.to_string(), &amount.to_string())?;
        Ok(true)
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
