//! The real hub and a pretend Africa's Talking: a receipt arrives once and is known to have arrived, a kill sends nothing
//! twice, and forged words at the webhooks change nothing (RELIABILITY row 33).

use std::time::Duration;

use kiosk::provider::Provider;
use reqwest::{Method, StatusCode};
use rusqlite::Connection;
use serde_json::{Value, json};
use world::{
    http::Api,
    processes::{Folder, wait_for},
    programme::{Programme, WEBHOOK_SECRET},
};

/// How long a text may take here.
const WITHIN: Duration = Duration::from_secs(20);
const JANE: u64 = 254_708_374_149;
const ANOTHER: &str = "%2B254708374150";

struct Scene {
    programme: Programme,
    sandbox: Api,
    jane: String,
    http: reqwest::Client,
    _folder: Folder,
}

impl Scene {
    async fn open(name: &str, keys: &[(&str, &str)]) -> Scene {
        let folder = Folder::new(name).unwrap();
        let mut all = vec![("payments.query_after", "\"1 s\"")];
        all.extend(keys);
        let programme = Programme::texting(folder.path(), &[Provider::Mpesa], &all)
            .await
            .unwrap();
        let body = json!({"phone": "0708374149", "name": "Jane Smith", "pin": "4071"});
        let made = programme.api.post("/api/v1/customers", &body).await.unwrap();
        Scene {
            sandbox: programme.sandbox().unwrap(),
            jane: made.expect(201).unwrap()["id"].as_str().unwrap().to_owned(),
            programme,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            _folder: folder,
        }
    }

    async fn behave(&self, behaviour: Value) {
        let body = json!({ "africastalking": behaviour });
        self.sandbox.post("/control", &body).await.unwrap().expect(200).unwrap();
    }

    /// Money into the wallet, which the pretend phone pays by itself.
    async fn pay(&self, amount_minor: i64) {
        let body = json!({"customer": self.jane, "kind": "topup", "amount_minor": amount_minor, "pay": "prompt"});
        self.programme
            .api
            .post("/api/v1/purchases", &body)
            .await
            .unwrap()
            .expect(202)
            .unwrap();
    }

    /// What came to Jane's phone, once there are so many.
    async fn received(&self, count: usize) -> Vec<String> {
        let room = async || {
            let texts = self.programme.texts_on(JANE).await.ok()?;
            (texts.len() >= count).then_some(texts)
        };
        wait_for("the text is on the phone", WITHIN, room)
            .await
            .unwrap_or_else(|error| panic!("{error}: {}", self.programme.hub.log_end()))
    }

    fn books(&self) -> Connection {
        let path = self.programme.hub.data().join("hub.db");
        Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
    }

    /// The states of all texts, the oldest first.
    fn states(&self) -> Vec<String> {
        let books = self.books();
        let mut rows = books.prepare("SELECT state FROM outbox ORDER BY id").unwrap();
        let states = rows.query_map([], |row| row.get(0)).unwrap();
        states.map(Result::unwrap).collect()
    }

    async fn become_states(&self, expected: &[&str]) {
        let seen = wait_for("the texts stand so", WITHIN, async || {
            (self.states() == expected).then_some(())
        });
        seen.await
            .unwrap_or_else(|error| panic!("{error}: {:?}\n{}", self.states(), self.programme.hub.log_end()));
    }

    /// Everything of value, and what is known of texts.
    fn value(&self) -> String {
        let books = self.books();
        let mut all = String::new();
        for sql in [
            "SELECT group_concat(id || state || ifnull(message_id, '') || ifnull(reason, ''), ',') FROM outbox",
            "SELECT count(*) || '-' || total(minor) FROM posting",
            "SELECT count(*) || '-' || total(volume_ml) FROM credit",
            "SELECT group_concat(id || state, ',') FROM purchase",
            "SELECT count(*) FROM stopped",
            "SELECT count(*) FROM inbox",
            "SELECT count(*) FROM early_report",
        ] {
            let cell: rusqlite::types::Value = books.query_row(sql, [], |row| row.get(0)).unwrap();
            all.push_str(&format!("{cell:?};"));
        }
        all
    }

