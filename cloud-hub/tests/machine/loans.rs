//! Loans between people: asked, approved, paid back; who may, and what is booked.

use hub::hub::{
    effect::{Effect, Refusal, Response},
    input::{Actor, Item, NewLoan, NewPurchase, Pay, Request, Secret},
    money::Counter,
    operator::Role,
    store::read::{self, LoanFilter, LoanShown},
};
use kiosk::{
    ids::{CustomerId, LoanId},
    loan::LoanState,
};

use crate::{
    doubt::fall_into_doubt,
    incoming::{PAYBILL, book, paid as arrival},
    payments::paid,
    sms::{code, sms},
    world::World,
};

pub const DAY_MS: i64 = 24 * 3_600_000;
/// Jane borrows, John lends.
pub const JANE: &str = "0700000102";
pub const JOHN: &str = "0700000103";

/// So much goes into a wallet, in cents, by a prompt.
pub fn deposit(world: &mut World, customer: CustomerId, minor: i64, receipt: &str) {
    let new = NewPurchase {
        customer,
        item: Item::Deposit(minor),
        pay: Pay::Prompt,
        provider: None,
        phone: None,
    };
    world.ask(Request::CreatePurchase(new)).unwrap();
    let newest = world.prompts().len() - 1;
    paid(world, newest, receipt);
}

/// What the books say of an account; a debit is positive.
pub fn account(world: &World, name: &str, customer: CustomerId) -> i64 {
    let sql = "SELECT coalesce(sum(minor), 0) FROM balance WHERE account = ?1";
    let account = format!("{name}:{customer}");
    world.read().query_row(sql, [account], |row| row.get(0)).unwrap()
}

pub fn wallet(world: &World, customer: CustomerId) -> i64 {
    world.shown(customer).wallet_minor
}

pub fn loans(world: &World) -> Vec<LoanShown> {
    world.ledger();
    read::loans(&world.read(), &LoanFilter::default(), i64::MAX, 50)
        .unwrap()
        .items
}

