use crate::{HOUR, SECOND, ends_well, village};
use world::Node;

#[test]
fn a_restored_hub_takes_its_facts_back_and_grants_nothing_meanwhile() {
    let (mut world, kibera, jane) = village(6);
    let mathare = world.found_site("mathare-1", 1);
    let omari = world.settle("Omari", mathare);
    world.credit(omari, 9_000);
    world.back_up_hub();
    world.run_for(HOUR);
    world.credit(jane, 4_000);
    world.run_for(10 * SECOND);
    world.draw(kibera, 0, jane, 15_000);
    world.draw(mathare, 0, omari, 9_000);
    world.run_for(10 * SECOND);

    world.set_network(mathare, false);
    world.restore_hub();
    world.run_until(HOUR, |world| world.is_on(Node::Hub));
    let took_back = world.run_until(HOUR, |world| world.hub_balance_ml(jane) == Some(5_000));
    assert!(
        took_back.is_some(),
        "of 20 litres known, 15 are drawn: {:?}",
        world.hub_balance_ml(jane)
    );
    assert_eq!(world.hub_balance_ml(omari), Some(9_000), "Mathare was not heard");
    assert!(world.is_hub_in_doubt());
    world.set_network(mathare, true);
    assert!(
        world.run_until(HOUR, |world| !world.is_hub_in_doubt()).is_some(),
        "the doubt never ends"
    );
    let took_back = world.run_until(HOUR, |world| world.hub_balance_ml(omari) == Some(0));
    assert!(took_back.is_some(), "{:?}", world.hub_balance_ml(omari));
    assert_eq!(world.draw(mathare, 0, omari, 1_000).0, "insufficient_credit");
    ends_well(world);
}
