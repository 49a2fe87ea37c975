//! What dispensers asked and were told, so that a retry gets the same bytes.

use kiosk::{
    ids::{DispenserId, Epoch, HoldId, RequestId},
    moment::Wall,
};
use rusqlite::{Connection, OptionalExtension};
use store::StoreError;

use super::{signed, unsigned};

/// A remembered request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestRow {
    /// A keyed hash of what was asked; empty for a pour that nobody asked for.
    pub content: Vec<u8>,
    /// The bytes of the answer.
    pub answer: Option<Vec<u8>>,
    /// The hold an approval opened.
    pub hold: Option<HoldId>,
    /// The bytes of the receipt, once the pour is recorded.
    pub receipt: Option<Vec<u8>>,
}

/// The request of this dispenser, if it is remembered.
pub fn find(
    connection: &Connection,
    dispenser: &DispenserId,
    request: &RequestId,
) -> Result<Option<RequestRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT content, answer, hold_epoch, hold_number, receipt FROM request WHERE dispenser = ?1 AND request = ?2",
    )?;
    let row = statement.query_row((dispenser.as_str(), request.as_str()), |row| {
        let hold: (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
        let hold = match hold {
            (Some(epoch), Some(number)) => Some(HoldId {
                epoch: Epoch(unsigned(epoch)),
                number: unsigned(number),
            }),
            _ => None,
        };
        Ok(RequestRow {
            content: row.get(0)?,
            answer: row.get(1)?,
            hold,
            receipt: row.get(4)?,
        })
    });
    Ok(row.optional()?)
}

/// The newest request of this dispenser with this content, from `since` on.
pub fn equal(
    connection: &Connection,
    dispenser: &DispenserId,
    content: &[u8],
    since: Wall,
) -> Result<Option<RequestId>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT request FROM request WHERE time >= ?3 AND dispenser = ?1 AND content = ?2 ORDER BY time DESC LIMIT 1",
    )?;
    let request: Option<String> = statement
        .query_row((dispenser.as_str(), content, since.0), |row| row.get(0))
        .optional()?;
    request
        .map(|request| request.parse().map_err(|_| StoreError::Row("a request")))
        .transpose()
}

/// Remembers a request that was not known.
pub fn insert(
    connection: &Connection,
    dispenser: &DispenserId,
    request: &RequestId,
    row: &RequestRow,
    time: Wall,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO request (dispenser, request, content, answer, hold_epoch, hold_number, receipt, time)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    let values = (
        dispenser.as_str(),
        request.as_str(),
        &row.content,
        &row.answer,
        row.hold.map(|hold| signed(hold.epoch.0)),
        row.hold.map(|hold| signed(hold.number)),
        &row.receipt,
        time.0,
    );
    Ok(statement.execute(values).map(drop)?)
}

/// Remembers the receipt of a known request.
pub fn put_receipt(
    connection: &Connection,
    dispenser: &DispenserId,
    request: &RequestId,
    receipt: &[u8],
) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached("UPDATE request SET receipt = ?3 WHERE dispenser = ?1 AND request = ?2")?;
    Ok(statement
        .execute((dispenser.as_str(), request.as_str(), receipt))
        .map(drop)?)
}

/// Forgets requests from before `before`, at most `count_max` of them, except those whose hold is still open.
pub fn forget(connection: &Connection, before: Wall, count_max: u32) -> Result<usize, StoreError> {
    let mut statement = connection.prepare_cached(
        "DELETE FROM request WHERE (dispenser, request) IN (
           SELECT dispenser, request FROM request WHERE time < ?1 AND (hold_epoch IS NULL OR receipt IS NOT NULL)
           ORDER BY time LIMIT ?2)",
    )?;
    Ok(statement.execute((before.0, count_max))?)
}
