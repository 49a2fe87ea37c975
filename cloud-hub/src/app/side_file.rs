//! The side log as a file: appended to and synced before the database commits.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use crate::hub::side::SideLog;

/// What a side log is written to: a file, in tests one whose disk is full.
pub trait Medium: Read + Write + Seek {
    /// Makes it so many bytes long.
    fn set_len(&mut self, bytes: u64) -> io::Result<()>;

    /// Returns once what was written is on the disk.
    fn sync_data(&mut self) -> io::Result<()>;
}

impl Medium for File {
    fn set_len(&mut self, bytes: u64) -> io::Result<()> {
        File::set_len(self, bytes)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        File::sync_data(self)
    }
}

/// A side log in a file, one line an entry.
#[derive(Debug)]
pub struct SideFile<M = File> {
    medium: M,
    /// Part of an entry may lie at the end and could not be taken back: what is appended to it would be lost.
    torn: bool,
}

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
        Ok(SideFile {
            medium: file,
            torn: false,
        })
    }
}

impl<M: Medium> SideFile<M> {
    fn write(&mut self, line: &str) -> io::Result<()> {
        self.medium.write_all(format!("{line}\n").as_bytes())?;
        self.medium.sync_data()
    }

    fn cut_to(&mut self, bytes: u64) -> io::Result<()> {
        self.medium.set_len(bytes)?;
        self.medium.sync_data()
    }
}

impl<M: Medium + Send> SideLog for SideFile<M> {
    fn append(&mut self, line: &str) -> io::Result<()> {
        if self.torn {
            let why = "an entry was written in part and could not be taken back; restart the hub when the disk is well";
            return Err(io::Error::other(why));
        }
        let former = self.medium.seek(SeekFrom::End(0))?;
        let written = self.write(line);
        if written.is_err() {
            // The next entry would end up on the line of this one, and neither could be read.
            self.torn = self.cut_to(former).is_err();
        }
        written
    }

    fn lines(&mut self) -> io::Result<Vec<String>> {
        let mut text = String::new();
        self.medium.rewind()?;
        self.medium.read_to_string(&mut text)?;
        Ok(whole_lines(&text))
    }
}

/// The lines that have their end; what comes after them was never promised to anybody.
pub fn whole_lines(text: &str) -> Vec<String> {
    let lines = text.split_inclusive('\n');
    lines
        .filter_map(|line| line.strip_suffix('\n'))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::data_dir::tests::Folder;

    /// A disk with room for so many bytes more; when it is `stuck`, nothing can be taken back either.
    struct FullDisk {
        held: io::Cursor<Vec<u8>>,
        room: usize,
        stuck: bool,
    }

    impl Read for FullDisk {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.held.read(into)
        }
    }

    impl Seek for FullDisk {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.held.seek(to)
        }
    }

    impl Write for FullDisk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let fits = bytes.len().min(self.room);
            if fits == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.room -= fits;
            self.held.seek(SeekFrom::End(0))?;
            self.held.write(&bytes[..fits])
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Medium for FullDisk {
        fn set_len(&mut self, bytes: u64) -> io::Result<()> {
            if self.stuck {
                return Err(io::Error::other("input/output error"));
            }
            self.held.get_mut().truncate(usize::try_from(bytes).unwrap());
            Ok(())
        }

        fn sync_data(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// One entry is whole, of the second only half fits.
    fn with_half_an_entry(stuck: bool) -> SideFile<FullDisk> {
        let mut log = SideFile {
            medium: FullDisk {
                held: io::Cursor::default(),
                room: 20,
                stuck,
            },
            torn: false,
        };
        log.append("generation 1").unwrap();
        assert_eq!(
            log.append("generation 2").unwrap_err().kind(),
            io::ErrorKind::StorageFull
        );
        assert_eq!(log.lines().unwrap(), ["generation 1"]);
        log.medium.room = 100;
        log
    }

    #[test]
    fn half_an_entry_is_taken_back_and_does_not_spoil_the_next() {
        let mut log = with_half_an_entry(false);
        log.append("generation 3").unwrap();
        assert_eq!(log.lines().unwrap(), ["generation 1", "generation 3"]);
    }

    #[test]
    fn nothing_is_appended_to_half_an_entry_that_cannot_be_taken_back() {
        let mut log = with_half_an_entry(true);
        assert!(log.append("generation 3").is_err());
        assert_eq!(log.lines().unwrap(), ["generation 1"]);
    }

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
