//! Money of pretend M-PESA becomes water: prompt, callback, query, litres at the tap (RELIABILITY rows 31 and 32).

use std::time::Duration;

use serde_json::{Value, json};
use world::{
    http::Api,
    processes::{Folder, wait_for},
    programme::{Customer, Programme, WEBHOOK_SECRET, within},
    tap::Sale,
};

/// How long a payment may take here, the pretend customer's second included.
const PAID_WITHIN: Duration = Duration::from_secs(20);

struct Scene {
    programme: Programme,
    sandbox: Api,
    jane: Customer,
    _folder: Folder,
}

impl Scene {
    /// A site, a customer without a drop, and an M-PESA that behaves so.
    async fn open(behaviour: Value) -> Scene {
        let folder = Folder::new("mpesa").unwrap();
        let keys = [("payments.query_after", "\"1 s\"")];
        let mut programme = Programme::open(folder.path(), true, &keys).await.unwrap();
        programme.add_site(folder.path(), "kibera-3", 1).await.unwrap();
        let jane = programme
            .register("kibera-3", "Jane Smith", "0708374149", "4071")
            .await
            .unwrap();
        let sandbox = Api::new(&programme.sandbox.as_ref().unwrap().url().unwrap()).unwrap();
        let scene = Scene {
            programme,
            sandbox,
            jane,
            _folder: folder,
        };
        scene.behave(behaviour).await;
        scene
    }

    async fn behave(&self, behaviour: Value) {
        self.sandbox
            .post("/control", &json!({"mpesa": behaviour}))
            .await
            .unwrap()
            .expect(200)
            .unwrap();
    }

    /// Starts a purchase; its id.
    async fn buy(&self, item: Value) -> String {
        let mut body = json!({"customer": self.jane.id, "provider": "mpesa", "pay": "prompt"});
        for (name, value) in item.as_object().unwrap() {
            body[name] = value.clone();
        }
        let made = self
            .programme
            .api
            .post("/api/v1/purchases", &body)
            .await
            .unwrap()
            .expect(202)
            .unwrap();
        made["id"].as_str().unwrap().to_owned()
    }

    async fn state(&self, purchase: &str) -> String {
        let path = format!("/api/v1/purchases/{purchase}");
        let shown = self.programme.api.get(&path).await.unwrap().expect(200).unwrap();
        shown["state"].as_str().unwrap().to_owned()
    }

    async fn becomes(&self, purchase: &str, state: &str) {
        let what = format!("purchase {purchase} is {state}");
        wait_for(&what, PAID_WITHIN, async || {
            (self.state(purchase).await == state).then_some(())
        })
        .await
        .unwrap();
    }

    /// What the pretend phones have paid, in shillings.
    async fn paid(&self) -> i64 {
        let ledger = self.sandbox.get("/control/ledger").await.unwrap().expect(200).unwrap();
        ledger["total"].as_i64().unwrap()
    }

    async fn control(&self) -> Value {
        self.sandbox.get("/control").await.unwrap().expect(200).unwrap()["mpesa"].clone()
    }

    /// Waits until so many callbacks were sent and answered.
    async fn delivered(&self, count: usize) -> Vec<Value> {
        let seen = wait_for("the callbacks are delivered", PAID_WITHIN, async || {
            let deliveries = self.control().await["deliveries"].as_array().unwrap().clone();
            (deliveries.len() >= count).then_some(deliveries)
        });
        seen.await.unwrap()
    }

    async fn balance_ml(&self) -> i64 {
        self.programme.customer(&self.jane).await.unwrap()["balance_ml"]
            .as_i64()
            .unwrap()
    }

    /// Asks at the tap until it is approved or time is up.
    async fn draw(&self, name: &str, volume_ml: i64) -> Sale {
        let mut tap = self.programme.sites[0].tap(0);
        let limit = within(15);
        for number in 0.. {
            let ask = self.jane.ask(&format!("{name}-{number}"), volume_ml);
            let sale = tap.buy(ask, None, limit).await.unwrap();
            if sale.answer.approved {
                return sale;
            }
        }
        unreachable!("the loop has no other end")
    }

