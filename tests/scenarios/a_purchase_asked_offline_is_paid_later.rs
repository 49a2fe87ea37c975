use gateway::site::input::Command;
use kiosk::{fact::PurchaseItem, units::Volume};

use crate::{HOUR, SECOND, ends_well, village};

#[test]
fn a_purchase_asked_offline_is_paid_later() {
    let (mut world, site, jane) = village(10);
    world.set_network(site, false);
    world.run_for(60 * SECOND);
    let item = PurchaseItem::Litres(Volume::from_ml(30_000));
    let customer = world.customer(jane);
    world.buys_at_site(jane, 30_000);
    assert!(world.command(site, Command::Purchase { customer, item }).is_ok());
    world.run_for(2 * HOUR);
    assert_eq!(world.asked_from(site)[0].state, "waiting");
    assert!(world.newest_purchase(jane).is_none());
    world.set_network(site, true);
    let paid = world.run_until(HOUR, |world| world.box_balance_ml(site, jane) == Some((50_000, 0)));
    assert!(paid.is_some(), "{:?}", world.newest_purchase(jane));
    world.run_for(10 * SECOND);
    assert_eq!(world.asked_from(site)[0].state, "done");
    assert_eq!(world.provider().prompts().len(), 1, "one prompt");
    ends_well(world);
}
