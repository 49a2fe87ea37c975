//! Problems that people report: a number for whoever wrote, an alarm for the operator, and a text when it is solved.

use kiosk::{
    ids::CustomerId,
    moment::DAY_MS,
    phone::Phone,
    talk::{Text, sms::Answer, without_pins},
};

use crate::hub::{
    effect::{Refusal, Response},
    input::Actor,
    turn::{Halt, Turn},
};

/// Reports of one number that become tickets in a day.
const TICKETS_PER_DAY: u32 = 10;

impl Turn<'_> {
    /// Writes a report down, without what may be a PIN; gives the ticket's number.
    ///
    /// # Errors
    /// `too_many_tickets` when this number wrote too many today.
    pub fn open_ticket(&mut self, phone: Phone, customer: Option<CustomerId>, text: &str) -> Result<u64, Halt> {
        let now = self.now();
        if self.store.tickets_since(phone, now.plus_ms(-DAY_MS))? >= TICKETS_PER_DAY {
            let message = format!("this number reported {TICKETS_PER_DAY} problems today; wait until tomorrow");
            return Err(Refusal::conflict("too_many_tickets", message).into());
        }
        let number = self.store.add_ticket(phone, customer, &without_pins(text), now)?;
        // The words stay in the ticket: an alarm outlives its reporter's wish to be forgotten.
        self.alarm(
            "reported",
            format!("a problem was reported: ticket {number} (page Loans)"),
        )?;
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
            && self.store.allow_texts(phone)?
        {
            self.write_profile(&row)?;
            self.audit(by, "texts allowed", &row.id.to_string(), "")?;
        }
        Ok(Response::Done)
    }
}
