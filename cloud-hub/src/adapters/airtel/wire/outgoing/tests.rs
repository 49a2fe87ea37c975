use super::*;
use crate::hub::payout::PayoutWay;
use kiosk::{
    ids::PayoutId,
    payment::Msisdn,
    provider::Provider,
    units::{Currency, Money},
};
use serde_json::{Value, json};

fn call(currency: Currency, minor: i64, payee: u64) -> PayoutCall {
    PayoutCall {
        payout: PayoutId(1),
        provider: Provider::Airtel,
        way: PayoutWay::Transfer,
        amount: Money::new(minor, currency),
        payee: Msisdn(payee),
        key: "0a1b2c".parse().unwrap(),
        token: "77ff".to_owned(),
        send_before: kiosk::moment::Wall(i64::MAX),
    }
}

fn answer(status: u16, body: &Value) -> Answer {
    Answer {
        status,
        body: body.to_string().into_bytes(),
    }
}

#[test]
fn bodies_are_written_as_the_portal_shows_them() {
    let refund = refund_body(&"MP210603.1234.L06941".parse().unwrap());
    assert_eq!(
        serde_json::to_value(refund).unwrap(),
        json!({"transaction": {"airtel_money_id": "MP210603.1234.L06941"}})
    );
    let pin = Secret::new("c2VhbGVk");
    let call = call(Currency::Ugx, 2_000, 256_752_123_456);
    let body = disbursement_body(Country::Uganda, &pin, &call).unwrap();
    assert_eq!(
        serde_json::to_value(body).unwrap(),
        json!({"payee": {"msisdn": "752123456", "currency": "UGX", "name": "Customer"}, "reference": "Water",
               "pin": "c2VhbGVk", "transaction": {"amount": 2000, "id": "0a1b2c", "type": "B2C"}})
    );
}

#[test]
fn what_cannot_be_paid_is_not_sent() {
    let pin = Secret::new("c2VhbGVk");
    for (call, expected) in [
        (call(Currency::Kes, 2_000, 256_752_123_456), Failure::Configuration),
        (call(Currency::Ugx, 0, 256_752_123_456), Failure::Configuration),
        (call(Currency::Ugx, 2_000, 254_700_000_102), Failure::Refused),
    ] {
        let Err(error) = disbursement_body(Country::Uganda, &pin, &call) else {
            panic!("{call:?}")
        };
        assert_eq!(not_sent(&error), PayoutAnswer::Refused(expected), "{call:?}");
    }
}

#[test]
fn a_disbursement_is_made_only_when_airtel_says_so_in_a_word_we_know() {
    let call = call(Currency::Ugx, 2_000, 256_752_123_456);
    let said = |response: &str, result: &str| {
        let body = json!({"data": {"transaction": {"id": "0a1b2c", "airtel_money_id": "MP1", "status": "TS"}},
            "status": {"code": "200", "response_code": response, "result_code": result, "success": true}});
        disbursement_word(&call, &answer(200, &body))
    };
    let made = said("DP00900001001", "ESB000010");
    let report = made.report.unwrap();
    assert_eq!(
        (report.verdict, report.receipt.unwrap().as_str()),
        (PayoutVerdict::Made, "MP1")
    );
    let taken = Some(PayoutAnswer::Accepted { reference: None });
    for (response, result, expected) in [
        ("DP00900001006", "ESB000010", taken),
        ("DP00900001000", "ESB000010", Some(PayoutAnswer::NoAnswer)),
        ("DP00900001999", "ESB000010", Some(PayoutAnswer::NoAnswer)),
        ("DP00900001001", "ESB000041", Some(PayoutAnswer::Duplicate)),
    ] {
        let word = said(response, result);
        assert_eq!((word.answer, word.report), (expected, None), "{response} {result}");
    }
}

#[test]
fn a_refund_is_taken_at_the_most() {
    let said = |status: u16, code: &str| {
        refund_answer(&answer(
            status,
            &json!({"status": {"result_code": code, "success": true}}),
        ))
    };
    assert_eq!(said(200, "ESB000010"), PayoutAnswer::Accepted { reference: None });
    assert_eq!(said(400, "ESB000041"), PayoutAnswer::Duplicate);
    assert_eq!(said(400, "ESB000008"), PayoutAnswer::Refused(Failure::Configuration));
    assert_eq!(said(200, "ESB000001"), PayoutAnswer::NoAnswer, "ambiguous");
    assert_eq!(said(500, "ROUTER117"), PayoutAnswer::NoAnswer, "timed out");
    assert_eq!(refund_answer(&answer(502, &json!([]))), PayoutAnswer::NoAnswer);
}
