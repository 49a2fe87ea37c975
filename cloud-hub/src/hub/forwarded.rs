//! Texts that came to a site's own SIM and that only the hub can answer: read as any text to the hub's number, once per
//! record of the site.
//!
//! A restored hub may have answered one before (PROTOCOL rule 18), and what is a day old nobody waits for any more: such
//! ones are kept for a person. STOP is heard always, and a report becomes a ticket however old it is.

use kiosk::{
    fact::{AnsweredState, Forwarded},
    ids::RecordId,
    moment::DAY_MS,
    phone::Phone,
    talk::sms::{Admitted, Command},
};
use store::journal::SqlLogs;
use sync::doubt::hub_effects_allowed;

use super::{
    inbox::{Came, TextFound},
    turn::{HubError, Turn},
};

/// Older than this a text is not answered any more.
const ANSWERED_WITHIN_MS: i64 = DAY_MS;

impl Turn<'_> {
    /// A site hands a text over.
    pub fn fold_forwarded(&mut self, id: RecordId, forwarded: &Forwarded) -> Result<(), HubError> {
        let site = self.store.enrolment(id.log.box_id)?.map(|enrolment| enrolment.site);
        let name = format!("{}/{}/{}", id.log.box_id, id.log.epoch, id.seq);
        let Some((phone, text)) = self.opened_text(&forwarded.sealed) else {
            let actor = site.as_ref().map_or("site", |site| site.as_str());
            self.audit_as(actor, "forwarded text refused", &name, "it cannot be opened or read")?;
            return self.answer(id, AnsweredState::Refused);
        };
        if self.store.has_inbox(&name)? {
            return Ok(());
        }
        let came = Came {
            id: &name,
            phone,
            text: &text,
            site: site.as_ref(),
        };
        let is_answered = self.store.answered(id)?.is_some();
        if is_answered || !hub_effects_allowed(&SqlLogs::new(self.store.0), id.log.box_id)? {
            return self.forwarded_before_restore(id, &came, is_answered);
        }
        let read = Command::read(&text, self.settings.country);
        let is_for_ever = matches!(read, Ok(Command::Stop | Command::Report { .. }));
        if self.now().0 - forwarded.time.0 > ANSWERED_WITHIN_MS && !is_for_ever {
            self.keep_text(&came, TextFound::Late)?;
            return self.answer(id, AnsweredState::Refused);
        }
        let state = match self.hear_text(&came)? {
            Admitted::Yes => AnsweredState::Done,
            Admitted::SayTooMany | Admitted::Silence => AnsweredState::Refused,
        };
        self.answer(id, state)
    }

    /// The hub may have answered it in the past that is missing: a person reads it. Whoever said STOP has said so.
    fn forwarded_before_restore(&mut self, id: RecordId, came: &Came<'_>, is_answered: bool) -> Result<(), HubError> {
        if Command::read(came.text, self.settings.country) == Ok(Command::Stop) {
            self.store.stop_texts(came.phone, self.now())?;
        }
        self.keep_text(came, TextFound::Unanswered)?;
        if is_answered {
            return Ok(());
        }
        self.alarm(
            "text_after_restore",
            "texts that sites handed over before the restore were not answered again: read them (page Texts)"
                .to_owned(),
        )?;
        self.answer(id, AnsweredState::Taken)
    }

    /// The sender and the words.
    fn opened_text(&self, sealed: &[u8]) -> Option<(Phone, String)> {
        let opened = String::from_utf8(self.keys.open(sealed)?).ok()?;
        let (phone, text) = opened.split_once('\n')?;
        let phone = Phone::parse(phone, self.settings.country).ok()?;
        Some((phone, text.to_owned()))
    }
}
