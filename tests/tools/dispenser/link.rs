//! The dispenser's machine on a real connection.

use std::{collections::VecDeque, time::Duration};

use anyhow::{Context as _, bail};
use rumqttc::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions, NetworkOptions, Packet, QoS};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use world::dispenser::{Dispenser, Input, Output};

use crate::options::{Box_, new_request};

/// Before a lost connection is tried again.
const RECONNECT: Duration = Duration::from_millis(500);
/// Messages that may wait for the socket.
const QUEUE_MAX: usize = 256;

/// A dispenser, its connection, and how long it has patience.
pub struct Link {
    dispenser: Dispenser,
    client: AsyncClient,
    events: EventLoop,
    started: Instant,
    patience: Duration,
    ready: VecDeque<Output>,
    /// Why the connection last broke, for the message when patience ends.
    broken: Option<ConnectionError>,
}

impl Link {
    /// Connects and subscribes. A refused password is an error at once; a server that is away is tried again.
    pub async fn connect(box_: &Box_) -> anyhow::Result<Link> {
        let (host, port) = box_.address()?;
        let client_id = match &box_.client_id {
            Some(client_id) => client_id.clone(),
            None => format!("{}.{}", box_.id, own_suffix(&new_request()?)),
        };
        let mut mqtt = MqttOptions::new(client_id, host, port);
        mqtt.set_credentials(&box_.id, box_.secret()?);
        mqtt.set_keep_alive(Duration::from_secs(30));
        let (client, mut events) = AsyncClient::new(mqtt, QUEUE_MAX);
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        events.set_network_options(network);
        let started = Instant::now();
        let mut link = Link {
            dispenser: Dispenser::new(&box_.id, 0),
            client,
            events,
            started,
            patience: Duration::from_secs(box_.wait_s),
            ready: VecDeque::new(),
            broken: None,
        };
        let limit = started + link.patience;
        while !link.is_subscribed(limit).await? {}
        Ok(link)
    }

    /// The machine behind it.
    pub fn dispenser(&self) -> &Dispenser {
        &self.dispenser
    }

    /// A second hand on the connection.
    pub fn client(&self) -> AsyncClient {
        self.client.clone()
    }

    /// Gives the machine an input now.
    pub fn apply(&mut self, input: Input) -> anyhow::Result<()> {
        let now_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        // A tool beside a dispenser must not speak of the dispenser's health.
        let silent = [self.dispenser.topic("status"), self.dispenser.topic("heartbeat")];
        for output in self.dispenser.handle(now_ms, input) {
            match output {
                Output::Publish { topic, .. } if silent.contains(&topic) => {}
                Output::Publish { topic, payload, retain } => {
                    let sent = self.client.try_publish(topic, QoS::AtLeastOnce, retain, payload);
                    sent.context("the queue to the socket is full")?;
                }
                other => self.ready.push_back(other),
            }
        }
        Ok(())
    }

    /// The next thing the machine does besides publishing.
    pub async fn next(&mut self) -> anyhow::Result<Output> {
        let limit = Instant::now() + self.patience;
        loop {
            if let Some(output) = self.ready.pop_front() {
                return Ok(output);
            }
            self.step(limit).await?;
        }
    }

    /// Keeps the connection alive for a while, as during a pour.
    pub async fn wait(&mut self, time: Duration) -> anyhow::Result<()> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            tokio::select! {
                () = sleep_until(end) => break,
                stepped = self.step(end + self.patience) => stepped?,
            }
        }
        Ok(())
    }

    /// Sends a heartbeat and waits until the broker has acknowledged it.
    pub async fn acknowledged_heartbeat(&mut self) -> anyhow::Result<()> {
        let now_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (topic, payload) = (self.dispenser.topic("heartbeat"), self.dispenser.heartbeat(now_ms));
        self.client
            .try_publish(topic, QoS::AtLeastOnce, false, payload)
            .context("the queue to the socket is full")?;
        let limit = Instant::now() + self.patience;
        loop {
            match timeout_at(limit, self.events.poll()).await.context("in time")? {
                Ok(Event::Incoming(Packet::PubAck(_))) => return Ok(()),
                Ok(_) => {}
                Err(error) => bail!("the connection broke: {error}"),
            }
        }
    }

    /// Waits until the server ends the connection; `None` when it does not.
    pub async fn until_cut(&mut self, time: Duration) -> Option<String> {
        let limit = Instant::now() + time;
        loop {
            match timeout_at(limit, self.events.poll()).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Some(error.to_string()),
                Err(_) => return None,
            }
        }
    }

    async fn is_subscribed(&mut self, limit: Instant) -> anyhow::Result<bool> {
        let Ok(event) = timeout_at(limit, self.events.poll()).await else {
            match &self.broken {
                Some(error) => bail!("no connection in {} s: {error}", self.patience.as_secs()),
                None => bail!("the server did not answer in {} s", self.patience.as_secs()),
            }
        };
        Ok(match event {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                let subscribed = self
                    .client
                    .try_subscribe(self.dispenser.subscription(), QoS::AtLeastOnce);
                subscribed.context("the queue to the socket is full")?;
                false
            }
            Ok(Event::Incoming(Packet::SubAck(ack))) => {
                if ack.return_codes.contains(&rumqttc::SubscribeReasonCode::Failure) {
                    bail!("the gateway refused the subscription");
                }
                self.apply(Input::Connected)?;
                true
            }
            Ok(_) => false,
            Err(error @ ConnectionError::ConnectionRefused(_)) => bail!("the gateway refused the connection: {error}"),
            Err(error) => {
                self.broken = Some(error);
                self.apply(Input::Disconnected)?;
                sleep(RECONNECT).await;
                false
            }
        })
    }

    /// One event of the connection or of the machine's own time.
    async fn step(&mut self, limit: Instant) -> anyhow::Result<()> {
        let wake = self
            .dispenser
            .wake_at_ms()
            .map_or(limit, |ms| self.started + Duration::from_millis(ms));
        let event = match timeout_at(wake.min(limit), self.events.poll()).await {
            Ok(event) => event,
            Err(_) if Instant::now() >= limit => bail!("within {} s", self.patience.as_secs()),
            Err(_) => return self.apply(Input::Tick),
        };
        match event {
            Ok(Event::Incoming(Packet::Publish(message))) => self.apply(Input::Message {
                topic: message.topic,
                payload: message.payload.to_vec(),
            }),
            Ok(_) => Ok(()),
            Err(_) => {
                self.apply(Input::Disconnected)?;
                while !self.is_subscribed(limit).await? {}
                Ok(())
            }
        }
    }
}

/// At most 16 of `[a-z0-9]`, the newest digits of a request's id.
fn own_suffix(request: &str) -> String {
    let plain: Vec<char> = request.chars().filter(char::is_ascii_alphanumeric).collect();
    plain[plain.len().saturating_sub(16)..].iter().collect()
}
