//! What a day came to, in money, and at which site.

use hub::hub::{
    input::{CustomerChange, Request},
    money::MoneyPlace,
    store::read::{self, Report},
};
use kiosk::{
    day::Day,
    moment::{DAY_MS, HOUR_MS},
};

use crate::{
    incoming::{book, paid, world as with_paybill},
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
