use hub::hub::input::Item;
use world::dispenser::Ask;

use crate::{DAY, HOUR, SECOND, ends_well, village};

#[test]
fn a_subscription_is_drawn_at_the_tap_and_ends_with_its_last_day() {
    let (mut world, site, jane) = village(14);
    world.buy_later(jane, Item::Plan("monthly".to_owned()));
    let subscribed = world.run_until(HOUR, |world| {
        world.box_balance_ml(site, jane) == Some((20_000, 600_000))
    });
    assert!(subscribed.is_some(), "{:?}", world.box_balance_ml(site, jane));
    let bought = world
        .customer_at_hub(jane)
        .and_then(|shown| shown.subscription)
        .expect("a subscription");
    let by_code = Ask {
        request: "kibera-3-1-1".to_owned(),
        user: None,
        code: Some(bought.code.clone()),
        pin: Some(world.person(jane).pin.clone()),
        token: None,
        volume_ml: 20_000,
    };
    assert!(world.ask_with(site, 0, jane, by_code).is_some());
    world.run_for(300 * SECOND);
    assert_eq!(
        world.box_balance_ml(site, jane),
        Some((20_000, 580_000)),
        "the allowance is spent first"
    );

    // Her last day goes to its end in Nairobi, and not a minute longer.
    let left_ms = u64::try_from(bought.valid_until.0 - world.wall().0).expect("it lasts");
    assert!((30 * DAY..=31 * DAY).contains(&left_ms), "{left_ms}");
    world.switch_taps(site, false);
    world.run_for(left_ms - 200 * SECOND);
    world.switch_taps(site, true);
    world.draw(site, 1, jane, 5_000);
    assert_eq!(
        world.box_balance_ml(site, jane),
        Some((20_000, 575_000)),
        "on the last evening"
    );
    world.run_for(400 * SECOND);
    world.draw(site, 1, jane, 20_000);
    assert_eq!(
        world.box_balance_ml(site, jane),
        Some((0, 0)),
        "after midnight her prepaid litres pay"
    );
    assert_eq!(world.draw(site, 1, jane, 1_000).0, "subscription_expired");
    ends_well(world);
}
