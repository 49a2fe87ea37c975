//! `GET /metrics`: the text format of Prometheus, version 0.0.4. Counters begin at zero with each start.

use std::fmt::{Display, Write as _};

use axum::{
    Router,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use kiosk::ids::Lane;

use crate::site::{effect::Status, sim::SimStatus};

use super::{Web, problem::Problem};

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/metrics", get(metrics))
}

async fn metrics(State(web): State<Web>) -> Result<Response, Problem> {
    let status = web.status().await?;
    let text = text(&status, web.0.replies.waiting());
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}

fn text(status: &Status, callers: usize) -> String {
    let mut text = String::new();
    family(
        &mut text,
        (
            "kisima_asks_total",
            "counter",
            "Asks decided, by the word they were told.",
        ),
        status
            .decided
            .iter()
            .map(|(word, count)| (format!("{{reason=\"{word}\"}}"), *count)),
    );
    family(
        &mut text,
        ("kisima_sales_total", "counter", "Rows of sales, by kind."),
        status
            .sold
            .iter()
            .map(|(kind, count, _)| (format!("{{kind=\"{kind}\"}}"), *count)),
    );
    family(
        &mut text,
        (
            "kisima_volume_millilitres",
            "gauge",
            "Their volume; corrections lower it.",
        ),
        status
            .sold
            .iter()
            .map(|(kind, _, ml)| (format!("{{kind=\"{kind}\"}}"), *ml)),
    );
    family(
        &mut text,
        (
            "kisima_queue",
            "gauge",
            "Records the hub has not acknowledged, by lane.",
        ),
        Lane::ALL
            .iter()
            .zip(status.queue)
            .map(|(lane, count)| (format!("{{lane=\"{}\"}}", lane.name()), count)),
    );
    let spent = status.spent;
    family(
        &mut text,
        (
            "kisima_bytes_today",
            "gauge",
            "Bytes of frames since the day of sales began, by purpose.",
        ),
        [("sync_sent", spent.sync_sent), ("sync_received", spent.sync_received)]
            .map(|(purpose, count)| (format!("{{purpose=\"{purpose}\"}}"), count)),
    );
    let online = status.dispensers.iter().filter(|dispenser| dispenser.online).count();
    let single: [(&str, &str, &str, u64); 7] = [
        (
            "kisima_link_up",
            "gauge",
            "Whether the hub is heard.",
            status.link_up.into(),
        ),
        (
            "kisima_degraded",
            "gauge",
            "Whether nothing is sold now.",
            status.degraded.into(),
        ),
        (
            "kisima_clock_trusted",
            "gauge",
            "Whether the clock is trusted.",
            status.trust.is_trusted().into(),
        ),
        (
            "kisima_dispensers",
            "gauge",
            "Dispensers of this site.",
            status.dispensers.len() as u64,
        ),
        (
            "kisima_dispensers_online",
            "gauge",
            "Dispensers heard of late.",
            online as u64,
        ),
        (
            "kisima_commits_total",
            "counter",
            "Batches of inputs committed.",
            status.commits,
        ),
        (
            "kisima_callers_waiting",
            "gauge",
            "HTTP callers that wait for an answer.",
            callers as u64,
        ),
    ];
    for (name, kind, help, value) in single {
        family(&mut text, (name, kind, help), [(String::new(), value)]);
    }
    if let Some(sim) = &status.sim {
        text.push_str(&modem(sim));
    }
    if let Some(room) = status.room {
        for (name, help, value) in [
            (
                "kisima_disk_free_bytes",
                "Room on the disk, without the ballast.",
                room.free_bytes,
            ),
            (
                "kisima_disk_low",
                "Whether loans, purchases and cash wait for room.",
                room.is_tight().into(),
            ),
        ] {
            family(&mut text, (name, "gauge", help), [(String::new(), value)]);
        }
    }
    text
}

/// What concerns the modem, its SIM and its texts.
fn modem(sim: &SimStatus) -> String {
    let mut text = String::new();
    let network = sim.network.as_ref();
    let registered = network.is_some_and(|network| network.is_registered);
    for (name, help, value) in [
        (
            "kisima_modem_ready",
            "Whether the modem answers.",
            Some(i64::from(sim.identity.is_some())),
        ),
        (
            "kisima_modem_registered",
            "Whether it is in a network.",
            Some(registered.into()),
        ),
        (
            "kisima_modem_signal_dbm",
            "The strength of its signal.",
            network.and_then(|network| network.signal_dbm).map(i64::from),
        ),
        (
            "kisima_sms_today",
            "Texts of the network sent since the day of sales began.",
            Some(sim.parts_today.into()),
        ),
        (
            "kisima_sms_budget",
            "How many there may be in a day.",
            Some(sim.parts_per_day.into()),
        ),
        (
            "kisima_sms_waiting",
            "Texts that wait to be sent.",
            Some(sim.waiting.into()),
        ),
        (
            "kisima_airtime_minor",
            "What was left on the SIM when its operator last told it, in minor units.",
            sim.airtime.left.map(|left| left.minor),
        ),
    ] {
        if let Some(value) = value {
            family(&mut text, (name, "gauge", help), [(String::new(), value)]);
        }
    }
    text
}

fn family<T: Display>(
    text: &mut String,
    (name, kind, help): (&str, &str, &str),
    samples: impl IntoIterator<Item = (String, T)>,
) {
    write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n").expect("a text takes everything");
    for (labels, value) in samples {
        writeln!(text, "{name}{labels} {value}").expect("a text takes everything");
    }
}
