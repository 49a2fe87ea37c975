//! Texts of the outbox that a site is to send through its own SIM.

use kiosk::ids::{BoxId, SiteName};
use rusqlite::params;

use super::{
    Store, Stored, id, parsed, signed,
    talk::{OutboxRow, read_outbox},
};
use crate::hub::effect::OutboxId;

impl Store<'_> {
    /// The sites that have a gateway, by name.
    pub fn enrolled_sites(&self) -> Stored<Vec<SiteName>> {
        self.all(
            "SELECT site FROM enrolment WHERE state = 'current' ORDER BY site",
            [],
            |row| parsed(row, "site"),
        )
    }

    /// How many texts a box was told to send and has not sent, as far as is known.
    pub fn outbox_at_site(&self, box_id: BoxId) -> Stored<u32> {
        let count = self.one(
            "SELECT count(*) FROM outbox WHERE state = 'sending' AND say_box = ?1",
            [signed(box_id.0)],
            |row| row.get(0),
        )?;
        Ok(count.unwrap_or(0))
    }

    /// A box is told to send this text, under this name.
    pub fn set_outbox_say(&self, outbox: OutboxId, say: u64, box_id: BoxId) -> Stored<()> {
        self.execute(
            "UPDATE outbox SET say = ?2, say_box = ?3, is_said = 0 WHERE id = ?1",
            params![outbox.0, signed(say), signed(box_id.0)],
        )
        .map(drop)
    }

    /// The box has nothing of it any more.
    pub fn clear_outbox_say(&self, outbox: OutboxId) -> Stored<()> {
        self.execute(
            "UPDATE outbox SET say = NULL, say_box = NULL, is_said = 0 WHERE id = ?1",
            [outbox.0],
        )
        .map(drop)
    }

    /// The box has it, or had.
    pub fn set_outbox_is_said(&self, outbox: OutboxId) -> Stored<()> {
        self.execute("UPDATE outbox SET is_said = 1 WHERE id = ?1", [outbox.0])
            .map(drop)
    }

    /// The text that a box was told under this name, and whether the box has answered.
    pub fn outbox_said(&self, say: u64, box_id: BoxId) -> Stored<Option<(OutboxRow, bool)>> {
        self.one(
            "SELECT * FROM outbox WHERE say = ?1 AND say_box = ?2",
            params![signed(say), signed(box_id.0)],
            |row| Ok((read_outbox(row)?, row.get("is_said")?)),
        )
    }

    /// What a box was told and has not answered, the oldest first, by name.
    pub fn outbox_unanswered(&self, box_id: BoxId) -> Stored<Vec<(u64, OutboxRow)>> {
        self.all(
            "SELECT * FROM outbox WHERE say_box = ?1 AND is_said = 0 AND state = 'sending' ORDER BY id",
            [signed(box_id.0)],
            |row| Ok((id(row, "say")?, read_outbox(row)?)),
        )
    }
}
