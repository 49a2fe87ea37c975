//! One text to many people: who gets it, when, and what a person may say of it.

use std::collections::BTreeSet;

use hub::hub::{
    effect::{BroadcastPlan, Effect, OutboxId, Refusal, Response},
    input::{Actor, CustomerChange, Input, NewBroadcast, NewCustomer, Request, TextOutcome},
    store::read::{self, Progress},
};
use kiosk::{
    ids::CustomerId,
    moment::{HOUR_MS, SECOND_MS, Trust},
    talk::{
        Language,
        broadcast::{Audience, LeftOut, Order, State},
        gsm7::Encoding,
    },
};

use crate::world::World;

pub const RESUME: Order = Order::Resume { may_repeat: false };

/// A world with a site and so many customers there, `0700000200` and on.
pub fn town(people: u32) -> (World, Vec<CustomerId>) {
    let mut world = World::new();
    world.add_site("kibera-3");
    let customers = (0..people).map(|number| world.customer(&format!("07000002{number:02}"), Some("kibera-3")));
    let customers = customers.collect();
    (world, customers)
}

pub fn closed_today() -> NewBroadcast {
    NewBroadcast::by_phone(&"kibera-3".parse().unwrap(), "Closed today", Language::English)
}

pub fn start(world: &mut World) -> Result<Response, Refusal> {
    world.ask(Request::StartBroadcast(closed_today()))
}

/// Begins a broadcast; its number.
pub fn begun(world: &mut World) -> i64 {
    match start(world) {
        Ok(Response::Broadcast { broadcast, state }) => {
            assert_eq!(state, State::Running);
            broadcast
        }
        other => panic!("{other:?}"),
    }
}

pub fn order(world: &mut World, broadcast: i64, order: Order) -> Result<State, String> {
    match world.ask(Request::OrderBroadcast { broadcast, order }) {
        Ok(Response::Broadcast { state, .. }) => Ok(state),
        Err(refusal) => Err(refusal.code.into_owned()),
        other => panic!("{other:?}"),
    }
}

pub fn preview(world: &mut World, new: NewBroadcast) -> BroadcastPlan {
    match world.ask(Request::PreviewBroadcast(new)) {
        Ok(Response::BroadcastPlan(plan)) => *plan,
        other => panic!("{other:?}"),
    }
}

/// The texts that were handed over, with their rows.
pub fn handed(world: &World) -> Vec<(OutboxId, String, String)> {
    let row = |effect: &Effect| match effect {
        Effect::Text { outbox, phone, text } => Some((*outbox, phone.e164(), text.clone())),
        _ => None,
    };
    world.seen.iter().filter_map(row).collect()
}

/// The provider takes everything that is handed over from the text in this place on, and what follows.
pub fn take_all(world: &mut World, mut place: usize) {
    while let Some((outbox, ..)) = handed(world).get(place).cloned() {
        let outcome = TextOutcome::Sent(Some(format!("ATXid_{place}")));
        world.give(Input::Texted { outbox, outcome });
        place += 1;
    }
}

pub fn end(world: &mut World, place: usize, outcome: TextOutcome) {
    let outbox = handed(world)[place].0;
    world.give(Input::Texted { outbox, outcome });
}

/// How many were handed over; nobody twice.
pub fn told(world: &World) -> usize {
    let handed = handed(world);
    let phones: BTreeSet<&String> = handed.iter().map(|(_, phone, _)| phone).collect();
    assert_eq!(phones.len(), handed.len(), "somebody twice");
    phones.len()
}

pub fn stands(world: &World, id: i64) -> (State, Progress) {
    let books = world.read();
    let state = read::broadcast(&books, id).unwrap().unwrap().state;
    (state, read::broadcast_progress(&books, id).unwrap())
}

pub fn stop(world: &mut World, phone: &str) {
    let phone = kiosk::phone::Phone::parse(phone, kiosk::phone::Country::Kenya).unwrap();
    let reply = hub::hub::input::ReplyId(9_000);
    world.give(Input::TextsStopped { reply, phone });
}

#[test]
fn everybody_gets_it_once_and_few_are_under_way_at_a_time() {
    let (mut world, _) = town(20);
    world.customer("0700000301", None);
    let id = begun(&mut world);
    assert_eq!(told(&world), 8);
    let (state, progress) = stands(&world, id);
    assert_eq!((state, progress.sending, progress.queued), (State::Running, 8, 12));
    world.pass(SECOND_MS);
    assert_eq!(told(&world), 8, "no more before one has an outcome");
    end(&mut world, 0, TextOutcome::Sent(None));
    assert_eq!(told(&world), 9);
    take_all(&mut world, 1);
    assert_eq!(told(&world), 20, "and not the one of another site");
    let (state, progress) = stands(&world, id);
    let sent = Progress {
        sent: 20,
        ..Progress::default()
    };
    assert_eq!((state, progress), (State::Done, sent));
    assert!(
        handed(&world)
            .iter()
            .all(|(.., text)| text == "Closed today Stop: reply STOP")
    );
    assert_eq!(order(&mut world, id, Order::Cancel), Err("broadcast_over".to_owned()));
}

