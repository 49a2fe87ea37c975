//! Today: what is sold, who is there, what needs a look.

use ::kiosk::{day::Zone, moment::Wall};
use axum::{
    Extension,
    extract::{RawQuery, State},
    response::Response,
};
use maud::{Markup, html};

use super::{
    super::{App, guard::Caller},
    Shown, back_to, done,
    form::Fields,
    guarded, page, show,
};
use crate::hub::{
    effect::Refusal,
    input::Request,
    store::read::{self, AlarmRow, Site, Totals, Transaction, TransactionFilter},
};

/// How many sales are shown.
const SALES: u32 = 12;
/// How many alarms are shown.
const ALARMS: u32 = 6;

/// `GET /`
pub async fn home(State(app): State<App>, Extension(caller): Extension<Caller>, RawQuery(query): RawQuery) -> Shown {
    let word = query.as_deref().and_then(|query| query.strip_prefix("done="));
    let zone = app.parts.settings.zone.clone();
    let (now, _) = app.parts.clock.now();
    let since = zone.begin(zone.day(now));
    let seen = app
        .parts
        .books
        .read(move |books| {
            let sales = read::transactions(books, &TransactionFilter::default(), i64::MAX, SALES)?;
            Ok(Seen {
                totals: read::totals(books, since)?,
                money_waiting: read::money_waiting_count(books)?,
                payouts_waiting: read::payouts_for_operators(books)?.len(),
                sites: read::sites_unhashed(books)?,
                sales: sales.items,
                alarms: read::alarms(books, None, ALARMS)?,
                in_doubt: read::in_doubt(books)?,
                loans: read::loans_asked(books)?,
            })
        })
        .await?;
    Ok(shown(&app, &caller, &zone, now, &seen, done(word)))
}

/// `POST /alarms/seen`
pub async fn alarms_seen(State(app): State<App>, Extension(caller): Extension<Caller>, mut fields: Fields) -> Shown {
    let until = fields.take("until").and_then(|text| text.parse().ok());
    let until = until.ok_or_else(|| Refusal::not_found("alarm"))?;
    let key = fields.key();
    let asked = app.parts.desk.ask(caller.actor(), key, Request::SeeAlarms { until });
    asked.await?;
    Ok(back_to("/?done=seen"))
}

/// What the page is about.
struct Seen {
    totals: Totals,
    money_waiting: i64,
    payouts_waiting: usize,
    sites: Vec<Site>,
    sales: Vec<Transaction>,
    alarms: Vec<AlarmRow>,
    in_doubt: bool,
    loans: i64,
}

