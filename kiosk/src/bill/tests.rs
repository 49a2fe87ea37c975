//! Expected values come from hand arithmetic.

use super::*;
use crate::{tariff::Tariff, units::Currency};
use proptest::prelude::*;

const JANE: CustomerId = CustomerId(1);

fn kes(minor: i64) -> Money {
    Money::new(minor, Currency::Kes)
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

fn litres(litres: u64) -> Volume {
    Volume::from_ml(litres * 1_000)
}

/// A litre costs KES 2.00.
fn tariff() -> BlockTariff {
    BlockTariff::plain(Tariff::built_in(Currency::Kes))
}

fn issued(usage: Volume, credit: Money) -> Issued {
    issue(
        JANE,
        (month("2026-10"), usage),
        &tariff(),
        credit,
        (day("2026-11-01"), 14),
    )
}

fn bill(of: &str, amount: i64, paid: i64) -> Bill {
    Bill {
        customer: JANE,
        month: month(of),
        usage: Volume::from_ml(u64::try_from(amount).unwrap() * 5),
        lines: Vec::new(),
        credit: kes(0),
        amount: kes(amount),
        issued: month(of).end(),
        due: month(of).end().plus_days(14),
        paid: kes(paid),
        written_off: false,
    }
}

#[test]
fn a_bill_names_usage_amount_and_days() {
    let Issued::Bill(bill) = issued(litres(1_000), kes(0)) else {
        panic!("water was drawn")
    };
    assert_eq!((bill.amount, bill.credit, bill.paid), (kes(200_000), kes(0), kes(0)));
    assert_eq!((bill.issued, bill.due), (day("2026-11-01"), day("2026-11-15")));
    assert_eq!(bill.lines.len(), 1);
}

#[test]
fn there_is_no_bill_of_zero() {
    assert_eq!(issued(Volume::ZERO, kes(500)), Issued::Nothing);
    let free = BlockTariff::plain(Tariff {
        price_per_m3_minor: 0,
        currency: Currency::Kes,
    });
    let of_free_water = issue(
        JANE,
        (month("2026-10"), litres(10)),
        &free,
        kes(0),
        (day("2026-11-01"), 14),
    );
    assert_eq!(of_free_water, Issued::Nothing);
    // 10 l are KES 20.00.
    assert_eq!(issued(litres(10), kes(2_000)), Issued::Covered(kes(2_000)));
    assert_eq!(issued(litres(10), kes(5_000)), Issued::Covered(kes(2_000)));
    let Issued::Bill(bill) = issued(litres(10), kes(1_999)) else {
        panic!("a cent is left to pay")
    };
    assert_eq!((bill.amount, bill.credit), (kes(1), kes(1_999)));
    let francs = Money::new(5_000, Currency::Rwf);
    assert!(matches!(issued(litres(10), francs), Issued::Bill(bill) if bill.credit == kes(0)));
}

#[test]
fn usage_that_turns_out_lower_counts_towards_the_next_bill() {
    assert_eq!(correction(&tariff(), litres(100), litres(90)), kes(2_000));
    assert_eq!(correction(&tariff(), litres(100), litres(100)), kes(0));
    assert_eq!(correction(&tariff(), litres(100), litres(110)), kes(0), "never upwards");
    // The dearest block is corrected first: 10 l at 1.00, the rest at 2.00; 12 l become 9.
    let cheap = Block {
        size: Some(litres(10)),
        price_per_m3_minor: 100_000,
    };
    let blocks = vec![
        cheap,
        Block {
            size: None,
            price_per_m3_minor: 200_000,
        },
    ];
    let tariff = BlockTariff::new(blocks, Currency::Kes).unwrap();
    assert_eq!(correction(&tariff, litres(12), litres(9)), kes(500));
}

#[test]
fn a_bill_is_overdue_after_the_last_moment_of_its_due_day_at_the_site() {
    let zone = Zone::named("Africa/Nairobi").unwrap();
    let open = bill("2026-10", 1_000, 0);
    // The 15th ends in Nairobi at 21:00 UTC.
    let last = zone.end(day("2026-11-15")).plus_ms(-1);
    assert_eq!(last.plus_ms(1).rfc3339(), "2026-11-15T21:00:00Z");
    let part = Bill {
        paid: kes(999),
        ..open.clone()
    };
    let paid = Bill {
        paid: kes(1_000),
        ..open.clone()
    };
    let given_up = Bill {
        written_off: true,
        ..open.clone()
    };
    for (bill, before, after, is_denied) in [
        (open, BillState::Open, BillState::Overdue, true),
        (part, BillState::PartPaid, BillState::Overdue, true),
        (paid, BillState::Paid, BillState::Paid, false),
        (given_up, BillState::WrittenOff, BillState::WrittenOff, false),
    ] {
        assert_eq!(bill.state(last, Trust::Ntp, &zone), before);
        assert_eq!(bill.state(last.plus_ms(1), Trust::Ntp, &zone), after);
        assert_eq!(
            bill.state(last.plus_ms(1), Trust::None, &zone),
            before,
            "a lost clock makes none overdue"
        );
        let bills = [bill];
        assert!(!denies(&bills, last, Trust::Hub, &zone));
        assert_eq!(denies(&bills, last.plus_ms(1), Trust::Hub, &zone), is_denied);
    }
    for state in BillState::ALL {
        assert_eq!(BillState::from_name(state.name()), Some(state));
    }
}

#[test]
fn payments_go_to_the_oldest_bill_first_and_what_is_over_to_the_wallet() {
    let given_up = Bill {
        written_off: true,
        ..bill("2026-07", 500, 0)
    };
    let bills = [
        bill("2026-10", 3_000, 0),
        bill("2026-08", 1_000, 400),
        bill("2026-09", 200, 200),
        given_up,
    ];
    let allocated = |minor| {
        let allocation = allocate(&bills, kes(minor));
        let parts: Vec<String> = allocation
            .parts
            .iter()
            .map(|(month, part)| format!("{month} {}", part.minor))
            .collect();
        (parts.join(", "), allocation.over.minor)
    };
    assert_eq!(allocated(500), ("2026-08 500".to_owned(), 0));
    assert_eq!(allocated(601), ("2026-08 600, 2026-10 1".to_owned(), 0));
    assert_eq!(allocated(4_000), ("2026-08 600, 2026-10 3000".to_owned(), 400));
    let francs = allocate(&bills, Money::new(500, Currency::Rwf));
    assert_eq!((francs.parts.len(), francs.over.minor), (0, 500));
}

#[test]
fn who_pays_later_may_draw_ahead_up_to_the_cap() {
    // KES 2.00 a litre: a bill of KES 200.00 is 100 l of which half is paid.
    let half_paid = bill("2026-10", 20_000, 10_000);
    assert_eq!(half_paid.usage, litres(100));
    let given_up = Bill {
        written_off: true,
        ..bill("2026-09", 20_000, 0)
    };
    let bills = [half_paid, given_up];
    for (cap, unbilled, ahead) in [(200, 0, 150), (200, 40, 110), (200, 150, 0), (200, 500, 0), (0, 0, 0)] {
        assert_eq!(
            may_draw_ahead(litres(cap), litres(unbilled), &bills),
            litres(ahead),
            "{cap} {unbilled}"
        );
    }
    assert_eq!(may_draw_ahead(litres(200), Volume::ZERO, &[]), litres(200));
}

proptest! {
    #[test]
    fn a_payment_is_spread_to_the_last_cent_and_never_over_a_bill(
        bills in prop::collection::vec((1..10_000_i64, 0..10_000_i64, any::<bool>()), 0..6),
        minor in 1..40_000_i64,
    ) {
        let bills: Vec<Bill> = bills.iter().enumerate().map(|(number, (amount, paid, written_off))| Bill {
            written_off: *written_off,
            ..bill(&format!("2026-{:02}", number + 1), *amount, *paid.min(amount))
        }).collect();
        let allocation = allocate(&bills, kes(minor));
        let spread: i64 = allocation.parts.iter().map(|(_, part)| part.minor).sum();
        prop_assert_eq!(spread + allocation.over.minor, minor);
        prop_assert!(allocation.over.minor >= 0);
        for (month, part) in &allocation.parts {
            let bill = bills.iter().find(|bill| bill.month == *month).unwrap();
            prop_assert!(part.minor > 0 && part.minor <= bill.left().minor);
            // Every older bill is paid by then.
            let older = bills.iter().filter(|older| older.month < *month && older.left().minor > 0);
            for older in older {
                prop_assert!(allocation.parts.contains(&(older.month, older.left())));
            }
        }
        if allocation.over.minor > 0 {
            prop_assert_eq!(spread, bills.iter().map(|bill| bill.left().minor).sum::<i64>());
        }
    }

    #[test]
    fn corrections_and_bills_charge_what_the_right_usage_costs(steps in prop::collection::vec(0..100_000_u64, 1..5), first in 1..100_000_u64) {
        let mut counted = Volume::from_ml(first);
        let mut charged = tariff().price(counted).minor;
        for ml in steps {
            let usage = Volume::from_ml(ml).min(counted);
            charged -= correction(&tariff(), counted, usage).minor;
            counted = usage;
            prop_assert_eq!(charged, tariff().price(counted).minor);
        }
    }
}
