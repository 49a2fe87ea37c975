//! Pages, API and the door for dispensers without MQTT: one HTTP listener (CONTRACTS sections 4 and 6).
//!
//! ```text
//! socket ─ gate (so many at once, so many an address, none idle) ─ guard (role table, who calls, CSRF) ─ handler
//!                                                   reads:   Readers, read-only connections on blocking threads
//!                                                   changes: Input::Told ──▶ machine ──▶ Replies ──▶ the waiting caller
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | [`roles`] | every route and who may call it: what is not in this table is refused |
//! | [`replies`] | callers that wait for the machine, and pages that wait for news |
//! | [`password`] | hashing, one at a time, and the secrets that are handed out |
//! | [`wire`] | answers, receipts and what people are told, as JSON |
//! | `fields` | bodies of requests, read |
//! | `guard`, `gate`, `problem` | who calls; how many; what they are told when it does not work |
//! | `dispensers`, `api`, `changes`, `live`, `metrics`, `docs` | the routes for programs |
//! | `pages` | the routes for people |
//!
//! What is absent: any decision about water, money or tries. Those are the machine's.

mod api;
mod changes;
mod dispensers;
mod docs;
mod fields;
mod gate;
mod guard;
mod live;
mod metrics;
mod pages;
pub mod password;
mod problem;
pub mod replies;
pub mod roles;
pub mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::{Router, extract::DefaultBodyLimit};
use runtime::{decide::Inbox, stop::Stop};
use store::StoreError;
use tokio::{net::TcpListener, sync::Semaphore};

use crate::site::{
    effect::{Refusal, Status, Told},
    input::{Command, Input, Once, Order},
    store::readers::{READERS_KEPT_MAX, Readers, Reading},
};

use problem::Problem;
use replies::Replies;

/// The longest body that is taken.
pub const BODY_BYTES_MAX: usize = 64 * 1_024;

/// What all handlers share.
#[derive(Clone)]
struct Web(Arc<Shared>);

struct Shared {
    inbox: Inbox<Input>,
    replies: Replies,
    readers: Arc<Readers>,
    reading: Semaphore,
    hasher: password::Hasher,
    pace: dispensers::Pace,
    pages_live: Arc<Semaphore>,
    stop: Stop,
}

/// Serves until `stop`. Gives back the listener's failure; a failure of one connection ends that connection alone.
///
/// `replies` is the same that whoever routes effects feeds; `readers` read the site's database.
pub async fn run(
    listener: TcpListener,
    inbox: Inbox<Input>,
    replies: Replies,
    readers: Readers,
    stop: Stop,
) -> std::io::Result<()> {
    let web = Web(Arc::new(Shared {
        inbox,
        replies,
        readers: Arc::new(readers),
        reading: Semaphore::new(READERS_KEPT_MAX),
        hasher: password::Hasher::default(),
        pace: dispensers::Pace::default(),
        pages_live: Arc::new(Semaphore::new(live::PAGES_MAX)),
        stop: stop.clone(),
    }));
    gate::serve(listener, gate::Limits::default(), router(web), stop).await;
    Ok(())
}

/// Every route. Each stands in [`roles::ROUTES`] as well, or the guard refuses it.
fn router(web: Web) -> Router {
    let routes = Router::new()
        .merge(live::routes())
        .merge(metrics::routes())
        .merge(dispensers::routes())
        .merge(api::routes())
        .merge(changes::routes())
        .merge(docs::routes())
        .merge(pages::routes());
    guard::around(routes, web.clone())
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(web)
}

impl Web {
    /// Tells the machine and waits for what it says.
    async fn tell(&self, command: Command) -> Result<Told, Problem> {
        Ok(self.0.replies.tell(&self.0.inbox, command).await??)
    }

    /// The same in somebody's name.
    async fn tell_as(&self, caller: &guard::Caller, once: Option<Once>, command: Command) -> Result<Told, Problem> {
        let order = Order {
            who: caller.name.clone(),
            once,
            command,
        };
        self.tell(Command::By(Box::new(order))).await
    }

    /// How the site stands.
    async fn status(&self) -> Result<Status, Problem> {
        match self.tell(Command::Status).await? {
            Told::Status(status) => Ok(*status),
            _ => Err(Problem::from(Refusal::Degraded)),
        }
    }

    /// Reads the last commit on a thread that may wait.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reading) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let _place = self.0.reading.acquire().await.map_err(|_| Problem::stopping())?;
        let readers = Arc::clone(&self.0.readers);
        let result = tokio::task::spawn_blocking(move || readers.read(read)).await;
        match result {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => {
                tracing::error!(%error, "a page cannot be read");
                Err(Problem::unreadable())
            }
            Err(error) => {
                tracing::error!(%error, "a page cannot be read");
                Err(Problem::unreadable())
            }
        }
    }
}
