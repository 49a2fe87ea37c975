//! USSD sessions.

use kiosk::{
    moment::Wall,
    phone::Phone,
    talk::ussd::{Service, Session, joined::Seen},
};
use rusqlite::{Row, params};

use super::{Store, Stored, customer::maybe_phone, signed, wrong};
use crate::hub::input::{Aggregator, PurchaseId, UssdName};

/// A session as it is kept.
#[derive(Clone)]
pub(in crate::hub) struct UssdRow {
    pub name: UssdName,
    pub phone: Phone,
    pub session: Session,
    pub seen: Seen,
    pub screen: String,
    pub is_live: bool,
    pub steps: u32,
    pub created: Wall,
    pub active: Wall,
}

/// Reads a column in JSON.
fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|_| wrong(row, column))
}

/// A value as a column in JSON.
fn as_json(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn read_ussd(row: &Row<'_>) -> rusqlite::Result<UssdRow> {
    let aggregator: String = row.get("aggregator")?;
    Ok(UssdRow {
        name: UssdName {
            aggregator: Aggregator::from_name(&aggregator).ok_or_else(|| wrong(row, "aggregator"))?,
            session: row.get("id")?,
        },
        phone: maybe_phone(row, "phone")?.ok_or_else(|| wrong(row, "phone"))?,
        session: json(row, "session")?,
        seen: json(row, "seen")?,
        screen: row.get("screen")?,
        is_live: row.get("is_live")?,
        steps: row.get("steps")?,
        created: Wall(row.get("created_ms")?),
        active: Wall(row.get("active_ms")?),
    })
}

impl Store<'_> {
    /// A session by the name that its aggregator gave it.
    pub fn ussd(&self, name: &UssdName) -> Stored<Option<UssdRow>> {
        self.one(
            "SELECT * FROM ussd_session WHERE aggregator = ?1 AND id = ?2",
            [name.aggregator.name(), &name.session],
            read_ussd,
        )
    }

    /// Writes a session that begins.
    pub fn put_ussd(&self, row: &UssdRow) -> Stored<()> {
        self.execute(
            "INSERT OR REPLACE INTO ussd_session (aggregator, id, phone, service, session, seen, screen, is_live,
                 is_taken_up, steps, created_ms, active_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9, ?10, ?11)",
            params![
                row.name.aggregator.name(),
                row.name.session,
                row.phone.e164(),
                row.session.service().name(),
                as_json(&row.session)?,
                as_json(&row.seen)?,
                row.screen,
                row.is_live,
                row.steps,
                row.created.0,
                row.active.0,
            ],
        )
        .map(drop)
    }

    /// Writes a session that is a step further. No column of an index changes, so none of them is written again.
    pub fn step_ussd(&self, row: &UssdRow) -> Stored<()> {
        self.execute(
            "UPDATE ussd_session SET session = ?3, seen = ?4, screen = ?5, is_live = ?6, steps = ?7, active_ms = ?8
             WHERE aggregator = ?1 AND id = ?2",
            params![
                row.name.aggregator.name(),
                row.name.session,
                as_json(&row.session)?,
                as_json(&row.seen)?,
                row.screen,
                row.is_live,
                row.steps,
                row.active.0,
            ],
        )
        .map(drop)
    }

    /// No more steps of it are taken.
    pub fn end_ussd(&self, name: &UssdName) -> Stored<()> {
        self.execute(
            "UPDATE ussd_session SET is_live = 0 WHERE aggregator = ?1 AND id = ?2",
            [name.aggregator.name(), &name.session],
        )
        .map(drop)
    }

    /// How many sessions somebody has begun after a moment.
    pub fn ussd_begun(&self, phone: Phone, since: Wall) -> Stored<u32> {
        let count = self.one(
            "SELECT count(*) FROM ussd_session WHERE phone = ?1 AND created_ms > ?2",
            params![phone.e164(), since.0],
            |row| row.get(0),
        )?;
        Ok(count.unwrap_or_default())
    }

    /// The newest session of a service that somebody left after a moment, and that no later one took up.
    pub fn ussd_left(&self, phone: Phone, service: Service, since: Wall) -> Stored<Option<Session>> {
        let left = self.one(
            "SELECT session FROM ussd_session
             WHERE phone = ?1 AND service = ?2 AND is_taken_up = 0 AND active_ms > ?3
             ORDER BY active_ms DESC LIMIT 1",
            params![phone.e164(), service.name(), since.0],
            // One that an older program wrote is nothing to go on with.
            |row| Ok(json(row, "session").ok()),
        )?;
        Ok(left.flatten())
    }

    /// What somebody left of a service is taken up by a session that begins, and goes on nowhere else.
    pub fn take_up_ussd(&self, phone: Phone, service: Service) -> Stored<()> {
        self.execute(
            "UPDATE ussd_session SET is_taken_up = 1, is_live = 0
             WHERE phone = ?1 AND service = ?2 AND is_taken_up = 0",
            [&phone.e164(), service.name()],
        )
        .map(drop)
    }

    /// No session of a number goes on, and none is taken up.
    pub fn end_ussd_of(&self, phone: Phone) -> Stored<()> {
        self.execute(
            "UPDATE ussd_session SET is_live = 0, is_taken_up = 1 WHERE phone = ?1",
            [phone.e164()],
        )
        .map(drop)
    }

    /// Forgets sessions that began before a moment.
    pub fn forget_ussd(&self, before: Wall) -> Stored<()> {
        self.execute("DELETE FROM ussd_session WHERE created_ms < ?1", [before.0])
            .map(drop)
    }

    /// Forgets all sessions.
    pub fn clear_ussd(&self) -> Stored<usize> {
        self.execute("DELETE FROM ussd_session", [])
    }

    /// The home of whoever pays this purchase moves to its site.
    pub fn set_moves_home(&self, purchase: PurchaseId) -> Stored<()> {
        self.execute(
            "INSERT OR IGNORE INTO purchase_moves_home (purchase) VALUES (?1)",
            [signed(purchase.0)],
        )
        .map(drop)
    }

    /// Whether the home of whoever pays it moves to its site.
    pub fn moves_home(&self, purchase: PurchaseId) -> Stored<bool> {
        let found = self.one(
            "SELECT 1 FROM purchase_moves_home WHERE purchase = ?1",
            [signed(purchase.0)],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }
}
