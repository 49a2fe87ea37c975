//! What is checked of a change before automerge sees it.
//!
//! Automerge's parser can be made to panic or to loop by bytes with a right checksum (reference/replication.md). So only
//! change chunks pass, of bounded size, and every run-length column is counted first: a few bytes may not stand for
//! millions of rows. The layout is that of automerge's binary format, "Change chunks".

use crate::record::CHANGE_BYTES_MAX;

/// The first bytes of every chunk.
const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
/// The chunk type of an uncompressed change.
const CHANGE: u8 = 1;
/// The most rows that a column of a change may stand for: more than an edit of all fields makes.
const ROWS_MAX: u64 = 512;
/// The most dependencies, actors or columns of a change.
const LIST_MAX: u64 = 64;
/// Numbers of changes and operations stay far from where sums overflow.
const NUMBER_MAX: u64 = 1 << 40;

/// Whether these bytes are one change chunk that is safe to parse.
pub(super) fn is_safe(bytes: &[u8]) -> bool {
    bytes.len() <= CHANGE_BYTES_MAX && Reader(bytes).change().is_some()
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(count).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|byte| byte[0])
    }

    fn unsigned(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let mut number = 0_i64;
        for shift in (0..56).step_by(7) {
            let byte = self.byte()?;
            number |= i64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                let sign = if byte & 0x40 == 0 { 0 } else { -1_i64 << (shift + 7) };
                return Some(number | sign);
            }
        }
        None
    }

    fn at_most(&mut self, max: u64) -> Option<u64> {
        self.unsigned().filter(|number| *number <= max)
    }

    fn change(&mut self) -> Option<()> {
        let magic = self.take(4)?;
        let _checksum = self.take(4)?;
        if magic != MAGIC || self.byte()? != CHANGE || self.unsigned()? != self.0.len() as u64 {
            return None;
        }
        let dependencies = self.at_most(LIST_MAX)?;
        self.take(dependencies * 32)?;
        self.bytes()?;
        let _seq = self.at_most(NUMBER_MAX)?;
        let _start_op = self.at_most(NUMBER_MAX).filter(|start| *start > 0)?;
        let _time = self.signed()?;
        self.bytes()?;
        for _ in 0..self.at_most(LIST_MAX)? {
            self.bytes()?;
        }
        let mut columns = Vec::new();
        for _ in 0..self.at_most(LIST_MAX)? {
            columns.push((self.unsigned()?, self.unsigned()?));
        }
        for (specification, length) in columns {
            Reader(self.take(length)?).column(specification)?;
        }
        Some(())
    }

    /// Bytes after their length.
    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.unsigned()?;
        self.take(length)
    }

    /// Counts a column's rows. The low three bits of its specification are its type, the fourth says "deflated".
    fn column(&mut self, specification: u64) -> Option<()> {
        const DEFLATED: u64 = 8;
        match specification & 7 {
            _ if specification & DEFLATED != 0 => None,
            4 => self.booleans(),
            7 => Some(()),
            kind => self.runs(kind),
        }
    }

    fn booleans(&mut self) -> Option<()> {
        let mut rows = 0;
        while !self.0.is_empty() {
            rows += self.at_most(ROWS_MAX)?;
        }
        (rows <= ROWS_MAX).then_some(())
    }

    fn runs(&mut self, kind: u64) -> Option<()> {
        let mut rows = 0;
        while !self.0.is_empty() {
            let run = self.signed()?;
            let count = run.unsigned_abs();
            rows += match run {
                0 => self.at_most(ROWS_MAX)?,
                1.. => {
                    self.value(kind)?;
                    count
                }
                _ => {
                    for _ in 0..count {
                        self.value(kind)?;
                    }
                    count
                }
            };
            if rows > ROWS_MAX {
                return None;
            }
        }
        Some(())
    }

    fn value(&mut self, kind: u64) -> Option<()> {
        match kind {
            // A group's value is how many rows of the next columns belong together.
            0 => self.at_most(ROWS_MAX).map(drop),
            3 => self.signed().map(drop),
            5 => self.bytes().map(drop),
            _ => self.unsigned().map(drop),
        }
    }
}
