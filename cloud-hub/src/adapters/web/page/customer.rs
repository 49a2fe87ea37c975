//! One customer, and what can be done for them.

use ::kiosk::{
    ids::CustomerId,
    phone::Phone,
    tariff::jerrycans_left,
    units::{Currency, Volume},
};
use axum::{
    Extension,
    extract::{Path, RawQuery, State},
    response::Response,
};
use maud::{Markup, html};

use super::{
    super::{
        App, WebSettings,
        answer::status,
        api::customers::{customer as find, last_day},
        guard::Caller,
    },
    Shown, back_to, bills, customers, done,
    form::Fields,
    guarded,
    home::sales_table,
    money::purchase_table,
    page,
    payouts::withdrawal,
    problem, show,
};
use crate::hub::{
    effect::Refusal,
    input::{CustomerChange, Item, NewPurchase, Pay, Request, Secret},
    store::read::{self, Customer, Purchase, Site, Transaction, TransactionFilter},
};

/// How many transactions and purchases are shown.
const ROWS: u32 = 20;
/// The most litres one form gives or takes, so that a slip of the finger stays small.
const LITRES_MAX: i64 = 100_000;

/// `GET /customers/{id}`
pub async fn one(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Shown {
    let word = query.as_deref().and_then(|query| query.strip_prefix("done="));
    shown(&app, &caller, &id, done(word)).await
}

async fn shown(app: &App, caller: &Caller, id: &str, notice: Markup) -> Shown {
    let customer = find(app, id).await?;
    let own = customer.id;
    let (sales, bought, sites) = app
        .parts
        .books
        .read(move |books| {
            let filter = TransactionFilter {
                site: None,
                customer: Some(own),
            };
            Ok((
                read::transactions(books, &filter, i64::MAX, ROWS)?.items,
                read::purchases(books, own, ROWS)?,
                read::sites_unhashed(books)?,
            ))
        })
        .await?;
    let standing = bills::standing(app, &customer).await?;
    let content = content(app, caller, &customer, notice, (&sales, &bought, &sites, &standing));
    Ok(page(Some(caller), "/customers", &customer.name, content))
}

fn content(
    app: &App,
    caller: &Caller,
    customer: &Customer,
    notice: Markup,
    (sales, bought, sites, standing): (&[Transaction], &[Purchase], &[Site], &bills::Standing),
) -> Markup {
    let settings = &app.parts.settings;
    let (zone, (now, _)) = (&settings.zone, app.parts.clock.now());
    html! {
        h1 { (customer.name) " " @if !customer.active { span.badge.bad { "blocked" } }
            @if customer.bill_overdue { " " span.badge.bad { "bill overdue: no water" } } }
        (notice)
        div data-part="facts" { (facts(settings, customer)) }
        @if caller.may("POST", "/customers/{id}/credit") {
            (forms(caller, settings, customer, sites))
            div.forms { (bills::forms(caller, settings, &customer.id.to_string(), standing)) }
        }
        @if caller.may("GET", "/bills") { (bills::section(settings, now, standing)) }
        (withdrawal(caller, customer, settings.currency))
        div.columns {
            section data-part="sales" {
                h2 { "Transactions" }
                (sales_table(zone, now, sales, true))
            }
            @if caller.may("GET", "/purchases") {
                section data-part="purchases" {
                    h2 { "Purchases" }
                    (purchase_table(zone, now, bought, None))
                }
            }
        }
    }
}

fn facts(settings: &WebSettings, customer: &Customer) -> Markup {
    let allowance = Volume::try_from_ml(customer.allowance_ml).unwrap_or(Volume::ZERO);
    html! {
        div.tiles {
            div.tile { span.quiet { "Prepaid" } strong { (show::litres(customer.balance_ml)) } }
            div.tile { span.quiet { "Jerrycans left" } strong { (jerrycans_left(allowance, settings.jerrycan)) } }
            div.tile { span.quiet { "Wallet" } strong { (show::money(customer.wallet_minor, settings.currency.code())) } }
        }
        dl.card.facts {
            dt { "Account" } dd { (customers::account(customer)) }
            dt { "Phone" } dd { @if let Some(phone) = customer.phone { (phone.e164()) } @else { "–" } }
            dt { "Town" } dd { (or_dash(&customer.city)) }
            dt { "Home site" } dd { @if let Some(site) = &customer.site { a href={ "/sites/" (site) } { (site) } } @else { "none yet" } }
            dt { "PIN" } dd { @if customer.has_pin { "set" } @else { "not set: no water before there is one" } }
            dt { "Subscription" } dd {
                @if let Some(subscription) = &customer.subscription {
                    (subscription.plan) " at " (subscription.site) ", "
                    @if subscription.expired { span.badge.bad { "ended" } } @else { span.badge.good { "valid" } }
                    " " (last_day(subscription).unwrap_or_default())
                    br; "Code " code { (subscription.code) }
                } @else { "none" }
            }
        }
    }
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "–" } else { text }
}

