//! Small values of this box.

use rusqlite::{Connection, OptionalExtension};
use store::StoreError;

/// The value under `key`.
pub fn get(connection: &Connection, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
    Ok(statement.query_row([key], |row| row.get(0)).optional()?)
}

/// Sets the value under `key`.
pub fn put(connection: &Connection, key: &str, value: &[u8]) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )?;
    Ok(statement.execute((key, value)).map(drop)?)
}

/// Forgets the value under `key`.
pub fn delete(connection: &Connection, key: &str) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("DELETE FROM meta WHERE key = ?1")?;
    Ok(statement.execute([key]).map(drop)?)
}

/// A whole number under `key`.
pub fn number(connection: &Connection, key: &str) -> Result<Option<i64>, StoreError> {
    let Some(bytes) = get(connection, key)? else {
        return Ok(None);
    };
    let bytes = bytes.try_into().map_err(|_| StoreError::Row("a number in meta"))?;
    Ok(Some(i64::from_be_bytes(bytes)))
}

/// Sets a whole number under `key`.
pub fn put_number(connection: &Connection, key: &str, value: i64) -> Result<(), StoreError> {
    put(connection, key, &value.to_be_bytes())
}
