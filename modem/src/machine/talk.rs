//! The USSD session: one at a time. `+CUSD` comes before the `OK` of a command, after it or instead of it, and a second one
//! may only say that the session is over (3GPP TS 27.007 section 7.15).

use super::{Machine, step::Step};
use crate::{
    command::{Command, End, Fault, Parameter, is_sendable},
    event::{Event, UssdEnd},
    order::OrderId,
    ussd,
};

/// How long the network may take for an answer, in milliseconds.
const ANSWER_MS: u64 = 120_000;
/// How long a session may wait for what is under way, a text at most, before it is said.
const TURN_MS: u64 = 300_000;
/// How long a session may wait for its caller: networks end it sooner, and may forget to say so.
const OPEN_MS: u64 = 600_000;
/// The longest code that is dialled.
const CODE_MAX: usize = 182;

/// The session, if there is one.
#[derive(Debug, Default)]
pub(super) struct Talk {
    state: State,
    /// To be said next.
    words: Vec<Step>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Idle,
    /// A session is to be begun; nothing that is heard now belongs to it.
    Dialled { id: OrderId, until: u64 },
    /// The network is to answer.
    Asked { id: OrderId, until: u64 },
    /// The network waits for an answer.
    Open { id: OrderId, until: u64 },
    /// The modem is told that it is over.
    Ending,
}

impl Talk {
    pub(super) fn deadline(&self) -> Option<u64> {
        match self.state {
            State::Dialled { until, .. } | State::Asked { until, .. } | State::Open { until, .. } => Some(until),
            State::Idle | State::Ending => None,
        }
    }

    fn id(&self) -> Option<OrderId> {
        match self.state {
            State::Dialled { id, .. } | State::Asked { id, .. } | State::Open { id, .. } => Some(id),
            State::Idle | State::Ending => None,
        }
    }
}

impl Machine {
    pub(super) fn dial(&mut self, id: OrderId, code: &str) {
        let is_code = |byte: u8| byte.is_ascii_digit() || byte == b'*' || byte == b'#';
        let why = match () {
            () if self.talk.state != State::Idle => UssdEnd::Busy,
            () if code.is_empty() || code.len() > CODE_MAX || !code.bytes().all(is_code) => {
                UssdEnd::Unsendable("a code has digits, * and # only")
            }
            () => return self.speak(id, code),
        };
        self.tell(Event::UssdEnded { id, why });
    }

    pub(super) fn say(&mut self, id: OrderId, text: &str) {
        match self.talk.state {
            State::Open { id: open, .. } if open == id => match is_speakable(text) {
                true => self.speak(id, text),
                false => self.give_up(
                    id,
                    UssdEnd::Unsendable("it holds a quotation mark or a control character"),
                ),
            },
            State::Dialled { id: asked, .. } | State::Asked { id: asked, .. } if asked == id => {
                self.give_up(id, UssdEnd::Unsendable("the network has not answered yet"));
            }
            _ => self.tell(Event::UssdEnded {
                id,
                why: UssdEnd::Network,
            }),
        }
    }

    /// Nothing is told of a session that its caller ends.
    pub(super) fn hang_up(&mut self, id: OrderId) {
        if self.talk.id() == Some(id) {
            self.end_talk();
        }
    }

    fn speak(&mut self, id: OrderId, text: &str) {
        let written = ussd::encode(text, self.profile.ussd).and_then(|(text, coding)| {
            let parameters = [
                Parameter::Number(1),
                Parameter::Text(&text),
                Parameter::Number(u16::from(coding)),
            ];
            let command = Command::set("+CUSD", &parameters);
            command.map_err(|_| UssdEnd::Unsendable("it holds a quotation mark or a control character"))
        });
        match written {
            Ok(command) => {
                let until = self.now + TURN_MS;
                self.talk.state = match self.talk.state {
                    State::Open { .. } => State::Asked { id, until },
                    _ => State::Dialled { id, until },
                };
                // The session ends first, then its command.
                let command = command.within(ANSWER_MS + 1_000).tries(1);
                self.talk.words = vec![Step::Alphabet, Step::Word(command)];
            }
            Err(why) if self.talk.id() == Some(id) => self.give_up(id, why),
            Err(why) => self.tell(Event::UssdEnded { id, why }),
        }
    }

    /// Ends a session of ours and says why.
    fn give_up(&mut self, id: OrderId, why: UssdEnd) {
        self.tell(Event::UssdEnded { id, why });
        self.end_talk();
    }

    /// A word that never left the house needs no end; one that is under way is not waited for as long as the network may
    /// take.
    fn end_talk(&mut self) {
        if matches!(self.talk.state, State::Dialled { .. }) {
            self.talk = Talk::default();
            return;
        }
        self.talk.state = State::Ending;
        self.talk.words = vec![Step::HangUp];
        self.hurry_word();
    }

    /// What is to be said in the session now.
    pub(super) fn next_word(&mut self) -> Option<Step> {
        match self.talk.words.is_empty() {
            true => None,
            false => Some(self.talk.words.remove(0)),
        }
    }

    /// The network is asked now: its time begins.
    pub(super) fn word_is_said(&mut self) {
        if let State::Dialled { id, .. } | State::Asked { id, .. } = self.talk.state {
            let until = self.now + ANSWER_MS;
            self.talk.state = State::Asked { id, until };
        }
    }

