use world::Weather;

use crate::{HOUR, SECOND, ends_well, village};

/// A person asks for more than there is, so that the gateway asks the hub, and walks away before the hub answers: the
/// dispenser's report of nothing overtakes the decision.
#[test]
fn a_report_that_overtakes_its_ask_uses_it_up() {
    let (mut world, site, jane) = village(17);
    world.set_weather(Weather {
        latency_ms: (1_500, 1_900),
        impatience: 1_000_000,
        ..Weather::calm()
    });
    for _ in 0..10 {
        let pin = world.person(jane).pin.clone();
        assert!(world.ask(site, 0, jane, &pin, 20_000).is_some());
        world.run_for(60 * SECOND);
        assert!(world.ask(site, 1, jane, &pin, 20_000).is_some());
        world.run_for(300 * SECOND);
        world.credit(jane, 1_000);
    }
    world.run_for(HOUR);
    ends_well(world);
}
