//! One text to many people. Who gets it is written down when it begins; from then on a few at a time move into the outbox,
//! behind every other text, and only in the hours in which people may be disturbed. What is said and to whom, and what may
//! be ordered, [`kiosk::talk::broadcast`] says.

use kiosk::{
    day::Zone,
    ids::SiteName,
    moment::{DAY_MS, HOUR_MS},
    talk::{
        Language, Text,
        broadcast::{
            Audience, BadText, LeftOut, NotFollowed, Order, Preview, Recipient, State, Texts, ordered, recipients,
        },
    },
    units::Money,
};

use super::{
    effect::{BroadcastPlan, Refusal, RefusalKind, Response},
    input::{Actor, NewBroadcast},
    store::{BroadcastBegin, BroadcastRow, WaitingPerson},
    turn::{Halt, HubError, Turn},
};

/// Texts of broadcasts that are in the outbox at once: half of the calls that are made at once
/// ([`crate::adapters::africastalking::CALLS_MAX`]), so that a receipt never waits behind one.
pub const OUTBOX_MAX: u32 = 8;
/// The most people of one broadcast, so that no input takes long.
pub const PEOPLE_MAX: u32 = 20_000;
/// An equal one within this is taken for a repeat.
const EQUAL_WITHIN_MS: i64 = HOUR_MS;
/// One that has run for so long without an end is paused: what was true when it was written may not be true any more.
const RUNS_MS_MAX: i64 = 2 * DAY_MS;

/// What would be sent, worked out.
struct Draft {
    texts: Texts,
    recipients: Vec<Recipient>,
    preview: Preview,
    time_zone: String,
}

impl NewBroadcast {
    /// What a site's manager writes to its customers on a phone: one text for all, whatever they speak.
    pub fn by_phone(site: &SiteName, text: &str, language: Language) -> NewBroadcast {
        NewBroadcast {
            audience: Audience::Customers(Some(site.clone())),
            texts: vec![(language, text.to_owned())],
            cost_minor_max: None,
        }
    }
}

