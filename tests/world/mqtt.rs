//! A plain MQTT client for tests of the wire: says bytes on a leaf of its dispenser's prefix, hears bytes on another.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, bail};
use rumqttc::{AsyncClient, Event, EventLoop, LastWill, MqttOptions, NetworkOptions, Packet, QoS, SubscribeReasonCode};
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

/// Nothing here takes so long but on a very busy machine.
pub const LIMIT: Duration = Duration::from_secs(15);
/// Messages that may wait for the socket.
const QUEUE_MAX: usize = 256;

/// What came from the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// What follows the dispenser's prefix.
    pub leaf: String,
    /// The bytes.
    pub payload: Vec<u8>,
    /// Whether the gateway had kept it for those who subscribe.
    pub retained: bool,
}

/// A connection that is subscribed to everything under its dispenser's prefix.
pub struct Client {
    id: String,
    client: AsyncClient,
    heard: mpsc::UnboundedReceiver<Heard>,
    kept: Vec<Heard>,
    pump: JoinHandle<()>,
}

impl Client {
    /// Connects as dispenser `id`, with its id or `id.SUFFIX` as client id, and waits until it is subscribed.
    pub async fn connect(address: SocketAddr, id: &str, secret: &str, suffix: &str) -> anyhow::Result<Client> {
        let client_id = match suffix {
            "" => id.to_owned(),
            suffix => format!("{id}.{suffix}"),
        };
        let mut options = MqttOptions::new(client_id, address.ip().to_string(), address.port());
        options
            .set_credentials(id, secret)
            .set_keep_alive(Duration::from_secs(30));
        if suffix.is_empty() {
            let will = LastWill::new(format!("kisima/v1/{id}/status"), "offline", QoS::AtLeastOnce, true);
            options.set_last_will(will);
        }
        let (client, mut events) = AsyncClient::new(options, QUEUE_MAX);
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        events.set_network_options(network);
        client.subscribe(format!("kisima/v1/{id}/#"), QoS::AtLeastOnce).await?;
        let (sender, heard) = mpsc::unbounded_channel();
        timeout(LIMIT, subscribed(&mut events, &sender, id))
            .await
            .context("the gateway did not take the subscription in time")??;
        let prefix = id.to_owned();
        let pump = tokio::spawn(async move {
            while let Ok(event) = events.poll().await {
                hear(&event, &prefix, &sender);
            }
        });
        Ok(Client {
            id: id.to_owned(),
            client,
            heard,
            kept: Vec::new(),
            pump,
        })
    }

    /// Publishes on a leaf at QoS 1.
    pub async fn say(&self, leaf: &str, payload: impl Into<Vec<u8>>) -> anyhow::Result<()> {
        let topic = format!("kisima/v1/{}/{leaf}", self.id);
        Ok(self.client.publish(topic, QoS::AtLeastOnce, false, payload).await?)
    }

    /// The next message on a leaf. What comes on others meanwhile is kept for later.
    pub async fn hear(&mut self, leaf: &str) -> anyhow::Result<Heard> {
        if let Some(place) = self.kept.iter().position(|heard| heard.leaf == leaf) {
            return Ok(self.kept.remove(place));
        }
        let hearing = async {
            while let Some(heard) = self.heard.recv().await {
                if heard.leaf == leaf {
                    return Some(heard);
                }
                self.kept.push(heard);
            }
            None
        };
        match timeout(LIMIT, hearing).await {
            Ok(Some(heard)) => Ok(heard),
            Ok(None) => bail!("{}: the connection ended while waiting for {leaf}", self.id),
            Err(_) => bail!("{}: no {leaf} in time; heard so far: {:?}", self.id, self.kept),
        }
    }

    /// A message on a leaf that has come already.
    pub fn heard_now(&mut self, leaf: &str) -> Option<Heard> {
        while let Ok(heard) = self.heard.try_recv() {
            self.kept.push(heard);
        }
        let place = self.kept.iter().position(|heard| heard.leaf == leaf)?;
        Some(self.kept.remove(place))
    }

    /// Says something and hears the next message on another leaf.
    pub async fn tell(&mut self, leaf: &str, payload: impl Into<Vec<u8>>, answer: &str) -> anyhow::Result<Vec<u8>> {
        self.say(leaf, payload).await?;
        Ok(self.hear(answer).await?.payload)
    }

    /// Waits until the gateway ends the connection.
    pub async fn cut(&mut self, limit: Duration) -> anyhow::Result<()> {
        let ending = async {
            while let Some(heard) = self.heard.recv().await {
                self.kept.push(heard);
            }
        };
        timeout(limit, ending).await.context("the connection was not cut")
    }

    /// Says goodbye, so that no will is published, and waits until that has left.
    pub async fn leave(mut self) -> anyhow::Result<()> {
        self.client.disconnect().await?;
        timeout(LIMIT, &mut self.pump)
            .await
            .context("the goodbye did not leave")??;
        Ok(())
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.pump.abort();
    }
}

async fn subscribed(events: &mut EventLoop, sender: &mpsc::UnboundedSender<Heard>, id: &str) -> anyhow::Result<()> {
    loop {
        let event = events.poll().await.context("no connection")?;
        hear(&event, id, sender);
        if let Event::Incoming(Packet::SubAck(ack)) = event {
            if ack.return_codes.contains(&SubscribeReasonCode::Failure) {
                bail!("the gateway refused the subscription");
            }
            return Ok(());
        }
    }
}

fn hear(event: &Event, id: &str, sender: &mpsc::UnboundedSender<Heard>) {
    let Event::Incoming(Packet::Publish(message)) = event else {
        return;
    };
    let leaf = message.topic.strip_prefix(&format!("kisima/v1/{id}/"));
    let heard = Heard {
        leaf: leaf.unwrap_or(&message.topic).to_owned(),
        payload: message.payload.to_vec(),
        retained: message.retain,
    };
    // A client that is being dropped hears no more.
    sender.send(heard).ok();
}
