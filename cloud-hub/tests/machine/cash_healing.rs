//! Cash sales that an honest site would not write, boxes that are replaced, hubs that are restored or upgraded.

use hub::hub::{input::Request, store::read};
use kiosk::{
    fact::{Fact, How},
    ids::{CustomerId, GrantId},
};

use crate::{
    cash::{code, floats, given, hand_in, kiosk, musa, sale, sells, set},
    fleet::pour,
    world::World,
};

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
    for decided in [decide(Some("musa"), 0), decide(None, 0), decide(None, 1)] {
        assert_eq!(code(world.ask(decided).map(drop)), "not_found", "decided before");
    }
    // She paid KES 39.00 for the jerrycan and drew it.
    assert_eq!(world.balance_ml(jane), 0);
    let books = world.ledger();
    assert_eq!((books["suspense"], books["sales"]), (0, -3_900));
    let standing = musa(&world);
    assert_eq!(
        (standing.owed_minor, standing.open_minor),
        (3_900, 6_100),
        "the site has spent the float for it"
    );
    // The other one was refused, and turns out to have been.
    assert_eq!(read::refused_sales(&world.read(), 9).unwrap().len(), 1);
    world.ask(decide(Some("musa"), 1)).unwrap();
    assert_eq!((musa(&world).owed_minor, world.balance_ml(jane)), (7_700, 20_000));
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
    let first = floats(&world, site)[0].float;
    world.site_writes(site, Fact::FloatSold(sale(vec![(first, 4_000)], jane, 20_000)));
    set(&mut world, 12_000).unwrap();
    let account = musa(&world).id;
    let before = world.ledger();
    let out = given(&world, site);
    assert_eq!(out, [10_000, 3_900, 2_000]);

    world.restore();
    world.link(site);
    assert_eq!(world.ledger(), before, "the site had all of it");
    assert_eq!((musa(&world).owed_minor, musa(&world).difference_minor), (4_000, 100));
    assert_eq!(world.balance_ml(jane), 40_000);
    // In doubt nothing is given, although the forgotten limit of 120.00 is raised beyond what is out.
    set(&mut world, 20_000).unwrap();
    assert_eq!(given(&world, site), out);
    let amina = world.ask(Request::SetFloat {
        site: "kibera-3".parse().unwrap(),
        manager: "amina".to_owned(),
        limit_minor: 1,
    });
    assert_eq!(code(amina.map(drop)), "in_doubt", "she may come back with her float");
    world.link(other);
    assert_eq!(
        given(&world, site)[3..],
        [8_000],
        "200.00 less 40.00 in the drawer, 1.00 that is short, and 79.00 out"
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