#[test]
fn all_sites_are_everybody_and_each_reads_their_language_or_the_first() {
    let (mut world, _) = town(0);
    for (phone, site, language) in [
        ("0700000301", Some("kibera-3"), "sw"),
        ("0700000302", None, "en"),
        ("0700000303", None, "fr"),
    ] {
        let new = NewCustomer {
            phone: phone.to_owned(),
            name: "Jane".to_owned(),
            pin: None,
            city: None,
            site: site.map(|site| site.parse().unwrap()),
            language: Some(language.to_owned()),
        };
        world.ask(Request::CreateCustomer(new)).unwrap();
    }
    let texts = [(Language::English, "Closed"), (Language::Swahili, "Imefungwa")];
    let new = NewBroadcast {
        audience: Audience::Customers(None),
        texts: texts.map(|(language, text)| (language, text.to_owned())).into(),
        cost_minor_max: None,
    };
    world.ask(Request::StartBroadcast(new)).unwrap();
    let mut said: Vec<_> = handed(&world)
        .into_iter()
        .map(|(_, phone, text)| (phone, text))
        .collect();
    said.sort();
    let (english, swahili) = ("Closed Stop: reply STOP", "Imefungwa Kuacha: jibu STOP");
    let expected = [
        ("+254700000301", swahili),
        ("+254700000302", english),
        ("+254700000303", english),
    ];
    assert_eq!(said, expected.map(|(phone, text)| (phone.to_owned(), text.to_owned())));
}

#[test]
fn the_preview_says_what_it_will_be_and_changes_nothing() {
    let (mut world, customers) = town(4);
    world.settings.broadcasts.price_per_part_minor = 80;
    world.restart();
    stop(&mut world, "0700000200");
    let (customer, active) = (customers[1], false);
    world.ask(Request::SetActive { customer, active }).unwrap();
    let mut new = closed_today();
    new.texts[0].1 = "a".repeat(161);
    let plan = preview(&mut world, new.clone());
    let text = &plan.preview.texts[0];
    assert_eq!((text.people, text.parts, text.encoding), (2, 2, Encoding::Gsm7));
    let left_out = [(LeftOut::Stopped, 1), (LeftOut::Blocked, 1)];
    assert_eq!(plan.preview.left_out, left_out.into());
    // Two people, two parts each, 0.80 a part.
    assert_eq!(plan.preview.cost_minor(plan.price_per_part_minor), 320);
    assert_eq!((plan.is_open, plan.time_zone.as_str()), (true, "Africa/Nairobi"));
    assert_eq!(told(&world), 0);
    // Somebody has joined since: it would cost 480.
    world.customer("0700000301", Some("kibera-3"));
    new.cost_minor_max = Some(320);
    let refused = world.ask(Request::StartBroadcast(new.clone())).unwrap_err();
    assert_eq!(refused.code, "cost_changed");
    new.cost_minor_max = Some(480);
    world.ask(Request::StartBroadcast(new)).unwrap();
    assert_eq!(told(&world), 3);
    world.now = world.now.plus_ms(8 * HOUR_MS);
    assert!(!preview(&mut world, closed_today()).is_open, "20:00");
}

#[test]
fn bad_input_is_named_and_begins_nothing() {
    let (mut world, _) = town(1);
    world.add_site("empty");
    let with = |change: fn(&mut NewBroadcast)| {
        let mut new = closed_today();
        change(&mut new);
        new
    };
    for (new, code, field) in [
        (with(|new| new.texts.clear()), "no_text", None),
        (
            with(|new| new.texts[0].1 = " \n".to_owned()),
            "empty_text",
            Some("text_en"),
        ),
        (
            with(|new| new.texts[0].1 = "a\u{0}".to_owned()),
            "bad_text",
            Some("text_en"),
        ),
        (
            with(|new| new.texts[0].1 = "a".repeat(460)),
            "text_too_long",
            Some("text_en"),
        ),
        (
            with(|new| new.texts.push(new.texts[0].clone())),
            "two_texts",
            Some("text_en"),
        ),
        (
            with(|new| new.audience = Audience::Customers(Some("nowhere".parse().unwrap()))),
            "unknown_site",
            Some("site"),
        ),
        (
            with(|new| new.audience = Audience::Customers(Some("empty".parse().unwrap()))),
            "no_people",
            Some("audience"),
        ),
    ] {
        let refusal = world.ask(Request::StartBroadcast(new)).unwrap_err();
        assert_eq!((&*refusal.code, refusal.field.as_deref()), (code, field));
    }
    assert_eq!(order(&mut world, 7, Order::Pause), Err("not_found".to_owned()));
    assert!(read::broadcasts(&world.read(), i64::MAX, 10).unwrap().items.is_empty());
    assert_eq!(told(&world), 0);
    world.settings.texts = false;
    world.restart();
    assert_eq!(start(&mut world).unwrap_err().code, "texts_off");
}

