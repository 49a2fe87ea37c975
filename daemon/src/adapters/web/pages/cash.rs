//! Cash: what may still be taken, what should be in the drawer, and selling: the price first, then the sale.

use axum::{
    Extension, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use kiosk::{
    float::{Wish, quote},
    ids::CustomerId,
    units::{Currency, Money, Volume},
};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use crate::site::{
    effect::Refusal,
    input::Command,
    store::{floats, people, read},
};

use super::{
    super::{Web, guard::Caller, problem::Problem, wire, wire::Here},
    Failure, Fields, Notice, View, field, hidden, may_change,
    show::litres,
    submit,
};

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/cash", get(page).post(sell))
        .route("/cash/price", get(price))
}

/// What is to be sold, as the form says it.
#[derive(Clone, Debug, Default, Deserialize)]
struct Wanted {
    customer: Option<String>,
    litres: Option<String>,
    amount: Option<String>,
}

impl Wanted {
    fn of(fields: &Fields) -> Wanted {
        let filled = |name| Some(field(fields, name).to_owned());
        Wanted {
            customer: filled("customer"),
            litres: filled("litres"),
            amount: filled("amount"),
        }
    }

    fn read(&self, currency: Currency) -> Result<(CustomerId, Wish), Problem> {
        let filled = |text: &Option<String>| text.as_deref().map(str::trim).unwrap_or_default().to_owned();
        let whole = |name: &'static str, text: &str| {
            let number = text.parse::<i64>().ok().filter(|number| *number > 0);
            number.ok_or_else(|| Problem::field(name, "must be a whole number"))
        };
        let customer = filled(&self.customer)
            .parse()
            .map_err(|_| Problem::not_found("this customer"))?;
        let wish = match (filled(&self.litres), filled(&self.amount)) {
            (litres, amount) if litres.is_empty() == amount.is_empty() => {
                return Err(Problem::field("amount", "fill in litres or money, one of them"));
            }
            (litres, amount) if amount.is_empty() => {
                let ml = whole("litres", &litres)?.checked_mul(1_000);
                let volume = ml.and_then(Volume::try_from_ml);
                Wish::Litres(volume.ok_or_else(|| Problem::field("litres", "fewer than that"))?)
            }
            (_, amount) => Wish::Money(whole("amount", &amount)?.saturating_mul(currency.minor_per_unit())),
        };
        Ok((customer, wish))
    }
}

async fn page(State(web): State<Web>, Extension(caller): Extension<Caller>) -> Result<Response, Failure> {
    view(&web, &caller, &Notice::default(), &html! {}, StatusCode::OK).await
}

/// How the caller stands, under what is to be said first.
async fn view(
    web: &Web,
    caller: &Caller,
    notice: &Notice,
    first: &Markup,
    code: StatusCode,
) -> Result<Response, Failure> {
    let status = web.status().await?;
    let here = Here::of(&status)?;
    let (login, today) = (caller.name.clone(), status.today);
    let (standing, (count, taken)) = web
        .read(move |connection| {
            let standing = floats::standing(connection, &login)?;
            Ok((standing, floats::sales_since(connection, today)?))
        })
        .await?;
    let money = |minor| {
        here.money(Some(minor))
            .map(|money| money.to_string())
            .unwrap_or_default()
    };
    let content = html! {
        h1 { "Cash" }
        (first)
        section class="card" {
            @if standing.is_known {
                div class="figures" {
                    div class="figure" { b { (money(standing.left_minor())) } span class="small" { "may still be taken" } }
                    div class="figure" { b { (money(standing.drawer_minor)) } span class="small" { "should be in your drawer" } }
                }
                @if standing.left_minor() == 0 {
                    p { "Hand in the cash: the office counts it, and the hub gives you a new float when there is a link." }
                }
            } @else {
                p { "The account " b { (caller.name) } " may not take cash here. The office gives a float to it at the hub." }
            }
            p class="small" { "All cash sales here today: " (count) ", " (money(taken)) "." }
        }
        @if standing.is_known && may_change(caller) { p { a href="/customers" { "Find the customer to sell to" } } }
    };
    let view = View {
        title: "Cash",
        path: "/cash",
        is_live: false,
    };
    Ok((code, view.render(&status, caller, notice, &content)).into_response())
}

