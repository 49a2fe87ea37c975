//! Sync by texts (PROTOCOL section 4, "Thin carriers"): frames that come by SMS or in a USSD session, and what is answered.
//!
//! A frame is told from a person's text by its looks, and its box by its seal. It is no command, counts against nobody's
//! limit and is kept nowhere as a text; what it brings is folded as from a socket. One that no box sealed changes nothing
//! but a count.
//!
//! A box is texted only while it has no socket and after a text of its own, at the number that its newest news came from,
//! and so much a day. What it is told leaves through the outbox, which never repeats it: the sync does.

use kiosk::{
    ids::{BoxId, Epoch, Writer},
    moment::{HOUR_MS, MINUTE_MS, Wall},
    phone::Phone,
};
use store::journal::SqlLogs;
use sync::{
    frame::Reason,
    seal::Carrier,
    session::Setup,
    thin::{self, Event, Outcome},
};

use super::{
    effect::{Response, UssdScreen},
    input::{UssdStep, UssdText},
    store::{EnrolmentRow, ThinRow},
    talk::MESSENGER,
    turn::{Halt, HubError, Turn},
};

/// A frame that could not be handed over for so long is not sent any more: it is said anew by then.
const WAITS_MS: i64 = 10 * MINUTE_MS;
/// How often texts that no box sealed are written down.
const REFUSED_NOTED_MS: i64 = HOUR_MS;
/// What stands between the inputs of a USSD session where all of them come.
const JOINT: char = '*';

