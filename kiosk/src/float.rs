//! Cash that a site's manager may take while the hub is away (DESIGN section 4).
//!
//! The hub gives each manager a **float**: how much cash they may take before they hand it in. A sale spends it and opens
//! an equal right of the customer at that site. What is at risk is cash, so a float counts money, and it names the price
//! at which it sells: so a site that is cut off knows the tariff from the hub's own word.

use crate::{
    ids::{GrantId, ManagerId},
    tariff::Tariff,
    units::{Currency, Money, Volume},
};

/// The most floats that one sale may spend.
pub const PARTS_MAX: usize = 8;
/// So many open floats of one manager are asked back and given again as one.
pub const OPEN_MAX: usize = 4;
/// The most that a float, or a manager's limit, may come to, in minor units.
pub const AMOUNT_MINOR_MAX: i64 = 100_000_000_000;

/// What may still be taken of a float at its site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Which.
    pub float: GrantId,
    /// Minor units.
    pub minor: i64,
    /// Its price, in minor units for a cubic metre.
    pub price_per_m3_minor: u32,
}

/// What somebody wants to buy for cash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// So much water.
    Litres(Volume),
    /// Water for so much, in minor units.
    Money(i64),
}

/// A sale as it would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The water.
    pub volume: Volume,
    /// What it costs.
    pub amount: Money,
    /// What each float pays, the newest first.
    pub parts: Vec<(GrantId, i64)>,
}

/// Why there is no such sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoQuote {
    /// Nothing is left to take cash against.
    #[error("no cash can be taken now: hand in the cash first, then the hub gives a new float")]
    Empty,
    /// More than is left.
    #[error("this costs {costs}, and only {left} may be taken before the cash is handed in")]
    Short {
        /// What it costs.
        costs: Money,
        /// What may still be taken.
        left: Money,
    },
    /// No water, too much of it, or water that costs nothing.
    #[error("must be some water that costs something, and not more than there is")]
    Nothing,
    /// It would take more floats than a sale may name.
    #[error("only {0} may be taken at once")]
    AtOnce(Money),
}

/// The price of a float.
fn tariff(price_per_m3_minor: u32, currency: Currency) -> Tariff {
    Tariff {
        price_per_m3_minor,
        currency,
    }
}

/// What a sale would cost, and which floats pay. `floats` are the manager's open ones, the newest first; the newest with
/// something left names the price. Cash is taken in whole units and buys whole millilitres, so a wish in money may come to
/// less, and never to more.
pub fn quote(floats: &[Left], wish: Wish, currency: Currency) -> Result<Quote, NoQuote> {
    let money = |minor| Money::new(minor, currency);
    let open = || floats.iter().filter(|float| float.minor > 0);
    let newest = open().next().ok_or(NoQuote::Empty)?;
    let tariff = tariff(newest.price_per_m3_minor, currency);
    let volume = match wish {
        Wish::Litres(volume) => volume,
        Wish::Money(minor) => {
            let unit = currency.minor_per_unit();
            let whole = money(minor.div_euclid(unit).saturating_mul(unit));
            tariff.volume(whole).ok_or(NoQuote::Nothing)?
        }
    };
    let amount = tariff.price(volume);
    if volume.is_zero() || !(1..=AMOUNT_MINOR_MAX).contains(&amount.minor) {
        return Err(NoQuote::Nothing);
    }
    let (mut parts, mut lacking) = (Vec::new(), amount.minor);
    for float in open().take(PARTS_MAX) {
        let paid = float.minor.min(lacking);
        if paid > 0 {
            parts.push((float.float, paid));
            lacking -= paid;
        }
    }
    let left = open().map(|float| float.minor).fold(0, i64::saturating_add);
    match lacking {
        0 => Ok(Quote { volume, amount, parts }),
        _ if left < amount.minor => Err(NoQuote::Short {
            costs: amount,
            left: money(left),
        }),
        _ => Err(NoQuote::AtOnce(money(amount.minor - lacking))),
    }
}

/// What the hub knows of a float that a sale names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// It was given to the box that sold.
    pub is_own: bool,
    /// Whose.
    pub manager: ManagerId,
    /// Its price.
    pub price_per_m3_minor: u32,
    /// Minor units not yet spent, by the sales known.
    pub left_minor: i64,
    /// Its site had closed it when the sale was first seen: the log's order puts every honest sale before that.
    pub closed: bool,
    /// Its box was written off (PROTOCOL rule 25).
    pub written_off: bool,
}

