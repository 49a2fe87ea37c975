//! Managers, their floats, their cash sales, and what they handed in.

use kiosk::{
    fact::{FloatGranted, FloatSold, HandedIn},
    float::Doubtful,
    ids::{BoxId, CustomerId, Epoch, GrantId, Lane, LogKey, ManagerId, RecordId, SiteName, Writer},
    moment::Wall,
    units::Volume,
};
use rusqlite::{Row, params};

use super::{GrantRow, Store, Stored, grant_columns, id, maybe_id, parsed, signed, wrong};

/// Who takes cash at a site.
#[derive(Clone, Debug)]
pub(in crate::hub) struct ManagerRow {
    pub id: ManagerId,
    pub site: SiteName,
    pub login: String,
    pub limit_minor: i64,
}

/// A float, with what became of it.
#[derive(Clone, Debug)]
pub(in crate::hub) struct FloatRow {
    pub float: GrantId,
    pub box_id: Option<BoxId>,
    pub manager: ManagerId,
    pub amount_minor: i64,
    pub price_per_m3_minor: u32,
    pub spent_minor: i64,
    pub recalled: bool,
    pub closed: bool,
    pub written_off: bool,
}

impl FloatRow {
    /// What may still be taken of it at its site.
    pub fn left_minor(&self) -> i64 {
        (self.amount_minor - self.spent_minor).max(0)
    }
}

/// Where a cash sale stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hub) enum SalePlace {
    Booked,
    Suspense(Doubtful),
    /// An operator said that it never was.
    Refused(Doubtful),
}

/// A cash sale.
#[derive(Clone, Debug)]
pub(in crate::hub) struct CashSaleRow {
    pub id: i64,
    pub record: RecordId,
    pub sold: FloatSold,
    pub place: SalePlace,
}

const FLOATS: &str = "SELECT cash_float.*, grants.box, grants.recalled, grants.closed, grants.written_off_ml
     FROM cash_float JOIN grants USING (epoch, number)";

fn float_id(row: &Row<'_>) -> rusqlite::Result<GrantId> {
    Ok(GrantId {
        epoch: Epoch(id(row, "epoch")?),
        number: id(row, "number")?,
    })
}

fn read_manager(row: &Row<'_>) -> rusqlite::Result<ManagerRow> {
    Ok(ManagerRow {
        id: ManagerId(id(row, "id")?),
        site: parsed(row, "site")?,
        login: row.get("login")?,
        limit_minor: row.get("limit_minor")?,
    })
}

fn read_float(row: &Row<'_>) -> rusqlite::Result<FloatRow> {
    Ok(FloatRow {
        float: float_id(row)?,
        box_id: maybe_id(row, "box")?.map(BoxId),
        manager: ManagerId(id(row, "manager")?),
        amount_minor: row.get("amount_minor")?,
        price_per_m3_minor: row.get("price_per_m3_minor")?,
        spent_minor: row.get("spent_minor")?,
        recalled: row.get("recalled")?,
        closed: row.get("closed")?,
        written_off: row.get::<_, Option<i64>>("written_off_ml")?.is_some(),
    })
}

fn encode_parts(parts: &[(GrantId, i64)]) -> Vec<u8> {
    let words = parts
        .iter()
        .flat_map(|(float, minor)| [float.epoch.0, float.number, minor.cast_unsigned()]);
    words.flat_map(u64::to_be_bytes).collect()
}

fn decode_parts(bytes: &[u8]) -> Option<Vec<(GrantId, i64)>> {
    let (words, rest) = bytes.as_chunks::<8>();
    let (parts, words_left) = words.as_chunks::<3>();
    let part = |[epoch, number, minor]: &[[u8; 8]; 3]| {
        let float = GrantId {
            epoch: Epoch(u64::from_be_bytes(*epoch)),
            number: u64::from_be_bytes(*number),
        };
        (float, i64::from_be_bytes(*minor))
    };
    (rest.is_empty() && words_left.is_empty()).then(|| parts.iter().map(part).collect())
}

fn read_sale(row: &Row<'_>) -> rusqlite::Result<CashSaleRow> {
    let (parts, ml): (Vec<u8>, i64) = (row.get("parts")?, row.get("volume_ml")?);
    let state: String = row.get("state")?;
    let why: Option<String> = row.get("why")?;
    let why = || why.as_deref().and_then(Doubtful::from_name);
    Ok(CashSaleRow {
        id: row.get("id")?,
        record: RecordId {
            log: LogKey {
                box_id: BoxId(id(row, "box")?),
                by: Writer::Site,
                lane: Lane::Money,
                epoch: Epoch(id(row, "epoch")?),
            },
            seq: row.get("seq")?,
        },
        sold: FloatSold {
            parts: decode_parts(&parts).ok_or_else(|| wrong(row, "parts"))?,
            customer: CustomerId(id(row, "customer")?),
            volume: Volume::try_from_ml(ml).ok_or_else(|| wrong(row, "volume_ml"))?,
            time: Wall(row.get("time_ms")?),
            clock_trusted: row.get("clock_trusted")?,
        },
        place: match state.as_str() {
            "booked" => SalePlace::Booked,
            "refused" => SalePlace::Refused(why().ok_or_else(|| wrong(row, "why"))?),
            _ => SalePlace::Suspense(why().ok_or_else(|| wrong(row, "why"))?),
        },
    })
}

