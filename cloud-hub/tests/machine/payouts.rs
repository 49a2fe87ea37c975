//! The life of a payout: reserved, called for once, asked about, settled or given back.

use hub::hub::{
    effect::{Effect, Refusal, Response},
    input::{Actor, Allocation, Input, Item, NewWithdrawal, PayBy, PayoutId, ReplyId, Request},
    money::{Arrival, MoneyPlace, OrderEnd, OrderResult},
    payout::{PayoutQuestion, PayoutWay, PayoutWord},
    store::read,
};
use kiosk::{
    ids::CustomerId,
    moment::{DAY_MS, HOUR_MS, MINUTE_MS},
    payment::Failure,
    payout::{PayoutAnswer, PayoutOrder, PayoutState},
    provider::Provider,
    units::{Currency, Money},
};
use runtime::machine::run_batch;

use crate::{
    refunds::{all_of, begun, calls, code, of, paying_out, who_bought},
    world::{World, ml},
};

const REPLY: ReplyId = ReplyId(u64::MAX);

/// The provider answers the call.
pub fn answered(world: &mut World, payout: PayoutId, answer: PayoutAnswer) {
    let word = PayoutWord::from(answer);
    world.give(Input::PaidOut { payout, word });
}

pub fn accepted(world: &mut World, payout: PayoutId) {
    answered(world, payout, PayoutAnswer::Accepted { reference: None });
}

fn result(end: OrderEnd, minor: i64, receipt: Option<&str>, is_status: bool) -> OrderResult {
    OrderResult {
        provider: Provider::Mpesa,
        order: None,
        conversation: Some("AG_1".parse().unwrap()),
        receipt: receipt.map(|receipt| receipt.parse().unwrap()),
        amount: Some(Money::new(minor, Currency::Kes)),
        end,
        is_status,
    }
}

fn ended(world: &mut World, token: Option<String>, result: OrderResult) {
    let answers = world.give(Input::OrderEnded {
        reply: REPLY,
        token,
        result,
    });
    let answer = Ok(Response::Done);
    assert_eq!(answers, [Effect::Reply { reply: REPLY, answer }]);
}

/// A result comes to the payout's own address.
pub fn post(world: &mut World, payout: PayoutId, end: OrderEnd, minor: i64) {
    let call = calls(world).into_iter().find(|call| call.payout == payout).unwrap();
    ended(world, Some(call.token), result(end, minor, Some("B2C0"), false));
}

pub fn questions(world: &World) -> Vec<PayoutQuestion> {
    let question = |effect: &Effect| match effect {
        Effect::AskPayout(question) => Some(question.clone()),
        _ => None,
    };
    world.seen.iter().filter_map(question).collect()
}

/// The newest question is answered.
pub fn told(world: &mut World, end: OrderEnd, minor: i64, receipt: Option<&str>) {
    let token = questions(world).pop().expect("a question").token;
    ended(world, Some(token), result(end, minor, receipt, true));
}

/// Taken, done, asked about and confirmed.
pub fn made(world: &mut World, payout: PayoutId, receipt: &str) {
    let amount = calls(world)
        .into_iter()
        .find(|call| call.payout == payout)
        .unwrap()
        .amount;
    accepted(world, payout);
    post(world, payout, OrderEnd::Done, amount.minor);
    told(world, OrderEnd::Done, amount.minor, Some(receipt));
    assert_eq!(state(world, payout), PayoutState::Succeeded);
}

pub fn state(world: &World, payout: PayoutId) -> PayoutState {
    let shown = read::payout(&world.read(), payout).unwrap().unwrap();
    PayoutState::from_name(&shown.state).unwrap()
}

pub fn withdraw(customer: CustomerId, amount_minor: i64) -> Request {
    Request::Withdraw(NewWithdrawal {
        customer,
        amount_minor,
        provider: None,
        pay_by: PayBy::Provider,
        reason: "she asked for it".to_owned(),
    })
}

/// Somebody with 100.00 in the wallet, of which 60.00 are on their way out.
pub fn withdrawing() -> (World, CustomerId, PayoutId) {
    let (mut world, customer, _) = who_bought(Item::Deposit(10_000), None);
    let (payout, _) = begun(world.ask(withdraw(customer, 6_000)));
    (world, customer, payout)
}

