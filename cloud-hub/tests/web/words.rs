//! What Daraja asks and tells by itself: direct payments before and after, and results of orders.

use std::path::Path;

use hub::hub::{
    effect::Response,
    input::{Actor, Request},
    money::{Arrival, MoneyPlace},
    operator::Role,
    store::read::{self, AlarmFilter, AlarmRow},
};
use kiosk::{
    incoming::Why,
    moment::Wall,
    provider::Provider,
    units::{Currency, Money},
};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::{
    house::{Folder, House, WEBHOOK_SECRET},
    http::{Answer, send},
};

/// The settings of a paybill, 174379, whose secrets are all in one file.
pub fn paybill(secret: &Path) -> Vec<String> {
    let file = secret.display();
    vec![
        "payments.mpesa.base_url=http://127.0.0.1:9".to_owned(),
        "payments.mpesa.shortcode='174379'".to_owned(),
        format!("payments.mpesa.passkey_file={file}"),
        format!("payments.mpesa.consumer_key_file={file}"),
        format!("payments.mpesa.consumer_secret_file={file}"),
        "payments.mpesa.callback_url=https://hub.example".to_owned(),
    ]
}

/// A hub whose paybill is 174379; nothing is called, so nobody listens at the provider's address.
pub async fn house() -> (House, Folder) {
    let secrets = Folder::new();
    let secret = secrets.0.join("secret");
    std::fs::write(&secret, "s3cret\n").unwrap();
    let set = paybill(&secret);
    let set: Vec<&str> = set.iter().map(String::as_str).collect();
    (House::with(&set).await, secrets)
}

fn arrival(receipt: &str, amount: &str, reference: &str) -> Value {
    json!({
        "TransactionType": "Pay Bill", "TransID": receipt, "TransTime": "20261120120000", "TransAmount": amount,
        "BusinessShortCode": "174379", "BillRefNumber": reference, "InvoiceNumber": "", "OrgAccountBalance": "",
        "ThirdPartyTransID": "", "MSISDN": "25470****149", "FirstName": "Jane", "MiddleName": "", "LastName": ""
    })
}

async fn tell(house: &House, word: &str, body: &[u8]) -> Answer {
    let path = format!("/payments/daraja/{WEBHOOK_SECRET}/{word}");
    send(house.web, "POST", &path, &[], body).await
}

