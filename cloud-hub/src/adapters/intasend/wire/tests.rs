//! Pairs written from IntaSend's documents and from what its own client sends.

use kiosk::{ids::AccountId, moment::Wall};
use serde_json::json;

use super::*;
use crate::{hub::input::PurchaseId, secret::Secret};

fn settings() -> IntasendSettings {
    IntasendSettings {
        base_url: "http://intasend.example".to_owned(),
        publishable_key: Secret::new("ISPubKey_test_1"),
        secret_token: Secret::new("ISSecretKey_test_1"),
        payouts: false,
    }
}

fn prompt(amount: Money) -> Prompt {
    Prompt {
        purchase: PurchaseId(1),
        provider: Provider::Intasend,
        amount,
        payer: Msisdn(254_708_374_149),
        reference: None,
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

#[test]
fn a_prompt_has_the_form_of_the_official_client() {
    let body = push_body(&settings(), &prompt(Money::new(4_550, Currency::Kes)))
        .ok()
        .unwrap();
    let account = AccountId::new(1).unwrap().to_string();
    assert_eq!(
        serde_json::to_value(body).unwrap(),
        json!({
            "public_key": "ISPubKey_test_1", "currency": "KES", "method": "M-PESA", "amount": 46,
            "phone_number": "254708374149", "api_ref": "77ff", "name": account, "email": null, "narrative": "Water",
        })
    );
    let ugandan = push_body(&settings(), &prompt(Money::new(4_000, Currency::Ugx))).err();
    assert_eq!(ugandan, Some(OrderError::NotShillings(Currency::Ugx)));
    let nothing = Money::new(0, Currency::Kes);
    assert_eq!(
        push_body(&settings(), &prompt(nothing)).err(),
        Some(OrderError::TooLittle(nothing))
    );
    let query = serde_json::to_value(query_body(&settings(), &"BRZKGPR".parse().unwrap())).unwrap();
    assert_eq!(query, json!({"invoice_id": "BRZKGPR", "public_key": "ISPubKey_test_1"}));
}

#[test]
fn answers_to_a_prompt() {
    let taken = json!({"id": "1", "invoice": {"invoice_id": "BRZKGPR", "state": "PENDING", "provider": "M-PESA",
        "charges": "0.00", "net_amount": "46.00", "currency": "KES", "value": "46.00", "account": "254708374149",
        "api_ref": "77ff"}, "customer": {"phone_number": "254708374149"}});
    let named = PushAnswer::Accepted {
        reference: "BRZKGPR".parse().ok(),
    };
    for (answer, expected) in [
        (answer(200, &taken.to_string()), named.clone()),
        (answer(201, &taken.to_string()), named),
        (
            answer(200, r#"{"invoice":{}}"#),
            PushAnswer::Accepted { reference: None },
        ),
        (answer(200, "{}"), PushAnswer::NoAnswer),
        (answer(200, "<html>"), PushAnswer::NoAnswer),
        (answer(400, "{}"), PushAnswer::Refused(Failure::Configuration)),
        (answer(401, "{}"), PushAnswer::Refused(Failure::Configuration)),
        (answer(403, "{}"), PushAnswer::Refused(Failure::Configuration)),
        (answer(429, "{}"), PushAnswer::Refused(Failure::Busy)),
        (answer(408, ""), PushAnswer::NoAnswer),
        (answer(500, "{}"), PushAnswer::NoAnswer),
    ] {
        assert_eq!(push_answer(&answer), expected, "{answer:?}");
    }
}

#[test]
fn states() {
    use ProviderVerdict::{Failed, Paid, Pending};
    for (state, expected) in [
        ("PENDING", Pending),
        ("PROCESSING", Pending),
        ("COMPLETE", Paid),
        ("COMPLETED", Paid),
        ("FAILED", Failed(Failure::Refused)),
        ("RETRY", Pending),
    ] {
        let body = json!({"invoice": {"invoice_id": "BRZKGPR", "state": state, "failed_reason": null}});
        let found = query_answer(&"BRZKGPR".parse().unwrap(), &answer(200, &body.to_string()));
        let QueryAnswer::Report(report) = found else {
            panic!("{state}")
        };
        assert_eq!(report.verdict, expected, "{state}");
    }
    for answer in [
        answer(200, r#"{"invoice":{"invoice_id":"ANOTHER","state":"COMPLETE"}}"#),
        answer(200, r#"{"invoice":{"invoice_id":"BRZKGPR"}}"#),
        answer(200, "<html>"),
        answer(500, r#"{"invoice":{"state":"COMPLETE"}}"#),
        answer(401, "{}"),
    ] {
        assert_eq!(
            query_answer(&"BRZKGPR".parse().unwrap(), &answer),
            QueryAnswer::NoAnswer,
            "{answer:?}"
        );
    }
}

fn event() -> Value {
    json!({
        "invoice_id": "BRZKGPR", "state": "COMPLETE", "provider": "M-PESA", "charges": "0.00", "net_amount": "10.05",
        "currency": "KES", "value": "10.36", "account": "254708374149", "api_ref": "77ff", "host": "https://hub.example",
        "failed_reason": null, "failed_code": null, "failed_code_link": "", "challenge": "open sesame",
        "created_at": "2026-11-20T12:00:00.000000+03:00", "updated_at": "2026-11-20T12:00:10.000000+03:00",
    })
}

fn read(event: &Value) -> Result<Callback, CallbackError> {
    parse_callback(&config::Secret::new("open sesame"), event.to_string().as_bytes())
}

#[test]
fn a_webhook_names_its_payment_and_what_was_paid_exactly() {
    let callback = read(&event()).unwrap();
    let (provider, token) = (Provider::Intasend, "77ff".to_owned());
    assert_eq!(callback.name, Some(CallbackName::Token { provider, token }));
    assert_eq!(
        callback.report,
        Report {
            reference: "BRZKGPR".parse().ok(),
            verdict: ProviderVerdict::Paid,
            receipt: None,
            amount: Some(Money::new(1_036, Currency::Kes)),
            payer: Some(Msisdn(254_708_374_149)),
        }
    );
    let mut without = event();
    without["api_ref"] = Value::Null;
    without["account"] = json!("jane@example.org");
    let callback = read(&without).unwrap();
    let reference = "BRZKGPR".parse().unwrap();
    assert_eq!(callback.name, Some(CallbackName::Reference { provider, reference }));
    assert_eq!(callback.report.payer, None);
}

#[test]
fn a_webhook_that_is_not_theirs_or_not_whole_is_none() {
    for (field, value, why) in [
        ("challenge", json!("open sesamf"), CallbackError::Foreign("challenge")),
        ("challenge", json!(""), CallbackError::Foreign("challenge")),
        ("challenge", json!(5), CallbackError::Invalid("challenge")),
        ("invoice_id", Value::Null, CallbackError::Missing("invoice_id")),
        ("invoice_id", json!("a b"), CallbackError::Invalid("invoice_id")),
        ("state", json!({"a": 1}), CallbackError::Missing("state")),
        ("value", json!("-10.36"), CallbackError::Invalid("value")),
        ("value", json!("1e9"), CallbackError::Invalid("value")),
        ("value", json!("99999999999999999999"), CallbackError::Invalid("value")),
        ("value", json!("10.365"), CallbackError::Invalid("value")),
        ("currency", json!("USD"), CallbackError::Invalid("currency")),
    ] {
        let mut odd = event();
        odd[field] = value;
        assert_eq!(read(&odd).unwrap_err(), why, "{field}");
    }
    let mut none = event();
    none.as_object_mut().unwrap().remove("challenge");
    assert_eq!(read(&none).unwrap_err(), CallbackError::Missing("challenge"));
    let html = parse_callback(&config::Secret::new("open sesame"), b"<html>");
    assert_eq!(html.unwrap_err(), CallbackError::NotJson);
}

#[test]
fn a_payer_is_read_by_the_rules_for_phones() {
    for (account, payer) in [
        ("254708374149", Some(254_708_374_149)),
        ("0708374149", Some(254_708_374_149)),
        ("+254 708 374 149", Some(254_708_374_149)),
        // What names nobody for certain contradicts nothing.
        ("708374149", None),
        ("2547****149", None),
        ("jane@example.com", None),
        ("0", None),
    ] {
        let mut event = event();
        event["account"] = json!(account);
        assert_eq!(read(&event).unwrap().report.payer, payer.map(Msisdn), "{account}");
    }
}

#[test]
fn a_phone_of_another_country_is_not_asked() {
    let mut foreign = prompt(Money::new(1_000, Currency::Kes));
    foreign.payer = Msisdn(256_772_123_456);
    let refused = push_body(&settings(), &foreign).err();
    assert_eq!(refused.map(|error| error.failure()), Some(Failure::Refused));
}
