//! Managers of sites who work by phone (FEATURES A18 to A20, U2): who is one, their PIN, and each entry of their menu.

use hub::hub::{
    effect::{Refusal, Response},
    input::{Actor, CustomerChange, Item, NewManager, Pay, ReplyId, Request},
    operator::Role,
    store::read,
};
use kiosk::{
    fact::{Fact, Hour},
    ids::{CustomerId, Lane},
    moment::{DAY_MS, HOUR_MS, MINUTE_MS, Wall},
    talk::ussd::Service,
};
use sync::record::Record;

use crate::{
    cash::{floats, hand_in, musa, set},
    payments::{bought, buy, paid},
    ussd::{Call, JANE},
    world::World,
};

const MUSA: &str = "0733000009";
const MENU: &str = "SITE kibera-3\n1. Check subscription\n2. Hand out jerrycans\n3. Take cash\n4. Today\n5. Offline taps\n6. Message to customers\n0. Exit";
const USE_THE_PAGE: &str = "Please use the page at the kiosk: the water is held there.\n0. Back";

fn new(phone: &str, login: Option<&str>) -> NewManager {
    NewManager {
        site: "kibera-3".parse().unwrap(),
        phone: phone.to_owned(),
        name: "Musa Otieno".to_owned(),
        language: None,
        login: login.map(str::to_owned),
    }
}

fn add(world: &mut World, phone: &str, login: Option<&str>) -> Result<Response, Refusal> {
    world.ask(Request::AddManager(new(phone, login)))
}

/// Musa manages kibera-3, and has chosen 2580.
fn hired(world: &mut World, session: &'static str, login: Option<&str>) {
    let Ok(Response::Secret { secret }) = add(world, MUSA, login) else {
        panic!("a first PIN")
    };
    let mut call = Call::new(session, MUSA);
    call.sends(world);
    let menu = call.types_all(world, &[&secret, "2580", "2580", "0"]);
    assert_eq!(menu, MENU);
}

fn month(world: &mut World, customer: CustomerId) {
    bought(world.ask(buy(customer, Item::Plan("monthly".to_owned()), Pay::Prompt)));
    let place = world.prompts().len() - 1;
    paid(world, place, "RCPT1");
}

fn screen(world: &World, reply: ReplyId) -> Option<String> {
    match world.said(reply)? {
        Ok(Response::Ussd(shown)) => Some(shown.screen),
        other => panic!("{other:?}"),
    }
}

