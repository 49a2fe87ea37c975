//! Managers, their open pages, tokens of programs, and first answers to keyed changes.

use kiosk::moment::Uptime;
use rusqlite::{Connection, OptionalExtension};
use store::StoreError;

/// A manager's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagerRow {
    /// The role's word.
    pub role: String,
    /// The password's hash, a PHC string.
    pub hash: String,
    /// The password is the first one, made by the program.
    pub must_change: bool,
}

/// An open page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Whose.
    pub name: String,
    /// When it was opened.
    pub began: Uptime,
    /// When it was used last, to the minute.
    pub used: Uptime,
}

/// A remembered answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnsweredRow {
    /// A keyed hash of what was asked.
    pub content: Vec<u8>,
    /// The status it got.
    pub status: u16,
    /// The body it got.
    pub body: Vec<u8>,
}

fn uptime(ms: i64) -> Uptime {
    Uptime(ms.unsigned_abs())
}

/// The manager with this name.
pub fn manager(connection: &Connection, name: &str) -> Result<Option<ManagerRow>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT role, hash, must_change FROM manager WHERE name = ?1")?;
    let row = statement.query_row([name], |row| {
        Ok(ManagerRow {
            role: row.get(0)?,
            hash: row.get(1)?,
            must_change: row.get(2)?,
        })
    });
    Ok(row.optional()?)
}

/// Whether anybody can log in at all.
pub fn has_managers(connection: &Connection) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM manager)")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// Writes a manager, new or not.
pub fn put_manager(connection: &Connection, name: &str, row: &ManagerRow) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO manager (name, role, hash, must_change) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (name) DO UPDATE SET role = excluded.role, hash = excluded.hash, must_change = excluded.must_change",
    )?;
    Ok(statement
        .execute((name, &row.role, &row.hash, row.must_change))
        .map(drop)?)
}

/// Counts a try to log in. The first word of `name` says what kind of name it is, and stays readable; the rest is keyed,
/// for somebody may type anything there.
pub fn note_try(connection: &Connection, name: &str, now: Uptime) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached("INSERT INTO login_try (name, uptime_ms) VALUES (substr(?1, 1, instr(?1, ' ')) || hex(keyed('login_try.name', ?1)), ?2)")?;
    Ok(statement.execute((name, now.0.cast_signed())).map(drop)?)
}

/// How many tries this name made since `since`, and when the oldest of them was.
pub fn tries(connection: &Connection, name: &str, since: Uptime) -> Result<(u32, Option<Uptime>), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT count(*), min(uptime_ms) FROM login_try WHERE name = substr(?1, 1, instr(?1, ' ')) || hex(keyed('login_try.name', ?1)) AND uptime_ms > ?2",
    )?;
    let (count, oldest): (u32, Option<i64>) =
        statement.query_row((name, since.0.cast_signed()), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((count, oldest.map(uptime)))
}

/// Of the tries under `prefix` and whatever follows it, only the `count_max` newest are remembered.
pub fn forget_oldest_tries(connection: &Connection, prefix: &str, count_max: u32) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "DELETE FROM login_try WHERE id IN
           (SELECT id FROM login_try WHERE substr(name, 1, length(?1)) = ?1 ORDER BY id DESC LIMIT -1 OFFSET ?2)",
    )?;
    Ok(statement.execute((prefix, count_max)).map(drop)?)
}

/// Whether this device has logged in under this name before.
pub fn is_device(connection: &Connection, id: &[u8; 32], name: &str) -> Result<bool, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM device WHERE id = ?1 AND name = ?2)")?;
    Ok(statement.query_row((id.as_slice(), name), |row| row.get(0))?)
}

/// Remembers a device; of one name's devices only the `count_max` that were used last.
pub fn put_device(
    connection: &Connection,
    id: &[u8; 32],
    name: &str,
    now: Uptime,
    count_max: u32,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO device (id, name, used_ms) VALUES (?1, ?2, ?3)
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, used_ms = excluded.used_ms",
        )?
        .execute((id.as_slice(), name, now.0.cast_signed()))?;
    connection
        .prepare_cached(
            "DELETE FROM device WHERE id IN
               (SELECT id FROM device WHERE name = ?1 ORDER BY used_ms DESC, id LIMIT -1 OFFSET ?2)",
        )?
        .execute((name, count_max))?;
    Ok(())
}

/// Forgets the devices of a name.
pub fn forget_devices(connection: &Connection, name: &str) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("DELETE FROM device WHERE name = ?1")?;
    Ok(statement.execute([name]).map(drop)?)
}

/// Forgets the tries of a name: it got in.
pub fn forget_tries(connection: &Connection, name: &str) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "DELETE FROM login_try WHERE name = substr(?1, 1, instr(?1, ' ')) || hex(keyed('login_try.name', ?1))",
    )?;
    Ok(statement.execute([name]).map(drop)?)
}

