//! Texts from people: each is read once by [`super::sms`], and kept for a while for whoever looks after people.

use kiosk::{
    moment::DAY_MS,
    talk::{sms::Admitted, without_secrets},
};

use super::{
    effect::{Effect, Response},
    input::{IncomingText, ReplyId},
    talk::MESSENGER,
    turn::{HubError, Turn},
};

/// The longest text that is kept, in characters: ten parts.
const TEXT_MAX: usize = 1_530;
/// How long texts are kept.
pub(super) const KEPT_MS: i64 = 30 * DAY_MS;

impl Turn<'_> {
    /// A text came. One that comes again is not heard again. Of a number that sent more than it may in a day nothing more
    /// is kept, so there a repeat is told from nothing; all that is done of it is STOP.
    pub fn text_received(&mut self, reply: ReplyId, text: &IncomingText) -> Result<(), HubError> {
        self.effects.push(Effect::Reply {
            reply,
            answer: Ok(Response::Done),
        });
        if self.store.has_inbox(&text.id)? {
            return Ok(());
        }
        let now = self.now();
        match self.command_came(text.phone, &text.text)? {
            Admitted::Yes => {
                let words: String = without_secrets(&text.text).chars().take(TEXT_MAX).collect();
                self.store.add_inbox(&text.id, text.phone, &words, "read", now)?;
            }
            Admitted::SayTooMany => {
                self.store.add_inbox(&text.id, text.phone, "", "over", now)?;
                self.audit_as(
                    MESSENGER,
                    "texts not kept",
                    "",
                    "a number sends more than it may in a day",
                )?;
            }
            Admitted::Silence => {}
        }
        Ok(())
    }
}
