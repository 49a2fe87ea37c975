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

fn fall_into_doubt(world: &mut World) {
    world.side.clone().append("generation 5").unwrap();
    world.restart();
    assert_eq!(world.alarms(), ["hub_in_doubt"]);
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
