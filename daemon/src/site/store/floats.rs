//! Cash that managers may take, what they took, and what they handed in.

use kiosk::{
    fact::{FloatGranted, HandedIn},
    float::Left,
    ids::{CustomerId, Epoch, GrantId, RecordId},
    moment::Wall,
    units::Volume,
};
use rusqlite::Connection;
use store::StoreError;

use super::{sales::SaleKind, signed, unsigned};

/// How a manager stands with their cash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// What may still be taken, the newest float first.
    pub open: Vec<Left>,
    /// Cash taken here and not handed in, as far as this gateway has heard of it, in minor units.
    pub drawer_minor: i64,
    /// The hub has ever given them a float here.
    pub is_known: bool,
}

impl Standing {
    /// What may still be taken, in minor units.
    pub fn left_minor(&self) -> i64 {
        let lefts = self.open.iter().map(|float| float.minor);
        lefts.fold(0, i64::saturating_add)
    }

    /// The price of the next sale, in minor units for a cubic metre; `None` where nothing is left.
    pub fn price_per_m3_minor(&self) -> Option<u32> {
        let newest = self.open.iter().find(|float| float.minor > 0);
        newest.map(|float| float.price_per_m3_minor)
    }
}

/// A cash sale's row.
#[derive(Clone, Copy, Debug)]
pub struct CashRow<'a> {
    /// The record it shows.
    pub record: RecordId,
    /// When.
    pub time: Wall,
    /// Whether the clock was trusted.
    pub clock_trusted: bool,
    /// The day of sales.
    pub day: i64,
    /// Who bought, after mergers.
    pub customer: CustomerId,
    /// What.
    pub volume: Volume,
    /// What was paid, in minor units.
    pub amount_minor: i64,
    /// The receipt number.
    pub receipt: &'a str,
}

/// Folds a float; one that sales were folded of already keeps them.
pub fn grant(connection: &Connection, granted: &FloatGranted) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO cash_float (epoch, number, manager, login, amount_minor, price_per_m3_minor, place)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, (SELECT coalesce(max(place), 0) + 1 FROM cash_float))
         ON CONFLICT (epoch, number) DO UPDATE SET manager = excluded.manager, login = excluded.login,
           amount_minor = excluded.amount_minor, price_per_m3_minor = excluded.price_per_m3_minor",
    )?;
    let values = (
        signed(granted.float.epoch.0),
        signed(granted.float.number),
        signed(granted.manager.0),
        &granted.login,
        granted.amount_minor,
        granted.price_per_m3_minor,
    );
    Ok(statement.execute(values).map(drop)?)
}

/// More was sold from a float.
pub fn spend(connection: &Connection, float: GrantId, minor: i64) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO cash_float (epoch, number, spent_minor, place) VALUES (?1, ?2, ?3, 0)
         ON CONFLICT (epoch, number) DO UPDATE SET spent_minor = spent_minor + excluded.spent_minor",
    )?;
    let values = (signed(float.epoch.0), signed(float.number), minor);
    Ok(statement.execute(values).map(drop)?)
}

/// Folds that cash was handed in, once per record.
pub fn hand_in(connection: &Connection, record: RecordId, handed_in: &HandedIn) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO handed_in (epoch, seq, manager, here_minor) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
    )?;
    let values = (
        signed(record.log.epoch.0),
        record.seq,
        signed(handed_in.manager.0),
        handed_in.here_minor,
    );
    Ok(statement.execute(values).map(drop)?)
}

/// How the manager who logs in under this account stands.
pub fn standing(connection: &Connection, login: &str) -> Result<Standing, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT f.epoch, f.number, f.amount_minor - f.spent_minor, f.price_per_m3_minor, coalesce(g.state, 0) = 0
         FROM cash_float AS f LEFT JOIN grants AS g USING (epoch, number) WHERE f.login = ?1 ORDER BY f.place DESC",
    )?;
    let mut rows = statement.query([login])?;
    let mut standing = Standing::default();
    while let Some(row) = rows.next()? {
        standing.is_known = true;
        let left = Left {
            float: id(row.get(0)?, row.get(1)?),
            minor: row.get(2)?,
            price_per_m3_minor: row.get(3)?,
        };
        if row.get(4)? && left.minor > 0 {
            standing.open.push(left);
        }
    }
    let mut statement = connection.prepare_cached(
        "SELECT coalesce(sum(spent_minor), 0)
              - (SELECT coalesce(sum(here_minor), 0) FROM handed_in
                 WHERE manager IN (SELECT manager FROM cash_float WHERE login = ?1))
         FROM cash_float WHERE login = ?1",
    )?;
    let drawer: i64 = statement.query_row([login], |row| row.get(0))?;
    standing.drawer_minor = drawer.max(0);
    Ok(standing)
}

/// The floats that were asked back: a sale holds nothing, so they may be closed at once (PROTOCOL rule 24).
pub fn ready_to_close(connection: &Connection) -> Result<Vec<GrantId>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT epoch, number FROM grants JOIN cash_float USING (epoch, number)
         WHERE state = 1 AND amount_minor IS NOT NULL ORDER BY epoch, number",
    )?;
    let rows = statement.query_map([], |row| Ok(id(row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Writes a cash sale's row.
pub fn insert_sale(connection: &Connection, row: &CashRow<'_>) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO sale (epoch, seq, time, clock_trusted, day, kind, customer, dispenser, volume_ml, amount_minor, receipt)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, '', ?8, ?9, ?10)",
    )?;
    let values = (
        signed(row.record.log.epoch.0),
        row.record.seq,
        row.time.0,
        row.clock_trusted,
        row.day,
        SaleKind::Cash.name(),
        signed(row.customer.0),
        row.volume.signed_ml(),
        row.amount_minor,
        row.receipt,
    );
    Ok(statement.execute(values).map(drop)?)
}

/// How many cash sales there were from a moment on, and what was paid, in minor units.
pub fn sales_since(connection: &Connection, from: Wall) -> Result<(u64, i64), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT count(*), coalesce(sum(amount_minor), 0) FROM sale WHERE time >= ?1 AND kind = 'cash'",
    )?;
    let (count, minor): (i64, i64) = statement.query_row([from.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((count.unsigned_abs(), minor))
}

/// Forgets every float here: the box was enrolled anew (PROTOCOL rule 25).
pub fn forget(connection: &Connection) -> Result<(), StoreError> {
    Ok(connection.execute_batch("DELETE FROM cash_float; DELETE FROM handed_in")?)
}

const fn id(epoch: i64, number: i64) -> GrantId {
    GrantId {
        epoch: Epoch(unsigned(epoch)),
        number: unsigned(number),
    }
}
