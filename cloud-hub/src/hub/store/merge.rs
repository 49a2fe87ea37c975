//! What came from sites: spends per hold, history rows, requests.

use kiosk::{
    fact::{AnsweredState, How},
    grant::{Charge, Settlement},
    ids::{BoxId, CustomerId, DispenserId, Epoch, GrantId, HoldId, Lane, LogKey, RecordId, SiteName, Writer},
    moment::Wall,
    units::Volume,
};
use rusqlite::params;

use super::{Store, Stored, grant_columns, id, signed, wrong};

/// Bytes of one part of a spend.
const PART_BYTES: usize = 24;

/// A row of the history.
#[derive(Clone, Debug)]
pub(in crate::hub) struct HistoryRow {
    pub site: Option<SiteName>,
    pub record: Option<RecordId>,
    pub customer: Option<CustomerId>,
    pub dispenser: Option<DispenserId>,
    pub kind: &'static str,
    pub volume_ml: i64,
    pub amount_minor: i64,
    pub currency: &'static str,
    pub time: Wall,
    pub clock_trusted: bool,
    pub outcome: Option<&'static str>,
    pub receipt: Option<String>,
    pub grant: Option<GrantId>,
}

const fn how_number(how: How) -> i64 {
    match how {
        How::Report => 0,
        How::Rule => 1,
    }
}

fn encode_parts(charge: &Charge) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(charge.parts.len() * PART_BYTES);
    for (grant, volume) in &charge.parts {
        for number in [grant.epoch.0, grant.number, volume.ml()] {
            bytes.extend(number.to_be_bytes());
        }
    }
    bytes
}

fn decode_parts(bytes: &[u8]) -> Option<Vec<(GrantId, Volume)>> {
    let number = |bytes: &[u8]| Some(u64::from_be_bytes(bytes.try_into().ok()?));
    let (parts, []) = bytes.as_chunks::<PART_BYTES>() else {
        return None;
    };
    let part = |part: &[u8; PART_BYTES]| {
        let grant = GrantId {
            epoch: Epoch(number(&part[..8])?),
            number: number(&part[8..16])?,
        };
        Some((grant, Volume::from_ml(number(&part[16..])?)))
    };
    parts.iter().map(part).collect()
}

