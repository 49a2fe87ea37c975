//! Texts on the page and at the webhooks, with a pretend Africa's Talking of the least kind.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use hub::hub::operator::Role;
use serde_json::{Value, json};

use crate::{
    house::{Folder, House, WEBHOOK_SECRET},
    http::{Answer, eventually, send},
    words::paybill,
};

/// Takes texts once there is credit, and only with the right key.
async fn take(
    State(has_credit): State<Arc<AtomicBool>>,
    headers: HeaderMap,
    body: String,
) -> Result<(StatusCode, Json<Value>), StatusCode> {
    if headers.get("apikey").is_none_or(|key| key != "s3cret") || !body.contains("username=kisima") {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let (code, id) = match has_credit.load(Ordering::SeqCst) {
        true => (101, "ATXid_1"),
        false => (405, "None"),
    };
    let recipient = json!({"statusCode": code, "number": "+254700000102", "status": "", "cost": "0", "messageId": id});
    let data = json!({"SMSMessageData": {"Message": "", "Recipients": [recipient]}});
    Ok((StatusCode::CREATED, Json(data)))
}

/// A hub whose texts are carried, and whose prompts reach nobody: each purchase makes a text.
pub async fn house() -> (House, Arc<AtomicBool>, Folder) {
    let has_credit = Arc::new(AtomicBool::new(false));
    let router = Router::new()
        .route("/version1/messaging", post(take))
        .with_state(Arc::clone(&has_credit));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let secrets = Folder::new();
    let secret = secrets.0.join("secret");
    std::fs::write(&secret, "s3cret\n").unwrap();
    let file = secret.display();
    let mut set = paybill(&secret);
    set.extend([
        format!("messaging.africastalking.base_url={base}"),
        "messaging.africastalking.username=kisima".to_owned(),
        format!("messaging.africastalking.api_key_file={file}"),
    ]);
    let set: Vec<&str> = set.iter().map(String::as_str).collect();
    (House::with(&set).await, has_credit, secrets)
}

async fn outbox(house: &House) -> String {
    house.ask(Role::CustomerService, "GET", "/outbox", None).await.body
}

pub async fn tell(house: &House, word: &str, body: &str) -> Answer {
    let path = format!("/sms/{word}/{WEBHOOK_SECRET}");
    send(house.web, "POST", &path, &[], body.as_bytes()).await
}

#[tokio::test]
async fn a_page_says_why_texts_wait_and_lets_them_go() {
    let (house, has_credit, _secrets) = house().await;
    assert!(outbox(&house).await.contains("</strong>on."));
    let customer = house.customer("0700000102", "4071").await;
    let body = json!({"customer": customer, "kind": "topup", "volume_ml": 20_000, "pay": "prompt"});
    assert_eq!(house.post("/api/v1/purchases", body).await.status, 202);
    eventually("texts are held", || async {
        let shown = outbox(&house).await;
        shown
            .contains("takes none of our texts (InsufficientBalance)")
            .then_some(())
    })
    .await;
    assert!(outbox(&house).await.contains("One text waits to be sent."));
    has_credit.store(true, Ordering::SeqCst);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for (role, status) in [(Role::Viewer, 403), (Role::CustomerService, 303)] {
        let answer = house.send(role, "POST", "/outbox/release", &form, b"").await;
        assert_eq!(answer.status, status);
    }
    eventually("the page changes", || async {
        outbox(&house).await.contains("No text waits.").then_some(())
    })
    .await;
    let report = "id=ATXid_1&status=Success&phoneNumber=%2B254700000102&networkCode=63902";
    assert_eq!(tell(&house, "delivery", report).await.status, 200);
    let shown = outbox(&house).await;
    assert!(shown.contains("delivered") && shown.contains("</strong>on."), "{shown}");
    house.close().await;
}

#[tokio::test]
async fn a_text_that_came_is_on_the_page_without_what_may_be_a_pin() {
    let (house, _, _secrets) = house().await;
    let text = "id=ab-1&from=%2B254700000102&to=22384&text=BALANCE+4071+%3Cb%3E";
    assert_eq!(tell(&house, "inbound", text).await.status, 200);
    let shown = outbox(&house).await;
    assert!(shown.contains("BALANCE **** &lt;b&gt;"), "{shown}");
    assert!(!shown.contains("4071"));
    for bad in ["", "id=ab-2&text=x", "id=ab-2&from=%2B254700000102"] {
        assert_eq!(tell(&house, "inbound", bad).await.status, 400, "{bad}");
    }
    house.close().await;
}

#[tokio::test]
async fn a_hub_without_a_messenger_says_so_and_takes_no_word() {
    let house = House::open().await;
    assert!(outbox(&house).await.contains("off. Nobody carries texts"));
    let text = "id=ab-1&from=%2B254700000102&text=HELP";
    assert_eq!(tell(&house, "inbound", text).await.status, 404);
    house.close().await;
}

#[tokio::test]
async fn a_reported_problem_is_shown_until_somebody_says_that_it_is_solved() {
    let (house, _, _secrets) = house().await;
    let report = "id=m1&from=%2B254700000102&to=22384&text=REPORT+the+%3Cb%3Etap%3C%2Fb%3E+leaks&date=2026-11-20";
    assert_eq!(tell(&house, "inbound", report).await.status, 200);
    let open = house.get("/api/v1/tickets?open=true").await;
    assert_eq!(
        (&open["items"][0]["number"], &open["items"][0]["state"]),
        (&json!(1), &json!("open"))
    );
    let page = house.ask(Role::Admin, "GET", "/loans", None).await.body;
    assert!(page.contains("&lt;b&gt;tap") && !page.contains("<b>tap"), "{page}");
    let solved = house
        .send(Role::CustomerService, "POST", "/tickets/solved", &[], b"ticket=1")
        .await;
    assert_eq!(solved.status, 303);
    assert_eq!(house.get("/api/v1/tickets?open=true").await["items"], json!([]));
    let none = house
        .ask(Role::Admin, "POST", "/api/v1/tickets/7/solve", Some(json!({})))
        .await;
    assert_eq!(none.status, 404);
    house.close().await;
}

#[tokio::test]
async fn who_sent_stop_gets_texts_again_when_a_person_says_so() {
    let (house, _, _secrets) = house().await;
    house.customer("0700000102", "4071").await;
    let stop = "id=m1&from=%2B254700000102&to=22384&text=STOP&date=2026-11-20";
    assert_eq!(tell(&house, "inbound", stop).await.status, 200);
    let shown = outbox(&house).await;
    assert!(shown.contains("They want texts again"), "{shown}");
    let viewer = house.ask(Role::Viewer, "GET", "/outbox", None).await.body;
    assert!(!viewer.contains("They want texts again"));
    let start = shown.find("name=\"customer\" value=\"").unwrap() + 23;
    let body = format!("customer={}", &shown[start..start + 16]);
    for (role, status) in [(Role::Viewer, 403), (Role::CustomerService, 303)] {
        let answer = house.send(role, "POST", "/outbox/allow", &[], body.as_bytes()).await;
        assert_eq!(answer.status, status, "{role:?}");
    }
    assert!(!outbox(&house).await.contains("They want texts again"));
    house.close().await;
}
