//! Money that is in nobody's name, and whose it is in an operator's word.

use ::kiosk::{
    ids::{CustomerId, ProviderReceipt},
    phone::Country,
    provider::Provider,
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
    ask,
    query::{Query, list},
};
use crate::hub::{
    effect::{Refusal, Response},
    input::{Allocation, Request},
    store::read::{self, MoneyWaiting},
};

/// `GET /api/v1/suspense`: what is booked in suspense; with `?place=waits` or `foreign` what is only claimed.
pub async fn waiting(State(app): State<App>, mut query: Query) -> Api {
    let place = query.text("place").unwrap_or_else(|| "suspense".to_owned());
    if !["suspense", "waits", "foreign"].contains(&place.as_str()) {
        let message = "place must be suspense, waits or foreign";
        return Err(Refusal::invalid("place", "bad_field", message).into());
    }
    let (limit, after) = (query.limit()?, query.after()?.unwrap_or_default());
    query.finish()?;
    let found = app
        .parts
        .books
        .read(move |books| read::money_waiting_in(books, &place, after, limit))
        .await?;
    Json::ok(list(found.items.iter().map(shown), found.next))
}

fn shown(money: &MoneyWaiting) -> Value {
    json!({
        "provider": money.provider,
        "receipt": money.receipt,
        "amount_minor": money.amount_minor,
        "currency": money.currency,
        "payer": money.payer,
        "reference": money.reference,
        "short_code": money.short_code,
        "time": money.paid.rfc3339(),
        "source": money.source,
        "proven": money.proven,
        "place": money.place,
        "why": money.why,
    })
}

/// `POST /api/v1/suspense/{provider}/{receipt}/allocate`: `customer` (id, account or phone), `purchase` or `returned`
/// (how it was given back): exactly one.
pub async fn allocate(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path((provider, receipt)): Path<(String, String)>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let none = || Refusal::not_found("payment");
    let provider = Provider::from_name(&provider).ok_or_else(none)?;
    let receipt: ProviderReceipt = receipt.parse().map_err(|_| none())?;
    let (customer, purchase) = (body.maybe_text("customer")?, body.maybe_parsed("purchase")?);
    let returned = body.maybe_text("returned")?;
    body.finish()?;
    let to = match (customer, purchase, returned) {
        (Some(whose), None, None) => Allocation::Wallet(named(&app, whose).await?),
        (None, Some(purchase), None) => Allocation::Purchase(purchase),
        (None, None, Some(reason)) => Allocation::Returned { reason },
        _ => {
            let message = "send exactly one of customer, purchase and returned";
            return Err(Refusal::invalid("customer", "bad_field", message).into());
        }
    };
    let request = Request::AllocateMoney { provider, receipt, to };
    match ask(&app, &caller, &headers, request).await? {
        Response::Money(place) => Json::ok(json!({ "place": place.name() })),
        _ => Err(unexpected().into()),
    }
}

/// A customer by id, account or phone.
async fn named(app: &App, whose: String) -> Result<CustomerId, Refusal> {
    if let Ok(customer) = whose.parse() {
        return Ok(customer);
    }
    let country: Country = app.parts.settings.country;
    let found = app
        .parts
        .books
        .read(move |books| read::customer_named(books, &whose, country));
    let unknown = || Refusal::invalid("customer", "unknown_customer", "nobody has this id, account or phone");
    Ok(found.await?.ok_or_else(unknown)?.id)
}
