//! Loans between people: who asks whom, who answers, what is paid back. What may happen to a loan, and what comes of it, is
//! [`kiosk::loan`]'s to say; here it is looked up, booked and told, each in one transaction.
//!
//! | part | what it does |
//! |---|---|
//! | `step` | takes a loan one event further, books it and tells its people |
//! | `site` | loans that were asked at sites |
//! | `day` | what is due: collected from deposits, reminded of, lapsed |
//!
//! However a loan is asked for, by phone, by an operator or at a site, it goes through [`Turn::ask_for_loan`].
//!
//! While the hub is in doubt nothing is approved, paid back or collected: the past that is missing may have done it. Where
//! `loans.enabled` is off nothing is asked for and nothing approved; what was lent before is still paid back.

mod day;
mod site;
mod step;

use kiosk::{
    ids::{AccountId, CustomerId, LoanId, RecordId, RepaymentId},
    loan::{Lender, LoanDenied, LoanEvent, LoanRequest, LoanState, ask},
    moment::DAY_MS,
    phone::Phone,
    talk::{
        Text,
        sms::{Answer, LoanText},
    },
    units::Money,
};

use super::{
    dispense::pin_tries,
    effect::{Refusal, RefusalKind, Response},
    input::{Actor, NewLoan, Secret},
    store::{CustomerRow, LoanRow},
    turn::{Halt, HubError, Turn},
};

/// Requests of one borrower that may wait for their lenders at once.
const WAITING_MAX: usize = 10;
/// Requests of one borrower in a day, whatever became of them: each is a text to somebody, and costs.
const ASKED_PER_DAY: u32 = 10;
/// Requests in a day to one number, whoever asks.
const ASKED_OF_PER_DAY: u32 = 10;

/// A loan that somebody asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    /// The loan's id; the same wish told twice has one.
    pub id: LoanId,
    /// Who asks.
    pub borrower: CustomerId,
    /// Whose number is asked.
    pub lender: Phone,
    /// How much.
    pub amount: Money,
    /// How much is paid back each period.
    pub repayment: Money,
    /// The record of a site that asks.
    pub request: Option<RecordId>,
}

/// Why a wish about a loan is not done.
#[derive(Debug)]
pub(super) enum NoLoan {
    /// Loans are off.
    Off,
    /// Part of the past is missing.
    InDoubt,
    /// There is no such loan.
    Unknown,
    /// Whoever wishes it is not registered, or has no phone.
    NotRegistered,
    /// Whoever wishes it is blocked, with this account.
    Blocked(Option<AccountId>),
    /// Too many requests of theirs wait already.
    TooMany,
    /// The rules say no.
    Denied(LoanDenied),
    /// The hub could not decide.
    Broken(HubError),
}

impl<E: Into<HubError>> From<E> for NoLoan {
    fn from(error: E) -> NoLoan {
        NoLoan::Broken(error.into())
    }
}

impl From<NoLoan> for Halt {
    fn from(no: NoLoan) -> Halt {
        let refusal = match no {
            NoLoan::Broken(error) => return Halt::Broken(error),
            NoLoan::Off => Refusal::conflict("loans_off", "loans are off at this hub (loans.enabled)"),
            NoLoan::InDoubt => {
                let message = "the hub was restored and does not know yet what wallets hold; wait, or end the doubt";
                Refusal::conflict("in_doubt", message)
            }
            NoLoan::Unknown => Refusal::not_found("loan"),
            NoLoan::NotRegistered => Refusal::conflict("no_phone", "a borrower is registered and has a phone"),
            NoLoan::Blocked(_) => Refusal::conflict("inactive", "this customer is blocked"),
            NoLoan::TooMany => {
                let message = format!(
                    "{WAITING_MAX} requests of this customer wait already, or {ASKED_PER_DAY} were made today by them or to \
                     this lender: wait until tomorrow"
                );
                Refusal::conflict("too_many_waiting", message)
            }
            NoLoan::Denied(denied) => refused(&denied),
        };
        Halt::Refused(refusal)
    }
}

impl NoLoan {
    /// What is said to the one who wished it; an error of the hub is none.
    pub fn text(self) -> Result<Text, HubError> {
        Ok(match self {
            NoLoan::Broken(error) => return Err(error),
            NoLoan::Off => Text::Answer(Answer::NoLoans),
            NoLoan::InDoubt => Text::Answer(Answer::NotNow),
            NoLoan::TooMany => Text::Answer(Answer::TooManyLoans),
            NoLoan::Unknown => Text::Answer(Answer::CodeOver),
            NoLoan::NotRegistered => Text::Answer(Answer::UnknownSender),
            NoLoan::Blocked(account) => match account {
                Some(account) => Text::Answer(Answer::Inactive { account }),
                None => Text::Answer(Answer::UnknownSender),
            },
            NoLoan::Denied(denied) => Text::Loan(LoanText::to_denial(&denied)),
        })
    }
}