    /// A command of the session has its end. That of the last one is no news: MSM chips answer it with errors.
    pub(super) fn word_is_over(&mut self, step: &Step, end: &End) {
        match (step, end, self.talk.state) {
            (Step::HangUp, _, State::Ending) => self.talk.state = State::Idle,
            (Step::Word(_), End::Fault(fault), State::Asked { id, .. }) => {
                let why = why(fault);
                self.talk.state = State::Idle;
                self.tell(Event::UssdEnded { id, why });
            }
            _ => {}
        }
    }

    pub(super) fn heard_ussd(&mut self, line: &[u8]) {
        let Some((kind, text, coding)) = parse(line) else {
            return;
        };
        let text = text.map(|text| ussd::decode(text, coding, self.profile.ussd));
        let text = text.filter(|text| !text.is_empty());
        let is_open = kind == 1;
        let is_dialled = matches!(self.talk.state, State::Dialled { .. });
        let Some(id) = self.talk.id().filter(|_| !is_dialled) else {
            // A late answer, or what the network says by itself. Nobody can reply to it here.
            if let Some(text) = text.filter(|_| kind <= 2) {
                self.tell(Event::Ussd {
                    id: None,
                    text,
                    is_open: false,
                });
            }
            match self.talk.state {
                State::Idle if is_open => self.end_talk(),
                // What is to be dialled would be an answer to it.
                State::Dialled { .. } if is_open && !self.talk.words.contains(&Step::HangUp) => {
                    self.talk.words.insert(0, Step::HangUp);
                }
                _ => {}
            }
            return;
        };
        let why = match kind {
            0 | 2 => UssdEnd::Network,
            3 => UssdEnd::Busy,
            4 => UssdEnd::NotSupported,
            5 => UssdEnd::Late,
            _ => UssdEnd::Refused(format!("+CUSD: {kind}")),
        };
        self.talk.words.clear();
        self.talk.state = match is_open {
            true => State::Open {
                id,
                until: self.now + OPEN_MS,
            },
            false => State::Idle,
        };
        match text {
            Some(text) if kind <= 2 => self.tell(Event::Ussd {
                id: Some(id),
                text,
                is_open,
            }),
            None if is_open => self.tell(Event::Ussd {
                id: Some(id),
                text: String::new(),
                is_open,
            }),
            _ => self.tell(Event::UssdEnded { id, why }),
        }
    }

    pub(super) fn talk_time(&mut self) {
        if let (Some(id), Some(until)) = (self.talk.id(), self.talk.deadline())
            && until <= self.now
        {
            self.give_up(id, UssdEnd::Late);
        }
    }

    pub(super) fn talk_is_down(&mut self) {
        if let Some(id) = self.talk.id() {
            self.tell(Event::UssdEnded { id, why: UssdEnd::Down });
        }
        self.talk = Talk::default();
    }
}

/// No control character and no quotation mark, whatever form it would be written in.
fn is_speakable(text: &str) -> bool {
    let ascii: String = text.chars().filter(char::is_ascii).collect();
    is_sendable(&ascii)
}

fn why(fault: &Fault) -> UssdEnd {
    match fault.is(4, 303) {
        true => UssdEnd::NotSupported,
        false => UssdEnd::Refused(fault.word.clone()),
    }
}

/// The kind of a result, its text and the coding of that, as far as they are there.
type Said<'a> = (u8, Option<&'a [u8]>, Option<u8>);

/// `+CUSD: m[,"text"[,coding]]`. The text may hold quotation marks; some modems leave those around it out, or the last.
fn parse(line: &[u8]) -> Option<Said<'_>> {
    let rest = line.strip_prefix(b"+CUSD:")?.trim_ascii();
    let (kind, rest) = match rest.iter().position(|byte| *byte == b',') {
        Some(at) => (&rest[..at], Some(rest[at + 1..].trim_ascii_start())),
        None => (rest, None),
    };
    let kind = std::str::from_utf8(kind).ok()?.trim().parse().ok()?;
    let Some(rest) = rest else {
        return Some((kind, None, None));
    };
    let (text, after) = match rest.strip_prefix(b"\"") {
        Some(inner) => match inner.iter().rposition(|byte| *byte == b'"') {
            Some(end) => (&inner[..end], &inner[end + 1..]),
            None => (inner, &b""[..]),
        },
        None => match rest.iter().position(|byte| *byte == b',') {
            Some(end) => (&rest[..end], &rest[end..]),
            None => (rest, &b""[..]),
        },
    };
    let coding = std::str::from_utf8(after)
        .ok()
        .and_then(|after| after.trim_matches([',', ' ']).parse().ok());
    Some((kind, Some(text), coding))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_result_is_read() {
        let table: [(&str, Option<Said<'_>>); 9] = [
            ("+CUSD: 4", Some((4, None, None))),
            ("+CUSD: 0,\"Bal\",15", Some((0, Some(b"Bal"), Some(15)))),
            (
                "+CUSD:1,\"a\r\nb \"c\" d\", 72",
                Some((1, Some(b"a\r\nb \"c\" d"), Some(72))),
            ),
            ("+CUSD: 0,\"Bal\"", Some((0, Some(b"Bal"), None))),
            ("+CUSD: 0,C2303B,15", Some((0, Some(b"C2303B"), Some(15)))),
            ("+CUSD: 0,C2303B", Some((0, Some(b"C2303B"), None))),
            ("+CUSD: 0,\"open", Some((0, Some(b"open"), None))),
            ("+CUSD: x", None),
            ("+CUSD: 99999", None),
        ];
        for (line, expected) in table {
            assert_eq!(parse(line.as_bytes()), expected, "{line}");
        }
    }
}
