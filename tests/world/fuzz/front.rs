//! The broker's front: what dispensers and strangers may say to it, from CONNECT on.

use std::{cell::RefCell, collections::HashMap};

use gateway::adapters::dispensers::{
    Credentials, Event, Leaf, Settings, gate, hash,
    spoken::{Heard, hear},
};
use tokio::time::Instant;

const TAP: &str = "tap-1";
const SECRET: &[u8] = b"k7wq-3fme";
/// A packet of more bytes than this has more than two bytes of length.
const LENGTH_MAX: usize = (1 << 14) - 1;
thread_local! {
    static FRONT: RefCell<(Settings, Credentials, Instant)> = RefCell::new((
        Settings::default(),
        Credentials::new(HashMap::from([(TAP.parse().expect("an id"), hash(SECRET))])),
        Instant::now(),
    ));
}

fn text(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("short").to_be_bytes();
    [&length[..], bytes].concat()
}

/// A packet of at most [`LENGTH_MAX`] bytes, its length in one byte or two (MQTT 3.1.1, section 2.2.3).
fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let length = body.len().min(LENGTH_MAX);
    let mut packet = vec![first];
    match length {
        ..0x80 => packet.push(length as u8),
        _ => packet.extend([length as u8 | 0x80, (length >> 7) as u8]),
    }
    packet.extend(&body[..length]);
    packet
}

fn connect(is_v5: bool) -> Vec<u8> {
    let properties: &[u8] = if is_v5 { &[3, 0x21, 0, 20] } else { &[] };
    let will_properties: &[u8] = if is_v5 { &[0] } else { &[] };
    // User, password, a will that is kept at QoS 1, a clean session.
    let body = [
        &text(b"MQTT")[..],
        &[if is_v5 { 5 } else { 4 }, 0xee, 0, 60],
        properties,
        &text(TAP.as_bytes()),
        will_properties,
        &text(b"kisima/v1/tap-1/status"),
        &text(b"offline"),
        &text(TAP.as_bytes()),
        &text(SECRET),
    ];
    packet(0x10, &body.concat())
}

fn publish(is_v5: bool, leaf: &str, payload: &[u8]) -> Vec<u8> {
    let topic = text(format!("kisima/v1/{TAP}/{leaf}").as_bytes());
    // Payload format, and a user property.
    let properties: &[u8] = if is_v5 {
        &[9, 1, 1, 0x26, 0, 1, b'k', 0, 1, b'v']
    } else {
        &[]
    };
    packet(0x32, &[&topic[..], &[0, 7], properties, payload].concat())
}

/// What dispensers say in a day, in both versions.
pub(super) fn conversations() -> Vec<Vec<u8>> {
    let said = |is_v5: bool| {
        let none: &[u8] = if is_v5 { &[0] } else { &[] };
        let filter = text(b"kisima/v1/tap-1/#");
        let ask = br#"{"request":"a-1","user":"0700000102","pin":"4071","volume_ml":20000}"#;
        let code = br#"{"request":"a-2","code":"123456","volume_ml":20000}"#;
        let poured = br#"{"request":"a-1","volume_ml":20000,"pulses":9000,"duration_ms":60000,"outcome":"complete"}"#;
        let beat = br#"{"firmware":"1.4.0","config_revision":3,"state":"idle","pulses_total":9000,"rssi_dbm":-61}"#;
        vec![
            packet(0x82, &[&[0, 1], none, &filter, &[1]].concat()),
            publish(is_v5, "status", b"online"),
            publish(is_v5, "heartbeat", beat),
            publish(is_v5, "ask", ask),
            publish(is_v5, "ask", code),
            packet(0x40, &[0, 1]),
            publish(is_v5, "poured", poured),
            publish(
                is_v5,
                "firmware/progress",
                br#"{"version":"1.5.0","percent":40,"state":"downloading"}"#,
            ),
            packet(0xc0, &[]),
            packet(0xa2, &[&[0, 2], none, &filter].concat()),
            packet(0xe0, &[]),
        ]
    };
    let mut conversations = Vec::new();
    for is_v5 in [false, true] {
        let said = said(is_v5);
        conversations.push([connect(is_v5), said.concat()].concat());
        conversations.extend(said.iter().map(|packet| [connect(is_v5), packet.clone()].concat()));
    }
    conversations
}