fn forms(caller: &Caller, settings: &WebSettings, customer: &Customer, sites: &[Site]) -> Markup {
    let at = |what: &str| format!("/customers/{}/{what}", customer.id);
    let currency = settings.currency.code();
    html! {
        div.forms {
            details {
                summary { "Sell" }
                form.card method="post" action=(at("purchase")) {
                    (guarded(caller))
                    label { "What" select name="item" {
                        option value="litres" { "Litres" }
                        @for plan in &settings.plans {
                            option value={ "plan:" (plan.name) } {
                                (plan.name) ": " (plan.jerrycans) " jerrycans, " (plan.price(settings.currency).to_string())
                            }
                        }
                        option value="deposit" { "Money into the wallet" }
                        option value="bill" { "Open bills" }
                    } }
                    label { "How much: litres, or " (currency) " into the wallet; of bills all when left empty"
                        input name="amount" type="number" min="1" step="any"; }
                    label { "How" select name="pay" {
                        option value="prompt" { "A payment prompt on the phone" }
                        option value="wallet" { "From the wallet" }
                    } }
                    label { "Another phone that pays" input name="phone" type="tel"; }
                    button { "Begin" }
                }
            }
            details {
                summary { "Give or take litres" }
                form.card method="post" action=(at("credit")) {
                    (guarded(caller))
                    label { "Litres; below zero takes them" input name="litres" type="number" step="any" required; }
                    label { "Why? It stands in the audit" input name="reason" maxlength="200" required; }
                    button { "Book" }
                }
            }
            details {
                summary { "New PIN" }
                form.card method="post" action=(at("pin")) {
                    (guarded(caller))
                    p { "Be sure who stands before you, and let them choose it." }
                    label { "Four digits" input name="pin" type="password" inputmode="numeric" pattern="[0-9]{4}" maxlength="4"
                        autocomplete="off" required; }
                    button { "Set" }
                }
            }
            details {
                summary { "Change name, town, phone, site" }
                (profile_form(caller, customer, sites, &at("profile")))
            }
            details {
                summary { @if customer.active { "Block" } @else { "Unblock" } }
                form.card method="post" action=(at("active")) {
                    (guarded(caller))
                    input type="hidden" name="active" value=(if customer.active { "no" } else { "yes" });
                    @if customer.active {
                        p { "A blocked customer gets no water anywhere. What they have stays theirs." }
                        button.danger { "Block" }
                    } @else { button { "Unblock" } }
                }
            }
        }
    }
}

fn profile_form(caller: &Caller, customer: &Customer, sites: &[Site], action: &str) -> Markup {
    html! {
        form.card method="post" action=(action) {
            (guarded(caller))
            label { "Name" input name="name" value=(customer.name) required; }
            label { "Town" input name="city" value=(customer.city); }
            label { "Phone" input name="phone" type="tel" value=[customer.phone.map(Phone::e164)]; }
            label { "Home site" select name="site" {
                @if customer.site.is_none() { option value="" { "none yet" } }
                @for site in sites {
                    option value=(site.name) selected[customer.site.as_ref() == Some(&site.name)] { (site.title) }
                }
            } }
            label { "Language" select name="language" {
                @for (word, name) in [("sw", "Kiswahili"), ("en", "English"), ("fr", "Français")] {
                    option value=(word) selected[customer.language == word] { (name) }
                }
            } }
            button { "Save" }
        }
    }
}

/// Asks the machine; afterwards the page again, with what was done or with what is wrong.
pub(super) async fn act(
    app: &App,
    caller: &Caller,
    id: &str,
    word: &str,
    key: Option<String>,
    asked: Result<Request, Refusal>,
) -> Shown {
    let answer = match asked {
        Ok(request) => app.parts.desk.ask(caller.actor(), key, request).await,
        Err(refusal) => Err(refusal),
    };
    let Err(refusal) = answer else {
        return Ok(back_to(&format!("/customers/{id}?done={word}")));
    };
    let notice = html! {
        (problem(&refusal))
        @if refusal.code == "purchase_open" && let Some(open) = refusal.id {
            p { a href=(format!("/purchases/{open:016x}")) { "To the open purchase" } }
        }
    };
    let mut response: Response = shown(app, caller, id, notice).await?;
    *response.status_mut() = status(&refusal);
    Ok(response)
}

/// Whom a path names.
pub(super) async fn id_of(app: &App, id: &str) -> Result<CustomerId, Refusal> {
    Ok(find(app, id).await?.id)
}

