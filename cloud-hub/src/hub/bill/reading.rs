//! Readings of meters.

use kiosk::{
    bill::reading::{Reading, ReadingError, take},
    ids::CustomerId,
    units::Volume,
};

use super::BillingState;
use crate::hub::{
    effect::{Refusal, Response},
    input::{Actor, NewReading},
    turn::{Halt, Turn},
};

impl Turn<'_> {
    /// Somebody read a customer's meter. The same reading again changes nothing.
    pub fn enter_reading(&mut self, by: &Actor, id: CustomerId, new: &NewReading) -> Result<Response, Halt> {
        let customer = self.known_customer(id)?.id;
        let billing = self.store.billing(customer)?;
        let Some(mut billing) = billing.filter(|row| row.metered && row.state != BillingState::Ended) else {
            let message = "this customer is not billed by a meter: let them pay by bill, by their meter, first";
            return Err(Refusal::conflict("not_metered", message).into());
        };
        let (_, today) = self.zone_and_today(customer)?;
        let reading = Reading {
            day: new.day.unwrap_or(today),
            meter: new.meter,
            new_meter: new.new_meter,
        };
        if self.store.has_reading(customer, &reading)? {
            return Ok(Response::Done);
        }
        if new.corrects {
            self.store.remove_last_reading(customer)?;
        }
        let last = self.store.last_reading(customer)?;
        let Some(kept) = take(reading, last.as_ref(), today).map_err(refused)? else {
            return Ok(Response::Done);
        };
        self.store.add_reading(customer, &kept)?;
        let too_much = billing.metered_to.less(kept.total);
        if !too_much.is_zero() {
            billing.metered_to = kept.total;
            self.store.put_billing(&billing)?;
            self.correct_metered_bills(customer, too_much)?;
        }
        let what = match (new.corrects, reading.new_meter) {
            (true, _) => "reading corrected",
            (false, true) => "new meter read",
            (false, false) => "meter read",
        };
        let detail = format!("{} on {}", cubic_metres(reading.meter), reading.day);
        self.audit(by, what, &customer.to_string(), &detail)?;
        self.live_customer(customer);
        Ok(Response::Done)
    }
}

fn refused(error: ReadingError) -> Refusal {
    let (field, code) = match error {
        ReadingError::Future(_) => ("day", "reading_in_future"),
        ReadingError::Order(..) => ("day", "reading_out_of_order"),
        ReadingError::Below { .. } => ("meter_ml", "reading_below_last"),
    };
    Refusal::invalid(field, code, error.to_string())
}

/// As a meter shows it, such as `12.345 m3`.
fn cubic_metres(volume: Volume) -> String {
    format!("{}.{:03} m3", volume.ml() / 1_000_000, volume.ml() / 1_000 % 1_000)
}
