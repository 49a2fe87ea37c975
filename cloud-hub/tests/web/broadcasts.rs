//! One text to many people, as an operator writes it, looks at it, sends it and follows it, with a pretend Africa's
//! Talking that takes everything.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use hub::hub::operator::Role;
use serde_json::{Value, json};

use crate::{
    house::{Folder, House},
    http::{Answer, eventually},
};

async fn take(State(taken): State<Arc<AtomicU32>>, body: String) -> (StatusCode, Json<Value>) {
    let id = format!("ATXid_{}", taken.fetch_add(1, Ordering::SeqCst));
    let to = body.split('&').find_map(|field| field.strip_prefix("to=%2B")).unwrap();
    let recipient = json!({"statusCode": 101, "number": format!("+{to}"), "status": "", "cost": "0", "messageId": id});
    let data = json!({"SMSMessageData": {"Message": "", "Recipients": [recipient]}});
    (StatusCode::CREATED, Json(data))
}

/// A hub at which texts leave at every hour, and how many have left.
async fn house() -> (House, Arc<AtomicU32>, Folder) {
    let taken = Arc::new(AtomicU32::new(0));
    let router = Router::new()
        .route("/version1/messaging", post(take))
        .with_state(Arc::clone(&taken));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let (house, secrets) = house_at(&base).await;
    (house, taken, secrets)
}

/// The same with Africa's Talking at this address.
async fn house_at(base: &str) -> (House, Folder) {
    let secrets = Folder::new();
    let secret = secrets.0.join("secret");
    std::fs::write(&secret, "s3cret\n").unwrap();
    let set = [
        format!("messaging.africastalking.base_url={base}"),
        "messaging.africastalking.username=kisima".to_owned(),
        format!("messaging.africastalking.api_key_file={}", secret.display()),
        "messaging.broadcasts.from_hour=0".to_owned(),
        "messaging.broadcasts.to_hour=24".to_owned(),
        "messaging.broadcasts.price_per_part_minor=80".to_owned(),
    ];
    let set: Vec<&str> = set.iter().map(String::as_str).collect();
    (House::with(&set).await, secrets)
}

async fn begin(house: &House, role: Role, key: &str, body: &Value) -> Answer {
    let key = [("idempotency-key", key)];
    house
        .send(role, "POST", "/api/v1/broadcasts", &key, body.to_string().as_bytes())
        .await
}

/// A key of its own for each bad input.
fn code_and_length(code: &str, body: &Value) -> String {
    format!("{code}-{}", body.to_string().len())
}

async fn form(house: &House, role: Role, path: &str, form: &str) -> Answer {
    house.send(role, "POST", path, &[], form.as_bytes()).await
}

#[tokio::test]
async fn a_program_previews_begins_once_and_follows() {
    let (house, taken, _secrets) = house().await;
    for number in 0..3 {
        house.customer(&format!("070000010{number}"), "4071").await;
    }
    let body =
        json!({"audience": "customers", "site": "kibera", "text_en": "Closed today", "text_sw": "Imefungwa leo"});
    let preview = house.post("/api/v1/broadcasts/preview", body.clone()).await;
    assert_eq!(preview.status, 200, "{preview:?}");
    let plan = preview.json();
    assert_eq!(
        (&plan["people"], &plan["parts"], &plan["cost_minor"]),
        (&json!(3), &json!(3), &json!(240))
    );
    assert_eq!(plan["texts"][0]["encoding"], "GSM-7");
    assert_eq!(plan["texts"][0]["text"], "Closed today Stop: reply STOP");
    assert_eq!(plan["hours"], "00:00 to 24:00");
    let first = begin(&house, Role::CustomerService, "k1", &body).await;
    assert_eq!(
        (first.status, first.json()),
        (202, json!({"id": "1", "state": "running"}))
    );
    let again = begin(&house, Role::CustomerService, "k1", &body).await;
    assert_eq!(again.json(), first.json());
    eventually("all have it", || async {
        let shown = house.get("/api/v1/broadcasts/1").await;
        (shown["progress"]["sent"] == 3 && shown["state"] == "done").then_some(())
    })
    .await;
    assert_eq!(taken.load(Ordering::SeqCst), 3);
    let shown = house.get("/api/v1/broadcasts").await;
    assert_eq!(shown["items"][0]["texts"]["sw"], "Imefungwa leo Kuacha: jibu STOP");
    assert_eq!(shown["items"][0]["created_by"], "token customer_service");
    assert_eq!(
        begin(&house, Role::Admin, "k2", &body).await.json()["error"]["code"],
        "equal_broadcast"
    );
    let over = house.post("/api/v1/broadcasts/1/resume", json!({})).await;
    assert_eq!(
        (over.status, &over.json()["error"]["code"]),
        (409, &json!("broadcast_over"))
    );
    house.close().await;
}

