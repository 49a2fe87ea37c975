//! The pretend provider is held to the documents too, or it would prove nothing about the client.

use super::*;

const PHONE: u64 = 254_708_374_149;

/// The provider with a clock that the test turns.
struct Provider {
    mpesa: Mpesa,
    now_ms: i64,
    draws: u64,
    token: String,
}

impl Provider {
    fn new(behaviour: Behaviour) -> Provider {
        let mut provider = Provider {
            mpesa: Mpesa::default(),
            // 2019-12-19T07:20:36Z, 10:20:36 in Nairobi.
            now_ms: 1_576_740_036_000,
            draws: 0,
            token: String::new(),
        };
        provider.mpesa.set_behaviour(behaviour);
        provider.token = provider.new_token();
        provider
    }

    fn draw(&mut self) -> Draw {
        self.draws += 1;
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&self.draws.to_le_bytes());
        Draw::new(bytes)
    }

    fn send(&mut self, method: &str, path: &str, authorization: &str, body: &str) -> Answer {
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            authorization: Some(authorization.to_owned()),
            body: body.as_bytes().to_vec(),
        };
        let draw = self.draw();
        self.mpesa.handle(self.now_ms, &draw, &request)
    }

    fn new_token(&mut self) -> String {
        // base64 of "key:secret"
        let path = "oauth/v1/generate?grant_type=client_credentials";
        let answer = self.send("GET", path, "Basic a2V5OnNlY3JldA==", "");
        read(&answer).1["access_token"].as_str().unwrap().to_owned()
    }

    fn post(&mut self, path: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        self.send("POST", path, &bearer, &body.to_string())
    }

    fn push(&mut self) -> Answer {
        self.post("mpesa/stkpush/v1/processrequest", &push_body())
    }

    fn pushed(&mut self) -> String {
        let (status, body) = read(&self.push());
        assert_eq!((status, &body["ResponseCode"]), (200, &json!("0")));
        body["CheckoutRequestID"].as_str().unwrap().to_owned()
    }

    fn query(&mut self, checkout_request: &str) -> (u16, Value) {
        let mut body = credentials();
        body["CheckoutRequestID"] = json!(checkout_request);
        read(&self.post("mpesa/stkpushquery/v1/query", &body))
    }

    fn pass(&mut self, ms: i64) -> Vec<Callback> {
        self.now_ms += ms;
        let draw = self.draw();
        self.mpesa.tick(self.now_ms, &draw)
    }
}

fn read(answer: &Answer) -> (u16, Value) {
    match answer {
        Answer::Response(response) => (response.status, serde_json::from_str(&response.body).unwrap()),
        Answer::Silence => panic!("silence"),
    }
}

fn error_code(answer: &Answer) -> String {
    read(answer).1["errorCode"].as_str().unwrap().to_owned()
}

/// Short code 174379, passkey "passkey", made with coreutils: `printf 174379passkey20191219102036 | base64`.
fn credentials() -> Value {
    json!({
        "BusinessShortCode": "174379",
        "Password": "MTc0Mzc5cGFzc2tleTIwMTkxMjE5MTAyMDM2",
        "Timestamp": "20191219102036",
    })
}

