//! Boxes at sites: they start, decide, and what they decide leaves for dispensers, the hub and people.

use std::path::Path;

use gateway::{
    adapters::dispensers::gate,
    site::{
        Opening, Settings, Site,
        care::Care,
        effect::{Delivery, Effect, Rendered, Wire},
        input::{Door, Input},
    },
};
use kiosk::{
    ids::{DispenserId, Epoch},
    units::Volume,
};
use store::Durability;

use super::World;
use crate::{
    clock::Clock,
    event::{Event, Node, Payload},
    program::Fate,
    sabotage::Sabotage,
    station::{BACK_OFF_FIRST_MS, vault},
};

/// How long after a gateway's start its dispensers find it again.
const TAPS_JOIN_MS: (u64, u64) = (300, 3_000);

impl World {
    pub(super) fn start_box(&mut self, station: usize) {
        let box_ = &self.stations[station];
        if box_.is_gone || box_.program.machine.is_some() {
            return;
        }
        let epoch = self.epoch_for(station);
        let sim = self.sim_settings(station);
        let box_ = &self.stations[station];
        let opened = Site::open(Opening {
            path: &box_.path,
            durability: Durability::Relaxed,
            epoch,
            settings: Settings {
                report_within_ms: self.report_within_ms,
                language: "en".to_owned(),
                volume_max: Volume::from_ml(20_000),
                pulses_per_litre: 450,
                built: kiosk::moment::Wall(0),
                hub_url: None,
                sim,
                care: Care::default(),
            },
            wire: Wire {
                answer: |_, answer| gate::answer(answer),
                receipt: |_, receipt| gate::receipt(receipt),
                told: |told| Rendered {
                    status: if told.is_ok() { 200 } else { 409 },
                    body: format!("{told:?}").into_bytes(),
                },
            },
            enrolment: box_.enrolment.clone(),
            medium: box_.medium,
            vault: vault(),
        });
        let machine = match opened {
            Ok(machine) => machine,
            Err(error) => return self.books.broken(format!("{}: cannot be opened: {error}", box_.name)),
        };
        let floor = machine.clock_floor().unwrap_or_default();
        let clock = self.boot_clock(floor);
        let now_ms = self.now_ms;
        let box_ = &mut self.stations[station];
        box_.program.start(now_ms, machine, clock);
        box_.line = None;
        box_.dials = false;
        box_.back_off_ms = BACK_OFF_FIRST_MS;
        let (run, taps, name) = (box_.program.run, box_.taps.len(), box_.name.clone());
        self.tell(|| format!("the gateway of {name} starts"));
        self.give(station, Input::Started);
        self.sim_begins(station);
        for tap in 0..taps {
            let ms = self.random.within(TAPS_JOIN_MS);
            self.after(ms, Event::TapJoins { station, run, tap });
        }
    }

    /// Every run has an epoch of its own, unless that is what is spoilt.
    fn epoch_for(&mut self, station: usize) -> Epoch {
        let fresh = Epoch(self.random.number().max(1));
        let was_set_back = self.books.boxes.get(&station).is_some_and(|card| card.set_back > 0);
        if was_set_back && self.spoils(Sabotage::EpochReused) {
            return self.books.epochs.get(&station).copied().unwrap_or(fresh);
        }
        self.books.epochs.insert(station, fresh);
        fresh
    }

    fn boot_clock(&mut self, floor: kiosk::moment::Wall) -> Clock {
        let error_ms = if self.random.chance(self.weather.clock_lost) {
            Clock::error_of_1970(self.now_ms)
        } else {
            let error = self.random.around(self.weather.clock_error_ms).cast_signed();
            error - self.weather.clock_error_ms.cast_signed()
        };
        Clock::new(error_ms, floor)
    }

    /// An input for a box.
    pub(crate) fn give(&mut self, station: usize, input: Input) {
        if self.stations[station].program.machine.is_none() {
            return;
        }
        // After a heartbeat nothing is due that would not be without it.
        let is_quiet = matches!(input, Input::Heartbeat(..));
        self.stations[station].program.inbox.push(input);
        if is_quiet {
            self.decide_soon(Node::Box(station));
        } else {
            self.stir(Node::Box(station));
        }
    }

    pub(super) fn box_decides(&mut self, station: usize) {
        let mut fate = self.fate();
        if self.stations[station]
            .program
            .inbox
            .iter()
            .any(|input| matches!(input, Input::Poured(..)))
            && self.spoils(Sabotage::ReceiptWithoutCommit)
        {
            fate = Fate::Forgotten;
        }
        let now_ms = self.now_ms;
        let outcome = self.stations[station].program.decide(now_ms, &mut self.random, fate);
        for fault in outcome.faults.iter().filter(|_| fate != Fate::CommitFails) {
            self.books.broken(format!("{}: {fault}", self.stations[station].name));
        }
        for effect in &outcome.effects {
            self.note_decided(station, effect);
        }
        for effect in outcome.effects.into_iter().take(outcome.leaving) {
            self.box_effect(station, effect);
        }
        if outcome.died {
            let name = self.stations[station].name.clone();
            self.tell(|| format!("the gateway of {name} dies ({fate:?})"));
            self.box_is_off(station);
            self.restart_later(Node::Box(station));
        }
    }

