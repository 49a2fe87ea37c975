//! What reaches a dispenser, and what reaches the gateway.

use bytes::Bytes;
use gateway::adapters::dispensers::{Event, Leaf, Outbound, Settings, hash};

use crate::{
    raw::{Hello, Raw, packet, publish, text},
    site::{Site, id, secret},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ask_is_acknowledged_and_answered_in_both_versions() {
    let site = Site::new(Settings::default()).await;
    for hello in [Hello::v4("tap-1"), Hello::v5("tap-2")] {
        let mut tap = Raw::enter(&site, &hello).await;
        let topic = |leaf: &str| format!("kisima/v1/{}/{leaf}", hello.client);
        tap.subscribe(&[(&topic("#"), 2)], &[1]).await;
        tap.send(&publish(tap.v5, &topic("ask"), b"{}", 1)).await;
        let puback = tap.packet().await;
        assert_eq!((puback.0, &puback.1[..2]), (0x40, &[0, 7][..]));
        assert_eq!(tap.message(true).await, (topic("answer"), b"{}".to_vec(), 1, false));
        tap.ping().await;
    }
}

#[tokio::test]
async fn the_hash_never_brings_back_what_the_dispenser_said() {
    let site = Site::new(Settings::default()).await;
    let mut tap = Raw::enter(&site, &Hello::v4("tap-1")).await;
    tap.subscribe(&[("kisima/v1/tap-1/#", 1)], &[1]).await;
    for leaf in ["poured", "heartbeat", "firmware/progress", "status"] {
        tap.send(&publish(false, &format!("kisima/v1/tap-1/{leaf}"), leaf.as_bytes(), 1))
            .await;
        assert_eq!(tap.packet().await.0, 0x40);
    }
    for leaf in [Leaf::Poured, Leaf::Heartbeat, Leaf::FirmwareProgress, Leaf::Status] {
        let wanted = Event::Published {
            dispenser: id("tap-1"),
            leaf,
            payload: leaf.name().into(),
        };
        site.event(|event| *event == wanted).await;
    }
    // Everything the gateway sends comes, and comes alone. The kept one last: it may come both kept and fresh.
    for leaf in [
        Outbound::Receipt,
        Outbound::Firmware,
        Outbound::Error,
        Outbound::Answer,
        Outbound::Config,
    ] {
        site.front
            .publish(&id("tap-1"), leaf, leaf.name().into(), leaf == Outbound::Config);
        let (topic, payload, qos, _) = tap.message(true).await;
        assert_eq!(
            (topic, payload, qos),
            (format!("kisima/v1/tap-1/{}", leaf.name()), leaf.name().into(), 1)
        );
    }
}

#[tokio::test]
async fn an_unknown_topic_of_its_own_is_told_to_the_gateway() {
    let site = Site::new(Settings::default()).await;
    let mut tap = Raw::enter(&site, &Hello::v4("tap-1")).await;
    tap.send(&publish(false, "kisima/v1/tap-1/tea/pot", b"x", 1)).await;
    assert_eq!(tap.packet().await.0, 0x40);
    let wanted = Event::UnknownTopic {
        dispenser: id("tap-1"),
        leaf: "tea/pot".into(),
    };
    site.event(|event| *event == wanted).await;
}

#[tokio::test]
async fn the_configuration_is_kept_for_whoever_subscribes_later() {
    let site = Site::new(Settings::default()).await;
    let config = "kisima/v1/tap-1/config";
    site.front.publish(&id("tap-1"), Outbound::Config, "one".into(), true);
    for hello in [Hello::v4("tap-1"), Hello::v5("tap-1")] {
        let mut tap = Raw::enter(&site, &hello).await;
        for _ in 0..2 {
            // Again on every subscription, as the standard wants it.
            tap.subscribe(&[(config, 1)], &[1]).await;
            assert_eq!(tap.message(true).await, (config.to_owned(), b"one".to_vec(), 1, true));
        }
    }
    let mut tap = Raw::enter(&site, &Hello::v4("tap-1")).await;
    tap.subscribe(&[("kisima/v1/tap-1/#", 1)], &[1]).await;
    assert_eq!(tap.message(true).await.1, b"one");
    site.front.publish(&id("tap-1"), Outbound::Config, "two".into(), true);
    assert_eq!(tap.message(true).await, (config.to_owned(), b"two".to_vec(), 1, false));
    // An empty body forgets it.
    site.front.publish(&id("tap-1"), Outbound::Config, Bytes::new(), true);
    assert_eq!(tap.message(true).await.1, b"");
    let mut late = Raw::enter(&site, &Hello::v4("tap-1").client("tap-1.late")).await;
    late.subscribe(&[(config, 1)], &[1]).await;
    site.front
        .publish(&id("tap-1"), Outbound::Config, "three".into(), false);
    assert_eq!(
        late.message(true).await,
        (config.to_owned(), b"three".to_vec(), 1, false)
    );
}

#[tokio::test]
async fn a_will_is_said_when_the_client_vanishes_and_not_when_it_says_goodbye() {
    let site = Site::new(Settings::default()).await;
    let status = "kisima/v1/tap-1/status";
    let mut watcher = Raw::enter(&site, &Hello::v5("tap-1").client("tap-1.w")).await;
    watcher.subscribe(&[(status, 1)], &[1]).await;
    let hello = Hello::v5("tap-1").will(status, "offline", 1, true);

    let mut tap = Raw::enter(&site, &hello).await;
    tap.send(&publish(true, status, b"online", 1)).await;
    assert_eq!(watcher.message(true).await.1, b"online");
    tap.reset();
    assert_eq!(watcher.message(true).await.1, b"offline");

    // Goodbye with reason 4 asks for the will.
    let mut tap = Raw::enter(&site, &hello).await;
    tap.send(&packet(0xe0, &[4, 0])).await;
    assert_eq!(watcher.message(true).await.1, b"offline");

    let mut tap = Raw::enter(&site, &hello).await;
    tap.send(&packet(0xe0, &[])).await;
    assert_eq!(tap.packet_or_end().await, None);
    let mut tap = Raw::enter(&site, &hello).await;
    tap.send(&publish(true, status, b"online again", 1)).await;
    assert_eq!(watcher.message(true).await.1, b"online again", "no will in between");
    let mut late = Raw::enter(&site, &Hello::v4("tap-1").client("tap-1.l")).await;
    late.subscribe(&[(status, 0)], &[0]).await;
    let (_, payload, _, _) = late.message(false).await;
    assert_ne!(payload, b"online again", "it was not published to be kept");
    let told =
        |event: &Event| matches!(event, Event::Published { leaf: Leaf::Status, payload, .. } if payload == "offline");
    site.event(told).await;
}

#[tokio::test]
async fn a_client_s_own_limits_are_kept() {
    let site = Site::new(Settings::default()).await;
    let mut hello = Hello::v5("tap-1");
    // Receive maximum 1, packets of at most 64 bytes.
    hello.properties = vec![0x21, 0, 1, 0x27, 0, 0, 0, 64];
    let mut tap = Raw::enter(&site, &hello).await;
    tap.subscribe(&[("kisima/v1/tap-1/#", 1)], &[1]).await;
    site.front
        .publish(&id("tap-1"), Outbound::Answer, vec![b'x'; 100].into(), false);
    site.front.publish(&id("tap-1"), Outbound::Answer, "1".into(), false);
    site.front.publish(&id("tap-1"), Outbound::Answer, "2".into(), false);
    assert_eq!(tap.message(false).await.1, b"1");
    tap.ping().await;
    tap.send(&[0x40, 2, 0, 1]).await;
    assert_eq!(tap.message(true).await.1, b"2");
}

#[tokio::test]
async fn many_packets_in_one_write_and_one_packet_in_many_are_the_same() {
    let site = Site::new(Settings::default()).await;
    let mut tap = Raw::enter(&site, &Hello::v4("tap-1")).await;
    let body = |n: usize| {
        [
            &text("kisima/v1/tap-1/poured")[..],
            &[0, n as u8 + 1],
            n.to_string().as_bytes(),
        ]
        .concat()
    };
    let many: Vec<u8> = (0..20).flat_map(|n| packet(0x32, &body(n))).collect();
    tap.send(&many).await;
    for n in 0..20 {
        assert_eq!(tap.packet().await, (0x40, vec![0, n + 1]));
    }
    for byte in packet(0x32, &body(20)) {
        tap.send(&[byte]).await;
    }
    assert_eq!(tap.packet().await, (0x40, vec![0, 21]));
    let in_order = |events: &[Event]| {
        let payloads: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                Event::Published { payload, .. } => Some(String::from_utf8(payload.to_vec()).unwrap()),
                _ => None,
            })
            .collect();
        (payloads.len() == 21).then_some(payloads)
    };
    let expected: Vec<_> = (0..21).map(|n: usize| n.to_string()).collect();
    assert_eq!(site.events_until(in_order).await, expected);
}

#[tokio::test]
async fn what_was_kept_for_a_withdrawn_dispenser_is_forgotten() {
    let site = Site::new(Settings::default()).await;
    site.front.publish(&id("tap-1"), Outbound::Config, "old".into(), true);
    let mut tap = Raw::enter(&site, &Hello::v4("tap-1")).await;
    tap.subscribe(&[("kisima/v1/tap-1/config", 1)], &[1]).await;
    assert_eq!(tap.message(true).await.1, b"old");
    site.credentials.remove(&id("tap-1"));
    while tap.packet_or_end().await.is_some() {}
    site.credentials.set(id("tap-1"), hash(secret("tap-1").as_bytes()));
    let mut tap = Raw::enter(&site, &Hello::v4("tap-1")).await;
    tap.subscribe(&[("kisima/v1/tap-1/config", 1)], &[1]).await;
    site.front.publish(&id("tap-1"), Outbound::Config, "new".into(), false);
    assert_eq!(tap.message(true).await.1, b"new");
}
