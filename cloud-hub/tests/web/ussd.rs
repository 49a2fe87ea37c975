//! USSD as Africa's Talking and Safaricom speak it, and what an operator sees of it (FEATURES C24, C25, C28 to C31).

use hub::hub::operator::Role;
use serde_json::{Value, json};

use crate::{
    house::{House, WEBHOOK_SECRET},
    http::{Answer, send},
};

const SORRY: &str = "This did not work. Please dial again.";
const MENU: &str =
    "Hello Jane\n1. Buy water\n2. My water\n3. Pay bill\n4. My orders\n5. Loans\n6. Help\n7. My account\n0. Exit";

/// A form as a browser would write it.
pub fn form(fields: &[(&str, &str)]) -> String {
    let written = |text: &str| -> String {
        let escaped = text.bytes().map(|byte| match byte {
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        });
        escaped.collect()
    };
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", written(value)))
        .collect();
    pairs.join("&")
}

pub async fn post_form(house: &House, path: &str, fields: &[(&str, &str)]) -> Answer {
    let content = [("content-type", "application/x-www-form-urlencoded")];
    send(house.web, "POST", path, &content, form(fields).as_bytes()).await
}

async fn steps(house: &House, session: &str, text: &str) -> Answer {
    let path = format!("/ussd/callback/{WEBHOOK_SECRET}");
    let fields = [
        ("sessionId", session),
        ("phoneNumber", "+254700000102"),
        ("networkCode", "99999"),
        ("serviceCode", "*384*303#"),
        ("text", text),
    ];
    post_form(house, &path, &fields).await
}

async fn post_json(house: &House, path: &str, body: &Value) -> Answer {
    let content = [("content-type", "application/json")];
    send(house.web, "POST", path, &content, body.to_string().as_bytes()).await
}

#[tokio::test]
async fn africas_talking_gets_con_and_end() {
    let house = House::open().await;
    house.customer("0700000102", "4071").await;
    let dialled = steps(&house, "ATUid_1", "").await;
    assert_eq!((dialled.status, &dialled.body), (200, &format!("CON {MENU}")));
    assert_eq!(dialled.header("content-type"), Some("text/plain; charset=utf-8"));
    let mine = steps(&house, "ATUid_1", "2").await;
    assert!(mine.body.starts_with("CON MY WATER\n1. Balance"), "{mine:?}");
    let balance = steps(&house, "ATUid_1", "2*1").await;
    assert_eq!(balance.body, "CON Prepaid: 0 l\nJerrycans: 0\nWallet: KES 0\n0. Back");
    let again = steps(&house, "ATUid_1", "2*1").await;
    assert_eq!(again.body, balance.body);
    let late = steps(&house, "ATUid_1", "2").await;
    assert_eq!(
        (late.status, late.body),
        (200, format!("END {SORRY}")),
        "a step from before"
    );
    steps(&house, "ATUid_1", "2*1*0").await;
    steps(&house, "ATUid_1", "2*1*0*0").await;
    let over = steps(&house, "ATUid_1", "2*1*0*0*0").await;
    assert_eq!((over.status, over.body.as_str()), (200, "END Thank you. Goodbye."));
    house.close().await;
}

#[tokio::test]
async fn whatever_is_wrong_behind_the_secret_is_an_apology() {
    let house = House::open().await;
    let path = format!("/ussd/callback/{WEBHOOK_SECRET}");
    let long = "1*".repeat(5_000);
    let name = "s".repeat(129);
    let phone = ("phoneNumber", "+254700000102");
    let session = ("sessionId", "s1");
    for fields in [
        &[][..],
        &[session],
        &[phone],
        &[session, ("phoneNumber", "911")],
        &[session, ("phoneNumber", "")],
        &[session, ("phoneNumber", "Ж")],
        &[("sessionId", "a b"), phone],
        &[("sessionId", "💧"), phone],
        &[("sessionId", &name), phone],
        &[session, phone, ("text", &long)],
    ] {
        let answer = post_form(&house, &path, fields).await;
        assert_eq!(
            (answer.status, answer.body),
            (200, format!("END {SORRY}")),
            "{fields:?}"
        );
    }
    let huge = vec![b'a'; 70_000];
    let answer = send(house.web, "POST", &path, &[], &huge).await;
    assert_eq!((answer.status, answer.body), (200, format!("END {SORRY}")));
    let path = format!("/api/ussd/handler/{WEBHOOK_SECRET}");
    let apology = json!({"responseType": "notification", "message": SORRY});
    for body in [
        json!([]),
        json!({}),
        json!({"sessionId": "s1", "phoneNumber": 254_700_000_102_u64}),
        json!({"sessionId": "s1", "phoneNumber": "+254700000102", "text": ["1"]}),
    ] {
        let answer = post_json(&house, &path, &body).await;
        assert_eq!((answer.status, answer.json()), (200, apology.clone()), "{body}");
    }
    let answer = send(house.web, "POST", &path, &[], b"{").await;
    assert_eq!((answer.status, answer.json()), (200, apology));
    let listed = house.get("/api/ussd/sessions").await;
    assert_eq!(listed, json!({"activeSessions": 0, "sessions": []}));
    house.close().await;
}

