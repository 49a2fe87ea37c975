//! `GET /api/v1/…`: what programs read (CONTRACTS section 6).

use std::str::FromStr;

use axum::{
    Extension, Json, Router,
    body::{Body, Bytes},
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::stream;
use kiosk::{
    day::Day,
    ids::{AccountId, CustomerId, Epoch},
    moment::Wall,
    phone::Phone,
};
use serde::Deserialize;
use serde_json::{Value, json};
use store::StoreError;

use crate::site::store::{
    broadcasts, floats, inbox, outbox, people,
    read::{self, AskedFilter, CustomerShown, SaleFilter},
    readers::Reading,
};

use super::{
    Web,
    guard::Caller,
    problem::Problem,
    wire::{self, CSV_COLUMNS, Here},
};

/// Rows of a list, unless the caller says otherwise.
const LIMIT: u32 = 25;
/// The most rows of a list.
const LIMIT_MAX: u32 = 200;
/// Rows of a journal read at once.
const CSV_ROWS: u32 = 500;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/api/v1/status", get(status))
        .route("/api/v1/customers/{id}", get(customer))
        .route("/api/v1/transactions", get(transactions))
        .route("/api/v1/queue", get(queue))
        .route("/api/v1/float", get(float))
        .route("/api/v1/journal.csv", get(journal))
        .route("/api/v1/texts", get(texts))
        .route("/api/ussd/queue/{phone}", get(queue_of_phone))
}

/// What may stand after `?`. Everything is a text here, so that a wrong one is named.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    phone: Option<String>,
    customer: Option<String>,
    limit: Option<String>,
    after: Option<String>,
    all: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

async fn status(State(web): State<Web>) -> Result<Json<Value>, Problem> {
    let status = web.status().await?;
    let today = status.today;
    let (sales, volume) = web.read(move |connection| read::totals(connection, today)).await?;
    let state_hash = web.read(read::state_hash).await?;
    Ok(Json(wire::status(&status, &state_hash, sales.unsigned_abs(), volume)))
}

/// `GET /api/v1/customers?phone=…`: a list of one or none.
pub(super) async fn customers(State(web): State<Web>, Query(asked): Query<Asked>) -> Result<Json<Value>, Problem> {
    let here = Here::of(&web.status().await?)?;
    let Some(phone) = asked.phone else {
        return Err(Problem::field("phone", "is missing: whose?"));
    };
    let found = find(&web, &here, &phone).await?;
    let items: Vec<Value> = found.iter().map(|found| wire::customer(&here, found)).collect();
    Ok(Json(json!({ "items": items, "next": null })))
}

async fn customer(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let here = Here::of(&web.status().await?)?;
    let id: CustomerId = parsed("id", &id)?;
    let clock = here.clock();
    let found = web
        .read(move |connection| read::customer_shown(connection, id, clock))
        .await?;
    let found = found.ok_or_else(|| Problem::not_found("this customer"))?;
    Ok(Json(wire::customer(&here, &found)))
}

/// The newest texts that the SIM got, and the newest that it sent or is to send.
async fn texts(State(web): State<Web>, Query(asked): Query<Asked>) -> Result<Json<Value>, Problem> {
    let limit = limit(&asked)?;
    let (came, went) = web
        .read(move |connection| Ok((inbox::newest(connection, limit)?, outbox::newest(connection, limit)?)))
        .await?;
    Ok(Json(json!({
        "received": came.iter().map(wire::texts::incoming).collect::<Vec<_>>(),
        "sent": went.iter().map(wire::texts::outgoing).collect::<Vec<_>>(),
    })))
}

/// The newest texts to everybody.
pub(super) async fn broadcasts(State(web): State<Web>, Query(asked): Query<Asked>) -> Result<Json<Value>, Problem> {
    let limit = limit(&asked)?;
    let rows = web
        .read(move |connection| broadcasts::newest(connection, limit))
        .await?;
    let items: Vec<Value> = rows.iter().map(wire::texts::broadcast).collect();
    Ok(Json(json!({ "items": items, "next": null })))
}

