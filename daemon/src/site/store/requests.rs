//! What dispensers asked and were told, so that a retry gets the same bytes.

use kiosk::{
    ids::{DispenserId, Epoch, HoldId, RequestId},
    moment::Uptime,
};
use rusqlite::{Connection, OptionalExtension};
use store::StoreError;

use super::{rights, signed, unsigned};

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
        "SELECT content, opened('request.answer', ?1 || '/' || ?2, answer), hold_epoch, hold_number,
           opened('request.receipt', ?1 || '/' || ?2, receipt) FROM request WHERE request = ?2 AND dispenser = ?1",
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

/// What a request begins with that the machine made up for an ask without one.
const UNNAMED: &str = "unnamed-";
/// Among how many of the newest requests an equal one is looked for.
const EQUAL_AMONG_MAX: u32 = 5_000;

/// The request of an ask that came without one.
pub fn unnamed(number: u64) -> RequestId {
    format!("{UNNAMED}{number:016x}")
        .parse()
        .expect("letters, digits and a dash, 24 of them")
}

/// The newest such request of this dispenser with this content, made since then and not yet settled.
pub fn equal(
    connection: &Connection,
    dispenser: &DispenserId,
    content: &[u8],
    since: Uptime,
) -> Result<Option<RequestId>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT request FROM (SELECT * FROM request ORDER BY id DESC LIMIT ?4)
         WHERE uptime_ms >= ?3 AND dispenser = ?1 AND content = ?2 AND receipt IS NULL AND substr(request, 1, 8) = ?5
         ORDER BY id DESC LIMIT 1",
    )?;
    let values = (
        dispenser.as_str(),
        content,
        since.0.cast_signed(),
        EQUAL_AMONG_MAX,
        UNNAMED,
    );
    let request: Option<String> = statement.query_row(values, |row| row.get(0)).optional()?;
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
    uptime: Uptime,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO request (dispenser, request, content, answer, hold_epoch, hold_number, receipt, uptime_ms)
         VALUES (?1, ?2, ?3, sealed('request.answer', ?1 || '/' || ?2, ?4), ?5, ?6,
           sealed('request.receipt', ?1 || '/' || ?2, ?7), ?8)",
    )?;
    let values = (
        dispenser.as_str(),
        request.as_str(),
        &row.content,
        &row.answer,
        row.hold.map(|hold| signed(hold.epoch.0)),
        row.hold.map(|hold| signed(hold.number)),
        &row.receipt,
        uptime.0.cast_signed(),
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
    let mut statement = connection.prepare_cached(
        "UPDATE request SET receipt = sealed('request.receipt', ?1 || '/' || ?2, ?3) WHERE dispenser = ?1 AND request = ?2",
    )?;
    Ok(statement
        .execute((dispenser.as_str(), request.as_str(), receipt))
        .map(drop)?)
}

/// Forgets requests from before `before`, the oldest first, at most `count_max` of them, and their holds. One whose hold
/// is open stays: its report is still to come.
pub fn forget(connection: &Connection, before: Uptime, count_max: u32) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT id, hold_epoch, hold_number FROM request WHERE uptime_ms < ?1 ORDER BY id LIMIT ?2")?;
    let mut rows = statement.query((before.0.cast_signed(), count_max))?;
    let mut delete = connection.prepare_cached("DELETE FROM request WHERE id = ?1")?;
    while let Some(row) = rows.next()? {
        if let (Some(epoch), Some(number)) = (row.get(1)?, row.get(2)?) {
            let hold = HoldId {
                epoch: Epoch(unsigned(epoch)),
                number: unsigned(number),
            };
            if rights::hold(connection, hold)?.is_some_and(|hold| hold.is_open()) {
                continue;
            }
            rights::forget_hold(connection, hold)?;
        }
        delete.execute([row.get::<_, i64>(0)?])?;
    }
    Ok(())
}
