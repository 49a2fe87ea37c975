//! What phones send one another, and the SIMs of modems among them.

use std::collections::BTreeMap;

use super::{Message, Texts};

/// Digits of a short code at most; a number that people have is longer.
const SHORT_CODE_DIGITS: usize = 6;

impl Texts {
    /// What came to a phone from the message `after` on, counting all messages, and where to go on.
    pub fn received_after(&self, phone: u64, after: usize) -> (Vec<&Message>, usize) {
        let new = self.messages.get(after..).unwrap_or_default();
        let to = |message: &&Message| message.phone == phone && !message.from_phone;
        (new.iter().filter(to).collect(), self.messages.len())
    }

    /// A SIM of that number is in a modem; pages offer to text it.
    pub fn add_sim(&mut self, phone: u64, title: &str) {
        self.sims.insert(phone, title.to_owned());
    }

    /// The SIMs that are in modems, and what stands there.
    pub fn sims(&self) -> &BTreeMap<u64, String> {
        &self.sims
    }

    /// The phone, or the modem with that SIM, writes to a number in whatever form people write it: a short code is the
    /// hub's, anything longer somebody's phone. `false` when it is no number.
    pub fn write_to(&mut self, now_ms: i64, phone: u64, to: &str, text: &str) -> bool {
        let digits = to.trim().trim_start_matches('+');
        if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return false;
        }
        if digits.len() <= SHORT_CODE_DIGITS {
            self.write(now_ms, phone, text);
            return true;
        }
        // The national form is of the sender's own country: all four have codes of three digits.
        let whole = match digits.strip_prefix('0') {
            Some(national) => format!("{}{national}", &phone.to_string()[..3.min(phone.to_string().len())]),
            None => digits.to_owned(),
        };
        let Ok(receiver) = whole.parse::<u64>() else {
            return false;
        };
        self.written += 1;
        let id = format!("between-{now_ms}-{}", self.written);
        let message = Message {
            id,
            phone,
            text: text.to_owned(),
            sender: String::new(),
            from_phone: true,
            to: format!("+{receiver}"),
            time_ms: now_ms,
        };
        let arrived = Message {
            phone: receiver,
            sender: format!("+{phone}"),
            from_phone: false,
            to: String::new(),
            ..message.clone()
        };
        self.remember(message);
        self.remember(arrived);
        true
    }
}
