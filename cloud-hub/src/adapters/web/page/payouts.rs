//! Money that goes out: what is on its way, what needs a person, and the forms that begin it.

use std::collections::BTreeMap;

use ::kiosk::{day::Zone, moment::Wall, payout::PayoutState, units::Currency};
use axum::{
    Extension,
    extract::{Path, Query, RawQuery, State},
};
use maud::{Markup, html};

use super::{
    super::{
        App,
        api::{customers::customer as find_customer, payouts::ordered},
        guard::Caller,
    },
    Shown, back_to, done,
    form::Fields,
    guarded,
    money::customer_link,
    page, show,
};
use crate::hub::{
    effect::{Refusal, Response},
    input::{NewRefund, NewWithdrawal, PayBy, PayoutId, PurchaseId, Request},
    store::read::{self, Customer, Names, Payout, PayoutFilter, Purchase},
};

/// How many payouts are shown.
const ROWS: u32 = 50;

/// `GET /payouts`, with `?state=` those in one state.
pub async fn payouts(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Shown {
    let word = query.get("done").map(String::as_str);
    let state = query.get("state").and_then(|state| PayoutState::from_name(state));
    let filter = PayoutFilter { state, customer: None };
    let (held, waiting, all, names) = app
        .parts
        .books
        .read(move |books| {
            let waiting = read::payouts_for_operators(books)?;
            let all = read::payouts(books, &filter, i64::MAX, ROWS)?.items;
            let whose = waiting.iter().chain(&all).filter_map(|payout| payout.customer);
            let names = read::customer_names(books, whose)?;
            Ok((read::payouts_held(books)?, waiting, all, names))
        })
        .await?;
    let (zone, (now, _)) = (&app.parts.settings.zone, app.parts.clock.now());
    let content = html! {
        h1 { "Payouts" }
        (done(word))
        @if let Some(held) = held { (release_form(&caller, &show::time(zone, held))) }
        p { "Refunds, withdrawals, and money that goes back to its payer. What is on its way is reserved; it is sent once, and "
            "asked about until the provider knows." }
        section data-part="waiting" {
            h2 { "Wait for a person" }
            (payout_table(zone, now, &waiting, &names))
        }
        h2 { "All" }
        p.filters {
            @for (word, name) in [("", "all"), ("pending", "pending"), ("unknown", "unknown"),
                                  ("needs_operator", "to be decided"), ("succeeded", "succeeded"), ("failed", "failed")] {
                @let here = state.map_or("", PayoutState::name) == word;
                a.here[here] href=(if word.is_empty() { "/payouts".to_owned() } else { format!("/payouts?state={word}") }) { (name) }
            }
        }
        div data-part="payouts" { (payout_table(zone, now, &all, &names)) }
    };
    Ok(page(Some(&caller), "/payouts", "Payouts", content))
}

fn release_form(caller: &Caller, held: &str) -> Markup {
    html! {
        section.card data-part="held" {
            h2 { "Payouts wait" }
            p { "This hub was restored on " (held) ". Payouts made between its backup and then are not in its books, and wallets "
                "may show money that is gone. So every payout waits for a person, until each provider's statement since the "
                "backup is compared with the books (" code { "kisima-hub reconcile" } ")." }
            @if caller.may("POST", "/payouts/release") {
                form method="post" action="/payouts/release" {
                    (guarded(caller))
                    label { "What you compared; it stands in the audit" input name="note" maxlength="200" required; }
                    button { "The statements are compared" }
                }
            }
        }
    }
}

/// `POST /payouts/release`
pub async fn release(State(app): State<App>, Extension(caller): Extension<Caller>, mut fields: Fields) -> Shown {
    let note = fields.need("note", "what you compared")?;
    let request = Request::ReleasePayouts { note };
    app.parts.desk.ask(caller.actor(), fields.key(), request).await?;
    Ok(back_to("/payouts?done=released"))
}

fn payout_table(zone: &Zone, now: Wall, payouts: &[Payout], names: &Names) -> Markup {
    html! {
        @if payouts.is_empty() { p.quiet { "None." } } @else {
            table.rows {
                thead { tr { th { "When" } th { "Who" } th { "What" } th.number { "Amount" } th { "State" } } }
                tbody {
                    @for payout in payouts {
                        tr {
                            td.when data-label="When" {
                                a href={ "/payouts/" (payout.id) } { (show::time_near(zone, payout.created, now)) }
                            }
                            td data-label="Who" {
                                @match payout.customer { Some(customer) => (customer_link(names, customer)), None => "the payer" }
                            }
                            td data-label="What" { (what(payout)) }
                            td.number data-label="Amount" { (amount(payout)) }
                            td data-label="State" { (show::state(&payout.state)) }
                        }
                    }
                }
            }
        }
    }
}

fn amount(payout: &Payout) -> String {
    match payout.way.as_str() {
        "wallet" => show::money(payout.to_wallet_minor, &payout.currency),
        _ => show::money(payout.amount_minor, &payout.currency),
    }
}

fn what(payout: &Payout) -> String {
    let provider = payout.provider.as_deref().unwrap_or_default();
    match payout.way.as_str() {
        "wallet" => format!("{} into the wallet", payout.kind),
        "hand" => format!("{} by hand at {provider}", payout.kind),
        "reversal" => format!("{}: {provider} undoes the payment", payout.kind),
        _ => format!("{} by {provider} to the phone", payout.kind),
    }
}

/// `GET /payouts/{id}`
pub async fn payout(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Shown {
    let payout = find(&app, &id).await?;
    let whose = payout.customer;
    let names = app
        .parts
        .books
        .read(move |books| read::customer_names(books, whose))
        .await?;
    let word = query.as_deref().and_then(|query| query.strip_prefix("done="));
    let zone = &app.parts.settings.zone;
    let is_open = !matches!(payout.state.as_str(), "succeeded" | "created" | "submitting");
    let content = html! {
        h1 { "Payout " (show::state(&payout.state)) }
        (done(word))
        dl.card.facts data-part="facts" {
            dt { "State" } dd { (show::state(&payout.state)) @if let Some(why) = &payout.failure { " (" (why.replace('_', " ")) ")" } }
            @if payout.claimed { dt { "Said" } dd { "The provider says that it ended and has not confirmed it yet." } }
            dt { "Customer" } dd {
                @match payout.customer { Some(customer) => (customer_link(&names, customer)), None => "nobody we know: the payer" }
            }
            dt { "What" } dd { (what(&payout)) }
            dt { "Amount" } dd { (amount(&payout)) @if payout.to_wallet_minor > 0 && payout.way != "wallet" {
                ", and " (show::money(payout.to_wallet_minor, &payout.currency)) " into the wallet"
            } }
            @if payout.taken_back_ml > 0 { dt { "Water taken back" } dd { (show::litres(payout.taken_back_ml)) } }
            @if let Some(purchase) = payout.purchase { dt { "Purchase" } dd { a href={ "/purchases/" (purchase) } { "the purchase" } } }
            @if let Some(original) = &payout.original { dt { "Undoes" } dd { code { (original) } } }
            dt { "Our name for it" } dd { code { (payout.key) } }
            dt { "Receipt" } dd { @if let Some(receipt) = &payout.receipt { code { (receipt) } } @else { "–" } }
            @if payout.fee_minor > 0 { dt { "Fee" } dd { (show::money(payout.fee_minor, &payout.currency)) } }
            dt { "Why" } dd { (payout.reason) }
            dt { "Asked" } dd { (show::time(zone, payout.created)) ", " (payout.asked_by) }
            dt { "Ended" } dd { @if let Some(ended) = payout.ended { (show::time(zone, ended)) } @else { "–" } }
        }
        @if is_open && caller.may("POST", "/payouts/{id}/order") { (order_form(&caller, &payout)) }
    };
    Ok(page(Some(&caller), "/payouts", "Payout", content))
}

fn order_form(caller: &Caller, payout: &Payout) -> Markup {
    html! {
        section {
            h2 { "Your decision" }
            p { "Look into the provider's own statement first. What you decide is booked at once and stands in the audit. Nothing "
                "is ever sent a second time: what was not made is asked for anew." }
            form.card method="post" action={ "/payouts/" (payout.id) "/order" } {
                (guarded(caller))
                label { "What is true" select name="order" {
                    @if payout.way != "hand" && payout.state != "failed" { option value="ask" { "not known: ask again" } }
                    option value="made" { "it was made: book it" }
                    @if payout.state != "failed" { option value="not_made" { "it was not made: give it back" } }
                } }
                label { "The provider's receipt, when it was made" input name="receipt" autocapitalize="characters"; }
                label { "What you saw; it stands in the audit" input name="note" maxlength="200" required; }
                button { "Decide" }
            }
        }
    }
}

/// `POST /payouts/{id}/order`
pub async fn order(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Shown {
    let payout = find(&app, &id).await?.id;
    let order = ordered(&fields.need("order", "what is true")?, fields.receipt()?)?;
    let note = fields.need("note", "what you saw")?;
    let request = Request::OrderPayout { payout, order, note };
    app.parts.desk.ask(caller.actor(), fields.key(), request).await?;
    Ok(back_to(&format!("/payouts/{id}?done=ordered")))
}

async fn find(app: &App, id: &str) -> Result<Payout, Refusal> {
    let none = || Refusal::not_found("payout");
    let payout: PayoutId = id.parse().map_err(|_| none())?;
    let found = app.parts.books.read(move |books| read::payout(books, payout)).await?;
    found.ok_or_else(none)
}

/// What was refunded of a purchase, and the form that refunds the rest.
pub fn refunds(caller: &Caller, zone: &Zone, now: Wall, purchase: &Purchase, payouts: &[Payout]) -> Markup {
    let may_refund = caller.may("POST", "/purchases/{id}/refund") && purchase.state == "succeeded";
    html! {
        @if !payouts.is_empty() {
            section data-part="payouts" { h2 { "Refunds" } (payout_table(zone, now, payouts, &Names::default())) }
        }
        @if may_refund {
            details {
                summary { "Refund" }
                form.card method="post" action=(format!("/purchases/{}/refund", purchase.id)) {
                    (guarded(caller))
                    p { "What is left of it goes back: water that nobody drew, or money that is still in the wallet. Water at a "
                        "site is asked back first. A refunded subscription ends." }
                    label { "How" select name="by" {
                        @if purchase.pay == "prompt" { option value="provider" { "back to the phone that paid" } }
                        @if purchase.kind != "deposit" { option value="wallet" { "into the wallet" } }
                        @if purchase.pay == "prompt" { option value="hand" { "I pay it at the provider's portal" } }
                    } }
                    @if purchase.kind == "deposit" {
                        label { "How much, when not all of it" input name="amount" type="number" min="1" step="any"; }
                    }
                    label { "Why? It stands in the audit" input name="reason" maxlength="200" required; }
                    (sure("I have spoken with the customer, and this money goes out"))
                    button.danger { "Refund" }
                }
            }
        }
    }
}

/// `POST /purchases/{id}/refund`
pub async fn refund(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Shown {
    let none = || Refusal::not_found("purchase");
    let purchase: PurchaseId = id.parse().map_err(|_| none())?;
    must_be_sure(&mut fields)?;
    let new = NewRefund {
        purchase,
        amount_minor: maybe_minor(&mut fields, app.parts.settings.currency)?,
        pay_by: by(&mut fields)?,
        reason: fields.need("reason", "why")?,
    };
    begin(&app, &caller, &mut fields, Request::Refund(new)).await
}

/// The form that pays money of a wallet out.
pub fn withdrawal(caller: &Caller, customer: &Customer, currency: Currency) -> Markup {
    html! {
        @if caller.may("POST", "/customers/{id}/withdraw") && customer.wallet_minor > 0 {
            details {
                summary { "Pay out of the wallet" }
                form.card method="post" action=(format!("/customers/{}/withdraw", customer.id)) {
                    (guarded(caller))
                    p { "The wallet has " (show::money(customer.wallet_minor, currency.code())) ". It goes to the customer's own phone." }
                    label { "How much" input name="amount" type="number" min="1" step="1" required; }
                    label { "How" select name="by" {
                        option value="provider" { "by the provider" }
                        option value="hand" { "I pay it at the provider's portal" }
                    } }
                    label { "Why? It stands in the audit" input name="reason" maxlength="200" required; }
                    (sure("I am sure who asks for it, and this money goes out"))
                    button.danger { "Pay out" }
                }
            }
        }
    }
}

/// `POST /customers/{id}/withdraw`
pub async fn withdraw(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Shown {
    let customer = find_customer(&app, &id).await?.id;
    must_be_sure(&mut fields)?;
    let amount = maybe_minor(&mut fields, app.parts.settings.currency)?;
    let new = NewWithdrawal {
        customer,
        amount_minor: amount.ok_or_else(|| Refusal::invalid("amount", "missing_field", "Please fill in how much."))?,
        provider: None,
        pay_by: by(&mut fields)?,
        reason: fields.need("reason", "why")?,
    };
    begin(&app, &caller, &mut fields, Request::Withdraw(new)).await
}

/// Asks the machine, and leads to the payout.
pub async fn begin(app: &App, caller: &Caller, fields: &mut Fields, request: Request) -> Shown {
    match app.parts.desk.ask(caller.actor(), fields.key(), request).await? {
        Response::Payout { payout, .. } => Ok(back_to(&format!("/payouts/{payout}?done=payout"))),
        _ => Ok(back_to("/payouts")),
    }
}

/// The second step: a box that must be ticked.
fn sure(sentence: &str) -> Markup {
    html! { label.sure { input type="checkbox" name="sure" value="yes" required; " " (sentence) } }
}

fn must_be_sure(fields: &mut Fields) -> Result<(), Refusal> {
    match fields.take("sure").as_deref() {
        Some("yes") => Ok(()),
        _ => Err(Refusal::invalid(
            "sure",
            "missing_field",
            "Tick the box if you are sure: money goes out.",
        )),
    }
}

fn by(fields: &mut Fields) -> Result<PayBy, Refusal> {
    let by = fields.take("by").and_then(|word| PayBy::from_name(&word));
    by.ok_or_else(|| Refusal::invalid("by", "bad_field", "Choose how it goes out."))
}

/// An amount as people write it, in minor units.
fn maybe_minor(fields: &mut Fields, currency: Currency) -> Result<Option<i64>, Refusal> {
    let Some(text) = fields.take("amount") else {
        return Ok(None);
    };
    let amount = crate::provider::decimal::exact(&text.replace(',', "."), currency);
    let amount = amount.filter(|amount| amount.minor > 0);
    let message = "How much must be a number above zero, such as 250.";
    let amount = amount.ok_or_else(|| Refusal::invalid("amount", "bad_field", message))?;
    Ok(Some(amount.minor))
}
