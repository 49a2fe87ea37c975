//! A loan takes a step: it is stored, booked, and its people are told, in one transaction.

use kiosk::{
    fact::AnsweredState,
    ids::CustomerId,
    ledger::Postings,
    loan::{LoanEffect, LoanEvent, LoanNotice, LoanState, Party, step},
    talk::{Text, sms::LoanText},
};

use super::NoLoan;
use crate::hub::{
    code::CodeFor,
    ledger::Event,
    store::{CustomerRow, LoanRow},
    turn::{HubError, Turn},
};

/// What a list of transactions calls money that is lent, and money that is paid back.
const LENT: &str = "loan";
const PAID_BACK: &str = "loan_repayment";

impl Turn<'_> {
    /// Takes a loan one event further and does what comes of it.
    pub(super) fn step_loan(&mut self, row: &LoanRow, event: LoanEvent) -> Result<LoanRow, NoLoan> {
        let (zone, _) = self.zone_and_today(row.loan.borrower)?;
        let stepped = step(&self.settings.loan_policy, &row.loan, self.moment, &zone, event);
        let (loan, effects) = stepped.map_err(NoLoan::Denied)?;
        if loan == row.loan {
            return Ok(row.clone());
        }
        let is_over = !loan.state.is_waiting() && loan.state != LoanState::Repaying;
        let after = LoanRow {
            ended: row.ended.or_else(|| is_over.then_some(self.now())),
            loan,
            ..row.clone()
        };
        self.store.put_loan(&after)?;
        if after.loan.state != row.loan.state {
            let (from, to) = (row.loan.state.name(), after.loan.state.name());
            self.audit_as("loans", &format!("loan {to}"), &after.loan.id.to_string(), from)?;
        }
        self.loan_effects(&after, effects)?;
        self.answer_loan_request(&after)?;
        Ok(after)
    }

    /// What a loan that is on disk gives to do.
    pub(super) fn loan_effects(&mut self, row: &LoanRow, effects: Vec<LoanEffect>) -> Result<(), HubError> {
        for effect in effects {
            match effect {
                LoanEffect::Lend {
                    lender,
                    borrower,
                    amount,
                } => {
                    let lent = Postings::lent(lender, borrower, amount);
                    self.about(Event::Loan(row.loan.id), |turn| turn.book("loan given", lent))?;
                    self.remember_transfer(LENT, lender, borrower, amount.minor)?;
                }
                LoanEffect::PayBack {
                    lender,
                    borrower,
                    amount,
                } => {
                    let repaid = Postings::repaid(lender, borrower, amount);
                    self.about(Event::Loan(row.loan.id), |turn| turn.book("loan paid back", repaid))?;
                    self.remember_transfer(PAID_BACK, borrower, lender, amount.minor)?;
                }
                LoanEffect::Tell(party, notice) => self.tell_of_loan(row, party, notice)?,
            }
        }
        Ok(())
    }

    /// Both see it among their transactions.
    fn remember_transfer(
        &mut self,
        kind: &'static str,
        from: CustomerId,
        to: CustomerId,
        minor: i64,
    ) -> Result<(), HubError> {
        for (customer, change) in [(from, -minor), (to, minor)] {
            let site = self.store.customer(customer)?.and_then(|row| row.site);
            self.remember(customer, site.as_ref(), kind, 0, change)?;
            self.live_customer(customer);
        }
        Ok(())
    }

    /// The site that asked for it hears how it ended, or that the money is there.
    pub(super) fn answer_loan_request(&mut self, row: &LoanRow) -> Result<(), HubError> {
        let Some(request) = row.request else { return Ok(()) };
        match row.loan.state {
            LoanState::Invited | LoanState::Asked => Ok(()),
            LoanState::Repaying | LoanState::Repaid => self.answer(request, AnsweredState::Done),
            LoanState::Refused | LoanState::Expired | LoanState::Cancelled => {
                self.answer(request, AnsweredState::Refused)
            }
        }
    }

    pub(in crate::hub) fn tell_of_loan(
        &mut self,
        row: &LoanRow,
        party: Party,
        notice: LoanNotice,
    ) -> Result<(), HubError> {
        let loan = &row.loan;
        let borrower = self.store.customer(loan.borrower)?;
        let lender = match loan.lender_known() {
            Some(lender) => self.store.customer(lender)?,
            None => None,
        };
        if notice == LoanNotice::Waiting {
            return match lender {
                Some(lender) if lender.active => self.send_loan_code(row, &lender, false),
                // Who is blocked cannot lend.
                Some(_) | None => Ok(()),
            };
        }
        let told = loan_text(self, row, notice, borrower.as_ref(), lender.as_ref())?;
        let Some(text) = told.map(Text::Loan) else {
            return Ok(());
        };
        match (party, loan.lender) {
            (Party::Borrower, _) => self.say(loan.borrower, &text),
            (Party::Lender, kiosk::loan::Lender::Known(lender)) => self.say(lender, &text),
            (Party::Lender, kiosk::loan::Lender::Invited(phone)) => self.say_to(phone, &text),
        }
    }

    /// Asks a lender for their word: the request with a new code; `is_asked_for` when they wrote for one.
    pub fn send_loan_code(&mut self, row: &LoanRow, lender: &CustomerRow, is_asked_for: bool) -> Result<(), HubError> {
        let loan = &row.loan;
        let Some(borrower) = self.store.customer(loan.borrower)? else {
            return Ok(());
        };
        let (Some(borrower_phone), Some(phone)) = (borrower.phone, lender.phone) else {
            return Ok(());
        };
        let code = self.issue_code(phone, CodeFor::Loan(loan.id))?;
        let text = Text::Loan(LoanText::Waiting {
            name: borrower.name,
            borrower: borrower_phone,
            amount: loan.amount,
            repayment: loan.repayment,
            every_days: loan.every_days,
            code,
        });
        self.say_secret(lender, &text, &code.digits(), is_asked_for)
    }
}

