//! What is due when, and how one deposit is shared by several loans.

use super::{Loan, LoanNotice, LoanState};
use crate::{daily::repayment_due, day::Day, ids::LoanId, units::Money};

impl Loan {
    /// What is to be paid back by the end of `today`, as far as it was not: the repayments of all periods that have
    /// ended, at most the loan, less what was paid back.
    pub fn due(&self, today: Day) -> Money {
        let Some(given) = self.given.filter(|_| self.state == LoanState::Repaying) else {
            return self.money(0);
        };
        let periods = given.days_until(today).checked_div(i32::from(self.every_days));
        let periods = i64::from(periods.unwrap_or_default().max(0));
        let fallen_due = self.repayment.minor.saturating_mul(periods).min(self.amount.minor);
        self.money(fallen_due.saturating_sub(self.repaid().minor).max(0))
    }

    /// The first day on which something falls due after `day`; the calendar ends with the year 9999.
    pub fn next_due_day(&self, day: Day) -> Option<Day> {
        let given = self.given.filter(|_| self.state == LoanState::Repaying)?;
        let periods = given.days_until(day).checked_div(i32::from(self.every_days))?;
        let next = given.plus_days((periods.max(0) + 1).saturating_mul(i32::from(self.every_days)));
        Some(next).filter(|next| *next > day)
    }

    /// The newest day up to `today` on which something fell due.
    pub fn newest_due_day(&self, today: Day) -> Option<Day> {
        let given = self.given.filter(|_| self.state == LoanState::Repaying)?;
        repayment_due(given, self.every_days, None, today)
    }

    /// What the borrower is to be told today, unless they were told today already: on the day of a repayment and the day
    /// before, and once after it that it is overdue. What was missed is told with the newest.
    pub(super) fn reminder(&self, today: Day) -> Option<LoanNotice> {
        if self.reminded.is_some_and(|reminded| reminded >= today) {
            return None;
        }
        let newest = self.newest_due_day(today);
        let due = self.due(today);
        if let Some(newest) = newest.filter(|_| due.minor > 0) {
            if newest == today {
                return Some(LoanNotice::Reminder {
                    amount: due,
                    due: today,
                });
            }
            if self.reminded.is_none_or(|reminded| reminded <= newest) {
                return Some(LoanNotice::Overdue {
                    amount: due,
                    due: newest,
                });
            }
        }
        let tomorrow = today.plus_days(1);
        let amount = self.due(tomorrow);
        let is_tomorrow = self.next_due_day(today) == Some(tomorrow) && amount.minor > 0;
        is_tomorrow.then_some(LoanNotice::Reminder { amount, due: tomorrow })
    }
}

/// How much of a deposit of `amount` is there for each loan of one borrower that is being paid back in its currency: what
/// is due on `today`, the loan that has been due for longest first, of two the smaller id. One of which nothing is due
/// gets zero, and is told so, that it knows the deposit.
pub fn shares(loans: &[Loan], amount: Money, today: Day) -> Vec<(LoanId, Money)> {
    let is_open = |loan: &&Loan| loan.state == LoanState::Repaying && loan.amount.currency == amount.currency;
    let mut open: Vec<&Loan> = loans.iter().filter(is_open).collect();
    open.sort_by_key(|loan| (loan.due_since(today), loan.id));
    let mut left = amount.minor.max(0);
    let share = |loan: &Loan| {
        let share = loan.due(today).minor.min(left);
        left -= share;
        (loan.id, loan.money(share))
    };
    open.into_iter().map(share).collect()
}

impl Loan {
    /// The day since which something is due: that of the first repayment that is not paid in full.
    fn due_since(&self, today: Day) -> Day {
        let paid_periods = self
            .repaid()
            .minor
            .checked_div(self.repayment.minor)
            .unwrap_or_default();
        let periods = i32::try_from(paid_periods).unwrap_or(i32::MAX).saturating_add(1);
        let given = self.given.unwrap_or(today);
        given.plus_days(periods.saturating_mul(i32::from(self.every_days)))
    }
}
