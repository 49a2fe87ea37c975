//! One text of a manager to everybody of this site, by its own SIM (FEATURES A28): what the office does for all sites while
//! it is reached, a site does for itself while it is not. Such texts wait behind all others, and leave by day, for as long
//! as they are true: yesterday's news of water sends people to a dry tap.

use kiosk::{
    day::Zone,
    ids::{CustomerId, Lane},
    moment::{HOUR_MS, Moment, Wall},
    phone::{Country, Phone},
    talk::{
        Language, Text,
        broadcast::{BadText, Hours, LeftOut, Person, Preview, Recipient, Texts, recipients},
    },
};

use sync::record::{DocumentId, Record};

use super::{
    Site, SiteError,
    delivery::{Purpose, Said, SimText},
    effect::{Effect, Refusal, Told},
    manage::Outcome,
    store::{
        broadcasts,
        broadcasts::{Lasts, NewBroadcastRow, Reachable, TOO_LATE, Wording},
        inbox, outbox,
        outbox::OpenText,
        people,
    },
};

/// Parts that a text to everybody may have.
pub const PARTS_MAX: usize = 3;
/// Texts to everybody leave from this hour on.
const HOUR_FROM: u8 = 8;
/// And until this one.
const HOUR_TO: u8 = 20;
/// So many of them wait among the texts of the SIM; the others wait here, and fill nobody's place there.
const IN_OUTBOX_MAX: u32 = 8;
/// Why a text did not leave: somebody stopped it, or wants none.
const STOPPED: &str = "stopped";
/// The field of a customer's document that names the number which said STOP.
pub(super) const STOP_FIELD: &str = "stopped";
/// So many broadcasts are remembered.
const KEPT_MAX: u32 = 100;

/// For so many hours a text to everybody is true where nobody says otherwise.
pub const HOURS_TRUE: u32 = 24;
/// And for so many at most.
pub const HOURS_TRUE_MAX: u32 = 7 * 24;

/// A text to everybody as it was typed.
#[derive(Clone, PartialEq, Eq)]
pub struct NewBroadcast {
    /// In each language once; `None` is the site's.
    pub texts: Vec<(Option<Language>, String)>,
    /// For how many hours it is true: what has not left by then does not leave.
    pub hours: u32,
}

/// One of the texts of a [`BroadcastPlan`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedText {
    /// Its language.
    pub language: Language,
    /// The text as it would be sent.
    pub body: String,
    /// Parts of one.
    pub parts: u32,
    /// Who gets it.
    pub people: u32,
    /// The letters that are not in the alphabet of an SMS and so make parts short, each once.
    pub odd_letters: String,
}

/// What a text to everybody would be, for whoever is to confirm it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BroadcastPlan {
    /// What is said; the first to whoever speaks none of their languages.
    pub texts: Vec<PlannedText>,
    /// Who gets one.
    pub people: u32,
    /// All of them together, in texts of the network.
    pub parts: u64,
    /// Who gets none, by reason.
    pub left_out: Vec<(LeftOut, u32)>,
    /// Until when they leave.
    pub until: Wall,
    /// What of today's texts is left for it, in texts of the network.
    pub parts_left: u32,
}

/// What a text would be, and who gets it at which number, in which of its languages.
type Planned = (BroadcastPlan, Vec<(CustomerId, String, usize)>);

fn person(row: Reachable, sites: Language) -> Person {
    Person {
        customer: Some(row.id),
        // Stored with its country: none is assumed.
        phone: row.phone.and_then(|phone| Phone::parse(&phone, Country::Kenya).ok()),
        language: Language::from_code(&row.language).unwrap_or(sites),
        since: Wall(0),
        active: row.active,
        merged: row.merged,
        stopped: row.stopped,
    }
}

/// The texts with their languages, the site's own first: whoever speaks none of them gets that one.
fn in_order(new: &NewBroadcast, sites: Language) -> Vec<(Language, String)> {
    let texts = new.texts.iter();
    let mut texts: Vec<_> = texts
        .map(|(language, text)| (language.unwrap_or(sites), text.clone()))
        .collect();
    texts.sort_by_key(|(language, _)| *language != sites);
    texts
}

/// The refusal of a text, at the field of its language.
fn bad_text(bad: BadText) -> Refusal {
    let field = match bad.language() {
        None => "text",
        Some(Language::English) => "text_en",
        Some(Language::Swahili) => "text_sw",
        Some(Language::French) => "text_fr",
    };
    let message = bad.to_string();
    Refusal::Field { field, message }
}

/// Whether it is an hour in which texts to everybody leave, in a zone.
pub fn may_leave_at(wall: Wall, zone: &Zone) -> bool {
    Hours::new(HOUR_FROM, HOUR_TO).is_some_and(|hours| hours.is_open(wall, zone))
}

