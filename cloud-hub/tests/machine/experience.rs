//! What a customer goes through who buys a month by M-PESA (FEATURES A22 to A44), row by row. The token and the prompt on
//! the wire (A31 to A33) are shown against the sandbox, in `tests/wires`; the daily job (A23 to A25) in `daily`; a prompt
//! that could not be sent (A34) in `purchases`.

use hub::hub::{
    effect::Effect,
    input::{Input, Item, Pay, PurchaseId},
    store::read,
};
use kiosk::{
    ids::CustomerId,
    moment::SECOND_MS,
    payment::{PaymentEvent, PaymentState, ProviderVerdict, QueryAnswer, Report},
    provider::Provider,
};
use runtime::machine::Machine;

use crate::{
    payments::{accepted, bought, buy, called_back, confirmed, paid, report},
    world::World,
};

/// A customer of a site who asked for a month, and has the prompt on the phone.
fn prompted() -> (World, CustomerId, PurchaseId) {
    let mut world = World::new();
    world.site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    let (purchase, _) = bought(world.ask(buy(customer, Item::Plan("monthly".to_owned()), Pay::Prompt)));
    accepted(&mut world, 0);
    (world, customer, purchase)
}

fn queries(world: &World) -> usize {
    let is_query = |effect: &&Effect| matches!(effect, Effect::Query { .. });
    world.seen.iter().filter(is_query).count()
}

fn state(world: &World, purchase: PurchaseId) -> String {
    read::purchase(&world.read(), purchase).unwrap().unwrap().state
}

/// The provider says that the customer has not answered yet.
fn not_yet(world: &mut World) {
    let verdict = ProviderVerdict::Pending;
    let report = Report {
        verdict,
        receipt: None,
        ..report(world, 0, "RCPT1")
    };
    let purchase = world.prompts()[0].purchase;
    let event = PaymentEvent::QueryAnswered(QueryAnswer::Report(report));
    world.give(Input::Provider { purchase, event });
}

/// The second on which each query of the first two and a half minutes left; `answer` hears each.
fn asked_at(world: &mut World, mut answer: impl FnMut(&mut World)) -> Vec<u32> {
    let mut asked = Vec::new();
    for second in 1..=150 {
        let before = queries(world);
        world.pass(SECOND_MS);
        if queries(world) > before {
            asked.push(second);
            answer(world);
        }
    }
    asked
}

#[test]
fn a22_a32_a33_a_subscription_starts_the_payment_with_one_prompt_on_the_customers_phone() {
    let (world, _, purchase) = prompted();
    let prompts = world.prompts();
    assert_eq!(prompts.len(), 1);
    let prompt = &prompts[0];
    // 300 shillings, from the phone that the customer has.
    assert_eq!((prompt.amount.minor, prompt.payer.0), (30_000, 254_700_000_102));
    assert_eq!(prompt.provider, Provider::Mpesa);
    assert_eq!(state(&world, purchase), "pending");
    assert!(
        world.texts().is_empty(),
        "nothing is said before there is something to say"
    );
}

#[test]
fn a35_a36_a37_x10_the_result_is_asked_for_four_times_thirty_seconds_apart() {
    let (mut world, ..) = prompted();
    assert_eq!(asked_at(&mut world, not_yet), [30, 60, 90, 120]);
    // The waits and the count are settings, and a restart between two queries loses none.
    let (mut world, ..) = prompted();
    let restarted = asked_at(&mut world, |world| {
        not_yet(world);
        world.restart();
    });
    assert_eq!(restarted, [30, 60, 90, 120]);
    let mut world = World::with(|settings| {
        settings.payments.query_after_ms = 10 * SECOND_MS;
        settings.payments.queries_max = 2;
    });
    world.site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    bought(world.ask(buy(customer, Item::Plan("monthly".to_owned()), Pay::Prompt)));
    accepted(&mut world, 0);
    // Two for the customer; the reconciler goes on a minute after the second, and a minute and again later.
    assert_eq!(asked_at(&mut world, not_yet)[..2], [10, 20]);
    assert_eq!(world.texts().len(), 1);
}

#[test]
fn a38_after_the_fourth_query_the_customer_is_asked_to_try_again_once() {
    let (mut world, customer, purchase) = prompted();
    let mut told = Vec::new();
    asked_at(&mut world, |world| {
        not_yet(world);
        told.push(world.texts().len());
    });
    assert_eq!(told, [0, 0, 0, 1]);
    let retry = "Your payment of KES 300 did not go through. Please try again.";
    assert!(world.texts()[0].starts_with(retry), "{:?}", world.texts());
    assert_eq!(state(&world, purchase), "unknown");
    // X10: the reconciler goes on, and a late success settles exactly once.
    for _ in 0..60 {
        world.pass(60 * SECOND_MS);
    }
    assert_eq!(world.texts().len(), 1);
    for _ in 0..3 {
        confirmed(&mut world, 0, "RCPT1");
    }
    assert_eq!(world.shown(customer).allowance_ml, 600_000);
    assert_eq!(world.texts().len(), 2);
    assert_eq!(world.ledger()["till:mpesa"], 30_000);
}

