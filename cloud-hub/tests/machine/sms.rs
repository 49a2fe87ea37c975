//! Commands by SMS: what each does, that each is heard once, and what a sender cannot do.

use hub::hub::{
    input::{CustomerChange, Item, NewPurchase, Pay, Request},
    store::read,
};

use crate::{
    loans::{JANE, JOHN, account, deposit, lent, two, wallet},
    payments::paid,
    world::{World, ml},
};

/// A text comes to the hub's number, with an id of its own.
pub fn sms(world: &mut World, from: &str, text: &str) {
    static IDS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let id = IDS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    sms_as(world, &format!("own-{id}"), from, text);
}

fn sms_as(world: &mut World, message: &str, from: &str, text: &str) {
    world.text(message, from, text);
}

/// The newest code that was sent.
pub fn code(world: &World) -> String {
    let texts = world.texts();
    let waiting = texts.iter().rev().find(|text| text.contains("APPROVE ")).unwrap();
    waiting[waiting.len() - 6..].to_owned()
}

fn last(world: &World) -> String {
    world.texts().pop().unwrap_or_default()
}

#[test]
fn a_code_is_kept_sealed_used_once_and_void_after_three_wrong_tries() {
    let (mut world, jane, _) = two();
    sms(&mut world, JANE, "LOAN 500 0700000103 100");
    let sent = code(&world);
    let shown: Vec<String> = read::outbox(&world.read(), 50)
        .unwrap()
        .into_iter()
        .map(|row| row.text)
        .collect();
    assert!(shown.iter().any(|text| text.ends_with("APPROVE ******")), "{shown:?}");
    assert!(!shown.iter().any(|text| text.contains(&sent)), "{shown:?}");
    // From another number it is nothing.
    sms(&mut world, JANE, &format!("APPROVE {sent}"));
    assert!(last(&world).starts_with("This code is not valid"), "{}", last(&world));
    let wrong = if sent == "000001" { "000002" } else { "000001" };
    for left in [2, 1] {
        sms(&mut world, JOHN, &format!("APPROVE {wrong}"));
        assert_eq!(last(&world), format!("This code is not right. Tries left: {left}."));
    }
    sms(&mut world, JOHN, &format!("APPROVE {wrong}"));
    sms(&mut world, JOHN, &format!("APPROVE {sent}"));
    assert_eq!(wallet(&world, jane), 0, "void");
    // Who asks gets another.
    sms(&mut world, JOHN, "APPROVE");
    let second = code(&world);
    sms(&mut world, JOHN, &format!("APPROVE {second}"));
    assert_eq!(wallet(&world, jane), 50_000);
    sms(&mut world, JOHN, &format!("APPROVE {second}"));
    assert_eq!(wallet(&world, jane), 50_000);
}

#[test]
fn a_code_is_void_after_a_quarter_of_an_hour() {
    let (mut world, jane, _) = two();
    sms(&mut world, JANE, "LOAN 500 0700000103 100");
    let sent = code(&world);
    world.pass(15 * 60_000);
    sms(&mut world, JOHN, &format!("APPROVE {sent}"));
    assert_eq!(wallet(&world, jane), 0);
}

#[test]
fn a_message_that_is_brought_twice_is_heard_once() {
    let (mut world, ..) = two();
    let before = world.texts().len();
    sms_as(&mut world, "m1", JANE, "BALANCE");
    sms_as(&mut world, "m1", JANE, "BALANCE");
    world.restart();
    sms_as(&mut world, "m1", JANE, "BALANCE");
    assert_eq!(world.texts().len(), before + 1);
}

