//! What a hub gives away while its past is missing, and what a box may say about rights that are not its own.

use hub::hub::{
    effect::Response,
    input::{CustomerChange, Input, Item, NewPurchase, Pay, Request},
    side::SideLog,
};
use kiosk::{
    fact::{Fact, How, Purse},
    ids::{CustomerId, Epoch, GrantId},
};

use crate::{
    dispenses::{ask, verify},
    fleet::pour,
    payments::paid,
    world::{World, ml},
};

fn buy(world: &mut World, customer: CustomerId, item: Item) {
    let new = NewPurchase {
        customer,
        item,
        pay: Pay::Prompt,
        provider: None,
        phone: None,
    };
    let answer = world.ask(Request::CreatePurchase(new));
    assert!(matches!(answer, Ok(Response::Purchase { .. })), "{answer:?}");
}

fn live_at(world: &mut World, customer: CustomerId, site: &str) {
    let change = CustomerChange {
        site: Some(site.parse().unwrap()),
        ..Default::default()
    };
    world.ask(Request::UpdateCustomer { customer, change }).unwrap();
}

pub fn fall_into_doubt(world: &mut World) {
    world.side.clone().append("generation 5").unwrap();
    world.restart();
    assert_eq!(world.alarms().last(), Some(&"hub_in_doubt"));
    world.now = world.now.plus_ms(1_000);
}