pub(super) fn read(bytes: &[u8]) {
    told(bytes);
}

/// Says it as it is, and once more so that whoever says it is let in and every packet is as long as it says; how many events
/// came of it.
fn told(bytes: &[u8]) -> usize {
    let mut count = 0;
    for said in [bytes, &mended(bytes)] {
        let heard = FRONT.with_borrow(|(settings, credentials, now)| hear(said, settings, credentials, *now));
        count += heard.events.len();
        assert!(
            heard.answers.len() <= said.len(),
            "no answer is longer than what it answers"
        );
        check(heard);
    }
    count
}

fn check(heard: Heard) {
    assert!(
        heard.is_admitted || heard.events.is_empty(),
        "who was not let in says nothing"
    );
    for event in heard.events {
        match event {
            Event::Published {
                dispenser,
                leaf,
                payload,
            } => {
                assert_eq!(dispenser.as_str(), TAP, "it speaks for itself alone");
                // Its answer, or what was wrong with it, is the machine's.
                let is_silent = leaf == Leaf::Status;
                let input = gate::published(dispenser, leaf, &payload);
                assert!(!is_silent || matches!(input, Ok(None)), "nothing hangs on a status");
            }
            Event::UnknownTopic { dispenser, .. } => assert_eq!(dispenser.as_str(), TAP),
            other => panic!("a conversation is no {other:?}"),
        }
    }
}

/// A good CONNECT where there is none, and of a packet that is longer than what is left, the length that is left.
fn mended(bytes: &[u8]) -> Vec<u8> {
    let is_admitted =
        FRONT.with_borrow(|(settings, credentials, now)| hear(bytes, settings, credentials, *now).is_admitted);
    let (mut mended, mut rest) = (Vec::new(), bytes);
    if !is_admitted {
        // The level stands behind a header of two bytes and the protocol's name.
        mended = connect(bytes.get(8) == Some(&5));
        rest = bytes.get(mended.len()..).unwrap_or_default();
    }
    while let Some((first, after)) = rest.split_first() {
        let (length, body) = match after {
            [low, body @ ..] if low & 0x80 == 0 => (usize::from(*low), body),
            [low, high, body @ ..] => (usize::from(low & 0x7f) | usize::from(high & 0x7f) << 7, body),
            _ => (0, [].as_slice()),
        };
        let (body, behind) = body.split_at(length.min(body.len()));
        mended.extend(packet(*first, body));
        rest = behind;
    }
    mended
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::{
        super::{Target, fuzz},
        *,
    };

    thread_local! {
        static TOLD: Cell<u64> = const { Cell::new(0) };
    }

    #[test]
    fn every_packet_of_a_good_conversation_is_understood() {
        for said in conversations() {
            let heard = FRONT.with_borrow(|(settings, credentials, now)| hear(&said, settings, credentials, *now));
            let is_goodbye = said.ends_with(&[0xe0, 0]);
            assert_eq!((heard.is_admitted, heard.is_over), (true, is_goodbye), "{said:02x?}");
            for event in heard.events {
                if let Event::Published {
                    dispenser,
                    leaf,
                    payload,
                } = event
                {
                    let input = gate::published(dispenser, leaf, &payload);
                    assert!(input.is_ok(), "{leaf:?}: {input:?}");
                }
            }
        }
    }

    #[test]
    fn damage_in_a_packet_that_is_whole_reaches_the_gateway() {
        let target = Target {
            name: "counted",
            about: "how many damaged conversations tell the gateway something",
            corpus: conversations,
            read: |bytes| TOLD.set(TOLD.get() + u64::from(told(bytes) > 0)),
        };
        let tried = fuzz(&target, 1, |count| count < 1_000).expect("nothing breaks");
        assert!(TOLD.get() > tried / 12, "{} of {tried}", TOLD.get());
    }
}
