//! Pairs written from Airtel's documents.

use config::providers::AirtelHash;
use kiosk::{ids::AccountId, moment::Wall, payment::Msisdn, provider::Provider};
use serde_json::json;

use super::{super::CallbackKey, *};
use crate::{
    hub::input::{CallbackName, PurchaseId},
    provider::callback::CallbackError,
};

const ID: &str = "0123456789abcdef0123456789abcdef";

fn prompt(amount: Money, payer: u64) -> Prompt {
    Prompt {
        purchase: PurchaseId(1),
        provider: Provider::Airtel,
        amount,
        payer: Msisdn(payer),
        reference: ID.parse().ok(),
        token: "77ff".to_owned(),
        account: AccountId::new(1).unwrap(),
        send_before: Wall(0),
    }
}

fn answer(status: u16, body: &str) -> Answer {
    Answer {
        status,
        body: body.as_bytes().to_vec(),
    }
}

fn coded(status: u16, result_code: &str, success: bool) -> Answer {
    let body = json!({"status": {"code": status.to_string(), "message": "m", "result_code": result_code,
        "response_code": "DP00800001006", "success": success}});
    answer(status, &body.to_string())
}

#[test]
fn a_push_has_the_documents_form() {
    let body = push_body(
        Country::Uganda,
        &prompt(Money::new(4_000, Currency::Ugx), 256_752_123_456),
    )
    .unwrap();
    assert_eq!(
        serde_json::to_value(&body).unwrap(),
        json!({
            "reference": "Water",
            "subscriber": {"country": "UG", "currency": "UGX", "msisdn": "752123456"},
            "transaction": {"amount": 4000, "country": "UG", "currency": "UGX", "id": ID},
        })
    );
    let kenyan = push_body(
        Country::Kenya,
        &prompt(Money::new(4_550, Currency::Kes), 254_733_123_456),
    )
    .unwrap();
    assert_eq!(
        (kenyan.transaction.amount, kenyan.subscriber.msisdn.as_str()),
        (46, "733123456")
    );
    for (amount, payer, failure) in [
        (Money::new(400, Currency::Kes), 256_752_123_456, Failure::Configuration),
        (Money::new(0, Currency::Ugx), 256_752_123_456, Failure::Configuration),
        (Money::new(400, Currency::Ugx), 254_733_123_456, Failure::Refused),
    ] {
        let refused = push_body(Country::Uganda, &prompt(amount, payer));
        assert_eq!(refused.unwrap_err().failure(), failure, "{amount} {payer}");
    }
}

