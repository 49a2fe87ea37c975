//! Sync by texts, or in USSD sessions, while there is no socket: the same records over the same logs (PROTOCOL section 4,
//! thin carriers). `sync::thin` says what is due and reads what comes; here is who carries it, when, and what it may cost.

use kiosk::{
    ids::{Epoch, Writer},
    moment::{HOUR_MS, Moment, Trust},
};
use sync::{
    frame::Reason,
    seal::Carrier,
    session::Session,
    thin::{self, Event, Outcome, looks_like_frame},
};

use super::{
    Site, SiteError,
    call::{Call, OpenCall},
    delivery::{Purpose, SimText},
    effect::Effect,
    enrolment::Enrolled,
    sim::SimSettings,
    store::{self, outbox},
};

/// Sessions that fail one after the other before texts are sent instead.
const FAILURES_MAX: u32 = 3;
/// After so long a session is tried again.
const USSD_AGAIN_MS: u64 = 6 * HOUR_MS.unsigned_abs();
/// The most that is said in one session.
const SPOKEN_MAX: u32 = 32;
/// How long the network may try to deliver a text of sync: what is still missing then is sent again anyway.
const VALID_MS: u64 = HOUR_MS.unsigned_abs();

/// What is remembered of sync by texts; the rest is among the logs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ThinLine {
    /// When the socket was last established or lost, by the monotonic clock.
    pub(super) link_changed_ms: u64,
    /// Sessions that failed since the last good one.
    failures: u32,
    /// Before this time of the monotonic clock no session is tried.
    ussd_from_ms: u64,
}

/// How sync by texts stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThinState {
    /// Neither `sms.hub_number` nor `ussd.hub_code` is set, or the box has not joined: nothing can be carried.
    Off,
    /// There is data, or it is not away for long, or sessions alone can carry it and failed.
    Resting,
    /// Texts carry it.
    Sms,
    /// Sessions carry it.
    Ussd,
}

impl Site {
    /// Says by text or in a session what is due, when data was away for long.
    pub(super) fn tick_thin(&mut self, moment: &Moment) -> Result<Vec<Effect>, SiteError> {
        let (Some(settings), Some(enrolled)) = (self.settings.sim.clone(), self.enrolled.clone()) else {
            return Ok(Vec::new());
        };
        let state = self.thin_state(moment, &settings);
        let is_mute = self.is_retired || self.is_elsewhere(&enrolled) || !self.modem.can_send();
        if is_mute || matches!(state, ThinState::Off | ThinState::Resting) {
            return Ok(Vec::new());
        }
        if self.call.is_some() || !self.is_thin_due(moment, &enrolled)? {
            return Ok(Vec::new());
        }
        match (state, &settings.hub_code, &settings.hub_number) {
            (ThinState::Ussd, Some(code), _) => {
                // In a session everything is due. Whether it is worth one is what a text would wait for; a tick that may
                // say nothing only notes since when something waits.
                let (carrier, texts_max) = (Carrier::Sms, 0);
                let (_, mut effects) = self.thin_event(moment, Event::Tick { carrier, texts_max })?;
                if self.is_thin_due(moment, &enrolled)? {
                    effects.extend(self.dial(moment, Call::Sync, code));
                }
                Ok(effects)
            }
            (_, _, Some(number)) => self.text_sync(moment, &settings, number),
            _ => Ok(Vec::new()),
        }
    }

    fn is_thin_due(&self, moment: &Moment, enrolled: &Enrolled) -> Result<bool, SiteError> {
        let setup = self.setup(enrolled);
        let due = thin::deadline_ms(&setup, moment, &store::logs(self.connection()))?;
        Ok(due.is_some_and(|due| due <= moment.monotonic_ms))
    }

    /// Queues the texts that are due, as far as the day's budget goes. What was queued before leaves first.
    fn text_sync(&mut self, moment: &Moment, settings: &SimSettings, number: &str) -> Result<Vec<Effect>, SiteError> {
        if outbox::has_waiting(self.connection(), Purpose::Sync)? {
            return Ok(Vec::new());
        }
        let texts_max = self.text_budget(settings)?.left_for_sync();
        if texts_max == 0 {
            return self.tell_spent(moment, settings);
        }
        let carrier = Carrier::Sms;
        let (said, effects) = self.thin_event(moment, Event::Tick { carrier, texts_max })?;
        for text in said.texts {
            let text = SimText {
                purpose: Purpose::Sync,
                to: number,
                body: &text.text,
                asked: None,
                validity_ms: Some(VALID_MS),
            };
            self.say_by_sim(moment, &text)?;
        }
        Ok(effects)
    }

    /// A text came that looks like the hub's, from whatever number: its seal says whether it is.
    pub(super) fn sync_heard(&mut self, moment: &Moment, text: &str) -> Result<Vec<Effect>, SiteError> {
        let carrier = Carrier::Sms;
        Ok(self.thin_event(moment, Event::Text { carrier, text })?.1)
    }

