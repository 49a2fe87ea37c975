use crate::{HOUR, SECOND, ends_well, village};
use world::Node;

#[test]
fn a_card_that_lied_gets_its_past_back() {
    let (mut world, site, jane) = village(5);
    world.draw(site, 0, jane, 3_000);
    world.keep_card(site);
    world.draw(site, 0, jane, 10_000);
    world.run_for(10 * SECOND);
    assert_eq!(world.hub_balance_ml(jane), Some(7_000));

    world.set_network(site, false);
    world.set_card_back(site);
    world.run_until(HOUR, |world| world.is_on(Node::Box(site)));
    assert_eq!(
        world.box_balance_ml(site, jane),
        Some((17_000, 0)),
        "the card has forgotten the second pour"
    );
    world.set_network(site, true);
    let healed = world.run_until(HOUR, |world| world.box_balance_ml(site, jane) == Some((7_000, 0)));
    assert!(healed.is_some(), "{:?}", world.box_balance_ml(site, jane));
    assert!(!world.is_box_in_doubt(site));
    assert_eq!(world.draw(site, 1, jane, 8_000).0, "insufficient_credit");
    assert_eq!(world.draw(site, 1, jane, 7_000).0, "verified");
    ends_well(world);
}
