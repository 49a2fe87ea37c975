//! Loans in the menus (FEATURES C13 to C18, C32 to C39), and the movements of a wallet.

use kiosk::{
    ids::{CustomerId, LoanId, RepaymentId},
    loan::{Lender, LoanDenied, Party},
    talk::ussd::{Act, Denied, Done, LoanView, Movement, MovementKind},
};

use crate::hub::{
    input::Actor,
    loan::{NoLoan, Wish},
    store::{CustomerRow, LoanRow},
    turn::{Halt, HubError, Turn},
};

/// Loans and movements that are listed.
const LISTED_MAX: u32 = 20;

impl Turn<'_> {
    /// The loans of a customer: those that are open, then the newest.
    pub fn loans_shown(&self, customer: CustomerId) -> Result<Vec<LoanView>, Halt> {
        let rows = self.store.newest_loans(customer, LISTED_MAX)?;
        let shown: Result<Vec<Option<LoanView>>, Halt> = rows.iter().map(|row| self.loan_view(customer, row)).collect();
        Ok(shown?.into_iter().flatten().collect())
    }

    /// A loan of a customer.
    pub fn loan_shown(&self, customer: CustomerId, loan: LoanId) -> Result<Option<LoanView>, Halt> {
        match self.store.loan(loan)? {
            Some(row) => self.loan_view(customer, &row),
            None => Ok(None),
        }
    }

    /// A loan as one of its parties sees it; nobody else sees it, nor one whose other party has no number any more.
    fn loan_view(&self, customer: CustomerId, row: &LoanRow) -> Result<Option<LoanView>, Halt> {
        let loan = &row.loan;
        let phone_of = |customer| Ok::<_, HubError>(self.store.customer(customer)?.and_then(|row| row.phone));
        let (party, other) = if loan.borrower == customer {
            let lender = match loan.lender {
                Lender::Known(lender) => phone_of(lender)?,
                Lender::Invited(phone) => Some(phone),
            };
            (Party::Borrower, lender)
        } else if loan.lender_known() == Some(customer) {
            (Party::Lender, phone_of(loan.borrower)?)
        } else {
            return Ok(None);
        };
        let (_, today) = self.zone_and_today(loan.borrower)?;
        Ok(other.map(|other| LoanView {
            id: loan.id,
            party,
            other,
            amount: loan.amount,
            repayment: loan.repayment,
            every_days: loan.every_days,
            owed: loan.owed(),
            // What was due by yesterday and is not paid.
            is_late: loan.due(today.plus_days(-1)).minor > 0,
            state: loan.state,
        }))
    }

    /// What came into a customer's wallet and went out of it last, on the days of their site.
    pub fn movements_of(&self, customer: CustomerId) -> Result<Vec<Movement>, Halt> {
        let (zone, _) = self.zone_and_today(customer)?;
        let rows = self
            .store
            .wallet_movements(customer, self.settings.currency, LISTED_MAX)?;
        let shown = rows.into_iter().map(|row| Movement {
            day: zone.day(row.time),
            amount: self.money(row.minor),
            kind: movement_kind(&row.what, row.minor),
        });
        Ok(shown.collect())
    }

    /// What a caller does about a loan. What it says to both by SMS is the loan's own.
    pub(super) fn act_on_loan(
        &mut self,
        by: &Actor,
        row: &CustomerRow,
        act: &Act,
    ) -> Result<Result<Done, Denied>, Halt> {
        let done = match act {
            Act::RequestLoan {
                lender,
                amount,
                repayment,
            } => {
                let wish = Wish {
                    id: LoanId(self.throw_number()),
                    borrower: row.id,
                    lender: *lender,
                    amount: *amount,
                    repayment: *repayment,
                    request: None,
                };
                self.ask_for_loan(&by.name(), &wish)
            }
            Act::ApproveLoan { loan } => self.approve_loan_of(row.id, *loan),
            Act::RefuseLoan { loan } => self.refuse_loan_of(row.id, *loan),
            Act::CancelLoan { loan } => self.cancel_loan_of(row.id, *loan),
            Act::RepayLoan { loan, amount } => {
                let wish = RepaymentId(self.throw_number());
                self.repay_loan_of(row.id, *loan, wish, *amount)
            }
            _ => return Ok(Err(Denied::NotAllowed)),
        };
        match done {
            Ok(_) => Ok(Ok(Done::Made)),
            Err(NoLoan::Broken(error)) => Err(error.into()),
            Err(no) => Ok(Err(denied(&no))),
        }
    }
}

/// What a refusal is to a caller.
fn denied(no: &NoLoan) -> Denied {
    match no {
        NoLoan::Off | NoLoan::Denied(LoanDenied::OwnLoan) => Denied::NoLoans,
        NoLoan::InDoubt | NoLoan::Broken(_) | NoLoan::Denied(LoanDenied::Currency(_)) => Denied::NotNow,
        NoLoan::Unknown | NoLoan::Denied(LoanDenied::TooLate | LoanDenied::State(_)) => Denied::Gone,
        NoLoan::NotRegistered | NoLoan::Denied(LoanDenied::NotTheirs) => Denied::NotAllowed,
        NoLoan::Blocked(_) => Denied::Inactive,
        NoLoan::TooMany => Denied::TooMany,
        NoLoan::Denied(LoanDenied::WalletTooLow(wallet)) => Denied::WalletTooSmall { wallet: *wallet },
        NoLoan::Denied(LoanDenied::Amount(_) | LoanDenied::Repayment(_) | LoanDenied::NotOwed(_)) => {
            Denied::AmountOutOfRange
        }
    }
}

/// What an entry of the books is to the owner of the wallet that it moves.
fn movement_kind(what: &str, minor: i64) -> MovementKind {
    match what {
        "loan given" => MovementKind::Loan,
        "loan paid back" => MovementKind::Repayment,
        "payment" | "deposit" | "bills paid" if minor > 0 => MovementKind::Deposit,
        "payment" | "bills paid" => MovementKind::Purchase,
        _ if what.starts_with("payout") || what.starts_with("refund") => MovementKind::Payout,
        _ => MovementKind::Other,
    }
}
