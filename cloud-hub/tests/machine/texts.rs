//! Texts out: what each outcome and each report does to a text. Texts in: kept once, and not too many of one number.

use hub::hub::{
    effect::{Effect, OutboxId, Response},
    input::{Input, Item, Pay, ReplyId, Request, TextFate, TextOutcome, TextReport},
    store::read,
};
use kiosk::{
    moment::{DAY_MS, MINUTE_MS, SECOND_MS},
    phone::{Country, Phone},
};

use crate::{
    payments::{bought, buy, paid},
    world::World,
};

const JANE: &str = "0700000102";

fn phone(text: &str) -> Phone {
    Phone::parse(text, Country::Kenya).unwrap()
}

/// A world with a customer for whom one text was handed over.
fn told() -> World {
    let mut world = World::new();
    let customer = world.customer(JANE, None);
    tell(&mut world, customer);
    assert_eq!(handed(&world).len(), 1);
    world
}

/// Money comes without being asked for: a text of an essential kind.
pub fn tell(world: &mut World, customer: kiosk::ids::CustomerId) {
    let before = world.prompts().len();
    bought(world.ask(buy(customer, Item::Deposit(4_000), Pay::Prompt)));
    let prompt = world.prompts()[before].clone();
    world.give(Input::Provider {
        purchase: prompt.purchase,
        event: kiosk::payment::PaymentEvent::PushAnswered(kiosk::payment::PushAnswer::Refused(
            kiosk::payment::Failure::Refused,
        )),
    });
}

/// The rows that were handed over, in order.
fn handed(world: &World) -> Vec<OutboxId> {
    let row = |effect: &Effect| match effect {
        Effect::Text { outbox, .. } => Some(*outbox),
        _ => None,
    };
    world.seen.iter().filter_map(row).collect()
}

fn end(world: &mut World, outcome: TextOutcome) {
    let outbox = *handed(world).last().unwrap();
    world.give(Input::Texted { outbox, outcome });
}

fn sent(world: &mut World, id: &str) {
    end(world, TextOutcome::Sent(Some(id.to_owned())));
}

fn state(world: &World) -> (String, Option<String>) {
    let row = read::outbox(&world.read(), 1).unwrap().remove(0);
    (row.state, row.reason)
}

fn is(world: &World, word: &str, reason: Option<&str>) {
    assert_eq!(state(world), (word.to_owned(), reason.map(str::to_owned)));
}

fn report(world: &mut World, id: &str, to: &str, fate: TextFate) {
    let report = TextReport {
        message_id: id.to_owned(),
        phone: phone(to),
        fate,
    };
    let reply = ReplyId(9_000);
    let answers = world.give(Input::TextReported { reply, report });
    let done = Ok(Response::Done);
    assert_eq!(answers, [Effect::Reply { reply, answer: done }]);
}

fn failed(word: &str) -> TextFate {
    TextFate::Failed(word.to_owned())
}

#[test]
fn reports_move_a_text_forward_and_the_first_final_one_wins() {
    let mut world = told();
    is(&world, "sending", None);
    sent(&mut world, "ATXid_1");
    is(&world, "sent", None);
    report(&mut world, "ATXid_1", JANE, TextFate::OnTheWay(None));
    is(&world, "sent", None);
    report(
        &mut world,
        "ATXid_1",
        JANE,
        TextFate::OnTheWay(Some("AbsentSubscriber".to_owned())),
    );
    is(&world, "sent", Some("AbsentSubscriber"));
    report(&mut world, "ATXid_1", JANE, TextFate::Delivered);
    is(&world, "delivered", None);
    for late in [failed("DeliveryFailure"), TextFate::OnTheWay(None), TextFate::Delivered] {
        report(&mut world, "ATXid_1", JANE, late);
        is(&world, "delivered", None);
    }
    let mut world = told();
    sent(&mut world, "ATXid_1");
    report(&mut world, "ATXid_1", JANE, failed("UserInBlackList"));
    report(&mut world, "ATXid_1", JANE, TextFate::Delivered);
    is(&world, "failed", Some("UserInBlackList"));
    assert_eq!(handed(&world).len(), 1, "never sent again");
}

#[test]
fn a_report_of_another_text_or_another_number_changes_nothing() {
    let mut world = told();
    sent(&mut world, "ATXid_1");
    report(&mut world, "ATXid_2", JANE, TextFate::Delivered);
    report(&mut world, "ATXid_1", "0700000103", TextFate::Delivered);
    is(&world, "sent", None);
}

#[test]
fn a_report_that_overtakes_the_answer_waits_for_it() {
    let mut world = told();
    report(&mut world, "ATXid_1", JANE, TextFate::Delivered);
    report(&mut world, "ATXid_2", "0700000103", TextFate::Delivered);
    is(&world, "sending", None);
    sent(&mut world, "ATXid_1");
    is(&world, "delivered", None);
}

