//! Dispensers and the people in front of them: asks, pours, reports, over the site's own Wi-Fi.

use gateway::{
    adapters::dispensers::{Leaf, gate},
    site::input::Input as SiteInput,
};
use kiosk::fact::Outcome;

use super::World;
use crate::{
    dispenser::{Ask, Input, Output, State},
    event::{Event, Payload},
};

/// What flows through an open valve: 12 litres a minute.
const MS_PER_LITRE: u64 = 5_000;
/// How much more than approved may flow when a valve closes late.
const OVERRUN_ML: u64 = 150;
/// How long a person waits for an answer at most.
const PATIENCE_MS: u64 = 20_000;
/// How long a dispenser is without power.
const TAP_POWER_MS: (u64, u64) = (2_000, 30_000);

impl World {
    /// When a message between a dispenser and its gateway arrives: after the one before it.
    pub(super) fn wifi_arrival(&mut self, station: usize, tap: usize, direction: usize) -> u64 {
        let ms = self.random.within(self.weather.wifi_latency_ms);
        let last_ms = &mut self.stations[station].taps[tap].last_ms[direction];
        *last_ms = (*last_ms).max(self.now_ms + ms);
        *last_ms
    }

    pub(super) fn tap_joins(&mut self, station: usize, run: u32, tap: usize) {
        let box_ = &self.stations[station];
        if box_.program.run != run || box_.program.machine.is_none() || tap >= box_.taps.len() {
            return;
        }
        if box_.taps[tap].machine.state() == State::Off {
            return;
        }
        let dispenser = box_.taps[tap].id.clone();
        let retained = box_.retained.get(&dispenser).cloned();
        self.give(station, SiteInput::Connected(dispenser));
        self.drive_tap(station, tap, Input::Connected);
        if let Some(config) = retained {
            let topic = self.stations[station].taps[tap].machine.topic("config");
            let at_ms = self.wifi_arrival(station, tap, 1);
            let payload = Payload(config);
            self.at(
                at_ms,
                Event::Told {
                    station,
                    run,
                    tap,
                    topic,
                    payload,
                },
            );
        }
    }

    /// Gives a dispenser an input and does what it says.
    pub(super) fn drive_tap(&mut self, station: usize, tap: usize, input: Input) {
        let now_ms = self.now_ms;
        let outputs = self.stations[station].taps[tap].machine.handle(now_ms, input);
        for output in outputs {
            self.tap_output(station, tap, output);
        }
        let wake_ms = self.stations[station].taps[tap].machine.wake_at_ms();
        let tap_ = &mut self.stations[station].taps[tap];
        if tap_.wake_ms != wake_ms {
            tap_.wake_ms = wake_ms;
            if let Some(at_ms) = wake_ms {
                self.at(at_ms, Event::TapWakes { station, tap });
            }
        }
    }

    pub(super) fn tap_wakes(&mut self, station: usize, tap: usize) {
        let is_due = |tap: &crate::station::Tap| tap.wake_ms.is_some_and(|at_ms| at_ms <= self.now_ms);
        if self.stations[station].taps.get(tap).is_some_and(is_due) {
            self.stations[station].taps[tap].wake_ms = None;
            self.drive_tap(station, tap, Input::Tick);
        }
    }

    fn tap_output(&mut self, station: usize, tap: usize, output: Output) {
        match output {
            Output::Publish { topic, payload, .. } => {
                if self.random.chance(self.weather.wifi_loss) {
                    return;
                }
                let copies = 1 + u64::from(self.random.chance(self.weather.wifi_duplicate));
                let run = self.stations[station].program.run;
                for _ in 0..copies {
                    let at_ms = self.wifi_arrival(station, tap, 0);
                    let (topic, payload) = (topic.clone(), Payload(payload.clone()));
                    self.at(
                        at_ms,
                        Event::Heard {
                            station,
                            run,
                            tap,
                            topic,
                            payload,
                        },
                    );
                }
            }
            Output::Open { volume_ml } => self.valve_opens(station, tap, volume_ml),
            Output::Answered(answer) => {
                let id = self.stations[station].taps[tap].id.clone();
                let reason = answer.reason.clone();
                self.tell(|| format!("{id} shows: {reason}"));
                if !answer.approved {
                    self.person_goes(station, tap);
                }
            }
            Output::Receipted(receipt) => {
                let id = self.stations[station].taps[tap].id.clone();
                self.books.heard_receipt(&id, &receipt);
                self.tell(|| format!("{id} gets receipt {} for {} ml", receipt.receipt, receipt.volume_ml));
                self.person_goes(station, tap);
            }
            Output::Refused(_) => self.person_goes(station, tap),
            Output::Close => {}
        }
    }

    fn person_goes(&mut self, station: usize, tap: usize) {
        self.stations[station].taps[tap].person = None;
    }

    /// A message of a dispenser reaches the gateway.
    pub(super) fn heard(&mut self, station: usize, run: u32, tap: usize, topic: &str, payload: &[u8]) {
        let box_ = &self.stations[station];
        if box_.program.run != run || box_.program.machine.is_none() {
            return;
        }
        let Some(dispenser) = box_.taps.get(tap).map(|tap| tap.id.clone()) else {
            return;
        };
        let leaf = topic
            .rsplit_once(&format!("{dispenser}/"))
            .and_then(|(_, name)| Leaf::from_name(name));
        let Some(leaf) = leaf else { return };
        match gate::published(dispenser.clone(), leaf, payload) {
            Ok(Some(input)) => {
                self.give(station, input);
            }
            Ok(None) => {}
            Err(_) => self
                .books
                .broken(format!("{dispenser}: the gateway cannot read {topic}")),
        }
    }