/// Whether what is true for so many hours from now finds a moment to leave. Looked at hour by hour, for the day of texts is
/// longer than that.
fn leaves_within(now: Wall, hours: u32, zone: &Zone) -> bool {
    let over = i64::from(hours) * HOUR_MS;
    let looked_at = (0..i64::from(hours)).map(|hour| hour * HOUR_MS);
    looked_at
        .chain([over - 1])
        .any(|after| may_leave_at(now.plus_ms(after), zone))
}

impl Site {
    /// What a text would be. Changes nothing.
    pub(super) fn plan_broadcast(&self, moment: &Moment, new: &NewBroadcast) -> Result<Outcome, SiteError> {
        Ok(self
            .planned(moment, new)?
            .map(|(plan, _)| (Vec::new(), Told::BroadcastPlan(Box::new(plan)))))
    }

    /// Reads what a manager wrote, and finds whom it is for.
    fn planned(&self, moment: &Moment, new: &NewBroadcast) -> Result<Result<Planned, Refusal>, SiteError> {
        if self.enrolled.is_none() {
            return Ok(Err(Refusal::NotJoined));
        }
        let Some(settings) = &self.settings.sim else {
            return Ok(Err(Refusal::NoSim));
        };
        if !self.is_in_place() {
            return Ok(Err(Refusal::SellsNothing));
        }
        if !(1..=HOURS_TRUE_MAX).contains(&new.hours) {
            return Ok(Err(Refusal::Field {
                field: "hours",
                message: format!("must be 1 to {HOURS_TRUE_MAX}"),
            }));
        }
        if !leaves_within(moment.wall, new.hours, &self.zone) {
            return Ok(Err(Refusal::Field {
                field: "hours",
                message: format!(
                    "it would be over before {HOUR_FROM}:00, when texts leave again; let it be true for longer"
                ),
            }));
        }
        let sites = Language::from_code(&self.dispenser_defaults()?.1).unwrap_or_default();
        let texts = match Texts::read(&in_order(new, sites), PARTS_MAX) {
            Ok(texts) => texts.with_hints(|language| self.voice.text(language.code(), &Text::StopHint)),
            Err(bad) => return Ok(Err(bad_text(bad))),
        };
        let people = broadcasts::audience(self.connection())?.into_iter();
        let recipients = recipients(people.map(|row| person(row, sites)).collect(), &texts);
        let preview = Preview::new(&texts, &recipients);
        if preview.people() == 0 {
            return Ok(Err(Refusal::Nobody));
        }
        let (people, parts) = (preview.people(), preview.parts());
        let planned = preview.texts.into_iter().map(|text| PlannedText {
            language: text.language,
            body: text.text,
            parts: text.parts,
            people: text.people,
            odd_letters: text.odd_letters,
        });
        let plan = BroadcastPlan {
            texts: planned.collect(),
            people,
            parts,
            left_out: preview.left_out.into_iter().collect(),
            until: moment.wall.plus_ms(i64::from(new.hours) * HOUR_MS),
            parts_left: self.text_budget(settings)?.left_for_broadcasts(),
        };
        let gets = |recipient: Recipient| {
            let (phone, place) = recipient.fate.ok()?;
            Some((recipient.customer?, phone.e164(), place))
        };
        Ok(Ok((plan, recipients.into_iter().filter_map(gets).collect())))
    }

    /// A manager has seen what it would be, and wants it sent.
    pub(super) fn broadcast(&mut self, moment: &Moment, new: &NewBroadcast) -> Result<Outcome, SiteError> {
        let (plan, people) = match self.planned(moment, new)? {
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
        let texts = plan.texts.iter().map(|text| Wording {
            language: text.language.code().to_owned(),
            body: text.body.clone(),
            parts: text.parts,
        });
        let row = NewBroadcastRow {
            by: &self.actor,
            texts: &texts.collect::<Vec<_>>(),
            people: &people,
            lasts: Lasts {
                made: self.present(moment).stamp,
                true_ms: u64::from(new.hours) * HOUR_MS.unsigned_abs(),
            },
        };
        let id = broadcasts::insert(connection, &row, moment.wall)?;
        broadcasts::forget(connection, KEPT_MAX)?;
        let BroadcastPlan { people, parts, .. } = plan;
        let detail = format!("{id}: {people} people, {parts} parts, {} hours", new.hours);
        self.audit(moment, "broadcast", &detail)?;
        let mut effects = vec![Effect::Live];
        effects.extend(self.feed_broadcast(moment)?);
        Ok(Ok((effects, Told::Broadcast { id, people, parts })))
    }

    /// This number gets no text to everybody any more; gives whether that is new.
    pub(super) fn stop_number(&self, moment: &Moment, phone: &str) -> Result<bool, SiteError> {
        outbox::give_up(self.connection(), phone, STOPPED, moment.wall)?;
        Ok(inbox::stop(self.connection(), phone, moment.wall)?)
    }

    /// Writes into the document of whoever has this number here that it said STOP, or wants texts again ([`STOP_FIELD`]): the
    /// hub hears of it, however many texts were forwarded today.
    pub(super) fn say_stopped(
        &mut self,
        moment: &Moment,
        phone: &str,
        fields: &[(&str, Option<&str>)],
    ) -> Result<Vec<Effect>, SiteError> {
        let found = people::by_phone(self.connection(), phone)?;
        let Some(customer) = found.filter(|row| row.admitted && row.merged_into.is_none()) else {
            return Ok(Vec::new());
        };
        let doc = DocumentId::Customer(customer.id);
        match self.edit_document(&doc, fields)? {
            Some(edit) => Ok(self.write(moment, Lane::Edits, &Record::Edit(edit))?.1),
            None => Ok(Vec::new()),
        }
    }

    /// A person who said STOP, or in whose name somebody did, gets texts to everybody again.
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
        let effects = self.say_stopped(moment, &phone.e164(), &[(STOP_FIELD, None)])?;
        self.audit(moment, "stop_ended", &phone.masked())?;
        Ok(Ok((effects, Told::Done)))
    }

