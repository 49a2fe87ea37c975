//! Loans, reports and forgotten PINs in the menus, against the books (FEATURES C13 to C18, C32 to C39, A27, B15).

use hub::hub::{
    input::Request,
    store::read::{self, LoanShown},
};
use kiosk::{loan::LoanState, talk::ussd::Service};

use crate::{
    loans::{DAY_MS, JANE, JOHN, deposit, loans, only, two, two_with, wallet},
    sms::{code as loan_code, sms},
    ussd::{Call, kept},
    world::World,
};

fn dial(world: &mut World, session: &'static str, phone: &'static str) -> Call {
    dial_to(world, session, phone, Service::Loans)
}

pub fn dial_to(world: &mut World, session: &'static str, phone: &'static str, service: Service) -> Call {
    let call = Call::to(session, phone, service);
    call.sends(world);
    call
}

fn asked(world: &mut World, amount: &str, repayment: &str) -> LoanShown {
    let mut call = dial(world, "ask", JANE);
    let confirm = call.types_all(world, &["1", JOHN, amount, repayment]);
    assert_eq!(
        confirm,
        format!(
            "CONFIRM LOAN\nLender: 254700000103\nAmount: Ksh {amount}\nRepayment: Ksh {repayment}\n1. Confirm 0. Cancel"
        )
    );
    let sent = call.types(world, "1");
    assert_eq!(sent, "SUCCESS\nLoan request sent to 254700000103\n0. Back");
    only(world)
}

#[test]
fn a_loan_is_asked_for_approved_with_a_pin_and_paid_back_by_phone() {
    let (mut world, jane, john) = two();
    let loan = asked(&mut world, "500", "100");
    assert_eq!((loan.loan.state, loan.asked_by.as_str()), (LoanState::Asked, "ussd"));
    let mut lender = dial(&mut world, "john", JOHN);
    assert_eq!(
        lender.types(&mut world, "3"),
        "APPROVE LOAN\n1. 254700000102 Ksh 500\n0. Back"
    );
    let pin = lender.types_all(&mut world, &["1", "1"]);
    assert_eq!(pin, "Enter your PIN:\n0. Cancel");
    assert_eq!(wallet(&world, jane), 0, "nothing moves before the PIN");
    assert_eq!(
        lender.types(&mut world, "0000"),
        "Wrong PIN\nEnter your PIN:\n0. Cancel"
    );
    assert_eq!(wallet(&world, jane), 0);
    assert_eq!(lender.types(&mut world, "4071"), "SUCCESS\nLoan approved\n0. Back");
    // The same step again changes nothing.
    lender.sends(&mut world);
    assert_eq!((wallet(&world, jane), wallet(&world, john)), (50_000, 50_000));
    let mut back = dial(&mut world, "back", JANE);
    let listed = back.types(&mut world, "2");
    assert_eq!(listed, "MY LOANS\n1. From 254700000103 Ksh 500: open\n0. Back");
    let shown = back.types(&mut world, "1");
    assert!(shown.contains("Left: Ksh 500\n1. Repay"), "{shown}");
    let repaid = back.types_all(&mut world, &["1", "200", "1", "4071"]);
    assert_eq!(repaid, "SUCCESS\nYou repaid Ksh 200\n0. Back");
    assert_eq!((wallet(&world, jane), wallet(&world, john)), (30_000, 70_000));
    assert_eq!(only(&world).loan.owed().minor, 30_000);
    let mut moved = dial(&mut world, "moved", JOHN);
    let listed = moved.types(&mut world, "5");
    assert_eq!(
        listed,
        "TRANSACTIONS\n20/11 Ksh 200 repayment\n20/11 Ksh -500 loan\n20/11 Ksh 1000 deposit\n0. Back"
    );
    world.ledger();
}

#[test]
fn what_cannot_be_lent_or_paid_back_is_denied_and_moves_nothing() {
    let (mut world, jane, john) = two();
    asked(&mut world, "2000", "500");
    let mut lender = dial(&mut world, "john", JOHN);
    let denied = lender.types_all(&mut world, &["3", "1", "1", "4071"]);
    assert!(denied.contains("1000"), "the wallet has too little: {denied}");
    assert_eq!((wallet(&world, jane), wallet(&world, john)), (0, 100_000));
    // She takes it back, and an approval that stood open by then comes to nothing.
    deposit(&mut world, john, 200_000, "RCPTJOHN2");
    let mut late = dial(&mut world, "late", JOHN);
    late.types_all(&mut world, &["3", "1", "1"]);
    let mut borrower = dial(&mut world, "jane", JANE);
    let taken = borrower.types_all(&mut world, &["2", "1", "1"]);
    assert_eq!(taken, "SUCCESS\nLoan request taken back\n0. Back");
    late.types(&mut world, "4071");
    assert_eq!((wallet(&world, jane), wallet(&world, john)), (0, 300_000));
    assert_eq!(only(&world).loan.state, LoanState::Cancelled);
}