    /// A message of a gateway reaches a dispenser.
    pub(super) fn told(&mut self, station: usize, run: u32, tap: usize, topic: String, payload: Vec<u8>) {
        if self.stations[station].program.run == run && tap < self.stations[station].taps.len() {
            self.drive_tap(station, tap, Input::Message { topic, payload });
        }
    }

    /// A person asks at a dispenser. Gives the request's name; `None` when the dispenser is busy.
    pub fn ask(&mut self, station: usize, tap: usize, person: usize, pin: &str, volume_ml: i64) -> Option<String> {
        let user = self.people[person].phone.clone();
        let made = self.stations[station].taps[tap].asks + 1;
        let request = format!("{}-{made}", self.stations[station].taps[tap].id);
        let ask = Ask::by_pin(&request, &user, pin, volume_ml);
        self.ask_with(station, tap, person, ask)
    }

    /// A person asks in words of their own.
    pub fn ask_with(&mut self, station: usize, tap: usize, person: usize, ask: Ask) -> Option<String> {
        let tap_ = &mut self.stations[station].taps[tap];
        if !matches!(tap_.machine.state(), State::Idle | State::Done) || tap_.person.is_some() {
            return None;
        }
        tap_.asks += 1;
        tap_.person = Some(person);
        let (request, id, volume_ml) = (ask.request.clone(), tap_.id.clone(), ask.volume_ml);
        let name = self.people[person].name.clone();
        self.tell(|| format!("{name} asks for {volume_ml} ml at {id}"));
        self.books.asked(&id, &request, person, volume_ml);
        self.drive_tap(station, tap, Input::Ask(ask));
        let patience_ms = if self.random.chance(self.weather.impatience) {
            self.random.below(3_000)
        } else {
            PATIENCE_MS
        };
        self.after(
            patience_ms,
            Event::Leaves {
                station,
                tap,
                request: request.clone(),
            },
        );
        Some(request)
    }

    pub(super) fn leaves(&mut self, station: usize, tap: usize, request: &str) {
        let Some(tap_) = self.stations[station].taps.get(tap) else {
            return;
        };
        let shown = format!("{}-{}", tap_.id, tap_.asks);
        if tap_.machine.state() == State::Asking && shown == request {
            self.drive_tap(station, tap, Input::Leave);
            self.person_goes(station, tap);
        }
    }

    fn valve_opens(&mut self, station: usize, tap: usize, approved_ml: u64) {
        let tap_ = &self.stations[station].taps[tap];
        let request = format!("{}-{}", tap_.id, tap_.asks);
        let id = tap_.id.clone();
        self.books.valve_opened(&id, &request, approved_ml);
        let wanted = self.stations[station].taps[tap]
            .wants_ml
            .take()
            .unwrap_or(approved_ml)
            .min(approved_ml);
        let overrun = if self.random.chance(self.weather.overrun) {
            OVERRUN_ML
        } else {
            0
        };
        let flows_ml = wanted + overrun;
        let now_ms = self.now_ms;
        self.stations[station].taps[tap].open = Some((request.clone(), now_ms));
        self.books.will_flow(&id, &request, flows_ml);
        self.after(
            flows_ml * MS_PER_LITRE / 1_000,
            Event::PourEnds { station, tap, request },
        );
    }

    pub(super) fn pour_ends(&mut self, station: usize, tap: usize, request: &str) {
        let Some(tap_) = self.stations[station].taps.get_mut(tap) else {
            return;
        };
        let Some((_, opened_ms)) = tap_.open.take_if(|(open, _)| open == request) else {
            return;
        };
        let id = tap_.id.clone();
        let approved_ml = tap_.machine.approved_ml().unwrap_or(0);
        let volume_ml = self.books.flows(&id, request);
        if self.random.chance(self.weather.tap_power_loss) {
            let volume_ml = self.random.below(volume_ml + 1);
            self.books.flowed(&id, request, volume_ml);
            self.drive_tap(station, tap, Input::PowerCut { volume_ml });
            self.person_goes(station, tap);
            self.give(station, SiteInput::Disconnected(id));
            let ms = self.random.within(TAP_POWER_MS);
            return self.after(ms, Event::TapPower { station, tap });
        }
        self.books.flowed(&id, request, volume_ml);
        self.tell(|| format!("{volume_ml} ml flowed at {id}"));
        let outcome = if volume_ml < approved_ml {
            Outcome::Stopped
        } else {
            Outcome::Complete
        };
        let duration_ms = self.now_ms - opened_ms;
        self.drive_tap(
            station,
            tap,
            Input::Ended {
                volume_ml,
                duration_ms,
                outcome,
            },
        );
    }

    pub(super) fn tap_power(&mut self, station: usize, tap: usize) {
        if tap < self.stations[station].taps.len() {
            self.drive_tap(station, tap, Input::PowerBack);
            let run = self.stations[station].program.run;
            self.after(800, Event::TapJoins { station, run, tap });
        }
    }
}
