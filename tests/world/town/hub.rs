//! The hub: it starts, decides, and what it decides leaves for boxes, operators, phones and the provider.

use hub::hub::{
    Hub,
    effect::{Effect, Refusal, Response},
    input::{Actor, Input, ReplyId, Request, TextOutcome},
};
use kiosk::payment::{PaymentEvent, ProviderVerdict, QueryAnswer};
use store::Durability;

use super::World;
use super::air::FIRST_HANDED_IN;
use super::calls::{FIRST_STEP, FIRST_TEXT};
pub(super) use super::network::Line;
use super::pay::FIRST_OFFER;
use crate::{
    clock::Clock,
    event::{Ask, Call, CallAnswer, Event, Node},
    program::Fate,
    sabotage::Sabotage,
};

/// After so long without an answer an operator asks again, with the same key.
const ERRAND_RETRY_MS: u64 = 15_000;
/// How long a request is under way to the hub.
const ERRAND_MS: u64 = 30;

/// What the hub could not write is handed in again after this.
const AGAIN_MS: u64 = 100;

/// Something asked of the hub until it is answered.
pub(super) struct Errand {
    by: Actor,
    request: Request,
    answer: Option<Result<Response, Refusal>>,
}

impl World {
    pub(super) fn start_hub(&mut self) {
        if self.centre.program.machine.is_some() {
            return;
        }
        let centre = &self.centre;
        let opened = Hub::open(
            &centre.path,
            Durability::Relaxed,
            centre.settings.clone(),
            Box::new(centre.side.clone()),
        );
        let machine = match opened {
            Ok(machine) => machine,
            Err(error) => return self.books.broken(format!("the hub cannot be opened: {error}")),
        };
        let now_ms = self.now_ms;
        self.centre.program.start(now_ms, machine, Clock::of_server());
        self.tell(|| "the hub starts".to_owned());
        self.give_hub(Input::Started);
    }

    pub(super) fn give_hub(&mut self, input: Input) {
        if self.centre.program.machine.is_some() {
            self.centre.program.inbox.push(input);
            self.stir(Node::Hub);
        }
    }

    pub(super) fn hub_decides(&mut self) {
        let mut fate = self.fate();
        if self.centre.program.inbox.iter().any(is_credit) && self.spoils(Sabotage::AnswerWithoutCommit) {
            fate = Fate::Forgotten;
        }
        if self.centre.program.inbox.iter().any(is_confirmed) && self.spoils(Sabotage::PaidWithoutCommit) {
            fate = Fate::Forgotten;
        }
        let steps = self.steps_waiting();
        if self.is_confirmed(&steps) && self.spoils(Sabotage::ConfirmedForgotten) {
            fate = Fate::Forgotten;
        }
        if self.centre.program.inbox.iter().any(is_text) && self.spoils(Sabotage::TextForgotten) {
            fate = Fate::Forgotten;
        }
        let has_frames = self
            .centre
            .program
            .inbox
            .iter()
            .any(|input| matches!(input, Input::Frame { .. }));
        if has_frames && self.books.acks_are_lies {
            fate = Fate::Forgotten;
        }
        let now_ms = self.now_ms;
        let outcome = self.centre.program.decide(now_ms, &mut self.random, fate);
        for fault in outcome.faults.iter().filter(|_| fate != Fate::CommitFails) {
            self.books.broken(format!("hub: {fault}"));
        }
        if fate == Fate::Good {
            self.spoil_hub();
        }
        self.note_confirmed(&steps);
        for effect in outcome.effects.into_iter().take(outcome.leaving) {
            self.hub_effect(effect);
        }
        if outcome.died {
            self.tell(|| format!("the hub dies ({fate:?})"));
            self.hub_is_off();
            self.restart_later(Node::Hub);
        }
    }

    pub(super) fn hub_is_off(&mut self) {
        let lines: Vec<u64> = self.lines.keys().copied().collect();
        for line in lines {
            self.break_line(line, Some(Node::Hub));
        }
    }

