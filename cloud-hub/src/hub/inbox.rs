//! Texts from people: each is read once by [`super::sms`], and kept for a while for whoever looks after people.

use kiosk::{ids::SiteName, moment::DAY_MS, otp::CODE_DIGITS, phone::Phone, talk::sms::Admitted};

use sync::{seal::Carrier, thin};

use super::{
    effect::{Effect, Response},
    input::{IncomingText, ReplyId},
    store::InboxRow,
    talk::MESSENGER,
    turn::{HubError, Turn},
};

/// Digits of a PIN.
const PIN_DIGITS: usize = 4;
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

/// A text as it may be kept: four digits that stand alone may be a PIN, and six a one-time code.
fn without_secrets(text: &str) -> String {
    starred(text, |digits| matches!(digits, PIN_DIGITS | CODE_DIGITS))
}

/// A text without what may be a PIN.
pub(super) fn without_pins(text: &str) -> String {
    starred(text, |digits| digits == PIN_DIGITS)
}

/// A text with stars for numbers of as many digits as are secret, also where blanks, dots or dashes part their digits.
fn starred(text: &str, is_secret: impl Fn(usize) -> bool) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut shown = letters.clone();
    let mut start = 0;
    while start < letters.len() {
        if !letters[start].is_numeric() {
            start += 1;
            continue;
        }
        let end = end_of_number(&letters, start);
        let number = &letters[start..end];
        let count = |part: &[char]| part.iter().filter(|letter| letter.is_numeric()).count();
        // All of it may be one, and so may a part.
        let all = is_secret(count(number));
        let parts = number.split(|letter| !letter.is_numeric());
        let mut place = start;
        for part in parts {
            if all || is_secret(part.len()) {
                shown[place..place + part.len()].fill('*');
            }
            place += part.len() + 1;
        }
        start = end;
    }
    shown.into_iter().collect()
}

/// Where digits end that single blanks, dots or dashes part.
fn end_of_number(letters: &[char], start: usize) -> usize {
    let mut end = start;
    loop {
        while letters.get(end).is_some_and(|letter| letter.is_numeric()) {
            end += 1;
        }
        let is_parted = letters.get(end).is_some_and(|letter| matches!(letter, ' ' | '.' | '-'));
        if !is_parted || !letters.get(end + 1).is_some_and(|letter| letter.is_numeric()) {
            return end;
        }
        end += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_pin_or_a_code_is_not_kept() {
        for (text, shown) in [
            ("BALANCE 4071", "BALANCE ****"),
            ("4071", "****"),
            ("pin:4071,thanks", "pin:****,thanks"),
            ("APPROVE 123456", "APPROVE ******"),
            ("pin4071x 1234 9999", "pin****x **** ****"),
            ("PIN 40 71", "PIN ** **"),
            ("4-0-7-1", "*-*-*-*"),
            ("APPROVE 123 456.", "APPROVE *** ***."),
            ("0722000001", "0722000001"),
            ("LOAN 500 0700000102 60000", "LOAN 500 0700000102 60000"),
            ("\u{664}\u{660}\u{667}\u{661}", "****"),
            ("caf\u{e9} 12345", "caf\u{e9} 12345"),
            ("", ""),
        ] {
            assert_eq!(without_secrets(text), shown);
        }
    }
}
