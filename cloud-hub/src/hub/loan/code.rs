//! One-time codes ([`kiosk::otp`]): one goes to the lender with each request, and whoever sends it back by SMS approves.
//! Codes are kept sealed, and so is the text that carries one; no page, list or log shows it.

use kiosk::{
    ids::LoanId,
    moment::{DAY_MS, Draw},
    otp::{CODE_DIGITS, Issued, OneTimeCode, Redeemed, redeem},
    phone::Phone,
    talk::{Text, sms::LoanText},
};

use crate::hub::{
    store::{CodeRow, CustomerRow, LoanRow},
    turn::{HubError, Turn},
};

/// Codes are kept this long: who sends a used one again is told what it did.
const CODES_KEPT_MS: i64 = DAY_MS;
/// What stands in a list in the place of a code.
const STARS: [char; CODE_DIGITS] = ['*'; CODE_DIGITS];

/// What came of a code that a number sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hub) enum Proof {
    /// It was sent for this loan, and is used now.
    Of(LoanId),
    /// It was used for this loan before: the same message again.
    Again(LoanId),
    /// It is none; so many tries are left.
    Wrong {
        /// Tries left; 0 when nothing is open any more.
        left: u8,
    },
    /// It is too old or void, or none was sent.
    Over,
}

impl Turn<'_> {
    /// Asks a lender for their word: the request with a new code.
    pub fn send_loan_code(&mut self, row: &LoanRow, lender: &CustomerRow) -> Result<(), HubError> {
        let loan = &row.loan;
        let Some(borrower) = self.store.customer(loan.borrower)? else {
            return Ok(());
        };
        let (Some(borrower_phone), Some(phone)) = (borrower.phone, lender.phone) else {
            return Ok(());
        };
        let code = self.new_loan_code(phone, loan.id)?;
        let text = Text::Loan(LoanText::Waiting {
            name: borrower.name,
            borrower: borrower_phone,
            amount: loan.amount,
            repayment: loan.repayment,
            every_days: loan.every_days,
            code,
        });
        self.say_secret(lender, &text, &code.digits(), &STARS.iter().collect::<String>())
    }

    fn new_loan_code(&mut self, phone: Phone, loan: LoanId) -> Result<OneTimeCode, HubError> {
        let now = self.now();
        let kept = self.issued_to(phone)?;
        let open: Vec<Issued> = kept.iter().map(|(_, issued)| *issued).collect();
        let code = OneTimeCode::drawn(&Draw::new(self.throw()), &open);
        let random = self.throw();
        let sealed = self.keys.seal(random, code.digits().as_bytes());
        let sealed = sealed.ok_or_else(|| HubError::Journal("a one-time code could not be sealed".to_owned()))?;
        self.store.add_code(phone, loan, &sealed, now)?;
        Ok(code)
    }

    /// The codes that were sent to a number; one that another master key sealed is void.
    fn issued_to(&self, phone: Phone) -> Result<Vec<(CodeRow, Issued)>, HubError> {
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
        Ok(self
            .store
            .codes_sent_to(phone)?
            .into_iter()
            .filter_map(opened)
            .collect())
    }

    /// A number sends a code. The try is counted in the transaction that acts on it.
    pub fn redeem_code(&mut self, phone: Phone, given: OneTimeCode) -> Result<Proof, HubError> {
        let kept = self.issued_to(phone)?;
        let before: Vec<Issued> = kept.iter().map(|(_, issued)| *issued).collect();
        let (after, redeemed) = redeem(&before, given, self.now());
        for ((row, before), after) in kept.iter().zip(&after) {
            if before != after {
                self.store.set_code(row.id, after.wrong, after.used)?;
            }
        }
        let loan_at = |place: usize| kept.get(place).map(|(row, _)| row.loan);
        Ok(match redeemed {
            Redeemed::Right(place) => loan_at(place).map_or(Proof::Over, Proof::Of),
            Redeemed::Again(place) => loan_at(place).map_or(Proof::Over, Proof::Again),
            Redeemed::Wrong { left } => Proof::Wrong { left },
            Redeemed::TooLate | Redeemed::None => Proof::Over,
        })
    }

    /// Forgets codes that are of no use any more.
    pub fn forget_codes(&self) -> Result<(), HubError> {
        Ok(self.store.forget_codes(self.now().plus_ms(-CODES_KEPT_MS))?)
    }
}