/// Why the hub does not book a sale but shows it to an operator. An honest site gives no reason but `WrittenOff`, and the
/// first two for as long as the hub has not got back its past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doubtful {
    /// The hub does not know the float yet.
    UnknownFloat,
    /// The hub does not know the customer yet.
    UnknownCustomer,
    /// The float is another box's.
    ForeignFloat,
    /// The floats are of several managers.
    SeveralManagers,
    /// It comes after the float's end.
    AfterClose,
    /// The box was written off.
    WrittenOff,
    /// More than was left of the float.
    MoreThanFloat,
    /// The amount is not the price of the water.
    NotByPrice,
    /// The right that it would open has a name that is taken.
    GrantTaken,
}

impl Doubtful {
    /// All of them.
    pub const ALL: [Doubtful; 9] = [
        Doubtful::UnknownFloat,
        Doubtful::UnknownCustomer,
        Doubtful::ForeignFloat,
        Doubtful::SeveralManagers,
        Doubtful::AfterClose,
        Doubtful::WrittenOff,
        Doubtful::MoreThanFloat,
        Doubtful::NotByPrice,
        Doubtful::GrantTaken,
    ];

    /// The word in the database and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Doubtful::UnknownFloat => "unknown_float",
            Doubtful::UnknownCustomer => "unknown_customer",
            Doubtful::ForeignFloat => "foreign_float",
            Doubtful::SeveralManagers => "several_managers",
            Doubtful::AfterClose => "after_close",
            Doubtful::WrittenOff => "written_off",
            Doubtful::MoreThanFloat => "more_than_float",
            Doubtful::NotByPrice => "not_by_price",
            Doubtful::GrantTaken => "grant_taken",
        }
    }

    /// The reason with this word.
    pub fn from_name(name: &str) -> Option<Doubtful> {
        Doubtful::ALL.into_iter().find(|why| why.name() == name)
    }

    /// What is still to come may settle it.
    pub const fn may_pass(self) -> bool {
        matches!(self, Doubtful::UnknownFloat | Doubtful::UnknownCustomer)
    }
}

/// Whether the hub books a sale of `volume`, and to whose account. `parts` are what each float pays and what is known of
/// it, as the sale names them.
pub fn judge(volume: Volume, parts: &[(i64, Option<Known>)], currency: Currency) -> Result<ManagerId, Doubtful> {
    let mut known = Vec::with_capacity(parts.len());
    for (minor, float) in parts {
        known.push((*minor, float.ok_or(Doubtful::UnknownFloat)?));
    }
    let Some((_, first)) = known.first() else {
        return Err(Doubtful::UnknownFloat);
    };
    let is = |wrong: fn(&(i64, Known)) -> bool| known.iter().any(wrong);
    let amount = known.iter().try_fold(0_i64, |sum, (minor, _)| sum.checked_add(*minor));
    if is(|(_, float)| !float.is_own) {
        Err(Doubtful::ForeignFloat)
    } else if known.iter().any(|(_, float)| float.manager != first.manager) {
        Err(Doubtful::SeveralManagers)
    } else if is(|(_, float)| float.written_off) {
        Err(Doubtful::WrittenOff)
    } else if is(|(_, float)| float.closed) {
        Err(Doubtful::AfterClose)
    } else if is(|(minor, float)| *minor <= 0 || *minor > float.left_minor) {
        Err(Doubtful::MoreThanFloat)
    } else if amount != Some(tariff(first.price_per_m3_minor, currency).price(volume).minor) {
        Err(Doubtful::NotByPrice)
    } else {
        Ok(first.manager)
    }
}

/// What the hub may still give a manager: the limit less the cash not handed in, less what was handed in too little, and
/// less what open floats may still take. Below zero, floats are asked back. Neither what was handed in for sales that a
/// restored hub has lost, nor what was handed in too much, raises the limit.
pub fn free_minor(limit_minor: i64, owed_minor: i64, short_minor: i64, open_minor: i64) -> i64 {
    let out = owed_minor.max(0).saturating_add(short_minor.max(0));
    limit_minor.saturating_sub(out).saturating_sub(open_minor)
}

#[cfg(test)]
mod tests;
