//! What happens once in a while: power cuts, cards that go back in time, boxes that burn, a hub restored from a backup.

use hub::hub::{
    input::{Actor, Request},
    side::{SideEntry, SideLog as _},
};

use super::{World, wishes::code_of};
use crate::{
    event::{Calamity, Event, Node},
    folder::set_back,
    sabotage::Sabotage,
    station::Station,
};

/// How often cards and the hub are copied, for those who set them back.
const COPY_EVERY_MS: u64 = 3 * 3_600_000;
/// How often a person tries to join a new box.
const JOIN_TRIES_MAX: u32 = 8;

impl World {
    /// The power of a program is cut: what was not committed never was.
    pub fn cut_power(&mut self, node: Node) {
        match node {
            Node::Hub => {
                self.centre.program.stop();
                self.hub_is_off();
                self.tell(|| "the hub loses its power".to_owned());
            }
            Node::Box(station) => {
                self.stations[station].program.stop();
                self.box_is_off(station);
                let name = self.stations[station].name.clone();
                self.tell(|| format!("the gateway of {name} loses its power"));
            }
        }
    }

    /// The power is back.
    pub fn power(&mut self, node: Node) {
        self.after(1, Event::Start(node));
        self.run_for(100);
    }

    /// Copies a box's card, to be set back to later.
    pub fn keep_card(&mut self, station: usize) {
        let path = self.file(&format!("card-{station}.db"));
        if self.copy_card(station, &path) {
            let mark = self.books.mark();
            self.stations[station].copy = Some((path, mark));
        }
    }

    /// A card goes back to its last copy, as one does that lied about a sync; the box starts again.
    pub fn set_card_back(&mut self, station: usize) {
        let Some((path, mark)) = self.stations[station].copy.clone() else {
            return;
        };
        self.cut_power(Node::Box(station));
        if let Err(error) = set_back(&path, &self.stations[station].path) {
            return self.books.broken(format!("a card cannot be set back: {error}"));
        }
        self.books.card_forgets(station, mark);
        self.books.boxes.entry(station).or_default().set_back += 1;
        let name = self.stations[station].name.clone();
        self.tell(|| format!("the card of {name} goes back in time"));
        self.restart_later(Node::Box(station));
    }

    /// Makes a backup of the hub.
    pub fn back_up_hub(&mut self) {
        let path = self.file("backup.db");
        let Some(hub) = &self.centre.program.machine else {
            return;
        };
        match hub.database().backup(&path) {
            Ok(()) => self.centre.backup = Some((path, self.now_ms)),
            Err(error) => self.books.broken(format!("no backup: {error}")),
        }
    }

    /// The hub is restored from its last backup: `restore` raises the generation, and the side log is kept.
    pub fn restore_hub(&mut self) {
        let Some((path, at_ms)) = self.centre.backup.clone() else {
            return;
        };
        self.cut_power(Node::Hub);
        let generation = self.generation() + 1;
        let put = set_back(&path, &self.centre.path);
        let noted = self.centre.side.append(&SideEntry::Generation(generation).to_line());
        if let Err(error) = put.and(noted) {
            return self.books.broken(format!("the hub cannot be restored: {error}"));
        }
        self.books.hub_forgets(at_ms);
        self.calls_forget(at_ms);
        let known = self.receipts_in(&path);
        for station in 0..self.stations.len() {
            if self.stations[station].is_gone {
                self.books.box_is_forgotten(station, &known);
            }
        }
        self.tell(|| "the hub is restored from a backup".to_owned());
        self.restart_later(Node::Hub);
    }

    /// The newest generation in the side log.
    fn generation(&mut self) -> u32 {
        let lines = self.centre.side.lines().unwrap_or_default();
        let named = lines.iter().filter_map(|line| match SideEntry::from_line(line) {
            Some(SideEntry::Generation(generation)) => Some(generation),
            _ => None,
        });
        named.max().unwrap_or(0)
    }

    /// A box burns, and another takes its place. Gives the new one's place.
    pub fn replace_box(&mut self, station: usize) -> Option<usize> {
        let name = self.stations[station].name.clone();
        self.burn(station);
        for _ in 0..JOIN_TRIES_MAX {
            let request = Request::ReplaceSite {
                site: name.clone(),
                valid_ms: None,
            };
            let code = code_of(self.ask_hub(Actor::Owner, request));
            let new = self.new_box(&name);
            self.write_off(station);
            if self.join(new, &code, true) {
                self.stations[new].taps = std::mem::take(&mut self.stations[station].taps);
                self.add_taps(new);
                self.expose(new);
                self.tell(|| format!("{name} has a new gateway"));
                return Some(new);
            }
            self.stations[new].is_gone = true;
        }
        self.books.broken(format!("{name}: no new box could join"));
        None
    }

    /// A box is gone for good. What no carrier had brought to the hub is gone with it.
    fn burn(&mut self, station: usize) {
        let name = self.stations[station].name.clone();
        self.tell(|| format!("the gateway of {name} burns"));
        let mut acked = self.acked_receipts(station);
        if self.books.hub_restored {
            // The box may remember an acknowledgement that the hub does not.
            let known = self.receipts_in(&self.centre.path.clone());
            acked.retain(|receipt| known.contains(receipt));
        }
        self.books.box_burns(station, &acked);
        self.cut_power(Node::Box(station));
        self.stations[station].is_gone = true;
    }

