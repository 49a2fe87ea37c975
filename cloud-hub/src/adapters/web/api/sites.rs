//! Sites and kiosks.

use ::kiosk::{ids::Lane, moment::Wall};
use axum::{Extension, extract::State, http::HeaderMap};
use serde_json::{Map, Value, json};

use super::{
    super::{
        App,
        answer::{Api, Json, unexpected},
        body::Body,
        guard::Caller,
    },
    ask,
    query::{Query, list as listed},
};
use crate::hub::{
    effect::Response,
    input::{NewSite, Request},
    store::read::{self, Site},
};

/// `GET /api/v1/sites`: all of them, for there are hundreds at most.
pub async fn list(State(app): State<App>, mut query: Query) -> Api {
    let (limit, after) = (query.limit()?, query.text("after"));
    query.finish()?;
    let sites = app.parts.books.read(read::sites).await?;
    let mut sites = sites
        .iter()
        .filter(|site| after.as_deref().is_none_or(|after| site.name.as_str() > after));
    let items: Vec<Value> = sites.by_ref().take(limit as usize).map(shown).collect();
    let last = items.last().map(|item| item["name"].clone());
    let next = sites.next().and(last);
    Json::ok(json!({ "items": items, "next": next }))
}

fn shown(site: &Site) -> Value {
    json!({
        "id": site.name.as_str(),
        "name": site.name.as_str(),
        "title": site.title,
        "online": site.online,
        "last_seen": site.last_seen.map(Wall::rfc3339),
        "reached_by": site.reached_by(),
        "texts": site.thin.as_ref().map(|thin| json!({
            "since": thin.since.map(Wall::rfc3339),
            "last": thin.heard.rfc3339(),
            "day": thin.day.to_string(),
            "sent": thin.sent,
        })),
        "journal_through": site.journal_through.map(|(epoch, seq)| json!({ "epoch": epoch.to_string(), "seq": seq })),
        "queue": queue(site),
        "state_hash": site.state_hash,
    })
}

/// What the site is not known to hold, by lane.
fn queue(site: &Site) -> Value {
    let lanes = Lane::ALL.iter().zip(site.queue);
    let lanes: Map<String, Value> = lanes
        .map(|(lane, count)| (lane.name().to_owned(), json!(count)))
        .collect();
    Value::Object(lanes)
}

/// `POST /api/v1/sites` `{"name","title"?,"time_zone"?}` → 201 with the join code, which is shown once.
pub async fn add(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let new = NewSite {
        name: body.parsed("name")?,
        title: body.maybe_text("title")?,
        time_zone: body.maybe_text("time_zone")?,
        valid_ms: None,
    };
    body.finish()?;
    let name = new.name.clone();
    match ask(&app, &caller, &headers, Request::AddSite(new)).await? {
        Response::JoinCode { code, valid_until } => Json::created(json!({
            "id": name.as_str(),
            "join_code": code,
            "valid_until": valid_until.rfc3339(),
        })),
        _ => Err(unexpected().into()),
    }
}

/// `GET /kiosks`: all kiosks with their status (FEATURES D67).
pub async fn kiosks(State(app): State<App>) -> Api {
    let sites = app.parts.books.read(read::sites_unhashed).await?;
    let online = sites.iter().filter(|site| site.online).count();
    let shown = |site: &Site| {
        json!({
            "kiosk_id": site.name.as_str(),
            "name": site.title,
            "status": if site.online { "online" } else { "offline" },
            "last_seen": site.last_seen.map(Wall::rfc3339),
        })
    };
    let mut answer = listed(sites.iter().map(shown), None);
    answer["count"] = json!(sites.len());
    answer["online"] = json!(online);
    Json::ok(answer)
}
