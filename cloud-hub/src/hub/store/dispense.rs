//! Draws at the hub itself.

use kiosk::{
    dispense::Reason,
    ids::{CustomerId, RequestId, SiteName},
    moment::Wall,
    units::Volume,
};
use rusqlite::{Row, params};

use super::{
    super::repeat::Content,
    PurseKey, Store, Stored,
    customer::{maybe_volume, purse_from_number},
    id, maybe_id, parsed, signed, wrong,
};

/// One ask for water at the hub and what became of it.
#[derive(Clone, Debug)]
pub(in crate::hub) struct DrawRow {
    pub site: SiteName,
    pub request: RequestId,
    pub body_hash: [u8; 32],
    pub but_pin: Vec<u8>,
    pub guesses: u32,
    pub made_request: bool,
    pub customer: Option<CustomerId>,
    pub denied: Option<Reason>,
    pub asked: Volume,
    pub spent: Option<Volume>,
    pub by_rule: bool,
    pub created: Wall,
}

/// What one purse pays of a draw: what is held, then what is spent.
#[derive(Clone, Copy, Debug)]
pub(in crate::hub) struct DrawPart {
    pub part: i64,
    pub key: PurseKey,
    pub cost: Volume,
}

fn read_draw(row: &Row<'_>) -> rusqlite::Result<DrawRow> {
    let denied: Option<String> = row.get("denied")?;
    Ok(DrawRow {
        site: parsed(row, "site")?,
        request: parsed(row, "request")?,
        body_hash: row.get("body_hash")?,
        but_pin: row.get("but_pin")?,
        guesses: row.get("guesses")?,
        made_request: row.get("made_request")?,
        customer: maybe_id(row, "customer")?.map(CustomerId),
        denied: denied
            .map(|name| Reason::from_name(&name).ok_or_else(|| wrong(row, "denied")))
            .transpose()?,
        asked: maybe_volume(row, "asked_ml")?.unwrap_or_default(),
        spent: maybe_volume(row, "spent_ml")?,
        by_rule: row.get("by_rule")?,
        created: Wall(row.get("created_ms")?),
    })
}

