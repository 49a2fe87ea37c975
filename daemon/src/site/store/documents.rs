//! Documents as bytes, changes that wait for what they depend on, and where each change stands in the logs.

use kiosk::ids::{BoxId, Epoch, Lane, LogKey, RecordId, Writer};
use rusqlite::{Connection, OptionalExtension};
use store::StoreError;

use super::{signed, unsigned};

/// The bytes of a document.
pub fn get(connection: &Connection, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT opened('document.bytes', id, bytes) FROM document WHERE id = ?1")?;
    Ok(statement.query_row([id], |row| row.get(0)).optional()?.flatten())
}

/// Saves a document.
pub fn put(connection: &Connection, id: &str, bytes: &[u8]) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO document (id, bytes) VALUES (?1, sealed('document.bytes', ?1, ?2))
         ON CONFLICT (id) DO UPDATE SET bytes = excluded.bytes",
    )?;
    Ok(statement.execute((id, bytes)).map(drop)?)
}

/// Forgets a document for good: its row stays without bytes, and later changes to it are blanked.
pub fn erase(connection: &Connection, id: &str) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached("INSERT INTO document (id) VALUES (?1) ON CONFLICT (id) DO UPDATE SET bytes = NULL")?;
    statement.execute([id])?;
    connection
        .prepare_cached("DELETE FROM document_waiting WHERE id = ?1")?
        .execute([id])?;
    connection
        .prepare_cached("DELETE FROM document_change WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

/// Whether a document was erased.
pub fn is_erased(connection: &Connection, id: &str) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("SELECT bytes IS NULL FROM document WHERE id = ?1")?;
    Ok(statement.query_row([id], |row| row.get(0)).optional()?.unwrap_or(false))
}

/// Remembers where a change to this document stands.
pub fn index(connection: &Connection, id: &str, record: RecordId) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO document_change (id, box, by, epoch, seq) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
    )?;
    let RecordId { log, seq } = record;
    Ok(statement
        .execute((id, signed(log.box_id.0), log.by.number(), signed(log.epoch.0), seq))
        .map(drop)?)
}

/// Where the changes to this document stand.
pub fn indexed(connection: &Connection, id: &str) -> Result<Vec<RecordId>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT box, by, epoch, seq FROM document_change WHERE id = ?1 ORDER BY box, by, epoch, seq")?;
    let rows = statement.query_map([id], |row| {
        let by = if row.get::<_, u8>(1)? == Writer::Hub.number() {
            Writer::Hub
        } else {
            Writer::Site
        };
        let (box_id, epoch) = (BoxId(unsigned(row.get(0)?)), Epoch(unsigned(row.get(2)?)));
        Ok(RecordId {
            log: LogKey {
                box_id,
                by,
                lane: Lane::Edits,
                epoch,
            },
            seq: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The changes that wait for this document's dependencies.
pub fn waiting(connection: &Connection, id: &str) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT opened('document_waiting.change', id, change) FROM document_waiting WHERE id = ?1 ORDER BY change",
    )?;
    let rows = statement.query_map([id], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Lets a change wait.
pub fn put_waiting(connection: &Connection, id: &str, change: &[u8]) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO document_waiting (id, change) VALUES (?1, sealed('document_waiting.change', ?1, ?2))
         ON CONFLICT DO NOTHING",
    )?;
    Ok(statement.execute((id, change)).map(drop)?)
}

/// A change need not wait any more.
pub fn delete_waiting(connection: &Connection, id: &str, change: &[u8]) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "DELETE FROM document_waiting WHERE id = ?1 AND change = sealed('document_waiting.change', ?1, ?2)",
    )?;
    Ok(statement.execute((id, change)).map(drop)?)
}
