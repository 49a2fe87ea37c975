use super::*;
use crate::ids::Epoch;
use proptest::prelude::*;

/// KES 2000.00 a cubic metre: a jerrycan of 20 l is KES 40.00.
const PRICE: u32 = 200_000;
const MUSA: ManagerId = ManagerId(2);

fn id(number: u64) -> GrantId {
    GrantId {
        epoch: Epoch(0x44),
        number,
    }
}

fn left(number: u64, minor: i64) -> Left {
    Left {
        float: id(number),
        minor,
        price_per_m3_minor: PRICE,
    }
}

fn litres(litres: u64) -> Wish {
    Wish::Litres(Volume::from_ml(litres * 1_000))
}

fn kes(minor: i64) -> Money {
    Money::new(minor, Currency::Kes)
}

#[test]
fn a_sale_is_paid_by_the_newest_floats() {
    let floats = [left(2, 3_000), left(1, 5_000)];
    for (wish, volume_ml, minor, parts) in [
        (litres(10), 10_000, 2_000, vec![(id(2), 2_000)]),
        (litres(20), 20_000, 4_000, vec![(id(2), 3_000), (id(1), 1_000)]),
        (litres(40), 40_000, 8_000, vec![(id(2), 3_000), (id(1), 5_000)]),
        // A shilling buys half a litre; 199 cents are one whole shilling, and 1 ml costs one.
        (Wish::Money(100), 500, 100, vec![(id(2), 100)]),
        (Wish::Money(199), 500, 100, vec![(id(2), 100)]),
        (Wish::Litres(Volume::from_ml(1)), 1, 100, vec![(id(2), 100)]),
    ] {
        let quote = quote(&floats, wish, Currency::Kes).unwrap();
        let expected = Quote {
            volume: Volume::from_ml(volume_ml),
            amount: kes(minor),
            parts,
        };
        assert_eq!(quote, expected, "{wish:?}");
    }
}

#[test]
fn what_is_not_left_cannot_be_taken() {
    let floats = [left(3, 0), left(2, 3_000), left(1, 1_000)];
    let said = |floats: &[Left], wish| quote(floats, wish, Currency::Kes).unwrap_err();
    assert_eq!(said(&[], litres(1)), NoQuote::Empty);
    assert_eq!(said(&[left(3, 0)], litres(1)), NoQuote::Empty);
    let short = NoQuote::Short {
        costs: kes(4_100),
        left: kes(4_000),
    };
    assert_eq!(said(&floats, Wish::Litres(Volume::from_ml(20_001))), short);
    for wish in [litres(0), Wish::Money(0), Wish::Money(-100), Wish::Litres(Volume::MAX)] {
        assert_eq!(said(&floats, wish), NoQuote::Nothing, "{wish:?}");
    }
    let free = Left {
        price_per_m3_minor: 0,
        ..left(1, 1_000)
    };
    assert_eq!(said(&[free], litres(1)), NoQuote::Nothing, "water that costs nothing");
    let many: Vec<Left> = (0..10).map(|number| left(number, 100)).collect();
    assert_eq!(said(&many, Wish::Money(900)), NoQuote::AtOnce(kes(800)));
}

#[test]
fn the_newest_float_with_something_left_names_the_price() {
    let dear = Left {
        price_per_m3_minor: 2 * PRICE,
        ..left(2, 8_000)
    };
    let cost = |floats: &[Left]| quote(floats, litres(20), Currency::Kes).unwrap().amount;
    assert_eq!(cost(&[dear, left(1, 9_000)]), kes(8_000));
    assert_eq!(cost(&[Left { minor: 0, ..dear }, left(1, 9_000)]), kes(4_000));
}

fn known(left_minor: i64) -> Known {
    Known {
        is_own: true,
        manager: MUSA,
        price_per_m3_minor: PRICE,
        left_minor,
        closed: false,
        written_off: false,
    }
}