/// The words of a notice; `None` where somebody has no number any more, or a code goes with it.
fn loan_text(
    turn: &Turn<'_>,
    row: &LoanRow,
    notice: LoanNotice,
    borrower: Option<&CustomerRow>,
    lender: Option<&CustomerRow>,
) -> Result<Option<LoanText>, HubError> {
    let loan = &row.loan;
    // Who registered by number alone is known by it.
    let name_of = |customer: Option<&CustomerRow>| match customer {
        Some(row) if row.name.is_empty() => row.phone.map(|phone| phone.msisdn()).unwrap_or_default(),
        Some(row) => row.name.clone(),
        None => String::new(),
    };
    let (borrower_name, lender_name) = (name_of(borrower), name_of(lender));
    let (amount, repayment, every_days) = (loan.amount, loan.repayment, loan.every_days);
    Ok(Some(match notice {
        LoanNotice::Waiting => return Ok(None),
        LoanNotice::Asked => {
            let phone = match loan.lender {
                kiosk::loan::Lender::Invited(phone) => Some(phone),
                kiosk::loan::Lender::Known(_) => lender.and_then(|row| row.phone),
            };
            let Some(lender) = phone else { return Ok(None) };
            LoanText::Asked {
                lender,
                amount,
                repayment,
                every_days,
            }
        }
        LoanNotice::Invited => {
            let Some(phone) = borrower.and_then(|row| row.phone) else {
                return Ok(None);
            };
            LoanText::Invited {
                name: borrower.map(|row| row.name.clone()).unwrap_or_default(),
                borrower: phone,
                amount,
            }
        }
        LoanNotice::Approved => LoanText::Approved {
            name: lender_name,
            amount,
            repayment,
            every_days,
            first: loan.given.and_then(|given| loan.next_due_day(given)),
        },
        LoanNotice::Given => LoanText::Given {
            name: borrower_name,
            amount,
            wallet: match loan.lender_known() {
                Some(lender) => turn.money(turn.wallet_minor(lender)?),
                None => turn.money(0),
            },
        },
        LoanNotice::Refused => LoanText::Refused {
            name: lender_name,
            amount,
        },
        LoanNotice::Expired => LoanText::Expired { amount },
        LoanNotice::Cancelled => LoanText::Cancelled {
            name: borrower_name,
            amount,
        },
        LoanNotice::PaidBack { amount, left } => LoanText::PaidBack {
            name: lender_name,
            amount,
            left,
        },
        LoanNotice::CameBack { amount, left } => LoanText::CameBack {
            name: borrower_name,
            amount,
            left,
        },
        LoanNotice::Reminder { amount, due } => LoanText::Reminder {
            name: lender_name,
            amount,
            due,
        },
        LoanNotice::Overdue { amount, due } => LoanText::Overdue {
            name: lender_name,
            amount,
            due,
        },
    }))
}
