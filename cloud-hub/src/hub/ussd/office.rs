//! The office of the menus, over one transaction.

use kiosk::{
    ids::{CustomerId, DispenserId, LoanId, SiteName},
    loan::LoanPolicy,
    otp::OneTimeCode,
    phone::Phone,
    pin::Pin,
    talk::{
        Language, Talk,
        ussd::{
            Act, Caller, Customer, Denied, Done, Found, Handle, LoanView, Movement, Office, Order, Owed, Particulars,
            PinCheck, Registration, Seal, Site, Today, Usage, Water,
        },
    },
    tariff::{Plan, Tariff},
    units::Money,
};

use crate::hub::{
    code::{CodeFor, Proof},
    input::Actor,
    store::CustomerRow,
    turn::{Halt, Turn},
};

/// A turn behind the counter.
pub(super) struct Counter<'t, 'a> {
    /// The transaction.
    pub turn: &'t mut Turn<'a>,
    /// Who is written down for what is done.
    pub by: &'t Actor,
}

impl Office for Counter<'_, '_> {
    type Error = Halt;

    fn talk(&self) -> &Talk {
        self.turn.talk
    }

    fn tariff(&self) -> Tariff {
        self.turn.settings.tariff
    }

    fn loan_policy(&self) -> Option<LoanPolicy> {
        let settings = self.turn.settings;
        settings.loans.then_some(settings.loan_policy)
    }

    fn caller(&self, phone: Phone) -> Result<Caller, Halt> {
        let row = self.turn.store.customer_by_phone(phone)?;
        let manager = self.turn.store.site_manager_by_phone(phone)?;
        let pin_of = self.turn.manager_with_pin(phone)?;
        let is_customers = row.as_ref().is_some_and(|row| row.sealed_pin.is_some());
        let own = row.as_ref().map(|row| &row.language);
        let own = own.or(manager.as_ref().map(|manager| &manager.language));
        Ok(Caller {
            language: Language::from_code(own.unwrap_or(&self.turn.settings.language)),
            // Whoever finds the phone of a manager without a PIN is not to choose one.
            has_pin: is_customers || manager.is_some(),
            must_change_pin: pin_of.is_some_and(|manager| manager.must_change_pin),
            customer: row.map(known),
            manages: match &manager {
                Some(manager) if manager.is_suspended => None,
                Some(manager) => self.turn.site_of_manager(manager)?,
                None => None,
            },
        })
    }

    fn seal(&self, phone: Phone, pin: &Pin) -> Result<Seal, Halt> {
        Ok(self.turn.keys.ussd_seal(phone, pin))
    }

    fn check_pin(&mut self, phone: Phone, pin: &Pin) -> Result<PinCheck, Halt> {
        self.turn.check_caller_pin(phone, pin)
    }

    fn is_kept_pin(&self, phone: Phone, pin: &Pin) -> Result<bool, Halt> {
        let manager = self.turn.manager_with_pin(phone)?;
        Ok(manager.is_some_and(|manager| self.turn.is_managers_pin(&manager, pin)))
    }

    fn set_pin(&mut self, phone: Phone, pin: &Pin) -> Result<(), Halt> {
        self.turn.set_caller_pin(self.by, phone, pin)
    }

    fn redeem_pin_code(&mut self, phone: Phone, code: OneTimeCode) -> Result<Result<(), Denied>, Halt> {
        // It may have been sent before they had the site.
        if self.turn.is_managers_phone(Some(phone))? {
            return Ok(Err(Denied::PinAtOffice));
        }
        Ok(match self.turn.redeem_code(phone, code, false)? {
            Proof::Of(CodeFor::Pin) => Ok(()),
            Proof::Of(CodeFor::Loan(_)) | Proof::Again(_) | Proof::Wrong { .. } | Proof::Over => Err(Denied::WrongCode),
        })
    }

    fn register(
        &mut self,
        phone: Phone,
        particulars: &Particulars,
        pin: Option<&Pin>,
    ) -> Result<Result<(), Denied>, Halt> {
        self.turn.register_caller(self.by, phone, particulars, pin)?;
        Ok(Ok(()))
    }

    fn register_by_number(&mut self, phone: Phone) -> Result<(), Halt> {
        self.turn.caller_or_new(self.by, phone).map(drop)
    }

    fn change_number(&mut self, phone: Phone, old: Phone, name: &str, pin: &Pin) -> Result<Result<(), Denied>, Halt> {
        self.turn.ask_for_number(self.by, phone, old, name, pin)
    }

    fn sites(&self, customer: CustomerId) -> Result<Vec<Site>, Halt> {
        self.turn.sites_for(customer)
    }

    fn plans(&self, site: &SiteName) -> Result<Vec<Plan>, Halt> {
        if !self.turn.has_gateway(site)? {
            return Ok(Vec::new());
        }
        let mut plans: Vec<Plan> = self.turn.settings.plans.values().cloned().collect();
        plans.sort_by_key(|plan| plan.price_minor);
        Ok(plans)
    }

    fn water(&self, customer: CustomerId) -> Result<Water, Halt> {
        self.turn.water_of(customer)
    }

    fn usage(&self, customer: CustomerId) -> Result<Usage, Halt> {
        self.turn.usage_of(customer)
    }

    fn bill(&self, customer: CustomerId) -> Result<Option<Owed>, Halt> {
        self.turn.owed_by(customer)
    }

    fn orders(&self, customer: CustomerId) -> Result<Vec<Order>, Halt> {
        self.turn.orders_of(customer)
    }

    fn wallet(&self, customer: CustomerId) -> Result<Money, Halt> {
        Ok(self.turn.money(self.turn.wallet_minor(customer)?))
    }

    fn movements(&self, customer: CustomerId) -> Result<Vec<Movement>, Halt> {
        self.turn.movements_of(customer)
    }

    fn loans(&self, customer: CustomerId) -> Result<Vec<LoanView>, Halt> {
        self.turn.loans_shown(customer)
    }

    fn loan(&self, customer: CustomerId, loan: LoanId) -> Result<Option<LoanView>, Halt> {
        self.turn.loan_shown(customer, loan)
    }

    fn today(&self, site: &SiteName) -> Result<Today, Halt> {
        self.turn.today_at(site)
    }

    fn offline_dispensers(&self, site: &SiteName) -> Result<Vec<DispenserId>, Halt> {
        self.turn.offline_at(site)
    }

    fn audience(&self, site: &SiteName) -> Result<u32, Halt> {
        self.turn.broadcast_reach(site)
    }

    fn find(&self, site: &SiteName, handle: &Handle) -> Result<Result<Found, Denied>, Halt> {
        self.turn.found_at(site, handle)
    }

    fn act(&mut self, phone: Phone, act: &Act) -> Result<Result<Done, Denied>, Halt> {
        self.turn.act_for_caller(self.by, phone, act)
    }
}

/// A customer as the menus know one. An account's number is given when all is found right, and says that it was; whoever
/// was registered elsewhere has one from the start.
fn known(row: CustomerRow) -> Customer {
    Customer {
        id: row.id,
        registration: match row.account {
            Some(_) => Registration::Verified,
            None if row.name.is_empty() => Registration::Number,
            None => Registration::Unverified,
        },
        name: row.name,
        city: row.city,
        site: row.site,
    }
}
