//! Water drawn at the hub itself.

use hub::hub::{
    effect::{DispenseAnswer, Refusal, Response},
    input::{Actor, DispenseAsk, Request, Secret},
    operator::Role,
};
use kiosk::{dispense::Reason, fact::Outcome, units::Volume};

use crate::world::{World, ml};

const QUARTER_MS: i64 = 15 * 60_000;

pub fn ask(pin: &str, volume_ml: i64, request: Option<&str>) -> Request {
    Request::VerifyDispense(DispenseAsk {
        site: "kibera-3".parse().unwrap(),
        user: "0700000102".to_owned(),
        pin: Secret(pin.to_owned()),
        volume_ml,
        request: request.map(|request| request.parse().unwrap()),
    })
}

pub fn kiosk() -> Actor {
    Actor::Token {
        name: "kiosk".to_owned(),
        role: Role::Kiosk,
        site: Some("kibera-3".parse().unwrap()),
    }
}

pub fn verify(world: &mut World, request: Request) -> Result<DispenseAnswer, Refusal> {
    match world.ask_as(kiosk(), None, request)? {
        Response::Dispense(answer) => Ok(answer),
        other => panic!("{other:?}"),
    }
}

pub fn reported(world: &mut World, request: &str, volume_ml: i64) -> (Volume, i64) {
    let report = Request::ReportDispense {
        site: "kibera-3".parse().unwrap(),
        request: request.parse().unwrap(),
        volume_ml,
        outcome: Outcome::Complete,
    };
    match world.ask(report) {
        Ok(Response::Reported {
            charged, balance_ml, ..
        }) => (charged, balance_ml),
        other => panic!("{other:?}"),
    }
}

/// A customer with 30 litres at a site without a gateway.
fn with_water() -> World {
    let mut world = World::new();
    world.add_site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    world.credit(customer, 30_000);
    world
}

#[test]
fn an_approval_holds_the_whole_volume_and_a_report_frees_the_rest() {
    let mut world = with_water();
    let first = verify(&mut world, ask("4071", 20_000, Some("r1"))).unwrap();
    assert_eq!(first.denied, None);
    assert_eq!(
        first.customer.as_ref().unwrap().balance_ml,
        30_000,
        "open holds are not taken off"
    );
    assert_eq!(verify(&mut world, ask("4071", 20_000, Some("r1"))).unwrap(), first);
    assert_eq!(
        verify(&mut world, ask("4071", 10_000, Some("r1"))).unwrap_err().code,
        "request_conflict"
    );
    // 20 of 30 litres are held, so 20 more are too many.
    let second = verify(&mut world, ask("4071", 20_000, Some("r2"))).unwrap();
    assert_eq!(second.denied, Some(Reason::InsufficientCredit));
    assert_eq!(reported(&mut world, "r1", 500), (ml(500), 29_500));
    assert_eq!(
        reported(&mut world, "r1", 700),
        (ml(500), 29_500),
        "the first report stands"
    );
    assert_eq!(
        verify(&mut world, ask("4071", 20_000, Some("r3"))).unwrap().denied,
        None
    );
    // 0.5 litres of what was given for 6000 cents: 100 cents.
    assert_eq!(world.ledger()["sales"], -100);
}

#[test]
fn without_a_report_in_a_day_the_hold_is_booked_and_a_late_report_corrects_it() {
    let mut world = with_water();
    verify(&mut world, ask("4071", 20_000, Some("r1"))).unwrap();
    world.pass(24 * 3_600_000);
    assert_eq!(world.ledger()["sales"], -4_000);
    assert_eq!(reported(&mut world, "r1", 5_000), (ml(5_000), 25_000));
    assert_eq!(world.ledger()["sales"], -1_000);
}

#[test]
fn five_wrong_pins_lock_and_the_counter_survives_a_restart() {
    let mut world = with_water();
    for number in 0..5 {
        let answer = verify(&mut world, ask("9876", 500, Some(&format!("w{number}")))).unwrap();
        assert_eq!((answer.denied, answer.customer), (Some(Reason::WrongPin), None));
    }
    world.restart();
    let locked = verify(&mut world, ask("4071", 500, Some("r1"))).unwrap();
    assert_eq!(locked.denied, Some(Reason::Locked));
    world.now = world.now.plus_ms(QUARTER_MS);
    assert_eq!(verify(&mut world, ask("4071", 500, Some("r2"))).unwrap().denied, None);
}

#[test]
fn an_equal_ask_without_a_request_is_the_same_for_a_minute() {
    let mut world = with_water();
    let first = verify(&mut world, ask("4071", 20_000, None)).unwrap();
    assert_eq!(
        verify(&mut world, ask("4071", 20_000, None)).unwrap().request,
        first.request
    );
    world.now = world.now.plus_ms(60_001);
    let later = verify(&mut world, ask("4071", 20_000, None)).unwrap();
    assert_ne!(later.request, first.request);
    assert_eq!(later.denied, Some(Reason::InsufficientCredit));
}

#[test]
fn water_that_a_site_holds_is_not_spent_here() {
    let mut world = World::new();
    let kibera = world.site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    world.credit(customer, 30_000);
    world.unlink(kibera);
    let refusal = verify(&mut world, ask("4071", 20_000, Some("r1"))).unwrap_err();
    assert_eq!(refusal.code, "held_at_site");
    // A kiosk's token is good at its own site alone.
    let elsewhere = Actor::Token {
        name: "kiosk".to_owned(),
        role: Role::Kiosk,
        site: Some("mathare".parse().unwrap()),
    };
    let refusal = world
        .ask_as(elsewhere, None, ask("4071", 20_000, Some("r1")))
        .unwrap_err();
    assert_eq!(refusal.code, "forbidden");
}
