use super::*;
use crate::hub::payout::PayoutWay;
use kiosk::{ids::PayoutId, payment::Msisdn, provider::Provider};
use serde_json::{Value, json};

fn call(currency: Currency, minor: i64) -> PayoutCall {
    PayoutCall {
        payout: PayoutId(1),
        provider: Provider::Intasend,
        way: PayoutWay::Transfer,
        amount: Money::new(minor, currency),
        payee: Msisdn(254_708_374_149),
        key: "0a1b2c".parse().unwrap(),
        token: "77ff".to_owned(),
        send_before: kiosk::moment::Wall(i64::MAX),
    }
}

fn question() -> PayoutQuestion {
    PayoutQuestion {
        payout: PayoutId(1),
        provider: Provider::Intasend,
        way: PayoutWay::Transfer,
        key: "0a1b2c".parse().unwrap(),
        reference: Some("5ecf-track".parse().unwrap()),
        token: "88ff".to_owned(),
    }
}

fn answer(status: u16, body: &Value) -> Answer {
    Answer {
        status,
        body: body.to_string().into_bytes(),
    }
}

#[test]
fn a_payout_is_a_batch_of_one_without_approval() {
    let body = serde_json::to_value(send_body(&call(Currency::Kes, 30_000)).unwrap()).unwrap();
    assert_eq!(
        body,
        json!({"provider": "MPESA-B2C", "currency": "KES", "requires_approval": "NO",
               "transactions": [{"name": "Customer", "account": "254708374149", "amount": 300, "narrative": "Water"}]})
    );
    let status = send_status_body(&"5ecf-track".parse().unwrap());
    assert_eq!(
        serde_json::to_value(status).unwrap(),
        json!({"tracking_id": "5ecf-track"})
    );
    for odd in [
        call(Currency::Ugx, 300),
        call(Currency::Kes, 0),
        call(Currency::Kes, 30_050),
    ] {
        assert!(send_body(&odd).is_err(), "{odd:?}");
    }
}

#[test]
fn an_answer_without_a_tracking_id_is_none() {
    let tracking = json!({"tracking_id": "5ecf-track", "status": "Preview and approve"});
    let reference = Some("5ecf-track".parse().unwrap());
    for (status, body, expected) in [
        (200, &tracking, PayoutAnswer::Accepted { reference }),
        (200, &json!({}), PayoutAnswer::NoAnswer),
        (400, &json!({}), PayoutAnswer::Refused(Failure::Configuration)),
        (401, &json!({}), PayoutAnswer::Refused(Failure::Configuration)),
        (429, &json!({}), PayoutAnswer::Refused(Failure::Busy)),
        (408, &json!({}), PayoutAnswer::NoAnswer),
        (500, &json!({}), PayoutAnswer::NoAnswer),
    ] {
        assert_eq!(send_answer(&answer(status, body)), expected, "{status} {body}");
    }
}

#[test]
fn the_sums_decide_and_not_the_words() {
    let said = |body: Value| send_word(&question(), &answer(200, &body));
    let batch = |paid: &str, failed: &str| {
        json!({"tracking_id": "5ecf-track", "status": "whatever", "paid_amount": paid, "failed_amount": failed,
               "actual_charges": "10.00"})
    };
    let made = said(batch("300.00", "0.00"));
    let report = made.report.unwrap();
    assert_eq!(
        (report.verdict, report.amount),
        (PayoutVerdict::Made, Some(Money::new(30_000, Currency::Kes)))
    );
    assert_eq!(made.fee, Some(Money::new(1_000, Currency::Kes)));
    let failed = said(batch("0.00", "300.00"));
    assert_eq!(failed.report.unwrap().verdict, PayoutVerdict::Failed(Failure::Refused));
    assert_eq!(failed.fee, None);
    for open in [
        batch("0.00", "0.00"),
        batch("200.00", "100.00"),
        batch("-1", "x"),
        json!({}),
    ] {
        assert_eq!(said(open.clone()), PayoutWord::default(), "{open}");
    }
    let mut another = batch("300.00", "0.00");
    another["tracking_id"] = json!("another");
    assert_eq!(said(another), PayoutWord::default());
    assert_eq!(
        send_word(&question(), &answer(502, &batch("300.00", "0"))),
        PayoutWord::default()
    );
}
