//! Callbacks of MTN, Airtel and IntaSend: the right addresses, and everything that is no callback.

use hub::hub::operator::Role;
use serde_json::json;

use crate::{
    house::{Folder, House, WEBHOOK_SECRET},
    http::{eventually, send},
};

/// A hub in Uganda with MTN and Airtel, and IntaSend; nobody is there to be called.
async fn house(more: &[&str]) -> (House, Folder) {
    let secrets = Folder::new();
    let set = settings(&secrets, more);
    let set: Vec<&str> = set.iter().map(String::as_str).collect();
    (House::with(&set).await, secrets)
}

/// The settings of that hub.
pub fn settings(secrets: &Folder, more: &[&str]) -> Vec<String> {
    let secret = secrets.0.join("secret");
    std::fs::write(&secret, "s3cret\n").unwrap();
    let file = secret.display();
    // Nobody listens on port 9 (RFC 863, discard) of a machine that runs tests.
    let mut set = vec!["site.currency=UGX".to_owned()];
    for (provider, files) in [
        ("mtn", vec!["subscription_key", "api_user", "api_key"]),
        ("airtel", vec!["client_id", "client_secret", "callback_key"]),
        ("intasend", vec!["publishable_key", "secret_token", "challenge"]),
    ] {
        set.push(format!("payments.{provider}.base_url=http://127.0.0.1:9"));
        set.push(format!("payments.{provider}.callback_url=https://hub.example"));
        set.extend(
            files
                .iter()
                .map(|name| format!("payments.{provider}.{name}_file={file}")),
        );
    }
    set.push("payments.mtn.target_environment=mtnuganda".to_owned());
    set.push("payments.airtel.country=UG".to_owned());
    set.extend(more.iter().map(|set| (*set).to_owned()));
    set
}

const MTN: &str = r#"{"externalId":"4b0f6a1e-6b1c-4a43-a5f0-9c7e5d1f2b3a","status":"SUCCESSFUL","amount":"4000",
    "currency":"UGX","payer":{"partyIdType":"MSISDN","partyId":"256772123456"},"financialTransactionId":"363440463"}"#;
const INTASEND: &str = r#"{"invoice_id":"BRZKGPR","state":"COMPLETE","api_ref":"77ff","value":"40.00","currency":"KES",
    "challenge":"s3cret"}"#;
/// The hash was made with OpenSSL: `openssl dgst -sha256 -hmac s3cret -binary | base64`, over the text without it.
const AIRTEL: &str = r#"{"transaction":{"id":"abc1","message":"m","status_code":"TS"},"hash":"33U55aiA7HreXmbeMTzKMrTPQ2MhJofG1nbsG7TxlCw="}"#;