#[tokio::test]
async fn bad_input_names_its_field_and_begins_nothing() {
    let (house, _, _secrets) = house().await;
    house.customer("0700000102", "4071").await;
    let whole = json!({"audience": "customers", "site": "kibera", "text_en": "Closed today"});
    let with = |name: &str, value: Value| {
        let mut body = whole.clone();
        body[name] = value;
        body
    };
    for (body, code, field) in [
        (with("text_en", json!(" ")), "empty_text", "text_en"),
        (with("text_en", json!("a".repeat(460))), "text_too_long", "text_en"),
        (with("text_en", json!("a".repeat(5_000))), "bad_field", "text_en"),
        (with("text_de", json!("Zu")), "unknown_field", "text_de"),
        (with("audience", json!("everybody")), "bad_field", "audience"),
        (with("site", json!("nowhere")), "unknown_site", "site"),
        (with("site", json!(null)), "bad_field", "site"),
        (with("all_sites", json!(true)), "bad_field", "site"),
        (with("cost_minor_max", json!("80")), "bad_field", "cost_minor_max"),
    ] {
        let answer = begin(&house, Role::Admin, &code_and_length(code, &body), &body).await;
        let error = answer.json()["error"].clone();
        assert_eq!(
            (answer.status, &error["code"], &error["field"]),
            (400, &json!(code), &json!(field)),
            "{body}"
        );
    }
    let keyless = house.post("/api/v1/broadcasts", whole.clone()).await;
    assert_eq!(keyless.json()["error"]["code"], "missing_idempotency_key");
    let dearer = begin(&house, Role::Admin, "k2", &with("cost_minor_max", json!(79))).await;
    assert_eq!(
        (dearer.status, &dearer.json()["error"]["code"]),
        (409, &json!("cost_changed"))
    );
    for path in ["/api/v1/broadcasts/1", "/api/v1/broadcasts/x", "/broadcasts/1"] {
        assert_eq!(house.ask(Role::Admin, "GET", path, None).await.status, 404, "{path}");
    }
    assert_eq!(house.get("/api/v1/broadcasts").await["items"], json!([]));
    house.close().await;
}

#[tokio::test]
async fn only_who_serves_customers_may_and_whoever_sees_the_books_may_look() {
    let (house, _, _secrets) = house().await;
    house.customer("0700000102", "4071").await;
    let body = json!({"audience": "customers", "all_sites": true, "text_fr": "Fermé"});
    for role in Role::ALL {
        let serves = matches!(role, Role::Admin | Role::CustomerService);
        let looks = serves || role == Role::Viewer;
        let preview = house
            .ask(role, "POST", "/api/v1/broadcasts/preview", Some(body.clone()))
            .await;
        assert_eq!(preview.status, if serves { 200 } else { 403 }, "{role:?}");
        for path in ["/api/v1/broadcasts", "/broadcasts"] {
            let list = house.ask(role, "GET", path, None).await;
            assert_eq!(list.status, if looks { 200 } else { 403 }, "{role:?} {path}");
            assert_eq!(
                list.body.contains("New broadcast"),
                serves && path == "/broadcasts",
                "{role:?}"
            );
        }
        for word in ["pause", "resume", "cancel"] {
            let path = format!("/api/v1/broadcasts/1/{word}");
            let answer = house.ask(role, "POST", &path, Some(json!({}))).await;
            assert_eq!(answer.status, if serves { 404 } else { 403 }, "{role:?} {word}");
        }
    }
    house.close().await;
}

