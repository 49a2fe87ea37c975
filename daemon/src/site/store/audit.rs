//! Who changed what by hand, and who was turned away: a chain of sealed rows, and its head.

use kiosk::{
    ids::{Lane, Writer},
    moment::Wall,
};
use rusqlite::{Connection, OptionalExtension};
use store::StoreError;
use sync::record::Record;

/// A row, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its place; the first is 1.
    pub id: u64,
    /// When, by the clock of then.
    pub time: Wall,
    /// Who did it, or claimed to be whom.
    pub who: String,
    /// What, in a word.
    pub what: String,
    /// To what, how often, from where.
    pub detail: String,
}

/// How long the audit is, and the chain over all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditHead {
    /// The last row's place; zero without rows.
    pub rows: u64,
    /// Its chain; zero without rows.
    pub chain: [u8; 32],
}

/// The first row at which the audit is not what was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("row {row} {how}")]
pub struct Broken {
    /// The row.
    pub row: u64,
    /// What is wrong with it.
    pub how: &'static str,
}

const MISSING: &str = "is missing: it was deleted";
const CHANGED: &str = "is not what was written: it was edited, or swapped with another";
const CUT: &str = "is missing: the end of the audit was cut off";
const ADDED: &str = "is not under the head: it was added, or the head was taken from an older audit";
const NO_HEAD: &str = "may not be the last one: the head was deleted or edited";
const NOT_AS_SENT: &str = "is not the row that the hub was told of";

/// Notes what happened, chained to the head. A head that was tampered with is not chained to: then the audit goes on after
/// its last row over a chain that no row has, and [`verify`] names the place.
pub fn insert(connection: &Connection, time: Wall, who: &str, what: &str, detail: &str) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO audit (id, time, content, chain)
         SELECT id, ?1, content, keyed('audit', before, id, ?1, content)
         FROM (SELECT id, before, sealed('audit.content', id, json_array(?2, ?3, ?4)) AS content
           FROM (SELECT max(coalesce(rows, 0), last) + 1 AS id, coalesce(chain, x'00') AS before
             FROM (SELECT coalesce(max(id), 0) AS last FROM audit)
             LEFT JOIN audit_head ON seal = keyed('audit_head', rows, chain) AND rows >= last))
         RETURNING id, chain",
    )?;
    let (id, chain): (i64, [u8; 32]) =
        statement.query_row((time.0, who, what, detail), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut statement = connection.prepare_cached(
        "INSERT INTO audit_head (only, rows, chain, seal) VALUES (1, ?1, ?2, keyed('audit_head', ?1, ?2))
         ON CONFLICT (only) DO UPDATE SET rows = excluded.rows, chain = excluded.chain, seal = excluded.seal",
    )?;
    Ok(statement.execute((id, chain)).map(drop)?)
}

/// The head, if it is whole.
pub fn head(connection: &Connection) -> Result<Option<AuditHead>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT rows, chain FROM audit_head WHERE seal = keyed('audit_head', rows, chain)")?;
    let row = statement.query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)));
    let Some((rows, chain)) = row.optional()? else {
        return Ok(None);
    };
    Ok(Some(AuditHead {
        rows: rows.unsigned_abs(),
        // Before the first row there is no chain.
        chain: chain.try_into().unwrap_or_default(),
    }))
}

/// The newest rows, the oldest of them first, at most `count_max`.
pub fn newest(connection: &Connection, count_max: u32) -> Result<Vec<AuditRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, time, content ->> 0, content ->> 1, content ->> 2
         FROM (SELECT id, time, CAST(opened('audit.content', id, content) AS TEXT) AS content
           FROM audit ORDER BY id DESC LIMIT ?1) ORDER BY id",
    )?;
    let rows = statement.query_map([count_max], |row| {
        Ok(AuditRow {
            id: row.get::<_, i64>(0)?.unsigned_abs(),
            time: Wall(row.get(1)?),
            who: row.get(2)?,
            what: row.get(3)?,
            detail: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Checks every row against its chain, the last against the head, and all against the heads that went to the hub. Gives
/// the number of rows, or the first that is edited, deleted, swapped, added or cut off.
pub fn verify(connection: &Connection) -> Result<Result<u64, Broken>, StoreError> {
    let broken = |row, how| Ok(Err(Broken { row, how }));
    let mut told = told(connection)?;
    told.sort_by_key(|head| head.rows);
    let mut told = told.into_iter().peekable();
    let mut last = AuditHead {
        rows: 0,
        chain: [0; 32],
    };
    let mut statement = connection.prepare_cached(
        "SELECT id, chain, chain = keyed('audit', coalesce(lag(chain) OVER (ORDER BY id), x''), id, time, content)
         FROM audit ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let due = last.rows + 1;
        if row.get::<_, i64>(0)? != due.cast_signed() {
            return broken(due, MISSING);
        }
        if !row.get::<_, bool>(2)? {
            return broken(due, CHANGED);
        }
        last = AuditHead {
            rows: due,
            chain: row.get(1)?,
        };
        while let Some(head) = told.next_if(|head| head.rows <= due) {
            if head != last {
                return broken(head.rows, NOT_AS_SENT);
            }
        }
    }
    let Some(head) = head(connection)? else {
        return broken(last.rows, NO_HEAD);
    };
    match head.rows.cmp(&last.rows) {
        std::cmp::Ordering::Less => broken(head.rows + 1, ADDED),
        _ if head.rows > last.rows || told.peek().is_some() => broken(last.rows + 1, CUT),
        _ if head.chain != last.chain => broken(last.rows, CHANGED),
        _ => Ok(Ok(last.rows)),
    }
}

/// The heads that stand in this box's own logs. The hub has them too and gives them back where they are missing, so that
/// an audit and its head cannot be set back together.
fn told(connection: &Connection) -> Result<Vec<AuditHead>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT bytes FROM journal_records JOIN journal_logs ON number = log
         WHERE writer = ?1 AND lane = ?2 AND bytes IS NOT NULL",
    )?;
    let mut rows = statement.query((Writer::Site.number(), Lane::Telemetry.number()))?;
    let mut heads = Vec::new();
    while let Some(row) = rows.next()? {
        let bytes: Vec<u8> = row.get(0)?;
        if let Ok(Record::AuditHead { rows, chain }) = Record::decode(Writer::Site, Lane::Telemetry, &bytes) {
            heads.push(AuditHead { rows, chain });
        }
    }
    Ok(heads)
}

#[cfg(test)]
mod tests;