async fn transactions(State(web): State<Web>, Query(asked): Query<Asked>) -> Result<Json<Value>, Problem> {
    let here = Here::of(&web.status().await?)?;
    let limit = limit(&asked)?;
    let filter = SaleFilter {
        customer: asked.customer.as_deref().map(|id| parsed("customer", id)).transpose()?,
        after: asked.after.as_deref().map(cursor).transpose()?,
        ..days(&here, &asked)?
    };
    let mut rows = web
        .read(move |connection| read::sales(connection, &filter, limit + 1))
        .await?;
    let next = cut(&mut rows, limit).then(|| rows.last().map(|row| place(row.time, row.epoch, row.seq)));
    let items: Vec<Value> = rows.iter().map(|row| wire::sale(&here, row)).collect();
    Ok(Json(json!({ "items": items, "next": next.flatten() })))
}

/// What the caller may still take in cash, and what they should have in the drawer.
async fn float(State(web): State<Web>, Extension(caller): Extension<Caller>) -> Result<Json<Value>, Problem> {
    let status = web.status().await?;
    let (here, today, login) = (Here::of(&status)?, status.today, caller.name.clone());
    let (standing, sold) = web
        .read(move |connection| {
            let standing = floats::standing(connection, &login)?;
            Ok((standing, floats::sales_since(connection, today)?))
        })
        .await?;
    Ok(Json(wire::float(&here, &caller.name, &standing, sold)))
}

/// What was asked of the hub from here and waits for its answer; with `all=true` also what was answered.
async fn queue(State(web): State<Web>, Query(asked): Query<Asked>) -> Result<Json<Value>, Problem> {
    let limit = limit(&asked)?;
    let customer = asked.customer.as_deref().map(|id| parsed("customer", id)).transpose()?;
    let filter = AskedFilter {
        is_waiting: asked.all.as_deref() != Some("true"),
        customer,
        after: asked.after.as_deref().map(cursor).transpose()?,
    };
    let (mut rows, (total, waiting)) = web
        .read(move |connection| {
            let rows = read::asked(connection, &filter, limit + 1)?;
            Ok((rows, read::asked_counts(connection, customer)?))
        })
        .await?;
    let next = cut(&mut rows, limit).then(|| rows.last().map(|row| place(row.time, row.epoch, row.seq)));
    Ok(Json(json!({
        "items": rows.iter().map(wire::asked).collect::<Vec<_>>(),
        "next": next.flatten(),
        "total_items": total,
        "synced_items": total - waiting,
        "unsynced_items": waiting,
    })))
}

/// The same of one phone, in the spelling of FEATURES C27.
async fn queue_of_phone(State(web): State<Web>, Path(phone): Path<String>) -> Result<Json<Value>, Problem> {
    let here = Here::of(&web.status().await?)?;
    let found = find(&web, &here, &phone).await?;
    let customer = found.map(|found| found.id);
    let (rows, (total, waiting)) = match customer {
        None => (Vec::new(), (0, 0)),
        Some(_) => {
            let filter = AskedFilter {
                customer,
                ..AskedFilter::default()
            };
            web.read(move |connection| {
                let rows = read::asked(connection, &filter, LIMIT_MAX)?;
                Ok((rows, read::asked_counts(connection, customer)?))
            })
            .await?
        }
    };
    Ok(Json(json!({
        "phoneNumber": phone,
        "totalItems": total,
        "syncedItems": total - waiting,
        "unsyncedItems": waiting,
        "items": rows.iter().map(wire::asked_c27).collect::<Vec<_>>(),
    })))
}

