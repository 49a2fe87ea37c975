//! Refunds: what of a purchase can be given back, and why not.
//!
//! A refund belongs to one purchase that succeeded. It gives back at most what the customer still has of it: for water
//! the worth of what was not drawn, for a deposit what the wallet still holds. Water and money are taken from the
//! customer before the provider is asked ([`crate::payout`]); water that a site holds is recalled first, so what is
//! undrawn here is what the hub has free. Who may give one is in the role table of the hub.
//!
//! A subscription sells days in which its jerrycans may be drawn. For the first days ([`RefundPolicy`]) it counts like
//! water: the worth of the undrawn allowance comes back, and the subscription ends. After that nothing does: the days
//! were used, and a right to draw that is given back at the end would cost nothing to have held.
//!
//! A payment for a bill is not refunded: the water has run. A bill that is wrong is corrected, and the difference counts
//! towards the next one ([`crate::bill`]).

use crate::{
    day::Day,
    ledger::worth_drawn,
    payment::PaymentState,
    provider::Provider,
    units::{Money, Volume},
};

/// What was bought, and what the customer still has of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bought {
    /// Prepaid litres.
    Water {
        /// How much was bought.
        volume: Volume,
        /// How much of the customer's prepaid water is free at the hub now.
        free: Volume,
    },
    /// A subscription.
    Subscription {
        /// Its allowance.
        allowance: Volume,
        /// How much of it is free at the hub now.
        free: Volume,
        /// The day it was paid, in the site's zone.
        paid: Day,
    },
    /// Money for the wallet.
    Deposit {
        /// What the wallet has now.
        wallet: Money,
    },
    /// A bill.
    Bill,
}

/// A purchase as the books have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sale {
    /// Where its payment stands.
    pub state: PaymentState,
    /// Who collected it.
    pub provider: Provider,
    /// What was paid.
    pub price: Money,
    /// What of that was refunded before, refunds under way included.
    pub refunded: Money,
    /// The water that those refunds took back.
    pub taken_back: Volume,
    /// What was bought.
    pub bought: Bought,
}

/// What the deployment allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundPolicy {
    /// Days after the day of payment on which a subscription can still be refunded.
    pub subscription_days: u16,
}

impl Default for RefundPolicy {
    fn default() -> RefundPolicy {
        RefundPolicy { subscription_days: 7 }
    }
}

/// What a refund does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refund {
    /// What goes back to the payer: whole units, for no provider pays out less.
    pub amount: Money,
    /// What cannot be paid out, less than a whole unit: it goes into the wallet. Zero for a deposit.
    pub to_wallet: Money,
    /// The water that the customer no longer has.
    pub taken_back: Volume,
}

/// Why there is no refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefundDenied {
    /// Nothing was paid.
    #[error("only a payment that succeeded can be refunded")]
    NotPaid,
    /// A bill.
    #[error("a bill is corrected, not refunded: correct its usage, and the next bill is lower")]
    Bill,
    /// Everything was drawn, spent or refunded before.
    #[error("nothing is left of this purchase")]
    NothingLeft,
    /// More was asked for than is left.
    #[error("at most {0} can be refunded")]
    TooMuch(Money),
    /// A subscription whose days have passed.
    #[error("a subscription can be refunded for {0} days after the day of payment")]
    TooLate(u16),
    /// A part, where the provider only gives back everything.
    #[error("{0} gives back whole payments only: pay this part out, or to the wallet")]
    WholeOnly(&'static str),
    /// Not an amount that can be refunded.
    #[error("{0} is no amount that can be refunded: whole units of the payment's currency are expected")]
    Amount(Money),
}

/// The refund of a purchase: of `wanted`, which only a deposit takes, or of all that is left. A provider that refunds
/// whole payments only (Airtel; reference: Airtel Money, section 7) is asked for nothing less.
pub fn refund(policy: &RefundPolicy, sale: &Sale, wanted: Option<Money>, today: Day) -> Result<Refund, RefundDenied> {
    if sale.state != PaymentState::Succeeded {
        return Err(RefundDenied::NotPaid);
    }
    let refund = match sale.bought {
        Bought::Bill => return Err(RefundDenied::Bill),
        Bought::Deposit { wallet } => of_deposit(sale, wallet)?,
        Bought::Water { volume, free } => of_water(sale, volume, free)?,
        Bought::Subscription { allowance, free, paid } => {
            if paid.days_until(today) > i32::from(policy.subscription_days) {
                return Err(RefundDenied::TooLate(policy.subscription_days));
            }
            of_water(sale, allowance, free)?
        }
    };
    let refund = match wanted {
        None => refund,
        Some(wanted) => part(sale, refund, wanted)?,
    };
    if sale.provider == Provider::Airtel && refund.amount != sale.price {
        return Err(RefundDenied::WholeOnly(sale.provider.title()));
    }
    Ok(refund)
}

/// All of a deposit that is left: what the wallet holds of it, in whole units.
fn of_deposit(sale: &Sale, wallet: Money) -> Result<Refund, RefundDenied> {
    if wallet.currency != sale.price.currency {
        return Err(RefundDenied::Amount(wallet));
    }
    let left = sale.price.minor.saturating_sub(sale.refunded.minor).min(wallet.minor);
    let amount = whole_units_of(Money {
        minor: left,
        ..sale.price
    });
    match amount.minor > 0 {
        true => Ok(Refund {
            amount,
            to_wallet: Money { minor: 0, ..amount },
            taken_back: Volume::ZERO,
        }),
        false => Err(RefundDenied::NothingLeft),
    }
}

/// The undrawn part of some water. Water of several purchases is one purse: the newest is drawn last, so of each at most
/// what is free in all is undrawn.
fn of_water(sale: &Sale, volume: Volume, free: Volume) -> Result<Refund, RefundDenied> {
    let undrawn = volume.less(sale.taken_back).min(free);
    let kept = worth_drawn(sale.price, volume, volume.less(undrawn));
    let worth = sale
        .price
        .minor
        .saturating_sub(kept.minor)
        .min(sale.price.minor.saturating_sub(sale.refunded.minor));
    let worth = Money {
        minor: worth,
        ..sale.price
    };
    let amount = whole_units_of(worth);
    match amount.minor > 0 {
        true => Ok(Refund {
            amount,
            to_wallet: Money {
                minor: worth.minor - amount.minor,
                ..worth
            },
            taken_back: undrawn,
        }),
        false => Err(RefundDenied::NothingLeft),
    }
}

/// A part of what can be refunded. Water goes back as a whole: what is left of a purchase is left of its litres, too.
fn part(sale: &Sale, all: Refund, wanted: Money) -> Result<Refund, RefundDenied> {
    let is_payable = wanted.minor > 0 && whole_units_of(wanted) == wanted && wanted.currency == all.amount.currency;
    if !is_payable {
        return Err(RefundDenied::Amount(wanted));
    }
    match wanted.minor.cmp(&all.amount.minor) {
        std::cmp::Ordering::Greater => Err(RefundDenied::TooMuch(all.amount)),
        std::cmp::Ordering::Equal => Ok(all),
        std::cmp::Ordering::Less if matches!(sale.bought, Bought::Deposit { .. }) => {
            Ok(Refund { amount: wanted, ..all })
        }
        std::cmp::Ordering::Less => Err(RefundDenied::Amount(wanted)),
    }
}

fn whole_units_of(amount: Money) -> Money {
    Money {
        minor: amount.whole_units() * amount.currency.minor_per_unit(),
        ..amount
    }
}

#[cfg(test)]
mod tests;
