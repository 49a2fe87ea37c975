//! Carries the machine's calls to a provider and the answers back.
//!
//! A call that finds no room is answered at once, as one that never left: a prompt is refused as busy, a query has no
//! answer. So every effect has its input, and a payment never waits for a call that nobody makes.
//!
//! Prompts have a queue and callers of their own, for after an outage hundreds of questions are due at once, and a
//! customer stands and waits. A prompt that was not sent in its time is refused and never sent: by then its customer may
//! have been told to try again, and a second prompt could be paid as well as the first. So it is with a payout: an operator who
//! sees no trace of it gives its money back, and a call that left after that would pay it out beside.

use std::{sync::Arc, time::Duration};

use kiosk::{
    ids::ProviderReference,
    moment::Wall,
    payment::{Failure, PaymentEvent, PushAnswer, QueryAnswer},
    payout::PayoutAnswer,
};
use runtime::{clock::Clock, decide::Inbox, stop::Stop};
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
    time::sleep,
};

use crate::hub::{
    effect::Prompt,
    input::{Input, PayoutId, PurchaseId},
    payout::{PayoutCall, PayoutQuestion, PayoutWord},
    pull::{PullPage, PullQuestion},
};

/// How many prompts may be under way at once, and as many other calls.
pub const CALLS_MAX: usize = 16;
/// How many prompts may wait for their turn, and as many other calls.
pub const WAITING_MAX: usize = 1_024;

/// A call that the machine wants made.
#[derive(Clone, Debug)]
pub enum Call {
    /// Send a prompt: once in a payment's life.
    Push(Prompt),
    /// Ask what became of one.
    Query {
        /// The purchase, for the answer.
        purchase: PurchaseId,
        /// The payment's name at the provider.
        reference: ProviderReference,
    },
    /// Ask for the payments that it took.
    Pull(PullQuestion),
    /// Pay out: once in a payout's life.
    PayOut(PayoutCall),
    /// Ask what became of a payout.
    AskPayout(PayoutQuestion),
}

impl Call {
    /// The answer of a call that was not made.
    pub fn unmade(&self) -> Input {
        match self {
            Call::Push(prompt) => pushed(prompt.purchase, PushAnswer::Refused(Failure::Busy)),
            Call::Query { purchase, .. } => queried(*purchase, QueryAnswer::NoAnswer),
            Call::Pull(question) => Input::Pulled {
                question: *question,
                page: None,
            },
            Call::PayOut(call) => paid_out(call.payout, PayoutAnswer::Refused(Failure::Busy).into()),
            Call::AskPayout(question) => paid_out(question.payout, PayoutWord::default()),
        }
    }

    /// The moment from which on it is not made.
    fn send_before(&self) -> Option<Wall> {
        match self {
            Call::Push(prompt) => Some(prompt.send_before),
            Call::PayOut(call) => Some(call.send_before),
            Call::Query { .. } | Call::Pull(_) | Call::AskPayout(_) => None,
        }
    }

    /// Returns when it is too late to make the call.
    async fn too_late(&self, clock: &Clock) {
        match self.send_before() {
            Some(send_before) => {
                let (now, _) = clock.now();
                let left_ms = send_before.0.saturating_sub(now.0);
                sleep(Duration::from_millis(u64::try_from(left_ms).unwrap_or(0))).await;
            }
            None => std::future::pending().await,
        }
    }
}

/// The way to a pump.
#[derive(Clone, Debug)]
pub struct Calls {
    prompts: mpsc::Sender<Call>,
    others: mpsc::Sender<Call>,
}

/// Calls on their way to be made.
#[derive(Debug)]
pub struct Waiting {
    prompts: mpsc::Receiver<Call>,
    others: mpsc::Receiver<Call>,
}

/// A way to a pump, and its end.
pub fn queue() -> (Calls, Waiting) {
    let (prompts, prompts_end) = mpsc::channel(WAITING_MAX);
    let (others, others_end) = mpsc::channel(WAITING_MAX);
    let waiting = Waiting {
        prompts: prompts_end,
        others: others_end,
    };
    (Calls { prompts, others }, waiting)
}

impl Calls {
    /// Hands a call in; it comes back when there is no room, or no pump any more.
    pub fn hand_in(&self, call: Call) -> Result<(), Call> {
        let queue = match &call {
            Call::Push(_) => &self.prompts,
            _ => &self.others,
        };
        queue.try_send(call).map_err(|error| error.into_inner())
    }
}

