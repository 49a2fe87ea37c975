//! Writing the MQTT packets the front sends, appended to one buffer so that many leave in one write.

use bytes::{BufMut, BytesMut};

use super::packet::Version;

/// CONNACK that accepts: session present is always 0. MQTT 5 also says what this server does not do.
pub fn connack_accept(out: &mut BytesMut, version: Version, packet_bytes_max: u32, asked_to_be_kept: bool) {
    match version {
        Version::V4 => out.put_slice(&[0x20, 2, 0, 0]),
        Version::V5 => {
            // Maximum QoS 1, maximum packet size, no subscription identifiers, no shared subscriptions.
            let properties_bytes = 2 + 5 + 2 + 2 + if asked_to_be_kept { 5 } else { 0 };
            out.put_slice(&[0x20, 3 + properties_bytes, 0, 0, properties_bytes, 0x24, 1, 0x27]);
            out.put_u32(packet_bytes_max);
            out.put_slice(&[0x29, 0, 0x2a, 0]);
            if asked_to_be_kept {
                // Session expiry interval 0: sessions do not outlive their connection.
                out.put_slice(&[0x11, 0, 0, 0, 0]);
            }
        }
    }
}

/// CONNACK that refuses.
pub fn connack_refuse(out: &mut BytesMut, version: Version, code: u8) {
    match version {
        Version::V4 => out.put_slice(&[0x20, 2, 0, code]),
        Version::V5 => out.put_slice(&[0x20, 3, 0, code, 0]),
    }
}

/// PUBACK, success; the same bytes in both versions.
pub fn puback(out: &mut BytesMut, packet_id: u16) {
    out.put_u32(0x4002_0000 | u32::from(packet_id));
}

/// SUBACK with one code per filter.
pub fn suback(out: &mut BytesMut, version: Version, packet_id: u16, codes: &[u8]) {
    acknowledge(out, 0x90, version, packet_id, codes);
}

/// UNSUBACK; `codes` (one per filter) are said in MQTT 5 only.
pub fn unsuback(out: &mut BytesMut, version: Version, packet_id: u16, codes: &[u8]) {
    acknowledge(
        out,
        0xb0,
        version,
        packet_id,
        if version == Version::V5 { codes } else { &[] },
    );
}

fn acknowledge(out: &mut BytesMut, first: u8, version: Version, packet_id: u16, codes: &[u8]) {
    let properties_bytes = usize::from(version == Version::V5);
    out.put_u8(first);
    remaining_length(out, 2 + properties_bytes + codes.len());
    out.put_u16(packet_id);
    if version == Version::V5 {
        out.put_u8(0);
    }
    out.put_slice(codes);
}

/// PINGRESP.
pub fn pingresp(out: &mut BytesMut) {
    out.put_slice(&[0xd0, 0]);
}

/// DISCONNECT with a reason; MQTT 3.1.1 has none from a server.
pub fn disconnect(out: &mut BytesMut, version: Version, code: u8) {
    if version == Version::V5 {
        out.put_slice(&[0xe0, 2, code, 0]);
    }
}

/// Bytes that [`publish`] will append.
pub fn publish_bytes(version: Version, topic: &str, payload: &[u8], qos: u8) -> usize {
    let remaining = publish_remaining(version, topic, payload, qos);
    1 + length_bytes(remaining) + remaining
}

/// PUBLISH at QoS 0 or 1; `packet_id` is ignored at QoS 0.
pub fn publish(
    out: &mut BytesMut,
    version: Version,
    topic: &str,
    payload: &[u8],
    packet_id: Option<u16>,
    retain: bool,
) {
    let qos = u8::from(packet_id.is_some());
    let remaining = publish_remaining(version, topic, payload, qos);
    out.reserve(5 + remaining);
    out.put_u8(0x30 | (qos << 1) | u8::from(retain));
    remaining_length(out, remaining);
    out.put_u16(topic.len() as u16);
    out.put_slice(topic.as_bytes());
    if let Some(packet_id) = packet_id {
        out.put_u16(packet_id);
    }
    if version == Version::V5 {
        out.put_u8(0);
    }
    out.put_slice(payload);
}

fn publish_remaining(version: Version, topic: &str, payload: &[u8], qos: u8) -> usize {
    2 + topic.len() + 2 * usize::from(qos) + usize::from(version == Version::V5) + payload.len()
}

fn length_bytes(length: usize) -> usize {
    match length {
        0..=127 => 1,
        128..=16_383 => 2,
        16_384..=2_097_151 => 3,
        _ => 4,
    }
}

fn remaining_length(out: &mut BytesMut, mut length: usize) {
    while length > 127 {
        out.put_u8((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    out.put_u8(length as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publishes_have_the_bytes_of_the_standard() {
        let mut out = BytesMut::new();
        publish(&mut out, Version::V4, "a/b", b"hi", Some(0x0102), false);
        assert_eq!(&out[..], b"\x32\x09\x00\x03a/b\x01\x02hi");
        out.clear();
        publish(&mut out, Version::V5, "a/b", b"hi", None, true);
        assert_eq!(&out[..], b"\x31\x08\x00\x03a/b\x00hi");
    }

    #[test]
    fn the_announced_length_is_the_written_length_at_every_size_of_the_length_field() {
        for payload_bytes in [0, 100, 118, 119, 120, 16_000, 16_372, 16_373, 16_374, 70_000] {
            for version in [Version::V4, Version::V5] {
                for qos in [0, 1] {
                    let payload = vec![0; payload_bytes];
                    let mut out = BytesMut::new();
                    publish(&mut out, version, "kisima", &payload, (qos == 1).then_some(7), false);
                    assert_eq!(out.len(), publish_bytes(version, "kisima", &payload, qos));
                    let header = crate::adapters::dispensers::packet::header(&out, usize::MAX)
                        .unwrap()
                        .unwrap();
                    assert_eq!(header.total_bytes, out.len());
                }
            }
        }
    }

    #[test]
    fn acknowledgements_have_the_bytes_of_the_standard() {
        let mut out = BytesMut::new();
        puback(&mut out, 0x1234);
        suback(&mut out, Version::V4, 1, &[1, 0x80]);
        suback(&mut out, Version::V5, 1, &[1, 0x87]);
        unsuback(&mut out, Version::V4, 2, &[0]);
        unsuback(&mut out, Version::V5, 2, &[0x11]);
        disconnect(&mut out, Version::V4, 0x8e);
        disconnect(&mut out, Version::V5, 0x8e);
        assert_eq!(
            &out[..],
            b"\x40\x02\x12\x34\x90\x04\0\x01\x01\x80\x90\x05\0\x01\0\x01\x87\xb0\x02\0\x02\xb0\x04\0\x02\0\x11\xe0\x02\x8e\0"
        );
    }
}
