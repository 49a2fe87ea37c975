use hub::hub::input::Item;

use crate::{DAY, HOUR, SECOND, ends_well, village};

#[test]
fn a_household_draws_ahead_is_denied_offline_for_a_late_bill_and_freed_by_paying() {
    // Monday 21 September, seven in the morning in Nairobi; Jane has 20 litres.
    let (mut world, site, jane) = village(22);
    world.trust(jane, 100_000);
    let granted = world.run_until(HOUR, |world| world.box_balance_ml(site, jane) == Some((120_000, 0)));
    assert!(granted.is_some(), "{:?}", world.box_balance_ml(site, jane));
    world.set_network(site, false);
    for tap in [0, 1] {
        assert_eq!(world.draw(site, tap, jane, 20_000).0, "verified");
    }
    world.set_network(site, true);
    world.run_for(HOUR);
    assert_eq!(
        world.hub_balance_ml(jane),
        Some(-20_000),
        "20 litres are paid for, 20 are not"
    );

    // September ends at 21:00 UTC, nine days and seventeen hours after the beginning: 20 litres at KES 2 are KES 40.
    world.switch_taps(site, false);
    world.run_for(9 * DAY + 17 * HOUR + 600 * SECOND - world.now_ms());
    world.is_billed(jane, 20_000);
    assert_eq!(world.hub_balance_ml(jane), Some(0), "it is on a bill");
    assert_eq!(world.box_balance_ml(site, jane), Some((80_000, 0)), "and not paid");

    // Due until 15 October; from midnight on no water runs, also without a link.
    world.run_for(24 * DAY + 17 * HOUR - 120 * SECOND - world.now_ms());
    world.switch_taps(site, true);
    assert_eq!(world.draw(site, 0, jane, 1_000).0, "verified", "on the last evening");
    world.run_for(300 * SECOND);
    world.set_network(site, false);
    assert_eq!(world.draw(site, 0, jane, 1_000).0, "bill_overdue");
    world.set_network(site, true);

    world.buy_later(jane, Item::Bill(None));
    // What was paid for may be drawn ahead again, less the litre of October.
    let freed = world.run_until(HOUR, |world| world.box_balance_ml(site, jane) == Some((99_000, 0)));
    assert!(freed.is_some(), "{:?}", world.newest_purchase(jane));
    assert_eq!(world.provider().ledger()[0].amount, 40);
    world.set_network(site, false);
    assert_eq!(world.draw(site, 1, jane, 2_000).0, "verified");
    world.set_network(site, true);
    ends_well(world);
}
