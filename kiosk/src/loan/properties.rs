//! What holds for every sequence of events, in any order and with repeats, with the ledger that the hub keeps.

use super::{
    tests::{at, nairobi, shillings},
    *,
};
use crate::{
    ledger::{Account, Postings},
    moment::{HOUR_MS, Trust},
};
use proptest::{collection::vec, prelude::*};
use std::collections::BTreeMap;

const PEOPLE: u64 = 3;
/// What each of them has in the beginning: the first can lend 5000 shillings only after borrowing.
const WALLETS: [i64; PEOPLE as usize] = [300_000, 600_000, 900_000];

/// One thing that happens: to which loan, after how many hours, what, by whom, how much, under which id.
type Happening = (usize, i64, u8, u64, i64, u64);

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    // Few ids, so that many come twice; most events after hours, some after weeks.
    let hours = prop_oneof![4 => 0..30_i64, 1 => 100..1_000_i64];
    let amount = prop_oneof![3 => 1..100_000_i64, 1 => any::<i64>()];
    vec((0..3_usize, hours, 0..9_u8, 1..=PEOPLE, amount, 0..12_u64), 0..80)
}

/// Wallets and loan accounts as the ledger has them.
#[derive(Clone, Debug, Default, PartialEq)]
struct Books(BTreeMap<Account, i64>);

impl Books {
    fn book(&mut self, postings: &Postings) {
        for (account, amount) in postings.lines() {
            *self.0.entry(account.clone()).or_default() += amount.minor;
        }
    }

    /// What somebody has; the ledger counts it below zero.
    fn wallet(&self, customer: CustomerId) -> Money {
        let minor = self.0.get(&Account::Wallet(customer)).copied().unwrap_or_default();
        Money::new(-minor, Currency::Kes)
    }

    fn wallets(&self) -> i64 {
        (1..=PEOPLE).map(|id| self.wallet(CustomerId(id)).minor).sum()
    }

    fn take(&mut self, effects: &[LoanEffect]) {
        for effect in effects {
            match *effect {
                LoanEffect::Lend {
                    lender,
                    borrower,
                    amount,
                } => self.book(&Postings::lent(lender, borrower, amount).expect("an amount")),
                LoanEffect::PayBack {
                    lender,
                    borrower,
                    amount,
                } => self.book(&Postings::repaid(lender, borrower, amount).expect("an amount")),
                LoanEffect::Tell(..) => {}
            }
        }
    }
}

fn event(books: &Books, loan: &Loan, (_, _, kind, who, minor, id): Happening) -> LoanEvent {
    let (by, amount) = (CustomerId(who), Money::new(minor, Currency::Kes));
    match kind {
        0 | 1 => LoanEvent::Approved {
            by,
            wallet: books.wallet(by),
        },
        2 => LoanEvent::Refused(by),
        3 => LoanEvent::Cancelled(by),
        4 | 5 => LoanEvent::PaidBack {
            id: RepaymentId(id),
            amount,
            wallet: books.wallet(loan.borrower),
        },
        6 | 7 => LoanEvent::MoneyCame {
            id: PurchaseId(id),
            purpose: match id % 4 {
                0 => Purpose::Water,
                1 => Purpose::Bill,
                _ => Purpose::Deposit,
            },
            amount,
            wallet: books.wallet(loan.borrower),
        },
        _ => LoanEvent::Tick,
    }
}

