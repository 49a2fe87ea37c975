//! The data directory: who may use it, where the program can be reached, and the keys.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use sync::seal::SecretKey;

/// What can go wrong with the data directory.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Another program uses it.
    #[error("{} is in use: kisima-hub runs already", .0.display())]
    Held(PathBuf),
    /// The system refused something.
    #[error("{}: {}", .0.display(), .1)]
    Io(PathBuf, io::Error),
    /// The operating system gave no randomness.
    #[error("the operating system gives no randomness: {0}")]
    NoDice(getrandom::Error),
    /// There is a database but no key to it.
    #[error(
        "{} is missing, and without it nothing in the database can be read: put it back from where you keep it",
        .0.display()
    )]
    KeyMissing(PathBuf),
    /// The key file holds something else.
    #[error("{} must hold 64 hexadecimal digits", .0.display())]
    KeyDamaged(PathBuf),
}

/// A data directory. Nothing says that it exists, before [`DataDir::make`].
#[derive(Clone, Debug)]
pub struct DataDir(PathBuf);

/// Whoever has it may use the database. Ends with the process at the latest.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "the open file is the lock")] File);

impl DataDir {
    /// The directory at `path`.
    pub fn new(path: &Path) -> DataDir {
        DataDir(path.to_owned())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Makes it when it is not there, for its owner alone.
    pub fn make(&self) -> Result<(), DataDirError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.0)
            .map_err(|error| DataDirError::Io(self.0.clone(), error))
    }

    /// Takes the lock, at once or not at all.
    pub fn lock(&self) -> Result<Lock, DataDirError> {
        let path = self.0.join("lock");
        let failed = |error| DataDirError::Io(path.clone(), error);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => Err(DataDirError::Held(self.0.clone())),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// The socket that subcommands speak to.
    pub fn control_socket(&self) -> PathBuf {
        self.0.join("control.sock")
    }

    /// The side log.
    pub fn side_log(&self) -> PathBuf {
        self.0.join("side.log")
    }

    /// A database file named in the settings: a relative one lies in here.
    pub fn database(&self, file: &Path) -> PathBuf {
        self.0.join(file)
    }

    /// Nobody finds an address here until [`DataDir::put_addresses`].
    pub fn remove_addresses(&self) -> Result<(), DataDirError> {
        remove(&self.0.join("addresses.json"))
    }

    /// Tells where the program can be reached, at once and whole.
    pub fn put_addresses(&self, web: std::net::SocketAddr) -> Result<(), DataDirError> {
        let path = self.0.join("addresses.json");
        let new = self.0.join("addresses.json.new");
        let text = serde_json::json!({ "web": web.to_string() }).to_string();
        fs::write(&new, text)
            .and_then(|()| fs::rename(&new, &path))
            .map_err(|error| DataDirError::Io(path, error))
    }

    /// The master key, made at the first start. `known` says that the database is older than this start: then a new key
    /// would be the wrong one.
    pub fn master_key(&self, known: bool) -> Result<SecretKey, DataDirError> {
        let directory = self.0.join("keys");
        let path = directory.join("master");
        match fs::read_to_string(&path) {
            Ok(text) => hex::decode(text.trim())
                .ok()
                .and_then(|bytes| bytes.try_into().ok())
                .map(SecretKey::new)
                .ok_or(DataDirError::KeyDamaged(path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound && known => Err(DataDirError::KeyMissing(path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut key = [0; 32];
                getrandom::fill(&mut key).map_err(DataDirError::NoDice)?;
                write_key(&directory, &path, &hex::encode(key)).map_err(|error| DataDirError::Io(path, error))?;
                Ok(SecretKey::new(key))
            }
            Err(error) => Err(DataDirError::Io(path, error)),
        }
    }
}

/// Removes a file that may not be there.
pub fn remove(path: &Path) -> Result<(), DataDirError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(DataDirError::Io(path.to_owned(), error)),
        _ => Ok(()),
    }
}

/// Writes a key so that it is on disk, whole, before anything is sealed with it.
fn write_key(directory: &Path, path: &Path, text: &str) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let new = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    File::open(directory)?.sync_all()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// A directory of one test, taken away at its end.
    pub(crate) struct Folder(pub PathBuf);

    impl Folder {
        pub(crate) fn new(name: &str) -> Folder {
            let path = std::env::temp_dir().join(format!("kisima-hub-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Folder(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn one_program_at_a_time_holds_the_lock() {
        let folder = Folder::new("lock");
        let data_dir = DataDir::new(&folder.0);
        let held = data_dir.lock().unwrap();
        assert!(matches!(data_dir.lock(), Err(DataDirError::Held(_))));
        drop(held);
        data_dir.lock().unwrap();
    }

    #[test]
    fn the_master_key_is_made_once_and_for_its_owner_alone() {
        let folder = Folder::new("key");
        let data_dir = DataDir::new(&folder.0);
        let made = data_dir.master_key(false).unwrap();
        assert_eq!(data_dir.master_key(true).unwrap().expose(), made.expose());
        let mode = fs::metadata(folder.0.join("keys/master")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(folder.0.join("keys/master"), "short").unwrap();
        assert!(matches!(data_dir.master_key(true), Err(DataDirError::KeyDamaged(_))));
        fs::remove_file(folder.0.join("keys/master")).unwrap();
        assert!(matches!(data_dir.master_key(true), Err(DataDirError::KeyMissing(_))));
    }
}
