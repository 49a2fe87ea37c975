//! One dispenser's connection after its CONNACK: a single task that owns the socket, reads in batches, answers in
//! batches, and ends for exactly one reason.

use std::{collections::VecDeque, net::SocketAddr, sync::Arc, time::Duration};

use bytes::{Buf, BytesMut};
use futures_util::FutureExt;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::mpsc::error::TrySendError,
    time::{Instant, MissedTickBehavior, interval, timeout},
};

use super::{
    Event, Shared,
    broker::Link,
    bucket::Turn,
    door::{self, Admitted, Will},
    encode,
    packet::{self, Packet, Publish, Version},
    reason::{Fault, Refusal},
    registry::Seat,
    session::{Change, Delivery, Subscriptions},
    spoken,
    topics::{Heard, Leaf},
};

/// Read at most this much at a time; a batch of some 25 asks.
const READ_BYTES: usize = 4096;
/// How often silence and unacknowledged messages are looked at.
const CHECK_EVERY: Duration = Duration::from_secs(1);
/// How many message routers may die under one wish for a link.
const ATTACH_TRIES: usize = 3;

/// A connection that may speak.
pub struct Connection<S> {
    shared: Arc<Shared>,
    stream: S,
    seat: Seat,
    peer: SocketAddr,
    version: Version,
    keep_alive: Option<Duration>,
    will: Option<Will>,
    subscriptions: Subscriptions,
    link: Option<Link>,
    output: BytesMut,
    mail: VecDeque<Delivery>,
    heard_at: Instant,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// A connection that has its seat but not yet its CONNACK.
    pub fn new(shared: Arc<Shared>, stream: S, seat: Seat, peer: SocketAddr, admitted: Admitted) -> Connection<S> {
        let settings = &shared.settings;
        let limits = spoken::limits(settings, &admitted);
        let mut output = BytesMut::with_capacity(READ_BYTES);
        encode::connack_accept(
            &mut output,
            admitted.version,
            settings.packet_bytes_max as u32,
            admitted.asked_to_be_kept,
        );
        Connection {
            stream,
            peer,
            version: admitted.version,
            // MQTT 3.1.1 section 3.1.2.10: one and a half times the keep-alive.
            keep_alive: (admitted.keep_alive_s > 0)
                .then(|| Duration::from_millis(1500) * u32::from(admitted.keep_alive_s)),
            will: admitted.will,
            subscriptions: Subscriptions::new(admitted.version, admitted.dispenser, limits),
            link: None,
            output,
            mail: VecDeque::new(),
            heard_at: Instant::now(),
            seat,
            shared,
        }
    }

    /// Serves the connection until it ends; `input` is what came behind the CONNECT.
    pub async fn serve(mut self, input: BytesMut) {
        let fault = match self.welcome().await {
            Ok(()) => self.converse(input).await,
            Err(fault) => fault,
        };
        self.finish(fault).await;
    }

    async fn welcome(&mut self) -> Result<(), Fault> {
        tokio::select! {
            biased;
            fault = self.seat.member.must_end() => Err(fault),
            () = self.shared.announce(&self.seat.member.dispenser) => Ok(()),
        }
    }

    /// Runs until something ends the connection.
    async fn converse(&mut self, mut input: BytesMut) -> Fault {
        let mut check = interval(CHECK_EVERY);
        check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let member = self.seat.member.clone();
        loop {
            let turn = async {
                self.take_packets(&mut input).await?;
                self.take_mail()?;
                self.flush().await
            };
            match turn.await {
                Ok(false) => {}
                // While writing, mail may have come whose wake-up the writer used up: look again before waiting.
                Ok(true) => continue,
                Err(fault) => return fault,
            }
            if input.is_empty() {
                input.clear();
            }
            input.reserve(READ_BYTES);
            let woken = tokio::select! {
                biased;
                read = self.stream.read_buf(&mut input) => match read {
                    Ok(1..) => {
                        self.heard_at = Instant::now();
                        Ok(())
                    }
                    Ok(0) | Err(_) => Err(Fault::Gone),
                },
                () = member.mail() => Ok(()),
                delivery = next_of(&mut self.link) => self.take_delivery(delivery).await,
                _ = check.tick() => self.check(),
            };
            if let Err(fault) = woken {
                return fault;
            }
        }
    }

    /// Handles every whole packet that has been read.
    async fn take_packets(&mut self, input: &mut BytesMut) -> Result<(), Fault> {
        let packet_bytes_max = self.shared.settings.packet_bytes_max;
        while let Some(header) = packet::header(input, packet_bytes_max)? {
            if header.total_bytes > input.len() {
                break;
            }
            let packet = packet::read(self.version, header, &input[..header.total_bytes])?;
            self.take_packet(packet).await?;
            input.advance(header.total_bytes);
        }
        Ok(())
    }

