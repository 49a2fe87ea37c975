//! Loans between people: the texts and states of FEATURES C13 and C32 to C39.
//!
//! What those rows do not show and a person needs all the same stands beside it: to refuse, to pay back, to take a
//! request back.

use super::{
    act::Act,
    desk::{Desk, Rows, Turn, choice},
    office::{LoanView, MovementKind, Office},
    page::{Row, Sheet},
    say::Say,
    state::{Entry, List, Menu, Shown, State},
    words::Word,
};
use crate::{
    ids::LoanId,
    loan::{LoanState, Party},
    phone::Phone,
    talk::sms::ungrouped,
    units::Money,
};

/// The most that is typed as an amount, in whole units; what may be paid or lent is the office's to say.
const AMOUNT_UNITS_MAX: i64 = 99_999_999;

impl<O: Office> Desk<'_, O> {
    pub fn loans_menu(&self) -> Sheet {
        let is_home = self.session.service.home() == Menu::Loans;
        Sheet::new(Word::LoansMenu, if is_home { Word::Exit } else { Word::Back })
    }

    pub fn take_loans(&mut self, input: &str) -> Result<Turn, O::Error> {
        let is_home = self.session.service.home() == Menu::Loans;
        Ok(match choice(input) {
            Some(1) => Turn::entry(Entry::Lender),
            Some(2) => Turn::list(List::MyLoans),
            Some(3) => Turn::list(List::ToApprove),
            Some(4) => self.tell_wallet()?,
            Some(5) => Turn::list(List::Movements),
            Some(0) if is_home => Turn::End(Word::Goodbye.into()),
            Some(0) => Turn::menu(self.session.service.home()),
            _ => Turn::no_such_choice(),
        })
    }

    fn tell_wallet(&self) -> Result<Turn, O::Error> {
        let Some(customer) = self.customer() else {
            return Ok(Turn::no_such_choice());
        };
        let wallet = self.office.wallet(customer.id)?;
        let said = Say::new(Word::LoanBalance).shillings("wallet", wallet);
        Ok(Turn::Tell(said, Menu::Loans))
    }

    pub fn take_loan_entry(&mut self, entry: Entry, input: &str) -> Result<Turn, O::Error> {
        Ok(match entry {
            Entry::Lender => match Phone::parse(input, self.session.phone.country()) {
                Err(_) => Turn::again(Word::NotePhone),
                Ok(lender) if lender == self.session.phone => Turn::again(Word::NoteOwnPhone),
                Ok(lender) => Turn::entry(Entry::LoanAmount { lender }),
            },
            Entry::LoanAmount { lender } => match self.amount(input) {
                Some(amount) => match self.least_lent() {
                    Some(least) if amount.minor < self.whole(least).minor => {
                        Turn::Again(Say::new(Word::NoteMinimum).number("least", least.unsigned_abs()))
                    }
                    _ => Turn::entry(Entry::LoanRepayment { lender, amount }),
                },
                None => Turn::again(Word::NoteAmount),
            },
            Entry::LoanRepayment { lender, amount } => match self.amount(input) {
                Some(repayment) if repayment.minor <= amount.minor => Turn::Go(State::Confirm {
                    act: Act::RequestLoan {
                        lender,
                        amount,
                        repayment,
                    },
                    whom: String::new(),
                }),
                Some(_) => Turn::again(Word::NoteRepayment),
                None => Turn::again(Word::NoteAmount),
            },
            Entry::RepayAmount { loan } => match (choice(input), self.amount(input)) {
                (Some(0), _) => Turn::Go(State::Loan(loan)),
                (_, Some(amount)) => Self::confirm(Act::RepayLoan { loan, amount }, ""),
                (_, None) => Turn::again(Word::NoteAmount),
            },
            _ => Turn::no_such_choice(),
        })
    }

    /// The least that is lent, in whole units (FEATURES C16).
    fn least_lent(&self) -> Option<i64> {
        self.office.loan_policy().map(|policy| policy.amount_units_min)
    }

    /// An amount as it is typed: whole units, more than none.
    pub fn amount(&self, input: &str) -> Option<Money> {
        whole_number(input, AMOUNT_UNITS_MAX).map(|units| self.whole(units))
    }

    pub fn take_loan(&mut self, loan: LoanId, input: &str) -> Result<Turn, O::Error> {
        let Some(loan) = self.own_loan(loan)? else {
            return Ok(Turn::list(List::MyLoans));
        };
        match (choice(input), loan.party, loan.state) {
            (Some(0), _, _) => Ok(Turn::menu(Menu::Loans)),
            (Some(1), Party::Borrower, state) if state.is_waiting() => self.make(&Act::CancelLoan { loan: loan.id }),
            (Some(1), Party::Borrower, LoanState::Repaying) => Ok(Turn::entry(Entry::RepayAmount { loan: loan.id })),
            _ => Ok(Turn::no_such_choice()),
        }
    }

    pub fn take_approval(&mut self, loan: LoanId, input: &str) -> Result<Turn, O::Error> {
        match choice(input) {
            Some(1) => self.ask_pin_or_do(Act::ApproveLoan { loan }),
            Some(2) => self.make(&Act::RefuseLoan { loan }),
            Some(0) => Ok(Turn::menu(Menu::Loans)),
            _ => Ok(Turn::no_such_choice()),
        }
    }

    fn own_loan(&self, loan: LoanId) -> Result<Option<LoanView>, O::Error> {
        match self.customer() {
            Some(customer) => self.office.loan(customer.id, loan),
            None => Ok(None),
        }
    }

    pub fn loan_sheet(&self, loan: LoanId) -> Result<Option<Sheet>, O::Error> {
        let row = |say| Row { say, shown: None };
        Ok(self.own_loan(loan)?.map(|loan| {
            let left = Say::new(Word::LoanLeft).shillings("left", loan.owed);
            let rows = match (loan.party, loan.state) {
                (Party::Borrower, LoanState::Repaying) => vec![row(left), row(Word::LoanCanRepay.into())],
                (Party::Lender, LoanState::Repaying) => vec![row(left)],
                (Party::Borrower, state) if state.is_waiting() => vec![row(Word::LoanCanCancel.into())],
                _ => Vec::new(),
            };
            let head = about(&loan, Word::LoanDetail);
            Sheet {
                rows,
                ..Sheet::new(head, Word::Back)
            }
        }))
    }

    pub fn approval_sheet(&self, loan: LoanId) -> Result<Option<Sheet>, O::Error> {
        let loan = self.own_loan(loan)?.filter(is_to_approve);
        Ok(loan.map(|loan| Sheet::whole(about(&loan, Word::ApprovalConfirm))))
    }

    pub fn loan_entry_sheet(&self, entry: &Entry) -> Sheet {
        let asked = |word| Say::new(word).currency("currency", self.office.tariff().currency);
        match entry {
            Entry::LoanAmount { .. } => Sheet::whole(asked(Word::LoanAmount)),
            Entry::LoanRepayment { .. } => Sheet::whole(asked(Word::LoanRepayment)),
            Entry::RepayAmount { .. } => Sheet::new(asked(Word::RepayAmount), Word::Back),
            _ => Sheet::whole(Word::LoanPhone),
        }
    }

    pub fn loan_rows(&self, list: &List) -> Result<Rows, O::Error> {
        let Some(customer) = self.customer() else {
            return Ok((Word::MyLoans, Word::NoLoans, Vec::new()));
        };
        if *list == List::Movements {
            let movements = self.office.movements(customer.id)?;
            let row = |movement: &super::Movement| Row {
                say: Say::new(Word::MovementRow)
                    .short_day("day", movement.day)
                    .shillings("amount", movement.amount)
                    .word("kind", movement_word(movement.kind)),
                shown: None,
            };
            let rows = movements.iter().map(row).collect();
            return Ok((Word::Movements, Word::NoMovements, rows));
        }
        let loans = self.office.loans(customer.id)?;
        let (head, none) = match list {
            List::ToApprove => (Word::Approvals, Word::NoApprovals),
            _ => (Word::MyLoans, Word::NoLoans),
        };
        let listed = loans
            .iter()
            .filter(|loan| *list != List::ToApprove || is_to_approve(loan));
        let row = |loan: &LoanView| Row {
            say: match (list, loan.party) {
                (List::ToApprove, _) => about(loan, Word::ApprovalRow),
                (_, Party::Borrower) => about(loan, Word::BorrowedRow),
                (_, Party::Lender) => about(loan, Word::LentRow),
            },
            shown: Some(Shown::Loan(loan.id)),
        };
        Ok((head, none, listed.map(row).collect()))
    }

    pub fn loan_confirm(&self, lender: Phone, amount: Money, repayment: Money) -> Sheet {
        let head = Say::new(Word::LoanConfirm)
            .phone("lender", lender)
            .shillings("amount", amount)
            .shillings("repayment", repayment);
        Sheet::whole(head)
    }
}

