//! Texts from people: kept once, before the provider hears that they came. The sender proves nothing, so nothing of value
//! moves here.

use kiosk::moment::DAY_MS;

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
    /// A text came. One that comes again is not kept again, nor are more of a number than it may send in a day.
    pub fn text_received(&mut self, reply: ReplyId, text: &IncomingText) -> Result<(), HubError> {
        self.effects.push(Effect::Reply {
            reply,
            answer: Ok(Response::Done),
        });
        if self.store.has_inbox(&text.id)? {
            return Ok(());
        }
        let now = self.now();
        let kept = self.store.inbox_since(text.phone, now.plus_ms(-DAY_MS))?;
        let kept_max = self.settings.texts_per_day;
        if kept < kept_max {
            let words: String = text.text.chars().take(TEXT_MAX).collect();
            return Ok(self.store.add_inbox(&text.id, text.phone, &words, "new", now)?);
        }
        if kept == kept_max {
            self.store.add_inbox(&text.id, text.phone, "", "over", now)?;
            self.audit_as(
                MESSENGER,
                "texts not kept",
                "",
                "a number sends more than it may in a day",
            )?;
        }
        Ok(())
    }
}

/// A text as pages and logs may show it: four digits that stand alone may be a PIN.
pub fn without_pins(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(char::is_numeric) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|letter: char| !letter.is_numeric()).unwrap_or(from.len());
        let (digits, after) = from.split_at(end);
        shown.push_str(before);
        shown.push_str(if digits.chars().count() == 4 { "****" } else { digits });
        rest = after;
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_digits_alone_are_not_shown() {
        for (text, shown) in [
            ("BALANCE 4071", "BALANCE ****"),
            ("4071", "****"),
            ("pin:4071,thanks", "pin:****,thanks"),
            ("pin4071x 1234 9999", "pin****x **** ****"),
            ("LOAN 500 0700000102 60000", "LOAN 500 0700000102 60000"),
            ("\u{664}\u{660}\u{667}\u{661}", "****"),
            ("caf\u{e9} 12345", "caf\u{e9} 12345"),
            ("", ""),
        ] {
            assert_eq!(without_pins(text), shown);
        }
    }
}
