//! The hub's own life, and a network that is worse than cut: broken in the midst of frames, or silent.

use std::{fs, os::unix::fs::PermissionsExt as _, time::Duration};

use serde_json::json;
use tokio::time::Instant;
use world::{
    acknowledged::Acknowledged,
    http::Api,
    processes::{Folder, Program},
    programme::{Programme, STOP_WITHIN, within},
    proxy::Weather,
};

use crate::one_site;

const AGREE_WITHIN: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_hub_is_ready_alone_on_its_data_and_gone_in_time() {
    let folder = Folder::new("hub-life").unwrap();
    let mut hub = Program::hub(&folder.path().join("hub")).unwrap();
    hub.start().await.unwrap();
    let control = fs::metadata(hub.data().join("control.sock")).unwrap();
    assert_eq!(control.permissions().mode() & 0o777, 0o600);
    let api = Api::new(&hub.url().unwrap()).unwrap();
    for path in ["/health", "/ready"] {
        assert_eq!(api.get(path).await.unwrap().status, 200, "{path}");
    }
    assert_eq!(api.get("/api/v1/customers").await.unwrap().status, 401);

    let mut second = Program::hub(hub.data()).unwrap();
    second.launch().unwrap();
    assert_eq!(
        second.ended(STOP_WITHIN).await.unwrap().code(),
        Some(1),
        "{}",
        second.log_end()
    );
    assert_eq!(api.get("/health").await.unwrap().status, 200);

    assert_eq!(
        hub.stop(STOP_WITHIN).await.unwrap().code(),
        Some(0),
        "{}",
        hub.log_end()
    );
    assert!(!hub.data().join("addresses.json").exists());
    // Without a running hub the subcommands open its database themselves.
    let token = hub.last_word(&["token", "alone", "--role", "viewer"]).await.unwrap();
    hub.start().await.unwrap();
    let api = Api::new(&hub.url().unwrap()).unwrap().with_token(&token);
    assert_eq!(api.get("/api/v1/sites").await.unwrap().status, 200);
    let body = json!({"phone": "0700000102", "name": "Jane", "pin": "4071"});
    assert_eq!(
        api.post("/api/v1/customers", &body).await.unwrap().status,
        403,
        "a viewer changes nothing"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_breaks_at_any_byte_brings_everything_over_in_the_end() {
    let folder = Folder::new("breaks").unwrap();
    let mut programme = Programme::open(folder.path(), false, &[]).await.unwrap();
    let site = programme.add_site(folder.path(), "kibera-3", 1).await.unwrap();
    let jane = programme
        .register("kibera-3", "Jane Smith", "0700000102", "4071")
        .await
        .unwrap();
    let mut books = Acknowledged::default();
    let mut tap = programme.sites[site].tap(0);
    programme.credit(&jane, 100_000).await.unwrap();
    books.credit(&jane, 100_000);
    programme.agree(site, AGREE_WITHIN).await.unwrap();
    for round in 0..6 {
        let line = &programme.sites[site].line;
        let connections = line.connections();
        line.set(Weather::ResetAfter(900 + 311 * round));
        // Litres travel the other way over the same bad line.
        programme.credit(&jane, 1_000).await.unwrap();
        books.credit(&jane, 1_000);
        let limit = within(30);
        let mut number = 0;
        while programme.sites[site].line.connections() == connections {
            let sale = tap
                .buy(jane.ask(&format!("{round}-{number}"), 50), None, limit)
                .await
                .unwrap();
            assert!(sale.answer.approved, "{sale:?}");
            books.sale("kibera-3", tap.id(), &jane, &sale);
            tap.rest(Instant::now() + Duration::from_millis(20)).await.unwrap();
            number += 1;
        }
    }
    programme.sites[site].link(true);
    programme.agree(site, AGREE_WITHIN).await.unwrap();
    books.heard(tap.id(), &tap.heard);
    assert_eq!(books.audit(&programme).await.unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_that_hangs_keeps_no_site_from_selling() {
    let (_folder, programme, site, jane) = one_site("hangs", 100_000).await;
    programme.hub.signal("STOP").unwrap();
    let mut tap = programme.sites[site].tap(0);
    for number in 0..5 {
        let sale = tap
            .buy(jane.ask(&format!("h-{number}"), 20_000), None, within(10))
            .await
            .unwrap();
        assert!(sale.answer.approved, "{sale:?}");
    }
    // What the site lacks it asks of the hub, and waits only so long for an answer.
    let denied = tap.buy(jane.ask("more", 20_000), None, within(15)).await.unwrap();
    assert_eq!(denied.answer.reason, "insufficient_credit");
    programme.hub.signal("CONT").unwrap();
    programme.agree(site, AGREE_WITHIN).await.unwrap();
    assert_eq!(programme.customer(&jane).await.unwrap()["balance_ml"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_hub_gives_nothing_away_that_a_site_holds() {
    let (_folder, programme, site, jane) = one_site("kiosk", 50_000).await;
    let words = ["token", "kiosk", "--role", "kiosk", "--site", "kibera-3"];
    let token = programme.hub.last_word(&words).await.unwrap();
    let api = programme.api.with_token(&token);
    programme.sites[site].link(false);
    let ask = json!({"kiosk_id": "kibera-3", "user_id": "0700000102", "pin": "4071", "volume_ml": 20_000});
    let refused = api.post("/dispense-verification", &ask).await.unwrap();
    assert_eq!(refused.expect(409).unwrap()["error"]["code"], "held_at_site");
    let mut tap = programme.sites[site].tap(0);
    let sale = tap.buy(jane.ask("c", 20_000), None, within(10)).await.unwrap();
    assert_eq!(sale.receipt.unwrap().balance_ml, Some(30_000));
    programme.sites[site].link(true);
    programme.agree(site, AGREE_WITHIN).await.unwrap();
    assert_eq!(programme.customer(&jane).await.unwrap()["balance_ml"], 30_000);
}
