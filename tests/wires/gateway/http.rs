//! Dispensers without MQTT (CONTRACTS section 4), at a gateway whose customers nobody knows. Sales: `tests/wires/hub.rs`.

use serde_json::{Value, json};
use world::http::Api;

use crate::desk;

fn ask() -> Value {
    json!({"kiosk_id": "tap-1", "user_id": "0700000102", "pin": "4071", "volume_ml": 20_000, "request": "01J-1"})
}

#[tokio::test]
async fn a_verification_and_a_report_by_http() {
    let (mut site, _desk, secret, mut tap) = desk::tap("http").await;
    let open = Api::new(&site.gateway.url().unwrap()).unwrap();
    let api = open.with_token(&secret);
    let answer = api.post("/dispense-verification", &ask()).await.unwrap();
    let body = answer.clone().expect(200).unwrap();
    assert_eq!(
        body,
        json!({"request": "01J-1", "approved": false, "reason": "unknown_customer", "user_data": null})
    );
    assert_eq!(
        api.post("/dispense-verification", &ask()).await.unwrap().text,
        answer.text
    );

    let report = json!({"request": "01J-2", "volume_ml": 500, "outcome": "complete"});
    let receipt = api.post("/dispense-report", &report).await.unwrap();
    assert_eq!(receipt.clone().expect(200).unwrap()["volume_ml"], 500);
    site.gateway.kill().unwrap();
    site.gateway.start().await.unwrap();
    let api = api.at(&site.gateway.url().unwrap());
    assert_eq!(
        api.post("/dispense-verification", &ask()).await.unwrap().text,
        answer.text,
        "after a kill"
    );
    assert_eq!(
        api.post("/dispense-report", &report).await.unwrap().text,
        receipt.text,
        "after a kill"
    );

    let mut other = ask();
    other["volume_ml"] = json!(500);
    let conflict = api.post("/dispense-verification", &other).await.unwrap();
    assert_eq!(
        conflict.clone().expect(409).unwrap()["error"]["code"],
        "request_conflict"
    );
    tap.cut(crate::site::STOP_WITHIN).await.unwrap();
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let (site, _desk, secret, _tap) = desk::tap("http-wrong").await;
    let open = Api::new(&site.gateway.url().unwrap()).unwrap();
    for api in [open.clone(), open.with_token("wrong"), open.with_token("")] {
        let refused = api.post("/dispense-verification", &ask()).await.unwrap();
        assert!(
            refused.clone().expect(401).unwrap()["error"]["code"].is_string(),
            "{refused:?}"
        );
        assert_eq!(api.post("/dispense-report", &ask()).await.unwrap().status, 401);
    }
    let api = open.with_token(&secret);
    let wrong: [(&str, Value); 7] = [
        ("volume_ml", json!("much")),
        ("volume_ml", Value::Null),
        ("user_id", Value::Null),
        ("pin", json!(4071)),
        ("kiosk_id", Value::Null),
        ("request", json!("a b")),
        ("request", json!("7".repeat(37))),
    ];
    for (field, value) in wrong {
        let mut body = ask();
        body[field] = value.clone();
        let answer = api.post("/dispense-verification", &body).await.unwrap();
        let error = answer.expect(400).unwrap()["error"].clone();
        assert_eq!(error["field"], field, "{value}");
        assert!(error["code"].is_string() && error["message"].is_string(), "{error}");
    }
    for (volume, reason) in [
        (0, "volume_out_of_range"),
        (-5, "volume_out_of_range"),
        (20_001, "volume_out_of_range"),
    ] {
        let mut body = ask();
        body["volume_ml"] = json!(volume);
        body["request"] = json!(format!("v{volume}"));
        let answer = api
            .post("/dispense-verification", &body)
            .await
            .unwrap()
            .expect(200)
            .unwrap();
        assert_eq!(answer["reason"], reason, "{volume}");
    }
    assert_eq!(
        api.post("/dispense-verification", &json!([])).await.unwrap().status,
        400
    );
    let other = json!({"kiosk_id": "tap-2", "user_id": "0700000102", "pin": "4071", "volume_ml": 1, "request": "x"});
    assert_eq!(
        api.post("/dispense-verification", &other).await.unwrap().status,
        401,
        "another's name"
    );
}

#[tokio::test]
async fn too_many_are_told_when_to_come_again() {
    let (site, _desk, secret, _tap) = desk::tap("http-many").await;
    let api = Api::new(&site.gateway.url().unwrap()).unwrap().with_token(&secret);
    let mut refused = None;
    for number in 0..200 {
        let mut body = ask();
        body["request"] = json!(format!("n-{number}"));
        let answer = api.post("/dispense-verification", &body).await.unwrap();
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
        answer.expect(200).unwrap();
    }
    let refused = refused.expect("nobody may ask 200 times at once");
    let after: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&after), "{after}");
}
