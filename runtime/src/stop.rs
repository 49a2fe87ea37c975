//! The token that ends a program: one side asks, everyone hears.

use tokio::sync::watch;

/// Asks for the end.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

/// Hears of it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

/// Makes a token that has not been pulled.
pub fn token() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// Tells everyone to end.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Whether the end has been asked for.
    pub fn is_stopped(&self) -> bool {
        *self.0.borrow()
    }

    /// The same as a channel, for those that watch one.
    pub fn receiver(&self) -> watch::Receiver<bool> {
        self.0.clone()
    }

    /// Waits until it is. A lost [`Stopper`] counts as asked.
    pub async fn stopped(&self) {
        let mut receiver = self.0.clone();
        // A closed channel means that the program's owner is gone, which is an end as well.
        if receiver.wait_for(|stopped| *stopped).await.is_err() {
            tracing::debug!("the stopper is gone");
        }
    }
}
