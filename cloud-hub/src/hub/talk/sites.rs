//! Texts that leave through the SIM of their reader's home site (`sms.via`): said to its gateway over the socket, which
//! keeps each under its name before it says that it is taken.
//!
//! As long as the gateway has not answered, the text is said again on every new socket; it is the same text by its name,
//! which no other run of the hub gives. One that was told to a gateway is never sent by anybody else, unless that
//! gateway refused it.

use kiosk::{
    ids::{BoxId, SiteName},
    moment::{HOUR_MS, Wall},
};
use sync::{
    frame::{SAY_TEXT_BYTES_MAX, Said, SaidState, Say},
    session::Event,
};

use super::{TOO_OLD_MS, TextState, cut};
use crate::hub::{
    input::LinkId,
    store::{OutboxRow, TextsOf},
    turn::{HubError, Turn},
};

/// Texts that a site has and that have not left it: its modem sends one after the other.
const AT_SITE_MAX: u32 = 16;
/// A text that its site refused waits for so long: most likely its budget of the day is spent.
const REFUSED_MS: i64 = HOUR_MS;
/// So long after a text may leave its site at the latest, what became of it is known or counts as unknown.
const LAST_WORD_MS: i64 = HOUR_MS;

impl Turn<'_> {
    /// The sites through whose SIM their customers' texts go: those that are chosen and have a gateway.
    pub(super) fn sites_that_text(&self) -> Result<Vec<SiteName>, HubError> {
        let mut sites = self.store.enrolled_sites()?;
        sites.retain(|site| self.settings.texts_via.is_by(site));
        Ok(sites)
    }

    /// Whether somebody carries the texts of a customer who lives there. `is_held`: the messaging provider takes none.
    pub fn carries_texts_of(&self, home: Option<&SiteName>, is_held: bool) -> Result<bool, HubError> {
        let by_sites = self.sites_that_text()?;
        let by_home = home.is_some_and(|home| by_sites.contains(home));
        Ok(by_home || (self.settings.texts && !is_held) || (!self.settings.texts && !by_sites.is_empty()))
    }

    /// Says what is due to the sites that are linked. What is for nobody's customer goes by any of them where there is no
    /// messaging provider.
    pub(super) fn send_by_sites(&mut self, by_sites: &[SiteName]) -> Result<(), HubError> {
        let mut takes_strays = !self.settings.texts;
        for site in by_sites {
            let Some((link, box_id)) = self.link_for_texts(site) else {
                continue;
            };
            if self.is_to_be_told_again(link) {
                self.say_again(link, box_id)?;
            }
            let mut texts_of = vec![TextsOf::Home(site)];
            if std::mem::take(&mut takes_strays) {
                texts_of.push(TextsOf::NobodyAt(by_sites));
            }
            for texts_of in texts_of {
                let room = AT_SITE_MAX.saturating_sub(self.store.outbox_at_site(box_id)?);
                for row in self.store.outbox_due(self.now(), room, texts_of)? {
                    self.say_to_site(link, box_id, row)?;
                }
            }
        }
        Ok(())
    }

    fn say_to_site(&mut self, link: LinkId, box_id: BoxId, row: OutboxRow) -> Result<(), HubError> {
        let id = self.say_id(&row);
        let words = self.words_of(&row);
        let refused = match &words {
            None => Some("other_key"),
            Some(words) if words.len() > SAY_TEXT_BYTES_MAX => Some("too_long"),
            Some(_) => None,
        };
        let (Some(text), None) = (words, refused) else {
            return Ok(self
                .store
                .set_outbox(row.id, TextState::Failed, row.tries, None, refused)?);
        };
        let until = row.created.plus_ms(TOO_OLD_MS);
        let last_word = until.plus_ms(LAST_WORD_MS);
        self.store
            .set_outbox(row.id, TextState::Sending, row.tries + 1, Some(last_word), None)?;
        self.store.set_outbox_say(row.id, id, box_id)?;
        let say = Say {
            id,
            phone: row.phone.e164(),
            text,
            until,
        };
        self.session_event(link, Event::Say(say))
    }

    /// The name of a text at its site: of this run, so that a restored hub gives it to no other text.
    fn say_id(&self, row: &OutboxRow) -> u64 {
        let name = format!("say {}/{}/{}", self.run, row.id.0, row.tries);
        let [a, b, c, d, e, f, g, h, ..] = self.keys.keyed_hash(name.as_bytes());
        u64::from_le_bytes([a, b, c, d, e, f, g, h]).max(1)
    }

    /// A gateway is linked again: what it has not answered may never have reached it.
    fn say_again(&mut self, link: LinkId, box_id: BoxId) -> Result<(), HubError> {
        for (id, row) in self.store.outbox_unanswered(box_id)? {
            let Some(text) = self.words_of(&row) else { continue };
            let say = Say {
                id,
                phone: row.phone.e164(),
                text,
                until: row.created.plus_ms(TOO_OLD_MS),
            };
            self.session_event(link, Event::Say(say))?;
        }
        Ok(())
    }

    /// A site tells where a text stands. Of one that nobody told it about it says nothing.
    pub fn text_said(&mut self, box_id: BoxId, said: &Said) -> Result<(), HubError> {
        let Some((row, is_said)) = self.store.outbox_said(said.id, box_id)? else {
            return Ok(());
        };
        let is_open = matches!(row.state, TextState::Sending | TextState::Unknown);
        let (state, due) = match said.state {
            SaidState::Taken if row.state == TextState::Sending => {
                return Ok(self.store.set_outbox_is_said(row.id)?);
            }
            SaidState::Refused if row.state == TextState::Sending && !is_said => self.refused_by_site(&row)?,
            SaidState::Sent if is_open => (TextState::Sent, None),
            SaidState::Delivered if is_open || row.state == TextState::Sent => (TextState::Delivered, None),
            SaidState::Failed if is_open || row.state == TextState::Sent => (TextState::Failed, None),
            SaidState::Unknown if row.state == TextState::Sending => (TextState::Unknown, None),
            _ => return Ok(()),
        };
        let reason = said.reason.as_deref().map(cut);
        self.store
            .set_outbox(row.id, state, row.tries, due, reason.as_deref())?;
        if state == TextState::Queued {
            self.store.clear_outbox_say(row.id)?;
        } else {
            self.store.set_outbox_is_said(row.id)?;
            // There is room for another.
            self.texts_queued = true;
        }
        Ok(())
    }

    /// The site keeps nothing of it, so it may be told again; to whom said STOP meanwhile it is not.
    fn refused_by_site(&self, row: &OutboxRow) -> Result<(TextState, Option<Wall>), HubError> {
        if !row.is_essential && self.store.is_stopped(row.phone)? {
            return Ok((TextState::Failed, None));
        }
        Ok((TextState::Queued, Some(self.now().plus_ms(REFUSED_MS))))
    }
}