/// The form on a customer's card.
pub(super) fn form(customer: CustomerId, currency: Option<Currency>) -> Markup {
    let unit = currency.map_or("", Currency::code);
    html! {
        details {
            summary { "Sell for cash" }
            form method="get" action="/cash/price" {
                input type="hidden" name="customer" value=(customer);
                label for="cash-litres" { "Litres" }
                input id="cash-litres" name="litres" inputmode="numeric";
                label for="cash-amount" { "or for so much, " (unit) }
                input id="cash-amount" name="amount" inputmode="numeric";
                button { "Show the price" }
            }
        }
    }
}

/// The price, to be said to the customer before any money changes hands.
async fn price(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Failure> {
    match asked(&web, &caller, &wanted).await {
        Ok(markup) => view(&web, &caller, &Notice::default(), &markup, StatusCode::OK).await,
        Err(problem) => view(&web, &caller, &Notice::problem(&problem), &html! {}, problem.status).await,
    }
}

async fn asked(web: &Web, caller: &Caller, wanted: &Wanted) -> Result<Markup, Problem> {
    let status = web.status().await?;
    let here = Here::of(&status)?;
    let currency = here.currency.ok_or(Refusal::NotJoined)?;
    let (customer, wish) = wanted.read(currency)?;
    let (login, clock) = (caller.name.clone(), here.clock());
    let (standing, shown, can_draw) = web
        .read(move |connection| {
            let standing = floats::standing(connection, &login)?;
            let row = people::find(connection, people::resolve(connection, customer)?)?;
            let can_draw = row.is_some_and(|row| row.can_draw());
            Ok((standing, read::customer_shown(connection, customer, clock)?, can_draw))
        })
        .await?;
    let shown = shown.ok_or_else(|| Problem::not_found("this customer"))?;
    if !can_draw {
        return Err(Refusal::CannotDraw.into());
    }
    if !standing.is_known {
        return Err(Refusal::NoFloat.into());
    }
    let quote = quote(&standing.open, wish, currency).map_err(Refusal::from)?;
    Ok(html! {
        form class="card" method="post" action="/cash" {
            (hidden(caller)?)
            input type="hidden" name="customer" value=(shown.id);
            input type="hidden" name="litres" value=(wanted.litres.as_deref().unwrap_or_default());
            input type="hidden" name="amount" value=(wanted.amount.as_deref().unwrap_or_default());
            input type="hidden" name="shown" value=(quote.amount.minor);
            h2 { (shown.name) " pays " (quote.amount) }
            p { "for " (litres(quote.volume.signed_ml())) ", which can be drawn here at once." }
            button { "I have the cash" }
            p { a href="/customers" { "No, go back" } }
        }
    })
}

/// The sale. A second press shows the same receipt.
async fn sell(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    fields: Fields,
) -> Result<Response, Failure> {
    match sold(&web, &caller, &fields).await {
        Ok(markup) => view(&web, &caller, &Notice::default(), &markup, StatusCode::OK).await,
        Err(problem) => view(&web, &caller, &Notice::problem(&problem), &html! {}, problem.status).await,
    }
}

async fn sold(web: &Web, caller: &Caller, fields: &Fields) -> Result<Markup, Problem> {
    let here = Here::of(&web.status().await?)?;
    let currency = here.currency.ok_or(Refusal::NotJoined)?;
    let (customer, wish) = Wanted::of(fields).read(currency)?;
    let shown = field(fields, "shown").parse();
    let command = Command::SellForCash {
        customer,
        wish,
        shown_minor: Some(shown.map_err(|_| Problem::field("amount", "look at the price first"))?),
    };
    let told = submit(web, caller, fields, command).await?;
    // The first answer and its repeat are shown from the same bytes.
    let body: Value = serde_json::from_slice(&wire::told(&Ok(told)).body).map_err(|_| Problem::unreadable())?;
    let number = |name: &str| body[name].as_i64().unwrap_or_default();
    Ok(html! {
        section class="card notice" role="status" {
            h2 { "Sold: " (litres(number("volume_ml"))) " for " (Money::new(number("amount_minor"), currency)) }
            p { "Receipt " b { (body["receipt"].as_str().unwrap_or_default()) } ". The customer can draw it here now." }
        }
    })
}
