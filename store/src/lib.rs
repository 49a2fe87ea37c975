//! The SQLite groundwork both programs stand on: opening, pragmas, migrations, one transaction a batch.
//!
//! The tables of a site and of the hub are their own (`site/store`, `hub/store`). What they share is here, because
//! neither program may see the other.

pub mod journal;
pub mod vault;

use std::{path::Path, time::Duration};

/// A connection, by the one name under which rooms without SQL may hold it.
pub use rusqlite::Connection;
use rusqlite::{OpenFlags, backup, config::DbConfig};
use sync::vault::Vault;

/// How long a reader waits for a lock before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How many statements are kept compiled.
const STATEMENTS_MAX: usize = 256;

/// What can go wrong with a database, worded for the person who reads it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be used.
    #[error("{path}: {source}")]
    Open {
        /// The file.
        path: String,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The file was written by a newer program.
    #[error("{path}: written by a newer version (schema {found}, this program knows {known}); install that version")]
    Newer {
        /// The file.
        path: String,
        /// Its schema version.
        found: u32,
        /// The newest this program knows.
        known: u32,
    },
    /// The check at start found damage.
    #[error("{path}: damaged ({found}); restore a backup, or join the hub again with --replace")]
    Damaged {
        /// The file.
        path: String,
        /// What the check said.
        found: String,
    },
    /// What is sealed in the file was sealed under another key.
    #[error(
        "{path}: sealed under another key; put the key back that was made with it, or join the hub again with --replace"
    )]
    Key {
        /// The file.
        path: String,
    },
    /// A statement failed.
    #[error("database: {0}")]
    Sql(#[from] rusqlite::Error),
    /// A row holds what no version of this program wrote.
    #[error("database: {0} cannot be read")]
    Row(&'static str),
}

impl StoreError {
    /// Whether the disk is full: new work is refused, what was acknowledged stays.
    pub fn is_full(&self) -> bool {
        matches!(self, StoreError::Sql(rusqlite::Error::SqliteFailure(error, _)) if error.code == rusqlite::ErrorCode::DiskFull)
    }
}

/// How hard a commit is pressed onto the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Synced before the commit returns: every program that runs for people.
    Full,
    /// Left to the operating system: the simulated world, which loses nothing but its own process.
    Relaxed,
}

/// A database file and the one connection that writes it.
pub struct Database {
    connection: Connection,
}

impl Database {
    /// Opens or makes the file at `path`, checks it, and brings it to the newest of `migrations`, each a batch of SQL.
    /// A migration is one transaction: a power cut leaves the old schema or the new one.
    pub fn open(path: &Path, durability: Durability, migrations: &[&str]) -> Result<Database, StoreError> {
        Database::open_with(path, durability, None, migrations)
    }

    /// The same for a file in which values are sealed: SQL on it has the functions of [`vault`], migrations too. Refused
    /// when the file was sealed under another key.
    pub fn open_sealed(
        path: &Path,
        durability: Durability,
        vault: &Vault,
        migrations: &[&str],
    ) -> Result<Database, StoreError> {
        Database::open_with(path, durability, Some(vault), migrations)
    }

    fn open_with(
        path: &Path,
        durability: Durability,
        vault: Option<&Vault>,
        migrations: &[&str],
    ) -> Result<Database, StoreError> {
        let named = |source| StoreError::Open {
            path: path.display().to_string(),
            source,
        };
        // The machine's one thread owns the connection: SQLite's own locks would only cost.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags).map_err(named)?;
        configure(&connection, durability).map_err(named)?;
        let found: String = connection
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
            .map_err(named)?;
        if found != "ok" {
            return Err(StoreError::Damaged {
                path: path.display().to_string(),
                found,
            });
        }
        if let Some(vault) = vault {
            unseal(&connection, path, vault)?;
        }
        migrate(&mut connection, path, migrations)?;
        Ok(Database { connection })
    }

