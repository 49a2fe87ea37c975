//! Managers with their cash, as pages, the API and the command line show them.

use kiosk::{
    ids::{CustomerId, Epoch, ManagerId, SiteName},
    ledger::Account,
    moment::Wall,
    units::Currency,
};
use rusqlite::{Connection, params};

use super::Read;
use crate::hub::store::{Store, id, maybe_wall, parsed};

/// How a site's manager stands.
#[derive(Clone, Debug)]
pub struct Manager {
    /// Whose account of the ledger it is.
    pub id: ManagerId,
    /// Where.
    pub site: SiteName,
    /// The account under which they log in there.
    pub login: String,
    /// Cash not handed in and open floats together may come to this.
    pub limit_minor: i64,
    /// What may still be taken at the site, by the sales known here.
    pub open_minor: i64,
    /// Floats were asked back, and the site has not closed them yet.
    pub recalling: bool,
    /// Cash taken and not handed in.
    pub owed_minor: i64,
    /// Handed in too little; below zero: too much.
    pub difference_minor: i64,
    /// Whether the site has a socket: else it may have sold more than is known here.
    pub online: bool,
    /// When the site was last seen.
    pub last_seen: Option<Wall>,
}

/// A cash sale that was not booked by itself.
#[derive(Clone, Debug)]
pub struct DoubtfulSale {
    /// Its number.
    pub id: i64,
    /// Where.
    pub site: SiteName,
    /// The record: its run, and its number there.
    pub record: (Epoch, u32),
    /// Who bought, as the record says.
    pub customer: CustomerId,
    /// What.
    pub volume_ml: i64,
    /// For how much.
    pub amount_minor: i64,
    /// When, by the site.
    pub time: Wall,
    /// Why it waits, as `kiosk::float::Doubtful` names it.
    pub why: String,
    /// An operator said that it never was.
    pub is_refused: bool,
}

/// Cash that was handed in.
#[derive(Clone, Debug)]
pub struct HandIn {
    /// Where.
    pub site: SiteName,
    /// Who.
    pub login: String,
    /// What of their sales it settled.
    pub owed_minor: i64,
    /// What was counted.
    pub counted_minor: i64,
    /// When.
    pub time: Wall,
}

/// All managers that ever had a float, or those of a site, by site and account.
pub fn managers(connection: &Connection, site: Option<&SiteName>, currency: Currency) -> Read<Vec<Manager>> {
    let store = Store(connection);
    let mut managers = store.all(
        "SELECT manager.*, site.online, site.last_seen_ms FROM manager JOIN site ON site.name = manager.site
         WHERE ?1 IS NULL OR manager.site = ?1 ORDER BY manager.site, login",
        [site.map(SiteName::as_str)],
        |row| {
            Ok(Manager {
                id: ManagerId(id(row, "id")?),
                site: parsed(row, "site")?,
                login: row.get("login")?,
                limit_minor: row.get("limit_minor")?,
                open_minor: 0,
                recalling: false,
                owed_minor: 0,
                difference_minor: 0,
                online: row.get("online")?,
                last_seen: maybe_wall(row, "last_seen_ms")?,
            })
        },
    )?;
    for manager in &mut managers {
        let open = store.open_floats(manager.id)?;
        manager.open_minor = open.iter().map(|float| float.left_minor()).sum();
        manager.recalling = open.iter().any(|float| float.recalled);
        manager.owed_minor = store.balance(&Account::Float(manager.id), currency)?;
        manager.difference_minor = store.balance(&Account::Difference(manager.id), currency)?;
    }
    Ok(managers)
}

/// Cash sales that wait for an operator, the oldest first.
pub fn doubtful_sales(connection: &Connection, count_max: u32) -> Read<Vec<DoubtfulSale>> {
    sales(connection, "suspense", "ORDER BY id", count_max)
}

/// Cash sales that an operator refused, the newest first: one may turn out to have been after all.
pub fn refused_sales(connection: &Connection, count_max: u32) -> Read<Vec<DoubtfulSale>> {
    sales(connection, "refused", "ORDER BY id DESC", count_max)
}

fn sales(connection: &Connection, state: &str, order: &str, count_max: u32) -> Read<Vec<DoubtfulSale>> {
    let sql = format!(
        "SELECT cash_sale.*, enrolment.site FROM cash_sale JOIN enrolment USING (box)
         WHERE cash_sale.state = ?1 {order} LIMIT ?2"
    );
    Store(connection).all(&sql, params![state, count_max], |row| {
        Ok(DoubtfulSale {
            is_refused: row.get::<_, String>("state")? == "refused",
            id: row.get("id")?,
            site: parsed(row, "site")?,
            record: (Epoch(id(row, "epoch")?), row.get("seq")?),
            customer: CustomerId(id(row, "customer")?),
            volume_ml: row.get("volume_ml")?,
            amount_minor: row.get("amount_minor")?,
            time: Wall(row.get("time_ms")?),
            why: row.get::<_, Option<String>>("why")?.unwrap_or_default(),
        })
    })
}

/// What was handed in, the newest first.
pub fn hand_ins(connection: &Connection, count_max: u32) -> Read<Vec<HandIn>> {
    Store(connection).all(
        "SELECT hand_in.*, manager.site, manager.login FROM hand_in JOIN manager ON manager.id = hand_in.manager
         ORDER BY hand_in.id DESC LIMIT ?1",
        [count_max],
        |row| {
            Ok(HandIn {
                site: parsed(row, "site")?,
                login: row.get("login")?,
                owed_minor: row.get("owed_minor")?,
                counted_minor: row.get("counted_minor")?,
                time: Wall(row.get("time_ms")?),
            })
        },
    )
}
