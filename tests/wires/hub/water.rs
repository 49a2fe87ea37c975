//! A customer of the hub at the tap of a site: purses, answers, receipts, with the link and without.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;
use world::{
    acknowledged::Acknowledged,
    mqtt::Client,
    processes::Folder,
    programme::{Programme, within},
};

/// CONTRACTS section 6.
const DRAWABLE_WITHIN: Duration = Duration::from_secs(2);
/// How long both sides may take to agree once a link is back.
const AGREE_WITHIN: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_credited_at_the_hub_is_drawn_at_the_tap_within_two_seconds() {
    let folder = Folder::new("water").unwrap();
    let mut programme = Programme::open(folder.path(), false, &[]).await.unwrap();
    let site = programme.add_site(folder.path(), "kibera-3", 1).await.unwrap();
    let jane = programme
        .register("kibera-3", "Jane Smith", "0700000102", "4071")
        .await
        .unwrap();
    let started = Instant::now();
    assert_eq!(programme.credit(&jane, 200_000).await.unwrap(), 200_000);

    let kiosk = &programme.sites[site];
    let (id, secret) = &kiosk.dispensers[0];
    let mut tap = Client::connect(kiosk.gateway.address("mqtt").unwrap(), id, secret, "")
        .await
        .unwrap();
    let mut tries = 0;
    let answer = loop {
        tries += 1;
        let ask = json!({"request": format!("01J-{tries}"), "user": "0700000102", "pin": "4071", "volume_ml": 20_000});
        let answer = tap.tell("ask", ask.to_string(), "answer").await.unwrap();
        if serde_json::from_slice::<serde_json::Value>(&answer).unwrap()["approved"] == true {
            break String::from_utf8(answer).unwrap();
        }
        assert!(
            started.elapsed() < DRAWABLE_WITHIN,
            "{}",
            String::from_utf8_lossy(&answer)
        );
    };
    println!("drawable after {:?} and {tries} tries", started.elapsed());
    let start = format!(
        r#"{{"request":"01J-{tries}","approved":true,"reason":"verified","volume_ml":20000,"balance_ml":200000,"jerrycans_left":0,"name":"Jane","lines":["#
    );
    assert!(answer.starts_with(&start), "{answer}");
    let poured = json!({"request": format!("01J-{tries}"), "volume_ml": 500, "pulses": 225, "duration_ms": 12_000, "outcome": "complete"});
    let receipt = String::from_utf8(tap.tell("poured", poured.to_string(), "receipt").await.unwrap()).unwrap();
    let start = format!(r#"{{"request":"01J-{tries}","volume_ml":500,"balance_ml":199500,"receipt":""#);
    assert!(receipt.starts_with(&start), "{receipt}");
    programme.agree(site, AGREE_WITHIN).await.unwrap();
    assert_eq!(programme.customer(&jane).await.unwrap()["balance_ml"], 199_500);
    programme.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn water_flows_with_the_link_cut_and_both_sides_agree_afterwards() {
    let folder = Folder::new("cut").unwrap();
    let mut programme = Programme::open(folder.path(), false, &[]).await.unwrap();
    let site = programme.add_site(folder.path(), "kibera-3", 2).await.unwrap();
    let jane = programme
        .register("kibera-3", "Jane Smith", "0700000102", "4071")
        .await
        .unwrap();
    programme.credit(&jane, 100_000).await.unwrap();
    programme.agree(site, AGREE_WITHIN).await.unwrap();
    let mut books = Acknowledged::default();
    books.credit(&jane, 100_000);
    let mut tap = programme.sites[site].tap(0);
    let sale = tap.buy(jane.ask("before", 20_000), None, within(15)).await.unwrap();
    assert_eq!(sale.receipt.as_ref().unwrap().balance_ml, Some(80_000));
    books.sale("kibera-3", tap.id(), &jane, &sale);
    programme.agree(site, AGREE_WITHIN).await.unwrap();

    programme.sites[site].link(false);
    for number in 0..4 {
        let sale = tap
            .buy(jane.ask(&format!("cut-{number}"), 15_000), None, within(15))
            .await
            .unwrap();
        assert!(sale.answer.approved, "{sale:?}");
        books.sale("kibera-3", tap.id(), &jane, &sale);
    }
    // What nobody granted is not sold, however long the link is away.
    let denied = tap
        .buy(jane.ask("too-much", 20_001 - 1), Some(0), within(15))
        .await
        .unwrap();
    assert!(denied.answer.approved, "80,000 less 60,000 are left: {denied:?}");
    books.sale("kibera-3", tap.id(), &jane, &denied);
    let sale = tap.buy(jane.ask("the-rest", 20_000), None, within(15)).await.unwrap();
    books.sale("kibera-3", tap.id(), &jane, &sale);
    let denied = tap.buy(jane.ask("nothing-left", 1), None, within(15)).await.unwrap();
    assert_eq!(denied.answer.reason, "insufficient_credit");
    assert_eq!(
        programme.customer(&jane).await.unwrap()["balance_ml"],
        80_000,
        "the hub has not heard yet"
    );

    programme.sites[site].link(true);
    let hub = programme.agree(site, AGREE_WITHIN).await.unwrap();
    assert!(hub["journal_through"]["seq"].as_i64() > Some(0), "{hub}");
    assert_eq!(programme.customer(&jane).await.unwrap()["balance_ml"], 0);
    assert_eq!(books.audit(&programme).await.unwrap(), Vec::<String>::new());
    programme.stop().await.unwrap();
}
