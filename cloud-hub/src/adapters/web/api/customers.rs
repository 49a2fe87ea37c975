//! Customers, and what is done to one.

use ::kiosk::{
    day::Zone,
    ids::{AccountId, CustomerId, SiteName},
    phone::Phone,
    tariff::jerrycans_left,
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
        App, WebSettings,
        answer::{Api, Json, unexpected},
        body::Body,
        guard::Caller,
    },
    ask, id,
    query::{Query, list as listed},
};
use crate::hub::{
    effect::{Refusal, Response},
    input::{CustomerChange, NewCustomer, Request, Secret},
    store::read::{self, Customer, Subscription},
};

/// A customer as the API shows them.
pub fn shown(customer: &Customer, settings: &WebSettings) -> Value {
    let allowance = Volume::try_from_ml(customer.allowance_ml).unwrap_or(Volume::ZERO);
    json!({
        "id": customer.id.to_string(),
        "account_id": customer.account.map(|account| account.to_string()),
        "phone": customer.phone.map(Phone::e164),
        "name": customer.name,
        "city": customer.city,
        "language": customer.language,
        "site": customer.site.as_ref().map(SiteName::as_str),
        "balance_ml": customer.balance_ml,
        "jerrycans_left": jerrycans_left(allowance, settings.jerrycan),
        "wallet_minor": customer.wallet_minor,
        "currency": settings.currency.code(),
        "active": customer.active,
        "subscription": customer.subscription.as_ref().map(subscription),
    })
}

fn subscription(subscription: &Subscription) -> Value {
    json!({
        "site": subscription.site.as_str(),
        "plan": subscription.plan,
        "state": if subscription.expired { "expired" } else { "valid" },
        "valid_until": last_day(subscription),
        "code": subscription.code,
    })
}

/// The last day of a subscription, in the zone of its site.
pub fn last_day(subscription: &Subscription) -> Option<String> {
    let zone = Zone::named(&subscription.time_zone).ok()?;
    Some(zone.last_day(subscription.valid_until).to_string())
}

/// `GET /api/v1/customers`
pub async fn list(State(app): State<App>, mut query: Query) -> Api {
    let settings = &app.parts.settings;
    let country = settings.country;
    let (limit, after) = (query.limit()?, query.after()?);
    let phone = query.text("phone");
    let account = query.parsed::<AccountId>("account_id")?;
    let (name, site) = (query.text("name"), query.parsed::<SiteName>("site")?);
    query.finish()?;
    let phone = match phone {
        // A plus in an address means a space, unless it is escaped.
        Some(text) => match Phone::parse(text.replacen(' ', "+", 1).trim(), country) {
            Ok(phone) => Some(phone),
            Err(_) => Some(Phone::parse(text.trim(), country).map_err(bad_phone)?),
        },
        None => None,
    };
    let found = app.parts.books.read(move |books| {
        let one = |customer: Option<Customer>| (customer.into_iter().collect::<Vec<_>>(), None);
        Ok(match (phone, account, name) {
            (Some(phone), ..) => one(read::customer_by_phone(books, phone)?),
            (None, Some(account), _) => one(read::customer_by_account(books, account)?),
            (None, None, Some(name)) => (read::customers_named(books, &name, limit)?, None),
            (None, None, None) => {
                // Account numbers begin with 0, and the list goes on behind one.
                let page = read::customers(books, site.as_ref(), after.unwrap_or(-1), limit)?;
                (page.items, page.next)
            }
        })
    });
    let (customers, next) = found.await?;
    Json::ok(listed(customers.iter().map(|customer| shown(customer, settings)), next))
}

fn bad_phone(error: ::kiosk::phone::PhoneError) -> Refusal {
    Refusal::invalid("phone", "bad_phone", error.to_string())
}

/// `GET /api/v1/customers/{id}`
pub async fn one(State(app): State<App>, Path(customer): Path<String>) -> Api {
    let customer = self::customer(&app, &customer).await?;
    Json::ok(shown(&customer, &app.parts.settings))
}

/// The customer with the id in a path.
pub async fn customer(app: &App, customer: &str) -> Result<Customer, Refusal> {
    let customer = CustomerId(id(customer, "customer")?);
    let found = app
        .parts
        .books
        .read(move |books| read::customer(books, customer))
        .await?;
    found.ok_or_else(|| Refusal::not_found("customer"))
}

/// `POST /api/v1/customers`
pub async fn create(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let new = NewCustomer {
        phone: body.text("phone")?,
        name: body.text("name")?,
        pin: body.maybe_text("pin")?.map(Secret),
        city: body.maybe_text("city")?,
        site: body.maybe_parsed("site")?,
        language: body.maybe_text("language")?,
    };
    body.finish()?;
    match ask(&app, &caller, &headers, Request::CreateCustomer(new)).await? {
        Response::Customer { customer, account } => Json::created(json!({
            "id": customer.to_string(),
            "account_id": account.to_string(),
        })),
        _ => Err(unexpected().into()),
    }
}

/// `PATCH /api/v1/customers/{id}`
pub async fn change(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(customer): Path<String>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let change = CustomerChange {
        name: body.maybe_text("name")?,
        city: body.maybe_text("city")?,
        language: body.maybe_text("language")?,
        phone: body.maybe_text("phone")?,
        site: body.maybe_parsed("site")?,
    };
    body.finish()?;
    let request = Request::UpdateCustomer {
        customer: CustomerId(id(&customer, "customer")?),
        change,
    };
    ask(&app, &caller, &headers, request).await?;
    one(State(app), Path(customer)).await
}

/// `POST /api/v1/customers/{id}/credit`
pub async fn credit(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(customer): Path<String>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let request = Request::Credit {
        customer: CustomerId(id(&customer, "customer")?),
        volume_ml: body.integer("volume_ml")?,
        reason: body.text("reason")?,
    };
    body.finish()?;
    match ask(&app, &caller, &headers, request).await? {
        Response::Credited { id, balance_ml } => Json::created(json!({
            "id": format!("{id:016x}"),
            "balance_ml": balance_ml,
        })),
        _ => Err(unexpected().into()),
    }
}

/// `POST /api/v1/customers/{id}/pin`
pub async fn pin(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(customer): Path<String>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let request = Request::SetPin {
        customer: CustomerId(id(&customer, "customer")?),
        pin: Secret(body.text("pin")?),
    };
    body.finish()?;
    ask(&app, &caller, &headers, request).await?;
    one(State(app), Path(customer)).await
}

/// `POST /api/v1/customers/{id}/active`
pub async fn active(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(customer): Path<String>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let request = Request::SetActive {
        customer: CustomerId(id(&customer, "customer")?),
        active: body.boolean("active")?,
    };
    body.finish()?;
    ask(&app, &caller, &headers, request).await?;
    one(State(app), Path(customer)).await
}
