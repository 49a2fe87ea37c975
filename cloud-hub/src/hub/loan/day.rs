//! What is due: collected from deposits, reminded of once a day, lapsed when nobody answers; and what registrations and
//! mergers of people change.

use kiosk::{
    daily::Job,
    ids::{CustomerId, PurchaseId},
    ledger::Purpose,
    loan::{LoanEvent, LoanState, shares},
    units::Money,
};

use super::NoLoan;
use crate::hub::{
    daily::{BATCH_MAX, LocalDay},
    ledger::Event,
    store::LoanRow,
    turn::{HubError, Turn},
};

impl Turn<'_> {
    /// A deposit of a customer was booked: what is due of their loans is taken out of it (FEATURES X12), each share under the
    /// id of its loan. `id` is the purchase, or the credit of money that came without one. In doubt nothing is taken, and
    /// the money stays its owner's.
    pub fn collect_loans(&mut self, borrower: CustomerId, id: PurchaseId, amount: Money) -> Result<(), HubError> {
        if amount.minor <= 0 || self.in_doubt()? {
            return Ok(());
        }
        let rows = self.store.open_loans_of(borrower)?;
        let loans: Vec<_> = rows.iter().map(|row| row.loan.clone()).collect();
        let (_, today) = self.zone_and_today(borrower)?;
        for (loan, amount) in shares(&loans, amount, today) {
            let Some(row) = rows.iter().find(|row| row.loan.id == loan) else {
                continue;
            };
            // As the loan before has left it.
            let wallet = self.money(self.wallet_minor(borrower)?);
            let purpose = Purpose::Deposit;
            self.try_step_loan(
                row,
                LoanEvent::MoneyCame {
                    id,
                    purpose,
                    amount,
                    wallet,
                },
            )?;
        }
        Ok(())
    }

    /// A step that nobody waits for: what the rules deny is not done.
    fn try_step_loan(&mut self, row: &LoanRow, event: LoanEvent) -> Result<(), HubError> {
        match self.step_loan(row, event) {
            Err(NoLoan::Broken(error)) => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// [`Job::Repayments`]: who borrowed hears what is due, once a day at most; requests that nobody answered lapse.
    pub fn remind_of_loans(&mut self, today: &LocalDay, _: i64) -> Result<Option<i64>, HubError> {
        let forgotten = self.told_before_doubt(Job::Repayments, &today.zone)?;
        let rows = self.store.loans_to_look_at(today.site.as_ref(), today.day, BATCH_MAX)?;
        let is_full = rows.len() >= BATCH_MAX as usize;
        for mut row in rows {
            row.looked = Some(today.day);
            let told = forgotten.filter(|told| row.loan.given.is_some_and(|given| *told >= given));
            row.loan.reminded = row.loan.reminded.max(told);
            self.store.put_loan(&row)?;
            self.try_step_loan(&row, LoanEvent::Tick)?;
        }
        // Each row knows its own day, so the next batch finds what is left.
        Ok(is_full.then_some(0))
    }

    /// Requests whose time is up lapse within the hour, by day: nobody is woken for it.
    pub fn lapse_loans(&mut self) -> Result<(), HubError> {
        if !self.moment.trust.is_trusted() || self.in_doubt()? {
            return Ok(());
        }
        let before = self.now().plus_ms(-self.settings.loan_policy.answer_within_ms);
        for row in self.store.loans_waiting_since(before, BATCH_MAX)? {
            let (zone, _) = self.zone_and_today(row.loan.borrower)?;
            if Job::Repayments.is_hour(self.now(), &zone) {
                self.try_step_loan(&row, LoanEvent::Tick)?;
            }
        }
        Ok(())
    }

    /// A number is a customer's now: what its owner was invited to waits for their word, and what they asked for at a site
    /// begins.
    pub fn known_to_lenders(&mut self, customer: CustomerId) -> Result<(), HubError> {
        let row = self.store.customer(customer)?;
        if let Some(phone) = row.and_then(|row| row.phone) {
            for row in self.store.loans_inviting(phone)? {
                self.try_step_loan(&row, LoanEvent::LenderRegistered(customer))?;
            }
        }
        self.begin_loan_requests_of(customer)
    }

    /// One person was registered twice: the loans of both are one's, and who would owe to themselves owes nothing.
    pub fn join_loans(&mut self, from: CustomerId, into: CustomerId) -> Result<(), HubError> {
        use kiosk::ledger::{Account, Postings};
        let owed = self.store.balance(&Account::Loan(from), self.settings.currency)?;
        self.about(Event::Merger(from), |turn| {
            turn.book_change("customers merged", owed, |amount| {
                let back = Money::new(-amount.minor, amount.currency);
                Postings::balanced([(Account::Loan(into), amount), (Account::Loan(from), back)])
            })
        })?;
        self.store.move_loans(from, into)?;
        let mut own = self.store.open_loans_of(into)?;
        own.retain(|row| row.loan.lender_known() == Some(into));
        for mut row in own {
            row.loan.state = match row.loan.state {
                LoanState::Repaying => LoanState::Repaid,
                _ => LoanState::Cancelled,
            };
            row.ended = Some(self.now());
            self.store.put_loan(&row)?;
            self.answer_loan_request(&row)?;
        }
        Ok(())
    }
}
