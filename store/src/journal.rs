//! The logs of PROTOCOL section 2 as tables: [`sync::journal::Logs`] over SQLite.
//!
//! The SQL is such that PostgreSQL would take it too. Numbers of 64 bits without a sign are kept as the signed numbers
//! with the same bits. Everything is in rows and nothing in memory, so a rollback undoes all of it.

use kiosk::ids::{BoxId, Epoch, Lane, LogKey, RecordId, Writer};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use sync::journal::{Hash, Head, LogState, Logs, Stored};

use crate::StoreError;

/// The tables, to be part of a program's first migration.
pub const SCHEMA: &str = "
CREATE TABLE journal_logs (
    number INTEGER PRIMARY KEY,
    box BIGINT NOT NULL,
    writer INTEGER NOT NULL,
    lane INTEGER NOT NULL,
    epoch BIGINT NOT NULL,
    mark BIGINT NOT NULL,
    chain BYTEA NOT NULL,
    covered BIGINT NOT NULL DEFAULT 0,
    acked BIGINT NOT NULL DEFAULT 0,
    head_seq BIGINT,
    head_signature BYTEA,
    UNIQUE (box, writer, lane, epoch)
);
CREATE INDEX journal_tips ON journal_logs (box) WHERE mark > covered;
CREATE TABLE journal_records (
    log INTEGER NOT NULL REFERENCES journal_logs (number),
    seq BIGINT NOT NULL,
    bytes BYTEA,
    hash BYTEA,
    PRIMARY KEY (log, seq)
);
CREATE TABLE journal_meta (
    name TEXT PRIMARY KEY,
    value BYTEA NOT NULL
);
";

/// A record's bytes out of a sealed column, and into one. A record opens at its own place only.
const OPENED: &str = "opened('journal_records.bytes', log || ':' || seq, bytes)";
const SEALED: &str = "sealed('journal_records.bytes', ?1 || ':' || ?2, ?3)";

const STATE: &str = "mark, chain, covered, acked, head_seq, head_signature";

/// The logs in a database. It holds nothing of its own: make one where one is needed, inside the open transaction.
#[derive(Clone, Copy)]
pub struct SqlLogs<'c> {
    connection: &'c Connection,
    is_sealed: bool,
}

impl<'c> SqlLogs<'c> {
    /// The logs behind this connection; inside a transaction, as that transaction sees them.
    pub fn new(connection: &'c Connection) -> SqlLogs<'c> {
        SqlLogs {
            connection,
            is_sealed: false,
        }
    }

    /// The same where what names a person is sealed: the records of the edits lane, on the disk alone. Their hashes,
    /// chains and what travels are those of the plain bytes. The connection has the functions of [`crate::vault`].
    pub fn sealed(connection: &'c Connection) -> SqlLogs<'c> {
        SqlLogs {
            connection,
            is_sealed: true,
        }
    }

    /// Whether records of this log are sealed.
    fn seals(&self, log: &LogKey) -> bool {
        self.is_sealed && log.lane == Lane::Edits
    }

    /// The column that holds a record's bytes, in the clear.
    fn bytes_column(&self, log: &LogKey) -> &'static str {
        if self.seals(log) { OPENED } else { "bytes" }
    }

    /// How many records about this box by this writer the other end is not known to hold, by lane.
    pub fn waiting(&self, box_id: BoxId, by: Writer) -> Result<[u64; Lane::ALL.len()], StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT lane, CAST(SUM(mark - acked) AS BIGINT) FROM journal_logs
             WHERE box = ?1 AND writer = ?2 AND mark > acked GROUP BY lane",
        )?;
        let mut rows = statement.query(params![box_id.0 as i64, by.number()])?;
        let mut waiting = [0; Lane::ALL.len()];
        while let Some(row) = rows.next()? {
            let lane: u8 = row.get(0)?;
            let count: i64 = row.get(1)?;
            let place = waiting
                .get_mut(usize::from(lane))
                .ok_or(StoreError::Row("the lane of a log"))?;
            *place = count.unsigned_abs();
        }
        Ok(waiting)
    }

    fn number(&self, log: &LogKey) -> Result<Option<i64>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT number FROM journal_logs WHERE box = ?1 AND writer = ?2 AND lane = ?3 AND epoch = ?4",
        )?;
        Ok(statement.query_row(key(log), |row| row.get(0)).optional()?)
    }

    fn known(&self, log: &LogKey) -> Result<i64, StoreError> {
        self.number(log)?.ok_or(StoreError::Row("a log that a record names"))
    }

    fn create(&self, log: &LogKey) -> Result<i64, StoreError> {
        let (box_id, by, lane, epoch) = key(log);
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO journal_logs (number, box, writer, lane, epoch, mark, chain)
             VALUES ((SELECT COALESCE(MAX(number), 0) + 1 FROM journal_logs), ?1, ?2, ?3, ?4, 0, ?5)
             RETURNING number",
        )?;
        Ok(statement.query_row(params![box_id, by, lane, epoch, [0_u8; 32]], |row| row.get(0))?)
    }

    fn update(&self, assignment: &str, log: &LogKey, value: u32) -> Result<(), StoreError> {
        let (box_id, by, lane, epoch) = key(log);
        let mut statement = self.connection.prepare_cached(&format!(
            "UPDATE journal_logs SET {assignment} WHERE box = ?1 AND writer = ?2 AND lane = ?3 AND epoch = ?4"
        ))?;
        changed_one(statement.execute(params![box_id, by, lane, epoch, value])?)
    }
}

