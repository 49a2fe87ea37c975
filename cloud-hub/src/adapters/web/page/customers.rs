//! The search, and registering.

use ::kiosk::{ids::AccountId, phone::Phone};
use axum::{
    Extension,
    extract::{Query, State},
    response::Response,
};
use maud::{Markup, html};
use std::collections::BTreeMap;

use super::{
    super::{
        App,
        answer::{status, unexpected},
        guard::Caller,
    },
    Shown, back_to,
    form::Fields,
    guarded, page, problem, show,
};
use crate::hub::{
    effect::{Refusal, Response as Answer},
    input::{NewCustomer, Request, Secret},
    store::read::{self, Customer, Site},
};

/// How many customers a page shows.
const LIMIT: u32 = 25;

/// `GET /customers`: with `?q=` those found by phone, account or name.
pub async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Query(mut query): Query<BTreeMap<String, String>>,
) -> Shown {
    let words = query
        .remove("q")
        .map(|words| words.trim().to_owned())
        .filter(|words| !words.is_empty());
    let after = query.remove("after").and_then(|after| after.parse().ok()).unwrap_or(-1);
    listed(&app, &caller, words, after, None).await
}

/// What a form that was refused held, and why.
struct Refusals<'a> {
    why: &'a Refusal,
    new: &'a NewCustomer,
}

async fn listed(app: &App, caller: &Caller, words: Option<String>, after: i64, refused: Option<Refusals<'_>>) -> Shown {
    let country = app.parts.settings.country;
    let search = words.clone();
    let (found, next, sites) = app
        .parts
        .books
        .read(move |books| {
            let sites = read::sites_unhashed(books)?;
            let Some(words) = search else {
                let page = read::customers(books, None, after, LIMIT)?;
                return Ok((page.items, page.next, sites));
            };
            let mut found: Vec<Customer> = Vec::new();
            if let Ok(phone) = Phone::parse(&words, country) {
                found.extend(read::customer_by_phone(books, phone)?);
            }
            if let Ok(account) = words.parse::<AccountId>() {
                found.extend(read::customer_by_account(books, account)?);
            }
            if found.is_empty() {
                found = read::customers_named(books, &words, LIMIT)?;
            }
            Ok((found, None, sites))
        })
        .await?;
    let content = html! {
        h1 { "Customers" }
        form.search method="get" action="/customers" role="search" {
            input type="search" name="q" value=[words.as_deref()] placeholder="Phone, account, name" aria-label="Phone, account or name";
            button { "Search" }
        }
        @if found.is_empty() {
            @match &words {
                Some(words) => p { "Nobody found for “" (words) "”. Try the whole phone number, the account such as AQP000012, or a part of the name." },
                None => p { "There is no customer yet." },
            }
        } @else { (table(&found)) }
        @if let Some(next) = next { p { a href={ "/customers?after=" (next) } { "More" } } }
        @if caller.may("POST", "/customers") { (register_form(caller, &sites, refused.as_ref())) }
    };
    let mut response = page(Some(caller), "/customers", "Customers", content);
    if let Some(refused) = refused {
        *response.status_mut() = status(refused.why);
    }
    Ok(response)
}

fn table(customers: &[Customer]) -> Markup {
    html! {
        table.rows {
            thead { tr { th { "Name" } th { "Account" } th { "Phone" } th { "Site" } th.number { "Litres" } } }
            tbody {
                @for customer in customers {
                    tr {
                        td data-label="Name" {
                            a href={ "/customers/" (customer.id) } { (customer.name) }
                            @if !customer.active { " " span.badge.bad { "blocked" } }
                        }
                        td data-label="Account" { (account(customer)) }
                        td data-label="Phone" { @if let Some(phone) = customer.phone { (phone.e164()) } @else { "–" } }
                        td data-label="Site" { @if let Some(site) = &customer.site { (site) } @else { "–" } }
                        td.number data-label="Litres" { (show::litres(customer.balance_ml)) }
                    }
                }
            }
        }
    }
}

/// The account number, or a dash while there is none.
pub fn account(customer: &Customer) -> String {
    customer
        .account
        .map_or_else(|| "–".to_owned(), |account| account.to_string())
}

fn register_form(caller: &Caller, sites: &[Site], refused: Option<&Refusals<'_>>) -> Markup {
    let new = refused.map(|refused| refused.new);
    html! {
        details open[refused.is_some()] {
            summary { "Register a customer" }
            @if let Some(refused) = refused {
                (problem(refused.why))
                @if let Some(id) = refused.why.id { p { a href=(format!("/customers/{id:016x}")) { "To that customer" } } }
            }
            form.card method="post" action="/customers" {
                (guarded(caller))
                label { "Phone" input name="phone" type="tel" value=[new.map(|new| &new.phone)] required; }
                label { "Name" input name="name" value=[new.map(|new| &new.name)] required; }
                label { "PIN of four digits, chosen by the customer"
                    input name="pin" type="password" inputmode="numeric" pattern="[0-9]{4}" maxlength="4" autocomplete="off"; }
                label { "Town" input name="city" value=[new.and_then(|new| new.city.as_ref())]; }
                label { "Home site" select name="site" {
                    option value="" { "none yet" }
                    @for site in sites {
                        @let here = new.and_then(|new| new.site.as_ref()) == Some(&site.name);
                        option value=(site.name) selected[here] { (site.title) }
                    }
                } }
                label { "Language" select name="language" {
                    option value="" { "as the site" }
                    option value="sw" { "Kiswahili" } option value="en" { "English" } option value="fr" { "Français" }
                } }
                button { "Register" }
            }
        }
    }
}

/// `POST /customers`
pub async fn create(State(app): State<App>, Extension(caller): Extension<Caller>, mut fields: Fields) -> Shown {
    let key = fields.key();
    let site = fields.take("site").map(|site| site.parse()).transpose();
    let new = NewCustomer {
        phone: fields.need("phone", "the phone")?,
        name: fields.need("name", "the name")?,
        pin: fields.take("pin").map(Secret),
        city: fields.take("city"),
        site: site.map_err(|_| Refusal::not_found("site"))?,
        language: fields.take("language"),
    };
    let asked = Request::CreateCustomer(new.clone());
    match app.parts.desk.ask(caller.actor(), key, asked).await {
        Ok(Answer::Customer { customer, .. }) => registered(&customer.to_string()),
        Ok(_) => Err(unexpected().into()),
        Err(why) => {
            let refused = Refusals { why: &why, new: &new };
            listed(&app, &caller, None, -1, Some(refused)).await
        }
    }
}

fn registered(customer: &str) -> Result<Response, super::Unshown> {
    Ok(back_to(&format!("/customers/{customer}?done=registered")))
}