#[test]
fn strangers_borrow_by_number_alone_and_lend_once_they_have_a_pin() {
    let (mut world, ..) = two();
    let (first, second) = ("0700000105", "0700000106");
    let mut call = dial(&mut world, "a", first);
    let sent = call.types_all(&mut world, &["1", JOHN, "300", "300", "1"]);
    assert_eq!(sent, "SUCCESS\nLoan request sent to 254700000103\n0. Back");
    let mut call = dial(&mut world, "john", JOHN);
    call.types_all(&mut world, &["3", "1", "1", "4071"]);
    let lends = only(&world).loan.borrower;
    assert_eq!(wallet(&world, lends), 30_000);
    // Who borrowed is asked by another stranger, and chooses a PIN when it is first needed.
    let mut call = dial(&mut world, "b", second);
    call.types_all(&mut world, &["1", first, "200", "100", "1"]);
    let borrows = loans(&world)[0].loan.borrower;
    let mut call = dial(&mut world, "c", first);
    let choose = call.types_all(&mut world, &["3", "1", "1"]);
    assert!(choose.contains("PIN"), "{choose}");
    assert_eq!(wallet(&world, borrows), 0);
    call.types(&mut world, "1234");
    assert_eq!(wallet(&world, borrows), 0, "too easy to guess");
    call.types(&mut world, "5193");
    assert_eq!((wallet(&world, lends), wallet(&world, borrows)), (10_000, 20_000));
    world.ledger();
}

#[test]
fn who_was_invited_decides_from_their_first_call_on() {
    let mut world = World::new();
    let mut call = dial(&mut world, "b", "0700000105");
    call.types_all(&mut world, &["1", "0700000106", "300", "300", "1"]);
    assert_eq!(only(&world).loan.state, LoanState::Invited);
    let mut call = dial(&mut world, "l", "0700000106");
    assert_eq!(only(&world).loan.state, LoanState::Asked);
    assert_eq!(
        call.types(&mut world, "3"),
        "APPROVE LOAN\n1. 254700000105 Ksh 300\n0. Back"
    );
    call.types_all(&mut world, &["1", "2"]);
    assert_eq!(only(&world).loan.state, LoanState::Refused);
}

#[test]
fn nobody_sees_or_decides_a_loan_of_others() {
    let (mut world, ..) = two();
    asked(&mut world, "500", "100");
    world.customer("0700000104", None);
    let mut third = dial(&mut world, "third", "0700000104");
    assert!(third.types(&mut world, "2").contains("You have no loans."));
    third.types(&mut world, "0");
    assert!(third.types(&mut world, "3").contains("No loan waits for you."));
    // The borrower does not approve their own.
    let mut own = dial(&mut world, "own", JANE);
    assert!(own.types(&mut world, "3").contains("No loan waits for you."));
}

#[test]
fn where_loans_are_off_the_menu_says_so() {
    let (mut world, ..) = two_with(|settings| settings.loans = false);
    let shown = Call::to("off", JANE, Service::Loans).sends(&mut world);
    assert!(!shown.goes_on, "{shown:?}");
    assert!(loans(&world).is_empty());
}

#[test]
fn a_report_becomes_a_ticket_without_what_may_be_a_pin_and_a_flood_does_not() {
    let (mut world, ..) = two();
    let mut call = dial_to(&mut world, "r", JANE, Service::Water);
    let told = call.types_all(&mut world, &["6", "1", "the tap leaks my pin is 4071"]);
    assert_eq!(
        told,
        "Thank you. Your report has the number 1. A text follows.\n0. Back"
    );
    assert_eq!(
        world.texts().last().unwrap(),
        "Thank you. Your report has the number 1. We write to you when it is solved."
    );
    let tickets = |world: &World| read::tickets(&world.read(), None, i64::MAX, 50).unwrap().items;
    assert_eq!(tickets(&world)[0].text, "the tap leaks my pin is ****");
    assert!(world.alarms().contains(&"reported"));
    // A call back is a ticket as well.
    let mut call = dial_to(&mut world, "c", JANE, Service::Water);
    call.types_all(&mut world, &["6", "2"]);
    assert_eq!(tickets(&world)[0].text, "Please call back.");
    for _ in 0..8 {
        sms(&mut world, JANE, "REPORT still leaking");
    }
    assert_eq!(tickets(&world).len(), 10);
    let mut call = dial_to(&mut world, "d", JANE, Service::Water);
    let told = call.types_all(&mut world, &["6", "1", "and again"]);
    assert_eq!(tickets(&world).len(), 10, "{told}");
    // What is solved is told to whoever reported it.
    world.ask(Request::SolveTicket { ticket: 1 }).unwrap();
    assert!(world.texts().last().unwrap().starts_with("Your report 1 is solved"));
}

