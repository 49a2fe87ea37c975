//! Places of records that this version does not know.

use kiosk::ids::{BoxId, Epoch, Lane, LogKey, RecordId, Writer};
use rusqlite::Connection;
use store::StoreError;

use super::{signed, unsigned};

/// Remembers a place.
pub fn put(connection: &Connection, id: RecordId) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached("INSERT INTO unknown (by, lane, epoch, seq) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING")?;
    let RecordId { log, seq } = id;
    Ok(statement
        .execute((log.by.number(), log.lane.number(), signed(log.epoch.0), seq))
        .map(drop)?)
}

/// Forgets a place: its record is folded.
pub fn delete(connection: &Connection, id: RecordId) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached("DELETE FROM unknown WHERE by = ?1 AND lane = ?2 AND epoch = ?3 AND seq = ?4")?;
    let RecordId { log, seq } = id;
    Ok(statement
        .execute((log.by.number(), log.lane.number(), signed(log.epoch.0), seq))
        .map(drop)?)
}

/// All places, in the order of their logs.
pub fn all(connection: &Connection, box_id: BoxId) -> Result<Vec<RecordId>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT by, lane, epoch, seq FROM unknown ORDER BY by, lane, epoch, seq")?;
    let mut rows = statement.query([])?;
    let mut places = Vec::new();
    while let Some(row) = rows.next()? {
        let by = Writer::from_number(row.get(0)?).ok_or(StoreError::Row("a writer"))?;
        let lane = Lane::from_number(row.get(1)?).ok_or(StoreError::Row("a lane"))?;
        let log = LogKey {
            box_id,
            by,
            lane,
            epoch: Epoch(unsigned(row.get(2)?)),
        };
        places.push(RecordId { log, seq: row.get(3)? });
    }
    Ok(places)
}