#[test]
fn a_repeat_begins_no_second_one() {
    let (mut world, _) = town(2);
    let ask = |world: &mut World, key| world.ask_as(Actor::Owner, Some(key), Request::StartBroadcast(closed_today()));
    let first = ask(&mut world, "k1").unwrap();
    assert_eq!(ask(&mut world, "k1"), Ok(first));
    assert_eq!(ask(&mut world, "k2").unwrap_err().code, "equal_broadcast");
    world.restart();
    assert_eq!(ask(&mut world, "k1"), ask(&mut world, "k1"));
    assert_eq!(start(&mut world).unwrap_err().code, "equal_broadcast");
    assert_eq!(told(&world), 2);
    // A cancelled one was none, and an hour later the same may be meant again.
    world.now = world.now.plus_ms(HOUR_MS);
    let second = begun(&mut world);
    take_all(&mut world, 0);
    world.now = world.now.plus_ms(HOUR_MS - 1);
    assert_eq!(start(&mut world).unwrap_err().code, "equal_broadcast");
    assert_eq!(stands(&world, second).0, State::Done);
    world.now = world.now.plus_ms(1);
    let third = begun(&mut world);
    assert_eq!(order(&mut world, third, Order::Cancel), Ok(State::Cancelled));
    begun(&mut world);
}

