//! Each entry of the menu of a site's manager (FEATURES A18, A19).

use hub::hub::{
    effect::Response,
    input::{Actor, Item, Pay, ReplyId, Request},
    store::read,
};
use kiosk::{
    fact::{Fact, Hour},
    ids::{CustomerId, Lane},
    moment::{DAY_MS, HOUR_MS, MINUTE_MS, Wall},
};
use sync::record::Record;

use crate::{
    cash::{floats, hand_in, musa, set},
    managers::{MUSA, add, hired},
    payments::{bought, buy, paid},
    ussd::{Call, JANE, name},
    world::World,
};

const USE_THE_PAGE: &str = "Please use the page at the kiosk: it is held there.\n0. Back";

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

/// A gateway closes all that it was asked for.
fn close(world: &mut World, site: usize) {
    for grant in world.gateways[site].recalled() {
        world.site_writes(site, Fact::Closed { grant });
    }
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
    let again = call.sends_patiently(&mut world);
    assert_eq!((screen(&world, waits), screen(&world, again)), (None, None));
    close(&mut world, site);
    let done = "Handed out. 27 jerrycans are left.\n0. Back";
    for reply in [waits, again] {
        assert_eq!(screen(&world, reply).as_deref(), Some(done));
    }
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
fn who_waits_when_the_hub_stops_has_taken_nothing_and_can_try_again() {
    let mut world = World::new();
    let site = world.site("kibera-3");
    hired(&mut world, "h1", None);
    let jane = world.customer(JANE, Some("kibera-3"));
    month(&mut world, jane);
    let mut call = Call::new("s1", MUSA);
    call.sends(&mut world);
    call.types_all(&mut world, &["2", JANE, "3", "1"]);
    let waits = call.types_patiently(&mut world, "2580");
    world.restart();
    world.link(site);
    close(&mut world, site);
    assert_eq!(screen(&world, waits), None);
    assert_eq!(world.shown(jane).allowance_ml, 30 * 20_000);
    // The step is delivered again, and the network ends the call while the site is asked.
    let waits = call.sends_patiently(&mut world);
    world
        .ask_as(Actor::Ussd, None, Request::EndUssd { name: name("s1") })
        .unwrap();
    for grant in world.gateways[site].grants().iter().map(|granted| granted.grant) {
        world.site_writes(site, Fact::Closed { grant });
    }
    let told = screen(&world, waits).unwrap();
    assert_eq!(told, "This did not work. Please dial again.");
    assert_eq!(world.shown(jane).allowance_ml, 30 * 20_000);
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
        "This customer's account is blocked, or a bill is overdue.\n0. Back"
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
    close(&mut world, site);
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
    close(&mut world, site);
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
    close(&mut world, site);
    assert_eq!(floats(&world, site).last().unwrap().amount_minor, 10_000);
    world.backup();
    for site in ["soko", "mji"] {
        world.site(site);
    }
    world.restore();
    assert!(read::in_doubt(&world.read()).unwrap());
    // Managers wait for an operator's word then.
    let reset = Request::ResetManagerPin {
        site: "kibera-3".parse().unwrap(),
        manager: 2,
    };
    let Ok(Response::Secret { secret }) = world.ask(reset) else {
        panic!("a first PIN")
    };
    let mut call = Call::new("s3", MUSA);
    call.sends(&mut world);
    call.types_all(&mut world, &[&secret, "2580", "2580", "0"]);
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
        // A clock that was ahead by an hour.
        ("tap-5", -1),
    ] {
        heard(&mut world, tap, hour);
    }
    let mut call = Call::new("s1", MUSA);
    call.sends(&mut world);
    assert_eq!(call.types(&mut world, "5"), "OFFLINE TAPS\ntap-3\n0. Back");
    heard(&mut world, "tap-3", 0);
    assert_eq!(call.types_all(&mut world, &["0", "5"]), "All taps are online.\n0. Back");
    world.now = world.now.plus_ms(3 * HOUR_MS);
    let mut call = Call::new("s2", MUSA);
    call.sends(&mut world);
    let offline = call.types(&mut world, "5");
    assert!(offline.contains("\ntap-5\n"), "{offline}");
}

#[test]
fn a_message_to_the_customers_goes_to_each_of_them_once_after_the_pin() {
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
    let count = |world: &World| {
        world
            .texts()
            .iter()
            .filter(|text| text.starts_with("no water on Monday"))
            .count()
    };
    call.types(&mut world, "1");
    assert_eq!(count(&world), 0);
    assert_eq!(
        call.types(&mut world, "2580"),
        "Your message goes out in the hours for texts.\n0. Back"
    );
    world.pass(60_000);
    assert_eq!(count(&world), 2);
    // The same again at once is a slip.
    let again = call.types_all(&mut world, &["0", "6", "no water on Monday", "1", "2580"]);
    assert_eq!(again, "This was sent already.\n0. Back");
    world.pass(60_000);
    assert_eq!(count(&world), 2);
}
