//! Where the machine's effects go. Called by the deciding thread after each commit: nothing here blocks.

use kiosk::provider::Provider;
use tokio::{
    runtime::Handle,
    sync::{broadcast, mpsc},
};

use crate::{
    adapters::{mpesa::pump::Call, sites::Sockets},
    desk::Replies,
    hub::{
        effect::{Effect, LiveEvent},
        input::{Input, TextOutcome},
    },
};

/// How many events a slow page may fall behind before it misses some and reloads.
pub const LIVE_MAX: usize = 1_024;
/// How many inputs that answer effects nobody could carry out may wait for the machine.
pub const RETURNS_MAX: usize = 4_096;

/// The ways out of the deciding thread. It holds no way into the machine's own queue, so that the queue can end.
pub struct Router {
    /// Those who wait for an answer.
    pub replies: Replies,
    /// Sockets of gateways.
    pub sockets: Sockets,
    /// Calls to M-PESA; `None` where it is not configured.
    pub mpesa: Option<mpsc::Sender<Call>>,
    /// Pages that show what happens.
    pub live: broadcast::Sender<LiveEvent>,
    /// Answers to effects that could not be carried out; carried back by [`carry_back`].
    pub returns: mpsc::Sender<Input>,
}

impl Router {
    /// Lets the effects of a batch leave.
    pub fn emit(&self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send { link, bytes } => self.sockets.send(link, bytes),
                Effect::Close { link, why } => self.sockets.close(link, why),
                Effect::Reply { reply, answer } => self.replies.answer(reply, answer),
                Effect::Submit(prompt) => self.call(prompt.provider, Call::Push(prompt)),
                Effect::Query {
                    purchase,
                    provider,
                    reference,
                } => self.call(provider, Call::Query { purchase, reference }),
                Effect::Text { outbox, .. } => {
                    tracing::debug!(row = outbox.0, "no messaging provider is configured: the text waits");
                    self.give_back(Input::Texted {
                        outbox,
                        outcome: TextOutcome::Failed,
                    });
                }
                Effect::Live(event) => {
                    if let LiveEvent::Alarm { code, detail } = &event {
                        tracing::warn!(code, detail, "alarm");
                    }
                    // Nobody looks: no loss.
                    drop(self.live.send(event));
                }
            }
        }
    }

    fn call(&self, provider: Provider, call: Call) {
        let refused = match (&self.mpesa, provider) {
            (Some(mpesa), Provider::Mpesa) => match mpesa.try_send(call) {
                Ok(()) => return,
                Err(mpsc::error::TrySendError::Full(call) | mpsc::error::TrySendError::Closed(call)) => call,
            },
            _ => call,
        };
        tracing::warn!(%provider, "a call to a payment provider found no room, or no provider");
        self.give_back(refused.unmade());
    }

    fn give_back(&self, input: Input) {
        if self.returns.try_send(input).is_err() {
            // The machine's own clocks notice an effect without an answer: a payment becomes unknown, a text too.
            tracing::error!("an effect could not be carried out, and no word of it could be sent back");
        }
    }
}

/// Carries inputs from the router into the machine's queue, until the router is gone.
pub fn carry_back(
    on: &Handle,
    inbox: runtime::decide::Inbox<Input>,
    mut returns: mpsc::Receiver<Input>,
    stop: runtime::stop::Stop,
) {
    on.spawn(async move {
        loop {
            let input = tokio::select! {
                input = returns.recv() => input,
                () = stop.stopped() => None,
            };
            let Some(input) = input else { return };
            if inbox.send(input).await.is_err() {
                return;
            }
        }
    });
}
