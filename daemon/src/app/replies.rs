//! Callers that wait for the machine's word.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use runtime::decide::Inbox;
use tokio::{sync::oneshot, time::timeout};

use crate::site::{
    effect::{Refusal, Rejection, Told},
    input::{Command, Input, ReplyId},
};

/// How long a caller waits.
pub const REPLY_WITHIN: Duration = Duration::from_secs(10);

/// What comes back to a caller.
#[derive(Debug)]
pub enum Reply {
    /// An answer or a receipt, in its bytes.
    Delivered(Result<Vec<u8>, Rejection>),
    /// What a person is told.
    Told(Result<Told, Refusal>),
}

/// Those who wait. Clones share it.
#[derive(Clone, Default)]
pub struct Replies(Arc<Shared>);

#[derive(Default)]
struct Shared {
    next: AtomicU64,
    waiting: Mutex<BTreeMap<ReplyId, oneshot::Sender<Reply>>>,
}

impl Replies {
    /// A new caller: its id, and where its reply will come out.
    pub fn wait(&self) -> (ReplyId, oneshot::Receiver<Reply>) {
        let id = ReplyId(self.0.next.fetch_add(1, Ordering::Relaxed));
        let (sender, receiver) = oneshot::channel();
        self.waiting().insert(id, sender);
        (id, receiver)
    }

    /// The bytes for a dispenser that came by HTTP.
    pub fn delivered(&self, id: ReplyId, result: Result<Vec<u8>, Rejection>) {
        self.give(id, Reply::Delivered(result));
    }

    /// The word for a person.
    pub fn told(&self, id: ReplyId, result: Result<Told, Refusal>) {
        self.give(id, Reply::Told(result));
    }

    /// Sends what `input` makes of a new caller's id and waits; `None` when no answer came in time.
    pub async fn ask(&self, inbox: &Inbox<Input>, input: impl FnOnce(ReplyId) -> Input) -> Option<Reply> {
        let (id, receiver) = self.wait();
        let reply = match inbox.send(input(id)).await {
            Ok(()) => timeout(REPLY_WITHIN, receiver).await.ok().and_then(Result::ok),
            Err(_) => None,
        };
        self.waiting().remove(&id);
        reply
    }

    /// Tells the machine something and waits for its word.
    pub async fn tell(&self, inbox: &Inbox<Input>, command: Command) -> Result<Told, Refusal> {
        match self.ask(inbox, |id| Input::Told(id, command)).await {
            Some(Reply::Told(told)) => told,
            _ => Err(Refusal::Degraded),
        }
    }

    fn give(&self, id: ReplyId, reply: Reply) {
        let waiting = self.waiting().remove(&id);
        if waiting.is_some_and(|sender| sender.send(reply).is_err()) {
            tracing::debug!("a caller did not wait for its reply");
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, BTreeMap<ReplyId, oneshot::Sender<Reply>>> {
        // A map of senders is whole between any two calls.
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
