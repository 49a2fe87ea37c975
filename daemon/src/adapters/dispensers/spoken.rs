//! What a dispenser may say, decided without a socket: pure. `connection` asks here; [`hear`] hears a whole conversation of
//! which all bytes are there, as tests that damage packets have it.

use bytes::{Buf, Bytes, BytesMut};
use kiosk::ids::DispenserId;
use tokio::time::Instant;

use super::{
    Credentials, Event, Settings,
    door::{self, Admitted},
    encode,
    packet::{self, Packet, Publish},
    reason::{Fault, Refusal},
    session::{Limits, Subscriptions},
    topics::{self, PublishTopic},
};

/// The limits of a connection that was admitted.
pub(super) fn limits(settings: &Settings, admitted: &Admitted) -> Limits {
    Limits {
        in_flight_max: settings.in_flight_max.min(usize::from(admitted.receive_max)),
        waiting_max: settings.waiting_max,
        packet_bytes_max: admitted.packet_bytes_max as usize,
        acknowledge_within: settings.acknowledge_within,
    }
}

/// What a message of this dispenser is to the gateway.
pub(super) fn judged(dispenser: &DispenserId, publish: &Publish<'_>, payload_bytes_max: usize) -> Result<Event, Fault> {
    if publish.qos > 1 {
        return Err(Fault::refuse(Refusal::Qos2));
    }
    match topics::publish_topic(dispenser, publish.topic) {
        PublishTopic::Wildcard => Err(Fault::refuse(Refusal::Wildcard)),
        PublishTopic::Foreign => Err(Fault::refuse(Refusal::ForeignPublish)),
        _ if publish.payload.len() > payload_bytes_max => Err(Fault::refuse(Refusal::TooLarge)),
        PublishTopic::Unknown(name) => Ok(Event::UnknownTopic {
            dispenser: dispenser.clone(),
            leaf: name.into(),
        }),
        PublishTopic::Known(leaf) => Ok(Event::Published {
            dispenser: dispenser.clone(),
            leaf,
            payload: Bytes::copy_from_slice(publish.payload),
        }),
    }
}

/// A conversation as it was heard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Whether the first packet let the dispenser in.
    pub is_admitted: bool,
    /// What the gateway is told of, in order.
    pub events: Vec<Event>,
    /// What the dispenser is answered, without CONNACK and DISCONNECT.
    pub answers: Vec<u8>,
    /// Whether it was ended, by a goodbye or for a fault.
    pub is_over: bool,
}

/// Hears what a client says, which is all there: CONNECT, then packets until they end, are not whole or at fault.
pub fn hear(said: &[u8], settings: &Settings, credentials: &Credentials, now: Instant) -> Heard {
    let mut input = BytesMut::from(said);
    let mut heard = Heard::default();
    let admitted = match door::take_connect(&mut input, settings, credentials) {
        Ok(Some(admitted)) => admitted,
        Ok(None) => return heard,
        Err(_) => {
            heard.is_over = true;
            return heard;
        }
    };
    heard.is_admitted = true;
    let version = admitted.version;
    let limits = limits(settings, &admitted);
    let mut subscriptions = Subscriptions::new(version, admitted.dispenser.clone(), limits);
    let mut answers = BytesMut::new();
    let mut next = || -> Result<bool, Fault> {
        let Some(header) = packet::header(&input, settings.packet_bytes_max)? else {
            return Ok(false);
        };
        if header.total_bytes > input.len() {
            return Ok(false);
        }
        let frame = input.split_to(header.total_bytes);
        let packet = packet::read(version, header, &frame)?;
        let event = take(
            packet,
            &mut subscriptions,
            (settings, &admitted.dispenser, now),
            &mut answers,
        )?;
        heard.events.extend(event);
        Ok(input.has_remaining())
    };
    let ended = loop {
        match next() {
            Ok(true) => {}
            Ok(false) => break false,
            Err(_) => break true,
        }
    };
    heard.is_over = ended;
    heard.answers = answers.to_vec();
    heard
}

fn take(
    packet: Packet<'_>,
    subscriptions: &mut Subscriptions,
    (settings, dispenser, now): (&Settings, &DispenserId, Instant),
    answers: &mut BytesMut,
) -> Result<Option<Event>, Fault> {
    match packet {
        Packet::Publish(publish) => {
            let event = judged(dispenser, &publish, settings.payload_bytes_max)?;
            if publish.qos == 1 {
                encode::puback(answers, publish.packet_id);
            }
            return Ok(Some(event));
        }
        Packet::PubAck(packet_id) => drop(subscriptions.acknowledged(packet_id, now, answers)),
        Packet::Subscribe(subscribe) => {
            subscriptions.subscribe(subscribe.packet_id, subscribe.filters(), answers);
        }
        Packet::Unsubscribe(unsubscribe) => {
            subscriptions.unsubscribe(unsubscribe.packet_id, unsubscribe.filters(), answers);
        }
        Packet::PingReq => encode::pingresp(answers),
        Packet::Disconnect { with_will } => return Err(if with_will { Fault::Gone } else { Fault::Goodbye }),
    }
    Ok(None)
}
