//! What no dispenser should send: it is answered by the contract and hurts nobody.

use serde_json::{Value, json};
use world::mqtt::Client;

use crate::site::{STOP_WITHIN, Site, assert_fits_the_display, fields};

fn ask(change: impl FnOnce(&mut Value)) -> String {
    let mut ask = json!({"request": "01J-1", "user": "0700000102", "pin": "4071", "volume_ml": 20_000});
    change(&mut ask);
    ask.to_string()
}

/// The reason of an ask's denial.
async fn reason(tap: &mut Client, ask: String) -> String {
    let answer = tap.tell("ask", ask.clone(), "answer").await.unwrap();
    let body = crate::site::json(&answer);
    assert_eq!(
        (&body["approved"], &body["volume_ml"]),
        (&json!(false), &json!(0)),
        "{ask}"
    );
    assert_eq!(body["request"], "01J-1", "{ask}");
    assert_fits_the_display(&body);
    body["reason"].as_str().unwrap().to_owned()
}

/// The code of an error, and whether it names the request.
async fn error(tap: &mut Client, leaf: &str, payload: impl Into<Vec<u8>>) -> (String, bool) {
    let error = tap.tell(leaf, payload, "error").await.unwrap();
    let names = fields(&error);
    assert!(
        names.starts_with(&["code".to_owned(), "detail".to_owned()]),
        "{names:?}"
    );
    let body = crate::site::json(&error);
    (body["code"].as_str().unwrap().to_owned(), body["request"] == "01J-1")
}

#[tokio::test]
async fn an_ask_with_a_request_is_answered_bad_request() {
    let site = Site::start("bad-request").await;
    let mut tap = site.tap("tap-1").await;
    type Change = fn(&mut Value);
    let wrong: [(&str, Change); 8] = [
        ("volume of text", |ask| ask["volume_ml"] = json!("much")),
        ("volume with a point", |ask| ask["volume_ml"] = json!(1.5)),
        ("no volume", |ask| ask["volume_ml"] = Value::Null),
        ("no user", |ask| ask["user"] = Value::Null),
        ("user of number", |ask| ask["user"] = json!(700_000_102)),
        ("pin of number", |ask| ask["pin"] = json!(4071)),
        ("no pin", |ask| ask["pin"] = Value::Null),
        ("a long user", |ask| ask["user"] = json!("7".repeat(1_000))),
    ];
    for (name, change) in wrong {
        assert_eq!(reason(&mut tap, ask(change)).await, "bad_request", "{name}");
    }
}

#[tokio::test]
async fn unknown_fields_do_not_matter() {
    let site = Site::start("unknown-fields").await;
    let mut tap = site.tap("tap-1").await;
    let more = ask(|ask| {
        ask["colour"] = json!({"of": ["water"]});
        ask["pulses"] = json!(-1);
    });
    assert_eq!(reason(&mut tap, more).await, "unknown_customer");
}

#[tokio::test]
async fn what_is_no_ask_is_an_error() {
    let site = Site::start("errors").await;
    let mut tap = site.tap("tap-1").await;
    let bad_json: [&[u8]; 6] = [b"", b"{", b"[]", b"water", b"{\"request\":\"\xff\"}", b"null"];
    for payload in bad_json {
        for leaf in ["ask", "poured", "heartbeat", "firmware/progress"] {
            let what = String::from_utf8_lossy(payload).into_owned();
            assert_eq!(
                error(&mut tap, leaf, payload).await,
                ("bad_json".to_owned(), false),
                "{leaf} {what}"
            );
        }
    }
    let deep = "[".repeat(2_000);
    assert_eq!(error(&mut tap, "ask", deep).await.0, "bad_json");
    for request in [json!(""), json!("a b"), json!("7".repeat(37)), json!(7), Value::Null] {
        let payload = ask(|ask| ask["request"] = request.clone());
        assert_eq!(
            error(&mut tap, "ask", payload).await,
            ("bad_field".to_owned(), false),
            "{request}"
        );
    }
    let poured = |change: fn(&mut Value)| {
        let mut poured =
            json!({"request": "01J-1", "volume_ml": 500, "pulses": 225, "duration_ms": 9, "outcome": "complete"});
        change(&mut poured);
        poured.to_string()
    };
    let wrong: [fn(&mut Value); 6] = [
        |poured| poured["outcome"] = json!("spilt"),
        |poured| poured["outcome"] = Value::Null,
        |poured| poured["volume_ml"] = json!(-1),
        |poured| poured["volume_ml"] = json!(1_000_000_000_000_000_000_i64),
        |poured| poured["volume_ml"] = json!("much"),
        |poured| poured["pulses"] = json!(-1),
    ];
    for change in wrong {
        let payload = poured(change);
        assert_eq!(
            error(&mut tap, "poured", payload.clone()).await,
            ("bad_field".to_owned(), true),
            "{payload}"
        );
    }
    assert_eq!(error(&mut tap, "nonsense", "{}").await.0, "unknown_topic");
    let heartbeat = json!({"firmware": 7}).to_string();
    assert_eq!(error(&mut tap, "heartbeat", heartbeat).await.0, "bad_field");
}

#[tokio::test]
async fn ten_megabytes_end_the_connection_and_nothing_else() {
    let site = Site::start("ten-megabytes").await;
    let mut other = site.tap("tap-2").await;
    let secret = site.add("tap-1").await;
    for bytes in [4_097, 10 << 20] {
        let mut tap = site.connect("tap-1", &secret).await;
        tap.say("heartbeat", vec![b'7'; bytes]).await.unwrap();
        tap.cut(STOP_WITHIN).await.unwrap();
        assert_eq!(reason(&mut other, ask(|_| ())).await, "unknown_customer");
    }
    let mut tap = site.connect("tap-1", &secret).await;
    let padding = 4_096 - ask(|ask| ask["padding"] = json!("")).len();
    let full = ask(|ask| ask["padding"] = json!("7".repeat(padding)));
    assert_eq!(full.len(), 4_096);
    assert_eq!(reason(&mut tap, full).await, "unknown_customer");
}
