//! The ledger: the trial balance of a day, the accounts of one kind, and the statement of an account.

use std::collections::BTreeMap;

use ::kiosk::{
    day::{Day, Zone},
    ids::CustomerId,
    ledger::Account,
    moment::Wall,
    units::Currency,
};
use axum::{
    Extension,
    extract::{Path, Query, State},
};
use maud::{Markup, html};

use super::{
    super::{App, guard::Caller},
    Shown, page, show,
};
use crate::hub::{
    effect::Refusal,
    store::read::{self, AccountBalance, Line, Movement, Page, Span},
};

/// Lines or accounts on one page.
const ROWS: u32 = 100;
/// Kinds of which each customer has an account.
const KINDS: [&str; 4] = ["wallet", "water", "bill", "loan"];

/// `GET /ledger`, with `?day=` the books of that day.
pub async fn trial(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Shown {
    let zone = &app.parts.settings.zone;
    let (now, _) = app.parts.clock.now();
    let day = asked_day(&query, "day")?.unwrap_or_else(|| zone.day(now));
    let span = (zone.begin(day), zone.end(day));
    let found = app
        .parts
        .books
        .read(move |books| read::trial_balance(books, span))
        .await?;
    let content = html! {
        h1 { "Ledger" }
        p { "Every movement of money stands on two sides. Debits are above zero, credits below; together they are zero." }
        (day_form("/ledger", day))
        @if found.is_empty() { p.quiet { "No money had moved by the end of this day." } }
        @for (currency, accounts) in &found {
            section data-part={ "ledger-" (currency.code()) } { (trial_table(*currency, accounts)) }
        }
        p { a href=(format!("/api/v1/ledger/trial?day={day}&format=csv")) { "This day as CSV" } " · "
            a href="/api/v1/ledger/balance?format=csv" { "Balances as CSV" } " · "
            a href="/reports" { "Reports of the day" } }
    };
    Ok(page(Some(&caller), "/ledger", "Ledger", content))
}

fn trial_table(currency: Currency, accounts: &BTreeMap<String, Movement>) -> Markup {
    let code = currency.code();
    let sum = |of: fn(&Movement) -> i64| accounts.values().map(of).sum::<i64>();
    let closing = sum(|moved| moved.closing_minor);
    let total = [
        sum(|moved| moved.opening_minor),
        sum(|moved| moved.debit_minor),
        sum(|moved| moved.credit_minor),
        closing,
    ];
    let numbers = |values: [i64; 4]| {
        let labels = ["Opening", "Debits", "Credits", "Closing"];
        html! { @for (label, minor) in labels.into_iter().zip(values) {
            td.number data-label=(label) { (show::money(minor, code)) }
        } }
    };
    html! {
        h2 { (code) }
        @if closing != 0 { p.problem { "The books do not balance. Stop selling by hand and call for help." } }
        table.rows {
            thead { tr { th { "Account" } th.number { "Opening" } th.number { "Debits" } th.number { "Credits" } th.number { "Closing" } } }
            tbody {
                @for (account, moved) in accounts {
                    tr {
                        td data-label="Account" { a href=(format!("/ledger/{account}?currency={code}")) { (account) } }
                        (numbers([moved.opening_minor, moved.debit_minor, moved.credit_minor, moved.closing_minor]))
                    }
                }
                tr.total { td data-label="" { "Together" } (numbers(total)) }
            }
        }
    }
}

/// Chooses another day; works without scripts.
pub fn day_form(path: &str, day: Day) -> Markup {
    html! {
        form.card method="get" action=(path) {
            label { "Day" input type="date" name="day" value=(day) required; }
            button { "Show" }
        }
        p.filters {
            a href=(format!("{path}?day={}", day.plus_days(-1))) { "the day before" }
            a href=(format!("{path}?day={}", day.plus_days(1))) { "the day after" }
        }
    }
}

/// A day behind `?`; an empty field is none.
pub fn asked_day(query: &BTreeMap<String, String>, name: &'static str) -> Result<Option<Day>, Refusal> {
    let text = query.get(name).filter(|text| !text.is_empty());
    let bad = |error: ::kiosk::day::DayError| Refusal::invalid(name, "bad_field", error.to_string());
    text.map(|text| text.parse().map_err(bad)).transpose()
}

/// `GET /ledger/{account}`: a statement, or the accounts of one kind.
pub async fn account(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Shown {
    if KINDS.contains(&name.as_str()) {
        return kind(&app, &caller, &name, query.get("after").cloned().unwrap_or_default()).await;
    }
    let account: Account = name.parse().map_err(|_| Refusal::not_found("account"))?;
    let currency = query.get("currency").and_then(|code| Currency::from_code(code));
    let currency = currency.unwrap_or(app.parts.settings.currency);
    let zone = &app.parts.settings.zone;
    let (from, to) = (asked_day(&query, "from")?, asked_day(&query, "to")?);
    let after = query.get("after").and_then(|text| i64::from_str_radix(text, 16).ok());
    let span = Span {
        from: from.map_or(Wall(i64::MIN), |day| zone.begin(day)),
        to: to.map_or(Wall(i64::MAX), |day| zone.end(day)),
        after: after.unwrap_or_default(),
    };
    let found = {
        let account = account.clone();
        app.parts
            .books
            .read(move |books| read::statement(books, &account, currency, span, ROWS))
            .await?
    };
    let days = [("from", from), ("to", to)];
    let days: String = days
        .iter()
        .filter_map(|(name, day)| day.map(|day| format!("&{name}={day}")))
        .collect();
    let behind = format!("?currency={}{days}", currency.code());
    let whose = owner(&account).filter(|_| caller.may("GET", "/customers/{id}"));
    let content = html! {
        h1 { "Account " code { (name) } }
        p { a href="/ledger" { "To the trial balance" }
            @if let Some(customer) = whose { " · " a href={ "/customers/" (customer) } { "To the customer" } }
            " · " a href=(format!("/api/v1/ledger/accounts/{name}{behind}&format=csv")) { "As CSV" } }
        form.card method="get" action=(format!("/ledger/{name}")) {
            input type="hidden" name="currency" value=(currency.code());
            label { "From" input type="date" name="from" value=[from]; }
            label { "To" input type="date" name="to" value=[to]; }
            button { "Show" }
        }
        div data-part="statement" { (statement_table(zone, currency, &found)) }
        @if let Some(next) = found.next { p { a href=(format!("/ledger/{name}{behind}&after={next:x}")) { "More" } } }
    };
    Ok(page(Some(&caller), "/ledger", "Account", content))
}

fn statement_table(zone: &Zone, currency: Currency, found: &Page<Line>) -> Markup {
    let code = currency.code();
    html! {
        @if found.items.is_empty() { p.quiet { "Nothing was booked here." } } @else {
            table.rows {
                thead { tr { th { "When" } th { "What" } th { "For" } th.number { "Amount" } th.number { "Balance" } } }
                tbody {
                    @for line in &found.items {
                        tr {
                            td.when data-label="When" { (show::time(zone, line.time)) }
                            td data-label="What" { (line.what) }
                            td data-label="For" { (event(line.event.as_deref())) }
                            td.number data-label="Amount" { (show::money(line.amount_minor, code)) }
                            td.number data-label="Balance" { (show::money(line.balance_minor, code)) }
                        }
                    }
                }
            }
        }
    }
}

/// What happened, leading there where there is a page of it.
fn event(event: Option<&str>) -> Markup {
    let Some((kind, id)) = event.and_then(|event| event.split_once(':')) else {
        return html! { "–" };
    };
    html! {
        @match kind {
            "purchase" => a href={ "/purchases/" (id) } { "purchase" },
            "merger" => a href={ "/customers/" (id) } { "customer" },
            _ => { (kind) " " code { (id) } },
        }
    }
}

fn owner(account: &Account) -> Option<CustomerId> {
    match account {
        Account::Wallet(customer) | Account::Water(customer) | Account::Bill(customer) | Account::Loan(customer) => {
            Some(*customer)
        }
        _ => None,
    }
}

async fn kind(app: &App, caller: &Caller, kind: &str, after: String) -> Shown {
    let (found, next) = {
        let kind = kind.to_owned();
        app.parts
            .books
            .read(move |books| read::accounts_of(books, &kind, &after, ROWS))
            .await?
    };
    let content = html! {
        h1 { "Accounts: " (kind) }
        p { a href="/ledger" { "To the trial balance" } }
        div data-part="accounts" { (accounts_table(&found)) }
        @if let Some(next) = next { p { a href=(format!("/ledger/{kind}?after={next}")) { "More" } } }
    };
    Ok(page(Some(caller), "/ledger", "Accounts", content))
}

fn accounts_table(found: &[AccountBalance]) -> Markup {
    html! {
        @if found.is_empty() { p.quiet { "None." } } @else {
            table.rows {
                thead { tr { th { "Account" } th.number { "Balance" } } }
                tbody {
                    @for row in found {
                        tr {
                            td data-label="Account" { a href=(format!("/ledger/{}?currency={}", row.account, row.currency)) { (row.account) } }
                            td.number data-label="Balance" { (show::money(row.balance_minor, &row.currency)) }
                        }
                    }
                }
            }
        }
    }
}
