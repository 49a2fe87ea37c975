//! Where money that goes out meets what is learnt about money that came in: late, twice, or from who cannot know.

use hub::hub::{
    input::{Allocation, Input, Item, PayBy, PayoutId, PurchaseId, Request},
    money::{Arrival, MoneyPlace, OrderEnd},
    operator::Role,
    payout::{PayoutWay, PayoutWord},
    side::SideLog,
    store::read,
};
use kiosk::{
    ids::CustomerId,
    incoming::Why,
    moment::{DAY_MS, MINUTE_MS},
    payment::{Failure, PaymentOrder},
    payout::{PayoutAnswer, PayoutOrder, PayoutState},
    provider::Provider,
    units::{Currency, Money},
};

use crate::{
    incoming::{account, allocate, book, prompted_for as prompted, queried},
    payments::paid as pays,
    payouts::{accepted, answered, made, post, questions, state, told as payout_told, withdraw, withdrawing},
    receipts::told,
    refunds::{all_of, begun, calls, code, of, paying_out, refund},
    sites::register,
    world::{NOON, World, ml},
};

fn world() -> World {
    World::with(paying_out)
}

/// Paid at a till that hides its payers.
fn nameless(receipt: &str, minor: i64) -> Arrival {
    Arrival {
        payer: None,
        amount: Money::new(minor, Currency::Kes),
        ..crate::incoming::paid(receipt, None)
    }
}

fn order(purchase: PurchaseId, order: PaymentOrder) -> Request {
    Request::OrderPayment { purchase, order }
}

fn credit(purchase: PurchaseId, receipt: Option<&str>) -> Request {
    let receipt = receipt.map(|receipt| receipt.parse().unwrap());
    order(purchase, PaymentOrder::Credit { receipt })
}

fn give_back(receipt: &str) -> Request {
    Request::ReturnMoney {
        provider: Provider::Mpesa,
        receipt: receipt.parse().unwrap(),
        reason: "nobody claims it".to_owned(),
    }
}

fn change_books(world: &World, change: &str) {
    let books = rusqlite::Connection::open(world.folder.join("hub.db")).unwrap();
    assert!(books.execute(change, []).unwrap() > 0, "{change}");
}

/// Money of nobody that is on its way back to its payer.
fn returning(world: &mut World) -> PayoutId {
    assert_eq!(
        book(world, nameless("R1", 4_000)),
        MoneyPlace::Suspense(Why::NoReference)
    );
    begun(world.ask(give_back("R1"))).0
}

#[test]
fn a_receipt_that_only_a_callback_told_is_not_reversed() {
    let mut world = world();
    let customer = world.customer("0700000102", None);
    let purchase = prompted(&mut world, customer, Item::Litres(ml(20_000)));
    told(&mut world, purchase, "VICTIM1");
    queried(&mut world, purchase);
    begun(world.ask(all_of(purchase)));
    let [call] = calls(&world).try_into().unwrap();
    assert_eq!((call.way, call.payee.0), (PayoutWay::Transfer, 254_700_000_102));
}

#[test]
fn a_call_leaves_in_half_its_time_or_not_at_all() {
    let (world, _, _) = withdrawing();
    // It waits a minute for its answer.
    assert_eq!(calls(&world)[0].send_before, NOON.plus_ms(30_000));
}

#[test]
fn a_receipt_that_was_typed_for_a_purchase_hides_no_money_of_another_amount() {
    let mut world = world();
    let customer = world.customer("0700000102", None);
    let purchase = prompted(&mut world, customer, Item::Litres(ml(20_000)));
    world.ask(credit(purchase, Some("R1"))).unwrap();
    assert_eq!((of(&world, "till:mpesa"), of(&world, "suspense")), (4_000, 0));
    // The list proves that R1 is 50.00 of somebody else's.
    let place = book(&mut world, nameless("R1", 5_000));
    assert_eq!(place, MoneyPlace::Suspense(Why::ReceiptContradicts));
    assert_eq!((of(&world, "till:mpesa"), of(&world, "suspense")), (9_000, -5_000));
    // It is the receipt of whose money it is.
    let theirs = world.customer("0700000103", None);
    let deposit = prompted(&mut world, theirs, Item::Deposit(5_000));
    let place = allocate(&mut world, Role::Admin, "R1", Allocation::Purchase(deposit));
    assert_eq!(place, Ok(MoneyPlace::Purchase(deposit)));
    assert_eq!((world.shown(theirs).wallet_minor, of(&world, "suspense")), (5_000, 0));
    // What was typed undoes nobody's payment.
    begun(world.ask(all_of(purchase)));
    assert_eq!(calls(&world)[0].way, PayoutWay::Transfer);
}

