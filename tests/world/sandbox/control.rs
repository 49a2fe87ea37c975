//! The JSON control API.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use kiosk::provider::Provider;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use super::{
    deliveries::carried,
    mpesa::DirectPayment,
    server::Shared,
    texts::{self, calls::Step},
};

/// The PIN that a test need not give.
const RIGHT_PIN: &str = "1234";

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/control", get(show).post(change))
        .route("/control/ledger", get(ledger))
        .route("/control/mpesa/phones/{phone}/pay", post(pay))
        .route("/control/africastalking/phones/{phone}/text", post(write))
        .route("/control/africastalking/phones/{phone}/texts", get(texts_of))
        .route("/control/africastalking/sims/{phone}", post(add_sim))
        .route("/control/africastalking/phones/{phone}/stop", post(opt_out))
        .route("/control/africastalking/phones/{phone}/dial", post(dial))
        .route("/control/africastalking/phones/{phone}/type", post(type_in))
        .route("/control/africastalking/phones/{phone}/hang-up", post(hang_up))
        .route("/control/mpesa/statement.csv", get(statement))
        .route("/control/{provider}/forget-token", post(forget_token))
        .route("/control/{provider}/phones/{phone}", post(change_phone))
        .route("/control/{provider}/prompts/{id}/approve", post(approve))
        .route("/control/{provider}/prompts/{id}/cancel", post(cancel))
}

/// `behaviour` with the fields of `patch` in place of its own.
pub(super) fn patched<B: Serialize + DeserializeOwned>(behaviour: &B, patch: &Map<String, Value>) -> Result<B, String> {
    let mut whole = serde_json::to_value(behaviour).map_err(|error| error.to_string())?;
    for (name, value) in patch {
        whole[name] = value.clone();
    }
    serde_json::from_value(whole).map_err(|error| error.to_string())
}

