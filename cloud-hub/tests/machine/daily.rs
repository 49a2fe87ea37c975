//! What comes once a day (FEATURES A23 to A25, X11): at each site's own time, never twice, whatever stops the hub.

use hub::hub::{
    effect::Response,
    input::{Input, Item, NewSite, Pay, Request},
    side::SideLog,
    store::read,
};
use kiosk::{
    fact::How,
    ids::{CustomerId, SiteName},
    moment::{HOUR_MS, MINUTE_MS, Trust, Wall},
};
use runtime::machine::Machine;

use crate::{
    fleet::pour,
    payments::{bought, buy, paid},
    world::{World, ml},
};

fn site_in(world: &mut World, name: &str, zone: &str) {
    let new = NewSite {
        name: name.parse().unwrap(),
        title: None,
        time_zone: Some(zone.to_owned()),
        valid_ms: None,
    };
    assert!(matches!(
        world.ask(Request::AddSite(new)),
        Ok(Response::JoinCode { .. })
    ));
}

/// A customer who has just paid for a month.
fn subscriber(world: &mut World, phone: &str, site: &str) -> CustomerId {
    let customer = world.customer(phone, Some(site));
    let place = world.prompts().len();
    bought(world.ask(buy(customer, Item::Plan("monthly".to_owned()), Pay::Prompt)));
    paid(world, place, &format!("RCPT{place}"));
    customer
}

/// It becomes this time, and the hub notices.
fn at(world: &mut World, time: &str) {
    world.now = wall(time);
    world.give(Input::Tick);
}

fn wall(time: &str) -> Wall {
    let (day, hour) = time.split_once(' ').unwrap();
    let utc = kiosk::day::Zone::named("UTC").unwrap();
    let (hour, minute) = hour.split_once(':').unwrap();
    let minutes = hour.parse::<i64>().unwrap() * 60 + minute.parse::<i64>().unwrap();
    utc.begin(day.parse().unwrap()).plus_ms(minutes * MINUTE_MS)
}

fn texts_with(world: &World, words: &str) -> usize {
    world.texts().iter().filter(|text| text.contains(words)).count()
}

#[test]
fn a24_x11_reminders_wait_for_eight_in_the_morning_of_each_site() {
    let mut world = World::new();
    site_in(&mut world, "kibera-3", "Africa/Nairobi");
    site_in(&mut world, "goma-1", "Africa/Lubumbashi");
    // Paid at noon of 20 November in Nairobi (+3), 11:00 in Lubumbashi (+2): the last day is 20 December at both.
    subscriber(&mut world, "0700000101", "kibera-3");
    subscriber(&mut world, "0700000102", "goma-1");
    let reminded = |world: &World| texts_with(world, "ends on 20/12/2026");
    for (time, expected) in [
        ("2026-12-17 04:59", 0), // 07:59 in Nairobi
        ("2026-12-17 05:00", 1), // 08:00 there, three days before
        ("2026-12-17 05:59", 1),
        ("2026-12-17 06:00", 2), // 08:00 in Lubumbashi
        ("2026-12-17 12:00", 2),
        ("2026-12-18 12:00", 2), // two days before is no day of reminding
        ("2026-12-19 05:30", 3), // one day before, in Nairobi alone
        ("2026-12-19 06:30", 4),
        ("2026-12-20 12:00", 4),
    ] {
        at(&mut world, time);
        assert_eq!(reminded(&world), expected, "{time}: {:?}", world.texts());
    }
}

#[test]
fn a25_a_subscription_ends_at_its_moment_and_its_end_is_told_in_the_morning() {
    let mut world = World::new();
    site_in(&mut world, "kibera-3", "Africa/Nairobi");
    let customer = subscriber(&mut world, "0700000101", "kibera-3");
    let told = |world: &World| texts_with(world, "ended on 20/12/2026");
    let has_ended = |world: &World| world.shown(customer).subscription.unwrap().expired;
    // Midnight in Nairobi is 21:00 in UTC.
    at(&mut world, "2026-12-20 20:59");
    assert!(!has_ended(&world));
    at(&mut world, "2026-12-20 21:00");
    assert!(has_ended(&world));
    assert_eq!(world.shown(customer).allowance_ml, 0);
    at(&mut world, "2026-12-21 04:59");
    assert_eq!(told(&world), 0, "nobody is woken");
    at(&mut world, "2026-12-21 05:00");
    assert_eq!(told(&world), 1, "{:?}", world.texts());
    for time in ["2026-12-21 05:02", "2026-12-21 20:00", "2026-12-22 05:00"] {
        at(&mut world, time);
        assert_eq!(told(&world), 1, "{time}");
    }
}