    async fn assert_ledger_adds_up(&self) {
        let ledger = self
            .programme
            .api
            .get("/api/v1/ledger/balance")
            .await
            .unwrap()
            .expect(200)
            .unwrap();
        assert_eq!(ledger["KES"]["total"], 0, "{ledger}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shillings_become_litres_at_the_tap() {
    let mut scene = Scene::open(json!({"auto_after_ms": 50})).await;
    let purchase = scene.buy(json!({"kind": "topup", "volume_ml": 100_000})).await;
    scene.becomes(&purchase, "succeeded").await;
    assert_eq!(
        (scene.balance_ml().await, scene.paid().await),
        (100_000, 200),
        "KES 2,000 a thousand litres"
    );
    let sale = scene.draw("01J", 20_000).await;
    assert_eq!(sale.receipt.unwrap().balance_ml, Some(80_000));
    scene.programme.agree(0, Duration::from_secs(20)).await.unwrap();
    assert_eq!(scene.balance_ml().await, 80_000);
    scene.assert_ledger_adds_up().await;
    scene.programme.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_is_valid_thirty_days_and_its_code_opens_the_tap() {
    let scene = Scene::open(json!({"auto_after_ms": 50})).await;
    let purchase = scene.buy(json!({"kind": "subscription", "plan": "monthly"})).await;
    scene.becomes(&purchase, "succeeded").await;
    assert_eq!(scene.paid().await, 300);
    let shown = scene.programme.customer(&scene.jane).await.unwrap();
    let subscription = &shown["subscription"];
    assert_eq!(
        (
            &subscription["state"],
            &subscription["plan"],
            &subscription["site"],
            &shown["jerrycans_left"]
        ),
        (&json!("valid"), &json!("monthly"), &json!("kibera-3"), &json!(30)),
        "{shown}"
    );
    let day = subscription["valid_until"].as_str().unwrap();
    assert_eq!(days_from_today(day), 30, "{day}");

    let code = subscription["code"].as_str().unwrap().to_owned();
    let mut tap = scene.programme.sites[0].tap(0);
    let limit = within(15);
    let mut number = 0;
    let sale = loop {
        number += 1;
        let mut ask = scene.jane.ask(&format!("code-{number}"), 20_000);
        (ask.user, ask.code) = (None, Some(code.clone()));
        let sale = tap.buy(ask, None, limit).await.unwrap();
        if sale.answer.approved {
            break sale;
        }
    };
    assert_eq!(
        (sale.answer.jerrycans_left, sale.answer.balance_ml),
        (Some(30), Some(0))
    );
    assert_eq!(sale.receipt.unwrap().balance_ml, Some(0), "the allowance goes first");
    scene.programme.agree(0, Duration::from_secs(20)).await.unwrap();
    assert_eq!(
        scene.programme.customer(&scene.jane).await.unwrap()["jerrycans_left"],
        29
    );
    scene.assert_ledger_adds_up().await;
}

/// Days from today to an ISO date, in Nairobi (three hours ahead of UTC the whole year).
fn days_from_today(date: &str) -> i64 {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let today = (now.as_secs() as i64 + 3 * 3_600).div_euclid(86_400);
    let parts: Vec<i64> = date.split('-').map(|part| part.parse().unwrap()).collect();
    // Days since 1970 of a date after March 1st of year zero (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    let (year, month, day) = (parts[0] - i64::from(parts[1] <= 2), parts[1], parts[2]);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719_468 - today
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doubled_late_and_missing_callbacks_credit_once() {
    let scene = Scene::open(json!({"auto_after_ms": 50, "callbacks": 2})).await;
    let doubled = scene.buy(json!({"kind": "topup", "volume_ml": 10_000})).await;
    scene.becomes(&doubled, "succeeded").await;
    let deliveries = scene.delivered(2).await;
    assert!(
        deliveries.iter().all(|delivery| delivery["status"] == 200),
        "{deliveries:?}"
    );
    assert_eq!((scene.balance_ml().await, scene.paid().await), (10_000, 20), "doubled");

    scene.behave(json!({"callbacks": 0})).await;
    let missing = scene.buy(json!({"kind": "topup", "volume_ml": 20_000})).await;
    scene.becomes(&missing, "succeeded").await;
    assert_eq!(
        (scene.balance_ml().await, scene.paid().await),
        (30_000, 60),
        "missing: found by a query"
    );

    scene.behave(json!({"callbacks": 1, "callback_delay_ms": 4_000})).await;
    let late = scene.buy(json!({"kind": "topup", "volume_ml": 30_000})).await;
    scene.becomes(&late, "succeeded").await;
    scene.delivered(3).await;
    assert_eq!(
        (scene.balance_ml().await, scene.paid().await),
        (60_000, 120),
        "late: after the query found it"
    );
    scene.assert_ledger_adds_up().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_purchase_is_not_made_twice_and_a_no_is_a_no() {
    let scene = Scene::open(json!({"auto": false})).await;
    let purchase = scene.buy(json!({"kind": "topup", "volume_ml": 10_000})).await;
    let body =
        json!({"customer": scene.jane.id, "kind": "topup", "volume_ml": 10_000, "provider": "mpesa", "pay": "prompt"});
    let again = scene
        .programme
        .api
        .post("/api/v1/purchases", &body)
        .await
        .unwrap()
        .expect(409)
        .unwrap();
    assert_eq!(
        (&again["error"]["code"], &again["id"]),
        (&json!("purchase_open"), &json!(purchase)),
        "{again}"
    );
    scene.becomes(&purchase, "pending").await;
    let prompt = scene.control().await["prompts"][0]["checkout_request"]
        .as_str()
        .unwrap()
        .to_owned();
    let cancel = format!("/control/mpesa/prompts/{prompt}/cancel");
    scene
        .sandbox
        .post(&cancel, &json!({}))
        .await
        .unwrap()
        .expect(200)
        .unwrap();
    scene.becomes(&purchase, "cancelled").await;

    // RELIABILITY row 31: whoever has learnt the address, or guesses one, moves nothing.
    let address = scene.delivered(1).await[0]["callback"]["url"]
        .as_str()
        .unwrap()
        .to_owned();
    let (_, path) = address.split_once("/payments/").unwrap();
    let forged = json!({"Body": {"stkCallback": {
        "MerchantRequestID": "29115-34620561-1", "CheckoutRequestID": prompt, "ResultCode": 0,
        "ResultDesc": "The service request is processed successfully.",
        "CallbackMetadata": {"Item": [
            {"Name": "Amount", "Value": 20.0}, {"Name": "MpesaReceiptNumber", "Value": "FORGED1234"},
            {"Name": "TransactionDate", "Value": 20_261_121_102_115_i64}, {"Name": "PhoneNumber", "Value": 254_708_374_149_i64},
        ]},
    }}});
    let open = Api::new(&scene.programme.door.url()).unwrap();
    let secret = WEBHOOK_SECRET;
    let guesses = [
        (format!("/payments/{path}"), None),
        (
            format!("/payments/daraja/{secret}/stk/00000000000000000000000000000000"),
            None,
        ),
        (format!("/payments/daraja/{secret}/confirmation"), None),
        ("/payments/daraja/stk/00".to_owned(), Some(403)),
        (
            format!("/payments/{}", path.replace(secret, &secret.replace('0', "1"))),
            Some(403),
        ),
    ];
    for (path, status) in guesses {
        let answer = open.post(&path, &forged).await.unwrap();
        assert!(
            answer.status < 500 && status.is_none_or(|status| status == answer.status),
            "{path}: {answer:?}"
        );
    }
    // A purchase that comes to its end after them shows that they have been worked off.
    scene.behave(json!({"auto": true, "auto_after_ms": 50})).await;
    let honest = scene.buy(json!({"kind": "topup", "volume_ml": 10_000})).await;
    scene.becomes(&honest, "succeeded").await;
    assert_eq!(scene.state(&purchase).await, "cancelled");
    assert_eq!((scene.balance_ml().await, scene.paid().await), (10_000, 20));
    scene.assert_ledger_adds_up().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_killed_while_the_customer_pays_credits_once() {
    let mut scene = Scene::open(json!({"auto": false})).await;
    // An equal one would be refused within two minutes, so each is larger: 10, 30 and 60 litres in all.
    for (round, sum) in [(1, 1), (2, 3), (3, 6)] {
        let purchase = scene.buy(json!({"kind": "topup", "volume_ml": 10_000 * round})).await;
        scene.becomes(&purchase, "pending").await;
        scene.programme.hub.kill().unwrap();
        // She pays while nobody is there to be called back.
        let prompts = scene.control().await["prompts"].as_array().unwrap().clone();
        for prompt in prompts.iter().filter(|prompt| prompt["result_code"].is_null()) {
            let id = prompt["checkout_request"].as_str().unwrap();
            let path = format!("/control/mpesa/prompts/{id}/approve");
            scene
                .sandbox
                .post(&path, &json!({}))
                .await
                .unwrap()
                .expect(200)
                .unwrap();
        }
        scene.programme.start_hub().await.unwrap();
        scene.becomes(&purchase, "succeeded").await;
        assert_eq!((scene.balance_ml().await, scene.paid().await), (10_000 * sum, 20 * sum));
    }
    // Killed at once: whether the prompt went out is not known, so it is neither sent again nor credited.
    let purchase = scene.buy(json!({"kind": "topup", "volume_ml": 40_000})).await;
    scene.programme.hub.kill().unwrap();
    scene.programme.start_hub().await.unwrap();
    let state = scene.state(&purchase).await;
    assert!(
        matches!(state.as_str(), "submitting" | "pending" | "unknown"),
        "{state}"
    );
    let prompts = scene.control().await["prompts"].as_array().unwrap().len();
    assert!(prompts <= 4, "{prompts} prompts for 4 purchases");
    assert_eq!((scene.balance_ml().await, scene.paid().await), (60_000, 120));
    scene.assert_ledger_adds_up().await;
}
