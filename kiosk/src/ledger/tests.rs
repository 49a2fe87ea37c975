//! Expected values come from hand arithmetic: what goes in on one side comes out on the other.

use super::*;
use proptest::prelude::*;

const JANE: CustomerId = CustomerId(1);
const OTIENO: CustomerId = CustomerId(2);

fn kes(minor: i64) -> Money {
    Money::new(minor, Currency::Kes)
}

fn site() -> SiteName {
    "kibera-3".parse().unwrap()
}

fn lines(postings: Result<Postings, LedgerError>) -> Vec<(String, i64)> {
    let postings = postings.unwrap();
    postings
        .lines()
        .map(|(account, amount)| (account.to_string(), amount.minor))
        .collect()
}

fn expected<const N: usize>(lines: [(&str, i64); N]) -> Vec<(String, i64)> {
    lines.map(|(account, minor)| (account.to_owned(), minor)).into()
}

#[test]
fn accounts_have_stable_names_and_read_back() {
    for (account, name) in [
        (Account::Wallet(JANE), "wallet:0000000000000001"),
        (Account::Water(JANE), "water:0000000000000001"),
        (Account::Bill(JANE), "bill:0000000000000001"),
        (Account::Loan(JANE), "loan:0000000000000001"),
        (Account::Till(Provider::Mpesa), "till:mpesa"),
        (Account::Cash(site()), "cash:kibera-3"),
        (Account::Float(ManagerId(0xa1)), "float:00000000000000a1"),
        (Account::Difference(ManagerId(0xa1)), "difference:00000000000000a1"),
        (Account::Payout(Provider::Airtel), "payout:airtel"),
        (Account::Sales, "sales"),
        (Account::Fees, "fees"),
        (Account::Given, "given"),
        (Account::Suspense, "suspense"),
        (Account::Losses, "losses"),
    ] {
        assert_eq!(account.to_string(), name);
        assert_eq!(name.parse(), Ok(account));
    }
    for bad in [
        "",
        "sales:",
        "sales:1",
        "wallet:1",
        "wallet:000000000000000A",
        "till:visa",
        "cash:",
        "float:a1",
        "payout:",
        "gold",
    ] {
        assert_eq!(bad.parse::<Account>(), Err(LedgerError::Account(bad.to_owned())));
    }
}

#[test]
fn a_payment_fills_the_till_and_what_the_customer_has_with_us() {
    let till = |fee| Source::Till(Provider::Mpesa, kes(fee));
    let pay = |source, purpose| lines(Postings::paid(source, JANE, purpose, kes(30_000)));
    let (water, wallet, bill) = (
        "water:0000000000000001",
        "wallet:0000000000000001",
        "bill:0000000000000001",
    );
    assert_eq!(
        pay(till(0), Purpose::Water),
        expected([(water, -30_000), ("till:mpesa", 30_000)])
    );
    assert_eq!(
        pay(till(165), Purpose::Deposit),
        expected([(wallet, -30_000), ("till:mpesa", 29_835), ("fees", 165)])
    );
    assert_eq!(
        pay(Source::Cash(site()), Purpose::Bill),
        expected([(bill, -30_000), ("cash:kibera-3", 30_000)])
    );
    assert_eq!(
        pay(Source::Wallet, Purpose::Water),
        expected([(wallet, 30_000), (water, -30_000)])
    );
    assert_eq!(
        pay(Source::Suspense, Purpose::Water),
        expected([(water, -30_000), ("suspense", 30_000)])
    );
    // A deposit from the wallet into the wallet moves nothing.
    assert_eq!(pay(Source::Wallet, Purpose::Deposit), expected([]));
    assert_eq!(
        lines(Postings::unallocated(Provider::Airtel, kes(500), kes(5))),
        expected([("till:airtel", 495), ("fees", 5), ("suspense", -500)])
    );
}

