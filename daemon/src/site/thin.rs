//! Sync by texts and USSD while there is no socket.

use kiosk::moment::Moment;

use super::{Site, SiteError, call::CallId, effect::Effect};

impl Site {
    /// The hub's word in a session.
    pub(super) fn sync_said(
        &mut self,
        _moment: &Moment,
        _open: Option<CallId>,
        _text: &str,
    ) -> Result<Vec<Effect>, SiteError> {
        Ok(Vec::new())
    }

    /// The session is over without one.
    pub(super) fn sync_call_failed(&mut self, _moment: &Moment, _why: &str) -> Result<Vec<Effect>, SiteError> {
        Ok(Vec::new())
    }
}
