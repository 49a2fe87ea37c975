//! The books: each entry names its event, a statement adds up line by line, a day's trial balance follows from it, and what
//! was tampered with is found.

use hub::hub::{
    input::{Allocation, Item, Pay, Request},
    money::{Arrival, Counter, MoneyPlace},
    store::read::{self, Movement, Span},
};
use kiosk::{
    fact::How,
    ledger::Account,
    moment::{DAY_MS, Wall},
    provider::Provider,
    units::{Currency, Money},
};

use crate::{
    fleet::pour,
    payments::{bought, buy, paid},
    world::{NOON, World, ml},
};

const TILL: Account = Account::Till(Provider::Mpesa);

fn lines(world: &World, account: &Account, span: Span, limit: u32) -> read::Page<read::Line> {
    read::statement(&world.read(), account, Currency::Kes, span, limit).unwrap()
}

/// Two top-ups at noon of the 20th, and one a day later: 40, 80 and 120 shillings.
fn three_payments() -> World {
    let mut world = World::new();
    let customer = world.customer("0700000102", None);
    for (place, litres) in [20_000, 40_000, 60_000].into_iter().enumerate() {
        if place == 2 {
            world.pass(DAY_MS);
        }
        bought(world.ask(buy(customer, Item::Litres(ml(litres)), Pay::Prompt)));
        paid(&mut world, place, &format!("RCPT{place}"));
    }
    world
}

#[test]
fn the_front_page_counts_the_money_of_one_currency_since_a_moment() {
    let world = three_payments();
    // Of the second day too: Ugandan shillings, and what was booked while the clock stood a day behind.
    let rows = "INSERT INTO entry (id, time_ms, what) VALUES (900, ?1, 'payment'), (901, ?1 - 86400000, 'payment');
        INSERT INTO posting VALUES (900, 0, 'till:mpesa', 'UGX', 70), (900, 1, 'sales', 'UGX', -70),
            (901, 0, 'till:mpesa', 'KES', 500), (901, 1, 'sales', 'KES', -500);
        INSERT INTO balance VALUES ('till:mpesa', 'UGX', 70), ('sales', 'UGX', -70)";
    let rows = rows.replace("?1", &world.now.0.to_string());
    world.hub.database().connection().execute_batch(&rows).unwrap();
    let gained = |since, currency| read::totals(&world.read(), since, currency).unwrap().gained_minor;
    assert_eq!(gained(NOON, Currency::Kes), 24_500);
    assert_eq!(gained(world.now, Currency::Kes), 12_000);
    assert_eq!(gained(world.now, Currency::Ugx), 70);
    assert_eq!(gained(world.now.plus_ms(1), Currency::Kes), 0);
}

#[test]
fn a_statement_has_the_balance_after_each_line_whatever_part_of_it_is_read() {
    let world = three_payments();
    let whole = lines(&world, &TILL, Span::WHOLE, 10);
    let shown: Vec<(i64, i64)> = whole
        .items
        .iter()
        .map(|line| (line.amount_minor, line.balance_minor))
        .collect();
    assert_eq!(shown, [(4_000, 4_000), (8_000, 12_000), (12_000, 24_000)]);
    assert_eq!(whole.next, None);
    for (place, line) in whole.items.iter().enumerate() {
        let purchase = world.prompts()[place].purchase;
        assert_eq!(line.event, Some(format!("purchase:{purchase}")));
        assert_eq!(line.what, "payment");
    }
    // A page at a time, and one day alone.
    let first = lines(&world, &TILL, Span::WHOLE, 2);
    assert_eq!(first.items, whole.items[..2]);
    let after = first.next.unwrap();
    assert_eq!(
        lines(&world, &TILL, Span { after, ..Span::WHOLE }, 2).items,
        whole.items[2..]
    );
    let day = |from, to| Span { from, to, after: 0 };
    let later = day(NOON.plus_ms(DAY_MS), Wall(i64::MAX));
    assert_eq!(lines(&world, &TILL, later, 10).items, whole.items[2..]);
    // The end of a span is not part of it.
    let earlier = day(Wall(0), whole.items[2].time);
    assert_eq!(lines(&world, &TILL, earlier, 10).items, whole.items[..2]);
    assert!(lines(&world, &Account::Fees, Span::WHOLE, 10).items.is_empty());
    let other = read::statement(&world.read(), &TILL, Currency::Ugx, Span::WHOLE, 10).unwrap();
    assert!(other.items.is_empty(), "of another currency");
}

