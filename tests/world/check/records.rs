//! Every spend folded again from the raw records, by other code than the product's: per grant no more than was granted,
//! nothing after a close, and the same sums as the hub's and the site's rows.

use std::collections::{BTreeMap, BTreeSet};

use kiosk::{
    fact::{Fact, How, Poured},
    ids::{BoxId, Epoch, GrantId, HoldId, Lane, Writer},
};
use rusqlite::Connection;
use sync::record::Record;

use super::{Findings, look::rows};
use crate::town::World;

/// What the records of one box say.
#[derive(Default)]
struct Told {
    granted: BTreeMap<GrantId, u64>,
    /// The best word on each hold: a report beats a rule, of two reports the larger counts.
    holds: BTreeMap<HoldId, Word>,
    closed: BTreeMap<GrantId, (Epoch, u32)>,
    /// Which runs each run of the box knew of when it began.
    before: BTreeMap<Epoch, Vec<(Epoch, u32)>>,
    /// Where each hold was first settled.
    first: BTreeMap<HoldId, (Epoch, u32)>,
    parts_of: Vec<(HoldId, GrantId)>,
}

/// A charge, and whether it is a report.
type Word = (bool, u64, Vec<(GrantId, u64)>);

impl Told {
    fn read(connection: &Connection, box_id: BoxId) -> rusqlite::Result<Told> {
        let statement = "SELECT writer, epoch, seq, bytes FROM journal_records
             JOIN journal_logs ON journal_logs.number = log
             WHERE box = ?1 AND lane = ?2 AND bytes IS NOT NULL ORDER BY writer, epoch, seq";
        let read = rows(
            connection,
            statement,
            (box_id.0.cast_signed(), Lane::Money.number()),
            |row| {
                let writer = Writer::from_number(row.get(0)?).unwrap_or(Writer::Site);
                let place = (Epoch(row.get::<_, i64>(1)?.cast_unsigned()), row.get(2)?);
                Ok((writer, place, row.get::<_, Vec<u8>>(3)?))
            },
        )?;
        let mut told = Told::default();
        for (writer, place, bytes) in read {
            if let Ok(record) = Record::decode(writer, Lane::Money, &bytes) {
                told.take(writer, place, record);
            }
        }
        Ok(told)
    }

    fn take(&mut self, writer: Writer, place: (Epoch, u32), record: Record) {
        match record {
            Record::Began { previous } if writer == Writer::Site => {
                self.before.insert(place.0, previous);
            }
            Record::Fact(Fact::Granted(granted)) => {
                self.granted.insert(granted.grant, granted.volume.ml());
            }
            // A sale for cash opens a right under its own name.
            Record::Fact(Fact::FloatSold(sold)) => {
                let (epoch, number) = (place.0, u64::from(place.1));
                self.granted.insert(GrantId { epoch, number }, sold.volume.ml());
            }
            Record::Fact(Fact::Closed { grant }) => {
                self.closed.insert(grant, place);
            }
            Record::Fact(Fact::Poured(poured)) => self.poured(place, &poured),
            _ => {}
        }
    }

    fn poured(&mut self, place: (Epoch, u32), poured: &Poured) {
        let Some(hold) = poured.hold else { return };
        let parts: Vec<(GrantId, u64)> = poured
            .parts
            .iter()
            .map(|(grant, volume)| (*grant, volume.ml()))
            .collect();
        self.parts_of.extend(parts.iter().map(|(grant, _)| (hold, *grant)));
        let total = parts.iter().map(|(_, ml)| ml).sum();
        let word: Word = (poured.how == How::Report, total, parts);
        let known = self.holds.entry(hold).or_insert_with(|| word.clone());
        if (word.0, word.1) > (known.0, known.1) {
            *known = word;
        }
        let is_earlier = |first: &(Epoch, u32)| self.precedes(place, *first);
        if self.first.get(&hold).is_none_or(is_earlier) {
            self.first.insert(hold, place);
        }
    }