async fn account(house: &House) -> String {
    let id = house.customer("0700000102", "4071").await;
    house.get(&format!("/api/v1/customers/{id}")).await["account_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The audit as `action: detail`, of what the provider did.
fn audit(books: &Connection) -> Vec<String> {
    let mut rows = books
        .prepare("SELECT action, detail FROM audit WHERE actor = 'mpesa' ORDER BY id")
        .unwrap();
    let texts = rows
        .query_map([], |row| {
            Ok(format!("{}: {}", row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })
        .unwrap();
    texts.map(Result::unwrap).collect()
}

/// Alarms that nobody has looked at.
fn unseen(books: &Connection) -> Vec<AlarmRow> {
    let filter = AlarmFilter {
        site: None,
        seen: Some(false),
    };
    read::alarms(books, &filter, i64::MAX, 10).unwrap().items
}

#[tokio::test]
async fn a_confirmation_is_on_disk_once_when_it_is_answered_however_often_it_comes() {
    let (house, _secrets) = house().await;
    let body = arrival("RKTQDM7W6S", "300.00", "AQP000001").to_string();
    for _ in 0..3 {
        let taken = tell(&house, "confirmation", body.as_bytes()).await;
        assert_eq!(
            (taken.status, taken.json()),
            (200, json!({"ResultCode": 0, "ResultDesc": "Success"}))
        );
        let waiting = read::money_waiting(&house.books(), 10).unwrap();
        let [money] = waiting.as_slice() else {
            panic!("{waiting:?}")
        };
        assert_eq!(
            (money.receipt.as_str(), money.amount_minor, money.currency.as_str()),
            ("RKTQDM7W6S", 30_000, "KES")
        );
        assert_eq!(
            (money.reference.as_deref(), money.payer.as_deref()),
            (Some("AQP000001"), Some("25470****149"))
        );
        // Noon in Nairobi on 20 November 2026.
        assert_eq!(
            (money.paid.0, money.source.as_str()),
            (1_795_165_200_000, "confirmation")
        );
    }
    // Another content under the same receipt: the first stays, and somebody looks.
    let other = arrival("RKTQDM7W6S", "3000.00", "AQP000001").to_string();
    assert_eq!(tell(&house, "confirmation", other.as_bytes()).await.status, 200);
    let books = house.books();
    assert_eq!(read::money_waiting(&books, 10).unwrap()[0].amount_minor, 30_000);
    assert_eq!(unseen(&books)[0].code, "receipt_contradicted");
    assert_eq!(
        audit(&books),
        [
            "money seen: KES 300.00",
            "money seen again: KES 300.00",
            "money seen again: KES 300.00",
            "money seen again: KES 3000.00",
            "receipt with another content: "
        ]
    );
    // Nothing is credited, and nothing pretends to be.
    let nothing = json!({"KES": {"accounts": {}, "total": 0}});
    assert_eq!(house.get("/api/v1/ledger/balance").await, nothing);
    house.close().await;
}

#[tokio::test]
async fn an_offer_is_judged_by_its_account_and_short_code_and_leaves_nothing() {
    let (house, _secrets) = house().await;
    let known = account(&house).await;
    let spaced = format!("{} {}", &known[..3].to_lowercase(), &known[3..]);
    let mut foreign = arrival("R1", "10", &known);
    foreign["BusinessShortCode"] = json!("600000");
    let mut till = arrival("R1", "10", "");
    till["TransactionType"] = json!("Buy Goods");
    for (offer, code) in [
        (arrival("R1", "10", &known), "0"),
        (arrival("R1", "10", &spaced), "0"),
        (till, "0"),
        (arrival("R1", "10", "AQP999999"), "C2B00012"),
        (arrival("R1", "10", "water"), "C2B00012"),
        (arrival("R1", "10", ""), "C2B00012"),
        (foreign, "C2B00015"),
    ] {
        let answer = tell(&house, "validation", offer.to_string().as_bytes()).await;
        let word = if code == "0" { "Accepted" } else { "Rejected" };
        assert_eq!(
            (answer.status, answer.json()),
            (200, json!({"ResultCode": code, "ResultDesc": word})),
            "{offer}"
        );
    }
    assert_eq!(read::money_waiting(&house.books(), 10).unwrap(), []);
    house.close().await;
}

#[tokio::test]
async fn a_bad_body_is_refused_and_written_down_and_stores_nothing() {
    let (house, _secrets) = house().await;
    let mut expected = Vec::new();
    for word in ["validation", "confirmation", "result", "timeout"] {
        let table = [
            (b"{".to_vec(), 400, "callback: not JSON"),
            (vec![b' '; 20_000], 400, "callback: more than 16384 bytes"),
            (vec![b' '; 70_000], 413, "the body has more than 65536 bytes"),
        ];
        for (body, status, why) in table {
            let answer = tell(&house, word, &body).await;
            assert_eq!(answer.status, status, "{word} {why}");
            expected.push(format!("callback refused: {word}: {why}"));
        }
    }
    for (field, value, why) in [
        ("TransID", json!(""), "TransID is missing"),
        ("TransID", json!("a b"), "TransID is not valid"),
        (
            "TransAmount",
            json!("-5"),
            "TransAmount is not valid; TransID RKTQDM7W6S",
        ),
        (
            "TransAmount",
            json!("1,000"),
            "TransAmount is not valid; TransID RKTQDM7W6S",
        ),
        (
            "BusinessShortCode",
            Value::Null,
            "BusinessShortCode is missing; TransID RKTQDM7W6S",
        ),
    ] {
        let mut body = arrival("RKTQDM7W6S", "300.00", "AQP000001");
        body[field] = value;
        let answer = tell(&house, "confirmation", body.to_string().as_bytes()).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_callback"), "{why}");
        expected.push(format!("callback refused: confirmation: callback: {why}"));
    }
    let books = house.books();
    assert_eq!(audit(&books), expected);
    assert_eq!(read::money_waiting(&books, 10).unwrap(), []);
    house.close().await;
}

#[tokio::test]
async fn without_the_secret_nothing_is_taken_and_each_try_is_written_down() {
    let (house, _secrets) = house().await;
    let body = arrival("RKTQDM7W6S", "300.00", "AQP000001").to_string();
    for word in ["validation", "confirmation", "result", "timeout"] {
        for path in [
            format!("/payments/daraja/{word}"),
            format!("/payments/daraja/0123456789abcde0/{word}"),
            format!("/payments/daraja/0/{word}"),
        ] {
            let answer = send(house.web, "POST", &path, &[], body.as_bytes()).await;
            assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"), "{path}");
        }
    }
    let books = house.books();
    let row = "callback refused: a call from 127.0.0.1 without the webhooks' secret";
    assert_eq!(audit(&books), [row; 12]);
    assert_eq!(read::money_waiting(&books, 10).unwrap(), []);
    house.close().await;
}

#[tokio::test]
async fn the_result_of_an_order_nobody_gave_is_written_down_and_shown() {
    let (house, _secrets) = house().await;
    let result =
        json!({"Result": {"ResultCode": "R000002", "OriginatorConversationID": "ours-1", "ConversationID": "AG_1"}});
    assert_eq!(tell(&house, "result", result.to_string().as_bytes()).await.status, 200);
    let late = json!({"OriginatorConversationID": "ours-2"});
    assert_eq!(tell(&house, "timeout", late.to_string().as_bytes()).await.status, 200);
    let books = house.books();
    assert_eq!(
        audit(&books),
        [
            "result without an order: failed conversation AG_1 receipt -",
            "result without an order: unknown conversation - receipt -"
        ]
    );
    let alarms = unseen(&books);
    assert!(
        alarms.iter().all(|alarm| alarm.code == "order_unknown") && alarms.len() == 2,
        "{alarms:?}"
    );
    let shown = house.send(Role::Technician, "GET", "/", &[], b"").await.body;
    assert!(
        shown.contains("Needs a look") && shown.contains("I have seen these"),
        "{shown}"
    );
    house.close().await;
}

#[tokio::test]
async fn an_operator_says_on_the_page_whose_money_in_suspense_is() {
    let (house, _secrets) = house().await;
    let id = house.customer("0700000102", "4071").await;
    let arrival = Arrival {
        provider: Provider::Mpesa,
        receipt: "RKTQDM7W6S".parse().unwrap(),
        amount: Money::new(4_000, Currency::Kes),
        payer: None,
        reference: None,
        short_code: "174379".to_owned(),
        at_till: false,
        time: Wall(1_795_165_200_000),
    };
    let desk = &house.running.as_ref().unwrap().desk;
    let booked = desk.ask(Actor::Owner, None, Request::BookLine(arrival)).await;
    assert_eq!(booked, Ok(Response::Money(MoneyPlace::Suspense(Why::NoReference))));
    let shown = house.send(Role::CustomerService, "GET", "/waiting", &[], b"").await;
    assert!(
        shown.body.contains("it names nobody") && shown.body.contains("/waiting/mpesa/RKTQDM7W6S"),
        "{}",
        shown.body
    );
    assert!(
        !shown.body.contains("given back to the payer"),
        "only an administrator may"
    );
    let viewed = house.send(Role::Viewer, "GET", "/waiting", &[], b"").await;
    assert!(
        viewed.status == 200 && !viewed.body.contains("<form class=\"card\""),
        "{}",
        viewed.body
    );
    let decide = async |role, path: &str, form: &str| house.send(role, "POST", path, &[], form.as_bytes()).await.status;
    let path = "/waiting/mpesa/RKTQDM7W6S";
    assert_eq!(decide(Role::Viewer, path, "to=wallet&whose=0700000102").await, 403);
    assert_eq!(decide(Role::Admin, path, "to=wallet&whose=0700000109").await, 400);
    assert_eq!(
        decide(Role::Admin, "/waiting/mpesa/NOSUCH", "to=wallet&whose=0700000102").await,
        404
    );
    assert_eq!(
        decide(Role::CustomerService, path, "to=wallet&whose=0700000102").await,
        303
    );
    assert_eq!(
        decide(Role::CustomerService, path, "to=wallet&whose=0700000102").await,
        409
    );
    assert_eq!(
        house.get(&format!("/api/v1/customers/{id}")).await["wallet_minor"],
        4_000
    );
    house.close().await;
}
