//! What days came to.

use kiosk::{day::Day, ids::SiteName, moment::Wall};
use rusqlite::params;

use super::{Store, Stored, parsed};

/// What a day came to at one site.
#[derive(Clone, Debug)]
pub(in crate::hub) struct ReportRow {
    /// `None` for what belongs to no site.
    pub site: Option<SiteName>,
    pub day: Day,
    pub made: Wall,
    /// The site was heard after the day: nothing of it is missing.
    pub heard: bool,
    pub counted: Counted,
}

/// What is counted.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::hub) struct Counted {
    pub pours: i64,
    pub drawn_ml: i64,
    pub lost_ml: i64,
    pub cash_minor: i64,
    pub denied: i64,
    pub unpaid: i64,
    pub alarms: i64,
}

/// What one provider brought: payments, and minor units.
pub(in crate::hub) type ProviderMoney = (String, i64, i64);

/// Purchases begun in a stretch of time that came to nothing.
const UNPAID: &str = "SELECT count(*) FROM purchase
    WHERE counts_at = ?3 AND created_ms >= ?1 AND created_ms < ?2 AND state IN ('failed', 'cancelled', 'expired')";

/// Payments by prompt that were settled, and money that came without one: into a wallet at its customer's home, else at no
/// site. Money that was in suspense counts on the day it came, and not once more with the purchase that it pays later.
const MONEY_IN: &str = "SELECT provider, count(*), sum(amount_minor) FROM (
        SELECT provider, amount_minor FROM purchase
            WHERE counts_at = ?3 AND settled_ms >= ?1 AND settled_ms < ?2 AND pay = 'prompt' AND state = 'succeeded'
                AND NOT EXISTS (SELECT 1 FROM money_seen
                    WHERE money_seen.purchase = purchase.id AND money_seen.counts_at IS NOT NULL)
        UNION ALL
        SELECT provider, amount_minor FROM money_seen WHERE counts_at = ?3 AND paid_ms >= ?1 AND paid_ms < ?2)
    GROUP BY provider ORDER BY provider";

/// Cash that managers took. It counts on the day on which the site says that it was taken, as the water does; handing it in
/// only moves it.
const CASH: &str = "SELECT coalesce(sum(amount_minor), 0) FROM history
    WHERE time_ms >= ?1 AND time_ms < ?2 AND site = ?3 AND kind = 'cash'";

/// Asks for water that the hub denied.
const DENIED: &str =
    "SELECT count(*) FROM draw WHERE created_ms >= ?1 AND created_ms < ?2 AND site = ?3 AND denied IS NOT NULL";

fn place(site: Option<&SiteName>) -> &str {
    site.map_or("", SiteName::as_str)
}

