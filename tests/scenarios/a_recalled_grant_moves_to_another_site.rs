use hub::hub::input::{Actor, CustomerChange, Request};

use crate::{SECOND, ends_well, village};

#[test]
fn a_recalled_grant_moves_to_another_site() {
    let (mut world, kibera, jane) = village(4);
    let mathare = world.found_site("mathare-1", 1);
    let pin = world.person(jane).pin.clone();
    assert!(world.ask(kibera, 0, jane, &pin, 8_000).is_some());
    world.run_for(5 * SECOND);
    let change = CustomerChange {
        site: Some(world.site(mathare)),
        ..CustomerChange::default()
    };
    let customer = world.customer(jane);
    assert!(
        world
            .ask_hub(Actor::Owner, Request::UpdateCustomer { customer, change })
            .is_ok()
    );
    world.run_for(5 * SECOND);
    assert_eq!(
        world.box_balance_ml(mathare, jane).map(|(ml, _)| ml),
        Some(0),
        "while she pours, the grant is not closed"
    );
    let moved = world.run_until(120 * SECOND, |world| {
        world.box_balance_ml(mathare, jane) == Some((12_000, 0))
    });
    assert!(moved.is_some(), "{:?}", world.box_balance_ml(mathare, jane));
    assert_eq!(world.draw(kibera, 1, jane, 1_000).0, "not_at_this_site");
    ends_well(world);
}
