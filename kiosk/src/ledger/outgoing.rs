//! Money that leaves, cash that passes through a manager's hands, and payments of more than was owed.

use super::{Account, LedgerError, Postings, Source, from_source, negated, positive};
use crate::{
    ids::{CustomerId, ManagerId, SiteName},
    provider::Provider,
    units::Money,
};

/// Whose money goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayoutSource {
    /// A customer's wallet: a deposit given back, money withdrawn.
    Wallet(CustomerId),
    /// Water that a customer paid for and did not draw.
    Water(CustomerId),
    /// Money of nobody we know goes back to whom it came from.
    Suspense,
}

impl PayoutSource {
    fn account(self) -> Account {
        match self {
            PayoutSource::Wallet(customer) => Account::Wallet(customer),
            PayoutSource::Water(customer) => Account::Water(customer),
            PayoutSource::Suspense => Account::Suspense,
        }
    }
}

/// Cash that a manager hands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandIn {
    /// The manager.
    pub manager: ManagerId,
    /// Where it is handed in.
    pub site: SiteName,
    /// What the manager had taken, by the books.
    pub owed: Money,
    /// What was counted, zero or more.
    pub counted: Money,
}

impl Postings {
    /// Before a provider is asked to pay out: the money is no longer its owner's and not yet gone.
    pub fn payout_reserved(provider: Provider, source: PayoutSource, amount: Money) -> Result<Postings, LedgerError> {
        Postings::moved(amount, source.account(), Account::Payout(provider))
    }

    /// A payout that certainly did not happen: its owner has the money again. The opposite of
    /// [`Postings::payout_reserved`].
    pub fn payout_returned(provider: Provider, source: PayoutSource, amount: Money) -> Result<Postings, LedgerError> {
        Postings::payout_reserved(provider, source, amount).map(Postings::reversed)
    }

    /// A payout that the provider has made: the money has left the till, and with it the provider's fee, zero or more,
    /// which the house bears.
    pub fn payout_made(provider: Provider, amount: Money, fee: Money) -> Result<Postings, LedgerError> {
        let fee = if fee.minor == 0 { fee } else { positive(fee)? };
        let gone = positive(amount)?.checked_add(fee);
        let gone = gone.ok_or(LedgerError::Currencies(amount.currency, fee.currency))?;
        Postings::balanced([
            (Account::Payout(provider), amount),
            (Account::Fees, fee),
            (Account::Till(provider), negated(gone)),
        ])
    }

    /// What is left undrawn of a purchase and cannot be paid out, such as the part of a shilling, goes to the wallet.
    pub fn refunded_to_wallet(customer: CustomerId, amount: Money) -> Result<Postings, LedgerError> {
        Postings::moved(amount, Account::Water(customer), Account::Wallet(customer))
    }

    /// A manager hands cash in. The float is cleared by what was owed; a difference stays against the manager.
    pub fn handed_in(hand_in: HandIn) -> Result<Postings, LedgerError> {
        let HandIn {
            manager,
            site,
            owed,
            counted,
        } = hand_in;
        let counted = if counted.minor == 0 {
            counted
        } else {
            positive(counted)?
        };
        let missing = positive(owed)?.checked_add(negated(counted));
        let missing = missing.ok_or(LedgerError::Currencies(owed.currency, counted.currency))?;
        Postings::balanced([
            (Account::Cash(site), counted),
            (Account::Difference(manager), missing),
            (Account::Float(manager), negated(owed)),
        ])
    }

    /// A manager makes a difference good in cash.
    pub fn difference_paid(manager: ManagerId, site: SiteName, amount: Money) -> Result<Postings, LedgerError> {
        Postings::moved(amount, Account::Cash(site), Account::Difference(manager))
    }

    /// A difference is given up: the house bears it. Money found that nobody misses is [`Postings::reversed`] of it.
    pub fn difference_given_up(manager: ManagerId, amount: Money) -> Result<Postings, LedgerError> {
        Postings::moved(amount, Account::Losses, Account::Difference(manager))
    }

