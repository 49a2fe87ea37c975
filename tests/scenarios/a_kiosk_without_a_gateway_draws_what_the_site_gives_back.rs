use crate::{SECOND, ends_well, village};

#[test]
fn a_kiosk_without_a_gateway_draws_what_the_site_gives_back() {
    let (mut world, site, jane) = village(21);
    // Her 20 litres lie at the site, which gives them back; what is left lies there again.
    assert_eq!(world.draw_at_hub(jane, 8_000), "verified");
    let left = world.run_until(10 * SECOND, |world| {
        world.box_balance_ml(site, jane) == Some((12_000, 0))
    });
    assert!(left.is_some(), "{:?}", world.box_balance_ml(site, jane));
    assert_eq!(world.draw(site, 0, jane, 2_000).0, "verified");
    world.run_for(5 * SECOND);
    // While she pours at the site, it cannot give back; afterwards the water is hers again, at the site.
    let pin = world.person(jane).pin.clone();
    assert!(world.ask(site, 0, jane, &pin, 6_000).is_some());
    world.run_for(5 * SECOND);
    assert_eq!(world.draw_at_hub(jane, 8_000), "held_at_site");
    let back = world.run_until(120 * SECOND, |world| {
        world.box_balance_ml(site, jane) == Some((4_000, 0))
    });
    assert!(back.is_some(), "{:?}", world.box_balance_ml(site, jane));
    assert_eq!(world.draw_at_hub(jane, 8_000), "insufficient_credit");
    // A site that is away keeps what it holds.
    world.set_network(site, false);
    world.run_for(60 * SECOND);
    assert_eq!(world.draw_at_hub(jane, 4_000), "held_at_site");
    assert_eq!(world.draw(site, 0, jane, 4_000).0, "verified");
    world.set_network(site, true);
    ends_well(world);
}
