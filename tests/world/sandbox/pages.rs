//! The pages for people: plain forms that a cheap phone shows, without a script.

mod phone;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Form, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use kiosk::{
    moment::Wall,
    phone::{Country, Phone},
    provider::Provider,
};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    control::patched_by_form,
    mpesa::{self, InFlight},
    server::Shared,
    texts::{self, Account, Texts},
    wallets::{self, Wallets},
};

/// How many rows of each list a page shows.
const ROWS_MAX: usize = 50;

const STYLE: &str = "body{font:16px system-ui,sans-serif;max-width:46rem;margin:0 auto;padding:1rem}\
    label{display:block;margin:.5rem 0}input,select,button{font:inherit;padding:.4rem}\
    table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.2rem .5rem;border-bottom:1px solid #ccc}\
    section{overflow-x:auto}";

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(home).post(change))
        .route("/phone", get(find_phone))
        .merge(phone::routes())
}

fn page(title: &str, body: &Markup) -> Markup {
    document(title, STYLE, None, &html! { h1 { (title) } (body) })
}

/// A page that loads itself again after so many seconds, when asked to.
fn document(title: &str, style: &str, refresh_s: Option<i64>, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                @if let Some(seconds) = refresh_s {
                    meta http-equiv="refresh" content=(seconds);
                }
                title { (title) }
                style { (PreEscaped(style)) }
            }
            body { (body) }
        }
    }
}

async fn home(State(shared): State<Arc<Shared>>) -> Markup {
    let deliveries = shared.deliveries().clone();
    let mpesa = shared.mpesa();
    let body = html! {
        form action="/phone" {
            label { "Phone " input name="number" inputmode="tel" placeholder="0712345678" required; }
            button { "Open its page" }
        }
        p {
            "A provider's " code { "base_url" } " at the hub is this page's address with its name behind it: /"
            (Provider::ALL.map(Provider::name).join(", /")) "."
        }
        h2 { "M-PESA" }
        (behaviour_form(Provider::Mpesa.name(), mpesa.behaviour(), &mpesa::Fault::ALL))
        h2 { "Prompts" }
        section { table {
            tr { th { "Time (UTC)" } th { "Phone" } th { "KES" } th { "For" } th { "Result" } }
            @for prompt in mpesa.prompts().iter().rev().take(ROWS_MAX) {
                tr {
                    td { (time(prompt.created_ms)) }
                    td { a href={ "/phone/" (prompt.phone) } { (prompt.phone) } }
                    td { (prompt.amount) }
                    td { (prompt.account_reference) }
                    td { (prompt.result_code.as_deref().unwrap_or("open")) }
                }
            }
        } }
        h2 { "Paid" }
        p { a href="/control/mpesa/statement.csv" { "Statement (CSV)" } }
        section { table {
            tr { th { "Time (UTC)" } th { "Receipt" } th { "Phone" } th { "KES" } }
            @for line in mpesa.ledger().iter().rev().take(ROWS_MAX) {
                tr { td { (time(line.time_ms)) } td { (line.receipt) } td { (line.phone) } td { (line.amount) } }
            }
        } }
        h2 { "Paid out" }
        section { table {
            tr { th { "Time (UTC)" } th { "Receipt" } th { "Phone" } th { "KES" } th { "Undoes" } th { "Result" } }
            @for payout in mpesa.payouts().iter().rev().take(ROWS_MAX) {
                tr {
                    td { (time(payout.time_ms)) } td { (payout.receipt) } td { (payout.phone) } td { (payout.amount) }
                    td { (payout.original.as_deref().unwrap_or("–")) } td { (payout.code) }
                }
            }
        } }
        @for wallets in shared.wallets().iter() { (wallets_part(wallets)) }
        (texts_part(&shared.texts()))
        h2 { "Callbacks sent" }
        section { table {
            tr { th { "Time (UTC)" } th { "Answered" } th { "Body" } }
            @for delivery in deliveries.iter().rev().take(ROWS_MAX) {
                tr {
                    td { (time(delivery.time_ms)) }
                    td { @match delivery.status { Some(status) => (status), None => "nobody" } }
                    td { (delivery.callback.body) }
                }
            }
        } }
    };
    page("Kisima sandbox", &body)
}

/// A provider other than M-PESA on the control page.
fn wallets_part(wallets: &Wallets) -> Markup {
    html! {
        h2 { (wallets.provider().title()) }
        details {
            summary { "What it does" }
            (behaviour_form(wallets.provider().name(), wallets.behaviour(), &wallets::Fault::ALL))
        }
        section { table {
            tr { th { "Time (UTC)" } th { "Phone" } th { "Amount" } th { "For" } th { "Result" } }
            @for prompt in wallets.prompts().iter().rev().take(ROWS_MAX) {
                tr {
                    td { (time(prompt.created_ms)) }
                    td { a href={ "/phone/" (prompt.phone) } { (prompt.phone) } }
                    td { (prompt.currency) " " (prompt.amount) }
                    td { (prompt.reference) }
                    td { (ended(prompt)) }
                }
            }
        } }
    }
}

