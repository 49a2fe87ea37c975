//! What pages, the API and exports read: plain rows, from any connection that sees the last commit.

use kiosk::{
    digest::{self, HashedGrant, HashedState},
    fact::Purse,
    ids::{AccountId, CustomerId, Epoch, GrantId},
    moment::{HOUR_MS, Wall},
    tariff,
    units::Volume,
};
use rusqlite::{Connection, Row, ToSql, types::Value};
use store::StoreError;

use super::{customer, meta, people, rights, signed, unsigned, volume};

/// The hours that [`by_hour`] counts.
pub const HOURS_MAX: usize = 25;

/// A customer as the page and the API show one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerShown {
    /// Who.
    pub id: CustomerId,
    /// The account, once listed.
    pub account: Option<AccountId>,
    /// E.164.
    pub phone: Option<String>,
    /// The name they gave.
    pub name: String,
    /// Their language.
    pub language: String,
    /// Not blocked.
    pub active: bool,
    /// A bill was not paid in time: no water.
    pub bill_overdue: bool,
    /// Admitted to this site.
    pub admitted: bool,
    /// Prepaid litres here: grants less spends.
    pub balance: Volume,
    /// The allowance here.
    pub allowance: Volume,
    /// Whole jerrycans left of the allowance.
    pub jerrycans_left: u64,
    /// The end of the newest subscription.
    pub subscription_until: Option<Wall>,
    /// The day's limit, if there is one.
    pub daily_limit: Option<Volume>,
    /// Wrong PINs were typed of late; a lock may stand.
    pub has_wrong_pins: bool,
}

/// Whether SQLite finds its file in order: every page where it belongs (its documentation, PRAGMA quick_check).
pub fn is_sound(connection: &Connection) -> Result<bool, StoreError> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    Ok(found == "ok")
}

/// The customer with this id, or the one they were merged into. `now` is `None` where the clock is not trusted: then
/// nothing has expired.
pub fn customer_shown(
    connection: &Connection,
    id: CustomerId,
    now: Option<Wall>,
) -> Result<Option<CustomerShown>, StoreError> {
    let id = people::resolve(connection, id)?;
    let Some(row) = people::find(connection, id)? else {
        return Ok(None);
    };
    let grants = rights::open_grants(connection, id)?;
    let sum = |purse: Purse| {
        let of = grants.iter().filter(|grant| grant.right.purse == purse);
        let is_valid = |until: Option<Wall>| now.zip(until).is_none_or(|(now, until)| now < until);
        of.filter(|grant| is_valid(grant.right.valid_until))
            .map(|grant| grant.unspent)
            .sum()
    };
    let allowance = sum(Purse::Allowance);
    Ok(Some(CustomerShown {
        id,
        account: row.account,
        phone: row.phone,
        name: row.name,
        language: row.language,
        active: row.active,
        bill_overdue: row.bill_overdue,
        admitted: row.admitted,
        balance: sum(Purse::Prepaid),
        allowance,
        jerrycans_left: tariff::jerrycans_left(allowance, jerrycan(connection)?),
        subscription_until: row.subscription_until,
        daily_limit: row.daily_limit,
        has_wrong_pins: row.pin_tries.is_some(),
    }))
}

/// Under this key of `meta`: what a jerrycan holds here, as the site's settings say.
pub const JERRYCAN: &str = "jerrycan_ml";

/// A jerrycan here.
pub fn jerrycan(connection: &Connection) -> Result<Volume, StoreError> {
    let ml = meta::number(connection, JERRYCAN)?;
    let told = ml.and_then(Volume::try_from_ml).filter(|volume| !volume.is_zero());
    Ok(told.unwrap_or(tariff::JERRYCAN))
}

/// A row of what happened here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaleShown {
    /// Its place: the run and the number in it.
    pub epoch: Epoch,
    /// The number in the run's log.
    pub seq: u32,
    /// When.
    pub time: Wall,
    /// Whether the clock was trusted then.
    pub clock_trusted: bool,
    /// `dispense`, `correction`, `loss` or `cash`.
    pub kind: String,
    /// The dispenser's request.
    pub request: Option<String>,
    /// Who paid.
    pub customer: Option<CustomerId>,
    /// Where; empty for cash.
    pub dispenser: String,
    /// What it changed for the customer, in millilitres.
    pub volume_ml: i64,
    /// What was paid, in minor units, where it was.
    pub amount_minor: Option<i64>,
    /// How the pour ended.
    pub outcome: Option<String>,
    /// The receipt number.
    pub receipt: String,
}

