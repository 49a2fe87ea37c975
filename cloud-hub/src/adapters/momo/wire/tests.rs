//! Pairs written from MTN's documents and from what was observed at its sandbox.

use kiosk::{ids::AccountId, moment::Wall};
use serde_json::json;

use super::*;
use crate::hub::input::PurchaseId;

const REFERENCE: &str = "4b0f6a1e-6b1c-4a43-a5f0-9c7e5d1f2b3a";

fn settings() -> MomoSettings {
    MomoSettings {
        base_url: "http://mtn.example".to_owned(),
        target_environment: "mtnuganda".to_owned(),
        wire_currency: "UGX".to_owned(),
        subscription_key: Secret::new("key"),
        api_user: Secret::new("user"),
        api_key: Secret::new("secret"),
        callback_url: Secret::new("https://hub.example/payments/mtn/0a1b"),
        disbursement: None,
    }
}

fn prompt(amount: Money) -> Prompt {
    Prompt {
        purchase: PurchaseId(1),
        provider: Provider::Mtn,
        amount,
        payer: Msisdn(256_772_123_456),
        reference: REFERENCE.parse().ok(),
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

fn error(status: u16, code: &str) -> Answer {
    answer(status, &json!({"code": code, "message": "text for people"}).to_string())
}

fn queried(body: &str) -> QueryAnswer {
    query_answer("UGX", Currency::Ugx, &REFERENCE.parse().unwrap(), &answer(200, body))
}

fn report(body: &str) -> Report {
    match queried(body) {
        QueryAnswer::Report(report) => report,
        QueryAnswer::NoAnswer => panic!("no answer: {body}"),
    }
}

#[test]
fn a_request_to_pay_has_the_documents_form() {
    let body = push_body(&settings(), &prompt(Money::new(4_000, Currency::Ugx))).unwrap();
    let account = AccountId::new(1).unwrap().to_string();
    assert_eq!(
        serde_json::to_value(&body).unwrap(),
        json!({
            "amount": "4000", "currency": "UGX", "externalId": REFERENCE,
            "payer": {"partyIdType": "MSISDN", "partyId": "256772123456"},
            "payerMessage": "Water", "payeeNote": account,
        })
    );
    // 45.50 is asked as 46 whole units.
    let kenyan = Prompt {
        payer: Msisdn(254_700_000_102),
        ..prompt(Money::new(4_550, Currency::Kes))
    };
    let body = push_body(&settings(), &kenyan).unwrap();
    assert_eq!(body.amount, "46");
    let nothing = push_body(&settings(), &prompt(Money::new(0, Currency::Ugx)));
    assert_eq!(nothing.unwrap_err(), OrderError::TooLittle);
}

#[test]
fn answers_to_a_request_to_pay() {
    let accepted = PushAnswer::Accepted { reference: None };
    for (answer, expected) in [
        (answer(202, ""), accepted.clone()),
        (error(409, "RESOURCE_ALREADY_EXIST"), accepted.clone()),
        (answer(409, "<html>"), accepted),
        (error(400, "BAD_REQUEST"), PushAnswer::Refused(Failure::Configuration)),
        (error(401, "ACCESS_DENIED"), PushAnswer::Refused(Failure::Configuration)),
        (error(403, "FORBIDDEN"), PushAnswer::Refused(Failure::Configuration)),
        (
            answer(411, "<html>Length Required</html>"),
            PushAnswer::Refused(Failure::Configuration),
        ),
        (answer(429, ""), PushAnswer::Refused(Failure::Busy)),
        (
            error(500, "INVALID_CALLBACK_URL_HOST"),
            PushAnswer::Refused(Failure::Configuration),
        ),
        (
            error(500, "NOT_ALLOWED_TARGET_ENVIRONMENT"),
            PushAnswer::Refused(Failure::Configuration),
        ),
        (
            error(500, "INVALID_CURRENCY"),
            PushAnswer::Refused(Failure::Configuration),
        ),
        (error(500, "PAYER_NOT_FOUND"), PushAnswer::Refused(Failure::Refused)),
        (
            error(500, "NOT_ENOUGH_FUNDS"),
            PushAnswer::Refused(Failure::BalanceTooLow),
        ),
        // No verdict: it may have been taken.
        (error(500, "INTERNAL_PROCESSING_ERROR"), PushAnswer::NoAnswer),
        (error(503, "SERVICE_UNAVAILABLE"), PushAnswer::NoAnswer),
        (answer(502, "<html>Bad Gateway</html>"), PushAnswer::NoAnswer),
        (answer(408, ""), PushAnswer::NoAnswer),
        (answer(200, "{}"), PushAnswer::NoAnswer),
    ] {
        assert_eq!(push_answer(&answer), expected, "{answer:?}");
    }
}

#[test]
fn a_success_has_receipt_amount_and_payer() {
    let body = json!({
        "amount": "4000", "currency": "UGX", "financialTransactionId": "363440463", "externalId": REFERENCE,
        "payer": {"partyIdType": "MSISDN", "partyId": "256772123456"}, "payerMessage": "Water", "payeeNote": "1",
        "status": "SUCCESSFUL",
    });
    let report = report(&body.to_string());
    assert_eq!(
        report,
        Report {
            reference: REFERENCE.parse().ok(),
            verdict: ProviderVerdict::Paid,
            receipt: "363440463".parse().ok(),
            amount: Some(Money::new(4_000, Currency::Ugx)),
            payer: Some(Msisdn(256_772_123_456)),
        }
    );
}

#[test]
fn the_status_and_then_the_reason() {
    use ProviderVerdict::{Cancelled, Expired, Failed, Paid, Pending, Unknown};
    for (status, reason, expected) in [
        ("SUCCESSFUL", "", Paid),
        ("PENDING", "", Pending),
        ("CREATED", "", Pending),
        ("PENDING", "PAYER_DELAYED", Pending),
        ("EXPIRED", "", Expired),
        ("FAILED", "APPROVAL_REJECTED", Cancelled),
        ("FAILED", "REJECTED", Cancelled),
        ("FAILED", "PAYMENT_NOT_APPROVED", Cancelled),
        ("FAILED", "TRANSACTION_CANCELED", Cancelled),
        ("FAILED", "EXPIRED", Expired),
        ("FAILED", "COULD_NOT_PERFORM_TRANSACTION", Expired),
        ("FAILED", "NOT_ENOUGH_FUNDS", Failed(Failure::BalanceTooLow)),
        ("FAILED", "PAYER_LIMIT_REACHED", Failed(Failure::Limit)),
        ("FAILED", "PAYER_NOT_FOUND", Failed(Failure::Refused)),
        ("FAILED", "PAYEE_NOT_FOUND", Failed(Failure::Configuration)),
        ("FAILED", "PAYEE_NOT_ALLOWED_TO_RECEIVE", Failed(Failure::Configuration)),
        ("FAILED", "NOT_ALLOWED", Failed(Failure::Configuration)),
        (
            "FAILED",
            "NOT_ALLOWED_TARGET_ENVIRONMENT",
            Failed(Failure::Configuration),
        ),
        ("FAILED", "INVALID_CALLBACK_URL_HOST", Failed(Failure::Configuration)),
        ("FAILED", "INVALID_CURRENCY", Failed(Failure::Configuration)),
        ("FAILED", "TRANSFER_TYPE_UNKNOWN", Failed(Failure::Configuration)),
        // A terminal status outranks a reason that sounds as if it went on.
        ("FAILED", "INTERNAL_PROCESSING_ERROR", Failed(Failure::Refused)),
        ("FAILED", "SERVICE_UNAVAILABLE", Failed(Failure::Refused)),
        ("FAILED", "ONGOING", Failed(Failure::Refused)),
        ("FAILED", "", Failed(Failure::Refused)),
        ("HELD", "", Unknown),
    ] {
        let as_text = json!({"status": status, "reason": reason});
        assert_eq!(report(&as_text.to_string()).verdict, expected, "{status} {reason}");
        let as_object = json!({"status": status, "reason": {"code": reason, "message": "m"}});
        assert_eq!(report(&as_object.to_string()).verdict, expected, "{status} {reason}");
    }
}

#[test]
fn what_says_nothing_is_no_answer() {
    let asked = REFERENCE.parse().unwrap();
    for answer in [
        error(404, "RESOURCE_NOT_FOUND"),
        error(500, "INTERNAL_PROCESSING_ERROR"),
        error(401, "ACCESS_DENIED"),
        answer(502, "<html>"),
        answer(200, "<html>"),
        answer(200, "[]"),
        answer(200, "{}"),
        answer(200, r#"{"status":"SUCCESSFUL","externalId":"another"}"#),
    ] {
        assert_eq!(
            query_answer("UGX", Currency::Ugx, &asked, &answer),
            QueryAnswer::NoAnswer,
            "{answer:?}"
        );
    }
}

#[test]
fn another_sum_or_other_money_is_never_the_sum_asked_for() {
    for (amount, currency) in [
        (json!("3999"), "UGX"),
        (json!("4000"), "EUR"),
        (json!("4000.50"), "UGX"),
        (json!("-4000"), "UGX"),
        (json!(true), "UGX"),
    ] {
        let body = json!({"status": "SUCCESSFUL", "amount": amount, "currency": currency});
        let found = report(&body.to_string()).amount;
        assert!(
            found.is_some() && found != Some(Money::new(4_000, Currency::Ugx)),
            "{body}"
        );
    }
    for amount in [json!("4000"), json!(4000), json!("4000.00")] {
        let body = json!({"status": "SUCCESSFUL", "amount": amount, "currency": "UGX"});
        assert_eq!(
            report(&body.to_string()).amount,
            Some(Money::new(4_000, Currency::Ugx)),
            "{body}"
        );
    }
}

#[test]
fn a_callback_names_its_payment_by_our_reference() {
    let body = json!({
        "financialTransactionId": "363440463", "externalId": REFERENCE, "amount": "4000", "currency": "UGX",
        "payer": {"partyIdType": "MSISDN", "partyId": "256772123456"}, "status": "SUCCESSFUL",
    });
    let read = parse_callback("UGX", Currency::Ugx, body.to_string().as_bytes()).unwrap();
    let reference: ProviderReference = REFERENCE.parse().unwrap();
    assert_eq!(
        read.name,
        Some(CallbackName::Reference {
            provider: Provider::Mtn,
            reference
        })
    );
    assert_eq!(read.report.verdict, ProviderVerdict::Paid);
    for (odd, why) in [
        (json!("<html>"), CallbackError::Missing("externalId")),
        (json!({"status": "SUCCESSFUL"}), CallbackError::Missing("externalId")),
        (
            json!({"externalId": "a b", "status": "FAILED"}),
            CallbackError::Invalid("externalId"),
        ),
        (
            json!({"externalId": "x".repeat(65), "status": "FAILED"}),
            CallbackError::Invalid("externalId"),
        ),
        (
            json!({"externalId": {"a": 1}, "status": "FAILED"}),
            CallbackError::Missing("externalId"),
        ),
        (json!({"externalId": "x"}), CallbackError::Missing("status")),
        (
            json!({"externalId": "x", "status": "SUCCESSFUL", "amount": "-1"}),
            CallbackError::Invalid("amount"),
        ),
        (
            json!({"externalId": "x", "status": "SUCCESSFUL", "amount": []}),
            CallbackError::Invalid("amount"),
        ),
        (
            json!({"externalId": "x", "status": "SUCCESSFUL", "currency": 5}),
            CallbackError::Invalid("currency"),
        ),
    ] {
        let read = parse_callback("UGX", Currency::Ugx, odd.to_string().as_bytes());
        assert_eq!(read.unwrap_err(), why, "{odd}");
    }
    let html = parse_callback("UGX", Currency::Ugx, b"<html>");
    assert_eq!(html.unwrap_err(), CallbackError::NotJson);
}

#[test]
fn tokens() {
    let good = parse_token(&answer(
        200,
        r#"{"access_token":"abc","token_type":"access_token","expires_in":3600}"#,
    ));
    assert_eq!(good.unwrap().life, Duration::from_secs(3_600));
    for (answer, failure) in [
        (answer(401, r#"{"error":"login_failed"}"#), Failure::Configuration),
        (answer(411, "<html>"), Failure::Configuration),
        (answer(500, "<html>"), Failure::Unreachable),
        (answer(200, "{}"), Failure::Unreachable),
        (answer(429, ""), Failure::Busy),
    ] {
        assert_eq!(parse_token(&answer).unwrap_err(), failure, "{answer:?}");
    }
}

#[test]
fn only_what_it_did_not_say_for_itself_counts_against_it() {
    for (answer, down) in [
        (answer(502, "<html>"), true),
        (error(500, "INTERNAL_PROCESSING_ERROR"), true),
        (error(503, "SERVICE_UNAVAILABLE"), true),
        (error(500, "PAYER_NOT_FOUND"), false),
        (error(404, "RESOURCE_NOT_FOUND"), false),
        (answer(202, ""), false),
    ] {
        assert_eq!(is_down(&answer), down, "{answer:?}");
    }
}

#[test]
fn a_phone_of_another_country_is_asked_at_the_sandbox_alone() {
    // A test phone of MTN's sandbox (MTN portal, "Testing").
    let mut foreign = prompt(Money::new(4_000, Currency::Ugx));
    foreign.payer = Msisdn(46_733_123_450);
    let refused = push_body(&settings(), &foreign).err();
    assert_eq!(refused.map(|error| error.failure()), Some(Failure::Refused));
    let mut sandbox = settings();
    sandbox.target_environment = "sandbox".to_owned();
    assert!(push_body(&sandbox, &foreign).is_ok());
}

#[test]
fn a_payer_is_read_by_the_rules_for_phones() {
    for (party, expected) in [
        ("256772123456", Some(256_772_123_456)),
        ("0772123456", Some(256_772_123_456)),
        ("772123456", None),
        ("46733123450", None),
    ] {
        let body = json!({"payer": {"partyIdType": "MSISDN", "partyId": party}});
        assert_eq!(payer(&body, Currency::Ugx), expected.map(Msisdn), "{party}");
    }
}

#[test]
fn the_settings_do_not_print_the_webhooks_secret() {
    assert!(!format!("{:?}", settings()).contains("0a1b"));
}
