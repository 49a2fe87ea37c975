//! Requests that wait for water or a float to come back from a site (DESIGN section 4). They are memory, not rows: they die with
//! the process, and who hears nothing asks again.

use std::{collections::BTreeSet, sync::Arc};

use kiosk::{
    ids::{CustomerId, ManagerId, SiteName},
    moment::Moment,
};

use super::{
    effect::{Refusal, RefusalKind},
    input::{Actor, ReplyId, Request},
    repeat::{Content, Likeness, key_reused, request_conflict},
};

/// How long a site is waited for. The look-out for it comes once a second, so that whoever asks is answered within 5 s
/// (CONTRACTS section 4; a person stands at the tap).
const SITE_WAIT_MS: u64 = 4_000;
/// How many requests may wait.
const PARKED_MAX: usize = 256;
/// How many of one kiosk may wait: one that asks in a circle keeps nobody else out.
const PARKED_OF_SITE_MAX: usize = 32;
/// How many may hear one answer: a request and its repeats.
const REPLIES_MAX: usize = 4;
/// The code of [`waiting_full`]; the answer names the seconds to wait.
pub const WAITING_FULL: &str = "too_many_wait";

/// What was asked back from a site, and is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Awaited {
    /// Water of this customer.
    Water(CustomerId),
    /// Room under this manager's limit of cash.
    Float(ManagerId),
}

/// One that waits.
#[derive(Clone, Debug)]
pub(super) struct Parked {
    /// Where its answer goes: the first that asked, and repeats.
    pub replies: Vec<ReplyId>,
    /// Who asks.
    pub by: Actor,
    /// The `Idempotency-Key`.
    pub key: Option<String>,
    /// What is asked.
    pub request: Request,
    /// How often it came again with another PIN.
    pub guesses: u32,
    content: Content,
    awaited: Awaited,
    due_monotonic_ms: u64,
}

impl Parked {
    /// One that begins to wait.
    pub fn new(
        moment: &Moment,
        awaited: Awaited,
        (reply, by, key): (ReplyId, &Actor, Option<&str>),
        request: &Request,
        content: Content,
    ) -> Parked {
        Parked {
            replies: vec![reply],
            by: by.clone(),
            key: key.map(str::to_owned),
            request: request.clone(),
            guesses: 0,
            content,
            awaited,
            due_monotonic_ms: moment.monotonic_ms + SITE_WAIT_MS,
        }
    }

    fn is(&self, first: ReplyId) -> bool {
        self.replies.first() == Some(&first)
    }
}

/// One that waits under a name that came again.
pub(super) struct Found {
    /// Where the answer of the first goes.
    pub place: ReplyId,
    /// What the new one is to it.
    pub likeness: Likeness,
    /// What the new one hears unless it is the same; `None` of an ask without a request, which is decided by itself.
    pub refusal: Option<Refusal>,
}

/// All that wait, the oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Parking {
    waiting: Vec<Arc<Parked>>,
    /// Of what something may have come free since.
    freed: BTreeSet<Awaited>,
}

impl Parking {
    /// Whether one more of this kiosk may wait.
    pub fn has_room(&self, site: &SiteName) -> bool {
        let of_site = |parked: &&Arc<Parked>| parked.request.as_ask().is_some_and(|ask| ask.site == *site);
        self.waiting.len() < PARKED_MAX && self.waiting.iter().filter(of_site).count() < PARKED_OF_SITE_MAX
    }

    /// Whether as many wait as may.
    pub fn is_full(&self) -> bool {
        self.waiting.len() >= PARKED_MAX
    }

    /// Lets a request wait.
    pub fn put(&mut self, parked: Parked) {
        self.waiting.push(Arc::new(parked));
    }

    /// The one that waits under the same key, the same request, or as an equal ask without one.
    pub fn named(&self, by: &Actor, key: Option<&str>, request: &Request, content: &Content) -> Option<Found> {
        let found = |parked: &Arc<Parked>| {
            let likeness = content.likeness(&parked.content.whole, &parked.content.but_secret, parked.guesses);
            let refusal = if key.is_some() && parked.key.as_deref() == key && parked.by == *by {
                Some(key_reused())
            } else {
                match (parked.request.as_ask()?, request.as_ask()?) {
                    (first, ask) if first.site != ask.site || first.request != ask.request => return None,
                    (_, ask) if ask.request.is_some() => Some(request_conflict()),
                    _ if content.but_secret == parked.content.but_secret => None,
                    _ => return None,
                }
            };
            Some(Found {
                place: *parked.replies.first()?,
                likeness,
                refusal,
            })
        };
        self.waiting.iter().find_map(found)
    }

    /// A repeat hears what the first hears; false when too many do.
    pub fn join(&mut self, first: ReplyId, reply: ReplyId) -> bool {
        let parked = self.waiting.iter_mut().find(|parked| parked.is(first));
        match parked.map(Arc::make_mut) {
            Some(parked) if parked.replies.len() < REPLIES_MAX => {
                parked.replies.push(reply);
                true
            }
            _ => false,
        }
    }

    /// It came again with another PIN.
    pub fn count_guess(&mut self, first: ReplyId) {
        let parked = self.waiting.iter_mut().find(|parked| parked.is(first));
        if let Some(parked) = parked {
            Arc::make_mut(parked).guesses += 1;
        }
    }

    /// Whether somebody waits for this: then what comes free is theirs first.
    pub fn waits_for(&self, awaited: Awaited) -> bool {
        self.waiting.iter().any(|parked| parked.awaited == awaited)
    }

    /// Something of this may have come free.
    pub fn note_freed(&mut self, awaited: Awaited) {
        self.freed.insert(awaited);
    }

    /// Takes out one of which something may have come free.
    pub fn take_freed(&mut self) -> Option<Awaited> {
        self.freed.pop_first()
    }

    /// Everything of this that came free was looked at.
    pub fn forget_freed(&mut self, awaited: Awaited) {
        self.freed.remove(&awaited);
    }

    /// Those that wait for this.
    pub fn of(&self, awaited: Awaited) -> Vec<Arc<Parked>> {
        let of = |parked: &&Arc<Parked>| parked.awaited == awaited;
        self.waiting.iter().filter(of).cloned().collect()
    }

    /// Those that have waited long enough.
    pub fn due(&self, moment: &Moment) -> Vec<Arc<Parked>> {
        let due = |parked: &&Arc<Parked>| parked.due_monotonic_ms <= moment.monotonic_ms;
        self.waiting.iter().filter(due).cloned().collect()
    }

    /// It has its answer. What it left is to be granted again.
    pub fn remove(&mut self, parked: &Parked) {
        self.waiting
            .retain(|other| other.replies.first() != parked.replies.first());
        self.freed.insert(parked.awaited);
    }
}

/// The refusal of one more when too many wait.
pub(super) fn waiting_full() -> Refusal {
    let message = "too many wait for their water; try again in a moment";
    Refusal::new(RefusalKind::TooMany, WAITING_FULL, message)
}