#[test]
fn ten_commands_a_day_are_answered_and_stop_is_heard_always() {
    let (mut world, ..) = two();
    let before = world.texts().len();
    for _ in 0..12 {
        sms(&mut world, JANE, "BALANCE");
    }
    // Ten answers, and once that it was too much.
    assert_eq!(world.texts().len(), before + 11);
    assert!(last(&world).starts_with("Those were too many"));
    sms(&mut world, JANE, "STOP");
    let stopped: i64 = world
        .read()
        .query_row("SELECT count(*) FROM stopped", [], |row| row.get(0))
        .unwrap();
    assert_eq!(stopped, 1);
    assert_eq!(world.texts().len(), before + 11);
    // Another number has its own count, and the next day is a new one.
    sms(&mut world, JOHN, "BALANCE");
    world.pass(24 * 3_600_000);
    sms(&mut world, JANE, "BALANCE");
    assert_eq!(world.texts().len(), before + 13);
}

#[test]
fn what_there_is_is_told_in_the_senders_language() {
    let (mut world, jane, _) = lent();
    sms(&mut world, JANE, "salio");
    assert_eq!(last(&world), "You have 0 l of water. Your wallet has KES 500.");
    sms(&mut world, JANE, "STATUS");
    let account = world.shown(jane).account.unwrap();
    assert_eq!(
        last(&world),
        format!("Account {account}: no valid subscription. For your litres send BALANCE.")
    );
    sms(&mut world, JANE, "USAGE");
    assert_eq!(last(&world), "You drew 0 l this week and 0 l this month.");
    sms(&mut world, JANE, "BILL");
    assert_eq!(last(&world), "You have no water bill to pay.");
    sms(&mut world, JANE, "PAY");
    assert_eq!(last(&world), "You have no water bill to pay.");
    sms(&mut world, JANE, "LOANS");
    assert_eq!(
        last(&world),
        "You owe KES 500, of which KES 0 is due. You lent KES 0. Requests to you: 0."
    );
    sms(&mut world, JANE, "LANG sw");
    assert_eq!(world.shown(jane).language, "sw");
    sms(&mut world, JANE, "BALANCE");
    assert!(!last(&world).starts_with("You have"), "{}", last(&world));
}

#[test]
fn buy_starts_a_prompt_on_the_senders_phone_and_moves_nothing() {
    let (mut world, jane, _) = lent();
    let before = world.prompts().len();
    // What is bought before there is a site could be drawn nowhere.
    sms(&mut world, JANE, "BUY 20");
    assert!(
        last(&world).starts_with("You have no water site yet."),
        "{}",
        last(&world)
    );
    assert_eq!(world.prompts().len(), before);
    world.site("kibera-3");
    let home = CustomerChange {
        site: Some("kibera-3".parse().unwrap()),
        ..CustomerChange::default()
    };
    let (customer, change) = (jane, home);
    world.ask(Request::UpdateCustomer { customer, change }).unwrap();
    sms(&mut world, JANE, "BUY 20");
    let prompts = world.prompts();
    assert_eq!(prompts.len(), before + 1);
    assert_eq!(prompts[before].payer.0, 254_700_000_102);
    // 20 litres at KES 2.
    assert_eq!(
        last(&world),
        "A payment of KES 40 comes to your phone. Confirm it there. Never send a PIN by SMS."
    );
    assert_eq!((world.balance_ml(jane), wallet(&world, jane)), (0, 50_000));
    // The same again while it is open starts no second.
    sms(&mut world, JANE, "BUY 20");
    assert_eq!(world.prompts().len(), before + 1);
    assert!(
        last(&world).starts_with("The same is being paid already"),
        "{}",
        last(&world)
    );
    sms(&mut world, JANE, "BUY nosuchplan");
    assert_eq!(world.prompts().len(), before + 1);
    assert!(last(&world).starts_with("Not understood"), "{}", last(&world));
}

#[test]
fn whoever_asks_for_too_many_loans_hears_that_it_is_that() {
    let (mut world, jane, _) = two();
    for number in 1..=10 {
        crate::loans::ask(&mut world, jane, JOHN, 10_000 * number, 10_000).unwrap();
    }
    sms(&mut world, JANE, "LOAN 1500 0700000103 100");
    assert_eq!(
        last(&world),
        "Too many loans are asked for already. Nothing was done. Please ask again tomorrow."
    );
}

