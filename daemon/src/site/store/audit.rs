//! Who changed what by hand.

use kiosk::moment::Wall;
use rusqlite::Connection;
use store::StoreError;

/// Notes a change.
pub fn insert(connection: &Connection, time: Wall, who: &str, what: &str, detail: &str) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached("INSERT INTO audit (time, who, what, detail) VALUES (?1, ?2, ?3, ?4)")?;
    Ok(statement.execute((time.0, who, what, detail)).map(drop)?)
}
