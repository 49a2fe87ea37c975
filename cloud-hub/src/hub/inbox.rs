//! Texts from people: each is read once by [`super::sms`], and kept for a while for whoever looks after people.

use kiosk::{moment::DAY_MS, otp::CODE_DIGITS, talk::sms::Admitted};

use super::{
    effect::{Effect, Response},
    input::{IncomingText, ReplyId},
    talk::MESSENGER,
    turn::{HubError, Turn},
};

/// Digits of a PIN.
const PIN_DIGITS: usize = 4;
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

/// A text as it may be kept: four digits that stand alone may be a PIN, and six a one-time code.
fn without_secrets(text: &str) -> String {
    starred(text, |digits| matches!(digits, PIN_DIGITS | CODE_DIGITS))
}

/// A text without what may be a PIN.
pub(super) fn without_pins(text: &str) -> String {
    starred(text, |digits| digits == PIN_DIGITS)
}

/// A text with stars for numbers of as many digits as are secret.
fn starred(text: &str, is_secret: impl Fn(usize) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(char::is_numeric) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|letter: char| !letter.is_numeric()).unwrap_or(from.len());
        let (digits, after) = from.split_at(end);
        shown.push_str(before);
        match digits.chars().count() {
            count if is_secret(count) => shown.extend(std::iter::repeat_n('*', count)),
            _ => shown.push_str(digits),
        }
        rest = after;
    }
    shown + rest
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
            ("LOAN 500 0700000102 60000", "LOAN 500 0700000102 60000"),
            ("\u{664}\u{660}\u{667}\u{661}", "****"),
            ("caf\u{e9} 12345", "caf\u{e9} 12345"),
            ("", ""),
        ] {
            assert_eq!(without_secrets(text), shown);
        }
    }
}