#[test]
fn water_moves_from_what_is_owed_to_what_is_earned() {
    let (water, bill) = ("water:0000000000000001", "bill:0000000000000001");
    assert_eq!(
        lines(Postings::given(JANE, kes(100))),
        expected([(water, -100), ("given", 100)])
    );
    assert_eq!(
        lines(Postings::drawn(JANE, kes(100))),
        expected([(water, 100), ("sales", -100)])
    );
    assert_eq!(
        lines(Postings::billed(JANE, kes(100))),
        expected([(bill, 100), ("sales", -100)])
    );
    assert_eq!(
        lines(Postings::lost(kes(100))),
        expected([("sales", -100), ("losses", 100)])
    );
    assert_eq!(
        lines(Postings::suspended(kes(100))),
        expected([("sales", -100), ("suspense", 100)])
    );
    let undone = Postings::drawn(JANE, kes(100)).map(Postings::reversed);
    assert_eq!(lines(undone), expected([(water, -100), ("sales", 100)]));
}

#[test]
fn a_loan_moves_wallet_money_and_is_owed_until_it_is_repaid() {
    assert_eq!(
        lines(Postings::lent(JANE, OTIENO, kes(500))),
        expected([
            ("wallet:0000000000000001", 500),
            ("wallet:0000000000000002", -500),
            ("loan:0000000000000001", -500),
            ("loan:0000000000000002", 500),
        ])
    );
    let lent = Postings::lent(JANE, OTIENO, kes(500)).map(Postings::reversed);
    assert_eq!(Postings::repaid(JANE, OTIENO, kes(500)), lent);
}

#[test]
fn what_does_not_balance_cannot_be_made() {
    let shilling = Money::new(100, Currency::Ugx);
    assert_eq!(
        Postings::balanced([(Account::Sales, kes(-100)), (Account::Losses, kes(99))]),
        Err(LedgerError::Unbalanced(-1))
    );
    assert_eq!(Postings::balanced([]), Err(LedgerError::Unbalanced(0)));
    assert_eq!(
        Postings::balanced([(Account::Sales, kes(-100)), (Account::Losses, shilling)]),
        Err(LedgerError::Currencies(Currency::Kes, Currency::Ugx))
    );
    assert_eq!(
        Postings::unallocated(Provider::Mtn, kes(100), shilling),
        Err(LedgerError::Currencies(Currency::Kes, Currency::Ugx))
    );
    for minor in [0, -1, i64::MIN] {
        assert_eq!(Postings::drawn(JANE, kes(minor)), Err(LedgerError::Amount(kes(minor))));
    }
    assert_eq!(
        Postings::unallocated(Provider::Mtn, kes(100), kes(-1)),
        Err(LedgerError::Amount(kes(-1)))
    );
    let most = kes(i64::MAX);
    assert!(matches!(
        Postings::balanced([(Account::Sales, most), (Account::Sales, most), (Account::Fees, kes(-2))]),
        Err(LedgerError::Unbalanced(_))
    ));
}

#[test]
fn a_purse_is_earned_drop_by_drop_and_to_the_last_cent() {
    // KES 100.00 for 3 litres: 33.33, then half of 66.67 rounded down, then the rest.
    let mut left = (kes(10_000), Volume::from_ml(3_000));
    for expected in [3_333, 3_333, 3_334] {
        let litre = Volume::from_ml(1_000);
        let earned = worth_drawn(left.0, left.1, litre);
        assert_eq!(earned, kes(expected));
        left = (kes(left.0.minor - earned.minor), left.1.less(litre));
    }
    assert_eq!(left, (kes(0), Volume::ZERO));
    assert_eq!(worth_drawn(kes(7), Volume::ZERO, Volume::ZERO), kes(7));
}

