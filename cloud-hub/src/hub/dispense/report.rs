//! What flowed of a draw at the hub, as it is reported or, without a report, by rule.

use kiosk::{
    fact::Outcome,
    ids::{RequestId, SiteName},
    ledger::Postings,
    units::Volume,
};

use crate::hub::{
    effect::{Refusal, Response},
    ledger::Event,
    store::{DrawRow, HistoryRow},
    turn::{Halt, HubError, Turn},
};

/// Draws without a report that one tick books by rule.
const BATCH_MAX: u32 = 100;

impl Turn<'_> {
    /// What flowed. The first report stands; one that comes after a booking by rule corrects it downwards.
    pub fn report_dispense(
        &mut self,
        site: &SiteName,
        request: &RequestId,
        volume_ml: i64,
        outcome: Outcome,
    ) -> Result<Response, Halt> {
        let volume = Volume::try_from_ml(volume_ml)
            .ok_or_else(|| Refusal::invalid("volume_ml", "out_of_range", "0 or more millilitres"))?;
        let approved = self.store.draw(site, request)?.filter(|draw| draw.denied.is_none());
        let mut draw = approved.ok_or_else(|| Refusal::not_found("approved request"))?;
        if draw.spent.is_none() || draw.by_rule {
            let over = volume.less(draw.asked);
            let (lost, event) = (
                self.worth_minor(over.signed_ml()),
                Event::Draw(site.clone(), request.clone()),
            );
            self.about(event, |turn| turn.book_change("water lost", lost, Postings::lost))?;
            let charged = volume.min(draw.asked);
            self.settle_draw(&mut draw, charged, false, Some(outcome))?;
        }
        let customer = draw.customer.ok_or_else(|| Refusal::not_found("approved request"))?;
        Ok(Response::Reported {
            request: request.clone(),
            charged: draw.spent.unwrap_or_default(),
            balance_ml: self.balance_ml(customer)?,
        })
    }

    pub fn settle_draw(
        &mut self,
        draw: &mut DrawRow,
        volume: Volume,
        by_rule: bool,
        outcome: Option<Outcome>,
    ) -> Result<(), HubError> {
        let is_correction = draw.spent.is_some();
        let before = draw.spent.unwrap_or_default();
        let mut rest = volume;
        for mut part in self.store.draw_parts(draw)? {
            let spent_before = if is_correction { part.cost } else { Volume::ZERO };
            part.cost = part.cost.min(rest);
            rest = rest.less(part.cost);
            self.store.put_draw_part(draw, &part)?;
            let change = part.cost.signed_ml() - spent_before.signed_ml();
            let event = Event::Draw(draw.site.clone(), draw.request.clone());
            self.about(event, |turn| turn.add_spent(part.key, change))?;
            self.settle_purse(part.key)?;
        }
        draw.spent = Some(volume);
        draw.by_rule = by_rule;
        self.store.put_draw(draw)?;
        let Some(customer) = draw.customer else {
            return Ok(());
        };
        self.store.add_history(&HistoryRow {
            site: Some(draw.site.clone()),
            record: None,
            customer: Some(customer),
            dispenser: None,
            kind: if is_correction { "correction" } else { "dispense" },
            volume_ml: volume.signed_ml() - before.signed_ml(),
            amount_minor: 0,
            currency: self.settings.currency.code(),
            time: self.now(),
            clock_trusted: self.moment.trust.is_trusted(),
            outcome: outcome.map(Outcome::name),
            receipt: None,
            grant: None,
        })?;
        self.live_customer(customer);
        Ok(())
    }

    /// Draws whose report has not come are booked in full.
    pub fn settle_unreported_draws(&mut self) -> Result<(), HubError> {
        let before = self.now().plus_ms(-self.settings.report_within_ms);
        for mut draw in self.store.unreported_draws(before, BATCH_MAX)? {
            let asked = draw.asked;
            self.settle_draw(&mut draw, asked, true, None)?;
        }
        Ok(())
    }
}
