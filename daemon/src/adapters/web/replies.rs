//! Callers that wait for the machine's answer, and pages that wait for news.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use runtime::decide::Inbox;
use tokio::sync::{oneshot, watch};

use crate::site::{
    effect::{Delivery, Effect, Refusal, Rejection, Told},
    input::{Command, Door, Input, ReplyId},
};

/// How long a caller waits for the machine.
pub const REPLY_WITHIN: Duration = Duration::from_secs(10);
/// Callers that may wait at once.
pub const WAITING_MAX: usize = 1_024;

/// What a caller gets.
#[derive(Debug)]
pub(super) enum Reply {
    Told(Result<Told, Refusal>),
    Delivered(Delivery),
    Rejected(Rejection),
}

/// Why a caller got nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// Too many wait already.
    #[error("too many callers wait: try again in a moment")]
    Busy,
    /// The machine did not answer in time; whether it acted is not known.
    #[error("the gateway did not answer in time: look before you try again")]
    Late,
    /// The program is stopping.
    #[error("the gateway is stopping: try again in a minute")]
    Stopping,
}

/// All waiting callers. Whoever routes effects feeds it; cheap to clone.
#[derive(Clone)]
pub struct Replies(Arc<Callers>);

struct Callers {
    next: AtomicU64,
    waiting: Mutex<BTreeMap<ReplyId, oneshot::Sender<Reply>>>,
    news: watch::Sender<u64>,
}

impl Default for Replies {
    fn default() -> Replies {
        Replies(Arc::new(Callers {
            next: AtomicU64::new(1),
            waiting: Mutex::default(),
            news: watch::Sender::new(0),
        }))
    }
}

impl Replies {
    /// Takes an effect that is for a caller or a page; gives back any other. Never blocks.
    pub fn take(&self, effect: Effect) -> Option<Effect> {
        match effect {
            Effect::Reply(id, told) => self.deliver(id, Reply::Told(told)),
            Effect::Deliver(Door::Http(_, id), delivery) => self.deliver(id, Reply::Delivered(delivery)),
            Effect::Reject(Door::Http(_, id), _, rejection) => self.deliver(id, Reply::Rejected(rejection)),
            Effect::Live => self.0.news.send_modify(|count| *count = count.wrapping_add(1)),
            other => return Some(other),
        }
        None
    }

    /// Tells the machine and waits for its answer: for subcommands that come through a running daemon.
    pub async fn tell(&self, inbox: &Inbox<Input>, command: Command) -> Result<Result<Told, Refusal>, Unanswered> {
        match self.wait(inbox, |id| Input::Told(id, command)).await? {
            Reply::Told(told) => Ok(told),
            Reply::Delivered(_) | Reply::Rejected(_) => Err(Unanswered::Late),
        }
    }

    /// How many callers wait now.
    pub fn waiting(&self) -> usize {
        self.lock().len()
    }

    /// Hears of every change that an open page shows.
    pub(super) fn news(&self) -> watch::Receiver<u64> {
        self.0.news.subscribe()
    }

    /// Puts an input in and waits for what comes back under its id.
    pub(super) async fn wait(
        &self,
        inbox: &Inbox<Input>,
        input: impl FnOnce(ReplyId) -> Input,
    ) -> Result<Reply, Unanswered> {
        let (place, answer) = self.place()?;
        let answered = async {
            inbox.send(input(place.id)).await.map_err(|_| Unanswered::Stopping)?;
            answer.await.map_err(|_| Unanswered::Stopping)
        };
        tokio::time::timeout(REPLY_WITHIN, answered)
            .await
            .unwrap_or(Err(Unanswered::Late))
    }

    fn place(&self) -> Result<(Place<'_>, oneshot::Receiver<Reply>), Unanswered> {
        let mut waiting = self.lock();
        if waiting.len() >= WAITING_MAX {
            return Err(Unanswered::Busy);
        }
        let id = ReplyId(self.0.next.fetch_add(1, Ordering::Relaxed));
        let (sender, receiver) = oneshot::channel();
        waiting.insert(id, sender);
        Ok((Place { replies: self, id }, receiver))
    }

    fn deliver(&self, id: ReplyId, reply: Reply) {
        let caller = self.lock().remove(&id);
        if caller.is_none_or(|caller| caller.send(reply).is_err()) {
            tracing::debug!(id = id.0, "the caller has gone");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<ReplyId, oneshot::Sender<Reply>>> {
        // The map is whole between any two of its changes.
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A caller's place; given up when it waits no longer, for whatever reason.
struct Place<'a> {
    replies: &'a Replies,
    id: ReplyId,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.replies.lock().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_finds_its_caller_and_leaves_no_place_behind() {
        let (inbox, mut queue) = runtime::decide::queue();
        let replies = Replies::default();
        let machine = async {
            let Some(Input::Told(id, Command::Status)) = queue.recv().await else {
                panic!("the command arrives")
            };
            assert_eq!(replies.waiting(), 1);
            assert!(replies.take(Effect::Reply(id, Ok(Told::Done))).is_none());
            assert!(
                replies.take(Effect::Reply(id, Ok(Told::Done))).is_none(),
                "twice is harmless"
            );
        };
        let (told, ()) = tokio::join!(replies.tell(&inbox, Command::Status), machine);
        assert_eq!(told, Ok(Ok(Told::Done)));
        assert_eq!(replies.waiting(), 0);
        assert!(replies.take(Effect::Dial(String::new())).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_machine_that_does_not_answer_costs_no_place() {
        let (inbox, _queue) = runtime::decide::queue();
        let replies = Replies::default();
        assert_eq!(replies.tell(&inbox, Command::Status).await, Err(Unanswered::Late));
        assert_eq!(replies.waiting(), 0);
    }
}