fn push_body() -> Value {
    let mut body = credentials();
    let rest = json!({
        "TransactionType": "CustomerPayBillOnline", "Amount": "300", "PartyA": PHONE, "PartyB": "174379",
        "PhoneNumber": PHONE, "CallBackURL": "http://hub.test/payments/daraja/0a/stk/77",
        "AccountReference": "AQP123456", "TransactionDesc": "Water",
    });
    for (name, value) in rest.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn manual() -> Behaviour {
    Behaviour {
        auto: false,
        ..Behaviour::default()
    }
}

#[test]
fn a_new_token_ends_the_one_before() {
    let mut provider = Provider::new(Behaviour::default());
    let old = provider.token.clone();
    provider.new_token();
    let answer = provider.push();
    assert_eq!((read(&answer).0, error_code(&answer)), (404, "404.001.03".to_owned()));
    provider.token = provider.new_token();
    assert_ne!(provider.token, old);
    provider.pushed();
    provider.pass(3_599_000);
    assert_eq!(error_code(&provider.push()), "404.001.03", "it has run out");
}

#[test]
fn requests_are_refused_as_the_portal_lists_it() {
    let mut provider = Provider::new(Behaviour::default());
    let bearer = format!("Bearer {}", provider.token);
    let push = "mpesa/stkpush/v1/processrequest";
    let refused = [
        (provider.send("POST", "mpesa/b2b", &bearer, "{}"), "404.001.01"),
        (provider.send("GET", push, &bearer, ""), "405.001"),
        (provider.send("POST", push, &bearer, "{"), "400.002.05"),
        (
            provider.send("GET", "oauth/v1/generate", "Basic a2V5OnNlY3JldA==", ""),
            "400.008.02",
        ),
        (provider.send("GET", "oauth/v1/generate", "Bearer x", ""), "400.008.01"),
    ];
    for (answer, code) in refused {
        assert_eq!(error_code(&answer), code);
    }
    let odd = [
        ("PhoneNumber", json!("0708374149"), "400.002.02"),
        ("PartyA", json!("+254708374149"), "400.002.02"),
        ("Amount", json!(0), "400.002.02"),
        ("Amount", json!(1.5), "400.002.02"),
        ("AccountReference", json!("AQP1234567890"), "400.002.02"),
        ("TransactionDesc", json!("fourteen chars"), "400.002.02"),
        ("TransactionType", json!("PayBill"), "400.002.02"),
        ("Timestamp", json!("20191219102037"), "500.001.1001"),
        ("Password", json!("MTc0Mzc5"), "500.001.1001"),
    ];
    for (name, value, code) in odd {
        let mut body = push_body();
        body[name] = value;
        assert_eq!(error_code(&provider.post(push, &body)), code, "{name}");
    }
    assert_eq!(provider.mpesa.prompts().len(), 0);
}

#[test]
fn the_same_reference_twice_gives_two_prompts() {
    let mut provider = Provider::new(manual());
    assert_ne!(provider.pushed(), provider.pushed());
    assert_eq!(provider.mpesa.prompts().len(), 2);
}

#[test]
fn a_payment_reaches_the_books_and_calls_back_once() {
    let mut provider = Provider::new(Behaviour::default());
    let checkout_request = provider.pushed();
    assert_eq!(provider.pass(999), []);
    let callbacks = provider.pass(1);
    let line = provider.mpesa.ledger()[0].clone();
    assert_eq!((line.amount, line.phone, line.party_b.as_str()), (300, PHONE, "174379"));
    assert_eq!(provider.mpesa.balance(PHONE), 99_700);
    let body = format!(
        r#"{{"Body":{{"stkCallback":{{"MerchantRequestID":"29115-34620561-1","CheckoutRequestID":"{checkout_request}","ResultCode":0,"ResultDesc":"The service request is processed successfully.","CallbackMetadata":{{"Item":[{{"Name":"Amount","Value":300.00}},{{"Name":"MpesaReceiptNumber","Value":"{}"}},{{"Name":"Balance"}},{{"Name":"TransactionDate","Value":20191219102037}},{{"Name":"PhoneNumber","Value":254708374149}}]}}}}}}}}"#,
        line.receipt
    );
    assert_eq!(
        callbacks,
        [Callback {
            url: "http://hub.test/payments/daraja/0a/stk/77".to_owned(),
            shortcode: "174379".to_owned(),
            body,
            validates: None,
        }]
    );
    assert_eq!(provider.pass(86_400_000), []);
    assert_eq!(provider.mpesa.due_ms(), None);
}

#[test]
fn an_open_prompt_is_queried_in_all_shapes_and_a_finished_one_tells_its_code() {
    let mut provider = Provider::new(manual());
    let checkout_request = provider.pushed();
    let (status, body) = provider.query(&checkout_request);
    assert_eq!((status, &body["ResultCode"]), (200, &json!("4999")));
    let (status, body) = provider.query(&checkout_request);
    assert_eq!((status, &body["errorCode"]), (500, &json!("500.001.1001")));
    let (status, body) = provider.query(&checkout_request);
    assert_eq!(
        (status, &body["errorCode"], &body["errorMessage"]),
        (200, &json!("500.001.1001"), &json!(""))
    );
    let draw = provider.draw();
    assert!(provider.mpesa.cancel(provider.now_ms, &draw, &checkout_request));
    assert!(!provider.mpesa.cancel(provider.now_ms, &draw, &checkout_request));
    let (status, body) = provider.query(&checkout_request);
    assert_eq!((status, &body["ResultCode"]), (200, &json!("1032")));
    assert_eq!(body.get("MpesaReceiptNumber"), None);
    assert_eq!(provider.query("ws_CO_none").1["errorCode"], "500.001.1001");
}

#[test]
fn a_finished_payment_goes_unanswered_about_as_often_as_it_was_seen() {
    let mut provider = Provider::new(Behaviour {
        no_answer_percent: 20,
        queries_per_minute: 1_000,
        ..Behaviour::default()
    });
    let checkout_request = provider.pushed();
    provider.pass(1_000);
    let unanswered = (0..500)
        .filter(|_| provider.query(&checkout_request).1.get("errorCode").is_some())
        .count();
    // 100 expected; five standard deviations of 9 either way.
    assert!((55..=145).contains(&unanswered), "{unanswered}");
}

#[test]
fn too_many_queries_in_a_minute_are_turned_away() {
    let mut provider = Provider::new(Behaviour {
        queries_per_minute: 2,
        ..manual()
    });
    let checkout_request = provider.pushed();
    provider.query(&checkout_request);
    provider.query(&checkout_request);
    assert_eq!(provider.query(&checkout_request).1["errorCode"], "500.003.02");
    provider.pass(59_999);
    assert_eq!(provider.query(&checkout_request).1["errorCode"], "500.003.02");
    provider.pass(1);
    assert_ne!(provider.query(&checkout_request).1["errorCode"], "500.003.02");
}

#[test]
fn every_end_has_its_code() {
    let ended = |behaviour: Behaviour, act: &dyn Fn(&mut Provider, &str)| {
        let mut provider = Provider::new(behaviour);
        let checkout_request = provider.pushed();
        act(&mut provider, &checkout_request);
        let callbacks = provider.pass(60_000);
        let body: Value = serde_json::from_str(&callbacks[0].body).unwrap();
        let callback = &body["Body"]["stkCallback"];
        let is_paid = provider.mpesa.ledger().len() == 1;
        assert_eq!(is_paid, callback.get("CallbackMetadata").is_some());
        (callback["ResultCode"].as_i64().unwrap(), is_paid)
    };
    let enter = |pin: &'static str| {
        move |provider: &mut Provider, id: &str| {
            let draw = provider.draw();
            assert!(provider.mpesa.approve(provider.now_ms, &draw, id, pin));
        }
    };
    assert_eq!(ended(manual(), &enter("4071")), (0, true));
    assert_eq!(ended(manual(), &enter(WRONG_PIN)), (2001, false));
    assert_eq!(ended(manual(), &enter("12")), (2001, false));
    assert_eq!(ended(manual(), &|_, _| {}), (1037, false));
    let poor = |provider: &mut Provider, _: &str| provider.mpesa.set_balance(PHONE, 299);
    assert_eq!(ended(Behaviour::default(), &poor), (1, false));
    let scripted = Behaviour {
        result_code: "1019".to_owned(),
        ..Behaviour::default()
    };
    assert_eq!(ended(scripted, &|_, _| {}), (1019, false));
}

