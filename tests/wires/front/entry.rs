//! Who comes in, and what those are told who do not.

use std::sync::Arc;

use gateway::adapters::dispensers::{Event, Refusal, Settings, hash};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::Duration,
};
use tokio_rustls::TlsConnector;

use crate::{
    raw::{Hello, Raw, text},
    site::{Site, id},
};

async fn refusal(site: &Site, why: Refusal) -> Event {
    site.event(|event| matches!(event, Event::Refused { why: given, .. } if *given == why))
        .await
}

/// The code of the CONNACK that refuses, after which the connection ends.
async fn refused(site: &Site, hello: &Hello) -> u8 {
    let mut raw = Raw::open(site).await;
    raw.send(&hello.bytes()).await;
    let (first, body) = raw.packet().await;
    assert_eq!((first, body[0]), (0x20, 0));
    assert_eq!(raw.packet_or_end().await, None);
    body[1]
}

#[tokio::test]
async fn a_wrong_secret_or_name_or_client_id_is_refused_and_told() {
    let site = Site::new(Settings::default()).await;
    let with = |change: &dyn Fn(&mut Hello)| {
        let mut hello = Hello::v4("tap-1");
        change(&mut hello);
        hello
    };
    for (hello, code_v5, why) in [
        (with(&|h| h.password = "guess".into()), 0x86, Refusal::BadCredentials),
        (with(&|h| h.password.clear()), 0x86, Refusal::BadCredentials),
        (with(&|h| h.user = "tap-2".into()), 0x86, Refusal::BadCredentials),
        (with(&|h| h.user = "nobody".into()), 0x86, Refusal::BadCredentials),
        (with(&|h| h.user = "täp".into()), 0x86, Refusal::BadCredentials),
        (with(&|h| h.client = "tap-2".into()), 0x85, Refusal::BadClientId),
        (with(&|h| h.client = "tap-1.UP".into()), 0x85, Refusal::BadClientId),
        (with(&|h| h.client = "tap-1/x".into()), 0x85, Refusal::BadClientId),
        (with(&|h| h.client = "publisher".into()), 0x85, Refusal::BadClientId),
        (with(&|h| h.client = "slot-0".into()), 0x85, Refusal::BadClientId),
        (with(&|h| h.client.clear()), 0x85, Refusal::BadClientId),
        (
            Hello::v4("tap-1").will("kisima/v1/tap-2/status", "offline", 1, true),
            0x87,
            Refusal::ForeignWill,
        ),
        (
            Hello::v4("tap-1").will("kisima/v1/tap-1/status/é", "x", 0, false),
            0x87,
            Refusal::ForeignWill,
        ),
        (Hello::v4("tap-1").will("#", "x", 0, false), 0x87, Refusal::ForeignWill),
        (
            Hello::v4("tap-1").will("kisima/v1/tap-1/status", "x", 2, false),
            0x9b,
            Refusal::Qos2,
        ),
        (
            Hello::v4("tap-1").will("kisima/v1/tap-1/status", &"x".repeat(4097), 1, false),
            0x95,
            Refusal::TooLarge,
        ),
    ] {
        assert_eq!(refused(&site, &hello).await, 5, "{}", why.code());
        let hello = Hello { level: 5, ..hello };
        assert_eq!(refused(&site, &hello).await, code_v5, "{}", why.code());
        let Event::Refused { user, .. } = refusal(&site, why).await else {
            unreachable!()
        };
        assert!(user.is_some());
    }
    assert!(
        !site
            .events()
            .iter()
            .any(|event| matches!(event, Event::Connected { .. }))
    );
    Raw::enter(&site, &Hello::v4("tap-1")).await.ping().await;
}

#[tokio::test]
async fn other_protocols_are_refused_in_words_they_know() {
    let site = Site::new(Settings::default()).await;
    assert_eq!(
        refused(
            &site,
            &Hello {
                level: 3,
                ..Hello::v4("tap-1")
            }
        )
        .await,
        1
    );
    let mut hello = Hello::v5("tap-1");
    // An authentication method.
    hello.properties = [&[0x15][..], &text("SCRAM")].concat();
    assert_eq!(refused(&site, &hello).await, 0x8c);
    for (bytes, why) in [
        (&b"GET / HTTP/1.1\r\n\r\n"[..], Refusal::NotConnect),
        (&[0x20, 2, 0, 0], Refusal::NotConnect),
        (&[0x10, 0xff, 0xff, 0xff, 0xff], Refusal::Malformed),
        (&[0x10, 0xff, 0xff, 0xff, 0x7f], Refusal::TooLarge),
        (&[0x10, 2, 0, 0], Refusal::Malformed),
    ] {
        let mut raw = Raw::open(&site).await;
        raw.send(bytes).await;
        assert_eq!(raw.packet_or_end().await, None, "{bytes:x?}");
        refusal(&site, why).await;
    }
}

