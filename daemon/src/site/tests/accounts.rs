//! Pages, tries and keyed changes as time goes by, also across restarts.

use super::{
    super::{
        accounts::{
            ANSWER_KEPT_MS, SESSION_IDLE_MS, SESSION_MS_MAX, SESSIONS_MAX, TRIES_INVENTED_MAX, TRIES_MAX,
            TRIES_WITHIN_MS,
        },
        input::{Command, Credential, Login, Once, Order, ReplyId, Role},
    },
    *,
};

const OWN: [u8; 32] = [0xaa; 32];
const STRANGE: [u8; 32] = [0xbb; 32];

/// What the machine tells the one who waits.
fn tell(bench: &mut Bench, command: Command) -> Result<Told, Refusal> {
    let effects = bench.give(Input::Told(ReplyId(1), command));
    let told = effects.into_iter().find_map(|effect| match effect {
        Effect::Reply(ReplyId(1), told) => Some(told),
        _ => None,
    });
    told.unwrap()
}

fn manager(name: &str) -> Bench {
    let mut bench = Bench::new(name);
    let command = Command::ResetManager {
        name: "asha".to_owned(),
        role: Role::Manager,
        hash: "first".to_owned(),
    };
    assert_eq!(tell(&mut bench, command), Ok(Told::Done));
    bench
}

fn log_in(bench: &mut Bench, proved: &str, session: u8) -> Result<Told, Refusal> {
    log_in_from(bench, proved, session, STRANGE)
}

fn log_in_from(bench: &mut Bench, proved: &str, session: u8, device: [u8; 32]) -> Result<Told, Refusal> {
    let login = Login {
        name: "asha".to_owned(),
        proved: proved.to_owned(),
        session: [session; 32],
        device,
    };
    tell(bench, Command::OpenSession(Box::new(login)))
}

/// Somebody types a password under this name; tells whether it is compared at all.
fn is_tried(bench: &mut Bench, name: &str, device: Option<[u8; 32]>) -> bool {
    let command = Command::TryLogin {
        name: name.to_owned(),
        device,
    };
    match tell(bench, command) {
        Ok(Told::Login { .. }) => true,
        Err(Refusal::TooManyTries { .. }) => false,
        other => panic!("{other:?}"),
    }
}

fn is_open(bench: &mut Bench, session: u8) -> bool {
    let command = Command::WhoIs(Credential::Session([session; 32]));
    matches!(tell(bench, command), Ok(Told::Caller(Some(_))))
}

#[test]
fn a_page_ends_when_it_rests_and_after_its_longest_time() {
    let mut bench = manager("sessions");
    log_in(&mut bench, "first", 1).unwrap();
    log_in(&mut bench, "first", 2).unwrap();
    for _ in 0..SESSION_MS_MAX / (SESSION_IDLE_MS - 1_000) {
        assert!(is_open(&mut bench, 1));
        bench.monotonic_ms += SESSION_IDLE_MS - 1_000;
    }
    assert!(!is_open(&mut bench, 2), "it was not used");
    assert!(is_open(&mut bench, 1), "it was");
    bench.monotonic_ms += SESSION_IDLE_MS - 1_000;
    assert!(!is_open(&mut bench, 1), "12 hours are over");
}

#[test]
fn the_oldest_page_gives_way_and_a_new_password_ends_the_others() {
    let mut bench = manager("give-way");
    let last = u8::try_from(SESSIONS_MAX).unwrap() + 1;
    for session in 1..=last {
        log_in(&mut bench, "first", session).unwrap();
    }
    assert!(!is_open(&mut bench, 1) && is_open(&mut bench, 2));
    let command = Command::ChangePassword {
        name: "asha".to_owned(),
        proved: "first".to_owned(),
        hash: "second".to_owned(),
        session: [2; 32],
    };
    assert_eq!(tell(&mut bench, command.clone()), Ok(Told::Done));
    assert!(is_open(&mut bench, 2) && !is_open(&mut bench, last));
    assert_eq!(
        tell(&mut bench, command),
        Err(Refusal::Outdated),
        "proved against an older hash"
    );
    assert_eq!(log_in(&mut bench, "first", 90), Err(Refusal::Outdated));
    bench.restart();
    assert!(is_open(&mut bench, 2), "a restart ends no page");
}

#[test]
fn tries_are_counted_over_a_restart_and_forgotten_in_time() {
    let mut bench = manager("login-tries");
    let attempt = Command::TryLogin {
        name: "asha".to_owned(),
        device: None,
    };
    for _ in 0..TRIES_MAX {
        let told = tell(&mut bench, attempt.clone());
        let hash = Some("first".to_owned());
        assert_eq!(told, Ok(Told::Login { hash, is_known: false }));
    }
    bench.monotonic_ms += 60_000;
    bench.give(Input::Tick);
    bench.restart();
    let refused = tell(&mut bench, attempt.clone());
    assert!(matches!(refused, Err(Refusal::TooManyTries { .. })), "{refused:?}");
    bench.monotonic_ms += TRIES_WITHIN_MS;
    assert!(tell(&mut bench, attempt).is_ok());
}

