//! Sites, alarms, totals.

use kiosk::{
    digest::{GrantLine, state_hash},
    ids::{BoxId, CustomerId, Epoch, GrantId, Lane, SiteName, Writer},
    moment::Wall,
};
use rusqlite::{Row, params};
use store::journal::SqlLogs;

use super::{ROWS_MAX, Reader};
use crate::hub::store::{Stored, customer::purse_from_number, id, maybe_id, maybe_wall, parsed, signed, unsigned, wrong};

/// A site as pages and the API show it.
#[derive(Clone, Debug)]
pub struct SiteView {
    /// Its name.
    pub name: SiteName,
    /// What people call it.
    pub title: String,
    /// IANA time zone.
    pub time_zone: String,
    /// ISO 4217.
    pub currency: String,
    /// Whether it has a socket.
    pub online: bool,
    /// When it was last there.
    pub last_seen: Option<Wall>,
    /// Its box; none before it has joined.
    pub box_id: Option<BoxId>,
    /// When that joined.
    pub joined: Option<Wall>,
    /// Until when an unused join code is valid.
    pub code_until: Option<Wall>,
    /// The run and the last record of its money lane that the hub holds.
    pub journal_through: Option<(Epoch, u32)>,
    /// How many of the hub's records the box has not acknowledged, by lane.
    pub queue: [u64; Lane::ALL.len()],
    /// One hash over the grants of the box, equal there once both hold the same.
    pub state_hash: Option<String>,
    /// How many customers are at home there.
    pub customers: u64,
}

/// Something an operator should look at.
#[derive(Clone, Debug)]
pub struct AlarmView {
    /// Where; nowhere for the hub itself.
    pub site: Option<String>,
    /// `info`, `warning` or `critical`.
    pub severity: String,
    /// A stable word.
    pub code: String,
    /// A sentence.
    pub detail: String,
    /// When.
    pub time: Wall,
}

/// What happened since a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Millilitres poured.
    pub poured_ml: i64,
    /// Pours.
    pub pours: u64,
    /// Money that came in, in minor units.
    pub paid_minor: i64,
    /// Payments that succeeded.
    pub payments: u64,
    /// Customers registered.
    pub customers: u64,
}

/// A dispenser that has sold.
#[derive(Clone, Debug)]
pub struct DispenserView {
    /// Its id.
    pub id: String,
    /// Pours since the moment asked for.
    pub pours: u64,
    /// Millilitres since then.
    pub volume_ml: i64,
    /// When it last sold.
    pub last: Wall,
}

struct SiteRow {
    view: SiteView,
}

fn read_site(row: &Row<'_>) -> rusqlite::Result<SiteRow> {
    let view = SiteView {
        name: parsed(row, "name")?,
        title: row.get("title")?,
        time_zone: row.get("time_zone")?,
        currency: row.get("currency")?,
        online: row.get("online")?,
        last_seen: maybe_wall(row, "last_seen_ms")?,
        box_id: maybe_id(row, "box")?.map(BoxId),
        joined: maybe_wall(row, "joined_ms")?,
        code_until: maybe_wall(row, "valid_until_ms")?,
        journal_through: None,
        queue: [0; Lane::ALL.len()],
        state_hash: None,
        customers: row.get("customers")?,
    };
    Ok(SiteRow { view })
}

const SITE: &str = "SELECT site.*, enrolment.box, enrolment.joined_ms, join_code.valid_until_ms,
    (SELECT count(*) FROM customer WHERE customer.site = site.name AND merged_into IS NULL) AS customers
    FROM site LEFT JOIN enrolment ON enrolment.site = site.name AND enrolment.state = 'current'
    LEFT JOIN join_code ON join_code.site = site.name";

impl Reader {
    /// Sites in the order of their names, after `after`.
    pub fn sites(&self, after: Option<&SiteName>, limit: u32) -> Stored<Vec<SiteView>> {
        let rows = self.all(
            &format!("{SITE} WHERE site.name > ?1 ORDER BY site.name LIMIT ?2"),
            params![after.map_or("", SiteName::as_str), limit.min(ROWS_MAX + 1)],
            read_site,
        )?;
        rows.into_iter().map(|row| self.with_logs(row)).collect()
    }

    /// A site.
    pub fn site(&self, name: &SiteName) -> Stored<Option<SiteView>> {
        let row = self.one(&format!("{SITE} WHERE site.name = ?1"), [name.as_str()], read_site)?;
        row.map(|row| self.with_logs(row)).transpose()
    }

    fn with_logs(&self, row: SiteRow) -> Stored<SiteView> {
        let SiteRow { mut view } = row;
        if let Some(box_id) = view.box_id {
            view.journal_through = self.journal_through(box_id)?;
            view.queue = SqlLogs::new(&self.0).waiting(box_id, Writer::Hub)?;
            view.state_hash = Some(self.state_hash(box_id)?);
        }
        Ok(view)
    }

