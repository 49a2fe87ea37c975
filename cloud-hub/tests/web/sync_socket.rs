//! `/sync`: a gateway joins, dials, and hears within a moment what was credited; others are shown the door.

#[path = "../machine/gateway.rs"]
#[expect(dead_code, reason = "the machine's own tests use the rest")]
mod gateway;

use futures_util::{SinkExt, StreamExt};
use hub::hub::{
    effect::Response,
    input::{JoinRequest, LinkId, Request, Secret},
};
use kiosk::moment::{Draw, Moment, Trust, Wall};
use serde_json::json;
use sync::{seal::Identity, session::Event};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use self::gateway::{Gateway, box_seed};
use crate::{
    house::House,
    http::{LIMIT, eventually},
};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

fn moment(number: u64) -> Moment {
    Moment {
        wall: Wall(1_795_165_200_000),
        trust: Trust::Hub,
        monotonic_ms: number,
        draw: Draw::new([u8::try_from(number % 250).unwrap(); 32]),
    }
}

async fn dial(house: &House) -> Socket {
    connect_async(format!("ws://{}/sync", house.web)).await.unwrap().0
}

async fn ended(mut socket: Socket) {
    let closing = async { while let Some(Ok(_)) = socket.next().await {} };
    timeout(LIMIT, closing).await.expect("the hub ends the socket");
}

#[tokio::test]
async fn what_is_credited_reaches_a_gateway_and_its_site_is_online() {
    let house = House::open().await;
    let customer = house.customer("0700000102", "4071").await;
    let asked = JoinRequest {
        code: Secret(house.site("kibera").await),
        public_key: Identity::from_seed(&box_seed(0)).public(),
        medium: [3; 8],
        replace: false,
    };
    let Response::Joined(enrolment) = house.owner(Request::Join(asked)).await else {
        panic!("an enrolment")
    };
    let mut gateway = Gateway::new(*enrolment, 0);
    gateway.dial(LinkId(0));
    let mut socket = dial(&house).await;
    for frame in gateway.event(&moment(1), Event::Opened) {
        socket.send(Message::binary(frame)).await.unwrap();
    }
    let credit = json!({"volume_ml": 20_000, "reason": "a gift"});
    house
        .post(&format!("/api/v1/customers/{customer}/credit"), credit)
        .await;
    let mut number = 1;
    let granted = async {
        while gateway.grants().is_empty() {
            let Some(Ok(Message::Binary(frame))) = socket.next().await else {
                continue;
            };
            number += 1;
            for frame in gateway.event(&moment(number), Event::Frame(&frame)) {
                socket.send(Message::binary(frame)).await.unwrap();
            }
        }
    };
    timeout(LIMIT, granted).await.expect("the grant comes");
    assert_eq!(gateway.grants()[0].volume.ml(), 20_000);
    assert_eq!(house.get("/api/v1/sites").await["items"][0]["online"], true);
    drop(socket);
    eventually("the site is offline", || async {
        (house.get("/api/v1/sites").await["items"][0]["online"] == json!(false)).then_some(())
    })
    .await;
    house.close().await;
}

#[tokio::test]
async fn whoever_sends_no_frame_is_shown_the_door() {
    let house = House::open().await;
    for message in [
        Message::text("hello"),
        Message::binary(vec![0; 40]),
        Message::binary(vec![0; 100_000]),
    ] {
        let mut socket = dial(&house).await;
        // A socket cut while it is written to has ended as well.
        drop(socket.send(message).await);
        ended(socket).await;
    }
    let idle = dial(&house).await;
    house.close().await;
    ended(idle).await;
}
