//! Water asked back from a site while somebody waits at the hub.

use hub::hub::{
    effect::{DispenseAnswer, Response},
    input::{Actor, Input, ReplyId, Request},
    side::SideLog,
};
use kiosk::{
    dispense::Reason,
    fact::{Fact, How},
    ids::{CustomerId, GrantId},
};

use crate::{
    dispenses::{ask, kiosk, verify},
    fleet::pour,
    world::World,
};

/// A linked site, and a customer whose credits of so much each it holds.
fn with_held(credits: &[i64]) -> (World, usize, CustomerId) {
    let mut world = World::new();
    let kibera = world.site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    for credit in credits {
        world.now = world.now.plus_ms(1);
        world.credit(customer, *credit);
    }
    (world, kibera, customer)
}

/// Somebody asks at the hub; nobody says that they are answered.
fn wait(world: &mut World, volume_ml: i64, request: &str) -> ReplyId {
    world.ask_patiently(kiosk(), None, ask("4071", volume_ml, Some(request)))
}

fn heard(world: &World, reply: ReplyId) -> Option<Result<DispenseAnswer, String>> {
    Some(match world.said(reply)? {
        Ok(Response::Dispense(answer)) => Ok(answer),
        Err(refusal) => Err(refusal.code.to_string()),
        other => panic!("{other:?}"),
    })
}

fn denied(world: &World, reply: ReplyId) -> Option<Reason> {
    heard(world, reply).expect("an answer").expect("no refusal").denied
}

/// The site closes what it was asked for.
fn close(world: &mut World, place: usize, grants: &[GrantId]) {
    for grant in grants {
        world.site_writes(place, Fact::Closed { grant: *grant });
    }
}

