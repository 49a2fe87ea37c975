use gateway::site::input::Command;
use kiosk::{fact::PurchaseItem, units::Volume};
use world::sandbox::mpesa::Behaviour;

use crate::{HOUR, SECOND, ends_well, village};

#[test]
fn a_loan_and_a_purchase_wait_in_the_queue_and_are_marked() {
    let (mut world, site, jane) = village(11);
    let no = Behaviour {
        result_code: "1032".to_owned(),
        ..Behaviour::default()
    };
    world.provider().set_behaviour(no);
    world.set_network(site, false);
    world.run_for(60 * SECOND);
    let borrower = world.customer(jane);
    let loan = Command::Loan {
        borrower,
        lender: "0722000001".to_owned(),
        amount_minor: 50_000,
        repayment_minor: 5_000,
    };
    assert!(world.command(site, loan).is_ok());
    let item = PurchaseItem::Litres(Volume::from_ml(10_000));
    assert!(
        world
            .command(
                site,
                Command::Purchase {
                    customer: borrower,
                    item
                }
            )
            .is_ok()
    );
    let states = |world: &world::World| -> Vec<(String, String)> {
        world
            .asked_from(site)
            .into_iter()
            .map(|asked| (asked.kind, asked.state))
            .collect()
    };
    let both = |purchase: &str, loan: &str| {
        vec![
            ("purchase".to_owned(), purchase.to_owned()),
            ("loan".to_owned(), loan.to_owned()),
        ]
    };
    assert_eq!(states(&world), both("waiting", "waiting"));
    world.set_network(site, true);
    let marked = world.run_until(2 * HOUR, |world| states(world) == both("refused", "taken"));
    assert!(marked.is_some(), "{:?}", states(&world));
    ends_well(world);
}
