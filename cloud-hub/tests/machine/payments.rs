//! Purchases: paid, updated, recorded, told; once.

use hub::hub::{
    effect::{Effect, Refusal, RefusalKind, Response},
    input::{Input, Item, NewPurchase, Pay, PurchaseId, ReplyId, Request},
    store::read,
};
use kiosk::{
    fact::{AnsweredState, Fact, PurchaseAsked, PurchaseItem},
    ids::CustomerId,
    moment::DAY_MS,
    payment::{PaymentEvent, PaymentOrder, PaymentState, ProviderVerdict, PushAnswer, QueryAnswer, Report},
    provider::Provider,
};
use proptest::prelude::*;
use runtime::machine::Machine;

use crate::world::{World, ml, mpesa_token};

pub fn buy(customer: CustomerId, item: Item, pay: Pay) -> Request {
    Request::CreatePurchase(NewPurchase {
        customer,
        item,
        pay,
        provider: None,
        phone: None,
    })
}

pub fn bought(answer: Result<Response, Refusal>) -> (PurchaseId, PaymentState) {
    match answer {
        Ok(Response::Purchase { purchase, state }) => (purchase, state),
        other => panic!("{other:?}"),
    }
}

pub fn report(world: &World, prompt: usize, receipt: &str) -> Report {
    let prompt = world.prompts()[prompt].clone();
    Report {
        reference: Some(format!("ref-{:x}", prompt.purchase.0).parse().unwrap()),
        verdict: ProviderVerdict::Paid,
        receipt: Some(receipt.parse().unwrap()),
        amount: Some(prompt.amount),
        payer: Some(prompt.payer),
    }
}

pub fn accepted(world: &mut World, prompt: usize) {
    let purchase = world.prompts()[prompt].purchase;
    let reference = format!("ref-{:x}", purchase.0).parse().unwrap();
    world.give(Input::Provider {
        purchase,
        event: PaymentEvent::PushAnswered(PushAnswer::Accepted {
            reference: Some(reference),
        }),
    });
}

pub fn called_back(world: &mut World, prompt: usize, receipt: &str) {
    let (token, report) = (world.prompts()[prompt].token.clone(), report(world, prompt, receipt));
    let reply = ReplyId(u64::MAX);
    let answers = world.give(Input::Callback {
        reply,
        name: mpesa_token(token),
        report,
    });
    let answer = Ok(Response::Done);
    assert_eq!(answers, [Effect::Reply { reply, answer }]);
}

pub fn confirmed(world: &mut World, prompt: usize, receipt: &str) {
    let (purchase, report) = (world.prompts()[prompt].purchase, report(world, prompt, receipt));
    world.give(Input::Provider {
        purchase,
        event: PaymentEvent::QueryAnswered(QueryAnswer::Report(report)),
    });
}

/// The whole happy path of a prompt.
pub fn paid(world: &mut World, prompt: usize, receipt: &str) {
    accepted(world, prompt);
    called_back(world, prompt, receipt);
    confirmed(world, prompt, receipt);
}

#[test]
fn a_top_up_is_paid_then_credited_then_recorded_then_told_and_once() {
    let mut world = World::new();
    let site = world.site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    let (purchase, state) = bought(world.ask(buy(customer, Item::Litres(ml(20_000)), Pay::Prompt)));
    assert_eq!(state, PaymentState::Submitting);
    accepted(&mut world, 0);
    called_back(&mut world, 0, "RCPT1");
    assert_eq!(world.balance_ml(customer), 0, "a callback is a claim, not a proof");
    let queried = |effect: &Effect| matches!(effect, Effect::Query { purchase: of, .. } if *of == purchase);
    assert!(world.seen.iter().any(queried), "so the provider is asked at once");
    assert!(world.texts().is_empty());
    confirmed(&mut world, 0, "RCPT1");
    assert_eq!(world.balance_ml(customer), 20_000);
    assert_eq!(world.gateways[site].grants()[0].volume, ml(20_000));
    // 20 litres cost 4000 cents, which M-PESA holds and the customer has not drawn.
    let ledger = world.ledger();
    assert_eq!((ledger["till:mpesa"], ledger["water"]), (4_000, -4_000));
    let texts = world.texts();
    assert!(texts.len() == 1 && texts[0].contains("RCPT1"), "{texts:?}");
    // Again, late, and after a restart.
    called_back(&mut world, 0, "RCPT1");
    confirmed(&mut world, 0, "RCPT1");
    world.restart();
    confirmed(&mut world, 0, "RCPT1");
    assert_eq!(world.balance_ml(customer), 20_000);
    assert_eq!(world.texts().len(), 1);
    let shown = read::purchase(&world.read(), purchase).unwrap().unwrap();
    assert_eq!(
        (shown.state.as_str(), shown.receipt.as_deref()),
        ("succeeded", Some("RCPT1"))
    );
}

