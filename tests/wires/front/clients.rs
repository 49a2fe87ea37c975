//! Clients that other people wrote: rumqttc in both versions, and Mosquitto's.

use std::process::Stdio;

use gateway::adapters::dispensers::{Event, Outbound, Settings};
use tokio::{process::Command, time::timeout};

use crate::site::{LIMIT, Site, id, secret};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rumqttc_asks_and_is_answered_in_version_3_1_1() {
    use rumqttc::{AsyncClient, Event as Seen, Incoming, MqttOptions, QoS};
    let site = Site::new(Settings::default()).await;
    let mut options = MqttOptions::new("tap-1", "127.0.0.1", site.address.port());
    options.set_credentials("tap-1", secret("tap-1"));
    let (client, mut eventloop) = AsyncClient::new(options, 10);
    client.subscribe("kisima/v1/tap-1/#", QoS::AtLeastOnce).await.unwrap();
    client
        .publish("kisima/v1/tap-1/ask", QoS::AtLeastOnce, false, "hello")
        .await
        .unwrap();
    let answered = async {
        loop {
            if let Seen::Incoming(Incoming::Publish(publish)) = eventloop.poll().await.unwrap() {
                return (publish.topic, publish.payload);
            }
        }
    };
    let (topic, payload) = timeout(LIMIT, answered).await.unwrap();
    assert_eq!(
        (topic.as_str(), &payload[..]),
        ("kisima/v1/tap-1/answer", &b"hello"[..])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rumqttc_asks_and_is_answered_in_version_5() {
    use rumqttc::v5::{AsyncClient, Event as Seen, Incoming, MqttOptions, mqttbytes::QoS};
    let site = Site::new(Settings::default()).await;
    let mut options = MqttOptions::new("tap-1", "127.0.0.1", site.address.port());
    options.set_credentials("tap-1", secret("tap-1"));
    let (client, mut eventloop) = AsyncClient::new(options, 10);
    client.subscribe("kisima/v1/tap-1/#", QoS::AtLeastOnce).await.unwrap();
    client
        .publish("kisima/v1/tap-1/ask", QoS::AtLeastOnce, false, "hello")
        .await
        .unwrap();
    let answered = async {
        loop {
            if let Seen::Incoming(Incoming::Publish(publish)) = eventloop.poll().await.unwrap() {
                return (publish.topic, publish.payload);
            }
        }
    };
    let (topic, payload) = timeout(LIMIT, answered).await.unwrap();
    assert_eq!(
        (&topic[..], &payload[..]),
        (&b"kisima/v1/tap-1/answer"[..], &b"hello"[..])
    );
}

/// Runs a Mosquitto client as `tap-1`; its exit code and what it printed.
async fn mosquitto(site: &Site, program: &str, version: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let port = site.address.port().to_string();
    let password = secret("tap-1");
    let output = Command::new(program)
        .args([
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-u",
            "tap-1",
            "-P",
            &password,
            "-V",
            version,
        ])
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(LIMIT, output)
        .await
        .expect("Mosquitto's client ends")
        .expect("Mosquitto's clients are installed");
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&printed).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mosquitto_s_clients_publish_and_subscribe() {
    let site = Site::new(Settings::default()).await;
    site.front
        .publish(&id("tap-1"), Outbound::Config, "{\"revision\":7}".into(), true);
    for version in ["311", "5"] {
        let publish = [
            "-i",
            "tap-1.pub",
            "-q",
            "1",
            "-t",
            "kisima/v1/tap-1/poured",
            "-m",
            version,
        ];
        assert_eq!(
            mosquitto(&site, "mosquitto_pub", version, &publish).await.0,
            Some(0),
            "{version}"
        );
        let wanted = |event: &Event| matches!(event, Event::Published { payload, .. } if payload == version);
        site.event(wanted).await;

        let subscribe = ["-i", "tap-1.sub", "-q", "1", "-C", "1", "-v", "-t", "kisima/v1/tap-1/#"];
        let (code, printed) = mosquitto(&site, "mosquitto_sub", version, &subscribe).await;
        assert_eq!(
            (code, printed.trim()),
            (Some(0), "kisima/v1/tap-1/config {\"revision\":7}"),
            "{version}"
        );

        for (filter, id) in [("#", "tap-1.sub"), ("kisima/v1/tap-1/answer", "someone-else")] {
            let subscribe = ["-i", id, "-C", "1", "-W", "5", "-t", filter];
            // Its exit code does not tell: 3.1.1 ends with 0 when every subscription was denied.
            let (_, printed) = mosquitto(&site, "mosquitto_sub", version, &subscribe).await;
            let told = ["denied", "authori", "not valid"]
                .iter()
                .any(|word| printed.contains(word));
            assert!(told, "{version} {filter} {id}: {printed}");
        }
    }
}
