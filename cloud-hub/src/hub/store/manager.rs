//! Managers of sites who work by phone, and what their menus read of a site.

use kiosk::{
    ids::{CustomerId, DispenserId, SiteName},
    moment::Wall,
    phone::Phone,
};
use rusqlite::{Row, params};

use super::{Store, Stored, customer::maybe_phone, maybe_wall, parsed, signed, wrong};

/// A manager by phone.
#[derive(Clone, Debug)]
pub(in crate::hub) struct SiteManagerRow {
    /// 0 of one who is not kept yet.
    pub id: i64,
    pub site: SiteName,
    pub phone: Phone,
    pub name: String,
    pub language: String,
    pub login: Option<String>,
    pub sealed_pin: Option<Vec<u8>>,
    pub must_change_pin: bool,
    pub pin_wrong: u32,
    pub pin_lock_since: Option<Wall>,
    pub pin_lock_ms: i64,
    pub since: Wall,
    pub until: Option<Wall>,
    /// They do nothing before an operator's word.
    pub is_suspended: bool,
}

/// Something that a manager did for a customer by phone.
#[derive(Clone, Debug)]
pub(in crate::hub) struct DeedRow {
    pub manager: i64,
    /// `jerrycans` or `cash`.
    pub kind: &'static str,
    pub customer: CustomerId,
    /// Jerrycans, or minor units.
    pub number: i64,
    /// Of cash; else empty.
    pub receipt: String,
    pub done: Wall,
}

pub(super) fn read_site_manager(row: &Row<'_>) -> rusqlite::Result<SiteManagerRow> {
    Ok(SiteManagerRow {
        id: row.get("id")?,
        site: parsed(row, "site")?,
        phone: maybe_phone(row, "phone")?.ok_or_else(|| wrong(row, "phone"))?,
        name: row.get("name")?,
        language: row.get("language")?,
        login: row.get("login")?,
        sealed_pin: row.get("sealed_pin")?,
        must_change_pin: row.get("must_change_pin")?,
        pin_wrong: row.get("pin_wrong")?,
        pin_lock_since: maybe_wall(row, "pin_lock_since_ms")?,
        pin_lock_ms: row.get("pin_lock_ms")?,
        since: Wall(row.get("since_ms")?),
        until: maybe_wall(row, "until_ms")?,
        is_suspended: row.get("is_suspended")?,
    })
}

impl Store<'_> {
    /// The manager who works from this phone now.
    pub fn site_manager_by_phone(&self, phone: Phone) -> Stored<Option<SiteManagerRow>> {
        self.one(
            "SELECT * FROM site_manager WHERE phone = ?1 AND until_ms IS NULL",
            [phone.e164()],
            read_site_manager,
        )
    }

    /// A manager who works at this site now.
    pub fn site_manager(&self, site: &SiteName, id: i64) -> Stored<Option<SiteManagerRow>> {
        self.one(
            "SELECT * FROM site_manager WHERE id = ?1 AND site = ?2 AND until_ms IS NULL",
            params![id, site.as_str()],
            read_site_manager,
        )
    }

    /// Writes a manager, new or changed; returns the id.
    pub fn put_site_manager(&self, row: &SiteManagerRow) -> Stored<i64> {
        let id = self.one(
            "INSERT INTO site_manager (id, site, phone, name, language, login, sealed_pin, must_change_pin, pin_wrong,
                                       pin_lock_since_ms, pin_lock_ms, since_ms, until_ms, is_suspended)
             VALUES (nullif(?1, 0), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
             ON CONFLICT (id) DO UPDATE SET
                 phone = excluded.phone, name = excluded.name, language = excluded.language, login = excluded.login,
                 sealed_pin = excluded.sealed_pin, must_change_pin = excluded.must_change_pin,
                 pin_wrong = excluded.pin_wrong, pin_lock_since_ms = excluded.pin_lock_since_ms,
                 pin_lock_ms = excluded.pin_lock_ms, until_ms = excluded.until_ms,
                 is_suspended = excluded.is_suspended
             RETURNING id",
            params![
                row.id,
                row.site.as_str(),
                row.phone.e164(),
                row.name,
                row.language,
                row.login,
                row.sealed_pin,
                row.must_change_pin,
                row.pin_wrong,
                row.pin_lock_since.map(|since| since.0),
                row.pin_lock_ms,
                row.since.0,
                row.until.map(|until| until.0),
                row.is_suspended,
            ],
            |row| row.get(0),
        )?;
        id.ok_or(store::StoreError::Row("a new manager"))
    }

    /// No manager does anything before an operator's word; returns who they are.
    pub fn suspend_site_managers(&self) -> Stored<Vec<SiteManagerRow>> {
        self.all(
            "UPDATE site_manager SET is_suspended = 1 WHERE until_ms IS NULL RETURNING *",
            [],
            read_site_manager,
        )
    }

    /// Writes down what a manager did; what was `forgotten_ms` before it, and older, is forgotten.
    pub fn add_deed(&self, deed: &DeedRow, forgotten_ms: i64) -> Stored<()> {
        self.execute(
            "DELETE FROM manager_deed WHERE manager = ?1 AND abs(done_ms - ?2) >= ?3",
            params![deed.manager, deed.done.0, forgotten_ms],
        )?;
        self.execute(
            "INSERT INTO manager_deed (manager, kind, customer, number, receipt, done_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                deed.manager,
                deed.kind,
                signed(deed.customer.0),
                deed.number,
                deed.receipt,
                deed.done.0
            ],
        )
        .map(drop)
    }

    /// The receipt of an equal deed, less than `within_ms` before it.
    pub fn equal_deed(&self, deed: &DeedRow, within_ms: i64) -> Stored<Option<String>> {
        self.one(
            "SELECT receipt FROM manager_deed
             WHERE manager = ?1 AND kind = ?2 AND customer = ?3 AND number = ?4 AND abs(done_ms - ?5) < ?6
             ORDER BY done_ms DESC LIMIT 1",
            params![
                deed.manager,
                deed.kind,
                signed(deed.customer.0),
                deed.number,
                deed.done.0,
                within_ms
            ],
            |row| row.get(0),
        )
    }

    /// A site has told of an hour in which it heard a dispenser.
    pub fn dispenser_heard(&self, site: &SiteName, dispenser: &DispenserId, hour: Wall) -> Stored<()> {
        self.execute(
            "INSERT INTO dispenser_heard (site, dispenser, hour_ms) VALUES (?1, ?2, ?3)
             ON CONFLICT (site, dispenser) DO UPDATE SET hour_ms = max(hour_ms, excluded.hour_ms)",
            params![site.as_str(), dispenser.as_str(), hour.0],
        )
        .map(drop)
    }

    /// Dispensers of a site whose newest hour began before `silent`, by name; those of before `gone` are not there any
    /// more.
    pub fn dispensers_silent(&self, site: &SiteName, gone: Wall, silent: Wall) -> Stored<Vec<DispenserId>> {
        self.all(
            "SELECT dispenser FROM dispenser_heard WHERE site = ?1 AND hour_ms >= ?2 AND hour_ms < ?3 ORDER BY dispenser",
            params![site.as_str(), gone.0, silent.0],
            |row| parsed(row, "dispenser"),
        )
    }
}
