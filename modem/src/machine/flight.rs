//! The one command that is under way. Its lines are told from unsolicited ones by prefix and shape; an answer that comes
//! after it was given up never answers the next one, for [`Step::Check`] is said in between.

use super::{Machine, Phase, step::Step};
use crate::{
    command::{self, CTRL_Z, Class, Command, ESCAPE, End, Fault},
    event::Trouble,
    line::Item,
};

/// How long the result of a text is waited for after Ctrl-Z, in milliseconds.
const RESULT_MS: u64 = 150_000;
/// How long a busy SIM is left alone, and how often.
const BUSY_MS: u64 = 2_000;
const BUSY_TRIES: u8 = 30;
/// The time for the `OK` of a USSD command whose text is already there.
const TAIL_MS: u64 = 5_000;

/// The word of a command that was not answered.
pub(super) const NO_ANSWER: &str = "no answer";

/// A command under way.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) step: Step,
    pub(super) deadline: u64,
    command: Command,
    tries_left: u8,
    waits_for: Waiting,
    /// Its own line was there: what ends it now is its own end.
    has_answer: bool,
    /// Ends came that may have been those of a command before.
    strays: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    End,
    Prompt,
    /// The text is handed over: whatever happens now, it may arrive.
    Result,
}

impl Flight {
    /// Whether a text is in the modem's hands.
    pub(super) fn is_handed_over(&self) -> bool {
        self.waits_for == Waiting::Result
    }
}

impl Machine {
    pub(super) fn begin(&mut self, step: Step) {
        // Nothing is read or deleted before the store is chosen that it lies in.
        let step = match self.store_to_choose(&step) {
            Some(store) => {
                self.script.push_front(step);
                Step::Choose(store)
            }
            None => step,
        };
        match self.command(&step) {
            Ok(Some(command)) => {
                match step {
                    Step::PinEnter => self.pin_is_said(),
                    Step::Sweep | Step::SweepSecond => self.sweeps(),
                    Step::Word(_) => self.word_is_said(),
                    _ => {}
                }
                let tries = command.tries;
                self.take_off(step, command, tries);
            }
            Ok(None) => self.finished(step, End::Ok),
            Err(unsendable) => {
                let fault = Fault {
                    class: Class::Plain,
                    code: None,
                    word: unsendable.to_string(),
                };
                self.finished(step, End::Fault(fault));
            }
        }
    }

    fn take_off(&mut self, step: Step, command: Command, tries: u8) {
        // A modem that was left in the middle of a text takes a command for text.
        let mut line = match step {
            Step::Probe | Step::Check => vec![ESCAPE],
            _ => Vec::new(),
        };
        line.extend_from_slice(command.line.as_bytes());
        line.push(b'\r');
        self.write(line);
        self.flight = Some(Flight {
            step,
            deadline: self.now + command.timeout_ms,
            waits_for: match command.payload {
                Some(_) => Waiting::Prompt,
                None => Waiting::End,
            },
            command,
            tries_left: tries.saturating_sub(1),
            has_answer: false,
            strays: 0,
        });
    }

    pub(super) fn items(&mut self, items: Vec<Item>) {
        for item in items {
            match item {
                Item::Prompt => self.prompt(),
                Item::Pdu { header, pdu } => self.pdu(&ascii(&header), &pdu),
                Item::Line(bytes) => self.line(&bytes),
            }
            // The next command goes out before the next line is read: a line behind an end belongs to it.
            self.pump();
        }
    }

    fn prompt(&mut self) {
        let waiting = self
            .flight
            .as_mut()
            .filter(|flight| flight.waits_for == Waiting::Prompt);
        if let Some(flight) = waiting {
            flight.waits_for = Waiting::Result;
            flight.deadline = self.now + RESULT_MS;
            let mut text = flight.command.payload.clone().unwrap_or_default().into_bytes();
            text.push(CTRL_Z);
            return self.write(text);
        }
        // A prompt that nobody waits for: it would swallow the next command. Not more often than garbage can bear.
        if self.escaped_at + 1_000 <= self.now {
            self.escaped_at = self.now;
            let said = self.flight.as_ref().map(|flight| flight.step.clone());
            if said.is_some() {
                self.write([ESCAPE]);
            }
            // Some answer ESC by an end, which must not be taken for that of the next command. A check begins with ESC.
            let is_checked = said == Some(Step::Check) || self.script.front() == Some(&Step::Check);
            if !is_checked && matches!(self.phase, Phase::Starting | Phase::Ready) {
                self.script.push_front(Step::Check);
            }
        }
    }

