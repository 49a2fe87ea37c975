//! Purchases and their payments, from the prompt to the litres.
//!
//! The order is always: paid, updated, recorded, told (FEATURES A43), in one transaction. Whether a payment may succeed
//! is [`kiosk::payment::step`]'s to say; what a success gives is said here.

use kiosk::{
    fact::{AnsweredState, PurchaseAsked, PurchaseItem},
    ids::{ProviderReference, RecordId},
    ledger::{Postings, Purpose, Source},
    moment::{DAY_MS, MINUTE_MS},
    payment::{
        Msisdn, Payment, PaymentAudit, PaymentEffect, PaymentEvent, PaymentNotice, PaymentOrder, PaymentState,
        PushAnswer, QueryAnswer, Report, step,
    },
    phone::Phone,
    provider::Provider,
    units::Money,
};
use store::journal::SqlLogs;
use sync::doubt::hub_effects_allowed;

use super::{
    effect::{Effect, LiveEvent, Prompt, Refusal, Response},
    input::{Actor, CallbackName, Item, NewPurchase, Pay, PurchaseId},
    store::{CustomerRow, PurchaseKind, PurchaseRow},
    turn::{Halt, HubError, Turn},
};

/// An open purchase whose payment nobody knows stops blocking an equal one after this (CONTRACTS section 6).
const UNKNOWN_BLOCKS_MS: i64 = 5 * MINUTE_MS;
/// A purchase asked at a site longer ago than this is not started any more.
const ASKED_MAX_MS: i64 = DAY_MS;

