//! The JSON control API.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Map, Value, json};

use super::{
    mpesa::{Behaviour, DirectPayment},
    server::Shared,
};

/// The PIN that a test need not give.
const RIGHT_PIN: &str = "1234";

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/control", get(show).post(change))
        .route("/control/ledger", get(ledger))
        .route("/control/mpesa/forget-token", post(forget_token))
        .route("/control/mpesa/phones/{phone}", post(change_phone))
        .route("/control/mpesa/phones/{phone}/pay", post(pay))
        .route("/control/mpesa/statement.csv", get(statement))
        .route("/control/mpesa/prompts/{id}/approve", post(approve))
        .route("/control/mpesa/prompts/{id}/cancel", post(cancel))
}

/// `behaviour` with the fields of `patch` in place of its own.
pub(super) fn patched(behaviour: &Behaviour, patch: &Map<String, Value>) -> Result<Behaviour, String> {
    let mut whole = serde_json::to_value(behaviour).map_err(|error| error.to_string())?;
    for (name, value) in patch {
        whole[name] = value.clone();
    }
    serde_json::from_value(whole).map_err(|error| error.to_string())
}

/// As [`patched`], from the texts of a form: each takes the kind of value that its field has.
pub(super) fn patched_by_form(behaviour: &Behaviour, form: &BTreeMap<String, String>) -> Result<Behaviour, String> {
    let whole = serde_json::to_value(behaviour).map_err(|error| error.to_string())?;
    let typed = |name: &str, text: &String| match whole.get(name) {
        Some(Value::String(_)) | None => Value::from(text.as_str()),
        Some(_) => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str())),
    };
    let patch = form
        .iter()
        .map(|(name, text)| (name.clone(), typed(name, text)))
        .collect();
    patched(behaviour, &patch)
}

fn refused(message: &str) -> Response {
    let body = json!({"error": {"code": "bad_field", "message": message}});
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

fn found(is_found: bool) -> Response {
    if is_found {
        Json(json!({"done": true})).into_response()
    } else {
        let body = json!({"error": {"code": "not_found", "message": "no such prompt is open"}});
        (StatusCode::NOT_FOUND, Json(body)).into_response()
    }
}

async fn show(State(shared): State<Arc<Shared>>) -> Response {
    let deliveries = shared.deliveries().clone();
    let mpesa = shared.mpesa();
    Json(json!({
        "mpesa": {"behaviour": mpesa.behaviour(), "prompts": mpesa.prompts(), "deliveries": deliveries},
    }))
    .into_response()
}

async fn change(State(shared): State<Arc<Shared>>, Json(body): Json<Map<String, Value>>) -> Response {
    let Some(patch) = body.get("mpesa").and_then(Value::as_object).filter(|_| body.len() == 1) else {
        return refused("the body is {\"mpesa\": {…}}");
    };
    shared.change(|mpesa, _, _| match patched(mpesa.behaviour(), patch) {
        Ok(behaviour) => {
            mpesa.set_behaviour(behaviour.clone());
            Json(json!({ "mpesa": behaviour })).into_response()
        }
        Err(message) => refused(&message),
    })
}

async fn change_phone(
    State(shared): State<Arc<Shared>>,
    Path(phone): Path<u64>,
    Json(mut patch): Json<Map<String, Value>>,
) -> Response {
    let balance = patch.remove("balance");
    shared.change(|mpesa, _, _| {
        let behaviour = match patched(mpesa.behaviour_of(phone), &patch) {
            Ok(behaviour) => behaviour,
            Err(message) => return refused(&message),
        };
        match balance.map(|balance| balance.as_i64().ok_or(balance)) {
            Some(Err(odd)) => return refused(&format!("balance is in whole shillings, not {odd}")),
            Some(Ok(shillings)) => mpesa.set_balance(phone, shillings),
            None => {}
        }
        if !patch.is_empty() {
            mpesa.set_behaviour_of(phone, behaviour.clone());
        }
        Json(json!({"behaviour": behaviour, "balance": mpesa.balance(phone)})).into_response()
    })
}

/// A direct payment, as the control API takes it.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Paying {
    shortcode: String,
    #[serde(default)]
    reference: String,
    amount: i64,
}

impl Paying {
    pub(super) fn from(self, phone: u64) -> DirectPayment {
        DirectPayment {
            phone,
            amount: self.amount,
            shortcode: self.shortcode,
            reference: self.reference,
        }
    }
}

async fn pay(State(shared): State<Arc<Shared>>, Path(phone): Path<u64>, Json(paying): Json<Paying>) -> Response {
    match shared.change(|mpesa, now_ms, draw| mpesa.pay(now_ms, draw, paying.from(phone))) {
        Ok(()) => found(true),
        Err(error) => refused(&error.to_string()),
    }
}

async fn statement(State(shared): State<Arc<Shared>>) -> Response {
    let csv = shared.mpesa().statement_csv();
    ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], csv).into_response()
}

async fn ledger(State(shared): State<Arc<Shared>>) -> Response {
    let mpesa = shared.mpesa();
    let total: i64 = mpesa.ledger().iter().map(|line| line.amount).sum();
    Json(json!({"items": mpesa.ledger(), "total": total})).into_response()
}

async fn forget_token(State(shared): State<Arc<Shared>>) -> Response {
    shared.change(|mpesa, _, _| mpesa.forget_token());
    found(true)
}

async fn approve(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    body: Option<Json<BTreeMap<String, String>>>,
) -> Response {
    let pin = body.and_then(|Json(body)| body.get("pin").cloned());
    let pin = pin.as_deref().unwrap_or(RIGHT_PIN);
    found(shared.change(|mpesa, now_ms, draw| mpesa.approve(now_ms, draw, &id, pin)))
}

async fn cancel(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    found(shared.change(|mpesa, now_ms, draw| mpesa.cancel(now_ms, draw, &id)))
}
