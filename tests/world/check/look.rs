//! What the world reads of its machines' rows, with statements of its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use kiosk::{
    ids::{BoxId, CustomerId, Lane, Writer},
    moment::Wall,
    provider::Provider,
};
use rusqlite::{Connection, Params, Row};
use store::{Database, StoreError, journal::SqlLogs};

use crate::{
    station::{Station, vault},
    town::World,
};

/// Rows as values; a statement that fails is a finding for whoever asked.
pub(crate) fn rows<T>(
    connection: &Connection,
    statement: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    connection.prepare_cached(statement)?.query_map(params, read)?.collect()
}

impl World {
    /// The hub's rows, while it runs.
    pub(crate) fn hub_rows(&self) -> Option<&Connection> {
        let hub = self.centre.program.machine.as_ref()?;
        Some(hub.database().connection())
    }

    /// A box's rows, while it runs.
    pub(crate) fn box_rows(&self, station: usize) -> Option<&Connection> {
        Some(self.stations[station].program.machine.as_ref()?.connection())
    }

    /// The boxes that are still there, each with its enrolment.
    pub(crate) fn standing(&self) -> Vec<(usize, BoxId)> {
        let all = self.stations.iter().enumerate();
        all.filter(|(_, box_)| !box_.is_gone)
            .filter_map(|(station, box_)| Some((station, box_.enrolment.as_ref()?.box_id)))
            .collect()
    }

    /// What the hub shows of a person's prepaid litres.
    pub fn hub_balance_ml(&self, person: usize) -> Option<i64> {
        let shown = hub::hub::store::read::customer(self.hub_rows()?, self.people[person].id?);
        Some(shown.ok()??.balance_ml)
    }

    /// What a box shows of a person's prepaid litres and allowance.
    pub fn box_balance_ml(&self, station: usize, person: usize) -> Option<(u64, u64)> {
        let shown = gateway::site::store::read::customer_shown(
            self.box_rows(station)?,
            self.people[person].id?,
            Some(self.wall()),
        );
        let shown = shown.ok()??;
        Some((shown.balance.ml(), shown.allowance.ml()))
    }

    /// Receipts of a box whose records the hub has acknowledged.
    pub(crate) fn acked_receipts(&self, station: usize) -> BTreeSet<String> {
        let Some(connection) = self.box_rows(station) else {
            return BTreeSet::new();
        };
        let statement = "SELECT sale.receipt FROM sale JOIN journal_logs ON journal_logs.epoch = sale.epoch
             WHERE writer = ?1 AND lane = ?2 AND seq <= acked";
        let params = (Writer::Site.number(), Lane::Money.number());
        let read = rows(connection, statement, params, |row| row.get(0));
        read.map(|receipts: Vec<String>| receipts.into_iter().collect())
            .unwrap_or_default()
    }

