//! People who log in, their sessions, and API tokens.

use kiosk::{ids::SiteName, moment::Wall};
use rusqlite::{Row, params};

use super::{Store, Stored, wrong};
use crate::hub::operator::Role;

/// A person who may log in.
#[derive(Clone, Debug)]
pub(in crate::hub) struct UserRow {
    pub role: Role,
    pub change_password: bool,
    pub wrong: u32,
    pub wrong_since: Wall,
}

/// Reads a role column.
pub(super) fn read_role(row: &Row<'_>, column: &str) -> rusqlite::Result<Role> {
    let name: String = row.get(column)?;
    Role::from_name(&name).ok_or_else(|| wrong(row, column))
}

impl Store<'_> {
    /// A person by login.
    pub fn user(&self, name: &str) -> Stored<Option<UserRow>> {
        self.one("SELECT * FROM user WHERE name = ?1", [name], |row| {
            Ok(UserRow {
                role: read_role(row, "role")?,
                change_password: row.get("change_password")?,
                wrong: row.get("wrong")?,
                wrong_since: Wall(row.get("wrong_since_ms")?),
            })
        })
    }

    /// Adds a person; false when the login is taken.
    pub fn add_user(&self, name: &str, role: Role, password_hash: &str) -> Stored<bool> {
        let added = self.execute(
            "INSERT INTO user (name, role, password_hash, change_password, wrong, wrong_since_ms)
             VALUES (?1, ?2, ?3, 1, 0, 0) ON CONFLICT (name) DO NOTHING",
            params![name, role.name(), password_hash],
        )?;
        Ok(added == 1)
    }

    /// A new password; false when there is no such login.
    pub fn set_password(&self, name: &str, password_hash: &str, change_again: bool) -> Stored<bool> {
        let changed = self.execute(
            "UPDATE user SET password_hash = ?2, change_password = ?3, wrong = 0 WHERE name = ?1",
            params![name, password_hash, change_again],
        )?;
        Ok(changed == 1)
    }

    /// So many wrong passwords since then.
    pub fn set_wrong(&self, name: &str, wrong: u32, since: Wall) -> Stored<()> {
        self.execute(
            "UPDATE user SET wrong = ?2, wrong_since_ms = ?3 WHERE name = ?1",
            params![name, wrong, since.0],
        )
        .map(drop)
    }

    /// Takes a person away with their sessions; false when there is no such login.
    pub fn remove_user(&self, name: &str) -> Stored<bool> {
        Ok(self.execute("DELETE FROM user WHERE name = ?1", [name])? == 1)
    }

    /// Opens a page session.
    pub fn add_session(&self, hash: [u8; 32], user: &str, now: Wall) -> Stored<()> {
        self.execute(
            "INSERT INTO page_session (hash, user, created_ms, used_ms) VALUES (?1, ?2, ?3, ?3)",
            params![hash, user, now.0],
        )
        .map(drop)
    }

    /// A page session was used.
    pub fn touch_session(&self, hash: [u8; 32], now: Wall) -> Stored<()> {
        self.execute(
            "UPDATE page_session SET used_ms = max(used_ms, ?2) WHERE hash = ?1",
            params![hash, now.0],
        )
        .map(drop)
    }

    /// Ends a page session.
    pub fn remove_session(&self, hash: [u8; 32]) -> Stored<()> {
        self.execute("DELETE FROM page_session WHERE hash = ?1", [hash])
            .map(drop)
    }

    /// Ends the page sessions of a person.
    pub fn remove_sessions_of(&self, user: &str) -> Stored<()> {
        self.execute("DELETE FROM page_session WHERE user = ?1", [user])
            .map(drop)
    }

    /// Forgets sessions that are over by age or by idleness.
    pub fn forget_sessions(&self, created_before: Wall, used_before: Wall) -> Stored<()> {
        self.execute(
            "DELETE FROM page_session WHERE created_ms < ?1 OR used_ms < ?2",
            [created_before.0, used_before.0],
        )
        .map(drop)
    }

    /// Writes an API token; an older one of that name is void.
    pub fn put_token(&self, name: &str, hash: [u8; 32], role: Role, site: Option<&SiteName>, now: Wall) -> Stored<()> {
        self.execute(
            "INSERT INTO token (name, hash, role, site, created_ms) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (name) DO UPDATE SET hash = excluded.hash, role = excluded.role, site = excluded.site,
                 created_ms = excluded.created_ms",
            params![name, hash, role.name(), site.map(SiteName::as_str), now.0],
        )
        .map(drop)
    }

    /// Voids an API token; false when there is none.
    pub fn remove_token(&self, name: &str) -> Stored<bool> {
        Ok(self.execute("DELETE FROM token WHERE name = ?1", [name])? == 1)
    }
}
