//! `/api/v1` as CONTRACTS section 6 wants it, and dispensers that speak to the hub (section 4).

use hub::hub::operator::Role;
use serde_json::json;

use crate::house::House;

#[tokio::test]
async fn a_customer_is_made_found_and_credited() {
    let house = House::open().await;
    let body = json!({"phone": "0700 000 102", "name": "Jane", "pin": "4071", "site": "kibera", "city": "Nairobi"});
    let made = house.post("/api/v1/customers", body.clone()).await;
    assert_eq!(made.status, 201);
    let (id, account) = (made.json()["id"].clone(), made.json()["account_id"].clone());
    let id = id.as_str().unwrap();
    let again = house.post("/api/v1/customers", body).await;
    assert_eq!((again.status, again.code().as_str()), (409, "phone_taken"));
    assert_eq!(again.json()["id"], id);
    assert_eq!(again.json()["error"]["id"], id);
    let credit = json!({"volume_ml": 20_000, "reason": "a gift"});
    let credited = house.post(&format!("/api/v1/customers/{id}/credit"), credit).await;
    assert_eq!((credited.status, &credited.json()["balance_ml"]), (201, &json!(20_000)));
    let expected = json!({
        "id": id, "account_id": account, "phone": "+254700000102", "name": "Jane", "city": "Nairobi",
        "language": "en", "site": "kibera", "balance_ml": 20_000, "jerrycans_left": 0, "wallet_minor": 0,
        "currency": "KES", "active": true, "subscription": null,
    });
    for query in [
        "phone=%2B254700000102",
        "phone=+254700000102",
        "phone=0700000102",
        "name=jan",
    ] {
        let found = house.get(&format!("/api/v1/customers?{query}")).await;
        assert_eq!(found, json!({"items": [expected], "next": null}), "{query}");
    }
    assert_eq!(house.get(&format!("/api/v1/customers/{id}")).await, expected);
    let nobody = house.get("/api/v1/customers?phone=0700000199").await;
    assert_eq!(nobody["items"], json!([]));
    house.close().await;
}

#[tokio::test]
async fn transactions_and_ledger_tell_of_a_credit() {
    let house = House::open().await;
    let id = house.customer("0700000102", "4071").await;
    for ml in [20_000, -500] {
        let credit = json!({"volume_ml": ml, "reason": "a gift"});
        house.post(&format!("/api/v1/customers/{id}/credit"), credit).await;
    }
    let first = house.get(&format!("/api/v1/transactions?customer={id}&limit=1")).await;
    let row = &first["items"][0];
    assert_eq!((&row["volume_ml"], &row["kind"]), (&json!(-500), &json!("credit")));
    assert!(row["id"].as_str().unwrap().starts_with("hub:"), "{row}");
    let next = first["next"].as_str().unwrap();
    let second = house.get(&format!("/api/v1/transactions?limit=1&after={next}")).await;
    assert_eq!(second["items"][0]["volume_ml"], 20_000);
    assert_eq!(second["next"], json!(null));
    let books = house.get("/api/v1/ledger/balance").await;
    assert_eq!(books["KES"]["total"], 0);
    // 19.5 litres at 200000 cents a cubic metre.
    assert_eq!(books["KES"]["accounts"]["given"], 3_900);
    house.close().await;
}

