//! Weather: all that goes wrong, as named numbers. Probabilities are per million, times are milliseconds.

/// What a world does to its machines. [`Weather::calm`] does nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weather {
    /// How long a frame is under way between a site and the hub, from and to.
    pub latency_ms: (u64, u64),
    /// A connection between a site and the hub breaks under a frame: only part of its bytes arrive.
    pub frame_cut: u32,
    /// One end of a broken connection is not told, and finds out by its own timers.
    pub half_open: u32,
    /// The mean time a site's network stays up; 0 for ever.
    pub stability_ms: u64,
    /// The mean time it then stays away.
    pub outage_ms: u64,
    /// How long a message between a dispenser and its gateway is under way.
    pub wifi_latency_ms: (u64, u64),
    /// Such a message is lost.
    pub wifi_loss: u32,
    /// Such a message comes twice.
    pub wifi_duplicate: u32,
    /// A batch ends with the death of its program: before the commit, or after it with some effects unsaid.
    pub crash: u32,
    /// A commit fails and the program lives on.
    pub commit_failure: u32,
    /// How long a dead program or a box without power stays away.
    pub restart_ms: (u64, u64),
    /// A box starts with its clock in 1970.
    pub clock_lost: u32,
    /// A box starts with its clock wrong by up to this much, either way.
    pub clock_error_ms: u64,
    /// A pour ends with the dispenser's power.
    pub tap_power_loss: u32,
    /// More flows than was approved.
    pub overrun: u32,
    /// A person walks away before the answer.
    pub impatience: u32,
    /// A call to the payment provider goes wrong in one of its ways.
    pub provider_fault: u32,
    /// A callback of the provider is missing or doubled.
    pub callback_fault: u32,
    /// How long a text of the mobile network is under way.
    pub text_delay_ms: (u64, u64),
    /// Such a text is lost.
    pub text_loss: u32,
    /// Such a text comes twice.
    pub text_twice: u32,
    /// A modem does not learn what became of a text.
    pub text_unsure: u32,
    /// The network refuses a text.
    pub text_refused: u32,
    /// A caller's step or a text comes twice.
    pub step_twice: u32,
    /// The answer to a step is lost.
    pub step_lost: u32,
    /// The network says that a session is over too early, late or never.
    pub end_astray: u32,
    /// The name of a session is another phone's.
    pub name_reused: u32,
    /// The mean time between two cards set back to an older copy; 0 for never.
    pub card_set_back_ms: u64,
    /// The mean time between two boxes that burn and are replaced; 0 for never.
    pub box_burnt_ms: u64,
    /// The mean time between two restores of the hub from a backup; 0 for never.
    pub hub_restored_ms: u64,
}

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

impl Weather {
    /// Nothing goes wrong.
    pub fn calm() -> Weather {
        Weather {
            latency_ms: (20, 80),
            frame_cut: 0,
            half_open: 0,
            stability_ms: 0,
            outage_ms: 0,
            wifi_latency_ms: (1, 10),
            wifi_loss: 0,
            wifi_duplicate: 0,
            crash: 0,
            commit_failure: 0,
            restart_ms: (5_000, 20_000),
            clock_lost: 0,
            clock_error_ms: 0,
            tap_power_loss: 0,
            overrun: 0,
            impatience: 0,
            provider_fault: 0,
            callback_fault: 0,
            text_delay_ms: (1_000, 5_000),
            text_loss: 0,
            text_twice: 0,
            text_unsure: 0,
            text_refused: 0,
            step_twice: 0,
            step_lost: 0,
            end_astray: 0,
            name_reused: 0,
            card_set_back_ms: 0,
            box_burnt_ms: 0,
            hub_restored_ms: 0,
        }
    }

    /// A country road: the network is away half of the time, programs die now and then.
    pub fn rural() -> Weather {
        Weather {
            latency_ms: (80, 2_500),
            frame_cut: 2_000,
            half_open: 300_000,
            stability_ms: 3 * HOUR,
            outage_ms: 2 * HOUR,
            wifi_latency_ms: (2, 400),
            wifi_loss: 20_000,
            wifi_duplicate: 20_000,
            crash: 200,
            commit_failure: 200,
            restart_ms: (5_000, 2 * MINUTE),
            clock_lost: 500_000,
            clock_error_ms: 10 * MINUTE,
            tap_power_loss: 10_000,
            overrun: 10_000,
            impatience: 20_000,
            provider_fault: 100_000,
            callback_fault: 200_000,
            text_delay_ms: (1_000, 10 * MINUTE),
            text_loss: 100_000,
            text_twice: 50_000,
            text_unsure: 20_000,
            text_refused: 50_000,
            step_twice: 50_000,
            step_lost: 30_000,
            end_astray: 100_000,
            name_reused: 30_000,
            ..Weather::calm()
        }
    }

    /// Everything at once: also cards that are set back, boxes that burn, and a hub restored from a backup.
    pub fn wild() -> Weather {
        Weather {
            frame_cut: 20_000,
            stability_ms: 40 * MINUTE,
            outage_ms: 50 * MINUTE,
            crash: 2_000,
            commit_failure: 2_000,
            clock_error_ms: 26 * HOUR,
            card_set_back_ms: 20 * HOUR,
            box_burnt_ms: 40 * HOUR,
            hub_restored_ms: 30 * HOUR,
            ..Weather::rural()
        }
    }
}
