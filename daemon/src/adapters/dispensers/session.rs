//! What one connection has subscribed to and what is on its way to it. Pure: bytes go into a buffer.

use std::{collections::VecDeque, time::Duration};

use bytes::{Bytes, BytesMut};
use kiosk::ids::DispenserId;
use tokio::time::Instant;

use super::{
    encode,
    packet::{Filter, Version},
    reason::{Fault, Refusal},
    topics::{self, Heard, SubscribeFilter},
};

/// SUBACK code of MQTT 3.1.1 for a refused filter.
const SUBACK_FAILURE: u8 = 0x80;
/// SUBACK code of MQTT 5 for a refused filter: not authorized.
const SUBACK_NOT_AUTHORIZED: u8 = 0x87;
/// UNSUBACK code of MQTT 5: there was no such subscription.
const UNSUBACK_NOTHING: u8 = 0x11;

/// A message on its way to a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// On which topic.
    pub heard: Heard,
    /// The body.
    pub payload: Bytes,
    /// Whether it is the topic's kept value, sent because of a subscription.
    pub retained: bool,
}

/// Limits of one connection; see `Settings`.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Messages sent and not yet acknowledged.
    pub in_flight_max: usize,
    /// Messages that wait for a place in flight.
    pub waiting_max: usize,
    /// The longest packet the client takes, in bytes.
    pub packet_bytes_max: usize,
    /// How long a message may stay unacknowledged.
    pub acknowledge_within: Duration,
}

/// One connection's subscriptions and open messages.
#[derive(Debug)]
pub struct Subscriptions {
    version: Version,
    dispenser: DispenserId,
    limits: Limits,
    topics: [String; Heard::COUNT],
    /// QoS granted to full topic names.
    named: [Option<u8>; Heard::COUNT],
    /// QoS granted to `#`.
    all: Option<u8>,
    /// Whether a kept value is to be sent (MQTT 5 retain handling).
    wants_retained: [bool; Heard::COUNT],
    in_flight: VecDeque<(u16, Instant)>,
    waiting: VecDeque<Delivery>,
    packet_id: u16,
}

/// What a SUBSCRIBE or UNSUBSCRIBE asks of the broker.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Subscribe to these, and send what is retained.
    pub subscribe: Vec<Heard>,
    /// Unsubscribe from these.
    pub unsubscribe: Vec<Heard>,
    /// How many filters were refused.
    pub refused: usize,
}

impl Subscriptions {
    /// A new connection: nothing subscribed.
    pub fn new(version: Version, dispenser: DispenserId, limits: Limits) -> Subscriptions {
        Subscriptions {
            version,
            limits,
            topics: Heard::ALL.map(|heard| topics::topic(&dispenser, heard.name())),
            dispenser,
            named: [None; Heard::COUNT],
            all: None,
            wants_retained: [false; Heard::COUNT],
            in_flight: VecDeque::with_capacity(limits.in_flight_max.min(64)),
            waiting: VecDeque::new(),
            packet_id: 0,
        }
    }

    /// The full topic of a leaf.
    pub fn topic(&self, heard: Heard) -> &str {
        &self.topics[heard.index()]
    }

