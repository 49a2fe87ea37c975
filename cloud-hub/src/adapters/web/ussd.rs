//! USSD as its aggregators speak it (FEATURES A6, B10 to B13, C24, C25, C28 to C31): Africa's Talking's form and
//! Safaricom's JSON are two adapters over one machine.
//!
//! A network wants a screen and nothing else: whatever goes wrong behind the secret, the caller reads a short apology and
//! the session ends politely. What was typed may be a PIN, so it is in no log and no answer.

use std::time::Duration;

use ::kiosk::phone::Phone;
use axum::{
    extract::{Path, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};
use config::{Network, hub::SafaricomText};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{
    App,
    answer::{Api, Json, Refused, forbidden, unexpected},
    body::{self, Body},
    guard::Caller,
    hooks,
    page::form::Fields,
};
use crate::hub::{
    effect::{Refusal, Response as Said, UssdScreen},
    input::{Actor, Aggregator, Request as Ask, Secret, UssdName, UssdStep, UssdText},
    store::read,
};

/// Gateways give a caller up after some seconds without an answer (reference: Africa's Talking, section 1). A step that
/// takes longer may still be done; its answer is kept for the next delivery.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// The longest name of a session.
const SESSION_CHARS_MAX: usize = 128;
/// The longest text: all that is typed in one session.
const TEXT_BYTES_MAX: usize = 8 * 1_024;
/// What `ussd.test` opens without a token.
pub const TEST_PATHS: [&str; 2] = ["/api/ussd/test", "/api/ussd/sessions/clear"];

/// The handler of a row of the table.
pub(super) fn routed(method: &str, path: &str) -> Option<MethodRouter<App>> {
    Some(match (method, path) {
        ("POST", "/ussd/callback/{secret}") => post(callback),
        ("POST", "/ussd/callback") => post(callback_unsigned),
        ("POST", "/callback/{secret}") => post(callback),
        ("POST", "/callback") => post(callback_unsigned),
        ("POST", "/ussd/events/{secret}") => post(ended),
        ("POST", "/ussd/events") => post(ended_unsigned),
        ("POST", "/api/ussd/handler/{secret}") => post(handler),
        ("POST", "/api/ussd/handler") => post(handler_unsigned),
        ("GET", "/api/ussd/health") => get(health),
        ("POST", "/api/ussd/test") => post(test),
        ("GET", "/api/ussd/sessions") => get(sessions),
        ("POST", "/api/ussd/sessions/clear") => post(clear),
        _ => return None,
    })
}

/// What an aggregator sent.
struct Sent {
    session: Option<String>,
    phone: Option<String>,
    service_code: Option<String>,
    text: String,
}

/// `POST /ussd/callback/SECRET`
pub async fn callback(State(app): State<App>, Path(secret): Path<String>, request: Request) -> Response {
    africas_talking(&app, Some(&secret), request).await
}

/// `POST /ussd/callback`, where unsigned callbacks are allowed.
pub async fn callback_unsigned(State(app): State<App>, request: Request) -> Response {
    africas_talking(&app, None, request).await
}

/// The addresses that Africa's Talking calls from; none where any will do.
fn africas_talking_from(app: &App) -> &[Network] {
    app.parts.settings.texts_from.as_deref().unwrap_or_default()
}

async fn africas_talking(app: &App, secret: Option<&str>, request: Request) -> Response {
    if !hooks::lets_in(app, secret, africas_talking_from(app), &request) {
        return Refused(forbidden()).into_response();
    }
    let taken = async {
        let sent = form(request).await?;
        take(app, Actor::Ussd, Aggregator::AfricasTalking, UssdText::Joined, sent).await
    };
    let shown = shown_in_time(app, taken).await;
    let word = if shown.goes_on { "CON" } else { "END" };
    let content = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (content, format!("{word} {}", shown.screen)).into_response()
}

async fn form(request: Request) -> Result<Sent, Refusal> {
    let mut fields = Fields::parse(&body::read(request, &()).await?);
    Ok(Sent {
        session: fields.take("sessionId"),
        phone: fields.take("phoneNumber"),
        service_code: fields.take("serviceCode"),
        text: fields.whole("text"),
    })
}

/// `POST /ussd/events/SECRET`: the network has ended a session.
pub async fn ended(State(app): State<App>, Path(secret): Path<String>, request: Request) -> Response {
    end(&app, Some(&secret), request).await
}

/// `POST /ussd/events`, where unsigned callbacks are allowed.
pub async fn ended_unsigned(State(app): State<App>, request: Request) -> Response {
    end(&app, None, request).await
}

async fn end(app: &App, secret: Option<&str>, request: Request) -> Response {
    if !hooks::lets_in(app, secret, africas_talking_from(app), &request) {
        return Refused(forbidden()).into_response();
    }
    let taken = async {
        let sent = form(request).await?;
        let name = name(Aggregator::AfricasTalking, sent.session)?;
        app.parts.desk.ask(Actor::Ussd, None, Ask::EndUssd { name }).await
    };
    // They want 200 and nothing else (reference: Africa's Talking, section 1).
    if let Err(refusal) = taken.await {
        tracing::warn!(code = %refusal.code, "ussd: the end of a session was not taken");
    }
    StatusCode::OK.into_response()
}

/// `POST /api/ussd/handler/SECRET`
pub async fn handler(State(app): State<App>, Path(secret): Path<String>, request: Request) -> Api {
    safaricom(&app, Some(&secret), request).await
}

/// `POST /api/ussd/handler`, where unsigned callbacks are allowed.
pub async fn handler_unsigned(State(app): State<App>, request: Request) -> Api {
    safaricom(&app, None, request).await
}

async fn safaricom(app: &App, secret: Option<&str>, request: Request) -> Api {
    if !hooks::lets_in(app, secret, &app.parts.settings.ussd.safaricom_from, &request) {
        return Err(forbidden().into());
    }
    let taken = async {
        let bytes = body::read(request, &()).await?;
        let fields: Value = serde_json::from_slice(&bytes).map_err(|_| bad("body", "JSON"))?;
        let text = |field: &str| fields[field].as_str().map(str::to_owned);
        let sent = Sent {
            session: text("sessionId"),
            phone: text("phoneNumber"),
            service_code: text("serviceCode"),
            text: match &fields["text"] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                _ => return Err(bad("text", "a text")),
            },
        };
        take(app, Actor::Ussd, Aggregator::Safaricom, text_of_safaricom(app), sent).await
    };
    let shown = shown_in_time(app, taken).await;
    Json::ok(as_safaricom(&shown))
}

