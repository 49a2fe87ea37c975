use hub::hub::input::Item;
use kiosk::units::Volume;
use world::sandbox::mpesa::{Behaviour, Fault};

use crate::{HOUR, ends_well, village};

#[test]
fn callbacks_missing_late_and_doubled_credit_once() {
    let (mut world, site, jane) = village(15);
    let ways = [
        Behaviour {
            callbacks: 0,
            ..Behaviour::default()
        },
        Behaviour {
            callbacks: 2,
            ..Behaviour::default()
        },
        Behaviour {
            callback_delay_ms: 1_800_000,
            ..Behaviour::default()
        },
        Behaviour {
            push_fault: Fault::Silent,
            ..Behaviour::default()
        },
        Behaviour {
            query_fault: Fault::Internal,
            callbacks: 2,
            ..Behaviour::default()
        },
    ];
    for (way, litres) in ways.into_iter().zip(1_u64..) {
        world.provider().set_behaviour(way.clone());
        world.buy_later(jane, Item::Litres(Volume::from_ml(litres * 1_000)));
        world.run_for(HOUR);
        world.provider().set_behaviour(Behaviour::default());
        world.run_for(2 * HOUR);
        let paid: u64 = (1..=litres).map(|litres| litres * 1_000).sum();
        let shown = world.box_balance_ml(site, jane);
        assert_eq!(
            shown,
            Some((20_000 + paid, 0)),
            "{way:?}: {:?}",
            world.newest_purchase(jane)
        );
    }
    assert_eq!(world.provider().ledger().len(), 5);
    ends_well(world);
}
