//! Broadcasts, as pages and the API show them.

use std::collections::BTreeMap;

use kiosk::{
    ids::SiteName,
    moment::Wall,
    talk::{
        Language,
        broadcast::{Audience, LeftOut, State},
    },
};
use rusqlite::{Connection, Row, params};

use super::{LIMIT_MAX, Page, Read, page};
use crate::hub::store::{Store, maybe_parsed, maybe_wall, wrong};

/// A broadcast.
#[derive(Clone, Debug)]
pub struct Broadcast {
    /// Its number, which is the cursor.
    pub id: i64,
    /// Whom it is for.
    pub audience: Audience,
    /// IANA time zone of the hours in which it may leave.
    pub time_zone: String,
    /// What is said, the first to whoever speaks none of the languages.
    pub texts: Vec<(Language, String)>,
    /// How many were to get it when it began.
    pub people: u32,
    /// How many parts their texts have together.
    pub parts: u32,
    /// What those cost, in minor units.
    pub cost_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// Where it stands.
    pub state: State,
    /// Who began it.
    pub created_by: String,
    /// When.
    pub created: Wall,
    /// When it was over.
    pub ended: Option<Wall>,
}

/// How many of a broadcast's people have got how far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Their text has not left.
    pub queued: u32,
    /// It is being handed over.
    pub sending: u32,
    /// The provider took it.
    pub sent: u32,
    /// It is on the phone.
    pub delivered: u32,
    /// It will not arrive.
    pub failed: u32,
    /// It may have been sent, and is not sent again.
    pub unknown: u32,
    /// They get none, by reason.
    pub left_out: BTreeMap<LeftOut, u32>,
}

fn read_broadcast(row: &Row<'_>) -> rusqlite::Result<Broadcast> {
    let (audience, state): (String, String) = (row.get("audience")?, row.get("state")?);
    let site: Option<SiteName> = maybe_parsed(row, "site")?;
    Ok(Broadcast {
        id: row.get("id")?,
        audience: Audience::from_name(&audience, site).ok_or_else(|| wrong(row, "audience"))?,
        time_zone: row.get("time_zone")?,
        texts: Vec::new(),
        people: row.get("people")?,
        parts: row.get("parts")?,
        cost_minor: row.get("cost_minor")?,
        currency: row.get("currency")?,
        state: State::from_name(&state).ok_or_else(|| wrong(row, "state"))?,
        created_by: row.get("created_by")?,
        created: Wall(row.get("created_ms")?),
        ended: maybe_wall(row, "ended_ms")?,
    })
}

fn texts_of(store: Store<'_>, id: i64) -> Read<Vec<(Language, String)>> {
    store.all(
        "SELECT language, text FROM broadcast_text WHERE broadcast = ?1 ORDER BY place",
        [id],
        |row| {
            let language: String = row.get("language")?;
            let language = Language::from_code(&language).ok_or_else(|| wrong(row, "language"))?;
            Ok((language, row.get("text")?))
        },
    )
}

/// A text that was withdrawn because its receiver sent STOP counts as left out.
const PROGRESS: &str = "SELECT coalesce(person.left_out, CASE WHEN text.reason = 'stopped' THEN 'stopped' END) AS why,
                               coalesce(text.state, 'queued') AS state, count(*) AS people
    FROM broadcast_person AS person LEFT JOIN outbox AS text ON text.id = person.outbox
    WHERE person.broadcast = ?1 GROUP BY 1, 2";

/// How far a broadcast has come.
pub fn broadcast_progress(connection: &Connection, id: i64) -> Read<Progress> {
    let rows = Store(connection).all(PROGRESS, [id], |row| {
        let (why, state): (Option<String>, String) = (row.get("why")?, row.get("state")?);
        let why = why.map(|why| LeftOut::from_name(&why).ok_or_else(|| wrong(row, "left_out")));
        Ok((why.transpose()?, state, row.get::<_, u32>("people")?))
    })?;
    let mut progress = Progress::default();
    for (why, state, people) in rows {
        let place = match (why, state.as_str()) {
            (Some(why), _) => progress.left_out.entry(why).or_default(),
            (None, "sending") => &mut progress.sending,
            (None, "sent") => &mut progress.sent,
            (None, "delivered") => &mut progress.delivered,
            (None, "failed") => &mut progress.failed,
            (None, "unknown") => &mut progress.unknown,
            (None, _) => &mut progress.queued,
        };
        *place += people;
    }
    Ok(progress)
}

fn whole(store: Store<'_>, broadcast: Broadcast) -> Read<Broadcast> {
    Ok(Broadcast {
        texts: texts_of(store, broadcast.id)?,
        ..broadcast
    })
}

/// A broadcast by number.
pub fn broadcast(connection: &Connection, id: i64) -> Read<Option<Broadcast>> {
    let store = Store(connection);
    let found = store.one("SELECT * FROM broadcast WHERE id = ?1", [id], read_broadcast)?;
    found.map(|broadcast| whole(store, broadcast)).transpose()
}

/// Broadcasts, the newest first, before this number (`i64::MAX` for the first page).
pub fn broadcasts(connection: &Connection, before: i64, limit: u32) -> Read<Page<Broadcast>> {
    let (store, limit) = (Store(connection), limit.clamp(1, LIMIT_MAX));
    let rows = store.all(
        "SELECT * FROM broadcast WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
        params![before, i64::from(limit) + 1],
        read_broadcast,
    )?;
    let items = rows.into_iter().map(|broadcast| whole(store, broadcast));
    Ok(page(items.collect::<Read<Vec<_>>>()?, limit, |item: &Broadcast| {
        item.id
    }))
}
