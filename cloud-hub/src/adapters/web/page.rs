//! What people see: pages made here, which work without scripts; a few lines of script keep them fresh.
//!
//! | module | what it shows |
//! |---|---|
//! | [`form`] | forms as they come |
//! | [`show`] | times, litres and money as people read them |
//! | [`login`] | the way in and out, the own password |
//! | [`home`], [`alarms`] | today, and what needed a look |
//! | [`sites`], [`managers`] | sites, one site, join codes, managers by phone |
//! | [`customers`], [`customer`] | the search, and one customer with what can be done for them |
//! | [`bills`] | bills, one to print, and what a customer owes |
//! | [`money`], [`texts`], [`loans`] | purchases, texts both ways, loans asked |
//! | [`broadcasts`] | one text to many people |
//! | [`numbers`] | customers who have another number now |
//! | [`payouts`] | money that goes out |
//! | [`ledger`], [`reports`] | the books of a day, the statement of an account, what a day came to |
//! | [`waiting`] | money that came without a prompt |
//! | [`floats`] | cash that managers of sites take and hand in |
//! | [`people`] | logins and tokens |
//! | [`doubt`] | while part of the past may be missing |

pub mod alarms;
pub mod bills;
pub mod broadcasts;
pub mod customer;
pub mod customers;
pub mod doubt;
pub mod floats;
pub mod form;
pub mod home;
pub mod ledger;
pub mod loans;
pub mod login;
pub mod managers;
pub mod money;
pub mod numbers;
pub mod payouts;
pub mod people;
pub mod reports;
pub mod show;
pub mod sites;
pub mod texts;
pub mod waiting;

use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{MethodRouter, get, post},
};
use maud::{DOCTYPE, Markup, html};

use super::{App, answer::status, guard::Caller};
use crate::hub::effect::Refusal;

const STYLE: &str = include_str!("page/hub.css");
const SCRIPT: &str = include_str!("page/hub.js");

/// What a page's handler returns; a refusal is shown as a page.
type Shown = Result<Response, Unshown>;

/// A page that cannot be shown. The guard, which knows the caller, shows the refusal with their menu.
pub struct Unshown(Refusal);

impl From<Refusal> for Unshown {
    fn from(refusal: Refusal) -> Unshown {
        Unshown(refusal)
    }
}

impl IntoResponse for Unshown {
    fn into_response(self) -> Response {
        let mut response = refusal(None, &self.0);
        response.extensions_mut().insert(self.0);
        response
    }
}

