//! The deciding thread. It owns the machine; nobody else touches it.

use std::thread;

use tokio::sync::mpsc;

use crate::{
    clock::Clock,
    dice::Dice,
    machine::{Fault, Machine, run_batch},
};

/// How many inputs may wait for the deciding thread. Senders beyond it wait their turn: back-pressure, no loss.
pub const QUEUE_MAX: usize = 1_024;
/// How many inputs may share one commit, so that the first of a batch is not kept waiting.
pub const BATCH_MAX: usize = 256;

/// The door to a machine: adapters put inputs in, in order.
pub struct Inbox<I>(mpsc::Sender<I>);

impl<I> Clone for Inbox<I> {
    fn clone(&self) -> Self {
        Inbox(self.0.clone())
    }
}

/// The program is stopping: the machine takes no more inputs.
#[derive(Debug, thiserror::Error)]
#[error("the program is stopping")]
pub struct Closed;

impl<I> Inbox<I> {
    /// Waits for a place in the queue and puts `input` there.
    pub async fn send(&self, input: I) -> Result<(), Closed> {
        self.0.send(input).await.map_err(|_| Closed)
    }

    /// The same from a thread that is not asynchronous.
    pub fn send_blocking(&self, input: I) -> Result<(), Closed> {
        self.0.blocking_send(input).map_err(|_| Closed)
    }
}

/// Makes the queue of a machine.
pub fn queue<I>() -> (Inbox<I>, mpsc::Receiver<I>) {
    let (sender, receiver) = mpsc::channel(QUEUE_MAX);
    (Inbox(sender), receiver)
}

/// Starts the deciding thread. It ends, and returns the machine, when every [`Inbox`] is gone and the queue is drained.
///
/// `emit` gets the effects of each batch after its commit and must not block. `alive` is called after every batch:
/// the watchdog hears from here and nowhere else.
pub fn spawn<M>(
    mut machine: M,
    mut queue: mpsc::Receiver<M::Input>,
    clock: Clock,
    mut dice: Dice,
    mut emit: impl FnMut(Vec<M::Effect>) + Send + 'static,
    mut alive: impl FnMut() + Send + 'static,
) -> std::io::Result<thread::JoinHandle<M>>
where
    M: Machine + Send + 'static,
{
    thread::Builder::new().name("decide".to_owned()).spawn(move || {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        while queue.blocking_recv_many(&mut batch, BATCH_MAX) > 0 {
            let inputs = batch.drain(..).map(|input| (clock.stamp(&mut dice), input));
            emit(run_batch(&mut machine, inputs, log_fault));
            alive();
        }
        machine
    })
}

fn log_fault(fault: &Fault) {
    tracing::error!(%fault, "nothing was changed");
}
