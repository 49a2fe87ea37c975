//! What stands in a log before the records of a text, where the reader is sure to hold it.

use kiosk::{
    fact::Fact,
    ids::{DispenserId, Epoch, LogKey},
};

use crate::{journal::Stored, record::Record};

/// So many records say what is usual in a log.
pub const BEFORE_RECORDS: u32 = 32;

/// What the pours before are like: dispensers, runs of grants, hold and time. What goes on as they did is not said again.
/// Without any, everything is said.
#[derive(Clone, Debug, Default)]
pub struct Before {
    /// By name.
    pub(super) dispensers: Vec<DispenserId>,
    /// The runs that their grants are of, besides the log's own.
    pub(super) epochs: Vec<Epoch>,
    /// The number of the last hold.
    pub(super) hold: Option<u64>,
    /// The second of the last pour.
    pub(super) second: Option<i64>,
}

impl Before {
    /// Of records of this log that follow one another: at most [`BEFORE_RECORDS`], and the same for writer and reader.
    pub fn of(log: &LogKey, records: &[Stored]) -> Before {
        let mut before = Before::default();
        for record in records {
            let Stored::Bytes(bytes) = record else { continue };
            let Ok(Record::Fact(Fact::Poured(pour))) = Record::decode(log.by, log.lane, bytes) else {
                continue;
            };
            for (grant, _) in &pour.parts {
                if grant.epoch != log.epoch && !before.epochs.contains(&grant.epoch) {
                    before.epochs.push(grant.epoch);
                }
            }
            before.hold = pour.hold.map(|hold| hold.number).or(before.hold);
            before.second = Some(pour.time.seconds());
            before.dispensers.push(pour.dispenser);
        }
        before.dispensers.sort_unstable();
        before.dispensers.dedup();
        before
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.second.is_none()
    }
}