/// As [`patched`], from the texts of a form: each takes the kind of value that its field has.
pub(super) fn patched_by_form<B: Serialize + DeserializeOwned>(
    behaviour: &B,
    form: &BTreeMap<String, String>,
) -> Result<B, String> {
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

/// Whether a name is M-PESA's, which has a room of its own.
fn is_mpesa(provider: &str) -> bool {
    provider == Provider::Mpesa.name()
}

fn no_such_provider() -> Response {
    let body =
        json!({"error": {"code": "not_found", "message": "there is mpesa, mtn, airtel, intasend and africastalking"}});
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}

async fn show(State(shared): State<Arc<Shared>>) -> Response {
    let deliveries = shared.deliveries().clone();
    let of = |name: &str| -> Vec<_> { deliveries.iter().filter(|sent| sent.provider == name).collect() };
    let mut shown = Map::new();
    {
        let mpesa = shared.mpesa();
        let room = json!({"behaviour": mpesa.behaviour(), "prompts": mpesa.prompts(), "payouts": mpesa.payouts(), "deliveries": of("mpesa")});
        shown.insert("mpesa".to_owned(), room);
    }
    for wallets in shared.wallets().iter() {
        let name = wallets.provider().name();
        let room = json!({"behaviour": wallets.behaviour(), "prompts": wallets.prompts(), "payouts": wallets.payouts(), "deliveries": of(name)});
        shown.insert(name.to_owned(), room);
    }
    {
        let texts = shared.texts();
        let room = json!({"behaviour": texts.behaviour(), "messages": texts.messages(), "calls": texts.calls(), "deliveries": of(texts::NAME)});
        shown.insert(texts::NAME.to_owned(), room);
    }
    Json(Value::Object(shown)).into_response()
}

async fn change(State(shared): State<Arc<Shared>>, Json(body): Json<Map<String, Value>>) -> Response {
    let only = body.iter().next().filter(|_| body.len() == 1);
    let Some((name, patch)) = only.and_then(|(name, patch)| Some((name.as_str(), patch.as_object()?))) else {
        return refused("the body is {\"mpesa\": {…}}, or the same for mtn, airtel, intasend or africastalking");
    };
    if is_mpesa(name) {
        return shared.change(|mpesa, _, _| match patched(mpesa.behaviour(), patch) {
            Ok(behaviour) => {
                mpesa.set_behaviour(behaviour.clone());
                Json(json!({ "mpesa": behaviour })).into_response()
            }
            Err(message) => refused(&message),
        });
    }
    if name == texts::NAME {
        return shared.change_texts(|texts, _, _| match patched(texts.behaviour(), patch) {
            Ok(behaviour) => {
                texts.set_behaviour(behaviour.clone());
                Json(json!({ name: behaviour })).into_response()
            }
            Err(message) => refused(&message),
        });
    }
    let changed = shared.change_wallets(name, |wallets, _, _| match patched(wallets.behaviour(), patch) {
        Ok(behaviour) => {
            wallets.set_behaviour(behaviour.clone());
            Json(json!({ name: behaviour })).into_response()
        }
        Err(message) => refused(&message),
    });
    changed.unwrap_or_else(no_such_provider)
}

async fn change_phone(
    State(shared): State<Arc<Shared>>,
    Path((provider, phone)): Path<(String, u64)>,
    Json(mut patch): Json<Map<String, Value>>,
) -> Response {
    let balance = match patch.remove("balance").map(|balance| balance.as_i64().ok_or(balance)) {
        Some(Err(odd)) => return refused(&format!("balance is in whole units, not {odd}")),
        Some(Ok(units)) => Some(units),
        None => None,
    };
    if is_mpesa(&provider) {
        return shared.change(|mpesa, _, _| {
            let behaviour = match patched(mpesa.behaviour_of(phone), &patch) {
                Ok(behaviour) => behaviour,
                Err(message) => return refused(&message),
            };
            if let Some(units) = balance {
                mpesa.set_balance(phone, units);
            }
            if !patch.is_empty() {
                mpesa.set_behaviour_of(phone, behaviour.clone());
            }
            Json(json!({"behaviour": behaviour, "balance": mpesa.balance(phone)})).into_response()
        });
    }
    let changed = shared.change_wallets(&provider, |wallets, _, _| {
        let behaviour = match patched(wallets.behaviour_of(phone), &patch) {
            Ok(behaviour) => behaviour,
            Err(message) => return refused(&message),
        };
        if let Some(units) = balance {
            wallets.set_balance(phone, units);
        }
        if !patch.is_empty() {
            wallets.set_behaviour_of(phone, behaviour.clone());
        }
        Json(json!({"behaviour": behaviour, "balance": wallets.balance(phone)})).into_response()
    });
    changed.unwrap_or_else(no_such_provider)
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

async fn write(
    State(shared): State<Arc<Shared>>,
    Path(phone): Path<u64>,
    Json(body): Json<BTreeMap<String, String>>,
) -> Response {
    let Some(text) = body.get("text") else {
        return refused("the body is {\"text\": …}, with \"to\" where it is not for the hub");
    };
    let to = body.get("to").map_or(texts::SHORT_CODE, String::as_str);
    match shared.change_texts(|texts, now_ms, _| texts.write_to(now_ms, phone, to, text)) {
        true => found(true),
        false => refused(&format!("{to} is no number")),
    }
}

/// From which message on.
#[derive(serde::Deserialize)]
struct After {
    #[serde(default)]
    after: usize,
}

/// What came to a phone; a modem asks for what came to its SIM.
async fn texts_of(
    State(shared): State<Arc<Shared>>,
    Path(phone): Path<u64>,
    Query(After { after }): Query<After>,
) -> Response {
    let texts = shared.texts();
    let (items, next) = texts.received_after(phone, after);
    Json(json!({ "items": items, "next": next })).into_response()
}

async fn add_sim(
    State(shared): State<Arc<Shared>>,
    Path(phone): Path<u64>,
    Json(body): Json<BTreeMap<String, String>>,
) -> Response {
    let title = body.get("title").map_or("", String::as_str);
    shared.change_texts(|texts, _, _| texts.add_sim(phone, title));
    found(true)
}

async fn opt_out(State(shared): State<Arc<Shared>>, Path(phone): Path<u64>) -> Response {
    shared.change_texts(|texts, now_ms, _| texts.opt_out(now_ms, phone));
    found(true)
}

async fn dial(
    State(shared): State<Arc<Shared>>,
    Path(phone): Path<u64>,
    Json(body): Json<BTreeMap<String, String>>,
) -> Response {
    let Some(code) = body.get("code") else {
        return refused("the body is {\"code\": …}");
    };
    let step = shared.change_texts(|texts, now_ms, draw| texts.dial(now_ms, draw, phone, code));
    shown(&shared, phone, step).await
}

async fn type_in(
    State(shared): State<Arc<Shared>>,
    Path(phone): Path<u64>,
    Json(body): Json<BTreeMap<String, String>>,
) -> Response {
    let Some(input) = body.get("input") else {
        return refused("the body is {\"input\": …}");
    };
    match shared.change_texts(|texts, _, _| texts.type_in(phone, input)) {
        None => {
            let body = json!({"error": {"code": "no_session", "message": "no session waits for an input"}});
            (StatusCode::CONFLICT, Json(body)).into_response()
        }
        step => shown(&shared, phone, step).await,
    }
}

async fn hang_up(State(shared): State<Arc<Shared>>, Path(phone): Path<u64>) -> Response {
    shared.change_texts(|texts, now_ms, _| texts.hang_up(now_ms, phone));
    found(true)
}

/// What the phone shows once the hub has answered.
async fn shown(shared: &Arc<Shared>, phone: u64, step: Option<Step>) -> Response {
    if let Some(step) = step {
        carried(shared, step).await;
    }
    Json(shared.texts().call(phone)).into_response()
}

async fn statement(State(shared): State<Arc<Shared>>) -> Response {
    let csv = shared.mpesa().statement_csv();
    ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], csv).into_response()
}

