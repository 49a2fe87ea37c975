//! The side log as a file: appended to and synced before the database commits.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use crate::hub::side::SideLog;

/// A side log in a file, one line an entry.
#[derive(Debug)]
pub struct SideFile(File);

impl SideFile {
    /// Opens or makes it. A last line without its end was never promised to anybody and is cut off.
    pub fn open(path: &Path) -> io::Result<SideFile> {
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if whole < text.len() {
            file.set_len(whole as u64)?;
        }
        file.sync_all()?;
        if let Some(directory) = path.parent() {
            File::open(directory)?.sync_all()?;
        }
        Ok(SideFile(file))
    }
}

impl SideLog for SideFile {
    fn append(&mut self, line: &str) -> io::Result<()> {
        self.0.write_all(format!("{line}\n").as_bytes())?;
        self.0.sync_data()
    }

    fn lines(&mut self) -> io::Result<Vec<String>> {
        let mut text = String::new();
        self.0.rewind()?;
        self.0.read_to_string(&mut text)?;
        Ok(text.lines().map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::data_dir::tests::Folder;

    #[test]
    fn lines_outlive_the_program_and_a_torn_one_does_not() {
        let folder = Folder::new("side");
        let path = folder.0.join("side.log");
        let mut log = SideFile::open(&path).unwrap();
        log.append("generation 1").unwrap();
        log.append("generation 2").unwrap();
        assert_eq!(log.lines().unwrap(), ["generation 1", "generation 2"]);
        log.append("generation 3").unwrap();
        drop(log);
        let mut torn = std::fs::read(&path).unwrap();
        torn.extend(b"generation 4");
        std::fs::write(&path, torn).unwrap();
        let mut log = SideFile::open(&path).unwrap();
        log.append("generation 5").unwrap();
        assert_eq!(
            log.lines().unwrap(),
            ["generation 1", "generation 2", "generation 3", "generation 5"]
        );
    }
}
