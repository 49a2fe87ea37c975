//! A pretend phone: its screen and keys, and beneath them what arrives. What arrives stands in a frame of its own, which
//! looks for more every other second; so nobody loses what they are typing.

use std::sync::Arc;

use axum::{
    Form, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use kiosk::provider::Provider;
use maud::{Markup, html};
use serde::Deserialize;

use super::{ROWS_MAX, document, ended, time};
use crate::sandbox::{
    control::Paying,
    deliveries::carried,
    mpesa::{Prompt, WRONG_PIN},
    server::{Shared, now_ms},
    texts::{
        SHORT_CODE,
        calls::{Call, Line},
    },
    wallets::{self, Wallets},
};

/// How often, in seconds, the frame without an open prompt looks for one.
const INBOX_REFRESH_S: i64 = 2;
/// How often, in seconds, a page looks for the hub's answer to a step that another page took.
const ANSWER_REFRESH_S: i64 = 1;
const STYLE: &str = include_str!("phone.css");

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/phone/{phone}", get(phone))
        .route("/phone/{phone}/inbox", get(inbox))
        .route("/phone/{phone}/dial", post(dial))
        .route("/phone/{phone}/type", post(type_in))
        .route("/phone/{phone}/hang-up", post(hang_up))
        .route("/phone/{phone}/pay", get(pay_form).post(pay))
        .route("/phone/{phone}/text", post(write_text))
        .route("/phone/{phone}/stop", post(stop_texts))
        .route("/phone/{phone}/{prompt}/approve", post(approve))
        .route("/phone/{phone}/{prompt}/cancel", post(cancel))
}

fn page(title: &str, body: &Markup) -> Markup {
    document(title, STYLE, None, &html! { h1 { (title) } (body) })
}

fn home(phone: u64) -> Redirect {
    Redirect::to(&format!("/phone/{phone}"))
}

async fn phone(State(shared): State<Arc<Shared>>, Path(phone): Path<u64>) -> Markup {
    let texts = shared.texts();
    let call = texts.call(phone);
    let own = format!("/phone/{phone}");
    let code = texts
        .behaviour()
        .ussd_codes
        .keys()
        .next()
        .map_or("*384#", String::as_str);
    let body = html! {
        h1 { "Phone " (spaced(phone)) }
        div.phone {
            div.screen role="status" { (screen(call, code)) }
            (keys(&own, call, code))
        }
        @if call.is_none_or(|call| call.line == Line::Over) {
            h2 { "Codes to dial" }
            ul.codes {
                @for (code, what) in &texts.behaviour().ussd_codes {
                    li { form method="post" action={ (own) "/dial" } {
                        button name="code" value=(code) { strong { (what) } span { (code) } }
                    } }
                }
            }
        }
        h2 { "Texts and payments" }
        iframe title="Texts and payments" src={ (own) "/inbox" } {}
        form.write method="post" action={ (own) "/text" } {
            @if texts.sims().is_empty() {
                input type="hidden" name="to" value=(SHORT_CODE);
            } @else {
                select name="to" aria-label="To" {
                    option value=(SHORT_CODE) { (SHORT_CODE) }
                    @for (sim, title) in texts.sims() { option value={ "+" (sim) } { (title) " +" (sim) } }
                }
            }
            input name="text" aria-label="Text" placeholder={ @if texts.sims().is_empty() { "Text to " (SHORT_CODE) } @else { "Text" } } maxlength="160" autocomplete="off" required;
            button { "Send" }
        }
        div.more {
            a href={ (own) "/pay" } { "Pay a till or paybill" }
            form method="post" action={ (own) "/stop" } { button { "Want no more texts" } }
            a href="/" { "Control page" }
        }
    };
    let refresh_s = call.and_then(|call| match call.line {
        Line::Waiting => Some(ANSWER_REFRESH_S),
        // The page is looked at again when the network ends the session.
        Line::Open => Some((call.ends_ms - now_ms()).max(0) / 1_000 + 1),
        Line::Over => None,
    });
    document(&format!("Phone +{phone}"), STYLE, refresh_s, &body)
}