    /// The socket is established: nothing by text is waited for any more.
    pub(super) fn wide_heard(&mut self, moment: &Moment, peer_run: Epoch) -> Result<Vec<Effect>, SiteError> {
        self.thin.failures = 0;
        if self.settings.sim.is_none() {
            return Ok(Vec::new());
        }
        outbox::give_up_sync(self.connection(), moment.wall)?;
        Ok(self.thin_event(moment, Event::WideHeard { peer_run })?.1)
    }

    /// The network's or the hub's word in a session. The first may be a menu's, before we said anything.
    pub(super) fn sync_said(&mut self, moment: &Moment, text: &str, call: OpenCall) -> Result<Vec<Effect>, SiteError> {
        let carrier = Carrier::Ussd;
        let mut effects = Vec::new();
        let is_good = looks_like_frame(text) && {
            let (heard, done) = self.thin_event(moment, Event::Text { carrier, text })?;
            effects = done;
            heard.verified
        };
        if is_good {
            self.thin.failures = 0;
            self.call_is_of_use();
        } else if call.spoken > 0 {
            self.sync_call_failed(moment, call, "the answer is not the hub's");
            effects.extend(self.hang_up_call());
            return Ok(effects);
        }
        if self.call.is_none() {
            if !is_good {
                self.sync_call_failed(moment, call, "the session ended before anything was said");
            }
            return Ok(effects);
        }
        if call.spoken >= SPOKEN_MAX {
            effects.extend(self.hang_up_call());
            return Ok(effects);
        }
        let (said, more) = self.thin_event(moment, Event::Tick { carrier, texts_max: 1 })?;
        effects.extend(more);
        effects.extend(match said.texts.into_iter().next() {
            Some(text) => self.speak_in_call(text.text),
            None => self.hang_up_call(),
        });
        Ok(effects)
    }

    /// A session ended before its time. After three that came to nothing texts are sent for a while.
    pub(super) fn sync_call_failed(&mut self, moment: &Moment, call: OpenCall, why: &str) {
        if call.is_of_use {
            return;
        }
        tracing::info!(why, "a session for sync failed");
        self.thin.failures += 1;
        if self.thin.failures >= FAILURES_MAX {
            self.thin.failures = 0;
            self.thin.ussd_from_ms = moment.monotonic_ms + USSD_AGAIN_MS;
        }
    }

    /// Gives an event to the exchange and does what it says, as for a socket.
    fn thin_event(&mut self, moment: &Moment, event: Event<'_>) -> Result<(Outcome, Vec<Effect>), SiteError> {
        let Some(enrolled) = self.enrolled.clone() else {
            return Ok((Outcome::default(), Vec::new()));
        };
        let setup = self.setup(&enrolled);
        let mut outcome = thin::handle(&setup, moment, event, &mut store::logs(self.connection()))?;
        let mut effects = Vec::new();
        for action in std::mem::take(&mut outcome.actions) {
            effects.extend(self.link_action(moment, action)?);
        }
        if outcome.is_news {
            self.last_heard = Some(moment.wall);
            effects.push(Effect::Live);
        }
        if outcome.goodbye == Some(Reason::Retired) {
            self.retire(moment)?;
            effects.push(Effect::Live);
        }
        // A text may have been on its way for hours: its time is worth no more than the network's.
        if let Some(wall) = outcome.wall.filter(|_| moment.trust < Trust::Modem) {
            effects.push(Effect::ClockHeard(Trust::Modem, wall));
        }
        Ok((outcome, effects))
    }

    /// How sync by texts stands.
    pub(super) fn thin_state(&self, moment: &Moment, settings: &SimSettings) -> ThinState {
        let has_code = settings.hub_code.is_some();
        if self.enrolled.is_none() || (settings.hub_number.is_none() && !has_code) {
            return ThinState::Off;
        }
        let is_linked = self.link.as_ref().is_some_and(Session::is_established);
        let away_ms = moment.monotonic_ms.saturating_sub(self.thin.link_changed_ms);
        let is_resting = is_linked || away_ms < settings.thin_after_ms;
        if !is_resting && has_code && moment.monotonic_ms >= self.thin.ussd_from_ms {
            ThinState::Ussd
        } else if !is_resting && settings.hub_number.is_some() {
            ThinState::Sms
        } else {
            ThinState::Resting
        }
    }

    /// Money records that the hub is not known to hold.
    pub(super) fn unsynced(&self) -> Result<u64, SiteError> {
        let Some(enrolled) = &self.enrolled else {
            return Ok(0);
        };
        let logs = store::logs(self.connection());
        Ok(thin::waiting(Writer::Site, enrolled.enrolment.box_id, &logs)?.records)
    }
}
