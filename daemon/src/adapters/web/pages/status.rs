//! `/`: how the site stands today.

use axum::{
    Extension, Router,
    extract::{Query, State},
    routing::get,
};
use kiosk::{ids::Lane, moment::Trust, units::Volume};
use maud::{Markup, html};
use serde::Deserialize;

use crate::site::{
    effect::Status,
    room::Room,
    store::read::{self, HOURS_MAX, SaleFilter, SaleShown},
};

use super::{
    super::{Web, guard::Caller, wire::Here},
    Failure, Notice, View, hidden, lists, may_change,
    show::{bars, bytes, dated, light, litres, time},
    texts,
};

/// Sales on the first page.
const LAST_SALES: u32 = 6;

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/", get(page))
}

/// The word after a change.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Said {
    pub(super) said: Option<String>,
}

/// What the page reads besides the status.
struct Today {
    sales: i64,
    volume: Volume,
    hours: [Volume; HOURS_MAX],
    last: Vec<SaleShown>,
}

async fn page(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    Query(said): Query<Said>,
) -> Result<Markup, Failure> {
    today(&web, &caller, &Notice::said(said.said.as_deref())).await
}

/// The page, under what was said or refused.
pub(super) async fn today(web: &Web, caller: &Caller, notice: &Notice) -> Result<Markup, Failure> {
    let status = web.status().await?;
    let here = Here::of(&status)?;
    let from = status.today;
    let today = web
        .read(move |connection| {
            let (sales, volume) = read::totals(connection, from)?;
            Ok(Today {
                sales,
                volume,
                hours: read::by_hour(connection, from)?,
                last: read::sales(connection, &SaleFilter::default(), LAST_SALES)?,
            })
        })
        .await?;
    let content = html! {
        @if status.site.is_none() { (join()) }
        (state(&status, &here, caller)?)
        section class="card" {
            h2 { "Today" }
            div class="figures" {
                div class="figure" { b { (today.sales) } span class="small" { "sales" } }
                div class="figure" { b { (litres(today.volume.signed_ml())) } span class="small" { "of water" } }
            }
            (bars(&today.hours, status.today, status.wall))
        }
        @if let Some(sim) = &status.sim { (texts::card(sim, &here)) }
        section class="card" {
            h2 { "Dispensers" }
            @for dispenser in &status.dispensers { (lists::dispenser_row(dispenser, &here)) }
            @if status.dispensers.is_empty() { (lists::no_dispensers()) }
        }
        section class="card" {
            h2 { "Last sales" }
            @for sale in &today.last { (lists::sale_row(sale, &here)) }
            @if today.last.is_empty() { p class="small" { "None yet." } }
            @else { p { a href="/sales" { "All sales" } } }
        }
    };
    let view = View {
        title: "Today",
        path: "/",
        is_live: true,
    };
    Ok(view.render(&status, caller, notice, &content))
}

/// How a box joins.
fn join() -> Markup {
    html! {
        section class="card notice" {
            h2 { "This box has not joined a hub" }
            p { "It knows no customers yet. At the hub run:" }
            pre { "kisima-hub site add NAME" }
            p { "It prints a code. On this box run:" }
            pre { "kisima-gateway join HUB_URL CODE" }
            p class="small" { "This page changes by itself within seconds." }
        }
    }
}

fn state(status: &Status, here: &Here, caller: &Caller) -> Result<Markup, Failure> {
    let waiting: u64 = status.queue.iter().sum();
    Ok(html! {
        section class="card" {
            @if status.site.is_some() {
                @if status.degraded {
                    div class="row" { (light("bad", "Nothing is sold now: this box waits for the hub to give back its records.")) }
                }
                div class="row" { (link(status, here)) span class="small" {
                    @if let Some(heard) = status.last_heard { "heard " (time(here, heard)) }
                } }
                div class="row" {
                    @if waiting == 0 { (light("good", "The hub has everything.")) }
                    @else { (light("warn", &format!("Not yet at the hub: {}.", waits(status.queue)))) }
                }
                p class="small" {
                    "Data today: " (bytes(status.spent.sync_sent)) " sent, " (bytes(status.spent.sync_received)) " received. SMS today: "
                    (status.sim.as_ref().map_or(0, |sim| sim.parts_today)) "."
                }
            }
            @if let Some(room) = status.room && room.is_tight() {
                div class="row" { (light("bad", &disk_low(room))) }
            }
            div class="row" {
                @if status.trust.is_trusted() { (light("good", &format!("The clock shows {}, {}.", time(here, status.wall), source(status.trust)))) }
                @else { (light("warn", &format!("The clock may be wrong: it shows {}. Until it is set, no subscription ends.", dated(here, status.wall)))) }
            }
            @if status.trust <= Trust::Manager && may_change(caller) {
                details {
                    summary { "Set the clock" }
                    form method="post" action="/clock" {
                        (hidden(caller)?)
                        label for="time" { "Date and time here" }
                        input id="time" name="time" type="datetime-local" required;
                        button { "Set" }
                    }
                }
            }
        }
    })
}

fn disk_low(room: Room) -> String {
    let mib = room.free_bytes >> 20;
    format!("The disk is nearly full ({mib} MiB left): water is sold; loans, purchases and cash wait. Make room on it.")
}

fn link(status: &Status, here: &Here) -> Markup {
    let since = status.link_since.map(|since| time(here, since));
    match (status.link_up, since) {
        (true, Some(since)) => light("good", &format!("Link up since {since}.")),
        (true, None) => light("good", "Link up."),
        (false, Some(since)) => light("warn", &format!("Link down since {since}. Water is sold all the same.")),
        (false, None) => light("warn", "No link yet. Water is sold all the same."),
    }
}

/// What the hub has not acknowledged, in words.
fn waits(queue: [u64; 4]) -> String {
    let parts = Lane::ALL.iter().zip(queue).filter(|(_, count)| *count > 0);
    let parts = parts.map(|(lane, count)| match lane {
        Lane::Money => format!("{count} sales and requests"),
        Lane::Edits => format!("{count} changes of customers"),
        Lane::Alarms => format!("{count} alarms"),
        Lane::Telemetry => format!("{count} readings"),
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// Who vouches for the clock, in words.
const fn source(trust: Trust) -> &'static str {
    match trust {
        Trust::None => "as nobody has confirmed",
        Trust::Manager => "as a manager set it",
        Trust::Modem => "as the mobile network says",
        Trust::Ntp => "as the internet says",
        Trust::Hub => "as the hub says",
    }
}
