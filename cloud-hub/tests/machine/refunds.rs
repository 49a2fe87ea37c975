//! What of a purchase comes back, who may say so, and what a site holds of it meanwhile.

use hub::hub::{
    effect::{Effect, Refusal, Response},
    input::{Actor, Item, NewPurchase, NewRefund, NewWithdrawal, Pay, PayBy, PayoutId, PurchaseId, Request},
    operator::Role,
    payout::{Outlet, PayoutCall, PayoutWay},
    settings::Settings,
    side::SideLog,
};
use kiosk::{
    fact::{Fact, How},
    ids::{CustomerId, GrantId},
    moment::{DAY_MS, MINUTE_MS},
    payout::{PayoutAnswer, PayoutOrder, PayoutState},
    provider::Provider,
};

use crate::{
    dispenses::{ask, reported, verify},
    fleet::pour,
    incoming::{self, book},
    payments::{self, paid},
    payouts::{answered, made, post, state},
    sites::register,
    world::{World, ml},
};

/// M-PESA pays out and undoes payments, at least ten shillings, and its list is known.
pub fn paying_out(settings: &mut Settings) {
    let outlet = Outlet {
        transfers: true,
        reversals: true,
        least_minor: 1_000,
    };
    settings.outlets = [(Provider::Mpesa, outlet)].into();
    settings.counter.short_codes = vec![incoming::PAYBILL.to_owned()];
}

/// A hub that pays out, and somebody who has paid for `item`. With a site, its gateway holds the water.
pub fn who_bought(item: Item, site: Option<&str>) -> (World, CustomerId, PurchaseId) {
    let mut world = World::with(paying_out);
    if let Some(site) = site {
        world.site(site);
    }
    let customer = world.customer("0700000102", site);
    let purchase = buy(&mut world, customer, item, "RCPT1");
    (world, customer, purchase)
}

pub fn buy(world: &mut World, customer: CustomerId, item: Item, receipt: &str) -> PurchaseId {
    let (purchase, _) = payments::bought(world.ask(payments::buy(customer, item, Pay::Prompt)));
    let prompt = world.prompts().len() - 1;
    paid(world, prompt, receipt);
    purchase
}

pub fn refund(purchase: PurchaseId, amount_minor: Option<i64>, pay_by: PayBy) -> Request {
    Request::Refund(NewRefund {
        purchase,
        amount_minor,
        pay_by,
        reason: "the tank leaks".to_owned(),
    })
}

pub fn all_of(purchase: PurchaseId) -> Request {
    refund(purchase, None, PayBy::Provider)
}

pub fn begun(answer: Result<Response, Refusal>) -> (PayoutId, PayoutState) {
    match answer {
        Ok(Response::Payout { payout, state }) => (payout, state),
        other => panic!("{other:?}"),
    }
}

pub fn code(answer: Result<Response, Refusal>) -> String {
    answer.expect_err("a refusal").code.to_string()
}

/// The calls that left.
pub fn calls(world: &World) -> Vec<PayoutCall> {
    let call = |effect: &Effect| match effect {
        Effect::PayOut(call) => Some(call.clone()),
        _ => None,
    };
    world.seen.iter().filter_map(call).collect()
}

/// The balance of an account in the hub's books; accounts of one kind are shown together.
pub fn of(world: &World, account: &str) -> i64 {
    world.ledger().get(account).copied().unwrap_or_default()
}

fn close(world: &mut World, grants: &[GrantId]) {
    for grant in grants {
        world.site_writes(0, Fact::Closed { grant: *grant });
    }
}

