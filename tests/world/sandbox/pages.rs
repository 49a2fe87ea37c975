//! The pages for people: plain forms that a cheap phone shows, without a script.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Form, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use kiosk::{moment::Wall, provider::Provider};
use maud::{DOCTYPE, Markup, html};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    control::{Paying, patched_by_form},
    mpesa::{self, InFlight, Prompt, WRONG_PIN},
    server::Shared,
    texts::{self, Account, Texts},
    wallets::{self, Wallets},
};

/// How many rows of each list a page shows.
const ROWS_MAX: usize = 50;
/// How often, in seconds, a phone page without an open prompt looks for one.
const REFRESH_S: u32 = 2;

const STYLE: &str = "body{font:16px system-ui,sans-serif;max-width:46rem;margin:0 auto;padding:1rem}\
    label{display:block;margin:.5rem 0}input,select,button{font:inherit;padding:.4rem}\
    table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.2rem .5rem;border-bottom:1px solid #ccc}\
    section{overflow-x:auto}.prompt{border:2px solid #080;border-radius:.5rem;padding:1rem;margin:1rem 0}";

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(home).post(change))
        .route("/phone", get(find_phone))
        .route("/phone/{phone}", get(phone))
        .route("/phone/{phone}/pay", get(pay_form).post(pay))
        .route("/phone/{phone}/text", get(text_form).post(write_text))
        .route("/phone/{phone}/stop", post(stop_texts))
        .route("/phone/{phone}/{prompt}/approve", post(approve))
        .route("/phone/{phone}/{prompt}/cancel", post(cancel))
}

fn page(title: &str, refresh: bool, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                @if refresh {
                    meta http-equiv="refresh" content=(REFRESH_S);
                }
                title { (title) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body { h1 { (title) } (body) }
        }
    }
}

async fn home(State(shared): State<Arc<Shared>>) -> Markup {
    let deliveries = shared.deliveries().clone();
    let mpesa = shared.mpesa();
    let body = html! {
        form action="/phone" {
            label { "Phone " input name="number" inputmode="numeric" placeholder="2547…" required; }
            button { "Open its page" }
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
    page("Kisima sandbox", false, &body)
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
            (StatusCode::BAD_REQUEST, page("Not set", false, &body)).into_response()
        }
    }
}

#[derive(Deserialize)]
struct PhoneSought {
    number: u64,
}

async fn find_phone(Query(sought): Query<PhoneSought>) -> Redirect {
    Redirect::to(&format!("/phone/{}", sought.number))
}

async fn phone(State(shared): State<Arc<Shared>>, Path(phone): Path<u64>) -> Markup {
    let mpesa = shared.mpesa();
    let prompts: Vec<&Prompt> = mpesa
        .prompts()
        .iter()
        .rev()
        .filter(|prompt| prompt.phone == phone)
        .collect();
    let open = |prompt: &&&Prompt| prompt.result_code.is_none();
    let wallets = shared.wallets();
    let texts = shared.texts();
    let others: Vec<(&Wallets, &wallets::Prompt)> = wallets
        .iter()
        .flat_map(|wallets| wallets.prompts().iter().rev().map(move |prompt| (wallets, prompt)))
        .filter(|(_, prompt)| prompt.phone == phone)
        .collect();
    let body = html! {
        p { "Balance: KES " (mpesa.balance(phone)) }
        @for prompt in prompts.iter().filter(open) {
            @let question = format!("Do you want to pay KES {} to {}, account {}?", prompt.amount, prompt.party_b, prompt.account_reference);
            (open_prompt(phone, Provider::Mpesa, &prompt.checkout_request, &question))
        }
        @for (wallets, prompt) in others.iter().filter(|(_, prompt)| prompt.end.is_none()) {
            @let question = format!("Do you want to pay {} {}?", prompt.currency, prompt.amount);
            (open_prompt(phone, wallets.provider(), &prompt.id, &question))
        }
        @for prompt in prompts.iter().filter(|prompt| !open(prompt)).take(ROWS_MAX) {
            p { (time(prompt.created_ms)) ": KES " (prompt.amount) ", result " (prompt.result_code.as_deref().unwrap_or("")) }
        }
        @for (wallets, prompt) in others.iter().filter(|(_, prompt)| prompt.end.is_some()).take(ROWS_MAX) {
            p { (time(prompt.created_ms)) ": " (wallets.provider().title()) ", " (prompt.currency) " " (prompt.amount) ", " (ended(prompt)) }
        }
        h2 { "Texts" }
        @for message in texts.messages().iter().rev().filter(|message| message.phone == phone).take(ROWS_MAX) {
            p.text {
                @if message.from_phone { em { "Sent: " } } @else if !message.sender.is_empty() { strong { (message.sender) ": " } }
                (message.text)
                br; small { (time(message.time_ms)) }
            }
        }
        p { a href={ "/phone/" (phone) "/text" } { "Write a text" } }
        form method="post" action={ "/phone/" (phone) "/stop" } { button { "Want no more texts" } }
        p { a href={ "/phone/" (phone) "/pay" } { "Pay a till or paybill" } }
        p { a href="/" { "Control page" } }
    };
    let is_waiting =
        !prompts.iter().any(|prompt| open(&prompt)) && others.iter().all(|(_, prompt)| prompt.end.is_some());
    page(&format!("Phone {phone}"), is_waiting, &body)
}

