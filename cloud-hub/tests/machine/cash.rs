//! Cash that managers of sites take: floats, sales, and what they hand in. A jerrycan of 20 l costs KES 40.00.

use hub::hub::{
    effect::Refusal,
    input::{Actor, CashCount, Request, Settling},
    operator::Role,
    store::read::{self, Manager},
};
use kiosk::{
    fact::{Fact, FloatGranted, FloatSold, How},
    ids::{CustomerId, GrantId, RecordId},
    units::Currency,
};

use crate::{
    fleet::pour,
    world::{World, ml},
};

/// A site with Jane and with Musa, who may take so much cash.
pub fn kiosk(limit_minor: i64) -> (World, usize, CustomerId) {
    let mut world = World::new();
    let site = world.site("kibera-3");
    let jane = world.customer("0700000102", Some("kibera-3"));
    set(&mut world, limit_minor).unwrap();
    (world, site, jane)
}

pub fn set(world: &mut World, limit_minor: i64) -> Result<(), Refusal> {
    let request = Request::SetFloat {
        site: "kibera-3".parse().unwrap(),
        manager: "musa".to_owned(),
        limit_minor,
    };
    world.ask(request).map(drop)
}

pub fn hand_in(world: &mut World, counted_minor: i64, owed_minor: Option<i64>) -> Result<(), Refusal> {
    let counted = CashCount {
        site: "kibera-3".parse().unwrap(),
        manager: "musa".to_owned(),
        counted_minor,
        owed_minor,
    };
    world.ask(Request::HandIn(counted)).map(drop)
}

fn settle(world: &mut World, amount_minor: i64, how: Settling) -> Result<(), Refusal> {
    let request = Request::SettleDifference {
        site: "kibera-3".parse().unwrap(),
        manager: "musa".to_owned(),
        amount_minor,
        how,
    };
    world.ask(request).map(drop)
}

pub fn musa(world: &World) -> Manager {
    let mut managers = read::managers(&world.read(), None, Currency::Kes).unwrap();
    managers.remove(0)
}

/// What the hub gave a gateway, in the order it came.
pub fn floats(world: &World, site: usize) -> Vec<FloatGranted> {
    let float = |fact: &Fact| match fact {
        Fact::FloatGranted(granted) => Some(granted.clone()),
        _ => None,
    };
    world.gateways[site].facts().filter_map(float).collect()
}

pub fn given(world: &World, site: usize) -> Vec<i64> {
    floats(world, site).iter().map(|float| float.amount_minor).collect()
}

pub fn sale(parts: Vec<(GrantId, i64)>, customer: CustomerId, volume_ml: u64) -> FloatSold {
    FloatSold {
        parts,
        customer,
        volume: ml(volume_ml),
        time: crate::world::NOON,
        clock_trusted: true,
    }
}

/// The newest float sells Jane so many jerrycans.
pub fn sells(world: &mut World, site: usize, customer: CustomerId, jerrycans: u64) -> RecordId {
    let float = floats(world, site).last().unwrap().float;
    let minor = i64::try_from(jerrycans).unwrap() * 4_000;
    let sold = sale(vec![(float, minor)], customer, jerrycans * 20_000);
    world.site_writes(site, Fact::FloatSold(sold))
}

pub fn code(refused: Result<(), Refusal>) -> String {
    refused.unwrap_err().code.into_owned()
}

#[test]
fn a_cash_sale_credits_the_customer_once_and_grants_nothing_more() {
    let (mut world, site, jane) = kiosk(10_000);
    assert_eq!(given(&world, site), [10_000]);
    assert_eq!(floats(&world, site)[0].price_per_m3_minor, 200_000);
    let record = sells(&mut world, site, jane, 1);
    assert_eq!(world.balance_ml(jane), 20_000);
    let account = musa(&world).id;
    let books = world.ledger();
    assert_eq!(books[&format!("float:{account}")], 4_000);
    assert_eq!(books["water"], -4_000);
    assert!(
        world.gateways[site].grants().is_empty(),
        "the site opened the right itself"
    );
    let standing = musa(&world);
    assert_eq!((standing.open_minor, standing.owed_minor), (6_000, 4_000));

    // What is drawn on it is hers, and earns its price.
    let grant = GrantId {
        epoch: record.log.epoch,
        number: record.seq.into(),
    };
    let drawn = pour(&world, site, 1, grant, 5_000, How::Report);
    world.site_writes(site, drawn);
    assert_eq!(world.balance_ml(jane), 15_000);
    assert_eq!(world.ledger()["sales"], -1_000);

    let listed = read::transactions(&world.read(), &read::TransactionFilter::default(), i64::MAX, 10).unwrap();
    let cash = listed.items.iter().find(|row| row.kind == "cash").unwrap();
    assert_eq!(
        (cash.volume_ml, cash.amount_minor, cash.customer),
        (20_000, 4_000, Some(jane))
    );
    assert!(cash.receipt.is_some());
    let today = read::totals(&world.read(), world.now, Currency::Kes).unwrap();
    assert_eq!(today.gained_minor, 4_000, "the front page counts it as money in");
    let text = world.texts().pop().unwrap();
    let (start, receipt) = text.split_once(" Receipt ").unwrap();
    assert_eq!(
        start,
        "Cash KES 40 received. You bought 20 l of water; your balance is 20 l."
    );
    assert_eq!(receipt.trim_end_matches('.'), cash.receipt.as_deref().unwrap());
}

