//! Who is there: heartbeats, wills, and a dispenser that is switched off.

use std::time::Duration;

use serde_json::{Value, json};
use world::{http::Api, mqtt::LIMIT, processes::wait_for};

use crate::{
    desk,
    site::{Site, json as read},
};

async fn api(site: &Site) -> Api {
    let token = site.gateway.last_word(&["token", "presence"]).await.unwrap();
    Api::new(&site.gateway.url().unwrap()).unwrap().with_token(&token)
}

/// Waits until what the status says of `tap-1` is so.
async fn shown(api: &Api, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let seen = wait_for(what, LIMIT, async || {
        let status = api.get("/api/v1/status").await.ok()?.body;
        let dispensers = status["dispensers"].as_array()?.clone();
        dispensers
            .into_iter()
            .find(|dispenser| dispenser["id"] == "tap-1" && is_so(dispenser))
    });
    seen.await.unwrap()
}

#[tokio::test]
async fn heartbeats_are_shown_and_an_absence_too() {
    let (site, _desk, secret, tap) = desk::tap("presence").await;
    let api = api(&site).await;
    shown(&api, "connected", |dispenser| dispenser["online"] == true).await;
    let heartbeat = json!({
        "firmware": "1.4.2", "model": "kd-1", "config_revision": 7, "slot": "a", "uptime_s": 86_400, "rssi_dbm": -61,
        "heap_bytes": 120_000, "state": "idle", "valve": "closed", "pulses_total": 1_000_000,
    });
    tap.say("heartbeat", heartbeat.to_string()).await.unwrap();
    let seen = shown(&api, "the heartbeat", |dispenser| dispenser["firmware"] == "1.4.2").await;
    assert_eq!((&seen["state"], &seen["rssi_dbm"]), (&json!("idle"), &json!(-61)));

    // Its power fails: no goodbye, the connection just ends.
    drop(tap);
    shown(&api, "gone", |dispenser| dispenser["online"] == false).await;
    let tap = site.connect("tap-1", &secret).await;
    shown(&api, "back", |dispenser| dispenser["online"] == true).await;
    tap.leave().await.unwrap();
    shown(&api, "gone with a goodbye", |dispenser| dispenser["online"] == false).await;
}

#[tokio::test]
async fn a_dispenser_that_is_switched_off_hears_so_and_sells_nothing() {
    let (site, _desk, _, mut tap) = desk::tap("off").await;
    let api = api(&site).await;
    let before = read(&tap.hear("config").await.unwrap().payload);
    let off = api
        .post("/api/v1/dispensers/tap-1", &json!({"enabled": false}))
        .await
        .unwrap();
    off.expect(200).unwrap();
    let after = read(&tap.hear("config").await.unwrap().payload);
    assert_eq!(after["enabled"], false);
    assert!(
        after["revision"].as_i64() > before["revision"].as_i64(),
        "{before} {after}"
    );
    let ask = |request: &str| {
        json!({"request": request, "user": "0700000102", "pin": "4071", "volume_ml": 99_999}).to_string()
    };
    let answer = tap.tell("ask", ask("a"), "answer").await.unwrap();
    assert_eq!(read(&answer)["reason"], "dispenser_disabled", "before any other reason");
    api.post("/api/v1/dispensers/tap-1", &json!({"enabled": true}))
        .await
        .unwrap()
        .expect(200)
        .unwrap();
    assert_eq!(read(&tap.hear("config").await.unwrap().payload)["enabled"], true);
    let answer = tap.tell("ask", ask("b"), "answer").await.unwrap();
    assert_eq!(read(&answer)["reason"], "volume_out_of_range");
    let answer = tap.tell("ask", ask("a"), "answer").await.unwrap();
    assert_eq!(
        read(&answer)["reason"],
        "dispenser_disabled",
        "a repeat gets the first answer"
    );
}

#[tokio::test]
async fn a_newer_connection_of_the_same_client_takes_over() {
    let (site, _desk, secret, mut older) = desk::tap("takeover").await;
    let mut newer = site.connect("tap-1", &secret).await;
    older.cut(Duration::from_secs(10)).await.unwrap();
    let ask = json!({"request": "a", "user": "0700000102", "pin": "4071", "volume_ml": 1}).to_string();
    newer.tell("ask", ask, "answer").await.unwrap();
    shown(&api(&site).await, "still there", |dispenser| {
        dispenser["online"] == true
    })
    .await;
}