#[test]
fn a25_whoever_renews_before_the_morning_hears_of_no_end() {
    let mut world = World::new();
    site_in(&mut world, "kibera-3", "Africa/Nairobi");
    let customer = subscriber(&mut world, "0700000101", "kibera-3");
    at(&mut world, "2026-12-21 03:00");
    assert!(world.shown(customer).subscription.unwrap().expired);
    bought(world.ask(buy(customer, Item::Plan("monthly".to_owned()), Pay::Prompt)));
    paid(&mut world, 1, "RCPT-NEW");
    for time in ["2026-12-21 06:00", "2026-12-22 06:00"] {
        at(&mut world, time);
        assert_eq!(texts_with(&world, "ended on"), 0, "{:?}", world.texts());
    }
    assert!(!world.shown(customer).subscription.unwrap().expired);
}

#[test]
fn a23_a_hub_that_was_off_for_five_days_catches_up_with_what_is_still_true() {
    let mut world = World::new();
    site_in(&mut world, "kibera-3", "Africa/Nairobi");
    subscriber(&mut world, "0700000101", "kibera-3");
    at(&mut world, "2026-11-22 12:00");
    // This one ends two days later: on 22 December.
    subscriber(&mut world, "0700000102", "kibera-3");
    at(&mut world, "2026-12-16 12:00");
    let before = world.texts().len();
    // Off from here to the 21st: the first was to be reminded on the 17th and the 19th and ended on the 20th, the second
    // was to be reminded on the 19th.
    world.now = wall("2026-12-21 03:00");
    world.restart();
    assert_eq!(world.texts().len(), before, "it is six in the morning");
    at(&mut world, "2026-12-21 05:00");
    let told = world.texts().split_off(before);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().any(|text| text.contains("ended on 20/12/2026")), "{told:?}");
    assert!(told.iter().any(|text| text.contains("ends on 22/12/2026")), "{told:?}");
    for _ in 0..24 {
        world.pass(HOUR_MS);
    }
    assert_eq!(world.texts().len(), before + 2);
}

/// Customers whose subscriptions end with 20 December.
fn many_subscribers(world: &mut World, count: u32) {
    for number in 0..count {
        world.customer(&format!("0700{number:06}"), Some("kibera-3"));
    }
    let subscribed = "INSERT INTO subscription (customer, site, plan, code, starts_ms, valid_until_ms, state)
         SELECT id, 'kibera-3', 'monthly', '0005724', created_ms, ?1, 'valid' FROM customer";
    let end = wall("2026-12-20 21:00").0;
    let connection = world.hub.database().connection();
    connection.execute(subscribed, [end]).unwrap();
}

/// Texts, and customers who have any.
fn outbox(world: &World) -> (i64, i64) {
    let sql = "SELECT count(*), count(DISTINCT customer) FROM outbox";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    world.read().query_row(sql, [], read).unwrap()
}

#[test]
fn a23_what_a_day_left_undone_waits_for_the_hour_of_the_next_and_is_not_repeated() {
    let mut world = World::new();
    site_in(&mut world, "kibera-3", "Africa/Nairobi");
    many_subscribers(&mut world, 90);
    at(&mut world, "2026-12-17 05:00");
    let told = outbox(&world).0;
    assert!(told > 0 && told < 90, "{told}");
    // Off until three in the morning of the next day: nobody is woken.
    world.now = wall("2026-12-18 00:00");
    world.restart();
    for _ in 0..5 {
        world.pass(1_000);
    }
    assert_eq!(outbox(&world).0, told);
    at(&mut world, "2026-12-18 05:00");
    for _ in 0..5 {
        world.pass(1_000);
    }
    assert_eq!(outbox(&world), (90, 90), "{told} were told the day before");
}