#[test]
fn money_leaves_the_wallet_before_the_call_and_the_till_when_it_is_proven() {
    let (mut world, customer, payout) = withdrawing();
    let [call] = calls(&world).try_into().unwrap();
    assert_eq!(
        (call.way, call.amount.minor, call.payee.0),
        (PayoutWay::Transfer, 6_000, 254_700_000_102)
    );
    let books = |world: &World| ["till:mpesa", "wallet", "payout:mpesa"].map(|account| of(world, account));
    assert_eq!(books(&world), [10_000, -4_000, -6_000]);
    accepted(&mut world, payout);
    post(&mut world, payout, OrderEnd::Done, 6_000);
    assert_eq!(books(&world), [10_000, -4_000, -6_000], "a posted result is a claim");
    told(&mut world, OrderEnd::Done, 6_000, Some("B2C1"));
    assert_eq!(books(&world), [4_000, -4_000, 0]);
    // Told again in every way, after a restart too: nothing moves.
    post(&mut world, payout, OrderEnd::Done, 6_000);
    told(&mut world, OrderEnd::Done, 6_000, Some("B2C1"));
    world.restart();
    world.pass(DAY_MS);
    assert_eq!((books(&world), calls(&world).len()), ([4_000, -4_000, 0], 1));
    assert_eq!(world.shown(customer).wallet_minor, 4_000);
    let texts = world.texts();
    let about = |word: &str| texts.iter().filter(|text| text.contains(word)).count();
    assert_eq!(
        (about("is being sent back"), about("was sent back")),
        (1, 1),
        "{texts:?}"
    );
    assert!(texts.last().unwrap().contains("B2C1"), "{texts:?}");
}

#[test]
fn a_wallet_pays_what_it_holds_and_no_more() {
    let (mut world, customer, _) = withdrawing();
    assert_eq!(
        code(world.ask(withdraw(customer, 4_100))),
        "wallet_too_small",
        "60.00 of 100.00 are on their way"
    );
    for minor in [0, -100, 50, i64::MAX, i64::MIN] {
        let refusal: Refusal = world.ask(withdraw(customer, minor)).unwrap_err();
        assert!(
            ["out_of_range", "wallet_too_small"].contains(&&*refusal.code),
            "{minor}: {refusal:?}"
        );
    }
    begun(world.ask(withdraw(customer, 4_000)));
    assert_eq!(world.shown(customer).wallet_minor, 0);
}

#[test]
fn what_is_refused_at_the_door_is_the_owners_again() {
    let (mut world, customer, payout) = withdrawing();
    answered(&mut world, payout, PayoutAnswer::Refused(Failure::Limit));
    assert_eq!(
        (state(&world, payout), world.shown(customer).wallet_minor),
        (PayoutState::Failed, 10_000)
    );
    assert_eq!(of(&world, "payout:mpesa"), 0);
    assert!(world.texts().last().unwrap().contains("could not be sent back"));
    answered(&mut world, payout, PayoutAnswer::Refused(Failure::Limit));
    assert_eq!(world.shown(customer).wallet_minor, 10_000, "once");
}

#[test]
fn a_kill_between_the_reserve_and_the_call_asks_and_does_not_pay_again() {
    let (mut world, customer, _) = who_bought(Item::Deposit(10_000), None);
    // The commit is on the disk; whoever was to carry its effects is dead.
    let moment = world.moment();
    let asked = Input::Asked {
        reply: ReplyId(77),
        by: Actor::Owner,
        key: Some("key".to_owned()),
        request: Box::new(withdraw(customer, 6_000)),
    };
    let lost = run_batch(&mut world.hub, [(moment, asked)], |fault| panic!("{fault}"));
    assert!(lost.iter().any(|effect| matches!(effect, Effect::PayOut(_))));
    world.restart();
    world.pass(MINUTE_MS);
    let again = world.ask_as(Actor::Owner, Some("key"), withdraw(customer, 6_000));
    let (payout, _) = begun(again);
    assert_eq!(
        (state(&world, payout), of(&world, "payout:mpesa")),
        (PayoutState::Unknown, -6_000)
    );
    world.pass(MINUTE_MS);
    assert_eq!((calls(&world).len(), questions(&world).len()), (0, 1));
    assert_eq!(questions(&world)[0].payout, payout);
    // It had left after all.
    told(&mut world, OrderEnd::Done, 6_000, Some("B2C1"));
    assert_eq!(
        (state(&world, payout), of(&world, "till:mpesa")),
        (PayoutState::Succeeded, 4_000)
    );
}

#[test]
fn silence_is_asked_about_for_days_and_then_shown_to_an_operator() {
    let (mut world, customer, payout) = withdrawing();
    answered(&mut world, payout, PayoutAnswer::NoAnswer);
    assert_eq!(state(&world, payout), PayoutState::Unknown);
    for _ in 0..40 {
        world.pass(6 * HOUR_MS);
    }
    assert_eq!(
        (state(&world, payout), calls(&world).len()),
        (PayoutState::NeedsOperator, 1)
    );
    assert!(questions(&world).len() > 20 && world.alarms().contains(&"payout_unknown"));
    assert_eq!(of(&world, "payout:mpesa"), -6_000, "the money stays where it is");
    let order = Request::OrderPayout {
        payout,
        order: PayoutOrder::NotMade,
        note: "not on the statement".to_owned(),
    };
    world.ask(order).unwrap();
    assert_eq!(world.shown(customer).wallet_minor, 10_000);
}

