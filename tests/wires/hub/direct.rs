//! Money that pretend phones pay to the paybill by themselves, as the real hub hears of it.

use std::time::Duration;

use hub::{
    adapters::mpesa::{
        MpesaSettings,
        client::MpesaClient,
        wire::c2b::{Registered, WhenSilent, register_body},
    },
    hub::store::read,
    secret::Secret,
};
use serde_json::{Value, json};
use world::{
    http::Api,
    processes::{Folder, wait_for},
    programme::{Programme, WEBHOOK_SECRET},
};

const WITHIN: Duration = Duration::from_secs(20);

async fn deliveries(sandbox: &Api, count: usize) -> Vec<Value> {
    wait_for("the words are delivered", WITHIN, async || {
        let shown = sandbox.get("/control").await.unwrap().expect(200).unwrap();
        let deliveries = shown["mpesa"]["deliveries"].as_array().unwrap().clone();
        (deliveries.len() >= count).then_some(deliveries)
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_direct_payment_is_kept_once_though_it_is_told_twice() {
    let folder = Folder::new("direct").unwrap();
    let programme = Programme::open(folder.path(), true, &[]).await.unwrap();
    let base = programme.sandbox.as_ref().unwrap().url().unwrap();
    let sandbox = Api::new(&base).unwrap();
    let settings = MpesaSettings {
        base_url: format!("{base}/mpesa"),
        shortcode: "174379".to_owned(),
        till: None,
        passkey: Secret::new("passkey"),
        consumer_key: Secret::new("key"),
        consumer_secret: Secret::new("secret"),
    };
    let secret = Secret::new(WEBHOOK_SECRET);
    let body = register_body(&settings, &programme.door.url(), Some(&secret), WhenSilent::Cancelled).unwrap();
    let client = MpesaClient::new(settings).unwrap();
    assert_eq!(client.register(&body).await, Ok(Registered::Now));
    assert_eq!(
        client.register(&body).await,
        Ok(Registered::BeforeOrFailed {
            message: "Urls are already registered".to_owned()
        })
    );

    let behaviour = json!({"mpesa": {"callbacks": 2, "validation": true}});
    sandbox.post("/control", &behaviour).await.unwrap().expect(200).unwrap();
    let pay = async |reference: &str| {
        let payment = json!({"shortcode": "174379", "reference": reference, "amount": 1_250});
        let path = "/control/mpesa/phones/254708374149/pay";
        sandbox.post(path, &payment).await.unwrap().expect(200).unwrap();
    };
    // Nobody has this account: the hub says no, and no money moves.
    pay("AQP000001").await;
    assert_eq!(deliveries(&sandbox, 1).await[0]["status"], 200);
    let body = json!({"phone": "0708374149", "name": "Jane Smith", "pin": "4071"});
    let made = programme
        .api
        .post("/api/v1/customers", &body)
        .await
        .unwrap()
        .expect(201)
        .unwrap();
    let account = made["account_id"].as_str().unwrap();
    // She exists now: asked, taken, told twice.
    pay(account).await;
    let told = deliveries(&sandbox, 4).await;
    assert!(told.iter().all(|delivery| delivery["status"] == 200), "{told:?}");
    let ledger = sandbox.get("/control/ledger").await.unwrap().expect(200).unwrap();
    assert_eq!(
        (&ledger["total"], ledger["items"].as_array().unwrap().len()),
        (&json!(1_250), 1)
    );

    let database = folder.path().join("hub/hub.db");
    let books = store::Database::open_read_only(&database).unwrap();
    let waiting = read::money_waiting(&books, 10).unwrap();
    let [money] = waiting.as_slice() else {
        panic!("{waiting:?}")
    };
    assert_eq!(ledger["items"][0]["receipt"], money.receipt.as_str());
    assert_eq!(
        (money.amount_minor, money.reference.as_deref()),
        (125_000, Some(account))
    );
    let customer = made["id"].as_str().unwrap();
    let shown = programme
        .api
        .get(&format!("/api/v1/customers/{customer}"))
        .await
        .unwrap()
        .expect(200)
        .unwrap();
    assert_eq!(
        (&shown["balance_ml"], &shown["wallet_minor"]),
        (&json!(0), &json!(0)),
        "nothing is credited yet"
    );
}

async fn wallet(programme: &Programme, customer: &str) -> Value {
    let path = format!("/api/v1/customers/{customer}");
    let shown = programme.api.get(&path).await.unwrap().expect(200).unwrap();
    shown["wallet_minor"].clone()
}

async fn jane(programme: &Programme) -> (String, String) {
    let body = json!({"phone": "0708374149", "name": "Jane Smith", "pin": "4071"});
    let made = programme.api.post("/api/v1/customers", &body).await;
    let made = made.unwrap().expect(201).unwrap();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("id"), text("account_id"))
}

async fn pays(sandbox: &Api, reference: &str, amount: i64) {
    let payment = json!({"shortcode": "174379", "reference": reference, "amount": amount});
    let path = "/control/mpesa/phones/254708374149/pay";
    sandbox.post(path, &payment).await.unwrap().expect(200).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirmation_is_proven_by_the_providers_list_and_credited_once() {
    let folder = Folder::new("proven").unwrap();
    let keys = [("payments.mpesa.pull_phone", "\"254708374149\"")];
    let programme = Programme::open(folder.path(), true, &keys).await.unwrap();
    let sandbox = Api::new(&programme.sandbox.as_ref().unwrap().url().unwrap()).unwrap();
    for said in ["may ask which payments came", "already registered"] {
        let output = programme.hub.run(&["mpesa", "register"]).await.unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && told.contains(said), "{output:?}");
    }
    let (customer, account) = jane(&programme).await;
    pays(&sandbox, &account, 1_250).await;
    let credited = wait_for("the payment is proven", Duration::from_secs(40), async || {
        (wallet(&programme, &customer).await == json!(125_000)).then_some(())
    });
    credited.await.unwrap();
    // The statement has nothing to add.
    let csv = sandbox.get("/control/mpesa/statement.csv").await.unwrap();
    let file = folder.path().join("statement.csv");
    std::fs::write(&file, &csv.text).unwrap();
    let words = [
        "reconcile",
        "--provider",
        "mpesa",
        "--statement",
        file.to_str().unwrap(),
        "--book",
    ];
    let output = programme.hub.run(&words).await.unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(
        (output.status.code(), told.trim()),
        (Some(0), "1 payment agrees"),
        "{output:?}"
    );
    assert_eq!(wallet(&programme, &customer).await, json!(125_000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_lists_what_the_books_lack_and_books_it_once() {
    let folder = Folder::new("statement").unwrap();
    let programme = Programme::open(folder.path(), true, &[]).await.unwrap();
    let sandbox = Api::new(&programme.sandbox.as_ref().unwrap().url().unwrap()).unwrap();
    let (customer, account) = jane(&programme).await;
    // Nobody registered an address, so no word of these came.
    pays(&sandbox, &account, 1_250).await;
    pays(&sandbox, "", 40).await;
    let csv = sandbox.get("/control/mpesa/statement.csv").await.unwrap();
    let file = folder.path().join("statement.csv");
    std::fs::write(&file, &csv.text).unwrap();
    let reconcile = async |more: &[&str]| {
        let words = [
            "reconcile",
            "--provider",
            "mpesa",
            "--statement",
            file.to_str().unwrap(),
        ];
        let output = programme.hub.run(&[&words, more].concat()).await.unwrap();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
        )
    };
    for _ in 0..2 {
        let (code, told) = reconcile(&[]).await;
        assert_eq!(
            (code, told.matches("in the statement, not in the books").count()),
            (Some(1), 2),
            "{told}"
        );
        assert!(told.contains("KES 1250.00"), "{told}");
        assert_eq!(wallet(&programme, &customer).await, json!(0), "looking changes nothing");
    }
    let (code, told) = reconcile(&["--book"]).await;
    assert_eq!(
        (
            code,
            told.matches("booked ").count(),
            told.matches("in suspense").count()
        ),
        (Some(0), 2, 1),
        "{told}"
    );
    assert_eq!(reconcile(&["--book"]).await, (Some(0), "2 payments agree\n".to_owned()));
    assert_eq!(wallet(&programme, &customer).await, json!(125_000));
    let ledger = programme
        .api
        .get("/api/v1/ledger/balance")
        .await
        .unwrap()
        .expect(200)
        .unwrap();
    let accounts = &ledger["KES"]["accounts"];
    assert_eq!(
        (&accounts["till:mpesa"], &accounts["suspense"]),
        (&json!(129_000), &json!(-4_000))
    );
}
