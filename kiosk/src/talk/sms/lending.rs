//! What is said of loans between people.

use crate::{
    day::Day,
    loan::LoanDenied,
    otp::OneTimeCode,
    phone::Phone,
    talk::{
        Language,
        text::{NAME_IN_MESSAGE, said, sum},
    },
    units::{Currency, Money},
};
use fluent_bundle::FluentArgs;

/// A message about a loan (FEATURES C20 to C23, X12, X13). It always says the period of the repayments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoanText {
    /// To the borrower: the lender has been asked.
    Asked {
        /// The lender.
        lender: Phone,
        /// The loan.
        amount: Money,
        /// What is paid back each period.
        repayment: Money,
        /// Days of a period.
        every_days: u16,
    },
    /// To the lender: somebody asks, and this code approves it.
    Waiting {
        /// The borrower's name.
        name: String,
        /// The borrower.
        borrower: Phone,
        /// The loan.
        amount: Money,
        /// What is paid back each period.
        repayment: Money,
        /// Days of a period.
        every_days: u16,
        /// The code.
        code: OneTimeCode,
    },
    /// To somebody who is not registered: somebody asks.
    Invited {
        /// The borrower's name.
        name: String,
        /// The borrower.
        borrower: Phone,
        /// The loan.
        amount: Money,
    },
    /// To the borrower: the money is there.
    Approved {
        /// The lender's name.
        name: String,
        /// The loan.
        amount: Money,
        /// What is paid back each period.
        repayment: Money,
        /// Days of a period.
        every_days: u16,
        /// The first day on which something is due; unknown while there is no trusted clock.
        first: Option<Day>,
    },
    /// To the lender: the money is gone.
    Given {
        /// The borrower's name.
        name: String,
        /// The loan.
        amount: Money,
        /// What the wallet has now.
        wallet: Money,
    },
    /// To the borrower: the lender said no.
    Refused {
        /// The lender's name.
        name: String,
        /// The loan.
        amount: Money,
    },
    /// To the borrower: nobody said anything.
    Expired {
        /// The loan.
        amount: Money,
    },
    /// To the lender: it is no longer asked for.
    Cancelled {
        /// The borrower's name.
        name: String,
        /// The loan.
        amount: Money,
    },
    /// To the borrower: something was paid back.
    PaidBack {
        /// The lender's name.
        name: String,
        /// What was paid back now.
        amount: Money,
        /// What is still owed; zero says that the loan is repaid.
        left: Money,
    },
    /// To the lender: something came back.
    CameBack {
        /// The borrower's name.
        name: String,
        /// What came back now.
        amount: Money,
        /// What is still owed; zero says that the loan is repaid.
        left: Money,
    },
    /// To the borrower: something is due soon, or today.
    Reminder {
        /// The lender's name.
        name: String,
        /// What is due on that day.
        amount: Money,
        /// The day.
        due: Day,
    },
    /// To the borrower: something was due.
    Overdue {
        /// The lender's name.
        name: String,
        /// What should have been paid by now.
        amount: Money,
        /// The newest day on which something was due.
        due: Day,
    },
    /// To the answer LOANS.
    Summary {
        /// What is owed to others.
        owed: Money,
        /// What of that is due now.
        due: Money,
        /// What others owe.
        lent: Money,
        /// How many requests wait for a word of this number.
        waiting: u64,
    },
    /// To the borrower: less than a loan can be.
    TooSmall {
        /// The smallest loan.
        minimum: Money,
    },
    /// To the borrower: that is their own number.
    OwnNumber,
    /// To the borrower: the repayment is nothing, or more than the loan.
    BadRepayment {
        /// The loan.
        amount: Money,
    },
    /// To the one who answers a request that is answered, cancelled or too old.
    Over,
    /// To somebody who pays back more than that, or nothing.
    NotOwed {
        /// What is owed.
        left: Money,
    },
    /// To somebody whose wallet has another currency.
    OtherCurrency {
        /// The currency of the loan.
        currency: Currency,
    },
    /// To the one whose wallet has too little for it.
    WalletTooLow {
        /// What the wallet has.
        wallet: Money,
    },
}

impl LoanText {
    /// What is said to the one whose wish was denied. Who meddles with a loan that is not theirs learns nothing of it.
    pub fn to_denial(denied: &LoanDenied) -> LoanText {
        match *denied {
            LoanDenied::Amount(minimum) => LoanText::TooSmall { minimum },
            LoanDenied::OwnLoan => LoanText::OwnNumber,
            LoanDenied::Repayment(amount) => LoanText::BadRepayment { amount },
            LoanDenied::Currency(currency) => LoanText::OtherCurrency { currency },
            LoanDenied::WalletTooLow(wallet) => LoanText::WalletTooLow { wallet },
            LoanDenied::NotOwed(left) => LoanText::NotOwed { left },
            LoanDenied::NotTheirs | LoanDenied::TooLate | LoanDenied::State(_) => LoanText::Over,
        }
    }

