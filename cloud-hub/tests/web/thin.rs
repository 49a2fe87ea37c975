//! A gateway's sync through the doors for texts and for USSD.

use hub::hub::{
    effect::{Enrolment, Response},
    input::{JoinRequest, Request, Secret},
    operator::Role,
};
use kiosk::{
    ids::{Epoch, Writer},
    moment::{Draw, Moment, Trust, Wall},
};
use rusqlite::Connection;
use serde_json::{Value, json};
use store::journal::{SCHEMA, SqlLogs};
use sync::{
    seal::{Carrier, Identity, PairKey, SecretKey},
    session::Setup,
    thin::{self, Event},
};

use crate::{
    house::{House, WEBHOOK_SECRET},
    texts::{house, tell},
    ussd::{form, post_form},
};

const SIM: &str = "+254700000900";

/// A gateway that has joined, and never had data since.
struct Gateway {
    setup: Setup,
    books: Connection,
}

impl Gateway {
    async fn join(house: &House) -> Gateway {
        let seed = SecretKey::new([100; 32]);
        let identity = Identity::from_seed(&seed);
        let code = house.site("kibera-3").await;
        let request = Request::Join(JoinRequest {
            code: Secret(code),
            public_key: identity.public(),
            medium: [3; 8],
            replace: false,
        });
        let Response::Joined(enrolment) = house.owner(request).await else {
            panic!("it did not join");
        };
        let Enrolment {
            box_id,
            pair_key,
            hub_signing_key,
            ..
        } = *enrolment;
        let books = Connection::open_in_memory().unwrap();
        books.execute_batch(SCHEMA).unwrap();
        let setup = Setup {
            side: Writer::Site,
            box_id,
            run: Epoch(0xb0),
            pair: PairKey::new(&SecretKey::new(pair_key)),
            identity,
            peer_public: hub_signing_key,
            medium: [3; 8],
            linger_ms: thin::LINGER_MS,
            refuse: None,
        };
        Gateway { setup, books }
    }

    fn event(&self, event: Event<'_>) -> thin::Outcome {
        let moment = Moment {
            wall: Wall(1_795_165_200_000),
            trust: Trust::Ntp,
            monotonic_ms: 1_000,
            draw: Draw::new([1; 32]),
        };
        thin::handle(&self.setup, &moment, event, &mut SqlLogs::new(&self.books)).unwrap()
    }

    /// What it says first.
    fn hello(&self, carrier: Carrier) -> String {
        let said = self.event(Event::Tick { carrier, texts_max: 9 });
        said.texts[0].text.clone()
    }

    fn is_answered(&self, carrier: Carrier, text: &str) -> bool {
        self.event(Event::Text { carrier, text }).verified
    }
}

/// The site as the API shows it.
async fn site(house: &House) -> Value {
    let all = house.get("/api/v1/sites").await;
    let mut items = all["items"].as_array().unwrap().iter();
    items.find(|site| site["id"] == "kibera-3").unwrap().clone()
}

async fn metric(house: &House, name: &str) -> String {
    let all = house.ask(Role::Viewer, "GET", "/metrics", None).await.body;
    let line = all.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_frame_at_the_door_for_texts_is_a_gateways() {
    let (house, _, _secrets) = house().await;
    let gateway = Gateway::join(&house).await;
    let before = site(&house).await;
    assert_eq!(
        (&before["reached_by"], &before["texts"]),
        (&json!("nothing"), &json!(null))
    );
    let hello = gateway.hello(Carrier::Sms);
    let sent = form(&[("id", "m1"), ("from", SIM), ("to", "22384"), ("text", &hello)]);
    assert_eq!(tell(&house, "inbound", &sent).await.status, 200);
    let shown = site(&house).await;
    assert_eq!(
        (&shown["reached_by"], &shown["online"]),
        (&json!("texts"), &json!(false))
    );
    assert!(
        shown["texts"]["since"].is_string() && shown["texts"]["last"].is_string(),
        "{shown}"
    );
    assert_eq!(metric(&house, "kisima_sites_by_texts").await, "1");
    let page = house.ask(Role::Viewer, "GET", "/sites/kibera-3", None).await.body;
    assert!(page.contains("by SMS, since "), "{page}");
    // It is no text of anybody.
    let texts = house.ask(Role::Viewer, "GET", "/outbox", None).await.body;
    assert!(
        !texts.contains(&hello) && texts.contains("No text has come yet."),
        "{texts}"
    );
    // The same over the other carrier is of nobody.
    let fields = [("sessionId", "s1"), ("phoneNumber", SIM), ("text", hello.as_str())];
    let path = format!("/ussd/callback/{WEBHOOK_SECRET}");
    assert_eq!(post_form(&house, &path, &fields).await.body, "END ");
    assert_eq!(metric(&house, "kisima_sync_texts_refused").await, "1");
    house.close().await;
}

#[tokio::test]
async fn a_frame_at_the_door_for_ussd_is_answered_by_one() {
    let house = House::open().await;
    let gateway = Gateway::join(&house).await;
    let path = format!("/ussd/callback/{WEBHOOK_SECRET}");
    let fields = |text: &str| {
        let all = [
            ("sessionId", "s1"),
            ("phoneNumber", SIM),
            ("serviceCode", "*384*303#"),
            ("text", text),
        ];
        all.map(|(name, value)| (name, value.to_owned()))
    };
    let say = async |text: &str| {
        let fields = fields(text);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        post_form(&house, &path, &fields).await.body
    };
    // The network says that it dialled: a menu as anybody's, which it does not read.
    assert!(say("").await.starts_with("CON "));
    let hello = gateway.hello(Carrier::Ussd);
    let answer = say(&hello).await;
    let (word, frame) = answer.split_once(' ').unwrap();
    assert!(["CON", "END"].contains(&word));
    assert!(gateway.is_answered(Carrier::Ussd, frame), "{answer}");
    house.close().await;
}