#[test]
fn a24_a_hub_that_dies_between_two_batches_reminds_everybody_once() {
    let mut world = World::new();
    site_in(&mut world, "kibera-3", "Africa/Nairobi");
    many_subscribers(&mut world, 450);
    world.now = wall("2026-12-17 05:00");
    let mut seen = Vec::new();
    for _ in 0..12 {
        // A tick whose commit never happened, then one that did, then the power goes.
        let moment = world.moment();
        world.hub.begin().unwrap();
        world.hub.handle(&moment, Input::Tick).unwrap();
        world.hub.abandon();
        world.give(Input::Tick);
        seen.push(outbox(&world).0);
        world.reopen();
        world.now = world.now.plus_ms(1_000);
    }
    assert!(seen[0] > 0 && seen[0] < 450, "no tick takes long: {seen:?}");
    assert_eq!(outbox(&world), (450, 450), "{seen:?}");
}

#[test]
fn a_clock_that_nobody_vouches_for_and_a_doubt_tell_nobody_anything() {
    let mut world = World::new();
    let site = world.site("kibera-3");
    world.unlink(site);
    let customer = subscriber(&mut world, "0700000101", "kibera-3");
    world.trust = Trust::None;
    at(&mut world, "2026-12-21 12:00");
    assert!(!world.shown(customer).subscription.unwrap().expired);
    assert_eq!(texts_with(&world, "20/12/2026"), 1, "the one that says it was paid");
    world.trust = Trust::Ntp;
    world.side.clone().append("generation 1").unwrap();
    world.restart();
    world.pass(2 * MINUTE_MS);
    assert_eq!(
        texts_with(&world, "ended on"),
        0,
        "it may have been told before the restore"
    );
    world.ask(Request::EndDoubt { at_risk_ml: 0 }).unwrap();
    world.pass(2 * MINUTE_MS);
    assert_eq!(
        texts_with(&world, "ended on"),
        0,
        "it was told at eight, for all that is known"
    );
}

#[test]
fn what_a_restored_hub_may_have_told_before_is_not_told_again() {
    // The doubt begins before or after eight in the morning in Nairobi, five in UTC; the texts are of that day.
    for (doubt, ends, ended) in [
        ("2026-12-17 04:30", 1, 0),
        ("2026-12-17 05:30", 0, 0),
        ("2026-12-21 04:30", 0, 1),
        ("2026-12-21 05:30", 0, 0),
    ] {
        let mut world = World::new();
        let site = world.site("kibera-3");
        world.unlink(site);
        subscriber(&mut world, "0700000101", "kibera-3");
        world.now = wall(doubt);
        world.side.clone().append("generation 1").unwrap();
        world.restart();
        world.ask(Request::EndDoubt { at_risk_ml: 0 }).unwrap();
        let day = doubt.split_once(' ').unwrap().0;
        at(&mut world, &format!("{day} 06:00"));
        world.pass(MINUTE_MS);
        let told = (texts_with(&world, "ends on"), texts_with(&world, "ended on"));
        assert_eq!(told, (ends, ended), "{doubt}: {:?}", world.texts());
    }
}

#[test]
fn a_hub_that_is_off_until_late_in_the_evening_wakes_nobody() {
    let mut world = World::new();
    site_in(&mut world, "kibera-3", "Africa/Nairobi");
    subscriber(&mut world, "0700000101", "kibera-3");
    // The last minute before eight in the evening, and eight: 17:00 in UTC.
    for (time, expected) in [
        ("2026-12-17 17:00", 0),
        ("2026-12-18 04:59", 0),
        ("2026-12-18 16:59", 1),
    ] {
        at(&mut world, time);
        assert_eq!(texts_with(&world, "ends on"), expected, "{time}");
    }
}

#[test]
fn what_the_evening_left_undone_waits_for_the_morning() {
    let mut world = World::new();
    site_in(&mut world, "kibera-3", "Africa/Nairobi");
    many_subscribers(&mut world, 450);
    at(&mut world, "2026-12-17 16:59");
    let told = outbox(&world).0;
    assert!(told > 0 && told < 450, "{told}");
    at(&mut world, "2026-12-17 17:01");
    assert_eq!(outbox(&world).0, told);
}

/// The same, and all that is due then is done: a batch of reports is one day.
fn all_done_at(world: &mut World, time: &str) {
    at(world, time);
    for _ in 0..8 {
        world.give(Input::Tick);
    }
}

