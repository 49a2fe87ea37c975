//! Commands by SMS: what was heard, how much of it, who said STOP; and tickets.

use kiosk::{ids::CustomerId, moment::Wall, phone::Phone, talk::sms::CommandCount, units::Volume};
use rusqlite::{Row, params};

use super::{Store, Stored, customer::maybe_phone, maybe_id, maybe_wall, parsed, signed, wrong};

/// A problem that somebody reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketRow {
    /// Its number, which the sender was told.
    pub number: i64,
    /// Who wrote.
    pub phone: Phone,
    /// Whom it concerns, if it is known.
    pub customer: Option<CustomerId>,
    /// Their words.
    pub text: String,
    /// When it came.
    pub created: Wall,
    /// Since when it is solved.
    pub solved: Option<Wall>,
}

pub(super) fn read_ticket(row: &Row<'_>) -> rusqlite::Result<TicketRow> {
    Ok(TicketRow {
        number: row.get("number")?,
        phone: maybe_phone(row, "phone")?.ok_or_else(|| wrong(row, "phone"))?,
        customer: maybe_id(row, "customer")?.map(CustomerId),
        text: row.get("text")?,
        created: Wall(row.get("created_ms")?),
        solved: maybe_wall(row, "solved_ms")?,
    })
}

impl Store<'_> {
    /// Hears a message; `false` when it was heard before.
    pub fn hear_message(&self, message: &str, now: Wall) -> Stored<bool> {
        let added = self.execute(
            "INSERT INTO sms_heard (message, time_ms) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![message, now.0],
        )?;
        Ok(added > 0)
    }

    /// Forgets messages of before a moment: nobody brings them again.
    pub fn forget_messages(&self, before: Wall) -> Stored<()> {
        self.execute("DELETE FROM sms_heard WHERE time_ms < ?1", [before.0])
            .map(drop)
    }

    /// The commands of a number on its newest day.
    pub fn command_count(&self, phone: Phone) -> Stored<Option<CommandCount>> {
        self.one("SELECT * FROM sms_count WHERE phone = ?1", [phone.e164()], |row| {
            Ok(CommandCount {
                day: parsed(row, "day")?,
                count: row.get("count")?,
            })
        })
    }

    /// Writes them.
    pub fn put_command_count(&self, phone: Phone, count: CommandCount) -> Stored<()> {
        self.execute(
            "INSERT INTO sms_count (phone, day, count) VALUES (?1, ?2, ?3)
             ON CONFLICT (phone) DO UPDATE SET day = excluded.day, count = excluded.count",
            params![phone.e164(), count.day.to_string(), count.count],
        )
        .map(drop)
    }

    /// This number gets nothing that it did not ask for from now on.
    pub fn stop(&self, phone: Phone, now: Wall) -> Stored<()> {
        self.execute(
            "INSERT INTO sms_stop (phone, since_ms) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![phone.e164(), now.0],
        )
        .map(drop)
    }

    /// It wants news again; `false` when it had not said STOP.
    pub fn end_stop(&self, phone: Phone) -> Stored<bool> {
        Ok(self.execute("DELETE FROM sms_stop WHERE phone = ?1", [phone.e164()])? > 0)
    }

    /// Whether this number said STOP.
    pub fn is_stopped(&self, phone: Phone) -> Stored<bool> {
        let found = self.one("SELECT 1 FROM sms_stop WHERE phone = ?1", [phone.e164()], |_| Ok(()))?;
        Ok(found.is_some())
    }

    /// Writes a ticket down; gives its number.
    pub fn add_ticket(&self, phone: Phone, customer: Option<CustomerId>, text: &str, now: Wall) -> Stored<i64> {
        let number = self.one(
            "INSERT INTO ticket (phone, customer, text, state, created_ms) VALUES (?1, ?2, ?3, 'open', ?4)
             RETURNING number",
            params![phone.e164(), customer.map(|customer| signed(customer.0)), text, now.0],
            |row| row.get(0),
        )?;
        Ok(number.unwrap_or_default())
    }

    /// A ticket by its number.
    pub fn ticket(&self, number: i64) -> Stored<Option<TicketRow>> {
        self.one("SELECT * FROM ticket WHERE number = ?1", [number], read_ticket)
    }

    /// A ticket is solved.
    pub fn solve_ticket(&self, number: i64, now: Wall) -> Stored<()> {
        self.execute(
            "UPDATE ticket SET state = 'solved', solved_ms = ?2 WHERE number = ?1",
            params![number, now.0],
        )
        .map(drop)
    }

    /// What was drawn, and when, under a receipt of a site.
    pub fn drawn_under(&self, receipt: &str) -> Stored<Option<(Volume, Wall)>> {
        self.one(
            "SELECT volume_ml, time_ms FROM history WHERE receipt = ?1 ORDER BY id LIMIT 1",
            [receipt],
            |row| {
                let volume = Volume::try_from_ml(row.get("volume_ml")?).unwrap_or_default();
                Ok((volume, Wall(row.get("time_ms")?)))
            },
        )
    }
}