fn is_to_approve(loan: &LoanView) -> bool {
    loan.party == Party::Lender && loan.state == LoanState::Asked
}

/// A text about a loan.
fn about(loan: &LoanView, word: Word) -> Say {
    let side = match loan.party {
        Party::Borrower => Word::Lender,
        Party::Lender => Word::Borrower,
    };
    let period = match loan.every_days {
        1 => Word::PerDay.into(),
        7 => Word::PerWeek.into(),
        days => Say::new(Word::PerDays).number("days", days),
    };
    let state = match loan.state {
        LoanState::Invited => Word::LoanInvited,
        LoanState::Asked => Word::LoanAsked,
        LoanState::Repaying if loan.is_late => Word::LoanLate,
        LoanState::Repaying => Word::LoanOpen,
        LoanState::Repaid => Word::LoanIsRepaid,
        LoanState::Refused => Word::LoanIsRefused,
        LoanState::Cancelled => Word::LoanIsCancelled,
        LoanState::Expired => Word::LoanExpired,
    };
    Say::new(word)
        .word("side", side)
        .phone("phone", loan.other)
        .shillings("amount", loan.amount)
        .shillings("repayment", loan.repayment)
        .say("period", period)
        .word("state", state)
}

fn movement_word(kind: MovementKind) -> Word {
    match kind {
        MovementKind::Deposit => Word::MovedDeposit,
        MovementKind::Purchase => Word::MovedPurchase,
        MovementKind::Loan => Word::MovedLoan,
        MovementKind::Repayment => Word::MovedRepayment,
        MovementKind::Payout => Word::MovedPayout,
        MovementKind::Other => Word::MovedOther,
    }
}

/// A whole number of at least 1 as it is typed. Commas or blanks may part its thousands; a comma anywhere else is a decimal
/// mark, and such a number is none.
pub(super) fn whole_number(input: &str, most: i64) -> Option<i64> {
    let number = input.split_whitespace().collect::<Vec<_>>().join(",");
    let number = ungrouped(&number)?.parse().ok()?;
    (1..=most).contains(&number).then_some(number)
}
