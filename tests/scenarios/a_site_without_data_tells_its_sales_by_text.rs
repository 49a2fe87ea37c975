use crate::{HOUR, ends_well, texting_village};

#[test]
fn a_site_without_data_tells_its_sales_by_text() {
    let (mut world, site, jane) = texting_village(1);
    world.set_network(site, false);
    world.run_for(HOUR);
    assert_eq!(world.draw(site, 0, jane, 5_000), ("verified".to_owned(), 5_000));
    let told = world.run_until(2 * HOUR, |world| world.hub_balance_ml(jane) == Some(15_000));
    assert!(told.is_some(), "no text told of it: {:?}", world.hub_balance_ml(jane));
    // HELLO went over the socket in this run, so one text is enough.
    assert_eq!(world.texts_of_sync(site), 1);
    ends_well(world);
}
