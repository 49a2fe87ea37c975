//! Subscriptions.

use kiosk::{
    day::Day,
    ids::{CustomerId, SiteName},
    moment::Wall,
};
use rusqlite::{Row, params};

use super::{PurseKey, Store, Stored, id, maybe_parsed, parsed, signed};

/// A subscription of one customer to one site.
#[derive(Clone, Debug)]
pub(in crate::hub) struct SubscriptionRow {
    pub id: i64,
    pub customer: CustomerId,
    pub site: SiteName,
    pub plan: String,
    pub code: String,
    pub starts: Wall,
    pub valid_until: Wall,
    pub expired: bool,
    pub reminded: Option<Day>,
}

fn read_subscription(row: &Row<'_>) -> rusqlite::Result<SubscriptionRow> {
    let state: String = row.get("state")?;
    Ok(SubscriptionRow {
        id: row.get("id")?,
        customer: CustomerId(id(row, "customer")?),
        site: parsed(row, "site")?,
        plan: row.get("plan")?,
        code: row.get("code")?,
        starts: Wall(row.get("starts_ms")?),
        valid_until: Wall(row.get("valid_until_ms")?),
        expired: state == "expired",
        reminded: maybe_parsed(row, "reminded")?,
    })
}

impl Store<'_> {
    /// Adds a subscription; the id in `row` is ignored and the new one returned.
    pub fn add_subscription(&self, row: &SubscriptionRow) -> Stored<i64> {
        let id = self.one(
            "INSERT INTO subscription (customer, site, plan, code, starts_ms, valid_until_ms, state, reminded)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'valid', NULL) RETURNING id",
            params![
                signed(row.customer.0),
                row.site.as_str(),
                row.plan,
                row.code,
                row.starts.0,
                row.valid_until.0
            ],
            |row| row.get(0),
        )?;
        id.ok_or(store::StoreError::Row("a new subscription"))
    }

    /// A subscription by id.
    pub fn subscription(&self, id: i64) -> Stored<Option<SubscriptionRow>> {
        self.one("SELECT * FROM subscription WHERE id = ?1", [id], read_subscription)
    }

    /// The subscription of a customer that ends last of those that run, else of those that are over: one that was renewed
    /// and refunded is over before the one that it renewed.
    pub fn newest_subscription(&self, customer: CustomerId) -> Stored<Option<SubscriptionRow>> {
        self.one(
            "SELECT * FROM subscription WHERE customer = ?1
             ORDER BY state = 'valid' DESC, valid_until_ms DESC, id DESC LIMIT 1",
            [signed(customer.0)],
            read_subscription,
        )
    }

    /// All subscriptions of a customer that are not over.
    pub fn valid_subscriptions(&self, customer: CustomerId) -> Stored<Vec<SubscriptionRow>> {
        self.all(
            "SELECT * FROM subscription WHERE customer = ?1 AND state = 'valid' ORDER BY id",
            [signed(customer.0)],
            read_subscription,
        )
    }

    /// The subscription whose allowance ends at this moment: how a grant that was given back finds its period.
    pub fn subscription_ending(&self, customer: CustomerId, end: Wall) -> Stored<Option<SubscriptionRow>> {
        self.one(
            "SELECT * FROM subscription WHERE customer = ?1 AND valid_until_ms = ?2 ORDER BY id LIMIT 1",
            [signed(customer.0), end.0],
            read_subscription,
        )
    }

    /// Whether a code is in use by somebody else at this site.
    pub fn code_taken(&self, site: &SiteName, code: &str, customer: CustomerId) -> Stored<bool> {
        let found = self.one(
            "SELECT 1 FROM subscription WHERE code = ?1 AND site = ?2 AND state = 'valid' AND customer <> ?3",
            params![code, site.as_str(), signed(customer.0)],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// Who has this monthly code now, at whatever site.
    pub fn customers_by_code(&self, code: &str) -> Stored<Vec<CustomerId>> {
        self.all(
            "SELECT DISTINCT customer FROM subscription WHERE code = ?1 AND state = 'valid'",
            [code],
            |row| id(row, "customer").map(CustomerId),
        )
    }

    /// Valid subscriptions that end before a moment, the soonest first.
    pub fn subscriptions_ending_before(&self, end: Wall, limit: u32) -> Stored<Vec<SubscriptionRow>> {
        self.all(
            "SELECT * FROM subscription WHERE state = 'valid' AND valid_until_ms <= ?1
             ORDER BY valid_until_ms, id LIMIT ?2",
            params![end.0, limit],
            read_subscription,
        )
    }

    /// Subscriptions of a site that are over and whose customers have not been told, the soonest first.
    pub fn ended_untold(&self, site: &SiteName, now: Wall, limit: u32) -> Stored<Vec<SubscriptionRow>> {
        self.all(
            "SELECT * FROM subscription WHERE site = ?1 AND end_told = 0 AND valid_until_ms <= ?2
             ORDER BY valid_until_ms, id LIMIT ?3",
            params![site.as_str(), now.0, limit],
            read_subscription,
        )
    }

    /// Whether a customer has another subscription that runs, or of whose end they will be told.
    pub fn has_other_subscription(&self, row: &SubscriptionRow) -> Stored<bool> {
        let found = self.one(
            "SELECT 1 FROM subscription WHERE customer = ?1 AND id <> ?2 AND (state = 'valid' OR end_told = 0) LIMIT 1",
            params![signed(row.customer.0), row.id],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// Its customer ended it: it was valid until now, and nobody is told of the end of what they ended themselves.
    pub fn end_subscription(&self, id: i64, now: Wall) -> Stored<()> {
        self.execute(
            "UPDATE subscription SET end_told = 1, valid_until_ms = min(valid_until_ms, ?2) WHERE id = ?1",
            params![id, now.0],
        )
        .map(drop)
    }

    /// Its customer has been told that it is over, or needs no such text.
    pub fn set_end_told(&self, id: i64) -> Stored<()> {
        self.execute("UPDATE subscription SET end_told = 1 WHERE id = ?1", [id])
            .map(drop)
    }

    /// Valid subscriptions of a site that end in this stretch of time, behind a row.
    pub fn subscriptions_to_remind(
        &self,
        site: &SiteName,
        (from, to): (Wall, Wall),
        after: i64,
        limit: u32,
    ) -> Stored<Vec<SubscriptionRow>> {
        self.all(
            "SELECT * FROM subscription WHERE site = ?1 AND end_told = 0 AND state = 'valid'
                 AND valid_until_ms > ?2 AND valid_until_ms <= ?3 AND id > ?4
             ORDER BY id LIMIT ?5",
            params![site.as_str(), from.0, to.0, after, limit],
            read_subscription,
        )
    }

    /// One allowance goes on as another that ends at the same moment.
    pub fn join_periods(&self, key: PurseKey, period: i64) -> Stored<()> {
        let (customer, purse, own) = key.columns();
        for table in ["credit", "grants", "draw_part"] {
            self.execute(
                &format!("UPDATE {table} SET period = ?4 WHERE customer = ?1 AND purse = ?2 AND period = ?3"),
                [customer, purse, own, period],
            )?;
        }
        self.execute("DELETE FROM subscription WHERE id = ?1", [own]).map(drop)
    }

    /// Its last day is over.
    pub fn expire_subscription(&self, id: i64) -> Stored<()> {
        self.execute("UPDATE subscription SET state = 'expired' WHERE id = ?1", [id])
            .map(drop)
    }

    /// A reminder went out on this day.
    pub fn set_reminded(&self, id: i64, day: Day) -> Stored<()> {
        self.execute(
            "UPDATE subscription SET reminded = ?2 WHERE id = ?1",
            params![id, day.to_string()],
        )
        .map(drop)
    }
}
