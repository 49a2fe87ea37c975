//! Cash by the API and by the page: the price first, then the sale, once.

use serde_json::json;

use crate::site::input::Role;

use super::bench::{Bench, JANE, PHONE};

#[tokio::test]
async fn a_manager_sells_for_cash_on_the_page_and_a_second_press_shows_the_same_receipt() {
    let bench = Bench::new("cash-page").await;
    let cookie = bench.manager("musa", Role::Manager).await;
    let own = [("cookie", cookie.as_str())];
    let card = bench.get(&format!("/customers?phone={PHONE}"), &own).await;
    assert!(
        card.body.contains("Sell for cash") && card.body.contains("/cash/price"),
        "{}",
        card.body
    );
    let price = bench
        .get(&format!("/cash/price?customer={JANE}&litres=20&amount="), &own)
        .await;
    for words in [
        "Jane Smith pays KES 40.00",
        "for 20 L",
        "KES 100.00",
        "may still be taken",
    ] {
        assert!(price.body.contains(words), "{words}: {}", price.body);
    }
    let form = |shown: &str| {
        let (token, once) = (price.hidden("token"), price.hidden("once"));
        format!("token={token}&once={once}{shown}&customer={JANE}&litres=20&amount=&shown={shown}")
    };
    let sold = bench.post("/cash", &own, &form("4000")).await;
    assert_eq!(sold.status, 200, "{sold:?}");
    assert!(
        sold.body.contains("Sold: 20 L for KES 40.00") && sold.body.contains("KES 60.00"),
        "{}",
        sold.body
    );
    let again = bench.post("/cash", &own, &form("4000")).await;
    let receipt = |page: &str| page.split("Receipt <b>").nth(1).unwrap()[..8].to_owned();
    assert_eq!(receipt(&again.body), receipt(&sold.body));
    assert!(
        again.body.contains("KES 60.00"),
        "nothing more was taken: {}",
        again.body
    );
    let dearer = bench.post("/cash", &own, &form("3900")).await;
    assert!(
        dearer.status == 409 && dearer.body.contains("The price is KES 40.00 now"),
        "{dearer:?}"
    );
    let empty = bench
        .get(&format!("/cash/price?customer={JANE}&litres=&amount=61"), &own)
        .await;
    assert_eq!(empty.status, 409);
    assert!(
        empty
            .body
            .contains("This costs KES 61.00, and only KES 60.00 may be taken before the cash is handed in"),
        "{}",
        empty.body
    );
    for bad in [
        "litres=&amount=",
        "litres=5&amount=5",
        "litres=-1&amount=",
        "litres=x&amount=",
    ] {
        let refused = bench.get(&format!("/cash/price?customer={JANE}&{bad}"), &own).await;
        assert_eq!(refused.status, 400, "{bad}");
    }
    let sales = bench.get("/sales", &own).await;
    assert!(
        sales.body.contains("20 L") && sales.body.contains("for KES 40.00") && sales.body.contains("sold for cash")
    );
    let cookie = bench.manager("amina", Role::Manager).await;
    let hers = bench.get("/cash", &[("cookie", &cookie)]).await;
    assert!(hers.body.contains("may not take cash here"), "{}", hers.body);
    bench.stop().await;
}

#[tokio::test]
async fn a_program_sells_for_cash_once_and_the_journal_shows_it() {
    let bench = Bench::new("cash-api").await;
    let token = bench.token_named("musa", Role::Manager).await;
    let sell = async |key: &str, body: serde_json::Value| {
        let headers = [("idempotency-key", key)];
        bench
            .json("/api/v1/cash-sales", &token, &headers, &body.to_string())
            .await
    };
    let body = json!({ "phone": PHONE, "amount_minor": 4_000 }).to_string();
    let keyless = bench.json("/api/v1/cash-sales", &token, &[], &body).await;
    assert!(
        keyless.status == 400 && keyless.body.contains("Idempotency-Key"),
        "{keyless:?}"
    );
    let sold = sell(
        "k1",
        json!({ "phone": PHONE, "amount_minor": 4_000, "price_minor": 4_000 }),
    )
    .await;
    assert_eq!(sold.status, 201, "{sold:?}");
    let told = sold.json();
    assert_eq!(
        (&told["volume_ml"], &told["amount_minor"]),
        (&json!(20_000), &json!(4_000))
    );
    assert_eq!(
        (&told["currency"], &told["float_left_minor"]),
        (&json!("KES"), &json!(6_000))
    );
    let again = sell(
        "k1",
        json!({ "phone": PHONE, "amount_minor": 4_000, "price_minor": 4_000 }),
    )
    .await;
    assert_eq!((again.status, &again.body), (201, &sold.body), "the same bytes");
    for (key, body, code) in [
        (
            "k1",
            json!({ "customer": JANE.to_string(), "volume_ml": 1 }),
            "key_reused",
        ),
        (
            "k2",
            json!({ "customer": JANE.to_string(), "volume_ml": 30_500 }),
            "float_short",
        ),
        (
            "k3",
            json!({ "customer": JANE.to_string(), "volume_ml": 1_000, "price_minor": 1 }),
            "price_changed",
        ),
        ("k4", json!({ "customer": JANE.to_string() }), "bad_field"),
        (
            "k5",
            json!({ "customer": JANE.to_string(), "volume_ml": 0 }),
            "bad_field",
        ),
        (
            "k6",
            json!({ "customer": JANE.to_string(), "amount_minor": -4_000 }),
            "bad_field",
        ),
        (
            "k7",
            json!({ "customer": JANE.to_string(), "volume_ml": 1, "amount_minor": 1 }),
            "bad_field",
        ),
        (
            "k8",
            json!({ "customer": "0000000000000005", "volume_ml": 1_000 }),
            "not_found",
        ),
        ("k9", json!({ "phone": "0799999999", "volume_ml": 1_000 }), "not_found"),
        (
            "k10",
            json!({ "customer": JANE.to_string(), "volume_ml": i64::MAX }),
            "bad_field",
        ),
    ] {
        let refused = sell(key, body.clone()).await;
        assert_eq!(refused.code(), code, "{body}: {refused:?}");
    }
    let float = bench.get_as(&token, "/api/v1/float").await.json();
    let today = json!({ "sales": 1, "amount_minor": 4_000 });
    assert_eq!(
        (&float["left_minor"], &float["drawer_minor"]),
        (&json!(6_000), &json!(4_000))
    );
    assert_eq!(
        (&float["price_per_m3_minor"], &float["today"]),
        (&json!(200_000), &today)
    );
    let row = bench.get_as(&token, "/api/v1/transactions?limit=1").await.json()["items"][0].clone();
    assert_eq!((&row["kind"], &row["amount_minor"]), (&json!("cash"), &json!(4_000)));
    assert_eq!((&row["dispenser"], &row["receipt"]), (&json!(null), &told["receipt"]));
    let csv = bench.get_as(&token, "/api/v1/journal.csv").await.body;
    let receipt = told["receipt"].as_str().unwrap();
    let line = format!(",cash,,{JANE},,20000,4000,KES,,{receipt}\r\n");
    assert!(csv.contains(&line), "{line} {csv}");
    let other = bench.token(Role::Manager).await;
    let headers = [("idempotency-key", "k1")];
    let body = json!({ "customer": JANE.to_string(), "volume_ml": 1_000 }).to_string();
    let refused = bench.json("/api/v1/cash-sales", &other, &headers, &body).await;
    assert_eq!((refused.status, refused.code().as_str()), (409, "no_float"));
    bench.stop().await;
}
