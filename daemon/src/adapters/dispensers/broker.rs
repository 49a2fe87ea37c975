//! The Router of rumqttd: retained values and delivery to subscribers. Only what the front has checked comes here.
//!
//! Facts that shape this file (rumqttd 0.20.0, read in its source): a link must say Disconnect or the Router keeps it
//! (`router/routing.rs`); link names and filters are never freed, so names are slot numbers and filters a closed set;
//! `try_publish` on a full channel leaves the packet in the link's buffer, where the next event finds it
//! (`link/local.rs`); `Unschedule` must be answered or delivery stops; a new subscription brings the retained value,
//! and a value published in that instant may come twice, as kept and as new.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    time::Duration,
};

use bytes::Bytes;
use futures_util::FutureExt;
use kiosk::ids::DispenserId;
use rumqttd::{
    Notification, Router, RouterConfig,
    local::{LinkBuilder, LinkError, LinkRx, LinkTx},
    protocol::{
        Disconnect, DisconnectReasonCode, Filter, Packet, Publish, QoS, RetainForwardRule, Subscribe, Unsubscribe,
    },
};
use tokio::{
    sync::oneshot,
    time::{Instant, timeout},
};

use super::{
    session::Delivery,
    topics::{self, Heard},
};

/// Bytes of a topic's log before the Router starts a new segment, and how many segments it keeps. Readers are woken at
/// once, so the log only has to bridge one reader's write.
const SEGMENT_BYTES_MAX: usize = 16 * 1024;
const SEGMENTS_MAX: usize = 2;
/// Messages the Router hands to one link at a time.
const OUTGOING_MAX: u64 = 100;
/// How long a living Router may take to make a link; it takes microseconds.
const ATTACH_WITHIN: Duration = Duration::from_secs(2);
/// How often it is asked meanwhile whether the Router still lives.
const DEATH_CHECK_EVERY: Duration = Duration::from_millis(20);
/// A filter nobody can have: unsubscribing from it changes nothing and wakes the Router.
const NOTHING: &str = "-";

/// The Router could not be reached even after a new one was started.
#[derive(Debug, thiserror::Error)]
#[error("message router: {0}")]
pub struct BrokerError(String);

impl From<LinkError> for BrokerError {
    fn from(error: LinkError) -> BrokerError {
        BrokerError(error.to_string())
    }
}

type Attached = Result<(LinkTx, LinkRx), BrokerError>;

/// A Router and the thread that makes its links.
struct Running {
    /// Making a link blocks, and blocks for ever when the Router dies with the wish still in its channel: the channel
    /// keeps the wish, the wish keeps the answer open. So one thread of its own makes them all, and only it is lost.
    wishes: mpsc::Sender<(String, oneshot::Sender<Attached>)>,
    is_dead: Box<dyn Fn() -> bool + Send + Sync>,
}

struct State {
    running: Arc<Running>,
    publisher: LinkTx,
    /// Kept here too, so that a new Router knows what the dead one knew.
    retained: HashMap<(DispenserId, Heard), Bytes>,
    /// How many Routers have been started.
    generation: u64,
}

/// The Router and the one link by which everything is published.
pub struct Broker {
    connections_max: usize,
    state: Mutex<State>,
}

impl Broker {
    /// Starts a Router in its own thread.
    pub fn start(connections_max: usize) -> Result<Broker, BrokerError> {
        let (running, publisher) = start_router(connections_max)?;
        let state = State {
            running,
            publisher,
            retained: HashMap::new(),
            generation: 1,
        };
        Ok(Broker {
            connections_max,
            state: Mutex::new(state),
        })
    }

    /// Publishes one message. Never blocks on a reader; starts a new Router first if the old one has died.
    pub fn publish(&self, dispenser: &DispenserId, heard: Heard, payload: Bytes, retain: bool) {
        let mut state = self.alive();
        if retain {
            let key = (dispenser.clone(), heard);
            if payload.is_empty() {
                state.retained.remove(&key);
            } else {
                state.retained.insert(key, payload.clone());
            }
        }
        state
            .publisher
            .buffer()
            .push_back(publish_packet(dispenser, heard, payload, retain));
        if !poke(&mut state.publisher) {
            // Either its channel is full, and the message goes with the next, or it has died just now.
            self.heal(&mut state);
        }
    }

    /// Forgets a dispenser's retained values.
    pub fn forget(&self, dispenser: &DispenserId) {
        for heard in Heard::ALL {
            if self.alive().retained.contains_key(&(dispenser.clone(), heard)) {
                self.publish(dispenser, heard, Bytes::new(), true);
            }
        }
    }

