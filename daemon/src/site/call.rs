//! USSD sessions that this site begins, one at a time: with whom, for what, and that none stays open for ever.

use kiosk::moment::{MINUTE_MS, Moment};

use super::{Site, SiteError, effect::Effect, sim::SimOrder};

/// A session in which nothing was heard for so long is ended.
const SILENT_MS_MAX: u64 = 3 * MINUTE_MS.unsigned_abs();

/// Names a USSD session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Sync with the hub.
    Sync,
    /// The operator is asked for what is left of the airtime.
    Airtime,
    /// And of the data bundle.
    Bundle,
}

/// The session that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OpenCall {
    id: CallId,
    call: Call,
    heard_ms: u64,
    /// How often we spoke in it.
    pub(super) spoken: u32,
    /// It was of use: whatever ends it now is no failure.
    pub(super) is_of_use: bool,
}

impl Site {
    /// Begins a session; gives nothing where one is open or the SIM cannot be used now.
    pub(super) fn dial(&mut self, moment: &Moment, call: Call, code: &str) -> Vec<Effect> {
        if self.call.is_some() || !self.modem.can_send() {
            return Vec::new();
        }
        let id = CallId(moment.draw.number("call"));
        self.call = Some(OpenCall {
            id,
            call,
            heard_ms: moment.monotonic_ms,
            spoken: 0,
            is_of_use: false,
        });
        vec![Effect::Sim(SimOrder::Dial {
            id,
            code: code.to_owned(),
        })]
    }

    /// The network said something. What it begins by itself is for nobody here.
    pub(super) fn call_said(
        &mut self,
        moment: &Moment,
        id: Option<CallId>,
        text: &str,
        is_open: bool,
    ) -> Result<Vec<Effect>, SiteError> {
        let Some(open) = self.call.filter(|open| Some(open.id) == id) else {
            return Ok(Vec::new());
        };
        self.call = is_open.then_some(OpenCall {
            heard_ms: moment.monotonic_ms,
            ..open
        });
        match open.call {
            Call::Sync => self.sync_said(moment, text, open),
            call => self.airtime_said(moment, call, text),
        }
    }

    /// Says something in the open session.
    pub(super) fn speak_in_call(&mut self, text: String) -> Vec<Effect> {
        let Some(open) = &mut self.call else {
            return Vec::new();
        };
        open.spoken += 1;
        vec![Effect::Sim(SimOrder::Say { id: open.id, text })]
    }

    /// The open session was of use.
    pub(super) fn call_is_of_use(&mut self) {
        if let Some(open) = &mut self.call {
            open.is_of_use = true;
        }
    }

    /// Ends the open session.
    pub(super) fn hang_up_call(&mut self) -> Vec<Effect> {
        let open = self.call.take();
        open.map(|open| Effect::Sim(SimOrder::HangUp(open.id)))
            .into_iter()
            .collect()
    }

    /// A session is over.
    pub(super) fn call_ended(&mut self, moment: &Moment, id: CallId, why: &str) -> Result<Vec<Effect>, SiteError> {
        let Some(open) = self.call.take_if(|open| open.id == id) else {
            return Ok(Vec::new());
        };
        match open.call {
            Call::Sync => {
                self.sync_call_failed(moment, open, why);
                Ok(Vec::new())
            }
            call => self.airtime_failed(moment, call, why),
        }
    }

    /// Ends a session of which nothing was heard for too long.
    pub(super) fn end_silent_call(&mut self, moment: &Moment) -> Result<Vec<Effect>, SiteError> {
        let is_silent = |open: &OpenCall| moment.monotonic_ms.saturating_sub(open.heard_ms) > SILENT_MS_MAX;
        let Some(open) = self.call.filter(is_silent) else {
            return Ok(Vec::new());
        };
        let mut effects = vec![Effect::Sim(SimOrder::HangUp(open.id))];
        effects.extend(self.call_ended(moment, open.id, "nothing was heard")?);
        Ok(effects)
    }
}
