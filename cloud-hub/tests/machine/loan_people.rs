//! Who may have a part in a loan, what they are told of it, and how much of that anybody can bring about.

use hub::hub::{
    input::{NewCustomer, Request, Secret},
    store::read,
};
use kiosk::{
    ids::CustomerId,
    loan::LoanState,
    phone::{Country, Phone},
    talk::ussd::Service,
};

use crate::{
    loan_days::{owing_both, pays_bills},
    loans::{DAY_MS, JANE, JOHN, loans, only, two, two_with, wallet},
    sms::{code, sms},
    ussd::Call,
    world::World,
};

const STRANGER: &str = "0700000105";

fn count(world: &World, part: &str) -> usize {
    world.texts().iter().filter(|text| text.contains(part)).count()
}

fn last(world: &World) -> String {
    world.texts().pop().unwrap_or_default()
}

/// Somebody whom the hub knows by number alone.
fn by_number(world: &mut World, phone: &'static str) -> CustomerId {
    Call::to("number", phone, Service::Loans).sends(world);
    let phone = Phone::parse(phone, Country::Kenya).unwrap();
    read::customer_by_phone(&world.read(), phone).unwrap().unwrap().id
}

#[test]
fn who_asks_and_takes_back_all_day_texts_nobody_any_more() {
    let (mut world, ..) = two();
    let mut call = Call::to("flood", JANE, Service::Loans);
    call.sends(&mut world);
    let rounds = ["1", JOHN, "500", "100", "1", "0", "2", "1", "1", "0"];
    for _ in 0..12 {
        call.types_all(&mut world, &rounds);
    }
    assert_eq!(loans(&world).len(), 10);
    assert_eq!(count(&world, "To lend send"), 10);
    // Nor do others text John today, and tomorrow is another day.
    world.customer("0700000104", None);
    sms(&mut world, "0700000104", "LOAN 500 0700000103 100");
    assert_eq!(count(&world, "To lend send"), 10);
    world.pass(DAY_MS + 60_000);
    sms(&mut world, "0700000104", "LOAN 500 0700000103 100");
    assert_eq!(count(&world, "To lend send"), 11);
}

#[test]
fn who_said_stop_hears_nothing_of_a_request_that_is_taken_back() {
    let (mut world, ..) = two();
    sms(&mut world, JOHN, "STOP");
    let before = world.texts().len();
    let mut call = Call::to("a", JANE, Service::Loans);
    call.sends(&mut world);
    call.types_all(&mut world, &["1", JOHN, "500", "100", "1", "0", "2", "1", "1"]);
    assert_eq!(only(&world).loan.state, LoanState::Cancelled);
    assert_eq!(world.texts().len(), before + 1, "what Jane hears: {:?}", world.texts());
}

#[test]
fn whoever_is_known_by_number_alone_answers_and_registers_by_sms() {
    let (mut world, ..) = two();
    by_number(&mut world, STRANGER);
    sms(&mut world, JANE, "LOAN 500 0700000105 100");
    let sent = code(&world);
    sms(&mut world, STRANGER, "LOANS");
    assert!(!last(&world).contains("REGISTER"), "{}", last(&world));
    sms(&mut world, STRANGER, &format!("APPROVE {sent}"));
    assert!(
        last(&world).contains("KES 0"),
        "their wallet is empty: {}",
        last(&world)
    );
    sms(&mut world, STRANGER, "BALANCE");
    assert!(last(&world).contains("REGISTER"), "{}", last(&world));
    sms(&mut world, STRANGER, "REGISTER Amina Odhiambo, Kisumu");
    assert!(last(&world).contains("Amina"), "{}", last(&world));
    sms(&mut world, STRANGER, "BALANCE");
    assert!(!last(&world).contains("REGISTER"), "{}", last(&world));
}

#[test]
fn an_operator_registers_who_is_known_by_number_and_they_keep_their_pin() {
    let mut world = World::new();
    let known = by_number(&mut world, STRANGER);
    let new = |pin: &str| NewCustomer {
        phone: STRANGER.to_owned(),
        name: "Amina Odhiambo".to_owned(),
        pin: Some(Secret(pin.to_owned())),
        city: None,
        site: None,
        language: None,
    };
    world.ask(Request::CreateCustomer(new("4071"))).unwrap();
    let shown = world.shown(known);
    assert_eq!((shown.name.as_str(), shown.account.is_some()), ("Amina Odhiambo", true));
    assert_eq!(
        world.ask(Request::CreateCustomer(new("5193"))).unwrap_err().code,
        "phone_taken"
    );
}