#[tokio::test]
async fn a_page_of_a_list_ends_where_the_next_begins() {
    let house = House::open().await;
    for last in 0..5 {
        house.customer(&format!("070000020{last}"), "4071").await;
    }
    let mut path = "/api/v1/customers?limit=2".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = house.get(&path).await;
        let items = page["items"].as_array().unwrap();
        seen.extend(items.iter().map(|item| item["phone"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/customers?limit=2&after={next}");
    }
    let expected: Vec<String> = (0..5).map(|last| format!("+25470000020{last}")).collect();
    assert_eq!(seen, expected);
    house.close().await;
}

#[tokio::test]
async fn a_body_that_is_wrong_says_where() {
    let house = House::open().await;
    let huge = format!("{{\"name\":\"{}\"}}", "x".repeat(70_000));
    for (body, status, code, field) in [
        ("{", 400, "bad_json", None),
        ("[]", 400, "bad_json", None),
        (r#"{"name":"Jane","pin":"4071"}"#, 400, "missing_field", Some("phone")),
        (r#"{"phone":700000102,"name":"Jane"}"#, 400, "bad_field", Some("phone")),
        (
            r#"{"phone":"0700000102","name":"Jane","site":"No!"}"#,
            400,
            "bad_field",
            Some("site"),
        ),
        (
            r#"{"phone":"0700000102","name":"Jane","pim":"4071"}"#,
            400,
            "unknown_field",
            Some("pim"),
        ),
        (
            r#"{"phone":"0700000102","name":"Jane","pin":"1234"}"#,
            400,
            "pin_too_common",
            Some("pin"),
        ),
        (huge.as_str(), 413, "too_large", None),
    ] {
        let answer = house
            .send(Role::Admin, "POST", "/api/v1/customers", &[], body.as_bytes())
            .await;
        let shown = body.chars().take(60).collect::<String>();
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{shown}");
        if let Some(field) = field {
            assert_eq!(answer.json()["error"]["field"], field, "{shown}");
        }
    }
    for path in [
        "/api/v1/customers/no-such-id",
        "/api/v1/customers/00000000000000aa",
        "/api/v1/nothing",
    ] {
        assert_eq!(house.ask(Role::Admin, "GET", path, None).await.status, 404, "{path}");
    }
    let filter = house.ask(Role::Admin, "GET", "/api/v1/customers?fone=1", None).await;
    assert_eq!((filter.status, filter.code().as_str()), (400, "unknown_filter"));
    let method = house.ask(Role::Admin, "DELETE", "/api/v1/customers", None).await;
    assert_eq!(method.status, 405);
    house.close().await;
}

#[tokio::test]
async fn the_same_key_gets_the_first_answer_again() {
    let house = House::open().await;
    let id = house.customer("0700000102", "4071").await;
    let path = format!("/api/v1/customers/{id}/credit");
    let body = json!({"volume_ml": 1_000, "reason": "a gift"}).to_string();
    let key = [("idempotency-key", "k-1")];
    let first = house.send(Role::Admin, "POST", &path, &key, body.as_bytes()).await;
    let again = house.send(Role::Admin, "POST", &path, &key, body.as_bytes()).await;
    assert_eq!((first.status, &first.body), (201, &again.body));
    let other = json!({"volume_ml": 2_000, "reason": "a gift"}).to_string();
    let reused = house.send(Role::Admin, "POST", &path, &key, other.as_bytes()).await;
    assert_eq!(reused.status, 409);
    let another_program = house
        .send(Role::CustomerService, "POST", &path, &key, body.as_bytes())
        .await;
    assert_eq!(another_program.json()["balance_ml"], 2_000);
    let bad = house
        .send(
            Role::Admin,
            "POST",
            &path,
            &[("idempotency-key", "a b")],
            body.as_bytes(),
        )
        .await;
    assert_eq!(bad.status, 400);
    house.close().await;
}

#[tokio::test]
async fn purchases_say_what_is_wrong_with_them() {
    let house = House::open().await;
    let id = house.customer("0700000102", "4071").await;
    for (body, status) in [
        (json!({"customer": id, "kind": "gift"}), 400),
        (json!({"customer": id, "kind": "topup"}), 400),
        (json!({"customer": id, "kind": "topup", "volume_ml": 0}), 400),
        (
            json!({"customer": id, "kind": "topup", "volume_ml": 1, "amount_minor": 1}),
            400,
        ),
        (json!({"customer": id, "kind": "subscription", "plan": "no-such"}), 400),
        (
            json!({"customer": "00000000000000aa", "kind": "topup", "volume_ml": 20_000}),
            404,
        ),
    ] {
        let answer = house.post("/api/v1/purchases", body.clone()).await;
        assert_eq!(answer.status, status, "{body}: {answer:?}");
    }
    house.close().await;
}

#[tokio::test]
async fn a_kiosk_draws_what_no_site_holds() {
    let house = House::open().await;
    // No home: nothing of hers is granted to a site.
    let body = json!({"phone": "0700000102", "name": "Jane", "pin": "4071"});
    let id = house.post("/api/v1/customers", body).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let credit = json!({"volume_ml": 40_000, "reason": "a gift"});
    house.post(&format!("/api/v1/customers/{id}/credit"), credit).await;
    let ask = |pin: &str, more: &str| {
        let text = format!(
            r#"{{"kiosk_id":"kibera","user_id":"0700000102","pin":"{pin}","volume_ml":20000,"firmware":"1.2"{more}}}"#
        );
        text.into_bytes()
    };
    let verify = "/dispense-verification";
    let wrong = house.send(Role::Kiosk, "POST", verify, &[], &ask("4072", "")).await;
    assert_eq!((wrong.status, &wrong.json()["reason"]), (200, &json!("wrong_pin")));
    assert_eq!(wrong.json()["user_data"], json!(null));
    let right = house
        .send(Role::Kiosk, "POST", verify, &[], &ask("4071", r#","request":"r-1""#))
        .await
        .json();
    assert_eq!(
        (&right["approved"], &right["reason"]),
        (&json!(true), &json!("verified")),
        "{right}"
    );
    assert_eq!(right["user_data"]["balance_ml"], 40_000);
    let report = json!({"request": "r-1", "volume_ml": 500, "outcome": "complete"});
    let settled = house.ask(Role::Kiosk, "POST", "/dispense-report", Some(report)).await;
    assert_eq!((settled.status, &settled.json()["balance_ml"]), (200, &json!(39_500)));
    let elsewhere = json!({"kiosk_id": "mathare", "user_id": "1", "pin": "1", "volume_ml": 1});
    assert_eq!(
        house.ask(Role::Kiosk, "POST", verify, Some(elsewhere)).await.status,
        403
    );
    let missing = house
        .ask(Role::Kiosk, "POST", verify, Some(json!({"kiosk_id": "kibera"})))
        .await;
    assert_eq!(
        (missing.status, &missing.json()["error"]["field"]),
        (400, &json!("user_id"))
    );
    house.close().await;
}

#[tokio::test]
async fn sites_are_listed_and_the_program_says_how_it_is() {
    let house = House::open().await;
    house.site("mathare").await;
    let sites = house.get("/api/v1/sites?limit=1").await;
    let site = &sites["items"][0];
    assert_eq!(
        (&site["name"], &site["title"]),
        (&json!("kibera"), &json!("Kiosk kibera"))
    );
    assert_eq!((&site["online"], &site["last_seen"]), (&json!(false), &json!(null)));
    assert_eq!(
        site["queue"],
        json!({"money": 0, "edits": 0, "alarms": 0, "telemetry": 0})
    );
    assert_eq!(sites["next"], "kibera");
    assert_eq!(
        house.get("/api/v1/sites?after=kibera").await["items"][0]["id"],
        "mathare"
    );
    assert_eq!(house.get("/kiosks").await["count"], 2);
    for path in ["/health", "/ready", "/metrics", "/api/openapi.json", "/api/docs"] {
        let answer = crate::http::send(house.web, "GET", path, &[], b"").await;
        assert_eq!(answer.status, 200, "{path}");
    }
    house.close().await;
}