    fn number(&self, sql: &str) -> i64 {
        self.books().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    async fn post(&self, path: &str, body: String) -> u16 {
        let url = format!("{}{path}", self.programme.hub.url().unwrap());
        let form = "application/x-www-form-urlencoded";
        let call = self
            .http
            .request(Method::POST, url)
            .header("content-type", form)
            .body(body);
        // A body that is too large may be cut off before an answer is read.
        let status = call.send().await.map(|answer| answer.status());
        status.unwrap_or(StatusCode::PAYLOAD_TOO_LARGE).as_u16()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_arrives_once_and_is_known_to_have_arrived() {
    let mut scene = Scene::open("texts", &[]).await;
    scene
        .behave(json!({"reports": 2, "report_delay_ms": 300, "reports_shuffled": true}))
        .await;
    scene.pay(4_000).await;
    let texts = scene.received(1).await;
    assert!(texts[0].contains("KES 40"), "{texts:?}");
    scene.become_states(&["delivered"]).await;

    // The newer form, after a restart; and what came before is not sent again.
    scene.programme.hub.set("messaging.africastalking.bulk", "true");
    scene.programme.hub.stop(WITHIN).await.unwrap();
    scene.programme.start_hub().await.unwrap();
    scene.pay(5_000).await;
    let texts = scene.received(2).await;
    assert!(texts[1].contains("KES 50"), "{texts:?}");
    scene.become_states(&["delivered", "delivered"]).await;
    assert_eq!(scene.received(2).await.len(), 2);

    // A phone writes; its word comes once, and nobody sees the PIN in it.
    let path = format!("/control/africastalking/phones/{JANE}/text");
    let text = json!({"text": "BALANCE 4071"});
    scene.sandbox.post(&path, &text).await.unwrap().expect(200).unwrap();
    wait_for("the text is at the hub", WITHIN, async || {
        (scene.number("SELECT count(*) FROM inbox WHERE state = 'read' AND text = 'BALANCE ****'") == 1).then_some(())
    })
    .await
    .unwrap();
    let texts = scene.received(3).await;
    assert!(texts[2].starts_with("Never send your PIN by SMS."), "{texts:?}");
    assert!(!scene.programme.hub.log().contains("4071"));
    scene.programme.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_between_text_and_answer_sends_nothing_twice() {
    let mut scene = Scene::open("texts-kill", &[]).await;
    scene.behave(json!({"fault": "silent", "reports": 0})).await;
    scene.pay(4_000).await;
    let texts = scene.received(1).await;
    assert_eq!(scene.states(), ["sending"]);
    scene.programme.hub.kill().unwrap();
    scene.behave(json!({"fault": "none"})).await;
    scene.programme.start_hub().await.unwrap();
    scene.become_states(&["unknown"]).await;
    scene.pay(5_000).await;
    scene.become_states(&["unknown", "sent"]).await;
    let all = scene.received(2).await;
    assert_eq!(all.iter().filter(|text| **text == texts[0]).count(), 1, "{all:?}");
    scene.programme.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_credit_texts_wait_with_one_alarm_through_a_restart() {
    let mut scene = Scene::open("texts-credit", &[]).await;
    scene.behave(json!({"account": "insufficient_balance"})).await;
    scene.pay(4_000).await;
    wait_for("texts are held", WITHIN, async || {
        (scene.number("SELECT count(*) FROM alarm WHERE code = 'texts_held'") == 1).then_some(())
    })
    .await
    .unwrap();
    assert_eq!(scene.states(), ["queued"]);
    scene.behave(json!({"account": "good"})).await;
    // A restart is nobody's word that it is mended.
    scene.programme.hub.stop(WITHIN).await.unwrap();
    scene.programme.start_hub().await.unwrap();
    assert_eq!(scene.states(), ["queued"]);
    scene.programme.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_words_about_texts_change_nothing() {
    let mut scene = Scene::open("texts-forged", &[]).await;
    scene.behave(json!({"reports": 0})).await;
    scene.pay(4_000).await;
    scene.received(1).await;
    scene.become_states(&["sent"]).await;
    let id: String = scene
        .books()
        .query_row("SELECT message_id FROM outbox", [], |row| row.get(0))
        .unwrap();
    let number = format!("%2B{JANE}");
    let good = format!("id={id}&status=Success&phoneNumber={number}&networkCode=63902");
    let text = format!("id=ab-1&from={number}&to=22384&text=STOP");
    let opt_out = format!("senderId=KISIMA&phoneNumber={number}");
    let before = scene.value();
    let wrong = format!("{WEBHOOK_SECRET}0");
    let huge = format!("{good}&more={}", "x".repeat(100_000));
    for (word, body) in [("delivery", &good), ("inbound", &text), ("stop", &opt_out)] {
        let path = format!("/sms/{word}/{WEBHOOK_SECRET}");
        for (what, path, body, expected) in [
            ("wrong secret", format!("/sms/{word}/{wrong}"), body.clone(), 403),
            ("no secret", format!("/sms/{word}"), body.clone(), 403),
            ("nothing", path.clone(), String::new(), 400),
            (
                "json",
                path.clone(),
                json!({"id": id, "status": "Success"}).to_string(),
                400,
            ),
            (
                "a phone that is none",
                path.clone(),
                body.replace(&number, "MPESA"),
                400,
            ),
            ("no phone", path.clone(), body.replace(&number, ""), 400),
            (
                "huge",
                path.clone(),
                format!("{body}&more={}", "x".repeat(100_000)),
                400,
            ),
        ] {
            let status = scene.post(&path, body).await;
            assert!(
                status == expected || (what == "huge" && status == 413),
                "{word}: {what}: {status}"
            );
            assert_eq!(scene.value(), before, "{word}: {what}");
        }
    }
    let path = format!("/sms/delivery/{WEBHOOK_SECRET}");
    for (what, body, expected) in [
        ("unknown id", good.replace(&id, "ATXid_0"), 200),
        ("no id", good.replace(&format!("id={id}&"), ""), 400),
        ("another's number", good.replace(&number, ANOTHER), 200),
        ("no status", good.replace("status=Success&", ""), 400),
        ("a word nobody knows", good.replace("Success", "Teleported"), 200),
        ("huge", huge, 400),
    ] {
        let status = scene.post(&path, body).await;
        assert!(
            status == expected || (what == "huge" && status == 413),
            "{what}: {status}"
        );
        assert_eq!(scene.value(), before, "{what}");
    }
    // The true word, and then every other.
    assert_eq!(scene.post(&path, good.clone()).await, 200);
    assert_eq!(scene.states(), ["delivered"]);
    let after = scene.value();
    for word in ["Success", "Failed", "Submitted"] {
        assert_eq!(scene.post(&path, good.replace("Success", word)).await, 200);
        assert_eq!(scene.value(), after, "{word}");
    }
    // A text that comes again, and a flood of one number.
    let inbound = format!("/sms/inbound/{WEBHOOK_SECRET}");
    for _ in 0..2 {
        assert_eq!(scene.post(&inbound, text.clone()).await, 200);
    }
    assert_eq!(scene.number("SELECT count(*) FROM inbox"), 1);
    for more in 0..30 {
        let status = scene.post(&inbound, text.replace("ab-1", &format!("cd-{more}"))).await;
        assert_eq!(status, 200);
    }
    assert_eq!(scene.number("SELECT count(*) FROM inbox"), 11);
    assert_eq!(
        scene.number("SELECT count(*) FROM credit"),
        1,
        "what was paid, and no more"
    );
    scene.programme.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_listed_addresses_speak_for_the_messenger_where_some_are() {
    let mut scene = Scene::open(
        "texts-listed",
        &[("messaging.africastalking.callbacks_from", "[\"192.0.2.0/24\"]")],
    )
    .await;
    let before = scene.value();
    let text = format!("id=ab-1&from=%2B{JANE}&text=HELP");
    let status = scene.post(&format!("/sms/inbound/{WEBHOOK_SECRET}"), text).await;
    assert_eq!((status, scene.value()), (403, before));
    scene.programme.stop().await.unwrap();
}
