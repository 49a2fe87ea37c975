//! Requests that wait for water to come back from a site (DESIGN section 4). They are memory, not rows: they die with
//! the process, and who hears nothing asks again.

use std::{collections::BTreeSet, sync::Arc};

use kiosk::{ids::CustomerId, moment::Moment};

use super::input::{Actor, ReplyId, Request};

/// How long a site is waited for (CONTRACTS section 4; a person stands at the tap).
const SITE_WAIT_MS: u64 = 5_000;
/// How many requests may wait.
const PARKED_MAX: usize = 256;

/// One that waits.
#[derive(Debug)]
pub(super) struct Parked {
    /// Where its answer goes.
    pub reply: ReplyId,
    /// Who asks.
    pub by: Actor,
    /// The `Idempotency-Key`.
    pub key: Option<String>,
    /// What is asked.
    pub request: Request,
    /// Whose water it waits for.
    customer: CustomerId,
    due_monotonic_ms: u64,
}

/// All that wait, the oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Parking {
    waiting: Vec<Arc<Parked>>,
    /// Customers of whom something may have come free since.
    freed: BTreeSet<CustomerId>,
}

impl Parking {
    /// Whether one more may wait.
    pub fn has_room(&self) -> bool {
        self.waiting.len() < PARKED_MAX
    }

    /// Lets a request wait for a customer's water.
    pub fn put(
        &mut self,
        moment: &Moment,
        customer: CustomerId,
        (reply, by, key): (ReplyId, &Actor, Option<&str>),
        request: &Request,
    ) {
        self.waiting.push(Arc::new(Parked {
            reply,
            by: by.clone(),
            key: key.map(str::to_owned),
            request: request.clone(),
            customer,
            due_monotonic_ms: moment.monotonic_ms + SITE_WAIT_MS,
        }));
    }

    /// All that wait.
    pub fn all(&self) -> impl Iterator<Item = &Parked> {
        self.waiting.iter().map(Arc::as_ref)
    }

    /// Whether somebody waits for this customer's water: then what comes free is theirs first.
    pub fn waits_for(&self, customer: CustomerId) -> bool {
        self.waiting.iter().any(|parked| parked.customer == customer)
    }

    /// Something of this customer may have come free.
    pub fn note_freed(&mut self, customer: CustomerId) {
        self.freed.insert(customer);
    }

    /// Takes out a customer of whom something may have come free.
    pub fn take_freed(&mut self) -> Option<CustomerId> {
        self.freed.pop_first()
    }

    /// Everything that came free of this customer was looked at.
    pub fn forget_freed(&mut self, customer: CustomerId) {
        self.freed.remove(&customer);
    }

    /// Those that wait for this customer's water.
    pub fn of(&self, customer: CustomerId) -> Vec<Arc<Parked>> {
        let of = |parked: &&Arc<Parked>| parked.customer == customer;
        self.waiting.iter().filter(of).cloned().collect()
    }

    /// Those that have waited long enough.
    pub fn due(&self, moment: &Moment) -> Vec<Arc<Parked>> {
        let due = |parked: &&Arc<Parked>| parked.due_monotonic_ms <= moment.monotonic_ms;
        self.waiting.iter().filter(due).cloned().collect()
    }

    /// It has its answer. What it left is to be granted again.
    pub fn remove(&mut self, parked: &Parked) {
        self.waiting.retain(|other| other.reply != parked.reply);
        self.freed.insert(parked.customer);
    }
}
