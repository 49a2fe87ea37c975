//! Managers of a site who work by phone, on the site's page.

use ::kiosk::{day::Zone, ids::SiteName};
use axum::{
    Extension,
    extract::{Path, State},
};
use maud::{Markup, html};

use super::{
    super::{App, guard::Caller},
    Shown, back_to,
    form::Fields,
    guarded, page, show,
};
use crate::hub::{
    effect::{Refusal, Response as Answer},
    input::{NewManager, Request},
    store::read::SiteManager,
};

/// The part of a site's page.
pub fn section(zone: &Zone, caller: &Caller, site: &SiteName, managers: &[SiteManager]) -> Markup {
    let may = caller.may("POST", "/sites/{name}/managers");
    html! {
        section data-part="managers" {
            h2 { "Managers by phone" }
            p.quiet { "Who calls the service code from one of these phones has the menu of this site." }
            @if managers.is_empty() { p { "None yet." } } @else {
                table.rows {
                    thead { tr { th { "Name" } th { "Phone" } th { "Cash" } th { "Since" } @if may { th { "" } } } }
                    tbody { @for manager in managers { (row(zone, caller, may, manager)) } }
                }
            }
            @if may { (add_form(caller, site)) }
        }
    }
}

fn row(zone: &Zone, caller: &Caller, may: bool, manager: &SiteManager) -> Markup {
    html! {
        tr {
            td data-label="Name" { (manager.name) @if let Some(waits) = manager.waits() {
                br; span.quiet { (waits) } } }
            td data-label="Phone" { (manager.phone.e164()) }
            td data-label="Cash" { @match &manager.login {
                Some(login) => { "on the float of " (login) },
                None => { "takes none by phone" },
            } }
            td data-label="Since" { (show::time(zone, manager.since))
                @if let Some(until) = manager.until { br; "until " (show::time(zone, until)) } }
            @if may { td { @if manager.until.is_none() {
                form method="post" action={ "/sites/" (manager.site) "/managers/pin" } {
                    (guarded(caller))
                    input type="hidden" name="manager" value=(manager.id);
                    button { "Another first PIN" }
                }
                form method="post" action={ "/sites/" (manager.site) "/managers/remove" } {
                    (guarded(caller))
                    input type="hidden" name="manager" value=(manager.id);
                    button.danger { "Take the site away" }
                }
            } } }
        }
    }
}

fn add_form(caller: &Caller, site: &SiteName) -> Markup {
    html! {
        details {
            summary { "Add a manager" }
            form.card method="post" action={ "/sites/" (site) "/managers" } {
                (guarded(caller))
                label { "Phone" input name="phone" inputmode="tel" autocomplete="off" required; }
                label { "Name" input name="name" maxlength="60" autocomplete="off" required; }
                label { "Language" select name="language" {
                    option value="" { "the hub's own" }
                    option value="en" { "English" }
                    option value="sw" { "Kiswahili" }
                    option value="fr" { "Français" }
                } }
                label { "The account at the site's gateway whose float they take cash on; empty: none by phone"
                    input name="account" pattern="[a-z0-9._\\-]{1,32}" autocapitalize="none" autocomplete="off"; }
                button { "Add, and show the first PIN" }
            }
        }
    }
}

/// `POST /sites/{name}/managers`
pub async fn add(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(site): Path<String>,
    mut fields: Fields,
) -> Shown {
    let name = fields.need("name", "the name")?;
    let request = Request::AddManager(NewManager {
        site: named(&site)?,
        phone: fields.need("phone", "the phone")?,
        name: name.clone(),
        language: fields.take("language"),
        login: fields.take("account"),
    });
    let answer = app.parts.desk.ask(caller.actor(), fields.key(), request).await?;
    Ok(told(&caller, &site, &name, answer))
}

/// `POST /sites/{name}/managers/pin`
pub async fn pin(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(site): Path<String>,
    mut fields: Fields,
) -> Shown {
    let request = Request::ResetManagerPin {
        site: named(&site)?,
        manager: number(&mut fields)?,
    };
    let answer = app.parts.desk.ask(caller.actor(), fields.key(), request).await?;
    Ok(told(&caller, &site, "the manager", answer))
}

/// `POST /sites/{name}/managers/remove`
pub async fn remove(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(site): Path<String>,
    mut fields: Fields,
) -> Shown {
    let request = Request::RemoveManager {
        site: named(&site)?,
        manager: number(&mut fields)?,
    };
    app.parts.desk.ask(caller.actor(), fields.key(), request).await?;
    Ok(back_to(&format!("/sites/{site}?done=changed")))
}

fn named(site: &str) -> Result<SiteName, Refusal> {
    site.parse().map_err(|_| Refusal::not_found("site"))
}

fn number(fields: &mut Fields) -> Result<i64, Refusal> {
    let number = fields.need("manager", "the manager")?.parse();
    number.map_err(|_| Refusal::not_found("manager of this site"))
}

/// Shows the first PIN, once.
fn told(caller: &Caller, site: &str, name: &str, answer: Answer) -> axum::response::Response {
    let Answer::Secret { secret } = answer else {
        return back_to(&format!("/sites/{site}?done=manager"));
    };
    let content = html! {
        h1 { "First PIN of " (name) }
        p { "Tell it to them now: it is not shown again. At the first call they choose another, and until then they can do nothing." }
        p.code.card { (secret) }
        p { a href={ "/sites/" (site) } { "To the site" } }
    };
    page(Some(caller), "/sites", "First PIN", content)
}
