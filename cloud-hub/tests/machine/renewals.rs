//! A subscription that was renewed early, and the renewal refunded: the one that was renewed goes on.

use hub::hub::input::{Actor, Item};
use kiosk::{fact::Fact, moment::MINUTE_MS, payment::Failure, payout::PayoutAnswer};

use crate::{
    bills::until,
    payouts::answered,
    refunds::{all_of, begun, buy, who_bought},
    world::World,
};

fn told(world: &World, words: &str) -> usize {
    world.texts().iter().filter(|text| text.contains(words)).count()
}

#[test]
fn a_refunded_renewal_leaves_the_subscription_that_it_renewed() {
    let monthly = || Item::Plan("monthly".to_owned());
    let (mut world, customer, _) = who_bought(monthly(), Some("kibera-3"));
    let first = world.shown(customer).subscription.unwrap();
    world.pass(3 * MINUTE_MS);
    let renewal = buy(&mut world, customer, monthly(), "RCPT2");
    assert!(world.shown(customer).subscription.unwrap().valid_until > first.valid_until);
    let waits = world.ask_patiently(Actor::Owner, None, all_of(renewal));
    for grant in world.gateways[0].recalled() {
        world.site_writes(0, Fact::Closed { grant });
    }
    let (payout, _) = begun(world.said(waits).unwrap());
    let left = world.shown(customer).subscription.unwrap();
    assert!(!left.expired, "the first one runs");
    assert_eq!((left.valid_until, left.code), (first.valid_until, first.code.clone()));
    // Refused by the provider, it comes back; its end is told when it comes.
    let mut other = world;
    answered(&mut other, payout, PayoutAnswer::Refused(Failure::Refused));
    assert!(other.shown(customer).subscription.unwrap().valid_until > first.valid_until);
    until(&mut other, "2026-12-21T06:00:00Z");
    assert_eq!(told(&other, "ended on"), 0, "the renewal runs");
    until(&mut other, "2027-02-01T06:00:00Z");
    assert_eq!(told(&other, "ended on"), 1);
}

#[test]
fn the_end_of_what_was_renewed_is_told_where_the_renewal_was_refunded() {
    let monthly = || Item::Plan("monthly".to_owned());
    let (mut world, customer, _) = who_bought(monthly(), Some("kibera-3"));
    world.pass(3 * MINUTE_MS);
    let renewal = buy(&mut world, customer, monthly(), "RCPT2");
    let waits = world.ask_patiently(Actor::Owner, None, all_of(renewal));
    for grant in world.gateways[0].recalled() {
        world.site_writes(0, Fact::Closed { grant });
    }
    begun(world.said(waits).unwrap());
    until(&mut world, "2026-11-22T06:00:00Z");
    assert_eq!(told(&world, "ended on"), 0, "nothing has ended but what was paid back");
    // Paid on the 20th of November, it ends with the 20th of December.
    until(&mut world, "2026-12-17T06:00:00Z");
    assert_eq!(told(&world, "ends on 20/12/2026"), 1, "{:?}", world.texts());
    until(&mut world, "2026-12-21T06:00:00Z");
    assert_eq!(told(&world, "ended on 20/12/2026"), 1, "{:?}", world.texts());
    // A renewal now begins a month of its own, not behind the one that was paid back.
    buy(&mut world, customer, monthly(), "RCPT3");
    let end = world.shown(customer).subscription.unwrap().valid_until;
    until(&mut world, "2027-01-22T06:00:00Z");
    assert!(end < world.now, "{end:?}");
    assert_eq!(told(&world, "ended on"), 2);
}
