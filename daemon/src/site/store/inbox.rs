//! Texts that came to the site's own SIM, and what is counted and remembered of the numbers that send them.

use kiosk::{
    moment::{HOUR_MS, Uptime, Wall},
    talk::sms::CommandCount,
};
use rusqlite::{Connection, OptionalExtension};
use store::StoreError;

/// What tells a text from every other.
#[derive(Clone, Copy)]
pub struct Fingerprint<'a> {
    /// The sender as the network writes it.
    pub from: &'a str,
    /// The network's stamp, in milliseconds since 1970.
    pub stamp_ms: Option<i64>,
    /// What it says.
    pub body: &'a [u8],
}

/// What is kept of a text.
#[derive(Clone, Copy)]
pub struct Kept<'a> {
    /// Its words, where they may be kept.
    pub words: Option<&'a str>,
    /// What was done with it, in a word.
    pub kind: &'a str,
}

/// A text as pages show it; whoever shows it masks the number.
#[derive(Clone, PartialEq, Eq)]
pub struct ShownIncoming {
    /// The sender.
    pub from: String,
    /// Its words, what may be a secret starred; `None` where they are not kept.
    pub words: Option<String>,
    /// What was done with it, in a word.
    pub kind: String,
    /// When it came, by the clock of then.
    pub came: Wall,
}

/// Whether this text came since `since`.
pub fn has(connection: &Connection, text: Fingerprint<'_>, since: Uptime) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM sim_inbox
           WHERE fingerprint = keyed('sim_inbox', ?1, coalesce(?2, ''), ?3) AND uptime_ms >= ?4)",
    )?;
    let values = (text.from, text.stamp_ms, text.body, since.0.cast_signed());
    Ok(statement.query_row(values, |row| row.get(0))?)
}

/// Writes a text down; the same of earlier, where there is one, goes.
pub fn insert(
    connection: &Connection,
    text: Fingerprint<'_>,
    kept: Kept<'_>,
    uptime: Uptime,
    now: Wall,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO sim_inbox (fingerprint, kind, came_ms, uptime_ms)
         VALUES (keyed('sim_inbox', ?1, coalesce(?2, ''), ?3), ?4, ?5, ?6)",
    )?;
    let values = (
        text.from,
        text.stamp_ms,
        text.body,
        kept.kind,
        now.0,
        uptime.0.cast_signed(),
    );
    statement.execute(values)?;
    // What is sealed is bound to its row, whose number is known only now.
    let mut statement = connection.prepare_cached(
        "UPDATE sim_inbox SET from_sealed = sealed('sim_inbox.from_sealed', id, ?2),
           body_sealed = sealed('sim_inbox.body_sealed', id, ?3) WHERE id = ?1",
    )?;
    Ok(statement
        .execute((connection.last_insert_rowid(), text.from, kept.words))
        .map(drop)?)
}

