//! Bills: what a month of water drawn before it was paid comes to, and who owes it (FEATURES X16).
//!
//! A bill is made once, on the first local day after its month or as soon after it as the hub is there, and never
//! changes what it says; what happens to it later stands beside it: what was paid, and whether it was given up. Usage
//! that turns out lower than billed (a late report only corrects downwards) comes off what is left of
//! that bill; what was paid of it already becomes a credit, and the next bill is less.
//!
//! Payments go to the oldest bill first; what is paid over all of them belongs to the wallet. A bill is overdue from the
//! first moment after its due day in the site's zone, and while one is, water is denied with `bill_overdue`. Without a
//! trusted clock none becomes overdue.

mod blocks;
pub mod reading;

#[cfg(test)]
mod tests;

pub use blocks::{BLOCKS_MAX, Block, BlockError, BlockTariff, Line};

use crate::{
    day::{Day, Month, Zone},
    dispense::is_over,
    ids::CustomerId,
    moment::{Trust, Wall},
    units::{Money, Volume},
};

/// Where a bill stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BillState {
    /// Nothing is paid, and it is not yet overdue.
    Open,
    /// Some of it is paid, and it is not yet overdue.
    PartPaid,
    /// All of it is paid. Final.
    Paid,
    /// Not all of it was paid in time.
    Overdue,
    /// Given up by an operator: it denies nothing and takes no payments. Final.
    WrittenOff,
}

impl BillState {
    /// All of them, in a fixed order.
    pub const ALL: [BillState; 5] = [
        BillState::Open,
        BillState::PartPaid,
        BillState::Paid,
        BillState::Overdue,
        BillState::WrittenOff,
    ];

    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            BillState::Open => "open",
            BillState::PartPaid => "part_paid",
            BillState::Paid => "paid",
            BillState::Overdue => "overdue",
            BillState::WrittenOff => "written_off",
        }
    }

    /// The state with this name.
    pub fn from_name(name: &str) -> Option<BillState> {
        BillState::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// One customer's bill for one month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill {
    /// Who owes it.
    pub customer: CustomerId,
    /// The month of the usage.
    pub month: Month,
    /// What was drawn in it, as far as it was known.
    pub usage: Volume,
    /// The usage by blocks of the tariff; their amounts and [`Bill::credit`] make up [`Bill::amount`].
    pub lines: Vec<Line>,
    /// What earlier bills had charged too much and this one takes off, zero or more.
    pub credit: Money,
    /// What is owed: more than zero.
    pub amount: Money,
    /// The local day on which it was made.
    pub issued: Day,
    /// The last local day on which it can be paid in time.
    pub due: Day,
    /// What was paid of it.
    pub paid: Money,
    /// Whether an operator has given it up.
    pub written_off: bool,
}

impl Bill {
    /// What is still to be paid; nothing of one that was written off.
    pub fn left(&self) -> Money {
        let minor = match self.written_off {
            true => 0,
            false => self.amount.minor.saturating_sub(self.paid.minor).max(0),
        };
        Money { minor, ..self.amount }
    }

    /// Where it stands at `now`, in the zone of the customer's site.
    pub fn state(&self, now: Wall, trust: Trust, zone: &Zone) -> BillState {
        if self.written_off {
            BillState::WrittenOff
        } else if self.left().minor == 0 {
            BillState::Paid
        } else if is_over(Some(zone.end(self.due)), now, trust) {
            BillState::Overdue
        } else if self.paid.minor > 0 {
            BillState::PartPaid
        } else {
            BillState::Open
        }
    }
}

/// Whether a customer with these bills is denied water with `bill_overdue`.
pub fn denies(bills: &[Bill], now: Wall, trust: Trust, zone: &Zone) -> bool {
    bills
        .iter()
        .any(|bill| bill.state(now, trust, zone) == BillState::Overdue)
}

/// What a month comes to for a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Issued {
    /// Nothing was drawn, or water is free: there is no bill, and a credit stays.
    Nothing,
    /// The credit covers it all: there is no bill, and this much of the credit is used.
    Covered(Money),
    /// A bill, which uses [`Bill::credit`] of the credit.
    Bill(Bill),
}

/// The bill of a customer for a month that is over. `credit` is what earlier bills charged too much and no bill has
/// taken off yet, zero or more, in the tariff's currency; one in another currency is left alone. The bill is to be paid
/// within `due_days` after the day of issue.
pub fn issue(
    customer: CustomerId,
    (month, usage): (Month, Volume),
    tariff: &BlockTariff,
    credit: Money,
    (issued, due_days): (Day, u16),
) -> Issued {
    let full = tariff.price(usage);
    if full.minor <= 0 {
        return Issued::Nothing;
    }
    let credit = match credit.currency == full.currency {
        true => credit.minor.clamp(0, full.minor),
        false => 0,
    };
    let credit = Money { minor: credit, ..full };
    if credit == full {
        return Issued::Covered(credit);
    }
    Issued::Bill(Bill {
        customer,
        month,
        usage,
        lines: tariff.lines(usage),
        credit,
        amount: Money {
            minor: full.minor - credit.minor,
            ..full
        },
        issued,
        due: issued.plus_days(i32::from(due_days)),
        paid: Money { minor: 0, ..full },
        written_off: false,
    })
}

/// What a correction of a month's usage after its bill gives the customer towards the next one: zero unless it goes
/// down. `counted` is the usage that was charged so far, `usage` the right one, `tariff` the one the bill was made by.
pub fn correction(tariff: &BlockTariff, counted: Volume, usage: Volume) -> Money {
    let (charged, right) = (tariff.price(counted), tariff.price(usage));
    Money {
        minor: charged.minor.saturating_sub(right.minor).max(0),
        ..charged
    }
}

/// Where a payment goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// What each bill gets, by its month, the oldest first; none of them zero.
    pub parts: Vec<(Month, Money)>,
    /// What is left over for the wallet, zero or more.
    pub over: Money,
}

/// Spreads a payment of more than nothing over a customer's bills, the oldest month first. A bill in another currency
/// gets nothing.
pub fn allocate(bills: &[Bill], amount: Money) -> Allocation {
    let mut open: Vec<&Bill> = bills
        .iter()
        .filter(|bill| bill.amount.currency == amount.currency)
        .collect();
    open.sort_by_key(|bill| bill.month);
    let mut over = amount;
    let mut parts = Vec::new();
    for bill in open {
        let part = bill.left().minor.min(over.minor.max(0));
        if part > 0 {
            over.minor -= part;
            parts.push((bill.month, Money { minor: part, ..amount }));
        }
    }
    Allocation { parts, over }
}

/// What a postpaid customer may still draw ahead: the cap less the water that is not paid for, that is the usage since
/// the last bill and of each bill the part that is still to be paid, rounded up. A bill that was written off frees what
/// it held. The hub grants no more than this, and so a site can let no more flow (DESIGN section 4).
pub fn may_draw_ahead(cap: Volume, unbilled: Volume, bills: &[Bill]) -> Volume {
    let unpaid = bills.iter().map(|bill| {
        let (left, amount) = (
            u128::from(bill.left().minor.unsigned_abs()),
            u128::from(bill.amount.minor.unsigned_abs()),
        );
        let ml = (u128::from(bill.usage.ml()) * left).div_ceil(amount.max(1));
        Volume::from_ml(u64::try_from(ml).unwrap_or(u64::MAX))
    });
    cap.less(unbilled.plus(unpaid.sum()))
}
