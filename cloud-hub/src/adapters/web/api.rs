//! `/api/v1` and `GET /kiosks` (CONTRACTS section 6).
//!
//! | module | what it serves |
//! |---|---|
//! | [`alarms`] | what needed a look |
//! | [`bills`] | bills and readings |
//! | [`broadcasts`] | one text to many people |
//! | [`customers`] | customers and what is done to one |
//! | [`floats`] | cash that managers of sites take and hand in |
//! | [`ledger`] | the ledger |
//! | [`loans`] | loans between people |
//! | [`managers`] | managers of sites who work by phone |
//! | [`money`] | purchases, transactions |
//! | [`numbers`] | accounts that are to go along to another number |
//! | [`payouts`] | refunds, withdrawals, returns |
//! | [`suspense`] | money that is in nobody's name |
//! | [`reports`] | what a day came to |
//! | [`sites`] | sites and kiosks |
//! | [`tickets`] | problems that people reported |
//! | [`query`] | what stands behind `?` |

pub mod alarms;
pub mod bills;
pub mod broadcasts;
pub mod customers;
pub mod floats;
pub mod ledger;
pub mod loans;
pub mod managers;
pub mod money;
pub mod numbers;
pub mod payouts;
pub mod query;
pub mod reports;
pub mod sites;
pub mod suspense;
pub mod tickets;

use axum::{
    http::HeaderMap,
    routing::{MethodRouter, get, patch, post},
};

use super::{App, body::idempotency_key, guard::Caller};
use crate::hub::{
    effect::{Refusal, Response},
    input::Request,
};