#[test]
fn a_word_at_the_time_out_address_is_no_failure() {
    let (mut world, _, payout) = withdrawing();
    accepted(&mut world, payout);
    post(&mut world, payout, OrderEnd::Unknown, 6_000);
    assert_eq!(state(&world, payout), PayoutState::Unknown);
    world.pass(MINUTE_MS);
    assert_eq!((calls(&world).len(), questions(&world).len()), (1, 1));
    told(&mut world, OrderEnd::Unknown, 6_000, None);
    assert_eq!(state(&world, payout), PayoutState::Unknown);
    told(&mut world, OrderEnd::Failed(Failure::Refused), 6_000, None);
    assert_eq!(
        (state(&world, payout), of(&world, "payout:mpesa")),
        (PayoutState::Failed, 0)
    );
}

#[test]
fn a_late_success_after_the_money_was_given_back_follows_the_money() {
    let (mut world, customer, payout) = withdrawing();
    answered(&mut world, payout, PayoutAnswer::Refused(Failure::Busy));
    assert_eq!(world.shown(customer).wallet_minor, 10_000);
    post(&mut world, payout, OrderEnd::Done, 6_000);
    assert_eq!(world.shown(customer).wallet_minor, 10_000, "a claim");
    told(&mut world, OrderEnd::Done, 6_000, Some("B2C1"));
    assert_eq!(
        (state(&world, payout), world.shown(customer).wallet_minor),
        (PayoutState::Succeeded, 4_000)
    );
    assert_eq!((of(&world, "till:mpesa"), of(&world, "payout:mpesa")), (4_000, 0));
    assert!(world.alarms().contains(&"payout_made_late"));
}

#[test]
fn a_refund_that_turns_out_made_takes_its_water_back_again() {
    let (mut world, customer, purchase) = who_bought(Item::Litres(ml(20_000)), None);
    let (payout, _) = begun(world.ask(all_of(purchase)));
    answered(&mut world, payout, PayoutAnswer::Refused(Failure::Busy));
    assert_eq!((world.balance_ml(customer), of(&world, "water")), (20_000, -4_000));
    post(&mut world, payout, OrderEnd::Done, 4_000);
    told(&mut world, OrderEnd::Done, 4_000, Some("REV1"));
    assert_eq!(
        (
            world.balance_ml(customer),
            of(&world, "water"),
            of(&world, "till:mpesa")
        ),
        (0, 0, 0)
    );
}

#[test]
fn a_foreign_result_is_written_down_and_moves_nothing() {
    let (mut world, _, payout) = withdrawing();
    accepted(&mut world, payout);
    let before = (world.ledger(), questions(&world).len());
    ended(
        &mut world,
        Some("f00d".to_owned()),
        result(OrderEnd::Done, 6_000, Some("B2C1"), true),
    );
    ended(&mut world, None, result(OrderEnd::Done, 6_000, Some("B2C1"), false));
    assert_eq!((world.ledger(), questions(&world).len()), before);
    assert!(world.alarms().contains(&"order_unknown"));
    // At the right address, of another order.
    let call = calls(&world).remove(0);
    let foreign = OrderResult {
        order: Some("another".parse().unwrap()),
        ..result(OrderEnd::Done, 6_000, Some("B2C1"), false)
    };
    ended(&mut world, Some(call.token), foreign);
    assert_eq!(
        (world.ledger(), questions(&world).len(), state(&world, payout)),
        (before.0, before.1, PayoutState::Pending)
    );
}

#[test]
fn another_amount_than_was_ordered_waits_for_an_operator() {
    let (mut world, _, payout) = withdrawing();
    accepted(&mut world, payout);
    post(&mut world, payout, OrderEnd::Done, 1);
    assert_eq!(questions(&world).len(), 1, "any claim is asked about");
    told(&mut world, OrderEnd::Done, 600_000, Some("B2C1"));
    assert_eq!(
        (state(&world, payout), of(&world, "payout:mpesa")),
        (PayoutState::NeedsOperator, -6_000)
    );
    assert!(world.alarms().contains(&"payout_mismatch"));
    told(&mut world, OrderEnd::Done, 6_000, Some("B2C1"));
    assert_eq!(
        state(&world, payout),
        PayoutState::NeedsOperator,
        "no answer settles it any more"
    );
}

