//! Accounts that are to go along to another number.

use kiosk::{ids::CustomerId, moment::Wall, phone::Phone};
use rusqlite::{Row, params};

use super::{Store, Stored, customer::maybe_phone, id, maybe_wall, signed, wrong};

/// A request to take an account along.
#[derive(Clone, Debug)]
pub(in crate::hub) struct NumberRow {
    pub id: i64,
    pub customer: CustomerId,
    pub old: Phone,
    pub new: Phone,
    pub state: String,
    pub asked: Wall,
    pub decided: Option<Wall>,
    pub decided_by: Option<String>,
}

/// Wrong tries at the account of a number.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::hub) struct NumberTries {
    pub wrong: u32,
    pub lock_since: Option<Wall>,
    pub lock_ms: i64,
}

pub(super) fn read_number(row: &Row<'_>) -> rusqlite::Result<NumberRow> {
    let phone = |column| maybe_phone(row, column)?.ok_or_else(|| wrong(row, column));
    Ok(NumberRow {
        id: row.get("id")?,
        customer: CustomerId(id(row, "customer")?),
        old: phone("old_phone")?,
        new: phone("new_phone")?,
        state: row.get("state")?,
        asked: Wall(row.get("asked_ms")?),
        decided: maybe_wall(row, "decided_ms")?,
        decided_by: row.get("decided_by")?,
    })
}

impl Store<'_> {
    /// How often a number has asked for another's account after a moment.
    pub fn number_asks(&self, phone: Phone, since: Wall) -> Stored<u32> {
        let count = self.one(
            "SELECT count(*) FROM number_asked WHERE phone = ?1 AND asked_ms > ?2",
            params![phone.e164(), since.0],
            |row| row.get(0),
        )?;
        Ok(count.unwrap_or_default())
    }

    /// A number asks for another's account.
    pub fn add_number_ask(&self, phone: Phone, now: Wall) -> Stored<()> {
        self.execute(
            "INSERT INTO number_asked (phone, asked_ms) VALUES (?1, ?2)",
            params![phone.e164(), now.0],
        )
        .map(drop)
    }

    /// Wrong tries at the account of a number.
    pub fn number_tries(&self, phone: Phone) -> Stored<NumberTries> {
        let tries = self.one("SELECT * FROM number_try WHERE phone = ?1", [phone.e164()], |row| {
            Ok(NumberTries {
                wrong: row.get("wrong")?,
                lock_since: maybe_wall(row, "lock_since_ms")?,
                lock_ms: row.get("lock_ms")?,
            })
        })?;
        Ok(tries.unwrap_or_default())
    }

    /// Writes them.
    pub fn put_number_tries(&self, phone: Phone, tries: NumberTries, now: Wall) -> Stored<()> {
        self.execute(
            "INSERT OR REPLACE INTO number_try (phone, wrong, lock_since_ms, lock_ms, tried_ms)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                phone.e164(),
                tries.wrong,
                tries.lock_since.map(|since| since.0),
                tries.lock_ms,
                now.0
            ],
        )
        .map(drop)
    }

    /// Forgets who asked before a moment, and tries before another.
    pub fn forget_number_asks(&self, asked_before: Wall, tried_before: Wall) -> Stored<()> {
        self.execute("DELETE FROM number_asked WHERE asked_ms < ?1", [asked_before.0])?;
        self.execute("DELETE FROM number_try WHERE tried_ms < ?1", [tried_before.0])
            .map(drop)
    }

    /// Keeps a request; `None` when the same is open.
    pub fn add_number_request(&self, customer: CustomerId, old: Phone, new: Phone, now: Wall) -> Stored<Option<i64>> {
        self.one(
            "INSERT INTO number_request (customer, old_phone, new_phone, state, asked_ms)
             VALUES (?1, ?2, ?3, 'open', ?4) ON CONFLICT DO NOTHING RETURNING id",
            params![signed(customer.0), old.e164(), new.e164(), now.0],
            |row| row.get(0),
        )
    }

    /// A request that waits for a yes or no.
    pub fn open_number_request(&self, request: i64) -> Stored<Option<NumberRow>> {
        self.one(
            "SELECT * FROM number_request WHERE id = ?1 AND state = 'open'",
            [request],
            read_number,
        )
    }

    /// All requests of an account that wait.
    pub fn open_number_requests_of(&self, customer: CustomerId) -> Stored<Vec<NumberRow>> {
        self.all(
            "SELECT * FROM number_request WHERE customer = ?1 AND state = 'open' ORDER BY id",
            [signed(customer.0)],
            read_number,
        )
    }

    /// Requests that wait since before a moment.
    pub fn number_requests_before(&self, before: Wall, limit: u32) -> Stored<Vec<NumberRow>> {
        self.all(
            "SELECT * FROM number_request WHERE state = 'open' AND asked_ms < ?1 ORDER BY asked_ms LIMIT ?2",
            params![before.0, limit],
            read_number,
        )
    }

    /// A request has an end.
    pub fn end_number_request(&self, request: i64, state: &str, by: Option<&str>, now: Wall) -> Stored<()> {
        self.execute(
            "UPDATE number_request SET state = ?2, decided_by = ?3, decided_ms = ?4 WHERE id = ?1",
            params![request, state, by, now.0],
        )
        .map(drop)
    }
}