#[test]
fn answers_to_a_push() {
    let sent = json!({"data": {"transaction": {"id": false, "status": "SUCCESS"}},
        "status": {"code": "200", "message": "SUCCESS", "result_code": "ESB000010",
                   "response_code": "DP00800001006", "success": true}});
    let accepted = PushAnswer::Accepted { reference: None };
    for (answer, expected) in [
        (answer(200, &sent.to_string()), accepted.clone()),
        (coded(200, "ESB000041", false), accepted),
        (coded(200, "ESB000001", false), PushAnswer::NoAnswer),
        (coded(200, "ESB000004", false), PushAnswer::NoAnswer),
        (coded(200, "ESB000045", false), PushAnswer::NoAnswer),
        (coded(200, "ESB000099", false), PushAnswer::NoAnswer),
        (
            coded(400, "ESB000008", false),
            PushAnswer::Refused(Failure::Configuration),
        ),
        (coded(400, "ESB000033", false), PushAnswer::Refused(Failure::Refused)),
        (coded(400, "ESB000036", false), PushAnswer::Refused(Failure::Refused)),
        (
            coded(400, "ESB000035", false),
            PushAnswer::Refused(Failure::Configuration),
        ),
        (
            coded(400, "ROUTER001", false),
            PushAnswer::Refused(Failure::Configuration),
        ),
        (
            answer(400, r#"{"error_code":"ROUTER112"}"#),
            PushAnswer::Refused(Failure::Configuration),
        ),
        (coded(504, "ROUTER117", false), PushAnswer::NoAnswer),
        (answer(408, ""), PushAnswer::NoAnswer),
        (answer(429, ""), PushAnswer::Refused(Failure::Busy)),
        (answer(403, "<html>"), PushAnswer::Refused(Failure::Configuration)),
        (answer(502, "<html>"), PushAnswer::NoAnswer),
        (answer(200, "<html>"), PushAnswer::NoAnswer),
        (answer(200, "{}"), PushAnswer::NoAnswer),
    ] {
        assert_eq!(push_answer(&answer), expected, "{answer:?}");
    }
}

#[test]
fn the_transaction_s_status_decides() {
    use ProviderVerdict::{Expired, Failed, Paid, Pending, Unknown};
    for (status, expected, receipt) in [
        ("TS", Paid, true),
        ("TF", Failed(Failure::Refused), false),
        ("TE", Expired, false),
        ("TIP", Pending, false),
        ("TA", Pending, false),
        ("XX", Unknown, false),
    ] {
        // A sample shows success false, and "in process" as the code, with a final TS.
        let body = json!({"data": {"transaction": {"id": ID, "airtel_money_id": "MP210603.1234.L06941",
            "message": "m", "status": status}}, "status": {"code": "200", "result_code": "ESB000010",
            "response_code": "DP00800001006", "success": false}});
        let QueryAnswer::Report(report) = query_answer(&ID.parse().unwrap(), &answer(200, &body.to_string())) else {
            panic!("{status}")
        };
        assert_eq!(
            (report.verdict, report.receipt.is_some()),
            (expected, receipt),
            "{status}"
        );
        assert_eq!(report.reference, ID.parse().ok());
    }
}

#[test]
fn what_says_nothing_is_no_answer() {
    for answer in [
        coded(200, "ESB000045", false),
        coded(504, "ROUTER117", false),
        answer(200, r#"{"data":{"transaction":{"id":"another","status":"TS"}}}"#),
        answer(200, r#"{"data":{"transaction":{"status":true}}}"#),
        answer(500, r#"{"data":{"transaction":{"status":"TF"}}}"#),
        answer(200, "<html>"),
        answer(408, ""),
    ] {
        assert_eq!(
            query_answer(&ID.parse().unwrap(), &answer),
            QueryAnswer::NoAnswer,
            "{answer:?}"
        );
    }
    let no_id = answer(200, r#"{"data":{"transaction":{"id":false,"status":"TS"}}}"#);
    assert!(matches!(
        query_answer(&ID.parse().unwrap(), &no_id),
        QueryAnswer::Report(_)
    ));
}

#[test]
fn tokens_live_as_long_as_a_text_says() {
    for body in [
        r#"{"access_token":"abc","expires_in":"180","token_type":"bearer"}"#,
        r#"{"access_token":"abc","expires_in":180}"#,
    ] {
        assert_eq!(parse_token(&answer(200, body)).unwrap().life, Duration::from_secs(180));
    }
    for (answer, failure) in [
        (answer(401, "{}"), Failure::Configuration),
        (answer(503, "<html>"), Failure::Unreachable),
        (
            answer(200, r#"{"access_token":"abc","expires_in":"soon"}"#),
            Failure::Unreachable,
        ),
    ] {
        assert_eq!(parse_token(&answer).unwrap_err(), failure);
    }
    let body = serde_json::to_value(token_body(&Secret::new("id"), &Secret::new("secret"))).unwrap();
    assert_eq!(
        body,
        json!({"client_id": "id", "client_secret": "secret", "grant_type": "client_credentials"})
    );
}

#[test]
fn keys_for_signing() {
    for (answer, failure) in [
        (answer(200, r#"{"data":{"key":"AAAA"}}"#), Failure::Configuration),
        (answer(200, "{}"), Failure::Configuration),
        (answer(403, "{}"), Failure::Configuration),
        (answer(502, "<html>"), Failure::Unreachable),
        (answer(408, ""), Failure::Unreachable),
        (answer(429, ""), Failure::Busy),
    ] {
        assert_eq!(parse_key(&answer).unwrap_err(), failure, "{answer:?}");
    }
    let mismatch = json!({"status": {"code": "400", "response_code": "DP00800001026", "success": false}});
    let refused = PushAnswer::Refused(Failure::Configuration);
    assert_eq!(push_answer(&answer(400, &mismatch.to_string())), refused);
}

/// The spaces and the order of the fields are part of what was hashed.
const INNER: &str = r#"{"message":"Paid UGX 4,000", "id":"0123456789abcdef0123456789abcdef","status_code":"TS","airtel_money_id":"MP210603.1234.L06941"}"#;

fn key(over: AirtelHash) -> CallbackKey {
    CallbackKey {
        key: Secret::new("zITVAAGYSlzl1WkUQJn81kbpT5drH3koffT8jCkcJJA="),
        over,
    }
}

#[test]
fn a_callback_names_its_payment_by_our_id() {
    let body = format!(r#"{{"transaction":{INNER}}}"#);
    let read = parse_callback(None, body.as_bytes()).unwrap();
    let (provider, reference) = (Provider::Airtel, ID.parse().unwrap());
    assert_eq!(read.name, Some(CallbackName::Reference { provider, reference }));
    assert_eq!(
        (read.report.verdict, read.report.amount, read.report.receipt),
        (ProviderVerdict::Paid, None, "MP210603.1234.L06941".parse().ok())
    );
    for (odd, why) in [
        ("<html>", CallbackError::NotJson),
        ("{}", CallbackError::Missing("transaction")),
        (r#"{"transaction":[]}"#, CallbackError::Missing("transaction.id")),
        (
            r#"{"transaction":{"status_code":"TS"}}"#,
            CallbackError::Missing("transaction.id"),
        ),
        (
            r#"{"transaction":{"id":false,"status_code":"TS"}}"#,
            CallbackError::Missing("transaction.id"),
        ),
        (
            r#"{"transaction":{"id":"a b","status_code":"TS"}}"#,
            CallbackError::Invalid("transaction.id"),
        ),
        (
            r#"{"transaction":{"id":"x"}}"#,
            CallbackError::Missing("transaction.status_code"),
        ),
        (
            r#"{"transaction":{"id":"x"},"transaction":{"id":"y"}}"#,
            CallbackError::NotJson,
        ),
    ] {
        assert_eq!(parse_callback(None, odd.as_bytes()).unwrap_err(), why, "{odd}");
    }
}

/// Both hashes were made with OpenSSL: `openssl dgst -sha256 -hmac KEY -binary | base64`.
#[test]
fn the_hash_is_over_the_bytes_as_they_came_in_the_form_that_is_configured() {
    let over_document = "9Pxtc96I/GjR9rJGx/wiF2trbmEy3ZK9D/eb/uFikvE=";
    let over_transaction = "3z7KfI6aZH3rQ1lgtFl+vjdb0GpwKffOYrQWvdkfeyc=";
    let body = |hash: &str| format!(r#"{{"hash":"{hash}","transaction":{INNER}}}"#);
    for (form, right, wrong) in [
        (AirtelHash::Document, over_document, over_transaction),
        (AirtelHash::Transaction, over_transaction, over_document),
    ] {
        let key = key(form);
        assert!(parse_callback(Some(&key), body(right).as_bytes()).is_ok(), "{form:?}");
        let foreign = CallbackError::Foreign("hash");
        for odd in [wrong, "", "AAAA", "not base64!"] {
            assert_eq!(
                parse_callback(Some(&key), body(odd).as_bytes()).unwrap_err(),
                foreign,
                "{odd}"
            );
        }
        let other = body(right).replace("\"TS\"", "\"TF\"");
        assert_eq!(parse_callback(Some(&key), other.as_bytes()).unwrap_err(), foreign);
        let none = format!(r#"{{"transaction":{INNER}}}"#);
        let missing = CallbackError::Missing("hash");
        assert_eq!(parse_callback(Some(&key), none.as_bytes()).unwrap_err(), missing);
        let number = body(right).replace(&format!("\"{right}\""), "5");
        let invalid = CallbackError::Invalid("hash");
        assert_eq!(parse_callback(Some(&key), number.as_bytes()).unwrap_err(), invalid);
    }
}