/// The volumes that lie at the site, of what is neither closed nor written off.
fn open_ml(world: &World) -> Vec<i64> {
    let connection = world.read();
    let open = "SELECT volume_ml FROM grants WHERE closed = 0 AND written_off_ml IS NULL ORDER BY granted_ms, number";
    let mut statement = connection.prepare(open).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn a_draw_waits_for_the_site_and_what_is_left_is_granted_again() {
    let (mut world, kibera, _) = with_held(&[30_000]);
    let first = wait(&mut world, 20_000, "r1");
    let again = wait(&mut world, 20_000, "r1");
    let grants = world.gateways[kibera].recalled();
    assert_eq!(grants.len(), 1, "a repeat asks for nothing more");
    let other = wait(&mut world, 10_000, "r1");
    assert_eq!(heard(&world, other), Some(Err("request_conflict".to_owned())));
    assert_eq!((heard(&world, first), heard(&world, again)), (None, None));
    close(&mut world, kibera, &grants);
    let answer = heard(&world, first).unwrap().unwrap();
    assert_eq!(answer.denied, None);
    assert_eq!(answer.customer.as_ref().unwrap().balance_ml, 30_000);
    assert_eq!(heard(&world, again), Some(Ok(answer)));
    assert_eq!(open_ml(&world), [10_000]);
    assert_eq!(world.gateways[kibera].grants().last().unwrap().volume.ml(), 10_000);
}

#[test]
fn no_more_rights_are_asked_back_than_it_takes() {
    let (mut world, kibera, _) = with_held(&[10_000, 10_000, 10_000]);
    let grants: Vec<_> = world.gateways[kibera]
        .grants()
        .iter()
        .map(|granted| granted.grant)
        .collect();
    let first = wait(&mut world, 15_000, "r1");
    assert_eq!(world.gateways[kibera].recalled(), [grants[2], grants[1]]);
    close(&mut world, kibera, &grants[2..]);
    assert_eq!(heard(&world, first), None);
    assert_eq!(open_ml(&world), [10_000, 10_000], "what came is kept for who waits");
    close(&mut world, kibera, &grants[1..2]);
    assert_eq!(denied(&world, first), None);
    assert_eq!(open_ml(&world), [10_000, 5_000]);
}

#[test]
fn a_site_that_does_not_give_back_in_five_seconds_keeps_it() {
    let (mut world, kibera, _) = with_held(&[15_000, 4_000]);
    let first = wait(&mut world, 18_000, "r1");
    let grants = world.gateways[kibera].recalled();
    close(&mut world, kibera, &grants[..1]);
    world.pass(4_999);
    assert_eq!(heard(&world, first), None);
    world.pass(1);
    assert_eq!(heard(&world, first), Some(Err("held_at_site".to_owned())));
    assert_eq!(open_ml(&world), [15_000, 4_000], "what came in vain is granted again");
    close(&mut world, kibera, &grants[1..]);
    assert_eq!(open_ml(&world), [4_000, 15_000]);
    // What was refused may be asked again under the same request.
    let second = wait(&mut world, 18_000, "r1");
    let grants = world.gateways[kibera].recalled()[2..].to_vec();
    close(&mut world, kibera, &grants);
    assert_eq!(denied(&world, second), None);
}

#[test]
fn who_asks_for_what_no_site_can_give_now_does_not_wait() {
    let (mut world, kibera, _) = with_held(&[15_000]);
    let poor = verify(&mut world, ask("4071", 20_000, Some("r1"))).unwrap();
    assert_eq!(poor.denied, Some(Reason::InsufficientCredit));
    world.unlink(kibera);
    let refusal = verify(&mut world, ask("4071", 10_000, Some("r2"))).unwrap_err();
    assert_eq!(refusal.code, "held_at_site");
    assert_eq!(world.gateways[kibera].recalled(), []);
}

#[test]
fn a_hub_in_doubt_asks_nothing_back() {
    let (mut world, kibera, _) = with_held(&[30_000]);
    let mathare = world.site("mathare");
    world.side.clone().append("generation 5").unwrap();
    world.restart();
    world.link(kibera);
    assert!(world.gateways[mathare].session.is_none(), "so the doubt lasts");
    let refusal = verify(&mut world, ask("4071", 20_000, Some("r1"))).unwrap_err();
    assert_eq!(refusal.code, "held_at_site");
    assert_eq!(world.gateways[kibera].recalled(), []);
}

#[test]
fn several_who_wait_for_one_customer_share_what_comes() {
    let (mut world, kibera, _) = with_held(&[30_000]);
    let replies = [(20_000, "r1"), (10_000, "r2"), (1_000, "r3")];
    let replies = replies.map(|(volume_ml, request)| wait(&mut world, volume_ml, request));
    let grants = world.gateways[kibera].recalled();
    assert_eq!(grants.len(), 1);
    close(&mut world, kibera, &grants);
    assert_eq!(
        replies.map(|reply| denied(&world, reply)),
        [None, None, Some(Reason::InsufficientCredit)]
    );
    assert_eq!(open_ml(&world), Vec::<i64>::new());
}

#[test]
fn what_the_site_sold_before_it_closed_is_not_sold_again() {
    let (mut world, kibera, customer) = with_held(&[30_000]);
    let first = wait(&mut world, 20_000, "r1");
    let grants = world.gateways[kibera].recalled();
    let poured = pour(&world, kibera, 1, grants[0], 15_000, How::Report);
    world.site_writes(kibera, poured);
    close(&mut world, kibera, &grants);
    assert_eq!(denied(&world, first), Some(Reason::InsufficientCredit));
    assert_eq!((open_ml(&world), world.balance_ml(customer)), (vec![15_000], 15_000));
}

#[test]
fn a_restart_forgets_who_waited_and_loses_nothing() {
    let (mut world, kibera, _) = with_held(&[30_000]);
    let first = wait(&mut world, 20_000, "r1");
    let grants = world.gateways[kibera].recalled();
    world.restart();
    world.link(kibera);
    close(&mut world, kibera, &grants);
    assert_eq!(heard(&world, first), None);
    assert_eq!(open_ml(&world), [30_000]);
    world.pass(5_000);
    let second = wait(&mut world, 20_000, "r1");
    let grants = world.gateways[kibera].recalled()[1..].to_vec();
    close(&mut world, kibera, &grants);
    assert_eq!(denied(&world, second), None);
    assert_eq!(open_ml(&world), [10_000]);
}

#[test]
fn new_money_spares_the_wait() {
    let (mut world, kibera, customer) = with_held(&[10_000]);
    let first = wait(&mut world, 10_000, "r1");
    world.credit(customer, 15_000);
    assert_eq!(denied(&world, first), None);
    assert_eq!(open_ml(&world), [10_000, 5_000]);
    let grants = world.gateways[kibera].recalled();
    close(&mut world, kibera, &grants);
    assert_eq!(open_ml(&world), [5_000, 10_000]);
}

#[test]
fn a_key_that_waits_names_one_request() {
    let (mut world, kibera, _) = with_held(&[30_000]);
    let give = |world: &mut World, by: Actor, volume_ml, request: &str| {
        let asked = ask("4071", volume_ml, Some(request));
        world.ask_patiently(by, Some("key"), asked)
    };
    let first = give(&mut world, kiosk(), 20_000, "r1");
    let other = give(&mut world, kiosk(), 5_000, "r2");
    assert_eq!(heard(&world, other), Some(Err("key_reused".to_owned())));
    let again = give(&mut world, kiosk(), 20_000, "r1");
    let grants = world.gateways[kibera].recalled();
    close(&mut world, kibera, &grants);
    assert_eq!(denied(&world, first), None);
    assert_eq!(heard(&world, again), heard(&world, first));
    let later = give(&mut world, kiosk(), 20_000, "r1");
    assert_eq!(heard(&world, later), heard(&world, first));
}

#[test]
fn a_refusal_after_the_wait_is_kept_under_its_key() {
    let (mut world, _, _) = with_held(&[30_000]);
    let asked = || -> Request { ask("4071", 20_000, Some("r1")) };
    let first = world.ask_patiently(kiosk(), Some("key"), asked());
    world.pass(5_000);
    world.give(Input::Tick);
    assert_eq!(heard(&world, first), Some(Err("held_at_site".to_owned())));
    let again = world.ask_patiently(kiosk(), Some("key"), asked());
    assert_eq!(heard(&world, again), heard(&world, first));
}
