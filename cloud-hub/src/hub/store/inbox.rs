//! Texts that came.

use kiosk::{ids::SiteName, moment::Wall, phone::Phone};
use rusqlite::params;

use super::{Store, Stored};
use crate::hub::inbox::TextFound;

/// A text that came.
#[derive(Clone, Copy)]
pub(in crate::hub) struct InboxRow<'a> {
    /// The provider's name for it, or its record's.
    pub id: &'a str,
    pub phone: Phone,
    /// Its words, without what may be a secret.
    pub text: &'a str,
    pub found: TextFound,
    /// The site whose SIM it came to.
    pub site: Option<&'a SiteName>,
}

impl Store<'_> {
    /// Whether a text with this id of the provider came before.
    pub fn has_inbox(&self, id: &str) -> Stored<bool> {
        let found = self.one("SELECT 1 FROM inbox WHERE id = ?1", [id], |_| Ok(()))?;
        Ok(found.is_some())
    }

    /// Keeps a text.
    pub fn add_inbox(&self, text: &InboxRow<'_>, now: Wall) -> Stored<()> {
        let site = text.site.map(SiteName::as_str);
        self.execute(
            "INSERT INTO inbox (id, phone, text, received_ms, state, site) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![text.id, text.phone.e164(), text.text, now.0, text.found.name(), site],
        )
        .map(drop)
    }

    /// Forgets what came before this.
    pub fn forget_inbox(&self, before: Wall) -> Stored<usize> {
        self.execute("DELETE FROM inbox WHERE received_ms < ?1", [before.0])
    }
}