#[tokio::test]
async fn a_person_writes_looks_sends_and_follows_it_without_a_script() {
    let (house, taken, _secrets) = house().await;
    house.customer("0700000102", "4071").await;
    let admin = Role::CustomerService;
    let shown = house.ask(admin, "GET", "/broadcasts", None).await.body;
    assert!(
        shown.contains(">Kiosk kibera</option>") && shown.contains("None yet"),
        "{shown}"
    );
    // What was typed is not lost with the refusal.
    let long = "a".repeat(460);
    let bad = form(
        &house,
        admin,
        "/broadcasts/preview",
        &format!("audience=customers&site=kibera&text_sw={long}"),
    )
    .await;
    assert_eq!(bad.status, 400);
    assert!(
        bad.body.contains("Swahili: the text has 4 parts") && bad.body.contains(&long),
        "{}",
        bad.body
    );
    let nobody = form(
        &house,
        admin,
        "/broadcasts/preview",
        "audience=customers&site=&text_en=Closed",
    )
    .await;
    assert!(nobody.status == 400 && nobody.body.contains("Please choose who is to get it"));
    let typed = "audience=customers&site=kibera&text_en=Closed+%3Cb%3E%0D%0Atoday&text_sw=";
    let preview = form(&house, admin, "/broadcasts/preview", typed).await;
    assert_eq!(preview.status, 200, "{}", preview.body);
    for part in [
        "Closed &lt;b&gt;",
        "1 part, GSM-7",
        "KES 0.80",
        "Send to 1 person",
        "00:00 to 24:00 (Africa/Nairobi)",
    ] {
        assert!(preview.body.contains(part), "{part}: {}", preview.body);
    }
    let send = format!("{typed}&cost=80&key=k1");
    let begun = form(&house, admin, "/broadcasts", &send).await;
    assert_eq!(
        (begun.status, begun.header("location")),
        (303, Some("/broadcasts/1?done=broadcast"))
    );
    let twice = form(&house, admin, "/broadcasts", &send).await;
    assert_eq!(twice.header("location"), begun.header("location"));
    eventually("it is sent", || async {
        let shown = house.ask(admin, "GET", "/broadcasts/1", None).await.body;
        shown.contains("<dt>Sent</dt><dd>1</dd>").then_some(())
    })
    .await;
    assert_eq!(taken.load(Ordering::SeqCst), 1);
    let shown = house.ask(admin, "GET", "/broadcasts", None).await.body;
    assert!(shown.contains("/broadcasts/1") && shown.contains("customers of kibera"));
    house.close().await;
}

#[tokio::test]
async fn a_person_pauses_resumes_and_cancels_on_the_page() {
    // Nobody listens on port 9 (RFC 863, discard) of a machine that runs tests: every text waits.
    let (house, _secrets) = house_at("http://127.0.0.1:9").await;
    house.customer("0700000102", "4071").await;
    let body = json!({"audience": "customers", "site": "kibera", "text_en": "Closed today"});
    assert_eq!(begin(&house, Role::Admin, "k1", &body).await.status, 202);
    for (word, state, offers) in [
        ("pause", "paused", "Resume"),
        ("resume", "running", "Pause"),
        ("cancel", "cancelled", "Look"),
    ] {
        let answer = form(&house, Role::Admin, &format!("/broadcasts/1/{word}"), "").await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, Some("/broadcasts/1")),
            "{word}"
        );
        let shown = house.ask(Role::Admin, "GET", "/broadcasts/1", None).await.body;
        assert!(shown.contains(offers) && shown.contains(state), "{word}: {shown}");
        assert_eq!(shown.contains("Cancel: send no more"), word != "cancel");
        assert!(
            !house
                .ask(Role::Viewer, "GET", "/broadcasts/1", None)
                .await
                .body
                .contains("send no more")
        );
    }
    let shown = house.ask(Role::Admin, "GET", "/broadcasts/1", None).await.body;
    assert!(shown.contains("<dt>Not sent</dt><dd>1</dd>"), "{shown}");
    let over = form(&house, Role::Admin, "/broadcasts/1/resume", "").await;
    assert!(
        over.status == 409 && over.body.contains("This broadcast is over"),
        "{}",
        over.body
    );
    house.close().await;
}
