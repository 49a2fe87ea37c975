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
    units::Currency,
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
    let november = &stands(&world, jane)[0];
    assert_eq!(november.1, 4_000, "a bill does not change what it says");
    assert_eq!(november.2, 1_000, "and less of it is left to pay");
    assert_eq!(open_ml(&world), 85_000, "15 of 100 litres are not paid for");
    let ledger = world.ledger();
    assert_eq!((ledger["bill"], ledger["sales"]), (3_000, -3_000));
    assert_eq!(ledger.get("water").copied().unwrap_or(0), 0);
    assert_eq!(world.balance_ml(jane), 0);
    draw(&mut world, site, 2, 30_000);
    until(&mut world, "2026-12-31T21:00:00Z");
    let bill = &bills(&world, jane)[1];
    assert_eq!(
        (bill.usage, bill.credit.minor, bill.amount.minor),
        (ml(30_000), 0, 6_000)
    );
    // 30 and 60 are owed.
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
    // The dispenser measured 5 litres too much: 10 shillings come off what is left of the bill.
    world.ask(correct(15_000, "dispenser 2 counted wrongly")).unwrap();
    assert_eq!(world.ledger()["bill"], 3_000);
    world.ask(write_off.clone()).unwrap();
    let ledger = world.ledger();
    assert_eq!((ledger["bill"], ledger["losses"], ledger["sales"]), (0, 3_000, -3_000));
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
fn a_wrong_bill_that_is_corrected_to_nothing_denies_no_water() {
    let (mut world, site, jane) = household();
    draw(&mut world, site, 1, 20_000);
    until(&mut world, "2026-11-30T21:00:00Z");
    until(&mut world, "2026-12-16T06:00:00Z");
    assert!(denied_at(&world, site));
    let bill = bills(&world, jane)[0].id;
    let reason = "the neighbour's water".to_owned();
    let usage = ml(0);
    world.ask(Request::CorrectBill { bill, usage, reason }).unwrap();
    assert!(!denied_at(&world, site));
    assert_eq!(stands(&world, jane)[0].3, BillState::Paid);
    assert_eq!((world.ledger()["bill"], open_ml(&world)), (0, 100_000));
    assert_eq!(read::billing(&world.read(), jane).unwrap().unwrap().credit_minor, 0);
}

#[test]
fn a_credit_that_no_bill_will_take_pays_the_open_ones_before_it_goes_into_the_wallet() {
    let (mut world, site, jane) = household();
    draw(&mut world, site, 1, 20_000);
    until(&mut world, "2026-11-30T21:00:00Z");
    pay(&mut world, jane, None, Pay::Prompt).unwrap();
    paid(&mut world, 0, "RCPT1");
    draw(&mut world, site, 2, 5_000);
    until(&mut world, "2026-12-31T21:00:00Z");
    set_billing(&mut world, jane, None).unwrap();
    let recalled = world.gateways[site].recalled();
    for grant in recalled {
        world.site_writes(site, Fact::Closed { grant });
    }
    world.pass(120_000);
    let state = read::billing(&world.read(), jane).unwrap().unwrap().state;
    assert_eq!(state, BillingState::Ended);
    // 40 are paid, 10 are open; 15 of the 20 litres that were paid for did not run: 30 shillings come back.
    let bill = bills(&world, jane)[0].id;
    let (usage, reason) = (ml(5_000), "a leak at the meter".to_owned());
    world.ask(Request::CorrectBill { bill, usage, reason }).unwrap();
    let paid: Vec<i64> = stands(&world, jane).iter().map(|bill| bill.2).collect();
    assert_eq!((paid, world.shown(jane).wallet_minor), (vec![4_000, 1_000], 2_000));
    let ledger = world.ledger();
    assert_eq!((ledger["bill"], ledger["wallet"], ledger["sales"]), (0, -2_000, -2_000));
}

#[test]
fn who_ends_and_begins_anew_in_a_month_is_billed_for_the_rest_of_it_with_that_month() {
    let (mut world, site, jane) = household();
    draw(&mut world, site, 1, 10_000);
    set_billing(&mut world, jane, None).unwrap();
    let grant = world.gateways[site].recalled()[0];
    world.site_writes(site, Fact::Closed { grant });
    until(&mut world, "2026-11-21T10:00:00Z");
    set_billing(&mut world, jane, Some(terms(100_000))).unwrap();
    draw(&mut world, site, 2, 5_000);
    until(&mut world, "2026-11-30T21:00:00Z");
    let made: Vec<(String, i64)> = stands(&world, jane).into_iter().map(|bill| (bill.0, bill.1)).collect();
    let november = |minor| ("2026-11".to_owned(), minor);
    assert_eq!(made, [november(2_000), november(1_000)]);
}

#[test]
fn endings_that_wait_hold_up_no_other() {
    let (mut world, site, jane) = household();
    set_billing(&mut world, jane, None).unwrap();
    // More than one look takes, all before her, whose tariff is gone from the configuration.
    let many = "INSERT INTO customer (id, name, city, language, active, bill_overdue, revision, created_ms, updated_ms)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150)
            SELECT i - 1000, 'x', city, language, 1, 0, 0, created_ms, updated_ms FROM n, customer WHERE phone IS NOT NULL;
        INSERT INTO billing (customer, state, tariff, metered, cap_ml, began, metered_to_ml, credit_minor)
            SELECT id, 'ending', 'gold', 1, 0, '2026-11', 0, 0 FROM customer WHERE id < 0 AND id >= -1000";
    world.hub.database().connection().execute_batch(many).unwrap();
    let grant = world.gateways[site].recalled()[0];
    world.site_writes(site, Fact::Closed { grant });
    for _ in 0..3 {
        world.pass(60_000);
    }
    let state = read::billing(&world.read(), jane).unwrap().unwrap().state;
    assert_eq!(state, BillingState::Ended);
}

#[test]
fn what_is_owed_is_told_of_one_currency() {
    let (mut world, site, jane) = household();
    draw(&mut world, site, 1, 20_000);
    until(&mut world, "2026-11-30T21:00:00Z");
    draw(&mut world, site, 2, 10_000);
    until(&mut world, "2026-12-31T21:00:00Z");
    assert_eq!(bills(&world, jane).len(), 2);
    let other = "UPDATE bill SET currency = 'UGX' WHERE month = '2026-12'";
    world.hub.database().connection().execute_batch(other).unwrap();
    for (currency, expected) in [(Currency::Kes, (4_000, 4_000)), (Currency::Ugx, (2_000, 0))] {
        assert_eq!(
            read::bills_owed(&world.read(), currency, world.now).unwrap(),
            expected,
            "{currency:?}"
        );
    }
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
