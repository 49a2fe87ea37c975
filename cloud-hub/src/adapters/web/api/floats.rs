//! Floats of managers: cash that may be taken at sites, handed in, and what differed.

use ::kiosk::{ids::SiteName, moment::Wall};
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
    input::{CashCount, Request, Settling},
    store::read::{self, Manager},
};

/// `GET /api/v1/floats?site=…`: all of them, for there are a few a site.
pub async fn list(State(app): State<App>, mut query: Query) -> Api {
    let site = query.parsed::<SiteName>("site")?;
    query.finish()?;
    let currency = app.parts.settings.currency;
    let managers = app
        .parts
        .books
        .read(move |books| read::managers(books, site.as_ref(), currency))
        .await?;
    Json::ok(listed(managers.iter().map(|manager| shown(&app, manager)), None))
}

fn shown(app: &App, manager: &Manager) -> Value {
    json!({
        "id": manager.id.to_string(),
        "site": manager.site.as_str(),
        "manager": manager.login,
        "currency": app.parts.settings.currency.code(),
        "limit_minor": manager.limit_minor,
        "left_minor": manager.open_minor,
        "recalling": manager.recalling,
        "owed_minor": manager.owed_minor,
        "difference_minor": manager.difference_minor,
        "site_online": manager.online,
        "site_last_seen": manager.last_seen.map(Wall::rfc3339),
    })
}

/// `POST /api/v1/sites/{site}/floats` `{"manager","limit_minor"}`: gives, raises, lowers, and with 0 withdraws.
pub async fn set(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(site): Path<String>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let (manager, limit_minor) = (body.text("manager")?, body.integer("limit_minor")?);
    body.finish()?;
    let site = named(&site)?;
    let request = Request::SetFloat {
        site: site.clone(),
        manager: manager.clone(),
        limit_minor,
    };
    ask(&app, &caller, &headers, request).await?;
    one(&app, site, manager).await
}

/// `POST /api/v1/sites/{site}/floats/{manager}/hand-in` `{"counted_minor","owed_minor"?}`
pub async fn hand_in(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path((site, manager)): Path<(String, String)>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let (counted_minor, owed_minor) = (body.integer("counted_minor")?, body.maybe_integer("owed_minor")?);
    body.finish()?;
    let site = named(&site)?;
    let counted = CashCount {
        site: site.clone(),
        manager: manager.clone(),
        counted_minor,
        owed_minor,
    };
    ask(&app, &caller, &headers, Request::HandIn(counted)).await?;
    one(&app, site, manager).await
}

/// `POST /api/v1/sites/{site}/floats/{manager}/difference-paid` `{"amount_minor"}`
pub async fn paid(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(place): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Api {
    settle(app, caller, place, headers, body, Settling::Paid).await
}

/// `POST /api/v1/sites/{site}/floats/{manager}/difference-given-up` `{"amount_minor"}`
pub async fn given_up(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(place): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Api {
    settle(app, caller, place, headers, body, Settling::GivenUp).await
}

async fn settle(
    app: App,
    caller: Caller,
    (site, manager): (String, String),
    headers: HeaderMap,
    mut body: Body,
    how: Settling,
) -> Api {
    let amount_minor = body.integer("amount_minor")?;
    body.finish()?;
    let site = named(&site)?;
    let request = Request::SettleDifference {
        site: site.clone(),
        manager: manager.clone(),
        amount_minor,
        how,
    };
    ask(&app, &caller, &headers, request).await?;
    one(&app, site, manager).await
}

fn named(site: &str) -> Result<SiteName, Refusal> {
    site.parse().map_err(|_| Refusal::not_found("site"))
}

/// How the manager stands now.
async fn one(app: &App, site: SiteName, login: String) -> Api {
    let currency = app.parts.settings.currency;
    let managers = app
        .parts
        .books
        .read(move |books| read::managers(books, Some(&site), currency))
        .await?;
    let found = managers.iter().find(|manager| manager.login == login);
    Json::ok(shown(app, found.ok_or_else(|| Refusal::not_found("manager"))?))
}