fn screen(call: Option<&Call>, code: &str) -> String {
    match call {
        None => format!("Kisima\n\nDial a code, such as {code}"),
        Some(call) if call.line == Line::Waiting => "USSD code running...".to_owned(),
        Some(call) => call.screen.clone(),
    }
}

/// A number as people read it: the country's code, and then by threes.
fn spaced(phone: u64) -> String {
    let digits = phone.to_string();
    let threes = digits.as_bytes().chunks(3).map(String::from_utf8_lossy);
    format!("+{}", threes.collect::<Vec<_>>().join(" "))
}

/// The field and the keys under the screen. Whoever presses Enter means the first of them.
fn keys(own: &str, call: Option<&Call>, code: &str) -> Markup {
    html! {
        @match call.map(|call| call.line) {
            None => form method="post" action={ (own) "/dial" } {
                input name="code" aria-label="Code" inputmode="tel" placeholder=(code) maxlength="32" autocomplete="off" required autofocus;
                div.keys { button.go { "Call" } }
            },
            Some(Line::Open) => form method="post" action={ (own) "/type" } {
                input name="input" aria-label="Answer" maxlength="160" autocomplete="off" autofocus;
                div.keys {
                    button.go { "Send" }
                    button.stop formaction={ (own) "/hang-up" } { "Cancel" }
                }
            },
            Some(Line::Waiting) => form method="post" action={ (own) "/hang-up" } {
                div.keys { button.stop { "Cancel" } }
            },
            Some(Line::Over) => form method="post" action={ (own) "/hang-up" } {
                div.keys { button autofocus { "OK" } }
            },
        }
    }
}

/// What is dialled.
#[derive(Deserialize)]
struct Dialled {
    code: String,
}

async fn dial(
    State(shared): State<Arc<Shared>>,
    Path(phone): Path<u64>,
    Form(Dialled { code }): Form<Dialled>,
) -> Redirect {
    let step = shared.change_texts(|texts, now_ms, draw| texts.dial(now_ms, draw, phone, code.trim()));
    if let Some(step) = step {
        carried(&shared, step).await;
    }
    home(phone)
}

/// What is typed.
#[derive(Deserialize)]
struct Typed {
    input: String,
}

async fn type_in(
    State(shared): State<Arc<Shared>>,
    Path(phone): Path<u64>,
    Form(Typed { input }): Form<Typed>,
) -> Redirect {
    if let Some(step) = shared.change_texts(|texts, _, _| texts.type_in(phone, &input)) {
        carried(&shared, step).await;
    }
    home(phone)
}

async fn hang_up(State(shared): State<Arc<Shared>>, Path(phone): Path<u64>) -> Redirect {
    shared.change_texts(|texts, now_ms, _| texts.hang_up(now_ms, phone));
    home(phone)
}

