use crate::{SECOND, ends_well, village};

#[test]
fn a_credit_reaches_the_tap_within_two_seconds() {
    let (mut world, site, jane) = village(2);
    world.credit(jane, 7_000);
    let reached = world.run_until(2 * SECOND, |world| {
        world.box_balance_ml(site, jane) == Some((27_000, 0))
    });
    assert!(reached.is_some(), "{:?}", world.box_balance_ml(site, jane));
    assert_eq!(world.draw(site, 1, jane, 20_000).0, "verified");
    assert_eq!(world.draw(site, 1, jane, 7_000).0, "verified");
    assert_eq!(world.draw(site, 1, jane, 1).0, "insufficient_credit");
    ends_well(world);
}
