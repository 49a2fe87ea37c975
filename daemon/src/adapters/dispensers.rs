//! The broker front: MQTT 3.1.1 and 5 for water dispensers, over TCP and TLS (CONTRACTS section 3).
//!
//! ```text
//! socket ─ door (CONNECT, checks) ─ connection ─ Event ──────────────▶ the gateway, its only reader
//!                                        ▲  └─ status ─▶ broker (rumqttd's Router: kept values)
//!                                        │                  │
//!            Front::publish ─ mailbox ───┴──────────────────┘
//! ```
//!
//! - [`reason`]: why something was refused, and the codes on the wire. [`topics`]: what a dispenser may say and hear.
//! - `packet`, `encode`: MQTT bytes. `door`, `connection`, `session`: one connection's life; [`spoken`]: what is decided of
//!   it without a socket. `registry`: all of them.
//! - `broker`: the one address of rumqttd. Nothing unchecked reaches its Router, and if it dies another takes over.
//! - [`wire`]: the JSON of the payloads. Pure. [`gate`]: between the front and the machine.
//!
//! What is absent: anything about water, and anything that survives the process. Answers, receipts and configuration
//! live in the gateway's store and are published again after a restart.

mod broker;
mod bucket;
mod connection;
mod credentials;
mod door;
mod encode;
pub mod gate;
mod listen;
mod packet;
pub mod reason;
mod registry;
mod session;
pub mod spoken;
mod topics;
pub mod wire;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use kiosk::ids::DispenserId;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, timeout},
};

pub use broker::BrokerError;
pub use credentials::{Credentials, SecretHash, hash};
pub use listen::{FrontError, Listener};
pub use reason::Refusal;
pub use topics::{Leaf, Outbound};

use broker::Broker;
use bucket::Bucket;
use registry::{Dispenser, Registry};
use session::Delivery;
use topics::Heard;

/// Every limit of the front.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Connections in all (`mqtt.connections_max`).
    pub connections_max: usize,
    /// Connections of one dispenser.
    pub connections_per_dispenser_max: usize,
    /// Clients without a seat: that have yet to show who they are, or have been told to go. Of more, the one that has
    /// been there longest is dropped.
    pub handshakes_max: usize,
    /// Messages a second of one dispenser, over all its connections (`mqtt.messages_per_second_max`). A second's worth may
    /// come at once; of more the next is read in its turn, and who goes on wanting more is cut after two seconds.
    pub messages_per_second_max: u32,
    /// From accept to a whole CONNECT, TLS included.
    pub connect_within: Duration,
    /// How long a newer connection waits for an older one with the same client id to end.
    pub takeover_within: Duration,
    /// How long one batch of bytes may take to be written.
    pub write_within: Duration,
    /// How long a QoS 1 message to a dispenser may stay unacknowledged.
    pub acknowledge_within: Duration,
    /// The longest payload a dispenser may publish, in bytes.
    pub payload_bytes_max: usize,
    /// The longest packet a dispenser may send, in bytes.
    pub packet_bytes_max: usize,
    /// QoS 1 messages sent to one connection and not yet acknowledged.
    pub in_flight_max: usize,
    /// Messages that may wait for one connection before it counts as a slow reader.
    pub waiting_max: usize,
    /// [`Event::Refused`] a second; of more only the number is told.
    pub refusals_per_second_max: u32,
    /// How long a connection that was closed for a reason is read on, so that the reason arrives.
    pub linger: Duration,
    /// How many bytes are read on meanwhile.
    pub linger_bytes_max: usize,
    /// How long the connections may take to end when the front stops.
    pub stop_within: Duration,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            connections_max: 64,
            connections_per_dispenser_max: 4,
            handshakes_max: 64,
            messages_per_second_max: 100,
            connect_within: Duration::from_secs(5),
            takeover_within: Duration::from_secs(10),
            write_within: Duration::from_secs(5),
            acknowledge_within: Duration::from_secs(30),
            payload_bytes_max: 4096,
            packet_bytes_max: 8192,
            in_flight_max: 64,
            waiting_max: 512,
            refusals_per_second_max: 50,
            linger: Duration::from_secs(1),
            linger_bytes_max: 1 << 20,
            stop_within: Duration::from_secs(2),
        }
    }
}