#[test]
fn a_person_pauses_resumes_and_cancels_it() {
    let (mut world, _) = town(30);
    let id = begun(&mut world);
    assert_eq!(order(&mut world, id, Order::Pause), Ok(State::Paused));
    take_all(&mut world, 0);
    world.pass(HOUR_MS);
    assert_eq!(told(&world), 8, "what was handed over, and no more");
    assert_eq!(order(&mut world, id, Order::Pause), Ok(State::Paused));
    assert_eq!(order(&mut world, id, RESUME), Ok(State::Running));
    assert_eq!(order(&mut world, id, RESUME), Ok(State::Running));
    assert_eq!(told(&world), 16);
    // What was refused for now waits in the outbox; cancelled it does not leave it any more.
    end(&mut world, 8, TextOutcome::NotSent);
    assert_eq!(order(&mut world, id, Order::Cancel), Ok(State::Cancelled));
    take_all(&mut world, 9);
    world.pass(HOUR_MS);
    assert_eq!(told(&world), 16);
    let (state, progress) = stands(&world, id);
    assert_eq!((state, progress.sent, progress.queued), (State::Cancelled, 15, 15));
    assert_eq!(order(&mut world, id, Order::Cancel), Ok(State::Cancelled));
    assert_eq!(order(&mut world, id, RESUME), Err("broadcast_over".to_owned()));
    let audit = "SELECT action FROM audit WHERE subject = 'broadcast 1' ORDER BY id";
    let books = world.read();
    let mut audit = books.prepare(audit).unwrap();
    let rows = audit.query_map([], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(
        rows.map(Result::unwrap).collect::<Vec<_>>(),
        [
            "broadcast begun",
            "broadcast paused",
            "broadcast resumed",
            "broadcast cancelled"
        ]
    );
}

#[test]
fn what_was_paused_is_taken_back_and_sent_once_after() {
    let (mut world, _) = town(3);
    let id = begun(&mut world);
    // The provider is down: they wait in the outbox.
    (0..3).for_each(|place| end(&mut world, place, TextOutcome::NotSent));
    assert_eq!(order(&mut world, id, Order::Pause), Ok(State::Paused));
    world.pass(HOUR_MS);
    assert_eq!(handed(&world).len(), 3);
    order(&mut world, id, RESUME).unwrap();
    assert_eq!(handed(&world).len(), 6);
    take_all(&mut world, 3);
    world.pass(HOUR_MS);
    let (state, progress) = stands(&world, id);
    assert_eq!((state, progress.sent, handed(&world).len()), (State::Done, 3, 6));
}

#[test]
fn what_comes_back_while_it_is_paused_or_cancelled_stays() {
    let (mut world, _) = town(3);
    let id = begun(&mut world);
    order(&mut world, id, Order::Pause).unwrap();
    end(&mut world, 0, TextOutcome::NotSent);
    end(&mut world, 1, TextOutcome::Failed("GatewayError".to_owned()));
    world.pass(HOUR_MS);
    assert_eq!(handed(&world).len(), 3);
    order(&mut world, id, RESUME).unwrap();
    assert_eq!(handed(&world).len(), 5);
    order(&mut world, id, Order::Cancel).unwrap();
    (3..5).for_each(|place| end(&mut world, place, TextOutcome::NotSent));
    world.pass(HOUR_MS);
    assert_eq!(handed(&world).len(), 5);
    assert_eq!(stands(&world, id).1.queued, 2);
}

#[test]
fn stop_is_heard_before_it_begins_while_it_waits_and_in_the_outbox() {
    let (mut world, _) = town(10);
    stop(&mut world, "0700000200");
    let id = begun(&mut world);
    // 1 to 8 are handed over, 9 waits; one of the eight comes back for another try.
    let again = handed(&world)[0].1.clone();
    end(&mut world, 0, TextOutcome::NotSent);
    stop(&mut world, &again);
    let known: BTreeSet<String> = handed(&world).into_iter().map(|(_, phone, _)| phone).collect();
    let mut others = (1..10).map(|number| format!("+2547000002{number:02}"));
    let waits = others.find(|phone| !known.contains(phone)).unwrap();
    stop(&mut world, &waits);
    take_all(&mut world, 1);
    world.pass(HOUR_MS);
    take_all(&mut world, 8);
    let (state, progress) = stands(&world, id);
    assert_eq!(state, State::Done);
    assert_eq!(progress.left_out, [(LeftOut::Stopped, 3)].into());
    assert_eq!((progress.sent, told(&world)), (7, 8));
}

#[test]
fn who_joins_changes_number_or_is_blocked_while_it_runs_gets_none() {
    let (mut world, customers) = town(12);
    let id = begun(&mut world);
    let first: BTreeSet<String> = handed(&world).into_iter().map(|(_, phone, _)| phone).collect();
    let waits = |number: &usize| !first.contains(&format!("+2547000002{number:02}"));
    let waiting: Vec<usize> = (0..12).filter(waits).collect();
    // One who waits gets another number, and somebody new gets theirs.
    let (moved, blocked) = (waiting[0], waiting[1]);
    let phone = Some("0700000400".to_owned());
    let change = CustomerChange {
        phone,
        ..CustomerChange::default()
    };
    let customer = customers[moved];
    world.ask(Request::UpdateCustomer { customer, change }).unwrap();
    world.customer(&format!("07000002{moved:02}"), Some("kibera-3"));
    let (customer, active) = (customers[blocked], false);
    world.ask(Request::SetActive { customer, active }).unwrap();
    take_all(&mut world, 0);
    let (state, progress) = stands(&world, id);
    assert_eq!((state, progress.sent, told(&world)), (State::Done, 10, 10));
    let left_out = [(LeftOut::NumberChanged, 1), (LeftOut::Blocked, 1)];
    assert_eq!(progress.left_out, left_out.into());
}

#[test]
fn texts_leave_by_day_and_by_a_trusted_clock_alone() {
    let (mut world, _) = town(20);
    world.trust = Trust::None;
    let id = begun(&mut world);
    world.pass(SECOND_MS);
    assert_eq!(told(&world), 0);
    world.trust = Trust::Ntp;
    world.pass(SECOND_MS);
    assert_eq!(told(&world), 8);
    // 18:59:59 and 19:00: noon and seven hours.
    end(&mut world, 0, TextOutcome::NotSent);
    world.now = crate::world::NOON.plus_ms(7 * HOUR_MS);
    (1..8).for_each(|place| end(&mut world, place, TextOutcome::Sent(None)));
    for _ in 0..13 {
        world.pass(HOUR_MS - 1);
        assert_eq!(told(&world), 8, "{:?}", world.now);
        world.now = world.now.plus_ms(1);
    }
    // 08:00.
    world.give(Input::Tick);
    assert!(handed(&world).len() > 8);
    take_all(&mut world, 8);
    assert_eq!(stands(&world, id).0, State::Done);
    assert_eq!(handed(&world).len(), 21, "the one that never left is tried again");
}
