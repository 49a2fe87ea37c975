//! What pages, the API and exports read: plain rows, from any connection that sees the last commit.

use kiosk::{
    digest::{self, HashedGrant, HashedState},
    fact::Purse,
    ids::{AccountId, CustomerId, Epoch, GrantId},
    moment::Wall,
    units::Volume,
};
use rusqlite::{Connection, Row, ToSql, types::Value};
use store::StoreError;

use super::{customer, people, rights, signed, unsigned, volume};

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
    /// Admitted to this site.
    pub admitted: bool,
    /// Prepaid litres here: grants less spends.
    pub balance: Volume,
    /// The allowance here.
    pub allowance: Volume,
    /// The end of the newest subscription.
    pub subscription_until: Option<Wall>,
}

/// The customer with this phone (E.164), account or id.
pub fn customer_shown(connection: &Connection, id: CustomerId, now: Wall) -> Result<Option<CustomerShown>, StoreError> {
    let id = people::resolve(connection, id)?;
    let Some(row) = people::find(connection, id)? else {
        return Ok(None);
    };
    let grants = rights::open_grants(connection, id)?;
    let sum = |purse: Purse| {
        let of = grants.iter().filter(|grant| grant.right.purse == purse);
        of.filter(|grant| grant.right.valid_until.is_none_or(|until| now < until))
            .map(|grant| grant.unspent)
            .sum()
    };
    Ok(Some(CustomerShown {
        id,
        account: row.account,
        phone: row.phone,
        name: row.name,
        language: row.language,
        active: row.active,
        admitted: row.admitted,
        balance: sum(Purse::Prepaid),
        allowance: sum(Purse::Allowance),
        subscription_until: row.subscription_until,
    }))
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
    /// `dispense`, `correction` or `loss`.
    pub kind: String,
    /// The dispenser's request.
    pub request: Option<String>,
    /// Who paid.
    pub customer: Option<CustomerId>,
    /// Where.
    pub dispenser: String,
    /// What it changed for the customer, in millilitres.
    pub volume_ml: i64,
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
    /// Older than this row: where the last page ended.
    pub after: Option<(Wall, Epoch, u32)>,
}

/// Rows of sales, the newest first, at most `count_max`.
pub fn sales(connection: &Connection, filter: &SaleFilter, count_max: u32) -> Result<Vec<SaleShown>, StoreError> {
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
        conditions.push(format!("(time, epoch, seq) < (?{}, ?{}, ?{})", at + 1, at + 2, at + 3));
    }
    values.push(Value::Integer(i64::from(count_max)));
    let mut statement = connection.prepare_cached(&format!(
        "SELECT epoch, seq, time, clock_trusted, kind, request, customer, dispenser, volume_ml, outcome, receipt
         FROM sale WHERE {} ORDER BY time DESC, epoch DESC, seq DESC LIMIT ?{}",
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

/// What was asked of the hub, the newest first; only what still waits, or all.
pub fn asked(connection: &Connection, waiting_only: bool, count_max: u32) -> Result<Vec<AskedShown>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT epoch, seq, kind, customer, detail, time, state FROM asked WHERE NOT ?1 OR state = 'waiting'
         ORDER BY time DESC, epoch DESC, seq DESC LIMIT ?2",
    )?;
    let rows = statement.query_map((waiting_only, count_max), |row| {
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

/// Litres sold and pours since `from`: what the page shows of today.
pub fn totals(connection: &Connection, from: Wall) -> Result<(i64, Volume), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT sum(kind = 'dispense'), sum(volume_ml) FROM sale WHERE time >= ?1 AND kind <> 'loss'",
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
