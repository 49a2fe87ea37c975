//! Who gets a place on the listener, over real sockets: 127.0.0.1 crowds, 127.0.0.2 comes later.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Extension, Router, body::Body, routing::get};
use futures_util::stream;
use runtime::stop::{self, Stopper};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    time::timeout,
};

use super::{
    super::gate::{Limits, Place, serve},
    bench::LIMIT,
};

/// Longer than any test: this limit is not the one that helps.
const NEVER: Duration = Duration::from_secs(3_600);
/// A limit that is reached while a test waits for it.
const SOON: Duration = Duration::from_millis(200);

/// A listener with these limits and two routes: one that answers, one that listens on.
async fn open(limits: Limits) -> (SocketAddr, Stopper) {
    let router = Router::new().route("/", get(async || "ok")).route(
        "/events",
        get(async |Extension(place): Extension<Arc<Place>>| {
            place.give_up();
            Body::from_stream(stream::pending::<Result<&str, Infallible>>())
        }),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stopper, stop) = stop::token();
    tokio::spawn(serve(listener, limits, router, stop));
    (address, stopper)
}

async fn connect(from: &str, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    socket.connect(to).await.unwrap()
}

/// Asks for the page on a fresh connection.
async fn page(from: &str, to: SocketAddr) -> String {
    let asking = async {
        let mut stream = connect(from, to).await;
        let request = b"GET / HTTP/1.1\r\nhost: kisima\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    timeout(LIMIT, asking).await.expect("an answer in time")
}

/// Waits until the server has closed the connection, whatever it said before.
async fn closed(stream: &mut TcpStream) {
    let mut said = Vec::new();
    // A reset is an end too.
    let ended = timeout(LIMIT, stream.read_to_end(&mut said)).await;
    assert!(ended.is_ok(), "the server cuts it");
}

#[tokio::test]
async fn two_hundred_idle_connections_of_one_address_leave_room_for_another() {
    let limits = Limits {
        head_within: NEVER,
        idle_max: NEVER,
        ..Limits::default()
    };
    let (address, _stopper) = open(limits).await;
    let mut idle = Vec::new();
    for _ in 0..200 {
        idle.push(connect("127.0.0.1", address).await);
    }
    assert!(page("127.0.0.2", address).await.ends_with("ok"));
    drop(idle);
}

#[tokio::test]
async fn one_address_gets_its_places_back() {
    let limits = Limits {
        of_loopback_max: 2,
        ..Limits::default()
    };
    let (address, _stopper) = open(limits).await;
    for _ in 0..20 {
        assert!(page("127.0.0.1", address).await.ends_with("ok"));
    }
}

#[tokio::test]
async fn a_head_that_trickles_in_is_cut() {
    let limits = Limits {
        connections_max: 1,
        head_within: SOON,
        idle_max: NEVER,
        ..Limits::default()
    };
    let (address, _stopper) = open(limits).await;
    let mut slow = connect("127.0.0.1", address).await;
    let trickling = async {
        // Each byte comes well within the limit; the head never ends.
        for byte in b"GET / HTTP/1.1\r\nx: ".iter().chain(std::iter::repeat(&b'a')) {
            if slow.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(SOON / 10).await;
        }
    };
    timeout(LIMIT, trickling).await.expect("the slow one is cut");
    assert!(page("127.0.0.2", address).await.ends_with("ok"), "its place is free");
}

#[tokio::test]
async fn a_connection_that_is_kept_and_not_used_is_cut() {
    let limits = Limits {
        connections_max: 1,
        head_within: SOON,
        idle_max: NEVER,
        ..Limits::default()
    };
    let (address, _stopper) = open(limits).await;
    let mut kept = connect("127.0.0.1", address).await;
    kept.write_all(b"GET / HTTP/1.1\r\nhost: kisima\r\n\r\n").await.unwrap();
    closed(&mut kept).await;
    assert!(page("127.0.0.2", address).await.ends_with("ok"), "its place is free");
}

#[tokio::test]
async fn a_live_page_takes_no_place_from_those_that_ask() {
    let limits = Limits {
        connections_max: 1,
        of_loopback_max: 1,
        ..Limits::default()
    };
    let (address, _stopper) = open(limits).await;
    let mut live = connect("127.0.0.1", address).await;
    live.write_all(b"GET /events HTTP/1.1\r\nhost: kisima\r\n\r\n")
        .await
        .unwrap();
    let mut head = [0; 15];
    timeout(LIMIT, live.read_exact(&mut head)).await.unwrap().unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    assert!(page("127.0.0.1", address).await.ends_with("ok"));
}
