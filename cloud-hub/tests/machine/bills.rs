//! Customers who pay by bill: what a month comes to, who owes it, and what is let run meanwhile. A litre costs KES 2, which
//! is 0.2 cents a millilitre, unless a test says otherwise.

use hub::hub::{
    effect::{Refusal, Response},
    input::{Item, NewBilling, NewPurchase, Pay, Request},
    store::read,
};
use kiosk::{
    bill::{BillState, Block, BlockTariff},
    day::Zone,
    fact::{Fact, How},
    ids::CustomerId,
    moment::Wall,
    units::Currency,
};

use crate::{
    fleet::pour,
    payments::paid,
    world::{World, ml},
};

/// A moment, written as in RFC 3339, in UTC.
pub fn at(text: &str) -> Wall {
    let (day, time) = text.trim_end_matches('Z').split_once('T').unwrap();
    let mut parts = time.split(':').map(|part| part.parse::<i64>().unwrap());
    let seconds = parts.by_ref().fold(0, |sum, part| sum * 60 + part);
    Zone::named("UTC")
        .unwrap()
        .begin(day.parse().unwrap())
        .plus_ms(seconds * 1_000)
}

pub fn terms(cap: u64) -> NewBilling {
    NewBilling {
        tariff: "standard".to_owned(),
        cap: ml(cap),
        metered: false,
    }
}

pub fn set_billing(world: &mut World, customer: CustomerId, terms: Option<NewBilling>) -> Result<Response, Refusal> {
    world.ask(Request::SetBilling { customer, terms })
}

/// A linked site, and a customer there who may draw 100 litres ahead.
pub fn household() -> (World, usize, CustomerId) {
    let mut world = World::new();
    let site = world.site("kibera-3");
    let jane = world.customer("0700000102", Some("kibera-3"));
    set_billing(&mut world, jane, Some(terms(100_000))).unwrap();
    (world, site, jane)
}

/// The customer draws from the newest right at the site. Each pour has its own number.
pub fn draw(world: &mut World, site: usize, hold: u64, volume: u64) {
    let grant = world.gateways[site].grants().last().unwrap().grant;
    let fact = pour(world, site, hold, grant, volume, How::Report);
    world.site_writes(site, fact);
}

/// It is that time, and the hub has had its ticks.
pub fn until(world: &mut World, time: &str) {
    world.now = at(time);
    world.pass(0);
    world.pass(60_000);
}

pub fn bills(world: &World, customer: CustomerId) -> Vec<read::BillShown> {
    read::bills(&world.read(), customer).unwrap()
}

/// Month, amount, paid and state of each bill.
pub fn stands(world: &World, customer: CustomerId) -> Vec<(String, i64, i64, BillState)> {
    let stand = |bill: read::BillShown| {
        let state = bill.state(world.now);
        (bill.month.to_string(), bill.amount.minor, bill.paid.minor, state)
    };
    bills(world, customer).into_iter().map(stand).collect()
}

pub fn pay(world: &mut World, customer: CustomerId, named: Option<i64>, pay: Pay) -> Result<Response, Refusal> {
    world.ask(Request::CreatePurchase(NewPurchase {
        customer,
        item: Item::Bill(named),
        pay,
        provider: None,
        phone: None,
    }))
}

pub fn code(answer: Result<Response, Refusal>) -> String {
    answer.unwrap_err().code.to_string()
}

/// Whether the site was told that a bill is overdue, as it was told last.
pub fn denied_at(world: &World, site: usize) -> bool {
    let listed = world.gateways[site].facts().filter_map(|fact| match fact {
        Fact::Listed(listed) => Some(listed.bill_overdue),
        _ => None,
    });
    listed.last().unwrap()
}