#[tokio::test]
async fn strangers_are_refused_unless_unsigned_calls_are_allowed() {
    let paths = |secret: &str| {
        ["/ussd/callback", "/callback", "/ussd/events", "/api/ussd/handler"].map(|path| format!("{path}{secret}"))
    };
    let house = House::open().await;
    for path in [paths(""), paths("/0123456789abcdee"), paths("/0")].concat() {
        let answer = send(house.web, "POST", &path, &[], b"").await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"), "{path}");
    }
    house.close().await;
    let house = House::with(&["webhooks.allow_unsigned=true"]).await;
    let fields = [("sessionId", "s1"), ("phoneNumber", "+254700000102"), ("text", "")];
    let answer = post_form(&house, "/callback", &fields).await;
    assert!(answer.body.starts_with("CON Enter your name"), "{answer:?}");
    house.close().await;
}

#[tokio::test]
async fn safaricom_gets_json_and_its_text_is_read_as_configured() {
    for (set, second) in [("newest", "2"), ("joined", "1*2")] {
        let house = House::with(&[&format!("ussd.safaricom.text={set}")]).await;
        house.customer("0700000102", "4071").await;
        let path = format!("/api/ussd/handler/{WEBHOOK_SECRET}");
        let step =
            |text: &str| json!({"sessionId": "s1", "phoneNumber": "0700000102", "text": text, "serviceCode": "*383"});
        let dialled = post_json(&house, &path, &step("")).await;
        assert_eq!(dialled.json(), json!({"responseType": "input", "message": MENU}));
        post_json(&house, &path, &step("1")).await;
        let litres = post_json(&house, &path, &step(second)).await.json();
        assert_eq!(
            litres["message"], "How many litres?\n20 l cost KES 40.\n0. Back",
            "{set}"
        );
        house.close().await;
    }
}

#[tokio::test]
async fn the_service_code_chooses_the_menu() {
    let house = House::with(&["ussd.codes.\"*384*303#\"=services"]).await;
    house.customer("0700000102", "4071").await;
    let dialled = steps(&house, "s1", "").await;
    assert!(dialled.body.starts_with("CON "), "{dialled:?}");
    assert_ne!(dialled.body, format!("CON {MENU}"));
    let unknown = steps(&house, "s1", "77").await;
    assert_eq!(unknown.body, "END invalid input");
    house.close().await;
}

#[tokio::test]
async fn an_operator_tries_the_menus_and_looks_at_the_sessions() {
    let house = House::open().await;
    let step = json!({"sessionId": "t1", "phoneNumber": "+254733000001", "text": ""});
    let answer = house.post("/api/ussd/test", step.clone()).await;
    assert_eq!(
        answer.json(),
        json!({"responseType": "input", "message": "Enter your name\n(1: I had another number)",
               "state": "REGISTER_NAME", "continueSession": true})
    );
    for text in ["Amina", "Kisumu", "4071"] {
        let step = json!({"sessionId": "t1", "phoneNumber": "+254733000001", "text": text});
        house.post("/api/ussd/test", step).await;
    }
    let listed = house.ask(Role::Admin, "GET", "/api/ussd/sessions", None).await;
    assert!(!listed.body.contains("4071"), "{listed:?}");
    let listed = listed.json();
    assert_eq!(listed["activeSessions"], 1);
    let session = &listed["sessions"][0];
    assert_eq!(
        (&session["sessionId"], &session["phoneNumber"], &session["state"]),
        (&json!("t1"), &json!("+254733000001"), &json!("PIN_AGAIN"))
    );
    assert!(session["idleTime"].is_i64() && session["createdAt"].is_string() && session["lastActivityAt"].is_string());
    let health = send(house.web, "GET", "/api/ussd/health", &[], b"").await.json();
    assert_eq!(
        (&health["status"], &health["activeSessions"]),
        (&json!("USSD service is running"), &json!(1))
    );
    for (role, status) in [(Role::Viewer, 403), (Role::CustomerService, 403), (Role::Kiosk, 403)] {
        let answer = house.ask(role, "POST", "/api/ussd/test", Some(step.clone())).await;
        assert_eq!(answer.status, status, "{}", role.name());
    }
    let bad = house.post("/api/ussd/test", json!({"sessionId": "t1"})).await;
    assert_eq!((bad.status, bad.code().as_str()), (400, "missing_field"));
    let cleared = house.post("/api/ussd/sessions/clear", json!({})).await;
    assert_eq!(cleared.json(), json!({"message": "All sessions cleared"}));
    assert_eq!(house.get("/api/ussd/sessions").await["activeSessions"], 0);
    house.close().await;
}

