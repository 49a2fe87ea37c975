//! People who call by USSD: their sessions, and what the menus do to the books (FEATURES A1 to A7, B10 to B17, X8).

use hub::hub::{
    effect::{Response, UssdScreen},
    input::{Actor, Aggregator, Item, Pay, ReplyId, Request, Secret, UssdName, UssdStep, UssdText},
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

pub const JANE: &str = "0700000102";
pub const MENU: &str =
    "Hello Jane\n1. Buy water\n2. My water\n3. Pay bill\n4. My orders\n5. Loans\n6. Help\n7. My account\n0. Exit";

/// A phone in a session that Africa's Talking carries.
pub struct Call {
    session: &'static str,
    phone: &'static str,
    service: Service,
    text: String,
}

impl Call {
    pub fn new(session: &'static str, phone: &'static str) -> Call {
        Call::to(session, phone, Service::Water)
    }

    pub fn to(session: &'static str, phone: &'static str, service: Service) -> Call {
        Call {
            session,
            phone,
            service,
            text: String::new(),
        }
    }

    /// Delivers the text as it stands.
    pub fn sends(&self, world: &mut World) -> UssdScreen {
        sent(
            world,
            self.session,
            self.phone,
            self.service,
            &self.text,
            UssdText::Joined,
        )
    }

    pub fn types(&mut self, world: &mut World, input: &str) -> String {
        if !self.text.is_empty() {
            self.text.push('*');
        }
        self.text.push_str(input);
        self.sends(world).screen
    }

    /// Types something that a site may have to answer first.
    pub fn types_patiently(&mut self, world: &mut World, input: &str) -> ReplyId {
        self.text.push('*');
        self.text.push_str(input);
        self.sends_patiently(world)
    }

    /// Delivers that once more.
    pub fn sends_patiently(&self, world: &mut World) -> ReplyId {
        let asked = step(self.session, self.phone, self.service, &self.text, UssdText::Joined);
        world.ask_patiently(Actor::Ussd, None, Request::Ussd(asked))
    }

    pub fn types_all(&mut self, world: &mut World, inputs: &[&str]) -> String {
        let mut last = String::new();
        for input in inputs {
            last = self.types(world, input);
        }
        last
    }
}

pub fn sent(world: &mut World, session: &str, phone: &str, service: Service, text: &str, form: UssdText) -> UssdScreen {
    let step = step(session, phone, service, text, form);
    match world.ask_as(Actor::Ussd, None, Request::Ussd(step)) {
        Ok(Response::Ussd(shown)) => shown,
        other => panic!("{other:?}"),
    }
}

fn step(session: &str, phone: &str, service: Service, text: &str, form: UssdText) -> UssdStep {
    UssdStep {
        name: name(session),
        phone: Phone::parse(phone, Country::Kenya).unwrap(),
        service,
        text: Secret(text.to_owned()),
        form,
    }
}

/// Jane, who draws at kibera-3.
pub fn at_home(world: &mut World) -> CustomerId {
    world.add_site("kibera-3");
    world.customer(JANE, Some("kibera-3"))
}

pub fn name(session: &str) -> UssdName {
    UssdName {
        aggregator: Aggregator::AfricasTalking,
        session: session.to_owned(),
    }
}

/// All that is kept of sessions, as text.
pub fn kept(world: &World) -> Vec<String> {
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
    let customer = at_home(&mut world);
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
    let customer = at_home(&mut world);
    let mut call = Call::new("s1", JANE);
    call.sends(&mut world);
    let poor = call.types_all(&mut world, &["1", "2", "20", "2", "4071"]);
    assert_eq!(poor, "Your wallet has only KES 0.\n0. Back");
    assert!(
        call.types_all(&mut world, &["0", "4"])
            .contains("You have no orders yet.")
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
    let mut call = Call::new("s1", JANE);
    call.sends(&mut world);
    let asked = call.types_all(&mut world, &["7", "4"]);
    assert_eq!(
        asked,
        "End your subscription? Its 30 jerrycans are lost and not paid back. Prepaid litres stay yours.\n1. Yes\n0. Cancel"
    );
    assert_eq!(
        call.types_all(&mut world, &["1", "4071"]),
        "You are unsubscribed.\n0. Back"
    );
    let told = world.texts();
    assert!(
        told.last()
            .unwrap()
            .starts_with("Your water subscription has ended, as you wished.")
    );
    let texts = told.len();
    let shown = world.shown(customer);
    assert_eq!((shown.balance_ml, shown.allowance_ml), (20_000, 0));
    let ended = shown.subscription.unwrap();
    // Nobody reads that it "ended" in December.
    assert!(ended.expired && ended.valid_until <= world.now, "{ended:?}");
    // The month's price is earned now, and the prepaid litres (20 at 0.2 cents a millilitre) are not.
    assert_eq!((world.ledger()["sales"], world.ledger()["water"]), (-30_000, -4_000));
    assert_eq!(
        call.types_all(&mut world, &["0", "7", "4"]),
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
    let document = "SELECT count(*) FROM document WHERE name = ?1";
    let written = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
    let name = format!("customer:{}", known.id);
    let written = world.read().query_row(document, [name], written).unwrap();
    assert_eq!(written, 1, "sites read who it is");
    let menu = call.types(&mut world, "1");
    assert!(menu.starts_with("Account created! ID: "), "{menu}");
}
