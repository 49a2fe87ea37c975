//! A pretend MTN MoMo (MTN portal, "Getting started", "Collection", "Testing"): a token wants an empty body that says so;
//! a request that comes twice by its reference is a conflict; without a callback address none is sent; the callback is the
//! status without the reference (*observed*); the numbers for tests end as MTN's own do.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kiosk::moment::Draw;
use serde_json::{Value, json};

use super::{
    super::mpesa::Answer, End, Outcome, Prompt, Request, Wallets, field, html, json as answer, outgoing, whole,
};

pub(super) const STATUS_PATH: &str = "collection/v1_0/requesttopay";

pub(super) fn handle(wallets: &mut Wallets, now_ms: i64, draw: &Draw, request: &Request) -> Answer {
    if request.header("ocp-apim-subscription-key").is_empty() {
        return answer(
            401,
            &json!({"statusCode": 401, "message": "Access denied due to missing subscription key."}),
        );
    }
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", "collection/token/") => token(wallets, now_ms, draw, request),
        (_, path) if path.starts_with("disbursement/") => disburse(wallets, now_ms, draw, request),
        _ if !wallets.is_admitted(now_ms, request) => answer(401, &json!({"message": "Unauthorized"})),
        ("POST", STATUS_PATH) => push(wallets, now_ms, request),
        ("GET", path) => match path.strip_prefix(STATUS_PATH).and_then(|rest| rest.strip_prefix('/')) {
            Some(id) => query(wallets, now_ms, id),
            None => error(404, "RESOURCE_NOT_FOUND"),
        },
        _ => error(404, "RESOURCE_NOT_FOUND"),
    }
}

fn error(status: u16, code: &str) -> Answer {
    answer(status, &json!({"code": code, "message": "The request cannot be done."}))
}

fn token(wallets: &mut Wallets, now_ms: i64, draw: &Draw, request: &Request) -> Answer {
    if let Some(fault) = wallets.behaviour.token_fault.answer() {
        return fault;
    }
    if request.header("content-length") != "0" || !request.body.is_empty() {
        return html(411, "Length Required");
    }
    let basic = request.header("authorization").strip_prefix("Basic ");
    let pair = basic.and_then(|basic| STANDARD.decode(basic).ok());
    if !pair.is_some_and(|pair| pair.contains(&b':') && pair.len() > 2) {
        return answer(401, &json!({"error": "login_failed"}));
    }
    let token = wallets.new_token(now_ms, draw);
    let life = wallets.behaviour.token_life_s;
    answer(
        200,
        &json!({"access_token": token, "token_type": "access_token", "expires_in": life}),
    )
}

/// The product "disbursement", with tokens of its own.
fn disburse(wallets: &mut Wallets, now_ms: i64, draw: &Draw, request: &Request) -> Answer {
    if request.path == "disbursement/token/" {
        let collecting = wallets.token.take();
        let given = token(wallets, now_ms, draw, request);
        wallets.payout_token = std::mem::replace(&mut wallets.token, collecting);
        return given;
    }
    let good = |(token, end_ms): &(String, i64)| request.bearer() == Some(token) && now_ms < *end_ms;
    if !wallets.payout_token.as_ref().is_some_and(good) {
        return answer(401, &json!({"message": "Unauthorized"}));
    }
    match currency_of(request.header("x-target-environment")) {
        Some(currency) => outgoing::of_mtn(wallets, request, currency),
        None => error(500, "NOT_ALLOWED_TARGET_ENVIRONMENT"),
    }
}

fn currency_of(target: &str) -> Option<&'static str> {
    match target {
        "sandbox" => Some("EUR"),
        "mtnuganda" => Some("UGX"),
        "mtnrwanda" => Some("RWF"),
        _ => None,
    }
}

/// A UUID of version 4, in lower case.
pub(super) fn is_uuid(text: &str) -> bool {
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12]
        && text
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        && text.as_bytes().get(14) == Some(&b'4')
}