    /// Takes a SUBSCRIBE and writes its SUBACK.
    pub fn subscribe<'a>(
        &mut self,
        packet_id: u16,
        filters: impl Iterator<Item = Filter<'a>>,
        out: &mut BytesMut,
    ) -> Change {
        let mut change = Change::default();
        let mut codes = Vec::new();
        for filter in filters {
            let granted = filter.qos.min(1);
            match topics::subscribe_filter(&self.dispenser, filter.path) {
                SubscribeFilter::All => {
                    let known = self.all.replace(granted).is_some();
                    for heard in Heard::ALL.into_iter().filter(|heard| *heard != Heard::Status) {
                        self.want(heard, known, filter.retain_handling, &mut change);
                    }
                }
                SubscribeFilter::One(heard) => {
                    let known = self.named[heard.index()].replace(granted).is_some();
                    self.want(heard, known, filter.retain_handling, &mut change);
                }
                SubscribeFilter::Silent => {}
                SubscribeFilter::Foreign => {
                    change.refused += 1;
                    codes.push(if self.version == Version::V5 {
                        SUBACK_NOT_AUTHORIZED
                    } else {
                        SUBACK_FAILURE
                    });
                    continue;
                }
            }
            codes.push(granted);
        }
        encode::suback(out, self.version, packet_id, &codes);
        change
    }

    fn want(&mut self, heard: Heard, known: bool, retain_handling: u8, change: &mut Change) {
        let wants = retain_handling == 0 || (retain_handling == 1 && !known);
        self.wants_retained[heard.index()] = wants;
        if (wants || !known) && !change.subscribe.contains(&heard) {
            change.subscribe.push(heard);
        }
    }

    /// Takes an UNSUBSCRIBE and writes its UNSUBACK.
    pub fn unsubscribe<'a>(
        &mut self,
        packet_id: u16,
        filters: impl Iterator<Item = &'a str>,
        out: &mut BytesMut,
    ) -> Change {
        let before = Heard::ALL.map(|heard| self.qos(heard).is_some());
        let mut codes = Vec::new();
        for filter in filters {
            let had = match topics::subscribe_filter(&self.dispenser, filter) {
                SubscribeFilter::All => self.all.take().is_some(),
                SubscribeFilter::One(heard) => self.named[heard.index()].take().is_some(),
                SubscribeFilter::Silent | SubscribeFilter::Foreign => false,
            };
            codes.push(if had { 0 } else { UNSUBACK_NOTHING });
        }
        encode::unsuback(out, self.version, packet_id, &codes);
        let gone = |heard: &Heard| before[heard.index()] && self.qos(*heard).is_none();
        Change {
            unsubscribe: Heard::ALL.into_iter().filter(gone).collect(),
            ..Change::default()
        }
    }

    /// The QoS at which a leaf is delivered, none if it is not subscribed. `#` never brings the dispenser's own status.
    pub fn qos(&self, heard: Heard) -> Option<u8> {
        let all = if heard == Heard::Status { None } else { self.all };
        self.named[heard.index()].max(all)
    }

    /// Everything subscribed, for a new Router.
    pub fn heard(&self) -> Vec<Heard> {
        Heard::ALL
            .into_iter()
            .filter(|heard| self.qos(*heard).is_some())
            .collect()
    }

    /// Sends a message, or lets it wait for a place in flight. Too many waiting is a slow reader.
    pub fn deliver(&mut self, delivery: Delivery, now: Instant, out: &mut BytesMut) -> Result<(), Fault> {
        let index = delivery.heard.index();
        let Some(qos) = self.qos(delivery.heard) else {
            return Ok(());
        };
        if delivery.retained && !self.wants_retained[index] {
            return Ok(());
        }
        let packet_bytes = encode::publish_bytes(self.version, &self.topics[index], &delivery.payload, qos);
        if packet_bytes > self.limits.packet_bytes_max {
            return Ok(());
        }
        if qos == 0 {
            encode::publish(
                out,
                self.version,
                &self.topics[index],
                &delivery.payload,
                None,
                delivery.retained,
            );
        } else if self.in_flight.len() < self.limits.in_flight_max {
            self.send(&delivery, now, out);
        } else if self.waiting.len() < self.limits.waiting_max {
            self.waiting.push_back(delivery);
        } else {
            return Err(Fault::refuse(Refusal::SlowReader));
        }
        Ok(())
    }

    fn send(&mut self, delivery: &Delivery, now: Instant, out: &mut BytesMut) {
        loop {
            self.packet_id = self.packet_id.checked_add(1).unwrap_or(1);
            if !self.in_flight.iter().any(|(id, _)| *id == self.packet_id) {
                break;
            }
        }
        self.in_flight.push_back((self.packet_id, now));
        let topic = &self.topics[delivery.heard.index()];
        encode::publish(
            out,
            self.version,
            topic,
            &delivery.payload,
            Some(self.packet_id),
            delivery.retained,
        );
    }

    /// Takes a PUBACK; false if it names nothing that is open.
    pub fn acknowledged(&mut self, packet_id: u16, now: Instant, out: &mut BytesMut) -> bool {
        let Some(place) = self.in_flight.iter().position(|(id, _)| *id == packet_id) else {
            return false;
        };
        self.in_flight.remove(place);
        if let Some(delivery) = self.waiting.pop_front() {
            self.send(&delivery, now, out);
        }
        true
    }

    /// A slow reader if a message has stayed unacknowledged for too long.
    pub fn check(&self, now: Instant) -> Result<(), Fault> {
        match self.in_flight.front() {
            Some((_, sent)) if now.saturating_duration_since(*sent) > self.limits.acknowledge_within => {
                Err(Fault::refuse(Refusal::SlowReader))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