#[test]
fn what_may_help_is_tried_again_later_each_time_and_five_times_in_all() {
    let mut world = told();
    for (tries, seconds) in [(1, 30), (2, 60), (3, 120), (4, 240)] {
        end(&mut world, TextOutcome::Failed("GatewayError".to_owned()));
        is(&world, "queued", Some("GatewayError"));
        world.pass(seconds * SECOND_MS - 1);
        assert_eq!(handed(&world).len(), tries);
        world.pass(1);
        assert_eq!(handed(&world).len(), tries + 1);
    }
    end(&mut world, TextOutcome::Failed("GatewayError".to_owned()));
    is(&world, "failed", Some("GatewayError"));
    world.pass(DAY_MS);
    assert_eq!(handed(&world).len(), 5);
}

#[test]
fn what_is_refused_for_good_or_unknown_is_never_sent_again() {
    for (outcome, word, reason) in [
        (
            TextOutcome::Refused("InvalidPhoneNumber".to_owned()),
            "failed",
            Some("InvalidPhoneNumber"),
        ),
        (TextOutcome::Unknown, "unknown", None),
    ] {
        let mut world = told();
        end(&mut world, outcome);
        is(&world, word, reason);
        world.pass(DAY_MS);
        world.restart();
        assert_eq!(handed(&world).len(), 1);
    }
}

#[test]
fn a_call_that_was_not_made_is_no_try() {
    let mut world = told();
    for tries in 1..20 {
        end(&mut world, TextOutcome::NotSent);
        is(&world, "queued", None);
        world.pass(30 * SECOND_MS);
        assert_eq!(handed(&world).len(), tries + 1);
    }
    end(&mut world, TextOutcome::Failed("GatewayError".to_owned()));
    is(&world, "queued", Some("GatewayError"));
}

#[test]
fn without_credit_all_wait_with_one_alarm_until_one_goes_through() {
    let mut world = told();
    let held = || TextOutcome::Held("InsufficientBalance".to_owned());
    end(&mut world, held());
    is(&world, "queued", Some("InsufficientBalance"));
    let customer = world.customer("0700000103", None);
    (0..3).for_each(|_| tell(&mut world, customer));
    world.pass(4 * MINUTE_MS);
    assert_eq!(handed(&world).len(), 1, "nobody tries");
    world.pass(MINUTE_MS);
    assert_eq!(handed(&world).len(), 2, "one tries");
    world.pass(SECOND_MS);
    assert_eq!(handed(&world).len(), 2);
    end(&mut world, held());
    (0..30).for_each(|_| {
        world.pass(5 * MINUTE_MS);
        end(&mut world, held());
    });
    let alarms = world.alarms();
    assert_eq!(alarms.iter().filter(|code| **code == "texts_held").count(), 1);
    assert_eq!(read::texts_waiting(&world.read()).unwrap(), 4);
    let before = handed(&world).len();
    world.pass(5 * MINUTE_MS);
    sent(&mut world, "ATXid_1");
    assert_eq!(
        handed(&world).len(),
        before + 4,
        "one went through, and the others follow at once"
    );
    assert_eq!(read::texts_held(&world.read()).unwrap(), None);
}

#[test]
fn a_number_that_the_provider_does_not_serve_holds_up_nobody_else() {
    let mut world = told();
    end(&mut world, TextOutcome::Held("InvalidSenderId".to_owned()));
    let customer = world.customer("0700000103", None);
    tell(&mut world, customer);
    world.pass(5 * MINUTE_MS);
    let [first, second] = handed(&world).try_into().unwrap();
    assert_ne!(first, second, "the other one tries");
    sent(&mut world, "ATXid_1");
    assert_eq!(read::texts_held(&world.read()).unwrap(), None);
}

#[test]
fn what_waited_for_more_than_a_day_is_not_sent_any_more() {
    let mut world = told();
    end(&mut world, TextOutcome::NotSent);
    world.pass(DAY_MS + MINUTE_MS);
    is(&world, "failed", Some("too_old"));
    assert_eq!(handed(&world).len(), 1);
}

#[test]
fn an_operator_lets_texts_go_at_once() {
    let mut world = told();
    end(&mut world, TextOutcome::Held("InvalidSenderId".to_owned()));
    assert_eq!(
        read::texts_held(&world.read()).unwrap().as_deref(),
        Some("InvalidSenderId")
    );
    world.ask(Request::ReleaseTexts).unwrap();
    assert_eq!(handed(&world).len(), 2);
    assert_eq!(read::texts_held(&world.read()).unwrap(), None);
}

