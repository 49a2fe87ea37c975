//! Purchases: what may be bought, what it costs, and how it begins: at the hub, or asked at a site without a link.

use kiosk::{
    day::{Day, Zone},
    fact::{AnsweredState, PurchaseAsked, PurchaseItem},
    ids::{ProviderReference, RecordId, SiteName},
    ledger::Source,
    moment::MINUTE_MS,
    payment::{Msisdn, Payment, PaymentEvent, PaymentState},
    phone::Phone,
    provider::Provider,
    talk::{Text, sms::Answer},
    units::{Currency, Money},
};
use store::journal::SqlLogs;
use sync::doubt::hub_effects_allowed;

use super::{
    AMOUNT_MINOR_MAX,
    bill::BillingState,
    effect::{Refusal, Response},
    input::{Actor, Item, NewPurchase, Pay, PurchaseId},
    ledger::Event,
    store::{CustomerRow, PurchaseKind, PurchaseRow},
    turn::{Halt, HubError, Turn},
};

/// An open purchase whose payment nobody knows stops blocking an equal one after this (CONTRACTS section 6).
const UNKNOWN_BLOCKS_MS: i64 = 5 * MINUTE_MS;
/// An equal purchase is refused for so long after one succeeded: a second click, or a customer who saw no text yet. One
/// that came to nothing blocks nothing, for its customer is told to try again.
const SUCCEEDED_BLOCKS_MS: i64 = 2 * MINUTE_MS;

