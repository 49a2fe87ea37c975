//! For machines that watch: alive, ready, and numbers for Prometheus (text format 0.0.4).

use std::fmt::Write;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{
    App,
    answer::{Api, Json, Refused},
};
use crate::{
    hub::{
        effect::{Refusal, RefusalKind},
        store::read,
    },
    provider::circuit::State as Circuit,
};

/// `GET /health`: the process answers.
pub async fn health() -> Api {
    Json::ok(json!({ "status": "ok" }))
}

/// `GET /ready`: the books can be read and the program is not on its way out.
pub async fn ready(State(app): State<App>) -> Api {
    if app.parts.stop.is_stopped() {
        return Err(Refusal::new(RefusalKind::Unavailable, "unavailable", "the hub is stopping").into());
    }
    app.parts.books.read(read::answers).await?;
    Json::ok(json!({ "status": "ready" }))
}

/// `GET /metrics`
pub async fn metrics(State(app): State<App>) -> Response {
    let zone = &app.parts.settings.zone;
    let (now, _) = app.parts.clock.now();
    let since = zone.begin(zone.day(now));
    let seen = app
        .parts
        .books
        .read(move |books| Ok((read::totals(books, since)?, read::sites_unhashed(books)?)))
        .await;
    let (totals, sites) = match seen {
        Ok(seen) => seen,
        Err(refusal) => return Refused(refusal).into_response(),
    };
    let mut text = String::new();
    let mut line = |name: &str, help: &str, value: i64| {
        // Writing to a String cannot fail.
        let written = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
        debug_assert!(written.is_ok());
    };
    let queued: u64 = sites.iter().flat_map(|site| site.queue).sum();
    line("kisima_sites", "Sites.", count(sites.len()));
    line("kisima_sites_online", "Sites with a socket.", totals.sites_online);
    line("kisima_customers", "Customers with an account.", totals.customers);
    line(
        "kisima_drawn_millilitres_today",
        "Water drawn since midnight.",
        totals.drawn_ml,
    );
    line(
        "kisima_purchases_for_operators",
        "Purchases that an operator must look at.",
        totals.purchases_waiting,
    );
    line(
        "kisima_records_unacknowledged",
        "Records of the hub that sites are not known to hold.",
        i64::try_from(queued).unwrap_or(i64::MAX),
    );
    let circuits = app.parts.circuits.shown();
    if !circuits.is_empty() {
        text.push_str("# HELP kisima_provider_up Whether calls go out to a payment provider.\n");
        text.push_str("# TYPE kisima_provider_up gauge\n");
    }
    for circuit in circuits {
        let (name, up) = (circuit.provider.name(), u8::from(circuit.state == Circuit::Up));
        text.push_str(&format!("kisima_provider_up{{provider=\"{name}\"}} {up}\n"));
    }
    let content = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (content, text).into_response()
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