#[test]
fn an_undrawn_purchase_is_undone_as_a_whole() {
    let (mut world, customer, purchase) = who_bought(Item::Litres(ml(20_000)), None);
    // The list of the provider has it.
    book(&mut world, incoming::paid("RCPT1", None));
    let (payout, now) = begun(world.ask(all_of(purchase)));
    assert_eq!(now, PayoutState::Submitting);
    let [call] = calls(&world).try_into().unwrap();
    // 20 litres at 2.00 a litre.
    let reversal = PayoutWay::Reversal("RCPT1".parse().unwrap());
    assert_eq!((call.way, call.amount.minor, call.payout), (reversal, 4_000, payout));
    assert_eq!(
        world.balance_ml(customer),
        0,
        "the water is gone before the call leaves"
    );
    let books = ["till:mpesa", "water", "payout:mpesa", "sales"].map(|account| of(&world, account));
    assert_eq!(books, [4_000, 0, -4_000, 0]);
}

#[test]
fn of_half_drawn_water_the_undrawn_half_comes_back_and_the_odd_cents_go_to_the_wallet() {
    let (mut world, customer, purchase) = who_bought(Item::Litres(ml(20_000)), Some("kibera-3"));
    let grant = world.gateways[0].grants()[0].grant;
    let poured = pour(&world, 0, 1, grant, 7_250, How::Report);
    world.site_writes(0, poured);
    let waits = world.ask_patiently(Actor::Owner, Some("key"), all_of(purchase));
    let recalled = world.gateways[0].recalled();
    assert_eq!(
        (recalled.len(), world.said(waits)),
        (1, None),
        "the site is asked first"
    );
    assert!(calls(&world).is_empty());
    close(&mut world, &recalled);
    let (payout, _) = begun(world.said(waits).expect("an answer"));
    let [call] = calls(&world).try_into().unwrap();
    // 12.75 of 20 litres for 40.00 are left: 25.50. Whole shillings go out, 0.50 to the wallet; 7.25 l were sold for 14.50.
    assert_eq!((call.way, call.amount.minor), (PayoutWay::Transfer, 2_500));
    assert_eq!(
        (world.balance_ml(customer), world.shown(customer).wallet_minor),
        (0, 50)
    );
    let accounts = ["till:mpesa", "payout:mpesa", "water", "wallet", "sales"];
    assert_eq!(
        accounts.map(|account| of(&world, account)),
        [4_000, -2_500, 0, -50, -1_450]
    );
    made(&mut world, payout, "B2C1");
    assert_eq!(accounts.map(|account| of(&world, account)), [1_500, 0, 0, -50, -1_450]);
    assert_eq!(code(world.ask(all_of(purchase))), "nothing_left");
}

#[test]
fn of_two_purchases_the_older_was_drawn_first() {
    let mut world = World::with(paying_out);
    world.add_site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    let older = buy(&mut world, customer, Item::Litres(ml(20_000)), "RCPT1");
    world.pass(3 * MINUTE_MS);
    let newer = buy(&mut world, customer, Item::Litres(ml(10_000)), "RCPT2");
    verify(&mut world, ask("4071", 15_000, Some("r1"))).unwrap();
    reported(&mut world, "r1", 15_000);
    // Five of the first twenty litres are left, for 10.00 of its 40.00; all ten of the second, for 20.00.
    begun(world.ask(all_of(older)));
    begun(world.ask(all_of(newer)));
    let amounts: Vec<i64> = calls(&world).iter().map(|call| call.amount.minor).collect();
    assert_eq!(amounts, [1_000, 2_000]);
    assert_eq!(world.balance_ml(customer), 0);
}

#[test]
fn a_second_click_is_the_same_refund_and_a_second_refund_finds_nothing() {
    let (mut world, _, purchase) = who_bought(Item::Litres(ml(20_000)), None);
    let click = |world: &mut World| world.ask_as(Actor::Owner, Some("form-1"), all_of(purchase));
    let first = click(&mut world);
    assert_eq!(click(&mut world), first);
    world.restart();
    assert_eq!(click(&mut world), first);
    assert_eq!(code(world.ask(all_of(purchase))), "nothing_left");
    assert_eq!(calls(&world).len(), 1);
}

