use gateway::site::{effect::Told, input::Command};

use crate::{HOUR, SECOND, ends_well, village};

#[test]
fn a_phone_registered_twice_while_apart_becomes_one_customer() {
    let (mut world, kibera, _) = village(9);
    let mathare = world.found_site("mathare-1", 1);
    world.set_network(kibera, false);
    world.set_network(mathare, false);
    world.run_for(60 * SECOND);
    let mut ids = Vec::new();
    for (station, pin) in [(kibera, "4071"), (mathare, "5823")] {
        let register = Command::Register {
            phone: "0799000001".to_owned(),
            name: "Achieng".to_owned(),
            pin: pin.to_owned(),
        };
        match world.command(station, register) {
            Ok(Told::Registered(id)) => ids.push(id),
            other => panic!("{other:?}"),
        }
        world.run_for(HOUR);
    }
    assert_ne!(ids[0], ids[1]);
    // The younger registration comes first.
    world.set_network(mathare, true);
    world.run_for(HOUR);
    world.set_network(kibera, true);
    world.run_for(HOUR);
    let achieng = world.known("Achieng", "0799000001", "4071", kibera, ids[1]);
    let shown = world.customer_at_hub(achieng).expect("she is known");
    assert_eq!(shown.id, ids[0], "the older registration stays");
    world.credit(achieng, 10_000);
    world.run_for(5 * SECOND);
    assert_eq!(
        world.draw(kibera, 0, achieng, 6_000).0,
        "verified",
        "with the PIN of the older one"
    );
    ends_well(world);
}
