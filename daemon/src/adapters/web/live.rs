//! Health, and news for open pages: server-sent events (HTML standard, section 9.2).

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    extract::State,
    http::header,
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
    routing::get,
};
use futures_util::{StreamExt as _, stream};
use tokio::time::sleep;

use super::{Web, gate::Place, problem::Problem};

/// Pages that may listen at once.
pub(super) const PAGES_MAX: usize = 32;
/// Between two events on one page.
const EVENT_EVERY: Duration = Duration::from_millis(500);
/// Between two signs of life.
const ALIVE_EVERY: Duration = Duration::from_secs(15);

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/health", get(async || "ok\n"))
        .route("/ready", get(ready))
        .route("/events", get(events))
}

/// Ready when the machine answers and its database can be read; no link is needed to sell water.
async fn ready(State(web): State<Web>) -> Result<&'static str, Problem> {
    web.status().await?;
    web.read(|connection| crate::site::store::read::jerrycan(connection).map(drop))
        .await?;
    Ok("ready\n")
}

/// An event `change` when something changed that a page shows. The connection counts among live pages from here on, not
/// among those that ask; so it ends with the last event.
async fn events(State(web): State<Web>, Extension(gate): Extension<Arc<Place>>) -> Result<Response, Problem> {
    let place = Arc::clone(&web.0.pages_live)
        .try_acquire_owned()
        .map_err(|_| Problem::busy())?;
    gate.give_up();
    let (mut news, stop) = (web.0.replies.news(), web.0.stop.clone());
    news.mark_unchanged();
    let state = (news, stop, place, true);
    let events = stream::unfold(state, async |(mut news, stop, place, is_first)| {
        if is_first {
            let hello = Event::default().event("hello").data("{}");
            return Some((hello, (news, stop, place, false)));
        }
        let changed = async {
            sleep(EVENT_EVERY).await;
            news.changed().await.is_ok()
        };
        let is_alive = tokio::select! {
            is_alive = changed => is_alive,
            () = stop.stopped() => false,
        };
        let count = *news.borrow_and_update();
        let event = Event::default().event("change").data(format!("{{\"count\":{count}}}"));
        is_alive.then_some((event, (news, stop, place, false)))
    });
    let events = events.map(Ok::<_, Infallible>);
    let events = Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE_EVERY));
    Ok(([(header::CONNECTION, "close")], events).into_response())
}
