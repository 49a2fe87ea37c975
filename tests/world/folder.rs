//! A folder of its own for each world: in memory where the system has such a place, gone when the world ends.

use std::{
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// Where Linux keeps files in memory.
const IN_MEMORY: &str = "/dev/shm";

/// The folder.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> io::Result<Folder> {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let base = if Path::new(IN_MEMORY).is_dir() {
            PathBuf::from(IN_MEMORY)
        } else {
            std::env::temp_dir()
        };
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let path = base.join(format!("kisima-world-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Folder(path))
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::debug!(%error, "a world's folder stays behind");
        }
    }
}

/// Puts the copy of a database in the place of `database`, as a card that is set back would.
pub(crate) fn set_back(copy: &Path, database: &Path) -> io::Result<()> {
    for end in ["-wal", "-shm"] {
        let mut beside = database.as_os_str().to_owned();
        beside.push(end);
        match std::fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    std::fs::copy(copy, database).map(drop)
}
