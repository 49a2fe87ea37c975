//! Reading MQTT 3.1.1 and 5 packets that a dispenser may send. Strict, borrows from the read buffer, allocates nothing.
//!
//! Sources: OASIS MQTT 3.1.1 (2014) and MQTT 5.0 (2019), sections 2 and 3. Only what a dispenser may say is known:
//! everything else is an error and closes the connection.

mod reader;

use super::reason::{Fault, Refusal};
use reader::Reader;

/// The protocol a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// MQTT 3.1.1, protocol level 4.
    V4,
    /// MQTT 5, protocol level 5.
    V5,
}

/// A packet from a dispenser, its texts still in the read buffer.
#[derive(Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// A message; see [`Publish`].
    Publish(Publish<'a>),
    /// The dispenser has our message with this packet id.
    PubAck(u16),
    /// A wish to receive; the filters are read with [`Subscribe::filters`].
    Subscribe(Subscribe<'a>),
    /// No longer wanted; the filters are read with [`Unsubscribe::filters`].
    Unsubscribe(Unsubscribe<'a>),
    /// Are you there?
    PingReq,
    /// Goodbye; with `with_will` (MQTT 5, reason 0x04) the will is published all the same.
    Disconnect {
        /// Whether the will is to be published.
        with_will: bool,
    },
}

/// A message from a dispenser.
#[derive(Debug, PartialEq, Eq)]
pub struct Publish<'a> {
    /// Where to, not yet checked against the dispenser's rights.
    pub topic: &'a str,
    /// 0, 1 or 2.
    pub qos: u8,
    /// Keep as the topic's last value.
    pub retain: bool,
    /// What our PUBACK must name; 0 at QoS 0.
    pub packet_id: u16,
    /// The body.
    pub payload: &'a [u8],
}

/// A SUBSCRIBE whose filters have all been checked for form.
#[derive(Debug, PartialEq, Eq)]
pub struct Subscribe<'a> {
    /// What our SUBACK must name.
    pub packet_id: u16,
    body: &'a [u8],
}

/// One filter of a SUBSCRIBE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter<'a> {
    /// The filter's text.
    pub path: &'a str,
    /// The highest QoS wished for, 0 to 2.
    pub qos: u8,
    /// MQTT 5 retain handling: 0 send retained, 1 only if newly subscribed, 2 never.
    pub retain_handling: u8,
}

/// An UNSUBSCRIBE whose filters have all been checked for form.
#[derive(Debug, PartialEq, Eq)]
pub struct Unsubscribe<'a> {
    /// What our UNSUBACK must name.
    pub packet_id: u16,
    body: &'a [u8],
}

impl<'a> Subscribe<'a> {
    /// The filters in order.
    pub fn filters(&self) -> impl Iterator<Item = Filter<'a>> {
        let mut reader = Reader(self.body);
        std::iter::from_fn(move || reader.filter().ok())
    }
}

impl<'a> Unsubscribe<'a> {
    /// The filters in order.
    pub fn filters(&self) -> impl Iterator<Item = &'a str> {
        let mut reader = Reader(self.body);
        std::iter::from_fn(move || reader.text().ok())
    }
}

/// The first packet of a connection.
#[derive(Debug, PartialEq, Eq)]
pub struct Connect<'a> {
    /// The protocol spoken from here on.
    pub version: Version,
    /// Seconds after which silence means gone; 0 never.
    pub keep_alive_s: u16,
    /// The client id, unchecked.
    pub client_id: &'a str,
    /// The will, unchecked.
    pub will: Option<Will<'a>>,
    /// The user name, empty if none.
    pub user: &'a str,
    /// The password, empty if none.
    pub password: &'a [u8],
    /// How many QoS 1 messages may be open towards the client.
    pub receive_max: u16,
    /// The longest packet the client takes, in bytes.
    pub packet_bytes_max: u32,
    /// MQTT 5: the client asked for its session to outlive the connection, which it will not.
    pub asked_to_be_kept: bool,
    /// MQTT 5: an authentication method was named; we know none.
    pub extended_authentication: bool,
}

/// What the client wants said when it vanishes.
#[derive(Debug, PartialEq, Eq)]
pub struct Will<'a> {
    /// Where to.
    pub topic: &'a str,
    /// The body.
    pub payload: &'a [u8],
    /// 0, 1 or 2.
    pub qos: u8,
    /// Keep as the topic's last value.
    pub retain: bool,
}