/// Which rows of sales are wanted.
#[derive(Clone, Debug, Default)]
pub struct SaleFilter {
    /// Only this customer's.
    pub customer: Option<CustomerId>,
    /// From this time on.
    pub from: Option<Wall>,
    /// Before this time.
    pub until: Option<Wall>,
    /// Past this row: where the last page ended.
    pub after: Option<(Wall, Epoch, u32)>,
    /// The oldest first.
    pub is_oldest_first: bool,
}

/// Rows of sales, the newest first unless asked otherwise, at most `count_max`.
pub fn sales(connection: &Connection, filter: &SaleFilter, count_max: u32) -> Result<Vec<SaleShown>, StoreError> {
    let (past, order) = if filter.is_oldest_first {
        (">", "ASC")
    } else {
        ("<", "DESC")
    };
    let mut conditions = vec!["1".to_owned()];
    let mut values: Vec<Value> = Vec::new();
    let mut add = |condition: &str, value: i64| {
        values.push(Value::Integer(value));
        conditions.push(format!("{condition} ?{}", values.len()));
    };
    if let Some(customer) = filter.customer {
        add("customer =", signed(customer.0));
    }
    if let Some(from) = filter.from {
        add("time >=", from.0);
    }
    if let Some(until) = filter.until {
        add("time <", until.0);
    }
    if let Some((time, epoch, seq)) = filter.after {
        let at = values.len();
        values.extend([
            Value::Integer(time.0),
            Value::Integer(signed(epoch.0)),
            Value::Integer(i64::from(seq)),
        ]);
        conditions.push(format!(
            "(time, epoch, seq) {past} (?{}, ?{}, ?{})",
            at + 1,
            at + 2,
            at + 3
        ));
    }
    values.push(Value::Integer(i64::from(count_max)));
    let mut statement = connection.prepare_cached(&format!(
        "SELECT epoch, seq, time, clock_trusted, kind, request, customer, dispenser, volume_ml, outcome, receipt,
                amount_minor
         FROM sale WHERE {} ORDER BY time {order}, epoch {order}, seq {order} LIMIT ?{}",
        conditions.join(" AND "),
        values.len()
    ))?;
    let values: Vec<&dyn ToSql> = values.iter().map(|value| value as &dyn ToSql).collect();
    let rows = statement.query_map(values.as_slice(), sale)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn sale(row: &Row<'_>) -> rusqlite::Result<SaleShown> {
    Ok(SaleShown {
        epoch: Epoch(unsigned(row.get(0)?)),
        seq: row.get(1)?,
        time: Wall(row.get(2)?),
        clock_trusted: row.get(3)?,
        kind: row.get(4)?,
        request: row.get(5)?,
        customer: row.get::<_, Option<i64>>(6)?.map(customer),
        dispenser: row.get(7)?,
        volume_ml: row.get(8)?,
        outcome: row.get(9)?,
        receipt: row.get(10)?,
        amount_minor: row.get(11)?,
    })
}

/// Something asked of the hub from here (FEATURES C27).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedShown {
    /// Its place.
    pub epoch: Epoch,
    /// The number in the run's log.
    pub seq: u32,
    /// `purchase` or `loan`.
    pub kind: String,
    /// For whom.
    pub customer: CustomerId,
    /// What, for people.
    pub detail: String,
    /// When.
    pub time: Wall,
    /// `waiting`, `taken`, `done` or `refused`.
    pub state: String,
}

/// Which rows of what was asked are wanted.
#[derive(Clone, Debug, Default)]
pub struct AskedFilter {
    /// Only what the hub has not answered.
    pub is_waiting: bool,
    /// Only of this customer.
    pub customer: Option<CustomerId>,
    /// Older than this row: where the last page ended.
    pub after: Option<(Wall, Epoch, u32)>,
}

