//! Purchases and transactions.

use std::time::Duration;

use ::kiosk::{
    ids::{CustomerId, SiteName},
    moment::Wall,
    provider::Provider,
    units::Volume,
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
        body::Body,
        guard::Caller,
    },
    ask, id,
    query::{Query, list},
};
use crate::hub::{
    effect::{Refusal, Response},
    input::{Item, NewPurchase, Pay, PurchaseId, Request},
    store::read::{self, Purchase, Transaction, TransactionFilter},
};

/// `POST /api/v1/purchases`
pub async fn buy(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let customer: CustomerId = body.parsed("customer")?;
    let item = item(&mut body)?;
    let provider = body.maybe_text("provider")?.map(|name| {
        Provider::from_name(&name).ok_or_else(|| {
            Refusal::invalid(
                "provider",
                "bad_field",
                "provider must be mpesa, mtn, airtel or intasend",
            )
        })
    });
    let new = NewPurchase {
        customer,
        item,
        provider: provider.transpose()?,
        phone: body.maybe_text("phone")?,
        pay: match body.maybe_text("pay")?.as_deref() {
            None | Some("prompt") => Pay::Prompt,
            Some("wallet") => Pay::Wallet,
            Some(_) => return Err(Refusal::invalid("pay", "bad_field", "pay must be prompt or wallet").into()),
        },
    };
    body.finish()?;
    match ask(&app, &caller, &headers, Request::CreatePurchase(new)).await? {
        Response::Purchase { purchase, state } => Json::accepted(json!({
            "id": purchase.to_string(),
            "state": state.name(),
        })),
        _ => Err(unexpected().into()),
    }
}

/// What is bought: `topup` with `volume_ml` is litres, with `amount_minor` money into the wallet; `bill` is all that
/// is owed, or with `amount_minor` so much of it.
fn item(body: &mut Body) -> Result<Item, Refusal> {
    let kind = body.text("kind")?;
    let (volume_ml, amount_minor) = (body.maybe_integer("volume_ml")?, body.maybe_integer("amount_minor")?);
    let plan = body.maybe_text("plan")?;
    let too_much = |field| Refusal::invalid(field, "bad_field", format!("{field} does not belong to {kind}"));
    match (kind.as_str(), volume_ml, amount_minor, plan) {
        ("topup", Some(ml), None, None) => Volume::try_from_ml(ml)
            .filter(|volume| !volume.is_zero())
            .map(Item::Litres)
            .ok_or_else(|| Refusal::invalid("volume_ml", "bad_field", "volume_ml must be more than 0")),
        ("topup", None, Some(minor), None) => Ok(Item::Deposit(minor)),
        ("topup", None, None, None) => Err(Refusal::invalid(
            "volume_ml",
            "missing_field",
            "a topup needs volume_ml or amount_minor",
        )),
        ("subscription", None, None, Some(plan)) => Ok(Item::Plan(plan)),
        ("subscription", None, None, None) => {
            Err(Refusal::invalid("plan", "missing_field", "a subscription needs a plan"))
        }
        ("bill", None, named, None) => Ok(Item::Bill(named)),
        ("topup" | "bill", _, _, Some(_)) => Err(too_much("plan")),
        ("topup", Some(_), Some(_), None) | ("subscription", _, Some(_), _) => Err(too_much("amount_minor")),
        ("subscription", Some(_), None, _) | ("bill", Some(_), _, _) => Err(too_much("volume_ml")),
        _ => Err(Refusal::invalid(
            "kind",
            "bad_field",
            "kind must be topup, subscription or bill",
        )),
    }
}

/// `GET /api/v1/purchases/{id}`
pub async fn purchase(State(app): State<App>, Path(purchase): Path<String>) -> Api {
    let purchase = PurchaseId(id(&purchase, "purchase")?);
    let found = app
        .parts
        .books
        .read(move |books| read::purchase(books, purchase))
        .await?;
    let found = found.ok_or_else(|| Refusal::not_found("purchase"))?;
    Json::ok(shown(&found))
}

/// How many purchases are listed when nobody says (FEATURES X15: the last five).
const PURCHASES: u32 = 5;

/// `GET /api/v1/purchases`: the newest of a customer, with their state.
pub async fn purchases(State(app): State<App>, mut query: Query) -> Api {
    let missing = || Refusal::invalid("customer", "missing_field", "customer must say whose purchases");
    let customer = query.parsed::<CustomerId>("customer")?.ok_or_else(missing)?;
    let limit = query.maybe_limit()?.unwrap_or(PURCHASES);
    query.finish()?;
    let found = app
        .parts
        .books
        .read(move |books| match read::customer(books, customer)? {
            // One that was merged is who it was merged into.
            Some(found) => read::purchases(books, found.id, limit).map(Some),
            None => Ok(None),
        });
    let found = found.await?.ok_or_else(|| Refusal::not_found("customer"))?;
    Json::ok(list(found.iter().map(shown), None))
}

fn shown(purchase: &Purchase) -> Value {
    json!({
        "id": purchase.id.to_string(),
        "customer": purchase.customer.to_string(),
        // The contract's word for money into the wallet is a topup with an amount.
        "kind": if purchase.kind == "deposit" { "topup" } else { &purchase.kind },
        "volume_ml": purchase.volume_ml,
        "plan": purchase.plan,
        "amount_minor": purchase.amount_minor,
        "currency": purchase.currency,
        "pay": purchase.pay,
        "provider": purchase.provider,
        "state": purchase.state,
        "failure": purchase.failure,
        "receipt": purchase.receipt,
        "created": purchase.created.rfc3339(),
        "settled": purchase.settled.map(Wall::rfc3339),
    })
}

/// `GET /api/v1/providers`
pub async fn providers(State(app): State<App>, query: Query) -> Api {
    query.finish()?;
    let (now, _) = app.parts.clock.now();
    let shown = app.parts.circuits.shown().into_iter().map(|circuit| {
        json!({
            "provider": circuit.service.name(),
            "state": circuit.state.name(),
            "failures": circuit.failures,
            "down_since": circuit.down_for.map(|down_for| since(now, down_for).rfc3339()),
        })
    });
    Json::ok(list(shown, None))
}

/// The time that lies so far back.
fn since(now: Wall, ago: Duration) -> Wall {
    now.plus_ms(-i64::try_from(ago.as_millis()).unwrap_or(i64::MAX))
}

/// `GET /api/v1/transactions`
pub async fn transactions(State(app): State<App>, mut query: Query) -> Api {
    let filter = TransactionFilter {
        site: query.parsed::<SiteName>("site")?,
        customer: query.parsed::<CustomerId>("customer")?,
    };
    let (limit, after) = (query.limit()?, query.after()?.unwrap_or(i64::MAX));
    query.finish()?;
    let page = app
        .parts
        .books
        .read(move |books| read::transactions(books, &filter, after, limit))
        .await?;
    Json::ok(list(page.items.iter().map(transaction), page.next))
}

fn transaction(row: &Transaction) -> Value {
    json!({
        "id": row.id,
        "site": row.site.as_ref().map(SiteName::as_str),
        "customer": row.customer.map(|customer| customer.to_string()),
        "dispenser": row.dispenser,
        "kind": row.kind,
        "volume_ml": row.volume_ml,
        "amount_minor": row.amount_minor,
        "currency": row.currency,
        "time": row.time.rfc3339(),
        "clock_trusted": row.clock_trusted,
        "outcome": row.outcome,
        "receipt": row.receipt,
    })
}
