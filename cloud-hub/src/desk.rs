//! Where adapters ask the machine and wait for its answer.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use kiosk::{payment::Report, phone::Phone};
use runtime::decide::Inbox;
use tokio::{sync::oneshot, time::timeout};

use crate::hub::{
    effect::{Refusal, RefusalKind, Response},
    input::{Actor, CallbackName, IncomingText, Input, ReplyId, Request, Service, TextReport},
    money::{Arrival, MoneySource, OrderResult},
};

/// The longest wait for an answer. A draw that needs water back from a site takes up to 5 s (CONTRACTS section 4).
pub const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// How many askers may wait at once.
pub const ASKERS_MAX: usize = 2_048;

/// What the machine says to an asker.
pub type Answer = Result<Response, Refusal>;

/// The askers that wait. The deciding thread answers them here and holds no way back into its own queue.
#[derive(Clone, Default)]
pub struct Replies(Arc<Mutex<BTreeMap<ReplyId, oneshot::Sender<Answer>>>>);

impl Replies {
    /// Gives an asker its answer. One that has gone is no loss.
    pub fn answer(&self, reply: ReplyId, answer: Answer) {
        let asker = self.waiting().remove(&reply);
        if asker.is_some_and(|asker| asker.send(answer).is_err()) {
            tracing::debug!(reply = reply.0, "the asker has gone");
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, BTreeMap<ReplyId, oneshot::Sender<Answer>>> {
        // Plain entries: a panic elsewhere cannot leave the map half-written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A way to ask. Cheap to clone; all clones number their askers together.
#[derive(Clone)]
pub struct Desk {
    inbox: Inbox<Input>,
    replies: Replies,
    last: Arc<AtomicU64>,
}

impl Desk {
    /// A desk before the machine behind `inbox`, which answers through `replies`.
    pub fn new(inbox: Inbox<Input>, replies: Replies) -> Desk {
        Desk {
            inbox,
            replies,
            last: Arc::default(),
        }
    }

    /// Asks and waits for the answer, which comes after the commit.
    pub async fn ask(&self, by: Actor, key: Option<String>, request: Request) -> Answer {
        let request = Box::new(request);
        let asked = |reply| Input::Asked {
            reply,
            by,
            key,
            request,
        };
        self.hand_in(asked).await
    }

    /// Hands in what a provider called back with, and waits until it is on disk.
    pub async fn call_back(&self, name: CallbackName, report: Report) -> Answer {
        self.hand_in(|reply| Input::Callback { reply, name, report }).await
    }

    /// Has it written down that bytes at a callback's address are none, and waits until it is.
    pub async fn call_back_badly(&self, service: impl Into<Service>, why: String) -> Answer {
        let service = service.into();
        self.hand_in(|reply| Input::BadCallback { reply, service, why }).await
    }

    /// Hands in what became of a text, and waits until it is on disk.
    pub async fn report_text(&self, report: TextReport) -> Answer {
        self.hand_in(|reply| Input::TextReported { reply, report }).await
    }

    /// Hands in a text that came, and waits until it is on disk.
    pub async fn receive_text(&self, text: IncomingText) -> Answer {
        self.hand_in(|reply| Input::TextReceived { reply, text }).await
    }

    /// Hands in that somebody wants no more texts, and waits until it is on disk.
    pub async fn stop_texts(&self, phone: Phone) -> Answer {
        self.hand_in(|reply| Input::TextsStopped { reply, phone }).await
    }

    /// Asks whether a payment that a provider offers is to be taken.
    pub async fn offer_money(&self, arrival: Arrival) -> Answer {
        self.hand_in(|reply| Input::MoneyOffered { reply, arrival }).await
    }

    /// Hands in money that has come, and waits until it is on disk.
    pub async fn see_money(&self, arrival: Arrival, source: MoneySource) -> Answer {
        self.hand_in(|reply| Input::MoneySeen { reply, arrival, source }).await
    }

    /// Hands in what became of an order to a provider, with the end of the address it came to, and waits until it is on disk.
    pub async fn end_order(&self, token: Option<String>, result: OrderResult) -> Answer {
        self.hand_in(|reply| Input::OrderEnded { reply, token, result }).await
    }

    async fn hand_in(&self, input: impl FnOnce(ReplyId) -> Input) -> Answer {
        let reply = ReplyId(self.last.fetch_add(1, Ordering::Relaxed) + 1);
        let (sender, receiver) = oneshot::channel();
        {
            let mut waiting = self.replies.waiting();
            if waiting.len() >= ASKERS_MAX {
                return Err(unavailable("too many people ask at once; try again in a moment"));
            }
            waiting.insert(reply, sender);
        }
        let leaves = Leaves(self, reply);
        if self.inbox.send(input(reply)).await.is_err() {
            return Err(unavailable("the hub is stopping; try again in a moment"));
        }
        let answer = timeout(ANSWER_WITHIN, receiver).await;
        drop(leaves);
        match answer {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(unavailable("the hub is stopping; try again in a moment")),
            Err(_) => Err(unavailable(
                "no answer in time; it may have been done: look, or ask again with the same Idempotency-Key",
            )),
        }
    }
}

/// An asker leaves when it has its answer, or when its connection is gone.
struct Leaves<'a>(&'a Desk, ReplyId);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.0.replies.waiting().remove(&self.1);
    }
}

fn unavailable(message: &str) -> Refusal {
    Refusal::new(RefusalKind::Unavailable, "unavailable", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::decide::queue;

    #[tokio::test]
    async fn an_asker_gets_its_own_answer() {
        let (inbox, mut inputs) = queue();
        let replies = Replies::default();
        let desk = Desk::new(inbox, replies.clone());
        let asked =
            tokio::spawn(async move { desk.ask(Actor::Owner, None, Request::EndDoubt { at_risk_ml: 0 }).await });
        let Some(Input::Asked { reply, .. }) = inputs.recv().await else {
            panic!("an ask")
        };
        replies.answer(ReplyId(reply.0 + 1), Err(Refusal::not_found("asker")));
        replies.answer(reply, Ok(Response::Done));
        assert_eq!(asked.await.unwrap(), Ok(Response::Done));
        assert!(replies.waiting().is_empty());
    }

    #[tokio::test]
    async fn a_machine_that_is_gone_refuses() {
        let (inbox, inputs) = queue();
        drop(inputs);
        let desk = Desk::new(inbox, Replies::default());
        let refusal = desk
            .ask(Actor::Owner, None, Request::EndDoubt { at_risk_ml: 0 })
            .await
            .unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::Unavailable);
        assert!(desk.replies.waiting().is_empty());
    }
}
