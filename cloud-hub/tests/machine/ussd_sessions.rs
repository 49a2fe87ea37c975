//! Sessions of people who call by USSD: whose they are, how long they last, and steps that come twice, late or oddly.

use hub::hub::{
    effect::Response,
    input::{Actor, Aggregator, Request, Secret, UssdName, UssdStep, UssdText},
    store::read,
};
use kiosk::{
    moment::{DAY_MS, MINUTE_MS, SECOND_MS},
    phone::{Country, Phone},
    talk::ussd::Service,
};

use crate::{
    ussd::{Call, JANE, MENU, at_home, kept, name, sent},
    world::World,
};

const SORRY: &str = "This did not work. Please dial again.";

fn ended(world: &mut World, session: &str) {
    let name = name(session);
    assert_eq!(
        world.ask_as(Actor::Ussd, None, Request::EndUssd { name }),
        Ok(Response::Done)
    );
}

#[test]
fn a_restart_in_the_middle_of_a_session_loses_nothing() {
    let mut world = World::new();
    at_home(&mut world);
    let mut call = Call::new("s1", JANE);
    call.sends(&mut world);
    for input in ["1", "2", "20"] {
        let screen = call.types(&mut world, input);
        world.restart();
        assert_eq!(call.sends(&mut world).screen, screen, "the answer is found again");
    }
    call.types(&mut world, "1");
    world.restart();
    call.sends(&mut world);
    assert_eq!(world.prompts().len(), 1);
}

#[test]
fn a_session_belongs_to_the_phone_that_began_it() {
    let mut world = World::new();
    at_home(&mut world);
    world.customer("0700000103", None);
    let mut call = Call::new("s1", JANE);
    call.sends(&mut world);
    for text in ["", "1", "2*1"] {
        let other = sent(&mut world, "s1", "0700000103", Service::Water, text, UssdText::Joined);
        assert_eq!((other.screen.as_str(), other.goes_on), (SORRY, false), "{text}");
    }
    assert_eq!(
        call.types(&mut world, "2"),
        "MY WATER\n1. Balance\n2. Jerrycans left\n3. My monthly code\n4. Usage\n5. Move to another site\n0. Back"
    );
}

#[test]
fn a_step_out_of_order_changes_nothing() {
    let mut world = World::new();
    at_home(&mut world);
    let mut call = Call::new("s1", JANE);
    call.sends(&mut world);
    call.types_all(&mut world, &["1", "2"]);
    let before = kept(&world);
    for text in ["", "1", "1*3", "2*2", "1*22", "1*3*20*1"] {
        let refused = sent(&mut world, "s1", JANE, Service::Water, text, UssdText::Joined);
        assert_eq!(refused.screen, SORRY, "{text}");
    }
    assert_eq!(kept(&world), before);
    assert!(call.types(&mut world, "20").starts_with("20 l: KES 40"));
}

#[test]
fn x8_a_session_that_lasted_too_long_is_over_and_the_next_dial_offers_to_go_on() {
    let mut world = World::new();
    at_home(&mut world);
    let mut call = Call::new("s1", JANE);
    call.sends(&mut world);
    call.types_all(&mut world, &["1", "2", "20"]);
    world.pass(180 * SECOND_MS);
    let screen = call.sends(&mut world).screen;
    assert!(screen.starts_with("20 l: KES 40"), "{screen}");
    world.pass(1);
    assert_eq!(call.types(&mut world, "1"), SORRY);
    assert_eq!(world.prompts().len(), 0);
    let mut next = Call::new("s2", JANE);
    let offered = next.sends(&mut world);
    assert_eq!(offered.screen, "You were cut off last time.\n1. Go on\n0. Start again");
    assert_eq!(offered.state, "GO_ON");
    assert!(next.types(&mut world, "1").starts_with("20 l: KES 40"));
    // What was taken up goes on nowhere else, and is not offered twice.
    next.types(&mut world, "0");
    assert_eq!(Call::new("s3", JANE).sends(&mut world).screen, MENU);
    world.pass(DAY_MS);
    assert_eq!(kept(&world), [""; 0]);
}

#[test]
fn an_end_notification_ends_what_is_there_and_nothing_else() {
    let mut world = World::new();
    at_home(&mut world);
    ended(&mut world, "s1");
    let mut call = Call::new("s1", JANE);
    assert_eq!(call.sends(&mut world).screen, MENU);
    call.types(&mut world, "1");
    let active = |world: &World| {
        let since = world.now.plus_ms(-180 * SECOND_MS);
        read::ussd_sessions(&world.read(), since).unwrap()
    };
    assert_eq!(active(&world)[0].state, "BUY_MENU");
    ended(&mut world, "s1");
    assert!(active(&world).is_empty());
    assert_eq!(call.types(&mut world, "2"), SORRY);
}

