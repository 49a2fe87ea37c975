//! What a day came to, site by site.

use std::collections::BTreeMap;

use ::kiosk::ids::SiteName;
use axum::{
    Extension,
    extract::{Query, State},
};
use maud::{Markup, html};

use super::{
    super::{App, guard::Caller},
    Shown,
    ledger::{asked_day, day_form},
    page, show,
};
use crate::hub::store::read::{self, Report};

/// `GET /reports`, with `?day=`; yesterday when none is named.
pub async fn reports(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Shown {
    let (now, _) = app.parts.clock.now();
    let yesterday = || app.parts.settings.zone.day(now).plus_days(-1);
    let day = asked_day(&query, "day")?.unwrap_or_else(yesterday);
    let found = app.parts.books.read(move |books| read::reports(books, day)).await?;
    let currency = app.parts.settings.currency.code();
    let unheard: Vec<&SiteName> = found
        .iter()
        .filter(|report| !report.heard)
        .filter_map(|report| report.site.as_ref())
        .collect();
    let content = html! {
        h1 { "Report of " (day) }
        p { "Made after midnight at each site, for its own local day." }
        (day_form("/reports", day))
        @if !unheard.is_empty() {
            p.problem { "Not heard since that day, so more may come: "
                @for (place, site) in unheard.iter().enumerate() {
                    @if place > 0 { ", " }
                    a href={ "/sites/" (site) } { (site) }
                }
                ". The report is made again until they are heard." }
        }
        div data-part="reports" {
            @if found.is_empty() { p.quiet { "There is no report of this day." } } @else { (table(&found, currency)) }
        }
        p { a href=(format!("/api/v1/reports?day={day}&format=csv")) { "As CSV" } " · "
            a href=(format!("/ledger?day={day}")) { "Trial balance of this day" } }
    };
    Ok(page(Some(&caller), "/reports", "Report", content))
}

fn table(found: &[Report], currency: &str) -> Markup {
    let sum = |of: fn(&Report) -> i64| found.iter().map(of).sum::<i64>();
    let mut money: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for (provider, (payments, minor)) in found.iter().flat_map(|report| &report.money) {
        let total = money.entry(provider.clone()).or_default();
        *total = (total.0 + payments, total.1 + minor);
    }
    let row = |name: Markup, report: &Report| {
        html! {
            td data-label="Site" { (name) }
            td.number data-label="Sold" { (show::litres(report.drawn_ml)) " in " (report.pours) }
            td data-label="Money in" { (money_in(&report.money, currency)) }
            td.number data-label="Cash" { (show::money(report.cash_minor, currency)) }
            td.number data-label="Lost" { (show::litres(report.lost_ml)) }
            td.number data-label="Refused" { (report.denied) " at the hub, " (report.unpaid) " unpaid" }
            td.number data-label="Alarms" { (report.alarms) }
        }
    };
    let together = Report {
        site: None,
        made: ::kiosk::moment::Wall(0),
        heard: true,
        pours: sum(|report| report.pours),
        drawn_ml: sum(|report| report.drawn_ml),
        lost_ml: sum(|report| report.lost_ml),
        money,
        cash_minor: sum(|report| report.cash_minor),
        denied: sum(|report| report.denied),
        unpaid: sum(|report| report.unpaid),
        alarms: sum(|report| report.alarms),
    };
    html! {
        table.rows {
            thead { tr { th { "Site" } th.number { "Sold" } th { "Money in" } th.number { "Cash" } th.number { "Lost" }
                         th.number { "Refused" } th.number { "Alarms" } } }
            tbody {
                @for report in found {
                    tr { (row(name(report.site.as_ref()), report)) }
                }
                tr.total { (row(html! { "Together" }, &together)) }
            }
        }
    }
}

fn name(site: Option<&SiteName>) -> Markup {
    match site {
        Some(site) => html! { a href={ "/sites/" (site) } { (site) } },
        None => html! { "no site" },
    }
}

fn money_in(money: &BTreeMap<String, (i64, i64)>, currency: &str) -> Markup {
    html! {
        @if money.is_empty() { "–" }
        @for (place, (provider, (payments, minor))) in money.iter().enumerate() {
            @if place > 0 { ", " }
            (provider) " " (show::money(*minor, currency)) " in " (payments)
        }
    }
}
