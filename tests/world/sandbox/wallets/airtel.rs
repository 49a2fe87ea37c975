//! A pretend Airtel Money (Airtel portal, "Authorization", "Collection APIs"): a token lives as long as a text says; the
//! answer to a push says SUCCESS when a prompt was sent; an id that was used is refused by a code of its own; the status
//! has a `success` that contradicts it; the callback goes to the portal's address, with a hash when that is on.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kiosk::moment::Draw;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    super::mpesa::Answer, Behaviour, HashOver, Outcome, Prompt, Request, Wallets, field, json as answer, outgoing,
    signed,
};

const STATUS_PATH: &str = "standard/v1/payments/";
/// Country, currency and calling code.
const COUNTRIES: [(&str, &str, u64); 4] = [
    ("KE", "KES", 254),
    ("UG", "UGX", 256),
    ("TZ", "TZS", 255),
    ("RW", "RWF", 250),
];

pub(super) fn handle(wallets: &mut Wallets, now_ms: i64, draw: &Draw, request: &Request) -> Answer {
    let country = request.header("x-country");
    let country = COUNTRIES.into_iter().find(|known| known.0 == country);
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", "auth/oauth2/token") => token(wallets, now_ms, draw, request),
        _ if !wallets.is_admitted(now_ms, request) => answer(401, &json!({"error_description": "Invalid token"})),
        ("GET", "v1/rsa/encryption-keys") => {
            let data = json!({"key_id": "1", "key": signed::PUBLIC_KEY, "valid_upto": "2030-01-01 00:00:00"});
            answer(200, &json!({ "data": data }))
        }
        ("POST", "merchant/v2/payments/") if !is_signed(request) => answer(
            400,
            &json!({"status": {"code": "400", "message": "signature mismatch", "response_code": "DP00800001026",
                "success": false}}),
        ),
        ("POST", "merchant/v1/payments/") if wallets.behaviour.signed_only => refused("ROUTER112"),
        ("POST", "merchant/v1/payments/" | "merchant/v2/payments/") => match country {
            Some(country) if request.header("x-currency") == country.1 => push(wallets, now_ms, request, country),
            _ => refused("ROUTER005"),
        },
        ("POST", "standard/v2/disbursements/" | "standard/v2/payments/refund") if !is_signed(request) => {
            refused("ROUTER112")
        }
        ("POST", "standard/v1/payments/refund" | "standard/v2/payments/refund" | "standard/v2/disbursements/") => {
            match country {
                Some(country) => outgoing::of_airtel(wallets, request, country),
                None => refused("ROUTER005"),
            }
        }
        ("GET", path) => match path.strip_prefix(STATUS_PATH) {
            Some(id) => query(wallets, now_ms, id),
            None => refused("ROUTER007"),
        },
        _ => refused("ROUTER007"),
    }
}

fn is_signed(request: &Request) -> bool {
    signed::is_of(&request.body, request.header("x-signature"), request.header("x-key"))
}

fn refused(code: &str) -> Answer {
    let status = json!({"code": "400", "message": "refused", "result_code": code, "success": false});
    answer(400, &json!({ "status": status }))
}

