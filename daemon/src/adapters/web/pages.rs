//! Pages for people: made here, whole without a script, readable on a cheap phone, kind when something is wrong.

mod broadcast;
mod cash;
mod customers;
mod lists;
mod login;
mod show;
mod status;
mod texts;

use std::collections::BTreeMap;

use axum::{
    Form, Router,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, html};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::site::{
    effect::{Status, Told},
    input::{Command, Once, Role},
};

use super::{Web, guard::Caller, password, problem::Problem};

/// The fields of a form.
type Fields = Form<BTreeMap<String, String>>;

/// Sentences after a change, by the word in `?said=`.
const SAID: [(&str, &str); 13] = [
    ("over", "You were away for a while. Log in again; nothing was changed."),
    ("out", "You are logged out."),
    ("password", "Your new password is set."),
    ("unlocked", "The lock is cleared. The customer can try the PIN again."),
    ("asked", "The hub is asked. It answers when there is a link; see Queue."),
    ("switched", "Done. The dispenser is told at once, or when it connects."),
    ("clock", "The clock is set."),
    (
        "airtime",
        "The operator is asked; its answer shows here within a minute.",
    ),
    (
        "broadcast",
        "Written down. It leaves between 8:00 and 20:00, as far as each day's texts go.",
    ),
    ("again", "Done. This number gets texts to everybody again."),
    ("stopped", "It is stopped. Who has not got it gets it no more."),
    ("pulses", "Done. The dispenser counts with this from its next pour."),
    (
        "registered",
        "Registered. The hub confirms when there is a link; then water can be drawn.",
    ),
];

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .merge(login::routes())
        .merge(status::routes())
        .merge(customers::routes())
        .merge(lists::routes())
        .merge(cash::routes())
        .merge(texts::routes())
        .merge(broadcast::routes())
}

/// What stands above a page's content.
#[derive(Default)]
struct Notice(Option<(bool, String)>);

impl Notice {
    /// The sentence of a word in `?said=`; any other word says nothing.
    fn said(word: Option<&str>) -> Notice {
        let known = word.and_then(|word| SAID.iter().find(|(known, _)| *known == word));
        Notice(known.map(|(_, sentence)| (true, (*sentence).to_owned())))
    }

    fn problem(problem: &Problem) -> Notice {
        let sentence = match &problem.field {
            Some(field) => format!("{}: {}", in_words(field), problem.message),
            None => problem.message.clone(),
        };
        let mut letters = sentence.chars();
        let first = letters.next().map(|first| first.to_uppercase().collect::<String>());
        Notice(Some((false, first.unwrap_or_default() + letters.as_str())))
    }

    fn markup(&self) -> Markup {
        html! {
            @if let Some((is_good, sentence)) = &self.0 {
                p role="status" class={ "card notice" @if !is_good { " bad" } } { (sentence) }
            }
        }
    }
}

fn in_words(field: &str) -> &str {
    match field {
        "phone" => "Phone",
        "pin" => "PIN",
        "name" => "Name",
        "lender" => "Lender's phone",
        "amount" => "Amount",
        "repayment" => "Repayment",
        "litres" => "Litres",
        "pulses_per_litre" => "Pulses a litre",
        other => other,
    }
}

/// A page of the site.
struct View<'a> {
    title: &'a str,
    /// Its place in the navigation.
    path: &'a str,
    /// Whether it renews itself.
    is_live: bool,
}

impl View<'_> {
    fn render(&self, status: &Status, caller: &Caller, notice: &Notice, content: &Markup) -> Markup {
        let site = status.site.as_ref().map(|(name, title)| {
            if title.is_empty() {
                name.to_string()
            } else {
                title.clone()
            }
        });
        let header = html! {
            header { div {
                div class="brand" {
                    b { (site.as_deref().unwrap_or("Kisima")) }
                    form method="post" action="/logout" {
                        (token(caller))
                        button class="quiet" { "Log out" }
                    }
                }
                nav {
                    @for (path, name) in [("/", "Today"), ("/customers", "Customers"), ("/sales", "Sales"), ("/cash", "Cash"), ("/queue", "Queue"), ("/dispensers", "Dispensers")] {
                        a href=(path) aria-current=[(path == self.path).then_some("page")] { (name) }
                    }
                }
            } }
        };
        document(
            self.title,
            &header,
            self.is_live,
            &html! { (notice.markup()) (content) },
        )
    }
}

fn document(title: &str, header: &Markup, is_live: bool, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Kisima" }
                link rel="stylesheet" href="/assets/style.css";
                link rel="icon" href="/assets/icon.svg";
                @if is_live { script src="/assets/live.js" defer {} }
            }
            body {
                (header)
                main data-live[is_live] { (content) }
            }
        }
    }
}

/// A page for anybody, without navigation.
pub(super) fn plain(title: &str, content: &Markup) -> Markup {
    let header = html! { header { div { div class="brand" { b { "Kisima" } } } } };
    document(title, &header, false, content)
}

/// A page that says what is wrong and where to go.
pub(super) fn problem(problem: &Problem) -> Response {
    let content = html! {
        h1 { "That did not work" }
        (Notice::problem(problem).markup())
        p { a href="/" { "Back to the first page" } }
    };
    let mut response = (problem.status, plain("That did not work", &content)).into_response();
    if let Some(seconds) = problem.retry_after_s {
        response
            .headers_mut()
            .insert(axum::http::header::RETRY_AFTER, seconds.into());
    }
    response
}

/// A page's failure, shown as a page.
struct Failure(Problem);

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Failure {
        Failure(problem)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        problem(&self.0)
    }
}

/// The hidden field that shows that a form is ours.
fn token(caller: &Caller) -> Markup {
    html! {
        @if let Some(page) = &caller.page { input type="hidden" name="token" value=(page.token); }
    }
}

/// The hidden fields of a form that changes something: that it is ours, and a key that makes a second press harmless.
fn hidden(caller: &Caller) -> Result<Markup, Problem> {
    let (key, _) = password::token().map_err(|_| Problem::busy())?;
    Ok(html! {
        (token(caller))
        input type="hidden" name="once" value=(key);
    })
}

/// A field of a form, without blanks around it; empty when it is missing.
fn field<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).map(|text| text.trim()).unwrap_or_default()
}

/// Does what a form says, once, however often it is sent.
async fn submit(web: &Web, caller: &Caller, fields: &Fields, command: Command) -> Result<Told, Problem> {
    let key = field(fields, "once");
    let mut content = Sha256::new();
    for (name, value) in fields.iter().filter(|(name, _)| *name != "token") {
        for text in [name, value] {
            content.update((text.len() as u64).to_be_bytes());
            content.update(text);
        }
    }
    let once = (!key.is_empty()).then(|| Once {
        key: key.to_owned(),
        content: content.finalize().into(),
    });
    match web.tell_as(caller, once, command).await? {
        Told::Again(rendered) if rendered.status >= 400 => {
            let body: Value = serde_json::from_slice(&rendered.body).unwrap_or_default();
            let message = body["error"]["message"]
                .as_str()
                .unwrap_or("this was refused")
                .to_owned();
            let status = StatusCode::from_u16(rendered.status).unwrap_or(StatusCode::BAD_REQUEST);
            Err(Problem::new(status, "again", message))
        }
        told => Ok(told),
    }
}

/// Whether the caller may change things.
fn may_change(caller: &Caller) -> bool {
    caller.role == Role::Manager
}
