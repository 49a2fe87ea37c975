//! Money that came without a prompt: proven before it is booked, booked once however it becomes known, and never lost.

use hub::hub::{
    effect::{Effect, Refusal, Response},
    input::{Actor, Allocation, Input, Item, Pay, PurchaseId, ReplyId, Request},
    money::{Arrival, Counter, MoneyPlace, MoneySource, OfferVerdict},
    operator::Role,
    pull::{PullPage, PullQuestion},
    store::read,
};
use kiosk::{
    ids::CustomerId,
    incoming::Why,
    moment::{HOUR_MS, MINUTE_MS, SECOND_MS},
    payment::{PaymentEvent, ProviderVerdict, PushAnswer, QueryAnswer, Report},
    provider::Provider,
    units::{Currency, Money},
};

use crate::{
    payments::{bought, buy},
    world::{NOON, World, ml},
};

pub const PAYBILL: &str = "174379";

pub fn world() -> World {
    World::with(|settings| {
        settings.counter = Counter {
            short_codes: vec![PAYBILL.to_owned()],
            is_till: false,
        };
        settings.pulls = vec![Provider::Mpesa];
    })
}

/// KES 40.00, what 20 litres cost, paid at noon from a phone of which the ends can be seen.
pub fn paid(receipt: &str, reference: Option<&str>) -> Arrival {
    Arrival {
        provider: Provider::Mpesa,
        receipt: receipt.parse().unwrap(),
        amount: Money::new(4_000, Currency::Kes),
        payer: Some("2547 ***** 102".to_owned()),
        reference: reference.map(str::to_owned),
        short_code: PAYBILL.to_owned(),
        at_till: false,
        time: NOON,
    }
}

pub fn confirm(world: &mut World, arrival: Arrival) {
    let (reply, source) = (ReplyId(u64::MAX), MoneySource::Confirmation);
    let answers = world.give(Input::MoneySeen { reply, arrival, source });
    let answer = Ok(Response::Done);
    assert_eq!(answers, [Effect::Reply { reply, answer }]);
}

fn questions(world: &World) -> Vec<PullQuestion> {
    let question = |effect: &Effect| match effect {
        Effect::Pull(question) => Some(*question),
        _ => None,
    };
    world.seen.iter().filter_map(question).collect()
}

/// The newest question is answered with these payments, and the next page is empty.
pub fn pull(world: &mut World, arrivals: Vec<Arrival>) {
    let question = *questions(world).last().expect("a question");
    let rows = u32::try_from(arrivals.len()).unwrap();
    let page = Some(PullPage {
        arrivals,
        rows,
        ..PullPage::default()
    });
    world.give(Input::Pulled { question, page });
    if rows > 0 {
        let next = *questions(world).last().unwrap();
        assert_eq!(next.offset, question.offset + rows);
        let page = Some(PullPage::default());
        world.give(Input::Pulled { question: next, page });
    }
}

pub fn book(world: &mut World, arrival: Arrival) -> MoneyPlace {
    match world.ask(Request::BookLine(arrival)) {
        Ok(Response::Money(place)) => place,
        other => panic!("{other:?}"),
    }
}

pub fn allocate(world: &mut World, role: Role, receipt: &str, to: Allocation) -> Result<MoneyPlace, Refusal> {
    let request = Request::AllocateMoney {
        provider: Provider::Mpesa,
        receipt: receipt.parse().unwrap(),
        to,
    };
    let name = "amina".to_owned();
    world
        .ask_as(Actor::User { name, role }, None, request)
        .map(|answer| match answer {
            Response::Money(place) => place,
            other => panic!("{other:?}"),
        })
}

pub fn account(world: &World, customer: CustomerId) -> String {
    world.shown(customer).account.unwrap().to_string()
}

pub fn of(world: &World, account: &str) -> i64 {
    world.ledger().get(account).copied().unwrap_or_default()
}

/// 20 litres are asked for by a prompt that M-PESA has taken.
pub fn prompted(world: &mut World, customer: CustomerId) -> PurchaseId {
    prompted_for(world, customer, Item::Litres(ml(20_000)))
}

