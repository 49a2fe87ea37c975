//! The data directory: the database, the enrolment, the lock, the addresses, the control socket.

use std::{
    fmt,
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use kiosk::{
    ids::{BoxId, SiteName},
    units::Currency,
};
use serde::{Deserialize, Serialize};
use store::{Database, Durability, StoreError};
use sync::{seal::SecretKey, vault::Vault};
use tokio::net::TcpListener;

use crate::site::enrolment::Enrolment;

/// What went wrong with which file.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// Another program holds the data directory.
    #[error("{0}: another kisima-gateway runs on this data directory; stop it first")]
    Locked(String),
    /// The key of what is sealed is not one.
    #[error(
        "{path}: not a key of 64 hexadecimal digits; put the right one back, or remove it and join the hub again with --replace"
    )]
    Key {
        /// The file.
        path: String,
    },
    /// The enrolment is not one.
    #[error("{path}: {what}; join the hub again with --replace")]
    Enrolment {
        /// The file.
        path: String,
        /// What is wrong.
        what: String,
    },
}

/// A data directory.
#[derive(Clone, Debug)]
pub struct DataDir(PathBuf);

/// Held while a program uses the directory.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl DataDir {
    /// The directory at `path`, made when missing, for the owner alone.
    pub fn open(path: &Path) -> Result<DataDir, FilesError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(named(path))?;
        Ok(DataDir(path.to_owned()))
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The site's database.
    pub fn database(&self) -> PathBuf {
        self.0.join("site.db")
    }

    /// The socket that subcommands talk through.
    pub fn control(&self) -> PathBuf {
        self.0.join("control.sock")
    }

    /// Takes the lock, or says who is in the way.
    pub fn lock(&self) -> Result<Lock, FilesError> {
        let path = self.0.join("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(named(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(FilesError::Locked(self.0.display().to_string())),
            Err(TryLockError::Error(source)) => Err(named(&path)(source)),
        }
    }

    /// Removes the addresses of an earlier run.
    pub fn forget_addresses(&self) -> Result<(), FilesError> {
        let path = self.0.join("addresses.json");
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(named(&path)(error)),
            _ => Ok(()),
        }
    }

    /// Puts the addresses into place: the program is ready.
    pub fn write_addresses(&self, addresses: &Addresses) -> Result<(), FilesError> {
        self.write("addresses.json", addresses.to_string().as_bytes(), 0o644)
    }

    /// Writes a file whole or not at all.
    pub fn write(&self, name: &str, bytes: &[u8], mode: u32) -> Result<(), FilesError> {
        let path = self.0.join(name);
        let new = self.0.join(format!("{name}.new"));
        let write = || {
            let mut file = OpenOptions::new()
                .create(true)
                .truncate(true)
                .write(true)
                .mode(mode)
                .open(&new)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            File::open(&self.0)?.sync_all()
        };
        write().map_err(named(&path))
    }

    /// Reads a file; `None` when there is none.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, FilesError> {
        let path = self.0.join(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(named(&path)(error)),
        }
    }

    /// Moves a database (damaged, or sealed under another key) or an enrolment that cannot be read out of the way, so that the box can be enrolled anew. What
    /// only it knew is lost; the hub gives back what it has (PROTOCOL rule 14).
    pub fn set_damaged_aside(&self, vault: &Vault) -> Result<(), FilesError> {
        let database = self.database();
        let is_damaged = match Database::open_sealed(&database, Durability::Full, vault, &[]) {
            Err(StoreError::Damaged { .. } | StoreError::Open { .. } | StoreError::Key { .. }) => database.exists(),
            Err(_) | Ok(_) => false,
        };
        let mut names = Vec::new();
        if is_damaged {
            names.extend(["site.db", "site.db-wal", "site.db-shm"]);
        }
        if matches!(self.enrolment(), Err(FilesError::Enrolment { .. })) {
            names.push(ENROLMENT);
        }
        for name in names {
            let (from, to) = (self.0.join(name), self.0.join(format!("{name}.damaged")));
            match fs::rename(&from, &to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(named(&from)(error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// The enrolment, once joined.
    pub fn enrolment(&self) -> Result<Option<Enrolment>, FilesError> {
        let Some(bytes) = self.read(ENROLMENT)? else {
            return Ok(None);
        };
        let wrong = |what: String| FilesError::Enrolment {
            path: self.0.join(ENROLMENT).display().to_string(),
            what,
        };
        let kept: Kept = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        kept.enrolment().map(Some).map_err(wrong)
    }

    /// Keeps the enrolment, keys and all, for the owner alone.
    pub fn write_enrolment(&self, enrolment: &Enrolment) -> Result<(), FilesError> {
        let kept = Kept::new(enrolment);
        let bytes = serde_json::to_vec_pretty(&kept).expect("texts and numbers only");
        self.write(ENROLMENT, &bytes, 0o600)
    }
}

const ENROLMENT: &str = "enrolment.json";

fn named(path: &Path) -> impl Fn(io::Error) -> FilesError + use<> {
    let path = path.display().to_string();
    move |source| FilesError::File {
        path: path.clone(),
        source,
    }
}

/// The addresses a running program serves, as `addresses.json` says them.
#[derive(Debug, Default)]
pub struct Addresses(serde_json::Map<String, serde_json::Value>);

impl Addresses {
    /// The addresses of these listeners.
    pub fn new(listeners: &[(&str, &TcpListener)]) -> Addresses {
        let address = |listener: &TcpListener| {
            listener
                .local_addr()
                .map(|address| address.to_string())
                .unwrap_or_default()
        };
        Addresses(
            listeners
                .iter()
                .map(|(name, listener)| ((*name).to_owned(), address(listener).into()))
                .collect(),
        )
    }
}

impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(&self.0).unwrap_or_default())
    }
}

/// The enrolment as it is kept: keys in hexadecimal.
#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(rename = "box")]
    box_id: String,
    site: String,
    title: String,
    time_zone: String,
    currency: String,
    language: String,
    medium: String,
    generation: u32,
    hub_url: String,
    pair_key: String,
    pin_key: String,
    receipt_key: String,
    identity_seed: String,
    hub_signing_key: String,
    hub_sealing_key: String,
}