    /// No more of it leaves. One that is over already changes nothing.
    pub(super) fn stop_broadcast(&mut self, moment: &Moment, id: i64) -> Result<Outcome, SiteError> {
        if !broadcasts::exists(self.connection(), id)? {
            return Ok(Err(Refusal::Unknown("this text to everybody")));
        }
        if broadcasts::end(self.connection(), id, "cancelled", STOPPED, moment.wall)? {
            self.audit(moment, "broadcast_stopped", &id.to_string())?;
        }
        Ok(Ok((vec![Effect::Live], Told::Done)))
    }

    /// Gives the SIM the next few of the one that runs, while texts to everybody may leave; ends one whose time is over.
    pub(super) fn feed_broadcast(&mut self, moment: &Moment) -> Result<Vec<Effect>, SiteError> {
        let Some((id, lasts)) = broadcasts::running(self.connection())? else {
            return Ok(Vec::new());
        };
        if self.left_ms(moment, lasts) == 0 {
            broadcasts::end(self.connection(), id, "late", TOO_LATE, moment.wall)?;
            return Ok(vec![Effect::Live]);
        }
        if self.settings.sim.is_none() || !self.may_broadcast(moment) {
            return Ok(Vec::new());
        }
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
                body: &next.body,
                asked: None,
                until: None,
                // As long as is left when it is handed over.
                validity_ms: None,
            };
            let fate = match self.say_by_sim(moment, &text)? {
                Said::Queued(text) => Ok(text),
                Said::Stopped => Err(STOPPED),
                // There is room another time.
                Said::Full | Said::Known | Said::NoSim => break,
            };
            broadcasts::settle(self.connection(), id, next.place, fate)?;
        }
        Ok(Vec::new())
    }

    /// For how long the text to everybody that runs is still true; 0 where none runs or it is too late.
    pub(super) fn broadcast_left_ms(&self, moment: &Moment) -> Result<u64, SiteError> {
        let running = broadcasts::running(self.connection())?;
        Ok(running.map_or(0, |(_, lasts)| self.left_ms(moment, lasts)))
    }

    /// By either clock: a box that was switched off counts no uptime.
    fn left_ms(&self, moment: &Moment, lasts: Lasts) -> u64 {
        let now = self.present(moment).stamp;
        let by_uptime = now.uptime.since_ms(lasts.made.uptime);
        let by_wall = match (lasts.made.wall, now.wall) {
            (Some(then), Some(now)) => u64::try_from(now.0.saturating_sub(then.0)).unwrap_or(0),
            _ => 0,
        };
        lasts.true_ms.saturating_sub(by_uptime.max(by_wall))
    }

    /// Why a text that did not leave is not tried again, where it went to everybody and something has come between: its
    /// broadcast is over, or its number wants no more of them.
    pub(super) fn not_again(&self, text: &OpenText) -> Result<Option<&'static str>, SiteError> {
        if text.purpose != Purpose::Broadcast {
            return Ok(None);
        }
        if inbox::is_stopped(self.connection(), &text.to)? {
            return Ok(Some(STOPPED));
        }
        let state = broadcasts::state_of_text(self.connection(), text.id)?;
        Ok(match state.as_deref() {
            Some("running") => None,
            Some("late") => Some(TOO_LATE),
            _ => Some(STOPPED),
        })
    }

    /// Whether texts to everybody may leave: by the right box alone, and nobody is woken, least of all by a clock that is
    /// wrong.
    pub(super) fn may_broadcast(&self, moment: &Moment) -> bool {
        self.is_in_place() && moment.trust.is_trusted() && may_leave_at(moment.wall, &self.zone)
    }
}
