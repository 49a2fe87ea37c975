//! Expected values come from FEATURES X19 and PROTOCOL rules 4 and 8.

use super::*;
use crate::{ids::AccountId, units::Volume};
use proptest::prelude::*;

fn listed(generation: u32, revision: u64, active: bool) -> Listed {
    Listed {
        customer: CustomerId(1),
        generation,
        revision,
        account: AccountId::new(123_456).unwrap(),
        active,
        bill_overdue: false,
        daily_limit: Some(Volume::from_ml(40_000)),
        pin: None,
    }
}

#[test]
fn the_highest_generation_then_the_highest_revision_stands() {
    for (one, other, winner) in [
        ((1, 5, true), (1, 6, false), (1, 6, false)),
        ((1, 6, false), (1, 5, true), (1, 6, false)),
        ((2, 1, false), (1, 99, true), (2, 1, false)),
        ((1, 5, true), (1, 5, true), (1, 5, true)),
    ] {
        let made = |(generation, revision, active)| listed(generation, revision, active);
        assert_eq!(newest(made(one), made(other)), made(winner), "{one:?} {other:?}");
        assert_eq!(newest(made(other), made(one)), made(winner), "{one:?} {other:?}");
    }
}

fn merged(pairs: &[(u64, u64)]) -> Mergers {
    let mut mergers = Mergers::default();
    for (from, into) in pairs {
        mergers.fold(CustomerId(*from), CustomerId(*into));
    }
    mergers
}

#[test]
fn everybody_finds_the_one_that_stays() {
    type Pairs = &'static [(u64, u64)];
    let table: [(&str, Pairs, Pairs); 7] = [
        ("nothing", &[], &[(1, 1)]),
        ("one", &[(9, 2)], &[(9, 2), (2, 2), (1, 1)]),
        ("a chain", &[(9, 5), (5, 7)], &[(9, 7), (5, 7), (7, 7)]),
        ("a chain backwards", &[(5, 7), (9, 5)], &[(9, 7), (5, 7), (7, 7)]),
        ("into itself", &[(3, 3)], &[(3, 3)]),
        ("a circle", &[(4, 8), (8, 6), (6, 4)], &[(4, 4), (8, 4), (6, 4)]),
        ("one into two", &[(9, 7), (9, 5)], &[(9, 5), (7, 5), (5, 5)]),
    ];
    for (name, pairs, expected) in table {
        let mergers = merged(pairs);
        for (customer, stays) in expected {
            assert_eq!(
                mergers.stays(CustomerId(*customer)),
                CustomerId(*stays),
                "{name}: {customer}"
            );
            assert_eq!(
                mergers.is_merged(CustomerId(*customer)),
                customer != stays,
                "{name}: {customer}"
            );
        }
    }
}

#[test]
fn the_one_that_stays_answers_for_everybody() {
    let mergers = merged(&[(9, 5), (5, 7), (2, 7), (1, 4)]);
    assert_eq!(mergers.everybody(CustomerId(7)), [7, 2, 5, 9].map(CustomerId));
    assert_eq!(mergers.everybody(CustomerId(3)), [CustomerId(3)]);
}

proptest! {
    #[test]
    fn mergers_fold_alike_in_any_order_and_however_often_they_come(
        pairs in prop::collection::vec((0..12_u64, 0..12_u64), 0..14),
        shuffled in any::<prop::sample::Index>(),
    ) {
        let straight = merged(&pairs);
        let mut mixed: Vec<_> = pairs.iter().rev().chain(&pairs).copied().collect();
        if !mixed.is_empty() {
            let middle = shuffled.index(mixed.len());
            mixed.rotate_left(middle);
        }
        prop_assert_eq!(&merged(&mixed), &straight);
        for (from, into) in pairs {
            prop_assert_eq!(straight.stays(CustomerId(from)), straight.stays(CustomerId(into)));
        }
        for customer in (0..12).map(CustomerId) {
            let stays = straight.stays(customer);
            prop_assert_eq!(straight.stays(stays), stays);
            prop_assert!(straight.everybody(stays).contains(&customer));
        }
    }

    #[test]
    fn listings_fold_alike_in_any_order(
        revisions in prop::collection::vec((0..3_u32, 0..4_u64, any::<bool>()), 1..8),
    ) {
        let made: Vec<_> = revisions.into_iter().map(|(generation, revision, active)| listed(generation, revision, active)).collect();
        let forwards = made.iter().cloned().reduce(newest);
        let backwards = made.iter().rev().chain(&made).cloned().reduce(newest);
        prop_assert_eq!(forwards, backwards);
    }
}