#[test]
fn handing_in_restores_the_float_and_a_difference_is_the_managers() {
    let (mut world, site, jane) = kiosk(10_000);
    let account = musa(&world).id;
    sells(&mut world, site, jane, 1);
    hand_in(&mut world, 3_900, Some(4_000)).unwrap();
    assert_eq!(
        given(&world, site),
        [10_000, 3_900],
        "what was handed in may be taken again, and what is short is not"
    );
    let (float, difference) = (format!("float:{account}"), format!("difference:{account}"));
    let books = world.ledger();
    assert_eq!(
        (books["cash:kibera-3"], books[&float], books[&difference]),
        (3_900, 0, 100)
    );
    let standing = musa(&world);
    assert_eq!(
        (standing.owed_minor, standing.difference_minor, standing.open_minor),
        (0, 100, 9_900)
    );
    let told = world.gateways[site].facts().find_map(|fact| match fact {
        Fact::HandedIn(handed_in) => Some((handed_in.owed_minor, handed_in.here_minor, handed_in.counted_minor)),
        _ => None,
    });
    assert_eq!(
        told,
        Some((4_000, 4_000, 3_900)),
        "the site knows what is no longer in the drawer"
    );

    assert_eq!(code(settle(&mut world, 101, Settling::Paid)), "out_of_range");
    settle(&mut world, 60, Settling::Paid).unwrap();
    settle(&mut world, 40, Settling::GivenUp).unwrap();
    let books = world.ledger();
    assert_eq!(
        (books["cash:kibera-3"], books[&difference], books["losses"]),
        (3_960, 0, 40)
    );
    assert_eq!(code(settle(&mut world, 1, Settling::Paid)), "out_of_range");
}

#[test]
fn too_much_that_was_handed_in_is_paid_back_or_kept() {
    let (mut world, site, jane) = kiosk(10_000);
    sells(&mut world, site, jane, 1);
    hand_in(&mut world, 4_300, None).unwrap();
    assert_eq!(musa(&world).difference_minor, -300);
    settle(&mut world, 100, Settling::Paid).unwrap();
    settle(&mut world, 200, Settling::GivenUp).unwrap();
    assert_eq!(musa(&world).difference_minor, 0);
    let books = world.ledger();
    assert_eq!((books["cash:kibera-3"], books["losses"]), (4_200, -200));
}

#[test]
fn what_was_not_shown_to_whoever_counts_stays_owed() {
    let (mut world, site, jane) = kiosk(20_000);
    assert_eq!(code(hand_in(&mut world, 100, None)), "nothing_owed");
    sells(&mut world, site, jane, 1);
    // The page showed KES 40.00; meanwhile another jerrycan was sold.
    sells(&mut world, site, jane, 1);
    hand_in(&mut world, 4_000, Some(4_000)).unwrap();
    assert_eq!((musa(&world).owed_minor, musa(&world).difference_minor), (4_000, 0));
    assert_eq!(
        code(hand_in(&mut world, 8_000, Some(8_000))),
        "owed_changed",
        "it was handed in before"
    );
    assert_eq!(code(hand_in(&mut world, -1, None)), "out_of_range");
    assert_eq!(musa(&world).owed_minor, 4_000);
}

