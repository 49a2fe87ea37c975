//! What is found out about bills later: less usage, bills that nobody will pay, and the end of it. A litre costs KES 2.

use hub::hub::{
    bill::BillingState,
    input::{Actor, Item, NewBilling, NewPurchase, Pay, Request},
    operator::Role,
    store::read,
};
use kiosk::{
    bill::BillState,
    fact::{Fact, How},
    ids::CustomerId,
    moment::{DAY_MS, HOUR_MS},
};

use crate::{
    bills::{bills, code, denied_at, draw, household, open_ml, pay, set_billing, stands, terms, until},
    fleet::pour,
    payments::paid,
    world::{World, ml},
};

#[test]
fn a_late_report_of_less_becomes_a_credit_and_the_next_bill_is_less() {
    let (mut world, site, jane) = household();
    let grant = world.gateways[site].grants()[0].grant;
    let booked = pour(&world, site, 1, grant, 20_000, How::Rule);
    world.site_writes(site, booked);
    until(&mut world, "2026-11-30T21:00:00Z");
    assert_eq!(stands(&world, jane)[0].1, 4_000);
    // The dispenser comes back: 15 litres ran in truth, so 10 shillings were too much.
    let report = pour(&world, site, 1, grant, 15_000, How::Report);
    world.site_writes(site, report);
    assert_eq!(stands(&world, jane)[0].1, 4_000, "a bill does not change what it says");
    let ledger = world.ledger();
    assert_eq!((ledger["bill"], ledger["sales"]), (3_000, -3_000));
    assert_eq!(ledger.get("water").copied().unwrap_or(0), 0);
    assert_eq!(world.balance_ml(jane), 0);
    draw(&mut world, site, 2, 30_000);
    until(&mut world, "2026-12-31T21:00:00Z");
    let bill = &bills(&world, jane)[1];
    assert_eq!(
        (bill.usage, bill.credit.minor, bill.amount.minor),
        (ml(30_000), 1_000, 5_000)
    );
    // 40 and 50 are owed.
    assert_eq!(world.ledger()["bill"], 9_000);
}

#[test]
fn a_late_report_of_less_gives_litres_back_to_whom_has_paid_ahead() {
    let (mut world, site, jane) = household();
    draw(&mut world, site, 1, 10_000);
    until(&mut world, "2026-11-30T21:00:00Z");
    world.credit(jane, 50_000);
    let grant = world.gateways[site].grants().last().unwrap().grant;
    let booked = pour(&world, site, 2, grant, 20_000, How::Rule);
    world.site_writes(site, booked);
    let report = pour(&world, site, 2, grant, 15_000, How::Report);
    world.site_writes(site, report);
    assert_eq!(world.balance_ml(jane), 35_000, "50 less 15");
    assert_eq!(world.ledger()["bill"], 2_000, "the bill of other water is as it was");
}

#[test]
fn a_bill_comes_down_or_is_given_up_by_an_operator_only() {
    let (mut world, site, jane) = household();
    draw(&mut world, site, 1, 20_000);
    until(&mut world, "2026-11-30T21:00:00Z");
    let bill = bills(&world, jane)[0].id;
    let correct = |usage: u64, reason: &str| Request::CorrectBill {
        bill,
        usage: ml(usage),
        reason: reason.to_owned(),
    };
    let write_off = Request::WriteOffBill {
        bill,
        reason: "moved away".to_owned(),
    };
    for (usage, reason, expected) in [(20_000, "why", "out_of_range"), (5_000, " ", "bad_field")] {
        assert_eq!(code(world.ask(correct(usage, reason))), expected);
    }
    let as_role = |role| Actor::User {
        name: "peter".to_owned(),
        role,
    };
    for (role, may_correct, may_give_up) in [
        (Role::Admin, true, true),
        (Role::CustomerService, true, false),
        (Role::Technician, false, false),
        (Role::Viewer, false, false),
    ] {
        let may = (as_role(role).may(&correct(1, "x")), as_role(role).may(&write_off));
        assert_eq!(may, (may_correct, may_give_up), "{role:?}");
    }
    // The dispenser measured 5 litres too much: 10 shillings to the credit of the next bill.
    world.ask(correct(15_000, "dispenser 2 counted wrongly")).unwrap();
    assert_eq!(world.ledger()["bill"], 3_000);
    world.ask(write_off.clone()).unwrap();
    let ledger = world.ledger();
    assert_eq!(
        (ledger["bill"], ledger["losses"], ledger["sales"]),
        (-1_000, 4_000, -3_000)
    );
    assert_eq!(stands(&world, jane)[0].3, BillState::WrittenOff);
    assert_eq!(code(world.ask(write_off)), "bill_closed");
    assert_eq!(code(world.ask(correct(1, "again"))), "bill_written_off");
    assert_eq!(code(pay(&mut world, jane, None, Pay::Prompt)), "no_open_bill");
    // What nobody will pay frees the cap again.
    assert_eq!(open_ml(&world), 100_000);
    until(&mut world, "2026-12-31T21:00:00Z");
    assert_eq!(bills(&world, jane).len(), 1, "corrected water is not billed again");
}

