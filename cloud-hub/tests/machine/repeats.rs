//! What repeats of a request are told, and what they find out: no PIN.

use hub::hub::{
    effect::Refusal,
    input::{ReplyId, Request},
};
use kiosk::{dispense::Reason, fact::Fact};

use crate::{
    dispenses::{ask, kiosk, verify},
    world::World,
};

/// A customer with 30 litres at a site without a gateway.
fn with_water() -> World {
    let mut world = World::new();
    world.add_site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    world.credit(customer, 30_000);
    world
}

/// The same at a linked site that holds them.
fn with_held() -> (World, usize) {
    let mut world = World::new();
    let kibera = world.site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    world.credit(customer, 30_000);
    (world, kibera)
}

fn wait(world: &mut World, pin: &str, request: &str) -> ReplyId {
    world.ask_patiently(kiosk(), None, ask(pin, 20_000, Some(request)))
}

fn code(world: &World, reply: ReplyId) -> Option<String> {
    let refused = |refusal: Refusal| refusal.code.to_string();
    Some(
        world
            .said(reply)?
            .map(|answer| format!("{answer:?}"))
            .unwrap_or_else(refused),
    )
}

/// Whether the right PIN is taken now, under a request of its own.
fn is_locked(world: &mut World) -> bool {
    verify(world, ask("4071", 500, Some("own"))).unwrap().denied == Some(Reason::Locked)
}

#[test]
fn another_pin_under_a_request_is_a_wrong_try_and_five_use_it_up() {
    let mut world = with_water();
    let right = || ask("4071", 20_000, Some("r1"));
    let first = verify(&mut world, right()).unwrap();
    assert_eq!(first.denied, None);
    for number in 0..5 {
        assert_eq!(verify(&mut world, right()).unwrap(), first, "{number}");
        let guess = ask(&format!("551{number}"), 20_000, Some("r1"));
        assert_eq!(verify(&mut world, guess).unwrap_err().code, "request_conflict");
    }
    assert_eq!(verify(&mut world, right()).unwrap_err().code, "request_conflict");
    assert!(is_locked(&mut world));
}

#[test]
fn another_pin_under_a_key_is_a_wrong_try_and_five_use_it_up() {
    let mut world = with_water();
    let keyed = |world: &mut World, pin: &str| world.ask_as(kiosk(), Some("key"), ask(pin, 20_000, None));
    let first = keyed(&mut world, "4071").unwrap();
    for number in 0..5 {
        assert_eq!(keyed(&mut world, "4071").as_ref(), Ok(&first), "{number}");
        let refusal = keyed(&mut world, &format!("551{number}")).unwrap_err();
        assert_eq!(refusal.code, "key_reused");
    }
    assert_eq!(keyed(&mut world, "4071").unwrap_err().code, "key_reused");
    assert!(is_locked(&mut world));
}

#[test]
fn an_equal_ask_tells_no_pin_either() {
    let mut world = with_water();
    let first = verify(&mut world, ask("4071", 20_000, None)).unwrap();
    assert_eq!(verify(&mut world, ask("4071", 20_000, None)), Ok(first));
    for number in 0..5 {
        let guess = verify(&mut world, ask(&format!("551{number}"), 20_000, None)).unwrap();
        assert_eq!(guess.denied, Some(Reason::WrongPin));
    }
    for pin in ["4071", "5519"] {
        let answer = verify(&mut world, ask(pin, 20_000, None)).unwrap();
        assert_eq!(answer.denied, Some(Reason::Locked), "right or wrong, the answer is one");
    }
}

#[test]
fn another_pin_while_the_first_waits_is_a_wrong_try_as_well() {
    let (mut world, kibera) = with_held();
    let first = wait(&mut world, "4071", "r1");
    for number in 0..5 {
        let guess = wait(&mut world, &format!("551{number}"), "r1");
        assert_eq!(code(&world, guess).as_deref(), Some("request_conflict"));
    }
    let again = wait(&mut world, "4071", "r1");
    assert_eq!(code(&world, again).as_deref(), Some("request_conflict"));
    assert!(is_locked(&mut world));
    for grant in world.gateways[kibera].recalled() {
        world.site_writes(kibera, Fact::Closed { grant });
    }
    let answer = code(&world, first).expect("an answer");
    assert!(answer.contains("Locked"), "{answer}");
}

#[test]
fn a_repeat_shares_its_place_and_one_kiosk_has_so_many() {
    let (mut world, kibera) = with_held();
    let replies: Vec<_> = (0..32)
        .map(|number| wait(&mut world, "4071", &format!("r{number}")))
        .collect();
    assert!(replies.iter().all(|reply| world.said(*reply).is_none()));
    let one_more = wait(&mut world, "4071", "r32");
    assert_eq!(code(&world, one_more).as_deref(), Some("too_many_wait"));
    let repeats = [0; 3].map(|_| wait(&mut world, "4071", "r0"));
    assert!(repeats.iter().all(|reply| world.said(*reply).is_none()));
    let flood = wait(&mut world, "4071", "r0");
    assert_eq!(code(&world, flood).as_deref(), Some("too_many_wait"));
    for grant in world.gateways[kibera].recalled() {
        world.site_writes(kibera, Fact::Closed { grant });
    }
    let first = code(&world, replies[0]).expect("an answer");
    assert!(first.contains("denied: None"), "{first}");
    assert!(
        repeats
            .iter()
            .all(|reply| code(&world, *reply).as_ref() == Some(&first))
    );
    assert!(replies.iter().all(|reply| world.said(*reply).is_some()));
}

/// Thirty wrong PINs at the kiosk, three at each of ten phones: nobody is locked.
fn spray(world: &mut World) {
    for number in 0..30 {
        let Request::VerifyDispense(mut asked) = ask("5512", 500, Some(&format!("w{number}"))) else {
            panic!("an ask")
        };
        asked.user = format!("07000002{:02}", number % 10);
        let answer = verify(world, Request::VerifyDispense(asked)).unwrap();
        assert_eq!(answer.denied, Some(Reason::WrongPin));
    }
}

fn ten_more(world: &mut World) {
    for number in 0..10 {
        world.customer(&format!("07000002{number:02}"), Some("kibera-3"));
    }
}

#[test]
fn who_waited_is_answered_though_the_kiosk_was_slowed_meanwhile() {
    let (mut world, kibera) = with_held();
    ten_more(&mut world);
    let first = wait(&mut world, "4071", "r1");
    spray(&mut world);
    for grant in world.gateways[kibera].recalled() {
        world.site_writes(kibera, Fact::Closed { grant });
    }
    let answer = code(&world, first).expect("an answer");
    assert!(answer.contains("denied: None"), "{answer}");
}

#[test]
fn wrong_pins_of_a_clock_that_was_ahead_slow_no_kiosk() {
    let mut world = with_water();
    ten_more(&mut world);
    let noon = world.now;
    world.now = noon.plus_ms(24 * 3_600_000);
    spray(&mut world);
    assert_eq!(
        verify(&mut world, ask("4071", 500, Some("r1"))).unwrap_err().code,
        "slowed"
    );
    world.now = noon;
    assert_eq!(verify(&mut world, ask("4071", 500, Some("r1"))).unwrap().denied, None);
}
