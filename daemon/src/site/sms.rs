//! Commands by SMS to the site's own SIM (CONTRACTS section 7).

use kiosk::{moment::Moment, phone::Phone};

use super::{Site, SiteError, effect::Effect};

impl Site {
    /// Does what a text says; gives the word under which it is kept, and nothing where it is not.
    pub(super) fn command_came(
        &mut self,
        _moment: &Moment,
        _phone: Phone,
        _text: &str,
    ) -> Result<(Option<&'static str>, Vec<Effect>), SiteError> {
        Ok((Some("read"), Vec::new()))
    }
}