    async fn take_packet(&mut self, packet: Packet<'_>) -> Result<(), Fault> {
        let now = Instant::now();
        if let Packet::PubAck(packet_id) = packet
            && self.subscriptions.acknowledged(packet_id, now, &mut self.output)
        {
            return Ok(());
        }
        self.turn().await?;
        match packet {
            Packet::Publish(publish) => self.take_publish(publish).await,
            // Names nothing that is open: from before a reconnection, perhaps. It has been counted.
            Packet::PubAck(_) => Ok(()),
            Packet::Subscribe(subscribe) => {
                let change = self
                    .subscriptions
                    .subscribe(subscribe.packet_id, subscribe.filters(), &mut self.output);
                for _ in 0..change.refused {
                    self.refused(Refusal::ForeignSubscription);
                }
                self.apply(change).await
            }
            Packet::Unsubscribe(unsubscribe) => {
                let change =
                    self.subscriptions
                        .unsubscribe(unsubscribe.packet_id, unsubscribe.filters(), &mut self.output);
                self.apply(change).await
            }
            Packet::PingReq => {
                encode::pingresp(&mut self.output);
                Ok(())
            }
            Packet::Disconnect { with_will } => Err(if with_will { Fault::Gone } else { Fault::Goodbye }),
        }
    }

    /// Waits until one more may pass. Meanwhile the socket is not read, and what was said so far goes out.
    async fn turn(&mut self) -> Result<(), Fault> {
        loop {
            match self.seat.member.dispenser.turn(Instant::now()) {
                Turn::Now => return Ok(()),
                Turn::Flood => return Err(Fault::refuse(Refusal::Flood)),
                Turn::After(wait) => {
                    self.flush().await?;
                    if let Ok(fault) = timeout(wait, self.seat.member.must_end()).await {
                        return Err(fault);
                    }
                }
            }
        }
    }

    async fn take_publish(&mut self, publish: Publish<'_>) -> Result<(), Fault> {
        let dispenser = &self.seat.member.dispenser.id;
        let event = spoken::judged(dispenser, &publish, self.shared.settings.payload_bytes_max)?;
        if let Event::Published {
            leaf: Leaf::Status,
            payload,
            ..
        } = &event
        {
            self.shared
                .broker
                .publish(dispenser, Heard::Status, payload.clone(), publish.retain);
        }
        self.tell(event).await?;
        if publish.qos == 1 {
            encode::puback(&mut self.output, publish.packet_id);
        }
        Ok(())
    }

