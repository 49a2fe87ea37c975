//! Documents as bytes, and changes that wait for what they depend on.

use rusqlite::{Connection, OptionalExtension};
use store::StoreError;

/// The bytes of a document.
pub fn get(connection: &Connection, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT bytes FROM document WHERE id = ?1")?;
    Ok(statement.query_row([id], |row| row.get(0)).optional()?)
}

/// Saves a document.
pub fn put(connection: &Connection, id: &str, bytes: &[u8]) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO document (id, bytes) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET bytes = excluded.bytes",
    )?;
    Ok(statement.execute((id, bytes)).map(drop)?)
}

/// Forgets a document and what waits for it.
pub fn delete(connection: &Connection, id: &str) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM document WHERE id = ?1")?.execute([id])?;
    connection.prepare_cached("DELETE FROM document_waiting WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// The changes that wait for this document's dependencies.
pub fn waiting(connection: &Connection, id: &str) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT change FROM document_waiting WHERE id = ?1 ORDER BY change")?;
    let rows = statement.query_map([id], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Lets a change wait.
pub fn put_waiting(connection: &Connection, id: &str, change: &[u8]) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached("INSERT INTO document_waiting (id, change) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
    Ok(statement.execute((id, change)).map(drop)?)
}

/// A change need not wait any more.
pub fn delete_waiting(connection: &Connection, id: &str, change: &[u8]) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("DELETE FROM document_waiting WHERE id = ?1 AND change = ?2")?;
    Ok(statement.execute((id, change)).map(drop)?)
}