#[test]
fn a_receipt_is_typed_for_one_purchase_alone() {
    let mut world = world();
    let (jane, otieno) = (world.customer("0700000102", None), world.customer("0700000103", None));
    let first = prompted(&mut world, jane, Item::Litres(ml(20_000)));
    let second = prompted(&mut world, otieno, Item::Litres(ml(20_000)));
    world.ask(credit(first, Some("R1"))).unwrap();
    assert_eq!(code(world.ask(credit(second, Some("R1")))), "receipt_reused");
    assert_eq!((world.balance_ml(otieno), of(&world, "till:mpesa")), (0, 4_000));
}

#[test]
fn a_typed_receipt_that_somebody_else_paid_is_in_no_wallet_beside() {
    let mut world = world();
    let (jane, otieno) = (world.customer("0700000102", None), world.customer("0733000103", None));
    let purchase = prompted(&mut world, jane, Item::Litres(ml(20_000)));
    world.ask(credit(purchase, Some("R1"))).unwrap();
    let line = Arrival {
        payer: Some("254733000103".to_owned()),
        ..nameless("R1", 4_000)
    };
    assert_eq!(book(&mut world, line), MoneyPlace::Suspense(Why::ReceiptContradicts));
    let wallet = allocate(&mut world, Role::Admin, "R1", Allocation::Wallet(otieno));
    assert_eq!(wallet.unwrap_err().code, "receipt_of_purchase");
    assert_eq!(code(world.ask(give_back("R1"))), "receipt_of_purchase");
    let place = allocate(&mut world, Role::Admin, "R1", Allocation::Purchase(purchase));
    assert_eq!(place, Ok(MoneyPlace::Purchase(purchase)));
    assert_eq!((of(&world, "till:mpesa"), of(&world, "suspense")), (4_000, 0));
}

#[test]
fn the_line_of_a_purchase_whose_receipt_was_mistyped_is_no_new_money() {
    let mut world = world();
    let customer = world.customer("0700000102", None);
    let purchase = prompted(&mut world, customer, Item::Litres(ml(20_000)));
    world.ask(credit(purchase, Some("R2"))).unwrap();
    let line = Arrival {
        reference: Some(account(&world, customer)),
        ..crate::incoming::paid("R1", Some("0700000102"))
    };
    let place = book(
        &mut world,
        Arrival {
            amount: Money::new(4_000, Currency::Kes),
            ..line
        },
    );
    assert_eq!(place, MoneyPlace::Suspense(Why::ReceiptContradicts));
    assert_eq!(
        (world.balance_ml(customer), world.shown(customer).wallet_minor),
        (20_000, 0)
    );
    let place = allocate(&mut world, Role::Admin, "R1", Allocation::Purchase(purchase));
    assert_eq!(place, Ok(MoneyPlace::Purchase(purchase)));
    assert_eq!((of(&world, "till:mpesa"), of(&world, "suspense")), (4_000, 0));
}

