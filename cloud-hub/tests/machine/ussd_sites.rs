//! Where people who call by USSD can draw, and that nobody pays for what they were not shown.

use hub::hub::input::{Item, Pay, Request, UssdText};
use kiosk::{
    phone::{Country, Phone},
    talk::ussd::Service,
};

use crate::{
    payments::{bought, buy, paid},
    ussd::{Call, JANE, at_home, sent},
    world::World,
};

fn registered(world: &mut World, phone: &'static str) {
    let mut call = Call::new("r", phone);
    call.sends(world);
    call.types_all(world, &["Amina Odhiambo", "Kisumu", "4071", "4071", "1"]);
}

fn site_of(world: &World, phone: &str) -> Option<String> {
    let phone = Phone::parse(phone, Country::Kenya).unwrap();
    let found = hub::hub::store::read::customer_by_phone(&world.read(), phone).unwrap();
    found.unwrap().site.map(|site| site.to_string())
}

#[test]
fn who_registered_by_phone_draws_at_the_site_that_they_choose_before_they_pay() {
    let amina = "0700000110";
    let mut world = World::new();
    world.site("kibera-3");
    world.site("soko");
    registered(&mut world, amina);
    assert_eq!(site_of(&world, amina), None);
    let mut call = Call::new("b", amina);
    call.sends(&mut world);
    let asked = call.types_all(&mut world, &["1", "2"]);
    assert_eq!(asked, "Where do you draw water?\n1. kibera-3\n2. soko\n0. Back");
    assert!(call.types(&mut world, "2").starts_with("How many litres?"));
    assert_eq!(site_of(&world, amina).as_deref(), Some("soko"));
    call.types_all(&mut world, &["20", "1"]);
    paid(&mut world, 0, "RCPT1");
    // The site holds the right now, so its tap gives the water without the hub.
    let phone = Phone::parse(amina, Country::Kenya).unwrap();
    let known = hub::hub::store::read::customer_by_phone(&world.read(), phone)
        .unwrap()
        .unwrap();
    let grants = world.read().query_row(
        "SELECT sum(volume_ml) FROM grants WHERE customer = ?1",
        [known.id.0 as i64],
        |row| row.get::<_, Option<i64>>(0),
    );
    assert_eq!(grants.unwrap(), Some(20_000));
    // Who has a home is not asked again.
    let mut call = Call::new("c", amina);
    call.sends(&mut world);
    assert!(call.types_all(&mut world, &["1", "2"]).starts_with("How many litres?"));
}

#[test]
fn of_one_site_there_is_nothing_to_choose() {
    let amina = "0700000110";
    let mut world = World::new();
    world.site("kibera-3");
    registered(&mut world, amina);
    let mut call = Call::new("b", amina);
    call.sends(&mut world);
    assert!(call.types_all(&mut world, &["1", "2"]).starts_with("How many litres?"));
    assert_eq!(site_of(&world, amina).as_deref(), Some("kibera-3"));
}

#[test]
fn a_site_without_a_gateway_is_offered_to_nobody() {
    let mut world = World::new();
    world.site("kibera-3");
    world.add_site("not-yet");
    world.site("soko");
    let customer = world.customer(JANE, Some("kibera-3"));
    world.credit(customer, 20_000);
    let mut open = Call::new("a", JANE);
    open.sends(&mut world);
    let listed = open.types_all(&mut world, &["1", "1"]);
    assert_eq!(listed, "Subscribe at:\n1. kibera-3\n2. soko\n0. Back");
    let mut moving = Call::new("b", JANE);
    moving.sends(&mut world);
    let listed = moving.types_all(&mut world, &["2", "5"]);
    assert_eq!(listed, "Move your water to:\n1. soko\n0. Back");
    moving.types_all(&mut world, &["1", "1"]);
    // Its gateway is taken away between two screens.
    let site = "soko".parse().unwrap();
    world.ask(Request::RevokeSite { site }).unwrap();
    assert_eq!(moving.types(&mut world, "4071"), "This is no longer there.\n0. Back");
    let gone = open.types(&mut world, "2");
    assert!(!gone.contains("KES 300"), "{gone}");
    assert_eq!(site_of(&world, JANE).as_deref(), Some("kibera-3"));
    assert_eq!(world.balance_ml(customer), 20_000);
}

#[test]
fn whoever_was_shown_another_price_pays_nothing() {
    let mut world = World::new();
    at_home(&mut world);
    let mut call = Call::new("s1", JANE);
    call.sends(&mut world);
    assert!(
        call.types_all(&mut world, &["1", "2", "20"])
            .starts_with("20 l: KES 40\n")
    );
    world.settings.tariff.price_per_m3_minor = 300_000;
    world.restart();
    let told = call.types(&mut world, "1");
    assert_eq!(told, "The price has just changed. Please look again.\n0. Back");
    assert_eq!(world.prompts().len(), 0);
}

#[test]
fn nothing_is_sold_to_a_number_without_an_account() {
    let mut world = World::new();
    Call::to("l", "0700000111", Service::Loans).sends(&mut world);
    let phone = Phone::parse("0700000111", Country::Kenya).unwrap();
    let known = hub::hub::store::read::customer_by_phone(&world.read(), phone)
        .unwrap()
        .unwrap();
    let refused = world.ask(buy(known.id, Item::Deposit(5_000), Pay::Prompt)).unwrap_err();
    assert_eq!(refused.code, "no_account");
    registered(&mut world, "0700000111");
    bought(world.ask(buy(known.id, Item::Deposit(5_000), Pay::Prompt)));
}

#[test]
fn a_program_types_a_pin_twice_at_once_and_a_redial_begins_anew() {
    let mut world = World::new();
    world.site("kibera-3");
    let phone = "0700000110";
    let types = |world: &mut World, text: &str| sent(world, "s", phone, Service::Water, text, UssdText::Newest).screen;
    types(&mut world, "");
    for typed in ["Amina Odhiambo", "Kisumu", "4071"] {
        types(&mut world, typed);
    }
    let review = types(&mut world, "4071");
    assert!(review.contains("Amina Odhiambo"), "{review}");
    assert!(types(&mut world, "1").starts_with("Account created!"));
    // Back and out, as fast as it likes.
    assert!(types(&mut world, "0").starts_with("Hello Amina"));
    types(&mut world, "1");
    assert!(types(&mut world, "0").starts_with("Hello Amina"));
    assert_eq!(types(&mut world, "0"), "Thank you. Goodbye.");
    // An empty text is the first screen, also in the middle of a session.
    types(&mut world, "");
    types(&mut world, "1");
    assert!(types(&mut world, "").contains("Hello Amina"));
}
