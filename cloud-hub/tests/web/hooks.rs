//! Callbacks of M-PESA and the calls to it, with a pretend Daraja of the least kind.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use axum::{
    Json, Router,
    extract::State,
    routing::{get, post},
};
use hub::hub::operator::Role;
use serde_json::{Value, json};

use crate::{
    house::{Folder, House, WEBHOOK_SECRET},
    http::{eventually, send},
};

const CALLBACK: &str = r#"{"Body":{"stkCallback":{"MerchantRequestID":"1","CheckoutRequestID":"ws_CO_1","ResultCode":0,
    "ResultDesc":"ok","CallbackMetadata":{"Item":[{"Name":"Amount","Value":40.00},
    {"Name":"MpesaReceiptNumber","Value":"NLJ7RT61SV"},{"Name":"PhoneNumber","Value":254700000102}]}}}}"#;

/// What the pretend Daraja saw, and whether the person has paid.
#[derive(Default)]
struct Daraja {
    paid: AtomicBool,
    pushes: AtomicU64,
    callback_url: std::sync::Mutex<String>,
}

async fn push(State(daraja): State<Arc<Daraja>>, Json(body): Json<Value>) -> Json<Value> {
    daraja.pushes.fetch_add(1, Ordering::SeqCst);
    *daraja.callback_url.lock().unwrap() = body["CallBackURL"].as_str().unwrap().to_owned();
    Json(json!({"MerchantRequestID": "1", "CheckoutRequestID": "ws_CO_1", "ResponseCode": "0"}))
}

async fn query(State(daraja): State<Arc<Daraja>>) -> Json<Value> {
    let code = if daraja.paid.load(Ordering::SeqCst) {
        "0"
    } else {
        "4999"
    };
    Json(json!({"ResponseCode": "0", "CheckoutRequestID": "ws_CO_1", "ResultCode": code, "ResultDesc": ""}))
}

async fn daraja() -> (Arc<Daraja>, String) {
    let daraja = Arc::new(Daraja::default());
    let token = || async { Json(json!({"access_token": "abc", "expires_in": "3599"})) };
    let router = Router::new()
        .route("/oauth/v1/generate", get(token))
        .route("/mpesa/stkpush/v1/processrequest", post(push))
        .route("/mpesa/stkpushquery/v1/query", post(query))
        .with_state(Arc::clone(&daraja));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (daraja, base)
}

async fn paying_house() -> (Arc<Daraja>, House, Folder) {
    let (daraja, base) = daraja().await;
    let secrets = Folder::new();
    let secret = secrets.0.join("secret");
    std::fs::write(&secret, "s3cret\n").unwrap();
    let file = secret.display();
    let set = [
        format!("payments.mpesa.base_url={base}"),
        "payments.mpesa.shortcode='174379'".to_owned(),
        format!("payments.mpesa.passkey_file={file}"),
        format!("payments.mpesa.consumer_key_file={file}"),
        format!("payments.mpesa.consumer_secret_file={file}"),
        "payments.mpesa.callback_url=https://hub.example".to_owned(),
        "payments.query_after=5 min".to_owned(),
    ];
    let set: Vec<&str> = set.iter().map(String::as_str).collect();
    let house = House::with(&set).await;
    (daraja, house, secrets)
}

