//! Pairs after the samples of the Daraja portal ("Business To Customer", "Reversal", "Transaction Status"); times by `date -u`.

use kiosk::{
    moment::Wall,
    payment::Msisdn,
    units::{Currency, Money},
};
use serde_json::{Value, json};

use super::*;
use crate::{
    adapters::mpesa::wire::{
        CallbackError,
        payout::{PayoutKind, PayoutOrder, payout_body},
        pull::pull_register_body,
        result::{Details, order_end, order_result, parse_result, parse_timeout},
        reversal::{ReversalOrder, reversal_body},
        status::{StatusQuestion, status_body},
    },
    hub::money::OrderEnd,
};

fn kes(minor: i64) -> Money {
    Money::new(minor, Currency::Kes)
}

fn initiator() -> Initiator {
    Initiator {
        name: "testapi".to_owned(),
        credential: Secret::new("EsJocK7"),
        payout_shortcode: "600997".to_owned(),
        result_url: "https://hub.example/payments/daraja/0a/result".to_owned(),
        timeout_url: "https://hub.example/payments/daraja/0a/timeout".to_owned(),
    }
}

fn payout(amount: Money) -> PayoutOrder {
    PayoutOrder {
        order: "600997_Test_32et3241ed8yu".parse().unwrap(),
        kind: PayoutKind::BusinessPayment,
        amount,
        receiver: Msisdn(254_705_912_645),
        remarks: "loan".to_owned(),
    }
}

#[test]
fn a_payout_is_written_as_the_portal_shows_it() {
    let body = serde_json::to_value(payout_body(&initiator(), &payout(kes(1_000))).ok().unwrap()).unwrap();
    assert_eq!(
        body,
        json!({
            "OriginatorConversationID": "600997_Test_32et3241ed8yu", "InitiatorName": "testapi",
            "SecurityCredential": "EsJocK7", "CommandID": "BusinessPayment", "Amount": 10, "PartyA": "600997",
            "PartyB": "254705912645", "Remarks": "loan",
            "QueueTimeOutURL": "https://hub.example/payments/daraja/0a/timeout",
            "ResultURL": "https://hub.example/payments/daraja/0a/result", "Occassion": "",
        })
    );
}

#[test]
fn a_payout_is_never_rounded_and_has_a_least() {
    for amount in [
        kes(999),
        kes(900),
        kes(1_050),
        kes(-1_000),
        Money::new(1_000, Currency::Ugx),
    ] {
        let fault = payout_body(&initiator(), &payout(amount)).err();
        assert_eq!(fault, Some(OrderFault::Amount { least: 10, amount }), "{amount}");
    }
    for (remarks, fits) in [
        ("x", false),
        ("xy", true),
        (&"x".repeat(100), true),
        (&"x".repeat(101), false),
    ] {
        let order = PayoutOrder {
            remarks: remarks.to_owned(),
            ..payout(kes(1_000))
        };
        assert_eq!(payout_body(&initiator(), &order).is_ok(), fits, "{remarks}");
    }
}

#[test]
fn a_reversal_is_spelled_as_daraja_spells_it() {
    let order = ReversalOrder {
        receipt: "PDU91HIVIT".parse().unwrap(),
        amount: kes(20_000),
        shortcode: "603021".to_owned(),
        remarks: "paid twice".to_owned(),
    };
    assert_eq!(
        serde_json::to_value(reversal_body(&initiator(), &order).ok().unwrap()).unwrap(),
        json!({
            "Initiator": "testapi", "SecurityCredential": "EsJocK7", "CommandID": "TransactionReversal",
            "TransactionID": "PDU91HIVIT", "Amount": 200, "ReceiverParty": "603021", "RecieverIdentifierType": "11",
            "ResultURL": "https://hub.example/payments/daraja/0a/result",
            "QueueTimeOutURL": "https://hub.example/payments/daraja/0a/timeout", "Remarks": "paid twice",
        })
    );
}

#[test]
fn a_question_has_no_space_in_its_names_and_names_one_thing() {
    let question = |receipt: Option<&str>, order: Option<&str>| StatusQuestion {
        receipt: receipt.map(|text| text.parse().unwrap()),
        order: order.map(|text| text.parse().unwrap()),
        shortcode: "600782".to_owned(),
        remarks: "OK".to_owned(),
    };
    let written =
        |question: &StatusQuestion| serde_json::to_value(status_body(&initiator(), question).ok().unwrap()).unwrap();
    assert_eq!(
        written(&question(Some("NEF61H8J60"), Some("ours-1"))),
        json!({
            "Initiator": "testapi", "SecurityCredential": "EsJocK7", "CommandID": "TransactionStatusQuery",
            "TransactionID": "NEF61H8J60", "PartyA": "600782", "IdentifierType": "4",
            "ResultURL": "https://hub.example/payments/daraja/0a/result",
            "QueueTimeOutURL": "https://hub.example/payments/daraja/0a/timeout", "Remarks": "OK", "Occasion": "",
        })
    );
    let by_order = written(&question(None, Some("ours-1")));
    assert_eq!(
        (&by_order["OriginalConversationID"], by_order.get("TransactionID")),
        (&json!("ours-1"), None)
    );
    assert_eq!(
        status_body(&initiator(), &question(None, None)).err(),
        Some(OrderFault::NothingNamed)
    );
}

