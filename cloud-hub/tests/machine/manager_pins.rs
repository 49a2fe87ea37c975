//! Whose PIN opens a site's menu, and who can replace it (FEATURES A20, U2).

use hub::hub::{
    effect::Response,
    input::{Actor, CustomerChange, Request, Secret},
    operator::Role,
    store::read,
};
use kiosk::{
    ids::{CustomerId, Epoch},
    phone::{Country, Phone},
    talk::ussd::Service,
};

use crate::{
    bills::{draw, household, until},
    cash::set,
    managers::{MUSA, add, hired},
    sites::{name_in, register},
    sms::sms,
    ussd::{Call, JANE},
    world::World,
};

const NEW: &str = "0733000001";
const AT_OFFICE: &str = "Whoever manages a site gets another PIN at the office.\n0. Back";
const FIRST_PIN: &str = "Enter the first PIN that the office gave you:\n0. Cancel";

fn phone(number: &str) -> Phone {
    Phone::parse(number, Country::Kenya).unwrap()
}

fn customer(world: &World, number: &str) -> read::Customer {
    read::customer_by_phone(&world.read(), phone(number)).unwrap().unwrap()
}

/// Somebody who is customer and manager writes to the site's customers with this PIN; the last screen.
fn writes(world: &mut World, session: &'static str, from: &'static str, pin: &str) -> String {
    let mut call = Call::new(session, from);
    let mut screen = call.sends(world).screen;
    if screen.starts_with("You were cut off") {
        screen = call.types(world, "0");
    }
    assert!(screen.contains("2. Site kibera-3"), "{screen}");
    call.types_all(world, &["2", "6", &format!("news of {session}"), "1", pin])
}

fn moved(world: &mut World, by: Actor, customer: CustomerId, to: &str) -> Result<Response, String> {
    let change = CustomerChange {
        phone: Some(to.to_owned()),
        ..CustomerChange::default()
    };
    let asked = world.ask_as(by, None, Request::UpdateCustomer { customer, change });
    asked.map_err(|refusal| refusal.code.into_owned())
}

fn service() -> Actor {
    Actor::User {
        name: "asha".to_owned(),
        role: Role::CustomerService,
    }
}

/// Musa manages the site of which Jane is a customer, and has registered by phone himself.
fn with_a_manager_who_is_a_customer() -> World {
    let mut world = World::new();
    world.add_site("kibera-3");
    world.customer(JANE, Some("kibera-3"));
    hired(&mut world, "h1", None);
    let mut call = Call::to("s1", MUSA, Service::Household);
    call.sends(&mut world);
    call.types_all(&mut world, &["Musa Otieno", "Kisumu", "1"]);
    world
}

#[test]
fn whoever_finds_a_managers_phone_chooses_no_pin_by_text() {
    let mut world = World::new();
    world.add_site("kibera-3");
    hired(&mut world, "h1", None);
    sms(&mut world, MUSA, "REGISTER Musa Otieno; Kisumu");
    assert!(customer(&world, MUSA).account.is_some());
    let mut call = Call::new("s1", MUSA);
    call.sends(&mut world);
    let texts = world.texts().len();
    assert_eq!(call.types_all(&mut world, &["1", "7", "3", "1"]), AT_OFFICE);
    assert_eq!(call.types_all(&mut world, &["0", "2", "123456"]), AT_OFFICE);
    assert_eq!(world.texts().len(), texts);
    // Nor by registering in another menu, which takes the PIN along.
    let mut world = World::new();
    world.add_site("kibera-3");
    hired(&mut world, "h1", None);
    let mut call = Call::to("s2", MUSA, Service::Household);
    call.sends(&mut world);
    call.types_all(&mut world, &["Musa Otieno", "Kisumu", "1"]);
    let mut call = Call::new("s3", MUSA);
    call.sends(&mut world);
    assert_eq!(call.types_all(&mut world, &["1", "7", "3", "1"]), AT_OFFICE);
}

#[test]
fn no_registration_at_a_site_replaces_a_managers_pin() {
    let mut world = World::new();
    let site = world.site("kibera-3");
    hired(&mut world, "h1", None);
    register(&mut world, site, CustomerId(77), MUSA, "4071", 0);
    assert!(customer(&world, MUSA).has_pin);
    let wrong = writes(&mut world, "s1", MUSA, "4071");
    assert!(wrong.starts_with("Wrong PIN"), "{wrong}");
    let sent = writes(&mut world, "s2", MUSA, "2580");
    assert!(
        sent.starts_with("Your message goes out in the hours for texts."),
        "{sent}"
    );
    let reset = Request::ResetManagerPin {
        site: "kibera-3".parse().unwrap(),
        manager: 1,
    };
    assert!(matches!(world.ask(reset), Ok(Response::Secret { .. })));
}