    /// Dispensers that have a retained value.
    pub fn retaining(&self) -> Vec<DispenserId> {
        let mut dispensers: Vec<DispenserId> = self
            .lock()
            .retained
            .keys()
            .map(|(dispenser, _)| dispenser.clone())
            .collect();
        dispensers.sort();
        dispensers.dedup();
        dispensers
    }

    /// A link for the connection in this slot. Fails when the Router dies meanwhile; then another is there to be asked.
    pub async fn attach(&self, slot: usize) -> Result<Link, BrokerError> {
        let running = self.alive().running.clone();
        let (reply, mut answer) = oneshot::channel();
        let gone = || BrokerError("it died".to_owned());
        running
            .wishes
            .send((format!("slot-{slot}"), reply))
            .map_err(|_| gone())?;
        let deadline = Instant::now() + ATTACH_WITHIN;
        loop {
            match timeout(DEATH_CHECK_EVERY, &mut answer).await {
                Ok(attached) => {
                    let (tx, rx) = attached.map_err(|_| gone())??;
                    return Ok(Link { tx, rx });
                }
                Err(_) if (running.is_dead)() || Instant::now() > deadline => return Err(gone()),
                Err(_) => {}
            }
        }
    }

    /// How many Routers have been started; more than one means that one has died.
    #[cfg(test)]
    pub fn generation(&self) -> u64 {
        self.lock().generation
    }

    /// Wakes the Router for what a full channel may have left behind, and replaces it if it has died.
    pub fn tend(&self) {
        let mut state = self.alive();
        poke(&mut state.publisher);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn alive(&self) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        self.heal(&mut state);
        state
    }

    /// Replaces a dead Router.
    fn heal(&self, state: &mut State) {
        if (state.running.is_dead)() {
            tracing::error!("message router died, starting another");
            if let Err(error) = self.revive(state) {
                tracing::error!("{error}");
            }
        }
    }

    fn revive(&self, state: &mut State) -> Result<(), BrokerError> {
        let (running, mut publisher) = start_router(self.connections_max)?;
        for ((dispenser, heard), payload) in &state.retained {
            publisher
                .buffer()
                .push_back(publish_packet(dispenser, *heard, payload.clone(), true));
        }
        poke(&mut publisher);
        state.running = running;
        state.publisher = publisher;
        state.generation += 1;
        Ok(())
    }

    /// Kills the Router the way upstream's bug does: its topic matching slices a non-ASCII letter in two.
    #[cfg(test)]
    pub fn kill(&self) {
        let mut state = self.lock();
        let filter = Filter {
            path: "any".to_owned(),
            qos: QoS::AtMostOnce,
            nolocal: false,
            preserve_retain: false,
            retain_forward_rule: RetainForwardRule::Never,
        };
        state.publisher.buffer().push_back(Packet::Subscribe(
            Subscribe {
                pkid: 1,
                filters: vec![filter],
            },
            None,
        ));
        state.publisher.try_publish("\u{e9}", "x").unwrap();
    }
}

fn publish_packet(dispenser: &DispenserId, heard: Heard, payload: Bytes, retain: bool) -> Packet {
    let topic = Bytes::from(topics::topic(dispenser, heard.name()));
    Packet::Publish(Publish::new(topic, payload, retain), None)
}

/// Starts a Router and the thread that makes its links; the first is the one to publish by.
fn start_router(connections_max: usize) -> Result<(Arc<Running>, LinkTx), BrokerError> {
    let config = RouterConfig {
        // One for the publisher; twice the rest, for links whose goodbye is still on its way.
        max_connections: 1 + 2 * connections_max,
        max_outgoing_packet_count: OUTGOING_MAX,
        max_segment_size: SEGMENT_BYTES_MAX,
        max_segment_count: SEGMENTS_MAX,
        ..RouterConfig::default()
    };
    let sender = Router::new(0, config).spawn();
    let watched = sender.clone();
    let (wishes, wished) = mpsc::channel::<(String, oneshot::Sender<Attached>)>();
    let (first, publisher) = mpsc::channel();
    let make = move |name: &str| -> Attached {
        let (tx, rx, _) = LinkBuilder::new(name, sender.clone()).build()?;
        Ok((tx, rx))
    };
    let work = move || {
        let mut asked = first.send(make("publisher")).is_ok();
        while asked {
            match wished.recv() {
                // Nobody waits any more for a link that came too late.
                Ok((name, reply)) => drop(reply.send(make(&name))),
                Err(_) => asked = false,
            }
        }
    };
    let no_thread = |error: std::io::Error| BrokerError(error.to_string());
    std::thread::Builder::new()
        .name("router-links".to_owned())
        .spawn(work)
        .map_err(no_thread)?;
    let publisher = publisher
        .recv_timeout(ATTACH_WITHIN)
        .map_err(|error| BrokerError(error.to_string()))?;
    let is_dead = Box::new(move || watched.is_disconnected());
    Ok((Arc::new(Running { wishes, is_dead }), publisher?.0))
}