/// The lines of all books, and their sum in whole units of whatever currency they are in.
async fn ledger(State(shared): State<Arc<Shared>>) -> Response {
    let (mut items, mut total) = (Vec::new(), 0);
    for line in shared.mpesa().ledger() {
        items.push(json!(line));
        total += line.amount;
    }
    for line in shared.wallets().iter().flat_map(|wallets| wallets.ledger()) {
        items.push(json!(line));
        total += line.amount;
    }
    Json(json!({"items": items, "total": total})).into_response()
}

async fn forget_token(State(shared): State<Arc<Shared>>, Path(provider): Path<String>) -> Response {
    if is_mpesa(&provider) {
        shared.change(|mpesa, _, _| mpesa.forget_token());
        return found(true);
    }
    match shared.change_wallets(&provider, |wallets, _, _| wallets.forget_token()) {
        Some(()) => found(true),
        None => no_such_provider(),
    }
}

async fn approve(
    State(shared): State<Arc<Shared>>,
    Path((provider, id)): Path<(String, String)>,
    body: Option<Json<BTreeMap<String, String>>>,
) -> Response {
    let pin = body.and_then(|Json(body)| body.get("pin").cloned());
    let pin = pin.as_deref().unwrap_or(RIGHT_PIN);
    if is_mpesa(&provider) {
        return found(shared.change(|mpesa, now_ms, draw| mpesa.approve(now_ms, draw, &id, pin)));
    }
    let approved = shared.change_wallets(&provider, |wallets, now_ms, _| wallets.approve(now_ms, &id, pin));
    approved.map_or_else(no_such_provider, found)
}

async fn cancel(State(shared): State<Arc<Shared>>, Path((provider, id)): Path<(String, String)>) -> Response {
    if is_mpesa(&provider) {
        return found(shared.change(|mpesa, now_ms, draw| mpesa.cancel(now_ms, draw, &id)));
    }
    let cancelled = shared.change_wallets(&provider, |wallets, now_ms, _| wallets.cancel(now_ms, &id));
    cancelled.map_or_else(no_such_provider, found)
}
