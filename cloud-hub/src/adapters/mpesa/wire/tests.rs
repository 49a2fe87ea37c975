//! Recorded pairs. The texts follow the samples of the Daraja portal ("M-Pesa Express Simulate", "M-Pesa Express Query")
//! and what was observed on its sandbox; the passwords were computed with coreutils `base64`.

use kiosk::payment::{Failure, ProviderVerdict};
use serde_json::json;

use super::*;

fn settings(till: Option<&str>) -> MpesaSettings {
    MpesaSettings {
        base_url: "http://daraja.test".to_owned(),
        shortcode: "174379".to_owned(),
        till: till.map(str::to_owned),
        passkey: Secret::new("bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919"),
        consumer_key: Secret::new("key"),
        consumer_secret: Secret::new("secret"),
    }
}

fn order() -> PushOrder {
    PushOrder {
        amount: Money::new(30_000, Currency::Kes),
        payer: Msisdn(254_708_374_149),
        callback_url: "https://hub.example/payments/daraja/0a/stk/77".to_owned(),
        account_reference: "AQP123456".to_owned(),
        description: "Water".to_owned(),
    }
}

fn checkout() -> ProviderReference {
    "ws_CO_191220191020363925".parse().unwrap()
}

/// 2016-02-16T13:56:27Z.
const NOW: Wall = Wall::from_seconds(1_455_630_987);
const PASSWORD: &str =
    "MTc0Mzc5YmZiMjc5ZjlhYTliZGJjZjE1OGU5N2RkNzFhNDY3Y2QyZTBjODkzMDU5YjEwZjc4ZTZiNzJhZGExZWQyYzkxOTIwMTYwMjE2MTY1NjI3";

#[test]
fn a_paybill_push_is_written_as_the_portal_shows_it() {
    let body = push_body(&settings(None), &order(), NOW).ok().unwrap();
    assert_eq!(
        serde_json::to_value(body).unwrap(),
        json!({
            "BusinessShortCode": "174379",
            "Password": PASSWORD,
            "Timestamp": "20160216165627",
            "TransactionType": "CustomerPayBillOnline",
            "Amount": 300,
            "PartyA": "254708374149",
            "PartyB": "174379",
            "PhoneNumber": "254708374149",
            "CallBackURL": "https://hub.example/payments/daraja/0a/stk/77",
            "AccountReference": "AQP123456",
            "TransactionDesc": "Water",
        })
    );
}

#[test]
fn a_till_is_paid_as_goods_with_the_till_as_party_b() {
    let body = push_body(&settings(Some("5123456")), &order(), NOW).ok().unwrap();
    let body = serde_json::to_value(body).unwrap();
    assert_eq!(body["TransactionType"], "CustomerBuyGoodsOnline");
    assert_eq!(body["PartyB"], "5123456");
    assert_eq!(body["BusinessShortCode"], "174379");
}

#[test]
fn a_query_is_written_as_the_portal_shows_it() {
    assert_eq!(
        serde_json::to_value(query_body(&settings(None), &checkout(), NOW)).unwrap(),
        json!({
            "BusinessShortCode": "174379",
            "Password": PASSWORD,
            "Timestamp": "20160216165627",
            "CheckoutRequestID": "ws_CO_191220191020363925",
        })
    );
}

#[test]
fn the_timestamp_is_east_africa_time_and_may_be_in_the_next_year() {
    // 2026-12-31T22:30:00Z
    assert_eq!(timestamp(Wall::from_seconds(1_798_756_200)), "20270101013000");
}

#[test]
fn orders_are_cut_to_what_daraja_takes() {
    let body = |order: PushOrder| serde_json::to_value(push_body(&settings(None), &order, NOW).ok().unwrap()).unwrap();
    let long = body(PushOrder {
        amount: Money::new(101, Currency::Kes),
        account_reference: "AQP-123456-789012".to_owned(),
        description: "Maji: 20 litres of water".to_owned(),
        ..order()
    });
    assert_eq!(long["Amount"], 2, "cents are rounded up to a whole shilling");
    assert_eq!(long["AccountReference"], "AQP123456789");
    assert_eq!(long["TransactionDesc"], "Maji 20 litre");
    let empty = body(PushOrder {
        account_reference: "…".to_owned(),
        description: String::new(),
        ..order()
    });
    assert_eq!(empty["AccountReference"], "Kisima");
}

