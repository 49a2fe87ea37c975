use crate::{HOUR, SECOND, ends_well, village};

#[test]
fn a_sale_with_the_link_cut_is_known_to_the_hub_afterwards() {
    let (mut world, site, jane) = village(1);
    world.set_network(site, false);
    world.run_for(HOUR);
    assert_eq!(world.draw(site, 0, jane, 5_000), ("verified".to_owned(), 5_000));
    assert_eq!(world.hub_balance_ml(jane), Some(20_000), "the hub cannot know yet");
    world.set_network(site, true);
    let told = world.run_until(10 * 60 * SECOND, |world| world.hub_balance_ml(jane) == Some(15_000));
    assert!(
        told.is_some(),
        "the hub has not heard of it: {:?}",
        world.hub_balance_ml(jane)
    );
    ends_well(world);
}
