use hub::hub::input::Item;
use kiosk::{provider::Provider, units::Volume};
use world::sandbox::wallets::{Behaviour, Fault};

use crate::{SECOND, ends_well, village};

#[test]
fn a_callback_that_overtakes_the_answer_to_its_prompt_credits_once() {
    let (mut world, site, jane) = village(31);
    // MTN takes the prompt and says so to nobody; Jane pays a second later, and MTN's callback is all that comes.
    world.wallets(Provider::Mtn).set_behaviour(Behaviour {
        push_fault: Fault::Silent,
        ..Behaviour::default()
    });
    world.buy_by(jane, Item::Litres(Volume::from_ml(10_000)), Provider::Mtn);
    let credited = world.run_until(10 * SECOND, |world| {
        world.box_balance_ml(site, jane) == Some((30_000, 0))
    });
    assert!(credited.is_some(), "{:?}", world.newest_purchase(jane));
    // The hub gives up waiting for the answer after 30 s: that no answer came changes nothing any more.
    world.run_for(120 * SECOND);
    assert_eq!(
        world.newest_purchase(jane).map(|bought| bought.state),
        Some("succeeded".to_owned())
    );
    assert_eq!(world.box_balance_ml(site, jane), Some((30_000, 0)));
    assert_eq!(world.wallets(Provider::Mtn).prompts().len(), 1);
    ends_well(world);
}