fn token(wallets: &mut Wallets, now_ms: i64, draw: &Draw, request: &Request) -> Answer {
    if let Some(fault) = wallets.behaviour.token_fault.answer() {
        return fault;
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let given = |name| field(&body, name).is_some_and(|text| !text.is_empty());
    let grant = field(&body, "grant_type").as_deref() == Some("client_credentials");
    if !(given("client_id") && given("client_secret") && grant) {
        return answer(401, &json!({"error": "invalid_client"}));
    }
    let token = wallets.new_token(now_ms, draw);
    let life = wallets.behaviour.token_life_s.to_string();
    answer(
        200,
        &json!({"access_token": token, "expires_in": life, "token_type": "bearer"}),
    )
}

fn push(wallets: &mut Wallets, now_ms: i64, request: &Request, country: (&str, &str, u64)) -> Answer {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let (subscriber, transaction) = (&body["subscriber"], &body["transaction"]);
    let of_country = |part: &Value| {
        field(part, "country").as_deref() == Some(country.0) && field(part, "currency").as_deref() == Some(country.1)
    };
    let amount = transaction["amount"].as_i64().filter(|amount| *amount >= 1);
    let id =
        field(transaction, "id").filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let (Some(amount), Some(id), true) = (amount, id, field(&body, "reference").is_some()) else {
        return refused("ESB000008");
    };
    if !of_country(subscriber) || !of_country(transaction) {
        return refused("ESB000035");
    }
    let number = field(subscriber, "msisdn").filter(|number| number.len() == 9 && !number.starts_with('0'));
    let Some(number) = number.and_then(|number| number.parse::<u64>().ok()) else {
        return refused("ESB000033");
    };
    if wallets.find(&id).is_some() {
        return refused("ESB000041");
    }
    let phone = country.2 * 1_000_000_000 + number;
    let fault = wallets.behaviour_of(phone).push_fault;
    if fault.takes_the_request() {
        wallets.prompt(now_ms, id.clone(), &id, phone, amount, country.1);
    }
    fault.answer().unwrap_or_else(|| {
        let status = json!({"code": "200", "message": "SUCCESS", "result_code": "ESB000010",
            "response_code": "DP00800001006", "success": true});
        answer(
            200,
            &json!({"data": {"transaction": {"id": false, "status": "SUCCESS"}}, "status": status}),
        )
    })
}

fn query(wallets: &Wallets, now_ms: i64, id: &str) -> Answer {
    let found = wallets.find(id);
    let behaviour = found.map_or(&wallets.behaviour, |prompt| wallets.behaviour_of(prompt.phone));
    if let Some(fault) = behaviour.query_fault.answer() {
        return fault;
    }
    let Some(prompt) = found else {
        let status = json!({"code": "200", "message": "none", "result_code": "ESB000045", "success": false});
        return answer(200, &json!({"data": {}, "status": status}));
    };
    let is_ambiguous = now_ms < prompt.created_ms + behaviour.ambiguous_ms;
    let stands = if is_ambiguous { "TA" } else { status_code(prompt) };
    let mut transaction = json!({"id": prompt.id, "message": "as it stands", "status": stands});
    if prompt.is_paid() && !is_ambiguous {
        transaction["airtel_money_id"] = json!(prompt.receipt());
    }
    let status = json!({"code": "200", "message": "SUCCESS", "result_code": "ESB000010",
        "response_code": "DP00800001006", "success": false});
    answer(200, &json!({"data": {"transaction": transaction}, "status": status}))
}

fn status_code(prompt: &Prompt) -> &'static str {
    match prompt.end.as_ref().map(|end| end.outcome) {
        None => "TIP",
        Some(Outcome::Paid) => "TS",
        Some(Outcome::Expired) => "TE",
        Some(Outcome::Rejected | Outcome::Failed) => "TF",
    }
}

/// The callback, with its hash where that is on.
pub(super) fn callback(behaviour: &Behaviour, prompt: &Prompt) -> String {
    let (id, code) = (&prompt.id, status_code(prompt));
    let receipt = match prompt.is_paid() {
        true => format!(r#","airtel_money_id":"{}""#, prompt.receipt()),
        false => String::new(),
    };
    let inner = format!(r#"{{"id":"{id}","message":"as it stands","status_code":"{code}"{receipt}}}"#);
    let document = format!(r#"{{"transaction":{inner}}}"#);
    if behaviour.callback_key.is_empty() {
        return document;
    }
    let payload = match behaviour.callback_hash {
        HashOver::Document => &document,
        HashOver::Transaction => &inner,
    };
    let hash = callback_hash(&behaviour.callback_key, payload);
    format!(r#"{{"transaction":{inner},"hash":"{hash}"}}"#)
}

/// The hash of a callback: base64(HMAC-SHA256(key, payload)) (Airtel portal, "Callback").
pub fn callback_hash(key: &str, payload: &str) -> String {
    STANDARD.encode(hmac(key.as_bytes(), payload.as_bytes()))
}

/// HMAC-SHA256 as RFC 2104 writes it down: a second hand, so that the hub's own is not its own judge.
fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    match key.len() > block.len() {
        true => block[..32].copy_from_slice(&Sha256::digest(key)),
        false => block[..key.len()].copy_from_slice(key),
    }
    let inner = Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x36))
        .chain_update(text)
        .finalize();
    Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x5c))
        .chain_update(inner)
        .finalize()
        .into()
}