    /// Cash was handed in for sales that a restored hub has lost and no site can tell it any more: the manager owes the less
    /// by it no longer.
    pub fn sales_lost(manager: ManagerId, amount: Money) -> Result<Postings, LedgerError> {
        Postings::moved(amount, Account::Float(manager), Account::Suspense)
    }

    /// A customer pays the open bills, and `over` more than they come to, zero or more: that goes into the wallet.
    pub fn bill_paid(source: Source, customer: CustomerId, owed: Money, over: Money) -> Result<Postings, LedgerError> {
        if over.minor == 0 {
            return from_source(source, customer, owed, Account::Bill(customer));
        }
        let all = positive(owed)?.checked_add(positive(over)?);
        let all = all.ok_or(LedgerError::Currencies(owed.currency, over.currency))?;
        let paid = from_source(source, customer, all, Account::Bill(customer))?;
        let back = [
            (Account::Bill(customer), over),
            (Account::Wallet(customer), negated(over)),
        ];
        let lines = paid.lines().map(|(account, amount)| (account.clone(), amount));
        Postings::balanced(lines.chain(back))
    }

    /// A bill that comes down after it was issued, because less water ran than was counted: the customer has this much
    /// towards the next one.
    pub fn bill_credited(customer: CustomerId, amount: Money) -> Result<Postings, LedgerError> {
        Postings::billed(customer, amount).map(Postings::reversed)
    }

    /// What bills had charged too much, of a customer who gets no more of them: it goes into the wallet.
    pub fn bill_credit_to_wallet(customer: CustomerId, amount: Money) -> Result<Postings, LedgerError> {
        Postings::moved(amount, Account::Bill(customer), Account::Wallet(customer))
    }

