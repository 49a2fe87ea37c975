use hub::hub::input::{Actor, Item, NewPurchase, Pay, Request};
use kiosk::units::Volume;
use world::{
    World,
    sandbox::mpesa::{Behaviour, Fault},
};

use crate::{SECOND, ends_well, village};

fn wallet_minor(world: &World, person: usize) -> i64 {
    world.customer_at_hub(person).map_or(0, |shown| shown.wallet_minor)
}

#[test]
fn a_payment_to_the_paybill_is_proven_by_the_list_and_drawn_at_the_tap() {
    let (mut world, site, jane) = village(33);
    let account = world.person(jane).account.map(|account| account.to_string());
    // M-PESA confirms, twice, and cannot be asked: a confirmation is a claim, and moves nothing.
    world.provider().set_behaviour(Behaviour {
        token_fault: Fault::Silent,
        callbacks: 2,
        ..Behaviour::default()
    });
    world.pays_directly(jane, 41, &account.unwrap_or_default());
    world.run_for(120 * SECOND);
    assert_eq!(wallet_minor(&world, jane), 0);
    // Its list proves the money, which is Jane's for it names her account.
    world.provider().set_behaviour(Behaviour::default());
    let proven = world.run_until(300 * SECOND, |world| wallet_minor(world, jane) == 4_100);
    assert!(proven.is_some(), "{}", wallet_minor(&world, jane));
    // KES 40 of it are 20 litres.
    let buy = Request::CreatePurchase(NewPurchase {
        customer: world.customer(jane),
        item: Item::Litres(Volume::from_ml(20_000)),
        pay: Pay::Wallet,
        provider: None,
        phone: None,
    });
    assert!(world.ask_hub(Actor::Owner, buy).is_ok());
    let there = world.run_until(10 * SECOND, |world| {
        world.box_balance_ml(site, jane) == Some((40_000, 0))
    });
    assert!(there.is_some(), "{:?}", world.box_balance_ml(site, jane));
    assert_eq!(world.draw(site, 0, jane, 20_000), ("verified".to_owned(), 20_000));
    assert_eq!(world.draw(site, 0, jane, 20_000), ("verified".to_owned(), 20_000));
    world.run_for(600 * SECOND);
    assert_eq!(wallet_minor(&world, jane), 100);
    ends_well(world);
}
