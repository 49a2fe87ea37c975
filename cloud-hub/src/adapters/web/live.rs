//! What pages hear while they are open: server-sent events.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::stream::{self, Stream};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;

use super::App;
use crate::hub::effect::LiveEvent;

/// A comment is sent this often, so that proxies do not take silence for the end.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// `GET /events`: one event for each thing that happens; `missed` tells a page to load itself again.
pub async fn events(State(app): State<App>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let receiver = app.parts.live.subscribe();
    let stop = app.parts.stop.clone();
    let events = stream::unfold((receiver, stop), |(mut receiver, stop)| async move {
        let event = tokio::select! {
            event = receiver.recv() => event,
            () = stop.stopped() => return None,
        };
        let event = match event {
            Ok(event) => shown(&event),
            Err(RecvError::Lagged(_)) => Event::default().event("missed").data("{}"),
            Err(RecvError::Closed) => return None,
        };
        Some((Ok(event), (receiver, stop)))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

fn shown(event: &LiveEvent) -> Event {
    let (name, data): (&str, Value) = match event {
        LiveEvent::Site { site, online } => ("site", json!({ "site": site.as_str(), "online": online })),
        LiveEvent::Poured {
            site,
            customer,
            volume,
            time,
        } => (
            "poured",
            json!({
                "site": site.as_str(),
                "customer": customer.map(|customer| customer.to_string()),
                "volume_ml": volume.ml(),
                "time": time.rfc3339(),
            }),
        ),
        LiveEvent::Purchase {
            purchase,
            customer,
            state,
        } => (
            "purchase",
            json!({
                "id": purchase.to_string(),
                "customer": customer.to_string(),
                "state": state.name(),
            }),
        ),
        LiveEvent::Payout {
            payout,
            customer,
            state,
        } => (
            "payout",
            json!({
                "id": payout.to_string(),
                "customer": customer.map(|customer| customer.to_string()),
                "state": state.name(),
            }),
        ),
        LiveEvent::Customer { customer } => ("customer", json!({ "customer": customer.to_string() })),
        LiveEvent::Alarm { code, detail } => ("alarm", json!({ "code": code, "detail": detail })),
    };
    Event::default().event(name).data(data.to_string())
}
