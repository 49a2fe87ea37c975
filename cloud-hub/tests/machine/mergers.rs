//! One person who turns out to be registered twice keeps what stands against them, and the terms that are in force.

use hub::hub::{bill::BillingState, input::Request, store::read};
use kiosk::ids::CustomerId;

use crate::{
    bills::{stands, until},
    metered::{read_meter, shows, with_meter},
    sites::{name_at, provisional_at, register},
    world::{World, ml},
};

const OLDER: CustomerId = CustomerId(0xa11);
const LONG_AGO_MS: i64 = 60 * 24 * 3_600_000;

#[test]
fn a_merger_lifts_neither_a_block_nor_a_daily_limit() {
    let mut world = World::new();
    world.site("kibera-3");
    let jane = world.customer("0700000102", Some("kibera-3"));
    let active = false;
    world.ask(Request::SetActive { customer: jane, active }).unwrap();
    let limit = Some(ml(40_000));
    world.ask(Request::SetDailyLimit { customer: jane, limit }).unwrap();
    let mathare = world.site("mathare");
    register(&mut world, mathare, OLDER, "+254700000102", "4071", LONG_AGO_MS);
    let shown = world.shown(jane);
    assert_eq!((shown.id, shown.active, shown.daily_limit), (OLDER, false, limit));
    let detail = "SELECT detail FROM audit WHERE action = 'customers merged'";
    let detail: String = world.read().query_row(detail, [], |row| row.get(0)).unwrap();
    assert!(
        detail.contains("blocked as it was") && detail.contains("a day as it was"),
        "{detail}"
    );
}

#[test]
fn terms_that_are_in_force_outlive_terms_that_ended() {
    let (mut world, _, jane) = with_meter();
    let mathare = world.site("mathare");
    provisional_at(&mut world, mathare, OLDER, "4071", LONG_AGO_MS);
    // Long ago the older one paid by another meter, which had run far.
    let ended = format!(
        "INSERT INTO billing (customer, state, tariff, metered, cap_ml, began, billed, metered_to_ml, credit_minor)
         VALUES ({0}, 'ended', 'standard', 1, 0, '2026-09', '2026-11', 9000000, 0);
         INSERT INTO reading VALUES ({0}, 1, '2026-10-31', 9000000, 0, 9000000)",
        OLDER.0
    );
    world.hub.database().connection().execute_batch(&ended).unwrap();
    name_at(&mut world, mathare, OLDER, "+254700000102");
    assert_eq!(world.shown(jane).id, OLDER);
    let billing = read::billing(&world.read(), OLDER).unwrap().unwrap();
    assert_eq!(billing.state, BillingState::Open);
    until(&mut world, "2026-11-30T12:00:00Z");
    read_meter(&mut world, OLDER, shows("2026-11-30", 800)).unwrap();
    until(&mut world, "2026-11-30T21:00:00Z");
    // 500 to 800 litres at KES 2.
    let made: Vec<(String, i64)> = stands(&world, OLDER).into_iter().map(|bill| (bill.0, bill.1)).collect();
    assert_eq!(made, [("2026-11".to_owned(), 60_000)]);
    assert!(world.alarms().is_empty(), "{:?}", world.alarms());
}