#[test]
fn where_nobody_collects_money_a_buyer_is_sent_to_the_kiosk() {
    let mut world = World::with(|settings| settings.providers.clear());
    world.site("kibera-3");
    world.customer(JANE, Some("kibera-3"));
    sms(&mut world, JANE, "BUY 20");
    assert_eq!(
        last(&world),
        "Paying by phone is not possible here. Nothing was taken. Please pay at the kiosk."
    );
}

#[test]
fn strangers_may_register_report_and_check_and_nothing_else() {
    let (mut world, ..) = two();
    let stranger = "0700000108";
    for text in [
        "BALANCE",
        "BUY 20",
        "LOAN 500 0700000103 100",
        "APPROVE 123456",
        "LANG sw",
    ] {
        sms(&mut world, stranger, text);
        assert!(
            last(&world).starts_with("This number is not registered"),
            "{text}: {}",
            last(&world)
        );
    }
    sms(&mut world, stranger, "REGISTER Mary Atieno, Kisumu");
    assert!(last(&world).starts_with("Welcome Mary"), "{}", last(&world));
    sms(&mut world, stranger, "REGISTER Mary Atieno, Kisumu");
    assert!(
        last(&world).starts_with("This number is registered already"),
        "{}",
        last(&world)
    );
}

#[test]
fn a_pin_in_a_text_does_nothing_and_stands_nowhere() {
    let (mut world, jane, _) = two();
    sms(&mut world, JANE, "BALANCE PIN 4071");
    assert!(last(&world).starts_with("Never send your PIN"), "{}", last(&world));
    let audit: Vec<String> = {
        let books = world.read();
        let mut rows = books.prepare("SELECT action || subject || detail FROM audit").unwrap();
        rows.query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    };
    assert!(!audit.iter().any(|line| line.contains("4071")), "{audit:?}");
    assert_eq!(account(&world, "wallet", jane), 0);
}

#[test]
fn a_report_is_a_ticket_an_alarm_and_two_texts() {
    let (mut world, jane, _) = two();
    sms(&mut world, JANE, "REPORT the tap at the kiosk leaks");
    assert_eq!(
        last(&world),
        "Thank you. Your report has the number 1. We write to you when it is solved."
    );
    assert_eq!(world.alarms().last(), Some(&"reported"));
    let open = read::tickets(&world.read(), Some(true), i64::MAX, 10).unwrap().items;
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].number, open[0].customer), (1, Some(jane)));
    assert_eq!(open[0].text, "the tap at the kiosk leaks");
    let before = world.texts().len();
    for _ in 0..2 {
        world.ask(Request::SolveTicket { ticket: 1 }).unwrap();
    }
    assert_eq!(world.texts().len(), before + 1);
    assert_eq!(
        last(&world),
        "Your report 1 is solved. If it is not, please report it again."
    );
    assert!(
        read::tickets(&world.read(), Some(true), i64::MAX, 10)
            .unwrap()
            .items
            .is_empty()
    );
    assert_eq!(
        world.ask(Request::SolveTicket { ticket: 2 }).unwrap_err().code,
        "not_found"
    );
}

#[test]
fn a_receipt_of_a_payment_is_told_from_one_that_nobody_gave() {
    let (mut world, jane, _) = two();
    let litres = NewPurchase {
        customer: jane,
        item: Item::Litres(ml(20_000)),
        pay: Pay::Prompt,
        provider: None,
        phone: None,
    };
    world.ask(Request::CreatePurchase(litres)).unwrap();
    let newest = world.prompts().len() - 1;
    paid(&mut world, newest, "RKT4X8QZ1P");
    sms(&mut world, JOHN, "CHECK RKT4X8QZ1P");
    assert_eq!(last(&world), "Receipt RKT4X8QZ1P: KES 40 was paid on 20/11/2026.");
    sms(&mut world, JOHN, "CHECK RKT4X8QZ1Q");
    assert!(last(&world).starts_with("We know no receipt"), "{}", last(&world));
    deposit(&mut world, jane, 10_000, "RKT4X8QZ1R");
    assert_eq!(wallet(&world, jane), 10_000);
}