#[test]
fn what_a_provider_says_is_not_lost_with_a_failed_commit() {
    let mut world = World::new();
    let customer = world.customer("0700000102", None);
    let (purchase, _) = bought(world.ask(buy(customer, Item::Litres(ml(20_000)), Pay::Prompt)));
    let token = world.prompts()[0].token.clone();
    let report = report(&world, 0, "RCPT1");
    let reference = report.reference.clone();
    let event = PaymentEvent::PushAnswered(PushAnswer::Accepted { reference });
    let reply = ReplyId(1);
    let said = Input::Provider {
        purchase,
        event: event.clone(),
    };
    let called = Input::Callback {
        reply,
        name: mpesa_token(token),
        report,
    };
    assert_eq!(world.hub.refusal(&said), [Effect::HandInAgain { purchase, event }]);
    match world.hub.refusal(&called).as_slice() {
        [
            Effect::Reply {
                reply: to,
                answer: Err(refusal),
            },
        ] => {
            assert_eq!((*to, refusal.kind), (reply, RefusalKind::Unavailable));
        }
        other => panic!("503 expected, not {other:?}"),
    }
}

#[test]
fn nothing_is_begun_that_nobody_can_collect() {
    let mut world = World::with(|settings| settings.providers.clear());
    let site = world.site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    let refusal = world
        .ask(buy(customer, Item::Litres(ml(20_000)), Pay::Prompt))
        .unwrap_err();
    assert_eq!(
        (refusal.kind, refusal.code.as_ref()),
        (RefusalKind::Conflict, "no_provider")
    );
    let asked = world.site_writes(
        site,
        Fact::PurchaseAsked(PurchaseAsked {
            customer,
            item: PurchaseItem::Litres(ml(20_000)),
            time: world.now,
        }),
    );
    assert_eq!(crate::sites::answers(&world, site, asked), [AnsweredState::Refused]);
    let cannot = "Paying by phone is not possible here. Nothing was taken. Please pay at the kiosk.";
    assert_eq!(world.texts(), [cannot]);
    assert!(world.prompts().is_empty());
    // M-PESA is offered, and another is named.
    let mut world = World::new();
    let customer = world.customer("0700000102", None);
    let named = Request::CreatePurchase(NewPurchase {
        customer,
        item: Item::Litres(ml(20_000)),
        pay: Pay::Prompt,
        provider: Some(Provider::Mtn),
        phone: None,
    });
    let refusal = world.ask(named).unwrap_err();
    assert_eq!(
        (refusal.kind, refusal.code.as_ref()),
        (RefusalKind::Invalid, "not_offered")
    );
    assert!(world.prompts().is_empty());
}

#[test]
fn texts_wait_where_nobody_carries_them() {
    let mut world = World::with(|settings| settings.texts = false);
    let customer = world.customer("0700000102", None);
    bought(world.ask(buy(customer, Item::Litres(ml(20_000)), Pay::Prompt)));
    paid(&mut world, 0, "RCPT1");
    (0..20).for_each(|_| world.pass(600_000));
    assert!(world.texts().is_empty());
    world.settings.texts = true;
    world.restart();
    assert_eq!(world.texts().len(), 1);
}

#[test]
fn an_equal_open_purchase_blocks_until_it_is_unknown_for_five_minutes() {
    let mut world = World::new();
    let customer = world.customer("0700000102", None);
    let litres = |volume| buy(customer, Item::Litres(ml(volume)), Pay::Prompt);
    let (first, _) = bought(world.ask(litres(20_000)));
    let refusal = world.ask(litres(20_000)).unwrap_err();
    assert_eq!((refusal.code.as_ref(), refusal.id), ("purchase_open", Some(first.0)));
    bought(world.ask(litres(40_000)));
    // No answer to the push within a minute: unknown. It still blocks, until five minutes have passed.
    world.pass(61_000);
    let state = |world: &World| read::purchase(&world.read(), first).unwrap().unwrap().state;
    assert_eq!(state(&world), "unknown");
    assert_eq!(world.ask(litres(20_000)).unwrap_err().code, "purchase_open");
    world.pass(240_000);
    bought(world.ask(litres(20_000)));
    assert_eq!(world.prompts().len(), 3, "and no prompt was ever sent twice");
}