#[test]
fn the_trial_balance_of_a_day_opens_with_the_day_before_and_adds_no_two_currencies() {
    let mut world = three_payments();
    world.pass(DAY_MS);
    // Money of another currency, booked by hand.
    let other = "INSERT INTO entry (id, time_ms, what) VALUES (900, ?1, 'other');
        INSERT INTO posting VALUES (900, 0, 'till:mtn', 'UGX', 7), (900, 1, 'suspense', 'UGX', -7);
        INSERT INTO balance VALUES ('till:mtn', 'UGX', 7), ('suspense', 'UGX', -7)";
    let other = other.replace("?1", &NOON.0.to_string());
    world.hub.database().connection().execute_batch(&other).unwrap();
    let midnight = |days: i64| NOON.plus_ms(days * DAY_MS - DAY_MS / 2);
    let moved = |opening_minor, debit_minor, credit_minor, closing_minor| Movement {
        opening_minor,
        debit_minor,
        credit_minor,
        closing_minor,
    };
    for (day, till, water) in [
        (0, moved(0, 12_000, 0, 12_000), moved(0, 0, 12_000, -12_000)),
        (1, moved(12_000, 12_000, 0, 24_000), moved(-12_000, 0, 12_000, -24_000)),
        (2, moved(24_000, 0, 0, 24_000), moved(-24_000, 0, 0, -24_000)),
    ] {
        let span = (midnight(day), midnight(day + 1));
        let trial = read::trial_balance(&world.read(), span).unwrap();
        let shillings = &trial[&Currency::Kes];
        assert_eq!(
            (shillings["till:mpesa"], shillings["water"]),
            (till, water),
            "day {day}"
        );
        assert_eq!(shillings.len(), 2);
        assert_eq!(trial[&Currency::Ugx]["till:mtn"].closing_minor, 7);
    }
    let before = read::trial_balance(&world.read(), (midnight(-1), midnight(0))).unwrap();
    assert!(before.is_empty(), "{before:?}");
}

#[test]
fn accounts_are_read_page_by_page_whatever_currency_a_page_ends_with() {
    let mut world = World::new();
    let rows = "INSERT INTO balance VALUES ('wallet:1', 'KES', 1), ('wallet:1', 'UGX', 2), ('wallet:2', 'KES', 3)";
    world.hub.database().connection().execute_batch(rows).unwrap();
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let (found, next) = read::accounts_of(&world.read(), "wallet", &after, 1).unwrap();
        seen.extend(found.iter().map(|account| account.balance_minor));
        let Some(next) = next else { break };
        after = next;
    }
    assert_eq!(seen, [1, 2, 3]);
    // A page that an older version linked to.
    let (found, _) = read::accounts_of(&world.read(), "wallet", "wallet:1", 10).unwrap();
    assert_eq!(found.len(), 1);
    world.pass(0);
}

