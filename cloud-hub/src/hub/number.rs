//! A changed number: whoever lost a phone or SIM takes the account along to the one they call from (FEATURES B).
//!
//! Name and PIN of the account are asked for, then an operator says yes; until then the old number keeps it, and hears of
//! each step. Wrong tries are counted for the number that is named, whether or not anybody has it, and apart from those at
//! taps and menus: a stranger shuts nobody out of their water, and nobody learns who is a customer. Whoever guesses at a
//! number long enough shuts this one door of it, which an operator does not need: they change a number on the customer's
//! page.

use kiosk::{
    moment::DAY_MS,
    phone::Phone,
    pin::{Lock, Pin, PinTries, TRIES_BEFORE_LOCK},
    talk::{NumberText, Text, gsm7, ussd::Denied},
};

use super::{
    dispense::kept_tries,
    effect::{Refusal, Response},
    input::{Actor, CustomerChange},
    store::{CustomerRow, NumberRow, NumberTries},
    turn::{Halt, HubError, Turn},
};

/// How often one number may ask in [`ASKED_WITHIN_MS`], rightly or not.
const ASKS_MAX: u32 = 5;
/// The stretch of time in which asks are counted.
const ASKED_WITHIN_MS: i64 = DAY_MS;
/// A request that nobody has decided ends after this.
pub const REQUEST_LASTS_MS: i64 = 7 * DAY_MS;
/// Wrong tries are forgotten after this: the longest lock is over by then.
const TRIES_KEPT_MS: i64 = 30 * DAY_MS;
/// Requests that one look ends.
const BATCH_MAX: u32 = 100;

impl From<NumberTries> for PinTries {
    fn from(row: NumberTries) -> PinTries {
        kept_tries(row.wrong, row.lock_since, row.lock_ms)
    }
}

impl From<PinTries> for NumberTries {
    fn from(tries: PinTries) -> NumberTries {
        let lock_ms = |lock: Lock| i64::try_from(lock.for_ms).unwrap_or(i64::MAX);
        NumberTries {
            wrong: tries.wrong,
            lock_since: tries.lock.and_then(|lock| lock.since.wall),
            lock_ms: tries.lock.map_or(0, lock_ms),
        }
    }
}

