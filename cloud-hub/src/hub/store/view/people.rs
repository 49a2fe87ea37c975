//! Logins, sessions, API tokens.

use kiosk::{ids::SiteName, moment::Wall};

use super::Reader;
use crate::hub::{
    operator::Role,
    store::{Stored, maybe_parsed, operator::read_role},
};

/// A person who may log in.
#[derive(Clone, Debug)]
pub struct UserView {
    /// The login.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// argon2id, in PHC form.
    pub password_hash: String,
    /// Wrong passwords in a row.
    pub wrong: u32,
    /// Since when.
    pub wrong_since: Wall,
}

/// An open page session.
#[derive(Clone, Debug)]
pub struct SessionView {
    /// Whose.
    pub user: String,
    /// What they may do.
    pub role: Role,
    /// A new password must be chosen first.
    pub change_password: bool,
    /// When it was opened.
    pub created: Wall,
    /// When it was last seen by the machine.
    pub used: Wall,
}

/// A program's token.
#[derive(Clone, Debug)]
pub struct TokenView {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The site it is bound to.
    pub site: Option<SiteName>,
}

impl Reader {
    /// A person by login.
    pub fn user(&self, name: &str) -> Stored<Option<UserView>> {
        self.one("SELECT * FROM user WHERE name = ?1", [name], |row| {
            Ok(UserView {
                name: row.get("name")?,
                role: read_role(row, "role")?,
                password_hash: row.get("password_hash")?,
                wrong: row.get("wrong")?,
                wrong_since: Wall(row.get("wrong_since_ms")?),
            })
        })
    }

    /// The page session whose secret has this hash.
    pub fn session(&self, hash: [u8; 32]) -> Stored<Option<SessionView>> {
        self.one(
            "SELECT page_session.*, user.role, user.change_password FROM page_session
             JOIN user ON user.name = page_session.user WHERE hash = ?1",
            [hash],
            |row| {
                Ok(SessionView {
                    user: row.get("user")?,
                    role: read_role(row, "role")?,
                    change_password: row.get("change_password")?,
                    created: Wall(row.get("created_ms")?),
                    used: Wall(row.get("used_ms")?),
                })
            },
        )
    }

    /// The token whose secret has this hash.
    pub fn token(&self, hash: [u8; 32]) -> Stored<Option<TokenView>> {
        self.one("SELECT name, role, site FROM token WHERE hash = ?1", [hash], |row| {
            Ok(TokenView {
                name: row.get("name")?,
                role: read_role(row, "role")?,
                site: maybe_parsed(row, "site")?,
            })
        })
    }
}
