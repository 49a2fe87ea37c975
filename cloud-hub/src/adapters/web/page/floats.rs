//! Cash of sites: who may take how much, what they owe, counting it, and sales that were not booked by themselves.

use ::kiosk::{ids::SiteName, units::Money};
use axum::{
    Extension,
    extract::{RawQuery, State},
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
use crate::{
    hub::{
        effect::Refusal,
        input::{CashCount, Request, Settling},
        store::read::{self, DoubtfulSale, HandIn, Manager, Names},
    },
    provider::decimal,
};

/// How many doubtful sales, and how many of the newest counts, are shown.
const ROWS: u32 = 50;

/// `GET /floats`
pub async fn floats(State(app): State<App>, Extension(caller): Extension<Caller>, RawQuery(query): RawQuery) -> Shown {
    let currency = app.parts.settings.currency;
    let read = app.parts.books.read(move |books| {
        let mut doubtful = read::doubtful_sales(books, ROWS)?;
        doubtful.extend(read::refused_sales(books, ROWS)?);
        let names = read::customer_names(books, doubtful.iter().map(|sale| sale.customer))?;
        let managers = read::managers(books, None, currency)?;
        Ok((managers, doubtful, names, read::hand_ins(books, ROWS)?))
    });
    let (managers, doubtful, names, counted) = read.await?;
    let word = query.as_deref().and_then(|query| query.strip_prefix("done="));
    let content = html! {
        h1 { "Cash at sites" }
        (done(word))
        p { "A manager with a float may sell water for cash, also while the site has no link. What was taken and not handed in, "
            "and what may still be taken, come to the limit at most." }
        @if !doubtful.is_empty() { (doubtful_table(&app, &caller, &doubtful, &names)) }
        div data-part="floats" {
            @if managers.is_empty() { p.quiet { "Nobody has a float yet." } }
            @for manager in &managers { (card(&app, &caller, manager)) }
        }
        @if caller.may("POST", "/floats") { (give_form(&caller, None)) }
        @if !counted.is_empty() { (count_table(&app, &counted)) }
    };
    Ok(page(Some(&caller), "/floats", "Cash at sites", content))
}

fn card(app: &App, caller: &Caller, manager: &Manager) -> Markup {
    let money = |minor: i64| Money::new(minor, app.parts.settings.currency).to_string();
    let (now, _) = app.parts.clock.now();
    html! {
        section.card {
            h2 { (manager.login) " at " a href={ "/sites/" (manager.site) } { (manager.site) } }
            dl.facts {
                dt { "To be handed in" } dd { strong { (money(manager.owed_minor)) }
                    @if !manager.online { br; span.quiet { "The site has no link"
                        @if let Some(seen) = manager.last_seen { ", last seen " (show::ago(&app.parts.settings.zone, seen, now)) }
                        ": what it sold since is not in this." } } }
                dt { "May still take" } dd { (money(manager.open_minor)) @if manager.recalling { " (being asked back)" } }
                dt { "Limit" } dd { (money(manager.limit_minor)) }
                @if manager.difference_minor != 0 {
                    dt { "Difference" } dd { (money(manager.difference_minor.saturating_abs()))
                        @if manager.difference_minor > 0 { " too little handed in" } @else { " too much handed in" } }
                }
            }
            @if manager.owed_minor > 0 && caller.may("POST", "/floats/hand-in") {
                form method="post" action="/floats/hand-in" {
                    (guarded(caller)) (whose(manager))
                    input type="hidden" name="owed" value=(manager.owed_minor);
                    label { "Cash counted" input name="counted" inputmode="decimal" required; }
                    button { "Hand in" }
                }
            }
            @if manager.difference_minor != 0 && caller.may("POST", "/floats/difference-paid") {
                details { summary { "Settle the difference" }
                    form method="post" action="/floats/difference-paid" {
                        (guarded(caller)) (whose(manager))
                        label { @if manager.difference_minor > 0 { "Paid in cash" } @else { "Paid back in cash" }
                            input name="amount" inputmode="decimal" required; }
                        button { "Book it" }
                    }
                    @if caller.may("POST", "/floats/difference-given-up") {
                        form method="post" action="/floats/difference-given-up" {
                            (guarded(caller)) (whose(manager))
                            label { "Given up: the programme bears it" input name="amount" inputmode="decimal" required; }
                            button.danger { "Give it up" }
                        }
                    }
                }
            }
            @if caller.may("POST", "/floats") { details { summary { "Another limit" } (give_form(caller, Some(manager))) } }
        }
    }
}

fn whose(manager: &Manager) -> Markup {
    html! {
        input type="hidden" name="site" value=(manager.site);
        input type="hidden" name="manager" value=(manager.login);
    }
}

/// The form that gives a float: to somebody new, or another limit to one who has one.
pub fn give_form(caller: &Caller, manager: Option<&Manager>) -> Markup {
    html! {
        form.card method="post" action="/floats" {
            (guarded(caller))
            @match manager {
                Some(manager) => (whose(manager)),
                None => {
                    h2 { "Give a float" }
                    label { "Site" input name="site" pattern="[a-z0-9\\-]{1,32}" autocapitalize="none" required; }
                    label { "The manager's account at the site's gateway"
                        input name="manager" pattern="[a-z0-9._\\-]{1,32}" autocapitalize="none" required; }
                },
            }
            label { "Cash they may have and take; 0 withdraws it" input name="limit" inputmode="decimal" required; }
            button { "Set the limit" }
        }
    }
}

fn doubtful_table(app: &App, caller: &Caller, sales: &[DoubtfulSale], names: &Names) -> Markup {
    let (zone, currency) = (&app.parts.settings.zone, app.parts.settings.currency.code());
    html! {
        section data-part="doubtful" {
            h2 { "Cash sales that were not booked" }
            p { "An honest gateway writes no such sale. Ask the manager and the customer before you decide." }
            @for sale in sales {
                div.card {
                    p { (show::time(zone, sale.time)) ", " (sale.site) ": " (show::litres(sale.volume_ml)) " for "
                        (show::money(sale.amount_minor, currency)) " to " (customer_link(names, sale.customer)) ". Why: "
                        strong { (sale.why.replace('_', " ")) } ". Record " code { (sale.record.0) ":" (sale.record.1) } "." }
                    @if caller.may("POST", "/floats/decide") {
                        form method="post" action="/floats/decide" {
                            (guarded(caller))
                            input type="hidden" name="sale" value=(sale.id);
                            label { "The manager who took the cash" input name="manager" autocapitalize="none" required; }
                            button name="how" value="book" { "Book it" }
                        }
                        @if sale.is_refused { p.quiet { "An operator said that it never was." } } @else {
                            form method="post" action="/floats/decide" {
                                (guarded(caller))
                                input type="hidden" name="sale" value=(sale.id);
                                button.danger name="how" value="refuse" { "It never was" }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn count_table(app: &App, counted: &[HandIn]) -> Markup {
    let (zone, currency) = (&app.parts.settings.zone, app.parts.settings.currency.code());
    html! {
        section data-part="counted" {
            h2 { "Latest counts" }
            table.rows {
                thead { tr { th { "When" } th { "Who" } th.number { "Owed" } th.number { "Counted" } } }
                tbody { @for row in counted { tr {
                    td data-label="When" { (show::time(zone, row.time)) }
                    td data-label="Who" { (row.login) " at " (row.site) }
                    td.number data-label="Owed" { (show::money(row.owed_minor, currency)) }
                    td.number data-label="Counted" { (show::money(row.counted_minor, currency)) }
                } } }
            }
        }
    }
}

/// An amount as a person types it, in minor units.
fn amount(app: &App, fields: &mut Fields, name: &'static str) -> Result<i64, Refusal> {
    let text = fields.need(name, "the amount")?;
    let read = decimal::exact(&text, app.parts.settings.currency);
    let message = "write the amount with digits and at most a point, such as 1500 or 1500.50";
    Ok(read.ok_or_else(|| Refusal::invalid(name, "bad_field", message))?.minor)
}

fn place(fields: &mut Fields) -> Result<(SiteName, String), Refusal> {
    let site = fields.need("site", "the site")?;
    let site = site.parse().map_err(|_| Refusal::not_found("site"))?;
    Ok((site, fields.need("manager", "the manager's account")?))
}

async fn booked(app: &App, caller: &Caller, fields: &mut Fields, request: Request, word: &str) -> Shown {
    app.parts.desk.ask(caller.actor(), fields.key(), request).await?;
    Ok(back_to(&format!("/floats?done={word}")))
}

/// `POST /floats`
pub async fn give(State(app): State<App>, Extension(caller): Extension<Caller>, mut fields: Fields) -> Shown {
    let (site, manager) = place(&mut fields)?;
    let limit_minor = amount(&app, &mut fields, "limit")?;
    let request = Request::SetFloat {
        site,
        manager,
        limit_minor,
    };
    booked(&app, &caller, &mut fields, request, "float").await
}

/// `POST /floats/hand-in`
pub async fn hand_in(State(app): State<App>, Extension(caller): Extension<Caller>, mut fields: Fields) -> Shown {
    let (site, manager) = place(&mut fields)?;
    let counted_minor = amount(&app, &mut fields, "counted")?;
    let owed = fields.need("owed", "what is owed")?.parse();
    let owed =
        owed.map_err(|_| Refusal::invalid("owed", "bad_field", "the sum that the page showed: look at it again"))?;
    let counted = CashCount {
        site,
        manager,
        counted_minor,
        owed_minor: Some(owed),
    };
    booked(&app, &caller, &mut fields, Request::HandIn(counted), "counted").await
}

/// `POST /floats/difference-paid`
pub async fn paid(State(app): State<App>, Extension(caller): Extension<Caller>, fields: Fields) -> Shown {
    settle(&app, &caller, fields, Settling::Paid).await
}

/// `POST /floats/difference-given-up`
pub async fn given_up(State(app): State<App>, Extension(caller): Extension<Caller>, fields: Fields) -> Shown {
    settle(&app, &caller, fields, Settling::GivenUp).await
}

async fn settle(app: &App, caller: &Caller, mut fields: Fields, how: Settling) -> Shown {
    let (site, manager) = place(&mut fields)?;
    let request = Request::SettleDifference {
        site,
        manager,
        amount_minor: amount(app, &mut fields, "amount")?,
        how,
    };
    booked(app, caller, &mut fields, request, "difference").await
}

/// `POST /floats/decide`
pub async fn decide(State(app): State<App>, Extension(caller): Extension<Caller>, mut fields: Fields) -> Shown {
    let sale = fields.need("sale", "the sale")?.parse();
    let book_to = match fields.need("how", "what to do")?.as_str() {
        "book" => Some(fields.need("manager", "the manager's account")?),
        "refuse" => None,
        _ => return Err(Refusal::invalid("how", "bad_field", "book or refuse").into()),
    };
    let request = Request::DecideCashSale {
        sale: sale.map_err(|_| Refusal::not_found("cash sale"))?,
        book_to,
    };
    booked(&app, &caller, &mut fields, request, "ordered").await
}
