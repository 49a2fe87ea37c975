use hub::hub::input::Item;
use kiosk::{provider::Provider, units::Volume};
use world::{
    Node, World,
    sandbox::{mpesa, wallets},
};

use crate::{HOUR, SECOND, ends_well, village};

fn prompts(world: &mut World, provider: Provider) -> usize {
    match provider {
        Provider::Mpesa => world.provider().prompts().len(),
        other => world.wallets(other).prompts().len(),
    }
}

#[test]
fn a_hub_killed_between_prompt_and_answer_asks_and_prompts_no_second_time() {
    // MTN and Airtel are asked by the name that the hub chose; M-PESA's list tells what became of a prompt without a name.
    for provider in [Provider::Mtn, Provider::Airtel, Provider::Mpesa] {
        let (mut world, site, jane) = village(35);
        world.provider().set_behaviour(mpesa::Behaviour {
            callbacks: 0,
            ..mpesa::Behaviour::default()
        });
        for other in [Provider::Mtn, Provider::Airtel] {
            world.wallets(other).set_behaviour(wallets::Behaviour {
                callbacks: 0,
                ..wallets::Behaviour::default()
            });
        }
        world.buy_by(jane, Item::Litres(Volume::from_ml(10_000)), provider);
        let is_out = world.run_until(10 * SECOND, |world| prompts(world, provider) == 1);
        assert!(is_out.is_some(), "{provider}");
        world.cut_power(Node::Hub);
        world.run_for(30 * SECOND);
        world.power(Node::Hub);
        let credited = world.run_until(HOUR, |world| world.box_balance_ml(site, jane) == Some((30_000, 0)));
        assert!(credited.is_some(), "{provider}: {:?}", world.newest_purchase(jane));
        world.run_for(HOUR);
        assert_eq!(prompts(&mut world, provider), 1, "{provider}: Jane was asked once");
        assert_eq!(world.box_balance_ml(site, jane), Some((30_000, 0)), "{provider}");
        ends_well(world);
    }
}