#[test]
fn that_a_question_failed_says_nothing_about_the_payout() {
    let (mut world, _, payout) = withdrawing();
    answered(&mut world, payout, PayoutAnswer::NoAnswer);
    world.pass(MINUTE_MS);
    let token = questions(&world).pop().unwrap().token;
    let failed = result(OrderEnd::Failed(Failure::Configuration), 6_000, None, false);
    ended(&mut world, Some(token), failed);
    assert_eq!(
        (state(&world, payout), of(&world, "payout:mpesa")),
        (PayoutState::Unknown, -6_000)
    );
}

#[test]
fn one_receipt_settles_one_payout() {
    let (mut world, customer, first) = withdrawing();
    made(&mut world, first, "B2C1");
    let (second, _) = begun(world.ask(withdraw(customer, 2_000)));
    accepted(&mut world, second);
    post(&mut world, second, OrderEnd::Done, 2_000);
    told(&mut world, OrderEnd::Done, 2_000, Some("B2C1"));
    assert_eq!(state(&world, second), PayoutState::Pending);
    assert!(world.alarms().contains(&"receipt_reused"));
    let order = Request::OrderPayout {
        payout: second,
        order: PayoutOrder::Made {
            receipt: Some("B2C1".parse().unwrap()),
        },
        note: "seen".to_owned(),
    };
    assert_eq!(code(world.ask(order)), "receipt_reused");
}

#[test]
fn the_fee_that_a_provider_names_is_the_houses() {
    let (mut world, _, payout) = withdrawing();
    let call = calls(&world).remove(0);
    let report = kiosk::payout::PayoutReport {
        key: call.key,
        verdict: kiosk::payout::PayoutVerdict::Made,
        receipt: None,
        amount: Some(call.amount),
        payee: None,
    };
    let word = PayoutWord {
        answer: Some(PayoutAnswer::Accepted { reference: None }),
        report: Some(report),
        fee: Some(Money::new(1_500, Currency::Kes)),
    };
    world.give(Input::PaidOut { payout, word });
    // 60.00 went to the phone and 15.00 to the provider: 25.00 of 100.00 are left, of which 40.00 are owed.
    assert_eq!(
        (of(&world, "till:mpesa"), of(&world, "fees"), of(&world, "wallet")),
        (2_500, 1_500, -4_000)
    );
}

#[test]
fn money_of_nobody_goes_back_to_its_payer_and_lies_in_suspense_again_if_that_fails() {
    let mut world = World::with(|settings| {
        paying_out(settings);
        settings.counter.short_codes = vec!["174379".to_owned()];
    });
    let arrival = Arrival {
        provider: Provider::Mpesa,
        receipt: "RKTQDM7W6S".parse().unwrap(),
        amount: Money::new(5_000, Currency::Kes),
        payer: Some("25470****149".to_owned()),
        reference: Some("nobody".to_owned()),
        short_code: "174379".to_owned(),
        at_till: false,
        time: world.now,
    };
    world.ask(Request::BookLine(arrival)).unwrap();
    assert_eq!(of(&world, "suspense"), -5_000);
    let give_back = || Request::ReturnMoney {
        provider: Provider::Mpesa,
        receipt: "RKTQDM7W6S".parse().unwrap(),
        reason: "nobody claims it".to_owned(),
    };
    let (payout, _) = begun(world.ask(give_back()));
    assert_eq!((of(&world, "suspense"), of(&world, "payout:mpesa")), (0, -5_000));
    assert_eq!(code(world.ask(give_back())), "not_in_suspense");
    let customer = world.customer("0700000102", None);
    let allocate = Request::AllocateMoney {
        provider: Provider::Mpesa,
        receipt: "RKTQDM7W6S".parse().unwrap(),
        to: Allocation::Wallet(customer),
    };
    assert_eq!(code(world.ask(allocate.clone())), "not_in_suspense", "it is on its way");
    answered(&mut world, payout, PayoutAnswer::Refused(Failure::Refused));
    assert_eq!((of(&world, "suspense"), of(&world, "payout:mpesa")), (-5_000, 0));
    assert_eq!(world.ask(allocate), Ok(Response::Money(MoneyPlace::Wallet(customer))));
    assert!(
        world.texts().iter().all(|text| !text.contains("sent back")),
        "nobody to tell"
    );
}

#[test]
fn every_step_stands_in_the_audit() {
    let (mut world, _, payout) = withdrawing();
    made(&mut world, payout, "B2C1");
    let connection = world.read();
    let mut statement = connection
        .prepare("SELECT action FROM audit WHERE subject = ?1 ORDER BY id")
        .unwrap();
    let rows = statement.query_map([payout.to_string()], |row| row.get(0)).unwrap();
    let actions: Vec<String> = rows.map(Result::unwrap).collect();
    assert_eq!(actions, ["payout asked", "payout made"]);
}
