use world::Node;

use crate::{HOUR, ends_well, texting_village};

#[test]
fn a_site_that_starts_without_data_is_known_to_the_hub_by_texts_alone() {
    let (mut world, site, jane) = texting_village(3);
    world.set_network(site, false);
    // A run that no socket has greeted: it says HELLO by text, hears the hub's, and then tells what it sold.
    world.cut_power(Node::Box(site));
    world.power(Node::Box(site));
    world.run_for(HOUR);
    assert_eq!(world.draw(site, 0, jane, 5_000), ("verified".to_owned(), 5_000));
    let told = world.run_until(3 * HOUR, |world| world.hub_balance_ml(jane) == Some(15_000));
    assert!(told.is_some(), "no text told of it: {:?}", world.hub_balance_ml(jane));
    ends_well(world);
}
