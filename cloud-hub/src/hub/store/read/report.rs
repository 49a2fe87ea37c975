//! What a day came to, as the operator reads it.

use std::collections::BTreeMap;

use kiosk::{day::Day, ids::SiteName, moment::Wall};
use rusqlite::Connection;

use super::Read;
use crate::hub::store::{Store, wrong};

/// What a local day came to at one site. Volumes in millilitres, money in minor units of the hub's currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The site; `None` for what belongs to none.
    pub site: Option<SiteName>,
    /// When it was made.
    pub made: Wall,
    /// Whether the site was heard after the day: else more may come, and the report is made again.
    pub heard: bool,
    /// Pours.
    pub pours: i64,
    /// Water that was sold.
    pub drawn_ml: i64,
    /// Water that ran without a customer.
    pub lost_ml: i64,
    /// By provider: how many payments, and how much.
    pub money: BTreeMap<String, (i64, i64)>,
    /// Cash that managers took that day, handed in or not.
    pub cash_minor: i64,
    /// Asks for water that the hub itself denied; what gateways denied stays with them.
    pub denied: i64,
    /// Purchases begun that day that came to nothing.
    pub unpaid: i64,
    /// Alarms of that day.
    pub alarms: i64,
}

/// The reports of a day, by site; what belongs to none comes first.
pub fn reports(connection: &Connection, day: Day) -> Read<Vec<Report>> {
    let (store, day) = (Store(connection), day.to_string());
    let mut found = store.all("SELECT * FROM report WHERE day = ?1 ORDER BY site", [&day], |row| {
        let site: String = row.get("site")?;
        Ok(Report {
            site: match site.is_empty() {
                true => None,
                false => Some(site.parse().map_err(|_| wrong(row, "site"))?),
            },
            made: Wall(row.get("made_ms")?),
            heard: row.get("heard")?,
            pours: row.get("pours")?,
            drawn_ml: row.get("drawn_ml")?,
            lost_ml: row.get("lost_ml")?,
            money: BTreeMap::new(),
            cash_minor: row.get("cash_minor")?,
            denied: row.get("denied")?,
            unpaid: row.get("unpaid")?,
            alarms: row.get("alarms")?,
        })
    })?;
    for report in &mut found {
        let site = report.site.as_ref().map_or("", SiteName::as_str);
        let money = store.all(
            "SELECT provider, payments, minor FROM report_money WHERE site = ?1 AND day = ?2",
            [site, &day],
            |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))),
        )?;
        report.money = money.into_iter().collect();
    }
    Ok(found)
}
