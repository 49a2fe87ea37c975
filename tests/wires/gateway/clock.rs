//! A box without a clock of its own, or with a wrong one (RELIABILITY rows 16 and 17). Jumps under a running program
//! are for the simulated world; here the program starts at a wrong time, as after a power cut.

use std::collections::BTreeSet;

use serde_json::json;
use world::{
    http::Api,
    processes::{Folder, Program},
};

use crate::{
    desk::Desk,
    site::{STOP_WITHIN, json as read},
};

/// The library that pretends another time. Its own program would stand between us and the process.
fn library() -> Option<String> {
    let folders = std::fs::read_dir("/usr/lib").ok()?;
    let inside = |folder: std::fs::DirEntry| folder.path().join("faketime/libfaketimeMT.so.1");
    let found = folders.flatten().map(inside).find(|path| path.exists());
    if found.is_none() {
        println!("skipped: faketime is not installed");
    }
    Some(found?.display().to_string())
}

fn poured(request: &str) -> String {
    json!({"request": request, "volume_ml": 500, "pulses": 225, "duration_ms": 9, "outcome": "complete"}).to_string()
}

#[tokio::test]
async fn it_sells_whatever_the_clock_says_and_orders_by_sequence() {
    let Some(library) = library() else { return };
    let preload = format!("LD_PRELOAD={library}");
    let (folder, desk) = (Folder::new("clock").unwrap(), Desk::open().await);
    let mut gateway = Program::gateway(&folder.path().join("gateway")).unwrap();
    gateway.start().await.unwrap();
    gateway.last_word(&["join", desk.url(), "kibera-3-CODE"]).await.unwrap();
    let secret = gateway.last_word(&["dispenser", "add", "tap-1"]).await.unwrap();
    let token = gateway.last_word(&["token", "clock"]).await.unwrap();
    gateway.stop(STOP_WITHIN).await.unwrap();

    let mut receipts = BTreeSet::new();
    let mut first = None;
    let clocks = [
        "@1970-01-01 00:00:30",
        "+30d",
        "-1d",
        "@1970-01-01 00:00:30",
        "@2037-12-31 23:59:50",
    ];
    for (run, clock) in clocks.iter().enumerate() {
        let pretend = format!("FAKETIME={clock}");
        gateway.wrap(&["env", &preload, &pretend, "FAKETIME_DONT_FAKE_MONOTONIC=1"]);
        gateway.start().await.unwrap();
        let address = gateway.address("mqtt").unwrap();
        let mut tap = world::mqtt::Client::connect(address, "tap-1", &secret, "")
            .await
            .unwrap();
        for number in 0..3 {
            let receipt = tap
                .tell("poured", poured(&format!("{run}-{number}")), "receipt")
                .await
                .unwrap();
            let receipt = read(&receipt)["receipt"].as_str().unwrap().to_owned();
            assert!(receipts.insert(receipt.clone()), "{receipt} was given before");
        }
        let again = tap.tell("poured", poured("0-0"), "receipt").await.unwrap();
        assert_eq!(*first.get_or_insert_with(|| again.clone()), again, "{clock}");

        let api = Api::new(&gateway.url().unwrap()).unwrap().with_token(&token);
        let status = api.get("/api/v1/status").await.unwrap().expect(200).unwrap();
        assert_eq!(
            status["clock"]["trusted"], false,
            "{clock}: nobody vouches for this clock: {status}"
        );
        let sales = api.list("/api/v1/transactions").await.unwrap();
        assert_eq!(sales.len(), 3 * (run + 1), "{clock}");
        assert!(sales.iter().all(|sale| sale["clock_trusted"] == false), "{clock}");
        assert_eq!(gateway.stop(STOP_WITHIN).await.unwrap().code(), Some(0), "{clock}");
    }
}
