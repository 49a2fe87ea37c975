//! What is new in the text that a gateway sends.
//!
//! Africa's Talking sends all inputs of a session joined by `*` at every step. An input may be empty and may itself hold
//! a `*`, so the text cannot be split: what comes after the text of the step before is the input. A PIN once typed is in
//! the text of every later step, so the text itself is never kept, but a keyed digest of it: four digits between known
//! ones fall to any digest without a key.

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::fmt;

/// The key of [`Seen`], kept outside the database.
#[derive(Clone)]
pub struct SeenKey([u8; 32]);

impl SeenKey {
    /// The key with these bytes.
    pub const fn new(bytes: [u8; 32]) -> SeenKey {
        SeenKey(bytes)
    }

    /// What is kept of the text of a step that was answered: its length in bytes and the first 16 bytes of
    /// HMAC-SHA-256(key, text).
    pub fn seen(&self, text: &str) -> Seen {
        let tag: [u8; 32] = self.mac(text).finalize().into_bytes().into();
        let mut digest = [0; 16];
        digest.copy_from_slice(&tag[..16]);
        Seen {
            bytes: text.len(),
            digest,
        }
    }

    fn is_seen(&self, seen: &Seen, text: &str) -> bool {
        self.mac(text).verify_truncated_left(&seen.digest).is_ok()
    }

    fn mac(&self, text: &str) -> Hmac<Sha256> {
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.chain_update(text)
    }
}

impl fmt::Debug for SeenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SeenKey(…)")
    }
}

/// The text of the last step that was answered, as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    bytes: usize,
    digest: [u8; 16],
}

/// What a delivered text is, after the one that was answered last.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Input<'a> {
    /// The first text of a session. What was dialled along with the code is not taken as input: the same text also comes
    /// when a session was forgotten in its middle, and to do its steps again could pay twice.
    First,
    /// The next step, with what was typed.
    New(&'a str),
    /// The step that was answered last, delivered again: the same answer, and no second effect.
    Repeated,
    /// A step from before, or one that does not follow: it is refused, and changes nothing.
    OutOfOrder,
}

impl<'a> Input<'a> {
    /// What `text` is after `seen`, the last text of this session that was answered.
    pub fn of(key: &SeenKey, seen: Option<&Seen>, text: &'a str) -> Input<'a> {
        let Some(seen) = seen else {
            return Input::First;
        };
        let Some((before, after)) = text.split_at_checked(seen.bytes) else {
            return Input::OutOfOrder;
        };
        if !key.is_seen(seen, before) {
            return Input::OutOfOrder;
        }
        match (before, after) {
            (_, "") => Input::Repeated,
            ("", input) => Input::New(input),
            _ => after.strip_prefix('*').map_or(Input::OutOfOrder, Input::New),
        }
    }
}

impl fmt::Debug for Input<'_> {
    /// Without what was typed, for it may be a PIN.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Input::First => "First",
            Input::New(_) => "New(…)",
            Input::Repeated => "Repeated",
            Input::OutOfOrder => "OutOfOrder",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: SeenKey = SeenKey::new([7; 32]);

    #[test]
    fn what_comes_after_the_last_text_is_the_input() {
        for (last, text, input) in [
            (None, "", Input::First),
            (None, "1*2", Input::First),
            (Some(""), "", Input::Repeated),
            (Some(""), "1", Input::New("1")),
            (Some(""), "*", Input::New("*")),
            (Some("1"), "1", Input::Repeated),
            (Some("1"), "1*2", Input::New("2")),
            (Some("1"), "1*", Input::New("")),
            (Some("1"), "1**", Input::New("*")),
            (Some("1*"), "1**2", Input::New("2")),
            (Some("1**"), "1***2", Input::New("2")),
            (Some("1"), "1***2", Input::New("**2")),
            (Some("1"), "12", Input::OutOfOrder),
            (Some("1*2"), "1", Input::OutOfOrder),
            (Some("1*2"), "1*3*4", Input::OutOfOrder),
            (Some("1*2"), "", Input::OutOfOrder),
            (Some("1*é"), "1*e\u{301}*2", Input::OutOfOrder),
        ] {
            let seen = last.map(|last| KEY.seen(last));
            assert_eq!(Input::of(&KEY, seen.as_ref(), text), input, "{last:?} {text:?}");
        }
    }

    #[test]
    fn neither_what_is_kept_nor_what_is_printed_tells_a_pin() {
        let kept = serde_json::to_string(&KEY.seen("1*2*4071")).unwrap();
        assert!(!kept.contains("4071"), "{kept}");
        assert_ne!(KEY.seen("4071"), SeenKey::new([8; 32]).seen("4071"));
        assert_eq!(format!("{:?} {KEY:?}", Input::New("4071")), "New(…) SeenKey(…)");
    }

    proptest! {
        #[test]
        fn any_inputs_come_out_as_they_went_in(first in "[^*]+", inputs in prop::collection::vec(any::<String>(), 1..6)) {
            let mut text = first;
            for input in &inputs {
                let seen = KEY.seen(&text);
                prop_assert_eq!(Input::of(&KEY, Some(&seen), &text), Input::Repeated);
                text = format!("{text}*{input}");
                prop_assert_eq!(Input::of(&KEY, Some(&seen), &text), Input::New(input));
            }
        }
    }
}
