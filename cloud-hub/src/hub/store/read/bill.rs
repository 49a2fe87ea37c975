//! Bills, terms and readings, for pages and the API.

use kiosk::{
    bill::{
        Bill, BillState, may_draw_ahead,
        reading::{Kept, Reading},
    },
    day::{Day, Month, Zone},
    ids::CustomerId,
    moment::{Trust, Wall},
    units::{Currency, Money, Volume},
};
use rusqlite::{Connection, params_from_iter, types::Value};

use super::{LIMIT_MAX, Page, Read, page};
use crate::hub::{
    bill::BillingState,
    store::{
        BillRow, PurseKey, Store,
        bill::{read_bill, read_kept},
        signed,
    },
};

/// How a customer pays by bill.
#[derive(Clone, Debug)]
pub struct Billing {
    /// Whether they still do.
    pub state: BillingState,
    /// The name of the tariff.
    pub tariff: String,
    /// By readings of a meter.
    pub metered: bool,
    /// How much may be drawn ahead.
    pub cap: Volume,
    /// How much of that is left.
    pub ahead: Volume,
    /// What was drawn, or ran through the meter as far as it was read, and is on no bill yet.
    pub unbilled: Volume,
    /// What the next bill takes off.
    pub credit_minor: i64,
    /// The last month that was billed, or came to nothing.
    pub billed: Option<Month>,
}

/// A bill.
#[derive(Clone, Debug)]
pub struct BillShown {
    /// Its number.
    pub id: i64,
    /// Who owes it.
    pub customer: CustomerId,
    /// The month.
    pub month: Month,
    /// The usage as it was billed.
    pub usage: Volume,
    /// The usage after corrections.
    pub counted: Volume,
    /// The parts of the usage by the blocks of the tariff.
    pub lines: Vec<kiosk::bill::Line>,
    /// What it took off.
    pub credit: Money,
    /// What is owed.
    pub amount: Money,
    /// What was paid of it.
    pub paid: Money,
    /// What is left to pay.
    pub left: Money,
    /// By readings of a meter.
    pub metered: bool,
    /// The day on which it was made.
    pub issued: Day,
    /// The last day to pay it in time.
    pub due: Day,
    bill: Bill,
    zone: Zone,
}

impl BillShown {
    fn of(row: BillRow) -> BillShown {
        let bill = row.bill;
        BillShown {
            id: row.id,
            customer: bill.customer,
            month: bill.month,
            usage: bill.usage,
            counted: row.counted,
            lines: bill.lines.clone(),
            credit: bill.credit,
            amount: bill.amount,
            paid: bill.paid,
            left: bill.left(),
            metered: row.metered,
            issued: bill.issued,
            due: bill.due,
            zone: row.zone,
            bill,
        }
    }

    /// Where it stands now, by a server's clock.
    pub fn state(&self, now: Wall) -> BillState {
        self.bill.state(now, Trust::Ntp, &self.zone)
    }
}

/// How a customer pays by bill, or did.
pub fn billing(connection: &Connection, customer: CustomerId) -> Read<Option<Billing>> {
    let store = Store(connection);
    let customer = store.root(customer)?;
    let Some(row) = store.billing(customer)? else {
        return Ok(None);
    };
    let unbilled = match row.metered {
        true => store
            .last_reading(customer)?
            .map_or(Volume::ZERO, |last| last.total)
            .less(row.metered_to),
        false => {
            let purse = store.purse(PurseKey::prepaid(customer))?;
            Volume::try_from_ml((purse.spent_ml - purse.credited_ml).max(0)).unwrap_or(Volume::MAX)
        }
    };
    let open: Vec<Bill> = store.open_bills(customer)?.iter().map(BillRow::as_counted).collect();
    let ahead = match row.state == BillingState::Open {
        true => may_draw_ahead(row.cap, unbilled, &open),
        false => Volume::ZERO,
    };
    Ok(Some(Billing {
        state: row.state,
        tariff: row.tariff,
        metered: row.metered,
        cap: row.cap,
        ahead,
        unbilled,
        credit_minor: row.credit_minor,
        billed: row.billed,
    }))
}