#[test]
fn nobody_lends_into_a_wallet_that_was_blocked_meanwhile() {
    let (mut world, jane, john) = two();
    sms(&mut world, JANE, "LOAN 500 0700000103 100");
    let sent = code(&world);
    world
        .ask(Request::SetActive {
            customer: jane,
            active: false,
        })
        .unwrap();
    sms(&mut world, JOHN, &format!("APPROVE {sent}"));
    assert_eq!((wallet(&world, jane), wallet(&world, john)), (0, 100_000));
    assert!(
        last(&world).starts_with("This request for a loan does not wait"),
        "{}",
        last(&world)
    );
}

#[test]
fn who_has_no_name_is_told_of_by_their_number() {
    let (mut world, _, john) = two();
    by_number(&mut world, STRANGER);
    let mut call = Call::to("a", STRANGER, Service::Loans);
    call.sends(&mut world);
    call.types_all(&mut world, &["1", JOHN, "300", "100", "1"]);
    let sent = code(&world);
    assert_eq!(count(&world, "254700000105 asks you for KES 300"), 1);
    assert!(world.texts().iter().all(|text| !text.starts_with(' ')));
    sms(&mut world, JOHN, &format!("APPROVE {sent}"));
    assert_eq!(wallet(&world, john), 70_000);
    assert_eq!(
        count(&world, "You lent KES 300 to 254700000105."),
        1,
        "{:?}",
        world.texts()
    );
}

#[test]
fn the_same_command_again_is_answered_and_does_nothing_twice() {
    let (mut world, jane, _) = two();
    for told in 1..=2 {
        sms(&mut world, JANE, "LOAN 500 0700000103 100");
        assert_eq!((count(&world, "We asked"), count(&world, "asks you for")), (told, 1));
    }
    let sent = code(&world);
    for told in 1..=2 {
        sms(&mut world, JOHN, &format!("APPROVE {sent}"));
        assert_eq!(count(&world, "You lent KES 500"), told, "{:?}", world.texts());
        assert_eq!(wallet(&world, jane), 50_000);
    }
}

#[test]
fn where_no_text_is_sent_no_code_is_promised() {
    let (mut world, ..) = two_with(|settings| settings.texts = false);
    let mut call = Call::to("a", JANE, Service::Water);
    call.sends(&mut world);
    let told = call.types_all(&mut world, &["7", "3", "1"]);
    assert!(told.starts_with("This is not possible now."), "{told}");
}

#[test]
fn of_many_codes_the_newest_three_are_good() {
    let (mut world, _, john) = two();
    let mut sent = Vec::new();
    for phone in ["0700000110", "0700000111", "0700000112", "0700000113"] {
        world.customer(phone, None);
        sms(&mut world, phone, "LOAN 100 0700000103 100");
        sent.push(code(&world));
    }
    sms(&mut world, JOHN, &format!("APPROVE {}", sent[0]));
    assert_eq!(wallet(&world, john), 100_000);
    for (place, code) in sent[1..].iter().enumerate() {
        sms(&mut world, JOHN, &format!("APPROVE {code}"));
        assert_eq!(wallet(&world, john), 90_000 - 10_000 * place as i64);
    }
}

#[test]
fn what_is_paid_over_a_bill_is_a_deposit_that_pays_loans_back() {
    let (mut world, jane, john) = owing_both();
    // KES 70 are KES 30 more than the bill.
    pays_bills(&mut world, jane, Some(7_000));
    assert_eq!((wallet(&world, jane), wallet(&world, john)), (50_000, 53_000));
    world.ledger();
}

#[test]
fn a_secret_with_blanks_in_it_is_kept_nowhere() {
    let (mut world, ..) = two();
    sms(&mut world, JANE, "PIN 40 71");
    sms(&mut world, JANE, "REPORT my pin is 4-0-7-1 and the tap leaks");
    sms(&mut world, JANE, "LOAN 500 0700000103 100");
    let sent = code(&world);
    let (left, right) = sent.split_at(3);
    sms(&mut world, JOHN, &format!("APPROVE {left} {right}"));
    let books = world.read();
    let inbox = format!("{:?}", read::inbox(&books, 50).unwrap());
    let tickets = format!("{:?}", read::tickets(&books, None, i64::MAX, 50).unwrap().items);
    let outbox = format!("{:?}", read::outbox(&books, 50).unwrap());
    for kept in [&inbox, &tickets, &outbox] {
        assert!(!kept.contains("40 71") && !kept.contains("4-0-7-1"), "{kept}");
        assert!(
            !kept.contains(&format!("{left} {right}")) && !kept.contains(&sent),
            "{kept}"
        );
    }
    assert!(
        inbox.contains("PIN ** **") && inbox.contains("APPROVE *** ***"),
        "{inbox}"
    );
}
