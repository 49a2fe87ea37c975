//! What the service manager is told (sd_notify(3)). Without one, nothing happens.

use std::time::{Duration, Instant};

use systemd::daemon;

/// How often the watchdog is fed at most: the deciding loop turns far more often.
const FEED_EVERY: Duration = Duration::from_secs(1);

/// The program serves.
pub fn ready() {
    tell("READY", "1");
}

/// The program is on its way out.
pub fn stopping() {
    tell("STOPPING", "1");
}

/// Feeds the watchdog from the deciding loop, and from nowhere else: a loop that hangs starves it.
pub struct Watchdog {
    fed: Option<Instant>,
}

impl Watchdog {
    /// A watchdog that has not been fed.
    pub fn new() -> Watchdog {
        Watchdog { fed: None }
    }

    /// The loop turned.
    pub fn feed(&mut self) {
        if self.fed.is_none_or(|fed| fed.elapsed() >= FEED_EVERY) {
            tell("WATCHDOG", "1");
            self.fed = Some(Instant::now());
        }
    }
}

impl Default for Watchdog {
    fn default() -> Watchdog {
        Watchdog::new()
    }
}

fn tell(key: &'static str, value: &'static str) {
    if let Err(error) = daemon::notify([(key, value)].iter()) {
        tracing::warn!(%error, key, "the service manager did not hear");
    }
}
