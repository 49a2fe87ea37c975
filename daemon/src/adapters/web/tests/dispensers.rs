//! Dispensers without MQTT.

use serde_json::json;

use super::bench::{Answer, Bench, OTHER_SECRET, PHONE, SECRET};

const VERIFY: &str = "/dispense-verification";
const REPORT: &str = "/dispense-report";

fn ask(request: Option<&str>, volume_ml: i64) -> String {
    let mut body = json!({ "kiosk_id": "tap-1", "user_id": PHONE, "pin": "4071", "volume_ml": volume_ml });
    if let Some(request) = request {
        body["request"] = json!(request);
    }
    body.to_string()
}

fn told(answer: &Answer) -> (bool, String, Option<i64>) {
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json();
    let reason = body["reason"].as_str().unwrap().to_owned();
    (
        body["approved"].as_bool().unwrap(),
        reason,
        body["user_data"]["balance_ml"].as_i64(),
    )
}

#[tokio::test]
async fn water_is_verified_poured_and_receipted_once() {
    let bench = Bench::new("round-trip").await;
    let first = bench.json(VERIFY, SECRET, &[], &ask(Some("r1"), 5_000)).await;
    assert_eq!(told(&first), (true, "verified".to_owned(), Some(20_000)));
    assert_eq!(first.header("content-type"), "application/json");
    let data = &first.json()["user_data"];
    assert_eq!(
        data,
        &json!({ "name": "Jane", "account_id": "AQP123456", "balance_ml": 20_000, "jerrycans_left": 0 })
    );
    let again = bench.json(VERIFY, SECRET, &[], &ask(Some("r1"), 5_000)).await;
    assert_eq!(again.body, first.body, "a retry gets the same bytes");
    let conflict = bench.json(VERIFY, SECRET, &[], &ask(Some("r1"), 5_001)).await;
    assert_eq!((conflict.status, conflict.code().as_str()), (409, "request_conflict"));

    let report = json!({ "request": "r1", "volume_ml": 4_500, "outcome": "complete" }).to_string();
    let receipt = bench.json(REPORT, SECRET, &[], &report).await;
    assert_eq!(receipt.status, 200, "{receipt:?}");
    assert_eq!(receipt.json()["balance_ml"], 15_500);
    assert_eq!(receipt.json()["receipt"].as_str().unwrap().len(), 8);
    let other = json!({ "request": "r1", "volume_ml": 100, "outcome": "stopped" }).to_string();
    assert_eq!(
        bench.json(REPORT, SECRET, &[], &other).await.body,
        receipt.body,
        "the first report counts"
    );
    bench.stop().await;
}