    /// The program is gone: its connections break.
    pub(super) fn box_is_off(&mut self, station: usize) {
        if let Some(line) = self.stations[station].line.take() {
            self.break_line(line, Some(Node::Box(station)));
        }
        for tap in 0..self.stations[station].taps.len() {
            self.drive_tap(station, tap, crate::dispenser::Input::Disconnected);
        }
    }

    /// What was committed is written down, whether it is ever heard or not.
    fn note_decided(&mut self, station: usize, effect: &Effect) {
        if let Effect::Deliver(Door::Mqtt(dispenser), delivery) = effect {
            match delivery {
                Delivery::Answer(bytes) => self.books.answered(station, dispenser, bytes),
                Delivery::Receipt(bytes) => self.books.receipted(station, dispenser, bytes),
            }
        }
    }

    fn box_effect(&mut self, station: usize, effect: Effect) {
        match effect {
            Effect::Deliver(Door::Mqtt(dispenser), Delivery::Answer(bytes)) => {
                let bytes = self.spoil_answer(&dispenser, bytes);
                self.tell_tap(station, &dispenser, "answer", bytes);
            }
            Effect::Deliver(Door::Mqtt(dispenser), Delivery::Receipt(bytes)) => {
                self.tell_tap(station, &dispenser, "receipt", bytes);
            }
            Effect::Reject(Door::Mqtt(dispenser), request, why) => {
                if let Some(message) = gate::rejection(dispenser.clone(), request, why) {
                    self.tell_tap(station, &dispenser, "error", message.payload.to_vec());
                }
            }
            Effect::Configure(dispenser, config) => {
                let message = gate::configuration(dispenser.clone(), &config);
                let bytes = message.payload.to_vec();
                self.stations[station].retained.insert(dispenser.clone(), bytes.clone());
                self.tell_tap(station, &dispenser, "config", bytes);
            }
            Effect::Send { socket, bytes } => {
                if self.stations[station].line == Some(socket) {
                    self.send(socket, Node::Hub, bytes);
                }
            }
            Effect::HangUp { socket, retry_after_s } => self.hang_up(station, socket, retry_after_s),
            Effect::ClockHeard(trust, wall) => {
                let now_ms = self.now_ms;
                self.stations[station].program.clock.hear(now_ms, trust, wall);
            }
            Effect::Sim(order) => self.sim_ordered(station, order),
            Effect::Reply(reply, told) => {
                self.books.cash_told(station, reply.0, &told);
                self.books.told.insert((station, reply.0), told);
            }
            Effect::Dial(_) => {
                self.stations[station].dials = true;
                let run = self.stations[station].program.run;
                self.after(10, Event::Dial { station, run });
            }
            // No door of this world is HTTP, secrets are the front's business, and nobody has a page open.
            Effect::Deliver(Door::Http(..), _) | Effect::Reject(Door::Http(..), ..) => {}
            // Nobody looks at a disk here, so there is no ballast.
            Effect::Credentials(_) | Effect::Live | Effect::FreeBallast | Effect::MakeBallast => {}
        }
    }

    fn spoil_answer(&mut self, dispenser: &DispenserId, bytes: Vec<u8>) -> Vec<u8> {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if text.contains("\"insufficient_credit\"") && self.spoils(Sabotage::DenialTurned) {
            let turned = text.replace("\"approved\":false", "\"approved\":true");
            return turned.replace("\"volume_ml\":0", "\"volume_ml\":1000").into_bytes();
        }
        if self.books.is_repeat(dispenser, &bytes) && self.spoils(Sabotage::AnswerChanged) {
            let changed = text.replace("\"lines\":[", "\"lines\":[\"again\",").into_bytes();
            let station = self.stations.iter().position(|box_| box_.tap(dispenser).is_some());
            self.books.answered(station.unwrap_or_default(), dispenser, &changed);
            return changed;
        }
        bytes
    }

    fn tell_tap(&mut self, station: usize, dispenser: &DispenserId, leaf: &str, bytes: Vec<u8>) {
        let Some(tap) = self.stations[station].tap(dispenser) else {
            return;
        };
        if self.random.chance(self.weather.wifi_loss) {
            return;
        }
        let topic = self.stations[station].taps[tap].machine.topic(leaf);
        let copies = 1 + u64::from(self.random.chance(self.weather.wifi_duplicate));
        let run = self.stations[station].program.run;
        for _ in 0..copies {
            let at_ms = self.wifi_arrival(station, tap, 1);
            let (topic, payload) = (topic.clone(), Payload(bytes.clone()));
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

    /// Copies a box's card as it stands.
    pub(super) fn copy_card(&self, station: usize, path: &Path) -> bool {
        let Some(site) = &self.stations[station].program.machine else {
            return false;
        };
        let copied = rusqlite::Connection::open(path).and_then(|mut target| {
            let backup = rusqlite::backup::Backup::new(site.connection(), &mut target)?;
            backup.run_to_completion(1_024, std::time::Duration::ZERO, None)
        });
        copied.is_ok()
    }
}
