//! Where money belongs that came without a prompt, and what an operator decides about it. [`kiosk::incoming::place`] says
//! it; here it is looked up and booked, in one transaction and once per receipt.

use kiosk::{
    ids::{CustomerId, ProviderReceipt, PurchaseId, ShortCode},
    incoming::{self, Books, Candidate, Line, Named, Payer, Place, Proof, Reference, SeenAs, Why},
    ledger::{PayoutSource, Postings, Purpose, Source},
    payment::{PaymentEvent, PaymentOrder, PaymentState},
    provider::Provider,
    talk::Text,
};

use super::{
    effect::{Effect, Refusal, Response},
    input::{Actor, Allocation},
    ledger::Event,
    money::{Arrival, MoneyPlace, MoneySource},
    pull::APART_MS,
    store::{MoneyRow, PurchaseRow},
    turn::{Halt, HubError, Turn},
};

/// Rows that one tick places.
const BATCH_MAX: u32 = 100;
/// The longest reason that is kept.
const REASON_CHARS_MAX: usize = 200;

impl Turn<'_> {
    /// Finds the place of money that has none, books it, and writes it down. Nothing is booked while the hub is in doubt:
    /// what it forgot may have been booked before.
    pub fn place_money(&mut self, row: MoneyRow) -> Result<MoneyPlace, HubError> {
        let event = Event::Receipt(row.arrival.provider, row.arrival.receipt.clone());
        self.about(event, |turn| turn.placed(row))
    }

    fn placed(&mut self, mut row: MoneyRow) -> Result<MoneyPlace, HubError> {
        row.place = match self.line(&row) {
            None => {
                self.alarm_foreign(&row)?;
                MoneyPlace::Foreign
            }
            Some(_) if self.in_doubt()? => MoneyPlace::Waits,
            Some(line) => {
                let books = self.books_about(&row.arrival)?;
                self.done_with(&row, incoming::place(&line, &books))?
            }
        };
        self.store.put_money(&row, self.now())?;
        Ok(row.place)
    }

    /// Places what was proven while the hub was in doubt.
    pub fn place_what_waits(&mut self) -> Result<(), HubError> {
        if self.in_doubt()? {
            return Ok(());
        }
        for row in self.store.money_to_place(BATCH_MAX)? {
            self.place_money(row)?;
        }
        Ok(())
    }

    /// An operator's statement has this line. It proves the money.
    pub fn book_line(&mut self, by: &Actor, arrival: &Arrival) -> Result<Response, Halt> {
        let place = self.note_money(arrival, MoneySource::Statement)?;
        self.audit(by, "statement line", arrival.receipt.as_str(), place.name())?;
        Ok(Response::Money(place))
    }

    /// An operator says whose the money in suspense is.
    pub fn allocate_money(
        &mut self,
        by: &Actor,
        provider: Provider,
        receipt: &ProviderReceipt,
        to: &Allocation,
    ) -> Result<Response, Halt> {
        let event = Event::Receipt(provider, receipt.clone());
        self.about(event, |turn| turn.allocated(by, (provider, receipt), to))
    }

    fn allocated(
        &mut self,
        by: &Actor,
        (provider, receipt): (Provider, &ProviderReceipt),
        to: &Allocation,
    ) -> Result<Response, Halt> {
        self.refuse_in_doubt("what lies in suspense")?;
        let found = self.store.money(provider, receipt)?;
        let mut row = found.ok_or_else(|| Refusal::not_found("payment"))?;
        if !matches!(row.place, MoneyPlace::Suspense(_)) {
            let message = format!("this payment is not in suspense but: {}", row.place.name());
            return Err(Refusal::conflict("not_in_suspense", message).into());
        }
        if !matches!(to, Allocation::Purchase(_)) {
            self.is_of_no_purchase(&row)?;
        }
        let (action, detail) = match to {
            Allocation::Wallet(customer) => {
                let customer = self.known_customer(*customer)?.id;
                let name = format!("suspense {provider}:{receipt}");
                row.place = self.deposit(&row.arrival, customer, Source::Suspense, &name)?;
                ("money allocated to a wallet", customer.to_string())
            }
            Allocation::Purchase(purchase) => {
                self.allocate_to_purchase(&row, *purchase)?;
                row.place = MoneyPlace::Purchase(*purchase);
                ("money allocated to a purchase", purchase.to_string())
            }
            Allocation::Returned { reason } => {
                if reason.trim().is_empty() || reason.chars().count() > REASON_CHARS_MAX {
                    let message = format!("say how it was returned, in 1 to {REASON_CHARS_MAX} characters");
                    return Err(Refusal::invalid("returned", "bad_field", message).into());
                }
                let (amount, free) = (row.arrival.amount, self.money(0));
                let reserved = Postings::payout_reserved(provider, PayoutSource::Suspense, amount);
                self.book("money to be returned", reserved)?;
                self.book("money returned", Postings::payout_made(provider, amount, free))?;
                row.place = MoneyPlace::Returned;
                ("money returned", reason.trim().to_owned())
            }
        };
        self.store.put_money(&row, self.now())?;
        self.audit(by, action, receipt.as_str(), &detail)?;
        Ok(Response::Money(row.place))
    }

    /// The money as the rules want it; `None` for what is not ours.
    pub(super) fn line(&self, row: &MoneyRow) -> Option<Line> {
        let arrival = &row.arrival;
        let is_ours = self.settings.counter.short_codes.contains(&arrival.short_code)
            && arrival.amount.currency == self.settings.currency;
        Some(Line {
            provider: arrival.provider,
            short_code: arrival.short_code.parse().ok().filter(|_| is_ours)?,
            receipt: arrival.receipt.clone(),
            amount: arrival.amount,
            payer: arrival.payer.as_deref().map_or(Payer::Unknown, Payer::read),
            reference: arrival.reference.clone().unwrap_or_default(),
            time: arrival.time,
            proof: if row.proven { Proof::Proven } else { Proof::Claimed },
        })
    }

    fn books_about(&self, arrival: &Arrival) -> Result<Books, HubError> {
        let mut purchases = Vec::new();
        // A purchase that was told this receipt is the only one that counts; else it may be any of its amount.
        let told = self.store.purchase_by_receipt(arrival.provider, &arrival.receipt)?;
        let rows = match told.filter(|row| row.payment.state != PaymentState::Created) {
            Some(row) => vec![row],
            None => self.store.purchases_of_money(arrival)?,
        };
        for row in rows {
            // The till and the store behind it are one place; a hub has one.
            let Ok(short_code) = arrival.short_code.parse() else {
                continue;
            };
            purchases.extend(self.candidate(row, short_code)?);
        }
        Ok(Books {
            // A row that has its place does not come here.
            receipt_is_known: false,
            purchases,
            named: self.named(arrival.reference.as_deref().unwrap_or_default())?,
        })
    }

    pub(super) fn candidate(&self, row: PurchaseRow, short_code: ShortCode) -> Result<Option<Candidate>, HubError> {
        let customer = self.store.root(row.customer)?;
        let account = self.store.customer(row.customer)?.and_then(|customer| customer.account);
        let Some(provider) = row.provider else {
            return Ok(None);
        };
        Ok(Some(Candidate {
            id: row.id,
            customer,
            provider,
            short_code,
            state: row.payment.state,
            booked: row.settled.is_some(),
            mismatched: row.payment.mismatched,
            amount: row.payment.amount,
            payer: row.payment.payer,
            reference: account.map(|account| account.to_string()).unwrap_or_default(),
            receipt: row.payment.receipt,
            receipt_proven: row.payment.receipt_proven,
            made: row.created,
            last: row
                .settled
                .map_or(row.payment.since, |settled| settled.max(row.payment.since)),
        }))
    }

    /// Whom a reference names, as payers write it.
    pub(super) fn named(&self, reference: &str) -> Result<Named, HubError> {
        let found = match Reference::read(reference, self.settings.country) {
            Reference::Empty => return Ok(Named::Nothing),
            Reference::Unreadable => Vec::new(),
            Reference::Seen(SeenAs::Account(account)) => {
                let found = self.store.customer_by_account(account)?;
                found.map(|customer| customer.id).into_iter().collect()
            }
            Reference::Seen(SeenAs::Phone(phone)) => {
                let found = self.store.customer_by_phone(phone)?;
                found.map(|customer| customer.id).into_iter().collect()
            }
            Reference::Seen(SeenAs::Code(code)) => self.store.customers_by_code(&code.digits())?,
        };
        let mut roots = Vec::new();
        for customer in found {
            let root = self.store.root(customer)?;
            if !roots.contains(&root) {
                roots.push(root);
            }
        }
        Ok(match roots.as_slice() {
            [] => Named::Nobody,
            [customer] => Named::Customer(*customer),
            _ => Named::Several,
        })
    }

    /// Does what the rules say of a payment, and tells where it stands now.
    fn done_with(&mut self, row: &MoneyRow, place: Place) -> Result<MoneyPlace, HubError> {
        let (provider, receipt) = (row.arrival.provider, &row.arrival.receipt);
        match place {
            // Told twice, proven never: an operator's list leaves it out.
            Place::AlreadyBooked if !row.proven => Ok(MoneyPlace::Waits),
            Place::AlreadyBooked => {
                let settled = self.store.purchase_by_receipt(provider, receipt)?;
                Ok(settled.map_or(MoneyPlace::Waits, |purchase| MoneyPlace::Purchase(purchase.id)))
            }
            Place::AttachReceipt(id) => {
                if let Some(purchase) = self.store.purchase(id)? {
                    self.attach(purchase, receipt)?;
                }
                Ok(MoneyPlace::Purchase(id))
            }
            Place::Confirm(id) if row.proven => self.confirm(id, row),
            Place::Confirm(id) => {
                // Whoever repeats a confirmation must not make us flood the provider.
                let asks = self.store.ask_about_claim(&row.arrival, self.now(), APART_MS)?;
                let purchase = self.store.purchase(id)?.filter(|_| asks);
                let asked = purchase.and_then(|purchase| purchase.payment.reference);
                self.effects.extend(asked.map(|reference| Effect::Query {
                    purchase: id,
                    provider,
                    reference,
                }));
                self.pull_soon(provider)?;
                Ok(MoneyPlace::Waits)
            }
            Place::Deposit(customer) => {
                let (free, name) = (self.money(0), format!("{provider}:{receipt}"));
                self.deposit(&row.arrival, customer, Source::Till(provider, free), &name)
            }
            Place::Suspense(why) => self.suspend(&row.arrival, why),
            Place::AskProvider => {
                self.pull_soon(provider)?;
                Ok(MoneyPlace::Waits)
            }
        }
    }

    /// The money of a purchase that nobody had told us is paid.
    fn confirm(&mut self, id: PurchaseId, row: &MoneyRow) -> Result<MoneyPlace, HubError> {
        let receipt = row.arrival.receipt.clone();
        let Some(purchase) = self.store.purchase(id)? else {
            return self.suspend(&row.arrival, Why::WithOperator);
        };
        self.audit_as(
            row.arrival.provider.name(),
            "payment found",
            &id.to_string(),
            receipt.as_str(),
        )?;
        let order = PaymentOrder::Credit { receipt: Some(receipt) };
        self.step_payment(purchase, PaymentEvent::Ordered(order))?;
        Ok(MoneyPlace::Purchase(id))
    }

    /// Money of a customer, credited once under its name: into the wallet, after the bills that are open.
    fn deposit(
        &mut self,
        arrival: &Arrival,
        customer: CustomerId,
        source: Source,
        name: &str,
    ) -> Result<MoneyPlace, HubError> {
        let (amount, key) = (arrival.amount, super::credit_id(name));
        if self.store.has_credit(key)? {
            self.alarm(
                "receipt_reused",
                format!("{name} was credited before and is not credited again"),
            )?;
            return Ok(MoneyPlace::Wallet(customer));
        }
        // Whoever owes and pays by themselves pays their bills; an operator who says "wallet" means it.
        let pays_bills = source != Source::Suspense && self.owed(customer)?.minor > 0;
        let (kind, deposited) = match pays_bills {
            true => ("bill_payment", self.pay_bills(customer, source, amount)?),
            false => {
                self.book("deposit", Postings::paid(source, customer, Purpose::Deposit, amount))?;
                ("deposit", amount)
            }
        };
        self.note_deposit(key, customer, amount, name)?;
        let site = self.store.customer(customer)?.and_then(|customer| customer.site);
        self.remember(customer, site.as_ref(), kind, 0, amount.minor)?;
        self.audit_as(name, "paid", &customer.to_string(), &amount.to_string())?;
        // Money that paid bills is none of a loan's.
        self.collect_loans(customer, PurchaseId(key), deposited)?;
        let receipt = arrival.receipt.to_string();
        let text = match pays_bills {
            true => self.bills_paid_text(customer, amount, receipt)?,
            false => Text::DepositPaid {
                amount,
                wallet: self.money(self.wallet_minor(customer)?),
                receipt,
            },
        };
        self.say(customer, &text)?;
        Ok(MoneyPlace::Wallet(customer))
    }

    fn suspend(&mut self, arrival: &Arrival, why: Why) -> Result<MoneyPlace, HubError> {
        let (provider, receipt) = (arrival.provider, &arrival.receipt);
        let free = self.money(0);
        self.book(
            "money in suspense",
            Postings::unallocated(provider, arrival.amount, free),
        )?;
        self.audit_as(provider.name(), "money in suspense", receipt.as_str(), why.name())?;
        self.alarm(
            "money_in_suspense",
            format!(
                "{provider} receipt {receipt}: {} came, and nobody knows for whom",
                arrival.amount
            ),
        )?;
        Ok(MoneyPlace::Suspense(why))
    }

    fn alarm_foreign(&mut self, row: &MoneyRow) -> Result<(), HubError> {
        if row.place == MoneyPlace::Foreign {
            return Ok(());
        }
        let Arrival {
            provider,
            receipt,
            amount,
            ..
        } = &row.arrival;
        self.alarm(
            "foreign_short_code",
            format!("{provider} receipt {receipt}: {amount} was paid to a number that is not set here as ours"),
        )
    }
}
