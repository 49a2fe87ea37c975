//! Pairs after the samples of the Daraja portal ("Customer To Business Register URL", "Customer To Business"); times by
//! `date -u`.

use super::*;
use kiosk::moment::Wall;

fn settings() -> MpesaSettings {
    MpesaSettings {
        base_url: "http://daraja.test".to_owned(),
        shortcode: "600984".to_owned(),
        till: None,
        passkey: Secret::new("passkey"),
        consumer_key: Secret::new("key"),
        consumer_secret: Secret::new("secret"),
    }
}

/// The portal's sample, with one field replaced.
fn with(name: &str, value: Value) -> Vec<u8> {
    let mut body = json!({
        "TransactionType": "Pay Bill", "TransID": "RKTQDM7W6S", "TransTime": "20191122063845",
        "TransAmount": "10", "BusinessShortCode": "600638", "BillRefNumber": "invoice008", "InvoiceNumber": "",
        "OrgAccountBalance": "", "ThirdPartyTransID": "", "MSISDN": "25470****149", "FirstName": "John",
        "MiddleName": "", "LastName": "Doe"
    });
    body[name] = value;
    body.to_string().into_bytes()
}

/// Noon in Nairobi on 20 November 2026: when every body here comes.
const NOW: Wall = Wall::from_seconds(1_795_165_200);

fn read(body: &[u8]) -> Result<Arrival, CallbackError> {
    parse_arrival(body, NOW)
}

#[test]
fn addresses_are_registered_as_the_portal_shows_it() {
    let secret = Secret::new("0a1b");
    let body = register_body(
        &settings(),
        "https://hub.example/",
        Some(&secret),
        WhenSilent::Completed,
    )
    .unwrap();
    assert_eq!(
        serde_json::to_value(body).unwrap(),
        json!({
            "ShortCode": "600984", "ResponseType": "Completed",
            "ConfirmationURL": "https://hub.example/payments/daraja/0a1b/confirmation",
            "ValidationURL": "https://hub.example/payments/daraja/0a1b/validation",
        })
    );
}

#[test]
fn an_address_with_a_forbidden_word_is_not_sent() {
    for (base, word) in [
        ("https://mpesa.example", "mpesa"),
        ("https://M-PESA.example", "m-pesa"),
        ("https://safaricom.example", "safaricom"),
        ("https://executive.example", "exec"),
        ("https://annexe.example", "exe"),
        ("https://cmd.example", "cmd"),
        ("https://MySQL.example", "sql"),
        ("https://query.example", "query"),
    ] {
        let refused = register_body(&settings(), base, None, WhenSilent::Completed);
        assert_eq!(refused, Err(ForbiddenWord { word }), "{base}");
    }
}

#[test]
fn one_code_says_registered_before_or_failed() {
    let new = br#"{"OriginatorCoversationID":"6e86-45dd-91ac-fd5d4178ab523408729","ResponseCode":"0","ResponseDescription":"Success"}"#;
    assert_eq!(parse_register(new), Reply::Done(Registered::Now));
    let before = br#"{"requestId":"1","errorCode":"500.003.1001","errorMessage":"Urls are already registered"}"#;
    let told = |message: &str| {
        let message = message.to_owned();
        Reply::Done(Registered::BeforeOrFailed { message })
    };
    assert_eq!(parse_register(before), told("Urls are already registered"));
    let failed = br#"{"requestId":"1","errorCode":"500.003.1001","errorMessage":"Internal Server Error"}"#;
    assert_eq!(
        parse_register(failed),
        told("Internal Server Error"),
        "the same code, and another matter"
    );
    let other = br#"{"requestId":"1","errorCode":"400.003.02","errorMessage":"Bad Request"}"#;
    assert!(matches!(parse_register(other), Reply::Denied { .. }));
    assert_eq!(parse_register(b"<html>"), Reply::Unreadable);
}

#[test]
fn a_confirmation_is_read_as_the_portal_shows_it() {
    let arrival = read(&with("x", Value::Null)).unwrap();
    let expected = Arrival {
        provider: Provider::Mpesa,
        receipt: "RKTQDM7W6S".parse().unwrap(),
        amount: kiosk::units::Money::new(1_000, Currency::Kes),
        payer: Some("25470****149".to_owned()),
        reference: Some("invoice008".to_owned()),
        short_code: "600638".to_owned(),
        at_till: false,
        // 2019-11-22T03:38:45Z
        time: Wall::from_seconds(1_574_393_925),
    };
    assert_eq!(arrival, expected);
}

#[test]
fn amounts_are_exact() {
    for (text, minor) in [
        ("5.00", 500),
        ("10", 1_000),
        ("0.01", 1),
        ("1234567.89", 123_456_789),
        ("5.5", 550),
    ] {
        assert_eq!(
            read(&with("TransAmount", json!(text))).unwrap().amount.minor,
            minor,
            "{text}"
        );
    }
    assert_eq!(read(&with("TransAmount", json!(5.0))).unwrap().amount.minor, 500);
}

