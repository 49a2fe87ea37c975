//! Texts of a manager to everybody of this site, and how far each has come.

use kiosk::{
    ids::CustomerId,
    moment::{Stamp, Uptime, Wall},
};
use rusqlite::{Connection, OptionalExtension};
use store::StoreError;

use super::{customer, signed, unsigned};
use crate::site::sim::TextId;

/// Why a text did not leave that waited for longer than it was true.
pub const TOO_LATE: &str = "too late";

/// Somebody of this site whom a text may be for.
#[derive(Clone, PartialEq, Eq)]
pub struct Reachable {
    /// Who.
    pub id: CustomerId,
    /// Their number, E.164.
    pub phone: Option<String>,
    /// `en`, `sw`, `fr`, or empty for the site's.
    pub language: String,
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
    /// Their number now, if it is the one of then, and they are still of this site and not blocked.
    pub phone: Option<String>,
    /// What it says in their language.
    pub body: String,
}

/// One of the texts of a broadcast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    /// `en`, `sw`, `fr`; empty where nobody said.
    pub language: String,
    /// What it says.
    pub body: String,
    /// Its parts: texts of the network.
    pub parts: u32,
}

/// How long a broadcast is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lasts {
    /// When it was made.
    pub made: Stamp,
    /// For how long after that, in milliseconds.
    pub true_ms: u64,
}

/// A broadcast that is to be written down.
#[derive(Clone, Copy)]
pub struct NewBroadcastRow<'a> {
    /// Who wrote it.
    pub by: &'a str,
    /// What it says; the first to whoever speaks none of their languages.
    pub texts: &'a [Wording],
    /// For whom, at which number, and the place of their text.
    pub people: &'a [(CustomerId, String, usize)],
    /// How long it is true.
    pub lasts: Lasts,
}

/// A broadcast as pages show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BroadcastShown {
    /// Which.
    pub id: i64,
    /// Who wrote it.
    pub by: String,
    /// What it says.
    pub texts: Vec<Wording>,
    /// `running`, `cancelled`, `late` or `done`.
    pub state: String,
    /// When it was made.
    pub made: Wall,
    /// Until when it is true.
    pub until: Wall,
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
    /// Of those, for how many it was too late.
    pub late: u32,
}

/// Everybody of this site.
pub fn audience(connection: &Connection) -> Result<Vec<Reachable>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, CAST(opened('customer.phone_sealed', id, phone_sealed) AS TEXT), active, merged_into IS NOT NULL,
           language FROM customer WHERE admitted AND account IS NOT NULL ORDER BY id",
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
            language: row.get(4)?,
            stopped,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Writes a broadcast down; gives its id.
pub fn insert(connection: &Connection, new: &NewBroadcastRow<'_>, now: Wall) -> Result<i64, StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO broadcast (by, state, made_ms, made_uptime_ms, trusted, true_ms)
         VALUES (?1, 'running', ?2, ?3, ?4, ?5)",
    )?;
    let Lasts { made, true_ms } = new.lasts;
    let made_uptime = made.uptime.0.cast_signed();
    statement.execute((new.by, now.0, made_uptime, made.wall.is_some(), true_ms.cast_signed()))?;
    let id = connection.last_insert_rowid();
    let mut statement = connection
        .prepare_cached("INSERT INTO broadcast_text (broadcast, place, language, parts) VALUES (?1, ?2, ?3, ?4)")?;
    // What is sealed is bound to its row, whose number is known only now.
    let mut seal = connection.prepare_cached(
        "UPDATE broadcast_text SET body_sealed = sealed('broadcast_text.body_sealed', id, ?2) WHERE id = ?1",
    )?;
    for (place, text) in (0u32..).zip(new.texts) {
        statement.execute((id, place, &text.language, text.parts))?;
        seal.execute((connection.last_insert_rowid(), &text.body))?;
    }
    let mut statement = connection.prepare_cached(
        "INSERT INTO broadcast_to (broadcast, place, customer, phone_key, said)
         VALUES (?1, ?2, ?3, keyed('sim.phone', ?4), ?5)",
    )?;
    for (place, (customer, phone, said)) in (1u32..).zip(new.people) {
        statement.execute((id, place, signed(customer.0), phone, u32::try_from(*said).unwrap_or(0)))?;
    }
    Ok(id)
}

/// The one that runs, and how long it is true.
pub fn running(connection: &Connection) -> Result<Option<(i64, Lasts)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, made_uptime_ms, CASE WHEN trusted THEN made_ms END, true_ms FROM broadcast WHERE state = 'running'
         ORDER BY id LIMIT 1",
    )?;
    let read = |row: &rusqlite::Row<'_>| {
        let made = Stamp {
            uptime: Uptime(unsigned(row.get(1)?)),
            wall: row.get::<_, Option<i64>>(2)?.map(Wall),
        };
        let true_ms = unsigned(row.get(3)?);
        Ok((row.get(0)?, Lasts { made, true_ms }))
    };
    Ok(statement.query_row([], read).optional()?)
}