/// A prompt that M-PESA has taken.
pub fn prompted_for(world: &mut World, customer: CustomerId, item: Item) -> PurchaseId {
    let (purchase, _) = bought(world.ask(buy(customer, item, Pay::Prompt)));
    let reference = Some(format!("ref-{purchase}").parse().unwrap());
    let event = PaymentEvent::PushAnswered(PushAnswer::Accepted { reference });
    world.give(Input::Provider { purchase, event });
    purchase
}

/// M-PESA's answer to a query of a success: it has no receipt.
pub fn queried(world: &mut World, purchase: PurchaseId) {
    let report = Report {
        reference: Some(format!("ref-{purchase}").parse().unwrap()),
        verdict: ProviderVerdict::Paid,
        receipt: None,
        amount: None,
        payer: None,
    };
    let event = PaymentEvent::QueryAnswered(QueryAnswer::Report(report));
    world.give(Input::Provider { purchase, event });
}

pub fn returned() -> Allocation {
    let reason = "reversed in the portal".to_owned();
    Allocation::Returned { reason }
}

#[test]
fn a_payment_to_an_account_is_credited_once_though_it_is_told_three_ways() {
    let mut world = world();
    let customer = world.customer("0700000102", None);
    let arrival = paid("RKTQDM7W6S", Some(&account(&world, customer)));
    pull(&mut world, Vec::new());
    world.pass(MINUTE_MS);
    confirm(&mut world, arrival.clone());
    assert_eq!(world.shown(customer).wallet_minor, 0, "a confirmation is a claim");
    assert!(world.ledger().is_empty());
    let before = questions(&world).len();
    world.pass(SECOND_MS);
    assert_eq!(questions(&world).len(), before + 1, "so the provider is asked soon");
    pull(&mut world, vec![arrival.clone()]);
    assert_eq!(world.shown(customer).wallet_minor, 4_000);
    assert_eq!((of(&world, "till:mpesa"), world.ledger().len()), (4_000, 2));
    let texts = world.texts();
    assert!(texts.len() == 1 && texts[0].contains("RKTQDM7W6S"), "{texts:?}");
    // Told again in every way, and after a restart.
    confirm(&mut world, arrival.clone());
    world.restart();
    world.pass(HOUR_MS);
    pull(&mut world, vec![arrival.clone()]);
    assert_eq!(book(&mut world, arrival), MoneyPlace::Wallet(customer));
    assert_eq!(
        (world.shown(customer).wallet_minor, of(&world, "till:mpesa")),
        (4_000, 4_000)
    );
    assert_eq!(world.texts().len(), 1);
}

#[test]
fn a_claim_chooses_no_account_and_no_amount() {
    let mut world = world();
    let (jane, thief) = (world.customer("0700000102", None), world.customer("0700000103", None));
    let (hers, his) = (account(&world, jane), account(&world, thief));
    let mut made_up = paid("R1", Some(&his));
    made_up.amount = Money::new(400_000, Currency::Kes);
    confirm(&mut world, made_up);
    pull(&mut world, vec![paid("R1", Some(&hers))]);
    let wallets = [jane, thief].map(|customer| world.shown(customer).wallet_minor);
    assert_eq!(wallets, [4_000, 0]);
    assert_eq!(world.alarms(), ["receipt_contradicted"]);
    // What a proof leaves out is not taken from the claim.
    confirm(&mut world, paid("R2", Some(&his)));
    let place = book(&mut world, paid("R2", None));
    assert_eq!(place, MoneyPlace::Suspense(Why::NoReference));
    assert_eq!(world.shown(thief).wallet_minor, 0);
}

#[test]
fn a_receipt_that_comes_late_is_attached_to_the_payment_that_waits_for_it() {
    let mut world = world();
    let customer = world.customer("0700000102", None);
    let purchase = prompted(&mut world, customer);
    queried(&mut world, purchase);
    assert_eq!(world.balance_ml(customer), 20_000);
    let arrival = paid("RKTQDM7W6S", Some(&account(&world, customer)));
    confirm(&mut world, arrival.clone());
    let receipt = |world: &World| read::purchase(&world.read(), purchase).unwrap().unwrap().receipt;
    assert_eq!(receipt(&world), None, "a claim attaches nothing");
    pull(&mut world, vec![arrival.clone()]);
    assert_eq!(receipt(&world).as_deref(), Some("RKTQDM7W6S"));
    assert_eq!(book(&mut world, arrival), MoneyPlace::Purchase(purchase));
    assert_eq!((of(&world, "till:mpesa"), world.balance_ml(customer)), (4_000, 20_000));
    assert_eq!(world.shown(customer).wallet_minor, 0);
}

