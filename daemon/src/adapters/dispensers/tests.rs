//! What can only be tested from inside: the death of the message router.

use std::collections::HashMap;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    net::{TcpListener, TcpStream},
};

use super::*;

const LIMIT: Duration = Duration::from_secs(10);
const CONNECT: &[u8] = b"\x10\x1c\x00\x04MQTT\x04\xc2\x00\x00\x00\x05tap-1\x00\x05tap-1\x00\x02pw";
const SUBSCRIBE: &[u8] = b"\x82\x16\x00\x01\x00\x11kisima/v1/tap-1/#\x01";

fn front() -> (Front, mpsc::Receiver<Event>, DispenserId) {
    let tap: DispenserId = "tap-1".parse().unwrap();
    let credentials = Credentials::new(HashMap::from([(tap.clone(), hash(b"pw"))]));
    let (events, receiver) = mpsc::channel(64);
    (
        Front::new(Settings::default(), credentials, events).unwrap(),
        receiver,
        tap,
    )
}

/// Reads until `wanted` has come.
async fn read_until(stream: &mut TcpStream, wanted: &[u8]) -> Vec<u8> {
    let mut read = Vec::new();
    let reading = async {
        while !read.windows(wanted.len()).any(|window| window == wanted) {
            assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0, "the connection stays");
        }
    };
    if timeout(LIMIT, reading).await.is_err() {
        panic!(
            "{:?} did not come, only {:?}",
            String::from_utf8_lossy(wanted),
            String::from_utf8_lossy(&read)
        );
    }
    read
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_router_is_replaced_and_nobody_notices() {
    let (front, _events, tap) = front();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (_stop, stopped) = watch::channel(false);
    let serving = front.clone();
    tokio::spawn(async move { serving.run(&[Listener::plain(listener)], stopped).await });

    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(CONNECT).await.unwrap();
    front.publish(&tap, Outbound::Config, "config-1".into(), true);
    stream.write_all(SUBSCRIBE).await.unwrap();
    read_until(&mut stream, b"config-1").await;

    // Many times, for a link may be asked for in the very moment of death.
    for round in 2..32 {
        front.shared.broker.kill();
        // The same connection gets the kept value again over a new link, and then what is new.
        read_until(&mut stream, format!("config-{}", round - 1).as_bytes()).await;
        front.publish(&tap, Outbound::Config, format!("config-{round}").into(), true);
        read_until(&mut stream, format!("config-{round}").as_bytes()).await;
        assert_eq!(front.shared.broker.generation(), round);
    }
    let mut late = TcpStream::connect(address).await.unwrap();
    late.write_all(CONNECT).await.unwrap();
    late.write_all(SUBSCRIBE).await.unwrap();
    read_until(&mut late, b"config-31").await;
}

#[tokio::test]
async fn refusals_are_counted_when_there_are_too_many_to_tell() {
    let (front, mut events, _) = front();
    let peer = "192.0.2.1:1".parse().unwrap();
    let max = front.shared.settings.refusals_per_second_max;
    for _ in 0..max + 7 {
        front.shared.refused(None, peer, Refusal::Malformed);
        if events.len() == 32 {
            while events.try_recv().is_ok() {}
        }
    }
    while events.try_recv().is_ok() {}
    let told = async {
        loop {
            front.shared.refused(None, peer, Refusal::Flood);
            if let Ok(Event::Refused { untold, why, .. }) = events.try_recv() {
                return (untold, why);
            }
            tokio::task::yield_now().await;
        }
    };
    let (untold, why) = timeout(LIMIT, told).await.unwrap();
    assert!(untold >= 7, "{untold}");
    assert_eq!(why, Refusal::Flood);
}

#[tokio::test]
async fn who_was_pushed_out_while_knocking_is_told_apart_from_who_came_in() {
    let (front, _events, _) = front();
    let registry = &front.shared.registry;
    let first = registry.knock();
    let rest: Vec<_> = (1..front.shared.settings.handshakes_max)
        .map(|_| registry.knock())
        .collect();
    assert!(timeout(Duration::from_millis(1), first.evicted()).await.is_err());
    let newest = registry.knock();
    timeout(LIMIT, first.evicted()).await.expect("the longest waiting goes");
    assert!(timeout(Duration::from_millis(1), newest.evicted()).await.is_err());
    drop((first, rest, newest));
}

#[tokio::test]
async fn a_connect_in_pieces_is_read_and_what_follows_it_is_kept() {
    let (front, _events, tap) = front();
    let (mut near, mut far): (DuplexStream, DuplexStream) = tokio::io::duplex(1);
    let mut bytes = CONNECT.to_vec();
    bytes.extend([0xc0, 0]);
    let writer = tokio::spawn(async move {
        near.write_all(&bytes).await.unwrap();
        near
    });
    let mut input = bytes::BytesMut::new();
    let (settings, credentials) = (&front.shared.settings, &front.shared.credentials);
    let admitted = door::read_connect(&mut far, &mut input, settings, credentials)
        .await
        .unwrap();
    assert_eq!((admitted.dispenser, &*admitted.client_id), (tap, "tap-1"));
    while input.len() < 2 {
        far.read_buf(&mut input).await.unwrap();
    }
    assert_eq!(&input[..], [0xc0, 0]);
    drop(writer.await.unwrap());
}
