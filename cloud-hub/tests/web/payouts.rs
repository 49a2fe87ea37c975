//! Money that goes out, as an operator begins it, follows it and decides about it.

use hub::hub::{input::Request, money::Arrival, operator::Role};
use kiosk::{
    moment::Wall,
    provider::Provider,
    units::{Currency, Money},
};
use serde_json::{Value, json};

use crate::{
    house::{Folder, House, WEBHOOK_SECRET},
    http::{Answer, send},
};

/// A hub that collects by M-PESA and is not set up to pay out, and Jane with 500.00 in her wallet.
async fn house() -> (House, Folder, String) {
    let secrets = Folder::new();
    let secret = secrets.0.join("secret");
    std::fs::write(&secret, "s3cret\n").unwrap();
    let file = secret.display();
    // Nobody listens on port 9 (RFC 863, discard) of a machine that runs tests.
    let mut set = vec![
        "payments.mpesa.base_url=http://127.0.0.1:9".to_owned(),
        "payments.mpesa.callback_url=https://hub.example".to_owned(),
        "payments.mpesa.shortcode='174379'".to_owned(),
    ];
    for name in ["passkey", "consumer_key", "consumer_secret"] {
        set.push(format!("payments.mpesa.{name}_file={file}"));
    }
    let set: Vec<&str> = set.iter().map(String::as_str).collect();
    let house = House::with(&set).await;
    let jane = house.customer("0700000102", "4071").await;
    let account = house.get(&format!("/api/v1/customers/{jane}")).await["account_id"].clone();
    let line = Arrival {
        provider: Provider::Mpesa,
        receipt: "RKTQDM7W6S".parse().unwrap(),
        amount: Money::new(50_000, Currency::Kes),
        payer: None,
        reference: account.as_str().map(str::to_owned),
        short_code: "174379".to_owned(),
        at_till: false,
        time: Wall::from_seconds(1_795_240_800),
    };
    house.owner(Request::BookLine(line)).await;
    (house, secrets, jane)
}

async fn form(house: &House, role: Role, path: &str, form: &str) -> Answer {
    house.send(role, "POST", path, &[], form.as_bytes()).await
}

async fn page(house: &House, path: &str) -> String {
    let answer = house.ask(Role::Admin, "GET", path, None).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.body
}

#[tokio::test]
async fn a_person_pays_out_by_hand_in_two_steps_and_says_that_it_was_made() {
    let (house, _secrets, jane) = house().await;
    let path = format!("/customers/{jane}");
    assert!(page(&house, &path).await.contains("Pay out of the wallet"));
    let withdraw = format!("{path}/withdraw");
    let unsure = form(&house, Role::Admin, &withdraw, "amount=300&by=hand&reason=asked").await;
    assert_eq!(unsure.status, 400);
    assert!(unsure.body.contains("Tick the box"), "{}", unsure.body);
    let unready = form(
        &house,
        Role::Admin,
        &withdraw,
        "amount=300&by=provider&reason=asked&sure=yes",
    )
    .await;
    assert_eq!(unready.status, 409);
    assert!(
        unready.body.contains("not set up to pay out by M-PESA"),
        "{}",
        unready.body
    );
    let click = "amount=300&by=hand&reason=asked&sure=yes&key=k1";
    let begun = form(&house, Role::Admin, &withdraw, click).await;
    assert_eq!(begun.status, 303, "{begun:?}");
    let twice = form(&house, Role::Admin, &withdraw, click).await;
    assert_eq!(
        twice.header("location"),
        begun.header("location"),
        "a second click changes nothing"
    );
    let payout = begun.header("location").unwrap().split('?').next().unwrap().to_owned();
    let shown = page(&house, &payout).await;
    assert!(
        shown.contains("by hand at mpesa") && shown.contains("Your decision"),
        "{shown}"
    );
    assert!(page(&house, "/payouts").await.contains(&payout));
    assert!(page(&house, "/").await.contains("One payout waits for a person"));
    let order = format!("{payout}/order");
    let said = form(
        &house,
        Role::Admin,
        &order,
        "order=made&receipt=B2C7&note=seen+on+the+portal",
    )
    .await;
    assert_eq!(said.status, 303, "{said:?}");
    let shown = page(&house, &payout).await;
    assert!(shown.contains("B2C7") && !shown.contains("Your decision"), "{shown}");
    let wallet = house.get(&format!("/api/v1/customers/{jane}")).await["wallet_minor"].clone();
    assert_eq!(wallet, 20_000);
    house.close().await;
}

