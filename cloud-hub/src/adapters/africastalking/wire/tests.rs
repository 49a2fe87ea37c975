//! Pairs written from Africa's Talking's documents ("Sending", "Bulk SMS", "Notifications") and from what its official
//! clients send.

use kiosk::phone::Country;
use serde_json::json;

use super::*;
use crate::{
    hub::input::{TextFate, TextReport},
    secret::Secret,
};

fn settings(sender: Option<&str>) -> TextSettings {
    TextSettings {
        base_url: "http://texts.example".to_owned(),
        username: "sandbox".to_owned(),
        api_key: Secret::new("atsk_1"),
        sender: sender.map(str::to_owned),
        bulk: false,
    }
}

fn phone() -> Phone {
    Phone::parse("+254711000111", Country::Kenya).unwrap()
}

fn answered(status: u16, body: &str) -> TextOutcome {
    let body = body.as_bytes().to_vec();
    outcome(phone(), &Answer { status, body })
}

fn one(code: i64, word: &str, id: &str) -> String {
    json!({"SMSMessageData": {
        "Message": "Sent to 1/1 Total Cost: KES 0.8000",
        "Recipients": [{"statusCode": code, "number": "+254711000111", "status": word, "cost": "KES 0.8000", "messageId": id}],
    }})
    .to_string()
}

#[test]
fn both_forms_are_those_of_the_documents() {
    let form = send_form(&settings(Some("KISIMA")), phone(), "Paid KES 40 & thanks +1");
    assert_eq!(
        String::from_utf8(form).unwrap(),
        "username=sandbox&to=%2B254711000111&message=Paid+KES+40+%26+thanks+%2B1&bulkSMSMode=1&enqueue=1&from=KISIMA"
    );
    assert!(
        !String::from_utf8(send_form(&settings(None), phone(), "a"))
            .unwrap()
            .contains("from=")
    );
    let bulk = serde_json::to_value(bulk_body(&settings(Some("KISIMA")), phone(), "Paid")).unwrap();
    assert_eq!(
        bulk,
        json!({"username": "sandbox", "message": "Paid", "senderId": "KISIMA", "phoneNumbers": ["+254711000111"], "enqueue": true})
    );
    let plain = serde_json::to_value(bulk_body(&settings(None), phone(), "Paid")).unwrap();
    assert_eq!(plain.get("senderId"), None);
}

#[test]
fn each_code_of_a_recipient_has_its_meaning() {
    let sent = |id: &str| TextOutcome::Sent(Some(id.to_owned()));
    for (code, word) in [(100, "Processed"), (101, "Success"), (102, "Queued")] {
        assert_eq!(answered(201, &one(code, word, "ATXid_1")), sent("ATXid_1"), "{code}");
    }
    assert_eq!(answered(201, &one(101, "Success", "None")), TextOutcome::Sent(None));
    for (code, word) in [(402, "InvalidSenderId"), (405, "InsufficientBalance")] {
        assert_eq!(
            answered(201, &one(code, word, "None")),
            TextOutcome::Held(word.to_owned()),
            "{code}"
        );
    }
    for (code, word) in [
        (401, "RiskHold"),
        (403, "InvalidPhoneNumber"),
        (404, "UnsupportedNumberType"),
        (406, "UserInBlacklist"),
        (409, "DoNotDisturbRejection"),
    ] {
        assert_eq!(
            answered(201, &one(code, word, "None")),
            TextOutcome::Refused(word.to_owned()),
            "{code}"
        );
    }
    for (code, word) in [
        (407, "CouldNotRoute"),
        (500, "InternalServerError"),
        (501, "GatewayError"),
        (502, "RejectedByGateway"),
    ] {
        assert_eq!(
            answered(201, &one(code, word, "None")),
            TextOutcome::Failed(word.to_owned()),
            "{code}"
        );
    }
    assert_eq!(answered(201, &one(499, "Odd", "None")), TextOutcome::Unknown);
    let as_text = one(101, "Success", "ATXid_1").replace("101", "\"101\"");
    assert_eq!(answered(200, &as_text), sent("ATXid_1"));
    let anothers = one(101, "Success", "ATXid_1").replace("+254711000111", "+254711000112");
    assert_eq!(answered(201, &anothers), TextOutcome::Unknown);
}

#[test]
fn nobody_sent_to_is_a_failure_although_http_says_created() {
    let empty = |word: &str| json!({"SMSMessageData": {"Message": word, "Recipients": []}}).to_string();
    let held = |word: &str| TextOutcome::Held(word.to_owned());
    assert_eq!(answered(201, &empty("InvalidSenderId")), held("InvalidSenderId"));
    assert_eq!(
        answered(201, &empty("InsufficientBalance")),
        held("InsufficientBalance")
    );
    let other = "Sent to 0/1 Total Cost: 0";
    assert_eq!(answered(201, &empty(other)), TextOutcome::Failed(other.to_owned()));
}

