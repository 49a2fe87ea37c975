//! What the metrics count. What is rolled back was never counted: a count waits for its commit.

use std::collections::BTreeMap;

/// Counts of this run.
#[derive(Default)]
pub(super) struct Tally {
    /// Asks decided, by the word they were told.
    pub(super) decided: BTreeMap<&'static str, u64>,
    /// Rows of sales and their millilitres, by kind.
    pub(super) sold: BTreeMap<&'static str, (u64, i64)>,
    /// Batches committed.
    pub(super) commits: u64,
    /// What the open batch has done so far.
    open: Vec<Counted>,
}

/// One thing that is counted once it is on the disk.
pub(super) enum Counted {
    /// An ask was told this word.
    Decided(&'static str),
    /// A row of sales of this kind changed this many millilitres.
    Sold(&'static str, i64),
}

impl Tally {
    /// Counts this if the batch is committed.
    pub(super) fn note(&mut self, counted: Counted) {
        self.open.push(counted);
    }

    /// How much waits for the commit: the point to which [`Tally::back_to`] goes.
    pub(super) fn mark(&self) -> usize {
        self.open.len()
    }

    /// What was noted after `mark` did not happen.
    pub(super) fn back_to(&mut self, mark: usize) {
        self.open.truncate(mark);
    }

    /// The batch is on the disk.
    pub(super) fn committed(&mut self) {
        self.commits += 1;
        for counted in self.open.drain(..) {
            match counted {
                Counted::Decided(word) => *self.decided.entry(word).or_default() += 1,
                Counted::Sold(kind, ml) => {
                    let (count, sum_ml) = self.sold.entry(kind).or_default();
                    *count += 1;
                    *sum_ml += ml;
                }
            }
        }
    }
}