/// The only loan there is.
pub fn only(world: &World) -> LoanShown {
    let mut all = loans(world);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// Jane, and John with KES 1000.
pub fn two() -> (World, CustomerId, CustomerId) {
    two_with(|_| ())
}

pub fn two_with(change: impl FnOnce(&mut hub::hub::settings::Settings)) -> (World, CustomerId, CustomerId) {
    let mut world = World::with(change);
    let (jane, john) = (world.customer(JANE, None), world.customer(JOHN, None));
    deposit(&mut world, john, 100_000, "RCPTJOHN1");
    (world, jane, john)
}

/// Jane has borrowed KES 500 of John's, KES 100 back a week.
pub fn lent() -> (World, CustomerId, CustomerId) {
    lent_with(|_| ())
}

pub fn lent_with(change: impl FnOnce(&mut hub::hub::settings::Settings)) -> (World, CustomerId, CustomerId) {
    let (mut world, jane, john) = two_with(change);
    sms(&mut world, JANE, "LOAN 500 0700000103 100");
    let code = code(&world);
    sms(&mut world, JOHN, &format!("APPROVE {code}"));
    assert_eq!(only(&world).loan.state, LoanState::Repaying);
    (world, jane, john)
}

pub fn ask(
    world: &mut World,
    borrower: CustomerId,
    lender: &str,
    minor: i64,
    repayment: i64,
) -> Result<LoanId, Refusal> {
    let new = NewLoan {
        borrower,
        lender: lender.to_owned(),
        amount_minor: minor,
        repayment_minor: repayment,
    };
    world.ask(Request::CreateLoan(new)).map(|answer| match answer {
        Response::Loan { loan, .. } => loan,
        other => panic!("{other:?}"),
    })
}

fn pin(digits: &str) -> Secret {
    Secret(digits.to_owned())
}

#[test]
fn a_loan_moves_between_two_wallets_once_and_comes_back_out_of_deposits() {
    let (mut world, jane, john) = lent();
    // KES 500 moved: John has 500 left and is owed 500, Jane has 500 and owes 500. Each set sums to zero.
    let four = |world: &World| {
        [("wallet", john), ("wallet", jane), ("loan", john), ("loan", jane)]
            .map(|(name, who)| account(world, name, who))
    };
    assert_eq!(four(&world), [-50_000, -50_000, -50_000, 50_000]);
    let event = format!("loan:{}", only(&world).loan.id);
    let booked = "SELECT count(*) FROM entry WHERE event = ?1 AND what = 'loan given'";
    let booked: i64 = world.read().query_row(booked, [event], |row| row.get(0)).unwrap();
    assert_eq!(booked, 1);
    // On the day it was given nothing is due: a deposit is all Jane's, and the loan has seen it.
    deposit(&mut world, jane, 10_000, "RCPTJANE1");
    assert_eq!((wallet(&world, jane), wallet(&world, john)), (60_000, 50_000));
    assert_eq!(only(&world).loan.history.len(), 1);
    // A week later KES 100 is due, and taken out of the first deposit; the second of that day is all hers.
    world.pass(7 * DAY_MS);
    deposit(&mut world, jane, 30_000, "RCPTJANE2");
    assert_eq!((wallet(&world, jane), wallet(&world, john)), (80_000, 60_000));
    deposit(&mut world, jane, 5_000, "RCPTJANE3");
    assert_eq!((wallet(&world, jane), wallet(&world, john)), (85_000, 60_000));
    assert_eq!(four(&world)[2..], [-40_000, 40_000]);
    // Litres are no deposit.
    world.pass(7 * DAY_MS);
    let litres = NewPurchase {
        customer: jane,
        item: Item::Litres(crate::world::ml(20_000)),
        pay: Pay::Prompt,
        provider: None,
        phone: None,
    };
    world.ask(Request::CreatePurchase(litres)).unwrap();
    let newest = world.prompts().len() - 1;
    paid(&mut world, newest, "RCPTJANE4");
    assert_eq!(wallet(&world, john), 60_000);
    // Five weeks after it was given all of it is due, and a large deposit ends it.
    world.pass(21 * DAY_MS);
    deposit(&mut world, jane, 90_000, "RCPTJANE5");
    assert_eq!(four(&world), [-100_000, -135_000, 0, 0]);
    assert_eq!(only(&world).loan.state, LoanState::Repaid);
    assert!(only(&world).ended.is_some());
}

#[test]
fn money_that_comes_by_itself_is_a_deposit_too_and_pays_back_once() {
    let (mut world, jane, john) = lent_with(|settings| {
        settings.counter = Counter {
            short_codes: vec![PAYBILL.to_owned()],
            is_till: false,
        };
    });
    world.pass(7 * DAY_MS);
    let account = world.shown(jane).account.unwrap().to_string();
    // KES 40 of the 100 that are due, told twice.
    for _ in 0..2 {
        book(&mut world, arrival("RKTQDM7W6S", Some(&account)));
        assert_eq!((wallet(&world, jane), wallet(&world, john)), (50_000, 54_000));
    }
    assert_eq!(only(&world).loan.repaid().minor, 4_000);
}

#[test]
fn two_loans_share_one_deposit_the_one_due_for_longest_first() {
    let (mut world, jane, john) = lent();
    world.pass(DAY_MS);
    let mary = world.customer("0700000104", None);
    deposit(&mut world, mary, 50_000, "RCPTMARY1");
    sms(&mut world, JANE, "LOAN 200 0700000104 200");
    let second = code(&world);
    sms(&mut world, "0700000104", &format!("APPROVE {second}"));
    // Eight days after the first: 100 of it is due since yesterday, 200 of the second since today.
    world.pass(7 * DAY_MS);
    deposit(&mut world, jane, 25_000, "RCPTJANE1");
    assert_eq!((wallet(&world, john), wallet(&world, mary)), (60_000, 45_000));
    // 500 and 200 borrowed, 250 paid in and taken.
    assert_eq!(wallet(&world, jane), 70_000);
}

#[test]
fn only_the_lenders_pin_or_code_approves_and_wrong_pins_are_counted() {
    let (mut world, jane, john) = two();
    let loan = ask(&mut world, jane, JOHN, 50_000, 10_000).unwrap();
    let approve = |digits: &str| Request::ApproveLoan { loan, pin: pin(digits) };
    for _ in 0..5 {
        assert_eq!(world.ask(approve("9999")).unwrap_err().code, "wrong_pin");
    }
    assert_eq!(world.ask(approve("4071")).unwrap_err().code, "locked");
    assert_eq!(wallet(&world, jane), 0);
    world.pass(16 * 60_000);
    world.ask(approve("4071")).unwrap();
    assert_eq!((wallet(&world, jane), wallet(&world, john)), (50_000, 50_000));
    // Once more is the same approval.
    world.ask(approve("4071")).unwrap();
    assert_eq!((wallet(&world, jane), wallet(&world, john)), (50_000, 50_000));
    let viewer = Actor::User {
        name: "amina".to_owned(),
        role: Role::Viewer,
    };
    assert_eq!(
        world.ask_as(viewer, None, approve("4071")).unwrap_err().code,
        "forbidden"
    );
}

#[test]
fn what_is_paid_back_by_hand_needs_the_borrowers_pin_and_no_more_than_is_owed() {
    let (mut world, jane, john) = lent();
    let loan = only(&world).loan.id;
    let repay = |amount_minor, digits: &str| Request::RepayLoan {
        loan,
        amount_minor,
        pin: pin(digits),
    };
    assert_eq!(world.ask(repay(Some(20_000), "9999")).unwrap_err().code, "wrong_pin");
    assert_eq!(world.ask(repay(Some(50_001), "4071")).unwrap_err().code, "not_owed");
    assert_eq!(wallet(&world, jane), 50_000);
    let key = Some("again");
    world.ask_as(Actor::Owner, key, repay(Some(20_000), "4071")).unwrap();
    world.ask_as(Actor::Owner, key, repay(Some(20_000), "4071")).unwrap();
    assert_eq!((wallet(&world, jane), wallet(&world, john)), (30_000, 70_000));
    world.ask(repay(None, "4071")).unwrap();
    assert_eq!((wallet(&world, jane), wallet(&world, john)), (0, 100_000));
    assert_eq!(only(&world).loan.state, LoanState::Repaid);
}

#[test]
fn what_cannot_be_a_loan_is_refused_and_changes_nothing() {
    let (mut world, jane, _) = two();
    for (lender, minor, repayment, code) in [
        (JOHN, 9_900, 9_900, "out_of_range"),
        (JOHN, 50_050, 10_000, "out_of_range"),
        (JOHN, 50_000, 0, "out_of_range"),
        (JOHN, 50_000, 60_000, "out_of_range"),
        (JANE, 50_000, 10_000, "own_loan"),
        ("12", 50_000, 10_000, "bad_phone"),
    ] {
        let refused = ask(&mut world, jane, lender, minor, repayment).unwrap_err();
        assert_eq!(refused.code, code, "{lender} {minor} {repayment}");
    }
    assert!(loans(&world).is_empty());
    // What the lender has not got is not lent, and stays asked for.
    let loan = ask(&mut world, jane, JOHN, 200_000, 10_000).unwrap();
    let approve = Request::ApproveLoan { loan, pin: pin("4071") };
    assert_eq!(world.ask(approve).unwrap_err().code, "wallet_too_small");
    assert_eq!(only(&world).loan.state, LoanState::Asked);
    // An equal request while one waits is the same one.
    assert_eq!(ask(&mut world, jane, JOHN, 200_000, 10_000).unwrap(), loan);
    for number in 1..10 {
        ask(&mut world, jane, JOHN, 10_000 * number, 10_000).unwrap();
    }
    let eleventh = ask(&mut world, jane, JOHN, 150_000, 10_000).unwrap_err();
    assert_eq!(eleventh.code, "too_many_waiting");
}

#[test]
fn while_the_hub_is_in_doubt_nothing_is_approved_paid_back_or_collected() {
    let (mut world, jane, john) = lent();
    world.site("kibera-3");
    let second = ask(&mut world, jane, JOHN, 20_000, 10_000).unwrap();
    let loan = loans(&world)[1].loan.id;
    world.pass(7 * DAY_MS);
    fall_into_doubt(&mut world);
    let approve = Request::ApproveLoan {
        loan: second,
        pin: pin("4071"),
    };
    assert_eq!(world.ask(approve).unwrap_err().code, "in_doubt");
    let repay = Request::RepayLoan {
        loan,
        amount_minor: None,
        pin: pin("4071"),
    };
    assert_eq!(world.ask(repay).unwrap_err().code, "in_doubt");
    deposit(&mut world, jane, 30_000, "RCPTJANE1");
    assert_eq!((wallet(&world, jane), wallet(&world, john)), (80_000, 50_000));
}

#[test]
fn where_loans_are_off_nothing_is_asked_or_approved_and_what_was_lent_comes_back() {
    let (mut world, jane, john) = lent();
    let waiting = ask(&mut world, jane, JOHN, 20_000, 10_000).unwrap();
    world.settings.loans = false;
    world.restart();
    assert_eq!(
        ask(&mut world, jane, JOHN, 30_000, 10_000).unwrap_err().code,
        "loans_off"
    );
    let approve = Request::ApproveLoan {
        loan: waiting,
        pin: pin("4071"),
    };
    assert_eq!(world.ask(approve).unwrap_err().code, "loans_off");
    sms(&mut world, JANE, "LOAN 500 0700000103 100");
    assert!(
        world.texts().last().unwrap().starts_with("No loans"),
        "{:?}",
        world.texts()
    );
    world.pass(7 * DAY_MS);
    deposit(&mut world, jane, 10_000, "RCPTJANE1");
    assert_eq!(wallet(&world, john), 60_000);
}

#[test]
fn a_lender_who_is_not_registered_is_invited_and_answers_once_they_are() {
    let (mut world, jane, _) = two();
    sms(&mut world, JANE, "LOAN 300 0700000109 100");
    let invited = world.texts();
    assert!(
        invited
            .iter()
            .any(|text| text.contains("To answer please send: REGISTER")),
        "{invited:?}"
    );
    assert_eq!(only(&world).loan.state, LoanState::Invited);
    sms(&mut world, "0700000109", "REGISTER Mary Atieno, Kisumu");
    assert_eq!(only(&world).loan.state, LoanState::Asked);
    let mary = only(&world).loan.lender_known().unwrap();
    deposit(&mut world, mary, 50_000, "RCPTMARY1");
    let code = code(&world);
    sms(&mut world, "0700000109", &format!("APPROVE {code}"));
    assert_eq!((wallet(&world, jane), wallet(&world, mary)), (30_000, 20_000));
}

#[test]
fn a_hub_that_stops_between_the_approval_and_its_texts_sends_them_once() {
    let (mut world, jane, _) = two();
    let loan = ask(&mut world, jane, JOHN, 50_000, 10_000).unwrap();
    // Nobody carries texts for a while.
    world.settings.texts = false;
    world.restart();
    let before = world.texts().len();
    world.ask(Request::ApproveLoan { loan, pin: pin("4071") }).unwrap();
    assert_eq!(world.texts().len(), before);
    world.settings.texts = true;
    world.restart();
    world.restart();
    let told: Vec<String> = world.texts().split_off(before);
    assert_eq!(
        told.iter().filter(|text| text.contains("lends you")).count(),
        1,
        "{told:?}"
    );
    assert_eq!(
        told.iter().filter(|text| text.starts_with("You lent")).count(),
        1,
        "{told:?}"
    );
    let effects = world.seen.iter().filter(|effect| matches!(effect, Effect::Text { .. }));
    assert_eq!(effects.count(), before + 2);
}
