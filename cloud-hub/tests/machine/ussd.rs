//! People who call by USSD: their sessions, and what the menus do to the books (FEATURES A1 to A7, B10 to B17, X8).

use hub::hub::{
    effect::{Response, UssdScreen},
    input::{Actor, Aggregator, Item, Pay, Request, Secret, UssdName, UssdStep, UssdText},
    store::read,
};
use kiosk::{
    dispense::Reason,
    ids::CustomerId,
    moment::{DAY_MS, MINUTE_MS, SECOND_MS},
    phone::{Country, Phone},
    talk::ussd::Service,
};

use crate::{
    dispenses::{ask, verify},
    payments::{bought, buy, paid},
    sites::register,
    world::World,
};

const JANE: &str = "0700000102";
const SORRY: &str = "This did not work. Please dial again.";
const MENU: &str =
    "Hello Jane\n1. Buy water\n2. My water\n3. Pay bill\n4. My orders\n5. Loans\n6. Help\n7. My account\n0. Exit";

/// A phone in a session that Africa's Talking carries.
struct Call {
    session: &'static str,
    phone: &'static str,
    service: Service,
    text: String,
}

impl Call {
    fn new(session: &'static str, phone: &'static str) -> Call {
        Call {
            session,
            phone,
            service: Service::Water,
            text: String::new(),
        }
    }

    /// Delivers the text as it stands.
    fn sends(&self, world: &mut World) -> UssdScreen {
        sent(
            world,
            self.session,
            self.phone,
            self.service,
            &self.text,
            UssdText::Joined,
        )
    }

    fn types(&mut self, world: &mut World, input: &str) -> String {
        if !self.text.is_empty() {
            self.text.push('*');
        }
        self.text.push_str(input);
        self.sends(world).screen
    }

    fn types_all(&mut self, world: &mut World, inputs: &[&str]) -> String {
        let mut last = String::new();
        for input in inputs {
            last = self.types(world, input);
        }
        last
    }
}

fn sent(world: &mut World, session: &str, phone: &str, service: Service, text: &str, form: UssdText) -> UssdScreen {
    let step = UssdStep {
        name: name(session),
        phone: Phone::parse(phone, Country::Kenya).unwrap(),
        service,
        text: Secret(text.to_owned()),
        form,
    };
    match world.ask_as(Actor::Ussd, None, Request::Ussd(step)) {
        Ok(Response::Ussd(shown)) => shown,
        other => panic!("{other:?}"),
    }
}

fn name(session: &str) -> UssdName {
    UssdName {
        aggregator: Aggregator::AfricasTalking,
        session: session.to_owned(),
    }
}

fn ended(world: &mut World, session: &str) {
    let name = name(session);
    assert_eq!(
        world.ask_as(Actor::Ussd, None, Request::EndUssd { name }),
        Ok(Response::Done)
    );
}