#[test]
fn who_stops_paying_by_bill_gets_a_last_one_when_the_site_has_given_back() {
    let (mut world, site, jane) = household();
    draw(&mut world, site, 1, 10_000);
    let state = |world: &World| read::billing(&world.read(), jane).unwrap().unwrap().state;
    set_billing(&mut world, jane, None).unwrap();
    assert_eq!(state(&world), BillingState::Ending);
    assert!(bills(&world, jane).is_empty(), "90 litres may still be drawn");
    let grant = world.gateways[site].recalled()[0];
    let late = pour(&world, site, 2, grant, 5_000, How::Report);
    world.site_writes(site, late);
    world.site_writes(site, Fact::Closed { grant });
    until(&mut world, "2026-11-21T10:00:00Z");
    assert_eq!(state(&world), BillingState::Ended);
    assert_eq!(
        stands(&world, jane),
        [("2026-11".to_owned(), 3_000, 0, BillState::Open)]
    );
    assert_eq!((world.balance_ml(jane), open_ml(&world)), (0, 0));
    assert!(world.alarms().is_empty(), "{:?}", world.alarms());
    assert_eq!(code(set_billing(&mut world, jane, None)), "not_postpaid");
    // The bill is owed all the same.
    until(&mut world, "2026-12-06T10:00:00Z");
    assert!(denied_at(&world, site));
    pay(&mut world, jane, None, Pay::Prompt).unwrap();
    paid(&mut world, 0, "RCPT1");
    assert!(!denied_at(&world, site));
    assert_eq!(open_ml(&world), 0);
}

#[test]
fn terms_that_make_no_sense_are_refused() {
    let mut world = World::new();
    world.site("kibera-3");
    let jane = world.customer("0700000102", Some("kibera-3"));
    let unknown = NewBilling {
        tariff: "gold".to_owned(),
        ..terms(1_000)
    };
    let metered = |cap| NewBilling {
        metered: true,
        ..terms(cap)
    };
    for (terms, expected) in [
        (unknown, "unknown_tariff"),
        (terms(0), "out_of_range"),
        (terms(100_000_001), "out_of_range"),
        (metered(1), "out_of_range"),
    ] {
        assert_eq!(
            code(set_billing(&mut world, jane, Some(terms.clone()))),
            expected,
            "{terms:?}"
        );
    }
    let plan = Request::CreatePurchase(NewPurchase {
        customer: jane,
        item: Item::Plan("monthly".to_owned()),
        pay: Pay::Prompt,
        provider: None,
        phone: None,
    });
    world.ask(plan.clone()).unwrap();
    paid(&mut world, 0, "RCPT1");
    assert_eq!(code(set_billing(&mut world, jane, Some(terms(1_000)))), "subscribed");
    world.pass(32 * DAY_MS);
    set_billing(&mut world, jane, Some(terms(1_000))).unwrap();
    assert_eq!(code(world.ask(plan)), "postpaid");
    assert_eq!(code(set_billing(&mut world, jane, Some(metered(0)))), "other_measure");
    assert_eq!(code(set_billing(&mut world, CustomerId(4), None)), "not_found");
    world.pass(HOUR_MS);
}
