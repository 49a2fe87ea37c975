//! Rights to draw, and what was spent on them.

use kiosk::{
    fact::Purse,
    grant::GrantState,
    ids::{BoxId, CustomerId, Epoch, GrantId},
    moment::Wall,
    units::Volume,
};
use rusqlite::{Row, params};

use super::{
    PurseKey, Store, Stored,
    customer::{maybe_volume, purse_from_number, purse_number},
    grant_columns, id, maybe_id, maybe_wall, signed, wrong,
};

/// A right to draw, as far as it is known: a spend may be known before its `Granted`.
#[derive(Clone, Debug)]
pub(in crate::hub) struct GrantRow {
    pub grant: GrantId,
    pub box_id: Option<BoxId>,
    pub granted_to: Option<CustomerId>,
    pub customer: Option<CustomerId>,
    pub purse: Option<Purse>,
    pub period: i64,
    pub volume: Option<Volume>,
    pub valid_until: Option<Wall>,
    pub granted: Wall,
    pub spent: Volume,
    pub recalled: bool,
    pub closed: bool,
    pub written_off: Option<Volume>,
}

impl GrantRow {
    /// A grant of which nothing is known yet.
    pub fn unknown(grant: GrantId) -> GrantRow {
        GrantRow {
            grant,
            box_id: None,
            granted_to: None,
            customer: None,
            purse: None,
            period: 0,
            volume: None,
            valid_until: None,
            granted: Wall(0),
            spent: Volume::ZERO,
            recalled: false,
            closed: false,
            written_off: None,
        }
    }

    /// As the rules see it.
    pub fn state(&self) -> GrantState {
        GrantState {
            volume: self.volume,
            recalled: self.recalled,
            closed: self.closed,
            written_off: self.written_off,
        }
    }

    /// What it takes from the customer's credit.
    pub fn cost(&self) -> Volume {
        self.state().cost(self.spent)
    }

    /// Whose purse it is, once that is known.
    pub fn key(&self) -> Option<PurseKey> {
        Some(PurseKey {
            customer: self.customer?,
            purse: self.purse?,
            period: self.period,
        })
    }
}

fn read_grant(row: &Row<'_>) -> rusqlite::Result<GrantRow> {
    let volume = |column| Ok::<_, rusqlite::Error>(maybe_volume(row, column)?.unwrap_or_default());
    let purse: Option<i64> = row.get("purse")?;
    let purse = purse.map(|number| purse_from_number(number).ok_or_else(|| wrong(row, "purse")));
    Ok(GrantRow {
        grant: GrantId {
            epoch: Epoch(id(row, "epoch")?),
            number: id(row, "number")?,
        },
        box_id: maybe_id(row, "box")?.map(BoxId),
        granted_to: maybe_id(row, "granted_to")?.map(CustomerId),
        customer: maybe_id(row, "customer")?.map(CustomerId),
        purse: purse.transpose()?,
        period: row.get::<_, Option<i64>>("period")?.unwrap_or_default(),
        volume: maybe_volume(row, "volume_ml")?,
        valid_until: maybe_wall(row, "valid_until_ms")?,
        granted: Wall(row.get("granted_ms")?),
        spent: volume("spent_ml")?,
        recalled: row.get("recalled")?,
        closed: row.get("closed")?,
        written_off: maybe_volume(row, "written_off_ml")?,
    })
}

impl Store<'_> {
    /// A grant, as far as it is known.
    pub fn grant(&self, grant: GrantId) -> Stored<Option<GrantRow>> {
        self.one(
            "SELECT * FROM grants WHERE epoch = ?1 AND number = ?2",
            grant_columns(grant),
            read_grant,
        )
    }

    /// Writes a grant, new or changed.
    pub fn put_grant(&self, row: &GrantRow) -> Stored<()> {
        let (epoch, number) = grant_columns(row.grant);
        self.execute(
            "INSERT INTO grants (epoch, number, box, customer, purse, period, volume_ml, valid_until_ms, granted_ms,
                                 spent_ml, recalled, closed, written_off_ml, granted_to)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
             ON CONFLICT (epoch, number) DO UPDATE SET
                 box = excluded.box, customer = excluded.customer, purse = excluded.purse, period = excluded.period,
                 volume_ml = excluded.volume_ml, valid_until_ms = excluded.valid_until_ms,
                 granted_ms = excluded.granted_ms, spent_ml = excluded.spent_ml, recalled = excluded.recalled,
                 closed = excluded.closed, written_off_ml = excluded.written_off_ml,
                 granted_to = excluded.granted_to",
            params![
                epoch,
                number,
                row.box_id.map(|id| signed(id.0)),
                row.customer.map(|id| signed(id.0)),
                row.purse.map(purse_number),
                row.period,
                row.volume.map(Volume::signed_ml),
                row.valid_until.map(|until| until.0),
                row.granted.0,
                row.spent.signed_ml(),
                row.recalled,
                row.closed,
                row.written_off.map(Volume::signed_ml),
                row.granted_to.map(|id| signed(id.0)),
            ],
        )
        .map(drop)
    }

    /// The grants of one purse, the oldest first.
    pub fn grants_of_purse(&self, key: PurseKey) -> Stored<Vec<GrantRow>> {
        self.all(
            "SELECT * FROM grants WHERE customer = ?1 AND purse = ?2 AND period = ?3
             ORDER BY granted_ms, epoch, number",
            key.columns(),
            read_grant,
        )
    }

    /// What was granted of a purse since a moment.
    pub fn granted_since_ml(&self, key: PurseKey, since: Wall) -> Stored<i64> {
        let (customer, purse, period) = key.columns();
        let sum = self.one(
            "SELECT coalesce(sum(volume_ml), 0) FROM grants
             WHERE customer = ?1 AND purse = ?2 AND period = ?3 AND granted_ms >= ?4",
            (customer, purse, period, since.0),
            |row| row.get(0),
        )?;
        Ok(sum.unwrap_or_default())
    }

    /// Grants of a box that are neither closed nor written off.
    pub fn open_grants_of_box(&self, box_id: BoxId) -> Stored<Vec<GrantRow>> {
        self.all(
            "SELECT * FROM grants WHERE box = ?1 AND closed = 0 AND written_off_ml IS NULL ORDER BY epoch, number",
            [signed(box_id.0)],
            read_grant,
        )
    }

    /// The next number of this run for a grant.
    pub fn next_grant_number(&self, run: Epoch) -> Stored<u64> {
        let number = self.one(
            "INSERT INTO run (epoch, grant_last) VALUES (?1, 1)
             ON CONFLICT (epoch) DO UPDATE SET grant_last = grant_last + 1 RETURNING grant_last",
            [signed(run.0)],
            |row| id(row, "grant_last"),
        )?;
        Ok(number.unwrap_or(1))
    }
}