fn report(world: &World, day: &str) -> Vec<read::Report> {
    read::reports(&world.read(), day.parse().unwrap()).unwrap()
}

#[test]
fn a_day_is_summed_up_after_midnight_of_the_site_and_again_once_the_site_is_heard() {
    let mut world = World::new();
    let site = world.site("kibera-3");
    site_in(&mut world, "goma-1", "Africa/Lubumbashi");
    let customer = world.customer("0700000101", Some("kibera-3"));
    let nowhere = world.customer("0700000102", None);
    for (place, customer) in [customer, nowhere].into_iter().enumerate() {
        bought(world.ask(buy(customer, Item::Litres(ml(40_000)), Pay::Prompt)));
        paid(&mut world, place, &format!("RCPT{place}"));
    }
    let grant = world.gateways[site].grants()[0].grant;
    let first = pour(&world, site, 1, grant, 15_000, How::Report);
    world.site_writes(site, first);
    // The link breaks in the evening; five litres more are drawn at night.
    world.now = wall("2026-11-20 17:00");
    world.unlink(site);
    world.now = wall("2026-11-20 20:00");
    let second = pour(&world, site, 2, grant, 5_000, How::Report);
    world.site_writes(site, second);
    all_done_at(&mut world, "2026-11-20 20:59");
    assert!(report(&world, "2026-11-20").is_empty(), "no site's day is over");
    all_done_at(&mut world, "2026-11-20 21:01");
    let made = report(&world, "2026-11-20");
    let sites: Vec<Option<&str>> = made
        .iter()
        .map(|report| report.site.as_ref().map(SiteName::as_str))
        .collect();
    assert_eq!(sites, [None, Some("kibera-3")], "it is 23:01 in Lubumbashi");
    // 40 litres are 8000 cents, and the second customer has no site.
    let mpesa = |report: &read::Report| report.money["mpesa"];
    assert_eq!((mpesa(&made[0]), mpesa(&made[1])), ((1, 8_000), (1, 8_000)));
    assert_eq!((made[1].pours, made[1].drawn_ml, made[1].heard), (1, 15_000, false));
    all_done_at(&mut world, "2026-11-20 22:01");
    assert_eq!(report(&world, "2026-11-20").len(), 3);
    // Heard on the next day: the report of the day before is made again after the next midnight.
    all_done_at(&mut world, "2026-11-21 06:00");
    world.link(site);
    assert_eq!(report(&world, "2026-11-20")[2].drawn_ml, 15_000);
    all_done_at(&mut world, "2026-11-21 21:01");
    let made = report(&world, "2026-11-20");
    assert_eq!((made[2].pours, made[2].drawn_ml, made[2].heard), (2, 20_000, true));
    let made_at = made[2].made;
    // What was heard may have told a part only: it is made three times again, and then it stands.
    let mut made = vec![made_at];
    for day in 22..=25 {
        all_done_at(&mut world, &format!("2026-11-{day} 21:01"));
        made.push(report(&world, "2026-11-20")[2].made);
    }
    made.dedup();
    assert_eq!(
        made,
        ["2026-11-21 21:01", "2026-11-22 21:01", "2026-11-23 21:01"].map(wall)
    );
}

#[test]
fn days_on_which_the_hub_was_off_have_their_reports_too() {
    let mut world = World::new();
    world.site("kibera-3");
    at(&mut world, "2026-11-22 12:00");
    for _ in 0..5 {
        world.pass(1_000);
    }
    let before = report(&world, "2026-11-19");
    assert!(
        before.iter().all(|report| report.site.is_none()),
        "the site was not there"
    );
    assert_eq!(report(&world, "2026-11-21").len(), 2);
    world.now = wall("2026-11-27 12:00");
    world.restart();
    for _ in 0..10 {
        world.pass(1_000);
    }
    for day in 22..=26 {
        assert_eq!(report(&world, &format!("2026-11-{day}")).len(), 2, "{day}");
    }
    assert!(report(&world, "2026-11-27").is_empty());
    // The first of all is of the day on which the site was added.
    let days: i64 = world
        .read()
        .query_row("SELECT count(*) FROM report WHERE site = 'kibera-3'", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(days, 7, "20 to 26 November");
}