impl Turn<'_> {
    /// Starts a purchase.
    pub fn create_purchase(&mut self, by: &Actor, new: &NewPurchase) -> Result<Response, Halt> {
        let customer = self.known_customer(new.customer)?;
        let (kind, amount) = self.priced(&customer, &new.item)?;
        let phone = match &new.phone {
            Some(phone) => self.phone(phone)?,
            None => customer
                .phone
                .ok_or_else(|| Refusal::invalid("phone", "missing", "this customer has no phone"))?,
        };
        if let Some(open) = self.equal_open(&customer, &kind, amount)? {
            return Err(Refusal::conflict("purchase_open", "an equal purchase is open")
                .with_id(open.0)
                .into());
        }
        let mut row = self.new_purchase(&customer, kind, amount, phone, new.pay, new.provider);
        match new.pay {
            Pay::Wallet => self.pay_from_wallet(&customer, &mut row)?,
            Pay::Prompt => {
                self.store.put_purchase(&row)?;
                row = self.step_payment(row, PaymentEvent::Start)?;
            }
        }
        let detail = format!("{} {}", row.kind.name(), row.payment.amount);
        self.audit(by, "purchase created", &format!("{:016x}", row.id.0), &detail)?;
        Ok(Response::Purchase {
            purchase: row.id,
            state: row.payment.state,
        })
    }

    /// What is bought, and what it costs.
    fn priced(&self, customer: &CustomerRow, item: &Item) -> Result<(PurchaseKind, Money), Halt> {
        let priced = match item {
            Item::Litres(volume) => (PurchaseKind::Topup(*volume), self.settings.tariff.price(*volume)),
            Item::Deposit(minor) => (PurchaseKind::Deposit, self.money(*minor).rounded_up()),
            Item::Plan(name) => {
                let plan = self
                    .settings
                    .plans
                    .get(name)
                    .ok_or_else(|| Refusal::invalid("plan", "unknown_plan", format!("there is no plan {name}")))?;
                let site = customer.site.clone().ok_or_else(|| {
                    Refusal::conflict(
                        "no_site",
                        "a subscription belongs to a site, and this customer has none",
                    )
                })?;
                let kind = PurchaseKind::Subscription {
                    plan: name.clone(),
                    site,
                };
                (kind, plan.price(self.settings.currency))
            }
            Item::Bill => {
                let message = "bills cannot be paid here yet";
                return Err(Refusal::invalid("kind", "not_available", message).into());
            }
        };
        if priced.1.minor <= 0 {
            return Err(Refusal::invalid("amount_minor", "out_of_range", "there is nothing to pay").into());
        }
        Ok(priced)
    }

    /// An equal purchase that may still come to something.
    fn equal_open(
        &self,
        customer: &CustomerRow,
        kind: &PurchaseKind,
        amount: Money,
    ) -> Result<Option<PurchaseId>, HubError> {
        let is_fresh = |row: &PurchaseRow| match row.payment.state {
            PaymentState::Created | PaymentState::Submitting | PaymentState::Pending => true,
            PaymentState::Unknown => self.now().0 - row.payment.since.0 <= UNKNOWN_BLOCKS_MS,
            _ => false,
        };
        let open = self.store.open_purchases(customer.id)?;
        let equal = open
            .iter()
            .find(|row| row.kind == *kind && row.payment.amount == amount && is_fresh(row));
        Ok(equal.map(|row| row.id))
    }

    fn new_purchase(
        &mut self,
        customer: &CustomerRow,
        kind: PurchaseKind,
        amount: Money,
        phone: Phone,
        pay: Pay,
        provider: Option<Provider>,
    ) -> PurchaseRow {
        let offered = |provider: &Provider| self.settings.providers.contains(provider);
        let network = self.settings.prefixes.network(phone);
        let usual = network.and_then(|network| network.provider()).filter(offered);
        let provider = provider
            .filter(offered)
            .or(usual)
            .or_else(|| self.settings.providers.first().copied())
            .filter(|_| pay == Pay::Prompt);
        let reference = provider.and_then(|provider| self.own_reference(provider));
        PurchaseRow {
            id: PurchaseId(self.throw_number()),
            customer: customer.id,
            kind,
            pay,
            provider,
            token: hex::encode(&self.throw()[..16]),
            payment: Payment::new(amount, msisdn(phone), reference, self.now()),
            asked: None,
            created: self.now(),
            settled: None,
        }
    }

    /// The reference that we choose, for providers that let us: a UUID for MTN, a number of our own for Airtel.
    fn own_reference(&mut self, provider: Provider) -> Option<ProviderReference> {
        let digits = hex::encode(&self.throw()[..16]);
        let written = match provider {
            Provider::Mtn => {
                // RFC 9562 version 4: the version and the variant are fixed, the rest is random.
                let (a, b, c, d, e) = (
                    &digits[..8],
                    &digits[8..12],
                    &digits[13..16],
                    &digits[17..20],
                    &digits[20..],
                );
                format!("{a}-{b}-4{c}-a{d}-{e}")
            }
            Provider::Airtel => digits,
            Provider::Mpesa | Provider::Intasend => return None,
        };
        written.parse().ok()
    }

    fn pay_from_wallet(&mut self, customer: &CustomerRow, row: &mut PurchaseRow) -> Result<(), Halt> {
        if row.kind == PurchaseKind::Deposit {
            return Err(Refusal::invalid("pay", "bad_pay", "a deposit is paid by a prompt").into());
        }
        let held = self.wallet_minor(customer.id)?;
        if held < row.payment.amount.minor {
            let message = format!("the wallet holds {}", self.money(held));
            return Err(Refusal::conflict("wallet_too_small", message).into());
        }
        row.payment.state = PaymentState::Succeeded;
        row.settled = Some(self.now());
        self.store.put_purchase(row)?;
        self.deliver(row, Source::Wallet, &format!("wallet:{:016x}", row.id.0))?;
        self.tell_paid(row)?;
        Ok(())
    }

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
    pub fn called_back(&mut self, name: &CallbackName, report: Report) -> Result<(), HubError> {
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

    /// A site asked for a purchase while it had no link: started once per record, unless it is too old (PROTOCOL
    /// rule 27).
    pub fn fold_purchase_asked(&mut self, id: RecordId, asked: &PurchaseAsked) -> Result<(), HubError> {
        let is_old = self.now().0 - asked.time.0 > ASKED_MAX_MS;
        let root = self.store.root(asked.customer)?;
        let customer = self
            .store
            .customer(root)?
            .filter(|row| row.phone.is_some() && row.account.is_some());
        let (false, Some(customer)) = (is_old, customer) else {
            return self.answer(id, AnsweredState::Refused);
        };
        let item = match &asked.item {
            PurchaseItem::Litres(volume) => Item::Litres(*volume),
            PurchaseItem::Deposit(minor) => Item::Deposit(*minor),
            PurchaseItem::Plan(plan) => Item::Plan(plan.clone()),
            PurchaseItem::Bill => Item::Bill,
        };
        let (kind, amount) = match self.priced(&customer, &item) {
            Ok(priced) => priced,
            Err(Halt::Broken(error)) => return Err(error),
            Err(Halt::Refused(_) | Halt::Kept(_)) => return self.answer(id, AnsweredState::Refused),
        };
        let (None, Some(phone)) = (self.equal_open(&customer, &kind, amount)?, customer.phone) else {
            return self.answer(id, AnsweredState::Refused);
        };
        let mut row = self.new_purchase(&customer, kind, amount, phone, Pay::Prompt, None);
        row.asked = Some(id);
        self.answer(id, AnsweredState::Taken)?;
        if hub_effects_allowed(&SqlLogs::new(self.store.0), id.log.box_id)? {
            self.store.put_purchase(&row)?;
            return self.step_payment(row, PaymentEvent::Start).map(drop);
        }
        // A restored hub may have started it already: a person looks at the statement first (PROTOCOL rule 18).
        row.payment.state = PaymentState::NeedsOperator;
        self.store.put_purchase(&row)?;
        self.alarm(
            "purchase_after_restore",
            format!(
                "purchase {:016x}: asked at a site before the restore; look at the statement",
                row.id.0
            ),
        )
    }

    /// Gives what was paid for, and records it.
    fn deliver(&mut self, row: &PurchaseRow, source: Source, name: &str) -> Result<(), HubError> {
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

/// A phone as payments carry it.
fn msisdn(phone: Phone) -> Msisdn {
    Msisdn(phone.msisdn().parse().unwrap_or_default())
}
