//! Words of providers that come again much later: nothing moves, and each is a row of the audit.

use hub::hub::{
    input::{Input, Item, NewPurchase, Pay, ReplyId, Request},
    money::{Arrival, MoneySource},
    pull::{PullPage, PullQuestion},
};
use kiosk::{
    moment::DAY_MS,
    payment::{ProviderVerdict, Report},
    provider::Provider,
    units::{Currency, Money},
};

use crate::{
    payments,
    world::{NOON, World, ml, mpesa_token},
};

const PAYBILL: &str = "174379";

fn count(world: &World, statement: &str) -> i64 {
    world.read().query_row(statement, [], |row| row.get(0)).unwrap()
}

fn audit_rows(world: &World) -> i64 {
    count(world, "SELECT count(*) FROM audit")
}

#[test]
fn a_callback_that_comes_again_a_month_later_moves_nothing() {
    let mut world = World::new();
    let customer = world.customer("0700000102", None);
    let bought = world.ask(Request::CreatePurchase(NewPurchase {
        customer,
        item: Item::Litres(ml(20_000)),
        pay: Pay::Prompt,
        provider: None,
        phone: None,
    }));
    assert!(bought.is_ok());
    payments::paid(&mut world, 0, "RCPT1");
    world.pass(31 * DAY_MS);
    let prompt = world.prompts()[0].clone();
    let again = Report {
        reference: Some(format!("ref-{:x}", prompt.purchase.0).parse().unwrap()),
        verdict: ProviderVerdict::Paid,
        receipt: Some("RCPT1".parse().unwrap()),
        amount: Some(prompt.amount),
        payer: Some(prompt.payer),
    };
    let (ledger, rows, effects) = (world.ledger(), audit_rows(&world), world.seen.len());
    for _ in 0..2 {
        world.give(Input::Callback {
            reply: ReplyId(u64::MAX),
            name: mpesa_token(prompt.token.clone()),
            report: again.clone(),
        });
    }
    assert_eq!((world.balance_ml(customer), world.ledger()), (20_000, ledger));
    assert_eq!(count(&world, "SELECT count(*) FROM credit"), 1);
    assert_eq!(audit_rows(&world) - rows, 2);
    // No question, and no text.
    assert_eq!(world.seen.len(), effects);
}

#[test]
fn a_confirmation_that_comes_again_a_month_later_moves_nothing() {
    let mut world = World::with(|settings| {
        settings.counter.short_codes = vec![PAYBILL.to_owned()];
        settings.pulls = vec![Provider::Mpesa];
    });
    let customer = world.customer("0700000102", None);
    let account = world.shown(customer).account.map(|account| account.to_string());
    let arrival = Arrival {
        provider: Provider::Mpesa,
        receipt: "RKTQDM7W6S".parse().unwrap(),
        amount: Money::new(4_000, Currency::Kes),
        payer: None,
        reference: account,
        short_code: PAYBILL.to_owned(),
        at_till: false,
        time: NOON,
    };
    let question = PullQuestion {
        provider: Provider::Mpesa,
        since: NOON,
        until: NOON,
        offset: 0,
        goal: NOON,
        unreadable: 0,
    };
    let page = PullPage {
        arrivals: vec![arrival.clone()],
        rows: 1,
        ..PullPage::default()
    };
    world.give(Input::Pulled {
        question,
        page: Some(page),
    });
    let wallet = |world: &World| world.shown(customer).wallet_minor;
    assert_eq!(wallet(&world), 4_000);
    world.pass(31 * DAY_MS);
    let (ledger, rows) = (world.ledger(), audit_rows(&world));
    world.give(Input::MoneySeen {
        reply: ReplyId(u64::MAX),
        arrival,
        source: MoneySource::Confirmation,
    });
    assert_eq!((wallet(&world), world.ledger()), (4_000, ledger));
    assert_eq!(audit_rows(&world) - rows, 1);
}