#[tokio::test]
async fn no_session_is_ever_present_and_version_5_is_told_what_is_missing() {
    let site = Site::new(Settings::default()).await;
    for round in 0..2 {
        let mut raw = Raw::open(&site).await;
        raw.send(
            &Hello {
                clean: false,
                ..Hello::v4("tap-1")
            }
            .bytes(),
        )
        .await;
        assert_eq!(raw.packet().await, (0x20, vec![0, 0]), "round {round}");
        raw.subscribe(&[("kisima/v1/tap-1/#", 1)], &[1]).await;
    }
    let mut raw = Raw::open(&site).await;
    let properties = vec![0x11, 0, 0, 1, 0];
    raw.send(
        &Hello {
            clean: false,
            properties,
            ..Hello::v5("tap-1")
        }
        .bytes(),
    )
    .await;
    let (_, body) = raw.packet().await;
    let expected = [
        0, 0, 16, 0x24, 1, 0x27, 0, 0, 0x20, 0, 0x29, 0, 0x2a, 0, 0x11, 0, 0, 0, 0,
    ];
    assert_eq!(body, expected);
}

#[tokio::test]
async fn four_connections_a_dispenser_and_so_many_in_all() {
    let site = Site::new(Settings {
        connections_max: 6,
        ..Settings::default()
    })
    .await;
    let mut held = Vec::new();
    for n in 0..4 {
        held.push(Raw::enter(&site, &Hello::v4("tap-1").client(&format!("tap-1.n{n}"))).await);
    }
    assert_eq!(refused(&site, &Hello::v4("tap-1")).await, 3);
    assert_eq!(refused(&site, &Hello::v5("tap-1")).await, 0x97);
    // The same client id again is no fifth connection.
    held[0] = Raw::enter(&site, &Hello::v4("tap-1").client("tap-1.n0")).await;
    held.push(Raw::enter(&site, &Hello::v4("tap-2")).await);
    held.push(Raw::enter(&site, &Hello::v4("tap-3")).await);
    assert_eq!(refused(&site, &Hello::v4("tap-4")).await, 3);
    assert_eq!(refused(&site, &Hello::v5("tap-4")).await, 0x89);
    // A place given up is a place to have.
    held.pop().unwrap().send(&[0xe0, 0]).await;
    site.event(|event| *event == Event::Disconnected { dispenser: id("tap-3") })
        .await;
    held.push(Raw::enter(&site, &Hello::v4("tap-4")).await);
    for raw in &mut held {
        raw.ping().await;
    }
}

