use crate::{DAY, HOUR, ends_well, village};
use world::Node;

#[test]
fn the_hub_is_away_for_ninety_days() {
    let (mut world, site, jane) = village(12);
    world.credit(jane, 100_000);
    world.run_for(HOUR);
    world.cut_power(Node::Hub);
    for day in 0..90 {
        world.switch_taps(site, false);
        world.run_for(DAY);
        world.switch_taps(site, true);
        let (reason, charged) = world.draw(site, day % 2, jane, 1_300);
        assert_eq!((reason.as_str(), charged), ("verified", 1_300), "day {day}");
    }
    world.power(Node::Hub);
    let told = world.run_until(HOUR, |world| world.hub_balance_ml(jane) == Some(120_000 - 90 * 1_300));
    assert!(told.is_some(), "{:?}", world.hub_balance_ml(jane));
    ends_well(world);
}
