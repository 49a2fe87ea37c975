//! Texts on their way out, one at a time and part by part. What was handed over and not answered is unsure for good.

use super::{Machine, step::Step};
use crate::{
    command::{Command, End, Fault, Parameter, fields, number},
    event::{Event, Refused, Then, Trouble},
    order::Outgoing,
    pdu::{Address, Centre, Message, Submit, Validity, message::Encoded},
    sms,
};

/// How long the prompt is waited for, in milliseconds, and how often a part is begun.
const PROMPT_MS: u64 = 5_000;
const PROMPT_TRIES: u8 = 2;
/// So many failures of the modem itself in a row have it restarted.
const FAULTS_MAX: u8 = 3;

/// A text on its way.
#[derive(Debug)]
pub(super) struct Sending {
    pub(super) outgoing: Outgoing,
    parts: Vec<Encoded>,
    references: Vec<u8>,
    tries_left: u8,
    reference: Option<u8>,
}

impl Sending {
    /// # Errors
    /// What is wrong with the number or the text, in words.
    fn new(outgoing: Outgoing) -> Result<Sending, (Outgoing, String)> {
        match parts(&outgoing) {
            Ok(parts) => Ok(Sending {
                outgoing,
                parts,
                references: Vec::new(),
                tries_left: PROMPT_TRIES,
                reference: None,
            }),
            Err(word) => Err((outgoing, word)),
        }
    }

    pub(super) fn command(&self) -> Option<Command> {
        let part = self.parts.get(self.references.len())?;
        let length = u16::try_from(part.length).ok()?;
        let command = Command::set("+CMGS", &[Parameter::Number(length)]).ok()?;
        Some(Command {
            prefix: "+CMGS:",
            payload: Some(part.hex.clone()),
            ..command.within(PROMPT_MS).tries(self.tries_left)
        })
    }
}

fn parts(outgoing: &Outgoing) -> Result<Vec<Encoded>, String> {
    let to = Address::number(&outgoing.to).map_err(|error| error.to_string())?;
    // The caller does not reuse an id soon, so parts of two texts are not taken for one.
    let reference = outgoing.id.0.to_le_bytes()[0];
    let parts = sms::split(&outgoing.text, reference).map_err(|error| error.to_string())?;
    let encode = |(part, content)| {
        let submit = Submit {
            reference: 0,
            to: to.clone(),
            validity: outgoing.validity.map(Validity::at_least),
            wants_report: outgoing.wants_report,
            part,
            content,
        };
        let encoded = Message::Submit(submit).encode(&Centre::OfSim);
        encoded.map_err(|error| error.to_string())
    };
    parts.into_iter().map(encode).collect()
}

impl Machine {
    /// The next part of the text that is under way, or the first of the next one.
    pub(super) fn next_part(&mut self) -> Option<Step> {
        while self.sending.is_none() {
            match Sending::new(self.orders.pop_front()?) {
                Ok(sending) => {
                    let is_long = sending.parts.len() > 1;
                    self.sending = Some(sending);
                    if is_long {
                        return Some(Step::KeepLink);
                    }
                }
                Err((outgoing, word)) => {
                    let why = Refused {
                        word,
                        then: Then::GiveUp,
                    };
                    self.tell(Event::NotSent { id: outgoing.id, why });
                }
            }
        }
        Some(Step::Part)
    }

    /// The prompt did not come: the part is begun again.
    pub(super) fn part_again(&mut self) {
        if let Some(sending) = &mut self.sending {
            sending.tries_left = sending.tries_left.saturating_sub(1);
        }
    }

    pub(super) fn heard_reference(&mut self, line: &str) {
        if let Some(sending) = &mut self.sending {
            sending.reference = number(&fields(line, "+CMGS:"), 0);
        }
    }

    pub(super) fn part_is_over(&mut self, end: &End) {
        let Some(mut sending) = self.sending.take() else {
            return;
        };
        match end {
            End::Ok => {
                self.faults_in_a_row = 0;
                sending.references.push(sending.reference.take().unwrap_or_default());
                sending.tries_left = PROMPT_TRIES;
                match sending.references.len() < sending.parts.len() {
                    true => self.sending = Some(sending),
                    false => self.tell(Event::Sent {
                        id: sending.outgoing.id,
                        references: sending.references,
                    }),
                }
            }
            End::Fault(fault) => {
                let why = fault.refused();
                let id = sending.outgoing.id;
                self.tell(Event::NotSent { id, why });
                self.refused(fault);
            }
        }
    }

    /// What a refusal says about the modem.
    fn refused(&mut self, fault: &Fault) {
        if fault.is(20, 322) {
            self.sweep_at = self.now;
        }
        let is_own = fault.is(100, 500) || fault.is(0, 300);
        self.faults_in_a_row = if is_own { self.faults_in_a_row + 1 } else { 0 };
        if self.faults_in_a_row >= FAULTS_MAX {
            self.faults_in_a_row = 0;
            self.restart(Trouble::Mute);
        }
    }

    /// The text was handed over, and what became of it will not be known.
    pub(super) fn unsure(&mut self) {
        if let Some(sending) = self.sending.take() {
            self.tell(Event::Unsure {
                id: sending.outgoing.id,
            });
        }
    }
}