    /// Passes an event on. While the gateway is busy the socket is not read: that is the back-pressure.
    async fn tell(&mut self, event: Event) -> Result<(), Fault> {
        match self.shared.events.try_send(event) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(_)) => Err(Fault::Stopping),
            Err(TrySendError::Full(event)) => tokio::select! {
                biased;
                fault = self.seat.member.must_end() => Err(fault),
                sent = self.shared.events.send(event) => sent.map_err(|_| Fault::Stopping),
            },
        }
    }

    /// Makes the Router's subscriptions what the connection's are, over a new link if the old one is lost.
    async fn apply(&mut self, change: Change) -> Result<(), Fault> {
        let (mut subscribe, unsubscribe) = (self.kept(change.subscribe), self.kept(change.unsubscribe));
        if !unsubscribe.is_empty()
            && let Some(link) = &mut self.link
        {
            let came = link.unsubscribe(unsubscribe).await;
            subscribe = self.came(came)?;
        }
        for _ in 0..ATTACH_TRIES {
            if subscribe.is_empty() {
                return Ok(());
            }
            let came = match self.linked().await {
                Ok(link) => link.subscribe(subscribe).await,
                Err(error) => Err(error),
            };
            subscribe = self.came(came)?;
        }
        Err(Fault::Broker)
    }

    /// Takes what a link brought; what is then to be subscribed: everything, over another link, if it brought an error.
    fn came(&mut self, came: Result<Vec<Delivery>, super::BrokerError>) -> Result<Vec<String>, Fault> {
        match came {
            Ok(deliveries) => {
                let now = Instant::now();
                for delivery in deliveries {
                    self.subscriptions.deliver(delivery, now, &mut self.output)?;
                }
                Ok(Vec::new())
            }
            Err(error) => {
                tracing::warn!("link of {} lost, making another: {error}", self.seat.member.client_id);
                self.link = None;
                Ok(self.kept(self.subscriptions.heard()))
            }
        }
    }

    /// The topics of those that go by the Router.
    fn kept(&self, heard: Vec<Heard>) -> Vec<String> {
        heard
            .into_iter()
            .filter(|heard| heard.is_kept())
            .map(|heard| self.subscriptions.topic(heard).to_owned())
            .collect()
    }

    /// The link to the Router, made when first needed: who only publishes has none.
    async fn linked(&mut self) -> Result<&mut Link, super::BrokerError> {
        Ok(match &mut self.link {
            Some(link) => link,
            link => link.insert(self.shared.broker.attach(self.seat.member.slot).await?),
        })
    }

    /// Takes one message from the Router and those right behind it. A broken link is made anew, with its subscriptions.
    async fn take_delivery(&mut self, first: Result<Delivery, super::BrokerError>) -> Result<(), Fault> {
        let mut next = Some(first);
        while let Some(delivery) = next {
            if self.came(delivery.map(|delivery| vec![delivery]))?.is_empty() {
                next = next_of(&mut self.link).now_or_never();
            } else {
                let subscribe = self.subscriptions.heard();
                return self
                    .apply(Change {
                        subscribe,
                        ..Change::default()
                    })
                    .await;
            }
        }
        Ok(())
    }

    fn take_mail(&mut self) -> Result<(), Fault> {
        self.seat.member.collect(&mut self.mail)?;
        if !self.mail.is_empty() {
            let now = Instant::now();
            for delivery in self.mail.drain(..) {
                self.subscriptions.deliver(delivery, now, &mut self.output)?;
            }
        }
        Ok(())
    }

    /// Writes what is ready; true if there was anything.
    async fn flush(&mut self) -> Result<bool, Fault> {
        if self.output.is_empty() {
            return Ok(false);
        }
        let (stream, output) = (&mut self.stream, &mut self.output);
        let written = async {
            stream.write_all_buf(output).await?;
            stream.flush().await
        };
        tokio::select! {
            biased;
            written = timeout(self.shared.settings.write_within, written) => match written {
                Ok(Ok(())) => Ok(true),
                Ok(Err(_)) => Err(Fault::Gone),
                Err(_) => Err(Fault::refuse(Refusal::SlowReader)),
            },
            fault = self.seat.member.must_end() => Err(fault),
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let now = Instant::now();
        if self
            .keep_alive
            .is_some_and(|limit| now.saturating_duration_since(self.heard_at) > limit)
        {
            return Err(Fault::KeepAlive);
        }
        self.subscriptions.check(now)
    }

    fn refused(&self, why: Refusal) {
        self.shared
            .refused(Some(self.seat.member.dispenser.id.as_str().into()), self.peer, why);
    }

    /// Says why, says the will, tells the gateway, gives the seat back, and only then waits for the client to leave.
    async fn finish(mut self, fault: Fault) {
        if let Fault::Refused(why) = fault {
            self.refused(why);
        }
        let code = if self.version == Version::V5 {
            fault.disconnect_code()
        } else {
            None
        };
        // Half a packet may have gone out: then nothing sensible can follow it.
        let whole = self.output.is_empty() || self.flush_briefly().await;
        if let Some(code) = code.filter(|_| whole) {
            encode::disconnect(&mut self.output, self.version, code);
            self.flush_briefly().await;
        }
        self.link = None;
        self.seat.retire();
        let dispenser = self.seat.member.dispenser.clone();
        if fault != Fault::Goodbye
            && let Some(will) = self.will.take()
        {
            self.shared
                .broker
                .publish(&dispenser.id, Heard::Status, will.payload.clone(), will.retain);
            let event = Event::Published {
                dispenser: dispenser.id.clone(),
                leaf: Leaf::Status,
                payload: will.payload,
            };
            self.shared.tell_briefly(event).await;
        }
        if timeout(self.shared.settings.stop_within, self.shared.announce(&dispenser))
            .await
            .is_err()
        {
            tracing::debug!(
                "the gateway is too busy to hear that {} left; it is told later",
                dispenser.id
            );
        }
        let Connection {
            seat,
            mut stream,
            shared,
            ..
        } = self;
        drop(seat);
        if fault != Fault::Gone {
            // From here on it is one of those without a seat, and goes first when there are too many.
            let knock = shared.registry.knock();
            tokio::select! {
                () = door::linger(&mut stream, &shared.settings) => {}
                () = knock.evicted() => {}
            }
        }
    }

    async fn flush_briefly(&mut self) -> bool {
        let written = timeout(self.shared.settings.linger, self.stream.write_all_buf(&mut self.output)).await;
        matches!(written, Ok(Ok(()))) && self.stream.flush().await.is_ok()
    }
}

async fn next_of(link: &mut Option<Link>) -> Result<Delivery, super::BrokerError> {
    match link {
        Some(link) => link.next().await,
        None => std::future::pending().await,
    }
}
