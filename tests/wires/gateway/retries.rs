//! The same again, and not quite the same (CONTRACTS section 3, retries and odd pours).

use std::collections::BTreeSet;

use serde_json::json;

use crate::{
    desk,
    site::{fields, json as read},
};

fn ask(request: &str, volume_ml: i64) -> String {
    json!({"request": request, "user": "0700000102", "pin": "4071", "volume_ml": volume_ml}).to_string()
}

fn poured(request: &str, volume_ml: i64, outcome: &str) -> String {
    json!({"request": request, "volume_ml": volume_ml, "pulses": 225, "duration_ms": 12_000, "outcome": outcome})
        .to_string()
}

#[tokio::test]
async fn the_same_ask_gets_the_same_bytes_and_another_one_under_its_name_a_conflict() {
    let (mut site, _desk, secret, mut tap) = desk::tap("retries").await;
    let first = tap.tell("ask", ask("01J-1", 20_000), "answer").await.unwrap();
    assert_eq!(read(&first)["reason"], "unknown_customer");
    for _ in 0..3 {
        assert_eq!(tap.tell("ask", ask("01J-1", 20_000), "answer").await.unwrap(), first);
    }
    // The order of the fields and what is beside them are no content.
    let same = r#"{"volume_ml":20000,"colour":"blue","pin":"4071","user":"0700000102","request":"01J-1"}"#;
    assert_eq!(tap.tell("ask", same, "answer").await.unwrap(), first);

    let others = [
        ask("01J-1", 10_000),
        json!({"request": "01J-1", "user": "0700000103", "pin": "4071", "volume_ml": 20_000}).to_string(),
        json!({"request": "01J-1", "user": "0700000102", "pin": "4072", "volume_ml": 20_000}).to_string(),
        json!({"request": "01J-1", "code": "0700000102", "pin": "4071", "volume_ml": 20_000}).to_string(),
        json!({"request": "01J-1", "user": "0700000102", "pin": "4071", "volume_ml": 20_000, "token": "1"}).to_string(),
    ];
    for other in &others {
        let error = tap.tell("ask", other.clone(), "error").await.unwrap();
        assert_eq!(fields(&error), ["code", "detail", "request"], "{other}");
        let body = read(&error);
        assert_eq!(
            (&body["code"], &body["request"]),
            (&json!("request_conflict"), &json!("01J-1")),
            "{other}"
        );
    }
    site.gateway.kill().unwrap();
    site.gateway.start().await.unwrap();
    let mut tap = site.connect("tap-1", &secret).await;
    assert_eq!(
        tap.tell("ask", ask("01J-1", 20_000), "answer").await.unwrap(),
        first,
        "after a kill"
    );
    let error = tap.tell("ask", others[0].clone(), "error").await.unwrap();
    assert_eq!(read(&error)["code"], "request_conflict", "after a kill");
}

#[tokio::test]
async fn a_request_is_one_dispenser_s_own() {
    let (site, _desk, _, mut first) = desk::tap("own").await;
    let mut second = site.tap("tap-2").await;
    let a = first.tell("ask", ask("01J-1", 20_000), "answer").await.unwrap();
    let b = second.tell("ask", ask("01J-1", 99_999), "answer").await.unwrap();
    assert_eq!(
        (&read(&a)["reason"], &read(&b)["reason"]),
        (&json!("unknown_customer"), &json!("volume_out_of_range"))
    );
}

