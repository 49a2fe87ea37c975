//! What only pages show: alarms, a search, purchases of everybody; and copies of the whole.

use std::{collections::BTreeMap, path::Path, time::Duration};

use kiosk::{
    ids::{CustomerId, SiteName},
    moment::Wall,
    payment::PaymentState,
};
use rusqlite::{Connection, backup::Backup, params, params_from_iter, types::Value};
use store::StoreError;

use super::{Customer, LIMIT_MAX, Page, Purchase, Read, money::read_purchase, page, shown};
use crate::hub::store::{Store, customer::read_customer, maybe_wall};

/// Pages copied at a time by a backup.
const PAGES: i32 = 1_024;

/// Something an operator should look at.
#[derive(Clone, Debug)]
pub struct AlarmRow {
    /// Its number.
    pub id: i64,
    /// Where; nowhere for the hub itself.
    pub site: Option<String>,
    /// `info`, `warning` or `critical`.
    pub severity: String,
    /// A stable word.
    pub code: String,
    /// A sentence.
    pub detail: String,
    /// When.
    pub time: Wall,
    /// When somebody looked at it; `None`: nobody has.
    pub seen: Option<Wall>,
}

/// Which alarms are listed.
#[derive(Clone, Debug, Default)]
pub struct AlarmFilter {
    /// Of this site.
    pub site: Option<SiteName>,
    /// Only those that somebody has looked at, or only those that nobody has.
    pub seen: Option<bool>,
}

/// A dispenser that has sold.
#[derive(Clone, Debug)]
pub struct DispenserRow {
    /// Its id.
    pub id: String,
    /// Pours since the moment asked for.
    pub pours: i64,
    /// Millilitres since then.
    pub volume_ml: i64,
    /// When it last sold.
    pub last: Wall,
}

/// Alarms, the newest first, before this row (`i64::MAX` for the first page).
pub fn alarms(connection: &Connection, filter: &AlarmFilter, before: i64, limit: u32) -> Read<Page<AlarmRow>> {
    let limit = limit.clamp(1, LIMIT_MAX);
    let mut sql = "SELECT * FROM alarm WHERE id < ?".to_owned();
    let mut values = vec![Value::from(before)];
    if let Some(site) = &filter.site {
        sql.push_str(" AND site = ?");
        values.push(Value::from(site.as_str().to_owned()));
    }
    sql.push_str(match filter.seen {
        None => "",
        Some(true) => " AND seen_ms IS NOT NULL",
        Some(false) => " AND seen_ms IS NULL",
    });
    sql.push_str(" ORDER BY id DESC LIMIT ?");
    values.push(Value::from(i64::from(limit) + 1));
    let items = Store(connection).all(&sql, params_from_iter(values), |row| {
        Ok(AlarmRow {
            id: row.get("id")?,
            site: row.get("site")?,
            severity: row.get("severity")?,
            code: row.get("code")?,
            detail: row.get("detail")?,
            time: Wall(row.get("time_ms")?),
            seen: maybe_wall(row, "seen_ms")?,
        })
    })?;
    Ok(page(items, limit, |item: &AlarmRow| item.id))
}

/// How many alarms nobody has looked at.
pub fn alarms_unseen(connection: &Connection) -> Read<i64> {
    let count = Store(connection).one("SELECT count(*) FROM alarm WHERE seen_ms IS NULL", [], |row| row.get(0))?;
    Ok(count.unwrap_or_default())
}

/// The dispensers of a site that have sold since a moment.
pub fn dispensers(connection: &Connection, site: &SiteName, since: Wall) -> Read<Vec<DispenserRow>> {
    Store(connection).all(
        "SELECT dispenser, count(*), sum(volume_ml), max(time_ms) FROM history
         WHERE site = ?1 AND dispenser IS NOT NULL AND time_ms >= ?2 GROUP BY dispenser ORDER BY dispenser LIMIT ?3",
        params![site.as_str(), since.0, LIMIT_MAX],
        |row| {
            Ok(DispenserRow {
                id: row.get(0)?,
                pours: row.get(1)?,
                volume_ml: row.get(2)?,
                last: Wall(row.get(3)?),
            })
        },
    )
}

/// Until when an unused join code of a site is valid.
pub fn join_code_until(connection: &Connection, site: &SiteName) -> Read<Option<Wall>> {
    Ok(Store(connection).join_code(site)?.map(|code| code.valid_until))
}

/// Customers whose name holds this text, in the order of their accounts.
pub fn customers_named(connection: &Connection, part: &str, limit: u32) -> Read<Vec<Customer>> {
    let escaped = part.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let rows = Store(connection).all(
        "SELECT * FROM customer WHERE account IS NOT NULL AND merged_into IS NULL AND name LIKE ?1 ESCAPE '\\'
         ORDER BY account LIMIT ?2",
        params![format!("%{escaped}%"), limit.min(LIMIT_MAX)],
        read_customer,
    )?;
    let mut customers = Vec::new();
    for row in rows {
        customers.extend(shown(connection, Some(row))?);
    }
    Ok(customers)
}

/// Customers by name, for pages.
pub type Names = BTreeMap<CustomerId, String>;

/// What these customers are called.
pub fn customer_names(connection: &Connection, customers: impl IntoIterator<Item = CustomerId>) -> Read<Names> {
    let mut names = Names::new();
    for customer in customers {
        if let std::collections::btree_map::Entry::Vacant(unknown) = names.entry(customer)
            && let Some(row) = Store(connection).customer(Store(connection).root(customer)?)?
        {
            // Who registered by number alone is known by it.
            let number = || row.phone.map(|phone| phone.masked()).unwrap_or_default();
            unknown.insert(if row.name.is_empty() {
                number()
            } else {
                row.name.clone()
            });
        }
    }
    Ok(names)
}

/// The newest purchases of everybody; of one state when `state` names one.
pub fn newest_purchases(connection: &Connection, state: Option<PaymentState>, limit: u32) -> Read<Vec<Purchase>> {
    Store(connection).all(
        "SELECT * FROM purchase WHERE ?1 IS NULL OR state = ?1 ORDER BY created_ms DESC, id LIMIT ?2",
        params![state.map(PaymentState::name), limit.min(LIMIT_MAX)],
        read_purchase,
    )
}

/// Whether SQLite finds the file in order.
pub fn is_sound(connection: &Connection) -> Read<bool> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    Ok(found == "ok")
}

/// Copies the last commit to a new file at `path`, while the hub goes on.
pub fn back_up(connection: &Connection, path: &Path) -> Read<()> {
    let named = |source| StoreError::Open {
        path: path.display().to_string(),
        source,
    };
    let mut target = Connection::open(path).map_err(named)?;
    Backup::new(connection, &mut target)?.run_to_completion(PAGES, Duration::ZERO, None)?;
    Ok(())
}
