//! The pretend messenger against the shapes of the documents.

use super::*;

const PHONE: u64 = 254_711_000_111;

fn call(texts: &mut Texts, path: &str, key: &str, body: &str) -> (u16, Value) {
    let request = Request {
        method: "POST".to_owned(),
        path: path.to_owned(),
        headers: BTreeMap::from([("apikey".to_owned(), key.to_owned())]),
        body: body.as_bytes().to_vec(),
    };
    match texts.handle(1_000, &Draw::new([1; 32]), &request).1 {
        Answer::Response(response) => (
            response.status,
            serde_json::from_str(&response.body).unwrap_or_default(),
        ),
        Answer::Silence => (0, Value::Null),
    }
}

fn form(texts: &mut Texts, to: &str) -> (u16, Value) {
    let body = format!("username=sandbox&to={to}&message=Paid+KES+40&bulkSMSMode=1&enqueue=1&from=KISIMA");
    call(texts, "version1/messaging", "key", &body)
}

fn with(change: impl FnOnce(&mut Behaviour)) -> Texts {
    let mut texts = Texts::default();
    let mut behaviour = Behaviour {
        delivery_url: "http://hub.example/sms/delivery/ab".to_owned(),
        inbound_url: "http://hub.example/sms/inbound/ab".to_owned(),
        ..Behaviour::default()
    };
    change(&mut behaviour);
    texts.set_behaviour(behaviour);
    texts
}

fn words(texts: &mut Texts, now_ms: i64) -> Vec<String> {
    let status = |callback: Callback| {
        let mut fields = form_urlencoded::parse(callback.body.as_bytes());
        fields.find(|(name, _)| name == "status").unwrap().1.into_owned()
    };
    texts.tick(now_ms).into_iter().map(status).collect()
}

#[test]
fn both_forms_reach_the_phone() {
    let mut texts = with(|_| ());
    let (status, answer) = form(&mut texts, "%2B254711000111");
    let recipient = &answer["SMSMessageData"]["Recipients"][0];
    assert_eq!(
        (status, &recipient["statusCode"], &recipient["number"]),
        (201, &json!(101), &json!("+254711000111"))
    );
    assert!(recipient["messageId"].as_str().unwrap().starts_with("ATXid_"));
    let bulk = json!({"username": "sandbox", "message": "Again", "phoneNumbers": ["+254711000111"], "enqueue": true});
    assert_eq!(
        call(&mut texts, "version1/messaging/bulk", "key", &bulk.to_string()).0,
        201
    );
    assert_eq!(texts.received(PHONE), ["Paid KES 40", "Again"]);
    assert_eq!(
        words(&mut texts, 1_000),
        ["Submitted", "Success", "Submitted", "Success"]
    );
}

#[test]
fn it_can_be_awkward() {
    let mut texts = with(|behaviour| behaviour.api_key = "other".to_owned());
    assert_eq!(form(&mut texts, "%2B254711000111").0, 401);
    let mut texts = with(|behaviour| behaviour.account = Account::InvalidSenderId);
    let (status, answer) = form(&mut texts, "%2B254711000111");
    assert_eq!((status, &answer["SMSMessageData"]["Recipients"]), (201, &json!([])));
    let mut texts = with(|behaviour| behaviour.account = Account::InsufficientBalance);
    assert_eq!(
        form(&mut texts, "%2B254711000111").1["SMSMessageData"]["Recipients"][0]["statusCode"],
        405
    );
    let mut texts = with(|behaviour| behaviour.refuse_half = true);
    let (_, answer) = form(&mut texts, "%2B254711000111,%2B254711000112");
    assert_eq!(answer["SMSMessageData"]["Recipients"][1]["statusCode"], 403);
    assert_eq!(texts.messages().len(), 1);
    let mut texts = with(|behaviour| behaviour.fault = Fault::Silent);
    assert_eq!(form(&mut texts, "%2B254711000111").0, 0);
    assert_eq!(texts.messages().len(), 1, "taken all the same");
    let mut texts = with(|behaviour| behaviour.fault = Fault::Unavailable);
    assert_eq!(form(&mut texts, "%2B254711000111").0, 503);
    assert_eq!(texts.messages().len(), 0);
}

#[test]
fn reports_come_late_doubled_and_out_of_order() {
    let mut texts = with(|behaviour| {
        behaviour.reports = 2;
        behaviour.report_delay_ms = 500;
        behaviour.reports_shuffled = true;
    });
    form(&mut texts, "%2B254711000111");
    assert_eq!(words(&mut texts, 1_499), [""; 0]);
    assert_eq!(words(&mut texts, 1_500), ["Success", "Success"]);
    assert_eq!(words(&mut texts, 2_000), ["Submitted"]);
}

#[test]
fn a_phone_writes_to_the_hub() {
    let mut texts = with(|_| ());
    texts.write(1_000, PHONE, "BALANCE & more");
    let sent = texts.tick(1_000).remove(0);
    assert_eq!(sent.url, "http://hub.example/sms/inbound/ab");
    assert!(
        sent.body.contains("from=%2B254711000111") && sent.body.contains("text=BALANCE+%26+more"),
        "{}",
        sent.body
    );
}
