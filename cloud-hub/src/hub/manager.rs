//! Managers of sites who work by phone: who is one, from when until when, and their PIN.
//!
//! Who calls is known by the network, so a phone manages one site at a time. A manager's own PIN begins with a first one,
//! which is made here, told once to the operator, and good for nothing but choosing another. Where the phone is a customer's,
//! too, the one that is chosen is the customer's, and the manager has none apart: a phone has one PIN. Nobody else replaces
//! a manager's own: no registration at a site, and no code by SMS, which whoever finds the phone can have.

use kiosk::{
    ids::{CustomerId, SiteName},
    phone::Phone,
    pin::{Pin, PinTries},
    talk::ussd::PinCheck,
};

use super::{
    customer::text,
    dispense::kept_tries,
    effect::{Refusal, RefusalKind, Response},
    input::{Actor, NewManager},
    store::SiteManagerRow,
    turn::{Halt, HubError, Turn},
};

/// What an alarm says of a suspended one.
const SUSPENDED: &str =
    "works by phone again when you give another first PIN on the site's page, or take the site away there";

impl SiteManagerRow {
    /// How the audit names them.
    pub fn subject(&self) -> String {
        format!("{}/manager {}", self.site, self.id)
    }

    fn tries(&self) -> PinTries {
        kept_tries(self.pin_wrong, self.pin_lock_since, self.pin_lock_ms)
    }

    fn set_tries(&mut self, tries: PinTries) {
        self.pin_wrong = tries.wrong;
        self.pin_lock_since = tries.lock.and_then(|lock| lock.since.wall);
        self.pin_lock_ms = tries
            .lock
            .map_or(0, |lock| i64::try_from(lock.for_ms).unwrap_or(i64::MAX));
    }

    /// What their PIN is compared under: ids of customers are random, and this is of no customer.
    fn pin_id(&self) -> CustomerId {
        CustomerId(self.id.cast_unsigned())
    }
}

