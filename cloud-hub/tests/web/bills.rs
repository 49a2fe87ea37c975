//! Bills by the API, on pages, and readings by a list. A litre costs KES 2.

use hub::hub::operator::Role;
use serde_json::{Value, json};

use crate::{house::House, http::Answer, program::run};

/// A household that is billed by its meter; the customer's id and account.
async fn household(house: &House) -> (String, String) {
    let id = house.customer("0700000102", "4071").await;
    let terms = json!({"tariff": "standard", "metered": true});
    let set = house.post(&format!("/api/v1/customers/{id}/billing"), terms).await;
    assert_eq!((set.status, &set.json()["state"]), (200, &json!("open")), "{set:?}");
    let account = house.get(&format!("/api/v1/customers/{id}")).await["account_id"].clone();
    (id, account.as_str().unwrap().to_owned())
}

async fn reads(house: &House, id: &str, body: Value) -> Answer {
    house.post(&format!("/api/v1/customers/{id}/readings"), body).await
}

/// What the subcommand says to a list, and how it ends.
async fn list(house: &House, text: &str, more: &[&str]) -> (Option<i32>, String) {
    let file = house.folder.0.join("readings.csv");
    std::fs::write(&file, text).unwrap();
    let words = [&["readings", "--file", file.to_str().unwrap()], more].concat();
    let output = run(&house.folder, &words).await;
    let told = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(told).unwrap())
}

#[tokio::test]
async fn bad_terms_and_readings_name_their_field_and_change_nothing() {
    let house = House::open().await;
    let id = house.customer("0700000102", "4071").await;
    let path = format!("/api/v1/customers/{id}/billing");
    assert_eq!(house.get(&path).await, json!({"state": "none", "bill_overdue": false}));
    for (body, code, field) in [
        (json!({}), "missing_field", "tariff"),
        (json!({"tariff": "gold", "cap_ml": 1_000}), "unknown_tariff", "tariff"),
        (json!({"tariff": "standard"}), "out_of_range", "cap_ml"),
        (json!({"tariff": "standard", "cap_ml": -1}), "bad_field", "cap_ml"),
        (json!({"tariff": "standard", "cap_ml": 1.5}), "bad_field", "cap_ml"),
        (
            json!({"tariff": "standard", "cap_ml": 1, "metered": "yes"}),
            "bad_field",
            "metered",
        ),
        (
            json!({"tariff": "standard", "cap_ml": 1, "colour": 1}),
            "unknown_field",
            "colour",
        ),
    ] {
        let refused = house.post(&path, body.clone()).await;
        let error = &refused.json()["error"];
        assert_eq!(
            (refused.status, &error["code"], &error["field"]),
            (400, &json!(code), &json!(field)),
            "{body}"
        );
    }
    let end = house.post(&path, json!({"tariff": null})).await;
    assert_eq!((end.status, end.code().as_str()), (409, "not_postpaid"));
    assert_eq!(reads(&house, &id, json!({"meter_ml": 5})).await.code(), "not_metered");
    assert_eq!(house.get(&path).await["state"], "none");
    for (role, status) in [
        (Role::Technician, 403),
        (Role::Viewer, 403),
        (Role::Kiosk, 403),
        (Role::CustomerService, 200),
    ] {
        let answer = house
            .ask(
                role,
                "POST",
                &path,
                Some(json!({"tariff": "standard", "cap_ml": 1_000})),
            )
            .await;
        assert_eq!(answer.status, status, "{role:?}");
    }
    house.close().await;
}

#[tokio::test]
async fn a_list_of_readings_is_entered_whole_once_or_not_at_all() {
    let house = House::open().await;
    let (id, account) = household(&house).await;
    let bad = format!(
        "account,day,meter_m3\n{account},2026-01-01,100.000\n{account},2026-02-01,99\nAQP999999,2026-02-01,5\n\
         {account},2026-02-30,101\n{account},2026-02-01,1e3\n{account},2026-02-02,100.5\n"
    );
    for more in [&[][..], &["--book"]] {
        let (code, told) = list(&house, &bad, more).await;
        assert_eq!(code, Some(1), "{told}");
        for line in [
            "line 3: ",
            "line 4: there is no customer",
            "line 5: day 2026-02-30",
            "line 6: \"1e3\"",
        ] {
            assert!(told.contains(line), "{line} is not in {told}");
        }
        assert!(!told.contains("line 2:") && !told.contains("line 7:"), "{told}");
        assert_eq!(
            house.get(&format!("/api/v1/customers/{id}/billing")).await["unbilled_ml"],
            0
        );
    }
    let good = format!("meter_m3,account,day\n100.000,{account},2026-01-01\n100.5,{account},2026-02-02\n");
    let (code, told) = list(&house, &good, &[]).await;
    assert!(code == Some(0) && told.contains("2 readings can be entered"), "{told}");
    assert_eq!(
        house.get(&format!("/api/v1/customers/{id}/billing")).await["unbilled_ml"],
        0
    );
    assert_eq!(
        list(&house, &good, &["--book"]).await,
        (Some(0), "2 readings entered, 0 were already\n".to_owned())
    );
    assert_eq!(
        list(&house, &good, &["--book"]).await,
        (Some(0), "0 readings entered, 2 were already\n".to_owned())
    );
    let billing = house.get(&format!("/api/v1/customers/{id}/billing")).await;
    assert_eq!(
        (&billing["unbilled_ml"], &billing["metered"]),
        (&json!(500_000), &json!(true))
    );
    house.close().await;
}

