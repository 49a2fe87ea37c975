//! Join codes, enrolments, write-offs, and a hub that lost its past.

use hub::hub::{
    effect::Response,
    input::{Input, Request},
    side::SideLog,
    store::read,
};
use kiosk::{
    fact::{Fact, How, Outcome, Poured},
    ids::{GrantId, HoldId},
};

use crate::world::{World, ml};

/// A pour of a gateway against one grant.
pub fn pour(world: &World, place: usize, hold: u64, grant: GrantId, volume: u64, how: How) -> Fact {
    Fact::Poured(Poured {
        hold: Some(HoldId {
            epoch: kiosk::ids::Epoch(0xb0 + place as u64),
            number: hold,
        }),
        parts: vec![(grant, ml(volume))],
        over: ml(0),
        how,
        outcome: (how == How::Report).then_some(Outcome::Complete),
        dispenser: "tap-1".parse().unwrap(),
        time: world.now,
        clock_trusted: true,
    })
}

#[test]
fn the_sixth_wrong_try_voids_a_code() {
    let mut world = World::new();
    let code = world.add_site("kibera-3");
    assert!(
        code.starts_with("kibera-3-") && code.len() == "kibera-3-".len() + 10,
        "{code}"
    );
    let wrong = format!(
        "kibera-3-{}",
        if code.ends_with("0000000000") {
            "1111111111"
        } else {
            "0000000000"
        }
    );
    for _ in 0..5 {
        assert_eq!(world.try_join(&wrong).unwrap_err().code, "bad_code");
    }
    // Five wrong tries leave it good: prove it on a twin of this world.
    let mut twin = World::new();
    let twin_code = twin.add_site("kibera-3");
    for _ in 0..5 {
        twin.try_join(&wrong).unwrap_err();
    }
    assert!(twin.try_join(&twin_code.to_ascii_lowercase()).is_ok());
    assert_eq!(world.try_join(&wrong).unwrap_err().code, "bad_code");
    assert_eq!(world.try_join(&code).unwrap_err().code, "bad_code");
    assert_eq!(world.alarms(), ["join_code_void"]);
}

#[test]
fn a_code_is_used_once_and_for_seven_days() {
    let mut world = World::new();
    let code = world.add_site("kibera-3");
    let Ok(Response::Joined(enrolment)) = world.try_join(&code) else {
        panic!("refused")
    };
    assert_eq!(enrolment.site.as_str(), "kibera-3");
    assert_eq!(enrolment.wall, world.now);
    assert_eq!(world.try_join(&code).unwrap_err().code, "bad_code");
    let late = world.add_site("mathare");
    world.now = world.now.plus_ms(7 * 24 * 3_600_000);
    assert_eq!(world.try_join(&late).unwrap_err().code, "bad_code");
}

#[test]
fn a_credit_is_granted_at_the_home_site_whoever_comes_first() {
    let mut world = World::new();
    // The site joins first.
    let kibera = world.site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    world.credit(customer, 60_000);
    let grants = world.gateways[kibera].grants();
    assert_eq!(grants.len(), 1);
    assert_eq!((grants[0].customer, grants[0].volume), (customer, ml(60_000)));
    // The customer is credited first.
    let code = world.add_site("mathare");
    let other = world.customer("0700000103", Some("mathare"));
    world.credit(other, 20_000);
    let mathare = world.join(&code);
    assert_eq!(world.gateways[mathare].grants()[0].volume, ml(20_000));
    // Each site knows its own customer, and its own settings.
    assert_eq!(world.gateways[mathare].admitted(), 2);
    let sites = read::sites(&world.read()).unwrap();
    assert!(sites.iter().all(|site| site.online && site.queue == [0; 4]));
    assert_ne!(sites[0].state_hash, sites[1].state_hash);
}

#[test]
fn a_replaced_box_is_written_off_at_the_spend_known() {
    let mut world = World::new();
    let old = world.site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    world.credit(customer, 60_000);
    let grant = world.gateways[old].grants()[0].grant;
    let spend = pour(&world, old, 1, grant, 15_000, How::Report);
    world.site_writes(old, spend);
    let code = world.replace_code("kibera-3");
    let new = world.join(&code);
    // 60 litres less the 15 known are granted again at the new box.
    let grants = world.gateways[new].grants();
    assert_eq!(
        grants.iter().map(|granted| granted.volume).collect::<Vec<_>>(),
        [ml(45_000)]
    );
    assert_eq!(world.balance_ml(customer), 45_000);
    assert!(world.gateways[old].closed);
    // The old box dials again: it is told that it is retired, and what it wrote meanwhile is not taken.
    let late = pour(&world, old, 2, grant, 20_000, How::Report);
    world.site_writes(old, late);
    world.link(old);
    assert!(world.gateways[old].closed);
    assert_eq!(world.balance_ml(customer), 45_000);
    assert_eq!(world.side.lines().unwrap().len(), 3);
}

