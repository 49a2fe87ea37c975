//! What sites write, and what the hub makes of it.

use hub::hub::{
    input::{CustomerChange, Request},
    store::read,
};
use kiosk::{
    digest::{HashedGrant, HashedState, state_hash},
    fact::{AnsweredState, Fact, How, PurchaseAsked, PurchaseItem, Registered},
    ids::{CustomerId, Epoch, GrantId, Lane, RecordId},
    moment::DAY_MS,
};
use sync::{
    document::{Actor, Document},
    record::{DocumentId, Edit, Record},
    seal::seal_to_hub,
};

use crate::{
    fleet::pour,
    world::{World, ml},
};

fn sold() -> (World, usize, CustomerId, GrantId) {
    let mut world = World::new();
    let site = world.site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    world.credit(customer, 100_000);
    let grant = world.gateways[site].grants()[0].grant;
    (world, site, customer, grant)
}

pub fn answers(world: &World, site: usize, to: RecordId) -> Vec<AnsweredState> {
    let answered = |fact: &Fact| match fact {
        Fact::Answered(answered) if answered.to == to => Some(answered.state),
        _ => None,
    };
    world.gateways[site].facts().filter_map(answered).collect()
}

#[test]
fn a_pour_earns_its_part_and_a_late_report_corrects_it_downwards() {
    let (mut world, site, customer, grant) = sold();
    let by_rule = pour(&world, site, 1, grant, 20_000, How::Rule);
    world.site_writes(site, by_rule);
    assert_eq!(world.balance_ml(customer), 80_000);
    // 100 litres were given for 20000 cents; 20 of them are 4000.
    assert_eq!(world.ledger()["sales"], -4_000);
    let report = pour(&world, site, 1, grant, 500, How::Report);
    world.site_writes(site, report);
    assert_eq!(world.balance_ml(customer), 99_500);
    assert_eq!(world.ledger()["sales"], -100);
    // A report of more than the hold is the site's loss beyond it.
    let too_much = pour(&world, site, 1, grant, 30_000, How::Report);
    world.site_writes(site, too_much);
    assert_eq!(world.balance_ml(customer), 80_000);
    let listed = read::transactions(&world.read(), &read::TransactionFilter::default(), i64::MAX, 10).unwrap();
    let seen: Vec<(&str, i64)> = listed
        .items
        .iter()
        .map(|item| (item.kind.as_str(), item.volume_ml))
        .collect();
    // The newest first; together they are the 20 litres that the customer pays.
    assert_eq!(
        seen,
        [
            ("correction", 19_500),
            ("correction", -19_500),
            ("dispense", 20_000),
            ("credit", 100_000)
        ]
    );
    assert_eq!(listed.items[2].id, "kibera-3:00000000000000b0:2");
    assert_eq!(listed.items[2].receipt.as_ref().map(String::len), Some(8));
    assert_eq!(listed.items[2].customer, Some(customer));
}

#[test]
fn taking_litres_that_a_site_holds_recalls_them_and_grants_the_rest_again() {
    let (mut world, site, customer, grant) = sold();
    let spend = pour(&world, site, 1, grant, 20_000, How::Report);
    world.site_writes(site, spend);
    assert_eq!(world.credit(customer, -30_000), 50_000);
    assert_eq!(world.gateways[site].recalled(), [grant]);
    assert_eq!(
        world.gateways[site].grants().len(),
        1,
        "nothing is free before the site closes it"
    );
    // A sale that was on its way when the recall came is written before the close.
    let late = pour(&world, site, 2, grant, 5_000, How::Report);
    world.site_writes(site, late);
    world.site_writes(site, Fact::Closed { grant });
    // 100 − 30 − 25 spent = 45 litres.
    let granted = world.gateways[site].grants();
    assert_eq!(granted[1].volume, ml(45_000));
    // What the gateway would compute of the same facts.
    let row = |place: usize, spent, state| HashedGrant {
        grant: granted[place].grant,
        customer,
        purse: granted[place].purse,
        volume: granted[place].volume,
        spent: ml(spent),
        state,
    };
    let expected = state_hash([row(1, 0, HashedState::Open), row(0, 25_000, HashedState::Closed)]);
    assert_eq!(read::sites(&world.read()).unwrap()[0].state_hash, expected);
    assert_eq!(world.balance_ml(customer), 45_000);
    assert!(world.alarms().is_empty());
}

