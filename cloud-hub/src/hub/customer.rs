//! Customers: making and changing them, their PINs, and what sites are told of them.

use kiosk::{
    fact::{Fact, Listed, Subscribed},
    ids::{BoxId, CustomerId, SiteName},
    phone::Phone,
    pin::{Pin, PinError},
    units::Volume,
};
use store::journal::SqlLogs;
use sync::{doubt::generation, record::DocumentId};

use super::{
    effect::{Refusal, Response},
    input::{Actor, CustomerChange, NewCustomer, Secret},
    ledger::Event,
    store::{CreditRow, CustomerRow, PurseKey},
    turn::{Halt, HubError, Turn},
};

/// Languages that texts exist in.
const LANGUAGES: [&str; 3] = ["en", "sw", "fr"];
/// The longest name or city, in characters.
const NAME_CHARS_MAX: usize = 60;
/// The most that is credited at once, in millilitres: a million cubic metres.
const CREDIT_ML_MAX: i64 = 1_000_000_000_000;

impl Turn<'_> {
    /// Makes a customer.
    pub fn create_customer(&mut self, by: &Actor, new: &NewCustomer) -> Result<Response, Halt> {
        let phone = self.phone(&new.phone)?;
        let known = self.store.customer_by_phone(phone)?;
        if let Some(known) = known.as_ref().filter(|known| known.account.is_some()) {
            return Err(phone_taken(known.id).into());
        }
        let pin = new.pin.as_ref().map(chosen_pin).transpose()?;
        let site = new.site.as_ref().map(|site| self.known_site(site)).transpose()?;
        let account = self
            .store
            .next_account()?
            .ok_or_else(|| Refusal::conflict("accounts_used_up", "all account numbers are given out"))?;
        // Somebody known by number alone keeps what they have, and their PIN.
        let begun = known.unwrap_or_else(|| {
            let id = CustomerId(self.throw_number());
            self.provisional(id, self.now())
        });
        let mut row = CustomerRow {
            account: Some(account),
            phone: Some(phone),
            name: text("name", &new.name)?,
            city: text("city", new.city.as_deref().unwrap_or_default())?,
            language: self.language(new.language.as_deref())?,
            ..begun
        };
        if row.name.is_empty() {
            return Err(Refusal::invalid("name", "missing", "a customer has a name").into());
        }
        if let Some(pin) = pin.filter(|_| row.sealed_pin.is_none()) {
            row.sealed_pin = Some(self.sealed_pin(&pin)?);
        }
        self.store.put_customer(&row)?;
        self.write_profile(&row)?;
        self.move_home(row.id, site.as_ref())?;
        self.audit(by, "customer created", &row.id.to_string(), "")?;
        self.known_to_lenders(row.id)?;
        self.live_customer(row.id);
        Ok(Response::Customer {
            customer: row.id,
            account,
        })
    }

    /// Changes particulars of a customer.
    pub fn update_customer(&mut self, by: &Actor, id: CustomerId, change: &CustomerChange) -> Result<Response, Halt> {
        let mut row = self.known_customer(id)?;
        let mut changed = Vec::new();
        if let Some(name) = &change.name {
            row.name = text("name", name)?;
            changed.push("name");
        }
        if let Some(city) = &change.city {
            row.city = text("city", city)?;
            changed.push("city");
        }
        if let Some(language) = &change.language {
            row.language = self.language(Some(language))?;
            changed.push("language");
        }
        if let Some(phone) = &change.phone {
            let phone = self.phone(phone)?;
            match self.store.customer_by_phone(phone)? {
                Some(other) if other.id != row.id => return Err(phone_taken(other.id).into()),
                _ => {
                    // Who holds the old number goes on nowhere.
                    if let Some(old) = row.phone.replace(phone).filter(|old| *old != phone) {
                        self.store.end_ussd_of(old)?;
                        self.take_site_along(by, old, phone)?;
                    }
                }
            }
            changed.push("phone");
        }
        row.updated = self.now();
        self.store.put_customer(&row)?;
        if let Some(site) = &change.site {
            let site = self.known_site(site)?;
            self.move_home(row.id, Some(&site))?;
            row.site = Some(site);
            changed.push("site");
        }
        self.write_profile(&row)?;
        self.known_to_lenders(row.id)?;
        self.audit(by, "customer changed", &row.id.to_string(), &changed.join(" "))?;
        self.live_customer(row.id);
        Ok(Response::Done)
    }

    /// Sets a PIN; wrong tries are forgotten.
    pub fn set_pin(&mut self, by: &Actor, id: CustomerId, pin: &Secret) -> Result<Response, Halt> {
        let mut row = self.known_customer(id)?;
        let pin = chosen_pin(pin)?;
        row.sealed_pin = Some(self.sealed_pin(&pin)?);
        (row.pin_wrong, row.pin_lock_since, row.pin_lock_ms) = (0, None, 0);
        self.relist(&mut row)?;
        self.audit(by, "pin set", &row.id.to_string(), "")?;
        Ok(Response::Done)
    }

    /// Blocks or unblocks a customer.
    pub fn set_active(&mut self, by: &Actor, id: CustomerId, active: bool) -> Result<Response, Halt> {
        let mut row = self.known_customer(id)?;
        row.active = active;
        self.relist(&mut row)?;
        let action = if active {
            "customer unblocked"
        } else {
            "customer blocked"
        };
        self.audit(by, action, &row.id.to_string(), "")?;
        self.live_customer(row.id);
        Ok(Response::Done)
    }

    /// Sets the most a customer may draw in a day.
    pub fn set_daily_limit(&mut self, by: &Actor, id: CustomerId, limit: Option<Volume>) -> Result<Response, Halt> {
        let mut row = self.known_customer(id)?;
        row.daily_limit = limit.filter(|limit| !limit.is_zero());
        self.relist(&mut row)?;
        let detail = row
            .daily_limit
            .map_or_else(|| "none".to_owned(), |limit| limit.to_string());
        self.audit(by, "daily limit set", &row.id.to_string(), &detail)?;
        Ok(Response::Done)
    }

    /// An operator gives or takes litres.
    pub fn credit(&mut self, by: &Actor, id: CustomerId, volume_ml: i64, reason: &str) -> Result<Response, Halt> {
        let row = self.known_customer(id)?;
        if volume_ml == 0 || volume_ml.saturating_abs() > CREDIT_ML_MAX {
            let message = format!("a volume other than 0 and of at most {CREDIT_ML_MAX} ml is credited");
            return Err(Refusal::invalid("volume_ml", "out_of_range", message).into());
        }
        let reason = text("reason", reason)?;
        if reason.is_empty() {
            return Err(Refusal::invalid("reason", "missing", "a credit has a reason").into());
        }
        let credit = CreditRow {
            id: self.throw_number(),
            key: PurseKey::prepaid(row.id),
            volume_ml,
            amount_minor: self.worth_of_credit(PurseKey::prepaid(row.id), volume_ml)?,
            source: format!("operator:{}", by.name()),
            reason,
            time: self.now(),
        };
        self.about(Event::Credit(credit.id), |turn| {
            turn.book_change("water given", credit.amount_minor, |worth| {
                kiosk::ledger::Postings::given(row.id, worth)
            })?;
            turn.add_credit(&credit)
        })?;
        self.remember(row.id, row.site.as_ref(), "credit", volume_ml, 0)?;
        let detail = format!("{volume_ml} ml");
        self.audit(by, "credit", &row.id.to_string(), &detail)?;
        Ok(Response::Credited {
            id: credit.id,
            balance_ml: self.balance_ml(row.id)?,
        })
    }

    /// What litres that an operator gives are worth, in minor units, or those taken: what was paid for them, as far as
    /// they are there, so that taking them back earns nothing.
    fn worth_of_credit(&self, key: PurseKey, volume_ml: i64) -> Result<i64, HubError> {
        let purse = self.store.purse(key)?;
        let undrawn = i128::from(purse.credited_ml) - i128::from(purse.spent_ml.max(0));
        let unearned = i128::from(purse.credited_minor) - i128::from(purse.released_minor);
        if volume_ml > 0 || undrawn <= 0 || unearned < 0 {
            return Ok(self.worth_minor(volume_ml));
        }
        let taken = i128::from(volume_ml).saturating_neg();
        let there = taken.min(undrawn);
        let of_those = i64::try_from(unearned * there / undrawn).unwrap_or(i64::MAX);
        let beyond = i64::try_from(taken - there).unwrap_or(i64::MAX);
        Ok(of_those.saturating_add(self.worth_minor(beyond)).saturating_neg())
    }

    /// A customer's home becomes this site: rights elsewhere are asked back, and granted here as they come home
    /// (PROTOCOL rule 29).
    pub fn move_home(&mut self, id: CustomerId, site: Option<&SiteName>) -> Result<(), HubError> {
        let Some(mut row) = self.store.customer(id)? else {
            return Ok(());
        };
        let new_box = match site {
            Some(site) => self.store.current_enrolment(site)?.map(|enrolment| enrolment.box_id),
            None => None,
        };
        for key in self.store.purses(id)? {
            for grant in self.store.grants_of_purse(key)? {
                if grant.box_id != new_box {
                    self.recall(&grant)?;
                }
            }
        }
        let doc = DocumentId::Customer(id);
        for other in self.store.admitted_boxes(&document_name(&doc))? {
            if Some(other) != new_box {
                self.drop_document(&doc, other)?;
            }
        }
        row.site = site.cloned();
        self.store.put_customer(&row)?;
        match new_box {
            Some(new_box) => self.serve_at(id, new_box),
            None => Ok(()),
        }
    }

    /// A box learns all it must know of a customer, and gets what is free if it is their home.
    pub fn serve_at(&mut self, id: CustomerId, box_id: BoxId) -> Result<(), HubError> {
        let Some(mut row) = self.store.customer(id)? else {
            return Ok(());
        };
        row.revision += 1;
        self.store.put_customer(&row)?;
        self.list_at(&row, box_id)?;
        for subscription in self.store.valid_subscriptions(id)? {
            self.write(
                box_id,
                Fact::Subscribed(Subscribed {
                    customer: id,
                    code: subscription.code,
                    valid_until: subscription.valid_until,
                }),
            )?;
        }
        self.admit_document(&DocumentId::Customer(id), box_id)?;
        self.settle_customer(id)
    }

    /// The hub's word on a customer changed: it is kept and told wherever the customer is known.
    pub fn relist(&mut self, row: &mut CustomerRow) -> Result<(), HubError> {
        row.revision += 1;
        row.updated = self.now();
        self.store.put_customer(row)?;
        for box_id in self
            .store
            .admitted_boxes(&document_name(&DocumentId::Customer(row.id)))?
        {
            self.list_at(row, box_id)?;
        }
        Ok(())
    }

    fn list_at(&mut self, row: &CustomerRow, box_id: BoxId) -> Result<(), HubError> {
        let Some(account) = row.account else {
            return Ok(());
        };
        let Some(enrolment) = self.store.enrolment(box_id)? else {
            return Ok(());
        };
        let key = self.keys.site_pin(&enrolment.site, box_id);
        let kept = row.sealed_pin.as_deref().and_then(|sealed| self.keys.open_pin(sealed));
        self.write(
            box_id,
            Fact::Listed(Listed {
                customer: row.id,
                generation: generation(&SqlLogs::new(self.store.0))?,
                revision: row.revision,
                account,
                active: row.active,
                bill_overdue: row.bill_overdue,
                daily_limit: row.daily_limit,
                pin: kept.map(|pin| key.verifier(row.id, &pin)),
            }),
        )
    }

    /// The profile document says what the row says.
    pub fn write_profile(&mut self, row: &CustomerRow) -> Result<(), Halt> {
        let phone = row.phone.map(Phone::e164);
        let some = |text: &'_ str| (!text.is_empty()).then(|| text.to_owned());
        let (name, city) = (some(&row.name), some(&row.city));
        let is_stopped = row.phone.map_or(Ok(false), |phone| self.store.is_stopped(phone))?;
        let fields = [
            ("phone", phone.as_deref()),
            ("name", name.as_deref()),
            ("city", city.as_deref()),
            ("language", Some(row.language.as_str())),
            ("site", row.site.as_ref().map(SiteName::as_str)),
            ("stopped", phone.as_deref().filter(|_| is_stopped)),
        ];
        self.edit_document(&DocumentId::Customer(row.id), &fields)
    }

    /// A customer that exists, whoever they count as now.
    pub fn known_customer(&self, id: CustomerId) -> Result<CustomerRow, Halt> {
        let found = self.store.customer(self.store.root(id)?)?;
        found.ok_or_else(|| Refusal::not_found("customer").into())
    }

    fn known_site(&self, site: &SiteName) -> Result<SiteName, Halt> {
        match self.store.site(site)? {
            Some(row) => Ok(row.name),
            None => Err(Refusal::invalid("site", "unknown_site", format!("there is no site {site}")).into()),
        }
    }

    /// Reads a phone in any accepted form.
    pub fn phone(&self, written: &str) -> Result<Phone, Halt> {
        Phone::parse(written, self.settings.country)
            .map_err(|error| Refusal::invalid("phone", "bad_phone", error.to_string()).into())
    }

    /// A language that texts exist in; the hub's own when none is asked for.
    pub fn language(&self, asked: Option<&str>) -> Result<String, Halt> {
        let language = asked.unwrap_or(&self.settings.language);
        if LANGUAGES.contains(&language) {
            Ok(language.to_owned())
        } else {
            Err(Refusal::invalid("language", "bad_language", "en, sw or fr").into())
        }
    }

    /// A PIN as it is kept: sealed to the hub's own key.
    pub fn sealed_pin(&mut self, pin: &Pin) -> Result<Vec<u8>, HubError> {
        self.sealed(&pin.digits(), "the PIN")
    }
}

/// The name of a document in the database.
pub(super) fn document_name(doc: &DocumentId) -> String {
    match doc {
        DocumentId::Customer(customer) => format!("customer:{customer}"),
        DocumentId::Site(site) => format!("site:{site}"),
    }
}

fn phone_taken(by: CustomerId) -> Refusal {
    Refusal {
        field: Some("phone".into()),
        ..Refusal::conflict("phone_taken", "this phone is registered").with_id(by.0)
    }
}

fn chosen_pin(pin: &Secret) -> Result<Pin, Halt> {
    Pin::chosen(&pin.0).map_err(|error| {
        let code = match error {
            PinError::TooCommon => "pin_too_common",
            PinError::Form => "bad_pin",
        };
        Refusal::invalid("pin", code, error.to_string()).into()
    })
}

/// A text of a person: trimmed, of a sensible length, without control characters.
pub(super) fn text(field: &'static str, written: &str) -> Result<String, Halt> {
    let text = written.trim();
    if text.chars().count() > NAME_CHARS_MAX || text.chars().any(char::is_control) {
        let message = format!("at most {NAME_CHARS_MAX} characters, without control characters");
        return Err(Refusal::invalid(field, "bad_text", message).into());
    }
    Ok(text.to_owned())
}
