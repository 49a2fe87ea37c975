//! What a day came to, in money: each shilling once, on the day on which it came.

use hub::hub::{
    input::{Allocation, CustomerChange, Input, Request, Settling},
    money::MoneyPlace,
    operator::Role,
    store::read::{self, Report},
};
use kiosk::{
    day::Day,
    incoming::Why,
    moment::{DAY_MS, HOUR_MS},
    units::Currency,
};

use crate::{
    cash::{hand_in, kiosk, sells},
    incoming::{allocate, book, paid, prompted, world as with_paybill},
    world::{NOON, World},
};

/// The report of so many days after 20 November: of the hub itself, then of its sites.
fn report(world: &World, days: i32) -> Vec<Report> {
    let day: Day = "2026-11-20".parse().unwrap();
    read::reports(&world.read(), day.plus_days(days)).unwrap()
}

/// It becomes one at night, so many days after 20 November, and all that is due is done.
fn night(world: &mut World, days: i64) {
    // Counted from noon.
    world.now = NOON.plus_ms((days - 1) * DAY_MS + 13 * HOUR_MS);
    for _ in 0..8 {
        world.pass(1_000);
    }
}

#[test]
fn cash_counts_on_the_day_it_was_taken_and_not_again_when_it_is_handed_in() {
    let (mut world, site, jane) = kiosk(10_000);
    sells(&mut world, site, jane, 2);
    let today = read::totals(&world.read(), NOON, Currency::Kes).unwrap();
    assert_eq!(today.gained_minor, 8_000);
    night(&mut world, 1);
    assert_eq!(report(&world, 0)[1].cash_minor, 8_000, "as the front page had it");
    // A shilling too little is handed in on the next day, and then made good: cash that was counted already.
    world.now = NOON.plus_ms(DAY_MS);
    world.give(Input::Tick);
    hand_in(&mut world, 7_900, None).unwrap();
    let made_good = Request::SettleDifference {
        site: "kibera-3".parse().unwrap(),
        manager: "musa".to_owned(),
        amount_minor: 100,
        how: Settling::Paid,
    };
    world.ask(made_good).unwrap();
    assert_eq!(world.ledger()["cash:kibera-3"], 8_000);
    night(&mut world, 2);
    assert_eq!(report(&world, 0)[1].cash_minor, 8_000);
    assert_eq!(report(&world, 1)[1].cash_minor, 0);
}

#[test]
fn money_in_suspense_counts_on_the_day_it_came_whatever_becomes_of_it() {
    let mut world = with_paybill();
    let site = world.site("kibera-3");
    world.unlink(site);
    let customer = world.customer("0700000102", Some("kibera-3"));
    for receipt in ["R1", "R2", "R3"] {
        let place = book(&mut world, paid(receipt, None));
        assert_eq!(place, MoneyPlace::Suspense(Why::NoReference));
    }
    world.now = NOON.plus_ms(DAY_MS);
    let purchase = prompted(&mut world, customer);
    let returned = Allocation::Returned {
        reason: "at the portal".to_owned(),
    };
    for (receipt, to) in [
        ("R1", Allocation::Purchase(purchase)),
        ("R2", Allocation::Wallet(customer)),
        ("R3", returned),
    ] {
        allocate(&mut world, Role::Admin, receipt, to).unwrap();
    }
    assert_eq!(world.balance_ml(customer), 20_000);
    night(&mut world, 2);
    // Three times 40 shillings came on the first day, in nobody's name and so at no site; none came on the second.
    let money = |days| {
        report(&world, days)
            .into_iter()
            .map(|report| report.money)
            .collect::<Vec<_>>()
    };
    assert_eq!(money(0), [[("mpesa".to_owned(), (3, 12_000))].into(), [].into()]);
    assert_eq!(money(1), [[].into(), [].into()]);
}

#[test]
fn money_counts_where_its_customer_was_at_home_and_stays_there_when_they_move() {
    let mut world = with_paybill();
    let site = world.site("kibera-3");
    world.unlink(site);
    let customer = world.customer("0700000102", Some("kibera-3"));
    let account = world.shown(customer).account.unwrap().to_string();
    let place = book(&mut world, paid("R1", Some(&account)));
    assert_eq!(place, MoneyPlace::Wallet(customer));
    night(&mut world, 1);
    assert_eq!(report(&world, 0)[1].money["mpesa"], (1, 4_000));
    world.add_site("goma-1");
    let change = CustomerChange {
        site: Some("goma-1".parse().unwrap()),
        ..CustomerChange::default()
    };
    world.ask(Request::UpdateCustomer { customer, change }).unwrap();
    night(&mut world, 2);
    let made = report(&world, 0).into_iter().filter(|report| !report.money.is_empty());
    let sites: Vec<_> = made.map(|report| report.site.unwrap().to_string()).collect();
    assert_eq!(sites, ["kibera-3"]);
}