    /// The word of a session that is under way gets no more than the time for an `OK`; whether there is one.
    pub(super) fn hurry_word(&mut self) -> bool {
        let word = self
            .flight
            .as_mut()
            .filter(|flight| matches!(flight.step, Step::Word(_)));
        word.is_some_and(|flight| {
            flight.deadline = flight.deadline.min(self.now + TAIL_MS);
            true
        })
    }

    fn line(&mut self, bytes: &[u8]) {
        if bytes.starts_with(b"+CUSD:") {
            if self.hurry_word()
                && let Some(flight) = &mut self.flight
            {
                flight.has_answer = true;
            }
            return self.heard_ussd(bytes);
        }
        let text = ascii(bytes);
        let line = text.trim();
        // An echo.
        if line.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("AT")) {
            return;
        }
        if let Some(end) = command::end(line) {
            return self.ended(end);
        }
        // A check that was said again is answered again: the end of that answer is nobody else's.
        if line.starts_with("+CMEE:") && self.flight.as_ref().is_none_or(|flight| flight.step != Step::Check) {
            self.skips_end = true;
            return;
        }
        let Some(flight) = &mut self.flight else {
            return self.unasked(line);
        };
        let prefix = flight.command.prefix;
        let is_answer = !prefix.is_empty() && line.starts_with(prefix);
        let is_bare = Machine::takes_bare_lines(&flight.step) && !flight.has_answer && self.profile.is_bare(line);
        let step = flight.step.clone();
        match is_answer && Machine::has_shape_of_answer(&step, line) || is_bare {
            true => {
                flight.has_answer = true;
                self.answered(&step, line);
            }
            false => self.unasked(line),
        }
    }

    fn ended(&mut self, end: End) {
        if std::mem::take(&mut self.skips_end) {
            return;
        }
        let Some(flight) = &mut self.flight else {
            return;
        };
        if flight.step == Step::Check && !flight.has_answer {
            flight.strays = flight.strays.saturating_add(1);
            return;
        }
        match (flight.waits_for, &end) {
            // No text is taken without its reference: this is the end of something else.
            (Waiting::Result, End::Ok) if !flight.has_answer => return,
            // Nor is a prompt replaced by it: nothing was handed over, and ends and commands are no longer in step.
            (Waiting::Prompt, End::Ok) => return self.no_prompt(),
            (Waiting::Result, End::Fault(fault)) if fault.is_network_timeout() => {
                self.flight = None;
                return self.unsure();
            }
            _ => {}
        }
        if let Some(flight) = self.flight.take() {
            self.over(flight.step, end);
        }
    }

    /// The part is begun again behind a check, which begins with ESC; or it is given up.
    fn no_prompt(&mut self) {
        let Some(flight) = self.flight.take() else {
            return;
        };
        match flight.tries_left > 0 {
            true => self.part_again(),
            false => self.part_is_over(&End::Fault(Fault {
                class: Class::Plain,
                code: None,
                word: "no prompt for the text".to_owned(),
            })),
        }
        if self.phase == Phase::Ready {
            self.script.push_front(Step::Check);
        }
    }

    /// A command has its end: a busy SIM is asked again, a card that was pulled out is noticed.
    fn over(&mut self, step: Step, end: End) {
        if let End::Fault(fault) = &end {
            let is_retried = !matches!(step, Step::Part | Step::Word(_) | Step::HangUp | Step::PinEnter);
            if is_retried && fault.is_busy() && self.busy_count < BUSY_TRIES {
                self.busy_count += 1;
                self.pause_until = self.now + BUSY_MS;
                return self.script.push_front(step);
            }
            let is_gone = fault.is(10, 310) && self.phase == Phase::Ready;
            self.finished(step, end);
            if is_gone {
                self.sim_trouble(Trouble::NoSim);
            }
            return;
        }
        self.busy_count = 0;
        self.finished(step, end);
    }

    pub(super) fn flight_time(&mut self) {
        if self.flight.as_ref().is_none_or(|flight| flight.deadline > self.now) {
            return;
        }
        let Some(flight) = self.flight.take() else {
            return;
        };
        let tries = flight.tries_left;
        match (&flight.step, flight.waits_for) {
            (Step::Probe | Step::Check, _) if tries > 0 => {
                let strays = flight.strays;
                self.take_off(flight.step, flight.command, tries);
                if let Some(flight) = &mut self.flight {
                    flight.strays = strays;
                }
            }
            // It answers, though never this question: some modems do not know it.
            (Step::Check, _) if flight.strays > 0 => {}
            (Step::Probe | Step::Check, _) => self.climb(),
            (Step::Part, Waiting::Result) => {
                self.unsure();
                self.script.push_front(Step::Check);
            }
            (Step::Part, _) => {
                self.flight = Some(flight);
                self.no_prompt();
            }
            (Step::Word(_), _) if flight.has_answer => self.script.push_front(Step::Check),
            _ if tries > 0 => {
                self.script.push_front(Step::Again(Box::new(flight.step), tries));
                self.script.push_front(Step::Check);
            }
            _ => {
                let fault = Fault {
                    class: Class::Plain,
                    code: None,
                    word: NO_ANSWER.to_owned(),
                };
                // What this leads to stands in the script afterwards; the check goes before it.
                self.finished(flight.step, End::Fault(fault));
                if matches!(self.phase, Phase::Starting | Phase::Ready) {
                    self.script.push_front(Step::Check);
                }
            }
        }
    }

    /// Says a step again that has so many tries left.
    pub(super) fn again(&mut self, step: Step, tries: u8) {
        if let Ok(Some(command)) = self.command(&step) {
            self.take_off(step, command, tries);
        }
    }

    pub(super) fn opened(&mut self) {
        self.framer.clear();
        self.quotes_until = None;
        self.skips_end = false;
        self.ladder.port_is_open();
        self.start();
    }

    /// Everything that was under way is answered, as far as anybody waits for it.
    pub(super) fn drop_all(&mut self) {
        let is_handed_over = self.flight.as_ref().is_some_and(Flight::is_handed_over);
        self.flight = None;
        self.script.clear();
        self.reads.clear();
        // A sweep lists again what is to be deleted, if it still lies there.
        self.deletes.clear();
        self.pause_until = self.now;
        self.restart_at = None;
        self.busy_count = 0;
        if is_handed_over {
            self.unsure();
        }
        if let Some(sending) = self.sending.take() {
            self.not_sent(&sending.outgoing, "the modem is gone");
        }
        for outgoing in std::mem::take(&mut self.orders) {
            self.not_sent(&outgoing, "the modem is gone");
        }
        self.talk_is_down();
    }

    pub(super) fn closed(&mut self, trouble: Trouble) {
        if self.phase == Phase::New {
            return;
        }
        self.fall(trouble);
        let effects = self.ladder.port_failed(self.now, self.settings.has_power_hook);
        self.out.extend(effects);
    }

    /// No orders from here on; told once for each reason.
    pub(super) fn fall(&mut self, trouble: Trouble) {
        self.drop_all();
        self.phase = Phase::Closed;
        self.tell_trouble(trouble);
    }

    pub(super) fn tell_trouble(&mut self, trouble: Trouble) {
        if self.told.as_ref() != Some(&trouble) {
            self.told = Some(trouble.clone());
            self.tell(crate::event::Event::Down(trouble));
        }
    }
}

/// A line as ASCII. Names in it, of operators and of a SIM's phone book, come in any alphabet; they must not hide the rest.
fn ascii(bytes: &[u8]) -> String {
    let letter = |byte: &u8| if byte.is_ascii() { char::from(*byte) } else { '?' };
    bytes.iter().map(letter).collect()
}
