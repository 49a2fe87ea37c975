//! Who a customer is, folded from what the hub says: the newest listing stands, and of one person registered twice the
//! older registration stays (FEATURES X19).

use crate::{fact::Listed, ids::CustomerId};
use std::collections::BTreeMap;

/// The newest of two listings: the one with the higher generation, then the higher revision (PROTOCOL rule 4). Equal
/// ones are told apart by their content, so that the choice does not depend on which came first.
pub fn newest(one: Listed, other: Listed) -> Listed {
    let key = |listed: &Listed| {
        let rest = (listed.active, listed.bill_overdue, listed.daily_limit, listed.pin);
        (listed.generation, listed.revision, listed.account, rest)
    };
    if key(&other) > key(&one) { other } else { one }
}

/// All mergers known, in which everybody finds the one that stays.
///
/// Mergers come in any order and more than once, may form chains, and if the hub ever wrote a circle, everybody in it
/// still finds the same one. So the fold is a partition of people into persons: each merger joins two, and the one
/// that stays is the end of the chain, or in a circle the smallest id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mergers {
    /// Into whom each was merged, by hub facts; all of them, for one may have been merged twice.
    into: BTreeMap<CustomerId, Vec<CustomerId>>,
    /// The one that stays, for each who was ever named and is not it.
    stays: BTreeMap<CustomerId, CustomerId>,
}

impl Mergers {
    /// Folds one `Merged{from, into}`.
    pub fn fold(&mut self, from: CustomerId, into: CustomerId) {
        let known = self.into.entry(from).or_default();
        if let Err(place) = known.binary_search(&into) {
            known.insert(place, into);
            self.settle();
        }
    }

    /// The one as whom `customer` counts.
    pub fn stays(&self, customer: CustomerId) -> CustomerId {
        self.stays.get(&customer).copied().unwrap_or(customer)
    }

    /// Whether this registration was merged into another.
    pub fn is_merged(&self, customer: CustomerId) -> bool {
        self.stays(customer) != customer
    }

    /// Everybody who counts as `customer`, who must be one that stays; the caller sums their grants and spends. That one
    /// comes first, the others in the order of their ids.
    pub fn everybody(&self, customer: CustomerId) -> Vec<CustomerId> {
        let others = self.stays.iter().filter(|(_, stays)| **stays == customer);
        std::iter::once(customer).chain(others.map(|(from, _)| *from)).collect()
    }

    /// Builds the partition anew: mergers are rare and few.
    fn settle(&mut self) {
        let mut group: BTreeMap<CustomerId, CustomerId> = BTreeMap::new();
        let edges = || {
            self.into
                .iter()
                .flat_map(|(from, into)| into.iter().map(move |into| (*from, *into)))
        };
        for (from, into) in edges() {
            let (one, other) = (find(&group, from), find(&group, into));
            if one != other {
                group.insert(one.max(other), one.min(other));
            }
        }
        // In each group the one that stays is never merged into another; without one (a circle), or with several (one
        // merged into two), the smallest id.
        let mut stays: BTreeMap<CustomerId, CustomerId> = BTreeMap::new();
        for (_, into) in edges() {
            if !self.into.contains_key(&into) {
                let best = stays.entry(find(&group, into)).or_insert(into);
                *best = into.min(*best);
            }
        }
        let named = edges().flat_map(|(from, into)| [from, into]);
        let settled = named.map(|customer| {
            let root = find(&group, customer);
            (customer, stays.get(&root).copied().unwrap_or(root))
        });
        self.stays = settled.filter(|(customer, stays)| customer != stays).collect();
    }
}

/// The smallest id of the group as far as it is known.
fn find(group: &BTreeMap<CustomerId, CustomerId>, mut customer: CustomerId) -> CustomerId {
    while let Some(smaller) = group.get(&customer) {
        customer = *smaller;
    }
    customer
}

#[cfg(test)]
mod tests;
