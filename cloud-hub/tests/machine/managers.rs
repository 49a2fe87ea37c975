//! Managers of sites who work by phone (FEATURES A20, U2): who is one, and their PIN.

use hub::hub::{
    effect::{Refusal, Response},
    input::{Actor, NewManager, Request},
    operator::Role,
    store::read,
};
use kiosk::{
    moment::MINUTE_MS,
    phone::{Country, Phone},
    talk::ussd::Service,
};

use crate::{
    ussd::{Call, JANE},
    world::World,
};

pub const MUSA: &str = "0733000009";
const MENU: &str = "SITE kibera-3\n1. Check subscription\n2. Hand out jerrycans\n3. Take cash\n4. Today\n5. Offline taps\n6. Message to customers\n0. Exit";

fn new(phone: &str, login: Option<&str>) -> NewManager {
    NewManager {
        site: "kibera-3".parse().unwrap(),
        phone: phone.to_owned(),
        name: "Musa Otieno".to_owned(),
        language: None,
        login: login.map(str::to_owned),
    }
}

pub fn add(world: &mut World, phone: &str, login: Option<&str>) -> Result<Response, Refusal> {
    world.ask(Request::AddManager(new(phone, login)))
}

/// Musa manages kibera-3, and has chosen 2580.
pub fn hired(world: &mut World, session: &'static str, login: Option<&str>) {
    let Ok(Response::Secret { secret }) = add(world, MUSA, login) else {
        panic!("a first PIN")
    };
    let mut call = Call::new(session, MUSA);
    call.sends(world);
    let menu = call.types_all(world, &[&secret, "2580", "2580", "0"]);
    assert_eq!(menu, MENU);
}

#[test]
fn the_first_pin_must_be_changed_and_no_pin_is_chosen_by_whoever_finds_the_phone() {
    let mut world = World::new();
    world.add_site("kibera-3");
    let Ok(Response::Secret { secret }) = add(&mut world, MUSA, None) else {
        panic!("a first PIN")
    };
    let mut call = Call::new("s1", MUSA);
    let asked = "Enter the first PIN that the office gave you:\n0. Cancel";
    assert_eq!(call.sends(&mut world).screen, asked);
    let again = call.types(&mut world, &secret);
    assert_eq!(again, "Enter 4-digit PIN\n0. Cancel");
    assert_eq!(call.types_all(&mut world, &["2580", "2580", "0"]), MENU);
    // Five wrong ones lock it, as a customer's.
    let mut wrong = Call::new("s2", MUSA);
    wrong.sends(&mut world);
    world.customer(JANE, Some("kibera-3"));
    wrong.types_all(&mut world, &["6", "the tap is mended", "1"]);
    let shut = wrong.types_all(&mut world, &["0001", "0002", "0003"]);
    assert_eq!(shut, "Too many wrong PINs. Please dial again later.");
    let mut wrong = Call::new("s3", MUSA);
    wrong.sends(&mut world);
    wrong.types_all(&mut world, &["6", "the tap is mended", "1", "0004", "0005"]);
    let locked = wrong.types(&mut world, "2580");
    assert!(
        locked.starts_with("Too many wrong PINs. Try again in 15 min"),
        "{locked}"
    );
    world.pass(15 * MINUTE_MS);
    let mut later = Call::new("later", MUSA);
    later.sends(&mut world);
    let told = later.types_all(&mut world, &["6", "the tap is mended", "1", "2580"]);
    assert!(
        told.starts_with("Your message goes out in the hours for texts."),
        "{told}"
    );
    // An operator gives a first one again, which is good for nothing but another.
    let reset = Request::ResetManagerPin {
        site: "kibera-3".parse().unwrap(),
        manager: 1,
    };
    assert!(matches!(world.ask(reset), Ok(Response::Secret { .. })));
    let call = Call::new("s4", MUSA);
    assert_eq!(call.sends(&mut world).screen, asked);
    let rows: Vec<String> = crate::ussd::kept(&world);
    assert!(rows.iter().all(|row| !row.contains("2580")), "{rows:?}");
}