impl Store<'_> {
    /// A manager by the account they use at their site.
    pub fn manager_at(&self, site: &SiteName, login: &str) -> Stored<Option<ManagerRow>> {
        self.one(
            "SELECT * FROM manager WHERE site = ?1 AND login = ?2",
            [site.as_str(), login],
            read_manager,
        )
    }

    /// A manager, by any id that they ever had.
    pub fn manager(&self, manager: ManagerId) -> Stored<Option<ManagerRow>> {
        self.one(
            "SELECT * FROM manager WHERE id = coalesce((SELECT manager FROM manager_alias WHERE id = ?1), ?1)",
            [signed(manager.0)],
            read_manager,
        )
    }

    /// Keeps another id under which a manager was known before the hub was restored.
    pub fn put_manager_alias(&self, other: ManagerId, manager: ManagerId) -> Stored<()> {
        self.execute(
            "INSERT INTO manager_alias (id, manager) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            [signed(other.0), signed(manager.0)],
        )
        .map(drop)
    }

    /// All managers, or those of a site.
    pub fn managers(&self, site: Option<&SiteName>) -> Stored<Vec<ManagerRow>> {
        self.all(
            "SELECT * FROM manager WHERE ?1 IS NULL OR site = ?1 ORDER BY site, login",
            [site.map(SiteName::as_str)],
            read_manager,
        )
    }

    /// Writes a manager, new or changed.
    pub fn put_manager(&self, row: &ManagerRow, now: Wall) -> Stored<()> {
        self.execute(
            "INSERT INTO manager (id, site, login, limit_minor, created_ms) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (id) DO UPDATE SET limit_minor = excluded.limit_minor",
            params![signed(row.id.0), row.site.as_str(), row.login, row.limit_minor, now.0],
        )
        .map(drop)
    }

    /// Keeps a float; its row of `grants` was written before.
    pub fn add_float(&self, granted: &FloatGranted, when: Wall) -> Stored<()> {
        let (epoch, number) = grant_columns(granted.float);
        self.execute(
            "INSERT INTO cash_float (epoch, number, manager, amount_minor, price_per_m3_minor, spent_minor, granted_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)",
            params![
                epoch,
                number,
                signed(granted.manager.0),
                granted.amount_minor,
                granted.price_per_m3_minor,
                when.0
            ],
        )
        .map(drop)
    }

    /// A float.
    pub fn float(&self, float: GrantId) -> Stored<Option<FloatRow>> {
        self.one(
            &format!("{FLOATS} WHERE epoch = ?1 AND number = ?2"),
            grant_columns(float),
            read_float,
        )
    }

    /// A manager's floats that their site may still sell from, the oldest first.
    pub fn open_floats(&self, manager: ManagerId) -> Stored<Vec<FloatRow>> {
        self.all(
            &format!(
                "{FLOATS} WHERE manager = ?1 AND closed = 0 AND written_off_ml IS NULL ORDER BY cash_float.granted_ms, epoch, number"
            ),
            [signed(manager.0)],
            read_float,
        )
    }

    /// More was sold from a float.
    pub fn spend_float(&self, float: GrantId, minor: i64) -> Stored<()> {
        let (epoch, number) = grant_columns(float);
        self.execute(
            "UPDATE cash_float SET spent_minor = spent_minor + ?3 WHERE epoch = ?1 AND number = ?2",
            params![epoch, number, minor],
        )
        .map(drop)
    }

    /// Keeps a cash sale, once per record. `None` when it is known.
    pub fn add_cash_sale(&self, record: RecordId, sold: &FloatSold, why: Doubtful) -> Stored<Option<i64>> {
        self.one(
            "INSERT INTO cash_sale (box, epoch, seq, customer, volume_ml, amount_minor, parts, time_ms, clock_trusted, state, why)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'suspense', ?10) ON CONFLICT DO NOTHING RETURNING id",
            params![
                signed(record.log.box_id.0),
                signed(record.log.epoch.0),
                record.seq,
                signed(sold.customer.0),
                sold.volume.signed_ml(),
                sold.amount_minor(),
                encode_parts(&sold.parts),
                sold.time.0,
                sold.clock_trusted,
                why.name(),
            ],
            |row| row.get(0),
        )
    }

    /// A cash sale by its number here.
    pub fn cash_sale(&self, sale: i64) -> Stored<Option<CashSaleRow>> {
        self.one("SELECT * FROM cash_sale WHERE id = ?1", [sale], read_sale)
    }

    /// Sales that wait for something that is not known yet, in the order in which they came.
    pub fn cash_sales_waiting(&self, why: Doubtful) -> Stored<Vec<CashSaleRow>> {
        self.all(
            "SELECT * FROM cash_sale WHERE state = 'suspense' AND why = ?1 ORDER BY id",
            [why.name()],
            read_sale,
        )
    }

    /// Whether a sale of this site, of any of its boxes, waits for an operator.
    pub fn has_cash_sale_waiting(&self, site: &SiteName) -> Stored<bool> {
        let found = self.one(
            "SELECT 1 FROM cash_sale JOIN enrolment ON enrolment.box = cash_sale.box
             WHERE cash_sale.state = 'suspense' AND enrolment.site = ?1 LIMIT 1",
            [site.as_str()],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// Marks the sale of whose record a right bears the name, once: the name is another right's. False when there is none.
    pub fn take_name_from_sale(&self, row: &GrantRow) -> Stored<bool> {
        let (epoch, number) = grant_columns(row.grant);
        let taken = self.execute(
            "UPDATE cash_sale SET why = ?4 WHERE box = ?1 AND epoch = ?2 AND seq = ?3 AND why IS NOT ?4",
            params![
                row.box_id.map(|box_id| signed(box_id.0)),
                epoch,
                number,
                Doubtful::GrantTaken.name()
            ],
        )?;
        Ok(taken > 0)
    }

    /// Where a cash sale stands now, and in whose books.
    pub fn place_cash_sale(&self, sale: i64, place: SalePlace, manager: Option<ManagerId>) -> Stored<()> {
        let (state, why) = match place {
            SalePlace::Booked => ("booked", None),
            SalePlace::Suspense(why) => ("suspense", Some(why.name())),
            SalePlace::Refused(why) => ("refused", Some(why.name())),
        };
        self.execute(
            "UPDATE cash_sale SET state = ?2, why = ?3, manager = ?4 WHERE id = ?1",
            params![sale, state, why, manager.map(|manager| signed(manager.0))],
        )
        .map(drop)
    }

    /// What a manager took at a box and has not handed in, by the books.
    pub fn owed_at_box(&self, manager: ManagerId, box_id: BoxId) -> Stored<i64> {
        let minor = self.one(
            "SELECT (SELECT coalesce(sum(amount_minor), 0) FROM cash_sale
                     WHERE manager = ?1 AND box = ?2 AND state = 'booked')
                  - (SELECT coalesce(sum(here_minor), 0) FROM hand_in WHERE manager = ?1 AND box = ?2)",
            [signed(manager.0), signed(box_id.0)],
            |row| row.get(0),
        )?;
        Ok(minor.unwrap_or_default())
    }

    /// Keeps the place of a record of cash handed in by somebody who is not known yet.
    pub fn add_waiting_hand_in(&self, record: RecordId, manager: ManagerId) -> Stored<()> {
        self.execute(
            "INSERT INTO hand_in_waiting (box, epoch, seq, manager) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            params![
                signed(record.log.box_id.0),
                signed(record.log.epoch.0),
                record.seq,
                signed(manager.0),
            ],
        )
        .map(drop)
    }

    /// Takes out the records that wait for this manager, in the order of their logs.
    pub fn take_waiting_hand_ins(&self, manager: ManagerId) -> Stored<Vec<RecordId>> {
        let records = self.all(
            "SELECT * FROM hand_in_waiting WHERE manager = ?1 ORDER BY box, epoch, seq",
            [signed(manager.0)],
            |row| {
                Ok(RecordId {
                    log: LogKey {
                        box_id: BoxId(id(row, "box")?),
                        by: Writer::Hub,
                        lane: Lane::Money,
                        epoch: Epoch(id(row, "epoch")?),
                    },
                    seq: row.get("seq")?,
                })
            },
        )?;
        self.execute("DELETE FROM hand_in_waiting WHERE manager = ?1", [signed(manager.0)])?;
        Ok(records)
    }

    /// Keeps what was handed in. False when this record is known.
    pub fn add_hand_in(&self, record: RecordId, handed_in: &HandedIn) -> Stored<bool> {
        let added = self.execute(
            "INSERT INTO hand_in (box, epoch, seq, manager, owed_minor, here_minor, counted_minor, time_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
            params![
                signed(record.log.box_id.0),
                signed(record.log.epoch.0),
                record.seq,
                signed(handed_in.manager.0),
                handed_in.owed_minor,
                handed_in.here_minor,
                handed_in.counted_minor,
                handed_in.time.0,
            ],
        )?;
        Ok(added > 0)
    }
}
