//! Where each effect goes, once its commit is on disk.

use runtime::clock::Clock;
use tokio::sync::{mpsc, watch};

use crate::{
    adapters::{
        ballast,
        dispensers::{Credentials, Front, Message, Outbound, gate},
        hub::Order,
        web::{replies::Replies, wire},
    },
    site::{
        effect::{Answer, Delivery, Effect, Receipt},
        input::Door,
        sim::SimOrder,
    },
};

/// An answer in the bytes of the door it came by.
pub(super) fn answer(door: &Door, answer: &Answer) -> Vec<u8> {
    match door {
        Door::Mqtt(_) => gate::answer(answer),
        Door::Http(..) => wire::answer(door, answer),
    }
}

/// A receipt in the bytes of the door it came by.
pub(super) fn receipt(door: &Door, receipt: &Receipt) -> Vec<u8> {
    match door {
        Door::Mqtt(_) => gate::receipt(receipt),
        Door::Http(..) => wire::receipt(door, receipt),
    }
}

/// The adapters' ends.
pub(super) struct Router {
    pub(super) front: Front,
    pub(super) credentials: Credentials,
    pub(super) orders: mpsc::UnboundedSender<Order>,
    pub(super) ballast: mpsc::UnboundedSender<ballast::Order>,
    /// The modem's; without one nobody listens and nothing is ordered.
    pub(super) sim: mpsc::Sender<SimOrder>,
    pub(super) dial: watch::Sender<Option<String>>,
    pub(super) clock: Clock,
    pub(super) replies: Replies,
}

impl Router {
    /// Lets the effects of a batch leave. Never waits.
    pub(super) fn route(&self, effects: Vec<Effect>) {
        let mut messages = Vec::new();
        for effect in effects.into_iter().filter_map(|effect| self.replies.take(effect)) {
            match effect {
                Effect::Deliver(door, delivery) => messages.push(message(door, delivery)),
                Effect::Reject(door, request, why) => {
                    messages.extend(gate::rejection(door.dispenser().clone(), request, why));
                }
                Effect::Configure(dispenser, config) => messages.push(gate::configuration(dispenser, &config)),
                Effect::Credentials(secrets) => self.credentials.replace(secrets.into_iter().collect()),
                Effect::Send { socket, bytes } => self.order(Order::Send { socket, bytes }),
                Effect::HangUp { socket, retry_after_s } => self.order(Order::HangUp { socket, retry_after_s }),
                Effect::Dial(url) => {
                    self.dial.send_replace(Some(url));
                }
                Effect::ClockHeard(trust, wall) => {
                    if !self.clock.hear(trust, wall) {
                        tracing::info!(?trust, time = %wall.rfc3339(), "this time is not believed");
                    }
                }
                Effect::FreeBallast => self.ballast(ballast::Order::Free),
                Effect::MakeBallast => self.ballast(ballast::Order::Make),
                Effect::Sim(order) => self.sim(order),
                // Callers and pages were served above.
                Effect::Reply(..) | Effect::Live => {}
            }
        }
        self.front.publish_batch(messages);
    }

    fn order(&self, order: Order) {
        if self.orders.send(order).is_err() {
            tracing::debug!("the link has ended");
        }
    }

    /// What finds no room is lost; a text then counts as unknown, for nobody can tell.
    fn sim(&self, order: SimOrder) {
        if let Err(error) = self.sim.try_send(order) {
            tracing::warn!(%error, "the modem takes no orders");
        }
    }

    fn ballast(&self, order: ballast::Order) {
        if self.ballast.send(order).is_err() {
            tracing::debug!("nobody keeps the ballast any more");
        }
    }
}

fn message(door: Door, delivery: Delivery) -> Message {
    let dispenser = door.dispenser().clone();
    match delivery {
        Delivery::Answer(bytes) => gate::message(dispenser, Outbound::Answer, bytes),
        Delivery::Receipt(bytes) => gate::message(dispenser, Outbound::Receipt, bytes),
    }
}
