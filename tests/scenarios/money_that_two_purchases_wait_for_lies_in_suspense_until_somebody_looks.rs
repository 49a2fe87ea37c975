use hub::hub::input::{Actor, Allocation, Item, Request};
use kiosk::{provider::Provider, units::Volume};
use world::sandbox::mpesa::{Behaviour, Fault};

use crate::{HOUR, SECOND, ends_well, village};

#[test]
fn money_that_two_purchases_wait_for_lies_in_suspense_until_somebody_looks() {
    let (mut world, site, jane) = village(34);
    let item = Item::Litres(Volume::from_ml(10_000));
    // The first prompt never reaches M-PESA; of the second, minutes later, only its answer and its callback are lost.
    for push_fault in [Fault::Lost, Fault::Silent] {
        world.provider().set_behaviour(Behaviour {
            push_fault,
            callbacks: 0,
            ..Behaviour::default()
        });
        world.buy_later(jane, item.clone());
        world.run_for(360 * SECOND);
    }
    let waiting = world.newest_purchase(jane).map(|bought| bought.id);
    assert_eq!(world.provider().ledger().len(), 1, "one was paid");
    // M-PESA's list brings the money, and nobody can say which of the two it is for.
    world.provider().set_behaviour(Behaviour::default());
    world.run_until(HOUR, |world| world.alarms().contains(&"money_in_suspense".to_owned()));
    assert!(world.alarms().contains(&"money_in_suspense".to_owned()));
    assert_eq!(
        world.box_balance_ml(site, jane),
        Some((20_000, 0)),
        "nothing was guessed"
    );
    // Somebody looks, and says.
    let receipt = world.provider().ledger()[0].receipt.parse().expect("a receipt");
    let told = Request::AllocateMoney {
        provider: Provider::Mpesa,
        receipt,
        to: Allocation::Purchase(waiting.expect("a purchase")),
    };
    assert!(world.ask_hub(Actor::Owner, told).is_ok());
    let there = world.run_until(10 * SECOND, |world| {
        world.box_balance_ml(site, jane) == Some((30_000, 0))
    });
    assert!(there.is_some(), "{:?}", world.newest_purchase(jane));
    ends_well(world);
}