#[test]
fn a_payment_that_nobody_told_of_is_settled_by_the_providers_own_list() {
    let mut world = world();
    let customer = world.customer("0700000102", None);
    let purchase = prompted(&mut world, customer);
    let arrival = paid("RKTQDM7W6S", Some(&account(&world, customer)));
    let asked = |world: &World| {
        let is_query = |effect: &&Effect| matches!(effect, Effect::Query { purchase: of, .. } if *of == purchase);
        world.seen.iter().filter(is_query).count()
    };
    let before = asked(&world);
    confirm(&mut world, arrival.clone());
    assert_eq!((asked(&world), world.balance_ml(customer)), (before + 1, 0));
    pull(&mut world, vec![arrival]);
    assert_eq!(world.balance_ml(customer), 20_000);
    // The query's own word comes after it.
    queried(&mut world, purchase);
    assert_eq!((world.balance_ml(customer), of(&world, "till:mpesa")), (20_000, 4_000));
    assert_eq!(world.texts().len(), 1);
}

#[test]
fn money_without_a_name_is_in_suspense_until_it_is_allocated_once() {
    let mut world = world();
    let customer = world.customer("0700000102", None);
    pull(&mut world, vec![paid("R1", None)]);
    assert_eq!((of(&world, "till:mpesa"), of(&world, "suspense")), (4_000, -4_000));
    let waiting = read::money_waiting(&world.read(), 10).unwrap();
    let [money] = waiting.as_slice() else {
        panic!("{waiting:?}")
    };
    assert_eq!(
        (money.place.as_str(), money.why.as_deref()),
        ("suspense", Some("no_reference"))
    );
    assert_eq!(world.alarms(), ["money_in_suspense"]);
    let wallet = || Allocation::Wallet(customer);
    for role in [Role::Viewer, Role::Technician] {
        assert_eq!(
            allocate(&mut world, role, "R1", wallet()).unwrap_err().code,
            "forbidden"
        );
    }
    // Money leaves by an administrator's word alone.
    let denied = allocate(&mut world, Role::CustomerService, "R1", returned()).unwrap_err();
    assert_eq!(denied.code, "forbidden");
    assert_eq!(
        allocate(&mut world, Role::Admin, "R2", wallet()).unwrap_err().code,
        "not_found"
    );
    let done = allocate(&mut world, Role::CustomerService, "R1", wallet());
    assert_eq!(done, Ok(MoneyPlace::Wallet(customer)));
    for to in [wallet(), returned()] {
        assert_eq!(
            allocate(&mut world, Role::Admin, "R1", to).unwrap_err().code,
            "not_in_suspense"
        );
    }
    assert_eq!((of(&world, "till:mpesa"), of(&world, "suspense")), (4_000, 0));
    assert_eq!((world.shown(customer).wallet_minor, world.texts().len()), (4_000, 1));
    assert_eq!(read::money_waiting_count(&world.read()).unwrap(), 0);
}

