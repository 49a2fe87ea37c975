//! Texts that came.

use kiosk::{moment::Wall, phone::Phone};
use rusqlite::params;

use super::{Store, Stored};

impl Store<'_> {
    /// Whether a text with this id of the provider came before.
    pub fn has_inbox(&self, id: &str) -> Stored<bool> {
        let found = self.one("SELECT 1 FROM inbox WHERE id = ?1", [id], |_| Ok(()))?;
        Ok(found.is_some())
    }

    /// Keeps a text.
    pub fn add_inbox(&self, id: &str, phone: Phone, text: &str, state: &str, now: Wall) -> Stored<()> {
        self.execute(
            "INSERT INTO inbox (id, phone, text, received_ms, state) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![id, phone.e164(), text, now.0, state],
        )
        .map(drop)
    }

    /// Forgets what came before this.
    pub fn forget_inbox(&self, before: Wall) -> Stored<usize> {
        self.execute("DELETE FROM inbox WHERE received_ms < ?1", [before.0])
    }
}