fn paid_out(payout: PayoutId, word: PayoutWord) -> Input {
    Input::PaidOut { payout, word }
}

fn pushed(purchase: PurchaseId, answer: PushAnswer) -> Input {
    Input::Provider {
        purchase,
        event: PaymentEvent::PushAnswered(answer),
    }
}

fn queried(purchase: PurchaseId, answer: QueryAnswer) -> Input {
    Input::Provider {
        purchase,
        event: PaymentEvent::QueryAnswered(answer),
    }
}

/// Speaks to one provider: the calls that payments and payouts are made of.
pub trait Collect: Send + Sync + 'static {
    /// Sends one prompt. Called once per payment and never again, whatever comes back.
    fn push(&self, prompt: &Prompt, now: Wall) -> impl Future<Output = PushAnswer> + Send;

    /// Asks what became of a prompt.
    fn query(&self, reference: &ProviderReference, now: Wall) -> impl Future<Output = QueryAnswer> + Send;

    /// Asks for a page of the payments that it took; `None` when there is no answer, or no such question.
    fn pull(&self, _question: &PullQuestion) -> impl Future<Output = Option<PullPage>> + Send {
        std::future::ready(None)
    }

    /// Pays out. Called once per payout and never again, whatever comes back.
    fn pay_out(&self, call: &PayoutCall) -> impl Future<Output = PayoutWord> + Send {
        tracing::error!(payout = %call.payout, provider = %call.provider, "this provider pays nothing out");
        std::future::ready(PayoutAnswer::Refused(Failure::Configuration).into())
    }

    /// Asks what became of a payout. An answer that comes later, by a post, is none here.
    fn ask_payout(&self, _question: &PayoutQuestion) -> impl Future<Output = PayoutWord> + Send {
        std::future::ready(PayoutWord::default())
    }
}

/// What a call needs.
pub struct Pump<C> {
    /// Makes the calls; shared, for two with the same credentials may lock each other out.
    pub collector: C,
    /// Stamps calls: Daraja's password holds the time.
    pub clock: Clock,
    /// Where answers go.
    pub inbox: Inbox<Input>,
}

/// Makes calls as they come, until `stop`; then what is under way may end, and nothing new begins.
pub async fn run<C: Collect>(pump: Pump<C>, waiting: Waiting, stop: Stop) {
    let pump = Arc::new(pump);
    tokio::join!(
        make_all(Arc::clone(&pump), waiting.prompts, stop.clone()),
        make_all(pump, waiting.others, stop),
    );
}

async fn make_all<C: Collect>(pump: Arc<Pump<C>>, mut calls: mpsc::Receiver<Call>, stop: Stop) {
    let room = Arc::new(Semaphore::new(CALLS_MAX));
    let mut under_way = JoinSet::new();
    loop {
        let call = tokio::select! {
            call = calls.recv() => call,
            () = stop.stopped() => None,
        };
        let Some(call) = call else { break };
        let permit = tokio::select! {
            permit = Arc::clone(&room).acquire_owned() => permit.ok(),
            () = call.too_late(&pump.clock) => None,
            () = stop.stopped() => break,
        };
        let pump = Arc::clone(&pump);
        under_way.spawn(async move {
            let answer = match permit {
                Some(_permit) => pump.make(call).await,
                None => call.unmade(),
            };
            if pump.inbox.send(answer).await.is_err() {
                tracing::info!("the machine stopped before an answer of a provider came");
            }
        });
        while under_way.try_join_next().is_some() {}
    }
    while under_way.join_next().await.is_some() {}
}

impl<C: Collect> Pump<C> {
    async fn make(&self, call: Call) -> Input {
        let (now, _) = self.clock.now();
        if call.send_before().is_some_and(|send_before| now >= send_before) {
            return call.unmade();
        }
        match call {
            Call::Push(prompt) => pushed(prompt.purchase, self.collector.push(&prompt, now).await),
            Call::Query { purchase, reference } => queried(purchase, self.collector.query(&reference, now).await),
            Call::Pull(question) => Input::Pulled {
                question,
                page: self.collector.pull(&question).await,
            },
            Call::PayOut(call) => paid_out(call.payout, self.collector.pay_out(&call).await),
            Call::AskPayout(question) => paid_out(question.payout, self.collector.ask_payout(&question).await),
        }
    }
}

#[cfg(test)]
mod tests;
