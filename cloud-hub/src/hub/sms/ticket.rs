//! Problems that people report: a number for whoever wrote, an alarm for the operator, and a text when it is solved.

use kiosk::{
    ids::CustomerId,
    phone::Phone,
    talk::{Text, sms::Answer},
};

use crate::hub::{
    effect::{Refusal, Response},
    input::Actor,
    turn::{Halt, HubError, Turn},
};

impl Turn<'_> {
    /// Writes a report down; gives the ticket's number.
    pub fn open_ticket(&mut self, phone: Phone, customer: Option<CustomerId>, text: &str) -> Result<u64, HubError> {
        let number = self.store.add_ticket(phone, customer, text, self.now())?;
        // The words stay in the ticket: an alarm outlives its reporter's wish to be forgotten.
        self.alarm("reported", format!("a problem was reported: ticket {number}"))?;
        Ok(number.unsigned_abs())
    }

    /// What was reported is solved, and whoever reported it is told so, once.
    pub fn solve_ticket(&mut self, by: &Actor, number: i64) -> Result<Response, Halt> {
        let ticket = self.store.ticket(number)?.ok_or_else(|| Refusal::not_found("ticket"))?;
        if ticket.solved.is_some() {
            return Ok(Response::Done);
        }
        self.store.solve_ticket(number, self.now())?;
        self.audit(by, "ticket solved", &number.to_string(), "")?;
        let text = Text::Answer(Answer::ReportSolved {
            ticket: number.unsigned_abs(),
        });
        self.say_to(ticket.phone, &text)?;
        Ok(Response::Done)
    }

    /// A customer who said STOP wants news again.
    pub fn allow_texts(&mut self, by: &Actor, customer: CustomerId) -> Result<Response, Halt> {
        let row = self.known_customer(customer)?;
        if let Some(phone) = row.phone
            && self.store.end_stop(phone)?
        {
            self.audit(by, "texts allowed", &row.id.to_string(), "")?;
        }
        Ok(Response::Done)
    }
}
