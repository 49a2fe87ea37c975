//! Logins, tokens, sessions, and whether the audit verifies.

use kiosk::{ids::SiteName, moment::Wall};
use rusqlite::{Connection, params};
use sync::seal::SecretKey;

use super::Read;
use crate::hub::{
    operator::{Role, SESSION_IDLE_MS, SESSION_MS_MAX},
    side::NotedHead,
    store::{
        Store,
        audit::{AUDIT_BEGAN, AuditSeal},
        maybe_parsed,
        operator::read_role,
    },
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

/// What a try to log in needs to know before its password is compared.
#[derive(Clone, Debug, Default)]
pub struct Login {
    /// The password's hash; `None` when there is no such login.
    pub hash: Option<String>,
    /// The browser has logged in under this name before.
    pub is_known: bool,
    /// There were too many wrong passwords: none is taken now.
    pub is_shut: bool,
}

/// A login, asked for by a browser with this device's hash.
pub fn login(connection: &Connection, name: &str, device: [u8; 32], now: Wall) -> Read<Login> {
    let store = Store(connection);
    let hash = store.one("SELECT password_hash FROM user WHERE name = ?1", [name], |row| {
        row.get(0)
    })?;
    let (Some(hash), Some(user)) = (hash, store.user(name)?) else {
        return Ok(Login::default());
    };
    let known = store.device(device, name)?;
    Ok(Login {
        hash: Some(hash),
        is_known: known.is_some(),
        is_shut: known.unwrap_or(user.wrong).is_shut(now),
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
/// first that is missing). `master` is the hub's master key, `noted` what the side log has of it: read that first, for it
/// is never ahead of the database.
pub fn audit_verify(connection: &Connection, master: &SecretKey, noted: &[NotedHead]) -> Read<Result<i64, i64>> {
    let seal = AuditSeal::new(master);
    let store = Store(connection);
    let (head, unsealed) = (store.audit_head()?, store.unsealed()?);
    let mut statement =
        connection.prepare("SELECT id, time_ms, actor, action, subject, detail, chain FROM audit ORDER BY id")?;
    let mut rows = statement.query([])?;
    let (mut before, mut count) = (Vec::new(), 0);
    let mut noted = noted.iter().peekable();
    while let Some(row) = rows.next()? {
        let text = |column| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
        let fields = [text(2)?, text(3)?, text(4)?, text(5)?];
        let chain = seal.chain(&before, Wall(row.get(1)?), fields);
        count += 1;
        let is_chained = row.get_ref(6)?.as_blob().ok() == Some(&chain) && row.get::<_, i64>(0)? == count;
        // The first row stands for what was written before there were seals.
        let is_begun = count > 1 || fields == ["hub", AUDIT_BEGAN, "audit", &unsealed];
        let mut is_noted = true;
        while let Some(head) = noted.next_if(|head| head.rows == count) {
            is_noted &= head.chain == chain;
        }
        if !(is_chained && is_begun && is_noted) {
            return Ok(Err(count));
        }
        before = chain.to_vec();
    }
    let is_head = head.is_whole(&seal) && head.rows == count && head.chain == before;
    // An audit without any row was emptied, and one that ends before a head that was noted is an older one.
    if !is_head || count == 0 || noted.next().is_some() {
        return Ok(Err(count + 1));
    }
    Ok(Ok(count))
}
