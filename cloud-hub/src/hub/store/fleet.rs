//! Sites, join codes, enrolments, documents and alarms.

use kiosk::{
    ids::{BoxId, CustomerId, SiteName},
    moment::Wall,
    units::Currency,
};
use rusqlite::{Row, params};

use super::maybe_id;
use super::{Store, Stored, id, maybe_wall, parsed, signed, wrong};

/// What the hub knows of its own past besides the journal.
#[derive(Clone, Copy, Debug)]
pub(in crate::hub) struct HubRow {
    pub doubt_since: Option<Wall>,
    /// Since when payouts are left to a person, because some may have been made that no book here knows.
    pub payouts_held: Option<Wall>,
    pub side_entries: usize,
    /// When it was last looked for what is over.
    pub looked: Wall,
}

/// A site.
#[derive(Clone, Debug)]
pub(in crate::hub) struct SiteRow {
    pub name: SiteName,
    pub title: String,
    pub time_zone: String,
    pub currency: Currency,
    pub language: String,
}

/// A code that a gateway can be joined with.
#[derive(Clone, Debug)]
pub(in crate::hub) struct JoinCodeRow {
    pub site: SiteName,
    pub hash: [u8; 32],
    pub replaces: bool,
    pub valid_until: Wall,
    pub wrong_tries: u32,
}

/// One enrolled box.
#[derive(Clone, Debug)]
pub(in crate::hub) struct EnrolmentRow {
    pub box_id: BoxId,
    pub site: SiteName,
    pub public_key: [u8; 32],
    pub medium: [u8; 8],
    pub current: bool,
}

fn read_enrolment(row: &Row<'_>) -> rusqlite::Result<EnrolmentRow> {
    let state: String = row.get("state")?;
    Ok(EnrolmentRow {
        box_id: BoxId(id(row, "box")?),
        site: parsed(row, "site")?,
        public_key: row.get("public_key")?,
        medium: row.get("medium")?,
        current: state == "current",
    })
}

fn read_site(row: &Row<'_>) -> rusqlite::Result<SiteRow> {
    let currency: String = row.get("currency")?;
    Ok(SiteRow {
        name: parsed(row, "name")?,
        title: row.get("title")?,
        time_zone: row.get("time_zone")?,
        currency: Currency::from_code(&currency).ok_or_else(|| wrong(row, "currency"))?,
        language: row.get("language")?,
    })
}