#[test]
fn only_whole_shillings_from_one_up_are_asked_for() {
    let error = |amount| push_body(&settings(None), &PushOrder { amount, ..order() }, NOW).err();
    assert_eq!(
        error(Money::new(500, Currency::Ugx)),
        Some(OrderError::NotShillings(Currency::Ugx))
    );
    for minor in [0, -100, -1] {
        let amount = Money::new(minor, Currency::Kes);
        assert_eq!(error(amount), Some(OrderError::TooLittle(amount)), "{minor}");
    }
    for payer in [256_772_123_456, 708_374_149, 46_733_123_450] {
        let payer = Msisdn(payer);
        let refused = push_body(&settings(None), &PushOrder { payer, ..order() }, NOW).err();
        assert_eq!(
            refused.map(|error| error.failure()),
            Some(Failure::Refused),
            "{payer:?} is another country's, and our set-up is right"
        );
    }
    assert_eq!(
        format!("{:?}", order()),
        "PushOrder(…)",
        "the webhooks' secret is in it"
    );
}

#[test]
fn tokens_live_as_long_as_they_say_in_number_or_string() {
    let table = [
        (r#"{"access_token":"c9SQx","expires_in":3599}"#, 3_599),
        (r#"{"access_token":"c9SQx","expires_in":"3599"}"#, 3_599),
        (r#"{"access_token":"c9SQx","expires_in":99999999999}"#, 86_400),
    ];
    for (body, seconds) in table {
        match parse_token(body.as_bytes()) {
            Reply::Done(token) => {
                assert_eq!(
                    (token.token.expose(), token.life.as_secs()),
                    ("c9SQx", seconds),
                    "{body}"
                );
            }
            other => panic!("{body}: {other:?}"),
        }
    }
    for body in [
        "",
        "<html>",
        "{}",
        r#"{"access_token":"","expires_in":1}"#,
        r#"{"access_token":"a","expires_in":-1}"#,
        r#"{"access_token":null,"expires_in":1}"#,
    ] {
        assert!(matches!(parse_token(body.as_bytes()), Reply::Unreadable), "{body}");
    }
}

#[test]
fn answers_to_a_push_become_what_they_mean() {
    let accepted = PushAnswer::Accepted {
        reference: Some(checkout()),
    };
    let table = [
        (
            r#"{"MerchantRequestID":"29115-34620561-1","CheckoutRequestID":"ws_CO_191220191020363925","ResponseCode":"0",
                "ResponseDescription":"Success. Request accepted for processing",
                "CustomerMessage":"Success. Request accepted for processing"}"#,
            accepted.clone(),
        ),
        (
            r#"{"CheckoutRequestID":"ws_CO_191220191020363925","ResponseCode":0}"#,
            accepted,
        ),
        (r#"{"ResponseCode":"0"}"#, PushAnswer::Accepted { reference: None }),
        (
            r#"{"requestId":"16813-15-1","errorCode":"400.002.02","errorMessage":"Bad Request - Invalid PhoneNumber"}"#,
            PushAnswer::Refused(Failure::Configuration),
        ),
        (
            r#"{"requestId":"1","errorCode":"404.001.03","errorMessage":"Invalid Access Token"}"#,
            PushAnswer::Refused(Failure::Configuration),
        ),
        (
            r#"{"requestId":"1","errorCode":"500.003.02","errorMessage":"System is busy. Please try again in few minutes."}"#,
            PushAnswer::Refused(Failure::Busy),
        ),
        (
            r#"{"requestId":"1","errorCode":"500.001.1001","errorMessage":"Unable to lock subscriber"}"#,
            PushAnswer::Refused(Failure::Refused),
        ),
        (
            r#"{"requestId":"1","errorCode":"500.003.1001","errorMessage":"Internal Server Error"}"#,
            PushAnswer::NoAnswer,
        ),
        (
            r#"{"ResponseCode":"1","ResponseDescription":"Rejected"}"#,
            PushAnswer::Refused(Failure::Refused),
        ),
        ("<html><body>502 Bad Gateway</body></html>", PushAnswer::NoAnswer),
        (r#"{"MerchantRequestID":"29115-3462"#, PushAnswer::NoAnswer),
        ("{}", PushAnswer::NoAnswer),
        ("[]", PushAnswer::NoAnswer),
        ("", PushAnswer::NoAnswer),
    ];
    for (body, expected) in table {
        assert_eq!(push_answer(parse_push(body.as_bytes())), expected, "{body}");
    }
}

#[test]
fn answers_to_a_query_become_what_they_mean() {
    let answered = [
        (
            r#"{"ResponseCode":"0","ResponseDescription":"The service request has been accepted successsfully",
                "MerchantRequestID":"22205-34066-1","CheckoutRequestID":"ws_CO_191220191020363925",
                "ResultCode":"0","ResultDesc":"The service request is processed successfully."}"#,
            ProviderVerdict::Paid,
        ),
        (r#"{"ResponseCode":"0","ResultCode":0}"#, ProviderVerdict::Paid),
        (
            r#"{"ResponseCode":"0","ResultCode":"4999","ResultDesc":"The transaction is still under processing"}"#,
            ProviderVerdict::Pending,
        ),
        (r#"{"ResponseCode":"0","ResultCode":1032}"#, ProviderVerdict::Cancelled),
        (r#"{"ResponseCode":"0","ResultCode":"1037"}"#, ProviderVerdict::Expired),
        (r#"{"ResponseCode":"0","ResultCode":"-7"}"#, ProviderVerdict::Unknown),
        (r#"{"ResponseCode":"0","ResultCode":1e300}"#, ProviderVerdict::Unknown),
        (r#"{"ResponseCode":"0","ResultCode":""}"#, ProviderVerdict::Unknown),
    ];
    for (body, expected) in answered {
        match query_answer(&checkout(), parse_query(body.as_bytes())) {
            QueryAnswer::Report(report) => {
                assert_eq!(
                    (report.verdict, report.reference),
                    (expected, Some(checkout())),
                    "{body}"
                );
            }
            QueryAnswer::NoAnswer => panic!("{body}"),
        }
    }
    for body in [
        r#"{"requestId":"1","errorCode":"500.001.1001","errorMessage":"The transaction is being processed"}"#,
        r#"{"requestId":"1","errorCode":"500.001.1001","errorMessage":""}"#,
        r#"{"ResponseCode":"0","ResultCode":null}"#,
        r#"{"ResponseCode":"1","ResultCode":"0"}"#,
        r#"{"ResponseCode":"0","CheckoutRequestID":"ws_CO_another","ResultCode":"0"}"#,
        "<html>",
        "",
    ] {
        let answer = query_answer(&checkout(), parse_query(body.as_bytes()));
        assert_eq!(answer, QueryAnswer::NoAnswer, "{body}");
    }
}

#[test]
fn result_codes_mean_what_the_portals_table_says() {
    let failed = ProviderVerdict::Failed;
    let table = [
        ("0", ProviderVerdict::Paid),
        ("1", failed(Failure::BalanceTooLow)),
        ("2", failed(Failure::Limit)),
        ("3", failed(Failure::Limit)),
        ("4", failed(Failure::Limit)),
        ("8", failed(Failure::Limit)),
        ("11", failed(Failure::Configuration)),
        ("17", failed(Failure::RepeatedTooSoon)),
        ("21", failed(Failure::Configuration)),
        ("26", failed(Failure::Busy)),
        ("1001", failed(Failure::PromptNotShown)),
        ("1019", ProviderVerdict::Expired),
        ("1025", failed(Failure::PromptNotShown)),
        ("1032", ProviderVerdict::Cancelled),
        ("1037", ProviderVerdict::Expired),
        ("2001", failed(Failure::WrongPin)),
        ("2006", failed(Failure::Configuration)),
        ("2028", failed(Failure::Configuration)),
        ("4999", ProviderVerdict::Pending),
        ("8006", failed(Failure::Refused)),
        ("9999", failed(Failure::PromptNotShown)),
        ("SFC_IC0003", failed(Failure::Configuration)),
        ("00", ProviderVerdict::Unknown),
        ("777", ProviderVerdict::Unknown),
        ("", ProviderVerdict::Unknown),
    ];
    for (code, expected) in table {
        assert_eq!(verdict(code), expected, "{code}");
    }
}

fn callback(code: &str, metadata: &str) -> Result<Callback, CallbackError> {
    parse_callback(
        format!(
            r#"{{"Body":{{"stkCallback":{{"MerchantRequestID":"29115-34620561-1",
                "CheckoutRequestID":"ws_CO_191220191020363925","ResultCode":{code},"ResultDesc":"any words"{metadata}}}}}}}"#
        )
        .as_bytes(),
    )
}

fn items(items: &str) -> String {
    format!(r#","CallbackMetadata":{{"Item":[{items}]}}"#)
}

#[test]
fn a_paid_callback_tells_receipt_amount_and_phone_in_any_order() {
    let portal = r#"{"Name":"Amount","Value":1.00},{"Name":"MpesaReceiptNumber","Value":"NLJ7RT61SV"},
        {"Name":"Balance"},{"Name":"TransactionDate","Value":20191219102115},{"Name":"PhoneNumber","Value":254708374149}"#;
    let turned = r#"{"Name":"PhoneNumber","Value":"254708374149"},{"Name":"TransactionDate","Value":20191219102115},
        {"Name":"MpesaReceiptNumber","Value":"NLJ7RT61SV"},{"Name":"Amount","Value":"1"}"#;
    for order in [portal, turned] {
        let callback = callback("0", &items(order)).unwrap();
        assert_eq!(callback.merchant_request.as_deref(), Some("29115-34620561-1"));
        assert_eq!(
            callback.report,
            Report {
                reference: Some(checkout()),
                verdict: ProviderVerdict::Paid,
                receipt: "NLJ7RT61SV".parse().ok(),
                amount: Some(Money::new(100, Currency::Kes)),
                payer: Some(Msisdn(254_708_374_149)),
            }
        );
    }
}

#[test]
fn a_callback_without_payment_has_a_code_and_nothing_else() {
    for code in ["1032", "\"1032\"", "1032.0"] {
        let callback = callback(code, "").unwrap();
        assert_eq!(callback.result_code, "1032");
        assert_eq!(callback.report.verdict, ProviderVerdict::Cancelled);
        assert_eq!((callback.report.receipt, callback.report.amount), (None, None));
    }
}

#[test]
fn what_a_callback_leaves_out_is_left_out() {
    for metadata in [
        String::new(),
        items(""),
        items(r#"{"Name":"Amount"},{"Name":"PhoneNumber","Value":null},{"Name":"MpesaReceiptNumber","Value":""},7,{}"#),
        items(r#"{"Name":"PhoneNumber","Value":"2547 ***** 149"}"#),
        items(r#"{"Name":"PhoneNumber","Value":-254708374149}"#),
        r#","CallbackMetadata":null"#.to_owned(),
    ] {
        let report = callback("0", &metadata).unwrap().report;
        assert_eq!(
            (report.receipt, report.amount, report.payer),
            (None, None, None),
            "{metadata}"
        );
    }
}

#[test]
fn amounts_are_read_to_the_cent_or_not_at_all() {
    let amount = |value: &str| callback("0", &items(&format!(r#"{{"Name":"Amount","Value":{value}}}"#)));
    for (value, minor) in [("300", 30_000), ("300.5", 30_050), ("\"0.07\"", 7), ("5.10", 510)] {
        let read = amount(value).unwrap().report.amount;
        assert_eq!(read, Some(Money::new(minor, Currency::Kes)), "{value}");
    }
    for value in [
        "-5",
        "1e30",
        "\"1,000.00\"",
        "99999999999999999999",
        "1.234",
        "\".5\"",
        "\"+1\"",
    ] {
        assert_eq!(amount(value), Err(CallbackError::Invalid("Amount")), "{value}");
    }
}

#[test]
fn what_is_not_a_callback_says_why() {
    let table = [
        ("<html>", CallbackError::NotJson),
        ("", CallbackError::NotJson),
        ("{}", CallbackError::Missing("Body.stkCallback")),
        (
            r#"{"Body":{"stkCallback":{"ResultCode":0}}}"#,
            CallbackError::Missing("CheckoutRequestID"),
        ),
        (
            r#"{"Body":{"stkCallback":{"CheckoutRequestID":"a b","ResultCode":0}}}"#,
            CallbackError::Invalid("CheckoutRequestID"),
        ),
        (
            r#"{"Body":{"stkCallback":{"CheckoutRequestID":"ws_CO_1","ResultCode":null}}}"#,
            CallbackError::Missing("ResultCode"),
        ),
    ];
    for (body, expected) in table {
        assert_eq!(parse_callback(body.as_bytes()), Err(expected), "{body}");
    }
    assert_eq!(
        parse_callback(&vec![b' '; 16 * 1_024 + 1]),
        Err(CallbackError::TooLarge)
    );
    let receipt = items(r#"{"Name":"MpesaReceiptNumber","Value":"NLJ 7RT"}"#);
    assert_eq!(
        callback("0", &receipt),
        Err(CallbackError::Invalid("MpesaReceiptNumber"))
    );
}