#[test]
fn a_receipt_or_reference_of_another_payment_goes_no_further() {
    let mut world = World::new();
    let customer = world.customer("0700000102", None);
    for volume in [20_000, 40_000] {
        bought(world.ask(buy(customer, Item::Litres(ml(volume)), Pay::Prompt)));
    }
    paid(&mut world, 0, "RCPT1");
    accepted(&mut world, 1);
    confirmed(&mut world, 1, "RCPT1");
    assert_eq!(world.balance_ml(customer), 20_000);
    assert_eq!(world.alarms(), ["receipt_reused"]);
    let purchase = world.prompts()[1].purchase;
    let credit = |receipt: &str| Request::OrderPayment {
        purchase,
        order: PaymentOrder::Credit {
            receipt: Some(receipt.parse().unwrap()),
        },
    };
    assert_eq!(world.ask(credit("RCPT1")).unwrap_err().code, "receipt_reused");
    // An operator found the right one on the statement; the provider's answer comes later and changes nothing.
    let (_, state) = bought(world.ask(credit("RCPT2")));
    assert_eq!(state, PaymentState::Succeeded);
    assert_eq!(world.balance_ml(customer), 60_000);
    confirmed(&mut world, 1, "RCPT2");
    assert_eq!(world.balance_ml(customer), 60_000);
    assert_eq!(world.ledger()["till:mpesa"], 12_000);
}

#[test]
fn the_wallet_pays_only_what_it_holds() {
    let mut world = World::new();
    let customer = world.customer("0700000102", None);
    // 45.50 is prompted as 46 shillings: providers take whole ones.
    bought(world.ask(buy(customer, Item::Deposit(4_550), Pay::Prompt)));
    assert_eq!(world.prompts()[0].amount.minor, 4_600);
    paid(&mut world, 0, "RCPT1");
    assert_eq!(world.shown(customer).wallet_minor, 4_600);
    let too_much = world.ask(buy(customer, Item::Litres(ml(40_000)), Pay::Wallet));
    assert_eq!(too_much.unwrap_err().code, "wallet_too_small");
    let (_, state) = bought(world.ask(buy(customer, Item::Litres(ml(20_000)), Pay::Wallet)));
    assert_eq!(state, PaymentState::Succeeded);
    let shown = world.shown(customer);
    assert_eq!((shown.wallet_minor, shown.balance_ml), (600, 20_000));
    let ledger = world.ledger();
    assert_eq!(
        (ledger["wallet"], ledger["water"], ledger["till:mpesa"]),
        (-600, -4_000, 4_600)
    );
    let refused = world.ask(buy(customer, Item::Bill(None), Pay::Prompt));
    assert_eq!(refused.unwrap_err().code, "no_open_bill");
}

#[test]
fn a_plan_that_is_gone_is_given_as_it_was_sold() {
    let mut world = World::new();
    world.site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    bought(world.ask(buy(customer, Item::Plan("monthly".to_owned()), Pay::Prompt)));
    world.settings.plans.clear();
    world.restart();
    paid(&mut world, 0, "RCPT1");
    let shown = world.shown(customer);
    assert_eq!(shown.allowance_ml, 600_000);
    assert_eq!(
        shown.subscription.unwrap().valid_until.rfc3339(),
        "2026-12-20T21:00:00Z"
    );
}

#[test]
fn what_is_paid_and_cannot_be_given_lies_in_suspense_for_an_operator() {
    let mut world = World::new();
    world.site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    let (purchase, _) = bought(world.ask(buy(customer, Item::Plan("monthly".to_owned()), Pay::Prompt)));
    let books = world.folder.join("hub.db");
    let spoilt = rusqlite::Connection::open(&books).unwrap();
    spoilt
        .execute("UPDATE purchase SET plan_zone = 'Nowhere/Atall'", [])
        .unwrap();
    paid(&mut world, 0, "RCPT1");
    confirmed(&mut world, 0, "RCPT1");
    let state = |world: &World| read::purchase(&world.read(), purchase).unwrap().unwrap().state;
    assert_eq!(
        (state(&world).as_str(), world.alarms()),
        ("needs_operator", vec!["plan_gone"])
    );
    let ledger = world.ledger();
    assert_eq!((ledger["till:mpesa"], ledger["suspense"]), (30_000, -30_000));
    assert!(world.texts().is_empty(), "nobody is told of a success");
    // It is mended, and an operator gives it: from suspense.
    let mended = rusqlite::Connection::open(books).unwrap();
    mended
        .execute("UPDATE purchase SET plan_zone = 'Africa/Nairobi'", [])
        .unwrap();
    let order = PaymentOrder::Credit { receipt: None };
    let (_, state) = bought(world.ask(Request::OrderPayment { purchase, order }));
    assert_eq!(
        (state, world.shown(customer).allowance_ml),
        (PaymentState::Succeeded, 600_000)
    );
    let ledger = world.ledger();
    let suspense = ledger.get("suspense").copied().unwrap_or_default();
    assert_eq!((ledger["till:mpesa"], suspense, ledger["water"]), (30_000, 0, -30_000));
}

