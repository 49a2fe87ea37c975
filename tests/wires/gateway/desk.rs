//! A hub reduced to its join: it enrols a box and is never reached again. What a site decides alone needs no more.

use axum::{Json, Router, routing::post};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};
use world::mqtt::Client;

use crate::site::Site;

/// The hub's half of a join.
pub struct Desk {
    url: String,
    serving: JoinHandle<()>,
}

impl Desk {
    /// One that enrols every box as the site `kibera-3`.
    pub async fn open() -> Desk {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().route("/join", post(async || Json(enrolment())));
        let serving = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Desk { url, serving }
    }

    /// The hub's address.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn enrolment() -> Value {
    json!({
        "site": "kibera-3", "title": "Kibera 3", "box": "00000000000000b7", "time_zone": "Africa/Nairobi",
        "currency": "KES", "language": "en", "pair_key": "11".repeat(32),  "pin_key": "55".repeat(32), "receipt_key": "22".repeat(32),
        "hub_signing_key": "33".repeat(32), "hub_sealing_key": "44".repeat(32), "generation": 1,
    })
}

/// A gateway that has joined, and a dispenser's connection.
pub async fn tap(name: &str) -> (Site, Desk, String, Client) {
    tap_with(name, &[]).await
}

/// The same with these keys set.
pub async fn tap_with(name: &str, keys: &[(&str, &str)]) -> (Site, Desk, String, Client) {
    let (mut site, desk) = (Site::new(name), Desk::open().await);
    for (key, value) in keys {
        site.gateway.set(key, value);
    }
    site.gateway.start().await.unwrap();
    let told = site
        .gateway
        .last_word(&["join", desk.url(), "kibera-3-CODE"])
        .await
        .unwrap();
    assert_eq!(told, "now.");
    let secret = site.add("tap-1").await;
    let tap = site.connect("tap-1", &secret).await;
    (site, desk, secret, tap)
}