/// A packet's first byte and the length of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Packet type and flags.
    pub first: u8,
    /// Bytes of the fixed header.
    pub head_bytes: usize,
    /// Bytes of the whole packet.
    pub total_bytes: usize,
}

/// Reads a fixed header; `None` while bytes are missing. A packet over `packet_bytes_max` is refused from its header
/// alone, before any of its body is kept.
pub fn header(bytes: &[u8], packet_bytes_max: usize) -> Result<Option<Header>, Fault> {
    let Some((&first, rest)) = bytes.split_first() else {
        return Ok(None);
    };
    let mut length = 0usize;
    for (index, &byte) in rest.iter().take(4).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            let head_bytes = index + 2;
            let total_bytes = head_bytes + length;
            if total_bytes > packet_bytes_max {
                return Err(Fault::refuse(Refusal::TooLarge));
            }
            return Ok(Some(Header {
                first,
                head_bytes,
                total_bytes,
            }));
        }
    }
    if rest.len() >= 4 {
        Err(Fault::MALFORMED)
    } else {
        Ok(None)
    }
}

/// Reads a whole packet that follows CONNECT. `frame` is exactly the packet.
pub fn read(version: Version, header: Header, frame: &[u8]) -> Result<Packet<'_>, Fault> {
    let mut reader = Reader(
        frame
            .get(header.head_bytes..header.total_bytes)
            .ok_or(Fault::MALFORMED)?,
    );
    let packet = match (header.first >> 4, header.first & 0x0f) {
        (3, flags) => return publish(version, flags, reader),
        (4, 0) => return puback(version, reader),
        (8, 2) => {
            let packet_id = reader.packet_id()?;
            if version == Version::V5 {
                subscribe_properties(reader.properties()?)?;
            }
            let body = reader.0;
            let mut checked = Reader(body);
            while !checked.0.is_empty() {
                checked.filter()?;
            }
            return if body.is_empty() {
                Err(Fault::PROTOCOL)
            } else {
                Ok(Packet::Subscribe(Subscribe { packet_id, body }))
            };
        }
        (10, 2) => {
            let packet_id = reader.packet_id()?;
            if version == Version::V5 {
                user_properties_only(reader.properties()?)?;
            }
            let body = reader.0;
            let mut checked = Reader(body);
            while !checked.0.is_empty() {
                checked.text()?;
            }
            return if body.is_empty() {
                Err(Fault::PROTOCOL)
            } else {
                Ok(Packet::Unsubscribe(Unsubscribe { packet_id, body }))
            };
        }
        (12, 0) => Packet::PingReq,
        (14, 0) => Packet::Disconnect {
            with_will: disconnect_with_will(version, &mut reader)?,
        },
        (5..=7, _) => return Err(Fault::refuse(Refusal::Qos2)),
        (1..=2 | 9 | 11 | 13 | 15, _) => return Err(Fault::PROTOCOL),
        _ => return Err(Fault::MALFORMED),
    };
    reader.end()?;
    Ok(packet)
}