    fn hub_effect(&mut self, effect: Effect) {
        let run = self.centre.program.run;
        match effect {
            Effect::Send { link, bytes } => {
                if let Some(station) = self.station_of(link.0) {
                    self.send(link.0, Node::Box(station), bytes);
                }
            }
            Effect::Proven { .. } => {}
            Effect::Close { link, .. } => self.hub_closes(link.0),
            Effect::Reply { reply, answer } if reply.0 >= FIRST_OFFER => self.offer_answered(reply.0, &answer),
            Effect::Reply { reply, answer } if reply.0 >= FIRST_STEP - 1 => self.step_answered(reply.0, answer),
            Effect::Reply { reply, answer } if reply.0 >= FIRST_TEXT => self.text_answered(reply.0, &answer),
            Effect::Reply { reply, answer } if reply.0 >= FIRST_HANDED_IN => {
                self.handing_in_answered(reply.0, answer.is_ok());
            }
            Effect::Reply { reply, answer } => self.errand_answered(reply.0, answer),
            Effect::Submit(prompt) => {
                let (purchase, provider) = (prompt.purchase.0, prompt.provider);
                let ask = Ask::Push(prompt);
                self.call(run, purchase, Call { provider, ask });
            }
            Effect::Query {
                purchase,
                provider,
                reference,
            } => {
                let ask = Ask::Query { reference };
                self.call(run, purchase.0, Call { provider, ask });
            }
            Effect::Pull(question) => {
                let ms = self.random.within(self.weather.latency_ms);
                self.after(ms, Event::Pulls { run, question });
            }
            Effect::Live(event) => self.told_at_hub(&event),
            Effect::Text { outbox, phone, text } => {
                self.text_is_written(outbox.0);
                self.hub_texts(phone, &text);
                let ms = self.random.within(self.weather.latency_ms);
                self.after(ms, Event::Texted { run, outbox: outbox.0 });
            }
            Effect::HandInAgain { purchase, event } => {
                let answer = match event {
                    PaymentEvent::PushAnswered(answer) => CallAnswer::Push(answer),
                    PaymentEvent::QueryAnswered(answer) => CallAnswer::Query(answer),
                    _ => return,
                };
                let event = Event::Answered {
                    run,
                    purchase: purchase.0,
                    answer,
                };
                self.after(AGAIN_MS, event);
            }
            // No provider of the town pays out.
            Effect::PayOut(_) | Effect::AskPayout(_) | Effect::HandInPayoutAgain { .. } => {}
        }
    }

    pub(super) fn texted(&mut self, run: u32, outbox: i64) {
        if self.centre.program.run == run {
            let outbox = hub::hub::effect::OutboxId(outbox);
            self.give_hub(Input::Texted {
                outbox,
                outcome: TextOutcome::Sent(None),
            });
        }
    }

    /// Somebody asks something of the hub, until it is answered. Gives the errand's number.
    pub fn errand(&mut self, by: Actor, request: Request) -> u64 {
        self.errands_made += 1;
        let errand = self.errands_made;
        self.errands.insert(
            errand,
            Errand {
                by,
                request,
                answer: None,
            },
        );
        self.after(ERRAND_MS, Event::Errand { errand });
        errand
    }

    pub(super) fn run_errand(&mut self, errand: u64) {
        let Some(Errand {
            by,
            request,
            answer: None,
        }) = self.errands.get(&errand)
        else {
            return;
        };
        // A gateway that joins has no key to ask with twice.
        let key = (*by != Actor::Gateway).then(|| format!("errand-{errand}"));
        let input = Input::Asked {
            reply: ReplyId(errand),
            by: by.clone(),
            key,
            request: Box::new(request.clone()),
        };
        self.give_hub(input);
        self.after(ERRAND_RETRY_MS, Event::Errand { errand });
    }

    fn errand_answered(&mut self, errand: u64, answer: Result<Response, Refusal>) {
        if matches!(&answer, Err(refusal) if refusal.code == "unavailable") {
            return;
        }
        if let Some(open) = self.errands.get_mut(&errand).filter(|errand| errand.answer.is_none()) {
            open.answer = Some(answer.clone());
            let request = open.request.clone();
            self.heed_answer(&request, &answer);
        }
    }

    /// What the hub said to an errand.
    pub fn answer(&self, errand: u64) -> Option<&Result<Response, Refusal>> {
        self.errands.get(&errand)?.answer.as_ref()
    }

    /// Whether everything asked of the hub was answered.
    pub(crate) fn is_all_answered(&self) -> bool {
        self.errands.values().all(|errand| errand.answer.is_some())
    }

    fn station_of(&self, line: u64) -> Option<usize> {
        self.lines.get(&line).map(Line::station)
    }
}

fn is_credit(input: &Input) -> bool {
    matches!(input, Input::Asked { request, .. } if matches!(**request, Request::Credit { .. }))
}

fn is_text(input: &Input) -> bool {
    matches!(input, Input::TextReceived { .. })
}

/// A provider's own answer that a payment was made.
fn is_confirmed(input: &Input) -> bool {
    let Input::Provider { event, .. } = input else {
        return false;
    };
    matches!(event, PaymentEvent::QueryAnswered(QueryAnswer::Report(report)) if report.verdict == ProviderVerdict::Paid)
}
