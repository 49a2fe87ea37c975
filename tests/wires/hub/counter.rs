//! Water drawn at a kiosk that speaks to the hub over HTTP, while a gateway holds the customer's litres.

use std::time::Duration;

use serde_json::json;
use world::{
    processes::{Folder, wait_for},
    programme::Programme,
};

const AGREE_WITHIN: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_hub_gets_water_back_from_a_site_while_the_caller_waits() {
    let folder = Folder::new("counter").unwrap();
    let mut programme = Programme::open(folder.path(), false, &[]).await.unwrap();
    let site = programme.add_site(folder.path(), "kibera-3", 1).await.unwrap();
    let jane = programme
        .register("kibera-3", "Jane Smith", "0700000102", "4071")
        .await
        .unwrap();
    programme.credit(&jane, 30_000).await.unwrap();
    programme.agree(site, AGREE_WITHIN).await.unwrap();
    let words = ["token", "counter", "--role", "kiosk", "--site", "kibera-3"];
    let token = programme.hub.last_word(&words).await.unwrap();
    let kiosk = programme.api.with_token(&token);
    let ask = |request: &str, volume_ml: u64| {
        json!({"kiosk_id": "kibera-3", "user_id": "0700000102", "pin": "4071", "volume_ml": volume_ml,
               "request": request})
    };

    // Two at once, and each asks twice: 30 litres are enough for both.
    let bodies = [ask("r1", 20_000), ask("r2", 5_000)];
    let calls = [&bodies[0], &bodies[0], &bodies[1], &bodies[1]].map(|body| kiosk.post("/dispense-verification", body));
    let [a, b, c, d] = calls;
    let (a, b, c, d) = tokio::join!(a, b, c, d);
    let texts = [a, b, c, d].map(|answer| {
        let answer = answer.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.body["reason"], "verified", "{}", answer.text);
        answer.text
    });
    assert_eq!((&texts[0], &texts[2]), (&texts[1], &texts[3]));
    let report = json!({"request": "r1", "volume_ml": 20_000, "outcome": "complete"});
    let booked = kiosk.post("/dispense-report", &report).await.unwrap();
    assert_eq!(booked.expect(200).unwrap()["balance_ml"], 10_000);
    let report = json!({"request": "r2", "volume_ml": 2_000, "outcome": "stopped"});
    kiosk
        .post("/dispense-report", &report)
        .await
        .unwrap()
        .expect(200)
        .unwrap();
    let site_has = async |ml: u64| {
        let what = format!("the site has {ml} ml");
        wait_for(&what, AGREE_WITHIN, async || {
            let api = programme.sites[site].api().await.ok()?;
            let shown = api.list("/api/v1/customers?phone=0700000102").await.ok()?;
            (shown.first()?["balance_ml"] == ml).then_some(())
        })
        .await
        .unwrap();
    };
    site_has(8_000).await;

    // The link is cut: what the site holds, it keeps.
    programme.sites[site].link(false);
    let refused = wait_for("the hub knows that the site is away", AGREE_WITHIN, async || {
        let answer = kiosk.post("/dispense-verification", &ask("r3", 8_000)).await.ok()?;
        Some(answer)
    })
    .await
    .unwrap();
    assert_eq!(refused.expect(409).unwrap()["error"]["code"], "held_at_site");
    programme.sites[site].link(true);
    site_has(8_000).await;
    programme.stop().await.unwrap();
}
