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
    Shown,
    alarms::{alarm_list, seen_form},
    done, page, show,
};
use crate::hub::store::read::{self, AlarmFilter, AlarmRow, Site, Totals, Transaction, TransactionFilter};

/// How many sales are shown.
const SALES: u32 = 12;
/// How many alarms are shown.
const ALARMS: u32 = 6;

/// `GET /`
pub async fn home(State(app): State<App>, Extension(caller): Extension<Caller>, RawQuery(query): RawQuery) -> Shown {
    let word = query.as_deref().and_then(|query| query.strip_prefix("done="));
    let zone = app.parts.settings.zone.clone();
    let (now, _) = app.parts.clock.now();
    let (since, currency) = (zone.begin(zone.day(now)), app.parts.settings.currency);
    let seen = app
        .parts
        .books
        .read(move |books| {
            let sales = read::transactions(books, &TransactionFilter::default(), i64::MAX, SALES)?;
            let unseen = AlarmFilter {
                seen: Some(false),
                ..AlarmFilter::default()
            };
            Ok(Seen {
                totals: read::totals(books, since, currency)?,
                money_waiting: read::money_waiting_count(books)?,
                payouts_waiting: read::payouts_for_operators(books)?.len(),
                sites: read::sites_unhashed(books)?,
                sales: sales.items,
                alarms: read::alarms(books, &unseen, i64::MAX, ALARMS)?.items,
                alarms_unseen: read::alarms_unseen(books)?,
                in_doubt: read::in_doubt(books)?,
                loans: read::loans_asked(books)?,
            })
        })
        .await?;
    Ok(shown(&app, &caller, &zone, now, &seen, done(word)))
}

/// What the page is about.
struct Seen {
    totals: Totals,
    money_waiting: i64,
    payouts_waiting: usize,
    sites: Vec<Site>,
    sales: Vec<Transaction>,
    alarms: Vec<AlarmRow>,
    alarms_unseen: i64,
    in_doubt: bool,
    loans: i64,
}

fn shown(app: &App, caller: &Caller, zone: &Zone, now: Wall, seen: &Seen, notice: Markup) -> Response {
    let Seen {
        totals, sites, sales, ..
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
        section data-part="look" { (look(caller, zone, now, seen)) }
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

/// What needs somebody.
fn look(caller: &Caller, zone: &Zone, now: Wall, seen: &Seen) -> Markup {
    let Seen { totals, alarms, .. } = seen;
    let more_alarms = seen.alarms_unseen - i64::try_from(alarms.len()).unwrap_or(i64::MAX);
    html! {
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
                @if seen.loans == 1 { "One loan that was asked at a site waits." } @else { (seen.loans) " loans that were asked at sites wait." }
            } }
        }
        @if !alarms.is_empty() {
            h2 { "Needs a look" }
            (alarm_list(zone, now, alarms))
            (seen_form(caller, alarms, "/"))
        }
        p { a href="/alarms" {
            @if more_alarms > 0 { (more_alarms) " more that nobody has seen, and all alarms" } @else { "All alarms" }
        } }
    }
}

fn tile(name: &str, value: &str) -> Markup {
    html! { div.tile { span.quiet { (name) } strong { (value) } } }
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
