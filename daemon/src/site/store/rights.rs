//! Grants and holds: what may still be drawn here, and what is set aside.

use kiosk::{
    dispense::Right,
    fact::{Granted, Purse},
    grant::{GrantState, Part, Settlement},
    ids::{CustomerId, DispenserId, Epoch, GrantId, HoldId, RequestId},
    moment::Wall,
    units::Volume,
};
use rusqlite::{Connection, OptionalExtension};
use store::StoreError;

use super::{customer, pack_charge, pack_parts, signed, unpack_charge, unpack_parts, unsigned, volume};

/// A customer's open grant with what is left of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenGrant {
    /// What the rules need.
    pub right: Right,
    /// Its volume less its spends; open holds are not taken off (CONTRACTS section 3).
    pub unspent: Volume,
}

/// The number of a purse in the database.
const fn purse_number(purse: Purse) -> u8 {
    match purse {
        Purse::Allowance => 0,
        Purse::Prepaid => 1,
    }
}

pub(crate) fn purse(number: u8) -> Result<Purse, StoreError> {
    match number {
        0 => Ok(Purse::Allowance),
        1 => Ok(Purse::Prepaid),
        _ => Err(StoreError::Row("a purse")),
    }
}

/// The customer's open grants, the oldest first.
pub fn open_grants(connection: &Connection, customer: CustomerId) -> Result<Vec<OpenGrant>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT epoch, number, purse, volume_ml, spent_ml, held_ml, valid_until FROM grants
         WHERE customer = ?1 AND state = 0 AND volume_ml > spent_ml ORDER BY place",
    )?;
    let mut rows = statement.query([signed(customer.0)])?;
    let mut grants = Vec::new();
    while let Some(row) = rows.next()? {
        let (granted, spent, held) = (volume(row.get(3)?)?, volume(row.get(4)?)?, volume(row.get(5)?)?);
        let right = Right {
            grant: GrantId {
                epoch: Epoch(unsigned(row.get(0)?)),
                number: unsigned(row.get(1)?),
            },
            purse: purse(row.get(2)?)?,
            free: Stage::Open.state(Some(granted)).free(spent, held),
            valid_until: row.get::<_, Option<i64>>(6)?.map(Wall),
        };
        grants.push(OpenGrant {
            right,
            unspent: granted.less(spent),
        });
    }
    Ok(grants)
}

/// Folds a grant; one that is known already keeps its spends and its state. `owner` is who it counts for after mergers.
pub fn grant(connection: &Connection, granted: &Granted, owner: CustomerId) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO grants (epoch, number, customer, granted_to, purse, volume_ml, valid_until, place)
         VALUES (?1, ?2, ?3, ?7, ?4, ?5, ?6, (SELECT coalesce(max(place), 0) + 1 FROM grants))
         ON CONFLICT (epoch, number) DO UPDATE SET customer = excluded.customer, granted_to = excluded.granted_to, purse = excluded.purse,
           volume_ml = excluded.volume_ml, valid_until = excluded.valid_until",
    )?;
    let values = (
        signed(granted.grant.epoch.0),
        signed(granted.grant.number),
        signed(owner.0),
        purse_number(granted.purse),
        granted.volume.signed_ml(),
        granted.valid_until.map(|wall| wall.0),
        signed(granted.customer.0),
    );
    Ok(statement.execute(values).map(drop)?)
}

/// How far a grant has come: open, asked back, or closed. Stages only go up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Holds may be made on it.
    Open,
    /// Asked back by the hub: no new hold.
    Recalled,
    /// Nothing is held on it any more and the hub may free what is left.
    Closed,
}

impl Stage {
    /// What the rules know of a grant that has come so far.
    fn state(self, volume: Option<Volume>) -> GrantState {
        GrantState {
            volume,
            recalled: self == Stage::Recalled,
            closed: self == Stage::Closed,
            written_off: None,
        }
    }
}

/// Raises a grant's stage; a grant that is not known yet is remembered with it.
pub fn raise(connection: &Connection, grant: GrantId, stage: Stage) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO grants (epoch, number, state, place) VALUES (?1, ?2, ?3, 0)
         ON CONFLICT (epoch, number) DO UPDATE SET state = max(state, excluded.state)",
    )?;
    Ok(statement
        .execute((signed(grant.epoch.0), signed(grant.number), stage as u8))
        .map(drop)?)
}