impl Turn<'_> {
    /// What a broadcast would be. Nothing is changed.
    pub fn preview_broadcast(&mut self, new: &NewBroadcast) -> Result<Response, Halt> {
        let draft = self.drafted(new)?;
        let policy = self.settings.broadcasts;
        let zone = Zone::named(&draft.time_zone).ok();
        Ok(Response::BroadcastPlan(Box::new(BroadcastPlan {
            preview: draft.preview,
            price_per_part_minor: policy.price_per_part_minor,
            currency: self.settings.currency,
            hours: policy.hours,
            is_open: zone.is_some_and(|zone| policy.hours.is_open(self.now(), &zone)),
            time_zone: draft.time_zone,
        })))
    }

    /// Begins a broadcast.
    pub fn start_broadcast(&mut self, by: &Actor, new: &NewBroadcast) -> Result<Response, Halt> {
        if !self.settings.texts {
            let message = "nobody carries texts for this hub: configure messaging.africastalking first";
            return Err(Refusal::conflict("texts_off", message).into());
        }
        if self.in_doubt()? {
            let message = "the hub was restored and may have forgotten a broadcast; wait, or end the doubt";
            return Err(Refusal::conflict("in_doubt", message).into());
        }
        let draft = self.drafted(new)?;
        let (people, parts) = (draft.preview.people(), draft.preview.parts());
        if people == 0 {
            let left_out: u32 = draft.preview.left_out.values().sum();
            let message = format!("nobody would get it: there are {left_out} people, and all of them are left out");
            return Err(Refusal::invalid("audience", "no_people", message).into());
        }
        let cost_minor = draft.preview.cost_minor(self.settings.broadcasts.price_per_part_minor);
        let cost = Money::new(cost_minor, self.settings.currency);
        if new.cost_minor_max.is_some_and(|most| cost_minor > most) {
            let message = format!("it would cost {cost} by now, more than was shown: look at the preview again");
            return Err(Refusal::conflict("cost_changed", message).into());
        }
        let content = format!("{:?}\0{:?}", new.audience, draft.texts);
        let content = self.keys.keyed_hash(format!("broadcast {content}").as_bytes());
        let since = self.now().plus_ms(-EQUAL_WITHIN_MS);
        if let Some(equal) = self.store.equal_broadcast(content, since)? {
            let message = format!("broadcast {equal} says the same to the same people and began within the last hour");
            return Err(Refusal::conflict("equal_broadcast", message).into());
        }
        let id = self.store.add_broadcast(&BroadcastBegin {
            audience: &new.audience,
            time_zone: &draft.time_zone,
            content,
            texts: &draft.texts,
            recipients: &draft.recipients,
            preview: &draft.preview,
            cost_minor,
            currency: self.settings.currency,
            by: &by.name(),
            now: self.now(),
        })?;
        let site = new.audience.site().map_or("all sites", SiteName::as_str);
        let detail = format!(
            "{} of {site}: {people} people, {parts} parts, {cost}",
            new.audience.name()
        );
        self.audit(by, "broadcast begun", &subject(id), &detail)?;
        self.texts_queued = true;
        let (broadcast, state) = (id, State::Running);
        Ok(Response::Broadcast { broadcast, state })
    }

    /// A site's manager writes to its customers by phone.
    pub fn broadcast_by_phone(&mut self, site: &SiteName, text: &str, by: &Actor) -> Result<Response, Halt> {
        let language = Language::from_code(&self.settings.language).unwrap_or_default();
        self.start_broadcast(by, &NewBroadcast::by_phone(site, text, language))
    }

    /// How many people a text to a site's customers would reach now.
    pub fn broadcast_reach(&self, site: &SiteName) -> Result<u32, Halt> {
        let draft = self.drafted(&NewBroadcast::by_phone(site, "?", Language::default()))?;
        Ok(draft.preview.people())
    }

    /// A person pauses, resumes or cancels a broadcast.
    pub fn order_broadcast(&mut self, by: &Actor, id: i64, order: Order) -> Result<Response, Halt> {
        let row = self
            .store
            .broadcast(id)?
            .ok_or_else(|| Refusal::not_found("broadcast"))?;
        let state = ordered(row.state, order).map_err(|why| {
            let code = match why {
                NotFollowed::Over => "broadcast_over",
                NotFollowed::MayRepeat => "may_repeat",
            };
            Refusal::conflict(code, why.to_string())
        })?;
        let broadcast = id;
        if state == row.state {
            return Ok(Response::Broadcast { broadcast, state });
        }
        self.store.set_broadcast(id, state, self.now())?;
        let (action, detail) = match order {
            Order::Pause => ("broadcast paused", ""),
            Order::Resume { .. } if row.state == State::Held => ("broadcast resumed", "some may get it twice"),
            Order::Resume { .. } => ("broadcast resumed", ""),
            Order::Cancel => ("broadcast cancelled", ""),
        };
        self.audit(by, action, &subject(id), detail)?;
        self.texts_queued = true;
        Ok(Response::Broadcast { broadcast, state })
    }

    /// The past is missing in which some may have got their text: none leaves before a person has said so.
    pub fn hold_broadcasts(&mut self) -> Result<(), HubError> {
        match self.store.hold_broadcasts()? {
            0 => Ok(()),
            held => {
                let detail = format!(
                    "the hub may have forgotten whom it told: {held} of the broadcasts wait until a person resumes or \
                     cancels each on the page Broadcasts"
                );
                self.alarm("broadcasts_held", detail)
            }
        }
    }

    /// Moves a few of those who wait into the outbox, or out of it where no text may leave. `is_held`: the provider takes
    /// none at present.
    pub(super) fn move_broadcasts(&mut self, is_held: bool) -> Result<(), HubError> {
        // By an untrusted clock it may be night.
        let is_trusted = self.moment.trust.is_trusted();
        for row in self.store.broadcasts_running()? {
            let zone = Zone::named(&row.time_zone).ok();
            let is_open = zone.is_some_and(|zone| self.settings.broadcasts.hours.is_open(self.now(), &zone));
            if self.end_broadcast(&row)? {
                continue;
            }
            if is_trusted && self.now() > row.since.plus_ms(RUNS_MS_MAX) {
                self.pause_broadcast(&row)?;
            } else if !is_trusted || !is_open {
                self.store.take_back(row.id)?;
            } else if !is_held {
                let room = OUTBOX_MAX.saturating_sub(self.store.broadcasts_under_way(None)?);
                for person in self.store.broadcast_waiting(row.id, room)? {
                    self.queue_or_leave_out(&row, &person)?;
                }
            }
        }
        // One that was on its way while a person paused it may have come back.
        for id in self.store.broadcasts_to_take_back()? {
            self.store.take_back(id)?;
        }
        Ok(())
    }

    /// Ends a broadcast of which no text is left to be sent.
    fn end_broadcast(&mut self, row: &BroadcastRow) -> Result<bool, HubError> {
        let is_over =
            self.store.broadcasts_under_way(Some(row.id))? == 0 && self.store.broadcast_waiting(row.id, 1)?.is_empty();
        if is_over {
            self.store.set_broadcast(row.id, State::Done, self.now())?;
        }
        Ok(is_over)
    }

    /// One that comes to no end waits for a person.
    fn pause_broadcast(&mut self, row: &BroadcastRow) -> Result<(), HubError> {
        self.store.set_broadcast(row.id, State::Paused, self.now())?;
        let detail = format!(
            "broadcast {} has run for two days and is paused: resume it if its text is still true, else cancel it",
            row.id
        );
        self.alarm("broadcast_slow", detail)
    }

    /// Queues the text of somebody, unless something has come between since the broadcast began.
    fn queue_or_leave_out(&mut self, row: &BroadcastRow, person: &WaitingPerson) -> Result<(), HubError> {
        match self.left_out_since(person)? {
            Some(why) => Ok(self.store.leave_out(row.id, person.place, why)?),
            None => Ok(self.store.queue_broadcast(row.id, person, self.now())?),
        }
    }

    fn left_out_since(&self, person: &WaitingPerson) -> Result<Option<LeftOut>, HubError> {
        if self.store.is_stopped(person.phone)? {
            return Ok(Some(LeftOut::Stopped));
        }
        let Some(customer) = person.customer else {
            // A manager, who may have lost the site since, or have another number.
            let is_one = self.store.site_manager_by_phone(person.phone)?.is_some();
            return Ok((!is_one).then_some(LeftOut::NumberChanged));
        };
        let known = self.store.customer(self.store.root(customer)?)?;
        Ok(match known {
            Some(known) if known.phone != Some(person.phone) => Some(LeftOut::NumberChanged),
            Some(known) if !known.active => Some(LeftOut::Blocked),
            _ => None,
        })
    }

    fn drafted(&self, new: &NewBroadcast) -> Result<Draft, Halt> {
        let time_zone = match new.audience.site() {
            None => self.settings.time_zone.clone(),
            Some(site) => {
                let unknown = || Refusal::invalid("site", "unknown_site", format!("there is no site {site}"));
                self.store.site(site)?.ok_or_else(unknown)?.time_zone
            }
        };
        let texts = Texts::read(&new.texts, self.settings.broadcasts.parts_max).map_err(bad_text)?;
        let texts = texts.with_hints(|language| self.talk.text(language, &Text::StopHint));
        let people = self.store.audience(&new.audience, PEOPLE_MAX + 1)?;
        if people.len() > PEOPLE_MAX as usize {
            let message = format!("more than {PEOPLE_MAX} people at once: write to one site after the other");
            return Err(Refusal::invalid("audience", "too_many_people", message).into());
        }
        let recipients = recipients(people, &texts);
        Ok(Draft {
            preview: Preview::new(&texts, &recipients),
            texts,
            recipients,
            time_zone,
        })
    }
}

/// The name in the audit.
fn subject(id: i64) -> String {
    format!("broadcast {id}")
}

/// The refusal of a text, at the field of its language.
fn bad_text(bad: BadText) -> Refusal {
    let code = match bad {
        BadText::NoText => "no_text",
        BadText::Empty(_) => "empty_text",
        BadText::Twice(_) => "two_texts",
        BadText::Unreadable(_) => "bad_text",
        BadText::TooLong { .. } => "text_too_long",
    };
    let (field, language) = match bad.language() {
        None => return Refusal::new(RefusalKind::Invalid, code, bad.to_string()),
        Some(Language::English) => ("text_en", "English"),
        Some(Language::Swahili) => ("text_sw", "Swahili"),
        Some(Language::French) => ("text_fr", "French"),
    };
    Refusal::invalid(field, code, format!("{language}: {bad}"))
}