#[test]
fn an_entry_ahead_is_a_crash_and_two_are_a_lost_past() {
    let mut world = World::new();
    let kibera = world.site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    world.credit(customer, 60_000);
    let box_id = world.gateways[kibera].enrolment.box_id;
    let mut side = world.side.clone();
    side.append("enrolled mathare 00000000000000aa 0101010101010101010101010101010101010101010101010101010101010101 0202020202020202")
        .unwrap();
    world.restart();
    assert!(world.alarms().is_empty());
    let sites = read::sites(&world.read()).unwrap();
    assert_eq!(
        sites.len(),
        2,
        "the entry that the crash kept from the database was applied"
    );
    side.append("written-off 00000000000000aa").unwrap();
    side.append(&format!("written-off {box_id}")).unwrap();
    world.restart();
    assert_eq!(world.alarms(), ["hub_in_doubt"]);
    let sites = read::sites(&world.read()).unwrap();
    assert!(sites.iter().all(|site| site.box_id.is_none()));
    // No box is left to be heard.
    assert_eq!(world.ask(Request::EndDoubt).unwrap_err().code, "not_in_doubt");
}

#[test]
fn an_entry_whose_commit_failed_is_applied_before_the_next_input() {
    use runtime::machine::Machine;
    let mut world = World::new();
    let code = world.add_site("kibera-3");
    let mathare = world.add_site("mathare");
    let asked = Input::Asked {
        reply: hub::hub::input::ReplyId(1),
        by: hub::hub::input::Actor::Gateway,
        key: None,
        request: Box::new(Request::Join(hub::hub::input::JoinRequest {
            code: hub::hub::input::Secret(code),
            public_key: [5; 32],
            medium: [3; 8],
            replace: false,
        })),
    };
    let moment = world.moment();
    world.hub.begin().unwrap();
    world.hub.handle(&moment, asked).unwrap();
    world.hub.abandon();
    world.join(&mathare);
    let sites = read::sites(&world.read()).unwrap();
    assert!(sites.iter().all(|site| site.box_id.is_some()), "{sites:?}");
    world.restart();
    assert!(world.alarms().is_empty());
}

#[test]
fn whatever_comes_first_finds_the_side_log_heeded() {
    let mut world = World::new();
    world.side.clone().append("generation 5").unwrap();
    world.reopen();
    world.add_site("kibera-3");
    assert_eq!(world.alarms(), ["hub_in_doubt"]);
}

/// A side log on a full disk.
struct Full;

impl SideLog for Full {
    fn append(&mut self, _line: &str) -> std::io::Result<()> {
        Err(std::io::Error::other("disk full"))
    }

    fn lines(&mut self) -> std::io::Result<Vec<String>> {
        Ok(Vec::new())
    }
}

#[test]
fn a_join_that_the_side_log_cannot_keep_changes_nothing() {
    let mut world = World::new();
    let code = world.add_site("kibera-3");
    let path = world.folder.join("hub.db");
    let mut hub = hub::hub::Hub::open(
        &path,
        store::Durability::Relaxed,
        world.settings.clone(),
        Box::new(Full),
    )
    .unwrap();
    let asked = Input::Asked {
        reply: hub::hub::input::ReplyId(1),
        by: hub::hub::input::Actor::Gateway,
        key: None,
        request: Box::new(Request::Join(hub::hub::input::JoinRequest {
            code: hub::hub::input::Secret(code.clone()),
            public_key: [5; 32],
            medium: [3; 8],
            replace: false,
        })),
    };
    let mut faults = Vec::new();
    let moment = world.moment();
    let effects = runtime::machine::run_batch(&mut hub, [(moment, asked)], |fault| faults.push(fault.to_string()));
    assert_eq!(faults, ["hub: side log: disk full"]);
    let refused = |effect: &hub::hub::effect::Effect| matches!(effect, hub::hub::effect::Effect::Reply { answer: Err(refusal), .. } if refusal.code == "unavailable");
    assert!(effects.len() == 1 && refused(&effects[0]), "{effects:?}");
    drop(hub);
    // The code is as good as before.
    assert!(world.try_join(&code).is_ok());
}

