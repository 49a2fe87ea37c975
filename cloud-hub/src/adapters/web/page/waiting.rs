//! Money that came without a prompt and is in nobody's name, and whose it is in an operator's word.

use ::kiosk::{ids::ProviderReceipt, phone::Country, provider::Provider};
use axum::{
    Extension,
    extract::{Path, State},
};
use maud::{Markup, html};

use super::{
    super::{App, guard::Caller},
    Shown, back_to,
    form::Fields,
    guarded, page,
    payouts::begin,
    show,
};
use crate::hub::{
    effect::Refusal,
    input::{Allocation, Request},
    store::read::{self, MoneyWaiting},
};

/// How many payments are shown.
const ROWS: u32 = 100;

/// `GET /waiting`
pub async fn waiting(State(app): State<App>, Extension(caller): Extension<Caller>) -> Shown {
    let waiting = app.parts.books.read(|books| read::money_waiting(books, ROWS)).await?;
    let (zone, (now, _)) = (&app.parts.settings.zone, app.parts.clock.now());
    let may_decide = caller.may("POST", "/waiting/{provider}/{receipt}");
    let content = html! {
        h1 { "Money that waits" }
        p { "Paid to the till or the paybill without a prompt. What is only claimed is not booked: the provider is asked, or a "
            "statement proves it (" code { "kisima-hub reconcile" } "). What is proven and names nobody is in suspense, until "
            "somebody says whose it is." }
        div data-part="waiting" {
            @if waiting.is_empty() { p.quiet { "None." } } @else {
                table.rows {
                    thead { tr { th { "When" } th { "Receipt" } th.number { "Amount" } th { "Account" } th { "Payer" } th { "Stands" } } }
                    tbody {
                        @for money in &waiting {
                            tr {
                                td data-label="When" { (show::time_near(zone, money.paid, now)) }
                                td data-label="Receipt" { code { (money.receipt) } }
                                td.number data-label="Amount" { (show::money(money.amount_minor, &money.currency)) }
                                td data-label="Account" { (money.reference.as_deref().unwrap_or("–")) }
                                td data-label="Payer" { (money.payer.as_deref().unwrap_or("–")) }
                                td data-label="Stands" { (stands(money)) }
                            }
                        }
                    }
                }
            }
        }
        @if may_decide {
            @for money in waiting.iter().filter(|money| money.place == "suspense") { (decision(&caller, money)) }
        }
    };
    Ok(page(Some(&caller), "/waiting", "Money that waits", content))
}

/// What is known of it, in words.
fn stands(money: &MoneyWaiting) -> String {
    match (money.place.as_str(), money.why.as_deref()) {
        ("suspense", Some("no_reference")) => "in suspense: it names nobody".to_owned(),
        ("suspense", Some("unknown_reference")) => "in suspense: nobody has that account".to_owned(),
        ("suspense", Some("several_customers")) => "in suspense: several customers have that code".to_owned(),
        ("suspense", Some("two_candidates")) => "in suspense: two purchases wait for such money".to_owned(),
        ("suspense", Some("other_reference")) => "in suspense: this phone's purchase has another account".to_owned(),
        ("suspense", Some("with_operator")) => "in suspense: its purchase waits for your decision".to_owned(),
        ("suspense", _) => "in suspense: a purchase claims this receipt for another amount".to_owned(),
        ("foreign", _) => format!("claimed, paid to {}, which is not ours", money.short_code),
        _ if money.proven => "proven; booked when the doubt ends".to_owned(),
        _ => "only claimed".to_owned(),
    }
}

fn decision(caller: &Caller, money: &MoneyWaiting) -> Markup {
    html! {
        form.card method="post" action=(format!("/waiting/{}/{}", money.provider, money.receipt)) {
            (guarded(caller))
            h2 { code { (money.receipt) } ", " (show::money(money.amount_minor, &money.currency)) }
            label { "Whose it is" select name="to" {
                option value="wallet" { "a customer's: into the wallet" }
                option value="purchase" { "it pays a purchase" }
                @if caller.may("POST", "/doubt/end") {
                    option value="return" { "nobody's: send it back to the payer" }
                    option value="returned" { "nobody's: it was given back to the payer by hand" }
                }
            } }
            label { "Account number or phone, number of the purchase, or why and how it goes back" input name="whose" required; }
            button { "Decide" }
        }
    }
}

/// `POST /waiting/{provider}/{receipt}`
pub async fn decide(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path((provider, receipt)): Path<(String, String)>,
    mut fields: Fields,
) -> Shown {
    let none = || Refusal::not_found("payment");
    let provider = Provider::from_name(&provider).ok_or_else(none)?;
    let receipt: ProviderReceipt = receipt.parse().map_err(|_| none())?;
    let whose = fields.need("whose", "whose it is")?;
    let to = match fields.take("to").as_deref() {
        Some("wallet") => {
            let country: Country = app.parts.settings.country;
            let found = app.parts.books.read({
                let whose = whose.clone();
                move |books| read::customer_named(books, &whose, country)
            });
            let found = found.await?;
            let found = found.ok_or_else(|| {
                let message = format!("Nobody has the account or phone {whose}.");
                Refusal::invalid("whose", "unknown_customer", message)
            });
            Allocation::Wallet(found?.id)
        }
        Some("purchase") => {
            let message = "The number of a purchase has 16 digits and letters; its page shows it.";
            let purchase = whose.parse();
            Allocation::Purchase(purchase.map_err(|_| Refusal::invalid("whose", "bad_field", message))?)
        }
        Some("return") => {
            let request = Request::ReturnMoney {
                provider,
                receipt,
                reason: whose,
            };
            return begin(&app, &caller, &mut fields, request).await;
        }
        Some("returned") => Allocation::Returned { reason: whose },
        _ => return Err(Refusal::invalid("to", "bad_field", "Choose whose it is.").into()),
    };
    let request = Request::AllocateMoney { provider, receipt, to };
    app.parts.desk.ask(caller.actor(), fields.key(), request).await?;
    Ok(back_to("/waiting"))
}
