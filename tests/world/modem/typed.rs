//! What a terminal types (ITU-T V.250 section 5.2): command lines that end with a carriage return, and behind a prompt a
//! PDU that ends with control-Z or is given up with escape.

use std::collections::VecDeque;

/// The longest line that is kept; the rest of a longer one is dropped, and the line is an error.
const LINE_MAX: usize = 4_096;

const CONTROL_Z: u8 = 0x1a;
const ESCAPE: u8 = 0x1b;

/// What was typed and not yet looked at.
#[derive(Debug, Default)]
pub(super) struct Typed {
    waiting: VecDeque<u8>,
    line: Vec<u8>,
    /// A PDU is typed, not a line.
    pub(super) is_prompted: bool,
}

/// One thing that was typed to its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typing {
    /// A line without its carriage return.
    Line(String),
    /// What stood before control-Z.
    Pdu(String),
    /// A PDU was given up.
    Escaped,
    /// Nothing is complete yet.
    Nothing,
}

impl Typed {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.waiting.extend(bytes);
    }

    /// The next thing that is complete, and what is echoed of it; `None` when all was looked at.
    pub(super) fn next(&mut self) -> Option<(Vec<u8>, Typing)> {
        if self.waiting.is_empty() {
            return None;
        }
        let mut echo = Vec::new();
        while let Some(byte) = self.waiting.pop_front() {
            echo.push(byte);
            match (byte, self.is_prompted) {
                (b'\r', false) => return Some((echo, Typing::Line(self.taken()))),
                (CONTROL_Z, true) => {
                    self.is_prompted = false;
                    return Some((echo, Typing::Pdu(self.taken())));
                }
                (ESCAPE, true) => {
                    self.is_prompted = false;
                    self.line.clear();
                    return Some((echo, Typing::Escaped));
                }
                (b'\r' | b'\n', true) | (b'\n' | CONTROL_Z | ESCAPE, false) => {}
                _ if self.line.len() <= LINE_MAX => self.line.push(byte),
                _ => {}
            }
        }
        Some((echo, Typing::Nothing))
    }

    fn taken(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned()
    }
}