impl Turn<'_> {
    /// Somebody manages a site by phone from now on.
    pub fn add_manager(&mut self, by: &Actor, new: &NewManager) -> Result<Response, Halt> {
        let phone = self.phone(&new.phone)?;
        let name = text("name", &new.name)?;
        if name.is_empty() {
            return Err(Refusal::invalid("name", "missing", "a manager has a name").into());
        }
        let language = self.language(new.language.as_deref())?;
        if self.store.site(&new.site)?.is_none() {
            return Err(Refusal::not_found("site").into());
        }
        if let Some(known) = self.store.site_manager_by_phone(phone)? {
            let message = format!("this phone manages {}: take it away there first", known.site);
            return Err(Refusal::conflict("manages_already", message).into());
        }
        if let Some(login) = &new.login
            && self.store.manager_at(&new.site, login)?.is_none()
        {
            let message = format!("{login} has no float at {}: give one on the page Cash first", new.site);
            return Err(Refusal::invalid("account", "no_float", message).into());
        }
        // Cash is handed in there: without one it would be owed for ever.
        if new.login.is_some() && self.store.newest_box(&new.site)?.is_none() {
            let message = format!(
                "{} has no gateway, where cash is handed in: leave the account out",
                new.site
            );
            return Err(Refusal::invalid("account", "no_gateway", message).into());
        }
        let mut row = SiteManagerRow {
            id: 0,
            site: new.site.clone(),
            phone,
            name,
            language,
            login: new.login.clone(),
            sealed_pin: None,
            must_change_pin: false,
            pin_wrong: 0,
            pin_lock_since: None,
            pin_lock_ms: 0,
            since: self.now(),
            until: None,
            is_suspended: false,
        };
        row.id = self.store.put_site_manager(&row)?;
        self.audit(
            by,
            "manager added",
            &row.subject(),
            row.login.as_deref().unwrap_or_default(),
        )?;
        self.first_pin(row)
    }

    /// A manager who lost the PIN, or was guessed at, gets a first one again.
    pub fn reset_manager_pin(&mut self, by: &Actor, site: &SiteName, manager: i64) -> Result<Response, Halt> {
        let mut row = self.known_site_manager(site, manager)?;
        if row.is_suspended {
            // The operator has seen that it is they.
            row.is_suspended = false;
            self.store.put_site_manager(&row)?;
            self.audit(by, "manager confirmed", &row.subject(), "")?;
            return self.first_pin(row);
        }
        if row.sealed_pin.is_none() && self.has_customer_pin(row.phone)? {
            let message = "this phone is a customer's, and their PIN counts: set that one on the customer's page";
            return Err(Refusal::conflict("pin_of_customer", message).into());
        }
        self.audit(by, "manager's PIN reset", &row.subject(), "")?;
        self.first_pin(row)
    }

    /// Somebody manages the site no more. A session that is open ends with its next step.
    pub fn remove_manager(&mut self, by: &Actor, site: &SiteName, manager: i64) -> Result<Response, Halt> {
        let row = SiteManagerRow {
            until: Some(self.now()),
            sealed_pin: None,
            ..self.known_site_manager(site, manager)?
        };
        self.store.put_site_manager(&row)?;
        self.audit(by, "manager removed", &row.subject(), "")?;
        Ok(Response::Done)
    }

    fn known_site_manager(&self, site: &SiteName, manager: i64) -> Result<SiteManagerRow, Halt> {
        let known = self.store.site_manager(site, manager)?;
        Ok(known.ok_or_else(|| Refusal::not_found("manager of this site"))?)
    }

    /// Makes the PIN that is told once; none where the phone has one.
    fn first_pin(&mut self, mut row: SiteManagerRow) -> Result<Response, Halt> {
        // A session that is open may stand behind a PIN, or a code, that is good for this no more.
        self.store.end_ussd_of(row.phone)?;
        if row.sealed_pin.is_none() && self.has_customer_pin(row.phone)? {
            return Ok(Response::Done);
        }
        let (secret, pin) = loop {
            let drawn = format!("{:04}", self.throw_number() % 10_000);
            if let Ok(pin) = Pin::chosen(&drawn) {
                break (drawn, pin);
            }
        };
        row.sealed_pin = Some(self.sealed_pin(&pin)?);
        row.must_change_pin = true;
        row.set_tries(PinTries::cleared());
        self.store.put_site_manager(&row)?;
        Ok(Response::Secret { secret })
    }

    fn has_customer_pin(&self, phone: Phone) -> Result<bool, HubError> {
        let customer = self.store.customer_by_phone(phone)?;
        Ok(customer.is_some_and(|row| row.sealed_pin.is_some()))
    }

    /// The manager who calls and whose own PIN counts, or who has none at all.
    pub fn manager_with_pin(&self, phone: Phone) -> Result<Option<SiteManagerRow>, HubError> {
        match self.store.site_manager_by_phone(phone)? {
            Some(row) if row.sealed_pin.is_none() && self.has_customer_pin(phone)? => Ok(None),
            known => Ok(known),
        }
    }

    /// Whether somebody manages a site from this phone.
    pub fn is_managers_phone(&self, phone: Option<Phone>) -> Result<bool, HubError> {
        Ok(match phone {
            Some(phone) => self.store.site_manager_by_phone(phone)?.is_some(),
            None => false,
        })
    }

    /// The manager's own PIN becomes the customer's, or gives way to it.
    pub fn take_managers_pin(&mut self, mut row: SiteManagerRow) -> Result<Option<Vec<u8>>, HubError> {
        let sealed = row.sealed_pin.take();
        row.must_change_pin = false;
        row.set_tries(PinTries::cleared());
        self.store.put_site_manager(&row)?;
        Ok(sealed)
    }

    /// The customer of `old` has `new` now, and the old number loses all access: a site that it managed goes along, unless
    /// the new one has another. A site's cash goes with it, so that is an admin's to say.
    pub fn take_site_along(&mut self, by: &Actor, old: Phone, new: Phone) -> Result<(), Halt> {
        let Some(mut manager) = self.store.site_manager_by_phone(old)? else {
            return Ok(());
        };
        if !by.is_admin() {
            let message = format!("this number manages {}, which goes along: ask an admin", manager.site);
            return Err(Refusal::new(RefusalKind::Forbidden, "manages_site", message).into());
        }
        match self.store.site_manager_by_phone(new)? {
            None => manager.phone = new,
            Some(_) => (manager.until, manager.sealed_pin) = (Some(self.now()), None),
        }
        self.store.put_site_manager(&manager)?;
        Ok(self.audit(by, "manager's number changed", &manager.subject(), "")?)
    }

    /// A site says that the customer of this number has another: what it managed waits for an operator.
    pub fn suspend_manager_of(&mut self, old: Phone) -> Result<(), HubError> {
        let Some(manager) = self.store.site_manager_by_phone(old)? else {
            return Ok(());
        };
        let row = SiteManagerRow {
            is_suspended: true,
            ..manager
        };
        self.store.put_site_manager(&row)?;
        let detail = format!("{}: {SUSPENDED}; a site changed their number", row.subject());
        self.alarm_at(&row.site, "manager_suspended", detail)
    }

    /// The past is missing in which a manager may have lost the site, or changed the number.
    pub fn suspend_managers(&mut self) -> Result<(), HubError> {
        for row in self.store.suspend_site_managers()? {
            let detail = format!("{}: {SUSPENDED}; the hub's past is missing", row.subject());
            self.alarm_at(&row.site, "manager_suspended", detail)?;
        }
        Ok(())
    }

    /// Checks a manager's own PIN: counted and locked as a customer's.
    pub fn check_manager_pin(&self, mut row: SiteManagerRow, typed: &Pin) -> Result<PinCheck, HubError> {
        let (now, tries) = (self.present(), row.tries());
        let for_ms = tries.locked_ms(&now);
        if for_ms > 0 {
            return Ok(PinCheck::Locked { for_ms });
        }
        let is_right = self.is_managers_pin(&row, typed);
        row.set_tries(match is_right {
            true => PinTries::cleared(),
            false => tries.after_wrong(&now),
        });
        self.store.put_site_manager(&row)?;
        Ok(match is_right {
            true => PinCheck::Right,
            false => PinCheck::Wrong,
        })
    }

    /// Whether this is a manager's own PIN; nothing is counted.
    pub fn is_managers_pin(&self, row: &SiteManagerRow, pin: &Pin) -> bool {
        let kept = row.sealed_pin.as_deref().and_then(|sealed| self.keys.open_pin(sealed));
        kept.is_some_and(|kept| self.keys.pin_matches(row.pin_id(), &kept, pin))
    }

    /// A manager chooses their own PIN.
    pub fn set_manager_pin(&mut self, by: &Actor, mut row: SiteManagerRow, pin: &Pin) -> Result<(), Halt> {
        row.sealed_pin = Some(self.sealed_pin(pin)?);
        row.must_change_pin = false;
        row.set_tries(PinTries::cleared());
        self.store.put_site_manager(&row)?;
        Ok(self.audit(by, "manager's PIN set", &row.subject(), "")?)
    }
}
