//! The link to the hub: frames in, frames out, and questions while somebody stands at the tap.

use std::sync::Arc;

use kiosk::{
    day::Zone,
    dispense::Reason,
    ids::{AccountId, BoxId, CustomerId, Epoch, Lane, Writer},
    moment::{Moment, Trust},
    phone::Phone,
    talk::AlarmText,
    units::Volume,
};
use sync::{
    doubt::{self, Unheard},
    frame::{self, Found, Seek},
    session::{Action, Closed, Event, Session, Setup},
    thin,
};

use super::{
    Site, SiteError,
    effect::Effect,
    enrolment::{Enrolled, Enrolment},
    input::{Ask, Door, Who},
    parked::HubsWord,
    store::{self, broadcasts, floats, inbox, meta, outbox, people, rights},
    tick::AUDIT_TOLD,
};

/// Under this key of `meta`: the hub said that this box is retired.
pub(super) const RETIRED: &str = "retired";
/// Under this key of `meta`: the enrolment that the rows belong to.
const BOX: &str = "box";

impl Site {
    /// The socket is open.
    pub(super) fn link_up(&mut self, moment: &Moment, socket: u64) -> Result<Vec<Effect>, SiteError> {
        self.socket = socket;
        self.must_hang_up = false;
        let Some(enrolled) = &self.enrolled else {
            return Ok(vec![self.hung_up(0)]);
        };
        self.link = Some(Session::new(self.setup(enrolled)));
        self.link_event(moment, Event::Opened)
    }

    /// What this end is, whatever carries its frames.
    pub(super) fn setup(&self, enrolled: &Enrolled) -> Setup {
        Setup {
            side: Writer::Site,
            box_id: enrolled.enrolment.box_id,
            run: self.pen.epoch,
            pair: enrolled.pair.clone(),
            identity: enrolled.identity.clone(),
            peer_public: enrolled.enrolment.hub_signing_key,
            medium: self.medium,
            linger_ms: self
                .settings
                .sim
                .as_ref()
                .map_or(thin::LINGER_MS, |sim| sim.thin_linger_ms),
            refuse: None,
        }
    }

    /// The socket is gone.
    pub(super) fn link_down(&mut self) {
        self.link = None;
        self.parked.give_up_on_hub();
    }

    /// Gives an event to the session, if there is one, and does what it says.
    pub(super) fn link_event(&mut self, moment: &Moment, event: Event<'_>) -> Result<Vec<Effect>, SiteError> {
        let Some(mut session) = self.link.take() else {
            return Ok(Vec::new());
        };
        let actions = session.handle(moment, event, &mut store::logs(self.connection()))?;
        self.link = Some(session);
        let mut effects = Vec::new();
        for action in actions {
            effects.extend(self.link_action(moment, action)?);
        }
        Ok(effects)
    }

    /// Does what a carrier's session says.
    pub(super) fn link_action(&mut self, moment: &Moment, action: Action) -> Result<Vec<Effect>, SiteError> {
        Ok(match action {
            Action::Send(bytes) => {
                self.spending.spent.sync_sent += bytes.len() as u64;
                vec![Effect::Send {
                    socket: self.socket,
                    bytes,
                }]
            }
            Action::Fold { id, record } => {
                let mut effects = self.fold(moment, id, record)?;
                effects.push(Effect::Live);
                effects
            }
            Action::Established { run, wall } => {
                self.last_heard = Some(moment.wall);
                let mut effects = self.wide_heard(moment, run)?;
                self.tell_hub_again(moment)?;
                effects.extend(wall.map(|wall| Effect::ClockHeard(Trust::Hub, wall)));
                effects.push(Effect::Live);
                effects
            }
            Action::Acked { .. } => vec![Effect::Live],
            Action::Doubt => self.alarm(
                moment,
                "doubt",
                "part of this box's past is missing; it sells nothing until it is back",
            )?,
            Action::DoubtEnded => {
                self.may_close = true;
                vec![Effect::Live]
            }
            Action::Fork { at } => self.alarm(
                moment,
                "fork",
                &format!("two contents for record {} of {}", at.seq, at.log.epoch),
            )?,
            Action::Refused { at, .. } => self.alarm(
                moment,
                "refused",
                &format!("record {} of {} is not one the hub would write", at.seq, at.log.epoch),
            )?,
            Action::Sought { id, found } => self.sought(moment, id, found)?,
            Action::Close(closed) => self.hang_up(moment, closed)?,
            // A gateway is not asked for customers, and hears of generations only to adopt them.
            Action::GenerationRaised { .. }
            | Action::Heard
            | Action::OtherMedium { .. }
            | Action::Seek(_)
            | Action::Said(_) => Vec::new(),
            Action::Say(say) => {
                self.hub_says(moment, &say)?;
                Vec::new()
            }
        })
    }

