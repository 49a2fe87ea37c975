//! `/api/v1` and `GET /kiosks` (CONTRACTS section 6).
//!
//! | module | what it serves |
//! |---|---|
//! | [`customers`] | customers and what is done to one |
//! | [`money`] | purchases, transactions, the ledger |
//! | [`floats`] | cash that managers of sites take and hand in |
//! | [`sites`] | sites and kiosks |
//! | [`query`] | what stands behind `?` |

pub mod customers;
pub mod floats;
pub mod money;
pub mod query;
pub mod sites;

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
        ("POST", "/api/v1/purchases") => post(money::buy),
        ("GET", "/api/v1/purchases/{id}") => get(money::purchase),
        ("GET", "/api/v1/providers") => get(money::providers),
        ("GET", "/api/v1/transactions") => get(money::transactions),
        ("POST", "/api/v1/sites") => post(sites::add),
        ("GET", "/api/v1/sites") => get(sites::list),
        ("GET", "/api/v1/ledger/balance") => get(money::balance),
        ("GET", "/api/v1/floats") => get(floats::list),
        ("POST", "/api/v1/sites/{site}/floats") => post(floats::set),
        ("POST", "/api/v1/sites/{site}/floats/{manager}/hand-in") => post(floats::hand_in),
        ("POST", "/api/v1/sites/{site}/floats/{manager}/difference-paid") => post(floats::paid),
        ("POST", "/api/v1/sites/{site}/floats/{manager}/difference-given-up") => post(floats::given_up),
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