#[test]
fn only_an_honest_sale_is_booked() {
    let jerrycan = Volume::from_ml(20_000);
    let good = known(5_000);
    let foreign = Known { is_own: false, ..good };
    let others = Known {
        manager: ManagerId(3),
        ..good
    };
    let closed = Known { closed: true, ..good };
    let gone = Known {
        written_off: true,
        ..good
    };
    for (parts, expected) in [
        (vec![(4_000, Some(good))], Ok(MUSA)),
        (vec![(4_000, Some(known(4_000)))], Ok(MUSA)),
        (vec![(3_000, Some(good)), (1_000, Some(good))], Ok(MUSA)),
        (vec![(4_000, None)], Err(Doubtful::UnknownFloat)),
        (vec![(3_000, Some(good)), (1_000, None)], Err(Doubtful::UnknownFloat)),
        (vec![], Err(Doubtful::UnknownFloat)),
        (vec![(4_000, Some(foreign))], Err(Doubtful::ForeignFloat)),
        (
            vec![(3_000, Some(good)), (1_000, Some(others))],
            Err(Doubtful::SeveralManagers),
        ),
        (vec![(4_000, Some(closed))], Err(Doubtful::AfterClose)),
        (vec![(4_000, Some(gone))], Err(Doubtful::WrittenOff)),
        (vec![(4_000, Some(known(3_999)))], Err(Doubtful::MoreThanFloat)),
        (
            vec![(-1_000, Some(good)), (5_000, Some(good))],
            Err(Doubtful::MoreThanFloat),
        ),
        (vec![(3_900, Some(good))], Err(Doubtful::NotByPrice)),
        (vec![(4_100, Some(good))], Err(Doubtful::NotByPrice)),
    ] {
        assert_eq!(judge(jerrycan, &parts, Currency::Kes), expected, "{parts:?}");
    }
}

#[test]
fn a_limit_is_for_cash_and_floats_together() {
    // KES 100.00 of which 30.00 is in the drawer and 50.00 may still be taken.
    assert_eq!(free_minor(10_000, 3_000, 0, 5_000), 2_000);
    assert_eq!(free_minor(10_000, 0, 0, 10_000), 0);
    assert_eq!(free_minor(0, 3_000, 0, 5_000), -8_000);
    assert_eq!(free_minor(i64::MIN, i64::MAX, 0, 1), i64::MIN);
    // KES 10.00 were handed in too little, or too much; and KES 30.00 for sales that are lost.
    assert_eq!(free_minor(10_000, 3_000, 1_000, 5_000), 1_000);
    assert_eq!(free_minor(10_000, 3_000, -1_000, 5_000), 2_000);
    assert_eq!(free_minor(10_000, -3_000, 0, 0), 10_000);
}

#[test]
fn reasons_read_back() {
    for why in Doubtful::ALL {
        assert_eq!(Doubtful::from_name(why.name()), Some(why));
    }
    assert_eq!(Doubtful::from_name("water"), None);
}

proptest! {
    #[test]
    fn what_a_site_quotes_the_hub_books(
        lefts in prop::collection::vec((0..20_000_i64, prop::sample::select(vec![PRICE, 137_777, 1_000_000])), 0..10),
        wish in prop_oneof![(0..200_000_u64).prop_map(|ml| Wish::Litres(Volume::from_ml(ml))), (-5..40_000_i64).prop_map(Wish::Money)],
    ) {
        let floats: Vec<Left> = (0..).zip(&lefts).map(|(number, (minor, price))| Left {
            float: id(number),
            minor: *minor,
            price_per_m3_minor: *price,
        }).collect();
        let Ok(quote) = quote(&floats, wish, Currency::Kes) else { return Ok(()) };
        let paid: i64 = quote.parts.iter().map(|(_, minor)| minor).sum();
        prop_assert_eq!(paid, quote.amount.minor);
        if let Wish::Money(minor) = wish {
            prop_assert!(paid <= minor, "{} asked, {} taken", minor, paid);
        }
        let parts: Vec<_> = quote.parts.iter().map(|(float, minor)| {
            let float = floats.iter().find(|left| left.float == *float).unwrap();
            (*minor, Some(Known { price_per_m3_minor: float.price_per_m3_minor, ..known(float.minor) }))
        }).collect();
        prop_assert_eq!(judge(quote.volume, &parts, Currency::Kes), Ok(MUSA));
    }
}