fn push(wallets: &mut Wallets, now_ms: i64, request: &Request) -> Answer {
    let reference = request.header("x-reference-id").to_owned();
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let Some(currency) = currency_of(request.header("x-target-environment")) else {
        return error(500, "NOT_ALLOWED_TARGET_ENVIRONMENT");
    };
    let payer = body.get("payer").cloned().unwrap_or_default();
    let amount = body.get("amount").and_then(Value::as_str).and_then(whole);
    let phone = field(&payer, "partyId").and_then(|party| party.parse::<u64>().ok());
    let named = field(&payer, "partyIdType").as_deref() == Some("MSISDN") && is_uuid(&reference);
    let (Some(amount), Some(phone), true) = (amount, phone, named) else {
        return error(400, "BAD_REQUEST");
    };
    if field(&body, "currency").as_deref() != Some(currency) {
        return error(500, "INVALID_CURRENCY");
    }
    if wallets.find(&reference).is_some() {
        return error(409, "RESOURCE_ALREADY_EXIST");
    }
    let fault = wallets.behaviour_of(phone).push_fault;
    if fault.takes_the_request() {
        let external_id = field(&body, "externalId").unwrap_or_default();
        let index = wallets.prompt(now_ms, reference, &external_id, phone, amount, currency);
        wallets.prompts.change(index, |prompt| {
            prompt.callback_url = request.header("x-callback-url").to_owned();
            script(prompt);
        });
    }
    fault.answer().unwrap_or_else(|| {
        Answer::Response(super::Response {
            status: 202,
            content_type: "application/json",
            body: String::new(),
        })
    })
}

/// MTN's numbers for tests (MTN portal, "Testing"): 467331234 and two digits.
fn script(prompt: &mut Prompt) {
    let reason = match prompt.phone.checked_sub(46_733_123_400) {
        Some(51) => "APPROVAL_REJECTED",
        Some(52 | 53) => "EXPIRED",
        Some(54) => {
            prompt.is_created = true;
            return;
        }
        Some(55) => "PAYER_NOT_FOUND",
        Some(56) => "PAYEE_NOT_ALLOWED_TO_RECEIVE",
        Some(57) => "NOT_ALLOWED",
        Some(58) => "NOT_ALLOWED_TARGET_ENVIRONMENT",
        Some(59) => "INVALID_CALLBACK_URL_HOST",
        Some(60) => "INVALID_CURRENCY",
        Some(50 | 61) => "INTERNAL_PROCESSING_ERROR",
        Some(62) => "SERVICE_UNAVAILABLE",
        Some(63) => "COULD_NOT_PERFORM_TRANSACTION",
        _ => return,
    };
    prompt.script = Some(End {
        outcome: Outcome::Failed,
        reason: reason.to_owned(),
    });
}

fn query(wallets: &Wallets, now_ms: i64, id: &str) -> Answer {
    let found = wallets.find(id);
    let behaviour = found.map_or(&wallets.behaviour, |prompt| wallets.behaviour_of(prompt.phone));
    if let Some(fault) = behaviour.query_fault.answer() {
        return fault;
    }
    match found.filter(|prompt| now_ms >= prompt.created_ms + behaviour.hidden_ms) {
        Some(prompt) => answer(200, &status(prompt)),
        None => error(404, "RESOURCE_NOT_FOUND"),
    }
}

/// How a request stands: the status' answer and the callback alike.
pub(super) fn status(prompt: &Prompt) -> Value {
    let mut body = json!({
        "amount": prompt.paid.to_string(),
        "currency": prompt.currency,
        "externalId": prompt.reference,
        "payer": {"partyIdType": "MSISDN", "partyId": prompt.phone.to_string()},
        "payerMessage": "Water",
        "payeeNote": "",
        "status": "PENDING",
    });
    match &prompt.end {
        None if prompt.is_created => body["status"] = json!("CREATED"),
        None => {}
        Some(end) if end.outcome == Outcome::Paid => {
            body["status"] = json!("SUCCESSFUL");
            body["financialTransactionId"] = json!(prompt.receipt());
        }
        Some(end) => {
            let usual = match end.outcome {
                Outcome::Rejected => "APPROVAL_REJECTED",
                Outcome::Expired => "EXPIRED",
                Outcome::Paid | Outcome::Failed => "INTERNAL_PROCESSING_ERROR",
            };
            body["status"] = json!("FAILED");
            let reason = if end.reason.is_empty() { usual } else { &end.reason };
            // A text, or an object as in older documents.
            body["reason"] = match prompt.phone % 2 {
                0 => json!(reason),
                _ => json!({"code": reason, "message": "It did not work."}),
            };
        }
    }
    body
}
