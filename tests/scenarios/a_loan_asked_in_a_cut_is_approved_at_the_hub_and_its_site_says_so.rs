use gateway::site::input::Command;
use hub::hub::input::{Actor, Item, Request, Secret};
use kiosk::loan::LoanState;

use crate::{HOUR, SECOND, ends_well, village};

#[test]
fn a_loan_asked_in_a_cut_is_approved_at_the_hub_and_its_site_says_so() {
    let (mut world, site, jane) = village(21);
    let john = world.settle("John", site);
    world.run_for(5 * SECOND);
    world.buy_later(john, Item::Deposit(100_000));
    let wallets =
        |world: &world::World| [jane, john].map(|person| world.customer_at_hub(person).map(|shown| shown.wallet_minor));
    let is_rich = world.run_until(HOUR, |world| wallets(world) == [Some(0), Some(100_000)]);
    assert!(is_rich.is_some(), "{:?}", wallets(&world));

    // Jane asks at the kiosk while it is cut off: it waits there, and nobody else knows of it.
    world.set_network(site, false);
    world.run_for(60 * SECOND);
    let asked = Command::Loan {
        borrower: world.customer(jane),
        lender: world.person(john).phone.clone(),
        amount_minor: 50_000,
        repayment_minor: 5_000,
    };
    assert!(world.command(site, asked).is_ok());
    let shown = |world: &world::World| -> Vec<String> {
        let asked = world.asked_from(site).into_iter();
        asked.map(|asked| format!("{} {}", asked.kind, asked.state)).collect()
    };
    assert_eq!(shown(&world), ["loan waiting"]);
    assert!(world.loans_at_hub().is_empty());

    // The hub asks John once the site is heard, and John's PIN alone moves the money.
    world.set_network(site, true);
    let taken = world.run_until(2 * HOUR, |world| shown(world) == ["loan taken"]);
    assert!(taken.is_some(), "{:?}", shown(&world));
    let loan = world.loans_at_hub()[0].loan.clone();
    assert_eq!(
        (loan.state, wallets(&world)),
        (LoanState::Asked, [Some(0), Some(100_000)])
    );
    let approved = |pin: &str| Request::ApproveLoan {
        loan: loan.id,
        pin: Secret(pin.to_owned()),
    };
    let pin = world.person(john).pin.clone();
    let wrong = if pin == "8350" { "8351" } else { "8350" };
    assert!(world.ask_hub(Actor::Owner, approved(wrong)).is_err());
    assert!(world.ask_hub(Actor::Owner, approved(&pin)).is_ok());
    assert_eq!(wallets(&world), [Some(50_000), Some(50_000)]);
    let told = world.run_until(2 * HOUR, |world| shown(world) == ["loan done"]);
    assert!(told.is_some(), "{:?}", shown(&world));
    ends_well(world);
}
