//! One text to many people.

use ::kiosk::{
    ids::SiteName,
    moment::Wall,
    talk::{
        Language,
        broadcast::{Audience, Order},
        gsm7::Encoding,
    },
};
use axum::{
    Extension,
    extract::{Path, State},
    http::HeaderMap,
};
use serde_json::{Value, json};

use super::{
    super::{
        App,
        answer::{Api, Json, unexpected},
        body::{Body, idempotency_key},
        guard::Caller,
    },
    ask,
    query::{Query, list as listed},
};
use crate::hub::{
    effect::{BroadcastPlan, Refusal, RefusalKind, Response},
    input::{NewBroadcast, Request},
    store::read::{self, Broadcast, Progress},
};

/// The longest text that is read, in bytes; how many parts it may have is decided afterwards.
const TEXT_BYTES_MAX: usize = 4_096;
/// The field of each language's text, in the order in which texts count as given.
pub const TEXT_FIELDS: [(&str, Language); 3] = [
    ("text_en", Language::English),
    ("text_sw", Language::Swahili),
    ("text_fr", Language::French),
];

fn read_new(body: &mut Body) -> Result<NewBroadcast, Refusal> {
    let bad = |field, message: &str| Refusal::invalid(field, "bad_field", message);
    let site = body.maybe_parsed::<SiteName>("site")?;
    let all_sites = body.maybe_boolean("all_sites")?.unwrap_or_default();
    if site.is_some() == all_sites {
        return Err(bad("site", "name a site, or say all_sites: true"));
    }
    let audience = Audience::from_name(&body.text("audience")?, site);
    let mut texts = Vec::new();
    for (field, language) in TEXT_FIELDS {
        texts.extend(body.maybe_text_of(field, TEXT_BYTES_MAX)?.map(|text| (language, text)));
    }
    Ok(NewBroadcast {
        audience: audience.ok_or_else(|| bad("audience", "audience must be customers or managers"))?,
        texts,
        cost_minor_max: body.maybe_integer("cost_minor_max")?,
    })
}

/// `POST /api/v1/broadcasts/preview`
pub async fn preview(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let new = read_new(&mut body)?;
    body.finish()?;
    match ask(&app, &caller, &headers, Request::PreviewBroadcast(new)).await? {
        Response::BroadcastPlan(plan) => Json::ok(planned(&plan)),
        _ => Err(unexpected().into()),
    }
}

/// `POST /api/v1/broadcasts`
pub async fn start(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    if idempotency_key(&headers)?.is_none() {
        let message = "a broadcast needs an Idempotency-Key, so that a repeated POST reaches nobody twice";
        return Err(Refusal::new(RefusalKind::Invalid, "missing_idempotency_key", message).into());
    }
    let new = read_new(&mut body)?;
    body.finish()?;
    stands(ask(&app, &caller, &headers, Request::StartBroadcast(new)).await?)
}

/// `GET /api/v1/broadcasts`
pub async fn list(State(app): State<App>, mut query: Query) -> Api {
    let (limit, after) = (query.limit()?, query.after()?.unwrap_or(i64::MAX));
    query.finish()?;
    let page = app
        .parts
        .books
        .read(move |books| read::broadcasts(books, after, limit))
        .await?;
    Json::ok(listed(page.items.iter().map(shown), page.next))
}

/// `GET /api/v1/broadcasts/{id}`
pub async fn one(State(app): State<App>, Path(id): Path<String>) -> Api {
    let (broadcast, progress) = find(&app, &id).await?;
    let mut value = shown(&broadcast);
    value["progress"] = progressed(&progress);
    Json::ok(value)
}

/// A broadcast and how far it has come.
pub async fn find(app: &App, id: &str) -> Result<(Broadcast, Progress), Refusal> {
    let id = number(id)?;
    let read = app.parts.books.read(move |books| {
        let found = read::broadcast(books, id)?;
        Ok((found, read::broadcast_progress(books, id)?))
    });
    let (found, progress) = read.await?;
    Ok((found.ok_or_else(|| Refusal::not_found("broadcast"))?, progress))
}

/// Reads a number in a path: what is none names nothing.
pub fn number(text: &str) -> Result<i64, Refusal> {
    text.parse().map_err(|_| Refusal::not_found("broadcast"))
}

/// `POST /api/v1/broadcasts/{id}/pause`
pub async fn pause(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Api {
    order(&app, &caller, &headers, &id, Order::Pause).await
}

/// `POST /api/v1/broadcasts/{id}/resume`
pub async fn resume(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let may_repeat = body.maybe_boolean("may_repeat")?.unwrap_or_default();
    body.finish()?;
    order(&app, &caller, &headers, &id, Order::Resume { may_repeat }).await
}

/// `POST /api/v1/broadcasts/{id}/cancel`
pub async fn cancel(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Api {
    order(&app, &caller, &headers, &id, Order::Cancel).await
}

async fn order(app: &App, caller: &Caller, headers: &HeaderMap, id: &str, order: Order) -> Api {
    let broadcast = number(id)?;
    let request = Request::OrderBroadcast { broadcast, order };
    stands(ask(app, caller, headers, request).await?)
}

fn stands(response: Response) -> Api {
    match response {
        Response::Broadcast { broadcast, state } => Json::accepted(json!({
            "id": broadcast.to_string(),
            "state": state.name(),
        })),
        _ => Err(unexpected().into()),
    }
}

/// The name of an alphabet.
pub const fn encoding(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Gsm7 => "GSM-7",
        Encoding::Ucs2 => "UCS-2",
    }
}

fn planned(plan: &BroadcastPlan) -> Value {
    let preview = &plan.preview;
    let texts = preview.texts.iter().map(|text| {
        json!({
            "language": text.language.code(),
            "text": text.text,
            "people": text.people,
            "encoding": encoding(text.encoding),
            "parts": text.parts,
            "odd_letters": text.odd_letters,
        })
    });
    let left_out = preview.left_out.iter();
    json!({
        "texts": texts.collect::<Vec<_>>(),
        "people": preview.people(),
        "parts": preview.parts(),
        "cost_minor": preview.cost_minor(plan.price_per_part_minor),
        "price_per_part_minor": plan.price_per_part_minor,
        "currency": plan.currency.code(),
        "left_out": left_out.map(|(why, people)| (why.name().to_owned(), json!(people))).collect::<Value>(),
        "hours": plan.hours.to_string(),
        "time_zone": plan.time_zone,
        "leaves_now": plan.is_open,
    })
}

fn shown(broadcast: &Broadcast) -> Value {
    let texts = broadcast.texts.iter();
    json!({
        "id": broadcast.id.to_string(),
        "audience": broadcast.audience.name(),
        "site": broadcast.audience.site().map(SiteName::as_str),
        "texts": texts.map(|(language, text)| (language.code().to_owned(), json!(text))).collect::<Value>(),
        "people": broadcast.people,
        "parts": broadcast.parts,
        "cost_minor": broadcast.cost_minor,
        "currency": broadcast.currency,
        "state": broadcast.state.name(),
        "created_by": broadcast.created_by,
        "created": broadcast.created.rfc3339(),
        "ended": broadcast.ended.map(Wall::rfc3339),
    })
}

fn progressed(progress: &Progress) -> Value {
    let left_out = progress.left_out.iter();
    json!({
        "queued": progress.queued,
        "sending": progress.sending,
        "sent": progress.sent,
        "delivered": progress.delivered,
        "failed": progress.failed,
        "unknown": progress.unknown,
        "left_out": left_out.map(|(why, people)| (why.name().to_owned(), json!(people))).collect::<Value>(),
    })
}
