//! The stores for texts. A command is always about the one that was chosen last, so each step has its own chosen before it:
//! a number that is read or deleted in another store than it was told of would be another text's.

use std::collections::VecDeque;

use super::{Machine, shelf::Shelf, step::Step};
use crate::command::End;

/// Where texts are kept: on the card, which can move to another modem; else in the modem.
pub(super) const STORES: [&str; 2] = ["SM", "ME"];
/// The store for reports.
pub(super) const REPORTS: &str = "SR";
/// Marks the slots of the second of [`STORES`].
pub(super) const SECOND: u16 = 0x8000;

impl Shelf {
    /// Nothing is known yet of the stores but the one that is tried first.
    pub(super) fn begins_at(&mut self, store: &'static str) {
        (self.store, self.second, self.chosen, self.has_one_store) = (store, None, None, false);
    }
}

/// The number of a slot in its store, as the modem says it.
pub(super) fn index(slot: u16) -> u16 {
    slot & !SECOND
}

impl Machine {
    /// The store that a step is about.
    pub(super) fn store_of(&self, step: &Step) -> Option<&'static str> {
        match step {
            Step::Sweep | Step::Room => Some(self.shelf.store),
            Step::SweepSecond => self.shelf.second,
            Step::Read(slot) | Step::Delete(slot) => Some(STORES[usize::from(slot >> 15)]),
            Step::ReadReport(_) | Step::DeleteReport(_) => Some(REPORTS),
            _ => None,
        }
    }

    /// The store that is to be chosen before a step, where it is not chosen yet.
    pub(super) fn store_to_choose(&self, step: &Step) -> Option<&'static str> {
        let is_other = |store: &&str| self.shelf.chosen != Some(*store) && !self.shelf.has_one_store;
        self.store_of(step).filter(is_other)
    }

    /// A step is about a store that cannot be chosen any more.
    pub(super) fn is_lost(&self, step: &Step) -> bool {
        let is_second = self.shelf.has_one_store && self.store_of(step).is_some_and(|store| store != STORES[0]);
        is_second || *step == Step::SweepSecond && self.shelf.second.is_none()
    }

    /// A store was chosen, or could not be: then what it was chosen for is over, too.
    pub(super) fn chosen(&mut self, store: &'static str, end: End) {
        self.shelf.chosen = (end == End::Ok).then_some(store);
        if end == End::Ok {
            return;
        }
        let script = std::mem::take(&mut self.script);
        let (over, script): (VecDeque<_>, _) = script.into_iter().partition(|step| self.store_of(step) == Some(store));
        self.script = script;
        if self.shelf.second == Some(store) {
            self.shelf.second = None;
        }
        for step in over {
            self.finished(step, end.clone());
        }
    }

    /// What the slots of a store have in their highest bit. The only store is the first, whatever its name.
    pub(super) fn mark(&self, store: &str) -> u16 {
        if store == STORES[1] && !self.shelf.has_one_store {
            SECOND
        } else {
            0
        }
    }

    /// `+CPMS: ("ME","SM"),…`: which stores can be read.
    pub(super) fn heard_stores(&mut self, line: &str) {
        let readable = line.split(')').next().unwrap_or_default();
        let is_there = |store: &&str| {
            !self.shelf.has_one_store && *store != self.shelf.store && readable.contains(&format!("\"{store}\""))
        };
        self.shelf.second = STORES.into_iter().find(is_there);
    }

    /// A text lies in a slot of that store: it is read there.
    pub(super) fn lies_in(&mut self, store: &str, slot: u16) {
        match STORES.into_iter().find(|known| *known == store) {
            _ if slot & SECOND != 0 => {}
            _ if self.shelf.has_one_store => self.read(slot),
            Some(store) => {
                if store != self.shelf.store {
                    self.shelf.second = Some(store);
                }
                self.read(slot | self.mark(store));
            }
            // Such as "MT", all stores together: a sweep finds where it lies.
            None => self.sweep_at = self.now,
        }
    }
}
