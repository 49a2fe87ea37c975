//! Customers who draw ahead of paying, their bills, and readings of their meters.

use kiosk::{
    bill::{
        Bill, Block, BlockTariff,
        reading::{Kept, Reading},
    },
    day::{Day, Month, Zone},
    ids::{CustomerId, SiteName},
    moment::Wall,
    units::{Currency, Money, Volume},
};
use rusqlite::{Row, params};

use super::{
    Store, Stored,
    customer::{maybe_volume, read_customer},
    id, maybe_parsed, parsed, signed, wrong,
};
use crate::hub::{bill::BillingState, store::CustomerRow};

/// How a customer is billed.
#[derive(Clone, Debug)]
pub(in crate::hub) struct BillingRow {
    pub customer: CustomerId,
    pub state: BillingState,
    pub tariff: String,
    pub metered: bool,
    pub cap: Volume,
    pub began: Month,
    pub billed: Option<Month>,
    pub metered_to: Volume,
    pub credit_minor: i64,
    pub looked: Option<Day>,
}

/// A bill and what became of it. The id in a new one is ignored.
#[derive(Clone, Debug)]
pub(in crate::hub) struct BillRow {
    pub id: i64,
    pub bill: Bill,
    pub tariff: BlockTariff,
    pub zone_name: String,
    pub zone: Zone,
    pub metered: bool,
    pub counted: Volume,
    pub told: Option<Day>,
    pub looked: Option<Day>,
}

impl BillRow {
    /// The bill as it would be for the usage that is known now: what its water is weighed by. What a correction took off
    /// an open bill counts as paid of it, and would neither have been charged nor paid.
    pub fn as_counted(&self) -> Bill {
        let less = |money: Money, minor: i64| Money::new(money.minor.saturating_sub(minor).max(0), money.currency);
        let bill = &self.bill;
        let charged = bill.amount.minor.saturating_add(bill.credit.minor);
        let taken_off = charged.saturating_sub(self.tariff.price(self.counted).minor).max(0);
        Bill {
            usage: self.counted,
            amount: less(bill.amount, taken_off),
            paid: less(bill.paid, taken_off),
            ..bill.clone()
        }
    }
}

fn read_billing(row: &Row<'_>) -> rusqlite::Result<BillingRow> {
    let state: String = row.get("state")?;
    Ok(BillingRow {
        customer: CustomerId(id(row, "customer")?),
        state: BillingState::from_name(&state).ok_or_else(|| wrong(row, "state"))?,
        tariff: row.get("tariff")?,
        metered: row.get("metered")?,
        cap: volume(row, "cap_ml")?,
        began: parsed(row, "began")?,
        billed: maybe_parsed(row, "billed")?,
        metered_to: volume(row, "metered_to_ml")?,
        credit_minor: row.get("credit_minor")?,
        looked: maybe_parsed(row, "looked")?,
    })
}

fn volume(row: &Row<'_>, column: &str) -> rusqlite::Result<Volume> {
    maybe_volume(row, column)?.ok_or_else(|| wrong(row, column))
}

/// `6000000:100000,-:200000`: the blocks of a tariff, each with its millilitres and its price.
fn written(tariff: &BlockTariff) -> String {
    let block = |block: &Block| {
        let size = block.size.map_or_else(|| "-".to_owned(), |size| size.ml().to_string());
        format!("{size}:{}", block.price_per_m3_minor)
    };
    let blocks: Vec<String> = tariff.blocks().iter().map(block).collect();
    blocks.join(",")
}

fn read_tariff(text: &str, currency: Currency) -> Option<BlockTariff> {
    let block = |text: &str| {
        let (size, price) = text.split_once(':')?;
        let size = match size {
            "-" => None,
            ml => Some(Volume::from_ml(ml.parse().ok()?)),
        };
        Some(Block {
            size,
            price_per_m3_minor: price.parse().ok()?,
        })
    };
    let blocks = text.split(',').map(block).collect::<Option<Vec<_>>>()?;
    BlockTariff::new(blocks, currency).ok()
}

