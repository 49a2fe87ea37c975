//! Sales, what waits for the hub, dispensers, and the clock.

use axum::{
    Extension, Router,
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maud::{Markup, html};
use serde::Deserialize;

use crate::site::{
    effect::{DispenserStatus, Way},
    input::Command,
    store::read::{self, AskedFilter, AskedShown, SaleFilter, SaleShown},
};

use super::{
    super::{Web, api, changes, guard::Caller, problem::Problem, wire::Here},
    Failure, Fields, Notice, View, field, hidden, may_change,
    show::{asked, light, litres, time},
    status::{self, Said},
    submit,
};

/// Rows of a page.
const ROWS: u32 = 30;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/sales", get(sales))
        .route("/queue", get(queue))
        .route("/dispensers", get(dispensers))
        .route("/dispensers/switch", post(switch))
        .route("/dispensers/pulses", post(pulses))
        .route("/clock", post(clock))
}

#[derive(Debug, Default, Deserialize)]
struct After {
    after: Option<String>,
}

async fn sales(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    Query(after): Query<After>,
) -> Result<Markup, Failure> {
    let status = web.status().await?;
    let here = Here::of(&status)?;
    let is_first = after.after.is_none();
    let filter = SaleFilter {
        after: after.after.as_deref().map(api::cursor).transpose()?,
        ..SaleFilter::default()
    };
    let rows = web
        .read(move |connection| read::sales(connection, &filter, ROWS))
        .await?;
    let next = rows
        .get(ROWS as usize - 1)
        .map(|row| api::place(row.time, row.epoch, row.seq));
    let content = html! {
        h1 { "Sales" }
        section class="card" {
            @for sale in &rows { (sale_row(sale, &here)) }
            @if rows.is_empty() { p { "Nothing was sold yet." } }
            @if let Some(next) = next { p { a href={ "/sales?after=" (next) } { "Older" } } }
        }
        p { a href="/api/v1/journal.csv" { "All as a table (CSV)" } }
    };
    let view = View {
        title: "Sales",
        path: "/sales",
        is_live: is_first,
    };
    Ok(view.render(&status, &caller, &Notice::default(), &content))
}

/// One row of sales.
pub(super) fn sale_row(sale: &SaleShown, here: &Here) -> Markup {
    let words = match (sale.kind.as_str(), sale.outcome.as_deref()) {
        ("correction", _) => "corrected by a late report",
        ("loss", _) => "nobody asked: the site's loss",
        ("cash", _) => "sold for cash",
        (_, None) => "no report: booked in full",
        (_, Some("complete")) => "complete",
        (_, Some("stopped")) => "stopped by the customer",
        (_, Some("timeout")) => "nothing flowed any more",
        (_, Some("fault")) => "a fault at the dispenser",
        (_, Some("power_lost")) => "the dispenser lost power",
        (_, Some(_)) => "",
    };
    html! {
        div class="row" {
            span {
                b { (litres(sale.volume_ml)) } @if !sale.dispenser.is_empty() { " at " (sale.dispenser) }
                @if let Some(paid) = here.money(sale.amount_minor) { " for " (paid) } br;
                span class="small" { (words) ", receipt " (sale.receipt) }
            }
            span class="small" { (time(here, sale.time)) @if !sale.clock_trusted { "?" } }
        }
    }
}

async fn queue(State(web): State<Web>, Extension(caller): Extension<Caller>) -> Result<Markup, Failure> {
    let status = web.status().await?;
    let here = Here::of(&status)?;
    let (rows, names) = web
        .read(|connection| {
            let rows = read::asked(connection, &AskedFilter::default(), ROWS)?;
            let shown = rows
                .iter()
                .map(|row| read::customer_shown(connection, row.customer, None));
            let names: Result<Vec<_>, _> = shown.collect();
            Ok((rows, names?))
        })
        .await?;
    let content = html! {
        h1 { "Asked of the hub" }
        p class="small" { "Payments and loans asked for here. The hub acts on them when there is a link." }
        section class="card" {
            @for (row, customer) in rows.iter().zip(&names) {
                @let name = customer.as_ref().map_or("somebody", |customer| customer.name.as_str());
                (asked_row(row, name, &here))
            }
            @if rows.is_empty() { p { "Nothing was asked yet." } }
        }
    };
    let view = View {
        title: "Queue",
        path: "/queue",
        is_live: true,
    };
    Ok(view.render(&status, &caller, &Notice::default(), &content))
}

fn asked_row(row: &AskedShown, name: &str, here: &Here) -> Markup {
    let (class, words) = match row.state.as_str() {
        "waiting" => ("warn", "waits for the link"),
        "taken" => ("", "the hub works on it"),
        "done" => ("good", "done"),
        _ => ("bad", "refused by the hub"),
    };
    html! {
        div class="row" {
            span {
                b { (asked(&row.kind, &row.detail, here.currency)) } " for " (name)
                (light(class, words))
            }
            span class="small" { (time(here, row.time)) }
        }
    }
}

async fn dispensers(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    Query(said): Query<Said>,
) -> Result<Markup, Failure> {
    page(&web, &caller, &Notice::said(said.said.as_deref())).await
}

