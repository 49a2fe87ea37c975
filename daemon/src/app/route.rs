//! Where each effect goes, once its commit is on disk.

use runtime::clock::Clock;
use tokio::sync::{mpsc, watch};

use super::{is_http, replies::Replies};
use crate::{
    adapters::{
        dispensers::{Credentials, Front, Message, Outbound, gate},
        hub::Order,
    },
    site::{
        effect::{Answer, Delivery, Effect, Receipt},
        input::Door,
    },
};

/// An answer in the bytes of the door it came by.
pub(super) fn answer(door: &Door, answer: &Answer) -> Vec<u8> {
    debug_assert!(!is_http(door), "no adapter makes such a door yet");
    gate::answer(answer)
}

/// A receipt in the bytes of the door it came by.
pub(super) fn receipt(_door: &Door, receipt: &Receipt) -> Vec<u8> {
    gate::receipt(receipt)
}

/// The adapters' ends.
pub(super) struct Router {
    pub(super) front: Front,
    pub(super) credentials: Credentials,
    pub(super) orders: mpsc::UnboundedSender<Order>,
    pub(super) dial: watch::Sender<Option<String>>,
    /// An operator's own address of the hub, over the one that `join` stored.
    pub(super) hub_url: Option<String>,
    pub(super) clock: Clock,
    pub(super) replies: Replies,
    pub(super) live: watch::Sender<u64>,
}

impl Router {
    /// Lets the effects of a batch leave. Never waits.
    pub(super) fn route(&self, effects: Vec<Effect>) {
        let mut messages = Vec::new();
        let mut is_live = false;
        for effect in effects {
            match effect {
                Effect::Deliver(Door::Mqtt(dispenser), delivery) => messages.push(message(dispenser, delivery)),
                Effect::Deliver(Door::Http(_, reply), Delivery::Answer(bytes) | Delivery::Receipt(bytes)) => {
                    self.replies.delivered(reply, Ok(bytes));
                }
                Effect::Reject(Door::Mqtt(dispenser), request, why) => {
                    messages.extend(gate::rejection(dispenser, request, why));
                }
                Effect::Reject(Door::Http(_, reply), _, why) => self.replies.delivered(reply, Err(why)),
                Effect::Configure(dispenser, config) => messages.push(gate::configuration(dispenser, &config)),
                Effect::Credentials(secrets) => self.credentials.replace(secrets.into_iter().collect()),
                Effect::Send { socket, bytes } => self.order(Order::Send { socket, bytes }),
                Effect::HangUp { socket, retry_after_s } => self.order(Order::HangUp { socket, retry_after_s }),
                Effect::Dial(url) => {
                    let url = self.hub_url.clone().unwrap_or(url);
                    self.dial.send_replace(Some(url));
                }
                Effect::ClockHeard(trust, wall) => {
                    if !self.clock.hear(trust, wall) {
                        tracing::info!(?trust, time = %wall.rfc3339(), "this time is not believed");
                    }
                }
                Effect::Reply(reply, told) => self.replies.told(reply, told),
                Effect::Live => is_live = true,
            }
        }
        self.front.publish_batch(messages);
        if is_live {
            self.live.send_modify(|count| *count = count.wrapping_add(1));
        }
    }

    fn order(&self, order: Order) {
        if self.orders.send(order).is_err() {
            tracing::debug!("the link has ended");
        }
    }
}

fn message(dispenser: kiosk::ids::DispenserId, delivery: Delivery) -> Message {
    match delivery {
        Delivery::Answer(bytes) => gate::message(dispenser, Outbound::Answer, bytes),
        Delivery::Receipt(bytes) => gate::message(dispenser, Outbound::Receipt, bytes),
    }
}
