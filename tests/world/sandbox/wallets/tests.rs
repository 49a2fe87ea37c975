//! The pretend providers are held to the documents too, or they would prove nothing about the clients.

use serde_json::{Value, json};

use super::*;

const REFERENCE: &str = "4b0f6a1e-6b1c-4a43-a5f0-9c7e5d1f2b3a";

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Request {
    Request {
        method: method.to_owned(),
        path: path.to_owned(),
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: match body {
            Value::Null => Vec::new(),
            body => body.to_string().into_bytes(),
        },
    }
}

fn send(wallets: &mut Wallets, now_ms: i64, request: &Request) -> (u16, Value) {
    match wallets.handle(now_ms, &Draw::new([1; 32]), request).1 {
        Answer::Response(response) => (
            response.status,
            serde_json::from_str(&response.body).unwrap_or(Value::Null),
        ),
        Answer::Silence => panic!("silence"),
    }
}

/// An MTN whose token is out.
struct Mtn(Wallets, String);

impl Mtn {
    fn new() -> Mtn {
        let mut wallets = Wallets::new(Provider::Mtn);
        let headers = [
            ("ocp-apim-subscription-key", "key"),
            ("authorization", "Basic dXNlcjpzZWNyZXQ="),
            ("content-length", "0"),
        ];
        let (status, body) = send(
            &mut wallets,
            0,
            &request("POST", "collection/token/", &headers, &Value::Null),
        );
        assert_eq!(status, 200);
        let token = format!("Bearer {}", body["access_token"].as_str().unwrap());
        Mtn(wallets, token)
    }

    fn call(&mut self, now_ms: i64, method: &str, path: &str, more: &[(&str, &str)], body: &Value) -> (u16, Value) {
        let mut headers = vec![("ocp-apim-subscription-key", "key"), ("authorization", self.1.as_str())];
        headers.extend(more);
        send(&mut self.0, now_ms, &request(method, path, &headers, body))
    }

    fn push(&mut self, reference: &str, phone: &str, currency: &str) -> (u16, Value) {
        let target = match currency {
            "EUR" => "sandbox",
            _ => "mtnuganda",
        };
        let body = json!({"amount": "4000", "currency": currency, "externalId": reference,
            "payer": {"partyIdType": "MSISDN", "partyId": phone}, "payerMessage": "", "payeeNote": ""});
        let more = [
            ("x-reference-id", reference),
            ("x-target-environment", target),
            ("x-callback-url", "http://hub.test/payments/mtn/0a"),
        ];
        self.call(0, "POST", mtn::STATUS_PATH, &more, &body)
    }

    fn status(&mut self, now_ms: i64, reference: &str) -> (u16, Value) {
        self.call(
            now_ms,
            "GET",
            &format!("{}/{reference}", mtn::STATUS_PATH),
            &[],
            &Value::Null,
        )
    }
}

#[test]
fn mtn_wants_an_empty_body_that_says_so() {
    let mut wallets = Wallets::new(Provider::Mtn);
    let key = ("ocp-apim-subscription-key", "key");
    let basic = ("authorization", "Basic dXNlcjpzZWNyZXQ=");
    let without_length = request("POST", "collection/token/", &[key, basic], &Value::Null);
    assert_eq!(
        send(&mut wallets, 0, &without_length),
        (411, Value::Null),
        "an HTML page"
    );
    let nobody = request(
        "POST",
        "collection/token/",
        &[basic, ("content-length", "0")],
        &Value::Null,
    );
    assert_eq!(send(&mut wallets, 0, &nobody).0, 401);
}

#[test]
fn mtn_knows_a_request_by_its_reference() {
    let mut mtn = Mtn::new();
    assert_eq!(mtn.push(REFERENCE, "256772123456", "UGX"), (202, Value::Null));
    let (status, body) = mtn.push(REFERENCE, "256772123456", "UGX");
    assert_eq!((status, &body["code"]), (409, &json!("RESOURCE_ALREADY_EXIST")));
    assert_eq!(mtn.status(0, REFERENCE).1["status"], "PENDING");
    assert_eq!(mtn.status(0, "another").0, 404);
    assert_eq!(mtn.push("not-a-uuid", "256772123456", "UGX").0, 400);
    let callbacks = mtn.0.tick(1_000);
    assert_eq!(callbacks.len(), 1);
    let called: Value = serde_json::from_str(&callbacks[0].body).unwrap();
    assert_eq!(
        (&called["status"], &called["externalId"]),
        (&json!("SUCCESSFUL"), &json!(REFERENCE))
    );
    assert_eq!(called.get("referenceId"), None);
    assert_eq!(
        mtn.status(1_000, REFERENCE).1["financialTransactionId"],
        called["financialTransactionId"]
    );
    assert_eq!(mtn.0.ledger().len(), 1);
}

