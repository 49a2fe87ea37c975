//! Texts that leave by the site's own SIM. What names a person is sealed; nothing here decides.

use kiosk::moment::{Uptime, Wall};
use rusqlite::{Connection, OptionalExtension, Row};
use store::StoreError;

use super::{signed, unsigned};
use crate::site::{
    delivery::{Purpose, TextState},
    sim::TextId,
};

/// A text to be queued.
#[derive(Clone, Copy, Debug)]
pub struct NewRow<'a> {
    /// What it is for.
    pub purpose: Purpose,
    /// The hub's own id of it, where the hub asked for it.
    pub asked: Option<u64>,
    /// The receiver: E.164, or a short code.
    pub to: &'a str,
    /// What it says.
    pub body: &'a str,
    /// What it costs: texts of the network.
    pub parts: u32,
    /// How long the network may try, in milliseconds.
    pub validity_ms: Option<u64>,
    /// The time, where it is trusted.
    pub wall: Option<Wall>,
    /// The time by which it gets old.
    pub uptime: Uptime,
}

/// A text that is open: waits or is under way.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenText {
    /// Which.
    pub id: TextId,
    /// What it is for.
    pub purpose: Purpose,
    /// The receiver.
    pub to: String,
    /// What it says.
    pub body: String,
    /// What it costs.
    pub parts: u32,
    /// How long the network may try, in milliseconds.
    pub validity_ms: Option<u64>,
    /// How often it was handed over.
    pub tries: u32,
    /// When it was queued, where the clock was trusted.
    pub queued: Option<Wall>,
    /// When it was queued.
    pub queued_uptime: Uptime,
}

/// A text as pages show it; whoever shows it masks the number.
#[derive(Clone, PartialEq, Eq)]
pub struct ShownText {
    /// Which.
    pub id: TextId,
    /// What it is for.
    pub purpose: Purpose,
    /// The receiver.
    pub to: String,
    /// What it says.
    pub body: String,
    /// What it costs.
    pub parts: u32,
    /// Where it stands.
    pub state: TextState,
    /// When it came there, by the clock of then.
    pub changed: Wall,
    /// The network's last word.
    pub word: String,
}

/// Queues a text; `None` when the hub asked for it before.
pub fn insert(connection: &Connection, row: &NewRow<'_>, now: Wall) -> Result<Option<TextId>, StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO sim_outbox (purpose, asked, phone_key, parts, validity_ms, state, queued_ms, queued_uptime_ms,
           due_uptime_ms, changed_ms)
         VALUES (?1, ?2, keyed('sim.phone', ?3), ?4, ?5, 'queued', ?6, ?7, ?7, ?8) ON CONFLICT (asked) DO NOTHING",
    )?;
    let values = (
        row.purpose.name(),
        row.asked.map(signed),
        row.to,
        row.parts,
        row.validity_ms.map(u64::cast_signed),
        row.wall.map(|wall| wall.0),
        row.uptime.0.cast_signed(),
        now.0,
    );
    if statement.execute(values)? == 0 {
        return Ok(None);
    }
    let id = connection.last_insert_rowid();
    // What is sealed is bound to its row, whose number is known only now.
    let mut statement = connection.prepare_cached(
        "UPDATE sim_outbox SET phone_sealed = sealed('sim_outbox.phone_sealed', id, ?2),
           body_sealed = sealed('sim_outbox.body_sealed', id, ?3) WHERE id = ?1",
    )?;
    statement.execute((id, row.to, row.body))?;
    Ok(Some(TextId(id.unsigned_abs())))
}

const OPEN: &str = "SELECT id, purpose, CAST(opened('sim_outbox.phone_sealed', id, phone_sealed) AS TEXT),
  coalesce(CAST(opened('sim_outbox.body_sealed', id, body_sealed) AS TEXT), ''), parts, validity_ms, tries, queued_ms,
  queued_uptime_ms FROM sim_outbox ";

fn open_text(row: &Row<'_>) -> Result<OpenText, StoreError> {
    Ok(OpenText {
        id: TextId(unsigned(row.get(0)?)),
        purpose: purpose(row, 1)?,
        to: row.get(2)?,
        body: row.get(3)?,
        parts: row.get(4)?,
        validity_ms: row.get::<_, Option<i64>>(5)?.map(i64::unsigned_abs),
        tries: row.get(6)?,
        queued: row.get::<_, Option<i64>>(7)?.map(Wall),
        queued_uptime: Uptime(unsigned(row.get(8)?)),
    })
}

fn purpose(row: &Row<'_>, column: usize) -> Result<Purpose, StoreError> {
    Purpose::from_name(row.get_ref(column)?.as_str().unwrap_or_default()).ok_or(StoreError::Row("a text's purpose"))
}