/// The messenger on the control page.
fn texts_part(texts: &Texts) -> Markup {
    html! {
        h2 { "Africa's Talking" }
        p {
            "The hub's " code { "messaging.africastalking.base_url" } " is this page's address with /" (texts::NAME)
            " behind it, and its key anything, while " code { "api_key" } " is empty below. A text to " (texts::SHORT_CODE)
            " is one to the hub: a site's " code { "sms.hub_number" } "."
        }
        details {
            summary { "What it does" }
            (behaviour_form(texts::NAME, texts.behaviour(), &texts::Fault::ALL))
        }
        section { table {
            tr { th { "Time (UTC)" } th { "Phone" } th { "Text" } }
            @for message in texts.messages().iter().rev().take(ROWS_MAX) {
                tr {
                    td { (time(message.time_ms)) }
                    td { @if message.from_phone { "from " } a href={ "/phone/" (message.phone) } { (message.phone) } }
                    td { (message.text) }
                }
            }
        } }
    }
}

fn ended(prompt: &wallets::Prompt) -> String {
    match &prompt.end {
        None => "open".to_owned(),
        Some(end) => spelled(&end.outcome),
    }
}

/// The name that a choice has in the control API.
fn spelled(choice: &impl Serialize) -> String {
    plain(&serde_json::to_value(choice).unwrap_or_default())
}

/// One field per setting, by its name in the control API.
fn behaviour_form(provider: &str, behaviour: &impl Serialize, faults: &[impl Serialize]) -> Markup {
    let fields = match serde_json::to_value(behaviour) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let choices = |name: &str| -> Option<Vec<String>> {
        Some(match name {
            "auto" | "validation" | "stk_confirms" | "signed_only" | "refuse_half" | "reports_shuffled" => {
                vec!["true".to_owned(), "false".to_owned()]
            }
            "in_flight" => InFlight::ALL.iter().map(spelled).collect(),
            "outcome" => wallets::Outcome::ALL.iter().map(spelled).collect(),
            "callback_hash" => wallets::HashOver::ALL.iter().map(spelled).collect(),
            "callback_method" => vec!["POST".to_owned(), "PUT".to_owned()],
            "account" => Account::ALL.iter().map(spelled).collect(),
            name if name == "fault" || name.ends_with("_fault") => faults.iter().map(spelled).collect(),
            _ => return None,
        })
    };
    html! {
        form method="post" action="/" {
            input type="hidden" name="provider" value=(provider);
            @for (name, value) in &fields {
                label {
                    (name) " "
                    @if let Some(choices) = choices(name) {
                        select name=(name) {
                            @for choice in &choices {
                                option value=(choice) selected[*choice == plain(value)] { (choice) }
                            }
                        }
                    } @else {
                        input name=(name) value=(plain(value));
                    }
                }
            }
            button { "Set" }
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn time(ms: i64) -> String {
    Wall(ms).rfc3339()
}

async fn change(State(shared): State<Arc<Shared>>, Form(mut form): Form<BTreeMap<String, String>>) -> Response {
    // A form that names nobody is about M-PESA.
    let provider = form
        .remove("provider")
        .unwrap_or_else(|| Provider::Mpesa.name().to_owned());
    if provider == texts::NAME {
        let changed = shared.change_texts(|texts, _, _| {
            let behaviour = patched_by_form(texts.behaviour(), &form)?;
            texts.set_behaviour(behaviour);
            Ok::<(), String>(())
        });
        return set(changed);
    }
    let changed = shared.change_wallets(&provider, |wallets, _, _| {
        let behaviour = patched_by_form(wallets.behaviour(), &form)?;
        wallets.set_behaviour(behaviour);
        Ok::<(), String>(())
    });
    let changed = changed.unwrap_or_else(|| {
        shared.change(|mpesa, _, _| {
            let behaviour = patched_by_form(mpesa.behaviour(), &form)?;
            mpesa.set_behaviour(behaviour);
            Ok::<(), String>(())
        })
    });
    set(changed)
}

fn set(changed: Result<(), String>) -> Response {
    match changed {
        Ok(()) => Redirect::to("/").into_response(),
        Err(message) => {
            let body = html! { p { (message) } p { a href="/" { "Back" } } };
            (StatusCode::BAD_REQUEST, page("Not set", &body)).into_response()
        }
    }
}

#[derive(Deserialize)]
struct PhoneSought {
    number: String,
}

/// A number as people write it, Kenya's without a country's code.
async fn find_phone(Query(sought): Query<PhoneSought>) -> Response {
    match Phone::parse(&sought.number, Country::Kenya) {
        Ok(phone) => Redirect::to(&format!("/phone/{}", phone.msisdn())).into_response(),
        Err(error) => {
            let body = html! { p { (error) } p { a href="/" { "Back" } } };
            (StatusCode::BAD_REQUEST, page("No such phone", &body)).into_response()
        }
    }
}