#[test]
fn a_manager_who_was_a_customer_without_a_pin_has_one_at_the_taps_too() {
    let mut world = World::new();
    world.add_site("kibera-3");
    world.customer(JANE, Some("kibera-3"));
    sms(&mut world, MUSA, "REGISTER Musa Otieno; Kisumu");
    assert!(!customer(&world, MUSA).has_pin);
    let Ok(Response::Secret { secret }) = add(&mut world, MUSA, None) else {
        panic!("a first PIN")
    };
    let mut call = Call::new("s1", MUSA);
    assert_eq!(call.sends(&mut world).screen, FIRST_PIN);
    // What an operator has read is not chosen again.
    assert_eq!(
        call.types_all(&mut world, &[&secret, &secret]),
        "Take another PIN\nEnter 4-digit PIN\n0. Cancel"
    );
    call.types_all(&mut world, &["2580", "2580"]);
    assert!(customer(&world, MUSA).has_pin);
    let sent = writes(&mut world, "s2", MUSA, "2580");
    assert!(
        sent.starts_with("Your message goes out in the hours for texts."),
        "{sent}"
    );
    // It is one PIN: changed as a customer, it is another for the site.
    let mut call = Call::new("s3", MUSA);
    call.sends(&mut world);
    call.types_all(&mut world, &["0", "1", "7", "2", "2580", "9173", "9173"]);
    assert!(writes(&mut world, "s4", MUSA, "2580").starts_with("Wrong PIN"));
    assert!(writes(&mut world, "s5", MUSA, "9173").starts_with("Your message"));
}

#[test]
fn the_pin_that_the_office_sets_for_a_manager_who_became_a_customer_is_the_sites_too() {
    let mut world = with_a_manager_who_is_a_customer();
    let set = Request::SetPin {
        customer: customer(&world, MUSA).id,
        pin: Secret("9173".to_owned()),
    };
    world.ask(set).unwrap();
    assert!(writes(&mut world, "s2", MUSA, "2580").starts_with("Wrong PIN"));
    assert!(writes(&mut world, "s3", MUSA, "9173").starts_with("Your message"));
}

#[test]
fn an_old_number_keeps_neither_the_site_nor_a_pin_that_was_given_up() {
    let mut world = with_a_manager_who_is_a_customer();
    let mut call = Call::new("s2", MUSA);
    call.sends(&mut world);
    call.types_all(&mut world, &["1", "7", "2", "2580", "9173", "9173"]);
    let musa = customer(&world, MUSA).id;
    // A site goes along, and that is an admin's to say.
    assert_eq!(moved(&mut world, service(), musa, NEW).unwrap_err(), "manages_site");
    assert_eq!(customer(&world, MUSA).id, musa);
    moved(&mut world, Actor::Owner, musa, NEW).unwrap();
    let old = Call::new("s3", MUSA);
    assert!(old.sends(&mut world).screen.starts_with("Enter your name"));
    assert!(writes(&mut world, "s4", NEW, "2580").starts_with("Wrong PIN"));
    assert!(writes(&mut world, "s5", NEW, "9173").starts_with("Your message"));
}

#[test]
fn a_yes_that_takes_a_site_along_is_an_admins() {
    let mut world = World::new();
    world.add_site("kibera-3");
    world.customer(JANE, Some("kibera-3"));
    add(&mut world, JANE, None).unwrap();
    let mut call = Call::new("s1", NEW);
    call.sends(&mut world);
    call.types_all(&mut world, &["1", JANE, "Jane Wanjiku", "4071"]);
    let yes = || Request::DecideNumber {
        request: 1,
        is_yes: true,
    };
    let refused = world.ask_as(service(), None, yes()).unwrap_err();
    assert_eq!(refused.code, "manages_site");
    assert!(writes(&mut world, "s2", JANE, "4071").starts_with("Your message"));
    world.ask(yes()).unwrap();
    assert!(writes(&mut world, "s3", NEW, "4071").starts_with("Your message"));
}

#[test]
fn a_blocked_account_does_nothing_for_its_site() {
    let mut world = World::new();
    world.add_site("kibera-3");
    let customer = world.customer(JANE, Some("kibera-3"));
    add(&mut world, JANE, None).unwrap();
    let active = false;
    world.ask(Request::SetActive { customer, active }).unwrap();
    assert_eq!(
        writes(&mut world, "s1", JANE, "4071"),
        "The account is not active. Please ask the manager.\n0. Back"
    );
}

