//! Managers by phone, as pages, the API and the command line show them.

use kiosk::{ids::SiteName, moment::Wall, phone::Phone};
use rusqlite::Connection;

use super::Read;
use crate::hub::store::{Store, manager::read_site_manager};

/// A manager by phone.
#[derive(Clone, Debug)]
pub struct SiteManager {
    /// Its number here.
    pub id: i64,
    /// Where.
    pub site: SiteName,
    /// From which phone.
    pub phone: Phone,
    /// As they are called.
    pub name: String,
    /// `en`, `sw` or `fr`.
    pub language: String,
    /// The account at the site's gateway whose float their cash is of.
    pub login: Option<String>,
    /// They have not chosen a PIN of their own yet.
    pub must_change_pin: bool,
    /// Since when.
    pub since: Wall,
    /// Until when; `None` while they are one.
    pub until: Option<Wall>,
    /// They do nothing before an operator's word.
    pub is_suspended: bool,
}

impl SiteManager {
    /// What they wait for, or somebody waits for of them.
    pub fn waits(&self) -> Option<&'static str> {
        match self.until {
            Some(_) => None,
            None if self.is_suspended => Some("is suspended: give another first PIN, or take the site away"),
            None if self.must_change_pin => Some("has to choose a PIN"),
            None => None,
        }
    }
}

/// Managers of a site, or of all: those who are it now, by name, then the former ones, the newest first.
pub fn site_managers(connection: &Connection, site: Option<&SiteName>) -> Read<Vec<SiteManager>> {
    let rows = Store(connection).all(
        "SELECT * FROM site_manager WHERE ?1 IS NULL OR site = ?1
         ORDER BY until_ms IS NOT NULL, until_ms DESC, site, name, id",
        [site.map(SiteName::as_str)],
        read_site_manager,
    )?;
    let shown = rows.into_iter().map(|row| SiteManager {
        id: row.id,
        site: row.site,
        phone: row.phone,
        name: row.name,
        language: row.language,
        login: row.login,
        must_change_pin: row.must_change_pin,
        since: row.since,
        until: row.until,
        is_suspended: row.is_suspended,
    });
    Ok(shown.collect())
}