/// What was asked of the hub, the newest first, at most `count_max`.
pub fn asked(connection: &Connection, filter: &AskedFilter, count_max: u32) -> Result<Vec<AskedShown>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT epoch, seq, kind, customer, detail, time, state FROM asked
         WHERE (NOT ?1 OR state = 'waiting') AND (?2 IS NULL OR customer = ?2)
           AND (?3 IS NULL OR (time, epoch, seq) < (?3, ?4, ?5))
         ORDER BY time DESC, epoch DESC, seq DESC LIMIT ?6",
    )?;
    let values = (
        filter.is_waiting,
        filter.customer.map(|customer| signed(customer.0)),
        filter.after.map(|(time, _, _)| time.0),
        filter.after.map(|(_, epoch, _)| signed(epoch.0)),
        filter.after.map(|(_, _, seq)| seq),
        count_max,
    );
    let rows = statement.query_map(values, |row| {
        Ok(AskedShown {
            epoch: Epoch(unsigned(row.get(0)?)),
            seq: row.get(1)?,
            kind: row.get(2)?,
            customer: customer(row.get(3)?),
            detail: row.get(4)?,
            time: Wall(row.get(5)?),
            state: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How much was asked of the hub, and how much of it still waits; of one customer or of all.
pub fn asked_counts(connection: &Connection, of: Option<CustomerId>) -> Result<(u64, u64), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT count(*), coalesce(sum(state = 'waiting'), 0) FROM asked WHERE ?1 IS NULL OR customer = ?1",
    )?;
    let of = of.map(|customer| signed(customer.0));
    let counts: (i64, i64) = statement.query_row([of], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((counts.0.unsigned_abs(), counts.1.unsigned_abs()))
}

/// What was sold in each hour from `from` on, at most 25 of them: a day may have one more.
pub fn by_hour(connection: &Connection, from: Wall) -> Result<[Volume; HOURS_MAX], StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT (time - ?1) / ?2, sum(volume_ml) FROM sale WHERE time >= ?1 AND time < ?3 AND kind NOT IN ('loss', 'cash') GROUP BY 1",
    )?;
    let until = from.plus_ms(HOUR_MS * i64::try_from(HOURS_MAX).unwrap_or_default());
    let mut rows = statement.query((from.0, HOUR_MS, until.0))?;
    let mut hours = [Volume::ZERO; HOURS_MAX];
    while let Some(row) = rows.next()? {
        let place: u8 = row.get(0)?;
        if let Some(hour) = hours.get_mut(usize::from(place)) {
            *hour = volume(row.get::<_, i64>(1)?.max(0))?;
        }
    }
    Ok(hours)
}

/// Pours and litres sold since `from`: what the page shows of today.
pub fn totals(connection: &Connection, from: Wall) -> Result<(i64, Volume), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT sum(kind = 'dispense'), sum(volume_ml) FROM sale WHERE time >= ?1 AND kind NOT IN ('loss', 'cash')",
    )?;
    let (count, ml): (Option<i64>, Option<i64>) =
        statement.query_row([from.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((count.unwrap_or(0), volume(ml.unwrap_or(0).max(0))?))
}

/// The hash over all grants here, equal to the hub's for this box once both hold the same logs.
pub fn state_hash(connection: &Connection) -> Result<String, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT epoch, number, granted_to, purse, volume_ml, spent_ml, state FROM grants WHERE granted_to IS NOT NULL",
    )?;
    let mut rows = statement.query([])?;
    let mut grants = Vec::new();
    while let Some(row) = rows.next()? {
        grants.push(HashedGrant {
            grant: GrantId {
                epoch: Epoch(unsigned(row.get(0)?)),
                number: unsigned(row.get(1)?),
            },
            customer: customer(row.get(2)?),
            purse: rights::purse(row.get(3)?)?,
            volume: volume(row.get(4)?)?,
            spent: volume(row.get(5)?)?,
            state: match row.get(6)? {
                0u8 => HashedState::Open,
                1 => HashedState::Recalled,
                _ => HashedState::Closed,
            },
        });
    }
    Ok(digest::state_hash(grants))
}
