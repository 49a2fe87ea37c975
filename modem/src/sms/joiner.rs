//! Joins the parts of texts that come in.

use std::{collections::BTreeMap, mem, time::Duration};

use crate::{
    event::{Body, Incoming},
    order::Slot,
    pdu::{Address, Content, Deliver, Stamp},
};

/// Texts that wait for parts at most. One more, and the one that waits longest is given up.
pub const WAITING_MAX: usize = 32;

/// Parts of one text are stamped within minutes; what lies further apart only has the same reference by chance.
const APART_MS_MAX: u64 = 24 * 60 * 60_000;

fn is_far(one: Option<Stamp>, other: Option<Stamp>) -> bool {
    one.zip(other)
        .is_some_and(|(one, other)| one.at_ms.abs_diff(other.at_ms) > APART_MS_MAX)
}

/// Collects parts until their text is whole. Parts may come in any order and twice; what is never complete is given up
/// when the caller says so, or when too many wait.
#[derive(Debug, Default)]
pub struct Joiner {
    waiting: Vec<Waiting>,
}

/// What the parts of a text have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    from: Address,
    reference: u16,
    is_wide: bool,
    total: u8,
}

#[derive(Debug)]
struct Waiting {
    key: Key,
    parts: BTreeMap<u8, Content>,
    slots: Vec<Slot>,
    stamp: Option<Stamp>,
    /// When the last part came.
    touched: Duration,
}

impl Joiner {
    /// Takes a message that lies in a slot, or in none where the modem handed it over. Gives the texts that are ready
    /// by it: usually none or one; one more, incomplete, where its reference is used anew before it was whole, or where
    /// too many wait. `now` is measured from any beginning. The same slot with the same part may be told again.
    pub fn take(&mut self, now: Duration, slot: Option<Slot>, message: Deliver) -> Vec<Incoming> {
        let Some(part) = message.part else {
            self.release(slot);
            let (slots, body) = (slot.into_iter().collect(), message.content.body());
            return vec![incoming(slots, &message.from, body, message.stamp, false)];
        };
        let key = Key {
            from: message.from,
            reference: part.reference,
            is_wide: part.is_wide,
            total: part.total,
        };
        self.release(slot);
        let mut ready = Vec::new();
        let place = self.waiting.iter().position(|waiting| waiting.key == key);
        let is_other_text = |place: &usize| {
            let waiting = &self.waiting[*place];
            let known = waiting.parts.get(&part.number);
            known.is_some_and(|known| *known != message.content) || is_far(waiting.stamp, message.stamp)
        };
        let place = match place {
            Some(place) if is_other_text(&place) => {
                ready.push(self.waiting.remove(place).into_incoming());
                None
            }
            place => place,
        };
        let place = place.unwrap_or_else(|| {
            if self.waiting.len() == WAITING_MAX {
                let oldest = (0..WAITING_MAX).min_by_key(|place| self.waiting[*place].touched);
                ready.extend(oldest.map(|place| self.waiting.remove(place).into_incoming()));
            }
            self.waiting.push(Waiting {
                key,
                parts: BTreeMap::new(),
                slots: Vec::new(),
                stamp: None,
                touched: now,
            });
            self.waiting.len() - 1
        });
        let waiting = &mut self.waiting[place];
        waiting.parts.insert(part.number, message.content);
        waiting.slots.extend(slot);
        waiting.stamp = [waiting.stamp, message.stamp].into_iter().flatten().min();
        waiting.touched = now;
        if waiting.is_whole() {
            ready.push(self.waiting.remove(place).into_incoming());
        }
        ready
    }

    /// Gives up the texts of which nothing came for `after`: they are handed out as far as they are there.
    pub fn give_up(&mut self, now: Duration, after: Duration) -> Vec<Incoming> {
        let is_late = |waiting: &Waiting| now.saturating_sub(waiting.touched) >= after;
        let (late, waiting) = mem::take(&mut self.waiting).into_iter().partition(is_late);
        self.waiting = waiting;
        let late: Vec<Waiting> = late;
        late.into_iter().map(Waiting::into_incoming).collect()
    }

    /// Forgets all parts, for the store that held them is another one: a new SIM, a new modem.
    pub fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Whether a part that waits lies in this slot.
    pub fn holds(&self, slot: Slot) -> bool {
        self.waiting.iter().any(|waiting| waiting.slots.contains(&slot))
    }

    /// How many texts wait for parts.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether no text waits for parts.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// A slot holds one message: what was known to lie there before must not be freed with it.
    fn release(&mut self, slot: Option<Slot>) {
        for waiting in &mut self.waiting {
            waiting.slots.retain(|known| Some(*known) != slot);
        }
    }
}

impl Waiting {
    fn is_whole(&self) -> bool {
        self.parts.len() == usize::from(self.key.total)
    }

    fn into_incoming(self) -> Incoming {
        let is_incomplete = !self.is_whole();
        incoming(
            self.slots,
            &self.key.from,
            body(self.parts.into_values()),
            self.stamp,
            is_incomplete,
        )
    }
}

fn incoming(slots: Vec<Slot>, from: &Address, body: Body, stamp: Option<Stamp>, is_incomplete: bool) -> Incoming {
    Incoming {
        slots,
        from: from.to_string(),
        body,
        sent_at_ms: stamp.map(|stamp| stamp.at_ms),
        is_incomplete,
    }
}

/// What the parts say together. Neighbours in one alphabet are joined before they are read; some phones choose the
/// alphabet part by part. Words between bytes count as bytes.
fn body(parts: impl Iterator<Item = Content>) -> Body {
    let mut runs: Vec<Content> = Vec::new();
    for part in parts {
        if !runs.last_mut().is_some_and(|run| run.append(&part)) {
            runs.push(part);
        }
    }
    let join = |before: Body, more: Body| match (before, more) {
        (Body::Text(before), Body::Text(more)) => Body::Text(before + &more),
        (before, more) => Body::Data([bytes(before), bytes(more)].concat()),
    };
    runs.iter()
        .map(Content::body)
        .reduce(join)
        .unwrap_or(Body::Text(String::new()))
}

fn bytes(body: Body) -> Vec<u8> {
    match body {
        Body::Text(text) => text.into_bytes(),
        Body::Data(bytes) => bytes,
    }
}

#[cfg(test)]
mod tests;