fn granted_ml(world: &World) -> i64 {
    let sum = "SELECT coalesce(sum(volume_ml), 0) FROM grants";
    world.read().query_row(sum, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_payment_begun_before_the_restore_is_no_new_money() {
    let mut world = World::new();
    world.site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    buy(&mut world, customer, Item::Litres(ml(20_000)));
    // It was settled and granted before the restore; the hub that asks again learns so a second time.
    fall_into_doubt(&mut world);
    paid(&mut world, 0, "RCPT1");
    assert_eq!(world.balance_ml(customer), 20_000);
    assert_eq!(granted_ml(&world), 0);
    buy(&mut world, customer, Item::Litres(ml(40_000)));
    let newest = world.prompts().len() - 1;
    paid(&mut world, newest, "RCPT2");
    assert_eq!(granted_ml(&world), 40_000);
}

#[test]
fn water_drawn_at_the_hub_in_doubt_is_taken_off_the_new_money() {
    let mut world = World::new();
    world.site("mathare");
    world.add_site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    world.credit(customer, 60_000);
    fall_into_doubt(&mut world);
    world.credit(customer, 20_000);
    let first = verify(&mut world, ask("4071", 20_000, Some("r1"))).unwrap();
    assert_eq!(first.denied, None);
    let second = verify(&mut world, ask("4071", 20_000, Some("r2"))).unwrap();
    assert!(second.denied.is_some(), "the new money is drawn");
    live_at(&mut world, customer, "mathare");
    assert_eq!(granted_ml(&world), 0);
}

#[test]
fn two_allowances_that_end_together_are_granted_once_each() {
    let mut world = World::new();
    let kibera = world.site("kibera-3");
    let mathare = world.site("mathare");
    let customer = world.customer("0700000102", Some("kibera-3"));
    buy(&mut world, customer, Item::Plan("monthly".to_owned()));
    paid(&mut world, 0, "RCPT1");
    live_at(&mut world, customer, "mathare");
    buy(&mut world, customer, Item::Plan("monthly".to_owned()));
    paid(&mut world, 1, "RCPT2");
    for _ in 0..3 {
        live_at(&mut world, customer, "kibera-3");
        live_at(&mut world, customer, "mathare");
    }
    let ends: Vec<_> = [kibera, mathare]
        .iter()
        .flat_map(|place| world.gateways[*place].grants())
        .filter(|granted| granted.purse == Purse::Allowance)
        .map(|granted| granted.valid_until)
        .collect();
    assert_eq!(granted_ml(&world), 1_200_000, "{ends:?}");
}

#[test]
fn a_box_cannot_touch_the_rights_of_another() {
    let mut world = World::new();
    let (kibera, mathare) = (world.site("kibera-3"), world.site("mathare"));
    let customer = world.customer("0700000102", Some("kibera-3"));
    world.credit(customer, 60_000);
    let grant = world.gateways[kibera].grants()[0].grant;
    world.site_writes(mathare, Fact::Closed { grant });
    assert_eq!(granted_ml(&world), 60_000, "closing it would free it");
    let foreign = pour(&world, mathare, 1, grant, 20_000, How::Report);
    world.site_writes(mathare, foreign);
    assert_eq!(world.balance_ml(customer), 60_000);
    assert_eq!(
        world.alarms(),
        ["foreign_grant"],
        "of the same box and right, once an hour"
    );
    let own = pour(&world, kibera, 1, grant, 20_000, How::Report);
    world.site_writes(kibera, own);
    assert_eq!(world.balance_ml(customer), 40_000);
}

#[test]
fn what_a_box_claims_of_an_unknown_grant_counts_only_if_the_grant_is_its_own() {
    let mut world = World::new();
    let (kibera, mathare) = (world.site("kibera-3"), world.site("mathare"));
    let customer = world.customer("0700000102", Some("kibera-3"));
    world.backup();
    world.credit(customer, 60_000);
    let grant = world.gateways[kibera].grants()[0].grant;
    world.restore();
    let claimed = pour(&world, mathare, 1, grant, 20_000, How::Report);
    world.site_writes(mathare, claimed);
    world.site_writes(mathare, Fact::Closed { grant });
    world.link(mathare);
    world.link(kibera);
    assert_eq!(
        world.balance_ml(customer),
        0,
        "the credit is gone, and nothing was spent"
    );
    let closed = "SELECT count(*) FROM grants WHERE closed = 1";
    let closed: i64 = world.read().query_row(closed, [], |row| row.get(0)).unwrap();
    assert_eq!(closed, 0);
    assert!(world.alarms().contains(&"foreign_grant"), "{:?}", world.alarms());
}

#[test]
fn a_token_redeemed_is_an_alarm_as_long_as_there_are_no_tokens() {
    let mut world = World::new();
    let kibera = world.site("kibera-3");
    let customer = world.customer("0700000102", None);
    world.credit(customer, 60_000);
    let redeemed = Fact::Redeemed(kiosk::fact::Redeemed {
        granted: kiosk::fact::Granted {
            grant: GrantId {
                epoch: Epoch(0),
                number: 9,
            },
            customer,
            purse: Purse::Prepaid,
            volume: ml(20_000),
            valid_until: None,
        },
        time: world.now,
    });
    world.site_writes(kibera, redeemed);
    world.give(Input::Tick);
    assert_eq!(granted_ml(&world), 0);
    assert_eq!(world.alarms(), ["token_redeemed"]);
}

#[test]
fn an_invented_grant_does_not_hide_the_one_that_is_to_have_its_number() {
    let mut world = World::new();
    let kibera = world.site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    world.credit(customer, 60_000);
    let mut invented = world.gateways[kibera].grants()[0].clone();
    invented.grant.number += 1;
    invented.volume = ml(1);
    world.gateways[kibera].invent(&sync::record::Record::Fact(Fact::Granted(invented)));
    world.link(kibera);
    assert_eq!(world.alarms(), ["hub_in_doubt", "hub_record_unsigned"]);
    world.credit(customer, 20_000);
    assert_eq!(granted_ml(&world), 80_000);
}

#[test]
fn what_a_box_invents_in_the_hubs_name_counts_for_nothing() {
    let mut world = World::new();
    let kibera = world.site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    world.credit(customer, 60_000);
    let mut granted = world.gateways[kibera].grants()[0].clone();
    granted.grant.epoch = Epoch(0x77);
    let subscribed = kiosk::fact::Subscribed {
        customer,
        code: "0000000".to_owned(),
        valid_until: world.now.plus_ms(30 * 86_400_000),
    };
    for fact in [Fact::Granted(granted), Fact::Subscribed(subscribed)] {
        world.gateways[kibera].invent(&sync::record::Record::Fact(fact));
    }
    world.link(kibera);
    assert_eq!(world.alarms(), ["hub_in_doubt", "hub_record_unsigned"]);
    assert_eq!(granted_ml(&world), 60_000);
    let subscriptions = "SELECT count(*) FROM subscription";
    let subscriptions: i64 = world.read().query_row(subscriptions, [], |row| row.get(0)).unwrap();
    assert_eq!(subscriptions, 0);
    // The doubt has ended, for nothing is missing that could still come.
    world.credit(customer, 5_000);
    assert_eq!(granted_ml(&world), 65_000);
}

#[test]
fn a_generation_that_was_raised_outlives_the_database() {
    let mut world = World::new();
    let kibera = world.site("kibera-3");
    world.backup();
    let customer = world.customer("0700000102", Some("kibera-3"));
    world.credit(customer, 60_000);
    world.restore();
    world.link(kibera);
    assert_eq!(world.alarms(), ["hub_in_doubt"]);
    let lines = world.side.clone().lines().unwrap();
    assert!(lines.iter().any(|line| line.starts_with("generation 1 @")), "{lines:?}");
}

#[test]
fn what_was_asked_before_a_restore_goes_to_an_operator() {
    // The hub hears from the box that its past is missing, or knows it before.
    for is_known in [false, true] {
        asked_before_a_restore(is_known);
    }
}

fn asked_before_a_restore(is_known: bool) {
    let mut world = World::new();
    let kibera = world.site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    world.backup();
    let asked = |time, volume_ml| {
        Fact::PurchaseAsked(kiosk::fact::PurchaseAsked {
            customer,
            item: kiosk::fact::PurchaseItem::Litres(ml(volume_ml)),
            time,
        })
    };
    let (now, before) = (world.now, asked(world.now, 20_000));
    world.site_writes(kibera, before);
    assert_eq!(world.prompts().len(), 1);
    if is_known {
        world.side.clone().append("generation 5").unwrap();
    }
    world.restore();
    world.link(kibera);
    assert_eq!(world.prompts().len(), 1, "it may be paid already");
    assert!(
        world.alarms().contains(&"purchase_after_restore"),
        "{:?}",
        world.alarms()
    );
    world.site_writes(kibera, asked(now, 40_000));
    assert_eq!(world.prompts().len(), 2, "this one is new");
}