#[test]
fn mtn_s_sandbox_takes_euros_and_its_numbers_end_as_written() {
    let mut mtn = Mtn::new();
    let ends = [
        (50, Some("INTERNAL_PROCESSING_ERROR")),
        (51, Some("APPROVAL_REJECTED")),
        (52, Some("EXPIRED")),
        (53, Some("EXPIRED")),
        (55, Some("PAYER_NOT_FOUND")),
        (56, Some("PAYEE_NOT_ALLOWED_TO_RECEIVE")),
        (57, Some("NOT_ALLOWED")),
        (58, Some("NOT_ALLOWED_TARGET_ENVIRONMENT")),
        (59, Some("INVALID_CALLBACK_URL_HOST")),
        (60, Some("INVALID_CURRENCY")),
        (61, Some("INTERNAL_PROCESSING_ERROR")),
        (62, Some("SERVICE_UNAVAILABLE")),
        (63, Some("COULD_NOT_PERFORM_TRANSACTION")),
        (54, None),
        (99, None),
    ];
    let reference = |digits: u64| format!("4b0f6a1e-6b1c-4a43-a5f0-9c7e5d1f2b{digits}");
    for (digits, _) in ends {
        assert_eq!(
            mtn.push(&reference(digits), &format!("467331234{digits}"), "EUR").0,
            202
        );
    }
    assert_eq!(mtn.status(0, &reference(54)).1["status"], "CREATED");
    assert_eq!(
        mtn.push(REFERENCE, "46733123499", "UGX").0,
        202,
        "another target takes its own"
    );
    mtn.0.tick(1_000);
    for (digits, reason) in ends {
        let (_, body) = mtn.status(1_000, &reference(digits));
        let status = if reason.is_some() { "FAILED" } else { "SUCCESSFUL" };
        // Of odd numbers it is an object.
        let told = body["reason"].as_str().or(body["reason"]["code"].as_str());
        assert_eq!((body["status"].as_str(), told), (Some(status), reason), "{digits}");
    }
}

#[test]
fn airtel_s_success_is_a_prompt_and_its_hash_is_right() {
    // The hash was made with OpenSSL: `openssl dgst -sha256 -hmac key -binary | base64`.
    let mut wallets = Wallets::new(Provider::Airtel);
    wallets.set_behaviour(Behaviour {
        callback_url: "http://hub.test/payments/airtel/0a".to_owned(),
        callback_key: "key".to_owned(),
        outcome: Outcome::Expired,
        ..Behaviour::default()
    });
    let body = json!({"client_id": "id", "client_secret": "secret", "grant_type": "client_credentials"});
    let (status, token) = send(&mut wallets, 0, &request("POST", "auth/oauth2/token", &[], &body));
    assert_eq!((status, &token["expires_in"]), (200, &json!("180")));
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let headers = [
        ("authorization", bearer.as_str()),
        ("x-country", "UG"),
        ("x-currency", "UGX"),
    ];
    let push = json!({"reference": "Water", "subscriber": {"country": "UG", "currency": "UGX", "msisdn": "752123456"},
        "transaction": {"amount": 4000, "country": "UG", "currency": "UGX", "id": "abc1"}});
    let pushed = request("POST", "merchant/v1/payments/", &headers, &push);
    let (status, body) = send(&mut wallets, 0, &pushed);
    assert_eq!(
        (status, &body["data"]["transaction"]["status"]),
        (200, &json!("SUCCESS"))
    );
    assert_eq!(send(&mut wallets, 0, &pushed).1["status"]["result_code"], "ESB000041");
    let asked = request("GET", "standard/v1/payments/abc1", &headers, &Value::Null);
    assert_eq!(send(&mut wallets, 0, &asked).1["data"]["transaction"]["status"], "TIP");
    let callbacks = wallets.tick(1_000);
    let called: Value = serde_json::from_str(&callbacks[0].body).unwrap();
    assert_eq!(called["transaction"]["status_code"], "TE");
    assert_eq!(called["hash"], "fuhDSuBjqkLIzhpQa9m9bULerFU3ge5yWWwMWqcY1RM=");
    assert_eq!(
        send(&mut wallets, 1_000, &asked).1["data"]["transaction"]["status"],
        "TE"
    );
    assert_eq!(
        send(&mut wallets, 180_000, &asked).0,
        401,
        "a token lives three minutes"
    );
}

#[test]
fn intasend_calls_at_every_change_with_its_challenge() {
    let mut wallets = Wallets::new(Provider::Intasend);
    wallets.set_behaviour(Behaviour {
        callback_url: "http://hub.test/payments/intasend/0a".to_owned(),
        challenge: "open sesame".to_owned(),
        ..Behaviour::default()
    });
    let headers = [
        ("authorization", "Bearer secret"),
        ("intasend_public_api_key", "public"),
    ];
    let push = json!({"public_key": "public", "currency": "KES", "method": "M-PESA", "amount": 40,
        "phone_number": "254708374149", "api_ref": "77ff", "name": "", "email": null, "narrative": "Water"});
    let pushed = request("POST", "api/v1/payment/mpesa-stk-push/", &headers, &push);
    let (status, body) = send(&mut wallets, 0, &pushed);
    let invoice = body["invoice"]["invoice_id"].clone();
    assert_eq!((status, body["invoice"]["api_ref"].as_str()), (200, Some("77ff")));
    let states: Vec<(String, Value)> = wallets
        .tick(1_000)
        .iter()
        .map(|callback| serde_json::from_str(&callback.body).unwrap())
        .map(|body: Value| (body["state"].as_str().unwrap().to_owned(), body["challenge"].clone()))
        .collect();
    let challenge = json!("open sesame");
    assert_eq!(
        states,
        [
            ("PROCESSING".to_owned(), challenge.clone()),
            ("COMPLETE".to_owned(), challenge)
        ]
    );
    let query = json!({"invoice_id": invoice, "public_key": "public"});
    let asked = request("POST", "api/v1/payment/status/", &headers[1..], &query);
    let (status, body) = send(&mut wallets, 1_000, &asked);
    assert_eq!(
        (status, &body["invoice"]["state"], &body["invoice"]["value"]),
        (200, &json!("COMPLETE"), &json!("40.00"))
    );
}
