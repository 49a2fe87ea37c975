//! Purchases.

use std::collections::BTreeMap;

use ::kiosk::{
    day::Zone,
    ids::CustomerId,
    moment::Wall,
    payment::{PaymentOrder, PaymentState},
};
use axum::{
    Extension,
    extract::{Path, Query, RawQuery, State},
};
use maud::{Markup, html};

use super::{
    super::{App, guard::Caller},
    Shown, back_to, done,
    form::Fields,
    guarded, page,
    payouts::refunds,
    show,
};
use crate::{
    hub::{
        effect::Refusal,
        input::{PurchaseId, Request, Service},
        store::read::{self, Names, Purchase},
    },
    provider::circuit::State as Circuit,
};

/// How many purchases are shown.
const ROWS: u32 = 50;

/// `GET /purchases`, with `?state=` those in one state.
pub async fn purchases(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Shown {
    let state = query.get("state").and_then(|state| PaymentState::from_name(state));
    let (bought, names) = app
        .parts
        .books
        .read(move |books| {
            let bought = read::newest_purchases(books, state, ROWS)?;
            let names = read::customer_names(books, bought.iter().map(|purchase| purchase.customer))?;
            Ok((bought, names))
        })
        .await?;
    let (zone, (now, _)) = (&app.parts.settings.zone, app.parts.clock.now());
    let content = html! {
        h1 { "Purchases" }
        p.filters {
            @for (word, name) in [("", "all"), ("needs_operator", "to be decided"), ("pending", "pending"),
                                  ("unknown", "unknown"), ("succeeded", "succeeded"), ("failed", "failed")] {
                @let here = state.map_or("", PaymentState::name) == word;
                a.here[here] href=(if word.is_empty() { "/purchases".to_owned() } else { format!("/purchases?state={word}") }) { (name) }
            }
        }
        (providers_down(&app))
        div data-part="purchases" { (purchase_table(zone, now, &bought, Some(&names))) }
    };
    Ok(page(Some(&caller), "/purchases", "Purchases", content))
}

/// Payment providers that are not called at present, so that nobody wonders why prompts fail.
fn providers_down(app: &App) -> Markup {
    let circuits = app.parts.circuits.shown();
    html! {
        @for circuit in circuits.iter().filter(|circuit| circuit.state == Circuit::Down && circuit.service != Service::Texts) {
            p.card data-part={ "provider-" (circuit.service) } {
                strong { (circuit.service.title()) " does not answer" }
                @if let Some(minutes) = circuit.down_for.map(|down_for| down_for.as_secs() / 60) {
                    " for " (minutes) " min"
                }
                ". New prompts are refused, and customers are told to try again. The hub looks by itself whether it is back."
            }
        }
    }
}

/// Purchases as a table; `names` says whose each is.
pub fn purchase_table(zone: &Zone, now: Wall, bought: &[Purchase], names: Option<&Names>) -> Markup {
    html! {
        @if bought.is_empty() { p.quiet { "None." } } @else {
            table.rows {
                thead { tr { th { "When" } @if names.is_some() { th { "Who" } } th { "What" } th.number { "Price" } th { "State" } } }
                tbody {
                    @for purchase in bought {
                        tr {
                            td.when data-label="When" {
                                a href=(format!("/purchases/{}", purchase.id)) { (show::time_near(zone, purchase.created, now)) }
                            }
                            @if let Some(names) = names {
                                td data-label="Who" { (customer_link(names, purchase.customer)) }
                            }
                            td data-label="What" { (what(purchase)) }
                            td.number data-label="Price" { (show::money(purchase.amount_minor, &purchase.currency)) }
                            td data-label="State" { (show::state(&purchase.state)) }
                        }
                    }
                }
            }
        }
    }
}

/// A customer by name, leading to their page.
pub fn customer_link(names: &Names, customer: CustomerId) -> Markup {
    html! { a href={ "/customers/" (customer) } { (names.get(&customer).map_or("to the customer", String::as_str)) } }
}

fn what(purchase: &Purchase) -> String {
    match (&purchase.plan, purchase.volume_ml) {
        _ if purchase.kind == "bill" => "open bills".to_owned(),
        (Some(plan), _) => format!("plan {plan}"),
        (None, Some(ml)) => show::litres(ml),
        (None, None) => "into the wallet".to_owned(),
    }
}

/// `GET /purchases/{id}`
pub async fn purchase(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Shown {
    let purchase = find(&app, &id).await?;
    let whose = purchase.customer;
    let bought = purchase.id;
    let (names, payouts) = app
        .parts
        .books
        .read(move |books| Ok((read::customer_names(books, [whose])?, read::payouts_of(books, bought)?)))
        .await?;
    let word = query.as_deref().and_then(|query| query.strip_prefix("done="));
    let (zone, (now, _)) = (&app.parts.settings.zone, app.parts.clock.now());
    let content = html! {
        h1 { "Purchase " (show::state(&purchase.state)) }
        (done(word))
        dl.card.facts data-part="facts" {
            dt { "State" } dd { (show::state(&purchase.state)) @if let Some(why) = &purchase.failure { " (" (why.replace('_', " ")) ")" } }
            dt { "Customer" } dd { (customer_link(&names, purchase.customer)) }
            dt { "What" } dd { (what(&purchase)) }
            dt { "Price" } dd { (show::money(purchase.amount_minor, &purchase.currency)) }
            dt { "Paid" } dd {
                @match purchase.pay.as_str() { "wallet" => "from the wallet", _ => "by a prompt on the phone" }
                @if let Some(provider) = &purchase.provider { ", " (provider) }
            }
            dt { "Receipt" } dd { @if let Some(receipt) = &purchase.receipt { code { (receipt) } } @else { "–" } }
            dt { "Begun" } dd { (show::time(zone, purchase.created)) }
            dt { "Settled" } dd { @if let Some(settled) = purchase.settled { (show::time(zone, settled)) } @else { "–" } }
        }
        @if caller.may("POST", "/purchases/{id}/order") && matches!(purchase.state.as_str(), "needs_operator" | "unknown") {
            (order_form(&caller, &purchase))
        }
        (refunds(&caller, zone, now, &purchase, &payouts))
    };
    Ok(page(Some(&caller), "/purchases", "Purchase", content))
}

fn order_form(caller: &Caller, purchase: &Purchase) -> Markup {
    html! {
        section {
            h2 { "Your decision" }
            p { "Look into the provider's own statement first. What you decide is booked at once and stands in the audit." }
            form.card method="post" action=(format!("/purchases/{}/order", purchase.id)) {
                (guarded(caller))
                label { "What is true" select name="order" {
                    option value="ask" { "not known: ask again" }
                    option value="credit" { "the money came: book it" }
                    option value="close" { "no money came: close it" }
                } }
                label { "The provider's receipt, when the money has arrived" input name="receipt" autocapitalize="characters"; }
                button { "Decide" }
            }
        }
    }
}

/// `POST /purchases/{id}/order`
pub async fn order(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Shown {
    let purchase = find(&app, &id).await?.id;
    let order = match fields.take("order").as_deref() {
        Some("ask") => PaymentOrder::AskAgain,
        Some("close") => PaymentOrder::Close,
        Some("credit") => PaymentOrder::Credit {
            receipt: fields.receipt()?,
        },
        _ => return Err(Refusal::invalid("order", "bad_field", "Choose what is true.").into()),
    };
    let request = Request::OrderPayment { purchase, order };
    app.parts.desk.ask(caller.actor(), fields.key(), request).await?;
    Ok(back_to(&format!("/purchases/{id}?done=ordered")))
}

async fn find(app: &App, id: &str) -> Result<Purchase, Refusal> {
    let none = || Refusal::not_found("purchase");
    let digits = id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u64::from_str_radix(id, 16).ok().filter(|_| digits).ok_or_else(none)?;
    let found = app
        .parts
        .books
        .read(move |books| read::purchase(books, PurchaseId(number)))
        .await?;
    found.ok_or_else(none)
}
