use super::*;
use crate::hub::payout::PayoutWay;
use kiosk::{ids::PayoutId, provider::Provider};
use serde_json::json;

const KEY: &str = "4b0f6a1e-6b1c-4a43-a5f0-9c7e5d1f2b3a";

fn call(minor: i64) -> PayoutCall {
    PayoutCall {
        payout: PayoutId(1),
        provider: Provider::Mtn,
        way: PayoutWay::Transfer,
        amount: Money::new(minor, Currency::Ugx),
        payee: Msisdn(256_772_123_456),
        key: KEY.parse().unwrap(),
        token: "77ff".to_owned(),
        send_before: kiosk::moment::Wall(i64::MAX),
    }
}

fn answer(status: u16, body: &Value) -> Answer {
    let body = if body.is_null() {
        Vec::new()
    } else {
        body.to_string().into_bytes()
    };
    Answer { status, body }
}

#[test]
fn a_transfer_is_a_request_to_pay_with_a_payee() {
    let body = serde_json::to_value(transfer_body("UGX", &call(2_000)).unwrap()).unwrap();
    assert_eq!(
        body,
        json!({"amount": "2000", "currency": "UGX", "externalId": KEY,
               "payee": {"partyIdType": "MSISDN", "partyId": "256772123456"},
               "payerMessage": "Water", "payeeNote": "Water"})
    );
    assert_eq!(transfer_body("UGX", &call(0)).unwrap_err(), OrderError::TooLittle);
}

#[test]
fn only_what_mtn_refuses_is_refused() {
    let code = |code: &str| json!({"code": code, "message": "m"});
    for (status, body, expected) in [
        (202, Value::Null, PayoutAnswer::Accepted { reference: None }),
        (409, code("RESOURCE_ALREADY_EXIST"), PayoutAnswer::Duplicate),
        (
            500,
            code("NOT_ENOUGH_FUNDS"),
            PayoutAnswer::Refused(Failure::BalanceTooLow),
        ),
        (
            500,
            code("PAYEE_NOT_FOUND"),
            PayoutAnswer::Refused(Failure::Configuration),
        ),
        (500, code("INTERNAL_PROCESSING_ERROR"), PayoutAnswer::NoAnswer),
        (503, code("SERVICE_UNAVAILABLE"), PayoutAnswer::NoAnswer),
        (500, Value::Null, PayoutAnswer::NoAnswer),
        (429, Value::Null, PayoutAnswer::Refused(Failure::Busy)),
        (401, Value::Null, PayoutAnswer::Refused(Failure::Configuration)),
    ] {
        assert_eq!(transfer_answer(&answer(status, &body)), expected, "{status} {body}");
    }
}

#[test]
fn a_status_says_made_or_failed_and_everything_else_leaves_it_open() {
    let key: ProviderReference = KEY.parse().unwrap();
    let of = |status: &str, more: Value| {
        let mut body = json!({"amount": "2000", "currency": "UGX", "externalId": KEY,
                              "payee": {"partyIdType": "MSISDN", "partyId": "256772123456"}, "status": status});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        transfer_report("UGX", Currency::Ugx, &key, &answer(200, &body))
    };
    let made = of("SUCCESSFUL", json!({"financialTransactionId": "363440463"})).unwrap();
    assert_eq!(
        (made.verdict, made.receipt.unwrap().as_str(), made.amount, made.payee),
        (
            PayoutVerdict::Made,
            "363440463",
            Some(Money::new(2_000, Currency::Ugx)),
            Some(Msisdn(256_772_123_456))
        )
    );
    for (status, reason, verdict) in [
        ("PENDING", json!({}), PayoutVerdict::Pending),
        ("CREATED", json!({}), PayoutVerdict::Pending),
        ("EXPIRED", json!({}), PayoutVerdict::Unknown),
        ("WHATEVER", json!({}), PayoutVerdict::Unknown),
        (
            "FAILED",
            json!({"reason": "INTERNAL_PROCESSING_ERROR"}),
            PayoutVerdict::Failed(Failure::Refused),
        ),
        (
            "FAILED",
            json!({"reason": {"code": "NOT_ENOUGH_FUNDS"}}),
            PayoutVerdict::Failed(Failure::BalanceTooLow),
        ),
    ] {
        assert_eq!(of(status, reason).unwrap().verdict, verdict, "{status}");
    }
    let euros = of("SUCCESSFUL", json!({"currency": "EUR"})).unwrap();
    assert_eq!(
        euros.amount,
        Some(Money::new(0, Currency::Ugx)),
        "not the sum that was sent"
    );
    assert_eq!(of("SUCCESSFUL", json!({"externalId": "another"})), None);
    assert_eq!(
        transfer_report(
            "UGX",
            Currency::Ugx,
            &key,
            &answer(404, &json!({"code": "RESOURCE_NOT_FOUND"}))
        ),
        None
    );
}
