//! One receipt is one payment's, whoever told it, and whenever it becomes known.

use hub::hub::{
    effect::Response,
    input::{Allocation, CallbackName, Input, Item, NewPurchase, Pay, PurchaseId, ReplyId, Request},
    money::{Arrival, MoneyPlace},
    operator::Role,
    store::read,
};
use kiosk::{
    ids::CustomerId,
    incoming::Why,
    moment::{DAY_MS, HOUR_MS, MINUTE_MS},
    payment::{PaymentEvent, PaymentOrder, ProviderVerdict, QueryAnswer, Report},
    provider::Provider,
    units::{Currency, Money},
};

use crate::{
    doubt::fall_into_doubt,
    incoming::{account, allocate, book, confirm, of, paid, prompted, pull, queried, returned, world},
    world::{NOON, World, ml, mpesa_token},
};

fn shown(world: &World, purchase: PurchaseId) -> (String, Option<String>) {
    let purchase = read::purchase(&world.read(), purchase).unwrap().unwrap();
    (purchase.state, purchase.receipt)
}

fn success(receipt: Option<&str>) -> Report {
    Report {
        reference: None,
        verdict: ProviderVerdict::Paid,
        receipt: receipt.map(|receipt| receipt.parse().unwrap()),
        amount: None,
        payer: None,
    }
}

/// A callback to the address of a purchase's prompt: as unsigned as any.
pub fn told(world: &mut World, purchase: PurchaseId, receipt: &str) {
    let prompts = world.prompts();
    let prompt = prompts.iter().find(|prompt| prompt.purchase == purchase).unwrap();
    let (reply, name) = (ReplyId(u64::MAX), mpesa_token(prompt.token.clone()));
    let report = success(Some(receipt));
    world.give(Input::Callback { reply, name, report });
}

fn order(world: &mut World, purchase: PurchaseId, receipt: Option<&str>) -> Result<Response, String> {
    let receipt = receipt.map(|receipt| receipt.parse().unwrap());
    let order = PaymentOrder::Credit { receipt };
    let answer = world.ask(Request::OrderPayment { purchase, order });
    answer.map_err(|refusal| refusal.code.into_owned())
}

fn books(world: &World) -> [i64; 2] {
    ["till:mpesa", "suspense"].map(|account| of(world, account))
}

#[test]
fn what_an_operator_settles_a_day_late_takes_the_receipt_of_its_day() {
    let mut world = world();
    let customer = world.customer("0700000102", None);
    let account = account(&world, customer);
    let purchase = prompted(&mut world, customer);
    world.pass(DAY_MS + 5 * HOUR_MS);
    order(&mut world, purchase, None).unwrap();
    assert_eq!((world.balance_ml(customer), books(&world)), (20_000, [4_000, 0]));
    world.pass(2 * DAY_MS);
    let place = book(&mut world, paid("RKTQDM7W6S", Some(&account)));
    assert_eq!(place, MoneyPlace::Purchase(purchase));
    assert_eq!((world.shown(customer).wallet_minor, books(&world)), (0, [4_000, 0]));
}

#[test]
fn a_hub_that_was_off_for_two_days_books_what_was_paid_meanwhile_once() {
    let mut world = world();
    let customer = world.customer("0700000102", None);
    let purchase = prompted(&mut world, customer);
    world.now = world.now.plus_ms(2 * DAY_MS);
    world.restart();
    // The query's answer comes before the list's.
    queried(&mut world, purchase);
    let line = paid("RKTQDM7W6S", Some(&account(&world, customer)));
    pull(&mut world, vec![line]);
    assert_eq!(shown(&world, purchase).1.as_deref(), Some("RKTQDM7W6S"));
    assert_eq!((world.shown(customer).wallet_minor, books(&world)), (0, [4_000, 0]));
}

