//! Double entry at the hub: every movement of money is a set of postings that sums to zero in one currency.
//!
//! A debit is positive, a credit negative. So tills, cash and claims stand above zero; what is owed to people (wallets,
//! water paid for and not yet drawn) and what was earned stand below. How sets are stored is the hub's business.

mod outgoing;

pub use outgoing::{HandIn, PayoutSource};

use crate::{
    ids::{CustomerId, ManagerId, SiteName},
    provider::Provider,
    units::{Currency, Money, Volume},
};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// Why there is no such set of postings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Debits and credits differ.
    #[error("ledger: postings are off by {0} minor units")]
    Unbalanced(i128),
    /// Two currencies in one set.
    #[error("ledger: {0} and {1} in one set of postings")]
    Currencies(Currency, Currency),
    /// An amount of zero or less where money must move.
    #[error("ledger: {0} is no amount that can be booked")]
    Amount(Money),
    /// Nobody's account.
    #[error("ledger: no account is called {0}")]
    Account(String),
}

/// An account of the ledger. Its text is stable: it stands in the database and in `GET /api/v1/ledger/balance`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// Money that a customer has with us.
    Wallet(CustomerId),
    /// Water that a customer has paid for and not yet drawn.
    Water(CustomerId),
    /// What a customer owes for water drawn before it was paid.
    Bill(CustomerId),
    /// What a customer has lent to others (below zero) or owes to others (above). The sum of all is zero: the hub only
    /// keeps the books of people who lend to each other.
    Loan(CustomerId),
    /// What a provider has collected for us.
    Till(Provider),
    /// Cash of a site that was handed in, or taken without a float.
    Cash(SiteName),
    /// Cash that a manager has taken against a float and not handed in yet.
    Float(ManagerId),
    /// What a manager handed in too little (above zero: owed to us) or too much.
    Difference(ManagerId),
    /// Money on its way out through a provider: taken from its owner before the call, gone or given back when the
    /// provider's word is certain.
    Payout(Provider),
    /// What was earned with water.
    Sales,
    /// What providers kept for their service.
    Fees,
    /// Water that an operator gave without payment.
    Given,
    /// What nobody can be charged with so far: payments without a customer, late spends of a box that was written off.
    Suspense,
    /// Water that ran without a customer or beyond a hold, and debts given up.
    Losses,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Account::Wallet(customer) => write!(f, "wallet:{customer}"),
            Account::Water(customer) => write!(f, "water:{customer}"),
            Account::Bill(customer) => write!(f, "bill:{customer}"),
            Account::Loan(customer) => write!(f, "loan:{customer}"),
            Account::Till(provider) => write!(f, "till:{provider}"),
            Account::Cash(site) => write!(f, "cash:{site}"),
            Account::Float(manager) => write!(f, "float:{manager}"),
            Account::Difference(manager) => write!(f, "difference:{manager}"),
            Account::Payout(provider) => write!(f, "payout:{provider}"),
            Account::Sales => f.write_str("sales"),
            Account::Fees => f.write_str("fees"),
            Account::Given => f.write_str("given"),
            Account::Suspense => f.write_str("suspense"),
            Account::Losses => f.write_str("losses"),
        }
    }
}

impl FromStr for Account {
    type Err = LedgerError;

    fn from_str(text: &str) -> Result<Account, LedgerError> {
        let (kind, owner) = text.split_once(':').unwrap_or((text, ""));
        let customer = || owner.parse::<CustomerId>().ok();
        let manager = || owner.parse::<ManagerId>().ok();
        let provider = || Provider::from_name(owner);
        let account = match (kind, owner) {
            ("sales", "") => Some(Account::Sales),
            ("fees", "") => Some(Account::Fees),
            ("given", "") => Some(Account::Given),
            ("suspense", "") => Some(Account::Suspense),
            ("losses", "") => Some(Account::Losses),
            ("wallet", _) => customer().map(Account::Wallet),
            ("water", _) => customer().map(Account::Water),
            ("bill", _) => customer().map(Account::Bill),
            ("loan", _) => customer().map(Account::Loan),
            ("till", _) => provider().map(Account::Till),
            ("cash", _) => owner.parse().ok().map(Account::Cash),
            ("float", _) => manager().map(Account::Float),
            ("difference", _) => manager().map(Account::Difference),
            ("payout", _) => provider().map(Account::Payout),
            _ => None,
        };
        // Read back what was written, and nothing else: `sales:` and upper-case digits are nobody's accounts.
        let account = account.filter(|account| account.to_string() == text);
        account.ok_or_else(|| LedgerError::Account(text.to_owned()))
    }
}

