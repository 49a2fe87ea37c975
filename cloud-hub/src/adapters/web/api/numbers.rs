//! Accounts that are to go along to another number.

use axum::{
    Extension,
    extract::{Path, State},
    http::HeaderMap,
};
use serde_json::{Value, json};

use super::{
    super::{
        App,
        answer::{Api, Json},
        body::Body,
        guard::Caller,
    },
    ask,
    query::{Query, list as listed},
};
use crate::hub::{
    effect::Refusal,
    input::Request,
    store::read::{self, NumberRequest},
};

/// `GET /api/v1/numbers?state=open`: the newest first.
pub async fn list(State(app): State<App>, mut query: Query) -> Api {
    let state = query.text("state");
    let (limit, after) = (query.limit()?, query.after()?.unwrap_or(i64::MAX));
    query.finish()?;
    let read = move |books: &_| read::number_requests(books, state.as_deref(), after, limit);
    let found = app.parts.books.read(read).await?;
    Json::ok(listed(found.items.iter().map(shown), found.next))
}

fn shown(request: &NumberRequest) -> Value {
    json!({
        "id": request.id,
        "customer": request.customer.to_string(),
        "old_phone": request.old.e164(),
        "new_phone": request.new.e164(),
        "state": request.state,
        "asked": request.asked.rfc3339(),
        "decided": request.decided.map(|decided| decided.rfc3339()),
        "decided_by": request.decided_by,
    })
}

/// `POST /api/v1/numbers/{id}` `{"decision":"yes|no"}`
pub async fn decide(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let is_yes = match body.text("decision")?.as_str() {
        "yes" => true,
        "no" => false,
        _ => return Err(Refusal::invalid("decision", "bad_field", "yes or no").into()),
    };
    body.finish()?;
    let none = || Refusal::not_found("open request for another number");
    let request = id.parse().map_err(|_| none())?;
    ask(&app, &caller, &headers, Request::DecideNumber { request, is_yes }).await?;
    let next = request.saturating_add(1);
    let read = move |books: &_| read::number_requests(books, None, next, 1);
    let found = app.parts.books.read(read).await?;
    Json::ok(shown(found.items.first().ok_or_else(none)?))
}