#[test]
fn no_cash_is_taken_where_it_cannot_be_handed_in() {
    let mut world = World::new();
    world.add_site("kibera-3");
    set(&mut world, 10_000).unwrap();
    assert_eq!(add(&mut world, MUSA, Some("musa")).unwrap_err().code, "no_gateway");
}

#[test]
fn no_cash_is_taken_of_whoever_could_not_draw_for_it() {
    let (mut world, site, _) = household();
    draw(&mut world, site, 1, 30_000);
    until(&mut world, "2026-11-30T21:00:00Z");
    until(&mut world, "2026-12-15T21:00:00Z");
    set(&mut world, 10_000).unwrap();
    hired(&mut world, "h1", Some("musa"));
    let mut call = Call::new("s1", MUSA);
    call.sends(&mut world);
    assert_eq!(
        call.types_all(&mut world, &["3", JANE, "60", "1", "2580"]),
        "This customer's account is blocked, or a bill is overdue.\n0. Back"
    );
}

#[test]
fn a_manager_whose_number_a_site_changed_waits_for_an_operator() {
    let mut world = World::new();
    let site = world.site("kibera-3");
    register(&mut world, site, CustomerId(77), JANE, "4071", 0);
    assert_eq!(add(&mut world, JANE, None), Ok(Response::Done));
    let seen = world.alarms().len();
    name_in(&mut world, site, Epoch(78), CustomerId(77), NEW);
    assert_eq!(customer(&world, NEW).id, CustomerId(77));
    assert!(world.alarms()[seen..].contains(&"manager_suspended"));
    for (session, from) in [("s1", JANE), ("s2", NEW)] {
        let screen = Call::new(session, from).sends(&mut world).screen;
        assert!(!screen.contains("kibera-3"), "{screen}");
    }
}

#[test]
fn after_a_restore_managers_wait_for_an_operator() {
    let mut world = World::new();
    world.site("kibera-3");
    hired(&mut world, "h1", None);
    world.backup();
    let removed = Request::RemoveManager {
        site: "kibera-3".parse().unwrap(),
        manager: 1,
    };
    world.ask(removed).unwrap();
    for site in ["soko", "mji"] {
        world.site(site);
    }
    world.restore();
    assert!(read::in_doubt(&world.read()).unwrap());
    let call = Call::new("s1", MUSA);
    let screen = call.sends(&mut world).screen;
    assert!(screen.starts_with("Enter your name"), "{screen}");
    assert!(world.alarms().contains(&"manager_suspended"));
    let reset = Request::ResetManagerPin {
        site: "kibera-3".parse().unwrap(),
        manager: 1,
    };
    let Ok(Response::Secret { secret }) = world.ask(reset) else {
        panic!("a first PIN")
    };
    let mut call = Call::new("s2", MUSA);
    assert_eq!(call.sends(&mut world).screen, FIRST_PIN);
    let menu = call.types_all(&mut world, &[&secret, "2580", "2580", "0"]);
    assert!(menu.starts_with("SITE kibera-3"), "{menu}");
}

#[test]
fn a_yes_that_a_restored_hub_hears_again_takes_the_site_along_too() {
    let mut world = World::new();
    world.site("kibera-3");
    world.customer(JANE, Some("kibera-3"));
    add(&mut world, JANE, None).unwrap();
    for (session, from) in [("s1", "0733000002"), ("s2", NEW)] {
        let mut call = Call::new(session, from);
        call.sends(&mut world);
        call.types_all(&mut world, &["1", JANE, "Jane Wanjiku", "4071"]);
    }
    world.backup();
    let yes = || Request::DecideNumber {
        request: 2,
        is_yes: true,
    };
    world.ask(yes()).unwrap();
    for site in ["soko", "mji"] {
        world.site(site);
    }
    world.restore();
    for place in 0..world.gateways.len() {
        world.link(place);
    }
    assert!(customer(&world, NEW).account.is_some());
    world.ask(yes()).unwrap();
    let requests = read::number_requests(&world.read(), None, i64::MAX, 10).unwrap().items;
    let states: Vec<&str> = requests.iter().map(|request| &*request.state).collect();
    assert_eq!(states, ["yes", "no"]);
    let confirmed = Request::ResetManagerPin {
        site: "kibera-3".parse().unwrap(),
        manager: 1,
    };
    assert_eq!(world.ask(confirmed), Ok(Response::Done));
    assert!(writes(&mut world, "s3", NEW, "4071").starts_with("Your message"));
    let old = Call::new("s4", JANE);
    assert!(old.sends(&mut world).screen.starts_with("Enter your name"));
}