#[tokio::test]
async fn a_takeover_ends_the_older_session_before_the_newer_begins() {
    let site = Site::new(Settings::default()).await;
    let status = "kisima/v1/tap-1/status";
    let mut older = Raw::enter(&site, &Hello::v5("tap-1").will(status, "offline-1", 1, true)).await;
    let mut newer = Raw::enter(&site, &Hello::v4("tap-1").will(status, "offline-2", 1, true)).await;
    older.expect_cut(0x8e).await;
    newer.ping().await;
    let seen = site
        .events_until(|events| {
            let seen: Vec<_> = events
                .iter()
                .map(|event| match event {
                    Event::Connected { .. } => "connected",
                    Event::Disconnected { .. } => "disconnected",
                    Event::Published { payload, .. } if payload == "offline-1" => "offline-1",
                    other => panic!("{other:?}"),
                })
                .collect();
            (seen.len() == 4).then_some(seen)
        })
        .await;
    assert_eq!(seen, ["connected", "offline-1", "disconnected", "connected"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_takeovers_leaves_exactly_one() {
    let site = Arc::new(Site::new(Settings::default()).await);
    let storm: Vec<_> = (0..60)
        .map(|_| {
            let site = site.clone();
            tokio::spawn(async move { Raw::enter(&site, &Hello::v4("tap-1")).await })
        })
        .collect();
    let mut alive = 0;
    let mut raws = Vec::new();
    for raw in storm {
        raws.push(raw.await.unwrap());
    }
    for mut raw in raws {
        raw.send(&[0xc0, 0]).await;
        alive += usize::from(raw.packet_or_end().await.is_some());
    }
    assert_eq!(alive, 1);
    Raw::enter(&site, &Hello::v4("tap-2")).await.ping().await;
}

#[tokio::test]
async fn a_changed_or_withdrawn_secret_closes_what_it_opened() {
    let site = Site::new(Settings::default()).await;
    let mut changed = Raw::enter(&site, &Hello::v5("tap-1")).await;
    let mut withdrawn = Raw::enter(&site, &Hello::v5("tap-2")).await;
    let mut kept = Raw::enter(&site, &Hello::v5("tap-3")).await;
    site.credentials.set(id("tap-1"), hash(b"new"));
    site.credentials.remove(&id("tap-2"));
    changed.expect_cut(0x98).await;
    withdrawn.expect_cut(0x98).await;
    kept.ping().await;
    assert_eq!(refused(&site, &Hello::v4("tap-1")).await, 5);
    Raw::enter(
        &site,
        &Hello {
            password: "new".to_owned(),
            ..Hello::v4("tap-1")
        },
    )
    .await
    .ping()
    .await;
}

#[tokio::test]
async fn silence_is_measured_by_what_comes_in_and_zero_means_never() {
    let site = Site::new(Settings::default()).await;
    let mut silent = Raw::enter(
        &site,
        &Hello {
            keep_alive: 1,
            ..Hello::v5("tap-1")
        },
    )
    .await;
    let mut forever = Raw::enter(&site, &Hello::v5("tap-2")).await;
    // What goes out does not count as life.
    silent.subscribe(&[("kisima/v1/tap-1/answer", 0)], &[0]).await;
    let front = site.front.clone();
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(Duration::from_millis(100));
        loop {
            tick.tick().await;
            front.publish(
                &id("tap-1"),
                gateway::adapters::dispensers::Outbound::Answer,
                "x".into(),
                false,
            );
        }
    });
    let code = loop {
        match silent.packet().await {
            (0x30, _) => {}
            (first, body) => break (first, body[0]),
        }
    };
    assert_eq!(code, (0xe0, 0x8d));
    forever.ping().await;
}

#[tokio::test]
async fn tls_serves_as_plain_does_and_a_silent_client_holds_up_nobody() {
    let site = Site::new(Settings {
        connect_within: Duration::from_secs(1),
        ..Settings::default()
    })
    .await;
    let mut silent = Raw {
        stream: TcpStream::connect(site.tls_address).await.unwrap(),
        v5: false,
    };
    // `doctor` and whoever else only looks whether the port answers.
    let mut visitor = TcpStream::connect(site.tls_address).await.unwrap();
    let from = visitor.local_addr().unwrap();
    visitor.shutdown().await.unwrap();
    assert_eq!(visitor.read(&mut [0]).await.unwrap(), 0);
    let mut garbage = Raw {
        stream: TcpStream::connect(site.tls_address).await.unwrap(),
        v5: false,
    };
    garbage.send(&Hello::v4("tap-1").bytes()).await;
    refusal(&site, Refusal::Tls).await;
    let told_of = |event: &Event| matches!(event, Event::Refused { peer, .. } if *peer == from);
    assert!(
        !site.events().iter().any(told_of),
        "nothing was tried: {:?}",
        site.events()
    );

    let mut roots = rustls::RootCertStore::empty();
    roots.add(site.certificate.clone()).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(site.tls_address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .unwrap();
    let mut tap = Raw { stream, v5: false };
    tap.greet(&Hello::v4("tap-1")).await;
    tap.subscribe(&[("kisima/v1/tap-1/#", 1)], &[1]).await;
    tap.send(&crate::raw::publish(false, "kisima/v1/tap-1/ask", b"over tls", 1))
        .await;
    assert_eq!(tap.packet().await.0, 0x40);
    assert_eq!(tap.message(true).await.1, b"over tls");
    // The silent one is still there: it was served beside it, until its time was up.
    refusal(&site, Refusal::ConnectTimeout).await;
    assert_eq!(silent.packet_or_end().await, None);
    tap.ping().await;
}

#[tokio::test]
async fn the_front_stops_and_serves_again_in_place() {
    let mut site = Site::new(Settings::default()).await;
    let mut tap = Raw::enter(&site, &Hello::v5("tap-1")).await;
    site.stop().await;
    tap.expect_cut(0x8b).await;
    site.event(|event| *event == Event::Disconnected { dispenser: id("tap-1") })
        .await;
    site.start_again();
    let mut tap = Raw::enter(&site, &Hello::v5("tap-1")).await;
    // Dropped without a word, as a supervisor does with an adapter that hangs.
    site.run.abort();
    assert!((&mut site.run).await.is_err());
    assert_eq!(tap.packet_or_end().await, None);
    site.start_again();
    Raw::enter(&site, &Hello::v5("tap-1")).await.ping().await;
    let told = |events: &[Event]| {
        let connected = events
            .iter()
            .filter(|event| matches!(event, Event::Connected { .. }))
            .count();
        let gone = events
            .iter()
            .filter(|event| matches!(event, Event::Disconnected { .. }))
            .count();
        (connected == gone).then_some(())
    };
    site.events_until(told).await;
}