/// All bills of a customer, the oldest month first.
pub fn bills(connection: &Connection, customer: CustomerId) -> Read<Vec<BillShown>> {
    let store = Store(connection);
    let rows = store.bills(store.root(customer)?)?;
    Ok(rows.into_iter().map(BillShown::of).collect())
}

/// A bill by its number.
pub fn bill(connection: &Connection, number: i64) -> Read<Option<BillShown>> {
    Ok(Store(connection).bill(number)?.map(BillShown::of))
}

/// Which bills are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BillFilter {
    /// All.
    All,
    /// Those of which something is to be paid.
    Unpaid,
    /// In one state.
    State(BillState),
}

/// Bills in the order in which they were made, the newest first, before this number (`i64::MAX` for the first page).
pub fn bills_listed(
    connection: &Connection,
    filter: BillFilter,
    now: Wall,
    before: i64,
    limit: u32,
) -> Read<Page<BillShown>> {
    let limit = limit.clamp(1, LIMIT_MAX);
    let is_open = "written_off = 0 AND paid_minor < amount_minor";
    let condition = match filter {
        BillFilter::All => "1",
        BillFilter::State(BillState::Paid) => "written_off = 0 AND paid_minor >= amount_minor",
        BillFilter::State(BillState::WrittenOff) => "written_off <> 0",
        BillFilter::State(BillState::Open) => "written_off = 0 AND paid_minor = 0",
        BillFilter::Unpaid | BillFilter::State(BillState::PartPaid | BillState::Overdue) => is_open,
    };
    let sql = format!("SELECT * FROM bill WHERE id < ?1 AND {condition} ORDER BY id DESC LIMIT ?2");
    // Whether one is overdue depends on its zone, so rows are read until there are enough.
    let (mut items, mut before) = (Vec::new(), before);
    loop {
        let values = [Value::from(before), Value::from(i64::from(limit) + 1)];
        let rows = Store(connection).all(&sql, params_from_iter(values), read_bill)?;
        let is_last = rows.len() <= limit as usize;
        before = rows.last().map_or(before, |row| row.id);
        let shown = rows.into_iter().map(BillShown::of);
        items.extend(shown.filter(|bill| match filter {
            BillFilter::State(state) => bill.state(now) == state,
            BillFilter::All | BillFilter::Unpaid => true,
        }));
        if is_last || items.len() > limit as usize {
            return Ok(page(items, limit, |bill: &BillShown| bill.id));
        }
    }
}

/// What is left to pay of all open bills in one currency, and of those that are overdue.
pub fn bills_owed(connection: &Connection, currency: Currency, now: Wall) -> Read<(i64, i64)> {
    let rows = Store(connection).all(
        "SELECT * FROM bill WHERE written_off = 0 AND paid_minor < amount_minor AND currency = ?1",
        [currency.code()],
        read_bill,
    )?;
    let open = rows.into_iter().map(BillShown::of);
    Ok(open.fold((0, 0), |(all, late), bill| {
        let left = bill.left.minor;
        let is_late = bill.state(now) == BillState::Overdue;
        (all + left, late + if is_late { left } else { 0 })
    }))
}

/// The newest readings of a customer's meter, the newest first.
pub fn readings(connection: &Connection, customer: CustomerId, limit: u32) -> Read<Vec<Kept>> {
    let store = Store(connection);
    let customer = store.root(customer)?;
    store.all(
        "SELECT * FROM reading WHERE customer = ?1 ORDER BY number DESC LIMIT ?2",
        [signed(customer.0), i64::from(limit.clamp(1, LIMIT_MAX))],
        read_kept,
    )
}

/// What a reading of a customer's meter is laid beside.
#[derive(Clone, Copy, Debug)]
pub struct Metered {
    /// Billed by a meter.
    pub is_metered: bool,
    /// This very reading was entered before.
    pub is_known: bool,
    /// The last reading.
    pub last: Option<Kept>,
}

/// What a reading of a customer's meter is laid beside.
pub fn metered(connection: &Connection, customer: CustomerId, reading: &Reading) -> Read<Metered> {
    let store = Store(connection);
    let billing = store.billing(customer)?;
    Ok(Metered {
        is_metered: billing.is_some_and(|row| row.metered && row.state != BillingState::Ended),
        is_known: store.has_reading(customer, reading)?,
        last: store.last_reading(customer)?,
    })
}