fn publish(version: Version, flags: u8, mut reader: Reader<'_>) -> Result<Packet<'_>, Fault> {
    let qos = (flags >> 1) & 3;
    let topic = reader.text()?;
    let packet_id = match qos {
        0 => 0,
        1 | 2 => reader.packet_id()?,
        _ => return Err(Fault::MALFORMED),
    };
    if version == Version::V5 {
        let mut properties = reader.properties()?;
        while let Some((id, value)) = properties.property()? {
            match (id, value) {
                (0x01 | 0x02 | 0x03 | 0x08 | 0x09 | 0x26, _) => {}
                // We offered no aliases (Topic Alias Maximum absent means 0).
                (0x23, _) => return Err(Fault::refuse(Refusal::TopicAlias)),
                _ => return Err(Fault::PROTOCOL),
            }
        }
    }
    Ok(Packet::Publish(Publish {
        topic,
        qos,
        retain: flags & 1 == 1,
        packet_id,
        payload: reader.0,
    }))
}

fn puback(version: Version, mut reader: Reader<'_>) -> Result<Packet<'_>, Fault> {
    let packet_id = reader.packet_id()?;
    if version == Version::V5 && !reader.0.is_empty() {
        reader.byte()?;
        if !reader.0.is_empty() {
            let mut properties = reader.properties()?;
            while let Some((id, _)) = properties.property()? {
                if !matches!(id, 0x1f | 0x26) {
                    return Err(Fault::PROTOCOL);
                }
            }
        }
    }
    reader.end()?;
    Ok(Packet::PubAck(packet_id))
}

fn subscribe_properties(mut properties: Reader<'_>) -> Result<(), Fault> {
    while let Some((id, _)) = properties.property()? {
        match id {
            0x26 => {}
            // CONNACK said that subscription identifiers are not available.
            0x0b => return Err(Fault::refuse(Refusal::SubscriptionIdentifier)),
            _ => return Err(Fault::PROTOCOL),
        }
    }
    Ok(())
}

fn user_properties_only(mut properties: Reader<'_>) -> Result<(), Fault> {
    while let Some((id, _)) = properties.property()? {
        if id != 0x26 {
            return Err(Fault::PROTOCOL);
        }
    }
    Ok(())
}

fn disconnect_with_will(version: Version, reader: &mut Reader<'_>) -> Result<bool, Fault> {
    if version == Version::V4 || reader.0.is_empty() {
        return Ok(false);
    }
    let reason = reader.byte()?;
    if !reader.0.is_empty() {
        let mut properties = reader.properties()?;
        while let Some((id, _)) = properties.property()? {
            if !matches!(id, 0x11 | 0x1f | 0x26) {
                return Err(Fault::PROTOCOL);
            }
        }
    }
    Ok(reason != 0)
}

/// Reads a CONNECT. An unknown protocol level is [`Refusal::UnsupportedVersion`].
pub fn connect(header: Header, frame: &[u8]) -> Result<Connect<'_>, Fault> {
    if header.first != 0x10 {
        return Err(Fault::refuse(Refusal::NotConnect));
    }
    let mut reader = Reader(
        frame
            .get(header.head_bytes..header.total_bytes)
            .ok_or(Fault::MALFORMED)?,
    );
    let name = reader.text()?;
    let level = reader.byte()?;
    let version = match (name, level) {
        ("MQTT", 4) => Version::V4,
        ("MQTT", 5) => Version::V5,
        ("MQTT" | "MQIsdp", _) => return Err(Fault::refuse(Refusal::UnsupportedVersion)),
        _ => return Err(Fault::MALFORMED),
    };
    let flags = reader.byte()?;
    let will_qos = (flags >> 3) & 3;
    let has_will = flags & 0x04 != 0;
    if flags & 1 != 0 || will_qos == 3 || (!has_will && flags & 0x38 != 0) {
        return Err(Fault::MALFORMED);
    }
    let mut connect = Connect {
        version,
        keep_alive_s: reader.short()?,
        client_id: "",
        will: None,
        user: "",
        password: &[],
        receive_max: u16::MAX,
        packet_bytes_max: u32::MAX,
        asked_to_be_kept: false,
        extended_authentication: false,
    };
    if version == Version::V5 {
        connect_properties(reader.properties()?, &mut connect)?;
    }
    connect.client_id = reader.text()?;
    if has_will {
        if version == Version::V5 {
            let mut properties = reader.properties()?;
            while let Some((id, _)) = properties.property()? {
                if !matches!(id, 0x01 | 0x02 | 0x03 | 0x08 | 0x09 | 0x18 | 0x26) {
                    return Err(Fault::PROTOCOL);
                }
            }
        }
        let (topic, payload) = (reader.text()?, reader.bytes()?);
        connect.will = Some(Will {
            topic,
            payload,
            qos: will_qos,
            retain: flags & 0x20 != 0,
        });
    }
    if flags & 0x80 != 0 {
        connect.user = reader.text()?;
    }
    if flags & 0x40 != 0 {
        connect.password = reader.bytes()?;
    }
    reader.end()?;
    Ok(connect)
}

fn connect_properties(mut properties: Reader<'_>, connect: &mut Connect<'_>) -> Result<(), Fault> {
    while let Some((id, value)) = properties.property()? {
        match (id, value) {
            (0x11, seconds) => connect.asked_to_be_kept = seconds != 0,
            (0x21, 1..=0xffff) => connect.receive_max = value as u16,
            (0x27, 1..) => connect.packet_bytes_max = value,
            (0x15 | 0x16, _) => connect.extended_authentication = true,
            (0x22 | 0x26, _) | (0x17 | 0x19, 0 | 1) => {}
            _ => return Err(Fault::PROTOCOL),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
