use proptest::prelude::*;

use super::*;

fn whole(bytes: &[u8]) -> Header {
    header(bytes, 8192).unwrap().unwrap()
}

fn read_all(version: Version, bytes: &[u8]) -> Result<Packet<'_>, Fault> {
    read(version, whole(bytes), bytes)
}

#[test]
fn a_header_is_read_as_soon_as_it_is_whole_and_refused_as_soon_as_it_is_too_large() {
    assert_eq!(header(&[], 100), Ok(None));
    assert_eq!(header(&[0x30], 100), Ok(None));
    assert_eq!(header(&[0x30, 0x80], 1000), Ok(None));
    assert_eq!(
        header(&[0xc0, 0], 100),
        Ok(Some(Header {
            first: 0xc0,
            head_bytes: 2,
            total_bytes: 2
        }))
    );
    assert_eq!(
        header(&[0x30, 0x80, 1], 1000),
        Ok(Some(Header {
            first: 0x30,
            head_bytes: 3,
            total_bytes: 131
        }))
    );
    assert_eq!(header(&[0x30, 98], 100).unwrap().unwrap().total_bytes, 100);
    assert_eq!(header(&[0x30, 99], 100), Err(Fault::refuse(Refusal::TooLarge)));
    assert_eq!(
        header(&[0x30, 0xff, 0xff, 0xff, 0x7f], 8192),
        Err(Fault::refuse(Refusal::TooLarge))
    );
    assert_eq!(header(&[0x30, 0xff, 0xff, 0xff, 0xff], 8192), Err(Fault::MALFORMED));
}

#[test]
fn publishes_are_read_in_both_versions() {
    let v4 = read_all(Version::V4, b"\x33\x09\x00\x03a/b\x00\x07hi").unwrap();
    let expected = Publish {
        topic: "a/b",
        qos: 1,
        retain: true,
        packet_id: 7,
        payload: b"hi",
    };
    assert_eq!(v4, Packet::Publish(expected));
    // Payload format, a user property, then the body.
    let v5 = read_all(Version::V5, b"\x30\x11\x00\x03a/b\x09\x01\x01\x26\x00\x01k\x00\x01vhi").unwrap();
    let expected = Publish {
        topic: "a/b",
        qos: 0,
        retain: false,
        packet_id: 0,
        payload: b"hi",
    };
    assert_eq!(v5, Packet::Publish(expected));
}

#[test]
fn what_may_not_come_is_refused_by_name() {
    for (bytes, refusal) in [
        (&b"\x50\x02\x00\x01"[..], Refusal::Qos2),
        (b"\x62\x02\x00\x01", Refusal::Qos2),
        (b"\x20\x02\x00\x00", Refusal::Protocol),
        (b"\x10\x00", Refusal::Protocol),
        (b"\x90\x03\x00\x01\x00", Refusal::Protocol),
        (b"\xd0\x00", Refusal::Protocol),
        (b"\xf0\x00", Refusal::Protocol),
        (b"\x00\x00", Refusal::Malformed),
        (b"\xc1\x00", Refusal::Malformed),
        (b"\xc0\x01\x00", Refusal::Malformed),
        (b"\x80\x06\x00\x01\x00\x01a\x00", Refusal::Malformed),
        (b"\x82\x06\x00\x01\x00\x01a\x03", Refusal::Malformed),
        (b"\x82\x06\x00\x00\x00\x01a\x01", Refusal::Malformed),
        (b"\x82\x02\x00\x01", Refusal::Protocol),
        (b"\xa2\x02\x00\x01", Refusal::Protocol),
        (b"\x36\x05\x00\x01a\x00\x01", Refusal::Malformed),
        (b"\x32\x05\x00\x01a\x00\x00", Refusal::Malformed),
        (b"\x30\x03\x00\x02a", Refusal::Malformed),
        (b"\x30\x03\x00\x01\x00", Refusal::Malformed),
        (b"\x30\x03\x00\x01\xff", Refusal::Malformed),
        (b"\x40\x02\x00\x00", Refusal::Malformed),
        (b"\x40\x03\x00\x01\x00", Refusal::Malformed),
    ] {
        assert_eq!(read_all(Version::V4, bytes), Err(Fault::refuse(refusal)), "{bytes:x?}");
    }
    for (bytes, refusal) in [
        (&b"\x30\x07\x00\x01a\x03\x23\x00\x01"[..], Refusal::TopicAlias),
        (b"\x30\x06\x00\x01a\x02\x0b\x01", Refusal::Protocol),
        (b"\x30\x06\x00\x01a\x02\x77\x01", Refusal::Malformed),
        (b"\x30\x04\x00\x01a\x05", Refusal::Malformed),
        (
            b"\x82\x09\x00\x01\x02\x0b\x05\x00\x01a\x01",
            Refusal::SubscriptionIdentifier,
        ),
    ] {
        assert_eq!(read_all(Version::V5, bytes), Err(Fault::refuse(refusal)), "{bytes:x?}");
    }
}

