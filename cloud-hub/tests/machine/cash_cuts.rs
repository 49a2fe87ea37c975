//! Cash when something is missing: a hub that was restored, a customer who has moved, a site that is cut off.

use hub::hub::{
    input::{CustomerChange, Request},
    side::SideLog,
    store::read,
};
use kiosk::{
    fact::{Fact, Granted, Purse},
    ids::GrantId,
};

use crate::{
    cash::{code, floats, given, hand_in, kiosk, musa, sale, sells, set},
    world::{World, ml},
};

fn waiting(world: &World) -> Vec<String> {
    let sales = read::doubtful_sales(&world.read(), 100).unwrap();
    sales.into_iter().map(|sale| sale.why).collect()
}

#[test]
fn a_sale_before_its_floats_end_is_booked_by_a_restored_hub() {
    let mut world = World::new();
    let site = world.site("kibera-3");
    let jane = world.customer("0700000102", Some("kibera-3"));
    world.backup();
    set(&mut world, 10_000).unwrap();
    sells(&mut world, site, jane, 1);
    set(&mut world, 0).unwrap();
    let float = floats(&world, site)[0].float;
    world.site_writes(site, Fact::Closed { grant: float });
    world.restore();
    world.link(site);
    assert_eq!(waiting(&world), [""; 0]);
    assert_eq!((musa(&world).owed_minor, world.balance_ml(jane)), (4_000, 20_000));
    // And one that comes after the end is still none.
    world.site_writes(site, Fact::FloatSold(sale(vec![(float, 4_000)], jane, 20_000)));
    assert_eq!(waiting(&world), ["after_close"]);
}

#[test]
fn in_doubt_no_press_drops_a_sale_and_its_end_tells_of_those_that_still_wait() {
    let (mut world, site, jane) = kiosk(10_000);
    let other = world.site("mathare-1");
    world.unlink(other);
    world.backup();
    world.side.append("generation 5").unwrap();
    world.restore();
    world.link(site);
    let unknown = GrantId {
        number: 99,
        ..floats(&world, site)[0].float
    };
    world.site_writes(site, Fact::FloatSold(sale(vec![(unknown, 4_000)], jane, 20_000)));
    let alarms = world.alarms().len();
    assert!(
        !world.alarms().contains(&"cash_sale_doubtful"),
        "it may still settle itself"
    );
    let refuse = Request::DecideCashSale {
        sale: read::doubtful_sales(&world.read(), 1).unwrap()[0].id,
        book_to: None,
    };
    assert_eq!(code(world.ask(refuse.clone()).map(drop)), "in_doubt");
    world.ask(Request::EndDoubt { at_risk_ml: 0 }).unwrap();
    assert!(world.alarms()[alarms..].contains(&"cash_sale_doubtful"));
    world.ask(refuse).unwrap();
}

#[test]
fn a_manager_added_anew_keeps_what_came_back_under_the_old_name() {
    let mut world = World::new();
    let site = world.site("kibera-3");
    let jane = world.customer("0700000102", Some("kibera-3"));
    world.backup();
    set(&mut world, 10_000).unwrap();
    sells(&mut world, site, jane, 1);
    hand_in(&mut world, 4_000, None).unwrap();
    sells(&mut world, site, jane, 1);
    let old = musa(&world).id;
    world.side.append("generation 5").unwrap();
    world.restore();
    world.ask(Request::EndDoubt { at_risk_ml: 0 }).unwrap();
    set(&mut world, 10_000).unwrap();
    assert_ne!(musa(&world).id, old);
    world.link(site);
    assert_eq!((musa(&world).owed_minor, musa(&world).difference_minor), (4_000, 0));
    assert_eq!(world.ledger()["cash:kibera-3"], 4_000, "the count is in the books");
}

#[test]
fn water_sold_for_cash_goes_where_the_customer_is_at_home_now() {
    let (mut world, site, jane) = kiosk(10_000);
    let home = world.site("mathare-1");
    let change = CustomerChange {
        site: Some("mathare-1".parse().unwrap()),
        ..CustomerChange::default()
    };
    world.ask(Request::UpdateCustomer { customer: jane, change }).unwrap();
    let record = sells(&mut world, site, jane, 1);
    let right = GrantId {
        epoch: record.log.epoch,
        number: record.seq.into(),
    };
    assert_eq!(world.gateways[site].recalled(), [right]);
    world.site_writes(site, Fact::Closed { grant: right });
    let granted = world.gateways[home].grants();
    assert_eq!(
        granted.iter().map(|grant| grant.volume).collect::<Vec<_>>(),
        [ml(20_000)]
    );
}

#[test]
fn whoever_sold_out_gets_what_they_handed_in_at_once() {
    let (mut world, site, jane) = kiosk(4_000);
    for _ in 0..5 {
        sells(&mut world, site, jane, 1);
        hand_in(&mut world, 4_000, None).unwrap();
    }
    assert_eq!(given(&world, site), [4_000; 6], "although the site has closed none");
    assert_eq!(world.gateways[site].recalled().len(), 4);
}

#[test]
fn entries_about_cash_name_their_records() {
    let (mut world, site, jane) = kiosk(10_000);
    let record = sells(&mut world, site, jane, 1);
    hand_in(&mut world, 4_000, None).unwrap();
    let books = world.read();
    let mut rows = books
        .prepare("SELECT event FROM entry WHERE what LIKE 'cash%' ORDER BY id")
        .unwrap();
    let events: Vec<Option<String>> = rows
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let sold = format!("transaction:kibera-3:{}:{}", record.log.epoch, record.seq);
    assert_eq!(events[0].as_deref(), Some(sold.as_str()));
    let start = format!("hand_in:{}:", record.log.box_id);
    assert!(events[1].as_deref().unwrap().starts_with(&start), "{events:?}");
}

#[test]
fn what_the_hub_gave_is_not_hidden_by_a_sale_that_took_its_name() {
    let (mut world, site, jane) = kiosk(10_000);
    world.backup();
    world.restart();
    world.link(site);
    world.credit(jane, 20_000);
    world.credit(jane, 20_000);
    let granted: Granted = world.gateways[site].grants()[1].clone();
    world.restore();
    // Another site writes under the run that the hub has forgotten, before the hub has its word back.
    let other = world.site("mathare-1");
    let unknown = GrantId {
        epoch: granted.grant.epoch,
        number: 99,
    };
    let sold = sale(vec![(unknown, 4_000)], jane, 20_000);
    let record = world.forge(other, granted.grant.epoch, Fact::FloatSold(sold));
    assert_eq!(u64::from(record.seq), granted.grant.number);
    assert_eq!(waiting(&world), ["unknown_float"]);
    world.link(site);
    assert_eq!(waiting(&world), ["grant_taken"]);
    assert_eq!(granted.purse, Purse::Prepaid);
    let books = world.read();
    let sql = "SELECT volume_ml, written_off_ml FROM grants WHERE epoch = ?1 AND number = ?2";
    let place = (granted.grant.epoch.0.cast_signed(), granted.grant.number.cast_signed());
    let right: (i64, Option<i64>) = books
        .query_row(sql, place, |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!(right, (20_000, None));
}