/// `POST /customers/{id}/credit`
pub async fn credit(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Shown {
    let customer = find(&app, &id).await?.id;
    let key = fields.key();
    let asked = volume_ml(&mut fields).and_then(|volume_ml| {
        Ok(Request::Credit {
            customer,
            volume_ml,
            reason: fields.need("reason", "why")?,
        })
    });
    act(&app, &caller, &id, "credited", key, asked).await
}

fn volume_ml(fields: &mut Fields) -> Result<i64, Refusal> {
    let litres = fields.need("litres", "the litres")?;
    let volume_ml = milli(&litres).filter(|ml| ml.abs() <= LITRES_MAX * 1_000);
    volume_ml.ok_or_else(|| {
        let message = format!("Litres must be a number of at most {LITRES_MAX}, such as 20 or 2.5.");
        Refusal::invalid("litres", "bad_field", message)
    })
}

/// `POST /customers/{id}/purchase`
pub async fn purchase(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Shown {
    let customer = find(&app, &id).await?.id;
    let key = fields.key();
    let asked = item(&mut fields, app.parts.settings.currency).map(|item| {
        Request::CreatePurchase(NewPurchase {
            customer,
            item,
            pay: match fields.take("pay").as_deref() {
                Some("wallet") => Pay::Wallet,
                _ => Pay::Prompt,
            },
            provider: None,
            phone: fields.take("phone"),
        })
    });
    act(&app, &caller, &id, "asked", key, asked).await
}

fn item(fields: &mut Fields, currency: Currency) -> Result<Item, Refusal> {
    let item = fields.need("item", "what is bought")?;
    if let Some(plan) = item.strip_prefix("plan:") {
        return Ok(Item::Plan(plan.to_owned()));
    }
    let bad = || {
        Refusal::invalid(
            "amount",
            "bad_field",
            "How much must be a number above zero, such as 20 or 2.5.",
        )
    };
    let typed = fields.take("amount");
    if item == "bill" && typed.is_none() {
        return Ok(Item::Bill(None));
    }
    let typed = typed.ok_or_else(|| Refusal::invalid("amount", "missing_field", "Please fill in how much."))?;
    let milli = milli(&typed).filter(|milli| *milli > 0).ok_or_else(bad)?;
    match item.as_str() {
        "litres" => Ok(Item::Litres(Volume::try_from_ml(milli).ok_or_else(bad)?)),
        _ => {
            let minor = i128::from(milli) * i128::from(currency.minor_per_unit()) / 1_000;
            let minor = i64::try_from(minor).map_err(|_| bad())?;
            Ok(match item.as_str() {
                "bill" => Item::Bill(Some(minor)),
                _ => Item::Deposit(minor),
            })
        }
    }
}

/// Reads a decimal number with at most three places, as thousandths. A comma is a point.
pub(super) fn milli(text: &str) -> Option<i64> {
    let text = text.replace(',', ".").replace('−', "-");
    let (sign, digits) = text.strip_prefix('-').map_or((1, text.as_str()), |digits| (-1, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if part.len() > 3 || digits.is_empty() || digits == "." || !all_digits(whole) || !all_digits(part) {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let part: i64 = format!("{part:0<3}").parse().ok()?;
    whole.checked_mul(1_000)?.checked_add(part)?.checked_mul(sign)
}

/// `POST /customers/{id}/pin`
pub async fn pin(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Shown {
    let customer = find(&app, &id).await?.id;
    let key = fields.key();
    let asked = fields.need("pin", "the new PIN").map(|pin| Request::SetPin {
        customer,
        pin: Secret(pin),
    });
    act(&app, &caller, &id, "pin", key, asked).await
}

/// `POST /customers/{id}/active`
pub async fn active(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Shown {
    let customer = find(&app, &id).await?.id;
    let key = fields.key();
    let active = match fields.take("active").as_deref() {
        Some("yes") => Ok(true),
        Some("no") => Ok(false),
        _ => Err(Refusal::invalid(
            "active",
            "bad_field",
            "Choose whether to block or to unblock.",
        )),
    };
    let word = if active == Ok(true) { "unblocked" } else { "blocked" };
    let asked = active.map(|active| Request::SetActive { customer, active });
    act(&app, &caller, &id, word, key, asked).await
}

/// `POST /customers/{id}/profile`
pub async fn profile(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Shown {
    let known = find(&app, &id).await?;
    let key = fields.key();
    let site = fields.take("site").map(|site| site.parse()).transpose();
    let asked = site.map_err(|_| Refusal::not_found("site")).map(|site| {
        let phone = fields.take("phone");
        Request::UpdateCustomer {
            customer: known.id,
            // What stands there already is no change: it must not win over one that a site makes meanwhile.
            change: CustomerChange {
                name: fields.take("name").filter(|name| *name != known.name),
                city: fields.take("city").filter(|city| *city != known.city),
                language: fields.take("language").filter(|language| *language != known.language),
                phone: phone.filter(|phone| known.phone.map(Phone::e164).as_ref() != Some(phone)),
                site: site.filter(|site| known.site.as_ref() != Some(site)),
            },
        }
    });
    act(&app, &caller, &id, "changed", key, asked).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_as_thousandths() {
        for (text, read) in [
            ("20", Some(20_000)),
            ("2.5", Some(2_500)),
            ("2,5", Some(2_500)),
            ("-0.125", Some(-125)),
            (".5", Some(500)),
            ("1.2345", None),
            ("", None),
            (".", None),
            ("1e3", None),
            ("--1", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(milli(text), read, "{text}");
        }
    }
}
