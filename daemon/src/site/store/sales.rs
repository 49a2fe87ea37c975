//! What happened at this site, a row a record.

use kiosk::{
    fact::Outcome,
    ids::{CustomerId, DispenserId, RecordId, RequestId},
    moment::Wall,
    units::Volume,
};
use rusqlite::{Connection, OptionalExtension};
use store::StoreError;

use super::{signed, volume};

/// What a row of sales is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaleKind {
    /// Water drawn, by report or by rule.
    Dispense,
    /// A later report lowered what was booked by rule.
    Correction,
    /// Water that nobody pays.
    Loss,
    /// Litres sold for cash, to be drawn later.
    Cash,
}

impl SaleKind {
    /// The word in APIs and CSV.
    pub const fn name(self) -> &'static str {
        match self {
            SaleKind::Dispense => "dispense",
            SaleKind::Correction => "correction",
            SaleKind::Loss => "loss",
            SaleKind::Cash => "cash",
        }
    }
}

/// A row to write.
#[derive(Clone, Debug)]
pub struct SaleRow<'a> {
    /// The record it shows.
    pub record: RecordId,
    /// When.
    pub time: Wall,
    /// Whether the clock was trusted.
    pub clock_trusted: bool,
    /// The day of sales of its hold.
    pub day: i64,
    /// What it is about.
    pub kind: SaleKind,
    /// The dispenser's request, when this run of the site knows it.
    pub request: Option<&'a RequestId>,
    /// Who pays.
    pub customer: Option<CustomerId>,
    /// Where.
    pub dispenser: &'a DispenserId,
    /// What this record changes for the customer, negative for a correction; for a loss, what flowed.
    pub volume_ml: i64,
    /// What flowed beyond the hold.
    pub over_ml: i64,
    /// How the pour ended.
    pub outcome: Option<Outcome>,
    /// The receipt number.
    pub receipt: &'a str,
}

/// Writes a row.
pub fn insert(connection: &Connection, row: &SaleRow<'_>) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO sale (epoch, seq, time, clock_trusted, day, kind, request, customer, dispenser, volume_ml, over_ml,
           outcome, receipt) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?;
    let values = (
        signed(row.record.log.epoch.0),
        row.record.seq,
        row.time.0,
        row.clock_trusted,
        row.day,
        row.kind.name(),
        row.request.map(RequestId::as_str),
        row.customer.map(|customer| signed(customer.0)),
        row.dispenser.as_str(),
        row.volume_ml,
        row.over_ml,
        row.outcome.map(Outcome::name),
        row.receipt,
    );
    Ok(statement.execute(values).map(drop)?)
}

/// What this customer drew on this day, corrections taken off.
pub fn drawn_on(connection: &Connection, customer: CustomerId, day: i64) -> Result<Volume, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT sum(volume_ml) FROM sale WHERE customer = ?1 AND day = ?2 AND kind NOT IN ('loss', 'cash')",
    )?;
    let sum: Option<i64> = statement.query_row((signed(customer.0), day), |row| row.get(0))?;
    volume(sum.unwrap_or(0).max(0))
}

/// What this customer drew since, corrections taken off.
pub fn drawn_since(connection: &Connection, customer: CustomerId, since: Wall) -> Result<Volume, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT sum(volume_ml) FROM sale WHERE customer = ?1 AND time >= ?2 AND kind NOT IN ('loss', 'cash')",
    )?;
    let sum: Option<i64> = statement.query_row((signed(customer.0), since.0), |row| row.get(0))?;
    volume(sum.unwrap_or(0).max(0))
}

/// What was drawn under a receipt, and when.
pub fn drawn_under(connection: &Connection, receipt: &str) -> Result<Option<(Volume, Wall)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT volume_ml, time FROM sale WHERE receipt = ?1 AND kind = 'dispense' ORDER BY time LIMIT 1",
    )?;
    let found: Option<(i64, i64)> = statement
        .query_row([receipt], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let read = |(ml, time): (i64, i64)| Ok((volume(ml.max(0))?, Wall(time)));
    found.map(read).transpose()
}
