//! One text of a manager to everybody of this site, by its own SIM (FEATURES A28): what the office does for all sites while
//! it is reached, a site does for itself while it is not. Such texts wait behind all others, and leave by day.

use kiosk::{
    ids::CustomerId,
    moment::{Moment, Wall},
    phone::{Country, Phone},
    talk::{
        Language, Text,
        broadcast::{Hours, LeftOut, Person, Preview, Recipient, Texts, recipients},
    },
};

use super::{
    Site, SiteError,
    delivery::{Purpose, Said, SimText},
    effect::{Effect, Refusal, Told},
    manage::Outcome,
    store::{broadcasts, broadcasts::Reachable, inbox},
};

/// Parts that a text to everybody may have.
pub const PARTS_MAX: usize = 3;
/// Texts to everybody leave from this hour on.
const HOUR_FROM: u8 = 8;
/// And until this one.
const HOUR_TO: u8 = 20;
/// So many of them wait among the texts of the SIM; the others wait here, and fill nobody's place there.
const IN_OUTBOX_MAX: u32 = 8;
/// So many broadcasts are remembered.
const KEPT_MAX: u32 = 100;

/// What a text to everybody would be, for whoever is to confirm it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BroadcastPlan {
    /// The text as it would be sent.
    pub body: String,
    /// Parts of one.
    pub parts: u32,
    /// Who gets it.
    pub people: u32,
    /// Who gets none, by reason.
    pub left_out: Vec<(LeftOut, u32)>,
    /// The letters that are not in the alphabet of an SMS and so make parts short, each once.
    pub odd_letters: String,
    /// What of today's texts is left for it, in texts of the network.
    pub parts_left: u32,
}

/// What a text would be, and who gets it at which number.
type Planned = (BroadcastPlan, Vec<(CustomerId, String)>);

fn person(row: Reachable) -> Person {
    Person {
        customer: Some(row.id),
        // Stored with its country: none is assumed.
        phone: row.phone.and_then(|phone| Phone::parse(&phone, Country::Kenya).ok()),
        language: Language::English,
        since: Wall(0),
        active: row.active,
        merged: row.merged,
        stopped: row.stopped,
    }
}

impl Site {
    /// What a text would be. Changes nothing.
    pub(super) fn plan_broadcast(&self, typed: &str) -> Result<Outcome, SiteError> {
        Ok(self
            .planned(typed)?
            .map(|(plan, _)| (Vec::new(), Told::BroadcastPlan(Box::new(plan)))))
    }

    /// Reads what a manager wrote, and finds whom it is for.
    fn planned(&self, typed: &str) -> Result<Result<Planned, Refusal>, SiteError> {
        if self.enrolled.is_none() {
            return Ok(Err(Refusal::NotJoined));
        }
        let Some(settings) = &self.settings.sim else {
            return Ok(Err(Refusal::NoSim));
        };
        if !self.is_in_place() {
            return Ok(Err(Refusal::SellsNothing));
        }
        let language = Language::from_code(&self.settings.language).unwrap_or_default();
        let texts = match Texts::read(&[(language, typed.to_owned())], PARTS_MAX) {
            Ok(texts) => texts.with_hints(|language| self.voice.text(language.code(), &Text::StopHint)),
            Err(bad) => {
                return Ok(Err(Refusal::Field {
                    field: "text",
                    message: bad.to_string(),
                }));
            }
        };
        let people = broadcasts::audience(self.connection())?;
        let recipients = recipients(people.into_iter().map(person).collect(), &texts);
        let preview = Preview::new(&texts, &recipients);
        let Some(shown) = preview.texts.first().filter(|text| text.people > 0) else {
            return Ok(Err(Refusal::Nobody));
        };
        let plan = BroadcastPlan {
            body: shown.text.clone(),
            parts: shown.parts,
            people: shown.people,
            left_out: preview.left_out.iter().map(|(why, count)| (*why, *count)).collect(),
            odd_letters: shown.odd_letters.clone(),
            parts_left: self.text_budget(settings)?.left_for_broadcasts(),
        };
        let gets = |recipient: Recipient| {
            let (phone, _) = recipient.fate.ok()?;
            Some((recipient.customer?, phone.e164()))
        };
        Ok(Ok((plan, recipients.into_iter().filter_map(gets).collect())))
    }