/// Texts of a purpose that are due, the oldest first, at most `count_max`.
pub fn due(
    connection: &Connection,
    purpose: Purpose,
    now: Uptime,
    count_max: u32,
) -> Result<Vec<OpenText>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "{OPEN} WHERE state = 'queued' AND purpose = ?1 AND due_uptime_ms <= ?2 ORDER BY id LIMIT ?3"
    ))?;
    let rows = statement.query_map((purpose.name(), now.0.cast_signed(), count_max), |row| {
        Ok(open_text(row))
    })?;
    rows.map(|row| row?).collect()
}

/// The text with this id, while it waits for its outcome, or where nobody knew it.
pub fn without_outcome(connection: &Connection, id: TextId) -> Result<Option<OpenText>, StoreError> {
    let mut statement =
        connection.prepare_cached(&format!("{OPEN} WHERE id = ?1 AND state IN ('sending', 'unknown')"))?;
    statement
        .query_row([signed(id.0)], |row| Ok(open_text(row)))
        .optional()?
        .transpose()
}

/// How many are under way.
pub fn under_way(connection: &Connection) -> Result<u32, StoreError> {
    let mut statement = connection.prepare_cached("SELECT count(*) FROM sim_outbox WHERE state = 'sending'")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// How many wait.
pub fn waiting(connection: &Connection) -> Result<u32, StoreError> {
    let mut statement = connection.prepare_cached("SELECT count(*) FROM sim_outbox WHERE state = 'queued'")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// Whether one of a purpose waits.
pub fn has_waiting(connection: &Connection, purpose: Purpose) -> Result<bool, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM sim_outbox WHERE state = 'queued' AND purpose = ?1)")?;
    Ok(statement.query_row([purpose.name()], |row| row.get(0))?)
}

/// What texts of a purpose have cost on a day of sales, in texts of the network.
pub fn spent(connection: &Connection, purpose: Purpose, day: i64) -> Result<u32, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT coalesce(sum(parts), 0) FROM sim_outbox WHERE day = ?1 AND purpose = ?2")?;
    Ok(statement.query_row((day, purpose.name()), |row| row.get(0))?)
}

/// It is handed over on this day.
pub fn hand_over(connection: &Connection, id: TextId, day: i64, uptime: Uptime, now: Wall) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "UPDATE sim_outbox SET state = 'sending', day = ?2, tries = tries + 1, due_uptime_ms = ?3, changed_ms = ?4
         WHERE id = ?1",
    )?;
    let values = (signed(id.0), day, uptime.0.cast_signed(), now.0);
    Ok(statement.execute(values).map(drop)?)
}

/// Nothing of it left: it waits until `due`, and cost nothing.
pub fn put_off(connection: &Connection, id: TextId, due: Uptime, word: &str, now: Wall) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "UPDATE sim_outbox SET state = 'queued', day = NULL, due_uptime_ms = ?2, word = ?3, changed_ms = ?4 WHERE id = ?1",
    )?;
    Ok(statement
        .execute((signed(id.0), due.0.cast_signed(), word, now.0))
        .map(drop)?)
}

/// It came to this state. What failed without having left cost nothing.
pub fn settle(
    connection: &Connection,
    id: TextId,
    state: TextState,
    word: &str,
    has_left: bool,
    now: Wall,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "UPDATE sim_outbox SET state = ?2, word = ?3, day = CASE WHEN ?4 THEN day END, changed_ms = ?5 WHERE id = ?1",
    )?;
    Ok(statement
        .execute((signed(id.0), state.name(), word, has_left, now.0))
        .map(drop)?)
}

/// Nobody knows what became of texts that were handed over before `before`; gives how many there were.
pub fn lose_sight(connection: &Connection, before: Option<Uptime>, word: &str, now: Wall) -> Result<usize, StoreError> {
    let mut statement = connection.prepare_cached(
        "UPDATE sim_outbox SET state = 'unknown', word = ?2, changed_ms = ?3
         WHERE state = 'sending' AND (?1 IS NULL OR due_uptime_ms < ?1)",
    )?;
    let values = (before.map(|before| before.0.cast_signed()), word, now.0);
    Ok(statement.execute(values)?)
}

/// What waits for this number, and was not asked for, is given up.
pub fn give_up(connection: &Connection, phone: &str, word: &str, now: Wall) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "UPDATE sim_outbox SET state = 'failed', word = ?2, changed_ms = ?3
         WHERE state = 'queued' AND purpose = 'broadcast' AND phone_key = keyed('sim.phone', ?1)",
    )?;
    Ok(statement.execute((phone, word, now.0)).map(drop)?)
}