#[test]
fn a_limit_is_raised_lowered_and_withdrawn() {
    let (mut world, site, jane) = kiosk(10_000);
    set(&mut world, 10_000).unwrap();
    assert_eq!(given(&world, site), [10_000], "the same again gives nothing");
    set(&mut world, 15_000).unwrap();
    assert_eq!(given(&world, site), [10_000, 5_000]);
    sells(&mut world, site, jane, 1);
    // KES 40.00 are in the drawer and 110.00 are out: with 120.00 the newest, of which 10.00 is left, goes first.
    set(&mut world, 12_000).unwrap();
    let all = floats(&world, site);
    assert_eq!(world.gateways[site].recalled(), [all[1].float, all[0].float]);
    for float in [all[1].float, all[0].float] {
        world.site_writes(site, Fact::Closed { grant: float });
    }
    assert_eq!(given(&world, site), [10_000, 5_000, 8_000], "120.00 less the drawer");
    set(&mut world, 0).unwrap();
    assert!(musa(&world).recalling);
    assert_eq!(code(set(&mut world, -1)), "out_of_range");
    assert_eq!(code(set(&mut world, i64::MAX)), "out_of_range");
}

#[test]
fn many_small_floats_become_one() {
    let (mut world, site, _) = kiosk(1_000);
    for limit in [2_000, 3_000, 4_000] {
        set(&mut world, limit).unwrap();
    }
    assert_eq!(given(&world, site), [1_000; 4]);
    set(&mut world, 5_000).unwrap();
    let recalled = world.gateways[site].recalled();
    assert_eq!(
        (recalled.len(), given(&world, site)),
        (4, vec![1_000; 5]),
        "what is free is given at once, for the site may be cut off before they come back"
    );
    for grant in recalled {
        world.site_writes(site, Fact::Closed { grant });
    }
    assert_eq!(given(&world, site)[5..], [4_000], "all come back before one is given");
}

#[test]
fn another_tariff_asks_floats_of_the_old_one_back() {
    let (mut world, site, jane) = kiosk(10_000);
    world.settings.tariff.price_per_m3_minor = 300_000;
    world.restart();
    world.link(site);
    // Sold before the site heard of it, at the price that it knew.
    sells(&mut world, site, jane, 1);
    assert_eq!(world.balance_ml(jane), 20_000);
    let old = floats(&world, site)[0].float;
    assert_eq!(world.gateways[site].recalled(), [old]);
    world.site_writes(site, Fact::Closed { grant: old });
    let new = floats(&world, site).pop().unwrap();
    assert_eq!((new.amount_minor, new.price_per_m3_minor), (6_000, 300_000));
}

#[test]
fn who_may_give_floats_count_cash_and_give_up_differences() {
    let requests = [
        Request::SetFloat {
            site: "kibera-3".parse().unwrap(),
            manager: "musa".to_owned(),
            limit_minor: 1,
        },
        Request::HandIn(CashCount {
            site: "kibera-3".parse().unwrap(),
            manager: "musa".to_owned(),
            counted_minor: 1,
            owed_minor: None,
        }),
        Request::SettleDifference {
            site: "kibera-3".parse().unwrap(),
            manager: "musa".to_owned(),
            amount_minor: 1,
            how: Settling::Paid,
        },
        Request::SettleDifference {
            site: "kibera-3".parse().unwrap(),
            manager: "musa".to_owned(),
            amount_minor: 1,
            how: Settling::GivenUp,
        },
        Request::DecideCashSale { sale: 1, book_to: None },
    ];
    for (role, may) in [
        (Role::Admin, [true; 5]),
        (Role::CustomerService, [false, true, true, false, false]),
        (Role::Technician, [false; 5]),
        (Role::Viewer, [false; 5]),
        (Role::Kiosk, [false; 5]),
    ] {
        let by = Actor::User {
            name: "amina".to_owned(),
            role,
        };
        assert_eq!(requests.each_ref().map(|request| by.may(request)), may, "{role:?}");
    }
}

#[test]
fn a_name_that_is_no_account_gets_no_float() {
    let mut world = World::new();
    world.site("kibera-3");
    let ask = |world: &mut World, site: &str, manager: &str, limit_minor| {
        let request = Request::SetFloat {
            site: site.parse().unwrap(),
            manager: manager.to_owned(),
            limit_minor,
        };
        code(world.ask(request).map(drop))
    };
    assert_eq!(ask(&mut world, "kibera-3", "Musa M", 1), "bad_name");
    assert_eq!(ask(&mut world, "kibera-3", "", 1), "bad_name");
    assert_eq!(ask(&mut world, "nowhere", "musa", 1), "not_found");
    assert_eq!(
        ask(&mut world, "kibera-3", "musa", 0),
        "not_found",
        "there is nothing to withdraw"
    );
}
