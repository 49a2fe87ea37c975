//! What falls due when, what is said of it, and a clock that is lost.

use super::*;

#[test]
fn the_borrower_is_reminded_the_day_before_on_the_day_and_once_after_it() {
    let mut loan = loan_in(LoanState::Repaying);
    loan.history.clear();
    let told = |loan: &mut Loan, days| {
        let (next, effects) = on(loan, &days_later(days), LoanEvent::Tick).unwrap();
        *loan = next;
        match effects.as_slice() {
            [] => None,
            [LoanEffect::Tell(Party::Borrower, notice)] => Some(*notice),
            other => panic!("{other:?}"),
        }
    };
    let reminder = |units, due| {
        Some(LoanNotice::Reminder {
            amount: shillings(units),
            due: day(due),
        })
    };
    let overdue = |units, due| {
        Some(LoanNotice::Overdue {
            amount: shillings(units),
            due: day(due),
        })
    };
    for (days, expected) in [
        (5, None),
        (6, reminder(500, "2026-11-28")),
        (6, None),
        (7, reminder(500, "2026-11-28")),
        (7, None),
        (8, overdue(500, "2026-11-28")),
        (9, None),
        (13, reminder(1_000, "2026-12-05")),
        (14, reminder(1_000, "2026-12-05")),
        // The hub was off for weeks: the newest is told, once.
        (37, overdue(2_500, "2026-12-26")),
        (38, None),
        // All of it is due on the day of the tenth week, and is asked for every week from then on.
        (70, reminder(5_000, "2027-01-30")),
        (77, reminder(5_000, "2027-02-06")),
    ] {
        assert_eq!(told(&mut loan, days), expected, "day {days}");
    }
    // Who has paid is left alone, and who has paid a part hears of the rest.
    let mut paid = loan_in(LoanState::Repaying);
    for (days, expected) in [(6, None), (7, None), (8, None), (13, reminder(500, "2026-12-05"))] {
        assert_eq!(told(&mut paid, days), expected, "paid, day {days}");
    }
}

#[test]
fn the_lender_has_exactly_three_days() {
    let loan = loan_in(LoanState::Asked);
    let moment = |ms| at(noon().plus_ms(ms), Trust::Ntp);
    let three_days = 72 * HOUR_MS;
    let (same, effects) = on(&loan, &moment(three_days - 1), LoanEvent::Tick).unwrap();
    assert_eq!((same, effects), (loan.clone(), Vec::new()));
    assert!(on(&loan, &moment(three_days - 1), approved(LENDER, shillings(5_000))).is_ok());
    let (late, effects) = on(&loan, &moment(three_days), LoanEvent::Tick).unwrap();
    assert_eq!(late.state, LoanState::Expired);
    assert_eq!(effects, [LoanEffect::Tell(Party::Borrower, LoanNotice::Expired)]);
}

#[test]
fn without_a_trusted_clock_nothing_expires_or_falls_due_and_days_count_from_when_it_is_known() {
    let lost = |wall| at(wall, Trust::None);
    let policy = LoanPolicy::default();
    // Asked and approved in 1970, as a box without a clock has it.
    let (loan, _) = ask(&policy, &request(Lender::Known(LENDER)), &lost(Wall(0))).unwrap();
    let (waiting, effects) = on(&loan, &lost(Wall(400 * DAY_MS)), LoanEvent::Tick).unwrap();
    assert_eq!((waiting.state, effects), (LoanState::Asked, Vec::new()));
    let (still, _) = on(&waiting, &days_later(0), LoanEvent::Tick).unwrap();
    assert_eq!((still.state, still.asked), (LoanState::Asked, Some(noon())));
    let (given, _) = on(&waiting, &lost(Wall(DAY_MS)), approved(LENDER, shillings(5_000))).unwrap();
    // Asked by a good clock, which was then lost and runs ahead.
    let year_ahead = lost(noon().plus_ms(365 * DAY_MS));
    assert!(on(&still, &year_ahead, approved(LENDER, shillings(5_000))).is_ok());
    let deposit = came(1, Purpose::Deposit, shillings(500), shillings(500));
    let (given, effects) = on(&given, &lost(Wall(900 * DAY_MS)), deposit).unwrap();
    assert!(effects.is_empty());
    let (known, effects) = on(&given, &days_later(0), LoanEvent::Tick).unwrap();
    assert_eq!((known.given, effects), (Some(day("2026-11-21")), Vec::new()));
    // A clock that ran ahead by a year puts nothing off.
    let (ahead, _) = on(
        &loan_in(LoanState::Asked),
        &days_later(2),
        approved(LENDER, shillings(5_000)),
    )
    .unwrap();
    let (ahead, _) = on(&ahead, &days_later(365), LoanEvent::Tick).unwrap();
    let far = Loan {
        given: Some(day("2027-11-21")),
        ..ahead
    };
    let (back, _) = on(&far, &days_later(2), LoanEvent::Tick).unwrap();
    assert_eq!((back.given, back.reminded), (Some(day("2026-11-23")), None));
}

#[test]
fn a_deposit_goes_to_the_loan_that_has_been_due_for_longest() {
    let given = |id, given: &str, units, paid: i64| {
        let mut loan = loan_in(LoanState::Repaying);
        loan.id = LoanId(id);
        loan.given = Some(day(given));
        loan.repayment = shillings(units);
        loan.history.truncate(1);
        loan.history[0].amount = shillings(paid);
        loan
    };
    let today = day("2026-12-12");
    let loans = [
        // Due since the 5th, after the first 500 was paid: two weeks of 500 by the 12th.
        given(1, "2026-11-21", 500, 500),
        // Due since the 28th: three weeks of 100, none paid.
        given(2, "2026-11-21", 100, 0),
        // Due since the 28th as well, with the smaller part.
        given(3, "2026-11-21", 50, 0),
        // Nothing is due yet.
        given(4, "2026-12-10", 500, 0),
        loan_in(LoanState::Repaid),
        loan_in(LoanState::Asked),
    ];
    for (brought, expected) in [
        (0, [(2, 0), (3, 0), (1, 0), (4, 0)]),
        (250, [(2, 250), (3, 0), (1, 0), (4, 0)]),
        (400, [(2, 300), (3, 100), (1, 0), (4, 0)]),
        (10_000, [(2, 300), (3, 150), (1, 1_000), (4, 0)]),
    ] {
        let expected = expected.map(|(id, units)| (LoanId(id), shillings(units)));
        assert_eq!(shares(&loans, shillings(brought), today), expected, "{brought}");
    }
    assert_eq!(shares(&loans, OTHER_CURRENCY, today), []);
}