fn audit_rows(house: &House) -> i64 {
    let books = rusqlite::Connection::open(house.database()).unwrap();
    let sql = "SELECT count(*) FROM audit WHERE action = 'callback refused'";
    books.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn each_has_its_address_and_mtn_two_methods() {
    let (house, _secrets) = house(&[]).await;
    let good = WEBHOOK_SECRET;
    for (method, path, body, status) in [
        ("POST", format!("/payments/mtn/{good}"), MTN, 200),
        ("PUT", format!("/payments/mtn/{good}"), MTN, 200),
        ("POST", format!("/payments/airtel/{good}"), AIRTEL, 200),
        ("POST", format!("/payments/intasend/{good}"), INTASEND, 200),
        ("PUT", format!("/payments/airtel/{good}"), AIRTEL, 405),
        ("POST", "/payments/mtn/0123456789abcde0".to_owned(), MTN, 403),
        ("PUT", "/payments/mtn".to_owned(), MTN, 403),
        ("POST", "/payments/mtn".to_owned(), MTN, 403),
        ("POST", "/payments/airtel".to_owned(), AIRTEL, 403),
        ("POST", "/payments/intasend".to_owned(), INTASEND, 403),
    ] {
        let answer = send(house.web, method, &path, &[], body.as_bytes()).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
    }
    assert_eq!(audit_rows(&house), 5, "those without the secret");
    house.close().await;
}

#[tokio::test]
async fn bare_addresses_are_served_where_unsigned_callbacks_are_allowed() {
    let (house, _secrets) = house(&["webhooks.allow_unsigned=true"]).await;
    for (path, body) in [
        ("/payments/mtn", MTN),
        ("/payments/airtel", AIRTEL),
        ("/payments/intasend", INTASEND),
    ] {
        assert_eq!(
            send(house.web, "POST", path, &[], body.as_bytes()).await.status,
            200,
            "{path}"
        );
    }
    house.close().await;
    let house = House::with(&["webhooks.allow_unsigned=true"]).await;
    let nobody = send(house.web, "POST", "/payments/mtn", &[], MTN.as_bytes()).await;
    assert_eq!(nobody.status, 404, "MTN is not configured here");
    assert_eq!(audit_rows(&house), 1);
    house.close().await;
}

#[tokio::test]
async fn what_is_no_callback_is_refused_and_stands_in_the_audit() {
    let (house, _secrets) = house(&[]).await;
    let huge = "9".repeat(20_000);
    let mut rows = 0;
    for (provider, body, status) in [
        ("mtn", "", 400),
        ("mtn", "<html><body>502</body></html>", 400),
        ("mtn", "{}", 400),
        ("mtn", "[1,2]", 400),
        ("mtn", r#"{"externalId":7,"status":true}"#, 400),
        (
            "mtn",
            r#"{"externalId":"x","status":"SUCCESSFUL","amount":"-4000"}"#,
            400,
        ),
        (
            "mtn",
            r#"{"externalId":"x","status":"SUCCESSFUL","amount":"99999999999999999999"}"#,
            400,
        ),
        ("mtn", huge.as_str(), 413),
        ("airtel", "{", 400),
        ("airtel", r#"{"transaction":{"id":"abc1","status_code":"TS"}}"#, 400),
        (
            "airtel",
            r#"{"transaction":{"id":"abc1","status_code":"TS"},"hash":"AAAA"}"#,
            403,
        ),
        ("airtel", r#"{"transaction":"TS","hash":5}"#, 400),
        ("intasend", r#"{"invoice_id":"BRZKGPR","state":"COMPLETE"}"#, 400),
        (
            "intasend",
            r#"{"invoice_id":"BRZKGPR","state":"COMPLETE","challenge":"guess"}"#,
            403,
        ),
        (
            "intasend",
            r#"{"invoice_id":[],"state":"COMPLETE","challenge":"s3cret"}"#,
            400,
        ),
        (
            "intasend",
            r#"{"invoice_id":"B","state":"COMPLETE","challenge":"s3cret","value":"-1"}"#,
            400,
        ),
        ("daraja/0123456789abcdef/stk/00ff", "{", 400),
    ] {
        let path = match provider.contains('/') {
            true => format!("/payments/{provider}"),
            false => format!("/payments/{provider}/{WEBHOOK_SECRET}"),
        };
        let answer = send(house.web, "POST", &path, &[], body.as_bytes()).await;
        let shown = &body[..body.len().min(80)];
        assert_eq!(answer.status, status, "{provider} {shown}: {answer:?}");
        assert!(
            answer.json()["error"]["message"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        );
        rows += 1;
        assert_eq!(audit_rows(&house), rows, "{provider} {shown}");
    }
    let flood = vec![b' '; 200_000_000];
    let answer = send(
        house.web,
        "POST",
        &format!("/payments/mtn/{WEBHOOK_SECRET}"),
        &[],
        &flood,
    )
    .await;
    assert_eq!(answer.status, 413);
    assert_eq!(audit_rows(&house), rows + 1);
    house.close().await;
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_shown() {
    let (house, _secrets) = house(&[]).await;
    let up = house.get("/api/v1/providers").await;
    assert_eq!(
        up["items"][0],
        json!({"provider": "mtn", "state": "up", "failures": 0, "down_since": null})
    );
    // Five prompts to an address where nobody is: refused one by one, and then not sent at all.
    for number in 0..6 {
        let customer = house.customer(&format!("077200010{number}"), "4071").await;
        let body = json!({"customer": customer, "kind": "topup", "volume_ml": 20_000});
        let purchase = house.post("/api/v1/purchases", body).await.json()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        eventually("the prompt is refused", || async {
            let purchase = house.get(&format!("/api/v1/purchases/{purchase}")).await;
            (purchase["state"] == "failed" && purchase["failure"] == "unreachable").then_some(())
        })
        .await;
    }
    let shown = house.get("/api/v1/providers").await;
    let mtn = &shown["items"][0];
    assert_eq!(
        (&mtn["state"], &mtn["failures"]),
        (&json!("down"), &json!(5)),
        "{shown}"
    );
    assert!(mtn["down_since"].as_str().is_some(), "{shown}");
    assert_eq!(shown["items"][1]["state"], "up", "Airtel was not called");
    let page = house.ask(Role::Admin, "GET", "/purchases", None).await.body;
    assert!(
        page.contains("MTN MoMo does not answer") && !page.contains("Airtel Money does"),
        "{page}"
    );
    let metrics = send(house.web, "GET", "/metrics", &[], b"").await.body;
    assert!(
        metrics.contains("kisima_provider_up{provider=\"mtn\"} 0\n"),
        "{metrics}"
    );
    assert!(
        metrics.contains("kisima_provider_up{provider=\"airtel\"} 1\n"),
        "{metrics}"
    );
    let technician = house.ask(Role::Technician, "GET", "/api/v1/providers", None).await;
    assert_eq!(technician.status, 403);
    house.close().await;
}