fn as_safaricom(shown: &UssdScreen) -> Value {
    let kind = if shown.goes_on { "input" } else { "notification" };
    json!({ "responseType": kind, "message": shown.screen })
}

fn text_of_safaricom(app: &App) -> UssdText {
    match app.parts.settings.ussd.safaricom_text {
        SafaricomText::Newest => UssdText::Newest,
        SafaricomText::Joined => UssdText::Joined,
    }
}

/// `POST /api/ussd/test`: the same without an aggregator, and with where the session stands.
pub async fn test(State(app): State<App>, request: Request) -> Api {
    let by = actor(&request);
    let mut fields = Body::parse(&body::read(request, &()).await?)?;
    let sent = Sent {
        session: Some(fields.text("sessionId")?),
        phone: Some(fields.text("phoneNumber")?),
        service_code: fields.maybe_text("serviceCode")?,
        text: fields.maybe_text("text")?.unwrap_or_default(),
    };
    fields.finish()?;
    let shown = take(&app, by, Aggregator::Test, text_of_safaricom(&app), sent).await?;
    let mut answer = as_safaricom(&shown);
    answer["state"] = json!(shown.state);
    answer["continueSession"] = json!(shown.goes_on);
    Json::ok(answer)
}

/// Who is written down: the operator, or a caller where the test routes are open.
fn actor(request: &Request) -> Actor {
    let caller = request.extensions().get::<Caller>();
    caller.map_or(Actor::Ussd, Caller::actor)
}