/// Three people who each ask another for a loan of 5000.
fn begin() -> (Books, Vec<Loan>) {
    let mut books = Books::default();
    let now = at(nairobi().begin("2026-11-21".parse().unwrap()), Trust::Ntp);
    let loans = (1..=PEOPLE).map(|id| {
        let request = LoanRequest {
            id: LoanId(id),
            borrower: CustomerId(id),
            lender: Lender::Known(CustomerId(id % PEOPLE + 1)),
            amount: shillings(5_000),
            repayment: shillings(700),
        };
        ask(&LoanPolicy::default(), &request, &now).expect("a good request").0
    });
    let loans = loans.collect();
    for (id, minor) in (1..=PEOPLE).zip(WALLETS) {
        books.0.insert(Account::Wallet(CustomerId(id)), -minor);
    }
    (books, loans)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_024))]

    #[test]
    fn money_only_moves_between_wallets_and_never_more_than_was_lent(script in happenings()) {
        let (mut books, mut loans) = begin();
        let zone = nairobi();
        let mut now = zone.begin("2026-11-21".parse().unwrap());
        let mut lent = BTreeMap::<LoanId, usize>::new();
        for happening in script {
            now = now.plus_ms(happening.1 * HOUR_MS);
            let trust = if happening.1 == 13 { Trust::None } else { Trust::Ntp };
            let (moment, nth) = (at(now, trust), happening.0);
            let before = loans[nth].clone();
            let event = event(&books, &before, happening);
            let outcome = step(&LoanPolicy::default(), &before, &moment, &zone, event);
            let Ok((after, effects)) = outcome else { continue };
            books.take(&effects);

            // What is in the wallets stays in the wallets, and nobody's goes below zero.
            prop_assert_eq!(books.wallets(), WALLETS.iter().sum::<i64>());
            for id in 1..=PEOPLE {
                prop_assert!(books.wallet(CustomerId(id)).minor >= 0);
            }
            // The loan accounts say what the loans say.
            loans[nth] = after.clone();
            for id in 1..=PEOPLE {
                let customer = CustomerId(id);
                let mine = |of: &dyn Fn(&Loan) -> bool| -> i64 {
                    loans.iter().filter(|loan| of(loan)).map(|loan| loan.owed().minor).sum()
                };
                let owed = mine(&|loan| loan.borrower == customer) - mine(&|loan| loan.lender_known() == Some(customer));
                prop_assert_eq!(books.0.get(&Account::Loan(customer)).copied().unwrap_or_default(), owed);
            }
            // It is lent once, and never more comes back.
            let lends = effects.iter().filter(|effect| matches!(effect, LoanEffect::Lend { .. })).count();
            *lent.entry(after.id).or_default() += lends;
            prop_assert!(lent[&after.id] <= 1);
            prop_assert!(after.repaid().minor <= after.amount.minor * lent[&after.id] as i64);
            prop_assert_eq!(after.state == LoanState::Repaid, after.repaid() == after.amount);
            // Nothing but a deposit pays by itself, and no more than was due.
            if let LoanEvent::MoneyCame { purpose, amount, .. } = event {
                let taken = after.repaid().minor - before.repaid().minor;
                let due = before.due(zone.day(now)).minor;
                prop_assert!(taken <= due.min(amount.minor.max(0)));
                prop_assert!(taken == 0 || (purpose == Purpose::Deposit && trust.is_trusted()));
            }
            // An end is an end.
            if !before.state.is_waiting() && before.state != LoanState::Repaying {
                prop_assert!(after == before && effects.is_empty(), "{event:?} changed {before:?}");
            }
            // The same event again, now or after an hour, has no second effect.
            for moment in [moment, at(now.plus_ms(HOUR_MS), trust)] {
                let moves = |effect: &LoanEffect| !matches!(effect, LoanEffect::Tell(..));
                let again = step(&LoanPolicy::default(), &after, &moment, &zone, event);
                if event != LoanEvent::Tick {
                    prop_assert!(again.is_ok_and(|(same, effects)| same == after && !effects.iter().any(moves)));
                }
            }
        }
    }

    #[test]
    fn no_one_is_told_twice_on_a_day(hours in vec(0..40_i64, 0..100), every_days in 1..30_u16) {
        let zone = nairobi();
        let mut now = zone.begin("2026-11-21".parse().unwrap());
        let (_, mut loans) = begin();
        let mut loan = loans.remove(0);
        (loan.state, loan.given, loan.every_days) = (LoanState::Repaying, Some(zone.day(now)), every_days);
        let mut told: BTreeMap<Day, usize> = BTreeMap::new();
        for wait in hours {
            now = now.plus_ms(wait * HOUR_MS);
            let (next, effects) = step(&LoanPolicy::default(), &loan, &at(now, Trust::Ntp), &zone, LoanEvent::Tick)
                .expect("a tick is never denied");
            *told.entry(zone.day(now)).or_default() += effects.len();
            loan = next;
        }
        prop_assert!(told.values().all(|count| *count <= 1));
    }
}
