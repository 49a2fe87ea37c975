//! What a customer's purse says and pays: denials, odd pours, reports that come late or never, and the HTTP door.

use std::time::Duration;

use serde_json::{Value, json};
use world::{
    http::Api,
    mqtt::Client,
    processes::{Folder, wait_for},
    programme::{Customer, Programme},
};

const AGREE_WITHIN: Duration = Duration::from_secs(30);

struct Scene {
    programme: Programme,
    jane: Customer,
    tap: Client,
    _folder: Folder,
}

impl Scene {
    /// A site, and Jane with so much at it; `report_within` of the gateway.
    async fn open(volume_ml: i64, report_within: &str) -> Scene {
        let folder = Folder::new("purses").unwrap();
        let mut programme = Programme::open(folder.path(), false, &[]).await.unwrap();
        programme.add_site(folder.path(), "kibera-3", 1).await.unwrap();
        let kiosk = &mut programme.sites[0];
        kiosk.gateway.stop(world::programme::STOP_WITHIN).await.unwrap();
        kiosk.gateway.set("dispense.report_within", report_within);
        kiosk.start().await.unwrap();
        programme.online("kibera-3", Duration::from_secs(10)).await.unwrap();
        let jane = programme
            .register("kibera-3", "Jane Smith", "0700000102", "4071")
            .await
            .unwrap();
        programme.credit(&jane, volume_ml).await.unwrap();
        programme.agree(0, AGREE_WITHIN).await.unwrap();
        let (id, secret) = &programme.sites[0].dispensers[0];
        let address = programme.sites[0].gateway.address("mqtt").unwrap();
        let tap = Client::connect(address, id, secret, "").await.unwrap();
        Scene {
            programme,
            jane,
            tap,
            _folder: folder,
        }
    }

    async fn ask(&mut self, request: &str, pin: &str, volume_ml: i64) -> Value {
        let ask = json!({"request": request, "user": self.jane.phone, "pin": pin, "volume_ml": volume_ml});
        let answer = self.tap.tell("ask", ask.to_string(), "answer").await.unwrap();
        serde_json::from_slice(&answer).unwrap()
    }

    async fn poured(&mut self, request: &str, volume_ml: i64, outcome: &str) -> Value {
        let poured =
            json!({"request": request, "volume_ml": volume_ml, "pulses": 9, "duration_ms": 9, "outcome": outcome});
        let receipt = self.tap.tell("poured", poured.to_string(), "receipt").await.unwrap();
        serde_json::from_slice(&receipt).unwrap()
    }

    async fn balance_ml(&self) -> Value {
        self.programme.agree(0, AGREE_WITHIN).await.unwrap();
        self.programme.customer(&self.jane).await.unwrap()["balance_ml"].clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_denial_tells_no_stranger_anything() {
    let mut scene = Scene::open(10_000, "\"24 h\"").await;
    let wrong = scene.ask("wrong", "4072", 5_000).await;
    assert_eq!(wrong["reason"], "wrong_pin");
    let poor = scene.ask("poor", "4071", 20_000).await;
    assert_eq!(
        (&poor["reason"], &poor["balance_ml"], &poor["name"]),
        (&json!("insufficient_credit"), &json!(10_000), &json!("Jane"))
    );
    for field in ["balance_ml", "jerrycans_left", "name"] {
        assert!(wrong.get(field).is_none(), "{wrong}");
    }
    assert_eq!(scene.ask("all", "4071", 10_000).await["approved"], true);
    let held = scene.ask("more", "4071", 1).await;
    assert_eq!(
        (&held["reason"], &held["balance_ml"]),
        (&json!("insufficient_credit"), &json!(10_000)),
        "a hold is not taken off what is shown, and not sold twice"
    );
    for number in 0..10 {
        if scene.ask(&format!("guess-{number}"), "1000", 1).await["reason"] == "locked" {
            assert_eq!(
                scene.ask("right", "4071", 1).await["reason"],
                "locked",
                "also with the right one"
            );
            return;
        }
    }
    panic!("nobody may guess eleven times");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pour_pays_for_what_flowed_and_never_for_more_than_the_hold() {
    let mut scene = Scene::open(50_000, "\"24 h\"").await;
    for (request, flowed, outcome, charged, left) in [
        ("less", 500, "complete", 500, 49_500),
        ("none", 0, "fault", 0, 49_500),
        ("more", 25_000, "complete", 20_000, 29_500),
        ("lost", 7_000, "power_lost", 7_000, 22_500),
    ] {
        assert_eq!(scene.ask(request, "4071", 20_000).await["approved"], true, "{request}");
        let receipt = scene.poured(request, flowed, outcome).await;
        assert_eq!(
            (&receipt["volume_ml"], &receipt["balance_ml"]),
            (&json!(charged), &json!(left)),
            "{request}"
        );
    }
    assert_eq!(scene.balance_ml().await, 22_500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pour_nobody_reports_is_booked_in_full_and_corrected_when_it_is() {
    let mut scene = Scene::open(50_000, "\"1 s\"").await;
    assert_eq!(scene.ask("silent", "4071", 20_000).await["approved"], true);
    let booked = wait_for("the hold is booked by rule", Duration::from_secs(15), async || {
        let shown = scene.programme.customer(&scene.jane).await.ok()?;
        (shown["balance_ml"] == 30_000).then_some(())
    });
    booked.await.unwrap();
    let receipt = scene.poured("silent", 5_000, "power_lost").await;
    assert_eq!(
        (&receipt["volume_ml"], &receipt["balance_ml"]),
        (&json!(5_000), &json!(45_000))
    );
    assert_eq!(scene.balance_ml().await, 45_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dispenser_without_mqtt_sells_at_the_gateway() {
    let scene = Scene::open(50_000, "\"24 h\"").await;
    let gateway = &scene.programme.sites[0].gateway;
    let secret = &scene.programme.sites[0].dispensers[0].1;
    let api = Api::new(&gateway.url().unwrap()).unwrap().with_token(secret);
    let ask = json!({"kiosk_id": "tap-1", "user_id": "0700000102", "pin": "4071", "volume_ml": 20_000});
    let answer = api.post("/dispense-verification", &ask).await.unwrap();
    let body = answer.clone().expect(200).unwrap();
    assert_eq!((&body["approved"], &body["reason"]), (&json!(true), &json!("verified")));
    let data = json!({"name": "Jane", "account_id": scene.jane.account, "balance_ml": 50_000, "jerrycans_left": 0});
    assert_eq!(body["user_data"], data);
    let again = api.post("/dispense-verification", &ask).await.unwrap();
    assert_eq!(
        again.text, answer.text,
        "an equal body within a minute is the same request"
    );

    let report = json!({"request": body["request"], "volume_ml": 500, "outcome": "complete"});
    let receipt = api
        .post("/dispense-report", &report)
        .await
        .unwrap()
        .expect(200)
        .unwrap();
    assert_eq!(
        (&receipt["volume_ml"], &receipt["balance_ml"]),
        (&json!(500), &json!(49_500))
    );
    assert_eq!(scene.balance_ml().await, 49_500);
}