/// Where a payment comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A mobile-money provider collected it, and kept this fee of it, zero or more.
    Till(Provider, Money),
    /// Somebody paid cash at a site, without a float.
    Cash(SiteName),
    /// Somebody paid a manager in cash, who sold against a float.
    Float(ManagerId),
    /// The customer's own wallet.
    Wallet,
    /// A payment that had been parked without a customer.
    Suspense,
}

/// What a customer pays for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Prepaid litres or a subscription: water yet to be drawn.
    Water,
    /// Money into the wallet.
    Deposit,
    /// The open bill.
    Bill,
}

/// A set of postings in one currency that sums to zero. There is no other way to make one than balanced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postings {
    currency: Currency,
    lines: BTreeMap<Account, i64>,
}

impl Postings {
    /// A set from its lines; lines on the same account are added up, and those that come to nothing are dropped.
    pub fn balanced(lines: impl IntoIterator<Item = (Account, Money)>) -> Result<Postings, LedgerError> {
        let mut sums: BTreeMap<Account, i128> = BTreeMap::new();
        let mut first = None;
        for (account, amount) in lines {
            let currency = *first.get_or_insert(amount.currency);
            if amount.currency != currency {
                return Err(LedgerError::Currencies(currency, amount.currency));
            }
            *sums.entry(account).or_default() += i128::from(amount.minor);
        }
        let off: i128 = sums.values().sum();
        let currency = first.filter(|_| off == 0).ok_or(LedgerError::Unbalanced(off))?;
        let lines = sums.into_iter().filter(|(_, minor)| *minor != 0);
        let lines = lines.map(|(account, minor)| match i64::try_from(minor) {
            // The smallest number has no opposite, and a set must be reversible.
            Ok(minor) if minor > i64::MIN => Ok((account, minor)),
            _ => Err(LedgerError::Unbalanced(minor)),
        });
        Ok(Postings {
            currency,
            lines: lines.collect::<Result<_, _>>()?,
        })
    }

    /// `amount` moves from one account to another.
    fn moved(amount: Money, to: Account, from: Account) -> Result<Postings, LedgerError> {
        Postings::balanced([(to, positive(amount)?), (from, negated(amount))])
    }

    /// A customer pays for something.
    pub fn paid(
        source: Source,
        customer: CustomerId,
        purpose: Purpose,
        amount: Money,
    ) -> Result<Postings, LedgerError> {
        let credited = match purpose {
            Purpose::Water => Account::Water(customer),
            Purpose::Deposit => Account::Wallet(customer),
            Purpose::Bill => Account::Bill(customer),
        };
        from_source(source, customer, amount, credited)
    }

    /// A provider has collected money that belongs to nobody we know.
    pub fn unallocated(provider: Provider, amount: Money, fee: Money) -> Result<Postings, LedgerError> {
        received(provider, fee, amount, Account::Suspense)
    }

    /// An operator gives a customer water of this worth (CONTRACTS section 6, `credit`).
    pub fn given(customer: CustomerId, worth: Money) -> Result<Postings, LedgerError> {
        Postings::moved(worth, Account::Given, Account::Water(customer))
    }

    /// Water that was paid for is drawn, or its period ends: what it was sold for is earned now. See [`worth_drawn`].
    pub fn drawn(customer: CustomerId, worth: Money) -> Result<Postings, LedgerError> {
        Postings::moved(worth, Account::Water(customer), Account::Sales)
    }

    /// Water drawn before it was paid becomes a bill.
    pub fn billed(customer: CustomerId, amount: Money) -> Result<Postings, LedgerError> {
        Postings::moved(amount, Account::Bill(customer), Account::Sales)
    }