/// All that is kept of sessions, as text.
fn kept(world: &World) -> Vec<String> {
    let books = world.read();
    let mut rows = books
        .prepare("SELECT session || seen || screen FROM ussd_session")
        .unwrap();
    let rows = rows.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn d19_somebody_registers_step_by_step_and_has_an_account() {
    let mut world = World::new();
    let mut call = Call::new("s1", "0733000001");
    let first = call.sends(&mut world);
    assert_eq!(first.screen, "Enter your name\n(1: I had another number)");
    assert!(first.goes_on);
    assert_eq!(call.types(&mut world, "Amina Odhiambo"), "Enter your city");
    assert_eq!(call.types(&mut world, "Kisumu"), "Enter 4-digit PIN");
    assert_eq!(call.types(&mut world, "4071"), "Enter the PIN again");
    let review = call.types(&mut world, "4071");
    assert_eq!(
        review,
        "Name: Amina Odhiambo\nCity: Kisumu\n1. Right\n2. Change\n0. Exit"
    );
    // Not found right yet: no account.
    let phone = Phone::parse("0733000001", Country::Kenya).unwrap();
    let found = |world: &World| read::customer_by_phone(&world.read(), phone).unwrap().unwrap();
    assert_eq!((found(&world).account, found(&world).has_pin), (None, true));
    let made = call.types(&mut world, "1");
    let account = found(&world).account.unwrap();
    assert_eq!(made, format!("Account created! ID: {account}\n0. Back"));
    assert!(call.types(&mut world, "0").starts_with("Hello Amina\n1. Buy water"));
    assert_eq!(found(&world).city, "Kisumu");
    let rows = kept(&world);
    assert!(
        !rows.is_empty() && rows.iter().all(|row| !row.contains("4071")),
        "{rows:?}"
    );
}

#[test]
fn water_bought_by_a_prompt_is_bought_once_however_often_the_step_comes() {
    let mut world = World::new();
    let customer = world.customer(JANE, None);
    let mut call = Call::new("s1", JANE);
    assert_eq!(call.sends(&mut world).screen, MENU);
    assert_eq!(
        call.types_all(&mut world, &["1", "2"]),
        "How many litres?\n20 l cost KES 40.\n0. Back"
    );
    assert!(
        call.types(&mut world, "20")
            .starts_with("20 l: KES 40\n1. Pay by mobile money")
    );
    let prompted = call.types(&mut world, "1");
    assert!(
        prompted.starts_with("Please confirm KES 40 on your phone"),
        "{prompted}"
    );
    for _ in 0..3 {
        let again = call.sends(&mut world);
        assert_eq!((again.screen.as_str(), again.goes_on), (prompted.as_str(), false));
    }
    let prompts = world.prompts();
    assert_eq!(
        prompts.iter().map(|prompt| prompt.amount.minor).collect::<Vec<_>>(),
        [4_000]
    );
    paid(&mut world, 0, "RCPT1");
    assert_eq!(world.balance_ml(customer), 20_000);
    world.ledger();
    let mut later = Call::new("s2", JANE);
    later.sends(&mut world);
    assert_eq!(
        later.types_all(&mut world, &["2", "1"]),
        "Prepaid: 20 l\nJerrycans: 0\nWallet: KES 0\n0. Back"
    );
    assert_eq!(
        later.types_all(&mut world, &["0", "0", "4"]),
        "MY ORDERS\n20/11 20 l KES 40: paid\n0. Back"
    );
}

#[test]
fn a_restart_in_the_middle_of_a_session_loses_nothing() {
    let mut world = World::new();
    world.customer(JANE, None);
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
    world.customer(JANE, None);
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
    world.customer(JANE, None);
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
    world.customer(JANE, None);
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
    world.customer(JANE, None);
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
fn wrong_pins_are_counted_with_those_of_the_taps() {
    let mut world = World::new();
    world.add_site("kibera-3");
    let customer = world.customer(JANE, Some("kibera-3"));
    world.credit(customer, 30_000);
    bought(world.ask(buy(customer, Item::Deposit(100_000), Pay::Prompt)));
    paid(&mut world, 0, "RCPT1");
    // Two at the tap, three by phone: the fifth locks both.
    for request in ["r1", "r2"] {
        let denied = verify(&mut world, ask("9382", 1_000, Some(request))).unwrap().denied;
        assert_eq!(denied, Some(Reason::WrongPin));
    }
    let mut call = Call::new("s1", JANE);
    call.sends(&mut world);
    assert_eq!(
        call.types_all(&mut world, &["1", "2", "40", "2"]),
        "Enter your PIN:\n0. Cancel"
    );
    assert_eq!(
        call.types_all(&mut world, &["9382", "9383"]),
        "Wrong PIN\nEnter your PIN:\n0. Cancel"
    );
    assert_eq!(
        call.types(&mut world, "9384"),
        "Too many wrong PINs. Please dial again later."
    );
    let denied = verify(&mut world, ask("4071", 1_000, Some("r3"))).unwrap().denied;
    assert_eq!(denied, Some(Reason::Locked));
    let mut again = Call::new("s2", JANE);
    again.sends(&mut world);
    let locked = again.types_all(&mut world, &["1", "2", "40", "2", "4071"]);
    assert!(
        locked.starts_with("Too many wrong PINs. Try again in 15 min"),
        "{locked}"
    );
    assert_eq!(world.shown(customer).wallet_minor, 100_000);
    // When the lock is over, the right PIN pays.
    world.pass(15 * MINUTE_MS);
    let mut last = Call::new("s3", JANE);
    last.sends(&mut world);
    // 40 litres cost 80 shillings of 1000.
    assert_eq!(
        last.types_all(&mut world, &["1", "2", "40", "2", "4071"]),
        "Paid KES 80. Your wallet has KES 920 left.\n0. Back"
    );
    assert_eq!(world.balance_ml(customer), 70_000);
    world.ledger();
}

#[test]
fn what_cannot_be_is_said_and_changes_nothing() {
    let mut world = World::new();
    let customer = world.customer(JANE, None);
    let mut call = Call::new("s1", JANE);
    call.sends(&mut world);
    let poor = call.types_all(&mut world, &["1", "2", "20", "2", "4071"]);
    assert_eq!(poor, "Your wallet has only KES 0.\n0. Back");
    assert!(
        call.types_all(&mut world, &["0", "4"])
            .contains("You have no orders yet.")
    );
    // Nothing offers loans yet, and nobody takes reports.
    assert!(
        call.types_all(&mut world, &["0", "5"])
            .starts_with("Loans are not possible here")
    );
    assert!(
        call.types_all(&mut world, &["0", "6", "1", "the tap leaks"])
            .starts_with("This is not possible now.")
    );
    assert_eq!(call.types_all(&mut world, &["0", "3"]), "You owe nothing.\n0. Back");
    assert_eq!(world.shown(customer).wallet_minor, 0);
    world.ledger();
}

#[test]
fn a_subscription_chosen_elsewhere_takes_the_home_there_when_it_is_paid() {
    let mut world = World::new();
    let home = world.site("kibera-3");
    world.site("soko");
    let customer = world.customer(JANE, Some("kibera-3"));
    world.credit(customer, 20_000);
    let mut call = Call::new("s1", JANE);
    call.sends(&mut world);
    assert_eq!(
        call.types_all(&mut world, &["1", "1"]),
        "Subscribe at:\n1. kibera-3\n2. soko\n0. Back"
    );
    call.types_all(&mut world, &["2", "1"]);
    let site = |world: &World| world.shown(customer).site.unwrap().to_string();
    assert_eq!(
        (site(&world).as_str(), world.prompts()[0].amount.minor),
        ("kibera-3", 30_000)
    );
    assert!(world.gateways[home].session.is_some());
    paid(&mut world, 0, "RCPT1");
    assert_eq!(site(&world), "soko");
    assert_eq!(world.shown(customer).subscription.unwrap().site.as_str(), "soko");
    let mut later = Call::new("s2", JANE);
    later.sends(&mut world);
    let code = later.types_all(&mut world, &["2", "3"]);
    // 30 days after 20 November.
    assert!(code.contains("at soko until 20/12/2026."), "{code}");
}

#[test]
fn a_flood_from_one_number_is_not_let_in() {
    let mut world = World::new();
    world.customer(JANE, None);
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
    world.customer(JANE, None);
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
    world.customer(JANE, None);
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
fn usage_is_told_by_week_and_month() {
    let mut world = World::new();
    world.add_site("kibera-3");
    let customer = world.customer(JANE, Some("kibera-3"));
    world.credit(customer, 100_000);
    // Friday 20 November less 12, 5, 4 and 0 days: the 8th and the 15th are before this week's Monday, the 16th.
    world.now = world.now.plus_ms(-12 * DAY_MS);
    for (request, days, volume_ml) in [("r1", 7, 1_000), ("r2", 1, 2_000), ("r3", 4, 4_000), ("r4", 0, 8_000)] {
        verify(&mut world, ask("4071", volume_ml, Some(request))).unwrap();
        crate::dispenses::reported(&mut world, request, volume_ml);
        world.now = world.now.plus_ms(days * DAY_MS);
    }
    assert_eq!(world.balance_ml(customer), 85_000);
    let mut call = Call::new("s1", JANE);
    call.sends(&mut world);
    assert_eq!(
        call.types_all(&mut world, &["2", "4"]),
        "This week: 12 l\nLast week: 2 l\nThis month: 15 l\nLast month: 0 l\n0. Back"
    );
}

#[test]
fn whoever_unsubscribes_keeps_their_prepaid_litres_and_can_subscribe_again() {
    let mut world = World::new();
    world.site("kibera-3");
    let customer = world.customer(JANE, Some("kibera-3"));
    world.credit(customer, 20_000);
    let month = || buy(customer, Item::Plan("monthly".to_owned()), Pay::Prompt);
    bought(world.ask(month()));
    paid(&mut world, 0, "RCPT1");
    let texts = world.texts().len();
    let mut call = Call::new("s1", JANE);
    call.sends(&mut world);
    let asked = call.types_all(&mut world, &["7", "4"]);
    assert!(asked.starts_with("End your subscription?"), "{asked}");
    assert_eq!(
        call.types_all(&mut world, &["1", "4071"]),
        "You are unsubscribed.\n0. Back"
    );
    let shown = world.shown(customer);
    assert_eq!((shown.balance_ml, shown.allowance_ml), (20_000, 0));
    assert!(shown.subscription.unwrap().expired);
    // The month's price is earned now, and the prepaid litres (20 at 0.2 cents a millilitre) are not.
    assert_eq!((world.ledger()["sales"], world.ledger()["water"]), (-30_000, -4_000));
    assert_eq!(
        call.types_all(&mut world, &["0", "7", "4", "1", "4071"]),
        "There is no valid subscription.\n0. Back"
    );
    world.pass(40 * DAY_MS);
    assert_eq!(world.texts().len(), texts, "nobody hears of the end of what they ended");
    bought(world.ask(month()));
    paid(&mut world, 1, "RCPT2");
    assert_eq!(world.shown(customer).allowance_ml, 30 * 20_000);
}

#[test]
fn somebody_who_began_by_phone_and_registers_at_a_kiosk_is_one_customer() {
    let mut world = World::new();
    let site = world.site("kibera-3");
    let mut call = Call::new("s1", "0733000001");
    call.sends(&mut world);
    call.types_all(&mut world, &["Amina Odhiambo", "Kisumu", "4071", "4071"]);
    world.pass(SECOND_MS);
    register(&mut world, site, CustomerId(0xa11), "+254733000001", "9382", 0);
    let phone = Phone::parse("0733000001", Country::Kenya).unwrap();
    let known = read::customer_by_phone(&world.read(), phone).unwrap().unwrap();
    assert_eq!((known.name.as_str(), known.city.as_str()), ("Amina Odhiambo", "Kisumu"));
    assert!(known.account.is_some());
    // The registration that came first stays, with its PIN.
    assert_ne!(known.id, CustomerId(0xa11));
    let menu = call.types(&mut world, "1");
    assert!(menu.starts_with("Account created! ID: "), "{menu}");
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
