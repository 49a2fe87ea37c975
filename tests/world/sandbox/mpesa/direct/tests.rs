//! The sandbox's words as the hub reads them.

use hub::{
    adapters::mpesa::wire::{Reply, c2b::parse_arrival, pull::parse_pull, statement::STATEMENT},
    statement::{self, Flow},
};

use kiosk::{
    incoming::{Agreement, Payer},
    payment::Msisdn,
};

use super::*;

/// 2026-11-20T09:00:00Z, noon in Nairobi.
const NOON_MS: i64 = 1_795_165_200_000;
const PHONE: u64 = 254_708_374_149;

fn draw() -> Draw {
    Draw::new([7; 32])
}

fn payment(amount: i64) -> DirectPayment {
    DirectPayment {
        phone: PHONE,
        amount,
        shortcode: "174379".to_owned(),
        reference: "AQP000001".to_owned(),
    }
}

fn registered(when_silent: &str) -> Mpesa {
    let mut mpesa = Mpesa::default();
    let body = json!({"ShortCode": "174379", "ResponseType": when_silent,
        "ConfirmationURL": "http://hub.test/c", "ValidationURL": "http://hub.test/v"});
    let Answer::Response(response) = mpesa.register(&body) else {
        panic!()
    };
    assert_eq!(response.status, 200, "{response:?}");
    mpesa
}

#[test]
fn a_payment_is_told_pulled_and_stated_with_one_receipt() {
    let mut mpesa = registered("Completed");
    mpesa.pay(NOON_MS, &draw(), payment(1_250)).unwrap();
    let callbacks = mpesa.tick(NOON_MS, &draw());
    let [told] = callbacks.as_slice() else {
        panic!("{callbacks:?}")
    };
    let told = parse_arrival(told.body.as_bytes(), Wall(0)).unwrap();
    assert_eq!(
        (
            told.amount.minor,
            told.time.0,
            Payer::read(told.payer.as_deref().unwrap()).agrees_with(Msisdn(PHONE))
        ),
        (125_000, NOON_MS, Agreement::Agrees)
    );

    let question = |offset: &str| json!({"ShortCode": "174379", "StartDate": "2026-11-20 11:00:00", "EndDate": "2026-11-20 13:00:00", "OffSetValue": offset});
    for (offset, expected) in [("0", vec![told.clone()]), ("1", vec![])] {
        let Answer::Response(page) = mpesa.pull(NOON_MS, "pulltransactions/v1/query", &question(offset)) else {
            panic!()
        };
        let Reply::Done(pulled) = parse_pull("174379", page.body.as_bytes()) else {
            panic!("{page:?}")
        };
        assert_eq!((pulled.arrivals, pulled.unreadable), (expected, 0));
    }
    let lines = statement::read(&STATEMENT, mpesa.statement_csv().as_bytes()).unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!(
        (&lines[0].receipt, lines[0].amount, lines[0].flow),
        (&told.receipt, told.amount, Flow::In)
    );
    assert_eq!(
        (lines[0].time, lines[0].reference.as_deref()),
        (told.time, Some("AQP000001"))
    );
}

#[test]
fn silence_is_decided_by_the_registration() {
    for (when_silent, left) in [("Completed", 99_990), ("Cancelled", 100_000)] {
        let mut mpesa = registered(when_silent);
        mpesa.behaviour.validation = true;
        mpesa.pay(NOON_MS, &draw(), payment(10)).unwrap();
        let number = mpesa.tick(NOON_MS, &draw())[0].validates.unwrap();
        mpesa.validated(NOON_MS, number, None);
        mpesa.validated(NOON_MS, number, Some(r#"{"ResultCode":"0"}"#));
        assert_eq!(mpesa.balance(PHONE), left, "{when_silent}: decided once");
    }
}

/// The receipts of a page, asked of a short code for a stretch of the day.
fn pulled(mpesa: &Mpesa, shortcode: &str, from: &str, until: &str) -> Vec<String> {
    let body = json!({"ShortCode": shortcode, "StartDate": format!("2026-11-20 {from}"),
        "EndDate": format!("2026-11-20 {until}"), "OffSetValue": "0"});
    let Answer::Response(page) = mpesa.pull(NOON_MS, "pulltransactions/v1/query", &body) else {
        panic!()
    };
    let Reply::Done(pulled) = parse_pull(shortcode, page.body.as_bytes()) else {
        panic!("{page:?}")
    };
    assert_eq!(pulled.unreadable, 0, "{page:?}");
    let receipts = pulled.arrivals.iter().map(|arrival| arrival.receipt.to_string());
    receipts.collect()
}

#[test]
fn a_pull_tells_what_was_paid_in_the_time_that_was_asked_for() {
    let mut mpesa = registered("Completed");
    for minutes in [0, 10, 20] {
        mpesa.pay(NOON_MS + minutes * 60_000, &draw(), payment(10)).unwrap();
    }
    let all = pulled(&mpesa, "174379", "12:00:00", "12:20:00");
    assert_eq!(all.len(), 3);
    assert_eq!(pulled(&mpesa, "174379", "12:00:01", "12:19:59"), all[1..2]);
    assert!(
        pulled(&mpesa, "174379", "09:00:00", "09:30:00").is_empty(),
        "UTC is another time"
    );
    mpesa.behaviour.pull_rows_max = 2;
    assert_eq!(pulled(&mpesa, "174379", "12:00:00", "12:20:00"), all[..2]);
    let turned = json!({"ShortCode": "174379", "StartDate": "2026-11-20 13:00:00", "EndDate": "2026-11-20 12:00:00",
        "OffSetValue": "0"});
    let Answer::Response(refused) = mpesa.pull(NOON_MS, "pulltransactions/v1/query", &turned) else {
        panic!()
    };
    assert_eq!(refused.status, 400);
}

#[test]
fn a_payer_is_masked_in_two_ways_or_hashed() {
    let mut mpesa = registered("Completed");
    assert_eq!(mpesa.shown(PHONE, "RKTQDM7W6B"), "25470****149");
    assert_eq!(mpesa.shown(PHONE, "RKTQDM7W6A"), "2547 ***** 149");
    mpesa.behaviour.hashed_payers = true;
    let hashed = mpesa.shown(PHONE, "RKTQDM7W6A");
    assert!(hashed.len() == 64 && !hashed.contains("254708374149"), "{hashed}");
}
