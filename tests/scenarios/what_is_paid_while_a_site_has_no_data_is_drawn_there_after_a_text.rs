use crate::{HOUR, ends_well, texting_village};

#[test]
fn what_is_paid_while_a_site_has_no_data_is_drawn_there_after_a_text() {
    let (mut world, site, jane) = texting_village(2);
    world.set_network(site, false);
    // Until the site has texted the hub does not know that it can be reached so.
    assert_eq!(world.draw(site, 0, jane, 20_000), ("verified".to_owned(), 20_000));
    world.run_for(2 * HOUR);
    world.credit(jane, 10_000);
    let come = world.run_until(HOUR, |world| world.box_balance_ml(site, jane) == Some((10_000, 0)));
    assert!(
        come.is_some(),
        "no text brought it: {:?}",
        world.box_balance_ml(site, jane)
    );
    assert_eq!(world.draw(site, 1, jane, 10_000), ("verified".to_owned(), 10_000));
    ends_well(world);
}
