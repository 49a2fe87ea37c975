//! Logins, tokens, and who may do what.

use hub::hub::{
    effect::{RefusalKind, Response},
    input::{Actor, Request, Secret},
    operator::{Role, secret_hash},
    store::read,
};

use crate::world::World;

const QUARTER_MS: i64 = 15 * 60_000;

fn login(right: bool) -> Request {
    login_from(1, right)
}

fn login_from(device: u8, right: bool) -> Request {
    Request::Login {
        name: "amina".to_owned(),
        device: [device; 32],
        right,
    }
}

fn with_user() -> World {
    let mut world = World::new();
    let add = Request::AddUser {
        name: "amina".to_owned(),
        role: Role::CustomerService,
        password_hash: Secret("$argon2id$…".to_owned()),
    };
    world.ask(add).unwrap();
    world
}

#[test]
fn five_wrong_passwords_shut_the_account_for_a_quarter_of_an_hour() {
    let mut world = with_user();
    for _ in 0..5 {
        assert_eq!(world.ask(login(false)).unwrap_err().code, "bad_login");
    }
    assert_eq!(world.ask(login(true)).unwrap_err().kind, RefusalKind::TooMany);
    world.pass(QUARTER_MS + 1);
    let Ok(Response::Session {
        secret,
        role,
        change_password,
    }) = world.ask(login(true))
    else {
        panic!("refused")
    };
    assert_eq!((role, change_password), (Role::CustomerService, true));
    let bearer = read::session(&world.read(), secret_hash(&secret), world.now).unwrap();
    assert_eq!(bearer.unwrap().name, "amina");
    // Half an hour without use ends it.
    let idle = world.now.plus_ms(30 * 60_000);
    assert_eq!(read::session(&world.read(), secret_hash(&secret), idle).unwrap(), None);
}

#[test]
fn strangers_and_known_browsers_have_wrong_passwords_of_their_own() {
    let mut world = with_user();
    world.ask(login_from(1, true)).unwrap();
    world.ask(login_from(2, true)).unwrap();
    let shut = |world: &mut World, device: u8| {
        world
            .ask(login_from(device, true))
            .is_err_and(|refusal| refusal.code == "too_many_logins")
    };
    for device in 3..8 {
        assert_eq!(world.ask(login_from(device, false)).unwrap_err().code, "bad_login");
    }
    assert!(shut(&mut world, 9) && !shut(&mut world, 1));
    assert!(shut(&mut world, 9), "a known browser lifts no stranger's lock");
    for _ in 0..5 {
        world.ask(login_from(1, false)).unwrap_err();
    }
    assert!(shut(&mut world, 1) && !shut(&mut world, 2));
    // Another admin's first password opens it, and every browser begins anew.
    let reset = Request::SetPassword {
        name: "amina".to_owned(),
        password_hash: Secret("$argon2id$…".to_owned()),
    };
    world.ask(reset).unwrap();
    assert!(!shut(&mut world, 1));
    let read = |device: u8| read::login(&world.read(), "amina", [device; 32], world.now).unwrap();
    assert_eq!((read(1).is_known, read(2).is_known), (true, false));
}

#[test]
fn eight_browsers_of_one_person_are_known() {
    let mut world = with_user();
    for device in 0..9 {
        world.now = world.now.plus_ms(1);
        world.ask(login_from(device, true)).unwrap();
    }
    let known = (0..9).filter(|device| {
        let login = read::login(&world.read(), "amina", [*device; 32], world.now).unwrap();
        login.is_known
    });
    assert_eq!(known.collect::<Vec<u8>>(), [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn wrong_passwords_of_a_clock_that_was_ahead_shut_nothing() {
    let mut world = with_user();
    let noon = world.now;
    world.now = noon.plus_ms(24 * 3_600_000);
    for _ in 0..5 {
        world.ask(login(false)).unwrap_err();
    }
    assert_eq!(world.ask(login(true)).unwrap_err().code, "too_many_logins");
    world.now = noon;
    assert!(world.ask(login(true)).is_ok());
}

#[test]
fn a_token_is_known_by_its_hash_until_it_is_revoked() {
    let mut world = World::new();
    let add = Request::AddToken {
        name: "till".to_owned(),
        role: Role::Viewer,
        site: None,
    };
    let Ok(Response::Secret { secret }) = world.ask(add) else {
        panic!("refused")
    };
    assert_eq!(secret.len(), 64);
    let bearer = read::token(&world.read(), secret_hash(&secret)).unwrap().unwrap();
    assert_eq!((bearer.name.as_str(), bearer.role), ("till", Role::Viewer));
    let revoke = Request::RevokeToken {
        name: "till".to_owned(),
    };
    world.ask(revoke).unwrap();
    assert_eq!(read::token(&world.read(), secret_hash(&secret)).unwrap(), None);
    let kiosk = Request::AddToken {
        name: "kiosk".to_owned(),
        role: Role::Kiosk,
        site: None,
    };
    assert_eq!(world.ask(kiosk).unwrap_err().code, "missing");
}

#[test]
fn only_a_kiosks_token_is_bound_to_a_site() {
    let mut world = World::new();
    world.add_site("kibera-3");
    for role in Role::ALL {
        let add = Request::AddToken {
            name: role.name().to_owned(),
            role,
            site: Some("kibera-3".parse().unwrap()),
        };
        let refused = world.ask(add).err().map(|refusal| refusal.code.to_string());
        let expected = (role != Role::Kiosk).then(|| "not_bound".to_owned());
        assert_eq!(refused, expected, "{role:?}");
    }
    assert_eq!(read::tokens(&world.read()).unwrap().len(), 1);
}

#[test]
fn what_the_role_does_not_allow_is_forbidden_and_changes_nothing() {
    let mut world = World::new();
    let customer = world.customer("0700000102", None);
    let credit = Request::Credit {
        customer,
        volume_ml: 20_000,
        reason: "test".to_owned(),
    };
    let actor = |role| Actor::User {
        name: "amina".to_owned(),
        role,
    };
    for (role, allowed) in [
        (Role::Viewer, false),
        (Role::Technician, false),
        (Role::Kiosk, false),
        (Role::CustomerService, true),
        (Role::Admin, true),
    ] {
        let answer = world.ask_as(actor(role), None, credit.clone());
        assert_eq!(answer.is_ok(), allowed, "{role:?}");
    }
    assert_eq!(world.balance_ml(customer), 40_000);
    assert_eq!(
        world.ask_as(Actor::Gateway, None, credit).unwrap_err().code,
        "forbidden"
    );
}