impl Turn<'_> {
    /// Who speaks about a box, and with which keys.
    pub fn setup_of(&self, enrolment: &EnrolmentRow) -> Setup {
        Setup {
            side: Writer::Hub,
            box_id: enrolment.box_id,
            run: self.run,
            pair: self.keys.pair(enrolment.box_id),
            identity: self.keys.identity.clone(),
            peer_public: enrolment.public_key,
            medium: enrolment.medium,
            linger_ms: thin::LINGER_HUB_MS,
            refuse: (!enrolment.current).then_some(Reason::Retired),
        }
    }

    /// A text that looks like a frame came from a number; gives the box that sealed it.
    pub fn thin_text(&mut self, phone: Phone, carrier: Carrier, text: &str) -> Result<Option<BoxId>, HubError> {
        let claim = thin::claim(text).filter(|claim| claim.from == Writer::Site);
        let boxes = match claim {
            Some(_) => self.store.all_boxes()?,
            None => Vec::new(),
        };
        let may_be = |box_id: &BoxId| claim.is_some_and(|claim| claim.may_be(*box_id));
        for box_id in boxes.into_iter().filter(may_be) {
            let Some(outcome) = self.thin_event(box_id, Event::Text { carrier, text })? else {
                continue;
            };
            if outcome.verified {
                self.thin_heard(box_id, phone, outcome.is_news)?;
                self.thin_actions(box_id, outcome)?;
                return Ok(Some(box_id));
            }
        }
        self.thin_refused()?;
        Ok(None)
    }

    /// Gives the exchange with a box an event; `None` for a box that never joined.
    fn thin_event(&mut self, box_id: BoxId, event: Event<'_>) -> Result<Option<Outcome>, HubError> {
        let Some(enrolment) = self.store.enrolment(box_id)? else {
            return Ok(None);
        };
        let setup = self.setup_of(&enrolment);
        let mut logs = SqlLogs::new(self.store.0);
        Ok(Some(thin::handle(&setup, self.moment, event, &mut logs)?))
    }

    /// Does what came of it.
    fn thin_actions(&mut self, box_id: BoxId, outcome: Outcome) -> Result<(), HubError> {
        for action in outcome.actions {
            self.box_action(box_id, action)?;
        }
        Ok(())
    }

    /// A text of this box came, and it is answered by texts from now on. Where to, only news say, for anybody may send its
    /// old texts again.
    fn thin_heard(&mut self, box_id: BoxId, phone: Phone, is_news: bool) -> Result<(), HubError> {
        let is_linked = self.is_linked(box_id);
        let mut row = self.thin_row(box_id)?;
        if is_news && row.phone.is_some_and(|before| before != phone) {
            let detail = "its news came from another number, and it is texted there from now on";
            self.audit_as(MESSENGER, "sync number changed", &box_id.to_string(), detail)?;
        }
        row.heard = self.now();
        row.phone = row.phone.filter(|_| !is_news).or(Some(phone));
        row.since = row.since.or(Some(self.now())).filter(|_| !is_linked);
        Ok(self.store.put_thin_box(&row)?)
    }

    fn thin_row(&self, box_id: BoxId) -> Result<ThinRow, HubError> {
        let today = self.own_zone().day(self.now());
        let mut row = self.store.thin_box(box_id)?.unwrap_or(ThinRow {
            box_id,
            phone: None,
            since: None,
            heard: Wall(0),
            day: today,
            sent: 0,
        });
        if row.day != today {
            (row.day, row.sent) = (today, 0);
        }
        Ok(row)
    }

    /// A socket of the box was established: nothing is texted to it from now on.
    pub fn thin_gives_way(&mut self, box_id: BoxId, peer_run: Epoch) -> Result<(), HubError> {
        if let Some(outcome) = self.thin_event(box_id, Event::WideHeard { peer_run })? {
            self.thin_actions(box_id, outcome)?;
        }
        if let Some(row) = self.store.thin_box(box_id)? {
            self.store.put_thin_box(&ThinRow { since: None, ..row })?;
            self.store.drop_sync_texts(Some(box_id), self.now().plus_ms(1))?;
        }
        Ok(())
    }

    /// Says what is due to boxes that speak by texts alone.
    pub fn tick_thin(&mut self) -> Result<(), HubError> {
        if !self.settings.texts {
            return Ok(());
        }
        self.store.drop_sync_texts(None, self.now().plus_ms(-WAITS_MS))?;
        for row in self.store.thin_boxes()? {
            let Some(phone) = row.phone.filter(|_| !self.is_linked(row.box_id)) else {
                continue;
            };
            if self.is_thin_due(row.box_id)? {
                self.say_thin(row.box_id, phone)?;
            }
        }
        Ok(())
    }

    fn is_thin_due(&self, box_id: BoxId) -> Result<bool, HubError> {
        let due = self.thin_deadline_ms(box_id)?;
        Ok(due.is_some_and(|due| due <= self.moment.monotonic_ms))
    }

    fn thin_deadline_ms(&self, box_id: BoxId) -> Result<Option<u64>, HubError> {
        let Some(enrolment) = self.store.enrolment(box_id)? else {
            return Ok(None);
        };
        let setup = self.setup_of(&enrolment);
        Ok(thin::deadline_ms(&setup, self.moment, &SqlLogs::new(self.store.0))?)
    }

    /// Texts a box what is due, within what texts to it may cost in a day.
    fn say_thin(&mut self, box_id: BoxId, phone: Phone) -> Result<(), HubError> {
        let mut row = self.thin_row(box_id)?;
        let budget = self.settings.sync_texts_per_day;
        let tick = Event::Tick {
            carrier: Carrier::Sms,
            texts_max: budget.saturating_sub(row.sent),
        };
        if row.sent >= budget {
            return Ok(());
        }
        let Some(mut outcome) = self.thin_event(box_id, tick)? else {
            return Ok(());
        };
        for text in std::mem::take(&mut outcome.texts) {
            row.sent += text.parts;
            self.store.add_sync_text(box_id, phone, &text.text, self.now())?;
            self.texts_queued = true;
        }
        self.store.put_thin_box(&row)?;
        if row.sent >= budget {
            self.thin_budget_spent(box_id, budget)?;
        }
        self.thin_actions(box_id, outcome)
    }

    fn thin_budget_spent(&mut self, box_id: BoxId, budget: u32) -> Result<(), HubError> {
        let detail = format!(
            "box {box_id} cost {budget} texts today, and gets no more until midnight (sync.texts_per_day): it sells on, \
             and hears of new rights when it has data again"
        );
        match self.store.enrolment(box_id)? {
            Some(enrolment) => self.alarm_at(&enrolment.site, "sync_texts_spent", detail),
            None => self.alarm("sync_texts_spent", detail),
        }
    }

    /// A text with the looks of a frame that no box sealed.
    fn thin_refused(&mut self) -> Result<(), HubError> {
        let before = self.now().plus_ms(-REFUSED_NOTED_MS);
        match self.store.count_thin_refused(self.now(), before)? {
            (count, true) => self.audit_as(MESSENGER, "sync text refused", "", &format!("{count} so far")),
            (_, false) => Ok(()),
        }
    }

    /// A step of a USSD session in which a box speaks, as one frame an input; `None` for a person's. It is no step of a
    /// menu: the menu's session that the dialling began is over.
    pub fn thin_ussd(&mut self, asked: &UssdStep) -> Result<Option<Response>, Halt> {
        let newest = match asked.form {
            UssdText::Joined => asked.text.0.rsplit(JOINT).next().unwrap_or_default(),
            UssdText::Newest => &asked.text.0,
        };
        if !thin::looks_like_frame(newest) {
            return Ok(None);
        }
        if self
            .store
            .ussd(&asked.name)?
            .is_some_and(|row| row.phone == asked.phone)
        {
            self.store.end_ussd(&asked.name)?;
        }
        let mut screen = UssdScreen {
            screen: String::new(),
            goes_on: false,
            state: "SYNC",
        };
        if let Some(box_id) = self.thin_text(asked.phone, Carrier::Ussd, newest)? {
            let tick = Event::Tick {
                carrier: Carrier::Ussd,
                texts_max: 1,
            };
            if let Some(mut outcome) = self.thin_event(box_id, tick)? {
                let said = std::mem::take(&mut outcome.texts).into_iter().next();
                self.thin_actions(box_id, outcome)?;
                screen.goes_on = said.is_some() && self.thin_deadline_ms(box_id)?.is_some();
                screen.screen = said.map(|text| text.text).unwrap_or_default();
            }
        }
        Ok(Some(Response::Ussd(screen)))
    }
}