    /// Opens a second, read-only connection for pages; it sees the last commit.
    pub fn open_read_only(path: &Path) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let named = |source| StoreError::Open {
            path: path.display().to_string(),
            source,
        };
        let connection = Connection::open_with_flags(path, flags).map_err(named)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(named)?;
        Ok(connection)
    }

    /// The same for a file in which values are sealed.
    pub fn open_read_only_sealed(path: &Path, vault: &Vault) -> Result<Connection, StoreError> {
        let connection = Database::open_read_only(path)?;
        unseal(&connection, path, vault)?;
        Ok(connection)
    }

    /// The connection, for statements inside the open batch.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Opens the transaction of a batch.
    pub fn begin(&self) -> Result<(), StoreError> {
        Ok(self
            .connection
            .prepare_cached("BEGIN IMMEDIATE")?
            .execute([])
            .map(drop)?)
    }

    /// Makes the batch durable.
    pub fn commit(&self) -> Result<(), StoreError> {
        Ok(self.connection.prepare_cached("COMMIT")?.execute([]).map(drop)?)
    }

    /// Forgets the batch. Harmless when none is open.
    pub fn abandon(&self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            // SQLite rolls back by itself on the errors after which ROLLBACK itself can fail.
            debug_assert!(
                self.connection.is_autocommit(),
                "rollback failed inside a transaction: {error}"
            );
        }
    }

    /// Marks the point to which [`Database::undo`] goes back: the beginning of one input.
    pub fn save(&self) -> Result<(), StoreError> {
        self.execute("SAVEPOINT input")
    }

    /// Keeps what was changed since [`Database::save`].
    pub fn keep(&self) -> Result<(), StoreError> {
        self.execute("RELEASE input")
    }

    /// Undoes what was changed since [`Database::save`], and nothing else.
    pub fn undo(&self) -> Result<(), StoreError> {
        self.execute("ROLLBACK TO input")?;
        self.execute("RELEASE input")
    }

    /// Runs `work` between [`Database::save`] and [`Database::keep`], or [`Database::undo`] when it fails.
    pub fn alone<T, E: From<StoreError>>(&self, work: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E> {
        self.save()?;
        let done = work(&self.connection);
        if done.is_ok() {
            self.keep()?
        } else {
            self.undo()?
        }
        done
    }

    /// Copies the database as of the last commit to a new file at `path`, while it stays in use.
    pub fn backup(&self, path: &Path) -> Result<(), StoreError> {
        let named = |source| StoreError::Open {
            path: path.display().to_string(),
            source,
        };
        let mut target = Connection::open(path).map_err(named)?;
        let backup = backup::Backup::new(&self.connection, &mut target)?;
        backup.run_to_completion(1_024, Duration::ZERO, None)?;
        Ok(())
    }

    /// Folds the write-ahead log into the file: the last thing before a clean end.
    pub fn checkpoint(&self) -> Result<(), StoreError> {
        Ok(self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
    }

    /// Writes the whole file anew, so that no free page and no write-ahead log keeps what its rows hold no longer. Needs
    /// room for a second copy meanwhile, on the disk: in memory it would not fit a small box.
    pub fn rewrite(&self) -> Result<(), StoreError> {
        self.connection
            .execute_batch("PRAGMA temp_store = FILE; VACUUM; PRAGMA temp_store = MEMORY;")?;
        self.checkpoint()
    }

    fn execute(&self, statement: &str) -> Result<(), StoreError> {
        Ok(self.connection.prepare_cached(statement)?.execute([]).map(drop)?)
    }
}

/// The storage rules of RELIABILITY section 4.
fn configure(connection: &Connection, durability: Durability) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // Plans that do not depend on bound values: otherwise SQLite compiles a statement anew at each binding as soon as a
    // partial index might or might not serve it (sqlite3_db_config, SQLITE_DBCONFIG_ENABLE_QPSG).
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 1000; PRAGMA journal_size_limit = 4194304;
         PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;",
    )?;
    let synchronous = match durability {
        Durability::Full => "FULL",
        Durability::Relaxed => "OFF",
    };
    connection.execute_batch(&format!("PRAGMA synchronous = {synchronous}"))
}