    fn hang_up(&mut self, moment: &Moment, closed: Closed) -> Result<Vec<Effect>, SiteError> {
        tracing::info!(?closed, "the link to the hub ends");
        let mut retry = 0;
        if let Closed::There { reason, retry_after_s } = closed {
            retry = retry_after_s.unwrap_or(0);
            if reason == frame::Reason::Retired {
                self.retire(moment)?;
            }
        }
        self.link_down();
        Ok(vec![self.hung_up(retry), Effect::Live])
    }

    /// Another box has taken this one's place: it sells nothing any more (PROTOCOL rule 25).
    pub(super) fn retire(&mut self, moment: &Moment) -> Result<(), SiteError> {
        if self.is_retired {
            return Ok(());
        }
        meta::put_number(self.connection(), RETIRED, 1)?;
        self.is_retired = true;
        self.tell_technicians(moment, "retired", AlarmText::Retired)
    }

    fn sought(&mut self, moment: &Moment, id: u64, found: Found) -> Result<Vec<Effect>, SiteError> {
        tracing::debug!(id, ?found, "the hub answered");
        match self.parked.sought(id) {
            Some(parked) => self.decide_parked(moment, parked, HubsWord::Said(found)),
            None => Ok(Vec::new()),
        }
    }

    /// Asks the hub for what this site lacks to approve. Gives the question's id and its frames; `None` when there is
    /// nobody to ask or asking cannot help.
    pub(super) fn seek(
        &mut self,
        moment: &Moment,
        door: &Door,
        ask: &Ask,
        reason: Reason,
        customer: Option<CustomerId>,
    ) -> Result<Option<(u64, Vec<Effect>)>, SiteError> {
        let can_help = matches!(
            reason,
            Reason::UnknownCustomer
                | Reason::NotAtThisSite
                | Reason::SubscriptionExpired
                | Reason::JerrycansUsed
                | Reason::InsufficientCredit
        );
        let established = self.link.as_ref().is_some_and(Session::is_established);
        let Some(volume) = Volume::try_from_ml(ask.volume_ml) else {
            return Ok(None);
        };
        if !can_help || !established || !self.parked.has_room(door.dispenser()) {
            return Ok(None);
        }
        let Some(whom) = self.whom(ask, customer) else {
            return Ok(None);
        };
        let id = moment.draw.number("seek");
        let effects = self.link_event(moment, Event::Seek(Seek { id, whom, volume }))?;
        Ok(Some((id, effects)))
    }

    fn whom(&self, ask: &Ask, customer: Option<CustomerId>) -> Option<frame::Whom> {
        match (customer, &ask.who) {
            (Some(customer), _) => Some(frame::Whom::Customer(customer)),
            (None, Who::Code(_)) => None,
            (None, Who::User(user)) => match user.parse::<AccountId>() {
                Ok(account) => Some(frame::Whom::Account(account)),
                Err(_) => {
                    let phone = Phone::parse(user, self.country()).ok()?;
                    Some(frame::Whom::Phone(phone.e164()))
                }
            },
        }
    }

    /// The order to close the present socket.
    pub(super) fn hung_up(&self, retry_after_s: u32) -> Effect {
        Effect::HangUp {
            socket: self.socket,
            retry_after_s,
        }
    }

