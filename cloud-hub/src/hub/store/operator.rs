//! People who log in, their sessions, and API tokens.

use kiosk::{ids::SiteName, moment::Wall};
use rusqlite::{Row, params};

use super::{Store, Stored, wrong};
use crate::hub::operator::{Role, WrongPasswords};

/// A person who may log in.
#[derive(Clone, Debug)]
pub(in crate::hub) struct UserRow {
    pub role: Role,
    pub change_password: bool,
    pub wrong: WrongPasswords,
}

fn read_wrong(row: &Row<'_>) -> rusqlite::Result<WrongPasswords> {
    Ok(WrongPasswords {
        count: row.get("wrong")?,
        since: Wall(row.get("wrong_since_ms")?),
    })
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
                wrong: read_wrong(row)?,
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

    /// The wrong passwords of strangers.
    pub fn set_wrong(&self, name: &str, wrong: WrongPasswords) -> Stored<()> {
        self.execute(
            "UPDATE user SET wrong = ?2, wrong_since_ms = ?3 WHERE name = ?1",
            params![name, wrong.count, wrong.since.0],
        )
        .map(drop)
    }

    /// The wrong passwords of a browser that this person has logged in with before; `None` of any other.
    pub fn device(&self, id: [u8; 32], user: &str) -> Stored<Option<WrongPasswords>> {
        self.one(
            "SELECT wrong, wrong_since_ms FROM device WHERE id = ?1 AND user = ?2",
            params![id, user],
            read_wrong,
        )
    }

    /// Writes them.
    pub fn set_device_wrong(&self, id: [u8; 32], user: &str, wrong: WrongPasswords) -> Stored<()> {
        self.execute(
            "UPDATE device SET wrong = ?3, wrong_since_ms = ?4 WHERE id = ?1 AND user = ?2",
            params![id, user, wrong.count, wrong.since.0],
        )
        .map(drop)
    }

    /// Remembers a browser; of one person's only the `count_max` that were used last.
    pub fn put_device(&self, id: [u8; 32], user: &str, now: Wall, count_max: u32) -> Stored<()> {
        self.execute(
            "INSERT INTO device (id, user, used_ms) VALUES (?1, ?2, ?3)
             ON CONFLICT (id, user) DO UPDATE SET used_ms = excluded.used_ms",
            params![id, user, now.0],
        )?;
        self.execute(
            "DELETE FROM device WHERE user = ?1 AND id IN
                 (SELECT id FROM device WHERE user = ?1 ORDER BY used_ms DESC, id LIMIT -1 OFFSET ?2)",
            params![user, count_max],
        )
        .map(drop)
    }

    /// Forgets the browsers of a person.
    pub fn forget_devices(&self, user: &str) -> Stored<()> {
        self.execute("DELETE FROM device WHERE user = ?1", [user]).map(drop)
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
