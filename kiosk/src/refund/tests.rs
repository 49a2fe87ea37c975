//! Expected values come from hand arithmetic.

use super::*;
use crate::units::Currency;
use proptest::prelude::*;

fn kes(minor: i64) -> Money {
    Money::new(minor, Currency::Kes)
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn litres(litres: u64) -> Volume {
    Volume::from_ml(litres * 1_000)
}

fn sale(bought: Bought) -> Sale {
    Sale {
        state: PaymentState::Succeeded,
        provider: Provider::Mpesa,
        price: kes(10_000),
        refunded: kes(0),
        taken_back: Volume::ZERO,
        bought,
    }
}

fn all(sale: Sale) -> Result<Refund, RefundDenied> {
    refund(&RefundPolicy::default(), &sale, None, day("2026-11-20"))
}

#[test]
fn water_that_was_not_drawn_is_worth_what_it_was_sold_for() {
    // KES 100.00 for 30 l, of which 10 l are drawn: worth 33.33, so 66.67 are left; 66 go out, 0.67 into the wallet.
    let water = |free| Bought::Water {
        volume: litres(30),
        free: litres(free),
    };
    let refund = |amount, to_wallet, back| Refund {
        amount: kes(amount),
        to_wallet: kes(to_wallet),
        taken_back: litres(back),
    };
    for (free, expected) in [
        (20, Ok(refund(6_600, 67, 20))),
        (30, Ok(refund(10_000, 0, 30))),
        // What is free beyond this purchase belongs to others.
        (500, Ok(refund(10_000, 0, 30))),
        (0, Err(RefundDenied::NothingLeft)),
    ] {
        assert_eq!(all(sale(water(free))), expected, "{free} l free");
    }
    // Refunded before: nothing is left of it, however much other water is free.
    let again = Sale {
        refunded: kes(6_667),
        taken_back: litres(20),
        ..sale(water(500))
    };
    // 10 l and 33.33 remain of the purchase on paper.
    assert_eq!(all(again), Ok(refund(3_300, 33, 10)));
    let whole = Sale {
        refunded: kes(10_000),
        taken_back: litres(30),
        ..sale(water(500))
    };
    assert_eq!(all(whole), Err(RefundDenied::NothingLeft));
}

#[test]
fn a_deposit_comes_back_whole_or_in_part_as_far_as_the_wallet_holds_it() {
    let policy = RefundPolicy::default();
    let take = |wallet, wanted: Option<i64>| {
        let sale = sale(Bought::Deposit { wallet: kes(wallet) });
        refund(&policy, &sale, wanted.map(kes), day("2026-11-20")).map(|refund| refund.amount.minor)
    };
    assert_eq!(take(50_000, None), Ok(10_000));
    assert_eq!(take(7_250, None), Ok(7_200));
    assert_eq!(take(50_000, Some(2_500)), Ok(2_500));
    assert_eq!(take(50_000, Some(10_100)), Err(RefundDenied::TooMuch(kes(10_000))));
    assert_eq!(take(7_250, Some(7_300)), Err(RefundDenied::TooMuch(kes(7_200))));
    assert_eq!(take(99, None), Err(RefundDenied::NothingLeft));
    assert_eq!(take(-500, None), Err(RefundDenied::NothingLeft));
    for minor in [0, -100, 150] {
        assert_eq!(take(50_000, Some(minor)), Err(RefundDenied::Amount(kes(minor))));
    }
    let partly = Sale {
        refunded: kes(9_000),
        ..sale(Bought::Deposit { wallet: kes(50_000) })
    };
    assert_eq!(all(partly).map(|refund| refund.amount), Ok(kes(1_000)));
    let francs = Money::new(500, Currency::Rwf);
    assert_eq!(
        all(sale(Bought::Deposit { wallet: francs })),
        Err(RefundDenied::Amount(francs))
    );
}

#[test]
fn a_subscription_comes_back_for_seven_days_and_then_not() {
    let bought = Bought::Subscription {
        allowance: litres(600),
        free: litres(300),
        paid: day("2026-11-20"),
    };
    let on = |today| refund(&RefundPolicy::default(), &sale(bought), None, day(today));
    let half = Ok(Refund {
        amount: kes(5_000),
        to_wallet: kes(0),
        taken_back: litres(300),
    });
    assert_eq!(on("2026-11-20"), half);
    assert_eq!(on("2026-11-27"), half);
    assert_eq!(on("2026-11-28"), Err(RefundDenied::TooLate(7)));
}

#[test]
fn what_was_not_paid_bills_and_parts_at_airtel_are_refused() {
    let water = Bought::Water {
        volume: litres(30),
        free: litres(20),
    };
    for state in PaymentState::ALL {
        let refund = all(Sale { state, ..sale(water) });
        assert_eq!(refund.is_err(), state != PaymentState::Succeeded, "{state:?}");
    }
    assert_eq!(all(sale(Bought::Bill)), Err(RefundDenied::Bill));
    let airtel = |bought| {
        all(Sale {
            provider: Provider::Airtel,
            ..sale(bought)
        })
    };
    assert_eq!(airtel(water), Err(RefundDenied::WholeOnly("Airtel Money")));
    let untouched = Bought::Water {
        volume: litres(30),
        free: litres(30),
    };
    assert_eq!(airtel(untouched).map(|refund| refund.amount), Ok(kes(10_000)));
    let some = refund(
        &RefundPolicy::default(),
        &sale(water),
        Some(kes(100)),
        day("2026-11-20"),
    );
    assert_eq!(some, Err(RefundDenied::Amount(kes(100))), "water goes back as a whole");
}

proptest! {
    #[test]
    fn refunds_and_what_was_drawn_never_come_to_more_than_the_price(
        price in 100..1_000_000_i64,
        volume in 1..10_000_000_u64,
        draws in prop::collection::vec(0..4_000_000_u64, 0..4),
    ) {
        let price = kes(price);
        let volume = Volume::from_ml(volume);
        let mut sale = Sale { price, ..sale(Bought::Water { volume, free: volume }) };
        let mut free = volume;
        for draw in draws {
            free = free.less(Volume::from_ml(draw));
            sale.bought = Bought::Water { volume, free };
            if let Ok(refund) = all(sale) {
                let drawn = volume.less(refund.taken_back).less(sale.taken_back);
                sale.refunded.minor += refund.amount.minor + refund.to_wallet.minor;
                sale.taken_back = sale.taken_back.plus(refund.taken_back);
                free = free.less(refund.taken_back);
                prop_assert_eq!(refund.amount.minor % 100, 0);
                prop_assert!(refund.to_wallet.minor < 100 && refund.to_wallet.minor >= 0);
                prop_assert!(sale.refunded.minor + worth_drawn(price, volume, drawn).minor <= price.minor);
            }
        }
    }
}