#[test]
fn http_alone_says_what_is_known_of_a_text() {
    assert_eq!(
        answered(401, "The supplied authentication is invalid"),
        TextOutcome::Held("HTTP 401".to_owned())
    );
    assert_eq!(answered(404, ""), TextOutcome::Held("HTTP 404".to_owned()));
    assert_eq!(answered(429, ""), TextOutcome::NotSent);
    assert_eq!(answered(400, ""), TextOutcome::Failed("HTTP 400".to_owned()));
    assert_eq!(answered(503, "<html>"), TextOutcome::Failed("HTTP 503".to_owned()));
    for (status, body) in [
        (500, ""),
        (502, "<html>"),
        (504, ""),
        (408, ""),
        (201, "<html>"),
        (201, "{}"),
        (200, "[]"),
    ] {
        assert_eq!(answered(status, body), TextOutcome::Unknown, "{status} {body}");
    }
}

#[test]
fn a_report_is_read_word_by_word() {
    let read = |rest: &str| {
        let body = format!("id=ATXid_1&phoneNumber=%2B254711000111&networkCode=63902&{rest}");
        callback::reported(body.as_bytes())
    };
    let report = |fate| {
        Ok(TextReport {
            message_id: "ATXid_1".to_owned(),
            phone: phone(),
            fate,
        })
    };
    let failed = |word: &str| report(TextFate::Failed(word.to_owned()));
    assert_eq!(read("status=Success"), report(TextFate::Delivered));
    assert_eq!(read("status=success"), report(TextFate::Delivered));
    assert_eq!(
        read("status=Rejected&failureReason=UserInBlackList"),
        failed("UserInBlackList")
    );
    assert_eq!(read("status=Failed"), failed("Failed"));
    assert_eq!(read("status=Expired"), failed("Expired"));
    for word in ["Sent", "Submitted", "Buffered", "Teleported"] {
        assert_eq!(
            read(&format!("status={word}")),
            report(TextFate::OnTheWay(None)),
            "{word}"
        );
    }
    let absent = report(TextFate::OnTheWay(Some("AbsentSubscriber".to_owned())));
    assert_eq!(read("status=AbsentSubscriber"), absent);
}

#[test]
fn a_text_that_came_is_read_whole() {
    let body =
        b"date=2026-11-21+09%3A05%3A00&from=%2B254711000111&id=ab-1&linkId=&text=REPORT+7%0Aleak+%E2%98%94&to=22384";
    let text = callback::received(body).unwrap();
    assert_eq!(
        (text.id.as_str(), text.phone, text.text.as_str()),
        ("ab-1", phone(), "REPORT 7\nleak \u{2614}")
    );
    assert!(!format!("{text:?}").contains("leak"));
    assert_eq!(callback::received(b"from=%2B254711000111&id=1&text=").unwrap().text, "");
    // A plus that somebody did not encode.
    assert_eq!(
        callback::received(b"from=+254711000111&id=1&text=a").unwrap().phone,
        phone()
    );
    assert_eq!(
        callback::stopped(b"senderId=KISIMA&phoneNumber=%2B254711000111"),
        Ok(phone())
    );
}

#[test]
fn what_is_no_form_of_theirs_says_what_is_wrong() {
    use callback::FormError::{Invalid, Missing, TooLarge};
    let text = |body: &[u8]| callback::received(body).unwrap_err();
    assert_eq!(text(b""), Missing("text"));
    assert_eq!(text(b"{\"text\":\"a\"}"), Missing("text"));
    assert_eq!(text(b"text=a&from=%2B254711000111"), Missing("id"));
    assert_eq!(text(b"text=a&id=1"), Missing("from"));
    assert_eq!(text(b"text=a&id=1&from=MPESA"), Invalid("from"));
    assert_eq!(text(b"text=a&id=1&from=22384"), Invalid("from"));
    assert_eq!(text(b"text=a&id=a%0Ab&from=%2B254711000111"), Invalid("id"));
    let long = format!("text=a&from=%2B254711000111&id={}", "x".repeat(200));
    assert_eq!(text(long.as_bytes()), Invalid("id"));
    assert_eq!(text(&[b'x'; callback::CALLBACK_BYTES_MAX + 1]), TooLarge);
    assert_eq!(
        callback::reported(b"id=1&phoneNumber=%2B254711000111").unwrap_err(),
        Missing("status")
    );
    assert_eq!(
        callback::reported(b"id=1&status=Success").unwrap_err(),
        Missing("phoneNumber")
    );
    assert_eq!(callback::stopped(b"phoneNumber=x").unwrap_err(), Invalid("phoneNumber"));
}