/// The newest code for a PIN that was sent.
fn pin_code(world: &World) -> String {
    let texts = world.texts();
    let text = texts
        .iter()
        .rev()
        .find(|text| text.contains("code for a new PIN"))
        .unwrap();
    let start = text.find(" is ").unwrap() + 4;
    text[start..start + 6].to_owned()
}

#[test]
fn a_forgotten_pin_is_chosen_anew_with_a_code_that_no_list_shows() {
    let (mut world, ..) = two();
    let mut call = dial_to(&mut world, "f", JANE, Service::Water);
    call.types_all(&mut world, &["7", "3", "1"]);
    let code = pin_code(&world);
    let lists = format!("{:?} {:?}", read::outbox(&world.read(), 50).unwrap(), kept(&world));
    assert!(lists.contains("new PIN is ******") && !lists.contains(&code), "{lists}");
    let mut call = dial_to(&mut world, "g", JANE, Service::Water);
    let wrong = if code == "000001" { "000002" } else { "000001" };
    call.types_all(&mut world, &["7", "3", "2", wrong]);
    let mut call = dial_to(&mut world, "h", JANE, Service::Water);
    call.types_all(&mut world, &["7", "3", "2", &code]);
    let done = call.types_all(&mut world, &["8264", "8264"]);
    assert!(done.contains("Your PIN has been changed."), "{done}");
    assert!(world.texts().last().unwrap().starts_with("Your PIN was changed."));
    assert!(!kept(&world).join(" ").contains("8264"));
    // The old one opens nothing, the new one does.
    let mut call = dial_to(&mut world, "i", JANE, Service::Water);
    let old = call.types_all(&mut world, &["7", "2", "4071"]);
    assert!(old.starts_with("Wrong PIN"), "{old}");
    let new = call.types(&mut world, "8264");
    assert!(!new.starts_with("Wrong PIN"), "{new}");
    // A used code opens nothing either.
    let mut call = dial_to(&mut world, "j", JANE, Service::Water);
    let again = call.types_all(&mut world, &["7", "3", "2", &code]);
    assert!(!again.contains("Enter 4-digit PIN"), "{again}");
}

#[test]
fn codes_for_a_pin_are_three_a_day() {
    let (mut world, ..) = two();
    let sent = |world: &World| world.texts().iter().filter(|text| text.contains("new PIN is")).count();
    for (session, count) in [("a", 1), ("b", 2), ("c", 3), ("d", 3)] {
        dial_to(&mut world, session, JANE, Service::Water).types_all(&mut world, &["7", "3", "1"]);
        assert_eq!(sent(&world), count);
    }
    world.pass(DAY_MS + 60_000);
    dial_to(&mut world, "e", JANE, Service::Water).types_all(&mut world, &["7", "3", "1"]);
    assert_eq!(sent(&world), 4);
}

#[test]
fn a_code_for_a_pin_lends_nothing_and_a_code_for_a_loan_sets_no_pin() {
    let (mut world, jane, _) = two();
    asked(&mut world, "500", "100");
    let lends = loan_code(&world);
    dial_to(&mut world, "a", JOHN, Service::Water).types_all(&mut world, &["7", "3", "1"]);
    let sets = pin_code(&world);
    sms(&mut world, JOHN, &format!("APPROVE {sets}"));
    assert_eq!(wallet(&world, jane), 0);
    let mut call = dial_to(&mut world, "b", JOHN, Service::Water);
    let shown = call.types_all(&mut world, &["7", "3", "2", &lends]);
    assert!(!shown.contains("Enter 4-digit PIN"), "{shown}");
    // Each is still good for what it is for.
    sms(&mut world, JOHN, &format!("APPROVE {lends}"));
    assert_eq!(wallet(&world, jane), 50_000);
    let mut call = dial_to(&mut world, "c", JOHN, Service::Water);
    let shown = call.types_all(&mut world, &["7", "3", "2", &sets]);
    assert!(shown.contains("Enter 4-digit PIN"), "{shown}");
}

#[test]
fn who_said_stop_gets_no_requests_and_still_the_code_they_ask_for() {
    let (mut world, jane, _) = two();
    sms(&mut world, JOHN, "STOP");
    asked(&mut world, "500", "100");
    assert!(!world.texts().iter().any(|text| text.contains("asks you for")));
    sms(&mut world, JOHN, "APPROVE");
    let lends = loan_code(&world);
    sms(&mut world, JOHN, &format!("APPROVE {lends}"));
    assert_eq!(wallet(&world, jane), 50_000);
}