    /// Whether the writer of `later` surely knew `earlier` (PROTOCOL rule 5: the tree of runs).
    fn precedes(&self, earlier: (Epoch, u32), later: (Epoch, u32)) -> bool {
        if earlier.0 == later.0 {
            return earlier.1 < later.1;
        }
        let mut seen = BTreeSet::new();
        let mut open = vec![later.0];
        while let Some(epoch) = open.pop() {
            for (parent, tip) in self.before.get(&epoch).into_iter().flatten() {
                if *parent == earlier.0 && *tip >= earlier.1 {
                    return true;
                }
                if seen.insert(*parent) {
                    open.push(*parent);
                }
            }
        }
        false
    }

    fn spent(&self) -> BTreeMap<GrantId, u64> {
        let mut spent = BTreeMap::new();
        for (_, _, parts) in self.holds.values() {
            for (grant, ml) in parts {
                *spent.entry(*grant).or_default() += ml;
            }
        }
        spent
    }
}

pub(super) fn check(world: &World, findings: &mut Findings) {
    let Some(hub) = world.hub_rows() else { return };
    for (station, card) in &world.books.boxes {
        let Some(box_id) = card.box_id else { continue };
        let name = world.stations[*station].name.to_string();
        let Some(told) = findings.got(Told::read(hub, box_id)) else {
            continue;
        };
        let spent = told.spent();
        findings.rule("no more is spent of a grant than was granted");
        for (grant, ml) in &spent {
            let granted = told.granted.get(grant).copied().unwrap_or(0);
            findings.unless(*ml <= granted, || {
                format!("{name}: {ml} ml of {granted} ml of {grant:?}")
            });
        }
        findings.rule("nothing is spent after a close");
        for (hold, grant) in &told.parts_of {
            let late = told
                .closed
                .get(grant)
                .is_some_and(|closed| told.precedes(*closed, told.first[hold]));
            findings.unless(!late, || format!("{name}: {hold:?} of {grant:?}"));
        }
        findings.rule("rows say what the records say");
        compare(findings, &format!("{name} at the hub"), hub_spends(hub, box_id), &spent);
        if let Some(rows) = world.box_rows(*station).filter(|_| !world.stations[*station].is_gone) {
            compare(findings, &format!("{name} at the site"), site_spends(rows), &spent);
        }
    }
}

fn compare(
    findings: &mut Findings,
    whose: &str,
    rows: rusqlite::Result<Vec<(GrantId, u64)>>,
    spent: &BTreeMap<GrantId, u64>,
) {
    let rows: BTreeMap<GrantId, u64> = findings.got(rows).unwrap_or_default().into_iter().collect();
    let all: BTreeSet<&GrantId> = rows.keys().chain(spent.keys()).collect();
    for grant in all {
        let (row, record) = (
            rows.get(grant).copied().unwrap_or(0),
            spent.get(grant).copied().unwrap_or(0),
        );
        findings.unless(row == record, || {
            format!("{whose}: {grant:?}: {row} ml, by the records {record} ml")
        });
    }
}

fn hub_spends(connection: &Connection, box_id: BoxId) -> rusqlite::Result<Vec<(GrantId, u64)>> {
    let statement = "SELECT epoch, number, spent_ml FROM grants WHERE box = ?1";
    rows(connection, statement, [box_id.0.cast_signed()], grant_row)
}

fn site_spends(connection: &Connection) -> rusqlite::Result<Vec<(GrantId, u64)>> {
    rows(connection, "SELECT epoch, number, spent_ml FROM grants", [], grant_row)
}

fn grant_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<(GrantId, u64)> {
    let grant = GrantId {
        epoch: Epoch(row.get::<_, i64>(0)?.cast_unsigned()),
        number: row.get::<_, i64>(1)?.cast_unsigned(),
    };
    Ok((grant, row.get::<_, i64>(2)?.unsigned_abs()))
}