/// Gives a connection the functions of [`vault`], if this is the key of the file.
fn unseal(connection: &Connection, path: &Path, vault: &Vault) -> Result<(), StoreError> {
    vault::install(connection, vault)?;
    if vault::is_own(connection)? {
        return Ok(());
    }
    Err(StoreError::Key {
        path: path.display().to_string(),
    })
}

fn migrate(connection: &mut Connection, path: &Path, migrations: &[&str]) -> Result<(), StoreError> {
    let found: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let known = u32::try_from(migrations.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(StoreError::Newer {
            path: path.display().to_string(),
            found,
            known,
        });
    }
    for (version, migration) in (1..=known).zip(migrations) {
        if version > found {
            let transaction = connection.transaction()?;
            transaction.execute_batch(migration)?;
            transaction.pragma_update(None, "user_version", version)?;
            transaction.commit()?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "CREATE TABLE tap (id INTEGER PRIMARY KEY) STRICT";

    fn count(connection: &Connection) -> i64 {
        connection
            .query_row("SELECT count(*) FROM tap", [], |row| row.get(0))
            .unwrap()
    }

    struct Folder(std::path::PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let path = std::env::temp_dir().join(format!("kisima-store-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Folder(path)
        }

        fn database(&self, migrations: &[&str]) -> Result<Database, StoreError> {
            Database::open(&self.0.join("test.db"), Durability::Full, migrations)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn what_fails_is_undone_alone() {
        let folder = Folder::new("alone");
        let database = folder.database(&[FIRST]).unwrap();
        database.begin().unwrap();
        for id in 1..=3 {
            database.save().unwrap();
            database
                .connection()
                .execute("INSERT INTO tap (id) VALUES (?1)", [id])
                .unwrap();
            if id == 2 {
                database.undo().unwrap()
            } else {
                database.keep().unwrap()
            }
        }
        database.commit().unwrap();
        assert_eq!(count(database.connection()), 2);
    }

    #[test]
    fn a_newer_schema_is_refused_with_a_way_out() {
        let folder = Folder::new("newer");
        drop(
            folder
                .database(&[FIRST, "CREATE TABLE pipe (id INTEGER PRIMARY KEY) STRICT"])
                .unwrap(),
        );
        let error = folder.database(&[FIRST]).map(drop).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("written by a newer version (schema 2, this program knows 1)"),
            "{error}"
        );
    }

    #[test]
    fn a_damaged_file_is_found_at_start() {
        let folder = Folder::new("damaged");
        let database = folder.database(&[FIRST]).unwrap();
        database.begin().unwrap();
        for id in 0..2_000 {
            database
                .connection()
                .execute("INSERT INTO tap (id) VALUES (?1)", [id])
                .unwrap();
        }
        database.commit().unwrap();
        database.checkpoint().unwrap();
        drop(database);
        let path = folder.0.join("test.db");
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[8_192..8_704].fill(0xff);
        std::fs::write(&path, bytes).unwrap();
        assert!(matches!(
            folder.database(&[FIRST]).map(drop),
            Err(StoreError::Damaged { .. } | StoreError::Open { .. })
        ));
    }

    #[test]
    fn a_backup_holds_what_was_committed() {
        let folder = Folder::new("backup");
        let database = folder.database(&[FIRST]).unwrap();
        database
            .connection()
            .execute("INSERT INTO tap (id) VALUES (7)", [])
            .unwrap();
        database.backup(&folder.0.join("copy.db")).unwrap();
        let copy = Database::open_read_only(&folder.0.join("copy.db")).unwrap();
        assert_eq!(count(&copy), 1);
    }
}
