//! What pages and the API read, over a read-only connection that sees the last commit.
//!
//! | module | what it reads |
//! |---|---|
//! | [`people`] | logins, sessions, API tokens |
//! | [`customers`] | customers with their purses, and their transactions |
//! | [`money`] | purchases, the ledger, texts that wait |
//! | [`fleet`] | sites, alarms, totals |

pub mod customers;
pub mod fleet;
pub mod money;
pub mod people;

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Params, Row};
use store::{Database, StoreError};

use super::{Stored, audit::audit_chain};

/// How many rows a list shows at most.
pub const ROWS_MAX: u32 = 200;

/// A read-only connection.
pub struct Reader(Connection);

/// What a walk along the audit's chain found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditVerdict {
    /// Every row is as it was written, so many of them.
    Whole(u64),
    /// This row, or one before it, was changed, removed or moved.
    Broken(i64),
}

impl Reader {
    /// Opens the database at `path`, which must be there.
    pub fn open(path: &Path) -> Stored<Reader> {
        Database::open_read_only(path).map(Reader)
    }

    /// Everything that `look` reads is of one commit.
    pub fn snapshot<T>(&self, look: impl FnOnce(&Reader) -> Stored<T>) -> Stored<T> {
        let transaction = self.0.unchecked_transaction()?;
        let seen = look(self);
        transaction.commit()?;
        seen
    }

    /// Whether SQLite finds the file in order.
    pub fn is_sound(&self) -> Stored<bool> {
        let found: String = self.0.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        Ok(found == "ok")
    }

    /// Copies the last commit to a new file.
    pub fn back_up(&self, path: &Path) -> Stored<()> {
        let named = |source| StoreError::Open {
            path: path.display().to_string(),
            source,
        };
        let mut target = Connection::open(path).map_err(named)?;
        let backup = rusqlite::backup::Backup::new(&self.0, &mut target)?;
        backup.run_to_completion(1_024, std::time::Duration::ZERO, None)?;
        Ok(())
    }

    /// Walks along the audit's chain from its beginning.
    pub fn verify_audit(&self) -> Stored<AuditVerdict> {
        let mut statement = self
            .0
            .prepare("SELECT id, time_ms, actor, action, subject, detail, chain FROM audit ORDER BY id")?;
        let mut rows = statement.query([])?;
        let (mut chain, mut count) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            let text = |column| row.get::<_, String>(column);
            let (actor, action, subject, detail) = (text(2)?, text(3)?, text(4)?, text(5)?);
            let time = kiosk::moment::Wall(row.get(1)?);
            let found: Vec<u8> = row.get(6)?;
            if audit_chain(&chain, time, [&actor, &action, &subject, &detail]).as_slice() != found {
                return Ok(AuditVerdict::Broken(row.get(0)?));
            }
            chain = found;
            count += 1;
        }
        Ok(AuditVerdict::Whole(count))
    }

    fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Stored<Option<T>> {
        Ok(self.0.prepare_cached(sql)?.query_row(params, read).optional()?)
    }

    fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Stored<Vec<T>> {
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map(params, read)?;
        Ok(rows.collect::<rusqlite::Result<Vec<T>>>()?)
    }
}
