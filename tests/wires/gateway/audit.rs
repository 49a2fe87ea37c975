//! What a person does by hand and what the front refuses stand in the audit, and nobody alters it unseen (RELIABILITY rows
//! 23 and 38).

use std::process::Stdio;

use rusqlite::Connection;
use tokio::{process::Command, time::timeout};
use world::{
    mqtt::{Client, LIMIT},
    processes::{Program, wait_for},
};

use crate::site::{STOP_WITHIN, Site};

async fn audit(gateway: &Program, words: &[&str]) -> (Option<i32>, String) {
    let output = gateway.run(&[&["audit"], words].concat()).await.unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code(), said)
}

/// Waits until a row of the audit has all of these words.
async fn row_with(gateway: &Program, words: &[&str]) {
    wait_for(&format!("a row with {words:?}"), LIMIT, async || {
        let (_, said) = audit(gateway, &["show"]).await;
        let has_all = |line: &str| words.iter().all(|word| line.contains(word));
        said.lines().any(has_all).then_some(())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn every_refusal_of_the_front_is_a_row_and_the_chain_is_whole() {
    let site = Site::start("audit").await;
    let secret = site.add("tap-2").await;
    let address = site.gateway.address("mqtt").unwrap();
    row_with(&site.gateway, &["operator", "dispenser_added", "tap-2"]).await;

    assert!(Client::connect(address, "tap-2", "not-its-secret", "").await.is_err());
    row_with(&site.gateway, &["tap-2", "turned_away", "bad_credentials", "127.0.0.1"]).await;
    let mut large = site.connect("tap-2", &secret).await;
    large.say("ask", vec![b'x'; 5_000]).await.unwrap();
    large.cut(LIMIT).await.unwrap();
    row_with(&site.gateway, &["tap-2", "turned_away", "too_large"]).await;
    let port = address.port().to_string();
    let account = [
        "-h",
        "127.0.0.1",
        "-p",
        &port,
        "-u",
        "tap-2",
        "-P",
        &secret,
        "-i",
        "tap-2",
        "-q",
        "1",
    ];
    for (program, rest, why) in [
        (
            "mosquitto_pub",
            &["-t", "kisima/v1/tap-1/ask", "-m", "{}"][..],
            "foreign_publish",
        ),
        (
            "mosquitto_sub",
            &["-t", "#", "-C", "1", "-W", "3"],
            "foreign_subscription",
        ),
    ] {
        let command = Command::new(program)
            .args(account)
            .args(rest)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        timeout(LIMIT, command).await.unwrap().unwrap();
        row_with(&site.gateway, &["tap-2", "turned_away", why]).await;
    }
    let (code, said) = audit(&site.gateway, &["verify"]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("the audit is whole: "), "{said}");
}

#[tokio::test]
async fn verify_names_the_row_that_was_cut_off_and_exits_1() {
    let mut site = Site::start("audit-cut").await;
    for id in ["tap-1", "tap-2", "tap-3"] {
        site.add(id).await;
    }
    site.gateway.stop(STOP_WITHIN).await.unwrap();
    let (code, said) = audit(&site.gateway, &["verify"]).await;
    assert_eq!((code, said.trim()), (Some(0), "the audit is whole: 3 rows"));
    let books = Connection::open(site.gateway.data().join("site.db")).unwrap();
    books.execute("DELETE FROM audit WHERE id = 3", []).unwrap();
    drop(books);
    let (code, said) = audit(&site.gateway, &["verify"]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("row 3 is missing"), "{said}");

    // The program goes on, none the wiser; the gap stays.
    site.gateway.start().await.unwrap();
    site.add("tap-4").await;
    let (code, said) = audit(&site.gateway, &["verify"]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("row 3 is missing"), "{said}");
}