#[test]
fn a_wrong_receipt_that_was_typed_for_a_purchase_is_free_for_the_right_one() {
    let mut world = world();
    assert_eq!(
        book(&mut world, nameless("R1", 5_000)),
        MoneyPlace::Suspense(Why::NoReference)
    );
    let (jane, otieno) = (world.customer("0700000102", None), world.customer("0700000103", None));
    let wrong = prompted(&mut world, jane, Item::Litres(ml(20_000)));
    let right = prompted(&mut world, otieno, Item::Deposit(5_000));
    world.ask(credit(wrong, Some("R1"))).unwrap();
    assert_eq!((world.balance_ml(jane), of(&world, "suspense")), (0, -5_000));
    let receipt = read::purchase(&world.read(), wrong).unwrap().unwrap().receipt;
    assert_eq!(receipt, None, "it settled nothing");
    let place = allocate(&mut world, Role::Admin, "R1", Allocation::Purchase(right));
    assert_eq!(place, Ok(MoneyPlace::Purchase(right)));
    assert_eq!((world.shown(otieno).wallet_minor, of(&world, "suspense")), (5_000, 0));
}

#[test]
fn money_that_a_purchase_is_known_to_have_is_not_given_back() {
    let mut world = world();
    assert_eq!(
        book(&mut world, nameless("R1", 4_000)),
        MoneyPlace::Suspense(Why::NoReference)
    );
    let customer = world.customer("0700000102", None);
    let purchase = prompted(&mut world, customer, Item::Litres(ml(20_000)));
    queried(&mut world, purchase);
    change_books(&world, "UPDATE purchase SET receipt = 'R1', receipt_proven = 1");
    assert_eq!(code(world.ask(give_back("R1"))), "receipt_of_purchase");
    assert!(calls(&world).is_empty());
}

#[test]
fn money_that_could_not_be_given_back_is_the_purchases_that_told_its_receipt_meanwhile() {
    let mut world = world();
    let payout = returning(&mut world);
    let customer = world.customer("0700000102", None);
    let purchase = prompted(&mut world, customer, Item::Litres(ml(20_000)));
    queried(&mut world, purchase);
    told(&mut world, purchase, "R1");
    assert!(world.alarms().contains(&"receipt_reused"), "it is on its way back");
    answered(&mut world, payout, PayoutAnswer::Refused(Failure::Refused));
    let books = ["till:mpesa", "payout:mpesa", "suspense"].map(|account| of(&world, account));
    assert_eq!(books, [4_000, 0, 0], "it came once");
    assert_eq!(book(&mut world, nameless("R1", 4_000)), MoneyPlace::Purchase(purchase));
}

#[test]
fn a_late_word_that_it_was_given_back_does_not_hide_whose_wallet_it_is_in() {
    let mut world = world();
    let payout = returning(&mut world);
    answered(&mut world, payout, PayoutAnswer::Refused(Failure::Busy));
    let customer = world.customer("0700000102", None);
    let wallet = allocate(&mut world, Role::Admin, "R1", Allocation::Wallet(customer));
    assert_eq!(wallet, Ok(MoneyPlace::Wallet(customer)));
    post(&mut world, payout, OrderEnd::Done, 4_000);
    payout_told(&mut world, OrderEnd::Done, 4_000, Some("REV1"));
    assert_eq!(state(&world, payout), PayoutState::Succeeded);
    assert!(world.alarms().contains(&"payout_made_late"));
    assert_eq!(book(&mut world, nameless("R1", 4_000)), MoneyPlace::Wallet(customer));
}

#[test]
fn a_clock_that_ran_ahead_puts_no_payout_off() {
    let mut world = World::with(paying_out);
    let customer = world.customer("0700000102", None);
    prompted(&mut world, customer, Item::Deposit(10_000));
    pays(&mut world, 0, "RCPT1");
    world.now = NOON.plus_ms(30 * DAY_MS);
    let (payout, _) = begun(world.ask(withdraw(customer, 6_000)));
    world.now = NOON;
    world.pass(MINUTE_MS);
    assert_eq!(state(&world, payout), PayoutState::Unknown);
    world.pass(MINUTE_MS);
    assert_eq!(questions(&world).len(), 1);
}