/// The handler of a row of the table.
pub(super) fn handler(method: &str, path: &str) -> Option<MethodRouter<App>> {
    Some(match (method, path) {
        ("GET", "/kiosks") => get(sites::kiosks),
        ("POST", "/api/v1/customers") => post(customers::create),
        ("GET", "/api/v1/customers") => get(customers::list),
        ("GET", "/api/v1/customers/{id}") => get(customers::one),
        ("PATCH", "/api/v1/customers/{id}") => patch(customers::change),
        ("POST", "/api/v1/customers/{id}/credit") => post(customers::credit),
        ("POST", "/api/v1/customers/{id}/pin") => post(customers::pin),
        ("POST", "/api/v1/customers/{id}/active") => post(customers::active),
        ("GET", "/api/v1/customers/{id}/billing") => get(bills::billing),
        ("POST", "/api/v1/customers/{id}/billing") => post(bills::set),
        ("POST", "/api/v1/customers/{id}/readings") => post(bills::reading),
        ("GET", "/api/v1/customers/{id}/bills") => get(bills::of_customer),
        ("GET", "/api/v1/bills") => get(bills::list),
        ("GET", "/api/v1/bills/{id}") => get(bills::one),
        ("POST", "/api/v1/bills/{id}/correction") => post(bills::correct),
        ("POST", "/api/v1/bills/{id}/write-off") => post(bills::write_off),
        ("POST", "/api/v1/purchases") => post(money::buy),
        ("GET", "/api/v1/purchases") => get(money::purchases),
        ("GET", "/api/v1/purchases/{id}") => get(money::purchase),
        ("POST", "/api/v1/purchases/{id}/refund") => post(payouts::refund),
        ("POST", "/api/v1/customers/{id}/withdraw") => post(payouts::withdraw),
        ("POST", "/api/v1/suspense/{provider}/{receipt}/return") => post(payouts::give_back),
        ("GET", "/api/v1/payouts") => get(payouts::payouts),
        ("GET", "/api/v1/payouts/{id}") => get(payouts::payout),
        ("POST", "/api/v1/payouts/{id}/order") => post(payouts::order),
        ("POST", "/api/v1/payouts/release") => post(payouts::release),
        ("POST", "/api/v1/loans") => post(loans::create),
        ("GET", "/api/v1/loans") => get(loans::loans),
        ("GET", "/api/v1/loans/{id}") => get(loans::loan),
        ("POST", "/api/v1/loans/{id}/approve") => post(loans::approve),
        ("POST", "/api/v1/loans/{id}/refuse") => post(loans::refuse),
        ("POST", "/api/v1/loans/{id}/cancel") => post(loans::cancel),
        ("POST", "/api/v1/loans/{id}/repay") => post(loans::repay),
        ("GET", "/api/ussd/queue/{phone}") => get(loans::queue),
        ("POST", "/api/ussd/sync") => post(loans::sync),
        ("GET", "/api/v1/tickets") => get(tickets::tickets),
        ("POST", "/api/v1/tickets/{number}/solve") => post(tickets::solve),
        ("POST", "/api/v1/customers/{id}/allow-texts") => post(tickets::allow_texts),
        ("GET", "/api/v1/providers") => get(money::providers),
        ("GET", "/api/v1/transactions") => get(money::transactions),
        ("POST", "/api/v1/sites") => post(sites::add),
        ("GET", "/api/v1/sites") => get(sites::list),
        ("GET", "/api/v1/alarms") => get(alarms::list),
        ("GET", "/api/v1/ledger/balance") => get(ledger::balance),
        ("GET", "/api/v1/ledger/accounts") => get(ledger::accounts),
        ("GET", "/api/v1/ledger/accounts/{account}") => get(ledger::statement),
        ("GET", "/api/v1/ledger/trial") => get(ledger::trial),
        ("GET", "/api/v1/reports") => get(reports::reports),
        ("GET", "/api/v1/suspense") => get(suspense::waiting),
        ("POST", "/api/v1/suspense/{provider}/{receipt}/allocate") => post(suspense::allocate),
        ("POST", "/api/v1/broadcasts/preview") => post(broadcasts::preview),
        ("POST", "/api/v1/broadcasts") => post(broadcasts::start),
        ("GET", "/api/v1/broadcasts") => get(broadcasts::list),
        ("GET", "/api/v1/broadcasts/{id}") => get(broadcasts::one),
        ("POST", "/api/v1/broadcasts/{id}/pause") => post(broadcasts::pause),
        ("POST", "/api/v1/broadcasts/{id}/resume") => post(broadcasts::resume),
        ("POST", "/api/v1/broadcasts/{id}/cancel") => post(broadcasts::cancel),
        ("GET", "/api/v1/floats") => get(floats::list),
        ("POST", "/api/v1/sites/{site}/floats") => post(floats::set),
        ("POST", "/api/v1/sites/{site}/floats/{manager}/hand-in") => post(floats::hand_in),
        ("POST", "/api/v1/sites/{site}/floats/{manager}/difference-paid") => post(floats::paid),
        ("POST", "/api/v1/sites/{site}/floats/{manager}/difference-given-up") => post(floats::given_up),
        ("GET", "/api/v1/sites/{site}/managers") => get(managers::list),
        ("POST", "/api/v1/sites/{site}/managers") => post(managers::add),
        ("POST", "/api/v1/sites/{site}/managers/{id}/pin") => post(managers::pin),
        ("POST", "/api/v1/sites/{site}/managers/{id}/remove") => post(managers::remove),
        ("GET", "/api/v1/numbers") => get(numbers::list),
        ("POST", "/api/v1/numbers/{id}") => post(numbers::decide),
        _ => return None,
    })
}

/// Asks the machine for somebody, with the request's `Idempotency-Key`.
async fn ask(app: &App, caller: &Caller, headers: &HeaderMap, request: Request) -> Result<Response, Refusal> {
    let key = idempotency_key(headers)?;
    app.parts.desk.ask(caller.actor(), key, request).await
}

/// Reads an id in a path: what is none names nothing.
fn id(text: &str, thing: &str) -> Result<u64, Refusal> {
    let digits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let id = digits.then(|| u64::from_str_radix(text, 16).ok()).flatten();
    id.ok_or_else(|| Refusal::not_found(thing))
}