#[test]
fn a_hub_in_doubt_grants_new_money_only() {
    let mut world = World::new();
    let kibera = world.site("kibera-3");
    let customer = world.customer("0700000102", None);
    world.credit(customer, 60_000);
    let mut side = world.side.clone();
    side.append("generation 5").unwrap();
    world.restart();
    assert_eq!(world.alarms(), ["hub_in_doubt"]);
    // 60 litres from before are not granted; 5 litres from after are.
    let home = Request::UpdateCustomer {
        customer,
        change: hub::hub::input::CustomerChange {
            site: Some("kibera-3".parse().unwrap()),
            ..Default::default()
        },
    };
    world.ask(home).unwrap();
    world.now = world.now.plus_ms(1_000);
    world.credit(customer, 5_000);
    let granted = |connection: &rusqlite::Connection| -> Vec<i64> {
        let mut statement = connection
            .prepare("SELECT volume_ml FROM grants ORDER BY rowid")
            .unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    assert_eq!(granted(&world.read()), [5_000]);
    // The box is heard: doubt ends and the rest is granted.
    world.link(kibera);
    world.give(Input::Tick);
    assert_eq!(granted(&world.read()), [5_000, 60_000]);
    assert_eq!(world.ask(Request::EndDoubt).unwrap_err().code, "not_in_doubt");
}

#[test]
fn what_a_doubt_held_back_is_granted_some_customers_at_a_time() {
    let mut world = World::new();
    let kibera = world.site("kibera-3");
    world.side.append("generation 5").unwrap();
    world.restart();
    for number in 0..201 {
        let customer = world.customer(&format!("0700{number:06}"), Some("kibera-3"));
        world.credit(customer, 1_000);
    }
    let granted = |world: &World| -> i64 {
        let all = "SELECT coalesce(sum(volume_ml), 0) FROM grants";
        world.read().query_row(all, [], |row| row.get(0)).unwrap()
    };
    let before = granted(&world);
    world.link(kibera);
    let first = granted(&world);
    assert!(before <= first && first <= 201_000, "{before} {first}");
    world.give(Input::Tick);
    world.give(Input::Tick);
    assert_eq!(granted(&world), 201_000);
    let settled: Option<i64> = world
        .read()
        .query_row("SELECT settled_to FROM hub", [], |row| row.get(0))
        .unwrap();
    assert_eq!(settled, None);
}

#[test]
fn a_key_is_not_used_again_for_another_pin() {
    let mut world = World::new();
    let customer = world.customer("0700000102", None);
    let pin = |pin: &str| Request::SetPin {
        customer,
        pin: hub::hub::input::Secret(pin.to_owned()),
    };
    let by = hub::hub::input::Actor::Owner;
    world.ask_as(by.clone(), Some("k1"), pin("5082")).unwrap();
    world.ask_as(by.clone(), Some("k1"), pin("5082")).unwrap();
    assert_eq!(
        world.ask_as(by, Some("k1"), pin("6093")).unwrap_err().code,
        "key_reused"
    );
}

#[test]
fn a_restored_hub_gets_its_own_later_facts_back_from_the_sites() {
    let mut world = World::new();
    let (kibera, mathare) = (world.site("kibera-3"), world.site("mathare"));
    let known = world.customer("0700000102", Some("kibera-3"));
    world.credit(known, 60_000);
    world.backup();
    // After the backup: a spend, a customer, a credit of 20 litres and a block.
    let grant = world.gateways[kibera].grants()[0].grant;
    let spend = pour(&world, kibera, 1, grant, 15_000, How::Report);
    world.site_writes(kibera, spend);
    let forgotten = world.customer("0700000103", Some("mathare"));
    world.credit(forgotten, 20_000);
    let block = Request::SetActive {
        customer: known,
        active: false,
    };
    world.ask(block).unwrap();
    world.now = world.now.plus_ms(3_600_000);
    world.restore();
    assert_eq!(world.balance_ml(known), 60_000);
    world.link(kibera);
    assert_eq!(
        world.alarms(),
        ["hub_in_doubt"],
        "the box gives back all that the hub lacks, under the hub's signature"
    );
    assert_eq!(world.balance_ml(known), 45_000);
    assert!(!world.shown(known).active);
    // New money is granted, old money waits for the other site.
    world.link(mathare);
    let shown = world.shown(forgotten);
    assert_eq!(
        (shown.name.as_str(), shown.account.unwrap().to_string().as_str()),
        ("Jane Wanjiku", "AQP000002")
    );
    // The credit itself is gone, as PROTOCOL section 8 says, but its grant stands and is charged when it is spent.
    let spend = {
        let grant = world.gateways[mathare].grants()[0].grant;
        pour(&world, mathare, 1, grant, 5_000, How::Report)
    };
    world.site_writes(mathare, spend);
    assert_eq!(world.balance_ml(forgotten), -5_000);
    world.give(Input::Tick);
    assert_eq!(world.ask(Request::EndDoubt).unwrap_err().code, "not_in_doubt");
    // Nobody gets an account number that was given out before.
    let Ok(Response::Customer { account, .. }) = world.ask(Request::CreateCustomer(hub::hub::input::NewCustomer {
        phone: "0700000104".to_owned(),
        name: "Otieno".to_owned(),
        pin: None,
        city: None,
        site: None,
        language: None,
    })) else {
        panic!("refused")
    };
    // Number 1 was given before the backup, and a thousand are left out.
    assert_eq!(account.to_string(), "AQP001002");
    // Both ends know the same rights.
    let sites = read::sites(&world.read()).unwrap();
    assert!(sites.iter().all(|site| site.queue == [0; 4]), "{sites:?}");
}
