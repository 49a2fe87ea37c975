//! Texts from people: each is read once by [`super::sms`], and kept for a while for whoever looks after people.

use kiosk::{
    ids::SiteName,
    moment::DAY_MS,
    phone::Phone,
    talk::{sms::Admitted, without_secrets},
};
use sync::{seal::Carrier, thin};

use super::{
    effect::{Effect, Response},
    input::{IncomingText, ReplyId},
    store::InboxRow,
    talk::MESSENGER,
    turn::{HubError, Turn},
};

/// The longest text that is kept, in characters: ten parts.
const TEXT_MAX: usize = 1_530;
/// How long texts are kept.
pub(super) const KEPT_MS: i64 = 30 * DAY_MS;

/// What was done of a text that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextFound {
    /// It was read as a command.
    Read,
    /// Its number sent more than it may in a day.
    Over,
    /// It reached the hub too late to be answered.
    Late,
    /// The hub was restored, and may have answered it before.
    Unanswered,
}

impl TextFound {
    const ALL: [TextFound; 4] = [TextFound::Read, TextFound::Over, TextFound::Late, TextFound::Unanswered];

    /// The word in the database.
    pub const fn name(self) -> &'static str {
        match self {
            TextFound::Read => "read",
            TextFound::Over => "over",
            TextFound::Late => "late",
            TextFound::Unanswered => "unanswered",
        }
    }

    /// Reads that word.
    pub fn from_name(name: &str) -> Option<TextFound> {
        TextFound::ALL.into_iter().find(|found| found.name() == name)
    }
}

/// A text that came, to whomever.
#[derive(Clone, Copy)]
pub(super) struct Came<'a> {
    /// The provider's name for it, or its record's.
    pub id: &'a str,
    /// From whom, as the network says.
    pub phone: Phone,
    /// What.
    pub text: &'a str,
    /// The site whose own SIM it came to.
    pub site: Option<&'a SiteName>,
}

impl Turn<'_> {
    /// A text came to the hub's number: a frame of a gateway, or a person's, and one of those that comes again is not heard
    /// again.
    pub fn text_received(&mut self, reply: ReplyId, text: &IncomingText) -> Result<(), HubError> {
        self.effects.push(Effect::Reply {
            reply,
            answer: Ok(Response::Done),
        });
        if thin::looks_like_frame(&text.text) {
            return self.thin_text(text.phone, Carrier::Sms, &text.text).map(drop);
        }
        if self.store.has_inbox(&text.id)? {
            return Ok(());
        }
        let came = Came {
            id: &text.id,
            phone: text.phone,
            text: &text.text,
            site: None,
        };
        self.hear_text(&came).map(drop)
    }

    /// Does what a text says and keeps it. Of a number that sent more than it may in a day nothing more is kept, so there a
    /// repeat is told from nothing; all that is done of it is STOP.
    pub fn hear_text(&mut self, came: &Came<'_>) -> Result<Admitted, HubError> {
        let admitted = self.command_came(came.phone, came.text)?;
        match admitted {
            Admitted::Yes => self.keep_text(came, TextFound::Read)?,
            Admitted::SayTooMany => {
                self.keep_text(&Came { text: "", ..*came }, TextFound::Over)?;
                self.audit_as(
                    MESSENGER,
                    "texts not kept",
                    "",
                    "a number sends more than it may in a day",
                )?;
            }
            Admitted::Silence => {}
        }
        Ok(admitted)
    }

    /// Keeps a text, without what may be a secret.
    pub fn keep_text(&self, came: &Came<'_>, found: TextFound) -> Result<(), HubError> {
        let words: String = without_secrets(came.text).chars().take(TEXT_MAX).collect();
        let row = InboxRow {
            id: came.id,
            phone: came.phone,
            text: &words,
            found,
            site: came.site,
        };
        Ok(self.store.add_inbox(&row, self.now())?)
    }
}
