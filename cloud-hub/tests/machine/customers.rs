//! Customers, and requests that come again.

use hub::hub::{
    effect::{Refusal, Response},
    input::{Actor, CustomerChange, NewCustomer, Request, Secret},
    store::read,
};
use kiosk::ids::CustomerId;

use crate::world::World;

fn jane(phone: &str, pin: &str) -> Request {
    Request::CreateCustomer(NewCustomer {
        phone: phone.to_owned(),
        name: " Jane ".to_owned(),
        pin: Some(Secret(pin.to_owned())),
        city: Some("Kibera".to_owned()),
        site: None,
        language: Some("sw".to_owned()),
    })
}

fn code(answer: Result<Response, Refusal>) -> String {
    answer.expect_err("a refusal").code.into_owned()
}

#[test]
fn the_first_customer_gets_the_first_account_and_a_phone_is_one_persons() {
    let mut world = World::new();
    let Ok(Response::Customer { customer, account }) = world.ask(jane("0700000102", "4071")) else {
        panic!("refused")
    };
    assert_eq!(account.to_string(), "AQP000001");
    let shown = world.shown(customer);
    assert_eq!(
        (shown.name.as_str(), shown.city.as_str(), shown.language.as_str()),
        ("Jane", "Kibera", "sw")
    );
    assert_eq!(shown.phone.unwrap().e164(), "+254700000102");
    assert!(shown.has_pin && shown.active);
    // The same number in another form.
    let refusal = world.ask(jane("+254 700 000 102", "4071")).unwrap_err();
    assert_eq!((refusal.code.as_ref(), refusal.id), ("phone_taken", Some(customer.0)));
    let Ok(Response::Customer { account, .. }) = world.ask(jane("0700000103", "4071")) else {
        panic!("refused")
    };
    // A refusal uses up no number.
    assert_eq!(account.to_string(), "AQP000002");
}

#[test]
fn bad_fields_are_refused_with_a_word_for_each() {
    let mut world = World::new();
    assert_eq!(code(world.ask(jane("0700000102", "1234"))), "pin_too_common");
    assert_eq!(code(world.ask(jane("0700000102", "12a4"))), "bad_pin");
    assert_eq!(code(world.ask(jane("12", "4071"))), "bad_phone");
    let customer = world.customer("0700000102", None);
    let nothing = Request::Credit {
        customer,
        volume_ml: 0,
        reason: "test".to_owned(),
    };
    assert_eq!(code(world.ask(nothing)), "out_of_range");
    let nobody = Request::SetActive {
        customer: CustomerId(1),
        active: false,
    };
    assert_eq!(code(world.ask(nobody)), "not_found");
    let no_site = Request::UpdateCustomer {
        customer,
        change: CustomerChange {
            name: Some("Changed".to_owned()),
            site: Some("nowhere".parse().unwrap()),
            ..CustomerChange::default()
        },
    };
    assert_eq!(code(world.ask(no_site)), "unknown_site");
    // What is refused changed nothing.
    assert_eq!(world.shown(customer).name, "Jane Wanjiku");
}

#[test]
fn a_credit_counts_both_ways_and_is_audited() {
    let mut world = World::new();
    let customer = world.customer("0700000102", None);
    assert_eq!(world.credit(customer, 60_000), 60_000);
    assert_eq!(world.credit(customer, -15_000), 45_000);
    // 45 litres at 2000 shillings a cubic metre: 45000 ml × 200000 / 1000000 = 9000 cents.
    let ledger = world.ledger();
    assert_eq!((ledger["given"], ledger["water"]), (9_000, -9_000));
    // Customer created, credited twice.
    assert_eq!(
        read::audit_verify(&world.read(), &world.settings.master_key).unwrap(),
        Ok(3)
    );
}

#[test]
fn the_same_key_gets_the_first_answer_for_a_day() {
    let mut world = World::new();
    let customer = world.customer("0700000102", None);
    let credit = |volume_ml| Request::Credit {
        customer,
        volume_ml,
        reason: "test".to_owned(),
    };
    let first = world.ask_as(Actor::Owner, Some("k1"), credit(20_000));
    assert_eq!(world.ask_as(Actor::Owner, Some("k1"), credit(20_000)), first);
    assert_eq!(world.balance_ml(customer), 20_000);
    assert_eq!(
        code(world.ask_as(Actor::Owner, Some("k1"), credit(30_000))),
        "key_reused"
    );
    // A refusal is an answer too: it comes again although the reason for it is gone.
    let refused = world.ask_as(Actor::Owner, Some("k2"), jane("0700000102", "4071"));
    assert_eq!(code(refused.clone()), "phone_taken");
    let moved = CustomerChange {
        phone: Some("0700000199".to_owned()),
        ..CustomerChange::default()
    };
    world
        .ask(Request::UpdateCustomer {
            customer,
            change: moved,
        })
        .unwrap();
    assert_eq!(
        world.ask_as(Actor::Owner, Some("k2"), jane("0700000102", "4071")),
        refused
    );
    // Another actor's key is another key, and after a day the key is new.
    let token = Actor::Token {
        name: "till".to_owned(),
        role: hub::hub::operator::Role::Admin,
        site: None,
    };
    world.ask_as(token, Some("k1"), credit(20_000)).unwrap();
    assert_eq!(world.balance_ml(customer), 40_000);
    world.pass(24 * 3_600_000 + 1);
    world.ask_as(Actor::Owner, Some("k1"), credit(20_000)).unwrap();
    assert_eq!(world.balance_ml(customer), 60_000);
}

#[test]
fn lists_go_on_where_they_stopped() {
    let mut world = World::new();
    for number in 1..=5 {
        world.customer(&format!("070000010{number}"), None);
    }
    let connection = world.read();
    let mut accounts = Vec::new();
    let mut after = 0;
    loop {
        let page = read::customers(&connection, None, after, 2).unwrap();
        accounts.extend(page.items.iter().map(|item| item.account.unwrap().number()));
        match page.next {
            Some(next) => after = next,
            None => break,
        }
    }
    assert_eq!(accounts, [1, 2, 3, 4, 5]);
}
