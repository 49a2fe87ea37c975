//! Money of pretend MTN, Airtel and IntaSend becomes litres: purchase, prompt, approval, callback, query, credit once
//! (RELIABILITY rows 31 and 32).

use std::time::Duration;

use kiosk::provider::Provider;
use serde_json::{Value, json};
use world::{
    http::{Answer, Api},
    processes::{Folder, wait_for},
    programme::{Customer, Programme, WEBHOOK_SECRET},
};

/// How long a payment may take here.
const PAID_WITHIN: Duration = Duration::from_secs(20);
/// What is bought each time: the price is 2,000 units at 200 a litre in Uganda, 20 shillings in Kenya.
const BOUGHT_ML: i64 = 10_000;

struct Scene {
    provider: Provider,
    programme: Programme,
    sandbox: Api,
    jane: Customer,
    _folder: Folder,
}

impl Scene {
    /// A site, a customer without a drop, and a provider whose phones wait for a person.
    async fn open(provider: Provider) -> Scene {
        let folder = Folder::new(provider.name()).unwrap();
        let (currency, phone) = match provider {
            Provider::Mtn => ("UGX", "0772123456"),
            Provider::Airtel => ("UGX", "0752123456"),
            _ => ("KES", "0708374149"),
        };
        let keys = [("payments.query_after", "\"1 s\""), ("site.currency", currency)];
        let mut programme = Programme::collecting(folder.path(), &[provider], &keys).await.unwrap();
        programme.add_site(folder.path(), "kibera-3", 1).await.unwrap();
        let jane = programme
            .register("kibera-3", "Jane Smith", phone, "4071")
            .await
            .unwrap();
        let sandbox = Api::new(&programme.sandbox.as_ref().unwrap().url().unwrap()).unwrap();
        let scene = Scene {
            provider,
            programme,
            sandbox,
            jane,
            _folder: folder,
        };
        let portal = format!("{}/payments/{provider}/{WEBHOOK_SECRET}", scene.programme.door.url());
        scene
            .behave(
                json!({"auto": false, "callback_url": portal, "callback_key": "pretend-callback_key",
                "challenge": "pretend-challenge"}),
            )
            .await;
        scene
    }

    async fn behave(&self, behaviour: Value) {
        let body = json!({ self.provider.name(): behaviour });
        self.sandbox.post("/control", &body).await.unwrap().expect(200).unwrap();
    }

    /// Starts a purchase without naming the provider: the phone chooses it. Its id, once the prompt is out.
    /// An equal one would be refused within two minutes, so each is of another size.
    async fn buy(&self, volume_ml: i64) -> String {
        let body = json!({"customer": self.jane.id, "kind": "topup", "volume_ml": volume_ml});
        let made = self.programme.api.post("/api/v1/purchases", &body).await.unwrap();
        let purchase = made.expect(202).unwrap()["id"].as_str().unwrap().to_owned();
        self.becomes(&purchase, "pending").await;
        purchase
    }

    /// The person at the phone pays what was asked last.
    async fn pay(&self) {
        let prompts = self.room().await["prompts"].as_array().unwrap().clone();
        let id = prompts.last().unwrap()["id"].as_str().unwrap().to_owned();
        let path = format!("/control/{}/prompts/{id}/approve", self.provider);
        self.sandbox.post(&path, &json!({})).await.unwrap().expect(200).unwrap();
    }

    async fn shown(&self, purchase: &str) -> Value {
        let path = format!("/api/v1/purchases/{purchase}");
        self.programme.api.get(&path).await.unwrap().expect(200).unwrap()
    }

    async fn becomes(&self, purchase: &str, state: &str) {
        let what = format!("{} purchase {purchase} is {state}", self.provider);
        let seen = wait_for(&what, PAID_WITHIN, async || {
            (self.shown(purchase).await["state"] == state).then_some(())
        });
        if let Err(error) = seen.await {
            panic!(
                "{error}: {}\n{}",
                self.shown(purchase).await,
                self.programme.hub.log_end()
            );
        }
    }

    /// The provider's own room in the sandbox.
    async fn room(&self) -> Value {
        self.sandbox.get("/control").await.unwrap().expect(200).unwrap()[self.provider.name()].clone()
    }

    /// Waits until so many callbacks of a success were sent, and tells how they were answered.
    async fn delivered(&self, count: usize) -> Vec<Value> {
        let paid = |delivery: &&Value| {
            let body = delivery["callback"]["body"].as_str().unwrap();
            ["\"SUCCESSFUL\"", "\"TS\"", "\"COMPLETE\""]
                .iter()
                .any(|word| body.contains(word))
        };
        let seen = wait_for("the callbacks are delivered", PAID_WITHIN, async || {
            let deliveries = self.room().await["deliveries"].as_array().unwrap().clone();
            let paid: Vec<Value> = deliveries.iter().filter(paid).cloned().collect();
            (paid.len() >= count).then_some(paid)
        });
        seen.await.unwrap()
    }

    async fn balance_ml(&self) -> i64 {
        let shown = self.programme.customer(&self.jane).await.unwrap();
        shown["balance_ml"].as_i64().unwrap()
    }

