//! Logins, tokens, sessions, and whether the audit verifies.

use kiosk::{ids::SiteName, moment::Wall};
use rusqlite::{Connection, params};
use sync::seal::SecretKey;

use super::Read;
use crate::hub::{
    operator::{Role, SESSION_IDLE_MS, SESSION_MS_MAX},
    store::{Store, audit::AuditSeal, maybe_parsed, operator::read_role},
};

/// Who an API token or a page session belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// The token's name, or the login.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The site a token is bound to.
    pub site: Option<SiteName>,
    /// A page session's person must choose a new password first.
    pub change_password: bool,
}

/// A person's password hash; `None` when there is no such login.
pub fn password_hash(connection: &Connection, login: &str) -> Read<Option<String>> {
    Store(connection).one("SELECT password_hash FROM user WHERE name = ?1", [login], |row| {
        row.get(0)
    })
}

/// Who holds an API token, by its hash ([`crate::hub::operator::secret_hash`]).
pub fn token(connection: &Connection, hash: [u8; 32]) -> Read<Option<Bearer>> {
    Store(connection).one("SELECT * FROM token WHERE hash = ?1", [hash], |row| {
        Ok(Bearer {
            name: row.get("name")?,
            role: read_role(row, "role")?,
            site: maybe_parsed(row, "site")?,
            change_password: false,
        })
    })
}

/// Who a page session belongs to, unless it is over by age or idleness.
pub fn session(connection: &Connection, hash: [u8; 32], now: Wall) -> Read<Option<Bearer>> {
    Store(connection).one(
        "SELECT user.name, user.role, user.change_password FROM page_session JOIN user ON user.name = page_session.user
         WHERE hash = ?1 AND page_session.created_ms > ?2 AND used_ms > ?3",
        params![hash, now.0 - SESSION_MS_MAX, now.0 - SESSION_IDLE_MS],
        |row| {
            Ok(Bearer {
                name: row.get("name")?,
                role: read_role(row, "role")?,
                site: None,
                change_password: row.get("change_password")?,
            })
        },
    )
}

/// The audit's rows, and the first at which it is broken: changed, taken out, swapped with another, or cut off (then the
/// first that is missing). `master` is the hub's master key.
pub fn audit_verify(connection: &Connection, master: &SecretKey) -> Read<Result<i64, i64>> {
    let seal = AuditSeal::new(master);
    let head = Store(connection).audit_head()?;
    let mut statement =
        connection.prepare("SELECT id, time_ms, actor, action, subject, detail, chain FROM audit ORDER BY id")?;
    let mut rows = statement.query([])?;
    let (mut before, mut count) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let text = |column| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
        let chain = seal.chain(&before, Wall(row.get(1)?), [text(2)?, text(3)?, text(4)?, text(5)?]);
        count += 1;
        if row.get_ref(6)?.as_blob().ok() != Some(&chain) || row.get::<_, i64>(0)? != count {
            return Ok(Err(count));
        }
        before = chain.to_vec();
    }
    let is_head = head.is_whole(&seal) && head.rows == count && head.chain == before;
    // What nobody is audited for having made does not exist: a hub with sites or people has an audit.
    if !is_head || (count == 0 && has_content(connection)?) {
        return Ok(Err(count + 1));
    }
    Ok(Ok(count))
}

fn has_content(connection: &Connection) -> Read<bool> {
    let found = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM site) OR EXISTS (SELECT 1 FROM user) OR EXISTS (SELECT 1 FROM token)
             OR EXISTS (SELECT 1 FROM customer)",
        [],
        |row| row.get(0),
    )?;
    Ok(found)
}