/// The recalled grants that may be closed now (PROTOCOL rule 24).
pub fn ready_to_close(connection: &Connection) -> Result<Vec<GrantId>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT epoch, number, volume_ml, held_ml FROM grants WHERE state = 1 ORDER BY epoch, number",
    )?;
    let mut rows = statement.query([])?;
    let mut grants = Vec::new();
    while let Some(row) = rows.next()? {
        let granted = row.get::<_, Option<i64>>(2)?.map(volume).transpose()?;
        if Stage::Recalled.state(granted).may_close(volume(row.get(3)?)?) {
            grants.push(GrantId {
                epoch: Epoch(unsigned(row.get(0)?)),
                number: unsigned(row.get(1)?),
            });
        }
    }
    Ok(grants)
}

/// Whose grant it is, when that is known here.
pub fn owner(connection: &Connection, grant: GrantId) -> Result<Option<CustomerId>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT customer FROM grants WHERE epoch = ?1 AND number = ?2")?;
    let owner: Option<Option<i64>> = statement
        .query_row((signed(grant.epoch.0), signed(grant.number)), |row| row.get(0))
        .optional()?;
    Ok(owner.flatten().map(customer))
}

/// What of a grant neither was drawn nor may be by an open hold; nothing for one that is not known here.
pub fn undrawn(connection: &Connection, grant: GrantId) -> Result<Volume, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT max(volume_ml - spent_ml - held_ml, 0) FROM grants WHERE epoch = ?1 AND number = ?2")?;
    let left: Option<Option<i64>> = statement
        .query_row((signed(grant.epoch.0), signed(grant.number)), |row| row.get(0))
        .optional()?;
    left.flatten().map_or(Ok(Volume::ZERO), volume)
}

/// Moves what is held and spent on a grant by these differences, in millilitres.
pub fn adjust(connection: &Connection, grant: GrantId, held_ml: i64, spent_ml: i64) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO grants (epoch, number, held_ml, spent_ml, place) VALUES (?1, ?2, ?3, ?4, 0)
         ON CONFLICT (epoch, number) DO UPDATE SET held_ml = held_ml + excluded.held_ml,
           spent_ml = spent_ml + excluded.spent_ml",
    )?;
    Ok(statement
        .execute((signed(grant.epoch.0), signed(grant.number), held_ml, spent_ml))
        .map(drop)?)
}

/// Everything on `from` counts as `into` from now on.
pub fn merge(connection: &Connection, from: CustomerId, into: CustomerId) -> Result<(), StoreError> {
    let values = (signed(into.0), signed(from.0));
    connection
        .prepare_cached("UPDATE grants SET customer = ?1 WHERE customer = ?2")?
        .execute(values)?;
    connection
        .prepare_cached("UPDATE hold SET customer = ?1 WHERE customer = ?2")?
        .execute(values)?;
    connection
        .prepare_cached("UPDATE sale SET customer = ?1 WHERE customer = ?2")?
        .execute(values)?;
    Ok(())
}

/// A hold's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRow {
    /// Where.
    pub dispenser: DispenserId,
    /// For which ask; `None` when known only from a record given back.
    pub request: Option<RequestId>,
    /// For whom.
    pub customer: Option<CustomerId>,
    /// What was set aside, the first to be spent first.
    pub held: Vec<Part>,
    /// The charges seen on it.
    pub settlement: Settlement,
    /// The day it counts for.
    pub day: i64,
}

impl HoldRow {
    /// Whether the valve may be open: nothing was charged yet.
    pub fn is_open(&self) -> bool {
        self.settlement == Settlement::default()
    }
}

/// The hold with this id.
pub fn hold(connection: &Connection, id: HoldId) -> Result<Option<HoldRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT dispenser, request, customer, held, rule, report, day FROM hold WHERE epoch = ?1 AND number = ?2",
    )?;
    let mut rows = statement.query((signed(id.epoch.0), signed(id.number)))?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let dispenser: String = row.get(0)?;
    let request: Option<String> = row.get(1)?;
    let charge = |bytes: Option<Vec<u8>>| bytes.as_deref().map(unpack_charge).transpose();
    Ok(Some(HoldRow {
        dispenser: dispenser.parse().map_err(|_| StoreError::Row("a hold's dispenser"))?,
        request: request
            .map(|id| id.parse())
            .transpose()
            .map_err(|_| StoreError::Row("a hold's request"))?,
        customer: row.get::<_, Option<i64>>(2)?.map(customer),
        held: unpack_parts(&row.get::<_, Vec<u8>>(3)?)?,
        settlement: Settlement {
            rule: charge(row.get(4)?)?,
            report: charge(row.get(5)?)?,
        },
        day: row.get(6)?,
    }))
}

