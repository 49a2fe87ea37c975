//! A text that is never printed.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

/// The largest secret file that is read, in bytes.
pub const SECRET_BYTES_MAX: u64 = 16 * 1024;

/// A password, key or token. `Debug` and `Display` do not show it; only [`Secret::expose`] does.
#[derive(Clone)]
pub struct Secret(Box<str>);

/// Why a secret file gives no secret. Its content is never part of the message.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read.
    #[error("secret file {}: {error}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The file holds nothing but white space.
    #[error("secret file {} is empty", .path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is larger than [`SECRET_BYTES_MAX`]: not a secret, or not the right file.
    #[error("secret file {} is larger than {SECRET_BYTES_MAX} bytes", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
}

impl Secret {
    /// Takes a text as a secret.
    pub fn new(text: &str) -> Secret {
        Secret(text.into())
    }

    /// Reads a secret file: UTF-8, white space around it ignored, not empty.
    pub fn read(path: &Path) -> Result<Secret, SecretError> {
        let unreadable = |error| SecretError::Unreadable {
            path: path.to_owned(),
            error,
        };
        if std::fs::metadata(path).map_err(unreadable)?.len() > SECRET_BYTES_MAX {
            return Err(SecretError::TooLarge { path: path.to_owned() });
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        match text.trim() {
            "" => Err(SecretError::Empty { path: path.to_owned() }),
            secret => Ok(Secret::new(secret)),
        }
    }

    /// The text itself, for the one place that uses it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `candidate` is this secret. The time it takes depends on the candidate's length alone.
    pub fn is(&self, candidate: &str) -> bool {
        let (own, other) = (self.0.as_bytes(), candidate.as_bytes());
        let mut difference = usize::from(own.len() != other.len());
        for (place, byte) in other.iter().enumerate() {
            let own_byte = own.get(place % own.len().max(1)).copied().unwrap_or(0);
            difference |= usize::from(own_byte ^ byte);
        }
        difference == 0
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Secret) -> bool {
        self.is(&other.0)
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, content: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("kisima-secret-{}-{name}", std::process::id()));
        std::fs::write(&path, content).unwrap();
        path
    }

    #[test]
    fn neither_debug_nor_display_tells_it() {
        let secret = Secret::new("hunter2");
        assert!(!format!("{secret:?} {secret} {:?}", Some(&secret)).contains("hunter2"));
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn equal_only_to_itself() {
        let secret = Secret::new("abcd");
        for (candidate, same) in [
            ("abcd", true),
            ("abce", false),
            ("abc", false),
            ("abcdabcd", false),
            ("", false),
        ] {
            assert_eq!(secret.is(candidate), same, "{candidate:?}");
        }
        assert!(!Secret::new("").is("a"));
        assert!(Secret::new("").is(""));
    }

    #[test]
    fn a_file_is_read_without_its_last_line_end() {
        let path = file("plain", "s3cret\r\n");
        assert_eq!(Secret::read(&path).unwrap().expose(), "s3cret");
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_by_its_name() {
        let empty = file("empty", " \n");
        assert!(Secret::read(&empty).unwrap_err().to_string().ends_with("is empty"));
        let large = file("large", &"x".repeat(20_000));
        assert!(
            Secret::read(&large)
                .unwrap_err()
                .to_string()
                .contains("larger than 16384 bytes")
        );
        let missing = Path::new("/nonexistent/kisima");
        assert!(
            Secret::read(missing)
                .unwrap_err()
                .to_string()
                .contains("/nonexistent/kisima: No such file")
        );
        std::fs::remove_file(&empty).unwrap();
        std::fs::remove_file(&large).unwrap();
    }
}