#[tokio::test]
async fn an_equal_ask_without_a_request_is_the_same_one() {
    let bench = Bench::new("unnamed").await;
    let first = bench.json(VERIFY, SECRET, &[], &ask(None, 12_000)).await;
    assert!(told(&first).0);
    let again = bench.json(VERIFY, SECRET, &[], &ask(None, 12_000)).await;
    assert_eq!(
        again.body, first.body,
        "one hold, not two: two would be more than 20 litres"
    );
    let more = bench.json(VERIFY, SECRET, &[], &ask(None, 12_001)).await;
    assert_eq!(told(&more), (false, "insufficient_credit".to_owned(), Some(20_000)));
    let here = ask(None, 8_000).replace("tap-1", "tap-2");
    let other = bench.json(VERIFY, OTHER_SECRET, &[], &here).await;
    assert!(told(&other).0, "another kiosk asks for itself");
    let key = [("idempotency-key", "pump 7/1")];
    let keyed = bench.json(VERIFY, SECRET, &key, &ask(None, 1)).await;
    assert_eq!(bench.json(VERIFY, SECRET, &key, &ask(None, 1)).await.body, keyed.body);
    assert_eq!(bench.json(VERIFY, SECRET, &key, &ask(None, 2)).await.status, 409);
    bench.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_named() {
    let bench = Bench::new("unreadable").await;
    let good = ask(Some("r1"), 5_000);
    let cases = [
        ("", "bad_json", ""),
        ("{", "bad_json", ""),
        ("[1]", "bad_json", ""),
        ("{}", "bad_field", "kiosk_id"),
        (&good.replace("\"pin\":\"4071\"", "\"pin\":4071"), "bad_field", "pin"),
        (&good.replace("\"pin\":\"4071\",", ""), "bad_field", "pin"),
        (&good.replace(":5000", ":\"5000\""), "bad_field", "volume_ml"),
        (&good.replace(":5000", ":1.5"), "bad_field", "volume_ml"),
        (&good.replace("r1", "r 1"), "bad_field", "request"),
        (&good.replace(PHONE, &"7".repeat(300)), "bad_field", "user_id"),
    ];
    for (body, code, field) in cases {
        let answer = bench.json(VERIFY, SECRET, &[], body).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, code), "{body}");
        assert_eq!(
            answer.json()["error"]["field"].as_str().unwrap_or_default(),
            field,
            "{body}"
        );
        assert!(!answer.body.contains("4071"), "no PIN in an answer");
    }
    for report in [
        r#"{"request":"r1","volume_ml":-1,"outcome":"complete"}"#,
        r#"{"request":"r1","volume_ml":1,"outcome":"flooded"}"#,
    ] {
        assert_eq!(
            bench.json(REPORT, SECRET, &[], report).await.code(),
            "bad_field",
            "{report}"
        );
    }
    let unknown = format!("{{\"colour\":[{{}}],{}", &good[1..]);
    assert!(
        told(&bench.json(VERIFY, SECRET, &[], &unknown).await).0,
        "unknown fields are nobody's business"
    );
    let huge = format!("{{\"pin\":\"{}\"", "4".repeat(70_000));
    let answer = bench.json(VERIFY, SECRET, &[], &huge).await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "too_large"));
    for volume in ["0", "-5", "20001", "99999999999999999999999"] {
        let body = good
            .replace(":5000", &format!(":{volume}"))
            .replace("r1", &format!("v{}", volume.len()));
        let answer = bench.json(VERIFY, SECRET, &[], &body).await;
        assert_eq!(
            told(&answer),
            (false, "volume_out_of_range".to_owned(), None),
            "{volume}"
        );
    }
    bench.stop().await;
}

#[tokio::test]
async fn only_the_kiosk_itself_is_heard_and_not_too_often() {
    let bench = Bench::new("strangers").await;
    let body = ask(Some("r1"), 1_000);
    let kind = [("content-type", "application/json")];
    let without = bench.request("POST", VERIFY, &kind, &body).await;
    assert_eq!((without.status, without.code().as_str()), (401, "unauthorized"));
    for secret in ["", "wrong", OTHER_SECRET] {
        assert_eq!(bench.json(VERIFY, secret, &[], &body).await.status, 401, "{secret}");
    }
    let unknown = ask(Some("r2"), 1_000).replace(PHONE, "0700999999");
    let answer = bench.json(VERIFY, SECRET, &[], &unknown).await;
    assert_eq!(told(&answer), (false, "unknown_customer".to_owned(), None));
    let wrong = ask(Some("r3"), 1_000).replace("4071", "4072");
    assert_eq!(told(&bench.json(VERIFY, SECRET, &[], &wrong).await).1, "wrong_pin");
    let calls = (0..60).map(|_| bench.json(VERIFY, SECRET, &[], &body));
    let answers = futures_util::future::join_all(calls).await;
    let late: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!(!late.is_empty(), "60 at once are too many");
    assert_eq!(late[0].header("retry-after"), "1");
    let neighbour = ask(Some("r1"), 1_000).replace("tap-1", "tap-2");
    assert_eq!(bench.json(VERIFY, OTHER_SECRET, &[], &neighbour).await.status, 200);
    bench.stop().await;
}

#[tokio::test]
async fn a_box_that_has_not_joined_keeps_its_dispensers_waiting() {
    let bench = Bench::open("unjoined-report", None).await;
    let command = crate::site::input::Command::AddDispenser {
        dispenser: "tap-1".parse().unwrap(),
        secret: crate::adapters::web::password::digest(SECRET),
    };
    bench.tell(command).await.unwrap();
    let report = json!({ "request": "r1", "volume_ml": 500, "outcome": "complete" }).to_string();
    let answer = bench.json(REPORT, SECRET, &[], &report).await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "gateway_degraded"));
    let answer = bench.json(VERIFY, SECRET, &[], &ask(Some("r1"), 500)).await;
    assert_eq!(told(&answer), (false, "unknown_customer".to_owned(), None));
    bench.stop().await;
}