/// The handler of a row of the table.
pub(super) fn handler(method: &str, path: &str) -> Option<MethodRouter<App>> {
    Some(match (method, path) {
        ("GET", "/assets/{file}") => get(asset),
        ("GET", "/login") => get(login::form),
        ("POST", "/login") => post(login::login),
        ("POST", "/logout") => post(login::logout),
        ("GET", "/password") => get(login::password_form),
        ("POST", "/password") => post(login::password),
        ("GET", "/") => get(home::home),
        ("GET", "/sites") => get(sites::list),
        ("POST", "/sites") => post(sites::add),
        ("GET", "/sites/{name}") => get(sites::one),
        ("POST", "/sites/{name}/code") => post(sites::code),
        ("POST", "/sites/{name}/revoke") => post(sites::revoke),
        ("POST", "/sites/{name}/managers") => post(managers::add),
        ("POST", "/sites/{name}/managers/pin") => post(managers::pin),
        ("POST", "/sites/{name}/managers/remove") => post(managers::remove),
        ("GET", "/customers") => get(customers::list),
        ("POST", "/customers") => post(customers::create),
        ("GET", "/customers/{id}") => get(customer::one),
        ("POST", "/customers/{id}/credit") => post(customer::credit),
        ("POST", "/customers/{id}/purchase") => post(customer::purchase),
        ("POST", "/customers/{id}/pin") => post(customer::pin),
        ("POST", "/customers/{id}/active") => post(customer::active),
        ("POST", "/customers/{id}/profile") => post(customer::profile),
        ("POST", "/customers/{id}/billing") => post(bills::set),
        ("POST", "/customers/{id}/reading") => post(bills::reading),
        ("GET", "/bills") => get(bills::bills),
        ("GET", "/bills/{id}") => get(bills::bill),
        ("POST", "/bills/{id}/correction") => post(bills::correct),
        ("POST", "/bills/{id}/write-off") => post(bills::write_off),
        ("GET", "/purchases") => get(money::purchases),
        ("GET", "/purchases/{id}") => get(money::purchase),
        ("POST", "/purchases/{id}/order") => post(money::order),
        ("POST", "/purchases/{id}/refund") => post(payouts::refund),
        ("POST", "/customers/{id}/withdraw") => post(payouts::withdraw),
        ("GET", "/payouts") => get(payouts::payouts),
        ("GET", "/payouts/{id}") => get(payouts::payout),
        ("POST", "/payouts/{id}/order") => post(payouts::order),
        ("POST", "/payouts/release") => post(payouts::release),
        ("GET", "/waiting") => get(waiting::waiting),
        ("POST", "/waiting/{provider}/{receipt}") => post(waiting::decide),
        ("GET", "/floats") => get(floats::floats),
        ("POST", "/floats") => post(floats::give),
        ("POST", "/floats/hand-in") => post(floats::hand_in),
        ("POST", "/floats/difference-paid") => post(floats::paid),
        ("POST", "/floats/difference-given-up") => post(floats::given_up),
        ("POST", "/floats/decide") => post(floats::decide),
        ("GET", "/ledger") => get(ledger::trial),
        ("GET", "/ledger/{account}") => get(ledger::account),
        ("GET", "/reports") => get(reports::reports),
        ("GET", "/outbox") => get(texts::outbox),
        ("POST", "/outbox/release") => post(texts::release),
        ("POST", "/outbox/allow") => post(texts::allow),
        ("GET", "/broadcasts") => get(broadcasts::broadcasts),
        ("POST", "/broadcasts/preview") => post(broadcasts::preview),
        ("POST", "/broadcasts") => post(broadcasts::start),
        ("GET", "/broadcasts/{id}") => get(broadcasts::broadcast),
        ("POST", "/broadcasts/{id}/pause") => post(broadcasts::pause),
        ("POST", "/broadcasts/{id}/resume") => post(broadcasts::resume),
        ("POST", "/broadcasts/{id}/cancel") => post(broadcasts::cancel),
        ("GET", "/loans") => get(loans::loans),
        ("POST", "/loans/close") => post(loans::close),
        ("POST", "/tickets/solved") => post(loans::solved),
        ("GET", "/numbers") => get(numbers::numbers),
        ("POST", "/numbers/{id}") => post(numbers::decide),
        ("GET", "/alarms") => get(alarms::alarms),
        ("POST", "/alarms/seen") => post(alarms::seen),
        ("GET", "/doubt") => get(doubt::doubt),
        ("POST", "/doubt/end") => post(doubt::end),
        ("GET", "/people") => get(people::people),
        ("POST", "/people/users") => post(people::add_user),
        ("POST", "/people/users/reset") => post(people::reset_user),
        ("POST", "/people/users/remove") => post(people::remove_user),
        ("POST", "/people/tokens") => post(people::add_token),
        ("POST", "/people/tokens/revoke") => post(people::revoke_token),
        _ => return None,
    })
}

/// `GET /assets/{file}`
async fn asset(Path(file): Path<String>) -> Response {
    let (content_type, text) = match file.as_str() {
        "hub.css" => ("text/css; charset=utf-8", STYLE),
        "hub.js" => ("text/javascript; charset=utf-8", SCRIPT),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, text).into_response()
}

/// The pages in the order of the menu: path and name.
const MENU: [(&str, &str); 15] = [
    ("/", "Today"),
    ("/sites", "Sites"),
    ("/customers", "Customers"),
    ("/purchases", "Purchases"),
    ("/waiting", "To place"),
    ("/payouts", "Payouts"),
    ("/bills", "Bills"),
    ("/floats", "Cash"),
    ("/ledger", "Ledger"),
    ("/reports", "Reports"),
    ("/outbox", "Texts"),
    ("/broadcasts", "Broadcasts"),
    ("/loans", "Loans"),
    ("/numbers", "Numbers"),
    ("/people", "People"),
];