#[tokio::test]
async fn volumes_outside_the_range_are_denied_whatever_integer_they_are() {
    let (_site, _desk, _, mut tap) = desk::tap("volumes").await;
    let volumes = [
        "0",
        "-1",
        "20001",
        "1000000000000000000",
        "-1000000000000000000",
        "9223372036854775808",
        "1000000000000000000000000000000",
        "-0",
    ];
    for (number, volume) in volumes.iter().enumerate() {
        let ask = format!(r#"{{"request":"v-{number}","user":"0700000102","pin":"4071","volume_ml":{volume}}}"#);
        let answer = tap.tell("ask", ask.clone(), "answer").await.unwrap();
        let body = read(&answer);
        assert_eq!(
            (&body["reason"], &body["volume_ml"]),
            (&json!("volume_out_of_range"), &json!(0)),
            "{volume}"
        );
        assert_eq!(tap.tell("ask", ask, "answer").await.unwrap(), answer, "{volume}");
    }
    for (number, volume) in ["1.5", "2e4", "true", "\"20000\"", "{}"].iter().enumerate() {
        let ask = format!(r#"{{"request":"w-{number}","user":"0700000102","pin":"4071","volume_ml":{volume}}}"#);
        let answer = tap.tell("ask", ask, "answer").await.unwrap();
        assert_eq!(read(&answer)["reason"], "bad_request", "{volume}");
    }
}

#[tokio::test]
async fn a_pour_nobody_asked_for_gets_one_receipt_for_good() {
    let (mut site, _desk, secret, mut tap) = desk::tap("nobody").await;
    let first = tap
        .tell("poured", poured("01J-9", 500, "complete"), "receipt")
        .await
        .unwrap();
    assert_eq!(
        fields(&first),
        ["request", "volume_ml", "receipt", "lines"],
        "no customer, no balance"
    );
    let body = read(&first);
    assert_eq!((&body["request"], &body["volume_ml"]), (&json!("01J-9"), &json!(500)));
    let receipt = body["receipt"].as_str().unwrap();
    let crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    assert!(
        receipt.len() == 8 && receipt.chars().all(|c| crockford.contains(c)),
        "{receipt}"
    );

    let again = [
        poured("01J-9", 500, "complete"),
        poured("01J-9", 900, "complete"),
        poured("01J-9", 0, "fault"),
    ];
    for pour in &again {
        assert_eq!(
            tap.tell("poured", pour.clone(), "receipt").await.unwrap(),
            first,
            "the first wins: {pour}"
        );
    }
    site.gateway.kill().unwrap();
    site.gateway.start().await.unwrap();
    let mut tap = site.connect("tap-1", &secret).await;
    for pour in again {
        assert_eq!(
            tap.tell("poured", pour.clone(), "receipt").await.unwrap(),
            first,
            "after a kill: {pour}"
        );
    }
    let mut receipts = BTreeSet::from([receipt.to_owned()]);
    for number in 0..50 {
        let pour = poured(&format!("n-{number}"), 0, "stopped");
        let body = read(&tap.tell("poured", pour, "receipt").await.unwrap());
        assert!(
            receipts.insert(body["receipt"].as_str().unwrap().to_owned()),
            "{body} was given before"
        );
    }
}

#[tokio::test]
async fn an_ask_that_was_denied_may_still_be_reported_as_poured() {
    let (_site, _desk, _, mut tap) = desk::tap("denied").await;
    let answer = tap.tell("ask", ask("01J-1", 20_000), "answer").await.unwrap();
    let receipt = tap
        .tell("poured", poured("01J-1", 300, "fault"), "receipt")
        .await
        .unwrap();
    assert_eq!(read(&receipt)["volume_ml"], 300, "a valve that leaked: the site's loss");
    assert_eq!(tap.tell("ask", ask("01J-1", 20_000), "answer").await.unwrap(), answer);
    assert_eq!(
        tap.tell("poured", poured("01J-1", 700, "fault"), "receipt")
            .await
            .unwrap(),
        receipt
    );
}

#[tokio::test]
async fn an_ask_after_a_pour_of_the_same_name_is_a_conflict() {
    let (_site, _desk, _, mut tap) = desk::tap("after").await;
    tap.tell("poured", poured("01J-1", 300, "complete"), "receipt")
        .await
        .unwrap();
    let error = tap.tell("ask", ask("01J-1", 20_000), "error").await.unwrap();
    assert_eq!(read(&error)["code"], "request_conflict");
}