/// The newest texts, at most `count_max`.
pub fn newest(connection: &Connection, count_max: u32) -> Result<Vec<ShownIncoming>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT CAST(opened('sim_inbox.from_sealed', id, from_sealed) AS TEXT),
           CAST(opened('sim_inbox.body_sealed', id, body_sealed) AS TEXT), kind, came_ms
         FROM sim_inbox ORDER BY id DESC LIMIT ?1",
    )?;
    let rows = statement.query_map([count_max], |row| {
        Ok(ShownIncoming {
            from: row.get(0)?,
            words: row.get(1)?,
            kind: row.get(2)?,
            came: Wall(row.get(3)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many texts of a kind came since.
pub fn count(connection: &Connection, kind: &str, since: Uptime) -> Result<u32, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT count(*) FROM sim_inbox WHERE uptime_ms >= ?2 AND kind = ?1")?;
    Ok(statement.query_row((kind, since.0.cast_signed()), |row| row.get(0))?)
}

/// Forgets texts older than `before`, or not among the newest `count_max`.
pub fn forget(connection: &Connection, before: Uptime, count_max: u32) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "DELETE FROM sim_inbox WHERE uptime_ms < ?1 OR id <= (SELECT coalesce(max(id), 0) - ?2 FROM sim_inbox)",
    )?;
    Ok(statement.execute((before.0.cast_signed(), count_max)).map(drop)?)
}

/// Forgets all of them: the box belongs to another enrolment.
pub fn forget_all(connection: &Connection) -> Result<(), StoreError> {
    Ok(connection.execute_batch("DELETE FROM sim_inbox")?)
}

/// How many texts a number sent on its newest day.
pub fn command_count(connection: &Connection, phone: &str) -> Result<Option<CommandCount>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT day, count FROM sim_count WHERE phone_key = keyed('sim.phone', ?1)")?;
    let found: Option<(String, u32)> = statement
        .query_row([phone], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let read = |(day, count): (String, u32)| {
        let day = day
            .parse()
            .map_err(|_| StoreError::Row("the day of a number's texts"))?;
        Ok(CommandCount { day, count })
    };
    found.map(read).transpose()
}

/// Remembers it.
pub fn put_command_count(connection: &Connection, phone: &str, count: CommandCount) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO sim_count (phone_key, day, count) VALUES (keyed('sim.phone', ?1), ?2, ?3)
         ON CONFLICT (phone_key) DO UPDATE SET day = excluded.day, count = excluded.count",
    )?;
    Ok(statement
        .execute((phone, count.day.to_string(), count.count))
        .map(drop)?)
}

/// Forgets the counts of days before `day`.
pub fn forget_counts(connection: &Connection, day: &str) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("DELETE FROM sim_count WHERE day < ?1")?;
    Ok(statement.execute([day]).map(drop)?)
}

/// Numbers of nobody here whose STOP is kept, the newest: nothing leaves to such a number but answers, and the hub hears of
/// its STOP too.
pub const STRANGERS_MAX: u32 = 1_000;

/// A STOP that is said again within this time is no news; later it is, for somebody may have ended the first elsewhere.
const SAID_AGAIN_MS: i64 = HOUR_MS;

/// This number wants nothing that it did not ask for; gives whether that is news.
pub fn stop(connection: &Connection, phone: &str, now: Wall) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO sim_stopped (phone_key, since_ms, stranger)
         VALUES (keyed('sim.phone', ?1), ?2,
           NOT EXISTS (SELECT 1 FROM customer WHERE phone_key = keyed('customer.phone', ?1)))
         ON CONFLICT DO UPDATE SET since_ms = excluded.since_ms WHERE since_ms < excluded.since_ms - ?3",
    )?;
    let is_news = statement.execute((phone, now.0, SAID_AGAIN_MS))? > 0;
    let mut statement = connection.prepare_cached(
        "DELETE FROM sim_stopped WHERE stranger AND phone_key IN
           (SELECT phone_key FROM sim_stopped WHERE stranger ORDER BY since_ms DESC LIMIT -1 OFFSET ?1)",
    )?;
    statement.execute([STRANGERS_MAX])?;
    Ok(is_news)
}

/// A number is a customer's here from now on: its STOP stays.
pub fn is_customers(connection: &Connection, phone: &str) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached("UPDATE sim_stopped SET stranger = 0 WHERE stranger AND phone_key = keyed('sim.phone', ?1)")?;
    Ok(statement.execute([phone]).map(drop)?)
}

/// A number wants them again; false when it had not said STOP.
pub fn end_stop(connection: &Connection, phone: &str) -> Result<bool, StoreError> {
    let mut statement =
        connection.prepare_cached("DELETE FROM sim_stopped WHERE phone_key = keyed('sim.phone', ?1)")?;
    Ok(statement.execute([phone])? > 0)
}

/// Whether it said so.
pub fn is_stopped(connection: &Connection, phone: &str) -> Result<bool, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM sim_stopped WHERE phone_key = keyed('sim.phone', ?1))")?;
    Ok(statement.query_row([phone], |row| row.get(0))?)
}