#[test]
fn masked_phones_stay_as_they_are_and_a_till_has_no_account() {
    for text in ["2547 ***** 126", "25470****149", "254708374149", "8b5a6f0c9d5c"] {
        let arrival = read(&with("MSISDN", json!(text))).unwrap();
        assert_eq!(arrival.payer.as_deref(), Some(text));
    }
    assert_eq!(read(&with("MSISDN", json!(""))).unwrap().payer, None);
    assert_eq!(read(&with("BillRefNumber", json!(""))).unwrap().reference, None);
    assert_eq!(read(&with("BillRefNumber", Value::Null)).unwrap().reference, None);
    for (kind, at_till) in [
        ("Buy Goods", true),
        ("BuyGoods", true),
        ("Pay Bill", false),
        ("Organization To Organization Transfer", false),
    ] {
        assert_eq!(
            read(&with("TransactionType", json!(kind))).unwrap().at_till,
            at_till,
            "{kind}"
        );
    }
}

#[test]
fn what_a_payer_typed_is_cut_and_never_a_reason_to_lose_money() {
    let long = format!("a\u{0}b\n{}", "x".repeat(500));
    let reference = read(&with("BillRefNumber", json!(long))).unwrap().reference.unwrap();
    assert_eq!(
        (reference.chars().count(), &reference[..3]),
        (SHOWN_CHARACTERS_MAX, "abx")
    );
}

#[test]
fn a_payment_is_not_lost_for_what_only_describes_it() {
    for nothing in [
        Value::Null,
        json!(""),
        json!([1]),
        json!("20191322063845"),
        json!("now"),
    ] {
        let arrival = read(&with("TransTime", nothing.clone())).unwrap();
        assert_eq!((arrival.time, arrival.amount.minor), (NOW, 1_000), "{nothing}");
    }
    for nothing in [Value::Null, json!(""), json!([1])] {
        assert!(!read(&with("TransactionType", nothing)).unwrap().at_till);
    }
}

#[test]
fn the_audit_is_told_which_receipt_was_refused() {
    let refused = |body: &[u8]| described(body, &read(body).unwrap_err());
    assert_eq!(
        refused(&with("TransAmount", json!("five"))),
        "callback: TransAmount is not valid; TransID RKTQDM7W6S"
    );
    assert!(!refused(&with("TransID", json!("two words"))).contains("two words"));
}

#[test]
fn a_body_with_our_secret_does_not_print() {
    let secret = Secret::new("0a1b");
    let body = register_body(&settings(), "https://hub.example", Some(&secret), WhenSilent::Completed).unwrap();
    assert_eq!(format!("{body:?}"), "RegisterBody(…)");
}

#[test]
fn a_bad_body_names_what_is_wrong() {
    for name in ["TransID", "TransAmount", "BusinessShortCode"] {
        for nothing in [Value::Null, json!(""), json!([1]), json!({"a": 1})] {
            assert_eq!(read(&with(name, nothing)), Err(CallbackError::Missing(name)));
        }
    }
    for (name, values) in [
        ("TransID", ["two words", "ä"].as_slice()),
        (
            "TransAmount",
            &[
                "0",
                "0.00",
                "-5",
                "5.001",
                "1,000",
                "1e3",
                "99999999999999999999",
                "five",
            ],
        ),
        ("BusinessShortCode", &["60063", "six hundred", "60063812345"][1..]),
    ] {
        for value in values {
            assert_eq!(
                read(&with(name, json!(value))),
                Err(CallbackError::Invalid(name)),
                "{value}"
            );
        }
    }
    for body in [&b""[..], b"{", b"[]", b"null", b"<html>"] {
        assert_eq!(read(body), Err(CallbackError::NotJson));
    }
    assert_eq!(read(&vec![b' '; CALLBACK_BYTES_MAX + 1]), Err(CallbackError::TooLarge));
}

#[test]
fn every_refusal_has_its_code() {
    let accepted = validation_body(ValidationAnswer::Accepted);
    assert_eq!(accepted, json!({"ResultCode": "0", "ResultDesc": "Accepted"}));
    for (answer, code) in [
        (ValidationAnswer::BadMsisdn, "C2B00011"),
        (ValidationAnswer::BadAccount, "C2B00012"),
        (ValidationAnswer::BadAmount, "C2B00013"),
        (ValidationAnswer::BadKyc, "C2B00014"),
        (ValidationAnswer::BadShortCode, "C2B00015"),
        (ValidationAnswer::Other, "C2B00016"),
    ] {
        assert_eq!(
            validation_body(answer),
            json!({"ResultCode": code, "ResultDesc": "Rejected"})
        );
    }
    assert_eq!(
        ValidationAnswer::from(OfferVerdict::UnknownAccount),
        ValidationAnswer::BadAccount
    );
    assert_eq!(
        ValidationAnswer::from(OfferVerdict::ForeignShortCode),
        ValidationAnswer::BadShortCode
    );
}