    /// A bill that nobody will pay any more is given up.
    pub fn bill_given_up(customer: CustomerId, amount: Money) -> Result<Postings, LedgerError> {
        Postings::moved(amount, Account::Losses, Account::Bill(customer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Currency;

    const JANE: CustomerId = CustomerId(1);
    const MUSA: ManagerId = ManagerId(2);

    fn kes(minor: i64) -> Money {
        Money::new(minor, Currency::Kes)
    }

    fn site() -> SiteName {
        "kibera-3".parse().unwrap()
    }

    /// The lines as text, in the order of the accounts.
    fn lines(postings: Result<Postings, LedgerError>) -> String {
        let postings = postings.unwrap();
        let lines = postings
            .lines()
            .map(|(account, amount)| format!("{account} {}", amount.minor));
        let lines: Vec<String> = lines.collect();
        lines.join(", ").replace("000000000000000", "")
    }

    #[test]
    fn a_payout_is_in_transit_until_the_provider_is_certain() {
        let mpesa = Provider::Mpesa;
        let reserved = |source| lines(Postings::payout_reserved(mpesa, source, kes(500)));
        assert_eq!(reserved(PayoutSource::Wallet(JANE)), "wallet:1 500, payout:mpesa -500");
        assert_eq!(reserved(PayoutSource::Water(JANE)), "water:1 500, payout:mpesa -500");
        assert_eq!(reserved(PayoutSource::Suspense), "payout:mpesa -500, suspense 500");
        let returned = Postings::payout_returned(mpesa, PayoutSource::Wallet(JANE), kes(500));
        assert_eq!(lines(returned), "wallet:1 -500, payout:mpesa 500");
        // KES 5.00 go out, and the provider keeps 0.15 beside it.
        let made = |fee| lines(Postings::payout_made(mpesa, kes(500), kes(fee)));
        assert_eq!(made(15), "till:mpesa -515, payout:mpesa 500, fees 15");
        assert_eq!(made(0), "till:mpesa -500, payout:mpesa 500");
        assert_eq!(
            lines(Postings::refunded_to_wallet(JANE, kes(67))),
            "wallet:1 -67, water:1 67"
        );
    }

    #[test]
    fn cash_passes_from_the_customer_over_the_float_to_the_site() {
        let sold = Postings::paid(Source::Float(MUSA), JANE, super::super::Purpose::Water, kes(4_000));
        assert_eq!(lines(sold), "water:1 -4000, float:2 4000");
        let hand_in = |counted| {
            lines(Postings::handed_in(HandIn {
                manager: MUSA,
                site: site(),
                owed: kes(4_000),
                counted: kes(counted),
            }))
        };
        assert_eq!(hand_in(4_000), "cash:kibera-3 4000, float:2 -4000");
        assert_eq!(hand_in(3_900), "cash:kibera-3 3900, float:2 -4000, difference:2 100");
        assert_eq!(hand_in(4_100), "cash:kibera-3 4100, float:2 -4000, difference:2 -100");
        assert_eq!(hand_in(0), "float:2 -4000, difference:2 4000");
        let paid = Postings::difference_paid(MUSA, site(), kes(100));
        assert_eq!(lines(paid), "cash:kibera-3 100, difference:2 -100");
        let given_up = Postings::difference_given_up(MUSA, kes(100));
        assert_eq!(lines(given_up), "difference:2 -100, losses 100");
    }

    #[test]
    fn what_is_paid_over_a_bill_goes_into_the_wallet() {
        let till = |fee| Source::Till(Provider::Mpesa, kes(fee));
        let paid = |source, owed, over| lines(Postings::bill_paid(source, JANE, kes(owed), kes(over)));
        assert_eq!(paid(till(0), 300, 0), "bill:1 -300, till:mpesa 300");
        assert_eq!(
            paid(till(5), 300, 50),
            "wallet:1 -50, bill:1 -300, till:mpesa 345, fees 5"
        );
        assert_eq!(
            paid(Source::Suspense, 300, 50),
            "wallet:1 -50, bill:1 -300, suspense 350"
        );
        // Out of the wallet nothing is paid over: it stays where it is.
        assert_eq!(paid(Source::Wallet, 300, 50), "wallet:1 300, bill:1 -300");
        assert_eq!(lines(Postings::bill_credited(JANE, kes(40))), "bill:1 -40, sales 40");
        assert_eq!(lines(Postings::bill_given_up(JANE, kes(40))), "bill:1 -40, losses 40");
        let back = Postings::bill_credit_to_wallet(JANE, kes(40));
        assert_eq!(lines(back), "wallet:1 -40, bill:1 40");
    }

    #[test]
    fn amounts_of_nothing_and_of_two_currencies_are_refused() {
        let francs = Money::new(5, Currency::Rwf);
        let two = Err(LedgerError::Currencies(Currency::Kes, Currency::Rwf));
        assert_eq!(Postings::payout_made(Provider::Mtn, kes(5), francs), two);
        assert_eq!(Postings::bill_paid(Source::Wallet, JANE, kes(5), francs), two);
        let hand_in = |owed, counted| {
            Postings::handed_in(HandIn {
                manager: MUSA,
                site: site(),
                owed,
                counted,
            })
        };
        assert_eq!(hand_in(kes(5), francs), two);
        assert_eq!(hand_in(kes(0), kes(5)), Err(LedgerError::Amount(kes(0))));
        assert_eq!(hand_in(kes(5), kes(-5)), Err(LedgerError::Amount(kes(-5))));
        for minor in [0, -1] {
            let refused = Err(LedgerError::Amount(kes(minor)));
            assert_eq!(
                Postings::payout_reserved(Provider::Mtn, PayoutSource::Suspense, kes(minor)),
                refused
            );
            assert_eq!(Postings::payout_made(Provider::Mtn, kes(minor), kes(0)), refused);
            assert_eq!(Postings::difference_paid(MUSA, site(), kes(minor)), refused);
        }
    }
}
