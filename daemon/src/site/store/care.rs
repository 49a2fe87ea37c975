//! Which alarms were texted to whom, and what is left on the SIM.

use kiosk::moment::{Uptime, Wall};
use rusqlite::{Connection, OptionalExtension};
use store::StoreError;

use super::unsigned;

/// Whether this alarm was texted to this number since `since`.
pub fn was_told(connection: &Connection, code: &str, phone: &str, since: Uptime) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM alarm_text
           WHERE code = ?1 AND phone_key = keyed('sim.phone', ?2) AND uptime_ms > ?3)",
    )?;
    Ok(statement.query_row((code, phone, since.0.cast_signed()), |row| row.get(0))?)
}

/// How many alarms were texted on a day of sales, to all numbers.
pub fn told_on(connection: &Connection, day: i64) -> Result<u32, StoreError> {
    let mut statement = connection.prepare_cached("SELECT count(*) FROM alarm_text WHERE day = ?1")?;
    Ok(statement.query_row([day], |row| row.get(0))?)
}

/// Notes that an alarm is texted, and forgets what was so before `old` on other days than this.
pub fn note_told(
    connection: &Connection,
    code: &str,
    phone: &str,
    day: i64,
    now: Uptime,
    old: Uptime,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("DELETE FROM alarm_text WHERE uptime_ms < ?1 AND day <> ?2")?;
    statement.execute((old.0.cast_signed(), day))?;
    let mut statement = connection.prepare_cached(
        "INSERT INTO alarm_text (code, phone_key, day, uptime_ms) VALUES (?1, keyed('sim.phone', ?2), ?3, ?4)",
    )?;
    Ok(statement.execute((code, phone, day, now.0.cast_signed())).map(drop)?)
}

/// What is known of the airtime.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AirtimeRow {
    /// The operator that was asked, by country and network code.
    pub operator: String,
    /// What was left, in minor units; `None` when it was never told.
    pub left_minor: Option<i64>,
    /// When that was told.
    pub told: Option<Wall>,
    /// What was left of the bundle, in megabytes.
    pub bundle_mb: Option<u64>,
    /// When that was told.
    pub bundle_told: Option<Wall>,
    /// When it is asked again.
    pub due: Uptime,
    /// Since when nothing could be read.
    pub failing: Option<Uptime>,
    /// Why, for people.
    pub word: String,
    /// The alarm that there is little left stands.
    pub is_low_told: bool,
    /// The alarm that nobody knows stands.
    pub is_unknown_told: bool,
}

/// The row of airtime; `None` before anybody was asked.
pub fn airtime(connection: &Connection) -> Result<Option<AirtimeRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT operator, left_minor, told_ms, bundle_mb, bundle_told_ms, due_uptime_ms, failing_uptime_ms, word,
           is_low_told, is_unknown_told FROM airtime",
    )?;
    let read = |row: &rusqlite::Row<'_>| {
        Ok(AirtimeRow {
            operator: row.get(0)?,
            left_minor: row.get(1)?,
            told: row.get::<_, Option<i64>>(2)?.map(Wall),
            bundle_mb: row.get::<_, Option<i64>>(3)?.map(unsigned),
            bundle_told: row.get::<_, Option<i64>>(4)?.map(Wall),
            due: Uptime(unsigned(row.get(5)?)),
            failing: row.get::<_, Option<i64>>(6)?.map(|since| Uptime(unsigned(since))),
            word: row.get(7)?,
            is_low_told: row.get(8)?,
            is_unknown_told: row.get(9)?,
        })
    };
    Ok(statement.query_row([], read).optional()?)
}

/// Writes it.
pub fn put_airtime(connection: &Connection, row: &AirtimeRow) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO airtime (id, operator, left_minor, told_ms, bundle_mb, bundle_told_ms, due_uptime_ms,
           failing_uptime_ms, word, is_low_told, is_unknown_told)
         VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    let values = (
        &row.operator,
        row.left_minor,
        row.told.map(|wall| wall.0),
        row.bundle_mb.map(u64::cast_signed),
        row.bundle_told.map(|wall| wall.0),
        row.due.0.cast_signed(),
        row.failing.map(|since| since.0.cast_signed()),
        &row.word,
        row.is_low_told,
        row.is_unknown_told,
    );
    Ok(statement.execute(values).map(drop)?)
}