/// What lies at the site for the customer to draw: rights neither closed nor spent.
pub fn open_ml(world: &World) -> i64 {
    let open = "SELECT coalesce(sum(volume_ml - spent_ml), 0) FROM grants WHERE closed = 0 AND written_off_ml IS NULL";
    world.read().query_row(open, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_household_draws_ahead_is_billed_denied_and_freed_by_paying() {
    let (mut world, site, jane) = household();
    assert_eq!(
        world.gateways[site].grants()[0].volume,
        ml(100_000),
        "the cap lies at home"
    );
    draw(&mut world, site, 1, 30_000);
    assert_eq!((world.balance_ml(jane), open_ml(&world)), (-30_000, 70_000));
    assert!(
        !world.ledger().contains_key("sales"),
        "nothing is earned before it is billed"
    );
    // 20 November, then the first minutes of December in Nairobi, three hours ahead of UTC.
    until(&mut world, "2026-11-30T20:58:00Z");
    assert!(bills(&world, jane).is_empty());
    until(&mut world, "2026-11-30T21:00:00Z");
    // 30 litres at 2 shillings.
    let november = |paid, state| ("2026-11".to_owned(), 6_000, paid, state);
    assert_eq!(stands(&world, jane), [november(0, BillState::Open)]);
    let ledger = world.ledger();
    assert_eq!((ledger["bill"], ledger["sales"]), (6_000, -6_000));
    assert_eq!(
        (world.balance_ml(jane), open_ml(&world)),
        (0, 70_000),
        "unpaid water frees nothing"
    );
    assert!(world.texts().is_empty(), "nobody is woken at midnight");
    until(&mut world, "2026-12-01T05:00:00Z");
    assert!(
        world.texts()[0].contains("11/2026: 30 l, KES 60. Please pay it by 15/12/2026"),
        "{:?}",
        world.texts()
    );
    // Due on the 15th: reminded on the 12th and the 14th, and too late from the 16th on.
    for day in 2..=15 {
        until(&mut world, &format!("2026-12-{day:02}T06:00:00Z"));
    }
    assert_eq!(world.texts().len(), 3, "{:?}", world.texts());
    assert!(world.texts()[2].contains("KES 60 is left to pay by 15/12/2026"));
    assert!(!denied_at(&world, site));
    until(&mut world, "2026-12-15T21:00:00Z");
    assert_eq!(stands(&world, jane), [november(0, BillState::Overdue)]);
    assert!(denied_at(&world, site), "the site denies it without a link, too");
    until(&mut world, "2026-12-16T06:00:00Z");
    until(&mut world, "2026-12-17T06:00:00Z");
    assert_eq!(world.texts().len(), 4, "told once that it is overdue");
    // A part does not lift it, the rest does, in the same input as the payment.
    pay(&mut world, jane, Some(2_000), Pay::Prompt).unwrap();
    paid(&mut world, 0, "RCPT1");
    assert!(denied_at(&world, site));
    assert!(
        world.texts()[4].contains("Paid KES 20 for your water bill. KES 40 is left"),
        "{:?}",
        world.texts()
    );
    // A third of 30 litres is paid for.
    assert_eq!(open_ml(&world), 80_000);
    pay(&mut world, jane, None, Pay::Prompt).unwrap();
    paid(&mut world, 1, "RCPT2");
    assert!(!denied_at(&world, site));
    assert_eq!(stands(&world, jane), [november(6_000, BillState::Paid)]);
    assert_eq!(open_ml(&world), 100_000);
    let ledger = world.ledger();
    assert_eq!(
        (ledger["bill"], ledger["till:mpesa"], ledger["sales"]),
        (0, 6_000, -6_000)
    );
    assert!(
        world.texts()[5].contains("Paid KES 40 for your water bill. Receipt RCPT2"),
        "{:?}",
        world.texts()
    );
    assert!(world.alarms().is_empty());
}

#[test]
fn three_months_are_caught_up_each_once_and_told_once_across_restarts() {
    let (mut world, site, jane) = household();
    draw(&mut world, site, 1, 10_000);
    world.now = at("2026-12-10T09:00:00Z");
    draw(&mut world, site, 2, 20_000);
    world.now = at("2027-01-10T09:00:00Z");
    draw(&mut world, site, 3, 30_000);
    world.now = at("2027-02-02T03:00:00Z");
    // It was off since; it starts before anybody is awake.
    world.restart();
    until(&mut world, "2027-02-02T03:00:00Z");
    let made = stands(&world, jane);
    let amounts: Vec<_> = made.iter().map(|bill| (bill.0.as_str(), bill.1)).collect();
    assert_eq!(amounts, [("2026-11", 2_000), ("2026-12", 4_000), ("2027-01", 6_000)]);
    assert!(
        made.iter().all(|bill| bill.3 == BillState::Open),
        "due from today, not from then"
    );
    assert!(world.texts().is_empty());
    world.restart();
    until(&mut world, "2027-02-02T06:00:00Z");
    assert_eq!(world.texts().len(), 3);
    world.restart();
    until(&mut world, "2027-02-02T07:00:00Z");
    assert_eq!((bills(&world, jane).len(), world.texts().len()), (3, 3));
    assert_eq!(world.ledger()["bill"], 12_000);
    // The next bill is the fourth.
    until(&mut world, "2027-02-28T21:30:00Z");
    assert_eq!(bills(&world, jane).len(), 3, "nothing was drawn in February");
}

#[test]
fn a_month_is_the_one_of_the_customers_site() {
    let mut world = World::new();
    let new = hub::hub::input::NewSite {
        name: "kigali-1".parse().unwrap(),
        title: None,
        time_zone: Some("Africa/Kigali".to_owned()),
        valid_ms: None,
    };
    let Ok(Response::JoinCode { code, .. }) = world.ask(Request::AddSite(new)) else {
        panic!("a site")
    };
    let site = world.join(&code);
    let jane = world.customer("0700000102", Some("kigali-1"));
    set_billing(&mut world, jane, Some(terms(100_000))).unwrap();
    // Rwanda is two hours ahead of UTC: this is still November there, and December in Nairobi.
    world.now = at("2026-11-30T21:30:00Z");
    draw(&mut world, site, 1, 10_000);
    world.now = at("2026-11-30T22:00:30Z");
    draw(&mut world, site, 2, 5_000);
    assert!(bills(&world, jane).is_empty());
    until(&mut world, "2026-11-30T22:02:00Z");
    assert_eq!(stands(&world, jane)[0].1, 2_000, "the 5 litres are December's");
}

#[test]
fn who_pays_over_several_bills_pays_the_oldest_first_and_the_rest_goes_into_the_wallet() {
    let (mut world, site, jane) = household();
    world.settings.bill_tariffs.insert("odd".to_owned(), {
        let block = |size, price_per_m3_minor| Block {
            size,
            price_per_m3_minor,
        };
        // The first 5 litres of a month at KES 1, the rest at 2.01.
        let blocks = vec![block(Some(ml(5_000)), 100_000), block(None, 201_000)];
        BlockTariff::new(blocks, Currency::Kes).unwrap()
    });
    world.restart();
    world.link(site);
    let odd = NewBilling {
        tariff: "odd".to_owned(),
        ..terms(100_000)
    };
    set_billing(&mut world, jane, Some(odd)).unwrap();
    draw(&mut world, site, 1, 10_000);
    until(&mut world, "2026-11-30T21:00:00Z");
    draw(&mut world, site, 2, 6_000);
    until(&mut world, "2026-12-31T21:00:00Z");
    let amounts = |world: &World| {
        stands(world, jane)
            .iter()
            .map(|bill| (bill.1, bill.2))
            .collect::<Vec<_>>()
    };
    // 5 litres at 1 and 5 at 2.01 are 15.05; 5 at 1 and 1 at 2.01 are 7.01.
    assert_eq!(amounts(&world), [(1_505, 0), (701, 0)]);
    // A prompt asks for whole shillings: 23 for 22.06.
    pay(&mut world, jane, Some(1_600), Pay::Prompt).unwrap();
    paid(&mut world, 0, "RCPT1");
    assert_eq!(amounts(&world), [(1_505, 1_505), (701, 95)]);
    pay(&mut world, jane, None, Pay::Prompt).unwrap();
    assert_eq!(world.prompts()[1].amount.minor, 700, "6.06 rounded up");
    paid(&mut world, 1, "RCPT2");
    assert_eq!(amounts(&world), [(1_505, 1_505), (701, 701)]);
    assert_eq!(world.shown(jane).wallet_minor, 94);
    let ledger = world.ledger();
    assert_eq!(
        (ledger["bill"], ledger["wallet"], ledger["till:mpesa"]),
        (0, -94, 2_300)
    );
    assert_eq!(code(pay(&mut world, jane, None, Pay::Prompt)), "no_open_bill");
}

#[test]
fn the_wallet_pays_what_is_owed_and_not_more() {
    let (mut world, site, jane) = household();
    draw(&mut world, site, 1, 10_000);
    let deposit = Request::CreatePurchase(NewPurchase {
        customer: jane,
        item: Item::Deposit(3_000),
        pay: Pay::Prompt,
        provider: None,
        phone: None,
    });
    world.ask(deposit).unwrap();
    paid(&mut world, 0, "RCPT1");
    assert_eq!(code(pay(&mut world, jane, None, Pay::Wallet)), "no_open_bill");
    until(&mut world, "2026-11-30T21:00:00Z");
    assert_eq!(code(pay(&mut world, jane, Some(0), Pay::Wallet)), "out_of_range");
    pay(&mut world, jane, Some(9_000), Pay::Wallet).unwrap();
    assert_eq!(stands(&world, jane)[0].3, BillState::Paid);
    assert_eq!(world.shown(jane).wallet_minor, 1_000);
}

#[test]
fn nothing_is_charged_twice_whatever_is_paid_ahead() {
    let (mut world, site, jane) = household();
    // 30 litres ahead, then 20 litres of them are bought, or given: the rest is billed.
    draw(&mut world, site, 1, 30_000);
    world.credit(jane, 20_000);
    until(&mut world, "2026-11-30T21:00:00Z");
    assert_eq!(stands(&world, jane)[0].1, 2_000, "10 litres");
    let ledger = world.ledger();
    // Given 40, billed 20, all of it drawn.
    assert_eq!(
        (ledger["bill"], ledger["given"], ledger["sales"], ledger["water"]),
        (2_000, 4_000, -6_000, 0)
    );
    // Prepaid litres after a bill are drawn before the cap.
    world.credit(jane, 20_000);
    draw(&mut world, site, 2, 20_000);
    until(&mut world, "2026-12-31T21:00:00Z");
    assert_eq!(bills(&world, jane).len(), 1);
    let ledger = world.ledger();
    assert_eq!((ledger["sales"], ledger["water"]), (-10_000, 0));
}

#[test]
fn the_cap_bounds_what_a_site_holds() {
    let (mut world, site, jane) = household();
    draw(&mut world, site, 1, 100_000);
    assert_eq!(open_ml(&world), 0, "no more is granted");
    until(&mut world, "2026-11-30T21:00:00Z");
    assert_eq!(open_ml(&world), 0, "nor is it by the bill");
    pay(&mut world, jane, Some(5_000), Pay::Prompt).unwrap();
    paid(&mut world, 0, "RCPT1");
    // 50 of 200 shillings are paid: 25 of 100 litres.
    assert_eq!(open_ml(&world), 25_000);
    // The cap comes down under what is drawn: what the site still holds is taken back, and nobody is alarmed.
    set_billing(&mut world, jane, Some(terms(10_000))).unwrap();
    let recalled = world.gateways[site].recalled();
    assert_eq!(recalled.len(), 1);
    world.site_writes(site, Fact::Closed { grant: recalled[0] });
    assert_eq!(open_ml(&world), 0);
    assert!(world.alarms().is_empty(), "{:?}", world.alarms());
}