#[tokio::test]
async fn the_test_routes_open_for_development() {
    let house = House::with(&["ussd.test=true"]).await;
    let step = json!({"sessionId": "t1", "phoneNumber": "+254733000001"});
    let answer = post_json(&house, "/api/ussd/test", &step).await;
    assert_eq!(answer.json()["continueSession"], true, "{answer:?}");
    let answer = post_json(&house, "/api/ussd/sessions/clear", &json!({})).await;
    assert_eq!(answer.status, 200);
    let answer = send(house.web, "GET", "/api/ussd/sessions", &[], b"").await;
    assert_eq!(answer.status, 401);
    house.close().await;
}

#[tokio::test]
async fn an_end_notification_is_taken_at_any_time() {
    let house = House::open().await;
    house.customer("0700000102", "4071").await;
    let path = format!("/ussd/events/{WEBHOOK_SECRET}");
    let fields = [
        ("sessionId", "s1"),
        ("phoneNumber", "+254700000102"),
        ("status", "Incomplete"),
        ("input", "1*4071"),
    ];
    assert_eq!(post_form(&house, &path, &fields).await.status, 200, "before the start");
    steps(&house, "s1", "").await;
    assert_eq!(post_form(&house, &path, &fields).await.status, 200);
    assert_eq!(steps(&house, "s1", "1").await.body, format!("END {SORRY}"));
    assert_eq!(
        post_form(&house, &path, &[]).await.status,
        200,
        "they want nothing else"
    );
    house.close().await;
}

#[tokio::test]
async fn somebody_registers_through_the_test_route_as_fast_as_a_program_types() {
    let house = House::open().await;
    let mut last = json!(null);
    for text in ["", "Amina", "Kisumu", "4071", "4071", "1"] {
        let step = json!({"sessionId": "t1", "phoneNumber": "+254733000001", "text": text});
        last = house.post("/api/ussd/test", step).await.json();
    }
    let said = last["message"].as_str().unwrap();
    assert!(said.starts_with("Account created!"), "{last}");
    // Nobody's flood: an operator dials as often as they like.
    for session in 0..15 {
        let step = json!({"sessionId": format!("u{session}"), "phoneNumber": "+254733000001"});
        let answer = house.post("/api/ussd/test", step).await.json();
        assert_eq!(answer["continueSession"], true, "{answer}");
    }
    house.close().await;
}

#[tokio::test]
async fn where_addresses_are_listed_nobody_else_says_who_calls() {
    let listed = |network: &str| {
        vec![
            format!("messaging.africastalking.callbacks_from=[\"{network}\"]"),
            format!("ussd.safaricom.callbacks_from=[\"{network}\"]"),
            "messaging.africastalking.username=kisima".to_owned(),
        ]
    };
    for (network, status) in [("192.0.2.0/24", 403), ("127.0.0.0/8", 200)] {
        let secrets = crate::house::Folder::new();
        let key = secrets.0.join("key");
        std::fs::write(&key, "s3cret\n").unwrap();
        let mut set = listed(network);
        set.push(format!("messaging.africastalking.api_key_file={}", key.display()));
        let set: Vec<&str> = set.iter().map(String::as_str).collect();
        let house = House::with(&set).await;
        let fields = [("sessionId", "s1"), ("phoneNumber", "+254700000102"), ("text", "")];
        for path in ["ussd/callback", "callback", "ussd/events"] {
            let answer = post_form(&house, &format!("/{path}/{WEBHOOK_SECRET}"), &fields).await;
            assert_eq!(answer.status, status, "{path} from {network}");
        }
        let step = json!({"sessionId": "s1", "phoneNumber": "+254700000102", "text": ""});
        let answer = post_json(&house, &format!("/api/ussd/handler/{WEBHOOK_SECRET}"), &step).await;
        assert_eq!(answer.status, status, "the handler from {network}");
        house.close().await;
    }
}
