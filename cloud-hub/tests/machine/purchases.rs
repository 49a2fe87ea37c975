//! What may be bought when: equal purchases, renewals, and what sites ask for without a link (FEATURES X15).

use hub::hub::{
    effect::Response,
    input::{Input, Item, Pay, PurchaseId},
    store::read,
};
use kiosk::{
    fact::{AnsweredState, Fact, PurchaseAsked, PurchaseItem},
    ids::{CustomerId, RecordId},
    moment::{DAY_MS, MINUTE_MS, SECOND_MS},
    payment::{Failure, PaymentEvent, PushAnswer},
};

use crate::{
    payments::{bought, buy, paid},
    sites::answers,
    world::{World, ml},
};

fn refused_with(world: &mut World, customer: CustomerId, item: Item, pay: Pay) -> Option<(String, Option<u64>)> {
    match world.ask(buy(customer, item, pay)) {
        Ok(Response::Purchase { .. }) => None,
        Ok(other) => panic!("{other:?}"),
        Err(refusal) => Some((refusal.code.to_string(), refusal.id)),
    }
}

fn open_as(purchase: PurchaseId) -> Option<(String, Option<u64>)> {
    Some(("purchase_open".to_owned(), Some(purchase.0)))
}

#[test]
fn an_equal_purchase_waits_until_two_minutes_after_the_first_was_paid() {
    let mut world = World::new();
    let customer = world.customer("0700000102", None);
    let litres = || Item::Litres(ml(20_000));
    let (first, _) = bought(world.ask(buy(customer, litres(), Pay::Prompt)));
    world.pass(50 * SECOND_MS);
    paid(&mut world, 0, "RCPT1");
    world.pass(2 * MINUTE_MS);
    assert_eq!(
        refused_with(&mut world, customer, litres(), Pay::Prompt),
        open_as(first)
    );
    assert_eq!(
        refused_with(&mut world, customer, Item::Litres(ml(40_000)), Pay::Prompt),
        None,
        "another one is not equal"
    );
    world.pass(1);
    assert_eq!(refused_with(&mut world, customer, litres(), Pay::Prompt), None);
    // A second click pays nothing twice out of the wallet either.
    bought(world.ask(buy(customer, Item::Deposit(50_000), Pay::Prompt)));
    paid(&mut world, 3, "RCPT2");
    let (second, _) = bought(world.ask(buy(customer, Item::Litres(ml(60_000)), Pay::Wallet)));
    let again = refused_with(&mut world, customer, Item::Litres(ml(60_000)), Pay::Wallet);
    assert_eq!(again, open_as(second));
    // 500 shillings less 60 litres at 0.2 cents a millilitre.
    assert_eq!(world.shown(customer).wallet_minor, 50_000 - 12_000);
}

#[test]
fn a34_whoever_is_told_to_try_again_can_do_so_at_once() {
    let mut world = World::new();
    let customer = world.customer("0700000102", None);
    let litres = || Item::Litres(ml(20_000));
    for place in 0..3 {
        bought(world.ask(buy(customer, litres(), Pay::Prompt)));
        let purchase = world.prompts()[place].purchase;
        let failed = PushAnswer::Refused(Failure::Busy);
        world.give(Input::Provider {
            purchase,
            event: PaymentEvent::PushAnswered(failed),
        });
        let retry = "Your payment of KES 40 did not go through. Please try again.";
        assert!(world.texts()[place].starts_with(retry), "{:?}", world.texts());
    }
}

