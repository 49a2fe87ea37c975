//! Pairs after the samples of the Daraja portal ("Pull Transaction"); times by `date -u`.

use kiosk::{
    moment::{HOUR_MS, Wall},
    units::{Currency, Money},
};
use serde_json::json;

use super::*;

#[test]
fn a_row_is_read_with_either_form_of_its_time() {
    // Noon in Nairobi on 20 November 2026.
    for time in [
        "2026-11-20 12:00:00",
        "2026-11-20T12:00:00+03:00",
        "2026-11-20T09:00:00.000Z",
    ] {
        let page = json!({"ResponseCode": "1000", "Response": [
            {"transactionId": "RKTQDM7W6S", "trxDate": time, "amount": "300.00"},
        ]});
        let Reply::Done(pulled) = parse_pull("600000", page.to_string().as_bytes()) else {
            panic!("{time}")
        };
        assert_eq!(
            (pulled.unreadable, pulled.arrivals[0].time.0),
            (0, 1_795_165_200_000),
            "{time}"
        );
    }
}

#[test]
fn pulling_reaches_back_forty_eight_hours_and_not_further() {
    // 2026-11-20T09:00:00Z is noon in Nairobi.
    let noon = Wall::from_seconds(1_795_165_200);
    let body = |since| serde_json::to_value(pull_body("600000", since, noon, 100)).unwrap();
    assert_eq!(
        body(noon.plus_ms(-HOUR_MS)),
        json!({"ShortCode": "600000", "StartDate": "2026-11-20 11:00:00", "EndDate": "2026-11-20 12:00:00", "OffSetValue": "100"})
    );
    assert_eq!(body(noon.plus_ms(-100 * HOUR_MS))["StartDate"], "2026-11-18 12:00:00");
    assert_eq!(
        serde_json::to_value(pull_register_body(
            "600000",
            Msisdn(254_722_000_000),
            "https://hub.example/x"
        ))
        .unwrap(),
        json!({"ShortCode": "600000", "RequestType": "Pull", "NominatedNumber": "254722000000", "CallBackURL": "https://hub.example/x"})
    );
}

#[test]
fn a_pull_succeeds_with_1000_and_finds_nothing_with_1001() {
    let row = json!({
        "transactionId": "RKTQDM7W6S", "trxDate": "2026-11-20 12:00:00", "msisdn": "25470****149",
        "transactiontype": "c2b-pay-bill-debit", "billreference": "AQP000001", "amount": "300.00", "organizationname": "Kiosk",
    });
    let odd = json!({"transactionId": "RKTQDM7W6T", "amount": "lots"});
    let nested =
        json!({"ResponseRefID": "1", "ResponseCode": "1000", "ResponseMessage": "Success", "Response": [[row, odd]]});
    let flat = json!({"ResponseCode": 1000, "Response": [row]});
    let Reply::Done(pulled) = parse_pull("600000", nested.to_string().as_bytes()) else {
        panic!("{nested}")
    };
    assert_eq!((pulled.arrivals.len(), pulled.unreadable, pulled.rows()), (1, 1, 2));
    let arrival = &pulled.arrivals[0];
    assert_eq!(
        (arrival.amount, arrival.reference.as_deref(), arrival.time),
        (
            Money::new(30_000, Currency::Kes),
            Some("AQP000001"),
            Wall::from_seconds(1_795_165_200)
        )
    );
    assert!(matches!(parse_pull("600000", flat.to_string().as_bytes()), Reply::Done(pulled) if pulled.rows() == 1));
    assert!(matches!(parse_pull("600000", br#"{"ResponseCode":"1001"}"#), Reply::Done(pulled) if pulled.rows() == 0));
    // 0 is no success here, and a success without its rows is none either.
    assert!(matches!(
        parse_pull("600000", br#"{"ResponseCode":"0","Response":[]}"#),
        Reply::Denied { .. }
    ));
    assert_eq!(parse_pull("600000", br#"{"ResponseCode":"1000"}"#), Reply::Unreadable);
    assert_eq!(
        parse_pull_registered(br#"{"ResponseStatus":"1000","ResponseCode":"1000"}"#),
        Reply::Done(())
    );
    for nothing in [&br#"{"fault":{"faultstring":"Invalid ApiCall"}}"#[..], b"{}", b"<html>"] {
        assert_eq!(parse_pull_registered(nothing), Reply::Unreadable);
    }
    assert_eq!(parse_pull_registered(br#"{"ResponseStatus":"1000"}"#), Reply::Done(()));
    assert!(matches!(
        parse_pull_registered(br#"{"ResponseStatus":"1042"}"#),
        Reply::Denied { .. }
    ));
    assert!(matches!(
        parse_pull_registered(br#"{"errorCode":"500.003.1001","errorMessage":"x"}"#),
        Reply::Denied { .. }
    ));
}
