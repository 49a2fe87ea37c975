//! Adapters fail as a matter of course. Each is started again in place, ever more slowly, until the program stops.

use std::{fmt::Display, time::Duration};

use tokio::time::{Instant, sleep};

use crate::stop::Stop;

/// The first wait after a failure.
pub const BACK_OFF_FIRST: Duration = Duration::from_millis(500);
/// The longest wait between two starts.
pub const BACK_OFF_MAX: Duration = Duration::from_secs(60);
/// An adapter that ran this long begins again at the first wait.
const HEALTHY_AFTER: Duration = Duration::from_secs(120);

/// Runs `start` again and again until `stop`. An adapter that returns `Ok` has finished for good.
pub async fn supervise<E, F>(name: &'static str, stop: Stop, mut start: impl FnMut() -> F)
where
    E: Display,
    F: Future<Output = Result<(), E>>,
{
    let mut wait = BACK_OFF_FIRST;
    while !stop.is_stopped() {
        let started = Instant::now();
        match start().await {
            Ok(()) => return,
            Err(error) => tracing::warn!(adapter = name, %error, retry_in = ?wait, "adapter failed"),
        }
        if started.elapsed() > HEALTHY_AFTER {
            wait = BACK_OFF_FIRST;
        }
        tokio::select! {
            () = sleep(wait) => wait = (wait * 2).min(BACK_OFF_MAX),
            () = stop.stopped() => return,
        }
    }
}