#[test]
fn money_that_was_in_suspense_leaves_it_when_its_purchase_tells_the_receipt() {
    let mut world = world();
    let customer = world.customer("0700000102", None);
    let account = account(&world, customer);
    let mut bought = || {
        let purchase = prompted(&mut world, customer);
        queried(&mut world, purchase);
        world.pass(6 * MINUTE_MS);
        purchase
    };
    let (first, second) = (bought(), bought());
    let lines = ["R1", "R2"].map(|receipt| paid(receipt, Some(&account)));
    pull(&mut world, lines.to_vec());
    assert_eq!(books(&world), [16_000, -8_000], "two that fit alike");
    told(&mut world, first, "R1");
    assert_eq!(books(&world), [12_000, -4_000]);
    assert_eq!(book(&mut world, lines[0].clone()), MoneyPlace::Purchase(first));
    // The other callback never comes: an operator says whose it is, and cannot give it away as something else.
    let to = Allocation::Purchase(second);
    assert_eq!(
        allocate(&mut world, Role::Admin, "R2", to),
        Ok(MoneyPlace::Purchase(second))
    );
    assert_eq!((books(&world), world.balance_ml(customer)), ([8_000, 0], 40_000));
    assert_eq!(shown(&world, second).1.as_deref(), Some("R2"));
}

#[test]
fn the_receipt_of_a_settled_purchase_is_nobody_else_s_money() {
    let mut world = world();
    let customer = world.customer("0700000102", None);
    let nameless = Arrival {
        payer: None,
        ..paid("R1", None)
    };
    // At a till with hidden payers nothing says whose it is.
    pull(&mut world, vec![nameless]);
    let purchase = prompted(&mut world, customer);
    queried(&mut world, purchase);
    assert_eq!(books(&world), [8_000, -4_000]);
    told(&mut world, purchase, "R1");
    assert_eq!(books(&world), [4_000, 0]);
    for to in [Allocation::Wallet(customer), returned()] {
        let refused = allocate(&mut world, Role::Admin, "R1", to).unwrap_err();
        assert_eq!(refused.code, "not_in_suspense");
    }
}

#[test]
fn a_second_payment_of_the_same_price_is_credited_beside_the_first() {
    let mut world = world();
    let customer = world.customer("0700000102", None);
    let account = account(&world, customer);
    let purchase = prompted(&mut world, customer);
    told(&mut world, purchase, "R1");
    queried(&mut world, purchase);
    // A push raises a confirmation too (reference: Daraja, section 6). It tells nothing new, and proves nothing.
    confirm(&mut world, paid("R1", Some(&account)));
    assert_eq!(read::money_waiting_count(&world.read()).unwrap(), 0);
    pull(&mut world, vec![paid("R1", Some(&account))]);
    world.pass(HOUR_MS);
    pull(&mut world, vec![paid("R2", Some(&account))]);
    assert_eq!(
        (world.balance_ml(customer), world.shown(customer).wallet_minor),
        (20_000, 4_000)
    );
    assert_eq!(books(&world), [8_000, 0]);
}

#[test]
fn a_receipt_that_was_made_up_hides_no_money() {
    let mut world = world();
    let customer = world.customer("0700000102", None);
    let account = account(&world, customer);
    let purchase = prompted(&mut world, customer);
    told(&mut world, purchase, "FAKE1");
    queried(&mut world, purchase);
    assert_eq!(world.balance_ml(customer), 20_000);
    let place = book(&mut world, paid("R1", Some(&account)));
    assert_eq!(place, MoneyPlace::Suspense(Why::ReceiptContradicts));
    let to = Allocation::Purchase(purchase);
    assert_eq!(
        allocate(&mut world, Role::Admin, "R1", to),
        Ok(MoneyPlace::Purchase(purchase))
    );
    assert_eq!((books(&world), world.shown(customer).wallet_minor), ([4_000, 0], 0));
    assert!(world.alarms().contains(&"receipt_contradicted"));
    // And the stranger whose receipt was named gets what is theirs.
    let stranger = world.customer("0700000103", None);
    let theirs = self::account(&world, stranger);
    let line = Arrival {
        payer: Some("2547 ***** 103".to_owned()),
        ..paid("FAKE1", Some(&theirs))
    };
    assert_eq!(book(&mut world, line), MoneyPlace::Wallet(stranger));
    assert_eq!(world.shown(stranger).wallet_minor, 4_000);
}

