use hub::hub::input::{Actor, CustomerChange, Request};

use crate::{HOUR, SECOND, ends_well, village};

#[test]
fn two_sites_never_overspend_one_customer() {
    let (mut world, kibera, jane) = village(3);
    let mathare = world.found_site("mathare-1", 1);
    world.set_network(kibera, false);
    world.run_for(60 * SECOND);
    let change = CustomerChange {
        site: Some(world.site(mathare)),
        ..CustomerChange::default()
    };
    let customer = world.customer(jane);
    let moved = world.ask_hub(Actor::Owner, Request::UpdateCustomer { customer, change });
    assert!(moved.is_ok(), "{moved:?}");
    world.run_for(10 * SECOND);
    assert_eq!(
        world.draw(mathare, 0, jane, 1_000).0,
        "insufficient_credit",
        "her litres lie at Kibera"
    );
    assert_eq!(world.draw(kibera, 0, jane, 15_000), ("verified".to_owned(), 15_000));
    world.run_for(HOUR);
    world.set_network(kibera, true);
    let moved = world.run_until(HOUR, |world| world.box_balance_ml(mathare, jane) == Some((5_000, 0)));
    assert!(moved.is_some(), "{:?}", world.box_balance_ml(mathare, jane));
    assert_eq!(world.draw(mathare, 0, jane, 6_000).0, "insufficient_credit");
    assert_eq!(world.draw(mathare, 0, jane, 5_000).0, "verified");
    assert_eq!(world.drawn_ml(jane), 20_000);
    ends_well(world);
}