/// What waits of sync is given up: the socket carries it.
pub fn give_up_sync(connection: &Connection, now: Wall) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "UPDATE sim_outbox SET state = 'failed', word = 'not needed', changed_ms = ?1
         WHERE state = 'queued' AND purpose = 'sync'",
    )?;
    Ok(statement.execute([now.0]).map(drop)?)
}

/// The network's references of what was sent.
pub fn put_parts(connection: &Connection, id: TextId, references: &[u8]) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached("INSERT INTO sim_part (reference, text, place) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?;
    for (place, reference) in (0u32..).zip(references) {
        statement.execute((reference, signed(id.0), place))?;
    }
    Ok(())
}

/// Parts with this reference that are on their way, of the newest text first: the text, its receiver, the part's place.
pub fn parts_under_way(connection: &Connection, reference: u8) -> Result<Vec<(TextId, String, u32)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, CAST(opened('sim_outbox.phone_sealed', id, phone_sealed) AS TEXT), place
         FROM sim_part JOIN sim_outbox ON sim_outbox.id = sim_part.text
         WHERE reference = ?1 AND fate = 0 AND state = 'sent' ORDER BY id DESC, place",
    )?;
    let rows = statement.query_map([reference], |row| {
        Ok((TextId(unsigned(row.get(0)?)), row.get(1)?, row.get(2)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What became of a part. Gives what became of all: `None` while one is on its way, else whether all were delivered.
pub fn put_fate(
    connection: &Connection,
    id: TextId,
    place: u32,
    is_delivered: bool,
) -> Result<Option<bool>, StoreError> {
    let mut statement = connection.prepare_cached("UPDATE sim_part SET fate = ?3 WHERE text = ?1 AND place = ?2")?;
    statement.execute((signed(id.0), place, if is_delivered { 1 } else { 2 }))?;
    let mut statement = connection.prepare_cached("SELECT min(fate), max(fate) FROM sim_part WHERE text = ?1")?;
    let (least, most): (u8, u8) = statement.query_row([signed(id.0)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(match (least, most) {
        (_, 2) => Some(false),
        (0, _) => None,
        _ => Some(true),
    })
}

/// Where a text stands that the hub asked for; `None` when it never did.
pub fn asked(connection: &Connection, asked: u64) -> Result<Option<(TextId, TextState)>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id, state FROM sim_outbox WHERE asked = ?1")?;
    let found = statement
        .query_row([signed(asked)], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })
        .optional()?;
    let read = |(id, state): (i64, String)| {
        let state = TextState::from_name(&state).ok_or(StoreError::Row("a text's state"))?;
        Ok((TextId(unsigned(id)), state))
    };
    found.map(read).transpose()
}

/// The newest texts for people, at most `count_max`: what sync carries is not for them.
pub fn newest(connection: &Connection, count_max: u32) -> Result<Vec<ShownText>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, purpose, CAST(opened('sim_outbox.phone_sealed', id, phone_sealed) AS TEXT),
           coalesce(CAST(opened('sim_outbox.body_sealed', id, body_sealed) AS TEXT), ''), parts, state, changed_ms, word
         FROM sim_outbox WHERE purpose <> 'sync' ORDER BY id DESC LIMIT ?1",
    )?;
    let rows = statement.query_map([count_max], |row| {
        let read = || {
            let state: String = row.get(5)?;
            Ok(ShownText {
                id: TextId(unsigned(row.get(0)?)),
                purpose: purpose(row, 1)?,
                to: row.get(2)?,
                body: row.get(3)?,
                parts: row.get(4)?,
                state: TextState::from_name(&state).ok_or(StoreError::Row("a text's state"))?,
                changed: Wall(row.get(6)?),
                word: row.get(7)?,
            })
        };
        Ok(read())
    })?;
    rows.map(|row| row?).collect()
}

/// Forgets texts that are settled and older than `before`, or not among the newest `count_max`.
pub fn forget(connection: &Connection, before: Uptime, count_max: u32) -> Result<(), StoreError> {
    let old = "state NOT IN ('queued', 'sending')
      AND (queued_uptime_ms < ?1 OR id <= (SELECT coalesce(max(id), 0) - ?2 FROM sim_outbox))";
    let values = (before.0.cast_signed(), count_max);
    let mut statement = connection.prepare_cached(&format!(
        "DELETE FROM sim_part WHERE text IN (SELECT id FROM sim_outbox WHERE {old})"
    ))?;
    statement.execute(values)?;
    let mut statement = connection.prepare_cached(&format!("DELETE FROM sim_outbox WHERE {old}"))?;
    Ok(statement.execute(values).map(drop)?)
}

/// Gives up what waits: the box belongs to another enrolment, whose people these are not.
pub fn forget_all(connection: &Connection) -> Result<(), StoreError> {
    Ok(connection.execute_batch("DELETE FROM sim_part; DELETE FROM sim_outbox WHERE state <> 'sending'")?)
}
