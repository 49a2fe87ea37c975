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

/// `GET /metrics`: of the last commit. All are gauges: the books are folded again after a restore and corrected later, so
/// nothing here only grows.
pub async fn metrics(State(app): State<App>) -> Response {
    let zone = &app.parts.settings.zone;
    let (now, _) = app.parts.clock.now();
    let (since, currency) = (zone.begin(zone.day(now)), app.parts.settings.currency);
    let seen = app
        .parts
        .books
        .read(move |books| {
            let in_doubt = read::in_doubt(books)?;
            Ok((
                read::totals(books, since, currency)?,
                read::sites_unhashed(books)?,
                in_doubt,
                read::thin_refused(books)?,
            ))
        })
        .await;
    let (totals, sites, in_doubt, texts_refused) = match seen {
        Ok(seen) => seen,
        Err(refusal) => return Refused(refusal).into_response(),
    };
    let mut text = String::new();
    let mut line = |name: &str, help: &str, value: String| {
        // Writing to a String cannot fail.
        let written = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
        debug_assert!(written.is_ok());
    };
    let queued: u64 = sites.iter().flat_map(|site| site.queue).sum();
    let joined = sites.iter().filter(|site| site.box_id.is_some()).count();
    line("kisima_sites", "Sites that were added.", sites.len().to_string());
    line("kisima_sites_joined", "Sites with a gateway.", joined.to_string());
    line(
        "kisima_sites_online",
        "Sites whose gateway has a socket.",
        totals.sites_online.to_string(),
    );
    let by_texts = sites.iter().filter(|site| site.reached_by() == "texts").count();
    line(
        "kisima_sites_by_texts",
        "Sites whose gateway syncs by SMS or USSD, without a socket.",
        by_texts.to_string(),
    );
    line(
        "kisima_sync_texts_refused",
        "Texts that looked like a frame of sync and that no gateway had sealed.",
        texts_refused.to_string(),
    );
    line(
        "kisima_customers",
        "Customers with an account.",
        totals.customers.to_string(),
    );
    line(
        "kisima_dispensed_today_litres",
        "Water dispensed since midnight at the hub, corrections taken off.",
        litres(totals.drawn_ml),
    );
    line(
        "kisima_purchases_needing_operator",
        "Purchases that an operator must decide.",
        totals.purchases_waiting.to_string(),
    );
    line(
        "kisima_sync_unacknowledged_records",
        "Records of the hub that sites are not known to hold.",
        queued.to_string(),
    );
    line(
        "kisima_hub_in_doubt",
        "1 while part of the hub's past may be missing and it grants only from new money.",
        u8::from(in_doubt).to_string(),
    );
    let circuits = app.parts.circuits.shown();
    if !circuits.is_empty() {
        text.push_str("# HELP kisima_provider_up Whether calls go out to a provider.\n");
        text.push_str("# TYPE kisima_provider_up gauge\n");
    }
    for circuit in circuits {
        let (name, up) = (circuit.service.name(), u8::from(circuit.state == Circuit::Up));
        text.push_str(&format!("kisima_provider_up{{provider=\"{name}\"}} {up}\n"));
    }
    let content = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (content, text).into_response()
}

/// Whole litres and thousandths, as Prometheus reads a number.
fn litres(ml: i64) -> String {
    let sign = if ml < 0 { "-" } else { "" };
    let ml = ml.unsigned_abs();
    format!("{sign}{}.{:03}", ml / 1_000, ml % 1_000)
}