#[test]
fn a_caller_who_is_customer_and_manager_chooses_the_menu_and_has_one_pin() {
    let mut world = World::new();
    world.add_site("kibera-3");
    world.customer(JANE, Some("kibera-3"));
    // Their PIN is the one they have.
    assert_eq!(add(&mut world, JANE, None), Ok(Response::Done));
    let mut call = Call::new("s1", JANE);
    assert_eq!(
        call.sends(&mut world).screen,
        "Hello Jane\n1. My own water\n2. Site kibera-3\n0. Exit"
    );
    assert!(call.types(&mut world, "1").starts_with("Hello Jane\n1. Buy water"));
    let mut call = Call::new("s2", JANE);
    call.sends(&mut world);
    assert_eq!(call.types(&mut world, "2"), MENU);
    let sent = call.types_all(&mut world, &["6", "the tap is mended", "1", "4071"]);
    assert!(
        sent.starts_with("Your message goes out in the hours for texts."),
        "{sent}"
    );
    let reset = Request::ResetManagerPin {
        site: "kibera-3".parse().unwrap(),
        manager: 1,
    };
    assert_eq!(world.ask(reset).unwrap_err().code, "pin_of_customer");
    // A customer alone has no such menu.
    world.customer("0700000103", Some("kibera-3"));
    let other = Call::new("s3", "0700000103");
    assert!(other.sends(&mut world).screen.starts_with("Hello Jane\n1. Buy water"));
}

#[test]
fn a_first_pin_that_is_given_ends_what_is_open_behind_the_one_before() {
    let mut world = World::new();
    world.add_site("kibera-3");
    hired(&mut world, "h1", None);
    let mut call = Call::new("s1", MUSA);
    call.sends(&mut world);
    call.types_all(&mut world, &["6", "the tap is mended", "1"]);
    let reset = Request::ResetManagerPin {
        site: "kibera-3".parse().unwrap(),
        manager: 1,
    };
    world.ask(reset).unwrap();
    assert_eq!(call.types(&mut world, "2580"), "This did not work. Please dial again.");
}

#[test]
fn a_manager_who_becomes_a_customer_keeps_the_pin() {
    let mut world = World::new();
    world.add_site("kibera-3");
    hired(&mut world, "h1", None);
    let mut call = Call::to("s1", MUSA, Service::Household);
    call.sends(&mut world);
    let review = call.types_all(&mut world, &["Musa Otieno", "Kisumu"]);
    assert!(review.starts_with("Name: Musa Otieno"), "{review}");
    call.types(&mut world, "1");
    // At the taps, too: the account has it.
    let phone = Phone::parse(MUSA, Country::Kenya).unwrap();
    assert!(read::customer_by_phone(&world.read(), phone).unwrap().unwrap().has_pin);
    let mut call = Call::new("s2", MUSA);
    assert!(call.sends(&mut world).screen.starts_with("Hello Musa\n1. My own water"));
    call.types(&mut world, "1");
    assert_eq!(
        call.types_all(&mut world, &["7", "2"]),
        "Enter your old PIN:\n0. Cancel"
    );
    assert_eq!(call.types(&mut world, "2580"), "Enter 4-digit PIN\n0. Cancel");
}

#[test]
fn who_is_manager_no_more_gets_no_further_in_an_open_session() {
    let mut world = World::new();
    world.add_site("kibera-3");
    hired(&mut world, "h1", None);
    let mut call = Call::new("s1", MUSA);
    assert_eq!(call.sends(&mut world).screen, MENU);
    let remove = || Request::RemoveManager {
        site: "kibera-3".parse().unwrap(),
        manager: 1,
    };
    for role in [Role::CustomerService, Role::Technician, Role::Viewer] {
        let by = Actor::User {
            name: "asha".to_owned(),
            role,
        };
        assert_eq!(world.ask_as(by, None, remove()).unwrap_err().code, "forbidden");
    }
    world.ask(remove()).unwrap();
    assert_eq!(call.types(&mut world, "4"), "You may not do this.");
    assert_eq!(world.ask(remove()).unwrap_err().code, "not_found");
    // They are a stranger now, and may be hired again elsewhere.
    let call = Call::new("s2", MUSA);
    assert!(call.sends(&mut world).screen.starts_with("Enter your name"));
    world.add_site("soko");
    hired(&mut world, "h2", None);
    let elsewhere = NewManager {
        site: "soko".parse().unwrap(),
        ..new(MUSA, None)
    };
    let refused = world.ask(Request::AddManager(elsewhere)).unwrap_err();
    assert_eq!(refused.code, "manages_already");
    let managers = read::site_managers(&world.read(), None).unwrap();
    let until: Vec<bool> = managers.iter().map(|manager| manager.until.is_some()).collect();
    assert_eq!(until, [false, true]);
}
