//! Loans between people, the queue of what sites asked for, and tickets, through the API and the page.

use hub::hub::operator::Role;
use serde_json::{Value, json};

use crate::{house::House, http::Answer};

async fn post(house: &House, role: Role, path: &str, body: Value) -> Answer {
    house.ask(role, "POST", path, Some(body)).await
}

#[tokio::test]
async fn a_program_asks_for_a_loan_and_only_the_lenders_pin_approves_it() {
    let house = House::open().await;
    let jane = house.customer("0700000102", "4071").await;
    let john = house.customer("0700000103", "5193").await;
    let body = json!({"borrower": jane, "lender": "0700000103", "amount_minor": 50_000, "repayment_minor": 10_000});
    let forbidden = post(&house, Role::Viewer, "/api/v1/loans", body.clone()).await;
    assert_eq!(forbidden.status, 403);
    let made = post(&house, Role::CustomerService, "/api/v1/loans", body).await;
    assert_eq!((made.status, &made.json()["state"]), (201, &json!("asked")));
    let path = format!("/api/v1/loans/{}", made.json()["id"].as_str().unwrap());
    let shown = house.get(&path).await;
    let known = json!({
        "borrower": jane, "lender": john, "invited": null, "amount_minor": 50_000, "repayment_minor": 10_000,
        "currency": "KES", "every_days": 7, "state": "asked", "repaid_minor": 0, "owed_minor": 0, "given": null,
        "site": null, "repayments": [],
    });
    for (field, value) in known.as_object().unwrap() {
        assert_eq!(&shown[field], value, "{field}");
    }
    let approve = format!("{path}/approve");
    let without = post(&house, Role::Admin, &approve, json!({})).await;
    assert_eq!(
        (without.status, &without.json()["error"]["field"]),
        (400, &json!("pin"))
    );
    let wrong = post(&house, Role::Admin, &approve, json!({"pin": "4071"})).await;
    assert_eq!((wrong.status, wrong.code().as_str()), (400, "wrong_pin"));
    let poor = post(&house, Role::Admin, &approve, json!({"pin": "5193"})).await;
    assert_eq!((poor.status, poor.code().as_str()), (409, "wallet_too_small"));
    let listed = house.get(&format!("/api/v1/loans?customer={john}&state=asked")).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let bad = house.ask(Role::Admin, "GET", "/api/v1/loans?state=lost", None).await;
    assert_eq!(bad.status, 400);
    let page = house.ask(Role::Admin, "GET", "/loans", None).await.body;
    assert!(page.contains("asked") && page.contains("500.00"), "{page}");
    let refused = post(&house, Role::Admin, &format!("{path}/refuse"), json!({})).await;
    assert_eq!((refused.status, &refused.json()["state"]), (200, &json!("refused")));
    let late = post(&house, Role::Admin, &format!("{path}/cancel"), json!({})).await;
    assert_eq!((late.status, late.code().as_str()), (409, "loan_state"));
    let none = house
        .ask(Role::Admin, "GET", "/api/v1/loans/00000000000000ff", None)
        .await;
    assert_eq!(none.status, 404);
    house.close().await;
}

#[tokio::test]
async fn the_queue_of_a_number_has_the_fields_of_the_acceptance_list() {
    let house = House::open().await;
    house.customer("0700000102", "4071").await;
    let queue = house.get("/api/ussd/queue/0700000102").await;
    let empty = json!({
        "phoneNumber": "+254700000102", "totalItems": 0, "syncedItems": 0, "unsyncedItems": 0, "items": [],
    });
    assert_eq!(queue, empty);
    for phone in ["0700000102", "0700000199"] {
        let synced = post(&house, Role::Admin, "/api/ussd/sync", json!({"phoneNumber": phone})).await;
        let none = json!({"success": true, "synced": 0, "total": 0, "errors": []});
        assert_eq!((synced.status, synced.json()), (200, none));
    }
    let bad = post(&house, Role::Admin, "/api/ussd/sync", json!({"phoneNumber": "12"})).await;
    assert_eq!(
        (bad.status, &bad.json()["error"]["field"]),
        (400, &json!("phoneNumber"))
    );
    let viewer = post(
        &house,
        Role::Viewer,
        "/api/ussd/sync",
        json!({"phoneNumber": "0700000102"}),
    )
    .await;
    assert_eq!(viewer.status, 403);
    house.close().await;
}

#[tokio::test]
async fn what_a_site_asked_stands_in_the_queue_until_it_is_a_loan() {
    let house = House::open().await;
    let jane = house.customer("0700000102", "4071").await;
    house.customer("0700000103", "5193").await;
    // As a site's record leaves it that came before the borrower did; the lender's number is sealed and cannot be read.
    let row =
        "INSERT INTO loan_request (box, epoch, seq, borrower, sealed_lender, amount_minor, repayment_minor, time_ms,
                   held)
               VALUES (7, 1, 3, ?1, x'00', 50000, 10000, 1795165200000, 0)";
    let jane = u64::from_str_radix(&jane, 16).unwrap().cast_signed();
    rusqlite::Connection::open(house.database())
        .unwrap()
        .execute(row, [jane])
        .unwrap();
    let queue = house.get("/api/ussd/queue/0700000102").await;
    let item = json!({
        "id": "0000000000000007:0000000000000001:3", "type": "LOAN_REQUEST",
        "data": {"amount_minor": 50_000, "repayment_minor": 10_000, "loan": null},
        "queuedAt": 1_795_165_200_000_i64, "synced": false,
    });
    let expected = json!({
        "phoneNumber": "+254700000102", "totalItems": 1, "syncedItems": 0, "unsyncedItems": 1, "items": [item],
    });
    assert_eq!(queue, expected);
    let synced = post(
        &house,
        Role::Admin,
        "/api/ussd/sync",
        json!({"phoneNumber": "0700000102"}),
    )
    .await;
    let synced = synced.json();
    assert_eq!(
        (&synced["success"], &synced["synced"], &synced["total"]),
        (&json!(false), &json!(0), &json!(1))
    );
    assert_eq!(synced["errors"].as_array().unwrap().len(), 1, "{synced}");
    house.close().await;
}