/// Forgets all tries up to `until`.
pub fn forget_old_tries(connection: &Connection, until: Uptime) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("DELETE FROM login_try WHERE uptime_ms <= ?1")?;
    Ok(statement.execute([until.0.cast_signed()]).map(drop)?)
}

/// The open page with this hashed id.
pub fn session(connection: &Connection, id: &[u8; 32]) -> Result<Option<SessionRow>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT name, began_ms, used_ms FROM session WHERE id = ?1")?;
    let row = statement.query_row([id.as_slice()], |row| {
        Ok(SessionRow {
            name: row.get(0)?,
            began: uptime(row.get(1)?),
            used: uptime(row.get(2)?),
        })
    });
    Ok(row.optional()?)
}

/// Opens a page; of one name's pages only the `count_max` newest stay open.
pub fn open_session(
    connection: &Connection,
    id: &[u8; 32],
    name: &str,
    now: Uptime,
    count_max: u32,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT INTO session (id, name, began_ms, used_ms) VALUES (?1, ?2, ?3, ?3)")?
        .execute((id.as_slice(), name, now.0.cast_signed()))?;
    connection
        .prepare_cached(
            "DELETE FROM session WHERE id IN
               (SELECT id FROM session WHERE name = ?1 ORDER BY began_ms DESC, id LIMIT -1 OFFSET ?2)",
        )?
        .execute((name, count_max))?;
    Ok(())
}

/// Remembers that a page was used.
pub fn touch_session(connection: &Connection, id: &[u8; 32], now: Uptime) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("UPDATE session SET used_ms = ?2 WHERE id = ?1")?;
    Ok(statement.execute((id.as_slice(), now.0.cast_signed())).map(drop)?)
}

/// Closes a page.
pub fn close_session(connection: &Connection, id: &[u8; 32]) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("DELETE FROM session WHERE id = ?1")?;
    Ok(statement.execute([id.as_slice()]).map(drop)?)
}

/// Closes all pages of a name but `kept`.
pub fn close_sessions(connection: &Connection, name: &str, kept: Option<&[u8; 32]>) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("DELETE FROM session WHERE name = ?1 AND id IS NOT ?2")?;
    Ok(statement.execute((name, kept.map(<[u8; 32]>::as_slice))).map(drop)?)
}

/// Closes pages that began at or before `began`, or were not used since `used`.
pub fn close_old_sessions(connection: &Connection, began: Uptime, used: Uptime) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("DELETE FROM session WHERE began_ms <= ?1 OR used_ms <= ?2")?;
    Ok(statement
        .execute((began.0.cast_signed(), used.0.cast_signed()))
        .map(drop)?)
}

/// The name and the role of the token with this hash.
pub fn token(connection: &Connection, hash: &[u8; 32]) -> Result<Option<(String, String)>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT name, role FROM token WHERE hash = ?1")?;
    Ok(statement
        .query_row([hash.as_slice()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// Writes a token; one of that name is replaced.
pub fn put_token(connection: &Connection, name: &str, hash: &[u8; 32], role: &str) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO token (name, hash, role) VALUES (?1, ?2, ?3)
         ON CONFLICT (name) DO UPDATE SET hash = excluded.hash, role = excluded.role",
    )?;
    Ok(statement.execute((name, hash.as_slice(), role)).map(drop)?)
}

/// What this caller was answered under this key.
pub fn answered(connection: &Connection, who: &str, key: &str) -> Result<Option<AnsweredRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT content, status, opened('answered.body', who || '/' || key, body) FROM answered
         WHERE who = ?1 AND key = hex(keyed('answered.key', ?2))",
    )?;
    let row = statement.query_row((who, key), |row| {
        Ok(AnsweredRow {
            content: row.get(0)?,
            status: row.get(1)?,
            body: row.get(2)?,
        })
    });
    Ok(row.optional()?)
}

/// Remembers what this caller was answered under this key.
pub fn put_answered(
    connection: &Connection,
    who: &str,
    key: &str,
    row: &AnsweredRow,
    now: Uptime,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO answered (who, key, content, status, body, uptime_ms)
         SELECT ?1, key, ?3, ?4, sealed('answered.body', ?1 || '/' || key, ?5), ?6
         FROM (SELECT hex(keyed('answered.key', ?2)) AS key)",
    )?;
    let values = (who, key, &row.content, row.status, &row.body, now.0.cast_signed());
    Ok(statement.execute(values).map(drop)?)
}

/// Forgets answers given up to `until`.
pub fn forget_answered(connection: &Connection, until: Uptime) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("DELETE FROM answered WHERE uptime_ms <= ?1")?;
    Ok(statement.execute([until.0.cast_signed()]).map(drop)?)
}
