//! Read-only connections for pages: they see the last commit and never wait for the deciding thread.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

pub use rusqlite::Connection as Reading;
use store::{Database, StoreError};
use sync::vault::Vault;

/// Readings that are kept open; more are opened when needed and closed again.
pub const READERS_KEPT_MAX: usize = 3;

/// A small pool.
pub struct Readers {
    path: PathBuf,
    vault: Vault,
    idle: Mutex<Vec<Reading>>,
}

impl Readers {
    /// A pool over the database at `path`, which is sealed in this vault; nothing is opened yet.
    pub fn new(path: &Path, vault: Vault) -> Readers {
        Readers {
            path: path.to_owned(),
            vault,
            idle: Mutex::default(),
        }
    }

    /// Reads. All of `read` sees one commit. Blocks: not for asynchronous code.
    pub fn read<T>(&self, read: impl FnOnce(&Reading) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => Database::open_read_only_sealed(&self.path, &self.vault)?,
        };
        connection.prepare_cached("BEGIN")?.execute([])?;
        let result = read(&connection);
        // A connection on which this fails is dropped, and its transaction with it.
        connection.prepare_cached("COMMIT")?.execute([])?;
        let mut idle = self.idle();
        if idle.len() < READERS_KEPT_MAX {
            idle.push(connection);
        }
        result
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Reading>> {
        // The list is whole between any two of its changes.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
