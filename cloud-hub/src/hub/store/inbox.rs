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

    /// How many texts of a number were kept since then.
    pub fn inbox_since(&self, phone: Phone, since: Wall) -> Stored<u32> {
        let count = self.one(
            "SELECT count(*) FROM inbox WHERE phone = ?1 AND received_ms > ?2",
            params![phone.e164(), since.0],
            |row| row.get(0),
        )?;
        Ok(count.unwrap_or(0))
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