/// Writes a new hold; one of this id must not be there, or another customer's would be opened again. `due_monotonic_ms`
/// counts on this run's clock.
pub fn open_hold(connection: &Connection, id: HoldId, row: &HoldRow, due_monotonic_ms: u64) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO hold (epoch, number, dispenser, request, customer, held, rule, report, day, open, due_monotonic_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    let values = (
        signed(id.epoch.0),
        signed(id.number),
        row.dispenser.as_str(),
        row.request.as_ref().map(RequestId::as_str),
        row.customer.map(|customer| signed(customer.0)),
        pack_parts(&row.held),
        row.settlement.rule.as_ref().map(pack_charge),
        row.settlement.report.as_ref().map(pack_charge),
        row.day,
        row.is_open(),
        due_monotonic_ms.cast_signed(),
    );
    Ok(statement.execute(values).map(drop)?)
}

/// Writes what was charged on a hold that is there.
pub fn settle_hold(connection: &Connection, id: HoldId, row: &HoldRow) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached("UPDATE hold SET rule = ?3, report = ?4, open = ?5 WHERE epoch = ?1 AND number = ?2")?;
    let values = (
        signed(id.epoch.0),
        signed(id.number),
        row.settlement.rule.as_ref().map(pack_charge),
        row.settlement.report.as_ref().map(pack_charge),
        row.is_open(),
    );
    Ok(statement.execute(values).map(drop)?)
}

/// Open holds whose report is overdue, the oldest first, at most `count_max`.
pub fn overdue(connection: &Connection, monotonic_ms: u64, count_max: u32) -> Result<Vec<HoldId>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT epoch, number FROM hold WHERE open = 1 AND due_monotonic_ms <= ?1
         ORDER BY due_monotonic_ms, number LIMIT ?2",
    )?;
    let rows = statement.query_map((monotonic_ms.cast_signed(), count_max), |row| {
        Ok(HoldId {
            epoch: Epoch(unsigned(row.get(0)?)),
            number: unsigned(row.get(1)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A new run began: the limit of every open hold starts anew (PROTOCOL rule 22).
pub fn restart_limits(connection: &Connection, due_monotonic_ms: u64) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("UPDATE hold SET due_monotonic_ms = ?1 WHERE open = 1")?;
    Ok(statement.execute([due_monotonic_ms.cast_signed()]).map(drop)?)
}

/// Forgets every right here: the box was enrolled anew (PROTOCOL rule 25). Holds are kept for late reports.
pub fn forget(connection: &Connection) -> Result<(), StoreError> {
    Ok(connection.execute_batch("DELETE FROM grants; UPDATE hold SET open = 0 WHERE open = 1")?)
}

/// What open holds have set aside of this customer's day.
pub fn held_on(connection: &Connection, customer: CustomerId, day: i64) -> Result<Volume, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT held FROM hold WHERE open = 1 AND customer = ?1 AND day = ?2")?;
    sum_held(statement.query((signed(customer.0), day))?)
}

/// What open holds have set aside at a dispenser.
pub fn held_at(connection: &Connection, dispenser: &DispenserId) -> Result<Volume, StoreError> {
    let mut statement = connection.prepare_cached("SELECT held FROM hold WHERE open = 1 AND dispenser = ?1")?;
    sum_held(statement.query([dispenser.as_str()])?)
}

fn sum_held(mut rows: rusqlite::Rows<'_>) -> Result<Volume, StoreError> {
    let mut held = Volume::ZERO;
    while let Some(row) = rows.next()? {
        let parts = unpack_parts(&row.get::<_, Vec<u8>>(0)?)?;
        held = held.plus(parts.iter().map(|(_, volume)| *volume).sum());
    }
    Ok(held)
}

/// Forgets a hold that was settled long ago.
pub fn forget_hold(connection: &Connection, id: HoldId) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("DELETE FROM hold WHERE epoch = ?1 AND number = ?2 AND open = 0")?;
    Ok(statement.execute((signed(id.epoch.0), signed(id.number))).map(drop)?)
}
