//! The prompts of a pretend provider. A hundred thousand of them are as quick to ask about as one: they are found by name,
//! and those that nobody has answered are known apart.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Deref,
};

/// What is asked of a prompt.
pub(super) trait Waits {
    /// The provider's name for it.
    fn name(&self) -> &str;
    /// When it is decided, or decided anew; `None` once nothing is to come.
    fn decide_at_ms(&self) -> Option<i64>;
}

/// All prompts, the oldest first.
#[derive(Debug)]
pub(super) struct Prompts<P> {
    all: Vec<P>,
    by_name: BTreeMap<String, usize>,
    undecided: BTreeSet<usize>,
}

impl<P> Default for Prompts<P> {
    fn default() -> Prompts<P> {
        Prompts {
            all: Vec::new(),
            by_name: BTreeMap::new(),
            undecided: BTreeSet::new(),
        }
    }
}

impl<P> Deref for Prompts<P> {
    type Target = [P];

    fn deref(&self) -> &[P] {
        &self.all
    }
}

impl<P: Waits> Prompts<P> {
    /// One more; gives its place.
    pub(super) fn push(&mut self, prompt: P) -> usize {
        let index = self.all.len();
        self.by_name.insert(prompt.name().to_owned(), index);
        self.undecided.insert(index);
        self.all.push(prompt);
        index
    }

    /// Where the one with this name is.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// The one with this name.
    pub(super) fn find(&self, name: &str) -> Option<&P> {
        self.position(name).map(|index| &self.all[index])
    }

    /// Those that are to be decided by now, the oldest first.
    pub(super) fn due(&self, now_ms: i64) -> Vec<usize> {
        let is_due = |index: &usize| self.all[*index].decide_at_ms().is_some_and(|at_ms| at_ms <= now_ms);
        self.undecided.iter().copied().filter(is_due).collect()
    }

    /// When the next is to be decided.
    pub(super) fn due_ms(&self) -> Option<i64> {
        let times = self.undecided.iter().map(|index| self.all[*index].decide_at_ms());
        times.flatten().min()
    }

    /// Changes one.
    pub(super) fn change<T>(&mut self, index: usize, act: impl FnOnce(&mut P) -> T) -> T {
        let done = act(&mut self.all[index]);
        match self.all[index].decide_at_ms() {
            Some(_) => self.undecided.insert(index),
            None => self.undecided.remove(&index),
        };
        done
    }
}
