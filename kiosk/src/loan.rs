//! Loans between people, in wallet money (FEATURES C20 to C23, C33 to C39, X12, X13; PROTOCOL rule 27). From the request
//! to the last repayment it is one pure function, [`step`], in the manner of [`crate::payout`].
//!
//! ```text
//! Invited ──registers──> Asked ──lender approves──> Repaying ──all is paid back──> Repaid
//!    │                     ├──lender refuses──────> Refused
//!    ├──time is up─────────┼──time is up──────────> Expired
//!    └──borrower cancels───┴──borrower cancels────> Cancelled
//! ```
//!
//! Who owes what:
//! - The amount lent is what is owed. There is no interest and no fee: a loan of 5000 at 500 a period is ten periods.
//! - From the day it was given, a repayment falls due at the end of every period, until all is paid back. What is due on
//!   a day is what has fallen due by then, less what was paid back, whoever paid it and how ([`Loan::due`]). So who pays
//!   ahead has so much less to pay later, and what is missed is due with the next.
//! - Approval moves the whole amount from the lender's wallet into the borrower's, at once and only if it is there. There
//!   is no state between an approval and the money.
//! - By hand any amount is paid back, up to all that is owed. By itself only what is due is taken, and only out of a
//!   deposit, as far as that brought it: never out of a purchase of named litres, a subscription or a bill (FEATURES X12).
//!
//! What is absent on purpose: a wallet below zero; a step back; a second effect of the same event. An approval, a refusal
//! and a cancellation are known by the state they lead to, a repayment and a deposit by their ids, which the loan keeps.
//!
//! Without a trusted clock nothing expires, falls due or is reminded of; days begin to count when the clock is known.
//!
//! The caller owes: who approves or refuses has given the PIN by USSD or the one-time code of that loan
//! ([`crate::otp`]); wallets are read, and [`LoanEffect::Lend`] and [`LoanEffect::PayBack`] booked
//! (`ledger::Postings::lent` and `repaid`), in the transaction that stores the loan; the steps of several loans over one
//! deposit see the wallet that the step before has left ([`shares`]); `loans.enabled` is asked before a request.

mod schedule;
mod step;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use schedule::shares;
pub use step::{ask, step};

use crate::{
    day::Day,
    ids::{CustomerId, LoanId, PurchaseId, RepaymentId},
    ledger::Purpose,
    moment::{HOUR_MS, Wall},
    phone::Phone,
    units::{Currency, Money},
};

/// Where a loan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LoanState {
    /// The lender's number is not registered; it was invited.
    Invited,
    /// The lender has not said anything yet.
    Asked,
    /// The money is with the borrower, and not all of it is paid back.
    Repaying,
    /// All of it is paid back. Final.
    Repaid,
    /// The lender said no. Final.
    Refused,
    /// Nobody said anything in time. Final.
    Expired,
    /// The borrower no longer wants it. Final.
    Cancelled,
}

impl LoanState {
    /// All of them, in the order of their life.
    pub const ALL: [LoanState; 7] = [
        LoanState::Invited,
        LoanState::Asked,
        LoanState::Repaying,
        LoanState::Repaid,
        LoanState::Refused,
        LoanState::Expired,
        LoanState::Cancelled,
    ];

    /// The name in the API and the database.
    pub const fn name(self) -> &'static str {
        match self {
            LoanState::Invited => "invited",
            LoanState::Asked => "asked",
            LoanState::Repaying => "repaying",
            LoanState::Repaid => "repaid",
            LoanState::Refused => "refused",
            LoanState::Expired => "expired",
            LoanState::Cancelled => "cancelled",
        }
    }

    /// The state with this name.
    pub fn from_name(name: &str) -> Option<LoanState> {
        LoanState::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether it waits for the lender.
    pub const fn is_waiting(self) -> bool {
        matches!(self, LoanState::Invited | LoanState::Asked)
    }
}

