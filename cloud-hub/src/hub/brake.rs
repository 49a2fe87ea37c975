//! Kiosks at which PINs are guessed: 30 wrong ones within an hour slow a kiosk, as the gateway slows a dispenser
//! (FEATURES X2, RELIABILITY row 26). A gateway answers later; the hub, at which many ask at once, refuses instead of
//! waiting: at a slowed kiosk one wrong PIN in ten seconds is heard, and no customer is locked by it.

use kiosk::{
    ids::SiteName,
    moment::Uptime,
    pin::{SLOW_AFTER, SLOW_DELAY_MS},
};

use super::{
    effect::{Refusal, RefusalKind},
    turn::{Halt, HubError, Turn},
};

/// The refusal's code; the answer names the seconds to wait.
pub const SLOWED: &str = "slowed";

impl Turn<'_> {
    /// Refuses a slowed kiosk whose last wrong PIN was just typed.
    pub fn slow_kiosk(&self, site: &SiteName) -> Result<(), Halt> {
        let (tries, now) = (self.store.kiosk_tries(site)?, self.uptime());
        let delay_ms = tries.delay_ms(now);
        let newest = tries.wrong().last();
        if delay_ms == 0 || newest.is_none_or(|newest| now.since_ms(newest) >= delay_ms) {
            return Ok(());
        }
        let message = format!(
            "too many wrong PINs at this kiosk; try again in {} s",
            SLOW_DELAY_MS / 1_000
        );
        Err(Refusal::new(RefusalKind::TooMany, SLOWED, message).into())
    }

    /// A wrong PIN was typed at a kiosk. The one that slows it is an alarm.
    pub fn note_wrong_pin(&mut self, site: &SiteName) -> Result<(), HubError> {
        let (mut tries, now) = (self.store.kiosk_tries(site)?, self.uptime());
        let was_slowed = tries.delay_ms(now) > 0;
        tries.note_wrong(now);
        self.store.put_kiosk_tries(site, &tries)?;
        if was_slowed || tries.delay_ms(now) == 0 {
            return Ok(());
        }
        let detail = format!("kiosk {site} saw {SLOW_AFTER} wrong PINs within an hour and is slowed");
        self.alarm_at(site, "pin_spraying", detail)
    }

    /// A server's wall clock in place of the uptime that a gateway counts by: a restart forgets no wrong PIN.
    fn uptime(&self) -> Uptime {
        Uptime(self.now().0.unsigned_abs())
    }
}
