//! Customers who pay by bill, their bills, and readings of their meters.

use ::kiosk::{
    bill::{BillState, Line},
    day::Day,
    ids::CustomerId,
    moment::Wall,
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
        answer::{Api, Json},
        body::Body,
        guard::Caller,
    },
    ask,
    customers::customer as find,
    id,
    query::{Query, list as listed},
};
use crate::hub::{
    bill::BillingState,
    effect::Refusal,
    input::{NewBilling, NewReading, Request},
    store::read::{self, BillFilter, BillShown, Billing},
};

/// A bill as the API shows it.
fn shown(bill: &BillShown, now: Wall) -> Value {
    json!({
        "id": bill.id.to_string(),
        "customer": bill.customer.to_string(),
        "month": bill.month.to_string(),
        "state": bill.state(now).name(),
        "usage_ml": bill.usage.ml(),
        "counted_ml": bill.counted.ml(),
        "metered": bill.metered,
        "lines": bill.lines.iter().map(line).collect::<Vec<_>>(),
        "credit_minor": bill.credit.minor,
        "amount_minor": bill.amount.minor,
        "paid_minor": bill.paid.minor,
        "left_minor": bill.left.minor,
        "currency": bill.amount.currency.code(),
        "issued": bill.issued.to_string(),
        "due": bill.due.to_string(),
    })
}

fn line(line: &Line) -> Value {
    json!({
        "volume_ml": line.volume.ml(),
        "price_per_m3_minor": line.price_per_m3_minor,
        "amount_minor": line.amount.minor,
    })
}

fn terms(billing: Option<&Billing>) -> Value {
    let Some(billing) = billing else {
        return json!({ "state": "none" });
    };
    json!({
        "state": billing.state.name(),
        "tariff": billing.tariff,
        "metered": billing.metered,
        "cap_ml": billing.cap.ml(),
        "ahead_ml": billing.ahead.ml(),
        "unbilled_ml": billing.unbilled.ml(),
        "credit_minor": billing.credit_minor,
        "billed": billing.billed.map(|month| month.to_string()),
    })
}

/// `GET /api/v1/customers/{id}/billing`
pub async fn billing(State(app): State<App>, Path(customer): Path<String>) -> Api {
    let known = find(&app, &customer).await?;
    let whose = known.id;
    let found = app.parts.books.read(move |books| read::billing(books, whose)).await?;
    let mut value = terms(found.as_ref());
    value["bill_overdue"] = json!(known.bill_overdue);
    Json::ok(value)
}

/// `POST /api/v1/customers/{id}/billing`: terms, or `{"tariff": null}` to end it with a last bill.
pub async fn set(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(customer): Path<String>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let new = match body.takes_null("tariff") {
        true => None,
        false => Some(NewBilling {
            tariff: body.text("tariff")?,
            metered: body.maybe_boolean("metered")?.unwrap_or(false),
            cap: volume("cap_ml", body.maybe_integer("cap_ml")?.unwrap_or(0))?,
        }),
    };
    body.finish()?;
    let request = Request::SetBilling {
        customer: CustomerId(id(&customer, "customer")?),
        terms: new,
    };
    ask(&app, &caller, &headers, request).await?;
    billing(State(app), Path(customer)).await
}

fn volume(field: &'static str, ml: i64) -> Result<Volume, Refusal> {
    Volume::try_from_ml(ml).ok_or_else(|| Refusal::invalid(field, "bad_field", format!("{field} must be 0 or more")))
}

/// `POST /api/v1/customers/{id}/readings`
pub async fn reading(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(customer): Path<String>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let new = NewReading {
        meter: volume("meter_ml", body.integer("meter_ml")?)?,
        day: body.maybe_parsed::<Day>("day")?,
        new_meter: body.maybe_boolean("new_meter")?.unwrap_or(false),
        corrects: body.maybe_boolean("corrects")?.unwrap_or(false),
    };
    body.finish()?;
    let request = Request::EnterReading {
        customer: CustomerId(id(&customer, "customer")?),
        reading: new,
    };
    ask(&app, &caller, &headers, request).await?;
    billing(State(app), Path(customer)).await
}

/// `GET /api/v1/customers/{id}/bills`
pub async fn of_customer(State(app): State<App>, Path(customer): Path<String>, query: Query) -> Api {
    query.finish()?;
    let whose = find(&app, &customer).await?.id;
    let bills = app.parts.books.read(move |books| read::bills(books, whose)).await?;
    let (now, _) = app.parts.clock.now();
    Json::ok(listed(bills.iter().map(|bill| shown(bill, now)), None))
}

/// `GET /api/v1/bills`
pub async fn list(State(app): State<App>, mut query: Query) -> Api {
    let (limit, after) = (query.limit()?, query.after()?);
    let filter = query.text("state").map(|text| filter(&text)).transpose()?;
    query.finish()?;
    let (now, _) = app.parts.clock.now();
    let read = move |books: &_| {
        let filter = filter.unwrap_or(BillFilter::All);
        read::bills_listed(books, filter, now, after.unwrap_or(i64::MAX), limit)
    };
    let page = app.parts.books.read(read).await?;
    Json::ok(listed(page.items.iter().map(|bill| shown(bill, now)), page.next))
}

/// Which bills a word means.
pub fn filter(word: &str) -> Result<BillFilter, Refusal> {
    if word == "unpaid" {
        return Ok(BillFilter::Unpaid);
    }
    BillState::from_name(word).map(BillFilter::State).ok_or_else(|| {
        let names = BillState::ALL.map(BillState::name).join(", ");
        Refusal::invalid("state", "bad_field", format!("state must be unpaid, {names}"))
    })
}

/// `GET /api/v1/bills/{id}`
pub async fn one(State(app): State<App>, Path(bill): Path<String>) -> Api {
    let bill = self::bill(&app, &bill).await?;
    let (now, _) = app.parts.clock.now();
    Json::ok(shown(&bill, now))
}

/// The bill with the number in a path.
pub async fn bill(app: &App, number: &str) -> Result<BillShown, Refusal> {
    let number = number_of(number)?;
    let found = app.parts.books.read(move |books| read::bill(books, number)).await?;
    found.ok_or_else(|| Refusal::not_found("bill"))
}

/// The number of a bill in a path.
pub fn number_of(text: &str) -> Result<i64, Refusal> {
    let number = text.parse().ok().filter(|number: &i64| number.to_string() == text);
    number.ok_or_else(|| Refusal::not_found("bill"))
}

/// `POST /api/v1/bills/{id}/correction`
pub async fn correct(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(bill): Path<String>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let request = Request::CorrectBill {
        bill: number_of(&bill)?,
        usage: volume("usage_ml", body.integer("usage_ml")?)?,
        reason: body.text("reason")?,
    };
    body.finish()?;
    ask(&app, &caller, &headers, request).await?;
    one(State(app), Path(bill)).await
}

/// `POST /api/v1/bills/{id}/write-off`
pub async fn write_off(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(bill): Path<String>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let request = Request::WriteOffBill {
        bill: number_of(&bill)?,
        reason: body.text("reason")?,
    };
    body.finish()?;
    ask(&app, &caller, &headers, request).await?;
    one(State(app), Path(bill)).await
}

/// Whether a customer pays by bill, in a word for people.
pub fn state_word(state: BillingState) -> &'static str {
    match state {
        BillingState::Open => "pays by bill",
        BillingState::Ending => {
            "to be ended: the last bill is made when the site has given back what may be drawn ahead"
        }
        BillingState::Ended => "does not pay by bill any more",
    }
}