/// Any movement the hub can book, in a given currency.
fn any_postings(currency: Currency) -> impl Strategy<Value = Postings> {
    let sources = prop_oneof![
        (0..50_i64).prop_map(move |fee| Source::Till(Provider::Mpesa, Money::new(fee, currency))),
        Just(Source::Cash(site())),
        Just(Source::Float(ManagerId(3))),
        Just(Source::Wallet),
        Just(Source::Suspense),
    ];
    let purposes = prop::sample::select(&[Purpose::Water, Purpose::Deposit, Purpose::Bill]);
    (0..14_usize, sources, purposes, 50..1_000_000_i64, any::<bool>()).prop_map(
        move |(kind, source, purpose, minor, back)| {
            let amount = Money::new(minor, currency);
            let postings = match kind {
                0 => Postings::paid(source, JANE, purpose, amount),
                1 => Postings::unallocated(Provider::Airtel, amount, Money::new(3, currency)),
                2 => Postings::given(JANE, amount),
                3 => Postings::drawn(OTIENO, amount),
                4 => Postings::billed(JANE, amount),
                5 => Postings::lost(amount),
                6 => Postings::suspended(amount),
                7 => Postings::payout_reserved(Provider::Mtn, PayoutSource::Wallet(JANE), amount),
                8 => Postings::payout_made(Provider::Mtn, amount, Money::new(3, currency)),
                9 => Postings::bill_paid(source, JANE, amount, Money::new(7, currency)),
                10 => Postings::handed_in(HandIn {
                    manager: ManagerId(3),
                    site: site(),
                    owed: amount,
                    counted: Money::new(77, currency),
                }),
                11 => Postings::difference_paid(ManagerId(3), site(), amount),
                12 => Postings::bill_given_up(JANE, amount),
                _ => Postings::lent(JANE, OTIENO, amount),
            };
            let postings = postings.expect("amounts are positive and of one currency");
            if back { postings.reversed() } else { postings }
        },
    )
}

proptest! {
    #[test]
    fn any_run_of_movements_sums_to_zero_in_each_currency(
        shillings in prop::collection::vec(any_postings(Currency::Kes), 0..20),
        francs in prop::collection::vec(any_postings(Currency::Rwf), 0..20),
    ) {
        let mut balances: BTreeMap<(Currency, Account), i64> = BTreeMap::new();
        for postings in shillings.iter().chain(&francs) {
            for (account, amount) in postings.lines() {
                prop_assert_eq!(amount.currency, postings.currency());
                prop_assert_ne!(amount.minor, 0);
                *balances.entry((amount.currency, account.clone())).or_default() += amount.minor;
            }
        }
        for currency in Currency::ALL {
            let total: i64 = balances.iter().filter(|((of, _), _)| *of == currency).map(|(_, minor)| minor).sum();
            prop_assert_eq!(total, 0, "{}", currency);
        }
    }

    #[test]
    fn a_set_exists_exactly_when_it_balances(amounts in prop::collection::vec(-1_000..1_000_i64, 1..6)) {
        let accounts = [Account::Sales, Account::Fees, Account::Given, Account::Losses];
        let set = amounts.iter().zip(accounts.iter().cycle()).map(|(minor, account)| (account.clone(), kes(*minor)));
        prop_assert_eq!(Postings::balanced(set).is_ok(), amounts.iter().sum::<i64>() == 0);
        let closed = amounts.iter().map(|minor| (Account::Sales, kes(*minor)));
        let rest = (Account::Suspense, kes(-amounts.iter().sum::<i64>()));
        prop_assert!(Postings::balanced(closed.chain([rest])).is_ok());
    }

    #[test]
    fn parts_of_a_purse_add_up_to_its_price(price in 0..10_000_000_i64, draws in prop::collection::vec(1..50_000_u64, 1..20)) {
        let mut left = (kes(price), draws.iter().copied().map(Volume::from_ml).sum::<Volume>());
        let mut earned = 0;
        for ml in draws {
            let part = worth_drawn(left.0, left.1, Volume::from_ml(ml));
            prop_assert!(part.minor >= 0);
            earned += part.minor;
            left = (kes(left.0.minor - part.minor), left.1.less(Volume::from_ml(ml)));
        }
        prop_assert_eq!(earned, price);
    }
}
