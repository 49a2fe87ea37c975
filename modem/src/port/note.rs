//! The file in which it is remembered what became of the SIM's PIN.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use crate::pin::PinNote;

/// What was noted; nothing where it cannot be read.
pub(super) fn read(path: &Path) -> Option<PinNote> {
    fs::read_to_string(path).ok()?.parse().ok()
}

/// Notes it, on the disk, whole or not at all, and for nobody else; or takes the note away.
pub(super) fn keep(path: &Path, note: Option<&PinNote>) -> io::Result<()> {
    let Some(note) = note else {
        return match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        };
    };
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let mut options = File::options();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(note.to_string().as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_kept_and_taken_away() {
        let path = std::env::temp_dir().join(format!("kisima-pin-note-{}", std::process::id()));
        assert_eq!(read(&path), None);
        let note: PinNote = "1 2 1 said".parse().unwrap();
        keep(&path, Some(&note)).unwrap();
        assert_eq!(read(&path), Some(note));
        keep(&path, None).unwrap();
        keep(&path, None).unwrap();
        assert_eq!(read(&path), None);
    }
}
