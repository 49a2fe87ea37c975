use crate::{HOUR, SECOND, ends_well, village};
use world::Node;

/// A card goes back in time; the hub gives the past back before a dispenser shows by its meter that something lacked.
#[test]
fn a_meter_ahead_of_the_books_does_not_stop_a_box_that_was_heard() {
    let (mut world, site, jane) = village(18);
    world.credit(jane, 100_000);
    world.run_for(300 * SECOND);
    world.keep_card(site);
    for _ in 0..4 {
        world.draw(site, 0, jane, 20_000);
    }
    world.run_for(60 * SECOND);
    world.set_card_back(site);
    world.run_until(HOUR, |world| world.is_on(Node::Box(site)));
    world.run_for(HOUR);
    assert!(!world.is_box_in_doubt(site), "the hub was heard, and all is back");
    assert_eq!(world.draw(site, 0, jane, 20_000).0, "verified");
    ends_well(world);
}