#[test]
fn water_at_a_site_that_is_away_is_not_refunded() {
    let (mut world, customer, purchase) = who_bought(Item::Litres(ml(20_000)), Some("kibera-3"));
    world.unlink(0);
    let refusal = world.ask(all_of(purchase)).unwrap_err();
    assert_eq!(refusal.code, "held_at_site");
    assert!(
        refusal.message.contains("when the site is online again"),
        "{}",
        refusal.message
    );
    assert!(world.gateways[0].recalled().is_empty() && calls(&world).is_empty());
    assert_eq!(world.balance_ml(customer), 20_000);
    world.link(0);
    let waits = world.ask_patiently(Actor::Owner, None, all_of(purchase));
    let recalled = world.gateways[0].recalled();
    close(&mut world, &recalled);
    assert_eq!(begun(world.said(waits).unwrap()).1, PayoutState::Submitting);
}

#[test]
fn a_site_that_does_not_give_back_in_time_keeps_the_water() {
    let (mut world, customer, purchase) = who_bought(Item::Litres(ml(20_000)), Some("kibera-3"));
    let waits = world.ask_patiently(Actor::Owner, None, all_of(purchase));
    world.pass(4_000);
    assert_eq!(code(world.said(waits).unwrap()), "held_at_site");
    assert!(calls(&world).is_empty());
    assert_eq!((world.balance_ml(customer), of(&world, "payout:mpesa")), (20_000, 0));
}

#[test]
fn what_will_be_refused_asks_nothing_back_from_a_site() {
    let (mut world, customer, purchase) = who_bought(Item::Litres(ml(20_000)), Some("kibera-3"));
    let part = refund(purchase, Some(1_000), PayBy::Provider);
    assert_eq!(code(world.ask(part)), "out_of_range", "water goes back as a whole");
    let silent = Request::Refund(NewRefund {
        purchase,
        amount_minor: None,
        pay_by: PayBy::Provider,
        reason: " ".to_owned(),
    });
    assert_eq!(code(world.ask(silent)), "bad_field");
    let nobodys = all_of(PurchaseId(7));
    assert_eq!(code(world.ask(nobodys)), "not_found");
    assert!(world.gateways[0].recalled().is_empty());
    assert_eq!(world.balance_ml(customer), 20_000);
}

#[test]
fn only_an_admin_lets_money_out() {
    let (mut world, customer, purchase) = who_bought(Item::Litres(ml(20_000)), None);
    let withdraw = Request::Withdraw(NewWithdrawal {
        customer,
        amount_minor: 1_000,
        provider: None,
        pay_by: PayBy::Provider,
        reason: "asked for it".to_owned(),
    });
    let order = Request::OrderPayout {
        payout: PayoutId(1),
        order: PayoutOrder::NotMade,
        note: "seen".to_owned(),
    };
    let give_back = Request::ReturnMoney {
        provider: Provider::Mpesa,
        receipt: "RCPT9".parse().unwrap(),
        reason: "nobody's".to_owned(),
    };
    for request in [all_of(purchase), withdraw, order, give_back] {
        for role in Role::ALL {
            let name = "amina".to_owned();
            let answer = world.ask_as(Actor::User { name, role }, None, request.clone());
            let forbidden = answer.as_ref().is_err_and(|refusal| refusal.code == "forbidden");
            assert_eq!(forbidden, role != Role::Admin, "{role:?} {request:?}: {answer:?}");
        }
    }
}