/// What the front tells the gateway, in the order in which it happened per dispenser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A dispenser's first connection is there.
    Connected {
        /// Which.
        dispenser: DispenserId,
    },
    /// A dispenser's last connection is gone.
    Disconnected {
        /// Which.
        dispenser: DispenserId,
    },
    /// A dispenser said something, or its will did.
    Published {
        /// Which.
        dispenser: DispenserId,
        /// On which topic.
        leaf: Leaf,
        /// What, undecoded; see [`wire`].
        payload: Bytes,
    },
    /// A dispenser published under its own prefix on a topic that does not exist.
    UnknownTopic {
        /// Which.
        dispenser: DispenserId,
        /// What followed its prefix.
        leaf: Box<str>,
    },
    /// Somebody was turned away or cut.
    Refused {
        /// The dispenser, or the user name it claimed, if any was given.
        user: Option<Box<str>>,
        /// From where.
        peer: SocketAddr,
        /// Why.
        why: Refusal,
        /// How many more were refused since the last of these events, too many to tell each.
        untold: u32,
    },
}

/// Something the gateway says to a dispenser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// To whom.
    pub dispenser: DispenserId,
    /// On which topic.
    pub leaf: Outbound,
    /// The body, JSON made by [`wire`].
    pub payload: Bytes,
    /// Keep it for those who subscribe later; an empty body forgets what was kept.
    pub retain: bool,
}

/// The broker front. Clones share everything; it lives as long as the process, while [`Front::run`] may end and be
/// called again.
#[derive(Clone)]
pub struct Front {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Settings,
    credentials: Credentials,
    registry: Arc<Registry>,
    broker: Broker,
    events: mpsc::Sender<Event>,
    refusals: Mutex<(Bucket, u32)>,
}

impl Front {
    /// Starts the message router; sockets come with [`Front::run`]. When `events` is full the sockets wait.
    pub fn new(settings: Settings, credentials: Credentials, events: mpsc::Sender<Event>) -> Result<Front, FrontError> {
        let shared = Shared {
            registry: Arc::new(Registry::new(settings.clone(), credentials.clone())),
            broker: Broker::start(settings.connections_max)?,
            refusals: Mutex::new((Bucket::new(settings.refusals_per_second_max, Instant::now()), 0)),
            settings,
            credentials,
            events,
        };
        Ok(Front {
            shared: Arc::new(shared),
        })
    }

    /// Says one thing to a dispenser; see [`Front::publish_batch`].
    pub fn publish(&self, dispenser: &DispenserId, leaf: Outbound, payload: Bytes, retain: bool) {
        self.shared.publish(dispenser, leaf, payload, retain);
    }

    /// Says many things. Never waits for a reader: who does not read is cut. Nobody connected means nobody told, unless
    /// the message is to be kept.
    pub fn publish_batch(&self, messages: impl IntoIterator<Item = Message>) {
        for message in messages {
            self.shared
                .publish(&message.dispenser, message.leaf, message.payload, message.retain);
        }
    }

    /// Whether a dispenser has a connection just now.
    pub fn is_connected(&self, dispenser: &DispenserId) -> bool {
        self.shared.registry.is_connected(dispenser)
    }

    /// Serves the listeners until `stop` turns true or its sender is gone. May be called again after it has ended or was
    /// dropped.
    pub async fn run(&self, listeners: &[Listener], stop: watch::Receiver<bool>) -> Result<(), FrontError> {
        listen::run(&self.shared, listeners, stop).await
    }
}

impl Shared {
    fn publish(&self, dispenser: &DispenserId, leaf: Outbound, payload: Bytes, retain: bool) {
        let heard = Heard::Gateway(leaf);
        if heard.is_kept() {
            self.broker.publish(dispenser, heard, payload, retain);
        } else {
            self.registry.post(
                dispenser,
                Delivery {
                    heard,
                    payload,
                    retained: false,
                },
            );
        }
    }

    /// Tells the gateway whether a dispenser is connected, if it does not know yet.
    async fn announce(&self, dispenser: &Dispenser) {
        let mut announced = dispenser.announced.lock().await;
        let connected = self.registry.is_connected(&dispenser.id);
        if connected != *announced {
            let dispenser = dispenser.id.clone();
            let event = if connected {
                Event::Connected { dispenser }
            } else {
                Event::Disconnected { dispenser }
            };
            if self.events.send(event).await.is_ok() {
                *announced = connected;
            }
        }
    }

    /// Tells the gateway something that must not keep a connection from ending.
    async fn tell_briefly(&self, event: Event) {
        match timeout(self.settings.stop_within, self.events.send(event)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => tracing::debug!("a will was published while the gateway stops"),
            Err(_) => tracing::warn!("a will was published, but the gateway did not take it"),
        }
    }

    /// Tells the gateway of a refusal, if there were not too many lately.
    fn refused(&self, user: Option<Box<str>>, peer: SocketAddr, why: Refusal) {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        let (bucket, untold) = &mut *refusals;
        let told = bucket.take(Instant::now())
            && self
                .events
                .try_send(Event::Refused {
                    user,
                    peer,
                    why,
                    untold: *untold,
                })
                .is_ok();
        *untold = if told { 0 } else { untold.saturating_add(1) };
    }
}

#[cfg(test)]
mod tests;
