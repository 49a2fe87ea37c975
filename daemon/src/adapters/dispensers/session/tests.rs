use super::*;
use crate::adapters::dispensers::topics::Outbound;

const ANSWER: Heard = Heard::Gateway(Outbound::Answer);
const CONFIG: Heard = Heard::Gateway(Outbound::Config);

fn subscriptions(version: Version) -> Subscriptions {
    let limits = Limits {
        in_flight_max: 2,
        waiting_max: 3,
        packet_bytes_max: 100,
        acknowledge_within: Duration::from_secs(30),
    };
    Subscriptions::new(version, "tap-1".parse().unwrap(), limits)
}

fn filter(path: &str, qos: u8, retain_handling: u8) -> Filter<'_> {
    Filter {
        path,
        qos,
        retain_handling,
    }
}

fn delivery(heard: Heard, payload: &'static str, retained: bool) -> Delivery {
    Delivery {
        heard,
        payload: payload.into(),
        retained,
    }
}

/// What one delivery puts on the wire.
fn sent(subscriptions: &mut Subscriptions, delivery: Delivery) -> Vec<u8> {
    let mut out = BytesMut::new();
    subscriptions.deliver(delivery, Instant::now(), &mut out).unwrap();
    out.to_vec()
}

fn subscribe(subscriptions: &mut Subscriptions, filters: &[Filter<'_>]) -> (Change, Vec<u8>) {
    let mut out = BytesMut::new();
    let change = subscriptions.subscribe(1, filters.iter().copied(), &mut out);
    (change, out[out.len() - filters.len()..].to_vec())
}

#[test]
fn foreign_filters_are_refused_one_by_one_and_qos_2_is_granted_1() {
    let filters = [
        filter("kisima/v1/tap-1/answer", 2, 0),
        filter("#", 1, 0),
        filter("kisima/v1/tap-2/answer", 1, 0),
        filter("kisima/v1/tap-1/ask", 0, 0),
    ];
    let (change, codes) = subscribe(&mut subscriptions(Version::V4), &filters);
    assert_eq!(codes, [1, 0x80, 0x80, 0]);
    assert_eq!((change.refused, change.subscribe), (2, vec![ANSWER]));
    let (_, codes) = subscribe(&mut subscriptions(Version::V5), &filters);
    assert_eq!(codes, [1, 0x87, 0x87, 0]);
}

#[test]
fn the_hash_brings_all_that_the_gateway_sends_and_nothing_twice() {
    let mut subscriptions = subscriptions(Version::V4);
    let all = [
        filter("kisima/v1/tap-1/#", 0, 0),
        filter("kisima/v1/tap-1/answer", 1, 0),
    ];
    let (change, _) = subscribe(&mut subscriptions, &all);
    assert_eq!(change.subscribe.len(), 5);
    assert!(!subscriptions.heard().contains(&Heard::Status));
    assert_eq!(
        sent(&mut subscriptions, delivery(ANSWER, "x", false)),
        b"\x32\x1b\x00\x16kisima/v1/tap-1/answer\x00\x01x"
    );
    assert_eq!(sent(&mut subscriptions, delivery(CONFIG, "x", false))[0], 0x30);
    assert!(sent(&mut subscriptions, delivery(Heard::Status, "online", false)).is_empty());
}

#[test]
fn only_what_is_left_of_two_overlapping_subscriptions_is_given_up() {
    let mut subscriptions = subscriptions(Version::V5);
    subscribe(
        &mut subscriptions,
        &[
            filter("kisima/v1/tap-1/#", 1, 0),
            filter("kisima/v1/tap-1/config", 0, 0),
        ],
    );
    let mut out = BytesMut::new();
    let change = subscriptions.unsubscribe(
        1,
        ["kisima/v1/tap-1/#", "kisima/v1/tap-1/error", "#"].into_iter(),
        &mut out,
    );
    assert_eq!(&out[out.len() - 3..], [0, 0x11, 0x11]);
    assert_eq!(change.unsubscribe.len(), 4);
    assert!(!change.unsubscribe.contains(&CONFIG));
    assert_eq!(subscriptions.heard(), [CONFIG]);
}

#[test]
fn kept_values_come_as_the_retain_handling_says() {
    for (handling, first, again) in [(0, true, true), (1, true, false), (2, false, false)] {
        let mut subscriptions = subscriptions(Version::V5);
        for wanted in [first, again] {
            subscribe(&mut subscriptions, &[filter("kisima/v1/tap-1/config", 0, handling)]);
            let bytes = sent(&mut subscriptions, delivery(CONFIG, "x", true));
            assert_eq!(!bytes.is_empty(), wanted, "{handling}");
            assert!(!sent(&mut subscriptions, delivery(CONFIG, "x", false)).is_empty());
        }
    }
}

#[test]
fn messages_wait_for_a_place_in_flight_and_too_many_are_a_slow_reader() {
    let mut subscriptions = subscriptions(Version::V4);
    subscribe(&mut subscriptions, &[filter("kisima/v1/tap-1/answer", 1, 0)]);
    let mut lengths = Vec::new();
    for _ in 0..5 {
        lengths.push(sent(&mut subscriptions, delivery(ANSWER, "x", false)).len());
    }
    assert_eq!(lengths, [29, 29, 0, 0, 0]);
    let now = Instant::now();
    let mut out = BytesMut::new();
    let slow = Err(Fault::refuse(Refusal::SlowReader));
    assert_eq!(subscriptions.deliver(delivery(ANSWER, "x", false), now, &mut out), slow);
    // Out of order is allowed; each makes room for one, under a number of its own.
    assert!(subscriptions.acknowledged(2, now, &mut out));
    assert!(!subscriptions.acknowledged(2, now, &mut out));
    assert_eq!(&out[out.len() - 3..], b"\x00\x03x");
    assert_eq!(subscriptions.check(now + Duration::from_secs(29)), Ok(()));
    assert_eq!(subscriptions.check(now + Duration::from_secs(31)), slow);
}

#[test]
fn packet_numbers_in_use_are_not_given_out_again() {
    let mut subscriptions = subscriptions(Version::V4);
    subscribe(&mut subscriptions, &[filter("kisima/v1/tap-1/answer", 1, 0)]);
    let mut out = BytesMut::new();
    subscriptions
        .deliver(delivery(ANSWER, "x", false), Instant::now(), &mut out)
        .unwrap();
    for number in (2..=u16::MAX).chain([2]) {
        assert_eq!(
            sent(&mut subscriptions, delivery(ANSWER, "x", false))[26..28],
            number.to_be_bytes()
        );
        assert!(subscriptions.acknowledged(number, Instant::now(), &mut out));
    }
}

#[test]
fn what_is_longer_than_the_client_takes_is_not_sent() {
    let mut subscriptions = subscriptions(Version::V5);
    subscribe(&mut subscriptions, &[filter("kisima/v1/tap-1/answer", 0, 0)]);
    let long = Delivery {
        heard: ANSWER,
        payload: vec![b'x'; 80].into(),
        retained: false,
    };
    assert!(sent(&mut subscriptions, long).is_empty());
    assert!(!sent(&mut subscriptions, delivery(ANSWER, "x", false)).is_empty());
}