impl Turn<'_> {
    /// Starts a purchase.
    pub fn create_purchase(&mut self, by: &Actor, new: &NewPurchase) -> Result<Response, Halt> {
        self.create_purchase_at(by, new, None)
    }

    /// The same; a subscription to this site, where one is named, and not to the home.
    pub fn create_purchase_at(
        &mut self,
        by: &Actor,
        new: &NewPurchase,
        at: Option<&SiteName>,
    ) -> Result<Response, Halt> {
        let customer = self.known_customer(new.customer)?;
        if customer.account.is_none() {
            let message = "this customer is known by number alone; they register first";
            return Err(Refusal::conflict("no_account", message).into());
        }
        let (kind, amount) = self.priced(&customer, &new.item, at, new.pay)?;
        let phone = match &new.phone {
            Some(phone) => self.phone(phone)?,
            None => customer
                .phone
                .ok_or_else(|| Refusal::invalid("phone", "missing", "this customer has no phone"))?,
        };
        if let Some(open) = self.equal_open(&customer, &kind, amount)? {
            return Err(purchase_open(open).into());
        }
        let provider = match new.pay {
            Pay::Wallet => None,
            Pay::Prompt => Some(self.provider_for(phone, new.provider)?),
        };
        let mut row = self.new_purchase(&customer, kind, amount, phone, provider);
        match new.pay {
            Pay::Wallet => self.pay_from_wallet(&customer, &mut row)?,
            Pay::Prompt => {
                self.store.put_purchase(&row)?;
                row = self.step_payment(row, PaymentEvent::Start)?;
            }
        }
        let detail = format!("{} {}", row.kind.name(), row.payment.amount);
        self.audit(by, "purchase created", &row.id.to_string(), &detail)?;
        Ok(Response::Purchase {
            purchase: row.id,
            state: row.payment.state,
        })
    }

    /// What is bought, and what it costs.
    fn priced(
        &self,
        customer: &CustomerRow,
        item: &Item,
        at: Option<&SiteName>,
        pay: Pay,
    ) -> Result<(PurchaseKind, Money), Halt> {
        let priced = match item {
            Item::Litres(volume) => (PurchaseKind::Topup(*volume), self.settings.tariff.price(*volume)),
            Item::Deposit(minor) => (PurchaseKind::Deposit, self.money(*minor).rounded_up()),
            Item::Plan(name) => {
                self.needs_prepaid(customer)?;
                let plan = self
                    .settings
                    .plans
                    .get(name)
                    .ok_or_else(|| Refusal::invalid("plan", "unknown_plan", format!("there is no plan {name}")))?;
                let site = at.or(customer.site.as_ref()).cloned().ok_or_else(|| {
                    Refusal::conflict(
                        "no_site",
                        "a subscription belongs to a site, and this customer has none",
                    )
                })?;
                let kind = PurchaseKind::Subscription {
                    terms: self.terms_of(name, &site)?,
                    plan: name.clone(),
                    site,
                };
                (kind, plan.price(self.settings.currency))
            }
            Item::Bill(named) => {
                if self.owed(customer.id)?.minor == 0 {
                    let message = "no bill of this customer is open";
                    return Err(Refusal::conflict("no_open_bill", message).into());
                }
                (PurchaseKind::Bill, self.bill_amount(customer.id, *named, pay)?)
            }
        };
        if priced.1.minor <= 0 {
            return Err(Refusal::invalid("amount_minor", "out_of_range", "there is nothing to pay").into());
        }
        if priced.1.minor > AMOUNT_MINOR_MAX {
            let message = format!("at most {} can be paid at once", self.money(AMOUNT_MINOR_MAX));
            return Err(Refusal::invalid("amount_minor", "out_of_range", message).into());
        }
        Ok(priced)
    }

    /// An account is prepaid, subscribed or postpaid (FEATURES X16).
    fn needs_prepaid(&self, customer: &CustomerRow) -> Result<(), Halt> {
        let billing = self.store.billing(customer.id)?;
        if billing.is_some_and(|row| row.state != BillingState::Ended) {
            let message = "this customer pays by bill, and a subscription is paid ahead: end the one for the other";
            return Err(Refusal::conflict("postpaid", message).into());
        }
        Ok(())
    }

    /// An equal purchase that may still come to something, or has just done so.
    fn equal_open(
        &self,
        customer: &CustomerRow,
        kind: &PurchaseKind,
        amount: Money,
    ) -> Result<Option<PurchaseId>, HubError> {
        let is_fresh = |row: &PurchaseRow| match row.payment.state {
            PaymentState::Created | PaymentState::Submitting | PaymentState::Pending => true,
            // Since it was made: an operator who has the provider asked again does not shut the customer out again.
            PaymentState::Unknown => self.now().0 - row.created.0 <= UNKNOWN_BLOCKS_MS,
            PaymentState::Succeeded => row
                .settled
                .is_some_and(|settled| self.now().0 - settled.0 <= SUCCEEDED_BLOCKS_MS),
            // Nothing comes of it by itself any more, and no prompt of it is on any phone.
            _ => false,
        };
        let blocking_since = self.now().plus_ms(-SUCCEEDED_BLOCKS_MS);
        let recent = self.store.recent_purchases(customer.id, blocking_since)?;
        let equal = recent
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
        provider: Option<Provider>,
    ) -> PurchaseRow {
        let reference = provider.and_then(|provider| self.own_reference(provider));
        PurchaseRow {
            id: PurchaseId(self.throw_number()),
            customer: customer.id,
            kind,
            pay: match provider {
                Some(_) => Pay::Prompt,
                None => Pay::Wallet,
            },
            provider,
            token: hex::encode(&self.throw()[..16]),
            payment: Payment::new(amount, msisdn(phone), reference, self.now()),
            asked: None,
            created: self.now(),
            settled: None,
        }
    }

    /// Who is to collect it: the named one, else the phone's own, else the first, of those that collect the hub's
    /// currency. Without one nothing is begun.
    pub fn provider_for(&self, phone: Phone, named: Option<Provider>) -> Result<Provider, Refusal> {
        let providers = &self.settings.providers;
        if let Some(named) = named {
            return match self.collected_by(named) {
                _ if !providers.contains(&named) => {
                    let message = format!("{named} cannot be used here");
                    Err(Refusal::invalid("provider", "not_offered", message))
                }
                collected if collected != self.settings.currency => {
                    let message = format!("{named} takes {collected}, not {}", self.settings.currency);
                    Err(Refusal::invalid("provider", "currency_not_taken", message))
                }
                _ => Ok(named),
            };
        }
        let fitting = |provider: &Provider| {
            providers.contains(provider) && self.collected_by(*provider) == self.settings.currency
        };
        let network = self.settings.prefixes.network(phone);
        let usual = network.and_then(|network| network.provider()).and_then(|usual| {
            // IntaSend wraps M-PESA, and stands in where Daraja itself is not used.
            let stand_in = (usual == Provider::Mpesa).then_some(Provider::Intasend);
            [Some(usual), stand_in].into_iter().flatten().find(fitting)
        });
        let chosen = usual.or_else(|| providers.iter().copied().find(fitting));
        chosen.ok_or_else(|| match providers.is_empty() {
            true => Refusal::conflict("no_provider", "no payment provider is configured at this hub"),
            false => {
                let message = format!("no payment provider of this hub takes {}", self.settings.currency);
                Refusal::conflict("currency_not_taken", message)
            }
        })
    }

    fn collected_by(&self, provider: Provider) -> Currency {
        let collected = self.settings.collects.get(&provider).copied();
        collected.unwrap_or(self.settings.currency)
    }

    /// The reference that we choose, for providers that let us: a UUID for MTN, a number of our own for Airtel.
    pub fn own_reference(&mut self, provider: Provider) -> Option<ProviderReference> {
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

    /// What a site asked for, as it would be sold now.
    fn askable(&self, asked: &PurchaseAsked) -> Result<(CustomerRow, PurchaseKind, Money, Phone), Halt> {
        let root = self.store.root(asked.customer)?;
        let customer = self.store.customer(root)?.filter(|row| row.account.is_some());
        let known = customer.and_then(|row| row.phone.map(|phone| (row, phone)));
        let (customer, phone) = known.ok_or_else(|| Refusal::not_found("customer"))?;
        let item = match &asked.item {
            PurchaseItem::Litres(volume) => Item::Litres(*volume),
            PurchaseItem::Deposit(minor) => Item::Deposit(*minor),
            PurchaseItem::Plan(plan) => Item::Plan(plan.clone()),
            PurchaseItem::Bill => Item::Bill(None),
        };
        let (kind, amount) = self.priced(&customer, &item, None, Pay::Prompt)?;
        Ok((customer, kind, amount, phone))
    }

    /// The local day on which a site asked.
    fn asked_day(&self, id: RecordId, asked: &PurchaseAsked) -> Result<Day, HubError> {
        let site = self.store.enrolment(id.log.box_id)?.map(|enrolment| enrolment.site);
        let zone = match &site {
            Some(site) => self.zone_of(site)?,
            None => None,
        };
        let zone = zone.or_else(|| Zone::named(&self.settings.time_zone).ok());
        Ok(zone.unwrap_or_else(Zone::utc).day(asked.time))
    }

    fn refuse_asked(&mut self, id: RecordId, asked: &PurchaseAsked, why: &Text) -> Result<(), HubError> {
        self.say(asked.customer, why)?;
        self.answer(id, AnsweredState::Refused)
    }

    fn pay_from_wallet(&mut self, customer: &CustomerRow, row: &mut PurchaseRow) -> Result<(), Halt> {
        if row.kind == PurchaseKind::Deposit {
            return Err(Refusal::invalid("pay", "bad_pay", "a deposit is paid by a prompt").into());
        }
        self.refuse_in_doubt("what a wallet holds")?;
        let held = self.wallet_minor(customer.id)?;
        if held < row.payment.amount.minor {
            let message = format!("the wallet holds {}", self.money(held));
            return Err(Refusal::conflict("wallet_too_small", message).into());
        }
        row.payment.state = PaymentState::Succeeded;
        row.settled = Some(self.now());
        self.store.put_purchase(row)?;
        let name = format!("wallet:{}", row.id);
        if !self.about(Event::Purchase(row.id), |turn| turn.deliver(row, Source::Wallet, &name))? {
            let message = "this cannot be given now; nothing was taken from the wallet";
            return Err(Refusal::conflict("cannot_be_given", message).into());
        }
        self.tell_paid(row)?;
        Ok(())
    }

    /// A site asked for a purchase while it had no link: started once per record, unless it is too old (PROTOCOL
    /// rule 27). Whoever is refused is told why, for nobody at the kiosk can be.
    pub fn fold_purchase_asked(&mut self, id: RecordId, asked: &PurchaseAsked) -> Result<(), HubError> {
        let (customer, kind, amount, phone) = match self.askable(asked) {
            Ok(askable) => askable,
            Err(Halt::Broken(error)) => return Err(error),
            Err(Halt::Refused(_) | Halt::Kept(_) | Halt::Waits(_)) => {
                let asked_day = self.asked_day(id, asked)?;
                return self.refuse_asked(id, asked, &Text::PurchaseRefused { asked: asked_day });
            }
        };
        if self.now().0 - asked.time.0 > self.settings.asked_within_ms {
            let asked_day = self.asked_day(id, asked)?;
            return self.refuse_asked(id, asked, &Text::PurchaseLapsed { asked: asked_day });
        }
        if self.equal_open(&customer, &kind, amount)?.is_some() {
            return self.refuse_asked(id, asked, &Text::PurchaseOpen { amount });
        }
        let Ok(provider) = self.provider_for(phone, None) else {
            return self.refuse_asked(id, asked, &Text::Answer(Answer::NoPayments));
        };
        let mut row = self.new_purchase(&customer, kind, amount, phone, Some(provider));
        row.asked = Some(id);
        self.answer(id, AnsweredState::Taken)?;
        if hub_effects_allowed(&SqlLogs::new(self.store.0), id.log.box_id)? {
            self.store.put_purchase(&row)?;
            return self.step_payment(row, PaymentEvent::Start).map(drop);
        }
        // A restored hub may have started it already: a person looks at the statement first (PROTOCOL rule 18).
        row.payment.state = PaymentState::NeedsOperator;
        row.created = row.created.min(self.store.hub()?.doubt_since.unwrap_or(row.created));
        self.store.put_purchase(&row)?;
        self.alarm(
            "purchase_after_restore",
            format!(
                "purchase {}: asked at a site before the restore; look at the statement",
                row.id
            ),
        )
    }
}

/// The refusal of a purchase while an equal one is open or has just been paid.
fn purchase_open(open: PurchaseId) -> Refusal {
    let message = "an equal purchase is open or was paid within the last 2 minutes; look at it before you buy again";
    Refusal::conflict("purchase_open", message).with_id(open.0)
}

/// A phone as payments carry it.
pub(super) fn msisdn(phone: Phone) -> Msisdn {
    Msisdn(phone.msisdn().parse().unwrap_or_default())
}
