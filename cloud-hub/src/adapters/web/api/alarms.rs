//! What needed a look.

use axum::extract::State;
use serde_json::{Value, json};

use super::{
    super::{
        App,
        answer::{Api, Json},
    },
    query::{self, Query},
};
use crate::hub::store::read::{self, AlarmFilter, AlarmRow};

/// `GET /api/v1/alarms`: the newest first, those that somebody has looked at, too.
pub async fn list(State(app): State<App>, mut query: Query) -> Api {
    let filter = AlarmFilter {
        site: query.parsed("site")?,
        seen: query.parsed("seen")?,
    };
    let (limit, after) = (query.limit()?, query.after()?.unwrap_or(i64::MAX));
    query.finish()?;
    let found = app
        .parts
        .books
        .read(move |books| read::alarms(books, &filter, after, limit));
    let found = found.await?;
    Json::ok(query::list(found.items.iter().map(shown), found.next))
}

fn shown(alarm: &AlarmRow) -> Value {
    json!({
        "id": alarm.id,
        "site": alarm.site,
        "severity": alarm.severity,
        "code": alarm.code,
        "detail": alarm.detail,
        "time": alarm.time.rfc3339(),
        "seen": alarm.seen.map(|seen| seen.rfc3339()),
    })
}
