//! Boxes that sync by texts, and the frames that wait for them in the outbox.

use kiosk::{day::Day, ids::BoxId, moment::Wall, phone::Phone};
use rusqlite::{Row, params};

use super::{Store, Stored, customer::maybe_phone, id, maybe_wall, parsed, signed};
use crate::hub::talk::TextState;

/// A box that has synced by texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hub) struct ThinRow {
    pub box_id: BoxId,
    /// Where it is answered: its newest news came from there.
    pub phone: Option<Phone>,
    /// Since when it speaks by texts alone; `None`: it has had a socket since.
    pub since: Option<Wall>,
    /// When a text of it came last.
    pub heard: Wall,
    /// The newest day on which it was texted.
    pub day: Day,
    /// What that cost, in single texts.
    pub sent: u32,
}

fn read_thin(row: &Row<'_>) -> rusqlite::Result<ThinRow> {
    Ok(ThinRow {
        box_id: BoxId(id(row, "box")?),
        phone: maybe_phone(row, "phone")?,
        since: maybe_wall(row, "since_ms")?,
        heard: Wall(row.get("heard_ms")?),
        day: parsed(row, "day")?,
        sent: row.get("sent")?,
    })
}

impl Store<'_> {
    /// A box that has synced by texts.
    pub fn thin_box(&self, box_id: BoxId) -> Stored<Option<ThinRow>> {
        self.one("SELECT * FROM thin_box WHERE box = ?1", [signed(box_id.0)], read_thin)
    }

    /// Those that speak by texts alone.
    pub fn thin_boxes(&self) -> Stored<Vec<ThinRow>> {
        self.all(
            "SELECT * FROM thin_box WHERE since_ms IS NOT NULL ORDER BY box",
            [],
            read_thin,
        )
    }

    /// Writes one.
    pub fn put_thin_box(&self, row: &ThinRow) -> Stored<()> {
        self.execute(
            "INSERT INTO thin_box (box, phone, since_ms, heard_ms, day, sent) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (box) DO UPDATE SET phone = excluded.phone, since_ms = excluded.since_ms,
                 heard_ms = excluded.heard_ms, day = excluded.day, sent = excluded.sent",
            params![
                signed(row.box_id.0),
                row.phone.map(Phone::e164),
                row.since.map(|since| since.0),
                row.heard.0,
                row.day.to_string(),
                row.sent
            ],
        )
        .map(drop)
    }

    /// Every box that ever joined.
    pub fn all_boxes(&self) -> Stored<Vec<BoxId>> {
        self.all("SELECT box FROM enrolment ORDER BY box", [], |row| {
            id(row, "box").map(BoxId)
        })
    }

    /// Queues a frame for a box, due at once.
    pub fn add_sync_text(&self, box_id: BoxId, phone: Phone, text: &str, now: Wall) -> Stored<()> {
        self.execute(
            "INSERT INTO outbox (phone, text, essential, state, tries, due_ms, created_ms, sync_box)
             VALUES (?1, ?2, 1, 'queued', 0, ?3, ?3, ?4)",
            params![phone.e164(), text, now.0, signed(box_id.0)],
        )
        .map(drop)
    }

    /// Frames that waited for so long are not sent any more: the sync says again what is still true. `box_id`: all of one
    /// box.
    pub fn drop_sync_texts(&self, box_id: Option<BoxId>, before: Wall) -> Stored<usize> {
        self.execute(
            "UPDATE outbox SET state = ?3, due_ms = NULL, reason = 'too_old'
             WHERE sync_box IS NOT NULL AND state = 'queued' AND created_ms < ?1 AND (?2 IS NULL OR sync_box = ?2)",
            params![
                before.0,
                box_id.map(|box_id| signed(box_id.0)),
                TextState::Failed.name()
            ],
        )
    }

    /// Forgets frames that were queued before this.
    pub fn forget_sync_texts(&self, before: Wall) -> Stored<usize> {
        self.execute(
            "DELETE FROM outbox WHERE sync_box IS NOT NULL AND created_ms < ?1",
            [before.0],
        )
    }

    /// Counts a text that looked like a frame and is of no box; gives how many there were, and whether that is to be
    /// written down again: when it was not since `before`.
    pub fn count_thin_refused(&self, now: Wall, before: Wall) -> Stored<(u64, bool)> {
        let counted = self.one(
            "UPDATE hub SET thin_refused = thin_refused + 1 RETURNING thin_refused, thin_refused_ms",
            [],
            |row| {
                Ok((
                    row.get::<_, i64>("thin_refused")?,
                    row.get::<_, i64>("thin_refused_ms")?,
                ))
            },
        )?;
        let (count, noted_ms) = counted.unwrap_or_default();
        let is_due = noted_ms <= before.0 || noted_ms > now.0;
        if is_due {
            self.execute("UPDATE hub SET thin_refused_ms = ?1", [now.0])?;
        }
        Ok((count.unsigned_abs(), is_due))
    }
}
