//! Accounts: registering, the language, PINs, and taking an account along to a new number.

use super::{office::phone, *};

const JANE: &str = "0700000102";
const NEW: &str = "0733000001";

const WATER: &str =
    "Hello Jane\n1. Buy water\n2. My water\n3. Pay bill\n4. My orders\n5. Loans\n6. Help\n7. My account\n0. Exit";

#[test]
fn a_new_caller_registers_and_is_greeted_by_first_name() {
    let mut town = Town::new();
    let mut call = Call::dial(&mut town, Service::Water, NEW);
    call.shows("REGISTER_NAME", "Enter your name\n(1: I had another number)");
    call.types(PIN);
    call.shows(
        "REGISTER_NAME",
        "Please type a name\nEnter your name\n(1: I had another number)",
    );
    call.types("Zoë  Wanjikũ");
    call.shows("REGISTER_CITY", "Enter your city");
    call.types("Kisumu");
    call.shows("REGISTER_PIN", "Enter 4-digit PIN");
    call.types("1234");
    call.shows("REGISTER_PIN", "PIN easy to guess\nEnter 4-digit PIN");
    call.types(PIN);
    call.shows("PIN_AGAIN", "Enter the PIN again");
    call.types("4072");
    call.shows("REGISTER_PIN", "PINs differ\nEnter 4-digit PIN");
    call.types_all(&[PIN, PIN]);
    call.shows(
        "REGISTER_REVIEW",
        "Name: Zoe Wanjiku\nCity: Kisumu\n1. Right\n2. Change\n0. Exit",
    );
    call.types("1");
    call.shows("MAIN_MENU", "Account created! ID: AQP123456\n0. Back");
    call.types("0");
    assert!(call.answer.screen.starts_with("Hello Zoe\n1. Buy water\n"));
    assert_eq!(town.person(NEW).pin, Some(PIN.parse().unwrap()));
    let call = Call::dial(&mut town, Service::Services, NEW);
    assert!(call.answer.screen.starts_with("Hello Zoe\n1. Make a deposit\n"));
}

#[test]
fn who_did_not_finish_registering_goes_on_at_the_review() {
    let mut town = Town::new();
    let mut call = Call::dial(&mut town, Service::Services, NEW);
    call.shows("REGISTER_NAME", "Enter your name");
    call.types_all(&["Otieno", "Siaya", PIN, PIN, "0"]);
    call.ends("Thank you. Goodbye.");
    let mut call = Call::dial(&mut town, Service::Services, NEW);
    call.shows(
        "REGISTER_REVIEW",
        "Name: Otieno\nCity: Siaya\n1. Right\n2. Change\n0. Exit",
    );
    // The PIN stays: to enter another name proves nothing.
    call.types_all(&["2", "Atieno", "Siaya"]);
    call.shows(
        "REGISTER_REVIEW",
        "Name: Atieno\nCity: Siaya\n1. Right\n2. Change\n0. Exit",
    );
    call.types("1");
    assert_eq!(town.person(NEW).pin, Some(PIN.parse().unwrap()));
    assert_eq!(town.done, [Act::Verify]);
}

#[test]
fn the_language_changes_at_once() {
    let mut town = Town::new();
    let mut call = Call::dial(&mut town, Service::Water, JANE);
    call.types_all(&["7", "1", "2"]);
    call.shows("MAIN_MENU", "Imekamilika.\n0. Rudi");
    call.types("0");
    assert!(call.answer.screen.starts_with("Karibu Jane\n1. Nunua maji\n"));
    assert_eq!(call.session.language(), Language::Swahili);
}

