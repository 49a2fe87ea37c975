//! What was asked of the hub from here, and what became of it (FEATURES C8 to C12).

use kiosk::{
    fact::AnsweredState,
    ids::{CustomerId, RecordId},
    moment::Wall,
};
use rusqlite::Connection;
use store::StoreError;

use super::signed;

/// Remembers what a record asked for.
pub fn insert(
    connection: &Connection,
    record: RecordId,
    kind: &str,
    customer: CustomerId,
    detail: &str,
    time: Wall,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO asked (epoch, seq, kind, customer, detail, time) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let values = (
        signed(record.log.epoch.0),
        record.seq,
        kind,
        signed(customer.0),
        detail,
        time.0,
    );
    Ok(statement.execute(values).map(drop)?)
}

/// Remembers the hub's answer.
pub fn answer(connection: &Connection, record: RecordId, state: AnsweredState) -> Result<(), StoreError> {
    let word = match state {
        AnsweredState::Taken => "taken",
        AnsweredState::Done => "done",
        AnsweredState::Refused => "refused",
    };
    let mut statement = connection.prepare_cached("UPDATE asked SET state = ?3 WHERE epoch = ?1 AND seq = ?2")?;
    Ok(statement
        .execute((signed(record.log.epoch.0), record.seq, word))
        .map(drop)?)
}
