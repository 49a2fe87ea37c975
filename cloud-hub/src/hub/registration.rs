//! People registered at sites, people registered twice, and what a restored hub gets back about customers.
//!
//! A registration comes in two lanes, in any order: `Registered` with the sealed PIN, and the profile with name and
//! phone. Once both are here the hub gives the account, or finds that the phone is known: then the older registration
//! stays with its PIN, and facts of both count as its (FEATURES X19).

use kiosk::{
    fact::{Fact, Listed, Registered, Subscribed},
    float::Doubtful,
    ids::{BoxId, CustomerId},
    moment::Wall,
    phone::Phone,
};
use sync::record::{DocumentId, Edit};

use super::{
    customer::document_name,
    ledger::Event,
    store::{CustomerRow, PurseKey, SubscriptionRow},
    turn::{Halt, HubError, Turn},
};

impl Turn<'_> {
    /// A customer of whom nothing but the id is known.
    pub fn provisional(&self, id: CustomerId, created: Wall) -> CustomerRow {
        CustomerRow {
            id,
            account: None,
            phone: None,
            name: String::new(),
            city: String::new(),
            language: self.settings.language.clone(),
            site: None,
            active: true,
            bill_overdue: false,
            daily_limit: None,
            sealed_pin: None,
            revision: 0,
            merged_into: None,
            pin_wrong: 0,
            pin_lock_since: None,
            pin_lock_ms: 0,
            created,
            updated: self.now(),
        }
    }

    /// A person was registered at a site.
    pub fn fold_registered(&mut self, box_id: BoxId, registered: &Registered) -> Result<(), HubError> {
        let site = self.store.enrolment(box_id)?.map(|enrolment| enrolment.site);
        let known = self.store.customer(registered.customer)?;
        let is_new = known.is_none();
        let mut row = known.unwrap_or_else(|| self.provisional(registered.customer, registered.time));
        row.created = row.created.min(registered.time);
        if row.sealed_pin.is_none() && self.keys.open_pin(&registered.sealed_pin).is_some() {
            row.sealed_pin = Some(registered.sealed_pin.clone());
        }
        row.site = row.site.or(site.clone());
        self.store.put_customer(&row)?;
        if is_new {
            self.look_again_at_sales(Doubtful::UnknownCustomer)?;
        }
        let doc = DocumentId::Customer(registered.customer);
        self.store.admit(&document_name(&doc), box_id)?;
        if row.site == site {
            // The box made the document itself, and still must be told that this customer lives there.
            self.write_edit(box_id, Edit::Admit { doc })?;
        }
        self.complete(registered.customer)
    }

    /// A profile came, or came to say something else.
    pub fn take_profile(
        &mut self,
        customer: CustomerId,
        phone: Option<Phone>,
        name: Option<String>,
        city: Option<String>,
        language: Option<String>,
    ) -> Result<(), HubError> {
        let now = self.now();
        let known = self.store.customer(customer)?;
        let mut row = known.unwrap_or_else(|| self.provisional(customer, now));
        if let Some(phone) = phone.filter(|phone| row.phone != Some(*phone)) {
            self.store.set_stop_told(phone, false)?;
        }
        row.name = name.unwrap_or(row.name);
        row.city = city.unwrap_or(row.city);
        row.language = language.unwrap_or(row.language);
        row.updated = now;
        if row.merged_into.is_some() || phone.is_none() || row.phone == phone {
            return Ok(self.store.put_customer(&row)?);
        }
        let holder = match phone {
            Some(phone) => self.store.customer_by_phone(phone)?,
            None => None,
        };
        match holder {
            None => {
                if let Some(old) = row.phone {
                    self.store.end_ussd_of(old)?;
                    self.suspend_manager_of(old)?;
                }
                row.phone = phone;
                self.store.put_customer(&row)?;
                self.complete(customer)
            }
            Some(other) if row.account.is_none() => {
                self.store.put_customer(&row)?;
                self.merge(&row, &other)
            }
            Some(other) => {
                // Two people with accounts: an edit cannot make one of them the other.
                self.store.put_customer(&row)?;
                self.alarm(
                    "phone_taken",
                    format!("customer {customer} was given the phone of customer {}", other.id),
                )
            }
        }
    }

    /// Gives the account once the phone is known, and tells the site.
    fn complete(&mut self, customer: CustomerId) -> Result<(), HubError> {
        let Some(mut row) = self.store.customer(customer)? else {
            return Ok(());
        };
        if row.account.is_some() || row.phone.is_none() || row.merged_into.is_some() {
            return Ok(());
        }
        let Some(account) = self.store.next_account()? else {
            return self.alarm("accounts_used_up", "all account numbers are given out".to_owned());
        };
        row.account = Some(account);
        self.relist(&mut row)?;
        self.audit_as("site", "customer registered", &customer.to_string(), "")?;
        self.settle_customer(customer)?;
        self.known_to_lenders(customer)?;
        self.live_customer(customer);
        Ok(())
    }

    /// One person registered twice: the older registration stays.
    fn merge(&mut self, one: &CustomerRow, other: &CustomerRow) -> Result<(), HubError> {
        let one_is_older = (one.created, one.id) < (other.created, other.id);
        let (mut into, mut from) = if one_is_older {
            (one.clone(), other.clone())
        } else {
            (other.clone(), one.clone())
        };
        let (phone, account) = (into.phone.or(from.phone), into.account.or(from.account));
        // Whoever began by USSD may have no name yet, and has no document that sites could read.
        let is_unwritten = self
            .store
            .document(&document_name(&DocumentId::Customer(into.id)))?
            .is_none();
        if into.name.is_empty() {
            into.name.clone_from(&from.name);
            into.city.clone_from(&from.city);
        }
        let homes = self.homes_of([from.id, into.id])?;
        from.phone = None;
        from.account = None;
        from.merged_into = Some(into.id);
        from.updated = self.now();
        self.store.put_customer(&from)?;
        into.phone = phone;
        into.account = match account {
            Some(account) => Some(account),
            None => self.store.next_account()?,
        };
        into.sealed_pin = into.sealed_pin.or(from.sealed_pin);
        into.site = into.site.or(from.site);
        // Whoever is blocked, or may draw so much a day, does not get rid of it by registering again.
        let before = (into.active, into.daily_limit);
        into.active &= from.active;
        into.daily_limit = [into.daily_limit, from.daily_limit].into_iter().flatten().min();
        let mut detail = from.id.to_string();
        if into.active != before.0 {
            detail.push_str(", blocked as it was");
        }
        if let Some(limit) = into.daily_limit.filter(|_| into.daily_limit != before.1) {
            detail.push_str(&format!(", at most {limit} a day as it was"));
        }
        self.store.put_customer(&into)?;
        if is_unwritten {
            match self.write_profile(&into) {
                Err(Halt::Broken(error)) => return Err(error),
                Ok(()) | Err(Halt::Refused(_) | Halt::Kept(_) | Halt::Waits(_)) => {}
            }
        }
        self.join_purses(from.id, into.id)?;
        for box_id in homes {
            self.write(
                box_id,
                Fact::Merged {
                    from: from.id,
                    into: into.id,
                },
            )?;
            self.serve_at(into.id, box_id)?;
        }
        self.settle_customer(into.id)?;
        self.known_to_lenders(into.id)?;
        self.audit_as("site", "customers merged", &into.id.to_string(), &detail)?;
        self.live_customer(into.id);
        Ok(())
    }

    fn homes_of(&self, customers: [CustomerId; 2]) -> Result<Vec<BoxId>, HubError> {
        let mut boxes = Vec::new();
        for customer in customers {
            boxes.extend(
                self.store
                    .admitted_boxes(&document_name(&DocumentId::Customer(customer)))?,
            );
        }
        boxes.sort_unstable();
        boxes.dedup();
        Ok(boxes)
    }

    /// Everything of `from`, water, wallet and bills, counts as `into`'s.
    fn join_purses(&mut self, from: CustomerId, into: CustomerId) -> Result<(), HubError> {
        self.about(Event::Merger(from), |turn| turn.purses_joined(from, into))
    }

    fn purses_joined(&mut self, from: CustomerId, into: CustomerId) -> Result<(), HubError> {
        let wallet = self.wallet_minor(from)?;
        self.book_change("customers merged", wallet, |amount| {
            use kiosk::ledger::{Account, Postings};
            let back = kiosk::units::Money::new(-amount.minor, amount.currency);
            Postings::balanced([(Account::Wallet(from), amount), (Account::Wallet(into), back)])
        })?;
        for key in self.store.purses(from)? {
            let moved = self.store.purse(key)?;
            let undrawn = moved.credited_minor - moved.released_minor;
            self.book_change("customers merged", undrawn, |worth| {
                use kiosk::ledger::{Account, Postings};
                let back = kiosk::units::Money::new(-worth.minor, worth.currency);
                Postings::balanced([(Account::Water(from), worth), (Account::Water(into), back)])
            })?;
            let target = PurseKey {
                customer: into,
                period: self.join_period(key, into)?,
                ..key
            };
            let mut row = self.store.purse(target)?;
            row.credited_ml += moved.credited_ml;
            row.credited_minor += moved.credited_minor;
            row.spent_ml += moved.spent_ml;
            row.released_minor += moved.released_minor;
            self.store.remove_purse(key)?;
            self.release(target, &mut row)?;
            self.store.put_purse(target, &row)?;
        }
        self.join_bills(from, into)?;
        self.join_loans(from, into)?;
        self.store.move_customer(from, into)?;
        self.refresh_overdue(into)
    }

    /// The period of `into` in which an allowance of `from` goes on: its own, or the one that ends at the same moment,
    /// for a grant names its period by its end.
    fn join_period(&mut self, key: PurseKey, into: CustomerId) -> Result<i64, HubError> {
        let Some(own) = self.store.subscription(key.period)? else {
            return Ok(key.period);
        };
        let Some(other) = self.store.subscription_ending(into, own.valid_until)? else {
            return Ok(key.period);
        };
        self.store.join_periods(key, other.id)?;
        Ok(other.id)
    }

    /// A listing that this hub wrote and forgot: it takes back what it said. The PIN itself cannot be had from it.
    pub fn recall_listed(&mut self, listed: &Listed) -> Result<(), HubError> {
        self.store.account_seen(listed.account)?;
        let now = self.now();
        let known = self.store.customer(listed.customer)?;
        let is_new = known.is_none();
        let mut row = known.unwrap_or_else(|| self.provisional(listed.customer, now));
        if row.merged_into.is_some() || (!is_new && row.revision >= listed.revision) {
            return Ok(());
        }
        if self.store.customer_by_account(listed.account)?.is_none() {
            row.account = Some(listed.account);
        }
        row.revision = listed.revision;
        row.active = listed.active;
        row.bill_overdue = listed.bill_overdue;
        row.daily_limit = listed.daily_limit;
        self.store.put_customer(&row)?;
        match is_new {
            true => self.look_again_at_sales(Doubtful::UnknownCustomer),
            false => Ok(()),
        }
    }

    /// A subscription that this hub wrote and forgot.
    pub fn recall_subscribed(&mut self, box_id: BoxId, subscribed: &Subscribed) -> Result<(), HubError> {
        let customer = self.store.root(subscribed.customer)?;
        let known = self.store.subscription_ending(customer, subscribed.valid_until)?;
        let site = self.store.enrolment(box_id)?.map(|enrolment| enrolment.site);
        let (None, Some(site)) = (known, site) else {
            return Ok(());
        };
        if self.store.customer(customer)?.is_none() {
            let row = self.provisional(customer, self.now());
            self.store.put_customer(&row)?;
        }
        self.store.add_subscription(&SubscriptionRow {
            id: 0,
            customer,
            site,
            plan: String::new(),
            code: subscribed.code.clone(),
            starts: self.now(),
            valid_until: subscribed.valid_until,
            expired: false,
            reminded: None,
        })?;
        Ok(())
    }

    /// A merger that this hub wrote and forgot.
    pub fn recall_merged(&mut self, from: CustomerId, into: CustomerId) -> Result<(), HubError> {
        let (from, into) = (self.store.root(from)?, self.store.root(into)?);
        if from == into {
            return Ok(());
        }
        let now = self.now();
        for id in [from, into] {
            if self.store.customer(id)?.is_none() {
                let row = self.provisional(id, now);
                self.store.put_customer(&row)?;
            }
        }
        if let Some(mut row) = self.store.customer(from)? {
            row.merged_into = Some(into);
            (row.phone, row.account) = (None, None);
            self.store.put_customer(&row)?;
        }
        self.join_purses(from, into)
    }
}
