//! Commands by SMS: how many a number sent; and tickets.

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

    /// How many tickets a number opened since then.
    pub fn tickets_since(&self, phone: Phone, since: Wall) -> Stored<u32> {
        let count = self.one(
            "SELECT count(*) FROM ticket WHERE phone = ?1 AND created_ms > ?2",
            params![phone.e164(), since.0],
            |row| row.get(0),
        )?;
        Ok(count.unwrap_or(0))
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