fn shown(app: &App, caller: &Caller, zone: &Zone, now: Wall, seen: &Seen, notice: Markup) -> Response {
    let Seen {
        totals,
        sites,
        sales,
        alarms,
        ..
    } = seen;
    let currency = app.parts.settings.currency.code();
    let content = html! {
        h1 { "Today, " (zone.day(now)) }
        (notice)
        div.tiles data-part="tiles" {
            (tile("Sites online", &format!("{} of {}", totals.sites_online, sites.len())))
            (tile("Water drawn", &show::litres(totals.drawn_ml)))
            @if caller.may("GET", "/ledger") { (tile("Money in, less out", &show::money(totals.gained_minor, currency))) }
            (tile("Customers", &totals.customers.to_string()))
        }
        section data-part="look" {
            @if seen.in_doubt {
                p.problem { a href="/doubt" { "Part of the hub's past may be missing: sites get water only from new payments." } }
            }
            @if totals.purchases_waiting > 0 && caller.may("GET", "/purchases") {
                p.problem { a href="/purchases?state=needs_operator" {
                    @if totals.purchases_waiting == 1 { "One purchase waits for your decision." }
                    @else { (totals.purchases_waiting) " purchases wait for your decision." }
                } }
            }
            @if seen.payouts_waiting > 0 && caller.may("GET", "/payouts") {
                p.problem { a href="/payouts" {
                    @if seen.payouts_waiting == 1 { "One payout waits for a person." }
                    @else { (seen.payouts_waiting) " payouts wait for a person." }
                } }
            }
            @if seen.money_waiting > 0 && caller.may("GET", "/waiting") {
                p.problem { a href="/waiting" {
                    @if seen.money_waiting == 1 { "One payment came by itself and waits." }
                    @else { (seen.money_waiting) " payments came by themselves and wait." }
                } }
            }
            @if seen.loans > 0 && caller.may("GET", "/loans") {
                p { a href="/loans" {
                    @if seen.loans == 1 { "One loan was asked at a site." } @else { (seen.loans) " loans were asked at sites." }
                } }
            }
            @if !alarms.is_empty() {
                h2 { "Needs a look" }
                (alarm_list(zone, now, alarms))
                @if let (Some(newest), true) = (alarms.first(), caller.may("POST", "/alarms/seen")) {
                    form method="post" action="/alarms/seen" {
                        (guarded(caller))
                        input type="hidden" name="until" value=(newest.id);
                        button { "I have seen these" }
                    }
                }
            }
        }
        div.columns {
            section data-part="sales" {
                h2 { "Latest transactions" }
                (sales_table(zone, now, sales, true))
            }
            section data-part="sites" {
                h2 { "Sites" }
                @if sites.is_empty() {
                    p { "There is no site yet. "
                        @if caller.may("POST", "/sites") { a href="/sites" { "Add the first one." } } }
                }
                ul.plain.card {
                    @for site in sites {
                        li { a href={ "/sites/" (site.name) } { (site.title) } " "
                            @if site.box_id.is_none() { span.badge { "not joined" } } @else { (show::online(site.online)) } }
                    }
                }
            }
        }
    };
    page(Some(caller), "/", "Today", content)
}

fn tile(name: &str, value: &str) -> Markup {
    html! { div.tile { span.quiet { (name) } strong { (value) } } }
}

/// Alarms, the newest first.
pub fn alarm_list(zone: &Zone, now: Wall, alarms: &[AlarmRow]) -> Markup {
    html! {
        ul.plain.card {
            @for alarm in alarms {
                li {
                    span class={ "badge " (if alarm.severity == "critical" { "bad" } else { "look" }) } { (alarm.severity) }
                    " " (show::sentence(&alarm.detail))
                    " " span.quiet { @if let Some(site) = &alarm.site { (site) ", " } (show::ago(zone, alarm.time, now)) }
                }
            }
        }
    }
}

/// Transactions as a table; `sites` says where each was.
pub fn sales_table(zone: &Zone, now: Wall, sales: &[Transaction], sites: bool) -> Markup {
    html! {
        @if sales.is_empty() {
            p.quiet { "None yet." }
        } @else {
            table.rows {
                thead { tr { th { "When" } th { "What" } @if sites { th { "Where" } } th.number { "Litres" } th.number { "Money" } } }
                tbody {
                    @for sale in sales {
                        tr {
                            td data-label="When" {
                                (show::time_near(zone, sale.time, now))
                                @if !sale.clock_trusted { " " span.quiet title="The site's clock was not set." { "?" } }
                            }
                            td data-label="What" {
                                @if let Some(customer) = sale.customer {
                                    a href={ "/customers/" (customer) } { (show::kind(&sale.kind)) }
                                } @else { (show::kind(&sale.kind)) }
                            }
                            @if sites {
                                td data-label="Where" { (sale.site.as_ref().map_or("hub", |site| site.as_str())) }
                            }
                            @if sale.volume_ml == 0 { td.number.none { "–" } }
                            @else { td.number data-label="Litres" { (show::litres(sale.volume_ml)) } }
                            @if sale.amount_minor == 0 { td.number.none { "–" } }
                            @else { td.number data-label="Money" { (show::money(sale.amount_minor, &sale.currency)) } }
                        }
                    }
                }
            }
        }
    }
}