/// `GET /api/ussd/sessions`
pub async fn sessions(State(app): State<App>) -> Api {
    let (now, _) = app.parts.clock.now();
    let since = now.plus_ms(-session_ms(&app));
    let (listed, active) = app
        .parts
        .books
        .read(move |books| {
            let listed = read::ussd_sessions(books, since)?;
            Ok((listed, read::ussd_sessions_count(books, since)?))
        })
        .await?;
    let session = |row: &read::UssdSession| {
        json!({
            "sessionId": row.id,
            "phoneNumber": row.phone,
            "state": row.state,
            "createdAt": row.created.rfc3339(),
            "lastActivityAt": row.active.rfc3339(),
            "idleTime": (now.0 - row.active.0).max(0),
        })
    };
    let sessions: Vec<Value> = listed.iter().map(session).collect();
    Json::ok(json!({ "activeSessions": active, "sessions": sessions }))
}

/// `POST /api/ussd/sessions/clear`
pub async fn clear(State(app): State<App>, request: Request) -> Api {
    app.parts.desk.ask(actor(&request), None, Ask::ClearUssd).await?;
    Json::ok(json!({ "message": "All sessions cleared" }))
}

/// `GET /api/ussd/health`
pub async fn health(State(app): State<App>) -> Api {
    let (now, _) = app.parts.clock.now();
    let since = now.plus_ms(-session_ms(&app));
    let active = app
        .parts
        .books
        .read(move |books| read::ussd_sessions_count(books, since))
        .await?;
    Json::ok(json!({
        "status": "USSD service is running", "timestamp": now.rfc3339(), "activeSessions": active,
    }))
}

fn session_ms(app: &App) -> i64 {
    let settings = &app.parts.settings.ussd;
    let longest = settings.session.max(settings.safaricom_session);
    i64::try_from(longest.as_millis()).unwrap_or(i64::MAX)
}

/// The screen of a step, or an apology when there is none in time.
async fn shown_in_time(app: &App, taken: impl Future<Output = Result<UssdScreen, Refusal>>) -> UssdScreen {
    let (why, said) = match timeout(ANSWER_WITHIN, taken).await {
        Ok(Ok(shown)) => return shown,
        Ok(Err(refusal)) => (refusal.code, &app.sorry),
        Err(_) => ("too_slow".into(), &app.too_slow),
    };
    tracing::warn!(code = %why, "ussd: a step was answered with an apology");
    UssdScreen {
        screen: said.clone(),
        goes_on: false,
        state: "ENDED",
    }
}

/// Hands a step to the machine.
async fn take(app: &App, by: Actor, aggregator: Aggregator, form: UssdText, sent: Sent) -> Result<UssdScreen, Refusal> {
    let name = name(aggregator, sent.session)?;
    let settings = &app.parts.settings;
    let phone = sent.phone.unwrap_or_default();
    let phone = Phone::parse(&phone, settings.country).map_err(|_| bad("phoneNumber", "a phone number"))?;
    if sent.text.len() > TEXT_BYTES_MAX {
        return Err(bad("text", "shorter"));
    }
    let step = UssdStep {
        name,
        phone,
        service: settings.ussd.menu(sent.service_code.as_deref().unwrap_or_default()),
        text: Secret(sent.text),
        form,
    };
    match app.parts.desk.ask(by, None, Ask::Ussd(step)).await? {
        Said::Ussd(shown) => Ok(shown),
        _ => Err(unexpected()),
    }
}

fn name(aggregator: Aggregator, session: Option<String>) -> Result<UssdName, Refusal> {
    let is_name = |text: &String| {
        let graphic = text.bytes().all(|byte| byte.is_ascii_graphic());
        graphic && (1..=SESSION_CHARS_MAX).contains(&text.len())
    };
    let session = session.filter(is_name);
    let session = session.ok_or_else(|| bad("sessionId", "1 to 128 printable characters without spaces"))?;
    Ok(UssdName { aggregator, session })
}

fn bad(field: &'static str, rule: &str) -> Refusal {
    Refusal::invalid(field, "bad_field", format!("{field} must be {rule}"))
}