impl Store<'_> {
    /// The hub's own row.
    pub fn hub(&self) -> Stored<HubRow> {
        let row = self.one("SELECT * FROM hub", [], |row| {
            Ok(HubRow {
                doubt_since: maybe_wall(row, "doubt_since_ms")?,
                payouts_held: maybe_wall(row, "payouts_held_ms")?,
                side_entries: row.get::<_, u32>("side_entries")? as usize,
                looked: Wall(row.get("looked_ms")?),
            })
        })?;
        row.ok_or(store::StoreError::Row("the hub's own row"))
    }

    /// Whether it was looked for what is over within this time; if not, it counts as done now.
    pub fn looked_within(&self, now: Wall, within_ms: i64) -> Stored<bool> {
        let changed = self.execute(
            "UPDATE hub SET looked_ms = ?1 WHERE looked_ms <= ?1 - ?2 OR looked_ms > ?1",
            [now.0, within_ms],
        )?;
        Ok(changed == 0)
    }

    /// The past was found missing now.
    pub fn set_doubt_since(&self, since: Wall) -> Stored<()> {
        self.execute("UPDATE hub SET doubt_since_ms = ?1", [since.0]).map(drop)
    }

    /// From now on, or no more, payouts are left to a person.
    pub fn set_payouts_held(&self, since: Option<Wall>) -> Stored<()> {
        self.execute("UPDATE hub SET payouts_held_ms = ?1", [since.map(|since| since.0)])
            .map(drop)
    }

    /// So many entries of the side log are in the database.
    pub fn set_side_entries(&self, entries: usize) -> Stored<()> {
        let entries = u32::try_from(entries).unwrap_or(u32::MAX);
        self.execute("UPDATE hub SET side_entries = ?1", [entries]).map(drop)
    }

    /// A site by name.
    pub fn site(&self, name: &SiteName) -> Stored<Option<SiteRow>> {
        self.one("SELECT * FROM site WHERE name = ?1", [name.as_str()], read_site)
    }

    /// Every site, by title.
    pub fn sites(&self) -> Stored<Vec<SiteRow>> {
        self.all("SELECT * FROM site ORDER BY title, name", [], read_site)
    }

    /// Every site with its time zone, by name.
    pub fn site_zones(&self) -> Stored<Vec<(SiteName, String)>> {
        self.all("SELECT name, time_zone FROM site ORDER BY name", [], |row| {
            Ok((parsed(row, "name")?, row.get("time_zone")?))
        })
    }

    /// Writes a site, new or changed.
    pub fn put_site(&self, site: &SiteRow, now: Wall) -> Stored<()> {
        self.execute(
            "INSERT INTO site (name, title, time_zone, currency, language, created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (name) DO UPDATE SET
                 title = excluded.title, time_zone = excluded.time_zone, language = excluded.language",
            params![
                site.name.as_str(),
                site.title,
                site.time_zone,
                site.currency.code(),
                site.language,
                now.0
            ],
        )
        .map(drop)
    }

    /// A site has a socket, or none any more.
    pub fn set_online(&self, site: &SiteName, online: bool, now: Wall) -> Stored<()> {
        self.execute(
            "UPDATE site SET online = ?2, last_seen_ms = ?3 WHERE name = ?1",
            params![site.as_str(), online, now.0],
        )
        .map(drop)
    }

    /// No site has a socket: the program has just started.
    pub fn set_all_offline(&self) -> Stored<()> {
        self.execute("UPDATE site SET online = 0 WHERE online <> 0", [])
            .map(drop)
    }

    /// Sites that have a socket, as far as the database knows.
    pub fn online_sites(&self) -> Stored<Vec<SiteName>> {
        self.all("SELECT name FROM site WHERE online <> 0 ORDER BY name", [], |row| {
            parsed(row, "name")
        })
    }

    /// The join code of a site.
    pub fn join_code(&self, site: &SiteName) -> Stored<Option<JoinCodeRow>> {
        self.one("SELECT * FROM join_code WHERE site = ?1", [site.as_str()], |row| {
            Ok(JoinCodeRow {
                site: parsed(row, "site")?,
                hash: row.get("hash")?,
                replaces: row.get("replaces")?,
                valid_until: Wall(row.get("valid_until_ms")?),
                wrong_tries: row.get("wrong_tries")?,
            })
        })
    }

    /// Writes the join code of a site; an older one is void.
    pub fn put_join_code(&self, code: &JoinCodeRow) -> Stored<()> {
        self.execute(
            "INSERT INTO join_code (site, hash, replaces, valid_until_ms, wrong_tries) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (site) DO UPDATE SET hash = excluded.hash, replaces = excluded.replaces,
                 valid_until_ms = excluded.valid_until_ms, wrong_tries = excluded.wrong_tries",
            params![
                code.site.as_str(),
                code.hash,
                code.replaces,
                code.valid_until.0,
                code.wrong_tries
            ],
        )
        .map(drop)
    }

    /// Voids the join code of a site.
    pub fn remove_join_code(&self, site: &SiteName) -> Stored<()> {
        self.execute("DELETE FROM join_code WHERE site = ?1", [site.as_str()])
            .map(drop)
    }

    /// An enrolment, current or retired.
    pub fn enrolment(&self, box_id: BoxId) -> Stored<Option<EnrolmentRow>> {
        self.one(
            "SELECT * FROM enrolment WHERE box = ?1",
            [signed(box_id.0)],
            read_enrolment,
        )
    }

    /// The newest box of a site, current or not; `None` before one has joined.
    pub fn newest_box(&self, site: &SiteName) -> Stored<Option<BoxId>> {
        self.one(
            "SELECT box FROM enrolment WHERE site = ?1 ORDER BY state = 'current' DESC, joined_ms DESC, box LIMIT 1",
            [site.as_str()],
            |row| id(row, "box").map(BoxId),
        )
    }

    /// The current enrolment of a site.
    pub fn current_enrolment(&self, site: &SiteName) -> Stored<Option<EnrolmentRow>> {
        self.one(
            "SELECT * FROM enrolment WHERE site = ?1 AND state = 'current'",
            [site.as_str()],
            read_enrolment,
        )
    }

    /// All current enrolments.
    pub fn current_boxes(&self) -> Stored<Vec<BoxId>> {
        self.all(
            "SELECT box FROM enrolment WHERE state = 'current' ORDER BY box",
            [],
            |row| id(row, "box").map(BoxId),
        )
    }

    /// Writes a new, current enrolment.
    pub fn add_enrolment(&self, enrolment: &EnrolmentRow, now: Wall) -> Stored<()> {
        self.execute(
            "INSERT INTO enrolment (box, site, public_key, medium, state, joined_ms)
             VALUES (?1, ?2, ?3, ?4, 'current', ?5)",
            params![
                signed(enrolment.box_id.0),
                enrolment.site.as_str(),
                enrolment.public_key,
                enrolment.medium,
                now.0
            ],
        )
        .map(drop)
    }

    /// A box has been sent its customers up to this one; `None` is all of them.
    pub fn set_loaded(&self, box_id: BoxId, to: Option<CustomerId>) -> Stored<()> {
        self.execute(
            "UPDATE enrolment SET loaded_to = ?2 WHERE box = ?1",
            [Some(signed(box_id.0)), to.map(|to| signed(to.0))],
        )
        .map(drop)
    }

    /// How far purses are settled after a doubt; `None` when all are.
    pub fn settled_to(&self) -> Stored<Option<CustomerId>> {
        let to = self.one("SELECT settled_to FROM hub", [], |row| maybe_id(row, "settled_to"))?;
        Ok(to.flatten().map(CustomerId))
    }

    /// Remembers how far purses are settled after a doubt.
    pub fn set_settled(&self, to: Option<CustomerId>) -> Stored<()> {
        self.execute("UPDATE hub SET settled_to = ?1", [to.map(|to| signed(to.0))])
            .map(drop)
    }

    /// A current box that has not been sent all its customers, and how far that is.
    pub fn loading_box(&self) -> Stored<Option<(BoxId, CustomerId)>> {
        self.one(
            "SELECT box, loaded_to FROM enrolment WHERE state = 'current' AND loaded_to IS NOT NULL ORDER BY box LIMIT 1",
            [],
            |row| Ok((BoxId(id(row, "box")?), CustomerId(id(row, "loaded_to")?))),
        )
    }

    /// Retires an enrolment.
    pub fn retire(&self, box_id: BoxId, now: Wall) -> Stored<()> {
        self.execute(
            "UPDATE enrolment SET state = 'retired', retired_ms = ?2 WHERE box = ?1",
            [signed(box_id.0), now.0],
        )
        .map(drop)
    }

    /// A document as it was saved.
    pub fn document(&self, name: &str) -> Stored<Option<Vec<u8>>> {
        self.one("SELECT bytes FROM document WHERE name = ?1", [name], |row| row.get(0))
    }

    /// Saves a document.
    pub fn put_document(&self, name: &str, bytes: &[u8]) -> Stored<()> {
        self.execute(
            "INSERT INTO document (name, bytes) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET bytes = excluded.bytes",
            params![name, bytes],
        )
        .map(drop)
    }

    /// A box holds this document from now on; false when it did already.
    pub fn admit(&self, name: &str, box_id: BoxId) -> Stored<bool> {
        let added = self.execute(
            "INSERT INTO admission (name, box) VALUES (?1, ?2) ON CONFLICT (name, box) DO NOTHING",
            params![name, signed(box_id.0)],
        )?;
        Ok(added == 1)
    }

    /// A box holds this document no more; false when it did not.
    pub fn drop_admission(&self, name: &str, box_id: BoxId) -> Stored<bool> {
        let removed = self.execute(
            "DELETE FROM admission WHERE name = ?1 AND box = ?2",
            params![name, signed(box_id.0)],
        )?;
        Ok(removed == 1)
    }

    /// A box holds nothing any more.
    pub fn drop_admissions_of(&self, box_id: BoxId) -> Stored<()> {
        self.execute("DELETE FROM admission WHERE box = ?1", [signed(box_id.0)])
            .map(drop)
    }

    /// The boxes that hold this document.
    pub fn admitted_boxes(&self, name: &str) -> Stored<Vec<BoxId>> {
        self.all(
            "SELECT box FROM admission WHERE name = ?1 ORDER BY box",
            [name],
            |row| id(row, "box").map(BoxId),
        )
    }

    /// Keeps a change that waits for others, or that cannot be applied.
    pub fn park_change(&self, name: &str, box_id: BoxId, bytes: &[u8], refused: Option<&str>) -> Stored<()> {
        self.execute(
            "INSERT INTO parked_change (name, box, bytes, refused) VALUES (?1, ?2, ?3, ?4)",
            params![name, signed(box_id.0), bytes, refused],
        )
        .map(drop)
    }

    /// Changes of a document that wait: row, the box that sent it, bytes.
    pub fn waiting_changes(&self, name: &str) -> Stored<Vec<(i64, BoxId, Vec<u8>)>> {
        self.all(
            "SELECT id, box, bytes FROM parked_change WHERE name = ?1 AND refused IS NULL ORDER BY id",
            [name],
            |row| Ok((row.get("id")?, BoxId(id(row, "box")?), row.get("bytes")?)),
        )
    }

    /// A change waits no more.
    pub fn remove_parked(&self, row: i64) -> Stored<()> {
        self.execute("DELETE FROM parked_change WHERE id = ?1", [row]).map(drop)
    }

    /// Whether the very same alarm was written after a moment.
    pub fn has_alarm(&self, site: Option<&SiteName>, code: &str, detail: &str, after: Wall) -> Stored<bool> {
        let found = self.one(
            "SELECT 1 FROM alarm WHERE time_ms > ?1 AND code = ?2 AND detail = ?3 AND site IS ?4 LIMIT 1",
            params![after.0, code, detail, site.map(SiteName::as_str)],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// This alarm was looked at; false when it was before, or is none.
    pub fn see_alarm(&self, alarm: i64, now: Wall) -> Stored<bool> {
        let changed = self.execute(
            "UPDATE alarm SET seen_ms = ?2 WHERE id = ?1 AND seen_ms IS NULL",
            params![alarm, now.0],
        )?;
        Ok(changed == 1)
    }

    /// Writes an alarm down.
    pub fn add_alarm(
        &self,
        site: Option<&SiteName>,
        severity: &str,
        code: &str,
        detail: &str,
        time: Wall,
    ) -> Stored<()> {
        self.execute(
            "INSERT INTO alarm (site, severity, code, detail, time_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![site.map(SiteName::as_str), severity, code, detail, time.0],
        )
        .map(drop)
    }
}
