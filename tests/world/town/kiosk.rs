//! People who draw at a kiosk that speaks to the hub itself (CONTRACTS section 4).

use hub::hub::{
    effect::{DispenseAnswer, Refusal, Response},
    input::{Actor, DispenseAsk, Request, Secret},
    operator::Role,
};
use kiosk::{
    dispense::Reason,
    fact::Outcome,
    ids::{RequestId, SiteName},
    units::Volume,
};

use super::World;

impl World {
    fn kiosk(site: &SiteName) -> Actor {
        Actor::Token {
            name: format!("kiosk of {site}"),
            role: Role::Kiosk,
            site: Some(site.clone()),
        }
    }

    /// A person asks for water at the kiosk of their home; when it is approved they draw what they want of it, and the
    /// kiosk reports. Gives the errand of the ask.
    pub fn draw_at_hub_later(&mut self, person: usize, volume_ml: u64, wants_ml: u64) -> u64 {
        let site = self.stations[self.people[person].home].name.clone();
        let request = self.books.asked_at_hub(person, volume_ml, wants_ml);
        let ask = DispenseAsk {
            site: site.clone(),
            user: self.people[person].phone.clone(),
            pin: Secret(self.people[person].pin.clone()),
            volume_ml: volume_ml.cast_signed(),
            request: Some(request),
        };
        self.errand(World::kiosk(&site), Request::VerifyDispense(ask))
    }

    /// The same, and waits for the answer: the reason shown, or the refusal's code.
    pub fn draw_at_hub(&mut self, person: usize, volume_ml: u64) -> String {
        let errand = self.draw_at_hub_later(person, volume_ml, volume_ml);
        self.run_until(10 * 60_000, |world| world.answer(errand).is_some());
        match self.answer(errand) {
            Some(Ok(Response::Dispense(answer))) => answer.denied.map_or(Reason::VERIFIED, Reason::name).to_owned(),
            Some(Err(refusal)) => refusal.code.to_string(),
            other => format!("{other:?}"),
        }
    }

    /// The hub answered an ask: approved water flows at once, and is reported.
    pub(super) fn heed_kiosk(&mut self, ask: &DispenseAsk, answer: &DispenseAnswer) {
        let (Some(request), None) = (&ask.request, answer.denied) else {
            return;
        };
        let now_ms = self.now_ms;
        let Some((person, flowed_ml)) = self.books.approved_at_hub(request, now_ms) else {
            return;
        };
        let name = self.people[person].name.clone();
        self.tell(|| format!("{name} draws {flowed_ml} ml at the hub's kiosk"));
        let report = Request::ReportDispense {
            site: ask.site.clone(),
            request: request.clone(),
            volume_ml: flowed_ml.cast_signed(),
            outcome: Outcome::Complete,
        };
        self.errand(World::kiosk(&ask.site), report);
    }

    /// The hub has booked what flowed.
    pub(super) fn heed_report(&mut self, request: &RequestId, answer: &Result<Response, Refusal>) {
        let charged = match answer {
            Ok(Response::Reported { charged, .. }) => Some(*charged),
            _ => None,
        };
        let now_ms = self.now_ms;
        self.books.reported_at_hub(request, charged.map(Volume::ml), now_ms);
    }
}