/// The state of the broadcast that a text of the SIM is of; `None` where it is of none.
pub fn state_of_text(connection: &Connection, text: TextId) -> Result<Option<String>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT b.state FROM broadcast_to t JOIN broadcast b ON b.id = t.broadcast WHERE t.text = ?1
         ORDER BY b.id DESC LIMIT 1",
    )?;
    Ok(statement.query_row([signed(text.0)], |row| row.get(0)).optional()?)
}

/// The next for whom its text waits, at most `count_max`.
pub fn waiting(connection: &Connection, id: i64, count_max: u32) -> Result<Vec<Waiting>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT t.place, t.customer,
           CASE WHEN c.admitted AND c.active THEN CAST(opened('customer.phone_sealed', c.id, c.phone_sealed) AS TEXT) END,
           t.phone_key, CAST(opened('broadcast_text.body_sealed', s.id, s.body_sealed) AS TEXT)
         FROM broadcast_to t JOIN broadcast_text s ON s.broadcast = t.broadcast AND s.place = t.said
         LEFT JOIN customer c ON c.id = t.customer
         WHERE t.broadcast = ?1 AND text IS NULL AND why IS NULL ORDER BY t.place LIMIT ?2",
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
            body: row.get(4)?,
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
        "SELECT b.id, by, b.state, made_ms, made_ms + true_ms,
           count(t.place),
           count(*) FILTER (WHERE t.place IS NOT NULL AND t.why IS NULL
             AND (t.text IS NULL OR o.state IN ('queued', 'sending'))),
           count(*) FILTER (WHERE t.text IS NOT NULL AND coalesce(o.state, 'sent') IN ('sent', 'delivered', 'unknown')),
           count(*) FILTER (WHERE o.state = 'delivered'),
           count(*) FILTER (WHERE t.why IS NOT NULL OR o.state = 'failed'),
           count(*) FILTER (WHERE t.why = ?2 OR (o.state = 'failed' AND o.word = ?2))
         FROM (SELECT * FROM broadcast ORDER BY id DESC LIMIT ?1) b
         LEFT JOIN broadcast_to t ON t.broadcast = b.id LEFT JOIN sim_outbox o ON o.id = t.text
         GROUP BY b.id ORDER BY b.id DESC",
    )?;
    let rows = statement.query_map((count_max, TOO_LATE), |row| {
        Ok(BroadcastShown {
            id: row.get(0)?,
            by: row.get(1)?,
            texts: Vec::new(),
            state: row.get(2)?,
            made: Wall(row.get(3)?),
            until: Wall(row.get(4)?),
            people: row.get(5)?,
            waiting: row.get(6)?,
            left: row.get(7)?,
            delivered: row.get(8)?,
            failed: row.get(9)?,
            late: row.get(10)?,
        })
    })?;
    let mut shown: Vec<BroadcastShown> = rows.collect::<Result<_, _>>()?;
    for broadcast in &mut shown {
        broadcast.texts = texts(connection, broadcast.id)?;
    }
    Ok(shown)
}

/// What a broadcast says, in the order in which it was written.
fn texts(connection: &Connection, id: i64) -> Result<Vec<Wording>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT language, coalesce(CAST(opened('broadcast_text.body_sealed', id, body_sealed) AS TEXT), ''), parts
         FROM broadcast_text WHERE broadcast = ?1 ORDER BY place",
    )?;
    let rows = statement.query_map([id], |row| {
        Ok(Wording {
            language: row.get(0)?,
            body: row.get(1)?,
            parts: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Forgets all but the newest `count_max`.
pub fn forget(connection: &Connection, count_max: u32) -> Result<(), StoreError> {
    let old = "(SELECT coalesce(max(id), 0) - ?1 FROM broadcast)";
    for table in ["broadcast_to", "broadcast_text"] {
        let mut statement = connection.prepare_cached(&format!("DELETE FROM {table} WHERE broadcast <= {old}"))?;
        statement.execute([count_max])?;
    }
    let mut statement = connection.prepare_cached(&format!("DELETE FROM broadcast WHERE id <= {old}"))?;
    Ok(statement.execute([count_max]).map(drop)?)
}

/// Forgets all: the box belongs to another enrolment, whose people these are not.
pub fn forget_all(connection: &Connection) -> Result<(), StoreError> {
    Ok(connection.execute_batch("DELETE FROM broadcast_to; DELETE FROM broadcast_text; DELETE FROM broadcast")?)
}
