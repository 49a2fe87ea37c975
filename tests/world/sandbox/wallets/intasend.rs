//! A pretend IntaSend (developers.intasend.com, "Payment collection events"; intasend-python 1.1.2): no token, no
//! idempotency; the webhook comes at every change of state, to the dashboard's address, with the challenge in it.

use kiosk::moment::Draw;
use serde_json::{Value, json};

use super::{
    super::mpesa::Answer, Behaviour, Outcome, Prompt, Request, Wallets, field, json as answer, outgoing, whole,
};

pub(super) fn handle(wallets: &mut Wallets, now_ms: i64, draw: &Draw, request: &Request) -> Answer {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    if request.path.starts_with("api/v1/send-money/") && request.method == "POST" {
        let has_keys = !request.header("intasend_public_api_key").is_empty() && request.bearer().is_some();
        return match has_keys {
            true => outgoing::of_intasend(wallets, request),
            false => answer(401, &json!({"detail": "no secret token"})),
        };
    }
    let key = field(&body, "public_key").filter(|key| !key.is_empty());
    if key.as_deref() != Some(request.header("intasend_public_api_key")) {
        return answer(401, &json!({"detail": "wrong publishable key"}));
    }
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", "api/v1/payment/mpesa-stk-push/") => match request.bearer() {
            Some(token) if !token.is_empty() => push(wallets, now_ms, draw, &body),
            _ => answer(401, &json!({"detail": "no secret token"})),
        },
        ("POST", "api/v1/payment/status/") => query(wallets, &body),
        _ => answer(404, &json!({"detail": "not found"})),
    }
}

fn push(wallets: &mut Wallets, now_ms: i64, draw: &Draw, body: &Value) -> Answer {
    let amount = field(body, "amount").as_deref().and_then(whole);
    let phone = field(body, "phone_number")
        .filter(|phone| phone.len() == 12 && (phone.starts_with("2547") || phone.starts_with("2541")))
        .and_then(|phone| phone.parse().ok());
    let way = field(body, "currency").as_deref() == Some("KES") && field(body, "method").as_deref() == Some("M-PESA");
    let (Some(amount), Some(phone), true) = (amount, phone, way) else {
        return answer(400, &json!({"detail": "a field is not valid"}));
    };
    let fault = wallets.behaviour_of(phone).push_fault;
    if !fault.takes_the_request() {
        return fault.answer().unwrap_or(Answer::Silence);
    }
    let id = format!(
        "{:07X}{:02}",
        draw.number("invoice") % 0xfff_ffff,
        wallets.prompts.len()
    );
    let reference = field(body, "api_ref").unwrap_or_default();
    let index = wallets.prompt(now_ms, id, &reference, phone, amount, "KES");
    let invoice = invoice(&wallets.prompts[index]);
    let taken = json!({"id": "1", "invoice": invoice, "customer": {"phone_number": phone.to_string()}});
    if wallets.behaviour_of(phone).callbacks > 0 {
        wallets.call_back(now_ms, index);
    }
    fault.answer().unwrap_or_else(|| answer(200, &taken))
}

fn query(wallets: &Wallets, body: &Value) -> Answer {
    let id = field(body, "invoice_id").unwrap_or_default();
    let found = wallets.find(&id);
    let behaviour = found.map_or(&wallets.behaviour, |prompt| wallets.behaviour_of(prompt.phone));
    if let Some(fault) = behaviour.query_fault.answer() {
        return fault;
    }
    match found {
        Some(prompt) => answer(200, &json!({"invoice": invoice(prompt), "meta": {}})),
        None => answer(400, &json!({"detail": "no such invoice"})),
    }
}

fn invoice(prompt: &Prompt) -> Value {
    let (state, why) = match prompt.end.as_ref() {
        None => ("PROCESSING", None),
        // Both spellings are in its texts.
        Some(end) if end.outcome == Outcome::Paid && prompt.phone.is_multiple_of(2) => ("COMPLETED", None),
        Some(end) if end.outcome == Outcome::Paid => ("COMPLETE", None),
        Some(end) if end.reason.is_empty() => ("FAILED", Some("it did not work".to_owned())),
        Some(end) => ("FAILED", Some(end.reason.clone())),
    };
    let account = match prompt.phone % 3 {
        0 => prompt.phone.to_string(),
        1 => format!("+{}", prompt.phone),
        _ => format!("0{}", prompt.phone % 1_000_000_000),
    };
    json!({
        "invoice_id": prompt.id, "state": state, "provider": "M-PESA", "charges": "0.00",
        "net_amount": format!("{}.00", prompt.paid), "currency": "KES", "value": format!("{}.00", prompt.paid),
        "account": account, "api_ref": prompt.reference, "host": "http://sandbox.example",
        "failed_reason": why, "failed_code": null, "failed_code_link": "",
    })
}

/// The webhook: the invoice, flat, with the challenge.
pub(super) fn callback(behaviour: &Behaviour, prompt: &Prompt) -> String {
    let mut body = invoice(prompt);
    body["challenge"] = json!(behaviour.challenge);
    body.to_string()
}
