use hub::hub::input::Item;
use kiosk::{provider::Provider, units::Volume};
use world::sandbox::{
    mpesa,
    wallets::{Behaviour, Outcome},
};

use crate::{SECOND, ends_well, village};

/// After the end of the prompt, and before the hub asks about it once more.
const LATE_MS: i64 = 300_000;

#[test]
fn a_late_success_after_an_expired_prompt_credits_once() {
    for (provider, callbacks) in [
        (Provider::Mpesa, 1),
        (Provider::Mpesa, 2),
        (Provider::Mtn, 0),
        (Provider::Mtn, 2),
    ] {
        let (mut world, site, jane) = village(32);
        world.provider().set_behaviour(mpesa::Behaviour {
            result_code: "1037".to_owned(),
            late_success_after_ms: LATE_MS,
            callbacks,
            ..mpesa::Behaviour::default()
        });
        world.wallets(Provider::Mtn).set_behaviour(Behaviour {
            outcome: Outcome::Expired,
            late_success_after_ms: LATE_MS,
            callbacks,
            ..Behaviour::default()
        });
        world.buy_by(jane, Item::Litres(Volume::from_ml(10_000)), provider);
        world.run_for(60 * SECOND);
        assert_eq!(
            world.newest_purchase(jane).map(|bought| bought.state),
            Some("expired".to_owned())
        );
        assert_eq!(world.box_balance_ml(site, jane), Some((20_000, 0)), "{provider}");
        world.run_for(1_200 * SECOND);
        assert_eq!(
            world.newest_purchase(jane).map(|bought| bought.state),
            Some("succeeded".to_owned())
        );
        assert_eq!(
            world.box_balance_ml(site, jane),
            Some((30_000, 0)),
            "{provider} {callbacks}"
        );
        ends_well(world);
    }
}