#[test]
fn invented_names_lock_nobody_out() {
    let mut bench = manager("invented");
    for number in 0..TRIES_INVENTED_MAX + 10 {
        assert!(is_tried(&mut bench, &format!("nobody-{number}"), None));
    }
    assert!(is_tried(&mut bench, "asha", None), "a manager gets in");
    for _ in 1..TRIES_MAX {
        assert!(is_tried(&mut bench, "asha", None));
    }
    for number in 0..TRIES_INVENTED_MAX + 10 {
        assert!(is_tried(&mut bench, &format!("nowhere-{number}"), None));
    }
    assert!(!is_tried(&mut bench, "asha", None), "no flood gives a guess back");
}

#[test]
fn a_managers_own_phone_is_not_locked_out_by_a_stranger() {
    let mut bench = manager("own-phone");
    log_in_from(&mut bench, "first", 1, OWN).unwrap();
    for _ in 0..TRIES_MAX {
        assert!(is_tried(&mut bench, "asha", None));
    }
    assert!(!is_tried(&mut bench, "asha", None));
    assert!(
        !is_tried(&mut bench, "asha", Some(STRANGE)),
        "a device that nobody knows"
    );
    bench.restart();
    assert!(is_tried(&mut bench, "asha", Some(OWN)));
    log_in_from(&mut bench, "first", 2, OWN).unwrap();
    assert!(!is_tried(&mut bench, "asha", None), "the stranger stays locked out");
    for _ in 0..TRIES_MAX {
        assert!(is_tried(&mut bench, "asha", Some(OWN)));
    }
    assert!(
        !is_tried(&mut bench, "asha", Some(OWN)),
        "a stolen phone guesses no faster"
    );
    assert!(is_tried(&mut bench, "juma", Some(OWN)), "and is a stranger to others");
}

#[test]
fn a_first_answer_is_given_again_for_a_day() {
    let mut bench = ready("keyed");
    let order = |key: &str, content: u8| {
        Command::By(Box::new(Order {
            who: "till".to_owned(),
            once: Some(Once {
                key: key.to_owned(),
                content: [content; 32],
            }),
            command: Command::Register {
                phone: "0711222333".to_owned(),
                name: "Ali".to_owned(),
                pin: "8265".to_owned(),
            },
        }))
    };
    assert!(matches!(tell(&mut bench, order("k1", 1)), Ok(Told::Registered(_))));
    bench.restart();
    assert!(matches!(tell(&mut bench, order("k1", 1)), Ok(Told::Again(rendered)) if rendered.status == 200));
    assert_eq!(tell(&mut bench, order("k1", 2)), Err(Refusal::KeyReused));
    assert!(matches!(tell(&mut bench, order("k2", 1)), Err(Refusal::PhoneTaken(_))));
    assert!(matches!(tell(&mut bench, order("", 1)), Err(Refusal::Field { .. })));
    bench.monotonic_ms += ANSWER_KEPT_MS;
    assert!(matches!(tell(&mut bench, order("k3", 1)), Err(Refusal::PhoneTaken(_))));
    let decided_anew = tell(&mut bench, order("k1", 1));
    assert!(matches!(decided_anew, Err(Refusal::PhoneTaken(_))), "{decided_anew:?}");
}

#[test]
fn an_ask_without_a_request_is_the_same_for_a_minute() {
    let mut bench = ready("unnamed");
    bench.grant(20_000);
    let ask = |spare: &str| Ask {
        request: spare.parse().unwrap(),
        who: Who::User("0700000102".to_owned()),
        pin: "4071".to_owned(),
        token: None,
        volume_ml: 15_000,
    };
    let put = |bench: &mut Bench, spare: &str| delivered(bench.give(Input::AskedUnnamed(door(), ask(spare))));
    assert_eq!(put(&mut bench, "s1"), "verified 15000 Some(20000)");
    bench.restart();
    bench.monotonic_ms += 50_000;
    assert_eq!(put(&mut bench, "s2"), "verified 15000 Some(20000)", "one hold");
    bench.monotonic_ms += 11_000;
    assert_eq!(
        put(&mut bench, "s3"),
        "insufficient_credit 0 Some(20000)",
        "a minute after the first"
    );
}

#[test]
fn an_ask_without_a_request_is_new_once_its_pour_is_settled() {
    let mut bench = ready("settled");
    bench.grant(20_000);
    let put = |bench: &mut Bench| {
        let ask = Ask {
            request: "spare".parse().unwrap(),
            who: Who::User("0700000102".to_owned()),
            pin: "4071".to_owned(),
            token: None,
            volume_ml: 5_000,
        };
        bench.give(Input::AskedUnnamed(door(), ask))
    };
    put(&mut bench);
    let sql = "SELECT request FROM request ORDER BY id DESC LIMIT 1";
    let request: String = bench.site().connection().query_row(sql, [], |row| row.get(0)).unwrap();
    bench.pour(&request, 5_000);
    assert_eq!(
        delivered(put(&mut bench)),
        "verified 5000 Some(15000)",
        "a new hold, not the old answer"
    );
}