async fn page(web: &Web, caller: &Caller, notice: &Notice) -> Result<Markup, Failure> {
    let status = web.status().await?;
    let here = Here::of(&status)?;
    let content = html! {
        h1 { "Dispensers" }
        @for dispenser in &status.dispensers {
            section class="card" {
                (dispenser_row(dispenser, &here))
                p class="small" {
                    "Up to " (litres(dispenser.config.volume_max.signed_ml())) " at once, "
                    (dispenser.config.pulses_per_litre) " pulses a litre"
                    @if dispenser.config.pulses_measured.is_some() { " (set here)" }
                    @if let Some(beat) = &dispenser.presence.heartbeat { ", firmware " (beat.firmware) ", " (beat.state) }
                    "."
                }
                @if may_change(caller) {
                    form method="post" action="/dispensers/switch" {
                        (hidden(caller)?)
                        input type="hidden" name="dispenser" value=(dispenser.id);
                        input type="hidden" name="to" value=(if dispenser.config.enabled { "off" } else { "on" });
                        button class="quiet" { (if dispenser.config.enabled { "Switch off" } else { "Switch on" }) }
                    }
                    details {
                        summary { "Set the meter" }
                        form method="post" action="/dispensers/pulses" {
                            (hidden(caller)?)
                            input type="hidden" name="dispenser" value=(dispenser.id);
                            label for={ "pulses-" (dispenser.id) } { "Pulses a litre" }
                            input id={ "pulses-" (dispenser.id) } name="pulses" inputmode="numeric" value=[dispenser.config.pulses_measured];
                            p class="small" {
                                "If a 20 litre jerrycan overflows before the display says 20, the number is too large. "
                                "Leave it empty to use the site's."
                            }
                            button { "Set" }
                        }
                    }
                }
            }
        }
        @if status.dispensers.is_empty() { section class="card" { (no_dispensers()) } }
    };
    let view = View {
        title: "Dispensers",
        path: "/dispensers",
        is_live: true,
    };
    Ok(view.render(&status, caller, notice, &content))
}

/// One dispenser and how it is.
pub(super) fn dispenser_row(dispenser: &DispenserStatus, here: &Here) -> Markup {
    let presence = &dispenser.presence;
    let (class, words) = match (dispenser.config.enabled, dispenser.online, presence.way) {
        (false, ..) => ("warn", "switched off"),
        (true, true, Some(Way::Mqtt) | None) => ("good", "online"),
        // Without a connection of its own it is heard when somebody wants water, and not otherwise.
        (true, true, Some(Way::Http)) => ("good", "sells, by HTTP"),
        (true, false, Some(Way::Http)) => ("", "by HTTP"),
        (true, false, Some(Way::Mqtt)) => ("warn", "not connected"),
        (true, false, None) => ("bad", "not heard since the start"),
    };
    html! {
        div class="row" {
            (light(class, dispenser.id.as_str()))
            span class="small" {
                (words)
                @if let Some(heard) = presence.heard { ", heard " (time(here, heard)) }
            }
        }
    }
}

/// How to get a dispenser.
pub(super) fn no_dispensers() -> Markup {
    html! {
        p { "None yet. On this box run:" }
        pre { "kisima-gateway dispenser add ID" }
    }
}

async fn switch(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    fields: Fields,
) -> Result<Response, Failure> {
    let dispenser = field(&fields, "dispenser").parse();
    let dispenser = dispenser.map_err(|_| Problem::not_found("this dispenser"))?;
    let enabled = field(&fields, "to") == "on";
    let command = Command::EnableDispenser { dispenser, enabled };
    match submit(&web, &caller, &fields, command).await {
        Ok(_) => Ok(Redirect::to("/dispensers?said=switched").into_response()),
        Err(problem) => {
            let page = page(&web, &caller, &Notice::problem(&problem)).await?;
            Ok((problem.status, page).into_response())
        }
    }
}

async fn clock(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    fields: Fields,
) -> Result<Response, Failure> {
    let here = Here::of(&web.status().await?)?;
    let wall = changes::wall(field(&fields, "time"), &here.zone);
    let command = wall
        .map(Command::SetClock)
        .ok_or_else(|| Problem::field("Date and time", "must look like 2026-12-20T08:30"));
    let told = match command {
        Ok(command) => submit(&web, &caller, &fields, command).await,
        Err(problem) => Err(problem),
    };
    match told {
        Ok(_) => Ok(Redirect::to("/?said=clock").into_response()),
        Err(problem) => {
            let page = status::today(&web, &caller, &Notice::problem(&problem)).await?;
            Ok((problem.status, page).into_response())
        }
    }
}

/// What a manager measured at a dispenser; an empty field follows the site again.
async fn pulses(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    fields: Fields,
) -> Result<Response, Failure> {
    let dispenser = field(&fields, "dispenser").parse();
    let dispenser = dispenser.map_err(|_| Problem::not_found("this dispenser"))?;
    let told = match measured(field(&fields, "pulses")) {
        Ok(pulses_per_litre) => {
            let command = Command::SetPulses {
                dispenser,
                pulses_per_litre,
            };
            submit(&web, &caller, &fields, command).await
        }
        Err(problem) => Err(problem),
    };
    match told {
        Ok(_) => Ok(Redirect::to("/dispensers?said=pulses").into_response()),
        Err(problem) => {
            let page = page(&web, &caller, &Notice::problem(&problem)).await?;
            Ok((problem.status, page).into_response())
        }
    }
}

fn measured(typed: &str) -> Result<Option<i64>, Problem> {
    if typed.is_empty() {
        return Ok(None);
    }
    let pulses = typed.parse().map_err(|_| {
        let message = "a whole number such as 450, or nothing to follow the site's settings";
        Problem::field("pulses_per_litre", message)
    })?;
    Ok(Some(pulses))
}
