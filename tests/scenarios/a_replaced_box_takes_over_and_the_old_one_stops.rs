use crate::{HOUR, SECOND, ends_well, village};

#[test]
fn a_replaced_box_takes_over_and_the_old_one_stops() {
    let (mut world, old, jane) = village(7);
    world.draw(old, 0, jane, 4_000);
    world.run_for(10 * SECOND);
    world.set_network(old, false);
    world.run_for(60 * SECOND);
    world.draw(old, 0, jane, 2_000);
    let new = world.replace_box(old).expect("a new box joins");
    let granted = world.run_until(HOUR, |world| world.box_balance_ml(new, jane) == Some((16_000, 0)));
    assert!(
        granted.is_some(),
        "the hub knows of 4 litres: {:?}",
        world.box_balance_ml(new, jane)
    );
    assert_eq!(world.draw(new, 0, jane, 16_000).0, "verified");
    assert_eq!(world.draw(new, 0, jane, 1_000).0, "insufficient_credit");
    assert!(world.is_online(new));
    ends_well(world);
}