    /// A manager has seen what it would be, and wants it sent.
    pub(super) fn broadcast(&mut self, moment: &Moment, typed: &str) -> Result<Outcome, SiteError> {
        let (plan, people) = match self.planned(typed)? {
            Ok(planned) => planned,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if let Err(refusal) = self.room_for_more() {
            return Ok(Err(refusal));
        }
        let connection = self.connection();
        if broadcasts::running(connection)?.is_some() {
            return Ok(Err(Refusal::BroadcastRuns));
        }
        let id = broadcasts::insert(connection, &self.actor, &plan.body, plan.parts, &people, moment.wall)?;
        broadcasts::forget(connection, KEPT_MAX)?;
        let BroadcastPlan { people, parts, .. } = plan;
        self.audit(
            moment,
            "broadcast",
            &format!("{id}: {people} people, {parts} parts each"),
        )?;
        let mut effects = vec![Effect::Live];
        effects.extend(self.feed_broadcast(moment)?);
        Ok(Ok((effects, Told::Broadcast { id, people, parts })))
    }

    /// A person who said STOP, or in whose name somebody did, gets texts to everybody again. The hub has a list of its own.
    pub(super) fn end_stop(&mut self, moment: &Moment, phone: &str) -> Result<Outcome, SiteError> {
        let phone = match Phone::parse(phone, self.country()) {
            Ok(phone) => phone,
            Err(error) => {
                return Ok(Err(Refusal::Field {
                    field: "phone",
                    message: error.to_string(),
                }));
            }
        };
        if !inbox::end_stop(self.connection(), &phone.e164())? {
            return Ok(Err(Refusal::Unknown("a STOP of this number")));
        }
        self.audit(moment, "stop_ended", &phone.masked())?;
        Ok(Ok((Vec::new(), Told::Done)))
    }

    /// No more of it leaves. One that is over already changes nothing.
    pub(super) fn stop_broadcast(&mut self, moment: &Moment, id: i64) -> Result<Outcome, SiteError> {
        if !broadcasts::exists(self.connection(), id)? {
            return Ok(Err(Refusal::Unknown("this text to everybody")));
        }
        if broadcasts::end(self.connection(), id, "cancelled", "stopped", moment.wall)? {
            self.audit(moment, "broadcast_stopped", &id.to_string())?;
        }
        Ok(Ok((vec![Effect::Live], Told::Done)))
    }

    /// Gives the SIM the next few of the one that runs, while texts to everybody may leave.
    pub(super) fn feed_broadcast(&mut self, moment: &Moment) -> Result<Vec<Effect>, SiteError> {
        if self.settings.sim.is_none() || !self.may_broadcast(moment) {
            return Ok(Vec::new());
        }
        let Some((id, body)) = broadcasts::running(self.connection())? else {
            return Ok(Vec::new());
        };
        let free = IN_OUTBOX_MAX.saturating_sub(broadcasts::in_outbox(self.connection())?);
        if free == 0 {
            return Ok(Vec::new());
        }
        let waiting = broadcasts::waiting(self.connection(), id, free)?;
        if waiting.is_empty() && free == IN_OUTBOX_MAX {
            broadcasts::end(self.connection(), id, "done", "", moment.wall)?;
            return Ok(vec![Effect::Live]);
        }
        for next in waiting {
            let Some(phone) = &next.phone else {
                broadcasts::settle(self.connection(), id, next.place, Err("gone"))?;
                continue;
            };
            let text = SimText {
                purpose: Purpose::Broadcast,
                to: phone,
                body: &body,
                asked: None,
                until: None,
                validity_ms: None,
            };
            let fate = match self.say_by_sim(moment, &text)? {
                Said::Queued(text) => Ok(text),
                Said::Stopped => Err("stopped"),
                // There is room another time.
                Said::Full | Said::Known | Said::NoSim => break,
            };
            broadcasts::settle(self.connection(), id, next.place, fate)?;
        }
        Ok(Vec::new())
    }

    /// Whether texts to everybody may leave: by the right box alone, and nobody is woken, least of all by a clock that is
    /// wrong.
    pub(super) fn may_broadcast(&self, moment: &Moment) -> bool {
        let hours = Hours::new(HOUR_FROM, HOUR_TO);
        self.is_in_place()
            && moment.trust.is_trusted()
            && hours.is_some_and(|hours| hours.is_open(moment.wall, &self.zone))
    }
}
