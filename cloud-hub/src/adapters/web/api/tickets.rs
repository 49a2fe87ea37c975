//! Problems that people reported, and customers who want news again.

use ::kiosk::{ids::CustomerId, moment::Wall};
use axum::{
    Extension,
    extract::{Path, State},
    http::HeaderMap,
};
use serde_json::json;

use super::{
    super::{
        App,
        answer::{Api, Json},
        guard::Caller,
    },
    ask, id,
    query::{Query, list},
};
use crate::hub::{effect::Refusal, input::Request, store::read};

/// `GET /api/v1/tickets`
pub async fn tickets(State(app): State<App>, mut query: Query) -> Api {
    let open = query.parsed::<bool>("open")?;
    let (limit, after) = (query.limit()?, query.after()?.unwrap_or(i64::MAX));
    query.finish()?;
    let page = app
        .parts
        .books
        .read(move |books| read::tickets(books, open, after, limit))
        .await?;
    let items = page.items.iter().map(|ticket| {
        json!({
            "number": ticket.number,
            "phone": ticket.phone.e164(),
            "customer": ticket.customer.map(|customer| customer.to_string()),
            "text": ticket.text,
            "state": if ticket.solved.is_some() { "solved" } else { "open" },
            "created": ticket.created.rfc3339(),
            "solved": ticket.solved.map(Wall::rfc3339),
        })
    });
    Json::ok(list(items, page.next))
}

/// `POST /api/v1/tickets/{number}/solve`
pub async fn solve(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Api {
    let ticket = number.parse().map_err(|_| Refusal::not_found("ticket"))?;
    ask(&app, &caller, &headers, Request::SolveTicket { ticket }).await?;
    Json::ok(json!({}))
}

/// `POST /api/v1/customers/{id}/allow-texts`
pub async fn allow_texts(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(customer): Path<String>,
    headers: HeaderMap,
) -> Api {
    let customer = CustomerId(id(&customer, "customer")?);
    ask(&app, &caller, &headers, Request::AllowTexts { customer }).await?;
    Json::ok(json!({}))
}
