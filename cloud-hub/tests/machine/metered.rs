//! Households with a meter, customers who turn out to be one, money that comes by itself, and a hub that was restored. A
//! litre costs KES 2.

use hub::hub::{
    bill::BillingState,
    effect::{Refusal, Response},
    input::{Input, NewBilling, NewReading, Pay, ReplyId, Request},
    money::{Arrival, Counter, MoneySource},
    store::{MIGRATIONS, read},
};
use kiosk::{
    bill::BillState,
    fact::{AnsweredState, Fact, How, PurchaseAsked, PurchaseItem},
    ids::CustomerId,
    moment::MINUTE_MS,
    provider::Provider,
    units::{Currency, Money},
};

use store::{Database, Durability, journal::SqlLogs};
use sync::doubt::hub_mark_restored;

use crate::{
    bills::{bills, code, denied_at, draw, household, open_ml, pay, set_billing, stands, terms, until},
    fleet::pour,
    payments::paid,
    sites::{answers, register},
    world::{World, ml},
};

fn metered() -> NewBilling {
    NewBilling {
        metered: true,
        ..terms(0)
    }
}

/// The meter shows so many litres on that day.
pub fn shows(day: &str, litres: u64) -> NewReading {
    NewReading {
        meter: ml(litres * 1_000),
        day: Some(day.parse().unwrap()),
        new_meter: false,
        corrects: false,
    }
}

pub fn read_meter(world: &mut World, customer: CustomerId, reading: NewReading) -> Result<Response, Refusal> {
    world.ask(Request::EnterReading { customer, reading })
}

/// A household with a meter that shows 500 litres on the first day.
pub fn with_meter() -> (World, usize, CustomerId) {
    let mut world = World::new();
    let site = world.site("kibera-3");
    let jane = world.customer("0700000102", Some("kibera-3"));
    set_billing(&mut world, jane, Some(metered())).unwrap();
    read_meter(&mut world, jane, shows("2026-11-20", 500)).unwrap();
    (world, site, jane)
}

#[test]
fn a_household_with_a_meter_is_billed_by_it_and_not_by_the_dispenser_as_well() {
    let (mut world, site, jane) = with_meter();
    assert_eq!(open_ml(&world), 0, "nothing is drawn ahead at the kiosk");
    world.credit(jane, 20_000);
    draw(&mut world, site, 1, 20_000);
    until(&mut world, "2026-11-30T12:00:00Z");
    read_meter(&mut world, jane, shows("2026-11-30", 800)).unwrap();
    until(&mut world, "2026-11-30T21:00:00Z");
    // 300 litres ran through the meter; the 20 litres at the kiosk were paid ahead.
    assert_eq!(
        stands(&world, jane),
        [("2026-11".to_owned(), 60_000, 0, BillState::Open)]
    );
    // Of December there is no reading on its last evening, but it may still be entered.
    until(&mut world, "2026-12-31T21:00:00Z");
    assert_eq!(bills(&world, jane).len(), 1);
    until(&mut world, "2027-01-02T10:00:00Z");
    read_meter(&mut world, jane, shows("2026-12-31", 900)).unwrap();
    until(&mut world, "2027-01-02T21:00:00Z");
    assert_eq!(stands(&world, jane)[1].0, "2026-12");
    assert_eq!(bills(&world, jane)[1].amount.minor, 20_000);
    // Nobody reads in January: when February is over, too, it passes with nothing, and a reading of March has it all.
    until(&mut world, "2027-02-28T21:00:00Z");
    until(&mut world, "2027-03-31T12:00:00Z");
    read_meter(&mut world, jane, shows("2027-03-31", 1_000)).unwrap();
    until(&mut world, "2027-03-31T21:00:00Z");
    let made: Vec<_> = stands(&world, jane).into_iter().map(|bill| (bill.0, bill.1)).collect();
    assert_eq!(made[2], ("2027-03".to_owned(), 20_000));
}