#[test]
fn renewing_early_adds_days_and_jerrycans_and_keeps_the_code() {
    let mut world = World::new();
    world.site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    let month = || buy(customer, Item::Plan("monthly".to_owned()), Pay::Prompt);
    bought(world.ask(month()));
    paid(&mut world, 0, "RCPT1");
    let first = world.shown(customer).subscription.unwrap();
    // Ten days later: twenty are left, and thirty more come to them.
    world.pass(10 * DAY_MS);
    bought(world.ask(month()));
    paid(&mut world, 1, "RCPT2");
    let shown = world.shown(customer);
    let renewed = shown.subscription.unwrap();
    // 20 December and 30 days more is 19 January, which ends at 21:00 in UTC.
    assert_eq!(renewed.valid_until.rfc3339(), "2027-01-19T21:00:00Z");
    assert_eq!(renewed.code, first.code);
    assert_eq!(shown.allowance_ml, 2 * 30 * 20_000);
    let last = world.texts().pop().unwrap();
    assert!(last.contains("valid until 19/01/2027, 30 jerrycans"), "{last}");
    // The first month's jerrycans end with it; the second's stay.
    world.now = kiosk::moment::Wall(first.valid_until.0);
    world.give(Input::Tick);
    assert_eq!(world.shown(customer).allowance_ml, 30 * 20_000);
    assert!(!world.shown(customer).subscription.unwrap().expired);
    // Once it is over, a renewal begins on its own day: 20 January and 30 days.
    world.now = renewed.valid_until.plus_ms(DAY_MS / 2);
    world.give(Input::Tick);
    bought(world.ask(month()));
    paid(&mut world, 2, "RCPT3");
    let again = world.shown(customer).subscription.unwrap();
    assert_eq!(again.valid_until.rfc3339(), "2027-02-19T21:00:00Z");
}

fn asks(world: &mut World, site: usize, customer: CustomerId, item: PurchaseItem, ago_ms: i64) -> RecordId {
    let time = world.now.plus_ms(-ago_ms);
    world.site_writes(site, Fact::PurchaseAsked(PurchaseAsked { customer, item, time }))
}

#[test]
fn whoever_asked_without_a_link_and_is_refused_hears_why() {
    let mut world = World::with(|settings| settings.asked_within_ms = 2 * DAY_MS);
    let site = world.site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    let litres = || PurchaseItem::Litres(ml(20_000));
    for (item, ago_ms, expected) in [
        (litres(), 2 * DAY_MS + 1, "on 18/11/2026 reached us too late"),
        (
            PurchaseItem::Plan("weekly".to_owned()),
            0,
            "on 20/11/2026 cannot be bought any more",
        ),
        (PurchaseItem::Deposit(0), 0, "on 20/11/2026 cannot be bought any more"),
    ] {
        let record = asks(&mut world, site, customer, item, ago_ms);
        assert_eq!(answers(&world, site, record), [AnsweredState::Refused]);
        let last = world.texts().pop().unwrap();
        assert!(last.contains(expected), "{last}");
    }
    let taken = asks(&mut world, site, customer, litres(), 2 * DAY_MS);
    assert_eq!(answers(&world, site, taken), [AnsweredState::Taken]);
    let twice = asks(&mut world, site, customer, litres(), 0);
    assert_eq!(answers(&world, site, twice), [AnsweredState::Refused]);
    let last = world.texts().pop().unwrap();
    assert!(last.starts_with("You ordered the same for KES 40 twice."), "{last}");
    assert_eq!(world.prompts().len(), 1);
    // Folded again, because the link broke, nothing is said again.
    let texts = world.texts().len();
    world.link(site);
    assert_eq!(world.texts().len(), texts);
}

#[test]
fn x15_the_state_of_an_order_is_in_the_list_of_purchases() {
    let mut world = World::new();
    let customer = world.customer("0700000102", None);
    for volume in 1..=7_u64 {
        bought(world.ask(buy(customer, Item::Litres(ml(volume * 20_000)), Pay::Prompt)));
        world.pass(1_000);
    }
    paid(&mut world, 6, "RCPT7");
    let listed = read::purchases(&world.read(), customer, 5).unwrap();
    let shown: Vec<(Option<i64>, &str)> = listed.iter().map(|row| (row.volume_ml, row.state.as_str())).collect();
    let expected = [
        (Some(140_000), "succeeded"),
        (Some(120_000), "submitting"),
        (Some(100_000), "submitting"),
        (Some(80_000), "submitting"),
        (Some(60_000), "submitting"),
    ];
    assert_eq!(shown, expected);
}