pub(in crate::hub::store) fn read_bill(row: &Row<'_>) -> rusqlite::Result<BillRow> {
    let (currency, tariff): (String, String) = (row.get("currency")?, row.get("tariff")?);
    let currency = Currency::from_code(&currency).ok_or_else(|| wrong(row, "currency"))?;
    let tariff = read_tariff(&tariff, currency).ok_or_else(|| wrong(row, "tariff"))?;
    let money = |column| Ok::<_, rusqlite::Error>(Money::new(row.get(column)?, currency));
    let zone_name: String = row.get("zone")?;
    let usage = volume(row, "usage_ml")?;
    Ok(BillRow {
        id: row.get("id")?,
        bill: Bill {
            customer: CustomerId(id(row, "customer")?),
            month: parsed(row, "month")?,
            usage,
            lines: tariff.lines(usage),
            credit: money("credit_minor")?,
            amount: money("amount_minor")?,
            issued: parsed(row, "issued")?,
            due: parsed(row, "due")?,
            paid: money("paid_minor")?,
            written_off: row.get("written_off")?,
        },
        zone: Zone::named(&zone_name).map_err(|_| wrong(row, "zone"))?,
        zone_name,
        tariff,
        metered: row.get("metered")?,
        counted: volume(row, "counted_ml")?,
        told: maybe_parsed(row, "told")?,
        looked: maybe_parsed(row, "looked")?,
    })
}

pub(in crate::hub::store) fn read_kept(row: &Row<'_>) -> rusqlite::Result<Kept> {
    Ok(Kept {
        reading: Reading {
            day: parsed(row, "day")?,
            meter: volume(row, "meter_ml")?,
            new_meter: row.get("new_meter")?,
        },
        total: volume(row, "total_ml")?,
    })
}