/// What came to the phone, the newest first. Its forms lead the whole page on.
async fn inbox(State(shared): State<Arc<Shared>>, Path(phone): Path<u64>) -> Markup {
    let mpesa = shared.mpesa();
    let prompts = mpesa.prompts().iter().rev();
    let prompts: Vec<&Prompt> = prompts.filter(|prompt| prompt.phone == phone).collect();
    let is_open = |prompt: &&&Prompt| prompt.result_code.is_none();
    let wallets = shared.wallets();
    let texts = shared.texts();
    let others: Vec<(&Wallets, &wallets::Prompt)> = wallets
        .iter()
        .flat_map(|wallets| wallets.prompts().iter().rev().map(move |prompt| (wallets, prompt)))
        .filter(|(_, prompt)| prompt.phone == phone)
        .collect();
    let body = html! { div.inbox {
        @for prompt in prompts.iter().filter(is_open) {
            @let question = format!("Do you want to pay KES {} to {}, account {}?", prompt.amount, prompt.party_b, prompt.account_reference);
            (open_prompt(phone, Provider::Mpesa, &prompt.checkout_request, &question))
        }
        @for (wallets, prompt) in others.iter().filter(|(_, prompt)| prompt.end.is_none()) {
            @let question = format!("Do you want to pay {} {}?", prompt.currency, prompt.amount);
            (open_prompt(phone, wallets.provider(), &prompt.id, &question))
        }
        @for message in texts.messages().iter().rev().filter(|message| message.phone == phone).take(ROWS_MAX) {
            div.text.sent[message.from_phone] {
                p { (message.text) }
                small {
                    @if message.from_phone { "to " (message.to) ", " } @else if !message.sender.is_empty() { (message.sender) ", " }
                    (clock(message.time_ms))
                }
            }
        }
        @for prompt in prompts.iter().filter(|prompt| !is_open(prompt)).take(ROWS_MAX) {
            p.faint { (clock(prompt.created_ms)) ": M-PESA, KES " (prompt.amount) ", result " (prompt.result_code.as_deref().unwrap_or("")) }
        }
        @for (wallets, prompt) in others.iter().filter(|(_, prompt)| prompt.end.is_some()).take(ROWS_MAX) {
            p.faint { (clock(prompt.created_ms)) ": " (wallets.provider().title()) ", " (prompt.currency) " " (prompt.amount) ", " (ended(prompt)) }
        }
        p.faint { "M-PESA balance: KES " (mpesa.balance(phone)) }
    } };
    let is_asked =
        prompts.iter().any(|prompt| is_open(&prompt)) || others.iter().any(|(_, prompt)| prompt.end.is_none());
    let refresh_s = (!is_asked).then_some(INBOX_REFRESH_S);
    document(&format!("What came to +{phone}"), STYLE, refresh_s, &body)
}

/// The time of the day, for what came to a phone is seldom older.
fn clock(ms: i64) -> String {
    let all = time(ms);
    format!("{} UTC", all.get(11..16).unwrap_or(&all))
}

/// A prompt that waits for a person.
fn open_prompt(phone: u64, provider: Provider, id: &str, question: &str) -> Markup {
    let action = format!("/phone/{phone}/{id}");
    html! {
        div.prompt {
            p { (question) }
            form method="post" target="_top" action={ (action) "/approve" } {
                label { (provider.title()) " PIN, any four digits but " (WRONG_PIN) input name="pin" type="password" inputmode="numeric" maxlength="4" required; }
                button.go { "Pay" }
            }
            form method="post" target="_top" action={ (action) "/cancel" } {
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
    home(phone)
}

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
    page(&format!("Phone +{phone} pays"), &body)
}

#[derive(Deserialize)]
struct Written {
    to: String,
    text: String,
}

async fn write_text(
    State(shared): State<Arc<Shared>>,
    Path(phone): Path<u64>,
    Form(Written { to, text }): Form<Written>,
) -> Redirect {
    let is_written = shared.change_texts(|texts, now_ms, _| texts.write_to(now_ms, phone, &to, &text));
    tracing::debug!(is_written, "sandbox: a text from a phone page");
    home(phone)
}

async fn stop_texts(State(shared): State<Arc<Shared>>, Path(phone): Path<u64>) -> Redirect {
    shared.change_texts(|texts, now_ms, _| texts.opt_out(now_ms, phone));
    home(phone)
}

async fn pay(State(shared): State<Arc<Shared>>, Path(phone): Path<u64>, Form(paying): Form<Paying>) -> Response {
    match shared.change(|mpesa, now_ms, draw| mpesa.pay(now_ms, draw, paying.from(phone))) {
        Ok(()) => home(phone).into_response(),
        Err(error) => {
            let body = html! { p { (error) } p { a href={ "/phone/" (phone) } { "Back" } } };
            (StatusCode::BAD_REQUEST, page("Not paid", &body)).into_response()
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
    home(phone)
}