impl Store<'_> {
    /// The draw that a kiosk knows by this request.
    pub fn draw(&self, site: &SiteName, request: &RequestId) -> Stored<Option<DrawRow>> {
        self.one(
            "SELECT * FROM draw WHERE site = ?1 AND request = ?2",
            [site.as_str(), request.as_str()],
            read_draw,
        )
    }

    /// The newest draw of an equal ask without a request since a moment, unless it was guessed at so often.
    pub fn equal_draw(
        &self,
        site: &SiteName,
        body_hash: [u8; 32],
        guesses_max: u32,
        since: Wall,
    ) -> Stored<Option<DrawRow>> {
        self.one(
            "SELECT * FROM draw WHERE site = ?1 AND body_hash = ?2 AND made_request = 1 AND created_ms >= ?3
                 AND guesses < ?4
             ORDER BY created_ms DESC LIMIT 1",
            params![site.as_str(), body_hash, since.0, guesses_max],
            read_draw,
        )
    }

    /// Counts a guess at each ask without a request since a moment from which this one differs by the PIN alone.
    pub fn count_guesses(&self, site: &SiteName, content: &Content, since: Wall) -> Stored<()> {
        self.execute(
            "UPDATE draw SET guesses = guesses + 1
             WHERE site = ?1 AND but_pin = ?2 AND made_request = 1 AND created_ms >= ?3 AND body_hash <> ?4",
            params![site.as_str(), content.but_secret, since.0, content.whole],
        )
        .map(drop)
    }

    /// Writes a draw, new or reported.
    pub fn put_draw(&self, row: &DrawRow) -> Stored<()> {
        self.execute(
            "INSERT INTO draw (site, request, body_hash, made_request, customer, denied, asked_ml, spent_ml, by_rule,
                               created_ms, but_pin, guesses)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
             ON CONFLICT (site, request) DO UPDATE SET spent_ml = excluded.spent_ml, by_rule = excluded.by_rule,
                 guesses = excluded.guesses",
            params![
                row.site.as_str(),
                row.request.as_str(),
                row.body_hash,
                row.made_request,
                row.customer.map(|customer| signed(customer.0)),
                row.denied.map(Reason::name),
                row.asked.signed_ml(),
                row.spent.map(Volume::signed_ml),
                row.by_rule,
                row.created.0,
                row.but_pin,
                row.guesses
            ],
        )
        .map(drop)
    }

    /// Draws without a report that began before a moment.
    pub fn unreported_draws(&self, before: Wall, limit: u32) -> Stored<Vec<DrawRow>> {
        self.all(
            "SELECT * FROM draw WHERE spent_ml IS NULL AND denied IS NULL AND created_ms <= ?1
             ORDER BY created_ms LIMIT ?2",
            [before.0, i64::from(limit)],
            read_draw,
        )
    }

    /// Writes what one purse pays of a draw.
    pub fn put_draw_part(&self, draw: &DrawRow, part: &DrawPart) -> Stored<()> {
        let (customer, purse, period) = part.key.columns();
        self.execute(
            "INSERT INTO draw_part (site, request, part, customer, purse, period, cost_ml)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (site, request, part) DO UPDATE SET cost_ml = excluded.cost_ml",
            params![
                draw.site.as_str(),
                draw.request.as_str(),
                part.part,
                customer,
                purse,
                period,
                part.cost.signed_ml()
            ],
        )
        .map(drop)
    }

    /// What the purses pay of a draw, in the order in which they are spent.
    pub fn draw_parts(&self, draw: &DrawRow) -> Stored<Vec<DrawPart>> {
        self.all(
            "SELECT * FROM draw_part WHERE site = ?1 AND request = ?2 ORDER BY part",
            [draw.site.as_str(), draw.request.as_str()],
            |row| {
                Ok(DrawPart {
                    part: row.get("part")?,
                    key: PurseKey {
                        customer: CustomerId(id(row, "customer")?),
                        purse: purse_from_number(row.get("purse")?).ok_or_else(|| wrong(row, "purse"))?,
                        period: row.get("period")?,
                    },
                    cost: maybe_volume(row, "cost_ml")?.unwrap_or_default(),
                })
            },
        )
    }

    /// What all draws at the hub cost a purse.
    pub fn draws_cost_ml(&self, key: PurseKey) -> Stored<i64> {
        let sum = self.one(
            "SELECT coalesce(sum(cost_ml), 0) FROM draw_part WHERE customer = ?1 AND purse = ?2 AND period = ?3",
            key.columns(),
            |row| row.get(0),
        )?;
        Ok(sum.unwrap_or_default())
    }

    /// What the draws at the hub since a moment cost a purse.
    pub fn drawn_of_purse_since_ml(&self, key: PurseKey, since: Wall) -> Stored<i64> {
        let (customer, purse, period) = key.columns();
        let sum = self.one(
            "SELECT coalesce(sum(part.cost_ml), 0) FROM draw_part AS part
             JOIN draw ON draw.site = part.site AND draw.request = part.request
             WHERE part.customer = ?1 AND part.purse = ?2 AND part.period = ?3 AND draw.created_ms >= ?4",
            (customer, purse, period, since.0),
            |row| row.get(0),
        )?;
        Ok(sum.unwrap_or_default())
    }

    /// What a customer drew since a moment, here and at sites: for the daily limit.
    pub fn drawn_since_ml(&self, customer: CustomerId, since: Wall) -> Stored<i64> {
        let sum = self.one(
            "SELECT (SELECT coalesce(sum(volume_ml), 0) FROM history
                     WHERE customer = ?1 AND time_ms >= ?2 AND kind IN ('dispense', 'correction'))
                  + (SELECT coalesce(sum(asked_ml), 0) FROM draw
                     WHERE customer = ?1 AND created_ms >= ?2 AND spent_ml IS NULL AND denied IS NULL)",
            [signed(customer.0), since.0],
            |row| row.get(0),
        )?;
        Ok(sum.unwrap_or_default())
    }
}