#[test]
fn a_pin_is_changed_after_the_old_one_or_a_code() {
    let mut town = Town::new();
    let mut call = Call::dial(&mut town, Service::Water, JANE);
    call.types_all(&["7", "2", "9071"]);
    call.shows("OLD_PIN", "Wrong PIN\nEnter your old PIN:\n0. Cancel");
    call.types_all(&[PIN, "8052", "8052"]);
    call.shows("MAIN_MENU", "Your PIN has been changed.\n0. Back");
    assert_eq!(call.town.person(JANE).pin, Some("8052".parse().unwrap()));
    call.types_all(&["0", "7", "3", "1"]);
    call.shows("PIN_FORGOTTEN_MENU", "A code is on its way by SMS.\n0. Back");
    call.types_all(&["0", "2", PIN]);
    call.shows("PIN_CODE", "Type six digits\nEnter the code from the SMS:\n0. Cancel");
    call.types("000000");
    call.shows("PIN_FORGOTTEN_MENU", "The code is wrong or too old.\n0. Back");
    call.types_all(&["0", "2", "552190", PIN, PIN]);
    call.shows("MAIN_MENU", "Your PIN has been changed.\n0. Back");
    assert_eq!(town.person(JANE).pin, Some(PIN.parse().unwrap()));
    assert_eq!(town.done, [Act::SendPinCode]);
}

#[test]
fn an_account_is_asked_for_from_a_new_number() {
    let mut town = Town::new();
    let mut call = Call::dial(&mut town, Service::Water, NEW);
    call.types_all(&["1", JANE, "Jane Smith"]);
    call.shows("OLD_PHONE_PIN", "Enter the PIN of that account:\n0. Cancel");
    call.types("4072");
    call.ends("Number, name and PIN do not match.");
    let mut call = Call::dial(&mut town, Service::Water, NEW);
    call.types_all(&["1", JANE, "Jane Smith", PIN]);
    call.ends("We are checking your request; a text follows. Until then your old number keeps the account.");
    assert_eq!(town.moved, [(phone(NEW), phone(JANE), "Jane Smith".to_owned())]);
    // Until an operator says yes there is no account on the new number.
    assert!(!town.people.contains_key(&phone(NEW)));
}

#[test]
fn a_new_pin_is_not_chosen_in_a_later_session() {
    let mut town = Town::new();
    let mut call = Call::dial(&mut town, Service::Water, JANE);
    call.types_all(&["7", "2", PIN]);
    assert_eq!(call.session.state_name(), "NEW_PIN");
    let cut = call.session.clone();
    let call = Call::dial_after(&mut town, Service::Water, JANE, Some(cut));
    call.shows("MAIN_MENU", WATER);
}

#[test]
fn a_pin_set_meanwhile_in_another_session_stays() {
    let mut town = Town::new();
    let mut call = Call::dial(&mut town, Service::Water, NEW);
    call.types_all(&["Otieno", "Siaya", "8052"]);
    let mut older = call.session.clone();
    let mut call = Call::dial(&mut town, Service::Water, NEW);
    call.types_all(&["Otieno", "Siaya", PIN, PIN]);
    let answer = step(&mut town, &mut older, "8052").unwrap();
    assert!(answer.screen.starts_with("Name: Otieno\n"), "{}", answer.screen);
    assert_eq!(town.person(NEW).pin, Some(PIN.parse().unwrap()));
    // Nor is an account that was finished meanwhile begun again.
    let mut late = call_at_the_pin(&mut town);
    town.person(NEW).registration = Registration::Verified;
    let answer = step(&mut town, &mut late, PIN).unwrap();
    assert!(answer.screen.starts_with("Hello Otieno\n"), "{}", answer.screen);
    assert_eq!(town.person(NEW).registration, Registration::Verified);
}

/// A session in which a new PIN was typed once, for another name than the one that is known.
fn call_at_the_pin(town: &mut Town) -> Session {
    let known = town.people.remove(&phone(NEW)).unwrap();
    let mut call = Call::dial(town, Service::Water, NEW);
    call.types_all(&["Atieno", "Siaya", PIN]);
    let session = call.session.clone();
    town.people.insert(phone(NEW), known);
    session
}

#[test]
fn nobody_gets_past_registration_by_going_back() {
    let mut town = Town::new();
    let mut call = Call::dial(&mut town, Service::Household, NEW);
    call.types_all(&["Otieno", "Siaya", PIN, PIN]);
    call.town.denies = Some(Denied::NotNow);
    call.types("1");
    call.shows(
        "MAIN_MENU",
        "This is not possible now. Please try again later.\n0. Back",
    );
    call.types("0");
    call.shows(
        "REGISTER_REVIEW",
        "Name: Otieno\nCity: Siaya\n1. Right\n2. Change\n0. Exit",
    );
}