#[test]
fn a_refund_ends_its_subscription_and_one_that_fails_gives_it_back_with_its_days() {
    let (mut world, customer, purchase) = who_bought(Item::Plan("monthly".to_owned()), Some("kibera-3"));
    let end = world.shown(customer).subscription.unwrap().valid_until;
    let waits = world.ask_patiently(Actor::Owner, None, all_of(purchase));
    let recalled = world.gateways[0].recalled();
    close(&mut world, &recalled);
    let (payout, _) = begun(world.said(waits).unwrap());
    assert_eq!(
        calls(&world)[0].amount.minor,
        30_000,
        "the built-in monthly plan costs 300.00"
    );
    let shown = world.shown(customer);
    assert!(shown.subscription.unwrap().expired);
    assert_eq!((shown.allowance_ml, of(&world, "water")), (0, 0));
    world.now = world.now.plus_ms(2 * DAY_MS);
    answered(
        &mut world,
        payout,
        PayoutAnswer::Refused(kiosk::payment::Failure::Refused),
    );
    assert_eq!(state(&world, payout), PayoutState::Failed);
    let shown = world.shown(customer);
    let subscription = shown.subscription.unwrap();
    assert!(!subscription.expired);
    assert_eq!(subscription.valid_until, end.plus_ms(2 * DAY_MS));
    // 30 jerrycans of 20 litres.
    assert_eq!((shown.allowance_ml, of(&world, "water")), (600_000, -30_000));
    assert_eq!(world.gateways[0].grants().last().unwrap().volume, ml(600_000));
}

#[test]
fn a_subscription_comes_back_for_seven_days() {
    for (days, refused) in [(7, false), (8, true)] {
        let (mut world, _, purchase) = who_bought(Item::Plan("monthly".to_owned()), Some("kibera-3"));
        world.now = world.now.plus_ms(days * DAY_MS);
        let waits = world.ask_patiently(Actor::Owner, None, all_of(purchase));
        let answer = world.said(waits);
        assert_eq!(
            answer.is_some_and(|answer| code(answer) == "too_late"),
            refused,
            "{days} days"
        );
    }
}

#[test]
fn of_a_deposit_a_part_comes_back_and_never_more_than_the_wallet_holds() {
    let (mut world, customer, purchase) = who_bought(Item::Deposit(10_000), None);
    let part = |minor| refund(purchase, Some(minor), PayBy::Provider);
    assert_eq!(code(world.ask(part(10_100))), "too_much");
    assert_eq!(code(world.ask(part(1_050))), "out_of_range", "half a shilling");
    assert_eq!(
        code(world.ask(part(900))),
        "too_little",
        "M-PESA pays ten shillings at least"
    );
    begun(world.ask(part(6_000)));
    assert_eq!(world.shown(customer).wallet_minor, 4_000);
    assert_eq!(code(world.ask(part(4_100))), "too_much");
    begun(world.ask(all_of(purchase)));
    let amounts: Vec<i64> = calls(&world).iter().map(|call| call.amount.minor).collect();
    assert_eq!(amounts, [6_000, 4_000]);
    assert!(
        calls(&world).iter().all(|call| call.way == PayoutWay::Transfer),
        "a part is never reversed"
    );
}

#[test]
fn into_the_wallet_nobody_is_called() {
    let (mut world, customer, purchase) = who_bought(Item::Litres(ml(20_000)), None);
    let (_, now) = begun(world.ask(refund(purchase, None, PayBy::Wallet)));
    assert_eq!((now, calls(&world).len()), (PayoutState::Succeeded, 0));
    let shown = world.shown(customer);
    assert_eq!((shown.balance_ml, shown.wallet_minor), (0, 4_000));
    assert_eq!((of(&world, "till:mpesa"), of(&world, "wallet")), (4_000, -4_000));
    // Bought again from the wallet, it goes back there whatever is asked for. A second click would be refused.
    world.pass(2 * MINUTE_MS + 1);
    let again = NewPurchase {
        customer,
        item: Item::Litres(ml(20_000)),
        pay: Pay::Wallet,
        provider: None,
        phone: None,
    };
    let Ok(Response::Purchase { purchase, .. }) = world.ask(Request::CreatePurchase(again)) else {
        panic!("a purchase")
    };
    assert_eq!(begun(world.ask(all_of(purchase))).1, PayoutState::Succeeded);
    assert_eq!(world.shown(customer).wallet_minor, 4_000);
}

