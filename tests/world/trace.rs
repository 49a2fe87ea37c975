//! What happened, as one running hash and, for whoever wants to read it, as sentences.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::event::Event;

/// The trace of a world. The same seed on the same commit always gives the same hash.
#[derive(Default)]
pub struct Trace {
    hash: Sha256,
    line: String,
    events: u64,
    is_told: bool,
    story: Vec<String>,
}

impl Trace {
    /// Notes an event at its time.
    pub(crate) fn note(&mut self, now_ms: u64, event: &Event) {
        self.line.clear();
        // Writing to a String cannot fail.
        let written = write!(self.line, "{now_ms} {event:?}");
        debug_assert!(written.is_ok());
        self.hash.update(self.line.as_bytes());
        self.events += 1;
    }

    /// From now on sentences are kept.
    pub fn begin_story(&mut self) {
        self.is_told = true;
    }

    /// Adds a sentence, if somebody listens.
    pub(crate) fn tell(&mut self, now_ms: u64, sentence: impl FnOnce() -> String) {
        if self.is_told {
            let (seconds, ms) = (now_ms / 1_000, now_ms % 1_000);
            let (days, rest) = (seconds / 86_400, seconds % 86_400);
            let clock = format!("{:02}:{:02}:{:02}.{ms:03}", rest / 3_600, rest / 60 % 60, rest % 60);
            self.story.push(format!("day {days} {clock}  {}", sentence()));
        }
    }

    /// The sentences since the last call.
    pub fn take_story(&mut self) -> Vec<String> {
        std::mem::take(&mut self.story)
    }

    /// How many events there were.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The hash over all events so far, as 64 hexadecimal digits.
    pub fn hash(&self) -> String {
        let digest = self.hash.clone().finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