/// The journal as CSV, the oldest first, read and sent piece by piece. `from` and `to` are days here, both included.
async fn journal(State(web): State<Web>, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let here = Here::of(&web.status().await?)?;
    let filter = SaleFilter {
        is_oldest_first: true,
        ..days(&here, &asked)?
    };
    let head = Bytes::from(format!("{CSV_COLUMNS}\r\n"));
    let state = (web, here, Some(filter), Some(head));
    let pieces = stream::try_unfold(state, async |(web, here, filter, head)| {
        if let Some(head) = head {
            return Ok(Some((head, (web, here, filter, None))));
        }
        let Some(mut filter) = filter else { return Ok(None) };
        let wanted = filter.clone();
        let rows = web
            .read(move |connection| read::sales(connection, &wanted, CSV_ROWS))
            .await;
        let rows = rows.map_err(|problem| std::io::Error::other(problem.message))?;
        let Some(last) = rows.last() else { return Ok(None) };
        filter.after = Some((last.time, last.epoch, last.seq));
        let text: String = rows
            .iter()
            .map(|row| wire::csv_line(&here.site, here.currency, row))
            .collect();
        let filter = (rows.len() >= CSV_ROWS as usize).then_some(filter);
        Ok::<_, std::io::Error>(Some((Bytes::from(text), (web, here, filter, None))))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"journal.csv\""),
    ];
    Ok((StatusCode::OK, headers, Body::from_stream(pieces)).into_response())
}

/// The customer whom a person means: a phone in any accepted form, or an account.
pub(super) async fn find(web: &Web, here: &Here, text: &str) -> Result<Option<CustomerShown>, Problem> {
    let account = AccountId::from_str(text.trim());
    let phone = Phone::parse(text.trim(), here.country());
    if let (Err(_), Err(error)) = (&account, &phone) {
        return Err(Problem::field("phone", error.to_string()));
    }
    let clock = here.clock();
    web.read(move |connection: &Reading| -> Result<_, StoreError> {
        let row = match (account, phone) {
            (Ok(account), _) => people::by_account(connection, account)?,
            (_, Ok(phone)) => people::by_phone(connection, &phone.e164())?,
            _ => None,
        };
        match row {
            Some(row) => read::customer_shown(connection, row.id, clock),
            None => Ok(None),
        }
    })
    .await
}

fn limit(asked: &Asked) -> Result<u32, Problem> {
    let Some(text) = &asked.limit else { return Ok(LIMIT) };
    let limit = text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
    limit.ok_or_else(|| Problem::field("limit", format!("must be 1 to {LIMIT_MAX}")))
}

/// Takes off the row that only shows that there are more.
fn cut<T>(rows: &mut Vec<T>, limit: u32) -> bool {
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    has_more
}

/// The cursor of a row.
pub(super) fn place(time: Wall, epoch: Epoch, seq: u32) -> String {
    format!("{}.{epoch}.{seq}", time.0)
}

/// Reads [`place`] back.
pub(super) fn cursor(text: &str) -> Result<(Wall, Epoch, u32), Problem> {
    let mut parts = text.split('.');
    let mut read = || {
        let time = parts.next()?.parse().ok()?;
        let epoch = parts.next()?.parse().ok()?;
        let seq = parts.next()?.parse().ok()?;
        parts.next().is_none().then_some((Wall(time), epoch, seq))
    };
    read().ok_or_else(|| Problem::field("after", "is not a cursor that this gateway gave"))
}

/// The days from `from` to `to`, both included.
fn days(here: &Here, asked: &Asked) -> Result<SaleFilter, Problem> {
    let day = |field: &str, text: &Option<String>| {
        let given = text.as_deref().filter(|text| !text.is_empty());
        given.map(|text| parsed::<Day>(field, text)).transpose()
    };
    Ok(SaleFilter {
        from: day("from", &asked.from)?.map(|day| here.zone.begin(day)),
        until: day("to", &asked.to)?.map(|day| here.zone.end(day)),
        ..SaleFilter::default()
    })
}

fn parsed<T: FromStr<Err: ToString>>(field: &str, text: &str) -> Result<T, Problem> {
    text.parse()
        .map_err(|error: T::Err| Problem::field(field, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_nothing_else_does() {
        let here = (Wall(1_790_000_000_000), Epoch(7), 12);
        assert_eq!(cursor(&place(here.0, here.1, here.2)), Ok(here));
        for bad in ["", "1", "1.2.3", "1.0000000000000007.2.3", "x.0000000000000007.2"] {
            assert!(cursor(bad).is_err(), "{bad}");
        }
    }
}
