//! What is done once a day, where, and how far it has come.

use kiosk::{daily::Job, day::Day, ids::SiteName};
use rusqlite::{Row, params};

use super::{Store, Stored, parsed, wrong};

/// One job at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hub) struct DailyRow {
    pub job: Job,
    /// `None` for the hub itself.
    pub site: Option<SiteName>,
    /// The last day on which it was begun.
    pub day: Day,
    /// The last row that was worked on; `None` when the day's work is done.
    pub after: Option<i64>,
}

fn place(site: Option<&SiteName>) -> &str {
    site.map_or("", SiteName::as_str)
}

fn read_daily(row: &Row<'_>) -> rusqlite::Result<DailyRow> {
    let (job, site): (String, String) = (row.get("job")?, row.get("site")?);
    Ok(DailyRow {
        job: Job::from_name(&job).ok_or_else(|| wrong(row, "job"))?,
        site: match site.is_empty() {
            true => None,
            false => Some(site.parse().map_err(|_| wrong(row, "site"))?),
        },
        day: parsed(row, "day")?,
        after: row.get("after")?,
    })
}

impl Store<'_> {
    /// The last day on which a job was begun at a place.
    pub fn daily_day(&self, job: Job, site: Option<&SiteName>) -> Stored<Option<Day>> {
        self.one(
            "SELECT day FROM daily WHERE job = ?1 AND site = ?2",
            [job.name(), place(site)],
            |row| parsed(row, "day"),
        )
    }

    /// What has begun and is not done.
    pub fn daily_open(&self) -> Stored<Vec<DailyRow>> {
        self.all(
            "SELECT * FROM daily WHERE after IS NOT NULL ORDER BY site",
            [],
            read_daily,
        )
    }

    /// Writes how far a job has come.
    pub fn put_daily(&self, row: &DailyRow) -> Stored<()> {
        self.execute(
            "INSERT INTO daily (job, site, day, after) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (job, site) DO UPDATE SET day = excluded.day, after = excluded.after",
            params![row.job.name(), place(row.site.as_ref()), row.day.to_string(), row.after],
        )
        .map(drop)
    }
}