/// Box, writer, lane, epoch, as the tables hold them.
fn key(log: &LogKey) -> (i64, u8, u8, i64) {
    (
        log.box_id.0 as i64,
        log.by.number(),
        log.lane.number(),
        log.epoch.0 as i64,
    )
}

fn changed_one(changed: usize) -> Result<(), StoreError> {
    if changed == 1 {
        Ok(())
    } else {
        Err(StoreError::Row("a log that a record names"))
    }
}

/// Reads the columns of [`STATE`], which begin at `first`.
fn state(row: &Row<'_>, first: usize) -> rusqlite::Result<LogState> {
    let head_seq: Option<u32> = row.get(first + 4)?;
    let signature: Option<[u8; 64]> = row.get(first + 5)?;
    Ok(LogState {
        mark: row.get(first)?,
        chain: row.get(first + 1)?,
        covered: row.get(first + 2)?,
        acked: row.get(first + 3)?,
        head: head_seq.zip(signature).map(|(seq, signature)| Head { seq, signature }),
    })
}

impl Logs for SqlLogs<'_> {
    type Error = StoreError;

    fn log(&self, log: &LogKey) -> Result<Option<LogState>, StoreError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {STATE} FROM journal_logs WHERE box = ?1 AND writer = ?2 AND lane = ?3 AND epoch = ?4"
        ))?;
        Ok(statement.query_row(key(log), |row| state(row, 0)).optional()?)
    }

    fn logs(&self, box_id: BoxId, by: Writer, lane: Lane) -> Result<Vec<(Epoch, LogState)>, StoreError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT epoch, {STATE} FROM journal_logs WHERE box = ?1 AND writer = ?2 AND lane = ?3"
        ))?;
        let of = params![box_id.0 as i64, by.number(), lane.number()];
        let rows = statement.query_map(of, |row| Ok((Epoch(row.get::<_, i64>(0)? as u64), state(row, 1)?)))?;
        let mut logs = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        logs.sort_by_key(|(epoch, _)| *epoch);
        Ok(logs)
    }

    fn tips(&self, box_id: BoxId) -> Result<Vec<(LogKey, LogState)>, StoreError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT writer, lane, epoch, {STATE} FROM journal_logs WHERE box = ?1 AND mark > covered"
        ))?;
        let mut rows = statement.query([box_id.0 as i64])?;
        let mut tips = Vec::new();
        while let Some(row) = rows.next()? {
            let log = LogKey {
                box_id,
                by: Writer::from_number(row.get(0)?).ok_or(StoreError::Row("the writer of a log"))?,
                lane: Lane::from_number(row.get(1)?).ok_or(StoreError::Row("the lane of a log"))?,
                epoch: Epoch(row.get::<_, i64>(2)? as u64),
            };
            tips.push((log, state(row, 3)?));
        }
        tips.sort_by_key(|(log, _)| *log);
        Ok(tips)
    }

    fn read(&self, log: &LogKey, from: u32, bytes_max: usize) -> Result<Vec<Stored>, StoreError> {
        let Some(number) = self.number(log)? else {
            return Ok(Vec::new());
        };
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {}, hash FROM journal_records WHERE log = ?1 AND seq >= ?2 ORDER BY seq",
            self.bytes_column(log)
        ))?;
        let mut rows = statement.query(params![number, from])?;
        let mut records: Vec<Stored> = Vec::new();
        let mut total = 0;
        while let Some(row) = rows.next()? {
            let record = match (row.get(0)?, row.get(1)?) {
                (Some(bytes), None) => Stored::Bytes(bytes),
                (None, Some(hash)) => Stored::Blank(hash),
                _ => return Err(StoreError::Row("a record of a log")),
            };
            total += record.len();
            if total > bytes_max && !records.is_empty() {
                break;
            }
            records.push(record);
        }
        Ok(records)
    }

    fn append(&mut self, log: &LogKey, from: u32, records: &[Stored], chain: &Hash) -> Result<(), StoreError> {
        let number = if from == 1 { self.create(log)? } else { self.known(log)? };
        let bytes = if self.seals(log) { SEALED } else { "?3" };
        let mut insert = self.connection.prepare_cached(&format!(
            "INSERT INTO journal_records (log, seq, bytes, hash) VALUES (?1, ?2, {bytes}, ?4)"
        ))?;
        for (seq, record) in (from..).zip(records) {
            match record {
                Stored::Bytes(bytes) => insert.execute(params![number, seq, bytes, None::<Hash>])?,
                Stored::Blank(hash) => insert.execute(params![number, seq, None::<Vec<u8>>, hash])?,
            };
        }
        let mut update = self
            .connection
            .prepare_cached("UPDATE journal_logs SET mark = mark + ?2, chain = ?3 WHERE number = ?1 AND mark = ?4")?;
        changed_one(update.execute(params![number, records.len() as i64, chain, from - 1])?)
    }

    fn cover(&mut self, log: &LogKey, seq: u32) -> Result<(), StoreError> {
        self.update("covered = CASE WHEN covered < ?5 THEN ?5 ELSE covered END", log, seq)
    }

    fn set_acked(&mut self, log: &LogKey, acked: u32) -> Result<(), StoreError> {
        self.update("acked = ?5", log, acked)
    }

    fn set_head(&mut self, log: &LogKey, head: &Head) -> Result<(), StoreError> {
        let (box_id, by, lane, epoch) = key(log);
        let mut statement = self.connection.prepare_cached(
            "UPDATE journal_logs SET head_seq = ?5, head_signature = ?6
             WHERE box = ?1 AND writer = ?2 AND lane = ?3 AND epoch = ?4",
        )?;
        changed_one(statement.execute(params![box_id, by, lane, epoch, head.seq, head.signature])?)
    }

    fn blank(&mut self, record: &RecordId) -> Result<(), StoreError> {
        let number = self.known(&record.log)?;
        let mut select = self.connection.prepare_cached(&format!(
            "SELECT {} FROM journal_records WHERE log = ?1 AND seq = ?2",
            self.bytes_column(&record.log)
        ))?;
        let bytes: Option<Option<Vec<u8>>> = select
            .query_row(params![number, record.seq], |row| row.get(0))
            .optional()?;
        let Some(bytes) = bytes.ok_or(StoreError::Row("a record to blank"))? else {
            return Ok(());
        };
        let mut update = self
            .connection
            .prepare_cached("UPDATE journal_records SET bytes = NULL, hash = ?3 WHERE log = ?1 AND seq = ?2")?;
        changed_one(update.execute(params![number, record.seq, Stored::Bytes(bytes).hash()])?)
    }

    fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT value FROM journal_meta WHERE name = ?1")?;
        Ok(statement.query_row([name], |row| row.get(0)).optional()?)
    }

    fn put_meta(&mut self, name: &str, value: &[u8]) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO journal_meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )?;
        changed_one(statement.execute(params![name, value])?)
    }
}
