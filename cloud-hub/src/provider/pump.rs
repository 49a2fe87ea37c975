//! Carries the machine's calls to a provider and the answers back.
//!
//! A call that finds no room is answered at once, as one that never left: a prompt is refused as busy, a query has no
//! answer. So every effect has its input, and a payment never waits for a call that nobody makes.

use std::sync::Arc;

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
};

use crate::hub::{
    effect::Prompt,
    input::{Input, PayoutId, PurchaseId},
    payout::{PayoutCall, PayoutQuestion, PayoutWord},
    pull::{PullPage, PullQuestion},
};

/// How many calls may be under way at once.
pub const CALLS_MAX: usize = 16;
/// How many may wait for their turn.
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
pub async fn run<C: Collect>(pump: Pump<C>, mut calls: mpsc::Receiver<Call>, stop: Stop) {
    let pump = Arc::new(pump);
    let room = Arc::new(Semaphore::new(CALLS_MAX));
    let mut under_way = JoinSet::new();
    loop {
        let call = tokio::select! {
            call = calls.recv() => call,
            () = stop.stopped() => None,
        };
        let Some(call) = call else { break };
        let permit = tokio::select! {
            permit = Arc::clone(&room).acquire_owned() => permit,
            () = stop.stopped() => break,
        };
        let pump = Arc::clone(&pump);
        under_way.spawn(async move {
            let answer = pump.make(call).await;
            drop(permit);
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
