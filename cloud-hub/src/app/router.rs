//! Where the machine's effects go. Called by the deciding thread after each commit: nothing here blocks.

use std::{collections::BTreeMap, time::Duration};

use kiosk::provider::Provider;
use tokio::{
    runtime::Handle,
    sync::{broadcast, mpsc},
    time::sleep,
};

use crate::{
    adapters::{
        africastalking::{Errand, Errands},
        sites::Sockets,
    },
    desk::Replies,
    hub::{
        effect::{Effect, LiveEvent},
        input::Input,
    },
    provider::pump::{Call, Calls},
};

/// How many events a slow page may fall behind before it misses some and reloads.
pub const LIVE_MAX: usize = 1_024;
/// How many inputs that answer effects nobody could carry out may wait for the machine.
pub const RETURNS_MAX: usize = 4_096;

/// What the machine could not write is handed in again after this. One answer in a hundred milliseconds: a full queue
/// of them is back in seven minutes.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// The ways out of the deciding thread. It holds no way into the machine's own queue, so that the queue can end.
pub struct Router {
    /// Those who wait for an answer.
    pub replies: Replies,
    /// Sockets of gateways.
    pub sockets: Sockets,
    /// Calls to the payment providers that are configured.
    pub providers: BTreeMap<Provider, Calls>,
    /// The way to whoever carries texts, where somebody does.
    pub texts: Option<Errands>,
    /// Pages that show what happens.
    pub live: broadcast::Sender<LiveEvent>,
    /// Answers to effects that could not be carried out; carried back by [`carry_back`].
    pub returns: mpsc::Sender<Returned>,
}

impl Router {
    /// Lets the effects of a batch leave.
    pub fn emit(&self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send { link, bytes } => self.sockets.send(link, bytes),
                Effect::Proven { link } => self.sockets.prove(link),
                Effect::Close { link, why } => self.sockets.close(link, why),
                Effect::Reply { reply, answer } => self.replies.answer(reply, answer),
                Effect::Submit(prompt) => self.call(prompt.provider, Call::Push(prompt)),
                Effect::Query {
                    purchase,
                    provider,
                    reference,
                } => self.call(provider, Call::Query { purchase, reference }),
                Effect::Pull(question) => self.call(question.provider, Call::Pull(question)),
                Effect::PayOut(payout) => self.call(payout.provider, Call::PayOut(payout)),
                Effect::AskPayout(question) => self.call(question.provider, Call::AskPayout(question)),
                Effect::Text { outbox, phone, text } => self.text(Errand { outbox, phone, text }),
                Effect::HandInAgain { purchase, event } => self.send_back(Returned {
                    input: Input::Provider { purchase, event },
                    after: AGAIN_AFTER,
                }),
                Effect::HandInPayoutAgain { payout, word } => self.send_back(Returned {
                    input: Input::PaidOut { payout, word },
                    after: AGAIN_AFTER,
                }),
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
        let refused = match self.providers.get(&provider) {
            Some(pump) => match pump.hand_in(call) {
                Ok(()) => return,
                Err(call) => call,
            },
            None => call,
        };
        tracing::warn!(%provider, "a call to a payment provider found no room, or no provider");
        self.give_back(refused.unmade());
    }

    fn text(&self, errand: Errand) {
        let refused = match &self.texts {
            Some(texts) => match texts.hand_in(errand) {
                Ok(()) => return,
                Err(errand) => errand,
            },
            None => errand,
        };
        tracing::warn!(
            row = refused.outbox.0,
            "a text found no room, or nobody who carries it: it waits"
        );
        self.give_back(refused.unmade());
    }

    fn give_back(&self, input: Input) {
        let after = Duration::ZERO;
        self.send_back(Returned { input, after });
    }

    fn send_back(&self, returned: Returned) {
        if self.returns.try_send(returned).is_err() {
            // The machine's own clocks notice an effect without an answer: a payment becomes unknown, a text too.
            tracing::error!("an effect could not be carried out, and no word of it could be sent back");
        }
    }
}

/// An input on its way back to the machine.
#[derive(Debug)]
pub struct Returned {
    input: Input,
    /// How long it waits before it is handed in.
    after: Duration,
}

/// Carries inputs from the router into the machine's queue, until the router is gone.
pub fn carry_back(
    on: &Handle,
    inbox: runtime::decide::Inbox<Input>,
    mut returns: mpsc::Receiver<Returned>,
    stop: runtime::stop::Stop,
) {
    on.spawn(async move {
        loop {
            let returned = tokio::select! {
                returned = returns.recv() => returned,
                () = stop.stopped() => None,
            };
            let Some(Returned { input, after }) = returned else {
                return;
            };
            // A store that cannot be written fails all: what waits here for one answer would have failed with it.
            tokio::select! {
                () = sleep(after) => {}
                () = stop.stopped() => return,
            }
            if inbox.send(input).await.is_err() {
                return;
            }
        }
    });
}