#[test]
fn a_paybill_push_to_another_receiver_ends_with_2028() {
    let mut provider = Provider::new(Behaviour::default());
    let mut body = push_body();
    body["PartyB"] = json!("5123456");
    provider.post("mpesa/stkpush/v1/processrequest", &body);
    body["TransactionType"] = json!("CustomerBuyGoodsOnline");
    provider.post("mpesa/stkpush/v1/processrequest", &body);
    provider.pass(1_000);
    let codes: Vec<_> = provider
        .mpesa
        .prompts()
        .iter()
        .map(|prompt| prompt.result_code.as_deref())
        .collect();
    assert_eq!(codes, [Some("2028"), Some("0")]);
}

#[test]
fn callbacks_can_be_missing_doubled_and_late() {
    let sent = |callbacks, callback_delay_ms| {
        let mut provider = Provider::new(Behaviour {
            callbacks,
            callback_delay_ms,
            ..Behaviour::default()
        });
        provider.pushed();
        (provider.pass(1_000).len(), provider.pass(5_000).len())
    };
    assert_eq!(sent(0, 0), (0, 0));
    assert_eq!(sent(2, 0), (2, 0));
    assert_eq!(sent(1, 5_000), (0, 1));
}

#[test]
fn a_success_can_come_late_after_another_end() {
    let mut provider = Provider::new(Behaviour {
        result_code: "1037".to_owned(),
        late_success_after_ms: 90_000,
        ..Behaviour::default()
    });
    let checkout_request = provider.pushed();
    assert_eq!(provider.pass(1_000).len(), 1);
    assert_eq!(provider.query(&checkout_request).1["ResultCode"], "1037");
    assert_eq!(provider.pass(90_000).len(), 1);
    assert_eq!(provider.query(&checkout_request).1["ResultCode"], "0");
    assert_eq!(provider.mpesa.ledger().len(), 1);
    assert_eq!(provider.mpesa.due_ms(), None);
}

#[test]
fn faults_take_the_push_or_not_as_they_say() {
    let table = [
        (Fault::Silent, 1),
        (Fault::Lost, 0),
        (Fault::Html, 1),
        (Fault::Internal, 0),
        (Fault::Busy, 0),
        (Fault::InvalidField, 0),
    ];
    for (push_fault, prompts) in table {
        let mut provider = Provider::new(Behaviour { push_fault, ..manual() });
        let answer = provider.push();
        assert_eq!(provider.mpesa.prompts().len(), prompts, "{push_fault:?}");
        let is_silent = matches!(push_fault, Fault::Silent | Fault::Lost);
        assert_eq!(answer == Answer::Silence, is_silent, "{push_fault:?}");
    }
}

#[test]
fn one_phone_can_have_its_own_ways() {
    let mut provider = Provider::new(Behaviour::default());
    provider.mpesa.set_behaviour_of(
        PHONE,
        Behaviour {
            result_code: "1032".to_owned(),
            ..Behaviour::default()
        },
    );
    provider.pushed();
    provider.pass(1_000);
    assert_eq!(provider.mpesa.prompts()[0].result_code.as_deref(), Some("1032"));
    assert_eq!(provider.mpesa.behaviour().result_code, "0");
}
