//! The side log: what nobody could give back after a restore, in a small file apart from the database and its backups
//! (PROTOCOL rule 4).
//!
//! An entry is synced before the database commits, and says behind `@` how many entries the database held when that
//! commit began. At start the database may be one commit behind, which is a crash: its entries are applied. Further
//! behind is a restored past: the generation is raised (rule 15).

use std::io;

use kiosk::ids::{BoxId, SiteName};

/// Where the entries are kept. One line an entry; the file version appends and syncs.
pub trait SideLog: Send {
    /// Appends an entry and returns once it is synced.
    fn append(&mut self, line: &str) -> io::Result<()>;

    /// All entries, the oldest first.
    fn lines(&mut self) -> io::Result<Vec<String>>;
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SideEntry {
    /// The generation was raised to this.
    Generation(u32),
    /// A box was enrolled; it replaces the one the site had.
    Enrolled {
        /// The site.
        site: SiteName,
        /// The enrolment.
        box_id: BoxId,
        /// Its Ed25519 key.
        public_key: [u8; 32],
        /// Its medium.
        medium: [u8; 8],
    },
    /// A box was written off.
    WrittenOff(BoxId),
}

impl SideEntry {
    /// The entry as a line, without its end.
    pub fn to_line(&self) -> String {
        match self {
            SideEntry::Generation(generation) => format!("generation {generation}"),
            SideEntry::Enrolled {
                site,
                box_id,
                public_key,
                medium,
            } => format!(
                "enrolled {site} {box_id} {} {}",
                hex::encode(public_key),
                hex::encode(medium)
            ),
            SideEntry::WrittenOff(box_id) => format!("written-off {box_id}"),
        }
    }

    /// The same with the commit it belongs to: the one that began when the database held `held` entries.
    pub fn to_line_of(&self, held: usize) -> String {
        format!("{} @{held}", self.to_line())
    }

    /// Reads such a line, with or without its commit; `None` when no version of this program wrote it.
    pub fn from_line(line: &str) -> Option<SideEntry> {
        let words: Vec<&str> = line.split(' ').filter(|word| !word.starts_with('@')).collect();
        match words.as_slice() {
            ["generation", generation] => Some(SideEntry::Generation(generation.parse().ok()?)),
            ["enrolled", site, box_id, public_key, medium] => Some(SideEntry::Enrolled {
                site: site.parse().ok()?,
                box_id: box_id.parse().ok()?,
                public_key: hex::decode(public_key).ok()?.try_into().ok()?,
                medium: hex::decode(medium).ok()?.try_into().ok()?,
            }),
            ["written-off", box_id] => Some(SideEntry::WrittenOff(box_id.parse().ok()?)),
            _ => None,
        }
    }
}

/// Whether `missing`, the lines that a database with `held` entries lacks, are all of one commit: what a crash leaves.
pub fn is_crash(missing: &[String], held: usize) -> bool {
    let commit = format!("@{held}");
    missing.len() <= 1
        || missing
            .iter()
            .all(|line| line.rsplit_once(' ').is_some_and(|(_, last)| last == commit))
}

/// A side log in memory: the simulated world's, which outlives a crash of the machine because the world holds it.
#[derive(Clone, Debug, Default)]
pub struct MemorySideLog(std::sync::Arc<std::sync::Mutex<Vec<String>>>);

impl SideLog for MemorySideLog {
    fn append(&mut self, line: &str) -> io::Result<()> {
        self.0
            .lock()
            .map_err(|_| io::Error::other("a holder panicked"))?
            .push(line.to_owned());
        Ok(())
    }

    fn lines(&mut self) -> io::Result<Vec<String>> {
        Ok(self
            .0
            .lock()
            .map_err(|_| io::Error::other("a holder panicked"))?
            .clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_read_back_from_their_lines() {
        let entries = [
            SideEntry::Generation(7),
            SideEntry::Enrolled {
                site: "kibera-3".parse().unwrap(),
                box_id: BoxId(0xa1),
                public_key: [3; 32],
                medium: [9; 8],
            },
            SideEntry::WrittenOff(BoxId(u64::MAX)),
        ];
        for entry in entries {
            assert_eq!(SideEntry::from_line(&entry.to_line()), Some(entry.clone()));
            assert_eq!(SideEntry::from_line(&entry.to_line_of(12)), Some(entry));
        }
        for bad in [
            "",
            "generation",
            "generation -1",
            "enrolled kibera-3 a1 03 09",
            "erased",
        ] {
            assert_eq!(SideEntry::from_line(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_crash_lacks_the_entries_of_one_commit() {
        for (missing, held, crash) in [
            (&[][..], 3, true),
            (&["generation 4"], 3, true),
            (&["written-off 1 @3", "enrolled a 2 03 09 @3"], 3, true),
            (&["written-off 1 @3", "enrolled a 2 03 09 @4"], 3, false),
            (&["written-off 1 @2", "enrolled a 2 03 09 @2"], 3, false),
            (&["written-off 1", "enrolled a 2 03 09"], 3, false),
        ] {
            let missing: Vec<String> = missing.iter().map(|line| (*line).to_owned()).collect();
            assert_eq!(is_crash(&missing, held), crash, "{missing:?}");
        }
    }
}