#[test]
fn a_correction_after_the_close_frees_water_that_is_granted_again() {
    let (mut world, site, customer, grant) = sold();
    let by_rule = pour(&world, site, 1, grant, 20_000, How::Rule);
    world.site_writes(site, by_rule);
    world.credit(customer, -10_000);
    world.site_writes(site, Fact::Closed { grant });
    // 100 − 10 − 20 are granted again; the report frees 15 of the 20.
    let report = pour(&world, site, 1, grant, 5_000, How::Report);
    world.site_writes(site, report);
    let volumes: Vec<_> = world.gateways[site]
        .grants()
        .iter()
        .map(|granted| granted.volume)
        .collect();
    assert_eq!(volumes, [ml(100_000), ml(70_000), ml(15_000)]);
    assert_eq!(world.balance_ml(customer), 85_000);
}

#[test]
fn rights_follow_a_customer_who_moves() {
    let (mut world, old, customer, grant) = sold();
    let new = world.site("mathare");
    let home = Request::UpdateCustomer {
        customer,
        change: hub::hub::input::CustomerChange {
            site: Some("mathare".parse().unwrap()),
            ..Default::default()
        },
    };
    world.ask(home).unwrap();
    assert_eq!(world.gateways[old].recalled(), [grant]);
    assert!(world.gateways[new].grants().is_empty());
    let dropped = |record: &Record| matches!(record, Record::Edit(Edit::Dropped { .. }));
    assert!(world.gateways[old].folded.iter().any(dropped));
    world.site_writes(old, Fact::Closed { grant });
    assert_eq!(world.gateways[new].grants()[0].volume, ml(100_000));
}

#[test]
fn a_spend_that_comes_before_its_grant_is_charged_once_both_are_known() {
    let (mut world, site, customer, _) = sold();
    world.backup();
    world.credit(customer, 20_000);
    let unknown = world.gateways[site].grants().last().unwrap().grant;
    let spend = pour(&world, site, 1, unknown, 10_000, How::Report);
    world.site_writes(site, spend);
    world.restore();
    assert_eq!(world.balance_ml(customer), 100_000);
    world.link(site);
    assert_eq!(world.balance_ml(customer), 90_000);
    let filter = read::TransactionFilter {
        customer: Some(customer),
        ..Default::default()
    };
    let listed = read::transactions(&world.read(), &filter, i64::MAX, 10).unwrap();
    assert_eq!(listed.items[0].volume_ml, 10_000, "the pour has found its customer");
}

#[test]
fn a_purchase_asked_at_a_site_is_prompted_once_and_answered() {
    let (mut world, site, customer, _) = sold();
    let asked = |time| {
        Fact::PurchaseAsked(PurchaseAsked {
            customer,
            item: PurchaseItem::Litres(ml(20_000)),
            time,
        })
    };
    let old = world.site_writes(site, asked(world.now.plus_ms(-DAY_MS - 1_000)));
    assert_eq!(answers(&world, site, old), [AnsweredState::Refused]);
    // It is noon of 20 November, and a second more than a day before was the 19th.
    let lapsed =
        "What you ordered at the kiosk on 19/11/2026 reached us too late. Nothing was taken. Please order again.";
    assert_eq!(world.texts(), [lapsed]);
    let fresh = world.site_writes(site, asked(world.now.plus_ms(-DAY_MS + 1_000)));
    assert_eq!(answers(&world, site, fresh), [AnsweredState::Taken]);
    assert_eq!(world.prompts().len(), 1);
    // 20 litres are 4000 cents.
    assert_eq!(world.prompts()[0].amount.minor, 4_000);
    // The link breaks and everything is offered again: nothing is prompted twice.
    world.link(site);
    assert_eq!(world.prompts().len(), 1);
    crate::payments::paid(&mut world, 0, "RCPT1");
    assert_eq!(
        answers(&world, site, fresh),
        [AnsweredState::Taken, AnsweredState::Done]
    );
}

/// A person is registered at a site: the fact and the profile.
pub fn register(world: &mut World, site: usize, customer: CustomerId, phone: &str, pin: &str, ago_ms: i64) {
    provisional_at(world, site, customer, pin, ago_ms);
    name_at(world, site, customer, phone);
}

/// The site's record comes; who it is comes with the edit.
pub fn provisional_at(world: &mut World, site: usize, customer: CustomerId, pin: &str, ago_ms: i64) {
    let sealing_key = world.gateways[site].enrolment.hub_sealing_key;
    let sealed_pin = seal_to_hub([9; 32], &sealing_key, pin.as_bytes()).unwrap();
    let time = world.now.plus_ms(-ago_ms);
    world.site_writes(
        site,
        Fact::Registered(Registered {
            customer,
            sealed_pin,
            time,
        }),
    );
}

pub fn name_at(world: &mut World, site: usize, customer: CustomerId, phone: &str) {
    name_in(world, site, Epoch(customer.0), customer, phone);
}