    /// The box was enrolled, at first or anew. A second enrolment writes in a run of its own: rows are known by run and
    /// number, so the first one's must not come again.
    pub(super) fn joined(&mut self, moment: &Moment, enrolment: Enrolment) -> Result<Vec<Effect>, SiteError> {
        self.zone = Zone::named(&enrolment.time_zone)?;
        tracing::info!(site = %enrolment.site, box_id = %enrolment.box_id, "joined");
        self.link_down();
        if self.enrolled.is_some() {
            self.pen.epoch = Epoch(moment.draw.number("enrolled"));
        }
        self.enrolled = Some(Arc::new(Enrolled::new(enrolment)));
        let mut effects = self.adopt(moment, true)?;
        effects.push(self.hung_up(0));
        effects.extend(self.hub_url().map(Effect::Dial));
        effects.push(Effect::Live);
        Ok(effects)
    }

    /// Where the hub of a box that has joined is looked for.
    pub(super) fn hub_url(&self) -> Option<String> {
        let stored = &self.enrolled.as_ref()?.enrolment.hub_url;
        Some(self.settings.hub_url.as_ref().unwrap_or(stored).clone())
    }

    /// Makes sure that the rows here are those of the present enrolment: what an older one could draw is not this one's
    /// (PROTOCOL rule 25). Rows that are missing though the box joined before were lost: it is in doubt (rule 14).
    /// Cash that its hub was not told of is said, for nothing of the old enrolment reaches it any more.
    pub(super) fn adopt(&mut self, moment: &Moment, has_just_joined: bool) -> Result<Vec<Effect>, SiteError> {
        let Some(enrolled) = &self.enrolled else {
            return Ok(Vec::new());
        };
        let box_id = enrolled.enrolment.box_id.0.cast_signed();
        let connection = self.connection();
        let known = meta::number(connection, BOX)?;
        if known == Some(box_id) {
            return Ok(Vec::new());
        }
        let untold = match known {
            Some(old) => self.untold_cash(BoxId(old.cast_unsigned()))?,
            None => None,
        };
        if known.is_some() {
            rights::forget(connection)?;
            floats::forget(connection)?;
            people::forget(connection)?;
            outbox::forget_all(connection)?;
            inbox::forget_all(connection)?;
            broadcasts::forget_all(connection)?;
        }
        // Neither the old box's missing past nor its hub's generation is this one's.
        doubt::site_begins(&mut store::logs(connection), enrolled.enrolment.generation)?;
        if known.is_none() && !has_just_joined {
            doubt::site_doubt_until_heard(&mut store::logs(connection), Unheard::Rebuilt)?;
        }
        meta::put_number(connection, BOX, box_id)?;
        meta::put_number(connection, RETIRED, 0)?;
        meta::put_number(connection, AUDIT_TOLD, 0)?;
        self.is_retired = false;
        match untold {
            Some(detail) => self.alarm(moment, "cash_untold", &detail),
            None => Ok(Vec::new()),
        }
    }

    /// Whether part of this box's past is missing.
    pub(super) fn in_doubt(&self) -> Result<bool, SiteError> {
        Ok(doubt::site_in_doubt(&store::logs(self.connection()))?)
    }

    /// Raises an alarm in its lane, and has whoever looks after the site texted.
    pub(super) fn alarm(&mut self, moment: &Moment, code: &str, detail: &str) -> Result<Vec<Effect>, SiteError> {
        self.alarm_said(moment, code, detail, AlarmText::of(code))
    }

    /// The same, texted in these words.
    pub(super) fn alarm_said(
        &mut self,
        moment: &Moment,
        code: &str,
        detail: &str,
        text: AlarmText,
    ) -> Result<Vec<Effect>, SiteError> {
        let effects = self.alarm_hub(moment, code, detail)?;
        self.tell_technicians(moment, code, text)?;
        Ok(effects)
    }

    /// Raises an alarm in its lane alone.
    pub(super) fn alarm_hub(&mut self, moment: &Moment, code: &str, detail: &str) -> Result<Vec<Effect>, SiteError> {
        tracing::warn!(code, detail, "alarm");
        let alarm = kiosk::fact::Alarm {
            severity: kiosk::fact::Severity::Critical,
            code: code.to_owned(),
            detail: detail.to_owned(),
            time: moment.wall,
        };
        let (_, mut effects) = self.write(moment, Lane::Alarms, &sync::record::Record::Alarm(alarm))?;
        effects.push(Effect::Live);
        Ok(effects)
    }
}
