//! A box that no hub knows: it serves, shows itself, and sells nothing.

use std::process::Stdio;

use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Command,
    time::timeout,
};
use world::mqtt::LIMIT;

use crate::site::{Site, assert_fits_the_display, fields};

#[tokio::test]
async fn config_is_kept_and_every_ask_is_an_unknown_customer() {
    let mut site = Site::start("unjoined").await;
    let secret = site.add("tap-1").await;
    let mut tap = site.connect("tap-1", &secret).await;
    let config = tap.hear("config").await.unwrap();
    assert!(config.retained);
    assert_eq!(
        fields(&config.payload),
        ["revision", "pulses_per_litre", "volume_ml_max", "language", "enabled"]
    );
    let body = crate::site::json(&config.payload);
    assert_eq!(
        (&body["volume_ml_max"], &body["enabled"]),
        (&json!(20_000), &json!(true))
    );

    let ask = json!({"request": "01J-1", "user": "0700000102", "pin": "4071", "volume_ml": 20_000}).to_string();
    let answer = tap.tell("ask", ask.clone(), "answer").await.unwrap();
    assert_eq!(fields(&answer), ["request", "approved", "reason", "volume_ml", "lines"]);
    let body = crate::site::json(&answer);
    assert_eq!(
        (&body["request"], &body["approved"], &body["reason"], &body["volume_ml"]),
        (&json!("01J-1"), &json!(false), &json!("unknown_customer"), &json!(0))
    );
    assert_fits_the_display(&body);
    assert_eq!(
        tap.tell("ask", ask.clone(), "answer").await.unwrap(),
        answer,
        "the same bytes again"
    );

    site.gateway.kill().unwrap();
    site.gateway.start().await.unwrap();
    let mut tap = site.connect("tap-1", &secret).await;
    assert_eq!(
        tap.tell("ask", ask, "answer").await.unwrap(),
        answer,
        "and after a kill"
    );
}

#[tokio::test]
async fn mosquitto_s_clients_ask_and_are_answered() {
    let site = Site::start("mosquitto").await;
    let secret = site.add("tap-1").await;
    let port = site.gateway.address("mqtt").unwrap().port().to_string();
    let account = ["-h", "127.0.0.1", "-p", &port, "-u", "tap-1", "-P", &secret, "-q", "1"];
    for version in ["311", "5"] {
        let mut subscribe = Command::new("mosquitto_sub")
            .args(account)
            .args([
                "-V",
                version,
                "-i",
                "tap-1.sub",
                "-t",
                "kisima/v1/tap-1/#",
                "-v",
                "-C",
                "2",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("mosquitto_sub is installed");
        let mut heard = BufReader::new(subscribe.stdout.take().unwrap()).lines();
        // The kept configuration shows that it is subscribed.
        let config = timeout(LIMIT, heard.next_line()).await.unwrap().unwrap().unwrap();
        assert!(config.starts_with("kisima/v1/tap-1/config {\"revision\":"), "{config}");
        let ask = json!({"request": format!("v{version}"), "user": "0700000102", "pin": "4071", "volume_ml": 500});
        let publish = Command::new("mosquitto_pub")
            .args(account)
            .args([
                "-V",
                version,
                "-i",
                "tap-1.pub",
                "-t",
                "kisima/v1/tap-1/ask",
                "-m",
                &ask.to_string(),
            ])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let published = timeout(LIMIT, publish).await.unwrap().unwrap();
        assert!(published.status.success(), "{published:?}");
        let answer = timeout(LIMIT, heard.next_line()).await.unwrap().unwrap().unwrap();
        let (topic, body) = answer.split_once(' ').unwrap();
        assert_eq!(topic, "kisima/v1/tap-1/answer");
        let body = crate::site::json(body.as_bytes());
        assert_eq!(body["reason"], "unknown_customer", "{version}");
        assert_eq!(body["request"], format!("v{version}"));
        assert!(timeout(LIMIT, subscribe.wait()).await.unwrap().unwrap().success());
    }
}

#[tokio::test]
async fn a_pour_before_the_join_is_not_booked_and_not_forgotten() {
    let site = Site::start("pour").await;
    let mut tap = site.tap("tap-1").await;
    let poured =
        json!({"request": "01J-1", "volume_ml": 500, "pulses": 225, "duration_ms": 12_000, "outcome": "complete"});
    tap.say("poured", poured.to_string()).await.unwrap();
    // No receipt: the dispenser keeps it. What comes later comes in order, so an answer shows that nothing else came.
    let ask = json!({"request": "01J-2", "user": "0700000102", "pin": "4071", "volume_ml": 500});
    tap.tell("ask", ask.to_string(), "answer").await.unwrap();
    let nothing = tokio::time::timeout(std::time::Duration::from_millis(100), tap.hear("receipt")).await;
    assert!(nothing.is_err(), "{nothing:?}");
}
