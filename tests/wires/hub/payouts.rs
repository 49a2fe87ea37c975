//! Money that the real hub sends out through pretend providers: reserved, sent once, confirmed, booked; and found on the
//! provider's statement.

use std::time::Duration;

use kiosk::provider::Provider;
use serde_json::{Value, json};
use world::{
    http::Api,
    processes::{Folder, wait_for},
    programme::{Customer, Programme},
};

/// How long anything may take here.
const WITHIN: Duration = Duration::from_secs(20);

struct Scene {
    provider: Provider,
    programme: Programme,
    sandbox: Api,
    jane: Customer,
    folder: Folder,
}

impl Scene {
    /// A customer without a site, who has paid for ten litres; no site holds them.
    async fn open(provider: Provider, phone: &str) -> (Scene, String) {
        let folder = Folder::new(&format!("payouts-{provider}")).unwrap();
        let currency = if provider == Provider::Mtn { "UGX" } else { "KES" };
        let keys = [("payments.query_after", "\"1 s\""), ("site.currency", currency)];
        let programme = Programme::collecting(folder.path(), &[provider], &keys).await.unwrap();
        let sandbox = Api::new(&programme.sandbox.as_ref().unwrap().url().unwrap()).unwrap();
        let body = json!({"phone": phone, "name": "Jane Smith", "pin": "4071"});
        let made = programme.api.post("/api/v1/customers", &body).await.unwrap();
        let made = made.expect(201).unwrap();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        let jane = Customer {
            id: text("id"),
            account: text("account_id"),
            phone: phone.to_owned(),
            pin: "4071".to_owned(),
        };
        let scene = Scene {
            provider,
            programme,
            sandbox,
            jane,
            folder,
        };
        let purchase = scene.buy(json!({"volume_ml": 10_000})).await;
        (scene, purchase)
    }

    async fn behave(&self, behaviour: Value) {
        let body = json!({ self.provider.name(): behaviour });
        self.sandbox.post("/control", &body).await.unwrap().expect(200).unwrap();
    }

    async fn buy(&self, what: Value) -> String {
        let mut body = json!({"customer": self.jane.id, "kind": "topup", "provider": self.provider.name()});
        for (name, value) in what.as_object().unwrap() {
            body[name] = value.clone();
        }
        let made = self.post("/api/v1/purchases", body).await;
        let purchase = made["id"].as_str().unwrap().to_owned();
        self.becomes("purchases", &purchase, "succeeded").await;
        purchase
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.programme.api.post(path, &body).await.unwrap().expect(202).unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        self.programme.api.get(path).await.unwrap().expect(200).unwrap()
    }

    async fn becomes(&self, kind: &str, id: &str, state: &str) {
        let path = format!("/api/v1/{kind}/{id}");
        let what = format!("{path} is {state}");
        let seen = wait_for(&what, WITHIN, async || {
            (self.get(&path).await["state"] == state).then_some(())
        });
        if let Err(error) = seen.await {
            panic!("{error}: {}\n{}", self.get(&path).await, self.programme.hub.log_end());
        }
    }

    async fn refund(&self, purchase: &str) -> String {
        let path = format!("/api/v1/purchases/{purchase}/refund");
        let begun = self.post(&path, json!({"reason": "the tank leaks"})).await;
        begun["id"].as_str().unwrap().to_owned()
    }

    /// What the provider paid out: the phone, whole units, and how it ended.
    async fn paid_out(&self) -> Vec<(u64, i64)> {
        let room = self.sandbox.get("/control").await.unwrap().expect(200).unwrap();
        let payouts = room[self.provider.name()]["payouts"].as_array().unwrap().clone();
        let moved = |payout: &&Value| payout["code"] == "0" || payout["outcome"] == "paid";
        let seen = |payout: &Value| (payout["phone"].as_u64().unwrap(), payout["amount"].as_i64().unwrap());
        payouts.iter().filter(moved).map(seen).collect()
    }

    /// An account of the hub's books in minor units, which add up.
    async fn account(&self, name: &str) -> i64 {
        let ledger = self.get("/api/v1/ledger/balance").await;
        let books = ledger.as_object().unwrap().values().next().unwrap();
        assert_eq!(books["total"], 0, "{ledger}");
        books["accounts"][name].as_i64().unwrap_or(0)
    }

