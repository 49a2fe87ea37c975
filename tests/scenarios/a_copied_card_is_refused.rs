use crate::{HOUR, SECOND, ends_well, village};
use world::Node;

#[test]
fn a_copied_card_is_refused() {
    let (mut world, site, jane) = village(8);
    let twin = world.copy_box(site).expect("a card can be copied");
    world.power(Node::Box(twin));
    world.run_for(60 * SECOND);
    world.lend_tap(site, twin);
    assert_eq!(
        world.draw(twin, 0, jane, 1_000).0,
        "",
        "nothing final is said on another medium"
    );
    assert_eq!(world.drawn_ml(jane), 0);
    world.lend_tap(twin, site);
    world.scrap(twin);
    world.run_for(HOUR);
    assert_eq!(
        world.draw(site, 0, jane, 1_000).0,
        "verified",
        "the card's own board goes on"
    );
    ends_well(world);
}