#[test]
fn a29_a39_to_a43_success_is_paid_then_updated_then_recorded_then_told() {
    let (mut world, customer, purchase) = prompted();
    called_back(&mut world, 0, "RCPT1");
    // A batch that holds the confirmation and never commits leaves nothing of it, above all no text.
    let event = || {
        let report = report(&world, 0, "RCPT1");
        PaymentEvent::QueryAnswered(QueryAnswer::Report(report))
    };
    let event = event();
    let moment = world.moment();
    world.hub.begin().unwrap();
    let effects = world.hub.handle(&moment, Input::Provider { purchase, event }).unwrap();
    let text = effects.iter().position(|effect| matches!(effect, Effect::Text { .. }));
    assert!(
        text.is_some(),
        "the text is made in the transaction of the success, and leaves after its commit"
    );
    world.hub.abandon();
    assert!(world.shown(customer).subscription.is_none());
    assert_eq!(read::outbox(&world.read(), 10).unwrap().len(), 0);
    confirmed(&mut world, 0, "RCPT1");
    // A39, A40: valid, and 30 days from the day of payment, 20 November, to the end of 20 December.
    let subscription = world.shown(customer).subscription.unwrap();
    assert!(!subscription.expired);
    assert_eq!(subscription.valid_until.rfc3339(), "2026-12-20T21:00:00Z");
    // A42: the money came from the customer's account into our till, and is owed to them as water.
    let ledger = world.ledger();
    assert_eq!((ledger["till:mpesa"], ledger["water"]), (30_000, -30_000));
    // A41: recorded as a transaction of the customer.
    let filter = read::TransactionFilter {
        customer: Some(customer),
        ..Default::default()
    };
    let recorded = read::transactions(&world.read(), &filter, i64::MAX, 10).unwrap();
    let kinds: Vec<(&str, i64)> = recorded
        .items
        .iter()
        .map(|row| (row.kind.as_str(), row.amount_minor))
        .collect();
    assert_eq!(kinds, [("subscription", 30_000)]);
    // A29, A43: one text, which tells of the payment and of the subscription as it stands now.
    let texts = world.texts();
    assert_eq!(texts.len(), 1);
    let code = format!("{}-{}", &subscription.code[..3], &subscription.code[3..]);
    let expected =
        format!("Paid KES 300. Subscription valid until 20/12/2026, 30 jerrycans. Your code is {code}. Receipt RCPT1.");
    assert_eq!(texts[0], expected);
    assert_eq!(state(&world, purchase), "succeeded");
}

#[test]
fn a27_a_customer_who_says_no_or_lets_it_run_out_hears_so_and_nothing_is_given() {
    for (verdict, end, words) in [
        (
            ProviderVerdict::Cancelled,
            PaymentState::Cancelled,
            "You cancelled the payment of KES 300.",
        ),
        (
            ProviderVerdict::Expired,
            PaymentState::Expired,
            "The payment of KES 300 was not confirmed in time.",
        ),
    ] {
        let (mut world, customer, purchase) = prompted();
        let report = Report {
            verdict,
            receipt: None,
            ..report(&world, 0, "RCPT1")
        };
        let event = PaymentEvent::QueryAnswered(QueryAnswer::Report(report));
        world.give(Input::Provider { purchase, event });
        assert_eq!(state(&world, purchase), end.name());
        assert!(
            world.texts().len() == 1 && world.texts()[0].starts_with(words),
            "{:?}",
            world.texts()
        );
        assert!(world.shown(customer).subscription.is_none());
        assert_eq!(world.ledger().len(), 0);
    }
}

#[test]
fn a30_every_month_is_a_payment_of_its_own() {
    let (mut world, customer, _) = prompted();
    confirmed(&mut world, 0, "RCPT1");
    for month in 1..=3_usize {
        let end = world.shown(customer).subscription.unwrap().valid_until;
        world.now = end.plus_ms(SECOND_MS);
        world.give(Input::Tick);
        assert!(world.shown(customer).subscription.unwrap().expired, "month {month}");
        assert_eq!(world.shown(customer).allowance_ml, 0);
        bought(world.ask(buy(customer, Item::Plan("monthly".to_owned()), Pay::Prompt)));
        paid(&mut world, month, &format!("RCPT-{month}"));
        let months = i64::try_from(month).unwrap() + 1;
        assert_eq!(world.ledger()["till:mpesa"], months * 30_000);
    }
}