impl Store<'_> {
    /// What a stretch of time came to.
    pub fn counted(
        &self,
        site: Option<&SiteName>,
        (begin, end): (Wall, Wall),
    ) -> Stored<(Counted, Vec<ProviderMoney>)> {
        let site = place(site);
        let water = self.one(
            "SELECT coalesce(sum(kind = 'dispense'), 0),
                 coalesce(sum(CASE WHEN kind IN ('dispense', 'correction') THEN volume_ml END), 0),
                 coalesce(sum(CASE WHEN kind = 'loss' THEN volume_ml END), 0)
             FROM history WHERE time_ms >= ?1 AND time_ms < ?2 AND site IS nullif(?3, '')
                 AND kind IN ('dispense', 'correction', 'loss')",
            params![begin.0, end.0, site],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        let (pours, drawn_ml, lost_ml) = water.unwrap_or_default();
        let span = params![begin.0, end.0, site];
        let count =
            |sql: &str| Ok::<i64, store::StoreError>(self.one(sql, span, |row| row.get(0))?.unwrap_or_default());
        let counted = Counted {
            pours,
            drawn_ml,
            lost_ml,
            cash_minor: count(CASH)?,
            denied: count(DENIED)?,
            unpaid: count(UNPAID)?,
            alarms: count(
                "SELECT count(*) FROM alarm WHERE time_ms >= ?1 AND time_ms < ?2 AND coalesce(site, '') = ?3
                     AND severity <> 'info'",
            )?,
        };
        let money = self.all(MONEY_IN, span, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok((counted, money))
    }

    /// Whether all that a site did before a moment can be known here: it was heard since, or it has no box.
    pub fn is_heard_since(&self, site: &SiteName, since: Wall) -> Stored<bool> {
        let heard = self.one(
            "SELECT online <> 0 OR coalesce(last_seen_ms, 0) >= ?2
                 OR NOT EXISTS (SELECT 1 FROM enrolment WHERE enrolment.site = site.name AND state = 'current')
             FROM site WHERE name = ?1",
            params![site.as_str(), since.0],
            |row| row.get(0),
        )?;
        Ok(heard.unwrap_or(true))
    }

    /// When a site was added.
    pub fn site_created(&self, site: &SiteName) -> Stored<Option<Wall>> {
        self.one("SELECT created_ms FROM site WHERE name = ?1", [site.as_str()], |row| {
            Ok(Wall(row.get(0)?))
        })
    }

    /// The first day whose report was not made after `since`, and either is since `recent` or, since `first`, lacks what
    /// the site had not told.
    pub fn report_to_mend(
        &self,
        site: Option<&SiteName>,
        (first, recent): (Day, Day),
        since: Wall,
    ) -> Stored<Option<Day>> {
        self.one(
            "SELECT day FROM report WHERE site = ?1 AND day >= ?2 AND (day >= ?3 OR NOT heard) AND made_ms < ?4
             ORDER BY day LIMIT 1",
            params![place(site), first.to_string(), recent.to_string(), since.0],
            |row| parsed(row, "day"),
        )
    }

    /// The last day that has a report.
    pub fn last_report(&self, site: Option<&SiteName>) -> Stored<Option<Day>> {
        self.one(
            "SELECT day FROM report WHERE site = ?1 ORDER BY day DESC LIMIT 1",
            [place(site)],
            |row| parsed(row, "day"),
        )
    }

    /// Writes a report, new or made again.
    pub fn put_report(&self, row: &ReportRow, money: &[ProviderMoney]) -> Stored<()> {
        let (site, day) = (place(row.site.as_ref()), row.day.to_string());
        let Counted {
            pours,
            drawn_ml,
            lost_ml,
            cash_minor,
            denied,
            unpaid,
            alarms,
        } = row.counted;
        self.execute(
            "INSERT OR REPLACE INTO report (day, site, made_ms, heard, pours, drawn_ml, lost_ml, cash_minor, denied,
                 unpaid, alarms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            params![
                day, site, row.made.0, row.heard, pours, drawn_ml, lost_ml, cash_minor, denied, unpaid, alarms
            ],
        )?;
        self.execute(
            "DELETE FROM report_money WHERE site = ?1 AND day = ?2",
            params![site, day],
        )?;
        for (provider, payments, minor) in money {
            self.execute(
                "INSERT INTO report_money (day, site, provider, payments, minor) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![day, site, provider, payments, minor],
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::hub::store::MIGRATIONS;

    #[test]
    fn a_report_reads_what_is_of_its_own_site_and_day() {
        let connection = Connection::open_in_memory().unwrap();
        MIGRATIONS
            .iter()
            .for_each(|step| connection.execute_batch(step).unwrap());
        for (sql, indexes) in [
            (
                UNPAID,
                &["purchase_unpaid_at (counts_at=? AND created_ms>? AND created_ms<?)"][..],
            ),
            (
                MONEY_IN,
                &[
                    "purchase_settled_at (counts_at=? AND settled_ms>? AND settled_ms<?)",
                    "money_seen_of_purchase (purchase=?)",
                    "money_seen_counts_at (counts_at=? AND paid_ms>? AND paid_ms<?)",
                ],
            ),
            (CASH, &["history_by_site_time (site=? AND time_ms>? AND time_ms<?)"]),
            (DENIED, &["draw_denied (site=? AND created_ms>? AND created_ms<?)"]),
        ] {
            let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let steps = explained.query_map(params![0, 1, "kibera-3"], |row| row.get::<_, String>(3));
            let plan: Vec<String> = steps.unwrap().map(Result::unwrap).collect();
            for index in indexes {
                assert!(plan.iter().any(|step| step.contains(index)), "{index}: {plan:?}");
            }
        }
    }
}