/// The same in a later life of the gateway.
pub fn name_in(world: &mut World, site: usize, epoch: Epoch, customer: CustomerId, phone: &str) {
    let doc = DocumentId::Customer(customer);
    let actor = Actor::site(world.gateways[site].enrolment.box_id, epoch);
    let mut document = Document::new(doc.clone(), actor);
    let fields = [("phone", Some(phone)), ("name", Some("Amina"))];
    let bytes = document.edit(&fields).unwrap().unwrap();
    world.gateway_writes(site, Lane::Edits, Record::Edit(Edit::Change { doc, bytes }));
}

#[test]
fn a_person_registered_at_a_site_gets_an_account_and_is_listed_there() {
    let mut world = World::new();
    let site = world.site("kibera-3");
    register(&mut world, site, CustomerId(0xa11), "+254700000102", "4071", 0);
    let shown = world.shown(CustomerId(0xa11));
    assert_eq!(shown.account.unwrap().to_string(), "AQP000001");
    assert_eq!(
        (shown.name.as_str(), shown.site.unwrap().as_str()),
        ("Amina", "kibera-3")
    );
    let key = kiosk::pin::PinKey::new(world.gateways[site].enrolment.pin_key);
    let expected = key.verifier(CustomerId(0xa11), &"4071".parse().unwrap());
    let listed = world.gateways[site].facts().find_map(|fact| match fact {
        Fact::Listed(listed) => listed.pin,
        _ => None,
    });
    assert_eq!(
        listed,
        Some(expected),
        "the site can check the PIN that was chosen there"
    );
    world.credit(CustomerId(0xa11), 20_000);
    assert_eq!(world.gateways[site].grants()[0].volume, ml(20_000));
}

#[test]
fn one_phone_registered_twice_becomes_the_older_registration() {
    let mut world = World::new();
    let (kibera, mathare) = (world.site("kibera-3"), world.site("mathare"));
    let (older, younger) = (CustomerId(0x01d), CustomerId(0x9e3));
    // The younger is heard of first, and is credited.
    register(&mut world, mathare, younger, "+254700000102", "5512", 1_000);
    world.credit(younger, 30_000);
    register(&mut world, kibera, older, "+254700000102", "4071", 60_000);
    let merged = |place: usize| {
        world.gateways[place].facts().any(|fact| {
            *fact
                == Fact::Merged {
                    from: younger,
                    into: older,
                }
        })
    };
    assert!(merged(kibera) && merged(mathare));
    // Whoever asks for the younger gets the older, with the account and all water.
    let shown = world.shown(younger);
    assert_eq!((shown.id, shown.balance_ml), (older, 30_000));
    assert_eq!(shown.account.unwrap().to_string(), "AQP000001");
    // Water drawn on the younger's grant is the older's.
    let grant = world.gateways[mathare].grants()[0].grant;
    let spend = pour(&world, mathare, 1, grant, 20_000, How::Report);
    world.site_writes(mathare, spend);
    assert_eq!(world.balance_ml(older), 10_000);
    world.ledger();
    // The PIN is the older's, at both sites.
    let key = kiosk::pin::PinKey::new(world.gateways[mathare].enrolment.pin_key);
    let expected = key.verifier(older, &"4071".parse().unwrap());
    let newest = world.gateways[mathare].facts().filter_map(|fact| match fact {
        Fact::Listed(listed) if listed.customer == older => listed.pin,
        _ => None,
    });
    assert_eq!(newest.last(), Some(expected));
}

#[test]
fn a_late_change_from_a_site_that_was_left_counts_and_does_not_let_it_in_again() {
    let mut world = World::new();
    let kibera = world.site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    world.site("mathare");
    let doc = DocumentId::Customer(customer);
    let actor = Actor::site(world.gateways[kibera].enrolment.box_id, Epoch(0xb0));
    let mut document = Document::new(doc.clone(), actor);
    for bytes in world.gateways[kibera].changes() {
        document.apply(&bytes);
    }
    let change = document.edit(&[("city", Some("Kisumu"))]).unwrap().unwrap();
    let moved = CustomerChange {
        site: Some("mathare".parse().unwrap()),
        ..Default::default()
    };
    world
        .ask(Request::UpdateCustomer {
            customer,
            change: moved,
        })
        .unwrap();
    world.gateway_writes(kibera, Lane::Edits, Record::Edit(Edit::Change { doc, bytes: change }));
    assert_eq!(world.shown(customer).city, "Kisumu");
    let before = world.gateways[kibera].folded.len();
    let renamed = CustomerChange {
        name: Some("Jane Otieno".to_owned()),
        ..Default::default()
    };
    world
        .ask(Request::UpdateCustomer {
            customer,
            change: renamed,
        })
        .unwrap();
    assert_eq!(
        world.gateways[kibera].folded.len(),
        before,
        "what she does is not that site's any more"
    );
}
