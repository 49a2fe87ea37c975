//! Every state with every event, and what each of them moves and says.

mod days;

use super::*;
use crate::{
    day::Zone,
    moment::{DAY_MS, Draw, Moment, Trust},
    phone::Country,
};

pub(super) const BORROWER: CustomerId = CustomerId(1);
pub(super) const LENDER: CustomerId = CustomerId(2);
const STRANGER: CustomerId = CustomerId(3);
const OTHER_CURRENCY: Money = Money::new(1_000_000, Currency::Ugx);

pub(super) fn shillings(units: i64) -> Money {
    Money::new(units * 100, Currency::Kes)
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

pub(super) fn nairobi() -> Zone {
    Zone::named("Africa/Nairobi").unwrap()
}

pub(super) fn at(wall: Wall, trust: Trust) -> Moment {
    Moment {
        wall,
        trust,
        monotonic_ms: 0,
        draw: Draw::new([0; 32]),
    }
}

/// Noon of the day on which the loan of these tests was given, in Nairobi.
fn noon() -> Wall {
    nairobi().begin(day("2026-11-21")).plus_ms(12 * HOUR_MS)
}

fn days_later(days: i64) -> Moment {
    at(noon().plus_ms(days * DAY_MS), Trust::Ntp)
}

pub(super) fn request(lender: Lender) -> LoanRequest {
    LoanRequest {
        id: LoanId(1),
        borrower: BORROWER,
        lender,
        amount: shillings(5_000),
        repayment: shillings(500),
    }
}

fn invited() -> Lender {
    Lender::Invited(Phone::parse("0700000102", Country::Kenya).unwrap())
}

/// A loan in this state: asked and given on the first day, with 500 of 5000 paid back while it runs.
fn loan_in(state: LoanState) -> Loan {
    let lender = match state {
        LoanState::Invited => invited(),
        _ => Lender::Known(LENDER),
    };
    let (mut loan, _) = ask(&LoanPolicy::default(), &request(lender), &days_later(0)).unwrap();
    loan.state = state;
    let line = |cause, units| Repayment {
        cause,
        amount: shillings(units),
        at: noon(),
    };
    let (hand, deposit) = (Cause::Hand(RepaymentId(7)), Cause::Deposit(PurchaseId(8)));
    match state {
        LoanState::Repaying => loan.history = vec![line(hand, 500), line(deposit, 0)],
        LoanState::Repaid => loan.history = vec![line(hand, 500), line(deposit, 4_500)],
        _ => {}
    }
    loan.given = matches!(state, LoanState::Repaying | LoanState::Repaid).then(|| day("2026-11-21"));
    loan
}

fn on(loan: &Loan, moment: &Moment, event: LoanEvent) -> Result<(Loan, Vec<LoanEffect>), LoanDenied> {
    step(&LoanPolicy::default(), loan, moment, &nairobi(), event)
}

fn approved(by: CustomerId, wallet: Money) -> LoanEvent {
    LoanEvent::Approved { by, wallet }
}

fn by_hand(id: u64, amount: Money, wallet: Money) -> LoanEvent {
    LoanEvent::PaidBack {
        id: RepaymentId(id),
        amount,
        wallet,
    }
}

fn came(id: u64, purpose: Purpose, amount: Money, wallet: Money) -> LoanEvent {
    LoanEvent::MoneyCame {
        id: PurchaseId(id),
        purpose,
        amount,
        wallet,
    }
}

/// What came of an event, in one letter: see the table.
fn letter(before: &Loan, outcome: &Result<(Loan, Vec<LoanEffect>), LoanDenied>) -> char {
    match outcome {
        Err(LoanDenied::State(state)) if *state == before.state => 's',
        Err(LoanDenied::NotTheirs) => 'n',
        Err(LoanDenied::TooLate) => 'l',
        Err(LoanDenied::WalletTooLow(_)) => 'w',
        Err(LoanDenied::NotOwed(_)) => 'o',
        Err(LoanDenied::Currency(_)) => 'c',
        Err(LoanDenied::OwnLoan) => 'z',
        Err(_) => '?',
        Ok((after, effects)) if after == before && effects.is_empty() => '=',
        Ok((after, effects)) if after.state == before.state => match effects.is_empty() {
            true => '.',
            false => '!',
        },
        Ok((after, _)) => match after.state {
            LoanState::Invited => 'I',
            LoanState::Asked => 'A',
            LoanState::Repaying => 'G',
            LoanState::Repaid => 'P',
            LoanState::Refused => 'R',
            LoanState::Expired => 'E',
            LoanState::Cancelled => 'C',
        },
    }
}

/// Columns: Invited, Asked, Repaying, Repaid, Refused, Expired, Cancelled. `=` nothing, `.` only noted, `!` something is
/// done in the same state; denied: `s` by the state, `n` not theirs, `l` too late, `w` wallet, `o` not owed, `c` currency,
/// `z` own loan; a capital is the next state: Asked, Given, Paid back, Refused, Expired, Cancelled.
#[test]
fn every_state_takes_every_event_as_the_table_says() {
    use Purpose::{Bill, Deposit, Water};
    let (rich, poor) = (shillings(100_000), shillings(499));
    let table = [
        // Three days after it was asked, of which the lender has three, and given.
        (2, LoanEvent::LenderRegistered(LENDER), "A======"),
        (2, LoanEvent::LenderRegistered(STRANGER), "Annnnnn"),
        (2, LoanEvent::LenderRegistered(BORROWER), "znnnnnn"),
        (2, approved(LENDER, rich), "nG==sss"),
        (2, approved(LENDER, shillings(5_000)), "nG==sss"),
        (2, approved(LENDER, shillings(4_999)), "nw==sss"),
        (2, approved(LENDER, OTHER_CURRENCY), "nc==sss"),
        (2, approved(BORROWER, rich), "nnnnnnn"),
        (2, approved(STRANGER, rich), "nnnnnnn"),
        (2, LoanEvent::Refused(LENDER), "nRss=ss"),
        (2, LoanEvent::Refused(BORROWER), "nnnnnnn"),
        (2, LoanEvent::Cancelled(BORROWER), "CCssss="),
        (2, LoanEvent::Cancelled(LENDER), "nnnnnnn"),
        (2, by_hand(1, shillings(500), rich), "ss!ssss"),
        (2, by_hand(1, Money::new(1, Currency::Kes), rich), "ss!ssss"),
        (2, by_hand(1, shillings(4_500), rich), "ssPssss"),
        (2, by_hand(1, shillings(4_500), shillings(4_500)), "ssPssss"),
        (2, by_hand(1, shillings(4_501), rich), "ssossss"),
        (2, by_hand(1, shillings(0), rich), "ssossss"),
        (2, by_hand(1, shillings(-1), rich), "ssossss"),
        (2, by_hand(1, shillings(500), poor), "sswssss"),
        (2, by_hand(1, OTHER_CURRENCY, rich), "sscssss"),
        (2, by_hand(1, shillings(500), OTHER_CURRENCY), "sscssss"),
        // The same wish again.
        (2, by_hand(7, shillings(500), rich), "ss==sss"),
        // Nothing is due yet; other purposes never pay a loan; the same deposit again.
        (2, came(1, Deposit, shillings(1_000), rich), "==.===="),
        (2, came(1, Water, shillings(1_000), rich), "======="),
        (2, came(1, Bill, shillings(1_000), rich), "======="),
        (2, came(8, Deposit, shillings(1_000), rich), "======="),
        (2, LoanEvent::Tick, "======="),
        // On the third day the lender's time is over; the second week ends on the 14th, when 500 more is due.
        (3, LoanEvent::Tick, "EE====="),
        (3, approved(LENDER, rich), "nl==sss"),
        (3, LoanEvent::LenderRegistered(LENDER), "l======"),
        (3, LoanEvent::Refused(LENDER), "nRss=ss"),
        (3, LoanEvent::Cancelled(BORROWER), "CCssss="),
        (13, LoanEvent::Tick, "EE!===="),
        (14, LoanEvent::Tick, "EE!===="),
        (14, came(1, Deposit, shillings(1_000), rich), "==!===="),
        (14, came(1, Deposit, shillings(1_000), shillings(0)), "==.===="),
        (14, came(1, Deposit, shillings(1_000), shillings(-5)), "==.===="),
        (14, came(1, Deposit, OTHER_CURRENCY, rich), "======="),
        (14, came(1, Water, shillings(1_000), rich), "======="),
        (14, came(1, Bill, shillings(1_000), rich), "======="),
        (14, came(8, Deposit, shillings(1_000), rich), "======="),
        // After ten weeks all of it is due.
        (70, came(1, Deposit, shillings(4_499), rich), "==!===="),
        (70, came(1, Deposit, shillings(9_000), rich), "==P===="),
    ];
    for (days, event, expected) in table {
        for (state, wanted) in LoanState::ALL.into_iter().zip(expected.chars()) {
            let loan = loan_in(state);
            let outcome = on(&loan, &days_later(days), event);
            assert_eq!(
                letter(&loan, &outcome),
                wanted,
                "{state:?}, day {days}: {event:?} gave {outcome:?}"
            );
            // Again: one effect, whatever came of it.
            if let Ok((next, _)) = outcome {
                let again = on(&next, &days_later(days), event);
                let is_settled = again
                    .as_ref()
                    .map_or(true, |(same, effects)| *same == next && effects.is_empty());
                assert!(is_settled, "{state:?}, day {days}: {event:?} again gave {again:?}");
            }
        }
    }
}

#[test]
fn a_request_is_at_least_a_hundred_and_is_paid_back_in_parts_of_it() {
    let minimum = |currency, minor| Err(LoanDenied::Amount(Money::new(minor, currency)));
    let shilling = Money::new(100, Currency::Kes);
    for (amount, repayment, expected) in [
        (shillings(100), shillings(1), Ok(LoanState::Asked)),
        (shillings(100), shillings(100), Ok(LoanState::Asked)),
        (
            Money::new(100, Currency::Rwf),
            Money::new(1, Currency::Rwf),
            Ok(LoanState::Asked),
        ),
        (shillings(99), shillings(9), minimum(Currency::Kes, 10_000)),
        (
            Money::new(99, Currency::Rwf),
            Money::new(9, Currency::Rwf),
            minimum(Currency::Rwf, 100),
        ),
        (
            Money::new(10_001, Currency::Kes),
            shilling,
            minimum(Currency::Kes, 10_000),
        ),
        (shillings(-5_000), shillings(500), minimum(Currency::Kes, 10_000)),
        (
            Money::new(i64::MIN, Currency::Kes),
            shilling,
            minimum(Currency::Kes, 10_000),
        ),
        (shillings(100), shillings(0), Err(LoanDenied::Repayment(shillings(100)))),
        (
            shillings(100),
            shillings(101),
            Err(LoanDenied::Repayment(shillings(100))),
        ),
        (
            shillings(100),
            Money::new(50, Currency::Kes),
            Err(LoanDenied::Repayment(shillings(100))),
        ),
        (shillings(100), OTHER_CURRENCY, Err(LoanDenied::Currency(Currency::Kes))),
    ] {
        let request = LoanRequest {
            amount,
            repayment,
            ..request(Lender::Known(LENDER))
        };
        let asked = ask(&LoanPolicy::default(), &request, &days_later(0)).map(|(loan, _)| loan.state);
        assert_eq!(asked, expected, "{amount} {repayment}");
    }
    let own = request(Lender::Known(BORROWER));
    assert_eq!(
        ask(&LoanPolicy::default(), &own, &days_later(0)),
        Err(LoanDenied::OwnLoan)
    );
    for (lender, state, notice) in [
        (Lender::Known(LENDER), LoanState::Asked, LoanNotice::Waiting),
        (invited(), LoanState::Invited, LoanNotice::Invited),
    ] {
        let (loan, effects) = ask(&LoanPolicy::default(), &request(lender), &days_later(0)).unwrap();
        assert_eq!((loan.state, loan.owed(), loan.every_days), (state, shillings(0), 7));
        let told = [(Party::Lender, notice), (Party::Borrower, LoanNotice::Asked)];
        assert_eq!(effects, told.map(|(party, notice)| LoanEffect::Tell(party, notice)));
    }
}

#[test]
fn a_loan_goes_from_wallet_to_wallet_and_comes_back_in_parts() {
    let (lender, borrower) = (LENDER, BORROWER);
    let (loan, effects) = on(
        &loan_in(LoanState::Asked),
        &days_later(0),
        approved(LENDER, shillings(5_000)),
    )
    .unwrap();
    let amount = shillings(5_000);
    let expected = [
        LoanEffect::Lend {
            lender,
            borrower,
            amount,
        },
        LoanEffect::Tell(Party::Borrower, LoanNotice::Approved),
        LoanEffect::Tell(Party::Lender, LoanNotice::Given),
    ];
    assert_eq!(effects, expected);
    assert_eq!((loan.owed(), loan.given), (shillings(5_000), Some(day("2026-11-21"))));
    let back = |amount, left| {
        [
            LoanEffect::PayBack {
                lender,
                borrower,
                amount,
            },
            LoanEffect::Tell(Party::Borrower, LoanNotice::PaidBack { amount, left }),
            LoanEffect::Tell(Party::Lender, LoanNotice::CameBack { amount, left }),
        ]
    };
    // A week later 500 is due. The deposit brought 300 of it, the next one the rest, and keeps what is over.
    let deposit = |id, units| came(id, Purpose::Deposit, shillings(units), shillings(units));
    let (loan, effects) = on(&loan, &days_later(7), deposit(1, 300)).unwrap();
    assert_eq!(effects, back(shillings(300), shillings(4_700)));
    let (loan, effects) = on(&loan, &days_later(7), deposit(2, 1_000)).unwrap();
    assert_eq!(effects, back(shillings(200), shillings(4_500)));
    // By hand ahead of time: the next two repayments are paid.
    let (loan, effects) = on(&loan, &days_later(8), by_hand(3, shillings(1_000), shillings(1_000))).unwrap();
    assert_eq!(effects, back(shillings(1_000), shillings(3_500)));
    for (days, due) in [
        (8, 0),
        (14, 0),
        (21, 0),
        (27, 0),
        (28, 500),
        (35, 1_000),
        (70, 3_500),
        (700, 3_500),
    ] {
        let today = nairobi().day(days_later(days).wall);
        assert_eq!(loan.due(today), shillings(due), "day {days}");
    }
    let (loan, effects) = on(&loan, &days_later(700), deposit(4, 100_000)).unwrap();
    assert_eq!(effects, back(shillings(3_500), shillings(0)));
    assert_eq!(
        (loan.state, loan.owed(), loan.repaid()),
        (LoanState::Repaid, shillings(0), shillings(5_000))
    );
    assert_eq!(loan.repayments().count(), 4);
}

#[test]
fn states_read_back_by_their_names() {
    for state in LoanState::ALL {
        assert_eq!(LoanState::from_name(state.name()), Some(state));
    }
    assert_eq!(LoanState::from_name("approved"), None);
}
