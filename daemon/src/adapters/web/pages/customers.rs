//! Looking up a customer, registering one, and what can be asked for them.

use axum::{
    Extension, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use kiosk::{fact::PurchaseItem, ids::CustomerId, units::Volume};
use maud::{Markup, html};
use serde::Deserialize;

use crate::site::{
    effect::Told,
    input::Command,
    store::read::{self, CustomerShown, SaleFilter, SaleShown},
};

use super::{
    super::{Web, api, guard::Caller, problem::Problem, wire::Here},
    Failure, Fields, Notice, View, cash, field, hidden, lists, may_change,
    show::{light, litres, time},
    submit,
};

/// A customer's newest sales on their page.
const LAST_SALES: u32 = 5;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/customers", get(page))
        .route("/register", get(register_page).post(register))
        .route("/customers/clear-lock", post(clear_lock))
        .route("/customers/buy", post(buy))
        .route("/customers/loan", post(loan))
}

#[derive(Debug, Default, Deserialize)]
struct Wanted {
    phone: Option<String>,
    said: Option<String>,
}

async fn page(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Failure> {
    let phone = wanted.phone.unwrap_or_default();
    view(
        &web,
        &caller,
        phone.trim(),
        Notice::said(wanted.said.as_deref()),
        StatusCode::OK,
    )
    .await
}

/// The search, and the customer if one was found.
async fn view(
    web: &Web,
    caller: &Caller,
    phone: &str,
    mut notice: Notice,
    mut code: StatusCode,
) -> Result<Response, Failure> {
    let status = web.status().await?;
    let here = Here::of(&status)?;
    let mut found = None;
    if !phone.is_empty() {
        match api::find(web, &here, phone).await {
            Ok(customer) => found = customer,
            Err(problem) => (notice, code) = (Notice::problem(&problem), problem.status),
        }
    }
    let sales = match &found {
        Some(customer) => sales(web, customer.id).await?,
        None => Vec::new(),
    };
    let content = html! {
        h1 { "Customers" }
        form class="card search" method="get" action="/customers" {
            input name="phone" value=(phone) inputmode="tel" placeholder="Phone or account" aria-label="Phone or account";
            button { "Find" }
        }
        @match &found {
            Some(customer) => (card(customer, &here, caller, phone, &sales)?),
            None => {
                @if !phone.is_empty() && code == StatusCode::OK {
                    section class="card notice bad" {
                        p { "Nobody here has this phone or account. Is a digit wrong?" }
                        @if may_change(caller) { p { a href={ "/register?phone=" (encoded(phone)) } { "Register this phone" } } }
                    }
                }
                @if phone.is_empty() && may_change(caller) { p { a href="/register" { "Register somebody new" } } }
            }
        }
    };
    let view = View {
        title: "Customers",
        path: "/customers",
        is_live: false,
    };
    Ok((code, view.render(&status, caller, &notice, &content)).into_response())
}

async fn sales(web: &Web, customer: CustomerId) -> Result<Vec<SaleShown>, Problem> {
    let filter = SaleFilter {
        customer: Some(customer),
        ..SaleFilter::default()
    };
    web.read(move |connection| read::sales(connection, &filter, LAST_SALES))
        .await
}

fn card(
    customer: &CustomerShown,
    here: &Here,
    caller: &Caller,
    phone: &str,
    sales: &[SaleShown],
) -> Result<Markup, Failure> {
    let state = match (customer.account, customer.active, customer.admitted) {
        (None, ..) => light("warn", "Waits for the hub to confirm"),
        (Some(_), true, true) => light("good", "May draw here"),
        (Some(_), true, false) => light("warn", "Belongs to another site"),
        (Some(_), false, _) => light("bad", "Blocked, or without a PIN"),
    };
    Ok(html! {
        section class="card" {
            h2 { (customer.name) }
            p class="small" {
                @if let Some(account) = customer.account { (account) ", " }
                (customer.phone.as_deref().unwrap_or("no phone"))
            }
            p { (state) }
            @if customer.bill_overdue { p { (light("bad", "A bill is overdue: no water before it is paid")) } }
            div class="figures" {
                div class="figure" { b { (litres(customer.balance.signed_ml())) } span class="small" { "prepaid here" } }
                div class="figure" { b { (customer.jerrycans_left) } span class="small" { "jerrycans left" } }
            }
            @if let Some(until) = customer.subscription_until {
                @let is_over = here.clock().is_some_and(|now| until <= now);
                p { (if is_over { "Subscription ended on " } else { "Subscription until the end of " }) (here.zone.last_day(until)) "." }
            }
            @if let Some(limit) = customer.daily_limit { p class="small" { "At most " (litres(limit.signed_ml())) " a day." } }
            @if may_change(caller) { (actions(customer, here, caller, phone)?) }
        }
        @if !sales.is_empty() {
            section class="card" { h2 { "Last sales" } @for sale in sales { (lists::sale_row(sale, here)) } }
        }
        p class="small" { "As known here at " (time(here, here.now)) "." }
    })
}

/// What a manager may do for a customer who stands before them.
fn actions(customer: &CustomerShown, here: &Here, caller: &Caller, phone: &str) -> Result<Markup, Failure> {
    let about = || -> Result<Markup, Problem> {
        Ok(html! {
            (hidden(caller)?)
            input type="hidden" name="customer" value=(customer.id);
            input type="hidden" name="phone" value=(phone);
        })
    };
    let unit = here.currency.map_or("", |currency| currency.code());
    Ok(html! {
        @if customer.has_wrong_pins {
            div class="row" {
                span { "Wrong PINs were typed." }
                form method="post" action="/customers/clear-lock" { (about()?) button { "Clear lock" } }
            }
        }
        details {
            summary { "Buy litres" }
            form method="post" action="/customers/buy" {
                (about()?)
                label for="litres" { "Litres" }
                input id="litres" name="litres" inputmode="numeric" required;
                p class="small" { "The payment prompt goes to their phone when there is a link." }
                button { "Ask for payment" }
            }
        }
        (cash::form(customer.id, here.currency))
        details {
            summary { "Loan" }
            form method="post" action="/customers/loan" {
                (about()?)
                label for="lender" { "Lender's phone" }
                input id="lender" name="lender" inputmode="tel" required;
                label for="amount" { "Amount, " (unit) }
                input id="amount" name="amount" inputmode="numeric" required;
                label for="repayment" { "Paid back a week, " (unit) }
                input id="repayment" name="repayment" inputmode="numeric" required;
                button { "Ask for the loan" }
            }
        }
    })
}

async fn register_page(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Failure> {
    let phone = wanted.phone.unwrap_or_default();
    register_view(&web, &caller, &phone, "", &Notice::default(), StatusCode::OK).await
}

async fn register_view(
    web: &Web,
    caller: &Caller,
    phone: &str,
    name: &str,
    notice: &Notice,
    code: StatusCode,
) -> Result<Response, Failure> {
    let status = web.status().await?;
    let content = html! {
        h1 { "Register a customer" }
        form class="card" method="post" action="/register" {
            (hidden(caller)?)
            label for="phone" { "Phone" }
            input id="phone" name="phone" value=(phone) inputmode="tel" required;
            label for="name" { "Name" }
            input id="name" name="name" value=(name) required;
            label for="pin" { "PIN: four digits that the customer chooses and types" }
            input id="pin" name="pin" type="password" inputmode="numeric" maxlength="4" required autocomplete="off";
            button { "Register" }
        }
    };
    let view = View {
        title: "Register",
        path: "/customers",
        is_live: false,
    };
    Ok((code, view.render(&status, caller, notice, &content)).into_response())
}

async fn register(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    fields: Fields,
) -> Result<Response, Failure> {
    let (phone, name) = (field(&fields, "phone"), field(&fields, "name"));
    let command = Command::Register {
        phone: phone.to_owned(),
        name: name.to_owned(),
        pin: field(&fields, "pin").to_owned(),
    };
    match submit(&web, &caller, &fields, command).await {
        Ok(_) => Ok(back(phone, "registered")),
        Err(problem) => register_view(&web, &caller, phone, name, &Notice::problem(&problem), problem.status).await,
    }
}

async fn clear_lock(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    fields: Fields,
) -> Result<Response, Failure> {
    let command = customer(&fields).map(Command::ClearLock);
    done(&web, &caller, &fields, command, "unlocked").await
}

async fn buy(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    fields: Fields,
) -> Result<Response, Failure> {
    let command = || {
        let volume = whole(&fields, "litres")?
            .checked_mul(1_000)
            .and_then(Volume::try_from_ml);
        let volume = volume.ok_or_else(|| Problem::field("Litres", "fewer than that"))?;
        Ok(Command::Purchase {
            customer: customer(&fields)?,
            item: PurchaseItem::Litres(volume),
        })
    };
    done(&web, &caller, &fields, command(), "asked").await
}

async fn loan(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    fields: Fields,
) -> Result<Response, Failure> {
    let status = web.status().await?;
    let minor = status.currency.map_or(1, |currency| currency.minor_per_unit());
    let command = || {
        let money = |name: &str| Ok::<_, Problem>(whole(&fields, name)?.saturating_mul(minor));
        Ok(Command::Loan {
            borrower: customer(&fields)?,
            lender: field(&fields, "lender").to_owned(),
            amount_minor: money("amount")?,
            repayment_minor: money("repayment")?,
        })
    };
    done(&web, &caller, &fields, command(), "asked").await
}

/// Does it and goes back to the customer, with what was done or what is wrong.
async fn done(
    web: &Web,
    caller: &Caller,
    fields: &Fields,
    command: Result<Command, Problem>,
    said: &str,
) -> Result<Response, Failure> {
    let phone = field(fields, "phone");
    let told: Result<Told, Problem> = match command {
        Ok(command) => submit(web, caller, fields, command).await,
        Err(problem) => Err(problem),
    };
    match told {
        Ok(_) => Ok(back(phone, said)),
        Err(problem) => view(web, caller, phone, Notice::problem(&problem), problem.status).await,
    }
}

fn back(phone: &str, said: &str) -> Response {
    Redirect::to(&format!("/customers?phone={}&said={said}", encoded(phone))).into_response()
}

fn customer(fields: &Fields) -> Result<CustomerId, Problem> {
    let id = field(fields, "customer").parse();
    id.map_err(|_| Problem::not_found("this customer"))
}

fn whole(fields: &Fields, name: &str) -> Result<i64, Problem> {
    let number = field(fields, name).parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| Problem::field(name, "must be a whole number"))
}

/// A text for an address: everything but letters and digits as percent signs.
fn encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}