/// A denial of the rules, as the API says it.
fn refused(denied: &LoanDenied) -> Refusal {
    let message = denied.to_string();
    match denied {
        LoanDenied::Amount(_) => Refusal::invalid("amount_minor", "out_of_range", message),
        LoanDenied::OwnLoan => Refusal::invalid("lender", "own_loan", message),
        LoanDenied::Repayment(_) => Refusal::invalid("repayment_minor", "out_of_range", message),
        LoanDenied::Currency(_) => Refusal::conflict("other_currency", message),
        LoanDenied::NotTheirs => Refusal::conflict("not_theirs", message),
        LoanDenied::WalletTooLow(_) => Refusal::conflict("wallet_too_small", message),
        LoanDenied::NotOwed(_) => Refusal::invalid("amount_minor", "not_owed", message),
        LoanDenied::TooLate => Refusal::conflict("too_late", message),
        LoanDenied::State(_) => Refusal::conflict("loan_state", message),
    }
}

fn stands(row: &LoanRow) -> Response {
    Response::Loan {
        loan: row.loan.id,
        state: row.loan.state,
    }
}

impl Turn<'_> {
    /// Somebody asks for a loan, by whatever way; `by` stands in the audit. An equal request that still waits is the same.
    pub fn ask_for_loan(&mut self, by: &str, wish: &Wish) -> Result<LoanRow, NoLoan> {
        if let Some(known) = self.store.loan(wish.id)? {
            return Ok(known);
        }
        if !self.settings.loans {
            return Err(NoLoan::Off);
        }
        let borrower = self.party(wish.borrower)?;
        if borrower.phone.is_none() {
            return Err(NoLoan::NotRegistered);
        }
        let lender = match self.store.customer_by_phone(wish.lender)? {
            Some(known) => Lender::Known(known.id),
            None => Lender::Invited(wish.lender),
        };
        let request = LoanRequest {
            id: wish.id,
            borrower: borrower.id,
            lender,
            amount: wish.amount,
            repayment: wish.repayment,
        };
        let (loan, effects) = ask(&self.settings.loan_policy, &request, self.moment).map_err(NoLoan::Denied)?;
        let mut waiting = self.store.open_loans_of(borrower.id)?;
        waiting.retain(|row| row.loan.state.is_waiting());
        let is_equal = |row: &LoanRow| {
            row.loan.lender == lender && row.loan.amount == wish.amount && row.loan.repayment == wish.repayment
        };
        if wish.request.is_none()
            && let Some(equal) = waiting.iter().find(|row| is_equal(row))
        {
            return Ok(equal.clone());
        }
        // What a site asked for was asked by people who stood there, and is told once.
        let since = self.now().plus_ms(-DAY_MS);
        let is_flood = wish.request.is_none()
            && (self.store.loans_asked_by(borrower.id, since)? >= ASKED_PER_DAY
                || self.store.loans_asked_of(lender, since)? >= ASKED_OF_PER_DAY);
        if waiting.len() >= WAITING_MAX || is_flood {
            return Err(NoLoan::TooMany);
        }
        let row = LoanRow {
            loan,
            request: wish.request,
            asked_by: by.to_owned(),
            looked: None,
            created: self.now(),
            ended: None,
        };
        self.store.put_loan(&row)?;
        self.audit_as(by, "loan asked", &wish.id.to_string(), &wish.amount.to_string())?;
        self.loan_effects(&row, effects)?;
        Ok(row)
    }

    /// A lender who has given their PIN, or the one-time code of this loan, approves it.
    pub fn approve_loan_of(&mut self, lender: CustomerId, loan: LoanId) -> Result<LoanRow, NoLoan> {
        let row = self.known_loan(loan)?;
        let lender = self.party(lender)?;
        let is_given = matches!(row.loan.state, LoanState::Repaying | LoanState::Repaid);
        if !self.settings.loans && !is_given {
            return Err(NoLoan::Off);
        }
        if !is_given && self.party(row.loan.borrower).is_err() {
            // Nobody lends into a wallet that is blocked; whose it is, is not the lender's to know.
            return Err(NoLoan::Denied(LoanDenied::State(row.loan.state)));
        }
        self.moves_value()?;
        let wallet = self.money(self.wallet_minor(lender.id)?);
        self.step_loan(&row, LoanEvent::Approved { by: lender.id, wallet })
    }

    /// The lender says no.
    pub fn refuse_loan_of(&mut self, lender: CustomerId, loan: LoanId) -> Result<LoanRow, NoLoan> {
        let row = self.known_loan(loan)?;
        let lender = self.store.root(lender)?;
        self.step_loan(&row, LoanEvent::Refused(lender))
    }

    /// The borrower no longer wants it.
    pub fn cancel_loan_of(&mut self, borrower: CustomerId, loan: LoanId) -> Result<LoanRow, NoLoan> {
        let row = self.known_loan(loan)?;
        let borrower = self.store.root(borrower)?;
        self.step_loan(&row, LoanEvent::Cancelled(borrower))
    }

    /// A borrower who has given their PIN pays back by hand.
    pub fn repay_loan_of(
        &mut self,
        borrower: CustomerId,
        loan: LoanId,
        id: RepaymentId,
        amount: Money,
    ) -> Result<LoanRow, NoLoan> {
        let row = self.known_loan(loan)?;
        let borrower = self.store.root(borrower)?;
        if row.loan.borrower != borrower {
            return Err(NoLoan::Denied(LoanDenied::NotTheirs));
        }
        self.moves_value()?;
        let wallet = self.money(self.wallet_minor(borrower)?);
        self.step_loan(&row, LoanEvent::PaidBack { id, amount, wallet })
    }

    fn known_loan(&self, loan: LoanId) -> Result<LoanRow, NoLoan> {
        self.store.loan(loan)?.ok_or(NoLoan::Unknown)
    }

    /// A customer who may have a part in a loan, whoever they count as now.
    fn party(&self, customer: CustomerId) -> Result<CustomerRow, NoLoan> {
        let found = self.store.customer(self.store.root(customer)?)?;
        match found {
            None => Err(NoLoan::NotRegistered),
            Some(row) if !row.active => Err(NoLoan::Blocked(row.account)),
            Some(row) => Ok(row),
        }
    }

    fn moves_value(&self) -> Result<(), NoLoan> {
        match self.in_doubt()? {
            true => Err(NoLoan::InDoubt),
            false => Ok(()),
        }
    }

    /// An operator asks for a customer.
    pub fn create_loan(&mut self, by: &Actor, new: &NewLoan) -> Result<Response, Halt> {
        let borrower = self.known_customer(new.borrower)?.id;
        let wish = Wish {
            id: LoanId(self.throw_number()),
            borrower,
            lender: Phone::parse(&new.lender, self.settings.country)
                .map_err(|error| Refusal::invalid("lender", "bad_phone", error.to_string()))?,
            amount: self.money(new.amount_minor),
            repayment: self.money(new.repayment_minor),
            request: None,
        };
        Ok(stands(&self.ask_for_loan(&by.name(), &wish)?))
    }

    /// An operator writes down that the lender said no.
    pub fn decline_loan(&mut self, by: &Actor, loan: LoanId) -> Result<Response, Halt> {
        let row = self.known_loan(loan)?;
        let lender = row.loan.lender_known();
        let lender = lender.ok_or(NoLoan::Denied(LoanDenied::State(row.loan.state)))?;
        let row = self.refuse_loan_of(lender, loan)?;
        self.audit(by, "loan refused", &loan.to_string(), "")?;
        Ok(stands(&row))
    }

    /// An operator writes down that the borrower no longer wants it.
    pub fn cancel_loan(&mut self, by: &Actor, loan: LoanId) -> Result<Response, Halt> {
        let borrower = self.known_loan(loan)?.loan.borrower;
        let row = self.cancel_loan_of(borrower, loan)?;
        self.audit(by, "loan cancelled", &loan.to_string(), "")?;
        Ok(stands(&row))
    }

    /// The lender has typed their PIN before an operator. Nobody else's word moves what is in a wallet.
    pub fn approve_loan(&mut self, by: &Actor, loan: LoanId, pin: &Secret) -> Result<Response, Halt> {
        let row = self.known_loan(loan)?;
        let lender = row.loan.lender_known();
        let lender = lender.ok_or(NoLoan::Denied(LoanDenied::State(row.loan.state)))?;
        self.prove_pin(lender, pin)?;
        let row = self.approve_loan_of(lender, loan)?;
        self.audit(by, "loan approved", &loan.to_string(), "")?;
        Ok(stands(&row))
    }

    /// The borrower has typed their PIN before an operator.
    pub fn repay_loan(
        &mut self,
        by: &Actor,
        loan: LoanId,
        amount_minor: Option<i64>,
        pin: &Secret,
    ) -> Result<Response, Halt> {
        let row = self.known_loan(loan)?;
        let amount = amount_minor.map_or_else(|| row.loan.owed(), |minor| self.money(minor));
        self.prove_pin(row.loan.borrower, pin)?;
        let wish = RepaymentId(self.throw_number());
        let row = self.repay_loan_of(row.loan.borrower, loan, wish, amount)?;
        self.audit(by, "loan paid back", &loan.to_string(), &amount.to_string())?;
        Ok(stands(&row))
    }

    /// A customer's PIN, typed before an operator. A wrong one is counted, also where the request comes to nothing.
    fn prove_pin(&mut self, customer: CustomerId, typed: &Secret) -> Result<(), Halt> {
        let mut row = self.known_customer(customer)?;
        let (tries, now) = (pin_tries(&row), self.present());
        if tries.is_locked(&now) {
            let message = "too many wrong PINs; this customer is locked for a while";
            return Err(Refusal::new(RefusalKind::TooMany, "locked", message).into());
        }
        match self.check_typed_pin(&mut row, typed, tries, &now)? {
            Some(true) => Ok(()),
            Some(false) => Err(Halt::Kept(Refusal::invalid("pin", "wrong_pin", "this PIN is wrong"))),
            None => Err(Refusal::conflict("no_pin", "this customer has no PIN yet").into()),
        }
    }
}
