//! USSD sessions, as an operator looks at them.

use kiosk::{moment::Wall, talk::ussd::Session};
use rusqlite::{Connection, params};

use super::Read;
use crate::hub::store::Store;

/// The most that are listed.
const LISTED_MAX: u32 = 1_000;

/// A session that waits for an input.
#[derive(Clone, Debug)]
pub struct UssdSession {
    /// Its name.
    pub id: String,
    /// Who calls, in E.164.
    pub phone: String,
    /// Where it stands; it tells nothing of what was typed.
    pub state: &'static str,
    /// When it began.
    pub created: Wall,
    /// Its last step.
    pub active: Wall,
}

/// The sessions that wait for an input and began after a moment, the newest first.
pub fn ussd_sessions(connection: &Connection, since: Wall) -> Read<Vec<UssdSession>> {
    Store(connection).all(
        "SELECT * FROM ussd_session WHERE is_live = 1 AND created_ms > ?1 ORDER BY created_ms DESC LIMIT ?2",
        params![since.0, LISTED_MAX],
        |row| {
            let session: String = row.get("session")?;
            let session: Option<Session> = serde_json::from_str(&session).ok();
            Ok(UssdSession {
                id: row.get("id")?,
                phone: row.get("phone")?,
                state: session.map_or("UNREADABLE", |session| session.state_name()),
                created: Wall(row.get("created_ms")?),
                active: Wall(row.get("active_ms")?),
            })
        },
    )
}

/// How many there are.
pub fn ussd_sessions_count(connection: &Connection, since: Wall) -> Read<i64> {
    let count = Store(connection).one(
        "SELECT count(*) FROM ussd_session WHERE is_live = 1 AND created_ms > ?1",
        [since.0],
        |row| row.get(0),
    )?;
    Ok(count.unwrap_or_default())
}