/// A gateway closes all that it was asked for and has not closed yet, but for the first `kept`.
fn close(world: &mut World, site: usize, kept: usize) {
    for grant in world.gateways[site].recalled().into_iter().skip(kept) {
        world.site_writes(site, Fact::Closed { grant });
    }
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
    // It was cut off in the middle of that, and goes on there.
    wrong.types_all(&mut world, &["6", "the tap is mended", "1", "0004", "0005"]);
    let locked = wrong.types(&mut world, "2580");
    assert!(
        locked.starts_with("Too many wrong PINs. Try again in 15 min"),
        "{locked}"
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
fn a_caller_who_is_customer_and_manager_chooses_and_has_one_pin() {
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
fn a_phone_whose_customer_moved_away_gets_no_pin_of_its_finders_choice() {
    let mut world = World::new();
    world.add_site("kibera-3");
    let jane = world.customer(JANE, Some("kibera-3"));
    add(&mut world, JANE, None).unwrap();
    let change = CustomerChange {
        phone: Some("0700000103".to_owned()),
        ..CustomerChange::default()
    };
    let changed = Request::UpdateCustomer { customer: jane, change };
    world.ask(changed).unwrap();
    let mut call = Call::new("s1", JANE);
    assert_eq!(call.sends(&mut world).screen, MENU);
    let asked = call.types_all(&mut world, &["6", "the tap is mended", "1"]);
    assert_eq!(asked, "Enter your PIN:\n0. Cancel");
    assert_eq!(call.types(&mut world, "2580"), "Wrong PIN\nEnter your PIN:\n0. Cancel");
    // A first PIN that was given meanwhile is right, and does nothing.
    let reset = Request::ResetManagerPin {
        site: "kibera-3".parse().unwrap(),
        manager: 1,
    };
    let Ok(Response::Secret { secret }) = world.ask(reset) else {
        panic!("a first PIN")
    };
    assert_eq!(call.types(&mut world, &secret), "You may not do this.\n0. Back");
}

#[test]
fn a_manager_who_becomes_a_customer_keeps_the_pin() {
    let mut world = World::new();
    world.add_site("kibera-3");
    hired(&mut world, "h1", None);
    let mut call = Call::of("s1", MUSA, Service::Household);
    call.sends(&mut world);
    let review = call.types_all(&mut world, &["Musa Otieno", "Kisumu"]);
    assert!(review.starts_with("Name: Musa Otieno"), "{review}");
    call.types(&mut world, "1");
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

#[test]
fn a_customer_is_verified_by_phone_account_or_code_at_their_own_site_alone() {
    let mut world = World::new();
    world.add_site("kibera-3");
    world.add_site("soko");
    hired(&mut world, "h1", None);
    let jane = world.customer(JANE, Some("kibera-3"));
    world.customer("0700000103", Some("soko"));
    world.credit(jane, 20_000);
    let mut call = Call::new("s1", MUSA);
    call.sends(&mut world);
    assert_eq!(
        call.types_all(&mut world, &["1", JANE]),
        "Jane Wanjiku: no subscription. Prepaid 20 l.\n0. Back"
    );
    month(&mut world, jane);
    let code = world.shown(jane).subscription.unwrap().code;
    let account = world.shown(jane).account.unwrap().to_string();
    // 30 days after 20 November.
    let valid = "Jane Wanjiku: valid at kibera-3 until 20/12/2026, 30 jerrycans left. Prepaid 20 l.\n0. Back";
    assert_eq!(call.types_all(&mut world, &["0", "1", &code]), valid);
    assert_eq!(call.types_all(&mut world, &["0", "1", &account]), valid);
    assert_eq!(
        call.types_all(&mut world, &["0", "1", "0700000103"]),
        "This customer belongs to another site.\n0. Back"
    );
    assert_eq!(
        call.types_all(&mut world, &["0", "1", "0700000999"]),
        "Nobody is registered with this.\n0. Back"
    );
}

#[test]
fn jerrycans_are_handed_out_once_the_site_has_given_the_right_back() {
    let mut world = World::new();
    let site = world.site("kibera-3");
    hired(&mut world, "h1", None);
    let jane = world.customer(JANE, Some("kibera-3"));
    world.credit(jane, 100_000);
    month(&mut world, jane);
    let texts = world.texts().len();
    let mut call = Call::new("s1", MUSA);
    call.sends(&mut world);
    call.types_all(&mut world, &["2", JANE, "3", "1"]);
    let waits = call.types_patiently(&mut world, "2580");
    assert_eq!(screen(&world, waits), None);
    close(&mut world, site, 0);
    let done = "Handed out. 27 jerrycans are left.\n0. Back";
    assert_eq!(screen(&world, waits).as_deref(), Some(done));
    // However often the step comes, they are handed out once.
    assert_eq!(call.sends(&mut world).screen, done);
    world.restart();
    assert_eq!(call.sends(&mut world).screen, done);
    let shown = world.shown(jane);
    assert_eq!((shown.allowance_ml, shown.balance_ml), (27 * 20_000, 100_000));
    world.ledger();
    assert_eq!(
        world.texts()[texts..],
        ["3 jerrycans were handed out to you at kibera-3. 27 are left. Was it not you? Tell us."]
    );
    // A visit of the site, with what was taken.
    let rows = read::transactions(&world.read(), &read::TransactionFilter::default(), i64::MAX, 1).unwrap();
    let visit = &rows.items[0];
    assert_eq!(
        (visit.kind.as_str(), visit.volume_ml, visit.customer),
        ("dispense", 60_000, Some(jane))
    );
}

#[test]
fn prepaid_litres_are_no_jerrycans_and_more_than_is_left_is_refused() {
    let mut world = World::new();
    world.add_site("kibera-3");
    hired(&mut world, "h1", None);
    let jane = world.customer(JANE, Some("kibera-3"));
    world.credit(jane, 100_000);
    let mut call = Call::new("s1", MUSA);
    call.sends(&mut world);
    assert_eq!(
        call.types_all(&mut world, &["2", JANE, "3", "1", "2580"]),
        "There is no valid subscription.\n0. Back"
    );
    month(&mut world, jane);
    assert_eq!(
        call.types_all(&mut world, &["0", "2", JANE, "31", "1", "2580"]),
        "There is not enough water left.\n0. Back"
    );
    assert_eq!(
        call.types_all(&mut world, &["0", "2", JANE, "30", "1", "2580"]),
        "Handed out. 0 jerrycans are left.\n0. Back"
    );
    world
        .ask(Request::SetActive {
            customer: jane,
            active: false,
        })
        .unwrap();
    assert_eq!(
        call.types_all(&mut world, &["0", "2", JANE, "1", "1", "2580"]),
        "The account is not active. Please ask the manager.\n0. Back"
    );
    assert_eq!(world.balance_ml(jane), 100_000);
}

#[test]
fn a_site_that_cannot_be_asked_or_does_not_answer_keeps_its_rights() {
    let mut world = World::new();
    let site = world.site("kibera-3");
    hired(&mut world, "h1", None);
    let jane = world.customer(JANE, Some("kibera-3"));
    month(&mut world, jane);
    world.unlink(site);
    let mut call = Call::new("s1", MUSA);
    call.sends(&mut world);
    assert_eq!(call.types_all(&mut world, &["2", JANE, "3", "1", "2580"]), USE_THE_PAGE);
    world.link(site);
    call.types_all(&mut world, &["0", "2", JANE, "3", "1"]);
    let waits = call.types_patiently(&mut world, "2580");
    world.pass(3_999);
    assert_eq!(screen(&world, waits), None);
    world.pass(1);
    assert_eq!(screen(&world, waits).as_deref(), Some(USE_THE_PAGE));
    assert_eq!(world.shown(jane).allowance_ml, 30 * 20_000);
    // What comes later is granted to the site again.
    close(&mut world, site, 0);
    assert_eq!(world.gateways[site].grants().last().unwrap().volume.ml(), 600_000);
    world.ledger();
}

#[test]
fn cash_by_phone_is_owed_as_cash_at_the_site_is() {
    let mut world = World::new();
    let site = world.site("kibera-3");
    let jane = world.customer(JANE, Some("kibera-3"));
    set(&mut world, 10_000).unwrap();
    hired(&mut world, "h1", Some("musa"));
    let mut call = Call::new("s1", MUSA);
    call.sends(&mut world);
    let confirm = call.types_all(&mut world, &["3", JANE, "60"]);
    // 2 shillings a litre.
    assert_eq!(confirm, "Jane Wanjiku: KES 60 for 30 l\n1. Confirm\n0. Cancel");
    call.types(&mut world, "1");
    // The float lies at the site: it is asked back first.
    let waits = call.types_patiently(&mut world, "2580");
    assert_eq!(screen(&world, waits), None);
    close(&mut world, site, 0);
    let sold = screen(&world, waits).unwrap();
    assert!(sold.starts_with("Sold 30 l. Receipt "), "{sold}");
    assert_eq!(call.sends(&mut world).screen, sold);
    assert_eq!(world.balance_ml(jane), 30_000);
    let standing = musa(&world);
    assert_eq!((standing.owed_minor, standing.open_minor), (6_000, 4_000));
    let books = world.ledger();
    assert_eq!(
        (books[&format!("float:{}", standing.id)], books["water"]),
        (6_000, -6_000)
    );
    assert_eq!(floats(&world, site).last().unwrap().amount_minor, 4_000);
    let text = world.texts().pop().unwrap();
    assert!(text.contains("KES 60") && text.contains("30 l"), "{text}");
    // The limit is one limit, at the site and by phone.
    assert_eq!(
        call.types_all(&mut world, &["0", "3", JANE, "41", "1", "2580"]),
        "Your cash limit is used up. Hand the cash in first.\n0. Back"
    );
    hand_in(&mut world, 6_000, None).unwrap();
    assert_eq!(musa(&world).owed_minor, 0);
    let rows = read::transactions(&world.read(), &read::TransactionFilter::default(), i64::MAX, 10).unwrap();
    let cash = rows.items.iter().find(|row| row.kind == "cash").unwrap();
    assert_eq!((cash.amount_minor, cash.volume_ml), (6_000, 30_000));
    assert!(sold.contains(cash.receipt.as_deref().unwrap()));
}

#[test]
fn cash_is_taken_by_nobody_without_a_float_nor_beyond_a_cut_nor_in_doubt() {
    let mut world = World::new();
    let site = world.site("kibera-3");
    let jane = world.customer(JANE, Some("kibera-3"));
    hired(&mut world, "h1", None);
    let takes = ["3", JANE, "60", "1", "2580"];
    let mut call = Call::new("s1", MUSA);
    call.sends(&mut world);
    assert_eq!(call.types_all(&mut world, &takes), "You may not do this.\n0. Back");
    let remove = Request::RemoveManager {
        site: "kibera-3".parse().unwrap(),
        manager: 1,
    };
    world.ask(remove).unwrap();
    assert_eq!(add(&mut world, MUSA, Some("musa")).unwrap_err().code, "no_float");
    set(&mut world, 10_000).unwrap();
    world.pass(MINUTE_MS);
    hired(&mut world, "h2", Some("musa"));
    world.unlink(site);
    let mut call = Call::new("s2", MUSA);
    call.sends(&mut world);
    assert_eq!(call.types_all(&mut world, &takes), USE_THE_PAGE);
    // The site answers too late, and gets its float again.
    world.link(site);
    call.types_all(&mut world, &["0", "3", JANE, "60", "1"]);
    let waits = call.types_patiently(&mut world, "2580");
    world.pass(4_000);
    assert_eq!(screen(&world, waits).as_deref(), Some(USE_THE_PAGE));
    close(&mut world, site, 0);
    assert_eq!(floats(&world, site).last().unwrap().amount_minor, 10_000);
    world.backup();
    for site in ["soko", "mji"] {
        world.site(site);
    }
    world.restore();
    assert!(read::in_doubt(&world.read()).unwrap());
    let mut call = Call::new("s3", MUSA);
    call.sends(&mut world);
    let denied = call.types_all(&mut world, &takes);
    assert!(denied.starts_with("This is not possible now."), "{denied}");
    assert_eq!((world.balance_ml(jane), musa(&world).owed_minor), (0, 0));
}

#[test]
fn the_figures_of_today_begin_at_the_sites_midnight() {
    let mut world = World::new();
    world.add_site("kibera-3");
    hired(&mut world, "h1", None);
    let jane = world.customer(JANE, Some("kibera-3"));
    world.now = world.now.plus_ms(-DAY_MS);
    month(&mut world, jane);
    let mut call = Call::new("s1", MUSA);
    call.sends(&mut world);
    call.types_all(&mut world, &["2", JANE, "2", "1", "2580"]);
    world.now = world.now.plus_ms(DAY_MS);
    let mut call = Call::new("s2", MUSA);
    call.sends(&mut world);
    let today = |pours: u32, litres: u32| {
        format!("TODAY\nPoured {pours} times, {litres} l\nCash KES 0\nPaid by phone KES 0\n0. Back")
    };
    assert_eq!(call.types(&mut world, "4"), today(0, 0));
    call.types_all(&mut world, &["0", "2", JANE, "3", "1", "2580"]);
    assert_eq!(call.types_all(&mut world, &["0", "4"]), today(1, 60));
}

#[test]
fn taps_that_their_site_has_not_heard_for_hours_are_offline() {
    let mut world = World::new();
    let site = world.site("kibera-3");
    hired(&mut world, "h1", None);
    let noon = world.now;
    let heard = |world: &mut World, tap: &str, hour: i64| {
        let record = Hour {
            dispenser: tap.parse().unwrap(),
            hour: Wall(noon.0 - hour * HOUR_MS),
            heartbeats: 30,
            firmware: "1.4.2".to_owned(),
            pulses_total: 1,
        };
        world.gateway_writes(site, Lane::Telemetry, Record::Hour(record));
    };
    // The hours that began one, two, three hours and eight days ago.
    for (tap, hour) in [
        ("tap-1", 1),
        ("tap-2", 2),
        ("tap-3", 3),
        ("tap-4", 8 * 24),
        ("tap-1", 5),
    ] {
        heard(&mut world, tap, hour);
    }
    let mut call = Call::new("s1", MUSA);
    call.sends(&mut world);
    assert_eq!(call.types(&mut world, "5"), "OFFLINE TAPS\ntap-3\n0. Back");
    heard(&mut world, "tap-3", 0);
    assert_eq!(call.types_all(&mut world, &["0", "5"]), "All taps are online.\n0. Back");
}

#[test]
fn a_message_to_the_customers_counts_them_and_is_not_sent_yet() {
    let mut world = World::new();
    world.add_site("kibera-3");
    world.add_site("soko");
    hired(&mut world, "h1", None);
    for (phone, site) in [(JANE, "kibera-3"), ("0700000103", "kibera-3"), ("0700000104", "soko")] {
        world.customer(phone, Some(site));
    }
    let mut call = Call::new("s1", MUSA);
    call.sends(&mut world);
    assert_eq!(
        call.types_all(&mut world, &["6", "no water on Monday"]),
        "To 2 customers, 1 SMS each\n1. Send\n0. Cancel"
    );
    let denied = call.types_all(&mut world, &["1", "2580"]);
    assert!(denied.starts_with("This is not possible now."), "{denied}");
}
