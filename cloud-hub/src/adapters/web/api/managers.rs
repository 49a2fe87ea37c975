//! Managers of sites who work by phone.

use ::kiosk::{ids::SiteName, moment::Wall, phone::Phone};
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
    effect::{Refusal, Response},
    input::{NewManager, Request},
    store::read::{self, SiteManager},
};

/// `GET /api/v1/sites/{site}/managers`: all of them, the former ones last.
pub async fn list(State(app): State<App>, Path(site): Path<String>, query: Query) -> Api {
    query.finish()?;
    let managers = managers(&app, named(&app, &site).await?).await?;
    Json::ok(listed(managers.iter().map(shown), None))
}

fn shown(manager: &SiteManager) -> Value {
    json!({
        "id": manager.id,
        "site": manager.site.as_str(),
        "phone": manager.phone.e164(),
        "name": manager.name,
        "language": manager.language,
        "account": manager.login,
        "must_change_pin": manager.must_change_pin,
        "suspended": manager.is_suspended,
        "since": manager.since.rfc3339(),
        "until": manager.until.map(Wall::rfc3339),
    })
}

/// `POST /api/v1/sites/{site}/managers` `{"phone","name","language"?,"account"?}` → 201; `first_pin` is told once, and null
/// where the phone is a customer's, whose PIN counts.
pub async fn add(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(site): Path<String>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let site = site.parse::<SiteName>().map_err(|_| Refusal::not_found("site"))?;
    let new = NewManager {
        site: site.clone(),
        phone: body.text("phone")?,
        name: body.text("name")?,
        language: body.maybe_text("language")?,
        login: body.maybe_text("account")?,
    };
    body.finish()?;
    let phone = Phone::parse(&new.phone, app.parts.settings.country);
    let answer = ask(&app, &caller, &headers, Request::AddManager(new)).await?;
    let managers = managers(&app, site).await?;
    let is_new = |manager: &&SiteManager| manager.until.is_none() && phone.is_ok_and(|phone| phone == manager.phone);
    let found = managers.iter().find(is_new);
    Json::created(with_pin(found.ok_or_else(|| Refusal::not_found("manager"))?, answer))
}

fn with_pin(manager: &SiteManager, answer: Response) -> Value {
    let mut shown = shown(manager);
    shown["first_pin"] = match answer {
        Response::Secret { secret } => json!(secret),
        _ => Value::Null,
    };
    shown
}

/// `POST /api/v1/sites/{site}/managers/{id}/pin`: another first PIN, told once.
pub async fn pin(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path((site, id)): Path<(String, i64)>,
    headers: HeaderMap,
    body: Body,
) -> Api {
    body.finish()?;
    let site = site.parse::<SiteName>().map_err(|_| Refusal::not_found("site"))?;
    let request = Request::ResetManagerPin {
        site: site.clone(),
        manager: id,
    };
    let answer = ask(&app, &caller, &headers, request).await?;
    Json::ok(with_pin(&one(&app, site, id).await?, answer))
}

/// `POST /api/v1/sites/{site}/managers/{id}/remove`
pub async fn remove(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path((site, id)): Path<(String, i64)>,
    headers: HeaderMap,
    body: Body,
) -> Api {
    body.finish()?;
    let site = site.parse::<SiteName>().map_err(|_| Refusal::not_found("site"))?;
    let request = Request::RemoveManager {
        site: site.clone(),
        manager: id,
    };
    ask(&app, &caller, &headers, request).await?;
    Json::ok(shown(&one(&app, site, id).await?))
}

async fn named(app: &App, site: &str) -> Result<SiteName, Refusal> {
    let none = || Refusal::not_found("site");
    let name: SiteName = site.parse().map_err(|_| none())?;
    let found = app.parts.books.read(move |books| read::site(books, &name)).await?;
    found.map(|site| site.name).ok_or_else(none)
}

async fn managers(app: &App, site: SiteName) -> Result<Vec<SiteManager>, Refusal> {
    let read = move |books: &_| read::site_managers(books, Some(&site));
    app.parts.books.read(read).await
}

async fn one(app: &App, site: SiteName, id: i64) -> Result<SiteManager, Refusal> {
    let mut managers = managers(app, site).await?.into_iter();
    let found = managers.find(|manager| manager.id == id);
    found.ok_or_else(|| Refusal::not_found("manager"))
}
