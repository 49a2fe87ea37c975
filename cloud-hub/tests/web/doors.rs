//! Sockets that say nothing, or say it slowly: they keep nobody out and do not stay.

use std::time::Duration;

use axum::{Router, routing::get};
use futures_util::{SinkExt, StreamExt};
use hub::{
    adapters::{
        sites::{self, Sockets},
        web::{self, door::Door},
    },
    doors::{Doors, STRANGERS_OF_ADDRESS_MAX},
    hub::operator::Role,
};
use runtime::{decide, stop};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{connect_async, tungstenite::Message};

use crate::{
    house::House,
    http::{LIMIT, send},
};

/// So short that a test does not wait, and long enough for nobody to be cut by chance.
const WITHIN: Duration = Duration::from_millis(500);

async fn dial(from: &str, to: std::net::SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    socket.connect(to).await.unwrap()
}

/// Whether the other end closes it.
async fn ends(stream: &mut TcpStream) {
    let mut bytes = Vec::new();
    let end = timeout(LIMIT, stream.read_to_end(&mut bytes))
        .await
        .expect("it ends in time");
    assert!(end.is_err() || bytes.is_empty(), "{}", String::from_utf8_lossy(&bytes));
}

#[tokio::test]
async fn idle_strangers_of_one_address_keep_nobody_else_out() {
    let house = House::open().await;
    let mut idle = Vec::new();
    for _ in 0..STRANGERS_OF_ADDRESS_MAX {
        idle.push(dial("127.0.0.2", house.web).await);
    }
    // The listener takes them in order, so the next is one too many.
    ends(&mut dial("127.0.0.2", house.web).await).await;
    assert_eq!(send(house.web, "GET", "/health", &[], b"").await.status, 200);
    // Who has shown a token keeps a connection and takes no stranger's place.
    let bearer = house.token(Role::Viewer);
    let head = format!("GET /api/v1/sites HTTP/1.1\r\nhost: hub\r\nauthorization: Bearer {bearer}\r\n\r\n");
    for known in &mut idle {
        known.write_all(head.as_bytes()).await.unwrap();
        let mut bytes = [0; 12];
        known.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"HTTP/1.1 200");
    }
    let mut one_more = dial("127.0.0.2", house.web).await;
    one_more
        .write_all(b"GET /health HTTP/1.1\r\nhost: hub\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    one_more.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    drop(idle);
    house.close().await;
}

/// A door with a short patience, and what it leads to.
async fn open(router: Router) -> (std::net::SocketAddr, stop::Stopper) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stopper, stop) = stop::token();
    let door = Door::new(listener, Doors::new(&[]), WITHIN);
    tokio::spawn(async move {
        web::serve(door, router, stop).await.unwrap();
    });
    (address, stopper)
}

#[tokio::test]
async fn the_head_of_a_request_must_come_in_time() {
    let slow = || async {
        tokio::time::sleep(2 * WITHIN).await;
        "late"
    };
    let router = Router::new().route("/slow", get(slow));
    let busy = axum::middleware::from_fn(web::with_place);
    let (address, _stopper) = open(router.layer(busy)).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    ends(&mut silent).await;
    let mut trickling = TcpStream::connect(address).await.unwrap();
    trickling.write_all(b"GET /slow HT").await.unwrap();
    ends(&mut trickling).await;
    // A request that is being answered has its time.
    assert_eq!(send(address, "GET", "/slow", &[], b"").await.body, "late");
}

#[tokio::test]
async fn a_gateway_must_prove_who_it_is_in_time_and_pings_do_not_help() {
    let (inbox, mut inputs) = decide::queue();
    let (_stopper, stop) = stop::token();
    let route = sites::route(inbox, Sockets::default(), stop, WITHIN);
    let (address, _door) = open(Router::new().route("/sync", route)).await;
    let (mut socket, _) = connect_async(format!("ws://{address}/sync")).await.unwrap();
    let pinging = async {
        while socket.send(Message::Ping(Vec::new().into())).await.is_ok() {
            let pong = socket.next().await;
            if pong.is_none_or(|pong| pong.is_err()) {
                return;
            }
        }
    };
    timeout(LIMIT, pinging).await.expect("the hub ends it");
    let (first, last) = (inputs.recv().await, inputs.recv().await);
    assert!(
        first.is_some() && last.is_some(),
        "linked and unlinked: {first:?} {last:?}"
    );
}
