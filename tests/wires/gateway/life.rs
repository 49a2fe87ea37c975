//! From start to stop: ready, alone on its data, gone in time.

use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, process::ExitStatusExt as _},
};

use world::processes::{Program, wait_for};

use crate::site::{STOP_WITHIN, Site};

#[tokio::test]
async fn it_is_ready_with_addresses_and_gone_without_them_after_sigterm() {
    let mut site = Site::start("life").await;
    let addresses = site.gateway.data().join("addresses.json");
    assert!(addresses.exists());
    for name in ["mqtt", "mqtts"] {
        let address = site.gateway.address(name).unwrap();
        assert!(address.ip().is_loopback() && address.port() != 0, "{name}: {address}");
    }
    let control = fs::metadata(site.gateway.data().join("control.sock")).unwrap();
    assert_eq!(control.permissions().mode() & 0o777, 0o600);
    let mut tap = site.tap("tap-1").await;
    tap.hear("config").await.unwrap();

    let status = site.gateway.stop(STOP_WITHIN).await.unwrap();
    assert_eq!(status.code(), Some(0), "{}", site.gateway.log_end());
    assert!(!addresses.exists());
    tap.cut(STOP_WITHIN).await.unwrap();
}

#[tokio::test]
async fn a_second_one_on_the_same_data_ends_with_1() {
    let site = Site::start("second").await;
    let mut second = Program::gateway(site.gateway.data()).unwrap();
    second.launch().unwrap();
    let status = second.ended(STOP_WITHIN).await.unwrap();
    assert_eq!(status.code(), Some(1), "{}", second.log_end());
    assert!(
        second.log_end().contains("another kisima-gateway runs"),
        "{}",
        second.log_end()
    );
    assert!(
        site.gateway.data().join("addresses.json").exists(),
        "the first one's addresses stay"
    );
    site.tap("tap-1").await;
}

#[tokio::test]
async fn a_dispenser_added_while_nothing_runs_is_let_in_and_an_older_secret_is_not() {
    let mut site = Site::new("added");
    let first = site.add("tap-1").await;
    let second = site.add("tap-1").await;
    assert_ne!(first, second);
    site.gateway.start().await.unwrap();
    let address = site.gateway.address("mqtt").unwrap();
    let refused = world::mqtt::Client::connect(address, "tap-1", &first, "").await;
    assert!(format!("{:#}", refused.err().unwrap()).contains("NotAuthorized"));
    let mut tap = site.connect("tap-1", &second).await;
    assert!(tap.hear("config").await.unwrap().retained);

    let third = site.add("tap-1").await;
    tap.cut(STOP_WITHIN).await.unwrap();
    site.connect("tap-1", &third).await;
    assert!(
        site.gateway
            .run(&["dispenser", "add", "Tap 1"])
            .await
            .unwrap()
            .status
            .code()
            == Some(1)
    );
}

#[tokio::test]
async fn after_a_kill_it_starts_again_over_what_it_kept() {
    let mut site = Site::start("again").await;
    let secret = site.add("tap-1").await;
    for _ in 0..3 {
        site.gateway.kill().unwrap();
        site.gateway.start().await.unwrap();
        let mut tap = site.connect("tap-1", &secret).await;
        assert!(tap.hear("config").await.unwrap().retained);
    }
}

#[tokio::test]
async fn asked_to_end_while_it_starts_it_ends() {
    let mut site = Site::new("starting");
    for file in ["lock", "site.db", "site.db-wal", "addresses.json", "control.sock"] {
        for _ in 0..4 {
            let path = site.gateway.data().join(file);
            if path.exists() {
                fs::remove_file(&path).unwrap();
            }
            site.gateway.launch().unwrap();
            wait_for(file, STOP_WITHIN, async || path.exists().then_some(()))
                .await
                .unwrap();
            // Before the program listens for it, the signal itself ends it.
            let status = site.gateway.stop(STOP_WITHIN).await.unwrap();
            assert!(status.success() || status.signal() == Some(15), "{file}: {status}");
        }
    }
}
