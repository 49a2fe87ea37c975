//! Sites, as pages and the API show them.

use kiosk::{
    day::Day,
    digest::{HashedGrant, HashedState, state_hash},
    ids::{BoxId, CustomerId, Epoch, GrantId, Lane, SiteName, Writer},
    moment::Wall,
    units::Volume,
};
use rusqlite::Connection;
use store::journal::SqlLogs;
use sync::journal::Logs;

use super::Read;
use crate::hub::store::{Store, customer::purse_from_number, id, maybe_id, maybe_wall, parsed, signed, wrong};

/// How a site's box syncs by texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThinSite {
    /// Since when it does without a socket; `None`: it has had one since.
    pub since: Option<Wall>,
    /// When a text of it came last.
    pub heard: Wall,
    /// What texts to it cost on its newest day, in single texts.
    pub sent: u32,
    /// That day, at the hub.
    pub day: Day,
}

/// A site.
#[derive(Clone, Debug)]
pub struct Site {
    /// Its name, which is its id.
    pub name: SiteName,
    /// What people call it.
    pub title: String,
    /// Its time zone.
    pub time_zone: String,
    /// Whether it has a socket.
    pub online: bool,
    /// When it was last seen.
    pub last_seen: Option<Wall>,
    /// How its current box syncs by texts, if it ever has.
    pub thin: Option<ThinSite>,
    /// Its current box.
    pub box_id: Option<BoxId>,
    /// The newest tip of its money lane that the hub holds.
    pub journal_through: Option<(Epoch, u32)>,
    /// What the box is not known to hold of the hub's records, by lane: money, edits, alarms, telemetry.
    pub queue: [u64; Lane::ALL.len()],
    /// The digest of its box's rights; equal to the gateway's when both know the same.
    pub state_hash: String,
}

impl Site {
    /// How it is reached: `socket`, `texts` or `nothing`.
    pub fn reached_by(&self) -> &'static str {
        match &self.thin {
            _ if self.online => "socket",
            Some(thin) if thin.since.is_some() => "texts",
            _ => "nothing",
        }
    }
}

/// A site, with its digest.
pub fn site(connection: &Connection, name: &SiteName) -> Read<Option<Site>> {
    let mut sites = sites_unhashed(connection)?.into_iter();
    let Some(mut site) = sites.find(|site| site.name == *name) else {
        return Ok(None);
    };
    if let Some(box_id) = site.box_id {
        site.state_hash = state_hash(hashed_grants(connection, box_id)?);
    }
    Ok(Some(site))
}

/// All sites with their digests, by name: reads every right of every current box.
pub fn sites(connection: &Connection) -> Read<Vec<Site>> {
    let mut sites = sites_unhashed(connection)?;
    for site in &mut sites {
        if let Some(box_id) = site.box_id {
            site.state_hash = state_hash(hashed_grants(connection, box_id)?);
        }
    }
    Ok(sites)
}

/// All sites without their digests, by name: cheap, for pages that many look at.
pub fn sites_unhashed(connection: &Connection) -> Read<Vec<Site>> {
    let mut sites = Store(connection).all(
        "SELECT site.*, enrolment.box FROM site
         LEFT JOIN enrolment ON enrolment.site = site.name AND enrolment.state = 'current' ORDER BY site.name",
        [],
        |row| {
            Ok(Site {
                name: parsed(row, "name")?,
                title: row.get("title")?,
                time_zone: row.get("time_zone")?,
                online: row.get("online")?,
                last_seen: maybe_wall(row, "last_seen_ms")?,
                thin: None,
                box_id: maybe_id(row, "box")?.map(BoxId),
                journal_through: None,
                queue: [0; Lane::ALL.len()],
                state_hash: state_hash([]),
            })
        },
    )?;
    for site in &mut sites {
        if let Some(box_id) = site.box_id {
            let logs = SqlLogs::new(connection);
            site.queue = logs.waiting(box_id, Writer::Hub)?;
            site.journal_through = newest_tip(&logs, box_id)?;
            site.thin = Store(connection).thin_box(box_id)?.map(|row| ThinSite {
                since: row.since,
                heard: row.heard,
                sent: row.sent,
                day: row.day,
            });
        }
    }
    Ok(sites)
}

/// How many texts looked like a frame of sync and were of no box.
pub fn thin_refused(connection: &Connection) -> Read<u64> {
    let count = Store(connection).one("SELECT thin_refused FROM hub", [], |row| row.get::<_, i64>(0))?;
    Ok(count.unwrap_or_default().unsigned_abs())
}

fn newest_tip(logs: &SqlLogs<'_>, box_id: BoxId) -> Read<Option<(Epoch, u32)>> {
    let tips = logs.tips(box_id)?.into_iter();
    let own = tips.filter(|(log, _)| log.by == Writer::Site && log.lane == Lane::Money);
    Ok(own.map(|(log, state)| (log.epoch, state.mark)).next_back())
}

fn hashed_grants(connection: &Connection, box_id: BoxId) -> Read<Vec<HashedGrant>> {
    Store(connection).all(
        "SELECT * FROM grants WHERE box = ?1 AND volume_ml IS NOT NULL",
        [signed(box_id.0)],
        |row| {
            let ml = |column: &str| Ok::<_, rusqlite::Error>(row.get::<_, i64>(column)?.unsigned_abs());
            let purse = purse_from_number(row.get("purse")?).ok_or_else(|| wrong(row, "purse"))?;
            Ok(HashedGrant {
                grant: GrantId {
                    epoch: Epoch(id(row, "epoch")?),
                    number: id(row, "number")?,
                },
                customer: CustomerId(id(row, "granted_to")?),
                purse,
                volume: Volume::from_ml(ml("volume_ml")?),
                spent: Volume::from_ml(ml("spent_ml")?),
                state: match (row.get("closed")?, row.get("recalled")?) {
                    (true, _) => HashedState::Closed,
                    (false, true) => HashedState::Recalled,
                    (false, false) => HashedState::Open,
                },
            })
        },
    )
}
