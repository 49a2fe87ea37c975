//! The key of what is sealed in the database, in a file of its own: whoever takes the database, or a copy of it, gets no
//! phone and no name. It is there before the box joins, and outlives every enrolment.

use std::{io, path::Path};

use sync::{seal::SecretKey, vault::Vault};

use super::files::{DataDir, FilesError, bytes};

/// Where the key lies unless the configuration names another place.
pub const KEY: &str = "vault.key";

/// The vault of this data directory. Without `key_file` its key is made at the first start, on the disk before anything is
/// sealed with it; a `key_file` is somebody's own, and must be there.
pub fn vault(data: &DataDir, key_file: Option<&Path>) -> Result<Vault, FilesError> {
    let (path, text) = match key_file {
        Some(path) => (
            path.to_owned(),
            std::fs::read(path).map_err(|source| failed(path, source))?,
        ),
        None => (data.path().join(KEY), own(data)?),
    };
    let text = String::from_utf8_lossy(&text);
    let key = bytes(KEY, text.trim()).map_err(|_| FilesError::Key {
        path: path.display().to_string(),
    })?;
    Ok(Vault::new(&SecretKey::new(key)))
}

fn own(data: &DataDir) -> Result<Vec<u8>, FilesError> {
    if let Some(text) = data.read(KEY)? {
        return Ok(text);
    }
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| failed(&data.path().join(KEY), io::Error::other(error)))?;
    let text = format!("{}\n", hex::encode(key)).into_bytes();
    data.write(KEY, &text, 0o600)?;
    Ok(text)
}

fn failed(path: &Path, source: io::Error) -> FilesError {
    FilesError::File {
        path: path.display().to_string(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt as _};

    #[test]
    fn the_key_is_made_once_for_the_owner_alone_and_another_is_never_made_up() {
        let path = std::env::temp_dir().join(format!("kisima-vault-key-{}", std::process::id()));
        let data = DataDir::open(&path).unwrap();
        let sealed = vault(&data, None).unwrap().seal(b"place", b"Jane");
        assert_eq!(vault(&data, None).unwrap().open(b"place", &sealed).unwrap(), b"Jane");
        assert_eq!(
            fs::metadata(path.join(KEY)).unwrap().permissions().mode() & 0o777,
            0o600
        );

        let elsewhere = path.join("elsewhere");
        let error = vault(&data, Some(&elsewhere)).unwrap_err().to_string();
        assert!(error.contains("elsewhere"), "{error}");
        assert!(!elsewhere.exists(), "a key that somebody else keeps is not made here");
        fs::write(&elsewhere, "07".repeat(32)).unwrap();
        assert!(vault(&data, Some(&elsewhere)).unwrap().open(b"place", &sealed).is_err());

        fs::write(path.join(KEY), "too short").unwrap();
        let error = vault(&data, None).unwrap_err().to_string();
        assert!(error.contains(KEY) && error.contains("--replace"), "{error}");
        fs::remove_dir_all(path).unwrap();
    }
}
