use hub::hub::input::Item;
use world::{Node, Weather};

use crate::{DAY, HOUR, SECOND, ends_well, village};

#[test]
fn a_clock_in_1970_sells_and_expires_nothing() {
    let (mut world, site, jane) = village(13);
    world.buy_later(jane, Item::Plan("monthly".to_owned()));
    let subscribed = world.run_until(HOUR, |world| {
        world.box_balance_ml(site, jane) == Some((20_000, 600_000))
    });
    assert!(subscribed.is_some(), "{:?}", world.box_balance_ml(site, jane));
    world.set_weather(Weather {
        clock_lost: 1_000_000,
        ..Weather::calm()
    });
    world.set_network(site, false);
    world.cut_power(Node::Box(site));
    world.switch_taps(site, false);
    world.run_for(40 * DAY);
    world.switch_taps(site, true);
    world.power(Node::Box(site));
    world.run_for(10 * SECOND);
    assert_eq!(
        world.draw(site, 0, jane, 5_000).0,
        "verified",
        "nobody vouches for the time, so nothing is over"
    );
    world.set_network(site, true);
    world.run_for(HOUR);
    assert_eq!(
        world.draw(site, 0, jane, 5_000).0,
        "verified",
        "prepaid litres have no end"
    );
    assert_eq!(
        world.box_balance_ml(site, jane),
        Some((15_000, 0)),
        "the allowance is over, now that the time is known"
    );
    ends_well(world);
}