    /// The message in the Fluent files.
    pub(in crate::talk) fn id(&self) -> &'static str {
        match self {
            LoanText::Asked { .. } => "loan-asked",
            LoanText::Waiting { .. } => "loan-waiting",
            LoanText::Invited { .. } => "loan-invited",
            LoanText::Approved { first: Some(_), .. } => "loan-approved",
            LoanText::Approved { first: None, .. } => "loan-approved-undated",
            LoanText::Given { .. } => "loan-given",
            LoanText::Refused { .. } => "loan-refused",
            LoanText::Expired { .. } => "loan-expired",
            LoanText::Cancelled { .. } => "loan-cancelled",
            LoanText::PaidBack { left, .. } if left.minor > 0 => "loan-paid-back-part",
            LoanText::PaidBack { .. } => "loan-paid-back",
            LoanText::CameBack { left, .. } if left.minor > 0 => "loan-came-back-part",
            LoanText::CameBack { .. } => "loan-came-back",
            LoanText::Reminder { .. } => "loan-reminder",
            LoanText::Overdue { .. } => "loan-overdue",
            LoanText::Summary { .. } => "loan-summary",
            LoanText::TooSmall { .. } => "loan-too-small",
            LoanText::OwnNumber => "loan-own-number",
            LoanText::BadRepayment { .. } => "loan-bad-repayment",
            LoanText::Over => "loan-over",
            LoanText::NotOwed { .. } => "loan-not-owed",
            LoanText::OtherCurrency { .. } => "loan-other-currency",
            LoanText::WalletTooLow { .. } => "loan-wallet-too-low",
        }
    }

    /// The message's arguments, in the alphabet of an SMS.
    pub(in crate::talk) fn args(&self, language: Language) -> FluentArgs<'static> {
        let mut args = FluentArgs::with_capacity(6);
        match self {
            LoanText::Asked { lender, .. } => args.set("lender", lender.msisdn()),
            LoanText::Waiting { borrower, code, .. } => {
                args.set("borrower", borrower.msisdn());
                args.set("code", code.digits());
            }
            LoanText::Invited { borrower, .. } => args.set("borrower", borrower.msisdn()),
            LoanText::Approved { first: Some(first), .. } => args.set("first", first.slashed()),
            LoanText::Given { wallet, .. } | LoanText::WalletTooLow { wallet } => {
                args.set("wallet", sum(*wallet, language));
            }
            LoanText::PaidBack { left, .. } | LoanText::CameBack { left, .. } | LoanText::NotOwed { left } => {
                args.set("left", sum(*left, language));
            }
            LoanText::OtherCurrency { currency } => args.set("currency", currency.code()),
            LoanText::Reminder { due, .. } | LoanText::Overdue { due, .. } => args.set("due", due.slashed()),
            LoanText::TooSmall { minimum } => args.set("minimum", sum(*minimum, language)),
            LoanText::Summary {
                owed,
                due,
                lent,
                waiting,
            } => {
                args.set("owed", sum(*owed, language));
                args.set("due", sum(*due, language));
                args.set("lent", sum(*lent, language));
                args.set("waiting", waiting.to_string());
            }
            _ => {}
        }
        if let Some(name) = self.name() {
            args.set("name", said(name, NAME_IN_MESSAGE));
        }
        if let Some(amount) = self.amount() {
            args.set("amount", sum(amount, language));
        }
        if let Some((repayment, every_days)) = self.repayment() {
            args.set("repayment", sum(repayment, language));
            args.set("days", every_days);
        }
        args
    }

    fn name(&self) -> Option<&str> {
        match self {
            LoanText::Waiting { name, .. }
            | LoanText::Invited { name, .. }
            | LoanText::Approved { name, .. }
            | LoanText::Given { name, .. }
            | LoanText::Refused { name, .. }
            | LoanText::Cancelled { name, .. }
            | LoanText::PaidBack { name, .. }
            | LoanText::CameBack { name, .. }
            | LoanText::Reminder { name, .. }
            | LoanText::Overdue { name, .. } => Some(name),
            _ => None,
        }
    }

    fn amount(&self) -> Option<Money> {
        match self {
            LoanText::Asked { amount, .. }
            | LoanText::Waiting { amount, .. }
            | LoanText::Invited { amount, .. }
            | LoanText::Approved { amount, .. }
            | LoanText::Given { amount, .. }
            | LoanText::Refused { amount, .. }
            | LoanText::Expired { amount }
            | LoanText::Cancelled { amount, .. }
            | LoanText::PaidBack { amount, .. }
            | LoanText::CameBack { amount, .. }
            | LoanText::Reminder { amount, .. }
            | LoanText::Overdue { amount, .. }
            | LoanText::BadRepayment { amount } => Some(*amount),
            _ => None,
        }
    }

    fn repayment(&self) -> Option<(Money, u16)> {
        match self {
            LoanText::Asked {
                repayment, every_days, ..
            }
            | LoanText::Waiting {
                repayment, every_days, ..
            }
            | LoanText::Approved {
                repayment, every_days, ..
            } => Some((*repayment, *every_days)),
            _ => None,
        }
    }
}