#[test]
fn a_payout_that_stays_under_way_is_on_the_list_within_the_hour() {
    let (mut world, _, payout) = withdrawing();
    accepted(&mut world, payout);
    let listed = |world: &World| read::payouts_for_operators(&world.read()).unwrap().len();
    assert_eq!(listed(&world), 0);
    // Asked about after 1, 2, 4 and 8 minutes.
    for minutes in [1, 2, 4, 8] {
        world.pass(minutes * MINUTE_MS);
    }
    assert_eq!(
        (state(&world, payout), questions(&world).len()),
        (PayoutState::Pending, 4)
    );
    assert_eq!(listed(&world), 1);
}

#[test]
fn a_refund_ends_no_subscription_that_another_s_receipt_bought() {
    let mut world = world();
    world.add_site("kibera-3");
    let site = Some("kibera-3");
    let (jane, thief) = (world.customer("0700000102", site), world.customer("0700000103", site));
    let plan = || Item::Plan("monthly".to_owned());
    let (hers, his) = (prompted(&mut world, jane, plan()), prompted(&mut world, thief, plan()));
    told(&mut world, his, "R1");
    queried(&mut world, his);
    let line = Arrival {
        reference: Some(account(&world, jane)),
        ..nameless("R1", 30_000)
    };
    assert_eq!(book(&mut world, line), MoneyPlace::Suspense(Why::ReceiptContradicts));
    let place = allocate(&mut world, Role::Admin, "R1", Allocation::Purchase(hers));
    assert_eq!(place, Ok(MoneyPlace::Purchase(hers)));
    begun(world.ask(refund(his, None, PayBy::Wallet)));
    let expired = |customer| world.shown(customer).subscription.unwrap().expired;
    assert_eq!((expired(jane), expired(thief)), (false, true));
}

#[test]
fn a_fee_that_cannot_be_stops_no_payout_and_a_late_one_changes_nothing() {
    let (mut world, _, payout) = withdrawing();
    accepted(&mut world, payout);
    let kes = |minor| Some(Money::new(minor, Currency::Kes));
    let fee_of = |world: &mut World, minor| {
        let fee = kes(minor);
        world.give(Input::PaidOut {
            payout,
            word: PayoutWord {
                fee,
                ..PayoutWord::from(PayoutAnswer::Accepted { reference: None })
            },
        });
    };
    fee_of(&mut world, i64::MAX);
    made(&mut world, payout, "B2C1");
    fee_of(&mut world, 1_500);
    assert_eq!((of(&world, "till:mpesa"), of(&world, "fees")), (4_000, 0));
    let kept: i64 = world
        .read()
        .query_row("SELECT fee_minor FROM payout", [], |row| row.get(0))
        .unwrap();
    assert_eq!(kept, 0, "what was booked is what stands in the row");
}

#[test]
fn the_payouts_of_a_merged_customer_are_listed_with_who_stays() {
    let (mut world, _, _) = withdrawing();
    let (kibera, older) = (world.site("kibera-3"), CustomerId(0x01d));
    register(&mut world, kibera, older, "+254700000102", "4071", 60_000);
    let filter = read::PayoutFilter {
        state: None,
        customer: Some(older),
    };
    assert_eq!(
        read::payouts(&world.read(), &filter, i64::MAX, 10).unwrap().items.len(),
        1
    );
}

