//! Records in the dense form of texts (PROTOCOL rule 11): an ordinary sale takes about four bytes.
//!
//! Records of one chunk are packed together. Pours, which are nearly all there is, are taken apart into columns: holds,
//! grants, volumes, times, dispensers, and each column is written in the way that is shortest for it. Every other record
//! is written value by value, and one that does not come back from that as the same bytes travels as it is. So whatever
//! stands in a log unpacks to the bytes that were packed.
//!
//! An epoch that both ends know travels as its two low bytes. Who unpacks tries what is known to it; the tag of a text is
//! over the unpacked bytes too, so a wrong guess, or another version's idea of the form, is no frame.
//!
//! | file | what it holds |
//! |---|---|
//! | `bits` | numbers as bits |
//! | `column` | many numbers of one sort |
//! | `pours` | pours as columns |
//! | `plain` | every other record |

mod bits;
mod column;
mod plain;
mod pours;

use std::collections::{BTreeMap, BTreeSet};

use kiosk::{
    fact::Fact,
    ids::{Epoch, LogKey},
};

pub use crate::cbor::Malformed;
use crate::record::{RECORD_BYTES_MAX, Record};

use self::{
    bits::{BitReader, BitWriter},
    column::{get_column, put_column},
};

/// The most records packed together.
pub const RECORDS_MAX: usize = 200;

/// The epochs that both ends know: what may travel as two bytes.
#[derive(Clone, Debug, Default)]
pub struct Known(BTreeMap<u16, BTreeSet<Epoch>>);

impl Known {
    /// Adds an epoch.
    pub fn add(&mut self, epoch: Epoch) {
        self.0.entry(epoch.0 as u16).or_default().insert(epoch);
    }

    /// The epochs that these two bytes may mean.
    pub fn candidates(&self, tag: u16) -> Vec<Epoch> {
        self.0.get(&tag).into_iter().flatten().copied().collect()
    }

    /// Whether two bytes name this epoch and, here at least, no other.
    fn is_plain(&self, epoch: Epoch) -> bool {
        let of_tag = self.0.get(&(epoch.0 as u16));
        of_tag.is_some_and(|epochs| epochs.len() == 1 && epochs.contains(&epoch))
    }
}

impl FromIterator<Epoch> for Known {
    fn from_iter<I: IntoIterator<Item = Epoch>>(epochs: I) -> Known {
        let mut known = Known::default();
        epochs.into_iter().for_each(|epoch| known.add(epoch));
        known
    }
}

/// Packs records of one log, at most [`RECORDS_MAX`]: their canonical bytes, as they stand in it.
pub fn pack(log: &LogKey, records: &[&[u8]], known: &Known) -> Vec<u8> {
    let pour = |bytes: &[u8]| match Record::decode(log.by, log.lane, bytes) {
        Ok(Record::Fact(Fact::Poured(poured))) if poured.parts.len() <= pours::PARTS_MAX => Some(poured),
        _ => None,
    };
    let read: Vec<_> = records.iter().map(|bytes| pour(bytes)).collect();
    let mut bits = BitWriter::default();
    bits.golomb(records.len() as u64, 5);
    let others: Vec<u64> = read.iter().map(|pour| u64::from(pour.is_none())).collect();
    put_column(&mut bits, &others);
    let poured: Vec<_> = read.iter().flatten().collect();
    pours::put(&mut bits, log, &poured, known);
    let mut seen = plain::Seen::new(log);
    for (bytes, _) in records.iter().zip(&read).filter(|(_, pour)| pour.is_none()) {
        match plain::pieces(bytes) {
            Some(pieces) => {
                bits.put(0, 1);
                plain::put(&mut bits, &pieces, &mut seen, known);
            }
            None => {
                bits.put(1, 1);
                bits.golomb(bytes.len() as u64, 6);
                bits.bytes(bytes);
            }
        }
    }
    bits.finish()
}

/// The canonical bytes of packed records of a log. `epoch` says which epoch two bytes stand for. What comes back are
/// bytes: whether they are records is for [`Record::decode`] to say.
pub fn unpack(
    log: &LogKey,
    bytes: &[u8],
    epoch: &mut dyn FnMut(u16) -> Option<Epoch>,
) -> Result<Vec<Vec<u8>>, Malformed> {
    let mut bits = BitReader::new(bytes);
    let count = bits.golomb(5)?;
    if count > RECORDS_MAX as u64 {
        return Err(Malformed);
    }
    let others = get_column(&mut bits, count as usize)?;
    if others.iter().any(|other| *other > 1) {
        return Err(Malformed);
    }
    let pours = others.iter().filter(|other| **other == 0).count();
    let mut pours = pours::get(&mut bits, log, pours, epoch)?.into_iter();
    let mut seen = plain::Seen::new(log);
    let mut records = Vec::new();
    for other in others {
        let record = match other {
            0 => {
                let pour = Record::Fact(Fact::Poured(pours.next().ok_or(Malformed)?));
                pour.encode(log.by, log.lane).map_err(|_| Malformed)?
            }
            _ if bits.get(1)? == 0 => plain::get(&mut bits, &mut seen, epoch)?,
            _ => {
                let length = bits.golomb(6)?;
                bits.bytes(length)?
            }
        };
        if record.len() > RECORD_BYTES_MAX {
            return Err(Malformed);
        }
        records.push(record);
    }
    bits.finish()?;
    Ok(records)
}