impl Store<'_> {
    /// All that is known of one hold.
    pub fn settlement(&self, box_id: BoxId, hold: HoldId) -> Stored<Settlement> {
        let rows = self.all(
            "SELECT how, parts, over_ml FROM spend WHERE box = ?1 AND hold_epoch = ?2 AND hold_number = ?3",
            [signed(box_id.0), signed(hold.epoch.0), signed(hold.number)],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, i64>(2)?)),
        )?;
        let mut settlement = Settlement::default();
        for (how, parts, over_ml) in rows {
            let damaged = store::StoreError::Row("a spend");
            let (Some(parts), Some(over)) = (decode_parts(&parts), Volume::try_from_ml(over_ml)) else {
                return Err(damaged);
            };
            let how = if how == how_number(How::Rule) {
                How::Rule
            } else {
                How::Report
            };
            settlement.fold(how, Charge { parts, over });
        }
        Ok(settlement)
    }

    /// Writes what is known of one hold.
    pub fn put_settlement(&self, box_id: BoxId, hold: HoldId, settlement: &Settlement) -> Stored<()> {
        for (how, charge) in [(How::Report, &settlement.report), (How::Rule, &settlement.rule)] {
            let Some(charge) = charge else { continue };
            self.execute(
                "INSERT INTO spend (box, hold_epoch, hold_number, how, parts, over_ml) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (box, hold_epoch, hold_number, how) DO UPDATE SET
                     parts = excluded.parts, over_ml = excluded.over_ml",
                params![
                    signed(box_id.0),
                    signed(hold.epoch.0),
                    signed(hold.number),
                    how_number(how),
                    encode_parts(charge),
                    charge.over.signed_ml()
                ],
            )?;
        }
        Ok(())
    }

    /// Adds a row to the history; a record is added once.
    pub fn add_history(&self, row: &HistoryRow) -> Stored<()> {
        let grant = row.grant.map(grant_columns);
        self.execute(
            "INSERT INTO history (site, box, epoch, seq, customer, dispenser, kind, volume_ml, amount_minor, currency,
                                  time_ms, clock_trusted, outcome, receipt, grant_epoch, grant_number)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
             ON CONFLICT DO NOTHING",
            params![
                row.site.as_ref().map(SiteName::as_str),
                row.record.map(|record| signed(record.log.box_id.0)),
                row.record.map(|record| signed(record.log.epoch.0)),
                row.record.map(|record| record.seq),
                row.customer.map(|customer| signed(customer.0)),
                row.dispenser.as_ref().map(DispenserId::as_str),
                row.kind,
                row.volume_ml,
                row.amount_minor,
                row.currency,
                row.time.0,
                row.clock_trusted,
                row.outcome,
                row.receipt,
                grant.map(|(epoch, _)| epoch),
                grant.map(|(_, number)| number),
            ],
        )
        .map(drop)
    }

    /// A grant's customer is known now: rows of the history that waited for it get their name.
    pub fn name_history(&self, grant: GrantId, customer: CustomerId) -> Stored<()> {
        let (epoch, number) = grant_columns(grant);
        self.execute(
            "UPDATE history SET customer = ?3 WHERE grant_epoch = ?1 AND grant_number = ?2 AND customer IS NULL",
            [epoch, number, signed(customer.0)],
        )
        .map(drop)
    }

    /// What was said about a record that asked for something.
    pub fn answered(&self, record: RecordId) -> Stored<Option<AnsweredState>> {
        self.one(
            "SELECT state FROM answered WHERE box = ?1 AND epoch = ?2 AND seq = ?3",
            record_columns(record),
            |row| {
                let state: String = row.get(0)?;
                Ok(match state.as_str() {
                    "taken" => AnsweredState::Taken,
                    "done" => AnsweredState::Done,
                    _ => AnsweredState::Refused,
                })
            },
        )
    }

    /// Keeps what was said about such a record.
    pub fn put_answered(&self, record: RecordId, state: AnsweredState) -> Stored<()> {
        let (box_id, epoch, seq) = record_columns(record);
        let state = match state {
            AnsweredState::Taken => "taken",
            AnsweredState::Done => "done",
            AnsweredState::Refused => "refused",
        };
        self.execute(
            "INSERT INTO answered (box, epoch, seq, state) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (box, epoch, seq) DO UPDATE SET state = excluded.state",
            params![box_id, epoch, seq, state],
        )
        .map(drop)
    }

    /// Keeps the place of a record whose kind this version does not know.
    pub fn add_unknown(&self, record: RecordId) -> Stored<()> {
        self.execute(
            "INSERT INTO unknown_record (box, writer, lane, epoch, seq) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO NOTHING",
            params![
                signed(record.log.box_id.0),
                record.log.by.number(),
                record.log.lane.number(),
                signed(record.log.epoch.0),
                record.seq
            ],
        )
        .map(drop)
    }

    /// The places of such records.
    pub fn unknown_records(&self) -> Stored<Vec<RecordId>> {
        self.all(
            "SELECT * FROM unknown_record ORDER BY box, writer, lane, epoch, seq",
            [],
            |row| {
                let log = LogKey {
                    box_id: BoxId(id(row, "box")?),
                    by: Writer::from_number(row.get("writer")?).ok_or_else(|| wrong(row, "writer"))?,
                    lane: Lane::from_number(row.get("lane")?).ok_or_else(|| wrong(row, "lane"))?,
                    epoch: Epoch(id(row, "epoch")?),
                };
                Ok(RecordId {
                    log,
                    seq: row.get("seq")?,
                })
            },
        )
    }

    /// Such a record has been folded.
    pub fn remove_unknown(&self, record: RecordId) -> Stored<()> {
        self.execute(
            "DELETE FROM unknown_record WHERE box = ?1 AND writer = ?2 AND lane = ?3 AND epoch = ?4 AND seq = ?5",
            params![
                signed(record.log.box_id.0),
                record.log.by.number(),
                record.log.lane.number(),
                signed(record.log.epoch.0),
                record.seq
            ],
        )
        .map(drop)
    }

    /// Keeps a loan asked at a site; one that is `held` waits for a person.
    pub fn add_loan_request(&self, record: RecordId, asked: &kiosk::fact::LoanAsked, held: bool) -> Stored<()> {
        let (box_id, epoch, seq) = record_columns(record);
        self.execute(
            "INSERT INTO loan_request (box, epoch, seq, borrower, sealed_lender, amount_minor, repayment_minor, time_ms, held)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
            params![
                box_id,
                epoch,
                seq,
                signed(asked.borrower.0),
                asked.sealed_lender,
                asked.amount_minor,
                asked.repayment_minor,
                asked.time.0,
                held
            ],
        )
        .map(drop)
    }

    /// What a record asked for, if it asked for a loan.
    pub fn loan_request(&self, record: RecordId) -> Stored<Option<kiosk::fact::LoanAsked>> {
        self.one(
            "SELECT * FROM loan_request WHERE box = ?1 AND epoch = ?2 AND seq = ?3",
            record_columns(record),
            |row| {
                Ok(kiosk::fact::LoanAsked {
                    borrower: CustomerId(id(row, "borrower")?),
                    sealed_lender: row.get("sealed_lender")?,
                    amount_minor: row.get("amount_minor")?,
                    repayment_minor: row.get("repayment_minor")?,
                    time: Wall(row.get("time_ms")?),
                })
            },
        )
    }

    /// Whether a record asked for a loan.
    pub fn is_loan_request(&self, record: RecordId) -> Stored<bool> {
        let found = self.one(
            "SELECT 1 FROM loan_request WHERE box = ?1 AND epoch = ?2 AND seq = ?3",
            record_columns(record),
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }
}

pub(super) const fn record_columns(record: RecordId) -> (i64, i64, u32) {
    (signed(record.log.box_id.0), signed(record.log.epoch.0), record.seq)
}