#[tokio::test]
async fn only_an_admin_may_and_whoever_sees_the_books_may_look() {
    let (house, _secrets, jane) = house().await;
    let body = json!({"amount_minor": 10_000, "reason": "asked", "by": "hand"});
    let path = format!("/api/v1/customers/{jane}/withdraw");
    for role in Role::ALL {
        let answer = house.ask(role, "POST", &path, Some(body.clone())).await;
        assert_eq!(answer.status, if role == Role::Admin { 202 } else { 403 }, "{role:?}");
        let list = house.ask(role, "GET", "/api/v1/payouts", None).await;
        let looks = matches!(role, Role::Admin | Role::CustomerService | Role::Viewer);
        assert_eq!(list.status, if looks { 200 } else { 403 }, "{role:?}");
    }
    let page = house
        .ask(Role::CustomerService, "GET", &format!("/customers/{jane}"), None)
        .await;
    assert!(!page.body.contains("Pay out of the wallet"), "no button in vain");
    house.close().await;
}

#[tokio::test]
async fn bad_input_names_its_field_and_moves_nothing() {
    let (house, _secrets, jane) = house().await;
    let path = format!("/api/v1/customers/{jane}/withdraw");
    let whole = json!({"amount_minor": 10_000, "reason": "asked", "by": "hand"});
    let with = |name: &str, value: Value| {
        let mut body = whole.clone();
        body[name] = value;
        body
    };
    for (body, field) in [
        (with("amount_minor", json!("10")), "amount_minor"),
        (with("amount_minor", json!(-10_000)), "amount_minor"),
        (with("amount_minor", json!(10_050)), "amount_minor"),
        (with("amount_minor", Value::Null), "amount_minor"),
        (with("reason", json!("  ")), "reason"),
        (with("reason", json!("x".repeat(201))), "reason"),
        (with("by", json!("pigeon")), "by"),
        (with("by", json!("wallet")), "by"),
        (with("provider", json!("nobody")), "provider"),
        (with("phone", json!("0700000199")), "phone"),
    ] {
        let answer = house.post(&path, body.clone()).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]["field"]),
            (400, &json!(field)),
            "{body}"
        );
    }
    let far = house
        .post(&path, with("amount_minor", json!(18_446_744_073_709_551_615_u64)))
        .await;
    assert!([400, 409].contains(&far.status), "{far:?}");
    for path in [
        "/api/v1/payouts/0000000000000007/order",
        "/api/v1/purchases/0000000000000007/refund",
        "/api/v1/suspense/mpesa/NONE/return",
    ] {
        let body = if path.ends_with("order") {
            json!({"order": "ask", "note": "n"})
        } else {
            json!({"reason": "r"})
        };
        assert_eq!(house.post(path, body).await.status, 404, "{path}");
    }
    assert_eq!(house.get("/api/v1/payouts").await["items"], json!([]));
    house.close().await;
}

#[tokio::test]
async fn results_come_to_addresses_of_their_own_and_nobody_elses_are_taken() {
    let (house, _secrets, _) = house().await;
    let result = json!({"Result": {"ResultCode": 0, "ConversationID": "AG_1", "OriginatorConversationID": "x"}});
    let result = result.to_string();
    for (path, body, status) in [
        (
            format!("/payments/daraja/{WEBHOOK_SECRET}/result/77ff"),
            result.as_str(),
            200,
        ),
        (format!("/payments/daraja/{WEBHOOK_SECRET}/timeout/77ff"), &result, 200),
        (format!("/payments/daraja/{WEBHOOK_SECRET}/result/77ff"), "<html>", 400),
        (
            format!("/payments/daraja/{WEBHOOK_SECRET}/confirmation/77ff"),
            &result,
            404,
        ),
        ("/payments/daraja/0123456789abcde0/result/77ff".to_owned(), &result, 403),
        ("/payments/daraja/result/77ff".to_owned(), &result, 403),
    ] {
        let answer = send(house.web, "POST", &path, &[], body.as_bytes()).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
    }
    let books = house.books();
    let sql = "SELECT count(*) FROM audit WHERE action IN ('result without an order', 'callback refused')";
    let rows: i64 = books.query_row(sql, [], |row| row.get(0)).unwrap();
    // Two results, one that is none, and two without the secret; the last but two has no such address.
    assert_eq!(rows, 5, "each leaves a row");
    house.close().await;
}
