//! One-time codes ([`kiosk::otp`]): what is sent to a number, and what comes back from it. A code is for one thing: a loan,
//! whose lender sends it back by SMS, or a forgotten PIN, whose owner types it in a menu. Codes are kept sealed, and so is
//! the text that carries one; no page, list or log shows it.

use kiosk::{
    ids::LoanId,
    moment::{DAY_MS, Draw},
    otp::{CODE_TRIES_MAX, Issued, OneTimeCode, Redeemed, redeem},
    phone::Phone,
    talk::Text,
};

use super::{
    effect::Refusal,
    store::{CodeRow, CustomerRow},
    turn::{Halt, HubError, Turn},
};

/// Codes are kept this long: who sends a used one again is told what it did.
const CODES_KEPT_MS: i64 = DAY_MS;
/// Codes for a forgotten PIN that one number gets within [`CODES_KEPT_MS`].
const PIN_CODES_MAX: usize = 3;
/// Codes of one kind that one number has open at once.
const OPEN_MAX: usize = 3;

/// What a code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CodeFor {
    /// To lend.
    Loan(LoanId),
    /// To choose another PIN.
    Pin,
}

impl CodeFor {
    const fn is_loan(self) -> bool {
        matches!(self, CodeFor::Loan(_))
    }
}

/// What came of a code that a number sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// It was sent for this, and is used now.
    Of(CodeFor),
    /// It was used for this before: the same message again.
    Again(CodeFor),
    /// It is none; so many tries are left.
    Wrong {
        /// Tries left; 0 when nothing is open any more.
        left: u8,
    },
    /// It is too old or void, or none was sent.
    Over,
}

impl Turn<'_> {
    /// A new code for this number.
    pub fn issue_code(&mut self, phone: Phone, what: CodeFor) -> Result<OneTimeCode, HubError> {
        let now = self.now();
        let kept = self.issued_to(phone, what.is_loan())?;
        let is_open = |(_, issued): &&(CodeRow, Issued)| issued.is_open(now);
        // Each open one makes guessing easier, so the newest few stand.
        let voided = (kept.iter().filter(is_open).count() + 1).saturating_sub(OPEN_MAX);
        for (row, _) in kept.iter().filter(is_open).take(voided) {
            self.store.set_code(row.id, CODE_TRIES_MAX, false)?;
        }
        let open: Vec<Issued> = kept.iter().map(|(_, issued)| *issued).collect();
        let code = OneTimeCode::drawn(&Draw::new(self.throw()), &open);
        let sealed = self.sealed(code.digits().as_bytes(), "a one-time code")?;
        self.store.add_code(phone, what, &sealed, now)?;
        Ok(code)
    }

    /// Sends a customer who forgot their PIN a code, so many times a day.
    pub fn send_pin_code(&mut self, customer: &CustomerRow) -> Result<(), Halt> {
        let Some(phone) = customer.phone else {
            return Err(Refusal::conflict("no_phone", "a code goes to a phone").into());
        };
        let is_held = self.store.text_hold()?.is_some();
        if !self.carries_texts_of(customer.site.as_ref(), is_held)? {
            return Err(Refusal::conflict("texts_off", "no text is sent at present").into());
        }
        if self.issued_to(phone, false)?.len() >= PIN_CODES_MAX {
            let message = format!("{PIN_CODES_MAX} codes were sent today; wait until tomorrow");
            return Err(Refusal::conflict("too_many_codes", message).into());
        }
        let code = self.issue_code(phone, CodeFor::Pin)?;
        Ok(self.say_secret(customer, &Text::PinCode { code }, &code.digits(), true)?)
    }

    /// The codes that were sent to a number for loans, or for its PIN; one that another master key sealed is void.
    fn issued_to(&self, phone: Phone, for_loans: bool) -> Result<Vec<(CodeRow, Issued)>, HubError> {
        let opened = |row: CodeRow| {
            let digits = String::from_utf8(self.keys.open(&row.sealed)?).ok()?;
            let issued = Issued {
                code: digits.parse().ok()?,
                since: row.since,
                wrong: row.wrong,
                used: row.used,
            };
            Some((row, issued))
        };
        let mut kept = self.store.codes_sent_to(phone)?;
        kept.retain(|row| row.what.is_loan() == for_loans);
        Ok(kept.into_iter().filter_map(opened).collect())
    }

    /// A number sends a code for a loan, or for its PIN. The try is counted in the transaction that acts on it.
    pub fn redeem_code(&mut self, phone: Phone, given: OneTimeCode, for_loans: bool) -> Result<Proof, HubError> {
        let kept = self.issued_to(phone, for_loans)?;
        let before: Vec<Issued> = kept.iter().map(|(_, issued)| *issued).collect();
        let (after, redeemed) = redeem(&before, given, self.now());
        for ((row, before), after) in kept.iter().zip(&after) {
            if before != after {
                self.store.set_code(row.id, after.wrong, after.used)?;
            }
        }
        Ok(match redeemed {
            Redeemed::Right(place) => kept.get(place).map_or(Proof::Over, |(row, _)| Proof::Of(row.what)),
            Redeemed::Again(place) => kept.get(place).map_or(Proof::Over, |(row, _)| Proof::Again(row.what)),
            Redeemed::Wrong { left } => Proof::Wrong { left },
            Redeemed::TooLate | Redeemed::None => Proof::Over,
        })
    }

    /// Forgets codes that are of no use any more.
    pub fn forget_codes(&self) -> Result<(), HubError> {
        Ok(self.store.forget_codes(self.now().plus_ms(-CODES_KEPT_MS))?)
    }
}
