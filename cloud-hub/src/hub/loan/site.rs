//! Loans that were asked at sites (FEATURES C9): the site's record waits until the borrower is known here, and is a loan
//! like any other then. The hub alone approves.

use kiosk::{
    fact::{AnsweredState, LoanAsked},
    ids::{CustomerId, LoanId, RecordId},
    phone::Phone,
    talk::{Text, sms::Answer},
};
use store::journal::SqlLogs;
use sync::doubt::hub_effects_allowed;

use super::Wish;
use crate::hub::{
    effect::{Refusal, Response},
    input::Actor,
    turn::{Halt, HubError, Turn},
};

impl Turn<'_> {
    /// A site asks for a loan.
    pub fn fold_loan_asked(&mut self, id: RecordId, asked: &LoanAsked) -> Result<(), HubError> {
        if !self.settings.loans {
            self.answer(id, AnsweredState::Refused)?;
            return self.say(asked.borrower, &Text::Answer(Answer::NoLoans));
        }
        // One that was answered stays so when a restored hub hears of it again.
        let is_answered = self.store.answered(id)?.is_some();
        let is_allowed = hub_effects_allowed(&SqlLogs::new(self.store.0), id.log.box_id)?;
        self.store.add_loan_request(id, asked, is_answered || !is_allowed)?;
        if is_answered {
            return Ok(());
        }
        self.answer(id, AnsweredState::Taken)?;
        if is_allowed {
            return self.begin_loan_request(id, asked);
        }
        // A restored hub may have asked the lender already, and may have given the money (PROTOCOL rule 18).
        let detail = "a loan was asked at a site before the restore: ask both people what became of it, and close it";
        self.alarm("loan_after_restore", format!("{detail} (page Loans)"))
    }

    /// An operator has what sites asked for a customer looked at again.
    pub fn sync_loans(&mut self, borrower: CustomerId) -> Result<Response, Halt> {
        let borrower = self.known_customer(borrower)?.id;
        self.begin_loan_requests_of(borrower)?;
        Ok(Response::Done)
    }

    /// What sites asked for a borrower who was not known here.
    pub fn begin_loan_requests_of(&mut self, borrower: CustomerId) -> Result<(), HubError> {
        if self.in_doubt()? {
            return Ok(());
        }
        for id in self.store.loan_requests_of(borrower)? {
            if let Some(asked) = self.store.loan_request(id)? {
                self.begin_loan_request(id, &asked)?;
            }
        }
        Ok(())
    }

    fn begin_loan_request(&mut self, id: RecordId, asked: &LoanAsked) -> Result<(), HubError> {
        let borrower = self.store.root(asked.borrower)?;
        let known = self.store.customer(borrower)?;
        // Their profile is on its way in another lane.
        if known.is_none_or(|row| row.account.is_none() || row.phone.is_none()) {
            return Ok(());
        }
        let lender = self.keys.open(&asked.sealed_lender);
        let lender = lender.and_then(|bytes| String::from_utf8(bytes).ok());
        let lender = lender.and_then(|text| Phone::parse(&text, self.settings.country).ok());
        // What cannot be read waits for a person, who can ask the borrower.
        let Some(lender) = lender else { return Ok(()) };
        let wish = Wish {
            id: self.loan_id_of(id),
            borrower,
            lender,
            amount: self.money(asked.amount_minor),
            repayment: self.money(asked.repayment_minor),
            request: Some(id),
        };
        match self.ask_for_loan("site", &wish) {
            Ok(_) => Ok(()),
            Err(no) => {
                self.answer(id, AnsweredState::Refused)?;
                let text = no.text()?;
                self.say(borrower, &text)
            }
        }
    }

    /// The same record is the same loan, whoever folds it and how often.
    fn loan_id_of(&self, id: RecordId) -> LoanId {
        let name = format!("loan {}/{}/{}", id.log.box_id, id.log.epoch, id.seq);
        let [a, b, c, d, e, f, g, h, ..] = self.keys.keyed_hash(name.as_bytes());
        LoanId(u64::from_le_bytes([a, b, c, d, e, f, g, h]).max(1))
    }

    /// Closes a loan that was asked at a site: its site shows it as refused.
    pub fn refuse_loan(&mut self, by: &Actor, request: RecordId) -> Result<Response, Halt> {
        if self.store.answered(request)? != Some(AnsweredState::Taken) || !self.store.is_loan_request(request)? {
            return Err(Refusal::not_found("open loan").into());
        }
        match self.store.loan_of_request(request)? {
            Some(row) => {
                self.cancel_loan_of(row.loan.borrower, row.loan.id)
                    .map_err(Halt::from)?;
            }
            None => self.answer(request, AnsweredState::Refused)?,
        }
        let subject = format!("{}/{:016x}/{}", request.log.box_id, request.log.epoch.0, request.seq);
        self.audit(by, "loan refused", &subject, "")?;
        Ok(Response::Done)
    }
}