    async fn call_back(&self, body: &str) -> Answer {
        let path = format!("/payments/{}/{WEBHOOK_SECRET}", self.provider);
        let value: Value = serde_json::from_str(body).unwrap();
        Api::new(&self.programme.door.url())
            .unwrap()
            .post(&path, &value)
            .await
            .unwrap()
    }

    /// What the provider's till holds in the books, in minor units, and whether they add up.
    async fn till(&self) -> i64 {
        let ledger = self
            .programme
            .api
            .get("/api/v1/ledger/balance")
            .await
            .unwrap()
            .expect(200)
            .unwrap();
        let books = ledger.as_object().unwrap().values().next().unwrap();
        assert_eq!(books["total"], 0, "{ledger}");
        books["accounts"][format!("till:{}", self.provider)]
            .as_i64()
            .unwrap_or(0)
    }
}

/// Prompted, paid, called back, confirmed and credited; doubled and missing callbacks; a claim without money.
async fn story(provider: Provider, price_minor: i64) -> Scene {
    let scene = Scene::open(provider).await;
    let first = scene.buy(BOUGHT_ML).await;
    assert_eq!(scene.shown(&first).await["provider"], provider.name());
    assert_eq!(scene.balance_ml().await, 0, "a prompt is no money");
    scene.pay().await;
    scene.becomes(&first, "succeeded").await;
    let delivered = scene.delivered(1).await;
    assert_eq!(delivered[0]["status"], 200, "{delivered:?}");
    assert_eq!((scene.balance_ml().await, scene.till().await), (BOUGHT_ML, price_minor));

    // The same callback again, long after: nothing moves.
    let body = delivered[0]["callback"]["body"].as_str().unwrap().to_owned();
    assert_eq!(scene.call_back(&body).await.status, 200);

    scene
        .behave(json!({"callbacks": 2, "callback_method": if provider == Provider::Mtn { "PUT" } else { "POST" }}))
        .await;
    let doubled = scene.buy(2 * BOUGHT_ML).await;
    scene.pay().await;
    scene.becomes(&doubled, "succeeded").await;
    let delivered = scene.delivered(3).await;
    assert!(
        delivered.iter().all(|delivery| delivery["status"] == 200),
        "{delivered:?}"
    );
    assert_eq!(
        (scene.balance_ml().await, scene.till().await),
        (3 * BOUGHT_ML, 3 * price_minor)
    );

    scene.behave(json!({"callbacks": 0})).await;
    let missing = scene.buy(3 * BOUGHT_ML).await;
    scene.pay().await;
    scene.becomes(&missing, "succeeded").await;
    assert_eq!(scene.delivered(3).await.len(), 3, "found by a query");
    assert_eq!(
        (scene.balance_ml().await, scene.till().await),
        (6 * BOUGHT_ML, 6 * price_minor)
    );

    // Somebody who knows the address and the secrets claims a payment that the person has not made.
    // A millilitre less costs the same, so that the sum is what they claim.
    let claimed = scene.buy(BOUGHT_ML - 1).await;
    let prompts = scene.room().await["prompts"].as_array().unwrap().clone();
    let (old, new) = (&prompts[0], prompts.last().unwrap());
    let forged = ["id", "reference"].iter().fold(body, |body, name| {
        body.replace(old[name].as_str().unwrap(), new[name].as_str().unwrap())
    });
    let answer = scene.call_back(&forged).await;
    // Airtel's hash does not fit another payment.
    assert_eq!(
        answer.status,
        if provider == Provider::Airtel { 403 } else { 200 },
        "{answer:?}"
    );
    scene
        .programme
        .register("kibera-3", "A later request", "0700000199", "4071")
        .await
        .ok();
    assert_ne!(scene.shown(&claimed).await["state"], "succeeded");
    assert_eq!(
        (scene.balance_ml().await, scene.till().await),
        (6 * BOUGHT_ML, 6 * price_minor)
    );
    scene.pay().await;
    scene.becomes(&claimed, "succeeded").await;
    assert_eq!(
        (scene.balance_ml().await, scene.till().await),
        (7 * BOUGHT_ML - 1, 7 * price_minor)
    );
    scene
}

/// Another sum than asked is never credited by itself.
async fn another_sum(scene: &Scene, credited: i64) {
    scene.behave(json!({"pays": 5, "callbacks": 1})).await;
    let short = scene.buy(5 * BOUGHT_ML).await;
    scene.pay().await;
    scene.becomes(&short, "needs_operator").await;
    assert_eq!(scene.balance_ml().await, credited);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ugandan_shillings_of_mtn_become_litres_once() {
    let mut scene = story(Provider::Mtn, 2_000).await;
    another_sum(&scene, 7 * BOUGHT_ML - 1).await;
    scene.programme.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ugandan_shillings_of_airtel_become_litres_once() {
    let mut scene = story(Provider::Airtel, 2_000).await;
    scene.programme.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kenyan_shillings_of_intasend_become_litres_once() {
    let mut scene = story(Provider::Intasend, 2_000).await;
    another_sum(&scene, 7 * BOUGHT_ML - 1).await;
    scene.programme.stop().await.unwrap();
}