#[test]
fn a_callback_takes_no_other_customer_s_money() {
    let mut world = world();
    let (thief, jane) = (world.customer("0700000103", None), world.customer("0700000102", None));
    let purchase = prompted(&mut world, thief);
    told(&mut world, purchase, "R1");
    let line = paid("R1", Some(&account(&world, jane)));
    assert_eq!(book(&mut world, line), MoneyPlace::Suspense(Why::ReceiptContradicts));
    assert_eq!(world.balance_ml(thief), 0);
    let to = Allocation::Wallet(jane);
    assert_eq!(
        allocate(&mut world, Role::Admin, "R1", to),
        Ok(MoneyPlace::Wallet(jane))
    );
    // Also when it is paid for, and R1 lies in suspense: its own money is booked.
    queried(&mut world, purchase);
    assert_eq!((world.balance_ml(thief), books(&world)), (20_000, [8_000, 0]));
    assert_eq!(world.shown(jane).wallet_minor, 4_000);
}

#[test]
fn a_query_s_word_takes_a_receipt_from_who_only_heard_it() {
    let mut world = world();
    let (thief, jane) = (world.customer("0700000103", None), world.customer("0700000102", None));
    let (his, hers) = (prompted(&mut world, thief), prompted(&mut world, jane));
    told(&mut world, his, "R1");
    let report = Report {
        reference: Some(format!("ref-{hers}").parse().unwrap()),
        ..success(Some("R1"))
    };
    let event = PaymentEvent::QueryAnswered(QueryAnswer::Report(report));
    world.give(Input::Provider { purchase: hers, event });
    assert_eq!(shown(&world, hers), ("succeeded".to_owned(), Some("R1".to_owned())));
    assert_eq!(shown(&world, his).1, None);
    assert_eq!(world.alarms(), Vec::<&str>::new());
}

#[test]
fn a_wrong_receipt_of_an_operator_takes_nothing_out_of_suspense() {
    let mut world = world();
    let customer = world.customer("0700000102", None);
    let account = account(&world, customer);
    pull(&mut world, vec![paid("R1", Some(&account))]);
    assert_eq!(world.shown(customer).wallet_minor, 4_000);
    let purchase = prompted(&mut world, customer);
    order(&mut world, purchase, Some("R1")).unwrap();
    assert_eq!(shown(&world, purchase).0, "needs_operator");
    assert_eq!(world.balance_ml(customer), 0);
    order(&mut world, purchase, Some("R2")).unwrap();
    assert_eq!((world.balance_ml(customer), books(&world)), (20_000, [8_000, 0]));
    assert_eq!(order(&mut world, purchase, Some("R3")), Err("order_refused".to_owned()));
}

#[test]
fn amounts_that_cannot_be_stop_nothing() {
    let mut world = world();
    let customer = world.customer("0700000102", None);
    let deposit = |amount| NewPurchase {
        customer,
        item: Item::Deposit(amount),
        pay: Pay::Prompt,
        provider: None,
        phone: None,
    };
    for amount in [i64::MAX, 1_000_000_000_001, 0, -1, i64::MIN] {
        let refused = world.ask(Request::CreatePurchase(deposit(amount))).unwrap_err();
        assert_eq!(refused.code, "out_of_range", "{amount}");
    }
    for minor in [i64::MAX, 0, -4_000] {
        let line = Arrival {
            amount: Money::new(minor, Currency::Kes),
            ..paid("R1", None)
        };
        assert_eq!(book(&mut world, line), MoneyPlace::Foreign);
    }
    assert!(world.ledger().is_empty());
    let credit = |volume_ml| Request::Credit {
        customer,
        volume_ml,
        reason: "tank broken".to_owned(),
    };
    for volume_ml in [i64::MAX, i64::MIN, 0] {
        assert_eq!(world.ask(credit(volume_ml)).unwrap_err().code, "out_of_range");
    }
}