#[tokio::test]
async fn a_bill_is_listed_shown_printed_and_given_up_by_an_admin() {
    let house = House::open().await;
    let (id, _) = household(&house).await;
    for (day, meter_ml) in [("2026-01-01", 100_000_000), ("2026-02-02", 100_500_000)] {
        let entered = reads(&house, &id, json!({"meter_ml": meter_ml, "day": day})).await;
        assert_eq!(entered.status, 200, "{entered:?}");
    }
    let below = reads(&house, &id, json!({"meter_ml": 5, "day": "2026-03-01"})).await;
    assert_eq!((below.status, below.code().as_str()), (400, "reading_below_last"));
    let ended = house
        .post(&format!("/api/v1/customers/{id}/billing"), json!({"tariff": null}))
        .await;
    assert_eq!(
        (ended.status, &ended.json()["state"]),
        (200, &json!("ended")),
        "{ended:?}"
    );
    // 500 litres at KES 2.
    let bills = house.get(&format!("/api/v1/customers/{id}/bills")).await;
    let bill = &bills["items"][0];
    assert_eq!(
        (&bill["amount_minor"], &bill["usage_ml"], &bill["state"]),
        (&json!(100_000), &json!(500_000), &json!("open"))
    );
    assert_eq!(house.get("/api/v1/bills?state=unpaid").await, bills);
    assert_eq!(house.get("/api/v1/bills?state=overdue").await["items"], json!([]));
    let number = bill["id"].as_str().unwrap();
    assert_eq!(house.get(&format!("/api/v1/bills/{number}")).await, *bill);
    let odd = house.ask(Role::Admin, "GET", "/api/v1/bills?state=late", None).await;
    assert_eq!((odd.status, odd.code().as_str()), (400, "bad_field"));
    for path in ["/api/v1/bills/0", "/api/v1/bills/01", "/api/v1/bills/x", "/bills/99"] {
        assert_eq!(house.ask(Role::Admin, "GET", path, None).await.status, 404, "{path}");
    }
    for (path, texts) in [
        ("/bills".to_owned(), ["KES 1000.00", "Jane Wanjiru"]),
        (format!("/bills/{number}"), ["500 L", "Pay by"]),
        (
            format!("/customers/{id}"),
            ["100.500 m³", "does not pay by bill any more"],
        ),
    ] {
        let page = house.ask(Role::CustomerService, "GET", &path, None).await;
        assert_eq!(page.status, 200, "{path}");
        for text in texts {
            assert!(page.body.contains(text), "{path} lacks {text}: {}", page.body);
        }
    }
    for (more, expected) in [
        (json!({"pay": "wallet"}), (409, "wallet_too_small")),
        (json!({"pay": "wallet", "amount_minor": 0}), (400, "out_of_range")),
        (json!({"volume_ml": 1}), (400, "bad_field")),
        (json!({"plan": "monthly"}), (400, "bad_field")),
    ] {
        let mut body = json!({"customer": id, "kind": "bill"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let refused = house.post("/api/v1/purchases", body).await;
        assert_eq!((refused.status, refused.code().as_str()), expected, "{more}");
    }
    let give_up = format!("/api/v1/bills/{number}/write-off");
    let reason = Some(json!({"reason": "moved away"}));
    assert_eq!(
        house
            .ask(Role::CustomerService, "POST", &give_up, reason.clone())
            .await
            .status,
        403
    );
    let given_up = house.ask(Role::Admin, "POST", &give_up, reason).await;
    assert_eq!(
        (given_up.status, &given_up.json()["state"]),
        (200, &json!("written_off"))
    );
    house.close().await;
}