#[test]
fn a_subscription_is_valid_for_thirty_days_reminds_twice_and_ends() {
    let mut world = World::new();
    let site = world.site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    bought(world.ask(buy(customer, Item::Plan("monthly".to_owned()), Pay::Prompt)));
    assert_eq!(world.prompts()[0].amount.minor, 30_000);
    paid(&mut world, 0, "RCPT1");
    let shown = world.shown(customer);
    // 30 jerrycans of 20 litres.
    assert_eq!((shown.balance_ml, shown.allowance_ml), (0, 600_000));
    let subscription = shown.subscription.unwrap();
    // Paid on 20 November: the last day is 20 December, whose end in Nairobi is 21:00 in UTC.
    assert_eq!(subscription.valid_until.rfc3339(), "2026-12-20T21:00:00Z");
    let granted = world.gateways[site].grants();
    assert_eq!(granted[0].volume, ml(600_000));
    assert_eq!(granted[0].valid_until, Some(subscription.valid_until));
    let spend = crate::fleet::pour(&world, site, 1, granted[0].grant, 20_000, kiosk::fact::How::Report);
    world.site_writes(site, spend);
    // One of 30 jerrycans: 1000 of 30000 cents.
    assert_eq!(world.ledger()["sales"], -1_000);
    let texts = world.texts().len();
    for day in 1..=30 {
        world.pass(DAY_MS);
        let expected = match day {
            ..=26 => 0,
            27..=28 => 1,
            _ => 2,
        };
        assert_eq!(world.texts().len() - texts, expected, "day {day}");
    }
    world.pass(DAY_MS);
    assert_eq!(world.texts().len() - texts, 3);
    let shown = world.shown(customer);
    assert!(shown.subscription.unwrap().expired);
    assert_eq!(shown.allowance_ml, 0);
    // What was not drawn is earned, and what is still reported of it changes nothing.
    assert_eq!(world.ledger()["sales"], -30_000);
    let late = crate::fleet::pour(&world, site, 2, granted[0].grant, 20_000, kiosk::fact::How::Report);
    world.site_writes(site, late);
    assert_eq!(world.ledger()["sales"], -30_000);
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Accepted,
    CalledBack,
    Confirmed,
    NoAnswer,
    Pass(i64),
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<(usize, Step)>> {
    let step = prop_oneof![
        Just(Step::Accepted),
        Just(Step::CalledBack),
        Just(Step::Confirmed),
        Just(Step::NoAnswer),
        (1_000..600_000_i64).prop_map(Step::Pass),
        Just(Step::Restart),
    ];
    prop::collection::vec((0..3_usize, step), 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Duplicated and reordered provider events: each payment is credited at most once, exactly once when confirmed,
    /// and the ledger always sums to zero.
    #[test]
    fn credits_are_applied_once_whatever_providers_say(steps in steps()) {
        let mut world = World::new();
        let customer = world.customer("0700000102", None);
        let volumes = [20_000, 40_000, 60_000];
        for volume in volumes {
            bought(world.ask(buy(customer, Item::Litres(ml(volume)), Pay::Prompt)));
        }
        // A query can only be about a reference that the push's answer or a callback has told.
        let mut named = [false; 3];
        let mut sure = [false; 3];
        for (payment, step) in steps {
            let receipt = format!("RCPT{payment}");
            match step {
                Step::Accepted => {
                    accepted(&mut world, payment);
                    named[payment] = true;
                }
                Step::CalledBack => {
                    called_back(&mut world, payment, &receipt);
                    named[payment] = true;
                }
                Step::Confirmed => {
                    confirmed(&mut world, payment, &receipt);
                    sure[payment] |= named[payment];
                }
                Step::NoAnswer => {
                    let purchase = world.prompts()[payment].purchase;
                    let event = PaymentEvent::QueryAnswered(QueryAnswer::NoAnswer);
                    world.give(Input::Provider { purchase, event });
                }
                Step::Pass(ms) => world.pass(ms),
                Step::Restart => world.restart(),
            }
            let paid = volumes.into_iter().zip(sure).filter(|(_, sure)| *sure);
            let expected: i64 = paid.map(|(volume, _)| i64::try_from(volume).unwrap()).sum();
            prop_assert_eq!(world.balance_ml(customer), expected);
            // 0.2 cents a millilitre.
            let water = world.ledger().get("water").copied().unwrap_or_default();
            prop_assert_eq!(water, -expected / 5);
        }
        prop_assert_eq!(world.prompts().len(), 3);
    }
}