#[test]
fn a_payment_nobody_asked_for_is_kept_and_shown() {
    let mut world = world();
    let report = Report {
        amount: Some(Money::new(4_000, Currency::Kes)),
        ..success(Some("R1"))
    };
    let (reply, provider) = (ReplyId(u64::MAX), Provider::Mtn);
    let reference = "e1ffd1c4-0000-4000-a000-000000000001".parse().unwrap();
    let name = CallbackName::Reference { provider, reference };
    world.give(Input::Callback { reply, name, report });
    assert_eq!(world.alarms(), ["paid_without_purchase"]);
    let kept: (String, String) = world
        .read()
        .query_row(
            "SELECT subject, detail FROM audit WHERE action = 'callback without a purchase'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!(kept.0, "e1ffd1c4-0000-4000-a000-000000000001");
    assert!(kept.1.contains("R1") && kept.1.contains("40.00"), "{}", kept.1);
}

#[test]
fn a_restored_hub_spends_no_wallet_before_it_knows_what_was_spent() {
    let mut world = world();
    world.site("kibera-3");
    let customer: CustomerId = world.customer("0700000102", None);
    let named = paid("R1", Some(&account(&world, customer)));
    pull(&mut world, vec![named, paid("R2", None)]);
    fall_into_doubt(&mut world);
    let new = NewPurchase {
        customer,
        item: Item::Litres(ml(20_000)),
        pay: Pay::Wallet,
        provider: None,
        phone: None,
    };
    let refused = world.ask(Request::CreatePurchase(new)).unwrap_err();
    assert_eq!(refused.code, "in_doubt");
    let to = Allocation::Wallet(customer);
    assert_eq!(
        allocate(&mut world, Role::Admin, "R2", to).unwrap_err().code,
        "in_doubt"
    );
}

#[test]
fn a_clock_that_ran_ahead_puts_no_payment_off() {
    let mut world = world();
    let customer = world.customer("0700000102", None);
    world.now = NOON.plus_ms(30 * DAY_MS);
    let purchase = prompted(&mut world, customer);
    world.now = NOON;
    let asked = world.seen.len();
    world.pass(MINUTE_MS);
    let is_query = |effect: &&hub::hub::effect::Effect| matches!(effect, hub::hub::effect::Effect::Query { purchase: of, .. } if *of == purchase);
    assert!(world.seen[asked..].iter().any(|effect| is_query(&effect)));
}

#[test]
fn water_that_is_taken_back_earns_nothing() {
    let mut world = World::new();
    let customer = world.customer("0700000102", None);
    // 20 litres for 40.00; then the tariff would make 501 ml worth 1.00, of 1.002 that were paid for them.
    let purchase = prompted(&mut world, customer);
    queried(&mut world, purchase);
    for _ in 0..10 {
        world.credit(customer, -501);
    }
    world.credit(customer, -(20_000 - 5_010));
    assert_eq!((world.balance_ml(customer), of(&world, "sales")), (0, 0));
    assert_eq!(of(&world, "water"), 0);
}

#[test]
fn a_word_that_is_repeated_fills_no_list_of_alarms() {
    let mut world = world();
    let customer = world.customer("0700000102", None);
    let account = account(&world, customer);
    pull(&mut world, vec![paid("R1", Some(&account))]);
    let mut contradicting = paid("R1", Some(&account));
    contradicting.amount = Money::new(9_900, Currency::Kes);
    for _ in 0..20 {
        confirm(&mut world, contradicting.clone());
    }
    assert_eq!(world.alarms(), ["receipt_contradicted"]);
    // Somebody who looks an hour later sees that it goes on.
    world.pass(HOUR_MS + 1);
    confirm(&mut world, contradicting);
    assert_eq!(world.alarms(), ["receipt_contradicted"; 2]);
}