#[test]
fn a_purchase_whose_money_lies_in_suspense_is_neither_closed_nor_booked_twice() {
    let mut world = world();
    world.add_site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    let purchase = prompted(&mut world, customer, Item::Plan("monthly".to_owned()));
    change_books(&world, "UPDATE purchase SET plan_zone = 'Nowhere/Atall'");
    queried(&mut world, purchase);
    let books = |world: &World| ["till:mpesa", "suspense"].map(|account| of(world, account));
    assert_eq!(books(&world), [30_000, -30_000]);
    assert_eq!(
        code(world.ask(order(purchase, PaymentOrder::Close))),
        "money_in_suspense"
    );
    // The receipt of other money is typed for it: what came before is not forgotten.
    assert_eq!(
        book(&mut world, nameless("R9", 100)),
        MoneyPlace::Suspense(Why::NoReference)
    );
    assert_eq!(code(world.ask(credit(purchase, Some("R9")))), "order_refused");
    assert_eq!(
        code(world.ask(order(purchase, PaymentOrder::Close))),
        "money_in_suspense"
    );
    // Its own line comes, and is new money neither now nor afterwards.
    let line = Arrival {
        reference: Some(account(&world, customer)),
        ..nameless("R1", 30_000)
    };
    assert_eq!(book(&mut world, line), MoneyPlace::Purchase(purchase));
    assert_eq!(books(&world), [30_100, -30_100]);
    assert_eq!(code(world.ask(credit(purchase, Some("R2")))), "purchase_settled");
    change_books(&world, "UPDATE purchase SET plan_zone = 'Africa/Nairobi'");
    world.ask(credit(purchase, None)).unwrap();
    assert_eq!(books(&world), [30_100, -100]);
    assert_eq!(world.shown(customer).allowance_ml, 600_000);
}

#[test]
fn an_equal_part_of_a_deposit_is_refunded_once_in_two_minutes() {
    let (mut world, customer, deposit) = crate::refunds::who_bought(Item::Deposit(10_000), None);
    let part = || refund(deposit, Some(2_000), PayBy::Provider);
    let (payout, _) = begun(world.ask(part()));
    assert_eq!(code(world.ask(part())), "equal_payout");
    made(&mut world, payout, "B2C1");
    world.pass(2 * MINUTE_MS + 1);
    begun(world.ask(part()));
    assert_eq!(world.shown(customer).wallet_minor, 6_000);
}

#[test]
fn a_call_that_may_be_on_its_way_is_not_said_to_have_failed() {
    let (mut world, customer, payout) = withdrawing();
    answered(&mut world, payout, PayoutAnswer::NoAnswer);
    let not_made = || Request::OrderPayout {
        payout,
        order: PayoutOrder::NotMade,
        note: "not on the statement".to_owned(),
    };
    assert_eq!(code(world.ask(not_made())), "too_early");
    world.pass(3 * MINUTE_MS);
    world.ask(not_made()).unwrap();
    assert_eq!(world.shown(customer).wallet_minor, 10_000);
}

#[test]
fn a_restored_hub_pays_nobody_before_a_person_has_compared_the_statements() {
    let mut world = World::with(paying_out);
    let customer = world.customer("0700000102", None);
    prompted(&mut world, customer, Item::Deposit(10_000));
    pays(&mut world, 0, "RCPT1");
    world.backup();
    world.side.append("generation 5").unwrap();
    world.restore();
    assert!(world.alarms().contains(&"payouts_held"));
    assert!(!read::in_doubt(&world.read()).unwrap(), "no site is there to be heard");
    let (_, state) = begun(world.ask(withdraw(customer, 6_000)));
    assert_eq!((state, calls(&world).len()), (PayoutState::NeedsOperator, 0));
    let release = || Request::ReleasePayouts {
        note: "M-PESA's statement of today agrees".to_owned(),
    };
    world.ask(release()).unwrap();
    assert_eq!(code(world.ask(release())), "not_held");
    begun(world.ask(withdraw(customer, 2_000)));
    assert_eq!(calls(&world).len(), 1);
}

#[test]
fn an_equal_withdrawal_is_a_second_click_for_two_minutes() {
    let (mut world, customer, _) = crate::refunds::who_bought(Item::Deposit(10_000), None);
    let (payout, _) = begun(world.ask(withdraw(customer, 2_000)));
    assert_eq!(code(world.ask(withdraw(customer, 2_000))), "equal_payout");
    begun(world.ask(withdraw(customer, 3_000)));
    made(&mut world, payout, "B2C1");
    world.pass(2 * MINUTE_MS);
    assert_eq!(code(world.ask(withdraw(customer, 2_000))), "equal_payout");
    world.pass(1);
    begun(world.ask(withdraw(customer, 2_000)));
    assert_eq!(world.shown(customer).wallet_minor, 3_000);
}