#[test]
fn filters_keep_their_order_and_options() {
    let Ok(Packet::Subscribe(subscribe)) = read_all(Version::V5, b"\x82\x0b\x00\x05\x00\x00\x01a\x21\x00\x01#\x02")
    else {
        panic!("a SUBSCRIBE")
    };
    assert_eq!(subscribe.packet_id, 5);
    let filters: Vec<_> = subscribe.filters().collect();
    assert_eq!(
        filters[0],
        Filter {
            path: "a",
            qos: 1,
            retain_handling: 2
        }
    );
    assert_eq!(
        filters[1],
        Filter {
            path: "#",
            qos: 2,
            retain_handling: 0
        }
    );
    let Ok(Packet::Unsubscribe(unsubscribe)) = read_all(Version::V4, b"\xa2\x08\x00\x05\x00\x01a\x00\x01b") else {
        panic!("an UNSUBSCRIBE")
    };
    assert_eq!(unsubscribe.filters().collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn a_goodbye_drops_the_will_unless_it_asks_for_it() {
    let goodbye = |with_will| Ok(Packet::Disconnect { with_will });
    assert_eq!(read_all(Version::V4, b"\xe0\x00"), goodbye(false));
    assert_eq!(read_all(Version::V5, b"\xe0\x00"), goodbye(false));
    assert_eq!(read_all(Version::V5, b"\xe0\x01\x00"), goodbye(false));
    assert_eq!(read_all(Version::V5, b"\xe0\x02\x04\x00"), goodbye(true));
}

const CONNECT_V5: &[u8] =
    b"\x10\x32\x00\x04MQTT\x05\xee\x00\x3c\x0d\x11\x00\x00\x00\x05\x21\x00\x0a\x27\x00\x00\x02\x00\x00\x01c\x00\x00\x01t\x00\x02hi\x00\x05tap-1\x00\x06secret";

#[test]
fn a_connect_is_read_whole() {
    let connect = connect(whole(CONNECT_V5), CONNECT_V5).unwrap();
    let expected = Connect {
        version: Version::V5,
        keep_alive_s: 60,
        client_id: "c",
        will: Some(Will {
            topic: "t",
            payload: b"hi",
            qos: 1,
            retain: true,
        }),
        user: "tap-1",
        password: b"secret",
        receive_max: 10,
        packet_bytes_max: 512,
        asked_to_be_kept: true,
        extended_authentication: false,
    };
    assert_eq!(connect, expected);
}

#[test]
fn connects_of_other_protocols_are_told_apart() {
    for (bytes, refusal) in [
        (
            &b"\x10\x0c\x00\x04MQTT\x03\x02\x00\x00\x00\x00"[..],
            Refusal::UnsupportedVersion,
        ),
        (
            b"\x10\x0c\x00\x04MQTT\x06\x02\x00\x00\x00\x00",
            Refusal::UnsupportedVersion,
        ),
        (
            b"\x10\x0e\x00\x06MQIsdp\x03\x02\x00\x00\x00\x00",
            Refusal::UnsupportedVersion,
        ),
        (b"\x10\x0c\x00\x04HTTP\x04\x02\x00\x00\x00\x00", Refusal::Malformed),
        // The reserved flag, a will's QoS without a will, QoS 3.
        (b"\x10\x0c\x00\x04MQTT\x04\x03\x00\x00\x00\x00", Refusal::Malformed),
        (b"\x10\x0c\x00\x04MQTT\x04\x0a\x00\x00\x00\x00", Refusal::Malformed),
        (b"\x10\x0c\x00\x04MQTT\x04\x1e\x00\x00\x00\x00", Refusal::Malformed),
        (b"\x30\x0c\x00\x04MQTT\x04\x02\x00\x00\x00\x00", Refusal::NotConnect),
    ] {
        assert_eq!(connect(whole(bytes), bytes), Err(Fault::refuse(refusal)), "{bytes:x?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(Some(header)) = header(&bytes, 8192) {
            let frame = &bytes[..header.total_bytes.min(bytes.len())];
            for version in [Version::V4, Version::V5] {
                if let Ok(Packet::Subscribe(subscribe)) = read(version, header, frame) {
                    prop_assert!(subscribe.filters().count() > 0);
                }
            }
            prop_assert!(connect(header, frame).is_err() || header.first == 0x10);
        }
    }

    #[test]
    fn any_packet_of_any_type_never_panics(first in any::<u8>(), body in proptest::collection::vec(any::<u8>(), 0..120)) {
        let mut bytes = vec![first, body.len() as u8];
        bytes.extend(&body);
        for version in [Version::V4, Version::V5] {
            if let Ok(packet) = read_all(version, &bytes) {
                prop_assert!(matches!(first >> 4, 3 | 4 | 8 | 10 | 12 | 14), "{packet:?}");
            }
        }
    }

    #[test]
    fn any_spoiled_connect_never_panics(at in 2..CONNECT_V5.len(), byte in any::<u8>()) {
        let mut bytes = CONNECT_V5.to_vec();
        bytes[at] = byte;
        let read = connect(whole(&bytes), &bytes);
        prop_assert!(bytes[at] != CONNECT_V5[at] || read.is_ok());
    }
}