impl Store<'_> {
    /// How a customer is, or was, billed.
    pub fn billing(&self, customer: CustomerId) -> Stored<Option<BillingRow>> {
        self.one(
            "SELECT * FROM billing WHERE customer = ?1",
            [signed(customer.0)],
            read_billing,
        )
    }

    /// Writes how a customer is billed.
    pub fn put_billing(&self, row: &BillingRow) -> Stored<()> {
        self.execute(
            "INSERT INTO billing (customer, state, tariff, metered, cap_ml, began, billed, metered_to_ml, credit_minor,
                                  looked)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (customer) DO UPDATE SET
                 state = excluded.state, tariff = excluded.tariff, metered = excluded.metered,
                 cap_ml = excluded.cap_ml, began = excluded.began, billed = excluded.billed,
                 metered_to_ml = excluded.metered_to_ml, credit_minor = excluded.credit_minor,
                 looked = excluded.looked",
            params![
                signed(row.customer.0),
                row.state.name(),
                row.tariff,
                row.metered,
                row.cap.signed_ml(),
                row.began.to_string(),
                row.billed.map(|month| month.to_string()),
                row.metered_to.signed_ml(),
                row.credit_minor,
                row.looked.map(|day| day.to_string()),
            ],
        )
        .map(drop)
    }

    /// Customers of a site (`None`: of none) who are billed and whose bills were not made on this day.
    pub fn billings_to_look_at(&self, site: Option<&SiteName>, day: Day, limit: u32) -> Stored<Vec<BillingRow>> {
        self.all(
            "SELECT billing.* FROM billing JOIN customer ON customer.id = billing.customer
             WHERE customer.site IS ?1 AND customer.merged_into IS NULL
               AND (billing.looked IS NULL OR billing.looked < ?2)
             ORDER BY billing.customer LIMIT ?3",
            params![site.map(SiteName::as_str), day.to_string(), limit],
            read_billing,
        )
    }

    /// Customers who stop drawing ahead as soon as their sites have given their rights back, the one who was looked at
    /// longest ago first.
    pub fn billings_ending(&self, limit: u32) -> Stored<Vec<BillingRow>> {
        self.all(
            "SELECT * FROM billing WHERE state = 'ending' ORDER BY ending_looked_ms, customer LIMIT ?1",
            [limit],
            read_billing,
        )
    }

    /// It was looked whether a customer's billing can end.
    pub fn set_ending_looked(&self, customer: CustomerId, now: Wall) -> Stored<()> {
        self.execute(
            "UPDATE billing SET ending_looked_ms = ?2 WHERE customer = ?1",
            params![signed(customer.0), now.0],
        )
        .map(drop)
    }

    /// Takes the row of a customer away who was merged into another.
    pub fn remove_billing(&self, customer: CustomerId) -> Stored<()> {
        self.execute("DELETE FROM billing WHERE customer = ?1", [signed(customer.0)])
            .map(drop)
    }

    /// Customers who are denied water for a bill and owe none: what a restored hub was told of bills it forgot.
    pub fn denied_without_bill(&self, limit: u32) -> Stored<Vec<CustomerRow>> {
        self.all(
            "SELECT * FROM customer WHERE bill_overdue <> 0 AND merged_into IS NULL AND id NOT IN (
                 SELECT customer FROM bill WHERE written_off = 0 AND paid_minor < amount_minor)
             ORDER BY id LIMIT ?1",
            [limit],
            read_customer,
        )
    }

    /// Writes a new bill; gives its number.
    pub fn add_bill(&self, row: &BillRow) -> Stored<i64> {
        let bill = &row.bill;
        let number = self.one(
            "INSERT INTO bill (customer, month, usage_ml, tariff, currency, credit_minor, amount_minor, issued, due, zone,
                               metered, counted_ml, paid_minor, written_off, told, looked)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, NULL) RETURNING id",
            params![
                signed(bill.customer.0),
                bill.month.to_string(),
                bill.usage.signed_ml(),
                written(&row.tariff),
                bill.amount.currency.code(),
                bill.credit.minor,
                bill.amount.minor,
                bill.issued.to_string(),
                bill.due.to_string(),
                row.zone_name,
                row.metered,
                row.counted.signed_ml(),
                bill.paid.minor,
                bill.written_off,
                row.told.map(|day| day.to_string()),
            ],
            |row| row.get(0),
        )?;
        number.ok_or(store::StoreError::Row("a new bill"))
    }

    /// Writes what became of a bill; what it says never changes.
    pub fn put_bill(&self, row: &BillRow) -> Stored<()> {
        self.execute(
            "UPDATE bill SET counted_ml = ?2, paid_minor = ?3, written_off = ?4, told = ?5, looked = ?6 WHERE id = ?1",
            params![
                row.id,
                row.counted.signed_ml(),
                row.bill.paid.minor,
                row.bill.written_off,
                row.told.map(|day| day.to_string()),
                row.looked.map(|day| day.to_string()),
            ],
        )
        .map(drop)
    }

    /// A bill by its number.
    pub fn bill(&self, number: i64) -> Stored<Option<BillRow>> {
        self.one("SELECT * FROM bill WHERE id = ?1", [number], read_bill)
    }

    /// All bills of a customer, the oldest month first.
    pub fn bills(&self, customer: CustomerId) -> Stored<Vec<BillRow>> {
        self.all(
            "SELECT * FROM bill WHERE customer = ?1 ORDER BY month, id",
            [signed(customer.0)],
            read_bill,
        )
    }

    /// A customer's bills of which something is to be paid, the oldest month first.
    pub fn open_bills(&self, customer: CustomerId) -> Stored<Vec<BillRow>> {
        self.all(
            "SELECT * FROM bill WHERE customer = ?1 AND written_off = 0 AND paid_minor < amount_minor ORDER BY month, id",
            [signed(customer.0)],
            read_bill,
        )
    }

    /// Open bills of customers of a site (`None`: of none) that were not looked at on this day.
    pub fn bills_to_look_at(&self, site: Option<&SiteName>, day: Day, limit: u32) -> Stored<Vec<BillRow>> {
        self.all(
            "SELECT bill.* FROM bill JOIN customer ON customer.id = bill.customer
             WHERE bill.written_off = 0 AND bill.paid_minor < bill.amount_minor AND customer.site IS ?1
               AND (bill.looked IS NULL OR bill.looked < ?2)
             ORDER BY bill.customer, bill.month, bill.id LIMIT ?3",
            params![site.map(SiteName::as_str), day.to_string(), limit],
            read_bill,
        )
    }

    /// What a customer drew from one moment up to another, as dispensers told it.
    pub fn drawn_between_ml(&self, customer: CustomerId, from: Wall, to: Wall) -> Stored<i64> {
        let sum = self.one(
            "SELECT coalesce(sum(volume_ml), 0) FROM history
             WHERE customer = ?1 AND time_ms >= ?2 AND time_ms <= ?3 AND kind IN ('dispense', 'correction')",
            [signed(customer.0), from.0, to.0],
            |row| row.get(0),
        )?;
        Ok(sum.unwrap_or_default())
    }

    /// The last reading of a customer's meter.
    pub fn last_reading(&self, customer: CustomerId) -> Stored<Option<Kept>> {
        self.one(
            "SELECT * FROM reading WHERE customer = ?1 ORDER BY number DESC LIMIT 1",
            [signed(customer.0)],
            read_kept,
        )
    }

    /// The last reading up to the end of a day.
    pub fn reading_by(&self, customer: CustomerId, day: Day) -> Stored<Option<Kept>> {
        self.one(
            "SELECT * FROM reading WHERE customer = ?1 AND day <= ?2 ORDER BY number DESC LIMIT 1",
            params![signed(customer.0), day.to_string()],
            read_kept,
        )
    }

    /// Whether this very reading was entered before.
    pub fn has_reading(&self, customer: CustomerId, reading: &Reading) -> Stored<bool> {
        let found = self.one(
            "SELECT 1 FROM reading WHERE customer = ?1 AND day = ?2 AND meter_ml = ?3 AND new_meter = ?4",
            params![
                signed(customer.0),
                reading.day.to_string(),
                reading.meter.signed_ml(),
                reading.new_meter
            ],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// Adds a reading behind the last.
    pub fn add_reading(&self, customer: CustomerId, kept: &Kept) -> Stored<()> {
        self.execute(
            "INSERT INTO reading (customer, number, day, meter_ml, new_meter, total_ml)
             SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5 FROM reading WHERE customer = ?1",
            params![
                signed(customer.0),
                kept.reading.day.to_string(),
                kept.reading.meter.signed_ml(),
                kept.reading.new_meter,
                kept.total.signed_ml()
            ],
        )
        .map(drop)
    }

    /// Takes the last reading away: it was wrong.
    pub fn remove_last_reading(&self, customer: CustomerId) -> Stored<()> {
        self.execute(
            "DELETE FROM reading WHERE customer = ?1 AND number = (SELECT max(number) FROM reading WHERE customer = ?1)",
            [signed(customer.0)],
        )
        .map(drop)
    }

    /// Readings of one customer count as another's.
    pub fn move_readings(&self, from: CustomerId, into: CustomerId) -> Stored<()> {
        self.execute(
            "UPDATE reading SET customer = ?2 WHERE customer = ?1",
            [signed(from.0), signed(into.0)],
        )
        .map(drop)
    }

    /// Readings of two customers count as each other's.
    pub fn swap_readings(&self, one: CustomerId, other: CustomerId) -> Stored<()> {
        // Numbers are above zero, so those below it are in nobody's way.
        let (one, other) = (signed(one.0), signed(other.0));
        self.execute("UPDATE reading SET number = -number WHERE customer = ?1", [other])?;
        self.execute("UPDATE reading SET customer = ?2 WHERE customer = ?1", [one, other])?;
        self.execute(
            "UPDATE reading SET customer = ?1, number = -number WHERE customer = ?2 AND number < 0",
            [one, other],
        )
        .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tariff_reads_back() {
        for text in ["-:200000", "6000000:100000,4000000:150000,-:200000"] {
            let tariff = read_tariff(text, Currency::Kes).unwrap();
            assert_eq!(written(&tariff), text);
        }
        for bad in ["", "1:1", "-:x", "-:1,-:1"] {
            assert!(read_tariff(bad, Currency::Kes).is_none(), "{bad}");
        }
    }
}
