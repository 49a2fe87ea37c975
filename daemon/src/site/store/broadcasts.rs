//! Texts of a manager to everybody of this site, and how far each has come.

use kiosk::{ids::CustomerId, moment::Wall};
use rusqlite::{Connection, OptionalExtension};
use store::StoreError;

use super::{customer, signed};
use crate::site::sim::TextId;

/// Somebody of this site whom a text may be for.
#[derive(Clone, PartialEq, Eq)]
pub struct Reachable {
    /// Who.
    pub id: CustomerId,
    /// Their number, E.164.
    pub phone: Option<String>,
    /// Not blocked.
    pub active: bool,
    /// Their record became part of another.
    pub merged: bool,
    /// Their number wants no texts that it did not ask for.
    pub stopped: bool,
}

/// Somebody for whom a text waits.
#[derive(Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Their place in it.
    pub place: u32,
    /// Who.
    pub customer: CustomerId,
    /// Their number now, if it is the one of then.
    pub phone: Option<String>,
}

/// A broadcast as pages show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BroadcastShown {
    /// Which.
    pub id: i64,
    /// Who wrote it.
    pub by: String,
    /// What it says.
    pub body: String,
    /// `running`, `cancelled` or `done`.
    pub state: String,
    /// When it was made.
    pub made: Wall,
    /// Parts of one text.
    pub parts: u32,
    /// For how many it is.
    pub people: u32,
    /// How many wait: here, or among the texts of the SIM.
    pub waiting: u32,
    /// How many have left.
    pub left: u32,
    /// Of those, how many are known to be on the phone.
    pub delivered: u32,
    /// How many got none, or none that arrived.
    pub failed: u32,
}

