//! Customers as this site sees them.

use kiosk::{
    fact::{Listed, Subscribed},
    ids::{AccountId, CustomerId},
    moment::Wall,
    units::Volume,
};
use rusqlite::{Connection, OptionalExtension, Row};
use store::StoreError;

use super::{customer, signed, volume};

/// A customer's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerRow {
    /// Who.
    pub id: CustomerId,
    /// The account, once the hub has listed them.
    pub account: Option<AccountId>,
    /// False when blocked or not listed.
    pub active: bool,
    /// A bill is overdue.
    pub bill_overdue: bool,
    /// The most that may be drawn in a day.
    pub daily_limit: Option<Volume>,
    /// What checks the PIN here.
    pub pin: Option<[u8; 16]>,
    /// The older registration that this one became.
    pub merged_into: Option<CustomerId>,
    /// Whether the hub admits them to this site.
    pub admitted: bool,
    /// E.164.
    pub phone: Option<String>,
    /// The name they gave.
    pub name: String,
    /// `en`, `sw`, `fr`, or empty for the site's.
    pub language: String,
    /// The end of the newest subscription.
    pub subscription_until: Option<Wall>,
    /// Wrong PINs and lock-outs, as the PIN rules keep them.
    pub pin_tries: Option<Vec<u8>>,
}

impl CustomerRow {
    /// Whether they could draw here if they had the water: of what denies it before the purses are looked at (CONTRACTS
    /// section 3), all that does not pass by itself.
    pub fn can_draw(&self) -> bool {
        let is_here = self.admitted && self.account.is_some();
        is_here && self.active && self.pin.is_some() && !self.bill_overdue
    }
}

fn read(row: &Row<'_>) -> Result<CustomerRow, StoreError> {
    Ok(CustomerRow {
        id: customer(row.get(0)?),
        account: row.get::<_, Option<u32>>(1)?.and_then(AccountId::new),
        active: row.get(2)?,
        bill_overdue: row.get(3)?,
        daily_limit: row.get::<_, Option<i64>>(4)?.map(volume).transpose()?,
        pin: row.get(5)?,
        merged_into: row.get::<_, Option<i64>>(6)?.map(customer),
        admitted: row.get(7)?,
        phone: row.get(8)?,
        name: row.get(9)?,
        language: row.get(10)?,
        subscription_until: row.get::<_, Option<i64>>(11)?.map(Wall),
        pin_tries: row.get(12)?,
    })
}

/// One customer's row, by a condition that is part of the text: statements are found again by their text.
macro_rules! one {
    ($connection:expr, $condition:literal, $value:expr $(,)?) => {{
        let mut statement = $connection.prepare_cached(concat!(
            "SELECT id, account, active, bill_overdue, daily_limit_ml, pin, merged_into, admitted,
               CAST(opened('customer.phone_sealed', id, phone_sealed) AS TEXT),
               coalesce(CAST(opened('customer.name_sealed', id, name_sealed) AS TEXT), ''), language,
               subscription_until, pin_tries FROM customer WHERE ",
            $condition
        ))?;
        statement
            .query_row([$value], |row| Ok(read(row)))
            .optional()?
            .transpose()
    }};
}

/// The customer with this id, as registered; not resolved through merges.
pub fn find(connection: &Connection, id: CustomerId) -> Result<Option<CustomerRow>, StoreError> {
    one!(connection, "id = ?1", signed(id.0))
}

/// The customer with this phone (E.164); of two, the one that was not merged away.
pub fn by_phone(connection: &Connection, phone: &str) -> Result<Option<CustomerRow>, StoreError> {
    one!(
        connection,
        "phone_key = keyed('customer.phone', ?1) ORDER BY merged_into IS NOT NULL, account IS NULL, id LIMIT 1",
        phone,
    )
}

/// The customer with this account.
pub fn by_account(connection: &Connection, account: AccountId) -> Result<Option<CustomerRow>, StoreError> {
    one!(
        connection,
        "account = ?1 ORDER BY merged_into IS NOT NULL LIMIT 1",
        account.number(),
    )
}

/// The customer with this subscription code.
pub fn by_code(connection: &Connection, code: &str) -> Result<Option<CustomerRow>, StoreError> {
    one!(connection, "subscription_code = ?1", code)
}

/// The customer that `id` stands for after all merges; itself when never merged.
pub fn resolve(connection: &Connection, id: CustomerId) -> Result<CustomerId, StoreError> {
    let mut statement = connection.prepare_cached("SELECT merged_into FROM customer WHERE id = ?1")?;
    let mut current = id;
    let mut seen = vec![id];
    loop {
        let next: Option<Option<i64>> = statement.query_row([signed(current.0)], |row| row.get(0)).optional()?;
        match next.flatten().map(customer) {
            Some(next) if !seen.contains(&next) => {
                seen.push(next);
                current = next;
            }
            _ => return Ok(current),
        }
    }
}