/// A whole page. `path` is the menu's entry it belongs to.
fn page(caller: Option<&Caller>, path: &str, title: &str, content: Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Kisima" }
                link rel="stylesheet" href="/assets/hub.css";
                script src="/assets/hub.js" defer {}
            }
            body {
                @if let Some(caller) = caller {
                    header {
                        div.bar {
                            a.brand href="/" { "Kisima" }
                            div.who {
                                a href="/password" { (caller.name) }
                                form method="post" action="/logout" { (token(caller)) button.link { "Log out" } }
                            }
                        }
                        nav {
                            @for (entry, name) in MENU {
                                @if caller.may("GET", entry) {
                                    @if entry == path { a.here href=(entry) aria-current="page" { (name) } }
                                    @else { a href=(entry) { (name) } }
                                }
                            }
                        }
                    }
                }
                main { (content) }
            }
        }
    };
    Html(page.into_string()).into_response()
}

/// The field that every form holds against forged requests.
fn token(caller: &Caller) -> Markup {
    html! { input type="hidden" name="token" value=(caller.token()); }
}

/// The fields of a form that changes something: against forged requests, and against a second click.
fn guarded(caller: &Caller) -> Markup {
    let mut key = [0; 16];
    // Without randomness the form works all the same; only a second click is not noticed.
    let key = getrandom::fill(&mut key).map(|()| hex::encode(key));
    html! {
        (token(caller))
        @if let Ok(key) = key { input type="hidden" name="key" value=(key); }
    }
}

/// The answer to a refusal: what is wrong, and the way out.
pub fn refusal(caller: Option<&Caller>, refusal: &Refusal) -> Response {
    let content = html! {
        h1 { "That did not work" }
        (problem(refusal))
        p { a href="/" { "To the first page" } }
    };
    let mut response = page(caller, "", "Not done", content);
    *response.status_mut() = status(refusal);
    response
}

/// A refusal on a page.
fn problem(refusal: &Refusal) -> Markup {
    html! { p.problem role="alert" { (show::sentence(&refusal.message)) } }
}

/// What was done, told by a word behind `?done=`: anything else shows nothing.
fn done(word: Option<&str>) -> Markup {
    let sentence = match word {
        Some("credited") => "The litres are booked. The kiosk knows within seconds if it is online.",
        Some("asked") => "The purchase has begun. Its state is below.",
        Some("pin") => "The new PIN holds from now on.",
        Some("blocked") => "The customer is blocked: no water until you unblock them.",
        Some("unblocked") => "The customer can draw water again.",
        Some("changed") => "The change is saved.",
        Some("read") => "The reading is entered.",
        Some("registered") => "The customer is registered.",
        Some("payout") => "It is written down, and the money is reserved. How it stands is below.",
        Some("float") => "The limit is set. The site knows within seconds if it is online.",
        Some("manager") => "They manage this site from now on. Their PIN is the one they have as a customer.",
        Some("number") => "Both numbers are told what you decided.",
        Some("texts_released") => "What waits is being sent.",
        Some("counted") => "The cash is booked, and what it settles may be taken again.",
        Some("difference") => "The difference is booked.",
        Some("released") => "Payouts leave by themselves again.",
        Some("seen") => "The alarms that were shown are put away. They stay on the page of all alarms.",
        Some("ordered") => "Your decision is booked.",
        Some("revoked") => "The gateway of this site is shut out, and what it held is written off.",
        Some("removed") => "The login is gone, and wherever it was used, it is logged out.",
        Some("token") => "The token is void.",
        Some("doubt") => "The doubt is ended. What was held back goes to the sites now.",
        Some("allowed") => "They get all texts again.",
        Some("ticket") => "It is solved, and whoever reported it is told.",
        Some("broadcast") => {
            "It is written down who gets it, and the texts leave one after the other. How far it is, is below."
        }
        Some("loan") => "The loan is closed, and its site shows it as refused.",
        Some("password") => "Your new password holds. Log in with it.",
        _ => return html! {},
    };
    html! { p.done role="status" { (sentence) } }
}

/// After a change: the page again, by GET, so that a reload changes nothing.
fn back_to(path: &str) -> Response {
    Redirect::to(path).into_response()
}
