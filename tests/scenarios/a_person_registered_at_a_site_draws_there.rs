use gateway::site::{effect::Told, input::Command};

use crate::{HOUR, SECOND, ends_well, village};

#[test]
fn a_person_registered_at_a_site_draws_there() {
    let (mut world, site, _) = village(19);
    world.set_network(site, false);
    world.run_for(60 * SECOND);
    let register = Command::Register {
        phone: "0799000001".to_owned(),
        name: "Achieng".to_owned(),
        pin: "4071".to_owned(),
    };
    let id = match world.command(site, register) {
        Ok(Told::Registered(id)) => id,
        other => panic!("{other:?}"),
    };
    world.set_network(site, true);
    world.run_for(HOUR);
    let achieng = world.known("Achieng", "0799000001", "4071", site, id);
    assert!(world.person(achieng).account.is_some(), "the hub gave an account");
    assert_eq!(world.draw(site, 0, achieng, 1_000).0, "insufficient_credit");
    world.credit(achieng, 10_000);
    world.run_for(2 * SECOND);
    assert_eq!(world.draw(site, 0, achieng, 6_000), ("verified".to_owned(), 6_000));
    ends_well(world);
}