#[test]
fn readings_that_cannot_be_are_refused_with_the_way_out() {
    let (mut world, _, jane) = with_meter();
    until(&mut world, "2026-11-30T12:00:00Z");
    read_meter(&mut world, jane, shows("2026-11-29", 800)).unwrap();
    let before = read::readings(&world.read(), jane, 10).unwrap();
    // The same line again, also an older one.
    for (day, litres) in [("2026-11-29", 800), ("2026-11-20", 500)] {
        assert_eq!(read_meter(&mut world, jane, shows(day, litres)), Ok(Response::Done));
    }
    for (reading, expected) in [
        (shows("2026-12-01", 900), "reading_in_future"),
        (shows("2026-11-21", 900), "reading_out_of_order"),
        (shows("2026-11-30", 799), "reading_below_last"),
    ] {
        assert_eq!(code(read_meter(&mut world, jane, reading)), expected);
    }
    assert_eq!(
        read::readings(&world.read(), jane, 10).unwrap(),
        before,
        "nothing was changed"
    );
    let message = read_meter(&mut world, jane, shows("2026-11-30", 799))
        .unwrap_err()
        .message;
    assert!(message.contains("correction") && message.contains("new"), "{message}");
    let other = world.customer("0700000103", None);
    assert_eq!(
        code(read_meter(&mut world, other, shows("2026-11-20", 1))),
        "not_metered"
    );
    set_billing(&mut world, other, Some(terms(1_000))).unwrap();
    assert_eq!(
        code(read_meter(&mut world, other, shows("2026-11-20", 1))),
        "not_metered"
    );
}

#[test]
fn a_corrected_reading_becomes_a_credit_and_a_new_meter_begins_where_it_stands() {
    let (mut world, _, jane) = with_meter();
    until(&mut world, "2026-11-30T12:00:00Z");
    read_meter(&mut world, jane, shows("2026-11-30", 8_000)).unwrap();
    until(&mut world, "2026-11-30T21:00:00Z");
    assert_eq!(stands(&world, jane)[0].1, 1_500_000, "7500 litres");
    pay(&mut world, jane, Some(1_000_000), Pay::Prompt).unwrap();
    paid(&mut world, 0, "RCPT1");
    // A nought too many: 300 litres ran, and 7200 were too much, 14400 shillings: 5000 of them were not paid yet.
    let right = NewReading {
        corrects: true,
        ..shows("2026-11-30", 800)
    };
    read_meter(&mut world, jane, right.clone()).unwrap();
    assert_eq!(read_meter(&mut world, jane, right), Ok(Response::Done), "once");
    let billing = read::billing(&world.read(), jane).unwrap().unwrap();
    assert_eq!((billing.credit_minor, billing.unbilled), (940_000, ml(0)));
    assert_eq!(stands(&world, jane)[0].3, BillState::Paid);
    assert_eq!(world.ledger()["bill"], -940_000);
    let new_meter = NewReading {
        new_meter: true,
        ..shows("2026-12-01", 0)
    };
    read_meter(&mut world, jane, new_meter).unwrap();
    until(&mut world, "2026-12-31T12:00:00Z");
    read_meter(&mut world, jane, shows("2026-12-31", 50)).unwrap();
    until(&mut world, "2026-12-31T21:00:00Z");
    // 50 litres, KES 100, come off the credit: there is no bill.
    let billing = read::billing(&world.read(), jane).unwrap().unwrap();
    assert_eq!((bills(&world, jane).len(), billing.credit_minor), (1, 930_000));
    // What is left of the credit goes into the wallet when it ends.
    set_billing(&mut world, jane, None).unwrap();
    assert_eq!(world.shown(jane).wallet_minor, 930_000);
    let ledger = world.ledger();
    assert_eq!((ledger["bill"], ledger["wallet"]), (0, -930_000));
}

#[test]
fn one_person_registered_twice_owes_what_both_owed() {
    let (mut world, site, jane) = household();
    draw(&mut world, site, 1, 30_000);
    until(&mut world, "2026-11-30T21:00:00Z");
    draw(&mut world, site, 2, 5_000);
    until(&mut world, "2026-12-16T06:00:00Z");
    assert!(denied_at(&world, site));
    // The older registration comes in late from another site, and stays.
    let mathare = world.site("mathare");
    let older = CustomerId(0xa11);
    register(&mut world, mathare, older, "+254700000102", "4071", 60 * 24 * 3_600_000);
    let shown = world.shown(jane);
    assert_eq!((shown.id, shown.bill_overdue), (older, true));
    assert_eq!(
        stands(&world, older),
        [("2026-11".to_owned(), 6_000, 0, BillState::Overdue)]
    );
    let billing = read::billing(&world.read(), older).unwrap().unwrap();
    assert_eq!((billing.state, billing.unbilled), (BillingState::Open, ml(5_000)));
    assert_eq!(world.ledger()["bill"], 6_000);
    pay(&mut world, older, None, Pay::Prompt).unwrap();
    paid(&mut world, 0, "RCPT1");
    assert!(!world.shown(older).bill_overdue);
    until(&mut world, "2026-12-31T21:00:00Z");
    assert_eq!(stands(&world, older)[1].1, 1_000, "the 5 litres");
    let owed: i64 = {
        let account = format!("bill:{older}");
        let read = "SELECT minor FROM balance WHERE account = ?1";
        world.read().query_row(read, [account], |row| row.get(0)).unwrap()
    };
    assert_eq!(owed, 1_000, "and nobody else owes anything");
    assert_eq!(world.ledger()["bill"], 1_000);
}