    /// Before a write-off: what the old box's open grants have left by the hub's knowledge may be drawn twice.
    fn write_off(&mut self, station: usize) {
        for (person, left_ml) in self.open_at(station) {
            *self.books.slack_ml.entry(person).or_default() += left_ml;
        }
    }

    /// Copies a box's card to another board, which is still off. Gives its place.
    pub fn copy_box(&mut self, station: usize) -> Option<usize> {
        let twin = self.stations.len();
        let path = self.file(&format!("box-{twin}.db"));
        self.copy_card(station, &path).then(|| {
            let medium = self.random.number().to_be_bytes();
            let mut copy = Station::new(self.stations[station].name.clone(), path, medium);
            copy.enrolment = self.stations[station].enrolment.clone();
            self.stations.push(copy);
            twin
        })
    }

    /// The first dispenser of a box connects to another.
    pub fn lend_tap(&mut self, from: usize, to: usize) {
        let tap = self.stations[from].taps.remove(0);
        self.stations[to].taps.insert(0, tap);
        self.drive_tap(to, 0, crate::dispenser::Input::Disconnected);
        let run = self.stations[to].program.run;
        self.after(
            10,
            Event::TapJoins {
                station: to,
                run,
                tap: 0,
            },
        );
        self.run_for(1_000);
    }

    /// The dispensers of a box are switched off for a while, or on again.
    pub fn switch_taps(&mut self, station: usize, on: bool) {
        for tap in 0..self.stations[station].taps.len() {
            if on {
                self.tap_power(station, tap);
            } else {
                let id = self.stations[station].taps[tap].id.clone();
                self.drive_tap(station, tap, crate::dispenser::Input::PowerCut { volume_ml: 0 });
                self.give(station, gateway::site::input::Input::Disconnected(id));
            }
        }
        self.run_for(5_000);
    }

    /// A box is switched off for good.
    pub fn scrap(&mut self, station: usize) {
        self.cut_power(Node::Box(station));
        self.stations[station].is_gone = true;
    }

    pub(super) fn strikes(&mut self, calamity: Calamity, front: u32) {
        if front != self.front {
            return;
        }
        let victim = self.victim();
        match calamity {
            Calamity::CardSetBack => {
                if let Some(station) = victim {
                    self.set_card_back(station);
                }
                self.strike_later(calamity);
            }
            Calamity::BoxBurnt => {
                self.strike_later(calamity);
                if let Some(station) = victim {
                    self.replace_box(station);
                }
            }
            Calamity::HubRestored => {
                self.restore_hub();
                self.strike_later(calamity);
            }
        }
        self.books.calamities += 1;
    }

    fn victim(&mut self) -> Option<usize> {
        let alive: Vec<usize> = (0..self.stations.len())
            .filter(|station| self.stations[*station].program.machine.is_some())
            .filter(|station| !self.stations[*station].taps.is_empty())
            .collect();
        let place = self.random.below(alive.len() as u64);
        alive.get(usize::try_from(place).unwrap_or(0)).copied()
    }

    fn strike_later(&mut self, calamity: Calamity) {
        let mean_ms = match calamity {
            Calamity::CardSetBack => self.weather.card_set_back_ms,
            Calamity::BoxBurnt => self.weather.box_burnt_ms,
            Calamity::HubRestored => self.weather.hub_restored_ms,
        };
        if mean_ms > 0 {
            let (ms, front) = (self.random.around(mean_ms), self.front);
            self.after(ms, Event::Strikes { calamity, front });
        }
    }

    /// The calamities of the weather begin.
    pub(crate) fn begin_calamities(&mut self) {
        let weather = &self.weather;
        if weather.card_set_back_ms + weather.hub_restored_ms > 0 {
            self.after(60_000, Event::Copies { front: self.front });
        }
        for calamity in [Calamity::CardSetBack, Calamity::BoxBurnt, Calamity::HubRestored] {
            self.strike_later(calamity);
        }
    }

    pub(super) fn copies(&mut self, front: u32) {
        if front != self.front {
            return;
        }
        for station in 0..self.stations.len() {
            if self.random.chance(400_000) {
                self.keep_card(station);
            }
        }
        if self.random.chance(500_000) {
            self.back_up_hub();
        }
        self.after(COPY_EVERY_MS, Event::Copies { front });
    }

    /// Arranges the sabotages that need a calamity.
    pub(crate) fn plot(&mut self, station: usize) {
        if self.spoils(Sabotage::AckBeforeCommit) {
            let receipts = self.books.receipts_of(station);
            self.run_until(24 * 3_600_000, |world| world.books.receipts_of(station) > receipts);
            self.books.acks_are_lies = true;
            self.run_for(300);
            self.books.acks_are_lies = false;
            self.replace_box(station);
        } else if self.sabotage == Some(Sabotage::EpochReused) {
            self.set_card_back(station);
        }
    }
}