#[test]
fn an_order_taken_twice_arrived_once() {
    let taken = br#"{"ConversationID":"AG_20240706_20106e9209f64bebd05b","OriginatorConversationID":"600997_Test_32et3241ed8yu","ResponseCode":"0","ResponseDescription":"Accept the service request successfully."}"#;
    let accepted = Accepted {
        conversation: "AG_20240706_20106e9209f64bebd05b".parse().ok(),
        order: "600997_Test_32et3241ed8yu".parse().ok(),
    };
    let table: [(&[u8], OrderAnswer); 9] = [
        (taken, OrderAnswer::Accepted(accepted)),
        (
            br#"{"requestId":"1","errorCode":"500.002.1001","errorMessage":"Duplicate OriginatorConversationID."}"#,
            OrderAnswer::ArrivedBefore,
        ),
        (
            br#"{"ResponseCode":"15","ResponseDescription":"Duplicate Detected"}"#,
            OrderAnswer::ArrivedBefore,
        ),
        (
            br#"{"requestId":"1","errorCode":"500.003.02","errorMessage":"busy"}"#,
            OrderAnswer::Refused(Failure::Busy),
        ),
        (
            br#"{"requestId":"1","errorCode":"400.002.02","errorMessage":"Invalid PartyB"}"#,
            OrderAnswer::Refused(Failure::Configuration),
        ),
        (
            br#"{"requestId":"1","errorCode":"500.003.1001","errorMessage":"Internal"}"#,
            OrderAnswer::NoAnswer,
        ),
        (
            br#"{"requestId":"1","errorCode":"500.001.1001","errorMessage":""}"#,
            OrderAnswer::NoAnswer,
        ),
        (b"<html>", OrderAnswer::NoAnswer),
        (br#"{"ResponseDescription":"?"}"#, OrderAnswer::NoAnswer),
    ];
    for (body, expected) in table {
        assert_eq!(
            order_answer(parse_accepted(body)),
            expected,
            "{}",
            String::from_utf8_lossy(body)
        );
    }
}

fn result(code: Value, parameters: Value) -> Vec<u8> {
    json!({"Result": {
        "ResultType": 0, "ResultCode": code, "ResultDesc": "…", "OriginatorConversationID": "ours-1",
        "ConversationID": "AG_1", "TransactionID": "SG632NKQE3",
        "ResultParameters": {"ResultParameter": parameters},
        "ReferenceData": {"ReferenceItem": {"Key": "QueueTimeoutURL", "Value": "https://x"}},
    }})
    .to_string()
    .into_bytes()
}

#[test]
fn a_payouts_result_is_read_with_its_keys() {
    let body = result(
        json!(0),
        json!([
            {"Key": "TransactionAmount", "Value": 10}, {"Key": "TransactionReceipt", "Value": "SG632NKQE3"},
            {"Key": "ReceiverPartyPublicName", "Value": "2547*****645 - Jane"},
            {"Key": "TransactionCompletedDateTime", "Value": "06.07.2024 22:48:52"},
            {"Key": "B2CUtilityAccountAvailableFunds", "Value": 500.00},
            {"Key": "B2CRecipientIsRegisteredCustomer", "Value": "Y"}, {"Key": "B2CChargesPaidAccountAvailableFunds"},
        ]),
    );
    let word = parse_result(&body).unwrap();
    assert_eq!((word.order.clone(), word.code.as_str()), ("ours-1".parse().ok(), "0"));
    assert_eq!(
        word.details,
        Details::Payout {
            receipt: "SG632NKQE3".parse().ok(),
            amount: Some(kes(1_000)),
            // 2024-07-06T19:48:52Z
            time: Some(Wall::from_seconds(1_720_295_332)),
            is_registered: Some(true),
        }
    );
    let meant = order_result(word);
    assert_eq!(
        (meant.end, meant.amount, meant.receipt),
        (OrderEnd::Done, Some(kes(1_000)), "SG632NKQE3".parse().ok())
    );
}

#[test]
fn one_bare_parameter_is_a_list_of_one_and_none_is_none() {
    let bare = parse_result(&result(
        json!("0"),
        json!({"Key": "OriginalTransactionID", "Value": "PDU91HIVIT"}),
    ))
    .unwrap();
    assert_eq!(
        bare.details,
        Details::Reversal {
            original: "PDU91HIVIT".parse().ok(),
            amount: None
        }
    );
    assert_eq!(
        order_result(bare).receipt,
        "PDU91HIVIT".parse().ok(),
        "what was given back, not the reversal"
    );
    let none =
        br#"{"Result":{"ResultCode":"2001","ConversationID":"AG_1","TransactionID":"","OriginatorConversationID":""}}"#;
    let word = parse_result(none).unwrap();
    assert_eq!(
        (word.order.clone(), word.transaction.clone(), &word.details),
        (None, None, &Details::Nothing)
    );
    assert_eq!(order_result(word).end, OrderEnd::Failed(Failure::Configuration));
}

#[test]
fn a_question_answered_is_not_a_transaction_completed() {
    for (status, end) in [
        ("Completed", OrderEnd::Done),
        ("Declined", OrderEnd::Unknown),
        ("Authorized", OrderEnd::Unknown),
    ] {
        let parameters = json!([
            {"Key": "ReceiptNo", "Value": "SAM62HAIKL"}, {"Key": "Amount", "Value": "1.00"},
            {"Key": "TransactionStatus", "Value": status}, {"Key": "FinalisedTime", "Value": 20_240_706_224_852_i64},
            {"Key": "DebitPartyName", "Value": "600310 - Safaricom"},
        ]);
        let word = parse_result(&result(json!(0), parameters)).unwrap();
        let Details::Status { time, .. } = word.details else {
            panic!("{word:?}")
        };
        assert_eq!(time, Some(Wall::from_seconds(1_720_295_332)));
        let meant = order_result(word);
        assert_eq!(
            (meant.end, meant.amount, meant.receipt, meant.is_status),
            (end, Some(kes(100)), "SAM62HAIKL".parse().ok(), true),
            "{status}"
        );
    }
}

#[test]
fn codes_of_orders_mean_what_the_portal_says() {
    for (code, end) in [
        ("0", OrderEnd::Done),
        ("R000001", OrderEnd::Done),
        ("R000002", OrderEnd::Failed(Failure::Refused)),
        ("2040", OrderEnd::Failed(Failure::Refused)),
        ("2001", OrderEnd::Failed(Failure::Configuration)),
        ("8006", OrderEnd::Failed(Failure::Configuration)),
        ("1", OrderEnd::Failed(Failure::BalanceTooLow)),
        ("15", OrderEnd::Unknown),
        ("1037", OrderEnd::Unknown),
        ("4999", OrderEnd::Unknown),
        ("something new", OrderEnd::Unknown),
    ] {
        assert_eq!(order_end(code), end, "{code}");
    }
}

#[test]
fn a_timeout_is_an_unknown_outcome_whatever_it_says() {
    for body in [
        json!({"Result": {"ResultCode": 0, "OriginatorConversationID": "ours-1", "ConversationID": "AG_1"}}),
        json!({"OriginatorConversationID": "ours-1", "ConversationID": "AG_1"}),
    ] {
        let meant = parse_timeout(body.to_string().as_bytes()).unwrap();
        assert_eq!((meant.end, meant.order), (OrderEnd::Unknown, "ours-1".parse().ok()));
    }
    assert_eq!(parse_timeout(b"{}"), Err(CallbackError::Missing("ConversationID")));
}

#[test]
fn a_bad_result_names_what_is_wrong() {
    let table: [(&[u8], CallbackError); 6] = [
        (b"", CallbackError::NotJson),
        (b"[1]", CallbackError::NotJson),
        (b"{}", CallbackError::Missing("Result")),
        (
            br#"{"Result":{"ConversationID":"AG_1"}}"#,
            CallbackError::Missing("ResultCode"),
        ),
        (
            br#"{"Result":{"ResultCode":0}}"#,
            CallbackError::Missing("ConversationID"),
        ),
        (
            br#"{"Result":{"ResultCode":0,"ConversationID":"a b"}}"#,
            CallbackError::Invalid("ConversationID"),
        ),
    ];
    for (body, expected) in table {
        assert_eq!(parse_result(body), Err(expected), "{}", String::from_utf8_lossy(body));
    }
}

#[test]
fn a_result_is_not_lost_for_what_only_describes_it() {
    let odd = json!({"Result": {
        "ResultCode": 0, "ConversationID": "AG_1", "OriginatorConversationID": "ours-1", "TransactionID": "two words",
        "ResultParameters": {"ResultParameter": [
            {"Key": "TransactionAmount", "Value": "1,0"}, {"Key": "TransactionReceipt", "Value": {"a": 1}},
        ]},
    }});
    let meant = order_result(parse_result(odd.to_string().as_bytes()).unwrap());
    assert_eq!(
        (meant.end, meant.order, meant.receipt, meant.amount),
        (OrderEnd::Done, "ours-1".parse().ok(), None, None)
    );
    let asked = json!([
        {"Key": "ReceiptNo", "Value": "ä"}, {"Key": "Amount", "Value": "-"},
        {"Key": "TransactionStatus", "Value": "Completed"},
    ]);
    let meant = order_result(parse_result(&result(json!(0), asked)).unwrap());
    assert_eq!((meant.end, meant.receipt, meant.amount), (OrderEnd::Done, None, None));
}

#[test]
fn what_holds_the_webhooks_secret_does_not_print() {
    let body = pull_register_body("600000", Msisdn(254_722_000_000), "https://hub.example/0a1b");
    assert_eq!(
        format!("{body:?} {:?}", initiator()),
        "PullRegisterBody(…) Initiator(…)"
    );
}
