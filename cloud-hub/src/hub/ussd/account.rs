//! The account of who calls: registering it step by step (FEATURES B5 to B8, D19 to D21), and its PIN.

use kiosk::{
    ids::{AccountId, CustomerId},
    phone::Phone,
    pin::{Pin, PinTries},
    talk::{
        Text,
        ussd::{Particulars, PinCheck},
    },
};

use crate::hub::{
    dispense::pin_tries,
    effect::Refusal,
    input::{Actor, Secret},
    store::CustomerRow,
    turn::{Halt, Turn},
};

impl Turn<'_> {
    /// The customer who calls; one whom nobody knows becomes known by the number alone.
    pub fn caller_or_new(&mut self, by: &Actor, phone: Phone) -> Result<CustomerRow, Halt> {
        if let Some(row) = self.store.customer_by_phone(phone)? {
            return Ok(row);
        }
        let id = CustomerId(self.throw_number());
        let row = CustomerRow {
            phone: Some(phone),
            ..self.provisional(id, self.now())
        };
        self.store.put_customer(&row)?;
        self.audit(by, "number registered", &id.to_string(), &phone.masked())?;
        self.known_to_lenders(id)?;
        Ok(row)
    }

    /// Keeps what a caller entered about themselves until they find it right. What is right already stays.
    pub fn register_caller(
        &mut self,
        by: &Actor,
        phone: Phone,
        particulars: &Particulars,
        pin: Option<&Pin>,
    ) -> Result<(), Halt> {
        let mut row = self.caller_or_new(by, phone)?;
        if row.account.is_some() {
            return Ok(());
        }
        row.name.clone_from(&particulars.name);
        row.city.clone_from(&particulars.city);
        row.language = particulars.language.code().to_owned();
        row.updated = self.now();
        if row.sealed_pin.is_none() {
            row.sealed_pin = match pin {
                Some(pin) => Some(self.sealed_pin(pin)?),
                // A phone has one PIN: a manager who becomes a customer keeps theirs, unless an operator has read it.
                None => match self.store.site_manager_by_phone(phone)? {
                    Some(own) if !own.must_change_pin => self.take_managers_pin(own)?,
                    _ => None,
                },
            };
        }
        self.store.put_customer(&row)?;
        self.audit(by, "particulars entered", &row.id.to_string(), &phone.masked())?;
        Ok(())
    }

    /// What a caller entered is right: the account gets its number.
    pub fn verify_caller(&mut self, by: &Actor, mut row: CustomerRow) -> Result<AccountId, Halt> {
        if let Some(account) = row.account {
            return Ok(account);
        }
        if row.name.is_empty() {
            return Err(Refusal::invalid("name", "missing", "a customer has a name").into());
        }
        let account = self
            .store
            .next_account()?
            .ok_or_else(|| Refusal::conflict("accounts_used_up", "all account numbers are given out"))?;
        row.account = Some(account);
        self.relist(&mut row)?;
        self.write_profile(&row)?;
        self.audit(by, "customer created", &row.id.to_string(), "")?;
        self.live_customer(row.id);
        Ok(account)
    }

    /// Checks the PIN of who calls. Wrong tries are those of the taps: a lock of one holds for the other, and a phone is no
    /// way around it.
    pub fn check_caller_pin(&mut self, phone: Phone, typed: &Pin) -> Result<PinCheck, Halt> {
        if let Some(manager) = self.manager_with_pin(phone)? {
            return Ok(self.check_manager_pin(manager, typed)?);
        }
        let Some(mut row) = self.store.customer_by_phone(phone)? else {
            return Ok(PinCheck::Wrong);
        };
        let (now, tries) = (self.present(), pin_tries(&row));
        let for_ms = tries.locked_ms(&now);
        if for_ms > 0 {
            return Ok(PinCheck::Locked { for_ms });
        }
        let kept = row.sealed_pin.as_deref().and_then(|sealed| self.keys.open_pin(sealed));
        let is_right = kept.is_some_and(|kept| self.keys.pin_matches(row.id, &kept, typed));
        let after = match is_right {
            true => PinTries::cleared(),
            false => tries.after_wrong(&now),
        };
        self.put_tries(&mut row, after)?;
        Ok(match is_right {
            true => PinCheck::Right,
            false => PinCheck::Wrong,
        })
    }

    /// Sets the PIN of who calls.
    pub fn set_caller_pin(&mut self, by: &Actor, phone: Phone, pin: &Pin) -> Result<(), Halt> {
        let (manager, customer) = (self.manager_with_pin(phone)?, self.store.customer_by_phone(phone)?);
        let row = match (manager, customer) {
            (Some(manager), None) => return self.set_manager_pin(by, manager, pin),
            (None, None) => return Err(Refusal::not_found("customer").into()),
            (None, Some(row)) => row,
            // From now on it is the one of their taps, too.
            (Some(manager), Some(row)) => {
                self.take_managers_pin(manager)?;
                row
            }
        };
        let typed = Secret(pin.digits().map(char::from).iter().collect());
        let had_one = row.sealed_pin.is_some();
        self.set_pin(by, row.id, &typed)?;
        if had_one {
            self.say_to(phone, &Text::PinChanged)?;
        }
        Ok(())
    }
}
