//! The outbox of texts.

use kiosk::{ids::CustomerId, moment::Wall, phone::Phone};
use rusqlite::{Row, params};

use super::{Store, Stored, customer::maybe_phone, signed, wrong};
use crate::hub::effect::OutboxId;

/// A text that is to be sent.
#[derive(Clone, Debug)]
pub(in crate::hub) struct OutboxRow {
    pub id: OutboxId,
    pub phone: Phone,
    pub text: String,
    /// What is sent in place of `text`, sealed.
    pub sealed: Option<Vec<u8>>,
    pub tries: u32,
    pub sending: bool,
}

fn read_outbox(row: &Row<'_>) -> rusqlite::Result<OutboxRow> {
    Ok(OutboxRow {
        id: OutboxId(row.get("id")?),
        phone: maybe_phone(row, "phone")?.ok_or_else(|| wrong(row, "phone"))?,
        text: row.get("text")?,
        sealed: row.get("sealed")?,
        tries: row.get("tries")?,
        sending: row.get::<_, String>("state")? == "sending",
    })
}

impl Store<'_> {
    /// Queues a text, due at once; `sealed` is what is sent where `text` may not tell it.
    pub fn add_outbox(
        &self,
        customer: Option<CustomerId>,
        phone: Phone,
        text: &str,
        sealed: Option<&[u8]>,
        now: Wall,
    ) -> Stored<()> {
        self.execute(
            "INSERT INTO outbox (customer, phone, text, sealed, state, tries, due_ms, created_ms)
             VALUES (?1, ?2, ?3, ?4, 'queued', 0, ?5, ?5)",
            params![
                customer.map(|customer| signed(customer.0)),
                phone.e164(),
                text,
                sealed,
                now.0
            ],
        )
        .map(drop)
    }

    /// A row of the outbox.
    pub fn outbox(&self, id: OutboxId) -> Stored<Option<OutboxRow>> {
        self.one("SELECT * FROM outbox WHERE id = ?1", [id.0], read_outbox)
    }

    /// Texts that are due, the oldest first.
    pub fn outbox_due(&self, now: Wall, limit: u32) -> Stored<Vec<OutboxRow>> {
        self.all(
            "SELECT * FROM outbox WHERE due_ms IS NOT NULL AND due_ms <= ?1 ORDER BY due_ms, id LIMIT ?2",
            params![now.0, limit],
            read_outbox,
        )
    }

    /// Where a text stands, how often it was tried, and when it is due again.
    pub fn set_outbox(&self, id: OutboxId, state: &str, tries: u32, due: Option<Wall>) -> Stored<()> {
        self.execute(
            "UPDATE outbox SET state = ?2, tries = ?3, due_ms = ?4 WHERE id = ?1",
            params![id.0, state, tries, due.map(|due| due.0)],
        )
        .map(drop)
    }

    /// Texts that were handed over when the program ended: nobody knows whether they were sent.
    pub fn outbox_lost_sight(&self) -> Stored<usize> {
        self.execute(
            "UPDATE outbox SET state = 'unknown', due_ms = NULL WHERE state = 'sending'",
            [],
        )
    }
}