#[test]
fn a_text_that_was_under_way_at_a_kill_is_unknown_and_one_that_waited_is_sent() {
    let mut world = told();
    end(&mut world, TextOutcome::NotSent);
    let customer = world.customer("0700000103", None);
    tell(&mut world, customer);
    world.pass(MINUTE_MS);
    let before = handed(&world).len();
    world.restart();
    world.pass(DAY_MS);
    assert_eq!(handed(&world).len(), before, "both were under way");
    let states: Vec<String> = read::outbox(&world.read(), 9)
        .unwrap()
        .into_iter()
        .map(|row| row.state)
        .collect();
    assert_eq!(states, ["unknown", "unknown"]);
    // The answer was on its way all the same.
    sent(&mut world, "ATXid_1");
    let waits = world.customer("0700000104", None);
    end(&mut world, TextOutcome::NotSent);
    tell(&mut world, waits);
    end(&mut world, TextOutcome::NotSent);
    world.restart();
    world.pass(MINUTE_MS);
    assert_eq!(handed(&world).len(), before + 2, "it had not left");
}

#[test]
fn a_restored_hub_sends_nothing_that_waited_in_its_backup() {
    let mut world = told();
    end(&mut world, TextOutcome::NotSent);
    world.backup();
    world.pass(MINUTE_MS);
    sent(&mut world, "ATXid_1");
    let before = handed(&world).len();
    let books = rusqlite::Connection::open(world.folder.join("backup.db")).unwrap();
    sync::doubt::hub_mark_restored(&mut store::journal::SqlLogs::new(&books)).unwrap();
    drop(books);
    world.restore();
    world.pass(DAY_MS);
    assert_eq!(handed(&world).len(), before);
    is(&world, "unknown", Some("restored"));
}

fn inbox(world: &World) -> Vec<(String, String)> {
    let rows = read::inbox(&world.read(), 50).unwrap();
    rows.into_iter()
        .map(|row| (row.found.name().to_owned(), row.text))
        .collect()
}

#[test]
fn a_text_is_kept_once_and_shown_without_what_may_be_a_pin() {
    let mut world = World::new();
    world.text("1", JANE, "BALANCE 4071 for 0700000102");
    world.text("1", JANE, "BALANCE 4071 for 0700000102");
    world.text("1", "0700000103", "another with its id");
    assert_eq!(
        inbox(&world),
        [("read".to_owned(), "BALANCE **** for 0700000102".to_owned())]
    );
    world.text("2", JANE, &"x".repeat(5_000));
    assert!(inbox(&world).iter().any(|(_, text)| text.len() == 1_530));
    world.pass(31 * DAY_MS);
    assert_eq!(inbox(&world), []);
}

#[test]
fn a_flood_of_one_number_is_not_kept_and_takes_nothing_from_another() {
    let mut world = World::new();
    (0..30).for_each(|number| world.text(&number.to_string(), JANE, "HELP"));
    let count = |world: &World, word: &str| inbox(world).iter().filter(|(state, _)| state == word).count();
    assert_eq!((count(&world, "read"), count(&world, "over")), (10, 1));
    world.text("other", "0700000103", "HELP");
    assert_eq!(count(&world, "read"), 11);
    world.pass(DAY_MS);
    world.text("tomorrow", JANE, "HELP");
    assert_eq!(count(&world, "read"), 12);
}

#[test]
fn who_wants_no_texts_gets_receipts_and_no_reminders() {
    let mut world = World::new();
    world.site("kibera-3");
    let customer = world.customer(JANE, Some("kibera-3"));
    bought(world.ask(buy(customer, Item::Plan("monthly".to_owned()), Pay::Prompt)));
    for _ in 0..2 {
        let reply = ReplyId(9_000);
        let phone = phone(JANE);
        world.give(Input::TextsStopped { reply, phone });
    }
    paid(&mut world, 0, "RCPT1");
    assert_eq!(world.texts().len(), 1, "the receipt comes");
    (0..40).for_each(|_| world.pass(DAY_MS));
    assert_eq!(world.texts().len(), 1, "no reminder, no farewell");
}

#[test]
fn a_reminder_that_waits_is_not_sent_to_who_stops_it() {
    let mut world = World::new();
    world.site("kibera-3");
    let customer = world.customer(JANE, Some("kibera-3"));
    bought(world.ask(buy(customer, Item::Plan("monthly".to_owned()), Pay::Prompt)));
    paid(&mut world, 0, "RCPT1");
    sent(&mut world, "ATXid_1");
    (0..27).for_each(|_| world.pass(DAY_MS));
    assert_eq!(world.texts().len(), 2, "a reminder");
    end(&mut world, TextOutcome::NotSent);
    let reply = ReplyId(9_000);
    let phone = phone(JANE);
    world.give(Input::TextsStopped { reply, phone });
    is(&world, "failed", Some("stopped"));
    (0..9).for_each(|_| world.pass(DAY_MS));
    assert_eq!(world.texts().len(), 2);
}
