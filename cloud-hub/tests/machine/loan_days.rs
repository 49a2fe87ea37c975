//! What days bring to loans: reminders, and requests that nobody answers.

use hub::hub::input::Pay;
use kiosk::{ids::CustomerId, loan::LoanState};

use crate::{
    bills::{draw, pay, set_billing, stands, terms, until},
    loans::{DAY_MS, JANE, JOHN, deposit, lent, only, two, wallet},
    payments::paid,
    sms::{code, sms},
    world::World,
};

fn count(world: &World, part: &str) -> usize {
    world.texts().iter().filter(|text| text.contains(part)).count()
}

#[test]
fn the_borrower_is_reminded_on_the_day_before_on_the_day_and_once_after_it() {
    // Given at noon on Friday 20 November; KES 100 is due on the 27th.
    let (mut world, ..) = lent();
    until(&mut world, "2026-11-26T09:00:00Z");
    assert_eq!(count(&world, "is due on 27/11/2026"), 1);
    world.restart();
    until(&mut world, "2026-11-26T12:00:00Z");
    assert_eq!(count(&world, "is due on 27/11/2026"), 1, "once a day");
    // At three in the morning in Nairobi nobody is woken.
    until(&mut world, "2026-11-27T00:00:00Z");
    assert_eq!(count(&world, "is due on 27/11/2026"), 1);
    until(&mut world, "2026-11-27T09:00:00Z");
    assert_eq!(count(&world, "is due on 27/11/2026"), 2);
    until(&mut world, "2026-11-28T09:00:00Z");
    until(&mut world, "2026-11-29T09:00:00Z");
    assert_eq!(count(&world, "was due on 27/11/2026"), 1);
}

#[test]
fn who_said_stop_is_not_reminded_and_still_gets_receipts() {
    let (mut world, ..) = lent();
    sms(&mut world, JANE, "STOP");
    until(&mut world, "2026-11-26T09:00:00Z");
    assert_eq!(count(&world, "is due on"), 0);
    let jane = only(&world).loan.borrower;
    world
        .ask(hub::hub::input::Request::AllowTexts { customer: jane })
        .unwrap();
    until(&mut world, "2026-11-27T09:00:00Z");
    assert_eq!(count(&world, "is due on"), 1);
}

#[test]
fn a_request_that_nobody_answers_lapses_after_three_days_and_its_code_opens_nothing() {
    let (mut world, ..) = two();
    sms(&mut world, JANE, "LOAN 500 0700000103 100");
    world.pass(3 * DAY_MS - 60_000);
    assert_eq!(only(&world).loan.state, LoanState::Asked);
    sms(&mut world, JOHN, "APPROVE");
    let late = code(&world);
    world.pass(120_000);
    assert_eq!(only(&world).loan.state, LoanState::Expired);
    assert_eq!(count(&world, "Nobody answered"), 1);
    sms(&mut world, JOHN, &format!("APPROVE {late}"));
    assert_eq!(only(&world).loan.state, LoanState::Expired);
    assert!(
        world.texts().last().unwrap().starts_with("This request for a loan"),
        "{:?}",
        world.texts().last()
    );
}

/// Jane, who pays by bill, on 1 December: she owes KES 40 for water, and since 27 November KES 100 of what John lent her.
pub fn owing_both() -> (World, CustomerId, CustomerId) {
    let mut world = World::new();
    let site = world.site("kibera-3");
    let jane = world.customer(JANE, Some("kibera-3"));
    let john = world.customer(JOHN, None);
    deposit(&mut world, john, 100_000, "RCPTJOHN1");
    sms(&mut world, JANE, "LOAN 500 0700000103 100");
    let sent = code(&world);
    sms(&mut world, JOHN, &format!("APPROVE {sent}"));
    set_billing(&mut world, jane, Some(terms(100_000))).unwrap();
    draw(&mut world, site, 1, 20_000);
    until(&mut world, "2026-12-01T09:00:00Z");
    (world, jane, john)
}

/// She pays bills by a prompt: so much, or all that is owed.
pub fn pays_bills(world: &mut World, jane: CustomerId, minor: Option<i64>) {
    pay(world, jane, minor, Pay::Prompt).unwrap();
    let newest = world.prompts().len() - 1;
    paid(world, newest, "RCPTJANE1");
    assert_eq!(stands(world, jane)[0].2, 4_000);
}

#[test]
fn what_pays_a_bill_pays_no_loan() {
    let (mut world, jane, john) = owing_both();
    pays_bills(&mut world, jane, None);
    assert_eq!((wallet(&world, jane), wallet(&world, john)), (50_000, 50_000));
}