#[test]
fn books_that_were_tampered_with_are_found_and_told_at_the_next_start() {
    for (edit, fault) in [
        (
            "UPDATE posting SET minor = minor + 1 WHERE entry = 1 AND line = 0",
            "entry 1 is off by 1 minor units of KES",
        ),
        (
            "UPDATE posting SET currency = 'UGX' WHERE entry = 1 AND line = 0",
            "entry 1 mixes KES and UGX",
        ),
        (
            "DELETE FROM posting WHERE entry = 2 AND line = 1",
            "entry 2 is off by -8000 minor units of KES",
        ),
        (
            "UPDATE balance SET minor = minor - 5 WHERE account = 'till:mpesa'",
            "account till:mpesa stands at 23995 minor units of KES, and its postings come to 24000",
        ),
        (
            "INSERT INTO balance VALUES ('sales', 'KES', 9)",
            "account sales stands at 9 minor units of KES, and its postings come to 0",
        ),
        (
            "DELETE FROM balance WHERE account = 'till:mpesa'",
            "all accounts in KES together are off by -24000 minor units",
        ),
    ] {
        let mut world = three_payments();
        assert!(read::ledger_faults(&world.read()).unwrap().is_empty());
        world.restart();
        assert!(world.alarms().is_empty());
        world.hub.database().connection().execute_batch(edit).unwrap();
        let faults = read::ledger_faults(&world.read()).unwrap();
        assert!(faults.iter().any(|found| found == fault), "{edit}: {faults:?}");
        world.restart();
        assert_eq!(world.alarms(), ["ledger_does_not_balance"], "{edit}");
    }
}

#[test]
fn everything_that_is_booked_names_what_happened() {
    let mut world = World::with(|settings| {
        settings.counter = Counter {
            short_codes: vec!["174379".to_owned()],
            is_till: false,
        };
    });
    let site = world.site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    bought(world.ask(buy(customer, Item::Plan("monthly".to_owned()), Pay::Prompt)));
    paid(&mut world, 0, "RCPT0");
    let grant = world.gateways[site].grants()[0].grant;
    let spend = pour(&world, site, 1, grant, 20_000, How::Report);
    let record = world.site_writes(site, spend);
    world.credit(customer, 20_000);
    let unknown = Arrival {
        provider: Provider::Mpesa,
        receipt: "RCPT9".parse().unwrap(),
        amount: Money::new(5_000, Currency::Kes),
        payer: None,
        reference: None,
        short_code: "174379".to_owned(),
        at_till: false,
        time: NOON,
    };
    world.ask(Request::BookLine(unknown)).unwrap();
    let allocate = Request::AllocateMoney {
        provider: Provider::Mpesa,
        receipt: "RCPT9".parse().unwrap(),
        to: Allocation::Wallet(customer),
    };
    let placed = hub::hub::effect::Response::Money(MoneyPlace::Wallet(customer));
    assert_eq!(world.ask(allocate).unwrap(), placed);
    bought(world.ask(buy(customer, Item::Litres(ml(20_000)), Pay::Wallet)));
    // A month later the subscription is over, and what was not drawn is earned.
    world.pass(31 * DAY_MS);
    let booked: Vec<(String, Option<String>)> = world
        .read()
        .prepare("SELECT what, event FROM entry ORDER BY id")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let kinds: Vec<(&str, &str)> = booked
        .iter()
        .map(|(what, event)| {
            (
                what.as_str(),
                event.as_deref().unwrap_or("nothing").split(':').next().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("payment", "purchase"),
        ("water drawn", "transaction"),
        ("water given", "credit"),
        ("money in suspense", "receipt"),
        ("deposit", "receipt"),
        ("payment", "purchase"),
        ("subscription over", "subscription"),
    ];
    assert_eq!(kinds, expected);
    // The event of a pour is the id under which the API lists it.
    let listed = read::transactions(&world.read(), &read::TransactionFilter::default(), i64::MAX, 50).unwrap();
    let drawn = listed.items.iter().find(|row| row.kind == "dispense").unwrap();
    assert_eq!(booked[1].1, Some(format!("transaction:{}", drawn.id)));
    assert!(drawn.id.ends_with(&format!(":{}", record.seq)));
    // One payment of one purchase cannot be booked a second time, whoever tries.
    let again = "INSERT INTO entry (time_ms, what, event) SELECT time_ms, what, event FROM entry WHERE id = 1";
    assert!(world.hub.database().connection().execute(again, []).is_err());
}