/// Who is asked for the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lender {
    /// A customer.
    Known(CustomerId),
    /// A number that is not registered.
    Invited(Phone),
}

/// What the deployment allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoanPolicy {
    /// The smallest loan, in whole units of the currency (FEATURES C16).
    pub amount_units_min: i64,
    /// How long the lender may take, in milliseconds.
    pub answer_within_ms: i64,
    /// Days of a period, at least one (FEATURES X13).
    pub every_days: u16,
}

impl LoanPolicy {
    /// The smallest loan in this currency.
    pub fn amount_min(&self, currency: Currency) -> Money {
        Money::new(
            self.amount_units_min.saturating_mul(currency.minor_per_unit()),
            currency,
        )
    }
}

impl Default for LoanPolicy {
    fn default() -> LoanPolicy {
        LoanPolicy {
            amount_units_min: 100,
            answer_within_ms: 72 * HOUR_MS,
            every_days: 7,
        }
    }
}

/// What a borrower asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoanRequest {
    /// The loan's id; a request that comes again has the same one, and the caller finds it by that.
    pub id: LoanId,
    /// Who asks.
    pub borrower: CustomerId,
    /// Whom.
    pub lender: Lender,
    /// How much: whole units.
    pub amount: Money,
    /// How much is paid back each period: one whole unit at least, all of it at most.
    pub repayment: Money,
}

/// What made somebody pay back; each counts once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The borrower's own wish.
    Hand(RepaymentId),
    /// A deposit.
    Deposit(PurchaseId),
}

/// One repayment: a line of the loan's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repayment {
    /// What made it.
    pub cause: Cause,
    /// How much; zero for a deposit of which nothing was due.
    pub amount: Money,
    /// When.
    pub at: Wall,
}

/// A loan. The hub stores it field by field, and its history as rows of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loan {
    /// Its id.
    pub id: LoanId,
    /// Who asked for it.
    pub borrower: CustomerId,
    /// Who was asked.
    pub lender: Lender,
    /// The loan, more than zero, in the currency of everything here.
    pub amount: Money,
    /// What is paid back each period.
    pub repayment: Money,
    /// Days of a period, as agreed: a later change of the setting changes no loan.
    pub every_days: u16,
    /// Where it stands.
    pub state: LoanState,
    /// When it was asked for; the lender's time counts from here. `None` until a trusted clock tells.
    pub asked: Option<Wall>,
    /// The local day on which it was given; periods count from here. `None` before that, and until a trusted clock tells.
    pub given: Option<Day>,
    /// The last local day on which the borrower was reminded.
    pub reminded: Option<Day>,
    /// What was paid back, the oldest first.
    pub history: Vec<Repayment>,
}

impl Loan {
    /// What was paid back so far.
    pub fn repaid(&self) -> Money {
        let add = |sum: i64, line: &Repayment| sum.saturating_add(line.amount.minor);
        self.money(self.history.iter().fold(0, add))
    }

    /// The repayments that moved money, the oldest first.
    pub fn repayments(&self) -> impl Iterator<Item = &Repayment> {
        self.history.iter().filter(|line| line.amount.minor > 0)
    }

    /// What the borrower owes now: nothing before it was given, and nothing in the end.
    pub fn owed(&self) -> Money {
        match self.state {
            LoanState::Repaying => self.money(self.amount.minor.saturating_sub(self.repaid().minor)),
            _ => self.money(0),
        }
    }

    /// The customer who was asked, if it is one.
    pub fn lender_known(&self) -> Option<CustomerId> {
        match self.lender {
            Lender::Known(lender) => Some(lender),
            Lender::Invited(_) => None,
        }
    }

    fn money(&self, minor: i64) -> Money {
        Money { minor, ..self.amount }
    }
}