/// Wakes the Router for what stands in the link's buffer; false if its channel is full just now.
fn poke(tx: &mut LinkTx) -> bool {
    tx.try_unsubscribe(NOTHING).is_ok()
}

/// What a link brings.
enum Came {
    Delivery(Delivery),
    /// The Router has done what it was asked.
    Word,
}

/// One connection's subscriptions at the Router. Dropping it ends them.
pub struct Link {
    tx: LinkTx,
    rx: LinkRx,
}

impl Link {
    /// Subscribes and waits until the Router has done so: the SUBACK must not promise more. What is retained comes again
    /// even if already subscribed, for the two steps reach the Router as one. Returns what came meanwhile.
    pub async fn subscribe(&mut self, topics: Vec<String>) -> Result<Vec<Delivery>, BrokerError> {
        let filters = topics.iter().map(|path| Filter {
            path: path.clone(),
            // The front numbers and counts QoS 1 itself: the Router never waits for a dispenser.
            qos: QoS::AtMostOnce,
            nolocal: false,
            preserve_retain: false,
            retain_forward_rule: RetainForwardRule::OnEverySubscribe,
        });
        let subscribe = Subscribe {
            pkid: 1,
            filters: filters.collect(),
        };
        {
            let unsubscribe = Unsubscribe {
                pkid: 1,
                filters: topics,
            };
            let mut buffer = self.tx.buffer();
            buffer.push_back(Packet::Unsubscribe(unsubscribe, None));
            buffer.push_back(Packet::Subscribe(subscribe, None));
        }
        self.done().await
    }

    /// Unsubscribes from what is subscribed, and waits until it is done. Returns what came meanwhile.
    pub async fn unsubscribe(&mut self, topics: Vec<String>) -> Result<Vec<Delivery>, BrokerError> {
        let unsubscribe = Unsubscribe {
            pkid: 1,
            filters: topics,
        };
        self.tx.buffer().push_back(Packet::Unsubscribe(unsubscribe, None));
        self.done().await
    }

    /// The next message for this connection. An error means that the Router has died or dropped the link.
    pub async fn next(&mut self) -> Result<Delivery, BrokerError> {
        loop {
            if let Some(Came::Delivery(delivery)) = self.notified().await? {
                return Ok(delivery);
            }
        }
    }

    /// Wakes the Router and waits for its word. It says all its words about one batch at once, so those that follow the
    /// first are there already.
    async fn done(&mut self) -> Result<Vec<Delivery>, BrokerError> {
        self.wake_router().await;
        let mut meanwhile = Vec::new();
        let first_word = async {
            loop {
                match self.notified().await? {
                    Some(Came::Word) => return Ok(()),
                    Some(Came::Delivery(delivery)) => meanwhile.push(delivery),
                    None => {}
                }
            }
        };
        timeout(ATTACH_WITHIN, first_word)
            .await
            .unwrap_or_else(|_| Err(BrokerError("no word from it".to_owned())))?;
        while let Some(came) = self.notified().now_or_never() {
            if let Some(Came::Delivery(delivery)) = came? {
                meanwhile.push(delivery);
            }
        }
        Ok(meanwhile)
    }

    async fn notified(&mut self) -> Result<Option<Came>, BrokerError> {
        Ok(match self.rx.next().await? {
            Some(Notification::Forward(forward)) => heard_of(&forward.publish.topic).map(|heard| {
                let retained = forward.publish.retain;
                Came::Delivery(Delivery {
                    heard,
                    payload: forward.publish.payload,
                    retained,
                })
            }),
            Some(Notification::DeviceAck(_)) => Some(Came::Word),
            Some(Notification::Unschedule) => {
                self.rx.wake().await?;
                None
            }
            Some(Notification::Disconnect(..)) => return Err(BrokerError("link dropped".to_owned())),
            Some(_) | None => None,
        })
    }

    async fn wake_router(&mut self) {
        // A full channel empties in microseconds; a dead Router shows in `notified`.
        for _ in 0..1000 {
            if poke(&mut self.tx) {
                return;
            }
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let goodbye = Disconnect {
            reason_code: DisconnectReasonCode::NormalDisconnection,
        };
        self.tx.buffer().push_back(Packet::Disconnect(goodbye, None));
        // If the channel is full, the next link in this slot has the same name and ends this one.
        poke(&mut self.tx);
    }
}

/// Which leaf a topic of ours names.
fn heard_of(topic: &[u8]) -> Option<Heard> {
    let topic = std::str::from_utf8(topic).ok()?;
    let (_, name) = topic.strip_prefix(topics::PREFIX)?.split_once('/')?;
    Heard::from_name(name)
}