/// Everybody of this site.
pub fn audience(connection: &Connection) -> Result<Vec<Reachable>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, CAST(opened('customer.phone_sealed', id, phone_sealed) AS TEXT), active, merged_into IS NOT NULL
         FROM customer WHERE admitted AND account IS NOT NULL ORDER BY id",
    )?;
    let mut stopped = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM sim_stopped WHERE phone_key = keyed('sim.phone', ?1))")?;
    let rows = statement.query_map([], |row| {
        let phone: Option<String> = row.get(1)?;
        let stopped = match &phone {
            Some(phone) => stopped.query_row([phone], |row| row.get(0))?,
            None => false,
        };
        Ok(Reachable {
            id: customer(row.get(0)?),
            phone,
            active: row.get(2)?,
            merged: row.get(3)?,
            stopped,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Writes a broadcast down for these people and their numbers; gives its id.
pub fn insert(
    connection: &Connection,
    by: &str,
    body: &str,
    parts: u32,
    people: &[(CustomerId, String)],
    now: Wall,
) -> Result<i64, StoreError> {
    let mut statement = connection
        .prepare_cached("INSERT INTO broadcast (by, parts, state, made_ms) VALUES (?1, ?2, 'running', ?3)")?;
    statement.execute((by, parts, now.0))?;
    let id = connection.last_insert_rowid();
    // What is sealed is bound to its row, whose number is known only now.
    let mut statement = connection
        .prepare_cached("UPDATE broadcast SET body_sealed = sealed('broadcast.body_sealed', id, ?2) WHERE id = ?1")?;
    statement.execute((id, body))?;
    let mut statement = connection.prepare_cached(
        "INSERT INTO broadcast_to (broadcast, place, customer, phone_key) VALUES (?1, ?2, ?3, keyed('sim.phone', ?4))",
    )?;
    for (place, (customer, phone)) in (1u32..).zip(people) {
        statement.execute((id, place, signed(customer.0), phone))?;
    }
    Ok(id)
}

/// The one that runs, and its text.
pub fn running(connection: &Connection) -> Result<Option<(i64, String)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, CAST(opened('broadcast.body_sealed', id, body_sealed) AS TEXT) FROM broadcast WHERE state = 'running'
         ORDER BY id LIMIT 1",
    )?;
    Ok(statement
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// The next for whom its text waits, at most `count_max`.
pub fn waiting(connection: &Connection, id: i64, count_max: u32) -> Result<Vec<Waiting>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT place, customer, CAST(opened('customer.phone_sealed', c.id, c.phone_sealed) AS TEXT), t.phone_key
         FROM broadcast_to t LEFT JOIN customer c ON c.id = t.customer
         WHERE broadcast = ?1 AND text IS NULL AND why IS NULL ORDER BY place LIMIT ?2",
    )?;
    let mut same = connection.prepare_cached("SELECT keyed('sim.phone', ?1) = ?2")?;
    let rows = statement.query_map((id, count_max), |row| {
        let phone: Option<String> = row.get(2)?;
        let key: Vec<u8> = row.get(3)?;
        let phone = match phone {
            Some(phone) if same.query_row((&phone, &key), |row| row.get(0))? => Some(phone),
            _ => None,
        };
        Ok(Waiting {
            place: row.get(0)?,
            customer: customer(row.get(1)?),
            phone,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The text for somebody is among those of the SIM, or why there is none.
pub fn settle(connection: &Connection, id: i64, place: u32, fate: Result<TextId, &str>) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached("UPDATE broadcast_to SET text = ?3, why = ?4 WHERE broadcast = ?1 AND place = ?2")?;
    let (text, why) = match fate {
        Ok(text) => (Some(signed(text.0)), None),
        Err(why) => (None, Some(why)),
    };
    Ok(statement.execute((id, place, text, why)).map(drop)?)
}

/// How many texts of broadcasts wait for the SIM.
pub fn in_outbox(connection: &Connection) -> Result<u32, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT count(*) FROM sim_outbox WHERE state IN ('queued', 'sending') AND purpose = 'broadcast'",
    )?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// Ends a broadcast that runs; what of it waits is given up. Gives whether it ran.
pub fn end(connection: &Connection, id: i64, state: &str, why: &str, now: Wall) -> Result<bool, StoreError> {
    let mut statement = connection
        .prepare_cached("UPDATE broadcast SET state = ?2, ended_ms = ?3 WHERE id = ?1 AND state = 'running'")?;
    if statement.execute((id, state, now.0))? == 0 {
        return Ok(false);
    }
    let mut statement = connection.prepare_cached(
        "UPDATE sim_outbox SET state = 'failed', word = ?2, changed_ms = ?3
         WHERE state = 'queued' AND id IN (SELECT text FROM broadcast_to WHERE broadcast = ?1 AND text IS NOT NULL)",
    )?;
    statement.execute((id, why, now.0))?;
    let mut statement = connection
        .prepare_cached("UPDATE broadcast_to SET why = ?2 WHERE broadcast = ?1 AND text IS NULL AND why IS NULL")?;
    statement.execute((id, why))?;
    Ok(true)
}

/// Whether there is one with this id.
pub fn exists(connection: &Connection, id: i64) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM broadcast WHERE id = ?1)")?;
    Ok(statement.query_row([id], |row| row.get(0))?)
}

/// The newest, at most `count_max`. What the SIM has forgotten since counts as left.
pub fn newest(connection: &Connection, count_max: u32) -> Result<Vec<BroadcastShown>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT b.id, by, CAST(opened('broadcast.body_sealed', b.id, b.body_sealed) AS TEXT), b.state, made_ms, b.parts,
           count(t.place),
           count(*) FILTER (WHERE t.place IS NOT NULL AND t.why IS NULL
             AND (t.text IS NULL OR o.state IN ('queued', 'sending'))),
           count(*) FILTER (WHERE t.text IS NOT NULL AND coalesce(o.state, 'sent') IN ('sent', 'delivered', 'unknown')),
           count(*) FILTER (WHERE o.state = 'delivered'),
           count(*) FILTER (WHERE t.why IS NOT NULL OR o.state = 'failed')
         FROM (SELECT * FROM broadcast ORDER BY id DESC LIMIT ?1) b
         LEFT JOIN broadcast_to t ON t.broadcast = b.id LEFT JOIN sim_outbox o ON o.id = t.text
         GROUP BY b.id ORDER BY b.id DESC",
    )?;
    let rows = statement.query_map([count_max], |row| {
        Ok(BroadcastShown {
            id: row.get(0)?,
            by: row.get(1)?,
            body: row.get(2)?,
            state: row.get(3)?,
            made: Wall(row.get(4)?),
            parts: row.get(5)?,
            people: row.get(6)?,
            waiting: row.get(7)?,
            left: row.get(8)?,
            delivered: row.get(9)?,
            failed: row.get(10)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Forgets all but the newest `count_max`.
pub fn forget(connection: &Connection, count_max: u32) -> Result<(), StoreError> {
    let old = "(SELECT coalesce(max(id), 0) - ?1 FROM broadcast)";
    let mut statement = connection.prepare_cached(&format!("DELETE FROM broadcast_to WHERE broadcast <= {old}"))?;
    statement.execute([count_max])?;
    let mut statement = connection.prepare_cached(&format!("DELETE FROM broadcast WHERE id <= {old}"))?;
    Ok(statement.execute([count_max]).map(drop)?)
}

/// Forgets all: the box belongs to another enrolment, whose people these are not.
pub fn forget_all(connection: &Connection) -> Result<(), StoreError> {
    Ok(connection.execute_batch("DELETE FROM broadcast_to; DELETE FROM broadcast")?)
}
