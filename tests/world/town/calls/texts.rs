//! Texts from people, which come twice, late, or to a hub that is down.

use hub::hub::{
    effect::{Refusal, Response},
    input::{IncomingText, Input, ReplyId},
};

use super::{AGAIN_AFTER_MS, TRIES_MAX, World};
use crate::event::Event;

/// Answers to texts come under this number and the text's place.
pub(in crate::town) const FIRST_TEXT: u64 = 1 << 61;

/// A text from somebody.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) id: String,
    person: usize,
    pub(super) at_ms: u64,
    pub(crate) is_taken: bool,
    pub(crate) may_be_lost: bool,
}

impl World {
    /// Somebody sends a text.
    pub(super) fn writes(&mut self, person: usize) {
        let text = self.calls.texts.len();
        self.calls.texts.push(Written {
            id: format!("text-{text}"),
            person,
            at_ms: self.now_ms,
            is_taken: false,
            may_be_lost: false,
        });
        let times = if self.random.chance(self.weather.step_twice) {
            2
        } else {
            1
        };
        for _ in 0..times {
            let ms = self.random.within(self.weather.latency_ms);
            self.after(ms, Event::Written { text, tries: 1 });
        }
    }

    /// A text reaches the hub, if it is up; without an answer it comes again.
    pub(in crate::town) fn text_arrives(&mut self, text: usize, tries: u32) {
        let own = &self.calls.texts[text];
        if own.is_taken && tries > 1 {
            return;
        }
        let words = ["BALANCE", "balance pls", "maji yamekwisha"][text % 3];
        let text_in = IncomingText {
            id: own.id.clone(),
            phone: self.phone(own.person),
            text: words.to_owned(),
        };
        self.give_hub(Input::TextReceived {
            reply: ReplyId(FIRST_TEXT + text as u64),
            text: text_in,
        });
        if tries < TRIES_MAX {
            self.after(AGAIN_AFTER_MS, Event::Written { text, tries: tries + 1 });
        }
    }

    /// The hub says that it has a text.
    pub(in crate::town) fn text_answered(&mut self, reply: u64, answer: &Result<Response, Refusal>) {
        let text = usize::try_from(reply - FIRST_TEXT).unwrap_or(usize::MAX);
        if let (Some(own), Ok(_)) = (self.calls.texts.get_mut(text), answer) {
            own.is_taken = true;
        }
    }
}