    /// Water ran that nobody pays for: beyond a hold, or without one. At the price of the tariff it counts as sold to
    /// the house, so that sales and meters agree and the loss is seen.
    pub fn lost(worth: Money) -> Result<Postings, LedgerError> {
        Postings::moved(worth, Account::Losses, Account::Sales)
    }

    /// A spend came in from a box that had been written off (PROTOCOL rule 25).
    pub fn suspended(worth: Money) -> Result<Postings, LedgerError> {
        Postings::moved(worth, Account::Suspense, Account::Sales)
    }

    /// One customer lends wallet money to another (FEATURES X12).
    pub fn lent(lender: CustomerId, borrower: CustomerId, amount: Money) -> Result<Postings, LedgerError> {
        let (owed, amount) = (positive(amount)?, negated(amount));
        Postings::balanced([
            (Account::Wallet(lender), owed),
            (Account::Wallet(borrower), amount),
            (Account::Loan(borrower), owed),
            (Account::Loan(lender), amount),
        ])
    }

    /// The borrower pays back out of the wallet.
    pub fn repaid(lender: CustomerId, borrower: CustomerId, amount: Money) -> Result<Postings, LedgerError> {
        Postings::lent(lender, borrower, amount).map(Postings::reversed)
    }

    /// The set that undoes this one: a refund, or a pour that a late report corrects downwards.
    #[must_use]
    pub fn reversed(self) -> Postings {
        let lines = self.lines.into_iter().map(|(account, minor)| (account, -minor));
        Postings {
            currency: self.currency,
            lines: lines.collect(),
        }
    }

    /// The currency of all lines.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// The lines in the order of their accounts; debits positive, none of them zero.
    pub fn lines(&self) -> impl Iterator<Item = (&Account, Money)> {
        let currency = self.currency;
        self.lines
            .iter()
            .map(move |(account, minor)| (account, Money::new(*minor, currency)))
    }
}

/// What part of the price is earned when `drawn` flows out of a purse that holds `volume` bought for `price`. The parts
/// of one purse add up to its price exactly, whatever the steps: the last drop takes what rounding had left.
pub fn worth_drawn(price: Money, volume: Volume, drawn: Volume) -> Money {
    let (volume, drawn) = (i128::from(volume.ml()), i128::from(drawn.ml()));
    let minor = match drawn < volume {
        // It lies between zero and the price, so it fits.
        true => i64::try_from(i128::from(price.minor) * drawn / volume).unwrap_or(price.minor),
        false => price.minor,
    };
    Money { minor, ..price }
}

/// The set by which `amount` comes out of a source and onto an account.
fn from_source(
    source: Source,
    customer: CustomerId,
    amount: Money,
    credited: Account,
) -> Result<Postings, LedgerError> {
    match source {
        Source::Till(provider, fee) => received(provider, fee, amount, credited),
        Source::Cash(site) => Postings::moved(amount, Account::Cash(site), credited),
        Source::Float(manager) => Postings::moved(amount, Account::Float(manager), credited),
        Source::Wallet => Postings::moved(amount, Account::Wallet(customer), credited),
        Source::Suspense => Postings::moved(amount, Account::Suspense, credited),
    }
}

fn received(provider: Provider, fee: Money, amount: Money, credited: Account) -> Result<Postings, LedgerError> {
    let (amount, fee) = (positive(amount)?, if fee.minor == 0 { fee } else { positive(fee)? });
    let kept = amount.checked_add(negated(fee));
    let kept = kept.ok_or(LedgerError::Currencies(amount.currency, fee.currency))?;
    Postings::balanced([
        (Account::Till(provider), kept),
        (Account::Fees, fee),
        (credited, negated(amount)),
    ])
}

/// An amount that can move: more than nothing.
fn positive(amount: Money) -> Result<Money, LedgerError> {
    if amount.minor > 0 {
        Ok(amount)
    } else {
        Err(LedgerError::Amount(amount))
    }
}

fn negated(amount: Money) -> Money {
    Money {
        minor: amount.minor.saturating_neg(),
        ..amount
    }
}

#[cfg(test)]
mod tests;
