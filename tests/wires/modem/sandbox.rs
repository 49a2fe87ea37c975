//! The sandbox as the network: phones text the SIM, the SIM texts phones and the hub, and both dial.

use modem::{
    event::{Body, Event},
    machine::Data,
    order::{Order, OrderId, Outgoing},
    port::{self, Options},
};
use serde_json::json;
use tokio::{net::TcpListener, sync::mpsc, time::timeout};
use world::{
    http::Api,
    modem::network::Network,
    processes::{Folder, wait_for},
    sandbox::Sandbox,
};

use crate::{WITHIN, port as pretend};

const SIM: &str = "+254700000900";
const PHONE: u64 = 254_700_000_101;

async fn event<T>(events: &mut mpsc::Receiver<Event>, what: &str, pick: impl Fn(Event) -> Option<T>) -> T {
    let found = timeout(WITHIN, async {
        loop {
            if let Some(found) = pick(events.recv().await.expect("the driver runs")) {
                return found;
            }
        }
    });
    found.await.unwrap_or_else(|_| panic!("no {what}"))
}

#[tokio::test]
async fn phones_and_a_sites_sim_text_one_another() {
    let sandbox = Sandbox::start(TcpListener::bind("127.0.0.1:0").await.unwrap()).unwrap();
    let address = format!("http://{}", sandbox.address());
    let api = Api::new(&address).unwrap();
    let path = format!("/control/africastalking/phones/{PHONE}/text");
    // What came before the modem joined is not told to it.
    api.post(&path, &json!({"to": SIM, "text": "too early"}))
        .await
        .unwrap()
        .expect(200)
        .unwrap();

    let folder = Folder::new("network").unwrap();
    let network = Network::join(&address, SIM, "Kibera").await.unwrap();
    let mut modem = pretend("ec25", &folder.path().join("ttyModem"));
    tokio::spawn(async move { network.serve(&mut modem, |_| {}).await });
    let options = Options {
        port: folder.path().join("ttyModem"),
        baud: 115_200,
        profile: None,
        sim_pin: None,
        pin_note: None,
        data: Data::None,
        power_hook: None,
    };
    let (orders, ordered) = mpsc::channel(8);
    let (tell, mut events) = mpsc::channel(8);
    tokio::spawn(port::run(options, ordered, tell));
    event(&mut events, "Ready", |event| {
        matches!(event, Event::Ready(_)).then_some(())
    })
    .await;

    // The person, by the phone page's form; and in the national form, by the API.
    api.post(&path, &json!({"to": "0700000900", "text": "BALANCE"}))
        .await
        .unwrap()
        .expect(200)
        .unwrap();
    let incoming = event(&mut events, "Received", |event| match event {
        Event::Received(incoming) => Some(incoming),
        _ => None,
    });
    let incoming = incoming.await;
    assert_eq!(
        (incoming.from, incoming.body),
        (format!("+{PHONE}"), Body::Text("BALANCE".into()))
    );

    for (id, to) in [(1, format!("+{PHONE}")), (2, "22384".to_owned())] {
        let text = "Salio: lita 20".to_owned();
        let outgoing = Outgoing {
            id: OrderId(id),
            to,
            text,
            validity: None,
            wants_report: false,
        };
        orders.send(Order::Send(outgoing)).await.unwrap();
    }
    wait_for("the text on the phone", WITHIN, async || {
        sandbox
            .with_texts(|texts| texts.received(PHONE) == ["Salio: lita 20"])
            .then_some(())
    })
    .await
    .unwrap();
    let to_hub = || {
        sandbox.with_texts(|texts| {
            texts
                .messages()
                .iter()
                .any(|text| text.to == "22384" && text.from_phone)
        })
    };
    wait_for("the text to the hub", WITHIN, async || to_hub().then_some(()))
        .await
        .unwrap();
    let page = api.get(&format!("/phone/{PHONE}")).await.unwrap();
    assert!(page.text.contains("Kibera +254700000900"), "{}", page.text);
    assert_eq!(
        api.post(&path, &json!({"to": "mum", "text": "hi"}))
            .await
            .unwrap()
            .status,
        400
    );
    sandbox.stop().await;
}