#[test]
fn a_flood_from_one_number_is_not_let_in() {
    let mut world = World::new();
    at_home(&mut world);
    let names: Vec<String> = (0..12).map(|number| format!("s{number}")).collect();
    let dial = |world: &mut World, name: &str, phone: &str| {
        sent(world, name, phone, Service::Water, "", UssdText::Joined).screen
    };
    for (place, name) in names.iter().enumerate() {
        let expected = if place < 10 { MENU } else { SORRY };
        assert_eq!(dial(&mut world, name, JANE), expected, "{name}");
    }
    assert_ne!(dial(&mut world, "other", "0700000103"), SORRY);
    world.pass(MINUTE_MS);
    assert_eq!(dial(&mut world, "s12", JANE), MENU);
}

#[test]
fn where_only_the_newest_input_comes_the_same_at_once_is_the_same_step() {
    let mut world = World::new();
    at_home(&mut world);
    let types = |world: &mut World, text: &str| sent(world, "s1", JANE, Service::Water, text, UssdText::Newest).screen;
    assert_eq!(types(&mut world, ""), MENU);
    world.pass(SECOND_MS);
    let buy = "BUY\n1. Subscription\n2. Litres\n3. Money for my wallet\n0. Back";
    assert_eq!(types(&mut world, "1"), buy);
    assert_eq!(types(&mut world, "1"), buy);
    world.pass(SECOND_MS);
    assert!(types(&mut world, "2").starts_with("How many litres?"));
    world.pass(SECOND_MS);
    types(&mut world, "20");
    world.pass(SECOND_MS);
    let prompted = types(&mut world, "1");
    world.pass(5 * SECOND_MS);
    assert_eq!(types(&mut world, "1"), prompted, "the last screen stays");
    assert_eq!(world.prompts().len(), 1);
    assert_eq!(types(&mut world, ""), MENU, "the name is used again");
}

#[test]
fn odd_inputs_are_answered_on_the_same_screen() {
    let mut world = World::new();
    at_home(&mut world);
    let long = "9".repeat(500);
    let mut call = Call::new("s1", JANE);
    call.sends(&mut world);
    for input in ["*", "", "#", "**", &long, "Привет", "水", "💧", "4071"] {
        let screen = call.types(&mut world, input);
        assert_eq!(screen, format!("Invalid choice\n{MENU}"), "{input}");
    }
    assert!(call.types(&mut world, "1").starts_with("BUY\n"));
}

#[test]
fn a_step_prints_no_pin() {
    let step = UssdStep {
        name: name("s1"),
        phone: Phone::parse(JANE, Country::Kenya).unwrap(),
        service: Service::Water,
        text: Secret("1*2*4071".to_owned()),
        form: UssdText::Joined,
    };
    let printed = format!("{:?}", Request::Ussd(step));
    assert!(!printed.contains("4071") && !printed.contains("700000102"), "{printed}");
}

#[test]
fn a_session_that_was_taken_up_elsewhere_takes_no_more_steps() {
    let mut world = World::new();
    at_home(&mut world);
    let mut first = Call::new("s1", JANE);
    first.sends(&mut world);
    first.types_all(&mut world, &["1", "2", "20"]);
    let mut next = Call::new("s2", JANE);
    assert_eq!(next.sends(&mut world).state, "GO_ON");
    assert_eq!(first.types(&mut world, "1"), SORRY);
    assert_eq!(world.prompts().len(), 0);
    next.types_all(&mut world, &["1", "1"]);
    assert_eq!(world.prompts().len(), 1);
}

#[test]
fn each_aggregator_has_its_own_time() {
    let mut world = World::with(|settings| settings.ussd_safaricom_session_ms = 60 * SECOND_MS);
    at_home(&mut world);
    for (aggregator, lives) in [(Aggregator::AfricasTalking, true), (Aggregator::Safaricom, false)] {
        let step = |world: &mut World, text: &str| {
            let session = "s1".to_owned();
            let step = UssdStep {
                name: UssdName { aggregator, session },
                phone: Phone::parse(JANE, Country::Kenya).unwrap(),
                service: Service::Water,
                text: Secret(text.to_owned()),
                form: UssdText::Joined,
            };
            match world.ask_as(Actor::Ussd, None, Request::Ussd(step)) {
                Ok(Response::Ussd(shown)) => shown.goes_on,
                other => panic!("{other:?}"),
            }
        };
        assert!(step(&mut world, ""));
        world.pass(61 * SECOND_MS);
        assert_eq!(step(&mut world, "1"), lives, "{}", aggregator.name());
    }
}
