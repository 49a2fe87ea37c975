//! Cash that managers of sites take: floats, sales, hands in. A jerrycan of 20 l costs KES 40.00.

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
fn kiosk(limit_minor: i64) -> (World, usize, CustomerId) {
    let mut world = World::new();
    let site = world.site("kibera-3");
    let jane = world.customer("0700000102", Some("kibera-3"));
    set(&mut world, limit_minor).unwrap();
    (world, site, jane)
}

fn set(world: &mut World, limit_minor: i64) -> Result<(), Refusal> {
    let request = Request::SetFloat {
        site: "kibera-3".parse().unwrap(),
        manager: "musa".to_owned(),
        limit_minor,
    };
    world.ask(request).map(drop)
}

fn hand_in(world: &mut World, counted_minor: i64, owed_minor: Option<i64>) -> Result<(), Refusal> {
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

fn musa(world: &World) -> Manager {
    let mut managers = read::managers(&world.read(), None, Currency::Kes).unwrap();
    managers.remove(0)
}

/// What the hub gave a gateway, in the order it came.
fn floats(world: &World, site: usize) -> Vec<FloatGranted> {
    let float = |fact: &Fact| match fact {
        Fact::FloatGranted(granted) => Some(granted.clone()),
        _ => None,
    };
    world.gateways[site].facts().filter_map(float).collect()
}

fn given(world: &World, site: usize) -> Vec<i64> {
    floats(world, site).iter().map(|float| float.amount_minor).collect()
}

fn sale(parts: Vec<(GrantId, i64)>, customer: CustomerId, volume_ml: u64) -> FloatSold {
    FloatSold {
        parts,
        customer,
        volume: ml(volume_ml),
        time: crate::world::NOON,
        clock_trusted: true,
    }
}

/// The newest float sells Jane so many jerrycans.
fn sells(world: &mut World, site: usize, customer: CustomerId, jerrycans: u64) -> RecordId {
    let float = floats(world, site).last().unwrap().float;
    let minor = i64::try_from(jerrycans).unwrap() * 4_000;
    let sold = sale(vec![(float, minor)], customer, jerrycans * 20_000);
    world.site_writes(site, Fact::FloatSold(sold))
}

fn code(refused: Result<(), Refusal>) -> String {
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
        [10_000, 4_000],
        "what was handed in may be taken again"
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
        (0, 100, 10_000)
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
        (recalled.len(), given(&world, site).len()),
        (4, 4),
        "all come back before one is given"
    );
    for grant in recalled {
        world.site_writes(site, Fact::Closed { grant });
    }
    assert_eq!(given(&world, site)[4..], [5_000]);
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
fn what_an_honest_site_would_not_write_is_booked_nowhere() {
    let (mut world, site, jane) = kiosk(10_000);
    let far = world.site("mathare-1");
    let float = floats(&world, site)[0].float;
    let unknown = GrantId { number: 99, ..float };
    for (why, place, sold) in [
        ("unknown_float", site, sale(vec![(unknown, 4_000)], jane, 20_000)),
        ("foreign_float", far, sale(vec![(float, 4_000)], jane, 20_000)),
        ("more_than_float", site, sale(vec![(float, 10_100)], jane, 50_500)),
        ("not_by_price", site, sale(vec![(float, 3_900)], jane, 20_000)),
        ("not_by_price", site, sale(vec![(float, 4_000)], jane, 100_000)),
        (
            "unknown_customer",
            site,
            sale(vec![(float, 4_000)], CustomerId(5), 20_000),
        ),
    ] {
        let record = world.site_writes(place, Fact::FloatSold(sold.clone()));
        let waiting = read::doubtful_sales(&world.read(), 100).unwrap().pop().unwrap();
        assert_eq!(
            (waiting.why.as_str(), waiting.record),
            (why, (record.log.epoch, record.seq))
        );
        assert_eq!(world.alarms().last(), Some(&"cash_sale_doubtful"), "{why}");
        // Nor is what is drawn on the right that it pretends to have opened.
        let grant = GrantId {
            epoch: record.log.epoch,
            number: record.seq.into(),
        };
        let drawn = pour(&world, place, u64::from(record.seq), grant, 1_000, How::Report);
        world.site_writes(place, drawn);
    }
    assert_eq!(world.balance_ml(jane), 0);
    // Six litres at KES 2.00: late spends that nobody is charged for.
    assert_eq!(
        world.ledger(),
        [("sales".to_owned(), -1_200), ("suspense".to_owned(), 1_200)].into()
    );
    assert_eq!(musa(&world).open_minor, 10_000);
    assert!(world.gateways[site].grants().is_empty());
}

#[test]
fn a_sale_cannot_take_the_name_of_another_right() {
    let (mut world, site, jane) = kiosk(10_000);
    world.credit(jane, 20_000);
    let granted = world.gateways[site].grants()[0].grant;
    let float = floats(&world, site)[0].float;
    let sold = sale(vec![(float, 4_000)], jane, 20_000);
    // A box that writes under the hub's own run, its second record after `Began`: the name of the hub's grant.
    world.restart();
    world.link(site);
    let record = world.forge(site, granted.epoch, Fact::FloatSold(sold));
    assert_eq!(u64::from(record.seq), granted.number);
    let waiting = read::doubtful_sales(&world.read(), 100).unwrap().pop().unwrap();
    assert_eq!(
        (waiting.why.as_str(), waiting.record.0),
        ("grant_taken", record.log.epoch)
    );
    assert_eq!(world.balance_ml(jane), 20_000);
    let decided = world.ask(Request::DecideCashSale {
        sale: waiting.id,
        book_to: Some("musa".to_owned()),
    });
    assert_eq!(code(decided.map(drop)), "cannot_book");
}

#[test]
fn an_operator_decides_about_a_doubtful_sale_once() {
    let (mut world, site, jane) = kiosk(10_000);
    let float = floats(&world, site)[0].float;
    let record = world.site_writes(site, Fact::FloatSold(sale(vec![(float, 3_900)], jane, 20_000)));
    let grant = GrantId {
        epoch: record.log.epoch,
        number: record.seq.into(),
    };
    let drawn = pour(&world, site, 1, grant, 20_000, How::Report);
    world.site_writes(site, drawn);
    assert_eq!(world.ledger()["suspense"], 4_000);
    world.site_writes(site, Fact::FloatSold(sale(vec![(float, 3_800)], jane, 20_000)));
    let waiting = read::doubtful_sales(&world.read(), 100).unwrap();
    let decide = |book_to: Option<&str>, place: usize| Request::DecideCashSale {
        sale: waiting[place].id,
        book_to: book_to.map(str::to_owned),
    };
    let nobody = world.ask(decide(Some("amina"), 0));
    assert_eq!(code(nobody.map(drop)), "not_found");
    world.ask(decide(Some("musa"), 0)).unwrap();
    world.ask(decide(None, 1)).unwrap();
    for place in [0, 1] {
        let again = world.ask(decide(Some("musa"), place));
        assert_eq!(code(again.map(drop)), "not_found", "decided before");
    }
    // She paid KES 39.00 for the jerrycan and drew it.
    assert_eq!(world.balance_ml(jane), 0);
    let books = world.ledger();
    assert_eq!((books["suspense"], books["sales"]), (0, -3_900));
    assert_eq!(musa(&world).owed_minor, 3_900);
}

#[test]
fn a_replaced_box_hands_its_float_to_the_next_and_sells_no_more() {
    let (mut world, site, jane) = kiosk(10_000);
    sells(&mut world, site, jane, 1);
    let float = floats(&world, site)[0].float;
    world.unlink(site);
    let code = world.replace_code("kibera-3");
    let new = world.join(&code);
    assert_eq!(given(&world, new), [6_000], "the limit less the drawer");
    assert_eq!(musa(&world).owed_minor, 4_000, "the cash is still owed");
    // The old box comes back with another sale: it is told that it is retired, and nothing of it is taken.
    world.site_writes(site, Fact::FloatSold(sale(vec![(float, 4_000)], jane, 20_000)));
    world.link(site);
    assert_eq!((musa(&world).owed_minor, world.balance_ml(jane)), (4_000, 20_000));
    // The new box never saw the cash of the old one.
    hand_in(&mut world, 4_000, None).unwrap();
    let told = world.gateways[new].facts().find_map(|fact| match fact {
        Fact::HandedIn(handed_in) => Some((handed_in.owed_minor, handed_in.here_minor)),
        _ => None,
    });
    assert_eq!(told, Some((4_000, 0)));
}

#[test]
fn a_restored_hub_gets_floats_sales_and_hands_in_back_and_gives_no_float_meanwhile() {
    let (mut world, site, jane) = kiosk(10_000);
    let other = world.site("mathare-1");
    world.unlink(other);
    world.backup();
    sells(&mut world, site, jane, 1);
    hand_in(&mut world, 3_900, None).unwrap();
    sells(&mut world, site, jane, 1);
    set(&mut world, 12_000).unwrap();
    let account = musa(&world).id;
    let before = world.ledger();
    let out = given(&world, site);
    assert_eq!(out, [10_000, 4_000, 2_000]);

    world.restore();
    world.link(site);
    assert_eq!(world.ledger(), before, "the site had all of it");
    assert_eq!((musa(&world).owed_minor, musa(&world).difference_minor), (4_000, 100));
    assert_eq!(world.balance_ml(jane), 40_000);
    // In doubt nothing is given, although the forgotten limit of 120.00 is raised beyond what is out.
    set(&mut world, 20_000).unwrap();
    assert_eq!(given(&world, site), out);
    world.link(other);
    assert_eq!(
        given(&world, site)[3..],
        [8_000],
        "200.00 less 40.00 in the drawer and 80.00 out"
    );
    assert_eq!(world.ledger()[&format!("float:{account}")], 4_000);
}

#[test]
fn a_manager_whom_the_backup_does_not_know_comes_back_with_the_float() {
    let mut world = World::new();
    let site = world.site("kibera-3");
    let jane = world.customer("0700000102", Some("kibera-3"));
    world.backup();
    set(&mut world, 10_000).unwrap();
    sells(&mut world, site, jane, 1);
    let account = musa(&world).id;
    world.restore();
    world.link(site);
    let standing = musa(&world);
    assert_eq!((standing.id, standing.login.as_str()), (account, "musa"));
    assert_eq!(
        (standing.limit_minor, standing.owed_minor, standing.open_minor),
        (10_000, 4_000, 6_000)
    );
    assert!(world.alarms().contains(&"float_recalled"));
    assert!(
        world.gateways[site].recalled().is_empty(),
        "the doubt is over and nothing lacks"
    );
}

#[test]
fn cash_that_an_older_version_kept_is_booked_after_the_upgrade() {
    let (mut world, site, jane) = kiosk(10_000);
    let float = floats(&world, site)[0].float;
    world.kept_unknown(site, Fact::FloatSold(sale(vec![(float, 4_000)], jane, 20_000)));
    assert_eq!((musa(&world).owed_minor, world.balance_ml(jane)), (4_000, 20_000));
    world.restart();
    assert_eq!(
        (musa(&world).owed_minor, world.balance_ml(jane)),
        (4_000, 20_000),
        "once"
    );
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
