//! Customers who have another number now: yes or no.

use axum::{
    Extension,
    extract::{Path, RawQuery, State},
};
use maud::{Markup, html};

use super::{
    super::{App, guard::Caller},
    Shown, back_to, done,
    form::Fields,
    guarded,
    money::customer_link,
    page, show,
};
use crate::hub::{
    effect::Refusal,
    input::Request,
    store::read::{self, Names, NumberRequest},
};

/// How many of those that wait, and of those that were decided.
const ROWS: u32 = 100;

/// `GET /numbers`
pub async fn numbers(State(app): State<App>, Extension(caller): Extension<Caller>, RawQuery(query): RawQuery) -> Shown {
    let read = app.parts.books.read(|books| {
        let open = read::number_requests(books, Some("open"), i64::MAX, ROWS)?.items;
        let mut all = read::number_requests(books, None, i64::MAX, ROWS)?.items;
        all.retain(|request| request.state != "open");
        let names = read::customer_names(books, open.iter().chain(&all).map(|request| request.customer))?;
        Ok((open, all, names))
    });
    let (open, decided, names) = read.await?;
    let word = query.as_deref().and_then(|query| query.strip_prefix("done="));
    let content = html! {
        h1 { "Other numbers" }
        (done(word))
        p { "They called from a new number and gave name and PIN of the account of the old one. Ask them what only they can know, "
            "and call the old number: if somebody else answers there who should not, it was a thief who asked. "
            "With your yes the new number has the account, and the old one has nothing any more." }
        div data-part="numbers" {
            @if open.is_empty() { p.quiet { "Nobody waits." } }
            @for request in &open { (card(&app, &caller, request, &names)) }
        }
        @if !decided.is_empty() { (decided_table(&app, &decided, &names)) }
    };
    Ok(page(Some(&caller), "/numbers", "Other numbers", content))
}

fn card(app: &App, caller: &Caller, request: &NumberRequest, names: &Names) -> Markup {
    let zone = &app.parts.settings.zone;
    html! {
        section.card {
            dl.facts {
                dt { "Who" } dd { (customer_link(names, request.customer)) }
                dt { "Old number" } dd { (request.old.e164()) }
                dt { "New number" } dd { (request.new.e164()) }
                dt { "Asked" } dd { (show::time(zone, request.asked)) }
            }
            @if caller.may("POST", "/numbers/{id}") {
                form method="post" action={ "/numbers/" (request.id) } {
                    (guarded(caller))
                    button name="decision" value="yes" { "Yes, move the account" }
                    button.danger name="decision" value="no" { "No" }
                }
            }
        }
    }
}

fn decided_table(app: &App, decided: &[NumberRequest], names: &Names) -> Markup {
    let zone = &app.parts.settings.zone;
    html! {
        section data-part="decided" {
            h2 { "Latest decisions" }
            table.rows {
                thead { tr { th { "Who" } th { "Old number" } th { "New number" } th { "What" } th { "When" } } }
                tbody { @for request in decided { tr {
                    td data-label="Who" { (customer_link(names, request.customer)) }
                    td data-label="Old number" { (request.old.e164()) }
                    td data-label="New number" { (request.new.e164()) }
                    td data-label="What" { (request.state) @if let Some(by) = &request.decided_by { ", by " (by) } }
                    td data-label="When" { @if let Some(when) = request.decided { (show::time(zone, when)) } }
                } } }
            }
        }
    }
}

/// `POST /numbers/{id}`
pub async fn decide(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Shown {
    let request = id
        .parse()
        .map_err(|_| Refusal::not_found("open request for another number"))?;
    let is_yes = match fields.need("decision", "yes or no")?.as_str() {
        "yes" => true,
        "no" => false,
        _ => return Err(Refusal::invalid("decision", "bad_field", "yes or no").into()),
    };
    let request = Request::DecideNumber { request, is_yes };
    app.parts.desk.ask(caller.actor(), fields.key(), request).await?;
    Ok(back_to("/numbers?done=number"))
}