#[test]
fn a_provider_that_pays_nothing_out_names_the_ways_that_are_left() {
    let (mut world, _, purchase) = who_bought(Item::Litres(ml(20_000)), None);
    world.settings.outlets.clear();
    world.restart();
    let refusal = world.ask(all_of(purchase)).unwrap_err();
    assert_eq!(refusal.code, "cannot_pay_out");
    assert!(
        refusal.message.contains("\"hand\"") && refusal.message.contains("\"wallet\""),
        "{}",
        refusal.message
    );
    let (payout, now) = begun(world.ask(refund(purchase, None, PayBy::Hand)));
    assert_eq!((now, of(&world, "payout:mpesa")), (PayoutState::NeedsOperator, -4_000));
    world.pass(60_000);
    assert!(calls(&world).is_empty());
    let order = |order| Request::OrderPayout {
        payout,
        order,
        note: "portal, receipt B2C7".to_owned(),
    };
    assert_eq!(code(world.ask(order(PayoutOrder::AskAgain))), "paid_by_hand");
    let receipt = Some("B2C7".parse().unwrap());
    let settled = world.ask(order(PayoutOrder::Made { receipt }));
    assert_eq!(begun(settled).1, PayoutState::Succeeded);
    assert_eq!((of(&world, "till:mpesa"), of(&world, "payout:mpesa")), (0, 0));
    assert_eq!(code(world.ask(order(PayoutOrder::NotMade))), "cannot_be_ordered");
}

#[test]
fn a_hub_in_doubt_reserves_and_sends_nothing() {
    let (mut world, customer, purchase) = who_bought(Item::Deposit(10_000), None);
    world.site("kibera-3");
    let water = buy(&mut world, customer, Item::Litres(ml(20_000)), "RCPT2");
    world.side.clone().append("generation 5").unwrap();
    world.restart();
    assert!(world.alarms().contains(&"hub_in_doubt"));
    assert_eq!(code(world.ask(all_of(water))), "in_doubt");
    let (payout, now) = begun(world.ask(all_of(purchase)));
    assert_eq!((now, calls(&world).len()), (PayoutState::NeedsOperator, 0));
    assert_eq!(
        (of(&world, "payout:mpesa"), world.shown(customer).wallet_minor),
        (-10_000, 0)
    );
    assert!(world.alarms().contains(&"payout_after_restore"));
    // The statement shows that it was never made.
    let order = Request::OrderPayout {
        payout,
        order: PayoutOrder::NotMade,
        note: "not on the statement".to_owned(),
    };
    assert_eq!(begun(world.ask(order)).1, PayoutState::Failed);
    assert_eq!(
        (of(&world, "payout:mpesa"), world.shown(customer).wallet_minor),
        (0, 10_000)
    );
}

#[test]
fn what_a_merged_customer_bought_is_refunded_to_who_stays() {
    let (mut world, _, purchase) = who_bought(Item::Litres(ml(20_000)), None);
    let (kibera, older) = (world.site("kibera-3"), CustomerId(0x01d));
    register(&mut world, kibera, older, "+254700000102", "4071", 60_000);
    assert_eq!(world.balance_ml(older), 20_000);
    let waits = world.ask_patiently(Actor::Owner, None, all_of(purchase));
    let recalled = world.gateways[0].recalled();
    close(&mut world, &recalled);
    let (payout, _) = begun(world.said(waits).unwrap());
    assert_eq!((world.balance_ml(older), of(&world, "payout:mpesa")), (0, -4_000));
    post(
        &mut world,
        payout,
        hub::hub::money::OrderEnd::Failed(kiosk::payment::Failure::Refused),
        4_000,
    );
    let order = Request::OrderPayout {
        payout,
        order: PayoutOrder::NotMade,
        note: "declined on the portal".to_owned(),
    };
    world.pass(3 * MINUTE_MS);
    world.ask(order).unwrap();
    assert_eq!((world.balance_ml(older), of(&world, "water")), (20_000, -4_000));
}
