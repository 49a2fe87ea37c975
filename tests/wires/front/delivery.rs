//! What reaches a dispenser, and what reaches the gateway.

use bytes::Bytes;
use gateway::adapters::dispensers::{Event, Leaf, Outbound, Settings};

use crate::{
    raw::{Hello, Raw, packet, publish, text},
    site::{Site, id},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ask_is_acknowledged_and_answered_in_both_versions() {
    let site = Site::new(Settings::default()).await;
    for hello in [Hello::v4("tap-1"), Hello::v5("tap-2")] {
        let mut tap = Raw::enter(&site, &hello).await;
        let topic = |leaf: &str| format!("kisima/v1/{}/{leaf}", hello.client);
        tap.subscribe(&[(&topic("#"), 2)], &[1]).await;
        tap.send(&publish(tap.v5, &topic("ask"), b"{}", 1)).await;
        let puback = tap.packet().await;
        assert_eq!((puback.0, &puback.1[..2]), (0x40, &[0, 7][..]));
        assert_eq!(tap.message(true).await, (topic("answer"), b"{}".to_vec(), 1, false));
        tap.ping().await;
    }
}