impl Kept {
    fn new(enrolment: &Enrolment) -> Kept {
        Kept {
            box_id: enrolment.box_id.to_string(),
            site: enrolment.site.to_string(),
            title: enrolment.title.clone(),
            time_zone: enrolment.time_zone.clone(),
            currency: enrolment.currency.code().to_owned(),
            language: enrolment.language.clone(),
            medium: hex::encode(enrolment.medium),
            generation: enrolment.generation,
            hub_url: enrolment.hub_url.clone(),
            pair_key: hex::encode(enrolment.pair_key.expose()),
            pin_key: hex::encode(enrolment.pin_key.expose()),
            receipt_key: hex::encode(enrolment.receipt_key.expose()),
            identity_seed: hex::encode(enrolment.identity_seed.expose()),
            hub_signing_key: hex::encode(enrolment.hub_signing_key),
            hub_sealing_key: hex::encode(enrolment.hub_sealing_key),
        }
    }

    fn enrolment(self) -> Result<Enrolment, String> {
        Ok(Enrolment {
            box_id: self.box_id.parse::<BoxId>().map_err(|error| error.to_string())?,
            site: self.site.parse::<SiteName>().map_err(|error| error.to_string())?,
            title: self.title,
            time_zone: self.time_zone,
            currency: Currency::from_code(&self.currency).ok_or("an unknown currency")?,
            language: self.language,
            medium: bytes("medium", &self.medium)?,
            generation: self.generation,
            hub_url: self.hub_url,
            pair_key: SecretKey::new(bytes("pair_key", &self.pair_key)?),
            pin_key: SecretKey::new(bytes("pin_key", &self.pin_key)?),
            receipt_key: SecretKey::new(bytes("receipt_key", &self.receipt_key)?),
            identity_seed: SecretKey::new(bytes("identity_seed", &self.identity_seed)?),
            hub_signing_key: bytes("hub_signing_key", &self.hub_signing_key)?,
            hub_sealing_key: bytes("hub_sealing_key", &self.hub_sealing_key)?,
        })
    }
}

/// Exactly `N` bytes from hexadecimal.
pub fn bytes<const N: usize>(name: &str, text: &str) -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| format!("{name} is not {N} bytes in hexadecimal"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cannot_be_read_is_moved_aside() {
        let path = std::env::temp_dir().join(format!("kisima-aside-{}", std::process::id()));
        let data = DataDir::open(&path).unwrap();
        let vault = |byte| Vault::new(&SecretKey::new([byte; 32]));
        let open = || crate::site::store::open(&data.database(), Durability::Relaxed, &vault(1));
        drop(open().unwrap());
        data.set_damaged_aside(&vault(1)).unwrap();
        assert!(data.database().exists(), "a good database stays");
        data.set_damaged_aside(&vault(2)).unwrap();
        assert!(!data.database().exists(), "without its key nothing in it can be read");
        drop(open().unwrap());
        fs::write(data.database(), [0xff; 8_192]).unwrap();
        data.write(ENROLMENT, b"{", 0o600).unwrap();
        data.set_damaged_aside(&vault(1)).unwrap();
        assert!(!data.database().exists());
        assert!(matches!(data.enrolment(), Ok(None)));
        fs::remove_dir_all(path).unwrap();
    }
}