    /// Holds the provider's statement against the books, which agree; what it said.
    async fn reconcile(&self, more: &[&str]) -> String {
        let base = self.programme.sandbox.as_ref().unwrap().url().unwrap();
        let csv = reqwest::get(format!("{base}/control/mpesa/statement.csv"))
            .await
            .unwrap();
        let file = self.folder.path().join("statement.csv");
        std::fs::write(&file, csv.text().await.unwrap()).unwrap();
        let file = file.display().to_string();
        let mut arguments = vec!["reconcile", "--statement", &file, "--provider", "mpesa"];
        arguments.extend(more);
        let output = self.programme.hub.run(&arguments).await.unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    async fn balance_ml(&self) -> i64 {
        let shown = self.programme.customer(&self.jane).await.unwrap();
        shown["balance_ml"].as_i64().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mpesa_undoes_a_payment_once_and_its_statement_agrees() {
    let (mut scene, purchase) = Scene::open(Provider::Mpesa, "0708374149").await;
    // Anybody may call a callback address: only a receipt that the provider's own statement has is undone at the provider.
    let told = scene.reconcile(&["--book"]).await;
    assert!(told.contains("1 payment agrees"), "{told}");
    // Somebody else took a new token, as `mpesa register` does: the hub takes another and pays once.
    let ended = scene.sandbox.post("/control/mpesa/forget-token", &json!({})).await;
    ended.unwrap().expect(200).unwrap();
    scene.behave(json!({"payout_results": 2, "status_results": 2})).await;
    let payout = scene.refund(&purchase).await;
    scene.becomes("payouts", &payout, "succeeded").await;
    // Ten litres at 2.00.
    assert_eq!(scene.paid_out().await, [(254_708_374_149, 20)]);
    assert_eq!((scene.balance_ml().await, scene.account("till:mpesa").await), (0, 0));
    let shown = scene.get(&format!("/api/v1/payouts/{payout}")).await;
    assert_eq!(
        (&shown["way"], &shown["amount_minor"]),
        (&json!("reversal"), &json!(2_000))
    );

    // A deposit of 500 goes out in part by B2C; the result never comes, so it is asked about.
    scene.behave(json!({"payout_results": 0, "status_results": 1})).await;
    scene.buy(json!({"amount_minor": 50_000})).await;
    let path = format!("/api/v1/customers/{}/withdraw", scene.jane.id);
    let begun = scene
        .post(&path, json!({"amount_minor": 30_000, "reason": "she asked"}))
        .await;
    scene
        .becomes("payouts", begun["id"].as_str().unwrap(), "succeeded")
        .await;
    assert_eq!(scene.paid_out().await[1], (254_708_374_149, 300));
    assert_eq!(
        (scene.account("till:mpesa").await, scene.account("wallet").await),
        (20_000, -20_000)
    );

    // The statement has what came and what went, and no difference is left.
    let told = scene.reconcile(&[]).await;
    assert!(told.contains("2 payouts agree"), "{told}");
    scene.programme.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payout_whose_answer_is_lost_to_a_kill_is_asked_about_and_made_once() {
    let (mut scene, _) = Scene::open(Provider::Mpesa, "0708374149").await;
    scene.buy(json!({"amount_minor": 50_000})).await;
    // The provider takes it and says nothing, to the call and afterwards; the hub dies meanwhile.
    scene
        .behave(json!({"payout_fault": "silent", "payout_results": 0}))
        .await;
    let path = format!("/api/v1/customers/{}/withdraw", scene.jane.id);
    let begun = scene
        .post(&path, json!({"amount_minor": 30_000, "reason": "she asked"}))
        .await;
    let payout = begun["id"].as_str().unwrap().to_owned();
    wait_for("the provider has it", WITHIN, async || {
        (scene.paid_out().await.len() == 1).then_some(())
    })
    .await
    .unwrap();
    scene.programme.hub.kill().unwrap();
    scene.programme.hub.start().await.unwrap();
    scene
        .programme
        .door
        .lead_to(scene.programme.hub.address("web").unwrap());
    assert_eq!(
        scene.get(&format!("/api/v1/payouts/{payout}")).await["state"],
        "submitting"
    );
    assert_eq!(
        scene.account("payout:mpesa").await,
        -30_000,
        "reserved before the call left"
    );
    // A person need not wait for the minute after which silence is unknown: here the result comes late.
    scene.behave(json!({"payout_fault": "none"})).await;
    let key = scene.get(&format!("/api/v1/payouts/{payout}")).await["key"].clone();
    let claim = json!({"Result": {"ResultCode": 0, "OriginatorConversationID": key, "ConversationID": "AG_1",
                                  "TransactionID": "LATE"}});
    let word = format!("/payments/daraja/{}/result", world::programme::WEBHOOK_SECRET);
    let open = Api::new(&scene.programme.door.url()).unwrap();
    open.post(&word, &claim).await.unwrap().expect(200).unwrap();
    scene.becomes("payouts", &payout, "succeeded").await;
    assert_eq!(scene.paid_out().await.len(), 1);
    assert_eq!(
        (scene.account("payout:mpesa").await, scene.account("wallet").await),
        (0, -20_000)
    );
    scene.programme.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mtn_transfers_a_refund_and_gives_back_what_it_says_has_failed() {
    let (mut scene, purchase) = Scene::open(Provider::Mtn, "0772123456").await;
    scene.behave(json!({"payout_outcome": "failed"})).await;
    let first = scene.refund(&purchase).await;
    scene.becomes("payouts", &first, "failed").await;
    assert_eq!(
        (scene.balance_ml().await, scene.account("payout:mtn").await),
        (10_000, 0)
    );
    scene.behave(json!({"payout_outcome": "paid"})).await;
    let second = scene.refund(&purchase).await;
    scene.becomes("payouts", &second, "succeeded").await;
    // Ten litres at 200 shillings.
    assert_eq!(scene.paid_out().await, [(256_772_123_456, 2_000)]);
    assert_eq!((scene.balance_ml().await, scene.account("till:mtn").await), (0, 0));
    let shown = scene.get(&format!("/api/v1/payouts?customer={}", scene.jane.id)).await;
    let states: Vec<&Value> = shown["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["state"])
        .collect();
    assert_eq!(states, ["succeeded", "failed"]);
    scene.programme.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn intasend_pays_out_of_a_wallet_and_names_its_fee() {
    let (mut scene, _) = Scene::open(Provider::Intasend, "0708374149").await;
    scene.buy(json!({"amount_minor": 50_000})).await;
    let path = format!("/api/v1/customers/{}/withdraw", scene.jane.id);
    let asked = json!({"amount_minor": 30_000, "reason": "she asked", "provider": "intasend"});
    let begun = scene.post(&path, asked).await;
    scene
        .becomes("payouts", begun["id"].as_str().unwrap(), "succeeded")
        .await;
    assert_eq!(scene.paid_out().await, [(254_708_374_149, 300)]);
    // 20.00 for water and 500.00 came; 300.00 went, and 10.00 for sending it.
    assert_eq!(
        (scene.account("till:intasend").await, scene.account("fees").await),
        (21_000, 1_000)
    );
    scene.programme.stop().await.unwrap();
}