async fn state(house: &House, purchase: &str) -> String {
    let purchase = house.get(&format!("/api/v1/purchases/{purchase}")).await;
    purchase["state"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_payment_goes_from_the_prompt_to_the_litres_once() {
    let (daraja, house, _secrets) = paying_house().await;
    let customer = house.customer("0700000102", "4071").await;
    let body = json!({"customer": customer, "kind": "topup", "volume_ml": 20_000, "provider": "mpesa"});
    let asked = house.post("/api/v1/purchases", body.clone()).await;
    assert_eq!(asked.status, 202, "{asked:?}");
    let purchase = asked.json()["id"].as_str().unwrap().to_owned();
    eventually("the prompt is accepted", || async {
        (state(&house, &purchase).await == "pending").then_some(())
    })
    .await;
    let open = house.post("/api/v1/purchases", body).await;
    assert_eq!((open.status, open.code().as_str()), (409, "purchase_open"));
    assert_eq!(open.json()["id"], purchase.as_str());
    let url = daraja.callback_url.lock().unwrap().clone();
    let path = url.strip_prefix("https://hub.example").unwrap().to_owned();
    assert!(
        path.starts_with(&format!("/payments/daraja/{WEBHOOK_SECRET}/stk/")),
        "{path}"
    );
    daraja.paid.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        let taken = send(house.web, "POST", &path, &[], CALLBACK.as_bytes()).await;
        assert_eq!(
            (taken.status, taken.json()),
            (200, json!({"ResultCode": 0, "ResultDesc": "Accepted"}))
        );
    }
    eventually("the payment is settled", || async {
        (state(&house, &purchase).await == "succeeded").then_some(())
    })
    .await;
    let balance = house.get(&format!("/api/v1/customers/{customer}")).await["balance_ml"].clone();
    assert_eq!((balance, daraja.pushes.load(Ordering::SeqCst)), (json!(20_000), 1));
    let books = house.get("/api/v1/ledger/balance").await;
    assert_eq!(
        (&books["KES"]["accounts"]["till:mpesa"], &books["KES"]["total"]),
        (&json!(4_000), &json!(0))
    );
    house.close().await;
}

#[tokio::test]
async fn a_forged_callback_moves_nothing() {
    let (daraja, house, _secrets) = paying_house().await;
    let customer = house.customer("0700000102", "4071").await;
    let body = json!({"customer": customer, "kind": "topup", "volume_ml": 20_000});
    let purchase = house.post("/api/v1/purchases", body).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    eventually("the prompt is accepted", || async {
        (state(&house, &purchase).await == "pending").then_some(())
    })
    .await;
    let url = daraja.callback_url.lock().unwrap().clone();
    let token = url.rsplit('/').next().unwrap().to_owned();
    let with = |secret: &str, token: &str| format!("/payments/daraja/{secret}/stk/{token}");
    for (path, body, status) in [
        (with("0123456789abcde0", &token), CALLBACK, 403),
        (with("0", &token), CALLBACK, 403),
        (format!("/payments/daraja/stk/{token}"), CALLBACK, 403),
        (with(WEBHOOK_SECRET, &token), "{", 400),
        (with(WEBHOOK_SECRET, &token), r#"{"Body":{}}"#, 400),
        (with(WEBHOOK_SECRET, "00ff"), CALLBACK, 200),
        // The right address, but the person has not paid: the query has the last word.
        (with(WEBHOOK_SECRET, &token), CALLBACK, 200),
    ] {
        let answer = send(house.web, "POST", &path, &[], body.as_bytes()).await;
        assert_eq!(answer.status, status, "{path} {body}");
    }
    let huge = vec![b' '; 70_000];
    let answer = send(house.web, "POST", &with(WEBHOOK_SECRET, &token), &[], &huge).await;
    assert_eq!(answer.status, 413);
    // A request after the callbacks: the machine has handled them when it answers.
    house.customer("0700000103", "4071").await;
    let customer = house.get(&format!("/api/v1/customers/{customer}")).await;
    assert_eq!(customer["balance_ml"], 0);
    assert_ne!(state(&house, &purchase).await, "succeeded");
    house.close().await;
}

#[tokio::test]
async fn unsigned_callbacks_are_taken_only_where_allowed() {
    let house = House::with(&["webhooks.allow_unsigned=true"]).await;
    let path = "/payments/daraja/stk/00ff";
    assert_eq!(
        send(house.web, "POST", path, &[], CALLBACK.as_bytes()).await.status,
        200
    );
    house.close().await;
}

#[tokio::test]
async fn a_wallet_without_money_buys_nothing() {
    let house = House::open().await;
    let customer = house.customer("0700000102", "4071").await;
    let wallet = json!({"customer": customer, "kind": "topup", "volume_ml": 20_000, "pay": "wallet"});
    let empty = house.ask(Role::Admin, "POST", "/api/v1/purchases", Some(wallet)).await;
    assert_eq!(empty.status, 409, "{empty:?}");
    assert_eq!(
        house.get(&format!("/api/v1/customers/{customer}")).await["balance_ml"],
        0
    );
    house.close().await;
}
