//! The dispenser of [`crate::dispenser`] on a real connection that comes back by itself, also at another address.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, bail};
use rumqttc::{AsyncClient, Event, EventLoop, LastWill, MqttOptions, NetworkOptions, Packet, QoS};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout_at},
};

use crate::dispenser::{Answer, Ask, Dispenser, Input, Output, Receipt};

/// Before a lost connection is tried again.
const RECONNECT: Duration = Duration::from_millis(50);
/// The longest that one try to connect may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// Messages that may wait for the socket.
const QUEUE_MAX: usize = 256;

/// One sale as the dispenser saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sale {
    /// What the gateway said to the ask.
    pub answer: Answer,
    /// What it said to the pour; `None` when nothing was approved.
    pub receipt: Option<Receipt>,
}

/// A dispenser with power and a Wi-Fi that is sometimes away.
pub struct Tap {
    id: String,
    secret: String,
    address: watch::Receiver<Option<SocketAddr>>,
    dispenser: Dispenser,
    started: Instant,
    line: Option<(AsyncClient, EventLoop)>,
    retry_at: Instant,
    ready: std::collections::VecDeque<Output>,
    /// Answers and receipts as they came, repeats included: leaf and bytes.
    pub heard: Vec<(String, Vec<u8>)>,
    /// Why the connection last broke.
    pub broken: Option<String>,
    /// How often it connected.
    pub connections: u64,
}

impl Tap {
    /// A dispenser that finds its gateway wherever `address` says.
    pub fn new(id: &str, secret: &str, address: watch::Receiver<Option<SocketAddr>>) -> Tap {
        let now = Instant::now();
        Tap {
            id: id.to_owned(),
            secret: secret.to_owned(),
            address,
            dispenser: Dispenser::new(id, 0),
            started: now,
            line: None,
            retry_at: now,
            ready: std::collections::VecDeque::new(),
            heard: Vec::new(),
            broken: None,
            connections: 0,
        }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The machine behind it.
    pub fn dispenser(&self) -> &Dispenser {
        &self.dispenser
    }

    /// Connects, if it is not connected, and stays long enough to be known.
    pub async fn connect(&mut self, limit: Instant) -> anyhow::Result<()> {
        while self.line.is_none() {
            self.step(limit).await?;
        }
        Ok(())
    }

    /// A person asks, pours `pour_ml` of what is approved (or all of it), and waits for the receipt.
    pub async fn buy(&mut self, ask: Ask, pour_ml: Option<u64>, limit: Instant) -> anyhow::Result<Sale> {
        self.apply(Input::Ask(ask));
        let mut answer = None;
        loop {
            match self.next(limit).await? {
                Output::Answered(given) => {
                    if !given.approved {
                        return Ok(Sale {
                            answer: given,
                            receipt: None,
                        });
                    }
                    answer = Some(given);
                }
                Output::Open { volume_ml } => self.apply(Input::Ended {
                    volume_ml: pour_ml.unwrap_or(volume_ml),
                    duration_ms: 12_000,
                    outcome: kiosk::fact::Outcome::Complete,
                }),
                Output::Receipted(receipt) => {
                    // The receipt of an older pour may come first.
                    if let Some(answer) = answer.take_if(|answer| answer.request == receipt.request) {
                        return Ok(Sale {
                            answer,
                            receipt: Some(receipt),
                        });
                    }
                }
                Output::Refused(refusal) => bail!("{}: {refusal:?}", self.id),
                Output::Close | Output::Publish { .. } => {}
            }
        }
    }

    /// Stays connected until a time, as between two customers.
    pub async fn rest(&mut self, until: Instant) -> anyhow::Result<()> {
        while Instant::now() < until {
            self.step(until).await?;
        }
        Ok(())
    }

    /// The next thing the machine does besides publishing.
    async fn next(&mut self, limit: Instant) -> anyhow::Result<Output> {
        loop {
            if let Some(output) = self.ready.pop_front() {
                return Ok(output);
            }
            self.step(limit).await?;
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn apply(&mut self, input: Input) {
        for output in self.dispenser.handle(self.now_ms(), input) {
            match output {
                Output::Publish { topic, payload, retain } => {
                    let sent = self
                        .line
                        .as_ref()
                        .map(|(client, _)| client.try_publish(topic, QoS::AtLeastOnce, retain, payload));
                    if let Some(Err(error)) = sent {
                        self.broken = Some(format!("the queue to the socket is full: {error}"));
                    }
                }
                other => self.ready.push_back(other),
            }
        }
    }

    /// One event of the connection, or of the machine's own time.
    async fn step(&mut self, limit: Instant) -> anyhow::Result<()> {
        if Instant::now() >= limit {
            bail!("{}: out of patience; the connection: {:?}", self.id, self.broken);
        }
        let wake = self
            .dispenser
            .wake_at_ms()
            .map_or(limit, |ms| self.started + Duration::from_millis(ms))
            .min(limit);
        let Some((_, events)) = &mut self.line else {
            sleep_until(self.retry_at.min(limit)).await;
            return self.dial(limit).await;
        };
        match timeout_at(wake, events.poll()).await {
            Ok(Ok(Event::Incoming(Packet::Publish(message)))) => {
                let payload = message.payload.to_vec();
                let leaf = message.topic.rsplit('/').next().unwrap_or_default();
                if matches!(leaf, "answer" | "receipt") {
                    self.heard.push((leaf.to_owned(), payload.clone()));
                }
                let topic = message.topic.clone();
                self.apply(Input::Message { topic, payload });
            }
            Ok(Ok(_)) => {}
            Ok(Err(error)) => self.lost(error.to_string()),
            Err(_) => self.apply(Input::Tick),
        }
        Ok(())
    }

    fn lost(&mut self, why: String) {
        self.broken = Some(why);
        self.line = None;
        self.retry_at = Instant::now() + RECONNECT;
        self.apply(Input::Disconnected);
    }

    /// One try to connect and subscribe. A new session each time: what was not answered the machine says again.
    async fn dial(&mut self, limit: Instant) -> anyhow::Result<()> {
        let limit = limit.min(Instant::now() + CONNECT_WITHIN);
        self.retry_at = Instant::now() + RECONNECT;
        let Some(address) = *self.address.borrow_and_update() else {
            return Ok(());
        };
        let mut options = MqttOptions::new(&self.id, address.ip().to_string(), address.port());
        options.set_credentials(&self.id, &self.secret);
        options.set_keep_alive(Duration::from_secs(30));
        let will = LastWill::new(self.dispenser.topic("status"), "offline", QoS::AtLeastOnce, true);
        options.set_last_will(will);
        let (client, mut events) = AsyncClient::new(options, QUEUE_MAX);
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        events.set_network_options(network);
        client
            .try_subscribe(self.dispenser.subscription(), QoS::AtLeastOnce)
            .context("an empty queue takes one")?;
        loop {
            match timeout_at(limit, events.poll()).await {
                Ok(Ok(Event::Incoming(Packet::SubAck(_)))) => break,
                Ok(Ok(_)) => {}
                Ok(Err(error)) => {
                    self.lost(error.to_string());
                    return Ok(());
                }
                Err(_) => {
                    self.lost("no answer to CONNECT".to_owned());
                    return Ok(());
                }
            }
        }
        self.line = Some((client, events));
        self.connections += 1;
        self.apply(Input::Connected);
        Ok(())
    }
}
