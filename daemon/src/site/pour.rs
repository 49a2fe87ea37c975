//! A dispenser tells what flowed, or tells nothing in time (CONTRACTS section 3, odd pours).

use kiosk::{
    fact::{Fact, How, Poured},
    grant::Charge,
    ids::{CustomerId, DispenserId, RequestId},
    moment::Moment,
    receipt, tariff,
    units::Volume,
};
use store::StoreError;

use super::{
    Site, SiteError,
    dispense::Known,
    effect::{Delivery, Effect, Receipt, Rejection},
    input::{Door, Report},
    store::{dispensers, people, requests, requests::RequestRow, rights},
};

/// Overdue holds booked by rule in one tick, so that a tick stays short.
const OVERDUE_PER_TICK_MAX: u32 = 200;

impl Site {
    /// Records what flowed, once; a repeat gets the bytes of the first receipt.
    pub(super) fn poured(&mut self, moment: &Moment, door: Door, report: &Report) -> Result<Vec<Effect>, SiteError> {
        let Some(enrolled) = &self.enrolled else {
            return Ok(vec![Effect::Reject(door, report.request.clone(), Rejection::NotJoined)]);
        };
        let receipt_key = enrolled.receipt_key.clone();
        let row = requests::find(self.connection(), door.dispenser(), &report.request)?;
        if let Some(receipt) = row.as_ref().and_then(|row| row.receipt.clone()) {
            return Ok(vec![Effect::Deliver(door, Delivery::Receipt(receipt))]);
        }
        let hold_id = row.as_ref().and_then(|row| row.hold);
        let hold = hold_id
            .map(|id| rights::hold(self.connection(), id))
            .transpose()?
            .flatten();
        let charge = match &hold {
            Some(hold) => Charge::reported(&hold.held, report.volume),
            None => Charge {
                parts: Vec::new(),
                over: report.volume,
            },
        };
        let charged = if hold.is_some() { charge.paid() } else { report.volume };
        let fact = Poured {
            hold: hold_id.filter(|_| hold.is_some()),
            parts: charge.parts,
            over: charge.over,
            how: How::Report,
            outcome: Some(report.outcome),
            dispenser: door.dispenser().clone(),
            time: moment.wall,
            clock_trusted: moment.trust.is_trusted(),
        };
        let (record, mut effects) = self.write_fact(moment, Fact::Poured(fact))?;
        dispensers::count_since(self.connection(), door.dispenser(), report.volume)?;
        let number = receipt_key.receipt(record.log.epoch, record.seq);
        let customer = hold.as_ref().and_then(|hold| hold.customer);
        let receipt = self.receipt(moment, door.dispenser(), &report.request, charged, customer, number)?;
        let bytes = (self.wire.receipt)(&door, &receipt);
        if row.is_some() {
            requests::put_receipt(self.connection(), door.dispenser(), &report.request, &bytes)?;
        } else {
            let row = RequestRow {
                receipt: Some(bytes.clone()),
                ..RequestRow::default()
            };
            requests::insert(
                self.connection(),
                door.dispenser(),
                &report.request,
                &row,
                self.present(moment).stamp.uptime,
            )?;
        }
        effects.push(Effect::Deliver(door, Delivery::Receipt(bytes)));
        effects.push(Effect::Live);
        Ok(effects)
    }

    fn receipt(
        &self,
        moment: &Moment,
        dispenser: &DispenserId,
        request: &RequestId,
        volume: Volume,
        customer: Option<CustomerId>,
        number: receipt::Receipt,
    ) -> Result<Receipt, SiteError> {
        let row = self.dispenser(dispenser)?;
        let mut known = None;
        if let Some(id) = customer {
            let row = people::find(self.connection(), id)?;
            if let Some(row) = row
                .map(|row| people::after_mergers(self.connection(), row))
                .transpose()?
            {
                let grants = rights::open_grants(self.connection(), row.id)?;
                known = Some(Known { row, grants });
            }
        }
        let (balance, allowance) = match &known {
            Some(known) => self.purses(&known.grants, moment),
            None => (Volume::ZERO, Volume::ZERO),
        };
        let jerrycans = tariff::jerrycans_left(allowance, self.jerrycan()?);
        let language = self.language(known.as_ref().map(|known| known.row.language.as_str()), &row);
        let lines = self.voice.receipt(language, volume, balance, jerrycans, number);
        Ok(Receipt {
            request: request.clone(),
            volume,
            balance: known.is_some().then_some(balance),
            receipt: number.to_string(),
            lines,
        })
    }

    /// Books in full what no report came for in time (PROTOCOL rule 23).
    pub(super) fn book_overdue(&mut self, moment: &Moment) -> Result<Vec<Effect>, SiteError> {
        let mut effects = Vec::new();
        if self.enrolled.is_none() {
            return Ok(effects);
        }
        for id in rights::overdue(self.connection(), moment.monotonic_ms, OVERDUE_PER_TICK_MAX)? {
            let hold = rights::hold(self.connection(), id)?.ok_or(StoreError::Row("an open hold"))?;
            let charge = Charge::by_rule(&hold.held);
            dispensers::count_since(self.connection(), &hold.dispenser, charge.paid())?;
            let fact = Poured {
                hold: Some(id),
                parts: charge.parts,
                over: charge.over,
                how: How::Rule,
                outcome: None,
                dispenser: hold.dispenser,
                time: moment.wall,
                clock_trusted: moment.trust.is_trusted(),
            };
            effects.extend(self.write_fact(moment, Fact::Poured(fact))?.1);
        }
        Ok(effects)
    }
}