    /// The sales that the hub knows, in their order.
    pub fn sales_at_hub(&self) -> Vec<Sale> {
        let statement = "SELECT receipt, customer, dispenser, volume_ml, time_ms, outcome FROM history
             WHERE receipt IS NOT NULL ORDER BY time_ms, receipt";
        let read = |row: &Row<'_>| {
            Ok(Sale {
                receipt: row.get(0)?,
                customer: row
                    .get::<_, Option<i64>>(1)?
                    .map(|id| CustomerId(id.cast_unsigned()).to_string()),
                dispenser: row.get(2)?,
                volume_ml: row.get(3)?,
                time: Wall(row.get(4)?),
                outcome: row.get(5)?,
            })
        };
        let found = self.hub_rows().map(|hub| rows(hub, statement, [], read));
        found.and_then(Result::ok).unwrap_or_default()
    }

    /// Receipts that a file of the hub's knows.
    pub(crate) fn receipts_in(&self, path: &Path) -> BTreeSet<String> {
        let statement = "SELECT receipt FROM history WHERE receipt IS NOT NULL";
        let read = Connection::open(path).and_then(|file| rows(&file, statement, [], |row| row.get(0)));
        read.map(|receipts: Vec<String>| receipts.into_iter().collect())
            .unwrap_or_default()
    }

    /// What is left of each person's open grants at a box, as far as the hub knows.
    pub(crate) fn open_at(&self, station: usize) -> Vec<(usize, u64)> {
        let enrolled = self.stations[station]
            .enrolment
            .as_ref()
            .map(|enrolment| enrolment.box_id);
        let (Some(connection), Some(box_id)) = (self.hub_rows(), enrolled) else {
            return Vec::new();
        };
        let statement = "SELECT customer, sum(volume_ml - spent_ml) FROM grants
             WHERE box = ?1 AND NOT closed AND written_off_ml IS NULL AND volume_ml > spent_ml GROUP BY customer";
        let read = rows(connection, statement, [box_id.0.cast_signed()], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
        });
        let left = read.unwrap_or_default().into_iter();
        left.filter_map(|(customer, ml)| {
            let person = self.person_of(CustomerId(customer.cast_unsigned()))?;
            Some((person, ml.unsigned_abs()))
        })
        .collect()
    }

    /// Whether nothing is under way any more.
    pub(crate) fn is_quiet(&mut self) -> bool {
        let Some(hub) = self.hub_rows() else { return false };
        let statement = "SELECT provider, reference FROM purchase WHERE state IN ('created', 'submitting', 'pending')
             OR (state = 'unknown' AND reference IS NOT NULL)";
        let read = rows(hub, statement, [], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?))
        });
        let Ok(open) = read else { return false };
        // Of a prompt that never reached its provider nobody will ever tell.
        let is_open = |(provider, name): &(String, Option<String>)| match (Provider::from_name(provider), name) {
            (Some(provider), Some(name)) => self.till.knows(provider, name),
            _ => true,
        };
        let open = open.iter().filter(|open| is_open(open)).count();
        let is_sent = |(station, box_id): (usize, BoxId)| {
            let waiting = |connection: Option<&Connection>| {
                connection.is_some_and(|connection| {
                    let logs = SqlLogs::new(connection);
                    [Writer::Site, Writer::Hub].into_iter().all(|by| {
                        logs.waiting(box_id, by)
                            .is_ok_and(|lanes| lanes == [0; Lane::ALL.len()])
                    })
                })
            };
            waiting(self.box_rows(station)) && waiting(self.hub_rows())
        };
        open == 0 && self.is_all_answered() && self.standing().into_iter().all(is_sent)
    }
}

/// A sale as the hub tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sale {
    /// Its receipt.
    pub receipt: String,
    /// Who bought.
    pub customer: Option<String>,
    /// Where.
    pub dispenser: Option<String>,
    /// How much.
    pub volume_ml: i64,
    /// When.
    pub time: Wall,
    /// How it ended.
    pub outcome: Option<String>,
}

/// Every copy of a box's records: what the hub holds, and what each box that ever had this enrolment holds.
pub(super) fn record_hashes(
    connection: &Connection,
    box_id: BoxId,
    bytes: &str,
) -> rusqlite::Result<BTreeMap<Place, Vec<u8>>> {
    let statement = format!(
        "SELECT writer, lane, epoch, seq, CAST(coalesce(hash, {bytes}) AS BLOB) FROM journal_records
         JOIN journal_logs ON journal_logs.number = log WHERE box = ?1"
    );
    let read = rows(connection, &statement, [box_id.0.cast_signed()], |row| {
        Ok(((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?), row.get(4)?))
    })?;
    Ok(read.into_iter().collect())
}

/// A record's bytes at the hub, and at a box, where the edits lane is sealed.
pub(super) const HUB_BYTES: &str = "bytes";
pub(super) const BOX_BYTES: &str =
    "CASE lane WHEN 1 THEN opened('journal_records.bytes', log || ':' || seq, bytes) ELSE bytes END";

/// Writer, lane, epoch and number of a record of one box.
pub(super) type Place = (u8, u8, i64, u32);

/// Opens the file of a box that runs no more.
pub(super) fn left_behind(box_: &Station) -> Result<Connection, StoreError> {
    Database::open_read_only_sealed(&box_.path, &vault())
}