impl Turn<'_> {
    /// Whoever calls from `new` says that the account of `old` is theirs.
    pub fn ask_for_number(
        &mut self,
        by: &Actor,
        new: Phone,
        old: Phone,
        name: &str,
        pin: &Pin,
    ) -> Result<Result<(), Denied>, Halt> {
        // Two accounts are not made one by a phone call, whatever is in them.
        if self.store.customer_by_phone(new)?.is_some() {
            return Ok(Err(Denied::PhoneTaken));
        }
        let now = self.now();
        if self.store.number_asks(new, now.plus_ms(-ASKED_WITHIN_MS))? >= ASKS_MAX {
            return Ok(Err(Denied::TooMany));
        }
        self.store.add_number_ask(new, now)?;
        let (tries, present) = (PinTries::from(self.store.number_tries(old)?), self.present());
        if tries.is_locked(&present) {
            return Ok(Err(Denied::TooMany));
        }
        let known = self.store.customer_by_phone(old)?.filter(|row| row.account.is_some());
        let owner = known.clone().filter(|row| self.is_theirs(row, name, pin));
        let Some(owner) = owner else {
            let tries = tries.after_wrong(&present);
            self.store.put_number_tries(old, tries.into(), now)?;
            if let Some(row) = known.filter(|_| tries.wrong == TRIES_BEFORE_LOCK) {
                let detail = format!(
                    "customer {}: somebody tries to guess name and PIN to take the account to another number",
                    row.id
                );
                self.alarm("number_guessed", detail)?;
            }
            return Ok(Err(Denied::NotMatching));
        };
        self.store.put_number_tries(old, PinTries::cleared().into(), now)?;
        if !owner.active {
            return Ok(Err(Denied::Inactive));
        }
        // The same that is open stays, and nobody hears of it twice.
        if let Some(request) = self.store.add_number_request(owner.id, old, new, now)? {
            let id = owner.id;
            self.audit(by, "another number asked for", &id.to_string(), &request.to_string())?;
            let detail = format!("customer {id} asks to go along to another number: say yes or no on the page Numbers");
            self.alarm("number_asked", detail)?;
            self.tell_both(&owner, (old, new), NumberText::AskedOld, NumberText::AskedNew)?;
        }
        Ok(Ok(()))
    }

    fn is_theirs(&self, row: &CustomerRow, name: &str, pin: &Pin) -> bool {
        let kept = row.sealed_pin.as_deref().and_then(|sealed| self.keys.open_pin(sealed));
        let is_right = kept.is_some_and(|kept| self.keys.pin_matches(row.id, &kept, pin));
        is_right && is_same_name(&row.name, name)
    }

    /// An operator has asked whoever they had to, and says yes or no.
    pub fn decide_number(&mut self, by: &Actor, request: i64, is_yes: bool) -> Result<Response, Halt> {
        let open = self.store.open_number_request(request)?;
        let open = open.ok_or_else(|| Refusal::not_found("open request for another number"))?;
        self.refuse_in_doubt("the numbers of customers")?;
        let customer = self.known_customer(open.customer)?;
        // A restored hub had said yes before: its sites gave the number back.
        let is_moved = customer.phone == Some(open.new);
        if is_moved && is_yes {
            self.take_site_along(by, open.old, open.new)?;
            self.end_number(by, &open, "yes")?;
            self.end_others(by, &open, &customer)?;
            return Ok(Response::Done);
        }
        if !is_yes && !is_moved {
            self.end_number(by, &open, "no")?;
            self.tell_kept(&open)?;
            return Ok(Response::Done);
        }
        if customer.phone != Some(open.old) {
            let message = "the customer has another number by now than the one they had: look at the customer's page";
            return Err(Refusal::conflict("number_changed", message).into());
        }
        let change = CustomerChange {
            phone: Some(open.new.e164()),
            ..CustomerChange::default()
        };
        self.update_customer(by, customer.id, &change)?;
        self.end_number(by, &open, "yes")?;
        self.end_others(by, &open, &customer)?;
        let phones = (open.old, open.new);
        self.tell_both(&customer, phones, NumberText::MovedOld, NumberText::MovedNew)?;
        Ok(Response::Done)
    }

    /// One number has the account now: the others hear that they do not.
    fn end_others(&mut self, by: &Actor, decided: &NumberRow, customer: &CustomerRow) -> Result<(), HubError> {
        // A record may have become part of another since.
        for id in [decided.customer, customer.id] {
            for other in self.store.open_number_requests_of(id)? {
                self.end_number(by, &other, "no")?;
                self.say_about(customer, other.new, &Text::Number(NumberText::KeptNew))?;
            }
        }
        Ok(())
    }

    fn end_number(&mut self, by: &Actor, open: &NumberRow, state: &'static str) -> Result<(), HubError> {
        let name = by.name();
        self.store.end_number_request(open.id, state, Some(&name), self.now())?;
        let detail = format!("{}: {state}", open.id);
        self.audit(by, "another number decided", &open.customer.to_string(), &detail)
    }

    fn tell_kept(&mut self, open: &NumberRow) -> Result<(), HubError> {
        let Some(customer) = self.store.customer(self.store.root(open.customer)?)? else {
            return Ok(());
        };
        let phones = (open.old, open.new);
        self.tell_both(&customer, phones, NumberText::KeptOld, NumberText::KeptNew)
    }

    fn tell_both(
        &mut self,
        customer: &CustomerRow,
        (old, new): (Phone, Phone),
        to_old: NumberText,
        to_new: NumberText,
    ) -> Result<(), HubError> {
        self.say_about(customer, old, &Text::Number(to_old))?;
        self.say_about(customer, new, &Text::Number(to_new))
    }

    /// Ends requests that nobody has decided, and forgets what was counted. A clock that nobody vouches for ends none, nor
    /// does a hub in doubt: it may have decided them.
    pub fn expire_numbers(&mut self) -> Result<(), HubError> {
        let now = self.now();
        self.store
            .forget_number_asks(now.plus_ms(-ASKED_WITHIN_MS), now.plus_ms(-TRIES_KEPT_MS))?;
        if !self.moment.trust.is_trusted() || self.in_doubt()? {
            return Ok(());
        }
        for open in self
            .store
            .number_requests_before(now.plus_ms(-REQUEST_LASTS_MS), BATCH_MAX)?
        {
            self.store.end_number_request(open.id, "expired", None, now)?;
            self.audit_as(
                "hub",
                "another number lapsed",
                &open.customer.to_string(),
                &open.id.to_string(),
            )?;
            self.tell_kept(&open)?;
        }
        Ok(())
    }
}

/// Whether two spellings are of one name: case, accents and the order of its parts do not matter.
fn is_same_name(one: &str, other: &str) -> bool {
    let parts = |name: &str| {
        let plain = gsm7::transliterated(name);
        // Letters that an SMS has none for would all be one.
        let plain = if plain.contains('?') { name } else { &plain };
        let plain = plain.to_lowercase();
        let mut parts: Vec<String> = plain.split_whitespace().map(str::to_owned).collect();
        parts.sort_unstable();
        parts
    };
    let (one, other) = (parts(one), parts(other));
    !one.is_empty() && one == other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_however_it_is_typed() {
        for (one, other, expected) in [
            ("Jane Wanjiku", "jane  WANJIKU", true),
            ("Jane Wanjiku", "Wanjiku Jane", true),
            ("Jane Wanjiku", "Jane", false),
            ("Jane Wanjiku", "Jane Wanjiru", false),
            ("", "", false),
            ("አበበ በቀለ", "በቀለ አበበ", true),
            ("አበበ በቀለ", "ጫላ ለማ", false),
        ] {
            assert_eq!(is_same_name(one, other), expected, "{one} {other}");
        }
    }
}