/// Everything that can happen to a loan. Wallets are as they are before it, in the currency of the loan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoanEvent {
    /// The invited number is registered now, as this customer.
    LenderRegistered(CustomerId),
    /// This customer approves, and has this much in the wallet.
    Approved {
        /// Who.
        by: CustomerId,
        /// Their wallet.
        wallet: Money,
    },
    /// This customer refuses.
    Refused(CustomerId),
    /// This customer cancels.
    Cancelled(CustomerId),
    /// The borrower pays back by hand.
    PaidBack {
        /// The wish; the same one twice counts once.
        id: RepaymentId,
        /// How much: more than zero, at most what is owed.
        amount: Money,
        /// The borrower's wallet.
        wallet: Money,
    },
    /// Money of the borrower came in.
    MoneyCame {
        /// The payment; the same one twice counts once.
        id: PurchaseId,
        /// What it was for: only a deposit pays back a loan.
        purpose: Purpose,
        /// How much of it is there for this loan ([`shares`]).
        amount: Money,
        /// The borrower's wallet, with the deposit in it.
        wallet: Money,
    },
    /// Time has passed: once a day or oftener.
    Tick,
}

/// Why something is not done. It is an answer, not an error, and nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoanDenied {
    /// Less than a loan can be, or not whole units.
    #[error("a loan is at least {0}, in whole units")]
    Amount(Money),
    /// The borrower and the lender are the same.
    #[error("nobody lends to themselves")]
    OwnLoan,
    /// A repayment of nothing, of a part of a unit, or of more than the loan.
    #[error("the repayment is at least one whole unit and at most the loan of {0}")]
    Repayment(Money),
    /// Another currency than the loan's.
    #[error("the loan is in {0}")]
    Currency(Currency),
    /// Somebody who is not a party of this loan, or the other one.
    #[error("this loan is not theirs to decide on")]
    NotTheirs,
    /// The wallet of the one who pays has less than that.
    #[error("the wallet has {0}, which is not enough")]
    WalletTooLow(Money),
    /// More than is owed, or nothing.
    #[error("between nothing and {0} can be paid back")]
    NotOwed(Money),
    /// The lender took too long.
    #[error("the time to answer is over")]
    TooLate,
    /// It cannot happen where the loan stands.
    #[error("the loan is {}", .0.name())]
    State(LoanState),
}

/// Whom a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// Who asked.
    Borrower,
    /// Who was asked, registered or not.
    Lender,
}

/// What a party is told; the words are [`crate::talk::sms::LoanText`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoanNotice {
    /// The lender was asked.
    Asked,
    /// Somebody asks; send a one-time code with it.
    Waiting,
    /// Somebody asks, and an answer needs a registration first.
    Invited,
    /// The money is there.
    Approved,
    /// The money is gone.
    Given,
    /// The lender said no.
    Refused,
    /// Nobody said anything in time.
    Expired,
    /// It is no longer asked for.
    Cancelled,
    /// Something was paid back, to the one who paid.
    PaidBack {
        /// How much.
        amount: Money,
        /// What is still owed; zero when it is over.
        left: Money,
    },
    /// Something was paid back, to the one who gets it.
    CameBack {
        /// How much.
        amount: Money,
        /// What is still owed; zero when it is over.
        left: Money,
    },
    /// Something is due today or tomorrow.
    Reminder {
        /// What is due on that day, as far as it is not paid.
        amount: Money,
        /// The day.
        due: Day,
    },
    /// Something was due before today.
    Overdue {
        /// What should have been paid by now.
        amount: Money,
        /// The newest day on which something was due.
        due: Day,
    },
}

/// What is to be done once the loan is on disk, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoanEffect {
    /// Move this from the lender's wallet to the borrower's: once in a loan's life.
    Lend {
        /// From whom.
        lender: CustomerId,
        /// To whom.
        borrower: CustomerId,
        /// How much.
        amount: Money,
    },
    /// Move this from the borrower's wallet to the lender's.
    PayBack {
        /// To whom.
        lender: CustomerId,
        /// From whom.
        borrower: CustomerId,
        /// How much.
        amount: Money,
    },
    /// Tell one of them.
    Tell(Party, LoanNotice),
}