/// The row that this one stands for after all mergers; itself when never merged.
pub fn after_mergers(connection: &Connection, row: CustomerRow) -> Result<CustomerRow, StoreError> {
    if row.merged_into.is_none() {
        return Ok(row);
    }
    let id = resolve(connection, row.id)?;
    Ok(find(connection, id)?.unwrap_or(row))
}

/// Makes sure that a row exists for `id`.
pub fn ensure(connection: &Connection, id: CustomerId) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("INSERT INTO customer (id) VALUES (?1) ON CONFLICT DO NOTHING")?;
    Ok(statement.execute([signed(id.0)]).map(drop)?)
}

/// Folds what the hub alone may say; an older revision changes nothing, and a hub that lost a PIN (it was restored) does
/// not take it from here.
pub fn list(connection: &Connection, listed: &Listed) -> Result<(), StoreError> {
    ensure(connection, listed.customer)?;
    let mut statement = connection.prepare_cached(
        "UPDATE customer SET account = ?2, generation = ?3, revision = ?4, active = ?5, bill_overdue = ?6,
           daily_limit_ml = ?7, pin_tries = CASE WHEN pin IS coalesce(?8, pin) THEN pin_tries END, pin = coalesce(?8, pin)
         WHERE id = ?1 AND (generation, revision) < (?3, ?4)",
    )?;
    let values = (
        signed(listed.customer.0),
        listed.account.number(),
        listed.generation,
        signed(listed.revision),
        listed.active,
        listed.bill_overdue,
        listed.daily_limit.map(Volume::signed_ml),
        listed.pin.as_ref().map(<[u8; 16]>::as_slice),
    );
    Ok(statement.execute(values).map(drop)?)
}

/// Folds a subscription; the one that ends last counts.
pub fn subscribe(connection: &Connection, subscribed: &Subscribed) -> Result<(), StoreError> {
    ensure(connection, subscribed.customer)?;
    let mut statement = connection.prepare_cached(
        "UPDATE customer SET subscription_code = ?2, subscription_until = ?3
         WHERE id = ?1 AND coalesce(subscription_until, 0) <= ?3",
    )?;
    let values = (
        signed(subscribed.customer.0),
        &subscribed.code,
        subscribed.valid_until.0,
    );
    Ok(statement.execute(values).map(drop)?)
}

/// Remembers that `from` became `into`.
pub fn merge(connection: &Connection, from: CustomerId, into: CustomerId) -> Result<(), StoreError> {
    ensure(connection, from)?;
    ensure(connection, into)?;
    let mut statement = connection.prepare_cached("UPDATE customer SET merged_into = ?2 WHERE id = ?1")?;
    Ok(statement.execute((signed(from.0), signed(into.0))).map(drop)?)
}

/// Whether the hub admits this customer here.
pub fn admit(connection: &Connection, id: CustomerId, admitted: bool) -> Result<(), StoreError> {
    ensure(connection, id)?;
    let mut statement = connection.prepare_cached("UPDATE customer SET admitted = ?2 WHERE id = ?1")?;
    Ok(statement.execute((signed(id.0), admitted)).map(drop)?)
}

/// The profile as the customer's document now reads.
pub fn put_profile(
    connection: &Connection,
    id: CustomerId,
    phone: Option<&str>,
    name: &str,
    language: &str,
) -> Result<(), StoreError> {
    ensure(connection, id)?;
    let mut statement = connection.prepare_cached(
        "UPDATE customer SET phone_key = keyed('customer.phone', ?2), phone_sealed = sealed('customer.phone_sealed', id, ?2),
           name_sealed = sealed('customer.name_sealed', id, nullif(?3, '')), language = ?4 WHERE id = ?1",
    )?;
    Ok(statement.execute((signed(id.0), phone, name, language)).map(drop)?)
}

/// Remembers wrong PINs and lock-outs; `None` clears them.
pub fn put_pin_tries(connection: &Connection, id: CustomerId, tries: Option<&[u8]>) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("UPDATE customer SET pin_tries = ?2 WHERE id = ?1")?;
    Ok(statement.execute((signed(id.0), tries)).map(drop)?)
}

/// Forgets what the hub said of every customer: the box was enrolled anew and hears it all again.
pub fn forget(connection: &Connection) -> Result<(), StoreError> {
    Ok(connection.execute_batch("UPDATE customer SET admitted = 0, generation = 0, revision = 0")?)
}