#[test]
fn money_in_suspense_pays_a_purchase_or_goes_back() {
    let mut world = world();
    let customer = world.customer("0700000102", None);
    let nameless = Arrival {
        payer: None,
        ..paid("R1", None)
    };
    let mut small = Arrival {
        payer: None,
        ..paid("R2", None)
    };
    small.amount = Money::new(3_900, Currency::Kes);
    pull(&mut world, vec![nameless, small]);
    let purchase = prompted(&mut world, customer);
    let to = || Allocation::Purchase(purchase);
    assert_eq!(
        allocate(&mut world, Role::Admin, "R2", to()).unwrap_err().code,
        "other_amount"
    );
    assert_eq!(
        allocate(&mut world, Role::Admin, "R1", to()),
        Ok(MoneyPlace::Purchase(purchase))
    );
    assert_eq!(world.balance_ml(customer), 20_000);
    // The provider says so, too: nothing more.
    queried(&mut world, purchase);
    assert_eq!(world.balance_ml(customer), 20_000);
    let blank = Allocation::Returned { reason: " ".to_owned() };
    assert_eq!(
        allocate(&mut world, Role::Admin, "R2", blank).unwrap_err().code,
        "bad_field"
    );
    assert_eq!(
        allocate(&mut world, Role::Admin, "R2", returned()),
        Ok(MoneyPlace::Returned)
    );
    let left = ["till:mpesa", "suspense", "payout:mpesa"].map(|account| of(&world, account));
    assert_eq!(left, [4_000, 0, 0]);
}

#[test]
fn a_number_that_is_not_ours_moves_nothing() {
    let mut world = world();
    let customer = world.customer("0700000102", None);
    let mut foreign = paid("R1", Some(&account(&world, customer)));
    foreign.short_code = "600000".to_owned();
    confirm(&mut world, foreign.clone());
    confirm(&mut world, foreign);
    assert_eq!((world.alarms(), world.ledger().len()), (vec!["foreign_short_code"], 0));
}

#[test]
fn a_provider_that_does_not_answer_is_asked_again_from_where_it_was() {
    let mut world = world();
    let first = questions(&world)[0];
    assert_eq!((first.since, first.until), (NOON.plus_ms(-48 * HOUR_MS), NOON));
    world.give(Input::Pulled {
        question: first,
        page: None,
    });
    world.pass(MINUTE_MS);
    let again = *questions(&world).last().unwrap();
    assert_eq!(
        (questions(&world).len(), again.since.0),
        (2, NOON.0 + MINUTE_MS - 48 * HOUR_MS)
    );
    pull(&mut world, Vec::new());
    world.pass(9 * MINUTE_MS);
    assert_eq!(questions(&world).len(), 2, "not before it is due");
    world.pass(MINUTE_MS);
    // An hour before what it told last, for it may list a payment late.
    let next = *questions(&world).last().unwrap();
    assert_eq!(
        (questions(&world).len(), next.since.0),
        (3, NOON.0 + MINUTE_MS - HOUR_MS)
    );
}

#[test]
fn a_confirmation_that_is_repeated_asks_the_provider_now_and_then_only() {
    let mut world = world();
    let customer = world.customer("0700000102", None);
    let purchase = prompted(&mut world, customer);
    let asked = |world: &World| {
        let is_query = |effect: &&Effect| matches!(effect, Effect::Query { purchase: of, .. } if *of == purchase);
        world.seen.iter().filter(is_query).count()
    };
    let arrival = paid("RKTQDM7W6S", Some(&account(&world, customer)));
    for _ in 0..100 {
        confirm(&mut world, arrival.clone());
    }
    assert_eq!(asked(&world), 1);
    world.now = world.now.plus_ms(15 * SECOND_MS);
    for _ in 0..100 {
        confirm(&mut world, arrival.clone());
    }
    assert_eq!(asked(&world), 2, "after a while again");
}

#[test]
fn what_would_be_credited_is_not_turned_away() {
    let mut world = world();
    let customer = world.customer("0700000102", None);
    let account = account(&world, customer);
    for (reference, expected) in [
        (account.as_str(), OfferVerdict::Accepted),
        ("0700000102", OfferVerdict::Accepted),
        ("+254 700-000-102", OfferVerdict::Accepted),
        ("0700000103", OfferVerdict::UnknownAccount),
        ("AQP999999", OfferVerdict::UnknownAccount),
        ("water", OfferVerdict::UnknownAccount),
        ("", OfferVerdict::UnknownAccount),
    ] {
        let reply = ReplyId(u64::MAX);
        let arrival = paid("R1", Some(reference));
        let answers = world.give(Input::MoneyOffered { reply, arrival });
        let answer = Ok(Response::Offer(expected));
        assert_eq!(answers, [Effect::Reply { reply, answer }], "{reference}");
    }
}