#[test]
fn money_that_comes_by_itself_pays_the_bills_first() {
    let mut world = World::with(|settings| {
        settings.counter = Counter {
            short_codes: vec!["174379".to_owned()],
            is_till: false,
        };
    });
    let site = world.site("kibera-3");
    let jane = world.customer("0700000102", Some("kibera-3"));
    set_billing(&mut world, jane, Some(terms(100_000))).unwrap();
    draw(&mut world, site, 1, 10_000);
    until(&mut world, "2026-11-30T21:00:00Z");
    until(&mut world, "2026-12-16T06:00:00Z");
    assert!(denied_at(&world, site));
    let arrival = Arrival {
        provider: Provider::Mpesa,
        receipt: "RKTQDM7W6S".parse().unwrap(),
        amount: Money::new(2_500, Currency::Kes),
        payer: Some("2547 ***** 102".to_owned()),
        reference: Some("AQP000001".to_owned()),
        short_code: "174379".to_owned(),
        at_till: false,
        time: world.now,
    };
    for _ in 0..2 {
        world.give(Input::MoneySeen {
            reply: ReplyId(u64::MAX),
            arrival: arrival.clone(),
            source: MoneySource::Statement,
        });
    }
    assert!(!denied_at(&world, site));
    assert_eq!(
        (stands(&world, jane)[0].3, world.shown(jane).wallet_minor),
        (BillState::Paid, 500)
    );
    let told = world.texts().pop().unwrap();
    assert!(told.contains("Paid KES 25 for your water bill"), "{told}");
}

#[test]
fn a_bill_asked_for_at_a_site_without_a_link_is_paid_when_it_is_back() {
    let (mut world, site, jane) = household();
    let asks = |world: &mut World| {
        let time = world.now;
        world.site_writes(
            site,
            Fact::PurchaseAsked(PurchaseAsked {
                customer: jane,
                item: PurchaseItem::Bill,
                time,
            }),
        )
    };
    let asked = asks(&mut world);
    assert_eq!(answers(&world, site, asked), [AnsweredState::Refused], "none is open");
    draw(&mut world, site, 1, 10_000);
    until(&mut world, "2026-11-30T21:00:00Z");
    until(&mut world, "2026-12-16T06:00:00Z");
    assert!(denied_at(&world, site));
    let asked = asks(&mut world);
    assert_eq!(world.prompts()[0].amount.minor, 2_000);
    paid(&mut world, 0, "RCPT1");
    assert_eq!(
        answers(&world, site, asked),
        [AnsweredState::Taken, AnsweredState::Done]
    );
    assert!(!denied_at(&world, site));
}

/// As the subcommand `restore` does it.
fn mark_restored(world: &World) {
    let copy = Database::open(&world.folder.join("backup.db"), Durability::Relaxed, &MIGRATIONS).unwrap();
    hub_mark_restored(&mut SqlLogs::new(copy.connection())).unwrap();
    copy.checkpoint().unwrap();
}

#[test]
fn a_restored_hub_bills_nobody_before_it_knows_what_was_drawn_and_tells_nobody_twice() {
    let (mut world, site, jane) = household();
    world.backup();
    draw(&mut world, site, 1, 10_000);
    until(&mut world, "2026-12-01T06:00:00Z");
    assert_eq!((bills(&world, jane).len(), world.texts().len()), (1, 1));
    world.unlink(site);
    mark_restored(&world);
    world.restore();
    until(&mut world, "2026-12-01T06:30:00Z");
    assert!(bills(&world, jane).is_empty(), "it knows of no draw");
    let late = pour(
        &world,
        site,
        2,
        world.gateways[site].grants()[0].grant,
        1_000,
        How::Report,
    );
    world.site_writes(site, late);
    world.link(site);
    world.pass(MINUTE_MS);
    world.pass(MINUTE_MS);
    assert_eq!(stands(&world, jane)[0].1, 2_000, "the 11th litre is December's");
    until(&mut world, "2026-12-02T06:00:00Z");
    assert_eq!(world.texts().len(), 1, "{:?}", world.texts());
}