/// A prompt that waits for a person.
fn open_prompt(phone: u64, provider: Provider, id: &str, question: &str) -> Markup {
    let action = format!("/phone/{phone}/{id}");
    html! {
        div.prompt {
            p { (question) }
            form method="post" action={ (action) "/approve" } {
                label { (provider.title()) " PIN " input name="pin" type="password" inputmode="numeric" maxlength="4" required; }
                p { "Any four digits but " (WRONG_PIN) "." }
                button { "Pay" }
            }
            form method="post" action={ (action) "/cancel" } {
                button { "Cancel" }
            }
        }
    }
}

#[derive(Deserialize)]
struct Pin {
    pin: String,
}

async fn approve(
    State(shared): State<Arc<Shared>>,
    Path((phone, prompt)): Path<(u64, String)>,
    Form(Pin { pin }): Form<Pin>,
) -> Redirect {
    // A prompt that has run out meanwhile shows as such on the page that follows.
    let others = [Provider::Mtn, Provider::Airtel, Provider::Intasend].map(Provider::name);
    let mut others = others
        .into_iter()
        .filter_map(|name| shared.change_wallets(name, |wallets, now_ms, _| wallets.approve(now_ms, &prompt, &pin)));
    let paid =
        shared.change(|mpesa, now_ms, draw| mpesa.approve(now_ms, draw, &prompt, &pin)) || others.any(|paid| paid);
    tracing::debug!(paid, "sandbox: a PIN on a phone page");
    Redirect::to(&format!("/phone/{phone}"))
}

/// On a page of its own, for the phone's page looks for prompts every other second and would empty the form.
async fn pay_form(Path(phone): Path<u64>) -> Markup {
    let body = html! {
        form method="post" action={ "/phone/" (phone) "/pay" } {
            label { "Till or paybill " input name="shortcode" inputmode="numeric" required; }
            label { "Account, for a paybill " input name="reference" maxlength="20"; }
            label { "KES " input name="amount" inputmode="numeric" required; }
            button { "Pay" }
        }
        p { a href={ "/phone/" (phone) } { "Back" } }
    };
    page(&format!("Phone {phone} pays"), false, &body)
}

async fn text_form(Path(phone): Path<u64>) -> Markup {
    let body = html! {
        form method="post" action={ "/phone/" (phone) "/text" } {
            label { "Text to the hub " input name="text" maxlength="160" required; }
            button { "Send" }
        }
        p { a href={ "/phone/" (phone) } { "Back" } }
    };
    page(&format!("Phone {phone} writes"), false, &body)
}

#[derive(Deserialize)]
struct Written {
    text: String,
}

async fn write_text(
    State(shared): State<Arc<Shared>>,
    Path(phone): Path<u64>,
    Form(Written { text }): Form<Written>,
) -> Redirect {
    shared.change_texts(|texts, now_ms, _| texts.write(now_ms, phone, &text));
    Redirect::to(&format!("/phone/{phone}"))
}

async fn stop_texts(State(shared): State<Arc<Shared>>, Path(phone): Path<u64>) -> Redirect {
    shared.change_texts(|texts, now_ms, _| texts.opt_out(now_ms, phone));
    Redirect::to(&format!("/phone/{phone}"))
}

async fn pay(State(shared): State<Arc<Shared>>, Path(phone): Path<u64>, Form(paying): Form<Paying>) -> Response {
    match shared.change(|mpesa, now_ms, draw| mpesa.pay(now_ms, draw, paying.from(phone))) {
        Ok(()) => Redirect::to(&format!("/phone/{phone}")).into_response(),
        Err(error) => {
            let body = html! { p { (error) } p { a href={ "/phone/" (phone) } { "Back" } } };
            (StatusCode::BAD_REQUEST, page("Not paid", false, &body)).into_response()
        }
    }
}

async fn cancel(State(shared): State<Arc<Shared>>, Path((phone, prompt)): Path<(u64, String)>) -> Redirect {
    let others = [Provider::Mtn, Provider::Airtel, Provider::Intasend].map(Provider::name);
    let mut others = others
        .into_iter()
        .filter_map(|name| shared.change_wallets(name, |wallets, now_ms, _| wallets.cancel(now_ms, &prompt)));
    let cancelled =
        shared.change(|mpesa, now_ms, draw| mpesa.cancel(now_ms, draw, &prompt)) || others.any(|cancelled| cancelled);
    tracing::debug!(cancelled, "sandbox: a prompt cancelled on a phone page");
    Redirect::to(&format!("/phone/{phone}"))
}