    /// The newest log of the site's money lane, by when it was begun here.
    fn journal_through(&self, box_id: BoxId) -> Stored<Option<(Epoch, u32)>> {
        self.one(
            "SELECT epoch, mark FROM journal_logs WHERE box = ?1 AND writer = ?2 AND lane = ?3
             ORDER BY number DESC LIMIT 1",
            params![signed(box_id.0), Writer::Site.number(), Lane::Money.number()],
            |row| Ok((Epoch(id(row, "epoch")?), row.get("mark")?)),
        )
    }

    /// The hash over a box's grants.
    fn state_hash(&self, box_id: BoxId) -> Stored<String> {
        let lines = self.all(
            "SELECT * FROM grants WHERE box = ?1 AND customer IS NOT NULL ORDER BY epoch, number",
            [signed(box_id.0)],
            |row| {
                let purse = purse_from_number(row.get("purse")?).ok_or_else(|| wrong(row, "purse"))?;
                let (recalled, closed): (bool, bool) = (row.get("recalled")?, row.get("closed")?);
                Ok(GrantLine {
                    grant: GrantId {
                        epoch: Epoch(id(row, "epoch")?),
                        number: id(row, "number")?,
                    },
                    customer: CustomerId(id(row, "customer")?),
                    purse,
                    volume_ml: unsigned(row.get("volume_ml")?),
                    spent_ml: unsigned(row.get("spent_ml")?),
                    state: u8::from(recalled) + if closed { 2 - u8::from(recalled) } else { 0 },
                })
            },
        )?;
        Ok(state_hash(lines))
    }

    /// Alarms, the newest first; of one site when `site` names one.
    pub fn alarms(&self, site: Option<&SiteName>, limit: u32) -> Stored<Vec<AlarmView>> {
        self.all(
            "SELECT * FROM alarm WHERE ?1 IS NULL OR site = ?1 ORDER BY id DESC LIMIT ?2",
            params![site.map(SiteName::as_str), limit.min(ROWS_MAX)],
            |row| {
                Ok(AlarmView {
                    site: row.get("site")?,
                    severity: row.get("severity")?,
                    code: row.get("code")?,
                    detail: row.get("detail")?,
                    time: Wall(row.get("time_ms")?),
                })
            },
        )
    }

    /// What happened since a moment.
    pub fn totals(&self, since: Wall) -> Stored<Totals> {
        let poured = self.one(
            "SELECT count(*), coalesce(sum(volume_ml), 0) FROM history WHERE kind = 'dispense' AND time_ms >= ?1",
            [since.0],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let paid = self.one(
            "SELECT count(*), coalesce(sum(amount_minor), 0) FROM purchase
             WHERE state = 'succeeded' AND pay = 'prompt' AND settled_ms >= ?1",
            [since.0],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let customers = self.one(
            "SELECT count(*) FROM customer WHERE created_ms >= ?1 AND merged_into IS NULL",
            [since.0],
            |row| row.get(0),
        )?;
        let ((pours, poured_ml), (payments, paid_minor)) = (poured.unwrap_or_default(), paid.unwrap_or_default());
        Ok(Totals {
            poured_ml,
            pours,
            paid_minor,
            payments,
            customers: customers.unwrap_or_default(),
        })
    }

    /// The dispensers of a site that have sold since a moment.
    pub fn dispensers(&self, site: &SiteName, since: Wall) -> Stored<Vec<DispenserView>> {
        self.all(
            "SELECT dispenser, count(*), sum(volume_ml), max(time_ms) FROM history
             WHERE site = ?1 AND dispenser IS NOT NULL AND time_ms >= ?2
             GROUP BY dispenser ORDER BY dispenser LIMIT ?3",
            params![site.as_str(), since.0, ROWS_MAX],
            |row| {
                Ok(DispenserView {
                    id: row.get(0)?,
                    pours: row.get(1)?,
                    volume_ml: row.get(2)?,
                    last: Wall(row.get(3)?),
                })
            },
        )
    }

    /// How many sites there are, and how many of them have a socket.
    pub fn sites_online(&self) -> Stored<(u64, u64)> {
        let counts = self.one("SELECT count(*), coalesce(sum(online), 0) FROM site", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        Ok(counts.unwrap_or_default())
    }

    /// How many customers there are.
    pub fn customer_count(&self) -> Stored<u64> {
        let count = self.one("SELECT count(*) FROM customer WHERE merged_into IS NULL", [], |row| row.get(0))?;
        Ok(count.unwrap_or_default())
    }
}
