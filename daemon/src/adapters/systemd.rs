//! What systemd is told: ready, alive, stopping. Without systemd every call does nothing.

use systemd::daemon;

/// Tells systemd one thing.
fn notify(state: &[(&str, &str)]) {
    if let Err(error) = daemon::notify(state.iter()) {
        tracing::debug!(%error, "systemd was not told");
    }
}

/// The program serves.
pub fn ready(status: &str) {
    notify(&[(daemon::STATE_READY, "1"), (daemon::STATE_STATUS, status)]);
}

/// The deciding thread is alive; without this in time, systemd restarts the program.
pub fn alive() {
    notify(&[(daemon::STATE_WATCHDOG, "1")]);
}

/// The program is ending.
pub fn stopping() {
    notify(&[(daemon::STATE_STOPPING, "1")]);
}
